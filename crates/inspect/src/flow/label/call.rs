//! What calls give.

use super::{Asking, Label, Step, snippet, union};
use crate::flow::possible::EVERY;
use crate::flow::{Analysis, Context};
use crate::ir::{Expr, ExprId, FuncId, Language, Program, Span};
use crate::know;
use crate::know::Role;
use crate::package::Make;
use crate::pure::{FileId, Native, Value, shown};
use customs_model::SourceKind;
use std::rc::Rc;

impl Analysis<'_> {
    pub(super) fn call_labels(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        callee: ExprId,
        args: &[ExprId],
        context: Option<&Rc<Context>>,
    ) -> Vec<Label> {
        let span = program.span(expr);
        let mut value = match self.callees.get(&(file, expr)) {
            Some(value) => value.clone(),
            None => self.machine.fold(file, callee),
        };
        if value.is_unknown() {
            self.asking.contextual = true;
            if let Some(context) = context {
                value = self.machine.glance_in(file, callee, &context.frame);
            }
        }
        if let Value::Native(native) = &value
            && matches!(
                &*native.path,
                "getattr" | "dict" | "Object.assign" | "Reflect.get" | "os.environ.copy" | "vars"
            )
        {
            let whole = self.machine.fold(file, expr);
            if let Some(kind) = whole
                .path()
                .and_then(|path| know::value_source(program.language, path))
            {
                return vec![self.new_label(kind, whole.path().unwrap_or_default(), file, span)];
            }
        }
        match &value {
            Value::Function(closure) => {
                let closure = Rc::clone(closure);
                let labels = self.returned(&closure, file, expr, args, context);
                let step = Step::Returned(self.function_name(closure.file, closure.function));
                return self.hop(labels, &step, file, span);
            }
            Value::Native(native) => {
                let path = Rc::clone(&native.path);
                if let Some(labels) =
                    self.native_call(program, file, expr, &path, &value, callee, args, context)
                {
                    return labels;
                }
            }
            _ => {}
        }
        // Whatever else: what it is called on, and its arguments.
        let mut out = Vec::new();
        let mut method = "";
        if let Expr::Member(object, name) = program.expr(callee) {
            method = program.name(name);
            let labels = self.labels(file, object, context);
            union(&mut out, &labels);
            if let Some(labels) = self.file_method(program, file, object, method, span) {
                return labels;
            }
        } else if let Expr::Index(object, _) = program.expr(callee) {
            let labels = self.labels(file, object, context);
            union(&mut out, &labels);
        }
        if matches!(
            method,
            "includes"
                | "startsWith"
                | "startswith"
                | "endsWith"
                | "endswith"
                | "test"
                | "has"
                | "indexOf"
                | "hasOwnProperty"
                | "some"
                | "every"
                | "isdigit"
        ) {
            return Vec::new();
        }
        if method == "get"
            && out
                .iter()
                .any(|label| label.kind == SourceKind::Environment)
        {
            let name = args
                .first()
                .and_then(|arg| program.text(*arg))
                .map(str::to_owned);
            return name.map_or_else(Vec::new, |name| {
                self.environment_variable(&name, file, span)
            });
        }
        for arg in args {
            // A function gives what it returns.
            if let Expr::Function(function) = program.expr(*arg) {
                for value in program
                    .function(function)
                    .returns
                    .clone()
                    .into_iter()
                    .take(8)
                {
                    let labels = self.labels(file, value, context);
                    union(&mut out, &labels);
                }
                continue;
            }
            let labels = self.labels(file, *arg, context);
            union(&mut out, &labels);
        }
        // What is made of a key is no key, unless it is only written in another way.
        if out
            .iter()
            .any(|label| label.kind == SourceKind::Intercepted)
        {
            let called = match value.path() {
                Some(path) => path.rsplit('.').next().unwrap_or(path),
                None => method,
            };
            if !writes_otherwise(called) {
                out.retain(|label| label.kind != SourceKind::Intercepted);
            }
        }
        if out.is_empty() {
            return out;
        }
        let step = Step::Through(snippet(self, file, program.span(callee)).into());
        self.hop(out, &step, file, span)
    }

    /// What a function of the package returns for these arguments.
    pub(super) fn returned(
        &mut self,
        closure: &Rc<crate::pure::Closure>,
        file: FileId,
        expr: ExprId,
        args: &[ExprId],
        context: Option<&Rc<Context>>,
    ) -> Vec<Label> {
        let Some(program) = self.program(closure.file) else {
            return Vec::new();
        };
        let site_function = context.map_or(FuncId(0), |c| c.function);
        let context = context.filter(|_| self.depends(file, args, context));
        let inner = self.context(
            closure.file,
            closure.function,
            args.to_vec(),
            file,
            site_function,
            context.cloned(),
        );
        let _ = expr;
        let mut out = Vec::new();
        for value in program
            .function(closure.function)
            .returns
            .clone()
            .into_iter()
            .take(16)
        {
            let labels = self.labels(closure.file, value, inner.as_ref());
            union(&mut out, &labels);
        }
        out
    }

    /// Whether arguments depend on the way in which the code around them is reached.
    fn depends(&mut self, file: FileId, args: &[ExprId], context: Option<&Rc<Context>>) -> bool {
        let outer = std::mem::take(&mut self.asking);
        for arg in args {
            self.labels(file, *arg, context);
        }
        let Asking {
            contextual,
            cut,
            short,
            ..
        } = self.asking;
        let depends = contextual || short || cut != u32::MAX;
        // What was cut off here says nothing of what is asked outside.
        self.asking = outer;
        depends
    }

    /// A call of something of the library. None: nothing is known of it.
    #[allow(clippy::too_many_arguments, reason = "the parts of a call")]
    pub(super) fn native_call(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        path: &str,
        value: &Value,
        callee: ExprId,
        args: &[ExprId],
        context: Option<&Rc<Context>>,
    ) -> Option<Vec<Label>> {
        let span = program.span(expr);
        match know::role(program.language, path) {
            Role::Source(kind) => Some(vec![self.new_label(kind, path, file, span)]),
            Role::Network(_) | Role::Receive => {
                let value = made_here(value, file, expr);
                Some(vec![self.answer(file, &value, callee, args, span, context)])
            }
            Role::Attach | Role::Extract | Role::Duplicate => Some(Vec::new()),
            Role::Send
            | Role::Digest
            | Role::Lookup
            | Role::Delete
            | Role::Executable
            | Role::Load
            | Role::WriteFile
            | Role::CopyFile
            | Role::WriteInput
            | Role::IntoProcess
            | Role::ForeignMemory => Some(Vec::new()),
            Role::ReadFile => Some(self.file_content(program, file, args.first().copied(), span)),
            Role::ReadFrom => {
                let made = value_made_at(value)?;
                let opener = self.program(made.0)?;
                let Expr::Call { args, .. } = opener.expr(made.1) else {
                    return None;
                };
                let first = opener.list(args).first().copied();
                Some(self.file_content(&opener, made.0, first, span))
            }
            Role::OpenFile | Role::WriteInto => {
                Some(self.file_content(program, file, args.first().copied(), span))
            }
            Role::Shell | Role::Spawn | Role::Fork => match self.built(program, file, value) {
                Some(parts) => Some(self.output_of_built(file, &parts, span, context)),
                None => Some(self.output_of(file, args, span)),
            },
            Role::Decode | Role::Decrypt => {
                Some(self.decoded(program, file, expr, path, args, context))
            }
            Role::Code(_) | Role::CodeLast | Role::Worker => None,
            Role::None => {
                if path == "Promise" {
                    return Some(self.promised(program, file, args, context));
                }
                if program.language == Language::Python
                    && matches!(
                        path,
                        "os.getenv" | "os.environ.get" | "os.environ.pop" | "environ.get"
                    )
                    || program.language == Language::Rust
                        && (path.ends_with("env.var") || path.ends_with("env.var_os"))
                {
                    let mut out = Vec::new();
                    let names = args.first().map(|arg| self.possible(file, *arg, 0));
                    for name in names.unwrap_or_default() {
                        if let Value::Text(name) = name {
                            out.extend(self.environment_variable(&name, file, span));
                        }
                    }
                    return Some(out);
                }
                let _ = callee;
                None
            }
        }
    }

    /// What is decoded from a constant is told so; what came from elsewhere stays what it
    /// is.
    pub(super) fn decoded(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        path: &str,
        args: &[ExprId],
        context: Option<&Rc<Context>>,
    ) -> Vec<Label> {
        let span = program.span(expr);
        let rest: Vec<ExprId> = args.to_vec();
        let mut labels = self.all(file, &rest, context);
        if labels.is_empty() || labels.iter().all(|label| label.kind == SourceKind::OwnFile) {
            let made_of_constants = args
                .first()
                .is_some_and(|arg| self.is_constant(program, file, *arg, 0));
            let decodes = !(matches!(path, "Buffer.from" | "Buffer") && args.len() < 2);
            // A file of the package that is decoded before anybody can read it.
            let own = !labels.is_empty() && program.language == Language::Python && path != "chr";
            if (made_of_constants || own) && decodes {
                let (file, span) = args
                    .first()
                    .and_then(|arg| self.origin(file, *arg, 0))
                    .unwrap_or((file, span));
                labels.push(self.new_label(SourceKind::Decoded, path, file, span));
            }
        }
        self.hop(labels, &Step::Decoded(path.into()), file, span)
    }

    /// What a promise is resolved with.
    pub(super) fn promised(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        args: &[ExprId],
        context: Option<&Rc<Context>>,
    ) -> Vec<Label> {
        let mut out = Vec::new();
        let Some(Expr::Function(function)) = args.first().map(|arg| program.expr(*arg)) else {
            return out;
        };
        let Some(index) = self.index(file) else {
            return out;
        };
        let Some(resolve) = index.parameters.get(&(function, 0)).copied() else {
            return out;
        };
        for call in index
            .calls_of
            .get(&resolve)
            .map(Vec::as_slice)
            .unwrap_or_default()
        {
            if let Expr::Call { args, .. } = program.expr(*call) {
                let labels = self.all(file, program.list(args), context);
                union(&mut out, &labels);
            }
        }
        // Handed on as it is: `stream.on('end', resolve)`.
        for (call, _) in &program.calls {
            let Expr::Call { callee, args, .. } = program.expr(*call) else {
                continue;
            };
            let hands_on = program.list(args).iter().any(|arg| matches!(program.expr(*arg), Expr::Name(atom, scope) if program.resolve(atom, scope) == Some(resolve)));
            if hands_on && let Expr::Member(object, _) = program.expr(callee) {
                let labels = self.labels(file, object, context);
                union(&mut out, &labels);
            }
        }
        out
    }

    /// What a file holds: credentials, what was written to it, the package's own data.
    pub(in crate::flow) fn file_content(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        path: Option<ExprId>,
        span: Span,
    ) -> Vec<Label> {
        let Some(path) = path else {
            return Vec::new();
        };
        let _ = program;
        let mut out = Vec::new();
        for value in self.possible(file, path, 0) {
            if let Some(text) = value.as_text() {
                let labels = self.content_of(&text, file, span);
                union(&mut out, &labels);
            }
        }
        out
    }

    pub(in crate::flow) fn content_of(
        &mut self,
        text: &str,
        file: FileId,
        span: Span,
    ) -> Vec<Label> {
        if let Some(what) = know::credential_place(text) {
            return vec![self.new_label(
                SourceKind::CredentialFile,
                &format!("{} ({what})", shown(text)),
                file,
                span,
            )];
        }
        if let Some(folder) = text.strip_suffix(crate::pure::HOLE)
            && know::user_place(
                folder
                    .trim_end_matches(crate::pure::HOLE)
                    .trim_end_matches('/'),
            )
            .is_some()
        {
            return vec![self.new_label(
                SourceKind::CredentialFile,
                &format!("files found in {}", shown(folder)),
                file,
                span,
            )];
        }
        if let Some(folder) = text
            .strip_suffix(EVERY)
            .filter(|folder| walks_users_files(folder))
        {
            return vec![self.new_label(
                SourceKind::CredentialFile,
                &format!("files of a walk through {}", shown(folder)),
                file,
                span,
            )];
        }
        if let Some(written) = self.cells.written(text) {
            let step = Step::ReadBack(shown(text).into());
            return self.hop(written, &step, file, span);
        }
        if self.lies_beside_setup(file, text) {
            let name = format!("<package>/{text}");
            return vec![self.new_label(SourceKind::OwnFile, &name, file, span)];
        }
        if text.starts_with("\u{fdd0}package/")
            && !text.ends_with(".json")
            && !text.contains("package.json")
        {
            return vec![self.new_label(SourceKind::OwnFile, &shown(text), file, span)];
        }
        // A script names it from the top of its package, where hooks run.
        let beside = self.package.language(file) == Some(Language::JavaScript)
            && crate::pure::names_beside(text)
            && self.package.find(text).is_some();
        if beside {
            return vec![self.new_label(SourceKind::OwnFile, text, file, span)];
        }
        Vec::new()
    }

    /// Whether a path means data of the package: a source distribution is built where it
    /// is unpacked.
    fn lies_beside_setup(&self, file: FileId, text: &str) -> bool {
        let plain = !text.contains(crate::pure::HOLE_START) && !text.starts_with('/');
        plain
            && self.package.make == Make::Sdist
            && self.package.language(file) == Some(Language::Python)
            && !text.ends_with(".json")
            && self
                .package
                .find(text)
                .is_some_and(|id| self.package.language(id).is_none())
    }

    /// `path.read_text()`: a method of a path, which is a text here.
    pub(super) fn file_method(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        object: ExprId,
        method: &str,
        span: Span,
    ) -> Option<Vec<Label>> {
        if program.language != Language::Python || !matches!(method, "read_text" | "read_bytes") {
            return None;
        }
        Some(self.file_content(program, file, Some(object), span))
    }

    /// The label of what a request gives: bytes of a stranger, or credentials of the cloud
    /// that the machine runs in.
    pub(in crate::flow) fn answer(
        &mut self,
        file: FileId,
        value: &Value,
        callee: ExprId,
        args: &[ExprId],
        span: Span,
        context: Option<&Rc<Context>>,
    ) -> Label {
        let host = match self.target(file, value, args, context) {
            customs_model::Target::Constant(host) => Some(host),
            // `session.get(url).json()`: the request is further down.
            _ => match self.program(file).map(|program| program.expr(callee)) {
                Some(Expr::Member(object, _)) => self.addressed(file, object, context),
                _ => None,
            },
        };
        let name = host.map_or_else(
            || UNKNOWN_ANSWER.to_owned(),
            |host| format!("the answer of {host}"),
        );
        if know::is_metadata(&name) {
            return self.new_label(SourceKind::CredentialService, "cloud metadata", file, span);
        }
        if name != UNKNOWN_ANSWER {
            return self.new_label(SourceKind::Remote, &name, file, span);
        }
        let addresses = self.addresses(file, value, args);
        // Addresses that a function of the package is called with. Where one of them is not
        // known (a redirection, a caller's), nobody knows whose answer it is.
        for (place, address) in &addresses {
            let values = self.possible(*place, *address, 0);
            // An address that is decoded of what is no constant was put there by whoever gave
            // the answer that it stands in, and is no redirection.
            let language = self.package.language(*place);
            let known = |value: &&Value| !language.is_some_and(|l| is_decoded(value, l));
            let hosts: Option<Vec<String>> = values
                .iter()
                .filter(known)
                .map(|value| self.host_in(value, 0))
                .collect();
            if let Some(host) = hosts.and_then(|hosts| hosts.into_iter().next()) {
                let name = format!("the answer of {host}");
                return self.new_label(SourceKind::Remote, &name, file, span);
            }
        }
        // An address that came from the network itself: whoever gave it says what comes.
        for (place, address) in addresses {
            let labels = self.labels(place, address, None).to_vec();
            if let Some(label) = labels
                .into_iter()
                .find(|label| label.kind == SourceKind::Remote)
            {
                return self.hop(vec![label], &Step::Address, file, span).remove(0);
            }
        }
        self.new_label(SourceKind::Remote, &name, file, span)
    }
}

