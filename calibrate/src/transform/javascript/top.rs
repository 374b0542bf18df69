//! The statements at the top of a file: what each declares, uses and does.

use super::Code;
use oxc_ast::AstKind;
use oxc_ast::ast::{AssignmentOperator, Expression, Statement};
use oxc_semantic::SymbolId;
use oxc_span::{GetSpan, Span};
use std::collections::HashSet;

/// What a statement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// An import.
    Import,
    /// An export of a module.
    Export,
    /// `module.exports = …`, `exports.a = …`
    Exports,
    /// A function.
    Function,
    /// A class.
    Class,
    /// Variables.
    Variable,
    /// A type, or something else that is no code.
    Type,
    /// Anything that does something.
    Other,
}

/// One statement at the top.
#[derive(Debug)]
pub struct Top {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub sort: Sort,
    /// The names that it declares at the top.
    pub declares: HashSet<SymbolId>,
    /// The names of the top that it uses, or that functions in it use.
    pub uses: HashSet<SymbolId>,
    /// Globals that it uses.
    pub globals: HashSet<String>,
    /// To run it does nothing but give values to its names; it may be run earlier or later.
    pub pure: bool,
    /// It waits at the top.
    pub waits: bool,
    /// It returns at the top.
    pub returns: bool,
    /// It uses `this` of the file.
    pub this: bool,
}

impl Top {
    /// The text, with a semicolon at its end: then it can be put in front of anything.
    pub fn closed(&self, code: &Code<'_>) -> String {
        let text = code.slice(self.span).trim_end();
        if text.ends_with(';') {
            text.to_owned()
        } else {
            format!("{text};")
        }
    }
}

/// The statements at the top of a file.
pub fn tops(code: &Code<'_>) -> Vec<Top> {
    let mut tops: Vec<Top> = code
        .program
        .body
        .iter()
        .map(|statement| Top {
            span: statement.span(),
            sort: sort(statement),
            declares: HashSet::new(),
            uses: HashSet::new(),
            globals: HashSet::new(),
            pure: true,
            waits: false,
            returns: false,
            this: false,
        })
        .collect();
    let scoping = code.semantic.scoping();
    let root = scoping.root_scope_id();
    let nodes = code.semantic.nodes();
    for node in code.nodes() {
        let at = node.span();
        let Some(top) = tops
            .iter_mut()
            .find(|top| top.span.start <= at.start && at.end <= top.span.end)
        else {
            continue;
        };
        let in_function = || {
            nodes.ancestor_kinds(node.id()).any(|kind| {
                matches!(
                    kind,
                    AstKind::Function(_) | AstKind::ArrowFunctionExpression(_)
                )
            })
        };
        match node.kind() {
            AstKind::BindingIdentifier(name) => {
                if let Some(symbol) = name.symbol_id.get()
                    && scoping.symbol_scope_id(symbol) == root
                {
                    top.declares.insert(symbol);
                }
            }
            AstKind::IdentifierReference(name) => match code.symbol_of(name) {
                Some(symbol) if scoping.symbol_scope_id(symbol) == root => {
                    top.uses.insert(symbol);
                }
                Some(_) => {}
                None => {
                    top.globals.insert(name.name.to_string());
                }
            },
            AstKind::CallExpression(call)
                // `require('x')` of a module gives the same value whenever it is called.
                if call.common_js_require().is_none() && !in_function() => {
                    top.pure = false;
                }
            AstKind::NewExpression(_)
            | AstKind::AssignmentExpression(_)
            | AstKind::UpdateExpression(_)
            | AstKind::TaggedTemplateExpression(_)
            | AstKind::ImportExpression(_)
            | AstKind::ThrowStatement(_)
            | AstKind::StaticBlock(_)
                if !in_function() => {
                    top.pure = false;
                }
            AstKind::AwaitExpression(_)
                if !in_function() => {
                    top.pure = false;
                    top.waits = true;
                }
            AstKind::ForOfStatement(round)
                if round.r#await && !in_function() => {
                    top.waits = true;
                }
            AstKind::ReturnStatement(_)
                if !in_function() => {
                    top.returns = true;
                }
            AstKind::ThisExpression(_) => {
                let own = nodes
                    .ancestor_kinds(node.id())
                    .any(|kind| matches!(kind, AstKind::Function(_) | AstKind::Class(_)));
                if !own {
                    top.this = true;
                }
            }
            _ => {}
        }
    }
    for top in &mut tops {
        if matches!(top.sort, Sort::Other) {
            top.pure = false;
        }
    }
    tops
}

