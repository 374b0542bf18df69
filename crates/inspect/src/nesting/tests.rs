use super::*;
use proptest::prelude::*;

/// A piece, over and over: more often than a stack bears.
fn deep(language: Language, piece: &str) -> usize {
    nesting(&piece.repeat(100_000), language)
}

#[test]
fn what_would_exhaust_a_stack_is_seen_on_one_line_and_on_many() {
    for piece in [
        "(",
        "[",
        "{",
        "!",
        "a=>",
        "a=>\n",
        "a?b:",
        "a\n?b\n:",
        "a.",
        "new ",
        "-\n",
        "await\n",
        "if(a);else ",
        "if(a)b\nelse ",
        "if(a)\n",
        "while(1)\n",
        "a:\n",
        "for(;;)",
        "do ",
        "<a>",
        "<a>\n",
        "< a\n>",
        "<a b=",
        "<a b={",
        "<a b c='d'>\n",
        "<>",
        "`${",
        "a**\n",
        "M<a,",
        "M<\n",
        "a\n=",
        "typeof\n",
        "{[/*]}*/",
        "[/]/,",
        "(//)\n",
        "<a/**/ >",
        "if(a)/\\]}/;[{",
        "function a(){",
        "class extends ",
        "keyof ",
        "new\u{a0}",
        "typeof\u{2003}",
        "namespace a{",
        "(\"",
    ] {
        assert!(deep(Language::JavaScript, piece) > ESTIMATE, "{piece:?}");
    }
    for piece in [
        "(",
        "[",
        "{",
        "not ",
        "lambda a,b:",
        "a if b else ",
        "a.",
        "a()(",
        "-",
        "(1+\n",
        "f()(\n)",
        "a\\\n.",
        "(#)\n",
        "await ",
        "[0][",
    ] {
        assert!(deep(Language::Python, piece) > ESTIMATE, "{piece:?}");
    }
    for piece in [
        "(",
        "[",
        "{",
        "!",
        "&",
        "*",
        "M<a,",
        "M<\n",
        "-\n",
        "|a,b|",
        "move |a,b| ",
        "if a {} else ",
        "return ",
        "a.b()\n.",
        "(/*)*/",
        "&'a ",
        "f('a', ",
        "break ",
        "a()?\n",
    ] {
        assert!(deep(Language::Rust, piece) > ESTIMATE, "{piece:?}");
    }
}

#[test]
fn what_stands_side_by_side_is_not_nested() {
    let flat = |language, piece: &str| {
        let deepest = tokens(piece.repeat(50_000).as_bytes(), language);
        assert!(deepest < 30, "{piece:?}: {deepest}");
    };
    for piece in [
        "f(a, b); if (c) { d([1]) }\n",
        "f(a,b);if(c){d([1])}else{e()}",
        "function a(){return b<c}",
        "x = \"(((((\";\n",
        "x = '(' // a( b\n",
        "/* (((( */ a()\n",
        "a.b(c)\n",
        "a = b\n",
        "const a = b < c ? d : e\n",
        "let a = /[(]\\//g;\n",
        "let a = `(${b}(`;\n",
        "<a b={c}>d<e/></a>;\n",
        "a + b * c - d;",
        "a={b:1,c:!0,d:-1};",
        "\"a\" +\n",
    ] {
        flat(Language::JavaScript, piece);
    }
    for piece in [
        "a = b.c(d)[e] + 1\n",
        "if a: # (\n    b()\nelif c:\n    d()\nelse:\n    e = [f for f in g]\n",
        "a = {'(': 1, 'b': not c}\n",
    ] {
        flat(Language::Python, piece);
    }
    for piece in [
        "fn a<'b>(c: &'b str) -> Vec<u8> { if d { e() } else { f.g()? } }\n",
        "#[a] struct B { c: Vec<Vec<u8>> }\n",
        "const A: char = '(';\n",
        "a!(b, c);\n",
    ] {
        flat(Language::Rust, piece);
    }
}

#[test]
fn a_bracket_of_a_text_is_forgotten_with_its_block() {
    assert!(brackets("a() { b('(') }".repeat(50_000).as_bytes()) < 5);
    assert!(brackets("a('(');".repeat(50_000).as_bytes()) > ESTIMATE);
}

#[test]
fn what_does_not_close_is_looked_for_once() {
    // Whoever looks again at each of these never comes back.
    for (first, piece) in [
        ("\"", "\\\""),
        ("'", "\\'"),
        ("\"'", "\\\"\\'"),
        ("", "/*"),
        ("=", "/[\\/"),
        ("", "`\\"),
        ("", "< "),
    ] {
        let text = format!("{first}{}", piece.repeat(1 << 20));
        for language in [Language::JavaScript, Language::Python, Language::Rust] {
            nesting(&text, language);
        }
    }
}

#[test]
fn a_short_text_is_no_deeper_than_it_is_long() {
    assert_eq!(nesting("((", Language::Rust), 2);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn no_reading_finds_more_levels_than_there_are_tokens_that_nest(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "(", ")", "[", "]", "{", "}", "`", "${", "<", ">", "</", "/>", "<a", "|", "||", "!",
                "~", "?", "=", "=>", "-", "+", "*", ":", "@", "&", ".", "%", "/", "^", ",", ";",
                "\"", "'", "\\", "\n", " ", "#", "//", "/*", "*/", "a", "_", "$", "1", "1e5", "é",
                "if", "else", "new ", "lambda ", "for", "await\n", "in ", "a1b", "move", "dyn",
            ]),
            0..200,
        ),
        language in prop::sample::select(
            vec![Language::JavaScript, Language::Python, Language::Rust],
        ),
    ) {
        let text = parts.concat();
        let found = tokens(text.as_bytes(), language);
        prop_assert!(found <= most(text.as_bytes()), "{found} levels in {text}");
    }
}
