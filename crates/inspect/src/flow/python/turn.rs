//! Functions that Python code means by turns, or by a name that it computes: each of a list, each
//! method that begins with a word.

use super::super::Analysis;
use super::super::fellows::note;
use super::Class;
use crate::ir::{Expr, ExprId, FuncId, Program, ScopeId, SymbolId};
use crate::pure::{Closure, FileId, HOLE_START, Value};
use std::rc::Rc;

/// Elements of a list that are looked at.
const ELEMENTS: usize = 1 << 14;
/// Steps from a list to where it comes from.
const LEVELS: u8 = 6;
/// Arguments behind those that have a name.
const REST: u16 = 16;
/// Calls that are looked at for how a name begins.
const CALLS: usize = 1 << 12;

impl Analysis<'_> {
    /// What the elements of something are, where all of it is known.
    pub(in crate::flow) fn each_of(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        over: ExprId,
    ) -> Vec<Value> {
        let mut all = Vec::new();
        self.values_by_turns(program, file, over, 0, &mut all);
        all
    }

    fn values_by_turns(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        over: ExprId,
        level: u8,
        all: &mut Vec<Value>,
    ) {
        if level > LEVELS || all.len() >= ELEMENTS {
            return;
        }
        let mut partly = None;
        if let Value::Array(items) = self.machine.fold(file, over) {
            let items = items.borrow();
            let left = ELEMENTS.saturating_sub(all.len());
            let items: Vec<Value> = items.iter().take(left).cloned().collect();
            if !items.iter().any(Value::is_unknown) {
                all.extend(items);
                return;
            }
            partly = Some(items);
        }
        let before = all.len();
        self.elements_written(program, file, over, level, all);
        if all.len() == before {
            all.extend(partly.into_iter().flatten());
        }
    }

    /// The same, of a list that is written out, or of what such a one is given to.
    fn elements_written(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        over: ExprId,
        level: u8,
        all: &mut Vec<Value>,
    ) {
        match program.expr(over) {
            Expr::Name(atom, scope) => {
                let Some(symbol) = program.resolve(atom, scope) else {
                    return;
                };
                let values = program.symbol(symbol).values.to_vec();
                for value in values.into_iter().take(4) {
                    self.values_by_turns(program, file, value, level + 1, all);
                }
            }
            // What callers hand in.
            Expr::Param(function, position) => {
                for (program, file, arg) in self.handed_in(file, function, position) {
                    self.values_by_turns(&program, file, arg, level + 1, all);
                }
            }
            Expr::Rest(function, from) => {
                for position in from..from.saturating_add(REST) {
                    let handed = self.handed_in(file, function, position);
                    if handed.is_empty() {
                        break;
                    }
                    for (_, file, arg) in handed {
                        all.push(self.machine.fold(file, arg));
                    }
                }
            }
            Expr::Array(items) => {
                let items = program.list(items).to_vec();
                for item in items.into_iter().take(ELEMENTS.saturating_sub(all.len())) {
                    let value = match self.machine.fold(file, item) {
                        // A look that ended among many elements leaves one of them unknown.
                        Value::Unknown => function_named(program, file, item),
                        value => value,
                    };
                    all.push(value);
                }
            }
            // What is put into a field of the object itself.
            Expr::Member(object, field) => {
                for value in self.fields_of_self(program, file, object, field) {
                    self.values_by_turns(program, file, value, level + 1, all);
                }
            }
            Expr::Call { callee, args, .. } => {
                if let (Expr::Name(name, _), [list, ..]) =
                    (program.expr(callee), program.list(args))
                    && matches!(
                        program.name(name),
                        "list" | "tuple" | "sorted" | "reversed" | "iter" | "set"
                    )
                {
                    self.values_by_turns(program, file, *list, level + 1, all);
                }
            }
            _ => {}
        }
    }

    /// Functions among the elements of something; of each its part, where one is named.
    pub(in crate::flow) fn meant_by_turns(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        over: ExprId,
        part: Option<&str>,
        found: &mut Vec<(FileId, FuncId)>,
    ) {
        if part == Some("1")
            && let Some(prefix) = self.prefix_of_own_names(program, file, over)
        {
            own_functions(program, file, &prefix, found);
            return;
        }
        for value in self.each_of(program, file, over) {
            if let Some(Value::Function(closure)) = part_of(value, part) {
                note(found, (closure.file, closure.function));
            }
        }
    }

    /// The classes of the elements of something: of those that are objects, or those that are
    /// classes.
    pub(in crate::flow) fn classes_by_turns(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        over: ExprId,
        part: Option<&str>,
        themselves: bool,
    ) -> Vec<Class> {
        let mut found = Vec::new();
        if themselves
            && part.is_none()
            && let Some(class) = self.asks_below(program, file, over)
        {
            found.extend(self.classes_defined_below(class));
        }
        for value in self.each_of(program, file, over) {
            if let Some(Value::Object(object)) = part_of(value, part)
                && object.is_class == themselves
                && let Some(class) = object.class
                && found.len() < super::METHODS
                && !found.contains(&class)
            {
                found.push(class);
            }
        }
        found
    }

    /// The class of which `over` gives the classes made from it: `C.__subclasses__()`.
    fn asks_below(&mut self, program: &Rc<Program>, file: FileId, over: ExprId) -> Option<Class> {
        let Expr::Call { callee, .. } = program.expr(over) else {
            return None;
        };
        let Expr::Member(object, name) = program.expr(callee) else {
            return None;
        };
        if program.name(name) != "__subclasses__" {
            return None;
        }
        match self.machine.fold(file, object) {
            Value::Object(object) if object.is_class => object.class,
            _ => None,
        }
    }

    /// The classes of files that run which are made from a class.
    fn classes_defined_below(&mut self, class: Class) -> Vec<Class> {
        const MOST: usize = 64;
        let mut files: Vec<FileId> = self.indices.keys().copied().collect();
        files.sort_unstable();
        let mut found = Vec::new();
        for file in files {
            let Some(program) = self.program(file) else {
                continue;
            };
            for (at, expr) in program.exprs.iter().enumerate() {
                let Expr::Class(entries) = *expr else {
                    continue;
                };
                if found.len() >= MOST {
                    return found;
                }
                let below = (file, ExprId(at as u32));
                let is_made_from_some = program
                    .list(entries)
                    .chunks_exact(2)
                    .any(|pair| matches!(program.expr(pair[0]), Expr::Spread(_)));
                if is_made_from_some && self.bases(below).contains(&class) {
                    found.push(below);
                }
            }
        }
        found
    }

    /// Functions that `getattr(object, name)` means: the method of the name that is known, of
    /// one that callers hand in, or each that begins with what is known of it.
    pub(in crate::flow) fn meant_by_getattr(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        object: ExprId,
        key: ExprId,
        level: u8,
        found: &mut Vec<(FileId, FuncId)>,
    ) {
        let mut names: Vec<String> = Vec::new();
        self.names_meant(program, file, key, level, &mut names);
        if names.is_empty() {
            return;
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for class in self.classes(program, file, object, level) {
            for one in self.methods_named(class, &names) {
                note(found, one);
            }
        }
    }

    /// What a name may be that is computed; one that begins so ends with `*`.
    fn names_meant(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        key: ExprId,
        level: u8,
        names: &mut Vec<String>,
    ) {
        const NAMES: usize = 16;
        if level > 6 || names.len() >= NAMES {
            return;
        }
        if let Value::Text(text) = self.machine.fold(file, key) {
            match text.split_once(HOLE_START) {
                None => names.push(text.to_string()),
                // All methods of any name are no proof of one.
                Some((prefix, _)) if !prefix.is_empty() => names.push(format!("{prefix}*")),
                Some(_) => {}
            }
            return;
        }
        match program.expr(key) {
            Expr::Binary(crate::ir::Binary::Add, left, _) => {
                if let Some(prefix) = self.machine.fold(file, left).known_text()
                    && !prefix.is_empty()
                {
                    names.push(format!("{prefix}*"));
                }
            }
            Expr::Name(atom, scope) => {
                let Some(symbol) = program.resolve(atom, scope) else {
                    return;
                };
                for value in program.symbol(symbol).values.iter().take(4) {
                    match program.expr(*value) {
                        Expr::Param(function, position) => {
                            for (program, file, arg) in self.handed_in(file, function, position) {
                                self.names_meant(&program, file, arg, level + 1, names);
                            }
                        }
                        Expr::Element(over) => {
                            self.names_by_turns(program, file, over, symbol, names);
                        }
                        _ => self.names_meant(program, file, *value, level + 1, names),
                    }
                }
            }
            _ => {}
        }
    }

    /// The names that a loop goes through: those of a list, or those that an object has, as far
    /// as they are chosen by how they begin.
    fn names_by_turns(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        over: ExprId,
        symbol: SymbolId,
        names: &mut Vec<String>,
    ) {
        if let Expr::Call { callee, .. } = program.expr(over)
            && matches!(program.expr(callee), Expr::Name(name, scope)
                if program.name(name) == "dir" && program.resolve(name, scope).is_none())
        {
            names.extend(begins_with(program, symbol).map(|prefix| format!("{prefix}*")));
            return;
        }
        for value in self.each_of(program, file, over).into_iter().take(64) {
            if let Some(name) = value.known_text() {
                names.push(name.to_owned());
            }
        }
    }

    /// How the names begin that a loop over the module's own names chooses.
    fn prefix_of_own_names(
        &mut self,
        program: &Rc<Program>,
        _file: FileId,
        over: ExprId,
    ) -> Option<String> {
        let mut over = over;
        // `list(globals().items())`, `vars().copy().items()`.
        let mut of_items = false;
        for _ in 0..4 {
            let Expr::Call { callee, args, .. } = program.expr(over) else {
                return None;
            };
            match program.expr(callee) {
                Expr::Member(object, name) => {
                    of_items |= program.name(name) == "items";
                    if !matches!(program.name(name), "items" | "copy") {
                        return None;
                    }
                    over = object;
                }
                Expr::Name(name, _) if matches!(program.name(name), "list" | "tuple" | "dict") => {
                    over = *program.list(args).first()?;
                }
                Expr::Name(name, scope) => {
                    let is_own = matches!(program.name(name), "globals" | "vars" | "locals")
                        && program.resolve(name, scope).is_none()
                        && program.list(args).is_empty();
                    if !is_own || !of_items {
                        return None;
                    }
                    return first_beginning(program);
                }
                _ => return None,
            }
        }
        None
    }
}

