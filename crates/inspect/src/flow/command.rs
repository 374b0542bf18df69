//! Command lines: what a hook, a script or a process that code starts does.

use super::label::Label;
use super::sink::short;
use super::{Analysis, Context, Labels, Site, is_foreign, is_secret};
use crate::ir::{Expr, ExprId, Language, Program, Span};
use crate::know;
use crate::package::join;
use crate::pure::{FileId, HOLE, HOLE_START, Value, shown};
use crate::shell::{Command, Link, Script, Word, decoded_power_shell, parse};
use base64::Engine as _;
use customs_model::{Flow, Hop, Mark, Place, SignKind, SinkKind, SourceKind, Target, Zone};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// Levels of command lines in command lines.
const LEVELS: u8 = 5;

/// Where a command line stands.
#[derive(Clone)]
struct At {
    zone: Zone,
    file: FileId,
    span: Span,
    place: Place,
    /// The folder that it runs in, below the top of the package.
    folder: String,
    /// What is in the holes of its text.
    holes: Labels,
    level: u8,
    /// Where in code it stands, if it does.
    site: Option<Site>,
}

/// What flows from one command to the next.
#[derive(Debug, Clone, Default)]
struct Piped {
    labels: Vec<Label>,
    text: Option<String>,
}

/// Variables: their text and what is in them.
type Variables = FxHashMap<String, (String, Vec<Label>)>;

