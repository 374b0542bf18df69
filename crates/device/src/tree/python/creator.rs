//! What makes a virtual environment writes into it: `venv`, virtualenv, uv.

use super::known_scripts::{is_known, is_name, plain};
use super::scene::{Scene, Shape};
use super::script::is_python;
use super::settings::{is_as_made, is_system};
use crate::tree::disk::{self, FoundKind};
use crate::tree::{Cause, Difference, Standing};
use customs_model::Digest;
use std::path::Path;

/// Bytes of a file of the creator.
const LONGEST: usize = 256 << 10;

/// Scripts that a shell reads.
const ACTIVATE: [&str; 14] = [
    "activate",
    "activate.bat",
    "activate.csh",
    "activate.fish",
    "activate.nu",
    "activate.ps1",
    "activate.xsh",
    "Activate.ps1",
    "activate_this.py",
    "deactivate.bat",
    "deactivate.csh",
    "deactivate.nu",
    "pydoc.bat",
    "deactivate.ps1",
];

/// Whether an environment's creator explains what lies at a place outside of `site-packages`. What
/// is read for it must be what the difference is about.
pub(super) fn explains(
    scene: &Scene,
    place: &str,
    kind: FoundKind,
    difference: &Difference,
) -> Option<Standing> {
    if scene.shape != Shape::Virtual {
        return None;
    }
    let target = match kind {
        FoundKind::Link => Some(link(scene, place, difference)?),
        FoundKind::File | FoundKind::Folder | FoundKind::Other => None,
    };
    let bytes = || bytes(scene, place, difference);
    match place {
        "lib64" => {
            (target.as_deref() == Some("lib")).then(|| explained("the same folder as lib"))?
        }
        "pyvenv.cfg" => settings(scene, difference),
        ".gitignore" => is_ignore_all(&bytes()?).then(|| explained("it ignores everything"))?,
        "CACHEDIR.TAG" => is_cache_tag(&bytes()?).then(|| explained("the tag of a cache"))?,
        ".lock" => bytes()?
            .is_empty()
            .then(|| explained("an empty lock of uv"))?,
        // What to run and to install again; only these tools read it.
        "uv-receipt.toml" | "pipx_metadata.json" if kind == FoundKind::File => made_here(),
        place => in_scripts(scene, place, target.as_deref(), difference),
    }
}

/// The bytes that a difference is about; none where they cannot be read, or are others now.
fn bytes(scene: &Scene, place: &str, difference: &Difference) -> Option<Vec<u8>> {
    let bytes = scene.bytes(place, LONGEST).ok()?;
    (difference.found.as_ref() == Some(&Digest::sha256(&bytes))).then_some(bytes)
}

/// The same of where a link leads.
fn link(scene: &Scene, place: &str, difference: &Difference) -> Option<String> {
    let target = scene.link(place)?;
    (difference.found.as_ref() == Some(&Digest::sha256(target.as_bytes()))).then_some(target)
}

fn is_ignore_all(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| {
        text.lines()
            .all(|line| line.is_empty() || line == "*" || line.starts_with('#'))
    })
}

fn is_cache_tag(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.lines();
    lines.next() == Some("Signature: 8a477f597d28d172789f06886806bc55")
        && lines.all(|line| line.is_empty() || line.starts_with('#'))
}

/// Who likely made what is not proven.
const MAKER: &str = "what made the environment";

fn explained(what: &str) -> Option<Standing> {
    Some(Standing::Explained(Cause::Installer {
        what: what.to_owned(),
    }))
}

fn made_here() -> Option<Standing> {
    Some(Standing::MadeHere {
        maker: MAKER.into(),
        pinned: None,
    })
}

/// What the environment says of itself proves nothing about it: an interpreter below the user's
/// home may be meant, or brought along.
fn settings(scene: &Scene, difference: &Difference) -> Option<Standing> {
    let bytes = bytes(scene, "pyvenv.cfg", difference)?;
    let is_read = scene.config_digest == difference.found;
    if !is_read || !scene.config.unknown.is_empty() || is_inside(scene) {
        return None;
    }
    match is_as_made(scene, &bytes) {
        true => explained("the environment's settings, which name the machine's own interpreter"),
        false => made_here(),
    }
}

/// No maker of environments puts the interpreter that it names into the environment.
fn is_inside(scene: &Scene) -> bool {
    let Some(home) = &scene.config.home else {
        return false;
    };
    let home = Path::new(home);
    // One that is not there leads nowhere.
    let real = home.canonicalize().unwrap_or_else(|_| home.to_owned());
    !home.is_absolute() || real.starts_with(&scene.root)
}

