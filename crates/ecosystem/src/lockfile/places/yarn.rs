//! Both generations of `yarn.lock`: releases, and the names that they are asked for by.

use super::super::npm_spec::{source_of, split};
use super::super::tree::Fault;
use super::super::urls::decode;
use super::super::yarn_berry::{documents, source_of_reference};
use super::super::yarn_classic::{Entry, each_entry};
use super::{Collector, Place, Raw, Source};
use crate::npm::Platforms;
use customs_model::{Digest, DigestAlgorithm};
use std::collections::BTreeSet;

pub(super) fn classic(text: &str, out: &mut Collector<'_>) -> Result<(), Fault> {
    each_entry(text, &mut |entry| take(&entry, out))
}

fn take(entry: &Entry, out: &mut Collector<'_>) -> Result<(), Fault> {
    let resolved = entry.resolved.as_ref().map(|(_, url)| url.as_str());
    let version = entry.version.as_deref().unwrap_or_default();
    let mut folders = BTreeSet::new();
    for pattern in &entry.patterns {
        let (installed, spec) = split(pattern).unwrap_or((pattern.as_str(), ""));
        // Each name that it is asked for by is a folder of its own.
        if !folders.insert(installed) {
            continue;
        }
        let name = match spec.strip_prefix("npm:") {
            Some(real) => split(real).map_or(real, |(name, _)| name),
            None => installed,
        };
        let source = source_of(spec);
        if source == Source::Path && resolved.is_none() {
            let target = spec.split_once(':').map_or(spec, |(_, path)| path);
            out.link(entry.at, Place::Folder(installed.to_owned()), target)?;
            continue;
        }
        let mut digests = out
            .entries
            .sri(entry.at, pattern, entry.integrity.as_deref())?;
        if source != Source::Git {
            let sha1 = resolved.and_then(|url| url.split_once('#'));
            digests.extend(
                sha1.and_then(|(_, hex)| Digest::from_hex(DigestAlgorithm::Sha1, hex).ok()),
            );
        }
        let raw = Raw {
            place: Place::Folder(installed.to_owned()),
            name,
            version,
            source,
            digests,
        };
        if let Some(placed) = out.add(entry.at, raw)? {
            placed.resolved = resolved.map(str::to_owned);
        }
    }
    Ok(())
}

pub(super) fn berry(text: &str, out: &mut Collector<'_>) -> Result<(), Fault> {
    for document in documents(text)? {
        if let Some(meta) = document.get("__metadata") {
            out.cache_key = meta.get_text("cacheKey").map(str::to_owned);
        }
        for (key, entry) in document.map() {
            if key.text() == Some("__metadata") {
                continue;
            }
            let asked = key.text().unwrap_or_default();
            let resolution = entry.get_text("resolution").unwrap_or_default();
            let Some((name, reference)) = split(resolution) else {
                out.entries
                    .skip(key.at(), asked, "no resolution that names a package")?;
                continue;
            };
            let version = entry.get_text("version").unwrap_or_default();
            let archive = entry.get_text("checksum").and_then(checksum);
            let folders: BTreeSet<&str> = asked
                .split(", ")
                .filter_map(|pattern| Some(split(pattern)?.0))
                .collect();
            for folder in folders {
                if version == "0.0.0-use.local" {
                    let place = Place::Folder(folder.to_owned());
                    if let Some(target) = reference.strip_prefix("workspace:") {
                        out.member(key.at(), target)?;
                        out.link(key.at(), place, target)?;
                    } else {
                        let target = link_target(reference).unwrap_or_default();
                        out.link(key.at(), place, &target)?;
                    }
                    continue;
                }
                let raw = Raw {
                    place: Place::Folder(folder.to_owned()),
                    name,
                    version,
                    source: source_of_reference(reference),
                    digests: Vec::new(),
                };
                if let Some(placed) = out.add(key.at(), raw)? {
                    placed.archive.clone_from(&archive);
                    placed.resolved = Some(reference.to_owned());
                    placed.platforms = conditions(entry.get_text("conditions").unwrap_or_default());
                    placed.optional = placed.platforms.restricts();
                    (placed.patch, placed.builtin_patch) = patch_of(reference);
                }
            }
        }
    }
    Ok(())
}

/// The folder, relative to the project, of `link:../a::locator=b%40workspace%3Apackages%2Fb`; none
/// where who asks for it is no member of Yarn's workspace.
pub fn link_target(reference: &str) -> Option<String> {
    let path = reference.strip_prefix("link:");
    let path = path.or_else(|| reference.strip_prefix("portal:"))?;
    let (path, bindings) = path.split_once("::")?;
    let mut bindings = bindings.split('&');
    let locator = bindings.find_map(|one| one.strip_prefix("locator="))?;
    let locator = decode(locator, 1)?;
    let (_, asker) = split(&locator)?;
    match asker.strip_prefix("workspace:")? {
        "." | "" => Some(path.to_owned()),
        _ if path.starts_with('/') => Some(path.to_owned()),
        member => Some(format!("{member}/{path}")),
    }
}

