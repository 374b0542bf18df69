//! What a value can be, where it is one of several: an element of a list of constants, an
//! argument of several calls, a name in a folder.

mod chosen;
mod listed;
mod others;

use super::element::{folder_of, gives_names, lists_folder, named, part_of};
use super::{Analysis, Context, Site};
use crate::ir::{Expr, ExprId, FuncId, Language, Logic, Program, Unary};
use crate::know;
use crate::limit::evaluating;
use crate::pure::{FileId, HOLE, HOLE_START, Value};
use std::rc::Rc;

/// Each of the names that a folder is found to have.
pub(super) const EVERY: &str = "\u{fdd0}every\u{fdd1}";

/// Values that are told apart.
pub(super) const MOST: usize = 24;

/// Steps from a value to where it comes from.
pub(super) const LEVELS: u8 = 12;

impl Analysis<'_> {
    /// The values that an expression has one after the other, in a loop over what is known.
    pub(super) fn by_turns(&mut self, file: FileId, expr: ExprId) -> Vec<Value> {
        let before = std::mem::replace(&mut self.turns, true);
        let found = self.possible(file, expr, 0);
        self.turns = before;
        found
    }

    /// The values that an expression can have on one way of getting there: what a caller on it
    /// hands in, and not what any other one does.
    pub(super) fn possible_in(
        &mut self,
        file: FileId,
        expr: ExprId,
        context: Option<&Rc<Context>>,
    ) -> Vec<Value> {
        let before = std::mem::replace(&mut self.within, context.cloned());
        let found = self.possible(file, expr, 0);
        self.within = before;
        found
    }

    /// The values that an expression can have, as far as they are known.
    pub(super) fn possible(&mut self, file: FileId, expr: ExprId, level: u8) -> Vec<Value> {
        if level == 0 {
            self.looks = evaluating::LOOKS;
        }
        let value = self.machine.fold(file, expr);
        let program = self.program(file);
        let whole = match &value {
            Value::Unknown => false,
            Value::Text(text) => !text.contains(HOLE),
            Value::Native(native) => !native.path.ends_with(')'),
            // A property stands for what it gives.
            Value::Function(_) => !self.may_be_property(file, expr),
            _ => true,
        };
        // Each of a few values may be one of a few, level by level.
        self.looks = self.looks.saturating_sub(1);
        let Some(program) = program.filter(|_| level <= LEVELS && self.looks > 0) else {
            return vec![value];
        };
        if whole
            && !self.turns
            && !self.has_default(&program, file, expr)
            && !self.is_chosen(&program, file, expr)
        {
            return vec![value];
        }
        let mut found = self.possible_here(&program, file, expr, level);
        if let Some(other) = program.instead.get(&expr).copied() {
            let addresses = self.addresses_instead(&program, file, other, level + 1);
            if !addresses.is_empty() {
                if found.is_empty() {
                    found.push(value.clone());
                }
                found.extend(addresses);
                found.truncate(MOST);
            }
        }
        if found.is_empty() { vec![value] } else { found }
    }

    /// The addresses that stand in for a value that is not there. Other texts are most often
    /// empty or the name of a program, and say nothing of what comes in their place.
    fn addresses_instead(
        &mut self,
        program: &Program,
        file: FileId,
        other: ExprId,
        level: u8,
    ) -> Vec<Value> {
        let given = match program.expr(other) {
            Expr::Function(function) => program.function(function).returns.clone(),
            _ => vec![other],
        };
        let mut out = Vec::new();
        for value in given.into_iter().take(4) {
            let values = self.possible(file, value, level);
            out.extend(values.into_iter().filter(stands_there));
        }
        out
    }

    fn possible_here(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        level: u8,
    ) -> Vec<Value> {
        let mut out = Vec::new();
        match program.expr(expr) {
            Expr::Name(atom, scope) => {
                let Some(symbol) = program.resolve(atom, scope) else {
                    return out;
                };
                for value in program.symbol(symbol).values.iter().take(6) {
                    if out.len() < MOST {
                        out.extend(self.possible(file, *value, level + 1));
                    }
                }
            }
            Expr::Param(function, position)
                if self.within.as_ref().is_some_and(|context| {
                    (context.file, context.function) == (file, function)
                }) =>
            {
                if let Some(context) = self.within.take() {
                    self.asking.contextual = true;
                    let at = context.caller_file;
                    if let Some(arg) = self.argument(at, &context.args, file, function, position) {
                        self.within.clone_from(&context.caller);
                        out.extend(self.possible(at, arg, level + 1));
                    }
                    self.within = Some(context);
                }
            }
            Expr::Param(function, position) => {
                for site in self
                    .callers
                    .get(&(file, function))
                    .cloned()
                    .unwrap_or_default()
                    .into_iter()
                    .take(8)
                {
                    // More are left out in the end: looking for them would be for nothing.
                    if out.len() >= MOST {
                        break;
                    }
                    let Some(caller) = self.program(site.file) else {
                        continue;
                    };
                    let args = self.arguments(&caller, site);
                    if let Some(arg) = self.argument(site.file, &args, file, function, position) {
                        out.extend(self.possible(site.file, arg, level + 1));
                    }
                }
                for site in self
                    .passed
                    .get(&(file, function))
                    .cloned()
                    .unwrap_or_default()
                    .into_iter()
                    .take(8)
                {
                    if out.len() >= MOST {
                        break;
                    }
                    let Some(caller) = self.program(site.file) else {
                        continue;
                    };
                    let Expr::Call { callee, .. } = caller.expr(site.expr) else {
                        continue;
                    };
                    // The elements of the list that a function is mapped over.
                    if position == 0
                        && let Expr::Member(object, _) = caller.expr(callee)
                    {
                        out.extend(self.elements_of(site.file, object, level + 1));
                    }
                    out.extend(self.emitted_to(&caller, site.expr, position, level));
                    out.extend(self.called_back_with((file, function), site, position, level));
                    // Files that a pattern means.
                    if position == 1
                        && let Expr::Call { args, .. } = caller.expr(site.expr)
                        && self
                            .callees
                            .get(&(site.file, site.expr))
                            .and_then(Value::path)
                            .is_some_and(know::lists_pattern)
                    {
                        let args = caller.list(args).to_vec();
                        out.extend(self.patterns_of(&caller, site.file, &args, level));
                    }
                    // Names that a folder is asked for.
                    let asked = self
                        .callees
                        .get(&(site.file, site.expr))
                        .and_then(Value::path)
                        .is_some_and(gives_names);
                    if asked && position == 1 {
                        out.push(Value::text(EVERY));
                    }
                }
            }
            Expr::Element(over) | Expr::Key(over) => {
                out.extend(self.elements_of(file, over, level + 1))
            }
            Expr::Member(object, name) => {
                // A walk gives a folder, and the names in it.
                let key = program.name(name).to_owned();
                let objects = self.possible(file, object, level + 1);
                out.extend(objects.iter().filter_map(|object| part_of(object, &key)));
                let texts = objects
                    .iter()
                    .filter_map(|value| value.any_text().map(str::to_owned));
                let texts: Vec<String> = texts.collect();
                for text in texts {
                    match key.as_str() {
                        "0" => out.push(Value::text(folder_of(&text))),
                        "1" | "2" | "name" if text.ends_with(EVERY) => out.push(Value::text(EVERY)),
                        "path" => out.push(Value::text(&text)),
                        // One of the folders around it.
                        "parents" if program.language == Language::Python => {
                            out.push(Value::text(&format!("{text}/..")));
                        }
                        _ => {}
                    }
                }
                if out.is_empty() {
                    out.extend(match program.language {
                        Language::Python => self.possible_field(program, file, object, name, level),
                        Language::JavaScript | Language::Rust => {
                            self.possible_part(program, file, object, &key, level)
                        }
                    });
                }
            }
            Expr::Index(object, _) => out.extend(self.elements_of(file, object, level + 1)),
            // Nobody has to set what the environment may say: the other one holds by itself.
            Expr::Logic(Logic::Or | Logic::Nullish, left, right)
                if self
                    .machine
                    .fold(file, left)
                    .path()
                    .is_some_and(know::reads_setting) =>
            {
                out.extend(self.possible(file, right, level + 1));
            }
            Expr::Logic(_, left, right) | Expr::Cond(_, left, right) => {
                if !self.is_left_out(program, file, left) {
                    out.extend(self.possible(file, left, level + 1));
                }
                out.extend(self.possible(file, right, level + 1));
            }
            Expr::Await(inner)
            | Expr::Spread(inner)
            | Expr::Assign(_, inner)
            | Expr::Unary(Unary::Repr, inner) => out.extend(self.possible(file, inner, level + 1)),
            Expr::Concat(parts) => {
                let parts = program.list(parts).to_vec();
                out.extend(self.joined(file, &parts, level));
            }
            Expr::Binary(crate::ir::Binary::Add | crate::ir::Binary::Div, left, right) => {
                let slash = matches!(program.expr(expr), Expr::Binary(crate::ir::Binary::Div, ..));
                for left in self.possible(file, left, level + 1) {
                    for right in self.possible(file, right, level + 1) {
                        if out.len() < MOST
                            && let (Some(left), Some(right)) = (left.as_text(), right.as_text())
                        {
                            out.push(Value::text(&if slash {
                                format!("{left}/{right}")
                            } else {
                                left.clone() + &right
                            }));
                        }
                    }
                }
            }
            Expr::Call { callee, args, .. } => {
                let args = program.list(args).to_vec();
                let function = self.machine.fold(file, callee);
                match &function {
                    Value::Native(native) if gives_names(&native.path) => {
                        out.push(Value::text(EVERY))
                    }
                    Value::Native(native) if native.path.contains("glob") => {
                        out.extend(self.patterns_of(program, file, &args, level));
                    }
                    Value::Native(native) if lists_folder(&native.path) => {
                        out.extend(self.below(file, args.first().copied(), level + 1));
                    }
                    Value::Native(native)
                        if matches!(&*native.path, "os.environ.get" | "os.getenv")
                            && args.len() == 2 =>
                    {
                        out.extend(self.possible(file, args[1], level + 1));
                    }
                    Value::Native(native) if is_pure(&native.path) => {
                        out.extend(self.applied(file, &function, &args, level))
                    }
                    Value::Function(closure) => {
                        if let Some(inner) = self.program(closure.file) {
                            for value in inner
                                .function(closure.function)
                                .returns
                                .clone()
                                .into_iter()
                                .take(4)
                            {
                                out.extend(self.possible(closure.file, value, level + 1));
                            }
                        }
                    }
                    _ => {
                        // A method of a text: what it is called on says enough.
                        if let Expr::Member(object, name) = program.expr(callee) {
                            match program.name(name) {
                                "toString" | "strip" | "trim" | "expanduser" | "resolve"
                                | "absolute" | "as_posix" | "decode" | "encode" => {
                                    out.extend(self.possible(file, object, level + 1))
                                }
                                // Of an entry of a folder, and of a path, in Rust.
                                "path" | "into_path" | "to_path_buf" | "as_path" | "display"
                                    if program.language == Language::Rust && args.is_empty() =>
                                {
                                    out.extend(self.possible(file, object, level + 1))
                                }
                                "file_name"
                                    if program.language == Language::Rust && args.is_empty() =>
                                {
                                    let found = self.possible(file, object, level + 1);
                                    let mut listed = found.iter().filter_map(Value::any_text);
                                    if listed.any(|text| text.ends_with(EVERY)) {
                                        out.push(Value::text(EVERY));
                                    }
                                }
                                "join" if program.language == Language::Rust => {
                                    if let [name] = args[..] {
                                        out.extend(self.in_folder(file, object, name, level));
                                    }
                                }
                                // `[fetcher + address, 'bash'].join(' | ')`.
                                "join" if program.language == Language::JavaScript => {
                                    out.extend(self.listed(program, file, object, &args, level));
                                }
                                // One of a table.
                                "get"
                                    if matches!(
                                        self.machine.fold(file, object),
                                        Value::Object(_)
                                    ) =>
                                {
                                    out.extend(self.elements_of(file, object, level + 1))
                                }
                                "joinpath" | "concat" => {
                                    let parts: Vec<ExprId> = std::iter::once(object)
                                        .chain(args.iter().copied())
                                        .collect();
                                    out.extend(self.applied(
                                        file,
                                        &Value::native("os.path.join"),
                                        &parts,
                                        level,
                                    ));
                                }
                                "rglob" | "glob" | "iterdir" | "walk" => {
                                    let found = self.below(file, Some(object), level + 1);
                                    out.extend(match self.pattern_of(file, &args) {
                                        Some(pattern) => named(&found, &pattern),
                                        None => found,
                                    });
                                }
                                _ => {}
                            }
                        }
                    }
                }
            }
            _ => {}
        }
        out.truncate(MOST);
        out
    }

    /// The patterns of a call that lists files by them, in the folder that it looks in where it
    /// names one.
    fn patterns_of(
        &mut self,
        program: &Program,
        file: FileId,
        args: &[ExprId],
        level: u8,
    ) -> Vec<Value> {
        let Some(first) = args.first() else {
            return Vec::new();
        };
        let mut patterns = Vec::new();
        for value in self.possible(file, *first, level + 1) {
            match &value {
                Value::Array(items) => patterns.extend(items.borrow().iter().take(MOST).cloned()),
                _ => patterns.push(value),
            }
        }
        if program.language != Language::JavaScript {
            return patterns;
        }
        let folder = match args.get(1).map(|options| program.expr(*options)) {
            Some(Expr::Object(entries)) => program
                .list(entries)
                .chunks_exact(2)
                .find(|pair| program.text(pair[0]) == Some("cwd"))
                .map(|pair| pair[1]),
            _ => None,
        };
        let Some(folder) = folder else {
            return patterns;
        };
        let texts: Vec<String> = patterns.iter().filter_map(Value::as_text).collect();
        // The one that the user sets, or else another one.
        let folders = match program.expr(folder) {
            Expr::Logic(_, left, right) => {
                let mut folders = self.possible(file, left, level + 1);
                folders.extend(self.possible(file, right, level + 1));
                folders
            }
            _ => self.possible(file, folder, level + 1),
        };
        for folder in folders.iter().filter_map(Value::as_text).take(4) {
            for text in texts
                .iter()
                .filter(|text| !text.starts_with(['/', HOLE_START]))
            {
                if patterns.len() < MOST {
                    patterns.push(Value::text(&format!("{folder}/{text}")));
                }
            }
        }
        patterns
    }

    /// What a function of the package gives to a function that it is handed.
    fn called_back_with(
        &mut self,
        handed: (FileId, FuncId),
        site: Site,
        position: u16,
        level: u8,
    ) -> Vec<Value> {
        let Some(Value::Function(closure)) = self.callees.get(&(site.file, site.expr)).cloned()
        else {
            return Vec::new();
        };
        let (Some(caller), Some(index), Some(inner)) = (
            self.program(site.file),
            self.index(closure.file),
            self.program(closure.file),
        ) else {
            return Vec::new();
        };
        let Expr::Call { args, .. } = caller.expr(site.expr) else {
            return Vec::new();
        };
        let mut out = Vec::new();
        for (number, arg) in caller.list(args).to_vec().into_iter().enumerate().take(8) {
            let is_it = match self.machine.fold(site.file, arg) {
                Value::Function(given) => (given.file, given.function) == handed,
                _ => false,
            };
            let Some(symbol) = index
                .parameters
                .get(&(closure.function, number as u16))
                .filter(|_| is_it)
            else {
                continue;
            };
            let calls = index.calls_of.get(symbol).map(Vec::as_slice);
            for call in calls.unwrap_or_default().iter().take(4) {
                if let Expr::Call { args, .. } = inner.expr(*call)
                    && let Some(arg) = inner.list(args).get(usize::from(position)).copied()
                {
                    out.extend(self.possible(closure.file, arg, level + 1));
                }
            }
        }
        out
    }

    /// What is emitted, anywhere in the package, under the name of an event that a
    /// function waits for.
    fn emitted_to(
        &mut self,
        program: &Program,
        listener: ExprId,
        position: u16,
        level: u8,
    ) -> Vec<Value> {
        let Expr::Call { callee, args, .. } = program.expr(listener) else {
            return Vec::new();
        };
        let listens = matches!(program.expr(callee), Expr::Member(_, name)
            if matches!(program.name(name), "on" | "once" | "addListener"));
        let event = program
            .list(args)
            .first()
            .and_then(|arg| program.text(*arg));
        let Some(event) = event.filter(|_| listens) else {
            return Vec::new();
        };
        let mut emitters: Vec<(FileId, ExprId)> = self
            .indices
            .iter()
            .flat_map(|(file, index)| index.emits.iter().map(move |emit| (*file, emit)))
            .filter(|(_, (name, _))| &**name == event)
            .map(|(file, (_, call))| (file, *call))
            .collect();
        emitters.sort_unstable();
        let mut out = Vec::new();
        for (file, call) in emitters.into_iter().take(8) {
            let Some(emitter) = self.program(file) else {
                continue;
            };
            let Expr::Call { args, .. } = emitter.expr(call) else {
                continue;
            };
            if let Some(arg) = emitter.list(args).get(usize::from(position) + 1).copied() {
                out.extend(self.possible(file, arg, level + 1));
            }
        }
        out
    }

    fn joined(&mut self, file: FileId, parts: &[ExprId], level: u8) -> Vec<Value> {
        let mut out = vec![String::new()];
        for part in parts {
            let values = self.possible(file, *part, level + 1);
            let mut next = Vec::new();
            for before in &out {
                for value in values.iter().take(MOST) {
                    if next.len() < MOST {
                        next.push(
                            before.clone() + &value.as_text().unwrap_or_else(|| HOLE.to_owned()),
                        );
                    }
                }
            }
            out = next;
        }
        out.iter().map(|text| Value::text(text)).collect()
    }

    /// A pure function over what its arguments can be.
    fn applied(
        &mut self,
        file: FileId,
        function: &Value,
        args: &[ExprId],
        level: u8,
    ) -> Vec<Value> {
        let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
        for arg in args.iter().take(6) {
            let values = self.possible(file, *arg, level + 1);
            let mut next = Vec::new();
            for row in &rows {
                for value in values.iter().take(MOST) {
                    if next.len() < MOST {
                        let mut row = row.clone();
                        row.push(value.clone());
                        next.push(row);
                    }
                }
            }
            rows = next;
        }
        let language = self
            .program(file)
            .map_or(Language::JavaScript, |program| program.language);
        rows.into_iter()
            .map(|row| self.machine.apply(function, row, language))
            .collect()
    }
}

/// Whether a value is an address whose beginning is known.
pub(super) fn stands_there(value: &Value) -> bool {
    value
        .any_text()
        .is_some_and(|text| text.contains("://") && !text.starts_with(HOLE_START))
}

fn is_pure(path: &str) -> bool {
    path.starts_with("path.")
        || path.starts_with("os.path.")
        || matches!(
            path,
            "pathlib.Path" | "Path" | "str" | "String" | "String.fromCharCode"
        )
}

#[cfg(test)]
mod tests;
