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

#[test]
fn a_timer_that_calls_a_function_runs_no_text() {
    let able = |code: &str| {
        let found = installed("node", "a.js", code);
        let mut all = found.capabilities.iter();
        all.any(|can| can.name == "code.dynamic")
    };
    assert!(!able("setTimeout(() => a(), 100);"));
    assert!(!able("new Promise((resolve) => setTimeout(resolve, 100));"));
    assert!(able("setTimeout('a()', 100);"));
    assert!(able("setInterval('a(' + process.argv[2] + ')', 100);"));
    assert!(able("eval(process.argv[2]);"));
}

#[test]
fn a_path_that_is_looked_up_is_loaded_where_it_is_required() {
    let loads = |then: &str| {
        let code = format!("fetch('https://a.invalid').then(b => b.text()).then(c => {then});");
        let found = installed("node", "a.js", &code);
        let mut flows = found.flows.iter();
        flows.any(|flow| flow.source == SourceKind::Remote && flow.sink == SinkKind::Module)
    };
    assert!(loads("require(c)"));
    assert!(loads("require(require.resolve(c))"));
    assert!(!loads("console.log(require.resolve(c))"));
}
