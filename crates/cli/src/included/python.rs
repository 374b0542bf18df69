//! Which files of an environment belong to which distribution: what its RECORD lists, what the
//! tree check told of it, and what nobody claims in a folder that only it has files in.
//!
//! A RECORD is a stranger's: a row that leads out of the environment, through a link, or to
//! nothing is not followed.

use super::list::Listed;
use customs_device::tree::disk::{self, Found, FoundKind, resolve};
use customs_device::tree::{Difference, PackageTree};
use customs_ecosystem::pypi::installed::{RECORD_LIMIT, Record};
use customs_model::{Ecosystem, PackageName, printable};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Lists the files of each package, in the order of the packages. Places and loose paths are below
/// `base`; there may be several environments in it.
pub fn all(base: &Path, packages: &[&PackageTree], loose: &[Difference]) -> Vec<Listed> {
    let mut environments: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (number, package) in packages.iter().enumerate() {
        let root = root_of(base, &package.place);
        environments.entry(root).or_default().push(number);
    }
    let mut all = vec![Listed::default(); packages.len()];
    for (root, numbers) in environments {
        let members: Vec<Member<'_>> = numbers
            .iter()
            .filter_map(|number| {
                let package = *packages.get(*number)?;
                let site = within(&package.place, &root)?;
                Some(Member { site, package })
            })
            .collect();
        let loose = loose
            .iter()
            .filter_map(|one| within(&one.path, &root))
            .collect();
        let listed = environment(&below(base, &root), &members, &loose);
        for (number, listed) in numbers.into_iter().zip(listed) {
            if let Some(place) = all.get_mut(number) {
                *place = listed;
            }
        }
    }
    all
}

/// The environment that a site is of, as a path below `base`: the nearest folder around it with
/// the settings of one, or the prefix that the site's own path tells, or the site.
fn root_of(base: &Path, site: &str) -> String {
    let around = std::iter::once(site).chain(parents(site).map(|(folder, _)| folder));
    for folder in around.chain([""]) {
        let settings = below(base, folder).join("pyvenv.cfg");
        if std::fs::symlink_metadata(settings).is_ok_and(|meta| meta.is_file()) {
            return folder.to_owned();
        }
    }
    let parts: Vec<&str> = site.split('/').collect();
    let is_packages = |name: &str| matches!(name, "site-packages" | "dist-packages");
    let kept = match parts.as_slice() {
        [rest @ .., _, python, last] if is_packages(last) && python.starts_with("python") => rest,
        [rest @ .., "Lib", last] if is_packages(last) => rest,
        all => all,
    };
    kept.join("/")
}

/// A path below a folder, from that folder. None where it is not below it.
fn within(path: &str, folder: &str) -> Option<String> {
    match (folder, path == folder) {
        ("", _) => Some(path.to_owned()),
        (_, true) => Some(String::new()),
        (folder, false) => {
            let rest = path.strip_prefix(folder)?.strip_prefix('/')?;
            Some(rest.to_owned())
        }
    }
}

fn below(base: &Path, folder: &str) -> PathBuf {
    match folder {
        "" => base.to_owned(),
        folder => base.join(folder),
    }
}

/// A package of one environment.
struct Member<'a> {
    /// Its place, from the environment.
    site: String,
    package: &'a PackageTree,
}

fn environment(root: &Path, members: &[Member<'_>], loose: &BTreeSet<String>) -> Vec<Listed> {
    let found = match disk::walk(root, &BTreeSet::new()) {
        Ok(found) => found,
        Err(error) => {
            let because = format!(
                "the files of its environment cannot be listed: {}",
                printable(&error.to_string(), 200)
            );
            let one = Listed {
                folder: root.to_owned(),
                because: Some(because),
                ..Listed::default()
            };
            return vec![one; members.len()];
        }
    };
    let mut claims = Claims {
        root,
        found: &found,
        folders: dist_infos(&found),
        owners: BTreeMap::new(),
        because: BTreeMap::new(),
    };
    for (number, member) in members.iter().enumerate() {
        claims.of_package(number, member);
    }
    claims.nearest(members, loose);
    claims.listed(members)
}

struct Claims<'a> {
    root: &'a Path,
    found: &'a Found,
    /// Every `name-version.dist-info`, by the site that it lies in.
    folders: BTreeMap<&'a str, Vec<(PackageName, String)>>,
    /// The number of the package that a file belongs to, by its path in the environment.
    owners: BTreeMap<String, usize>,
    because: BTreeMap<usize, String>,
}

