//! Statements.

use super::expression::{calls, each_parameter, operator};
use super::{Lowering, span};
use crate::ir::{Draft, Expr as Ir, ExprId, Logic, Span, Stmt as IrStmt};
use ruff_python_ast::{
    CmpOp, ExceptHandler, Expr, Stmt, StmtClassDef, StmtFunctionDef, StmtIf, StmtImportFrom,
};

/// A part of a choice: its test, if it has one, and its body.
type Clause<'a> = (Option<&'a Expr>, &'a [Stmt]);

impl Lowering {
    pub(super) fn block(&mut self, statements: &[Stmt]) -> Draft {
        let mut block = Vec::new();
        for statement in statements {
            let _ = self.deeper(|this| this.statement(statement, &mut block));
        }
        block
    }

    #[allow(clippy::too_many_lines, reason = "one arm a kind of statement")]
    fn statement(&mut self, statement: &Stmt, into: &mut Draft) {
        let at = span(statement);
        match statement {
            Stmt::Expr(inner) => {
                let value = self.expression(&inner.value);
                into.push(IrStmt::Expr(value));
            }
            Stmt::Assign(assignment) => {
                if let Some(pairs) = fields_in_pairs(assignment) {
                    for (target, value) in pairs {
                        let value = self.expression(value);
                        self.bind(target, value, into);
                    }
                    return;
                }
                let value = self.expression(&assignment.value);
                for target in &assignment.targets {
                    self.bind(target, value, into);
                }
            }
            Stmt::AugAssign(assignment) => {
                let left = self.expression(&assignment.target);
                let right = self.expression(&assignment.value);
                let value = self
                    .builder
                    .binary(operator(assignment.op), left, right, at);
                self.bind(&assignment.target, value, into);
            }
            Stmt::AnnAssign(assignment) => {
                self.annotation(&assignment.annotation, into);
                if let Some(value) = &assignment.value {
                    let value = self.expression(value);
                    self.bind(&assignment.target, value, into);
                }
            }
            Stmt::FunctionDef(function) => self.function(function, into),
            Stmt::ClassDef(class) => self.class(class, into),
            Stmt::Return(returned) => {
                let value = returned.value.as_ref().map(|value| self.expression(value));
                let function = self.builder.current();
                self.builder.function_mut(function).returns.extend(value);
                into.push(IrStmt::Return(value));
            }
            Stmt::Delete(deleted) => {
                for target in &deleted.targets {
                    let value = self.expression(target);
                    into.push(IrStmt::Expr(value));
                }
            }
            Stmt::For(round) => {
                let over = self.expression(&round.iter);
                let element = self.builder.add(Ir::Element(over), at);
                let target = self.target(&round.target, element);
                let body = self.block(&round.body);
                into.push(self.builder.each(target, over, false, body));
                into.extend(self.block(&round.orelse));
            }
            Stmt::While(round) => {
                let test = self.expression(&round.test);
                let body = self.block(&round.body);
                into.push(self.builder.round(Some(test), body));
                into.extend(self.block(&round.orelse));
            }
            Stmt::If(choice) => self.choice(choice, into),
            Stmt::With(with) => {
                for item in &with.items {
                    let value = self.expression(&item.context_expr);
                    let methods = if with.is_async {
                        ["__aenter__", "__aexit__"]
                    } else {
                        ["__enter__", "__exit__"]
                    };
                    self.protocol(value, &methods, span(&item.context_expr), into);
                    match &item.optional_vars {
                        Some(target) => self.bind(target, value, into),
                        None => into.push(IrStmt::Expr(value)),
                    }
                }
                into.extend(self.block(&with.body));
            }
            Stmt::Match(choice) => self.matched(choice, into),
            Stmt::Raise(raised) => {
                let value = match &raised.exc {
                    Some(value) => self.expression(value),
                    None => self.builder.undefined(at),
                };
                self.computed(raised.cause.as_deref(), into);
                into.push(IrStmt::Throw(value));
            }
            Stmt::Try(attempt) => {
                let mut body = self.block(&attempt.body);
                body.extend(self.block(&attempt.orelse));
                let mut handler = Vec::new();
                for ExceptHandler::ExceptHandler(caught) in &attempt.handlers {
                    self.computed(caught.type_.as_deref(), &mut handler);
                    if let Some(name) = &caught.name {
                        let value = self.builder.other(&[], at);
                        self.name(name.as_str(), value, at, &mut handler);
                    }
                    handler.extend(self.block(&caught.body));
                }
                let last = self.block(&attempt.finalbody);
                let handler = (!attempt.handlers.is_empty()).then_some(handler);
                into.push(self.builder.attempt(body, handler, last));
            }
            Stmt::Assert(assertion) => {
                let mut value = self.expression(&assertion.test);
                if let Some(message) = &assertion.msg {
                    // It is computed where the test does not hold.
                    let message = self.expression(message);
                    value = self.builder.add(Ir::Logic(Logic::Or, value, message), at);
                }
                into.push(IrStmt::Expr(value));
            }
            Stmt::Import(import) => {
                for alias in &import.names {
                    let whole = alias.name.as_str();
                    let module = self.builder.import(whole, at);
                    match &alias.asname {
                        Some(name) => self.name(name.as_str(), module, at, into),
                        None => {
                            let top = whole.split('.').next().unwrap_or(whole);
                            let module = if top == whole {
                                module
                            } else {
                                self.builder.import(top, at)
                            };
                            self.name(top, module, at, into);
                        }
                    }
                }
            }
            Stmt::ImportFrom(import) => self.import_from(import, into),
            Stmt::Global(global) => {
                for name in &global.names {
                    self.builder.outside(name.as_str(), true);
                }
            }
            Stmt::Nonlocal(nonlocal) => {
                for name in &nonlocal.names {
                    self.builder.outside(name.as_str(), false);
                }
            }
            Stmt::Break(_) => into.push(IrStmt::Break),
            Stmt::Continue(_) => into.push(IrStmt::Continue),
            Stmt::Pass(_) | Stmt::TypeAlias(_) | Stmt::IpyEscapeCommand(_) => {}
        }
    }

