use super::script::Interpreters;
use crate::tree::disk::{self, Found, There};
use customs_ecosystem::pypi::installed::VirtualEnvironment;
use customs_model::{Digest, printable};
use std::collections::BTreeSet;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Bytes of a `pyvenv.cfg`.
const CONFIG: u64 = 64 << 10;

/// What sort of folder is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A virtual environment: everything in it belongs to it.
    Virtual,
    /// A prefix that Python shares with others (`/usr/local`): only its `site-packages` are walked.
    Prefix,
    /// A folder of packages: `pip install --target`, or a wheel that uv keeps unpacked.
    Bare,
}

/// One environment, looked at.
#[derive(Debug)]
pub(super) struct Scene {
    /// The folder.
    pub root: PathBuf,
    /// What sort it is.
    pub shape: Shape,
    /// Each `site-packages`, relative to the folder, sorted. Empty text for a bare folder.
    pub sites: Vec<String>,
    /// `bin` or `Scripts`.
    pub scripts: String,
    /// What `pyvenv.cfg` says.
    pub config: VirtualEnvironment,
    /// The digest of the `pyvenv.cfg` that says it.
    pub config_digest: Option<Digest>,
    /// What lies there.
    pub disk: Found,
    /// What a first line may name.
    pub interpreters: Interpreters,
    /// The same by what the environment says of itself: where it was made, when that is elsewhere.
    pub said: Interpreters,
    /// A wheel lies here as it was unpacked, and nothing was moved (uv's cache).
    pub unpacked: bool,
    /// The folder, in each way in which it may be written in what was made for it.
    pub spelled: Vec<String>,
    /// `lib64` leads to `lib`.
    lib64: bool,
}

impl Scene {
    /// Looks at a folder. The error is why it cannot be, safe to print.
    pub fn read(given: &Path) -> Result<Self, String> {
        // A project may keep its environment elsewhere and link to it.
        let root = real(given)?;
        // One that cannot be read is shown as a file that nobody explains.
        let config = disk::read_up_to(&root.join("pyvenv.cfg"), CONFIG);
        let config = config.ok().flatten();
        let config_digest = config.as_deref().map(Digest::sha256);
        let config = config.and_then(|bytes| VirtualEnvironment::parse(&bytes));
        let mut sites = sites(&root);
        let shape = match (&config, sites.is_empty()) {
            (Some(_), false) => Shape::Virtual,
            (None, false) => Shape::Prefix,
            (_, true) => Shape::Bare,
        };
        if shape == Shape::Bare {
            sites = vec![String::new()];
        }
        let folders = match shape {
            Shape::Virtual | Shape::Bare => vec![String::new()],
            Shape::Prefix => sites.clone(),
        };
        let disk = walk(&root, &folders)?;
        let scripts = if root.join("Scripts").is_dir() {
            "Scripts"
        } else {
            "bin"
        };
        let lib64 = link(&root.join("lib64")).as_deref() == Some("lib");
        let config = config.unwrap_or_default();
        let made_at = config.made_at.as_deref().map(Path::new);
        // Another spelling of this folder, or a claim that nobody can look into.
        let is_here = |folder: &&Path| folder.canonicalize().is_ok_and(|real| real == root);
        let here = made_at.filter(is_here);
        let elsewhere = made_at.filter(|folder| !is_here(folder));
        let spelled: BTreeSet<String> = [Some(given), Some(&*root), here]
            .into_iter()
            .flatten()
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.to_string_lossy().into_owned())
            .collect();
        let bin = |folder: &Path| folder.join(scripts).to_string_lossy().into_owned();
        let own = spelled
            .iter()
            .map(|folder| bin(Path::new(folder)))
            .collect();
        let said = elsewhere.filter(|folder| folder.is_absolute()).map(bin);
        Ok(Self {
            shape,
            sites,
            scripts: scripts.to_owned(),
            config,
            config_digest,
            disk,
            interpreters: Interpreters {
                folders: own,
                anywhere: false,
            },
            said: Interpreters {
                folders: said.into_iter().collect(),
                // A folder of packages has no interpreter of its own.
                anywhere: shape == Shape::Bare,
            },
            unpacked: false,
            spelled: spelled.into_iter().collect(),
            lib64,
            root,
        })
    }

    /// Looks at a folder into which a wheel was unpacked, whatever else is in it. The error is why
    /// it cannot be, safe to print.
    pub fn bare(given: &Path) -> Result<Self, String> {
        let root = real(given)?;
        Ok(Self {
            shape: Shape::Bare,
            sites: vec![String::new()],
            scripts: "bin".to_owned(),
            config: VirtualEnvironment::default(),
            config_digest: None,
            disk: walk(&root, &[String::new()])?,
            interpreters: Interpreters::default(),
            said: Interpreters::default(),
            unpacked: true,
            spelled: Vec::new(),
            lib64: false,
            root,
        })
    }

    /// Where a path leads that is relative to a site; none where it leaves the environment.
    pub fn place(&self, site: &str, path: &str) -> Option<String> {
        let (mut parts, rest): (Vec<&str>, &str) = match path.strip_prefix('/') {
            Some(_) => {
                let inside = Path::new(path).strip_prefix(&self.root).ok()?;
                (Vec::new(), inside.to_str()?)
            }
            // `pip install --target` notes the way from a folder two below, which it then empties.
            None if self.shape == Shape::Bare && !self.unpacked => {
                (Vec::new(), path.strip_prefix("../../").unwrap_or(path))
            }
            None => (site.split('/').filter(|p| !p.is_empty()).collect(), path),
        };
        for part in rest.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop()?;
                }
                part => parts.push(part),
            }
        }
        if self.lib64
            && let Some(first) = parts.first_mut()
            && *first == "lib64"
        {
            *first = "lib";
        }
        (!parts.is_empty()).then(|| parts.join("/"))
    }

    /// The way from a site to a place, as RECORD spells it.
    pub fn spoken(&self, site: &str, place: &str) -> String {
        if site.is_empty() {
            return place.to_owned();
        }
        match place
            .strip_prefix(site)
            .and_then(|rest| rest.strip_prefix('/'))
        {
            Some(inside) => inside.to_owned(),
            None => format!("{}{place}", "../".repeat(site.split('/').count())),
        }
    }

    /// What lies at a place.
    pub fn at(&self, place: &str) -> There {
        match self.disk.at(place) {
            // What was not walked: a link on the way there would lead elsewhere.
            There::Nothing if self.shape == Shape::Prefix && self.site_of(place).is_none() => {
                There::look(&self.file(place))
            }
            there => there,
        }
    }

    /// The site that a place lies in.
    pub fn site_of(&self, place: &str) -> Option<&str> {
        self.sites
            .iter()
            .find(|site| {
                site.is_empty()
                    || place
                        .strip_prefix(site.as_str())
                        .is_some_and(|rest| rest.starts_with('/'))
            })
            .map(String::as_str)
    }

    /// Its path on this machine.
    pub fn file(&self, place: &str) -> PathBuf {
        self.root.join(place)
    }

    /// Where the link at a place leads, as written in it.
    pub fn link(&self, place: &str) -> Option<String> {
        link(&self.file(place))
    }

    /// The bytes of the file that was seen.
    ///
    /// # Errors
    /// It is no file, is another one now, or has more than `most` bytes.
    pub fn bytes(&self, place: &str, most: usize) -> io::Result<Vec<u8>> {
        let There::Entry(there) = self.at(place) else {
            return Err(io::Error::from(io::ErrorKind::NotFound));
        };
        let (file, _) = disk::open_seen(&self.file(place), &there.stamp)?;
        let mut bytes = Vec::new();
        file.take(most as u64 + 1).read_to_end(&mut bytes)?;
        match bytes.len() > most {
            true => Err(io::Error::from(io::ErrorKind::FileTooLarge)),
            false => Ok(bytes),
        }
    }

    /// The names at the top of a site, with what they are.
    pub fn top<'s>(&'s self, site: &'s str) -> impl Iterator<Item = (&'s str, disk::FoundKind)> {
        self.disk.entries.iter().filter_map(move |(place, entry)| {
            let inside = match site {
                "" => place.as_str(),
                site => place.strip_prefix(site)?.strip_prefix('/')?,
            };
            (!inside.contains('/')).then_some((inside, entry.kind))
        })
    }
}

