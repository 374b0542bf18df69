//! One installed package: its artifact, what it should hold, what it holds.

use super::expect::expect;
use super::explain::Explainer;
use super::layout::{Installed, STORE, UNPLUGGED, read_manifest};
use super::manager::Manager;
use super::manifest::Manifest;
use super::modes::Kept;
use super::patches::{Patched, Prepared};
use super::{Tree, own_list, unbound};
use crate::artifact::unpacked::{Beside as _, Inside, Kind, Reading};
use crate::artifact::verified::{self, Packing, Told, Unverified, Verified};
use crate::artifact::{Form, Poisoned, Wanted, limit};
use crate::tree::beside::Installed as Beside;
use crate::tree::commit;
use crate::tree::disk::{self, Found, FoundKind, Stamp};
use crate::tree::seen::{Facts, Remembered, fingerprint};
use crate::tree::{Against, Compared, PackageTree, compare};
use customs_ecosystem::lockfile::Source;
use customs_ecosystem::lockfile::places::Placed;
use customs_ecosystem::npm::Machine;
use customs_model::{Answer, Digest};
use std::cell::{Cell, OnceCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

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
    /// What the file system is seen to keep in its folder.
    pub kept: Kept,
}

impl Outcome {
    fn new(job: &Job<'_>, placed: &Placed) -> Self {
        Self {
            tree: PackageTree::new(placed.release.clone(), job.place),
            unchanged: false,
            poisoned: Vec::new(),
            notes: Vec::new(),
            fingerprint: None,
            facts: Facts::default(),
            may_copy: false,
            programs: Vec::new(),
            kept: Kept::default(),
        }
    }

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

/// Why a package of a repository is not checked. Managers clone it to a folder that goes away again, and pack it
/// by its manifest's `files`, after its own scripts made some of them.
fn packed_here(placed: &Placed) -> String {
    let commit = placed.resolved.as_deref().and_then(commit::named);
    let of = match commit {
        Some(id) => format!(
            "it was packed here from commit {} of its repository",
            id.short()
        ),
        None => "it was packed here from a repository, and the lockfile names no commit of it"
            .to_owned(),
    };
    format!(
        "{of}: no digest of what was packed is promised, and what its manager cloned is not kept. Take a release \
         of a registry, or look at it with customs inspect"
    )
}

impl Tree<'_> {
    pub(super) fn package(&self, job: &Job<'_>) -> Outcome {
        let folder = self.project.join(job.place);
        let found = match disk::walk(&folder, &self.outside(job.place)) {
            Ok(found) => found,
            Err(why) => {
                let mut out = Outcome::new(job, job.installed.placed);
                let why = format!("its folder cannot be looked through: {why}");
                out.tree.open.push(why);
                return out;
            }
        };
        let there = Folder {
            path: &folder,
            found: &found,
            claim: OnceCell::new(),
        };
        let mut best: Option<Outcome> = None;
        for placed in self.forms(&job.installed) {
            let mut outcome = self.form(job, placed, &there);
            outcome.tree.judge();
            best = Some(match best {
                Some(best) => better(best, outcome),
                None => outcome,
            });
            if best
                .as_ref()
                .is_some_and(|best| best.tree.answer == Answer::Yes)
            {
                break;
            }
        }
        best.unwrap_or_else(|| self.form(job, job.installed.placed, &there))
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

    fn form(&self, job: &Job<'_>, placed: &Placed, there: &Folder<'_>) -> Outcome {
        let mut out = Outcome::new(job, placed);
        out.kept = Kept::of(there.found);
        let files = self.patches.for_package(job.place, placed);
        let patch = self.patches.digest(&files);
        let depends: [&[u8]; 3] = [job.place.as_bytes(), patch.as_bytes(), b"package"];
        out.fingerprint = fingerprint(there.found, &depends, self.now);
        let remembered = self.memory.look(job.place, out.fingerprint.as_deref());
        if let Some(Remembered::Package(tree, facts)) = remembered
            && tree.release == placed.release
        {
            out.tree = PackageTree::clone(tree);
            out.facts.clone_from(facts);
            out.note_programs(there.found);
            out.unchanged = true;
            return out;
        }
        if self.manager == Manager::YarnBerry && is_stand_in(placed, there) {
            out.tree = super::absent(placed, self.manager, Machine::here(), false);
            job.place.clone_into(&mut out.tree.place);
            return out;
        }
        let patches = self.patches.prepare(&files, job.place);
        match self.verified(placed, wanted(placed), &patches, there, &mut out) {
            Ok(verified) => {
                self.against_artifact(job, placed, &verified, &patches, there, &mut out);
            }
            Err(why) => match self.unbound(placed, &patches, there, &mut out) {
                Some(verified) => {
                    self.against_artifact(job, placed, &verified, &patches, there, &mut out);
                    unbound::mark(&mut out.tree);
                }
                None => self.against_list(job, placed, why, there, &mut out),
            },
        }
        out
    }

    /// An artifact of a package whose bytes are what the lockfile promises. The error is why
    /// there is none, safe to print.
    pub(super) fn verified(
        &self,
        placed: &Placed,
        wanted: Wanted<'_>,
        patches: &Prepared<'_>,
        there: &Folder<'_>,
        out: &mut Outcome,
    ) -> Result<Verified, String> {
        if wanted.digests.is_empty() && wanted.archive.is_none() {
            return Err(match placed.source {
                Source::Git => packed_here(placed),
                Source::Registry | Source::Url | Source::Path | Source::Bundled => {
                    "the lockfile promises no digest of it; let its manager write one".to_owned()
                }
            });
        }
        let inside = format!("node_modules/{}", placed.release.package);
        let keep = |path: &str| match path {
            MANIFEST => limit::MANIFEST.max(patches.asks_for(path)),
            path => patches.asks_for(path),
        };
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
        let mut hash_all = false;
        let verified = loop {
            // A path that the manager may change is told by its digest.
            let hashed =
                |path: &str| hash_all || path.ends_with(".gitignore") || path.contains('\\');
            let mut beside = Beside::new(there.path, there.found, &hashed);
            let found = verified::find(self.sources, &wanted, &reading, &mut beside, &mut told);
            // A hard link has the digest of what it leads to. Hardly any archive has one: then it is
            // read again.
            let has_links = found.as_ref().is_ok_and(|found| {
                let mut entries = found.unpacked.entries.iter();
                entries.any(|entry| matches!(entry.kind, Kind::Hardlink(_)))
            });
            if hash_all || !has_links || !self.manager.habits().keeps_hard_links {
                break found;
            }
            (hash_all, told) = (true, Told::default());
        };
        let verified = verified.or_else(|why| match why {
            Unverified::Absent => {
                let reading = reading(Form::Artifact);
                verified::listed(self.sources, &wanted, reading, &mut told).ok_or(why)
            }
            Unverified::Archive { .. } | Unverified::Because(_) => Err(why),
        });
        out.poisoned.append(&mut told.poisoned);
        out.notes.append(&mut told.notes);
        verified.map_err(|why| why.to_string())
    }

    fn against_artifact(
        &self,
        job: &Job<'_>,
        placed: &Placed,
        verified: &Verified,
        patches: &Prepared<'_>,
        there: &Folder<'_>,
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
        let mut habits = self.manager.habits();
        // What is unplugged, or lies in a virtual store, is a zip of Yarn's as it is.
        let is_whole = [UNPLUGGED, STORE]
            .iter()
            .any(|at| job.place.starts_with(at));
        habits.drops_modules &= !is_whole;
        let none = Manifest::default();
        let claimed = manifest.as_ref().unwrap_or(&none);
        let mut expectation = expect(unpacked, claimed, habits);
        if self.manager == Manager::Bun && placed.source == Source::Path {
            expectation.alternates.extend(bun_tag(&verified.digest));
        }
        if self.manager == Manager::Bun && placed.patch.is_some() {
            expectation.alternates.extend(bun_patch_tags(there.found));
        }
        // Where the same bytes lie on disk, they claim the same.
        out.tree.decoy = match &manifest {
            Some(manifest) if expectation.proven.contains_key(MANIFEST) => {
                self.denies(manifest, placed)
            }
            Some(_) | None => self.decoy(placed, there),
        };
        let manifest = manifest.unwrap_or_default();
        // Yarn's archive is made with the patch in it.
        let patched = match verified.candidate.form {
            Form::Artifact => patches.apply(unpacked),
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
            manager: self.manager,
            manifest: &manifest,
            runs_at_install: runs,
            took_own: Cell::new(false),
        };
        let (expected, proven) = (&expectation.expected, &expectation.proven);
        let compared = compare(expected, proven, there.path, there.found, &mut explainer);
        // A program that nothing binds to the lockfile explains no copy of it.
        if placed.platforms.restricts() && !verified.by_list {
            out.facts.platform_files = platform_files(&compared, there.found);
            out.note_programs(there.found);
        }
        out.take(compared);
        if explainer.took_own.get() {
            out.fingerprint = None;
        }
        out.tree.against = Some(verified.against());
        out.tree.open.extend(verified.weakness());
        out.may_copy = runs;
        out.facts.optional = manifest.optional;
    }

    /// pnpm's own list, where there is no artifact; otherwise nothing to compare with.
    fn against_list(
        &self,
        job: &Job<'_>,
        placed: &Placed,
        why: String,
        there: &Folder<'_>,
        out: &mut Outcome,
    ) {
        out.fingerprint = None;
        out.tree.decoy = self.decoy(placed, there);
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
        let (expected, proven) = list.expected(there.path, there.found);
        let runs = there.claim().is_some_and(|claim| claim.runs_at_install);
        let none = Manifest::default();
        let mut explainer = Explainer {
            place: job.place,
            is_root: false,
            links: self.links,
            release: Some(&placed.release),
            alternates: &BTreeMap::new(),
            patched: &Patched::default(),
            manager: self.manager,
            manifest: there.claim().unwrap_or(&none),
            runs_at_install: placed.has_install_script != Some(false) && runs,
            took_own: Cell::new(false),
        };
        let mut compared = compare(&expected, &proven, there.path, there.found, &mut explainer);
        list.name_digests(&mut compared);
        if placed.platforms.restricts() {
            // A copy of it is no more certain than it is, which stays open below.
            out.facts.platform_files = platform_files(&compared, there.found);
            out.note_programs(there.found);
        }
        out.take(compared);
        out.tree.open.push(format!(
            "{why}; it was compared with {}, which whoever changes a file can change too",
            list.name
        ));
        out.tree.against = Some(Against::OwnList { list: list.name });
        out.may_copy = true;
    }

    /// What the manifest on disk claims to be, where that is not what the lockfile says.
    fn decoy(&self, placed: &Placed, there: &Folder<'_>) -> Option<String> {
        match there.claim() {
            Some(manifest) => self.denies(manifest, placed),
            None => Some("nothing: it has no manifest that can be read".to_owned()),
        }
    }

    fn denies(&self, manifest: &Manifest, placed: &Placed) -> Option<String> {
        // bun writes no version of an archive of the project; what its file is called need not be it.
        if self.manager == Manager::Bun
            && placed.source == Source::Path
            && manifest.name.as_deref() == Some(placed.release.package.as_str())
        {
            return None;
        }
        manifest.denies(&placed.release)
    }
}

/// The better of two forms. Another form that could not be looked at leaves the question open. What
/// is wrong with a copy in a cache is wrong whichever it is.
fn better(best: Outcome, mut other: Outcome) -> Outcome {
    let mut best = best;
    if rank(&other.tree.answer) < rank(&best.tree.answer) {
        std::mem::swap(&mut best, &mut other);
    }
    best.poisoned.append(&mut other.poisoned);
    best
}

/// Whether all that lies there is what Yarn 4 writes, with `nodeLinker: pnpm`, in place of a package
/// for another machine.
fn is_stand_in(placed: &Placed, there: &Folder<'_>) -> bool {
    let is_elsewhere = placed.platforms.restricts() && !placed.platforms.take(Machine::here());
    let only = there.found.entries.keys().eq([MANIFEST]);
    if !is_elsewhere || !only || !there.found.strange.is_empty() || !there.found.unread.is_empty() {
        return false;
    }
    let name = placed.release.package.as_str();
    let text = format!("{{\n  \"name\": \"{name}\",\n  \"mocked\": true\n}}\n");
    let mut beside = Beside::new(there.path, there.found, &|_| false);
    let along = beside.open(MANIFEST, text.len() as u64);
    along.is_some_and(|mut along| along.goes_on_with(text.as_bytes()) && along.ends())
}

/// bun writes the integrity of an archive of the project into what it unpacked of it, as its lockfile
/// has it (measured: bun 1.4.5).
fn bun_tag(digest: &Digest) -> Option<(String, ([u8; 32], &'static str))> {
    let sha256 = Digest::sha256(digest.to_sri().as_bytes());
    let sha256 = sha256.as_bytes().try_into().ok()?;
    let what = "bun's mark of the archive that it unpacked: the lockfile's integrity";
    Some((".bun-tag".to_owned(), (sha256, what)))
}

/// bun marks what it patched by an empty file, whose name ends with a hash of the patch: 64 bits
/// (measured: bun 1.4.5).
fn bun_patch_tags(found: &Found) -> BTreeMap<String, ([u8; 32], &'static str)> {
    let is_tag = |path: &&String| {
        path.strip_prefix(".bun-tag-").is_some_and(|hash| {
            let is_hex = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            (1..=16).contains(&hash.len()) && hash.bytes().all(is_hex)
        })
    };
    let mut empty = [0; 32];
    empty.copy_from_slice(Digest::sha256(b"").as_bytes());
    let what = "bun's mark that it patched the package; it is empty";
    let tags = found.entries.keys().filter(is_tag);
    tags.map(|path| (path.clone(), (empty, what))).collect()
}

/// What lies in the folder of a package.
pub(super) struct Folder<'a> {
    path: &'a Path,
    found: &'a Found,
    claim: OnceCell<Option<Manifest>>,
}

impl Folder<'_> {
    /// Its manifest, read once.
    fn claim(&self) -> Option<&Manifest> {
        let claim = self.claim.get_or_init(|| read_manifest(self.path));
        claim.as_ref()
    }
}

pub(super) fn wanted(placed: &Placed) -> Wanted<'_> {
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

/// The files of a package that a wrapper may copy: those that can be executed or are large enough to
/// be programs, where they lie as they should.
fn platform_files(compared: &Compared, found: &Found) -> Vec<String> {
    const PROGRAM: u64 = 16 * 1024;
    let differences = compared.differences.iter();
    let differs: BTreeSet<&str> = differences.map(|d| d.path.as_str()).collect();
    let files = found.entries.iter();
    let programs = files.filter(|(path, there)| {
        there.kind == FoundKind::File
            && (there.stamp.size >= PROGRAM || there.executable)
            && !differs.contains(path.as_str())
    });
    programs.map(|(path, _)| path.clone()).collect()
}
