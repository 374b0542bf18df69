use super::script::Interpreters;
use crate::tree::plain::{Disk, Kind, join, read_bounded};
use customs_ecosystem::pypi::installed::VirtualEnvironment;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

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
    /// What lies there.
    pub disk: Disk,
    /// What a first line may name.
    pub interpreters: Interpreters,
    /// `lib64` leads to `lib`.
    lib64: bool,
}

impl Scene {
    /// Looks at a folder; none where it holds no `site-packages`.
    pub fn read(given: &Path) -> Option<Self> {
        // A project may keep its environment elsewhere and link to it.
        let root = given.canonicalize().ok()?;
        let config = read_bounded(&root.join("pyvenv.cfg"), 64 << 10)
            .ok()
            .and_then(|bytes| VirtualEnvironment::parse(&bytes));
        let mut sites = sites(&root);
        let shape = match (&config, sites.is_empty()) {
            (Some(_), false) => Shape::Virtual,
            (None, false) => Shape::Prefix,
            (_, true) => Shape::Bare,
        };
        if shape == Shape::Bare {
            sites = vec![String::new()];
        }
        let disk = match shape {
            Shape::Virtual | Shape::Bare => Disk::walk(&root, &|_| true),
            Shape::Prefix => Disk::walk(&root, &|folder| leads_to_site(folder, &sites)),
        };
        let scripts = if root.join("Scripts").is_dir() {
            "Scripts"
        } else {
            "bin"
        };
        let lib64 = matches!(
            disk.entries.get("lib64"),
            Some(Kind::Link { target }) if target == "lib"
        );
        let config = config.unwrap_or_default();
        let made_at = config.made_at.as_deref().map(Path::new);
        let folders: BTreeSet<String> = [Some(given), Some(&*root), made_at]
            .into_iter()
            .flatten()
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join(scripts).to_string_lossy().into_owned())
            .collect();
        Some(Self {
            shape,
            sites,
            scripts: scripts.to_owned(),
            config,
            disk,
            interpreters: Interpreters {
                folders: folders.into_iter().collect(),
            },
            lib64,
            root,
        })
    }

    /// Looks at a folder into which a wheel was unpacked, whatever else is in it.
    pub fn bare(given: &Path) -> Option<Self> {
        let root = given.canonicalize().ok()?;
        Some(Self {
            shape: Shape::Bare,
            sites: vec![String::new()],
            scripts: "bin".to_owned(),
            config: VirtualEnvironment::default(),
            disk: Disk::walk(&root, &|_| true),
            interpreters: Interpreters::default(),
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
        if let Some(first) = parts.first_mut()
            && self.lib64
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
    pub fn kind(&self, place: &str) -> Option<Kind> {
        match self.disk.entries.get(place) {
            Some(kind) => Some(kind.clone()),
            // What was not walked: a link on the way there would lead elsewhere.
            None if self.shape == Shape::Prefix => Kind::of(&self.file(place)),
            None => None,
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

    /// The bytes of a file that was seen.
    pub fn bytes(&self, place: &str, most: usize) -> io::Result<Vec<u8>> {
        match self.kind(place) {
            Some(Kind::File { .. }) => read_bounded(&self.file(place), most),
            _ => Err(io::Error::new(io::ErrorKind::NotFound, "it is no file")),
        }
    }

    /// The top-level entries of a site.
    pub fn top<'s>(&'s self, site: &'s str) -> impl Iterator<Item = (&'s str, &'s Kind)> {
        self.disk.entries.iter().filter_map(move |(place, kind)| {
            let inside = match site {
                "" => place.as_str(),
                site => place.strip_prefix(site)?.strip_prefix('/')?,
            };
            (!inside.contains('/')).then_some((inside, kind))
        })
    }
}

fn leads_to_site(folder: &str, sites: &[String]) -> bool {
    sites.iter().any(|site| {
        folder == site
            || folder.starts_with(&format!("{site}/"))
            || site.starts_with(&format!("{folder}/"))
    })
}

/// `lib/pythonX.Y/site-packages` and the like. What is a link (`lib64`) is the same folder again.
fn sites(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for library in ["lib", "lib64", "Lib"] {
        let folder = root.join(library);
        if Kind::of(&folder) != Some(Kind::Folder) {
            continue;
        }
        // On a disk that folds case, `Lib` is `lib`.
        if library == "Lib" && !found.is_empty() {
            continue;
        }
        let direct = join(library, "site-packages");
        if Kind::of(&root.join(&direct)) == Some(Kind::Folder) {
            found.push(direct);
        }
        let Ok(versions) = folder.read_dir() else {
            continue;
        };
        for version in versions.flatten() {
            let name = version.file_name().to_string_lossy().into_owned();
            if !name.starts_with("python") && !name.starts_with("pypy") {
                continue;
            }
            for kind in ["site-packages", "dist-packages"] {
                let site = format!("{library}/{name}/{kind}");
                if Kind::of(&root.join(&site)) == Some(Kind::Folder) {
                    found.push(site);
                }
            }
        }
    }
    found.sort();
    found
}
