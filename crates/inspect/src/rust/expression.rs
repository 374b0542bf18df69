//! Expressions, and the statements and patterns in them.

use super::Lowering;
use super::handed::Handed;
use super::paths::{is_for_c, plain};
use super::types::type_name;
use crate::ir::{Binary, Const, Draft, Expr as Ir, ExprId, Logic, Span, Stmt as IrStmt, Unary};
use syn::{BinOp, Expr, Lit, Pat, Stmt, UnOp};

impl Lowering {
    pub(super) fn bind(&mut self, pattern: &Pat, value: ExprId, at: Span) {
        match pattern {
            Pat::Ident(name) => self.assign_name(&name.ident.to_string(), value, at),
            Pat::Tuple(tuple) => {
                for (index, part) in tuple.elems.iter().enumerate() {
                    let element = self.builder.member(value, &index.to_string(), at);
                    let _ = self.deeper(|this| this.bind(part, element, at));
                }
            }
            Pat::TupleStruct(inner) => {
                for part in &inner.elems {
                    let _ = self.deeper(|this| this.bind(part, value, at));
                }
            }
            Pat::Reference(inner) => self.bind(&inner.pat, value, at),
            Pat::Type(inner) => self.bind(&inner.pat, value, at),
            Pat::Paren(inner) => self.bind(&inner.pat, value, at),
            Pat::Struct(inner) => {
                for field in &inner.fields {
                    let name = match &field.member {
                        syn::Member::Named(name) => name.to_string(),
                        syn::Member::Unnamed(index) => index.index.to_string(),
                    };
                    let held = self.builder.member(value, &name, at);
                    let _ = self.deeper(|this| this.bind(&field.pat, held, at));
                }
            }
            Pat::Or(inner) => {
                for case in &inner.cases {
                    let _ = self.deeper(|this| this.bind(case, value, at));
                }
            }
            Pat::Slice(inner) => {
                for part in &inner.elems {
                    let _ = self.deeper(|this| this.bind(part, value, at));
                }
            }
            _ => {}
        }
    }

    /// Lowers statements; the value of the last one, if it has one.
    pub(super) fn statements(&mut self, statements: &[Stmt]) -> Option<ExprId> {
        let mut last = None;
        for (number, statement) in statements.iter().enumerate() {
            last = None;
            let at = self.span(statement);
            match statement {
                Stmt::Local(local) => {
                    let value = match &local.init {
                        Some(init) => {
                            self.is_list =
                                matches!(&local.pat, Pat::Type(typed) if is_list(&typed.ty));
                            let value = self.expression(&init.expr);
                            self.is_list = false;
                            let value = match &local.pat {
                                Pat::Type(typed) => self.made_for(&typed.ty, &init.expr, value),
                                _ => value,
                            };
                            if let Some((_, other)) = &init.diverge {
                                let _ = self.expression(other);
                            }
                            value
                        }
                        None => self.builder.undefined(at),
                    };
                    self.bind(&local.pat, value, at);
                }
                Stmt::Item(item) => {
                    let _ = self.deeper(|this| this.item(item));
                }
                Stmt::Expr(expression, semicolon) => {
                    let value = self.expression(expression);
                    let is_value = semicolon.is_none() && number + 1 == statements.len();
                    // What has statements of its own has been run by them.
                    if is_value || !has_statements(expression) {
                        self.body.push(IrStmt::Expr(value));
                    }
                    if semicolon.is_none() {
                        last = Some(value);
                    }
                }
                Stmt::Macro(call) => {
                    if let Some(inner) = self.statements_of(&call.mac) {
                        let value = self.deeper(|this| this.statements(&inner)).flatten();
                        if call.semi_token.is_none() {
                            last = value;
                        }
                        continue;
                    }
                    let value = self.macro_call(&call.mac, at);
                    self.body.push(IrStmt::Expr(value));
                    if call.semi_token.is_none() {
                        last = Some(value);
                    }
                }
            }
        }
        last
    }

    /// Ends a body with the value that it gives, which is computed once.
    pub(super) fn give(&mut self, value: ExprId) {
        if matches!(self.body.last(), Some(IrStmt::Expr(last)) if *last == value) {
            self.body.pop();
        }
        self.body.push(IrStmt::Return(Some(value)));
    }

