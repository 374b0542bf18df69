//! Packages that were built here from a commit, held against the commit's files.
//!
//! No artifact promises what a build makes. But most of it is copied: a module that lies in the commit where builds
//! take modules from, and has other bytes here, was changed after the commit or by the build. Versions that builds
//! write into sources are known by their lines.

use super::installed::Installed;
use super::package::Compared;
use super::scene::Scene;
use crate::tree::commit::{self, Commit};
use crate::tree::disk::{FoundKind, There};
use crate::tree::{Difference, DifferenceKind, Standing};
use customs_ecosystem::lockfile::Locked;
use customs_model::{Digest, printable};
use std::path::PathBuf;

/// Folders of a project that builds take modules from.
const TOPS: [&str; 4] = ["", "src/", "lib/", "python/"];
/// Bytes of a source whose lines are compared.
const SOURCE: usize = 4 << 20;
/// Files that are named.
const NAMED: usize = 5;

/// What was found of one package.
#[derive(Debug, Default)]
struct Found {
    /// Files of it that are as the commit has them.
    same: usize,
    /// Those in which a build wrote a version.
    stamped: Vec<String>,
    /// Those that the commit does not have.
    made: Vec<String>,
    all: usize,
}

/// What is to be told of a package that was built here.
pub(super) struct Told {
    /// Safe to print.
    pub why: String,
    /// The commit was at hand, so that nothing else would be said later.
    pub settled: bool,
}

/// Holds a package against the commit that the lockfile names. What differs is added to what was compared.
pub(super) fn against_commit(
    scene: &Scene,
    one: &Installed,
    entry: &Locked,
    clones: &[PathBuf],
    compared: &mut Compared,
) -> Told {
    let resolved = entry.resolved.as_deref().unwrap_or_default();
    let Some(id) = commit::named(resolved) else {
        let why = "it was built here from a repository, and the lockfile does not name the commit";
        return Told {
            why: why.to_owned(),
            settled: true,
        };
    };
    let unread = |why: String| Told {
        why,
        settled: false,
    };
    let start = format!(
        "it was built here from a repository at commit {}",
        id.short()
    );
    let mut commit = match Commit::read(clones, id) {
        Ok(commit) => commit,
        Err(why) => {
            // Most of them are of other repositories: what one of them lacks is no advice.
            let why = match clones.len() {
                0 | 1 => why,
                many => format!("none of the {many} clones at hand has the commit"),
            };
            return unread(format!(
                "{start}: what a build makes is in no artifact, and its sources were not compared: {why}"
            ));
        }
    };
    let sub = subfolder(resolved);
    let mut found = Found::default();
    let mut wrong = Vec::new();
    for place in compared.claims.keys() {
        let inside = scene.spoken(&one.site, place);
        let is_own = inside.starts_with(&format!("{}/", one.folder));
        if is_own || scene.site_of(place) != Some(one.site.as_str()) {
            continue;
        }
        let There::Entry(there) = scene.at(place) else {
            continue;
        };
        if there.kind != FoundKind::File {
            continue;
        }
        found.all += 1;
        let tree = commit.tree();
        let tops = TOPS.iter().map(|top| format!("{sub}{top}{inside}"));
        let at: Vec<String> = tops.filter(|path| tree.file(path).is_some()).collect();
        let path = scene.file(place);
        let is_same = at.iter().any(|path_in| {
            let id = tree.file(path_in);
            id.is_some_and(|id| commit::is_blob(&path, &there, &id))
        });
        if is_same {
            found.same += 1;
        } else if let Some(path_in) = at.first() {
            match stamped(scene, place, &mut commit, path_in) {
                Stamped::Version => found.stamped.push(inside),
                Stamped::Other(digest) => wrong.push((place.clone(), inside, digest)),
                Stamped::Unread(why) => {
                    return unread(format!("{start}, whose sources were not compared: {why}"));
                }
            }
        } else {
            found.made.push(inside);
        }
    }
    for (place, inside, digest) in wrong {
        let difference = Difference {
            found: digest,
            why: vec![format!("commit {} has other bytes there", id.short())],
            ..Difference::new(&inside, DifferenceKind::Modified)
        };
        let already = compared.differences.iter().any(|(known, difference)| {
            *known == place && difference.standing == Standing::Unexplained
        });
        if !already {
            compared.differs(&place, difference);
        }
        if let Some(claim) = compared.claims.get_mut(&place) {
            claim.good = false;
        }
    }
    Told {
        why: found.told(&start),
        settled: true,
    }
}

