//! Which functions run when, and who calls whom.

use super::{Analysis, Index, Site};
use crate::ir::{Expr, ExprId, FuncId, Language, Program, SymbolId};
use crate::know::{self, Role};
use crate::pure::{FileId, Surroundings, Value};
use crate::zone::{self, Entry};
use customs_model::{SignKind, Zone};
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Functions that wait to be entered, strongest zone first.
#[derive(Default)]
pub(super) struct Queue {
    waiting: BTreeMap<Zone, Vec<(FileId, FuncId)>>,
}

impl Queue {
    fn push(&mut self, zone: Zone, file: FileId, function: FuncId) {
        self.waiting.entry(zone).or_default().push((file, function));
    }

    fn pop(&mut self) -> Option<(Zone, FileId, FuncId)> {
        let mut entry = self.waiting.last_entry()?;
        let zone = *entry.key();
        let (file, function) = entry.get_mut().pop()?;
        if entry.get().is_empty() {
            entry.remove();
        }
        Some((zone, file, function))
    }
}

impl Analysis<'_> {
    pub(super) fn reach(&mut self) {
        /// Command lines of manifests that are read.
        const COMMANDS: usize = 2_000;
        let mut queue = Queue::default();
        let mut commands = 0;
        for entry in zone::entries(self.package) {
            match entry {
                Entry::File { file, zone, script } => {
                    self.enter_file(file, zone, script, &mut queue)
                }
                Entry::Command {
                    text,
                    zone,
                    file,
                    name,
                    folder,
                } => {
                    commands += 1;
                    if commands > COMMANDS {
                        self.found.exhausted = true;
                        self.found.exhausted_hooks |= zone > Zone::Called;
                        continue;
                    }
                    let place = self.place(file, self.text_span(file, &text));
                    if zone == Zone::Install {
                        self.sign(
                            SignKind::InstallCommand,
                            zone,
                            format!("{name}: {text}"),
                            place.clone(),
                        );
                    }
                    for reached in self.command_line(&text, zone, file, &folder, &place, &name) {
                        self.enter_file(reached, zone, true, &mut queue);
                    }
                }
                Entry::Code { text, zone, file } => {
                    let place = self.place(file, crate::ir::Span::default());
                    self.capability("code.start", zone, None, place.clone());
                    let labels = self.memo.nothing();
                    self.child(&text, Language::Python, zone, place, &labels);
                    // What it imports of the package runs as well.
                    for word in text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '.') {
                        let path = word.replace('.', "/");
                        for candidate in [format!("{path}.py"), format!("{path}/__init__.py")] {
                            if let Some(id) = self.package.find(&candidate) {
                                self.enter_file(id, zone, false, &mut queue);
                            }
                        }
                    }
                }
            }
        }
        while let Some((zone, file, function)) = queue.pop() {
            self.enter(zone, file, function, &mut queue);
        }
        // What is there and nothing calls: users may.
        self.called_by_users();
    }

    /// The part of a manifest that holds a command line.
    fn text_span(&self, file: FileId, text: &str) -> crate::ir::Span {
        let Some(bytes) = self.package.file(file).bytes.as_deref() else {
            return crate::ir::Span::default();
        };
        let needle = text.lines().next().unwrap_or(text).as_bytes();
        let needle = &needle[..needle.len().min(24)];
        if let Some(at) = memchr::memmem::find(bytes, needle) {
            return crate::ir::Span {
                start: at as u32,
                end: (at + text.len()) as u32,
            };
        }
        // Quotes are written differently in a manifest: the longest word tells the line.
        let longest = text
            .split(|c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '\\'))
            .max_by_key(|word| word.len())
            .filter(|word| word.len() > 5);
        longest
            .and_then(|word| {
                let at = memchr::memmem::find(bytes, word.as_bytes())?;
                Some(crate::ir::Span {
                    start: at as u32,
                    end: (at + word.len()) as u32,
                })
            })
            .unwrap_or_default()
    }

    fn enter_file(&mut self, file: FileId, zone: Zone, script: bool, queue: &mut Queue) {
        // What is reached is read as code, whatever it is called.
        if script && self.package.language(file).is_none() && self.package.file(file).kind.is_text()
        {
            return;
        }
        queue.push(zone, file, FuncId(0));
        let Some(program) = self.program(file) else {
            return;
        };
        if script && let Some(main) = program.main_block {
            queue.push(zone, file, main);
        }
        if script {
            for asked in &program.asked_blocks {
                queue.push(zone.min(Zone::Command), file, *asked);
            }
        }
        build_hooks(&program, file, zone, queue);
    }

    pub(super) fn index(&mut self, file: FileId) -> Option<Rc<Index>> {
        if let Some(index) = self.indices.get(&file) {
            return Some(Rc::clone(index));
        }
        let program = self.program(file)?;
        self.machine.refill();
        let index = Rc::new(Index::of(&program));
        self.indices.insert(file, Rc::clone(&index));
        Some(index)
    }

    fn enter(&mut self, zone: Zone, file: FileId, function: FuncId, queue: &mut Queue) {
        let known = self.zones.entry((file, function)).or_insert(Zone::Never);
        let first = *known == Zone::Never;
        if *known >= zone && !first {
            return;
        }
        *known = zone;
        let Some(program) = self.program(file) else {
            return;
        };
        let Some(index) = self.index(file) else {
            return;
        };
        if function == FuncId(0) {
            for (specifier, _) in &program.imports {
                if let Some(target) = self.package.resolve(file, program.name(*specifier)) {
                    queue.push(zone, target, FuncId(0));
                }
                for target in self.extension_modules(file, program.name(*specifier)) {
                    queue.push(zone, target, FuncId(0));
                }
            }
            self.started_first(&program, file, zone, queue);
        }
        if self.machine.is_exhausted() {
            self.cut_short(zone);
        }
        for call in index
            .calls
            .get(&function)
            .map(Vec::as_slice)
            .unwrap_or_default()
        {
            self.call(
                &program,
                Site {
                    file,
                    expr: *call,
                    function,
                },
                zone,
                first,
                queue,
            );
        }
        // A function that is put on something of the library waits to be called there.
        for store in index
            .stored
            .get(&function)
            .map(Vec::as_slice)
            .unwrap_or_default()
        {
            if let Value::Function(closure) = self.machine.fold(file, store.value)
                && let Value::Native(native) = self.machine.fold(file, store.object)
                && !native.path.starts_with("module")
                && &*native.path != "exports"
            {
                queue.push(zone, closure.file, closure.function);
            }
        }
    }

    /// Constructors: whoever links a library runs them, called or not.
    fn started_first(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        zone: Zone,
        queue: &mut Queue,
    ) {
        let zone = if zone == Zone::Called {
            Zone::Import
        } else {
            zone
        };
        for starter in program.starters.clone() {
            let values = match self.machine.fold(file, starter) {
                Value::Array(items) => items.borrow().clone(),
                value => vec![value],
            };
            for value in values {
                if let Value::Function(closure) = value {
                    queue.push(zone, closure.file, closure.function);
                }
            }
        }
    }

    fn call(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        zone: Zone,
        first: bool,
        queue: &mut Queue,
    ) {
        let (callee, args, new) = match program.expr(site.expr) {
            Expr::Call { callee, args, new } => (callee, program.list(args).to_vec(), new),
            Expr::Import(specifier) => {
                self.load(site, specifier, zone, queue);
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
                if first {
                    self.callers
                        .entry((closure.file, closure.function))
                        .or_default()
                        .push(site);
                }
                queue.push(zone, closure.file, closure.function);
            }
            Value::Object(object) if object.is_class => {
                if let Some(class) = object.class {
                    self.class(class, zone, Some(site).filter(|_| first), queue);
                }
            }
            Value::Native(native) => {
                let path = Rc::clone(&native.path);
                for target in self.binaries_of(program, site.file, &path, &args) {
                    queue.push(zone, target, FuncId(0));
                }
                match know::role(program.language, &path) {
                    Role::Load => {
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
                if matches!(
                    &*path,
                    "worker_threads.Worker" | "Worker" | "child_process.fork" | "runpy.run_path"
                ) && let Some(specifier) = args.first()
                    && let Value::Text(text) = self.machine.fold(site.file, *specifier)
                    && let Some(target) = self.package.resolve(site.file, &text)
                {
                    self.enter_file(target, zone, true, queue);
                }
            }
            // A table of functions, one of which is called: bundlers do that.
            Value::Unknown if !new => {
                // `table[id](…)`, `table[id].call(…)`, `(0, table[id])(…)`.
                let mut called = callee;
                let mut with = args.as_slice();
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
                if let Expr::Index(table, _) = program.expr(called) {
                    self.table(program, site.file, table, with, zone, queue);
                }
            }
            _ => {}
        }
        // A handler of a command waits for its command.
        let zone = if self.only_stores(&value) {
            zone.min(Zone::Called)
        } else if self.registers(program, callee, &value) {
            zone.min(Zone::Command)
        } else {
            zone
        };
        for arg in args {
            self.handed_over(program, site, arg, zone, first, 0, queue);
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
            let calls = calls.map(Vec::as_slice).unwrap_or_default();
            let only = self.only_names(&program, closure.file, symbol, calls);
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

    /// Whether a parameter is used for nothing but to define a property of it, and to be
    /// given back.
    fn only_names(
        &mut self,
        program: &Rc<Program>,
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
            if let Value::Native(native) = self.machine.fold(file, callee)
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
        let named = program.exprs.iter().enumerate().filter(|(at, expr)| {
            let id = ExprId(*at as u32);
            matches!(expr, Expr::Name(atom, scope)
                if program.resolve(*atom, *scope) == Some(symbol))
                && !allowed.contains(&id)
        });
        let assigned: Vec<ExprId> = named.map(|(at, _)| ExprId(at as u32)).take(2).collect();
        let [target] = assigned[..] else {
            return false;
        };
        let mut targets = program.exprs.iter();
        targets.any(|expr| matches!(expr, Expr::Assign(to, _) if *to == target))
    }

    /// Whether a call only notes a handler: a command's, a route's.
    fn registers(&self, program: &Rc<Program>, callee: ExprId, value: &Value) -> bool {
        const TOOLS: [&str; 14] = [
            "commander",
            "yargs",
            "cac",
            "sade",
            "meow",
            "caporal",
            "vorpal",
            "express",
            "fastify",
            "koa",
            "click",
            "typer",
            "argparse",
            "optparse",
        ];
        let by_tool = value
            .path()
            .is_some_and(|path| TOOLS.iter().any(|tool| path.starts_with(tool)));
        let Expr::Member(_, name) = program.expr(callee) else {
            return by_tool;
        };
        by_tool
            || matches!(
                program.name(name),
                "action" | "command" | "addCommand" | "subcommand"
            ) && !matches!(value, Value::Function(_))
    }

    /// One of a table of functions is called, nobody knows which one: each may be.
    fn table(
        &mut self,
        program: &Program,
        file: FileId,
        table: ExprId,
        args: &[ExprId],
        zone: Zone,
        queue: &mut Queue,
    ) {
        // Larger ones are what bundlers make of whole applications.
        const FUNCTIONS: usize = 32;
        const EXPRESSIONS: usize = 1 << 14;
        let values: Vec<Value> = match self.machine.fold(file, table) {
            Value::Object(object) => object
                .entries
                .borrow()
                .iter()
                .map(|(_, value)| value.clone())
                .collect(),
            Value::Array(items) => items.borrow().clone(),
            _ => return,
        };
        // What loads a part of a bundle is handed to each part.
        let mut given: Vec<(u16, Value)> = Vec::new();
        if values.len() <= FUNCTIONS && program.size() <= EXPRESSIONS {
            for (position, arg) in args.iter().enumerate().take(4) {
                if matches!(program.expr(*arg), Expr::Name(..))
                    && let value @ Value::Function(_) = self.machine.fold(file, *arg)
                {
                    given.push((position as u16, value));
                }
            }
        }
        for value in values.into_iter().take(4_096) {
            if let Value::Function(closure) = value {
                for (position, value) in &given {
                    let value = value.clone();
                    self.machine
                        .give(closure.file, closure.function, *position, value);
                }
                queue.push(zone, closure.file, closure.function);
            }
        }
    }

    /// A function that is handed to a call is called by it, sooner or later.
    #[allow(clippy::too_many_arguments, reason = "one step of a walk")]
    fn handed_over(
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
                    self.passed
                        .entry((site.file, function))
                        .or_default()
                        .push(site);
                }
                queue.push(zone, site.file, function);
            }
            Expr::Name(..) | Expr::Member(..) => match self.machine.fold(site.file, arg) {
                Value::Function(closure) => {
                    if first {
                        self.passed
                            .entry((closure.file, closure.function))
                            .or_default()
                            .push(site);
                    }
                    queue.push(zone, closure.file, closure.function);
                }
                Value::Object(object) if object.is_class => {
                    if let Some(class) = object.class {
                        self.class(class, zone, None, queue);
                    }
                }
                _ => {}
            },
            Expr::Object(entries) | Expr::Keywords(entries) if level < 3 => {
                for pair in program.list(entries).to_vec().chunks_exact(2) {
                    self.handed_over(program, site, pair[1], zone, first, level + 1, queue);
                }
            }
            Expr::Array(items) if level < 3 => {
                for item in program.list(items).to_vec() {
                    self.handed_over(program, site, item, zone, first, level + 1, queue);
                }
            }
            Expr::Class(_) => self.class((site.file, arg), zone, None, queue),
            _ => {}
        }
    }

    /// A class that is made or handed over: its constructor runs, and whoever has it may
    /// call its methods.
    fn class(
        &mut self,
        class: (FileId, ExprId),
        zone: Zone,
        made_at: Option<Site>,
        queue: &mut Queue,
    ) {
        let Some(program) = self.program(class.0) else {
            return;
        };
        let Expr::Class(entries) = program.expr(class.1) else {
            return;
        };
        for pair in program.list(entries).to_vec().chunks_exact(2) {
            if let Expr::Function(function) = program.expr(pair[1]) {
                let name = program.text(pair[0]).unwrap_or_default();
                let constructs = matches!(name, "constructor" | "__init__");
                if let Some(site) = made_at.filter(|_| constructs) {
                    self.callers
                        .entry((class.0, function))
                        .or_default()
                        .push(site);
                }
                if constructs || made_at.is_none() {
                    queue.push(zone, class.0, function);
                }
            }
        }
    }

    fn load(&mut self, site: Site, specifier: ExprId, zone: Zone, queue: &mut Queue) {
        match self.machine.fold(site.file, specifier) {
            Value::Text(text) => {
                if let Some(target) = self.package.resolve(site.file, &text) {
                    if is_data_name(&self.package.file(target).path)
                        && self.program(target).is_some()
                    {
                        let place = self.place_of(site.file, site.expr);
                        let path = self.package.file(target).path.clone();
                        self.sign(SignKind::CodeInData, zone, path, place);
                    }
                    queue.push(zone, target, FuncId(0));
                }
            }
            Value::Native(_) => {}
            _ => {
                let place = self.place_of(site.file, site.expr);
                self.sign(SignKind::OpaqueModule, zone, String::new(), place);
            }
        }
    }

    /// Functions of files that run, which nothing in the package calls.
    fn called_by_users(&mut self) {
        let mut queue = Queue::default();
        let files: Vec<FileId> = self
            .zones
            .keys()
            .filter(|(_, function)| *function == FuncId(0))
            .map(|(file, _)| *file)
            .collect();
        for file in files {
            let Some(program) = self.program(file) else {
                continue;
            };
            let asked: FxHashSet<FuncId> = program.asked_blocks.iter().copied().collect();
            for number in 1..program.functions.len() {
                let function = FuncId(number as u32);
                if !self.zones.contains_key(&(file, function))
                    && program.main_block != Some(function)
                    && !asked.contains(&function)
                {
                    queue.push(Zone::Called, file, function);
                }
            }
        }
        while let Some((zone, file, function)) = queue.pop() {
            self.enter(zone, file, function, &mut queue);
        }
    }
}

