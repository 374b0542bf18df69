//! Recording a decision only when it differs from the one before.

use crate::record::{Decided, LedgerRecord};
use crate::store::Judged;
use crate::{DecisionRow, StoreError};
use customs_model::{Action, Decision, Digest, DigestAlgorithm, Hasher, ReleaseId, Timestamp};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Decisions that are remembered as recorded, per generation. Two generations of 48 bytes
/// each: some 10 MB at the worst.
const GENERATION: usize = 65_536;

/// Half of a SHA-256: enough that no two are ever the same by accident.
type Short = [u8; 16];

/// The latest recorded decisions, by release and artifact. Only the writer adds to it,
/// after a commit; everybody may ask, so that an unchanged decision costs no write.
#[derive(Debug, Default)]
pub(crate) struct Latest(Mutex<Generations>);

/// A cache that forgets by halves: when the young half is full, it becomes the old half.
#[derive(Debug, Default)]
struct Generations {
    young: HashMap<Short, Short>,
    old: HashMap<Short, Short>,
    /// Written in a transaction that is not committed yet.
    pending: HashMap<Short, Short>,
}

impl Latest {
    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn knows(&self, marks: &Marks) -> bool {
        self.lock().get(&marks.subject) == Some(marks.content)
    }

    /// The transaction was committed.
    pub fn keep_pending(&self) {
        let mut all = self.lock();
        for (subject, content) in std::mem::take(&mut all.pending) {
            all.insert(subject, content);
        }
    }

    /// It was not.
    pub fn forget_pending(&self) {
        self.lock().pending.clear();
    }
}

impl Generations {
    fn get(&self, subject: &Short) -> Option<Short> {
        self.young
            .get(subject)
            .or_else(|| self.old.get(subject))
            .copied()
    }

    fn insert(&mut self, subject: Short, content: Short) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(subject, content);
    }
}

/// What a decision is about, and what it says, each as a short digest.
#[derive(Debug, Clone, Copy)]
struct Marks {
    subject: Short,
    content: Short,
}

impl Marks {
    fn of(decision: &Decision) -> Self {
        let artifact = decision.artifact.as_deref();
        let subject = short([
            decision.release.package.ecosystem().purl_type(),
            decision.release.package.as_str(),
            decision.release.version.as_str(),
            if artifact.is_some() { "file" } else { "" },
            artifact.unwrap_or(""),
        ]);
        let until = decision
            .action
            .until()
            .map(|at| at.as_microsecond().to_string());
        let read = read(decision).map(|digest| digest.map(Digest::to_string));
        let rules = decision
            .reasons
            .iter()
            .flat_map(|r| [r.rule.as_str(), if r.waived.is_some() { "-" } else { "+" }]);
        let content = short(
            [
                decision.action.word(),
                until.as_deref().unwrap_or(""),
                &decision.epoch.policy,
            ]
            .into_iter()
            .chain(read.iter().map(|digest| digest.as_deref().unwrap_or("")))
            .chain(rules),
        );
        Self { subject, content }
    }
}

/// The artifacts that were read for a decision: its own, and the one that it was compared
/// with. A decision that says the same on more is another one.
fn read(decision: &Decision) -> [Option<&Digest>; 2] {
    let inputs = &decision.inputs;
    let compared = inputs.predecessor.as_ref();
    [
        inputs.artifact.as_ref(),
        compared.and_then(|compared| compared.artifact.as_ref()),
    ]
}

fn short<'a>(parts: impl IntoIterator<Item = &'a str>) -> Short {
    let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
    for part in parts {
        hasher.update(&(part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    let mut short = [0; 16];
    short.copy_from_slice(&hasher.finish().as_bytes()[..16]);
    short
}

/// What a writer has open: the latest decisions as its commit will find them, and the
/// end of its chain.
pub(crate) trait Book {
    /// The latest decision about a release, or about one file of it.
    fn latest(
        &self,
        release: &ReleaseId,
        artifact: Option<&str>,
    ) -> Result<Option<DecisionRow>, StoreError>;

    /// Adds a record behind the end.
    fn add(&mut self, at: Timestamp, record: LedgerRecord) -> Result<(), StoreError>;
}

/// A decision that may have to be recorded.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    at: Timestamp,
    marks: Marks,
    decision: Decision,
    digests: Vec<Digest>,
}

impl Candidate {
    /// The decision.
    #[cfg(feature = "postgres")]
    pub const fn decision(&self) -> &Decision {
        &self.decision
    }
}

/// Those that are not known to stand in the ledger already.
pub(crate) fn candidates(latest: &Latest, judged: &[Judged<'_>], at: Timestamp) -> Vec<Candidate> {
    judged
        .iter()
        .filter_map(|judged| {
            let marks = Marks::of(judged.decision);
            (!latest.knows(&marks)).then(|| Candidate {
                at,
                marks,
                decision: judged.decision.clone(),
                digests: judged.digests.to_vec(),
            })
        })
        .collect()
}

/// Records those that differ from the latest recorded ones. Asked again here, where
/// nobody else writes: two requests may have brought the same new decision.
pub(crate) fn record(
    book: &mut impl Book,
    latest: &Latest,
    candidates: &[Candidate],
) -> Result<usize, StoreError> {
    let mut recorded = 0;
    for candidate in candidates {
        let Marks { subject, content } = candidate.marks;
        let known = {
            let all = latest.lock();
            all.pending
                .get(&subject)
                .copied()
                .or_else(|| all.get(&subject))
        };
        if known == Some(content) {
            continue;
        }
        let decision = &candidate.decision;
        let before = book.latest(&decision.release, decision.artifact.as_deref())?;
        let same = before
            .as_ref()
            .is_some_and(|row| Marks::of(&row.decision).content == content);
        if !same {
            let record = LedgerRecord::Decided(Decided {
                decision: decision.clone(),
                digests: candidate.digests.clone(),
                changed: changed(before.as_ref(), decision),
            });
            book.add(candidate.at, record)?;
            recorded += 1;
        }
        latest.lock().pending.insert(subject, content);
    }
    Ok(recorded)
}

/// One sentence on what differs, the weightiest difference first.
fn changed(before: Option<&DecisionRow>, now: &Decision) -> String {
    let Some(before) = before.map(|row| &row.decision) else {
        return "the first decision".to_owned();
    };
    if before.action.word() != now.action.word() {
        return format!("was {}, is {}", said(&before.action), said(&now.action));
    }
    if before.action != now.action {
        return format!(
            "the end moved: was {}, is {}",
            said(&before.action),
            said(&now.action)
        );
    }
    let rules = |d: &Decision| {
        let ids: Vec<_> = d
            .reasons
            .iter()
            .map(|r| (r.rule.clone(), r.waived.is_some()))
            .collect();
        ids
    };
    if rules(before) != rules(now) {
        return "other rules speak".to_owned();
    }
    if before.epoch.policy != now.epoch.policy {
        return "the policy changed".to_owned();
    }
    match (read(before), read(now)) {
        ([before, _], [Some(now), _]) if before != Some(now) => "its code was read".to_owned(),
        ([_, before], [_, Some(now)]) if before != Some(now) => {
            "the code of its predecessor was read".to_owned()
        }
        _ => "less of it was read".to_owned(),
    }
}

fn said(action: &Action) -> String {
    match action.until() {
        Some(until) => format!("{} until {until}", action.word()),
        None => action.word().to_owned(),
    }
}
