//! What threads and tasks of Rust hand to each other: `tx.send(value)` comes out of `rx`.

use super::{Label, union};
use crate::flow::Analysis;
use crate::ir::{Expr, ExprId, Language, Program};
use crate::pure::FileId;
use std::rc::Rc;

/// Values of one file that are sent through channels and looked at.
const MOST: usize = 16;

impl Analysis<'_> {
    /// What is put into a channel that a call makes, at its other end: all that is sent in the same
    /// file, since the end that sends is moved about.
    pub(super) fn sent_through(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        callee: ExprId,
        path: &str,
    ) -> Vec<Label> {
        if program.language != Language::Rust || !makes_channel(program, callee, path) {
            return Vec::new();
        }
        // Which of several is sent through is not followed.
        let channels = program.calls.iter().filter(|(call, _)| {
            matches!(program.expr(*call), Expr::Call { callee, .. } if names_channel(program, callee))
        });
        if channels.take(2).count() != 1 {
            return Vec::new();
        }
        let sent = program.calls.iter().filter_map(|(call, _)| {
            let Expr::Call { callee, args, .. } = program.expr(*call) else {
                return None;
            };
            let Expr::Member(_, method) = program.expr(callee) else {
                return None;
            };
            let sends = matches!(
                program.name(method),
                "send" | "try_send" | "blocking_send" | "unbounded_send" | "send_async"
            );
            match program.list(args)[..] {
                [value] if sends => Some(value),
                _ => None,
            }
        });
        let sent: Vec<ExprId> = sent.take(MOST).collect();
        let mut out = Vec::new();
        union(&mut out, &self.all(file, &sent, None));
        out
    }
}

/// Whether a call makes both ends of a channel: of the library, tokio, crossbeam, flume, async-channel.
fn makes_channel(program: &Program, callee: ExprId, path: &str) -> bool {
    const OF: [&str; 6] = [
        "mpsc",
        "flume",
        "crossbeam_channel",
        "crossbeam",
        "async_channel",
        "channel",
    ];
    names_channel(program, callee)
        && (path.is_empty()
            || path
                .rsplit('.')
                .skip(1)
                .any(|segment| OF.contains(&segment)))
}

/// Whether what is called has the name of what makes a channel.
fn names_channel(program: &Program, callee: ExprId) -> bool {
    let last = match program.expr(callee) {
        Expr::Name(name, _) | Expr::Member(_, name) => program.name(name),
        _ => return false,
    };
    matches!(
        last.rsplit([':', '.']).next().unwrap_or(last),
        "channel" | "sync_channel" | "unbounded_channel" | "unbounded" | "bounded"
    )
}
