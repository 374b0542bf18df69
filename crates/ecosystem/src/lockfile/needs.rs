//! What packages of Python need by their lockfile, with the conditions that it has for each. uv writes what
//! it resolved: an override of the project stands there, and not in what a package says of itself.

use super::tree::Node;
use super::{Error, Kind, error_of, text_of, uv_lock};
use crate::pypi::Requirement;
use customs_model::{Ecosystem, PackageName};
use std::collections::BTreeMap;

/// By the name of each package, also of the project and its members, what it needs. None for formats that
/// do not say it with its conditions.
///
/// # Errors
/// As [`read`](super::read).
pub fn needs(
    kind: Kind,
    bytes: &[u8],
) -> Result<Option<BTreeMap<PackageName, Vec<Requirement>>>, Error> {
    if kind != Kind::UvLock {
        return Ok(None);
    }
    let text = text_of(kind, bytes)?;
    let root = uv_lock::parse(text).map_err(|fault| error_of(kind, text, fault))?;
    let mut all: BTreeMap<PackageName, Vec<Requirement>> = BTreeMap::new();
    for package in uv_lock::packages(&root) {
        let name = package.get_text("name").unwrap_or_default();
        let Ok(name) = PackageName::new(Ecosystem::PyPi, name) else {
            continue;
        };
        let plain = package.get("dependencies").map(Node::list);
        let mut needs: Vec<_> = plain
            .unwrap_or_default()
            .iter()
            .filter_map(|item| need(item, None))
            .collect();
        let extras = package.get("optional-dependencies").map(Node::map);
        for (extra, items) in extras.unwrap_or_default() {
            let of_extra = items.list().iter();
            needs.extend(of_extra.filter_map(|item| need(item, extra.text())));
        }
        all.entry(name).or_default().extend(needs);
    }
    Ok(Some(all))
}

fn need(item: &Node<'_>, extra: Option<&str>) -> Option<Requirement> {
    let name = item.get_text("name")?;
    let extra = extra.map(|extra| format!("extra == '{extra}'"));
    let marker = match (item.get("marker"), extra) {
        (None, None) => String::new(),
        (None, Some(extra)) => format!(" ; {extra}"),
        // Another form than a text is not known.
        (Some(marker), None) => format!(" ; {}", marker.text()?),
        (Some(marker), Some(extra)) => format!(" ; ({}) and {extra}", marker.text()?),
    };
    Requirement::parse(&format!("{name}{marker}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_uv_resolved_has_its_own_markers_and_extras() {
        let text = "version = 1\n[[package]]\nname = \"a\"\nversion = \"1\"\nsource = { registry = \"https://index.example/simple\" }\ndependencies = [\n { name = \"b\" },\n { name = \"c\", marker = \"os_name == 'nt'\" },\n]\n[package.optional-dependencies]\nx = [\n { name = \"d\", marker = \"os_name == 'nt'\" },\n]\n";
        let all = needs(Kind::UvLock, text.as_bytes()).unwrap().unwrap();
        let told: Vec<String> = all
            .values()
            .flatten()
            .map(|one| format!("{} if {:?}", one.name, one.marker))
            .collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        b if None
        c if Some("os_name == 'nt'")
        d if Some("(os_name == 'nt') and extra == 'x'")
        "#);
        assert_eq!(needs(Kind::PoetryLock, b"").unwrap(), None);
    }
}
