use crate::{
    Contradiction, Digest, Inspection, Known, Offers, PackageName, ReleaseId, Timestamp, Version,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Everything known about one release (on PyPI: one file of a release) at one
/// instant. Whoever needs a decision builds one of these and asks
/// `customs_rules::judge` and `customs_rules::decide`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dossier {
    /// What it is about.
    pub release: ReleaseId,
    /// The file name, where a release has several that age on their own (PyPI).
    pub artifact: Option<String>,
    /// What the document promises the bytes to be.
    pub digests: Vec<Digest>,
    /// The document that the facts about it stand in.
    #[serde(default)]
    pub document: Option<Digest>,
    /// When the registry says that it was published.
    pub published: Known<Timestamp>,
    /// `Last-Modified` of the artifact; only looked up when `published` is not known.
    pub last_modified: Option<Timestamp>,
    /// When this gate first saw it.
    pub first_seen: Option<FirstSight>,
    /// The publish time that the registry told us earlier, if it told another one.
    pub published_before: Option<Timestamp>,
    /// What is known about the package as a whole.
    pub history: History,
    /// What the release itself declares.
    pub manifest: Manifest,
    /// Who and what made it.
    pub origin: Origin,
    /// The newest older release of the same line that is past its hold.
    pub predecessor: Option<Predecessor>,
    /// Required dependencies that the predecessor did not have, looked up.
    pub added_dependencies: Vec<AddedDependency>,
    /// Dependencies that the predecessor did not have, and that nobody looked up because
    /// there are too many.
    #[serde(default)]
    pub not_followed: Vec<String>,
    /// Required dependency ranges that no admitted release satisfies.
    pub unmet: Vec<UnmetDependency>,
    /// What the same identity published around the same time.
    pub activity: Known<IdentityActivity>,
    /// A more popular name that this one resembles, or metadata that is another package's.
    pub likeness: Option<NameLikeness>,
    /// Advisories that match this release. *Not known* when no source could be read.
    pub advisories: Known<Vec<AdvisoryMatch>>,
    /// Advisories that name this release as the fix of a version that would be taken
    /// without it (the urgent-fix lane). Empty when nothing asks for haste.
    #[serde(default)]
    pub fixes: Vec<FixesAdvisory>,
    /// The urgent fix that this release was published with and is pinned to exactly,
    /// if there is one: it comes along on the urgent-fix lane.
    #[serde(default)]
    pub lane_sibling_of: Option<ReleaseId>,
    /// Whether its artifact was read: what only that shows is known then.
    #[serde(default)]
    pub looked_into: bool,
    /// Why its artifact could not be read, where somebody tried.
    #[serde(default)]
    pub unread: Option<Unread>,
    /// What reading its artifact's code showed, where it was read.
    #[serde(default)]
    pub code: Option<Arc<Inspection>>,
    /// Where its artifact contradicts its document, where both were read.
    #[serde(default)]
    pub contradictions: Vec<Contradiction>,
    /// Proofs of origin that its registry offers with it and that are false, a sentence each,
    /// safe to print. Empty where there is none, where each holds, and where nobody looked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub false_origin: Vec<String>,
    /// Who built it, where that is verified and is another one than who built the release before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_builder: Option<OtherBuilder>,
    /// The artifact whose code that is.
    #[serde(default)]
    pub read: Option<Digest>,
    /// Whether it comes from a public or a private upstream.
    pub route: Route,
}

impl Dossier {
    /// A release of which nothing is known but when it was published and where it comes
    /// from. Whoever knows more fills it in.
    pub fn bare(release: ReleaseId, published: Known<Timestamp>, route: Route) -> Self {
        Self {
            release,
            artifact: None,
            digests: Vec::new(),
            document: None,
            published,
            last_modified: None,
            first_seen: None,
            published_before: None,
            history: History::default(),
            manifest: Manifest::default(),
            origin: Origin::default(),
            predecessor: None,
            added_dependencies: Vec::new(),
            not_followed: Vec::new(),
            unmet: Vec::new(),
            activity: Known::NotApplicable,
            likeness: None,
            advisories: Known::NotApplicable,
            fixes: Vec::new(),
            lane_sibling_of: None,
            looked_into: false,
            unread: None,
            code: None,
            contradictions: Vec::new(),
            false_origin: Vec::new(),
            other_builder: None,
            read: None,
            route,
        }
    }
}

/// What verified attestations of two releases say of who built them, where that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherBuilder {
    /// The earlier release.
    pub before: Version,
    /// What differs, a clause each, safe to print.
    pub differs: Vec<String>,
    /// Required dependencies that the earlier one does not have, as documents say.
    #[serde(default)]
    pub dependencies: BTreeSet<String>,
    /// What runs at install and does not at the earlier one's, as documents say.
    #[serde(default)]
    pub scripts: BTreeSet<String>,
}

