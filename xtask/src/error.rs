use std::path::{Path, PathBuf};
use std::process::ExitStatus;

/// Why a chore could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk said no.
    #[error("cannot {what} {path}: {source}")]
    Io {
        /// What was tried, as a verb.
        what: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system answered.
        source: std::io::Error,
    },
    /// A program that the chore stands on is not there.
    #[error("{program} was not found, and {needed_for} needs it; {remedy}, then run this again")]
    Missing {
        /// The program as it was called.
        program: String,
        /// What it is needed for.
        needed_for: &'static str,
        /// How a person gets it.
        remedy: &'static str,
    },
    /// A program ran and failed; what it said stands above, on stderr.
    #[error("`{command}` failed ({status}); its own message stands above")]
    Failed {
        /// The command line.
        command: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// The chores' own files are wrong.
    #[error("{path} is not as it should be: {why}")]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A downloaded file is not the pinned one.
    #[error(
        "no file that came for {package} has the pinned digest {pinned}; came: {came}. \
         Nothing of it was unpacked. If the pin is out of date, change xtask/tools.toml"
    )]
    WrongDigest {
        /// Name and version.
        package: String,
        /// The digest in `tools.toml`.
        pinned: String,
        /// File names with their digests.
        came: String,
    },
    /// An archive holds what a package manager's archive has no reason to hold.
    #[error("{archive} was not unpacked: {why}")]
    Archive {
        /// Its file name.
        archive: String,
        /// The reason.
        why: String,
    },
    /// Checks that did not pass; each has said its own on stderr.
    #[error("{0}")]
    Checks(String),
}

impl Error {
    /// For `map_err` on file operations.
    pub fn io(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { what, path, source }
    }
}
