//! Functions and classes.

use super::Lowering;
use super::pieces::Head;
use crate::ir::{Accessor, Expr, ExprId, FuncId, Stmt};
use oxc_ast::ast::{
    ArrowFunctionBody, ArrowFunctionExpression, Class, ClassElement, FormalParameters, Function,
    FunctionType, MethodDefinitionKind, VariableDeclarationKind,
};
use oxc_span::GetSpan as _;

impl Lowering<'_> {
    /// A function; `known_as` is the property it stands under, if its own name is none.
    pub(super) fn function(&mut self, function: &Function<'_>, known_as: Option<&str>) -> ExprId {
        let at = self.span(function);
        let own = function.id.as_ref().map(|id| id.name.as_str());
        let next = self.next_compiled.take();
        // What is called at once with what `this` is around it stands for an arrow.
        let is_compiled = next.is_some();
        let compiled = std::mem::replace(&mut self.compiled, next.unwrap_or_default());
        let (id, back) = self.builder.enter_function(own.or(known_as), is_compiled);
        let for_head = std::mem::replace(&mut self.for_head, false);
        if let Some(own) = own
            && function.r#type == FunctionType::FunctionExpression
        {
            // The name of a function expression is seen inside only.
            let symbol = self.builder.declare(own);
            let itself = self.builder.add(Expr::Function(id), at);
            self.builder.value(symbol, itself);
        }
        let mut body = self.parameters(id, &function.params);
        if let Some(statements) = &function.body {
            let head = Head {
                arrow: false,
                r#async: function.r#async,
                generator: function.generator,
            };
            body.extend(self.body(statements, head));
        }
        self.builder.set_body(id, body);
        self.for_head = for_head;
        self.compiled = compiled;
        self.builder.leave(back);
        self.builder.add(Expr::Function(id), at)
    }

    pub(super) fn arrow(&mut self, arrow: &ArrowFunctionExpression<'_>) -> ExprId {
        let at = self.span(arrow);
        let compiled = std::mem::take(&mut self.compiled);
        let (id, back) = self.builder.enter_function(None, true);
        let mut body = self.parameters(id, &arrow.params);
        match &arrow.body {
            ArrowFunctionBody::FunctionBody(statements) => {
                let head = Head {
                    arrow: true,
                    r#async: arrow.r#async,
                    generator: false,
                };
                body.extend(self.body(statements, head));
            }
            other => {
                self.not_cut(other.span());
                if let Some(value) = other.as_expression() {
                    let value = self.expression(value);
                    self.builder.function_mut(id).returns.push(value);
                    body.push(Stmt::Return(Some(value)));
                }
            }
        }
        self.builder.set_body(id, body);
        self.compiled = compiled;
        self.builder.leave(back);
        self.builder.add(Expr::Function(id), at)
    }

    /// Parameters are variables that are assigned at the beginning of the body.
    fn parameters(&mut self, function: FuncId, parameters: &FormalParameters<'_>) -> Vec<Stmt> {
        let mut prologue = Vec::new();
        for (index, parameter) in parameters.items.iter().enumerate() {
            let at = self.span(parameter);
            let index = u16::try_from(index).unwrap_or(u16::MAX);
            let mut value = self.builder.add(Expr::Param(function, index), at);
            if let Some(default) = &parameter.initializer {
                value = self.with_default(value, default, at);
            }
            self.bind(
                &parameter.pattern,
                value,
                VariableDeclarationKind::Let,
                &mut prologue,
            );
        }
        let count = u16::try_from(parameters.items.len()).unwrap_or(u16::MAX);
        self.builder.function_mut(function).params = count;
        if let Some(rest) = &parameters.rest {
            let value = self
                .builder
                .add(Expr::Rest(function, count), self.span(&**rest));
            self.bind(
                &rest.rest.argument,
                value,
                VariableDeclarationKind::Let,
                &mut prologue,
            );
        }
        prologue
    }

    /// A class: its methods and static parts. What stands in it directly runs when it is
    /// defined; initialisers of fields run with the constructor, which is near enough.
    pub(super) fn class(&mut self, class: &Class<'_>) -> ExprId {
        let at = self.span(class);
        self.decorators(&class.decorators);
        let back = self.builder.enter_scope();
        let mut entries = Vec::new();
        if let Some(heritage) = &class.heritage {
            let parent = self.expression(&heritage.expression);
            let parent = self.builder.add(Expr::Spread(parent), at);
            entries.extend([parent, parent]);
        }
        let mut methods = Vec::new();
        for element in &class.body.body {
            match element {
                ClassElement::MethodDefinition(method) => {
                    self.decorators(&method.decorators);
                    self.decorators_of(&method.value.params);
                    let key = self.key(&method.key);
                    let name = method.key.static_name();
                    let known_as = if method.kind == MethodDefinitionKind::Constructor {
                        Some("constructor")
                    } else {
                        name.as_deref()
                    };
                    let value = self.function(&method.value, known_as);
                    methods.push(value);
                    entries.extend([key, value]);
                    let accessor = match method.kind {
                        MethodDefinitionKind::Get => Some(Accessor::Get),
                        MethodDefinitionKind::Set => Some(Accessor::Set),
                        MethodDefinitionKind::Constructor | MethodDefinitionKind::Method => None,
                    };
                    if let Some(accessor) = accessor {
                        self.accessor(value, accessor);
                        // Whoever reads or writes the property calls it.
                        self.builder.call(value, &[], false, at);
                    }
                }
                ClassElement::PropertyDefinition(property) => {
                    self.decorators(&property.decorators);
                    let key = self.key(&property.key);
                    let value = match &property.value {
                        Some(value) => self.expression(value),
                        None => self.builder.undefined(at),
                    };
                    entries.extend([key, value]);
                }
                ClassElement::AccessorProperty(property) => {
                    self.decorators(&property.decorators);
                    let key = self.key(&property.key);
                    let value = match &property.value {
                        Some(value) => self.expression(value),
                        None => self.builder.undefined(at),
                    };
                    entries.extend([key, value]);
                }
                ClassElement::StaticBlock(block) => {
                    methods.push(self.static_block(&block.body));
                }
                ClassElement::TSIndexSignature(_) => {}
            }
        }
        self.builder.leave(back);
        let entries = self.builder.list(&entries);
        let id = self.builder.add(Expr::Class(entries), at);
        for method in methods {
            if let Expr::Function(function) = self.builder.program().expr(method) {
                self.builder.function_mut(function).class = Some(id);
            }
        }
        id
    }

    /// A static block runs at once: a function that is called where it stands.
    fn static_block(&mut self, body: &[oxc_ast::ast::Statement<'_>]) -> ExprId {
        let at = crate::ir::Span::default();
        let (id, back) = self.builder.enter_function(None, true);
        let body = self.block(body);
        self.builder.set_body(id, body);
        self.builder.leave(back);
        let function = self.builder.add(Expr::Function(id), at);
        self.builder.call(function, &[], false, at);
        function
    }
}
