//! `match`, and the names that its patterns bind.

use super::{Lowering, span};
use crate::ir::{Const, Draft, Expr as Ir, ExprId, Span, Stmt as IrStmt};
use ruff_python_ast::{Expr, Pattern, StmtMatch};

impl Lowering {
    pub(super) fn matched(&mut self, choice: &StmtMatch, into: &mut Draft) {
        let at = span(choice);
        let subject = self.expression(&choice.subject);
        into.push(IrStmt::Expr(subject));
        for case in &choice.cases {
            let test = self.builder.other(&[subject], at);
            let mut inner = Vec::new();
            self.pattern(&case.pattern, subject, &mut inner);
            let guard = case.guard.as_ref().map(|guard| self.expression(guard));
            let body = self.block(&case.body);
            match guard {
                Some(guard) => inner.push(self.builder.choice(guard, body, Vec::new())),
                None => inner.extend(body),
            }
            into.push(self.builder.choice(test, inner, Vec::new()));
        }
    }

    /// Binds the names of a pattern to the parts of what is looked at.
    fn pattern(&mut self, pattern: &Pattern, subject: ExprId, into: &mut Draft) {
        let _ = self.deeper(|this| this.pattern_here(pattern, subject, into));
    }

    fn pattern_here(&mut self, pattern: &Pattern, subject: ExprId, into: &mut Draft) {
        let at = span(pattern);
        match pattern {
            Pattern::MatchValue(_) | Pattern::MatchSingleton(_) => {}
            Pattern::MatchAs(named) => {
                if let Some(inner) = &named.pattern {
                    self.pattern(inner, subject, into);
                }
                if let Some(name) = &named.name {
                    self.name(name.as_str(), subject, at, into);
                }
            }
            Pattern::MatchOr(either) => {
                for inner in &either.patterns {
                    self.pattern(inner, subject, into);
                }
            }
            Pattern::MatchStar(rest) => {
                if let Some(name) = &rest.name {
                    self.name(name.as_str(), subject, at, into);
                }
            }
            Pattern::MatchSequence(sequence) => {
                let mut is_behind_star = false;
                for (index, inner) in sequence.patterns.iter().enumerate() {
                    let part = if matches!(inner, Pattern::MatchStar(_)) {
                        is_behind_star = true;
                        self.rest_from(index, subject, at)
                    } else if is_behind_star {
                        self.builder.add(Ir::Element(subject), at)
                    } else {
                        self.builder.member(subject, &index.to_string(), at)
                    };
                    self.pattern(inner, part, into);
                }
            }
            Pattern::MatchMapping(mapping) => {
                for (key, inner) in mapping.keys.iter().zip(&mapping.patterns) {
                    let part = match key {
                        Expr::StringLiteral(key) => {
                            self.builder.member(subject, key.value.to_str(), at)
                        }
                        key => {
                            let key = self.expression(key);
                            self.builder.add(Ir::Index(subject, key), at)
                        }
                    };
                    self.pattern(inner, part, into);
                }
                if let Some(name) = &mapping.rest {
                    self.name(name.as_str(), subject, at, into);
                }
            }
            Pattern::MatchClass(class) => {
                for inner in &class.arguments.patterns {
                    // Which attribute it is, the class says.
                    let part = self.builder.other(&[subject], at);
                    self.pattern(inner, part, into);
                }
                for keyword in &class.arguments.keywords {
                    let part = self.builder.member(subject, keyword.attr.as_str(), at);
                    self.pattern(&keyword.pattern, part, into);
                }
            }
        }
    }

    /// The elements of a sequence from one on.
    fn rest_from(&mut self, index: usize, subject: ExprId, at: Span) -> ExprId {
        let from = u32::try_from(index).unwrap_or(u32::MAX);
        let from = self.builder.constant(Const::Number(f64::from(from)), at);
        let end = self.builder.undefined(at);
        let parts = self.builder.list(&[from, end, end]);
        self.builder.add(Ir::Slice(subject, parts), at)
    }
}
