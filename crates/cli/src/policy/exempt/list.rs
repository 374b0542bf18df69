//! What is exempted: of the ledger, and of the policy file.

use crate::error::{Doing as _, Failure};
use crate::output;
use crate::place::Place;
use customs_gate::{Listed, State, approve};
use customs_model::{Timestamp, printable};
use customs_rules::{Policy, show_instant};
use std::fmt::Write as _;

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
    let lines = approve::listed(policy, rows, all, now);
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

/// What people read of them.
pub(super) fn text(lines: &[Listed], problems: &[String]) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    for line in lines {
        let until = match line.until {
            Some(at) => format!(" until {}", show_instant(at)),
            None => String::new(),
        };
        let state = match (line.state, &line.because) {
            (State::InForce, _) => String::new(),
            (state, None) => format!("  [{}]", state.word()),
            (state, Some(why)) => format!("  [{}: {}]", state.word(), printable(why, 300)),
        };
        let _ = writeln!(
            out,
            "{:<14} {} from {}{until}{state}",
            printable(&line.id, 40),
            printable(&line.about, 300),
            line.rules.join(", ")
        );
        let by = match (&line.by, line.granted) {
            (Some(by), Some(at)) => {
                format!("; granted {} by {}", show_instant(at), printable(by, 300))
            }
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
    use customs_store::{Ended, ExemptionRow, Granted, Who};

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
        let lines = approve::listed(&policy, rows.to_vec(), true, now);
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
