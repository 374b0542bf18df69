//! Modules of Python that are found in folders which a file adds to where they are looked for:
//! `sys.path.insert(0, folder)`.

use crate::flow::cells::IMPORT;
use crate::flow::{Analysis, Site};
use crate::ir::{Expr, ExprId, Program};
use crate::pure::{FileId, Surroundings as _};
use customs_model::Zone;
use std::rc::Rc;

/// Folders that are looked at, and calls of a file.
const FOLDERS: usize = 8;
const CALLS: usize = 1 << 12;

impl Analysis<'_> {
    /// What a file imports by name can be what was written into such a folder before.
    pub(super) fn imported_from_elsewhere(&mut self, program: &Program, file: FileId, zone: Zone) {
        if !self.cells.writes() {
            return;
        }
        let folders = self.folders_searched(program, file);
        if folders.is_empty() {
            return;
        }
        let modules = program.exprs.iter().enumerate();
        let modules: Vec<(ExprId, String)> = modules
            .filter_map(|(at, expr)| match expr {
                Expr::Module(name) => Some((ExprId(at as u32), program.name(*name).to_owned())),
                _ => None,
            })
            .collect();
        for (expr, name) in modules {
            if self.package.resolve(file, &name).is_none() && !name.starts_with('.') {
                for folder in folders.iter() {
                    let place = format!("{folder}/{}.py", name.replace('.', "/"));
                    self.cells.run(&place, IMPORT, zone, file, expr);
                }
            }
        }
    }

    /// The same for a module that a call loads: `__import__("a")`.
    pub(super) fn loaded_from_elsewhere(
        &mut self,
        program: &Program,
        site: Site,
        name: &str,
        zone: Zone,
    ) {
        let is_name = name
            .chars()
            .all(|c| c.is_alphanumeric() || "_.".contains(c));
        if !is_name || name.starts_with('.') || !self.cells.writes() {
            return;
        }
        for folder in self.folders_searched(program, site.file).iter() {
            let place = format!("{folder}/{}.py", name.replace('.', "/"));
            self.cells.run(&place, IMPORT, zone, site.file, site.expr);
        }
    }

    /// The folders that a file adds.
    fn folders_searched(&mut self, program: &Program, file: FileId) -> Rc<[String]> {
        if let Some(known) = self.python.folders.get(&file) {
            return Rc::clone(known);
        }
        let found: Rc<[String]> = self.folders_added(program, file).into();
        self.python.folders.insert(file, Rc::clone(&found));
        found
    }

    fn folders_added(&mut self, program: &Program, file: FileId) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for (call, _) in program.calls.iter().take(CALLS) {
            let Expr::Call { callee, args, .. } = program.expr(*call) else {
                continue;
            };
            let Expr::Member(list, method) = program.expr(callee) else {
                continue;
            };
            let is_added = matches!(program.name(method), "append" | "insert")
                && matches!(program.expr(list), Expr::Member(_, name) if program.name(name) == "path");
            if !is_added || self.machine.fold(file, list).path() != Some("sys.path") {
                continue;
            }
            let Some(folder) = program.list(args).last() else {
                continue;
            };
            let folder = self.machine.fold(file, *folder);
            if let Some(folder) = folder.any_text()
                && found.len() < FOLDERS
                && !folder.is_empty()
            {
                found.push(folder.trim_end_matches('/').to_owned());
            }
        }
        found
    }
}
