//! Calls: of what, with which frame, and what comes of it.

use super::called::{self, Called};
use super::run::Flow;
use super::value::{Closure, FileId, Frame, Native, Object, Value};
use super::{Machine, builtin, method, operate};
use crate::ir::{Expr, ExprId, FuncId, Language, Program};
use rustc_hash::FxHasher;
use std::hash::{Hash as _, Hasher as _};
use std::rc::Rc;

impl Machine<'_> {
    #[allow(clippy::too_many_arguments, reason = "the parts of one expression")]
    pub(super) fn call(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        at: ExprId,
        callee: ExprId,
        args: &[ExprId],
        new: bool,
        frame: Option<&Rc<Frame>>,
    ) -> Value {
        // A method is called on something.
        let (this, function) = match program.expr(callee) {
            Expr::Member(receiver, name) => {
                let object = self.eval(program, file, receiver, frame);
                let mut function = self.get(&object, program.name(name), program.language);
                if program.language == Language::Rust && function.is_unknown() {
                    function = self.rust_method(program, file, program.name(name));
                }
                let may_be_called = match &function {
                    Value::Function(_) | Value::Native(_) => true,
                    Value::Object(class) => class.is_class,
                    _ => false,
                };
                if !may_be_called
                    || matches!(object, Value::Array(_) | Value::Text(_) | Value::Bytes(_))
                {
                    let changes = changes_its_list(program.name(name));
                    let object = if changes && frame.is_none_or(|frame| frame.lazy) {
                        untied(object)
                    } else {
                        object
                    };
                    let Some(args) = self.items(program, file, args, frame) else {
                        return Value::Unknown;
                    };
                    let left = method_of_path(program, &object, program.name(name), &args);
                    if let Some((left, answer)) = left {
                        // What is folded lazily changes nothing.
                        if frame.is_some_and(|frame| !frame.lazy) {
                            let left = self.charge(left);
                            self.assign(program, file, receiver, left, frame);
                        }
                        return answer;
                    }
                    let mut value =
                        self.method(&object, program.name(name), &args, program.language);
                    if value.is_unknown()
                        && let Some(own) =
                            self.called_on_all(program, file, &object, program.name(name), &args)
                    {
                        value = own;
                    }
                    // `Path("a").open("w")` gives a file, as `open` does.
                    if value.is_unknown()
                        && program.language == Language::Python
                        && program.name(name) == "open"
                        && matches!(object, Value::Text(_))
                    {
                        return Value::Native(Native {
                            path: "open()".into(),
                            made_at: Some((file, at)),
                        });
                    }
                    return value;
                }
                (object, function)
            }
            Expr::Index(object, key) => {
                let object = self.eval(program, file, object, frame);
                let key = self.eval(program, file, key, frame);
                let function = self.index(&object, &key, program.language);
                if !matches!(function, Value::Function(_) | Value::Native(_)) {
                    let Some(name) = key.known_text().map(str::to_owned) else {
                        return Value::Unknown;
                    };
                    let Some(args) = self.items(program, file, args, frame) else {
                        return Value::Unknown;
                    };
                    return self.method(&object, &name, &args, program.language);
                }
                (object, function)
            }
            _ => (Value::Undefined, self.eval(program, file, callee, frame)),
        };
        if let Value::Native(native) = &function
            && let Some(specifier) =
                self.required_by(program, file, &native.path, callee, args, frame)
        {
            let specifier = self.eval(program, file, specifier, frame);
            return match specifier.known_text() {
                Some(specifier) => self.module(file, specifier, program.language),
                None => Value::Unknown,
            };
        }
        if program.language == Language::Python
            && let Value::Native(native) = &function
            && let Some(module) = self.imported_by_call(program, file, native, args, frame)
        {
            return module;
        }
        if let (Value::Native(native), [specifier, ..]) = (&function, args)
            && &*native.path == "require.resolve"
        {
            let specifier = self.eval(program, file, *specifier, frame);
            if let Some(path) = self.resolved_path(file, &specifier) {
                return path;
            }
        }
        if let Value::Native(native) = &function
            && native.made_at.is_some()
            && let Some(given) = self.stands_for(program, file, native, args, frame)
        {
            return given;
        }
        if program.language == Language::Python
            && function.path() == Some("next")
            && let Some(first) = self.first_of(program, file, args, frame)
        {
            return first;
        }
        if program.language == Language::Python
            && let Value::Native(native) = &function
            && let Some(made) = self.made_by_field(program, file, &native.path, args, frame)
        {
            return made;
        }
        let Some(args) = self.items(program, file, args, frame) else {
            return Value::Unknown;
        };
        if let Value::Native(native) = &function
            && &*native.path == "eval"
            && let Expr::Name(_, scope) = program.expr(callee)
            && let Some(text) = args.first().and_then(Value::known_text)
            && let Some(value) = self.evaluated_as_name(program, file, scope, text, frame)
        {
            return value;
        }
        if let (Value::Native(_), Some(false)) = (&function, frame.map(|frame| frame.lazy))
            && self.observed.len() < 4_000
        {
            let seen = args.iter().map(|arg| match arg {
                Value::Text(_) => arg.clone(),
                Value::Bytes(bytes) if bytes.borrow().len() < 1 << 16 => untied(arg.clone()),
                _ => Value::Unknown,
            });
            keep_known(self.observed.entry((file, at)).or_default(), seen);
        }
        if program.language == Language::Python
            && let Value::Native(native) = &function
            && matches!(&*native.path, "open" | "io.open" | "codecs.open")
        {
            // What a caller hands in is known here, and not where the file is read.
            match args.first().and_then(Value::known_text) {
                Some(path) => self.opened.insert((file, at), path.into()),
                None => self.opened.remove(&(file, at)),
            };
        }
        let value = self.invoke(&function, this, args, new, program.language);
        match value {
            Value::Native(native) if &*native.path == "tempfile.mkstemp()" => {
                let made = made_file(file, at);
                Value::array(vec![made.clone(), made])
            }
            Value::Native(native) if &*native.path == "tempfile.mktemp()" => made_file(file, at),
            Value::Native(native)
                if program.language == Language::Rust && native.path.starts_with("tempfile.") =>
            {
                made_by_crate(native, (file, at))
            }
            Value::Native(native) if native.made_at.is_none() && native.path.ends_with("()") => {
                Value::Native(Native {
                    path: native.path,
                    made_at: Some((file, at)),
                })
            }
            other => other,
        }
    }

    /// Calls a value.
    pub(super) fn invoke(
        &mut self,
        function: &Value,
        this: Value,
        args: Vec<Value>,
        new: bool,
        language: Language,
    ) -> Value {
        if !self.step() {
            return Value::Unknown;
        }
        match function {
            Value::Function(closure) => self.enter(closure, this, args, new),
            Value::Object(class) if class.is_class => self.construct(class, args),
            Value::Native(native) => {
                // A function of the library that is called on by another name.
                if language != Language::JavaScript {
                    return builtin::call(self, native, &this, &args, new, language);
                }
                if let Some(path) = native.path.strip_suffix(".call") {
                    let mut args = args.into_iter();
                    let this = args.next().unwrap_or(Value::Undefined);
                    return self.invoke(&Value::native(path), this, args.collect(), new, language);
                }
                if let Some(path) = native.path.strip_suffix(".apply")
                    && path != "Reflect"
                {
                    let this = args.first().cloned().unwrap_or(Value::Undefined);
                    let rest = args.get(1).and_then(operate::elements).unwrap_or_default();
                    return self.invoke(&Value::native(path), this, rest, new, language);
                }
                if let Some(path) = native.path.strip_suffix(".bind") {
                    return bound(path, args.first());
                }
                builtin::call(self, native, &this, &args, new, language)
            }
            _ => Value::Unknown,
        }
    }

    /// A method by its name: types are not resolved.
    fn rust_method(&mut self, program: &Rc<Program>, file: FileId, name: &str) -> Value {
        let Some(symbol) = program
            .atom(&format!("method {name}"))
            .and_then(|atom| program.resolve(atom, crate::ir::ScopeId(0)))
        else {
            return Value::Unknown;
        };
        match program
            .symbol(symbol)
            .values
            .first()
            .map(|value| program.expr(*value))
        {
            Some(Expr::Function(function)) => Value::Function(Rc::new(Closure {
                file,
                function,
                frame: None,
                this: None,
            })),
            _ => Value::Unknown,
        }
    }

    fn enter(&mut self, closure: &Rc<Closure>, this: Value, args: Vec<Value>, new: bool) -> Value {
        let Some(program) = self.surroundings.program(closure.file) else {
            return Value::Unknown;
        };
        if self.depth >= crate::limit::evaluating::DEPTH {
            self.circle.cut_short();
            return Value::Unknown;
        }
        let this = closure.this.clone().unwrap_or(this);
        let called = (!new)
            .then(|| Called::of(&program, closure, &this, &args))
            .flatten();
        if let Some(known) = called
            .as_ref()
            .and_then(|called| self.given_back.get(called))
        {
            return known.clone();
        }
        let again = Again::of(closure, &args);
        if let Some(again) = &again {
            let times = self.again.entry(*again).or_default();
            if *times >= Again::MOST {
                self.circle.cut_short();
                return Value::Unknown;
            }
            *times += 1;
        }
        let open = self.circle.open();
        let value = self.enter_here(&program, closure, this, args, new);
        let closed = self.circle.close(open, false);
        if let Some(times) = again.and_then(|again| self.again.get_mut(&again)) {
            *times -= 1;
        }
        if let Some(called) = called
            && closed.whole
            && !self.glancing
            && !self.spent()
            && self.given_back.len() < called::MOST
            && called::is_kept(&value)
        {
            self.given_back.insert(called, value.clone());
        }
        value
    }

    fn enter_here(
        &mut self,
        program: &Rc<Program>,
        closure: &Rc<Closure>,
        this: Value,
        args: Vec<Value>,
        new: bool,
    ) -> Value {
        let function = program.function(closure.function);
        let parent = match (&closure.frame, function.parent) {
            (Some(frame), _) => Some(Rc::clone(frame)),
            (None, Some(parent)) => self.ran(program, closure.file, parent),
            (None, None) => None,
        };
        let made = if new {
            Value::object(Vec::new())
        } else {
            Value::Undefined
        };
        let args = by_name(program, function, args);
        let this = match this {
            // Called on an object, a method of the class gets the class.
            Value::Object(object) if function.on_class && !object.is_class => {
                Value::Object(Rc::new(Object {
                    class: object.class,
                    is_class: object.class.is_some(),
                    ..Object::default()
                }))
            }
            other => other,
        };
        let frame = Rc::new(Frame {
            file: closure.file,
            function: closure.function,
            parent,
            variables: Default::default(),
            arguments: Some(args),
            this: if new { made.clone() } else { this },
            lazy: false,
        });
        self.depth += 1;
        self.yields.push(Vec::new());
        let flow = self.body(program, closure.file, closure.function, &frame);
        let given = self.yields.pop().unwrap_or_default();
        self.depth -= 1;
        match flow {
            Flow::Next | Flow::Return(_) if function.lends && !given.is_empty() => {
                given.into_iter().next().unwrap_or(Value::Unknown)
            }
            // A generator: all that it gives, in turn.
            Flow::Next | Flow::Return(_) if !given.is_empty() => Value::array(given),
            Flow::Return(value) if !(new && matches!(value, Value::Undefined)) => value,
            Flow::Throw => Value::Unknown,
            _ if new => made,
            _ => Value::Undefined,
        }
    }

    fn construct(&mut self, class: &Rc<Object>, args: Vec<Value>) -> Value {
        let made = Value::Object(Rc::new(Object {
            class: class.class,
            open: true,
            ..Object::default()
        }));
        for name in ["constructor", "__init__"] {
            if let Value::Function(constructor) = self.get(&made, name, Language::JavaScript) {
                self.enter(&constructor, made.clone(), args.clone(), false);
            }
        }
        made
    }

    /// A method or field of a class, or of the nearest above it that has one.
    pub(super) fn of_class(&mut self, class: (FileId, ExprId), name: &str) -> Value {
        /// Classes that are looked at for one name.
        const CLASSES: usize = 128;
        let mut waiting: Vec<(Rc<Program>, FileId, ExprId)> = Vec::new();
        let mut seen: Vec<(FileId, ExprId)> = Vec::new();
        let mut next = Some(class);
        loop {
            let class = match next.take() {
                Some(class) => Some(class),
                None => {
                    let Some((program, file, parent)) = waiting.pop() else {
                        // No method: a field that one of them is given.
                        return self.held_by_one(&seen, name).unwrap_or(Value::Unknown);
                    };
                    match self.eval(&program, file, parent, None) {
                        Value::Object(class) => class.class,
                        Value::Native(native) => {
                            let of_library = || Value::native(format!("{}().{name}", native.path));
                            return self.held_by_one(&seen, name).unwrap_or_else(of_library);
                        }
                        _ => None,
                    }
                }
            };
            let Some(class) = class.filter(|class| !seen.contains(class)) else {
                continue;
            };
            if seen.len() >= CLASSES {
                self.circle.cut_short();
                return Value::Unknown;
            }
            seen.push(class);
            let Some(program) = self.surroundings.program(class.0) else {
                continue;
            };
            let Expr::Class(entries) = program.expr(class.1) else {
                continue;
            };
            let entries = program.list(entries);
            // The last one of a name holds, and holds before those of the classes above.
            let mut own = entries.chunks_exact(2).rev();
            if let Some(pair) = own.find(|pair| program.text(pair[0]) == Some(name)) {
                let value = self.eval(&program, class.0, pair[1], None);
                if !value.is_unknown() || seen.len() == 1 {
                    return value;
                }
                continue;
            }
            for pair in entries.chunks_exact(2).rev() {
                if let Expr::Spread(parent) = program.expr(pair[0]) {
                    waiting.push((Rc::clone(&program), class.0, parent));
                }
            }
        }
    }
}

