//! Cut or not, the program is the same.

use super::super::{Dialect, parse, read_by, whole};
use super::{Cut, Parts, Sizes, cuts, is_clean, read};
use oxc_allocator::Allocator;
use oxc_span::SourceType;
use proptest::prelude::*;

const NEVER: Sizes = Sizes {
    file: usize::MAX,
    smallest: 0,
    largest: 0,
};

/// Every body is cut out that is no larger.
const fn up_to(largest: usize) -> Sizes {
    Sizes {
        file: 0,
        smallest: 2,
        largest,
    }
}

fn told(source: &str, path: &str, sizes: Sizes) -> String {
    format!("{:?}", read_by(source, path, sizes))
}

/// Whatever is cut out, the program is that of the whole text.
fn agrees(source: &str, path: &str) {
    let whole = told(source, path, NEVER);
    for largest in [usize::MAX, 200, 60, 20, 5] {
        let cut = told(source, path, up_to(largest));
        assert!(
            cut == whole,
            "{path}, up to {largest}:\n{source}\n{cut}\n{whole}"
        );
    }
}

fn cut_out(source: &str, largest: usize) -> Vec<&str> {
    let text = |cut: &Cut| source.get(cut.start as usize..cut.end as usize);
    cuts(source, up_to(largest))
        .iter()
        .filter_map(text)
        .collect()
}

/// The dialect that a text is written in.
fn dialect(source: &str, path: &str) -> Option<SourceType> {
    let mut dialects = Dialect::of(path).tried().into_iter();
    dialects.find(|dialect| whole(source, *dialect).is_ok())
}

/// It is read in pieces indeed.
fn is_cut(source: &str, path: &str) -> bool {
    let parts = Parts::of(source, up_to(usize::MAX));
    dialect(source, path)
        .zip(parts)
        .is_some_and(|(dialect, parts)| read(&parts, dialect).is_some())
}

/// There is something to cut out, and nothing that a parser complains about.
fn can_be_cut(source: &str, path: &str) -> bool {
    let allocator = Allocator::default();
    !cuts(source, up_to(usize::MAX)).is_empty()
        && dialect(source, path).is_some_and(|dialect| {
            !dialect.is_typescript() && is_clean(&parse(&allocator, source, dialect))
        })
}

