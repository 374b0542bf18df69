//! What one file holds, by the questions that are asked of it.

use super::by_function::ByFunction;
use super::chosen::chosen;
use super::marks::Marks;
use super::process::Shared;
use crate::ir::{
    Atom, Block, Compound, Const, ConstId, Expr, ExprId, FuncId, Language, Program, Stmt, Store,
    SymbolId,
};
use crate::know;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::cell::OnceCell;

/// The index of a file.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Calls by the function that they stand in.
    pub calls: ByFunction<ExprId>,
    /// What is put into a variable's value by a method: `list.push(x)`.
    pub mutations: FxHashMap<SymbolId, Vec<ExprId>>,
    /// Calls that may put something into an archive that a variable holds.
    pub packs: FxHashMap<SymbolId, Vec<ExprId>>,
    /// What is put into properties of a variable's value.
    pub stores: FxHashMap<SymbolId, Vec<Store>>,
    /// What is put into fields of objects of a class.
    pub fields: FxHashMap<(Option<ExprId>, Atom), Vec<ExprId>>,
    /// What is put into what such a field holds: `this.map.set(key, x)`.
    pub field_mutations: FxHashMap<(Option<ExprId>, Atom), Vec<ExprId>>,
    /// What is sent into generators of the file: `turn.next(x)`.
    pub sent: Vec<ExprId>,
    /// Calls of a variable.
    pub calls_of: FxHashMap<SymbolId, Vec<ExprId>>,
    /// The variable of each parameter.
    pub parameters: FxHashMap<(FuncId, u16), SymbolId>,
    /// Loops that take what begins with a word: what they go over, with that word.
    pub chosen: FxHashMap<ExprId, ExprId>,
    /// Stores into properties, by function.
    pub stored: ByFunction<Store>,
    /// Choices that end something.
    pub guards: Vec<Guard>,
    /// Events that are emitted under names that are written out.
    pub emits: Vec<(Box<str>, ExprId)>,
    /// Where it names what registries call the bytes of a release.
    pub publishes: Vec<u32>,
    /// It is so long that many things stand in it that have nothing to do with each other.
    is_bundle: bool,
    /// It holds a large text without structure.
    pub large_literal: bool,
    /// Parameters that hold the key or the phrase of a wallet, with their names.
    pub key_parameters: FxHashMap<(FuncId, u16), Atom>,
    /// Functions that make an account of a wallet's key, by the names that callers know.
    pub key_makers: FxHashMap<FuncId, Atom>,
    /// What is put under a name of the global object, or into a variable of the environment.
    pub shared: FxHashMap<Shared, Vec<ExprId>>,
    /// What a function is put on as the handler of an event: `socket.onmessage = f`.
    pub handlers: FxHashMap<FuncId, ExprId>,
    /// What stands above each `def` of Python as a decorator, in the order in which it is written.
    pub decorators: FxHashMap<FuncId, Vec<ExprId>>,
    /// The same of classes.
    pub class_decorators: FxHashMap<ExprId, Vec<ExprId>>,
    /// Where each variable is named, in order: made when somebody asks.
    names: OnceCell<Vec<(SymbolId, ExprId)>>,
    /// What is assigned to: made when somebody asks.
    assigned: OnceCell<Marks>,
}

/// What a call sends into a generator of the file: `turn = f(); turn.next(x)`.
fn sent_into(program: &Program, callee: ExprId, args: &[ExprId]) -> Option<ExprId> {
    let how = match program.language {
        Language::JavaScript => "next",
        Language::Python => "send",
        Language::Rust => return None,
    };
    let ([only], Expr::Member(object, name)) = (args, program.expr(callee)) else {
        return None;
    };
    if program.name(name) != how {
        return None;
    }
    let is_function = |callee: ExprId| {
        let symbol = symbol_of(program, callee)?;
        let mut values = program.symbol(symbol).values.iter();
        values.find(|value| matches!(program.expr(**value), Expr::Function(_)))
    };
    let symbol = symbol_of(program, object)?;
    let mut values = program.symbol(symbol).values.iter();
    let is_made = values.any(|value| match program.expr(*value) {
        Expr::Call { callee, .. } => is_function(callee).is_some(),
        _ => false,
    });
    is_made.then_some(*only)
}

