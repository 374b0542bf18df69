use super::Source;
use super::entries::{Entries, Found};
use super::npm_spec::{source_of, split};
use super::tree::{Fault, Node, yaml};
use super::urls::Urls;

pub(super) fn read(text: &str, out: &mut Entries<'_>) -> Result<(), Fault> {
    take(&documents(text)?, out)
}

/// What parsed documents lock.
pub(super) fn take(documents: &[Node<'_>], out: &mut Entries<'_>) -> Result<(), Fault> {
    for document in documents {
        // From format 9 on the file no longer says which packages need a build.
        let knows_builds = !format_of(document).starts_with("9");
        let packages = document.get("packages");
        for (key, entry) in packages.map(Node::map).unwrap_or_default() {
            let key_text = key.text().unwrap_or_default();
            let Some(package) = Package::of(key_text, entry) else {
                out.skip(key.at(), key_text, "a key without a name and a version")?;
                continue;
            };
            let resolution = entry.get("resolution");
            let part = |key| resolution.and_then(|r| r.get_text(key));
            let found = Found {
                name: package.name,
                version: package.version,
                source: Some(package.source),
                digests: out.sri(key.at(), key_text, part("integrity"))?,
                resolved: part("tarball").or(part("repo")).or(part("directory")),
                has_install_script: knows_builds.then(|| entry.says("requiresBuild")),
            };
            out.add(key.at(), found)?;
        }
    }
    Ok(())
}

/// pnpm 11 writes a second document for its own settings' packages.
pub(super) fn documents(text: &str) -> Result<Vec<Node<'_>>, Fault> {
    let documents = yaml::parse(text)?;
    for document in &documents {
        let format = format_of(document);
        if !["5.", "6.", "9."].iter().any(|f| format.starts_with(f)) {
            let what = format!("lockfileVersion {format:?} is not known (5, 6 and 9 are)");
            return Err(Fault::format(document.at(), format, 9, what));
        }
    }
    if documents.is_empty() {
        return Err(Fault::at(0, "no \"lockfileVersion\""));
    }
    Ok(documents)
}

pub(super) fn format_of<'a>(document: &'a Node<'_>) -> &'a str {
    document.get_text("lockfileVersion").unwrap_or_default()
}

/// A key of `packages`, taken apart.
pub(super) struct Package<'a> {
    pub name: &'a str,
    pub version: &'a str,
    pub source: Source,
}

impl<'a> Package<'a> {
    pub fn of(key: &'a str, entry: &'a Node<'_>) -> Option<Self> {
        let bare = without_peers(key);
        let (name, version) = match bare.strip_prefix('/') {
            Some(path) => registry_key(path)?,
            None => match split(bare) {
                Some(parts) => parts,
                None => host_key(bare).unwrap_or((bare, "")),
            },
        };
        // Where the key holds no version, the entry does.
        let own_version = entry.get_text("version");
        let source = match source_of(version) {
            _ if entry.get("resolution").is_some_and(is_git) => Source::Git,
            _ if entry.get("resolution").is_some_and(is_folder) => Source::Path,
            // Formats 5 and 6 have bare addresses and paths as keys, and name them inside.
            _ if entry.get("name").is_some() => match bare.starts_with("file:") {
                true => Source::Path,
                false => Source::Url,
            },
            source => source,
        };
        Some(Self {
            name: entry.get_text("name").unwrap_or(name),
            version: own_version.unwrap_or(version),
            source,
        })
    }
}

/// `foo@1.0.0(react@18.0.0)` without the peers that it was joined with. A path may hold a bracket.
pub(super) fn without_peers(key: &str) -> &str {
    match key.find('(') {
        Some(peers) if key.ends_with(')') => &key[..peers],
        _ => key,
    }
}

/// The files of a runtime that pnpm installs itself, one for each machine: address and digest.
pub(super) fn variants<'a>(
    entry: &'a Node<'_>,
) -> impl Iterator<Item = (Option<&'a str>, Option<&'a str>)> {
    let resolution = entry.get("resolution");
    let variants = resolution.filter(|r| r.get_text("type") == Some("variations"));
    let variants = variants.and_then(|r| r.get("variants"));
    let variants = variants.map(Node::list).unwrap_or_default().iter();
    variants.map(|variant| {
        let inner = variant.get("resolution");
        let part = |key| inner.and_then(|inner| inner.get_text(key));
        (part("url"), part("integrity"))
    })
}

/// `foo/1.0.0_react@18.0.0` (format 5) or `foo@1.0.0` (format 6).
fn registry_key(path: &str) -> Option<(&str, &str)> {
    let (name, version) = match path.rsplit_once('/') {
        // The peers' names hold slashes too, so the version starts before them.
        _ if split(path).is_some_and(|(name, _)| is_name(name)) => split(path)?,
        _ => five(path)?,
    };
    Some((name, version.split('_').next().unwrap_or(version)))
}

fn is_name(name: &str) -> bool {
    name.matches('/').count() == usize::from(name.starts_with('@'))
}

/// Format 5: the version is the part behind the name, up to the peers.
fn five(path: &str) -> Option<(&str, &str)> {
    let scope = match path.starts_with('@') {
        true => path.find('/')? + 1,
        false => 0,
    };
    let end = scope + path[scope..].find('/')?;
    Some((&path[..end], &path[end + 1..]))
}

/// Format 5 puts another registry's host before the name: `registry.example/foo/1.0.0`.
fn host_key(key: &str) -> Option<(&str, &str)> {
    let (host, path) = key.split_once('/')?;
    host.contains('.').then(|| registry_key(path))?
}

