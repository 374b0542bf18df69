//! What only TypeScript has and what newer JavaScript took over of it: namespaces, decorators,
//! and declarations that end something.

use super::Lowering;
use crate::ir::{Accessor, Draft, Expr, ExprId, Stmt};
use oxc_ast::ast::{
    Decorator, FormalParameters, TSNamespaceDeclaration, TSNamespaceDeclarationBody,
    VariableDeclaration, VariableDeclarationKind,
};

impl Lowering<'_> {
    /// A namespace: its body runs at once, and what it exports is what its name has.
    pub(super) fn namespace(
        &mut self,
        namespace: &TSNamespaceDeclaration<'_>,
        into: &mut Draft,
    ) -> ExprId {
        let at = self.span(namespace);
        let before = self.builder.program().exports.len();
        let back = self.builder.enter_scope();
        match &namespace.body {
            TSNamespaceDeclarationBody::TSModuleBlock(block) => {
                let body = self.block(&block.body);
                into.push(self.builder.inner(body));
            }
            TSNamespaceDeclarationBody::TSNamespaceDeclaration(inner) => {
                let value = self.deeper(|this| this.namespace(inner, into));
                if let Some(value) = value {
                    self.builder.export(&inner.id.name, value);
                }
            }
        }
        let mut entries = Vec::new();
        for (name, value) in self.builder.take_exports(before) {
            let name = self.builder.program().shared_name(name);
            entries.extend([self.builder.text(&name, at), value]);
        }
        self.builder.leave(back);
        let entries = self.builder.list(&entries);
        let value = self.builder.add(Expr::Object(entries), at);
        let symbol = self.builder.declare(&namespace.id.name);
        self.builder.value(symbol, value);
        value
    }

    /// Decorators are called with what they stand above, where it is defined. What that is they
    /// are not told here: a class that is handed over would run.
    pub(super) fn decorators(&mut self, decorators: &[Decorator<'_>]) {
        for decorator in decorators {
            let at = self.span(decorator);
            let callee = self.expression(&decorator.expression);
            let args = [(); 3].map(|()| self.builder.other(&[], at));
            self.builder.call(callee, &args, false, at);
        }
    }

    /// Those of parameters.
    pub(super) fn decorators_of(&mut self, parameters: &FormalParameters<'_>) {
        for parameter in &parameters.items {
            self.decorators(&parameter.decorators);
        }
    }

    /// `using a = b`: its method is called when the block ends.
    pub(super) fn disposed(&mut self, declaration: &VariableDeclaration<'_>, into: &mut Draft) {
        let method = match declaration.kind {
            VariableDeclarationKind::Using => "dispose",
            VariableDeclarationKind::AwaitUsing => "asyncDispose",
            VariableDeclarationKind::Var
            | VariableDeclarationKind::Let
            | VariableDeclarationKind::Const => return,
        };
        for declarator in &declaration.declarations {
            let at = self.span(declarator);
            for name in declarator.id.get_binding_identifiers() {
                let object = self.builder.name(&name.name, at);
                let symbol = self.builder.name("Symbol", at);
                let key = self.builder.member(symbol, method, at);
                let callee = self.builder.add(Expr::Index(object, key), at);
                let call = self.builder.call(callee, &[], false, at);
                into.push(Stmt::Expr(call));
            }
        }
    }

    /// Marks a function that runs when a property is read or written.
    pub(super) fn accessor(&mut self, function: ExprId, accessor: Accessor) {
        if let Expr::Function(function) = self.builder.program().expr(function) {
            self.builder.function_mut(function).accessor = Some(accessor);
        }
    }
}
