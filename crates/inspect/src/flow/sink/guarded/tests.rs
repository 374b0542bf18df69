//! Comparisons that stop what is run, and those that only look like it.

use crate::flow::testing::{found, script, wheel};
use crate::unpack::Entry;
use customs_model::{Mark, SinkKind, SourceKind};

const DIGEST: &str = "3d5a9e10c7b2f4866e1d0a9b8c7f6e5d4c3b2a190f8e7d6c5b4a39281706f5e4";

/// How what is fetched and run is marked.
#[derive(Debug, PartialEq, Eq)]
enum Kept {
    Stopped,
    Perhaps,
    Free,
}

fn kept(entries: Vec<Entry>) -> Kept {
    let found = found(entries);
    let runs = found.flows.iter().filter(|flow| {
        flow.source == SourceKind::Remote
            && matches!(flow.sink, SinkKind::ExecutedFile | SinkKind::Process)
    });
    let mut worst = None;
    for flow in runs {
        let one = if flow.marks.contains(&Mark::PinnedByDigest) {
            Kept::Stopped
        } else if flow.marks.contains(&Mark::ComparedWithDigest) {
            Kept::Perhaps
        } else {
            Kept::Free
        };
        if worst.is_none() || one != Kept::Stopped {
            worst = Some(one);
        }
    }
    worst.expect("nothing that is fetched is run")
}

/// JavaScript with what it needs; `SUM` is the digest of `bytes`, `RUN` writes and runs them.
fn js(code: &str) -> Kept {
    let code = code
        .replace("SUM", "crypto.createHash('sha256').update(bytes).digest('hex')")
        .replace(
            "RUN",
            "fs.writeFileSync('/tmp/helper', bytes, { mode: 0o755 });\ncp.execFileSync('/tmp/helper');",
        )
        .replace(
            "FETCH",
            "Buffer.from(await (await fetch('https://x.invalid/helper')).arrayBuffer())",
        );
    kept(script(&format!(
        "const crypto = require('crypto'), fs = require('fs'), cp = require('child_process');\n\
         const EXPECTED = '{DIGEST}';\n{code}\n"
    )))
}

#[track_caller]
fn all(expected: &Kept, codes: &[&str]) {
    for code in codes {
        assert_eq!(&js(code), expected, "{code}");
    }
}

#[test]
fn a_check_that_comes_first_and_ends_it_stops_it() {
    all(
        &Kept::Stopped,
        &[
            "(async () => {\nconst bytes = FETCH;\nif (SUM !== EXPECTED) throw new Error('no');\nRUN\n})();",
            "(async () => {\nconst bytes = FETCH;\nif (SUM !== EXPECTED) process.exit(1);\nRUN\n})();",
            "(async () => {\nconst bytes = FETCH;\nif (SUM !== EXPECTED) return;\nRUN\n})();",
            "(async () => {\nconst bytes = FETCH;\nif (SUM === EXPECTED) {\nRUN\n} else { throw new Error('no'); }\n})();",
            // Whoever catches it ends the program as well.
            "(async () => {\ntry {\nconst bytes = FETCH;\nif (SUM !== EXPECTED) throw new Error('no');\nRUN\n\
             } catch (error) { console.error(error); }\n})();",
            "async function main() {\nconst bytes = FETCH;\nif (SUM !== EXPECTED) throw new Error('no');\nRUN\n}\n\
             main().catch(() => {});",
        ],
    );
}

#[test]
fn a_check_in_a_function_that_is_called_first_stops_it() {
    let check = "function check(bytes) { if (SUM !== EXPECTED) throw new Error('no'); }\n";
    let after = "(async () => {\nconst bytes = FETCH;\ncheck(bytes);\nRUN\n})();";
    assert_eq!(js(&format!("{check}{after}")), Kept::Stopped);
    let fetches = "async function get() {\nconst bytes = FETCH;\n\
                   if (SUM !== EXPECTED) throw new Error('no');\nreturn bytes;\n}\n\
                   (async () => {\nconst bytes = await get();\nRUN\n})();";
    assert_eq!(js(fetches), Kept::Stopped);
    let asks = "function good(bytes) { if (SUM !== EXPECTED) return false; return true; }\n\
                (async () => {\nconst bytes = FETCH;\nif (!good(bytes)) throw new Error('no');\nRUN\n})();";
    assert_eq!(js(asks), Kept::Stopped);
}

