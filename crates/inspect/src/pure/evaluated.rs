//! Modules that evaluate a file of their own package, as it stands: what they hand out and
//! what names mean in them stands in that file.

use super::{FileId, Frame, Machine, Value};
use crate::ir::{Expr, ExprId, Language, Program, ScopeId, SymbolId};
use std::rc::Rc;

/// Calls of a module that evaluates a file: it is a line or two.
const CALLS: usize = 32;

impl Machine<'_> {
    /// The file of the package whose text, as it stands, a call runs as code of the module
    /// around it: `eval(readFileSync(file))`, `exec(open(file).read())`.
    pub fn evaluated_at(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        call: ExprId,
    ) -> Option<FileId> {
        let Expr::Call { callee, args, .. } = program.expr(call) else {
            return None;
        };
        let args = program.list(args);
        let callee = self.fold(file, callee);
        let text = match (program.language, callee.path()?, args) {
            (Language::JavaScript, "eval" | "globalThis.eval", [text, ..])
            | (Language::JavaScript, "Function", [.., text])
            | (Language::JavaScript, "vm.runInThisContext", [text, ..])
            | (Language::Python, "compile", [text, ..])
            // With names of its own it is no part of the module.
            | (Language::Python, "exec" | "builtins.exec", [text]) => *text,
            (Language::JavaScript, path, [text, ..]) if path.ends_with("._compile") => *text,
            _ => return None,
        };
        match self.fold(file, text) {
            Value::Text(text) => self.surroundings.data_file(file, text.as_bytes()),
            Value::Bytes(bytes) => self.surroundings.data_file(file, &bytes.borrow()),
            _ => None,
        }
    }

    /// The file that a small module evaluates.
    pub fn evaluated_in(&mut self, program: &Rc<Program>, file: FileId) -> Option<FileId> {
        if program.calls.len() > CALLS || program.language == Language::Rust {
            return None;
        }
        if let Some(known) = self.evaluated.get(&file) {
            return *known;
        }
        // Whoever asks for itself evaluates nothing that is known.
        self.evaluated.insert(file, None);
        let found = program
            .calls
            .iter()
            .find_map(|(call, _)| self.evaluated_at(program, file, *call));
        self.evaluated.insert(file, found);
        found
    }

    /// What a variable holds where nothing is run around it.
    pub fn value_of(&mut self, program: &Rc<Program>, file: FileId, symbol: SymbolId) -> Value {
        self.glance(file, |machine| {
            machine.variable(program, file, symbol, None)
        })
    }

    /// What a module hands out.
    pub fn handed_out(&mut self, file: FileId) -> Value {
        self.glance(file, |machine| machine.exports_of(file))
    }

    /// A property of a value.
    pub fn property(&mut self, value: &Value, name: &str) -> Value {
        self.get(value, name, Language::JavaScript)
    }

    /// What a direct `eval` gives whose text is nothing but a name.
    pub(super) fn evaluated_as_name(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        scope: ScopeId,
        text: &str,
        frame: Option<&Rc<Frame>>,
    ) -> Option<Value> {
        let text = text.trim().trim_end_matches(';');
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$');
        if text.is_empty()
            || !text.chars().all(is_name)
            || text.starts_with(|c: char| c.is_ascii_digit())
        {
            return None;
        }
        let symbol = program
            .atom(text)
            .and_then(|atom| program.resolve(atom, scope));
        Some(match symbol {
            Some(symbol) => self.variable(program, file, symbol, frame),
            None => self.global(program, file, &text.into()),
        })
    }

    /// What a name means that the file declares which a small module evaluates.
    pub(super) fn evaluated_name(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        name: &str,
    ) -> Option<Value> {
        let target = self.evaluated_in(program, file)?;
        match self.named_export(target, name) {
            Value::Undefined | Value::Unknown => None,
            value => Some(value),
        }
    }
}
