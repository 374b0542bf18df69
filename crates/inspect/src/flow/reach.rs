//! Which functions run when: from the entries along calls and callbacks.

use super::asked::is_within;
use super::label::{Label, Memo};
use super::sink::Entered;
use super::{Analysis, Index, Site};
use crate::ir::{ExprId, FuncId, Language, Program};
use crate::know;
use crate::package::folder;
use crate::pure::{FileId, HOLE_START, Surroundings, Value};
use crate::zone::{self, Entry};
use customs_model::{Edge, Flow, Hop, SignKind, SinkKind, SourceKind, Target, Zone};
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Functions that wait to be entered, strongest zone first.
#[derive(Default)]
pub(super) struct Queue {
    waiting: BTreeMap<Zone, Vec<(FileId, FuncId)>>,
}

impl Queue {
    pub(super) fn push(&mut self, zone: Zone, file: FileId, function: FuncId) {
        self.waiting.entry(zone).or_default().push((file, function));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn pop(&mut self) -> Option<(Zone, FileId, FuncId)> {
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
                Entry::Named { file, zone, name } => {
                    self.enter_file(file, zone, false, &mut queue);
                    self.enter_named(file, &name, zone, &mut queue);
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
                Entry::Address {
                    name,
                    address,
                    file,
                } => self.installed_from(&name, &address, file),
                Entry::Code { text, zone, file } => {
                    let place = self.place(file, crate::ir::Span::default());
                    self.capability("code.start", zone, None, place.clone());
                    let folder = folder(&self.package.file(file).path).to_owned();
                    let python = Language::Python;
                    let data = self.data_named_in(&text);
                    self.child_among(&folder, &text, python, zone, place, true, data);
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
        self.run(&mut queue);
        self.follow_kept(&mut queue);
        // What is there and nothing calls: users may.
        self.called_by_users();
    }

    /// A dependency is installed from an address: what its hooks run is what lies there then.
    fn installed_from(&mut self, name: &str, address: &str, file: FileId) {
        let Some(host) = know::place_of(address) else {
            return;
        };
        let span = self.text_span(file, address);
        let source = format!("the answer of {host}");
        let label = Label::read(SourceKind::Remote, &source, file, span);
        let mut path = self.way(&label);
        path.push(Hop {
            what: format!("is installed as {name}"),
            at: self.place(file, span),
            edge: Edge::Told,
            hidden: None,
            shown: None,
        });
        let marks = self.answer_marks(&label).into_iter().collect();
        self.add_flow(Flow {
            source: SourceKind::Remote,
            source_name: source,
            sink: SinkKind::Process,
            sink_name: format!("the installation of {name}"),
            target: Target::Constant(host),
            zone: Zone::Install,
            path,
            marks,
        });
    }

    /// Enters the files that code starts as processes, which is known only once its sinks were
    /// looked at. Gives what runs by that and did not before, or not as early.
    pub(super) fn enter_started(&mut self) -> Vec<Entered> {
        if self.started.is_empty() && self.started_functions.is_empty() {
            return Vec::new();
        }
        let before = self.zones.clone();
        let mut queue = Queue::default();
        for (zone, file) in std::mem::take(&mut self.started) {
            self.enter_file(file, zone, true, &mut queue);
        }
        for (zone, file, function) in std::mem::take(&mut self.started_functions) {
            queue.push(zone, file, function);
        }
        while let Some((zone, file, function)) = queue.pop() {
            self.enter(zone, file, function, &mut queue);
        }
        self.follow_kept(&mut queue);
        self.called_by_users();
        let now = self.zones.iter();
        let new: Vec<Entered> = now
            .filter(|(place, zone)| before.get(place).is_none_or(|known| known < zone))
            .map(|(place, zone)| (*place, *zone))
            .collect();
        if !new.is_empty() {
            // Who calls whom is no longer what it was when these were answered.
            self.memo = Memo::default();
            self.contexts.clear();
            self.first = None;
        }
        new
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

    pub(super) fn enter_file(&mut self, file: FileId, zone: Zone, script: bool, queue: &mut Queue) {
        // What is reached is read as code, whatever it is called.
        if script && self.package.language(file).is_none() && self.package.file(file).kind.is_text()
        {
            return;
        }
        queue.push(zone, file, FuncId(0));
        let Some(program) = self.program(file) else {
            return;
        };
        if script {
            for main in &program.main_blocks {
                queue.push(zone, file, *main);
            }
            for asked in &program.asked_blocks {
                queue.push(zone.min(Zone::Command), file, *asked);
            }
        }
        build_hooks(&program, file, zone, queue);
        if zone == Zone::Install && program.language == Language::Python {
            self.hooks_of_others(&program, file, zone, queue);
        }
    }

    pub(super) fn index(&mut self, file: FileId) -> Option<Rc<Index>> {
        if let Some(index) = self.indices.get(&file) {
            return Some(Rc::clone(index));
        }
        let program = self.program(file)?;
        self.refill();
        let index = Rc::new(Index::of(&program));
        self.indices.insert(file, Rc::clone(&index));
        Some(index)
    }

    pub(super) fn enter(&mut self, zone: Zone, file: FileId, function: FuncId, queue: &mut Queue) {
        let known = self.zones.entry((file, function)).or_insert(Zone::Never);
        let first = *known == Zone::Never;
        if *known >= zone && !first {
            return;
        }
        *known = zone;
        if zone > Zone::Called {
            self.news.files.insert(file);
            self.runs_now(file, function);
        }
        let Some(program) = self.program(file) else {
            return;
        };
        self.turn_to(file, zone);
        let Some(index) = self.index(file) else {
            return;
        };
        if function == FuncId(0) {
            let asked = self.asked_commands(file);
            for (specifier, span) in &program.imports {
                // What such a command imports, it imports when it is called.
                let is_asked = asked
                    .iter()
                    .any(|class| is_within(*span, program.span(*class)));
                let zone = if is_asked {
                    zone.min(Zone::Command)
                } else {
                    zone
                };
                if let Some(target) = self.package.resolve(file, program.name(*specifier)) {
                    queue.push(zone, target, FuncId(0));
                }
                let extensions = self.extension_modules(file, program.name(*specifier));
                if let Some(first) = extensions.first() {
                    let place = self.place(file, *span);
                    self.loads_native(*first, extensions.len(), zone, place);
                }
                for target in extensions {
                    queue.push(zone, target, FuncId(0));
                }
            }
            self.started_first(&program, file, zone, queue);
            self.asked_modules(&program, file, zone, queue);
            self.called_at_start(&program, file, zone, queue);
        }
        self.put_on(&program, &index, file, function, zone, queue);
        for call in index.calls.get(&function).unwrap_or_default() {
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
        self.touched(&program, file, function, zone, queue);
        // What is called then is not known, whatever it is.
        if self.machine.spent() {
            self.cut_short(zone);
        }
        // A function that is put on something of the library waits to be called there.
        for store in index.stored.get(&function).unwrap_or_default() {
            let loads = store.key.is_some_and(|key| is_of_loader(program.name(key)));
            if let Value::Function(closure) = self.machine.fold(file, store.value)
                && let Value::Native(native) = self.machine.fold(file, store.object)
                && (!native.path.starts_with("module") || loads)
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

    pub(super) fn load(&mut self, site: Site, specifier: ExprId, zone: Zone, queue: &mut Queue) {
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
                } else if text.contains(HOLE_START) {
                    for target in self.loads_one_of(site, specifier) {
                        queue.push(zone, target, FuncId(0));
                    }
                }
            }
            Value::Native(_) => {}
            _ => {
                for target in self.loads_one_of(site, specifier) {
                    queue.push(zone, target, FuncId(0));
                }
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
            // What lies beside a text runs with it as far as the text calls it. The rest is told
            // where the package itself is looked at.
            if self.package.of_text && self.package.ids().next() != Some(file) {
                continue;
            }
            let Some(program) = self.program(file) else {
                continue;
            };
            let parts = program.main_blocks.iter().chain(&program.asked_blocks);
            let parts: FxHashSet<FuncId> = parts.copied().collect();
            for number in 1..program.functions.len() {
                let function = FuncId(number as u32);
                if !self.zones.contains_key(&(file, function)) && !parts.contains(&function) {
                    queue.push(Zone::Called, file, function);
                }
            }
        }
        self.run(&mut queue);
    }
}

/// What node calls of its `Module` when something is loaded.
fn is_of_loader(name: &str) -> bool {
    matches!(
        name,
        "_load" | "_resolveFilename" | "_compile" | "_findPath" | "wrap"
    )
}

/// What a build front-end calls in a back-end, and a builder in its hooks.
pub(super) fn build_hooks(program: &Program, file: FileId, zone: Zone, queue: &mut Queue) {
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
    BUILD_HOOKS.contains(&name)
}

/// Their names.
pub(super) const BUILD_HOOKS: [&str; 17] = [
    "build_wheel",
    "build_sdist",
    "build_editable",
    "get_requires_for_build_wheel",
    "get_requires_for_build_sdist",
    "get_requires_for_build_editable",
    "prepare_metadata_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "initialize",
    "finalize",
    "pdm_build_initialize",
    "pdm_build_hook_enabled",
    "pdm_build_clean",
    "pdm_build_update_files",
    "pdm_build_finalize",
    "build",
    "update",
];

/// Whether nobody would take a file of this name for code.
pub(super) fn is_data_name(path: &str) -> bool {
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
