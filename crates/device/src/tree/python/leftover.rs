use super::clones::Clones;
use super::compiled;
use super::creator;
use super::installed::Installed;
use super::kernel;
use super::known_scripts::is_known_hook;
use super::package::Compared;
use super::scene::{Scene, Shape, join};
use crate::tree::disk::{FoundEntry, FoundKind, There};
use crate::tree::{Cause, Comparer, Difference, DifferenceKind, Standing, each};
use customs_model::{Digest, printable};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

/// What lies in an environment and was in no list.
#[derive(Debug, Default)]
pub(super) struct Leftover {
    /// By the index of the package whose folder it lies in.
    pub of_package: BTreeMap<usize, Vec<Difference>>,
    /// What lies in nobody's, by its place in the environment.
    pub loose: Vec<Difference>,
    /// Compiled files that agree with their sources.
    compiled: usize,
    /// The packages that these are of.
    compiled_of: BTreeSet<usize>,
    /// Why something is unexplained or unread. Safe to print.
    pub said: Vec<String>,
}

/// Looks at everything that no package claims.
pub(super) fn read(
    scene: &Scene,
    packages: &[(Installed, Compared)],
    clones: &Clones,
    threads: Option<NonZeroUsize>,
) -> Leftover {
    let owners = Owners::of(packages);
    let mut left = Leftover::default();
    let mut compiled_files = Vec::new();
    let mut comparer = Comparer::new(&scene.root);
    for (place, there) in &scene.disk.entries {
        if there.kind == FoundKind::Folder || owners.claimed.contains_key(place.as_str()) {
            continue;
        }
        if is_old_form(scene, place) {
            continue;
        }
        if let Some(source) = compiled::source_of(place) {
            compiled_files.push((place.as_str(), source));
            continue;
        }
        let extra = || Comparer::new(&scene.root).extra(place, place, There::Entry(*there));
        if let Some(mut told) = clones.told(scene, place, extra) {
            if there.runs_as_owner() {
                told.standing = Standing::Unexplained;
            }
            left.loose.push(told);
            continue;
        }
        let Some(site) = scene.site_of(place) else {
            left.outside(scene, place, there, &mut comparer, packages);
            continue;
        };
        let owner = owners.nearest(place);
        let spoken = match owner.and_then(|at| packages.get(at)) {
            Some((installed, _)) => scene.spoken(&installed.site, place),
            None => place.clone(),
        };
        let mut difference = comparer.extra(&spoken, place, There::Entry(*there));
        if is_seed_mark(scene, site, place, &difference) {
            difference.standing = Standing::Explained(Cause::Installer {
                what: "virtualenv's empty mark of a package that it brought".into(),
            });
        }
        if is_hook(scene, site, place, &difference) {
            difference.standing = Standing::Explained(Cause::Installer {
                what: "what virtualenv and uv put into every environment".into(),
            });
        }
        if there.runs_as_owner() {
            difference.standing = Standing::Unexplained;
        }
        left.add(owner, difference);
    }
    // Most of the work: each source is taken apart.
    let judged = each(&compiled_files, threads, |(place, source)| {
        judge_compiled(scene, packages, &owners, clones, place, source)
    });
    for ((place, source), (difference, why)) in compiled_files.iter().zip(judged) {
        let owner = owners.claimed.get(source.as_str()).copied();
        let owner = owner.or_else(|| owners.nearest(place));
        match why {
            None if matches!(difference.standing, Standing::Explained(_)) => {
                left.compiled += 1;
                left.compiled_of.extend(owner);
            }
            None => {}
            Some(why) => left
                .said
                .push(format!("{}: {why}", printable(&difference.path, 200))),
        }
        left.add(owner, difference);
    }
    left.loose.extend(clones.missing());
    left.unseen(scene, packages, &owners);
    left.said.append(&mut comparer.notes);
    left
}

