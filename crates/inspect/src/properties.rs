//! Whatever a text is, each reader gives an answer, and the places that it tells lie in the
//! text.

use crate::ir::{Language, Program};
use crate::nesting::nesting;
use crate::package::Package;
use crate::pure::{Machine, Surroundings};
use crate::unpack::{Content, Entry, Tree, kind_of, unpack};
use crate::{js, layout, python, rust, shell, text};
use proptest::prelude::*;
use rustc_hash::FxHashMap;

const SCRIPT: [&str; 64] = [
    "a",
    "b",
    "1",
    "'c'",
    "\"d\"",
    "`e`",
    "`${",
    "}",
    "(",
    ")",
    "[",
    "]",
    "{",
    ";",
    ",",
    ".",
    "?.",
    "...",
    "=>",
    "=",
    "+=",
    "+",
    "-",
    "*",
    "**",
    "/",
    "/g",
    "<",
    ">",
    "</",
    "/>",
    "!",
    "?",
    ":",
    "??",
    "&&",
    "\n",
    " ",
    "//",
    "/*",
    "*/",
    "function ",
    "class ",
    "extends ",
    "async ",
    "await ",
    "yield ",
    "new ",
    "return ",
    "if(",
    "else ",
    "for(",
    "of ",
    "in ",
    "let ",
    "const ",
    "import ",
    "export ",
    "from ",
    "typeof ",
    "@",
    "#p",
    "名",
    "\u{202e}",
];

const SNAKE: [&str; 56] = [
    "a", "b", "1", "'c'", "\"d\"", "\"\"\"", "f'{", "}'", "b'e'", "(", ")", "[", "]", "{", "}",
    ":", ":=", ",", ".", "=", "+", "-", "*", "**", "/", "//", "@", "<", ">", "!=", "~", "%", "\n",
    "\n    ", "\n  ", "\t", " ", "#", "\\\n", "def f(", "class ", "lambda ", "if ", "elif ",
    "else", "for ", "while ", " in ", "try", "except ", "with ", "import ", "from ", "async ",
    "await ", "名",
];

const CRABS: [&str; 56] = [
    "a",
    "b",
    "1",
    "\"c\"",
    "'d'",
    "'e ",
    "r#\"",
    "\"#",
    "b\"f\"",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ";",
    ",",
    ".",
    "..",
    "::",
    "->",
    "=>",
    "=",
    "+",
    "-",
    "*",
    "&",
    "|",
    "||",
    "!",
    "?",
    "<",
    ">",
    "#",
    "#[",
    "\n",
    " ",
    "//",
    "/*",
    "*/",
    "fn main() {",
    "let ",
    "mut ",
    "if ",
    "else ",
    "match ",
    "impl ",
    "struct ",
    "use ",
    "mod ",
    "macro_rules! m {",
    "println!(",
    "async ",
    ".await",
    "const ",
    "名",
];

const SHELL: [&str; 48] = [
    "a", "b ", "c=", "'", "\"", "`", "$(", "$((", "${", "$d", "$1", "$@", "<(", ")", "(", "{ ",
    "}", ";", "\n", "|", "||", "&", "&&", ">", ">>", "<", "<<E\n", "E\n", "<<<", "2>&1", "\\", "#",
    "f() {", "if ", "then ", "fi ", "for ", "do ", "done ", "case ", "esac ", "curl ", "sh -c ",
    "eval ", "~", "*", "名", "\t",
];

/// Tokens in any order.
fn soup(tokens: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(tokens), 0..60).prop_map(|tokens| tokens.concat())
}

/// Every place of a program lies in its text, between characters.
fn places_are_in(program: &Program, text: &str) -> Result<(), TestCaseError> {
    for span in &program.spans {
        let (start, end) = (span.start as usize, span.end as usize);
        prop_assert!(
            start <= end && end <= text.len(),
            "{}..{} of {}",
            start,
            end,
            text.len()
        );
        prop_assert!(text.is_char_boundary(start), "{}", start);
        prop_assert!(text.is_char_boundary(end), "{}", end);
    }
    Ok(())
}

/// A package of one file that a build runs.
fn package(path: &str, bytes: &[u8]) -> Package {
    Package::new(&Tree {
        entries: vec![Entry {
            path: format!("t/{path}"),
            content: Content::Whole(bytes.into()),
            length: bytes.len() as u64,
            kind: kind_of(bytes),
            executable: false,
        }],
        ..Tree::default()
    })
}