    /// The value of a closure's body.
    fn body_of_closure(&mut self, body: &Expr, at: Span) -> ExprId {
        let Expr::Block(block) = body else {
            return self.expression(body);
        };
        let back = self.builder.enter_scope();
        let last = self.deeper(|this| this.statements(&block.block.stmts));
        self.builder.leave(back);
        last.flatten().unwrap_or_else(|| self.builder.undefined(at))
    }

    /// A block of its own, with its value.
    fn block(&mut self, block: &syn::Block, at: Span) -> (Draft, ExprId) {
        let around = std::mem::take(&mut self.body);
        let back = self.builder.enter_scope();
        let last = self.statements(&block.stmts);
        self.builder.leave(back);
        let body = std::mem::replace(&mut self.body, around);
        let value = last.unwrap_or_else(|| self.builder.undefined(at));
        (body, value)
    }

    pub(super) fn expression(&mut self, expression: &Expr) -> ExprId {
        let at = self.span(expression);
        self.deeper(|this| this.expression_here(expression, at))
            .unwrap_or_else(|| self.builder.other(&[], at))
    }

    pub(super) fn all<'e>(
        &mut self,
        expressions: impl IntoIterator<Item = &'e Expr>,
    ) -> Vec<ExprId> {
        expressions
            .into_iter()
            .map(|expression| self.expression(expression))
            .collect()
    }

    #[allow(clippy::too_many_lines, reason = "one arm a kind of expression")]
    fn expression_here(&mut self, expression: &Expr, at: Span) -> ExprId {
        // The type that is written is that of what comes last.
        let is_list = std::mem::take(&mut self.is_list);
        match expression {
            Expr::Lit(literal) => self.literal(&literal.lit, at),
            Expr::Path(path) if path.qself.is_none() => self.path(&path.path, at),
            Expr::Path(path) => {
                // `<A as T>::f`, handed over.
                let own = path.qself.as_ref().and_then(|of| type_name(&of.ty));
                let last = path.path.segments.last();
                match (own, last) {
                    (Some(own), Some(last)) => self.dotted(&format!("{own}.{}", last.ident), at),
                    _ => self.path(&path.path, at),
                }
            }
            Expr::Call(call) => {
                let args = self.all(&call.args);
                // `Some(x)`, `Ok(x)` are what they hold.
                if let Expr::Path(path) = plain(&call.func) {
                    if let Some(only) = Self::wrapped(&path.path, &args) {
                        return only;
                    }
                    if let Some(made) = self.called(path, &args, at) {
                        return made;
                    }
                    if let Some(made) = self.made_later(&path.path, &args, at) {
                        return made;
                    }
                }
                let callee = self.expression(&call.func);
                self.builder.call(callee, &args, false, at)
            }
            Expr::MethodCall(call) => {
                let name = call.method.to_string();
                // Less what only unwraps the list.
                self.is_list = is_list && matches!(name.as_str(), "unwrap" | "expect");
                let object = match self.letters(&call.receiver, &name, at) {
                    Some(letters) => letters,
                    None => self.expression(&call.receiver),
                };
                // A method of the file's own does what it does.
                if self.types.has_method(&name) && given_back(&name) {
                    let args = self.all(&call.args);
                    let callee = self.builder.member(object, &name, at);
                    let called = self.builder.call(callee, &args, false, at);
                    self.body.push(IrStmt::Expr(called));
                    return object;
                }
                if call.args.is_empty() && (is_for_c(&name) || is_taken(&name)) {
                    return object;
                }
                // What only unwraps, borrows or copies gives the same.
                if given_back(&name) && (name != "clone" || call.args.is_empty())
                    || matches!(
                        name.as_str(),
                        "unwrap_or"
                            | "unwrap_or_else"
                            | "map_err"
                            | "ok_or"
                            | "context"
                            | "with_context"
                    )
                {
                    let gives_another = matches!(name.as_str(), "unwrap_or" | "unwrap_or_else");
                    for arg in &call.args {
                        let other = self.expression(arg);
                        if gives_another {
                            self.builder.instead(object, other);
                        }
                    }
                    return object;
                }
                if let Some(above) = self.above(call, object, at) {
                    return above;
                }
                // `file.and_then(|mut file| file.write_all(b))`: the function gets what is there.
                if name == "and_then"
                    && let [closure @ Expr::Closure(written)] =
                        &call.args.iter().collect::<Vec<_>>()[..]
                    && written.inputs.len() == 1
                {
                    let function = self.expression(closure);
                    return self.builder.call(function, &[object], false, at);
                }
                let args = match self.handed_path(call, at) {
                    Some(Handed::Same) => return object,
                    Some(Handed::Function(function)) => {
                        let mut args = self.all(call.args.iter().take(call.args.len() - 1));
                        args.push(function);
                        args
                    }
                    None => self.all(&call.args),
                };
                if name == "rev" && args.is_empty() {
                    let none = self.builder.undefined(at);
                    let back = self.builder.constant(Const::Number(-1.0), at);
                    let parts = self.builder.list(&[none, none, back]);
                    return self.builder.add(Ir::Slice(object, parts), at);
                }
                // `cell.get_or_init(f)`: what `f` gives, which stands in the cell then.
                if matches!(
                    name.as_str(),
                    "get_or_init" | "get_or_try_init" | "get_or_insert_with"
                ) && let [made] = args[..]
                {
                    let made = self.builder.call(made, &[], false, at);
                    return self.builder.assign(object, made, at);
                }
                if name == "chars" || name == "bytes" {
                    return object;
                }
                if name == "collect" && (collects_list(call) || is_list) {
                    return object;
                }
                // Characters that are collected are a text.
                let name = if name == "collect" {
                    "concat".to_owned()
                } else {
                    name
                };
                let callee = self.builder.member(object, &name, at);
                self.builder.call(callee, &args, false, at)
            }
            Expr::Macro(call) => self.macro_call(&call.mac, at),
            Expr::Field(field) => {
                // `(f, 1).0` is `f`.
                if let Some(element) = element(field) {
                    return self.expression(element);
                }
                let object = self.expression(&field.base);
                let name = match &field.member {
                    syn::Member::Named(name) => name.to_string(),
                    syn::Member::Unnamed(index) => index.index.to_string(),
                };
                self.builder.member(object, &name, at)
            }
            Expr::Index(index) => {
                let object = self.expression(&index.expr);
                if let Some(parts) = self.cut(&index.index, at) {
                    return self.builder.add(Ir::Slice(object, parts), at);
                }
                let key = self.expression(&index.index);
                self.builder.add(Ir::Index(object, key), at)
            }
            Expr::Binary(binary) => {
                let left = self.expression(&binary.left);
                let right = self.expression(&binary.right);
                self.binary(&binary.op, left, right, at)
            }
            Expr::Unary(unary) => {
                let value = self.expression(&unary.expr);
                match unary.op {
                    UnOp::Not(_) => self.builder.add(Ir::Unary(Unary::Not, value), at),
                    UnOp::Neg(_) => self.builder.add(Ir::Unary(Unary::Neg, value), at),
                    _ => value,
                }
            }
            Expr::Reference(inner) => self.expression(&inner.expr),
            Expr::Paren(inner) => {
                self.is_list = is_list;
                self.expression(&inner.expr)
            }
            Expr::Group(inner) => self.expression(&inner.expr),
            Expr::Try(inner) => {
                self.is_list = is_list;
                self.expression(&inner.expr)
            }
            Expr::Cast(inner) => {
                let value = self.expression(&inner.expr);
                self.cast(value, &inner.ty, at)
            }
            Expr::Await(inner) => {
                let value = self.expression(&inner.base);
                self.builder.add(Ir::Await(value), at)
            }
            Expr::Array(array) => {
                let items = self.all(&array.elems);
                let items = self.builder.list(&items);
                self.builder.add(Ir::Array(items), at)
            }
            Expr::Tuple(tuple) => {
                let items = self.all(&tuple.elems);
                let items = self.builder.list(&items);
                self.builder.add(Ir::Array(items), at)
            }
            Expr::Struct(made) => self.with_fields(made, at),
            Expr::Assign(assignment) => {
                let value = self.expression(&assignment.right);
                let target = self.expression(&assignment.left);
                self.builder.assign(target, value, at)
            }
            Expr::Closure(closure) => {
                let (id, back) = self.builder.enter_function(None, true);
                let around = std::mem::take(&mut self.body);
                for (position, input) in closure.inputs.iter().enumerate() {
                    let value = self.builder.add(
                        Ir::Param(id, u16::try_from(position).unwrap_or(u16::MAX)),
                        at,
                    );
                    self.bind(input, value, at);
                }
                self.builder.function_mut(id).params =
                    u16::try_from(closure.inputs.len()).unwrap_or(u16::MAX);
                let value = self.body_of_closure(&closure.body, at);
                self.builder.function_mut(id).returns.push(value);
                self.give(value);
                let body = std::mem::replace(&mut self.body, around);
                self.builder.set_body(id, body);
                self.builder.leave(back);
                self.builder.add(Ir::Function(id), at)
            }
            Expr::Block(block) => self.value_of_block(&block.block, at),
            Expr::Unsafe(block) => self.value_of_block(&block.block, at),
            Expr::Async(block) => self.value_of_block(&block.block, at),
            Expr::Const(block) => self.value_of_block(&block.block, at),
            Expr::If(choice) => {
                let test = self.condition(&choice.cond, at);
                let (then, value) = self.block(&choice.then_branch, at);
                let around = std::mem::take(&mut self.body);
                let other_value = match &choice.else_branch {
                    Some((_, other)) => self.expression(other),
                    None => self.builder.undefined(at),
                };
                let other = std::mem::replace(&mut self.body, around);
                let choice = self.builder.choice(test, then, other);
                self.body.push(choice);
                self.builder.add(Ir::Cond(test, value, other_value), at)
            }
            Expr::Match(choice) => {
                let subject = self.expression(&choice.expr);
                let mut values = Vec::new();
                for arm in &choice.arms {
                    let around = std::mem::take(&mut self.body);
                    let back = self.builder.enter_scope();
                    self.bind(&arm.pat, subject, at);
                    if let Some((_, guard)) = &arm.guard {
                        let _ = self.expression(guard);
                    }
                    let value = self.expression(&arm.body);
                    if !leaves(&arm.body) {
                        values.push(value);
                    }
                    self.builder.leave(back);
                    let body = std::mem::replace(&mut self.body, around);
                    let test = self.builder.other(&[], at);
                    let choice = self.builder.choice(test, body, Vec::new());
                    self.body.push(choice);
                }
                // The arm of which the others leave what is around it gives the value.
                match values[..] {
                    [only] => only,
                    _ => self.one_of(&values, at),
                }
            }
            Expr::ForLoop(round) => {
                let over = self.expression(&round.expr);
                let element = self.builder.add(Ir::Element(over), at);
                let back = self.builder.enter_scope();
                self.builder.declare("for each");
                let target = self.builder.name("for each", at);
                self.builder.assign(target, element, at);
                let around = std::mem::take(&mut self.body);
                self.bind(&round.pat, target, at);
                let _ = self.statements(&round.body.stmts);
                let body = std::mem::replace(&mut self.body, around);
                self.builder.leave(back);
                let each = self.builder.each(target, over, false, body);
                self.body.push(each);
                self.builder.undefined(at)
            }
            Expr::While(round) => {
                let test = self.condition(&round.cond, at);
                let (body, _) = self.block(&round.body, at);
                let round = self.builder.round(Some(test), body);
                self.body.push(round);
                self.builder.undefined(at)
            }
            Expr::Loop(round) => {
                let around = std::mem::take(&mut self.broken_with);
                let (body, _) = self.block(&round.body, at);
                let values = std::mem::replace(&mut self.broken_with, around);
                let round = self.builder.round(None, body);
                self.body.push(round);
                self.one_of(&values, at)
            }
            Expr::Return(returned) => {
                let value = returned.expr.as_ref().map(|value| self.expression(value));
                let function = self.builder.current();
                self.builder.function_mut(function).returns.extend(value);
                self.body.push(IrStmt::Return(value));
                self.builder.undefined(at)
            }
            Expr::Break(broken) => {
                let value = broken.expr.as_ref().map(|value| self.expression(value));
                self.body.push(IrStmt::Break);
                self.broken_with.extend(value);
                value.unwrap_or_else(|| self.builder.undefined(at))
            }
            Expr::Continue(_) => {
                self.body.push(IrStmt::Continue);
                self.builder.undefined(at)
            }
            Expr::Let(test) => self.condition(&Expr::Let(test.clone()), at),
            Expr::Range(range) => self.range(range, at),
            Expr::Repeat(repeat) => {
                let value = self.expression(&repeat.expr);
                self.builder.other(&[value], at)
            }
            _ => self.builder.other(&[], at),
        }
    }

    /// One of several values, whichever it is.
    fn one_of(&mut self, values: &[ExprId], at: Span) -> ExprId {
        /// Values that are told apart.
        const MOST: usize = 64;
        match values {
            [only] => *only,
            [] => self.builder.other(&[], at),
            _ if values.len() > MOST => self.builder.other(values, at),
            _ => {
                let (these, those) = values.split_at(values.len() / 2);
                let these = self.one_of(these, at);
                let those = self.one_of(those, at);
                let test = self.builder.other(&[], at);
                self.builder.add(Ir::Cond(test, these, those), at)
            }
        }
    }

    /// A condition; what it binds is bound.
    fn condition(&mut self, condition: &Expr, at: Span) -> ExprId {
        match condition {
            Expr::Let(test) => {
                let value = self.expression(&test.expr);
                self.bind(&test.pat, value, at);
                self.builder.other(&[], at)
            }
            Expr::Binary(binary) if matches!(binary.op, BinOp::And(_)) => {
                let left = self.condition(&binary.left, at);
                let right = self.condition(&binary.right, at);
                self.builder.add(Ir::Logic(Logic::And, left, right), at)
            }
            other => self.expression(other),
        }
    }

    fn value_of_block(&mut self, block: &syn::Block, at: Span) -> ExprId {
        let (body, value) = self.block(block, at);
        let inner = self.builder.inner(body);
        self.body.push(inner);
        value
    }

    fn binary(&mut self, operator: &BinOp, left: ExprId, right: ExprId, at: Span) -> ExprId {
        let (operator, assigns) = match operator {
            BinOp::Add(_) => (Binary::Add, false),
            BinOp::AddAssign(_) => (Binary::Add, true),
            BinOp::Sub(_) => (Binary::Sub, false),
            BinOp::SubAssign(_) => (Binary::Sub, true),
            BinOp::Mul(_) => (Binary::Mul, false),
            BinOp::MulAssign(_) => (Binary::Mul, true),
            BinOp::Div(_) => (Binary::Div, false),
            BinOp::Rem(_) => (Binary::Rem, false),
            BinOp::BitXor(_) => (Binary::Xor, false),
            BinOp::BitXorAssign(_) => (Binary::Xor, true),
            BinOp::BitAnd(_) => (Binary::And, false),
            BinOp::BitOr(_) => (Binary::Or, false),
            BinOp::Shl(_) => (Binary::Shl, false),
            BinOp::Shr(_) => (Binary::Shr, false),
            BinOp::Eq(_) => (Binary::Eq, false),
            BinOp::Ne(_) => (Binary::Ne, false),
            BinOp::Lt(_) => (Binary::Lt, false),
            BinOp::Le(_) => (Binary::Le, false),
            BinOp::Gt(_) => (Binary::Gt, false),
            BinOp::Ge(_) => (Binary::Ge, false),
            BinOp::And(_) => return self.builder.add(Ir::Logic(Logic::And, left, right), at),
            BinOp::Or(_) => return self.builder.add(Ir::Logic(Logic::Or, left, right), at),
            _ => return self.builder.other(&[left, right], at),
        };
        let value = self.builder.binary(operator, left, right, at);
        if assigns {
            self.builder.assign(left, value, at)
        } else {
            value
        }
    }

    fn literal(&mut self, literal: &Lit, at: Span) -> ExprId {
        match literal {
            Lit::Str(text) => self.builder.text(Self::without_end(&text.value()), at),
            Lit::CStr(text) => self.builder.text(&text.value().to_string_lossy(), at),
            Lit::ByteStr(bytes) if bytes.value().ends_with(b"\0") => {
                match String::from_utf8(bytes.value()) {
                    Ok(text) => self.builder.text(Self::without_end(&text), at),
                    Err(error) => self
                        .builder
                        .constant(Const::Bytes(error.into_bytes().into()), at),
                }
            }
            Lit::ByteStr(bytes) => self
                .builder
                .constant(Const::Bytes(bytes.value().into()), at),
            Lit::Byte(byte) => self
                .builder
                .constant(Const::Number(f64::from(byte.value())), at),
            Lit::Char(c) => self.builder.text(&c.value().to_string(), at),
            Lit::Int(int) => self.builder.constant(
                Const::Number(int.base10_parse::<u64>().map_or(f64::NAN, |n| n as f64)),
                at,
            ),
            Lit::Float(float) => self
                .builder
                .constant(Const::Number(float.base10_parse().unwrap_or(f64::NAN)), at),
            Lit::Bool(value) => self.builder.constant(Const::Bool(value.value), at),
            _ => self.builder.other(&[], at),
        }
    }
}

