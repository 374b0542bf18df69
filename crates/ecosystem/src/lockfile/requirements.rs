use super::Source;
use super::entries::{Entries, Found};
use super::tree::Fault;
use super::urls::{Urls, Writing, is_url, without_fragment};
use customs_model::Digest;

/// Options that name no package.
const HARMLESS: [&str; 15] = [
    "-i",
    "--index-url",
    "--extra-index-url",
    "--no-index",
    "-f",
    "--find-links",
    "--no-binary",
    "--only-binary",
    "--prefer-binary",
    "--require-hashes",
    "--pre",
    "--all-releases",
    "--only-final",
    "--trusted-host",
    "--use-feature",
];

pub(super) fn read(text: &str, out: &mut Entries<'_>) -> Result<(), Fault> {
    for line in logical_lines(text) {
        let words = line.text.trim();
        if words.is_empty() {
            continue;
        }
        if words.starts_with('-') {
            option(line.at, words, out)?;
        } else {
            requirement(line.at, words, out)?;
        }
    }
    Ok(())
}

/// The requirements of a file, without options and hashes.
pub(super) fn lines(text: &str) -> impl Iterator<Item = String> {
    let lines = logical_lines(text).into_iter();
    lines.filter_map(|line| {
        let words = line.text.trim();
        let words = words.split(" --").next().unwrap_or(words).trim();
        (!words.is_empty() && !words.starts_with('-')).then(|| words.to_owned())
    })
}

fn option(at: usize, words: &str, out: &mut Entries<'_>) -> Result<(), Fault> {
    let name = words.split([' ', '\t', '=']).next().unwrap_or(words);
    match name {
        name if HARMLESS.contains(&name) => Ok(()),
        "-r" | "--requirement" => out.skip(at, words, "another file, read it as well"),
        "-c" | "--constraint" => out.skip(at, words, "another file, which only narrows versions"),
        "-e" | "--editable" => out.skip(at, words, "an editable project without a version"),
        _ => out.skip(at, words, "an option that is not known"),
    }
}

fn requirement(at: usize, words: &str, out: &mut Entries<'_>) -> Result<(), Fault> {
    let (before, options) = match words.find(" --") {
        Some(end) => words.split_at(end),
        None => (words, ""),
    };
    let mut digests = Vec::new();
    for hash in hashes(options) {
        digests.extend(out.hash(at, before, hash)?);
    }
    let name_end = before
        .find(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c))
        .unwrap_or(before.len());
    let name = &before[..name_end];
    let rest = without_extras(before[name_end..].trim_start());
    if let Some(url) = rest.strip_prefix('@') {
        return direct(at, Some(name), first_word(url), digests, out);
    }
    if is_url(first_word(before)) || rest.starts_with(['/', '\\', ':']) {
        return direct(at, None, first_word(before), digests, out);
    }
    // What stands behind `;` says for which Pythons and systems the line counts.
    let versions = rest.split(';').next().unwrap_or(rest);
    match pin(versions) {
        Some(version) => out.add(
            at,
            Found {
                name,
                version,
                digests,
                ..Found::default()
            },
        ),
        None => out.skip(at, before, "no version is pinned with '=='"),
    }
}

/// The values of `--hash=sha256:…` and `--hash sha256:…`.
fn hashes(options: &str) -> impl Iterator<Item = &str> {
    options
        .split("--hash")
        .skip(1)
        .map(|rest| first_word(rest.trim_start_matches(['=', ' ', '\t'])))
}

fn first_word(text: &str) -> &str {
    text.split_ascii_whitespace().next().unwrap_or_default()
}

fn without_extras(text: &str) -> &str {
    match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((_, rest)) => rest.trim_start(),
        None => text,
    }
}

/// The version of `==1.0` or `===1.0`, alone or among other clauses.
fn pin(versions: &str) -> Option<&str> {
    let versions = versions
        .trim()
        .trim_start_matches('(')
        .trim_end_matches(')');
    versions
        .split(',')
        .filter_map(|clause| clause.trim().strip_prefix("=="))
        .map(|version| version.trim_start_matches('=').trim())
        .find(|version| !version.is_empty() && !version.ends_with(".*"))
}

/// A requirement that names its file: the version stands in the file's name.
fn direct(
    at: usize,
    name: Option<&str>,
    url: &str,
    mut digests: Vec<Digest>,
    out: &mut Entries<'_>,
) -> Result<(), Fault> {
    let bare = without_fragment(url);
    let scheme = bare.split(':').next().unwrap_or_default();
    let source = match scheme.split_once('+') {
        Some(_) => return out.skip(at, url, "a repository, whose version is not written"),
        None if is_url(bare) && scheme != "file" => Source::Url,
        None => Source::Path,
    };
    let file = bare.rsplit(['/', '\\']).next().unwrap_or(bare);
    let Some((file_name, version)) = release_of_file(file) else {
        return out.skip(at, url, "its file name tells no version");
    };
    for part in url.split(['#', '&']).skip(1) {
        if let Some((algorithm, hex)) = part.split_once('=')
            && algorithm.starts_with("sha")
        {
            digests.extend(out.hash(at, url, &format!("{algorithm}:{hex}"))?);
        }
    }
    let found = Found {
        name: name.unwrap_or(file_name),
        version,
        source: Some(source),
        digests,
        resolved: Some(url),
        has_install_script: None,
    };
    out.add(at, found)
}

