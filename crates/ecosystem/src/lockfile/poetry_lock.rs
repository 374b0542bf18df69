use super::Source;
use super::entries::{Entries, Found, at_commit};
use super::tree::{Fault, Node, toml};
use super::urls::Urls;
use customs_model::Digest;

pub(super) fn read(text: &str, out: &mut Entries<'_>) -> Result<(), Fault> {
    take(&parse(text)?, out)
}

/// What a parsed file locks.
pub(super) fn take(root: &Node<'_>, out: &mut Entries<'_>) -> Result<(), Fault> {
    let metadata = root.get("metadata");
    for package in packages(root) {
        let at = package.at();
        let name = package.get_text("name").unwrap_or_default();
        let origin = package.get("source");
        let source = match origin.and_then(|o| o.get_text("type")) {
            None | Some("legacy") => Source::Registry,
            Some("git") => Source::Git,
            Some("url") => Source::Url,
            Some("file" | "directory") => Source::Path,
            Some(_) => {
                out.skip(at, name, "a source of a kind that is not known")?;
                continue;
            }
        };
        let found = Found {
            name,
            version: package.get_text("version").unwrap_or_default(),
            source: Some(source),
            digests: digests(package, metadata, out)?,
            resolved: None,
            has_install_script: None,
        };
        let resolved = origin.and_then(|origin| resolved(origin, source));
        out.add_from(at, found, resolved)?;
    }
    Ok(())
}

/// Where a package comes from; of a repository also which commit of it.
fn resolved(origin: &Node<'_>, source: Source) -> Option<String> {
    let address = origin.get_text("url")?;
    Some(match source {
        Source::Git => {
            let folder = origin.get_text("subdirectory");
            at_commit(address, origin.get_text("resolved_reference"), folder)
        }
        Source::Registry | Source::Url | Source::Path | Source::Bundled => address.to_owned(),
    })
}

pub(super) fn parse(text: &str) -> Result<Node<'_>, Fault> {
    let root = toml::parse(text)?;
    match root.get("metadata") {
        Some(_) => Ok(root),
        None => Err(Fault::at(0, "no [metadata]")),
    }
}

pub(super) fn packages<'n, 't>(root: &'n Node<'t>) -> &'n [Node<'t>] {
    root.get("package").map(Node::list).unwrap_or_default()
}

/// Poetry 1.3 and later list the files in the package, 1.0 to 1.2 in `metadata.files`,
/// and older ones bare hashes in `metadata.hashes`.
fn digests(
    package: &Node<'_>,
    metadata: Option<&Node<'_>>,
    out: &mut Entries<'_>,
) -> Result<Vec<Digest>, Fault> {
    let name = package.get_text("name").unwrap_or_default();
    let table = |key| metadata.and_then(|m| m.get(key)?.get(name));
    let files = package.get("files").filter(|f| !f.list().is_empty());
    let mut digests = Vec::new();
    for file in files
        .or_else(|| table("files"))
        .map(Node::list)
        .unwrap_or_default()
    {
        if let Some(hash) = file.get_text("hash") {
            digests.extend(out.hash(file.at(), name, hash)?);
        }
    }
    for hash in table("hashes").map(Node::list).unwrap_or_default() {
        if let Some(hex) = hash.text() {
            digests.extend(out.hash(hash.at(), name, &format!("sha256:{hex}"))?);
        }
    }
    Ok(digests)
}

pub(super) fn urls(text: &str, out: &mut Urls<'_>) -> Result<(), Fault> {
    let root = parse(text)?;
    for package in packages(&root) {
        out.node(package.get("source").and_then(|s| s.get("url")))?;
        let files = package.get("files").map(Node::list);
        for file in files.unwrap_or_default() {
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
    fn files_stand_in_the_package() {
        let text = include_str!("fixtures/poetry.lock");
        insta::assert_snapshot!(entries(Kind::PoetryLock, text), @r"
        3: anyio@4.4.0 registry sha256:ae0f4b sha256:fb61dd
        18: from-git@1.2.0 git <https://git.example/someone/from-git.git#54fd1711209fb1c0781092374132c66e79e2241b>
        33: private@1.0.0 registry sha256:715dc8 <https://private.example/simple>
        48: vendored@0.1.0 path <vendor/vendored-0.1.0.tar.gz>
        skipped line 55: vendored: its hash is no digest that is known
        ");
        insta::assert_snapshot!(urls(Kind::PoetryLock, text), @r"
        29: https://git.example/someone/from-git.git
        45: https://private.example/simple
        ");
    }

    #[test]
    fn older_formats_have_the_files_in_the_metadata() {
        let text = include_str!("fixtures/poetry.old.lock");
        insta::assert_snapshot!(entries(Kind::PoetryLock, text), @r"
        1: idna@3.7 registry sha256:de30d2
        8: older@0.9 registry sha256:da925a
        ");
        insta::assert_snapshot!(urls(Kind::PoetryLock, text), @"");
    }

    #[test]
    fn what_its_tool_does_not_write_is_refused_with_its_line() {
        let refused = |text| refusal(Kind::PoetryLock, text);
        insta::assert_snapshot!(refused("[[package]]\nname = \"a\"\n"), @r"
        poetry.lock, line 1: no [metadata]; let its own tool write it again, or report the line if the tool wrote it
        ");
    }
}
