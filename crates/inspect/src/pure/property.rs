//! What is put onto functions and classes, and onto the prototypes of functions: the classes
//! of JavaScript before there was `class`.

use super::export::{is_exports, whole_export};
use super::value::{Closure, FileId, Value};
use super::{Machine, Object};
use crate::ir::{Expr, ExprId, FuncId, Language, List, Program, Store};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// Prototypes that may stand above one.
const PARENTS: usize = 8;
/// Names that one prototype may have.
const MOST: usize = 512;
/// Names that stand for other names, and prototypes above others.
const LEVELS: u8 = 4;

/// What one file puts onto functions.
#[derive(Debug, Default)]
pub(super) struct Properties {
    /// What is put onto the prototype of a function.
    prototypes: FxHashMap<FuncId, Prototype>,
    /// The function whose prototype a function is put onto.
    makers: FxHashMap<FuncId, FuncId>,
    /// What is put onto a function or a class itself, by what it is.
    own: FxHashMap<ExprId, Vec<(Rc<str>, ExprId)>>,
    /// The expression of each function that something is put onto.
    functions: FxHashMap<FuncId, ExprId>,
}

/// What is put onto the prototype of a function.
#[derive(Debug, Default)]
struct Prototype {
    names: Vec<(Rc<str>, ExprId)>,
    /// The functions whose prototypes stand above it.
    parents: Vec<ExprId>,
}

impl Machine<'_> {
    /// What the object `new F` has by the prototype of its function.
    pub(super) fn of_prototype(&mut self, maker: &Rc<Closure>, name: &str, level: u8) -> Value {
        let Some(program) = self.surroundings.program(maker.file) else {
            return Value::Unknown;
        };
        let properties = self.properties(&program, maker.file);
        let Some(prototype) = properties.prototypes.get(&maker.function) else {
            return Value::Unknown;
        };
        let frame = maker.frame.as_ref();
        // The last one of a name holds, and holds before those of the prototypes above.
        let mut own = prototype.names.iter().rev();
        if let Some((_, value)) = own.find(|(known, _)| **known == *name) {
            return self.eval(&program, maker.file, *value, frame);
        }
        if level >= LEVELS {
            return Value::Unknown;
        }
        for parent in &prototype.parents {
            let found = match self.eval(&program, maker.file, *parent, frame) {
                Value::Function(parent) => self.of_prototype(&parent, name, level + 1),
                Value::Object(class) if class.is_class => match class.class {
                    Some(class) => self.of_class(class, name, level + 1),
                    None => Value::Unknown,
                },
                _ => Value::Unknown,
            };
            if !found.is_unknown() {
                return found;
            }
        }
        Value::Unknown
    }

    /// What is put onto a function or a class itself: `f.a = b`.
    pub(super) fn of_own_properties(&mut self, file: FileId, owner: Owner, name: &str) -> Value {
        let Some(program) = self.surroundings.program(file) else {
            return Value::Unknown;
        };
        if program.language != Language::JavaScript {
            return Value::Unknown;
        }
        let properties = self.properties(&program, file);
        let owner = match owner {
            Owner::Function(function) => properties.functions.get(&function).copied(),
            Owner::Class(class) => Some(class),
        };
        let found = owner
            .and_then(|owner| properties.own.get(&owner))
            .and_then(|own| own.iter().rev().find(|(known, _)| **known == *name));
        match found {
            Some((_, value)) => self.eval(&program, file, *value, None),
            None => Value::Unknown,
        }
    }

    /// `this` in a function that is put onto a prototype, or whose prototype is given names.
    pub(super) fn of_maker(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        function: FuncId,
    ) -> Option<Value> {
        if program.language != Language::JavaScript || function == FuncId(0) {
            return None;
        }
        let properties = self.properties(program, file);
        let maker = match properties.makers.get(&function) {
            Some(maker) => *maker,
            None if properties.prototypes.contains_key(&function) => function,
            None => return None,
        };
        Some(Value::Object(Rc::new(Object {
            maker: Some(Rc::new(Closure {
                file,
                function: maker,
                frame: None,
                this: None,
            })),
            open: true,
            ..Object::default()
        })))
    }

    fn properties(&mut self, program: &Rc<Program>, file: FileId) -> Rc<Properties> {
        if let Some(known) = self.properties.get(&file) {
            return Rc::clone(known);
        }
        let found = Rc::new(match program.language {
            Language::JavaScript => Properties::of(program),
            Language::Python | Language::Rust => Properties::default(),
        });
        self.properties.insert(file, Rc::clone(&found));
        found
    }
}

