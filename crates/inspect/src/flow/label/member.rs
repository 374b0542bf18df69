//! Properties, where they are known one by one.

use super::{Label, union};
use crate::flow::index::class_of;
use crate::flow::process::Shared;
use crate::flow::{Analysis, Context};
use crate::ir::{Accessor, Const, Expr, ExprId, Language, Program, SymbolId};
use crate::know;
use crate::pure::{FileId, Value};
use customs_model::SourceKind;
use std::rc::Rc;

/// What gives a report of a process of Node.js.
pub(super) const REPORT: &str = "process.report.getReport";
/// The part of such a report that is the environment.
const REPORTED: &str = "environmentVariables";

impl Analysis<'_> {
    pub(super) fn member(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        object: ExprId,
        key: Option<&str>,
        context: Option<&Rc<Context>>,
    ) -> Vec<Label> {
        let span = program.span(expr);
        if let Some(key) = key
            && let Some(label) = self.key_of_request(program, file, expr, object, key)
        {
            return vec![label];
        }
        if let Some(key) = key.filter(|key| know::KEY_PARAMETERS.contains(key))
            && let Some(label) = self.key_in_field(program, file, expr, object, key)
        {
            return vec![label];
        }
        if let Some(label) = self.sent_by_visitor(program, file, expr) {
            return vec![label];
        }
        let mut shared = match key {
            Some(key) => self.shared(program, object, key),
            None => Vec::new(),
        };
        let value = self.look_at(file, expr, None);
        if let Value::Native(native) = &value {
            let path = Rc::clone(&native.path);
            if let Some(kind) = know::value_source(program.language, &path) {
                return vec![self.new_label(kind, &path, file, span)];
            }
            if let Some(name) = know::environment_name(program.language, &path) {
                let name = name.to_owned();
                let own = self.environment_variable(&name, file, span);
                union(&mut shared, &own);
                return shared;
            }
            if let Some(what) = know::page_source(&path).filter(|_| super::is_of_browser(program)) {
                return vec![self.new_label(SourceKind::InputDevice, what, file, span)];
            }
            // What stands there under a name is the package's own.
            if know::is_of_storage(&path) {
                return Vec::new();
            }
            if &*path == super::messages::WORKER_DATA {
                return self.worker_data(file);
            }
            let given = self.given_in_line(&path, file, span);
            if !given.is_empty() {
                return given;
            }
            // A report holds the environment in one of its parts.
            if path.starts_with("process.report.getReport().") {
                return match path.contains(REPORTED) {
                    true => vec![self.new_label(SourceKind::Environment, &path, file, span)],
                    false => Vec::new(),
                };
            }
        }
        if !shared.is_empty() {
            return shared;
        }
        if let Some(key) = key {
            if matches!(
                key,
                "length"
                    | "size"
                    | "status"
                    | "statusCode"
                    | "status_code"
                    | "ok"
                    | "byteLength"
                    | "returncode"
                    | "errno"
            ) {
                return Vec::new();
            }
            if let Some(parts) = self.parts(program, file, object, key) {
                let parts = read(program, parts);
                return self.all(file, &parts, context);
            }
            if let Some(labels) = self.imported_labels(program, file, expr, Some(key), context) {
                return labels;
            }
        }
        let mut labels = self.labels(file, object, context).to_vec();
        if let Some(key) = key {
            labels.retain(|label| {
                !know::is_whole_page(&label.name) && !know::is_beside_form(&label.name, key)
            });
            if know::is_outside_of_request(key) {
                labels.retain(|label| label.kind != SourceKind::Intercepted);
            }
        }
        match key {
            None => {
                // `env[name]` for every name.
                let environment: Vec<Label> = labels
                    .iter()
                    .filter(|label| label.kind == SourceKind::Environment)
                    .cloned()
                    .collect();
                if environment.is_empty() {
                    return labels;
                }
                let Expr::Index(_, key) = program.expr(expr) else {
                    return labels;
                };
                // A list of what the environment holds: its names, or pairs of them.
                if self.counts(program, file, key) {
                    return labels;
                }
                let every = self
                    .labels(file, key, context)
                    .iter()
                    .any(|label| label.kind == SourceKind::Environment);
                let family = match every {
                    true => self.family_read(file, key, context),
                    false => None,
                };
                if every && family.is_none() {
                    labels
                } else {
                    let own = family
                        .map(|name| self.new_label(SourceKind::NamedSecret, &name, file, span));
                    labels
                        .into_iter()
                        .filter(|label| label.kind != SourceKind::Environment)
                        .chain(own)
                        .collect()
                }
            }
            Some(key) => labels
                .into_iter()
                .filter(|label| &*label.name != REPORT || key == REPORTED)
                .flat_map(|label| {
                    if label.kind == SourceKind::Environment && is_variable_name(key) {
                        self.environment_variable(key, file, span)
                    } else {
                        vec![label]
                    }
                })
                .collect(),
        }
    }

    /// The key of a wallet in a field of a record, which whoever makes the record gives:
    /// `@dataclass class Wallet: mnemonic: str`.
    fn key_in_field(
        &mut self,
        program: &Program,
        file: FileId,
        expr: ExprId,
        object: ExprId,
        key: &str,
    ) -> Option<Label> {
        if program.language != Language::Python {
            return None;
        }
        let function = program.own_object(object)?;
        let class = class_of(program, function)?;
        let index = self.index(file)?;
        let atom = program.atom(key)?;
        let is_record = index.class_decorators.contains_key(&class);
        if !is_record || index.fields.contains_key(&(Some(class), atom)) {
            return None;
        }
        let what = format!("the key that is given to a record as its {key}");
        Some(self.new_label(SourceKind::Intercepted, &what, file, program.span(expr)))
    }

    /// Whether what is read is told by a number: no variable of an environment has one for a name.
    fn counts(&mut self, program: &Program, file: FileId, key: ExprId) -> bool {
        let is_counted = |value: &ExprId| {
            let number = |constant| matches!(program.constant(constant), Const::Number(_));
            match program.expr(*value) {
                Expr::Update { .. } => true,
                Expr::Const(constant) => number(constant),
                _ => false,
            }
        };
        let is_counter = match program.expr(key) {
            Expr::Name(atom, scope) => program
                .resolve(atom, scope)
                .is_some_and(|symbol| program.symbol(symbol).values.iter().any(is_counted)),
            _ => is_counted(&key),
        };
        is_counter || matches!(self.look_at(file, key, None), Value::Number(_))
    }

    /// The variables of one tool of which one is read whose name is computed: `TOOL_…`.
    fn family_read(
        &mut self,
        file: FileId,
        key: ExprId,
        context: Option<&Rc<Context>>,
    ) -> Option<String> {
        let name = self.look_at(file, key, context).as_text()?;
        know::family(&name).map(|begin| format!("{begin}…"))
    }

    /// What code of the package puts where all of a process sees it: `globalThis.a = b`,
    /// `process.env.A = b`.
    fn shared(&mut self, program: &Program, object: ExprId, key: &str) -> Vec<Label> {
        /// Places at which it is put there.
        const PLACES: usize = 16;
        let Some(name) = Shared::of(program, object, key) else {
            return Vec::new();
        };
        let indices = self.indices.iter();
        let mut places: Vec<(FileId, ExprId)> = indices
            .filter_map(|(file, index)| Some((*file, index.shared.get(&name)?)))
            .flat_map(|(file, values)| values.iter().map(move |value| (file, *value)))
            .collect();
        places.sort_unstable();
        let mut out = Vec::new();
        for (file, value) in places.into_iter().take(PLACES) {
            let labels = self.labels(file, value, None);
            union(&mut out, &labels);
        }
        out
    }

    /// The expressions that a property can be, where the object is known.
    pub(in crate::flow) fn parts(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        object: ExprId,
        key: &str,
    ) -> Option<Vec<ExprId>> {
        match program.expr(object) {
            Expr::Name(atom, scope) => {
                let symbol = program.resolve(atom, scope)?;
                self.parts_of_variable(program, file, symbol, key)
            }
            Expr::This(_) | Expr::Object(_) | Expr::Class(_) => {
                let mut out = Vec::new();
                self.note_parts(program, file, object, key, &mut out)?;
                Some(out)
            }
            _ => None,
        }
    }

    /// The same of what a variable holds.
    pub(super) fn parts_of_variable(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        symbol: SymbolId,
        key: &str,
    ) -> Option<Vec<ExprId>> {
        let values = &program.symbol(symbol).values;
        let index = self.index(file)?;
        if values.is_empty() || index.mutations.contains_key(&symbol) {
            return None;
        }
        let mut out = Vec::new();
        for value in values.iter().take(8) {
            self.note_parts(program, file, *value, key, &mut out)?;
        }
        let stores = index.stores.get(&symbol).map(Vec::as_slice);
        for store in stores.unwrap_or_default() {
            match store.key {
                Some(name) if program.name(name) == key => out.push(store.value),
                Some(_) => {}
                None => return None,
            }
        }
        Some(out)
    }

    /// What stands under a key in what an expression makes; none where it is not known.
    fn note_parts(
        &mut self,
        program: &Program,
        file: FileId,
        object: ExprId,
        key: &str,
        out: &mut Vec<ExprId>,
    ) -> Option<()> {
        match program.expr(object) {
            Expr::Object(entries) => of_literal(program, program.list(entries), key, out),
            // What stands above the class may have it too.
            Expr::Class(entries) => {
                let before = out.len();
                of_class(program, program.list(entries), key, out);
                (out.len() > before).then_some(())
            }
            Expr::This(function) => {
                let class = class_of(program, function);
                let atom = program.atom(key)?;
                let index = self.index(file)?;
                out.extend(index.fields.get(&(class, atom)).into_iter().flatten());
                let puts = index.field_mutations.get(&(class, atom));
                out.extend(puts.into_iter().flatten());
                if let Some(class) = class
                    && let Expr::Class(entries) = program.expr(class)
                {
                    of_class(program, program.list(entries), key, out);
                }
                Some(())
            }
            // An object of a class of the file: what is put into its fields anywhere.
            Expr::Call { callee, .. } => {
                let class = self.class_made(file, callee)?;
                let atom = program.atom(key)?;
                let before = out.len();
                let index = self.index(file)?;
                let field = (Some(class), atom);
                out.extend(index.fields.get(&field).into_iter().flatten());
                let puts = index.field_mutations.get(&field);
                out.extend(puts.into_iter().flatten());
                if let Expr::Class(entries) = program.expr(class) {
                    of_class(program, program.list(entries), key, out);
                }
                (out.len() > before).then_some(())
            }
            _ => None,
        }
    }

    /// The class of the same file that a call makes an object of.
    fn class_made(&mut self, file: FileId, callee: ExprId) -> Option<ExprId> {
        match self.look_at(file, callee, None) {
            Value::Object(object) if object.is_class => {
                let (of, class) = object.class?;
                (of == file).then_some(class)
            }
            _ => None,
        }
    }

    /// All that an object of a class has in its fields, where somebody takes it as a whole.
    pub(super) fn whole_object(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        object: ExprId,
        context: Option<&Rc<Context>>,
    ) -> Vec<Label> {
        /// Fields that are looked at.
        const FIELDS: usize = 32;
        let class = match program.own_object(object) {
            Some(function) => class_of(program, function),
            None => {
                let made = match program.expr(object) {
                    Expr::Name(atom, scope) => program
                        .resolve(atom, scope)
                        .and_then(|symbol| program.symbol(symbol).values.first().copied()),
                    _ => Some(object),
                };
                match made.map(|made| program.expr(made)) {
                    Some(Expr::Call { callee, .. }) => self.class_made(file, callee),
                    _ => None,
                }
            }
        };
        let (Some(class), Some(index)) = (class, self.index(file)) else {
            return Vec::new();
        };
        let own = index
            .fields
            .iter()
            .filter(|((of, _), _)| *of == Some(class));
        let mut values: Vec<ExprId> = own.flat_map(|(_, values)| values.iter().copied()).collect();
        if let Expr::Class(entries) = program.expr(class) {
            let pairs = program.list(entries).chunks_exact(2);
            values.extend(pairs.map(|pair| pair[1]));
        }
        values.sort_unstable();
        values.truncate(FIELDS);
        self.all(file, &values, context)
    }
}

