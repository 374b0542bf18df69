//! Commands that a macro writes as a line: `cmd!(sh, "curl -o {file} {url}")` of xshell, and
//! `cmd!("curl", "-o", file)` of duct.

use super::Lowering;
use crate::ir::{Expr as Ir, ExprId, Span};
use syn::{Expr, Lit};

impl Lowering {
    /// The command that `cmd!` makes; none where it is the macro of another crate.
    pub(super) fn command_of(
        &mut self,
        call: &syn::Macro,
        arguments: &[Expr],
        at: Span,
    ) -> Option<ExprId> {
        let mut names = call.path.segments.iter().rev().skip(1);
        let by = match names.next() {
            Some(by) => by.ident.to_string(),
            None => self.commands_of.clone()?,
        };
        let words = match (by.as_str(), arguments) {
            ("xshell", [_, Expr::Lit(line)]) => {
                let Lit::Str(line) = &line.lit else {
                    return None;
                };
                let words = words_of(&line.value());
                let words = words.iter();
                words
                    .map(|word| self.template(word, &[], false, at))
                    .collect()
            }
            ("duct", [_, ..]) => self.all(arguments),
            _ => return None,
        };
        let (program, rest) = words.split_first()?;
        let rest = self.builder.list(rest);
        let rest = self.builder.add(Ir::Array(rest), at);
        let callee = self.dotted(&format!("{by}.cmd"), at);
        Some(self.builder.call(callee, &[*program, rest], false, at))
    }
}

/// The words of a line. `{words...}` stands for several, which are told as one.
fn words_of(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, _) if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
        .into_iter()
        .map(|word| word.replace("...}", "}"))
        .collect()
}
