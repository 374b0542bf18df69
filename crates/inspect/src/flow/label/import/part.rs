//! What modules, and the values that they make, have under a name.

use super::{Stand, limit, note};
use crate::flow::Analysis;
use crate::ir::{ExprId, Language, Program, ScopeId, SymbolId};
use crate::pure::FileId;
use std::rc::Rc;

impl Analysis<'_> {
    /// What things have under a name.
    pub(super) fn named_of(&mut self, of: &[Stand], name: &str, level: u8) -> Rc<[Stand]> {
        let mut found = Vec::new();
        for stand in of.iter().copied() {
            match stand {
                Stand::Module(target) => self.note_exported(target, name, level, &mut found),
                Stand::Value(target, value) => {
                    self.note_part(target, value, name, level, &mut found);
                }
                Stand::Variable(target, symbol) => {
                    self.note_part_of_variable(target, symbol, name, level, &mut found);
                }
                Stand::Within(..) => note(&mut found, &Some([stand].into())),
            }
        }
        found.into()
    }

    /// Something of a value that a module makes.
    fn note_part(
        &mut self,
        file: FileId,
        value: ExprId,
        name: &str,
        level: u8,
        found: &mut Vec<Stand>,
    ) {
        let Some(program) = self.program(file) else {
            return;
        };
        match self.parts(&program, file, value, name) {
            Some(parts) => {
                for part in parts {
                    self.note_value(&program, file, part, level, found);
                }
            }
            None => note(found, &Some([Stand::Within(file, value)].into())),
        }
    }

    /// The same of a variable.
    fn note_part_of_variable(
        &mut self,
        file: FileId,
        symbol: SymbolId,
        name: &str,
        level: u8,
        found: &mut Vec<Stand>,
    ) {
        let Some(program) = self.program(file) else {
            return;
        };
        if let Some(parts) = self.parts_of_variable(&program, file, symbol, name) {
            for part in parts {
                self.note_value(&program, file, part, level, found);
            }
            return;
        }
        for value in program.symbol(symbol).values.iter().take(limit::VALUES) {
            note(found, &Some([Stand::Within(file, *value)].into()));
        }
    }

    /// What an expression of another module stands for: itself, unless that is imported too.
    fn note_value(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        value: ExprId,
        level: u8,
        found: &mut Vec<Stand>,
    ) {
        match self.stands(program, file, value, None, level) {
            Some(stands) => note(found, &Some(stands)),
            None => note(found, &Some([Stand::Value(file, value)].into())),
        }
    }

    /// What a module hands out under a name.
    fn note_exported(&mut self, target: FileId, name: &str, level: u8, found: &mut Vec<Stand>) {
        let key = (target, Rc::from(name));
        if let Some(known) = self.imports.named.get(&key) {
            note(found, &Some(Rc::clone(known)));
            return;
        }
        let left = self.imports.steps.checked_sub(1);
        let Some(left) = left.filter(|_| !self.imports.open_names.contains(&key)) else {
            self.imports.cut = true;
            return;
        };
        let Some(program) = self.program(target) else {
            return;
        };
        self.imports.steps = left;
        self.imports.open_names.push(key.clone());
        let outer = std::mem::take(&mut self.imports.cut);
        let mut own = Vec::new();
        match program.language {
            Language::Python => self.note_name(&program, target, name, level, &mut own),
            Language::JavaScript => {
                self.note_exported_here(&program, target, name, level, &mut own);
            }
            Language::Rust => {}
        }
        self.imports.open_names.pop();
        let own: Rc<[Stand]> = own.into();
        // What was cut off says nothing of what is asked from elsewhere.
        if !self.imports.cut {
            self.imports.named.insert(key, Rc::clone(&own));
        }
        self.imports.cut |= outer;
        note(found, &Some(own));
    }

    pub(super) fn note_exported_here(
        &mut self,
        program: &Rc<Program>,
        target: FileId,
        name: &str,
        level: u8,
        found: &mut Vec<Stand>,
    ) {
        let before = found.len();
        let exported = self.exported(program, target);
        for (value, function) in exported.under(name) {
            if self.hands_out(target, *function) {
                self.note_value(program, target, *value, level, found);
            }
        }
        let mut wholes = Vec::new();
        for (value, function) in &exported.wholes {
            if self.hands_out(target, *function) {
                self.note_value(program, target, *value, level, &mut wholes);
            }
        }
        // A module of the old kind is its own default.
        if name == "default" && found.len() == before && !program.es_module {
            match wholes.is_empty() {
                true => note(found, &Some([Stand::Module(target)].into())),
                false => note(found, &Some(wholes.into())),
            }
            return;
        }
        for (value, function) in &exported.copied {
            if self.hands_out(target, *function) {
                self.note_value(program, target, *value, level, &mut wholes);
            }
        }
        for stand in self.named_of(&wholes, name, level).iter() {
            note(found, &Some([*stand].into()));
        }
        if name != "default" && level < limit::LEVELS {
            for specifier in exported.modules.iter().take(limit::MODULES) {
                if let Some(inner) = self.package.resolves(target, program.name(*specifier)) {
                    self.note_exported(inner, name, level + 1, found);
                }
            }
        }
        if found.len() == before {
            for (file, value) in self.put_in_a_roundabout_way(target, name).iter() {
                if let Some(program) = self.program(*file) {
                    self.note_value(&program, *file, *value, level, found);
                }
            }
        }
    }

    /// What is put onto what a module hands out by functions that define and copy.
    fn put_in_a_roundabout_way(&mut self, file: FileId, name: &str) -> Rc<[(FileId, ExprId)]> {
        let key = (file, Rc::from(name));
        if let Some(known) = self.imports.put.get(&key) {
            return Rc::clone(known);
        }
        let found: Rc<[(FileId, ExprId)]> = self.put_on_exports(file, name).into();
        self.imports.put.insert(key, Rc::clone(&found));
        found
    }

    /// What a module of Python has under a name: a variable, or what is imported into it.
    fn note_name(
        &mut self,
        program: &Rc<Program>,
        target: FileId,
        name: &str,
        level: u8,
        found: &mut Vec<Stand>,
    ) {
        let Some((file, symbol)) = self.by_name(program, target, name, &mut Vec::new()) else {
            let is_package = self.package.file(target).path.ends_with("__init__.py");
            let below = self.package.resolves(target, &format!(".{name}"));
            if let Some(below) = below.filter(|below| is_package && *below != target) {
                note(found, &Some([Stand::Module(below)].into()));
            }
            return;
        };
        let Some(program) = self.program(file) else {
            return;
        };
        let values = program.symbol(symbol).values.clone();
        match self.each(&program, file, &values, None, level) {
            Some(stands) => note(found, &Some(stands)),
            None => note(found, &Some([Stand::Variable(file, symbol)].into())),
        }
    }

    fn by_name(
        &mut self,
        program: &Rc<Program>,
        target: FileId,
        name: &str,
        seen: &mut Vec<FileId>,
    ) -> Option<(FileId, SymbolId)> {
        if seen.contains(&target) || seen.len() >= limit::MODULES {
            return None;
        }
        seen.push(target);
        let atom = program.atom(name);
        let symbol = atom.and_then(|atom| program.declared.get(&(ScopeId(0), atom)).copied());
        match symbol {
            Some(symbol) => Some((target, symbol)),
            None => self.by_stars(program, target, name, seen),
        }
    }

    pub(super) fn by_stars(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        name: &str,
        seen: &mut Vec<FileId>,
    ) -> Option<(FileId, SymbolId)> {
        for star in program.stars.iter().take(limit::MODULES) {
            let target = self.package.resolves(file, program.name(*star));
            let Some((target, inner)) = target.and_then(|id| Some((id, self.program(id)?))) else {
                continue;
            };
            if let Some(found) = self.by_name(&inner, target, name, seen) {
                return Some(found);
            }
        }
        None
    }
}
