//! Functions that are kept for later: when something that runs may run them.
//!
//! A decorated method waits below its name, as a property does; a function that is put into a
//! field or a list waits there. Neither is called where it is kept. It runs no earlier than the
//! first code that reads what it is kept under, and that is when it is said to run here.

mod harmless;

use super::Analysis;
use super::keeper::{Slot, is_given_back};
use super::marks::Marks;
use super::reach::Queue;
use crate::ir::{Atom, Expr, ExprId, FuncId, Language, Program};
use crate::know;
use crate::pure::{FileId, Value};
use customs_model::Zone;
use harmless::harmless;
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::OnceCell;
use std::cmp::Reverse;
use std::rc::Rc;

/// Rounds of going through what runs: each one follows what the one before has found to run.
const ROUNDS: usize = 24;

/// Functions that call others which they got from around them, as far as told apart.
const WRAPPERS: usize = 256;

/// Expressions of a file whose plan is held from round to round.
const HELD: usize = 300_000;

/// How a function is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// As a decorated method of a class, under its own name.
    Method,
    /// In a field, or in a list or table that is in one.
    Field,
    /// In a list or table that is in a variable.
    Variable,
    /// Under a name of a module of Python, from elsewhere.
    Module(FileId),
    /// On a class of Python, or an object of it, from elsewhere.
    Class(FileId, ExprId),
    /// Not at all: it is given back.
    Result,
}

/// A function that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kept {
    /// Its file.
    pub file: FileId,
    /// The function.
    pub function: FuncId,
    /// When the code runs that keeps it.
    pub zone: Zone,
    /// How it is kept.
    pub how: How,
}

/// What was found since all that is kept was looked for.
#[derive(Debug, Default)]
pub(super) struct News {
    /// Numbers of names that something is kept under.
    pub kept: FxHashSet<u32>,
    /// Files of which more runs.
    pub files: FxHashSet<FileId>,
}

/// A place at which a name stands.
#[derive(Debug, Clone)]
struct Place {
    expr: ExprId,
    function: FuncId,
    /// Something is put under it, or it is looked at: nothing can be called there.
    is_harmless: bool,
}

/// What some expressions are handed to, and as which argument.
type Handed = FxHashMap<ExprId, (ExprId, Slot)>;

/// Places of one file.
#[derive(Debug, Default)]
struct Places {
    all: Vec<Place>,
    /// What they are handed to: it takes a look at each call, and of most files nobody asks.
    handed: OnceCell<Handed>,
}

impl Places {
    fn handed_to(&self, program: &Program, place: &Place) -> Option<&(ExprId, Slot)> {
        let handed = self.handed.get_or_init(|| handed(program, &self.all));
        handed.get(&place.expr)
    }
}

/// A function that calls another one, which it got from the function around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wrapper {
    /// The file of the one that calls.
    pub file: FileId,
    /// The one that calls.
    pub function: FuncId,
    /// What it calls.
    pub kept: Kept,
}

