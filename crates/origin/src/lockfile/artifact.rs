//! What an artifact says of itself against what its lockfile and its registry say of it: before
//! anything is installed, wherever the artifact is at hand.

#[cfg(test)]
mod tests;

use super::doc::LockRuleDoc;
use super::finding::{Findings, Judgement, Said};
use super::open::Open;
use customs_ecosystem::lockfile::{Graph, Kind};
use customs_ecosystem::pypi;
use customs_model::{
    Contradiction, ContradictionKind, Declared, Ecosystem, Manifest, ReleaseId, RunsCode, Severity,
    printable,
};
use std::cmp::Ordering;

pub(super) static DOC: LockRuleDoc = LockRuleDoc {
    id: "lock-artifact",
    title: "An artifact says something else of itself than its lockfile or its registry.",
    what: "Reads the manifest inside of each artifact that is at hand and has the locked digest \
           (`package.json`, `Cargo.toml`, `METADATA`). Its name and version are held against the \
           entry; its dependencies against those that the lockfile has for the entry, and its scripts at \
           install where the lockfile tells of those (npm, old formats of pnpm); with `--fetch` both also against \
           the registry's document. Left out are what platforms or \
           extras ask for, what is bundled, and all dependencies where overrides or hooks may have changed them; of a \
           package that uv was given other metadata of (`dependency-metadata`), those that this does not have. An \
           artifact whose manifest cannot be read is not checked.",
    why: "Managers resolve by the registry's document and by the lockfile, and run what lies in the \
          artifact. Who makes the two differ shows reviewers a package that nobody installs.",
    effect: "fails where the artifact is of another name or version; warns where it has a dependency, a \
             command or a script at install that is not told",
    to_do: "Compare the artifact with the one that its maintainers publish. If the lockfile is right \
            everywhere else, let the package manager write the entry again, and look at what comes along.",
    fires: &[
        "The lockfile says is-number@7.0.0, and the tarball with its digest says is-odd@3.0.1.",
        "A tarball with a `postinstall` whose entry has no `hasInstallScript`.",
    ],
    silent: &[
        "The artifact is not on this computer.",
        "`v1.0.0` in the artifact, `1.0.0` in the lockfile.",
        "A requirement in other words, which publishing tools rewrite.",
    ],
    learnt_from: "npm's manifest confusion (June 2023); `npm ls` prints the lockfile's name over another \
                  package's files (measured, November 2026).",
};

/// What an artifact says of itself.
#[derive(Debug, Clone)]
pub struct OwnManifest {
    /// Which entry of the lockfile it is the artifact of, by its number.
    pub entry: usize,
    /// What stands in it, or why it could not be read: one clause, safe to print.
    pub declared: Result<Declared, String>,
    /// What the registry's document says of the release; none where nobody was asked.
    pub document: Option<Manifest>,
}

/// Holds what artifacts say of themselves against their lockfile and against documents: a finding for each
/// contradiction, and one sentence for each reason why others could not be read. `file` is the lockfile's
/// path, for people.
pub fn judge_artifacts(file: &str, graph: &Graph, own: &[OwnManifest]) -> Judgement {
    let mut judgement = Judgement::default();
    let mut findings = Findings::of(DOC.id, &mut judgement);
    let mut open = Open::default();
    for one in own {
        let Some(entry) = graph.lockfile.entries.get(one.entry) else {
            continue;
        };
        let release = &entry.release;
        let declared = match &one.declared {
            Ok(declared) => declared,
            Err(why) => {
                open.add(printable(why, 300), release);
                continue;
            }
        };
        let mut say = |severity, message, evidence| {
            findings.add(Said {
                severity,
                message,
                file,
                line: entry.line,
                release: Some(release),
                evidence,
            });
        };
        let spoken = printable(&release.spoken(), 160);
        let against = against_lock(graph, one.entry, declared);
        let (others, more): (Vec<&Contradiction>, Vec<&Contradiction>) =
            against.iter().partition(|one| one.kind.is_of_another());
        if !others.is_empty() {
            let name = declared.name.as_deref().unwrap_or("nothing");
            let version = declared.version.as_deref().unwrap_or("no version");
            let itself = printable(&format!("{name}@{version}"), 160);
            let message = format!("the artifact that is locked as {spoken} calls itself {itself}");
            say(Severity::High, message, Vec::new());
        }
        if !more.is_empty() {
            let message = format!("the artifact of {spoken} has what the lockfile does not tell");
            say(
                Severity::Medium,
                message,
                more.into_iter().map(words).collect(),
            );
        }
        let Some(document) = &one.document else {
            continue;
        };
        let hidden = declared.contradictions(release, document);
        let hidden: Vec<String> = hidden
            .iter()
            .filter(|one| one.kind.is_rare() && !one.kind.is_of_another())
            .map(words)
            .collect();
        if !hidden.is_empty() {
            let message =
                format!("the artifact of {spoken} has what its registry's document does not tell");
            say(Severity::Medium, message, hidden);
        }
    }
    open.tell(
        &mut findings,
        file,
        (
            "artifact says nothing of itself that can be read",
            "artifacts say nothing of themselves that can be read",
        ),
    );
    findings.finish();
    judgement
}

