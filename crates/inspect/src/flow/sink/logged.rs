//! What is logged where a handler sends it away: `logging.handlers.HTTPHandler`.

use crate::flow::{Analysis, Site, is_secret};
use crate::ir::{Expr, ExprId, Language, Program};
use crate::pure::{FileId, Native, Value};
use customs_model::{SinkKind, Zone};
use std::rc::Rc;

/// Handlers of Python's library that send what is logged.
const SENDERS: [&str; 4] = [
    "HTTPHandler",
    "SocketHandler",
    "DatagramHandler",
    "SMTPHandler",
];

impl Analysis<'_> {
    /// A call that logs something.
    pub(super) fn logged(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        native: &Native,
        args: &[ExprId],
        zone: Zone,
    ) {
        let mut names = SENDERS.iter();
        if program.language != Language::Python || !names.any(|name| program.atom(name).is_some()) {
            return;
        }
        let Some(logger) = self.logger(native) else {
            return;
        };
        let Some((sender, target)) = self.sender(program, site.file, &logger) else {
            return;
        };
        for arg in args {
            let labels = self.labels(site.file, *arg, None);
            for label in labels.iter().filter(|label| is_secret(label.kind)) {
                let marks = self.host_marks(&target, label);
                self.flow(
                    label,
                    SinkKind::Network,
                    &sender,
                    target.clone(),
                    zone,
                    site.file,
                    site.expr,
                    marks,
                );
            }
        }
    }

    /// The name of the logger that a method is of; empty for the one above all others.
    fn logger(&mut self, native: &Native) -> Option<String> {
        let (head, _) = native.path.rsplit_once('.')?;
        match head {
            "logging" => Some(String::new()),
            "logging.getLogger()" => {
                let (file, made) = native.made_at?;
                let program = self.program(file)?;
                let Expr::Call { args, .. } = program.expr(made) else {
                    return None;
                };
                match program.list(args).first() {
                    Some(name) => self
                        .machine
                        .fold(file, *name)
                        .known_text()
                        .map(str::to_owned),
                    None => Some(String::new()),
                }
            }
            _ => None,
        }
    }

    /// The handler that sends what a logger is told, and where to.
    fn sender(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        logger: &str,
    ) -> Option<(String, customs_model::Target)> {
        for (call, _) in program.calls.clone() {
            let Expr::Call { callee, args, .. } = program.expr(call) else {
                continue;
            };
            let Expr::Member(_, name) = program.expr(callee) else {
                continue;
            };
            let [handler] = program.list(args) else {
                continue;
            };
            if program.name(name) != "addHandler" {
                continue;
            }
            let Value::Native(adds) = self.machine.fold(file, callee) else {
                continue;
            };
            // What one is told, those above it are told as well.
            let is_above = self.logger(&adds).is_some_and(|above| {
                above.is_empty()
                    || logger
                        .strip_prefix(above.as_str())
                        .is_some_and(|below| below.is_empty() || below.starts_with('.'))
            });
            let mut value = self.machine.fold(file, *handler);
            if let Some(target) = self.told_by_keeper(&value) {
                value = target;
            }
            let kind = value
                .path()
                .and_then(|path| path.strip_prefix("logging.handlers."))
                .and_then(|path| path.strip_suffix("()"));
            if let Some(kind) = kind.filter(|kind| is_above && SENDERS.contains(kind)) {
                let sender = format!("logging.handlers.{kind}");
                let target = self.target(file, &value, &[], None);
                return Some((sender, target));
            }
        }
        None
    }
}

impl Analysis<'_> {
    /// The handler that one which only keeps what it is told hands it on to:
    /// `MemoryHandler(100, target=HTTPHandler(…))`.
    fn told_by_keeper(&mut self, handler: &Value) -> Option<Value> {
        const POSITION: usize = 2;
        let Value::Native(native) = handler else {
            return None;
        };
        if &*native.path != "logging.handlers.MemoryHandler()" {
            return None;
        }
        let (file, made) = native.made_at?;
        let program = self.program(file)?;
        let Expr::Call { args, .. } = program.expr(made) else {
            return None;
        };
        let args = program.list(args).to_vec();
        let named = args.iter().find_map(|arg| match program.expr(*arg) {
            Expr::Keywords(entries) => program
                .list(entries)
                .chunks_exact(2)
                .find(|pair| program.text(pair[0]) == Some("target"))
                .map(|pair| pair[1]),
            _ => None,
        });
        let counted = args.get(POSITION).copied();
        let target =
            named.or(counted.filter(|arg| !matches!(program.expr(*arg), Expr::Keywords(_))));
        Some(self.machine.fold(file, target?))
    }
}

/// Whether a call of a path logs its arguments.
pub(super) fn is_logging(path: &str) -> bool {
    path.starts_with("logging.")
        && matches!(
            path.rsplit('.').next(),
            Some(
                "debug"
                    | "info"
                    | "warning"
                    | "warn"
                    | "error"
                    | "exception"
                    | "critical"
                    | "fatal"
                    | "log"
            )
        )
}