fn is_git(resolution: &Node<'_>) -> bool {
    resolution.get_text("type") == Some("git")
        || resolution.says("gitHosted")
        // The hosts that pnpm fetches archives of commits from.
        || resolution
            .get_text("tarball")
            .is_some_and(|url| url.starts_with("https://codeload."))
}

fn is_folder(resolution: &Node<'_>) -> bool {
    resolution.get_text("type") == Some("directory")
        || resolution
            .get_text("tarball")
            .is_some_and(|url| url.starts_with("file:"))
}

pub(super) fn urls(text: &str, out: &mut Urls<'_>) -> Result<(), Fault> {
    for document in documents(text)? {
        out.node(document.get("registry"))?;
        let packages = document.get("packages");
        for (_, entry) in packages.map(Node::map).unwrap_or_default() {
            if let Some(resolution) = entry.get("resolution") {
                resolution_urls(resolution, out)?;
            }
        }
    }
    Ok(())
}

fn resolution_urls(resolution: &Node<'_>, out: &mut Urls<'_>) -> Result<(), Fault> {
    for key in ["tarball", "repo", "registry", "url"] {
        out.node(resolution.get(key))?;
    }
    // Runtimes have one resolution per platform.
    let variants = resolution.get("variants");
    for variant in variants.map(Node::list).unwrap_or_default() {
        if let Some(inner) = variant.get("resolution") {
            resolution_urls(inner, out)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::super::testing::{entries, refusal, urls};

    #[test]
    fn format_9_has_name_and_version_as_key_and_may_have_two_documents() {
        let text = include_str!("fixtures/pnpm-lock.v9.yaml");
        insta::assert_snapshot!(entries(Kind::PnpmLock, text), @r#"
        15: pnpm@12.21.0 registry sha512:0390bb
        43: @scope/ui@2.3.4 registry sha512:3ad932
        49: from-git@1.2.0 git <https://codeload.example/someone/from-git/tar.gz/54fd1711209fb1c0781092374132c66e79e2241b>
        53: from-repo@4.0.0 git <https://git.example/someone/from-repo.git>
        57: from-url@3.1.0 url sha512:b1a230 <https://files.example/from-url-3.1.0.tgz>
        61: ms@0.7.3 registry sha512:dd4d27
        64: ms@2.1.2 registry sha512:b0f490 <https://registry.example/download/ms/2.1.2/abc>
        70: node@24.0.0 registry
        skipped line 86: vendored: "file:vendor/vendored" is not a version: it holds a character that no version has
        "#);
        insta::assert_snapshot!(urls(Kind::PnpmLock, text), @r"
        50: https://codeload.example/someone/from-git/tar.gz/54fd1711209fb1c0781092374132c66e79e2241b
        54: https://git.example/someone/from-repo.git
        58: https://files.example/from-url-3.1.0.tgz
        65: https://registry.example/download/ms/2.1.2/abc
        79: https://runtime.example/v24.0.0/node-v24.0.0-linux-x64.tar.gz
        ");
    }

    #[test]
    fn format_6_has_a_slash_before_the_name_and_peers_in_brackets() {
        let text = include_str!("fixtures/pnpm-lock.v6.yaml");
        insta::assert_snapshot!(entries(Kind::PnpmLock, text), @r"
        14: @scope/ui@2.3.4 registry sha512:3ad932 +script
        26: ms@2.1.2 registry sha512:b0f490
        34: from-url@3.1.0 url <https://files.example/from-url-3.1.0.tgz>
        ");
        insta::assert_snapshot!(urls(Kind::PnpmLock, text), @"35: https://files.example/from-url-3.1.0.tgz");
    }

    #[test]
    fn format_5_has_the_version_behind_a_slash_and_peers_behind_an_underscore() {
        let text = include_str!("fixtures/pnpm-lock.v5.yaml");
        insta::assert_snapshot!(entries(Kind::PnpmLock, text), @r"
        13: @scope/ui@2.3.4 registry sha512:3ad932 +script
        23: ms@2.1.2 registry sha512:b0f490
        27: react-dom@18.0.0 registry sha512:25ad48
        35: private@1.0.0 registry sha512:18ad96 <https://registry.example/private/-/private-1.0.0.tgz>
        39: from-git@1.2.0 git <https://codeload.example/someone/from-git/tar.gz/54fd1711209fb1c0781092374132c66e79e2241b>
        45: vendored@0.1.0 path sha512:b05092 <file:vendor/vendored-0.1.0.tgz>
        ");
        insta::assert_snapshot!(urls(Kind::PnpmLock, text), @r"
        36: https://registry.example/
        36: https://registry.example/private/-/private-1.0.0.tgz
        40: https://codeload.example/someone/from-git/tar.gz/54fd1711209fb1c0781092374132c66e79e2241b
        ");
    }

    #[test]
    fn what_its_tool_does_not_write_is_refused_with_its_line() {
        let refused = |text| refusal(Kind::PnpmLock, text);
        insta::assert_snapshot!(refused("lockfileVersion: '12.0'\n"), @r#"
        pnpm-lock.yaml, line 1: lockfileVersion "12.0" is not known (5, 6 and 9 are); use a version of this program that knows it
        "#);
        insta::assert_snapshot!(refused("lockfileVersion: '9.0'\npackages:\n  a@1: &x {}\n"), @r"
        pnpm-lock.yaml, line 3: a YAML feature that no lockfile needs; let its own tool write it again, or report the line if the tool wrote it
        ");
        insta::assert_snapshot!(refused("lockfileVersion: '9.0'\npackages:\n<<<<<<< ours\n"), @r"
        pnpm-lock.yaml, line 3: a line without a key and a colon; let its own tool write it again, or report the line if the tool wrote it
        ");
    }
}
