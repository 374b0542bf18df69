//! `customs policy exempt`: exemptions while gates run. Each change is a record of the ledger,
//! from where every gate reads it.

mod grant;
mod list;

use super::under::{self, Under};
use super::who;
use crate::error::{Doing as _, Failure};
use crate::output;
use crate::place::Place;
use customs_model::{Clock, Ecosystem, SystemClock, Timestamp, printable};
use customs_rules::Policy;
use customs_store::{Ended, ExemptionChange, LedgerRecord, Store, Who};
use std::sync::Arc;

/// Arguments of `customs policy exempt`.
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["target", "list", "end"]))]
pub struct Arguments {
    /// The release (name@version, or a package URL), or the package
    #[arg(value_name = "RELEASE|PACKAGE", requires_all = ["reason", "owner", "until"])]
    target: Option<String>,
    /// The ecosystem of name@version
    #[arg(long, default_value = "npm", value_name = "NAME")]
    ecosystem: Ecosystem,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Who answers for it
    #[arg(long, value_name = "WHO")]
    owner: Option<String>,
    /// When it ends: 2027-01-15 (its first instant, UTC) or 2027-01-15T12:00:00Z
    #[arg(long, value_name = "DATE")]
    until: Option<String>,
    /// A rule that it waives; may be given several times. Without it: the rules that hold the
    /// release now, as the ledger has it
    #[arg(long = "rule", value_name = "RULE")]
    rules: Vec<String>,
    /// It counts although the release is known or judged to be malicious, or its proof of origin
    /// is false. The record says so
    #[arg(long)]
    although_malicious: bool,
    /// What is exempted: of the ledger, and of the policy file
    #[arg(long, conflicts_with_all = ["target", "end"])]
    list: bool,
    /// With --list: also what has ended
    #[arg(long, requires = "list")]
    all: bool,
    /// Ends an exemption of the ledger before its time
    #[arg(long, value_name = "ID", conflicts_with = "target")]
    end: Option<String>,
    #[command(flatten)]
    under: under::Arguments,
    #[command(flatten)]
    format: output::Format,
}

/// Does it.
pub fn main(arguments: &Arguments) -> Result<u8, Failure> {
    let Under { policy, name, .. } = arguments.under.read(None)?;
    let clock = Arc::new(SystemClock);
    let now = clock.now();
    if arguments.list {
        return list::main(&policy, arguments.all, arguments.format, now);
    }
    let who = who::here();
    may(&policy, &name, &who)?;
    let opened = Place::of_environment().open(clock)?;
    let desk = Desk {
        store: &*opened.team,
        who,
        now,
        format: arguments.format,
    };
    match (&arguments.end, &arguments.target) {
        (Some(id), _) => desk.end(id, arguments.reason.as_deref()),
        (None, Some(target)) => desk.grant(&grant::Wanted {
            target,
            ecosystem: arguments.ecosystem,
            reason: arguments.reason.as_deref().unwrap_or_default(),
            owner: arguments.owner.as_deref().unwrap_or_default(),
            until: arguments.until.as_deref().unwrap_or_default(),
            rules: &arguments.rules,
            although_malicious: arguments.although_malicious,
        }),
        (None, None) => Err(Failure::usage("name a release, --list or --end ID")),
    }
}

/// Whether this person may change exemptions under this policy.
fn may(policy: &Policy, name: &str, who: &Who) -> Result<(), Failure> {
    let may = policy.may_grant(who.credential.as_deref(), who.agent.as_deref());
    may.map_err(|why| {
        Failure::usage(format!(
            "nothing was changed: {why} ({})",
            printable(name, 300)
        ))
    })
}

/// Where changes are made.
struct Desk<'a> {
    store: &'a dyn Store,
    who: Who,
    now: Timestamp,
    format: output::Format,
}

impl Desk<'_> {
    /// Writes a change, whole and on disk before anybody is told of it.
    fn write(&self, change: ExemptionChange) -> Result<(), Failure> {
        let written = self.store.append_wait(LedgerRecord::Exemption(change));
        written.doing("write the exemption into the ledger")?;
        self.store.flush().doing("bring the ledger to disk")
    }

    fn end(&self, id: &str, reason: Option<&str>) -> Result<u8, Failure> {
        let rows = self.store.exemptions().doing("read the exemptions")?;
        let shown = printable(id, 40);
        let row = rows.into_iter().find(|row| row.granted.id == id);
        let row = row.ok_or_else(|| {
            Failure::usage(format!(
                "there is no exemption {shown}; customs policy exempt --list --all shows them"
            ))
        })?;
        if let Some((at, _)) = &row.ended {
            let at = customs_rules::show_instant(*at);
            return Err(Failure::usage(format!("{shown} was ended {at}")));
        }
        if !row.is_in_force(self.now) {
            let at = customs_rules::show_instant(row.granted.until);
            return Err(Failure::usage(format!("{shown} ended by itself {at}")));
        }
        self.write(ExemptionChange::Ended(Ended {
            id: id.to_owned(),
            reason: reason.map(str::to_owned),
            who: self.who.clone(),
        }))?;
        if self.format.is_json() {
            let whole = serde_json::json!({
                "schema": "customs/policy-exempt-v1", "ended": id, "at": self.now,
                "who": self.who,
            });
            output::result(&(output::plain_json(&format!("{whole:#}")) + "\n"))?;
        } else {
            output::result(&format!(
                "{shown} is ended: {} is judged as everything else is. Open runs follow within a second.\n",
                printable(&row.granted.about, 300)
            ))?;
        }
        Ok(0)
    }
}
