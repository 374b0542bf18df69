//! One installed package: its artifact, what it should hold, what it holds.

use super::expect::{Expectation, expect};
use super::explain::Explainer;
use super::layout::{Installed, UNPLUGGED, read_manifest};
use super::manager::Manager;
use super::manifest::Manifest;
use super::patches::Patched;
use super::{Tree, own_list};
use crate::artifact::unpacked::{Inside, Reading};
use crate::artifact::verified::{self, Packing, Told, Verified};
use crate::artifact::{Form, Poisoned, Wanted, limit};
use crate::tree::beside::Installed as Beside;
use crate::tree::disk::{self, Found, Stamp};
use crate::tree::seen::{Facts, Remembered, fingerprint};
use crate::tree::{Against, Compared, PackageTree, compare};
use customs_ecosystem::lockfile::Source;
use customs_ecosystem::lockfile::places::Placed;
use customs_model::Answer;
use std::collections::{BTreeMap, BTreeSet};

const MANIFEST: &str = "package.json";

/// One folder to look at.
pub(super) struct Job<'a> {
    pub place: &'a str,
    pub installed: Installed<'a>,
}

impl<'a> From<(&'a String, &Installed<'a>)> for Job<'a> {
    fn from((place, installed): (&'a String, &Installed<'a>)) -> Self {
        Self {
            place,
            installed: *installed,
        }
    }
}

/// What was found in it.
pub(super) struct Outcome {
    pub tree: PackageTree,
    /// It was not read again.
    pub unchanged: bool,
    pub poisoned: Vec<Poisoned>,
    pub notes: Vec<String>,
    /// Of what lies there, where it can be remembered.
    pub fingerprint: Option<String>,
    /// What it means for others; of a verified artifact only.
    pub facts: Facts,
    /// A script of it may copy files of other packages.
    pub may_copy: bool,
    /// The programs among its facts, as the walk saw them.
    pub programs: Vec<(String, Stamp)>,
}

impl Outcome {
    fn take(&mut self, compared: Compared) {
        self.tree.files = compared.files;
        self.tree.differences = compared.differences;
        self.notes.extend(compared.notes);
    }

    /// Notes what others may have copied. It is hashed only where somebody did.
    fn note_programs(&mut self, found: &Found) {
        let paths = self.facts.platform_files.iter();
        let there = |path: &String| Some((path.clone(), found.entries.get(path)?.stamp));
        self.programs = paths.filter_map(there).collect();
    }
}

