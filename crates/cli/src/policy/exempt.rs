//! `customs policy exempt`: exemptions while gates run. Each change is a record of the ledger,
//! from where every gate reads it.

mod list;
mod remote;
#[cfg(test)]
mod tests;
mod text;

use super::under::{self, Under};
use super::who;
use crate::error::Failure;
use crate::output;
use crate::place::Place;
use crate::verify::verdicts;
use customs_gate::{NotApproved, Wanted, approve};
use customs_model::{
    Clock, Digest, Ecosystem, PackageSpec, Standing, SystemClock, Timestamp, printable,
};
use customs_rules::{Policy, RuleSet, judge_code};
use customs_store::{ExemptionChange, Store, Who};
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
    remote: remote::Arguments,
    #[command(flatten)]
    format: output::Format,
}

/// Does it.
pub fn main(arguments: &Arguments) -> Result<u8, Failure> {
    if let Some(remote) = arguments.remote.gate(arguments.format)? {
        return match arguments.asked()? {
            Asked::List => remote.list(arguments.all),
            Asked::End(id) => remote.end(id, arguments.reason.as_deref()),
            Asked::Grant(_, wanted) => remote.grant(wanted),
        };
    }
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
    match arguments.asked()? {
        Asked::List => list::main(&policy, arguments.all, arguments.format, now),
        Asked::End(id) => desk.end(id, arguments.reason.as_deref()),
        Asked::Grant(target, wanted) => desk.grant(&target, &wanted),
    }
}

/// What is asked for.
enum Asked<'a> {
    List,
    End(&'a str),
    Grant(PackageSpec, Wanted),
}

impl Arguments {
    fn asked(&self) -> Result<Asked<'_>, Failure> {
        if self.list {
            return Ok(Asked::List);
        }
        if let Some(id) = &self.end {
            return Ok(Asked::End(id));
        }
        let Some(target) = &self.target else {
            return Err(Failure::usage("name a release, --list or --end ID"));
        };
        let target = PackageSpec::parse(target, self.ecosystem);
        let target = target.map_err(|why| Failure::usage(why.to_string()))?;
        let wanted = Wanted {
            target: target.about(),
            reason: self.reason.clone().unwrap_or_default(),
            owner: self.owner.clone().unwrap_or_default(),
            until: self.until.clone().unwrap_or_default(),
            rules: self.rules.clone(),
            although_malicious: self.although_malicious,
            agent: None,
        };
        Ok(Asked::Grant(target, wanted))
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
    fn grant(&self, target: &PackageSpec, wanted: &Wanted) -> Result<u8, Failure> {
        let granted = approve::prepare(self.store, target, wanted, self.who.clone(), self.now);
        let granted = granted.map_err(failure)?;
        if !granted.although_malicious {
            malicious(target, &granted.digests)?;
        }
        let change = ExemptionChange::Granted(granted.clone());
        approve::write(self.store, change).map_err(failure)?;
        if self.format.is_json() {
            let whole = serde_json::json!({
                "schema": "customs/policy-exempt-v1", "at": self.now, "granted": granted,
            });
            output::result(&(output::plain_json(&format!("{whole:#}")) + "\n"))?;
        } else {
            output::result(&text::granted(&granted))?;
        }
        Ok(0)
    }

    fn end(&self, id: &str, reason: Option<&str>) -> Result<u8, Failure> {
        let row = approve::in_force(self.store, id, self.now).map_err(failure)?;
        let change = approve::end_of(&row, reason, self.who.clone());
        approve::write(self.store, change).map_err(failure)?;
        if self.format.is_json() {
            let whole = serde_json::json!({
                "schema": "customs/policy-exempt-v1", "ended": id, "at": self.now,
                "who": self.who,
            });
            output::result(&(output::plain_json(&format!("{whole:#}")) + "\n"))?;
        } else {
            output::result(&text::ended(id, &row.granted.about))?;
        }
        Ok(0)
    }
}

fn failure(why: NotApproved) -> Failure {
    match why {
        NotApproved::Refused(why) => Failure::usage(why),
        why => Failure::work(format!("cannot {why}")),
    }
}

/// Refuses what was read and judged to be malicious.
fn malicious(target: &PackageSpec, digests: &[Digest]) -> Result<(), Failure> {
    let Some(release) = target.release() else {
        return Ok(());
    };
    let rules = RuleSet::standard();
    for (_, facts) in verdicts::kept(&verdicts::caches()?, &release, digests) {
        let verdict = judge_code(&facts.code, &rules);
        if verdict.standing == Standing::Malicious {
            return Err(failure(approve::malicious(&target.about(), &verdict)));
        }
    }
    Ok(())
}