/// What has properties of its own.
#[derive(Debug, Clone, Copy)]
pub(super) enum Owner {
    /// A function.
    Function(FuncId),
    /// A class.
    Class(ExprId),
}

/// A program, and what is asked of it again and again.
struct Reader<'p> {
    program: &'p Program,
    /// What it hands out as a whole.
    whole: Option<ExprId>,
    /// What functions are given that are called where they are made.
    called: FxHashMap<FuncId, List>,
}

impl<'p> Reader<'p> {
    fn of(program: &'p Program) -> Self {
        let called = program.calls.iter().filter_map(|(call, _)| {
            let Expr::Call { callee, args, .. } = program.expr(*call) else {
                return None;
            };
            match program.expr(callee) {
                Expr::Function(function) => Some((function, args)),
                _ => None,
            }
        });
        Self {
            program,
            whole: whole_export(program),
            called: called.collect(),
        }
    }
}

impl Properties {
    fn of(program: &Program) -> Self {
        let read = &Reader::of(program);
        let mut properties = Self::default();
        for store in &program.stores {
            properties.store(read, store);
        }
        for (call, _) in &program.calls {
            properties.call(read, *call);
        }
        properties
    }

    fn store(&mut self, read: &Reader<'_>, store: &Store) {
        let Some(key) = store.key else {
            return;
        };
        if read.program.name(key) == "prototype" {
            for owner in owners(read, store.object, 0) {
                self.whole(read, owner, store.value);
            }
            return;
        }
        let name = read.program.shared_name(key);
        if let Some(constructor) = prototype_of(read.program, store.object, 0) {
            for owner in owners(read, constructor, 0) {
                self.put(read, owner, Rc::clone(&name), store.value);
            }
            return;
        }
        for owner in owners(read, store.object, 0) {
            if let Expr::Function(function) = read.program.expr(owner) {
                self.functions.insert(function, owner);
            }
            let own = self.own.entry(owner).or_default();
            if own.len() < MOST {
                own.push((Rc::clone(&name), store.value));
            }
        }
    }

    /// `F.prototype = {…}`, `= Object.create(B.prototype)`, `= new B`.
    fn whole(&mut self, read: &Reader<'_>, owner: ExprId, value: ExprId) {
        match read.program.expr(value) {
            Expr::Object(entries) => self.entries(read, owner, read.program.list(entries)),
            Expr::Call {
                callee, new: true, ..
            } => self.parent(read, owner, callee),
            Expr::Call { callee, args, .. } => {
                let made = read.program.list(args).first();
                if ends_with(read.program, callee, "create")
                    && let Some(above) = made.and_then(|made| prototype_of(read.program, *made, 0))
                {
                    self.parent(read, owner, above);
                }
            }
            _ => {}
        }
    }

    fn call(&mut self, read: &Reader<'_>, call: ExprId) {
        let Expr::Call { callee, args, .. } = read.program.expr(call) else {
            return;
        };
        let args = read.program.list(args);
        let [first, second, ..] = *args else {
            return;
        };
        if ends_with(read.program, callee, "inherits")
            || ends_with(read.program, callee, "__extends")
        {
            for owner in owners(read, first, 0) {
                self.parent(read, owner, argument_of(read, second));
            }
            return;
        }
        let Some(constructor) = prototype_of(read.program, first, 0) else {
            return;
        };
        for owner in owners(read, constructor, 0) {
            if ends_with(read.program, callee, "assign") {
                for more in args.iter().skip(1).take(MOST) {
                    if let Expr::Object(entries) = read.program.expr(*more) {
                        self.entries(read, owner, read.program.list(entries));
                    }
                }
            } else if ends_with(read.program, callee, "setPrototypeOf")
                && let Some(above) = prototype_of(read.program, second, 0)
            {
                self.parent(read, owner, above);
            } else if ends_with(read.program, callee, "defineProperty")
                && let (Some(name), Some(Expr::Object(parts))) = (
                    read.program.text(second),
                    args.get(2).map(|last| read.program.expr(*last)),
                )
            {
                let mut parts = read.program.list(parts).chunks_exact(2);
                let value = parts.find(|pair| read.program.text(pair[0]) == Some("value"));
                if let Some(pair) = value {
                    self.put(read, owner, name.into(), pair[1]);
                }
            }
        }
    }

