//! What of an installed distribution runs at every start of Python: lines of `.pth` files, what they lead
//! to, and the modules that `site` imports by name.

use super::installed::Installed;
use super::package::Compared;
use super::scene::Scene;
use crate::tree::disk;
use crate::tree::{Comparer, Difference, Standing};
use customs_ecosystem::pypi::installed::DirectUrl;
use customs_model::{Digest, printable};
use std::path::{Path, PathBuf};

/// Lines of `.pth` files that are executed and are known. They do nothing but call a module of their
/// own package by its name: setuptools in its versions.
const KNOWN_LINES: [&str; 2] = [
    "import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = os.environ.get(var, 'local') == 'local'; enabled and __import__('_distutils_hack').add_shim()",
    "import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = os.environ.get(var, 'stdlib') == 'local'; enabled and __import__('_distutils_hack').add_shim()",
];

/// Such lines of other packages, by their SHA-256 (measured, November 2026). Each imports its own package,
/// and the first two only where a variable of the environment asks for it.
const KNOWN_DIGESTS: [(&str, &str); 3] = [
    (
        "coverage",
        "2cbb286eeaf39b2cd7d68cb09c1bc3cfb0cc8d27da949004d0c22698f127f270",
    ),
    (
        "pytest-cov",
        "b8e1b828090bfec4b25656d04cd0948d3e70221ea8281ac0e12569eef48ae2a6",
    ),
    (
        "pywin32",
        "83598b2ecf9f534da73cc7edbc552f44beaf9440e0b9331cf4770f0a91a78239",
    ),
];

/// Modules that Python imports at every start, if they are there.
const AT_START: [&str; 2] = ["sitecustomize", "usercustomize"];

/// Bytes of a `.pth` that are read.
const LONGEST: usize = 64 << 10;

/// Names of a folder that are looked at.
const NAMES: usize = 100_000;

/// Whose a distribution is that no artifact answers for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose<'a> {
    /// One of the project's own, whose folder is this.
    Own(Option<&'a Path>),
    /// One that the lockfile takes from one of these folders: nothing else is imported because of it.
    Locked(&'a [PathBuf]),
    /// Somebody's who is not known, where the lockfiles name only a part of what is installed.
    OfAPart,
    /// Somebody's who is not known.
    Stranger,
}

/// What is known of a file that runs at every start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Start {
    /// It runs nothing, or what is known.
    Known,
    /// What makes an editable installation wrote it here.
    Editable,
    /// It imports something that is not known.
    Unknown,
    /// It stands where Python looks for what the machine's owner has to say.
    Foreign,
}

/// Files of a distribution that run at every start of Python, and are not known.
pub(super) fn started(
    scene: &Scene,
    one: &Installed,
    compared: &Compared,
    whose: Whose<'_>,
) -> Vec<Difference> {
    let mut comparer = Comparer::new(&scene.root);
    let mut out = Vec::new();
    for place in compared.claims.keys() {
        if scene.site_of(place) != Some(one.site.as_str()) {
            continue;
        }
        let spoken = scene.spoken(&one.site, place);
        let start = start(scene, one, compared, place, &spoken, whose);
        let told = compared.differences.iter().any(|(other, _)| other == place);
        if start == Start::Known || told || scene.at(place) == disk::There::Nothing {
            continue;
        }
        let mut extra = comparer.extra(&spoken, place, scene.at(place));
        let maker = match (start, whose) {
            (Start::Editable, _) => Some("what installed it editable".to_owned()),
            (Start::Unknown, Whose::OfAPart) => Some(format!(
                "{}, which no lockfile names: it runs at every start of Python",
                printable(&one.release.spoken(), 200)
            )),
            (Start::Known | Start::Unknown | Start::Foreign, _) => None,
        };
        if let Some(maker) = maker {
            extra.standing = Standing::MadeHere {
                maker,
                pinned: None,
            };
        }
        out.push(extra);
    }
    out
}

