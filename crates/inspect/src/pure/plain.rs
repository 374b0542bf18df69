//! Names that are written in a roundabout way, made plain: `a['b' + 'c']`,
//! `getattr(a, 'b')`, `Reflect.get(a, 'b')`, `on(String.fromCharCode(…))`.
//!
//! Whoever reads a program asks for members by name. A name that is made of constants alone
//! is that name, so it is put in its place once, before anybody asks. What depends on
//! anything else stays as it is.

use super::names::{Changes, Names};
use super::{FileId, Machine, Surroundings, Value};
use crate::ir::{Expr, ExprId, Language, Program, SymbolId};
use rustc_hash::FxHashSet;
use std::rc::Rc;

/// Expressions of one program that are looked at, and parts of one of them.
const MOST: usize = 20_000;
const PARTS: u32 = 200;
/// Letters of a name.
const NAME: usize = 64;

/// A program on its own.
struct Alone(Rc<Program>);

impl Surroundings for Alone {
    fn program(&self, _file: FileId) -> Option<Rc<Program>> {
        Some(Rc::clone(&self.0))
    }
    fn resolve(&self, _from: FileId, _specifier: &str) -> Option<FileId> {
        None
    }
    fn data(&self, _file: FileId) -> Option<Rc<[u8]>> {
        None
    }
    fn content(&self, _path: &str) -> Option<Rc<[u8]>> {
        None
    }
    fn content_named(&self, _name: &str) -> Option<Rc<[u8]>> {
        None
    }
    fn path(&self, _file: FileId) -> &str {
        ""
    }
}

/// Makes the names of a program plain. Assignments by name are not settled yet.
pub fn plain(program: Program) -> Program {
    let program = Rc::new(program);
    let alone = Alone(Rc::clone(&program));
    let mut looking = Looking {
        program: &program,
        machine: Machine::new(&alone),
        assigned: assigned(&program),
        left: MOST,
        comprehends: false,
        comprehended: Vec::new(),
    };
    let changes = Changes::of(&program, &mut looking);
    drop(looking);
    drop(alone);
    let Some(mut program) = Rc::into_inner(program) else {
        // Nobody else holds it; without it there would be nothing to read.
        return Program::empty(Language::JavaScript);
    };
    changes.put_into(&mut program);
    program
}

/// Variables that get another value later.
fn assigned(program: &Program) -> FxHashSet<SymbolId> {
    let mut out = FxHashSet::default();
    for expr in &program.exprs {
        let (Expr::Assign(target, _) | Expr::Update { target, .. }) = expr else {
            continue;
        };
        if let Expr::Name(atom, scope) = program.expr(*target)
            && let Some(symbol) = program.resolve(atom, scope)
        {
            out.insert(symbol);
        }
    }
    out
}

struct Looking<'p> {
    program: &'p Program,
    machine: Machine<'p>,
    assigned: FxHashSet<SymbolId>,
    left: usize,
    /// A comprehension is being looked at.
    comprehends: bool,
    /// The variables of the comprehensions around.
    comprehended: Vec<SymbolId>,
}

impl Names for Looking<'_> {
    fn name(&mut self, expr: ExprId) -> Option<String> {
        self.made(expr)
    }

    fn member(&mut self, callee: ExprId, key: ExprId) -> Option<String> {
        if self.gets_member(callee) {
            self.name_or_text(key)
        } else {
            None
        }
    }
}

