//! JavaScript and TypeScript: all twelve.

mod alias;
mod bundle;
mod comment;
mod dead;
mod later;
mod literal;
mod member;
mod minify;
mod outline;
mod rename;
mod split;
mod top;

use super::edit::extension;
use super::{File, Random, Transform};
use oxc_allocator::Allocator;
use oxc_ast::AstKind;
use oxc_ast::ast::{Program, StringLiteral};
use oxc_parser::{ParseOptions, Parser};
use oxc_semantic::{AstNode, Semantic, SemanticBuilder};
use oxc_span::{GetSpan, SourceType, Span};

/// The transforms of JavaScript.
pub const TRANSFORMS: &[Transform] = &[
    Transform {
        id: "T1",
        title: "rename",
        apply: |files, random| each(files, random, rename::rename),
    },
    Transform {
        id: "T2",
        title: "split over files",
        apply: split::split,
    },
    Transform {
        id: "T3",
        title: "encode strings",
        apply: |files, random| each(files, random, literal::encode_all),
    },
    Transform {
        id: "T4",
        title: "dead code",
        apply: |files, random| each(files, random, dead::dead),
    },
    Transform {
        id: "T5",
        title: "minify",
        apply: |files, random| each(files, random, minify::minify),
    },
    Transform {
        id: "T6",
        title: "bundle",
        apply: bundle::bundle,
    },
    Transform {
        id: "T7",
        title: "later",
        apply: |files, random| each(files, random, later::later),
    },
    Transform {
        id: "T8",
        title: "alias",
        apply: |files, random| each(files, random, alias::alias),
    },
    Transform {
        id: "T9",
        title: "computed members",
        apply: |files, random| each(files, random, member::compute),
    },
    Transform {
        id: "T10",
        title: "comments",
        apply: |files, random| each(files, random, comment::comment),
    },
    Transform {
        id: "T11",
        title: "outline and reorder",
        apply: |files, random| each(files, random, outline::outline),
    },
    Transform {
        id: "T12",
        title: "move into data",
        apply: split::into_data,
    },
];

/// A file, read.
pub struct Code<'a> {
    /// Its text.
    pub text: &'a str,
    /// Its tree.
    pub program: &'a Program<'a>,
    /// Scopes, and all nodes with their parents.
    pub semantic: Semantic<'a>,
}

impl<'a> Code<'a> {
    /// The text of a place.
    pub fn slice(&self, span: Span) -> &'a str {
        self.text
            .get(span.start as usize..span.end as usize)
            .unwrap_or("")
    }

    /// The text of a node.
    pub fn of(&self, node: &impl GetSpan) -> &'a str {
        self.slice(node.span())
    }

    /// It has `import` or `export`.
    pub fn is_module(&self) -> bool {
        self.program.source_type.is_module()
    }

    /// It is TypeScript.
    pub fn is_typescript(&self) -> bool {
        self.program.source_type.is_typescript()
    }

    /// All nodes, the outer ones before the inner ones.
    pub fn nodes(&self) -> impl Iterator<Item = &AstNode<'a>> {
        self.semantic.nodes().iter()
    }

    /// What a node stands in.
    pub fn parent(&self, node: &AstNode<'_>) -> AstKind<'a> {
        self.semantic.nodes().parent_kind(node.id())
    }

    /// Where the first statement begins, behind a `#!` line and directives. None for a file
    /// without statements.
    pub fn head(&self) -> Option<usize> {
        self.program
            .body
            .first()
            .map(|statement| statement.span().start as usize)
    }

    /// The text in front of the first statement that must stay in front: a `#!` line and
    /// directives.
    pub fn prologue(&self) -> &'a str {
        let end = self
            .program
            .directives
            .last()
            .map(|directive| directive.span.end)
            .or_else(|| self.program.hashbang.as_ref().map(|line| line.span.end))
            .unwrap_or(0);
        self.text.get(..end as usize).unwrap_or("")
    }

    /// The names of all globals that are used, each with the nodes that use it.
    pub fn unresolved(&self, name: &str) -> Vec<&AstNode<'a>> {
        self.nodes()
            .filter(|node| {
                matches!(node.kind(), AstKind::IdentifierReference(found)
                    if found.name == name && self.symbol_of(found).is_none())
            })
            .collect()
    }

    /// What a name stands for.
    pub fn symbol_of(
        &self,
        name: &oxc_ast::ast::IdentifierReference<'_>,
    ) -> Option<oxc_semantic::SymbolId> {
        let reference = name.reference_id.get()?;
        self.semantic.scoping().get_reference(reference).symbol_id()
    }

    /// It holds markup, whose text is no code.
    pub fn has_markup(&self) -> bool {
        self.nodes().any(|node| {
            matches!(
                node.kind(),
                AstKind::JSXElement(_) | AstKind::JSXFragment(_)
            )
        })
    }

    /// It reads its own text, or the text of its functions: then a change of the text is a
    /// change of the meaning.
    pub fn reads_itself(&self) -> bool {
        let text = self.text;
        let reads = text.contains("readFile") || text.contains("createReadStream");
        text.contains("callee")
            || text.contains("require.main.filename")
            || (reads && (text.contains("__filename") || text.contains("import.meta.filename")))
            || text.contains("readFileSync(fileURLToPath(import.meta.url)")
            || text.contains("new Error().stack")
    }
}

