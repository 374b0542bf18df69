//! WebAssembly: sections in a row; of these imports, exports, the start function and how
//! even the code is.

use super::{BROKEN, Reading};

/// Reads a WebAssembly module.
pub(super) fn read(bytes: &[u8], reading: &mut Reading) {
    reading.architectures.insert("wasm".to_owned());
    // The version of a module, and its layer: 1, and 0.
    if bytes.get(4..8) != Some(&[1, 0, 0, 0]) {
        reading.untold("it is a component, or of another version");
        return;
    }
    let mut file = Cursor { bytes, at: 8 };
    while !file.is_done() {
        let Some((id, section)) = file.section() else {
            reading.untold(BROKEN);
            return;
        };
        let mut section = Cursor {
            bytes: section,
            at: 0,
        };
        let whole = match id {
            2 => imports(&mut section, reading),
            7 => exports(&mut section, reading),
            8 => {
                reading.init = true;
                Some(())
            }
            10 => {
                reading.code.add(section.bytes);
                Some(())
            }
            _ => Some(()),
        };
        if whole.is_none() {
            reading.untold(BROKEN);
        }
    }
}

fn imports(section: &mut Cursor<'_>, reading: &mut Reading) -> Option<()> {
    for _ in 0..section.number()? {
        if reading.needs.is_full() {
            return Some(());
        }
        let module = section.name()?;
        let name = section.name()?;
        match section.byte()? {
            // A function.
            0 => {
                section.number()?;
            }
            // A table of functions.
            1 => {
                section.value_type()?;
                section.limits()?;
            }
            // Memory.
            2 => section.limits()?,
            // A variable.
            3 => {
                section.value_type()?;
                section.byte()?;
            }
            // An exception.
            4 => {
                section.byte()?;
                section.number()?;
            }
            _ => return None,
        }
        // Go's modules call JavaScript by names that they make themselves.
        if matches!(module, b"go" | b"gojs") {
            reading.untold("it reaches JavaScript by names that it makes itself");
        }
        reading.needs.import_of(module, name);
    }
    Some(())
}

fn exports(section: &mut Cursor<'_>, reading: &mut Reading) -> Option<()> {
    for _ in 0..section.number()? {
        if reading.needs.is_full() {
            return Some(());
        }
        let name = section.name()?;
        reading.needs.export(name);
        section.byte()?;
        section.number()?;
    }
    Some(())
}

/// A place in bytes.
struct Cursor<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Cursor<'b> {
    fn is_done(&self) -> bool {
        self.at >= self.bytes.len()
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn take(&mut self, length: u64) -> Option<&'b [u8]> {
        let length = usize::try_from(length).ok()?;
        let end = self.at.checked_add(length)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    /// A number in groups of seven bits, the last one without the eighth.
    fn number(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn name(&mut self) -> Option<&'b [u8]> {
        let length = self.number()?;
        self.take(length)
    }

    fn section(&mut self) -> Option<(u8, &'b [u8])> {
        let id = self.byte()?;
        let length = self.number()?;
        Some((id, self.take(length)?))
    }

    /// A type of values: one byte, but references to a kind name that kind.
    fn value_type(&mut self) -> Option<()> {
        if matches!(self.byte()?, 0x63 | 0x64) {
            self.number()?;
        }
        Some(())
    }

    fn limits(&mut self) -> Option<()> {
        let flags = self.byte()?;
        self.number()?;
        if flags & 1 != 0 {
            self.number()?;
        }
        // The size of a page, where it is another one.
        if flags & 8 != 0 {
            self.number()?;
        }
        Some(())
    }
}