fn start(
    scene: &Scene,
    one: &Installed,
    compared: &Compared,
    place: &str,
    spoken: &str,
    whose: Whose<'_>,
) -> Start {
    let top = spoken.split('/').next().unwrap_or(spoken);
    if is_at_start(top) {
        return Start::Foreign;
    }
    if spoken.contains('/') {
        return Start::Known;
    }
    // Python 3.15 calls what such a file names.
    if spoken.ends_with(".start") {
        return Start::Unknown;
    }
    if !spoken.ends_with(".pth") {
        return Start::Known;
    }
    // What cannot be read is not known.
    let text = scene.bytes(place, LONGEST).ok();
    let Some(text) = text.and_then(|bytes| String::from_utf8(bytes).ok()) else {
        return Start::Unknown;
    };
    let lines = text.split(ENDS);
    let told = lines.map(|line| match runs(line) {
        true => executed(one, compared, line.trim(), whose),
        false => leads(scene, one, line, whose),
    });
    told.max().unwrap_or(Start::Known)
}

/// Where Python's versions end a line.
const ENDS: [char; 10] = [
    '\n', '\r', '\x0b', '\x0c', '\x1c', '\x1d', '\x1e', '\u{85}', '\u{2028}', '\u{2029}',
];

fn is_at_start(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name);
    AT_START.contains(&stem)
}

/// `site.py` executes a line that begins with `import` and a blank.
fn runs(line: &str) -> bool {
    let line = line.trim_start_matches('\u{feff}');
    line.starts_with("import ") || line.starts_with("import\t")
}

fn executed(one: &Installed, compared: &Compared, line: &str, whose: Whose<'_>) -> Start {
    let name = one.release.package.as_str();
    let line = line
        .trim_start_matches('\u{feff}')
        .trim_end_matches([' ', ';']);
    let digest = || Digest::sha256(line.as_bytes()).to_hex();
    let is_known = match name {
        "setuptools" => KNOWN_LINES.contains(&line),
        _ => {
            let mut known = KNOWN_DIGESTS.iter();
            known.any(|(of, hex)| *of == name && *hex == digest()) || is_namespace(line)
        }
    };
    if is_known || is_of_editable(one, line) {
        return Start::Known;
    }
    let is_editable = matches!(one.direct, Some(DirectUrl::Folder { editable: true, .. }));
    match whose {
        Whose::Own(_) | Whose::Locked(_) if is_editable && imports_its_own(one, compared, line) => {
            Start::Editable
        }
        Whose::Own(_) | Whose::Locked(_) | Whose::OfAPart | Whose::Stranger => Start::Unknown,
    }
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
            is_identifier(module)
                && module.starts_with("__editable___")
                && module.ends_with("_finder")
                && call.trim() == format!("{module}.install()")
        })
}

