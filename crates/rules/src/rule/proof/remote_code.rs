//! P3: bytes from the network are run.

use super::{FACTS, Proof, Weight, unasked};
use crate::doc::RuleDoc;
use crate::recognise::own_machine;
use crate::score::names_a_module;
use customs_model::{
    Flow, Inspection, Mark, SinkKind, SourceKind, Target, VISITOR, Zone, printable,
};

pub(in crate::rule) static RULE: Proof = Proof {
    doc: &DOC,
    weigh,
    says,
};

static DOC: RuleDoc = RuleDoc {
    id: "remote-code",
    title: "What was not published is not run.",
    what: "Bytes from the network reach an evaluator, a process, a module loader or a file that is then run, \
           at install, start, import or when a folder is opened, and no digest that stands in the package guards \
           it. Whoever calls for it: a shell takes its input from a host that stands in the code, or a header or \
           cookie of a visitor is evaluated.",
    why: "Whoever controls the host decides on every installation anew what runs; nobody can review it.",
    effect: "block",
    ends: "never by itself; an exemption names the release",
    settings: &[],
    facts: FACTS,
    fires: &[
        "A postinstall script downloads a file, sets its execution bit and starts it.",
        "A shell gets its input from a host that stands in the code, whoever calls the function.",
        "What a visitor of a server sends in a header or a cookie is evaluated, or run as a command.",
    ],
    silent: &[
        "Only a caller has it happen; of a crate, which has no other way of running, that is suspicious where the \
         host stands in the code.",
        "The download is compared with a digest in the package before it is run.",
        "The host is one that the package names as its own: then it is suspicious.",
        "It is compared with a digest in the package, and nothing shows that the comparison always comes \
         first and stops it: then it is suspicious.",
        "In Python, settings that may lie on some host say which of the installed modules is loaded: the name \
         of a module brings no code along.",
        "The host says which file in a folder that stands in the code is loaded, and nothing shows that it was \
         downloaded: then it is suspicious.",
        "A command that the user runs looks for updates.",
    ],
    learnt_from: "axios (March 2026), Mastra, ua-parser-js (October 2021).",
};

pub(super) fn runs(sink: SinkKind) -> bool {
    matches!(
        sink,
        SinkKind::DynamicCode
            | SinkKind::Process
            | SinkKind::Module
            | SinkKind::ExecutedFile
            | SinkKind::ForeignMemory
    )
}

fn weigh(flow: &Flow, inspection: &Inspection) -> Weight {
    if flow.source != SourceKind::Remote
        || !runs(flow.sink)
        || super::download_cradle::is_cradle(flow)
    {
        return Weight::None;
    }
    weigh_remote(flow, inspection)
}

pub(super) fn weigh_remote(flow: &Flow, _inspection: &Inspection) -> Weight {
    let host = flow
        .source_name
        .strip_prefix("the answer of ")
        .unwrap_or("a host");
    let known = host != "a host" && !host.is_empty();
    if own_machine::is_loopback(host) {
        return Weight::None;
    }
    if flow.source_name == VISITOR && !unasked(flow.zone) {
        return match flow.zone > Zone::Never && is_text_that_runs(flow) {
            true if flow.sink_name.contains("load") => Weight::Suspicious,
            true => Weight::Proof,
            false => Weight::Note,
        };
    }
    if !unasked(flow.zone) {
        if known && flow.zone > Zone::Never && is_shell_of_host(flow) {
            return Weight::Proof;
        }
        return if known && is_of_crate(flow) {
            Weight::Suspicious
        } else {
            Weight::Note
        };
    }
    if flow.marks.contains(&Mark::PinnedByDigest) {
        return Weight::Note;
    }
    // A comparison that may stop nothing excuses nothing; that it does is not shown either.
    let compared = flow.marks.contains(&Mark::ComparedWithDigest);
    // The host says which of the files on this machine is loaded, and not what stands in it.
    let names = flow.sink == SinkKind::Module && matches!(flow.target, Target::Constant(_));
    if flow.marks.contains(&Mark::OwnHost) || compared || names || !known {
        return if names_a_module(flow) {
            Weight::Note
        } else {
            Weight::Suspicious
        };
    }
    Weight::Proof
}

/// Whether text is run as it comes: evaluated, or as a line of a shell, and not as one of the words that
/// a program is given. Over many steps it is a part of something else by then: the port of a server
/// that a command looks for.
fn is_text_that_runs(flow: &Flow) -> bool {
    const STEPS: usize = 7;
    const SHELLS: [&str; 7] = [
        "exec",
        "execSync",
        "system",
        "popen",
        "getoutput",
        "getstatusoutput",
        "create_subprocess_shell",
    ];
    let last = flow.sink_name.rsplit('.').next().unwrap_or_default();
    let is_line = flow.sink == SinkKind::Process && SHELLS.contains(&last);
    (flow.sink == SinkKind::DynamicCode || is_line) && flow.path.len() <= STEPS
}

/// Whether a shell takes its input from a connection to a host that stands in the code: whoever calls
/// it did not ask for that.
fn is_shell_of_host(flow: &Flow) -> bool {
    flow.sink == SinkKind::Process
        && flow.sink_name.starts_with("the streams of ")
        && !flow.marks.contains(&Mark::OwnHost)
}

