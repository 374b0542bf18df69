//! What a change of a lockfile does, for whoever reviews it.

mod docs;
mod facts;
mod index;
mod pairs;
mod render;
mod rewritten;
mod sources;

pub(super) use docs::DOCS;
pub use facts::Facts;
pub use render::{markdown, text, value};

use super::finding::{Findings, Judgement, LockFinding, Said};
use super::rule::format_number;
use super::words::shown;
use customs_ecosystem::lockfile::{Graph, Source};
use customs_model::{ReleaseId, Severity, Timestamp};
use index::Index;
use serde::Serialize;

/// What changed between two states of a lockfile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LockChange {
    /// The lockfile's path, for people.
    pub file: String,
    /// Releases of packages that were not there, or of which another version stays.
    pub added: Vec<Added>,
    /// Releases that are gone without another version in their place.
    pub removed: Vec<Removed>,
    /// Packages whose version changed.
    pub moved: Vec<Moved>,
    /// What changed while the version did not.
    pub rewritten: Vec<Rewritten>,
    /// How many of the added ones nobody asks for but other packages.
    pub new_transitive: usize,
    /// The format's number before and now, where it changed.
    pub format: Option<(String, String)>,
    /// What the rules about changes say.
    pub findings: Vec<LockFinding>,
}

/// A release as it is locked now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Installed {
    /// Its name, safe to print.
    pub name: String,
    /// Its version, safe to print.
    pub version: String,
    /// As a package URL, where it has a version.
    pub release: Option<ReleaseId>,
    /// Where it stands, counted from 1.
    pub line: u32,
    /// The host or place that it comes from, where that is written; safe to print.
    pub from: Option<String>,
    /// Who brought it in, from the one that asks for it to the project's own dependency. Empty
    /// where the project asks for it itself.
    pub way: Vec<String>,
    /// Whether the project asks for it itself.
    pub direct: bool,
    /// It runs a script at install, as the lockfile or its registry says.
    pub install_script: bool,
    /// One of them says whether it does. Most formats do not.
    pub install_script_known: bool,
    /// It lies inside the artifact of another package.
    pub bundled: bool,
    /// Commands that it brings, as far as they are named; safe to print.
    pub commands: Vec<String>,
    /// Who published it, as its registry's document says; none where none was at hand. Safe to print.
    pub publisher: Option<String>,
    /// When, as that says.
    pub published: Option<Timestamp>,
    /// How many days ago that was.
    pub days: Option<i64>,
}

/// A release that was not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Added {
    /// What it is.
    #[serde(flatten)]
    pub installed: Installed,
}

/// A release that is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Removed {
    /// Its name, safe to print.
    pub name: String,
    /// Its version, safe to print.
    pub version: String,
}

/// A package whose version changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// The version before, safe to print.
    pub before: String,
    /// Whether the version went up; none where the two cannot be compared.
    pub up: Option<bool>,
    /// It runs a script at install, and nobody says that the version before did.
    pub new_install_script: bool,
    /// Whether the version before ran one, where that is known.
    pub script_before: Option<bool>,
    /// It lies inside the artifact of another package, and the version before did not.
    pub newly_bundled: bool,
    /// Commands that the version before did not bring; safe to print.
    pub new_commands: Vec<String>,
    /// What it is now.
    #[serde(flatten)]
    pub installed: Installed,
}

/// Something that changed while the version did not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rewritten {
    /// `name@version`, safe to print.
    pub name: String,
    /// As a package URL, where it has a version.
    pub release: Option<ReleaseId>,
    /// Where it stands now, counted from 1.
    pub line: u32,
    /// What changed.
    pub what: What,
    /// What stood there; safe to print.
    pub before: String,
    /// What stands there now; safe to print.
    pub now: String,
    /// How bad that is.
    pub severity: Severity,
}

/// What of a release can change while its version does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// The digest is another one.
    Digest,
    /// The digest is gone.
    DigestLost,
    /// A weaker algorithm binds it.
    DigestWeaker,
    /// A digest was added, or a stronger one.
    DigestAdded,
    /// Yarn's checksum of its own archive is another one.
    Checksum,
    /// The checksum is gone.
    ChecksumLost,
    /// A file of it has another digest.
    File,
    /// There are other files than before.
    Files,
    /// The address is another one.
    Address,
    /// Registry, repository, address or path: another kind of source.
    Source,
    /// Another commit of the same repository.
    Commit,
    /// It says that it runs a script at install, and did not.
    InstallScript,
}

impl What {
    /// In words.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Digest => "the digest changed",
            Self::DigestLost => "the digest was taken away",
            Self::DigestWeaker => "a weaker digest binds it now",
            Self::DigestAdded => "a digest was added",
            Self::Checksum => "the checksum changed",
            Self::ChecksumLost => "the checksum was taken away",
            Self::File => "a file's digest changed",
            Self::Files => "the list of files changed",
            Self::Address => "the address changed",
            Self::Source => "it comes from another kind of source",
            Self::Commit => "another commit is taken",
            Self::InstallScript => "it says that it runs a script at install now",
        }
    }
}