/// A call with something that is not known, of which another one with the very same arguments may be
/// running: no test of it can tell the one from the other, so each of its branches calls it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Again {
    file: FileId,
    function: FuncId,
    arguments: u64,
}

impl Again {
    /// Calls within each other. What comes back then is not known, as further down.
    const MOST: u8 = 3;

    fn of(closure: &Closure, args: &[Value]) -> Option<Self> {
        let is_open = |arg: &Value| matches!(arg, Value::Unknown | Value::Native(_));
        if !args.iter().any(is_open) {
            return None;
        }
        let mut hasher = FxHasher::default();
        for arg in args {
            std::mem::discriminant(arg).hash(&mut hasher);
            match arg {
                Value::Unknown | Value::Undefined | Value::Null => {}
                Value::Bool(holds) => holds.hash(&mut hasher),
                Value::Number(number) => number.to_bits().hash(&mut hasher),
                Value::Text(text) => text.hash(&mut hasher),
                Value::Native(native) => native.path.hash(&mut hasher),
                Value::Bytes(bytes) => Rc::as_ptr(bytes).addr().hash(&mut hasher),
                Value::Regex(regex) => Rc::as_ptr(regex).addr().hash(&mut hasher),
                Value::Array(items) => Rc::as_ptr(items).addr().hash(&mut hasher),
                Value::Object(object) => Rc::as_ptr(object).addr().hash(&mut hasher),
                Value::Function(function) => Rc::as_ptr(function).addr().hash(&mut hasher),
            }
        }
        Some(Self {
            file: closure.file,
            function: closure.function,
            arguments: hasher.finish(),
        })
    }
}