/// Why an artifact's manifest and list of entries are not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unread {
    /// Its bytes could not be had, because … Says nothing against it, and may be otherwise
    /// the next time.
    NotFetched(String),
    /// Its document promises no digest, by which it could be known again.
    NotPromised(String),
    /// Its bytes are what was promised, and no archive that can be read to its end, because …
    NotReadable(String),
}

impl Unread {
    /// The reason, in words.
    pub fn because(&self) -> &str {
        match self {
            Self::NotFetched(because) | Self::NotPromised(because) | Self::NotReadable(because) => {
                because
            }
        }
    }
}

/// The release that a new one is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Predecessor {
    /// Its version.
    pub version: Version,
    /// When it was published.
    pub published: Option<Timestamp>,
    /// What it declared.
    pub manifest: Manifest,
    /// Who and what made it.
    pub origin: Origin,
    /// Why its artifact could not be read, where somebody tried.
    #[serde(default)]
    pub unread: Option<Unread>,
    /// What reading its artifact's code showed, where it was read.
    #[serde(default)]
    pub code: Option<Arc<Inspection>>,
    /// The artifact that was read.
    #[serde(default)]
    pub read: Option<Digest>,
    /// Where this one is so young that what only its artifact shows is not past its own
    /// hold: the newest release of the line that is. Two poisoned releases in a row must
    /// not vouch for each other.
    #[serde(default)]
    pub settled: Option<Version>,
}

impl Predecessor {
    /// The release whose artifact counts.
    pub fn by_artifact(&self) -> &Version {
        self.settled.as_ref().unwrap_or(&self.version)
    }
}

/// When a gate first saw a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstSight {
    /// The instant.
    pub at: Timestamp,
    /// It stood in the first document of this package that the gate ever saw, so
    /// nothing says how old it is.
    pub baseline: bool,
    /// The last earlier look at the package's document, in which it did not stand yet.
    /// A publish time before this one is not true. None for a baseline.
    #[serde(default)]
    pub not_before: Option<Timestamp>,
}

/// The package behind a release.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct History {
    /// The earliest publish time of any of its releases, unpublished ones included.
    pub earliest: Option<Timestamp>,
    /// The publish time of the release before this one, in time, of any line.
    pub previous_publication: Option<Timestamp>,
    /// Release lines (majors; minors below 1.0) that got a release in the 60 minutes
    /// around this one, this one included.
    pub lines_within_hour: usize,
    /// E-mail domains seen on earlier releases of this package.
    pub earlier_mail_domains: Vec<String>,
    /// Publisher names seen on earlier releases of this package.
    pub earlier_publishers: Vec<String>,
}

/// What a release declares about itself: facts, without judgement.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Manifest {
    /// Required dependencies: name as declared, requirement as declared.
    pub dependencies: BTreeMap<String, String>,
    /// Optional dependencies.
    pub optional_dependencies: BTreeMap<String, String>,
    /// Why its dependencies are not known, where they are not: then the two above are
    /// empty and say nothing.
    #[serde(default)]
    pub dependencies_unknown: Option<String>,
    /// Dependencies (of any kind that installs) that do not come from a registry.
    pub exotic: Vec<ExoticDependency>,
    /// What of it runs without being called.
    pub runs: RunsCode,
    /// What it hands to who uses it.
    #[serde(default, skip_serializing_if = "Offers::is_empty")]
    pub offers: Offers,
    /// The declared source repository, as written.
    pub repository: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// The author, as written.
    pub author: Option<String>,
    /// The registry marks it deprecated or yanked.
    pub withdrawn: bool,
}

/// A dependency on a git repository, URL or file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ExoticDependency {
    /// The name it is declared under.
    pub name: String,
    /// The specification as written.
    pub spec: String,
}

/// Which code of a release runs at install, build or interpreter start.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RunsCode {
    /// `preinstall`, `install`, `postinstall` of npm, with their commands.
    pub scripts: BTreeMap<String, String>,
    /// Has a `binding.gyp` (npm builds it without being told to).
    pub binding_gyp: Option<bool>,
    /// Has a `build.rs`, or `build = …` (cargo).
    pub build_script: Option<bool>,
    /// Is a procedural macro (cargo): it runs inside the compiler.
    pub proc_macro: Option<bool>,
    /// Offers an sdist and no wheel, or has a build back-end of its own (PyPI).
    pub build_backend: Option<bool>,
    /// Has a `.pth` file, which Python runs at every start.
    pub startup_hook: Option<bool>,
}

impl RunsCode {
    /// The command of a script of which a document only says that it is there.
    pub const UNNAMED: &'static str = "(declared by the registry, not named)";

