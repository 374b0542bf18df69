//! `package-lock.json`, format 1: nested maps. It does not say what the project asks for.

use super::super::npm_spec::{source_of, split};
use super::super::tree::Node;
use super::builder::Builder;
use super::{Ask, AskKind, Key};
use std::collections::HashMap;

/// Names to packages of one level.
type Level<'n> = HashMap<&'n str, usize>;

pub(super) fn read(dependencies: &Node<'_>, out: &mut Builder<'_>) {
    out.roots_known = false;
    level(dependencies, &mut Vec::new(), out);
}

/// One level: its packages first, since they ask for each other. The reader of JSON has bounded
/// how deep it goes.
fn level<'n>(dependencies: &'n Node<'_>, above: &mut Vec<Level<'n>>, out: &mut Builder<'_>) {
    let mut here = Level::new();
    let first = out.packages.len();
    for (key, entry) in dependencies.map() {
        let installed = key.text().unwrap_or_default();
        let written = entry.get_text("version").unwrap_or_default();
        let (name, version) = written
            .strip_prefix("npm:")
            .and_then(split)
            .unwrap_or((installed, written));
        let mut package = out.package(key.at(), name, version, source_of(version));
        let resolved = entry.get_text("resolved");
        package.resolved = package.resolved.or(resolved.map(str::to_owned));
        package.keys = vec![Key::named(installed)];
        package.dev = entry.says("dev");
        package.optional = entry.says("optional");
        here.insert(installed, out.packages.len());
        out.packages.push(package);
    }
    above.push(here);
    for (number, (_, entry)) in (first..).zip(dependencies.map()) {
        let nested = entry.get("dependencies");
        let before = out.packages.len();
        if let Some(nested) = nested {
            level(nested, above, out);
        }
        // What lies in its own folder comes first.
        let own: Level<'_> = nested
            .map(Node::map)
            .unwrap_or_default()
            .iter()
            .zip(before..)
            .filter_map(|((name, _), number)| Some((name.text()?, number)))
            .collect();
        let requires = entry.get("requires").map(Node::map).unwrap_or_default();
        let asks = requires.iter().filter_map(|(name, spec)| {
            let name = name.text()?;
            let mut ask = Ask::new(name, spec.text(), AskKind::Runtime);
            let levels = std::iter::once(&own).chain(above.iter().rev());
            ask.to = levels
                .into_iter()
                .find_map(|level| level.get(name))
                .copied();
            Some(ask)
        });
        let asks = asks.collect();
        if let Some(package) = out.packages.get_mut(number) {
            package.asks = asks;
        }
    }
    above.pop();
}

#[cfg(test)]
mod tests {
    use super::super::super::Kind;
    use super::super::testing::graph;

    #[test]
    fn what_lies_in_the_own_folder_comes_first() {
        let text = include_str!("../fixtures/package-lock.v1.json");
        insta::assert_snapshot!(graph(Kind::PackageLock, text), @r"
        6: @scope/ui@2.3.4
            ms ^2.1.1 -> ms@2.1.2
        25: from-git@git+ssh://git@git.example/someone/from-git.git#54fd1711209fb1c0781092374132c66e79e2241b
        29: from-url@https://files.example/from-url-3.1.0.tgz
        33: ms@0.7.3 as old-ms
        38: vendored@file:vendor/vendored-0.1.0.tgz
        14: ms@2.1.2
        19: packed@1.1.1
        ");
    }
}
