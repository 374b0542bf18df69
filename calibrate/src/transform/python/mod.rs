//! Python: all twelve.

mod alias;
mod layout;
mod literal;
mod place;
mod rename;
mod wrap;

use super::edit::extension;
use super::{File, Random, Transform};
use ruff_python_ast::token::{Token, TokenKind};
use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, TraversalSignal};
use ruff_python_ast::{AnyNodeRef, Expr, Stmt};
use ruff_python_parser::parse_module;
use ruff_text_size::Ranged;
use std::collections::BTreeSet;

/// The transforms of Python.
pub const TRANSFORMS: &[Transform] = &[
    Transform {
        id: "T1",
        title: "rename",
        apply: rename::rename,
    },
    Transform {
        id: "T2",
        title: "split over files",
        apply: place::split,
    },
    Transform {
        id: "T3",
        title: "encode strings",
        apply: |files, random| each(files, random, literal::encode_all),
    },
    Transform {
        id: "T4",
        title: "dead code",
        apply: |files, random| each(files, random, layout::dead),
    },
    Transform {
        id: "T5",
        title: "minify",
        apply: |files, random| each(files, random, layout::minify),
    },
    Transform {
        id: "T6",
        title: "bundle",
        apply: |files, random| each(files, random, wrap::whole),
    },
    Transform {
        id: "T7",
        title: "later",
        apply: |files, random| each(files, random, wrap::later),
    },
    Transform {
        id: "T8",
        title: "alias",
        apply: |files, random| each(files, random, alias::alias),
    },
    Transform {
        id: "T9",
        title: "computed members",
        apply: |files, random| each(files, random, literal::compute),
    },
    Transform {
        id: "T10",
        title: "comments",
        apply: |files, random| each(files, random, layout::comment),
    },
    Transform {
        id: "T11",
        title: "outline and reorder",
        apply: |files, random| each(files, random, wrap::outline),
    },
    Transform {
        id: "T12",
        title: "move into data",
        apply: place::into_data,
    },
];

/// A node with the number of the node around it.
pub type Node<'a> = (AnyNodeRef<'a>, Option<usize>);

/// A file, read.
pub struct Code<'a> {
    /// Its text.
    pub text: &'a str,
    /// Its statements.
    pub body: &'a [Stmt],
    /// Its tokens.
    pub tokens: &'a [Token],
    /// All nodes, the outer ones before the inner ones.
    pub nodes: Vec<Node<'a>>,
}

/// What a node stands in: where a name that it binds lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The file.
    Module,
    /// A class.
    Class,
    /// A function, a lambda or a comprehension.
    Function,
}

