//! What compilers write for `async` and for modules, read as what stood there before.
//!
//! TypeScript down to ES2016 writes `__awaiter(this, …, function* () { yield x })` for an async
//! function, down to ES5 with `__generator` and steps of a `switch`; `import * as fs` becomes
//! `__importStar(require("fs"))`. What the helpers do in between, over promises and properties one
//! by one, says nothing.

use super::Lowering;
use crate::ir::{Expr, ExprId, Span};
use oxc_ast::ast::{Argument, ArrayExpression, Expression, FormalParameters, Function};

/// How the function that is read was written before it was compiled.
#[derive(Debug, Default)]
pub(super) struct Compiled {
    /// `yield` stands for `await`.
    waits: bool,
    /// Its steps are told by this variable.
    steps: Option<String>,
    /// What the last step waited for.
    waited: Option<ExprId>,
}

/// An instruction of `__generator`.
/// Source: the helper's text in TypeScript 5.8, `src/compiler/factory/emitHelpers.ts`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// `[4, x]`: `await x`.
    Wait,
    /// `[2, x]`: `return x`.
    Return,
    /// What only leads to another step.
    Go,
}

impl Lowering<'_> {
    /// A call of a compiler's helper, as what it was made from.
    pub(super) fn call_of_compiler(
        &mut self,
        callee: &Expression<'_>,
        arguments: &[Argument<'_>],
        at: Span,
    ) -> Option<ExprId> {
        if let Some(waited) = self.sent(callee, arguments, at) {
            return Some(waited);
        }
        let name = match callee {
            Expression::Identifier(name) => name.name.as_str(),
            Expression::StaticMemberExpression(member) => member.property.name.as_str(),
            // `(0, tslib_1.__importStar)(…)`.
            Expression::SequenceExpression(parts) => match parts.expressions.last() {
                Some(Expression::StaticMemberExpression(member)) => member.property.name.as_str(),
                Some(Expression::Identifier(name)) => name.name.as_str(),
                _ => return None,
            },
            _ => return None,
        };
        match (name, arguments) {
            ("__awaiter", [_, _, _, Argument::FunctionExpression(function)]) => {
                let compiled = Compiled {
                    waits: true,
                    ..Compiled::default()
                };
                Some(self.called_at_once(function, compiled, at))
            }
            ("__generator", [_, Argument::FunctionExpression(function)]) => {
                let compiled = Compiled {
                    steps: Some(only_parameter(&function.params)?.to_owned()),
                    ..Compiled::default()
                };
                Some(self.called_at_once(function, compiled, at))
            }
            (name, [module, ..]) if gives_module(name) && is_from_outside(module) => {
                module.as_expression().map(|module| self.expression(module))
            }
            _ => None,
        }
    }

    fn called_at_once(&mut self, function: &Function<'_>, compiled: Compiled, at: Span) -> ExprId {
        self.next_compiled = Some(compiled);
        let callee = self.function(function, None);
        self.builder.call(callee, &[], false, at)
    }

    /// `_a.sent()`: what the step before waited for.
    fn sent(
        &mut self,
        callee: &Expression<'_>,
        arguments: &[Argument<'_>],
        at: Span,
    ) -> Option<ExprId> {
        let steps = self.compiled.steps.as_deref()?;
        let Expression::StaticMemberExpression(member) = callee else {
            return None;
        };
        let is_sent = arguments.is_empty()
            && member.property.name == "sent"
            && matches!(&member.object, Expression::Identifier(name) if name.name == steps);
        if !is_sent {
            return None;
        }
        Some(match self.compiled.waited {
            Some(waited) => waited,
            None => self.builder.undefined(at),
        })
    }

    /// Whether `yield` stands for `await` here.
    pub(super) const fn yield_waits(&self) -> bool {
        self.compiled.waits
    }

    /// What an instruction that is returned says, and its value.
    pub(super) fn step<'e, 'a>(
        &self,
        returned: &'e Expression<'a>,
    ) -> Option<(Step, Option<&'e Expression<'a>>)> {
        self.compiled.steps.as_ref()?;
        let Expression::ArrayExpression(instruction) = returned else {
            return None;
        };
        let step = match number(instruction)? {
            4 => Step::Wait,
            2 => Step::Return,
            _ => Step::Go,
        };
        let value = instruction.elements.get(1);
        Some((step, value.and_then(|value| value.as_expression())))
    }

    /// Notes what a step waits for.
    pub(super) fn waits_for(&mut self, value: Option<ExprId>, at: Span) -> Option<ExprId> {
        let waited = value.map(|value| self.builder.add(Expr::Await(value), at));
        self.compiled.waited = waited;
        waited
    }
}

fn number(instruction: &ArrayExpression<'_>) -> Option<u32> {
    match instruction.elements.first()?.as_expression()? {
        Expression::NumericLiteral(number) if (0.0..=7.0).contains(&number.value) => {
            Some(number.value as u32)
        }
        _ => None,
    }
}

fn only_parameter<'e>(parameters: &'e FormalParameters<'_>) -> Option<&'e str> {
    let [only] = &parameters.items[..] else {
        return None;
    };
    only.pattern
        .get_binding_identifier()
        .map(|name| name.name.as_str())
}

/// Helpers that give all names of the module that they get.
fn gives_module(name: &str) -> bool {
    matches!(
        name,
        "__importStar"
            | "__toESM"
            | "_interopRequireWildcard"
            | "_interop_require_wildcard"
            | "_interopNamespace"
            | "_interopNamespaceDefault"
            | "_interopNamespaceCompat"
    )
}

/// Whether a module is loaded from outside of the package: what is made of one of its own is found
/// out where that is looked at.
fn is_from_outside(argument: &Argument<'_>) -> bool {
    let Argument::CallExpression(call) = argument else {
        return false;
    };
    matches!(&call.callee, Expression::Identifier(name) if name.name == "require")
        && matches!(&call.arguments[..], [Argument::StringLiteral(name)]
            if !name.value.starts_with(['.', '/', '#']))
}

#[cfg(test)]
mod tests;
