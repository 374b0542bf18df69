//! Calls that are sinks, and where they lead.

mod another;
mod client;
mod code;
mod context;
mod digest;
mod file;
mod guarded;
mod handed;
mod loaded;
mod logged;
mod memory;
mod named;
mod network;
mod packed;
mod pickled;
mod picture;
mod placed;
mod proxy;
mod redirect;
mod registry;
mod removes;
mod searched;
mod stream;
mod template;
mod through;
mod unpacks;

use crate::flow::command::args_of;
use crate::flow::label::Label;
use crate::flow::{Analysis, Context, Site};
use crate::ir::{Expr, ExprId, FuncId, Language, Program};
use crate::know;
use crate::know::Role;
use crate::limit::evaluating;
use crate::pure::{FileId, HOLE, HOLE_START, Value, made_file, shown};
pub(in crate::flow) use code::short;
use customs_model::{Mark, SinkKind, SourceKind, Target, Zone};
pub(in crate::flow) use guarded::Standing;
pub(in crate::flow) use placed::placed;
use std::rc::Rc;
pub(in crate::flow) use stream::LINKER;

/// A file that is written into.
struct Opened {
    /// What opened it, or what is called on that.
    by: Rc<str>,
    /// Where it was opened.
    at: (FileId, ExprId),
    /// What is written.
    data: Option<ExprId>,
}

/// A function that is entered, and when it runs.
pub(super) type Entered = ((FileId, FuncId), Zone);

