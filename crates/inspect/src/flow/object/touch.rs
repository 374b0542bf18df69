//! What runs without being called by name: getters and setters, and the methods that the language
//! calls when an object is made a text or a number, gone through, or waited for.

use super::super::reach::Queue;
use super::super::{Analysis, Site};
use super::{At, Thing, limit};
use crate::ir::{
    Accessor, Binary, Block, Compound, Expr, ExprId, FuncId, Language, Loop, Program, Stmt, Unary,
};
use crate::pure::FileId;
use customs_model::Zone;
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;

/// Places of one file that are looked at.
const PLACES: usize = 4_096;

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

/// Goes through the bodies of functions.
struct Walk<'p> {
    program: &'p Program,
    hidden: Hidden,
    found: Vec<(ExprId, Touch)>,
    left: usize,
}

/// What happens in a file, where anything of it runs in such a way.
pub(super) fn touches(program: &Program) -> Touches {
    let mut touches = Touches::default();
    if program.language != Language::JavaScript {
        return touches;
    }
    let hidden = Hidden::of(program);
    if hidden.properties.is_empty() && hidden.methods.is_empty() {
        return touches;
    }
    let mut walk = Walk {
        program,
        hidden,
        found: Vec::new(),
        left: PLACES,
    };
    for (number, function) in program.functions.iter().enumerate() {
        walk.block(function.body);
        if !walk.found.is_empty() {
            touches.insert(FuncId(number as u32), std::mem::take(&mut walk.found));
        }
        if walk.left == 0 {
            break;
        }
    }
    touches
}

impl Walk<'_> {
    fn block(&mut self, block: Block) {
        let mut blocks = vec![block];
        while let Some(block) = blocks.pop() {
            for statement in self.program.block(block) {
                match statement {
                    Stmt::Expr(expr) | Stmt::Throw(expr) | Stmt::Return(Some(expr)) => {
                        self.expr(*expr);
                    }
                    Stmt::Return(None) | Stmt::Break | Stmt::Continue => {}
                    Stmt::Compound(id) => self.compound(self.program.compound(*id), &mut blocks),
                }
            }
        }
    }

    fn compound(&mut self, compound: &Compound, blocks: &mut Vec<Block>) {
        match compound {
            Compound::If(test, then, other) => {
                self.expr(*test);
                blocks.extend([*then, *other]);
            }
            Compound::Loop(Loop {
                init,
                test,
                update,
                body,
                ..
            }) => {
                test.iter().chain(update).for_each(|expr| self.expr(*expr));
                blocks.extend([*init, *body]);
            }
            Compound::Each {
                over, keys, body, ..
            } => {
                self.expr(*over);
                if !keys {
                    self.asked(*over, *over, BY_TURNS);
                }
                blocks.push(*body);
            }
            Compound::Try(body, handler, last) => {
                blocks.extend([*body, *last]);
                blocks.extend(handler);
            }
            Compound::Switch(subject, cases) => {
                self.expr(*subject);
                for (test, body) in cases {
                    test.iter().for_each(|test| self.expr(*test));
                    blocks.push(*body);
                }
            }
            Compound::Block(block) => blocks.push(*block),
        }
    }

    /// What happens in an expression, outside of the functions in it.
    fn expr(&mut self, expr: ExprId) {
        let mut waiting = vec![expr];
        while let Some(expr) = waiting.pop() {
            self.look(expr);
            parts(self.program, expr, &mut waiting);
        }
    }

    fn look(&mut self, at: ExprId) {
        let program = self.program;
        match program.expr(at) {
            Expr::Member(object, name) => {
                let name = program.shared_name(name);
                if self.hidden.properties.contains(&name) {
                    self.touch(at, Touch::Read(object, name));
                } else if &*name == "0" {
                    // `const [a] = object`.
                    self.asked(at, object, BY_TURNS);
                }
            }
            Expr::Index(object, key) => {
                self.asked(at, key, AS_TEXT);
                let name = program.text(key).map(Rc::from);
                if let Some(name) = name.filter(|name| self.hidden.properties.contains(name)) {
                    self.touch(at, Touch::Read(object, name));
                }
            }
            Expr::Assign(target, _) => {
                if let Expr::Member(object, name) = program.expr(target) {
                    let name = program.shared_name(name);
                    if self.hidden.properties.contains(&name) {
                        self.touch(at, Touch::Written(object, name));
                    }
                }
            }
            Expr::Object(entries) => {
                for pair in program.list(entries).chunks_exact(2) {
                    match program.expr(pair[0]) {
                        Expr::Spread(all) => self.touch(pair[0], Touch::ReadWhole(all)),
                        _ => self.asked(pair[0], pair[0], AS_TEXT),
                    }
                }
            }
            Expr::Array(items) => self.spreads(items),
            Expr::Concat(parts) => {
                for part in program.list(parts) {
                    self.asked(*part, *part, AS_TEXT);
                }
            }
            Expr::Unary(Unary::Plus | Unary::Neg | Unary::BitNot, value) => {
                self.asked(at, value, AS_VALUE);
            }
            Expr::Binary(Binary::Is, _, right) => self.asked(at, right, TESTED),
            Expr::Binary(_, left, right) => {
                self.asked(left, left, AS_VALUE);
                self.asked(right, right, AS_VALUE);
            }
            Expr::Await(value) => self.asked(at, value, AWAITED),
            Expr::Yield(value) => self.asked(at, value, BY_TURNS),
            Expr::Call { callee, args, .. } => {
                self.spreads(args);
                self.handed(callee, program.list(args));
            }
            _ => {}
        }
    }

    fn spreads(&mut self, items: crate::ir::List) {
        for item in self.program.list(items) {
            if let Expr::Spread(over) = self.program.expr(*item) {
                self.asked(*item, over, BY_TURNS);
            }
        }
    }

    /// What functions of the library ask of what they are handed.
    fn handed(&mut self, callee: ExprId, args: &[ExprId]) {
        let Some(name) = super::last_name(self.program, callee, 0) else {
            return;
        };
        let Some(first) = args.first().copied() else {
            return;
        };
        match name {
            "String" => self.asked(first, first, AS_TEXT),
            "Number" | "BigInt" => self.asked(first, first, AS_VALUE),
            "stringify" => {
                self.asked(first, first, AS_JSON);
                self.touch(first, Touch::ReadWhole(first));
            }
            "log" | "info" | "warn" | "error" | "inspect" => self.asked(first, first, SHOWN),
            "values" | "entries" => self.touch(first, Touch::ReadWhole(first)),
            "assign" => {
                for more in &args[1..] {
                    self.touch(*more, Touch::ReadWhole(*more));
                }
                self.written_whole(first, &args[1..]);
            }
            "from" | "Set" | "Map" | "all" | "race" | "any" | "allSettled" => {
                self.asked(first, first, BY_TURNS);
            }
            "resolve" => self.asked(first, first, AWAITED),
            "get" if args.len() > 1 => {
                if let Some(name) = self.program.text(args[1]) {
                    self.touch(first, Touch::Read(first, name.into()));
                }
            }
            _ => {}
        }
    }

    /// `Object.assign(object, { name: value })`.
    fn written_whole(&mut self, object: ExprId, more: &[ExprId]) {
        for from in more {
            if let Expr::Object(entries) = self.program.expr(*from) {
                for pair in self.program.list(entries).chunks_exact(2) {
                    let name = self.program.text(pair[0]).map(Rc::from);
                    if let Some(name) = name.filter(|name| self.hidden.properties.contains(name)) {
                        self.touch(pair[0], Touch::Written(object, name));
                    }
                }
            }
        }
    }

    fn asked(&mut self, at: ExprId, object: ExprId, methods: &'static [&'static str]) {
        if self.hidden.has_any(methods) {
            self.touch(at, Touch::Asked(object, methods));
        }
    }

    fn touch(&mut self, at: ExprId, touch: Touch) {
        let object = match &touch {
            Touch::Read(object, _)
            | Touch::Written(object, _)
            | Touch::ReadWhole(object)
            | Touch::Asked(object, _) => *object,
        };
        let may_be = matches!(
            self.program.expr(object),
            Expr::Name(..)
                | Expr::Member(..)
                | Expr::Index(..)
                | Expr::Call { .. }
                | Expr::Object(_)
                | Expr::Array(_)
                | Expr::Class(_)
                | Expr::This(_)
                | Expr::Assign(..)
        );
        if may_be && self.left > 0 {
            self.left -= 1;
            self.found.push((at, touch));
        }
    }
}