/// Texts, each with a function that is cut out.
const CUT: [&str; 67] = [
    "function a() { b() }",
    "function a(b = {}, [c], ...d) { var e = b; return e }",
    "var a = function () { b() }, c = function d() { d() }",
    "var a = function* () { yield b; yield* c }",
    "function* a() { var b = yield; yield\n/c/g }",
    "var a = async function () { await b }",
    "var a = async function* () { for await (var b of c) yield b }",
    "var a = () => { b() }",
    "var a = async () => { await b; await\n/c/g }",
    "var a = async b => { await b }",
    "var a = ({ b }, c = function () { d() }) => { return b }",
    "function a() { await = 1; yield = 2; var async = await\n(b) }",
    "a(function () { b() }, () => { c() })",
    "!function () { a() }()",
    "(function () { 'use strict'; with (a) b() })()",
    "function a() { 'use strict'\n'use asm'\nvar b = 010 }",
    "function a() { if (b) { function c() {} } c(); var d; { let d; function e() {} } }",
    "function a() { b: for (;;) { c: { continue b } } }",
    "function a() { return\nb }",
    "function a() { return { b() { c() }, get d() { return e }, set d(f) {} } }",
    "var a = { b() { c() }, get d() { return e }, set d(f) { g() }, async h() { await i }, *j() { yield k } }",
    "var a = { async *b() { yield await c }, 'd'() { e() }, 1() { f() }, [g]() { h() }, if() { i() } }",
    "class A { constructor() { a() } b() { super.b() } static c() { d() } get e() { return f } }",
    "class A extends B { constructor() { super(); new.target } #c() { this.#c() } static async *d() { yield } }",
    "class A extends f(b) { g() { h() } static { i(function () { j() }) } k = () => { l() }\nm() { n() } }",
    "var a = class { 'b'() { c() } [d]() { e() } static f = function () { g() } }",
    "class A { static { var a = function () { b() } } }",
    "if (a) { b() } else { c(function () { d() }) }",
    "for (var a in b) { c(function () { d in e }) }",
    "for (var a = function () { b in c }; a; ) { d() }",
    "for (var a = function () { return () => { b in c } }; a; ) { d() }",
    "for (var a = 1, b = (() => { 'c' in d })(); b; ) e(() => { f in g })",
    "switch (a) { case function () { b() }: c(); default: d(() => { e() }) }",
    "try { a(function () { b() }) } catch { c() } finally { d() }",
    "try { a() } catch ({ b }) { c(function () { b() }) }",
    "a`${function () { b`}${c}` }}`; `${`${() => { d() }}`}`",
    "function a() { return /}/.test(b) || /[/}]{/g.exec(c) }",
    "function a() { if (b) /}/.test(c); d = e / f; g = (h) / i / j; k++ / l }",
    "function a() { return '}' + \"{\" + `}` + '\\'}' + 'a\\\n}' }",
    "function a() { // }\n /* } */ b() /* {\n */ }",
    "function a() { b() // }\n}",
    "/* { */ function a() { b() } // {",
    "/*b*/function a(/*d*/)/*e*/{ f() }/*g*/",
    "var a = function\n(b)\n{\n  c()\n}",
    "<!-- it's {}\nfunction a() { b() }",
    "function a() {\n--> '{' it's a comment\nb() }",
    "#!/usr/bin/env node {\nfunction a() { b() }",
    "import a from 'b'; export default function () { c() } await d",
    "export function a() { b() } export class C { d() { e() } } export { f } from 'g'",
    "export default async () => { await a }",
    "export const a = () => { import('b').then(function (c) { c() }) }",
    "import 'a'; function b() { return import.meta.url } await\n(c)",
    "var a = async b => await b; function c() { return import.meta.url } export { c }",
    "async function a(b) { await b } var c = () => { import.meta.url }",
    "var awaits = '\\u061c\\u{610}\\u2028', a = awaits.b(() => { import.meta.url }); class C { awaitAll() { c() } }",
    "var a = __commonJS({ \"b.js\"(exports, module) { module.exports = () => { c() } } })",
    "(() => { var a = { 123: (b, c, d) => { b.exports = d(4) }, 4(e) { e() } }; a[123]() })()",
    "var a; function a() { var b = a; a = 1 } a()",
    "var a = b ? function () { c() } : { d() { e() } }",
    "a = async (b) => { await b }, async(c), d => { e() }",
    "function 名() { return '名' + 前 } 名('é', () => { '\u{1f600}' })",
    "a?.b(() => { c?.[d]?.() }).e(function () { f ??= g; h ||= () => { i() } })",
    "label: function a() { b() }",
    "do a(() => { b() }); while (c)",
    "function a() {} function b() { } function c() {\n}",
    "new (class { a() { b() } })().a(new function () { this.c = 1 })",
    "var a = <b c={() => { d() }}>{e.map(f => { return <g h='}'/> })}</b>",
];

/// Texts that are read as a whole, because something in them is not what it looks like.
const WHOLE: [&str; 16] = [
    // Where `in` is no operator.
    "for (var a = () => { b(); }; c in d; ) {}",
    "for (a(() => { b() }); ; ) {}",
    "for (var a = () => { var b = 'c' in d; }; ; ) {}",
    // What makes it a module, and another word of it.
    "function a() { return import.meta.url } await\n(b)",
    "function a() { return import.meta.url } export { a }; await\n(b)",
    "async function a(b = await\n(c)) { return import.meta.url }",
    "function a() { return import.meta.url } \\u0061wait\n(b)",
    "function a() { return import.meta.url } aw\\u{061}it\n(b)",
    // A block behind a call.
    "class A { a = b\nc() }; d()\n{ e() }",
    "a(b)\n{ c() }",
    // Comments that only a script has.
    "<!-- {\nfunction a() { b()\n--> }\n}",
    // What a parser forgives, and what it does not forgive behind that.
    "function a() { '\\u{}' } /b/",
    "'\\u{}'; function a() { /b/ }",
    // Types.
    "function a(b: string): void { c() }",
    // Nothing to cut.
    "a(b, c)",
    // Not closed.
    "function a() { b(",
];