fn in_scripts(
    scene: &Scene,
    place: &str,
    target: Option<&str>,
    difference: &Difference,
) -> Option<Standing> {
    let name = place.strip_prefix(&scene.scripts)?.strip_prefix('/')?;
    if let Some(target) = target {
        // Python 3.14 writes one more.
        let named = is_python(name) || name == "𝜋thon";
        return interpreter(scene, target).filter(|_| named);
    }
    if !ACTIVATE.contains(&name) {
        return None;
    }
    let bytes = bytes(scene, place, difference)?;
    match is_script(scene, name, &bytes) {
        true => explained("the script that the environment's creator makes for a shell"),
        // A known script with something before or behind it is no other version of it.
        false if is_grown(scene, name, &bytes) || is_foreign(scene, name, &bytes) => None,
        // Other versions of the creators write others; shells run it only when somebody asks.
        false => made_here(),
    }
}

/// Lines of a script. The longest of any maker, a signed `Activate.ps1`, has some 500.
const LINES: usize = 600;

/// Whether a script begins or ends with all of what a known maker writes for this very environment, or
/// has more lines than any maker writes.
fn is_grown(scene: &Scene, name: &str, bytes: &[u8]) -> bool {
    let is_long = !name.starts_with("deactivate") && name != "pydoc.bat";
    let ends: Vec<usize> = bytes
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'\n')
        .map(|(at, _)| at + 1)
        .collect();
    is_long
        && (ends.len() > LINES
            || ends.iter().any(|at| {
                let (head, tail) = bytes.split_at(*at);
                is_script(scene, name, head) || is_script(scene, name, tail)
            }))
}

/// Whether all that this environment's creator can have written is known, and this is something else.
fn is_foreign(scene: &Scene, name: &str, bytes: &[u8]) -> bool {
    if !is_known_maker(scene) {
        return false;
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return true;
    };
    // One that was moved still names its old place; what cannot be put in the place of a mark is not
    // compared.
    let is_plain = |folder: &str| plain("", folder, None, None).is_some();
    // Not every shell's script says where it is.
    let other = scene.bytes(&format!("{}/activate", scene.scripts), LONGEST);
    let other = other.ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let named = folder_of(text).or_else(|| folder_of(other.as_deref()?));
    let is_moved = named.is_some_and(|folder| {
        is_plain(folder) && !is_here(scene, folder) && is_script_at(scene, name, text, folder)
    });
    let is_named = scene.config.prompt.as_deref().is_none_or(is_name);
    let is_plain_here = scene.spelled.iter().any(|folder| is_plain(folder));
    is_plain_here && is_named && !is_moved
}

fn is_here(scene: &Scene, folder: &str) -> bool {
    scene.spelled.iter().any(|here| here == folder)
}

/// The folder that a script for a shell is for, by its own words.
fn folder_of(text: &str) -> Option<&str> {
    const SETS: [&str; 3] = [
        "VIRTUAL_ENV=",
        "set -gx VIRTUAL_ENV ",
        "setenv VIRTUAL_ENV ",
    ];
    let mut lines = text.lines().take(LINES).map(str::trim);
    lines.find_map(|line| {
        let line = line.strip_prefix("export ").unwrap_or(line);
        let value = SETS.iter().find_map(|name| line.strip_prefix(name))?;
        let folder = value.trim_matches(['"', '\'']);
        // It may be asked of a command first, for another system.
        folder.starts_with('/').then_some(folder)
    })
}

/// Whether the creator that `pyvenv.cfg` names is one of the versions whose scripts were all measured.
fn is_known_maker(scene: &Scene) -> bool {
    let Ok(bytes) = scene.bytes("pyvenv.cfg", LONGEST) else {
        return false;
    };
    let text = String::from_utf8_lossy(&bytes);
    let value = |key: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once('='));
        let (_, value) = lines.find(|(name, _)| name.trim() == key)?;
        let mut numbers = value.trim().split('.').map(str::parse::<u16>);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    };
    let is_named = |key: &str| text.lines().any(|line| line.starts_with(key));
    // What is written for a place that may change was not measured.
    if is_named("relocatable ") && !text.contains("relocatable = false") {
        return false;
    }
    if is_named("uv ") {
        return matches!(value("uv"), Some((0, 8 | 13)));
    }
    if is_named("virtualenv ") {
        return value("virtualenv").is_some_and(|at| ((20, 26)..=(21, 15)).contains(&at));
    }
    scene
        .config
        .version
        .is_some_and(|at| ((3, 8)..=(3, 13)).contains(&at))
}

