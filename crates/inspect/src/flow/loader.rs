//! Loaders of modules that code of the package changes: what they call of it, and what they take
//! for code that it gives back.

use super::child::Effect;
use super::reach::Queue;
use super::sink::short;
use super::{Analysis, Index, Site};
use crate::ir::{Export, Expr, ExprId, FuncId, Language, Program};
use crate::pure::{FileId, HOLE_END, HOLE_START, Surroundings as _, Value};
use customs_model::{Mark, SinkKind, SourceKind, Target, Zone};

/// Hooks of one module of them.
const HOOKS: usize = 8;
/// What a function may return that is looked at.
const RETURNS: usize = 16;

impl Analysis<'_> {
    /// `module.register(file)`: a module whose hooks are called for each one that is loaded.
    pub(super) fn registers_hooks(
        &mut self,
        site: Site,
        specifier: ExprId,
        zone: Zone,
        queue: &mut Queue,
    ) {
        self.load(site, specifier, zone, queue);
        let Value::Text(text) = self.machine.fold(site.file, specifier) else {
            return;
        };
        let Some(target) = self.package.resolve(site.file, &text) else {
            return;
        };
        let Some(program) = self.program(target) else {
            return;
        };
        let hooks = program.exports.iter().filter_map(|export| match export {
            Export::Value(name, value) => Some((program.name(*name), *value)),
            Export::All(_) => None,
        });
        let hooks = hooks.filter(|(name, _)| matches!(*name, "initialize" | "resolve" | "load"));
        for (name, value) in hooks.take(HOOKS) {
            if let Value::Function(hook) = self.machine.fold(target, value) {
                queue.push(zone, hook.file, hook.function);
                let place = (hook.file, hook.function);
                if name == "load" && !self.loaders.contains(&place) {
                    self.loaders.push(place);
                }
            }
        }
    }

    /// What a loader takes for code of what functions give back: of those that this one puts onto
    /// it, and of itself where it is such a hook.
    pub(super) fn gives_code(
        &mut self,
        program: &Program,
        index: &Index,
        (file, function): (FileId, FuncId),
        zone: Zone,
    ) {
        if self.loaders.contains(&(file, function)) {
            for value in program.function(function).returns.iter().take(RETURNS) {
                if let Some(source) = source_in(program, *value) {
                    self.code_given(file, function, source, "the source of a module", zone);
                }
            }
        }
        self.gives_code_itself(program, (file, function), zone);
        let stored = index.stored.get(&function);
        for store in stored.unwrap_or_default() {
            let Some(key) = store.key.map(|key| program.name(key)) else {
                continue;
            };
            if !is_asked_for_code(program.language, key) {
                continue;
            }
            let object = self.machine.fold(file, store.object);
            let Some(path) = object
                .path()
                .filter(|path| is_loader(program.language, path))
            else {
                continue;
            };
            let what = format!("{path}.{key}");
            let Value::Function(given) = self.machine.fold(file, store.value) else {
                continue;
            };
            let Some(inner) = self.program(given.file) else {
                continue;
            };
            let returns = inner.function(given.function).returns.clone();
            for value in returns.into_iter().take(RETURNS) {
                self.code_given(given.file, given.function, value, &what, zone);
            }
        }
    }

    /// A method of a loader of the package's own that is asked for code: `get_data` of a class that
    /// is made from `importlib.abc.SourceLoader`.
    fn gives_code_itself(&mut self, program: &Program, place: (FileId, FuncId), zone: Zone) {
        let (file, function) = place;
        let name = program.function(function).name;
        let Some(name) = name.map(|name| program.name(name)) else {
            return;
        };
        if program.language != Language::Python || !is_asked_for_code(program.language, name) {
            return;
        }
        let class = program.class_around(function);
        let Some(Expr::Class(entries)) = class.map(|class| program.expr(class)) else {
            return;
        };
        let entries = program.list(entries).to_vec();
        let is_one = entries
            .chunks_exact(2)
            .any(|pair| match program.expr(pair[0]) {
                Expr::Spread(base) => {
                    let base = self.machine.fold(file, base);
                    base.path()
                        .is_some_and(|path| is_loader(program.language, path))
                }
                _ => false,
            });
        if !is_one {
            return;
        }
        let what = format!("the loader's {name}");
        let returns = program.function(function).returns.clone();
        for value in returns.into_iter().take(RETURNS) {
            self.code_given(file, function, value, &what, zone);
        }
    }

    fn code_given(
        &mut self,
        file: FileId,
        function: FuncId,
        value: ExprId,
        what: &str,
        zone: Zone,
    ) {
        let Some(program) = self.program(file) else {
            return;
        };
        let value = self.without_wrapper(&program, file, value);
        let site = Site {
            file,
            expr: value,
            function,
        };
        self.code_sink(&program, site, what, value, zone, None);
        self.reads_behind(file, value, what, zone);
    }

    /// Of a text that goes before or behind that of each module it is known what it does by itself.
    pub(super) fn reads_behind(&mut self, file: FileId, value: ExprId, what: &str, zone: Zone) {
        let Some(program) = self.program(file).filter(|_| zone > Zone::Called) else {
            return;
        };
        let text = self.fold_value(file, value, None).as_text();
        let Some(rest) = text
            .filter(|text| text.contains(HOLE_START))
            .map(|text| outside(&text))
            .filter(|rest| !rest.trim().is_empty())
        else {
            return;
        };
        let place = self.place_of(file, value);
        let effect = self.child_in(file, &rest, program.language, zone, place);
        if effect == Effect::Beyond && !self.is_visible(file, rest.trim()) {
            let name = "what stands behind each module";
            let label = self.new_label(SourceKind::Decoded, name, file, program.span(value));
            let target = Target::Constant(short(&rest));
            let marks = vec![Mark::HiddenEffect];
            let sink = SinkKind::DynamicCode;
            self.flow(&label, sink, what, target, zone, file, value, marks);
        }
    }

    /// What is handed to the wrapper that stood there before.
    fn without_wrapper(&mut self, program: &Program, file: FileId, value: ExprId) -> ExprId {
        if let Expr::Call { callee, args, .. } = program.expr(value)
            && let Some(inner) = program.list(args).first()
            && matches!(
                self.machine.fold(file, callee).path(),
                Some("module.wrap" | "module.Module.wrap")
            )
        {
            return *inner;
        }
        value
    }
}

