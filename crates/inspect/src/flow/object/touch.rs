//! What runs without being called by name: getters and setters, and the methods that the language
//! calls when an object is made a text or a number, gone through, or waited for.

mod walk;

use super::super::reach::Queue;
use super::super::{Analysis, Site};
use super::{At, Thing, limit};
use crate::ir::{Accessor, Expr, ExprId, FuncId, Language, Program};
use crate::pure::FileId;
use customs_model::Zone;
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;
use walk::touches;

/// What happens to an object at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Touch {
    /// A property is read.
    Read(ExprId, Rc<str>),
    /// A property is written.
    Written(ExprId, Rc<str>),
    /// All of its properties are read.
    ReadWhole(ExprId),
    /// The language calls the first of these methods that it has.
    Asked(ExprId, &'static [&'static str]),
}

const AS_TEXT: &[&str] = &["Symbol.toPrimitive", "toString", "valueOf"];
const AS_VALUE: &[&str] = &["Symbol.toPrimitive", "valueOf", "toString"];
const BY_TURNS: &[&str] = &["Symbol.iterator", "Symbol.asyncIterator"];
const AWAITED: &[&str] = &["then"];
const AS_JSON: &[&str] = &["toJSON"];
const SHOWN: &[&str] = &["Symbol.for nodejs.util.inspect.custom", "inspect.custom"];
const TESTED: &[&str] = &["Symbol.hasInstance"];

/// What happens in a file by the functions that it happens in.
pub(in crate::flow) type Touches = FxHashMap<FuncId, Vec<(ExprId, Touch)>>;

/// What of a file runs in such a way.
#[derive(Debug, Default)]
struct Hidden {
    /// Names that have getters or setters.
    properties: FxHashSet<Rc<str>>,
    /// Methods that the language calls.
    methods: Vec<&'static str>,
}

impl Hidden {
    fn of(program: &Program) -> Self {
        let mut hidden = Self::default();
        for expr in &program.exprs {
            let (Expr::Object(entries) | Expr::Class(entries)) = expr else {
                continue;
            };
            for pair in program.list(*entries).chunks_exact(2) {
                hidden.entry(program, pair[0], pair[1]);
            }
        }
        for (call, _) in &program.calls {
            if let Expr::Call { callee, args, .. } = program.expr(*call) {
                hidden.defined(program, callee, program.list(args));
            }
        }
        hidden
    }

    fn entry(&mut self, program: &Program, key: ExprId, value: ExprId) {
        if let Expr::Function(function) = program.expr(value)
            && program.function(function).accessor.is_some()
            && let Some(name) = program.text(key)
        {
            self.property(name);
        }
        // `{ get: f }` may be what another place defines a property by.
        let name = super::written_key(program, key);
        let all = [AS_TEXT, AS_VALUE, BY_TURNS, AWAITED, AS_JSON, SHOWN, TESTED];
        let mut all = all.into_iter().flatten();
        if let Some(known) = name.and_then(|name| all.find(|known| **known == &*name))
            && !self.methods.contains(known)
        {
            self.methods.push(known);
        }
    }

    fn defined(&mut self, program: &Program, callee: ExprId, args: &[ExprId]) {
        let name = super::last_name(program, callee, 0);
        match (name, args) {
            (Some("defineProperty"), [_, key, descriptor]) => {
                if has_getter(program, *descriptor)
                    && let Some(name) = program.text(*key)
                {
                    self.property(name);
                }
            }
            (Some("defineProperties" | "create"), [_, all]) => {
                if let Expr::Object(entries) = program.expr(*all) {
                    for pair in program.list(entries).chunks_exact(2) {
                        if has_getter(program, pair[1])
                            && let Some(name) = program.text(pair[0])
                        {
                            self.property(name);
                        }
                    }
                }
            }
            (Some("__defineGetter__" | "__defineSetter__"), [key, _]) => {
                if let Some(name) = program.text(*key) {
                    self.property(name);
                }
            }
            _ => {}
        }
    }

    fn property(&mut self, name: &str) {
        /// Names with getters of one file.
        const NAMES: usize = 256;
        if self.properties.len() < NAMES {
            self.properties.insert(name.into());
        }
    }

    fn has_any(&self, methods: &[&str]) -> bool {
        self.methods.iter().any(|method| methods.contains(method))
    }
}