    /// The body of a choice. `setup.py publish` is what its author types: no installer
    /// passes such an argument, so that is a command of the script.
    fn branch(&mut self, test: &Expr, body: &[Stmt]) -> Draft {
        if !is_asked(test) {
            return self.block(body);
        }
        let (id, back) = self.builder.enter_part("__argument__");
        let body = self.block(body);
        self.builder.set_body(id, body);
        self.builder.leave(back);
        self.builder.asked_block(id);
        Vec::new()
    }

    fn choice(&mut self, choice: &StmtIf, into: &mut Draft) {
        let first = std::iter::once((Some(&*choice.test), &choice.body[..]));
        let others = choice.elif_else_clauses.iter();
        let others = others.map(|clause| (clause.test.as_ref(), &clause.body[..]));
        let clauses: Vec<Clause<'_>> = first.chain(others).collect();
        let mut rest = clauses.as_slice();
        while let Some(((Some(test), body), behind)) = rest.split_first() {
            match asked_of_main(test) {
                Some(true) => self.main_part(|this| this.block(body)),
                Some(false) => {
                    into.extend(self.block(body));
                    return self.main_part(|this| this.chain(behind));
                }
                None => break,
            }
            rest = behind;
        }
        let chain = self.chain(rest);
        into.extend(chain);
    }

    /// What runs when the file is a script, not when it is imported.
    fn main_part(&mut self, body: impl FnOnce(&mut Self) -> Draft) {
        let (id, back) = self.builder.enter_part("__main__");
        let body = body(self);
        self.builder.set_body(id, body);
        self.builder.leave(back);
        self.builder.main_block(id);
    }

