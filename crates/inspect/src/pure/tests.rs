//! What the machine computes, against what the languages compute.

use super::Value;
use crate::limit::evaluating;
use crate::package::Package;
use crate::pure::{Machine, Surroundings};
use crate::unpack::{Content, Entry, Kind, Tree};

/// The value of the variable `x` at the top of a file.
fn x(name: &str, source: &str) -> String {
    computed(name, source).0
}

/// The same with the steps that it took.
fn computed(name: &str, source: &str) -> (String, u32) {
    let tree = Tree {
        entries: vec![Entry {
            path: format!("t/{name}"),
            content: Content::Whole(source.as_bytes().into()),
            length: source.len() as u64,
            kind: Kind::Text,
            executable: false,
        }],
        ..Tree::default()
    };
    let package = Package::new(&tree);
    let program = package.program(0).expect(source);
    let mut machine = Machine::new(&package);
    let (_, symbol) = program
        .declared
        .iter()
        .find(|((scope, atom), _)| scope.0 == 0 && program.name(*atom) == "x")
        .expect(source);
    let frame_value = program
        .symbol(*symbol)
        .values
        .last()
        .copied()
        .expect(source);
    let value = machine.fold_fully(0, frame_value);
    let text = match value {
        Value::Unknown => "?".to_owned(),
        other => other.as_text().unwrap_or_else(|| "?".to_owned()),
    };
    (text, evaluating::STEPS - machine.left())
}

#[test]
fn javascript_is_computed_as_node_does() {
    for (source, expected) in [
        ("const x = 'a' + 1 + 2", "a12"),
        ("const x = ['c', 'b', 'a'].reverse().join('')", "abc"),
        ("const x = atob('aGVsbG8=')", "hello"),
        (
            "const x = Buffer.from('68656c6c6f', 'hex').toString()",
            "hello",
        ),
        ("const x = String.fromCharCode(104, 105)", "hi"),
        (
            "const f = (a, k) => [...a].map((c) => String.fromCharCode(c.charCodeAt(0) ^ k)).join(''); const x = f('ij', 1)",
            "hk",
        ),
        (
            "const t = ['a', 'b', 'c']; (function (a, n) { while (n--) a.push(a.shift()) })(t, 1); const x = t[0]",
            "b",
        ),
        (
            "let s = ''; for (let i = 0; i < 3; i++) s += i; const x = s",
            "012",
        ),
        (
            "const { join } = require('path'); const x = join('a', '..', 'b')",
            "b",
        ),
        ("const o = { a: { b: ['q'] } }; const x = o['a'].b[0]", "q"),
        (
            "const x = ((a) => a.split('').reverse().join(''))('cba')",
            "abc",
        ),
        ("const x = 'a-b-c'.replace(/-/g, '')", "abc"),
        ("const x = 'a b c'.replace(/ /g, 0)", "a0b0c"),
        ("const x = (5 >>> 1) | 8", "10"),
        ("const x = parseInt('1f', 16)", "31"),
        ("const x = `${'a'}${1}`", "a1"),
        ("class A { static k() { return 'v' } } const x = A.k()", "v"),
    ] {
        assert_eq!(x("a.js", source), expected, "{source}");
    }
}

