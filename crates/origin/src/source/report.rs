//! What a comparison means.
//!
//! Three things alarm: a file that the commit has otherwise; what is only in the artifact and runs,
//! or decides what is installed; and a set of phantoms that is not that of the releases before.
//! What is explained but not equal is quiet and never green: only a build could prove it.

use super::artifact::Artifact;
use super::class::FileClass;
use super::compare::Comparison;
use super::finding::{FindingKind, SourceFinding};
use super::object::ObjectId;
use super::phantom::PhantomSet;
use super::place::CommitPlace;
use super::tree::SourceTree;
use super::{Base, Context, commit, new_phantoms, words};
use customs_model::{Answer, ReleaseId, Severity, printable};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What was found about an artifact and its commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceReport {
    /// The release.
    #[serde(with = "as_text")]
    pub release: ReleaseId,
    /// The commit.
    pub commit: ObjectId,
    /// Whether the artifact corresponds to the commit. *Yes* only where every file that can run is
    /// the commit's own.
    pub answer: Answer,
    /// How many files of each class. All zero where nothing was compared.
    pub counts: Counts,
    /// The worst first, then by kind.
    pub findings: Vec<SourceFinding>,
    /// What was not looked at. One sentence each, safe to print.
    pub not_checked: Vec<String>,
    /// The folder of the commit; none where nothing was compared.
    pub base: Option<Base>,
    /// Every file.
    pub files: BTreeMap<String, FileClass>,
    /// To be kept for the release after this one.
    pub phantoms: PhantomSet,
    /// Where the commit stands; none where it is not in the clone.
    pub place: Option<CommitPlace>,
}

/// Files of each class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// The same bytes at the same path.
    pub same: usize,
    /// The same bytes elsewhere.
    pub moved: usize,
    /// Other bytes that say the same.
    pub normalised: usize,
    /// Made, and explained.
    pub generated: usize,
    /// Other bytes.
    pub modified: usize,
    /// In no commit.
    pub phantom: usize,
    /// Not compared.
    pub not_compared: usize,
}

impl Counts {
    fn of<'a>(classes: impl Iterator<Item = &'a FileClass>) -> Self {
        let mut counts = Self::default();
        for class in classes {
            *match class {
                FileClass::Same => &mut counts.same,
                FileClass::Moved { .. } => &mut counts.moved,
                FileClass::Normalised { .. } => &mut counts.normalised,
                FileClass::Generated { .. } => &mut counts.generated,
                FileClass::Modified => &mut counts.modified,
                FileClass::Phantom { .. } => &mut counts.phantom,
                FileClass::NotCompared { .. } => &mut counts.not_compared,
            } += 1;
        }
        counts
    }
}

impl SourceReport {
    /// Nothing could be compared, because. One sentence, safe to print, with what to do.
    pub fn not_checked(context: &Context, because: impl Into<String>) -> Self {
        let because = because.into();
        Self {
            release: context.release.clone(),
            commit: context.commit,
            answer: Answer::not_checked(because.clone()),
            counts: Counts::default(),
            findings: Vec::new(),
            not_checked: vec![because],
            base: None,
            files: BTreeMap::new(),
            phantoms: PhantomSet::default(),
            place: None,
        }
    }
}

