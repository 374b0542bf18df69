//! What stands on the page, as data: HTML and JSON are made of the same.

use super::address::{Search, View, limit};
use super::watch::{Bar, UpstreamState};
use crate::server::Gate;
use customs_model::{Decision, ReleaseId, Timestamp, printable};
use customs_store::{
    Asked, Count, DecisionRow, DeliveryRow, Listed, Next, RefusalRow, Served, Store, StoreError,
    Subject, Who,
};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The schema of the JSON form.
pub const SCHEMA: &str = "customs/gate-page-v1";
/// How long the ledger may take for one page.
const PATIENCE: Duration = Duration::from_secs(8);

/// A page.
#[derive(Debug, Serialize)]
pub struct Sheet {
    /// Which form this is in.
    pub schema: &'static str,
    /// When it was made.
    pub at: Timestamp,
    /// The version of the gate.
    pub version: &'static str,
    /// What is held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<Part<DecidedLine>>,
    /// What is blocked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked: Option<Part<DecidedLine>>,
    /// Who was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusals: Option<Part<RefusalLine>>,
    /// Who received what was searched for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received: Option<Part<ReceivedLine>>,
    /// How many of these there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received_in_all: Option<InAll>,
    /// What is wrong with the search.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wrong: Option<String>,
    /// The last hours: caches and waiting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<Vec<Bar>>,
    /// The registries behind the gate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registries: Option<Vec<UpstreamState>>,
}

/// A list, or why it is not known.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Part<T> {
    /// It could be read.
    Known {
        /// Its rows.
        rows: Vec<T>,
        /// Where the next page begins.
        next: Option<String>,
    },
    /// It could not.
    NotKnown {
        /// Why, a sentence.
        not_known: String,
    },
}

/// A number that is counted up to a bound.
#[derive(Debug, Clone, Serialize)]
pub struct InAll {
    /// So many.
    pub count: u64,
    /// There are more.
    pub more: bool,
}

/// What was decided last about a release or a file.
#[derive(Debug, Serialize)]
pub struct DecidedLine {
    /// Which.
    pub release: ReleaseId,
    /// Which file of it, where files are decided on their own.
    pub file: Option<String>,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
    /// When that was recorded.
    pub recorded: Timestamp,
    /// The rule that decided.
    pub rule: Option<String>,
    /// Why, a sentence of that rule.
    pub why: Option<String>,
}

/// A refused request.
#[derive(Debug, Serialize)]
pub struct RefusalLine {
    /// When.
    pub at: Timestamp,
    /// What was asked for, if it was a release.
    pub release: Option<ReleaseId>,
    /// The path, if it was none.
    pub path: Option<String>,
    /// Which file.
    pub file: Option<String>,
    /// By whom.
    pub who: Who,
    /// The rules that refused it.
    pub rules: Vec<String>,
    /// What the first of these says of the release now.
    pub why: Option<String>,
    /// The HTTP status.
    pub status: u16,
}

/// A delivery.
#[derive(Debug, Serialize)]
pub struct ReceivedLine {
    /// When.
    pub at: Timestamp,
    /// What.
    pub release: ReleaseId,
    /// Which file.
    pub file: String,
    /// Its digest.
    pub digest: String,
    /// How many bytes were sent.
    pub bytes: u64,
    /// Whole or in part, and from where.
    pub served: Served,
    /// To whom.
    pub who: Who,
    /// What was decided.
    pub action: String,
    /// Where the record stands: its chain.
    pub chain: String,
    /// And its place in it.
    pub place: u64,
}

impl Gate {
    /// Makes the page of a view. Never longer than some seconds: what the ledger does not answer in
    /// time is *not known*.
    pub(super) async fn sheet(self: &Arc<Self>, view: &View) -> Sheet {
        let now = self.registry.clock.now();
        // What happened up to this moment is on it.
        self.watch.look(&self.metrics.totals(), now);
        let (store, asked) = (self.store(), view.clone());
        let read = tokio::task::spawn_blocking(move || read(&*store, &asked, now));
        let mut sheet = match tokio::time::timeout(PATIENCE, read).await {
            Ok(Ok(sheet)) => sheet,
            Ok(Err(error)) => {
                tracing::error!(%error, "the page could not be made");
                silent(view, now, "the ledger could not be asked")
            }
            Err(_) => silent(view, now, "the ledger takes too long to answer"),
        };
        if matches!(view, View::Overview) {
            sheet.hours = Some(self.watch.bars(now));
            sheet.registries = Some(self.watch.upstreams(now));
        }
        sheet
    }
}

impl Sheet {
    fn empty(now: Timestamp) -> Self {
        Self {
            schema: SCHEMA,
            at: now,
            version: env!("CARGO_PKG_VERSION"),
            held: None,
            blocked: None,
            refusals: None,
            received: None,
            received_in_all: None,
            wrong: None,
            hours: None,
            registries: None,
        }
    }
}

/// A page on which nothing is known.
fn silent(view: &View, now: Timestamp, why: &str) -> Sheet {
    let mut sheet = Sheet::empty(now);
    let (held, blocked, refusals, received) = match view {
        View::Overview => (true, true, true, false),
        View::Held(_) => (true, false, false, false),
        View::Blocked(_) => (false, true, false, false),
        View::Refusals(_) => (false, false, true, false),
        View::Received(..) => (false, false, false, true),
        View::Style | View::Icon => (false, false, false, false),
    };
    sheet.held = held.then(|| Part::not_known(why));
    sheet.blocked = blocked.then(|| Part::not_known(why));
    sheet.refusals = refusals.then(|| Part::not_known(why));
    sheet.received = received.then(|| Part::not_known(why));
    sheet
}

