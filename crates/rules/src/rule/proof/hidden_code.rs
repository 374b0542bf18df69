//! P4: code that was hidden in the package is run.

use super::{FACTS, Proof, Weight};
use crate::doc::RuleDoc;
use customs_model::{Flow, Inspection, Mark, SinkKind, SourceKind, Target, Zone, printable};

pub(in crate::rule) static RULE: Proof = Proof {
    doc: &DOC,
    weigh,
    says,
};

static DOC: RuleDoc = RuleDoc {
    id: "hidden-code",
    title: "Code that hides what it does is not run unasked.",
    what: "Text or bytes that were decoded from a constant or from a file that is no code reach an evaluator or \
           a process at install, start or import; and what was decoded reaches network, processes or files, which \
           the visible code does not show. Or it cannot be decoded without running it, at install or start.",
    why: "Honest code has no reason to hide that it starts a process.",
    effect: "block",
    ends: "never by itself; an exemption names the release",
    settings: &[],
    facts: FACTS,
    fires: &["`eval(atob('…'))` at import, where the text requires `child_process`."],
    silent: &[
        "`Function('return this')()`, template compilers, source maps.",
        "Decoded text goes to a parser.",
        "A file of the package is evaluated as it stands: it is read like any other code.",
        "Protected commercial code at import, and a constant that only a key from elsewhere opens: then it is \
         suspicious.",
    ],
    learnt_from: "event-stream (November 2018), axios (March 2026), LiteLLM (2026).",
};

fn weigh(flow: &Flow, _inspection: &Inspection) -> Weight {
    let hidden = matches!(
        flow.source,
        SourceKind::Decoded | SourceKind::Opaque | SourceKind::OwnFile
    );
    if !hidden
        || !matches!(
            flow.sink,
            SinkKind::DynamicCode
                | SinkKind::Process
                | SinkKind::Module
                | SinkKind::ForeignMemory
                | SinkKind::ExecutedFile
        )
    {
        return Weight::None;
    }
    if flow.marks.contains(&Mark::NoEffect) || flow.marks.contains(&Mark::InPlainSight) {
        return Weight::None;
    }
    let early = matches!(flow.zone, Zone::Install | Zone::Start);
    if flow.marks.contains(&Mark::HiddenEffect) {
        return if early || matches!(flow.zone, Zone::Import | Zone::Folder) {
            Weight::Proof
        } else {
            Weight::Note
        };
    }
    if flow.sink == SinkKind::ExecutedFile {
        return if early && flow.source == SourceKind::Decoded {
            Weight::Suspicious
        } else {
            Weight::None
        };
    }
    if flow.target == Target::Opaque && flow.source != SourceKind::OwnFile {
        // A command that is joined from constants is seldom hidden.
        if flow.sink == SinkKind::Process && flow.source == SourceKind::Opaque {
            return Weight::Note;
        }
        return match (early, flow.marks.contains(&Mark::Large)) {
            (true, true) => Weight::Proof,
            (true, false) => Weight::Suspicious,
            (false, large) if flow.zone == Zone::Import && (large || is_decrypted(flow)) => {
                Weight::Suspicious
            }
            _ => Weight::Note,
        };
    }
    Weight::Note
}

/// Whether a constant is run that only a key opens. Nobody can read it who does not have the key.
fn is_decrypted(flow: &Flow) -> bool {
    flow.source == SourceKind::Decoded
        && (flow.source_name.starts_with("crypto.createDecipher")
            || flow.source_name.ends_with(".decrypt"))
}

fn says(flow: &Flow) -> String {
    let what = match &flow.target {
        Target::Constant(text) => format!(" (`{}`)", printable(text, 80)),
        Target::Opaque => ", which cannot be read without running it".to_owned(),
        Target::Caller => String::new(),
    };
    let how = if flow.marks.contains(&Mark::InPlainSight) {
        "runs text as code that it reads from"
    } else {
        "runs code that it hides in"
    };
    format!("it {how} {}{what}", printable(&flow.source_name, 80))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_that_a_key_opens_is_suspicious_where_it_is_run_unasked() {
        let run = |name: &str, zone| {
            let flow = Flow {
                source: SourceKind::Decoded,
                source_name: name.to_owned(),
                sink: SinkKind::DynamicCode,
                sink_name: "exec".to_owned(),
                target: Target::Opaque,
                zone,
                path: Vec::new(),
                marks: Vec::new(),
            };
            weigh(&flow, &Inspection::default())
        };
        let decrypted = "cryptography.fernet.Fernet().decrypt";
        assert_eq!(run(decrypted, Zone::Import), Weight::Suspicious);
        assert_eq!(run(decrypted, Zone::Called), Weight::Note);
        assert_eq!(run("atob", Zone::Import), Weight::Note);
    }
}
