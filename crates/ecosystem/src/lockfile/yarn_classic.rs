use super::Source;
use super::entries::{Entries, Found};
use super::npm_spec::{source_of, split};
use super::tree::Fault;
use super::urls::{Urls, Writing};
use customs_model::{Digest, DigestAlgorithm};
use std::ops::Range;

/// The fields of an entry that are read, and where they stand.
#[derive(Default)]
pub(super) struct Entry {
    pub at: usize,
    pub patterns: Vec<String>,
    pub version: Option<String>,
    pub resolved: Option<(Range<usize>, String)>,
    pub integrity: Option<String>,
    /// What it asks for: name and specifier, in the order of the file.
    pub asks: Vec<(String, String)>,
}

pub(super) fn read(text: &str, out: &mut Entries<'_>) -> Result<(), Fault> {
    each_entry(text, &mut |entry| take(&entry, out))
}

pub(super) fn take(entry: &Entry, out: &mut Entries<'_>) -> Result<(), Fault> {
    let resolved = entry.resolved.as_ref().map(|(_, url)| url.as_str());
    let version = entry.version.as_deref().unwrap_or_default();
    for pattern in &entry.patterns {
        let (installed, spec) = split(pattern).unwrap_or((pattern.as_str(), ""));
        let name = match spec.strip_prefix("npm:") {
            Some(real) => split(real).map_or(real, |(name, _)| name),
            None => installed,
        };
        let source = match source_of(spec) {
            // Whatever the key says, a repository's address leads to a repository.
            Source::Registry if resolved.is_some_and(is_repository) => Source::Git,
            source => source,
        };
        let mut digests = out.sri(entry.at, pattern, entry.integrity.as_deref())?;
        if source != Source::Git {
            let sha1 = resolved.and_then(|url| url.split_once('#'));
            digests.extend(
                sha1.and_then(|(_, hex)| Digest::from_hex(DigestAlgorithm::Sha1, hex).ok()),
            );
        }
        let found = Found {
            name,
            version,
            source: Some(source),
            digests,
            resolved,
            has_install_script: None,
        };
        out.add(entry.at, found)?;
    }
    Ok(())
}

fn is_repository(resolved: &str) -> bool {
    // The name of a file in an offline mirror may look like `owner/name`.
    (resolved.contains("://") || resolved.starts_with("git@")) && source_of(resolved) == Source::Git
}

pub(super) fn urls(text: &str, out: &mut Urls<'_>) -> Result<(), Fault> {
    each_entry(text, &mut |entry| match entry.resolved {
        Some((span, _)) => out.stretch(span, Writing::Quoted),
        None => Ok(()),
    })
}

/// Walks the file line by line: patterns at the margin, fields at two spaces, and the
/// dependencies' own lines, which ask and lock nothing, deeper.
pub(super) fn each_entry(
    text: &str,
    take: &mut dyn FnMut(Entry) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut entry: Option<Entry> = None;
    let mut at = if text.starts_with('\u{feff}') { 3 } else { 0 };
    for whole in text[at..].split_inclusive('\n') {
        let line = whole.trim_end_matches(['\n', '\r']);
        let content = line.trim_start_matches(' ');
        let indent = line.len() - content.len();
        let start = at + indent;
        match (indent, &mut entry) {
            _ if content.is_empty() || content.starts_with('#') => {}
            (0, _) => {
                if let Some(done) = entry.take() {
                    take(done)?;
                }
                entry = Some(patterns(content, start)?);
            }
            (2, Some(entry)) => field(content, start, entry)?,
            (4, Some(entry)) => entry.asks.extend(ask(content)),
            _ => return Err(Fault::at(start, "an indentation that Yarn does not write")),
        }
        at += whole.len();
    }
    match entry {
        Some(done) => take(done),
        None => Ok(()),
    }
}

/// `a@^1, "b@>=1 <2":`
fn patterns(line: &str, at: usize) -> Result<Entry, Fault> {
    let fault = || Fault::at(at, "a line that is no list of patterns with ':' at its end");
    let mut rest = line.strip_suffix(':').ok_or_else(fault)?;
    let mut patterns = Vec::new();
    loop {
        let (word, length) = word(rest, at)?;
        patterns.push(word);
        match rest[length..].strip_prefix(", ") {
            Some(next) => rest = next,
            None if rest.len() == length => break,
            None => return Err(fault()),
        }
    }
    Ok(Entry {
        at,
        patterns,
        ..Entry::default()
    })
}

/// `name "spec"`. What cannot be read locks nothing either.
fn ask(line: &str) -> Option<(String, String)> {
    let (name, length) = word(line, 0).ok()?;
    let (spec, _) = word(line.get(length..)?.trim_start(), 0).ok()?;
    Some((name, spec))
}

