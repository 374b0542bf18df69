use super::Origin;
use siphasher::sip::{SipHasher13, SipHasher24};
use std::hash::Hasher as _;

/// What stands in front of the code (PEP 552): 16 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The number of the interpreter's format.
    pub magic: u16,
    /// What ties it to its source.
    pub binding: Binding,
}

/// What ties a compiled file to its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// The source's time (seconds, 32 bits) and size (bytes, 32 bits), as Python compares them.
    Time {
        /// Seconds since 1970, the lower 32 bits.
        modified: u32,
        /// Bytes, the lower 32 bits.
        size: u32,
    },
    /// A keyed hash of the source. Whether Python looks at it stands in a flag.
    Hash(u64),
}

/// How an interpreter's code objects are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// 3.8 to 3.10.
    Old,
    /// 3.11 to 3.14.
    New,
}

impl Header {
    /// Reads it; what stands behind it is the code.
    pub fn parse(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (head, body) = bytes.split_at_checked(16)?;
        let word = |at: usize| Some(u32::from_le_bytes(head.get(at..at + 4)?.try_into().ok()?));
        let magic = word(0)?;
        if magic >> 16 != 0x0a0d {
            return None;
        }
        let (flags, first, second) = (word(4)?, word(8)?, word(12)?);
        let binding = match flags {
            0 => Binding::Time {
                modified: first,
                size: second,
            },
            1 | 3 => Binding::Hash(u64::from(first) | u64::from(second) << 32),
            _ => return None,
        };
        let magic = (magic & 0xffff) as u16;
        Some((Self { magic, binding }, body))
    }

    /// Whether it is bound to this source.
    pub(super) fn binds(&self, origin: &Origin<'_>) -> Result<(), &'static str> {
        match self.binding {
            Binding::Time { modified, size } => {
                // Python keeps the lower 32 bits of both.
                if origin.bytes.len() as u64 & 0xffff_ffff != u64::from(size) {
                    return Err("its header names another size of its source");
                }
                match origin.modified {
                    Some(time) if (time & 0xffff_ffff) as u32 != modified => {
                        Err("its header names another time of its source")
                    }
                    _ => Ok(()),
                }
            }
            Binding::Hash(hash) => {
                if source_hashes(self.magic, origin.bytes).contains(&hash) {
                    Ok(())
                } else {
                    Err("its header names another hash of its source")
                }
            }
        }
    }

    pub(super) fn layout(&self) -> Option<Layout> {
        match self.magic {
            // 3.8 final is 3413, 3.9 is 3425, 3.10 is 3439.
            3413 | 3425 | 3439 => Some(Layout::Old),
            // 3.11 is 3495, 3.12 is 3531, 3.13 is 3571, 3.14 is 3627.
            3495 | 3531 | 3571 | 3627 => Some(Layout::New),
            _ => None,
        }
    }
}

/// SipHash 2-4 until 3.10, 1-3 since, with the whole magic number as its key.
fn source_hashes(magic: u16, source: &[u8]) -> [u64; 2] {
    let key = u64::from(magic) | 0x0a0d << 16;
    let mut old = SipHasher24::new_with_keys(key, 0);
    old.write(source);
    let mut new = SipHasher13::new_with_keys(key, 0);
    new.write(source);
    [old.finish(), new.finish()]
}
