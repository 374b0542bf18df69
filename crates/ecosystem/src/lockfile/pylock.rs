use super::Source;
use super::entries::{Entries, Found, at_commit};
use super::tree::{Fault, Node, toml};
use super::urls::Urls;

pub(super) fn read(text: &str, out: &mut Entries<'_>) -> Result<(), Fault> {
    take(&parse(text)?, out)
}

/// What a parsed file locks.
pub(super) fn take(root: &Node<'_>, out: &mut Entries<'_>) -> Result<(), Fault> {
    for package in packages(root) {
        let at = package.at();
        let name = package.get_text("name").unwrap_or_default();
        let (source, resolved) = origin(package);
        let Some(version) = package.get_text("version") else {
            // The format leaves the version out where only a build would tell it.
            if source != Source::Path {
                out.skip(at, name, "the entry has no version")?;
            }
            continue;
        };
        let mut digests = Vec::new();
        for file in files(package) {
            for (algorithm, hex) in file.get("hashes").map(Node::map).unwrap_or_default() {
                let (Some(algorithm), Some(hex)) = (algorithm.text(), hex.text()) else {
                    continue;
                };
                digests.extend(out.hash(file.at(), name, &format!("{algorithm}:{hex}"))?);
            }
        }
        let found = Found {
            name,
            version,
            source: Some(source),
            digests,
            resolved: None,
            has_install_script: None,
        };
        out.add_from(at, found, resolved)?;
    }
    Ok(())
}

pub(super) fn parse(text: &str) -> Result<Node<'_>, Fault> {
    let root = toml::parse(text)?;
    match root.get_text("lock-version") {
        Some(version) if version == "1" || version.starts_with("1.") => Ok(root),
        other => Err(Fault::format(
            0,
            other.unwrap_or_default(),
            1,
            "\"lock-version\" is not 1.x, the only format that is known",
        )),
    }
}

pub(super) fn packages<'n, 't>(root: &'n Node<'t>) -> &'n [Node<'t>] {
    root.get("packages").map(Node::list).unwrap_or_default()
}

/// Where a package comes from; of a repository also which commit of it.
pub(super) fn origin(package: &Node<'_>) -> (Source, Option<String>) {
    let address = |node: &Node<'_>| {
        let address = node.get_text("url").or_else(|| node.get_text("path"))?;
        Some(address.to_owned())
    };
    if let Some(vcs) = package.get("vcs") {
        let (commit, folder) = (vcs.get_text("commit-id"), vcs.get_text("subdirectory"));
        let at = address(vcs).map(|address| at_commit(&address, commit, folder));
        (Source::Git, at)
    } else if let Some(directory) = package.get("directory") {
        (Source::Path, address(directory))
    } else if let Some(archive) = package.get("archive") {
        match archive.get("url") {
            Some(_) => (Source::Url, address(archive)),
            None => (Source::Path, address(archive)),
        }
    } else {
        let index = package.get_text("index").map(str::to_owned);
        (Source::Registry, index)
    }
}

pub(super) fn files<'n, 't>(package: &'n Node<'t>) -> impl Iterator<Item = &'n Node<'t>> {
    let wheels = package.get("wheels").map(Node::list).unwrap_or_default();
    let single = ["archive", "sdist"].into_iter();
    single.filter_map(|key| package.get(key)).chain(wheels)
}

pub(super) fn urls(text: &str, out: &mut Urls<'_>) -> Result<(), Fault> {
    let root = parse(text)?;
    for package in packages(&root) {
        out.node(package.get("index"))?;
        out.node(package.get("vcs").and_then(|v| v.get("url")))?;
        for file in files(package) {
            out.node(file.get("url"))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::super::testing::{entries, refusal, urls};

    #[test]
    fn files_and_other_sources_are_read() {
        let text = include_str!("fixtures/pylock.toml");
        insta::assert_snapshot!(entries(Kind::PylockToml, text), @r"
        6: anyio@4.4.0 registry sha256:fb61dd sha256:ae0f4b <https://index.example/simple>
        21: from-url@3.1.0 url sha256:6fe8c3 <https://files.example/from-url-3.1.0.tar.gz>
        skipped line 17: from-git: the entry has no version
        ");
        insta::assert_snapshot!(urls(Kind::PylockToml, text), @r"
        9: https://index.example/simple
        10: https://files.example/packages/aa/anyio-4.4.0.tar.gz
        14: https://files.example/packages/bb/anyio-4.4.0-py3-none-any.whl
        19: https://git.example/someone/from-git
        24: https://files.example/from-url-3.1.0.tar.gz
        ");
    }

    #[test]
    fn what_its_tool_does_not_write_is_refused_with_its_line() {
        let refused = |text| refusal(Kind::PylockToml, text);
        insta::assert_snapshot!(refused("lock-version = \"2.0\"\n"), @r#"
        pylock.toml, line 1: "lock-version" is not 1.x, the only format that is known; use a version of this program that knows it
        "#);
    }
}