/// A choice of which a branch throws, returns or exits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guard {
    /// What it is made by.
    pub test: ExprId,
    /// The function that it stands in.
    pub function: FuncId,
    /// It ends where the test holds.
    pub held: bool,
    /// It ends where the test does not hold.
    pub failed: bool,
    /// Where the test holds it does no more than leave the function.
    pub held_returns: bool,
    /// Where the test does not hold it does no more than leave the function.
    pub failed_returns: bool,
}

/// Bytes between a request and the words that say what it sends: a function or two.
const NEAR: u32 = 8 << 10;
/// Bytes of a file that is taken for a bundle.
const BUNDLE: u32 = 256 << 10;

/// Methods that put their arguments into what they are called on.
const MUTATORS: [&str; 21] = [
    "push",
    "unshift",
    "append",
    "add",
    "set",
    "extend",
    "update",
    "insert",
    "write",
    "concat",
    "assign",
    "splice",
    "put",
    "setdefault",
    "push_str",
    "extend_from_slice",
    "writeln",
    "end",
    "set_content",
    "add_attachment",
    "set_payload",
];

impl Index {
    /// Whether a place stands near the words for a release's bytes; all of a file is near
    /// unless it is a bundle, so that a few lines of padding are no distance.
    pub fn is_near_publishing(&self, at: u32) -> bool {
        let is_near = |mark: &u32| !self.is_bundle || mark.abs_diff(at) < NEAR;
        self.publishes.iter().any(is_near)
    }

    /// Where a variable of this file is named, in the order of the file's expressions.
    pub fn names_of(&self, program: &Program, symbol: SymbolId) -> impl Iterator<Item = ExprId> {
        let names = self.names.get_or_init(|| {
            let exprs = program.exprs.iter().enumerate();
            let mut names: Vec<(SymbolId, ExprId)> = exprs
                .filter_map(|(at, expr)| match expr {
                    Expr::Name(atom, scope) => {
                        let symbol = program.resolve(*atom, *scope)?;
                        Some((symbol, ExprId(at as u32)))
                    }
                    _ => None,
                })
                .collect();
            names.sort_unstable();
            names.shrink_to_fit();
            names
        });
        let from = names.partition_point(|(named, _)| *named < symbol);
        let rest = names.get(from..).unwrap_or_default().iter();
        rest.take_while(move |(named, _)| *named == symbol)
            .map(|(_, at)| *at)
    }

    /// Whether something is assigned to an expression.
    pub fn is_assigned(&self, program: &Program, target: ExprId) -> bool {
        let assigned = self.assigned.get_or_init(|| {
            let mut assigned = Marks::default();
            for expr in &program.exprs {
                if let Expr::Assign(to, _) = expr {
                    assigned.insert(*to);
                }
            }
            assigned
        });
        assigned.contains(target)
    }

