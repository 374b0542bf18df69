use super::compiled;
use super::creator;
use super::installed::Installed;
use super::package::Compared;
use super::scene::Scene;
use crate::tree::plain::{Kind, extra, parallel_map};
use crate::tree::{Cause, Difference, Standing};
use customs_model::printable;
use std::collections::{BTreeMap, BTreeSet};

/// What lies in an environment and was in no list.
#[derive(Debug, Default)]
pub(super) struct Leftover {
    /// By the index of the package whose folder it lies in.
    pub of_package: BTreeMap<usize, Vec<Difference>>,
    /// What lies in nobody's, by its place in the environment.
    pub loose: Vec<Difference>,
    /// Compiled files that agree with their sources.
    pub compiled: usize,
    /// Why something is unexplained or unread. Safe to print.
    pub said: Vec<String>,
}

/// Looks at everything that no package claims.
pub(super) fn read(scene: &Scene, packages: &[(Installed, Compared)]) -> Leftover {
    let owners = Owners::of(packages);
    let mut left = Leftover::default();
    let mut compiled_files = Vec::new();
    for (place, kind) in &scene.disk.entries {
        if *kind == Kind::Folder || owners.claimed.contains_key(place.as_str()) {
            continue;
        }
        if is_old_form(scene, place) {
            continue;
        }
        if let Some(source) = compiled::source_of(place) {
            compiled_files.push((place.as_str(), source));
            continue;
        }
        let Some(site) = scene.site_of(place) else {
            left.outside(scene, place, kind);
            continue;
        };
        let owner = owners.nearest(place);
        let spoken = match owner.and_then(|at| packages.get(at)) {
            Some((installed, _)) => scene.spoken(&installed.site, place),
            None => place.clone(),
        };
        let mut difference = extra(&spoken, kind, &scene.file(place));
        if is_seed_mark(scene, site, place, kind) {
            difference.standing = Standing::Explained(Cause::Installer {
                what: "virtualenv's empty mark of a package that it brought".into(),
            });
        }
        left.add(owner, difference);
    }
    // Most of the work: each source is taken apart.
    let judged = parallel_map(&compiled_files, |(place, source)| {
        judge_compiled(scene, packages, &owners, place, source)
    });
    for ((place, source), (difference, why)) in compiled_files.iter().zip(judged) {
        match why {
            None => left.compiled += 1,
            Some(why) => left
                .said
                .push(format!("{}: {why}", printable(&difference.path, 200))),
        }
        let owner = owners.claimed.get(source.as_str()).copied();
        left.add(owner.or_else(|| owners.nearest(place)), difference);
    }
    left
}

/// One compiled file. The second value says why it is not explained.
fn judge_compiled(
    scene: &Scene,
    packages: &[(Installed, Compared)],
    owners: &Owners<'_>,
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
    let is_good = package
        .and_then(|(_, compared)| compared.claims.get(source))
        .is_some_and(|claim| claim.good);
    if is_good {
        return compiled::compare(scene, place, source, &spoken(place), &spoken(source));
    }
    let kind = scene.kind(place).unwrap_or(Kind::Unreadable);
    let why = match scene.kind(source) {
        Some(_) => "its source is not as it should be",
        None => "it has no source",
    };
    let difference = extra(&spoken(place), &kind, &scene.file(place));
    (difference, Some(why.into()))
}

impl Leftover {
    fn add(&mut self, owner: Option<usize>, difference: Difference) {
        match owner {
            Some(owner) => self.of_package.entry(owner).or_default().push(difference),
            None => self.loose.push(difference),
        }
    }

    fn outside(&mut self, scene: &Scene, place: &str, kind: &Kind) {
        // A prefix is shared: what lies beside `site-packages` is not this check's.
        if scene.site_of(place).is_none() && scene.shape == super::scene::Shape::Prefix {
            return;
        }
        let mut difference = extra(place, kind, &scene.file(place));
        if let Some(standing) = creator::explains(scene, place, kind) {
            difference.standing = standing;
        }
        self.loose.push(difference);
    }
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

/// `pip-26.3.virtualenv`, empty, beside `pip-26.3.dist-info`.
fn is_seed_mark(scene: &Scene, site: &str, place: &str, kind: &Kind) -> bool {
    let inside = place
        .strip_prefix(site)
        .unwrap_or(place)
        .trim_start_matches('/');
    let Some(stem) = inside.strip_suffix(".virtualenv") else {
        return false;
    };
    let beside = crate::tree::plain::join(site, &format!("{stem}.dist-info"));
    matches!(kind, Kind::File { size: 0, .. }) && scene.kind(&beside) == Some(Kind::Folder)
}
