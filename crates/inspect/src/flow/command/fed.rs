//! What a builder of a process is given to read: `Command::new("sh").stdin(other.stdout)`.

use super::{base_name, runs_its_input};
use crate::flow::{Analysis, Site};
use crate::ir::{Expr, Language, Program};
use crate::pure::Value;
use customs_model::{SinkKind, Target, Zone};
use std::rc::Rc;

impl Analysis<'_> {
    /// An interpreter of Rust's builder whose input comes from elsewhere: the output of what
    /// downloads, or a connection.
    pub(super) fn fed_by_builder(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        builder: &Value,
        words: &[String],
        zone: Zone,
    ) {
        if program.language != Language::Rust {
            return;
        }
        let (Some(name), Value::Native(native)) = (words.first(), builder) else {
            return;
        };
        let Some(made) = native.made_at.filter(|(file, _)| *file == site.file) else {
            return;
        };
        if !runs_its_input(base_name(name)) {
            return;
        }
        let mut inputs = Vec::new();
        for (call, _) in &program.calls {
            let Expr::Call { callee, args, .. } = program.expr(*call) else {
                continue;
            };
            if let Expr::Member(_, method) = program.expr(callee)
                && program.name(method) == "stdin"
                && let [input] = program.list(args)[..]
                && let Value::Native(other) = self.machine.fold(site.file, callee)
                && other.made_at == Some(made)
            {
                inputs.push(input);
            }
        }
        for input in inputs {
            if let Some(label) = self.stream_label(site, input) {
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