fn is_identifier(name: &str) -> bool {
    let mut bytes = name.bytes();
    !name.is_empty() && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// scikit-build-core, meson-python, hatchling: `import NAME`, a module that they wrote beside it.
fn imports_its_own(one: &Installed, compared: &Compared, line: &str) -> bool {
    let module = line.strip_prefix("import ").map(str::trim);
    module.is_some_and(|module| {
        let has = |file: String| {
            let place = super::scene::join(&one.site, &file);
            compared.claims.contains_key(&place)
        };
        is_identifier(module)
            && (has(format!("{module}.py")) || has(format!("{module}/__init__.py")))
    })
}

/// What setuptools writes for a namespace package (`NAME-nspkg.pth`): it makes an empty module of a
/// name. The line is written anew for the name that it says, and must be that.
fn is_namespace(line: &str) -> bool {
    let name = line
        .split_once("sys.modules.setdefault('")
        .and_then(|(_, rest)| rest.split_once('\''))
        .map(|(name, _)| name);
    let Some(name) = name.filter(|name| name.split('.').all(is_identifier)) else {
        return false;
    };
    let parts: Vec<String> = name.split('.').map(|part| format!("'{part}'")).collect();
    let parts = match &parts[..] {
        [only] => format!("({only},)"),
        several => format!("({})", several.join(", ")),
    };
    let path = format!("os.path.join(sys._getframe(1).f_locals['sitedir'], *{parts})");
    let module = format!("sys.modules.setdefault('{name}', types.ModuleType('{name}'))");
    let end =
        "mp = (m or []) and m.__dict__.setdefault('__path__',[]);(p not in mp) and mp.append(p)";
    let found = format!(
        "importlib.util.module_from_spec(importlib.machinery.PathFinder.find_spec('{name}', [os.path.dirname(p)]))"
    );
    let machinery = "importlib = has_mfs and __import__('importlib.util');has_mfs and __import__('importlib.machinery')";
    let child = name
        .rsplit_once('.')
        .map(|(parent, child)| format!(";m and setattr(sys.modules['{parent}'], '{child}', m)"));
    let child = child.unwrap_or_default();
    // By the versions of setuptools, the latest first.
    let forms = [
        format!(
            "import sys, types, os;has_mfs = sys.version_info > (3, 5);p = {path};{machinery};m = has_mfs and sys.modules.setdefault('{name}', {found});m = m or {module};{end}"
        ),
        format!(
            "import sys, types, os;pep420 = sys.version_info > (3, 3);p = {path};ie = os.path.exists(os.path.join(p,'__init__.py'));m = not ie and not pep420 and {module};{end}"
        ),
        format!(
            "import sys, types, os;p = {path};ie = os.path.exists(os.path.join(p,'__init__.py'));m = not ie and {module};{end}"
        ),
    ];
    let line = line.strip_suffix(child.as_str()).unwrap_or(line);
    forms.iter().any(|form| form == line)
}

/// A line that is not executed names a folder that modules are looked for in, and that may hold one that
/// is imported at every start. What a project does in its own folders is its own.
fn leads(scene: &Scene, one: &Installed, line: &str, whose: Whose<'_>) -> Start {
    let line = line.trim_start_matches('\u{feff}').trim_end();
    if line.is_empty() || line.starts_with('#') {
        return Start::Known;
    }
    let folder: PathBuf = scene.root.join(&one.site).join(line);
    let Ok(real) = folder.canonicalize() else {
        // Nothing is looked for where nothing is.
        return Start::Known;
    };
    let is_of = |project: &Path| {
        // A project that is not there has no folders.
        project
            .canonicalize()
            .is_ok_and(|project| real.starts_with(project))
    };
    match whose {
        Whose::Locked(folders) => {
            let is_its = folders.iter().any(|folder| real.starts_with(folder));
            return if is_its { Start::Known } else { Start::Unknown };
        }
        _ if real.starts_with(&scene.root) => {}
        Whose::Own(Some(project)) if is_of(project) => return Start::Known,
        Whose::Own(_) => {}
        // What lies outside of the environment may become anything.
        Whose::OfAPart | Whose::Stranger => return Start::Unknown,
    }
    // A file is an archive of modules. A folder that cannot be listed, or not to its end, can hold any.
    let Ok(entries) = real.read_dir() else {
        return Start::Unknown;
    };
    for (at, entry) in entries.enumerate() {
        let Ok(entry) = entry else {
            return Start::Unknown;
        };
        if is_at_start(&entry.file_name().to_string_lossy()) {
            return Start::Foreign;
        }
        if at >= NAMES {
            return Start::Unknown;
        }
    }
    Start::Known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_the_line_that_setuptools_writes_and_no_other() {
        let one = "import sys, types, os;has_mfs = sys.version_info > (3, 5);p = os.path.join(sys._getframe(1).f_locals['sitedir'], *('own',));importlib = has_mfs and __import__('importlib.util');has_mfs and __import__('importlib.machinery');m = has_mfs and sys.modules.setdefault('own', importlib.util.module_from_spec(importlib.machinery.PathFinder.find_spec('own', [os.path.dirname(p)])));m = m or sys.modules.setdefault('own', types.ModuleType('own'));mp = (m or []) and m.__dict__.setdefault('__path__',[]);(p not in mp) and mp.append(p)";
        assert!(is_namespace(one));
        let two = one
            .replace("('own',)", "('own', 'part')")
            .replace("'own', ", "'own.part', ")
            .replace("('own.part', 'part')", "('own', 'part')")
            .replace("ModuleType('own')", "ModuleType('own.part')");
        let two = format!("{two};m and setattr(sys.modules['own'], 'part', m)");
        assert!(is_namespace(&two), "{two}");
        for evil in [
            one.replace("importlib.util'", "evil'"),
            one.replace("types.ModuleType", "os.system"),
            two.replace("'part', m)", "'system', m)"),
            format!("{one};import evil"),
            "import sys, types, os; __import__('importlib.util'); sys.modules['importlib'].__dict__['import_module']('evil')".to_owned(),
            "import sys, types, os;sys.modules.setdefault('own', types)".to_owned(),
        ] {
            assert!(!is_namespace(&evil), "{evil}");
        }
    }
}
