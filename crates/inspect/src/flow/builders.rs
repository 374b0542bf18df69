//! Builders of other languages that code is handed to: CMake in a build script, cargo in a
//! `setup.py`.

use super::reach::Queue;
use super::{Analysis, Site};
use crate::cargo;
use crate::ir::{Expr, ExprId, Language, Program};
use crate::package::{folder, join};
use crate::pure::{FileId, HOLE_START, Value};
use crate::unpack::plain;
use customs_model::Zone;
use std::rc::Rc;

impl Analysis<'_> {
    /// What a call of a builder runs of the package.
    #[allow(clippy::too_many_arguments, reason = "one step of a walk")]
    pub(super) fn builds(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        path: &str,
        value: &Value,
        args: &[ExprId],
        zone: Zone,
        queue: &mut Queue,
    ) {
        if zone != Zone::Install {
            return;
        }
        match program.language {
            Language::Rust => {
                let of = match path {
                    "cmake.build" => args.first().map(|arg| (site.file, *arg)),
                    _ if path.starts_with("cmake.Config.new()") && path.ends_with(".build") => {
                        self.made_with(value)
                    }
                    _ => None,
                };
                if let Some((file, arg)) = of {
                    self.built_by_cmake(site, file, arg, zone, queue);
                }
            }
            Language::Python => {
                if matches!(
                    path,
                    "setuptools_rust.RustExtension" | "setuptools_rust.RustBin"
                ) {
                    self.built_by_cargo(program, site, args, zone, queue);
                }
            }
            Language::JavaScript => {}
        }
    }

    /// The first argument of the call that made a value.
    fn made_with(&self, value: &Value) -> Option<(FileId, ExprId)> {
        let Value::Native(native) = value else {
            return None;
        };
        let (file, made) = native.made_at?;
        let program = self.program(file)?;
        let Expr::Call { args, .. } = program.expr(made) else {
            return None;
        };
        program.list(args).first().map(|arg| (file, *arg))
    }

    fn built_by_cmake(
        &mut self,
        site: Site,
        file: FileId,
        source: ExprId,
        zone: Zone,
        queue: &mut Queue,
    ) {
        let Some(text) = self.machine.fold(file, source).as_text() else {
            return;
        };
        let here = folder(&self.package.file(site.file).path).to_owned();
        let inside = match text.strip_prefix("\u{fdd0}package") {
            Some(inside) => inside.replace('\u{fdd1}', ""),
            None => text,
        };
        if inside.contains(HOLE_START) || inside.contains(['\'', '"']) {
            return;
        }
        let source = plain(&join(&here, inside.trim_start_matches('/')));
        let place = self.place_of(site.file, site.expr);
        let line = format!("cmake -S '{source}/'");
        for reached in self.command_line(&line, zone, site.file, "", &place, "cmake") {
            self.enter_file(reached, zone, true, queue);
        }
    }

    fn built_by_cargo(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        args: &[ExprId],
        zone: Zone,
        queue: &mut Queue,
    ) {
        let named = args.iter().find_map(|arg| match program.expr(*arg) {
            Expr::Keywords(entries) => program
                .list(entries)
                .chunks_exact(2)
                .find(|pair| program.text(pair[0]) == Some("path"))
                .map(|pair| pair[1]),
            _ => None,
        });
        let counted = args.get(1).copied();
        let counted = counted.filter(|arg| !matches!(program.expr(*arg), Expr::Keywords(_)));
        let path = match named.or(counted) {
            Some(path) => match self.machine.fold(site.file, path).known_text() {
                Some(path) => path.to_owned(),
                None => return,
            },
            None => "Cargo.toml".to_owned(),
        };
        let Some(inside) = path.strip_suffix("Cargo.toml") else {
            return;
        };
        let inside = plain(inside.trim_end_matches('/'));
        for file in cargo::run_by_build(self.package, &inside) {
            self.enter_file(file, zone, true, queue);
        }
    }
}
