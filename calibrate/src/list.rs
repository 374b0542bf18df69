//! The lists of `calibration/`: which releases are measured, and the digest by which each is
//! known. A list's name begins with its ecosystem; a line is one of
//!
//! ```text
//! npm     NAME VERSION SRI
//! npm     NAME OLDER NEWER patch|minor|major SRI-OF-OLDER SRI-OF-NEWER
//! pypi    NAME VERSION FILE SHA256
//! crates  NAME VERSION SHA256
//! ```

use crate::Error;
use customs_model::{
    Digest, DigestAlgorithm, Ecosystem, PackageName, ParseError, ReleaseId, Version,
};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// An archive that a list names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The release that it is of.
    pub release: ReleaseId,
    /// What its bytes are.
    pub digest: Digest,
    /// Its name in the folder of archives.
    pub file: String,
}

/// How far two adjacent releases are apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The last number of the version.
    Patch,
    /// The one in the middle.
    Minor,
    /// The first one.
    Major,
}

impl Step {
    /// As it stands in a list.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }

    fn named(word: &str) -> Option<Self> {
        [Self::Patch, Self::Minor, Self::Major]
            .into_iter()
            .find(|step| step.name() == word)
    }
}

/// Two adjacent releases of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The one before.
    pub older: Listed,
    /// The one that is judged.
    pub newer: Listed,
    /// How far they are apart.
    pub step: Step,
}

enum Line {
    One(Listed),
    Two(Pair),
}

/// A list's name: its file's without `.list`.
pub fn name(list: &Path) -> String {
    let stem = list.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

/// The archives that a list names, both ones of a pair.
///
/// # Errors
/// The list cannot be read, or a line of it is none.
pub fn archives(list: &Path) -> Result<Vec<Listed>, Error> {
    let mut out = Vec::new();
    for line in read(list)? {
        match line {
            Line::One(one) => out.push(one),
            Line::Two(pair) => out.extend([pair.older, pair.newer]),
        }
    }
    Ok(out)
}

/// The adjacent releases that a list names.
///
/// # Errors
/// As [`archives`].
pub fn pairs(list: &Path) -> Result<Vec<Pair>, Error> {
    let pair = |line| match line {
        Line::One(_) => None,
        Line::Two(pair) => Some(pair),
    };
    Ok(read(list)?.into_iter().filter_map(pair).collect())
}

/// Where the archives of a list are, each once, in order.
///
/// # Errors
/// As [`archives`].
pub fn files(list: &Path, folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let listed = archives(list)?.into_iter();
    let mut out: Vec<PathBuf> = listed.map(|one| folder.join(one.file)).collect();
    out.sort();
    out.dedup();
    Ok(out)
}

/// About so many of them, evenly spread; all without a number.
pub fn spread<T>(all: Vec<T>, take: Option<usize>) -> Vec<T> {
    let step = take.map_or(1, |take| (all.len() / take.max(1)).max(1));
    all.into_iter().step_by(step).collect()
}

/// What `customs collect` is told: release, digest and file name of every archive of the
/// lists, a line each, each once.
///
/// # Errors
/// As [`archives`]; two lists mean different bytes by one file name.
pub fn wanted(lists: &[PathBuf]) -> Result<String, Error> {
    let mut by_file: BTreeMap<String, Listed> = BTreeMap::new();
    for list in lists {
        for one in archives(list)? {
            let known = by_file
                .entry(one.file.clone())
                .or_insert_with(|| one.clone());
            if *known != one {
                return Err(Error::Disagree {
                    path: list.display().to_string(),
                    file: one.file,
                });
            }
        }
    }
    let mut text = String::new();
    for one in by_file.values() {
        // Writing into a text cannot fail.
        let _ = writeln!(text, "{} {} {}", one.release, one.digest, one.file);
    }
    Ok(text)
}

fn read(list: &Path) -> Result<Vec<Line>, Error> {
    let text = std::fs::read_to_string(list).map_err(|e| Error::io(list, e))?;
    let refuse = |line: usize, why: String| Error::List {
        path: list.display().to_string(),
        line,
        why,
    };
    let name = name(list);
    let ecosystem = match name.split('-').next() {
        Some("npm") => Ecosystem::Npm,
        Some("pypi") => Ecosystem::PyPi,
        Some("crates") => Ecosystem::Cargo,
        _ => {
            return Err(Error::Nothing(format!(
                "the name of a list begins with npm-, pypi- or crates-, that of {} does not",
                list.display()
            )));
        }
    };
    let mut out = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if !words.is_empty() {
            out.push(parse(ecosystem, &words).map_err(|why| refuse(index + 1, why))?);
        }
    }
    Ok(out)
}

