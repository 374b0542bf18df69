//! Shapes of attacks, inert, each with honest twins: `crates/inspect/shapes/*.txt`.

mod binary;

use crate::stats::Count;
use crate::{Error, workers};
use customs_inspect::{Content, Entry, Kind, Tree, inspect_tree};
use customs_model::{Finding, Inspection, Severity, Standing, Verdict, Zone};
use customs_rules::{RuleSet, judge_code, judge_code_against};
use std::collections::BTreeMap;
use std::path::Path;

/// One case of a shape.
#[derive(Debug, Clone, Default)]
pub struct Case {
    /// The file that it stands in, and its number there.
    pub id: String,
    /// It must be found; else it must not be.
    pub malicious: bool,
    /// What it does.
    pub what: String,
    /// The rule that must speak.
    pub rule: String,
    /// The zone that the finding must name.
    pub zone: String,
    /// A file and a piece of the line on which the path must begin.
    pub source: Option<(String, String)>,
    /// A file and a piece of the line on which the path must end.
    pub sink: Option<(String, String)>,
    /// What the explanation must name.
    pub host: Option<String>,
    /// Something that must be told beside it: a kind of sign.
    pub sign: Option<String>,
    /// Paths and texts.
    pub files: Vec<(String, String)>,
    /// Those of the release before it, where the shape is what changed.
    pub before: Vec<(String, String)>,
}

/// Reads the cases of one file.
pub fn parse(name: &str, text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut in_file = false;
    let mut in_before = false;
    for line in text.split('\n') {
        if let Some(head) = line.strip_prefix("=== ") {
            let (kind, what) = head.split_once(':').unwrap_or((head, ""));
            cases.push(Case {
                id: format!("{name}#{}", cases.len() + 1),
                malicious: kind == "malicious",
                what: what.trim().to_owned(),
                ..Case::default()
            });
            in_file = false;
            continue;
        }
        let Some(case) = cases.last_mut() else {
            continue;
        };
        if let Some(path) = line.strip_prefix("--- ") {
            let (path, words) = path.split_once(" = ").unwrap_or((path, ""));
            let binary = binary::written(words);
            let later = path.strip_prefix("before: ");
            in_before = later.is_some();
            let files = if in_before {
                &mut case.before
            } else {
                &mut case.files
            };
            // Nothing follows a binary.
            in_file = binary.is_none();
            let path = later.unwrap_or(path).trim().to_owned();
            files.push((path, binary.unwrap_or_default()));
        } else if in_file {
            let files = if in_before {
                &mut case.before
            } else {
                &mut case.files
            };
            if let Some((_, content)) = files.last_mut() {
                content.push_str(line);
                content.push('\n');
            }
        } else if let Some((key, value)) = line.split_once(':') {
            let value = value.trim();
            match key.trim() {
                "rule" => case.rule = value.to_owned(),
                "zone" => case.zone = value.to_owned(),
                "sign" => case.sign = Some(value.to_owned()),
                "host" => case.host = Some(value.to_owned()),
                "source" => case.source = anchor(value),
                "sink" => case.sink = anchor(value),
                _ => {}
            }
        }
    }
    cases
}

fn anchor(value: &str) -> Option<(String, String)> {
    let (file, piece) = value.split_once(' ')?;
    Some((file.to_owned(), piece.trim().trim_matches('"').to_owned()))
}

/// The case as a tree, without an archive around it.
pub fn tree(case: &Case) -> Tree {
    tree_of(&case.files)
}

fn tree_of(files: &[(String, String)]) -> Tree {
    let entries = files
        .iter()
        .map(|(path, text)| Entry {
            path: path.clone(),
            content: Content::Whole(text.as_bytes().into()),
            length: text.len() as u64,
            kind: if binary::is_elf(text) {
                Kind::Native
            } else if binary::is_wasm(text) {
                Kind::Wasm
            } else {
                Kind::Text
            },
            executable: false,
        })
        .collect();
    Tree {
        entries,
        ..Tree::default()
    }
}