/// Where a link leads; none where there is no link, or where it leads is no text.
fn link(path: &Path) -> Option<String> {
    std::fs::read_link(path).ok()?.to_str().map(str::to_owned)
}

fn real(given: &Path) -> Result<PathBuf, String> {
    let shown = || printable(&given.to_string_lossy(), 200);
    match given.canonicalize() {
        Ok(root) if root.is_dir() => Ok(root),
        Ok(_) => Err(format!("{}: there is no such folder", shown())),
        Err(why) if disk::is_absent(&why) => Err(format!("{}: there is no such folder", shown())),
        Err(why) => Err(format!("{}: it cannot be read: {why}", shown())),
    }
}

fn walk(root: &Path, folders: &[String]) -> Result<Found, String> {
    let mut found = Found::default();
    for folder in folders {
        disk::walk_into(root, folder, &BTreeSet::new(), &mut found).map_err(|why| {
            let shown = printable(&root.join(folder).to_string_lossy(), 200);
            format!("{shown}: it cannot be looked through: {why}")
        })?;
    }
    Ok(found)
}

/// `a/b`; either may be empty.
pub(super) fn join(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    }
}

/// `lib/pythonX.Y/site-packages` and the like. What is a link (`lib64`) is the same folder again.
fn sites(root: &Path) -> Vec<String> {
    let is_folder = |place: &str| There::look(&root.join(place)).is_folder();
    let mut found = Vec::new();
    for library in ["lib", "lib64", "Lib"] {
        if !is_folder(library) {
            continue;
        }
        // On a disk that folds case, `Lib` is `lib`.
        if library == "Lib" && !found.is_empty() {
            continue;
        }
        let direct = join(library, "site-packages");
        if is_folder(&direct) {
            found.push(direct);
        }
        // A folder that cannot be read is told by the walk.
        let Ok(versions) = root.join(library).read_dir() else {
            continue;
        };
        for version in versions.flatten() {
            let name = version.file_name().to_string_lossy().into_owned();
            if !name.starts_with("python") && !name.starts_with("pypy") {
                continue;
            }
            for kind in ["site-packages", "dist-packages"] {
                let site = format!("{library}/{name}/{kind}");
                if is_folder(&site) {
                    found.push(site);
                }
            }
        }
    }
    found.sort();
    found
}
