//! Secrets that code gives to a process that it starts: `curl -d @-` sends what it reads.

use super::start::quoted;
use super::{At, Piped, Variables};
use crate::flow::label::Label;
use crate::flow::{Analysis, Site, is_secret};
use crate::ir::{Expr, ExprId, Program};
use crate::pure::{HOLE, Value};
use customs_model::Zone;
use std::rc::Rc;

impl Analysis<'_> {
    /// `run([…], input=secret)`, `execSync(line, { input: secret })`.
    pub(super) fn gets_secret(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        args: &[ExprId],
        line: &str,
        zone: Zone,
    ) {
        for arg in args {
            let (Expr::Keywords(entries) | Expr::Object(entries)) = program.expr(*arg) else {
                continue;
            };
            for pair in program.list(entries).to_vec().chunks_exact(2) {
                if program.text(pair[0]) == Some("input") {
                    let labels = self.labels(site.file, pair[1], None).to_vec();
                    self.reads_secret(site, line, &labels, zone);
                }
            }
        }
    }

    /// What is written into the input of a process that was started elsewhere.
    pub(in crate::flow) fn feeds_secret(
        &mut self,
        site: Site,
        value: &Value,
        labels: &[Label],
        zone: Zone,
    ) {
        if !labels.iter().any(|label| is_secret(label.kind)) {
            return;
        }
        if let Some(line) = self.line_of(value) {
            self.reads_secret(site, &line, labels, zone);
        }
    }

    /// The command line of a process.
    fn line_of(&mut self, value: &Value) -> Option<String> {
        let Value::Native(native) = value else {
            return None;
        };
        let (file, made) = native.made_at?;
        let program = self.program(file)?;
        let Expr::Call { args, .. } = program.expr(made) else {
            return None;
        };
        let args = match self.built(&program, file, value) {
            Some(built) => built,
            None => program.list(args).to_vec(),
        };
        let mut words: Vec<String> = Vec::new();
        let mut is_line = native.path.contains("exec()");
        for arg in args {
            if let Expr::Keywords(entries) | Expr::Object(entries) = program.expr(arg) {
                is_line |= program
                    .list(entries)
                    .chunks_exact(2)
                    .any(|pair| program.text(pair[0]) == Some("shell"));
                continue;
            }
            match self.machine.fold(file, arg) {
                Value::Array(items) => {
                    let items = items.borrow();
                    words.extend(
                        items
                            .iter()
                            .map(|item| item.as_text().unwrap_or_else(|| HOLE.to_owned())),
                    );
                }
                Value::Text(text) => words.push(text.to_string()),
                _ => words.push(HOLE.to_owned()),
            }
        }
        match &words[..] {
            [line, ..] if native.path.starts_with("os.popen()") => Some(line.clone()),
            [line] if is_line || line.contains(' ') => Some(line.clone()),
            words if is_line => Some(words.join(" ")),
            words => {
                let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
                Some(words.join(" "))
            }
        }
        .filter(|line| !line.is_empty())
    }

    fn reads_secret(&mut self, site: Site, line: &str, labels: &[Label], zone: Zone) {
        let secret: Vec<Label> = labels
            .iter()
            .filter(|label| is_secret(label.kind))
            .cloned()
            .collect();
        let Some(program) = self.program(site.file).filter(|_| !secret.is_empty()) else {
            return;
        };
        let span = program.span(site.expr);
        let at = At {
            zone,
            file: site.file,
            span,
            place: self.place(site.file, span),
            folder: String::new(),
            holes: Rc::from([]),
            level: 0,
            calls: 0,
            lines: false,
            in_file: false,
            site: Some(site),
        };
        let given = Piped {
            labels: secret,
            ..Piped::default()
        };
        let mut variables = Variables::default();
        self.run_text(line, &at, given, &mut variables, &mut Vec::new());
    }
}
