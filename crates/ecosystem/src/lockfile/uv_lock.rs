use super::Source;
use super::entries::{Entries, Found};
use super::tree::{Fault, Node, toml};
use super::urls::{Urls, is_url};

pub(super) fn read(text: &str, out: &mut Entries<'_>) -> Result<(), Fault> {
    take(&parse(text)?, out)
}

/// What a parsed file locks.
pub(super) fn take(root: &Node<'_>, out: &mut Entries<'_>) -> Result<(), Fault> {
    for package in packages(root) {
        let at = package.at();
        let name = package.get_text("name").unwrap_or_default();
        let Some((source, resolved)) = package.get("source").and_then(source_of) else {
            out.skip(at, name, "a source of a kind that is not known")?;
            continue;
        };
        let Some(version) = package.get_text("version") else {
            // A project may compute its version.
            if source != Source::Path {
                out.skip(at, name, "the entry has no version")?;
            }
            continue;
        };
        let mut digests = Vec::new();
        for file in files(package) {
            if let Some(hash) = file.get_text("hash") {
                digests.extend(out.hash(file.at(), name, hash)?);
            }
        }
        let found = Found {
            name,
            version,
            source: Some(source),
            digests,
            resolved: Some(resolved),
            has_install_script: None,
        };
        out.add(at, found)?;
    }
    Ok(())
}

pub(super) fn parse(text: &str) -> Result<Node<'_>, Fault> {
    let root = toml::parse(text)?;
    match root.get_text("version") {
        Some("1") => Ok(root),
        other => Err(Fault::format(
            0,
            other.unwrap_or_default(),
            1,
            "\"version\" is not 1, the only format that is known",
        )),
    }
}

pub(super) fn packages<'n, 't>(root: &'n Node<'t>) -> &'n [Node<'t>] {
    root.get("package").map(Node::list).unwrap_or_default()
}

pub(super) fn source_of<'n>(source: &'n Node<'_>) -> Option<(Source, &'n str)> {
    let (kind, address) = source.map().iter().find_map(|(key, value)| {
        let kind = match key.text()? {
            // A folder of files can stand in for a registry.
            "registry" if value.text().is_some_and(is_url) => Source::Registry,
            "git" => Source::Git,
            "url" => Source::Url,
            "registry" | "path" | "directory" | "editable" | "virtual" => Source::Path,
            _ => return None,
        };
        Some((kind, value))
    })?;
    Some((kind, address.text()?))
}

/// The files of a package: the source distribution and the wheels.
pub(super) fn files<'n, 't>(package: &'n Node<'t>) -> impl Iterator<Item = &'n Node<'t>> {
    let wheels = package.get("wheels").map(Node::list).unwrap_or_default();
    package.get("sdist").into_iter().chain(wheels)
}

pub(super) fn urls(text: &str, out: &mut Urls<'_>) -> Result<(), Fault> {
    let root = parse(text)?;
    for package in packages(&root) {
        source_urls(package, out)?;
        for file in files(package) {
            out.node(file.get("url"))?;
        }
        dependency_urls(package, out)?;
    }
    // Members' requirements, overrides and constraints are compared with the project's.
    let manifest = root.get("manifest").map(Node::map).unwrap_or_default();
    for (_, list) in manifest {
        for requirement in list.list() {
            requirement_urls(requirement, out)?;
        }
    }
    Ok(())
}

fn source_urls(node: &Node<'_>, out: &mut Urls<'_>) -> Result<(), Fault> {
    for (_, address) in node.get("source").map(Node::map).unwrap_or_default() {
        out.node(Some(address))?;
    }
    Ok(())
}

/// A dependency repeats its source where one name comes from two of them, and the
/// metadata names the index of a requirement that asks for one.
fn dependency_urls(package: &Node<'_>, out: &mut Urls<'_>) -> Result<(), Fault> {
    for (key, value) in package.map() {
        let groups = match key.text() {
            Some("dependencies") => {
                for dependency in value.list() {
                    source_urls(dependency, out)?;
                }
                continue;
            }
            Some("optional-dependencies" | "dev-dependencies") => value,
            Some("metadata") => {
                metadata_urls(value, out)?;
                continue;
            }
            _ => continue,
        };
        for dependency in groups.map().iter().flat_map(|(_, list)| list.list()) {
            source_urls(dependency, out)?;
        }
    }
    Ok(())
}

fn metadata_urls(metadata: &Node<'_>, out: &mut Urls<'_>) -> Result<(), Fault> {
    let plain = metadata.get("requires-dist").map(Node::list);
    for requirement in plain.unwrap_or_default() {
        requirement_urls(requirement, out)?;
    }
    let dev = metadata.get("requires-dev").map(Node::map);
    for (_, list) in dev.unwrap_or_default() {
        for requirement in list.list() {
            requirement_urls(requirement, out)?;
        }
    }
    Ok(())
}

fn requirement_urls(requirement: &Node<'_>, out: &mut Urls<'_>) -> Result<(), Fault> {
    out.node(requirement.get("index"))
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::super::testing::{entries, refusal, urls};

    #[test]
    fn sources_and_files_are_read() {
        let text = include_str!("fixtures/uv.lock");
        insta::assert_snapshot!(entries(Kind::UvLock, text), @r"
        13: anyio@4.4.0 registry sha256:fb61dd sha256:ae0f4b <https://index.example/simple>
        25: from-git@1.2.0 git <https://git.example/someone/from-git?rev=v1.2.0#54fd1711209fb1c0781092374132c66e79e2241b>
        30: from-url@3.1.0 url sha256:6fe8c3 <https://files.example/from_url-3.1.0-py3-none-any.whl>
        38: local@0.1.0 path <../wheels>
        46: shop@0.1.0 path <.>
        61: torch@2.4.0 registry sha256:45cd0c <https://torch.example/whl/cpu>
        72: torch@2.4.0+cpu registry sha256:db5381 <https://torch.example/whl/cpu>
        ");
        insta::assert_snapshot!(urls(Kind::UvLock, text), @r"
        16: https://index.example/simple
        20: https://files.example/packages/aa/anyio-4.4.0.tar.gz
        22: https://files.example/packages/bb/anyio-4.4.0-py3-none-any.whl
        28: https://git.example/someone/from-git?rev=v1.2.0
        33: https://files.example/from_url-3.1.0-py3-none-any.whl
        35: https://files.example/from_url-3.1.0-py3-none-any.whl
        52: https://torch.example/whl/cpu
        58: https://torch.example/whl/cpu
        64: https://torch.example/whl/cpu
        69: https://torch.example/whl/cpu/torch-2.4.0-cp311-cp311-win_amd64.whl
        75: https://torch.example/whl/cpu
        77: https://torch.example/whl/cpu/torch-2.4.0%2Bcpu-cp311-cp311-linux_x86_64.whl
        ");
    }

    #[test]
    fn what_its_tool_does_not_write_is_refused_with_its_line() {
        let refused = |text| refusal(Kind::UvLock, text);
        insta::assert_snapshot!(refused("version = 2\n"), @r#"
        uv.lock, line 1: "version" is not 1, the only format that is known; use a version of this program that knows it
        "#);
        insta::assert_snapshot!(refused("version = 1\n[[package]\n"), @r"
        uv.lock, line 2: not TOML: unclosed array table, expected `]`; let its own tool write it again, or report the line if the tool wrote it
        ");
    }
}
