//! A download that is compared with a digest of the package's own.

use super::{Recogniser, drop_mark, has};
use customs_model::{Mark, SourceKind};

pub(super) static PINNED_DIGEST: Recogniser = Recogniser {
    id: "pinned-digest",
    what: "A download is compared with a digest or a signature key that comes with the package, and is \
           not run where it differs.",
    why: "What runs is what whoever published the release chose; it can be reviewed as if it stood in the \
          package.",
    twin: "The digest of another download is compared, the script goes on where it differs, or it runs the \
           file first.",
    limits: "Where it cannot be told what is hashed, a check counts for the downloads of its file. Where it \
             cannot be shown that the check always comes first, the download is suspicious.",
    recognises: |flow, _| {
        (flow.source == SourceKind::Remote && has(flow, Mark::PinnedByDigest))
            .then(|| "what is fetched is compared with what comes with the package".to_owned())
    },
    without: |flow| drop_mark(flow, Mark::PinnedByDigest),
};

#[cfg(test)]
mod tests {
    use crate::recognise::tests::{flow, pair};
    use customs_model::{Mark, SinkKind, SourceKind};

    #[test]
    fn a_checked_download_is_recognised_and_one_that_is_not_is_proof() {
        let download = |marks: &[Mark]| {
            flow(
                (SourceKind::Remote, "the answer of tool.invalid"),
                SinkKind::ExecutedFile,
                "tool",
                marks,
            )
        };
        pair(
            "pinned-digest",
            download(&[Mark::PinnedByDigest]),
            download(&[]),
        );
    }
}
