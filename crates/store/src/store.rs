use crate::exemption::ExemptionRow;
use crate::lists::Lists;
use crate::{ChainId, Head, LedgerRecord, Pin, Publication, Seen, Served, Sights, StoreError, Who};
use customs_model::{Decision, Digest, Epoch, PackageName, ReleaseId, RuleId, Timestamp};

/// The ledger and the gate's memory. Its calls block; asynchronous callers use
/// [`Store::append`] with a callback, or a thread for blocking work.
pub trait Store: Lists + Send + Sync {
    // The ledger.

    /// Hands a record over and returns at once. `done` is called exactly once, from the
    /// store's own thread, when the record is with the operating system (from where no
    /// crash of this process takes it back) or could not be written. It is on disk at
    /// most 50 ms later. `done` must neither wait nor panic: everybody's records pass
    /// through that thread.
    fn append(&self, record: LedgerRecord, done: Done);

    /// Records and waits until the record is with the operating system.
    ///
    /// # Errors
    /// It could not be written: the disk is full, the database locked or broken.
    fn append_wait(&self, record: LedgerRecord) -> Result<Receipt, StoreError>;

    /// Records those decisions that differ from the latest recorded one for their
    /// release and artifact, in one commit; returns how many did. "Differ" means: another
    /// action, end, list of rules, or policy, or other artifacts that were read for it.
    ///
    /// A writer compares with what it wrote or read itself: two processes that decide
    /// differently at the same time each record their own changes.
    ///
    /// # Errors
    /// As [`Store::append_wait`]; then none of them was recorded.
    fn record_judged(&self, judged: &[Judged<'_>]) -> Result<usize, StoreError>;

    /// [`Store::record_judged`] for one decision; whether it was recorded.
    ///
    /// # Errors
    /// As [`Store::append_wait`].
    fn record_decision(&self, decision: &Decision) -> Result<bool, StoreError> {
        let digests = &[];
        let judged = Judged { decision, digests };
        Ok(self.record_judged(&[judged])? > 0)
    }

    /// [`Store::record_judged`] without digests.
    ///
    /// # Errors
    /// As [`Store::append_wait`].
    fn record_decisions(&self, decisions: &[Decision]) -> Result<usize, StoreError> {
        let judged: Vec<_> = decisions
            .iter()
            .map(|decision| Judged {
                decision,
                digests: &[],
            })
            .collect();
        self.record_judged(&judged)
    }

    /// The latest recorded decision about a release, or about one file of it.
    ///
    /// # Errors
    /// The database cannot be read.
    fn latest_decision(
        &self,
        release: &ReleaseId,
        artifact: Option<&str>,
    ) -> Result<Option<DecisionRow>, StoreError>;

    /// Decisions recorded at or after an instant, oldest first, at most `limit`.
    ///
    /// # Errors
    /// The database cannot be read.
    fn decisions_since(&self, at: Timestamp, limit: usize) -> Result<Vec<DecisionRow>, StoreError>;

    /// Who received a release, and when.
    ///
    /// # Errors
    /// The database cannot be read.
    fn who(&self, release: &ReleaseId) -> Result<Deliveries, StoreError>;

    /// Who received any release of a package, and when.
    ///
    /// # Errors
    /// The database cannot be read.
    fn who_package(&self, package: &PackageName) -> Result<Deliveries, StoreError>;

    /// Every recorded decision about the releases of a package, oldest first; of more than
    /// 100,000 the newest.
    ///
    /// # Errors
    /// The database cannot be read.
    fn decisions_of(&self, package: &PackageName) -> Result<Vec<DecisionRow>, StoreError>;

    /// Every exemption that was ever granted at run time, oldest first, with its end where
    /// somebody ended it.
    ///
    /// # Errors
    /// The database cannot be read, or holds more of them than anybody grants.
    fn exemptions(&self) -> Result<Vec<ExemptionRow>, StoreError>;

    /// A position behind which every record stands that was handed over at or after an
    /// instant, for [`Store::records_after`]. Some older ones may stand there too.
    ///
    /// # Errors
    /// The database cannot be read.
    fn position_before(&self, at: Timestamp) -> Result<i64, StoreError>;

    /// All records behind a position, in the order of their commits, at most `limit`.
    /// The first position is 0; each row names its own.
    ///
    /// # Errors
    /// The database cannot be read, or holds a record that this customs does not know.
    fn records_after(&self, position: i64, limit: usize) -> Result<Vec<RecordRow>, StoreError>;

    /// Waits until everything recorded so far is on disk and covered by a signed head.
    ///
    /// # Errors
    /// It could not be brought there.
    fn flush(&self) -> Result<(), StoreError>;

    /// The newest head of each chain that the database knows of.
    ///
    /// # Errors
    /// The database cannot be read.
    fn heads(&self) -> Result<Vec<Head>, StoreError>;

    // The memory. `upstream` names where a document comes from: two registries may hold
    // different packages under one name.

    /// What is remembered of a package's document.
    ///
    /// # Errors
    /// The database cannot be read.
    fn sights(&self, upstream: &str, package: &PackageName) -> Result<Sights, StoreError>;

    /// What is remembered of a package's documents, by upstream.
    ///
    /// # Errors
    /// The database cannot be read.
    fn all_sights(&self, package: &PackageName) -> Result<Vec<(String, Sights)>, StoreError>;

    /// Remembers a look at a package's document, and returns what is remembered then.
    /// What stood in the first document is a baseline; what comes later was not there
    /// at the look before.
    ///
    /// # Errors
    /// The database cannot be read or written.
    fn record_sight(
        &self,
        upstream: &str,
        package: &PackageName,
        seen: &[Seen],
        at: Timestamp,
    ) -> Result<Sights, StoreError>;

    /// The digest that an artifact had when it was first delivered. Digests of different
    /// algorithms do not compare, so the strongest remembered one is given.
    ///
    /// # Errors
    /// The database cannot be read.
    fn digest_seen(
        &self,
        upstream: &str,
        release: &ReleaseId,
        artifact: &str,
    ) -> Result<Option<Digest>, StoreError>;

    /// Pins an artifact to its digest, or tells that it was another one. The first stays.
    ///
    /// # Errors
    /// The database cannot be read or written.
    fn pin_digest(
        &self,
        upstream: &str,
        release: &ReleaseId,
        artifact: &str,
        digest: &Digest,
        at: Timestamp,
    ) -> Result<Pin, StoreError>;

    /// Remembers who published what.
    ///
    /// # Errors
    /// The database cannot be written.
    fn record_publications(&self, publications: &[Publication]) -> Result<(), StoreError>;

    /// The packages that an identity published from `from` to `to`, both included; at
    /// most 1,000.
    ///
    /// # Errors
    /// The database cannot be read.
    fn packages_by_identity(
        &self,
        identity: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<PackageName>, StoreError>;

    /// A remembered value.
    ///
    /// # Errors
    /// The database cannot be read.
    fn meta(&self, key: &str) -> Result<Option<String>, StoreError>;

    /// Remembers a value under a key, in place of an earlier one.
    ///
    /// # Errors
    /// The database cannot be written, or key or value are too large.
    fn set_meta(&self, key: &str, value: &str) -> Result<(), StoreError>;
}

/// Called when a record is with the operating system, or could not be written.
pub type Done = Box<dyn FnOnce(Result<Receipt, StoreError>) + Send>;

/// Where a record stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// In which chain.
    pub chain: ChainId,
    /// At which place, from 1.
    pub seq: u64,
    /// When it was handed over.
    pub at: Timestamp,
    /// Its hash.
    pub hash: Digest,
}

/// A decision and the artifacts that it is about.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'a> {
    /// The decision.
    pub decision: &'a Decision,
    /// The digests that the document promised.
    pub digests: &'a [Digest],
}

/// A recorded decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRow {
    /// When it was recorded.
    pub at: Timestamp,
    /// The decision.
    pub decision: Decision,
    /// The artifacts that it is about.
    pub digests: Vec<Digest>,
    /// What differed from the one before.
    pub changed: String,
}

/// The answer to "who received this?".
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deliveries {
    /// The newest 10,000 of them, oldest first.
    pub rows: Vec<DeliveryRow>,
    /// How many there are.
    pub total: u64,
}

/// One recorded delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRow {
    /// When.
    pub at: Timestamp,
    /// Where the record stands.
    pub chain: String,
    /// Its place in that chain.
    pub seq: u64,
    /// What.
    pub release: ReleaseId,
    /// Which file of it.
    pub artifact: String,
    /// What the file is.
    pub digest: Digest,
    /// How many bytes were sent.
    pub bytes: u64,
    /// Whole or in part, and from where.
    pub served: Served,
    /// To whom.
    pub who: Who,
    /// What was decided.
    pub action: String,
    /// The rules that spoke.
    pub rules: Vec<RuleId>,
    /// Under which policy, advisories and rules.
    pub epoch: Epoch,
}

/// One record, whatever its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRow {
    /// Where it stands among all records.
    pub position: i64,
    /// Its chain.
    pub chain: String,
    /// Its place in that chain.
    pub seq: u64,
    /// When it was handed over.
    pub at: Timestamp,
    /// What it says.
    pub record: LedgerRecord,
}