/// Whether elements are collected to a list by what is written: `collect::<Vec<_>>()`.
fn collects_list(call: &syn::ExprMethodCall) -> bool {
    let given = call.turbofish.as_ref().and_then(|given| given.args.first());
    matches!(given, Some(syn::GenericArgument::Type(of)) if is_list(of))
}

/// Whether a type is a list, or a result that holds one.
fn is_list(of: &syn::Type) -> bool {
    let syn::Type::Path(path) = of else {
        return false;
    };
    let Some(last) = path.path.segments.last() else {
        return false;
    };
    match last.ident.to_string().as_str() {
        "Vec" | "VecDeque" => true,
        "Result" | "Option" | "Box" => match &last.arguments {
            syn::PathArguments::AngleBracketed(given) => matches!(
                given.args.first(),
                Some(syn::GenericArgument::Type(inner)) if is_list(inner)
            ),
            _ => false,
        },
        _ => false,
    }
}

/// Methods that give what they are called on: what only unwraps, borrows or copies.
pub(super) fn given_back(name: &str) -> bool {
    matches!(
        name,
        "unwrap"
            | "expect"
            | "unwrap_or_default"
            | "clone"
            | "to_owned"
            | "to_string"
            | "as_str"
            | "as_bytes"
            | "into_bytes"
            | "as_ref"
            | "as_mut"
            | "into"
            | "iter"
            | "into_iter"
            | "ok"
            | "err"
            | "trim"
            | "borrow"
            | "as_slice"
            | "to_vec"
            | "into_string"
            | "to_string_lossy"
            | "into_owned"
            | "as_deref"
            | "by_ref"
            | "leak"
            | "into_boxed_str"
            | "as_mut_str"
    )
}