impl Looking<'_> {
    /// Whether a function gives a member of its first argument by the second.
    fn gets_member(&self, callee: ExprId) -> bool {
        match (self.program.language, self.program.expr(callee)) {
            (Language::Python, Expr::Name(name, scope)) => {
                self.program.name(name) == "getattr" && self.program.resolve(name, scope).is_none()
            }
            (Language::JavaScript, Expr::Member(object, name)) => {
                self.program.name(name) == "get"
                    && matches!(self.program.expr(object), Expr::Name(object, scope)
                        if self.program.name(object) == "Reflect" && self.program.resolve(object, scope).is_none())
            }
            _ => false,
        }
    }

    fn name_or_text(&mut self, expr: ExprId) -> Option<String> {
        match self.program.text(expr) {
            Some(text) => is_name(text).then(|| text.to_owned()),
            None => self.made(expr),
        }
    }

    /// The name that an expression makes, if it makes one of constants alone and is not
    /// one that is written out.
    fn made(&mut self, expr: ExprId) -> Option<String> {
        let roundabout = matches!(
            self.program.expr(expr),
            Expr::Call { .. }
                | Expr::Concat(_)
                | Expr::Binary(..)
                | Expr::Index(..)
                | Expr::Slice(..)
        ) || matches!(self.program.expr(expr), Expr::Name(..))
            && self.is_constant(expr);
        let mut parts = PARTS;
        if !roundabout || self.left == 0 || !self.is_closed(expr, &mut parts) {
            return None;
        }
        self.left -= 1;
        match self.machine.fold(0, expr) {
            Value::Text(text) if is_name(&text) => Some(text.to_string()),
            _ => None,
        }
    }

    /// A variable that only ever is one text.
    fn is_constant(&self, expr: ExprId) -> bool {
        let Expr::Name(atom, scope) = self.program.expr(expr) else {
            return false;
        };
        self.program.resolve(atom, scope).is_some_and(|symbol| {
            let values = &self.program.symbols[symbol.at()].values;
            !self.assigned.contains(&symbol)
                && matches!(values.as_slice(), [value] if self.program.text(*value).is_some())
        })
    }

    /// Whether nothing but constants, and functions of the language, is in an expression.
    fn is_closed(&mut self, expr: ExprId, parts: &mut u32) -> bool {
        if *parts == 0 {
            return false;
        }
        *parts -= 1;
        let program = self.program;
        match program.expr(expr) {
            Expr::Const(_) | Expr::Function(_) => true,
            Expr::Name(atom, scope) => match program.resolve(atom, scope) {
                None => true,
                Some(symbol) if self.comprehended.contains(&symbol) => true,
                Some(symbol) => {
                    let values = &program.symbols[symbol.at()].values;
                    !self.assigned.contains(&symbol)
                        && matches!(values.as_slice(), [value] if matches!(
                            program.expr(*value),
                            Expr::Const(_) | Expr::Module(_)
                        ) || self.is_of_module(*value) || self.is_element(*value))
                }
            },
            Expr::Member(object, _) => self.is_closed(object, parts),
            Expr::Index(a, b) | Expr::Binary(_, a, b) => {
                self.is_closed(a, parts) && self.is_closed(b, parts)
            }
            Expr::Unary(_, inner) | Expr::Spread(inner) | Expr::Element(inner) => {
                self.is_closed(inner, parts)
            }
            Expr::Slice(object, list) => {
                self.is_closed(object, parts) && self.are_closed(program.list(list), parts)
            }
            Expr::Array(list) | Expr::Concat(list) => self.are_closed(program.list(list), parts),
            Expr::Comprehend(list) => {
                let outer = std::mem::replace(&mut self.comprehends, true);
                let known = self.comprehended.len();
                let list = program.list(list);
                if let Some(target) = list.first() {
                    self.bind(*target);
                }
                let closed = self.are_closed(list, parts);
                self.comprehended.truncate(known);
                self.comprehends = outer;
                closed
            }
            Expr::Assign(_, value) => self.is_closed(value, parts),
            Expr::Call {
                callee,
                args,
                new: false,
            } => self.is_closed(callee, parts) && self.are_closed(program.list(args), parts),
            _ => false,
        }
    }

    /// Notes the variables of a comprehension: each is an element of what is looked at too.
    fn bind(&mut self, target: ExprId) {
        match self.program.expr(target) {
            Expr::Name(atom, scope) => {
                self.comprehended.extend(self.program.resolve(atom, scope));
            }
            Expr::Array(parts) => {
                let program = self.program;
                for part in program.list(parts) {
                    if let Expr::Name(atom, scope) = program.expr(*part) {
                        self.comprehended.extend(program.resolve(atom, scope));
                    }
                }
            }
            _ => {}
        }
    }

    fn are_closed(&mut self, list: &[ExprId], parts: &mut u32) -> bool {
        list.iter().all(|part| self.is_closed(*part, parts))
    }

    /// A variable of a comprehension: what it goes over is looked at with it.
    fn is_element(&self, value: ExprId) -> bool {
        matches!(self.program.expr(value), Expr::Element(_)) && self.comprehends
    }

    fn is_of_module(&self, value: ExprId) -> bool {
        matches!(self.program.expr(value), Expr::Member(module, _)
            if matches!(self.program.expr(module), Expr::Module(_)))
    }
}

/// Letters, digits and what joins them: the name of a member, an event, a module.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= NAME
        && text.bytes().all(|byte| {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b'_' | b'$' | b'.' | b'-' | b':' | b'/' | b'@')
        })
        && !text.bytes().all(|byte| byte.is_ascii_digit())
}
