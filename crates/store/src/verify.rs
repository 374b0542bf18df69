//! Whether a ledger is what was written.
//!
//! Edits, reorders and removals inside of a chain or at its beginning show in the chain
//! alone. A removal at its end shows only against a signed head; without one the tail
//! is *not checked*, and is said to be.

mod walk;

use crate::StoreError;
use crate::chain::ChainId;
use crate::checkpoint::Checkpoint;
use crate::folder::{LEDGER_FILE, PUBLIC_KEY_FILE};
use crate::head::{HEADS_FILE, Head, Heads, PublicKey};
use crate::record::Gap;
use crate::sqlite::scan::Scan;
use customs_model::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use walk::Walk;

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verification {
    /// Every chain, in the order in which they began; those that are gone come last.
    pub chains: Vec<ChainReport>,
    /// Heads that the owner of the key did not sign; at most 100.
    pub refused_heads: Vec<RefusedHead>,
    /// Lines of the file of heads that hold none. A crash leaves one at the end.
    pub unreadable_head_lines: Vec<u64>,
    /// Damage to the database file itself.
    pub damage: Option<String>,
}

/// One chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainReport {
    /// Its name.
    pub chain: String,
    /// How many records are there.
    pub records: u64,
    /// The instants of the first and the last record, as recorded.
    pub from: Option<Timestamp>,
    /// See `from`.
    pub to: Option<Timestamp>,
    /// Its last record says that it was closed in order.
    pub closed: bool,
    /// When another gate, or this one when it began again, recorded that it was cut off here. Told
    /// where a signed head covers that record, and it names this very end.
    pub cut_off: Option<Timestamp>,
    /// Nothing was edited, reordered, or removed before its end.
    pub intact: bool,
    /// The first thing that is wrong.
    pub problem: Option<Problem>,
    /// Whether its end is the one that was written.
    pub tail: Tail,
    /// Its old beginning, where that was removed on purpose.
    pub removed: Option<Removed>,
}

/// The beginning of a chain that was closed by a checkpoint and removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// How many records it had.
    pub records: u64,
    /// The instant of the last of them.
    pub until: Timestamp,
    /// Why it could not be checked who removed them; none: the owner of the ledger's key did.
    pub not_checked: Option<String>,
}

/// What is wrong with a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// At which record.
    pub seq: i64,
    /// One sentence, safe to print.
    pub what: String,
}

/// The end of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tail {
    /// The newest head is right. Records behind it, if there are more than `count`, hang
    /// on the chain and are not signed yet.
    MatchesHead {
        /// How many records the head covers.
        count: u64,
        /// When it was signed.
        at: Timestamp,
    },
    /// Records are missing at the end.
    Truncated {
        /// How many there were at least.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// Records are missing at the end, and a signed record says why: the database was restored
    /// from a backup that has no more of them.
    Restored {
        /// How many there were at least.
        expected: u64,
        /// How many there are.
        found: u64,
        /// When the backup was taken.
        taken: Timestamp,
    },
    /// Nothing says where it should end.
    NotChecked(String),
}

/// A head that does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedHead {
    /// Its line in the file.
    pub line: u64,
    /// The chain that it speaks of.
    pub chain: ChainId,
    /// How many records it claims.
    pub count: u64,
}

impl Verification {
    /// Whether nothing is wrong. A tail that could not be checked is not wrong.
    pub fn is_intact(&self) -> bool {
        self.damage.is_none()
            && self.refused_heads.is_empty()
            && self.chains.iter().all(ChainReport::is_sound)
    }

    /// Whether every tail and every removed beginning was checked, and no record is missing that
    /// was not removed on purpose.
    pub fn is_complete(&self) -> bool {
        self.chains.iter().all(|chain| {
            let whole = !matches!(chain.tail, Tail::NotChecked(_) | Tail::Restored { .. });
            let removed = chain.removed.as_ref();
            whole && removed.is_none_or(|removed| removed.not_checked.is_none())
        })
    }
}

impl ChainReport {
    /// Whether nothing is wrong with it.
    pub const fn is_sound(&self) -> bool {
        self.intact && !matches!(self.tail, Tail::Truncated { .. })
    }
}

