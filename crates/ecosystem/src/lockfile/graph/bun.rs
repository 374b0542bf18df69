//! `bun.lock`: keys are paths of names, looked through upwards.

use super::super::npm_spec::{source_of, split};
use super::super::tree::{Fault, Node};
use super::super::{bun_lock, limit};
use super::builder::Builder;
use super::npm::{asks, commands};
use super::{Ask, Importer, Key};
use std::collections::HashMap;

pub(super) fn read(text: &str, out: &mut Builder<'_>) -> Result<(), Fault> {
    let root = bun_lock::parse(text)?;
    bun_lock::take(&root, &mut out.entries)?;
    out.place();
    out.format = root
        .get_text("lockfileVersion")
        .unwrap_or_default()
        .to_owned();
    let map = |key: &str| root.get(key).map(Node::map).unwrap_or_default();
    for (path, entry) in map("workspaces") {
        out.importers.push(Importer {
            path: path.text().unwrap_or_default().to_owned(),
            name: entry.get_text("name").map(str::to_owned),
            asks: asks(entry),
            line: out.entries.line(path.at()),
        });
    }
    for (selector, with) in map("overrides") {
        if let (Some(selector), Some(with)) = (selector.text(), with.text()) {
            out.overrides.push((selector.to_owned(), with.to_owned()));
        }
    }
    packages(map("packages"), out);
    Ok(())
}

fn packages(packages: &[(Node<'_>, Node<'_>)], out: &mut Builder<'_>) {
    let mut by_key: HashMap<&str, usize> = HashMap::new();
    let mut keys = Vec::new();
    for (key, tuple) in packages {
        let key_text = key.text().unwrap_or_default();
        let first = tuple.list().first().and_then(Node::text);
        let Some((name, spec)) = first.and_then(split) else {
            continue;
        };
        if spec.starts_with("workspace:") {
            continue;
        }
        let source = source_of(spec);
        let mut package = out.package(key.at(), name, spec, source);
        if package.entry.is_none() {
            package.resolved = Some(spec.to_owned());
        }
        package.keys = vec![Key::named(installed(key_text))];
        if let Some(info) = tuple.list().iter().find(|item| item.is_map()) {
            package.asks = asks(info);
            package.commands = commands(info.get("bin"));
            package.conditional = ["os", "cpu", "libc"].iter().any(|k| info.get(k).is_some());
        }
        by_key.insert(key_text, out.packages.len());
        keys.push(key_text);
        out.packages.push(package);
    }
    for (package, key) in out.packages.iter_mut().zip(keys) {
        lead(key, &mut package.asks, &by_key);
    }
    for importer in &mut out.importers {
        // What only a member has lies below the member's name.
        let below = match importer.path.is_empty() {
            true => "",
            false => importer.name.as_deref().unwrap_or_default(),
        };
        lead(below, &mut importer.asks, &by_key);
    }
}

fn lead(key: &str, asks: &mut [Ask], by_key: &HashMap<&str, usize>) {
    if key.len() > limit::PATH {
        return;
    }
    for ask in asks.iter_mut().filter(|ask| ask.name.len() <= limit::PATH) {
        let mut base = key;
        for _ in 0..limit::UP {
            let found = match base.is_empty() {
                true => by_key.get(ask.name.as_str()),
                false => by_key.get(format!("{base}/{}", ask.name).as_str()),
            };
            if let Some(&found) = found {
                ask.to = Some(found);
                break;
            }
            if base.is_empty() {
                break;
            }
            base = above(base);
        }
    }
}

/// The last name of a path of names.
fn installed(key: &str) -> &str {
    let above = above(key);
    key[above.len()..].trim_start_matches('/')
}

/// A path without its last name, which may have a scope.
fn above(key: &str) -> &str {
    let Some((rest, _)) = key.rsplit_once('/') else {
        return "";
    };
    let scope_at = rest.rfind('/').map_or(0, |slash| slash + 1);
    match rest[scope_at..].starts_with('@') {
        true => rest[..scope_at].trim_end_matches('/'),
        false => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Kind;
    use super::super::testing::graph;
    use super::{above, installed};

    #[test]
    fn keys_are_paths_of_names() {
        let text = include_str!("../fixtures/bun.lock");
        insta::assert_snapshot!(graph(Kind::BunLock, text), @r"
        project .
            @scope/ui ^2.0.0 -> @scope/ui@2.3.4
            old-ms npm:ms@0.7.3 -> ms@0.7.3
        project packages/member
        20: @scope/ui@2.3.4
            ms ^2.1.1 -> ms@2.1.2
        24: deep@1.0.0
            inner 0.0.9 -> inner@0.0.9
        26: inner@0.0.9
        28: from-git@git+ssh://git@git.example/someone/from-git.git#54fd1711209fb1c0781092374132c66e79e2241b
        30: from-url@https://files.example/from-url-3.1.0.tgz
        32: ms@2.1.2
        34: ms@0.7.3 as old-ms
        36: vendored@file:vendor/vendored
        ");
    }

    #[test]
    fn a_scope_is_part_of_a_name() {
        for (key, up, last) in [
            ("a", "", "a"),
            ("@s/a", "", "@s/a"),
            ("a/b", "a", "b"),
            ("@s/a/b", "@s/a", "b"),
            ("a/@s/b", "a", "@s/b"),
            ("@s/a/@t/b", "@s/a", "@t/b"),
        ] {
            assert_eq!((above(key), installed(key)), (up, last), "{key}");
        }
    }
}