#[test]
fn a_check_that_comes_too_late_or_is_caught_stops_nothing() {
    all(
        &Kept::Free,
        &[
            "(async () => {\nconst bytes = FETCH;\nRUN\nif (SUM !== EXPECTED) throw new Error('no');\n})();",
            "(async () => {\nconst bytes = FETCH;\ntry {\nif (SUM !== EXPECTED) throw new Error('no');\n\
             } catch {}\nRUN\n})();",
            "(async () => {\nconst bytes = FETCH;\nif (SUM !== EXPECTED) {\nRUN\nthrow new Error('no');\n}\n})();",
            "(async () => {\nconst bytes = FETCH;\nif (process.env.CHECKED) {\n\
             if (SUM !== EXPECTED) throw new Error('no');\n}\nRUN\n})();",
        ],
    );
}

#[test]
fn a_check_in_a_function_that_nobody_calls_or_that_is_caught_stops_nothing() {
    let check = "function check(bytes) { if (SUM !== EXPECTED) throw new Error('no'); }\n";
    let never = "(async () => {\nconst bytes = FETCH;\nRUN\n})();";
    assert_eq!(js(&format!("{check}{never}")), Kept::Free);
    let caught = "(async () => {\nconst bytes = FETCH;\ntry { check(bytes); } catch {}\nRUN\n})();";
    assert_eq!(js(&format!("{check}{caught}")), Kept::Free);
    let late = "(async () => {\nconst bytes = FETCH;\nRUN\ncheck(bytes);\n})();";
    assert_eq!(js(&format!("{check}{late}")), Kept::Free);
    let unasked = "function good(bytes) { if (SUM !== EXPECTED) return false; return true; }\n\
                   (async () => {\nconst bytes = FETCH;\ngood(bytes);\nRUN\n})();";
    assert_eq!(js(unasked), Kept::Perhaps);
}

#[test]
fn a_check_that_the_environment_can_leave_out_may_stop_it() {
    all(
        &Kept::Perhaps,
        &[
            "(async () => {\nconst bytes = FETCH;\n\
             if (process.env.CHECKED && SUM !== EXPECTED) throw new Error('no');\nRUN\n})();",
            "function check(bytes) {\nif (!process.env.CHECKED) return;\n\
             if (SUM !== EXPECTED) throw new Error('no');\n}\n\
             (async () => {\nconst bytes = FETCH;\ncheck(bytes);\nRUN\n})();",
        ],
    );
}

#[test]
fn a_check_in_python_has_to_come_first_too() {
    let python = |code: &str| {
        kept(wheel(&format!(
            "import hashlib, os, subprocess, sys, urllib.request\nEXPECTED = '{DIGEST}'\n\
             data = urllib.request.urlopen('https://x.invalid/helper').read()\n{code}\n"
        )))
    };
    let check = "if hashlib.sha256(data).hexdigest() != EXPECTED:\n";
    let run = "with open('/tmp/helper', 'wb') as out:\n    out.write(data)\nsubprocess.run(['/tmp/helper'])";
    assert_eq!(
        python(&format!("{check}    raise SystemExit(1)\n{run}")),
        Kept::Stopped
    );
    assert_eq!(
        python(&format!("{check}    sys.exit(1)\n{run}")),
        Kept::Stopped
    );
    assert_eq!(
        python(&format!("{run}\n{check}    raise SystemExit(1)")),
        Kept::Free
    );
    let caught = format!(
        "try:\n    {}        raise ValueError()\nexcept ValueError:\n    pass\n{run}",
        check
    );
    assert_eq!(python(&caught), Kept::Free);
    let asked =
        format!("if os.environ.get('CHECKED'):\n    {check}        raise ValueError()\n{run}");
    assert_eq!(python(&asked), Kept::Free);
}

#[test]
fn what_is_made_executable_before_the_check_and_run_after_it_is_stopped() {
    let write = "fs.writeFileSync('/tmp/helper', bytes);\nfs.chmodSync('/tmp/helper', 0o755);\n";
    let check = "if (SUM !== EXPECTED) throw new Error('no');\n";
    let run = "cp.execFileSync('/tmp/helper');\n";
    let code = |steps: [&str; 3]| {
        let steps = steps.concat();
        js(&format!(
            "async function main() {{\nconst bytes = FETCH;\n{steps}}}\nmain();"
        ))
    };
    assert_ne!(code([write, check, run]), Kept::Free);
    assert_eq!(code([write, run, check]), Kept::Free);
}
