//! Texts that code gives to an interpreter that it starts.

use super::{At, Piped, Variables, base_name, runs_its_input};
use crate::flow::{Analysis, Context, Site};
use crate::ir::{Expr, ExprId, Program};
use crate::pure::Value;
use customs_model::Zone;
use std::rc::Rc;

impl Analysis<'_> {
    /// `run(["sh"], input=b"...")`: an interpreter that runs what it is given.
    pub(super) fn gets_input(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        args: &[ExprId],
        words: &[String],
        zone: Zone,
        context: Option<&Rc<Context>>,
    ) {
        let Some(name) = words
            .first()
            .filter(|name| runs_its_input(base_name(name)))
            .cloned()
        else {
            return;
        };
        for arg in args {
            let (Expr::Keywords(entries) | Expr::Object(entries)) = program.expr(*arg) else {
                continue;
            };
            for pair in program.list(entries).to_vec().chunks_exact(2) {
                if program.text(pair[0]) == Some("input") {
                    self.runs_input(site, &name, pair[1], zone, context);
                }
            }
        }
    }

    /// An interpreter that is given a text that is known.
    pub(in crate::flow) fn runs_input(
        &mut self,
        site: Site,
        name: &str,
        input: ExprId,
        zone: Zone,
        context: Option<&Rc<Context>>,
    ) {
        let text = match self.fold_value(site.file, input, context) {
            Value::Text(text) => text.to_string(),
            Value::Bytes(bytes) => String::from_utf8_lossy(&bytes.borrow()).into_owned(),
            _ => return,
        };
        let Some(program) = self.program(site.file) else {
            return;
        };
        let span = program.span(site.expr);
        let at = At {
            zone,
            file: site.file,
            span,
            place: self.place(site.file, span),
            folder: String::new(),
            holes: self.labels(site.file, input, None),
            level: 0,
            calls: 0,
            lines: false,
            in_file: false,
            site: Some(site),
        };
        let given = Piped {
            text: Some(text),
            ..Piped::default()
        };
        let mut variables = Variables::default();
        self.run_text(name, &at, given, &mut variables, &mut Vec::new());
    }
}