/// How a case came out.
#[derive(Debug)]
pub enum Outcome {
    /// As it should be, and explained.
    Right,
    /// Found, by the wrong rule or with a wrong explanation.
    Explained(String),
    /// Not found.
    Missed(String),
    /// Found where there is nothing.
    Alarm(String),
}

/// What the rules say of a case: beside the release before it, where it has one.
pub fn verdict(case: &Case, inspection: &Inspection) -> Verdict {
    let rules = RuleSet::standard();
    if case.before.is_empty() {
        return judge_code(inspection, &rules);
    }
    let before = inspect_tree(&tree_of(&case.before));
    judge_code_against(&before, inspection, &rules)
}

/// Where a case stands.
pub fn judged(case: &Case) -> Standing {
    verdict(case, &inspect_tree(&tree(case))).standing
}

/// Judges a case.
pub fn judge(case: &Case) -> Outcome {
    let inspection = inspect_tree(&tree(case));
    let verdict = verdict(case, &inspection);
    if !case.malicious {
        return match verdict.standing {
            Standing::Malicious => Outcome::Alarm(critical(&verdict)),
            _ => Outcome::Right,
        };
    }
    if verdict.standing != Standing::Malicious {
        return Outcome::Missed(summary(&inspection, &verdict));
    }
    match verdict
        .findings
        .iter()
        .filter(|f| f.severity == Severity::Critical)
        .find(|f| names(&case.rule, f.rule.as_str()))
    {
        None => Outcome::Explained(format!("other rule: {}", critical(&verdict))),
        Some(_) => {
            let all: Vec<&Finding> = verdict
                .findings
                .iter()
                .filter(|f| f.severity == Severity::Critical)
                .collect();
            let mut why = String::new();
            if all
                .iter()
                .any(|finding| explains(case, finding, &inspection, &mut why))
            {
                Outcome::Right
            } else {
                Outcome::Explained(why)
            }
        }
    }
}

/// Whether a rule says what another one would: a build script's flows, and downloads by
/// command line, are told by the more special rule.
fn names(wanted: &str, said: &str) -> bool {
    wanted == said
        || matches!(
            (wanted, said),
            ("remote-code", "download-cradle" | "build-time-network")
                | ("download-cradle", "remote-code")
                | (
                    "secret-to-network" | "identity-to-network" | "collect-and-send",
                    "build-time-network" | "secret-to-network" | "collect-and-send"
                )
                | (
                    "build-time-network",
                    "secret-to-network" | "identity-to-network" | "remote-code" | "download-cradle"
                )
                | ("self-publishing", "secret-to-network")
        )
}

fn critical(verdict: &Verdict) -> String {
    let found: Vec<String> = verdict
        .findings
        .iter()
        .filter(|f| f.severity == Severity::Critical)
        .map(|f| format!("{}: {}", f.rule, f.message))
        .collect();
    found.join(" | ")
}

fn summary(inspection: &Inspection, verdict: &Verdict) -> String {
    let findings: Vec<String> = verdict
        .findings
        .iter()
        .map(|f| format!("{} {:?}: {}", f.rule, f.severity, f.message))
        .collect();
    let flows: Vec<String> = inspection
        .flows
        .iter()
        .map(|f| {
            format!(
                "{:?}→{:?} {:?} {:?} {:?}",
                f.source, f.sink, f.zone, f.target, f.marks
            )
        })
        .collect();
    let capabilities: Vec<String> = inspection
        .capabilities
        .iter()
        .map(|c| format!("{}@{:?}", c.name, c.zone))
        .collect();
    format!(
        "findings [{}] flows [{}] capabilities [{}] not checked {:?}",
        findings.join("; "),
        flows.join("; "),
        capabilities.join(" "),
        verdict.not_checked
    )
}

