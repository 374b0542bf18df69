//! What an artifact holds, file by file.

use crate::Zone;
use serde::{Deserialize, Serialize};

/// What a file is, by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContentKind {
    /// Text of a language that is read.
    Code,
    /// Other text.
    Text,
    /// An executable or library.
    Native,
    /// WebAssembly.
    Wasm,
    /// Bytecode of an interpreter.
    Bytecode,
    /// An archive or a compressed stream.
    Archive,
    /// Image, font, sound, video, document.
    Media,
    /// Anything else.
    Other,
}

/// One file of an artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFact {
    /// Its path below the top folder, as data (not safe to print).
    pub path: String,
    /// The first 128 bits of the BLAKE3 of its content, in hexadecimal; none where it was
    /// not kept.
    pub digest: Option<String>,
    /// Bytes.
    pub length: u64,
    /// What it is.
    pub content: ContentKind,
    /// The strongest zone in which code of it runs.
    pub zone: Zone,
    /// How it looks, where it is code that runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<CodeShape>,
}

impl FileFact {
    /// Files of an artifact that are listed.
    pub const MOST: usize = 5_000;
}

/// How a file of code looks. Compared with itself in another release only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeShape {
    /// Bytes of its longest line.
    pub longest_line: u32,
    /// Bits per byte, in thousandths, over at most its first and last 32 KiB.
    pub entropy: u16,
    /// Bytes behind the last thing that it hands out; none where it hands out nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tail: Option<u32>,
}
