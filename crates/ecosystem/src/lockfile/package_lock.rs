use super::Source;
use super::entries::{Entries, Found};
use super::npm_entry::Entry;
use super::npm_spec::{source_of, split};
use super::tree::json::{self, Style};
use super::tree::{Fault, Node};
use super::urls::{Urls, is_url, without_fragment};
use memchr::memmem::FinderRev;
use std::collections::HashSet;

/// The maps of an entry whose values may send npm to a URL.
const REQUIRES: [&str; 4] = [
    "dependencies",
    "devDependencies",
    "optionalDependencies",
    "peerDependencies",
];

pub(super) fn read(text: &str, out: &mut Entries<'_>) -> Result<(), Fault> {
    take(&parse(text)?, out)
}

/// What a parsed file locks.
pub(super) fn take(root: &Node<'_>, out: &mut Entries<'_>) -> Result<(), Fault> {
    // Format 2 says everything twice; npm 7 and later read `packages`.
    match (root.get("packages"), root.get("dependencies")) {
        (Some(packages), _) => packages_of(packages, out),
        (None, Some(dependencies)) => legacy(dependencies, out),
        (None, None) => Ok(()),
    }
}

pub(super) fn parse(text: &str) -> Result<Node<'_>, Fault> {
    let root = json::parse(text, Style::Strict)?;
    if !root.is_map() || root.get("lockfileVersion").is_none() {
        return Err(Fault::at(0, "no \"lockfileVersion\""));
    }
    Ok(root)
}

/// Formats 2 and 3: one flat map from folders to packages.
fn packages_of(packages: &Node<'_>, out: &mut Entries<'_>) -> Result<(), Fault> {
    let modules = Modules::new();
    each_of(packages, &modules, out, &mut |_, _, _| {})
}

/// An entry of `packages`, with its folder.
pub(super) struct Listed<'a> {
    pub at: usize,
    pub folder: &'a str,
    /// What stands around its `node_modules/`, and the name behind it; none for the project's own folders.
    pub split: Option<(&'a str, &'a str)>,
    pub entry: Entry<'a>,
}

/// Takes each entry of formats 2 and 3, and hands it on with its number in what is found, which those have
/// that lock a release. Links are left out: what they lead to has an entry of its own.
pub(super) fn each_of<'a>(
    packages: &'a Node<'_>,
    modules: &Modules,
    out: &mut Entries<'_>,
    take: &mut dyn FnMut(&Entries<'_>, Listed<'a>, Option<usize>),
) -> Result<(), Fault> {
    let all = packages.map();
    let listed: Vec<Listed<'a>> = all
        .iter()
        .map(|(key, entry)| {
            let folder = key.text().unwrap_or_default();
            Listed {
                at: key.at(),
                folder,
                split: modules.split(folder),
                entry: Entry::of(entry),
            }
        })
        .collect();
    let asked = urls_of(listed.iter().flat_map(|one| one.entry.maps).flatten());
    out.expect(all.len());
    for one in listed.into_iter().filter(|one| !one.entry.link) {
        let before = out.places().len();
        add(&one, &asked, out)?;
        let number = out.places().get(before).map(|(_, number)| *number);
        take(out, one, number);
    }
    Ok(())
}

/// Adds what one entry locks.
fn add(
    Listed {
        at,
        folder,
        split,
        entry,
    }: &Listed<'_>,
    asked: &HashSet<&str>,
    out: &mut Entries<'_>,
) -> Result<(), Fault> {
    let at = *at;
    let installed = split.map(|(_, name)| name);
    let name = entry
        .name
        .or(installed)
        .or_else(|| folder.rsplit('/').next())
        .unwrap_or_default();
    let resolved = entry.resolved;
    let source = match (installed, resolved) {
        (None, _) => Source::Path,
        _ if entry.in_bundle => Source::Bundled,
        (_, Some(resolved)) => match source_of(resolved) {
            Source::Url if !asked.contains(without_fragment(resolved)) => Source::Registry,
            source => source,
        },
        (_, None) => Source::Registry,
    };
    let Some(version) = entry.version else {
        // The project and its members need no version; npm also leaves an empty entry
        // for an optional dependency of another platform.
        if source != Source::Path && !entry.optional {
            out.skip(at, name, "the entry has no version")?;
        }
        return Ok(());
    };
    if name.is_empty() {
        return Ok(());
    }
    let found = Found {
        name,
        version,
        source: Some(source),
        digests: out.sri(at, name, entry.integrity)?,
        resolved,
        has_install_script: Some(entry.has_install_script),
    };
    out.add(at, found)
}

