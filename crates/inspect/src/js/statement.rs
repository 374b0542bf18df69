//! Statements.

use super::Lowering;
use super::compiled::Step;
use crate::ir::{Block, Compound, Const, Draft, Expr, ExprId, FuncId, Loop, Span, Stmt};
use oxc_ast::ast::{
    BindingPattern, Declaration, ForStatementInit, ForStatementLeft, Statement, TSEnumMemberName,
    TSModuleReference, VariableDeclaration, VariableDeclarationKind,
};

/// What one body throws that is told apart.
const THROWN: usize = 16;

impl Lowering<'_> {
    /// What was thrown since then by the function that is being read: it is caught now.
    fn caught(&mut self, before: usize) -> Vec<ExprId> {
        let thrown = self.thrown.split_off(before.min(self.thrown.len()));
        self.of_function(thrown)
    }

    /// Those of them that the function that is being read has made.
    fn of_function(&self, all: Vec<(FuncId, ExprId)>) -> Vec<ExprId> {
        let here = self.builder.current();
        let own = all.into_iter().filter(|(function, _)| *function == here);
        own.map(|(_, value)| value).take(THROWN).collect()
    }

    /// A call that is waited for throws an error with its answer in it, `error.response.data`: where a
    /// handler reads one, the name of what is caught holds it as well.
    fn answers(&mut self, awaited: Vec<(FuncId, ExprId)>, pattern: &BindingPattern<'_>, at: Span) {
        let awaited = self.of_function(awaited);
        if let BindingPattern::BindingIdentifier(name) = pattern
            && !awaited.is_empty()
        {
            let answers = self.builder.other(&awaited, at);
            let target = self.builder.name(&name.name, at);
            self.builder.assign(target, answers, at);
        }
    }

    /// What is caught: one of what is thrown by its name, or anything.
    fn one_of(&mut self, thrown: &[ExprId], at: Span) -> ExprId {
        if thrown.is_empty() {
            return self.builder.other(&[], at);
        }
        let items = self.builder.list(thrown);
        let all = self.builder.add(Expr::Array(items), at);
        self.builder.add(Expr::Element(all), at)
    }

    pub(super) fn block(&mut self, statements: &[Statement<'_>]) -> Draft {
        let mut block = Vec::new();
        for statement in statements {
            let _ = self.deeper(|this| this.statement(statement, &mut block));
        }
        block
    }

    fn scoped(&mut self, statements: &[Statement<'_>]) -> Draft {
        let back = self.builder.enter_scope();
        let block = self.block(statements);
        self.builder.leave(back);
        block
    }

    fn single(&mut self, statement: &Statement<'_>) -> Draft {
        let back = self.builder.enter_scope();
        let mut block = Vec::new();
        let _ = self.deeper(|this| this.statement(statement, &mut block));
        self.builder.leave(back);
        block
    }

    #[allow(clippy::too_many_lines, reason = "one arm a kind of statement")]
    fn statement(&mut self, statement: &Statement<'_>, into: &mut Draft) {
        match statement {
            Statement::ExpressionStatement(inner) => {
                let value = self.expression(&inner.expression);
                into.push(Stmt::Expr(value));
            }
            Statement::BlockStatement(block) => {
                let body = self.scoped(&block.body);
                into.push(self.builder.inner(body));
            }
            Statement::BreakStatement(_) => into.push(Stmt::Break),
            Statement::ContinueStatement(_) => into.push(Stmt::Continue),
            Statement::IfStatement(choice) => {
                let test = self.expression(&choice.test);
                let then = self.single(&choice.consequent);
                let other = choice
                    .alternate
                    .as_ref()
                    .map_or_else(Vec::new, |other| self.single(other));
                into.push(self.builder.choice(test, then, other));
            }
            Statement::WhileStatement(round) => {
                let test = self.expression(&round.test);
                let body = self.single(&round.body);
                into.push(self.builder.round(Some(test), body));
            }
            Statement::DoWhileStatement(round) => {
                let body = self.single(&round.body);
                let test = self.expression(&round.test);
                let body = self.builder.keep(body);
                into.push(self.builder.compound(Compound::Loop(Loop {
                    init: Block::default(),
                    test: Some(test),
                    update: None,
                    body,
                    post: true,
                })));
            }
            Statement::ForStatement(round) => {
                let back = self.builder.enter_scope();
                let mut init = Vec::new();
                let for_head = std::mem::replace(&mut self.for_head, true);
                match &round.init {
                    Some(ForStatementInit::VariableDeclaration(declaration)) => {
                        self.variables(declaration, &mut init)
                    }
                    Some(other) => {
                        if let Some(value) = other.as_expression() {
                            let value = self.expression(value);
                            init.push(Stmt::Expr(value));
                        }
                    }
                    None => {}
                }
                self.for_head = for_head;
                let test = round.test.as_ref().map(|test| self.expression(test));
                let update = round.update.as_ref().map(|update| self.expression(update));
                let body = self.single(&round.body);
                self.builder.leave(back);
                let (init, body) = (self.builder.keep(init), self.builder.keep(body));
                into.push(self.builder.compound(Compound::Loop(Loop {
                    init,
                    test,
                    update,
                    body,
                    post: false,
                })));
            }
            Statement::ForInStatement(round) => {
                self.each(&round.left, &round.right, &round.body, true, into)
            }
            Statement::ForOfStatement(round) => {
                self.each(&round.left, &round.right, &round.body, false, into)
            }
            Statement::LabeledStatement(labelled) => {
                let _ = self.deeper(|this| this.statement(&labelled.body, into));
            }
            Statement::ReturnStatement(returned)
                if let Some((step, value)) = returned
                    .argument
                    .as_ref()
                    .and_then(|value| self.step(value)) =>
            {
                let at = self.span(&**returned);
                let value = value.map(|value| self.expression(value));
                match step {
                    Step::Return => {
                        let function = self.builder.current();
                        self.builder.function_mut(function).returns.extend(value);
                        into.push(Stmt::Return(value));
                    }
                    Step::Wait => into.extend(self.waits_for(value, at).map(Stmt::Expr)),
                    Step::Go => {}
                }
            }
            Statement::ReturnStatement(returned) => {
                let value = returned
                    .argument
                    .as_ref()
                    .map(|value| self.expression(value));
                let function = self.builder.current();
                self.builder.function_mut(function).returns.extend(value);
                into.push(Stmt::Return(value));
            }
            Statement::SwitchStatement(switch) => {
                let subject = self.expression(&switch.discriminant);
                let back = self.builder.enter_scope();
                let cases = switch
                    .cases
                    .iter()
                    .map(|case| {
                        let test = case.test.as_ref().map(|test| self.expression(test));
                        let block = self.block(&case.consequent);
                        (test, self.builder.keep(block))
                    })
                    .collect();
                self.builder.leave(back);
                into.push(self.builder.compound(Compound::Switch(subject, cases)));
            }
            Statement::ThrowStatement(thrown) => {
                let value = self.expression(&thrown.argument);
                self.thrown.push((self.builder.current(), value));
                into.push(Stmt::Throw(value));
            }
            Statement::TryStatement(attempt) => {
                let (before, awaited) = (self.thrown.len(), self.awaited.len());
                let body = self.scoped(&attempt.block.body);
                let thrown = match attempt.handler {
                    Some(_) => self.caught(before),
                    None => Vec::new(),
                };
                let awaited = self.awaited.split_off(awaited.min(self.awaited.len()));
                let handler = attempt.handler.as_ref().map(|handler| {
                    let back = self.builder.enter_scope();
                    let mut block = Vec::new();
                    if let Some(parameter) = &handler.param {
                        let value = self.one_of(&thrown, self.span(parameter));
                        self.bind(
                            &parameter.pattern,
                            value,
                            VariableDeclarationKind::Let,
                            &mut block,
                        );
                    }
                    let read = std::mem::take(&mut self.reads_answer);
                    block.extend(self.block(&handler.body.body));
                    if let Some(parameter) = handler.param.as_ref().filter(|_| self.reads_answer) {
                        self.answers(awaited, &parameter.pattern, self.span(parameter));
                    }
                    self.reads_answer |= read;
                    self.builder.leave(back);
                    block
                });
                let last = attempt
                    .finalizer
                    .as_ref()
                    .map_or_else(Vec::new, |block| self.scoped(&block.body));
                into.push(self.builder.attempt(body, handler, last));
            }
            Statement::WithStatement(with) => {
                let value = self.expression(&with.object);
                into.push(Stmt::Expr(value));
                let body = self.single(&with.body);
                into.push(self.builder.inner(body));
            }
            Statement::DebuggerStatement(_) | Statement::EmptyStatement(_) => {}
            other => {
                if let Some(declaration) = other.as_declaration() {
                    self.declaration(declaration, into);
                } else if let Some(module) = other.as_module_declaration() {
                    self.module(module, into);
                }
            }
        }
    }

    pub(super) fn declaration(&mut self, declaration: &Declaration<'_>, into: &mut Draft) {
        let at = self.span(declaration);
        match declaration {
            Declaration::VariableDeclaration(variables) => self.variables(variables, into),
            Declaration::FunctionDeclaration(function) => {
                if let Some(id) = &function.id {
                    // Sloppy code sees it in the whole function.
                    let symbol = self.builder.declare(&id.name);
                    let hoisted = self.builder.declare_in_function(&id.name);
                    let value = self.function(function, None);
                    self.builder.value(symbol, value);
                    if hoisted != symbol {
                        self.builder.value(hoisted, value);
                    }
                }
            }
            Declaration::ClassDeclaration(class) => {
                let symbol = class.id.as_ref().map(|id| self.builder.declare(&id.name));
                let value = self.class(class);
                if let Some(symbol) = symbol {
                    self.builder.value(symbol, value);
                }
                into.push(Stmt::Expr(value));
            }
            Declaration::TSEnumDeclaration(members) => {
                let mut entries = Vec::new();
                for (index, member) in members.body.members.iter().enumerate() {
                    let name = match &member.id {
                        TSEnumMemberName::Identifier(name) => name.name.as_str(),
                        TSEnumMemberName::String(name) | TSEnumMemberName::ComputedString(name) => {
                            name.value.as_str()
                        }
                        TSEnumMemberName::ComputedTemplateString(_) => continue,
                    };
                    entries.push(self.builder.text(name, at));
                    entries.push(match &member.initializer {
                        Some(value) => self.expression(value),
                        None => self.builder.constant(Const::Number(index as f64), at),
                    });
                }
                let entries = self.builder.list(&entries);
                let value = self.builder.add(Expr::Object(entries), at);
                let symbol = self.builder.declare(&members.id.name);
                self.builder.value(symbol, value);
            }
            Declaration::TSNamespaceDeclaration(namespace) => {
                self.namespace(namespace, into);
            }
            Declaration::TSExternalModuleDeclaration(module) => {
                if let Some(block) = &module.body {
                    let body = self.scoped(&block.body);
                    into.push(self.builder.inner(body));
                }
            }
            Declaration::TSImportEqualsDeclaration(import) => {
                if let TSModuleReference::ExternalModuleReference(reference) =
                    &import.module_reference
                {
                    let value = self.builder.import(&reference.expression.value, at);
                    self.builder.declare(&import.id.name);
                    let target = self.builder.name(&import.id.name, at);
                    let assigned = self.builder.assign(target, value, at);
                    into.push(Stmt::Expr(assigned));
                }
            }
            Declaration::TSGlobalDeclaration(_)
            | Declaration::TSTypeAliasDeclaration(_)
            | Declaration::TSInterfaceDeclaration(_) => {}
        }
    }

    fn variables(&mut self, declaration: &VariableDeclaration<'_>, into: &mut Draft) {
        for declarator in &declaration.declarations {
            match &declarator.init {
                Some(value) => {
                    let value = self.expression(value);
                    self.bind(&declarator.id, value, declaration.kind, into);
                }
                None => {
                    for name in declarator.id.get_binding_identifiers() {
                        if declaration.kind == VariableDeclarationKind::Var {
                            self.builder.declare_in_function(&name.name);
                        } else {
                            self.builder.declare(&name.name);
                        }
                    }
                }
            }
        }
        self.disposed(declaration, into);
    }

    fn each(
        &mut self,
        left: &ForStatementLeft<'_>,
        right: &oxc_ast::ast::Expression<'_>,
        body: &Statement<'_>,
        keys: bool,
        into: &mut Draft,
    ) {
        let at = self.span(right);
        let back = self.builder.enter_scope();
        let over = self.expression(right);
        // A variable without a name of its own, which the pattern is then taken from.
        self.builder.declare("for each");
        let target = self.builder.name("for each", at);
        let element = self.builder.add(
            if keys {
                Expr::Key(over)
            } else {
                Expr::Element(over)
            },
            at,
        );
        self.builder.assign(target, element, at);
        let mut inner = Vec::new();
        let for_head = std::mem::replace(&mut self.for_head, true);
        match left {
            ForStatementLeft::VariableDeclaration(declaration) => {
                if let Some(declarator) = declaration.declarations.first() {
                    self.bind(&declarator.id, target, declaration.kind, &mut inner);
                }
            }
            other => {
                if let Some(pattern) = other.as_assignment_target() {
                    self.assign_pattern(pattern, target);
                }
            }
        }
        self.for_head = for_head;
        let mut rest = self.single(body);
        inner.append(&mut rest);
        self.builder.leave(back);
        into.push(self.builder.each(target, over, keys, inner));
    }
}