/// The source in what a hook gives: `{ format, source }`.
fn source_in(program: &Program, value: ExprId) -> Option<ExprId> {
    let Expr::Object(entries) = program.expr(value) else {
        return None;
    };
    let mut pairs = program.list(entries).chunks_exact(2);
    let source = pairs.find(|pair| program.text(pair[0]) == Some("source"))?;
    source.get(1).copied()
}

/// Whether a loader has functions under such a name that give code.
fn is_asked_for_code(language: Language, name: &str) -> bool {
    match language {
        Language::JavaScript => name == "wrap",
        Language::Python => matches!(name, "get_data" | "get_source" | "source_to_code"),
        Language::Rust => false,
    }
}

/// Whether something of a library loads the modules of all.
fn is_loader(language: Language, path: &str) -> bool {
    match language {
        Language::JavaScript => matches!(path, "module" | "module.Module"),
        Language::Python => {
            path.starts_with("importlib.")
                && [
                    "SourceFileLoader",
                    "SourceLoader",
                    "FileLoader",
                    "InspectLoader",
                    "ExecutionLoader",
                ]
                .iter()
                .any(|name| path.ends_with(name))
        }
        Language::Rust => false,
    }
}

/// What stands outside of the holes of a text.
fn outside(text: &str) -> String {
    let mut out = String::new();
    for part in text.split(HOLE_START) {
        out.push_str(part.split_once(HOLE_END).map_or(part, |(_, rest)| rest));
    }
    out
}

#[cfg(test)]
mod tests;
