//! `yarn.lock` of Yarn 1: an ask is a pattern, and patterns are the keys. The file does not say
//! what the project asks for.

use super::super::npm_spec::{source_of, split};
use super::super::tree::Fault;
use super::super::yarn_classic;
use super::builder::Builder;
use super::{Ask, AskKind, Key};
use std::collections::HashMap;

pub(super) fn read(text: &str, out: &mut Builder<'_>) -> Result<(), Fault> {
    out.roots_known = false;
    out.format = "1".to_owned();
    let mut entries = Vec::new();
    yarn_classic::each_entry(text, &mut |entry| {
        yarn_classic::take(&entry, &mut out.entries)?;
        entries.push(entry);
        Ok(())
    })?;
    out.place();
    let mut by_pattern: HashMap<&str, usize> = HashMap::new();
    for (number, entry) in entries.iter().enumerate() {
        let keys: Vec<Key> = entry.patterns.iter().map(|pattern| key(pattern)).collect();
        let first = keys.first();
        let spec = first
            .and_then(|key| key.spec.as_deref())
            .unwrap_or_default();
        let installed = first.map_or("", |key| key.name.as_str());
        let name = spec.strip_prefix("npm:").map_or(installed, real_name);
        let version = entry.version.as_deref().unwrap_or_default();
        let mut package = out.package(entry.at, name, version, source_of(spec));
        package.keys = keys;
        package.asks = entry
            .asks
            .iter()
            .map(|(name, spec)| Ask::new(name, Some(spec), AskKind::Runtime))
            .collect();
        out.packages.push(package);
        for pattern in &entry.patterns {
            by_pattern.insert(pattern, number);
        }
    }
    for ask in out.packages.iter_mut().flat_map(|p| &mut p.asks) {
        let pattern = format!("{}@{}", ask.name, ask.spec.as_deref().unwrap_or_default());
        ask.to = by_pattern.get(pattern.as_str()).copied();
    }
    Ok(())
}

fn key(pattern: &str) -> Key {
    let (name, spec) = split(pattern).unwrap_or((pattern, ""));
    Key {
        name: name.to_owned(),
        spec: Some(spec.to_owned()),
    }
}

/// The name of `real@^1` or `real`.
fn real_name(of: &str) -> &str {
    split(of).map_or(of, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::super::super::Kind;
    use super::super::testing::graph;

    #[test]
    fn patterns_lead_to_packages() {
        let text = include_str!("../fixtures/yarn-classic.lock");
        insta::assert_snapshot!(graph(Kind::YarnClassic, text), @r"
        5: @scope/ui@2.3.4 as @scope/ui@^2.0.0 as @scope/ui@^2.3.0
            ms ^2.1.1 -> ms@2.1.2
            @scope/native 1.0.0 -> -
        14: from-git@1.2.0 as from-git@git+ssh://git@git.example/someone/from-git.git#v1.2.0
        18: from-url@3.1.0 as from-url@https://files.example/from-url-3.1.0.tgz
        22: mirrored@1.0.0 as mirrored@1.0.0
        26: ms@2.1.2 as ms@^2.1.1 as ms@>=2.1.0 <3
        31: ms@0.7.3 as old-ms@npm:ms@0.7.3
        35: vendored@0.1.0 as vendored@file:vendor/vendored-0.1.0.tgz
        ");
    }
}
