//! Hidden text that is run and does nothing beyond computing.

use super::{Recogniser, drop_mark, has};
use customs_model::Mark;

pub(super) static HARMLESS_CONTENT: Recogniser = Recogniser {
    id: "harmless-content",
    what: "A text that was decoded and is run, or written to a configuration, was read whole, and nothing in \
           it reaches beyond the program.",
    why: "Compilers of templates, loaders of grammars and bundles for development make code from text.",
    twin: "The text starts a process or opens the network, or cannot be read.",
    limits: "Text that runs other text which is fetched later is as harmless as what it fetches.",
    recognises: |flow, _| {
        has(flow, Mark::NoEffect)
            .then(|| "the text was read, and nothing in it reaches beyond the program".to_owned())
    },
    without: |flow| {
        drop_mark(flow, Mark::NoEffect);
        if !has(flow, Mark::HiddenEffect) {
            flow.marks.push(Mark::HiddenEffect);
        }
    },
};

#[cfg(test)]
mod tests {
    use crate::recognise::tests::{flow, pair};
    use customs_model::{Mark, SinkKind, SourceKind};

    #[test]
    fn text_without_effect_is_recognised_and_text_with_one_is_proof() {
        let run = |mark| {
            flow(
                (SourceKind::Decoded, "atob"),
                SinkKind::DynamicCode,
                "text",
                &[mark],
            )
        };
        pair(
            "harmless-content",
            run(Mark::NoEffect),
            run(Mark::HiddenEffect),
        );
    }
}
