//! What a file of an artifact is to the commit that it is said to come from.

use serde::{Deserialize, Serialize};

/// A file's class. All paths are of strangers and not safe to print as they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "class", rename_all = "kebab-case")]
pub enum FileClass {
    /// The same bytes at the same path.
    Same,
    /// The same bytes; they stand elsewhere in the commit (a shared `LICENSE`, a link), and
    /// nothing else stands where they are expected.
    Moved {
        /// Where.
        from: String,
    },
    /// Other bytes that say the same, and this proves it.
    Normalised {
        /// What was done to it.
        how: Normalisation,
    },
    /// In no commit, because it is made. Explained is not proven: only a build could tell whether
    /// it was made from the source alone.
    Generated {
        /// What explains it.
        explained_by: Explanation,
    },
    /// The commit has other bytes at this path.
    Modified,
    /// Not in the commit, and nothing explains it.
    Phantom {
        /// Whether it can run.
        executable: bool,
    },
    /// The clone does not hold what it would be compared with.
    NotCompared {
        /// Why.
        why: Gap,
    },
}

/// What explains other bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Normalisation {
    /// `package.json` with the same fields; those that publishing rewrites are left out.
    PackageJson,
    /// cargo's rewritten `Cargo.toml`; `Cargo.toml.orig` equals the commit's, and the two say
    /// the same.
    CargoToml,
    /// `Cargo.toml.orig`, which is the commit's `Cargo.toml`.
    CargoTomlOrig,
    /// `Cargo.lock`, which cargo makes anew for the crate alone.
    CargoLock,
    /// `.cargo_vcs_info.json`, which cargo writes.
    CargoVcsInfo,
    /// `PKG-INFO`, `*.dist-info`, `*.egg-info`, which the build back end writes.
    PythonMetadata,
    /// `\r\n` where the commit has `\n`.
    LineEndings,
    /// The commit holds a pointer of Git LFS with the digest of these bytes.
    LargeFileStorage,
    /// Placeholders that `.gitattributes` has filled in (`export-subst`).
    ExportSubst,
    /// The same text but for the release's own version.
    VersionStamp,
}

/// What explains a file that is in no commit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Explanation {
    /// Its source map holds sources that all equal files of the commit.
    SourceMap {
        /// The map, in the artifact.
        map: String,
        /// How many sources.
        sources: usize,
    },
    /// Its source map names sources that are all files of the commit.
    SourceMapNames {
        /// The map, in the artifact.
        map: String,
        /// How many sources.
        sources: usize,
    },
    /// A build configuration of the commit maps a source file to it.
    OutputOf {
        /// The configuration, in the commit.
        config: String,
        /// The source, in the commit.
        source: String,
    },
    /// A build configuration of the commit names it.
    NamedBy {
        /// The configuration, in the commit.
        config: String,
    },
    /// Types of a file that is explained or the same.
    DeclarationOf {
        /// That file, in the artifact.
        file: String,
    },
}

/// Why a file could not be compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "gap", rename_all = "kebab-case")]
pub enum Gap {
    /// It stands in a submodule, whose files are in another repository.
    Submodule {
        /// Where the submodule is.
        at: String,
    },
    /// A program of the user's own converts it at checkout; none is run here.
    Filter {
        /// As `.gitattributes` names it.
        name: String,
    },
    /// The commit's file is too large to be read, or the clone lacks it.
    NotRead,
}

impl Normalisation {
    /// In words, after "… is".
    pub const fn words(self) -> &'static str {
        match self {
            Self::PackageJson => "package.json as publishing rewrites it",
            Self::CargoToml => "Cargo.toml as cargo rewrites it",
            Self::CargoTomlOrig => "the commit's Cargo.toml",
            Self::CargoLock => "made by cargo at packaging",
            Self::CargoVcsInfo => "written by cargo at packaging",
            Self::PythonMetadata => "written by the build back end",
            Self::LineEndings => "the same text with other line endings",
            Self::LargeFileStorage => "the file that a pointer of Git LFS names",
            Self::ExportSubst => "the same text with placeholders filled in",
            Self::VersionStamp => "the same text with the release's version in it",
        }
    }
}

impl Explanation {
    /// Whether contents were compared, not names alone.
    pub const fn by_content(&self) -> bool {
        match self {
            Self::SourceMap { .. } => true,
            Self::SourceMapNames { .. }
            | Self::OutputOf { .. }
            | Self::NamedBy { .. }
            | Self::DeclarationOf { .. } => false,
        }
    }
}
