use super::installed::Installed;
use super::layout::{Laid, Target};
use super::package::{self, Compared, against_record, against_wheel};
use super::scene::{Scene, Shape};
use super::wheel::Wheel;
use crate::tree::plain::{Copy, Shelf, unexplained};
use crate::tree::{Against, Cause, Difference, DifferenceKind, PackageTree, Standing};
use customs_ecosystem::lockfile::{Locked, Source};
use customs_ecosystem::pypi::canonical;
use customs_ecosystem::pypi::installed::DirectUrl;
use customs_model::{Answer, Digest, ReleaseId, printable};
use std::collections::BTreeMap;

/// What a package is judged by.
pub(super) struct Judge<'a> {
    pub scene: &'a Scene,
    pub locked: &'a [Locked],
    pub shelf: &'a Shelf,
}

/// What a package was compared with, and what that is worth.
#[derive(Debug)]
pub(super) struct Basis {
    against: Option<Against>,
    /// Why agreement is no answer. None where it is one.
    weak: Option<String>,
    /// The lockfile names these versions instead.
    instead: Option<ReleaseId>,
}

impl Judge<'_> {
    /// Compares a package with the best that is at hand.
    pub fn compare(&self, one: &Installed) -> (Basis, Compared) {
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
            // A project may compute its own version.
            (true, Some(entry)) if entry.source != Source::Path => Some(entry.release.clone()),
            _ => None,
        };
        let mut why = self.weakness(one, &same, &instead);
        if why.is_none() {
            let digests: Vec<&Digest> = same.iter().flat_map(|entry| &entry.digests).collect();
            let (found, failed) = self.best_wheel(one, &digests);
            if let Some(found) = found {
                return found;
            }
            why = Some(failed.unwrap_or_else(|| absent(&digests, self.shelf)));
        }
        self.own_list(one, why, instead)
    }

    /// Why no artifact can answer for this package.
    fn weakness(
        &self,
        one: &Installed,
        same: &[&Locked],
        instead: &Option<ReleaseId>,
    ) -> Option<String> {
        match &one.direct {
            Some(DirectUrl::Folder { editable: true, .. }) => {
                return Some(
                    "it is installed editable: the project's own files are imported".into(),
                );
            }
            Some(DirectUrl::Folder { .. }) => {
                return Some("it was built here from a folder".into());
            }
            Some(DirectUrl::Vcs { .. }) => {
                return Some("it was built here from a repository".into());
            }
            Some(direct) if direct.is_source_archive() => {
                return Some("it was built here from a source archive".into());
            }
            Some(DirectUrl::Archive { .. }) | None => {}
        }
        if let Some(instead) = instead {
            return Some(format!(
                "the lockfile names {}",
                printable(&instead.spoken(), 200)
            ));
        }
        let Some(entry) = same.first() else {
            return Some("no lockfile names it".into());
        };
        match entry.source {
            Source::Git => Some("it was built here from a repository".into()),
            Source::Path | Source::Bundled => Some("it comes from a folder of this machine".into()),
            Source::Registry | Source::Url => same
                .iter()
                .all(|entry| entry.digests.is_empty())
                .then(|| "the lockfile promises no digest of it".into()),
        }
    }

    /// Of all locked wheels that are at hand, the one from which least differs: a lockfile names
    /// one for each platform. The second value says why none could be used.
    fn best_wheel(
        &self,
        one: &Installed,
        digests: &[&Digest],
    ) -> (Option<(Basis, Compared)>, Option<String>) {
        let mut best: Option<(usize, Basis, Compared)> = None;
        let mut failed = None;
        for copy in digests.iter().filter_map(|digest| self.shelf.find(digest)) {
            let wheel = match Wheel::read(&copy.path) {
                Ok(wheel) => wheel,
                Err(why) => {
                    failed = Some(sdist_or(copy, &why.to_string()));
                    continue;
                }
            };
            if wheel.dist_info != one.folder {
                failed = Some(format!(
                    "the locked wheel is of {}",
                    printable(&wheel.dist_info, 200)
                ));
                continue;
            }
            let laid = Laid::of(&wheel, &self.target(one));
            let compared = against_wheel(self.scene, one, &laid);
            let wrong = count_unexplained(&compared);
            if best.as_ref().is_none_or(|(least, ..)| wrong < *least) {
                let basis = Basis {
                    against: Some(Against::Artifact {
                        digest: copy.digest.clone(),
                        from: copy.from.clone(),
                    }),
                    weak: None,
                    instead: None,
                };
                best = Some((wrong, basis, compared));
            }
        }
        (best.map(|(_, basis, compared)| (basis, compared)), failed)
    }

    fn target(&self, one: &Installed) -> Target {
        Target {
            site: one.site.clone(),
            scripts: self.scene.scripts.clone(),
            headers: package::headers(self.scene, one),
            unpacked: self.scene.shape == Shape::Bare,
        }
    }

    fn own_list(
        &self,
        one: &Installed,
        why: Option<String>,
        instead: Option<ReleaseId>,
    ) -> (Basis, Compared) {
        let why = why.unwrap_or_else(|| "nothing is at hand to compare it with".into());
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
        };
        (basis, compared)
    }
}

fn sdist_or(copy: &Copy, why: &str) -> String {
    let is_gzip = crate::tree::plain::starts_with(&copy.path, &[0x1f, 0x8b]);
    match is_gzip {
        true => {
            "only its source archive is at hand: what was built from it cannot be compared".into()
        }
        false => why.to_owned(),
    }
}

fn absent(digests: &[&Digest], shelf: &Shelf) -> String {
    match digests.iter().any(|digest| shelf.find(digest).is_some()) {
        true => "what is at hand of it is no wheel".into(),
        false => {
            "its artifact is not on this computer: fetch it, or install through the gate".into()
        }
    }
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
/// to what another of them holds there is explained.
pub(super) fn share(packages: &mut [(Installed, Compared)]) {
    let mut owners: BTreeMap<String, Vec<(Digest, ReleaseId)>> = BTreeMap::new();
    for (one, compared) in packages.iter() {
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
    let mut differences: Vec<Difference> = compared
        .differences
        .into_iter()
        .map(|(_, difference)| difference)
        .chain(extras)
        .collect();
    differences.sort_by(|a, b| (&a.path, a.kind).cmp(&(&b.path, b.kind)));
    let unreadable = differences
        .iter()
        .filter(|d| d.kind == DifferenceKind::Unreadable && d.standing == Standing::Unexplained)
        .count();
    let decoy = one.decoy.or_else(|| {
        let found = basis.instead.is_some().then(|| one.release.spoken())?;
        Some(printable(&found, 200))
    });
    let answer = if unexplained(&differences) || decoy.is_some() {
        Answer::No
    } else if let Some(why) = basis.weak {
        Answer::NotChecked(why)
    } else if unreadable > 0 {
        Answer::not_checked(format!("{unreadable} of its files cannot be read"))
    } else if !compared.unread.is_empty() {
        Answer::not_checked(compared.unread.join("; "))
    } else {
        Answer::Yes
    };
    PackageTree {
        release: basis.instead.unwrap_or(one.release),
        place: one.site,
        answer,
        against: basis.against,
        files: compared.files,
        differences,
        decoy,
        open: Vec::new(),
    }
}
