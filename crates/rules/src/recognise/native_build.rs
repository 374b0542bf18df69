//! A native library whose sources come with it.
//!
//! It is told by a change of a release's binaries, not by a flow: the rule over new binaries
//! asks for it.

use super::{Quieted, Recogniser};
use customs_model::Inspection;

pub(super) static NATIVE_BUILD: Recogniser = Recogniser {
    id: "native-build",
    what: "A native library or program is new, or a hook begins to load it, and the sources of such a one \
           come with it.",
    why: "Bindings are built where they are published and tried where they are installed; who doubts one \
          can build it from what lies beside it.",
    twin: "The same library comes without any sources.",
    limits: "That the library was built from these sources is not known. Sources of anything native count.",
    // No flow is one.
    recognises: |_, _| None,
    without: |_| (),
};

/// What a binary weighs less because its sources come with it, if it does. `weigh` is told
/// whether there are sources.
pub(crate) fn quieted<W: PartialOrd>(
    after: &Inspection,
    weigh: impl Fn(bool) -> W,
) -> Option<Quieted<W>> {
    if !after.native_sources {
        return None;
    }
    let alone = weigh(false);
    (alone > weigh(true)).then(|| Quieted {
        alone,
        because: format!("{}: sources of native code come with it", NATIVE_BUILD.id),
    })
}
