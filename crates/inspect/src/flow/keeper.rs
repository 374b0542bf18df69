//! Functions and classes of a package that keep a function which they are handed, and neither
//! call it nor hand it on: an option that has its callback in a field until the command runs.
//!
//! What is kept waits below the names that it is kept under; see [`super::kept`].

mod class;
mod rest;

use super::callee::HandedValue;
use super::decorator::harmless_places;
use super::index::class_of;
use super::kept::{How, Kept, only_puts};
use super::reach::Queue;
use super::{Analysis, Index, Site};
use crate::ir::{Binary, Compound, Expr, ExprId, FuncId, Language, Program, SymbolId, Unary};
use crate::know;
use crate::pure::{FileId, Value};
use class::Maker;
use customs_model::Zone;
use rustc_hash::FxHashSet;
use std::rc::Rc;

/// Parameters that are asked about: each costs going through a file.
const ASKED: usize = 128;
/// Expressions of such a file.
const EXPRESSIONS: usize = 1 << 17;
/// Calls in a function that may make others around what it gets.
const CALLS: usize = 16;
/// Functions that hand it on to each other.
const LEVELS: usize = 6;
/// Choices within each other.
const CHOICES: usize = 16;

/// Names that something is kept under, and how.
pub(super) type Names = Vec<(Rc<str>, How)>;

/// Which of the arguments of a call.
#[derive(Debug, Clone)]
pub(super) enum Slot {
    /// The one at a position.
    At(u16),
    /// The one with a name.
    Named(Rc<str>),
}

/// A function of which a parameter is asked about.
#[derive(Debug, Clone)]
struct Body {
    program: Rc<Program>,
    index: Rc<Index>,
    file: FileId,
    function: FuncId,
    /// It, and the functions in it: what they are handed by standing in it they have as well.
    within: FxHashSet<FuncId>,
    level: usize,
}