/// One compiled file. The second value says why it is not explained.
fn judge_compiled(
    scene: &Scene,
    packages: &[(Installed, Compared)],
    owners: &Owners<'_>,
    clones: &Clones,
    place: &str,
    source: &str,
) -> (Difference, Option<String>) {
    let owner = owners.claimed.get(source).copied();
    let owner = owner.or_else(|| owners.nearest(place));
    let package = owner.and_then(|at| packages.get(at));
    let spoken = |place: &str| match package {
        Some((installed, _)) => scene.spoken(&installed.site, place),
        None => place.to_owned(),
    };
    let claim = package.and_then(|(_, compared)| compared.claims.get(source));
    let hook = hook_at(scene, source).or_else(|| clones.source(scene, source));
    let hook = hook.filter(|_| claim.is_none());
    let good = match (claim, &hook) {
        (Some(claim), _) if claim.good => Some(claim.digest.as_ref()),
        (None, Some(digest)) => Some(Some(digest)),
        (Some(_) | None, _) => None,
    };
    let spoken_place = spoken(place);
    if let Some(digest) = good {
        let pair = compiled::Pair {
            place,
            spoken: &spoken_place,
            source,
            spoken_source: &spoken(source),
            digest,
        };
        return compiled::compare(scene, &pair);
    }
    let why = match scene.at(source) {
        There::Entry(_) | There::Unknown => "its source is not as it should be",
        There::Nothing => "it has no source",
    };
    let mut comparer = Comparer::new(&scene.root);
    let difference = comparer.extra(&spoken_place, place, scene.at(place));
    (difference, Some(why.into()))
}

impl Leftover {
    /// What is not known of compiled files that agree with their sources. It is said once for all of them:
    /// installers compile every package, so that its own answer would never be a *yes*.
    pub fn agreeing(&self) -> Option<String> {
        let count = |of: usize, what: &str| match of {
            1 => format!("1 {what}"),
            of => format!("{of} {what}s"),
        };
        let of = count(self.compiled_of.len(), "package");
        let files = count(self.compiled, "compiled file");
        (self.compiled > 0).then(|| {
            format!(
                "{files} in {of}: head, names and texts are those of the source; whether the instructions are was not \
                 checked, since nothing is executed; without them (delete the folders `__pycache__`) Python compiles \
                 the compared sources anew"
            )
        })
    }

    fn add(&mut self, owner: Option<usize>, difference: Difference) {
        match owner {
            Some(owner) => self.of_package.entry(owner).or_default().push(difference),
            None => self.loose.push(difference),
        }
    }

    fn outside(
        &mut self,
        scene: &Scene,
        place: &str,
        there: &FoundEntry,
        comparer: &mut Comparer<'_>,
        packages: &[(Installed, Compared)],
    ) {
        // A prefix is shared: what lies beside `site-packages` is not this check's.
        if scene.shape == Shape::Prefix {
            return;
        }
        let mut difference = comparer.extra(place, place, There::Entry(*there));
        if difference.kind == DifferenceKind::Extra
            && !there.runs_as_owner()
            && let Some(standing) = creator::explains(scene, place, there.kind, &difference)
                .or_else(|| of_kernel(packages, place, there.kind, &difference))
        {
            difference.standing = standing;
        }
        self.loose.push(difference);
    }

    /// What has no name that can be read, and what cannot be looked into.
    fn unseen(&mut self, scene: &Scene, packages: &[(Installed, Compared)], owners: &Owners<'_>) {
        let strange = scene.disk.strange.iter();
        let strange = strange.map(|place| (place, DifferenceKind::Extra));
        let unread = scene.disk.unread.keys();
        let unread = unread.map(|place| (place, DifferenceKind::Unreadable));
        for (place, kind) in strange.chain(unread) {
            let owner = owners.nearest(place);
            let spoken = match owner.and_then(|at| packages.get(at)) {
                Some((installed, _)) => scene.spoken(&installed.site, place),
                None => place.clone(),
            };
            self.add(owner, Difference::new(spoken, kind));
        }
        for (place, why) in &scene.disk.unread {
            self.said.push(format!(
                "{}: it cannot be read: {why}",
                printable(place, 200)
            ));
        }
    }
}

