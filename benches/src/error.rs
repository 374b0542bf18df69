use std::path::{Path, PathBuf};

/// Why something could not be measured.
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
    /// A program, the gate or an upstream did not do what the measurement stands on.
    #[error("{0}")]
    Said(String),
}

impl Error {
    /// For `map_err` on file operations.
    pub fn io(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { what, path, source }
    }

    /// A sentence.
    pub fn said(text: impl Into<String>) -> Self {
        Self::Said(text.into())
    }
}

/// For errors of libraries: what was being done, and what they said.
pub trait Doing<T> {
    /// Adds what was being done.
    fn doing(self, what: &str) -> Result<T, Error>;
}

impl<T, E: std::error::Error> Doing<T> for Result<T, E> {
    fn doing(self, what: &str) -> Result<T, Error> {
        self.map_err(|error| {
            // HTTP libraries keep the reason in the cause.
            let mut text = format!("cannot {what}: {error}");
            let mut cause = error.source();
            while let Some(inner) = cause {
                text += &format!(": {inner}");
                cause = inner.source();
            }
            Error::Said(text)
        })
    }
}
