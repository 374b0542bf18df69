//! Who calls whom: through names, tables, registrations and what is handed over.

mod table;

use super::fellows::{called_through, is_open};
use super::python::CLASSES;
use super::reach::{Queue, build_hooks};
use super::sink::placed;
use super::{Analysis, Index, Site};
use crate::ir::{Expr, ExprId, FuncId, Language, Program, SymbolId};
use crate::know::{self, Role};
use crate::pure::{FileId, Surroundings, Value};
use customs_model::Zone;
use std::rc::Rc;

/// What a name that is handed to a call is, as far as it matters to who is called.
#[derive(Debug, Clone, Copy)]
pub(super) enum HandedValue {
    /// A function.
    Function((FileId, FuncId)),
    /// A class, by the expression that makes it.
    Class((FileId, ExprId)),
    /// Something else, or unknown.
    Other,
}

impl Analysis<'_> {
    pub(super) fn call(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        zone: Zone,
        first: bool,
        queue: &mut Queue,
    ) {
        let (callee, args, new) = match program.expr(site.expr) {
            Expr::Call { callee, args, new } => (callee, program.list(args), new),
            Expr::Import(specifier) => {
                self.load(site, specifier, zone, queue);
                return;
            }
            Expr::Await(value) => {
                self.awaited(site, value, zone, queue);
                return;
            }
            _ => return,
        };
        let value = match self.callees.get(&(site.file, site.expr)) {
            Some(value) => value.clone(),
            None => {
                let value = self.machine.fold(site.file, callee);
                self.callees.insert((site.file, site.expr), value.clone());
                value
            }
        };
        match &value {
            Value::Function(closure) => {
                self.calls(closure.file, closure.function, site, first);
                queue.push(zone, closure.file, closure.function);
            }
            Value::Object(object) if object.is_class => {
                if let Some(class) = object.class {
                    self.made(class, zone);
                    self.class(class, zone, Some(site).filter(|_| first), queue);
                }
            }
            Value::Native(native) => {
                let path = Rc::clone(&native.path);
                self.builds(program, site, &path, &value, args, zone, queue);
                let targets = self.binaries_of(program, site.file, &path, args);
                self.native_loaded(program, site, &path, &targets, zone);
                for target in targets {
                    queue.push(zone, target, FuncId(0));
                }
                match self.role(program.language, &path) {
                    Role::Load => {
                        let args = placed(program, &path, args);
                        if let Some(specifier) = args.first() {
                            self.load(site, *specifier, zone, queue);
                        }
                    }
                    // A file that is evaluated as it stands is followed like one that is loaded.
                    Role::Code(_) | Role::CodeLast if !path.starts_with("set") => {
                        if let Some(target) =
                            self.machine.evaluated_at(program, site.file, site.expr)
                        {
                            queue.push(zone, target, FuncId(0));
                            // What it defines are names of the module around.
                            self.machine.evaluated_in(program, site.file);
                            if site.function == FuncId(0)
                                && let Some(evaluated) = self.program(target)
                            {
                                build_hooks(&evaluated, target, zone, queue);
                            }
                        }
                    }
                    _ => {}
                }
                // What is registered is a module whose functions are asked for each one that is
                // loaded.
                if matches!(&*path, "module.register" | "module.Module.register")
                    && let Some(specifier) = args.first()
                {
                    self.registers_hooks(site, *specifier, zone, queue);
                }
                if matches!(&*path, "cluster.setupPrimary" | "cluster.setupMaster")
                    && let Some(settings) = args.first()
                    && let Value::Object(settings) = self.machine.fold(site.file, *settings)
                    && let Value::Text(text) =
                        self.machine.property(&Value::Object(settings), "exec")
                    && let Some(target) = self.package.resolve(site.file, &text)
                {
                    self.enter_file(target, zone, true, queue);
                }
                if matches!(
                    &*path,
                    "worker_threads.Worker" | "Worker" | "child_process.fork" | "runpy.run_path"
                ) && let Some(specifier) = args.first()
                    && let Value::Text(text) = self.machine.fold(site.file, *specifier)
                    && let Some(target) = self.package.resolve(site.file, &text)
                {
                    let calls = self.children.entry(target).or_default();
                    if !calls.contains(&(site.file, site.expr)) {
                        calls.push((site.file, site.expr));
                    }
                    self.enter_file(target, zone, true, queue);
                }
            }
            _ => {}
        }
        let is_asked = value.path() == Some("Map().get()");
        // A table of functions, one of which is called: bundlers do that.
        // What it is folded to is the one of both that is known.
        let is_choice = program.language == Language::JavaScript
            && matches!(program.expr(callee), Expr::Logic(..) | Expr::Cond(..));
        if (value.is_unknown() || is_asked || is_choice) && !new {
            // `table[id](…)`, `table[id].call(…)`, `(0, table[id])(…)`.
            let mut called = callee;
            let mut with = args;
            if let Expr::Member(inner, how) = program.expr(called)
                && matches!(program.name(how), "call" | "apply")
            {
                called = inner;
                with = match program.name(how) {
                    "call" => args.get(1..).unwrap_or_default(),
                    _ => &[],
                };
            }
            if let Expr::Sequence(parts) = program.expr(called)
                && let Some(last) = program.list(parts).last()
            {
                called = *last;
            }
            // `(table[id] || otherwise)(…)`.
            let each = match program.expr(called) {
                Expr::Logic(_, left, right) | Expr::Cond(_, left, right) => vec![left, right],
                _ => vec![called],
            };
            for called in each {
                if let Expr::Index(table, _) = program.expr(called) {
                    self.table(program, site, first, table, with, zone, queue);
                } else if let Some(table) = asked_table(program, called) {
                    self.table(program, site, first, table, with, zone, queue);
                }
            }
        }
        // `for (k in table) table[k]()`: each in turn, and not the last one only.
        if let Expr::Index(table, key) = program.expr(callee)
            && matches!(value, Value::Function(_))
            && is_by_turns(program, key)
        {
            self.table(program, site, first, table, args, zone, queue);
        }
        if let Some(inner) = called_through(program, callee).filter(|_| value.is_unknown())
            && let Value::Function(closure) = self.machine.fold(site.file, inner)
        {
            self.calls(closure.file, closure.function, site, first);
            queue.push(zone, closure.file, closure.function);
        }
        let fellows = self.fellows(program, site, callee, &value, zone);
        for (file, function) in fellows.iter() {
            self.calls(*file, *function, site, first);
            queue.push(zone, *file, *function);
        }
        if first {
            self.gives_to_callbacks(program, site, &value, callee, args);
        }
        if new && is_open(program, callee, &value, zone) {
            self.classes_of_objects(site, callee, zone, queue);
        }
        self.python_call(program, site, callee, args, &value, zone, first, queue);
        self.hand_over(program, site, &value, zone, first, queue);
        self.hand_over_by_turns(program, site, zone, queue);
    }

    /// What is handed to a call runs with it, where it does not wait.
    fn hand_over(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        value: &Value,
        zone: Zone,
        first: bool,
        queue: &mut Queue,
    ) {
        let Expr::Call { callee, args, .. } = program.expr(site.expr) else {
            return;
        };
        let args = program.list(args);
        if zone > Zone::Called
            && let Some(arg) = self.only_decorates(program, site.file, callee, value, args)
        {
            self.decorated(program, site, arg, zone, first, queue);
            return;
        }
        if program.language == Language::Python
            && zone > Zone::Called
            && value.path().is_some_and(know::only_asks)
        {
            for arg in args.iter().copied() {
                self.handed_over(program, site, arg, Zone::Called, first, 0, queue);
                self.asked_about(program, site.file, arg, zone, queue);
            }
            return;
        }
        // A handler of a command waits for its command.
        let zone = if self.only_stores(value) {
            zone.min(Zone::Called)
        } else if self.registers(program, callee, value)
            || zone > Zone::Command && self.is_of_command(program, site.file, callee)
        {
            zone.min(Zone::Command)
        } else {
            zone
        };
        // What comes behind `*list` stands nobody knows where.
        let is_spread = |arg: &ExprId| matches!(program.expr(*arg), Expr::Spread(_));
        let counted = args.iter().position(is_spread).unwrap_or(args.len());
        let dressed = match program.language {
            Language::JavaScript => value.path().map_or(0, know::only_dresses),
            Language::Python | Language::Rust => 0,
        };
        for (position, arg) in args.iter().copied().enumerate() {
            if position < dressed.min(counted) {
                self.handed_over(program, site, arg, zone.min(Zone::Called), first, 0, queue);
                continue;
            }
            let is_kept = position < counted
                && self.hand_to_keeper(program, site, value, position, arg, zone, first, queue);
            if !is_kept {
                self.handed_over(program, site, arg, zone, first, 0, queue);
            }
        }
    }

    /// The methods that answer for a class when it is asked what it is.
    fn asked_about(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        arg: ExprId,
        zone: Zone,
        queue: &mut Queue,
    ) {
        let asked = match program.expr(arg) {
            Expr::Array(items) => program.list(items).to_vec(),
            Expr::Keywords(entries) => {
                let values = program.list(entries).iter().skip(1).step_by(2);
                values.copied().collect()
            }
            _ => vec![arg],
        };
        for arg in asked {
            let Value::Object(object) = self.machine.fold(file, arg) else {
                continue;
            };
            let Some(class) = object.class else {
                continue;
            };
            let Some(program) = self.program(class.0) else {
                continue;
            };
            let Expr::Class(entries) = program.expr(class.1) else {
                continue;
            };
            for pair in program.list(entries).chunks_exact(2) {
                let answers = matches!(
                    program.text(pair[0]),
                    Some(
                        "__subclasshook__"
                            | "__instancecheck__"
                            | "__subclasscheck__"
                            | "__class__"
                    )
                );
                if let Expr::Function(function) = program.expr(pair[1])
                    && answers
                {
                    queue.push(zone, class.0, function);
                }
            }
        }
    }

    /// Whether what is called keeps the function that it gets and neither calls it nor hands
    /// it on: in Python, in a text that is run, a decorator that fills a table; in JavaScript
    /// what gives a function its name, as bundlers do (`__name(f, "f")`).
    fn only_stores(&mut self, value: &Value) -> bool {
        let Value::Function(closure) = value else {
            return false;
        };
        let (Some(program), Some(index)) = (self.program(closure.file), self.index(closure.file))
        else {
            return false;
        };
        if program.language == Language::Rust
            || program.language == Language::Python && self.outer.level == 0
        {
            return false;
        }
        let Some(symbol) = index.parameters.get(&(closure.function, 0)).copied() else {
            return false;
        };
        let key = (closure.file, closure.function);
        if let Some(known) = self.stores_only.get(&key) {
            return *known;
        }
        if program.language == Language::JavaScript {
            let calls = index.calls.get(&closure.function);
            let calls = calls.unwrap_or_default();
            let only = self.only_names(&program, &index, closure.file, symbol, calls);
            self.stores_only.insert(key, only);
            return only;
        }
        let is_it = |expr: ExprId| super::index::symbol_of(&program, expr) == Some(symbol);
        let used = program
            .calls
            .iter()
            .any(|(call, _)| match program.expr(*call) {
                Expr::Call { callee, args, .. } => {
                    is_it(callee) || program.list(args).iter().any(|arg| is_it(*arg))
                }
                _ => false,
            });
        self.stores_only.insert(key, !used);
        !used
    }

    /// What a name that is handed to a call is. It is asked once for each zone that the call is
    /// reached in, and found out once, as what is called is.
    pub(super) fn handed_name(&mut self, file: FileId, arg: ExprId) -> HandedValue {
        if let Some(known) = self.handed_values.get(&(file, arg)) {
            return *known;
        }
        let value = match self.machine.fold(file, arg) {
            Value::Function(closure) => HandedValue::Function((closure.file, closure.function)),
            Value::Object(object) if object.is_class => match object.class {
                Some(class) => HandedValue::Class(class),
                None => HandedValue::Other,
            },
            _ => HandedValue::Other,
        };
        self.handed_values.insert((file, arg), value);
        value
    }

    /// Whether a parameter is used for nothing but to define a property of it, and to be
    /// given back.
    fn only_names(
        &mut self,
        program: &Rc<Program>,
        index: &Index,
        file: FileId,
        symbol: SymbolId,
        calls: &[ExprId],
    ) -> bool {
        const MOST: usize = 4;
        if calls.len() > MOST {
            return false;
        }
        let owner = FuncId(program.symbol(symbol).function);
        let function = program.function(owner);
        let mut allowed: Vec<ExprId> = function.returns.clone();
        let mut defines = false;
        for call in calls {
            let Expr::Call { callee, args, .. } = program.expr(*call) else {
                continue;
            };
            let Some(first) = program.list(args).first() else {
                continue;
            };
            if let Expr::Name(atom, scope) = program.expr(*first)
                && program.resolve(atom, scope) == Some(symbol)
                && let Value::Native(native) = self.machine.fold(file, callee)
                && matches!(&*native.path, "Object.defineProperty")
            {
                allowed.push(*first);
                defines = true;
            }
        }
        if !defines || allowed.len() > MOST {
            return false;
        }
        // Its own place among the parameters is the one other time that it is named.
        let named = index.names_of(program, symbol);
        let named = named.filter(|place| !allowed.contains(place));
        let assigned: Vec<ExprId> = named.take(2).collect();
        let [target] = assigned[..] else {
            return false;
        };
        index.is_assigned(program, target)
    }

    /// A function that is handed to a call is called by it, sooner or later.
    #[allow(clippy::too_many_arguments, reason = "one step of a walk")]
    pub(super) fn handed_over(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        arg: ExprId,
        zone: Zone,
        first: bool,
        level: u8,
        queue: &mut Queue,
    ) {
        match program.expr(arg) {
            Expr::Function(function) => {
                if first {
                    self.passed_at(site.file, function, site);
                }
                queue.push(zone, site.file, function);
            }
            Expr::Name(..) | Expr::Member(..) => match self.handed_name(site.file, arg) {
                HandedValue::Function(place) => {
                    if first {
                        self.passed_at(place.0, place.1, site);
                    }
                    queue.push(zone, place.0, place.1);
                }
                HandedValue::Class(class) => self.class(class, zone, None, queue),
                HandedValue::Other if program.language == Language::Python => {
                    self.handed_value(program, site, arg, zone, first, queue);
                }
                HandedValue::Other => {}
            },
            Expr::Object(entries) | Expr::Keywords(entries) if level < 3 => {
                for pair in program.list(entries).chunks_exact(2) {
                    if program.language == Language::Python
                        && program.text(pair[0]) == Some("cmdclass")
                        && !matches!(program.expr(pair[1]), Expr::Object(_))
                    {
                        self.commands(site.file, pair[1], zone, queue);
                    }
                    self.handed_over(program, site, pair[1], zone, first, level + 1, queue);
                }
            }
            Expr::Array(items) if level < 3 => {
                for item in program.list(items) {
                    self.handed_over(program, site, *item, zone, first, level + 1, queue);
                }
            }
            Expr::Class(_) => self.class((site.file, arg), zone, None, queue),
            // `setTimeout(late ? f : g)`: one of both.
            Expr::Cond(_, left, right) | Expr::Logic(_, left, right)
                if program.language == Language::JavaScript && level < 3 =>
            {
                for one in [left, right] {
                    self.handed_over(program, site, one, zone, first, level + 1, queue);
                }
            }
            // `f(...[a, b])`, `f.bind(null)`.
            Expr::Spread(inner) if program.language == Language::JavaScript && level < 3 => {
                self.handed_over(program, site, inner, zone, first, level + 1, queue);
            }
            Expr::Call { callee, .. } if is_bound(program, callee) => {
                if let Value::Function(closure) = self.machine.fold(site.file, arg) {
                    queue.push(zone, closure.file, closure.function);
                }
            }
            _ if program.language == Language::Python => {
                self.handed_value(program, site, arg, zone, first, queue);
            }
            _ => {}
        }
    }

    /// The commands of a table that does not stand where it is handed over.
    fn commands(&mut self, file: FileId, table: ExprId, zone: Zone, queue: &mut Queue) {
        const MOST: usize = 64;
        // `{name: make(base) for base in (install, develop)}`: one of them stands for each.
        if let Some(program) = self.program(file)
            && let Expr::Comprehend(parts) = program.expr(table)
            && let [_, _, pair, ..] = program.list(parts)[..]
            && let Expr::Array(pair) = program.expr(pair)
            && let [_, made] = program.list(pair)[..]
        {
            for value in self.possible(file, made, 0).into_iter().take(MOST) {
                if let Value::Object(object) = value
                    && let Some(class) = object.class.filter(|_| object.is_class)
                {
                    self.class(class, zone, None, queue);
                }
            }
            return;
        }
        let Value::Object(table) = self.machine.fold(file, table) else {
            return;
        };
        let classes: Vec<(FileId, ExprId)> = table
            .entries
            .borrow()
            .iter()
            .filter_map(|(_, value)| match value {
                Value::Object(object) if object.is_class => object.class,
                _ => None,
            })
            .take(MOST)
            .collect();
        for class in classes {
            self.class(class, zone, None, queue);
        }
    }

    /// A class that is made or handed over: its constructor runs, and whoever has it may
    /// call its methods.
    pub(super) fn class(
        &mut self,
        class: (FileId, ExprId),
        zone: Zone,
        made_at: Option<Site>,
        queue: &mut Queue,
    ) {
        let waits = made_at.is_none() && self.asked_commands(class.0).contains(&class.1);
        let zone = if waits { zone.min(Zone::Command) } else { zone };
        // An installer calls the methods that its command has from the classes above it as well.
        let goes_up = made_at.is_some() || self.is_command(class);
        let all = if goes_up {
            self.classes_above(class)
        } else {
            [class].into()
        };
        if all.len() >= CLASSES {
            // What stands above them is not known.
            self.cut_short(zone);
        }
        for class in all.iter().copied() {
            self.members(class, zone, made_at, queue);
        }
    }

    /// Whether a class is made from a stream of Node.js itself.
    fn derives_from_stream(&mut self, program: &Program, class: (FileId, ExprId)) -> bool {
        let Expr::Class(entries) = program.expr(class.1) else {
            return false;
        };
        let entries = program.list(entries).to_vec();
        entries.chunks_exact(2).any(|pair| {
            let Expr::Spread(base) = program.expr(pair[0]) else {
                return false;
            };
            let base = self.machine.fold(class.0, base);
            base.path()
                .is_some_and(|path| path == "stream" || path.starts_with("stream."))
        })
    }

    /// What runs of a class when an object of it is made, or all of it where the class itself is
    /// handed over.
    fn members(
        &mut self,
        class: (FileId, ExprId),
        zone: Zone,
        made_at: Option<Site>,
        queue: &mut Queue,
    ) {
        let constructs = |name: &str| {
            matches!(
                name,
                "constructor" | "__init__" | "__new__" | "__post_init__" | "__set_name__"
            )
        };
        let runs = |name: &str| {
            constructs(name) || made_at.is_none() || know::is_called_by_the_language(name)
        };
        for (name, file, function) in self.on_class(class) {
            if runs(&name) {
                queue.push(zone, file, function);
            }
        }
        let Some(program) = self.program(class.0) else {
            return;
        };
        let Expr::Class(entries) = program.expr(class.1) else {
            return;
        };
        for pair in program.list(entries).to_vec().chunks_exact(2) {
            let Expr::Function(function) = program.expr(pair[1]) else {
                continue;
            };
            let name = program.text(pair[0]).unwrap_or_default();
            if let Some(site) = made_at.filter(|_| constructs(name)) {
                self.called_at(class.0, function, site);
            }
            let is_of_stream = program.language == Language::JavaScript
                && is_of_stream(name)
                && self.derives_from_stream(&program, class);
            if runs(name) || is_of_stream {
                queue.push(zone, class.0, function);
            }
        }
    }
}

