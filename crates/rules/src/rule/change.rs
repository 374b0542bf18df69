//! What changed between a release and the one before it. Shared by the rules about
//! change, so that "new script" means the same everywhere.

use crate::words;
use customs_model::{
    Dossier, Ecosystem, Evidence, ExoticDependency, Known, OtherBuilder, Predecessor, Publisher,
    PublisherKind, RunsCode,
};
use std::collections::BTreeSet;

/// Ways to run at install or build that the predecessor is known not to have had.
pub(super) fn new_scripts(runs: &RunsCode, before: &RunsCode) -> Vec<String> {
    let mut new: Vec<String> = runs
        .scripts
        .keys()
        .filter(|name| !before.scripts.contains_key(*name))
        .cloned()
        .collect();
    for ((word, has), (_, had)) in kinds(runs).into_iter().zip(kinds(before)) {
        // Unknown before is not "none before"; the caller is told what was not looked at.
        if has == Some(true) && had == Some(false) {
            new.push(word.to_owned());
        }
    }
    new
}

/// Scripts that both have, with another command.
pub(super) fn changed_scripts(runs: &RunsCode, before: &RunsCode) -> Vec<String> {
    let changed = |(name, command): (&String, &String)| {
        before
            .scripts
            .get(name)
            .is_some_and(|old| old != command)
            .then(|| name.clone())
    };
    runs.scripts.iter().filter_map(changed).collect()
}

/// The kinds that matter in an ecosystem and that could not be compared.
pub(super) fn not_looked_at(
    ecosystem: Ecosystem,
    runs: &RunsCode,
    before: &RunsCode,
) -> Vec<&'static str> {
    let matter: &[&str] = match ecosystem {
        Ecosystem::Npm => &[BINDING_GYP],
        Ecosystem::PyPi => &[BUILD_BACKEND, STARTUP_HOOK],
        Ecosystem::Cargo => &[BUILD_SCRIPT],
    };
    kinds(runs)
        .into_iter()
        .zip(kinds(before))
        .filter(|((word, has), (_, had))| {
            let unknown =
                has.is_none() && *had != Some(true) || *has == Some(true) && had.is_none();
            matter.contains(word) && unknown
        })
        .map(|((word, _), _)| word)
        .collect()
}

const BINDING_GYP: &str = "binding.gyp";
const BUILD_SCRIPT: &str = "build.rs";
const PROC_MACRO: &str = "procedural macro";
const BUILD_BACKEND: &str = "build back-end";
const STARTUP_HOOK: &str = ".pth file";