/// Looks for the last `node_modules/` of a folder. Made once, since each folder of a file is asked.
pub(super) struct Modules(FinderRev<'static>);

impl Modules {
    const NAME: &'static str = "node_modules/";

    pub fn new() -> Self {
        Self(FinderRev::new(Self::NAME))
    }

    /// What stands before it and behind it.
    pub fn split<'a>(&self, folder: &'a str) -> Option<(&'a str, &'a str)> {
        let at = self.0.rfind(folder.as_bytes())?;
        Some((&folder[..at], &folder[at + Self::NAME.len()..]))
    }
}

/// The URLs that somebody asks for by URL. npm writes `resolved` alike for these and for
/// what a registry offered; only the asking tells them apart.
pub(super) fn asked_urls<'a>(packages: &'a Node<'_>) -> HashSet<&'a str> {
    let entries = packages.map().iter();
    urls_of(entries.flat_map(|(_, entry)| REQUIRES.iter().filter_map(|map| entry.get(map))))
}

fn urls_of<'a>(maps: impl Iterator<Item = &'a Node<'a>>) -> HashSet<&'a str> {
    maps.flat_map(Node::map)
        .filter_map(|(_, spec)| spec.text())
        .filter(|spec| is_url(spec))
        .map(without_fragment)
        .collect()
}

/// Format 1: nested maps from names to packages.
fn legacy(dependencies: &Node<'_>, out: &mut Entries<'_>) -> Result<(), Fault> {
    for (key, entry) in dependencies.map() {
        let at = key.at();
        let installed = key.text().unwrap_or_default();
        let written = entry.get_text("version").unwrap_or_default();
        let (name, version) = written
            .strip_prefix("npm:")
            .and_then(split)
            .unwrap_or((installed, written));
        match source_of(version) {
            Source::Registry => {
                let bundled = entry.says("bundled");
                let found = Found {
                    name,
                    version,
                    source: Some(if bundled {
                        Source::Bundled
                    } else {
                        Source::Registry
                    }),
                    digests: out.sri(at, name, entry.get_text("integrity"))?,
                    resolved: entry.get_text("resolved"),
                    has_install_script: None,
                };
                out.add(at, found)?;
            }
            Source::Path => {}
            _ => out.skip(
                at,
                &format!("{name}@{version}"),
                "it is not from a registry, and its version is not written",
            )?,
        }
        if let Some(nested) = entry.get("dependencies") {
            legacy(nested, out)?;
        }
    }
    Ok(())
}

pub(super) fn urls(text: &str, out: &mut Urls<'_>) -> Result<(), Fault> {
    let root = parse(text)?;
    for (key, value) in root.map() {
        match key.text() {
            Some("packages") => {
                for (_, entry) in value.map() {
                    each(entry, &["resolved"], out)?;
                }
            }
            Some("dependencies") => legacy_urls(value, out)?,
            _ => {}
        }
    }
    Ok(())
}

fn legacy_urls(dependencies: &Node<'_>, out: &mut Urls<'_>) -> Result<(), Fault> {
    for (_, entry) in dependencies.map() {
        each(entry, &["resolved", "version"], out)?;
        for (key, nested) in entry.map() {
            if key.text() == Some("dependencies") {
                legacy_urls(nested, out)?;
            }
        }
    }
    Ok(())
}