    /// Whether anything runs at install or build. `None`: nothing is known to, and
    /// not everything could be looked at.
    pub fn at_install(&self) -> Option<bool> {
        if !self.scripts.is_empty() {
            return Some(true);
        }
        let parts = [
            self.binding_gyp,
            self.build_script,
            self.proc_macro,
            self.build_backend,
            self.startup_hook,
        ];
        // Facts of one archive come together: a build back-end is told by a file's name,
        // a `.pth` file only by its entries.
        let half_read = self.build_backend.is_some() && self.startup_hook.is_none()
            || self.build_script.is_some() && self.proc_macro.is_none();
        if parts.contains(&Some(true)) {
            Some(true)
        } else if half_read || parts.iter().all(Option::is_none) {
            None
        } else {
            Some(false)
        }
    }
}

/// Who published a release, and what evidence of its making comes with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Who published it.
    pub publisher: Known<Publisher>,
    /// The evidence of origin that the document carries.
    pub evidence: Known<Evidence>,
}

impl Default for Origin {
    fn default() -> Self {
        Self {
            publisher: Known::NotApplicable,
            evidence: Known::NotApplicable,
        }
    }
}

/// A publishing identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publisher {
    /// The account's name.
    pub name: String,
    /// The domain of its e-mail address, lower case.
    pub mail_domain: Option<String>,
    /// A person or a pipeline.
    pub kind: PublisherKind,
}

/// What stands behind a publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PublisherKind {
    /// A person's account or token.
    Account,
    /// A trusted publisher: a pipeline's short-lived identity.
    TrustedPublisher,
}

/// How strong the evidence of origin is, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// None.
    None,
    /// A provenance attestation is offered.
    Provenance,
    /// A provenance attestation from a trusted publisher.
    TrustedPublisher,
}

/// A required dependency that the predecessor did not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedDependency {
    /// Its name as declared.
    pub name: String,
    /// Its requirement as declared.
    pub requirement: String,
    /// The release that a resolver would take for it: the newest that satisfies.
    pub newest: Option<Version>,
    /// What its registry says the artifact of that one is: of several the one that runs. None
    /// where it says nothing, and in records of before it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact: Option<Digest>,
    /// When that one was published.
    pub published: Known<Timestamp>,
    /// The earliest publish time of its package.
    pub package_earliest: Known<Timestamp>,
    /// Whether that release runs code at install or build.
    pub runs: Known<bool>,
}

impl AddedDependency {
    /// A dependency of which nothing is known but what its dependent declares.
    pub fn not_known(name: &str, requirement: &str, because: &str) -> Self {
        Self {
            name: crate::printable(name, 214),
            requirement: crate::printable(requirement, 200),
            newest: None,
            artifact: None,
            published: Known::not_known(because),
            package_earliest: Known::not_known(because),
            runs: Known::not_known(because),
        }
    }
}

/// A required range without an admitted release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnmetDependency {
    /// The dependency.
    pub package: PackageName,
    /// The range.
    pub requirement: String,
    /// The earliest instant at which a release that satisfies it is admitted; none
    /// when a blocked one is all there is.
    pub until: Option<Timestamp>,
}

/// What one identity published within an hour around a release.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct IdentityActivity {
    /// Packages that this gate saw it publish, this one included.
    pub packages_within_hour: usize,
}

/// Why a name or its metadata looks like somebody else's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameLikeness {
    /// The popular package that it resembles.
    pub of: PackageName,
    /// What is alike, for people ("one letter swapped", "same repository and description").
    pub how: String,
}

/// One advisory that matches a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdvisoryMatch {
    /// Its identifier (`MAL-2026-2307`).
    pub id: String,
    /// It says that the release is malicious, not merely vulnerable.
    pub malicious: bool,
    /// One line for people.
    pub summary: String,
    /// Where it was read.
    pub source: String,
    /// Somebody other than the package's own publisher reviewed it.
    pub reviewed: bool,
    /// The versions that it names as fixes.
    pub fixed_in: Vec<Version>,
}

/// One advisory that a release is the fix of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FixesAdvisory {
    /// Its identifier (`GHSA-…`).
    pub id: String,
    /// Where it was read.
    pub source: String,
    /// Somebody other than the package's own publisher reviewed it.
    pub reviewed: bool,
    /// The vulnerable version that would be taken otherwise.
    pub for_version: Version,
}

/// Which kind of upstream a name is routed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// Everybody can publish there.
    Public,
    /// The user's own.
    Private,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_bare_release_nothing_is_claimed() {
        let release: ReleaseId = "pkg:npm/axios@1.14.0".parse().unwrap();
        let published = Known::not_known("nobody asked");
        let bare = Dossier::bare(release.clone(), published.clone(), Route::Private);
        assert_eq!((bare.release, bare.published), (release, published));
        assert_eq!(bare.route, Route::Private);
        assert_eq!(bare.manifest.runs.at_install(), None);
        assert!(!bare.looked_into && bare.code.is_none() && bare.unread.is_none());
        assert_eq!(bare.advisories, Known::NotApplicable);
    }
}