fn parse(ecosystem: Ecosystem, words: &[&str]) -> Result<Line, String> {
    match (ecosystem, words) {
        (Ecosystem::Npm, [name, version, sri]) => npm(name, version, sri).map(Line::One),
        (Ecosystem::Npm, [name, older, newer, step, before, after]) => {
            let step = Step::named(step).ok_or_else(|| format!("{step} is no step"))?;
            Ok(Line::Two(Pair {
                older: npm(name, older, before)?,
                newer: npm(name, newer, after)?,
                step,
            }))
        }
        (Ecosystem::PyPi, [name, version, file, sha256]) => {
            listed(ecosystem, name, version, hex(sha256), (*file).to_owned()).map(Line::One)
        }
        (Ecosystem::Cargo, [name, version, sha256]) => {
            let file = format!("{name}-{version}.crate");
            listed(ecosystem, name, version, hex(sha256), file).map(Line::One)
        }
        _ => Err(format!("{} words say no release", words.len())),
    }
}

fn npm(name: &str, version: &str, sri: &str) -> Result<Listed, String> {
    let file = format!("{}-{version}.tgz", name.replace('/', "__"));
    listed(Ecosystem::Npm, name, version, Digest::from_sri(sri), file)
}

fn hex(text: &str) -> Result<Digest, ParseError> {
    Digest::from_hex(DigestAlgorithm::Sha256, text)
}

fn listed(
    ecosystem: Ecosystem,
    name: &str,
    version: &str,
    digest: Result<Digest, ParseError>,
    file: String,
) -> Result<Listed, String> {
    let said = |error: ParseError| error.to_string();
    if file.contains(['/', '\\']) || file.starts_with('.') {
        return Err(format!("{file} is no name of a file"));
    }
    Ok(Listed {
        release: ReleaseId::new(
            PackageName::new(ecosystem, name).map_err(said)?,
            Version::new(version).map_err(said)?,
        ),
        digest: digest.map_err(said)?,
        file,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const SHA1: &str = "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=";

    fn words(ecosystem: Ecosystem, line: &str) -> Result<Line, String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        parse(ecosystem, &words)
    }

    fn one(ecosystem: Ecosystem, line: &str) -> Listed {
        match words(ecosystem, line).unwrap() {
            Line::One(one) => one,
            Line::Two(_) => panic!("{line} is a pair"),
        }
    }

    #[test]
    fn a_line_names_release_bytes_and_file() {
        let npm = one(Ecosystem::Npm, &format!("@a/b 1.0.0 {SHA1}"));
        assert_eq!(npm.file, "@a__b-1.0.0.tgz");
        assert_eq!(npm.release.to_string(), "pkg:npm/%40a/b@1.0.0");
        let line = format!("a-b 1.0 a_b-1.0-py3-none-any.whl {SHA256}");
        let pypi = one(Ecosystem::PyPi, &line);
        assert_eq!(pypi.file, "a_b-1.0-py3-none-any.whl");
        let cargo = one(
            Ecosystem::Cargo,
            &format!("zstd-sys 2.0.1+zstd.1.5.2 {SHA256}"),
        );
        assert_eq!(cargo.file, "zstd-sys-2.0.1+zstd.1.5.2.crate");
    }

    #[test]
    fn a_pair_names_both_archives() {
        let line = format!("a 1.0.0 1.0.1 patch {SHA1} {SHA1}");
        let Ok(Line::Two(pair)) = words(Ecosystem::Npm, &line) else {
            panic!("{line} is no pair");
        };
        assert_eq!(pair.older.file, "a-1.0.0.tgz");
        assert_eq!(pair.newer.file, "a-1.0.1.tgz");
        assert_eq!(pair.step, Step::Patch);
    }

    #[test]
    fn what_says_no_release_is_refused() {
        let no_step = format!("a 1.0.0 1.0.1 leap {SHA1} {SHA1}");
        let outside = format!("a 1.0 ../a.whl {SHA256}");
        for (ecosystem, line) in [
            (Ecosystem::Npm, "a 1.0.0"),
            (Ecosystem::Npm, "a 1.0.0 sha512-AAAA"),
            (Ecosystem::Npm, no_step.as_str()),
            (Ecosystem::PyPi, outside.as_str()),
            (Ecosystem::Cargo, "a 1.0.0 abc"),
        ] {
            assert!(words(ecosystem, line).is_err(), "{line}");
        }
    }

    #[test]
    fn every_list_of_the_project_is_read_whole() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../calibration");
        let mut lists = Vec::new();
        for folder in [folder.clone(), folder.join("held-out")] {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                lists.extend(path.is_file().then_some(path));
            }
        }
        assert!(lists.len() >= 10, "{lists:?}");
        let text = wanted(&lists).unwrap();
        assert!(text.lines().count() > 13_000);
        assert!(text.lines().all(|line| line.split(' ').count() == 3));
    }

    #[test]
    fn a_few_are_spread_over_the_whole() {
        assert_eq!(spread((0..10).collect(), Some(3)), [0, 3, 6, 9]);
        assert_eq!(spread((0..3).collect(), Some(0)), [0]);
        assert_eq!(spread((0..3).collect(), None), [0, 1, 2]);
        assert_eq!(spread((0..3).collect(), Some(9)), [0, 1, 2]);
    }
}
