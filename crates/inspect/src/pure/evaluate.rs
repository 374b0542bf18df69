//! What an expression is: one arm a kind, folded from its parts.

use super::export::{is_exports, is_import_meta};
use super::value::{Closure, FileId, Frame, HOLE, Object, REST, Value, number_text};
use super::variable::frame_of;
use super::{Machine, operate};
use crate::ir::{Const, Expr, ExprId, FuncId, Language, Program};
use crate::limit::evaluating;
use std::rc::Rc;

impl Machine<'_> {
    pub(super) fn eval(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        frame: Option<&Rc<Frame>>,
    ) -> Value {
        if self.depth >= evaluating::DEPTH || !self.step() {
            self.circle.cut_short();
            return Value::Unknown;
        }
        self.depth += 1;
        let value = self.eval_here(program, file, expr, frame);
        self.depth -= 1;
        // What is large costs what it is large, where it is made.
        if !matches!(
            program.expr(expr),
            Expr::Const(_) | Expr::Name(..) | Expr::Member(..) | Expr::Assign(..)
        ) {
            return self.charge(value);
        }
        value
    }

    #[allow(clippy::too_many_lines, reason = "one arm a kind of expression")]
    fn eval_here(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        frame: Option<&Rc<Frame>>,
    ) -> Value {
        match program.expr(expr) {
            Expr::Const(constant) => constant_value(program.constant(constant)),
            Expr::Name(atom, scope) => match program.resolve(atom, scope) {
                Some(symbol) => self.variable(program, file, symbol, frame),
                None if program.name(atom) == "arguments" => {
                    let given = all_arguments(program, file, scope, frame);
                    given.unwrap_or_else(|| self.global(program, file, program.held_name(atom)))
                }
                None => self.global(program, file, program.held_name(atom)),
            },
            Expr::Param(function, index) => {
                match argument(frame, file, function, usize::from(index)) {
                    Value::Unknown => {
                        let given = self.given.get(&(file, function, index)).cloned();
                        match given {
                            Some(given) => given,
                            None => self.given_at_once(program, file, function, index, frame),
                        }
                    }
                    value => value,
                }
            }
            Expr::Rest(function, index) => {
                match frame_of(frame, file, function).and_then(|f| f.arguments.as_ref()) {
                    Some(arguments) => {
                        Value::array(arguments.iter().skip(usize::from(index)).cloned().collect())
                    }
                    None => Value::Unknown,
                }
            }
            Expr::This(function) => self.this(program, file, function, frame),
            Expr::Member(object, name) if self.named_of_module(program, file, object).is_some() => {
                let target = self.named_of_module(program, file, object);
                let value = self.named_export(target.unwrap_or(file), program.name(name));
                self.change_imports(file);
                value
            }
            Expr::Member(object, name) if is_import_meta(program, object) => {
                self.of_import_meta(file, program.name(name))
            }
            Expr::Member(object, name) if is_exports(program, object) => {
                self.own_export(program, file, name)
            }
            // `this && this.__importDefault` of a module: no such helper is there yet.
            Expr::Member(object, name)
                if matches!(program.expr(object), Expr::This(FuncId(0)))
                    && program.language == Language::JavaScript
                    && program.name(name).starts_with("__")
                    && !program.stores.iter().any(|store| store.key == Some(name)) =>
            {
                Value::Undefined
            }
            // Of whatever it is: what makes an object was made by `Function`.
            Expr::Member(place, name)
                if program.language == Language::JavaScript
                    && program.name(name) == "constructor"
                    && matches!(program.expr(place), Expr::Member(_, inner) if inner == name) =>
            {
                Value::native("Function")
            }
            Expr::Member(place, name) => {
                let object = self.eval(program, file, place, frame);
                if program.language == Language::Python
                    && object.path() == Some("sys.modules")
                    && let Some(module) = self.module_by_name(file, program.name(name))
                {
                    return module;
                }
                let value = self.get(&object, program.name(name), program.language);
                // Of an object that is not known in this run, and of one that has no class.
                let is_open = value.is_unknown() || object.path() == Some("globalThis");
                if is_open && let Some(held) = self.held_by_own(program, file, place, name) {
                    return held;
                }
                if value.is_unknown()
                    && let Some(read) = self.read_on_all(program, file, &object, program.name(name))
                {
                    return read;
                }
                value
            }
            Expr::Index(object, key) => {
                let object = self.eval(program, file, object, frame);
                if program.language == Language::Python
                    && object.path() == Some("sys.modules")
                    && let Some(module) = self.listed_module(program, file, key, frame)
                {
                    return module;
                }
                let is_fixed = matches!(program.expr(key), Expr::Const(_));
                let key = self.eval(program, file, key, frame);
                match self.index(&object, &key, program.language) {
                    // Behind its loop a counter leads past the end of the list: where it is read
                    // it led to one of the elements.
                    Value::Undefined
                        if !is_fixed
                            && matches!((&object, &key), (Value::Array(_), Value::Number(_)))
                            && frame.is_none_or(|frame| frame.lazy) =>
                    {
                        Value::Unknown
                    }
                    value => value,
                }
            }
            Expr::Slice(object, parts) => {
                let object = self.eval(program, file, object, frame);
                let parts: Vec<Value> = program
                    .list(parts)
                    .iter()
                    .map(|part| self.eval(program, file, *part, frame))
                    .collect();
                operate::slice(&object, &parts)
            }
            Expr::Call { callee, args, new } => {
                if frame.is_none()
                    && let Some(known) = self.calls.get(&(file, expr)).cloned()
                    && self.usable(known.doubtful)
                {
                    return known.what;
                }
                if frame.is_some() {
                    return self.call(program, file, expr, callee, program.list(args), new, frame);
                }
                let plenty = self.has_whole_glance();
                let open = self.circle.open();
                let value = self.call(program, file, expr, callee, program.list(args), new, None);
                let closed = self.circle.close(open, plenty);
                // What is made where nothing more is held must not stay here either.
                if (closed.whole || !value.is_unknown()) && self.fits(&value) {
                    let kept = self.kept(value.clone(), closed.short);
                    self.calls.insert((file, expr), kept);
                }
                value
            }
            Expr::Function(function) => Value::Function(Rc::new(Closure {
                file,
                function,
                frame: frame.cloned(),
                this: arrow_this(program, function, frame),
            })),
            Expr::Array(items) => match self.items(program, file, program.list(items), frame) {
                Some(items) => Value::array(items),
                None => Value::Unknown,
            },
            Expr::Object(entries) | Expr::Keywords(entries) => {
                self.object(program, file, program.list(entries), frame)
            }
            Expr::Class(_) => Value::Object(Rc::new(Object {
                class: Some((file, expr)),
                is_class: true,
                ..Object::default()
            })),
            Expr::Concat(parts) => {
                let mut out = String::new();
                for part in program.list(parts) {
                    let value = self.eval(program, file, *part, frame);
                    let value = self.as_written(value);
                    out.push_str(&value.as_text().unwrap_or_else(|| HOLE.to_owned()));
                    if out.len() > evaluating::STRING {
                        return Value::Unknown;
                    }
                }
                Value::Text(out.into())
            }
            Expr::Unary(operator, value) => {
                let value = self.eval(program, file, value, frame);
                operate::unary(operator, &value)
            }
            Expr::Binary(operator, left, right) => {
                let left = self.eval(program, file, left, frame);
                let right = self.eval(program, file, right, frame);
                let (left, right) = match program.language {
                    Language::Rust => super::builtin::letters::counted(left, right),
                    Language::JavaScript | Language::Python => (left, right),
                };
                let (left, right) = match operator {
                    crate::ir::Binary::Add => (self.as_written(left), self.as_written(right)),
                    _ => (left, right),
                };
                self.pay_for_looking(&left);
                self.pay_for_looking(&right);
                operate::binary(operator, &left, &right, program.language)
            }
            Expr::Logic(logic, left, right) => {
                let left = self.eval(program, file, left, frame);
                let takes_left = match logic {
                    crate::ir::Logic::And => left.truth().map(|holds| !holds),
                    crate::ir::Logic::Or => left.truth(),
                    crate::ir::Logic::Nullish => match left {
                        Value::Unknown => None,
                        Value::Undefined | Value::Null => Some(false),
                        _ => Some(true),
                    },
                };
                match takes_left {
                    Some(true) => left,
                    Some(false) => self.eval(program, file, right, frame),
                    None => {
                        // Of `a.b || fallback` the left is what it is called for.
                        let right = self.eval(program, file, right, frame);
                        // Of `a && b` one of them does not hold where the right one does not.
                        let is_both = logic == crate::ir::Logic::And;
                        let fails = is_both && right.truth() == Some(false);
                        // Where a part of the library is there, the other side is what it gives.
                        let gives = is_both && !right.is_unknown();
                        if left.is_unknown() || fails || gives {
                            right
                        } else {
                            left
                        }
                    }
                }
            }
            Expr::Cond(test, then, other) => match self.eval(program, file, test, frame).truth() {
                Some(true) => self.eval(program, file, then, frame),
                Some(false) => self.eval(program, file, other, frame),
                None => {
                    let first = self.eval(program, file, then, frame);
                    let second = self.eval(program, file, other, frame);
                    operate::either(first, second)
                }
            },
            Expr::Assign(target, value) => {
                let value = self.eval(program, file, value, frame);
                self.assign(program, file, target, value.clone(), frame);
                value
            }
            Expr::Update { target, up, prefix } => {
                let Some(before) = self.eval(program, file, target, frame).number() else {
                    self.assign(program, file, target, Value::Unknown, frame);
                    return Value::Unknown;
                };
                let after = if up { before + 1.0 } else { before - 1.0 };
                self.assign(program, file, target, Value::Number(after), frame);
                Value::Number(if prefix { after } else { before })
            }
            Expr::Await(value) | Expr::Spread(value) => {
                let value = self.eval(program, file, value, frame);
                settled(value)
            }
            Expr::Yield(value) => {
                let is_each = matches!(program.expr(value), Expr::Spread(_));
                let value = self.eval(program, file, value, frame);
                if let Some(given) = self.yields.last_mut()
                    && given.len() < 1 << 16
                {
                    match operate::elements(&value).filter(|_| is_each) {
                        Some(elements) => given.extend(elements),
                        None => given.push(value),
                    }
                }
                Value::Unknown
            }
            Expr::Element(over) => {
                let over = self.eval(program, file, over, frame);
                match &over {
                    Value::Array(items) if items.borrow().len() == 1 => items.borrow()[0].clone(),
                    _ => Value::Unknown,
                }
            }
            Expr::Key(_) => Value::Unknown,
            Expr::Module(atom) => self.module(file, program.name(atom), program.language),
            Expr::Import(specifier) => {
                let specifier = self.eval(program, file, specifier, frame);
                match specifier.known_text() {
                    Some(specifier) => self.module(file, specifier, program.language),
                    None => Value::Unknown,
                }
            }
            Expr::Sequence(items) => {
                let mut last = Value::Undefined;
                for item in program.list(items) {
                    last = self.eval(program, file, *item, frame);
                }
                last
            }
            Expr::Comprehend(parts) => {
                self.comprehend(program, file, program.list(parts), frame, false)
            }
            Expr::Other(_) => Value::Unknown,
        }
    }

    pub(super) fn items(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        items: &[ExprId],
        frame: Option<&Rc<Frame>>,
    ) -> Option<Vec<Value>> {
        let mut out = Vec::with_capacity(items.len());
        for item in items {
            let value = self.eval(program, file, *item, frame);
            if let Expr::Spread(_) = program.expr(*item) {
                out.extend(operate::elements(&value)?);
            } else {
                out.push(value);
            }
            if out.len() > 1 << 20 {
                return None;
            }
        }
        Some(out)
    }

    fn object(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        entries: &[ExprId],
        frame: Option<&Rc<Frame>>,
    ) -> Value {
        let mut out = Vec::with_capacity(entries.len() / 2);
        let mut open = false;
        let mut class = None;
        for pair in entries.chunks_exact(2) {
            let value = self.eval(program, file, pair[1], frame);
            if let Expr::Spread(_) = program.expr(pair[0]) {
                match value {
                    Value::Object(object) => {
                        open |= object.open;
                        // `A { a: 1 }` is of the type.
                        if program.language == Language::Rust {
                            class = object.class.or(class);
                        }
                        out.extend(object.entries.borrow().iter().cloned());
                    }
                    Value::Undefined | Value::Null => {}
                    Value::Native(native) if native.is_module() => {
                        out.push((REST.into(), Value::Native(native)));
                    }
                    _ => open = true,
                }
                continue;
            }
            match self.eval(program, file, pair[0], frame) {
                Value::Text(key) => out.push((key, value)),
                Value::Number(number) => out.push((number_text(number).into(), value)),
                _ => open = true,
            }
        }
        Value::Object(Rc::new(Object {
            entries: out.into(),
            open,
            class,
            ..Object::default()
        }))
    }

    /// `next(a for a in list if test(a))`: the first one that the test may hold for.
    pub(super) fn first_of(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        args: &[ExprId],
        frame: Option<&Rc<Frame>>,
    ) -> Option<Value> {
        let Expr::Comprehend(parts) = program.expr(*args.first()?) else {
            return None;
        };
        let all = self.comprehend(program, file, program.list(parts), frame, true);
        let first = operate::elements(&all)?.into_iter().next();
        match (first, args.get(1)) {
            (None, Some(otherwise)) => Some(self.eval(program, file, *otherwise, frame)),
            (first, _) => first,
        }
    }

    /// What a comprehension gives; `perhaps` says whether that for which nobody knows its test is
    /// among it.
    fn comprehend(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        parts: &[ExprId],
        frame: Option<&Rc<Frame>>,
        perhaps: bool,
    ) -> Value {
        let [target, over, body, rest @ ..] = parts else {
            return Value::Unknown;
        };
        let over = self.eval(program, file, *over, frame);
        let Some(elements) = operate::elements(&over) else {
            return Value::Unknown;
        };
        // The target lives in a frame of its own where nothing is run around it.
        let owner = self.owner_of(program, *target);
        let frame = match frame {
            Some(frame) => Rc::clone(frame),
            None => Rc::new(Frame {
                file,
                function: owner,
                parent: None,
                variables: Default::default(),
                arguments: None,
                this: Value::Unknown,
                lazy: false,
            }),
        };
        let mut out = Vec::new();
        for element in elements {
            self.assign(program, file, *target, element, Some(&frame));
            let mut wanted = true;
            for condition in rest {
                match self.eval(program, file, *condition, Some(&frame)).truth() {
                    Some(holds) => wanted &= holds,
                    None if perhaps => {}
                    None => return Value::Unknown,
                }
            }
            if wanted {
                let value = self.eval(program, file, *body, Some(&frame));
                if matches!(program.expr(*body), Expr::Comprehend(_)) {
                    match operate::elements(&value) {
                        Some(values) => out.extend(values),
                        None => return Value::Unknown,
                    }
                } else {
                    out.push(value);
                }
            }
            if self.spent() {
                return Value::Unknown;
            }
        }
        Value::array(out)
    }

    /// What expressions in the body of a loop are in each of its turns.
    pub fn rows(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        target: ExprId,
        over: ExprId,
        exprs: &[ExprId],
        most: usize,
    ) -> Vec<Vec<Value>> {
        let mut over = self.eval(program, file, over, None);
        // A table that is made of a list of pairs.
        if over.path() == Some("Map()")
            && let Value::Native(native) = &over
            && let Some((_, made)) = native.made_at.filter(|(of, _)| *of == file)
            && let Expr::Call { args, .. } = program.expr(made)
            && let Some(pairs) = program.list(args).first()
        {
            over = self.eval(program, file, *pairs, None);
        }
        let Some(elements) = operate::elements(&over) else {
            return Vec::new();
        };
        let owner = self.owner_of(program, target);
        let mut rows = Vec::new();
        for element in elements.into_iter().take(most) {
            let frame = Rc::new(Frame {
                file,
                function: owner,
                parent: None,
                variables: Default::default(),
                arguments: None,
                this: Value::Unknown,
                // Other languages' patterns are taken from what the loop gives.
                lazy: program.language != Language::Python,
            });
            self.assign(program, file, target, element, Some(&frame));
            let values = exprs.iter();
            rows.push(
                values
                    .map(|expr| self.eval(program, file, *expr, Some(&frame)))
                    .collect(),
            );
        }
        rows
    }

    fn owner_of(&self, program: &Program, target: ExprId) -> FuncId {
        match program.expr(target) {
            Expr::Name(_, scope) => program.scopes[scope.at()].function,
            // `for a, b in pairs`.
            Expr::Array(parts) => match program.list(parts) {
                [first, ..] if !matches!(program.expr(*first), Expr::Array(_)) => {
                    self.owner_of(program, *first)
                }
                _ => FuncId(0),
            },
            _ => FuncId(0),
        }
    }
}

