//! Expressions.

use super::{Lowering, span};
use crate::ir::{Binary, Const, Expr as Ir, ExprId, Logic, Span, Stmt as IrStmt, Unary};
use ruff_python_ast::{
    Arguments, BoolOp, CmpOp, Comprehension, ConversionFlag, Expr, ExprBinOp, FStringPart,
    InterpolatedStringElement, Number, Operator, Parameters, UnaryOp,
};

impl Lowering {
    pub(super) fn expression(&mut self, expression: &Expr) -> ExprId {
        let at = span(expression);
        self.deeper(|this| this.expression_here(expression, at))
            .unwrap_or_else(|| self.builder.other(&[], at))
    }

    #[allow(clippy::too_many_lines, reason = "one arm a kind of expression")]
    fn expression_here(&mut self, expression: &Expr, at: Span) -> ExprId {
        match expression {
            Expr::BoolOp(operation) => {
                let logic = if operation.op == BoolOp::And {
                    Logic::And
                } else {
                    Logic::Or
                };
                let mut values = operation.values.iter();
                let Some(first) = values.next() else {
                    return self.builder.undefined(at);
                };
                let mut left = self.expression(first);
                for value in values {
                    let right = self.expression(value);
                    left = self.builder.add(Ir::Logic(logic, left, right), at);
                }
                left
            }
            Expr::Named(named) => {
                let value = self.expression(&named.value);
                self.bind(&named.target, value, &mut Vec::new());
                value
            }
            Expr::BinOp(operation) => self.binary(operation, at),
            Expr::UnaryOp(operation) => {
                let value = self.expression(&operation.operand);
                let operator = match operation.op {
                    UnaryOp::Invert => Unary::BitNot,
                    UnaryOp::Not => Unary::Not,
                    UnaryOp::UAdd => Unary::Plus,
                    UnaryOp::USub => Unary::Neg,
                };
                self.builder.add(Ir::Unary(operator, value), at)
            }
            Expr::Lambda(lambda) => {
                let defaults = lambda.parameters.as_ref();
                let defaults = defaults.map(|parameters| self.defaults(parameters));
                let (id, back) = self.builder.enter_function(None, false);
                let mut body = Vec::new();
                if let (Some(parameters), Some(defaults)) = (&lambda.parameters, defaults) {
                    body = self.parameters(id, parameters, &defaults, false);
                }
                let value = self.expression(&lambda.body);
                self.builder.function_mut(id).returns.push(value);
                body.push(IrStmt::Return(Some(value)));
                self.builder.set_body(id, body);
                self.builder.leave(back);
                self.builder.add(Ir::Function(id), at)
            }
            Expr::If(choice) => {
                let test = self.expression(&choice.test);
                let then = self.expression(&choice.body);
                let other = self.expression(&choice.orelse);
                self.builder.add(Ir::Cond(test, then, other), at)
            }
            Expr::Dict(dict) => {
                let mut entries = Vec::new();
                for item in &dict.items {
                    let value = self.expression(&item.value);
                    match &item.key {
                        Some(key) => {
                            let key = self.expression(key);
                            entries.extend([key, value]);
                        }
                        None => {
                            let spread = self.builder.add(Ir::Spread(value), at);
                            entries.extend([spread, spread]);
                        }
                    }
                }
                let entries = self.builder.list(&entries);
                self.builder.add(Ir::Object(entries), at)
            }
            Expr::Set(set) => self.array(&set.elts, at),
            Expr::List(list) => self.array(&list.elts, at),
            Expr::Tuple(tuple) => self.array(&tuple.elts, at),
            Expr::ListComp(comprehension) => {
                self.comprehension(&comprehension.elt, None, &comprehension.generators, at)
            }
            Expr::SetComp(comprehension) => {
                self.comprehension(&comprehension.elt, None, &comprehension.generators, at)
            }
            Expr::Generator(comprehension) => {
                self.comprehension(&comprehension.elt, None, &comprehension.generators, at)
            }
            Expr::DictComp(comprehension) => self.comprehension(
                &comprehension.value,
                comprehension.key.as_deref(),
                &comprehension.generators,
                at,
            ),
            Expr::Await(awaited) => {
                let value = self.expression(&awaited.value);
                self.builder.add(Ir::Await(value), at)
            }
            Expr::Yield(yielded) => {
                let value = match &yielded.value {
                    Some(value) => self.expression(value),
                    None => self.builder.undefined(at),
                };
                self.yielded(value, at)
            }
            Expr::YieldFrom(yielded) => {
                let value = self.expression(&yielded.value);
                self.yielded(value, at)
            }
            Expr::Compare(compare) => {
                let left = self.expression(&compare.left);
                let mut result = None;
                let mut before = left;
                for (operator, right) in compare.ops.iter().zip(&compare.comparators) {
                    let right = self.expression(right);
                    let part = self.compare(*operator, before, right, at);
                    result = Some(match result {
                        None => part,
                        Some(result) => self.builder.add(Ir::Logic(Logic::And, result, part), at),
                    });
                    before = right;
                }
                result.unwrap_or(left)
            }
            Expr::Call(call) => {
                let callee = self.expression(&call.func);
                let args = self.arguments(&call.arguments, at);
                self.builder.call(callee, &args, false, at)
            }
            Expr::FString(text) => {
                let mut parts = Vec::new();
                for part in &text.value {
                    match part {
                        FStringPart::Literal(literal) => {
                            parts.push(self.builder.text(&literal.value, at))
                        }
                        FStringPart::FString(inner) => {
                            self.interpolated(&inner.elements, at, &mut parts)
                        }
                    }
                }
                self.builder.concat(&parts, at)
            }
            Expr::TString(text) => {
                let mut parts = Vec::new();
                for inner in &text.value {
                    self.interpolated(&inner.elements, at, &mut parts);
                }
                self.builder.concat(&parts, at)
            }
            Expr::StringLiteral(text) => self.builder.text(text.value.to_str(), at),
            Expr::BytesLiteral(bytes) => {
                let bytes: Vec<u8> = bytes
                    .value
                    .iter()
                    .flat_map(|part| part.value.iter().copied())
                    .collect();
                self.builder.constant(Const::Bytes(bytes.into()), at)
            }
            Expr::NumberLiteral(number) => {
                let value = match &number.value {
                    Number::Int(int) => int.as_i64().map_or_else(
                        || int.to_string().parse().unwrap_or(f64::NAN),
                        |int| int as f64,
                    ),
                    Number::Float(float) => *float,
                    Number::Complex { .. } => f64::NAN,
                };
                self.builder.constant(Const::Number(value), at)
            }
            Expr::BooleanLiteral(value) => self.builder.constant(Const::Bool(value.value), at),
            Expr::NoneLiteral(_) => self.builder.constant(Const::Null, at),
            Expr::EllipsisLiteral(_) => self.builder.undefined(at),
            Expr::Attribute(attribute) => {
                let object = self.expression(&attribute.value);
                self.builder.member(object, attribute.attr.as_str(), at)
            }
            Expr::Subscript(subscript) => {
                let object = self.expression(&subscript.value);
                match &*subscript.slice {
                    Expr::Slice(slice) => {
                        let mut parts = Vec::new();
                        for part in [&slice.lower, &slice.upper, &slice.step] {
                            parts.push(match part {
                                Some(part) => self.expression(part),
                                None => self.builder.undefined(at),
                            });
                        }
                        let parts = self.builder.list(&parts);
                        self.builder.add(Ir::Slice(object, parts), at)
                    }
                    Expr::StringLiteral(key) => self.builder.member(object, key.value.to_str(), at),
                    key => {
                        let key = self.expression(key);
                        self.builder.add(Ir::Index(object, key), at)
                    }
                }
            }
            Expr::Starred(starred) => {
                let value = self.expression(&starred.value);
                self.builder.add(Ir::Spread(value), at)
            }
            // In the body of a class its methods have their names.
            Expr::Name(name) => match self.methods.get(name.id.as_str()) {
                Some(method) if self.class.is_some() && name.ctx.is_load() => {
                    let method = self.builder.program().expr(*method);
                    self.builder.add(method, at)
                }
                _ => self.builder.name(name.id.as_str(), at),
            },
            Expr::Slice(_) | Expr::IpyEscapeCommand(_) => self.builder.other(&[], at),
        }
    }