impl Analysis<'_> {
    pub(super) fn sinks(&mut self) {
        /// Files that start files that start files.
        const ROUNDS: usize = 8;
        let mut budgets = [
            evaluating::FLOW_STEPS,
            self.steps,
            evaluating::FLOW_STEPS_CALLED,
        ];
        self.refill_for_sinks();
        self.note_filled();
        let functions = self.zones.iter().map(|(key, zone)| (*key, *zone));
        let mut functions: Vec<Entered> = functions.collect();
        for _ in 0..ROUNDS {
            self.sinks_of(functions, &mut budgets);
            functions = self.enter_started();
            if functions.is_empty() {
                break;
            }
        }
        if let Some((_, zone)) = functions.iter().max_by_key(|(_, zone)| *zone) {
            self.cut_short(*zone);
        }
        self.steps = budgets[1];
    }

    /// The sinks of functions, each paid for by the budget of its zone.
    fn sinks_of(&mut self, mut functions: Vec<Entered>, budgets: &mut [u64; 3]) {
        // Hooks, what runs unasked, and what only runs when it is called have a budget each, so
        // that padding in one cannot hide what another does.
        functions.sort_by_key(|(place, zone)| (std::cmp::Reverse(*zone), *place));
        // Most calls are no sink, which is found out once.
        let mut sinks: Vec<Vec<ExprId>> = Vec::with_capacity(functions.len());
        // What is written to files must be known before it is read and run.
        for writes in [true, false] {
            for (number, ((file, function), zone)) in functions.iter().enumerate() {
                let budget = match zone {
                    Zone::Install | Zone::Start => 0,
                    Zone::Import | Zone::Folder => 1,
                    Zone::Command | Zone::Called | Zone::Never => 2,
                };
                self.steps = budgets[budget];
                if writes {
                    sinks.push(Vec::new());
                }
                self.turn_to(*file, *zone);
                let (Some(program), Some(index)) = (self.program(*file), self.index(*file)) else {
                    continue;
                };
                self.cells.writing = Some(*file);
                if !writes && *function == FuncId(0) {
                    self.imported(&program, *file, *zone);
                }
                if !writes && *zone > Zone::Called {
                    self.gives_code(&program, &index, (*file, *function), *zone);
                }
                let calls = if writes {
                    index.calls.get(function).unwrap_or_default().to_vec()
                } else {
                    std::mem::take(&mut sinks[number])
                };
                for call in calls {
                    let site = Site {
                        file: *file,
                        expr: call,
                        function: *function,
                    };
                    if self.sink(&program, site, *zone, writes) && writes {
                        sinks[number].push(call);
                    }
                }
                budgets[budget] = self.steps;
                self.found.exhausted |= self.steps == 0;
                self.found.exhausted_hooks |= self.steps == 0 && budget == 0;
                if self.steps == 0 {
                    self.unfollowed(*zone);
                }
                // What its sinks get is not known then, whatever it is.
                if self.machine.spent() {
                    self.cut_short(*zone);
                }
            }
        }
    }

    /// Looks at a call, for what it writes or for all else. Gives whether it may be a sink.
    fn sink(&mut self, program: &Rc<Program>, site: Site, zone: Zone, writes: bool) -> bool {
        let mut may_be = false;
        if let Expr::Call { callee, args, .. } = program.expr(site.expr)
            && let Some(handed) = self.handed(program, site, callee, program.list(args))
        {
            may_be = true;
            if !writes {
                self.called_back(program, site, &handed, zone);
            }
        }
        self.itself_a_sink(program, site, zone, writes) || may_be
    }

    fn itself_a_sink(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        zone: Zone,
        writes: bool,
    ) -> bool {
        let (callee, args) = match program.expr(site.expr) {
            Expr::Call { callee, args, .. } => (callee, args),
            Expr::Import(specifier) => {
                if !writes {
                    self.loaded(program, site, specifier, zone, "import()");
                }
                return true;
            }
            _ => return false,
        };
        let mut value = match self.callees.get(&(site.file, site.expr)) {
            None => Value::Unknown,
            Some(value @ (Value::Native(_) | Value::Unknown | Value::Undefined)) => value.clone(),
            // What is not the library's has its own calls.
            Some(_) => return false,
        };
        let mut may_be = false;
        if matches!(value, Value::Unknown | Value::Undefined) {
            // A method of a path or of something that a caller gives.
            if let Some((object, name)) = self.method_of(program, site.file, callee)
                && file::is_method_sink(&name)
            {
                may_be = true;
                let args = program.list(args);
                // Most often its object says what it is on any way there.
                let by_way = file::is_told_by_way(&name) && {
                    let text = self.fold_text(site.file, object, None);
                    text.is_empty() || text.contains(HOLE_START)
                };
                let ways = if by_way {
                    self.contexts(site.file, site.function, 0)
                } else {
                    Rc::from([None])
                };
                for way in ways.iter() {
                    let zone = self.zone_on(zone, way.as_deref());
                    self.method_sink(
                        program,
                        site,
                        object,
                        &name,
                        args,
                        zone,
                        way.as_ref(),
                        writes,
                    );
                }
            }
        }
        if value.is_unknown()
            && let Some(held) = self.library_in_field(program, site.file, callee)
        {
            value = held;
        }
        if value.is_unknown() {
            if !may_be_given(program, callee, 0) {
                return may_be;
            }
            match self.first_context(site.file, site.function) {
                Some(context) => value = self.look_at(site.file, callee, Some(&context)),
                None => return may_be,
            }
            // With another budget it may be known.
            may_be |= value.is_unknown();
        }
        let Value::Native(_) = &value else {
            return may_be;
        };
        let (value, args) = self.straight(program, site, value, program.list(args).to_vec());
        let Value::Native(native) = &value else {
            return may_be;
        };
        let path = Rc::clone(&native.path);
        let mut role = self.role(program.language, &path);
        if program.language == Language::Python && self.loads_objects(site.file, &path, &args) {
            role = Role::CodeStream;
        }
        if &*path == "println!" {
            if !writes {
                self.told_to_cargo(site, &args, zone);
            }
            may_be = true;
        }
        // `pipeline(response, unpack, fs.createWriteStream(path))`.
        if let Some((first, rest)) = args.split_first()
            && is_pipeline(&path)
        {
            if writes {
                let labels = self.labels(site.file, *first, None).to_vec();
                self.pipe_into(site, labels, rest, zone);
            }
            may_be = true;
        }
        // A stream of the package's own that goes into a request.
        if path.starts_with("stream.") && path.ends_with(".pipe") {
            if writes {
                self.piped(program, site, callee, &path, &args, zone);
            }
            may_be = true;
        }
        if logged::is_logging(&path) {
            if !writes {
                let native = native.clone();
                self.logged(program, site, &native, &args, zone);
            }
            may_be = true;
        }
        if role == Role::None {
            return may_be;
        }
        // What a build's command writes is compiled in, and read then; what it takes along may be
        // written by a function that is looked at later.
        let builds =
            role == Role::Spawn && program.language == Language::Rust && zone == Zone::Install;
        let is_write = matches!(
            role,
            Role::WriteFile
                | Role::OpenFile
                | Role::WriteInto
                | Role::CopyFile
                | Role::Receive
                | Role::Attach
                | Role::Extract
                | Role::Network(_)
        ) || builds;
        if !writes
            && let Some(capability) = know::capability(program.language, &path)
            && !self.only_waits(site.file, &path, &args)
        {
            let detail = self.detail(role, site.file, &value, &args);
            let place = self.place_of(site.file, site.expr);
            self.capability(capability, zone, detail, place);
        }
        if writes != is_write && !builds && !matches!(role, Role::Network(_)) {
            return true;
        }
        for context in self.contexts(site.file, site.function, 0).iter() {
            let zone = self.zone_on(zone, context.as_deref());
            self.sink_in(
                program,
                site,
                role,
                &path,
                &value,
                callee,
                &args,
                zone,
                context.as_ref(),
                writes,
            );
        }
        true
    }

    /// When something runs on one of the ways there: no earlier than who goes it.
    fn zone_on(&self, zone: Zone, way: Option<&Context>) -> Zone {
        way.map_or(zone, |way| {
            let least = if zone == Zone::Never {
                Zone::Never
            } else {
                Zone::Called
            };
            self.zone_of(way.caller_file, way.caller_function)
                .min(zone)
                .max(least)
        })
    }

    /// What a call writes into, and what it writes: `file.write(data)`, or `os.write(fd, data)`
    /// and `fs.writeSync(fd, data)`.
    fn opened(&mut self, file: FileId, value: &Value, args: &[ExprId]) -> Option<Opened> {
        match value {
            Value::Native(native) if native.made_at.is_some() => Some(Opened {
                by: Rc::clone(&native.path),
                at: native.made_at?,
                data: args.first().copied(),
            }),
            _ => match self.machine.fold(file, *args.first()?) {
                Value::Native(native) => Some(Opened {
                    at: native.made_at?,
                    by: native.path,
                    data: args.get(1).copied(),
                }),
                _ => None,
            },
        }
    }

    /// The object and the method that a call names, by a dot or by `getattr`.
    fn method_of(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        callee: ExprId,
    ) -> Option<(ExprId, Rc<str>)> {
        match program.expr(callee) {
            Expr::Member(object, name) => Some((object, program.shared_name(name))),
            Expr::Call {
                callee: inner,
                args,
                ..
            } if program.language == Language::Python => {
                let [object, name] = program.list(args)[..] else {
                    return None;
                };
                if self.machine.fold(file, inner).path() != Some("getattr") {
                    return None;
                }
                let name = self.machine.fold(file, name);
                name.known_text().map(|name| (object, name.into()))
            }
            _ => None,
        }
    }

    /// What is really called, and with what: `Reflect.apply(f, this, [a])`, `f.call(this, a)`,
    /// `f.apply(this, [a])`.
    fn straight(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        value: Value,
        args: Vec<ExprId>,
    ) -> (Value, Vec<ExprId>) {
        let Value::Native(native) = &value else {
            return (value, args);
        };
        match program.language {
            Language::JavaScript => {}
            Language::Python => {
                let through = self.called_through(program, site, native, &args);
                let (value, args) = through.unwrap_or_else(|| (value.clone(), args));
                let Value::Native(native) = &value else {
                    return (value, args);
                };
                let args = match (
                    native.path.strip_suffix(".Unpickler().load"),
                    native.made_at,
                ) {
                    (Some(_), Some((file, made))) if file == site.file => args_of(program, made),
                    _ => placed(program, &native.path, &args),
                };
                return (value, args);
            }
            Language::Rust => return (value, args),
        }
        let list = |arg: Option<&ExprId>| match arg.map(|arg| program.expr(*arg)) {
            Some(Expr::Array(items)) => program.list(items).to_vec(),
            _ => arg.copied().into_iter().collect(),
        };
        match &*native.path {
            "Reflect.apply" if !args.is_empty() => {
                (self.machine.fold(site.file, args[0]), list(args.get(2)))
            }
            "Reflect.construct" if !args.is_empty() => {
                (self.machine.fold(site.file, args[0]), list(args.get(1)))
            }
            "inspector.Session().post" => {
                let evaluated = self.evaluated_by(program, site.file, &args);
                (value, evaluated.into_iter().collect())
            }
            path => match path.strip_suffix(".call") {
                Some(inner) if !inner.is_empty() => (
                    Value::native(inner),
                    args.get(1..).unwrap_or_default().to_vec(),
                ),
                _ => match path.strip_suffix(".apply") {
                    Some(inner) if !inner.is_empty() => (Value::native(inner), list(args.get(1))),
                    _ => (value, args),
                },
            },
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of a call")]
    fn sink_in(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        role: Role,
        path: &str,
        value: &Value,
        callee: ExprId,
        args: &[ExprId],
        zone: Zone,
        context: Option<&Rc<Context>>,
        writes: bool,
    ) {
        match role {
            Role::Send => {
                if !writes {
                    self.sent(site, path, value, args, zone, context, SinkKind::Network);
                }
            }
            Role::Network(_) if !writes => {
                self.sent(site, path, value, args, zone, context, SinkKind::Network)
            }
            Role::Network(_) => self.downloaded(program, site, path, value, args, zone, context),
            Role::Receive => self.piped(program, site, callee, path, args, zone),
            Role::Lookup => self.sent(site, path, value, args, zone, context, SinkKind::NameLookup),
            Role::Shell => self.shell_sink(program, site, path, args, zone, context),
            Role::Spawn => self.spawn_sink(program, site, path, value, args, zone, context),
            Role::Fork => {
                if let Some(first) = args.first() {
                    self.loaded(program, site, *first, zone, path);
                }
            }
            Role::Code(position) => {
                // Only a function takes what stands behind the time.
                let is_timer = path.starts_with("set") && args.len() > 2;
                if let Some(arg) = args.get(usize::from(position)).filter(|_| !is_timer) {
                    self.code_sink(program, site, path, *arg, zone, context);
                }
            }
            Role::CodeEach(most) => {
                for arg in args.iter().take(usize::from(most)) {
                    if !matches!(program.expr(*arg), Expr::Keywords(_)) {
                        self.code_sink(program, site, path, *arg, zone, context);
                    }
                }
            }
            Role::CodeStream => {
                if let Some(stream) = args.first() {
                    self.objects_sink(program, site, path, *stream, zone, context);
                }
            }
            Role::Template => self.template_sink(site, path, args, zone, context),
            Role::Publish => self.published_by(site, path, zone),
            Role::CodeLast => {
                if let Some(arg) = args.last() {
                    self.code_sink(program, site, path, *arg, zone, context);
                }
            }
            Role::Load => {
                // `process.dlopen(module, file)`.
                let at = usize::from(path == "process.dlopen");
                if let Some(first) = args.get(at) {
                    self.loaded(program, site, *first, zone, path);
                }
            }
            Role::Worker => {
                if let [code, options, ..] = args
                    && self.is_set(site.file, *options, "eval", context)
                {
                    self.code_sink(program, site, path, *code, zone, context);
                } else if let Some(address) = args.first()
                    && let Some(code) = self.in_data_address(program, site.file, *address)
                {
                    self.code_sink(program, site, path, code, zone, context);
                }
            }
            Role::WriteFile if path.ends_with("winreg.SetValueEx") => {
                self.registered(program, site, path, args, zone);
            }
            Role::WriteFile => self.written(
                program,
                site,
                path,
                args.first().copied(),
                args.get(1).copied(),
                zone,
                context,
            ),
            Role::OpenFile => self.emptied(program, site, path, args, zone),
            Role::WriteInto => {
                let Some(Opened {
                    by,
                    at: (file, made),
                    data,
                }) = self.opened(site.file, value, args)
                else {
                    return;
                };
                // It has no name that it is found by, but its number.
                if &*by == "os.memfd_create()" {
                    let text = format!("/proc/self/fd/{HOLE}");
                    self.written_to(program, site, path, &text, data, zone, context);
                } else if by.starts_with("tempfile.NamedTemp")
                    || by.starts_with("tempfile.Builder.new()")
                {
                    // The system makes up the name.
                    let made = made_file(file, made);
                    let text = made.any_text().unwrap_or_default();
                    self.written_to(program, site, path, text, data, zone, context);
                } else if let Some(target) = self.opened_path(file, made) {
                    let text = self.fold_text(file, target, context.filter(|c| c.file == file));
                    self.written_by_turns(program, site, path, (file, target), &text, data, zone);
                    self.written_to(program, site, path, &text, data, zone, context);
                }
            }
            Role::CopyFile if path == "shutil.make_archive" => {
                self.archived(program, site, args, context);
            }
            Role::CopyFile => {
                if let [from, to, ..] = args {
                    let labels = match self.fold_value(site.file, *from, context).as_text() {
                        Some(text) => self.content_label(&text, site),
                        None => Vec::new(),
                    };
                    let text = self.fold_text(site.file, *to, context);
                    if let Some(what) = know::configuration(&text)
                        && let Some(label) = labels.first()
                        && let Some(from) = self.fold_value(site.file, *from, context).as_text()
                        && let Some(copied) = self.own_file(&from)
                        && self.copy_acts(copied, zone, self.place_of(site.file, site.expr))
                    {
                        self.flow(
                            label,
                            SinkKind::Configuration,
                            path,
                            Target::Constant(format!("{} ({what})", shown(&text))),
                            zone,
                            site.file,
                            site.expr,
                            vec![Mark::HiddenEffect],
                        );
                    }
                    let from = self.fold_value(site.file, *from, context).as_text();
                    if let Some(from) = from.and_then(|from| self.own_file(&from)) {
                        self.drops_copy(&text, from, zone);
                    }
                    self.configured(site, path, &text, &labels, zone, true, None, None);
                    self.replaces_itself(site, &text, zone);
                    let span = program.span(site.expr);
                    self.write_file(&text, labels, zone, site.file, span);
                }
            }
            Role::Executable => {
                if let Some(first) = args.first()
                    && !self.leaves_unrunnable(site.file, args.get(1).copied(), context)
                {
                    let text = self.fold_text(site.file, *first, context);
                    self.cells.run(&text, path, zone, site.file, site.expr);
                }
            }
            Role::Delete => self.deleted(program, site, path, args, zone, context),
            Role::ForeignMemory => self.written_into_memory(site, path, args, zone, context),
            Role::IntoMemory => {
                if self.may_be_run(value)
                    || path == "ctypes.memmove" && self.is_asked_of_system(site.file, args)
                {
                    self.written_into_memory(site, path, args, zone, context);
                }
            }
            Role::Attach if program.language == Language::JavaScript => {
                self.packed(program, site, path, callee, args, zone, context);
            }
            Role::Attach => self.attach(site, value, args),
            Role::Extract => self.unpacks(site, path, value, args, zone, context),
            Role::Duplicate => self.duplicated(program, site, args, zone),
            Role::IntoProcess => {
                let labels: Vec<Label> = args
                    .iter()
                    .flat_map(|arg| self.labels(site.file, *arg, context).to_vec())
                    .collect();
                let input = args.first().copied();
                self.feed_process(site, value, &labels, input, zone);
            }
            Role::WriteInput => self.clipboard(program, site, path, args, zone),
            Role::Source(_)
            | Role::ReadFile
            | Role::ReadFrom
            | Role::Decode
            | Role::Decrypt
            | Role::Digest
            | Role::None => {}
        }
    }

    /// Whether an object of options sets one of them.
    fn is_set(
        &mut self,
        file: FileId,
        options: ExprId,
        name: &str,
        context: Option<&Rc<Context>>,
    ) -> bool {
        let Value::Object(options) = self.fold_value(file, options, context) else {
            return false;
        };
        let entries = options.entries.borrow();
        entries
            .iter()
            .any(|(key, value)| &**key == name && value.truth() == Some(true))
    }

    fn content_label(&mut self, text: &str, site: Site) -> Vec<Label> {
        let span = self
            .program(site.file)
            .map(|p| p.span(site.expr))
            .unwrap_or_default();
        self.content_of(text, site.file, span)
    }

    pub(in crate::flow) fn fold_value(
        &mut self,
        file: FileId,
        expr: ExprId,
        context: Option<&Rc<Context>>,
    ) -> Value {
        self.asking.contextual = true;
        let mut value = self.look_fully(file, expr, context);
        // What a body builds by itself is the same however it is called, and is there only once
        // the body was run.
        if value.is_unknown() && context.is_some() {
            value = self.look_fully(file, expr, None);
        }
        // All that a module hands out is folded with a glance; what reaches a sink of it is worth
        // the whole budget.
        if value.is_unknown()
            && let Some((from, made)) = self.made_elsewhere(file, expr)
        {
            return self.look_fully(from, made, None);
        }
        value
    }

    /// The same, without looking far.
    fn glance(&mut self, file: FileId, expr: ExprId, context: Option<&Rc<Context>>) -> Value {
        self.asking.contextual = true;
        self.look_at(file, expr, context)
    }

    /// A text with holes; a value of which nothing is known is told by its variable, so
    /// that the same variable means the same file.
    pub(super) fn fold_text(
        &mut self,
        file: FileId,
        expr: ExprId,
        context: Option<&Rc<Context>>,
    ) -> String {
        let value = self.fold_value(file, expr, context);
        match value {
            Value::Text(text) if &*text != HOLE => text.to_string(),
            Value::Bytes(bytes) => String::from_utf8_lossy(&bytes.borrow()).into_owned(),
            Value::Unknown | Value::Native(_) | Value::Text(_) => {
                let Some(program) = self.program(file) else {
                    return String::new();
                };
                match crate::flow::index::symbol_of(&program, expr) {
                    Some(symbol) => format!(
                        "{HOLE_START}{}{file}.{}{}",
                        crate::pure::VARIABLE,
                        symbol.0,
                        crate::pure::HOLE_END
                    ),
                    None => String::new(),
                }
            }
            other => other.as_text().unwrap_or_default(),
        }
    }

    pub(super) fn label_at(&self, kind: SourceKind, name: &str, site: Site) -> Label {
        let span = self
            .program(site.file)
            .map(|p| p.span(site.expr))
            .unwrap_or_default();
        Label::read(kind, name, site.file, span)
    }

    /// Host, path or command, for the list of what code can do.
    fn detail(
        &mut self,
        role: Role,
        file: FileId,
        value: &Value,
        args: &[ExprId],
    ) -> Option<String> {
        match role {
            Role::Network(_) | Role::Send => match self.target(file, value, args, None) {
                Target::Constant(place) => Some(know::host_part(&place).to_owned()),
                Target::Opaque | Target::Caller => None,
            },
            Role::Shell | Role::Spawn | Role::WriteFile | Role::ReadFile | Role::Delete => {
                let first = *args.first()?;
                let text = self.machine.fold(file, first).any_text().map(shown)?;
                Some(short(&text)).filter(|text| text != "<?>")
            }
            _ => None,
        }
    }
}

/// Whether a caller may have a say in what an expression is.
fn may_be_given(program: &Program, expr: ExprId, level: u8) -> bool {
    const LEVELS: u8 = 6;
    if level > LEVELS {
        return true;
    }
    match program.expr(expr) {
        Expr::Const(_) | Expr::Function(_) | Expr::Class(_) | Expr::Module(_) => false,
        Expr::Name(atom, scope) => match program.resolve(atom, scope) {
            Some(symbol) => program
                .symbol(symbol)
                .values
                .iter()
                .any(|value| may_be_given(program, *value, level + 1)),
            None => false,
        },
        Expr::Member(object, _) | Expr::Await(object) => may_be_given(program, object, level + 1),
        Expr::Call { callee, args, .. } => {
            may_be_given(program, callee, level + 1)
                || program
                    .list(args)
                    .iter()
                    .any(|arg| may_be_given(program, *arg, level + 1))
        }
        _ => true,
    }
}

/// Whether a function of Node.js hands on what comes in at one end to the other.
fn is_pipeline(path: &str) -> bool {
    matches!(
        path,
        "stream.pipeline"
            | "stream/promises.pipeline"
            | "stream.promises.pipeline"
            | "pump"
            // Rust's, from a reader into a writer.
            | "std.io.copy"
            | "io.copy"
            | "tokio.io.copy"
    )
}