fn sort(statement: &Statement<'_>) -> Sort {
    match statement {
        Statement::ImportDeclaration(_) => Sort::Import,
        Statement::ExportAllDeclaration(_)
        | Statement::ExportDefaultDeclaration(_)
        | Statement::ExportDeclaration(_)
        | Statement::ExportNamedDeclaration(_)
        | Statement::ExportFromDeclaration(_)
        | Statement::TSExportAssignment(_)
        | Statement::TSNamespaceExportDeclaration(_) => Sort::Export,
        Statement::FunctionDeclaration(function) if function.declare => Sort::Type,
        Statement::FunctionDeclaration(_) => Sort::Function,
        Statement::ClassDeclaration(_) => Sort::Class,
        Statement::VariableDeclaration(variables) if variables.declare => Sort::Type,
        Statement::VariableDeclaration(_) => Sort::Variable,
        Statement::TSTypeAliasDeclaration(_)
        | Statement::TSInterfaceDeclaration(_)
        | Statement::TSEnumDeclaration(_)
        | Statement::TSExternalModuleDeclaration(_)
        | Statement::TSNamespaceDeclaration(_)
        | Statement::TSGlobalDeclaration(_)
        | Statement::TSImportEqualsDeclaration(_) => Sort::Type,
        Statement::ExpressionStatement(inner) => {
            if let Expression::AssignmentExpression(assignment) = &inner.expression
                && assignment.operator == AssignmentOperator::Assign
            {
                let mut target = None;
                if let Some(simple) = assignment.left.as_simple_assignment_target()
                    && let Some(member) = simple.as_member_expression()
                {
                    target = Some(member);
                }
                let mut base = target.map(|member| member.object());
                while let Some(Expression::StaticMemberExpression(member)) = base {
                    if member.property.name == "exports" {
                        return Sort::Exports;
                    }
                    base = Some(&member.object);
                }
                let is_module =
                    matches!(base, Some(Expression::Identifier(name)) if name.name == "module");
                let is_exports =
                    matches!(base, Some(Expression::Identifier(name)) if name.name == "exports");
                if is_exports || is_module {
                    return Sort::Exports;
                }
            }
            Sort::Other
        }
        _ => Sort::Other,
    }
}

/// A statement that may be written a second time in another file: an import, or a
/// `require` of a module.
fn is_copyable(top: &Top) -> bool {
    match top.sort {
        Sort::Import => true,
        Sort::Variable => {
            top.pure
                && top.uses.is_subset(&top.declares)
                && top.globals.len() == 1
                && top.globals.contains("require")
        }
        _ => false,
    }
}

/// Which of some statements can run in another file: they use each other and imports, and
/// nothing else of the file.
pub fn movable(tops: &[Top], mut moved: Vec<usize>) -> Vec<usize> {
    loop {
        let own: HashSet<SymbolId> = moved
            .iter()
            .flat_map(|index| tops[*index].declares.iter().copied())
            .collect();
        let before = moved.len();
        moved.retain(|index| {
            tops[*index].uses.iter().all(|symbol| {
                own.contains(symbol)
                    || tops
                        .iter()
                        .any(|top| top.declares.contains(symbol) && is_copyable(top))
            })
        });
        if moved.len() == before {
            return moved;
        }
    }
}

/// The imports that some statements use.
pub fn needed<'t>(tops: &'t [Top], moved: &[usize]) -> Vec<&'t Top> {
    let used: HashSet<SymbolId> = moved
        .iter()
        .flat_map(|index| tops[*index].uses.iter().copied())
        .collect();
    tops.iter()
        .enumerate()
        .filter(|(index, top)| {
            !moved.contains(index) && is_copyable(top) && !top.declares.is_disjoint(&used)
        })
        .map(|(_, top)| top)
        .collect()
}
