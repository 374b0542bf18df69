//! What calls give.

use super::answer::writes_otherwise;
use super::lent::gives_of_handed;
use super::{Asking, Label, Step, snippet, union};
use crate::flow::callee::HandedValue;
use crate::flow::{Analysis, Context, Site};
use crate::ir::{Const, Expr, ExprId, FuncId, Language, Program};
use crate::know::{self, Role};
use crate::pure::{FileId, Value};
use customs_model::SourceKind;
use std::rc::Rc;

/// What begins the name of a source of which only a beginning is taken.
const BEGINNING: &str = "the first";

/// How many letters are taken from the beginning of a text, if it is so few that they name
/// nobody: a name of a machine that is cut off so tells machines apart and no more.
fn beginning(program: &Program, args: &[ExprId]) -> Option<u8> {
    const FEW: f64 = 8.0;
    let number = |arg: &ExprId| match program.expr(*arg) {
        Expr::Const(constant) => match program.constant(constant) {
            Const::Number(number) => Some(*number),
            _ => None,
        },
        _ => None,
    };
    let [from, to] = args else {
        return None;
    };
    let (from, to) = (number(from)?, number(to)?);
    (from == 0.0 && (0.0..=FEW).contains(&to)).then_some(to as u8)
}

/// What begins the name of a folder that tells who somebody is, where only a path in it is taken.
const BELOW: &str = "a path in ";

/// Functions of libraries that make one path of several parts.
pub(in crate::flow) fn joins_paths(path: &str) -> bool {
    matches!(
        path.strip_prefix("node:").unwrap_or(path),
        "path.join"
            | "path.resolve"
            | "path.posix.join"
            | "path.posix.resolve"
            | "path.win32.join"
            | "path.win32.resolve"
            | "os.path.join"
            | "posixpath.join"
    )
}

/// Whether parts behind the first one lead to something in it: `.` and `..` lead to folders that say
/// as much as it does.
fn leads_below(program: &Program, args: &[ExprId]) -> bool {
    let rest = args.get(1..).unwrap_or_default();
    let stays = |text: &str| text.chars().all(|c| matches!(c, '.' | '/' | '\\'));
    rest.iter()
        .any(|arg| program.text(*arg).is_none_or(|text| !stays(text)))
}

/// A file in the home folder or in the project has a name that whoever made the package chose: it is
/// asked for to be found, and says of its user no more than where it lies.
fn below(labels: &mut [Label]) {
    for label in labels {
        let is_folder = label.kind == SourceKind::Identity
            && matches!(
                &*label.name,
                "os.homedir"
                    | "process.cwd"
                    | "os.getcwd"
                    | "os.path.expanduser"
                    | "HOME"
                    | "USERPROFILE"
                    | "PWD"
                    | "INIT_CWD"
            );
        if is_folder {
            label.name = format!("{BELOW}{}", label.name).into();
        }
    }
}

/// Methods of lists and promises that give what the function gives that they are handed.
fn gives_of_function(method: &str) -> bool {
    matches!(method, "map" | "flatMap" | "then" | "catch" | "reduce")
}

