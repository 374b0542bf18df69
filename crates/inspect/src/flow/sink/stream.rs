//! Streams: into files, requests and the inputs of processes.

use crate::flow::label::Label;
use crate::flow::{Analysis, Context, Site, is_secret};
use crate::ir::{Expr, ExprId, Language, Program};
use crate::know;
use crate::know::Role;
use crate::pure::{FileId, Value};
use customs_model::{SinkKind, SourceKind, Target, Zone};
use std::rc::Rc;

/// How a file in the folder of a build is run.
pub(in crate::flow) const LINKER: &str = "the linker";

impl Analysis<'_> {
    /// Bytes that a call writes to a file by itself: `urlretrieve(url, path)`.
    #[allow(clippy::too_many_arguments, reason = "the parts of a call")]
    pub(super) fn downloaded(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        path: &str,
        value: &Value,
        args: &[ExprId],
        zone: Zone,
        context: Option<&Rc<Context>>,
    ) {
        // `urlmon.URLDownloadToFileW(None, url, path, 0, None)`.
        let of_system = path.starts_with("ctypes.") && path.contains(".URLDownloadToFile");
        let position = if of_system { 2 } else { 1 };
        if program.language == Language::Python
            && (of_system || matches!(path, "urllib.request.urlretrieve" | "wget.download"))
            && let Some(to) = args.get(position).or_else(|| args.first())
        {
            let text = self.fold_text(site.file, *to, context);
            let Expr::Call { callee, .. } = program.expr(site.expr) else {
                return;
            };
            let span = program.span(site.expr);
            let label = self.answer(site.file, value, callee, args, span, context);
            self.cells.write(&text, vec![label], zone);
        }
    }

    /// `response.pipe(fs.createWriteStream(path))`.
    pub(super) fn piped(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        callee: ExprId,
        path: &str,
        args: &[ExprId],
        zone: Zone,
    ) {
        if ![".pipe", ".pipeTo", ".copy_to"]
            .iter()
            .any(|end| path.ends_with(end))
        {
            return;
        }
        let Expr::Member(object, _) = program.expr(callee) else {
            return;
        };
        let labels = self.labels(site.file, object, None).to_vec();
        self.pipe_into(site, labels, args, zone);
    }

    pub(super) fn pipe_into(
        &mut self,
        site: Site,
        labels: Vec<Label>,
        args: &[ExprId],
        zone: Zone,
    ) {
        for arg in args {
            self.piped_into_other(site, &labels, *arg, zone);
            if let Value::Native(native) = self.machine.fold(site.file, *arg) {
                self.piped_into_unpacker(site, &labels, &native, zone);
            }
            if let Value::Native(native) = self.machine.fold(site.file, *arg)
                && (matches!(
                    &*native.path,
                    "fs.createWriteStream()" | "fs-extra.createWriteStream()"
                ) || native.path.ends_with("File.create()"))
                && let Some((file, made)) = native.made_at
                && let Some(opener) = self.program(file)
                && let Expr::Call { args, .. } = opener.expr(made)
                && let Some(target) = opener.list(args).first().copied()
            {
                let text = self.fold_text(file, target, None);
                let span = self.program(site.file).map(|p| p.span(site.expr));
                let span = span.unwrap_or_default();
                self.write_file(&text, labels.clone(), zone, site.file, span);
            }
        }
    }

    /// A stream into a request or into the input of a process.
    pub(super) fn piped_into_other(
        &mut self,
        site: Site,
        labels: &[Label],
        arg: ExprId,
        zone: Zone,
    ) {
        let value = self.machine.fold(site.file, arg);
        let Value::Native(native) = &value else {
            return;
        };
        let path = Rc::clone(&native.path);
        if path.ends_with(".stdin") {
            self.feed_process(site, &value, labels, None, zone);
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
    pub(in crate::flow) fn feed_process(
        &mut self,
        site: Site,
        value: &Value,
        labels: &[Label],
        input: Option<ExprId>,
        zone: Zone,
    ) {
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
        self.feeds_secret(site, value, labels, zone);
        let names: Vec<String> = self
            .possible(file, *first, 0)
            .into_iter()
            .filter_map(|value| match value {
                Value::Array(words) => started_without_text(&words.borrow()),
                value => value.as_text(),
            })
            .collect();
        let interpreter = names
            .iter()
            .map(|name| name.rsplit('/').next().unwrap_or(name).to_owned())
            .find(|name| crate::flow::command::runs_its_input(name));
        if let Some(name) = interpreter {
            if let Some(input) = input
                && (program.language != Language::Rust
                    || self.reads_code(&program, site.file, value))
            {
                self.runs_input(site, &name, input, zone, None);
            }
            for label in labels.iter().filter(|label| {
                matches!(
                    label.kind,
                    SourceKind::Remote | SourceKind::Decoded | SourceKind::Opaque
                )
            }) {
                let marks = self.pinned(label, site.file, Some((site.file, site.expr)));
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

    /// Whether an interpreter that a builder starts is told nothing else to run than what it reads.
    fn reads_code(&mut self, program: &Rc<Program>, file: FileId, builder: &Value) -> bool {
        let words = self.built(program, file, builder).unwrap_or_default();
        let mut options = words.iter().skip(1);
        !words.is_empty()
            && options.all(|word| {
                let text = program.text(*word);
                text.is_some_and(|text| matches!(text, "-" | "-s" | "-u" | "-q"))
            })
    }

    /// A socket that stands in for the streams of a shell.
    pub(super) fn duplicated(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        args: &[ExprId],
        zone: Zone,
    ) {
        let Some(first) = args.first() else {
            return;
        };
        let Some(label) = self.stream_label(site, *first) else {
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
            if crate::flow::command::runs_its_input(&name) {
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

    /// What a build script tells cargo to link.
    pub(super) fn told_to_cargo(&mut self, site: Site, args: &[ExprId], zone: Zone) {
        let links = args.iter().any(|arg| {
            let text = self.machine.fold(site.file, *arg);
            text.any_text().is_some_and(|text| {
                text.contains("rustc-link-lib") || text.contains("rustc-link-arg")
            })
        });
        if links {
            self.cells
                .run("\u{fdd0}out\u{fdd1}", LINKER, zone, site.file, site.expr);
        }
    }
}

/// The program of a command line that is told nothing to run: it runs what it reads.
fn started_without_text(words: &[Value]) -> Option<String> {
    let (program, options) = words.split_first()?;
    let is_open = options.iter().all(|option| {
        let option = option.known_text().unwrap_or_default();
        matches!(option, "-" | "-s" | "-i" | "-u" | "-q" | "-B" | "-I" | "-E")
    });
    match program.path() {
        _ if !is_open => None,
        Some("sys.executable") => Some("python3".to_owned()),
        Some("process.execPath") => Some("node".to_owned()),
        _ => program.as_text(),
    }
}
