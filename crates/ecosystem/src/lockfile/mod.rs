//! Lockfiles: which releases a project has agreed on, and which addresses its client
//! will fetch them from.
//!
//! [`read`] lists the releases of a file, [`Graph::read`] adds who asks for which, and
//! [`Manifest::read`] what a project asks for itself. [`url_positions`] finds every URL that a client
//! fetches as written; [`toward_gate`] and [`from_gate`] replace them in place and change
//! no other byte, as [`set_json_text`] does in a `package.json`; [`moved`] replaces one release of a
//! TOML lockfile by another version. A file that is not understood is an error, never an empty list.
//!
//! Bounds: see [`limit`].

mod bun_lock;
mod cargo_lock;
mod edit;
mod entries;
mod graph;
mod kind;
mod manifest;
mod moved;
mod needs;
mod npm_entry;
mod npm_spec;
mod package_lock;
pub mod places;
mod pnpm_lock;
mod poetry_lock;
mod pylock;
mod requirements;
mod rewrite;
mod settings;
mod tree;
mod urls;
mod uv_lock;
mod whole;
mod yarn_berry;
mod yarn_classic;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod testing;

pub use edit::{json_text, set_json_text};
pub use graph::{
    Ask, AskKind, Commands, Graph, Importer, Key, Linked, NamedFile, Package, Stated, Way,
};
pub use kind::Kind;
pub use manifest::{Manifest, ManifestError, ManifestKind};
pub use moved::{Incoming, IncomingFile, Moved, moved};
pub use needs::needs;
pub use npm_spec::asked_source;
pub use rewrite::{Rewritten, from_gate, mentions, toward_gate, url_positions};
pub use settings::{BYTES as SETTINGS_BYTES, Settings, SettingsError, SettingsKind};
pub use urls::UrlAt;
pub(crate) use urls::decode;
pub use whole::whole;

use customs_model::{Digest, Ecosystem, ReleaseId};
use entries::Entries;
use tree::Fault;
use urls::Urls;

/// Bounds on what a stranger's lockfile may ask for.
pub mod limit {
    /// Bytes of one file.
    pub const BYTES: usize = 64 * 1024 * 1024;
    /// Entries, and lines about what was skipped.
    pub const ENTRIES: usize = 500_000;
    /// Nesting.
    pub const DEPTH: usize = 64;
    /// Values of any sort in one file.
    pub const NODES: usize = 6_000_000;
    /// Bytes of a folder's path; what lies deeper is not followed to what it asks for.
    pub const PATH: usize = 4_096;
    /// Folders that are looked through upwards for what a package asks for.
    pub const UP: usize = 64;
}

/// What a lockfile says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lockfile {
    /// Which tool's file it is.
    pub kind: Kind,
    /// What it locks, in the order of the file, each once.
    pub entries: Vec<Locked>,
    /// What was not read, and why. Safe to print.
    pub skipped: Vec<String>,
    /// What no tool writes.
    pub faults: Vec<EntryFault>,
}

/// Something in an entry that no tool writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryFault {
    /// Where the entry starts, counted from 1.
    pub line: u32,
    /// The entry's name, as written.
    pub name: String,
    /// What is wrong with it.
    pub what: FaultOf,
}

/// What is wrong with an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultOf {
    /// Its name would lead out of the folder that packages lie in.
    Name,
    /// A digest that is none: cut short, garbage, or of an algorithm that binds nothing. As
    /// written.
    Digest(String),
}

/// One release that a lockfile names.
///
/// The project itself and its workspace members are listed, as [`Source::Path`], where
/// the format gives them a name and a version.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Locked {
    /// The real package (aliases are resolved) and its version.
    pub release: ReleaseId,
    /// Where the client takes it from.
    pub source: Source,
    /// The digests that the file promises; several files of one release are all here.
    /// Yarn 4 writes a digest of its own archive, which says nothing about the artifact.
    pub digests: Vec<Digest>,
    /// As written: the artifact's URL (npm family, URL sources), the address of the
    /// registry or repository (uv, Poetry, pylock, cargo), or a path.
    pub resolved: Option<String>,
    /// Whether it claims to run a script at install. A claim of the lockfile, not a fact.
    pub has_install_script: Option<bool>,
    /// Where the entry starts, counted from 1.
    pub line: Option<u32>,
}

/// Where a client takes a release from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// A registry, by name and version. The address may still be a stranger's: see
    /// [`Locked::resolved`].
    Registry,
    /// A repository at a commit.
    Git,
    /// A file at a URL that the project names itself.
    Url,
    /// A folder or file of this machine: a workspace member, a path, a link.
    Path,
    /// It lies inside the artifact of another package; nothing is fetched for it.
    Bundled,
}