    fn array(&mut self, items: &[Expr], at: Span) -> ExprId {
        let items: Vec<_> = items.iter().map(|item| self.expression(item)).collect();
        let items = self.builder.list(&items);
        self.builder.add(Ir::Array(items), at)
    }

    fn yielded(&mut self, value: ExprId, at: Span) -> ExprId {
        let function = self.builder.current();
        self.builder.function_mut(function).returns.push(value);
        self.builder.add(Ir::Yield(value), at)
    }

    /// A chain of `+` is one list, however long it is.
    fn binary(&mut self, operation: &ExprBinOp, at: Span) -> ExprId {
        if operation.op == Operator::Add {
            let mut chain = vec![&*operation.right];
            let mut left = &*operation.left;
            while let Expr::BinOp(inner) = left
                && inner.op == Operator::Add
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
                if parts
                    .iter()
                    .any(|part| self.builder.program().text(*part).is_some())
                {
                    return self.builder.concat(&parts, at);
                }
                let mut sum = parts[0];
                for part in &parts[1..] {
                    sum = self.builder.binary(Binary::Add, sum, *part, at);
                }
                return sum;
            }
        }
        let left = self.expression(&operation.left);
        let right = self.expression(&operation.right);
        self.builder.binary(operator(operation.op), left, right, at)
    }

    fn compare(&mut self, operator: CmpOp, left: ExprId, right: ExprId, at: Span) -> ExprId {
        let (operator, negated) = match operator {
            CmpOp::Eq => (Binary::Eq, false),
            CmpOp::NotEq => (Binary::Ne, false),
            CmpOp::Lt => (Binary::Lt, false),
            CmpOp::LtE => (Binary::Le, false),
            CmpOp::Gt => (Binary::Gt, false),
            CmpOp::GtE => (Binary::Ge, false),
            CmpOp::Is => (Binary::Is, false),
            CmpOp::IsNot => (Binary::Is, true),
            CmpOp::In => (Binary::In, false),
            CmpOp::NotIn => (Binary::In, true),
        };
        let result = self.builder.binary(operator, left, right, at);
        if negated {
            self.builder.add(Ir::Unary(Unary::Not, result), at)
        } else {
            result
        }
    }

    /// Arguments; those with a name come last, as one object.
    pub(super) fn arguments(&mut self, arguments: &Arguments, at: Span) -> Vec<ExprId> {
        let mut args: Vec<_> = arguments
            .args
            .iter()
            .map(|argument| self.expression(argument))
            .collect();
        if !arguments.keywords.is_empty() {
            let mut entries = Vec::new();
            for keyword in &arguments.keywords {
                let value = self.expression(&keyword.value);
                match &keyword.arg {
                    Some(name) => {
                        let key = self.builder.text(name.as_str(), at);
                        entries.extend([key, value]);
                    }
                    None => {
                        let spread = self.builder.add(Ir::Spread(value), at);
                        entries.extend([spread, spread]);
                    }
                }
            }
            let entries = self.builder.list(&entries);
            args.push(self.builder.add(Ir::Keywords(entries), at));
        }
        args
    }

    fn interpolated(
        &mut self,
        elements: &ruff_python_ast::InterpolatedStringElements,
        at: Span,
        into: &mut Vec<ExprId>,
    ) {
        for element in elements {
            match element {
                InterpolatedStringElement::Literal(literal) => {
                    into.push(self.builder.text(&literal.value, at))
                }
                InterpolatedStringElement::Interpolation(inner) => {
                    let value = self.expression(&inner.expression);
                    if let Some(format) = &inner.format_spec {
                        self.format(&format.elements);
                    }
                    into.push(match inner.conversion {
                        ConversionFlag::Repr => self.builder.add(Ir::Unary(Unary::Repr, value), at),
                        _ => value,
                    });
                }
            }
        }
    }

    /// How something is written is computed as well: `f"{x:{width()}}"`. The text is taken
    /// without it.
    fn format(&mut self, elements: &ruff_python_ast::InterpolatedStringElements) {
        let _ = self.deeper(|this| {
            for element in elements {
                if let InterpolatedStringElement::Interpolation(inner) = element {
                    this.expression(&inner.expression);
                    if let Some(format) = &inner.format_spec {
                        this.format(&format.elements);
                    }
                }
            }
        });
    }

    fn comprehension(
        &mut self,
        element: &Expr,
        key: Option<&Expr>,
        generators: &[Comprehension],
        at: Span,
    ) -> ExprId {
        let Some((first, rest)) = generators.split_first() else {
            let element = self.expression(element);
            return match key {
                Some(key) => {
                    let key = self.expression(key);
                    let pair = self.builder.list(&[key, element]);
                    self.builder.add(Ir::Array(pair), at)
                }
                None => element,
            };
        };
        let back = self.builder.enter_scope();
        let over = self.expression(&first.iter);
        let item = self.builder.add(Ir::Element(over), at);
        let target = self.target(&first.target, item);
        let body = self
            .deeper(|this| this.comprehension(element, key, rest, at))
            .unwrap_or(item);
        let conditions: Vec<_> = first
            .ifs
            .iter()
            .map(|condition| self.expression(condition))
            .collect();
        self.builder.leave(back);
        let parts: Vec<_> = [target, over, body].into_iter().chain(conditions).collect();
        let parts = self.builder.list(&parts);
        self.builder.add(Ir::Comprehend(parts), at)
    }

    /// The target of a loop as an expression that can be assigned to; its variables are
    /// declared here.
    pub(super) fn target(&mut self, target: &Expr, value: ExprId) -> ExprId {
        let at = span(target);
        match target {
            Expr::Name(name) => {
                self.builder.declare(name.id.as_str());
                let name = self.builder.name(name.id.as_str(), at);
                self.builder.assign(name, value, at);
                name
            }
            Expr::Tuple(ruff_python_ast::ExprTuple { elts, .. })
            | Expr::List(ruff_python_ast::ExprList { elts, .. }) => {
                let mut parts = Vec::new();
                for (index, part) in elts.iter().enumerate() {
                    let element = self.builder.member(value, &index.to_string(), at);
                    parts.push(self.target(part, element));
                }
                let parts = self.builder.list(&parts);
                self.builder.add(Ir::Array(parts), at)
            }
            other => self.expression(other),
        }
    }

    /// What parameters are where nobody gives them: it is computed once, where the function is
    /// defined, and not where it runs. In the order of the parameters.
    pub(super) fn defaults(&mut self, parameters: &Parameters) -> Vec<Option<ExprId>> {
        each_parameter(parameters)
            .map(|parameter| {
                let default = parameter.default.as_ref();
                default.map(|default| self.expression(default))
            })
            .collect()
    }

    /// Parameters are variables that are assigned at the beginning of the body. Of a
    /// method the first one is the object.
    pub(super) fn parameters(
        &mut self,
        function: crate::ir::FuncId,
        parameters: &Parameters,
        defaults: &[Option<ExprId>],
        method: bool,
    ) -> Vec<IrStmt> {
        let mut prologue = Vec::new();
        let mut index = 0_u16;
        let mut names = Vec::new();
        let mut first = method;
        for (parameter, default) in each_parameter(parameters).zip(defaults) {
            let at = span(parameter);
            let name = parameter.name().as_str();
            let mut value = if first {
                self.builder.add(Ir::This(function), at)
            } else {
                names.push(self.builder.atom(name));
                index = index.saturating_add(1);
                self.builder.add(Ir::Param(function, index - 1), at)
            };
            first = false;
            if let Some(default) = default {
                value = self
                    .builder
                    .add(Ir::Logic(Logic::Nullish, value, *default), at);
            }
            self.builder.declare(name);
            let target = self.builder.name(name, at);
            let assigned = self.builder.assign(target, value, at);
            prologue.push(IrStmt::Expr(assigned));
        }
        for rest in [&parameters.vararg, &parameters.kwarg]
            .into_iter()
            .flatten()
        {
            let at = span(&**rest);
            let name = rest.name.as_str();
            let value = self.builder.add(Ir::Rest(function, index), at);
            self.builder.declare(name);
            let target = self.builder.name(name, at);
            let assigned = self.builder.assign(target, value, at);
            prologue.push(IrStmt::Expr(assigned));
        }
        let built = self.builder.function_mut(function);
        built.params = index;
        built.param_names = names;
        prologue
    }
}

/// The parameters that have a name each, in their order.
pub(super) fn each_parameter(
    parameters: &Parameters,
) -> impl Iterator<Item = &ruff_python_ast::ParameterWithDefault> {
    let named = parameters.posonlyargs.iter().chain(&parameters.args);
    named.chain(&parameters.kwonlyargs)
}

/// Whether an expression calls something.
pub(super) fn calls(expression: &Expr) -> bool {
    ruff_python_ast::helpers::any_over_expr(expression, |part| matches!(part, Expr::Call(_)))
}

pub(super) const fn operator(operator: Operator) -> Binary {
    match operator {
        Operator::Add => Binary::Add,
        Operator::Sub => Binary::Sub,
        Operator::Mult | Operator::MatMult => Binary::Mul,
        Operator::Div => Binary::Div,
        Operator::Mod => Binary::Rem,
        Operator::Pow => Binary::Pow,
        Operator::LShift => Binary::Shl,
        Operator::RShift => Binary::Shr,
        Operator::BitOr => Binary::Or,
        Operator::BitXor => Binary::Xor,
        Operator::BitAnd => Binary::And,
        Operator::FloorDiv => Binary::FloorDiv,
    }
}
