//! Where a value comes from.

use super::index::class_of;
use super::{Analysis, Context, Site};
use crate::ir::{Binary, Const, Expr, ExprId, FuncId, Language, Program, Span, SymbolId, Unary};
use crate::know::{self, Role};
use crate::limit::evaluating;
use crate::pure::{FileId, Value, shown};
use customs_model::SourceKind;
use std::rc::Rc;

/// What a value is, with the way it came.
#[derive(Debug, Clone)]
pub(super) struct Label {
    pub kind: SourceKind,
    pub name: Rc<str>,
    pub trail: Rc<Trail>,
}

/// The way of a value, last hop first.
#[derive(Debug)]
pub(super) struct Trail {
    pub what: Rc<str>,
    pub file: FileId,
    pub span: Span,
    pub before: Option<Rc<Trail>>,
    pub length: u8,
}

pub(super) type Labels = Rc<[Label]>;

/// Kinds and names that are told apart at one place.
const MOST: usize = 8;
/// Hops that are kept of a way.
const HOPS: u8 = 24;

fn none() -> Labels {
    Rc::from([])
}

fn union(into: &mut Vec<Label>, more: &[Label]) {
    for label in more {
        let known = into.iter().any(|known| {
            known.kind == label.kind
                && (known.name == label.name
                    || !matches!(
                        label.kind,
                        SourceKind::NamedSecret | SourceKind::CredentialFile | SourceKind::Identity
                    ))
        });
        if !known && into.len() < MOST {
            into.push(label.clone());
        }
    }
}

