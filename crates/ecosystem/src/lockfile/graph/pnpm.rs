//! `pnpm-lock.yaml`, formats 5 to 9: a package is known by its key, an ask by the version that
//! it got, which is most of a key.

use super::super::pnpm_lock;
use super::super::tree::{Fault, Node};
use super::builder::Builder;
use super::npm::MAPS;
use super::{Ask, AskKind, Commands, Importer, Linked, NamedFile};
use customs_model::Digest;
use std::collections::HashMap;

pub(super) fn read(text: &str, out: &mut Builder<'_>) -> Result<(), Fault> {
    let documents = pnpm_lock::documents(text)?;
    pnpm_lock::take(&documents, &mut out.entries)?;
    out.place();
    let mut root = None;
    for document in &documents {
        let format = pnpm_lock::format_of(document);
        out.format = format.to_owned();
        out.hooked |= document.get("pnpmfileChecksum").is_some();
        let keys = packages(document, out);
        snapshots(document, &keys, out);
        importers(document, &keys, &mut root, out);
        for (selector, with) in document.get("overrides").map(Node::map).unwrap_or_default() {
            if let (Some(selector), Some(with)) = (selector.text(), with.text()) {
                out.overrides.push((selector.to_owned(), with.to_owned()));
            }
        }
    }
    Ok(())
}

/// Keys to packages.
type Keys<'n> = HashMap<&'n str, usize>;

fn packages<'n>(document: &'n Node<'_>, out: &mut Builder<'_>) -> Keys<'n> {
    let mut keys = Keys::new();
    let mut read = Vec::new();
    for (key, entry) in document.get("packages").map(Node::map).unwrap_or_default() {
        let key_text = key.text().unwrap_or_default();
        let Some(parts) = pnpm_lock::Package::of(key_text, entry) else {
            continue;
        };
        let mut package = out.package(key.at(), parts.name, parts.version, parts.source);
        package.dev = entry.says("dev");
        package.optional = entry.says("optional");
        package.conditional = ["os", "cpu", "libc"].iter().any(|k| entry.get(k).is_some());
        package.bundles = entry
            .get("bundledDependencies")
            .is_some_and(|list| !list.list().is_empty() || list.text() == Some("true"));
        if entry.says("hasBin") {
            package.commands = Commands::Some;
        }
        package.files = pnpm_lock::variants(entry).filter_map(variant).collect();
        package.asks = edges(entry);
        links(&format!("{}@{}", package.name, package.version), entry, out);
        keys.insert(key_text, out.packages.len());
        read.push(out.packages.len());
        out.packages.push(package);
    }
    for number in read {
        if let Some(package) = out.packages.get_mut(number) {
            package.asks.iter_mut().for_each(|ask| lead(ask, &keys));
        }
    }
    keys
}

/// A file of a runtime; its name is the last part of its address.
fn variant((url, integrity): (Option<&str>, Option<&str>)) -> Option<NamedFile> {
    let digest = integrity.and_then(|integrity| Digest::from_sri(integrity).ok());
    let file = NamedFile::new(None, Some(url.unwrap_or_default()), None)?;
    Some(NamedFile { digest, ..file })
}

/// Format 9 says apart from the packages what each asks for, once for each set of peers.
fn snapshots(document: &Node<'_>, keys: &Keys<'_>, out: &mut Builder<'_>) {
    for (key, entry) in document.get("snapshots").map(Node::map).unwrap_or_default() {
        let number = key
            .text()
            .and_then(|key| keys.get(pnpm_lock::without_peers(key)));
        let Some(package) = number.and_then(|&number| out.packages.get_mut(number)) else {
            continue;
        };
        package.optional |= entry.says("optional");
        let mut asks = edges(entry);
        asks.iter_mut().for_each(|ask| lead(ask, keys));
        package.asks.extend(asks);
        let by = format!("{}@{}", package.name, package.version);
        links(&by, entry, out);
    }
}

