//! Macros that are called: their arguments, and the texts that they format.

use super::Lowering;
use crate::ir::{Expr as Ir, ExprId, Span};
use syn::punctuated::Punctuated;
use syn::{Expr, Lit};

impl Lowering {
    /// A macro: what it is given, if that are expressions.
    pub(super) fn macro_call(&mut self, call: &syn::Macro, at: Span) -> ExprId {
        let name = call
            .path
            .segments
            .last()
            .map(|segment| segment.ident.to_string())
            .unwrap_or_default();
        if let Some(statements) = self.statements_of(call) {
            let back = self.builder.enter_scope();
            let last = self.deeper(|this| this.statements(&statements)).flatten();
            self.builder.leave(back);
            return last.unwrap_or_else(|| self.builder.undefined(at));
        }
        let arguments = call
            .parse_body_with(Punctuated::<Expr, syn::Token![,]>::parse_terminated)
            .map(|all| all.into_iter().collect::<Vec<_>>());
        let Ok(arguments) = arguments else {
            if let Some(written) = self.written_pairs(&call.tokens, at) {
                return written;
            }
            let handed = self.handed_to(&name, call, at);
            let callee = self.builder.name(&format!("{name}!"), at);
            return self.builder.call(callee, &handed, false, at);
        };
        match name.as_str() {
            "format" | "print" | "println" | "eprintln" | "write" | "writeln" | "panic"
            | "format_args" | "anyhow" | "bail" => {
                let into = matches!(name.as_str(), "write" | "writeln");
                let parts = self.formatted(&arguments, into, name == "writeln", at);
                if matches!(name.as_str(), "write" | "writeln") {
                    let target = arguments.first().map(|target| self.expression(target));
                    if let Some(target) = target {
                        let callee = self.builder.member(target, "write_fmt", at);
                        return self.builder.call(callee, &[parts], false, at);
                    }
                }
                if name == "format" || name == "format_args" {
                    return parts;
                }
                let callee = self.builder.name(&format!("{name}!"), at);
                self.builder.call(callee, &[parts], false, at)
            }
            "cmd" => match self.command_of(call, &arguments, at) {
                Some(command) => command,
                None => {
                    let args = self.all(&arguments);
                    let callee = self.builder.name("cmd!", at);
                    self.builder.call(callee, &args, false, at)
                }
            },
            "concat" => {
                let parts = self.all(&arguments);
                self.builder.concat(&parts, at)
            }
            "vec" => {
                let items = self.all(&arguments);
                let items = self.builder.list(&items);
                self.builder.add(Ir::Array(items), at)
            }
            "env" | "option_env" => {
                let args = self.all(&arguments);
                let callee = self.builder.name("built in", at);
                self.builder.call(callee, &args, false, at)
            }
            // A path here begins at the file that names it.
            "include_str" | "include_bytes" => {
                let mut args = self.all(&arguments);
                args.push(self.builder.name("__file__", at));
                let callee = self.builder.name(&format!("{name}!"), at);
                self.builder.call(callee, &args, false, at)
            }
            _ => {
                let args = self.all(&arguments);
                let callee = self.builder.name(&format!("{name}!"), at);
                self.builder.call(callee, &args, false, at)
            }
        }
    }

    /// The parts of a format string with its arguments in their places.
    fn formatted(&mut self, arguments: &[Expr], skip: bool, ends_line: bool, at: Span) -> ExprId {
        let mut arguments = arguments.iter();
        if skip {
            arguments.next();
        }
        let Some(Expr::Lit(literal)) = arguments.next() else {
            return self.builder.other(&[], at);
        };
        let Lit::Str(text) = &literal.lit else {
            return self.builder.other(&[], at);
        };
        let text = text.value();
        let rest: Vec<&Expr> = arguments.collect();
        self.template(&text, &rest, ends_line, at)
    }

    /// The parts of a text with what is named in it, and with others in their places.
    pub(super) fn template(
        &mut self,
        text: &str,
        rest: &[&Expr],
        ends_line: bool,
        at: Span,
    ) -> ExprId {
        let mut next = 0;
        let mut parts = Vec::new();
        let mut chars = text.chars().peekable();
        let mut plain = String::new();
        while let Some(c) = chars.next() {
            match c {
                '{' if chars.peek() == Some(&'{') => {
                    chars.next();
                    plain.push('{');
                }
                '}' if chars.peek() == Some(&'}') => {
                    chars.next();
                    plain.push('}');
                }
                '{' => {
                    if !plain.is_empty() {
                        parts.push(self.builder.text(&plain, at));
                        plain.clear();
                    }
                    let inner: String = chars.by_ref().take_while(|c| *c != '}').collect();
                    let name = inner.split(':').next().unwrap_or_default().trim();
                    if name.is_empty() {
                        if let Some(value) = rest.get(next) {
                            let value = match value {
                                Expr::Assign(named) => &named.right,
                                other => *other,
                            };
                            parts.push(self.expression(value));
                        }
                        next += 1;
                    } else if let Ok(index) = name.parse::<usize>() {
                        if let Some(value) = rest.get(index) {
                            parts.push(self.expression(value));
                        }
                    } else {
                        let named = rest.iter().find_map(|value| match value {
                            Expr::Assign(named) => match &*named.left {
                                Expr::Path(path) if path.path.is_ident(name) => Some(&*named.right),
                                _ => None,
                            },
                            _ => None,
                        });
                        let value = match named {
                            Some(value) => self.expression(value),
                            None => self.builder.name(name, at),
                        };
                        parts.push(value);
                    }
                }
                c => plain.push(c),
            }
        }
        if !plain.is_empty() {
            parts.push(self.builder.text(&plain, at));
        }
        if ends_line {
            parts.push(self.builder.text("\n", at));
        }
        self.builder.concat(&parts, at)
    }
}