/// Judges a comparison. `before` are the phantoms of earlier releases of the same package, as many
/// as are known; with none, nothing can be called new.
pub fn report(
    comparison: Comparison,
    artifact: &Artifact,
    tree: &SourceTree,
    place: CommitPlace,
    context: &Context,
    before: &[PhantomSet],
) -> SourceReport {
    let phantoms = PhantomSet::of(
        &context.release.version,
        comparison
            .files
            .iter()
            .filter(|(_, class)| matches!(class, FileClass::Phantom { .. }))
            .map(|(path, _)| path.as_str()),
    );
    let judge = Judge {
        comparison: &comparison,
        tree,
        context,
        before,
    };
    let mut findings = judge.modified();
    findings.extend(judge.fields());
    findings.extend(judge.phantoms(&phantoms));
    findings.extend(judge.taken_from_tests());
    findings.extend(commit::vcs_info(artifact, context));
    let mut not_checked = comparison.not_checked.clone();
    findings.extend(commit::findings(
        &place,
        context,
        &comparison.base.folder,
        &mut not_checked,
    ));
    if phantoms.cut {
        not_checked.push(
            "There are more phantoms than are remembered; new ones among the rest are not told."
                .to_owned(),
        );
    }
    not_checked.extend(judge.built());
    not_checked.extend(judge.gaps());
    findings
        .sort_by(|a, b| (b.severity, a.kind, &a.sentence).cmp(&(a.severity, b.kind, &b.sentence)));
    SourceReport {
        answer: answer(&findings, &not_checked),
        release: context.release.clone(),
        commit: context.commit,
        counts: Counts::of(comparison.files.values()),
        findings,
        not_checked,
        base: Some(comparison.base),
        files: comparison.files,
        phantoms,
        place: Some(place),
    }
}

fn answer(findings: &[SourceFinding], not_checked: &[String]) -> Answer {
    if findings
        .iter()
        .any(|finding| finding.severity >= Severity::Medium)
    {
        Answer::No
    } else if not_checked.is_empty() {
        Answer::Yes
    } else {
        Answer::not_checked(not_checked.join(" "))
    }
}

struct Judge<'a> {
    comparison: &'a Comparison,
    tree: &'a SourceTree,
    context: &'a Context,
    before: &'a [PhantomSet],
}

