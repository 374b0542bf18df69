//! ELF, as the loader of Linux reads it: by program headers alone. Section headers may
//! be missing or wrong, and a file is loaded all the same.

use super::needs::name_at;
use super::{BROKEN, Reading};
use crate::limit::native;

/// Entries of tables, by their numbers in the format.
mod number {
    pub const RELOCATABLE: u16 = 1;
    pub const LOAD: u32 = 1;
    pub const DYNAMIC: u32 = 2;
    pub const RUNS: u32 = 1;
    pub const NEEDED: u64 = 1;
    pub const PLT_SIZE: u64 = 2;
    pub const HASH: u64 = 4;
    pub const STRINGS: u64 = 5;
    pub const SYMBOLS: u64 = 6;
    pub const RELA: u64 = 7;
    pub const RELA_SIZE: u64 = 8;
    pub const REL: u64 = 17;
    pub const REL_SIZE: u64 = 18;
    pub const PLT_KIND: u64 = 20;
    pub const PLT: u64 = 23;
    pub const INIT_SIZE: u64 = 27;
    pub const EARLY_INIT_SIZE: u64 = 33;
    pub const GNU_HASH: u64 = 0x6fff_fef5;
    pub const MIPS: u16 = 8;
}

/// A file and how its numbers are written.
struct Elf<'b> {
    bytes: &'b [u8],
    wide: bool,
    big: bool,
    machine: u16,
    loads: Vec<Load>,
}

/// A part that is put into memory.
struct Load {
    offset: u64,
    address: u64,
    length: u64,
}

/// What the table of the dynamic linker says; addresses, sizes and counts.
#[derive(Default)]
struct Dynamic {
    needed: Vec<u64>,
    strings: Option<u64>,
    symbols: Option<u64>,
    hash: Option<u64>,
    gnu_hash: Option<u64>,
    rela: (u64, u64),
    rel: (u64, u64),
    plt: (u64, u64),
    plt_kind: u64,
    init: u64,
    early_init: u64,
}

/// Reads an ELF file.
pub(super) fn read(bytes: &[u8], reading: &mut Reading) {
    if read_whole(bytes, reading).is_none() {
        reading.untold(BROKEN);
    }
}

fn read_whole(bytes: &[u8], reading: &mut Reading) -> Option<()> {
    let wide = match bytes.get(4)? {
        1 => false,
        2 => true,
        _ => return None,
    };
    let big = match bytes.get(5)? {
        1 => false,
        2 => true,
        _ => return None,
    };
    let mut elf = Elf {
        bytes,
        wide,
        big,
        machine: 0,
        loads: Vec::new(),
    };
    elf.machine = elf.half(18)?;
    reading
        .architectures
        .insert(machine(elf.machine, wide).to_owned());
    if elf.half(16)? == number::RELOCATABLE {
        reading.untold("it is not linked");
        return Some(());
    }
    let (table, size, count) = if wide {
        (elf.word(32)?, u64::from(elf.half(54)?), elf.half(56)?)
    } else {
        (elf.word(28)?, u64::from(elf.half(42)?), elf.half(44)?)
    };
    let mut dynamic_at = None;
    for index in 0..u64::from(count).min(native::SEGMENTS) {
        let at = table.checked_add(size.checked_mul(index)?)?;
        let kind = elf.int(at)?;
        let (flags, offset, address, length) = if wide {
            (
                elf.int(at + 4)?,
                elf.word(at + 8)?,
                elf.word(at + 16)?,
                elf.word(at + 32)?,
            )
        } else {
            (
                elf.int(at + 24)?,
                elf.word(at + 4)?,
                elf.word(at + 8)?,
                elf.word(at + 16)?,
            )
        };
        match kind {
            number::LOAD => {
                if flags & number::RUNS != 0
                    && let Some(code) = elf.slice(offset, length)
                {
                    reading.code.add(code);
                }
                elf.loads.push(Load {
                    offset,
                    address,
                    length,
                });
            }
            number::DYNAMIC => dynamic_at = Some((offset, address)),
            _ => {}
        }
    }
    if let Some((offset, address)) = dynamic_at {
        // The loader reads it where it is put, whatever else the header says.
        let at = elf.place(address).unwrap_or(offset);
        let dynamic = elf.dynamic(at)?;
        elf.needs(&dynamic, reading);
    }
    if reading.needs.is_empty() {
        reading.untold("it is linked without libraries");
    }
    Some(())
}