/// Whether a finding names zone, host, source and sink as the case says.
fn explains(case: &Case, finding: &Finding, inspection: &Inspection, why: &mut String) -> bool {
    if let Some(wanted) = &case.sign
        && !inspection
            .signs
            .iter()
            .any(|sign| format!("{:?}", sign.kind) == *wanted)
    {
        *why = format!("no sign {wanted}: {}", finding.message);
        return false;
    }
    let zone = match case.zone.as_str() {
        "install" => Zone::Install,
        "start" => Zone::Start,
        "import" => Zone::Import,
        "folder" => Zone::Folder,
        "command" => Zone::Command,
        _ => Zone::Called,
    };
    if !case.zone.is_empty() && case.zone != "called" && !finding.message.contains(zone.words()) {
        *why = format!("zone is not {}: {}", case.zone, finding.message);
        return false;
    }
    if let Some(host) = &case.host
        && !finding.message.contains(host.as_str())
        && !finding
            .evidence
            .iter()
            .any(|line| line.contains(host.as_str()))
    {
        *why = format!("does not name {host}: {}", finding.message);
        return false;
    }
    for (what, wanted, hop) in [
        ("source", &case.source, finding.path.first()),
        ("sink", &case.sink, finding.path.last()),
    ] {
        let Some((file, piece)) = wanted else {
            continue;
        };
        let Some(hop) = hop else {
            *why = format!("no path: {}", finding.message);
            return false;
        };
        let Some(line) = line_of(case, file, piece) else {
            continue;
        };
        if !hop.at.file.ends_with(file.as_str()) || hop.at.line.abs_diff(line) > 3 {
            *why = format!("{what} stands at {} and not at {file}:{line}", hop.at);
            return false;
        }
    }
    true
}

fn line_of(case: &Case, file: &str, piece: &str) -> Option<u32> {
    let (_, text) = case.files.iter().find(|(path, _)| path.ends_with(file))?;
    let at = text.find(piece)?;
    Some(text[..at].matches('\n').count() as u32 + 1)
}

/// Reads every case of a folder.
pub fn load(folder: &Path) -> Result<Vec<Case>, Error> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .map_err(|e| Error::io(folder, e))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "txt"))
        .collect();
    names.sort();
    let mut cases = Vec::new();
    for path in names {
        let text = std::fs::read_to_string(&path).map_err(|e| Error::io(&path, e))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        cases.extend(parse(name.trim_end_matches(".txt"), &text));
    }
    Ok(cases)
}

/// Cases, each as it came out.
pub struct Shapes {
    judged: Vec<(Case, Outcome)>,
}

/// Judges the cases of a folder.
///
/// # Errors
/// The folder cannot be read.
pub fn measure(folder: &Path, only: Option<&str>) -> Result<Shapes, Error> {
    let cases: Vec<Case> = load(folder)?
        .into_iter()
        .filter(|case| only.is_none_or(|only| case.id.contains(only)))
        .collect();
    let outcomes = workers(&cases, judge);
    Ok(Shapes {
        judged: cases.into_iter().zip(outcomes).collect(),
    })
}

/// Judges all and prints what is not right.
pub fn report(folder: &Path, only: Option<&str>) -> Result<(), Error> {
    measure(folder, only)?.print();
    Ok(())
}

impl Shapes {
    fn count(&self, malicious: bool, wanted: fn(&Outcome) -> bool) -> Count {
        let cases = self.judged.iter();
        let cases = cases.filter(|(case, _)| case.malicious == malicious);
        Count {
            n: cases.clone().filter(|(_, outcome)| wanted(outcome)).count(),
            of: cases.count(),
        }
    }

    /// The attacks that are found and explained as they should be.
    pub fn explained(&self) -> Count {
        self.count(true, |outcome| matches!(outcome, Outcome::Right))
    }

    /// The attacks that are found.
    pub fn found(&self) -> Count {
        self.count(true, |outcome| !matches!(outcome, Outcome::Missed(_)))
    }

    /// The honest twins that are called malicious.
    pub fn alarms(&self) -> Count {
        self.count(false, |outcome| matches!(outcome, Outcome::Alarm(_)))
    }

    /// The attacks that are not found: the case, and what it does.
    pub fn missed(&self) -> impl Iterator<Item = (&str, &str)> {
        self.judged
            .iter()
            .filter(|(_, outcome)| matches!(outcome, Outcome::Missed(_)))
            .map(|(case, _)| (case.id.as_str(), case.what.as_str()))
    }

