//! `bun.lock`: the keys are the folders of the flat layout (`deep/inner`).

use super::super::bun_lock::{parse, registry_url};
use super::super::npm_spec::{source_of, split};
use super::super::tree::{Fault, Node};
use super::{Collector, Place, Raw, Source, platforms};
use crate::npm::NpmVersion;
use std::collections::BTreeMap;

pub(super) fn read(text: &str, out: &mut Collector<'_>) -> Result<(), Fault> {
    let root = parse(text)?;
    for (folder, _) in root.get("workspaces").map(Node::map).unwrap_or_default() {
        out.member(folder.at(), folder.text().unwrap_or_default())?;
    }
    let patches = root.get("patchedDependencies").map(Node::map);
    let patches: BTreeMap<&str, &str> = patches
        .unwrap_or_default()
        .iter()
        .filter_map(|(key, path)| Some((key.text()?, path.text()?)))
        .collect();
    for (key, tuple) in root.get("packages").map(Node::map).unwrap_or_default() {
        let at = key.at();
        let folder = key.text().unwrap_or_default();
        let first = tuple.list().first().and_then(Node::text);
        let Some((name, spec)) = first.and_then(split) else {
            out.entries
                .skip(at, folder, "an entry without a name and a version")?;
            continue;
        };
        let place = Place::At(place_of(folder));
        match source_of(spec) {
            Source::Path if archive(spec, tuple, place.clone(), key.at(), name, out)? => {}
            Source::Path => {
                let target = spec.split_once(':').map_or(spec, |(_, path)| path);
                out.link(at, place, target)?;
            }
            Source::Registry => {
                let items = tuple.list();
                let integrity = items.last().and_then(Node::text);
                let integrity = integrity.filter(|text| text.starts_with("sha"));
                let facts = items.iter().find(|item| item.is_map());
                let bundled = facts.is_some_and(|facts| facts.says("bundled"));
                let raw = Raw {
                    place,
                    name,
                    version: spec.strip_prefix("npm:").unwrap_or(spec),
                    source: if bundled {
                        Source::Bundled
                    } else {
                        Source::Registry
                    },
                    digests: out.entries.sri(at, folder, integrity)?,
                };
                if let Some(placed) = out.add(at, raw)? {
                    placed.resolved = registry_url(tuple)
                        .and_then(Node::text)
                        .filter(|url| !url.is_empty())
                        .map(str::to_owned);
                    placed.platforms = facts.map(platforms).unwrap_or_default();
                    placed.optional = placed.platforms.restricts();
                    let patch = patches.get(placed.release.spoken().as_str());
                    placed.patch = patch.map(|path| (*path).to_owned());
                }
            }
            Source::Git | Source::Url | Source::Bundled => out.entries.skip(
                at,
                first.unwrap_or(folder),
                "it is not from a registry, and its version is not written",
            )?,
        }
    }
    in_members(out);
    Ok(())
}

/// Takes a tarball of the project (`./own/a-1.0.0.tgz`), which has an integrity. bun writes no version
/// of it: what its file is called names one, as `npm pack` writes it. Says whether it was one.
fn archive(
    spec: &str,
    tuple: &Node<'_>,
    place: Place,
    at: usize,
    name: &str,
    out: &mut Collector<'_>,
) -> Result<bool, Fault> {
    let integrity = tuple.list().last().and_then(Node::text);
    let integrity = integrity.filter(|text| text.starts_with("sha"));
    let path = spec.strip_prefix("file:").unwrap_or(spec);
    let file = path.rsplit('/').next().unwrap_or(path);
    let stem = [".tgz", ".tar.gz"]
        .iter()
        .find_map(|end| file.strip_suffix(end));
    let (Some(integrity), Some(stem)) = (integrity, stem) else {
        return Ok(false);
    };
    let slug = name.trim_start_matches('@').replace('/', "-");
    let version = stem
        .strip_prefix(slug.as_str())
        .and_then(|rest| rest.strip_prefix('-'));
    let Some(version) = version.filter(|version| NpmVersion::parse(version).is_some()) else {
        return Ok(false);
    };
    let raw = Raw {
        place,
        name,
        version,
        source: Source::Path,
        digests: out.entries.sri(at, name, Some(integrity))?,
    };
    if let Some(placed) = out.add(at, raw)? {
        placed.resolved = Some(format!("file:{path}"));
    }
    Ok(true)
}

/// What a chain of names places in a member lies in the member's own folder.
fn in_members(out: &mut Collector<'_>) {
    let members: BTreeMap<String, String> = out
        .links
        .iter()
        .filter(|link| out.members.contains(&link.target))
        .filter_map(|link| match &link.place {
            Place::At(place) => Some((format!("{place}/"), format!("{}/", link.target))),
            Place::Folder(_) => None,
        })
        .collect();
    for placed in &mut out.placed {
        let Place::At(place) = &mut placed.place else {
            continue;
        };
        // A member's place ends where the next `node_modules` begins.
        let ends = place.match_indices("node_modules/").map(|(at, _)| at);
        let found = ends.skip(1).find_map(|end| {
            let (head, inner) = place.split_at(end);
            Some(format!("{}{inner}", members.get(head)?))
        });
        if let Some(found) = found {
            *place = found;
        }
    }
}

