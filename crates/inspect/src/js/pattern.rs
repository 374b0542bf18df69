//! Destructuring, taken apart into plain assignments.

use super::Lowering;
use crate::ir::{Expr, ExprId, Span, Stmt};
use oxc_ast::ast::{
    AssignmentTarget, AssignmentTargetMaybeDefault, AssignmentTargetProperty, BindingPattern,
    Expression, PropertyKey, VariableDeclarationKind,
};

impl Lowering<'_> {
    /// Binds a pattern to a value; each name becomes an assignment statement.
    pub(super) fn bind(
        &mut self,
        pattern: &BindingPattern<'_>,
        value: ExprId,
        kind: VariableDeclarationKind,
        into: &mut Vec<Stmt>,
    ) {
        let at = self.span(pattern);
        match pattern {
            BindingPattern::BindingIdentifier(name) => {
                if kind == VariableDeclarationKind::Var {
                    self.builder.declare_in_function(&name.name);
                } else {
                    self.builder.declare(&name.name);
                }
                let target = self.builder.name(&name.name, at);
                let assigned = self.builder.assign(target, value, at);
                into.push(Stmt::Expr(assigned));
            }
            BindingPattern::ObjectPattern(object) => {
                for property in &object.properties {
                    let part = self.property_of(value, &property.key, self.span(property));
                    self.bind(&property.value, part, kind, into);
                }
                if let Some(rest) = &object.rest {
                    self.bind(&rest.argument, value, kind, into);
                }
            }
            BindingPattern::ArrayPattern(array) => {
                for (index, element) in array.elements.iter().enumerate() {
                    if let Some(element) = element {
                        let part =
                            self.builder
                                .member(value, &index.to_string(), self.span(element));
                        self.bind(element, part, kind, into);
                    }
                }
                if let Some(rest) = &array.rest {
                    let part = self.slice_from(value, array.elements.len(), at);
                    self.bind(&rest.argument, part, kind, into);
                }
            }
            BindingPattern::AssignmentPattern(with_default) => {
                let value = self.with_default(value, &with_default.right, at);
                self.bind(&with_default.left, value, kind, into);
            }
        }
    }

    /// `[a, b] = [b, a]`: the whole right side is there before anything is assigned, as
    /// exchanges need it. None for patterns with defaults, rests or patterns in them.
    pub(super) fn assign_together(
        &mut self,
        target: &AssignmentTarget<'_>,
        value: ExprId,
        at: Span,
    ) -> Option<ExprId> {
        let AssignmentTarget::ArrayAssignmentTarget(array) = target else {
            return None;
        };
        let plain = array.rest.is_none()
            && array.elements.iter().all(|element| {
                element
                    .as_ref()
                    .and_then(|element| element.as_assignment_target())
                    .is_some_and(|inner| inner.as_simple_assignment_target().is_some())
            });
        if !plain {
            return None;
        }
        let mut targets = Vec::with_capacity(array.elements.len());
        for (index, element) in array.elements.iter().enumerate() {
            let simple = element
                .as_ref()
                .and_then(|element| element.as_assignment_target())
                .and_then(|inner| inner.as_simple_assignment_target())?;
            let left = self.simple_target(simple);
            let part = self.builder.member(value, &index.to_string(), at);
            self.builder.assign(left, part, at);
            targets.push(left);
        }
        let targets = self.builder.list(&targets);
        let all = self.builder.add(Expr::Array(targets), at);
        Some(self.builder.add(Expr::Assign(all, value), at))
    }

    /// Assigns a pattern; the assignments are expressions of their own.
    pub(super) fn assign_pattern(&mut self, target: &AssignmentTarget<'_>, value: ExprId) {
        let at = self.span(target);
        match target {
            AssignmentTarget::ArrayAssignmentTarget(array) => {
                for (index, element) in array.elements.iter().enumerate() {
                    if let Some(element) = element {
                        let part = self.builder.member(value, &index.to_string(), at);
                        self.assign_maybe(element, part);
                    }
                }
                if let Some(rest) = &array.rest {
                    let part = self.slice_from(value, array.elements.len(), at);
                    self.assign_pattern(&rest.target, part);
                }
            }
            AssignmentTarget::ObjectAssignmentTarget(object) => {
                for property in &object.properties {
                    match property {
                        AssignmentTargetProperty::AssignmentTargetPropertyIdentifier(property) => {
                            let mut part = self.builder.member(value, &property.binding.name, at);
                            if let Some(default) = &property.init {
                                part = self.with_default(part, default, at);
                            }
                            let name = self.builder.name(&property.binding.name, at);
                            self.builder.assign(name, part, at);
                        }
                        AssignmentTargetProperty::AssignmentTargetPropertyProperty(property) => {
                            let part = self.property_of(value, &property.name, at);
                            self.assign_maybe(&property.binding, part);
                        }
                    }
                }
                if let Some(rest) = &object.rest {
                    self.assign_pattern(&rest.target, value);
                }
            }
            other => {
                if let Some(simple) = other.as_simple_assignment_target() {
                    let left = self.simple_target(simple);
                    self.builder.assign(left, value, at);
                }
            }
        }
    }

    fn assign_maybe(&mut self, target: &AssignmentTargetMaybeDefault<'_>, value: ExprId) {
        match target {
            AssignmentTargetMaybeDefault::AssignmentTargetWithDefault(with_default) => {
                let value = self.with_default(value, &with_default.init, self.span(target));
                self.assign_pattern(&with_default.binding, value);
            }
            other => {
                if let Some(target) = other.as_assignment_target() {
                    self.assign_pattern(target, value);
                }
            }
        }
    }

    fn property_of(&mut self, object: ExprId, key: &PropertyKey<'_>, at: Span) -> ExprId {
        match key.static_name() {
            Some(name) => self.builder.member(object, &name, at),
            None => {
                let key = self.key(key);
                self.builder.add(Expr::Index(object, key), at)
            }
        }
    }

    fn slice_from(&mut self, value: ExprId, from: usize, at: Span) -> ExprId {
        let from = self
            .builder
            .constant(crate::ir::Const::Number(from as f64), at);
        let none = self.builder.undefined(at);
        let parts = self.builder.list(&[from, none, none]);
        self.builder.add(Expr::Slice(value, parts), at)
    }

    pub(super) fn with_default(
        &mut self,
        value: ExprId,
        default: &Expression<'_>,
        at: Span,
    ) -> ExprId {
        let default = self.expression(default);
        self.builder
            .add(Expr::Logic(crate::ir::Logic::Nullish, value, default), at)
    }
}
