//! Imports and exports.

use super::Lowering;
use crate::ir::{Draft, Stmt};
use oxc_ast::ast::{ExportDefaultDeclarationKind, ImportDeclarationSpecifier, ModuleDeclaration};

impl Lowering<'_> {
    pub(super) fn module(&mut self, declaration: &ModuleDeclaration<'_>, into: &mut Draft) {
        let at = self.span(declaration);
        match declaration {
            ModuleDeclaration::ImportDeclaration(import) => {
                let module = self.builder.import(&import.source.value, at);
                for specifier in import.specifiers.iter().flatten() {
                    let (local, value) = match specifier {
                        ImportDeclarationSpecifier::ImportSpecifier(named) => (
                            &named.local.name,
                            self.builder.member(module, &named.imported.name(), at),
                        ),
                        ImportDeclarationSpecifier::ImportDefaultSpecifier(default) => (
                            &default.local.name,
                            self.builder.member(module, "default", at),
                        ),
                        ImportDeclarationSpecifier::ImportNamespaceSpecifier(all) => {
                            (&all.local.name, module)
                        }
                    };
                    self.builder.declare(local);
                    let target = self.builder.name(local, at);
                    let assigned = self.builder.assign(target, value, at);
                    into.push(Stmt::Expr(assigned));
                }
            }
            ModuleDeclaration::ExportAllDeclaration(all) => match &all.exported {
                Some(name) => {
                    let module = self.builder.import(&all.source.value, at);
                    self.builder.export(&name.name(), module);
                }
                None => self.builder.export_all(&all.source.value, at),
            },
            ModuleDeclaration::ExportFromDeclaration(from) => {
                let module = self.builder.import(&from.source.value, at);
                for specifier in &from.specifiers {
                    let value = self.builder.member(module, &specifier.local.name(), at);
                    self.builder.export(&specifier.exported.name(), value);
                }
            }
            ModuleDeclaration::ExportNamedDeclaration(named) => {
                for specifier in &named.specifiers {
                    let value = self.builder.name(&specifier.local.name(), at);
                    self.builder.export(&specifier.exported.name(), value);
                }
            }
            ModuleDeclaration::ExportDeclaration(export) => {
                let names: Vec<String> = exported_names(&export.declaration);
                self.declaration(&export.declaration, into);
                for name in names {
                    let value = self.builder.name(&name, at);
                    self.builder.export(&name, value);
                }
            }
            ModuleDeclaration::ExportDefaultDeclaration(default) => {
                let value = match &default.declaration {
                    ExportDefaultDeclarationKind::FunctionDeclaration(function) => {
                        let value = self.function(function, None);
                        if let Some(id) = &function.id {
                            let symbol = self.builder.declare(&id.name);
                            self.builder.value(symbol, value);
                        }
                        value
                    }
                    ExportDefaultDeclarationKind::ClassDeclaration(class) => {
                        let value = self.class(class);
                        if let Some(id) = &class.id {
                            let symbol = self.builder.declare(&id.name);
                            self.builder.value(symbol, value);
                        }
                        value
                    }
                    ExportDefaultDeclarationKind::TSInterfaceDeclaration(_) => return,
                    other => match other.as_expression() {
                        Some(value) => self.expression(value),
                        None => return,
                    },
                };
                self.builder.export("default", value);
                into.push(Stmt::Expr(value));
            }
            ModuleDeclaration::TSExportAssignment(assignment) => {
                let module = self.builder.name("module", at);
                let target = self.builder.member(module, "exports", at);
                let value = self.expression(&assignment.expression);
                let assigned = self.builder.assign(target, value, at);
                into.push(Stmt::Expr(assigned));
            }
            ModuleDeclaration::TSNamespaceExportDeclaration(_) => {}
        }
    }
}

fn exported_names(declaration: &oxc_ast::ast::Declaration<'_>) -> Vec<String> {
    use oxc_ast::ast::Declaration;
    match declaration {
        Declaration::VariableDeclaration(variables) => variables
            .declarations
            .iter()
            .flat_map(|declarator| declarator.id.get_binding_identifiers())
            .map(|name| name.name.to_string())
            .collect(),
        other => other
            .id()
            .map(|id| id.name.to_string())
            .into_iter()
            .collect(),
    }
}