impl Claims<'_> {
    fn of_package(&mut self, number: usize, member: &Member<'_>) {
        let Member { site, package } = member;
        for difference in &package.differences {
            if let Some(path) = resolve(site, &difference.path) {
                self.claim(path, number);
            }
        }
        // After a downgrade by hand there may be two.
        let own = self.folders.get(site.as_str()).into_iter().flatten();
        let folders: Vec<String> = own
            .filter(|(name, _)| *name == package.release.package)
            .map(|(_, folder)| folder.clone())
            .collect();
        if folders.is_empty() {
            self.because.insert(
                number,
                "it has no dist-info, so its files are not known".into(),
            );
        }
        for folder in folders {
            if let Err(why) = self.of_record(number, site, &folder) {
                self.because.insert(number, why);
            }
        }
    }

    fn of_record(&mut self, number: usize, site: &str, folder: &str) -> Result<(), String> {
        let inside = format!("{folder}/");
        let own: Vec<String> = self
            .found
            .entries
            .range(inside.clone()..)
            .map(|(path, _)| path.clone())
            .take_while(|path| path.starts_with(&inside))
            .collect();
        for path in own {
            self.claim(path, number);
        }
        let path = format!("{folder}/RECORD");
        let bytes = disk::read_up_to(&self.root.join(&path), RECORD_LIMIT as u64)
            .map_err(|error| format!("its RECORD cannot be read: {error}"))?
            .ok_or("its RECORD is too long to be read")?;
        let record = Record::parse(&bytes).map_err(|error| error.to_string())?;
        for row in record.rows {
            if let Some(path) = resolve(site, &row.path) {
                self.claim(path, number);
            }
        }
        Ok(())
    }

    /// Who claims a file first has it: the record lists each once.
    fn claim(&mut self, path: String, number: usize) {
        if self.is_file(&path) {
            self.owners.entry(path).or_insert(number);
        }
    }

    fn is_file(&self, path: &str) -> bool {
        let entry = self.found.entries.get(path);
        entry.is_some_and(|entry| entry.kind == FoundKind::File)
    }

    /// What a wheel has and RECORD does not name lies beside what it names.
    fn nearest(&mut self, members: &[Member<'_>], loose: &BTreeSet<String>) {
        let sites: BTreeSet<&str> = members.iter().map(|one| one.site.as_str()).collect();
        let mut folders: BTreeMap<String, usize> = BTreeMap::new();
        for (path, number) in &self.owners {
            for (folder, _) in parents(path) {
                folders.entry(folder.to_owned()).or_insert(*number);
            }
        }
        let unclaimed: Vec<String> = self
            .found
            .entries
            .iter()
            .filter(|(_, entry)| entry.kind == FoundKind::File)
            .map(|(path, _)| path)
            .filter(|path| !self.owners.contains_key(*path) && !loose.contains(*path))
            .cloned()
            .collect();
        for path in unclaimed {
            let below_site = parents(&path).take_while(|(folder, _)| !sites.contains(folder));
            let owner = below_site
                .filter(|(folder, _)| sites.iter().any(|site| is_below(folder, site)))
                .find_map(|(folder, _)| folders.get(folder));
            if let Some(owner) = owner {
                self.owners.insert(path, *owner);
            }
        }
    }

    fn listed(self, members: &[Member<'_>]) -> Vec<Listed> {
        let mut all: Vec<Listed> = members
            .iter()
            .enumerate()
            .map(|(number, member)| Listed {
                folder: below(self.root, &member.site),
                because: self.because.get(&number).cloned(),
                ..Listed::default()
            })
            .collect();
        for (path, number) in &self.owners {
            if let (Some(listed), Some(member)) = (all.get_mut(*number), members.get(*number)) {
                listed.files.push(spoken(&member.site, path));
            }
        }
        for listed in &mut all {
            listed.is_absent = listed.files.is_empty() && listed.because.is_none();
        }
        all
    }
}

fn dist_infos(found: &Found) -> BTreeMap<&str, Vec<(PackageName, String)>> {
    let mut all: BTreeMap<&str, Vec<(PackageName, String)>> = BTreeMap::new();
    for (path, entry) in &found.entries {
        let (site, name) = path.rsplit_once('/').unwrap_or(("", path));
        let stem = name.strip_suffix(".dist-info");
        let name = stem.and_then(|stem| stem.split_once('-'));
        let name = name.and_then(|(name, _)| PackageName::new(Ecosystem::PyPi, name).ok());
        if let (FoundKind::Folder, Some(name)) = (entry.kind, name) {
            all.entry(site).or_default().push((name, path.clone()));
        }
    }
    all
}

/// The folders above a path, the nearest first.
fn parents(path: &str) -> impl Iterator<Item = (&str, &str)> {
    std::iter::successors(path.rsplit_once('/'), |(folder, _)| folder.rsplit_once('/'))
}

fn is_below(path: &str, site: &str) -> bool {
    site.is_empty()
        || path
            .strip_prefix(site)
            .is_some_and(|rest| rest.starts_with('/'))
}

/// The path from the site, as a RECORD writes it: what lies elsewhere is reached from the top of
/// the environment.
fn spoken(site: &str, path: &str) -> String {
    if site.is_empty() {
        return path.to_owned();
    }
    match path
        .strip_prefix(site)
        .and_then(|rest| rest.strip_prefix('/'))
    {
        Some(inside) => inside.to_owned(),
        None => format!("{}{path}", "../".repeat(site.split('/').count())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_is_the_folder_with_its_settings_or_what_the_path_tells() {
        let folder = tempfile::tempdir().unwrap();
        let site = "a/venv/lib/python3.12/site-packages";
        std::fs::create_dir_all(folder.path().join(site)).unwrap();
        assert_eq!(root_of(folder.path(), site), "a/venv");
        assert_eq!(root_of(folder.path(), "Lib/site-packages"), "");
        assert_eq!(root_of(folder.path(), "target"), "target");
        assert_eq!(root_of(folder.path(), ""), "");
        std::fs::write(folder.path().join("a/pyvenv.cfg"), "").unwrap();
        assert_eq!(root_of(folder.path(), site), "a");
    }

    #[test]
    fn what_lies_outside_of_the_site_is_reached_from_the_top_of_the_environment() {
        let site = "lib/python3.12/site-packages";
        assert_eq!(spoken(site, "bin/x"), "../../../bin/x");
        assert_eq!(spoken(site, &format!("{site}/a/b.py")), "a/b.py");
    }
}