fn kinds(runs: &RunsCode) -> [(&'static str, Option<bool>); 5] {
    [
        (BINDING_GYP, runs.binding_gyp),
        (BUILD_SCRIPT, runs.build_script),
        (PROC_MACRO, runs.proc_macro),
        (BUILD_BACKEND, runs.build_backend),
        (STARTUP_HOOK, runs.startup_hook),
    ]
}

/// Everything of a release that runs at install or build, in words.
pub(crate) fn at_install_words(runs: &RunsCode) -> Vec<String> {
    let mut all: Vec<String> = runs.scripts.keys().cloned().collect();
    all.extend(
        kinds(runs)
            .into_iter()
            .filter(|(_, has)| *has == Some(true))
            .map(|(word, _)| word.to_owned()),
    );
    all
}

/// Dependencies that the predecessor did not have, optional ones and peers included:
/// clients install these too.
pub(super) fn new_dependencies(dossier: &Dossier, before: &Predecessor) -> BTreeSet<String> {
    let declared = dossier.manifest.dependencies.keys();
    let optional = dossier.manifest.optional_dependencies.keys();
    let looked_up = dossier.added_dependencies.iter().map(|added| &added.name);
    let had = &before.manifest;
    let compares = had.dependencies_unknown.is_none();
    declared
        .chain(optional)
        .chain(looked_up)
        .filter(|name| {
            compares
                && !had.dependencies.contains_key(*name)
                && !had.optional_dependencies.contains_key(*name)
        })
        .cloned()
        .collect()
}

/// What comes with a release that the predecessor did not ask for or run: a clause each.
pub(super) fn new_content(dossier: &Dossier, before: &Predecessor) -> Vec<String> {
    content(dossier, Some(before), None)
}

/// The same, held against an earlier release as well that somebody else built.
pub(super) fn new_since_builder(dossier: &Dossier, other: &OtherBuilder) -> Vec<String> {
    content(dossier, dossier.predecessor.as_ref(), Some(other))
}

fn content(
    dossier: &Dossier,
    before: Option<&Predecessor>,
    other: Option<&OtherBuilder>,
) -> Vec<String> {
    let (mut dependencies, mut scripts) = (BTreeSet::new(), BTreeSet::new());
    let (mut moved, mut changed) = (BTreeSet::new(), BTreeSet::new());
    if let Some(before) = before {
        let (runs, ran) = (&dossier.manifest.runs, &before.manifest.runs);
        dependencies.extend(new_dependencies(dossier, before));
        scripts.extend(new_scripts(runs, ran));
        changed.extend(changed_scripts(runs, ran));
        let exotic = new_exotic(dossier, before).into_iter();
        moved.extend(exotic.map(|one| one.name.clone()));
    }
    if let Some(other) = other {
        dependencies.extend(other.dependencies.iter().cloned());
        scripts.extend(other.scripts.iter().cloned());
    }
    // What is new is told once.
    moved.retain(|name| !dependencies.contains(name));
    changed.retain(|name| !scripts.contains(name));
    [
        ("it adds dependency ", dependencies),
        ("it takes from outside the registry dependency ", moved),
        ("it adds ", scripts),
        ("it changes ", changed),
    ]
    .into_iter()
    .filter(|(_, all)| !all.is_empty())
    .map(|(what, all)| {
        let all: Vec<String> = all.into_iter().collect();
        format!("{what}{}", words::list(&all, 3))
    })
    .collect()
}

/// Whether a release asks for or runs what its predecessor did not: what makes another change of it
/// worse.
pub fn adds_content(dossier: &Dossier) -> bool {
    let before = dossier.predecessor.as_ref();
    before.is_some_and(|before| !new_content(dossier, before).is_empty())
}

/// A change, and what else changed.
pub(super) fn with_others(change: String, others: &[String]) -> String {
    if others.is_empty() {
        change
    } else {
        format!("{change}, and {}", others.join(", "))
    }
}

/// Dependencies from outside a registry that the predecessor did not have there. A
/// new commit of the same repository is not a new dependency.
pub(super) fn new_exotic<'a>(
    dossier: &'a Dossier,
    before: &Predecessor,
) -> Vec<&'a ExoticDependency> {
    let place = |d: &ExoticDependency| {
        (
            d.name.clone(),
            d.spec.split('#').next().unwrap_or("").to_owned(),
        )
    };
    let old: BTreeSet<(String, String)> = before.manifest.exotic.iter().map(place).collect();
    dossier
        .manifest
        .exotic
        .iter()
        .filter(|d| !old.contains(&place(d)))
        .collect()
}

/// How the evidence of origin got weaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// A trusted publisher before, less now.
    TrustedPublisher,
    /// Provenance before, none now.
    Provenance,
}

impl Loss {
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::TrustedPublisher => "a trusted publisher",
            Self::Provenance => "a provenance attestation",
        }
    }
}

pub(super) fn lost_evidence(dossier: &Dossier, before: &Predecessor) -> Option<Loss> {
    let was_pipeline =
        before.origin.publisher.known().map(|p| p.kind) == Some(PublisherKind::TrustedPublisher);
    let is_person =
        dossier.origin.publisher.known().map(|p| p.kind) == Some(PublisherKind::Account);
    if was_pipeline && is_person {
        return Some(Loss::TrustedPublisher);
    }
    let (had, has) = (
        before.origin.evidence.known()?,
        dossier.origin.evidence.known()?,
    );
    (has < had).then_some(match had {
        Evidence::TrustedPublisher => Loss::TrustedPublisher,
        Evidence::Provenance | Evidence::None => Loss::Provenance,
    })
}

