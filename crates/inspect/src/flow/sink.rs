//! Calls that are sinks, and where they lead.

use super::label::{Label, snippet};
use super::possible::EVERY;
use super::{Analysis, Context, Site, is_foreign, is_secret};
use crate::ir::{Binary, Expr, ExprId, FuncId, Language, Program};
use crate::know::{self, Role};
use crate::limit::evaluating;
use crate::pure::{FileId, Frame, HOLE, HOLE_START, Value, shown};
use customs_model::{Mark, SignKind, SinkKind, SourceKind, Target, Zone};
use std::rc::Rc;

/// Ways of getting to a function that are looked at one by one.
const CONTEXTS: usize = 12;
/// Levels of callers in such a way.
const LEVELS: u8 = 3;

impl Analysis<'_> {
    pub(super) fn sinks(&mut self) {
        let mut functions: Vec<((FileId, FuncId), Zone)> =
            self.zones.iter().map(|(key, zone)| (*key, *zone)).collect();
        // What runs unasked is followed first, with most of the budget.
        functions.sort_by_key(|(place, zone)| (std::cmp::Reverse(*zone), *place));
        // What is written to files must be known before it is read and run.
        for writes in [true, false] {
            for ((file, function), zone) in &functions {
                if *zone < Zone::Folder {
                    self.steps = self.steps.min(evaluating::FLOW_STEPS_CALLED);
                }
                let (Some(program), Some(index)) = (self.program(*file), self.index(*file)) else {
                    continue;
                };
                self.cells.writing = Some(*file);
                for call in index
                    .calls
                    .get(function)
                    .map(Vec::as_slice)
                    .unwrap_or_default()
                {
                    self.sink(
                        &program,
                        Site {
                            file: *file,
                            expr: *call,
                            function: *function,
                        },
                        *zone,
                        writes,
                    );
                }
            }
        }
    }

    fn sink(&mut self, program: &Rc<Program>, site: Site, zone: Zone, writes: bool) {
        let (callee, args) = match program.expr(site.expr) {
            Expr::Call { callee, args, .. } => (callee, program.list(args).to_vec()),
            Expr::Import(specifier) => {
                if !writes {
                    self.loaded(program, site, specifier, zone, "import()");
                }
                return;
            }
            _ => return,
        };
        let mut value = self
            .callees
            .get(&(site.file, site.expr))
            .cloned()
            .unwrap_or(Value::Unknown);
        if value.is_unknown() {
            // A method of a path or of something that a caller gives.
            if let Expr::Member(object, name) = program.expr(callee) {
                let name = program.name(name).to_owned();
                self.method_sink(program, site, object, &name, &args, zone, writes);
            }
            let context = self
                .contexts(site.file, site.function, 0)
                .into_iter()
                .flatten()
                .next();
            match context {
                Some(context) => value = self.machine.fold_in(site.file, callee, &context.frame),
                None => return,
            }
        }
        let (value, args) = self.straight(program, site, value, args);
        let Value::Native(native) = &value else {
            return;
        };
        let path = Rc::clone(&native.path);
        let role = know::role(program.language, &path);
        if role == Role::None {
            return;
        }
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
        );
        if !writes && let Some(capability) = know::capability(program.language, &path) {
            let detail = self.detail(role, site.file, &value, &args);
            let place = self.place_of(site.file, site.expr);
            self.capability(capability, zone, detail, place);
        }
        if writes != is_write && !matches!(role, Role::Network(_)) {
            return;
        }
        for context in self.contexts(site.file, site.function, 0) {
            let zone = context.as_ref().map_or(zone, |context| {
                self.zone_of(context.caller_file, context.caller_function)
                    .min(zone)
                    .max(if zone == Zone::Never {
                        Zone::Never
                    } else {
                        Zone::Called
                    })
            });
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
        if program.language != Language::JavaScript {
            return (value, args);
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
                if let Some(arg) = args.get(usize::from(position)) {
                    self.code_sink(program, site, path, *arg, zone, context);
                }
            }
            Role::CodeLast => {
                if let Some(arg) = args.last() {
                    self.code_sink(program, site, path, *arg, zone, context);
                }
            }
            Role::Load => {
                if let Some(first) = args.first() {
                    self.loaded(program, site, *first, zone, path);
                }
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
            Role::OpenFile => self.written(
                program,
                site,
                path,
                args.first().copied(),
                None,
                zone,
                context,
            ),
            Role::WriteInto => {
                let Value::Native(native) = value else {
                    return;
                };
                let Some((file, made)) = native.made_at else {
                    return;
                };
                let opener = self.program(file).map(|p| match p.expr(made) {
                    Expr::Call { args, .. } => p.list(args).first().copied(),
                    _ => None,
                });
                if let Some(Some(target)) = opener {
                    let text = self.fold_text(file, target, context.filter(|c| c.file == file));
                    self.written_to(
                        program,
                        site,
                        path,
                        &text,
                        args.first().copied(),
                        zone,
                        context,
                    );
                }
            }
            Role::CopyFile => {
                if let [from, to, ..] = args {
                    let labels = match self.fold_value(site.file, *from, context).as_text() {
                        Some(text) => self.content_label(&text, site),
                        None => Vec::new(),
                    };
                    let text = self.fold_text(site.file, *to, context);
                    self.configured(site, path, &text, &labels, zone, true, None);
                    self.replaces_itself(site, &text, zone);
                    self.cells.write(&text, labels, zone);
                }
            }
            Role::Executable => {
                if let Some(first) = args.first() {
                    let text = self.fold_text(site.file, *first, context);
                    self.cells.run(&text, path, zone, site.file, site.expr);
                }
            }
            Role::Delete => self.deleted(program, site, path, args, zone, context),
            Role::ForeignMemory => {
                for arg in args {
                    let labels = self.labels(site.file, *arg, context);
                    for label in labels.iter().filter(|label| is_foreign(label.kind)) {
                        self.flow(
                            label,
                            SinkKind::ForeignMemory,
                            path,
                            Target::Caller,
                            zone,
                            site.file,
                            site.expr,
                            Vec::new(),
                        );
                    }
                }
            }
            Role::Attach => self.attach(site, value, args),
            Role::Extract => {
                let mut labels: Vec<Label> = Vec::new();
                if let Value::Native(native) = value
                    && let Some((file, made)) = native.made_at
                    && let Some(opener) = self.program(file)
                    && let Expr::Call { args, .. } = opener.expr(made)
                {
                    for arg in opener.list(args).to_vec() {
                        labels.extend(self.labels(file, arg, None).iter().cloned());
                        if let Some(text) =
                            self.machine.fold(file, arg).any_text().map(str::to_owned)
                        {
                            labels.extend(self.content_label(&text, site));
                        }
                    }
                }
                let to = args
                    .last()
                    .map(|arg| self.fold_text(site.file, *arg, context))
                    .unwrap_or_default();
                self.cells.write(&to, labels, zone);
            }
            Role::Duplicate => self.duplicated(program, site, args, zone),
            Role::IntoProcess => {
                let labels: Vec<Label> = args
                    .iter()
                    .flat_map(|arg| self.labels(site.file, *arg, context).to_vec())
                    .collect();
                self.feed_process(site, value, &labels, zone);
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

    fn content_label(&mut self, text: &str, site: Site) -> Vec<Label> {
        let span = self
            .program(site.file)
            .map(|p| p.span(site.expr))
            .unwrap_or_default();
        self.content_of(text, site.file, span)
    }

    /// The ways of getting to a function.
    pub(super) fn contexts(
        &mut self,
        file: FileId,
        function: FuncId,
        level: u8,
    ) -> Vec<Option<Rc<Context>>> {
        if function == FuncId(0) || level > LEVELS {
            return vec![None];
        }
        if let Some(known) = self.contexts.get(&(file, function)) {
            return known.clone();
        }
        // Recursion ends here.
        self.contexts.insert((file, function), vec![None]);
        let mut out: Vec<Option<Rc<Context>>> = Vec::new();
        for site in self
            .callers
            .get(&(file, function))
            .cloned()
            .unwrap_or_default()
            .into_iter()
            .take(CONTEXTS)
        {
            let Some(program) = self.program(site.file) else {
                continue;
            };
            let Expr::Call { args, .. } = program.expr(site.expr) else {
                continue;
            };
            let args = program.list(args).to_vec();
            for caller in self.contexts(site.file, site.function, level + 1) {
                if out.len() < CONTEXTS {
                    out.push(self.context(
                        file,
                        function,
                        args.clone(),
                        site.file,
                        site.function,
                        caller,
                    ));
                }
            }
        }
        if out.is_empty() {
            // A callback sees what the function around it was called with.
            let parent = self.program(file).and_then(|p| p.function(function).parent);
            out = match parent {
                Some(parent) => self.contexts(file, parent, level),
                None => vec![None],
            };
        }
        self.contexts.insert((file, function), out.clone());
        out
    }

    pub(super) fn context(
        &mut self,
        file: FileId,
        function: FuncId,
        args: Vec<ExprId>,
        caller_file: FileId,
        caller_function: FuncId,
        caller: Option<Rc<Context>>,
    ) -> Option<Rc<Context>> {
        let depth = {
            let mut depth = 0;
            let mut at = caller.as_ref();
            while let Some(context) = at {
                depth += 1;
                at = context.caller.as_ref();
            }
            depth
        };
        if depth > 6 {
            return None;
        }
        let count = self
            .program(file)?
            .function(function)
            .params
            .max(args.len() as u16);
        let mut values = Vec::new();
        for position in 0..count.min(12) {
            let arg = self.argument(caller_file, &args, file, function, position);
            values.push(match arg {
                Some(arg) => self.glance(caller_file, arg, caller.as_ref()),
                None => Value::Undefined,
            });
        }
        let frame = Rc::new(Frame {
            file,
            function,
            parent: caller.as_ref().map(|c| Rc::clone(&c.frame)),
            variables: Default::default(),
            arguments: Some(values),
            this: Value::Unknown,
            lazy: true,
        });
        Some(Rc::new(Context {
            file,
            function,
            args,
            caller_file,
            caller_function,
            caller,
            frame,
        }))
    }

    pub(super) fn fold_value(
        &mut self,
        file: FileId,
        expr: ExprId,
        context: Option<&Rc<Context>>,
    ) -> Value {
        match context {
            Some(context) => self.machine.fold_in(file, expr, &context.frame),
            None => self.machine.fold_fully(file, expr),
        }
    }

    /// The same, without looking far.
    fn glance(&mut self, file: FileId, expr: ExprId, context: Option<&Rc<Context>>) -> Value {
        match context {
            Some(context) => self.machine.fold_in(file, expr, &context.frame),
            None => self.machine.fold(file, expr),
        }
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
                match super::index::symbol_of(&program, expr) {
                    Some(symbol) => format!(
                        "{HOLE_START}variable {file}.{}{}",
                        symbol.0,
                        crate::pure::HOLE_END
                    ),
                    None => String::new(),
                }
            }
            other => other.as_text().unwrap_or_default(),
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of a sink")]
    fn sent(
        &mut self,
        site: Site,
        path: &str,
        value: &Value,
        args: &[ExprId],
        zone: Zone,
        context: Option<&Rc<Context>>,
        sink: SinkKind,
    ) {
        self.published(site, path, value, args, zone, context);
        let mut found: Vec<Label> = Vec::new();
        for arg in args {
            let labels = self.labels(site.file, *arg, context);
            found.extend(
                labels
                    .iter()
                    .filter(|label| is_secret(label.kind) || label.kind == SourceKind::Identity)
                    .cloned(),
            );
        }
        if found.is_empty() {
            return;
        }
        let target = if sink == SinkKind::NameLookup {
            args.first().map_or(Target::Caller, |arg| {
                match self.fold_value(site.file, *arg, context).as_text() {
                    Some(text) if text.replace(HOLE, "").len() > 3 => {
                        Target::Constant(shown(&text))
                    }
                    _ => Target::Caller,
                }
            })
        } else {
            self.target(site.file, value, args, context)
        };
        for label in found {
            let marks = self.host_marks(&target, &label);
            self.flow(
                &label,
                sink,
                path,
                target.clone(),
                zone,
                site.file,
                site.expr,
                marks,
            );
        }
    }

    /// A request that puts a release into a registry.
    fn published(
        &mut self,
        site: Site,
        path: &str,
        value: &Value,
        args: &[ExprId],
        zone: Zone,
        context: Option<&Rc<Context>>,
    ) {
        if !self.index(site.file).is_some_and(|index| index.publishes) {
            return;
        }
        let writes = path.ends_with(".put")
            || path.ends_with(".post")
            || args
                .iter()
                .any(|arg| match self.fold_value(site.file, *arg, context) {
                    Value::Object(object) => object.entries.borrow().iter().any(|(key, value)| {
                        &**key == "method"
                            && matches!(value.known_text(), Some("PUT" | "POST" | "put" | "post"))
                    }),
                    Value::Text(text) => matches!(&*text, "PUT" | "POST"),
                    _ => false,
                });
        if writes {
            let label = self.label_at(SourceKind::Constant, "a release in a request", site);
            let target = self.target(site.file, value, args, context);
            self.flow(
                &label,
                SinkKind::Publication,
                path,
                target,
                zone,
                site.file,
                site.expr,
                Vec::new(),
            );
        }
    }

    /// What is known of a host, with regard to what is sent to it.
    pub(super) fn host_marks(&self, target: &Target, label: &Label) -> Vec<Mark> {
        let Target::Constant(host) = target else {
            return Vec::new();
        };
        let mut marks = Vec::new();
        if know::unusual_host(host) {
            marks.push(Mark::UnusualHost);
        }
        if label.kind == SourceKind::NamedSecret && host.contains(&know::vendor_of(&label.name)) {
            marks.push(Mark::VendorHost);
        }
        if self.own_host(host) {
            marks.push(Mark::OwnHost);
        }
        marks
    }

    /// Whether the package's manifest names a host as its own: as home page, repository or
    /// place of its binaries. Whoever made the package wrote that, so it only lowers.
    pub(super) fn own_host(&self, host: &str) -> bool {
        let domain = registrable(host);
        if domain.len() < 4 || know::unusual_host(host) {
            return false;
        }
        let github = matches!(domain, "github.com" | "githubusercontent.com");
        let names = |text: &str| text.contains(domain) || github && text.contains("github");
        if let Some(manifest) = self
            .package
            .find("package.json")
            .and_then(|id| self.package.file(id).bytes.as_deref())
            .and_then(|bytes| serde_json::from_slice::<serde_json::Value>(bytes).ok())
        {
            return [
                "homepage",
                "repository",
                "bugs",
                "author",
                "binary",
                "funding",
            ]
            .iter()
            .filter_map(|key| manifest.get(key))
            .any(|value| names(&value.to_string()));
        }
        [
            "PKG-INFO",
            "METADATA",
            "pyproject.toml",
            "Cargo.toml",
            "setup.cfg",
        ]
        .iter()
        .any(|name| {
            let id = self.package.find(name).or_else(|| {
                self.package.ids().find(|id| {
                    self.package
                        .file(*id)
                        .path
                        .ends_with(&format!(".dist-info/{name}"))
                })
            });
            let Some(bytes) = id.and_then(|id| self.package.file(id).bytes.as_deref()) else {
                return false;
            };
            let text = String::from_utf8_lossy(bytes);
            // The description behind the head, or behind the fields, is a README.
            text.lines()
                .take(200)
                .take_while(|line| !line.is_empty() || name.ends_with("toml"))
                .any(|line| {
                    let lower = line.to_ascii_lowercase();
                    ["home", "url", "repository", "documentation", "source"]
                        .iter()
                        .any(|key| lower.contains(key))
                        && names(&lower)
                })
        })
    }

    /// Bytes that a call writes to a file by itself: `urlretrieve(url, path)`.
    #[allow(clippy::too_many_arguments, reason = "the parts of a call")]
    fn downloaded(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        path: &str,
        value: &Value,
        args: &[ExprId],
        zone: Zone,
        context: Option<&Rc<Context>>,
    ) {
        if program.language == Language::Python
            && matches!(path, "urllib.request.urlretrieve" | "wget.download")
            && let Some(to) = args.get(1).or_else(|| args.first())
        {
            let text = self.fold_text(site.file, *to, context);
            let name = self.remote_name(site.file, value, args);
            let label = self.label_at(SourceKind::Remote, &name, site);
            self.cells.write(&text, vec![label], zone);
        }
    }

    pub(super) fn label_at(&self, kind: SourceKind, name: &str, site: Site) -> Label {
        let span = self
            .program(site.file)
            .map(|p| p.span(site.expr))
            .unwrap_or_default();
        let trail = Rc::new(super::Trail {
            what: format!("{name} is read").into(),
            file: site.file,
            span,
            before: None,
            length: 0,
        });
        Label {
            kind,
            name: name.into(),
            trail,
        }
    }

    /// `response.pipe(fs.createWriteStream(path))`.
    fn piped(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        callee: ExprId,
        path: &str,
        args: &[ExprId],
        zone: Zone,
    ) {
        if !path.ends_with(".pipe") && !path.ends_with(".pipeTo") {
            return;
        }
        let Expr::Member(object, _) = program.expr(callee) else {
            return;
        };
        let labels = self.labels(site.file, object, None).to_vec();
        self.pipe_into(site, labels, args, zone);
    }

    fn pipe_into(&mut self, site: Site, labels: Vec<Label>, args: &[ExprId], zone: Zone) {
        for arg in args {
            self.piped_into_other(site, &labels, *arg, zone);
            if let Value::Native(native) = self.machine.fold(site.file, *arg)
                && matches!(
                    &*native.path,
                    "fs.createWriteStream()" | "fs-extra.createWriteStream()"
                )
                && let Some((file, made)) = native.made_at
                && let Some(opener) = self.program(file)
                && let Expr::Call { args, .. } = opener.expr(made)
                && let Some(target) = opener.list(args).first().copied()
            {
                let text = self.fold_text(file, target, None);
                self.cells.write(&text, labels.clone(), zone);
            }
        }
    }

    /// A stream into a request or into the input of a process.
    fn piped_into_other(&mut self, site: Site, labels: &[Label], arg: ExprId, zone: Zone) {
        let value = self.machine.fold(site.file, arg);
        let Value::Native(native) = &value else {
            return;
        };
        let path = Rc::clone(&native.path);
        if path.ends_with(".stdin") {
            self.feed_process(site, &value, labels, zone);
            return;
        }
        let language = self
            .program(site.file)
            .map_or(Language::JavaScript, |program| program.language);
        let head = path.split("()").next().unwrap_or_default();
        if path.ends_with("()") && matches!(know::role(language, head), Role::Network(_)) {
            let target = self.target(site.file, &value, &[], None);
            for label in labels.iter().filter(|label| is_secret(label.kind)) {
                let marks = self.host_marks(&target, label);
                self.flow(
                    label,
                    SinkKind::Network,
                    &path,
                    target.clone(),
                    zone,
                    site.file,
                    site.expr,
                    marks,
                );
            }
        }
    }

    /// What goes into the input of a process that runs what it is given.
    pub(super) fn feed_process(&mut self, site: Site, value: &Value, labels: &[Label], zone: Zone) {
        let Value::Native(native) = value else {
            return;
        };
        let Some((file, made)) = native.made_at else {
            return;
        };
        let Some(program) = self.program(file) else {
            return;
        };
        let Expr::Call { args, .. } = program.expr(made) else {
            return;
        };
        let args = program.list(args).to_vec();
        let Some(first) = args.first() else {
            return;
        };
        let names: Vec<String> = self
            .possible(file, *first, 0)
            .into_iter()
            .filter_map(|value| value.as_text())
            .collect();
        let interpreter = names
            .iter()
            .map(|name| name.rsplit('/').next().unwrap_or(name).to_owned())
            .find(|name| super::command::runs_its_input(name));
        if let Some(name) = interpreter {
            for label in labels.iter().filter(|label| {
                matches!(
                    label.kind,
                    SourceKind::Remote | SourceKind::Decoded | SourceKind::Opaque
                )
            }) {
                let marks = self.pinned(site.file);
                self.flow(
                    label,
                    SinkKind::Process,
                    &format!("{} of {name}", native.path),
                    Target::Constant(label.name.to_string()),
                    zone,
                    site.file,
                    site.expr,
                    marks,
                );
            }
        }
    }

    /// A file that is added to an archive: what it holds is in what the archive is made in.
    fn attach(&mut self, site: Site, value: &Value, args: &[ExprId]) {
        let (Some(first), Value::Native(native)) = (args.first(), value) else {
            return;
        };
        let mut labels: Vec<Label> = Vec::new();
        for value in self.possible(site.file, *first, 0) {
            if let Some(text) = value.as_text() {
                labels.extend(self.content_label(&text, site));
            }
        }
        let Some((file, made)) = native.made_at else {
            return;
        };
        let Some(program) = self.program(file) else {
            return;
        };
        let Expr::Call { args, .. } = program.expr(made) else {
            return;
        };
        for arg in program.list(args).to_vec().into_iter().take(2) {
            if let Some(symbol) = super::index::symbol_of(&program, arg) {
                self.attached
                    .entry((file, symbol))
                    .or_default()
                    .extend(labels.iter().cloned());
            }
            let text = self.fold_text(file, arg, None);
            if text.len() > 2 {
                self.cells.write(&text, labels.clone(), Zone::Called);
            }
        }
    }

    /// A socket that stands in for the streams of a shell.
    fn duplicated(&mut self, program: &Rc<Program>, site: Site, args: &[ExprId], zone: Zone) {
        let Some(first) = args.first() else {
            return;
        };
        let labels = self.labels(site.file, *first, None);
        let Some(label) = labels
            .iter()
            .find(|label| label.kind == SourceKind::Remote)
            .cloned()
        else {
            return;
        };
        for (call, _) in program.calls.clone() {
            let Some(path) = self
                .callees
                .get(&(site.file, call))
                .and_then(Value::path)
                .map(str::to_owned)
            else {
                continue;
            };
            if !matches!(
                know::role(program.language, &path),
                Role::Spawn | Role::Shell
            ) {
                continue;
            }
            let Expr::Call { args, .. } = program.expr(call) else {
                continue;
            };
            let Some(command) = program.list(args).first().copied() else {
                continue;
            };
            let name = match self.machine.fold(site.file, command) {
                Value::Array(items) => items
                    .borrow()
                    .first()
                    .and_then(Value::as_text)
                    .unwrap_or_default(),
                other => other.as_text().unwrap_or_default(),
            };
            let name = name
                .split(' ')
                .next()
                .unwrap_or_default()
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .to_owned();
            if super::command::runs_its_input(&name) {
                self.flow(
                    &label,
                    SinkKind::Process,
                    &format!("the streams of {name}"),
                    Target::Constant(label.name.to_string()),
                    zone,
                    site.file,
                    call,
                    Vec::new(),
                );
            }
        }
    }

    /// Methods of what is no part of a library: `path.write_text(x)`, `stream.pipe(y)`.
    #[allow(clippy::too_many_arguments, reason = "the parts of a call")]
    fn method_sink(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        object: ExprId,
        name: &str,
        args: &[ExprId],
        zone: Zone,
        writes: bool,
    ) {
        match name {
            "pipe" | "pipeTo" if writes => {
                let labels = self.labels(site.file, object, None).to_vec();
                self.pipe_into(site, labels, args, zone);
            }
            "write_text" | "write_bytes" if writes && program.language == Language::Python => {
                let text = self.fold_text(site.file, object, None);
                self.written_to(
                    program,
                    site,
                    name,
                    &text,
                    args.first().copied(),
                    zone,
                    None,
                );
            }
            "chmod" if !writes && program.language == Language::Python => {
                let text = self.fold_text(site.file, object, None);
                self.cells.run(&text, name, zone, site.file, site.expr);
            }
            "_compile" if !writes => {
                if let Some(arg) = args.first() {
                    self.code_sink(program, site, "module._compile", *arg, zone, None);
                }
            }
            _ => {}
        }
    }

    fn code_sink(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        path: &str,
        arg: ExprId,
        zone: Zone,
        context: Option<&Rc<Context>>,
    ) {
        // `exec(compile(text))`: the inner call is a sink of its own.
        if let Expr::Call { callee, .. } = program.expr(arg)
            && let Value::Native(native) = self.machine.fold(site.file, callee)
            && matches!(
                know::role(program.language, &native.path),
                Role::Code(_) | Role::CodeLast
            )
            && !matches!(&*native.path, "eval")
        {
            return;
        }
        let mut value = self.fold_value(site.file, arg, context);
        if !matches!(value, Value::Text(_) | Value::Bytes(_) | Value::Function(_)) {
            value = self.observed(program, site, arg).unwrap_or(value);
        }
        if matches!(value, Value::Function(_)) || matches!(program.expr(arg), Expr::Function(_)) {
            return;
        }
        // Timers with something else than a text.
        if path.starts_with("set") && !matches!(value, Value::Text(_)) {
            let labels = self.labels(site.file, arg, context);
            if !labels.iter().any(|label| is_foreign(label.kind)) {
                return;
            }
        }
        let labels = self.labels(site.file, arg, context);
        let text = match &value {
            Value::Text(text) => Some(text.to_string()),
            Value::Bytes(bytes) => Some(String::from_utf8_lossy(&bytes.borrow()).into_owned()),
            _ => None,
        };
        let place = self.place_of(site.file, site.expr);
        let known = text.as_deref().filter(|text| !text.contains(HOLE_START));
        let mut foreign: Vec<Label> = labels
            .iter()
            .filter(|label| is_foreign(label.kind))
            .cloned()
            .collect();
        if let Some(text) = known {
            if self.is_visible(site.file, text) {
                foreign.retain(|label| label.kind == SourceKind::Remote);
            }
            let written_out = self
                .program(site.file)
                .is_some_and(|p| p.text(arg).is_some());
            if foreign.is_empty() && !written_out && !self.is_visible(site.file, text) {
                let name = snippet_of(self, site.file, arg);
                let label = match self.origin(site.file, arg, 0) {
                    Some((file, span)) => self.new_label(SourceKind::Decoded, &name, file, span),
                    None => self.label_at(SourceKind::Decoded, &name, site),
                };
                foreign.push(label);
            }
            let hidden: super::Labels = foreign.clone().into();
            let effect = self.child(text, program.language, zone, place, &hidden);
            // A text that is written out hides nothing.
            if !written_out {
                for label in foreign
                    .iter()
                    .filter(|label| label.kind != SourceKind::Remote)
                {
                    let mark = if effect {
                        Mark::HiddenEffect
                    } else {
                        Mark::NoEffect
                    };
                    self.flow(
                        label,
                        SinkKind::DynamicCode,
                        path,
                        Target::Constant(short(text)),
                        zone,
                        site.file,
                        site.expr,
                        vec![mark],
                    );
                }
            }
        } else if foreign.is_empty() && self.package.hidden(site.file) > 24 {
            let label = self.label_at(SourceKind::Opaque, "text that nobody sees", site);
            self.flow(
                &label,
                SinkKind::DynamicCode,
                path,
                Target::Opaque,
                zone,
                site.file,
                site.expr,
                vec![Mark::HiddenEffect],
            );
            return;
        } else if self.machine.spent() {
            self.found.exhausted = true;
            return;
        } else if foreign.is_empty()
            && text.is_none()
            && self.is_constant(program, site.file, arg, 0)
        {
            let label = self.label_at(SourceKind::Opaque, &snippet_of(self, site.file, arg), site);
            foreign.push(label);
        }
        if known.is_none() {
            let marks = self.pinned(site.file);
            for label in &foreign {
                let mut marks = marks.clone();
                if self
                    .index(site.file)
                    .is_some_and(|index| index.large_literal)
                    || foreign
                        .iter()
                        .any(|other| other.kind == SourceKind::OwnFile)
                {
                    marks.push(Mark::Large);
                }
                let target = if label.kind == SourceKind::Remote {
                    Target::Constant(label.name.to_string())
                } else {
                    Target::Opaque
                };
                self.flow(
                    label,
                    SinkKind::DynamicCode,
                    path,
                    target,
                    zone,
                    site.file,
                    site.expr,
                    marks,
                );
            }
            if foreign.is_empty() && zone > Zone::Called {
                let place = self.place_of(site.file, site.expr);
                self.sign(SignKind::OpaqueCode, zone, path.to_owned(), place);
            }
        } else {
            for label in foreign
                .iter()
                .filter(|label| label.kind == SourceKind::Remote)
            {
                let marks = self.pinned(site.file);
                self.flow(
                    label,
                    SinkKind::DynamicCode,
                    path,
                    Target::Constant(label.name.to_string()),
                    zone,
                    site.file,
                    site.expr,
                    marks,
                );
            }
        }
    }

    /// Whether a text stands in the package as it is: what only joins it hides nothing.
    fn is_visible(&self, file: FileId, text: &str) -> bool {
        const WINDOW: usize = 20;
        // Pieces without what a literal would escape.
        let plain: Vec<&str> = text
            .split(['\n', '\r', '\t', '"', '\'', '\\', '`'])
            .filter(|piece| piece.len() >= WINDOW)
            .collect();
        let step = (plain.len() / 9).max(1);
        let pieces: Vec<&str> = plain
            .iter()
            .step_by(step)
            .filter_map(|piece| piece.get(piece.len() - WINDOW..))
            .take(9)
            .collect();
        if pieces.len() < 3 {
            let source = self.package.source(file);
            return source.is_some_and(|source| source.contains(text));
        }
        let shown = |piece: &str| {
            self.package.ids().take(400).any(|id| {
                let readable = self.package.language(id).is_some()
                    || self.package.file(id).path.ends_with(".json");
                let bytes = self.package.file(id).bytes.as_deref().filter(|_| readable);
                bytes.is_some_and(|bytes| memchr::memmem::find(bytes, piece.as_bytes()).is_some())
            })
        };
        let found = pieces.iter().filter(|piece| shown(piece)).count();
        found * 10 >= pieces.len() * 7
    }

    /// What an argument was when the function around its call was run.
    pub(super) fn observed(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        arg: ExprId,
    ) -> Option<Value> {
        let Expr::Call { args, .. } = program.expr(site.expr) else {
            return None;
        };
        let position = program.list(args).iter().position(|other| *other == arg)?;
        let seen = self.machine.observed(site.file, site.function, site.expr)?;
        seen.get(position)
            .filter(|value| matches!(value, Value::Text(_) | Value::Bytes(_)))
            .cloned()
    }

    fn loaded(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        specifier: ExprId,
        zone: Zone,
        path: &str,
    ) {
        let text = self.fold_text(site.file, specifier, None);
        if !text.is_empty() {
            self.cells.run(&text, path, zone, site.file, site.expr);
        }
        let labels = self.labels(site.file, specifier, None);
        // The name of a module that came from outside, or was hidden.
        for label in labels
            .iter()
            .filter(|label| label.kind == SourceKind::Remote)
        {
            self.flow(
                label,
                SinkKind::Module,
                path,
                Target::Opaque,
                zone,
                site.file,
                site.expr,
                Vec::new(),
            );
        }
        if let Some(code) = crate::pure::data_url(&text) {
            let place = self.place_of(site.file, site.expr);
            let labels: super::Labels = Rc::from([]);
            if self.child(&code, program.language, zone, place, &labels) {
                let label = self.label_at(SourceKind::Decoded, "a data: address", site);
                self.flow(
                    &label,
                    SinkKind::DynamicCode,
                    path,
                    Target::Constant(short(&code)),
                    zone,
                    site.file,
                    site.expr,
                    vec![Mark::HiddenEffect],
                );
            }
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of a call")]
    fn written(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        path: &str,
        to: Option<ExprId>,
        data: Option<ExprId>,
        zone: Zone,
        context: Option<&Rc<Context>>,
    ) {
        let Some(to) = to else {
            return;
        };
        let text = self.fold_text(site.file, to, context);
        match data {
            Some(_) => {
                for place in self
                    .possible(site.file, to, 0)
                    .into_iter()
                    .filter_map(|value| value.as_text())
                {
                    if place.ends_with(EVERY) {
                        self.destroyed(site, path, &place, false, zone);
                    }
                }
                self.written_to(program, site, path, &text, data, zone, context);
            }
            None => {
                let _ = program;
            }
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of a call")]
    fn written_to(
        &mut self,
        _program: &Rc<Program>,
        site: Site,
        path: &str,
        to: &str,
        data: Option<ExprId>,
        zone: Zone,
        context: Option<&Rc<Context>>,
    ) {
        if to.is_empty() {
            return;
        }
        let labels: Vec<Label> = data.map_or_else(Vec::new, |data| {
            self.labels(site.file, data, context).to_vec()
        });
        let content = data.and_then(|data| match self.fold_value(site.file, data, context) {
            Value::Text(text) => Some(text.to_string()),
            _ => None,
        });
        let active = content.as_deref().is_none_or(active_text);
        self.configured(site, path, to, &labels, zone, active, content.as_deref());
        self.replaces_itself(site, to, zone);
        self.cells.write(to, labels, zone);
    }

    /// A file of an editor, agent, shell or start-up configuration.
    #[allow(clippy::too_many_arguments, reason = "the parts of a write")]
    pub(super) fn configured(
        &mut self,
        site: Site,
        path: &str,
        to: &str,
        labels: &[Label],
        zone: Zone,
        active: bool,
        content: Option<&str>,
    ) {
        let Some(what) = know::configuration(to) else {
            return;
        };
        if !active {
            return;
        }
        let label = labels
            .iter()
            .find(|label| is_foreign(label.kind))
            .cloned()
            .unwrap_or_else(|| self.label_at(SourceKind::Constant, what, site));
        // Lines that set a path, or call what lies in the package, do no more than that.
        let harmless = content.is_some_and(|text| {
            !super::child::names_an_effect(text) && !text.contains("$(") && !text.contains('`')
        });
        let marks = match content {
            Some(_) if harmless => vec![Mark::NoEffect],
            Some(text) if super::child::names_an_effect(text) => vec![Mark::HiddenEffect],
            _ => Vec::new(),
        };
        self.flow(
            &label,
            SinkKind::Configuration,
            path,
            Target::Constant(format!("{} ({what})", shown(to))),
            zone,
            site.file,
            site.expr,
            marks,
        );
    }

    fn replaces_itself(&mut self, site: Site, to: &str, zone: Zone) {
        if zone >= Zone::Start
            && to.contains("package/")
            && (to
                .trim_end_matches(crate::pure::HOLE_END)
                .ends_with("package.json")
                || to.contains(&self.package.file(site.file).path))
        {
            let place = self.place_of(site.file, site.expr);
            self.sign(SignKind::HidesItself, zone, shown(to), place);
        }
    }

    fn deleted(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        path: &str,
        args: &[ExprId],
        zone: Zone,
        context: Option<&Rc<Context>>,
    ) {
        let Some(first) = args.first() else {
            return;
        };
        let text = self.fold_text(site.file, *first, context);
        if text.contains("package/") && zone >= Zone::Import {
            let own = self.package.file(site.file).path.clone();
            if text.contains(&own)
                || text
                    .trim_end_matches(crate::pure::HOLE_END)
                    .ends_with("package.json")
            {
                let place = self.place_of(site.file, site.expr);
                self.sign(SignKind::HidesItself, zone, shown(&text), place);
            }
        }
        let recursive = matches!(
            path,
            "shutil.rmtree" | "std.fs.remove_dir_all" | "fs.remove_dir_all"
        ) || path.contains("remove") && program.language == Language::JavaScript
            || args
                .iter()
                .skip(1)
                .any(|arg| match self.machine.fold(site.file, *arg) {
                    Value::Object(object) => {
                        object.entries.borrow().iter().any(|(key, value)| {
                            &**key == "recursive" && value.truth() != Some(false)
                        })
                    }
                    _ => false,
                });
        for place in self
            .possible(site.file, *first, 0)
            .into_iter()
            .filter_map(|value| value.as_text())
            .chain([text])
        {
            self.destroyed(site, path, &place, recursive, zone);
        }
    }

    /// A place of the user's that is deleted or overwritten: itself, or whatever is found
    /// in it.
    fn destroyed(&mut self, site: Site, path: &str, place: &str, recursive: bool, zone: Zone) {
        let found_in = place.strip_suffix(EVERY).map(|rest| {
            rest.trim_end_matches(EVERY)
                .trim_end_matches(HOLE)
                .trim_end_matches('/')
        });
        let what = match found_in {
            Some(folder) if !folder.is_empty() || place.starts_with('/') => {
                know::user_place(if folder.is_empty() { "/" } else { folder })
            }
            _ if recursive => know::user_place(place),
            _ => None,
        };
        if let Some(what) = what {
            let label = self.label_at(SourceKind::UserPlace, what, site);
            self.flow(
                &label,
                SinkKind::Destruction,
                path,
                Target::Constant(shown(place)),
                zone,
                site.file,
                site.expr,
                Vec::new(),
            );
        }
    }

    /// The clipboard, read and written with an address of the package's own.
    fn clipboard(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        path: &str,
        args: &[ExprId],
        zone: Zone,
    ) {
        let reads = program.calls.iter().any(|(call, _)| {
            self.callees
                .get(&(site.file, *call))
                .and_then(Value::path)
                .is_some_and(|path| {
                    know::role(program.language, path) == Role::Source(SourceKind::InputDevice)
                })
        });
        if !reads {
            return;
        }
        let constants: Vec<String> = args
            .iter()
            .filter_map(|arg| {
                self.machine
                    .fold(site.file, *arg)
                    .known_text()
                    .map(str::to_owned)
            })
            .collect();
        let named = constants.first().cloned().or_else(|| {
            program.consts.iter().find_map(|constant| match constant {
                crate::ir::Const::Text(text) if super::patch::is_address(text) => {
                    Some(text.to_string())
                }
                _ => None,
            })
        });
        let mut holds = super::patch::holds_address_pattern(program);
        for (specifier, _) in program.imports.clone() {
            let inner = self
                .package
                .resolves(site.file, program.name(specifier))
                .and_then(|target| self.program(target));
            holds |= inner.is_some_and(|inner| super::patch::holds_address_pattern(&inner));
        }
        if holds {
            let constants: Vec<String> = named.into_iter().collect();
            let label = self.label_at(SourceKind::InputDevice, "the clipboard", site);
            let target = constants
                .first()
                .map_or(Target::Opaque, |text| Target::Constant(text.clone()));
            self.flow(
                &label,
                SinkKind::Replacement,
                path,
                target,
                zone,
                site.file,
                site.expr,
                Vec::new(),
            );
        }
    }

    /// The host that a request goes to.
    pub(super) fn target(
        &mut self,
        file: FileId,
        value: &Value,
        args: &[ExprId],
        context: Option<&Rc<Context>>,
    ) -> Target {
        let mut holes = None;
        if let Value::Native(native) = value
            && let Some((made_file, made)) = native.made_at
            && let Some(program) = self.program(made_file)
            && let Expr::Call { args, .. } = program.expr(made)
        {
            let args = program.list(args).to_vec();
            let context = context.filter(|c| c.file == made_file);
            match self.target_of(made_file, &args, context) {
                Target::Constant(host) => return Target::Constant(host),
                other => holes = Some(other),
            }
        }
        match self.target_of(file, args, context) {
            Target::Caller => match self.companion(file, value) {
                Some(host) => Target::Constant(host),
                None => holes.unwrap_or(Target::Caller),
            },
            found => found,
        }
    }

    /// The host that another call on the same object names: `x.open('GET', url)`,
    /// `socket.connect(port, host)`.
    fn companion(&mut self, file: FileId, value: &Value) -> Option<String> {
        let Value::Native(native) = value else {
            return None;
        };
        let made = native.made_at?;
        let program = self.program(file)?;
        for (call, _) in program.calls.clone() {
            let Expr::Call { callee, args, .. } = program.expr(call) else {
                continue;
            };
            let Expr::Member(_, name) = program.expr(callee) else {
                continue;
            };
            if !matches!(
                program.name(name),
                "open" | "connect" | "sendto" | "connect_ex"
            ) {
                continue;
            }
            let Value::Native(other) = self.machine.fold(file, callee) else {
                continue;
            };
            if other.made_at != Some(made) {
                continue;
            }
            for arg in program.list(args).to_vec() {
                let value = self.machine.fold(file, arg);
                if let Some(host) = self.host_in(&value, 0) {
                    return Some(host);
                }
            }
        }
        None
    }

    fn target_of(
        &mut self,
        file: FileId,
        args: &[ExprId],
        context: Option<&Rc<Context>>,
    ) -> Target {
        for arg in args.iter().take(4) {
            let value = self.fold_value(file, *arg, context);
            if let Some(host) = self.host_in(&value, 0) {
                return Target::Constant(host);
            }
        }
        let Some(first) = args.first() else {
            return Target::Caller;
        };
        let Some(program) = self.program(file) else {
            return Target::Caller;
        };
        if self
            .labels(file, *first, context)
            .iter()
            .any(|label| matches!(label.kind, SourceKind::Decoded | SourceKind::Opaque))
            || self.is_constant(&program, file, *first, 0)
        {
            return Target::Opaque;
        }
        Target::Caller
    }

    fn host_in(&mut self, value: &Value, level: u8) -> Option<String> {
        match value {
            Value::Text(text) => {
                if !text.contains("://")
                    && !text.contains('.')
                    && !text.contains(':')
                    && !know::is_loopback(text)
                {
                    return None;
                }
                let host = know::host_of(text)?;
                if host.starts_with(HOLE_START) && !host.contains('.')
                    || host.starts_with('/')
                    || host.contains(' ')
                {
                    return None;
                }
                // `pool.${x}.invalid` is known well enough; `${x}.js` is no host.
                Some(shown(&host))
            }
            Value::Object(object) => {
                let entries = object.entries.borrow();
                for key in ["hostname", "host", "url", "uri", "href", "baseURL", "href"] {
                    let found = entries
                        .iter()
                        .rev()
                        .find(|(name, _)| &**name == key)
                        .map(|(_, value)| value.clone());
                    if let Some(value) = found {
                        if let Some(text) = value.any_text()
                            && !text.starts_with(HOLE_START)
                            && text.len() > 2
                        {
                            return know::host_of(text).map(|host| shown(&host));
                        }
                        if level < 2
                            && let Some(host) = self.host_in(&value, level + 1)
                        {
                            return Some(host);
                        }
                    }
                }
                None
            }
            Value::Array(items) if level < 2 => {
                let first = items.borrow().first().cloned()?;
                match &first {
                    Value::Text(text) if text.contains('.') => {
                        know::host_of(text).map(|host| shown(&host))
                    }
                    _ => None,
                }
            }
            Value::Native(native) if level < 2 => {
                let (file, made) = native.made_at?;
                let program = self.program(file)?;
                let Expr::Call { args, .. } = program.expr(made) else {
                    return None;
                };
                let args = program.list(args).to_vec();
                args.iter().take(2).find_map(|arg| {
                    let value = self.machine.fold(file, *arg);
                    if matches!(value, Value::Native(_)) {
                        None
                    } else {
                        self.host_in(&value, level + 1)
                    }
                })
            }
            _ => None,
        }
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
                Target::Constant(host) => Some(host),
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

    /// Whether a choice in the file ends something when a digest of foreign bytes is not
    /// one that stands in the package.
    pub(super) fn guarded_by_digest(&mut self, file: FileId) -> bool {
        let (Some(program), Some(index)) = (self.program(file), self.index(file)) else {
            return false;
        };
        let mut tests: Vec<ExprId> = index.guards.clone();
        let mut seen = 0;
        while let Some(test) = tests.pop() {
            seen += 1;
            if seen > 2_000 {
                return false;
            }
            match program.expr(test) {
                Expr::Binary(Binary::Eq | Binary::Ne, left, right) => {
                    for (digest, known) in [(left, right), (right, left)] {
                        if self.is_digest(&program, file, digest, 0)
                            && self.is_pinned(&program, file, known)
                        {
                            return true;
                        }
                    }
                }
                Expr::Unary(_, inner) => tests.push(inner),
                Expr::Logic(_, left, right) => tests.extend([left, right]),
                Expr::Call { callee, args, .. } => {
                    // `digest.equals(expected)`, `timingSafeEqual(a, b)`.
                    tests.extend(program.list(args));
                    if let Expr::Member(object, name) = program.expr(callee)
                        && matches!(
                            program.name(name),
                            "equals"
                                | "compare"
                                | "compare_digest"
                                | "timingSafeEqual"
                                | "includes"
                        )
                    {
                        let args = program.list(args).to_vec();
                        let sides: Vec<ExprId> = args.iter().copied().chain([object]).collect();
                        let digest = sides
                            .iter()
                            .any(|side| self.is_digest(&program, file, *side, 0));
                        let pinned = sides
                            .iter()
                            .any(|side| self.is_pinned(&program, file, *side));
                        if digest && pinned {
                            return true;
                        }
                    }
                }
                _ => {}
            }
        }
        false
    }

    fn is_digest(&mut self, program: &Rc<Program>, file: FileId, expr: ExprId, level: u8) -> bool {
        if level > 6 {
            return false;
        }
        if let Value::Native(native) = self.machine.fold(file, expr) {
            let path = &native.path;
            if path.contains("createHash()")
                || path.contains("hashlib.")
                || path.contains("Sha256")
                || path.contains("sha2.")
            {
                return true;
            }
        }
        match program.expr(expr) {
            Expr::Name(atom, scope) => program.resolve(atom, scope).is_some_and(|symbol| {
                let values = program.symbol(symbol).values.clone();
                values
                    .iter()
                    .take(8)
                    .any(|value| self.is_digest(program, file, *value, level + 1))
            }),
            Expr::Call { callee, args, .. } => {
                if let Value::Function(closure) = self.machine.fold(file, callee)
                    && let Some(inner) = self.program(closure.file)
                {
                    let returns = inner.function(closure.function).returns.clone();
                    return returns
                        .iter()
                        .take(8)
                        .any(|value| self.is_digest(&inner, closure.file, *value, level + 1));
                }
                let _ = args;
                match program.expr(callee) {
                    Expr::Member(object, _) => self.is_digest(program, file, object, level + 1),
                    _ => false,
                }
            }
            Expr::Await(inner) | Expr::Member(inner, _) => {
                self.is_digest(program, file, inner, level + 1)
            }
            Expr::Concat(items) => program
                .list(items)
                .to_vec()
                .into_iter()
                .any(|item| self.is_digest(program, file, item, level + 1)),
            _ => false,
        }
    }

    /// A digest that stands in the package, alone or in a table of them.
    fn is_pinned(&mut self, program: &Rc<Program>, file: FileId, expr: ExprId) -> bool {
        let pinned = |value: &Value| match value {
            Value::Text(text) => {
                text.len() >= 32
                    && text.chars().filter(char::is_ascii_hexdigit).count() * 10 >= text.len() * 6
            }
            Value::Bytes(bytes) => bytes.borrow().len() >= 16,
            _ => false,
        };
        if pinned(&self.machine.fold(file, expr)) {
            return true;
        }
        // One of a table, by platform.
        let mut at = expr;
        for _ in 0..6 {
            match program.expr(at) {
                Expr::Index(object, _) | Expr::Member(object, _) => {
                    let table = self.machine.fold(file, object);
                    if let Value::Object(object) = &table
                        && object.entries.borrow().iter().any(|(_, value)| pinned(value) || matches!(value, Value::Object(inner) if inner.entries.borrow().iter().any(|(_, value)| pinned(value))))
                    {
                        return true;
                    }
                    at = object;
                }
                Expr::Name(atom, scope) => match program
                    .resolve(atom, scope)
                    .and_then(|symbol| program.symbol(symbol).values.first().copied())
                {
                    Some(value) if value != at => at = value,
                    _ => return false,
                },
                Expr::Logic(_, left, _) => at = left,
                _ => return false,
            }
        }
        false
    }
}

fn snippet_of(analysis: &Analysis<'_>, file: FileId, expr: ExprId) -> String {
    let span = analysis
        .program(file)
        .map(|p| p.span(expr))
        .unwrap_or_default();
    snippet(analysis, file, span)
}

/// The beginning of a text, on one line.
pub(super) fn short(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(120)
        .collect()
}

/// Whether a text written into a configuration can make something happen: a list of files
/// to ignore cannot.
pub(super) fn active_text(text: &str) -> bool {
    text.len() > 2
}

/// The last two parts of a host name.
fn registrable(host: &str) -> &str {
    let mut dots = host.rmatch_indices('.');
    dots.next();
    dots.next().map_or(host, |(at, _)| &host[at + 1..])
}
