//! The text of a function, which JavaScript gives to whoever asks: `` `(${main})()` ``.

use super::Machine;
use super::value::{Closure, HOLE, Value};
use crate::ir::{Expr, Language};

/// Bytes of a function whose text is asked for: what is longer is no line of a program that is
/// put together.
const LONGEST: usize = 16 << 10;

impl Machine<'_> {
    /// The text of a function as it stands in its file.
    pub(super) fn source_of(&mut self, closure: &Closure) -> Value {
        let key = (closure.file, closure.function);
        if let Some(known) = self.sources.get(&key) {
            return known.clone();
        }
        let source = self.source_here(closure);
        let source = source.map_or_else(|| Value::text(HOLE), |text| Value::text(&text));
        self.sources.insert(key, source.clone());
        source
    }

    fn source_here(&mut self, closure: &Closure) -> Option<String> {
        let program = self.surroundings.program(closure.file)?;
        if program.language != Language::JavaScript {
            return None;
        }
        let exprs = program.exprs.iter().zip(&program.spans);
        let mut spans = exprs
            .filter(|(expr, _)| **expr == Expr::Function(closure.function))
            .map(|(_, span)| (span.start as usize, span.end as usize));
        let (start, end) = spans.next()?;
        self.pay(program.size() / 16);
        if end.saturating_sub(start) > LONGEST {
            return None;
        }
        let bytes = self
            .surroundings
            .content(self.surroundings.path(closure.file))?;
        let text = std::str::from_utf8(bytes.get(start..end)?).ok()?;
        // A method is written without the word; called like this it would be no function.
        let is_function =
            text.starts_with("function") || text.starts_with("async") || text.contains("=>");
        is_function.then(|| text.to_owned())
    }

    /// What the package's own manifest has among its settings, which npm hands to its scripts.
    pub(super) fn of_manifest(&self, name: &str) -> Option<Value> {
        let bytes = self.surroundings.content("package.json")?;
        let manifest: serde_json::Value = serde_json::from_slice(&bytes).ok()?;
        let text = manifest.get("config")?.get(name)?.as_str()?;
        Some(Value::text(text))
    }

    /// What stands at the top of the manifest under a name.
    pub(super) fn named_in_manifest(&self, name: &str) -> Option<Value> {
        let bytes = self.surroundings.content("package.json")?;
        let manifest: serde_json::Value = serde_json::from_slice(&bytes).ok()?;
        let text = manifest.get(name)?.as_str()?;
        Some(Value::text(text))
    }

    /// A value where a text is put together: of a function its own.
    pub(super) fn as_written(&mut self, value: Value) -> Value {
        match value {
            Value::Function(closure) => self.source_of(&closure),
            other => other,
        }
    }
}