/// What of the evidence could not be compared, though the predecessor had some.
pub(super) fn evidence_not_known<'a>(
    dossier: &'a Dossier,
    before: &Predecessor,
) -> Option<&'a str> {
    let had = before
        .origin
        .evidence
        .known()
        .is_some_and(|e| *e > Evidence::None);
    match &dossier.origin.evidence {
        Known::NotKnown(because) if had => Some(because),
        Known::NotKnown(_) | Known::NotApplicable | Known::Is(_) => None,
    }
}

/// What is new about who published.
pub(super) fn new_publisher(dossier: &Dossier, before: Option<&Predecessor>) -> Vec<String> {
    let Some(publisher) = dossier.origin.publisher.known() else {
        return Vec::new();
    };
    let last: Option<&Publisher> = before.and_then(|p| p.origin.publisher.known());
    let history = &dossier.history;
    let mut new = Vec::new();
    let names = history
        .earlier_publishers
        .iter()
        .map(String::as_str)
        .chain(last.map(|p| p.name.as_str()));
    if is_new(&publisher.name, names) {
        new.push(format!(
            "publisher {} is new to the package",
            customs_model::printable(&publisher.name, 60)
        ));
    }
    let domains = history
        .earlier_mail_domains
        .iter()
        .map(String::as_str)
        .chain(last.and_then(|p| p.mail_domain.as_deref()));
    if let Some(domain) = &publisher.mail_domain
        && is_new(domain, domains)
    {
        new.push(format!(
            "e-mail domain {} is new to the package",
            customs_model::printable(domain, 60)
        ));
    }
    new
}

/// New means: others are known, and this is none of them. Nothing known says nothing.
fn is_new<'a>(this: &str, known: impl Iterator<Item = &'a str>) -> bool {
    let mut any = false;
    for other in known {
        if other.eq_ignore_ascii_case(this) {
            return false;
        }
        any = true;
    }
    any
}

/// Why a young release may not pass early although an advisory wants it. What
/// cannot be compared speaks against it.
pub fn lane_objection(dossier: &Dossier) -> Option<String> {
    let Some(before) = &dossier.predecessor else {
        return Some("nothing older to compare it with".to_owned());
    };
    let unknown = |manifest: &customs_model::Manifest| manifest.dependencies_unknown.is_some();
    if unknown(&dossier.manifest) || unknown(&before.manifest) {
        return Some("which dependencies it has is not known".to_owned());
    }
    let dependencies: Vec<String> = new_dependencies(dossier, before).into_iter().collect();
    if !dependencies.is_empty() {
        return Some(format!(
            "it adds dependency {}",
            words::list(&dependencies, 3)
        ));
    }
    if let [exotic, ..] = new_exotic(dossier, before)[..] {
        return Some(format!(
            "it adds dependency {}",
            customs_model::printable(&exotic.name, 60)
        ));
    }
    let (runs, ran) = (&dossier.manifest.runs, &before.manifest.runs);
    let mut scripts = new_scripts(runs, ran);
    scripts.extend(changed_scripts(runs, ran));
    if !scripts.is_empty() {
        return Some(format!("it adds or changes {}", words::list(&scripts, 3)));
    }
    if let [unseen, ..] = not_looked_at(dossier.release.package.ecosystem(), runs, ran)[..] {
        return Some(format!("whether it adds a {unseen} is not known"));
    }
    if let Some(loss) = lost_evidence(dossier, before) {
        return Some(format!("it lost {}", loss.words()));
    }
    evidence_not_known(dossier, before).map(|_| "its evidence of origin is not known".to_owned())
}