fn evaluates(path: &str, text: &str) {
    let package = package(path, text.as_bytes());
    let Some(program) = package.program(0) else {
        return;
    };
    let mut machine = Machine::new(&package);
    for (call, _) in program.calls.iter().take(20) {
        machine.fold_fully(0, *call);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_tokens_of_javascript_have_an_answer(code in soup(&SCRIPT), path in prop::sample::select(vec!["a.js", "a.mjs", "a.cjs", "a.ts", "a.tsx"])) {
        if let Ok(program) = js::read(&code, path) {
            places_are_in(&program, &code)?;
        }
        evaluates(path, &code);
    }

    #[test]
    fn any_tokens_of_python_have_an_answer(code in soup(&SNAKE)) {
        if let Ok(program) = python::read(&code) {
            places_are_in(&program, &code)?;
        }
        evaluates("a.py", &code);
    }

    #[test]
    fn any_tokens_of_rust_have_an_answer(code in soup(&CRABS)) {
        // Few soups are a whole file; as the body of a function more of them are.
        for code in [format!("fn a() {{ {code} }}"), code] {
            if let Ok(program) = rust::read(&code) {
                places_are_in(&program, &code)?;
            }
        }
    }

    #[test]
    fn any_characters_have_an_answer(code in "(\\PC|[\u{0}-\u{1f}\u{85}\u{2028}]){0,80}") {
        for program in [js::read(&code, "a.js"), python::read(&code), rust::read(&code)].into_iter().flatten() {
            places_are_in(&program, &code)?;
        }
        shell::parse(&code);
    }

    #[test]
    fn any_tokens_of_a_shell_have_an_answer(code in soup(&SHELL)) {
        let script = shell::parse(&code);
        for command in &script.commands {
            prop_assert!(code.is_char_boundary(command.at as usize), "{}", command.at);
        }
        prop_assert_eq!(&script, &shell::parse(&code));
        // What is quoted is one word, whatever it is.
        let quoted = format!("a '{}'", code.replace('\'', ""));
        let parsed = shell::parse(&quoted);
        let words = &parsed.commands[0].words;
        prop_assert_eq!(words.len(), 2);
        prop_assert_eq!(&words[1].text, &code.replace('\'', ""));
    }

    #[test]
    fn an_encoded_command_is_what_was_encoded(command in "\\PC{0,40}", before in soup(&SHELL)) {
        use base64::Engine as _;
        let units: Vec<u8> = command.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let encoded = base64::engine::general_purpose::STANDARD.encode(units);
        let decoded = shell::decoded_power_shell(&["-enc", &encoded]);
        prop_assert_eq!(decoded.as_deref(), Some(command.as_str()));
        shell::decoded_power_shell(&before.split(' ').collect::<Vec<_>>());
    }

    #[test]
    fn any_bytes_are_decoded(bytes in prop::collection::vec(any::<u8>(), 0..200), mark in prop::sample::select(vec![&b""[..], b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"])) {
        let bytes = [mark, &bytes[..]].concat();
        let source = text::decode(&bytes);
        prop_assert!(source.hidden <= source.text.chars().count());
        if mark == b"\xef\xbb\xbf" {
            let plain = text::decode(&bytes[3..]);
            // Another mark behind it is the text's own.
            if !matches!(bytes[3..], [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0xef, 0xbb, 0xbf, ..]) {
                prop_assert_eq!(plain.text, source.text);
            }
        }
    }

    #[test]
    fn a_valid_text_is_decoded_to_itself(code in "\\PC{0,80}") {
        prop_assume!(!code.starts_with('\u{feff}'));
        prop_assert_eq!(&text::decode(code.as_bytes()).text, &code);
        let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(code.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        prop_assert_eq!(&text::decode(&wide).text, &code);
    }

    #[test]
    fn lines_and_columns_grow_with_the_place(code in "(\\PC|\n){0,200}") {
        let lines = text::Lines::of(code.as_bytes());
        let mut before = (1, 1);
        for at in 0..=code.len() {
            let here = lines.place(code.as_bytes(), at as u32);
            prop_assert!(here >= before);
            before = here;
        }
        prop_assert_eq!(before.0 as usize, code.matches('\n').count() + 1);
    }

    #[test]
    fn the_layout_of_any_file_is_told(bytes in prop::collection::vec(any::<u8>(), 0..300), path in prop::sample::select(vec!["a.js", "a.py", "a.rs", "b", "package.json"])) {
        let package = package(path, &bytes);
        let facts = layout::files(&package, &FxHashMap::default());
        prop_assert_eq!(facts.len(), 1);
        prop_assert_eq!(facts[0].length, bytes.len() as u64);
        layout::unimported(&package);
    }

    #[test]
    fn any_bytes_are_unpacked(bytes in prop::collection::vec(any::<u8>(), 0..600), head in prop::sample::select(vec![&b""[..], b"\x1f\x8b\x08\0\0\0\0\0\0\0", b"PK\x03\x04", b"PK\x05\x06"])) {
        let tree = unpack(&[head, &bytes[..]].concat(), &crate::Unpacking::default());
        prop_assert!(tree.entries.len() < 100);
    }

    #[test]
    fn brackets_are_nested_as_deeply_as_they_are(depth in 20_001_usize..40_000, open in prop::sample::select(vec!["(", "[", "{"])) {
        for language in [Language::JavaScript, Language::Python, Language::Rust] {
            prop_assert!(nesting(&open.repeat(depth), language) > 20_000);
        }
    }
}

#[test]
fn places_behind_wide_characters_are_counted_in_bytes() -> Result<(), TestCaseError> {
    for text in [
        "fn a() { b(\"名名名\", c, \"é\"); d(e) }\nfn f() { g(\"\u{1f600}\", h) }",
        "#!/usr/bin/env rust\nfn a() { b(\"名\", c) }",
    ] {
        let program = rust::read(text).map_err(TestCaseError::fail)?;
        places_are_in(&program, text)?;
        let told: Vec<&str> = program
            .calls
            .iter()
            .filter_map(|(call, _)| {
                let span = program.span(*call);
                text.get(span.start as usize..span.end as usize)
            })
            .collect();
        assert!(told.iter().any(|call| call.starts_with("b(")), "{told:?}");
    }
    Ok(())
}