/// What the artifact says and the lockfile does not.
fn against_lock(graph: &Graph, number: usize, declared: &Declared) -> Vec<Contradiction> {
    let Some(entry) = graph.lockfile.entries.get(number) else {
        return Vec::new();
    };
    let release = &entry.release;
    let ecosystem = release.package.ecosystem();
    let mut declared = declared.clone();
    // Peers, extras and features are resolved by more than the package's own words.
    declared.manifest.optional_dependencies.clear();
    declared.manifest.offers = customs_model::Offers::default();
    if ecosystem == Ecosystem::PyPi {
        let always = |_: &String, words: &mut String| !words.contains(';');
        declared.manifest.dependencies.retain(always);
    }
    // What uv was given in their place says what it locked; the rest of them it never saw.
    if let Some(stated) = graph.stated_of(release) {
        let asks = &mut declared.manifest.dependencies;
        asks.retain(|name, _| stated.always.contains(name));
    }
    let found = declared.contradictions(release, &told(graph, number, entry.has_install_script));
    let is_said = |one: &Contradiction| match one.kind {
        ContradictionKind::OtherVersion => !is_same_version(release, &one.artifact),
        kind => kind.is_rare(),
    };
    found.into_iter().filter(is_said).collect()
}

fn is_same_version(release: &ReleaseId, written: &str) -> bool {
    let version = release.version.as_str();
    release.package.ecosystem() == Ecosystem::PyPi
        && pypi::compare(written, version) == Some(Ordering::Equal)
}

/// What the lockfile says of an entry, as a document would.
fn told(graph: &Graph, entry: usize, has_install_script: Option<bool>) -> Manifest {
    let mut told = Manifest::default();
    if has_install_script != Some(false) {
        let unnamed = RunsCode::UNNAMED.to_owned();
        told.runs.scripts.insert("install".to_owned(), unnamed);
    }
    let is_python = matches!(graph.kind(), Kind::UvLock | Kind::PoetryLock);
    let name = |name: &str| match is_python {
        // Older ones of Poetry have names as their authors write them.
        true => pypi::normal_name(name),
        false => name.to_owned(),
    };
    let packages = graph.packages.iter().filter(|one| one.entry == Some(entry));
    for ask in packages.flat_map(|package| &package.asks) {
        told.dependencies.insert(name(&ask.name), String::new());
        // It may be asked for under another name than its own.
        if let Some(to) = ask.to.and_then(|to| graph.packages.get(to)) {
            told.dependencies.insert(name(&to.name), String::new());
        }
    }
    let lists = match graph.kind() {
        // Format 1 of npm tells what each place needs, and not always in the entry itself.
        Kind::PackageLock => graph.format != "1",
        Kind::PnpmLock | Kind::YarnClassic | Kind::YarnBerry | Kind::BunLock => true,
        Kind::CargoLock | Kind::UvLock | Kind::PoetryLock => true,
        Kind::PylockToml | Kind::RequirementsTxt => false,
    };
    if !lists || graph.hooked || !graph.overrides.is_empty() {
        told.dependencies_unknown = Some("the lockfile does not tell them".to_owned());
    }
    told
}

fn words(contradiction: &Contradiction) -> String {
    let what = match contradiction.kind {
        ContradictionKind::HiddenScript => "a script at install",
        ContradictionKind::HiddenDependency => "a dependency",
        ContradictionKind::HiddenCommand => "a command",
        ContradictionKind::OtherName => "another name",
        ContradictionKind::OtherVersion => "another version",
        ContradictionKind::OtherScript => "another script",
        ContradictionKind::OtherCommand => "another command",
        ContradictionKind::OtherRequirement => "another requirement",
        ContradictionKind::HiddenFeature => "a feature",
        ContradictionKind::OtherEntry => "another entry",
    };
    format!("{what}: {}", contradiction.artifact)
}