/// What a build front-end calls in a back-end, and a builder in its hooks.
fn build_hooks(program: &Program, file: FileId, zone: Zone, queue: &mut Queue) {
    if zone != Zone::Install || program.language != Language::Python {
        return;
    }
    for (number, function) in program.functions.iter().enumerate() {
        if function
            .name
            .is_some_and(|name| is_build_hook(program.name(name)))
        {
            queue.push(zone, file, FuncId(number as u32));
        }
    }
}

/// The functions of PEP 517 and 660, and the methods of hatch's, pdm's and poetry's hooks.
fn is_build_hook(name: &str) -> bool {
    matches!(
        name,
        "build_wheel"
            | "build_sdist"
            | "build_editable"
            | "get_requires_for_build_wheel"
            | "get_requires_for_build_sdist"
            | "get_requires_for_build_editable"
            | "prepare_metadata_for_build_wheel"
            | "prepare_metadata_for_build_editable"
            | "initialize"
            | "finalize"
            | "pdm_build_initialize"
            | "pdm_build_hook_enabled"
            | "build"
            | "update"
    )
}

fn is_data_name(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    !matches!(
        name.rsplit_once('.').map(|(_, extension)| extension),
        Some(
            "js" | "cjs"
                | "mjs"
                | "ts"
                | "tsx"
                | "jsx"
                | "cts"
                | "mts"
                | "json"
                | "node"
                | "py"
                | "rs"
        ) | None
    )
}