#[test]
fn python_is_computed_as_python_does() {
    for (source, expected) in [
        ("x = 'abc'[::-1]", "cba"),
        (
            "import base64\nx = base64.b64decode('aGVsbG8=').decode()",
            "hello",
        ),
        ("x = ''.join(chr(c ^ 1) for c in [105, 104])", "hi"),
        ("x = '%s-%s' % ('a', 1)", "a-1"),
        ("x = '{}{}'.format('a', 'b')", "ab"),
        ("x = bytes.fromhex('6869').decode()", "hi"),
        (
            "import codecs\nx = codecs.decode('uryyb', 'rot13')",
            "hello",
        ),
        ("s = ''\nfor c in 'abc':\n    s = c + s\nx = s", "cba"),
        ("from pathlib import Path\nx = Path('a') / 'b'", "a/b"),
        ("import os\nx = os.environ.get('SHELL', 'zsh')", "sh"),
        ("x = ''.join(map(chr, [104, 105]))", "hi"),
        ("x = 7 // 2", "3"),
        (
            "x = int('01101000' * 9, 2).to_bytes(9, 'big').decode()",
            "hhhhhhhhh",
        ),
        (
            "x = int('0110100001101001', 2).to_bytes(2, 'big').decode()",
            "hi",
        ),
        (
            "def g(t):\n    for c in t:\n        yield ord(c)\n\nx = bytes(g('hi')).decode()",
            "hi",
        ),
        (
            "x = 'ab'.translate({n: n + 1 for n in range(97, 99)})",
            "bc",
        ),
        ("import os\nx = os.path.join('a', os.pardir, 'b')", "b"),
        ("x = -7 % 3", "2"),
        ("a = 'b\\n\\'c'\nx = f'd({a!r})'", "d(\"b\\n'c\")"),
        (
            "import re\nx = re.sub(r'\\s*#.*\\n', '\\n', 'a  # b\\nc\\n')",
            "a\nc\n",
        ),
        (
            "import bz2, base64\nx = bz2.decompress(base64.b64decode('QlpoOTFBWSZTWa8O5UcAAAKZgABgIAAAIVQAIAAiBpp6EMCBaNhBdyRThQkK8O5UcA==')).decode()",
            "print(1)",
        ),
        (
            "import lzma, base64\nx = lzma.decompress(base64.b64decode('/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAHcHJpbnQoMSkAAWBTHghqLlkAASAIuxnZux+2830BAAAAAARZWg==')).decode()",
            "print(1)",
        ),
        (
            "import lzma, base64\nx = lzma.LZMADecompressor().decompress(base64.b64decode('XQAAgAD//////////wA4HIlWjAuZk4tG6YP//45wAAA=')).decode()",
            "print(1)",
        ),
    ] {
        assert_eq!(x("a.py", source), expected, "{source}");
    }
}

#[test]
fn a_path_of_rust_is_what_its_methods_leave() {
    let made = |body: &str| {
        x(
            "a.rs",
            &format!("fn f() -> PathBuf {{ {body} p }}\nconst x: PathBuf = f();"),
        )
    };
    for (body, expected) in [
        ("let mut p = PathBuf::from(\"a\"); p.push(\"bc\");", "a/bc"),
        (
            "let mut p = PathBuf::from(\"a/b.tar.gz\"); p.set_extension(\"zip\");",
            "a/b.tar.zip",
        ),
        (
            "let mut p = PathBuf::new(); p.push(\"ab\"); p.push(\"cd\"); p.pop(); p.push(\"ef\");",
            "ab/ef",
        ),
        (
            "let q = Path::new(\"a/b.h\"); let mut p = q.with_file_name(\"c\"); p.extend([\"de\", \"fg\"]);",
            "a/c/de/fg",
        ),
        (
            "let mut p = PathBuf::from(env::var(\"OUT_DIR\").unwrap()); let q = p.clone(); p.push(q.file_name().unwrap_or_default());",
            "\u{fdd0}out\u{fdd1}/\u{fdd0}?\u{fdd1}",
        ),
    ] {
        assert_eq!(made(body), expected, "{body}");
    }
}

#[test]
fn what_only_the_machine_knows_is_a_hole() {
    assert_eq!(
        super::shown(&x(
            "a.js",
            "const os = require('os'); const x = os.homedir() + '/.npmrc'"
        )),
        "<home>/.npmrc"
    );
    assert_eq!(
        super::shown(&x(
            "a.py",
            "import os\nx = os.path.expanduser('~/.ssh/id_rsa')"
        )),
        "<home>/.ssh/id_rsa"
    );
}

#[test]
fn nothing_runs_for_ever() {
    // Its answer is of no interest; that there is one is.
    x("a.js", "let s = 'a'; while (true) { s += s } const x = s");
    assert_eq!(x("a.js", "const f = (n) => f(n + 1); const x = f(0)"), "?");
    assert_eq!(x("a.py", "def f(n):\n    return f(n + 1)\nx = f(0)"), "?");
}

