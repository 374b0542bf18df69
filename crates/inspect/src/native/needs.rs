//! What a binary asks for, collected within bounds.

use super::ability;
use crate::limit::native;
use customs_model::Ability;
use std::collections::BTreeSet;

/// Names and libraries that a binary asks for.
#[derive(Debug, Default)]
pub(super) struct Needs {
    imports: BTreeSet<String>,
    libraries: BTreeSet<String>,
    abilities: BTreeSet<Ability>,
    looked_at: usize,
    bytes: usize,
    faults: usize,
    over: bool,
}

impl Needs {
    /// Notes a function or variable of the system.
    pub fn import(&mut self, name: &[u8]) {
        let name = shortened(name);
        let abilities = ability::of_native(&name);
        self.named(name, abilities);
    }

    /// Notes what a WebAssembly module asks its host for.
    pub fn import_of(&mut self, module: &[u8], name: &[u8]) {
        let (module, name) = (shortened(module), shortened(name));
        let ability = ability::of_wasm(&module, &name);
        self.named(format!("{module}.{name}"), ability);
    }

    /// Notes what a binary gives to others, which may say what it is.
    pub fn export(&mut self, name: &[u8]) {
        self.count(name.len());
        if ability::mines(&shortened(name)) {
            self.abilities.insert(Ability::Mines);
        }
    }

    /// Notes a library.
    pub fn library(&mut self, name: &[u8]) {
        let name = shortened(name);
        self.count(name.len());
        if self.libraries.len() < native::LIBRARIES {
            self.abilities.extend(ability::of_library(&name));
            self.libraries.insert(name);
        }
    }

    /// Notes an entry that leads nowhere.
    pub fn fault(&mut self) {
        self.faults += 1;
    }

    /// Counts an entry that was looked at and asks for nothing.
    pub fn passed(&mut self) {
        self.count(0);
    }

    /// Whether enough was read: a reader stops.
    pub fn is_full(&self) -> bool {
        self.looked_at >= native::LOOKED_AT
            || self.bytes >= native::NAME_BYTES
            || self.faults >= native::FAULTS
    }

    /// Nothing is asked for at all.
    pub fn is_empty(&self) -> bool {
        self.imports.is_empty() && self.libraries.is_empty()
    }

    /// Why what was collected is not all of it.
    pub fn cut(&self) -> Option<&'static str> {
        if self.faults > 0 {
            Some("a part of its tables cannot be read")
        } else if self.over || self.is_full() {
            Some("it asks for more than is read")
        } else {
            None
        }
    }

    /// Imports, libraries, abilities.
    pub fn lists(self) -> (Vec<String>, Vec<String>, BTreeSet<Ability>) {
        (
            self.imports.into_iter().collect(),
            self.libraries.into_iter().collect(),
            self.abilities,
        )
    }

    fn named(&mut self, name: String, ability: Option<Ability>) {
        self.count(name.len());
        if name.is_empty() {
            return;
        }
        self.abilities.extend(ability);
        if self.imports.len() < native::IMPORTS {
            self.imports.insert(name);
        } else if !self.imports.contains(&name) {
            self.over = true;
        }
    }

    fn count(&mut self, bytes: usize) {
        self.looked_at += 1;
        self.bytes += bytes;
    }
}

/// A name as text, no longer than names are.
fn shortened(name: &[u8]) -> String {
    let name = &name[..name.len().min(native::NAME)];
    String::from_utf8_lossy(name).into_owned()
}

/// The name that begins at a place and ends before a NUL, no longer than names are; none
/// outside of the bytes.
pub(super) fn name_at(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let rest = bytes.get(at..)?;
    let rest = &rest[..rest.len().min(native::NAME)];
    let end = memchr::memchr(0, rest).unwrap_or(rest.len());
    Some(&rest[..end])
}