/// The function that a name is given and nothing else.
fn function_named(program: &Program, file: FileId, named: ExprId) -> Value {
    let Expr::Name(atom, scope) = program.expr(named) else {
        return Value::Unknown;
    };
    let symbol = program.resolve(atom, scope);
    match symbol.map(|symbol| &program.symbol(symbol).values[..]) {
        Some([only]) => match program.expr(*only) {
            Expr::Function(function) => Value::Function(Rc::new(Closure {
                file,
                function,
                frame: None,
                this: None,
            })),
            _ => Value::Unknown,
        },
        _ => Value::Unknown,
    }
}

/// The functions of a file whose names begin with a word.
fn own_functions(program: &Program, file: FileId, prefix: &str, found: &mut Vec<(FileId, FuncId)>) {
    let mut own: Vec<SymbolId> = program
        .declared
        .iter()
        .filter(|((scope, name), _)| {
            *scope == ScopeId(0) && program.name(*name).starts_with(prefix)
        })
        .map(|(_, symbol)| *symbol)
        .collect();
    own.sort_unstable();
    for symbol in own {
        for value in &program.symbol(symbol).values {
            if let Expr::Function(function) = program.expr(*value) {
                note(found, (file, function));
            }
        }
    }
}

/// How a variable has to begin: `name.startswith("do_")`.
fn begins_with(program: &Program, symbol: SymbolId) -> Option<String> {
    beginnings(program).find_map(|(object, prefix)| {
        let is_it = matches!(program.expr(object), Expr::Name(atom, scope)
            if program.resolve(atom, scope) == Some(symbol));
        is_it.then(|| prefix.to_owned())
    })
}

/// What is looked for of a value: itself, or the part of a list at a place that is named.
fn part_of(value: Value, part: Option<&str>) -> Option<Value> {
    let Some(part) = part else {
        return Some(value);
    };
    let Value::Array(items) = value else {
        return None;
    };
    let at: usize = part.parse().ok()?;
    items.borrow().get(at).cloned()
}

/// The word of the only test for how something begins.
fn first_beginning(program: &Program) -> Option<String> {
    let mut all = beginnings(program);
    let (_, prefix) = all.next()?;
    all.next().is_none().then(|| prefix.to_owned())
}

fn beginnings(program: &Program) -> impl Iterator<Item = (ExprId, &str)> {
    program
        .calls
        .iter()
        .take(CALLS)
        .filter_map(|(call, _)| match program.expr(*call) {
            Expr::Call { callee, args, .. } => match program.expr(callee) {
                Expr::Member(object, name) if program.name(name) == "startswith" => {
                    let prefix = program.text(*program.list(args).first()?)?;
                    (!prefix.is_empty()).then_some((object, prefix))
                }
                _ => None,
            },
            _ => None,
        })
}