/// Whether it is `f.bind` of JavaScript.
fn is_bound(program: &Program, callee: ExprId) -> bool {
    matches!(program.expr(callee), Expr::Member(_, how)
        if program.language == Language::JavaScript && program.name(how) == "bind")
}

/// Methods that a stream of Node.js calls on its own objects.
fn is_of_stream(name: &str) -> bool {
    matches!(
        name,
        "_transform" | "_flush" | "_write" | "_writev" | "_final" | "_read" | "_construct"
    )
}

/// Whether a key is each of the keys of something in turn.
fn is_by_turns(program: &Program, key: ExprId) -> bool {
    let mut at = key;
    for _ in 0..3 {
        let Expr::Name(atom, scope) = program.expr(at) else {
            return false;
        };
        let Some(symbol) = program.resolve(atom, scope) else {
            return false;
        };
        let [only] = program.symbol(symbol).values[..] else {
            return false;
        };
        if matches!(program.expr(only), Expr::Key(_)) {
            return true;
        }
        at = only;
    }
    false
}

/// The table that is asked for what is called: `table.get(key)()`, `f = table[key]; f()`.
fn asked_table(program: &Program, called: ExprId) -> Option<ExprId> {
    let called = match program.expr(called) {
        Expr::Name(atom, scope) => match program.symbol(program.resolve(atom, scope)?).values[..] {
            [only] => only,
            _ => return None,
        },
        _ => called,
    };
    let callee = match program.expr(called) {
        Expr::Index(table, _) if program.language == Language::JavaScript => return Some(table),
        Expr::Call { callee, .. } => callee,
        _ => return None,
    };
    match program.expr(callee) {
        Expr::Member(table, get) if program.name(get) == "get" => Some(table),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