impl Analysis<'_> {
    /// The labels of an expression, in a context of calls or in any.
    pub(super) fn labels(
        &mut self,
        file: FileId,
        expr: ExprId,
        context: Option<&Rc<Context>>,
    ) -> Labels {
        if self.steps == 0 || self.depth >= evaluating::FLOW_DEPTH {
            return none();
        }
        self.steps -= 1;
        if context.is_none()
            && let Some(known) = self.memo.get(&(file, expr))
        {
            return Rc::clone(known);
        }
        if !self.active.insert((file, expr)) {
            return none();
        }
        let Some(program) = self.program(file) else {
            return none();
        };
        self.depth += 1;
        let labels = self.labels_here(&program, file, expr, context);
        self.depth -= 1;
        self.active.remove(&(file, expr));
        let labels: Labels = labels.into();
        if context.is_none() && (self.active.is_empty() || !labels.is_empty() || self.depth < 4) {
            self.memo.insert((file, expr), Rc::clone(&labels));
        }
        labels
    }

    fn all(&mut self, file: FileId, exprs: &[ExprId], context: Option<&Rc<Context>>) -> Vec<Label> {
        let mut out = Vec::new();
        for expr in exprs {
            let labels = self.labels(file, *expr, context);
            union(&mut out, &labels);
        }
        out
    }

    fn labels_here(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        context: Option<&Rc<Context>>,
    ) -> Vec<Label> {
        match program.expr(expr) {
            Expr::Const(_)
            | Expr::Function(_)
            | Expr::Class(_)
            | Expr::Module(_)
            | Expr::Import(_) => Vec::new(),
            Expr::Name(atom, scope) => match program.resolve(atom, scope) {
                Some(symbol) => self.variable(program, file, symbol, context),
                None => self.library(program, file, expr),
            },
            Expr::Param(function, position) => self.parameter(file, function, position, context),
            Expr::Rest(function, position) => {
                let mut out = Vec::new();
                for position in position..position.saturating_add(6) {
                    union(&mut out, &self.parameter(file, function, position, context));
                }
                out
            }
            Expr::This(_) => Vec::new(),
            Expr::Member(object, name) => {
                let name_text = program.name(name).to_owned();
                self.member(program, file, expr, object, Some(&name_text), context)
            }
            Expr::Index(object, key) => match self.machine.fold(file, key) {
                Value::Text(text) => self.member(program, file, expr, object, Some(&text), context),
                _ => self.member(program, file, expr, object, None, context),
            },
            Expr::Slice(object, _)
            | Expr::Element(object)
            | Expr::Key(object)
            | Expr::Await(object)
            | Expr::Spread(object)
            | Expr::Yield(object) => self.all(file, &[object], context),
            Expr::Call { callee, args, .. } => {
                let args = program.list(args).to_vec();
                self.call_labels(program, file, expr, callee, &args, context)
            }
            Expr::Array(items) | Expr::Concat(items) | Expr::Other(items) => {
                self.all(file, program.list(items), context)
            }
            Expr::Object(entries) | Expr::Keywords(entries) => {
                let mut out = Vec::new();
                for pair in program.list(entries).to_vec().chunks_exact(2) {
                    let labels = self.labels(file, pair[1], context);
                    union(&mut out, &labels);
                }
                out
            }
            Expr::Unary(Unary::Not | Unary::TypeOf | Unary::Void | Unary::Delete, _) => Vec::new(),
            Expr::Unary(_, value) => self.all(file, &[value], context),
            Expr::Binary(operator, left, right) => match operator {
                Binary::Eq
                | Binary::Ne
                | Binary::Lt
                | Binary::Le
                | Binary::Gt
                | Binary::Ge
                | Binary::In
                | Binary::Is => Vec::new(),
                _ => self.all(file, &[left, right], context),
            },
            Expr::Logic(_, left, right) => self.all(file, &[left, right], context),
            Expr::Cond(_, then, other) => self.all(file, &[then, other], context),
            Expr::Assign(_, value) => self.all(file, &[value], context),
            Expr::Update { .. } => Vec::new(),
            Expr::Sequence(items) => match program.list(items).last() {
                Some(last) => self.all(file, &[*last], context),
                None => Vec::new(),
            },
            Expr::Comprehend(parts) => {
                let parts = program.list(parts).to_vec();
                self.all(file, &parts[1..parts.len().min(3)], context)
            }
        }
    }

    pub(super) fn new_label(
        &self,
        kind: SourceKind,
        name: &str,
        file: FileId,
        span: Span,
    ) -> Label {
        let trail = Rc::new(Trail {
            what: format!("{name} is read").into(),
            file,
            span,
            before: None,
            length: 0,
        });
        Label {
            kind,
            name: name.into(),
            trail,
        }
    }

    /// The same labels, one hop on.
    fn hop(&self, labels: Vec<Label>, what: &str, file: FileId, span: Span) -> Vec<Label> {
        labels
            .into_iter()
            .map(|label| {
                if label.trail.length >= HOPS
                    || label.trail.span == span && label.trail.file == file
                {
                    return label;
                }
                let trail = Rc::new(Trail {
                    what: what.into(),
                    file,
                    span,
                    length: label.trail.length + 1,
                    before: Some(label.trail),
                });
                Label { trail, ..label }
            })
            .collect()
    }

    /// Something of the library, by its path.
    fn library(&mut self, program: &Rc<Program>, file: FileId, expr: ExprId) -> Vec<Label> {
        let Value::Native(native) = self.machine.fold(file, expr) else {
            return Vec::new();
        };
        let path = Rc::clone(&native.path);
        let span = program.span(expr);
        if let Some(kind) = know::value_source(program.language, &path) {
            return vec![self.new_label(kind, &path, file, span)];
        }
        if let Some(name) = know::environment_name(program.language, &path) {
            return self.environment_variable(name, file, span);
        }
        Vec::new()
    }

    pub(super) fn environment_variable(&self, name: &str, file: FileId, span: Span) -> Vec<Label> {
        if know::named_secret(name) {
            vec![self.new_label(SourceKind::NamedSecret, name, file, span)]
        } else if matches!(
            name,
            "USER"
                | "USERNAME"
                | "LOGNAME"
                | "HOSTNAME"
                | "COMPUTERNAME"
                | "HOME"
                | "USERPROFILE"
                | "USERDOMAIN"
                | "PWD"
                | "INIT_CWD"
                | "GITHUB_REPOSITORY"
        ) {
            vec![self.new_label(SourceKind::Identity, name, file, span)]
        } else {
            Vec::new()
        }
    }

    fn variable(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        symbol: SymbolId,
        context: Option<&Rc<Context>>,
    ) -> Vec<Label> {
        let mut out = Vec::new();
        for value in program.symbol(symbol).values.iter().take(32) {
            let labels = self.labels(file, *value, context);
            union(&mut out, &labels);
        }
        let Some(index) = self.index(file) else {
            return out;
        };
        for value in index
            .mutations
            .get(&symbol)
            .map(Vec::as_slice)
            .unwrap_or_default()
            .iter()
            .take(64)
        {
            let labels = self.labels(file, *value, context);
            union(&mut out, &labels);
        }
        for store in index
            .stores
            .get(&symbol)
            .map(Vec::as_slice)
            .unwrap_or_default()
            .iter()
            .take(64)
        {
            let labels = self.labels(file, store.value, context);
            union(&mut out, &labels);
        }
        if let Some(labels) = self.attached.get(&(file, symbol)) {
            let labels = labels.clone();
            union(&mut out, &labels);
        }
        out
    }

    fn parameter(
        &mut self,
        file: FileId,
        function: FuncId,
        position: u16,
        context: Option<&Rc<Context>>,
    ) -> Vec<Label> {
        if let Some(context) = context.filter(|c| c.file == file && c.function == function) {
            let caller = context.caller.clone();
            let Some(arg) =
                self.argument(context.caller_file, &context.args, file, function, position)
            else {
                return Vec::new();
            };
            let labels = self
                .labels(context.caller_file, arg, caller.as_ref())
                .to_vec();
            let span = self
                .program(context.caller_file)
                .map(|p| p.span(arg))
                .unwrap_or_default();
            let name = self.function_name(file, function);
            return self.hop(
                labels,
                &format!("is passed to {name}"),
                context.caller_file,
                span,
            );
        }
        let mut out = Vec::new();
        let callers = self
            .callers
            .get(&(file, function))
            .cloned()
            .unwrap_or_default();
        for site in callers.iter().take(24) {
            let Some(program) = self.program(site.file) else {
                continue;
            };
            let Expr::Call { args, .. } = program.expr(site.expr) else {
                continue;
            };
            let args = program.list(args).to_vec();
            if let Some(arg) = self.argument(site.file, &args, file, function, position) {
                let labels = self.labels(site.file, arg, None).to_vec();
                let name = self.function_name(file, function);
                let labels = self.hop(
                    labels,
                    &format!("is passed to {name}"),
                    site.file,
                    program.span(arg),
                );
                union(&mut out, &labels);
            }
        }
        let passed = self
            .passed
            .get(&(file, function))
            .cloned()
            .unwrap_or_default();
        for site in passed.iter().take(24) {
            let labels = self.given_to_callback(*site, position);
            union(&mut out, &labels);
        }
        out
    }

    fn function_name(&self, file: FileId, function: FuncId) -> String {
        self.program(file)
            .and_then(|p| {
                p.function(function)
                    .name
                    .map(|name| format!("`{}`", p.name(name)))
            })
            .unwrap_or_else(|| "a function".to_owned())
    }

    /// The argument for a parameter: by position, or by name.
    pub(super) fn argument(
        &self,
        caller: FileId,
        args: &[ExprId],
        file: FileId,
        function: FuncId,
        position: u16,
    ) -> Option<ExprId> {
        let program = self.program(caller)?;
        let callee = self.program(file)?;
        if let Some(last) = args.last()
            && let Expr::Keywords(entries) = program.expr(*last)
            && let Some(name) = callee
                .function(function)
                .param_names
                .get(usize::from(position))
        {
            for pair in program.list(entries).chunks_exact(2) {
                if program.text(pair[0]) == Some(callee.name(*name)) {
                    return Some(pair[1]);
                }
            }
        }
        args.get(usize::from(position)).copied().or_else(|| {
            // Behind a spread nobody knows the position.
            args.iter()
                .copied()
                .find(|arg| matches!(program.expr(*arg), Expr::Spread(_)))
        })
    }

    /// What a call gives to a function that it was handed.
    fn given_to_callback(&mut self, site: Site, position: u16) -> Vec<Label> {
        let Some(program) = self.program(site.file) else {
            return Vec::new();
        };
        let Expr::Call { callee, args, .. } = program.expr(site.expr) else {
            return Vec::new();
        };
        let args = program.list(args).to_vec();
        let value = self.machine.fold(site.file, callee);
        let span = program.span(site.expr);
        if let Value::Native(native) = &value {
            let path = Rc::clone(&native.path);
            match know::role(program.language, &path) {
                Role::Network(_) | Role::Receive | Role::Lookup => {
                    return vec![self.answer(site.file, &value, &args, span)];
                }
                Role::ReadFile => {
                    return self.file_content(&program, site.file, args.first().copied(), span);
                }
                Role::None if path.ends_with("addEventListener") => {
                    let event = args
                        .first()
                        .and_then(|arg| program.text(*arg))
                        .unwrap_or_default();
                    if matches!(event, "keydown" | "keypress" | "keyup" | "paste" | "copy") {
                        return vec![self.new_label(
                            SourceKind::InputDevice,
                            &format!("the event {event}"),
                            site.file,
                            span,
                        )];
                    }
                }
                Role::Source(kind) => return vec![self.new_label(kind, &path, site.file, span)],
                Role::Shell | Role::Spawn => {
                    // (error, stdout, stderr)
                    return if position == 0 {
                        Vec::new()
                    } else {
                        self.output_of(site.file, &args, span)
                    };
                }
                Role::Decode | Role::Decrypt => return self.all(site.file, &args, None),
                Role::Digest => return Vec::new(),
                // What somebody else's function gives is its own affair: `.then`, `.map`
                // and events hand on what they are called on.
                _ => {}
            }
            // An event by its name.
            if path.ends_with(".on") || path.ends_with(".once") {
                return self.emitted(&program, site, &args);
            }
        }
        // A promise, a list, an event: what it is called on.
        let mut out = match program.expr(callee) {
            Expr::Member(object, _) | Expr::Index(object, _) => {
                self.labels(site.file, object, None).to_vec()
            }
            _ => Vec::new(),
        };
        if let Value::Function(_) = value {
            // A function of the package that calls what it is handed: what it gives it.
            out.extend(self.handed_on(&program, site, &args, position));
            return out;
        }
        if let Expr::Member(_, name) = program.expr(callee)
            && matches!(
                program.name(name),
                "on" | "once" | "addEventListener" | "addListener"
            )
        {
            out.extend(self.emitted(&program, site, &args));
        }
        let rest: Vec<ExprId> = args
            .iter()
            .copied()
            .filter(|arg| !matches!(program.expr(*arg), Expr::Function(_)))
            .collect();
        let labels = self.all(site.file, &rest, None);
        union(&mut out, &labels);
        out
    }

    /// What a function of the package calls its parameter with.
    fn handed_on(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        args: &[ExprId],
        position: u16,
    ) -> Vec<Label> {
        let Some(Value::Function(closure)) = self.callees.get(&(site.file, site.expr)).cloned()
        else {
            return Vec::new();
        };
        let mut out = Vec::new();
        for (number, arg) in args.iter().enumerate() {
            let is_function = matches!(program.expr(*arg), Expr::Function(_) | Expr::Name(..));
            if !is_function {
                continue;
            }
            let Some(index) = self.index(closure.file) else {
                continue;
            };
            let Some(symbol) = index
                .parameters
                .get(&(closure.function, number as u16))
                .copied()
            else {
                continue;
            };
            let Some(inner) = self.program(closure.file) else {
                continue;
            };
            for call in index
                .calls_of
                .get(&symbol)
                .map(Vec::as_slice)
                .unwrap_or_default()
                .iter()
                .take(8)
            {
                if let Expr::Call { args, .. } = inner.expr(*call)
                    && let Some(arg) = inner.list(args).get(usize::from(position)).copied()
                {
                    let labels = self.labels(closure.file, arg, None);
                    union(&mut out, &labels);
                }
            }
        }
        out
    }

    /// What is emitted under the name of an event, anywhere in the file.
    fn emitted(&mut self, program: &Rc<Program>, site: Site, args: &[ExprId]) -> Vec<Label> {
        let Some(name) = args
            .first()
            .and_then(|arg| program.text(*arg))
            .map(str::to_owned)
        else {
            return Vec::new();
        };
        let mut out = Vec::new();
        for (call, _) in program.calls.clone() {
            let Expr::Call { callee, args, .. } = program.expr(call) else {
                continue;
            };
            let Expr::Member(_, method) = program.expr(callee) else {
                continue;
            };
            let args = program.list(args);
            if program.name(method) == "emit"
                && args.first().and_then(|arg| program.text(*arg)) == Some(&name)
            {
                let rest = args[1..].to_vec();
                let labels = self.all(site.file, &rest, None);
                union(&mut out, &labels);
            }
        }
        out
    }

    fn member(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        object: ExprId,
        key: Option<&str>,
        context: Option<&Rc<Context>>,
    ) -> Vec<Label> {
        let span = program.span(expr);
        let value = self.machine.fold(file, expr);
        if let Value::Native(native) = &value {
            let path = Rc::clone(&native.path);
            if let Some(kind) = know::value_source(program.language, &path) {
                return vec![self.new_label(kind, &path, file, span)];
            }
            if let Some(name) = know::environment_name(program.language, &path) {
                let name = name.to_owned();
                return self.environment_variable(&name, file, span);
            }
        }
        if let Some(key) = key {
            if matches!(
                key,
                "length"
                    | "size"
                    | "status"
                    | "statusCode"
                    | "status_code"
                    | "ok"
                    | "byteLength"
                    | "returncode"
                    | "errno"
            ) {
                return Vec::new();
            }
            if let Some(parts) = self.parts(program, file, object, key) {
                return self.all(file, &parts, context);
            }
        }
        let labels = self.labels(file, object, context).to_vec();
        match key {
            None => {
                // `env[name]` for every name.
                let environment: Vec<Label> = labels
                    .iter()
                    .filter(|label| label.kind == SourceKind::Environment)
                    .cloned()
                    .collect();
                if environment.is_empty() {
                    return labels;
                }
                let Expr::Index(_, key) = program.expr(expr) else {
                    return labels;
                };
                let every = self
                    .labels(file, key, context)
                    .iter()
                    .any(|label| label.kind == SourceKind::Environment);
                if every {
                    labels
                } else {
                    labels
                        .into_iter()
                        .filter(|label| label.kind != SourceKind::Environment)
                        .collect()
                }
            }
            Some(key) => labels
                .into_iter()
                .flat_map(|label| {
                    if label.kind == SourceKind::Environment && is_variable_name(key) {
                        self.environment_variable(key, file, span)
                    } else {
                        vec![label]
                    }
                })
                .collect(),
        }
    }

    /// The expressions that a property can be, where the object is known.
    fn parts(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        object: ExprId,
        key: &str,
    ) -> Option<Vec<ExprId>> {
        let mut out = Vec::new();
        let mut known = false;
        let mut this_of = None;
        match program.expr(object) {
            Expr::This(function) => this_of = Some(function),
            Expr::Name(atom, scope) => {
                let symbol = program.resolve(atom, scope)?;
                for value in program.symbol(symbol).values.iter().take(8) {
                    match program.expr(*value) {
                        Expr::Object(entries) => {
                            known = true;
                            of_literal(program, program.list(entries), key, &mut out)?;
                        }
                        Expr::This(function) => this_of = Some(function),
                        _ => return None,
                    }
                }
                let index = self.index(file)?;
                for store in index
                    .stores
                    .get(&symbol)
                    .map(Vec::as_slice)
                    .unwrap_or_default()
                {
                    match store.key {
                        Some(name) if program.name(name) == key => out.push(store.value),
                        Some(_) => {}
                        None => return None,
                    }
                }
                if index.mutations.contains_key(&symbol) {
                    return None;
                }
            }
            Expr::Object(entries) => {
                known = true;
                of_literal(program, program.list(entries), key, &mut out)?;
            }
            _ => return None,
        }
        if let Some(function) = this_of {
            let class = class_of(program, function);
            let atom = program.atom(key)?;
            let index = self.index(file)?;
            out.extend(index.fields.get(&(class, atom)).into_iter().flatten());
            if let Some(class) = class
                && let Expr::Class(entries) = program.expr(class)
            {
                of_literal(program, program.list(entries), key, &mut out);
            }
            known = true;
        }
        known.then_some(out)
    }

    fn call_labels(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        callee: ExprId,
        args: &[ExprId],
        context: Option<&Rc<Context>>,
    ) -> Vec<Label> {
        let span = program.span(expr);
        let value = match context {
            Some(context) => self.machine.fold_in(file, callee, &context.frame),
            None => match self.callees.get(&(file, expr)) {
                Some(value) => value.clone(),
                None => self.machine.fold(file, callee),
            },
        };
        if let Value::Native(native) = &value
            && matches!(
                &*native.path,
                "getattr" | "dict" | "Object.assign" | "Reflect.get" | "os.environ.copy" | "vars"
            )
        {
            let whole = self.machine.fold(file, expr);
            if let Some(kind) = whole
                .path()
                .and_then(|path| know::value_source(program.language, path))
            {
                return vec![self.new_label(kind, whole.path().unwrap_or_default(), file, span)];
            }
        }
        match &value {
            Value::Function(closure) => {
                let closure = Rc::clone(closure);
                let labels = self.returned(&closure, file, expr, args, context);
                return self.hop(
                    labels,
                    &format!(
                        "comes back from {}",
                        self.function_name(closure.file, closure.function)
                    ),
                    file,
                    span,
                );
            }
            Value::Native(native) => {
                let path = Rc::clone(&native.path);
                if let Some(labels) =
                    self.native_call(program, file, expr, &path, &value, callee, args, context)
                {
                    return labels;
                }
            }
            _ => {}
        }
        // Whatever else: what it is called on, and its arguments.
        let mut out = Vec::new();
        let mut method = "";
        if let Expr::Member(object, name) = program.expr(callee) {
            method = program.name(name);
            let labels = self.labels(file, object, context);
            union(&mut out, &labels);
            if let Some(labels) = self.file_method(program, file, object, method, span) {
                return labels;
            }
        } else if let Expr::Index(object, _) = program.expr(callee) {
            let labels = self.labels(file, object, context);
            union(&mut out, &labels);
        }
        if matches!(
            method,
            "includes"
                | "startsWith"
                | "startswith"
                | "endsWith"
                | "endswith"
                | "test"
                | "has"
                | "indexOf"
                | "hasOwnProperty"
                | "some"
                | "every"
                | "isdigit"
        ) {
            return Vec::new();
        }
        if method == "get"
            && out
                .iter()
                .any(|label| label.kind == SourceKind::Environment)
        {
            let name = args
                .first()
                .and_then(|arg| program.text(*arg))
                .map(str::to_owned);
            return name.map_or_else(Vec::new, |name| {
                self.environment_variable(&name, file, span)
            });
        }
        for arg in args {
            // A function gives what it returns.
            if let Expr::Function(function) = program.expr(*arg) {
                for value in program
                    .function(function)
                    .returns
                    .clone()
                    .into_iter()
                    .take(8)
                {
                    let labels = self.labels(file, value, context);
                    union(&mut out, &labels);
                }
                continue;
            }
            let labels = self.labels(file, *arg, context);
            union(&mut out, &labels);
        }
        self.hop(
            out,
            &format!("goes through {}", snippet(self, file, program.span(callee))),
            file,
            span,
        )
    }

    /// What a function of the package returns for these arguments.
    fn returned(
        &mut self,
        closure: &Rc<crate::pure::Closure>,
        file: FileId,
        expr: ExprId,
        args: &[ExprId],
        context: Option<&Rc<Context>>,
    ) -> Vec<Label> {
        let Some(program) = self.program(closure.file) else {
            return Vec::new();
        };
        let site_function = context.map_or(FuncId(0), |c| c.function);
        let inner = self.context(
            closure.file,
            closure.function,
            args.to_vec(),
            file,
            site_function,
            context.cloned(),
        );
        let _ = expr;
        let mut out = Vec::new();
        for value in program
            .function(closure.function)
            .returns
            .clone()
            .into_iter()
            .take(16)
        {
            let labels = self.labels(closure.file, value, inner.as_ref());
            union(&mut out, &labels);
        }
        out
    }

    /// A call of something of the library. None: nothing is known of it.
    #[allow(clippy::too_many_arguments, reason = "the parts of a call")]
    fn native_call(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        path: &str,
        value: &Value,
        callee: ExprId,
        args: &[ExprId],
        context: Option<&Rc<Context>>,
    ) -> Option<Vec<Label>> {
        let span = program.span(expr);
        match know::role(program.language, path) {
            Role::Source(kind) => Some(vec![self.new_label(kind, path, file, span)]),
            Role::Network(_) | Role::Receive => Some(vec![self.answer(file, value, args, span)]),
            Role::Attach | Role::Extract | Role::Duplicate => Some(Vec::new()),
            Role::Send
            | Role::Digest
            | Role::Lookup
            | Role::Delete
            | Role::Executable
            | Role::Load
            | Role::WriteFile
            | Role::CopyFile
            | Role::WriteInput
            | Role::IntoProcess
            | Role::ForeignMemory => Some(Vec::new()),
            Role::ReadFile => Some(self.file_content(program, file, args.first().copied(), span)),
            Role::ReadFrom => {
                let made = value_made_at(value)?;
                let opener = self.program(made.0)?;
                let Expr::Call { args, .. } = opener.expr(made.1) else {
                    return None;
                };
                let first = opener.list(args).first().copied();
                Some(self.file_content(&opener, made.0, first, span))
            }
            Role::OpenFile | Role::WriteInto => {
                Some(self.file_content(program, file, args.first().copied(), span))
            }
            Role::Shell | Role::Spawn | Role::Fork => Some(self.output_of(file, args, span)),
            Role::Decode | Role::Decrypt => {
                Some(self.decoded(program, file, expr, path, args, context))
            }
            Role::Code(_) | Role::CodeLast => None,
            Role::None => {
                if path == "Promise" {
                    return Some(self.promised(program, file, args, context));
                }
                if program.language == Language::Python
                    && matches!(
                        path,
                        "os.getenv" | "os.environ.get" | "os.environ.pop" | "environ.get"
                    )
                    || program.language == Language::Rust
                        && (path.ends_with("env.var") || path.ends_with("env.var_os"))
                {
                    let name = args
                        .first()
                        .and_then(|arg| match self.machine.fold(file, *arg) {
                            Value::Text(text) => Some(text.to_string()),
                            _ => None,
                        });
                    return Some(name.map_or_else(Vec::new, |name| {
                        self.environment_variable(&name, file, span)
                    }));
                }
                let _ = callee;
                None
            }
        }
    }

    /// What is decoded from a constant is told so; what came from elsewhere stays what it
    /// is.
    fn decoded(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        path: &str,
        args: &[ExprId],
        context: Option<&Rc<Context>>,
    ) -> Vec<Label> {
        let span = program.span(expr);
        let rest: Vec<ExprId> = args.to_vec();
        let mut labels = self.all(file, &rest, context);
        if labels.is_empty() || labels.iter().all(|label| label.kind == SourceKind::OwnFile) {
            let made_of_constants = args
                .first()
                .is_some_and(|arg| self.is_constant(program, file, *arg, 0));
            let decodes = !(matches!(path, "Buffer.from" | "Buffer") && args.len() < 2);
            if made_of_constants && decodes {
                let (file, span) = args
                    .first()
                    .and_then(|arg| self.origin(file, *arg, 0))
                    .unwrap_or((file, span));
                labels.push(self.new_label(SourceKind::Decoded, path, file, span));
            }
        }
        self.hop(labels, &format!("is decoded by {path}"), file, span)
    }

    /// Whether a value is made of what stands in the package.
    pub(super) fn is_constant(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        level: u8,
    ) -> bool {
        match self.machine.fold(file, expr) {
            Value::Text(text) => return !text.contains(crate::pure::HOLE_START),
            Value::Bytes(_) | Value::Number(_) => return true,
            _ => {}
        }
        if level > 6 {
            return false;
        }
        match program.expr(expr) {
            Expr::Const(constant) => {
                matches!(program.constant(constant), Const::Text(_) | Const::Bytes(_))
            }
            Expr::Name(atom, scope) => program.resolve(atom, scope).is_some_and(|symbol| {
                let values = program.symbol(symbol).values.clone();
                !values.is_empty()
                    && values
                        .iter()
                        .take(8)
                        .all(|value| self.is_constant(program, file, *value, level + 1))
            }),
            Expr::Array(items) | Expr::Concat(items) => program
                .list(items)
                .to_vec()
                .into_iter()
                .take(64)
                .all(|item| self.is_constant(program, file, item, level + 1)),
            Expr::Binary(_, left, right) => {
                self.is_constant(program, file, left, level + 1)
                    && self.is_constant(program, file, right, level + 1)
            }
            Expr::Call { callee, args, .. } => {
                let object = match program.expr(callee) {
                    Expr::Member(object, _) => Some(object),
                    _ => None,
                };
                let args = program.list(args).to_vec();
                if object.is_none()
                    && let Value::Native(native) = self.machine.fold(file, callee)
                    && !computes(&native.path)
                    && !matches!(
                        &*native.path,
                        "atob"
                            | "unescape"
                            | "decodeURIComponent"
                            | "parseInt"
                            | "chr"
                            | "map"
                            | "list"
                            | "reversed"
                            | "range"
                            | "zip"
                            | "enumerate"
                    )
                {
                    return false;
                }
                object.is_none_or(|object| {
                    matches!(self.machine.fold(file, object), Value::Native(native) if computes(&native.path))
                        || self.is_constant(program, file, object, level + 1)
                }) && (object.is_some() || !args.is_empty())
                    && args.into_iter().all(|arg| {
                        matches!(program.expr(arg), Expr::Function(_))
                            || self.is_constant(program, file, arg, level + 1)
                    })
            }
            Expr::Member(object, _)
            | Expr::Index(object, _)
            | Expr::Slice(object, _)
            | Expr::Element(object) => self.is_constant(program, file, object, level + 1),
            _ => false,
        }
    }

    /// Where the constant stands that a value is made of.
    pub(super) fn origin(
        &mut self,
        file: FileId,
        expr: ExprId,
        level: u8,
    ) -> Option<(FileId, Span)> {
        if level > 10 {
            return None;
        }
        let program = self.program(file)?;
        match program.expr(expr) {
            Expr::Const(constant) => {
                matches!(program.constant(constant), Const::Text(text) if text.len() > 7)
                    .then(|| (file, program.span(expr)))
                    .or_else(|| {
                        matches!(program.constant(constant), Const::Bytes(_))
                            .then(|| (file, program.span(expr)))
                    })
            }
            Expr::Array(_) | Expr::Object(_) => Some((file, program.span(expr))),
            Expr::Name(atom, scope) => {
                let symbol = program.resolve(atom, scope)?;
                let values = program.symbol(symbol).values.clone();
                values
                    .into_iter()
                    .take(4)
                    .find_map(|value| self.origin(file, value, level + 1))
            }
            Expr::Param(function, position) => {
                let site = *self.callers.get(&(file, function))?.first()?;
                let caller = self.program(site.file)?;
                let Expr::Call { args, .. } = caller.expr(site.expr) else {
                    return None;
                };
                let args = caller.list(args).to_vec();
                let arg = self.argument(site.file, &args, file, function, position)?;
                self.origin(site.file, arg, level + 1)
            }
            Expr::Concat(parts) | Expr::Sequence(parts) => program
                .list(parts)
                .to_vec()
                .into_iter()
                .find_map(|part| self.origin(file, part, level + 1)),
            Expr::Binary(_, left, right) | Expr::Logic(_, left, right) => self
                .origin(file, left, level + 1)
                .or_else(|| self.origin(file, right, level + 1)),
            Expr::Module(atom) => {
                let target = self.package.resolves(file, program.name(atom))?;
                Some((target, self.largest_constant(target)))
            }
            Expr::Call { callee, args, .. } => {
                let args = program.list(args).to_vec();
                if let Value::Native(native) = self.machine.fold(file, callee)
                    && matches!(&*native.path, "require" | "fs.readFileSync" | "open")
                    && let Some(text) = args
                        .first()
                        .and_then(|arg| self.machine.fold(file, *arg).as_text())
                {
                    let inside = text
                        .strip_prefix("\u{fdd0}package/")
                        .map(|rest| rest.replace('\u{fdd1}', ""));
                    let target = match inside {
                        Some(path) => self.package.find(&path),
                        None => self.package.resolves(file, &text),
                    };
                    if let Some(target) = target {
                        return Some((target, self.largest_constant(target)));
                    }
                }
                let object = match program.expr(callee) {
                    Expr::Member(object, _) | Expr::Index(object, _) => Some(object),
                    _ => None,
                };
                object
                    .and_then(|object| self.origin(file, object, level + 1))
                    .or_else(|| {
                        args.into_iter()
                            .find_map(|arg| self.origin(file, arg, level + 1))
                    })
            }
            Expr::Member(object, _)
            | Expr::Index(object, _)
            | Expr::Slice(object, _)
            | Expr::Element(object)
            | Expr::Spread(object)
            | Expr::Await(object) => self.origin(file, object, level + 1),
            _ => None,
        }
    }

    /// The largest text of a file: what the file was made for, if it is required for data.
    fn largest_constant(&self, file: FileId) -> Span {
        let Some(program) = self.program(file) else {
            return Span::default();
        };
        let texts = (0..program.size()).filter_map(|number| {
            let id = ExprId(number as u32);
            program.text(id).map(|text| (text.len(), program.span(id)))
        });
        texts
            .max_by_key(|(length, _)| *length)
            .map(|(_, span)| span)
            .unwrap_or_default()
    }

    /// What a promise is resolved with.
    fn promised(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        args: &[ExprId],
        context: Option<&Rc<Context>>,
    ) -> Vec<Label> {
        let mut out = Vec::new();
        let Some(Expr::Function(function)) = args.first().map(|arg| program.expr(*arg)) else {
            return out;
        };
        let Some(index) = self.index(file) else {
            return out;
        };
        let Some(resolve) = index.parameters.get(&(function, 0)).copied() else {
            return out;
        };
        for call in index
            .calls_of
            .get(&resolve)
            .map(Vec::as_slice)
            .unwrap_or_default()
        {
            if let Expr::Call { args, .. } = program.expr(*call) {
                let labels = self.all(file, program.list(args), context);
                union(&mut out, &labels);
            }
        }
        // Handed on as it is: `stream.on('end', resolve)`.
        for (call, _) in &program.calls {
            let Expr::Call { callee, args, .. } = program.expr(*call) else {
                continue;
            };
            let hands_on = program.list(args).iter().any(|arg| matches!(program.expr(*arg), Expr::Name(atom, scope) if program.resolve(atom, scope) == Some(resolve)));
            if hands_on && let Expr::Member(object, _) = program.expr(callee) {
                let labels = self.labels(file, object, context);
                union(&mut out, &labels);
            }
        }
        out
    }

    /// What a file holds: credentials, what was written to it, the package's own data.
    pub(super) fn file_content(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        path: Option<ExprId>,
        span: Span,
    ) -> Vec<Label> {
        let Some(path) = path else {
            return Vec::new();
        };
        let _ = program;
        let mut out = Vec::new();
        for value in self.possible(file, path, 0) {
            if let Some(text) = value.as_text() {
                let labels = self.content_of(&text, file, span);
                union(&mut out, &labels);
            }
        }
        out
    }

    pub(super) fn content_of(&mut self, text: &str, file: FileId, span: Span) -> Vec<Label> {
        if let Some(what) = know::credential_place(text) {
            return vec![self.new_label(
                SourceKind::CredentialFile,
                &format!("{} ({what})", shown(text)),
                file,
                span,
            )];
        }
        if let Some(folder) = text.strip_suffix(crate::pure::HOLE)
            && know::user_place(
                folder
                    .trim_end_matches(crate::pure::HOLE)
                    .trim_end_matches('/'),
            )
            .is_some()
        {
            return vec![self.new_label(
                SourceKind::CredentialFile,
                &format!("files found in {}", shown(folder)),
                file,
                span,
            )];
        }
        if let Some(written) = self.cells.written(text) {
            return self.hop(
                written,
                &format!("is read back from {}", shown(text)),
                file,
                span,
            );
        }
        if text.starts_with("\u{fdd0}package/")
            && !text.ends_with(".json")
            && !text.contains("package.json")
        {
            return vec![self.new_label(SourceKind::OwnFile, &shown(text), file, span)];
        }
        Vec::new()
    }

    /// `path.read_text()`: a method of a path, which is a text here.
    fn file_method(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        object: ExprId,
        method: &str,
        span: Span,
    ) -> Option<Vec<Label>> {
        if program.language != Language::Python || !matches!(method, "read_text" | "read_bytes") {
            return None;
        }
        Some(self.file_content(program, file, Some(object), span))
    }

    /// The label of what a request gives: bytes of a stranger, or credentials of the cloud
    /// that the machine runs in.
    fn answer(&mut self, file: FileId, value: &Value, args: &[ExprId], span: Span) -> Label {
        let name = self.remote_name(file, value, args);
        if know::is_metadata(&name) {
            return self.new_label(SourceKind::CredentialService, "cloud metadata", file, span);
        }
        // An address that came from the network itself: whoever gave it says what comes.
        if name == "the answer of a host" {
            for arg in args.iter().take(2) {
                let labels = self.labels(file, *arg, None).to_vec();
                if let Some(label) = labels
                    .into_iter()
                    .find(|label| label.kind == SourceKind::Remote)
                {
                    let text = "is the address of what is fetched next";
                    return self.hop(vec![label], text, file, span).remove(0);
                }
            }
        }
        self.new_label(SourceKind::Remote, &name, file, span)
    }

    /// What a request gives, by where it went.
    pub(super) fn remote_name(&mut self, file: FileId, value: &Value, args: &[ExprId]) -> String {
        match self.target(file, value, args, None) {
            customs_model::Target::Constant(host) => format!("the answer of {host}"),
            _ => "the answer of a host".to_owned(),
        }
    }
}

