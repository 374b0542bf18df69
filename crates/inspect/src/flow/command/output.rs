//! What a process that is started gives, for whoever reads its output.

use super::start::{quoted, word_text};
use super::{At, CALLS, LEVELS, Piped, Variables};
use crate::flow::label::Label;
use crate::flow::{Analysis, Context};
use crate::ir::{ExprId, Span};
use crate::know;
use crate::pure::{FileId, HOLE, Value, shown};
use crate::shell::parse;
use customs_model::{SourceKind, Zone};
use std::rc::Rc;

impl Analysis<'_> {
    /// What a command gives, for whoever reads its output.
    pub(in crate::flow) fn output_of(
        &mut self,
        file: FileId,
        args: &[ExprId],
        span: Span,
        context: Option<&Rc<Context>>,
    ) -> Vec<Label> {
        if let Some(label) = self.found_by_download(file, args, span) {
            return vec![label];
        }
        let mut others = Vec::new();
        if let Some(program) = self.program(file) {
            let given = args.get(..2).unwrap_or(args);
            let (mut lines, by_rows) = self.lines_by_rows(&program, file, given, context);
            if !by_rows {
                lines.extend(self.other_lines(&program, file, given, context));
            }
            for line in &lines {
                others.extend(self.output_of_text(line, file, span));
            }
            if by_rows {
                return others;
            }
        }
        let mut words = Vec::new();
        let first = args.first().map(|first| self.machine.fold(file, *first));
        // `run = (command, words) => execFileSync(command, words)`: what this caller gives.
        let by_caller = first.as_ref().is_some_and(Value::is_unknown)
            && args
                .first()
                .is_some_and(|first| !self.fold_value(file, *first, context).is_unknown());
        if let Some(first) = args.first().filter(|_| !by_caller)
            && self.machine.fold(file, *first).is_unknown()
        {
            let mut out = others;
            for value in self.possible(file, *first, 0) {
                let line = match value {
                    Value::Text(text) => text.to_string(),
                    Value::Array(items) => {
                        let words: Vec<String> = items
                            .borrow()
                            .iter()
                            .map(|item| quoted(&word_text(item)))
                            .collect();
                        words.join(" ")
                    }
                    _ => continue,
                };
                out.extend(self.output_of_text(&line, file, span));
            }
            return out;
        }
        for arg in args.iter().take(2) {
            let value = match by_caller {
                true => self.fold_value(file, *arg, context),
                false => self.machine.fold(file, *arg),
            };
            match value {
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
        if !words.is_empty() {
            others.extend(self.output_of_text(&words.join(" "), file, span));
        }
        others
    }

    /// What a process gives that a builder describes.
    pub(in crate::flow) fn output_of_built(
        &mut self,
        file: FileId,
        parts: &[ExprId],
        span: Span,
        context: Option<&Rc<Context>>,
    ) -> Vec<Label> {
        let mut words = Vec::new();
        for part in parts {
            match self.fold_value(file, *part, context) {
                Value::Array(items) => {
                    words.extend(items.borrow().iter().map(|item| quoted(&word_text(item))))
                }
                value => words.push(quoted(&word_text(&value))),
            }
        }
        self.output_of_text(&words.join(" "), file, span)
    }

    /// What a program finds that was downloaded and is started on a place of the user's.
    fn found_by_download(&mut self, file: FileId, args: &[ExprId], span: Span) -> Option<Label> {
        let [started, given, ..] = args else {
            return None;
        };
        let started = self.machine.fold(file, *started).as_text()?;
        let written = self.cells.written(&started)?;
        let Value::Array(given) = self.machine.fold(file, *given) else {
            return None;
        };
        let place = given.borrow().iter().find_map(|word| {
            let word = word.as_text()?;
            know::user_place(&word).map(|_| shown(&word))
        })?;
        let is_fetched = written.iter().any(|label| label.kind == SourceKind::Remote);
        let name = format!("what a downloaded program finds in {place}");
        is_fetched.then(|| self.new_label(SourceKind::CredentialFile, &name, file, span))
    }

    pub(super) fn output_of_text(&mut self, text: &str, file: FileId, span: Span) -> Vec<Label> {
        let at = At {
            zone: Zone::Never,
            file,
            span,
            place: self.place(file, span),
            folder: String::new(),
            holes: Rc::from([]),
            level: LEVELS - 1,
            calls: CALLS - 1,
            lines: false,
            in_file: false,
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
}