impl Analysis<'_> {
    /// Reads a command line of a manifest; gives the files of the package that it runs.
    pub(super) fn command_line(
        &mut self,
        text: &str,
        zone: Zone,
        file: FileId,
        folder: &str,
        place: &Place,
        _name: &str,
    ) -> Vec<FileId> {
        let at = At {
            zone,
            file,
            span: Span {
                start: place.bytes.0,
                end: place.bytes.1,
            },
            place: place.clone(),
            folder: folder.to_owned(),
            holes: Rc::from([]),
            level: 0,
            site: None,
        };
        let mut reached = Vec::new();
        self.checked = false;
        self.run_text(
            text,
            &at,
            Piped::default(),
            &mut Variables::default(),
            &mut reached,
        );
        reached
    }

    /// A process with a command line.
    pub(super) fn shell_sink(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        path: &str,
        args: &[ExprId],
        zone: Zone,
        context: Option<&Rc<Context>>,
    ) {
        let Some(first) = args.first().copied() else {
            return;
        };
        let labels = self.labels(site.file, first, context);
        let value = self.fold_value(site.file, first, context);
        let text = match &value {
            Value::Array(items) => Some(
                items
                    .borrow()
                    .iter()
                    .map(|item| item.as_text().unwrap_or_else(|| HOLE.to_owned()))
                    .collect::<Vec<_>>()
                    .join(" "),
            ),
            Value::Text(text) => Some(text.to_string()),
            Value::Bytes(bytes) => Some(String::from_utf8_lossy(&bytes.borrow()).into_owned()),
            _ => None,
        };
        self.started(program, site, path, first, text, labels, zone);
    }

    /// A process with a list of arguments.
    #[allow(clippy::too_many_arguments, reason = "the parts of a call")]
    pub(super) fn spawn_sink(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        path: &str,
        value: &Value,
        args: &[ExprId],
        zone: Zone,
        context: Option<&Rc<Context>>,
    ) {
        let mut all = args.to_vec();
        // A builder: what it was made with comes first.
        if let Value::Native(native) = value
            && let Some((file, made)) = native.made_at
            && file == site.file
            && program.language == Language::Rust
            && let Expr::Call { args, .. } = program.expr(made)
        {
            let mut parts: Vec<(Span, Vec<ExprId>)> = Vec::new();
            for (call, _) in program.calls.clone() {
                let Expr::Call { callee, args, .. } = program.expr(call) else {
                    continue;
                };
                let Expr::Member(_, name) = program.expr(callee) else {
                    continue;
                };
                if matches!(program.name(name), "arg" | "args")
                    && let Value::Native(other) = self.machine.fold(file, callee)
                    && other.made_at == Some((file, made))
                {
                    parts.push((program.span(call), program.list(args).to_vec()));
                }
            }
            parts.sort_by_key(|(span, _)| (span.end, span.start));
            all = program.list(args).to_vec();
            all.extend(parts.into_iter().flat_map(|(_, args)| args));
            all.extend(args_of(program, site.expr));
        }
        let Some(first) = all.first().copied() else {
            return;
        };
        let mut words: Vec<String> = Vec::new();
        let mut labels: Vec<Label> = Vec::new();
        let mut shell = false;
        for (position, arg) in all.iter().enumerate() {
            let value = self.fold_value(site.file, *arg, context);
            match value {
                Value::Array(items) => words.extend(items.borrow().iter().map(word_text)),
                Value::Text(_) | Value::Bytes(_) => words.push(word_text(&value)),
                Value::Object(object) => {
                    shell |= object.entries.borrow().iter().any(|(key, value)| {
                        matches!(&**key, "shell") && value.truth() != Some(false)
                    });
                    continue;
                }
                _ if position == 0 || matches!(program.expr(*arg), Expr::Array(_)) => {
                    if let Expr::Array(items) = program.expr(*arg) {
                        for item in program.list(items).to_vec() {
                            words.push(self.fold_text(site.file, item, context));
                        }
                    } else if self
                        .fold_value(site.file, *arg, context)
                        .path()
                        .is_some_and(|path| {
                            matches!(
                                path,
                                "process.execPath" | "process.argv0" | "sys.executable"
                            )
                        })
                    {
                        words.push(if program.language == Language::Python {
                            "python".to_owned()
                        } else {
                            "node".to_owned()
                        });
                    } else {
                        words.push(self.fold_text(site.file, *arg, context));
                    }
                }
                _ if program.language == Language::Rust => {
                    words.push(self.fold_text(site.file, *arg, context))
                }
                _ => continue,
            }
            let more = self.labels(site.file, *arg, context);
            labels.extend(more.iter().cloned());
        }
        self.streams_of(
            program,
            site,
            &all,
            words.first().map_or("", String::as_str),
            zone,
        );
        let text = if shell && words.len() == 1
            || words.len() == 1 && program.language == Language::Python && !words[0].contains(' ')
        {
            words[0].clone()
        } else {
            words
                .iter()
                .map(|word| quoted(word))
                .collect::<Vec<_>>()
                .join(" ")
        };
        let text = if shell { words.join(" ") } else { text };
        self.started(
            program,
            site,
            path,
            first,
            Some(text).filter(|text| !text.is_empty()),
            labels.into(),
            zone,
        );
    }

    /// A process whose streams are a socket: `Popen(["sh"], stdin=s)`, `{stdio: [s, s, s]}`.
    fn streams_of(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        args: &[ExprId],
        name: &str,
        zone: Zone,
    ) {
        if !runs_its_input(base_name(name)) {
            return;
        }
        for arg in args {
            let (Expr::Object(entries) | Expr::Keywords(entries)) = program.expr(*arg) else {
                continue;
            };
            for pair in program.list(entries).to_vec().chunks_exact(2) {
                if !matches!(program.text(pair[0]), Some("stdin" | "stdio" | "input")) {
                    continue;
                }
                let labels = self.labels(site.file, pair[1], None);
                if let Some(label) = labels.iter().find(|label| label.kind == SourceKind::Remote) {
                    self.flow(
                        label,
                        SinkKind::Process,
                        &format!("the streams of {name}"),
                        Target::Constant(label.name.to_string()),
                        zone,
                        site.file,
                        site.expr,
                        Vec::new(),
                    );
                }
            }
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of a call")]
    fn started(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        path: &str,
        first: ExprId,
        text: Option<String>,
        labels: Labels,
        zone: Zone,
    ) {
        let span = program.span(site.expr);
        let place = self.place(site.file, span);
        let at = At {
            zone,
            file: site.file,
            span,
            place,
            folder: String::new(),
            holes: Rc::clone(&labels),
            level: 0,
            site: Some(site),
        };
        let known = text.as_deref().is_some_and(|text| {
            text.replace(HOLE, "")
                .chars()
                .filter(|c| c.is_ascii_alphabetic())
                .count()
                > 1
        });
        if let Some(text) = text.as_deref().filter(|_| known) {
            let mut reached = Vec::new();
            let before = self.found.flows.len();
            self.run_text(
                text,
                &at,
                Piped::default(),
                &mut Variables::default(),
                &mut reached,
            );
            let hidden = labels
                .iter()
                .find(|label| label.kind == SourceKind::Decoded)
                .cloned();
            // A command that was hidden, and does something when it is read.
            if let Some(label) = hidden {
                let effect = self.found.flows.len() > before || has_network(text);
                if effect {
                    self.flow(
                        &label,
                        SinkKind::Process,
                        path,
                        Target::Constant(short(&shown(text))),
                        zone,
                        site.file,
                        site.expr,
                        vec![Mark::HiddenEffect],
                    );
                }
            }
        }
        // The command itself comes from elsewhere.
        let whole = self.labels(site.file, first, None);
        let from_outside: Vec<Label> = whole
            .iter()
            .chain(labels.iter())
            .filter(|label| label.kind == SourceKind::Remote)
            .cloned()
            .collect();
        if let Some(label) = from_outside.first()
            && !known
        {
            let marks = self.pinned(site.file);
            self.flow(
                label,
                SinkKind::Process,
                path,
                Target::Constant(label.name.to_string()),
                zone,
                site.file,
                site.expr,
                marks,
            );
        }
        if !known && from_outside.is_empty() {
            if let Some(label) = whole.iter().find(|label| is_foreign(label.kind)) {
                self.flow(
                    label,
                    SinkKind::Process,
                    path,
                    Target::Opaque,
                    zone,
                    site.file,
                    site.expr,
                    Vec::new(),
                );
            } else if text.is_none() && self.is_constant(program, site.file, first, 0) {
                let label = self.label_at(SourceKind::Opaque, "a command made of constants", site);
                self.flow(
                    &label,
                    SinkKind::Process,
                    path,
                    Target::Opaque,
                    zone,
                    site.file,
                    site.expr,
                    Vec::new(),
                );
            }
        }
    }

    /// What a command gives, for whoever reads its output.
    pub(super) fn output_of(&mut self, file: FileId, args: &[ExprId], span: Span) -> Vec<Label> {
        let mut words = Vec::new();
        if let Some(first) = args.first()
            && self.machine.fold(file, *first).is_unknown()
        {
            let mut out = Vec::new();
            for value in self.possible(file, *first, 0) {
                if let Value::Text(text) = value {
                    out.extend(self.output_of_text(&text, file, span));
                }
            }
            return out;
        }
        for arg in args.iter().take(2) {
            match self.machine.fold(file, *arg) {
                Value::Array(items) => words.extend(
                    items
                        .borrow()
                        .iter()
                        .map(|item| quoted(&item.as_text().unwrap_or_else(|| HOLE.to_owned()))),
                ),
                Value::Text(text) => words.push(text.to_string()),
                _ => {}
            }
        }
        if words.is_empty() {
            return Vec::new();
        }
        self.output_of_text(&words.join(" "), file, span)
    }

    fn output_of_text(&mut self, text: &str, file: FileId, span: Span) -> Vec<Label> {
        let at = At {
            zone: Zone::Never,
            file,
            span,
            place: self.place(file, span),
            folder: String::new(),
            holes: Rc::from([]),
            level: LEVELS - 1,
            site: None,
        };
        let script = parse(text);
        let mut last = Piped::default();
        let mut variables = Variables::default();
        let mut reached = Vec::new();
        // Only what it gives counts here; what it does is told where it is started.
        let flows = self.found.flows.len();
        let cells = std::mem::take(&mut self.cells);
        for command in &script.commands {
            last = self.command(command, last, &at, &mut variables, &mut reached);
        }
        self.cells = cells;
        self.found.flows.truncate(flows);
        last.labels
    }

    fn run_text(
        &mut self,
        text: &str,
        at: &At,
        input: Piped,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) -> Piped {
        if at.level >= LEVELS || text.len() > 1 << 16 {
            return Piped::default();
        }
        let at = At {
            level: at.level + 1,
            ..at.clone()
        };
        let script = parse(text);
        self.script(&script, &at, input, variables, reached)
    }

    fn script(
        &mut self,
        script: &Script,
        at: &At,
        input: Piped,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) -> Piped {
        let mut out = Piped::default();
        let mut piped = input;
        for command in script.commands.iter().take(500) {
            let result = self.command(command, std::mem::take(&mut piped), at, variables, reached);
            if command.link == Link::Pipe {
                piped = result;
            } else {
                out.labels.extend(result.labels);
                out.text = match (out.text.take(), result.text) {
                    (Some(before), Some(after)) => Some(before + &after),
                    (before, after) => before.or(after),
                };
            }
        }
        out
    }

    /// A word's text and what is in it.
    fn word(
        &mut self,
        word: &Word,
        at: &At,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) -> (String, Vec<Label>) {
        let mut text = word.text.clone();
        let mut labels = Vec::new();
        for name in &word.variables {
            if let Some((value, inner)) = variables.get(name) {
                text = text.replace(
                    &format!("{HOLE_START}${name}{}", crate::pure::HOLE_END),
                    value,
                );
                labels.extend(inner.iter().cloned());
            } else if !matches!(
                name.as_str(),
                "HOME" | "PWD" | "TMPDIR" | "INIT_CWD" | "TMP" | "TEMP"
            ) {
                labels.extend(self.environment_variable(name, at.file, at.span));
            }
        }
        for script in &word.substitutions {
            let inner = self.script(script, at, Piped::default(), variables, reached);
            labels.extend(inner.labels);
            if let Some(inner) = inner.text {
                text = text.replacen(HOLE, &inner, 1);
            }
        }
        if text.contains(HOLE_START) {
            labels.extend(at.holes.iter().cloned());
        }
        if let Some(rest) = text.strip_prefix("~/") {
            text = format!("{HOLE_START}home{}/{rest}", crate::pure::HOLE_END);
        } else if text == "~" {
            text = format!("{HOLE_START}home{}", crate::pure::HOLE_END);
        }
        (text, labels)
    }

    fn source(&self, kind: SourceKind, name: &str, at: &At) -> Label {
        let trail = Rc::new(super::Trail {
            what: format!("{name} is read").into(),
            file: at.file,
            span: at.span,
            before: None,
            length: 0,
        });
        Label {
            kind,
            name: name.into(),
            trail,
        }
    }

    /// A flow whose sink is a command.
    fn command_flow(
        &mut self,
        label: &Label,
        sink: SinkKind,
        name: &str,
        target: Target,
        at: &At,
        mut marks: Vec<Mark>,
    ) {
        if at.zone == Zone::Never {
            return;
        }
        if let Target::Constant(_) = &target {
            marks.extend(self.host_marks(&target, label));
        }
        if self.checked && label.kind == SourceKind::Remote {
            marks.push(Mark::PinnedByDigest);
        }
        let mut path = Vec::new();
        let mut trail = Some(&label.trail);
        while let Some(hop) = trail {
            path.push(Hop {
                what: hop.what.to_string(),
                at: self.place(hop.file, hop.span),
            });
            trail = hop.before.as_ref();
        }
        path.reverse();
        path.push(Hop {
            what: format!("reaches {name}"),
            at: at.place.clone(),
        });
        self.add_flow(Flow {
            source: label.kind,
            source_name: label.name.to_string(),
            sink,
            sink_name: name.to_owned(),
            target,
            zone: at.zone,
            path,
            marks,
        });
    }

    #[allow(clippy::too_many_lines, reason = "one arm a command")]
    fn command(
        &mut self,
        command: &Command,
        input: Piped,
        at: &At,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) -> Piped {
        for (name, value) in &command.assignments {
            let value = self.word(value, at, variables, reached);
            variables.insert(name.clone(), value);
        }
        let mut words: Vec<(String, Vec<Label>)> = Vec::new();
        let mut processes: Vec<Vec<Label>> = Vec::new();
        for word in &command.words {
            let read = self.word(word, at, variables, reached);
            if word.process {
                processes.push(read.1.clone());
            }
            words.push(read);
        }
        let mut input = input;
        if let Some(here) = &command.here {
            input.text = Some(here.clone());
        }
        for redirect in command.redirects.iter().filter(|redirect| !redirect.out) {
            let (path, labels) = self.word(&redirect.file, at, variables, reached);
            input.labels.extend(labels);
            let content = self.content_of(&path, at.file, at.span);
            input.labels.extend(content);
        }
        let mut out = self.program_run(&words, &processes, &input, at, variables, reached);
        for redirect in command.redirects.iter().filter(|redirect| redirect.out) {
            let (path, _) = self.word(&redirect.file, at, variables, reached);
            self.redirected(&path, &words, &out, &input, at);
            out = Piped::default();
        }
        out
    }

    fn redirected(
        &mut self,
        path: &str,
        words: &[(String, Vec<Label>)],
        out: &Piped,
        input: &Piped,
        at: &At,
    ) {
        if let Some(host) = path
            .strip_prefix("/dev/tcp/")
            .or_else(|| path.strip_prefix("/dev/udp/"))
        {
            let host = host.split('/').next().unwrap_or(host).to_owned();
            let target = Target::Constant(shown(&host));
            if words
                .first()
                .is_some_and(|(name, _)| is_interpreter(base_name(name)))
            {
                let label = self.source(
                    SourceKind::Remote,
                    &format!("the answer of {}", shown(&host)),
                    at,
                );
                self.command_flow(
                    &label,
                    SinkKind::Process,
                    "a shell on a socket",
                    target,
                    at,
                    Vec::new(),
                );
            } else {
                for label in out
                    .labels
                    .clone()
                    .iter()
                    .filter(|label| is_secret(label.kind) || label.kind == SourceKind::Identity)
                {
                    self.command_flow(
                        label,
                        SinkKind::Network,
                        "/dev/tcp",
                        target.clone(),
                        at,
                        Vec::new(),
                    );
                }
            }
            return;
        }
        let mut labels = out.labels.clone();
        labels.extend(input.labels.iter().cloned());
        self.file_written(path, labels, "a redirection", at);
    }

    fn file_written(&mut self, path: &str, labels: Vec<Label>, how: &str, at: &At) {
        if path == "/dev/null" || at.zone == Zone::Never {
            return;
        }
        if let Some(what) = know::configuration(path) {
            let label = labels
                .iter()
                .find(|label| is_foreign(label.kind))
                .cloned()
                .unwrap_or_else(|| self.source(SourceKind::Constant, what, at));
            self.command_flow(
                &label,
                SinkKind::Configuration,
                how,
                Target::Constant(format!("{} ({what})", shown(path))),
                at,
                Vec::new(),
            );
        }
        self.cells.write(path, labels, at.zone);
    }

    fn file_run(&mut self, path: &str, how: &str, at: &At, reached: &mut Vec<FileId>) {
        if at.zone == Zone::Never {
            return;
        }
        if let Some(file) = self.package_file(path, at) {
            reached.push(file);
            self.reached_script(file, at, reached);
            return;
        }
        // What was written by the same line is told at once.
        if let Some(written) = self.cells.written(path) {
            for label in written.iter().filter(|label| is_foreign(label.kind)) {
                let marks = self.pinned(at.file);
                self.command_flow(
                    label,
                    SinkKind::ExecutedFile,
                    how,
                    Target::Constant(shown(path)),
                    at,
                    marks,
                );
            }
        }
        if let Some(site) = at.site {
            self.cells.run(path, how, at.zone, site.file, site.expr);
        } else {
            self.cells.run(path, how, at.zone, at.file, ExprId(0));
        }
    }

    /// A shell script of the package is read as a command line.
    fn reached_script(&mut self, file: FileId, at: &At, reached: &mut Vec<FileId>) {
        if self.package.language(file).is_some() || at.level >= LEVELS - 1 {
            return;
        }
        let Some(bytes) = self.package.file(file).bytes.clone() else {
            return;
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let inner = At {
            file,
            span: Span { start: 0, end: 0 },
            place: self.place(file, Span::default()),
            ..at.clone()
        };
        let path = self.package.file(file).path.clone();
        if path.ends_with(".ps1") || path.ends_with(".bat") || path.ends_with(".cmd") {
            self.power_shell(&text, &inner);
        }
        self.run_text(
            &text,
            &inner,
            Piped::default(),
            &mut Variables::default(),
            reached,
        );
    }

    fn package_file(&self, path: &str, at: &At) -> Option<FileId> {
        let inside = path
            .strip_prefix("\u{fdd0}package/")
            .map(|rest| rest.replace(crate::pure::HOLE_END, ""));
        let relative = match &inside {
            Some(inside) => inside.clone(),
            None if path.starts_with('/') || path.contains(HOLE_START) => return None,
            None => {
                // Code starts processes in the user's folder, hooks in the package's.
                join(&at.folder, path.trim_start_matches("./"))
            }
        };
        self.package.find(&relative).or_else(|| {
            self.package
                .node_file(&relative)
                .filter(|id| self.package.language(*id).is_some())
        })
    }

    #[allow(
        clippy::too_many_lines,
        clippy::too_many_arguments,
        reason = "one arm a command"
    )]
    fn program_run(
        &mut self,
        words: &[(String, Vec<Label>)],
        processes: &[Vec<Label>],
        input: &Piped,
        at: &At,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) -> Piped {
        let Some((name, name_labels)) = words.first() else {
            return input.clone();
        };
        let args = &words[1..];
        let texts: Vec<&str> = args.iter().map(|(text, _)| text.as_str()).collect();
        let base = base_name(name).to_ascii_lowercase();
        let base = base.strip_suffix(".exe").unwrap_or(&base);
        let all_labels: Vec<Label> = args
            .iter()
            .flat_map(|(_, labels)| labels.iter().cloned())
            .collect();
        match base {
            "curl" | "wget" | "http" | "https" | "aria2c" | "fetch" | "xh" | "lwp-request" => {
                return self.fetched(base, args, input, at);
            }
            "sh" | "bash" | "zsh" | "dash" | "ksh" | "ash" | "fish" => {
                for labels in processes {
                    self.interpreted(base, labels, at);
                }
                if let Some(position) = texts.iter().position(|text| {
                    text.starts_with('-') && !text.starts_with("--") && text.contains('c')
                }) {
                    if let Some((text, labels)) = args.get(position + 1) {
                        self.interpreted(base, labels, at);
                        let inner = At {
                            holes: labels.clone().into(),
                            ..at.clone()
                        };
                        return self.run_text(text, &inner, input.clone(), variables, reached);
                    }
                } else if let Some((text, _)) = args
                    .iter()
                    .find(|(text, _)| !text.starts_with('-') && text != HOLE)
                {
                    self.file_run(text, base, at, reached);
                } else if processes.is_empty() {
                    self.interpreted(base, &input.labels, at);
                    if let Some(text) = input.text.clone() {
                        return self.run_text(&text, at, Piped::default(), variables, reached);
                    }
                }
                return Piped::default();
            }
            "cmd" => {
                let rest: Vec<&str> = texts
                    .iter()
                    .copied()
                    .skip_while(|text| text.starts_with('/'))
                    .collect();
                let line = rest.join(" ");
                self.power_shell(&line, at);
                return self.run_text(&line, at, input.clone(), variables, reached);
            }
            "powershell" | "pwsh" => {
                let line = decoded_power_shell(&texts).unwrap_or_else(|| texts.join(" "));
                if texts
                    .iter()
                    .any(|text| text.to_ascii_lowercase().starts_with("-e"))
                    && decoded_power_shell(&texts).is_some()
                    && has_network(&line)
                {
                    let label = self.source(SourceKind::Decoded, "an encoded command", at);
                    self.command_flow(
                        &label,
                        SinkKind::Process,
                        base,
                        Target::Constant(short(&line)),
                        at,
                        vec![Mark::HiddenEffect],
                    );
                }
                self.power_shell(&line, at);
                for (text, _) in args {
                    if text.ends_with(".ps1") {
                        self.file_run(text, base, at, reached);
                    }
                }
                self.interpreted(base, &input.labels, at);
                return Piped::default();
            }
            "node" | "bun" | "deno" | "ts-node" | "tsx" | "nodejs" | "electron" => {
                self.script_run(base, Language::JavaScript, args, input, at, reached)
            }
            "npx" | "pnpx" | "bunx" => {
                if let Some((text, _)) = args.iter().find(|(text, _)| {
                    text.contains("://") || text.starts_with("git+") || text.starts_with("github:")
                }) {
                    let host = know::host_of(text).unwrap_or_default();
                    let label =
                        self.source(SourceKind::Remote, &format!("the answer of {host}"), at);
                    self.command_flow(
                        &label,
                        SinkKind::Process,
                        base,
                        Target::Constant(host),
                        at,
                        Vec::new(),
                    );
                }
                let rest: Vec<(String, Vec<Label>)> = args
                    .iter()
                    .skip_while(|(text, _)| text.starts_with('-'))
                    .cloned()
                    .collect();
                if rest.first().is_some_and(|(text, _)| {
                    matches!(text.as_str(), "node" | "tsx" | "ts-node" | "sh" | "bash")
                }) {
                    return self.program_run(&rest, processes, input, at, variables, reached);
                }
            }
            name if name.starts_with("python") || name == "py" || name == "pypy3" => {
                for labels in processes {
                    self.interpreted(base, labels, at);
                }
                self.script_run(base, Language::Python, args, input, at, reached);
            }
            "perl" | "ruby" | "php" | "osascript" | "cscript" | "wscript" => {
                self.interpreted(base, &input.labels, at);
                for labels in processes {
                    self.interpreted(base, labels, at);
                }
                let foreign: Vec<Label> = all_labels
                    .iter()
                    .filter(|label| is_foreign(label.kind))
                    .cloned()
                    .collect();
                self.interpreted(base, &foreign, at);
                if let Some((text, _)) = args
                    .iter()
                    .find(|(text, _)| !text.starts_with('-') && !text.contains(' '))
                {
                    self.file_run(text, base, at, reached);
                }
                let line = texts.join(" ");
                if base == "osascript"
                    && line.contains("do shell script")
                    && let Some(inner) = line.split('"').nth(1)
                {
                    return self.run_text(inner, at, Piped::default(), variables, reached);
                }
            }
            "eval" => {
                self.interpreted("eval", &all_labels, at);
                let line = texts.join(" ");
                return self.run_text(&line, at, Piped::default(), variables, reached);
            }
            "source" | "." => {
                for labels in processes {
                    self.interpreted(base, labels, at);
                }
                if let Some((text, _)) = args.first() {
                    self.file_run(text, base, at, reached);
                }
            }
            "sudo" | "nohup" | "exec" | "time" | "command" | "setsid" | "nice" | "timeout"
            | "env" | "xargs" | "start" | "cross-env" | "cross-env-shell" | "dotenv" | "run-s"
            | "builtin" | "doas" => {
                let is_env = matches!(base, "env" | "cross-env" | "cross-env-shell");
                let rest: Vec<(String, Vec<Label>)> = args
                    .iter()
                    .skip_while(|(text, _)| {
                        text.starts_with('-')
                            || is_env && text.contains('=')
                            || text.chars().all(|c| c.is_ascii_digit() || c == 's')
                                && !text.is_empty()
                                && base == "timeout"
                    })
                    .cloned()
                    .collect();
                if rest.is_empty() {
                    if base == "env" {
                        return Piped {
                            labels: vec![self.source(SourceKind::Environment, "env", at)],
                            text: None,
                        };
                    }
                    return input.clone();
                }
                if base == "xargs" {
                    let mut rest = rest;
                    rest.push((
                        input.text.clone().unwrap_or_else(|| HOLE.to_owned()),
                        input.labels.clone(),
                    ));
                    return self.program_run(
                        &rest,
                        processes,
                        &Piped::default(),
                        at,
                        variables,
                        reached,
                    );
                }
                return self.program_run(&rest, processes, input, at, variables, reached);
            }
            "mktemp" => {
                return Piped {
                    labels: Vec::new(),
                    text: Some("\u{fdd0}temp\u{fdd1}/made".to_owned()),
                };
            }
            "printenv" | "set" | "export" | "declare"
                if args.is_empty() || texts == ["-p"] || texts == ["-x"] || texts == ["-px"] =>
            {
                return Piped {
                    labels: vec![self.source(SourceKind::Environment, base, at)],
                    text: None,
                };
            }
            "printenv" => {
                let labels = texts.first().map_or_else(Vec::new, |name| {
                    self.environment_variable(name, at.file, at.span)
                });
                return Piped { labels, text: None };
            }
            "export" | "local" | "readonly" => {
                for (text, labels) in args {
                    if let Some((name, value)) = text.split_once('=') {
                        variables.insert(name.to_owned(), (value.to_owned(), labels.clone()));
                    }
                }
            }
            "for" => {
                if let [name, keyword, values @ ..] = texts.as_slice()
                    && *keyword == "in"
                {
                    let mut labels = Vec::new();
                    for value in values {
                        labels.extend(self.content_of(value, at.file, at.span));
                    }
                    let text = values
                        .iter()
                        .find(|value| know::credential_place(value).is_some())
                        .or_else(|| values.first())
                        .copied()
                        .unwrap_or_default();
                    variables.insert((*name).to_owned(), (text.to_owned(), labels));
                }
            }
            "cat" | "head" | "tail" | "type" | "less" | "more" | "strings" | "sed" | "awk"
            | "grep" | "egrep" | "rg" | "find" | "tar" | "zip" | "7z" | "gzip" | "openssl"
            | "gpg" | "jq" | "cut" => {
                return self.files_read(base, args, input, at);
            }
            "echo" | "printf" => {
                let text = texts
                    .iter()
                    .filter(|text| !matches!(**text, "-n" | "-e" | "-en" | "-ne"))
                    .copied()
                    .collect::<Vec<_>>()
                    .join(" ");
                return Piped {
                    labels: all_labels,
                    text: Some(text.replace("\\n", "\n")),
                };
            }
            "base64" | "base32" | "xxd" | "rev" | "gunzip" | "zcat" | "tr" | "certutil"
                if base != "certutil" =>
            {
                return self.decoded_text(base, &texts, args, input, at);
            }
            "whoami" | "hostname" | "id" | "ifconfig" | "ip" | "ipconfig" | "pwd"
            | "hostnamectl" | "systeminfo" | "uname" | "who" | "w" | "dscl" | "logname" => {
                let identifies = base != "uname"
                    || texts
                        .iter()
                        .any(|text| text.contains('n') || text.contains('a'));
                let labels = if identifies {
                    vec![self.source(SourceKind::Identity, base, at)]
                } else {
                    Vec::new()
                };
                return Piped { labels, text: None };
            }
            "gh" if texts.first() == Some(&"auth") => return self.credentials("gh auth token", at),
            "gcloud"
                if texts.first() == Some(&"auth")
                    && texts.iter().any(|text| text.starts_with("print-")) =>
            {
                return self.credentials("gcloud auth", at);
            }
            "aws"
                if texts.first() == Some(&"configure")
                    || texts.contains(&"get-session-token")
                    || texts.contains(&"export-credentials") =>
            {
                return self.credentials("aws", at);
            }
            "npm"
                if texts.first() == Some(&"config")
                    && texts
                        .iter()
                        .any(|text| text.to_ascii_lowercase().contains("token"))
                    || base == "npm" && texts.first() == Some(&"token") =>
            {
                return self.credentials("npm token", at);
            }
            "security"
                if texts
                    .iter()
                    .any(|text| text.starts_with("find-") || text.starts_with("dump-")) =>
            {
                return self.credentials("the key chain", at);
            }
            "vault" | "op" | "pass" | "bw"
                if texts
                    .iter()
                    .any(|text| matches!(*text, "read" | "get" | "show" | "list")) =>
            {
                return self.credentials("a password manager", at);
            }
            "kubectl"
                if texts.contains(&"--raw")
                    || texts.contains(&"secrets")
                    || texts.contains(&"secret") =>
            {
                return self.credentials("kubectl", at);
            }
            "git" if texts.first() == Some(&"credential") => {
                return self.credentials("git credential", at);
            }
            "az" if texts.contains(&"get-access-token") => return self.credentials("az", at),
            "pbpaste" | "xclip" | "xsel" | "wl-paste" if !texts.contains(&"-i") => {
                return Piped {
                    labels: vec![self.source(SourceKind::InputDevice, "the clipboard", at)],
                    text: None,
                };
            }
            "npm" | "yarn" | "pnpm" | "twine" | "cargo" | "poetry" | "flit" | "bun publish"
                if texts
                    .first()
                    .is_some_and(|text| matches!(*text, "publish" | "upload")) =>
            {
                let label = self.source(SourceKind::Constant, &format!("{base} {}", texts[0]), at);
                let named = texts
                    .iter()
                    .find(|text| text.contains("://"))
                    .and_then(|text| know::host_of(text));
                self.command_flow(
                    &label,
                    SinkKind::Publication,
                    base,
                    named.map_or(Target::Caller, |host| Target::Constant(shown(&host))),
                    at,
                    Vec::new(),
                );
            }
            "npm" | "pnpm" | "yarn"
                if matches!(texts.first(), Some(&("run" | "run-script" | "exec"))) =>
            {
                self.npm_script(
                    texts.get(1).copied().unwrap_or_default(),
                    at,
                    variables,
                    reached,
                );
            }
            "nslookup" | "dig" | "host" | "ping" | "drill" | "resolvectl" => {
                let target = texts
                    .iter()
                    .filter(|text| text.contains('.'))
                    .max_by_key(|text| text.len())
                    .map_or(Target::Caller, |text| Target::Constant(shown(text)));
                for label in all_labels
                    .iter()
                    .chain(&input.labels)
                    .filter(|label| is_secret(label.kind) || label.kind == SourceKind::Identity)
                {
                    self.command_flow(
                        label,
                        SinkKind::NameLookup,
                        base,
                        target.clone(),
                        at,
                        Vec::new(),
                    );
                }
            }
            "nc" | "ncat" | "netcat" | "telnet" | "socat" => self.socket(base, args, input, at),
            "scp" | "rsync" | "sftp" | "ftp" | "rclone" | "s3cmd" => {
                let target = texts
                    .iter()
                    .find(|text| text.contains(':'))
                    .map_or(Target::Caller, |text| {
                        Target::Constant(shown(text.split(':').next().unwrap_or(text)))
                    });
                for (text, labels) in args {
                    let mut labels = labels.clone();
                    labels.extend(self.content_of(text, at.file, at.span));
                    for label in labels.iter().filter(|label| is_secret(label.kind)) {
                        self.command_flow(
                            label,
                            SinkKind::Network,
                            base,
                            target.clone(),
                            at,
                            Vec::new(),
                        );
                    }
                }
            }
            "chmod" => {
                let executable = texts.iter().any(|text| {
                    text.contains('x')
                        || text.len() >= 3 && text.chars().all(|c| c.is_ascii_digit())
                });
                if executable {
                    for (text, _) in args.iter().skip(1) {
                        self.file_run(text, "chmod", at, &mut Vec::new());
                    }
                }
            }
            "rm" | "rmdir" | "shred" | "del" | "rd" | "rimraf" | "unlink" => {
                self.removed(base, &texts, at)
            }
            "tee" => {
                for text in texts.iter().filter(|text| !text.starts_with('-')) {
                    self.file_written(text, input.labels.clone(), "tee", at);
                }
                return input.clone();
            }
            "cp" | "mv" | "ln" | "install" | "copy" | "move" => {
                let paths: Vec<&str> = texts
                    .iter()
                    .copied()
                    .filter(|text| !text.starts_with('-'))
                    .collect();
                if let [from @ .., to] = paths.as_slice()
                    && let Some(first) = from.first()
                {
                    let labels = self.content_of(first, at.file, at.span);
                    let full = if to.ends_with('/') {
                        format!("{to}{}", base_name(first))
                    } else {
                        (*to).to_owned()
                    };
                    self.file_written(&full, labels, base, at);
                    if at.zone >= Zone::Start
                        && base != "ln"
                        && full.trim_start_matches("./") == "package.json"
                    {
                        self.sign(SignKind::HidesItself, at.zone, full, at.place.clone());
                    }
                }
            }
            "gh" | "glab" | "hub"
                if matches!(
                    texts.first(),
                    Some(&("issue" | "gist" | "repo" | "api" | "pr" | "release" | "secret"))
                ) =>
            {
                let target = Target::Constant(
                    texts
                        .iter()
                        .find_map(|text| {
                            know::host_of(text)
                                .filter(|host| text.contains("://") && host.contains('.'))
                        })
                        .unwrap_or_else(|| format!("the service behind {base}")),
                );
                for label in all_labels
                    .iter()
                    .chain(&input.labels)
                    .filter(|label| is_secret(label.kind))
                {
                    self.command_flow(
                        label,
                        SinkKind::Network,
                        base,
                        target.clone(),
                        at,
                        Vec::new(),
                    );
                }
            }
            "sha256sum" | "sha512sum" | "shasum" | "sha1sum" | "b2sum" | "minisign" | "cosign"
                if texts.iter().any(|text| {
                    matches!(*text, "-c" | "--check" | "-V" | "verify" | "verify-blob")
                }) =>
            {
                let told = input.text.as_deref().unwrap_or_default();
                let pinned = told.chars().filter(char::is_ascii_hexdigit).count() >= 32
                    || !texts.is_empty() && base != "sha256sum" && base != "shasum";
                self.checked |= pinned;
            }
            "crontab" => {
                let lists = texts.contains(&"-l") || texts.contains(&"-r");
                if !lists {
                    let label = input
                        .labels
                        .iter()
                        .find(|label| is_foreign(label.kind))
                        .cloned()
                        .unwrap_or_else(|| self.source(SourceKind::Constant, "a timed job", at));
                    self.command_flow(
                        &label,
                        SinkKind::Configuration,
                        "crontab",
                        Target::Constant("timed job".to_owned()),
                        at,
                        Vec::new(),
                    );
                }
            }
            "schtasks" | "launchctl" | "at" if base != "at" => {
                if texts.iter().any(|text| {
                    matches!(
                        text.to_ascii_lowercase().as_str(),
                        "/create" | "load" | "bootstrap" | "submit"
                    )
                }) {
                    let label = self.source(SourceKind::Constant, "a start-up job", at);
                    self.command_flow(
                        &label,
                        SinkKind::Configuration,
                        base,
                        Target::Constant("start-up job".to_owned()),
                        at,
                        Vec::new(),
                    );
                }
            }
            "reg" => {
                if texts.iter().any(|text| {
                    text.contains("CurrentVersion\\Run") || text.contains("CurrentVersion\\\\Run")
                }) {
                    let label = self.source(SourceKind::Constant, "a start-up entry", at);
                    self.command_flow(
                        &label,
                        SinkKind::Configuration,
                        base,
                        Target::Constant("start-up entry".to_owned()),
                        at,
                        Vec::new(),
                    );
                }
            }
            "git"
                if texts.first() == Some(&"config")
                    && texts.contains(&"--global")
                    && texts
                        .iter()
                        .any(|text| text.contains("hooksPath") || text.contains("alias.")) =>
            {
                let label = self.source(SourceKind::Constant, "git's settings", at);
                self.command_flow(
                    &label,
                    SinkKind::Configuration,
                    base,
                    Target::Constant("git hook".to_owned()),
                    at,
                    Vec::new(),
                );
            }
            "certutil" | "bitsadmin" | "mshta" | "regsvr32" | "rundll32" | "msiexec" | "hh" => {
                self.power_shell(&format!("{base} {}", texts.join(" ")), at)
            }
            "cd" | "test" | "[" | "true" | "false" | "exit" | "mkdir" | "touch" | "sleep"
            | "wait" | "shift" | "return" | "read" | "trap" | "unset" | "ls" | "which" => {}
            _ => {
                self.interpreted(
                    name,
                    &name_labels
                        .iter()
                        .filter(|label| label.kind != SourceKind::OwnFile)
                        .cloned()
                        .collect::<Vec<_>>(),
                    at,
                );
                if name.contains('/')
                    || name.contains(HOLE_START)
                    || name.contains('.')
                        && at.site.is_none()
                        && self.package_file(name, at).is_some()
                {
                    self.file_run(name, "a command", at, reached);
                }
                return Piped {
                    labels: input.labels.clone(),
                    text: None,
                };
            }
        }
        Piped::default()
    }

    fn credentials(&mut self, name: &str, at: &At) -> Piped {
        Piped {
            labels: vec![self.source(SourceKind::CredentialService, name, at)],
            text: None,
        }
    }

    /// A script of the manifest that another one starts.
    fn npm_script(
        &mut self,
        name: &str,
        at: &At,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) {
        let Some(id) = self.package.find(&join(&at.folder, "package.json")) else {
            return;
        };
        let text = self
            .package
            .file(id)
            .bytes
            .as_deref()
            .and_then(|bytes| serde_json::from_slice::<serde_json::Value>(bytes).ok())
            .and_then(|json| json.get("scripts")?.get(name)?.as_str().map(str::to_owned));
        if let Some(text) = text {
            self.run_text(&text, at, Piped::default(), variables, reached);
        }
    }

    /// Text from elsewhere that an interpreter gets.
    fn interpreted(&mut self, interpreter: &str, labels: &[Label], at: &At) {
        for label in labels.iter().filter(|label| {
            matches!(
                label.kind,
                SourceKind::Remote | SourceKind::Decoded | SourceKind::Opaque
            )
        }) {
            let target = match label.kind {
                SourceKind::Remote => {
                    Target::Constant(label.name.trim_start_matches("the answer of ").to_owned())
                }
                _ => Target::Opaque,
            };
            let marks = if at.site.is_some() {
                self.pinned(at.file)
            } else {
                Vec::new()
            };
            self.command_flow(label, SinkKind::Process, interpreter, target, at, marks);
        }
    }

    /// `node …`, `python …`: a file, a text, or what comes in.
    #[allow(clippy::too_many_arguments, reason = "the parts of a command")]
    fn script_run(
        &mut self,
        name: &str,
        language: Language,
        args: &[(String, Vec<Label>)],
        input: &Piped,
        at: &At,
        reached: &mut Vec<FileId>,
    ) {
        let mut rest = args.iter();
        let mut code = None;
        let mut file = None;
        while let Some((text, labels)) = rest.next() {
            match text.as_str() {
                "-e" | "--eval" | "-p" | "--print" | "-c" | "eval" | "-pe" => {
                    code = rest.next();
                    break;
                }
                "-r" | "--require" | "--import" | "--loader" => {
                    if let Some((text, _)) = rest.next() {
                        self.file_run(text, name, at, reached);
                    }
                }
                "-" | "-u" => {}
                "run" if matches!(name, "bun" | "deno") => {}
                "-m" => {
                    rest.next();
                    return;
                }
                option if option.starts_with('-') => {}
                _ => {
                    file = Some((text.clone(), labels.clone()));
                    break;
                }
            }
        }
        if let Some((text, labels)) = code {
            self.interpreted(name, labels, at);
            if at.zone > Zone::Never {
                let labels: Labels = labels.clone().into();
                self.child(text, language, at.zone, at.place.clone(), &labels);
            }
        } else if let Some((text, labels)) = file {
            if text.contains("://") {
                let host = know::host_of(&text).unwrap_or_default();
                let label = self.source(SourceKind::Remote, &format!("the answer of {host}"), at);
                self.command_flow(
                    &label,
                    SinkKind::Process,
                    name,
                    Target::Constant(host),
                    at,
                    Vec::new(),
                );
            }
            let _ = labels;
            if at.zone > Zone::Never
                && let Some(id) = self.package_file(&text, at)
                && self.package.language(id).is_none()
            {
                // Whatever it is called, it is run as code.
                self.package.file(id).forced.set(Some(language));
                self.sign(
                    SignKind::CodeInData,
                    at.zone,
                    self.package.file(id).path.clone(),
                    at.place.clone(),
                );
            }
            self.file_run(&text, name, at, reached);
        } else {
            self.interpreted(name, &input.labels, at);
            if let Some(text) = &input.text
                && at.zone > Zone::Never
            {
                let labels: Labels = input.labels.clone().into();
                self.child(text, language, at.zone, at.place.clone(), &labels);
            }
        }
    }

    /// `curl`, `wget` and the like.
    fn fetched(
        &mut self,
        name: &str,
        args: &[(String, Vec<Label>)],
        input: &Piped,
        at: &At,
    ) -> Piped {
        let mut url = None;
        let mut out = None;
        let mut sent: Vec<Label> = Vec::new();
        let mut words = args.iter().peekable();
        while let Some((text, labels)) = words.next() {
            sent.extend(labels.iter().cloned());
            let option = text.as_str();
            let takes = match option {
                "-o" | "--output" | "-P" | "--output-document" => true,
                "-O" if name == "wget" => true,
                _ if name == "wget" && option.starts_with("-qO") && option.len() > 3 => {
                    out = Some(option[3..].to_owned());
                    continue;
                }
                _ if name == "wget" && matches!(option, "-qO" | "-nvO") => true,
                _ if name == "curl"
                    && option.starts_with('-')
                    && !option.starts_with("--")
                    && option.ends_with('o')
                    && option.len() > 2 =>
                {
                    true
                }
                _ => false,
            };
            if takes {
                out = words.next().map(|(text, _)| text.clone());
                continue;
            }
            if name == "curl"
                && option.starts_with('-')
                && !option.starts_with("--")
                && option.contains('O')
            {
                out = Some(String::new());
                continue;
            }
            if matches!(
                option,
                "-d" | "--data"
                    | "--data-binary"
                    | "--data-raw"
                    | "--data-urlencode"
                    | "-F"
                    | "--form"
                    | "-T"
                    | "--upload-file"
                    | "--post-file"
                    | "--body-file"
                    | "--json"
            ) || option.starts_with("--post-file=")
                || option.starts_with("--body-file=")
            {
                let value = match option.split_once('=') {
                    Some((_, value)) => Some((value.to_owned(), Vec::new())),
                    None => words.next().cloned(),
                };
                if let Some((value, labels)) = value {
                    sent.extend(labels);
                    let file = value.rsplit_once('@').map_or(value.as_str(), |(_, file)| {
                        file.split(';').next().unwrap_or(file)
                    });
                    if value.contains('@')
                        || matches!(option, "-T" | "--upload-file")
                        || option.contains("-file")
                    {
                        if file == "-" || file == "/dev/stdin" {
                            sent.extend(input.labels.iter().cloned());
                        } else {
                            let file = if file.starts_with("~/") {
                                file.replacen('~', "\u{fdd0}home\u{fdd1}", 1)
                            } else {
                                file.to_owned()
                            };
                            sent.extend(self.content_of(&file, at.file, at.span));
                        }
                    }
                }
                continue;
            }
            if !option.starts_with('-')
                && url.is_none()
                && (option.contains("://") || option.contains('.') || option.contains(HOLE_START))
            {
                url = Some(option.to_owned());
            }
        }
        let host = url
            .as_deref()
            .and_then(know::host_of)
            .map(|host| shown(&host));
        let target = match &host {
            Some(host) if !host.starts_with('<') => Target::Constant(host.clone()),
            _ if sent
                .iter()
                .any(|label| matches!(label.kind, SourceKind::Decoded | SourceKind::Opaque)) =>
            {
                Target::Opaque
            }
            _ => Target::Caller,
        };
        for label in sent
            .iter()
            .filter(|label| is_secret(label.kind) || label.kind == SourceKind::Identity)
        {
            self.command_flow(
                label,
                SinkKind::Network,
                name,
                target.clone(),
                at,
                Vec::new(),
            );
        }
        if at.zone > Zone::Never {
            self.capability("network", at.zone, host.clone(), at.place.clone());
        }
        if let Some(host) = &host
            && host.contains("169.254.169.254")
        {
            return Piped {
                labels: vec![self.source(SourceKind::CredentialService, "cloud metadata", at)],
                text: None,
            };
        }
        let remote = self.source(
            SourceKind::Remote,
            &format!(
                "the answer of {}",
                host.unwrap_or_else(|| "a host".to_owned())
            ),
            at,
        );
        match out {
            Some(path) if path == "-" => Piped {
                labels: vec![remote],
                text: None,
            },
            Some(path) => {
                let path = if path.is_empty() {
                    url.as_deref().map(base_name).unwrap_or_default().to_owned()
                } else {
                    path
                };
                self.file_written(&path, vec![remote], name, at);
                Piped::default()
            }
            None if name == "wget" => {
                let path = url.as_deref().map(base_name).unwrap_or_default().to_owned();
                self.file_written(&path, vec![remote], name, at);
                Piped::default()
            }
            None => Piped {
                labels: vec![remote],
                text: None,
            },
        }
    }

    fn files_read(
        &mut self,
        name: &str,
        args: &[(String, Vec<Label>)],
        input: &Piped,
        at: &At,
    ) -> Piped {
        let mut labels = input.labels.clone();
        let mut archive = None;
        for (position, (text, inner)) in args.iter().enumerate() {
            labels.extend(inner.iter().cloned());
            labels.extend(self.content_of(text, at.file, at.span));
            let creates = matches!(name, "tar" | "zip" | "7z" | "gpg" | "openssl");
            if creates
                && archive.is_none()
                && !text.starts_with('-')
                && (name != "tar" || position > 0)
                && (text.contains('.') || text.contains('/'))
                && know::credential_place(text).is_none()
            {
                archive = Some(text.clone());
            }
        }
        let decrypts = matches!(name, "openssl" | "gpg")
            && args
                .iter()
                .any(|(text, _)| matches!(text.as_str(), "-d" | "--decrypt" | "-decrypt"));
        if decrypts && let Some(text) = &input.text {
            let _ = text;
            labels.push(self.source(SourceKind::Decoded, name, at));
        } else if decrypts {
            labels.push(self.source(SourceKind::Opaque, name, at));
        }
        if name == "openssl" && args.iter().any(|(text, _)| text == "base64") {
            let texts: Vec<&str> = args.iter().map(|(text, _)| text.as_str()).collect();
            return self.decoded_text("base64", &texts, args, input, at);
        }
        if let Some(path) = archive.filter(|_| labels.iter().any(|label| is_secret(label.kind))) {
            self.cells.write(&path, labels.clone(), at.zone);
        }
        let text = match name {
            "cat" if args.is_empty() => input.text.clone(),
            _ => None,
        };
        Piped { labels, text }
    }

    fn decoded_text(
        &mut self,
        name: &str,
        texts: &[&str],
        args: &[(String, Vec<Label>)],
        input: &Piped,
        at: &At,
    ) -> Piped {
        let decodes = match name {
            "base64" | "base32" => texts
                .iter()
                .any(|text| matches!(*text, "-d" | "-D" | "--decode" | "-di")),
            "xxd" => texts.iter().any(|text| text.contains('r')),
            "rev" | "tr" | "gunzip" | "zcat" => true,
            _ => false,
        };
        let mut labels = input.labels.clone();
        for (text, inner) in args {
            labels.extend(inner.iter().cloned());
            if !text.starts_with('-') {
                labels.extend(self.content_of(text, at.file, at.span));
            }
        }
        if !decodes {
            return Piped { labels, text: None };
        }
        let decoded = input
            .text
            .as_deref()
            .filter(|text| !text.contains(HOLE_START))
            .and_then(|text| match name {
                "base64" => base64::engine::general_purpose::STANDARD
                    .decode(text.split_whitespace().collect::<String>())
                    .ok()
                    .map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
                "xxd" => {
                    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
                    let bytes: Vec<u8> = digits
                        .chunks_exact(2)
                        .filter_map(|pair| {
                            u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()
                        })
                        .collect();
                    Some(String::from_utf8_lossy(&bytes).into_owned())
                }
                "rev" => Some(
                    text.lines()
                        .map(|line| line.chars().rev().collect::<String>())
                        .collect::<Vec<_>>()
                        .join("\n"),
                ),
                _ => None,
            });
        if labels.is_empty() || labels.iter().all(|label| label.kind == SourceKind::OwnFile) {
            labels.push(self.source(SourceKind::Decoded, name, at));
        }
        Piped {
            labels,
            text: decoded,
        }
    }

    fn socket(&mut self, name: &str, args: &[(String, Vec<Label>)], input: &Piped, at: &At) {
        let host = args
            .iter()
            .map(|(text, _)| text.as_str())
            .find(|text| text.contains('.'))
            .map(|text| know::host_of(text.rsplit(',').next().unwrap_or(text)).unwrap_or_default());
        let target = host
            .clone()
            .map_or(Target::Caller, |host| Target::Constant(shown(&host)));
        let labels: Vec<Label> = args
            .iter()
            .flat_map(|(_, labels)| labels.iter().cloned())
            .chain(input.labels.iter().cloned())
            .collect();
        for label in labels
            .iter()
            .filter(|label| is_secret(label.kind) || label.kind == SourceKind::Identity)
        {
            self.command_flow(
                label,
                SinkKind::Network,
                name,
                target.clone(),
                at,
                Vec::new(),
            );
        }
        let shell = args.iter().any(|(text, _)| {
            matches!(text.as_str(), "-e" | "-c") || text.to_ascii_lowercase().contains("exec:")
        });
        if shell {
            let label = self.source(
                SourceKind::Remote,
                &format!("the answer of {}", host.unwrap_or_default()),
                at,
            );
            self.command_flow(&label, SinkKind::Process, name, target, at, Vec::new());
        }
    }

    fn removed(&mut self, name: &str, texts: &[&str], at: &At) {
        let recursive = matches!(name, "rimraf")
            || texts.iter().any(|text| {
                text.starts_with('-') && text.to_ascii_lowercase().contains('r')
                    || text.eq_ignore_ascii_case("/s")
            });
        for text in texts.iter().filter(|text| {
            !text.starts_with('-')
                && !text.eq_ignore_ascii_case("/s")
                && !text.eq_ignore_ascii_case("/q")
        }) {
            if recursive && let Some(what) = know::user_place(text) {
                let label = self.source(SourceKind::UserPlace, what, at);
                self.command_flow(
                    &label,
                    SinkKind::Destruction,
                    name,
                    Target::Constant(shown(text)),
                    at,
                    Vec::new(),
                );
            }
            let own = self
                .package
                .find(&join(&at.folder, text.trim_start_matches("./")))
                .is_some();
            if own && at.zone >= Zone::Start && at.site.is_none() {
                self.sign(
                    SignKind::HidesItself,
                    at.zone,
                    (*text).to_owned(),
                    at.place.clone(),
                );
            }
        }
    }

    /// PowerShell and the system's own downloaders, by their words: the language is not
    /// parsed, so only whole cradles count.
    fn power_shell(&mut self, line: &str, at: &At) {
        let line = &line.replace("\n", "; ");
        let plain: String = line
            .to_ascii_lowercase()
            .chars()
            .filter(|c| !matches!(c, '`' | '^' | '"' | '\'' | '+'))
            .collect();
        let downloads = [
            "downloadstring",
            "downloadfile",
            "downloaddata",
            "invoke-webrequest",
            "iwr ",
            "invoke-restmethod",
            "irm ",
            "start-bitstransfer",
            "-urlcache",
            "bitsadmin",
            "wget ",
            "curl ",
            "openread(",
            "net.webclient",
            "xmlhttp",
        ]
        .iter()
        .any(|word| plain.contains(word));
        let runs = [
            "iex",
            "invoke-expression",
            "start-process",
            "| powershell",
            ";&",
            "& $",
            "&(",
            "& (",
            "invoke-item",
            "saps ",
            "rundll32",
            "regsvr32",
            "assembly]::load",
            "reflection.assembly",
            "invoke-command",
            "start /b",
            "wscript",
            "cscript",
            ".invoke(",
        ]
        .iter()
        .any(|word| plain.contains(word));
        let by_itself = plain.contains("mshta") && plain.contains("://")
            || plain.contains("regsvr32") && plain.contains("/i:http")
            || plain.contains("msiexec") && plain.contains("://")
            || plain.contains("rundll32") && plain.contains("javascript:");
        let saved_and_run =
            downloads && (plain.contains(".exe") && (plain.contains("&&") || plain.contains(';')));
        if downloads && runs || by_itself || saved_and_run {
            let host = line
                .find("://")
                .and_then(|at| know::host_of(&line[at.saturating_sub(5)..]))
                .unwrap_or_else(|| "a host".to_owned());
            let label = self.source(SourceKind::Remote, &format!("the answer of {host}"), at);
            self.command_flow(
                &label,
                SinkKind::Process,
                "PowerShell",
                Target::Constant(host),
                at,
                Vec::new(),
            );
        }
        if downloads {
            let host = line
                .find("://")
                .and_then(|at| know::host_of(&line[at.saturating_sub(5)..]))
                .map_or(Target::Opaque, Target::Constant);
            let whole = [
                "gci env:",
                "get-childitem env:",
                "dir env:",
                "ls env:",
                "get-item env:",
                "getenvironmentvariables",
            ]
            .iter()
            .any(|word| plain.contains(word));
            let who = [
                "$env:computername",
                "$env:username",
                "$env:userdomain",
                "hostname",
                "whoami",
            ]
            .iter()
            .any(|word| plain.contains(word));
            if whole {
                let label = self.source(SourceKind::Environment, "the environment", at);
                self.command_flow(
                    &label,
                    SinkKind::Network,
                    "PowerShell",
                    host,
                    at,
                    Vec::new(),
                );
            } else if who {
                let label = self.source(SourceKind::Identity, "the computer's name", at);
                self.command_flow(
                    &label,
                    SinkKind::Network,
                    "PowerShell",
                    host,
                    at,
                    Vec::new(),
                );
            }
        }
        if plain.contains("currentversion\\run")
            || plain.contains("register-scheduledtask")
            || plain.contains("schtasks") && plain.contains("/create")
        {
            let label = self.source(SourceKind::Constant, "a start-up entry", at);
            self.command_flow(
                &label,
                SinkKind::Configuration,
                "PowerShell",
                Target::Constant("start-up entry".to_owned()),
                at,
                Vec::new(),
            );
        }
    }
}

