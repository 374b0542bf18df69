//! A release of a registry, read: each of its files that matters, each beside its predecessor.

use super::beside::{self, Beside, Input, With};
use super::desk::{Desk, Opened};
use super::files::{Chosen, choose, differs, not_judged, of_registry, phantoms_of, together};
use super::many::One;
use super::own::Own;
use super::{Compared, Inspected, compared};
use crate::error::{Doing as _, Failure};
use customs_inspect::{Opener, Tree, Unpacking, unpack_file_for};
use customs_model::{Digest, Ecosystem, ReleaseId, Standing, Verdict};
use customs_registry::{ArtifactFacts, Located};
use serde::Serialize;
use std::sync::Arc;

/// Files of a release that are read where somebody named it, and where a lockfile does: an
/// installation takes one of them.
const FILES: usize = 24;
const FILES_OF_LOCKED: usize = 3;
/// What is said of a release of which a bound leaves out files.
const NOT_ALL: &str = "the files below were not read, and some installation takes one of them";

/// How releases are read.
#[derive(Debug)]
pub(super) struct How {
    /// What a release is compared with that somebody named.
    pub named: With,
    /// The same of those that a lockfile names.
    pub locked: With,
}

/// One file of a release.
#[derive(Serialize)]
pub(super) struct OfFile {
    /// What it is.
    #[serde(flatten)]
    pub input: Input,
    /// How it stands.
    pub standing: Standing,
    /// What it was compared with; none where it was not read.
    #[serde(flatten)]
    pub beside: Option<Beside>,
    /// Other files of the release with the same content.
    pub same: Vec<String>,
    /// What it can do that the first file cannot.
    pub differs: Vec<String>,
    /// What of a wheel its source distribution does not explain.
    pub phantoms: Vec<String>,
    /// What is said of it alone.
    #[serde(skip)]
    pub verdict: Verdict,
    /// Its files, where somebody may want to see them.
    #[serde(skip)]
    pub tree: Tree,
}

/// Reads a release.
///
/// # Errors
/// None of its files could be had, or what it is to be compared with is not there.
pub(super) async fn read(
    desk: &Desk,
    release: &ReleaseId,
    one: &One,
    how: &How,
    own: &Own,
) -> Result<Inspected, Failure> {
    let (with, most) = if one.is_named {
        (&how.named, FILES)
    } else {
        (&how.locked, FILES_OF_LOCKED)
    };
    let found = meant(desk.locate(release).await?, release, &one.digests)?;
    let chosen = choose(found, most, of_registry);
    let Chosen {
        read,
        same,
        left_out,
    } = chosen;
    let mut first: Option<Opened> = None;
    let mut failure = None;
    let mut files: Vec<OfFile> = Vec::new();
    let mut codes: Vec<(usize, Arc<ArtifactFacts>)> = Vec::new();
    for located in read {
        let input = Input::of(&located);
        let same = same.iter().filter(|(_, twin)| *twin == input.file);
        let same = same.map(|(file, _)| file.clone()).collect();
        let opened = match desk.open_up(located).await {
            Ok(opened) => opened,
            Err(error) => {
                files.push(OfFile {
                    input,
                    standing: Standing::NotJudged,
                    beside: None,
                    same,
                    differs: Vec::new(),
                    phantoms: Vec::new(),
                    verdict: not_judged(error.to_string()),
                    tree: Tree::default(),
                });
                failure = failure.or(Some(error));
                continue;
            }
        };
        let (registry, context) = (&desk.registry, &desk.context);
        let code = &opened.facts.code;
        let (mut verdict, beside) =
            beside::judge(registry, context, &opened.located, code, with).await?;
        let mut files_of_it = Tree::default();
        if own.is_any() || verdict.standing != Standing::Clean {
            files_of_it = tree(&opened)?;
            own.judge(&files_of_it, &mut verdict);
        }
        if verdict.standing == Standing::Clean {
            // Nobody will look at its files, and many releases are held at once.
            files_of_it = Tree::default();
        }
        files.push(OfFile {
            input,
            standing: verdict.standing,
            beside: Some(beside),
            same,
            differs: first
                .as_ref()
                .map(|first| differs(&first.facts.code, code))
                .unwrap_or_default(),
            phantoms: Vec::new(),
            verdict,
            tree: files_of_it,
        });
        if release.package.ecosystem() == Ecosystem::PyPi {
            codes.push((files.len() - 1, opened.facts.clone()));
        }
        first.get_or_insert(opened);
    }
    let Some(opened) = first else {
        let nothing = || Failure::nothing(format!("{} has no artifact", release.spoken()));
        return Err(failure.unwrap_or_else(nothing));
    };
    beside_sources(&mut files, &codes);
    let compared = match with {
        With::Predecessor => Some(compared::with_earlier(desk, &opened, None).await),
        With::Version(version) => Some(compared::with_earlier(desk, &opened, Some(version)).await),
        With::Nothing | With::Budget(_) => None,
    };
    // What was found stands, whatever becomes of the comparison.
    let compared = compared.map(|compared| {
        compared.unwrap_or_else(|failure| Compared::not_known(failure.to_string()))
    });
    let verdict = with_left_out(of_all(&files), left_out, one.is_named);
    Ok(Inspected {
        name: release.spoken(),
        release: Some(release.clone()),
        digest: opened.located.digest.clone(),
        tree: Tree::default(),
        inspection: opened.facts.code.clone(),
        verdict,
        compared,
        files,
        is_folder: false,
    })
}

