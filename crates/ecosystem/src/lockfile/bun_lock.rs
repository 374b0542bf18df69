use super::Source;
use super::entries::{Entries, Found};
use super::npm_spec::{source_of, split};
use super::tree::json::{self, Style};
use super::tree::{Fault, Node};
use super::urls::Urls;

pub(super) fn read(text: &str, out: &mut Entries<'_>) -> Result<(), Fault> {
    take(&parse(text)?, out)
}

/// What a parsed file locks.
pub(super) fn take(root: &Node<'_>, out: &mut Entries<'_>) -> Result<(), Fault> {
    let packages = root.get("packages");
    for (key, tuple) in packages.map(Node::map).unwrap_or_default() {
        let at = key.at();
        let folder = key.text().unwrap_or_default();
        // The key may be an alias; the first element names the real package.
        let first = tuple.list().first().and_then(Node::text);
        let Some((name, spec)) = first.and_then(split) else {
            out.skip(at, folder, "an entry without a name and a version")?;
            continue;
        };
        let source = source_of(spec);
        let bundled = tuple.list().iter().any(|item| item.says("bundled"));
        match source {
            Source::Registry => {
                let integrity = tuple.list().last().and_then(Node::text);
                let integrity = integrity.filter(|text| text.starts_with("sha"));
                let found = Found {
                    name,
                    version: spec.strip_prefix("npm:").unwrap_or(spec),
                    source: Some(if bundled { Source::Bundled } else { source }),
                    digests: out.sri(at, folder, integrity)?,
                    resolved: registry_url(tuple)
                        .and_then(Node::text)
                        .filter(|u| !u.is_empty()),
                    has_install_script: None,
                };
                out.add(at, found)?;
            }
            Source::Path => {}
            _ => out.skip(
                at,
                first.unwrap_or(folder),
                "it is not from a registry, and its version is not written",
            )?,
        }
    }
    Ok(())
}

pub(super) fn parse(text: &str) -> Result<Node<'_>, Fault> {
    let root = json::parse(text, Style::Relaxed)?;
    if !root.is_map() || root.get("lockfileVersion").is_none() {
        return Err(Fault::at(0, "no \"lockfileVersion\""));
    }
    Ok(root)
}

/// The second element of `[name@version, url, {…}, integrity]`; empty means the
/// registry that bun is configured with. Tuples of git and URL packages have none.
pub(super) fn registry_url<'n, 't>(tuple: &'n Node<'t>) -> Option<&'n Node<'t>> {
    tuple.list().get(1)
}

pub(super) fn urls(text: &str, out: &mut Urls<'_>) -> Result<(), Fault> {
    let root = parse(text)?;
    for (key, packages) in root.map() {
        if key.text() == Some("packages") {
            for (_, tuple) in packages.map() {
                out.node(registry_url(tuple))?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::super::testing::{entries, refusal, urls};

    #[test]
    fn tuples_name_the_real_package_first() {
        let text = include_str!("fixtures/bun.lock");
        insta::assert_snapshot!(entries(Kind::BunLock, text), @r"
        20: @scope/ui@2.3.4 registry sha512:3ad932
        24: deep@1.0.0 registry sha512:a3c930 <https://registry.example/deep/-/deep-1.0.0.tgz>
        26: inner@0.0.9 bundled sha512:d35a0f
        32: ms@2.1.2 registry sha512:b0f490 <https://registry.example/download/ms/2.1.2/abc>
        34: ms@0.7.3 registry sha512:dd4d27
        skipped line 28: from-git@git+ssh://git@git.example/someone/from-git.git#54fd1711209fb1c0781092374132c66e79e2241b: it is not from a registry, and its version is not written
        skipped line 30: from-url@https://files.example/from-url-3.1.0.tgz: it is not from a registry, and its version is not written
        ");
        insta::assert_snapshot!(urls(Kind::BunLock, text), @r"
        24: https://registry.example/deep/-/deep-1.0.0.tgz
        32: https://registry.example/download/ms/2.1.2/abc
        ");
    }

    #[test]
    fn what_its_tool_does_not_write_is_refused_with_its_line() {
        let refused = |text| refusal(Kind::BunLock, text);
        insta::assert_snapshot!(refused("{}"), @r#"
        bun.lock, line 1: no "lockfileVersion"; let its own tool write it again, or report the line if the tool wrote it
        "#);
        insta::assert_snapshot!(refused("{\"lockfileVersion\": 1, \"packages\": {"), @r"
        bun.lock, line 1: the end inside a bracket; let its own tool write it again, or report the line if the tool wrote it
        ");
    }
}
