//! Files that are written, replaced, deleted, packed.

use crate::flow::label::Label;
use crate::flow::possible::EVERY;
use crate::flow::{Analysis, Context, Site, is_foreign};
use crate::ir::{Expr, ExprId, Language, Program, Span};
use crate::know;
use crate::know::Role;
use crate::package::Make;
use crate::pure::{FileId, HOLE, HOLE_END, HOLE_START, Value, shown};
use customs_model::{Mark, RUNS_ANSWER, SignKind, SinkKind, SourceKind, Target, Zone};
use std::rc::Rc;

/// Whether a method of something that is not known may be a sink.
pub(super) fn is_method_sink(name: &str) -> bool {
    matches!(
        name,
        "pipe"
            | "pipeTo"
            | "unlink"
            | "rmdir"
            | "write_text"
            | "write_bytes"
            | "chmod"
            | "to_socket_addrs"
            | "_compile"
    )
}

/// Those of them whose object is a path that a caller may give.
pub(super) fn is_told_by_way(name: &str) -> bool {
    matches!(name, "write_text" | "write_bytes" | "chmod")
}

impl Analysis<'_> {
    /// A file that is added to an archive: what it holds is in what the archive is made in.
    pub(super) fn attach(&mut self, site: Site, value: &Value, args: &[ExprId]) {
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
        // `open(name)`, `open(fileobj=bytes)`.
        let mut into: Vec<ExprId> = Vec::new();
        for arg in program.list(args).iter().take(3) {
            match program.expr(*arg) {
                Expr::Keywords(entries) => {
                    let pairs = program.list(entries).chunks_exact(2);
                    let named = pairs.filter(|pair| {
                        matches!(program.text(pair[0]), Some("fileobj" | "file" | "name"))
                    });
                    into.extend(named.map(|pair| pair[1]));
                }
                _ if into.len() < 2 => into.push(*arg),
                _ => {}
            }
        }
        for arg in into {
            if let Some(symbol) = crate::flow::index::symbol_of(&program, arg) {
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

    /// `shutil.make_archive(base, format, folder)`.
    pub(super) fn archived(
        &mut self,
        program: &Program,
        site: Site,
        args: &[ExprId],
        context: Option<&Rc<Context>>,
    ) {
        let named = |name: &str| {
            args.iter().find_map(|arg| match program.expr(*arg) {
                Expr::Keywords(entries) => program
                    .list(entries)
                    .chunks_exact(2)
                    .find(|pair| program.text(pair[0]) == Some(name))
                    .map(|pair| pair[1]),
                _ => None,
            })
        };
        let counted = |at: usize| {
            let arg = args.get(at).copied();
            arg.filter(|arg| !matches!(program.expr(*arg), Expr::Keywords(_)))
        };
        let folders = [
            named("root_dir").or_else(|| counted(2)),
            named("base_dir").or_else(|| counted(3)),
        ];
        let mut labels: Vec<Label> = Vec::new();
        for folder in folders.into_iter().flatten() {
            for value in self.possible(site.file, folder, 0) {
                if let Some(text) = value.as_text() {
                    labels.extend(self.content_label(&text, site));
                }
            }
        }
        let to = self.fold_text(site.file, site.expr, context);
        if to.len() > 2 && !labels.is_empty() {
            self.cells.write(&to, labels, Zone::Called);
        }
    }

    /// Methods of what is no part of a library: `path.write_text(x)`, `stream.pipe(y)`.
    #[allow(clippy::too_many_arguments, reason = "the parts of a call")]
    pub(super) fn method_sink(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        object: ExprId,
        name: &str,
        args: &[ExprId],
        zone: Zone,
        context: Option<&Rc<Context>>,
        writes: bool,
    ) {
        match name {
            "pipe" | "pipeTo" if writes => {
                let labels = self.labels(site.file, object, None).to_vec();
                self.pipe_into(site, labels, args, zone);
            }
            "unlink" | "rmdir" if !writes && program.language == Language::Python => {
                self.overwritten(site, name, object, zone);
            }
            "write_text" | "write_bytes" if writes && program.language == Language::Python => {
                self.overwritten(site, name, object, zone);
                let data = args.first().copied();
                self.written(program, site, name, Some(object), data, zone, context);
            }
            "chmod"
                if !writes
                    && program.language == Language::Python
                    && !self.leaves_unrunnable(site.file, args.first().copied(), context) =>
            {
                let text = self.fold_text(site.file, object, context);
                self.cells.run(&text, name, zone, site.file, site.expr);
            }
            "to_socket_addrs" if !writes => {
                // A name, or a name and a port.
                let first = match program.expr(object) {
                    Expr::Array(items) => program.list(items).first().copied(),
                    _ => None,
                };
                let text = self.fold_text(site.file, first.unwrap_or(object), None);
                let labels = self.labels(site.file, object, None);
                for label in labels.iter().filter(|label| {
                    crate::flow::is_secret(label.kind) || label.kind == SourceKind::Identity
                }) {
                    // Whoever asks for the machine's own name tells nobody of it.
                    let target = if known_part(&text) > 3 {
                        Target::Constant(shown(&text))
                    } else {
                        Target::Caller
                    };
                    self.flow(
                        label,
                        SinkKind::NameLookup,
                        name,
                        target,
                        zone,
                        site.file,
                        site.expr,
                        Vec::new(),
                    );
                }
            }
            "_compile" if !writes => {
                if let Some(arg) = args.first() {
                    self.code_sink(program, site, "module._compile", *arg, zone, None);
                    self.reads_behind(site.file, *arg, "module._compile", zone);
                }
            }
            _ => {}
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of a call")]
    pub(super) fn written(
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
        self.set_for_steps(site, path, to, zone);
        match data {
            Some(_) => {
                let mut places = self.possible(site.file, to, 0);
                if know::configuration(&text).is_some() {
                    places = self.by_turns(site.file, to);
                }
                for place in places.into_iter().filter_map(|value| value.as_text()) {
                    if place != text && self.is_in_another(site.file, &place) {
                        let content = data.map(|data| self.fold_text(site.file, data, context));
                        self.plants_in_another(site, path, &place, content.as_deref(), zone);
                    }
                    if place.ends_with(EVERY) {
                        self.destroyed(site, path, &place, false, zone);
                    } else if place != text
                        && is_named(&place)
                        && know::configuration(&place).is_some()
                    {
                        // One of several files that are written by turns.
                        self.written_to(program, site, path, &place, data, zone, context);
                    }
                }
                self.written_to(program, site, path, &text, data, zone, context);
            }
            None => {
                let _ = program;
            }
        }
    }

    /// Whether a mode is known and lets nobody run a file: `chmod(path, 0o600)`.
    pub(super) fn leaves_unrunnable(
        &mut self,
        file: FileId,
        mode: Option<ExprId>,
        context: Option<&Rc<Context>>,
    ) -> bool {
        /// Who may run it: its owner, its group, all others.
        const RUN: u32 = 0o111;
        let Some(mode) = mode else {
            return false;
        };
        let mode = match self.fold_value(file, mode, context) {
            Value::Number(mode) if (0.0..=4095.0).contains(&mode) => Some(mode as u32),
            Value::Text(text) => u32::from_str_radix(text.trim_start_matches("0o"), 8).ok(),
            _ => None,
        };
        mode.is_some_and(|mode| mode & RUN == 0)
    }

    /// Each configuration among the files that one call writes by turns, but for one.
    #[allow(clippy::too_many_arguments, reason = "the parts of a write")]
    pub(super) fn written_by_turns(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        path: &str,
        target: (FileId, ExprId),
        but: &str,
        data: Option<ExprId>,
        zone: Zone,
    ) {
        let places = match know::configuration(but) {
            Some(_) => self.by_turns(target.0, target.1),
            None => self.possible(target.0, target.1, 0),
        };
        for place in places.into_iter().filter_map(|value| value.as_text()) {
            if place != but
                && is_named(&place)
                && !place.ends_with(EVERY)
                && know::configuration(&place).is_some()
            {
                self.written_to(program, site, path, &place, data, zone, None);
            }
        }
    }

    /// A file that is opened so that what it held is lost, whatever is written into it.
    pub(super) fn emptied(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        path: &str,
        args: &[ExprId],
        zone: Zone,
    ) {
        let Some(first) = args.first() else {
            return;
        };
        let empties = match program.language {
            Language::Rust => path.ends_with("File.create"),
            _ => args.get(1).is_some_and(|mode| {
                let mode = self.machine.fold(site.file, *mode);
                mode.known_text()
                    .is_some_and(|mode| mode.len() < 5 && mode.contains(['w', '+']))
            }),
        };
        if empties {
            self.overwritten(site, path, *first, zone);
        }
    }

    /// Files that are found in a place of the user's and written over one by one. The
    /// project is left out: what a build finds in the folder that it stands in is its own.
    fn overwritten(&mut self, site: Site, path: &str, to: ExprId, zone: Zone) {
        for place in self
            .possible(site.file, to, 0)
            .into_iter()
            .filter_map(|value| value.as_text())
            .filter(|place| place.ends_with(EVERY) && !place.starts_with("\u{fdd0}cwd"))
        {
            self.destroyed(site, path, &place, false, zone);
        }
    }

    /// The path of an opened file: `open(path)`, or `OpenOptions::new().write(true).open(path)`.
    pub(in crate::flow) fn opened_path(&mut self, file: FileId, made: ExprId) -> Option<ExprId> {
        let program = self.program(file)?;
        let Expr::Call { callee, args, .. } = program.expr(made) else {
            return None;
        };
        // `path.open("w")`, of a path of Python.
        if program.language == Language::Python
            && let Expr::Member(object, name) = program.expr(callee)
            && program.name(name) == "open"
            && matches!(self.machine.fold(file, object), Value::Text(_))
        {
            return Some(object);
        }
        if let Some(first) = program.list(args).first() {
            return Some(*first);
        }
        if program.language != Language::Rust {
            return None;
        }
        for (call, _) in program.calls.clone() {
            let Expr::Call { callee, args, .. } = program.expr(call) else {
                continue;
            };
            if let Expr::Member(_, name) = program.expr(callee)
                && program.name(name) == "open"
                && let Value::Native(native) = self.machine.fold(file, callee)
                && native.made_at == Some((file, made))
            {
                return program.list(args).first().copied();
            }
        }
        None
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of a call")]
    pub(super) fn written_to(
        &mut self,
        program: &Rc<Program>,
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
        let value = data.map(|data| self.fold_value(site.file, data, context));
        if value
            .as_ref()
            .is_some_and(|value| self.is_hidden_binary(value))
        {
            self.cells.binary(to);
        }
        if let Some(value) = &value {
            self.drops(to, value, zone);
        }
        let content = match value {
            Some(Value::Text(text)) => Some(text.to_string()),
            _ => None,
        };
        let active = content.as_deref().is_none_or(active_text);
        let written = data.filter(|_| know::configuration(to).is_some());
        let origin = written.and_then(|data| self.origin(site.file, data, 0));
        if data.is_some_and(|data| self.is_held(site.file, to, data)) {
            self.held(site, path, to, zone);
        } else {
            let removes = written.is_some_and(|data| self.only_removes(program, site, data));
            let content = content.as_deref().or(removes.then_some(""));
            self.configured(site, path, to, &labels, zone, active, content, origin);
        }
        self.plants_in_another(site, path, to, content.as_deref(), zone);
        self.replaces_itself(site, to, zone);
        if super::memory::is_memory(to)
            && let Some(data) = data
        {
            self.written_into_memory(site, path, &[data], zone, context);
        }
        let span = program.span(site.expr);
        self.write_file(to, labels, zone, site.file, span);
    }

    /// Whether a setup script writes a start-up file into its own tree, at the top, as the
    /// archive has it there already: that one is read as what it is.
    fn is_held(&mut self, file: FileId, to: &str, data: ExprId) -> bool {
        let package = self.package;
        if package.make != Make::Sdist
            || package.file(file).path != "setup.py"
            || !to.ends_with(".pth")
            || to.contains(['/', '\\', HOLE_START])
        {
            return false;
        }
        let held = package.find(to);
        let held = held.and_then(|id| package.file(id).bytes.as_deref());
        let content = self.machine.fold_fully(file, data);
        held.is_some() && content.known_text().map(str::as_bytes) == held
    }

    fn held(&mut self, site: Site, path: &str, to: &str, zone: Zone) {
        const WHAT: &str = "interpreter start-up";
        let label = self.label_at(SourceKind::Constant, WHAT, site);
        self.flow(
            &label,
            SinkKind::Configuration,
            path,
            Target::Constant(format!("{to} ({WHAT}, held by the archive)")),
            zone,
            site.file,
            site.expr,
            vec![Mark::NoEffect],
        );
    }

    /// A file of an editor, agent, shell or start-up configuration.
    #[allow(clippy::too_many_arguments, reason = "the parts of a write")]
    pub(in crate::flow) fn configured(
        &mut self,
        site: Site,
        path: &str,
        to: &str,
        labels: &[Label],
        zone: Zone,
        active: bool,
        content: Option<&str>,
        origin: Option<(FileId, Span)>,
    ) {
        let Some(what) = know::configuration(to) else {
            return;
        };
        // In a folder that nobody knows a module of that name is started by nobody.
        let is_somewhere = to.starts_with(HOLE) && what == "interpreter start-up";
        if !active || is_somewhere {
            return;
        }
        let runs = content.and_then(runs_answer);
        let named = runs.as_ref().map(|host| format!("{RUNS_ANSWER}{host}"));
        let what_for = named.as_deref().unwrap_or(what);
        // However the text is hidden: what it does counts.
        let mut foreign = labels.iter().filter(|_| named.is_none());
        let label = foreign
            .find(|label| is_foreign(label.kind))
            .cloned()
            .unwrap_or_else(|| match origin {
                // Where the text stands that is written.
                Some((file, span)) => self.new_label(SourceKind::Constant, what_for, file, span),
                None => self.label_at(SourceKind::Constant, what_for, site),
            });
        // Lines that set a path, or call what lies in the package, do no more than that.
        let harmless = content.is_some_and(|text| {
            !crate::flow::child::names_an_effect(text)
                && !text.contains("$(")
                && !text.contains('`')
        });
        // What stands there without a program's name may lead to one all the same.
        let harmless = harmless
            && match content.and_then(|text| know::leads(what, text)) {
                Some(know::Leads::Registry(host)) => self.own_host(&host),
                Some(know::Leads::Code) => false,
                None => true,
            };
        let mut marks = match content {
            Some(_) if harmless => vec![Mark::NoEffect],
            Some(text) if crate::flow::child::names_an_effect(text) => vec![Mark::HiddenEffect],
            _ => Vec::new(),
        };
        if runs.is_some_and(|host| self.own_host(&host)) {
            marks.push(Mark::OwnHost);
        }
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

    pub(super) fn replaces_itself(&mut self, site: Site, to: &str, zone: Zone) {
        if zone >= Zone::Start
            && to.contains("package/")
            && (to.trim_end_matches(HOLE_END).ends_with("package.json")
                || to.contains(&self.package.file(site.file).path))
        {
            let place = self.place_of(site.file, site.expr);
            self.sign(SignKind::HidesItself, zone, shown(to), place);
        }
    }

    pub(super) fn deleted(
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
            if text.contains(&own) || text.trim_end_matches(HOLE_END).ends_with("package.json") {
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
        // That a folder is the project is most often no more than where a search begins.
        let is_project = |place: &str| place.trim_end_matches('/') == "\u{fdd0}cwd\u{fdd1}";
        for place in self
            .possible(site.file, *first, 0)
            .into_iter()
            .filter_map(|value| value.as_text())
            .filter(|place| !is_project(place))
            .chain([text])
        {
            self.destroyed(site, path, &place, recursive, zone);
        }
    }

    /// A place of the user's that is deleted or overwritten: itself, or whatever is found
    /// in it.
    pub(super) fn destroyed(
        &mut self,
        site: Site,
        path: &str,
        place: &str,
        recursive: bool,
        zone: Zone,
    ) {
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
        // A build stands in the package's own folder.
        let own = found_in.is_some()
            && zone == Zone::Install
            && matches!(self.package.make, Make::Sdist | Make::Crate);
        if let Some(what) = what.filter(|what| !(own && *what == "the project")) {
            let label = match self.named_by_caller(site) {
                Some((file, span)) => self.new_label(SourceKind::UserPlace, what, file, span),
                None => self.label_at(SourceKind::UserPlace, what, site),
            };
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
    pub(in crate::flow) fn clipboard(
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
        if !reads && !self.reads_clipboard_by_command(program, site) {
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
        let (named, stands) = match constants.first().cloned() {
            Some(known) => {
                let mut args = args.iter();
                let stands = args.find_map(|arg| self.origin(site.file, *arg, 0));
                (Some(known), stands)
            }
            None => self
                .address_near(program, site.file)
                .map_or((None, None), |(near, place)| (Some(near), Some(place))),
        };
        let mut holds = crate::flow::patch::holds_address_pattern(program);
        for (specifier, _) in program.imports.clone() {
            let inner = self
                .package
                .resolves(site.file, program.name(specifier))
                .and_then(|target| self.program(target));
            holds |= inner.is_some_and(|inner| crate::flow::patch::holds_address_pattern(&inner));
        }
        let holds = holds || self.computes_address_pattern(program, site);
        if holds {
            let constants: Vec<String> = named.into_iter().collect();
            let label = self.replaced_label(SourceKind::InputDevice, "the clipboard", site, stands);
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
}

impl Analysis<'_> {
    /// Whether a command of the file gives what the clipboard holds.
    fn reads_clipboard_by_command(&mut self, program: &Rc<Program>, site: Site) -> bool {
        program.calls.clone().into_iter().any(|(call, _)| {
            let starts = self
                .callees
                .get(&(site.file, call))
                .and_then(Value::path)
                .is_some_and(|path| {
                    matches!(
                        know::role(program.language, path),
                        Role::Shell | Role::Spawn
                    )
                });
            starts
                && self
                    .labels(site.file, call, None)
                    .iter()
                    .any(|label| label.kind == SourceKind::InputDevice)
        })
    }

    /// Whether a pattern of addresses is put together, and not written out.
    fn computes_address_pattern(&mut self, program: &Rc<Program>, site: Site) -> bool {
        program.calls.clone().into_iter().any(|(call, _)| {
            let matches_text = self
                .callees
                .get(&(site.file, call))
                .and_then(Value::path)
                .is_some_and(|path| path.starts_with("re.") || path == "RegExp");
            let Expr::Call { args, .. } = program.expr(call) else {
                return false;
            };
            let Some(pattern) = program.list(args).first().filter(|_| matches_text) else {
                return false;
            };
            self.possible(site.file, *pattern, 0)
                .iter()
                .any(crate::flow::patch::is_address_pattern)
        })
    }
}

/// How many bytes of a text stand outside of its holes.
fn known_part(text: &str) -> usize {
    let mut parts = text.split(HOLE_START);
    let before = parts.next().map_or(0, str::len);
    let behind = parts.filter_map(|part| part.split_once(HOLE_END));
    before + behind.map(|(_, rest)| rest.len()).sum::<usize>()
}

/// Whether a path says which file it means, in a folder that may be any: `<?>/AGENTS.md`.
fn is_named(place: &str) -> bool {
    let below = place
        .strip_prefix(HOLE)
        .filter(|below| below.starts_with('/'));
    !below.unwrap_or(place).contains(HOLE)
}

/// Whether a text written into a configuration can make something happen: a list of files
/// to ignore cannot.
pub(in crate::flow) fn active_text(text: &str) -> bool {
    text.len() > 2
}

/// The host whose answer a text has a shell or an interpreter run: `curl https://host/a | sh`.
fn runs_answer(text: &str) -> Option<String> {
    let line = text.lines().find(|line| {
        let fetches = ["curl ", "wget "].iter().any(|word| line.contains(word));
        let is_piped = fetches && line.split('|').skip(1).any(runs_its_input);
        let is_evaluated =
            line.contains("urlopen(") && ["exec(", "eval("].iter().any(|word| line.contains(word));
        is_piped || is_evaluated
    })?;
    let at = line.find("://")?;
    know::host_of(&line[at..])
}

/// Whether a command behind a pipe is one that runs what it reads.
fn runs_its_input(command: &str) -> bool {
    let is_end = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ')' | ';' | '&' | '<');
    let command = command.trim_start();
    let command = command.strip_prefix("sudo ").unwrap_or(command);
    let name = command.split(is_end).next().unwrap_or_default();
    let rest = command[name.len()..].trim_start_matches(' ');
    let is_shell = matches!(name, "sh" | "bash" | "zsh" | "/bin/sh" | "/bin/bash");
    let is_interpreter = matches!(name, "python" | "python3" | "node");
    // Told what to run, it reads data.
    let is_told = rest.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '/' | '.'))
        || ["-c", "-m", "-e", "-p"]
            .iter()
            .any(|option| rest.starts_with(option));
    is_shell && !rest.starts_with("-c") || is_interpreter && !is_told
}
