//! `pylock.toml`: packages by name, with an optional list of what each asks for.

use super::super::tree::{Fault, Node};
use super::super::{Source, pylock};
use super::builder::Builder;
use super::{Ask, AskKind, NamedFile};
use crate::pypi::normal_name as normal;
use std::collections::HashMap;

pub(super) fn read(text: &str, out: &mut Builder<'_>) -> Result<(), Fault> {
    let root = pylock::parse(text)?;
    pylock::take(&root, &mut out.entries)?;
    out.place();
    out.roots_known = false;
    out.format = root.get_text("lock-version").unwrap_or_default().to_owned();
    let mut by_name: HashMap<String, usize> = HashMap::new();
    for node in pylock::packages(&root) {
        let (source, resolved) = pylock::origin(node);
        if source == Source::Path && node.get("directory").is_some() {
            continue;
        }
        let name = node.get_text("name").unwrap_or_default();
        let version = node.get_text("version").unwrap_or_default();
        let mut package = out.package(node.at(), name, version, source);
        package.resolved = resolved;
        package.conditional = node.get("marker").is_some();
        package.files = pylock::files(node).filter_map(file).collect();
        let asks = node.get("dependencies").map(Node::list).unwrap_or_default();
        package.asks = asks
            .iter()
            .filter_map(|item| Some(Ask::new(item.get_text("name")?, None, AskKind::Runtime)))
            .collect();
        by_name.entry(normal(name)).or_insert(out.packages.len());
        out.packages.push(package);
    }
    for ask in out.packages.iter_mut().flat_map(|p| &mut p.asks) {
        ask.to = by_name.get(&normal(&ask.name)).copied();
    }
    Ok(())
}

fn file(node: &Node<'_>) -> Option<NamedFile> {
    let path = node
        .get_text("path")
        .and_then(|path| path.rsplit('/').next());
    let hashes = node.get("hashes").map(Node::map).unwrap_or_default();
    let mut file = NamedFile::new(node.get_text("name").or(path), node.get_text("url"), None)?;
    file.digest = hashes
        .iter()
        .filter_map(|(algorithm, hex)| {
            format!("{}:{}", algorithm.text()?, hex.text()?)
                .parse()
                .ok()
        })
        .max_by_key(customs_model::Digest::algorithm);
    Some(file)
}

#[cfg(test)]
mod tests {
    use super::super::super::Kind;
    use super::super::testing::graph;

    #[test]
    fn files_are_read_and_the_project_itself_is_none_of_the_packages() {
        let text = include_str!("../fixtures/pylock.toml");
        insta::assert_snapshot!(graph(Kind::PylockToml, text), @r"
        6: anyio@4.4.0 anyio-4.4.0.tar.gz anyio-4.4.0-py3-none-any.whl
        17: from-git@
        21: from-url@3.1.0 from-url-3.1.0.tar.gz
        ");
    }
}
