use super::{Ask, Case, Rule};
use crate::doc::{Facts, RuleDoc};

/// A name, version or digest that the policy denies.
pub(super) struct Denied;

static DOC: RuleDoc = RuleDoc {
    id: "denied",
    title: "What the policy denies by name, version or digest is never offered.",
    what: "The policy's `deny` list: `pkg:npm/name`, `pkg:npm/name@1.2.3`, `pkg:npm/name@>=1.2, <2`, \
           `pkg:npm/@scope/*`, or a digest such as `sha256:…`.",
    why: "Somebody knows before any feed does. A digest also stops the same bytes under another name, and \
          from a warm cache.",
    effect: "block",
    ends: "never",
    settings: &[],
    facts: Facts {
        npm: "the name asked for; `dist.integrity` and `dist.shasum`",
        pypi: "the name asked for; hashes of the page",
        cargo: "the name asked for; `cksum` of the index",
    },
    fires: &["`deny = [\"pkg:npm/plain-crypto-js\"]` and any release of it."],
    silent: &["A release that the list does not name."],
    learnt_from: "axios: `npm ci` with an old lockfile ran the removed package again from the cache.",
};

impl Rule for Denied {
    fn doc(&self) -> &'static RuleDoc {
        &DOC
    }

    fn ask(&self, case: &Case<'_>) -> Option<Ask> {
        let denial = case.policy.denied.find(case.dossier)?;
        Some(Ask::block(format!("the policy denies {denial}")))
    }
}
