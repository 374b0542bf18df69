//! Who built a release, held against who built the one before: both as their attestations say, and both
//! verified. What differs is judged as `customs verify` judges it.

use super::refuted::look;
use super::{ArtifactEvidence, people};
use customs_model::{Answer, OtherBuilder, ReleaseId, Timestamp, printable};
use customs_origin::history::{Case, Past, Provenance, Seen, Shown, TrustFile, judge, to_verify};
use customs_origin::{Identity, Trust};
use std::collections::BTreeSet;

/// The earlier release whose attestation would tell who built the line before: the newest of its line
/// that offers one; of those that are settled, where one is.
pub fn built_before(
    evidence: &ArtifactEvidence,
    is_settled: impl Fn(Option<Timestamp>) -> bool,
) -> Option<ReleaseId> {
    let of = |earlier: Vec<Shown>| {
        let past = past(evidence, earlier);
        let file = TrustFile::default();
        let case = Case {
            shown: &evidence.shown,
            registry: &evidence.registry,
            past: &past,
            file: &file,
        };
        to_verify(&case).cloned()
    };
    let earlier = evidence.earlier.iter();
    let settled = earlier.filter(|shown| is_settled(shown.published));
    of(settled.cloned().collect()).or_else(|| of(evidence.earlier.clone()))
}

/// Whether a release asks for or runs what an earlier one does not, as their document says. Of the same
/// builder's last release the judgement knows more; this one may be further back.
pub fn adds_to(evidence: &ArtifactEvidence, before: &ReleaseId) -> bool {
    let mut earlier = evidence.earlier.iter();
    let before = earlier.find(|shown| shown.release == *before);
    before.is_some_and(|before| {
        let added = |of| !added(of, &evidence.shown, before).is_empty();
        added(DEPENDENCIES) || added(SCRIPTS)
    })
}

/// What a release shows of itself by name.
type Named = fn(&Shown) -> &Seen<BTreeSet<String>>;

const DEPENDENCIES: Named = |shown| &shown.dependencies;
const SCRIPTS: Named = |shown| &shown.scripts;

/// What one shows and the other does not; nothing where one of them is not known.
fn added(of: Named, now: &Shown, before: &Shown) -> BTreeSet<String> {
    match (of(now).is(), of(before).is()) {
        (Some(now), Some(before)) => now.difference(before).cloned().collect(),
        _ => BTreeSet::new(),
    }
}

/// What differs between who built a release and who built an earlier one, where the attestations of
/// both hold. A repository that only has a new name is the same one.
///
/// # Errors
/// Why the two could not be compared, a sentence that is safe to print.
pub fn other_builder(
    evidence: &ArtifactEvidence,
    before: &ArtifactEvidence,
    trust: &Trust,
) -> Result<Option<OtherBuilder>, String> {
    let verified = |one| Seen::Is(Provenance::Verified(Box::new(one)));
    let mut shown = evidence.shown.clone();
    shown.provenance = verified(identity(evidence, trust)?);
    let mut earlier = evidence.earlier.clone();
    // What came between the two is not what this is about.
    earlier.retain(|shown| shown.release == before.release);
    let (mut dependencies, mut scripts) = (BTreeSet::new(), BTreeSet::new());
    for one in &mut earlier {
        one.provenance = verified(identity(before, trust)?);
        dependencies = added(DEPENDENCIES, &shown, one);
        scripts = added(SCRIPTS, &shown, one);
    }
    let judgement = judge(&Case {
        shown: &shown,
        registry: &evidence.registry,
        past: &past(evidence, earlier),
        file: &TrustFile::default(),
    });
    let other = judgement.other_builder();
    Ok(other.map(|(before, differs)| OtherBuilder {
        before: before.clone(),
        differs,
        dependencies,
        scripts,
    }))
}

fn past(evidence: &ArtifactEvidence, earlier: Vec<Shown>) -> Past {
    Past {
        earlier,
        people: people(&evidence.people),
        added: None,
    }
}

fn identity(evidence: &ArtifactEvidence, trust: &Trust) -> Result<Identity, String> {
    let spoken = evidence.release.spoken();
    let because = |why: &str| format!("who built {spoken} was not looked at: {why}");
    let answer = look(evidence, trust).ok_or_else(|| because("nothing of it is attested"))?;
    match (answer.attestation, answer.identity) {
        (Answer::Yes, Some(identity)) => Ok(identity),
        (Answer::Yes, None) => Err(because("its attestation does not say it")),
        (Answer::No, _) => Err(because("its attestation does not hold")),
        (Answer::NotChecked(why), _) => Err(because(&printable(&why, 200))),
    }
}