/// Whether a function of a crate runs what a host that stands in the code sends. Of a crate nothing
/// runs when it is imported: who uses it calls it, and that is all that an attacker waits for
/// (rustdecimal, May 2022; evm-units, December 2025).
fn is_of_crate(flow: &Flow) -> bool {
    let guarded = [
        Mark::OwnHost,
        Mark::PinnedByDigest,
        Mark::ComparedWithDigest,
    ];
    flow.zone == Zone::Called
        && flow.sink != SinkKind::Module
        && !guarded.iter().any(|mark| flow.marks.contains(mark))
        && flow
            .path
            .last()
            .is_some_and(|hop| hop.at.file.ends_with(".rs"))
}

fn says(flow: &Flow) -> String {
    let how = match flow.sink {
        SinkKind::ExecutedFile => "runs a file that it downloaded",
        SinkKind::Process => "starts a process from",
        SinkKind::Module => "loads a module from",
        _ => "runs code from",
    };
    format!("it {how} ({})", printable(&flow.source_name, 120))
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::{Edge, Hop, Place};

    fn loads(sink_name: &str, host: &str) -> Weight {
        loads_from(sink_name, host, Target::Opaque)
    }

    fn loads_from(sink_name: &str, host: &str, target: Target) -> Weight {
        let flow = Flow {
            source: SourceKind::Remote,
            source_name: format!("the answer of {host}"),
            sink: SinkKind::Module,
            sink_name: sink_name.to_owned(),
            target,
            zone: Zone::Import,
            path: Vec::new(),
            marks: Vec::new(),
        };
        weigh(&flow, &Inspection::default())
    }

    #[test]
    fn the_name_of_a_module_from_some_host_brings_no_code_along() {
        assert_eq!(loads("importlib.import_module", "a host"), Weight::Note);
        assert_eq!(loads("__import__", "a host"), Weight::Note);
        // The path of a file does, and so does what a stranger's host names.
        let by_path = "importlib.util.spec_from_file_location";
        assert_eq!(loads(by_path, "a host"), Weight::Suspicious);
        assert_eq!(loads("require", "a host"), Weight::Suspicious);
        assert_eq!(loads("__import__", "c2.invalid"), Weight::Proof);
    }

    #[test]
    fn a_host_that_says_which_file_of_the_machine_is_loaded_is_suspicious() {
        let here = || Target::Constant("a file of this machine".to_owned());
        let by_name = loads_from("require", "c2.invalid", here());
        assert_eq!(by_name, Weight::Suspicious);
        assert_eq!(loads("require", "c2.invalid"), Weight::Proof);
    }

    #[test]
    fn a_shell_of_a_host_and_text_of_visitors_are_proof_whoever_calls() {
        let called = |source: &str, sink, sink_name: &str, steps: usize| {
            let hop = Hop {
                what: String::new(),
                at: Place {
                    file: "a.js".to_owned(),
                    line: 1,
                    column: 1,
                    bytes: (0, 1),
                },
                edge: Edge::Told,
                hidden: None,
                shown: None,
            };
            let flow = Flow {
                source: SourceKind::Remote,
                source_name: source.to_owned(),
                sink,
                sink_name: sink_name.to_owned(),
                target: Target::Opaque,
                zone: Zone::Called,
                path: vec![hop; steps],
                marks: Vec::new(),
            };
            weigh(&flow, &Inspection::default())
        };
        let process = SinkKind::Process;
        let shell = "the streams of sh";
        assert_eq!(
            called("the answer of a.invalid", process, shell, 2),
            Weight::Proof
        );
        // The caller says which host it is.
        assert_eq!(
            called("the answer of a host", process, shell, 2),
            Weight::Note
        );
        assert_eq!(
            called("the answer of a.invalid", process, "spawn", 2),
            Weight::Note
        );
        let evaluated = SinkKind::DynamicCode;
        assert_eq!(called(VISITOR, evaluated, "eval", 3), Weight::Proof);
        assert_eq!(called(VISITOR, process, "exec", 3), Weight::Proof);
        assert_eq!(called(VISITOR, process, "exec", 9), Weight::Note);
        assert_eq!(
            called(VISITOR, SinkKind::Module, "require", 3),
            Weight::Note
        );
    }

    #[test]
    fn what_a_function_of_a_crate_fetches_and_runs_is_suspicious() {
        let called = |host: &str, file: &str, marks: Vec<Mark>| {
            let hop = Hop {
                what: String::new(),
                at: Place {
                    file: file.to_owned(),
                    line: 1,
                    column: 1,
                    bytes: (0, 1),
                },
                edge: Edge::Told,
                hidden: None,
                shown: None,
            };
            let flow = Flow {
                source: SourceKind::Remote,
                source_name: format!("the answer of {host}"),
                sink: SinkKind::ExecutedFile,
                sink_name: "spawn".to_owned(),
                target: Target::Constant("/tmp/a".to_owned()),
                zone: Zone::Called,
                path: vec![hop],
                marks,
            };
            weigh(&flow, &Inspection::default())
        };
        let host = "c2.invalid";
        assert_eq!(called(host, "src/lib.rs", vec![]), Weight::Suspicious);
        assert_eq!(called("a host", "src/lib.rs", vec![]), Weight::Note);
        assert_eq!(called(host, "index.js", vec![]), Weight::Note);
        let pinned = vec![Mark::PinnedByDigest];
        assert_eq!(called(host, "src/lib.rs", pinned), Weight::Note);
    }
}
