//! `customs.lock`: pins of files that were made here.

use super::history;
use super::root::below;
use crate::error::{Doing as _, Failure};
use customs_device::tree::npm::is_record;
use customs_device::tree::{Standing, TreeReport};
use customs_model::{Digest, printable};
use customs_origin::history::{Made, TrustFile};
use std::path::{Path, PathBuf};

/// The file's name.
pub(super) use super::history::FILE;

/// Pinned files that are gone, of which each is named.
const GONE: usize = 20;

/// The file, and where it lies.
#[derive(Debug)]
pub(super) struct Pins {
    folder: PathBuf,
    /// What it says.
    pub file: TrustFile,
}

/// A pin that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewPin {
    /// The pin.
    pub made: Made,
    /// The digest that the file had before.
    pub before: Option<Digest>,
}

impl Pins {
    /// Reads the file of a folder. None of that name is an empty one.
    ///
    /// # Errors
    /// It is there and cannot be read: what it forbids must not pass for not being there.
    pub fn read(folder: PathBuf) -> Result<Self, Failure> {
        let file = history::read(&folder.join(FILE))?;
        Ok(Self { folder, file })
    }

    /// Where the file lies.
    pub fn path(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    /// The folder of the file.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Tells what was made in a project from what is pinned.
    pub fn apply(&self, project: &Path, report: &mut TreeReport) {
        let prefix = self.prefix(project);
        report.pin(&|path| {
            if is_record(path) {
                return None;
            }
            let made = self.file.made(&joined(&prefix, path))?;
            Some(made.digest.clone())
        });
    }

    /// What is not pinned yet, or with other bytes.
    pub fn open(&self, project: &Path, report: &TreeReport) -> Vec<NewPin> {
        let prefix = self.prefix(project);
        let all = report.differences();
        all.filter_map(|(package, difference)| {
            let Standing::MadeHere { maker, pinned } = &difference.standing else {
                return None;
            };
            if *pinned == Some(true) {
                return None;
            }
            let path = match package {
                Some(package) => package.path(difference),
                None => difference.path.clone(),
            };
            // The next installation writes it anew.
            if is_record(&path) {
                return None;
            }
            let path = joined(&prefix, &path);
            Some(NewPin {
                before: self.file.made(&path).map(|made| made.digest.clone()),
                made: Made {
                    path,
                    digest: difference.found.clone()?,
                    maker: maker.clone(),
                },
            })
        })
        .collect()
    }

    /// Pins of a project whose files are not here any more, although the tree that they lay in is: what
    /// was made here once and looked at. None of an installation that is not there.
    pub fn gone(&self, project: &Path) -> Vec<String> {
        let prefix = self.prefix(project);
        let mut gone: Vec<String> = self
            .file
            .all_made()
            .filter_map(|made| inside(&prefix, &made.path))
            .filter(|path| {
                let there = |path: &Path| std::fs::symlink_metadata(path).is_ok();
                let top = path.split('/').next().unwrap_or_default();
                there(&project.join(top)) && !there(&project.join(path))
            })
            .map(|path| {
                format!(
                    "{}: it is pinned in {FILE} and is not here any more; take the pin out if that is meant",
                    printable(path, 300)
                )
            })
            .collect();
        let count = gone.len();
        if count > GONE {
            gone.truncate(GONE);
            gone.push(format!(
                "and {} more pinned files are not here",
                count - GONE
            ));
        }
        gone
    }

    /// The words in which pins are shown before they are written.
    pub fn shown(&self, pins: &[NewPin]) -> String {
        let mut out = format!(
            "customs: {} files that were made here are pinned in {}:\n",
            pins.len(),
            printable(&self.path().display().to_string(), 300)
        );
        for pin in pins {
            let path = printable(&pin.made.path, 300);
            let maker = printable(&pin.made.maker, 80);
            let digest = &pin.made.digest;
            out += &match &pin.before {
                Some(before) => format!("  {path}  {digest}, was {before}  ({maker})\n"),
                None => format!("  {path}  {digest}  ({maker})\n"),
            };
        }
        out += "Review the change of that file as you would review code.";
        out
    }

    /// Writes pins into the file, as it is now: this run may have recorded something in it.
    ///
    /// # Errors
    /// A pin does not fit, or the file cannot be read or written.
    pub fn write(self, pins: Vec<NewPin>) -> Result<(), Failure> {
        let path = self.path();
        let mut file = history::read(&path)?;
        for pin in pins {
            file.set_made(pin.made).doing("pin a file")?;
        }
        history::write(&path, &file)
    }

    fn prefix(&self, project: &Path) -> String {
        // A project outside of the file's folder has no paths in it, and nothing of it is pinned.
        below(&self.folder, project).unwrap_or_else(|| "..".into())
    }
}

/// A path of `customs.lock` below a project's folder.
fn inside<'p>(prefix: &str, path: &'p str) -> Option<&'p str> {
    match prefix.is_empty() || prefix == "." {
        true => Some(path),
        false => path.strip_prefix(prefix)?.strip_prefix('/'),
    }
}

fn joined(prefix: &str, path: &str) -> String {
    match prefix.is_empty() || prefix == "." {
        true => path.to_owned(),
        false => format!("{prefix}/{path}"),
    }
}
