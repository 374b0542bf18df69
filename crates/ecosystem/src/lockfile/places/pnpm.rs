//! `pnpm-lock.yaml` and `node_modules/.pnpm/lock.yaml`: releases, not folders. The folder
//! inside `.pnpm/<…>/node_modules` has the real package's name.

use super::super::npm_spec::split;
use super::super::pnpm_lock::{Package, documents, format_of, without_peers};
use super::super::tree::{Fault, Node};
use super::{Collector, Place, Raw, Source, platforms};
use customs_model::{Digest, DigestAlgorithm};
use std::collections::HashMap;

pub(super) fn read(text: &str, out: &mut Collector<'_>) -> Result<(), Fault> {
    let documents = documents(text)?;
    for document in &documents {
        let knows_builds = !format_of(document).starts_with('9');
        let optional = optional_by_key(document);
        let patches = patches(document);
        let patched = patched(document);
        for (key, entry) in document.get("packages").map(Node::map).unwrap_or_default() {
            let key_text = key.text().unwrap_or_default();
            let Some(package) = Package::of(key_text, entry) else {
                out.entries
                    .skip(key.at(), key_text, "a key without a name and a version")?;
                continue;
            };
            let resolution = entry.get("resolution");
            let part = |key| resolution.and_then(|r| r.get_text(key));
            // A folder of the project's own has no digest; a tarball beside it has one.
            if package.source == Source::Path && part("integrity").is_none() {
                let target = part("directory").unwrap_or_default();
                out.link(key.at(), Place::Folder(package.name.to_owned()), target)?;
                continue;
            }
            let raw = Raw {
                place: Place::Folder(package.name.to_owned()),
                name: package.name,
                version: package.version,
                source: package.source,
                digests: out.entries.sri(key.at(), key_text, part("integrity"))?,
            };
            let spoken = format!("{}@{}", package.name, package.version);
            if let Some(placed) = out.add(key.at(), raw)? {
                placed.resolved = part("tarball").or(part("repo")).map(str::to_owned);
                placed.optional =
                    entry.says("optional") || optional.get(key_text).copied().unwrap_or(false);
                placed.dev = entry.says("dev");
                placed.platforms = platforms(entry);
                placed.has_install_script = knows_builds.then(|| entry.says("requiresBuild"));
                placed.patch = patches
                    .get(spoken.as_str())
                    .or_else(|| patches.get(package.name))
                    .map(|path| (*path).to_owned());
                if placed.patch.is_none() {
                    placed.patch_digest = patched.get(key_text).cloned();
                }
            }
        }
    }
    for document in &documents {
        importers(document, out)?;
        for (_, snapshot) in document.get("snapshots").map(Node::map).unwrap_or_default() {
            aliases(snapshot, out);
        }
        for (_, package) in document.get("packages").map(Node::map).unwrap_or_default() {
            aliases(package, out);
        }
        // Older formats have a single project's dependencies at the top.
        aliases(document, out);
    }
    Ok(())
}

/// The groups of dependencies.
const GROUPS: [&str; 3] = ["dependencies", "devDependencies", "optionalDependencies"];

/// Names that are linked to a package of another name: `old-ms: ms@0.7.3`.
fn aliases(entry: &Node<'_>, out: &mut Collector<'_>) {
    let maps = GROUPS.iter().filter_map(|group| entry.get(group));
    for (alias, value) in maps.flat_map(Node::map) {
        let version = value.get_text("version").or(value.text());
        let version = version.unwrap_or_default();
        let bare = without_peers(version);
        let bare = bare.strip_prefix('/').unwrap_or(bare);
        if let (Some(alias), Some((name, _))) = (alias.text(), split(bare))
            && name != alias
        {
            out.aliases.insert((alias.to_owned(), name.to_owned()));
        }
    }
}

/// The project's members, and their links to each other.
fn importers(document: &Node<'_>, out: &mut Collector<'_>) -> Result<(), Fault> {
    for (key, importer) in document.get("importers").map(Node::map).unwrap_or_default() {
        let from = key.text().unwrap_or_default();
        out.member(key.at(), from)?;
        aliases(importer, out);
        let prefix = match from {
            "." => String::new(),
            from => format!("{from}/"),
        };
        let maps = GROUPS.iter().filter_map(|group| importer.get(group));
        for (name, entry) in maps.flat_map(Node::map) {
            let version = entry.get_text("version").or(entry.text());
            if let Some(target) = version.and_then(|v| v.strip_prefix("link:")) {
                let at = name.at();
                let name = name.text().unwrap_or_default();
                let place = Place::At(format!("{prefix}node_modules/{name}"));
                out.link(at, place, &format!("{prefix}{target}"))?;
            }
        }
    }
    Ok(())
}