/// All values of some keys. A key that stands twice is read by no two programs alike,
/// so each of its values counts.
fn each(entry: &Node<'_>, keys: &[&str], out: &mut Urls<'_>) -> Result<(), Fault> {
    for (key, value) in entry.map() {
        if key.text().is_some_and(|key| keys.contains(&key)) {
            out.node(Some(value))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::super::testing::{entries, refusal, urls};

    #[test]
    fn formats_2_and_3_are_a_flat_map() {
        let text = include_str!("fixtures/package-lock.v3.json");
        insta::assert_snapshot!(entries(Kind::PackageLock, text), @r"
        7: shop@1.0.0 path
        22: @scope/ui@2.3.4 registry sha512:3ad932 <https://registry.example/@scope/ui/-/ui-2.3.4.tgz> +script
        32: ms@2.1.2 registry sha512:b0f490 <https://registry.example/ms/-/ms-2.1.2.tgz>
        37: deep@1.0.0 registry sha512:a3c930 <https://registry.example/deep/-/deep-1.0.0.tgz>
        45: inner@0.0.9 bundled
        55: from-git@1.2.0 git sha512:65f582 <git+ssh://git@git.example/someone/from-git.git#54fd1711209fb1c0781092374132c66e79e2241b>
        60: from-url@3.1.0 url sha512:b1a230 <https://files.example/from-url-3.1.0.tgz>
        69: ms@0.7.3 registry sha512:dd4d27 sha1:708155a5 <https://registry.example/ms/-/ms-0.7.3.tgz>
        82: unresolved@1.0.0 registry
        85: vendored@0.1.0 path sha512:b05092 <file:vendor/vendored-0.1.0.tgz>
        90: @shop/member@0.2.0 path
        skipped line 79: strange: the entry has no version
        ");
        insta::assert_snapshot!(urls(Kind::PackageLock, text), @r"
        24: https://registry.example/@scope/ui/-/ui-2.3.4.tgz
        34: https://registry.example/ms/-/ms-2.1.2.tgz
        39: https://registry.example/deep/-/deep-1.0.0.tgz
        52: https://registry.example/ms/-/ms-2.1.2.tgz
        57: git+ssh://git@git.example/someone/from-git.git
        62: https://files.example/from-url-3.1.0.tgz
        72: https://registry.example/ms/-/ms-0.7.3.tgz
        80: https://registry.example/strange/-/strange-1.0.0.tgz
        ");
    }

    #[test]
    fn format_1_is_nested() {
        let text = include_str!("fixtures/package-lock.v1.json");
        insta::assert_snapshot!(entries(Kind::PackageLock, text), @r"
        6: @scope/ui@2.3.4 registry sha512:3ad932 <https://registry.example/@scope/ui/-/ui-2.3.4.tgz>
        14: ms@2.1.2 registry sha512:b0f490 <https://registry.example/ms/-/ms-2.1.2.tgz>
        19: packed@1.1.1 bundled
        33: ms@0.7.3 registry sha1:708155a5 <https://registry.example/ms/-/ms-0.7.3.tgz>
        skipped line 25: from-git@git+ssh://git@git.example/someone/from-git.git#54fd1711209fb1c0781092374132c66e79e2241b: it is not from a registry, and its version is not written
        skipped line 29: from-url@https://files.example/from-url-3.1.0.tgz: it is not from a registry, and its version is not written
        ");
        insta::assert_snapshot!(urls(Kind::PackageLock, text), @r"
        8: https://registry.example/@scope/ui/-/ui-2.3.4.tgz
        16: https://registry.example/ms/-/ms-2.1.2.tgz
        26: git+ssh://git@git.example/someone/from-git.git
        30: https://files.example/from-url-3.1.0.tgz
        35: https://registry.example/ms/-/ms-0.7.3.tgz
        ");
    }

    #[test]
    fn what_its_tool_does_not_write_is_refused_with_its_line() {
        let refused = |text| refusal(Kind::PackageLock, text);
        insta::assert_snapshot!(refused("{}"), @r#"
        package-lock.json, line 1: no "lockfileVersion"; let its own tool write it again, or report the line if the tool wrote it
        "#);
        insta::assert_snapshot!(refused("{\"lockfileVersion\": 3,\n<<<<<<< HEAD\n}"), @r#"
        package-lock.json, line 2: a key should start with '"'; let its own tool write it again, or report the line if the tool wrote it
        "#);
    }
}