/// Reads a file and does something with it. None for what is not read without an error.
pub fn with_code<R>(
    path: &str,
    text: &str,
    work: impl FnOnce(&Code<'_>) -> Option<R>,
) -> Option<R> {
    for dialect in dialects(path) {
        let allocator = Allocator::default();
        let parsed = Parser::new(&allocator, text, dialect)
            .with_options(options())
            .parse();
        if parsed.panicked || !parsed.diagnostics.is_empty() {
            continue;
        }
        let program: &Program<'_> = allocator.alloc(parsed.program);
        let built = SemanticBuilder::new().with_build_nodes(true).build(program);
        let code = Code {
            text,
            program,
            semantic: built.semantic,
        };
        return work(&code);
    }
    None
}

/// How many errors a text has that a parser alone does not see (a name declared twice);
/// none when it does not parse.
fn errors(path: &str, text: &str) -> Option<usize> {
    for dialect in dialects(path) {
        let allocator = Allocator::default();
        let parsed = Parser::new(&allocator, text, dialect)
            .with_options(options())
            .parse();
        if parsed.panicked || !parsed.diagnostics.is_empty() {
            continue;
        }
        let program: &Program<'_> = allocator.alloc(parsed.program);
        let built = SemanticBuilder::new()
            .with_check_syntax_error(true)
            .build(program);
        return Some(built.diagnostics.iter().count());
    }
    None
}

/// A changed text still parses and has no new errors.
pub fn sound(path: &str, before: &str, after: &str) -> bool {
    match (errors(path, before), errors(path, after)) {
        (Some(before), Some(after)) => after <= before,
        _ => false,
    }
}

/// A new file parses.
pub fn parses(path: &str, text: &str) -> bool {
    errors(path, text).is_some()
}

fn options() -> ParseOptions {
    // Parentheses are kept as nodes: then the place of an expression is all of it.
    ParseOptions {
        allow_return_outside_function: true,
        preserve_parens: true,
        ..ParseOptions::default()
    }
}

/// The dialects to try, as the engine does.
fn dialects(path: &str) -> Vec<SourceType> {
    match extension(path) {
        "ts" | "mts" | "cts" => vec![SourceType::ts()],
        "mjs" => vec![SourceType::mjs()],
        "cjs" => vec![SourceType::cjs()],
        _ => vec![
            SourceType::unambiguous(),
            SourceType::cjs(),
            SourceType::script(),
            SourceType::unambiguous().with_jsx(true),
            SourceType::ts(),
        ],
    }
}

/// A file of code by its name.
pub fn is_code(path: &str) -> bool {
    matches!(extension(path), "js" | "mjs" | "cjs" | "ts" | "mts" | "cts")
}

fn each(
    files: &[File],
    random: &mut Random,
    change: fn(&str, &str, &mut Random) -> Option<String>,
) -> Option<Vec<File>> {
    super::each(files, random, is_code, sound, change)
}

/// A text as a literal in single quotes, in ASCII.
pub fn quote(text: &str) -> String {
    let mut out = String::from("'");
    for unit in text.encode_utf16() {
        match unit {
            0x27 => out.push_str("\\'"),
            0x5c => out.push_str("\\\\"),
            0x0a => out.push_str("\\n"),
            0x0d => out.push_str("\\r"),
            0x20..=0x7e => out.push(char::from(unit as u8)),
            _ => out.push_str(&format!("\\u{unit:04x}")),
        }
    }
    out.push('\'');
    out
}

/// What a literal may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Any expression.
    Expression,
    /// The key of a property: an expression in brackets.
    Key,
}

/// Whether something else may stand in the place of a literal. Directives, the sources of
/// imports, types and markup must be literals.
pub fn place_of(code: &Code<'_>, node: &AstNode<'_>, literal: &StringLiteral<'_>) -> Option<Place> {
    let nodes = code.semantic.nodes();
    let key = |key: Span, computed: bool, at_key: Option<Place>| {
        if computed || key != literal.span {
            Some(Place::Expression)
        } else {
            at_key
        }
    };
    match nodes.parent_kind(node.id()) {
        AstKind::Directive(_)
        | AstKind::ImportDeclaration(_)
        | AstKind::ImportSpecifier(_)
        | AstKind::ImportAttribute(_)
        | AstKind::ExportAllDeclaration(_)
        | AstKind::ExportFromDeclaration(_)
        | AstKind::ExportSpecifier(_)
        | AstKind::JSXAttribute(_)
        | AstKind::TSLiteralType(_)
        | AstKind::TSEnumMember(_)
        | AstKind::TSExternalModuleDeclaration(_)
        | AstKind::TSExternalModuleReference(_)
        | AstKind::TSImportType(_)
        | AstKind::TSPropertySignature(_)
        | AstKind::TSMethodSignature(_) => None,
        AstKind::ObjectProperty(property) => {
            let at_key = (literal.value != "__proto__").then_some(Place::Key);
            key(property.key.span(), property.computed, at_key)
        }
        AstKind::BindingProperty(property) => key(property.key.span(), property.computed, None),
        AstKind::AssignmentTargetPropertyProperty(property) => {
            key(property.name.span(), property.computed, None)
        }
        AstKind::PropertyDefinition(property) => key(property.key.span(), property.computed, None),
        AstKind::MethodDefinition(method) => key(method.key.span(), method.computed, None),
        AstKind::AccessorProperty(property) => key(property.key.span(), property.computed, None),
        _ => Some(Place::Expression),
    }
}
