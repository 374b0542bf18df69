//! Mach-O, one machine or several in a file, by the `object` crate.

use super::{BROKEN, Reading};
use crate::limit::native;
use object::read::macho::{FatArch, MachOFatFile32, MachOFatFile64};
use object::{File, FileKind, NameOrOrdinal, Object, ObjectSection, SectionKind};

/// Reads a Mach-O file.
pub(super) fn read(bytes: &[u8], reading: &mut Reading) {
    let whole = match FileKind::parse(bytes) {
        Ok(FileKind::MachO32 | FileKind::MachO64) => one(bytes, reading),
        Ok(FileKind::MachOFat32) => MachOFatFile32::parse(bytes)
            .ok()
            .and_then(|file| several(bytes, file.arches(), reading)),
        Ok(FileKind::MachOFat64) => MachOFatFile64::parse(bytes)
            .ok()
            .and_then(|file| several(bytes, file.arches(), reading)),
        _ => None,
    };
    if whole.is_none() {
        reading.untold(BROKEN);
    }
}

fn several<Arch: FatArch>(bytes: &[u8], all: &[Arch], reading: &mut Reading) -> Option<()> {
    if all.len() > native::MACHINES {
        return None;
    }
    for arch in all {
        let inner = arch.data(bytes).ok()?;
        // One that holds several holds no other such one.
        match FileKind::parse(inner) {
            Ok(FileKind::MachO32 | FileKind::MachO64) => one(inner, reading)?,
            _ => return None,
        }
    }
    Some(())
}

fn one(bytes: &[u8], reading: &mut Reading) -> Option<()> {
    let file = File::parse(bytes).ok()?;
    reading
        .architectures
        .insert(format!("{:?}", file.architecture()).to_ascii_lowercase());
    for section in file.sections().take(native::SECTIONS) {
        if section.kind() == SectionKind::Text
            && let Ok(code) = section.data()
        {
            reading.code.add(code);
        }
        reading.init |= section
            .name_bytes()
            .is_ok_and(|name| name == b"__mod_init_func" || name == b"__init_offsets");
    }
    for library in file.import_libraries().ok()?.take(native::LIBRARIES) {
        match library {
            Ok(library) => reading.needs.library(library.name()),
            Err(_) => reading.needs.fault(),
        }
        if reading.needs.is_full() {
            return Some(());
        }
    }
    for import in file.imports().ok()? {
        match import.map(|import| import.name()) {
            Ok(NameOrOrdinal::Name(name)) => reading.needs.import(name),
            Ok(NameOrOrdinal::Ordinal(_)) => reading.needs.passed(),
            Err(_) => reading.needs.fault(),
        }
        if reading.needs.is_full() {
            return Some(());
        }
    }
    if reading.needs.is_empty() {
        reading.untold("it is linked without libraries");
    }
    Some(())
}