impl<'a> Code<'a> {
    /// The text of a node.
    pub fn of(&self, node: &impl Ranged) -> &'a str {
        let (start, end) = at(node);
        self.text.get(start..end).unwrap_or("")
    }

    /// The nodes around a node, the nearest first.
    pub fn around(&self, index: usize) -> impl Iterator<Item = AnyNodeRef<'a>> {
        let mut next = self.nodes.get(index).and_then(|node| node.1);
        std::iter::from_fn(move || {
            let (node, parent) = self.nodes.get(next?)?;
            next = *parent;
            Some(*node)
        })
    }

    /// What a node stands in.
    pub fn scope(&self, index: usize) -> Scope {
        self.around(index)
            .find_map(|node| match node {
                AnyNodeRef::StmtClassDef(_) => Some(Scope::Class),
                AnyNodeRef::StmtFunctionDef(_)
                | AnyNodeRef::ExprLambda(_)
                | AnyNodeRef::ExprListComp(_)
                | AnyNodeRef::ExprSetComp(_)
                | AnyNodeRef::ExprDictComp(_)
                | AnyNodeRef::ExprGenerator(_) => Some(Scope::Function),
                _ => None,
            })
            .unwrap_or(Scope::Module)
    }

    /// It stands in an f-string, whose quotes cannot be used again.
    pub fn in_template(&self, index: usize) -> bool {
        self.around(index).any(|node| {
            matches!(
                node,
                AnyNodeRef::ExprFString(_) | AnyNodeRef::ExprTString(_)
            )
        })
    }

    /// It stands in an annotation or a pattern, which are no plain expressions.
    pub fn in_type(&self, index: usize) -> bool {
        let Some((node, _)) = self.nodes.get(index) else {
            return true;
        };
        let own = at(node);
        let holds = |expression: Option<&Expr>| {
            expression.is_some_and(|expression| {
                let (start, end) = at(expression);
                start <= own.0 && own.1 <= end
            })
        };
        self.around(index).any(|around| match around {
            AnyNodeRef::StmtAnnAssign(assignment) => holds(Some(&*assignment.annotation)),
            AnyNodeRef::Parameter(parameter) => holds(parameter.annotation.as_deref()),
            AnyNodeRef::StmtFunctionDef(function) => holds(function.returns.as_deref()),
            AnyNodeRef::PatternMatchValue(_)
            | AnyNodeRef::PatternMatchMapping(_)
            | AnyNodeRef::PatternMatchClass(_)
            | AnyNodeRef::StmtTypeAlias(_)
            | AnyNodeRef::TypeParams(_) => true,
            _ => false,
        })
    }

    /// Where strings stand, each as a whole: nothing in them is layout.
    pub fn strings(&self) -> Vec<(usize, usize)> {
        let mut strings = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        for token in self.tokens {
            let (start, end) = at(token);
            match token.kind() {
                TokenKind::FStringStart | TokenKind::TStringStart => open.push(start),
                TokenKind::FStringEnd | TokenKind::TStringEnd => {
                    if let Some(start) = open.pop()
                        && open.is_empty()
                    {
                        strings.push((start, end));
                    }
                }
                TokenKind::String if open.is_empty() => strings.push((start, end)),
                _ => {}
            }
        }
        strings
    }

    /// The statements that must stay at the top: the docstring and `from __future__`. Gives
    /// the number of the first other one.
    pub fn first(&self) -> usize {
        self.body
            .iter()
            .position(|statement| match statement {
                Stmt::Expr(inner) => !matches!(&*inner.value, Expr::StringLiteral(_)),
                Stmt::ImportFrom(import) => import
                    .module
                    .as_ref()
                    .is_none_or(|module| module.as_str() != "__future__"),
                _ => true,
            })
            .unwrap_or(self.body.len())
    }

    /// Statements of the file that begin a line and end one, from the first that may be
    /// moved: pairs of the line's beginning and the statement.
    pub fn lines(&self) -> Vec<(usize, &'a Stmt)> {
        self.body
            .iter()
            .skip(self.first())
            .filter_map(|statement| {
                let start = begin(statement);
                let begins = start == 0 || self.text.as_bytes().get(start - 1) == Some(&b'\n');
                begins.then_some((start, statement))
            })
            .collect()
    }

    /// Where the line of a place ends, its line break included.
    pub fn line_end(&self, from: usize) -> usize {
        self.text
            .get(from..)
            .and_then(|rest| rest.find('\n'))
            .map_or(self.text.len(), |offset| from + offset + 1)
    }

    /// A statement is alone on its lines: nothing before it, and behind it only a comment.
    pub fn is_alone(&self, statement: &Stmt) -> bool {
        let end = at(statement).1;
        let rest = self.text.get(end..self.line_end(end)).unwrap_or("").trim();
        rest.is_empty() || rest.starts_with('#')
    }

    /// The names that a part of the file binds, outside of functions and classes. None when
    /// they cannot be told.
    pub fn module_names(&self, from: usize, to: usize) -> Option<BTreeSet<String>> {
        let mut names = BTreeSet::new();
        for (index, (node, _)) in self.nodes.iter().enumerate() {
            let (start, end) = at(node);
            if start < from || to < end {
                continue;
            }
            if let AnyNodeRef::ExprNamed(_) = node
                && self.scope(index) == Scope::Function
            {
                // A walrus in a comprehension binds outside of it.
                return None;
            }
            if self.scope(index) != Scope::Module {
                continue;
            }
            match node {
                AnyNodeRef::ExprName(name) if !name.ctx.is_load() => {
                    names.insert(name.id.to_string());
                }
                AnyNodeRef::StmtFunctionDef(function) => {
                    names.insert(function.name.to_string());
                }
                AnyNodeRef::StmtClassDef(class) => {
                    names.insert(class.name.to_string());
                }
                AnyNodeRef::Alias(alias) => {
                    let bound = alias.asname.as_ref().unwrap_or(&alias.name);
                    if bound.as_str() == "*" {
                        return None;
                    }
                    let top = bound.as_str().split('.').next().unwrap_or_default();
                    names.insert(top.to_owned());
                }
                AnyNodeRef::ExceptHandlerExceptHandler(handler) => {
                    names.extend(handler.name.as_ref().map(ToString::to_string));
                }
                AnyNodeRef::PatternMatchAs(_)
                | AnyNodeRef::PatternMatchStar(_)
                | AnyNodeRef::PatternMatchMapping(_)
                | AnyNodeRef::StmtTypeAlias(_) => return None,
                _ => {}
            }
        }
        Some(names)
    }

    /// Runs text as code without saying in which names: inside of a function it would see
    /// others.
    pub fn runs_text(&self) -> bool {
        self.nodes.iter().any(|(node, _)| match node {
            AnyNodeRef::ExprCall(call) => matches!(&*call.func, Expr::Name(name)
                if matches!(name.id.as_str(), "exec" | "locals" | "vars" | "globals")
                    && call.arguments.args.len() < 2),
            _ => false,
        })
    }

    /// It reads its own text.
    pub fn reads_itself(&self) -> bool {
        let text = self.text;
        text.contains("open(__file__")
            || text.contains("Path(__file__).read")
            || text.contains("getsource")
            || text.contains("linecache")
            || text.contains("_getframe")
            || text.contains("co_code")
    }
}