/// `@scope/a/b` lies in `node_modules/@scope/a/node_modules/b`.
fn place_of(key: &str) -> String {
    let mut out = String::new();
    let mut parts = key.split('/');
    while let Some(part) = parts.next() {
        if !out.is_empty() {
            out.push('/');
        }
        out.push_str("node_modules/");
        out.push_str(part);
        if part.starts_with('@')
            && let Some(name) = parts.next()
        {
            out.push('/');
            out.push_str(name);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::tests::told;
    use super::place_of;
    use crate::lockfile::Kind;

    #[test]
    fn a_member_s_own_packages_lie_in_its_own_folder() {
        let text = r#"{
  "lockfileVersion": 1,
  "workspaces": { "": { "name": "r" }, "packages/b": { "name": "@w/b", "version": "1.0.0" } },
  "packages": {
    "@w/b": ["@w/b@workspace:packages/b"],
    "ms": ["ms@2.1.2", "", {}, ""],
    "@w/b/ms": ["ms@0.7.3", "", {}, ""],
    "ms/ms": ["ms@0.7.2", "", {}, ""],
  }
}"#;
        insta::assert_snapshot!(told(Kind::BunLock, text), @r#"
        node_modules/ms: ms@2.1.2
        packages/b/node_modules/ms: ms@0.7.3
        node_modules/ms/node_modules/ms: ms@0.7.2
        link At("node_modules/@w/b") -> packages/b
        "#);
    }

    #[test]
    fn a_patch_is_of_one_release() {
        let text = r#"{
  "lockfileVersion": 1,
  "patchedDependencies": { "ms@2.1.2": "patches/ms@2.1.2.patch", "@s/a@1.0.0": "patches/@s%2Fa@1.0.0.patch" },
  "packages": {
    "@s/a": ["@s/a@1.0.0", "", {}, ""],
    "ms": ["ms@2.1.2", "", {}, ""],
    "old/ms": ["ms@0.7.3", "", {}, ""],
  }
}"#;
        insta::assert_snapshot!(told(Kind::BunLock, text), @r"
        node_modules/@s/a: @s/a@1.0.0 patch patches/@s%2Fa@1.0.0.patch
        node_modules/ms: ms@2.1.2 patch patches/ms@2.1.2.patch
        node_modules/old/node_modules/ms: ms@0.7.3
        ");
    }

    #[test]
    fn a_tarball_of_the_project_has_a_digest_and_a_folder_is_a_link() {
        let text = r#"{
  "lockfileVersion": 1,
  "packages": {
    "a": ["@s/a@./own/s-a-1.0.0.tgz", {}, "sha512-OtkyBNKCEjdGLQCMnbO35Ly8KpBfQZmOZLpPRdIUWp8pcGWdLrLAFyeQITAMXRfgUhP0YUEoOzC7Jad8ZoxI8w=="],
    "b": ["b@./own/other.tgz", {}, "sha512-OtkyBNKCEjdGLQCMnbO35Ly8KpBfQZmOZLpPRdIUWp8pcGWdLrLAFyeQITAMXRfgUhP0YUEoOzC7Jad8ZoxI8w=="],
    "folder": ["folder@file:own/folder", {}],
  }
}"#;
        insta::assert_snapshot!(told(Kind::BunLock, text), @r#"
        node_modules/a: @s/a@1.0.0 sha512:3ad9
        link At("node_modules/b") -> ./own/other.tgz
        link At("node_modules/folder") -> own/folder
        "#);
    }

    #[test]
    fn keys_are_chains_of_names() {
        assert_eq!(
            place_of("@scope/a/b/@c/d"),
            "node_modules/@scope/a/node_modules/b/node_modules/@c/d"
        );
        insta::assert_snapshot!(told(Kind::BunLock, include_str!("../fixtures/bun.lock")), @r#"
        node_modules/@scope/ui: @scope/ui@2.3.4 sha512:3ad9
        node_modules/deep: deep@1.0.0 sha512:a3c9
        node_modules/deep/node_modules/inner: inner@0.0.9 sha512:d35a +bundled
        node_modules/ms: ms@2.1.2 sha512:b0f4
        node_modules/old-ms: ms@0.7.3 sha512:dd4d
        link At("node_modules/@shop/member") -> packages/member
        link At("node_modules/vendored") -> vendor/vendored
        skipped line 28: from-git@git+ssh://git@git.example/someone/from-git.git#54fd1711209fb1c0781092374132c66e79e2241b: it is not from a registry, and its version is not written
        skipped line 30: from-url@https://files.example/from-url-3.1.0.tgz: it is not from a registry, and its version is not written
        "#);
    }
}