/// A file whose name the system makes up: one and the same for whoever has its number or its path.
pub(crate) fn made_file(file: FileId, at: ExprId) -> Value {
    let folder = Value::host("temp")
        .any_text()
        .unwrap_or_default()
        .to_owned();
    Value::text(&format!("{folder}/made.{file}.{}", at.0))
}

/// What something of the crate that makes files up gives: the path of its file or folder, and what
/// it is itself.
fn made_by_crate(native: Native, here: (FileId, ExprId)) -> Value {
    let made_at = native.made_at.unwrap_or(here);
    let path = made_file(made_at.0, made_at.1);
    let Some((of, method)) = native.path.rsplit_once('.') else {
        return Value::Native(native);
    };
    let is_folder = of.ends_with("tempdir()") || of.contains("TempDir.");
    match method {
        "path()" | "into_temp_path()" | "into_path()" | "to_path_buf()" => path,
        "keep()" if is_folder => path,
        "keep()" => Value::array(vec![
            Value::Native(Native {
                path: of.into(),
                made_at: Some(made_at),
            }),
            path,
        ]),
        _ => Value::Native(Native {
            path: native.path,
            made_at: Some(made_at),
        }),
    }
}

/// Whether a method changes the list that it is called on.
fn changes_its_list(name: &str) -> bool {
    matches!(
        name,
        "push"
            | "pop"
            | "shift"
            | "unshift"
            | "splice"
            | "reverse"
            | "sort"
            | "fill"
            | "append"
            | "extend"
    )
}

