//! Distributions that no lockfile names, and what runs at every start of Python because of one.
//!
//! A `RECORD` makes anything look like an installed package: whoever puts files into an environment
//! writes it along with them. So where a lockfile names all that belongs there, what it does not name
//! is extra, whatever it says of itself. Left are what environments are born with, and the project's
//! own packages.

use super::installed::Installed;
use super::package::Compared;
use super::scene::{Scene, Shape, join};
use crate::artifact::{self, Candidate, Form, SourceError, Wanted};
use crate::tree::disk;
use crate::tree::{Comparer, Difference};
use customs_ecosystem::lockfile::{Locked, Manifest, ManifestKind, SETTINGS_BYTES, Source};
use customs_ecosystem::pypi::installed::DirectUrl;
use customs_model::{Ecosystem, PackageName};
use std::path::{Path, PathBuf};

/// What belongs into an environment.
#[derive(Debug, Clone, Copy)]
pub struct Belongs<'a> {
    /// What the lockfiles name.
    pub locked: &'a [Locked],
    /// They name all of it: nothing else is installed from them (`uv.lock`, `poetry.lock`,
    /// `pylock.toml`, requirements that all have hashes).
    pub is_complete: bool,
    /// The project's folder, whose own packages may be installed as well.
    pub project: Option<&'a Path>,
}

/// What `venv`, virtualenv and `uv venv --seed` install into a new environment.
const SEEDS: [&str; 3] = ["pip", "setuptools", "wheel"];

/// Lines of `.pth` files that are executed and are known. They do nothing but call a module of their
/// own package by its name: setuptools in its versions.
const KNOWN_LINES: [&str; 2] = [
    "import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = os.environ.get(var, 'local') == 'local'; enabled and __import__('_distutils_hack').add_shim();",
    "import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = os.environ.get(var, 'stdlib') == 'local'; enabled and __import__('_distutils_hack').add_shim();",
];

/// Modules that Python imports at every start, if they are there.
const AT_START: [&str; 2] = ["sitecustomize", "usercustomize"];

/// Bytes of a `.pth` that are read.
const LONGEST: usize = 64 << 10;

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
    let mut out = started(scene, one, compared);
    let is_ours = named || is_own(belongs.project, one);
    // A prefix that Python shares with others holds what others put there.
    let is_alone = scene.shape != Shape::Prefix && belongs.is_complete;
    if is_alone && !is_ours && !(is_seed(one) && out.is_empty()) {
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

/// Files of a distribution that run at every start of Python, and are not known.
fn started(scene: &Scene, one: &Installed, compared: &Compared) -> Vec<Difference> {
    let mut comparer = Comparer::new(&scene.root);
    let mut out = Vec::new();
    for place in compared.claims.keys() {
        let spoken = scene.spoken(&one.site, place);
        if scene.site_of(place) != Some(one.site.as_str()) || !starts(scene, one, place, &spoken) {
            continue;
        }
        let told = compared.differences.iter().any(|(other, _)| other == place);
        if !told && scene.at(place) != disk::There::Nothing {
            out.push(comparer.extra(&spoken, place, scene.at(place)));
        }
    }
    out
}

fn starts(scene: &Scene, one: &Installed, place: &str, spoken: &str) -> bool {
    let top = spoken.split('/').next().unwrap_or(spoken);
    let stem = top.split('.').next().unwrap_or(top);
    if AT_START.contains(&stem) {
        return true;
    }
    if spoken.contains('/') || !spoken.ends_with(".pth") {
        return false;
    }
    // What cannot be read is not known.
    let Ok(bytes) = scene.bytes(place, LONGEST) else {
        return true;
    };
    let Ok(text) = String::from_utf8(bytes) else {
        return true;
    };
    // Python splits at these, and runs what begins with the word.
    let mut lines = text.split(['\n', '\r', '\x0b', '\x0c']);
    lines.any(|line| runs(line) && !is_known_line(one, line.trim()))
}

/// `site.py` executes a line that begins with `import` and a blank.
fn runs(line: &str) -> bool {
    let line = line.trim_start_matches('\u{feff}');
    line.starts_with("import ") || line.starts_with("import\t")
}

fn is_known_line(one: &Installed, line: &str) -> bool {
    let name = one.release.package.as_str();
    let line = line.trim_end_matches([' ', ';']);
    if name == "setuptools" {
        let mut known = KNOWN_LINES.iter();
        return known.any(|known| known.trim_end_matches(';') == line);
    }
    is_of_editable(one, line) || is_namespace(line)
}

/// setuptools: `import __editable___NAME_finder; __editable___NAME_finder.install()`, of a folder of
/// this machine that is installed editable.
fn is_of_editable(one: &Installed, line: &str) -> bool {
    let is_editable = matches!(one.direct, Some(DirectUrl::Folder { editable: true, .. }));
    let module = line
        .strip_prefix("import ")
        .and_then(|rest| rest.split_once(';'));
    is_editable
        && module.is_some_and(|(module, call)| {
            let is_name = module
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_');
            is_name
                && module.starts_with("__editable___")
                && module.ends_with("_finder")
                && call.trim() == format!("{module}.install()")
        })
}

/// What setuptools writes for a namespace package (`NAME-nspkg.pth`): it makes an empty module of a
/// name, and imports nothing but the machinery. Every word of it is known, in whatever order; names
/// stand in quotes and are made of letters.
fn is_namespace(line: &str) -> bool {
    const WORDS: [&str; 32] = [
        "import",
        "sys",
        "types",
        "os",
        "has_mfs",
        "version_info",
        "p",
        "path",
        "join",
        "_getframe",
        "f_locals",
        "sitedir",
        "importlib",
        "and",
        "__import__",
        "util",
        "machinery",
        "m",
        "modules",
        "setdefault",
        "module_from_spec",
        "PathFinder",
        "find_spec",
        "dirname",
        "or",
        "ModuleType",
        "mp",
        "__dict__",
        "__path__",
        "not",
        "in",
        "append",
    ];
    // `__import__` and what is quoted are the only ways to something else.
    let quoted: Vec<&str> = line.split('\'').skip(1).step_by(2).collect();
    let plain: Vec<&str> = line.split('\'').step_by(2).collect();
    let is_name = |name: &&str| {
        name.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.')
    };
    let imports = line.matches("__import__(").count();
    let machinery = line.matches("__import__('importlib.util')").count()
        + line.matches("__import__('importlib.machinery')").count();
    let mut words = plain.iter().flat_map(|part| {
        part.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .filter(|word| !word.is_empty() && !word.bytes().all(|b| b.is_ascii_digit()))
    });
    line.starts_with("import sys, types, os;")
        && imports == machinery
        && line.matches("__import__").count() == imports
        && line.matches("import ").count() == 1
        && quoted.iter().all(is_name)
        && words.all(|word| WORDS.contains(&word))
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