/// What a package gets by a link. The path is from the lockfile's folder.
fn links(by: &str, entry: &Node<'_>, out: &mut Builder<'_>) {
    for map in ["dependencies", "optionalDependencies"] {
        for (name, version) in entry.get(map).map(Node::map).unwrap_or_default() {
            let target = version.text().and_then(|text| text.strip_prefix("link:"));
            if let (Some(name), Some(target)) = (name.text(), target) {
                out.links.push(Linked {
                    importer: String::new(),
                    by: Some(by.to_owned()),
                    name: name.to_owned(),
                    spec: None,
                    target: target.to_owned(),
                    line: out.entries.line(version.at()),
                });
            }
        }
    }
}

fn edges(entry: &Node<'_>) -> Vec<Ask> {
    let mut asks = Vec::new();
    for (map, kind) in [
        ("dependencies", AskKind::Runtime),
        ("optionalDependencies", AskKind::Optional),
    ] {
        for (name, version) in entry.get(map).map(Node::map).unwrap_or_default() {
            if let (Some(name), Some(version)) = (name.text(), version.text()) {
                // The version stands where the specifier will not be known.
                asks.push(Ask::new(name, Some(version), kind));
            }
        }
    }
    asks
}

/// Leads an ask whose `spec` is the version that it got, and takes that away.
fn lead(ask: &mut Ask, keys: &Keys<'_>) {
    let Some(version) = ask.spec.take() else {
        return;
    };
    ask.to = find(&ask.name, &version, keys);
}

fn find(name: &str, version: &str, keys: &Keys<'_>) -> Option<usize> {
    if version.starts_with("link:") {
        return None;
    }
    let bare = pnpm_lock::without_peers(version);
    [
        format!("{name}@{bare}"),
        format!("/{name}@{version}"),
        format!("/{name}/{version}"),
    ]
    .iter()
    .map(String::as_str)
    // An alias, an address or a path is a whole key.
    .chain([bare, version])
    .find_map(|key| keys.get(key).copied())
}

/// The project alone stands at the top, a workspace below `importers`.
fn importers(
    document: &Node<'_>,
    keys: &Keys<'_>,
    root: &mut Option<usize>,
    out: &mut Builder<'_>,
) {
    match document.get("importers") {
        Some(importers) => {
            for (path, entry) in importers.map() {
                let path_text = path.text().unwrap_or_default();
                let path_text = if path_text == "." { "" } else { path_text };
                let importer = importer(path_text, path.at(), entry, keys, out);
                add(importer, root, out);
            }
        }
        None => {
            let importer = importer("", document.at(), document, keys, out);
            add(importer, root, out);
        }
    }
}

/// The second document of pnpm 11 is about the same project: its place is kept in `root`.
fn add(importer: Importer, root: &mut Option<usize>, out: &mut Builder<'_>) {
    if importer.path.is_empty() {
        match root.and_then(|root| out.importers.get_mut(root)) {
            Some(known) => return known.asks.extend(importer.asks),
            None => *root = Some(out.importers.len()),
        }
    }
    out.importers.push(importer);
}

