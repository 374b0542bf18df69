//! What a project's page says, in either format.

use super::file::{Claim, File};
use crate::json::JsonError;
use customs_model::{Ecosystem, PackageName, printable};
use std::io;
use url::Url;

/// Bounds on a page.
pub(super) mod limit {
    /// Bytes. The largest real ones have some ten million.
    pub const BYTES: u64 = 256 << 20;
    /// Files.
    pub const FILES: usize = 200_000;
    /// Bytes of what is said about one file; also of one HTML tag.
    pub const FILE: usize = 64 << 10;
}

/// Why a page is not served.
#[derive(Debug, thiserror::Error)]
pub enum SimpleError {
    /// Broken JSON, or a source that failed.
    #[error("the project page cannot be read: {0}")]
    Json(#[from] JsonError),
    /// A source that failed.
    #[error("the project page could not be read: {0}")]
    Io(#[from] io::Error),
    /// Too many bytes.
    #[error("the project page has more than {max} bytes, which are not read", max = limit::BYTES)]
    TooLong,
    /// Too many files.
    #[error("the project page lists more than {max} files, which are not read", max = limit::FILES)]
    TooManyFiles,
    /// An HTML tag without an end.
    #[error("the project page has an HTML tag of more than {max} bytes or without an end", max = limit::FILE)]
    Tag,
    /// No list of files.
    #[error(
        "the project page has no list of files; is the upstream's address that of a simple index?"
    )]
    NoFiles,
    /// A future format.
    #[error("the project page is of API version {0:?}; only version 1 is understood")]
    ApiVersion(String),
    /// Another project's page.
    #[error("the project page is that of {found:?}, although {wanted} was asked for")]
    OtherProject {
        /// The name that the page claims, made printable.
        found: String,
        /// The name that was asked for.
        wanted: PackageName,
    },
}

/// A project's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// The project.
    pub name: PackageName,
    /// Its files, in the page's order.
    pub files: Vec<File>,
    /// The version of the API that the page was written in.
    pub api_version: ApiVersion,
    /// The project's status, where the index gives one (PEP 792).
    pub status: Option<Status>,
    /// Entries that could not be read. They are never served.
    pub malformed: usize,
}

/// The minor number of `api-version`; the major is always 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct ApiVersion(pub u16);

/// A project's status (PEP 792).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// `active`, `archived`, `quarantined`, `deprecated`, or what comes later.
    pub status: String,
    /// Why, in free words.
    pub reason: Option<String>,
}

impl Project {
    pub(super) fn empty(name: &PackageName) -> Self {
        Self {
            name: name.clone(),
            files: Vec::new(),
            api_version: ApiVersion::default(),
            status: None,
            malformed: 0,
        }
    }

    /// Takes one file, or counts that it could not.
    pub(super) fn take(&mut self, claim: Option<Claim>, base: &Url) -> Result<(), SimpleError> {
        if self.files.len() + self.malformed >= limit::FILES {
            return Err(SimpleError::TooManyFiles);
        }
        match claim.and_then(|claim| claim.check(base, &self.name)) {
            Some(file) => self.files.push(file),
            None => self.malformed += 1,
        }
        Ok(())
    }

    pub(super) fn set_api_version(&mut self, text: &str) -> Result<(), SimpleError> {
        let minor = text.trim().strip_prefix("1.").and_then(|m| m.parse().ok());
        match minor {
            Some(minor) => self.api_version = ApiVersion(minor),
            None => return Err(SimpleError::ApiVersion(printable(text, 40))),
        }
        Ok(())
    }

    pub(super) fn check_name(&self, found: &str) -> Result<(), SimpleError> {
        match PackageName::new(Ecosystem::PyPi, found) {
            Ok(name) if name == self.name => Ok(()),
            Ok(_) | Err(_) => Err(SimpleError::OtherProject {
                found: printable(found, 80),
                wanted: self.name.clone(),
            }),
        }
    }
}
