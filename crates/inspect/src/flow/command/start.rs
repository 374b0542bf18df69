//! Processes that code starts.

use super::clipboard::writes_clipboard;
use super::{At, Piped, Variables, base_name, runs_its_input};
use crate::flow::label::Label;
use crate::flow::label::answer::UNKNOWN_ANSWER;
use crate::flow::sink::short;
use crate::flow::{Analysis, Context, Labels, Site, is_foreign};
use crate::ir::{Expr, ExprId, Language, Program, Span};
use crate::know;
use crate::pure::{FileId, HOLE, HOLE_END, HOLE_START, Value, shown};
use customs_model::{Flow, Mark, SinkKind, SourceKind, Target, Zone};
use std::rc::Rc;

impl Analysis<'_> {
    /// A process with a command line.
    pub(in crate::flow) fn shell_sink(
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
        let mut value = self.fold_value(site.file, first, context);
        if matches!(value, Value::Unknown | Value::Native(_)) {
            value = self.observed(program, site, first).unwrap_or(value);
        }
        if self.started_by_rows(program, site, path, &args[..1], &labels, zone, context) {
            return;
        }
        for line in self.other_lines(program, site.file, &args[..1], context) {
            let labels = Rc::clone(&labels);
            self.started(program, site, path, first, Some(line), labels, zone);
        }
        let remote = labels.iter().any(|label| label.kind == SourceKind::Remote);
        if matches!(value, Value::Unknown | Value::Native(_)) && !remote {
            let lines = self.one_of_lines(program, site.file, first, context);
            if !lines.is_empty() {
                for line in lines {
                    let labels = Rc::clone(&labels);
                    self.started(program, site, path, first, Some(line), labels, zone);
                }
                return;
            }
        }
        if let Some(line) = self.line_in_order(program, site, first, &value) {
            let labels = Rc::clone(&labels);
            self.started(program, site, path, first, Some(line), labels, zone);
        }
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
        let options =
            args.get(1).and_then(
                |options| match self.fold_value(site.file, *options, context) {
                    Value::Object(object) => in_environment(&object, "NODE_OPTIONS"),
                    _ => None,
                },
            );
        let text = match (text, options) {
            (Some(text), Some(options)) => {
                Some(format!("NODE_OPTIONS={} {text}", quoted(&options)))
            }
            (text, _) => text,
        };
        if let Some(line) = &text {
            self.gets_secret(program, site, args, line, zone);
        }
        self.started(program, site, path, first, text, labels, zone);
    }

    /// A process with a list of arguments.
    #[allow(clippy::too_many_arguments, reason = "the parts of a call")]
    pub(in crate::flow) fn spawn_sink(
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
        if let Some(built) = self.built(program, site.file, value) {
            all = built;
            all.extend(args_of(program, site.expr));
        }
        let Some(first) = all.first().copied() else {
            return;
        };
        if self.started_by_rows(program, site, path, &all, &Labels::from([]), zone, context) {
            return;
        }
        for line in self.other_lines(program, site.file, &all, context) {
            let labels = Labels::from([]);
            self.started(program, site, path, first, Some(line), labels, zone);
        }
        let programs = self.programs_by_choice(site, first, context);
        let mut words: Vec<String> = Vec::new();
        if path.starts_with("pip.") {
            // Its arguments are those of the command.
            words.push("pip".to_owned());
        }
        let mut labels: Vec<Label> = Vec::new();
        let mut shell = false;
        let mut service = None;
        let mut options = None;
        for (position, arg) in all.iter().enumerate() {
            let value = self.fold_value(site.file, *arg, context);
            match value {
                Value::Array(items) => {
                    let texts: Vec<String> = items.borrow().iter().map(word_text).collect();
                    self.words_of_list(program, site, *arg, texts, &mut words);
                }
                Value::Text(_) | Value::Bytes(_) => {
                    let mut text = word_text(&value);
                    // It is only made empty there, and filled by others.
                    if text.is_empty() && position > 0 {
                        let filled = self.labels(site.file, *arg, context);
                        if filled.iter().any(|label| is_foreign(label.kind)) {
                            text.push_str(HOLE);
                        }
                    }
                    words.push(self.one_of_addresses(site, *arg, &words, text));
                }
                Value::Object(object) => {
                    shell |= object.entries.borrow().iter().any(|(key, value)| {
                        matches!(&**key, "shell") && value.truth() != Some(false)
                    });
                    service = service.or_else(|| in_environment(&object, "GH_HOST"));
                    options = options.or_else(|| in_environment(&object, "NODE_OPTIONS"));
                    continue;
                }
                _ if position == 0 && !programs.is_empty() => {
                    words.extend(programs.first().cloned());
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
                    let mut text = self.fold_text(site.file, *arg, context);
                    // A word is there, whatever it is: what a call of a library makes.
                    if text.is_empty() {
                        text.push_str(HOLE);
                    }
                    words.push(self.one_of_addresses(site, *arg, &words, text));
                }
                _ => continue,
            }
            let more = self.labels(site.file, *arg, context);
            labels.extend(more.iter().cloned());
        }
        self.fed_by_builder(program, site, value, &words, zone);
        self.streams_of(
            program,
            site,
            &all,
            words.first().map_or("", String::as_str),
            zone,
        );
        self.fills_clipboard(program, site, path, &all, &words, zone);
        if program.language == Language::Python && know::names_itself(path) && words.len() > 1 {
            words.remove(1);
        }
        self.gets_input(program, site, &all, &words, zone, context);
        let line: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        let line = if shell {
            words.join(" ")
        } else {
            line.join(" ")
        };
        self.gets_secret(program, site, &all, &line, zone);
        // Windows takes a text with blanks for a line, and no other system for anything.
        let is_text = !matches!(program.expr(first), Expr::Array(_));
        let text = if shell && words.len() == 1
            || words.len() == 1
                && program.language == Language::Python
                && (is_text || !words[0].contains(' '))
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
        let text = match service {
            Some(host) => format!("GH_HOST={} {text}", quoted(&host)),
            None => text,
        };
        let text = match options {
            Some(options) => format!("NODE_OPTIONS={} {text}", quoted(&options)),
            None => text,
        };
        let labels: Labels = labels.into();
        self.started(
            program,
            site,
            path,
            first,
            Some(text).filter(|text| !text.is_empty()),
            Rc::clone(&labels),
            zone,
        );
        for other in programs.iter().skip(1) {
            let rest = words.iter().skip(1);
            let line: Vec<String> = std::iter::once(other)
                .chain(rest)
                .map(|word| if shell { word.clone() } else { quoted(word) })
                .collect();
            let line = Some(line.join(" "));
            self.started(program, site, path, first, line, Rc::clone(&labels), zone);
        }
    }

    /// The programs that one of is started: `spawn(windows ? "npm.cmd" : "npm", words)`. None
    /// where it is known, and where one of them is not.
    fn programs_by_choice(
        &mut self,
        site: Site,
        first: ExprId,
        context: Option<&Rc<Context>>,
    ) -> Vec<String> {
        const PROGRAMS: usize = 4;
        if !self.fold_value(site.file, first, context).is_unknown() {
            return Vec::new();
        }
        let mut programs: Vec<String> = Vec::new();
        for value in self.possible(site.file, first, 0) {
            let Some(name) = value.known_text().filter(|name| !name.is_empty()) else {
                return Vec::new();
            };
            // What a system calls it is no other program.
            let plain = name.strip_suffix(".cmd").or(name.strip_suffix(".exe"));
            let plain = plain.unwrap_or(name).to_owned();
            if !programs.contains(&plain) {
                programs.push(plain);
            }
        }
        if programs.len() > PROGRAMS {
            return Vec::new();
        }
        programs
    }

    /// What a builder was given: what it was made with comes first.
    pub(in crate::flow) fn built(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        value: &Value,
    ) -> Option<Vec<ExprId>> {
        let Value::Native(native) = value else {
            return None;
        };
        let (made_file, made) = native.made_at?;
        if made_file != file || program.language != Language::Rust {
            return None;
        }
        let Expr::Call { args, .. } = program.expr(made) else {
            return None;
        };
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
        let mut all = program.list(args).to_vec();
        all.extend(parts.into_iter().flat_map(|(_, args)| args));
        Some(all)
    }

    /// A process whose streams are a socket: `Popen(["sh"], stdin=s)`, `{stdio: [s, s, s]}`.
    pub(super) fn streams_of(
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
                if let Some(label) = self.stream_label(site, pair[1]) {
                    self.flow(
                        &label,
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

    /// `run(["xclip", "-i"], input=text)`: a command that puts its input into the clipboard.
    fn fills_clipboard(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        path: &str,
        args: &[ExprId],
        words: &[String],
        zone: Zone,
    ) {
        let Some((name, rest)) = words.split_first() else {
            return;
        };
        let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
        if !writes_clipboard(base_name(name), &rest) {
            return;
        }
        let mut inputs = Vec::new();
        for arg in args {
            if let Expr::Object(entries) | Expr::Keywords(entries) = program.expr(*arg) {
                for pair in program.list(entries).chunks_exact(2) {
                    if program.text(pair[0]) == Some("input") {
                        inputs.push(pair[1]);
                    }
                }
            }
        }
        if !inputs.is_empty() {
            self.clipboard(program, site, path, &inputs, zone);
        }
    }

    /// What comes over a stream that leads to another machine: a connection, a socket that
    /// was connected, or the number of one.
    pub(in crate::flow) fn stream_label(&mut self, site: Site, stream: ExprId) -> Option<Label> {
        let is_remote = |label: &&Label| label.kind == SourceKind::Remote;
        let labels = self.labels(site.file, stream, None);
        if let Some(label) = labels.iter().find(is_remote).cloned() {
            if &*label.name != UNKNOWN_ANSWER {
                return Some(label);
            }
            // Who calls the function says which host it is.
            let ways = self.contexts(site.file, site.function, 0);
            let named = ways.iter().flatten().find_map(|way| {
                let labels = self.labels(site.file, stream, Some(way));
                let mut remote = labels.iter().filter(is_remote);
                remote.find(|label| &*label.name != UNKNOWN_ANSWER).cloned()
            });
            return Some(named.unwrap_or(label));
        }
        let value = self.machine.fold(site.file, stream);
        value
            .path()
            .filter(|path| path.starts_with("socket.socket()"))?;
        let host = self.companion(site.file, &value)?;
        Some(self.label_at(SourceKind::Remote, &format!("the answer of {host}"), site))
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of a call")]
    pub(in crate::flow) fn started(
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
            calls: 0,
            lines: false,
            in_file: false,
            site: Some(site),
        };
        let known = text.as_deref().is_some_and(is_known);
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
            self.keep_started(zone, reached);
            if super::power::is_no_shells(text) {
                self.power_shell(text, &at);
            }
            let hidden = labels
                .iter()
                .find(|label| label.kind == SourceKind::Decoded)
                .cloned();
            // A command that was hidden, and does something when it is read.
            if let Some(label) = hidden {
                // That a file is run is told by what the file is.
                let new = self.found.flows.get(before..).unwrap_or_default();
                let effect = has_network(text)
                    || new.iter().any(|flow| {
                        flow.sink != SinkKind::ExecutedFile && !starts_own_program(flow)
                    });
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
            let marks = self.pinned(label, site.file, Some((site.file, site.expr)));
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

    /// Keeps the files that a process runs until they can be entered.
    fn keep_started(&mut self, zone: Zone, files: Vec<FileId>) {
        /// Files that are started and not entered yet.
        const STARTED: usize = 1_000;
        for file in files {
            if self.started.contains(&(zone, file)) {
                continue;
            }
            if self.started.len() >= STARTED {
                self.cut_short(zone);
                return;
            }
            self.started.push((zone, file));
        }
    }
}

/// Whether a flow only says that a program of the package is started whose path was decoded.
fn starts_own_program(flow: &Flow) -> bool {
    flow.source == SourceKind::Decoded
        && flow.sink == SinkKind::Process
        && ["\u{fdd0}package/", "<package/"]
            .iter()
            .any(|own| flow.sink_name.starts_with(own))
}

/// What a process gets under a name in its environment, as the options of its call say.
fn in_environment(options: &crate::pure::Object, name: &str) -> Option<String> {
    let entries = options.entries.borrow();
    let (_, value) = entries.iter().rev().find(|(key, _)| &**key == "env")?;
    let Value::Object(environment) = value else {
        return None;
    };
    let entries = environment.entries.borrow();
    let (_, value) = entries.iter().rev().find(|(key, _)| &**key == name)?;
    value.as_text()
}

pub(in crate::flow) fn args_of(program: &Program, expr: ExprId) -> Vec<ExprId> {
    match program.expr(expr) {
        Expr::Call { args, .. } => program.list(args).to_vec(),
        _ => Vec::new(),
    }
}

pub(super) fn word_text(value: &Value) -> String {
    match value {
        Value::Native(native) if matches!(&*native.path, "process.execPath" | "process.argv0") => {
            "node".to_owned()
        }
        Value::Native(native) if &*native.path == "sys.executable" => "python".to_owned(),
        other => other.as_text().unwrap_or_else(|| HOLE.to_owned()),
    }
}

/// A word in quotes, so that it stays one.
pub(super) fn quoted(word: &str) -> String {
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

pub(super) fn has_network(text: &str) -> bool {
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
/// Whether something of a command line is known. The name of a variable of which nothing is known
/// is none of it.
fn is_known(text: &str) -> bool {
    let mut letters = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let (before, behind) = rest.split_once(HOLE_START).unwrap_or((rest, ""));
        let (name, behind) = behind.split_once(HOLE_END).unwrap_or((behind, ""));
        let nothing = name == "?" || name.starts_with("variable ");
        for part in [before, if nothing { "" } else { name }] {
            letters += part.chars().filter(char::is_ascii_alphabetic).count();
        }
        rest = behind;
    }
    letters > usize::from(!text.starts_with("./"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_variable_is_nothing_that_is_known_of_a_command() {
        let hole = |name: &str| format!("{HOLE_START}{name}{HOLE_END}");
        for text in [
            String::new(),
            HOLE.to_owned(),
            hole("variable 26.12503"),
            format!("'{}'", hole("variable 1.2")),
            format!("{} {HOLE}", hole("variable 1.2")),
        ] {
            assert!(!is_known(&text), "{text:?}");
        }
        for text in [
            "sh".to_owned(),
            format!("{} --all", hole("variable 1.2")),
            format!("{}/a", hole("home")),
            format!("{HOLE} install"),
        ] {
            assert!(is_known(&text), "{text:?}");
        }
    }
}
