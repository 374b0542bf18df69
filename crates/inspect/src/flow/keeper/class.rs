//! Classes: who gets what an object is made with, and what is put into its fields.

use super::Body;
use crate::flow::Analysis;
use crate::flow::index::class_of;
use crate::ir::{Expr, ExprId, FuncId, Language};
use crate::know;
use crate::pure::{FileId, Value};

/// Classes above a class.
const BASES: usize = 8;

/// What makes an object of a class.
#[derive(Debug, Clone, Copy)]
pub(super) enum Maker {
    /// A constructor of the package.
    Own(FileId, FuncId),
    /// That of a tool for command lines or servers: what it gets waits.
    OfHandlers,
}

impl Analysis<'_> {
    /// The constructor of a class, its own or that of a class above it.
    pub(super) fn maker(&mut self, class: (FileId, ExprId), level: usize) -> Option<Maker> {
        let program = self.program(class.0)?;
        let index = self.index(class.0)?;
        // Something else may stand for a class with a decorator.
        if level > BASES
            || index.class_decorators.contains_key(&class.1)
            || !self.is_plainly_made(class, level)
        {
            return None;
        }
        let Expr::Class(entries) = program.expr(class.1) else {
            return None;
        };
        let entries = program.list(entries).to_vec();
        let named = |name: &str| {
            // The last one of a name holds.
            let mut pairs = entries.chunks_exact(2).rev();
            pairs.find(|pair| program.text(pair[0]) == Some(name))
        };
        if let Some(pair) = named("__init__").or_else(|| named("constructor")) {
            return match program.expr(pair[1]) {
                Expr::Function(function) => Some(Maker::Own(class.0, function)),
                _ => None,
            };
        }
        let mut bases = entries
            .chunks_exact(2)
            .filter_map(|pair| match program.expr(pair[0]) {
                Expr::Spread(base) => Some(base),
                _ => None,
            });
        // Which of several comes first is not always the first one.
        let (Some(base), None) = (bases.next(), bases.next()) else {
            return None;
        };
        match self.machine.fold(class.0, base) {
            Value::Object(base) if base.is_class => self.maker(base.class?, level + 1),
            Value::Native(native) => {
                know::is_of_handlers(&native.path).then_some(Maker::OfHandlers)
            }
            _ => None,
        }
    }

    /// Whether nothing but its constructor gets what an object of a class is made with.
    pub(super) fn is_plainly_made(&mut self, class: (FileId, ExprId), level: usize) -> bool {
        let Some(program) = self.program(class.0) else {
            return false;
        };
        let Expr::Class(entries) = program.expr(class.1) else {
            return false;
        };
        program
            .list(entries)
            .to_vec()
            .chunks_exact(2)
            .all(|pair| match program.expr(pair[0]) {
                Expr::Spread(base) => match self.machine.fold(class.0, base) {
                    Value::Object(base) if base.is_class && level < BASES => base
                        .class
                        .is_some_and(|base| self.is_plainly_made(base, level + 1)),
                    Value::Native(_) => true,
                    _ => false,
                },
                _ => match program.text(pair[0]) {
                    Some("__new__") => false,
                    Some("__metaclass__") => {
                        let above = self.machine.fold(class.0, pair[1]);
                        matches!(above.path(), Some("abc.ABCMeta" | "type"))
                    }
                    _ => true,
                },
            })
    }

    /// The constructor that `super().__init__(…)` and `super(…)` mean.
    pub(super) fn constructor_above(&mut self, body: &Body, callee: ExprId) -> Option<Maker> {
        let program = &body.program;
        let is_super = |expr: ExprId| {
            matches!(program.expr(expr), Expr::Name(name, scope)
                if program.name(name) == "super" && program.resolve(name, scope).is_none())
        };
        let is_above = match program.expr(callee) {
            Expr::Member(object, name) if program.name(name) == "__init__" => {
                matches!(program.expr(object), Expr::Call { callee, .. } if is_super(callee))
            }
            _ => program.language == Language::JavaScript && is_super(callee),
        };
        let class = class_of(program, body.function).filter(|_| is_above)?;
        let Expr::Class(entries) = program.expr(class) else {
            return None;
        };
        let bases: Vec<ExprId> = program
            .list(entries)
            .chunks_exact(2)
            .filter_map(|pair| match program.expr(pair[0]) {
                Expr::Spread(base) => Some(base),
                _ => None,
            })
            .collect();
        let [base] = bases[..] else {
            return None;
        };
        match self.machine.fold(body.file, base) {
            Value::Object(base) if base.is_class => self.maker(base.class?, 0),
            Value::Native(native) => {
                know::is_of_handlers(&native.path).then_some(Maker::OfHandlers)
            }
            _ => None,
        }
    }

    /// Whether a name is that of a method for every object of a class: it or a class above it
    /// has one, all of them are of the package, and none has a field of that name.
    pub(in crate::flow) fn is_method(&mut self, class: (FileId, ExprId), name: &str) -> bool {
        self.has_method(class, name, 0) == Some(true)
    }

    /// Whether there is one; none where something else may be found under the name.
    fn has_method(&mut self, class: (FileId, ExprId), name: &str, level: usize) -> Option<bool> {
        let program = self.program(class.0)?;
        let index = self.index(class.0)?;
        let Expr::Class(entries) = program.expr(class.1) else {
            return None;
        };
        let is_field = program
            .atom(name)
            .is_some_and(|name| index.fields.contains_key(&(Some(class.1), name)));
        if level > BASES || is_field || index.class_decorators.contains_key(&class.1) {
            return None;
        }
        let mut found = false;
        for pair in program.list(entries).to_vec().chunks_exact(2) {
            match (program.expr(pair[0]), program.text(pair[0])) {
                (Expr::Spread(base), _) => match self.machine.fold(class.0, base) {
                    Value::Object(base) if base.is_class => {
                        found |= self.has_method(base.class?, name, level + 1)?;
                    }
                    _ => return None,
                },
                (_, Some("__getattribute__" | "__getattr__" | "__slots__" | "__metaclass__")) => {
                    return None;
                }
                (_, Some(key)) if key == name => {
                    let Expr::Function(method) = program.expr(pair[1]) else {
                        return None;
                    };
                    // A property gives what it wants.
                    if index.decorators.contains_key(&method) {
                        return None;
                    }
                    found = true;
                }
                _ => {}
            }
        }
        Some(found)
    }

    /// Whether putting something into a field of an object of a class calls nothing.
    pub(super) fn is_plain_field(
        &mut self,
        class: (FileId, ExprId),
        name: &str,
        level: usize,
    ) -> bool {
        let Some(program) = self.program(class.0) else {
            return false;
        };
        let Expr::Class(entries) = program.expr(class.1) else {
            return false;
        };
        for pair in program.list(entries).to_vec().chunks_exact(2) {
            if let Expr::Spread(base) = program.expr(pair[0]) {
                let is_plain = match self.machine.fold(class.0, base) {
                    Value::Object(base) if base.is_class && level < BASES => base
                        .class
                        .is_some_and(|base| self.is_plain_field(base, name, level + 1)),
                    Value::Native(_) => true,
                    _ => false,
                };
                if !is_plain {
                    return false;
                }
            } else if program.text(pair[0]) == Some("__setattr__")
                || program.text(pair[0]) == Some(name)
                    && !matches!(program.expr(pair[1]), Expr::Const(_))
            {
                return false;
            }
        }
        true
    }
}