    pub fn of(program: &Program) -> Self {
        let mut index = Self {
            chosen: chosen(program),
            ..Self::default()
        };
        let mutators: Vec<Atom> = MUTATORS
            .iter()
            .filter_map(|name| program.atom(name))
            .collect();
        let putters: Vec<Atom> = match program.language {
            Language::JavaScript => know::PUTTERS
                .iter()
                .filter_map(|name| program.atom(name))
                .collect(),
            Language::Python | Language::Rust => Vec::new(),
        };
        let functions = program.functions.len();
        let calls = program
            .calls
            .iter()
            .map(|(call, function)| (*function, *call));
        index.calls = ByFunction::of(functions, calls);
        for (call, _) in &program.calls {
            let Expr::Call { callee, args, .. } = program.expr(*call) else {
                continue;
            };
            if program.language == Language::Python
                && let [only] = program.list(args)
            {
                // Nothing else hands over what has a name where it is made.
                match program.expr(*only) {
                    Expr::Function(below) if program.function(below).name.is_some() => {
                        index.decorators.entry(below).or_default().push(callee);
                    }
                    Expr::Class(_) => {
                        let above = index.class_decorators.entry(*only).or_default();
                        above.push(callee);
                    }
                    _ => {}
                }
            }
            // `stream.read_to_end(&mut bytes)`.
            if let Expr::Member(receiver, name) = program.expr(callee)
                && (matches!(
                    program.name(name),
                    "read_to_end"
                        | "read_to_string"
                        | "read_exact"
                        | "copy_to"
                        | "recv_into"
                        | "readinto"
                ) || saves(program, name)
                    // `stream.read(&mut bytes)`.
                    || program.language == Language::Rust && program.name(name) == "read")
                && let Some(symbol) = program
                    .list(args)
                    .first()
                    .and_then(|arg| symbol_of(program, *arg))
            {
                index.mutations.entry(symbol).or_default().push(receiver);
            }
            // `stream.on('data', parts.push.bind(parts))`.
            if let Expr::Member(receiver, _) = program.expr(callee) {
                for arg in program.list(args) {
                    if let Some(symbol) = mutator_of(program, *arg, &mutators) {
                        index.mutations.entry(symbol).or_default().push(receiver);
                    }
                }
            }
            if let Expr::Member(_, name) = program.expr(callee)
                && program.name(name) == "emit"
                && let Some(event) = program
                    .list(args)
                    .first()
                    .and_then(|arg| program.text(*arg))
            {
                index.emits.push((event.into(), *call));
            }
            if let Some(sent) = sent_into(program, callee, program.list(args)) {
                index.sent.push(sent);
            }
            if let Expr::Member(object, name) = program.expr(callee)
                && putters.contains(&name)
            {
                for symbol in archives(program, object) {
                    index.packs.entry(symbol).or_default().push(*call);
                }
            }
            match program.expr(callee) {
                Expr::Member(object, name) if mutators.contains(&name) => {
                    if let Expr::Member(inner, field) = program.expr(object)
                        && let Expr::This(function) = program.expr(inner)
                    {
                        let key = (class_of(program, function), field);
                        let puts = index.field_mutations.entry(key).or_default();
                        puts.extend(program.list(args));
                    }
                    if let Some(symbol) = symbol_of(program, object) {
                        index
                            .mutations
                            .entry(symbol)
                            .or_default()
                            .extend(program.list(args));
                    }
                    // `Object.assign(target, …)`.
                    if program.name(name) == "assign"
                        && let Some((target, rest)) = program.list(args).split_first()
                        && let Some(symbol) = symbol_of(program, *target)
                    {
                        index.mutations.entry(symbol).or_default().extend(rest);
                    }
                }
                Expr::Name(atom, scope) => {
                    if let Some(symbol) = program.resolve(atom, scope) {
                        index.calls_of.entry(symbol).or_default().push(*call);
                    }
                }
                _ => {}
            }
        }
        let stores = program.stores.iter().map(|store| (store.function, *store));
        index.stored = ByFunction::of(functions, stores);
        for store in &program.stores {
            if let Some(shared) = Shared::stored(program, store) {
                index.shared.entry(shared).or_default().push(store.value);
            }
            if let Expr::Function(function) = program.expr(store.value)
                && store
                    .key
                    .is_some_and(|key| program.name(key).starts_with("on"))
            {
                index.handlers.insert(function, store.object);
            }
            if let Some(field) = program.own_field(store) {
                index.fields.entry(field).or_default().push(store.value);
                continue;
            }
            match program.expr(store.object) {
                Expr::Member(inner, field) if matches!(program.expr(inner), Expr::This(_)) => {
                    if let Expr::This(function) = program.expr(inner) {
                        index
                            .fields
                            .entry((class_of(program, function), field))
                            .or_default()
                            .push(store.value);
                    }
                }
                Expr::This(_) => {}
                _ => {
                    if let Some(symbol) = symbol_of(program, store.object) {
                        // Something of `self` of a method.
                        if let [only] = program.symbol(symbol).values[..]
                            && let Expr::This(function) = program.expr(only)
                            && let Some(key) = store.key
                        {
                            index
                                .fields
                                .entry((class_of(program, function), key))
                                .or_default()
                                .push(store.value);
                        } else {
                            index.stores.entry(symbol).or_default().push(*store);
                        }
                    }
                }
            }
        }
        for (field, value) in program.made_fields() {
            index.fields.entry(field).or_default().push(value);
        }
        for (number, symbol) in program.symbols.iter().enumerate() {
            for value in &symbol.values {
                if let Expr::Param(function, position) = strip(program, *value) {
                    index
                        .parameters
                        .insert((function, position), SymbolId(number as u32));
                }
            }
        }
        index.publishes = publishes(program);
        index.is_bundle = program.spans.iter().any(|span| span.end > BUNDLE);
        index.large_literal = program.consts.iter().any(is_large)
            || program
                .exprs
                .iter()
                .any(|expr| is_large_list(program, *expr));
        index.key_makers = key_makers(program);
        index.key_parameters = key_parameters(program, &index.parameters);
        for (number, function) in program.functions.iter().enumerate() {
            let id = FuncId(number as u32);
            guards(program, id, function.body, &mut index.guards);
        }
        index
    }
}