fn constant_value(constant: &Const) -> Value {
    match constant {
        Const::Null => Value::Null,
        Const::Undefined => Value::Undefined,
        Const::Bool(value) => Value::Bool(*value),
        Const::Number(value) => Value::Number(*value),
        Const::Text(text) => Value::Text(Rc::clone(text)),
        Const::Bytes(bytes) => Value::bytes(bytes.to_vec()),
        Const::Regex(regex) => Value::Regex(Rc::clone(regex)),
    }
}

fn argument(frame: Option<&Rc<Frame>>, file: FileId, function: FuncId, index: usize) -> Value {
    match frame_of(frame, file, function).and_then(|frame| frame.arguments.as_ref()) {
        Some(arguments) => arguments.get(index).cloned().unwrap_or(Value::Undefined),
        None => Value::Unknown,
    }
}

fn arrow_this(program: &Program, function: FuncId, frame: Option<&Rc<Frame>>) -> Option<Value> {
    if program.function(function).arrow {
        frame.map(|frame| frame.this.clone())
    } else {
        None
    }
}

/// What waiting for a value gives.
fn settled(value: Value) -> Value {
    match value {
        Value::Native(native) if native.path.ends_with("()") => Value::Native(native),
        other => other,
    }
}

/// `arguments` of the function that a name stands in.
fn all_arguments(
    program: &Program,
    file: FileId,
    scope: crate::ir::ScopeId,
    frame: Option<&Rc<Frame>>,
) -> Option<Value> {
    let mut function = program.scopes[scope.at()].function;
    while program.function(function).arrow {
        function = program.function(function).parent?;
    }
    let frame = frame_of(frame, file, function)?;
    let given = frame.arguments.as_ref()?;
    (program.language == Language::JavaScript).then(|| Value::array(given.clone()))
}
