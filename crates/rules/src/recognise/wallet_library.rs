//! A wallet library that does what its caller asks.

use super::{Recogniser, Seen};
use customs_model::{Flow, SinkKind, SourceKind, Target};

pub(super) static WALLET_LIBRARY: Recogniser = Recogniser {
    id: "wallet-library",
    what: "A key or phrase that a caller gives to make an account goes to a place that the same caller gives.",
    why: "Wallet libraries put keys into the vault, signer or node that the program around them chose.",
    twin: "The same key goes to a host that stands in the library.",
    limits: "Whether the caller meant the key to go there is not known. A place that is computed from what \
             the caller gives and from constants counts as the caller's where nothing of it is known.",
    recognises,
    without: |flow| {
        if goes_to_its_caller(flow) {
            flow.target = Target::Constant("another host".to_owned());
        }
    },
};

fn recognises(flow: &Flow, _seen: &Seen<'_>) -> Option<String> {
    goes_to_its_caller(flow).then(|| "who gives the key says where it goes".to_owned())
}

/// Whether a given key goes where its caller says.
pub(crate) fn goes_to_its_caller(flow: &Flow) -> bool {
    flow.source == SourceKind::Intercepted
        && matches!(flow.sink, SinkKind::Network | SinkKind::NameLookup)
        && flow.target == Target::Caller
}

#[cfg(test)]
mod tests {
    use crate::recognise::tests::{flow, pair};
    use customs_model::{Flow, SinkKind, SourceKind, Target, Zone};

    fn sent(target: Target) -> Flow {
        let mut flow = flow(
            (
                SourceKind::Intercepted,
                "the key that is given to fromMnemonic",
            ),
            SinkKind::Network,
            "",
            &[],
        );
        flow.zone = Zone::Called;
        flow.target = target;
        flow
    }

    #[test]
    fn a_key_may_go_where_its_caller_says_and_not_to_a_host_of_the_library() {
        pair(
            "wallet-library",
            sent(Target::Caller),
            sent(Target::Constant("seed.invalid".to_owned())),
        );
    }
}