#[test]
fn a_program_is_the_same_in_pieces() {
    for source in CUT {
        assert!(is_cut(source, "a.js"), "{source}");
        for path in ["a.js", "a.mjs", "a.cjs", "a.ts", "a.tsx"] {
            agrees(source, path);
        }
    }
}

#[test]
fn what_is_not_what_it_looks_like_is_read_as_a_whole() {
    for source in WHOLE {
        assert!(!is_cut(source, "a.js"), "{source}");
        for path in ["a.js", "a.mjs", "a.cjs", "a.ts", "a.tsx"] {
            agrees(source, path);
        }
    }
}

#[test]
fn of_bodies_in_each_other_the_outermost_that_fit_are_cut_out() {
    let source = "a(function () { b(() => { c() }); d(() => { e(function () { f() }) }) })";
    assert_eq!(cut_out(source, 100), [&source[14..71]]);
    assert_eq!(
        cut_out(source, 40),
        ["{ c() }", "{ e(function () { f() }) }"]
    );
    assert_eq!(cut_out(source, 10), ["{ c() }", "{ f() }"]);
    assert!(cut_out(source, 5).is_empty());
}

#[test]
fn only_large_files_are_cut() {
    let body = "b();".repeat(100);
    let source = format!("function a() {{ {body} }}\n");
    assert!(cuts(&source, Sizes::default()).is_empty());
    let source = source.repeat(3_000);
    assert_eq!(cuts(&source, Sizes::default()).len(), 3_000);
    assert_eq!(
        told(&source, "a.js", Sizes::default()),
        told(&source, "a.js", NEVER)
    );
}

#[test]
fn a_piece_stands_in_few_brackets() {
    let nested = |levels: usize| {
        format!(
            "{}function () {{ a() }}{}",
            "(".repeat(levels),
            ")".repeat(levels)
        )
    };
    assert!(is_cut(&nested(90), "a.js"));
    assert!(!is_cut(&nested(110), "a.js"));
    agrees(&nested(110), "a.js");
}

#[test]
fn what_does_not_close_is_looked_for_once() {
    for (first, piece) in [
        ("\"", "\\\""),
        ("'", "\\'"),
        ("\"'", "\\\"\\'"),
        ("", "/*"),
        ("=", "/[\\/"),
        ("", "`\\"),
        ("", "`${"),
        ("", "{//"),
        ("", "function(){"),
        ("", "=>{"),
        ("", "/**/ "),
        ("", "( "),
    ] {
        let text = format!("{first}{}", piece.repeat(1 << 18));
        assert!(cuts(&text, up_to(usize::MAX)).is_empty(), "{piece:?}");
    }
}

/// The files of JavaScript in the shapes.
fn shapes() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/shapes");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for part in text.split("\n--- ").skip(1) {
            let (path, rest) = part.split_once('\n').unwrap_or((part, ""));
            let code = rest.split("\n=== ").next().unwrap_or(rest);
            let endings = [".js", ".mjs", ".cjs", ".ts", ".tsx", ".jsx"];
            if endings.iter().any(|ending| path.ends_with(ending)) {
                found.push((path.to_owned(), code.to_owned()));
            }
        }
    }
    found
}

#[test]
fn every_shape_is_the_same_in_pieces() {
    let shapes = shapes();
    let (mut with_bodies, mut in_pieces) = (0, 0);
    for (path, code) in &shapes {
        agrees(code, path);
        if !cuts(code, up_to(usize::MAX)).is_empty() {
            with_bodies += 1;
            in_pieces += usize::from(is_cut(code, path));
        }
    }
    assert!(with_bodies > 150, "{with_bodies} of {}", shapes.len());
    // Only TypeScript is not.
    assert!(
        in_pieces * 100 > with_bodies * 95,
        "{in_pieces} of {with_bodies}"
    );
}

