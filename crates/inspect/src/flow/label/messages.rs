//! What comes from elsewhere without being handed over: messages between a process and its child,
//! what runs within a context has of it.

use super::{Label, union};
use crate::flow::{Analysis, Site};
use crate::ir::{Expr, ExprId, Program};
use crate::know;
use crate::pure::{FileId, Value};
use customs_model::SourceKind;
use std::rc::Rc;

/// What a worker of Node.js is started with.
pub(super) const WORKER_DATA: &str = "worker_threads.workerData";

/// Calls that start one file.
const PARENTS: usize = 8;

impl Analysis<'_> {
    /// What a callback for messages is given, where both sides are of the package. None where the
    /// call is about something else.
    pub(super) fn message(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        path: &str,
        value: &Value,
        args: &[ExprId],
    ) -> Option<Vec<Label>> {
        let (head, method) = path.rsplit_once('.')?;
        if let Some(label) = self.told_to_bot(program, site, head, method, value) {
            return Some(vec![label]);
        }
        let event = args.first()?;
        let is_event = matches!(method, "on" | "once" | "addListener" | "addEventListener");
        if !is_event || self.look_at(site.file, *event, None).known_text() != Some("message") {
            return None;
        }
        match head {
            "process" | "worker_threads.parentPort" => Some(self.sent_to_child(site.file)),
            "child_process.fork()" | "worker_threads.Worker()" | "Worker()" => {
                let Value::Native(native) = value else {
                    return None;
                };
                Some(self.sent_by_child(native.made_at?))
            }
            "worker_threads.MessageChannel().port1" | "worker_threads.MessageChannel().port2" => {
                let mut out = Vec::new();
                for sent in sent_by(program, &["postMessage"]) {
                    let on = self.look_at(site.file, sent.0, None);
                    let is_port = on
                        .path()
                        .is_some_and(|path| path.contains("MessageChannel().port"));
                    if is_port {
                        let labels = self.labels(site.file, sent.1, None);
                        union(&mut out, &labels);
                    }
                }
                Some(out)
            }
            _ => None,
        }
    }

    /// What somebody writes to a bot that answers to a key of the package's: whoever made the package
    /// says who that is. One whose key is the user's own is the user's.
    fn told_to_bot(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        head: &str,
        method: &str,
        value: &Value,
    ) -> Option<Label> {
        const SHORTEST: usize = 16;
        let hears = matches!(
            method,
            "on" | "once" | "hears" | "command" | "onText" | "use"
        );
        let service = know::bot(head.strip_suffix("()")?).filter(|_| hears)?;
        let Value::Native(native) = value else {
            return None;
        };
        let (file, made) = native.made_at?;
        let maker = self.program(file)?;
        let Expr::Call { args, .. } = maker.expr(made) else {
            return None;
        };
        // `new Telegraf(key)`, and `client.login(key)`.
        let first = maker.list(args).first().map(|key| (file, *key));
        let logins = sent_by(program, &["login"]).into_iter();
        let mut keys = logins.map(|(_, key)| (site.file, key)).chain(first);
        let own = keys.any(|(file, key)| {
            let key = self.look_at(file, key, None);
            key.known_text().is_some_and(|key| key.len() >= SHORTEST)
        });
        let name = format!("the answer of {service}");
        let span = program.span(site.expr);
        own.then(|| self.new_label(SourceKind::Remote, &name, site.file, span))
    }

    /// What those who start a file as a child send to it.
    fn sent_to_child(&mut self, file: FileId) -> Vec<Label> {
        let mut out = Vec::new();
        let parents = self.children.get(&file).cloned().unwrap_or_default();
        for (parent, made) in parents.into_iter().take(PARENTS) {
            let Some(program) = self.program(parent) else {
                continue;
            };
            for (object, sent) in sent_by(&program, &["send", "postMessage"]) {
                let is_it = match self.look_at(parent, object, None) {
                    Value::Native(native) => native.made_at == Some((parent, made)),
                    _ => false,
                };
                if is_it {
                    let labels = self.labels(parent, sent, None);
                    union(&mut out, &labels);
                }
            }
        }
        out
    }

    /// What a child sends to who started it.
    fn sent_by_child(&mut self, made: (FileId, ExprId)) -> Vec<Label> {
        let mut out = Vec::new();
        let children = self.children.iter();
        let mut children: Vec<FileId> = children
            .filter(|(_, calls)| calls.contains(&made))
            .map(|(file, _)| *file)
            .collect();
        children.sort_unstable();
        for child in children {
            let Some(program) = self.program(child) else {
                continue;
            };
            for (object, sent) in sent_by(&program, &["send", "postMessage"]) {
                let is_up = matches!(
                    self.look_at(child, object, None).path(),
                    Some("process" | "worker_threads.parentPort")
                );
                if is_up {
                    let labels = self.labels(child, sent, None);
                    union(&mut out, &labels);
                }
            }
        }
        out
    }

    /// What a worker is started with: `new Worker(file, { workerData })`.
    pub(super) fn worker_data(&mut self, file: FileId) -> Vec<Label> {
        let mut out = Vec::new();
        let parents = self.children.get(&file).cloned().unwrap_or_default();
        for (parent, made) in parents.into_iter().take(PARENTS) {
            let Some(program) = self.program(parent) else {
                continue;
            };
            let Expr::Call { args, .. } = program.expr(made) else {
                continue;
            };
            let Some(Expr::Object(entries)) = program
                .list(args)
                .get(1)
                .map(|options| program.expr(*options))
            else {
                continue;
            };
            for pair in program.list(entries).to_vec().chunks_exact(2) {
                if program.text(pair[0]) == Some("workerData") {
                    let labels = self.labels(parent, pair[1], None);
                    union(&mut out, &labels);
                }
            }
        }
        out
    }

    /// What `storage.getStore()` gives: what was run with it.
    pub(super) fn given_by_context(&mut self, path: &str, value: &Value) -> Option<Vec<Label>> {
        if !path.ends_with("AsyncLocalStorage().getStore") {
            return None;
        }
        let Value::Native(native) = value else {
            return None;
        };
        let (file, _) = native.made_at?;
        let program = self.program(file)?;
        let mut out = Vec::new();
        for (object, given) in sent_by(&program, &["run", "enterWith"]) {
            let is_it = match self.look_at(file, object, None) {
                Value::Native(other) => other.made_at == native.made_at,
                _ => false,
            };
            if is_it {
                let labels = self.labels(file, given, None);
                union(&mut out, &labels);
            }
        }
        Some(out)
    }
}

/// Calls of some methods: what they are called on, and their first arguments.
fn sent_by(program: &Program, methods: &[&str]) -> Vec<(ExprId, ExprId)> {
    let calls = program.calls.iter().filter_map(|(call, _)| {
        let Expr::Call { callee, args, .. } = program.expr(*call) else {
            return None;
        };
        let Expr::Member(object, name) = program.expr(callee) else {
            return None;
        };
        let first = *program.list(args).first()?;
        methods
            .contains(&program.name(name))
            .then_some((object, first))
    });
    calls.collect()
}

#[cfg(test)]
mod tests;
