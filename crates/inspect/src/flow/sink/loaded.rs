//! Modules that are loaded: what was put where they are looked for, and code in their addresses.

use super::code::short;
use crate::flow::cells::IMPORT;
use crate::flow::child::Effect;
use crate::flow::label::call::joins_paths;
use crate::flow::label::{Label, Step};
use crate::flow::possible::EVERY;
use crate::flow::{Analysis, Site};
use crate::ir::{Expr, ExprId, Language, Program, Span};
use crate::know;
use crate::package::{folder, join};
use crate::pure::{FileId, HOLE, HOLE_START, Value};
use crate::unpack::plain;
use customs_model::{Mark, SinkKind, SourceKind, Target, Zone};
use std::rc::Rc;

impl Analysis<'_> {
    pub(super) fn loaded(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        specifier: ExprId,
        zone: Zone,
        path: &str,
    ) {
        let text = self.fold_text(site.file, specifier, None);
        if !text.is_empty() {
            self.cells.run(&text, path, zone, site.file, site.expr);
        }
        if program.language == Language::JavaScript && self.cells.writes() {
            for place in self.places_beside(site.file, &text) {
                self.cells.run(&place, path, zone, site.file, site.expr);
            }
        }
        if program.language == Language::Python && self.cells.writes_own() {
            for place in self.module_places(site.file, &text) {
                self.cells.run(&place, path, zone, site.file, site.expr);
            }
        }
        if program.language == Language::Python {
            self.loaded_from_elsewhere(program, site, &text, zone);
        }
        // A path that a caller or an event gives.
        for place in self.possible(site.file, specifier, 0) {
            let known = place
                .any_text()
                .filter(|place| **place != text && !place.contains(HOLE) && !place.contains(EVERY));
            if let Some(place) = known {
                self.cells.run(place, path, zone, site.file, site.expr);
            }
        }
        // A path is looked up, and nothing is loaded yet.
        if path == "require.resolve" {
            return;
        }
        let labels = self.labels(site.file, specifier, None);
        // The name of a module that came from outside, or was hidden.
        for label in labels
            .iter()
            .filter(|label| label.kind == SourceKind::Remote)
        {
            // An address may hold the code itself; `require` takes none.
            let target = match path != "import()" && self.names_a_file(label) {
                true => Target::Constant("a file of this machine".to_owned()),
                false => Target::Opaque,
            };
            self.flow(
                label,
                SinkKind::Module,
                path,
                target,
                zone,
                site.file,
                site.expr,
                Vec::new(),
            );
        }
        // Some of those that run JavaScript load what lies at an address.
        if path == "import()" && (text.starts_with("https://") || text.starts_with("http://")) {
            let host = know::place_of(&text).unwrap_or_default();
            let name = format!("the answer of {host}");
            let label = self.label_at(SourceKind::Remote, &name, site);
            self.flow(
                &label,
                SinkKind::DynamicCode,
                path,
                Target::Constant(name),
                zone,
                site.file,
                site.expr,
                Vec::new(),
            );
        }
        if let Some(code) = crate::pure::data_url(&text) {
            let place = self.place_of(site.file, site.expr);
            let labels = self.memo.nothing();
            let (target, marks) = match self.child(&code, program.language, zone, place, &labels) {
                Effect::Nothing => return,
                Effect::Beyond => (Target::Constant(short(&code)), vec![Mark::HiddenEffect]),
                Effect::NotRead => (Target::Opaque, Vec::new()),
            };
            let label = self.label_at(SourceKind::Decoded, "a data: address", site);
            self.flow(
                &label,
                SinkKind::DynamicCode,
                path,
                target,
                zone,
                site.file,
                site.expr,
                marks,
            );
        }
    }

    /// Whether what came from outside is a part of a path in a folder that it does not choose: it
    /// says which file is loaded, and not what stands in it. What was written to the file is told by
    /// itself.
    fn names_a_file(&mut self, label: &Label) -> bool {
        let mut at = Some(Rc::clone(&label.trail));
        while let Some(trail) = at {
            if matches!(trail.step, Step::Through(_)) && self.is_joined(trail.file, trail.span) {
                return true;
            }
            at = trail.before.clone();
        }
        false
    }

    /// Whether a call at a place joins paths, and the first of them did not come from outside.
    fn is_joined(&mut self, file: FileId, span: Span) -> bool {
        let Some(program) = self.program(file) else {
            return false;
        };
        let mut calls = program.calls.iter().map(|(call, _)| *call);
        let Some(call) = calls.find(|call| program.span(*call) == span) else {
            return false;
        };
        let Expr::Call { callee, args, .. } = program.expr(call) else {
            return false;
        };
        let [first, _, ..] = program.list(args) else {
            return false;
        };
        let joins = matches!(self.look_at(file, callee, None), Value::Native(native) if joins_paths(&native.path));
        joins
            && !self
                .labels(file, *first, None)
                .iter()
                .any(|label| label.kind == SourceKind::Remote)
    }

    /// What a file imports by name can be what was put beside it before.
    pub(super) fn imported(&mut self, program: &Program, file: FileId, zone: Zone) {
        if program.language == Language::JavaScript {
            self.imported_as_data(program, file, zone);
        }
        if program.language != Language::Python {
            return;
        }
        self.imported_from_elsewhere(program, file, zone);
        if !self.cells.writes_own() {
            return;
        }
        for (specifier, _) in &program.imports {
            let found = program
                .exprs
                .iter()
                .position(|expr| *expr == Expr::Module(*specifier));
            let Some(at) = found else {
                continue;
            };
            for place in self.module_places(file, program.name(*specifier)) {
                let expr = ExprId(at as u32);
                self.cells.run(&place, IMPORT, zone, file, expr);
            }
        }
    }

    /// `import 'data:text/javascript,…'`: code in an address, which runs as it is imported.
    fn imported_as_data(&mut self, program: &Program, file: FileId, zone: Zone) {
        let imports = program.imports.iter();
        let hidden = imports.filter_map(|(specifier, span)| {
            let code = crate::pure::data_url(program.name(*specifier))?;
            Some((code, *span))
        });
        for (code, span) in hidden.collect::<Vec<_>>() {
            let place = self.place(file, span);
            self.child_in(file, &code, program.language, zone, place);
        }
    }

    /// Where node looks for what lies beside a file: `require('./x')`.
    fn places_beside(&self, file: FileId, specifier: &str) -> Vec<String> {
        if !specifier.starts_with("./") && !specifier.starts_with("../") {
            return Vec::new();
        }
        let here = folder(&self.package.file(file).path);
        let inner = plain(&join(here, specifier));
        ["", ".js", ".cjs", ".mjs", "/index.js"]
            .iter()
            .map(|ending| format!("{HOLE_START}package/{inner}{ending}"))
            .collect()
    }

    /// Where Python looks for a module of the package's own.
    fn module_places(&self, file: FileId, name: &str) -> Vec<String> {
        let here = &self.package.file(file).path;
        let dots = name.len() - name.trim_start_matches('.').len();
        let inner = name.trim_start_matches('.').replace('.', "/");
        if inner.is_empty()
            || !inner
                .chars()
                .all(|c| c.is_alphanumeric() || "_/".contains(c))
        {
            return Vec::new();
        }
        let mut base = if dots == 0 { "" } else { folder(here) };
        for _ in 1..dots {
            base = folder(base);
        }
        let mut bases = vec![base];
        if dots == 0 {
            bases.extend(["src", "lib"].iter().filter(|top| {
                here.strip_prefix(**top)
                    .is_some_and(|rest| rest.starts_with('/'))
            }));
        }
        bases
            .into_iter()
            .map(|base| format!("{HOLE_START}package/{}.py", join(base, &inner)))
            .collect()
    }
}

#[cfg(test)]
mod tests;