fn has_getter(program: &Program, descriptor: ExprId) -> bool {
    let Expr::Object(parts) = program.expr(descriptor) else {
        return false;
    };
    let mut pairs = program.list(parts).chunks_exact(2);
    pairs.any(|pair| matches!(program.text(pair[0]), Some("get" | "set")))
}

impl Analysis<'_> {
    /// Enters what the language calls in a function that runs.
    pub(in crate::flow) fn touched(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        function: FuncId,
        zone: Zone,
        queue: &mut Queue,
    ) {
        if zone <= Zone::Called || program.language != Language::JavaScript {
            return;
        }
        let touches = self.touches(program, file);
        for (expr, touch) in touches.get(&function).into_iter().flatten() {
            let site = Site {
                file,
                expr: *expr,
                function,
            };
            self.touched_at(site, touch, zone, queue);
        }
    }

    /// The same of one place that is looked at again.
    pub(in crate::flow) fn touched_again(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        zone: Zone,
        queue: &mut Queue,
    ) {
        let touches = self.touches(program, site.file);
        let of = touches.get(&site.function).into_iter().flatten();
        for (_, touch) in of.filter(|(expr, _)| *expr == site.expr) {
            self.touched_at(site, touch, zone, queue);
        }
    }

    fn touches(&mut self, program: &Program, file: FileId) -> Rc<Touches> {
        if let Some(known) = self.objects.touches.get(&file) {
            return Rc::clone(known);
        }
        let found = Rc::new(touches(program));
        self.objects.touches.insert(file, Rc::clone(&found));
        found
    }

    fn touched_at(&mut self, site: Site, touch: &Touch, zone: Zone, queue: &mut Queue) {
        let steps = limit::STEPS.min(self.objects.left);
        self.objects.steps = steps;
        self.growing.ask(zone);
        let mut runs = Vec::new();
        match touch {
            Touch::Read(object, name) => {
                for thing in self.things_at(site.file, *object) {
                    self.note_getters(thing, name, Accessor::Get, &mut runs);
                }
            }
            Touch::Written(object, name) => {
                for thing in self.things_at(site.file, *object) {
                    self.note_getters(thing, name, Accessor::Set, &mut runs);
                }
            }
            Touch::ReadWhole(object) => {
                for thing in self.things_at(site.file, *object) {
                    self.note_all_getters(thing, &mut runs);
                }
            }
            Touch::Asked(object, methods) => {
                for thing in self.things_at(site.file, *object) {
                    for method in *methods {
                        let before = runs.len();
                        for (at, _) in self.has(thing, method, 0) {
                            self.note_functions(at, &mut runs);
                        }
                        if runs.len() > before {
                            break;
                        }
                    }
                }
            }
        }
        self.growing.close(site);
        self.objects.left -= steps - self.objects.steps;
        for (file, function) in runs {
            queue.push(zone, file, function);
        }
    }

    fn things_at(&mut self, file: FileId, expr: ExprId) -> Vec<Thing> {
        let by = None;
        self.things(At { file, expr, by }, 0)
    }

    fn note_functions(&mut self, at: At, runs: &mut Vec<(FileId, FuncId)>) {
        for thing in self.things(at, 1) {
            if let Thing::Function(file, function) = thing {
                runs.push((file, function));
            }
        }
    }

    fn note_getters(
        &mut self,
        thing: Thing,
        name: &str,
        accessor: Accessor,
        runs: &mut Vec<(FileId, FuncId)>,
    ) {
        for (at, how) in self.has_any(thing, name, 0) {
            if how == Some(accessor) {
                self.note_functions(at, runs);
            }
        }
    }

    fn note_all_getters(&mut self, thing: Thing, runs: &mut Vec<(FileId, FuncId)>) {
        let Thing::Made(file, object, _) = thing else {
            return;
        };
        let Some(program) = self.program(file) else {
            return;
        };
        let Expr::Object(entries) = program.expr(object) else {
            return;
        };
        for pair in program.list(entries).chunks_exact(2) {
            if let Expr::Function(function) = program.expr(pair[1])
                && program.function(function).accessor == Some(Accessor::Get)
            {
                runs.push((file, function));
            }
        }
    }
}