impl Analysis<'_> {
    /// Hands a function to a call of something of the package that only keeps it, and says
    /// whether that was done.
    #[allow(clippy::too_many_arguments, reason = "one step of a walk")]
    pub(super) fn hand_to_keeper(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        keeper: &Value,
        position: usize,
        arg: ExprId,
        zone: Zone,
        first: bool,
        queue: &mut Queue,
    ) -> bool {
        // What is handed over by a hook is run by it sooner or later, more often than not.
        if !matches!(zone, Zone::Import | Zone::Folder) || !may_keep(keeper) {
            return false;
        }
        let Expr::Keywords(entries) = program.expr(arg) else {
            let Ok(position) = u16::try_from(position) else {
                return false;
            };
            return self.hand_one(
                program,
                site,
                keeper,
                &Slot::At(position),
                arg,
                zone,
                first,
                queue,
            );
        };
        for pair in program.list(entries).to_vec().chunks_exact(2) {
            let done = match program.text(pair[0]) {
                Some(name) => {
                    let slot = Slot::Named(name.into());
                    self.hand_one(program, site, keeper, &slot, pair[1], zone, first, queue)
                }
                None => false,
            };
            if !done {
                self.handed_over(program, site, pair[1], zone, first, 1, queue);
            }
        }
        true
    }

    #[allow(clippy::too_many_arguments, reason = "one step of a walk")]
    fn hand_one(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        keeper: &Value,
        slot: &Slot,
        arg: ExprId,
        zone: Zone,
        first: bool,
        queue: &mut Queue,
    ) -> bool {
        let handed = match program.expr(arg) {
            Expr::Function(function) => vec![(site.file, function)],
            Expr::Name(..) | Expr::Member(..) => match self.handed_name(site.file, arg) {
                HandedValue::Function(place) => vec![place],
                HandedValue::Class(class) => self.functions_of(class),
                HandedValue::Other if program.language == Language::Python => {
                    self.functions_meant(program, site, arg, zone)
                }
                HandedValue::Other => return false,
            },
            _ => return false,
        };
        if handed.is_empty() {
            return false;
        }
        let Some(names) = self.keeps(keeper, slot, 0) else {
            return false;
        };
        // Below a decorator it is only known by its own name afterwards.
        let is_decorated = matches!(program.expr(arg), Expr::Function(function)
            if program.function(function).name.is_some());
        if !is_decorated && is_given_back(&names) {
            return false;
        }
        for (name, how) in names {
            for (file, function) in handed.iter().copied() {
                let kept = Kept {
                    file,
                    function,
                    zone,
                    how,
                };
                self.keep(Rc::clone(&name), kept);
            }
        }
        self.handed_over(program, site, arg, Zone::Called, first, 0, queue);
        true
    }

    /// The functions of a class that whoever is handed it may call.
    fn functions_of(&mut self, class: (FileId, ExprId)) -> Vec<(FileId, FuncId)> {
        let on = self.on_class(class).into_iter();
        let mut found: Vec<_> = on.map(|(_, file, function)| (file, function)).collect();
        let Some(program) = self.program(class.0) else {
            return found;
        };
        let Expr::Class(entries) = program.expr(class.1) else {
            return found;
        };
        for pair in program.list(entries).chunks_exact(2) {
            if let Expr::Function(function) = program.expr(pair[1]) {
                found.push((class.0, function));
            }
        }
        found
    }

    /// The names that a function or class keeps an argument under, where it does nothing else
    /// with it.
    pub(super) fn keeps(&mut self, keeper: &Value, slot: &Slot, level: usize) -> Option<Names> {
        let (file, function) = match keeper {
            // Without the object that it is called on, positions mean something else.
            Value::Function(closure) => {
                let program = self.program(closure.file)?;
                if program.function(closure.function).class.is_some() && closure.this.is_none() {
                    return None;
                }
                (closure.file, closure.function)
            }
            Value::Object(object) if object.is_class => match self.maker(object.class?, 0)? {
                Maker::Own(file, function) => (file, function),
                Maker::OfHandlers => return Some(Names::new()),
            },
            _ => return None,
        };
        self.body_keeps(file, function, slot, level)
    }

    /// The functions that a function makes around an argument and gives back, where it does
    /// nothing else with it.
    pub(super) fn wraps(&mut self, wrapper: &Value, slot: &Slot) -> Option<Vec<(FileId, FuncId)>> {
        let Value::Function(closure) = wrapper else {
            return None;
        };
        let (file, function) = (closure.file, closure.function);
        let program = self.program(file)?;
        let index = self.index(file)?;
        if program.function(function).class.is_some()
            || program.size() > EXPRESSIONS
            || index.decorators.contains_key(&function)
        {
            return None;
        }
        let position = position_of(&program, function, slot)?;
        let symbol = *index.parameters.get(&(function, position))?;
        let key = (file, function, position);
        let known = self.wrapping.get(&key).copied();
        let is_wrapper = match known {
            Some(known) => known,
            None if self.wrapping.len() >= ASKED => false,
            None => {
                let calls = index.calls.get(&function);
                let calls = calls.unwrap_or_default();
                let is_wrapper = calls.len() <= CALLS
                    && self.hands_back(&program, file, function, symbol, calls);
                self.wrapping.insert(key, is_wrapper);
                is_wrapper
            }
        };
        let inner = program.functions.iter().enumerate();
        let inner = inner.filter(|(_, inner)| inner.parent == Some(function));
        is_wrapper.then(|| inner.map(|(at, _)| (file, FuncId(at as u32))).collect())
    }

    fn body_keeps(
        &mut self,
        file: FileId,
        function: FuncId,
        slot: &Slot,
        level: usize,
    ) -> Option<Names> {
        let program = self.program(file)?;
        let Some(position) = position_of(&program, function, slot) else {
            return self.rest_keeps(file, function, slot, level);
        };
        let key = (file, function, position, matches!(slot, Slot::At(_)));
        if let Some(known) = self.keepers.get(&key) {
            return known.clone();
        }
        if self.keepers.len() >= ASKED || level > LEVELS || program.size() > EXPRESSIONS {
            return None;
        }
        // Functions that hand it on to each other in a circle are not said to keep it.
        self.keepers.insert(key, None);
        let index = self.index(file)?;
        let symbol = *index.parameters.get(&(function, position))?;
        if program.language == Language::Rust
            || !self.is_as_written(&program, &index, file, function)
        {
            return None;
        }
        // What is counted may stand in `*args` as well.
        let is_rest = |expr: &Expr| matches!(expr, Expr::Rest(of, _) if *of == function);
        if program.language == Language::Python
            && matches!(slot, Slot::At(_))
            && program.exprs.iter().any(is_rest)
        {
            return None;
        }
        let body = Body {
            within: within(&program, function),
            program,
            index,
            file,
            function,
            level,
        };
        let names = self.kept_in(&body, symbol);
        self.keepers.insert(key, names.clone());
        names
    }

    /// Whether a function is what its name means: nothing is put above it or in its place.
    fn is_as_written(
        &mut self,
        program: &Program,
        index: &Index,
        file: FileId,
        function: FuncId,
    ) -> bool {
        let above = index.decorators.get(&function);
        let is_plain = above.is_none_or(|above| {
            above.iter().all(|callee| {
                let value = self.machine.fold(file, *callee);
                value.path().is_some_and(know::keeps_decorated)
            })
        });
        let is_replaced = program.stores.iter().any(|store| {
            let key = store.key.map(|key| program.name(key));
            matches!(
                key,
                Some("__init__" | "__new__" | "__call__" | "constructor")
            )
        });
        is_plain && !is_replaced
    }

    /// The names that a parameter is kept under, where it is named nowhere else than where it
    /// is kept, handed to something else that keeps it, given back or looked at.
    fn kept_in(&mut self, body: &Body, parameter: SymbolId) -> Option<Names> {
        let program = &*body.program;
        let named: FxHashSet<ExprId> = body.index.names_of(program, parameter).collect();
        let is_here = |expr: &ExprId| {
            matches!(program.expr(*expr), Expr::Name(_, scope)
                if program.scopes.get(scope.at()).is_some_and(|scope| body.within.contains(&scope.function)))
        };
        if !named.iter().all(is_here) || self.looks_around(body) {
            return None;
        }
        // All of the file is gone through, so only what is asked about is written down.
        let mut allowed = Places {
            named: &named,
            found: FxHashSet::default(),
        };
        for value in &program.function(body.function).returns {
            allowed.extend(&given(program, *value, &named));
        }
        let mut names = Vec::new();
        if !allowed.found.is_empty() {
            names.push(("".into(), How::Result));
        }
        harmless_places(program, |place| allowed.insert(place));
        for compound in &program.compounds {
            if let Compound::If(test, ..) = compound {
                allowed.extend(&given(program, *test, &named));
            }
        }
        for (at, expr) in program.exprs.iter().enumerate() {
            match *expr {
                Expr::Unary(Unary::Not | Unary::TypeOf, inner) => allowed.insert(inner),
                // `f.name = …`, `self.kept = f or other`.
                Expr::Assign(target, value) => {
                    if let Expr::Member(object, _) = program.expr(target) {
                        allowed.insert(object);
                    }
                    let given = given(program, value, &named);
                    if given.is_empty() {
                        continue;
                    }
                    if named.contains(&target) {
                        allowed.insert(target);
                        allowed.extend(&given);
                    } else if let Some(name) = self.kept_under(body, target) {
                        names.push(name);
                        allowed.extend(&given);
                    }
                }
                Expr::Binary(Binary::Is, left, right) => allowed.extend(&[left, right]),
                // Whoever goes through what it gives has it.
                Expr::Yield(given) if named.contains(&given) => return None,
                Expr::Call { callee, args, .. } => {
                    let args = program.list(args);
                    let call = ExprId(at as u32);
                    self.kept_by_call(body, call, callee, args, &mut names, &mut allowed);
                }
                _ => {}
            }
        }
        let all = allowed.found.len() == named.len();
        all.then_some(names)
    }

    /// Whether a body has calls that find its variables without naming them.
    fn looks_around(&mut self, body: &Body) -> bool {
        let calls = body
            .within
            .iter()
            .filter_map(|one| body.index.calls.get(one));
        let calls: Vec<ExprId> = calls.flatten().copied().collect();
        calls.iter().any(|call| match body.program.expr(*call) {
            Expr::Call { callee, .. } => self.may_look_around(&body.program, body.file, callee),
            _ => false,
        })
    }

    /// Allows the places at which a call is handed the parameter and only keeps it.
    fn kept_by_call(
        &mut self,
        body: &Body,
        call: ExprId,
        callee: ExprId,
        args: &[ExprId],
        names: &mut Names,
        allowed: &mut Places<'_>,
    ) {
        let program = &*body.program;
        let named = allowed.named;
        let mut handed: Vec<(Slot, ExprId)> = Vec::new();
        for (position, arg) in args.iter().enumerate() {
            match program.expr(*arg) {
                // What comes behind it stands nobody knows where.
                Expr::Spread(_) => return,
                Expr::Keywords(entries) => {
                    for pair in program.list(entries).chunks_exact(2) {
                        if let (true, Some(name)) =
                            (named.contains(&pair[1]), program.text(pair[0]))
                        {
                            handed.push((Slot::Named(name.into()), pair[1]));
                        }
                    }
                }
                _ if named.contains(arg) => {
                    if let Ok(position) = u16::try_from(position) {
                        handed.push((Slot::At(position), *arg));
                    }
                }
                _ => {}
            }
        }
        if handed.is_empty() || !is_listed(body, call) {
            return;
        }
        if let Expr::Member(list, method) = program.expr(callee)
            && only_puts(program.language, program.name(method))
            && self.is_plain_list(body, list)
            && let Some(name) = name_of(program, list)
        {
            names.push(name);
            for (_, place) in handed {
                allowed.insert(place);
            }
            return;
        }
        for (slot, place) in handed {
            let found = self.callee_keeps(body, callee, &slot);
            if let Some(found) = found.filter(|found| !is_given_back(found)) {
                names.extend(found);
                allowed.insert(place);
            }
        }
    }

    /// The names that what a body calls keeps an argument under.
    fn callee_keeps(&mut self, body: &Body, callee: ExprId, slot: &Slot) -> Option<Names> {
        match self.constructor_above(body, callee) {
            Some(Maker::Own(file, function)) => {
                self.body_keeps(file, function, slot, body.level + 1)
            }
            Some(Maker::OfHandlers) => Some(Names::new()),
            None => match self.machine.fold(body.file, callee) {
                Value::Native(native) => know::only_looks(&native.path).then(Names::new),
                value => self.keeps(&value, slot, body.level + 1),
            },
        }
    }

    /// The name that something is kept under by being put into a field of the object itself or
    /// into a table.
    fn kept_under(&mut self, body: &Body, target: ExprId) -> Option<(Rc<str>, How)> {
        let program = &body.program;
        match program.expr(target) {
            Expr::Member(object, name) if is_this(program, object) => {
                let class = class_of(program, body.function)?;
                let name = program.shared_name(name);
                self.is_plain_field((body.file, class), &name, 0)
                    .then_some((name, How::Field))
            }
            Expr::Index(table, _) if self.is_plain_list(body, table) => name_of(program, table),
            _ => None,
        }
    }

    /// Whether a list or table is one of the language, wherever it gets its value.
    fn is_plain_list(&mut self, body: &Body, list: ExprId) -> bool {
        let program = &body.program;
        let made: Vec<ExprId> = match program.expr(list) {
            Expr::Name(atom, scope) => match program.resolve(atom, scope) {
                Some(symbol) => program.symbol(symbol).values.to_vec(),
                None => return false,
            },
            Expr::Member(object, name) if is_this(program, object) => {
                let class = class_of(program, body.function);
                let made = body.index.fields.get(&(class, name));
                made.cloned().unwrap_or_default()
            }
            _ => return false,
        };
        !made.is_empty()
            && made.into_iter().all(|made| match program.expr(made) {
                Expr::Array(_) | Expr::Object(_) => true,
                Expr::Call { callee, .. } => {
                    let value = self.machine.fold(body.file, callee);
                    value.path().is_some_and(is_collection)
                }
                _ => false,
            })
    }
}