/// What a method leaves in a path that it is called on, and what it gives.
fn method_of_path(
    program: &Program,
    object: &Value,
    name: &str,
    args: &[Value],
) -> Option<(Value, Value)> {
    match object {
        Value::Text(path) if program.language == Language::Rust => {
            method::changed(path, name, args)
        }
        _ => None,
    }
}

/// A list or bytes of its own: what is folded lazily must change nothing.
fn untied(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::array(items.borrow().clone()),
        Value::Bytes(bytes) => Value::bytes(bytes.borrow().clone()),
        other => other,
    }
}

/// Takes over what a call was given this time. What was known the last time stays: a
/// function that is run with arguments that nobody knows tells less than its caller did.
fn keep_known(known: &mut Vec<Value>, seen: impl Iterator<Item = Value>) {
    for (position, value) in seen.enumerate() {
        match known.get_mut(position) {
            None => known.push(value),
            Some(before) => {
                let tells_less = value.is_unknown()
                    || before.known_text().is_some() && value.known_text().is_none();
                if !tells_less {
                    *before = value;
                }
            }
        }
    }
}

/// Puts arguments with names where the function has its parameters of these names.
fn by_name(program: &Program, function: &crate::ir::Function, mut args: Vec<Value>) -> Vec<Value> {
    if program.language != Language::Python || function.param_names.is_empty() {
        return args;
    }
    let Some(Value::Object(named)) = args.last().cloned() else {
        return args;
    };
    let entries = named.entries.borrow();
    if !entries.iter().any(|(key, _)| {
        function
            .param_names
            .iter()
            .any(|name| program.name(*name) == &**key)
    }) {
        return args;
    }
    args.pop();
    for (key, value) in entries.iter() {
        if let Some(index) = function
            .param_names
            .iter()
            .position(|name| program.name(*name) == &**key)
        {
            if args.len() <= index {
                args.resize(index + 1, Value::Undefined);
            }
            args[index] = value.clone();
        }
    }
    args
}

/// What binding a function of the language gives: the function, and of `f.call.bind(g)` what calls
/// `g`, whatever `f` is.
fn bound(path: &str, this: Option<&Value>) -> Value {
    let way = ["call", "apply"].into_iter().find(|way| {
        let before = path.strip_suffix(way);
        before.is_some_and(|before| before.ends_with('.') && before != "Reflect.")
    });
    match (way, this) {
        (None, _) => Value::native(path),
        (Some(way), Some(Value::Native(bound))) => Value::native(format!("{}.{way}", bound.path)),
        (Some(_), _) => Value::Unknown,
    }
}