impl Analysis<'_> {
    /// Notes that a function is kept under a name.
    pub(super) fn keep(&mut self, name: Rc<str>, kept: Kept) {
        let here = self.kept.entry(Rc::clone(&name)).or_default();
        let same = |known: &&mut Kept| {
            known.file == kept.file && known.function == kept.function && known.how == kept.how
        };
        if let Some(known) = here.iter_mut().find(same) {
            known.zone = known.zone.max(kept.zone);
            return;
        }
        here.push(kept);
        let number = self.names.number(name);
        self.news.kept.insert(number);
    }

    /// Decorated methods of a name in a file.
    pub(super) fn methods_kept(&self, name: &str, file: FileId) -> impl Iterator<Item = FuncId> {
        let here = self.kept.get(name).map(Vec::as_slice).unwrap_or_default();
        here.iter()
            .filter(move |kept| kept.file == file && kept.how == How::Method)
            .map(|kept| kept.function)
    }

    /// Follows what is kept and read by what runs.
    pub(super) fn follow_kept(&mut self, queue: &mut Queue) {
        for round in 1..=ROUNDS {
            if self.kept.is_empty() {
                return;
            }
            if round < ROUNDS {
                self.read_kept(queue);
            } else {
                // Nobody knows what else is read: all of it may be.
                let all: Vec<Kept> = self.kept.values().flatten().copied().collect();
                for kept in all {
                    queue.push(kept.zone, kept.file, kept.function);
                }
            }
            if queue.is_empty() {
                return;
            }
            self.run(queue);
        }
    }

    /// Enters what is read by what runs by now.
    fn read_kept(&mut self, queue: &mut Queue) {
        let mut files: Vec<FileId> = self.indices.keys().copied().collect();
        files.sort_unstable();
        // Where nothing else runs than in the round before, only new names are news.
        let news = std::mem::take(&mut self.news);
        for file in files {
            let Some(program) = self.program(file) else {
                continue;
            };
            let known = self.names.of.entry(file).or_default();
            known.look(&program, &self.names.numbers, &self.names.order);
            let all = news.files.contains(&file);
            let here = known.found.iter();
            let here = here.filter(|(number, _)| all || news.kept.contains(number));
            let atoms: Vec<Atom> = here.map(|(_, atom)| *atom).collect();
            if atoms.is_empty() {
                continue;
            }
            let plan = self.plan_of(file, &program);
            let places = places(&program, &plan, &atoms);
            for place in &places.all {
                let zone = self.zone_of(file, place.function);
                if zone > Zone::Called {
                    self.read(&program, file, place, &places, zone, queue);
                }
            }
        }
        for wrapper in self.wrappers.clone() {
            let zone = self.zone_of(wrapper.file, wrapper.function);
            if zone > self.zone_of(wrapper.kept.file, wrapper.kept.function) {
                queue.push(zone, wrapper.kept.file, wrapper.kept.function);
            }
        }
    }

    /// What is kept under a name that code of a zone reads, at one of the places of its file.
    fn read(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        place: &Place,
        places: &Places,
        zone: Zone,
        queue: &mut Queue,
    ) {
        let (object, name) = match program.expr(place.expr) {
            Expr::Member(object, name) => (Some(object), name),
            Expr::Name(name, _) => (None, name),
            _ => return,
        };
        let Some(kept) = self.kept.get(program.name(name)).cloned() else {
            return;
        };
        for kept in kept {
            if self.zone_of(kept.file, kept.function) >= zone {
                continue;
            }
            let may_be = match (kept.how, object) {
                (How::Method | How::Field | How::Class(..), None) | (How::Result, _) => false,
                (How::Module(_) | How::Class(..), _) if place.is_harmless => false,
                (How::Module(module), _) => {
                    self.turn_to(file, zone);
                    self.reads_of_module(program, file, place.expr, module)
                }
                (How::Class(of, class), Some(_)) => {
                    let (expr, function) = (place.expr, place.function);
                    self.turn_to(file, zone);
                    self.reads_of_class(program, file, expr, function, (of, class), zone)
                }
                // Putting something under it may be what it waits for.
                (How::Method, Some(_)) => {
                    self.turn_to(file, zone);
                    self.reads_method(file, place.expr, kept)
                        || self.machine.spent()
                        || self.reads_of_handed(
                            program,
                            file,
                            place.expr,
                            place.function,
                            kept,
                            zone,
                        )
                }
                (How::Field | How::Variable, _) if place.is_harmless => false,
                (How::Variable, None) => true,
                (How::Field | How::Variable, Some(object)) => {
                    self.turn_to(file, zone);
                    self.may_have_field(file, object, program.name(name))
                        && !self.is_handed_on(file, places.handed_to(program, place), kept)
                }
            };
            if may_be {
                // What is put there later than it is read is not there yet.
                let zone = match kept.how {
                    How::Module(_) | How::Class(..) => zone.min(kept.zone),
                    How::Method | How::Field | How::Variable | How::Result => zone,
                };
                queue.push(zone, kept.file, kept.function);
            }
        }
    }

    /// Whether what is read is only handed to something that keeps it, or that makes a function
    /// which calls it: then that one has to run first.
    fn is_handed_on(
        &mut self,
        file: FileId,
        handed_to: Option<&(ExprId, Slot)>,
        kept: Kept,
    ) -> bool {
        let Some((callee, slot)) = handed_to else {
            return false;
        };
        let keeper = self.machine.fold(file, *callee);
        if keeper.path().is_some_and(know::only_looks) {
            return true;
        }
        let names = self.keeps(&keeper, slot, 0);
        if let Some(names) = names.filter(|names| !is_given_back(names)) {
            for (name, how) in names {
                self.keep(name, Kept { how, ..kept });
            }
            return true;
        }
        let Some(made) = self.wraps(&keeper, slot) else {
            return false;
        };
        for (file, function) in made {
            let is_known = self.wrappers.iter().any(|known| {
                (known.file, known.function) == (file, function)
                    && (known.kept.file, known.kept.function) == (kept.file, kept.function)
            });
            if is_known {
                continue;
            }
            if self.wrappers.len() >= WRAPPERS {
                return false;
            }
            self.wrappers.push(Wrapper {
                file,
                function,
                kept,
            });
        }
        true
    }

    /// Whether `object.name` is a method of the class of one that is kept.
    fn reads_method(&mut self, file: FileId, member: ExprId, kept: Kept) -> bool {
        let Value::Function(read) = self.machine.fold(file, member) else {
            return false;
        };
        if read.file != kept.file {
            return false;
        }
        let Some(program) = self.program(kept.file) else {
            return false;
        };
        let class = program.function(kept.function).class;
        class.is_some() && program.function(read.function).class == class
    }

    /// Whether an object may be one that code of the package has put something into, under a name.
    fn may_have_field(&mut self, file: FileId, object: ExprId, name: &str) -> bool {
        match self.machine.fold(file, object) {
            Value::Object(object) => match object.class.filter(|_| !object.is_class) {
                Some(class) => !self.is_method(class, name),
                None => true,
            },
            // What a library gives may be an object of a class that is made from one of its own.
            Value::Native(native) => native.path.contains("()"),
            Value::Text(_)
            | Value::Bytes(_)
            | Value::Number(_)
            | Value::Bool(_)
            | Value::Regex(_) => false,
            _ => true,
        }
    }
}