fn value_made_at(value: &Value) -> Option<(FileId, ExprId)> {
    match value {
        Value::Native(native) => native.made_at,
        _ => None,
    }
}

/// Parts of the libraries whose functions only compute.
fn computes(path: &str) -> bool {
    let head = path.split(['.', '(']).next().unwrap_or(path);
    matches!(
        head,
        "String"
            | "Array"
            | "Object"
            | "JSON"
            | "Math"
            | "Number"
            | "Buffer"
            | "Uint8Array"
            | "TextDecoder"
            | "zlib"
            | "base64"
            | "binascii"
            | "codecs"
            | "bytes"
            | "bytearray"
            | "int"
            | "str"
            | "lzma"
            | "bz2"
            | "gzip"
            | "crypto"
            | "marshal"
    )
}

/// The values of a key in an object literal; none where anything may be in it.
fn of_literal(
    program: &Program,
    entries: &[ExprId],
    key: &str,
    out: &mut Vec<ExprId>,
) -> Option<()> {
    for pair in entries.chunks_exact(2) {
        if matches!(program.expr(pair[0]), Expr::Spread(_)) {
            return None;
        }
        match program.text(pair[0]) {
            Some(text) if text == key => out.push(pair[1]),
            Some(_) => {}
            None => return None,
        }
    }
    Some(())
}

/// Whether a key is the name of a variable of an environment.
fn is_variable_name(key: &str) -> bool {
    key.len() > 1
        && key.chars().any(|c| c.is_ascii_uppercase())
        && key
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        || key.starts_with("npm_")
}

/// A piece of source for people, short.
pub(super) fn snippet(analysis: &Analysis<'_>, file: FileId, span: Span) -> String {
    let Some(source) = analysis.package.source(file) else {
        return "a call".to_owned();
    };
    let text = source
        .get(span.start as usize..span.end as usize)
        .unwrap_or("a call");
    let short: String = text.chars().filter(|c| !c.is_control()).take(48).collect();
    format!("`{short}`")
}