impl Analysis<'_> {
    pub(super) fn call_labels(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        callee: ExprId,
        args: &[ExprId],
        context: Option<&Rc<Context>>,
    ) -> Vec<Label> {
        let span = program.span(expr);
        if let Some(label) = self.typed_there(file, expr) {
            return vec![label];
        }
        // `request.headers.get("Authorization")`.
        if let Expr::Member(headers, get) = program.expr(callee)
            && program.name(get) == "get"
            && let Some(key) = args.first().and_then(|arg| program.text(*arg))
            && let Some(label) = self.key_of_request(program, file, expr, headers, key)
        {
            return vec![label];
        }
        if let Some(label) = self.sent_by_visitor(program, file, expr) {
            return vec![label];
        }
        if let Some(labels) = self.header_of_others(program, file, expr, callee, args) {
            return labels;
        }
        let mut value = match self.callees.get(&(file, expr)) {
            Some(value) => value.clone(),
            None => self.look_at(file, callee, None),
        };
        if value.is_unknown() {
            self.asking.contextual = true;
            if let Some(context) = context {
                value = self.look_at(file, callee, Some(context));
            }
        }
        if let Value::Native(native) = &value
            && matches!(
                &*native.path,
                "getattr"
                    | "dict"
                    | "Object.assign"
                    | "Reflect.get"
                    | "os.environ.copy"
                    | "vars"
                    | "operator.attrgetter()"
                    // `module.exports = process.env` in another file.
                    | "require"
            )
        {
            let whole = self.look_at(file, expr, None);
            if let Some(kind) = whole
                .path()
                .and_then(|path| know::value_source(program.language, path))
            {
                if &*native.path == "require"
                    && let Some(labels) = self.imported_labels(program, file, expr, None, context)
                    && !labels.is_empty()
                {
                    return labels;
                }
                return vec![self.new_label(kind, whole.path().unwrap_or_default(), file, span)];
            }
        }
        if let Some(path) = value.path()
            && know::is_of_storage(path)
            && program.language == Language::JavaScript
        {
            if let Some(what) = know::page_source(path) {
                return vec![self.new_label(SourceKind::InputDevice, what, file, span)];
            }
            // What it gives by the name of each entry, it gives of all of them.
            return match path.ends_with(".getItem") {
                true => self.all(file, args, context),
                false => Vec::new(),
            };
        }
        match &value {
            Value::Function(closure) => {
                let closure = Rc::clone(closure);
                let labels = self.returned(&closure, file, expr, args, context);
                let step = Step::Returned(self.function_name(closure.file, closure.function));
                return self.hop(labels, &step, file, span);
            }
            Value::Native(native) => {
                let path = Rc::clone(&native.path);
                if self.role(program.language, &path) == Role::Load
                    && let Some(labels) = self.imported_labels(program, file, expr, None, context)
                {
                    return labels;
                }
                if let Some(labels) =
                    self.native_call(program, file, expr, &path, &value, callee, args, context)
                {
                    return labels;
                }
            }
            _ => {}
        }
        if let Some(own) = self.entered.get(&(file, expr)).copied().flatten() {
            let closure = Rc::new(crate::pure::Closure {
                file: own.0,
                function: own.1,
                frame: None,
                this: None,
            });
            let labels = self.returned(&closure, file, expr, args, context);
            if !labels.is_empty() {
                return self.hop(labels, &Step::Returned(None), file, span);
            }
        }
        let sent = self.sent_through(program, file, callee, value.path().unwrap_or_default());
        if !sent.is_empty() {
            return sent;
        }
        // Whatever else: what it is called on, and its arguments.
        let mut out = Vec::new();
        let mut method = "";
        if let Expr::Member(object, name) = program.expr(callee) {
            method = program.name(name);
            // What is called of a module is one of the things that it hands out.
            let labels = match self.imported_labels(program, file, callee, Some(method), context) {
                Some(labels) if self.is_module(program, file, object, context) => labels.into(),
                _ => self.labels(file, object, context),
            };
            union(&mut out, &labels);
            if let Some(labels) = self.file_method(program, file, object, method, span, context) {
                return labels;
            }
        } else if let Expr::Index(object, _) = program.expr(callee) {
            let labels = self.labels(file, object, context);
            union(&mut out, &labels);
        } else if let Some(labels) = self.given_by_bound(program, file, callee) {
            return labels;
        }
        // One entry of a store that somebody hands on.
        if matches!(method, "getItem" | "get") {
            out.retain(|label| !know::is_whole_page(&label.name));
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
            && !args.is_empty()
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
        // `table.get(key)`: what stands there is not made of the key.
        let is_lookup = method == "get"
            && program.language == Language::Python
            && !matches!(value, Value::Native(_) | Value::Function(_));
        for arg in args.iter().skip(usize::from(is_lookup)) {
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
            // `list.map(read)`: the same under its name.
            if program.language == Language::JavaScript
                && gives_of_function(method)
                && matches!(program.expr(*arg), Expr::Name(..) | Expr::Member(..))
                && let HandedValue::Function((of, function)) = self.handed_name(file, *arg)
                && let Some(inner) = self.program(of)
            {
                let given = inner.function(function).returns.iter().take(8);
                let given: Vec<ExprId> = given.copied().collect();
                let labels = self.all(of, &given, None);
                union(&mut out, &labels);
                continue;
            }
            if gives_of_handed(method)
                && let Some(labels) = self.given_by_bound(program, file, *arg)
            {
                union(&mut out, &labels);
                continue;
            }
            let labels = self.labels(file, *arg, context);
            union(&mut out, &labels);
            // `field(default_factory=lambda: value)`.
            if let Expr::Keywords(entries) = program.expr(*arg)
                && value.path().is_some_and(makes_fields)
            {
                for pair in program.list(entries).to_vec().chunks_exact(2) {
                    let Expr::Function(function) = program.expr(pair[1]) else {
                        continue;
                    };
                    let given = program.function(function).returns.clone();
                    let labels = self.all(file, &given, context);
                    union(&mut out, &labels);
                }
            }
            if value.path().is_some_and(takes_whole_object) {
                let labels = self.whole_object(program, file, *arg, context);
                union(&mut out, &labels);
            }
        }
        // What is made of a key is no key, unless it is only written in another way.
        if out
            .iter()
            .any(|label| label.kind == SourceKind::Intercepted)
        {
            let called = match value.path() {
                Some(path) => path.rsplit('.').next().unwrap_or(path),
                None => method,
            };
            if !writes_otherwise(called) {
                out.retain(|label| label.kind != SourceKind::Intercepted);
            }
        }
        // Of what a page holds only the whole is somebody else's.
        if out.iter().any(|label| know::is_of_page(&label.name)) {
            let called = match value.path() {
                Some(path) => path.rsplit('.').next().unwrap_or(path),
                None => method,
            };
            if !know::keeps_whole(called) {
                out.retain(|label| !know::is_of_page(&label.name));
            }
        }
        if out.is_empty() {
            return out;
        }
        if matches!(method, "substring" | "slice" | "substr")
            && let Some(length) = beginning(program, args)
        {
            for label in &mut out {
                if label.kind == SourceKind::Identity && !label.name.starts_with(BEGINNING) {
                    label.name = format!("{BEGINNING} {length} letters of {}", label.name).into();
                }
            }
        }
        if value.path().is_some_and(joins_paths) && leads_below(program, args) {
            below(&mut out);
        }
        let step = Step::Through(snippet(self, file, program.span(callee)).into());
        self.hop(out, &step, file, span)
    }

    /// What a function of the package returns for these arguments.
    pub(super) fn returned(
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
        let context = context.filter(|_| self.depends(file, args, context));
        let inner = self.context(
            closure.file,
            closure.function,
            args.into(),
            file,
            site_function,
            context.cloned(),
        );
        let _ = expr;
        let mut out = Vec::new();
        for value in program.function(closure.function).returns.iter().take(16) {
            let labels = self.labels(closure.file, *value, inner.as_ref());
            union(&mut out, &labels);
        }
        out
    }

    /// Whether arguments depend on the way in which the code around them is reached.
    fn depends(&mut self, file: FileId, args: &[ExprId], context: Option<&Rc<Context>>) -> bool {
        let outer = std::mem::take(&mut self.asking);
        for arg in args {
            self.labels(file, *arg, context);
        }
        let Asking {
            contextual,
            cut,
            short,
            ..
        } = self.asking;
        let depends = contextual || short || cut != u32::MAX;
        // What was cut off here says nothing of what is asked outside.
        self.asking = outer;
        depends
    }

    /// What a promise is resolved with.
    pub(super) fn promised(
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
        // Handed on as it is: `stream.on('end', resolve)`, `https.get(address, resolve)`.
        for (call, function) in &program.calls {
            let Expr::Call { callee, args, .. } = program.expr(*call) else {
                continue;
            };
            let hands_on = program.list(args).iter().any(|arg| matches!(program.expr(*arg), Expr::Name(atom, scope) if program.resolve(atom, scope) == Some(resolve)));
            if !hands_on {
                continue;
            }
            if self.gives_an_answer(program, file, callee) {
                let site = Site {
                    file,
                    expr: *call,
                    function: *function,
                };
                union(&mut out, &self.given_to_callback(site, 0));
            } else if let Expr::Member(object, _) = program.expr(callee) {
                let labels = self.labels(file, object, context);
                union(&mut out, &labels);
            }
        }
        out
    }

    /// Whether a call hands what it is asked for to the function that it gets.
    fn gives_an_answer(&mut self, program: &Program, file: FileId, callee: ExprId) -> bool {
        let value = self.look_at(file, callee, None);
        let role = value.path().map(|path| know::role(program.language, path));
        matches!(role, Some(Role::Network(_) | Role::Receive | Role::Lookup))
    }
}

/// Whether a function says what a field of a class begins with.
fn makes_fields(path: &str) -> bool {
    matches!(
        path,
        "dataclasses.field" | "attr.ib" | "attr.field" | "attrs.field" | "pydantic.Field"
    )
}

/// Whether a function gives all that an object has in its fields.
fn takes_whole_object(path: &str) -> bool {
    matches!(
        path,
        "dataclasses.asdict"
            | "dataclasses.astuple"
            | "attr.asdict"
            | "attrs.asdict"
            | "vars"
            | "JSON.stringify"
            | "Object.entries"
            | "Object.values"
            | "Object.assign"
    )
}
