//! `poetry.lock`: packages by name. The file does not say what the project asks for.

use super::super::Source;
use super::super::poetry_lock;
use super::super::tree::{Fault, Node};
use super::builder::Builder;
use super::{Ask, AskKind, NamedFile};
use crate::pypi::normal_name as normal;
use std::collections::HashMap;

pub(super) fn read(text: &str, out: &mut Builder<'_>) -> Result<(), Fault> {
    let root = poetry_lock::parse(text)?;
    poetry_lock::take(&root, &mut out.entries)?;
    out.place();
    out.roots_known = false;
    let metadata = root.get("metadata");
    let format = metadata.and_then(|m| m.get_text("lock-version"));
    out.format = format.unwrap_or_default().to_owned();
    let mut by_name: HashMap<String, usize> = HashMap::new();
    for node in poetry_lock::packages(&root) {
        let name = node.get_text("name").unwrap_or_default();
        let version = node.get_text("version").unwrap_or_default();
        let mut package = out.package(node.at(), name, version, Source::Registry);
        package.optional = node.says("optional");
        package.dev = node.get_text("category") == Some("dev");
        let own = node.get("files").filter(|files| !files.list().is_empty());
        let old = || metadata?.get("files")?.get(name);
        package.files = own
            .or_else(old)
            .map(Node::list)
            .unwrap_or_default()
            .iter()
            .filter_map(|file| {
                NamedFile::new(
                    file.get_text("file"),
                    file.get_text("url"),
                    file.get_text("hash"),
                )
            })
            .collect();
        package.asks = node
            .get("dependencies")
            .map(Node::map)
            .unwrap_or_default()
            .iter()
            .filter_map(|(name, spec)| {
                let spec_text = spec.text().or_else(|| spec.get_text("version"));
                let kind = match spec.says("optional") {
                    true => AskKind::Optional,
                    false => AskKind::Runtime,
                };
                Some(Ask::new(name.text()?, spec_text, kind))
            })
            .collect();
        by_name.entry(normal(name)).or_insert(out.packages.len());
        out.packages.push(package);
    }
    for ask in out.packages.iter_mut().flat_map(|p| &mut p.asks) {
        ask.to = by_name.get(&normal(&ask.name)).copied();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::super::Kind;
    use super::super::testing::graph;

    #[test]
    fn files_and_asks_are_read() {
        let text = include_str!("../fixtures/poetry.lock");
        insta::assert_snapshot!(graph(Kind::PoetryLock, text), @r"
        3: anyio@4.4.0 anyio-4.4.0-py3-none-any.whl anyio-4.4.0.tar.gz
            idna >=2.8 -> -
        18: from-git@1.2.0
        33: private@1.0.0 private-1.0.0.tar.gz
        48: vendored@0.1.0 vendored-0.1.0.tar.gz?
        ");
    }
}