/// The expressions in an expression, outside of the functions in it.
fn parts(program: &Program, expr: ExprId, into: &mut Vec<ExprId>) {
    match program.expr(expr) {
        Expr::Const(_)
        | Expr::Name(..)
        | Expr::Param(..)
        | Expr::Rest(..)
        | Expr::This(_)
        | Expr::Function(_)
        | Expr::Module(_) => {}
        Expr::Member(inner, _)
        | Expr::Unary(_, inner)
        | Expr::Await(inner)
        | Expr::Spread(inner)
        | Expr::Yield(inner)
        | Expr::Element(inner)
        | Expr::Key(inner)
        | Expr::Import(inner) => into.push(inner),
        // What is assigned to is not read.
        Expr::Assign(target, value) => {
            match program.expr(target) {
                Expr::Member(object, _) => into.push(object),
                Expr::Index(object, key) => into.extend([object, key]),
                _ => {}
            }
            into.push(value);
        }
        Expr::Update { target, .. } => into.push(target),
        Expr::Index(one, other) | Expr::Binary(_, one, other) | Expr::Logic(_, one, other) => {
            into.extend([one, other]);
        }
        Expr::Cond(test, then, other) => into.extend([test, then, other]),
        Expr::Slice(object, list) => {
            into.push(object);
            into.extend(program.list(list));
        }
        Expr::Call { callee, args, .. } => {
            into.push(callee);
            into.extend(program.list(args));
        }
        Expr::Array(list)
        | Expr::Object(list)
        | Expr::Keywords(list)
        | Expr::Class(list)
        | Expr::Concat(list)
        | Expr::Sequence(list)
        | Expr::Comprehend(list)
        | Expr::Other(list) => into.extend(program.list(list)),
    }
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
