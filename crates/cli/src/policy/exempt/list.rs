//! What is exempted: of the ledger, and of the policy file.

use crate::error::{Doing as _, Failure};
use crate::output;
use crate::place::Place;
use customs_gate::grant;
use customs_model::{Timestamp, printable};
use customs_rules::{Exemption, Policy, show_instant};
use customs_store::ExemptionRow;
use serde::Serialize;
use std::fmt::Write as _;

/// One exemption, from wherever.
#[derive(Debug, Serialize)]
struct Line {
    /// Its name in the ledger, or its place in the policy file.
    id: String,
    /// `ledger` or `policy`.
    from: &'static str,
    about: String,
    rules: Vec<String>,
    reason: String,
    owner: String,
    until: Option<Timestamp>,
    although_malicious: bool,
    granted: Option<Timestamp>,
    by: Option<String>,
    /// `in force`, `expired`, `ended`, `not applied`.
    state: &'static str,
    /// Who ended it, or why it is not applied.
    because: Option<String>,
}

/// Lists them.
pub fn main(
    policy: &Policy,
    all: bool,
    format: output::Format,
    now: Timestamp,
) -> Result<u8, Failure> {
    let rows = match Place::of_environment().read()? {
        Some(store) => store.exemptions().doing("read the exemptions")?,
        // Nothing was ever granted.
        None => Vec::new(),
    };
    let of_file = policy.exemptions().iter().map(|one| of_file(one, now));
    let mut lines: Vec<Line> = of_file.collect();
    lines.extend(rows.into_iter().map(|row| of_ledger(row, policy, now)));
    lines.retain(|line| all || matches!(line.state, "in force" | "not applied"));
    let problems: Vec<String> = policy
        .problems(now)
        .iter()
        .map(ToString::to_string)
        .collect();
    if format.is_json() {
        let whole = serde_json::json!({
            "schema": "customs/policy-exemptions-v1", "at": now, "exemptions": lines,
            "problems": problems,
        });
        output::result(&(output::plain_json(&format!("{whole:#}")) + "\n"))?;
    } else {
        output::result(&text(&lines, &problems))?;
    }
    Ok(0)
}

fn of_file(one: &Exemption, now: Timestamp) -> Line {
    let over = one.expires().is_some_and(|at| at <= now);
    Line {
        id: format!("line {}", one.line()),
        from: "policy",
        about: one.about(),
        rules: one.rules().iter().map(ToString::to_string).collect(),
        reason: one.reason().to_owned(),
        owner: one.owner().to_owned(),
        until: one.expires(),
        although_malicious: false,
        granted: None,
        by: None,
        state: if over { "expired" } else { "in force" },
        because: None,
    }
}

fn of_ledger(row: ExemptionRow, policy: &Policy, now: Timestamp) -> Line {
    let asked = grant(row.clone());
    let may = policy.may_grant(asked.by.as_deref(), asked.agent.as_deref());
    let (state, because) = match (&row.ended, may.and_then(|()| asked.check())) {
        (Some((at, ended)), _) => {
            let why = ended.reason.as_ref().map(|why| format!(": {why}"));
            let why = why.unwrap_or_default();
            let said = format!("{} by {}{why}", show_instant(*at), ended.who);
            ("ended", Some(said))
        }
        (None, _) if row.granted.until <= now => ("expired", None),
        (None, Err(why)) => ("not applied", Some(why)),
        (None, Ok(())) => ("in force", None),
    };
    Line {
        id: row.granted.id,
        from: "ledger",
        about: row.granted.about,
        rules: asked.rules,
        reason: row.granted.reason,
        owner: row.granted.owner,
        until: Some(row.granted.until),
        although_malicious: row.granted.although_malicious,
        granted: Some(row.at),
        by: Some(row.granted.who.to_string()),
        state,
        because,
    }
}

