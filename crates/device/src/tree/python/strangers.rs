//! Distributions that no lockfile names, and what runs at every start of Python because of one.
//!
//! A `RECORD` makes anything look like an installed package: whoever puts files into an environment
//! writes it along with them. So where a lockfile names all that belongs there, what it does not name
//! is extra, whatever it says of itself. Left are what environments are born with, and the project's
//! own packages.

use super::installed::Installed;
use super::package::Compared;
use super::scene::{Scene, Shape, join};
use super::start::{Whose, started};
use crate::artifact::{self, Candidate, Form, SourceError, Wanted};
use crate::tree::disk;
use crate::tree::{Comparer, Difference};
use customs_ecosystem::lockfile::{Locked, Manifest, ManifestKind, SETTINGS_BYTES, Source};
use customs_ecosystem::pypi::Requirement;
use customs_ecosystem::pypi::installed::DirectUrl;
use customs_model::{Ecosystem, PackageName};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What belongs into an environment.
#[derive(Debug, Clone, Copy)]
pub struct Belongs<'a> {
    /// What the lockfiles name.
    pub locked: &'a [Locked],
    /// They name all of it: nothing else is installed from them (`uv.lock`, `poetry.lock`,
    /// `pylock.toml`, requirements that all have hashes).
    pub is_complete: bool,
    /// What installs from them also takes away what they do not name (uv, Poetry). pip does not.
    pub is_synced: bool,
    /// What each package needs by the lockfile, with the markers that it has there. None where it does
    /// not say it: what packages say of themselves counts alone.
    pub needs: Option<&'a BTreeMap<PackageName, Vec<Requirement>>>,
    /// What the project, or a lockfile that is installed as a whole, asks for, where nothing else is
    /// installed from them.
    pub asked: &'a [Requirement],
    /// The project's folder, whose own packages may be installed as well.
    pub project: Option<&'a Path>,
}

/// What `venv`, virtualenv and `uv venv --seed` install into a new environment.
const SEEDS: [&str; 3] = ["pip", "setuptools", "wheel"];

/// Whether a distribution is one of those that environments are born with.
pub(super) fn is_seed(one: &Installed) -> bool {
    SEEDS.contains(&one.release.package.as_str())
}

/// The wheels of seeds that belong to the machine itself: the file that this one was installed from,
/// where it is there. Only folders that nobody but root fills are looked into.
pub(super) fn bundled(scene: &Scene, one: &Installed) -> Option<PathBuf> {
    if !is_seed(one) {
        return None;
    }
    let (name, version) = (&one.release.package, &one.release.version);
    let file = format!("{}-{version}-py3-none-any.whl", name.as_str());
    let home = scene
        .config
        .home
        .as_deref()
        .filter(|home| super::settings::is_system(home));
    let own = home
        .zip(scene.config.version)
        .map(|(home, (major, minor))| {
            let library = Path::new(home).join("../lib");
            library.join(format!("python{major}.{minor}/ensurepip/_bundled"))
        });
    let debian = PathBuf::from("/usr/share/python-wheels");
    own.into_iter()
        .chain([debian])
        .filter(|folder| super::settings::is_kept(folder))
        .map(|folder| folder.join(&file))
        .find(|file| disk::There::look(file).is_file())
}

/// One wheel of the machine's own, as a source of its bytes.
#[derive(Debug)]
pub(super) struct Bundled(pub PathBuf);

impl artifact::Source for Bundled {
    fn name(&self) -> &str {
        "the machine's own Python"
    }

    fn find(&self, _: &Wanted<'_>) -> Result<Option<Candidate>, SourceError> {
        Ok(Some(Candidate {
            path: self.0.clone(),
            from: self.name().to_owned(),
            form: Form::Artifact,
        }))
    }

    fn remedy(&self) -> &'static str {
        "install Python again"
    }
}

/// What is wrong with an installed distribution because no artifact answers for it, unexplained.
pub(super) fn differences(
    scene: &Scene,
    belongs: &Belongs<'_>,
    one: &Installed,
    compared: &Compared,
) -> Vec<Difference> {
    // A wheel in a cache is installed nowhere.
    if scene.unpacked {
        return Vec::new();
    }
    let mut named = belongs.locked.iter();
    let named = named.any(|entry| entry.release.package == one.release.package);
    if named && !is_of_folder(belongs, one) {
        return Vec::new();
    }
    // A prefix that Python shares with others holds what others put there.
    let is_alone = scene.shape != Shape::Prefix && belongs.is_complete;
    let folders = match named {
        true => folders(belongs, one),
        false => Vec::new(),
    };
    let whose = if !folders.is_empty() {
        Whose::Locked(&folders)
    } else if named || is_own(belongs.project, one) {
        Whose::Own(belongs.project)
    } else if is_alone {
        Whose::Stranger
    } else {
        Whose::OfAPart
    };
    let mut out = started(scene, one, compared, whose);
    if whose != Whose::Stranger {
        return out;
    }
    let is_known = match is_seed(one) {
        true => is_as_seeded(scene, one, compared),
        // Beside what pip installs from a list may lie whatever somebody asked for once, and what
        // writes the list itself.
        false => !belongs.is_synced,
    };
    if !is_known || !out.is_empty() {
        let mut comparer = Comparer::new(&scene.root);
        let place = join(&one.site, &one.folder);
        out.push(comparer.extra(&one.folder, &place, scene.at(&place)));
    }
    out
}

