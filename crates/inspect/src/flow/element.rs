//! What a value is by turns: elements of lists, and names in folders.

use super::Analysis;
use super::possible::{EVERY, LEVELS, MOST};
use crate::ir::{Expr, ExprId, FuncId, Language};
use crate::pure::{FileId, HOLE, Value};
use std::rc::Rc;

impl Analysis<'_> {
    pub(super) fn elements_of(&mut self, file: FileId, over: ExprId, level: u8) -> Vec<Value> {
        match self.machine.fold(file, over) {
            // `(table[key] || []).map(f)`: empty only where nothing stands under the key.
            Value::Array(items) if items.borrow().is_empty() && self.is_fallback(file, over) => {}
            Value::Array(items) => {
                let found: Vec<Value> = items.borrow().iter().take(MOST).cloned().collect();
                if found.iter().any(is_open)
                    && let Some(given) = self.given_by_turns_of(file, over, level)
                {
                    return given;
                }
                return found;
            }
            Value::Object(object) => {
                // What an object of the package's own class gives by turns.
                let program = self.program(file).filter(|_| object.class.is_some());
                let by_turns = program.map(|program| self.iterators(&program, file, over));
                if let Some(by_turns) = by_turns.filter(|by_turns| !by_turns.is_empty()) {
                    return self.given_by(&by_turns, level);
                }
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
                if program.language == Language::Python
                    && level <= LEVELS
                    && let [list, ..] = args[..]
                    && let Value::Native(native) = self.machine.fold(file, callee)
                    && only_orders(&native.path)
                {
                    return self.elements_of(file, list, level + 1);
                }
                // `filter(f, list)`.
                if program.language == Language::Python
                    && level <= LEVELS
                    && let [_, list] = args[..]
                    && let Value::Native(native) = self.machine.fold(file, callee)
                    && matches!(
                        &*native.path,
                        "filter"
                            | "itertools.filterfalse"
                            | "itertools.takewhile"
                            | "itertools.dropwhile"
                    )
                {
                    return self.elements_of(file, list, level + 1);
                }
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
                    .iter()
                    .take(4)
                    .flat_map(|value| self.elements_of(file, *value, level + 1))
                    .collect(),
                _ => Vec::new(),
            },
            Expr::Logic(_, left, right) | Expr::Cond(_, left, right) if level <= LEVELS => {
                let mut found = self.elements_of(file, left, level + 1);
                found.extend(self.elements_of(file, right, level + 1));
                found
            }
            // Of a table of lists: the elements of the lists.
            Expr::Index(..) => {
                let lists = self.possible(file, over, level + 1);
                let mut found = Vec::new();
                for list in lists {
                    match &list {
                        Value::Array(items) => {
                            found.extend(items.borrow().iter().take(MOST).cloned());
                        }
                        _ => found.push(list),
                    }
                }
                found
            }
            _ => self.possible(file, over, level + 1),
        }
    }

    /// What a function of the package gives or yields, where running it once does not tell all.
    fn given_by_turns_of(&mut self, file: FileId, over: ExprId, level: u8) -> Option<Vec<Value>> {
        let program = self.program(file)?;
        let over = match program.expr(over) {
            Expr::Name(atom, scope) => {
                match program.symbol(program.resolve(atom, scope)?).values[..] {
                    [only] => only,
                    _ => return None,
                }
            }
            _ => over,
        };
        let Expr::Call { callee, .. } = program.expr(over) else {
            return None;
        };
        self.looks = self.looks.saturating_sub(1);
        if level > LEVELS || self.looks == 0 || program.language != Language::JavaScript {
            return None;
        }
        let Value::Function(closure) = self.machine.fold(file, callee) else {
            return None;
        };
        let mut found = self.given_by(&[(closure.file, closure.function)], level);
        found.retain(|value| !value.is_unknown());
        (!found.is_empty()).then_some(found)
    }

    /// Whether a list is what stands in for one that is not known, or is made of such a one.
    fn is_fallback(&self, file: FileId, list: ExprId) -> bool {
        const LEVELS: u8 = 6;
        let Some(program) = self.program(file) else {
            return false;
        };
        let mut at = list;
        for _ in 0..LEVELS {
            at = match program.expr(at) {
                Expr::Logic(..) => return true,
                // `folder.iterdir() if folder.is_dir() else ()`.
                Expr::Cond(..) => return true,
                Expr::Name(atom, scope) if program.language == Language::Python => {
                    let symbol = program.resolve(atom, scope).map(|id| program.symbol(id));
                    match symbol.map(|symbol| &symbol.values[..]) {
                        Some([only]) => *only,
                        _ => return false,
                    }
                }
                Expr::Call { callee, .. } => match program.expr(callee) {
                    Expr::Member(list, name)
                        if matches!(
                            program.name(name),
                            "map" | "filter" | "slice" | "sort" | "concat"
                        ) =>
                    {
                        list
                    }
                    _ => return false,
                },
                _ => return false,
            };
        }
        false
    }

    /// What generators give.
    fn given_by(&mut self, generators: &[(FileId, FuncId)], level: u8) -> Vec<Value> {
        let mut found = Vec::new();
        for (file, function) in generators {
            let Some(program) = self.program(*file).filter(|_| level <= LEVELS) else {
                continue;
            };
            for value in program.function(*function).returns.iter().take(4) {
                found.extend(match program.expr(*value) {
                    Expr::Spread(list) => self.elements_of(*file, list, level + 1),
                    _ => self.possible(*file, *value, level + 1),
                });
            }
        }
        found.truncate(MOST);
        found
    }

    /// The pattern of names that a folder is asked for, where it leaves anything out.
    pub(super) fn pattern_of(&mut self, file: FileId, args: &[ExprId]) -> Option<String> {
        let pattern = self.machine.fold(file, *args.first()?);
        pattern
            .known_text()
            .filter(|text| !text.chars().all(|c| matches!(c, '*' | '/')))
            .map(str::to_owned)
    }

    /// A name in a folder, by what both can be.
    pub(super) fn in_folder(
        &mut self,
        file: FileId,
        folder: ExprId,
        name: ExprId,
        level: u8,
    ) -> Vec<Value> {
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
    pub(super) fn below(&mut self, file: FileId, folder: Option<ExprId>, level: u8) -> Vec<Value> {
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
}

/// Whether more may be known of a value than it was folded to.
fn is_open(value: &Value) -> bool {
    match value {
        Value::Unknown => true,
        Value::Text(text) => text.contains(HOLE),
        _ => false,
    }
}

/// The folder of what is found in it.
pub(super) fn folder_of(found: &str) -> &str {
    let folder = found.trim_end_matches(EVERY).trim_end_matches('/');
    if folder.is_empty() && found.starts_with('/') {
        "/"
    } else {
        folder
    }
}

/// What is found in folders, by the pattern that it was asked for with.
pub(super) fn named(found: &[Value], pattern: &str) -> Vec<Value> {
    found
        .iter()
        .filter_map(Value::any_text)
        .map(|text| Value::text(&format!("{}{pattern}", text.trim_end_matches(EVERY))))
        .collect()
}

/// What stands under a key of a list or an object of constants.
pub(super) fn part_of(object: &Value, key: &str) -> Option<Value> {
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

/// Functions of Python that give the elements of what they get, in some order.
pub(super) fn only_orders(path: &str) -> bool {
    matches!(
        path,
        "list" | "tuple" | "sorted" | "reversed" | "iter" | "set" | "frozenset"
    )
}

/// Functions that give the names in a folder, without the folder.
pub(super) fn gives_names(path: &str) -> bool {
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