/// The same of what gives what something holds.
fn is_taken(name: &str) -> bool {
    matches!(
        name,
        "lock" | "borrow_mut" | "into_inner" | "get_mut" | "take" | "as_deref_mut"
    )
}

/// Whether an expression is lowered to statements, so that nothing is left to do for its value
/// where nobody asks for it.
const fn has_statements(expression: &Expr) -> bool {
    matches!(
        expression,
        Expr::If(_)
            | Expr::Match(_)
            | Expr::Block(_)
            | Expr::Unsafe(_)
            | Expr::ForLoop(_)
            | Expr::While(_)
            | Expr::Loop(_)
    )
}

/// The element of a tuple that is written out where it is taken.
fn element(field: &syn::ExprField) -> Option<&Expr> {
    let mut base = &*field.base;
    while let Expr::Paren(inner) = base {
        base = &inner.expr;
    }
    match (base, &field.member) {
        (Expr::Tuple(tuple), syn::Member::Unnamed(index)) => {
            tuple.elems.iter().nth(index.index as usize)
        }
        _ => None,
    }
}

/// Whether nothing comes of an arm: it leaves the loop, the function or the program.
fn leaves(body: &Expr) -> bool {
    match body {
        Expr::Return(_) | Expr::Continue(_) => true,
        Expr::Break(broken) => broken.expr.is_none(),
        Expr::Macro(called) => ends(&called.mac),
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => {
                let mut names = path.path.segments.iter().rev();
                names.next().is_some_and(|name| name.ident == "exit")
                    && names.next().is_some_and(|name| name.ident == "process")
            }
            _ => false,
        },
        Expr::Block(block) => match block.block.stmts.last() {
            Some(Stmt::Expr(last, _)) => leaves(last),
            Some(Stmt::Macro(last)) => ends(&last.mac),
            _ => false,
        },
        _ => false,
    }
}

/// Whether a macro of the library ends the program.
fn ends(called: &syn::Macro) -> bool {
    let ends = ["panic", "unreachable", "todo", "unimplemented"];
    ends.iter().any(|name| called.path.is_ident(name))
}
