//! `package-lock.json`: the keys of `packages` are folders.

use super::super::npm_spec::{source_of, split};
use super::super::package_lock::{asked_urls, parse};
use super::super::tree::{Fault, Node};
use super::super::urls::without_fragment;
use super::{Collector, Place, Raw, Source, platforms};

pub(super) fn read(text: &str, out: &mut Collector<'_>) -> Result<(), Fault> {
    let root = parse(text)?;
    match (root.get("packages"), root.get("dependencies")) {
        (Some(packages), _) => flat(packages, out),
        (None, Some(dependencies)) => nested(dependencies, "", out),
        (None, None) => Ok(()),
    }
}

fn flat(packages: &Node<'_>, out: &mut Collector<'_>) -> Result<(), Fault> {
    let asked = asked_urls(packages);
    for (key, entry) in packages.map() {
        let folder = key.text().unwrap_or_default();
        let Some((_, installed)) = folder.rsplit_once("node_modules/") else {
            // The project and its members.
            out.member(key.at(), folder)?;
            continue;
        };
        let resolved = entry.get_text("resolved");
        if entry.says("link") {
            out.link(
                key.at(),
                Place::At(folder.to_owned()),
                resolved.unwrap_or_default(),
            )?;
            continue;
        }
        let name = entry.get_text("name").unwrap_or(installed);
        let Some(version) = entry.get_text("version") else {
            // npm leaves an empty entry for an optional dependency of another platform.
            if !entry.says("optional") {
                out.entries
                    .skip(key.at(), name, "the entry has no version")?;
            }
            continue;
        };
        let source = match resolved {
            _ if entry.says("inBundle") => Source::Bundled,
            Some(resolved) => match source_of(resolved) {
                Source::Url if !asked.contains(without_fragment(resolved)) => Source::Registry,
                source => source,
            },
            None => Source::Registry,
        };
        let raw = Raw {
            place: Place::At(folder.to_owned()),
            name,
            version,
            source,
            digests: out
                .entries
                .sri(key.at(), name, entry.get_text("integrity"))?,
        };
        if let Some(placed) = out.add(key.at(), raw)? {
            placed.resolved = resolved.map(str::to_owned);
            placed.optional = entry.says("optional") || entry.says("devOptional");
            placed.dev = entry.says("dev") || entry.says("devOptional");
            placed.platforms = platforms(entry);
            placed.has_install_script = Some(entry.says("hasInstallScript"));
        }
    }
    Ok(())
}

/// Format 1: nested maps from names to packages.
fn nested(dependencies: &Node<'_>, parent: &str, out: &mut Collector<'_>) -> Result<(), Fault> {
    for (key, entry) in dependencies.map() {
        let installed = key.text().unwrap_or_default();
        let written = entry.get_text("version").unwrap_or_default();
        let (name, version) = written
            .strip_prefix("npm:")
            .and_then(split)
            .unwrap_or((installed, written));
        let folder = format!("{parent}node_modules/{installed}");
        match source_of(version) {
            Source::Path => out.link(key.at(), Place::At(folder.clone()), "")?,
            Source::Registry => {
                let bundled = entry.says("bundled");
                let raw = Raw {
                    place: Place::At(folder.clone()),
                    name,
                    version,
                    source: if bundled {
                        Source::Bundled
                    } else {
                        Source::Registry
                    },
                    digests: out
                        .entries
                        .sri(key.at(), name, entry.get_text("integrity"))?,
                };
                if let Some(placed) = out.add(key.at(), raw)? {
                    placed.resolved = entry.get_text("resolved").map(str::to_owned);
                    placed.optional = entry.says("optional");
                    placed.dev = entry.says("dev");
                }
            }
            Source::Git | Source::Url | Source::Bundled => out.entries.skip(
                key.at(),
                installed,
                "it is not from a registry, and its version is not written",
            )?,
        }
        if let Some(inner) = entry.get("dependencies") {
            nested(inner, &format!("{folder}/"), out)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tests::told;
    use crate::lockfile::Kind;

    #[test]
    fn folders_are_the_keys_and_an_alias_is_told_by_its_name() {
        insta::assert_snapshot!(told(Kind::PackageLock, include_str!("../fixtures/package-lock.v3.json")), @r#"
        node_modules/@scope/ui: @scope/ui@2.3.4 sha512:3ad9 +script
        node_modules/@scope/ui/node_modules/ms: ms@2.1.2 sha512:b0f4
        node_modules/deep: deep@1.0.0 sha512:a3c9
        node_modules/deep/node_modules/inner: inner@0.0.9 +bundled
        node_modules/deep/node_modules/ms: ms@2.1.2 sha512:b0f4
        node_modules/from-git: from-git@1.2.0 sha512:65f5
        node_modules/from-url: from-url@3.1.0 sha512:b1a2
        node_modules/old-ms: ms@0.7.3 sha512:dd4d sha1:708155
        node_modules/unresolved: unresolved@1.0.0
        node_modules/vendored: vendored@0.1.0 sha512:b050
        link At("node_modules/member") -> packages/member
        skipped line 79: strange: the entry has no version
        "#);
    }

    #[test]
    fn format_1_nests_folders() {
        insta::assert_snapshot!(told(Kind::PackageLock, include_str!("../fixtures/package-lock.v1.json")), @r#"
        node_modules/@scope/ui: @scope/ui@2.3.4 sha512:3ad9
        node_modules/@scope/ui/node_modules/ms: ms@2.1.2 sha512:b0f4
        node_modules/@scope/ui/node_modules/packed: packed@1.1.1 +bundled
        node_modules/old-ms: ms@0.7.3 sha1:708155
        link At("node_modules/vendored") -> 
        skipped line 25: from-git: it is not from a registry, and its version is not written
        skipped line 29: from-url: it is not from a registry, and its version is not written
        "#);
    }
}