/// Whether something that keeps an argument gives it back as well.
pub(super) fn is_given_back(names: &[(Rc<str>, How)]) -> bool {
    names.iter().any(|(_, how)| *how == How::Result)
}

/// Which of its parameters a function has an argument in.
fn position_of(program: &Program, function: FuncId, slot: &Slot) -> Option<u16> {
    match slot {
        Slot::At(position) => Some(*position),
        Slot::Named(name) => {
            let params = &program.function(function).param_names;
            let at = params
                .iter()
                .position(|param| program.name(*param) == &**name)?;
            u16::try_from(at).ok()
        }
    }
}

/// Whether a call of a value may be one of a function or class of the package.
fn may_keep(value: &Value) -> bool {
    match value {
        Value::Function(_) => true,
        Value::Object(object) => object.is_class,
        _ => false,
    }
}

/// Places at which a parameter is named, and those of them that are known to keep it.
struct Places<'n> {
    named: &'n FxHashSet<ExprId>,
    found: FxHashSet<ExprId>,
}

impl Places<'_> {
    /// Notes one, if it names the parameter.
    fn insert(&mut self, place: ExprId) {
        if self.named.contains(&place) {
            self.found.insert(place);
        }
    }

    fn extend(&mut self, places: &[ExprId]) {
        for place in places {
            self.insert(*place);
        }
    }
}