/// Explains a change of a lockfile. `file` is its path, for people.
///
/// ```
/// use customs_ecosystem::lockfile::{Graph, Kind};
/// use customs_origin::lockfile::explain;
/// let read = |version| {
///     let text = format!("ms@^2:\n  version \"{version}\"\n");
///     Graph::read(Kind::YarnClassic, text.as_bytes())
/// };
/// let change = explain("yarn.lock", &read("2.1.2")?, &read("2.1.3")?);
/// assert_eq!(change.moved[0].before, "2.1.2");
/// assert_eq!(change.moved[0].up, Some(true));
/// # Ok::<(), customs_ecosystem::lockfile::Error>(())
/// ```
pub fn explain(file: &str, base: &Graph, now: &Graph) -> LockChange {
    let (before, after) = (Index::of(base), Index::of(now));
    let mut change = LockChange {
        file: file.to_owned(),
        ..LockChange::default()
    };
    pairs::releases(&before, &after, &mut change);
    let moves = rewritten::Moves::between(&before, &after);
    change.rewritten = rewritten::compare(&before, &after, &moves);
    change.new_transitive = change.added.iter().filter(|a| !a.installed.direct).count();
    if base.format != now.format {
        change.format = Some((shown(&base.format), shown(&now.format)));
    }
    change.findings = findings(file, &before, &after, &moves, &change);
    change
}

impl LockChange {
    /// Whether nothing changed that is worth a word.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty()
            && self.removed.is_empty()
            && self.moved.is_empty()
            && self.rewritten.is_empty()
            && self.format.is_none()
            && self.findings.is_empty()
    }
}

impl Moved {
    /// What is known of the version before, where this one runs a script at install.
    fn script_words(&self) -> String {
        match self.script_before {
            Some(_) => format!("{} did not", self.before),
            None => format!("whether {} did is not known", self.before),
        }
    }
}

fn findings(
    file: &str,
    before: &Index<'_>,
    after: &Index<'_>,
    moves: &rewritten::Moves,
    change: &LockChange,
) -> Vec<LockFinding> {
    let mut all = Judgement::default();
    let mut edited = Findings::of(docs::EDITED.id, &mut all);
    for rewritten in &change.rewritten {
        edited.add(Said {
            severity: rewritten.severity,
            message: format!(
                "{}: {}, while its version did not",
                rewritten.name,
                rewritten.what.word()
            ),
            file,
            line: Some(rewritten.line),
            release: rewritten.release.as_ref(),
            evidence: vec![
                format!("was {}", rewritten.before),
                format!("now {}", rewritten.now),
            ],
        });
    }
    edited.finish();
    let mut moved = Findings::of(docs::SOURCES.id, &mut all);
    sources::findings(file, before, after, moves, &mut moved);
    moved.finish();
    let mut scripts = Findings::of(docs::SCRIPTS.id, &mut all);
    new_scripts(file, change, &mut scripts);
    scripts.finish();
    if let Some((was, is)) = &change.format
        && let (Some(was_number), Some(is_number)) = (format_number(was), format_number(is))
        && is_number < was_number
    {
        let mut formats = Findings::of(super::rule::FORMAT_DOC.id, &mut all);
        formats.add(Said {
            severity: Severity::Medium,
            message: format!(
                "the format went back from {was} to {is}: an older package manager wrote it, which promises less"
            ),
            file,
            line: None,
            release: None,
            evidence: Vec::new(),
        });
        formats.finish();
    }
    all.findings
}

fn new_scripts(file: &str, change: &LockChange, findings: &mut Findings<'_>) {
    let moved = change.moved.iter().filter(|moved| moved.new_install_script);
    let moved = moved.map(|moved| (&moved.installed, Some(moved)));
    let added = change.added.iter().map(|added| (&added.installed, None));
    for (installed, before) in moved.chain(added.filter(|(added, _)| added.install_script)) {
        let (severity, why) = match before {
            Some(moved) => (Severity::Medium, moved.script_words()),
            None => (Severity::Low, "it is new here".to_owned()),
        };
        findings.add(Said {
            severity,
            message: format!(
                "{}@{} runs a script at install; {why}",
                installed.name, installed.version
            ),
            file,
            line: Some(installed.line),
            release: installed.release.as_ref(),
            evidence: Vec::new(),
        });
    }
}

/// A source in words.
fn kind_word(source: Source) -> &'static str {
    match source {
        Source::Registry => "a registry",
        Source::Git => "a repository",
        Source::Url => "an address",
        Source::Path => "a path",
        Source::Bundled => "another package's artifact",
    }
}