/// What reading properties gives: of one that a function stands for, what the function gives.
fn read(program: &Program, parts: Vec<ExprId>) -> Vec<ExprId> {
    let getter = |part: &ExprId| match program.expr(*part) {
        Expr::Function(function) => {
            let function = program.function(function);
            (function.accessor == Some(Accessor::Get)).then_some(&function.returns)
        }
        _ => None,
    };
    if parts.iter().all(|part| getter(part).is_none()) {
        return parts;
    }
    let mut out = Vec::new();
    for part in parts {
        match getter(&part) {
            Some(returns) => out.extend(returns.iter().copied()),
            None => out.push(part),
        }
    }
    out
}

/// The values of a key in a class.
fn of_class(program: &Program, entries: &[ExprId], key: &str, out: &mut Vec<ExprId>) {
    for pair in entries.chunks_exact(2) {
        if program.text(pair[0]) == Some(key) {
            out.push(pair[1]);
        }
    }
}

/// The values of a key in an object literal; none where anything may be in it.
pub(super) fn of_literal(
    program: &Program,
    entries: &[ExprId],
    key: &str,
    out: &mut Vec<ExprId>,
) -> Option<()> {
    for pair in entries.chunks_exact(2) {
        if matches!(program.expr(pair[0]), Expr::Spread(_)) {
            return None;
        }
        match program.text(pair[0]) {
            Some(text) if text == key => out.push(pair[1]),
            Some(_) => {}
            None => return None,
        }
    }
    Some(())
}

/// Whether a key is the name of a variable of an environment.
pub(super) fn is_variable_name(key: &str) -> bool {
    key.len() > 1
        && key.chars().any(|c| c.is_ascii_uppercase())
        && key
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        || key.starts_with("npm_")
}

#[cfg(test)]
mod tests;