fn read(store: &dyn Store, view: &View, now: Timestamp) -> Sheet {
    let mut sheet = Sheet::empty(now);
    match view {
        View::Overview => {
            let most = limit::ROWS_BESIDE;
            sheet.held = Some(held(store, now, None, most));
            sheet.blocked = Some(blocked(store, None, most));
            sheet.refusals = Some(refusals(store, None, most));
        }
        View::Held(after) => sheet.held = Some(held(store, now, after.as_ref(), limit::ROWS)),
        View::Blocked(after) => sheet.blocked = Some(blocked(store, after.as_ref(), limit::ROWS)),
        View::Refusals(after) => {
            sheet.refusals = Some(refusals(store, after.as_ref(), limit::ROWS));
        }
        View::Received(search, after) => received(store, search, after.as_ref(), &mut sheet),
        View::Style | View::Icon => {}
    }
    sheet
}

fn held(store: &dyn Store, now: Timestamp, after: Option<&Next>, most: usize) -> Part<DecidedLine> {
    Part::of(store.held(now, after, most), decided)
}

fn blocked(store: &dyn Store, after: Option<&Next>, most: usize) -> Part<DecidedLine> {
    Part::of(store.blocked(after, most), decided)
}

fn refusals(store: &dyn Store, after: Option<&Next>, most: usize) -> Part<RefusalLine> {
    // Many are about the same few releases.
    let mut said: BTreeMap<(String, Option<String>), Option<Decision>> = BTreeMap::new();
    Part::of(store.refusals(after, most), |row| {
        refusal(row, |release, file| {
            let key = (release.to_string(), file.map(str::to_owned));
            let found = said.entry(key).or_insert_with(|| {
                // Why is an addition: the refusal stands without it.
                let found = store.latest_decision(release, file).ok().flatten();
                found.map(|row| row.decision)
            });
            found.clone()
        })
    })
}

fn received(store: &dyn Store, search: &Search, after: Option<&Next>, sheet: &mut Sheet) {
    let subject: &Subject = match &search.meant {
        None => return,
        Some(Err(wrong)) => {
            sheet.wrong = Some(wrong.why.clone());
            return;
        }
        Some(Ok(subject)) => subject,
    };
    sheet.received = Some(Part::of(
        store.received(subject, after, limit::ROWS),
        delivered,
    ));
    sheet.received_in_all = match store.count_received(subject) {
        Ok(Count::Exactly(count)) => Some(InAll { count, more: false }),
        Ok(Count::More(count)) => Some(InAll { count, more: true }),
        // The list says that the ledger does not answer.
        Err(_) => None,
    };
}

impl<T> Part<T> {
    fn not_known(why: &str) -> Self {
        Self::NotKnown {
            not_known: why.to_owned(),
        }
    }

    fn of<R>(listed: Result<Listed<R>, StoreError>, line: impl FnMut(R) -> T) -> Self {
        match listed {
            Ok(listed) => Self::Known {
                rows: listed.rows.into_iter().map(line).collect(),
                next: listed.next.map(|next| next.to_string()),
            },
            Err(error) => {
                tracing::warn!(%error, "a list of the page could not be read");
                Self::not_known("the ledger could not be read; the log of the gate says why")
            }
        }
    }
}

fn decided(row: DecisionRow) -> DecidedLine {
    let decisive = row.decision.decisive();
    DecidedLine {
        rule: decisive.map(|reason| reason.rule.to_string()),
        why: decisive.map(|reason| plain(&reason.message)),
        until: row.decision.action.until(),
        recorded: row.at,
        file: row.decision.artifact.as_deref().map(plain),
        release: row.decision.release,
    }
}

fn refusal(
    row: RefusalRow,
    mut decision: impl FnMut(&ReleaseId, Option<&str>) -> Option<Decision>,
) -> RefusalLine {
    let refused = row.refused;
    let (release, path) = match refused.asked {
        Asked::Release(release) => (Some(release), None),
        Asked::Path(path) => (None, Some(plain(&path))),
    };
    // Files of one release are decided on their own in some ecosystems, and with it in others.
    let found = release.as_ref().and_then(|release| {
        let of_file = refused.artifact.as_deref();
        let of_file = of_file.and_then(|file| decision(release, Some(file)));
        of_file.or_else(|| decision(release, None))
    });
    let why = found.and_then(|decision| {
        let named = |rule: &customs_model::RuleId| refused.rules.contains(rule);
        let reasons = decision.reasons.into_iter();
        let mut reasons = reasons.filter(|reason| named(&reason.rule));
        reasons.next().map(|reason| plain(&reason.message))
    });
    RefusalLine {
        at: row.at,
        release,
        path,
        file: refused.artifact.as_deref().map(plain),
        who: refused.who,
        rules: refused.rules.iter().map(ToString::to_string).collect(),
        why,
        status: refused.status,
    }
}

fn delivered(row: DeliveryRow) -> ReceivedLine {
    ReceivedLine {
        at: row.at,
        release: row.release,
        file: plain(&row.artifact),
        digest: row.digest.to_string(),
        bytes: row.bytes,
        served: row.served,
        who: row.who,
        action: row.action,
        chain: row.chain,
        place: row.seq,
    }
}

/// Text of a stranger, for whoever reads the data in a terminal.
fn plain(text: &str) -> String {
    printable(text, super::html::limit::TEXT)
}