impl Analysis<'_> {
    /// Where the address of a request can stand: in the arguments of the call that reads
    /// the answer, or of the one that made the request.
    fn addresses(&self, file: FileId, value: &Value, args: &[ExprId]) -> Vec<(FileId, ExprId)> {
        let mut out: Vec<(FileId, ExprId)> = args.iter().take(2).map(|arg| (file, *arg)).collect();
        if let Some((place, made)) = value_made_at(value)
            && let Some(program) = self.program(place)
            && let Expr::Call { args, .. } = program.expr(made)
        {
            for arg in program.list(args).iter().take(2) {
                if !out.contains(&(place, *arg)) {
                    out.push((place, *arg));
                }
            }
        }
        out
    }
}

/// The name of what comes from nobody knows where.
const UNKNOWN_ANSWER: &str = "the answer of a host";

/// Whether a value is what a decoder gives for something that is not known.
fn is_decoded(value: &Value, language: Language) -> bool {
    value
        .path()
        .and_then(|path| path.split_once("()"))
        .is_some_and(|(head, _)| know::role(language, head) == Role::Decode)
}

/// Whether a function gives what it is given, as another text.
fn writes_otherwise(name: &str) -> bool {
    matches!(
        name,
        "toString"
            | "String"
            | "str"
            | "slice"
            | "substring"
            | "split"
            | "join"
            | "map"
            | "from"
            | "concat"
            | "reverse"
            | "trim"
            | "strip"
            | "encode"
            | "decode"
            | "hex"
            | "hexlify"
            | "stringify"
            | "dumps"
            | "encodeURIComponent"
            | "escape"
            | "btoa"
            | "b64encode"
            | "urlencode"
            | "quote"
            | "format"
            | "format!"
            | "to_string"
            | "Blob"
            | "Request"
            | "URLSearchParams"
            | "Headers"
    )
}

/// Whether a walk through a folder reads what is the user's own. What is found in the
/// project is what tools are made for.
fn walks_users_files(folder: &str) -> bool {
    let folder = folder.trim_end_matches(EVERY).trim_end_matches('/');
    know::user_place(if folder.is_empty() { "/" } else { folder })
        .is_some_and(|what| !matches!(what, "the project" | "what lies around the package"))
}

/// What is called, with the call as the place where its result was made, if nothing is
/// known of an earlier one: `x = new XMLHttpRequest()`.
fn made_here(value: &Value, file: FileId, expr: ExprId) -> Value {
    match value {
        Value::Native(native) if native.made_at.is_none() => Value::Native(Native {
            path: Rc::clone(&native.path),
            made_at: Some((file, expr)),
        }),
        other => other.clone(),
    }
}

pub(super) fn value_made_at(value: &Value) -> Option<(FileId, ExprId)> {
    match value {
        Value::Native(native) => native.made_at,
        _ => None,
    }
}
