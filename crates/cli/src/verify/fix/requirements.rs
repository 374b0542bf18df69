//! `requirements.txt`: the pin of a release is moved, and its hashes with it.

use super::edits::Edits;
use customs_model::{
    Digest, DigestAlgorithm, Ecosystem, PackageName, ReleaseId, Version, printable,
};
use std::path::Path;

/// Moves every pin of a release in a file. `digests` are those of the new release's files. Gives the
/// command that installs it.
///
/// # Errors
/// Why it has to be done by hand. Safe to print.
pub(super) fn edit(
    edits: &mut Edits,
    path: &Path,
    release: &ReleaseId,
    to: &Version,
    digests: &[Digest],
) -> Result<String, String> {
    let text = edits.text(path)?;
    let after = moved(text, release, to, digests)?;
    edits.set(path, after)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = printable(&name, 200).replace('\'', "'\\''");
    // A wheel runs nothing while it is installed.
    Ok(format!("pip install --only-binary :all: -r '{name}'"))
}

fn moved(
    text: &str,
    release: &ReleaseId,
    to: &Version,
    digests: &[Digest],
) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut count = 0_usize;
    for line in logical(text) {
        match pin(line, release) {
            Some(at) => {
                count += 1;
                let (head, rest) = line.split_at(at);
                let rest = rest
                    .get(release.version.as_str().len()..)
                    .unwrap_or_default();
                out.push_str(head);
                out.push_str(to.as_str());
                out.push_str(&rehashed(rest, digests)?);
            }
            None => out.push_str(line),
        }
    }
    match count {
        0 => Err("no line pins it with ==; it comes from another file, or from a range".to_owned()),
        _ => Ok(out),
    }
}

/// The lines, each with those that it is continued on, and with its end.
fn logical(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut end = 0;
        for line in rest.split_inclusive('\n') {
            end += line.len();
            if !line.trim_end_matches(['\n', '\r']).ends_with('\\') {
                break;
            }
        }
        let (line, behind) = rest.split_at(end);
        rest = behind;
        Some(line)
    })
}

/// Where the version stands, if the line pins this release.
fn pin(line: &str, release: &ReleaseId) -> Option<usize> {
    let start = line.len() - line.trim_start().len();
    let words = line.get(start..)?;
    let end = words.find(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c)))?;
    let name = PackageName::new(Ecosystem::PyPi, words.get(..end)?).ok()?;
    if name != release.package {
        return None;
    }
    let equals = words.find("==")?;
    // Between the name and its pin stand extras at most.
    let between = words.get(end..equals)?.trim();
    if !(between.is_empty() || (between.starts_with('[') && between.ends_with(']'))) {
        return None;
    }
    let behind = words.get(equals..)?;
    let version = behind
        .trim_start_matches('=')
        .trim_start_matches([' ', '\t']);
    let rest = version.strip_prefix(release.version.as_str())?;
    let ends = rest
        .chars()
        .next()
        .is_none_or(|c| c.is_whitespace() || ";\\#".contains(c));
    ends.then(|| start + words.len() - version.len())
}

/// The options behind a pin with the hashes of other files, each as the first one is set.
fn rehashed(rest: &str, digests: &[Digest]) -> Result<String, String> {
    const OPTION: &str = "--hash=";
    let Some(first) = rest.find(OPTION) else {
        return Ok(rest.to_owned());
    };
    let word = |at: usize| {
        let behind = rest.get(at..).unwrap_or_default();
        at + behind.find(char::is_whitespace).unwrap_or(behind.len())
    };
    let last = rest.rfind(OPTION).map_or(first, word);
    let between = rest.get(first..last).unwrap_or_default();
    let only = between
        .split_whitespace()
        .all(|one| one == "\\" || one.starts_with(OPTION));
    if !only {
        return Err("something else stands among its hashes".to_owned());
    }
    let after_first = word(first);
    let second = rest
        .get(after_first..last)
        .and_then(|text| text.find(OPTION));
    let before = rest.get(..first).unwrap_or_default();
    let gap = match second {
        Some(length) => rest.get(after_first..after_first + length).unwrap_or(" "),
        // As the first one follows the version, without a marker that stands between them.
        None if before.ends_with(char::is_whitespace) => {
            let trimmed = before.trim_end_matches(|c: char| c.is_whitespace() || c == '\\');
            before.get(trimmed.len()..).unwrap_or(" ")
        }
        None => " ",
    };
    let mut hashes: Vec<String> = digests
        .iter()
        .filter(|digest| digest.algorithm() == DigestAlgorithm::Sha256)
        .map(|digest| format!("{OPTION}sha256:{}", digest.to_hex()))
        .collect();
    hashes.sort();
    hashes.dedup();
    if hashes.is_empty() {
        return Err("its index promises no SHA-256 for the files of the other version".to_owned());
    }
    let behind = rest.get(last..).unwrap_or_default();
    Ok(format!("{before}{}{behind}", hashes.join(gap)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(text: &str, digests: &[Digest]) -> Result<String, String> {
        let release: ReleaseId = "pkg:pypi/typing-extensions@4.9.0".parse().unwrap();
        moved(text, &release, &Version::new("4.8.0").unwrap(), digests)
    }

    #[test]
    fn only_the_pin_changes() {
        let text = "# a\n-i https://index.example/simple\nTyping_Extensions[x] == 4.9.0 ; python_version<'3.13'  # why\nother==4.9.0\ntyping-extensions-x==4.9.0\r\n";
        let after = to(text, &[]).unwrap();
        assert_eq!(after, text.replace("== 4.9.0 ;", "== 4.8.0 ;"));
        assert!(to("typing-extensions>=4\n", &[]).is_err());
        assert!(to("typing-extensions==4.9.0.1\n", &[]).is_err());
        assert_eq!(
            to("typing-extensions==4.9.0", &[]).unwrap(),
            "typing-extensions==4.8.0"
        );
    }

    #[test]
    fn hashes_are_those_of_the_new_files_set_as_the_old_ones() {
        let digests = [Digest::sha256(b"wheel"), Digest::sha256(b"sdist")];
        let mut hex: Vec<String> = digests.iter().map(Digest::to_hex).collect();
        hex.sort();
        let text = "typing-extensions==4.9.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n    # via x\nb==1\n";
        assert_eq!(
            to(text, &digests).unwrap(),
            format!(
                "typing-extensions==4.8.0 \\\n    --hash=sha256:{} \\\n    --hash=sha256:{}\n    # via x\nb==1\n",
                hex[0], hex[1]
            )
        );
        let one = "typing-extensions==4.9.0 --hash=sha256:aa\n";
        assert_eq!(
            to(one, &digests).unwrap(),
            format!(
                "typing-extensions==4.8.0 --hash=sha256:{} --hash=sha256:{}\n",
                hex[0], hex[1]
            )
        );
        assert!(to(one, &[]).is_err());
    }
}
