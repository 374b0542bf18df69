//! What functions of a library give: decoded texts, answers of the network, constants.

use super::content::{made_here, value_made_at};
use super::member::REPORT;
use super::{Label, Step, snippet, union};
use crate::flow::{Analysis, Context};
use crate::ir::{Expr, ExprId, Language, Program, Span};
use crate::know::{self, Role};
use crate::pure::{FileId, Value};
use customs_model::SourceKind;
use std::rc::Rc;

impl Analysis<'_> {
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
            // `fs.createReadStream(path).pipe(zlib.createGzip())`: what the file holds.
            Role::Receive if path.starts_with("fs.createReadStream") => {
                let Expr::Member(object, _) = program.expr(callee) else {
                    return None;
                };
                Some(self.labels(file, object, context).to_vec())
            }
            Role::Network(_) | Role::Receive => {
                let value = made_here(value, file, expr);
                Some(vec![self.answer(file, &value, callee, args, span, context)])
            }
            Role::Attach if program.language == Language::JavaScript => {
                Some(self.packed_labels(program, file, expr, path, callee, args, context))
            }
            Role::Attach | Role::Extract | Role::Duplicate => Some(Vec::new()),
            // It finds a file and runs nothing; what is loaded by the path came from there.
            Role::Load if path == "require.resolve" => {
                let mut labels = self.all(file, args, context);
                labels.retain(|label| label.kind == SourceKind::Remote);
                let step = Step::Through(snippet(self, file, span).into());
                Some(self.hop(labels, &step, file, span))
            }
            // A promise of a record, which holds what its owner wrote.
            Role::Lookup if path.starts_with("dns") && path.ends_with("resolveTxt") => {
                let value = made_here(value, file, expr);
                Some(vec![self.answer(file, &value, callee, args, span, context)])
            }
            Role::Send
            | Role::Digest
            | Role::Lookup
            | Role::Delete
            | Role::Executable
            | Role::Publish
            | Role::Load
            | Role::WriteFile
            | Role::CopyFile
            | Role::WriteInput
            | Role::IntoProcess
            | Role::ForeignMemory
            | Role::IntoMemory => Some(Vec::new()),
            Role::ReadFile => Some(self.file_content(file, args.first().copied(), span, context)),
            Role::ReadFrom => {
                let made = value_made_at(value)?;
                let first = self.opened_path(made.0, made.1);
                Some(self.file_content(made.0, first, span, context))
            }
            Role::OpenFile | Role::WriteInto => {
                Some(self.file_content(file, args.first().copied(), span, context))
            }
            Role::Shell | Role::Spawn | Role::Fork => match self.built(program, file, value) {
                Some(parts) => Some(self.output_of_built(file, &parts, span, context)),
                None => Some(self.output_of(file, args, span, context)),
            },
            Role::Decode | Role::Decrypt => {
                Some(self.decoded(program, file, expr, path, args, context))
            }
            Role::Code(_)
            | Role::CodeEach(_)
            | Role::CodeStream
            | Role::CodeLast
            | Role::Template
            | Role::Worker => None,
            Role::None => {
                if path == REPORT && program.language == Language::JavaScript {
                    return Some(vec![self.new_label(
                        SourceKind::Environment,
                        REPORT,
                        file,
                        span,
                    )]);
                }
                if path == "Promise" {
                    return Some(self.promised(program, file, args, context));
                }
                if program.language == Language::Python
                    && matches!(
                        path,
                        "os.getenv" | "os.environ.get" | "os.environ.pop" | "environ.get"
                    )
                    || program.language == Language::Rust
                        && (path.ends_with("env.var")
                            || path.ends_with("env.var_os")
                            || path == "built in")
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
                if path == "map" && program.language == Language::Python {
                    return self.given_by_mapped(file, args);
                }
                let _ = callee;
                self.given_by_context(path, value)
            }
        }
    }

    /// `map(f, list)`: what the function of the package gives, and none where it is another one.
    fn given_by_mapped(&mut self, file: FileId, args: &[ExprId]) -> Option<Vec<Label>> {
        const RETURNS: usize = 8;
        let [function, lists @ ..] = args else {
            return None;
        };
        let Value::Function(closure) = self.machine.fold(file, *function) else {
            return None;
        };
        let program = self.program(closure.file)?;
        let returns = program.function(closure.function).returns.clone();
        let mut out = Vec::new();
        for value in returns.iter().take(RETURNS) {
            let labels = self.labels(closure.file, *value, None);
            union(&mut out, &labels);
        }
        for list in lists {
            let labels = self.labels(file, *list, None);
            union(&mut out, &labels);
        }
        Some(out)
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

    /// The label of what a request gives: bytes of a stranger, or credentials of the cloud
    /// that the machine runs in. It begins where the request is made, which may be in another
    /// file than the call that reads the answer.
    pub(in crate::flow) fn answer(
        &mut self,
        file: FileId,
        value: &Value,
        callee: ExprId,
        args: &[ExprId],
        span: Span,
        context: Option<&Rc<Context>>,
    ) -> Label {
        let label = self.answer_here(file, value, callee, args, span, context);
        let elsewhere = value_made_at(value).filter(|(place, _)| *place != file);
        let Some((place, made)) = elsewhere.filter(|_| label.trail.before.is_none()) else {
            return label;
        };
        let Some(program) = self.program(place) else {
            return label;
        };
        let asked = self.new_label(label.kind, &label.name, place, program.span(made));
        let mut labels = self.hop(vec![asked], &Step::Returned(None), file, span);
        labels.pop().unwrap_or(label)
    }

    /// The same, from where the answer is read.
    fn answer_here(
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
        if self.asks_for_identity(file, &addresses, context) {
            return self.new_label(SourceKind::CredentialService, IDENTITY, file, span);
        }
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
            // A build asks the mirror that the user sets, or else what stands in its script.
            if language == Some(Language::Rust)
                && let Some((_, host)) = self.constant_address(*place, *address)
            {
                let name = format!("the answer of {host}");
                return self.new_label(SourceKind::Remote, &name, file, span);
            }
        }
        // An address that came from the network itself: whoever gave it says what comes.
        for (place, address) in addresses {
            let here = context.filter(|_| place == file);
            if let Some(label) = self.remote_address(place, address, here) {
                return self.hop(vec![label], &Step::Address, file, span).remove(0);
            }
        }
        self.new_label(SourceKind::Remote, &name, file, span)
    }

    /// Whether the address of a request is the one that a runner of a build service tells its jobs:
    /// who asks there gets a token that says who the job is, and registries and clouds take it for
    /// their own.
    ///
    /// Source: GitHub's documentation, "OpenID Connect reference", and its toolkit's `getIDToken`.
    fn asks_for_identity(
        &mut self,
        file: FileId,
        addresses: &[(FileId, ExprId)],
        context: Option<&Rc<Context>>,
    ) -> bool {
        addresses.iter().any(|(place, address)| {
            let here = context.filter(|_| *place == file);
            let labels = self.labels(*place, *address, here);
            labels.iter().any(|label| {
                label.kind == SourceKind::NamedSecret
                    && &*label.name == "ACTIONS_ID_TOKEN_REQUEST_URL"
            })
        })
    }

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

/// What a runner gives to whoever asks at its address.
const IDENTITY: &str = "the identity of a build";

/// The name of what comes from nobody knows where.
pub(in crate::flow) const UNKNOWN_ANSWER: &str = "the answer of a host";

/// Whether a value is what a decoder gives for something that is not known.
fn is_decoded(value: &Value, language: Language) -> bool {
    value
        .path()
        .and_then(|path| path.split_once("()"))
        .is_some_and(|(head, _)| know::role(language, head) == Role::Decode)
}

/// Whether a function gives what it is given, as another text.
pub(super) fn writes_otherwise(name: &str) -> bool {
    matches!(
        name,
        "toString"
            | "String"
            | "str"
            | "slice"
            | "splice"
            | "shift"
            | "pop"
            | "substring"
            | "split"
            | "match"
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
            | "prepare"
            | "URLSearchParams"
            | "Headers"
    )
}

#[cfg(test)]
mod tests;
