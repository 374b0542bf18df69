//! What a value can be, where it is one of several: an element of a list of constants, an
//! argument of several calls, a name in a folder.

use super::{Analysis, Site};
use crate::ir::{Expr, ExprId, FuncId, Language, Program};
use crate::pure::{FileId, HOLE, Value};
use std::rc::Rc;

/// Each of the names that a folder is found to have.
pub(super) const EVERY: &str = "\u{fdd0}every\u{fdd1}";

/// Values that are told apart.
const MOST: usize = 24;
/// Steps from a value to where it comes from.
const LEVELS: u8 = 12;

impl Analysis<'_> {
    /// The values that an expression has one after the other, in a loop over what is known.
    pub(super) fn by_turns(&mut self, file: FileId, expr: ExprId) -> Vec<Value> {
        let before = std::mem::replace(&mut self.turns, true);
        let found = self.possible(file, expr, 0);
        self.turns = before;
        found
    }

    /// The values that an expression can have, as far as they are known.
    pub(super) fn possible(&mut self, file: FileId, expr: ExprId, level: u8) -> Vec<Value> {
        let value = self.machine.fold(file, expr);
        let whole = match &value {
            Value::Unknown => false,
            Value::Text(text) => !text.contains(HOLE),
            Value::Native(native) => !native.path.ends_with(')'),
            _ => true,
        };
        if whole && !self.turns || level > LEVELS {
            return vec![value];
        }
        let Some(program) = self.program(file) else {
            return vec![value];
        };
        let found = self.possible_here(&program, file, expr, level);
        if found.is_empty() { vec![value] } else { found }
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
                for value in program.symbol(symbol).values.clone().into_iter().take(6) {
                    if out.len() < MOST {
                        out.extend(self.possible(file, value, level + 1));
                    }
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
                    let Expr::Call { args, .. } = caller.expr(site.expr) else {
                        continue;
                    };
                    let args = caller.list(args).to_vec();
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
                        _ => {}
                    }
                }
            }
            Expr::Index(object, _) => out.extend(self.elements_of(file, object, level + 1)),
            Expr::Logic(_, left, right) | Expr::Cond(_, left, right) => {
                out.extend(self.possible(file, left, level + 1));
                out.extend(self.possible(file, right, level + 1));
            }
            Expr::Await(inner) | Expr::Spread(inner) | Expr::Assign(_, inner) => {
                out.extend(self.possible(file, inner, level + 1))
            }
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
                        let patterns = args
                            .first()
                            .map(|arg| self.possible(file, *arg, level + 1))
                            .unwrap_or_default();
                        out.extend(patterns);
                    }
                    Value::Native(native) if lists_folder(&native.path) => {
                        out.extend(self.below(file, args.first().copied(), level + 1));
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

    fn elements_of(&mut self, file: FileId, over: ExprId, level: u8) -> Vec<Value> {
        match self.machine.fold(file, over) {
            Value::Array(items) => return items.borrow().iter().take(MOST).cloned().collect(),
            Value::Object(object) => {
                let entries = object.entries.borrow();
                return entries
                    .iter()
                    .take(MOST)
                    .map(|(_, value)| value.clone())
                    .chain(
                        entries
                            .iter()
                            .take(4)
                            .map(|(key, _)| Value::Text(Rc::clone(key))),
                    )
                    .collect();
            }
            _ => {}
        }
        let Some(program) = self.program(file) else {
            return Vec::new();
        };
        // A list that is made here, of which parts are not known.
        match program.expr(over) {
            Expr::Array(items) => program
                .list(items)
                .to_vec()
                .into_iter()
                .take(MOST)
                .flat_map(|item| self.possible(file, item, level + 1))
                .collect(),
            Expr::Comprehend(parts) => {
                let parts = program.list(parts).to_vec();
                self.possible(file, parts[2], level + 1)
            }
            Expr::Call { callee, args, .. } => {
                // `list.map(f)`: what the function gives.
                let args = program.list(args).to_vec();
                if let Expr::Member(object, name) = program.expr(callee) {
                    match program.name(name) {
                        "map" => {
                            if let Some(Expr::Function(function)) =
                                args.first().map(|arg| program.expr(*arg))
                            {
                                return program
                                    .function(function)
                                    .returns
                                    .clone()
                                    .into_iter()
                                    .take(4)
                                    .flat_map(|value| self.possible(file, value, level + 1))
                                    .collect();
                            }
                        }
                        "filter" | "slice" | "sort" | "concat" | "flat" | "reverse" => {
                            return self.elements_of(file, object, level + 1);
                        }
                        // What only chooses among the elements, however many of them follow
                        // one another.
                        "flatten" | "filter_entry" | "skip" | "take" | "rev" | "cloned"
                        | "copied" | "peekable" | "fuse" | "min_depth" | "max_depth"
                        | "follow_links" | "same_file_system" | "sort_by_file_name"
                            if program.language == Language::Rust =>
                        {
                            return self.elements_of(file, object, level);
                        }
                        "filter_map" | "flat_map" | "inspect"
                            if program.language == Language::Rust =>
                        {
                            return self.elements_of(file, object, level + 1);
                        }
                        _ => {}
                    }
                }
                self.possible(file, over, level + 1)
            }
            Expr::Name(atom, scope) => match program.resolve(atom, scope) {
                Some(symbol) if level <= LEVELS => program
                    .symbol(symbol)
                    .values
                    .clone()
                    .into_iter()
                    .take(4)
                    .flat_map(|value| self.elements_of(file, value, level + 1))
                    .collect(),
                _ => Vec::new(),
            },
            _ => self.possible(file, over, level + 1),
        }
    }

    /// The pattern of names that a folder is asked for, where it leaves anything out.
    fn pattern_of(&mut self, file: FileId, args: &[ExprId]) -> Option<String> {
        let pattern = self.machine.fold(file, *args.first()?);
        pattern
            .known_text()
            .filter(|text| !text.chars().all(|c| matches!(c, '*' | '/')))
            .map(str::to_owned)
    }

    /// A name in a folder, by what both can be.
    fn in_folder(&mut self, file: FileId, folder: ExprId, name: ExprId, level: u8) -> Vec<Value> {
        let names = self.possible(file, name, level + 1);
        let mut out = Vec::new();
        for folder in self.possible(file, folder, level + 1) {
            for name in &names {
                if out.len() < MOST
                    && let (Some(folder), Some(name)) = (folder.as_text(), name.as_text())
                {
                    let (folder, name) =
                        (folder.trim_end_matches('/'), name.trim_start_matches('/'));
                    out.push(Value::text(&format!("{folder}/{name}")));
                }
            }
        }
        out
    }

    /// What lies below a folder.
    fn below(&mut self, file: FileId, folder: Option<ExprId>, level: u8) -> Vec<Value> {
        let Some(folder) = folder else {
            return Vec::new();
        };
        self.possible(file, folder, level)
            .into_iter()
            .filter_map(|value| value.as_text())
            // Without a folder it is the one that a program stands in, and not the root.
            .filter(|text| text != HOLE && !text.is_empty())
            .map(|text| Value::text(&format!("{}/{EVERY}", text.trim_end_matches('/'))))
            .collect()
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

/// The folder of what is found in it.
fn folder_of(found: &str) -> &str {
    let folder = found.trim_end_matches(EVERY).trim_end_matches('/');
    if folder.is_empty() && found.starts_with('/') {
        "/"
    } else {
        folder
    }
}

/// What is found in folders, by the pattern that it was asked for with.
fn named(found: &[Value], pattern: &str) -> Vec<Value> {
    found
        .iter()
        .filter_map(Value::any_text)
        .map(|text| Value::text(&format!("{}{pattern}", text.trim_end_matches(EVERY))))
        .collect()
}

/// What stands under a key of a list or an object of constants.
fn part_of(object: &Value, key: &str) -> Option<Value> {
    match object {
        Value::Array(items) => {
            let at: usize = key.parse().ok()?;
            items.borrow().get(at).cloned()
        }
        Value::Object(object) if object.class.is_none() => object
            .entries
            .borrow()
            .iter()
            .rev()
            .find(|(known, _)| **known == *key)
            .map(|(_, value)| value.clone()),
        _ => None,
    }
}

/// Functions that give the names in a folder, without the folder.
fn gives_names(path: &str) -> bool {
    path.contains("readdir") || path == "os.listdir"
}

/// Functions that give what lies in a folder.
pub(super) fn lists_folder(path: &str) -> bool {
    matches!(
        path,
        "os.walk"
            | "os.listdir"
            | "os.scandir"
            | "glob.glob"
            | "glob.iglob"
            | "fs.readdirSync"
            | "fs.readdir"
            | "fs/promises.readdir"
            | "fs.promises.readdir"
            | "std.fs.read_dir"
            | "fs.read_dir"
            | "walkdir.WalkDir.new"
            | "WalkDir.new"
            | "ignore.WalkBuilder.new"
            | "jwalk.WalkDir.new"
            | "glob"
            | "fast-glob"
            | "glob.sync"
            | "fast-glob.sync"
    )
}

fn is_pure(path: &str) -> bool {
    path.starts_with("path.")
        || path.starts_with("os.path.")
        || matches!(
            path,
            "pathlib.Path" | "Path" | "str" | "String" | "String.fromCharCode"
        )
}