/// Why a lockfile could not be read or rewritten.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It exceeds a bound of [`limit`].
    #[error("{kind} has more than {limit} {what}: it is not read; check where it comes from")]
    Limit {
        /// The file.
        kind: Kind,
        /// What there is too much of.
        what: &'static str,
        /// The bound.
        limit: usize,
    },
    /// It is not what its tool writes.
    #[error(
        "{kind}, line {line}: {what}; let its own tool write it again, or report the line if the tool wrote it"
    )]
    Syntax {
        /// The file.
        kind: Kind,
        /// Counted from 1.
        line: u32,
        /// What was expected or found. Safe to print.
        what: String,
    },
    /// It is of a later format than what is known: not read, and no reason to doubt it.
    #[error("{kind}, line {line}: {what}; use a version of this program that knows it")]
    Later {
        /// The file.
        kind: Kind,
        /// Counted from 1.
        line: u32,
        /// Which format. Safe to print.
        what: String,
    },
    /// A replacement that cannot stand where the URL stood.
    #[error(
        "{kind}, line {line}: {url:?} cannot be written here; use an address without quotes, spaces or brackets"
    )]
    Replacement {
        /// The file.
        kind: Kind,
        /// Counted from 1.
        line: u32,
        /// The new URL, made printable.
        url: String,
    },
}

/// Reads a lockfile.
///
/// ```
/// use customs_ecosystem::lockfile::{self, Kind, Source};
/// let text = b"ms@^2.1.1:\n  version \"2.1.2\"\n  resolved \"https://registry.example/ms/-/ms-2.1.2.tgz\"\n";
/// let file = lockfile::read(Kind::YarnClassic, text)?;
/// assert_eq!(file.entries[0].release.spoken(), "ms@2.1.2");
/// assert_eq!(file.entries[0].source, Source::Registry);
/// # Ok::<(), lockfile::Error>(())
/// ```
///
/// # Errors
/// The file exceeds a bound, or is not what its tool writes.
pub fn read(kind: Kind, bytes: &[u8]) -> Result<Lockfile, Error> {
    let text = text_of(kind, bytes)?;
    let mut entries = Entries::new(kind.ecosystem(), text);
    let out = &mut entries;
    let read = match kind {
        Kind::PackageLock => package_lock::read(text, out),
        Kind::PnpmLock => pnpm_lock::read(text, out),
        Kind::YarnClassic => yarn_classic::read(text, out),
        Kind::YarnBerry => yarn_berry::read(text, out),
        Kind::BunLock => bun_lock::read(text, out),
        Kind::UvLock => uv_lock::read(text, out),
        Kind::RequirementsTxt => requirements::read(text, out),
        Kind::PoetryLock => poetry_lock::read(text, out),
        Kind::PylockToml => pylock::read(text, out),
        Kind::CargoLock => cargo_lock::read(text, out),
    };
    read.map_err(|fault| error_of(kind, text, fault))?;
    let (entries, skipped, faults) = entries.finish();
    Ok(Lockfile {
        kind,
        entries,
        skipped,
        faults,
    })
}

/// Every URL of a file that its client fetches as written, in the order of the file.
fn urls_of(kind: Kind, text: &str) -> Result<Vec<UrlAt>, Error> {
    text_of(kind, text.as_bytes())?;
    let mut urls = Urls::new(text);
    let out = &mut urls;
    let read = match kind {
        Kind::PackageLock => package_lock::urls(text, out),
        Kind::PnpmLock => pnpm_lock::urls(text, out),
        Kind::YarnClassic => yarn_classic::urls(text, out),
        Kind::YarnBerry => yarn_berry::urls(text, out),
        Kind::BunLock => bun_lock::urls(text, out),
        Kind::UvLock => uv_lock::urls(text, out),
        Kind::RequirementsTxt => requirements::urls(text, out),
        Kind::PoetryLock => poetry_lock::urls(text, out),
        Kind::PylockToml => pylock::urls(text, out),
        Kind::CargoLock => cargo_lock::urls(text, out),
    };
    read.map_err(|fault| error_of(kind, text, fault))?;
    Ok(urls.finish())
}

fn text_of(kind: Kind, bytes: &[u8]) -> Result<&str, Error> {
    if bytes.len() > limit::BYTES {
        return Err(Error::Limit {
            kind,
            what: "bytes",
            limit: limit::BYTES,
        });
    }
    std::str::from_utf8(bytes).map_err(|e| Error::Syntax {
        kind,
        line: line_at(bytes, e.valid_up_to()),
        what: "it is not UTF-8 text".into(),
    })
}

fn error_of(kind: Kind, text: &str, fault: Fault) -> Error {
    match fault {
        Fault::Limit { what, limit } => Error::Limit { kind, what, limit },
        Fault::Later { at, what } => Error::Later {
            kind,
            line: line_at(text.as_bytes(), at),
            what: customs_model::printable(&what, 200),
        },
        Fault::Syntax { at, what } => Error::Syntax {
            kind,
            line: line_at(text.as_bytes(), at),
            what: customs_model::printable(&what, 200),
        },
    }
}

/// The line of an offset, counted from 1.
fn line_at(bytes: &[u8], at: usize) -> u32 {
    let before = &bytes[..at.min(bytes.len())];
    u32::try_from(memchr::memchr_iter(b'\n', before).count() + 1).unwrap_or(u32::MAX)
}