impl Tree<'_> {
    pub(super) fn package(&self, job: &Job<'_>) -> Outcome {
        let mut best: Option<Outcome> = None;
        for placed in self.forms(&job.installed) {
            let mut outcome = self.form(job, placed);
            outcome.tree.judge();
            let better = best.as_ref().is_none_or(|best| {
                // Another form that could not be looked at leaves the question open.
                rank(&outcome.tree.answer) < rank(&best.tree.answer)
            });
            let poisoned = best.as_mut().map(|best| std::mem::take(&mut best.poisoned));
            let mut kept = match (better, best) {
                (false, Some(best)) => {
                    let mut best = best;
                    best.poisoned.append(&mut outcome.poisoned);
                    best
                }
                _ => outcome,
            };
            kept.poisoned.extend(poisoned.unwrap_or_default());
            let done = kept.tree.answer == Answer::Yes;
            best = Some(kept);
            if done {
                break;
            }
        }
        best.unwrap_or_else(|| self.form(job, job.installed.placed))
    }

    /// Bytes of its artifact, as far as a source has one: the longest are begun with, so that no
    /// core is left alone with one at the end.
    pub(super) fn weight(&self, job: &Job<'_>) -> u64 {
        let wanted = wanted(job.installed.placed);
        // What cannot be asked is told when it is looked at.
        let candidates = self.sources.iter().filter_map(|s| s.find(&wanted).ok()?);
        let metas = candidates.map(|candidate| std::fs::symlink_metadata(candidate.path));
        metas.flatten().next().map_or(0, |meta| meta.len())
    }

    fn form(&self, job: &Job<'_>, placed: &Placed) -> Outcome {
        let mut out = Outcome {
            tree: PackageTree::new(placed.release.clone(), job.place),
            unchanged: false,
            poisoned: Vec::new(),
            notes: Vec::new(),
            fingerprint: None,
            facts: Facts::default(),
            may_copy: false,
            programs: Vec::new(),
        };
        let folder = self.project.join(job.place);
        let found = match disk::walk(&folder, &self.outside(job.place)) {
            Ok(found) => found,
            Err(why) => {
                let why = format!("its folder cannot be looked through: {why}");
                out.tree.open.push(why);
                return out;
            }
        };
        let files = self.patches.for_package(job.place, placed);
        let patch = self.patches.digest(&files);
        let depends: [&[u8]; 3] = [job.place.as_bytes(), patch.as_bytes(), b"package"];
        out.fingerprint = fingerprint(&found, &depends, self.now);
        let remembered = self.memory.look(job.place, out.fingerprint.as_deref());
        if let Some(Remembered::Package(tree, facts)) = remembered
            && tree.release == placed.release
        {
            out.tree = PackageTree::clone(tree);
            out.facts.clone_from(facts);
            out.note_programs(&found);
            out.unchanged = true;
            return out;
        }
        let claim = read_manifest(&folder);
        out.tree.decoy = match &claim {
            Some(manifest) => manifest.denies(&placed.release),
            None => Some("nothing: it has no manifest that can be read".to_owned()),
        };
        match self.verified(job, placed, &found, &mut out) {
            Ok(verified) => self.against_artifact(job, placed, &verified, &found, &mut out),
            Err(why) => self.against_list(job, placed, why, &found, &mut out),
        }
        out
    }

    /// An artifact of a package whose bytes are what the lockfile promises. The error is why
    /// there is none, safe to print.
    fn verified(
        &self,
        job: &Job<'_>,
        placed: &Placed,
        found: &Found,
        out: &mut Outcome,
    ) -> Result<Verified, String> {
        let wanted = wanted(placed);
        if wanted.digests.is_empty() && wanted.archive.is_none() {
            return Err(match placed.source {
                Source::Git => "it comes from a repository: there is no artifact to compare with",
                Source::Registry | Source::Url | Source::Path | Source::Bundled => {
                    "the lockfile promises no digest of it; let its manager write one"
                }
            }
            .to_owned());
        }
        let folder = self.project.join(job.place);
        // A hard link in an artifact has the digest of what it leads to; a path that the manager
        // may change is told by its digest too.
        let links = self.manager.habits().keeps_hard_links;
        let hashed = |path: &str| links || path.ends_with(".gitignore") || path.contains('\\');
        let mut beside = Beside::new(&folder, found, &hashed);
        let inside = format!("node_modules/{}", placed.release.package);
        let keep = |path: &str| u64::from(path == MANIFEST) * limit::MANIFEST;
        let reading = |form: Form| {
            let (packing, inside) = match form {
                Form::Artifact => (Packing::Tarball, Inside::FirstPart),
                Form::YarnZip => (Packing::Zip, Inside::Folder(&inside)),
            };
            let reading = Reading {
                algorithms: &[],
                inside,
                keep: &keep,
            };
            (packing, reading)
        };
        let mut told = Told::default();
        let verified = verified::find(self.sources, &wanted, &reading, &mut beside, &mut told);
        out.poisoned.append(&mut told.poisoned);
        out.notes.append(&mut told.notes);
        verified.map_err(|why| why.to_string())
    }

    fn against_artifact(
        &self,
        job: &Job<'_>,
        placed: &Placed,
        verified: &Verified,
        found: &Found,
        out: &mut Outcome,
    ) {
        let unpacked = &verified.unpacked;
        let spoken = placed.release.spoken();
        out.notes.extend(
            unpacked
                .notes
                .iter()
                .map(|note| format!("{spoken}: {note}")),
        );
        let manifest = unpacked.kept.get(MANIFEST);
        let manifest = manifest.and_then(|bytes| Manifest::read(bytes));
        let manifest = manifest.unwrap_or_default();
        let mut habits = self.manager.habits();
        // What is unplugged is a zip of Yarn's as it is.
        habits.drops_modules &= !job.place.starts_with(UNPLUGGED);
        let expectation = expect(unpacked, &manifest, habits);
        let files = self.patches.for_package(job.place, placed);
        // Yarn's archive is made with the patch in it.
        let patched = match verified.candidate.form {
            Form::Artifact => self.patches.apply(&files, job.place, verified),
            Form::YarnZip => Patched::default(),
        };
        out.notes
            .extend(patched.notes.iter().map(|note| format!("{spoken}: {note}")));
        let gyp = expectation.has("binding.gyp");
        let runs = manifest.runs_at_install || gyp;
        let mut explainer = Explainer {
            place: job.place,
            is_root: false,
            links: self.links,
            release: Some(&placed.release),
            alternates: &expectation.alternates,
            patched: &patched,
            runs_at_install: runs,
        };
        let folder = self.project.join(job.place);
        let (expected, proven) = (&expectation.expected, &expectation.proven);
        let compared = compare(expected, proven, &folder, found, &mut explainer);
        if placed.platforms.restricts() {
            out.facts.platform_files = platform_files(&expectation, &compared, found);
            out.note_programs(found);
        }
        out.take(compared);
        out.tree.against = Some(Against::Artifact {
            digest: verified.digest.clone(),
            from: verified.candidate.from.clone(),
        });
        out.may_copy = runs;
        out.facts.optional = manifest.optional;
    }

    /// pnpm's own list, where there is no artifact; otherwise nothing to compare with.
    fn against_list(
        &self,
        job: &Job<'_>,
        placed: &Placed,
        why: String,
        found: &Found,
        out: &mut Outcome,
    ) {
        out.fingerprint = None;
        if self.manager != Manager::Pnpm {
            out.tree.open.push(why);
            return;
        }
        let list = match own_list::find(self.pnpm_store.as_deref(), placed) {
            Ok(list) => list,
            Err(reason) => {
                out.tree.open.push(format!("{why}; and {reason}"));
                return;
            }
        };
        let folder = self.project.join(job.place);
        let (expected, proven) = list.expected(&folder, found);
        let claim = read_manifest(&folder).unwrap_or_default();
        let mut explainer = Explainer {
            place: job.place,
            is_root: false,
            links: self.links,
            release: Some(&placed.release),
            alternates: &BTreeMap::new(),
            patched: &Patched::default(),
            runs_at_install: placed.has_install_script != Some(false) && claim.runs_at_install,
        };
        let mut compared = compare(&expected, &proven, &folder, found, &mut explainer);
        list.name_digests(&mut compared);
        out.take(compared);
        out.tree.open.push(format!(
            "{why}; it was compared with {}, which whoever changes a file can change too",
            list.name
        ));
        out.tree.against = Some(Against::OwnList { list: list.name });
        out.may_copy = true;
    }
}

fn wanted(placed: &Placed) -> Wanted<'_> {
    Wanted {
        release: &placed.release,
        digests: &placed.digests,
        archive: placed.archive.as_ref(),
        resolved: placed.resolved.as_deref(),
    }
}

fn rank(answer: &Answer) -> u8 {
    match answer {
        Answer::Yes => 0,
        Answer::NotChecked(_) => 1,
        Answer::No => 2,
    }
}

/// The files of a verified package that a wrapper may copy: those that can be executed or are large
/// enough to be programs, where they lie as they should.
fn platform_files(expectation: &Expectation, compared: &Compared, found: &Found) -> Vec<String> {
    const PROGRAM: u64 = 16 * 1024;
    let differs: BTreeSet<&str> = compared
        .differences
        .iter()
        .map(|d| d.path.as_str())
        .collect();
    let files = expectation.files();
    let program = |(path, executable): &(&str, Option<bool>)| {
        let there = found.entries.get(*path);
        there.is_some_and(|there| there.stamp.size >= PROGRAM || *executable == Some(true))
            && !differs.contains(path)
    };
    files
        .filter(program)
        .map(|(path, _)| path.to_owned())
        .collect()
}