/// `picture.save(buffer)`: what it is called on is in its argument.
fn saves(program: &Program, name: Atom) -> bool {
    program.language == Language::Python && matches!(program.name(name), "save" | "savefig")
}

/// Parameters whose names say that they hold the key or the phrase of a wallet.
fn key_parameters(
    program: &Program,
    parameters: &FxHashMap<(FuncId, u16), SymbolId>,
) -> FxHashMap<(FuncId, u16), Atom> {
    // Services have private keys as well; of a chain they are in a file that is about one.
    let has = |names: &[&str]| names.iter().any(|name| program.atom(name).is_some());
    let is_of_chains = has(&know::CHAIN_WORDS) || has(&know::SIGNING_WORDS);
    let names = know::KEY_PARAMETERS.iter();
    let names = names.filter(|name| is_of_chains || know::names_a_phrase(name));
    let names: Vec<Atom> = names.filter_map(|name| program.atom(name)).collect();
    if names.is_empty() {
        return FxHashMap::default();
    }
    let declared = program.declared.iter();
    let named: FxHashMap<SymbolId, Atom> = declared
        .filter(|((_, atom), _)| names.contains(atom))
        .map(|((_, atom), symbol)| (*symbol, *atom))
        .collect();
    let known = parameters.iter();
    known
        .filter_map(|(place, symbol)| Some((*place, *named.get(symbol)?)))
        .collect()
}

/// Functions that get the key of a wallet, by the names that they have or are put under:
/// `exports.fromSeed = () => …`.
fn key_makers(program: &Program) -> FxHashMap<FuncId, Atom> {
    let has = |names: &[&str]| names.iter().any(|name| program.atom(name).is_some());
    // Seeds and phrases are other things elsewhere.
    let is_of_chains = has(&know::CHAIN_WORDS);
    let is_of_keys = is_of_chains || has(&know::KEY_WORDS);
    if !has(&know::KEY_FUNCTIONS) {
        return FxHashMap::default();
    }
    let mut makers: FxHashMap<FuncId, Atom> = FxHashMap::default();
    let mut known = |value: ExprId, name: Atom| {
        if let Expr::Function(function) = program.expr(value) {
            makers.entry(function).or_insert(name);
        }
    };
    for store in &program.stores {
        if let Some(key) = store.key {
            known(store.value, key);
        }
    }
    let mut declared: Vec<(SymbolId, Atom)> = program
        .declared
        .iter()
        .map(|((_, atom), symbol)| (*symbol, *atom))
        .collect();
    declared.sort_unstable();
    for (symbol, name) in declared {
        for value in &program.symbol(symbol).values {
            known(*value, name);
        }
    }
    for (number, function) in program.functions.iter().enumerate() {
        if let Some(name) = function.name {
            makers.insert(FuncId(number as u32), name);
        }
    }
    makers.retain(|_, name| {
        let name = program.name(*name);
        know::KEY_FUNCTIONS.contains(&name)
            && (is_of_keys || know::names_a_phrase(name))
            && (is_of_chains || !know::GENERAL_FUNCTIONS.contains(&name))
    });
    makers
}