/// Whether the lockfile says that a package is one of its own folders, of which it promises nothing.
fn is_of_folder(belongs: &Belongs<'_>, one: &Installed) -> bool {
    let mut entries = belongs.locked.iter();
    entries
        .any(|entry| entry.release.package == one.release.package && entry.source == Source::Path)
}

/// The folders that the lockfile takes a package from. None where it names one that is not there, or where
/// its own is not known.
fn folders(belongs: &Belongs<'_>, one: &Installed) -> Vec<PathBuf> {
    let entries = belongs.locked.iter();
    let its = entries.filter(|entry| {
        entry.release.package == one.release.package && entry.source == Source::Path
    });
    let found = its.map(|entry| {
        let written = entry.resolved.as_deref()?;
        let folder = belongs.project?.join(written).canonicalize().ok()?;
        folder.is_dir().then_some(folder)
    });
    found.collect::<Option<Vec<PathBuf>>>().unwrap_or_default()
}

/// Whether all that a seed says it installed has one of the names that it installs under. Anything else
/// that its list names somebody put there.
fn is_as_seeded(scene: &Scene, one: &Installed, compared: &Compared) -> bool {
    let name = one.release.package.as_str();
    let (folders, files, command): (&[&str], &[&str], &str) = match name {
        "pip" => (&["pip"], &[], "pip"),
        "setuptools" => (
            &["setuptools", "pkg_resources", "_distutils_hack"],
            &["easy_install.py", "distutils-precedence.pth"],
            "easy_install",
        ),
        "wheel" => (&["wheel"], &[], "wheel"),
        _ => return false,
    };
    let is_numbers = |rest: &str| {
        let rest = rest.strip_suffix(".exe").unwrap_or(rest);
        rest.bytes()
            .all(|b| b.is_ascii_digit() || b"-.".contains(&b))
    };
    let mut places = compared.claims.keys();
    places.all(|place| {
        if scene.site_of(place) != Some(one.site.as_str()) {
            let inside = place.strip_prefix(&scene.scripts);
            let rest = inside.and_then(|rest| rest.strip_prefix('/')?.strip_prefix(command));
            return rest.is_some_and(is_numbers);
        }
        let spoken = scene.spoken(&one.site, place);
        let Some((top, rest)) = spoken.split_once('/') else {
            let is_mark =
                spoken.starts_with(&format!("{name}-")) && spoken.ends_with(".virtualenv");
            return is_mark || files.contains(&spoken.as_str());
        };
        let is_compiled = || {
            let mut sources = files.iter().filter_map(|file| file.strip_suffix(".py"));
            sources.any(|stem| rest.split('.').next() == Some(stem))
        };
        top == one.folder || folders.contains(&top) || (top == "__pycache__" && is_compiled())
    })
}

/// Whether a distribution is a package of the project's own: it says that it comes from a folder of
/// the project, and that folder says that it has this name.
fn is_own(project: Option<&Path>, one: &Installed) -> bool {
    let Some(DirectUrl::Folder { url, .. }) = &one.direct else {
        return false;
    };
    let Some((project, folder)) = project.zip(folder_of(url)) else {
        return false;
    };
    let (Ok(project), Ok(folder)) = (project.canonicalize(), folder.canonicalize()) else {
        return false;
    };
    folder.starts_with(&project) && says_name(&folder, &one.release.package)
}

/// The folder of a `file:` address. What is written in another way is none.
fn folder_of(url: &str) -> Option<PathBuf> {
    let written = url.strip_prefix("file://")?;
    let written = written.strip_prefix("localhost").unwrap_or(written);
    let mut bytes = Vec::new();
    let mut rest = written.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let pair = [rest.next()?, rest.next()?];
        let hex = std::str::from_utf8(&pair).ok()?;
        bytes.push(u8::from_str_radix(hex, 16).ok()?);
    }
    let path = PathBuf::from(String::from_utf8(bytes).ok()?);
    path.is_absolute().then_some(path)
}

/// `pyproject.toml` names a project; `setup.cfg` and `setup.py` set a name.
fn says_name(folder: &Path, package: &PackageName) -> bool {
    let read = |name: &str| {
        let bytes = disk::read_up_to(&folder.join(name), SETTINGS_BYTES as u64);
        bytes.ok().flatten()
    };
    let is_it =
        |name: &str| PackageName::new(Ecosystem::PyPi, name).is_ok_and(|name| name == *package);
    let declared = read("pyproject.toml")
        .and_then(|bytes| Manifest::read(ManifestKind::Pyproject, &bytes).ok())
        .and_then(|manifest| manifest.name);
    if let Some(name) = declared {
        return is_it(&name);
    }
    let older = ["setup.cfg", "setup.py"].into_iter().filter_map(read);
    older.into_iter().any(|bytes| {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        text.lines().any(|line| {
            let value = line.trim().strip_prefix("name");
            let value = value.and_then(|rest| rest.trim_start().strip_prefix('='));
            value.is_some_and(|value| is_it(value.trim().trim_matches([',', '"', '\''])))
        })
    })
}