    fn print(&self) {
        let mut by_file: BTreeMap<&str, [u32; 5]> = BTreeMap::new();
        for (case, outcome) in &self.judged {
            let file = case.id.split('#').next().unwrap_or_default();
            let row = by_file.entry(file).or_default();
            let (column, note) = match outcome {
                Outcome::Right if case.malicious => (0, None),
                Outcome::Right => (3, None),
                Outcome::Explained(why) => (1, Some(format!("EXPLAINED {why}"))),
                Outcome::Missed(why) => (2, Some(format!("MISSED {why}"))),
                Outcome::Alarm(why) => (4, Some(format!("ALARM {why}"))),
            };
            row[column] += 1;
            if let Some(note) = note {
                println!("{} ({}): {note}\n", case.id, case.what);
            }
        }
        let line = |name: &str, row: &[u32; 5]| {
            println!(
                "{name:44} {:>6} {:>6} {:>6} {:>7} {:>6}",
                row[0], row[1], row[2], row[3], row[4]
            );
        };
        println!(
            "{:44} {:>6} {:>6} {:>6} {:>7} {:>6}",
            "shape", "found", "unexpl", "missed", "benign", "alarm"
        );
        let mut sum = [0; 5];
        for (name, row) in &by_file {
            line(name, row);
            for (total, value) in sum.iter_mut().zip(row) {
                *total += value;
            }
        }
        line("all", &sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transform::random::Random;

    fn all() -> Vec<(Case, Outcome)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/inspect/shapes");
        let cases = load(&folder).unwrap();
        let outcomes = workers(&cases, judge);
        cases.into_iter().zip(outcomes).collect()
    }

    #[test]
    fn no_honest_twin_is_called_malicious_and_no_shape_that_was_found_is_lost() {
        let all = all();
        let alarms: Vec<_> = all
            .iter()
            .filter(|(_, outcome)| matches!(outcome, Outcome::Alarm(_)))
            .map(|(case, outcome)| format!("{}: {outcome:?}", case.id))
            .collect();
        assert_eq!(alarms, Vec::<String>::new());
        let malicious = all.iter().filter(|(case, _)| case.malicious).count();
        let found = all
            .iter()
            .filter(|(case, outcome)| case.malicious && !matches!(outcome, Outcome::Missed(_)))
            .count();
        // What is missing is listed by `cargo xtask calibrate shapes`.
        assert!(
            found >= FOUND,
            "{found} of {malicious} shapes are found, before it were {FOUND}"
        );
    }

    /// Shapes that are found; it only rises.
    const FOUND: usize = 527;

    /// Letters of several bytes, of none that is seen, and ends of texts, where readers that
    /// count bytes go wrong.
    const STRANGE: [&str; 8] = [
        "名",
        "é://",
        "\u{200b}",
        "🚢",
        "\0",
        "\r",
        "ß\\",
        "\u{feff}'",
    ];

    #[test]
    fn no_shape_with_strange_letters_in_it_ends_the_reader() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/inspect/shapes");
        let mut spoiled = Vec::new();
        for case in load(&folder).unwrap() {
            for seed in 0..12 {
                let mut case = case.clone();
                let mut random = Random::of(&case.id, seed);
                for (_, text) in &mut case.files {
                    for _ in 0..3 {
                        let at = text.floor_char_boundary(random.below(text.len() + 1));
                        text.insert_str(at, random.pick(&STRANGE).unwrap());
                    }
                }
                spoiled.push(case);
            }
        }
        // One that the reader could not bear ends its worker, and with it this test.
        assert_eq!(workers(&spoiled, judge).len(), spoiled.len());
    }

    #[test]
    fn a_case_is_read_with_its_head_and_its_files() {
        let text = "=== malicious: it sends\nrule: secret-to-network\nzone: import\nsource: a.js \"x(\"\n--- package/a.js\nx()\n=== benign: it does not\n--- package/b.js\ny()\n";
        let cases = parse("name", text);
        assert_eq!(cases.len(), 2);
        assert_eq!(cases[0].rule, "secret-to-network");
        assert_eq!(cases[0].source, Some(("a.js".to_owned(), "x(".to_owned())));
        assert_eq!(
            cases[0].files,
            [("package/a.js".to_owned(), "x()\n".to_owned())]
        );
        assert!(!cases[1].malicious);
    }
}