impl Judge<'_> {
    fn runs(&self, path: &str) -> bool {
        self.comparison.runs.get(path).copied().unwrap_or(false)
    }

    fn paths(&self, wanted: impl Fn(&str, &FileClass) -> bool) -> Vec<&str> {
        self.comparison
            .files
            .iter()
            .filter(|(path, class)| wanted(path, class))
            .map(|(path, _)| path.as_str())
            .collect()
    }

    fn modified(&self) -> Vec<SourceFinding> {
        let manifest = |path: &str| self.comparison.fields.iter().any(|(of, _)| of == path);
        let of = |runs: bool| {
            self.paths(|path, class| {
                *class == FileClass::Modified && self.runs(path) == runs && !manifest(path)
            })
        };
        let say = |paths: Vec<&str>, what: &str, severity| {
            (!paths.is_empty()).then(|| {
                let sentence = format!(
                    "{} {what} other bytes than commit {}: {}.",
                    words::files(paths.len()),
                    self.context.commit.short(),
                    words::list(&paths),
                );
                SourceFinding::new(FindingKind::Modified, severity, sentence).about(&paths)
            })
        };
        let has = |paths: &[&str]| if paths.len() == 1 { "has" } else { "have" };
        let (run, rest) = (of(true), of(false));
        let ran = format!("that can run {}", has(&run));
        let rested = has(&rest);
        [
            say(run, &ran, Severity::High),
            say(rest, rested, Severity::Medium),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn fields(&self) -> Vec<SourceFinding> {
        let fields = self.comparison.fields.iter();
        fields
            .map(|(manifest, difference)| {
                let sentence = difference.sentence(&printable(manifest, 200));
                SourceFinding::new(FindingKind::ManifestField, difference.severity(), sentence)
                    .about(&[manifest])
            })
            .collect()
    }

    fn phantoms(&self, now: &PhantomSet) -> Vec<SourceFinding> {
        if self.before.is_empty() {
            return self.first_phantoms();
        }
        new_phantoms::findings(self.comparison, self.tree, self.context, now, self.before)
    }

    /// With no release before: what runs and stands among sources alarms; what stands in a folder
    /// that the commit does not have at all is what a build makes.
    fn first_phantoms(&self) -> Vec<SourceFinding> {
        let of = |output: bool| {
            self.paths(|path, _| {
                self.comparison.is_executable(path) && self.comparison.is_output(path) == output
            })
        };
        let (among, built) = (of(false), of(true));
        let mut found = Vec::new();
        if !among.is_empty() {
            let sentence = format!(
                "{} that can run {} not in commit {}, and nothing in it explains {}: {}.",
                words::files(among.len()),
                if among.len() == 1 { "is" } else { "are" },
                self.context.commit.short(),
                if among.len() == 1 { "it" } else { "them" },
                words::list(&among),
            );
            found.push(
                SourceFinding::new(FindingKind::PhantomExecutable, Severity::High, sentence)
                    .about(&among),
            );
        }
        if !built.is_empty() {
            let sentence = format!(
                "{} that can run {} in folders that commit {} does not have, as builds make them; no release before was compared: {}.",
                words::files(built.len()),
                if built.len() == 1 { "is" } else { "are" },
                self.context.commit.short(),
                words::list(&built),
            );
            found.push(
                SourceFinding::new(FindingKind::FirstPhantoms, Severity::Low, sentence)
                    .about(&built),
            );
        }
        found
    }

    /// xz's payload lay in the repository as a file for tests.
    fn taken_from_tests(&self) -> Option<SourceFinding> {
        let for_tests = |path: &str| {
            path.split('/').any(|part| {
                matches!(
                    part.to_ascii_lowercase().as_str(),
                    "test" | "tests" | "__tests__" | "fixtures" | "testdata" | "examples" | "docs"
                )
            })
        };
        let paths = self.paths(|path, class| match class {
            FileClass::Moved { from } => self.runs(path) && for_tests(from) && !for_tests(path),
            FileClass::Same
            | FileClass::Normalised { .. }
            | FileClass::Generated { .. }
            | FileClass::Modified
            | FileClass::Phantom { .. }
            | FileClass::NotCompared { .. } => false,
        });
        (!paths.is_empty()).then(|| {
            let sentence = format!(
                "{} that can run {} the bytes of files for tests, examples or documentation: {}.",
                words::files(paths.len()),
                if paths.len() == 1 { "has" } else { "have" },
                words::list(&paths),
            );
            SourceFinding::new(FindingKind::FromTests, Severity::Low, sentence).about(&paths)
        })
    }

    /// What can run and was explained or known, not compared.
    fn built(&self) -> Option<String> {
        let by_content = |class: &FileClass| matches!(class, FileClass::Generated { explained_by } if explained_by.by_content());
        let generated = self
            .paths(|path, class| matches!(class, FileClass::Generated { .. }) && self.runs(path));
        let maps = self
            .paths(|path, class| by_content(class) && self.runs(path))
            .len();
        let phantoms = self
            .paths(|path, _| self.comparison.is_executable(path))
            .len();
        let all = generated.len() + phantoms;
        (all > 0).then(|| {
            format!(
                "{} that can run {} not in the source but built: {maps} with a source map that holds this source, {} named by the build configuration, {phantoms} explained by nothing. Only a build could tell whether they were made from it alone.",
                words::files(all),
                if all == 1 { "is" } else { "are" },
                generated.len() - maps,
            )
        })
    }

    fn gaps(&self) -> Option<String> {
        let paths = self.paths(|_, class| matches!(class, FileClass::NotCompared { .. }));
        let of_submodule = paths.iter().any(|path| {
            matches!(
                self.comparison.files.get(*path),
                Some(FileClass::NotCompared {
                    why: super::Gap::Submodule { .. }
                })
            )
        });
        (!paths.is_empty()).then(|| {
            format!(
                "{} could not be compared; {}: {}.",
                words::files(paths.len()),
                if of_submodule {
                    "what stands in a submodule is in another repository"
                } else {
                    "a program of the user's would have to convert it, or the clone does not hold what it is compared with"
                },
                words::list(&paths),
            )
        })
    }
}

mod as_text {
    use customs_model::ReleaseId;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub fn serialize<S: Serializer>(release: &ReleaseId, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(release)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ReleaseId, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}