fn text(lines: &[Line], problems: &[String]) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    for line in lines {
        let until = match line.until {
            Some(at) => format!(" until {}", show_instant(at)),
            None => String::new(),
        };
        let state = match (line.state, &line.because) {
            ("in force", _) => String::new(),
            (state, None) => format!("  [{state}]"),
            (state, Some(why)) => format!("  [{state}: {}]", printable(why, 300)),
        };
        let _ = writeln!(
            out,
            "{:<14} {} from {}{until}{state}",
            line.id,
            printable(&line.about, 300),
            line.rules.join(", ")
        );
        let by = match (&line.by, line.granted) {
            (Some(by), Some(at)) => format!("; granted {} by {by}", show_instant(at)),
            _ => String::new(),
        };
        let _ = writeln!(
            out,
            "               {}: {}{by}",
            printable(&line.owner, 200),
            printable(&line.reason, 200)
        );
        if line.although_malicious {
            let _ = writeln!(
                out,
                "               counts ALTHOUGH it is or may be malicious"
            );
        }
    }
    for problem in problems {
        let _ = writeln!(out, "{}", printable(problem, 400));
    }
    if lines.is_empty() && problems.is_empty() {
        out.push_str("nothing is exempted\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::RuleId;
    use customs_store::{Ended, Granted, Who};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn row(id: &str, by: &str, until: &str) -> ExemptionRow {
        ExemptionRow {
            at: at("2026-11-01T12:00:00Z"),
            chain: "chain".to_owned(),
            seq: 2,
            granted: Granted {
                id: id.to_owned(),
                about: "pkg:npm/left@1.0.1".to_owned(),
                digests: Vec::new(),
                rules: vec![RuleId::of("version-age")],
                reason: "hot fix".to_owned(),
                owner: "platform".to_owned(),
                until: at(until),
                although_malicious: id == "EX-4",
                who: Who {
                    credential: Some(by.to_owned()),
                    ..Who::default()
                },
            },
            ended: None,
        }
    }

    #[test]
    fn each_is_told_with_whom_and_until_when_and_why_it_does_not_count() {
        let policy = "version = 1\n[roles]\napprovers = [\"user:ann\"]\n[[exemption]]\nmatch = \"pkg:npm/old@1.0.0\"\nrules = [\"name-age\"]\nreason = \"ours\"\nowner = \"bob\"\nexpires = 2026-12-01\n";
        let policy = Policy::parse(policy, "policy.toml").unwrap();
        let now = at("2026-11-04T00:00:00Z");
        let mut over = row("EX-3", "user:ann", "2026-11-20T00:00:00Z");
        over.ended = Some((
            at("2026-11-02T00:00:00Z"),
            Ended {
                id: "EX-3".to_owned(),
                reason: Some("not needed".to_owned()),
                who: Who::default(),
            },
        ));
        let rows = [
            row("EX-1", "user:ann", "2026-11-20T00:00:00Z"),
            row("EX-2", "user:eve", "2026-11-20T00:00:00Z"),
            over,
            row("EX-4", "user:ann", "2026-11-02T00:00:00Z"),
        ];
        let mut lines: Vec<Line> = policy
            .exemptions()
            .iter()
            .map(|e| of_file(e, now))
            .collect();
        lines.extend(rows.into_iter().map(|row| of_ledger(row, &policy, now)));
        insta::assert_snapshot!(text(&lines, &[]), @"
        line 4         pkg:npm/old@1.0.0 from name-age until 2026-12-01 00:00 UTC
                       bob: ours
        EX-1           pkg:npm/left@1.0.1 from version-age until 2026-11-20 00:00 UTC
                       platform: hot fix; granted 2026-11-01 12:00 UTC by credential user:ann
        EX-2           pkg:npm/left@1.0.1 from version-age until 2026-11-20 00:00 UTC  [not applied: user:eve is none of the policy's approvers; ask user:ann]
                       platform: hot fix; granted 2026-11-01 12:00 UTC by credential user:eve
        EX-3           pkg:npm/left@1.0.1 from version-age until 2026-11-20 00:00 UTC  [ended: 2026-11-02 00:00 UTC by somebody who gave no name: not needed]
                       platform: hot fix; granted 2026-11-01 12:00 UTC by credential user:ann
        EX-4           pkg:npm/left@1.0.1 from version-age until 2026-11-02 00:00 UTC  [expired]
                       platform: hot fix; granted 2026-11-01 12:00 UTC by credential user:ann
                       counts ALTHOUGH it is or may be malicious
        ");
    }

    #[test]
    fn nothing_is_said_to_be_nothing() {
        assert_eq!(text(&[], &[]), "nothing is exempted\n");
    }
}