/// `key value` or `dependencies:`.
fn field(line: &str, at: usize, entry: &mut Entry) -> Result<(), Fault> {
    let Some((key, value)) = line.split_once(' ') else {
        return match line.ends_with(':') {
            true => Ok(()),
            false => Err(Fault::at(at, "a field without a value")),
        };
    };
    let (text, length) = word(value, at)?;
    if length != value.len() {
        return Err(Fault::at(at, "text behind a value"));
    }
    // A field that stands twice is read by no two programs alike.
    let twice = match key {
        "version" => entry.version.replace(text).is_some(),
        "integrity" => entry.integrity.replace(text).is_some(),
        "resolved" => {
            let quote = usize::from(value.starts_with('"'));
            let start = at + key.len() + 1 + quote;
            let span = start..start + length - 2 * quote;
            if span.len() != text.len() {
                return Err(Fault::at(
                    at,
                    "an address with escapes, which Yarn does not write",
                ));
            }
            entry.resolved.replace((span, text)).is_some()
        }
        _ => false,
    };
    match twice {
        true => Err(Fault::at(at, "a field that stands twice")),
        false => Ok(()),
    }
}

/// A JSON string, or letters up to a comma or space; with the bytes it takes.
fn word(text: &str, at: usize) -> Result<(String, usize), Fault> {
    if text.starts_with('"') {
        let mut strings = serde_json::Deserializer::from_str(text).into_iter::<String>();
        return match strings.next() {
            Some(Ok(word)) => Ok((word, strings.byte_offset())),
            _ => Err(Fault::at(at, "a quoted text without end")),
        };
    }
    let length = text.find([' ', ',']).unwrap_or(text.len());
    match length {
        0 => Err(Fault::at(at, "a text is missing")),
        _ => Ok((text[..length].to_owned(), length)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::super::testing::{entries, refusal, urls};

    #[test]
    fn patterns_of_one_release_share_an_entry() {
        let text = include_str!("fixtures/yarn-classic.lock");
        insta::assert_snapshot!(entries(Kind::YarnClassic, text), @r"
        5: @scope/ui@2.3.4 registry sha512:3ad932 sha1:318a6f0f <https://registry.example/@scope/ui/-/ui-2.3.4.tgz#318a6f0f4960330b0bcd088ca9a18729288f0652>
        14: from-git@1.2.0 git <git+ssh://git@git.example/someone/from-git.git#54fd1711209fb1c0781092374132c66e79e2241b>
        18: from-url@3.1.0 url sha1:4afc462e <https://files.example/from-url-3.1.0.tgz#4afc462e0daae2a937acafe46500b519037c1104>
        22: mirrored@1.0.0 registry sha1:e109e851 <mirrored-1.0.0.tgz#e109e851123276ce6d6fd73474e76156b72ced23>
        26: ms@2.1.2 registry sha512:b0f490 sha1:146888da <https://registry.example/ms/-/ms-2.1.2.tgz#146888dacd63231a9585b6eb618cd915e3d43d91>
        31: ms@0.7.3 registry sha1:1ba36c72 <https://registry.example/ms/-/ms-0.7.3.tgz#1ba36c7221c5546fa83f2950c27023cf610ed575>
        35: vendored@0.1.0 path sha1:0ea173fb <file:vendor/vendored-0.1.0.tgz#0ea173fbb1b13f5f3d5a1d3f0988439a55ffd03f>
        ");
        insta::assert_snapshot!(urls(Kind::YarnClassic, text), @r"
        7: https://registry.example/@scope/ui/-/ui-2.3.4.tgz
        16: git+ssh://git@git.example/someone/from-git.git
        20: https://files.example/from-url-3.1.0.tgz
        28: https://registry.example/ms/-/ms-2.1.2.tgz
        33: https://registry.example/ms/-/ms-0.7.3.tgz
        ");
    }

    #[test]
    fn what_its_tool_does_not_write_is_refused_with_its_line() {
        let refused = |text| refusal(Kind::YarnClassic, text);
        insta::assert_snapshot!(refused("<<<<<<< HEAD\n"), @r"
        yarn.lock, line 1: a line that is no list of patterns with ':' at its end; let its own tool write it again, or report the line if the tool wrote it
        ");
        insta::assert_snapshot!(refused("a@1:\n  version \"1.0.0\n"), @r"
        yarn.lock, line 2: a quoted text without end; let its own tool write it again, or report the line if the tool wrote it
        ");
        insta::assert_snapshot!(refused("a@1:\n  resolved \"https:\\/\\/files.example\"\n"), @r"
        yarn.lock, line 2: an address with escapes, which Yarn does not write; let its own tool write it again, or report the line if the tool wrote it
        ");
    }
}
