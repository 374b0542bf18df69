//! Programs and libraries of the machine, and WebAssembly: what their own tables say that
//! they need from outside. No instruction is read, and nothing is run.
//!
//! A table is read where the system's loader reads it, not where tools look for it: an
//! ELF file may do without its section headers. What cannot be read is said, and is never
//! shown as needing nothing.

mod ability;
mod code;
mod elf;
mod gather;
mod macho;
mod needs;
mod pe;
#[cfg(test)]
mod tests;
mod wasm;

pub use gather::{binaries, has_sources};

use code::Code;
use customs_model::{Ability, BinaryKind};
use needs::Needs;
use std::collections::BTreeSet;

/// What a binary needs from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binary {
    /// What it is.
    pub kind: BinaryKind,
    /// For which machine; several names for a file that holds several.
    pub architecture: String,
    /// The names that it imports, sorted, each once.
    pub imports: Vec<String>,
    /// The libraries that it asks for, sorted, each once.
    pub libraries: Vec<String>,
    /// What the imports say that it can do.
    pub abilities: BTreeSet<Ability>,
    /// Something of it runs as soon as it is loaded.
    pub init: bool,
    /// Its code is as even as what is compressed or encrypted.
    pub packed: bool,
    /// Its imports do not tell what it can do, because …
    pub untold: Option<&'static str>,
}

/// Reads a binary; none when the bytes are something else. The answer comes for any bytes.
pub fn read(bytes: &[u8]) -> Option<Binary> {
    let kind = kind(bytes)?;
    let mut reading = Reading::default();
    match kind {
        BinaryKind::Elf => elf::read(bytes, &mut reading),
        BinaryKind::Pe => pe::read(bytes, &mut reading),
        BinaryKind::MachO => macho::read(bytes, &mut reading),
        BinaryKind::Wasm => wasm::read(bytes, &mut reading),
    }
    Some(reading.finish(kind))
}

/// What a binary is, by its first bytes.
pub fn kind(bytes: &[u8]) -> Option<BinaryKind> {
    let head = *bytes.first_chunk::<4>()?;
    match head {
        [0x7f, b'E', b'L', b'F'] => Some(BinaryKind::Elf),
        [0, b'a', b's', b'm'] => Some(BinaryKind::Wasm),
        [0xfe, 0xed, 0xfa, 0xce | 0xcf] | [0xce | 0xcf, 0xfa, 0xed, 0xfe] => {
            Some(BinaryKind::MachO)
        }
        // Java's classes begin with the same four bytes as what holds several machines;
        // they count from 45 where that counts its few machines.
        [0xca, 0xfe, 0xba, 0xbe | 0xbf] => {
            let count = u32::from_be_bytes(*bytes.get(4..)?.first_chunk::<4>()?);
            (count < 45).then_some(BinaryKind::MachO)
        }
        [b'M', b'Z', ..] => {
            let at = u32::from_le_bytes(*bytes.get(0x3c..)?.first_chunk::<4>()?);
            let mark = bytes.get(at as usize..)?.first_chunk::<4>()?;
            (mark == b"PE\0\0").then_some(BinaryKind::Pe)
        }
        _ => None,
    }
}

/// Whether a text is the beginning of a native binary in base64 or in hexadecimal digits.
pub fn encodes(text: &str) -> bool {
    const BEGINNINGS: [&str; 9] = [
        "f0VMRgE",
        "f0VMRgI",
        "TVqQAAMAAAA",
        "TVpQAAIAAAA",
        "z/rt/g",
        "7f454c4601",
        "7f454c4602",
        "4d5a90000300",
        "cffaedfe",
    ];
    // Something as short is no program.
    text.len() > 256
        && BEGINNINGS.iter().any(|beginning| {
            text.get(..beginning.len())
                .is_some_and(|head| head == *beginning || hex(head) == *beginning)
        })
}

/// Hexadecimal digits in small letters; what holds other letters stays as it is.
fn hex(text: &str) -> String {
    if text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        text.to_ascii_lowercase()
    } else {
        text.to_owned()
    }
}

/// What a reader has found so far.
#[derive(Debug, Default)]
struct Reading {
    architectures: BTreeSet<String>,
    needs: Needs,
    code: Code,
    init: bool,
    untold: Option<&'static str>,
}

impl Reading {
    /// Says that the imports do not tell what it can do. The first reason stays.
    fn untold(&mut self, because: &'static str) {
        self.untold.get_or_insert(because);
    }

    fn finish(mut self, kind: BinaryKind) -> Binary {
        if let Some(because) = self.needs.cut() {
            self.untold(because);
        }
        let packed = self.code.is_packed();
        if packed {
            self.untold("its code is packed");
        }
        let (imports, libraries, abilities) = self.needs.lists();
        Binary {
            kind,
            architecture: self
                .architectures
                .into_iter()
                .collect::<Vec<_>>()
                .join(", "),
            imports,
            libraries,
            abilities,
            init: self.init,
            packed,
            untold: self.untold,
        }
    }
}

/// Why nothing is known of a file whose tables lead nowhere.
const BROKEN: &str = "its tables cannot be read";