/// Where the words stand that the registries' own interfaces have for a release's bytes.
fn publishes(program: &Program) -> Vec<u32> {
    // CouchDB, which npm's registry once was, has the word of the fourth for its documents as well:
    // only beside the tags of a package it is a release.
    const MARKS: [&str; 5] = [
        "file_upload",
        "/crates/new",
        "/oidc/token/exchange",
        "_attachments",
        "dist-tags",
    ];
    const CONTENT: usize = 3;
    const TAGS: usize = 4;
    let which = |text: &str| -> u8 {
        // Each mark has one of these bytes, and most texts have none of them.
        if text.len() >= 400 || memchr::memchr3(b'_', b'/', b'-', text.as_bytes()).is_none() {
            return 0;
        }
        let marks = MARKS.iter().enumerate();
        marks.fold(0, |all, (at, mark)| {
            all | u8::from(text.contains(mark)) << at
        })
    };
    let atoms = MARKS.map(|mark| program.atom(mark));
    let consts: Vec<(ConstId, u8)> = program
        .consts
        .iter()
        .enumerate()
        .filter_map(|(number, constant)| {
            let Const::Text(text) = constant else {
                return None;
            };
            let which = which(text);
            (which != 0).then_some((ConstId(number as u32), which))
        })
        .collect();
    if consts.is_empty() && atoms.iter().all(Option::is_none) {
        return Vec::new();
    }
    let of_name = |name: Atom| {
        let at = atoms.iter().position(|atom| *atom == Some(name));
        at.map_or(0, |at| 1 << at)
    };
    let mut places: [Vec<u32>; 5] = Default::default();
    for (expr, span) in program.exprs.iter().zip(&program.spans) {
        let which = match expr {
            Expr::Const(constant) => consts
                .binary_search_by_key(constant, |(constant, _)| *constant)
                .map_or(0, |at| consts[at].1),
            Expr::Member(_, name) | Expr::Name(name, _) => of_name(*name),
            _ => continue,
        };
        for (at, places) in places.iter_mut().enumerate() {
            if which & 1 << at != 0 {
                places.push(span.start);
            }
        }
    }
    let is_tagged = |at: &u32| places[TAGS].iter().any(|tag| tag.abs_diff(*at) < NEAR);
    let content = places[CONTENT].iter().copied().filter(is_tagged);
    let sure = places[..CONTENT].iter().flatten().copied();
    let mut all: Vec<u32> = sure.chain(content).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn is_large(constant: &Const) -> bool {
    let bytes = match constant {
        Const::Text(text) => text.as_bytes(),
        Const::Bytes(bytes) => bytes,
        _ => return false,
    };
    // The beginning says enough.
    bytes.len() > 400 && entropy(&bytes[..bytes.len().min(4096)]) > 4.5
}

/// Whether a list of numbers, or what a function is called with, holds a large text without
/// structure: `String.fromCharCode(82, 74, …)`.
fn is_large_list(program: &Program, expr: Expr) -> bool {
    let (Expr::Array(list) | Expr::Call { args: list, .. }) = expr else {
        return false;
    };
    let items = program.list(list);
    if items.len() <= 400 {
        return false;
    }
    let beginning = &items[..items.len().min(4096)];
    let bytes: Vec<u8> = beginning
        .iter()
        .filter_map(|item| match program.expr(*item) {
            Expr::Const(constant) => match program.constant(constant) {
                Const::Number(number) => Some(*number as u8),
                _ => None,
            },
            _ => None,
        })
        .collect();
    bytes.len() == beginning.len() && entropy(&bytes) > 4.5
}

/// Bits per byte.
fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    let total = bytes.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / total)
        .map(|share| -share * share.log2())
        .sum()
}

/// The variable whose mutator is handed over as a function.
fn mutator_of(program: &Program, arg: ExprId, mutators: &[Atom]) -> Option<SymbolId> {
    let member = match program.expr(arg) {
        Expr::Call { callee, .. } => match program.expr(callee) {
            Expr::Member(inner, bind) if program.name(bind) == "bind" => inner,
            _ => return None,
        },
        _ => arg,
    };
    match program.expr(member) {
        Expr::Member(object, name) if mutators.contains(&name) => symbol_of(program, object),
        _ => None,
    }
}

/// A parameter's value without its default.
fn strip(program: &Program, value: ExprId) -> Expr {
    match program.expr(value) {
        Expr::Logic(crate::ir::Logic::Nullish, inner, _) => program.expr(inner),
        other => other,
    }
}

/// The variable at the bottom of `a.b[c]`.
pub(super) fn symbol_of(program: &Program, mut expr: ExprId) -> Option<SymbolId> {
    for _ in 0..8 {
        match program.expr(expr) {
            Expr::Name(atom, scope) => return program.resolve(atom, scope),
            Expr::Member(object, _) | Expr::Index(object, _) => expr = object,
            _ => return None,
        }
    }
    None
}

