//! PE: what Windows loads. Headers by the `object` crate; the tables of imports entry by
//! entry, each against a bound, and wherever their addresses lead.

use super::needs::name_at;
use super::{BROKEN, Reading};
use crate::limit::native;
use object::read::pe::{ImageNtHeaders, PeFile, SectionTable};
use object::{FileKind, LittleEndian, Object, pe};

/// More sections than Windows loads.
const SECTIONS: usize = 96;

/// Reads a PE file.
pub(super) fn read(bytes: &[u8], reading: &mut Reading) {
    let whole = match FileKind::parse(bytes) {
        Ok(FileKind::Pe32) => read_as::<pe::ImageNtHeaders32>(bytes, reading),
        Ok(FileKind::Pe64) => read_as::<pe::ImageNtHeaders64>(bytes, reading),
        _ => None,
    };
    if whole.is_none() {
        reading.untold(BROKEN);
    }
}

/// Where addresses are in the file, and how wide they are.
struct Image<'b> {
    bytes: &'b [u8],
    sections: SectionTable<'b>,
    base: u64,
    wide: bool,
}

fn read_as<Pe: ImageNtHeaders>(bytes: &[u8], reading: &mut Reading) -> Option<()> {
    let file: PeFile<'_, Pe> = PeFile::parse(bytes).ok()?;
    reading
        .architectures
        .insert(format!("{:?}", file.architecture()).to_ascii_lowercase());
    let image = Image {
        bytes,
        sections: file.section_table(),
        base: file.relative_address_base(),
        wide: file.is_64(),
    };
    if image.sections.len() > SECTIONS {
        return None;
    }
    for section in image.sections.iter() {
        let flags = section.characteristics.get(LittleEndian);
        if flags.contains(pe::IMAGE_SCN_MEM_EXECUTE)
            && let Ok(code) = section.pe_data(bytes)
        {
            reading.code.add(code);
        }
    }
    let directory = |index| {
        file.data_directory(index)
            .map(|entry| entry.virtual_address.get(LittleEndian))
    };
    if let Some(at) = directory(pe::IMAGE_DIRECTORY_ENTRY_IMPORT) {
        image.imports(at, reading);
    }
    if let Some(at) = directory(pe::IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT) {
        image.late_imports(at, reading);
    }
    if let Some(at) = directory(pe::IMAGE_DIRECTORY_ENTRY_TLS) {
        reading.init |= image.has_callbacks(at).unwrap_or(false);
    }
    if reading.needs.is_empty() {
        reading.untold("it is linked without libraries");
    }
    Some(())
}

impl<'b> Image<'b> {
    /// What is at an address, up to the end of its section.
    fn at(&self, address: u32) -> Option<&'b [u8]> {
        self.sections.pe_data_at(self.bytes, address)
    }

    fn int(bytes: &[u8], at: usize) -> Option<u32> {
        let bytes = bytes.get(at..)?.first_chunk::<4>()?;
        Some(u32::from_le_bytes(*bytes))
    }

    /// A number as wide as an address.
    fn word(&self, bytes: &[u8], at: usize) -> Option<u64> {
        if !self.wide {
            return Self::int(bytes, at).map(u64::from);
        }
        let bytes = bytes.get(at..)?.first_chunk::<8>()?;
        Some(u64::from_le_bytes(*bytes))
    }

    /// Libraries that are loaded with it: twenty bytes each.
    fn imports(&self, address: u32, reading: &mut Reading) {
        let Some(table) = self.at(address) else {
            reading.needs.fault();
            return;
        };
        for entry in table.chunks_exact(20).take(native::LIBRARIES) {
            let (Some(lookup), Some(name), Some(bound)) = (
                Self::int(entry, 0),
                Self::int(entry, 12),
                Self::int(entry, 16),
            ) else {
                return;
            };
            // The loader stops where there is no name or nothing to bind.
            if name == 0 || bound == 0 || reading.needs.is_full() {
                return;
            }
            // Some linkers leave the table of names out and use the other one.
            let names = if lookup == 0 { bound } else { lookup };
            self.library(name, names, reading);
        }
    }

    /// Libraries that are loaded when they are first called: thirty-two bytes each.
    fn late_imports(&self, address: u32, reading: &mut Reading) {
        let Some(table) = self.at(address) else {
            reading.needs.fault();
            return;
        };
        for entry in table.chunks_exact(32).take(native::LIBRARIES) {
            let (Some(attributes), Some(name), Some(names)) = (
                Self::int(entry, 0),
                Self::int(entry, 4),
                Self::int(entry, 16),
            ) else {
                return;
            };
            if name == 0 || reading.needs.is_full() {
                return;
            }
            // Old ones hold addresses in memory.
            let relative = |address: u32| {
                if attributes & 1 == 1 {
                    address
                } else {
                    address.wrapping_sub(self.base as u32)
                }
            };
            self.library(relative(name), relative(names), reading);
        }
    }

    /// The functions of one library.
    fn library(&self, name: u32, names: u32, reading: &mut Reading) {
        let library = match self.at(name).and_then(|bytes| name_at(bytes, 0)) {
            Some(name) => {
                reading.needs.library(name);
                String::from_utf8_lossy(name).into_owned()
            }
            None => {
                reading.needs.fault();
                String::new()
            }
        };
        let Some(table) = self.at(names) else {
            reading.needs.fault();
            return;
        };
        let width = if self.wide { 8 } else { 4 };
        let by_number = 1_u64 << (width * 8 - 1);
        for index in 0..native::LOOKED_AT {
            let Some(entry) = self.word(table, index * width) else {
                reading.needs.fault();
                return;
            };
            if entry == 0 || reading.needs.is_full() {
                return;
            }
            if entry & by_number != 0 {
                let number = (entry & 0xffff) as u16;
                match super::ability::by_number(&library, number) {
                    Some(name) => reading.needs.import(name.as_bytes()),
                    None => reading
                        .needs
                        .import(format!("{library}#{number}").as_bytes()),
                }
                continue;
            }
            // Two bytes of a hint stand in front of the name.
            let name = self
                .at((entry & 0x7fff_ffff) as u32)
                .and_then(|bytes| name_at(bytes, 2));
            match name {
                Some(name) if !name.is_empty() => reading.needs.import(name),
                _ => reading.needs.fault(),
            }
        }
    }

    /// Whether functions are called as soon as a thread begins.
    fn has_callbacks(&self, address: u32) -> Option<bool> {
        let table = self.at(address)?;
        let list = self.word(table, if self.wide { 24 } else { 12 })?;
        if list == 0 {
            return Some(false);
        }
        let list = u32::try_from(list.checked_sub(self.base)?).ok()?;
        Some(self.word(self.at(list)?, 0)? != 0)
    }
}
