//! Text that is run and stands in the package for everybody to read.

use super::{Recogniser, drop_mark, has};
use customs_model::Mark;

pub(super) static VISIBLE_TEXT: Recogniser = Recogniser {
    id: "visible-text",
    what: "A text that is run as code stands in the package as it is, in a file of code or of JSON: it was \
           only read, joined or decoded on the way.",
    why: "Loaders of plugins, bundles and servers of pages run files of their own. What such a text does is \
          read and told like that of any other code.",
    twin: "The same text stands in the package in an encoded form only.",
    limits: "Samples of nine pieces are compared, of which seven in ten must be there. That it is run at all, \
             and not only kept, is what hides it from a reader who follows imports.",
    recognises: |flow, _| {
        has(flow, Mark::InPlainSight)
            .then(|| "the text stands in the package as it is run".to_owned())
    },
    without: |flow| drop_mark(flow, Mark::InPlainSight),
};

#[cfg(test)]
mod tests {
    use crate::recognise::tests::{flow, pair};
    use customs_model::{Mark, SinkKind, SourceKind};

    #[test]
    fn text_that_everybody_can_read_is_recognised_and_hidden_text_is_proof() {
        let run = |marks: &[Mark]| {
            flow(
                (SourceKind::OwnFile, "<package>/setup.js"),
                SinkKind::DynamicCode,
                "text",
                marks,
            )
        };
        pair(
            "visible-text",
            run(&[Mark::HiddenEffect, Mark::InPlainSight]),
            run(&[Mark::HiddenEffect]),
        );
    }
}
