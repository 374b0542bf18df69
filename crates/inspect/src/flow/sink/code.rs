//! Text that becomes code.

use crate::flow::child::Effect;
use crate::flow::command::is_handed_in;
use crate::flow::label::{Label, snippet};
use crate::flow::reach::is_data_name;
use crate::flow::{Analysis, Context, Site, is_foreign};
use crate::ir::{Expr, ExprId, FuncId, Language, Program};
use crate::know;
use crate::know::Role;
use crate::pure::{FileId, HOLE_START, Value};
use customs_model::{Mark, SignKind, SinkKind, SourceKind, Target, Zone};
use std::rc::Rc;

impl Analysis<'_> {
    /// Whether it is a timer that gets no text, which browsers would run as code: a function,
    /// or whatever a caller gives for one.
    pub(super) fn only_waits(&mut self, file: FileId, path: &str, args: &[ExprId]) -> bool {
        if !matches!(path, "setTimeout" | "setInterval" | "setImmediate") {
            return false;
        }
        let Some(first) = args.first() else {
            return true;
        };
        !matches!(
            self.machine.fold(file, *first),
            Value::Text(_) | Value::Bytes(_)
        )
    }

    pub(in crate::flow) fn code_sink(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        path: &str,
        arg: ExprId,
        zone: Zone,
        context: Option<&Rc<Context>>,
    ) {
        // `exec(compile(text))`: the inner call is a sink of its own.
        if let Expr::Call { callee, .. } = program.expr(arg)
            && let Value::Native(native) = self.machine.fold(site.file, callee)
            && matches!(
                know::role(program.language, &native.path),
                Role::Code(_) | Role::CodeLast
            )
            && !matches!(&*native.path, "eval")
        {
            return;
        }
        // A file of the package that is evaluated as it stands hides nothing: it is followed
        // where it lies, and what it does is told by what it does.
        if !path.starts_with("set")
            && let Some(target) = self.machine.evaluated_at(program, site.file, site.expr)
        {
            let place = self.place_of(site.file, site.expr);
            let detail = self.package.file(target).path.clone();
            // Where Python sets a version, `exec(open("version.py").read())` is an import.
            if program.language != Language::Python || is_data_name(&detail) {
                self.sign(SignKind::CodeInData, zone, detail, place);
            }
            return;
        }
        let mut value = self.fold_value(site.file, arg, context);
        let is_own = context.is_none() || !is_handed_in(program, arg);
        // What is built up in a loop is known when the function around has run.
        if !is_clear(&value)
            && !matches!(value, Value::Function(_))
            && let Some(seen) = self.observed(program, site, arg)
            && (is_clear(&seen) || !matches!(value, Value::Text(_) | Value::Bytes(_)))
        {
            value = seen;
        } else if is_own
            && !path.starts_with("set")
            && is_computed(program, arg, &value)
            && let Some(seen) = self
                .observed(program, site, arg)
                .filter(|seen| matches!(seen, Value::Bytes(_)) || is_long(seen))
        {
            // Bodies that change what they read are right in their own order only.
            value = seen;
        }
        let mut asked = None;
        if !is_clear(&value)
            && let Some((text, name)) = self.asked_of_proxy(site, arg)
        {
            value = Value::text(&text);
            asked = Some((site.file, program.span(name)));
        }
        if matches!(value, Value::Function(_)) || matches!(program.expr(arg), Expr::Function(_)) {
            return;
        }
        // Timers with something else than a text.
        if path.starts_with("set") && !matches!(value, Value::Text(_)) {
            let labels = self.labels(site.file, arg, context);
            if !labels.iter().any(|label| is_foreign(label.kind)) {
                return;
            }
        }
        if !is_clear(&value) && is_own && !path.starts_with("set") {
            self.each_possible(program, site, arg, zone);
        }
        let labels = self.labels(site.file, arg, context);
        let text = match &value {
            Value::Text(text) => Some(text.to_string()),
            Value::Bytes(bytes) => Some(String::from_utf8_lossy(&bytes.borrow()).into_owned()),
            _ => None,
        };
        let place = self.place_of(site.file, site.expr);
        let known = text.as_deref().filter(|text| !text.contains(HOLE_START));
        let mut foreign: Vec<Label> = labels
            .iter()
            .filter(|label| is_foreign(label.kind))
            .cloned()
            .collect();
        if let Some(text) = known {
            let mut in_sight = Vec::new();
            if self.is_visible(site.file, text) {
                (foreign, in_sight) = foreign
                    .into_iter()
                    .partition(|label| label.kind == SourceKind::Remote);
            }
            let written_out = self
                .program(site.file)
                .is_some_and(|p| p.text(arg).is_some());
            if foreign.is_empty() && !written_out && !self.is_visible(site.file, text) {
                let name = snippet_of(self, site.file, arg);
                let label = match asked.or_else(|| self.origin(site.file, arg, 0)) {
                    Some((file, span)) => self.new_label(SourceKind::Decoded, &name, file, span),
                    None => self.label_at(SourceKind::Decoded, &name, site),
                };
                foreign.push(label);
            }
            self.notes_its_call(program, site, text);
            let effect = self.child_in(site.file, text, program.language, zone, place);
            self.enter_around(program, site, zone);
            // A text that is written out hides nothing.
            if !written_out {
                self.seen_through(site, path, text, &in_sight, effect, zone);
                for label in foreign
                    .iter()
                    .filter(|label| label.kind != SourceKind::Remote)
                {
                    let shown = || Target::Constant(short(text));
                    let (target, marks) = match effect {
                        Effect::Beyond => (shown(), vec![Mark::HiddenEffect]),
                        Effect::Nothing => (shown(), vec![Mark::NoEffect]),
                        // Nobody knows what it does, as where it cannot be decoded.
                        Effect::NotRead if self.is_large(site.file, label) => {
                            (Target::Opaque, vec![Mark::Large])
                        }
                        Effect::NotRead => (Target::Opaque, Vec::new()),
                    };
                    self.flow(
                        label,
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
        } else if foreign.is_empty() && self.package.hidden(site.file) > 24 {
            let label = self.label_at(SourceKind::Opaque, "text that nobody sees", site);
            self.flow(
                &label,
                SinkKind::DynamicCode,
                path,
                Target::Opaque,
                zone,
                site.file,
                site.expr,
                vec![Mark::HiddenEffect],
            );
            return;
        } else if self.machine.spent() {
            self.found.exhausted = true;
            self.unfollowed(zone);
            // In a hook that is no small thing.
            self.cut_short(zone);
            return;
        } else if foreign.is_empty()
            && text.is_none()
            && self.is_made_of_constants(program, site.file, arg)
        {
            let label = self.label_at(SourceKind::Opaque, &snippet_of(self, site.file, arg), site);
            foreign.push(label);
        }
        if known.is_none() {
            for label in &foreign {
                let mut marks = self.pinned(label, site.file, Some((site.file, site.expr)));
                if self.is_large(site.file, label)
                    || foreign
                        .iter()
                        .any(|other| other.kind == SourceKind::OwnFile)
                {
                    marks.push(Mark::Large);
                }
                let target = if label.kind == SourceKind::Remote {
                    Target::Constant(label.name.to_string())
                } else {
                    Target::Opaque
                };
                self.flow(
                    label,
                    SinkKind::DynamicCode,
                    path,
                    target,
                    zone,
                    site.file,
                    site.expr,
                    marks,
                );
            }
            if foreign.is_empty() && zone > Zone::Called {
                let place = self.place_of(site.file, site.expr);
                self.sign(SignKind::OpaqueCode, zone, path.to_owned(), place);
                let when = self.outer.zone.unwrap_or(zone);
                if text.is_none() && is_seldom_honest(program.language, when) {
                    let name = snippet_of(self, site.file, arg);
                    let label = self.label_at(SourceKind::Opaque, &name, site);
                    self.flow(
                        &label,
                        SinkKind::DynamicCode,
                        path,
                        Target::Opaque,
                        zone,
                        site.file,
                        site.expr,
                        Vec::new(),
                    );
                }
            }
        } else {
            for label in foreign
                .iter()
                .filter(|label| label.kind == SourceKind::Remote)
            {
                let marks = self.pinned(label, site.file, Some((site.file, site.expr)));
                self.flow(
                    label,
                    SinkKind::DynamicCode,
                    path,
                    Target::Constant(label.name.to_string()),
                    zone,
                    site.file,
                    site.expr,
                    marks,
                );
            }
        }
    }

    /// The text of an address that holds its code itself: `new URL('data:text/javascript,' + text)`.
    pub(super) fn in_data_address(
        &mut self,
        program: &Program,
        file: FileId,
        address: ExprId,
    ) -> Option<ExprId> {
        let text = match program.expr(address) {
            Expr::Call { callee, args, .. }
                if self.machine.fold(file, callee).path() == Some("URL") =>
            {
                *program.list(args).first()?
            }
            _ => address,
        };
        let folded = self.machine.fold(file, text);
        if folded
            .any_text()
            .is_some_and(|text| text.starts_with("data:"))
        {
            return Some(text);
        }
        self.in_blob(file, text)
    }

    /// The text of an address of what is held in memory: `URL.createObjectURL(new Blob([text]))`.
    fn in_blob(&mut self, file: FileId, address: ExprId) -> Option<ExprId> {
        let made = |value: Value, by: &str| match value {
            Value::Native(native) if &*native.path == by => native.made_at,
            _ => None,
        };
        let first = |program: &Program, call: ExprId| match program.expr(call) {
            Expr::Call { args, .. } => program.list(args).first().copied(),
            _ => None,
        };
        let folded = self.machine.fold(file, address);
        let (place, call) = made(folded, "URL.createObjectURL()").filter(|at| at.0 == file)?;
        let program = self.program(place)?;
        let blob = first(&program, call)?;
        let folded = self.machine.fold(file, blob);
        let (_, call) = made(folded, "Blob()")
            .or_else(|| made(self.machine.fold(file, blob), "buffer.Blob()"))
            .filter(|at| at.0 == file)?;
        let parts = first(&program, call)?;
        match program.expr(parts) {
            Expr::Array(parts) => program.list(parts).first().copied(),
            _ => Some(parts),
        }
    }

    /// The text that a session of the inspector evaluates:
    /// `session.post('Runtime.evaluate', { expression })`.
    pub(super) fn evaluated_by(
        &mut self,
        program: &Program,
        file: FileId,
        args: &[ExprId],
    ) -> Option<ExprId> {
        let [method, options, ..] = args else {
            return None;
        };
        let name = match self.machine.fold(file, *method).known_text()? {
            "Runtime.evaluate" | "Runtime.compileScript" | "Debugger.evaluateOnCallFrame" => {
                ["expression"]
            }
            "Runtime.callFunctionOn" => ["functionDeclaration"],
            _ => return None,
        };
        let Expr::Object(entries) = program.expr(*options) else {
            return None;
        };
        let mut pairs = program.list(entries).chunks_exact(2);
        let named = pairs.find(|pair| program.text(pair[0]).is_some_and(|key| name.contains(&key)));
        named.map(|pair| pair[1])
    }

    /// Texts that are run by turns, or that callers hand in: each is read as well.
    fn each_possible(&mut self, program: &Rc<Program>, site: Site, arg: ExprId, zone: Zone) {
        const MOST: usize = 8;
        const SHORTEST: usize = 4;
        if program.language != Language::JavaScript || zone <= Zone::Called {
            return;
        }
        let mut texts: Vec<String> = Vec::new();
        for value in self.possible(site.file, arg, 0) {
            let text = match &value {
                Value::Bytes(bytes) => String::from_utf8_lossy(&bytes.borrow()).into_owned(),
                value => match value.known_text() {
                    Some(text) => text.to_owned(),
                    None => continue,
                },
            };
            if text.len() >= SHORTEST && texts.len() < MOST && !texts.contains(&text) {
                texts.push(text);
            }
        }
        for text in texts {
            let place = self.place_of(site.file, site.expr);
            self.child_in(site.file, &text, program.language, zone, place);
            self.enter_around(program, site, zone);
        }
    }

    /// A text that is run and reaches beyond the program, and that everybody can read: told,
    /// so that a rule says why it does not count as hidden.
    fn seen_through(
        &mut self,
        site: Site,
        path: &str,
        text: &str,
        labels: &[Label],
        effect: Effect,
        zone: Zone,
    ) {
        // They must not take the room of flows that count.
        const MOST: usize = 40;
        if effect != Effect::Beyond {
            return;
        }
        for label in labels {
            if self.found.flows.len() >= MOST {
                return;
            }
            self.flow(
                label,
                SinkKind::DynamicCode,
                path,
                Target::Constant(short(text)),
                zone,
                site.file,
                site.expr,
                vec![Mark::HiddenEffect, Mark::InPlainSight],
            );
        }
    }

    /// Whether a file, or one that a value comes by way of, holds a large text without
    /// structure.
    fn is_large(&mut self, file: FileId, label: &Label) -> bool {
        self.index(file).is_some_and(|index| index.large_literal) || self.comes_from_large(label)
    }

    /// Whether a value comes by way of a file that holds a large text without structure.
    fn comes_from_large(&mut self, label: &Label) -> bool {
        let mut at = Some(Rc::clone(&label.trail));
        while let Some(trail) = at {
            if self
                .index(trail.file)
                .is_some_and(|index| index.large_literal)
            {
                return true;
            }
            at = trail.before.clone();
        }
        false
    }

    /// Whether a text stands in the package as it is: what only joins it hides nothing.
    ///
    /// A text is asked about once for each way to its sink, and looked for in many files.
    pub(in crate::flow) fn is_visible(&mut self, file: FileId, text: &str) -> bool {
        const KEPT: usize = 500;
        const LONGEST: usize = 4 << 10;
        if text.len() > LONGEST || self.visible.len() >= KEPT {
            return self.stands_in_package(file, text);
        }
        if let Some(known) = self.visible.get(&(file, Box::from(text))) {
            return *known;
        }
        let is_visible = self.stands_in_package(file, text);
        self.visible.insert((file, text.into()), is_visible);
        is_visible
    }

    fn stands_in_package(&self, file: FileId, text: &str) -> bool {
        const WINDOW: usize = 20;
        const FILES: usize = 400;
        let is_it = |id: FileId| {
            self.package.language(id).is_some()
                && self.package.file(id).bytes.as_deref() == Some(text.as_bytes())
        };
        if self.package.ids().any(is_it) {
            return true;
        }
        let shown = |piece: &str| {
            // Most of what is visible stands in the file that uses it.
            let ids = std::iter::once(file).chain(self.package.ids().take(FILES));
            ids.into_iter().any(|id| {
                let readable = self.package.language(id).is_some()
                    || self.package.file(id).path.ends_with(".json");
                let bytes = self.package.file(id).bytes.as_deref().filter(|_| readable);
                bytes.is_some_and(|bytes| memchr::memmem::find(bytes, piece.as_bytes()).is_some())
            })
        };
        // Pieces without what a literal would escape.
        let plain: Vec<&str> = text
            .split(['\n', '\r', '\t', '"', '\'', '\\', '`'])
            .filter(|piece| piece.len() >= WINDOW)
            .collect();
        let step = (plain.len() / 9).max(1);
        let pieces: Vec<&str> = plain
            .iter()
            .step_by(step)
            .filter_map(|piece| piece.get(piece.len() - WINDOW..))
            .take(9)
            .collect();
        if pieces.len() < 3 {
            let source = self.package.source(file);
            return source
                .is_some_and(|source| memchr::memmem::find(source, text.as_bytes()).is_some())
                || shown(text);
        }
        let found = pieces.iter().filter(|piece| shown(piece)).count();
        found * 10 >= pieces.len() * 7
    }

    /// What an argument was when the function around its call was run.
    pub(in crate::flow) fn observed(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        arg: ExprId,
    ) -> Option<Value> {
        let Expr::Call { args, .. } = program.expr(site.expr) else {
            return None;
        };
        let position = program.list(args).iter().position(|other| *other == arg)?;
        let known = |seen: Vec<Value>| {
            let value = seen.get(position)?;
            matches!(value, Value::Text(_) | Value::Bytes(_)).then(|| value.clone())
        };
        let own = self
            .machine
            .observed(site.file, site.function, site.expr)
            .and_then(known);
        if own.is_some() || site.function == FuncId(0) {
            return own;
        }
        // A module that imports this one may be who calls.
        self.importers(site.file).into_iter().find_map(|importer| {
            let seen = self.machine.observed_by(importer, site.file, site.expr);
            seen.and_then(known)
        })
    }

    /// Modules that run unasked and import a file, a few of them.
    fn importers(&self, file: FileId) -> Vec<FileId> {
        const LOOKED_AT: usize = 64;
        const MOST: usize = 2;
        let zones = self.zones.iter();
        let mut running: Vec<FileId> = zones
            .filter(|((_, function), zone)| *function == FuncId(0) && **zone > Zone::Called)
            .map(|((other, _), _)| *other)
            .filter(|other| *other != file)
            .collect();
        running.sort_unstable();
        running.truncate(LOOKED_AT);
        running.retain(|other| {
            self.program(*other)
                .is_some_and(|program| self.names_module(&program, *other, file))
        });
        running.truncate(MOST);
        running
    }

    /// Whether code imports a file by a specifier that is written out.
    fn names_module(&self, program: &Program, from: FileId, file: FileId) -> bool {
        let means = |specifier: &str| self.package.resolves(from, specifier) == Some(file);
        let require = program.atom("require");
        let mut imports = program.imports.iter();
        let mut calls = program.calls.iter().filter(|_| require.is_some());
        imports.any(|(atom, _)| means(program.name(*atom)))
            || calls.any(|(call, _)| {
                let Expr::Call { callee, args, .. } = program.expr(*call) else {
                    return false;
                };
                let requires = matches!(program.expr(callee), Expr::Name(name, _)
                    if Some(name) == require);
                let first = program.list(args).first().filter(|_| requires);
                first.and_then(|arg| program.text(*arg)).is_some_and(means)
            })
    }

    /// Whether a text is made of what stands in the package, here or where it is imported from.
    fn is_made_of_constants(&mut self, program: &Rc<Program>, file: FileId, text: ExprId) -> bool {
        if let Some((from, made)) = self.made_elsewhere(file, text)
            && let Some(other) = self.program(from)
        {
            return self.is_constant(&other, from, made, 0);
        }
        self.is_constant(program, file, text, 0)
    }
}

/// Whether honest code hardly ever makes code there of a text that nobody can follow: scripts of npm
/// that run at install, and what runs at every start of Python. Builds in Python do: of 488 source
/// distributions a dozen run a version's file by a way that is not followed.
fn is_seldom_honest(language: Language, zone: Zone) -> bool {
    match language {
        Language::JavaScript => matches!(zone, Zone::Install | Zone::Start),
        Language::Python => zone == Zone::Start,
        Language::Rust => false,
    }
}

/// Whether all of a text is known, and there is something of it.
fn is_clear(value: &Value) -> bool {
    match value {
        Value::Text(text) => !text.is_empty() && !text.contains(HOLE_START),
        Value::Bytes(bytes) => !bytes.borrow().is_empty(),
        _ => false,
    }
}

/// Whether a text is the result of a computation, not one that is written out.
fn is_computed(program: &Program, arg: ExprId, value: &Value) -> bool {
    matches!(value, Value::Text(_) | Value::Bytes(_)) && program.text(arg).is_none()
}

fn is_long(value: &Value) -> bool {
    value.known_text().is_some_and(|text| text.len() > 7)
}

pub(super) fn snippet_of(analysis: &Analysis<'_>, file: FileId, expr: ExprId) -> String {
    let span = analysis
        .program(file)
        .map(|p| p.span(expr))
        .unwrap_or_default();
    snippet(analysis, file, span)
}

/// The beginning of a text, on one line.
pub(in crate::flow) fn short(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(120)
        .collect()
}