/// What of a few expressions an expression may give, as far as it only chooses.
fn given(program: &Program, expr: ExprId, named: &FxHashSet<ExprId>) -> Vec<ExprId> {
    let mut found = Vec::new();
    choices(program, expr, named, 0, &mut found);
    found
}

fn choices(
    program: &Program,
    expr: ExprId,
    named: &FxHashSet<ExprId>,
    level: usize,
    found: &mut Vec<ExprId>,
) {
    let (first, others) = match program.expr(expr) {
        Expr::Logic(_, left, right) => (left, [Some(right), None]),
        Expr::Cond(test, then, other) => (test, [Some(then), Some(other)]),
        Expr::Unary(Unary::Not, inner) => (inner, [None, None]),
        _ => {
            if named.contains(&expr) {
                found.push(expr);
            }
            return;
        }
    };
    if level > CHOICES {
        return;
    }
    choices(program, first, named, level + 1, found);
    for other in others.into_iter().flatten() {
        choices(program, other, named, level + 1, found);
    }
}

/// Whether a call stands in the body.
fn is_listed(body: &Body, call: ExprId) -> bool {
    let mut calls = body
        .within
        .iter()
        .filter_map(|one| body.index.calls.get(one));
    calls.any(|calls| calls.contains(&call))
}

/// A function and all that stand in it. One that stands in another is listed behind it.
fn within(program: &Program, function: FuncId) -> FxHashSet<FuncId> {
    let mut within = FxHashSet::from_iter([function]);
    for (at, inner) in program.functions.iter().enumerate() {
        if inner.parent.is_some_and(|parent| within.contains(&parent)) {
            within.insert(FuncId(at as u32));
        }
    }
    within
}

/// Whether it is the object that a method is called on.
fn is_this(program: &Program, object: ExprId) -> bool {
    match program.expr(object) {
        Expr::This(_) => true,
        Expr::Name(atom, scope) => program.resolve(atom, scope).is_some_and(|symbol| {
            let values = &program.symbol(symbol).values;
            matches!(values[..], [only] if matches!(program.expr(only), Expr::This(_)))
        }),
        _ => false,
    }
}

/// The name of a list or table: the last word of `a.b`.
fn name_of(program: &Program, list: ExprId) -> Option<(Rc<str>, How)> {
    match program.expr(list) {
        Expr::Name(name, _) => Some((program.shared_name(name), How::Variable)),
        Expr::Member(_, name) => Some((program.shared_name(name), How::Field)),
        _ => None,
    }
}

/// What makes an empty list, set or table of the language.
fn is_collection(path: &str) -> bool {
    matches!(
        path,
        "list"
            | "dict"
            | "set"
            | "collections.OrderedDict"
            | "collections.defaultdict"
            | "collections.deque"
            | "Array"
    )
}

#[cfg(test)]
mod tests;
