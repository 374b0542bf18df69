use super::built;
use super::came_from;
use super::installed::Installed;
use super::layout::{Laid, Target};
use super::machine::Fit;
use super::package::{self, Compared, against_wheel};
use super::record::against_record;
use super::scene::Scene;
use super::strangers;
use super::wheel::{self, Wheel};
use crate::artifact::unpacked::{Inside, Nothing, Reading};
use crate::artifact::verified::{self, Packing, Told, Unverified};
use crate::artifact::{Poisoned, Wanted, digest_of};
use crate::tree::{Against, Cause, Difference, DifferenceKind, PackageTree, Standing, disk};
use customs_ecosystem::lockfile::{Locked, Source};
use customs_ecosystem::pypi::canonical;
use customs_ecosystem::pypi::tags::Machine;
use customs_model::{Digest, DigestAlgorithm, ReleaseId, printable};
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::PathBuf;

/// Where an installer notes what comes from no index.
const NOTE: &str = "direct_url.json";

/// What a package is judged by.
#[derive(Clone, Copy)]
pub(super) struct Judge<'a> {
    pub scene: &'a Scene,
    pub locked: &'a [Locked],
    /// Clones that may hold the commits that packages were built from.
    pub clones: &'a [PathBuf],
    pub sources: &'a [Box<dyn crate::artifact::Source>],
    pub machine: Machine,
}

/// What a package was compared with, and what that is worth.
#[derive(Debug)]
pub(super) struct Basis {
    against: Option<Against>,
    /// Why agreement is no answer. None where it is one.
    weak: Option<String>,
    /// The lockfile names these versions instead.
    instead: Option<ReleaseId>,
    /// What was found depends on the environment and the lockfile only, and on no artifact that
    /// may come later.
    pub settled: bool,
    /// Copies that are not what the lockfile promises.
    pub poisoned: Vec<Poisoned>,
}

impl Basis {
    /// Whether the artifact itself was compared with.
    pub fn is_bound(&self) -> bool {
        matches!(self.against, Some(Against::Artifact { .. }))
    }
}

/// Of all wheels that are at hand, the best so far.
struct Best {
    wrong: usize,
    against: Against,
    compared: Compared,
}

/// How wheels are read.
const READING: (Packing, Reading<'static>) = (
    Packing::Zip,
    Reading {
        algorithms: &[],
        inside: Inside::Whole,
        keep: &wheel::keep,
    },
);

fn wanted<'a>(entry: &'a Locked, digest: &'a Digest) -> Wanted<'a> {
    Wanted {
        release: &entry.release,
        digests: std::slice::from_ref(digest),
        archive: None,
        resolved: entry.resolved.as_deref(),
    }
}