fn importer(
    path: &str,
    at: usize,
    entry: &Node<'_>,
    keys: &Keys<'_>,
    out: &mut Builder<'_>,
) -> Importer {
    // Format 5 has the specifiers in a map of their own.
    let specifiers: HashMap<&str, &str> = entry
        .get("specifiers")
        .map(Node::map)
        .unwrap_or_default()
        .iter()
        .filter_map(|(name, spec)| Some((name.text()?, spec.text()?)))
        .collect();
    let mut asks = Vec::new();
    let own = [
        ("configDependencies", AskKind::Dev),
        ("packageManagerDependencies", AskKind::Dev),
    ];
    for (map, kind) in MAPS.into_iter().chain(own) {
        for (name, value) in entry.get(map).map(Node::map).unwrap_or_default() {
            let Some(name) = name.text() else { continue };
            let version = value.text().or_else(|| value.get_text("version"));
            let spec = value
                .get_text("specifier")
                .or_else(|| specifiers.get(name).copied());
            let mut ask = Ask::new(name, spec, kind);
            ask.to = version.and_then(|version| find(name, version, keys));
            if let Some(target) = version.and_then(|version| version.strip_prefix("link:")) {
                out.links.push(Linked {
                    importer: path.to_owned(),
                    by: None,
                    name: name.to_owned(),
                    spec: spec.map(str::to_owned),
                    target: target.to_owned(),
                    line: out.entries.line(value.at()),
                });
            }
            asks.push(ask);
        }
    }
    Importer {
        path: path.to_owned(),
        name: None,
        asks,
        line: out.entries.line(at),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Kind;
    use super::super::testing::graph;

    #[test]
    fn format_9_has_snapshots_beside_the_packages() {
        let text = include_str!("../fixtures/pnpm-lock.v9.yaml");
        insta::assert_snapshot!(graph(Kind::PnpmLock, text), @r"
        project .
            pnpm 12.21.0 (dev) -> pnpm@12.21.0
            @scope/ui ^2.0.0 -> @scope/ui@2.3.4
            old-ms npm:ms@0.7.3 -> ms@0.7.3
            vendored file:vendor/vendored -> vendored@file:vendor/vendored
        15: pnpm@12.21.0
        43: @scope/ui@2.3.4 conditional
            ms -> ms@2.1.2
        49: from-git@1.2.0
        53: from-repo@4.0.0
        57: from-url@3.1.0
        61: ms@0.7.3
        64: ms@2.1.2
            ms -> ms@0.7.3
        70: node@24.0.0 node-v24.0.0-linux-x64.tar.gz
        86: vendored@file:vendor/vendored
        ");
    }

    #[test]
    fn formats_5_and_6_have_the_peers_in_their_keys() {
        let text = include_str!("../fixtures/pnpm-lock.v6.yaml");
        insta::assert_snapshot!(graph(Kind::PnpmLock, text), @r"
        project .
            @scope/ui ^2.0.0 -> @scope/ui@2.3.4
        14: @scope/ui@2.3.4
            react -> -
        21: @scope/ui@2.3.4
        26: ms@2.1.2
        34: from-url@3.1.0
        ");
        let text = include_str!("../fixtures/pnpm-lock.v5.yaml");
        insta::assert_snapshot!(graph(Kind::PnpmLock, text), @r"
        project .
            @scope/ui ^2.0.0 -> @scope/ui@2.3.4
            react-dom ^18.0.0 -> react-dom@18.0.0
        13: @scope/ui@2.3.4
            react -> -
        23: ms@2.1.2
        27: react-dom@18.0.0
        31: react-dom@18.0.0
        35: private@1.0.0
        39: from-git@1.2.0
        45: vendored@0.1.0
        ");
    }

    #[test]
    fn the_project_of_several_documents_is_one_and_members_stay_apart() {
        let text = "lockfileVersion: '9.0'\nimporters:\n  a: {}\n  .:\n    dependencies:\n      b:\n        specifier: ^1\n        version: 1.0.0\n---\nlockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      c:\n        specifier: ^2\n        version: 2.0.0\n";
        insta::assert_snapshot!(graph(Kind::PnpmLock, text), @r"
        project a
        project .
            b ^1 -> -
            c ^2 -> -
        ");
    }

    #[test]
    fn a_runtime_has_its_files_and_digests() {
        let text = include_str!("../fixtures/pnpm-lock.v9.yaml");
        let graph = super::super::Graph::read(Kind::PnpmLock, text.as_bytes()).unwrap();
        let node = graph.packages.iter().find(|p| p.name == "node").unwrap();
        assert_eq!(node.files.len(), 1);
        assert_eq!(node.files[0].name, "node-v24.0.0-linux-x64.tar.gz");
        assert!(node.files[0].digest.is_some());
        assert!(
            graph
                .packages
                .iter()
                .all(|p| p.name == "node" || p.files.is_empty())
        );
    }
}