/// A text in which nothing is other than it looks.
fn honest() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "a();",
        "var b = 'c}';",
        "let d = `{${e}`;",
        "if (f) /}/.test(g);",
        "return;",
        "h = i / j / k;",
        "// }\n",
        "/* { */",
        "l: for (m of n) { break l }",
        "o = { p: {}, q };",
        "async = of = get;",
        "'use strict';",
        "r\ns",
        "\n",
    ]);
    leaf.prop_map(str::to_owned)
        .prop_recursive(6, 60, 6, |inner| {
            let frame = prop::sample::select(vec![
                ("function a() {", "}"),
                ("var b = function* (c, d = {}) {", "};"),
                ("e(async function () {", "}, f);"),
                ("g = () => {", "};"),
                ("h(async (i) => {", "});"),
                ("if (j) {", "}"),
                ("for (var k = function () {", "}; k; ) {}"),
                ("switch (l) { case 1:", "}"),
                ("try {", "} catch (m) {}"),
                ("n = { o() {", "}, get p() { return 1 } };"),
                ("q = { 'r'(s) {", "} };"),
                ("class T extends u(v) { w() {", "} }"),
                ("class X { static y = () => {", "} }"),
                ("class Z { static {", "} }"),
                ("`${function () {", "}}`;"),
                ("(function (a) {", "})(b);"),
                ("{", "}"),
            ]);
            (frame, prop::collection::vec(inner, 0..6))
                .prop_map(|((open, close), parts)| format!("{open} {} {close}\n", parts.concat()))
        })
}

const SOUP: [&str; 52] = [
    "function ",
    "function(){",
    "function a(b){",
    "function*(){",
    "async ",
    "async()=>{",
    "()=>{",
    "a=>",
    "=>{",
    "class A{",
    "class A extends b(c){",
    "static{",
    "get d(){",
    "'e'(){",
    "[f](){",
    "*g(){",
    "if(a){",
    "for(",
    "for(var a=",
    "for await(",
    "in ",
    "of ",
    "({",
    "})",
    "}",
    "}",
    "}",
    "{",
    "(",
    ")",
    "[",
    "]",
    "a",
    "b()",
    ";",
    ",",
    ":",
    "?",
    "=",
    "/",
    "/g",
    "`",
    "${",
    "'",
    "//",
    "/*",
    "*/",
    "\n",
    "await ",
    "yield ",
    "import.meta",
    "export ",
];

fn soup() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&SOUP[..]), 0..40).prop_map(|parts| parts.concat())
}

fn path() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a.js", "a.mjs", "a.cjs", "a.tsx"])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn an_honest_text_is_read_in_pieces_and_the_same(code in prop::collection::vec(honest(), 1..5), path in path()) {
        let code = code.concat();
        agrees(&code, path);
        if can_be_cut(&code, path) {
            prop_assert!(is_cut(&code, path), "{}", code);
        }
    }

    #[test]
    fn any_tokens_are_the_same_in_pieces(code in soup(), path in path()) {
        agrees(&code, path);
    }

    #[test]
    fn a_text_that_something_was_taken_from_or_put_into_is_the_same_in_pieces(
        which in 0..CUT.len(),
        other in 0..CUT.len(),
        at in 0.0..1.0_f64,
        length in 0..12_usize,
        put in prop::sample::select(&SOUP[..]),
        path in path(),
    ) {
        let code: Vec<char> = CUT[which].chars().chain(['\n']).chain(CUT[other].chars()).collect();
        let from = (at * code.len() as f64) as usize;
        let to = (from + length).min(code.len());
        let (before, behind): (String, String) = (code[..from].iter().collect(), code[to..].iter().collect());
        agrees(&format!("{before}{behind}"), path);
        agrees(&format!("{before}{put}{behind}"), path);
    }
}