impl Judge<'_> {
    /// Compares a package with the best that is at hand, and what it says of itself with the lockfile.
    pub fn compare(&self, one: &Installed) -> (Basis, Compared) {
        let (basis, mut compared) = self.against_best(one);
        let same: Vec<&Locked> = self
            .locked
            .iter()
            .filter(|entry| entry.release.package == one.release.package)
            .filter(|entry| is_same(&entry.release, &one.release))
            .collect();
        // A wheel in a cache is of whoever asked for it.
        let foreign = one.direct.as_ref().filter(|_| !self.scene.unpacked);
        let foreign = foreign.and_then(|direct| came_from::foreign(direct, &same));
        if let Some(foreign) = foreign.filter(|foreign| foreign.contradicts) {
            self.contradicted(one, &foreign.says, &mut compared);
        }
        (basis, compared)
    }

    /// The note that says that something else was installed than what the lockfile names.
    fn contradicted(&self, one: &Installed, says: &str, compared: &mut Compared) {
        let place = one.own(NOTE);
        let why = format!("it says that {says}");
        let known = compared.differences.iter_mut().find(|(at, _)| *at == place);
        if let Some((_, difference)) = known {
            difference.standing = Standing::Unexplained;
            difference.why.push(why);
            return;
        }
        let spoken = self.scene.spoken(&one.site, &place);
        let mut comparer = crate::tree::Comparer::new(&self.scene.root);
        let mut difference = comparer.extra(&spoken, &place, self.scene.at(&place));
        difference.why.push(why);
        compared.differs(&place, difference);
    }

    fn against_best(&self, one: &Installed) -> (Basis, Compared) {
        let entries: Vec<&Locked> = self
            .locked
            .iter()
            .filter(|entry| entry.release.package == one.release.package)
            .collect();
        let same: Vec<&Locked> = entries
            .iter()
            .filter(|entry| is_same(&entry.release, &one.release))
            .copied()
            .collect();
        let instead = match (same.is_empty(), entries.first()) {
            // A project may compute its own version, and a cache keeps those of other projects.
            (true, Some(entry)) if entry.source != Source::Path && !self.scene.unpacked => {
                Some(entry.release.clone())
            }
            _ => None,
        };
        if let Some(why) = self.weakness(one, &same, &instead) {
            if entries.is_empty()
                && let Some(best) = self.seed(one)
            {
                let basis = Basis {
                    against: Some(best.against),
                    weak: None,
                    instead: None,
                    settled: true,
                    poisoned: Vec::new(),
                };
                return (basis, best.compared);
            }
            let of_commit = same.iter().find(|entry| entry.source == Source::Git);
            let of_commit = of_commit.filter(|_| same.iter().all(|one| one.source == Source::Git));
            return match of_commit {
                Some(entry) => self.built(one, entry),
                None => self.own_list(one, &why, instead, true, Vec::new()),
            };
        }
        let mut poisoned = Vec::new();
        match self.best_wheel(one, &same, &mut poisoned) {
            Ok(best) => {
                let basis = Basis {
                    against: Some(best.against),
                    weak: None,
                    instead: None,
                    settled: true,
                    poisoned,
                };
                (basis, best.compared)
            }
            Err(why) => {
                if let Some((best, weak)) = self.by_list(one, &same) {
                    let basis = Basis {
                        against: Some(best.against),
                        weak,
                        instead: None,
                        settled: false,
                        poisoned,
                    };
                    return (basis, best.compared);
                }
                let said = self.said(one, &same);
                let why = match said {
                    Some(said) => format!("{why}; its {NOTE} says that {said}"),
                    None => why,
                };
                self.own_list(one, &why, instead, false, poisoned)
            }
        }
    }

    /// What was built here from a repository, held against the commit that the lockfile names.
    fn built(&self, one: &Installed, entry: &Locked) -> (Basis, Compared) {
        let (mut basis, mut compared) = self.own_list(one, "", None, true, Vec::new());
        let told = built::against_commit(self.scene, one, entry, self.clones, &mut compared);
        let weak = basis.weak.unwrap_or_default();
        basis.weak = Some(format!("{}{weak}", told.why));
        basis.settled = told.settled;
        (basis, compared)
    }

    /// What the environment was born with, held against the wheel of the machine's own Python. None
    /// where it is not there, or another file of that version was installed: nobody promised this one.
    fn seed(&self, one: &Installed) -> Option<Best> {
        let file = strangers::bundled(self.scene, one)?;
        // One that cannot be read proves nothing.
        let digest = digest_of(&file, DigestAlgorithm::Sha256).ok()?;
        let sources: [Box<dyn crate::artifact::Source>; 1] = [Box::new(strangers::Bundled(file))];
        let alone = Judge {
            sources: &sources,
            ..*self
        };
        let entry = Locked {
            release: one.release.clone(),
            source: Source::Registry,
            digests: vec![digest.clone()],
            resolved: None,
            has_install_script: None,
            line: None,
        };
        let (wheel, against) = alone.wheel(&entry, &digest, &mut Vec::new()).ok()?;
        let best = alone.against(one, &wheel, against).ok()?;
        (best.wrong == 0).then_some(best)
    }

    /// Why no artifact can answer for this package. Where the lockfile promises one nothing that
    /// the tree says of itself counts.
    fn weakness(
        &self,
        one: &Installed,
        same: &[&Locked],
        instead: &Option<ReleaseId>,
    ) -> Option<String> {
        if let Some(instead) = instead {
            return Some(format!(
                "the lockfile names {}",
                printable(&instead.spoken(), 200)
            ));
        }
        let Some(entry) = same.first() else {
            let why = "no lockfile names it";
            return Some(match self.said(one, &[]) {
                Some(said) => format!("{why}; its {NOTE} says that {said}"),
                None => why.to_owned(),
            });
        };
        let is_artifact = |entry: &&&Locked| match entry.source {
            Source::Registry | Source::Url => true,
            Source::Git | Source::Path | Source::Bundled => false,
        };
        let artifacts = || same.iter().filter(is_artifact);
        if artifacts().any(|entry| !entry.digests.is_empty()) {
            return None;
        }
        Some(match (artifacts().next(), entry.source) {
            (Some(_), _) | (None, Source::Registry | Source::Url) => {
                "the lockfile promises no digest of it".into()
            }
            (None, Source::Git) => "it was built here from a repository".into(),
            (None, Source::Path | Source::Bundled) => self
                .said(one, &[])
                .unwrap_or_else(|| "it comes from a folder of this machine".to_owned()),
        })
    }

    /// What a package says of where it comes from, where the lockfile does not say the same. Safe to print.
    fn said(&self, one: &Installed, same: &[&Locked]) -> Option<String> {
        let foreign = came_from::foreign(one.direct.as_ref()?, same)?;
        Some(foreign.says)
    }

    /// Of all locked wheels that are at hand, the one from which least differs: a lockfile names
    /// one for each platform. One that cannot have been installed here says nothing about what was,
    /// as long as that may be a locked file that is not at hand. The error says why none could be
    /// used.
    fn best_wheel(
        &self,
        one: &Installed,
        same: &[&Locked],
        poisoned: &mut Vec<Poisoned>,
    ) -> Result<Best, String> {
        let (mut best, mut foreign): (Option<Best>, Option<Best>) = (None, None);
        let fit = Fit::of(self.scene, one, self.machine);
        let mut is_all_here = true;
        let mut failed =
            "its artifact is not on this computer: fetch it, or install through the gate"
                .to_owned();
        let promised = same.iter().flat_map(|entry| {
            let digests = entry.digests.iter();
            let digests = digests.filter(|digest| digest.algorithm() >= DigestAlgorithm::Sha256);
            digests.map(|digest| (*entry, digest))
        });
        for (entry, digest) in promised {
            let (wheel, against) = match self.wheel(entry, digest, poisoned) {
                Ok(found) => found,
                // Most of what a lockfile names is for other platforms.
                Err(None) => {
                    is_all_here = false;
                    continue;
                }
                Err(Some(why)) => {
                    failed = why;
                    continue;
                }
            };
            let nearest = match fit.admits(&wheel) {
                true => &mut best,
                false => &mut foreign,
            };
            match self.against(one, &wheel, against) {
                Ok(found) if nearest.as_ref().is_none_or(|best| found.wrong < best.wrong) => {
                    *nearest = Some(found);
                }
                Ok(_) => {}
                Err(why) => failed = why,
            }
        }
        match (best, foreign, fit.said()) {
            (Some(best), _, _) => Ok(best),
            (None, Some(foreign), _) if foreign.wrong == 0 => Ok(foreign),
            (None, Some(_), Some(said)) if !is_all_here => Err(format!(
                "the file that was installed (for {said}) is not at hand: fetch it, or install through the gate"
            )),
            // The tree names no file that is locked and can have been installed here.
            (None, Some(foreign), _) => Ok(foreign),
            (None, None, _) => Err(failed),
        }
    }

    /// One locked wheel. No words where it is not at hand.
    fn wheel(
        &self,
        entry: &Locked,
        digest: &Digest,
        poisoned: &mut Vec<Poisoned>,
    ) -> Result<(Wheel, Against), Option<String>> {
        let wanted = wanted(entry, digest);
        let reading = |_| READING;
        let mut told = Told::default();
        let sources = self.sources;
        let found = verified::find(sources, &wanted, &reading, &mut Nothing, &mut told);
        poisoned.append(&mut told.poisoned);
        let verified = found.map_err(|why| match why {
            Unverified::Absent => None,
            Unverified::Because(why) => Some(why),
            Unverified::Archive { candidate, why } => Some(match is_gzip(&candidate.path) {
                true => {
                    "only its source archive is at hand: what was built from it cannot be compared"
                        .to_owned()
                }
                false => why,
            }),
        })?;
        let against = verified.against();
        let wheel = Wheel::of(verified.unpacked).map_err(|why| Some(why.to_string()))?;
        Ok((wheel, against))
    }

    /// The list of a locked wheel from which least differs, for where no wheel is at hand, and why
    /// agreement with it is no answer.
    fn by_list(&self, one: &Installed, same: &[&Locked]) -> Option<(Best, Option<String>)> {
        let fit = Fit::of(self.scene, one, self.machine);
        let mut nearest: Option<(Best, Option<String>)> = None;
        let promised = same
            .iter()
            .flat_map(|entry| entry.digests.iter().map(|digest| (*entry, digest)));
        for (entry, digest) in promised {
            // A list that cannot be read is as good as none: no bytes are here.
            let (wanted, mut told) = (wanted(entry, digest), Told::default());
            let Some(found) = verified::listed(self.sources, &wanted, READING, &mut told) else {
                continue;
            };
            let (against, weak) = (found.against(), found.weakness());
            let Ok(wheel) = Wheel::of(found.unpacked) else {
                continue;
            };
            if !fit.admits(&wheel) {
                continue;
            }
            if let Ok(best) = self.against(one, &wheel, against)
                && nearest.as_ref().is_none_or(|(n, _)| best.wrong < n.wrong)
            {
                nearest = Some((best, weak));
            }
        }
        nearest
    }

    fn against(&self, one: &Installed, wheel: &Wheel, against: Against) -> Result<Best, String> {
        if wheel.dist_info != one.folder {
            return Err(format!(
                "the locked wheel is of {}",
                printable(&wheel.dist_info, 200)
            ));
        }
        let laid = Laid::of(wheel, &self.target(one));
        let compared = against_wheel(self.scene, one, &laid);
        Ok(Best {
            wrong: count_unexplained(&compared),
            against,
            compared,
        })
    }

    fn target(&self, one: &Installed) -> Target {
        Target {
            site: one.site.clone(),
            scripts: self.scene.scripts.clone(),
            headers: package::headers(self.scene, one),
            unpacked: self.scene.unpacked,
        }
    }

    fn own_list(
        &self,
        one: &Installed,
        why: &str,
        instead: Option<ReleaseId>,
        settled: bool,
        poisoned: Vec<Poisoned>,
    ) -> (Basis, Compared) {
        let (against, weak, compared) = match &one.record {
            Some(Ok(record)) => (
                Some(Against::OwnList {
                    list: "RECORD".into(),
                }),
                format!(
                    "{why}; it was compared with RECORD, which whoever changes a file can change too"
                ),
                against_record(self.scene, one, record),
            ),
            Some(Err(error)) => (None, format!("{why}; {error}"), Compared::default()),
            None => (
                None,
                format!("{why}; it has no RECORD: install it again with pip or uv"),
                Compared::default(),
            ),
        };
        let basis = Basis {
            against,
            weak: Some(weak),
            instead,
            settled,
            poisoned,
        };
        (basis, compared)
    }
}