/// Verifies the ledger of a data folder against the heads and the key beside it.
///
/// # Errors
/// There is no ledger, or a file cannot be read.
pub fn verify_folder(folder: &Path) -> Result<Verification, StoreError> {
    let heads = folder.join(HEADS_FILE);
    let key = folder.join(PUBLIC_KEY_FILE);
    let key = key.exists().then(|| PublicKey::read(&key)).transpose()?;
    let heads = heads.exists().then_some(heads);
    verify(&folder.join(LEDGER_FILE), heads.as_deref(), key.as_ref())
}

/// Verifies a ledger's database. Heads and key may come from elsewhere, which is the
/// point of them: whoever can edit the database can also edit the file beside it.
///
/// # Errors
/// The database or the file of heads cannot be read.
pub fn verify(
    database: &Path,
    heads: Option<&Path>,
    key: Option<&PublicKey>,
) -> Result<Verification, StoreError> {
    verify_records(heads, key, |each| {
        let scan = Scan::open(database)?;
        let damage = scan.damage();
        for checkpoint in scan.checkpoints()? {
            each(Part::Checkpoint(checkpoint));
        }
        scan.records(|record| {
            each(Part::Record(&record));
            Ok(())
        })?;
        Ok(damage)
    })
}

/// What a verification is told of a ledger: its checkpoints first, then its records.
pub(crate) enum Part<'a> {
    Checkpoint(Checkpoint),
    Record(&'a RawRecord),
}

