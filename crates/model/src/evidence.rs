//! What shows that a path from source to sink is there: each step says how it came about, and
//! where in the text that can be looked up again.

use crate::Place;
use serde::{Deserialize, Serialize};

/// One step of a path from source to sink.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Hop {
    /// What happens, for people ("is encoded by", "is passed to `send`"), as data.
    pub what: String,
    /// Where.
    pub at: Place,
    /// The same for programs.
    #[serde(default, skip_serializing_if = "Edge::is_told")]
    pub edge: Edge,
    /// The step stands in a text that is run as code of its own, and `at` is where that text
    /// is run. This is the beginning of what stands at the step, as data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<String>,
    /// What shows it in the files of the artifact, where somebody asked for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<Box<Shown>>,
}

impl Hop {
    /// A step that only says something about a place.
    pub const fn told(what: String, at: Place) -> Self {
        Self {
            what,
            at,
            edge: Edge::Told,
            hidden: None,
            shown: None,
        }
    }
}

/// How a step comes about. Names are data: the engine's words for what stands there, also where
/// it is written in a roundabout way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Edge {
    /// A statement about a place; no data goes anywhere.
    #[default]
    Told,
    /// A path begins: something is read.
    Read {
        /// What: `process.env`, `~/.npmrc`.
        name: String,
    },
    /// It is an argument of a call of the package's own function.
    Passed {
        /// The function, if it has a name.
        function: Option<String>,
    },
    /// A call of the package's own function gives it.
    Returned {
        /// The function, if it has a name.
        function: Option<String>,
    },
    /// A call of something else takes it and gives something that is made of it.
    Through,
    /// A function of the library decodes it.
    Decoded {
        /// Which: `atob`, `base64.b64decode`.
        by: String,
    },
    /// It is written to a file.
    Written {
        /// The file.
        path: String,
    },
    /// It was written to a file and is read from it.
    ReadBack {
        /// The file.
        path: String,
    },
    /// It is the address of what is fetched next.
    Address,
    /// The path ends.
    Reaches {
        /// Where: `https.request`.
        sink: String,
    },
}

impl Edge {
    /// Whether it is no step of data.
    pub const fn is_told(&self) -> bool {
        matches!(self, Self::Told)
    }

    /// What the engine calls that which must stand at the place of the step.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Read { name } => Some(name),
            Self::Passed { function } | Self::Returned { function } => function.as_deref(),
            Self::Decoded { by } => Some(by),
            Self::Written { path } | Self::ReadBack { path } => Some(path),
            Self::Reaches { sink } => Some(sink),
            Self::Told | Self::Through | Self::Address => None,
        }
    }
}

/// What shows a step. Whoever made it may be wrong or lie: a checker looks each part up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Shown {
    /// The first 128 bits of the SHA-256 of the file, in hexadecimal.
    pub digest: String,
    /// The text at the place, at most 200 bytes of it, as data. For a place of a few bytes it
    /// goes on to the end of the line.
    pub text: String,
    /// A word of the step's name that stands there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub word: Option<String>,
    /// How it hangs together with the step before.
    pub join: Join,
    /// Where the text stands that the step is hidden in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<Written>,
}

/// How two steps hang together in the text. It is what any program that has such a flow must
/// have, not all of it: who reads the code sees the rest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum Join {
    /// It is the first step.
    First,
    /// Both stand at one place.
    Same,
    /// The step before stands inside of this one.
    Inside,
    /// This one stands inside of the step before.
    Around,
    /// From statement to statement of one file, by names that they share. No links: both
    /// stand in one statement.
    Names {
        /// The links, from the step before to this one.
        chain: Vec<Link>,
    },
    /// From file to file, by names of files that stand in them.
    Files {
        /// The names, from the file of the step before to that of this one.
        chain: Vec<FileName>,
    },
    /// It cannot be shown in the text.
    Unshown {
        /// Why, a part of a sentence.
        because: String,
    },
}

/// A link between two statements of one file. Offsets are bytes of its text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum Link {
    /// One name stands in both.
    Name {
        /// The name.
        name: String,
        /// Where it stands in the first.
        from: u32,
        /// Where it stands in the second.
        to: u32,
    },
    /// The first stands in brackets that the second opens.
    Nested {
        /// A byte of the first.
        from: u32,
        /// A byte of the second.
        to: u32,
    },
}

/// The name of a file, standing in another file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FileName {
    /// The file in which the name stands.
    pub file: String,
    /// Where, in bytes of its text.
    pub at: u32,
    /// The name.
    pub name: String,
    /// The file that it names.
    pub names: String,
}

/// Where a hidden text stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Written {
    /// The file.
    pub file: String,
    /// The bytes of its text: from, to.
    pub bytes: (u32, u32),
    /// What decodes them, one after the other; none where the text stands there as it is.
    pub by: Vec<Decoding>,
}

/// A way of writing text that anybody can undo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decoding {
    /// Back-slashes in a literal.
    Escapes,
    /// Base64, with either alphabet, padded or not.
    Base64,
    /// Hexadecimal digits.
    Hex,
    /// The letters from last to first.
    Reversed,
    /// `%20`.
    Percent,
}
