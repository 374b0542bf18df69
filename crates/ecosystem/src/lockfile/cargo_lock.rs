use super::Source;
use super::entries::{Entries, Found};
use super::tree::{Fault, Node, toml};
use super::urls::Urls;
use customs_model::{Digest, DigestAlgorithm};
use std::collections::HashMap;

pub(super) fn read(text: &str, out: &mut Entries<'_>) -> Result<(), Fault> {
    take(&toml::parse(text)?, out)
}

/// What a parsed file locks.
pub(super) fn take(root: &Node<'_>, out: &mut Entries<'_>) -> Result<(), Fault> {
    let old = old_checksums(root);
    for package in packages(root) {
        let name = package.get_text("name").unwrap_or_default();
        let version = package.get_text("version").unwrap_or_default();
        let written = package.get_text("source");
        let source = match written.map(|w| w.split('+').next().unwrap_or(w)) {
            None => Source::Path,
            Some("registry" | "sparse") => Source::Registry,
            Some("git") => Source::Git,
            Some(_) => {
                out.skip(package.at(), name, "a source of a kind that is not known")?;
                continue;
            }
        };
        let checksum = package.get_text("checksum").or_else(|| {
            let key = format!("checksum {name} {version} ({})", written?);
            old.get(key.as_str()).copied()
        });
        let digests = match checksum.filter(|c| *c != "<none>") {
            Some(hex) => out.hash(
                package.at(),
                name,
                &format!("{}:{hex}", DigestAlgorithm::Sha256.name()),
            )?,
            None => None,
        };
        let found = Found {
            name,
            version,
            source: Some(source),
            digests: digests.into_iter().collect::<Vec<Digest>>(),
            resolved: written,
            has_install_script: None,
        };
        out.add(package.at(), found)?;
    }
    Ok(())
}

pub(super) fn packages<'n, 't>(root: &'n Node<'t>) -> &'n [Node<'t>] {
    root.get("package").map(Node::list).unwrap_or_default()
}

/// Format 1 keeps the checksums in a table of their own.
fn old_checksums<'n>(root: &'n Node<'_>) -> HashMap<&'n str, &'n str> {
    let metadata = root.get("metadata").map(Node::map).unwrap_or_default();
    metadata
        .iter()
        .filter_map(|(key, value)| Some((key.text()?, value.text()?)))
        .collect()
}

/// cargo compares sources as text, so an address is offered wherever it is named.
pub(super) fn urls(text: &str, out: &mut Urls<'_>) -> Result<(), Fault> {
    let root = toml::parse(text)?;
    for package in packages(&root) {
        address(package.get("source"), out)?;
        address(package.get("replace"), out)?;
        let dependencies = package.get("dependencies").map(Node::list);
        for dependency in dependencies.unwrap_or_default() {
            address(Some(dependency), out)?;
        }
    }
    for (key, _) in root.get("metadata").map(Node::map).unwrap_or_default() {
        address(Some(key), out)?;
    }
    Ok(())
}

/// The URL in `registry+URL` or `name version (registry+URL)`.
fn address(node: Option<&Node<'_>>, out: &mut Urls<'_>) -> Result<(), Fault> {
    let Some(text) = node.and_then(Node::text) else {
        return Ok(());
    };
    let start = text.rfind('(').map_or(0, |open| open + 1);
    let end = match start {
        0 => text.len(),
        _ => text.rfind(')').unwrap_or(text.len()).max(start),
    };
    match text[start..end].find('+') {
        Some(plus) => out.part(node, start + plus + 1..end, 0),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::super::testing::{entries, refusal, urls};

    #[test]
    fn format_4_tells_registries_apart() {
        let text = include_str!("fixtures/Cargo.v4.lock");
        insta::assert_snapshot!(entries(Kind::CargoLock, text), @r"
        5: from-git@1.2.0 git <git+https://git.example/someone/from-git?branch=main#54fd1711209fb1c0781092374132c66e79e2241b>
        14: itoa@1.0.11 registry sha256:a0a7eb <registry+https://github.com/rust-lang/crates.io-index>
        20: itoa@1.0.11 registry sha256:9b3830 <sparse+https://registry.example/index/>
        26: serde_json@1.0.120+build.1 registry sha256:54445c <registry+https://registry.example/git/index>
        32: shop@0.1.0 path
        ");
        insta::assert_snapshot!(urls(Kind::CargoLock, text), @r"
        8: https://git.example/someone/from-git?branch=main
        10: https://github.com/rust-lang/crates.io-index
        11: https://registry.example/index/
        17: https://github.com/rust-lang/crates.io-index
        23: https://registry.example/index/
        29: https://registry.example/git/index
        ");
    }

    #[test]
    fn format_3_has_path_packages_without_a_source() {
        let text = include_str!("fixtures/Cargo.v3.lock");
        insta::assert_snapshot!(entries(Kind::CargoLock, text), @r"
        5: helper@0.1.0 path
        9: itoa@1.0.11 registry sha256:a0a7eb <registry+https://github.com/rust-lang/crates.io-index>
        15: shop@0.1.0 path
        ");
        insta::assert_snapshot!(urls(Kind::CargoLock, text), @"12: https://github.com/rust-lang/crates.io-index");
    }

    #[test]
    fn format_1_has_the_checksums_apart() {
        let text = include_str!("fixtures/Cargo.v1.lock");
        insta::assert_snapshot!(entries(Kind::CargoLock, text), @r"
        1: itoa@0.4.8 registry sha256:e0b005 <registry+https://registry.example/git/index>
        6: shop@0.1.0 path
        ");
        insta::assert_snapshot!(urls(Kind::CargoLock, text), @r"
        4: https://registry.example/git/index
        10: https://registry.example/git/index
        14: https://registry.example/git/index
        ");
    }

    #[test]
    fn what_its_tool_does_not_write_is_refused_with_its_line() {
        let refused = |text| refusal(Kind::CargoLock, text);
        insta::assert_snapshot!(refused("[[package]]\nname = a\n"), @r"
        Cargo.lock, line 2: not TOML: string values must be quoted, expected literal string; let its own tool write it again, or report the line if the tool wrote it
        ");
    }
}