/// `name-version-….whl` or `name-version.tar.gz`.
fn release_of_file(file: &str) -> Option<(&str, &str)> {
    if let Some(wheel) = file.strip_suffix(".whl") {
        let mut parts = wheel.split('-');
        return Some((parts.next()?, parts.next()?));
    }
    [".tar.gz", ".zip", ".tgz", ".tar.bz2"]
        .iter()
        .find_map(|end| file.strip_suffix(end))?
        .rsplit_once('-')
}

/// A line after comments are gone and continuations are joined.
struct LogicalLine {
    at: usize,
    text: String,
}

fn logical_lines(text: &str) -> Vec<LogicalLine> {
    let mut lines = Vec::new();
    let mut open: Option<LogicalLine> = None;
    for (at, line) in physical_lines(text) {
        let code = without_comment(line);
        let (code, goes_on) = match code.strip_suffix('\\') {
            Some(code) => (code, true),
            None => (code, false),
        };
        let mut joined = open.take().unwrap_or(LogicalLine {
            at,
            text: String::new(),
        });
        joined.text.push_str(code);
        match goes_on {
            true => open = Some(joined),
            false => lines.push(joined),
        }
    }
    lines.extend(open);
    lines
}

/// Lines with their offsets, without line ends and byte order mark.
fn physical_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = if text.starts_with('\u{feff}') { 3 } else { 0 };
    text[at..].split_inclusive('\n').map(move |whole| {
        let start = at;
        at += whole.len();
        (start, whole.trim_end_matches(['\n', '\r']))
    })
}

/// pip sees a comment at the start of a line or behind a space, so that a URL keeps its
/// fragment.
fn without_comment(line: &str) -> &str {
    let starts = |at: usize| at == 0 || line[..at].ends_with([' ', '\t']);
    match line.match_indices('#').find(|(at, _)| starts(*at)) {
        Some((at, _)) => &line[..at],
        None => line,
    }
}

/// An address counts wherever it stands: of an index (which beats pip's settings), of a
/// folder of links, of a file.
pub(super) fn urls(text: &str, out: &mut Urls<'_>) -> Result<(), Fault> {
    for (at, line) in physical_lines(text) {
        let code = without_comment(line);
        let mut from = 0;
        while let Some(found) = code[from..].find("://") {
            let sign = from + found;
            let before = code[from..sign]
                .trim_end_matches(|c: char| c.is_ascii_alphanumeric() || "+-.".contains(c));
            let start = from + before.len();
            let end = code[sign..]
                .find([' ', '\t', '"', '\'', '\\'])
                .map_or(code.len(), |length| sign + length);
            out.stretch(at + start..at + end, Writing::Bare)?;
            from = end.max(sign + 3);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::super::testing::{entries, urls};

    #[test]
    fn pins_hashes_and_files_are_read_and_the_rest_is_said() {
        let text = include_str!("fixtures/requirements.txt");
        insta::assert_snapshot!(entries(Kind::RequirementsTxt, text), @r"
        8: anyio@4.4.0 registry sha256:fb61dd sha256:ae0f4b
        12: zope-interface@7.0.3 registry
        13: ranged@1.5.2 registry
        14: from-url@3.1.0 url sha256:6fe8c3 <https://files.example/from_url-3.1.0-py3-none-any.whl#sha256=6fe8c39181326f683e77228091fc1dd95cc68414afd27498637d98b3d107eaca>
        15: bare@2.0.0 url <https://files.example/bare-2.0.0.tar.gz>
        16: vendored@0.1.0 path <./vendor/vendored-0.1.0-py3-none-any.whl>
        skipped line 4: -r requirements/base.txt: another file, read it as well
        skipped line 5: -c constraints.txt: another file, which only narrows versions
        skipped line 17: git+https://git.example/someone/from-git@v1.2.0: a repository, whose version is not written
        skipped line 18: -e git+https://git.example/someone/editable#egg=editable: an editable project without a version
        skipped line 19: open>=2,<3: no version is pinned with '=='
        skipped line 20: wild==1.*: no version is pinned with '=='
        skipped line 21: --strange-option: an option that is not known
        ");
        insta::assert_snapshot!(urls(Kind::RequirementsTxt, text), @r"
        2: https://index.example/simple
        3: https://token@private.example/simple
        14: https://files.example/from_url-3.1.0-py3-none-any.whl
        14: https://files.example/bare-2.0.0.tar.gz
        17: git+https://git.example/someone/from-git@v1.2.0
        18: git+https://git.example/someone/editable
        ");
    }
}