/// The names that something is kept under, numbered, and which of them a file has: each is looked
/// for once in each file, however many rounds there are.
#[derive(Debug, Default)]
pub(super) struct Names {
    order: Vec<Rc<str>>,
    numbers: FxHashMap<Rc<str>, u32>,
    of: FxHashMap<FileId, OfFile>,
}

impl Names {
    fn number(&mut self, name: Rc<str>) -> u32 {
        let next = self.order.len() as u32;
        let order = &mut self.order;
        *self.numbers.entry(name).or_insert_with_key(|name| {
            order.push(Rc::clone(name));
            next
        })
    }
}

/// Which of the names a file has.
#[derive(Debug, Default)]
struct OfFile {
    /// So many were looked for.
    looked: usize,
    /// Those that were found, with their numbers.
    found: Vec<(u32, Atom)>,
}

impl OfFile {
    fn look(&mut self, program: &Program, numbers: &FxHashMap<Rc<str>, u32>, order: &[Rc<str>]) {
        let new = order.get(self.looked..).unwrap_or_default();
        if new.len() < program.names.len() {
            let new = new.iter().zip(self.looked as u32..);
            let found = new.filter_map(|(name, number)| Some((number, program.atom(name)?)));
            self.found.extend(found);
        } else {
            let own = program.names.iter().enumerate();
            let found = own.filter_map(|(at, name)| Some((*numbers.get(name)?, Atom(at as u32))));
            let looked = self.looked as u32;
            self.found
                .extend(found.filter(|(number, _)| *number >= looked));
        }
        self.looked = order.len();
    }
}

/// What of a file does not depend on the names that are looked for.
#[derive(Debug)]
pub(super) struct Plan {
    /// Where names are read or put to: those of one name behind those of another.
    named: Vec<ExprId>,
    /// Where those of a name begin among them, and behind the last one where they end.
    from: Vec<u32>,
    /// [`harmless()`].
    harmless: Marks,
    /// [`functions`].
    functions: Vec<(u32, Reverse<u32>, FuncId)>,
}

