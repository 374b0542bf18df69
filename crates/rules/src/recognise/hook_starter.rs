//! The starter that a tool for git hooks puts into place.

use super::{Recogniser, Seen};
use customs_model::{Flow, Mark, SinkKind, SourceKind, Target};

pub(super) static HOOK_STARTER: Recogniser = Recogniser {
    id: "hook-starter",
    what: "A git hook is written from what stands in the package, and nothing in it opens the network or \
           starts more than the package's own program.",
    why: "Tools whose business are git hooks write them when they are installed.",
    twin: "The hook comes from the network or was decoded, or what is written has an effect of its own.",
    limits: "The program of the package that the hook starts is judged for itself, not as a hook.",
    recognises,
    without: |flow| flow.marks.push(Mark::HiddenEffect),
};

fn recognises(flow: &Flow, _seen: &Seen<'_>) -> Option<String> {
    is_starter(flow)
        .then(|| "the hook is written from what stands in the package, and does no more".to_owned())
}

/// Whether a flow writes such a starter.
pub(crate) fn is_starter(flow: &Flow) -> bool {
    flow.sink == SinkKind::Configuration
        && matches!(flow.source, SourceKind::Constant | SourceKind::OwnFile)
        && !flow.marks.contains(&Mark::HiddenEffect)
        && matches!(&flow.target, Target::Constant(text) if text.ends_with("(git hook)"))
}

#[cfg(test)]
mod tests {
    use crate::recognise::tests::{flow, pair};
    use customs_model::{Mark, SinkKind, SourceKind};

    #[test]
    fn a_starter_is_recognised_and_a_hook_with_an_effect_is_proof() {
        let written = |marks: &[Mark]| {
            flow(
                (SourceKind::Constant, "git hook"),
                SinkKind::Configuration,
                "<cwd>/.git/hooks/pre-commit (git hook)",
                marks,
            )
        };
        pair("hook-starter", written(&[]), written(&[Mark::HiddenEffect]));
    }
}