fn is_gzip(path: &std::path::Path) -> bool {
    let mut head = [0; 2];
    let read = disk::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head == [0x1f, 0x8b]
}

fn is_same(locked: &ReleaseId, installed: &ReleaseId) -> bool {
    let canonical = |version: &str| canonical(version).unwrap_or_else(|| version.to_owned());
    canonical(locked.version.as_str()) == canonical(installed.version.as_str())
}

fn count_unexplained(compared: &Compared) -> usize {
    compared
        .differences
        .iter()
        .filter(|(_, difference)| difference.standing == Standing::Unexplained)
        .count()
}

/// Of a path that several packages own (`google/__init__.py`), the last one installed stays: equal
/// to what another of them holds there is explained. The other must be known by its own artifact:
/// a list that anybody can write would explain every edit.
pub(super) fn share(packages: &mut [(Installed, Compared)], bases: &[Basis]) {
    let mut owners: BTreeMap<String, Vec<(Digest, ReleaseId)>> = BTreeMap::new();
    for ((one, compared), basis) in packages.iter().zip(bases) {
        if !basis.is_bound() {
            continue;
        }
        for (place, claim) in &compared.claims {
            if let (Some(digest), true) = (&claim.digest, claim.good) {
                let owner = (digest.clone(), one.release.clone());
                owners.entry(place.clone()).or_default().push(owner);
            }
        }
    }
    for (one, compared) in packages.iter_mut() {
        for (place, difference) in &mut compared.differences {
            let other = owners
                .get(place.as_str())
                .and_then(|all| all.iter().find(|(_, release)| *release != one.release));
            let (DifferenceKind::Modified, Some((digest, release))) = (difference.kind, other)
            else {
                continue;
            };
            if difference.found.as_ref() == Some(digest) {
                difference.standing = Standing::Explained(Cause::CopyOf {
                    release: release.clone(),
                    path: difference.path.clone(),
                });
                if let Some(claim) = compared.claims.get_mut(place.as_str()) {
                    claim.good = true;
                }
            }
        }
    }
}

/// The answer about one package.
pub(super) fn finish(
    one: Installed,
    compared: Compared,
    extras: Vec<Difference>,
    basis: Basis,
) -> PackageTree {
    let decoy = one.decoy.or_else(|| {
        let found = basis.instead.is_some().then(|| one.release.spoken())?;
        Some(printable(&found, 200))
    });
    let mut tree = PackageTree::new(basis.instead.unwrap_or(one.release), one.site);
    tree.against = basis.against;
    tree.files = compared.files;
    tree.decoy = decoy;
    tree.differences = compared
        .differences
        .into_iter()
        .map(|(_, difference)| difference)
        .chain(extras)
        .collect();
    tree.differences
        .sort_by(|a, b| (&a.path, a.kind).cmp(&(&b.path, b.kind)));
    tree.open.extend(basis.weak);
    let unreadable = tree.differences.iter().filter(|difference| {
        difference.kind == DifferenceKind::Unreadable
            && difference.standing == Standing::Unexplained
    });
    let unreadable = unreadable.count();
    if unreadable > 0 {
        let why = format!("{unreadable} of its files cannot be read");
        tree.open.push(why);
    }
    tree.open.extend(compared.unread);
    tree.judge();
    tree
}
