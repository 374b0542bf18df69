//! From syn's tree to the one form. Paths are names with dots; a method call is a call of a
//! member; a macro is a call of its name with `!`.

use super::Lines;
use crate::ir::{
    Binary, Builder, Const, Draft, Expr as Ir, ExprId, Logic, Program, Span, Stmt as IrStmt, Unary,
};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{BinOp, Expr, FnArg, ImplItem, Item, Lit, Pat, Stmt, UnOp, UseTree};

/// Whether an attribute puts a function where the loader calls it by itself.
fn is_start_section(attribute: &syn::Attribute) -> bool {
    const SECTIONS: [&str; 5] = [
        "init_array",
        "fini_array",
        ".ctors",
        "mod_init_func",
        ".CRT$X",
    ];
    let text = match &attribute.meta {
        syn::Meta::NameValue(pair) if pair.path.is_ident("link_section") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => text.value(),
                _ => return false,
            },
            _ => return false,
        },
        // `unsafe(link_section = "…")`, `cfg_attr(…, link_section = "…")`.
        syn::Meta::List(list) => list.tokens.to_string(),
        _ => return false,
    };
    let here = attribute.path().is_ident("link_section") || text.contains("link_section");
    here && SECTIONS.iter().any(|section| text.contains(section))
}

/// Turns syn's tree into a program.
pub(super) struct Lowering {
    builder: Builder,
    lines: Lines,
    body: Draft,
}

impl Lowering {
    pub fn new(builder: Builder, lines: Lines) -> Self {
        Self {
            builder,
            lines,
            body: Vec::new(),
        }
    }

    pub fn finish(mut self) -> Program {
        // A build script and a program begin at `main`; a macro at its functions.
        let at = Span::default();
        let main = self.builder.name("main", at);
        let call = self.builder.call(main, &[], false, at);
        self.body.push(IrStmt::Expr(call));
        self.builder.rework(crate::pure::plain);
        self.builder.settle();
        self.builder.finish(self.body)
    }

    /// Runs a step one level down; past the bound nothing is lowered, and that is said.
    fn deeper<T>(&mut self, step: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if !self.builder.enter_deeper() {
            return None;
        }
        let done = step(self);
        self.builder.leave_deeper();
        Some(done)
    }

    fn span(&self, node: &impl Spanned) -> Span {
        self.lines.span(node.span())
    }

    pub fn items(&mut self, items: &[Item]) {
        for item in items {
            let _ = self.deeper(|this| this.item(item));
        }
    }

    fn item(&mut self, item: &Item) {
        let at = self.span(item);
        match item {
            Item::Fn(function) => {
                let name = function.sig.ident.to_string();
                let id = self.function(&name, &function.sig.inputs, &function.block, at);
                let symbol = self.builder.declare(&name);
                self.builder.value(symbol, id);
                let marked = |names: &[&str]| {
                    function.attrs.iter().any(|attribute| {
                        let last = attribute.path().segments.last();
                        last.is_some_and(|segment| names.iter().any(|name| segment.ident == name))
                    })
                };
                let is_macro = marked(&["proc_macro", "proc_macro_derive", "proc_macro_attribute"]);
                if marked(&["ctor", "dtor"]) {
                    self.builder.starter(id);
                }
                if is_macro {
                    // The compiler calls it, and compiles what it gives.
                    if let Ir::Function(function) = self.builder.program().expr(id) {
                        self.builder.expander(function);
                    }
                    let call = self.builder.call(id, &[], false, at);
                    self.body.push(IrStmt::Expr(call));
                }
            }
            Item::Use(tree) => self.imported(&tree.tree, String::new(), at),
            Item::Const(constant) => {
                let value = self.expression(&constant.expr);
                self.assign_name(&constant.ident.to_string(), value, at);
            }
            Item::Static(constant) => {
                let value = self.expression(&constant.expr);
                if constant.attrs.iter().any(is_start_section) {
                    self.builder.starter(value);
                }
                self.assign_name(&constant.ident.to_string(), value, at);
            }
            Item::Mod(module) => match &module.content {
                Some((_, items)) => self.items(items),
                None => {
                    let named = module
                        .attrs
                        .iter()
                        .find_map(|attribute| match &attribute.meta {
                            syn::Meta::NameValue(pair) if pair.path.is_ident("path") => {
                                match &pair.value {
                                    Expr::Lit(literal) => match &literal.lit {
                                        Lit::Str(text) => Some(text.value()),
                                        _ => None,
                                    },
                                    _ => None,
                                }
                            }
                            _ => None,
                        });
                    let name = module.ident.to_string();
                    let value = self.builder.import(named.as_deref().unwrap_or(&name), at);
                    self.assign_name(&name, value, at);
                }
            },
            Item::Impl(block) => {
                for item in &block.items {
                    if let ImplItem::Fn(method) = item {
                        let name = method.sig.ident.to_string();
                        let id = self.function(&name, &method.sig.inputs, &method.block, at);
                        // Methods are found by their name: types are not resolved.
                        let symbol = self.builder.declare(&format!("method {name}"));
                        self.builder.value(symbol, id);
                    }
                }
            }
            Item::Macro(call) => {
                let value = self.macro_call(&call.mac, at);
                self.body.push(IrStmt::Expr(value));
            }
            _ => {}
        }
    }

