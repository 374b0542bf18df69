//! `Cargo.lock`: dependencies name a package, and its version and source where the name alone
//! would not tell. The members of the workspace are the packages without a source.

use super::super::Source;
use super::super::cargo_lock;
use super::super::tree::{Fault, Node, toml};
use super::builder::Builder;
use super::{Ask, AskKind, Importer};
use std::collections::HashMap;

pub(super) fn read(text: &str, out: &mut Builder<'_>) -> Result<(), Fault> {
    let root = toml::parse(text)?;
    cargo_lock::take(&root, &mut out.entries)?;
    out.place();
    // Formats 1 and 2 do not say which they are.
    out.format = root.get_text("version").unwrap_or_default().to_owned();
    let mut known = Known::default();
    for node in cargo_lock::packages(&root) {
        let name = node.get_text("name").unwrap_or_default();
        let version = node.get_text("version").unwrap_or_default();
        let Some(source) = node.get_text("source") else {
            out.importers.push(Importer {
                path: String::new(),
                name: Some(name.to_owned()),
                asks: asks(node),
                line: out.entries.line(node.at()),
            });
            continue;
        };
        let mut package = out.package(node.at(), name, version, Source::Registry);
        package.resolved = Some(source.to_owned());
        package.asks = asks(node);
        known.add(name, version, source, out.packages.len());
        out.packages.push(package);
    }
    let of_packages = out.packages.iter_mut().flat_map(|p| &mut p.asks);
    let of_importers = out.importers.iter_mut().flat_map(|i| &mut i.asks);
    for ask in of_packages.chain(of_importers) {
        let Some(written) = ask.spec.take() else {
            continue;
        };
        ask.to = known.find(&written);
    }
    Ok(())
}

/// The asks, each with the whole of what is written as its specifier for now.
fn asks(node: &Node<'_>) -> Vec<Ask> {
    let list = node.get("dependencies").map(Node::list).unwrap_or_default();
    list.iter()
        .filter_map(Node::text)
        .map(|written| {
            let name = written.split(' ').next().unwrap_or(written);
            Ask::new(name, Some(written), AskKind::Runtime)
        })
        .collect()
}

/// Packages by all that a dependency may say of them.
#[derive(Default)]
struct Known(HashMap<String, usize>);

impl Known {
    fn add(&mut self, name: &str, version: &str, source: &str, number: usize) {
        // A dependency names a git source without its commit.
        let bare = source.split('#').next().unwrap_or(source);
        for key in [
            name.to_owned(),
            format!("{name} {version}"),
            format!("{name} {version} ({source})"),
            format!("{name} {version} ({bare})"),
        ] {
            self.0.entry(key).or_insert(number);
        }
    }

    fn find(&self, written: &str) -> Option<usize> {
        self.0.get(written).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Kind;
    use super::super::testing::graph;

    #[test]
    fn a_source_tells_two_packages_of_one_version_apart() {
        let text = include_str!("../fixtures/Cargo.v4.lock");
        insta::assert_snapshot!(graph(Kind::CargoLock, text), @r"
        project .
            from-git -> from-git@1.2.0
            serde_json -> serde_json@1.0.120+build.1
        5: from-git@1.2.0
            itoa -> itoa@1.0.11
            itoa -> itoa@1.0.11
        14: itoa@1.0.11
        20: itoa@1.0.11
        26: serde_json@1.0.120+build.1
        ");
    }

    #[test]
    fn the_first_format_names_all_sources() {
        let text = include_str!("../fixtures/Cargo.v1.lock");
        insta::assert_snapshot!(graph(Kind::CargoLock, text), @r"
        project .
            itoa -> itoa@0.4.8
        1: itoa@0.4.8
        ");
    }
}