/// The variables that hold what a chain of methods is called on, and what that is a folder of:
/// `folder = archive.folder('a')`.
fn archives(program: &Program, mut object: ExprId) -> SmallVec<[SymbolId; 2]> {
    const STEPS: usize = 8;
    let mut out = SmallVec::new();
    for _ in 0..STEPS {
        match program.expr(object) {
            Expr::Call { callee, .. } => match program.expr(callee) {
                Expr::Member(inner, _) => object = inner,
                _ => break,
            },
            Expr::Name(atom, scope) => {
                let Some(symbol) = program.resolve(atom, scope) else {
                    break;
                };
                out.push(symbol);
                let [only] = program.symbol(symbol).values[..] else {
                    break;
                };
                match program.expr(only) {
                    Expr::Call { callee, .. } if matches!(program.expr(callee), Expr::Member(_, name) if program.name(name) == "folder") =>
                    {
                        object = only;
                    }
                    _ => break,
                }
            }
            _ => break,
        }
    }
    out
}

/// The class whose object `this` is.
pub(super) fn class_of(program: &Program, function: FuncId) -> Option<ExprId> {
    program.class_around(function)
}

fn guards(program: &Program, function: FuncId, block: Block, into: &mut Vec<Guard>) {
    let statements = program.block(block);
    for (number, statement) in statements.iter().enumerate() {
        let Stmt::Compound(id) = statement else {
            continue;
        };
        match program.compound(*id) {
            Compound::If(test, then, other) => {
                let held = ends(program, *then);
                let rest = statements.get(number + 1..).unwrap_or_default();
                // `if (good) return it; throw …`: what stands behind is the other branch.
                let failed = ends(program, *other)
                    || program.block(*then).iter().any(is_return)
                        && rest.iter().any(|statement| is_end(program, statement));
                if held || failed {
                    let goes_off = |block: Block| leaves(program, program.block(block));
                    into.push(Guard {
                        test: *test,
                        function,
                        held,
                        failed,
                        held_returns: !goes_off(*then),
                        failed_returns: !goes_off(*other) && !leaves(program, rest),
                    });
                }
                guards(program, function, *then, into);
                guards(program, function, *other, into);
            }
            Compound::Loop(round) => {
                guards(program, function, round.init, into);
                guards(program, function, round.body, into);
            }
            Compound::Each { body, .. } | Compound::Block(body) => {
                guards(program, function, *body, into);
            }
            Compound::Try(body, handler, last) => {
                guards(program, function, *body, into);
                guards(program, function, handler.unwrap_or_default(), into);
                guards(program, function, *last, into);
            }
            Compound::Switch(_, cases) => cases
                .iter()
                .for_each(|(_, body)| guards(program, function, *body, into)),
        }
    }
}

/// Whether statements throw, end the program or refuse a promise, and do not only return.
pub(super) fn leaves(program: &Program, statements: &[Stmt]) -> bool {
    let mut statements = statements.iter();
    statements.any(|statement| match statement {
        Stmt::Compound(id) => match program.compound(*id) {
            Compound::Block(inner) => leaves(program, program.block(*inner)),
            _ => false,
        },
        // `return Err(…)`, `return reject(…)`, `return callback(new Error(…))`.
        Stmt::Return(Some(given)) => {
            is_end(program, &Stmt::Expr(*given)) || is_error(program, *given)
        }
        statement => !is_return(statement) && is_end(program, statement),
    })
}

fn is_error(program: &Program, given: ExprId) -> bool {
    let Expr::Call { callee, .. } = program.expr(given) else {
        return false;
    };
    match program.expr(callee) {
        Expr::Name(name, _) => program.name(name) == "Err",
        Expr::Member(_, name) => program.name(name) == "reject",
        _ => false,
    }
}

/// Whether a branch leaves what it stands in.
pub(super) fn ends(program: &Program, block: Block) -> bool {
    let mut statements = program.block(block).iter();
    statements.any(|statement| is_end(program, statement))
}

fn is_return(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Return(_))
}

fn is_end(program: &Program, statement: &Stmt) -> bool {
    match statement {
        Stmt::Throw(_) | Stmt::Return(_) => true,
        Stmt::Expr(expr) => match program.expr(*expr) {
            Expr::Call { callee, .. } => match program.expr(callee) {
                Expr::Member(_, name) => {
                    matches!(program.name(name), "exit" | "abort" | "fail")
                }
                Expr::Name(name, _) => matches!(
                    program.name(name),
                    "exit" | "reject" | "fail" | "panic!" | "callback" | "cb"
                ),
                _ => false,
            },
            _ => false,
        },
        Stmt::Compound(id) => match program.compound(*id) {
            Compound::Block(inner) => ends(program, *inner),
            _ => false,
        },
        Stmt::Break | Stmt::Continue => false,
    }
}
