//! Errors at the edge: what, why, what to do; and the exit code that says it to scripts.

use std::fmt;

/// An error for people, with its exit code.
#[derive(Debug)]
pub struct Failure {
    /// 1 to 5, as the table of exit codes says.
    pub code: u8,
    message: String,
}

impl Failure {
    /// Something is wrong with what was asked or configured.
    pub fn usage(message: impl Into<String>) -> Self {
        Self {
            code: 2,
            message: message.into(),
        }
    }

    /// Nothing to work on.
    pub fn nothing(message: impl Into<String>) -> Self {
        Self {
            code: 3,
            message: message.into(),
        }
    }

    /// The work could not be done.
    pub fn work(message: impl Into<String>) -> Self {
        Self {
            code: 4,
            message: message.into(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Adds what was being done to an error.
pub trait Doing<T> {
    /// `doing` completes "cannot …".
    fn doing(self, doing: impl fmt::Display) -> Result<T, Failure>;
}

impl<T, E: fmt::Display> Doing<T> for Result<T, E> {
    fn doing(self, doing: impl fmt::Display) -> Result<T, Failure> {
        self.map_err(|error| Failure::work(format!("cannot {doing}: {error}")))
    }
}