    /// Clauses of which the first one holds whose test does.
    fn chain(&mut self, clauses: &[Clause<'_>]) -> Draft {
        let mut clauses: Vec<_> = clauses
            .iter()
            .map(|(test, body)| {
                let value = test.map(|test| self.expression(test));
                let body = match test {
                    Some(test) => self.branch(test, body),
                    None => self.block(body),
                };
                (value, body)
            })
            .collect();
        // A chain is as deep as it is long: what is far down in it stands side by side.
        const CHAIN: usize = 500;
        let mut other: Draft = Vec::new();
        for (test, body) in clauses.split_off(clauses.len().min(CHAIN)) {
            match test {
                Some(test) => other.push(self.builder.choice(test, body, Vec::new())),
                None => other.extend(body),
            }
        }
        while let Some((test, body)) = clauses.pop() {
            other = match test {
                Some(test) => vec![self.builder.choice(test, body, other)],
                None => body,
            };
        }
        other
    }

    /// A part of a statement that is computed, and whose value is not followed.
    fn computed(&mut self, part: Option<&Expr>, into: &mut Draft) {
        if let Some(part) = part.filter(|part| calls(part)) {
            let value = self.expression(part);
            into.push(IrStmt::Expr(value));
        }
    }

    fn import_from(&mut self, import: &StmtImportFrom, into: &mut Draft) {
        let at = span(import);
        let mut specifier = ".".repeat(import.level as usize);
        if let Some(module) = &import.module {
            specifier.push_str(module.as_str());
        }
        let module = self.builder.import(&specifier, at);
        for alias in &import.names {
            let name = alias.name.as_str();
            if name == "*" {
                self.builder.star(&specifier);
                continue;
            }
            let member = self.builder.member(module, name, at);
            // `from . import a` may mean a module.
            let inner = if specifier.ends_with('.') {
                format!("{specifier}{name}")
            } else {
                format!("{specifier}.{name}")
            };
            let inner = self.builder.import(&inner, at);
            let value = self.builder.add(Ir::Logic(Logic::Or, member, inner), at);
            let known_as = alias.asname.as_ref().unwrap_or(&alias.name);
            self.name(known_as.as_str(), value, at, into);
        }
    }

    /// Gives a variable a value.
    pub(super) fn name(&mut self, name: &str, value: ExprId, at: Span, into: &mut Draft) {
        if let Some(entries) = &mut self.class {
            let key = self.builder.text(name, at);
            entries.extend([key, value]);
        }
        self.builder.declare(name);
        let target = self.builder.name(name, at);
        let assigned = self.builder.assign(target, value, at);
        into.push(IrStmt::Expr(assigned));
    }

    /// Binds a target to a value; each part becomes an assignment.
    pub(super) fn bind(&mut self, target: &Expr, value: ExprId, into: &mut Draft) {
        let at = span(target);
        match target {
            Expr::Name(name) => self.name(name.id.as_str(), value, at, into),
            Expr::Tuple(ruff_python_ast::ExprTuple { elts, .. })
            | Expr::List(ruff_python_ast::ExprList { elts, .. }) => {
                for (index, part) in elts.iter().enumerate() {
                    let element = self.builder.member(value, &index.to_string(), at);
                    let _ = self.deeper(|this| this.bind(part, element, into));
                }
            }
            Expr::Starred(starred) => {
                let _ = self.deeper(|this| this.bind(&starred.value, value, into));
            }
            other => {
                let target = self.expression(other);
                let assigned = self.builder.assign(target, value, at);
                into.push(IrStmt::Expr(assigned));
            }
        }
    }

    /// Methods that Python calls by itself, of something that the package may have made.
    fn protocol(&mut self, value: ExprId, methods: &[&str], at: Span, into: &mut Draft) {
        for method in methods {
            let method = self.builder.member(value, method, at);
            let call = self.builder.call(method, &[], false, at);
            into.push(IrStmt::Expr(call));
        }
    }

    fn function(&mut self, function: &StmtFunctionDef, into: &mut Draft) {
        let at = span(function);
        let name = function.name.as_str();
        // `@name.setter` stands for what is above it by its name.
        let methods = std::mem::take(&mut self.methods);
        let decorators: Vec<_> = function
            .decorator_list
            .iter()
            .map(|decorator| self.expression(&decorator.expression))
            .collect();
        self.methods = methods;
        let is_static = function.decorator_list.iter().any(|decorator| matches!(&decorator.expression, Expr::Name(name) if name.id.as_str() == "staticmethod"));
        let defaults = self.defaults(&function.parameters);
        into.extend(
            defaults
                .iter()
                .flatten()
                .map(|default| IrStmt::Expr(*default)),
        );
        let annotations = each_parameter(&function.parameters)
            .filter_map(|parameter| parameter.parameter.annotation.as_deref())
            .chain(function.returns.as_deref());
        for annotation in annotations {
            self.annotation(annotation, into);
        }
        let class = self.class.take();
        let method = class.is_some() && !is_static;
        let (id, back) = self.builder.enter_function(Some(name), false);
        self.builder.function_mut(id).on_class = method && is_on_class(function);
        self.builder.function_mut(id).lends = lends(function);
        let mut body = self.parameters(id, &function.parameters, &defaults, method);
        body.extend(self.block(&function.body));
        self.builder.set_body(id, body);
        self.builder.leave(back);
        self.class = class;
        let value = self.builder.add(Ir::Function(id), at);
        for decorator in decorators {
            let call = self.builder.call(decorator, &[value], false, at);
            into.push(IrStmt::Expr(call));
        }
        if let Some(entries) = &mut self.class {
            let key = self.builder.text(name, at);
            entries.extend([key, value]);
            self.methods.insert(name.into(), value);
        } else {
            let symbol = self.builder.declare(name);
            self.builder.value(symbol, value);
        }
    }

    /// What stands as a type is computed where it stands, before Python 3.14. Types call nothing.
    fn annotation(&mut self, annotation: &Expr, into: &mut Draft) {
        if calls(annotation) {
            let value = self.expression(annotation);
            into.push(IrStmt::Expr(value));
        }
    }

    fn class(&mut self, class: &StmtClassDef, into: &mut Draft) {
        let at = span(class);
        let mut entries = Vec::new();
        let mut maker = None;
        if let Some(arguments) = &class.arguments {
            for base in &arguments.args {
                let is_known = matches!(base, Expr::Name(name) if name.id.as_str() == "object");
                let base = self.expression(base);
                if !is_known {
                    // A class is told who inherits from it.
                    let told = self.builder.member(base, "__init_subclass__", at);
                    let call = self.builder.call(told, &[], false, at);
                    into.push(IrStmt::Expr(call));
                }
                let base = self.builder.add(Ir::Spread(base), at);
                entries.extend([base, base]);
            }
            for keyword in &arguments.keywords {
                let name = keyword
                    .arg
                    .as_ref()
                    .map(ruff_python_ast::Identifier::as_str);
                if name == Some("metaclass") {
                    // As Python 2 has it: it makes the class, and its objects.
                    let key = self.builder.text("__metaclass__", at);
                    let value = self.expression(&keyword.value);
                    entries.extend([key, value]);
                    maker = Some(value);
                } else {
                    self.computed(Some(&keyword.value), into);
                }
            }
        }
        let around = self.class.replace(entries);
        let methods_around = std::mem::take(&mut self.methods);
        let back = self.builder.enter_scope();
        // What stands in a class directly runs when the class is made.
        let body = self.block(&class.body);
        self.builder.leave(back);
        let entries = std::mem::replace(&mut self.class, around).unwrap_or_default();
        self.methods = methods_around;
        let methods: Vec<_> = entries.clone();
        let entries = self.builder.list(&entries);
        let value = self.builder.add(Ir::Class(entries), at);
        for method in methods {
            if let Ir::Function(function) = self.builder.program().expr(method) {
                self.builder.function_mut(function).class = Some(value);
            }
        }
        into.push(self.builder.inner(body));
        if let Some(maker) = maker {
            // It is called with what the class is made of.
            let prepared = self.builder.member(maker, "__prepare__", at);
            for callee in [prepared, maker] {
                let call = self.builder.call(callee, &[], false, at);
                into.push(IrStmt::Expr(call));
            }
        }
        let decorators: Vec<_> = class
            .decorator_list
            .iter()
            .map(|decorator| self.expression(&decorator.expression))
            .collect();
        for decorator in decorators {
            let call = self.builder.call(decorator, &[value], false, at);
            into.push(IrStmt::Expr(call));
        }
        self.name(class.name.as_str(), value, at, into);
    }
}

/// Whether a function is made a context by the library: what it yields is lent.
fn lends(function: &StmtFunctionDef) -> bool {
    let mut decorators = function.decorator_list.iter();
    decorators.any(|decorator| {
        let name = match &decorator.expression {
            Expr::Name(name) => name.id.as_str(),
            Expr::Attribute(attribute) => attribute.attr.as_str(),
            _ => return false,
        };
        matches!(name, "contextmanager" | "asynccontextmanager")
    })
}

/// Whether what a method is called on is its class.
fn is_on_class(function: &StmtFunctionDef) -> bool {
    matches!(
        function.name.as_str(),
        "__new__" | "__init_subclass__" | "__class_getitem__"
    ) || function.decorator_list.iter().any(|decorator| {
        matches!(&decorator.expression, Expr::Name(name) if name.id.as_str() == "classmethod")
    })
}

/// `sys.argv[-1] == "publish"`, `"upload" in sys.argv`: an argument that no installer and no
/// builder passes.
fn is_asked(test: &Expr) -> bool {
    let Expr::Compare(compare) = test else {
        return false;
    };
    let ([right], [operator]) = (&*compare.comparators, &*compare.ops) else {
        return false;
    };
    let (argument, word) = match operator {
        CmpOp::Eq if is_arguments(right) => (right, &*compare.left),
        CmpOp::Eq => (&*compare.left, right),
        CmpOp::In => (right, &*compare.left),
        _ => return false,
    };
    let Expr::StringLiteral(word) = word else {
        return false;
    };
    const ASKED: [&str; 8] = [
        "publish", "upload", "release", "tag", "register", "deploy", "push", "clean",
    ];
    is_arguments(argument) && ASKED.contains(&word.value.to_str())
}

/// `sys.argv`, or one of it.
fn is_arguments(value: &Expr) -> bool {
    match value {
        Expr::Subscript(inner) => is_arguments(&inner.value),
        Expr::Attribute(attribute) => {
            attribute.attr.as_str() == "argv"
                && matches!(&*attribute.value, Expr::Name(name) if name.id.as_str() == "sys")
        }
        _ => false,
    }
}

/// What a test of the file's name holds for: that it is a script, `__name__ == "__main__"`, or
/// that it is imported, `__name__ != "__main__"`.
fn asked_of_main(test: &Expr) -> Option<bool> {
    let Expr::Compare(compare) = test else {
        return None;
    };
    let ([right], [operator]) = (&*compare.comparators, &*compare.ops) else {
        return None;
    };
    let ((Expr::Name(name), Expr::StringLiteral(text))
    | (Expr::StringLiteral(text), Expr::Name(name))) = (&*compare.left, right)
    else {
        return None;
    };
    if name.id.as_str() != "__name__" || text.value.to_str() != "__main__" {
        return None;
    }
    match operator {
        CmpOp::Eq | CmpOp::Is => Some(true),
        CmpOp::NotEq | CmpOp::IsNot => Some(false),
        CmpOp::Lt | CmpOp::LtE | CmpOp::Gt | CmpOp::GtE | CmpOp::In | CmpOp::NotIn => None,
    }
}

/// `self.a, self.b = a, 3`: each field with what is put into it. Where a value is more than a name or
/// a constant, it may be made of what is put in beside it.
fn fields_in_pairs(assignment: &ruff_python_ast::StmtAssign) -> Option<Vec<(&Expr, &Expr)>> {
    let parts = |expr| match expr {
        &Expr::Tuple(ruff_python_ast::ExprTuple { ref elts, .. })
        | &Expr::List(ruff_python_ast::ExprList { ref elts, .. }) => Some(elts),
        _ => None,
    };
    let [target] = &assignment.targets[..] else {
        return None;
    };
    let (targets, values) = (parts(target)?, parts(&assignment.value)?);
    let are_fields = targets.iter().all(|one| matches!(one, Expr::Attribute(_)));
    let are_plain = values.iter().all(|one| {
        matches!(
            one,
            Expr::Name(_)
                | Expr::StringLiteral(_)
                | Expr::BytesLiteral(_)
                | Expr::NumberLiteral(_)
                | Expr::BooleanLiteral(_)
                | Expr::NoneLiteral(_)
        )
    });
    (are_fields && are_plain && targets.len() == values.len())
        .then(|| targets.iter().zip(values).collect())
}
