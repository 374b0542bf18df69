//! What functions are given and give back, and what `this`, `super` and `new` are in them.

use super::puts::{function_named, last_name};
use super::{At, By, Maker, Thing, limit, note};
use crate::flow::Analysis;
use crate::flow::index::class_of;
use crate::ir::{Expr, ExprId, FuncId, Program};
use crate::pure::{FileId, Value};
use std::rc::Rc;

impl Analysis<'_> {
    /// What a parameter is: what the call that is looked at gives it, or any call.
    pub(super) fn note_given(
        &mut self,
        at: At,
        function: FuncId,
        position: u16,
        level: u8,
        found: &mut Vec<Thing>,
    ) {
        if let Some((caller, call, called)) = at.by
            && called == function
        {
            if let Some(program) = self.program(caller)
                && let Expr::Call { args, .. } = program.expr(call)
                && let Some(arg) = program.list(args).get(usize::from(position))
            {
                let at = At {
                    file: caller,
                    expr: *arg,
                    by: None,
                };
                self.note_things(at, level + 1, found);
            }
            return;
        }
        for (_, file, expr) in self.handed_in(at.file, function, position) {
            let at = At {
                file,
                expr,
                by: None,
            };
            self.note_things(at, level + 1, found);
        }
    }

    /// What `this` may be in a function.
    pub(super) fn note_this(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        mut function: FuncId,
        level: u8,
        found: &mut Vec<Thing>,
    ) {
        if let Some(class) = class_of(program, function) {
            note(found, Thing::Of(file, Maker::Class(class)));
            note(found, Thing::Class(file, class));
            for (file, class) in self.made_below((file, class)) {
                note(found, Thing::Of(file, Maker::Class(class)));
            }
            return;
        }
        while let (true, Some(parent)) = (
            program.function(function).arrow,
            program.function(function).parent,
        ) {
            function = parent;
        }
        if function == FuncId(0) {
            self.note_handed_out(program, file, level, found);
            return;
        }
        note(found, Thing::Of(file, Maker::Function(function)));
        let puts = self.puts(program, file);
        for object in puts.around(function).iter().take(limit::MOST) {
            let at = At {
                file,
                expr: *object,
                by: None,
            };
            for thing in self.things(at, level + 1) {
                note(found, thing);
                if let Thing::Prototype(file, maker) = thing {
                    note(found, Thing::Of(file, maker));
                }
                self.note_with_prototype(thing, level + 1, found);
            }
        }
    }

    /// What `super` means in a function.
    pub(super) fn note_above(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        mut function: FuncId,
        level: u8,
        found: &mut Vec<Thing>,
    ) {
        if let Some(class) = class_of(program, function) {
            for thing in [
                Thing::Of(file, Maker::Class(class)),
                Thing::Class(file, class),
            ] {
                self.note_bases(program, thing, class, level, found);
            }
            return;
        }
        while let (true, Some(parent)) = (
            program.function(function).arrow,
            program.function(function).parent,
        ) {
            function = parent;
        }
        let puts = self.puts(program, file);
        for object in puts.around(function).iter().take(limit::MOST) {
            if let Expr::Object(entries) = program.expr(*object) {
                self.note_proto(program, file, program.list(entries), level, found);
            }
        }
    }

    /// `__proto__` among the entries of an object.
    pub(super) fn note_proto(
        &mut self,
        program: &Program,
        file: FileId,
        entries: &[ExprId],
        level: u8,
        found: &mut Vec<Thing>,
    ) {
        for pair in entries.chunks_exact(2) {
            if program.text(pair[0]) == Some("__proto__") {
                let at = At {
                    file,
                    expr: pair[1],
                    by: None,
                };
                self.note_things(at, level + 1, found);
            }
        }
    }

    /// The functions that have an object as their prototype.
    pub(super) fn note_with_prototype(&mut self, thing: Thing, level: u8, found: &mut Vec<Thing>) {
        let Thing::Made(file, object, _) = thing else {
            return;
        };
        let Some(program) = self.program(file) else {
            return;
        };
        let puts = self.puts(&program, file);
        for put in puts.under("prototype") {
            if put.value != object {
                continue;
            }
            let at = At {
                file,
                expr: put.object,
                by: None,
            };
            for thing in self.things(at, level + 1) {
                if let Thing::Function(file, function) = thing {
                    note(found, Thing::Of(file, Maker::Function(function)));
                }
            }
        }
    }

    pub(super) fn note_new(&mut self, at: At, callee: ExprId, level: u8, found: &mut Vec<Thing>) {
        let callee = At { expr: callee, ..at };
        for thing in self.things(callee, level + 1) {
            match thing {
                Thing::Function(file, function) => {
                    note(found, Thing::Of(file, Maker::Function(function)));
                    // A constructor may give another object.
                    self.note_returned(file, function, None, level + 1, found);
                }
                Thing::Class(file, class) => note(found, Thing::Of(file, Maker::Class(class))),
                _ => {}
            }
        }
    }

    pub(super) fn note_call(
        &mut self,
        program: &Rc<Program>,
        at: At,
        callee: ExprId,
        args: &[ExprId],
        level: u8,
        found: &mut Vec<Thing>,
    ) {
        let of = |expr: ExprId| At { expr, ..at };
        match (self.of_library(program, at.file, callee).as_deref(), args) {
            (Some("require"), [specifier, ..]) => {
                if let Value::Text(specifier) = self.machine.fold(at.file, *specifier) {
                    self.note_module(at.file, &specifier, level, found);
                }
                return;
            }
            (Some("Object.create"), [_, ..]) => {
                note(found, Thing::Made(at.file, at.expr, at.by));
                return;
            }
            // They give back what they are given.
            (Some(_), [object, ..]) => {
                self.note_things(of(*object), level + 1, found);
                return;
            }
            _ => {}
        }
        // `f.bind(this)` is `f`.
        if let Expr::Member(function, how) = program.expr(callee)
            && program.name(how) == "bind"
        {
            self.note_things(of(function), level + 1, found);
            return;
        }
        if let Some(function) = function_named(program, callee, 0) {
            let by = Some((at.file, at.expr, function));
            self.note_returned(at.file, function, by, level + 1, found);
            return;
        }
        for thing in self.things(of(callee), level + 1) {
            if let Thing::Function(file, function) = thing {
                let by = Some((at.file, at.expr, function));
                self.note_returned(file, function, by, level + 1, found);
            }
        }
    }

    /// What is called, where it is one of the functions of the library that matter here.
    fn of_library(&mut self, program: &Program, file: FileId, callee: ExprId) -> Option<Rc<str>> {
        const KNOWN: [&str; 8] = [
            "require",
            "create",
            "assign",
            "freeze",
            "seal",
            "defineProperty",
            "defineProperties",
            "setPrototypeOf",
        ];
        let name = last_name(program, callee, 0)?;
        // Folding costs.
        if !KNOWN.contains(&name) {
            return None;
        }
        match self.machine.fold(file, callee) {
            Value::Native(native) => Some(native.path),
            _ => None,
        }
    }

    /// What a function gives back.
    pub(super) fn note_returned(
        &mut self,
        file: FileId,
        function: FuncId,
        by: By,
        level: u8,
        found: &mut Vec<Thing>,
    ) {
        /// Values that are given back.
        const RETURNS: usize = 6;
        let Some(program) = self.program(file) else {
            return;
        };
        for value in program.function(function).returns.iter().take(RETURNS) {
            let at = At {
                file,
                expr: *value,
                by,
            };
            self.note_things(at, level + 1, found);
        }
    }
}