/// Format 9: a package is optional where each of its snapshots is.
fn optional_by_key<'a>(document: &'a Node<'_>) -> HashMap<&'a str, bool> {
    let mut optional = HashMap::new();
    let snapshots = document.get("snapshots").map(Node::map).unwrap_or_default();
    for (key, snapshot) in snapshots {
        let key = key.text().unwrap_or_default();
        let bare = without_peers(key);
        *optional.entry(bare).or_insert(true) &= snapshot.says("optional");
    }
    optional
}

/// Format 9: the digests of patches, by the keys of the packages that they change:
/// `a@1.0.0(patch_hash=…)`. pnpm 11 and later write no path of the file.
fn patched<'a>(document: &'a Node<'_>) -> HashMap<&'a str, Digest> {
    let snapshots = document.get("snapshots").map(Node::map).unwrap_or_default();
    let keys = snapshots.iter().filter_map(|(key, _)| key.text());
    keys.filter_map(|key| {
        let hex = key.split_once("(patch_hash=")?.1.split(')').next()?;
        // Digests of older ones are of another kind; those name the file.
        let digest = Digest::from_hex(DigestAlgorithm::Sha256, hex).ok()?;
        Some((without_peers(key), digest))
    })
    .collect()
}

/// `patchedDependencies`: name, or name and version, to the patch file.
fn patches<'a>(document: &'a Node<'_>) -> HashMap<&'a str, &'a str> {
    let patched = document.get("patchedDependencies").map(Node::map);
    patched
        .unwrap_or_default()
        .iter()
        .filter_map(|(key, entry)| Some((key.text()?, entry.get_text("path")?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::told;
    use crate::lockfile::Kind;

    #[test]
    fn format_9_says_in_its_snapshots_what_is_optional() {
        let text = "lockfileVersion: '9.0'\npatchedDependencies:\n  a@1.0.0:\n    hash: abc\n    path: patches/a@1.0.0.patch\nimporters:\n  .:\n    dependencies:\n      m:\n        specifier: workspace:*\n        version: link:packages/m\n  packages/m: {}\npackages:\n  a@1.0.0:\n    resolution: {integrity: sha512-OtkyBNKCEjdGLQCMnbO35Ly8KpBfQZmOZLpPRdIUWp8pcGWdLrLAFyeQITAMXRfgUhP0YUEoOzC7Jad8ZoxI8w==}\n  '@a/linux@1.0.0':\n    resolution: {integrity: sha512-OtkyBNKCEjdGLQCMnbO35Ly8KpBfQZmOZLpPRdIUWp8pcGWdLrLAFyeQITAMXRfgUhP0YUEoOzC7Jad8ZoxI8w==}\n    cpu: [x64]\n    os: [linux]\nsnapshots:\n  a@1.0.0(patch_hash=abc): {}\n  '@a/linux@1.0.0':\n    optional: true\n";
        insta::assert_snapshot!(told(Kind::PnpmLock, text), @r#"
        */a: a@1.0.0 sha512:3ad9 patch patches/a@1.0.0.patch
        */@a/linux: @a/linux@1.0.0 sha512:3ad9 +optional +platform
        link At("node_modules/m") -> packages/m
        "#);
    }

    #[test]
    fn a_patch_without_a_path_is_known_by_its_digest() {
        let text = "lockfileVersion: '9.0'\npatchedDependencies:\n  a: 561d531e76c85a3eab760a6b28e3ce2b76b5227dc6603980074483f266a932d0\npackages:\n  a@1.0.0:\n    resolution: {integrity: sha512-OtkyBNKCEjdGLQCMnbO35Ly8KpBfQZmOZLpPRdIUWp8pcGWdLrLAFyeQITAMXRfgUhP0YUEoOzC7Jad8ZoxI8w==}\nsnapshots:\n  a@1.0.0(patch_hash=561d531e76c85a3eab760a6b28e3ce2b76b5227dc6603980074483f266a932d0)(react@18.0.0): {}\n";
        insta::assert_snapshot!(told(Kind::PnpmLock, text), @"*/a: a@1.0.0 sha512:3ad9 patch sha256:561d");
    }

    #[test]
    fn older_formats_say_it_in_the_package() {
        insta::assert_snapshot!(told(Kind::PnpmLock, include_str!("../fixtures/pnpm-lock.v6.yaml")), @r"
        */@scope/ui: @scope/ui@2.3.4 sha512:3ad9 +script
        */@scope/ui: @scope/ui@2.3.4 sha512:3ad9 +script
        */ms: ms@2.1.2 sha512:b0f4
        */from-url: from-url@3.1.0
        ");
        insta::assert_snapshot!(told(Kind::PnpmLock, include_str!("../fixtures/pnpm-lock.v5.yaml")), @r#"
        */@scope/ui: @scope/ui@2.3.4 sha512:3ad9 +script
        */ms: ms@2.1.2 sha512:b0f4
        */react-dom: react-dom@18.0.0 sha512:25ad
        */react-dom: react-dom@18.0.0 sha512:25ad
        */private: private@1.0.0 sha512:18ad
        */from-git: from-git@1.2.0
        */vendored: vendored@0.1.0 sha512:b050
        "#);
    }
}
