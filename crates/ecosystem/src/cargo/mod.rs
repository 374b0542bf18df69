//! cargo: the sparse index, its configuration, version order, facts of an archive.
//!
//! An index file is one JSON object per line. [`Index::parse`] reads what judgement
//! needs and remembers where each line stands; [`render`] copies the lines byte by
//! byte and, for a soft hold, changes nothing but the value of `yanked`.

mod archive;
mod config;
mod index;
mod render;
mod settings;
mod vendored;
mod version;

#[cfg(test)]
mod tests;

pub use archive::{ArchiveError, ArchiveFacts, declared_by_cargo_toml, facts_from_cargo_toml};
pub use config::{Config, ConfigError, download_url, index_path};
pub use index::{Dep, DepKind, Index, IndexError, Line};
pub use render::{Show, render};
pub use settings::{Replaced, Settings};
pub use vendored::{Checksum, VendoredError};
pub use version::{compare, is_prerelease, release_line, satisfies};