impl Plan {
    fn of(program: &Program) -> Self {
        let name_of = |expr: &Expr| match expr {
            Expr::Member(_, name) | Expr::Name(name, _) => Some(name.at()),
            _ => None,
        };
        // Counted first, so that nothing has to be sorted.
        let mut from = vec![0_u32; program.names.len() + 1];
        for name in program.exprs.iter().filter_map(name_of) {
            if let Some(count) = from.get_mut(name + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for begin in &mut from {
            sum += *begin;
            *begin = sum;
        }
        let mut next = from.clone();
        let mut named = vec![ExprId(0); sum as usize];
        for (at, expr) in program.exprs.iter().enumerate() {
            if let Some(place) = name_of(expr).and_then(|name| next.get_mut(name)) {
                if let Some(slot) = named.get_mut(*place as usize) {
                    *slot = ExprId(at as u32);
                }
                *place += 1;
            }
        }
        Self {
            named,
            from,
            harmless: harmless(program),
            functions: functions(program),
        }
    }

    fn named(&self, name: Atom) -> &[ExprId] {
        let at = |name: usize| self.from.get(name).map(|at| *at as usize);
        match (at(name.at()), at(name.at() + 1)) {
            (Some(from), Some(to)) => self.named.get(from..to).unwrap_or_default(),
            _ => &[],
        }
    }
}

impl Analysis<'_> {
    /// The plan of a file. It is asked for in each round; that of a very large one is made again.
    fn plan_of(&mut self, file: FileId, program: &Program) -> Rc<Plan> {
        if let Some(plan) = self.plans.get(&file) {
            return Rc::clone(plan);
        }
        let plan = Rc::new(Plan::of(program));
        if program.exprs.len() < HELD {
            self.plans.insert(file, Rc::clone(&plan));
        }
        plan
    }
}

/// Where some names of a file are read or put to, in order, and the functions that this happens in.
fn places(program: &Program, plan: &Plan, atoms: &[Atom]) -> Places {
    let mut named: Vec<ExprId> = atoms
        .iter()
        .flat_map(|name| plan.named(*name))
        .copied()
        .collect();
    if named.is_empty() {
        return Places::default();
    }
    named.sort_unstable_by_key(|expr| (program.span(*expr).start, *expr));
    let mut next = plan.functions.iter().peekable();
    let mut around: Vec<(u32, FuncId)> = Vec::new();
    let mut places = Vec::with_capacity(named.len());
    for expr in named {
        let at = program.span(expr).start;
        while let Some((start, Reverse(end), function)) = next.next_if(|(start, ..)| *start <= at) {
            leave(&mut around, *start);
            around.push((*end, *function));
        }
        leave(&mut around, at);
        places.push(Place {
            expr,
            function: around.last().map_or(FuncId(0), |(_, function)| *function),
            is_harmless: plan.harmless.contains(expr),
        });
    }
    Places {
        all: places,
        handed: OnceCell::new(),
    }
}

/// Leaves functions that end before a place.
fn leave(around: &mut Vec<(u32, FuncId)>, at: u32) {
    while around.last().is_some_and(|(end, _)| *end <= at) {
        around.pop();
    }
}

/// From where to where functions of a file stand, those around others first. What stands above
/// a `def` is not a part of it. A part that runs only where the file is a script stands from its
/// first call to its last.
fn functions(program: &Program) -> Vec<(u32, Reverse<u32>, FuncId)> {
    let mut above: FxHashMap<FuncId, u32> = FxHashMap::default();
    for (call, _) in &program.calls {
        if let Expr::Call { callee, args, .. } = program.expr(*call)
            && let [only] = program.list(args)
            && let Expr::Function(below) = program.expr(*only)
            && program.span(callee).start >= program.span(*only).start
        {
            let end = above.entry(below).or_default();
            *end = (*end).max(program.span(callee).end);
        }
    }
    let exprs = program.exprs.iter().zip(&program.spans);
    let mut functions: Vec<(u32, Reverse<u32>, FuncId)> = exprs
        .filter_map(|(expr, span)| match expr {
            Expr::Function(function) => {
                let above = above.get(function).copied().unwrap_or_default();
                Some((span.start.max(above), Reverse(span.end), *function))
            }
            _ => None,
        })
        .collect();
    for part in program.main_blocks.iter().chain(&program.asked_blocks) {
        let calls = program.calls.iter().filter(|(_, around)| around == part);
        let spans = calls.map(|(call, _)| program.span(*call));
        let ends = spans.fold(None, |ends: Option<(u32, u32)>, span| {
            let (start, end) = ends.unwrap_or((span.start, span.end));
            Some((start.min(span.start), end.max(span.end)))
        });
        functions.extend(ends.map(|(start, end)| (start, Reverse(end), *part)));
    }
    functions.sort_unstable();
    functions
}

/// What the expressions of some places are handed to, and as which argument.
fn handed(program: &Program, places: &[Place]) -> Handed {
    let named: FxHashSet<ExprId> = places.iter().map(|place| place.expr).collect();
    let mut handed = Handed::default();
    for (call, _) in &program.calls {
        let Expr::Call { callee, args, .. } = program.expr(*call) else {
            continue;
        };
        for (position, arg) in program.list(args).iter().enumerate() {
            match program.expr(*arg) {
                // What comes behind it stands nobody knows where.
                Expr::Spread(_) => break,
                Expr::Keywords(entries) => {
                    for pair in program.list(entries).chunks_exact(2) {
                        if let Some(name) = program.text(pair[0])
                            && named.contains(&pair[1])
                        {
                            handed.insert(pair[1], (callee, Slot::Named(name.into())));
                        }
                    }
                }
                _ => {
                    if let Ok(position) = u16::try_from(position)
                        && named.contains(arg)
                    {
                        handed.insert(*arg, (callee, Slot::At(position)));
                    }
                }
            }
        }
    }
    handed
}

/// Methods that put something into a list or set and give nothing of it back.
pub(super) fn only_puts(language: Language, method: &str) -> bool {
    match language {
        Language::Python => matches!(method, "add" | "append" | "appendleft" | "insert"),
        Language::JavaScript => matches!(method, "push" | "unshift"),
        Language::Rust => false,
    }
}

#[cfg(test)]
mod tests;