struct Collect<'a> {
    nodes: Vec<Node<'a>>,
    open: Vec<usize>,
}

impl<'a> SourceOrderVisitor<'a> for Collect<'a> {
    fn enter_node(&mut self, node: AnyNodeRef<'a>) -> TraversalSignal {
        let parent = self.open.last().copied();
        self.open.push(self.nodes.len());
        self.nodes.push((node, parent));
        TraversalSignal::Traverse
    }

    fn leave_node(&mut self, _node: AnyNodeRef<'a>) {
        self.open.pop();
    }
}

/// Reads a file and does something with it. None for what has an error.
pub fn with_code<R>(text: &str, work: impl FnOnce(&Code<'_>) -> Option<R>) -> Option<R> {
    let parsed = parse_module(text).ok()?;
    let mut collect = Collect {
        nodes: Vec::new(),
        open: Vec::new(),
    };
    collect.visit_body(&parsed.syntax().body);
    let code = Code {
        text,
        body: &parsed.syntax().body,
        tokens: parsed.tokens(),
        nodes: collect.nodes,
    };
    work(&code)
}

/// Start and end of a node in bytes.
pub fn at(node: &impl Ranged) -> (usize, usize) {
    let range = node.range();
    (range.start().to_usize(), range.end().to_usize())
}

/// Where a statement begins, its decorators included.
pub fn begin(statement: &Stmt) -> usize {
    let decorators = match statement {
        Stmt::FunctionDef(function) => function.decorator_list.first(),
        Stmt::ClassDef(class) => class.decorator_list.first(),
        _ => None,
    };
    let own = at(statement).0;
    decorators.map_or(own, |decorator| at(decorator).0.min(own))
}

/// A file of code by its name.
pub fn is_code(path: &str) -> bool {
    extension(path) == "py"
}

/// A changed text still parses.
pub fn sound(_path: &str, _before: &str, after: &str) -> bool {
    parses(after)
}

/// A text parses.
pub fn parses(text: &str) -> bool {
    parse_module(text).is_ok()
}

fn each(
    files: &[File],
    random: &mut Random,
    change: fn(&str, &str, &mut Random) -> Option<String>,
) -> Option<Vec<File>> {
    super::each(files, random, is_code, sound, change)
}

/// A text as a literal, in ASCII.
pub fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            ' '..='~' => out.push(c),
            c => out.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    out.push('"');
    out
}

/// Lines moved to the right. Lines inside of strings stay where they are.
pub fn indent(code: &Code<'_>, start: usize, end: usize, by: &str) -> String {
    let strings = code.strings();
    let mut out = String::new();
    let mut at = start;
    while at < end {
        let next = code.line_end(at).min(end);
        let line = code.text.get(at..next).unwrap_or("");
        let in_string = strings.iter().any(|(from, to)| *from < at && at < *to);
        if !in_string && !line.trim().is_empty() {
            out.push_str(by);
        }
        out.push_str(line);
        at = next;
    }
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out
}
