//! `yarn.lock` of Yarn 2 and later: an ask is a descriptor, and descriptors are the keys.

use super::super::npm_spec::split;
use super::super::tree::{Fault, Node};
use super::super::yarn_berry;
use super::builder::Builder;
use super::npm::commands;
use super::{Ask, AskKind, Importer, Key};
use std::collections::HashMap;

pub(super) fn read(text: &str, out: &mut Builder<'_>) -> Result<(), Fault> {
    let documents = yarn_berry::documents(text)?;
    yarn_berry::take(&documents, &mut out.entries)?;
    out.place();
    let mut by_key: HashMap<String, usize> = HashMap::new();
    for (key, entry) in documents.iter().flat_map(Node::map) {
        let key_text = key.text().unwrap_or_default();
        if key_text == "__metadata" {
            out.format = entry.get_text("version").unwrap_or_default().to_owned();
            continue;
        }
        let resolution = entry.get_text("resolution").unwrap_or_default();
        let Some((name, reference)) = split(resolution) else {
            continue;
        };
        if let Some(path) = reference.strip_prefix("workspace:") {
            out.importers.push(Importer {
                path: if path == "." {
                    String::new()
                } else {
                    path.to_owned()
                },
                name: Some(name.to_owned()),
                asks: asks(entry),
                line: out.entries.line(key.at()),
            });
            continue;
        }
        let source = yarn_berry::source_of_reference(reference);
        let version = entry.get_text("version").unwrap_or_default();
        let mut package = out.package(key.at(), name, version, source);
        package.resolved = Some(resolution.to_owned());
        package.keys = keys(key_text);
        package.checksum = entry.get_text("checksum").map(str::to_owned);
        package.asks = asks(entry);
        package.commands = commands(entry.get("bin"));
        package.conditional = entry.get_text("conditions").is_some_and(is_of_machines);
        for descriptor in key_text.split(", ") {
            by_key.insert(descriptor.to_owned(), out.packages.len());
        }
        out.packages.push(package);
    }
    let of_packages = out.packages.iter_mut().flat_map(|p| &mut p.asks);
    let of_importers = out.importers.iter_mut().flat_map(|i| &mut i.asks);
    for ask in of_packages.chain(of_importers) {
        let spec = ask.spec.as_deref().unwrap_or_default();
        // Older formats leave `npm:` out where something is asked for, not where it is kept.
        ask.to = [
            format!("{}@{spec}", ask.name),
            format!("{}@npm:{spec}", ask.name),
        ]
        .iter()
        .find_map(|key| by_key.get(key).copied());
    }
    Ok(())
}

/// `os=linux & (cpu=x64 | cpu=arm64)`: the only conditions that there are.
fn is_of_machines(conditions: &str) -> bool {
    let mut words = conditions.split([' ', '&', '|', '(', ')']);
    words.any(|word| {
        let part = word.split_once('=');
        part.is_some_and(|(key, value)| matches!(key, "os" | "cpu" | "libc") && !value.is_empty())
    })
}

fn keys(key: &str) -> Vec<Key> {
    key.split(", ")
        .filter_map(split)
        .map(|(name, spec)| Key {
            name: name.to_owned(),
            spec: Some(spec.to_owned()),
        })
        .collect()
}

fn asks(entry: &Node<'_>) -> Vec<Ask> {
    let optional = |name: &str| {
        let meta = entry.get("dependenciesMeta").and_then(|m| m.get(name));
        meta.is_some_and(|meta| meta.says("optional"))
    };
    let map = entry.get("dependencies").map(Node::map).unwrap_or_default();
    map.iter()
        .filter_map(|(name, spec)| {
            let name = name.text()?;
            let kind = match optional(name) {
                true => AskKind::Optional,
                false => AskKind::Runtime,
            };
            Some(Ask::new(name, spec.text(), kind))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::Kind;
    use super::super::testing::graph;

    #[test]
    fn descriptors_lead_to_packages() {
        let text = include_str!("../fixtures/yarn-berry.lock");
        insta::assert_snapshot!(graph(Kind::YarnBerry, text), @r"
        project .
            @scope/ui npm:^2.0.0 -> @scope/ui@2.3.4
        8: @scope/ui@2.3.4 as @scope/ui@npm:^2.0.0 as @scope/ui@npm:^2.3.0
            ms npm:^2.1.1 -> ms@2.1.2
        19: from-git@1.2.0 as from-git@https://git.example/someone/from-git.git#v1.2.0
        26: from-url@3.1.0 as from-url@https://files.example/from-url-3.1.0.tgz
        33: linked@0.0.0-use.local as linked@link:../linked::locator=shop%40workspace%3A.
        39: ms@2.1.2 as ms@npm:^2.1.1
        46: ms@0.7.3 as old-ms@npm:ms@0.7.3
        53: patched@1.0.0 as patched@npm:1.0.0
        60: patched@1.0.0 as patched@patch:patched@npm%3A1.0.0#./patches/patched.patch::version=1.0.0&hash=abcdef&locator=shop%40workspace%3A.
        75: vendored@0.1.0 as vendored@file:vendor/vendored-0.1.0.tgz::locator=shop%40workspace%3A.
        ");
    }
}