impl Found {
    fn told(&self, start: &str) -> String {
        let mut text = format!(
            "{start}, which has {} of its {} files as they lie here",
            self.same, self.all
        );
        for (files, what) in [
            (&self.stamped, "in which only the version differs"),
            (&self.made, "which it does not have where modules lie"),
        ] {
            if let Some(first) = files
                .get(..files.len().min(NAMED))
                .filter(|f| !f.is_empty())
            {
                let more = files.len() - first.len();
                let names: Vec<String> = first.iter().map(|name| printable(name, 100)).collect();
                text += &format!("; {} {what}: {}", files.len(), names.join(", "));
                if more > 0 {
                    text += &format!(" and {more} more");
                }
            }
        }
        text + "; what a build makes is in no artifact"
    }
}

/// How a file differs from the one that it was built from.
enum Stamped {
    Version,
    Other(Option<Digest>),
    Unread(String),
}

fn stamped(scene: &Scene, place: &str, commit: &mut Commit, path: &str) -> Stamped {
    let there = match commit.bytes(path) {
        Ok(bytes) => bytes.unwrap_or_default(),
        Err(why) => return Stamped::Unread(why),
    };
    // What cannot be read here differs; what is wrong with it is told by others.
    let Ok(here) = scene.bytes(place, SOURCE) else {
        return Stamped::Other(None);
    };
    match is_stamped(&here, &there) {
        true => Stamped::Version,
        false => Stamped::Other(Some(Digest::sha256(&here))),
    }
}

/// Whether two sources differ in nothing but line ends and lines that say a version, in the same places.
fn is_stamped(here: &[u8], there: &[u8]) -> bool {
    let (Ok(here), Ok(there)) = (std::str::from_utf8(here), std::str::from_utf8(there)) else {
        return false;
    };
    let (mut here, mut there) = (here.lines(), there.lines());
    loop {
        match (here.next(), there.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if a == b => {}
            (Some(a), Some(b)) => match (version_line(a), version_line(b)) {
                (Some(a), Some(b)) if a == b => {}
                _ => return false,
            },
            (Some(_), None) | (None, Some(_)) => return false,
        }
    }
}

/// The name to which a line gives a version: one text, and nothing that is called.
fn version_line(line: &str) -> Option<&str> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim_end();
    let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && name.to_ascii_lowercase().contains("version");
    let value = value.trim();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let inner = value.strip_prefix(quote)?.strip_suffix(quote)?;
    let is_version = inner
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b".+-_!".contains(&b));
    (is_name && is_version).then_some(name)
}

/// `subdirectory=` of an address, with a slash behind it.
fn subfolder(resolved: &str) -> String {
    let mut parts = resolved.split(['?', '&', '#']).skip(1);
    let folder = parts.find_map(|part| part.strip_prefix("subdirectory="));
    let folder = folder.map(|folder| folder.trim_matches('/'));
    folder
        .filter(|folder| !folder.is_empty())
        .map(|folder| format!("{folder}/"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{is_stamped, subfolder};

    #[test]
    fn a_build_may_write_a_version_and_nothing_that_is_called() {
        let of = |line: &str| format!("import os\n{line}\nx = 1\n");
        let there = of("__version__ = '0.0.0'");
        let is = |line: &str| is_stamped(of(line).as_bytes(), there.as_bytes());
        assert!(is("__version__ = \"1.2.3+g0a\""));
        assert!(is_stamped(
            there.replace('\n', "\r\n").as_bytes(),
            there.as_bytes()
        ));
        for other in [
            "__version__ = '1'; import evil",
            "__version__ = evil()",
            "__version__ = '1' + f('2')",
            "version = '1.0'",
            "x = '1.0'",
            "__version__ = '1'\nimport evil",
        ] {
            assert!(!is(other), "{other}");
        }
    }

    #[test]
    fn the_folder_of_a_project_in_its_repository_is_named_in_the_address() {
        for (address, folder) in [
            ("https://git.example/a?subdirectory=py/a&rev=1#0a", "py/a/"),
            ("https://git.example/a#0a", ""),
            ("git+https://git.example/a@0a#subdirectory=py", "py/"),
        ] {
            assert_eq!(subfolder(address), folder, "{address}");
        }
    }
}