/// What `ipykernel install` writes under a name of its own: pictures that are its package's, and a
/// `kernel.json` that may start anything.
fn of_kernel(
    packages: &[(Installed, Compared)],
    place: &str,
    kind: FoundKind,
    difference: &Difference,
) -> Option<Standing> {
    let (_, file) = kernel::parts(place).filter(|_| kind == FoundKind::File)?;
    let is_maker =
        |(one, _): &&(Installed, Compared)| one.release.package.as_str() == kernel::MAKER;
    let (one, compared) = packages.iter().find(is_maker)?;
    if kernel::is_spec(place) {
        return Some(kernel::made_here());
    }
    let shipped = kernel::shipped(file);
    let claim = compared.claims.get(&shipped).filter(|claim| claim.good)?;
    let same = claim.digest.is_some() && claim.digest == difference.found;
    same.then(|| {
        Standing::Explained(Cause::CopyOf {
            release: one.release.clone(),
            path: shipped,
        })
    })
}

/// Who owns what.
struct Owners<'p> {
    claimed: BTreeMap<&'p str, usize>,
    /// Folders, with all that own something in them.
    folders: BTreeMap<&'p str, BTreeSet<usize>>,
}

impl<'p> Owners<'p> {
    fn of(packages: &'p [(Installed, Compared)]) -> Self {
        let mut claimed = BTreeMap::new();
        let mut folders: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        for (at, (installed, compared)) in packages.iter().enumerate() {
            for place in compared.claims.keys() {
                claimed.entry(place.as_str()).or_insert(at);
                let mut folder = place.as_str();
                while let Some((parent, _)) = folder.rsplit_once('/') {
                    if parent.len() <= installed.site.len() {
                        break;
                    }
                    folders.entry(parent).or_default().insert(at);
                    folder = parent;
                }
            }
        }
        Self { claimed, folders }
    }

    /// The only package that owns something in the innermost folder of a place; none where several
    /// share it (namespace packages).
    fn nearest(&self, place: &str) -> Option<usize> {
        let mut folder = place;
        while let Some((parent, _)) = folder.rsplit_once('/') {
            if let Some(owners) = self.folders.get(parent) {
                let mut owners = owners.iter();
                return match (owners.next(), owners.next()) {
                    (Some(only), None) => Some(*only),
                    _ => None,
                };
            }
            folder = parent;
        }
        None
    }
}

/// `*.egg-info` is said once, not file by file.
fn is_old_form(scene: &Scene, place: &str) -> bool {
    let Some(site) = scene.site_of(place) else {
        return false;
    };
    let inside = place
        .strip_prefix(site)
        .unwrap_or(place)
        .trim_start_matches('/');
    inside
        .split('/')
        .next()
        .is_some_and(|top| top.ends_with(".egg-info"))
}

fn inside<'p>(site: &str, place: &'p str) -> &'p str {
    let inside = place.strip_prefix(site).unwrap_or(place);
    inside.trim_start_matches('/')
}

/// `_virtualenv.pth`, and the module that it imports at every start: known bytes only.
fn is_hook(scene: &Scene, site: &str, place: &str, difference: &Difference) -> bool {
    scene.shape == Shape::Virtual
        && scene.at(place).is_file()
        && difference
            .found
            .as_ref()
            .is_some_and(|found| is_known_hook(inside(site, place), found))
}

/// The digest of a source that virtualenv or uv put here, where it has known bytes.
fn hook_at(scene: &Scene, source: &str) -> Option<Digest> {
    let name = inside(scene.site_of(source)?, source);
    if scene.shape != Shape::Virtual || !name.starts_with("_virtualenv.") {
        return None;
    }
    // One that cannot be read is told by itself.
    let digest = Digest::sha256(&scene.bytes(source, 64 << 10).ok()?);
    is_known_hook(name, &digest).then_some(digest)
}

/// `pip-26.3.virtualenv`, empty, beside `pip-26.3.dist-info`.
fn is_seed_mark(scene: &Scene, site: &str, place: &str, difference: &Difference) -> bool {
    let inside = inside(site, place);
    let Some(stem) = inside.strip_suffix(".virtualenv") else {
        return false;
    };
    let beside = join(site, &format!("{stem}.dist-info"));
    difference.found == Some(Digest::sha256(b""))
        && scene.at(place).is_file()
        && scene.at(&beside).is_folder()
}