fn args_of(program: &Program, expr: ExprId) -> Vec<ExprId> {
    match program.expr(expr) {
        Expr::Call { args, .. } => program.list(args).to_vec(),
        _ => Vec::new(),
    }
}

fn word_text(value: &Value) -> String {
    match value {
        Value::Native(native) if matches!(&*native.path, "process.execPath" | "process.argv0") => {
            "node".to_owned()
        }
        Value::Native(native) if &*native.path == "sys.executable" => "python".to_owned(),
        other => other.as_text().unwrap_or_else(|| HOLE.to_owned()),
    }
}

/// A word in quotes, so that it stays one.
fn quoted(word: &str) -> String {
    if !word.is_empty()
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_./:=@%,+".contains(c) || u32::from(c) > 0xfd00)
    {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

fn base_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Whether a program runs what comes in at its input.
pub(super) fn runs_its_input(name: &str) -> bool {
    let name = name.strip_suffix(".exe").unwrap_or(name);
    matches!(
        name,
        "sh" | "bash"
            | "zsh"
            | "dash"
            | "ksh"
            | "ash"
            | "fish"
            | "cmd"
            | "powershell"
            | "pwsh"
            | "node"
            | "python"
            | "python3"
            | "perl"
            | "ruby"
            | "php"
            | "osascript"
            | "bun"
            | "deno"
    )
}

fn is_interpreter(name: &str) -> bool {
    matches!(
        name,
        "sh" | "bash"
            | "zsh"
            | "dash"
            | "ksh"
            | "ash"
            | "exec"
            | "0"
            | "python"
            | "python3"
            | "perl"
    )
}

fn has_network(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    [
        "curl",
        "wget",
        "http://",
        "https://",
        "invoke-webrequest",
        "iwr ",
        "downloadstring",
        "/dev/tcp",
        "webclient",
        "nc ",
    ]
    .iter()
    .any(|word| lower.contains(word))
}
