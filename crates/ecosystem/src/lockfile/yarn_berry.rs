use super::Source;
use super::entries::{Entries, Found};
use super::npm_spec::{source_of, split};
use super::tree::{Fault, Node, yaml};
use super::urls::{Urls, decode, encode};
use std::ops::Range;

pub(super) fn read(text: &str, out: &mut Entries<'_>) -> Result<(), Fault> {
    take(&documents(text)?, out)
}

/// What parsed documents lock.
pub(super) fn take(documents: &[Node<'_>], out: &mut Entries<'_>) -> Result<(), Fault> {
    for document in documents {
        for (key, entry) in document.map() {
            if key.text() == Some("__metadata") {
                continue;
            }
            let resolution = entry.get_text("resolution").unwrap_or_default();
            let Some((name, reference)) = split(resolution) else {
                out.skip(
                    key.at(),
                    key.text().unwrap_or_default(),
                    "no resolution that names a package",
                )?;
                continue;
            };
            let source = source_of_reference(reference);
            let version = entry.get_text("version").unwrap_or_default();
            // Members of the workspace have no version of their own.
            if version == "0.0.0-use.local" {
                continue;
            }
            let archive = archives(resolution).pop();
            let archive = archive.and_then(|a| decode(&resolution[a.span], a.percent));
            let resolved = match source {
                Source::Registry => archive.as_deref(),
                _ => Some(reference.split("::").next().unwrap_or(reference)),
            };
            let found = Found {
                name,
                version,
                source: Some(source),
                resolved,
                ..Found::default()
            };
            out.add(key.at(), found)?;
        }
    }
    Ok(())
}

pub(super) fn documents(text: &str) -> Result<Vec<Node<'_>>, Fault> {
    let documents = yaml::parse(text)?;
    if !documents.iter().any(|d| d.get("__metadata").is_some()) {
        return Err(Fault::at(0, "no \"__metadata\""));
    }
    Ok(documents)
}

/// A patch changes what another reference delivers: `patch:name@npm%3A1.0.0#…`.
pub(super) fn source_of_reference(reference: &str) -> Source {
    let inner = reference
        .strip_prefix("patch:")
        .and_then(split)
        .and_then(|(_, inner)| decode(inner, 1));
    source_of(inner.as_deref().unwrap_or(reference))
}

/// An archive's address inside a resolution.
struct Archive {
    span: Range<usize>,
    percent: u8,
}

/// `…::__archiveUrl=<encoded>`: where Yarn fetches from when the registry's address for a
/// file is not the usual one. Inside a patch all of it is encoded once more.
fn archives(resolution: &str) -> Vec<Archive> {
    const MARK: &str = "__archiveUrl";
    let mut found = Vec::new();
    for (at, _) in resolution.match_indices(MARK) {
        let rest = &resolution[at + MARK.len()..];
        // Yarn has written the inner `=` both ways.
        let value = ["=", "%3D", "%253D"]
            .iter()
            .find_map(|sign| rest.strip_prefix(sign))
            .unwrap_or(rest);
        let start = resolution.len() - value.len();
        let percent = times_encoded(value);
        let length = (0..percent.max(1))
            .flat_map(|times| ["&", "#", "::"].map(|end| encode(end, times)))
            .filter_map(|end| value.find(&end))
            .min()
            .unwrap_or(value.len());
        found.push(Archive {
            span: start..start + length,
            percent,
        });
    }
    found
}

/// How often an address is percent-encoded: `https:` never, `https%3A` once,
/// `https%253A` twice.
fn times_encoded(value: &str) -> u8 {
    let behind = value.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "+-.".contains(c));
    match behind.strip_prefix('%') {
        Some(mut code) => {
            let mut times = 1;
            while let Some(inner) = code.strip_prefix("25")
                && times < 4
            {
                code = inner;
                times += 1;
            }
            times
        }
        None => u8::from(!behind.starts_with(':')),
    }
}

pub(super) fn urls(text: &str, out: &mut Urls<'_>) -> Result<(), Fault> {
    for document in documents(text)? {
        for (_, entry) in document.map() {
            let Some((node, resolution)) =
                entry.get("resolution").and_then(|n| Some((n, n.text()?)))
            else {
                continue;
            };
            for archive in archives(resolution) {
                out.part(Some(node), archive.span, archive.percent)?;
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
    fn the_resolution_names_the_real_package() {
        let text = include_str!("fixtures/yarn-berry.lock");
        insta::assert_snapshot!(entries(Kind::YarnBerry, text), @r"
        8: @scope/ui@2.3.4 registry
        19: from-git@1.2.0 git <https://git.example/someone/from-git.git#commit=54fd1711209fb1c0781092374132c66e79e2241b>
        26: from-url@3.1.0 url <https://files.example/from-url-3.1.0.tgz>
        39: ms@2.1.2 registry <https://registry.example/download/ms/2.1.2/abc>
        46: ms@0.7.3 registry
        53: patched@1.0.0 registry <https://registry.example/download/patched/1.0.0/def>
        75: vendored@0.1.0 path <file:vendor/vendored-0.1.0.tgz#vendor/vendored-0.1.0.tgz>
        ");
        insta::assert_snapshot!(urls(Kind::YarnBerry, text), @r"
        41: https://registry.example/download/ms/2.1.2/abc
        55: https://registry.example/download/patched/1.0.0/def
        62: https://registry.example/download/patched/1.0.0/def
        ");
    }

    #[test]
    fn what_its_tool_does_not_write_is_refused_with_its_line() {
        let refused = |text| refusal(Kind::YarnBerry, text);
        insta::assert_snapshot!(refused("a@npm:1:\n  version: 1.0.0\n"), @r#"
        yarn.lock, line 1: no "__metadata"; let its own tool write it again, or report the line if the tool wrote it
        "#);
        insta::assert_snapshot!(refused("__metadata:\n  version: 8\n<<<<<<< HEAD\n"), @r"
        yarn.lock, line 3: a line without a key and a colon; let its own tool write it again, or report the line if the tool wrote it
        ");
    }
}