/// A link to a neighbour of an interpreter's name, or into the folder that `pyvenv.cfg` names, which
/// is proof only where that is the machine's own.
fn interpreter(scene: &Scene, target: &str) -> Option<Standing> {
    if is_python(target) {
        return explained("another name of the environment's interpreter");
    }
    let (folder, name) = target.rsplit_once('/')?;
    if !is_python(name) || is_inside(scene) {
        return None;
    }
    if is_system(folder) {
        return explained("the machine's own interpreter");
    }
    let home = scene.config.home.as_deref()?;
    let same = folder == home.trim_end_matches('/')
        || matches!(
            (Path::new(folder).canonicalize(), Path::new(home).canonicalize()),
            (Ok(a), Ok(b)) if a == b
        );
    same.then(made_here)?
}

/// Whether a script is what a known maker writes for this very environment, byte by byte.
fn is_script(scene: &Scene, name: &str, bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let mut spelled = scene.spelled.iter();
    spelled.any(|folder| is_script_at(scene, name, text, folder))
}

/// The same for an environment in some folder.
fn is_script_at(scene: &Scene, name: &str, text: &str, folder: &str) -> bool {
    let minor = scene.config.version.map(|(_, minor)| minor);
    let own = folder.rsplit('/').next();
    let prompts = [None, scene.config.prompt.as_deref(), own];
    let prompts = prompts
        .into_iter()
        .filter(|prompt| prompt.is_none_or(is_name));
    let mut forms = prompts.filter_map(|prompt| plain(text, folder, prompt, minor));
    forms.any(|form| is_known(name, &form) || is_of_system(scene, name, &form))
}

/// Whether a plain form is that of the template beside the machine's own interpreter, which `venv`
/// fills in.
fn is_of_system(scene: &Scene, name: &str, form: &str) -> bool {
    let (Some(home), Some((major, minor))) = (&scene.config.home, scene.config.version) else {
        return false;
    };
    if !is_system(home) {
        return false;
    }
    let library = Path::new(home)
        .join("../lib")
        .join(format!("python{major}.{minor}/venv/scripts"));
    ["common", "posix"].iter().any(|folder| {
        // One that cannot be read explains nothing.
        disk::read_up_to(&library.join(folder).join(name), LONGEST as u64)
            .ok()
            .flatten()
            .and_then(|template| String::from_utf8(template).ok())
            .is_some_and(|template| is_filled(&template, form))
    })
}

/// Whether a plain form is a template with this environment's values. The prompt has brackets or
/// not, in quotes or not, by the version of Python.
fn is_filled(template: &str, form: &str) -> bool {
    let template = template
        .replace("__VENV_DIR__", "\0D")
        .replace("__VENV_BIN_NAME__", "bin");
    ["\0P", "(\0P) ", "'(\0P) '"]
        .iter()
        .any(|prompt| template.replace("__VENV_PROMPT__", prompt) == form)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filled_template_is_known_and_a_blank_more_is_not() {
        let template = "D=\"__VENV_DIR__\"\nP=\"__VENV_PROMPT__$P\"\nB=__VENV_BIN_NAME__\n";
        let form = |text: &str| plain(text, "/srv/env", Some("env"), Some(11)).unwrap();
        let honest = "D=\"/srv/env\"\nP=\"(env) $P\"\nB=bin\n";
        assert!(is_filled(template, &form(honest)));
        for evil in [
            honest.replace("/srv/env\"", "/srv/env\" curl \"\""),
            honest.replace("/srv/env\"", "/srv/env \""),
            honest.replace("(env)", "(env) env"),
            format!("{honest}curl\n"),
        ] {
            assert!(!is_filled(template, &form(&evil)), "{evil}");
        }
    }

    #[test]
    fn a_script_says_which_folder_it_is_for() {
        for text in [
            "if [ x ] ; then\n  export VIRTUAL_ENV=$(cygpath /srv/other)\nelse\n  export VIRTUAL_ENV=/srv/env\nfi\n",
            "VIRTUAL_ENV='/srv/env'\n",
            "set -gx VIRTUAL_ENV \"/srv/env\"\n",
            "setenv VIRTUAL_ENV '/srv/env'\n",
        ] {
            assert_eq!(folder_of(text), Some("/srv/env"), "{text}");
        }
        assert_eq!(folder_of("VIRTUAL_ENV=\"$PWD\"\n"), None);
    }

    #[test]
    fn only_what_does_nothing_is_a_tag_of_a_cache() {
        assert!(is_cache_tag(
            b"Signature: 8a477f597d28d172789f06886806bc55\n# x\n"
        ));
        assert!(!is_cache_tag(
            b"Signature: 8a477f597d28d172789f06886806bc55\nx\n"
        ));
        assert!(is_ignore_all(b"# x\n*\n"));
        assert!(!is_ignore_all(b"*\n!evil\n"));
    }
}
