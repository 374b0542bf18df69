//! What a release can do that the ones before it could not.

use crate::{Place, Zone};
use serde::{Deserialize, Serialize};

/// The difference between a release and those before it: facts, without judgement.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Delta {
    /// What is new, the strongest zone first.
    pub novelties: Vec<Novelty>,
    /// Files of code that run and are new.
    pub added: u32,
    /// Files of code that run and are gone.
    pub removed: u32,
    /// Files of code that run and have other bytes.
    pub changed: u32,
    /// Files that nobody runs and that are new, gone or other.
    pub elsewhere: u32,
}

/// Something that was not there before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Novelty {
    /// What.
    pub kind: NoveltyKind,
    /// In which zone.
    pub zone: Zone,
    /// What exactly, as data (not safe to print).
    pub what: String,
    /// Where, if it has a place.
    pub at: Option<Place>,
}

/// Kinds of novelties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoveltyKind {
    /// A command that runs at install or build.
    Hook,
    /// Code can do something that it could not.
    Capability,
    /// It could do so before, in a zone in which somebody asked for it.
    EarlierZone,
    /// It reaches a host that no earlier release named.
    Host,
    /// Data goes from where to where it did not.
    Flow,
    /// An obfuscator's names, hidden characters, code from text that cannot be read.
    Sign,
    /// A declared dependency that no file of the package names.
    UnimportedDependency,
    /// A native library, executable or WebAssembly module.
    Binary,
    /// A binary of the same name that has other bytes.
    OtherBinary,
    /// An archive in the archive.
    Archive,
    /// Much more stands behind the last thing that a file hands out.
    Tail,
    /// A file that was readable is not any more: one long line, or text like noise.
    Unreadable,
    /// The archive is not what an honest packer makes.
    Oddity,
}

impl NoveltyKind {
    /// For people, the beginning of a sentence about it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Hook => "a new command runs",
            Self::Capability => "it can now",
            Self::EarlierZone => "it now does so without being asked:",
            Self::Host => "it names a host that it did not:",
            Self::Flow => "data goes where it did not:",
            Self::Sign => "its code looks like it did not:",
            Self::UnimportedDependency => "it declares a dependency that no file of it names:",
            Self::Binary => "a binary is new:",
            Self::OtherBinary => "a binary has other bytes:",
            Self::Archive => "an archive in it is new:",
            Self::Tail => "much was added at the end of an entry:",
            Self::Unreadable => "a file that could be read cannot be any more:",
            Self::Oddity => "its archive is odd where it was not:",
        }
    }
}
