//! One chain, record by record.

use super::{ChainReport, Problem, RawRecord, Removed, Tail};
use crate::chain::{ChainId, Link, genesis};
use crate::checkpoint::Checkpoint;
use crate::head::{Head, PublicKey};
use crate::record::Gap;
use customs_model::{Digest, Timestamp, printable};
use std::collections::BTreeMap;

/// One chain, followed from its first record.
pub(super) struct Walk {
    pub chain_row: i64,
    name: String,
    id: Option<ChainId>,
    heads: BTreeMap<u64, Head>,
    /// Records that a checkpoint stands for.
    before: u64,
    removed: Option<Removed>,
    records: u64,
    prev: Option<Digest>,
    position: i64,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    closed: bool,
    problem: Option<Problem>,
    /// Gaps that are recorded here, and at which place.
    gaps: Vec<(u64, Gap)>,
}

impl Walk {
    pub fn begin(chain_row: i64, name: &str, heads: BTreeMap<u64, Head>) -> Self {
        let id = ChainId::parse(name);
        Self {
            chain_row,
            name: printable(name, 40),
            id,
            heads,
            before: 0,
            removed: None,
            records: 0,
            prev: id.map(genesis),
            position: i64::MIN,
            from: None,
            to: None,
            closed: false,
            problem: None,
            gaps: Vec::new(),
        }
    }

    /// The same, behind a beginning that was removed.
    pub fn behind(mut self, checkpoint: &Checkpoint, key: Option<&PublicKey>) -> Self {
        let other = self.heads.get(&checkpoint.count);
        let problem = match checkpoint.check(key) {
            Err(what) => Some(what),
            Ok(_) if other.is_some_and(|head| head.hash != checkpoint.hash) => {
                Some("a signed head names another hash at the end of what was removed")
            }
            Ok(why) => {
                self.removed = Some(Removed {
                    records: checkpoint.count,
                    until: checkpoint.until,
                    not_checked: why.map(str::to_owned),
                });
                None
            }
        };
        self.problem = problem.map(|what| Problem {
            seq: i64::try_from(checkpoint.count).unwrap_or(i64::MAX),
            what: what.to_owned(),
        });
        self.before = checkpoint.count;
        self.prev = Some(checkpoint.hash.clone());
        self
    }

    pub fn step(&mut self, record: &RawRecord) {
        self.records += 1;
        let at = Timestamp::from_microsecond(record.at).ok();
        self.from = self.from.or(at);
        self.to = at;
        self.closed = record.kind == "closed";
        // Behind the first problem nothing can be said: every later record hangs on it.
        if self.problem.is_none() {
            self.problem = self.check(record).err().map(|what| Problem {
                seq: record.seq,
                what,
            });
        }
        if self.problem.is_none() && record.kind == "gap" {
            let body = record.body.as_deref().unwrap_or_default();
            // A body of another form is no gap that explains anything.
            let gap = serde_json::from_slice::<Gap>(body).ok();
            let seq = self.before + self.records;
            self.gaps.extend(gap.map(|gap| (seq, gap)));
        }
    }

    /// The next record, or what is wrong with it.
    fn check(&mut self, record: &RawRecord) -> Result<(), String> {
        let (Some(chain), Some(prev)) = (self.id, self.prev.take()) else {
            return Err("its chain has no name that customs gives".to_owned());
        };
        let seq = u64::try_from(record.seq).unwrap_or(0);
        let next = self.before + self.records;
        if seq != next {
            return Err(format!(
                "record {next} is missing; {} stands in its place",
                record.seq
            ));
        }
        if record.prev != prev.as_bytes() {
            return Err("it does not carry the hash of the record before".to_owned());
        }
        let Some(body) = &record.body else {
            return Err("its body is larger than any that customs writes".to_owned());
        };
        let hash = Link {
            chain,
            seq,
            at: record.at,
            kind: &record.kind,
            body,
            prev: &prev,
        }
        .hash();
        if record.hash != hash.as_bytes() {
            return Err("its hash does not match what it says: it was edited or moved".to_owned());
        }
        if !record.findable {
            return Err("questions would not find it: its index was edited".to_owned());
        }
        if record.position <= self.position {
            return Err("it was moved before a record that was written earlier".to_owned());
        }
        if self.heads.get(&seq).is_some_and(|head| head.hash != hash) {
            return Err(
                "a signed head names another hash here: the chain was written anew".to_owned(),
            );
        }
        self.position = record.position;
        self.prev = Some(hash);
        Ok(())
    }

    pub fn end(self, no_heads: Option<&str>) -> (ChainReport, Vec<Gap>) {
        let found = self.before + self.records;
        let newest = self.heads.values().next_back();
        let tail = match (newest, no_heads) {
            (Some(head), _) if head.count > found => Tail::Truncated {
                expected: head.count,
                found,
            },
            (Some(_), _) if self.problem.is_some() => {
                Tail::NotChecked("the chain is broken before its end".to_owned())
            }
            (Some(head), _) => Tail::MatchesHead {
                count: head.count,
                at: head.at,
            },
            (None, Some(why)) => Tail::NotChecked(why.to_owned()),
            (None, None) => Tail::NotChecked("no signed head speaks of this chain".to_owned()),
        };
        // What nobody signed anybody may have added.
        let signed = newest.map_or(0, |head| head.count);
        let gaps = self.gaps.into_iter();
        let gaps = gaps.filter(|(seq, _)| *seq <= signed).map(|(_, gap)| gap);
        let gaps = match self.problem {
            None => gaps.collect(),
            Some(_) => Vec::new(),
        };
        let report = ChainReport {
            chain: self.name,
            records: self.records,
            from: self.from,
            to: self.to,
            closed: self.closed,
            cut_off: None,
            intact: self.problem.is_none(),
            problem: self.problem,
            tail,
            removed: self.removed,
        };
        (report, gaps)
    }
}