    fn entries(&mut self, read: &Reader<'_>, owner: ExprId, entries: &[ExprId]) {
        for pair in entries.chunks_exact(2).take(MOST) {
            if let Some(name) = read.program.text(pair[0]) {
                self.put(read, owner, name.into(), pair[1]);
            }
        }
    }

    fn put(&mut self, read: &Reader<'_>, owner: ExprId, name: Rc<str>, value: ExprId) {
        let Expr::Function(maker) = read.program.expr(owner) else {
            return;
        };
        let names = &mut self.prototypes.entry(maker).or_default().names;
        if names.len() < MOST {
            names.push((name, value));
            if let Expr::Function(function) = read.program.expr(value) {
                self.makers.entry(function).or_insert(maker);
            }
        }
    }

    fn parent(&mut self, read: &Reader<'_>, owner: ExprId, parent: ExprId) {
        if let Expr::Function(maker) = read.program.expr(owner) {
            let parents = &mut self.prototypes.entry(maker).or_default().parents;
            if parents.len() < PARENTS && !parents.contains(&parent) {
                parents.push(parent);
            }
        }
    }
}

/// The function of `F.prototype`, or of a variable that is that.
fn prototype_of(program: &Program, object: ExprId, level: u8) -> Option<ExprId> {
    match program.expr(object) {
        Expr::Member(constructor, name) if program.name(name) == "prototype" => Some(constructor),
        Expr::Name(atom, scope) if level < LEVELS => {
            let symbol = program.resolve(atom, scope)?;
            match program.symbol(symbol).values[..] {
                [only] => prototype_of(program, only, level + 1),
                _ => None,
            }
        }
        Expr::Assign(_, value) if level < LEVELS => prototype_of(program, value, level + 1),
        _ => None,
    }
}

/// The functions and classes that an expression names in its own file.
fn owners(read: &Reader<'_>, object: ExprId, level: u8) -> Vec<ExprId> {
    /// Values of one name that are looked at.
    const VALUES: usize = 4;
    let program = read.program;
    if level > LEVELS {
        return Vec::new();
    }
    match program.expr(object) {
        Expr::Function(_) | Expr::Class(_) => vec![object],
        Expr::Assign(_, value) => owners(read, value, level + 1),
        Expr::Name(atom, scope) if program.resolve(atom, scope).is_some() => {
            let values = program
                .resolve(atom, scope)
                .map(|symbol| &program.symbol(symbol).values);
            let values = values.into_iter().flatten().take(VALUES);
            values
                .flat_map(|value| owners(read, *value, level + 1))
                .collect()
        }
        _ if is_exports(program, object) => match read.whole {
            Some(whole) => owners(read, whole, level + 1),
            None => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// What a function that is called where it is made is given: `(function (_super) {…})(A)`.
fn argument_of(read: &Reader<'_>, value: ExprId) -> ExprId {
    let program = read.program;
    let Expr::Name(atom, scope) = program.expr(value) else {
        return value;
    };
    let values = program
        .resolve(atom, scope)
        .map(|symbol| &program.symbol(symbol).values[..]);
    let Some([only]) = values else {
        return value;
    };
    let Expr::Param(function, position) = program.expr(*only) else {
        return value;
    };
    let given = read.called.get(&function).and_then(|args| {
        let given = program.list(*args).get(usize::from(position));
        given.copied()
    });
    given.unwrap_or(value)
}

fn ends_with(program: &Program, callee: ExprId, name: &str) -> bool {
    match program.expr(callee) {
        Expr::Name(atom, _) | Expr::Member(_, atom) => program.name(atom) == name,
        _ => false,
    }
}