/// Verifies records from wherever they come: `scan` hands over each checkpoint and then each
/// record, chain by chain in the order of their numbers, and says what is damaged beside them.
pub(crate) fn verify_records(
    heads: Option<&Path>,
    key: Option<&PublicKey>,
    scan: impl FnOnce(&mut dyn FnMut(Part<'_>)) -> Result<Option<String>, StoreError>,
) -> Result<Verification, StoreError> {
    // The heads first: what they speak of is in the database by then, even if somebody
    // writes to it meanwhile.
    let mut verification = Verification::default();
    let heads = match (heads, key) {
        (None, _) => Signed::none("no file of heads was given"),
        (Some(_), None) => Signed::none("no public key was given"),
        (Some(path), Some(key)) => {
            let read = Heads::read(path)?;
            verification.unreadable_head_lines = read.unreadable;
            Signed::sort(read.all, key, &mut verification.refused_heads)
        }
    };
    let mut chains = Chains {
        heads,
        key: key.cloned(),
        checkpoints: BTreeMap::new(),
        current: None,
        done: Vec::new(),
        gaps: Vec::new(),
    };
    verification.damage = scan(&mut |part| match part {
        Part::Checkpoint(checkpoint) => {
            chains.checkpoints.insert(checkpoint.chain, checkpoint);
        }
        Part::Record(record) => chains.take(record),
    })?;
    verification.chains = chains.finish();
    Ok(verification)
}

/// A record as it stands there, believed in nothing.
#[derive(Debug)]
pub(crate) struct RawRecord {
    pub position: i64,
    /// The row of its chain; kept apart, since a name may be missing.
    pub chain_row: i64,
    pub chain: Option<String>,
    pub seq: i64,
    pub at: i64,
    pub kind: String,
    /// None: larger than any record that customs writes.
    pub body: Option<Vec<u8>>,
    pub prev: Vec<u8>,
    pub hash: Vec<u8>,
    /// The columns that questions are answered by say what the body says. SQLite's own
    /// check would tell, but not on a connection that only reads.
    pub findable: bool,
}

/// The heads that count, by chain.
struct Signed {
    chains: BTreeMap<ChainId, BTreeMap<u64, Head>>,
    /// Why there are none at all.
    none: Option<&'static str>,
}

impl Signed {
    const fn none(why: &'static str) -> Self {
        Self {
            chains: BTreeMap::new(),
            none: Some(why),
        }
    }

    fn sort(all: Vec<(u64, Head)>, key: &PublicKey, refused: &mut Vec<RefusedHead>) -> Self {
        let mut chains: BTreeMap<ChainId, BTreeMap<u64, Head>> = BTreeMap::new();
        for (line, head) in all {
            if head.is_signed_by(key) {
                chains
                    .entry(head.chain)
                    .or_default()
                    .insert(head.count, head);
            } else if refused.len() < 100 {
                refused.push(RefusedHead {
                    line,
                    chain: head.chain,
                    count: head.count,
                });
            }
        }
        Self { chains, none: None }
    }
}

/// Goes through all records, chain by chain.
struct Chains {
    heads: Signed,
    key: Option<PublicKey>,
    /// Of chains that have not come yet.
    checkpoints: BTreeMap<ChainId, Checkpoint>,
    current: Option<Walk>,
    done: Vec<ChainReport>,
    /// Gaps that were recorded under signed heads. No more than chains: each ends once.
    gaps: Vec<Gap>,
}

impl Chains {
    fn take(&mut self, record: &RawRecord) {
        if self
            .current
            .as_ref()
            .is_none_or(|walk| walk.chain_row != record.chain_row)
        {
            self.end_current();
            let name = record.chain.clone().unwrap_or_default();
            let walk = self.walk(record.chain_row, &name);
            self.current = Some(walk);
        }
        if let Some(walk) = &mut self.current {
            walk.step(record);
        }
    }

    fn walk(&mut self, chain_row: i64, name: &str) -> Walk {
        let id = ChainId::parse(name);
        let checkpoint = id.and_then(|id| self.checkpoints.remove(&id));
        let heads = id.and_then(|id| self.heads.chains.remove(&id));
        let walk = Walk::begin(chain_row, name, heads.unwrap_or_default());
        match checkpoint {
            None => walk,
            Some(checkpoint) => walk.behind(&checkpoint, self.key.as_ref()),
        }
    }

    fn end_current(&mut self) {
        if let Some(walk) = self.current.take() {
            let (report, gaps) = walk.end(self.heads.none);
            self.done.push(report);
            self.gaps.extend(gaps);
        }
    }

    fn finish(mut self) -> Vec<ChainReport> {
        self.end_current();
        // Chains of which nothing is left but a checkpoint.
        while let Some(id) = self.checkpoints.keys().next().copied() {
            self.current = Some(self.walk(i64::MIN, &id.to_string()));
            self.end_current();
        }
        // What heads speak of and the database does not hold has been removed whole.
        for (chain, heads) in std::mem::take(&mut self.heads.chains) {
            let expected = heads.keys().next_back().copied().unwrap_or(0);
            self.done.push(ChainReport {
                chain: chain.to_string(),
                records: 0,
                from: None,
                to: None,
                closed: false,
                cut_off: None,
                intact: true,
                problem: None,
                tail: Tail::Truncated { expected, found: 0 },
                removed: None,
            });
        }
        let mut gaps: HashMap<String, Vec<&Gap>> = HashMap::new();
        for gap in &self.gaps {
            gaps.entry(gap.chain.to_string()).or_default().push(gap);
        }
        for report in &mut self.done {
            explain(report, gaps.get(&report.chain).map_or(&[], Vec::as_slice));
        }
        self.done
    }
}

/// What gaps say of a chain. A cut that a restored backup explains is told as that. Only the length that the backup had is
/// explained: a chain that was cut again since is still one that was cut.
fn explain(report: &mut ChainReport, gaps: &[&Gap]) {
    let removed = report.removed.as_ref().map_or(0, |removed| removed.records);
    let count = removed + report.records;
    let mut cuts = gaps.iter().filter(|gap| gap.restored.is_none());
    let cut = cuts.find(|gap| gap.records == count);
    report.cut_off = cut.map(|gap| gap.to);
    let Tail::Truncated { expected, found } = report.tail else {
        return;
    };
    let mut there = gaps.iter().filter(|gap| gap.records == found);
    let restored = there.find_map(|gap| gap.restored.as_ref());
    if let Some(restored) = restored {
        report.tail = Tail::Restored {
            expected,
            found,
            taken: restored.taken,
        };
    }
}
