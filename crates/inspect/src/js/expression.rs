//! Expressions.

use super::Lowering;
use crate::ir::{Accessor, Binary, Const, Expr, ExprId, Logic, Regex, Span, Unary};
use oxc_ast::ast::{
    Argument, ArrayExpressionElement, AssignmentTarget, BinaryExpression, ChainElement, Expression,
    JSXAttributeItem, JSXAttributeValue, JSXChild, JSXElement, JSXExpression, ObjectExpression,
    ObjectPropertyKind, PropertyKey, PropertyKind, SimpleAssignmentTarget, TemplateLiteral,
};
use oxc_syntax::operator::{
    AssignmentOperator, BinaryOperator, LogicalOperator, UnaryOperator, UpdateOperator,
};

impl Lowering<'_> {
    pub(super) fn expression(&mut self, expression: &Expression<'_>) -> ExprId {
        let at = self.span(expression);
        self.deeper(|this| this.expression_here(expression, at))
            .unwrap_or_else(|| self.builder.other(&[], at))
    }

    #[allow(clippy::too_many_lines, reason = "one arm a kind of expression")]
    fn expression_here(&mut self, expression: &Expression<'_>, at: Span) -> ExprId {
        match expression {
            Expression::BooleanLiteral(literal) => {
                self.builder.constant(Const::Bool(literal.value), at)
            }
            Expression::NullLiteral(_) => self.builder.constant(Const::Null, at),
            Expression::NumericLiteral(literal) => {
                self.builder.constant(Const::Number(literal.value), at)
            }
            Expression::BigIntLiteral(literal) => {
                let number = literal.value.parse().unwrap_or(f64::NAN);
                self.builder.constant(Const::Number(number), at)
            }
            Expression::RegExpLiteral(literal) => {
                let regex = Regex {
                    pattern: literal.regex.pattern.text.as_str().into(),
                    flags: literal.regex.flags.to_string().into(),
                };
                self.builder.constant(Const::Regex(regex.into()), at)
            }
            Expression::StringLiteral(literal) => self.builder.text(&literal.value, at),
            Expression::TemplateLiteral(template) => self.template(template, at),
            Expression::Identifier(name) if name.name == "undefined" => self.builder.undefined(at),
            Expression::Identifier(name) => self.builder.name(&name.name, at),
            Expression::ArrayExpression(array) => {
                let items: Vec<_> = array
                    .elements
                    .iter()
                    .map(|element| match element {
                        ArrayExpressionElement::SpreadElement(spread) => {
                            self.spread(&spread.argument, at)
                        }
                        ArrayExpressionElement::Elision(_) => self.builder.undefined(at),
                        other => other
                            .as_expression()
                            .map_or_else(|| ExprId(0), |value| self.expression(value)),
                    })
                    .collect();
                let items = self.builder.list(&items);
                self.builder.add(Expr::Array(items), at)
            }
            Expression::ObjectExpression(object) => self.object(object, at),
            Expression::ArrowFunctionExpression(arrow) => self.arrow(arrow),
            Expression::FunctionExpression(function) => self.function(function, None),
            Expression::ClassExpression(class) => self.class(class),
            Expression::AssignmentExpression(assignment) => {
                let value = self.expression(&assignment.right);
                self.assignment(&assignment.left, assignment.operator, value, at)
            }
            Expression::AwaitExpression(awaited) => {
                let value = self.expression(&awaited.argument);
                let waits = self.builder.add(Expr::Await(value), at);
                if matches!(awaited.argument, Expression::CallExpression(_)) {
                    self.awaited.push((self.builder.current(), value));
                }
                // What is no promise may have a function that is called by it.
                if matches!(
                    awaited.argument,
                    Expression::ObjectExpression(_)
                        | Expression::Identifier(_)
                        | Expression::NewExpression(_)
                ) {
                    self.builder.list_call(waits);
                }
                waits
            }
            Expression::YieldExpression(yielded) => {
                let value = match &yielded.argument {
                    Some(value) => self.expression(value),
                    None => self.builder.undefined(at),
                };
                // `yield* list` gives each of its elements.
                let value = match yielded.delegate {
                    true => self.builder.add(Expr::Spread(value), at),
                    false => value,
                };
                if self.yield_waits() {
                    return self.builder.add(Expr::Await(value), at);
                }
                let function = self.builder.current();
                self.builder.function_mut(function).returns.push(value);
                self.builder.add(Expr::Yield(value), at)
            }
            Expression::BinaryExpression(binary) => self.binary(binary, at),
            Expression::LogicalExpression(logical) => {
                let left = self.expression(&logical.left);
                let right = self.expression(&logical.right);
                let logic = match logical.operator {
                    LogicalOperator::And => Logic::And,
                    LogicalOperator::Or => Logic::Or,
                    LogicalOperator::Coalesce => Logic::Nullish,
                };
                self.builder.add(Expr::Logic(logic, left, right), at)
            }
            Expression::ConditionalExpression(choice) => {
                let test = self.expression(&choice.test);
                let then = self.expression(&choice.consequent);
                let other = self.expression(&choice.alternate);
                self.builder.add(Expr::Cond(test, then, other), at)
            }
            Expression::UnaryExpression(unary) => {
                let value = self.expression(&unary.argument);
                let operator = match unary.operator {
                    UnaryOperator::UnaryPlus => Unary::Plus,
                    UnaryOperator::UnaryNegation => Unary::Neg,
                    UnaryOperator::LogicalNot => Unary::Not,
                    UnaryOperator::BitwiseNot => Unary::BitNot,
                    UnaryOperator::Typeof => Unary::TypeOf,
                    UnaryOperator::Void => Unary::Void,
                    UnaryOperator::Delete => Unary::Delete,
                };
                self.builder.add(Expr::Unary(operator, value), at)
            }
            Expression::UpdateExpression(update) => {
                let target = self.simple_target(&update.argument);
                let up = update.operator == UpdateOperator::Increment;
                self.builder.add(
                    Expr::Update {
                        target,
                        up,
                        prefix: update.prefix,
                    },
                    at,
                )
            }
            Expression::SequenceExpression(sequence) => {
                let items: Vec<_> = sequence
                    .expressions
                    .iter()
                    .map(|item| self.expression(item))
                    .collect();
                let items = self.builder.list(&items);
                self.builder.add(Expr::Sequence(items), at)
            }
            Expression::CallExpression(call) => self.call(&call.callee, &call.arguments, false, at),
            Expression::NewExpression(call) => self.call(&call.callee, &call.arguments, true, at),
            Expression::ChainExpression(chain) => match &chain.expression {
                ChainElement::CallExpression(call) => {
                    self.call(&call.callee, &call.arguments, false, at)
                }
                ChainElement::TSNonNullExpression(inner) => self.expression(&inner.expression),
                ChainElement::StaticMemberExpression(member) => {
                    self.reads_answer |= member.property.name == "response";
                    let object = self.expression(&member.object);
                    self.builder.member(object, &member.property.name, at)
                }
                ChainElement::ComputedMemberExpression(member) => {
                    let object = self.expression(&member.object);
                    self.index(object, &member.expression, at)
                }
                ChainElement::PrivateFieldExpression(member) => {
                    let object = self.expression(&member.object);
                    self.builder
                        .member(object, &format!("#{}", member.field.name), at)
                }
            },
            Expression::StaticMemberExpression(member) => {
                self.reads_answer |= member.property.name == "response";
                let object = self.expression(&member.object);
                self.builder.member(object, &member.property.name, at)
            }
            Expression::ComputedMemberExpression(member) => {
                let object = self.expression(&member.object);
                self.index(object, &member.expression, at)
            }
            Expression::PrivateFieldExpression(member) => {
                let object = self.expression(&member.object);
                self.builder
                    .member(object, &format!("#{}", member.field.name), at)
            }
            Expression::ImportExpression(import) => {
                let source = self.expression(&import.source);
                let id = self.builder.add(Expr::Import(source), at);
                self.builder.list_call(id);
                id
            }
            Expression::TaggedTemplateExpression(tagged) => {
                let callee = self.expression(&tagged.tag);
                // Its parts, and each value for itself.
                let mut args = vec![self.template(&tagged.quasi, at)];
                let program = self.builder.program();
                if let Expr::Concat(parts) = program.expr(args[0]) {
                    let parts = program.list(parts).iter().copied();
                    let values =
                        parts.filter(|part| !matches!(program.expr(*part), Expr::Const(_)));
                    args.extend(values.collect::<Vec<_>>());
                }
                self.builder.call(callee, &args, false, at)
            }
            Expression::ThisExpression(_) => {
                let function = self.builder.current();
                self.builder.add(Expr::This(function), at)
            }
            Expression::Super(_) => self.builder.name("super", at),
            Expression::ImportMeta(_) => self.builder.name("import.meta", at),
            Expression::NewTarget(_) => self.builder.undefined(at),
            Expression::PrivateInExpression(test) => {
                let right = self.expression(&test.right);
                self.builder.other(&[right], at)
            }
            Expression::ParenthesizedExpression(inner) => self.expression(&inner.expression),
            Expression::TSAsExpression(inner) => self.expression(&inner.expression),
            Expression::TSSatisfiesExpression(inner) => self.expression(&inner.expression),
            Expression::TSTypeAssertion(inner) => self.expression(&inner.expression),
            Expression::TSNonNullExpression(inner) => self.expression(&inner.expression),
            Expression::TSInstantiationExpression(inner) => self.expression(&inner.expression),
            Expression::JSXElement(element) => self.element(element),
            Expression::JSXFragment(fragment) => self.children(&fragment.children, at),
            _ => self.builder.other(&[], at),
        }
    }

    pub(super) fn index(&mut self, object: ExprId, key: &Expression<'_>, at: Span) -> ExprId {
        if let Expression::StringLiteral(key) = key {
            return self.builder.member(object, &key.value, at);
        }
        let key = self.expression(key);
        self.builder.add(Expr::Index(object, key), at)
    }

    fn call(
        &mut self,
        callee: &Expression<'_>,
        arguments: &[Argument<'_>],
        new: bool,
        at: Span,
    ) -> ExprId {
        if !new && let Some(compiled) = self.call_of_compiler(callee, arguments, at) {
            return compiled;
        }
        let callee = self.expression(callee);
        let args = self.arguments(arguments);
        self.builder.call(callee, &args, new, at)
    }

    fn arguments(&mut self, arguments: &[Argument<'_>]) -> Vec<ExprId> {
        arguments
            .iter()
            .map(|argument| match argument {
                Argument::SpreadElement(spread) => {
                    self.spread(&spread.argument, self.span(argument))
                }
                other => match other.as_expression() {
                    Some(value) => self.expression(value),
                    None => self.builder.undefined(self.span(argument)),
                },
            })
            .collect()
    }

    fn spread(&mut self, value: &Expression<'_>, at: Span) -> ExprId {
        let value = self.expression(value);
        self.builder.add(Expr::Spread(value), at)
    }

    fn template(&mut self, template: &TemplateLiteral<'_>, at: Span) -> ExprId {
        let mut parts = Vec::new();
        for (index, quasi) in template.quasis.iter().enumerate() {
            let text = quasi.value.cooked.as_ref().unwrap_or(&quasi.value.raw);
            if !text.is_empty() || template.expressions.is_empty() {
                parts.push(self.builder.text(text, self.span(quasi)));
            }
            if let Some(value) = template.expressions.get(index) {
                parts.push(self.expression(value));
            }
        }
        match parts[..] {
            [only] if template.expressions.is_empty() => only,
            _ => self.builder.concat(&parts, at),
        }
    }

    /// A chain of `+` is one list, however long it is.
    fn binary(&mut self, binary: &BinaryExpression<'_>, at: Span) -> ExprId {
        if binary.operator == BinaryOperator::Addition {
            let mut chain = vec![&binary.right];
            let mut left = &binary.left;
            while let Expression::BinaryExpression(inner) = left
                && inner.operator == BinaryOperator::Addition
            {
                chain.push(&inner.right);
                left = &inner.left;
            }
            if chain.len() > 8 {
                chain.push(left);
                let parts: Vec<_> = chain
                    .into_iter()
                    .rev()
                    .map(|part| self.expression(part))
                    .collect();
                return self.chain_of_sums(&parts, at);
            }
        }
        let left = self.expression(&binary.left);
        let right = self.expression(&binary.right);
        self.builder
            .binary(operator(binary.operator), left, right, at)
    }

    /// Sums of eight and more parts: texts where one of them is a text.
    fn chain_of_sums(&mut self, parts: &[ExprId], at: Span) -> ExprId {
        let any_text = parts
            .iter()
            .any(|part| self.builder.program().text(*part).is_some());
        if any_text {
            return self.builder.concat(parts, at);
        }
        let mut sum = parts[0];
        for part in &parts[1..] {
            sum = self.builder.binary(Binary::Add, sum, *part, at);
        }
        sum
    }

    fn object(&mut self, object: &ObjectExpression<'_>, at: Span) -> ExprId {
        let mut entries = Vec::new();
        for property in &object.properties {
            match property {
                ObjectPropertyKind::ObjectProperty(property) => {
                    entries.push(self.key(&property.key));
                    let name = property.key.static_name();
                    let value = match &property.value {
                        Expression::FunctionExpression(function) => {
                            self.function(function, name.as_deref())
                        }
                        value => self.expression(value),
                    };
                    match property.kind {
                        PropertyKind::Get => self.accessor(value, Accessor::Get),
                        PropertyKind::Set => self.accessor(value, Accessor::Set),
                        PropertyKind::Init => {}
                    }
                    entries.push(value);
                }
                ObjectPropertyKind::SpreadProperty(spread) => {
                    let value = self.spread(&spread.argument, self.span(property));
                    entries.extend([value, value]);
                }
            }
        }
        let entries = self.builder.list(&entries);
        self.builder.add(Expr::Object(entries), at)
    }

    pub(super) fn key(&mut self, key: &PropertyKey<'_>) -> ExprId {
        let at = self.span(key);
        match key {
            PropertyKey::StaticIdentifier(name) => self.builder.text(&name.name, at),
            PropertyKey::PrivateIdentifier(name) => {
                self.builder.text(&format!("#{}", name.name), at)
            }
            other => match other.as_expression() {
                Some(Expression::NumericLiteral(number)) => {
                    self.builder.text(&number.value.to_string(), at)
                }
                Some(value) => self.expression(value),
                None => self.builder.undefined(at),
            },
        }
    }

    fn assignment(
        &mut self,
        target: &AssignmentTarget<'_>,
        operator: AssignmentOperator,
        value: ExprId,
        at: Span,
    ) -> ExprId {
        let Some(simple) = target.as_simple_assignment_target() else {
            if let Some(all) = self.assign_together(target, value, at) {
                return all;
            }
            self.assign_pattern(target, value);
            return value;
        };
        let left = self.simple_target(simple);
        let value = match operator {
            AssignmentOperator::Assign => value,
            AssignmentOperator::LogicalAnd => {
                self.builder.add(Expr::Logic(Logic::And, left, value), at)
            }
            AssignmentOperator::LogicalOr => {
                self.builder.add(Expr::Logic(Logic::Or, left, value), at)
            }
            AssignmentOperator::LogicalNullish => self
                .builder
                .add(Expr::Logic(Logic::Nullish, left, value), at),
            other => self.builder.binary(compound(other), left, value, at),
        };
        self.builder.assign(left, value, at)
    }

    pub(super) fn simple_target(&mut self, target: &SimpleAssignmentTarget<'_>) -> ExprId {
        let at = self.span(target);
        match target {
            SimpleAssignmentTarget::AssignmentTargetIdentifier(name) => {
                self.builder.name(&name.name, at)
            }
            SimpleAssignmentTarget::StaticMemberExpression(member) => {
                let object = self.expression(&member.object);
                self.builder.member(object, &member.property.name, at)
            }
            SimpleAssignmentTarget::ComputedMemberExpression(member) => {
                let object = self.expression(&member.object);
                self.index(object, &member.expression, at)
            }
            SimpleAssignmentTarget::PrivateFieldExpression(member) => {
                let object = self.expression(&member.object);
                self.builder
                    .member(object, &format!("#{}", member.field.name), at)
            }
            other => match other.get_expression() {
                Some(inner) => self.expression(inner),
                None => self.builder.other(&[], at),
            },
        }
    }

    fn element(&mut self, element: &JSXElement<'_>) -> ExprId {
        let at = self.span(element);
        let mut parts = Vec::new();
        for attribute in &element.opening_element.attributes {
            match attribute {
                JSXAttributeItem::Attribute(attribute) => match &attribute.value {
                    Some(JSXAttributeValue::ExpressionContainer(container)) => {
                        parts.extend(self.contained(&container.expression))
                    }
                    Some(JSXAttributeValue::Element(inner)) => {
                        let part = self.deeper(|this| this.element(inner));
                        parts.extend(part);
                    }
                    Some(JSXAttributeValue::StringLiteral(text)) => {
                        parts.push(self.builder.text(&text.value, at))
                    }
                    Some(JSXAttributeValue::Fragment(_)) | None => {}
                },
                JSXAttributeItem::SpreadAttribute(spread) => {
                    parts.push(self.expression(&spread.argument))
                }
            }
        }
        parts.push(self.children(&element.children, at));
        self.builder.other(&parts, at)
    }

    fn children(&mut self, children: &[JSXChild<'_>], at: Span) -> ExprId {
        let mut parts = Vec::new();
        for child in children {
            match child {
                JSXChild::Element(element) => {
                    let part = self.deeper(|this| this.element(element));
                    parts.extend(part);
                }
                JSXChild::Fragment(fragment) => {
                    let part = self.deeper(|this| this.children(&fragment.children, at));
                    parts.extend(part);
                }
                JSXChild::ExpressionContainer(container) => {
                    parts.extend(self.contained(&container.expression))
                }
                JSXChild::Spread(spread) => parts.push(self.expression(&spread.expression)),
                JSXChild::Text(_) => {}
            }
        }
        self.builder.other(&parts, at)
    }

    fn contained(&mut self, expression: &JSXExpression<'_>) -> Option<ExprId> {
        expression
            .as_expression()
            .map(|value| self.expression(value))
    }
}

const fn operator(operator: BinaryOperator) -> Binary {
    match operator {
        BinaryOperator::Equality | BinaryOperator::StrictEquality => Binary::Eq,
        BinaryOperator::Inequality | BinaryOperator::StrictInequality => Binary::Ne,
        BinaryOperator::LessThan => Binary::Lt,
        BinaryOperator::LessEqualThan => Binary::Le,
        BinaryOperator::GreaterThan => Binary::Gt,
        BinaryOperator::GreaterEqualThan => Binary::Ge,
        BinaryOperator::Addition => Binary::Add,
        BinaryOperator::Subtraction => Binary::Sub,
        BinaryOperator::Multiplication => Binary::Mul,
        BinaryOperator::Division => Binary::Div,
        BinaryOperator::Remainder => Binary::Rem,
        BinaryOperator::Exponential => Binary::Pow,
        BinaryOperator::ShiftLeft => Binary::Shl,
        BinaryOperator::ShiftRight => Binary::Shr,
        BinaryOperator::ShiftRightZeroFill => Binary::UShr,
        BinaryOperator::BitwiseOR => Binary::Or,
        BinaryOperator::BitwiseXOR => Binary::Xor,
        BinaryOperator::BitwiseAnd => Binary::And,
        BinaryOperator::In => Binary::In,
        BinaryOperator::Instanceof => Binary::Is,
    }
}

const fn compound(operator: AssignmentOperator) -> Binary {
    match operator {
        AssignmentOperator::Subtraction => Binary::Sub,
        AssignmentOperator::Multiplication => Binary::Mul,
        AssignmentOperator::Division => Binary::Div,
        AssignmentOperator::Remainder => Binary::Rem,
        AssignmentOperator::Exponential => Binary::Pow,
        AssignmentOperator::ShiftLeft => Binary::Shl,
        AssignmentOperator::ShiftRight => Binary::Shr,
        AssignmentOperator::ShiftRightZeroFill => Binary::UShr,
        AssignmentOperator::BitwiseOR => Binary::Or,
        AssignmentOperator::BitwiseXOR => Binary::Xor,
        AssignmentOperator::BitwiseAnd => Binary::And,
        _ => Binary::Add,
    }
}
