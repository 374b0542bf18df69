//! `customs.lock`: pins of files that were made here.

use super::root::{Root, below};
use crate::error::{Doing as _, Failure};
use customs_device::tree::{Standing, TreeReport};
use customs_model::{Digest, printable};
use customs_origin::history::{Made, TrustFile, limit};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The file's name.
pub(super) const FILE: &str = "customs.lock";

/// The file, and where it lies.
#[derive(Debug)]
pub(super) struct Pins {
    folder: PathBuf,
    /// What it says.
    pub file: TrustFile,
    /// Why it could not be read. Safe to print.
    pub unread: Option<String>,
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
    /// Reads the file that speaks for what was asked. None of that name is an empty one.
    pub fn read(root: &Root) -> Self {
        let folder = root.trust();
        let path = folder.join(FILE);
        let read = match path.exists() {
            false => Ok(TrustFile::default()),
            true => super::lock::bytes(&path, limit::BYTES as u64)
                .map_err(|why| format!("{FILE}: {why}"))
                .and_then(|bytes| TrustFile::parse(&bytes).map_err(|why| why.to_string())),
        };
        let (file, unread) = match read {
            Ok(file) => (file, None),
            Err(why) => (TrustFile::default(), Some(why)),
        };
        Self {
            folder,
            file,
            unread,
        }
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

    /// Writes pins into the file.
    ///
    /// # Errors
    /// The file could not be read before, a pin does not fit, or it cannot be written.
    pub fn write(mut self, pins: Vec<NewPin>) -> Result<(), Failure> {
        if let Some(why) = &self.unread {
            return Err(Failure::work(format!("nothing is pinned: {why}")));
        }
        for pin in pins {
            self.file.set_made(pin.made).doing("pin a file")?;
        }
        let path = self.path();
        let doing = format!("write {}", printable(&path.display().to_string(), 300));
        let mut file = tempfile::NamedTempFile::new_in(&self.folder).doing(&doing)?;
        file.write_all(self.file.render().as_bytes())
            .doing(&doing)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            // It is committed: everybody may read it.
            let everybody = std::fs::Permissions::from_mode(0o644);
            file.as_file().set_permissions(everybody).doing(&doing)?;
        }
        file.persist(&path)
            .map_err(|error| error.error)
            .doing(&doing)?;
        Ok(())
    }

    fn prefix(&self, project: &Path) -> String {
        // A project outside of the file's folder has no paths in it, and nothing of it is pinned.
        below(&self.folder, project).unwrap_or_else(|| "..".into())
    }
}

fn joined(prefix: &str, path: &str) -> String {
    match prefix.is_empty() || prefix == "." {
        true => path.to_owned(),
        false => format!("{prefix}/{path}"),
    }
}