impl<'b> Elf<'b> {
    fn slice(&self, at: u64, length: u64) -> Option<&'b [u8]> {
        let at = usize::try_from(at).ok()?;
        let rest = self.bytes.get(at..)?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        Some(&rest[..rest.len().min(length)])
    }

    fn array<const N: usize>(&self, at: u64) -> Option<[u8; N]> {
        let at = usize::try_from(at).ok()?;
        self.bytes.get(at..)?.first_chunk::<N>().copied()
    }

    fn half(&self, at: u64) -> Option<u16> {
        let bytes = self.array::<2>(at)?;
        Some(if self.big {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        })
    }

    fn int(&self, at: u64) -> Option<u32> {
        let bytes = self.array::<4>(at)?;
        Some(if self.big {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    }

    /// A number as wide as an address.
    fn word(&self, at: u64) -> Option<u64> {
        if !self.wide {
            return self.int(at).map(u64::from);
        }
        let bytes = self.array::<8>(at)?;
        Some(if self.big {
            u64::from_be_bytes(bytes)
        } else {
            u64::from_le_bytes(bytes)
        })
    }

    /// Bytes of an address.
    fn width(&self) -> u64 {
        if self.wide { 8 } else { 4 }
    }

    /// Where in the file an address is.
    fn place(&self, address: u64) -> Option<u64> {
        self.loads.iter().find_map(|load| {
            let inside = address.checked_sub(load.address)?;
            (inside < load.length).then(|| load.offset.checked_add(inside))?
        })
    }

    fn dynamic(&self, at: u64) -> Option<Dynamic> {
        let mut dynamic = Dynamic::default();
        for index in 0..native::DYNAMIC {
            let at = at.checked_add(index * 2 * self.width())?;
            // A table without an end ends with the file.
            let (Some(tag), Some(value)) =
                (self.word(at), self.word(at.saturating_add(self.width())))
            else {
                break;
            };
            match tag {
                0 => break,
                number::NEEDED if dynamic.needed.len() < native::LIBRARIES => {
                    dynamic.needed.push(value);
                }
                number::STRINGS => dynamic.strings = self.place(value),
                number::SYMBOLS => dynamic.symbols = self.place(value),
                number::HASH => dynamic.hash = self.place(value),
                number::GNU_HASH => dynamic.gnu_hash = self.place(value),
                number::RELA => dynamic.rela.0 = value,
                number::RELA_SIZE => dynamic.rela.1 = value,
                number::REL => dynamic.rel.0 = value,
                number::REL_SIZE => dynamic.rel.1 = value,
                number::PLT => dynamic.plt.0 = value,
                number::PLT_SIZE => dynamic.plt.1 = value,
                number::PLT_KIND => dynamic.plt_kind = value,
                number::INIT_SIZE => dynamic.init = value,
                number::EARLY_INIT_SIZE => dynamic.early_init = value,
                _ => {}
            }
        }
        Some(dynamic)
    }

    fn needs(&self, dynamic: &Dynamic, reading: &mut Reading) {
        // Compilers put one function of their own there.
        reading.init |= dynamic.init > self.width() || dynamic.early_init > 0;
        let Some(strings) = dynamic.strings.and_then(|at| usize::try_from(at).ok()) else {
            if !dynamic.needed.is_empty() {
                reading.needs.fault();
            }
            return;
        };
        let name = |index: u64| {
            let at = strings.checked_add(usize::try_from(index).ok()?)?;
            name_at(self.bytes, at)
        };
        for index in &dynamic.needed {
            match name(*index) {
                Some(name) => reading.needs.library(name),
                None => reading.needs.fault(),
            }
        }
        let Some(symbols) = dynamic.symbols else {
            return;
        };
        let size = if self.wide { 24 } else { 16 };
        for index in 1..self.symbol_count(dynamic) {
            if reading.needs.is_full() {
                return;
            }
            let Some(at) = symbols.checked_add(index * size) else {
                return;
            };
            let section = self.half(at.saturating_add(if self.wide { 6 } else { 14 }));
            let (Some(text), Some(section)) = (self.int(at), section) else {
                reading.needs.fault();
                return;
            };
            // What is defined here is not asked for.
            if section != 0 || text == 0 {
                reading.needs.passed();
                continue;
            }
            match name(u64::from(text)) {
                Some(name) => reading.needs.import(name),
                None => reading.needs.fault(),
            }
        }
    }

    /// How many symbols there are: as many as relocations name, because no others are
    /// bound; where there are none, as many as the tables for looking them up say.
    fn symbol_count(&self, dynamic: &Dynamic) -> u64 {
        let named = [
            self.last_symbol(dynamic.rela, true),
            self.last_symbol(dynamic.rel, false),
            self.last_symbol(dynamic.plt, dynamic.plt_kind == number::RELA),
        ]
        .into_iter()
        .max()
        .unwrap_or(0);
        let count = if named > 0 {
            named + 1
        } else {
            let hashed = dynamic.hash.and_then(|at| self.int(at.checked_add(4)?));
            let first = dynamic.gnu_hash.and_then(|at| self.int(at.checked_add(4)?));
            u64::from(hashed.max(first).unwrap_or(0))
        };
        count.min(native::LOOKED_AT as u64 + 1)
    }

    /// The last symbol that a table of relocations names.
    fn last_symbol(&self, (address, size): (u64, u64), addend: bool) -> u64 {
        let Some(start) = self.place(address).filter(|_| size > 0) else {
            return 0;
        };
        let entry = self.width() * if addend { 3 } else { 2 };
        let mut last = 0;
        for index in 0..(size / entry).min(native::RELOCATIONS) {
            let Some(info) = start
                .checked_add(index * entry + self.width())
                .and_then(|at| self.word(at))
            else {
                break;
            };
            let symbol = if !self.wide {
                info >> 8
            } else if self.machine == number::MIPS && !self.big {
                info & 0xffff_ffff
            } else {
                info >> 32
            };
            last = last.max(symbol);
        }
        last
    }
}

fn machine(number: u16, wide: bool) -> &'static str {
    match number {
        3 => "x86",
        8 => "mips",
        20 | 21 => "powerpc",
        22 => "s390x",
        40 => "arm",
        62 if wide => "x86_64",
        62 => "x32",
        183 => "aarch64",
        243 => "riscv",
        247 => "bpf",
        258 => "loongarch",
        _ => "another machine",
    }
}