/// `10c0/<hex>`, or without the key in older files.
fn checksum(text: &str) -> Option<Digest> {
    let hex = text.rsplit('/').next().unwrap_or(text);
    Digest::from_hex(DigestAlgorithm::Sha512, hex).ok()
}

/// `os=linux & (cpu=x64 | cpu=arm64)`.
fn conditions(text: &str) -> Platforms {
    let words = || {
        text.split([' ', '&', '|', '(', ')'])
            .filter_map(|word| word.split_once('='))
    };
    let of = |wanted: &str| {
        words()
            .filter(|(key, _)| *key == wanted)
            .map(|(_, value)| value.to_owned())
            .collect()
    };
    Platforms::of_lists(of("os"), of("cpu"), of("libc"))
}

/// The patch file of `patch:name@npm%3A1.0.0#./patches/a.patch::version=…`, and whether it is
/// one that Yarn itself brings (`~builtin<…>`, `optional!builtin<…>`).
fn patch_of(reference: &str) -> (Option<String>, bool) {
    let Some(patch) = reference.strip_prefix("patch:") else {
        return (None, false);
    };
    let Some((_, selector)) = patch.split_once('#') else {
        return (None, false);
    };
    let selector = selector.split("::").next().unwrap_or(selector);
    let file = decode(selector, 1).unwrap_or_else(|| selector.to_owned());
    if file.contains("builtin<") {
        return (None, true);
    }
    let file = file.trim_start_matches("optional!");
    let file = file.trim_start_matches("~/").trim_start_matches("./");
    (Some(file.to_owned()), false)
}

#[cfg(test)]
mod tests {
    use super::super::tests::told;
    use super::*;
    use crate::lockfile::Kind;

    #[test]
    fn yarn_1_has_a_folder_for_each_name_that_is_asked_for() {
        insta::assert_snapshot!(told(Kind::YarnClassic, include_str!("../fixtures/yarn-classic.lock")), @r"
        */@scope/ui: @scope/ui@2.3.4 sha512:3ad9 sha1:318a6f
        */from-git: from-git@1.2.0
        */from-url: from-url@3.1.0 sha1:4afc46
        */mirrored: mirrored@1.0.0 sha1:e109e8
        */ms: ms@2.1.2 sha512:b0f4 sha1:146888
        */old-ms: ms@0.7.3 sha1:1ba36c
        */vendored: vendored@0.1.0 sha1:0ea173
        ");
    }

    #[test]
    fn yarn_4_names_its_archives_and_patches() {
        insta::assert_snapshot!(told(Kind::YarnBerry, include_str!("../fixtures/yarn-berry.lock")), @r#"
        */@scope/ui: @scope/ui@2.3.4 sha512:763a
        */from-git: from-git@1.2.0 sha512:4319
        */from-url: from-url@3.1.0 sha512:eeb7
        */ms: ms@2.1.2 sha512:4b23
        */old-ms: ms@0.7.3 sha512:9b19
        */patched: patched@1.0.0 sha512:9298
        */patched: patched@1.0.0 sha512:745d patch patches/patched.patch
        */vendored: vendored@0.1.0 sha512:7b07
        link Folder("linked") -> ../linked
        link Folder("shop") -> .
        "#);
    }

    #[test]
    fn a_link_or_portal_leads_from_the_member_that_asks_for_it() {
        let root = "link:./own/a::locator=shop%40workspace%3A.";
        assert_eq!(link_target(root).as_deref(), Some("./own/a"));
        let member = "portal:../a::locator=%40w%2Fb%40workspace%3Apackages%2Fb";
        assert_eq!(link_target(member).as_deref(), Some("packages/b/../a"));
        let package = "link:./x::locator=b%40npm%3A1.0.0";
        assert_eq!(link_target(package), None);
        assert_eq!(link_target("link:./x"), None);
    }

    #[test]
    fn patches_of_the_project_and_of_yarn_itself_are_told_apart() {
        let of = |text| patch_of(text);
        assert_eq!(
            of("patch:a@npm%3A1.0.0#./patches/a.patch::version=1.0.0&hash=abc"),
            (Some("patches/a.patch".into()), false)
        );
        assert_eq!(
            of("patch:a@npm%3A1.0.0#~/.yarn/patches/a-npm-1.0.0-0c.patch"),
            (Some(".yarn/patches/a-npm-1.0.0-0c.patch".into()), false)
        );
        assert_eq!(
            of("patch:typescript@npm%3A5.9.3#optional!builtin<compat/typescript>::version=5.9.3"),
            (None, true)
        );
        assert_eq!(of("npm:1.0.0"), (None, false));
        assert!(conditions("os=linux & cpu=x64 & libc=glibc").restricts());
    }
}