    fn assign_name(&mut self, name: &str, value: ExprId, at: Span) {
        self.builder.declare(name);
        let target = self.builder.name(name, at);
        let assigned = self.builder.assign(target, value, at);
        self.body.push(IrStmt::Expr(assigned));
    }

    fn imported(&mut self, tree: &UseTree, prefix: String, at: Span) {
        let join = |name: &str| {
            if prefix.is_empty() {
                name.to_owned()
            } else {
                format!("{prefix}.{name}")
            }
        };
        match tree {
            UseTree::Path(path) => self.imported(&path.tree, join(&path.ident.to_string()), at),
            UseTree::Name(name) => {
                let name = name.ident.to_string();
                if name == "self" {
                    let last = prefix.rsplit('.').next().unwrap_or(&prefix).to_owned();
                    self.path_alias(&last, &prefix.clone(), at);
                } else {
                    self.path_alias(&name.clone(), &join(&name), at);
                }
            }
            UseTree::Rename(rename) => self.path_alias(
                &rename.rename.to_string(),
                &join(&rename.ident.to_string()),
                at,
            ),
            UseTree::Glob(_) => {}
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.imported(tree, prefix.clone(), at);
                }
            }
        }
    }

    fn path_alias(&mut self, name: &str, path: &str, at: Span) {
        // What is named from the crate itself is found under its own name.
        if matches!(path.split('.').next(), Some("crate" | "self" | "super")) || path == name {
            return;
        }
        let value = self.dotted(path, at);
        self.assign_name(name, value, at);
    }

    /// `a.b.c` as members, with the first one as a name.
    fn dotted(&mut self, path: &str, at: Span) -> ExprId {
        let mut parts = path.split('.');
        let mut value = self.builder.name(parts.next().unwrap_or_default(), at);
        for part in parts {
            value = self.builder.member(value, part, at);
        }
        value
    }

    fn function(
        &mut self,
        name: &str,
        inputs: &Punctuated<FnArg, syn::Token![,]>,
        block: &syn::Block,
        at: Span,
    ) -> ExprId {
        let (id, back) = self.builder.enter_function(Some(name), false);
        let around = std::mem::take(&mut self.body);
        let mut position = 0_u16;
        for input in inputs {
            match input {
                FnArg::Receiver(_) => {
                    let value = self.builder.add(Ir::This(id), at);
                    self.assign_name("self", value, at);
                }
                FnArg::Typed(typed) => {
                    let value = self.builder.add(Ir::Param(id, position), at);
                    position = position.saturating_add(1);
                    self.bind(&typed.pat, value, at);
                }
            }
        }
        self.builder.function_mut(id).params = position;
        let last = self.statements(&block.stmts);
        if let Some(last) = last {
            self.builder.function_mut(id).returns.push(last);
            self.body.push(IrStmt::Return(Some(last)));
        }
        let body = std::mem::replace(&mut self.body, around);
        self.builder.set_body(id, body);
        self.builder.leave(back);
        self.builder.add(Ir::Function(id), at)
    }

    fn bind(&mut self, pattern: &Pat, value: ExprId, at: Span) {
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
                    let _ = self.deeper(|this| this.bind(&field.pat, value, at));
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
    fn statements(&mut self, statements: &[Stmt]) -> Option<ExprId> {
        let mut last = None;
        for statement in statements {
            last = None;
            let at = self.span(statement);
            match statement {
                Stmt::Local(local) => {
                    let value = match &local.init {
                        Some(init) => {
                            let value = self.expression(&init.expr);
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
                    self.body.push(IrStmt::Expr(value));
                    if semicolon.is_none() {
                        last = Some(value);
                    }
                }
                Stmt::Macro(call) => {
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

    fn expression(&mut self, expression: &Expr) -> ExprId {
        let at = self.span(expression);
        self.deeper(|this| this.expression_here(expression, at))
            .unwrap_or_else(|| self.builder.other(&[], at))
    }

    fn all<'e>(&mut self, expressions: impl IntoIterator<Item = &'e Expr>) -> Vec<ExprId> {
        expressions
            .into_iter()
            .map(|expression| self.expression(expression))
            .collect()
    }

    #[allow(clippy::too_many_lines, reason = "one arm a kind of expression")]
    fn expression_here(&mut self, expression: &Expr, at: Span) -> ExprId {
        match expression {
            Expr::Lit(literal) => self.literal(&literal.lit, at),
            Expr::Path(path) => {
                let names: Vec<String> = path
                    .path
                    .segments
                    .iter()
                    .map(|segment| segment.ident.to_string())
                    .collect();
                let names: Vec<&str> = names
                    .iter()
                    .map(String::as_str)
                    .skip_while(|name| matches!(*name, "crate" | "self" | "super"))
                    .collect();
                if names.is_empty() {
                    self.builder.name("self", at)
                } else {
                    self.dotted(&names.join("."), at)
                }
            }
            Expr::Call(call) => {
                let args = self.all(&call.args);
                // `Some(x)`, `Ok(x)` are what they hold.
                if let Expr::Path(path) = &*call.func
                    && let [only] = args[..]
                    && path.path.segments.last().is_some_and(|segment| {
                        matches!(
                            segment.ident.to_string().as_str(),
                            "Some" | "Ok" | "Box" | "Err"
                        )
                    })
                {
                    return only;
                }
                let callee = self.expression(&call.func);
                self.builder.call(callee, &args, false, at)
            }
            Expr::MethodCall(call) => {
                let object = self.expression(&call.receiver);
                let name = call.method.to_string();
                // What only unwraps, borrows or copies gives the same.
                if matches!(
                    name.as_str(),
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
                ) || matches!(
                    name.as_str(),
                    "unwrap_or"
                        | "unwrap_or_else"
                        | "map_err"
                        | "ok_or"
                        | "context"
                        | "with_context"
                ) {
                    for arg in &call.args {
                        let _ = self.expression(arg);
                    }
                    return object;
                }
                let args = self.all(&call.args);
                if name == "rev" && args.is_empty() {
                    let none = self.builder.undefined(at);
                    let back = self.builder.constant(Const::Number(-1.0), at);
                    let parts = self.builder.list(&[none, none, back]);
                    return self.builder.add(Ir::Slice(object, parts), at);
                }
                if name == "chars" || name == "bytes" {
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
                let object = self.expression(&field.base);
                let name = match &field.member {
                    syn::Member::Named(name) => name.to_string(),
                    syn::Member::Unnamed(index) => index.index.to_string(),
                };
                self.builder.member(object, &name, at)
            }
            Expr::Index(index) => {
                let object = self.expression(&index.expr);
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
            Expr::Paren(inner) => self.expression(&inner.expr),
            Expr::Group(inner) => self.expression(&inner.expr),
            Expr::Try(inner) => self.expression(&inner.expr),
            Expr::Cast(inner) => self.expression(&inner.expr),
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
            Expr::Struct(made) => {
                let mut entries = Vec::new();
                for field in &made.fields {
                    let name = match &field.member {
                        syn::Member::Named(name) => name.to_string(),
                        syn::Member::Unnamed(index) => index.index.to_string(),
                    };
                    entries.push(self.builder.text(&name, at));
                    entries.push(self.expression(&field.expr));
                }
                let entries = self.builder.list(&entries);
                self.builder.add(Ir::Object(entries), at)
            }
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
                let value = self.expression(&closure.body);
                self.builder.function_mut(id).returns.push(value);
                self.body.push(IrStmt::Return(Some(value)));
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
                    values.push(self.expression(&arm.body));
                    self.builder.leave(back);
                    let body = std::mem::replace(&mut self.body, around);
                    let test = self.builder.other(&[], at);
                    let choice = self.builder.choice(test, body, Vec::new());
                    self.body.push(choice);
                }
                self.builder.other(&values, at)
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
                let (body, value) = self.block(&round.body, at);
                let round = self.builder.round(None, body);
                self.body.push(round);
                value
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
                value.unwrap_or_else(|| self.builder.undefined(at))
            }
            Expr::Continue(_) => {
                self.body.push(IrStmt::Continue);
                self.builder.undefined(at)
            }
            Expr::Let(test) => self.condition(&Expr::Let(test.clone()), at),
            Expr::Range(range) => {
                let parts: Vec<ExprId> = [&range.start, &range.end]
                    .into_iter()
                    .flatten()
                    .map(|part| self.expression(part))
                    .collect();
                self.builder.other(&parts, at)
            }
            Expr::Repeat(repeat) => {
                let value = self.expression(&repeat.expr);
                self.builder.other(&[value], at)
            }
            _ => self.builder.other(&[], at),
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
            Lit::Str(text) => self.builder.text(&text.value(), at),
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

    /// A macro: what it is given, if that are expressions.
    fn macro_call(&mut self, call: &syn::Macro, at: Span) -> ExprId {
        let name = call
            .path
            .segments
            .last()
            .map(|segment| segment.ident.to_string())
            .unwrap_or_default();
        let arguments = call
            .parse_body_with(Punctuated::<Expr, syn::Token![,]>::parse_terminated)
            .map(|all| all.into_iter().collect::<Vec<_>>())
            .unwrap_or_default();
        match name.as_str() {
            "format" | "print" | "println" | "eprintln" | "write" | "writeln" | "panic"
            | "format_args" | "anyhow" | "bail" => {
                let parts =
                    self.formatted(&arguments, matches!(name.as_str(), "write" | "writeln"), at);
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
            _ => {
                let args = self.all(&arguments);
                let callee = self.builder.name(&format!("{name}!"), at);
                self.builder.call(callee, &args, false, at)
            }
        }
    }

    /// The parts of a format string with its arguments in their places.
    fn formatted(&mut self, arguments: &[Expr], skip: bool, at: Span) -> ExprId {
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
        self.builder.concat(&parts, at)
    }
}