#[test]
fn a_loop_that_only_what_is_not_known_ends_costs_little() {
    for (name, source) in [
        (
            "a.js",
            "let s = ''; while (true) { s += 'a'; if (f()) break } const x = s",
        ),
        (
            "a.js",
            "let s = ''; for (;;) { for (const b of [1, 2]) { s += 'a' } if (f()) break } const x = s",
        ),
        (
            "a.py",
            "s = ''\nwhile True:\n    s += 'a'\n    if f():\n        break\nx = s",
        ),
        (
            "a.rs",
            "fn g() -> String { let mut s = String::new(); loop { s += \"a\"; if f() { return s; } } }\nconst x: String = g();",
        ),
    ] {
        let (_, steps) = computed(name, source);
        assert!(steps < 5 * evaluating::UNSURE, "{steps}: {source}");
    }
    // What ends at something that is known is computed to its end.
    let source = "let s = ''; let n = 0; while (true) { for (const b of [1, 2]) { if (f()) break } if (n >= 500) break; n++ } const x = n";
    assert_eq!(x("a.js", source), "500");
}

#[test]
fn what_a_function_of_rust_gives_is_computed_once() {
    let chain: String = (0..20)
        .map(|n| format!("fn f{n}() -> String {{ f{}() }}\n", n + 1))
        .collect();
    let source =
        format!("{chain}fn f20() -> String {{ \"a\".to_string() }}\nconst x: String = f0();");
    let (value, steps) = computed("a.rs", &source);
    assert_eq!(value, "a");
    assert!(steps < 5_000, "{steps}");
    let twice = "fn g(n: u32) -> String { let mut s = String::new(); for c in \"abcdefgh\".chars() { s += \"a\"; } s }\nconst x: String = format!(\"{}{}\", g(1), g(1));";
    assert_eq!(x("a.rs", twice), "a".repeat(16));
    let other = twice.replace("g(1))", "g(2))");
    assert_eq!(x("a.rs", &other), "a".repeat(16));
    assert!(computed("a.rs", twice).1 < computed("a.rs", &other).1);
}

#[test]
fn a_value_that_holds_itself_ends() {
    for source in [
        "const a = []; a.push(a); const x = '' + a",
        "const a = []; a.push(a); const x = +a",
        "const a = []; a.push(a); const x = a.join('')",
        "const a = []; a.push(a); const x = JSON.stringify(a)",
        "const o = {}; o.o = o; const x = JSON.stringify(o)",
        "const a = []; a.push(a); const x = a.flat().flat().flat() == 1",
    ] {
        x("a.js", source);
    }
    for source in [
        "a = []\na.append(a)\nx = str(a)",
        "a = []\na.append(a)\nx = '%s' % [a]",
    ] {
        x("a.py", source);
    }
}

#[test]
fn what_doubles_ends_at_a_bound() {
    let js = |step: &str, end: &str| {
        x(
            "a.js",
            &format!("let a = [1, 2];\n{}const x = {end};", step.repeat(60)),
        )
    };
    // Four to the sixtieth elements, if it went on.
    js("a = a.concat(a, a, a);\n", "a.length");
    js("a = [a, a];\n", "JSON.stringify(a)");
    js("a = [a, a];\n", "a.join('')");
    js("a = [a, a].flat();\n", "a.length");
    js("a.unshift(...a);\n", "a.length");
    js("a.push(...a);\n", "a.length");
    x(
        "a.py",
        &format!("a = [1, 2]\n{}x = len(a)\n", "a.extend(a)\n".repeat(60)),
    );
    let text = x(
        "a.py",
        &format!(
            "a = 'b' * 4000000\nx = '{}' % [{}]\n",
            "%s".repeat(500),
            "a, ".repeat(500)
        ),
    );
    assert!(text.len() < 16 << 20);
}

#[test]
fn what_calls_made_is_held_up_to_a_bound_however_many_there_are() {
    let source: String = (0..60)
        .map(|n| format!("const a{n} = 'b'.repeat(4000000);\n"))
        .collect();
    let tree = Tree {
        entries: vec![Entry {
            path: "t/a.js".into(),
            content: Content::Whole(source.as_bytes().into()),
            length: source.len() as u64,
            kind: Kind::Text,
            executable: false,
        }],
        ..Tree::default()
    };
    let package = Package::new(&tree);
    let program = package.program(0).unwrap();
    let mut machine = Machine::new(&package);
    for symbol in program.declared.values() {
        for value in &program.symbol(*symbol).values {
            machine.fold(0, *value);
        }
    }
    let held = machine.calls.values().map(|kept| match &kept.what {
        Value::Text(text) => text.len(),
        _ => 0,
    });
    let held: usize = held.sum();
    assert!(held > 0 && held <= evaluating::LARGE_SUM, "{held}");
}