/// The verdict with what a bound leaves out. A release that somebody named is not clean while a
/// file of it was not looked at; of what a lockfile names an installation takes one file only.
fn with_left_out(mut verdict: Verdict, left_out: Vec<(String, String)>, is_named: bool) -> Verdict {
    if is_named && !left_out.is_empty() {
        verdict = together([verdict, not_judged(NOT_ALL.to_owned())]);
    }
    let told = left_out.into_iter();
    let told = told.map(|(file, because)| format!("{file}: {because}"));
    verdict.not_checked.extend(told);
    verdict
}

/// Says of each wheel what the source distribution beside it does not explain.
fn beside_sources(files: &mut [OfFile], codes: &[(usize, Arc<ArtifactFacts>)]) {
    let is_wheel = |number: usize| {
        let file = files.get(number);
        file.is_some_and(|file| file.input.file.ends_with(".whl"))
    };
    let (wheels, sources): (Vec<_>, Vec<_>) =
        codes.iter().partition(|(number, _)| is_wheel(*number));
    let Some((_, sdist)) = sources.first() else {
        return;
    };
    let sdist = sdist.with_layout_inside();
    for (number, wheel) in wheels {
        let told = phantoms_of(&sdist.code, &wheel.with_layout_inside().code);
        if let Some(file) = files.get_mut(*number) {
            file.phantoms = told;
        }
    }
}

/// One verdict for all files. What was not read of one of several is said with its name.
fn of_all(files: &[OfFile]) -> Verdict {
    let several = files.len() > 1;
    together(files.iter().map(|file| {
        let mut verdict = file.verdict.clone();
        if several {
            for what in &mut verdict.not_checked {
                *what = format!("{}: {what}", file.input.file);
            }
        }
        verdict
    }))
}

/// What opens a file of a registry.
fn opener(located: &Located) -> Opener {
    match located.release.package.ecosystem() {
        Ecosystem::PyPi => Opener::of_name(&located.file),
        Ecosystem::Npm | Ecosystem::Cargo => Opener::Stream,
    }
}

/// The files of one that was opened.
pub(crate) fn tree(opened: &Opened) -> Result<Tree, Failure> {
    let file = std::fs::File::open(&opened.path).doing("read an artifact of the cache")?;
    let limits = Unpacking::default();
    unpack_file_for(file, opener(&opened.located), &limits).doing("read an artifact of the cache")
}

/// The artifacts that a lockfile means; its promise counts, not the document's.
fn meant(
    mut found: Vec<Located>,
    release: &ReleaseId,
    promised: &[Digest],
) -> Result<Vec<Located>, Failure> {
    if promised.is_empty() {
        return Ok(found);
    }
    if release.package.ecosystem() != Ecosystem::PyPi {
        found.truncate(1);
        if let Some(located) = found.first_mut() {
            located.digest = promised.iter().max_by_key(|d| d.algorithm()).cloned();
        }
        return Ok(found);
    }
    found.retain(|located| {
        let digest = located.digest.as_ref();
        digest.is_some_and(|digest| promised.contains(digest))
    });
    if found.is_empty() {
        return Err(Failure::nothing(format!(
            "no file of {} on the registry has a digest that the lockfile names",
            release.spoken()
        )));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, verdict: Verdict) -> OfFile {
        OfFile {
            input: Input {
                release: "pkg:pypi/a@1.0".parse().unwrap(),
                version: "1.0".to_owned(),
                file: name.to_owned(),
                digest: None,
            },
            standing: verdict.standing,
            beside: None,
            same: Vec::new(),
            differs: Vec::new(),
            phantoms: Vec::new(),
            verdict,
            tree: Tree::default(),
        }
    }

    fn clean() -> Verdict {
        Verdict {
            standing: Standing::Clean,
            findings: Vec::new(),
            not_checked: vec!["a.bin: too large".to_owned()],
        }
    }

    #[test]
    fn what_was_not_read_is_said_with_the_file_where_there_are_several() {
        let one = of_all(&[file("a-1.0.tar.gz", clean())]);
        assert_eq!(one.not_checked, ["a.bin: too large"]);
        let both = of_all(&[
            file("a-1.0.tar.gz", clean()),
            file("a-1.0-py3-none-any.whl", not_judged("cut off".to_owned())),
        ]);
        assert_eq!(both.standing, Standing::NotJudged);
        assert_eq!(
            both.not_checked,
            [
                "a-1.0.tar.gz: a.bin: too large",
                "a-1.0-py3-none-any.whl: cut off"
            ]
        );
    }

    #[test]
    fn a_file_in_json_is_flat_and_names_what_it_was_compared_with() {
        let mut one = file("a-1.0.tar.gz", clean());
        one.beside = Some(Beside::NotCompared("nobody asked for it".to_owned()));
        let json = serde_json::to_value(&one).unwrap();
        assert_eq!(json["file"], "a-1.0.tar.gz");
        assert_eq!(json["not_compared"], "nobody asked for it");
        assert_eq!(json["standing"], "clean");
        assert!(json.get("verdict").is_none());
    }

    #[test]
    fn a_named_release_is_not_clean_while_a_file_of_it_was_not_looked_at() {
        let left_out = || vec![("a-1.0-win.whl".to_owned(), "too many".to_owned())];
        let named = with_left_out(clean(), left_out(), true);
        assert_eq!(named.standing, Standing::NotJudged);
        assert!(
            named
                .not_checked
                .contains(&"a-1.0-win.whl: too many".to_owned())
        );
        let locked = with_left_out(clean(), left_out(), false);
        assert_eq!(locked.standing, Standing::Clean);
        assert_eq!(
            with_left_out(clean(), Vec::new(), true).standing,
            Standing::Clean
        );
    }
}
