//! What makes a virtual environment writes into it: `venv`, virtualenv, uv.

use super::scene::{Scene, Shape};
use super::script::is_python;
use crate::tree::plain::{Kind, read_bounded};
use crate::tree::{Cause, Standing};
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

/// SHA-256 of what uv 0.13 writes, with the environment's folder replaced by `@`.
const UV: [&str; 0] = [];

/// Whether an environment's creator explains what lies at a place outside of `site-packages`.
pub(super) fn explains(scene: &Scene, place: &str, kind: &Kind) -> Option<Standing> {
    if scene.shape != Shape::Virtual {
        return None;
    }
    let explained = |what: &str| {
        Some(Standing::Explained(Cause::Installer {
            what: what.to_owned(),
        }))
    };
    let bytes = || scene.bytes(place, LONGEST).ok();
    match place {
        "lib64" => matches!(kind, Kind::Link { target } if target == "lib")
            .then(|| explained("the same folder as lib"))?,
        "pyvenv.cfg" => scene
            .config
            .unknown
            .is_empty()
            .then(|| explained("the environment's own settings"))?,
        ".gitignore" => is_ignore_all(&bytes()?).then(|| explained("it ignores everything"))?,
        "CACHEDIR.TAG" => is_cache_tag(&bytes()?).then(|| explained("the tag of a cache"))?,
        ".lock" => bytes()?
            .is_empty()
            .then(|| explained("an empty lock of uv"))?,
        place => in_scripts(scene, place, kind),
    }
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

fn in_scripts(scene: &Scene, place: &str, kind: &Kind) -> Option<Standing> {
    let name = place.strip_prefix(&scene.scripts)?.strip_prefix('/')?;
    if let Kind::Link { target } = kind {
        let named = is_python(name) || name == "𝜋thon";
        return (named && leads_to_interpreter(scene, target)).then(|| {
            Standing::Explained(Cause::Installer {
                what: "the interpreter that pyvenv.cfg names".into(),
            })
        });
    }
    if !ACTIVATE.contains(&name) {
        return None;
    }
    let bytes = scene.bytes(place, LONGEST).ok()?;
    if is_of_venv(scene, name, &bytes) || is_of_uv(scene, &bytes) {
        return Some(Standing::Explained(Cause::Installer {
            what: "the script that the environment's creator makes for a shell".into(),
        }));
    }
    // Every version of every creator writes others; shells run it only when somebody asks.
    Some(Standing::MadeHere {
        maker: "what made the environment".into(),
        pinned: None,
    })
}

/// To a neighbour of an interpreter's name, or into the folder that `pyvenv.cfg` names.
fn leads_to_interpreter(scene: &Scene, target: &str) -> bool {
    if is_python(target) {
        return true;
    }
    let (Some((folder, name)), Some(home)) = (target.rsplit_once('/'), &scene.config.home) else {
        return false;
    };
    let same = folder == home.trim_end_matches('/')
        || matches!(
            (Path::new(folder).canonicalize(), Path::new(home).canonicalize()),
            (Ok(a), Ok(b)) if a == b
        );
    is_python(name) && same
}

/// Equal to the template beside the interpreter, filled in as `venv` does it.
fn is_of_venv(scene: &Scene, name: &str, bytes: &[u8]) -> bool {
    let (Some(home), Some((major, minor))) = (&scene.config.home, scene.config.version) else {
        return false;
    };
    let library = Path::new(home)
        .join("../lib")
        .join(format!("python{major}.{minor}/venv/scripts"));
    let own = Path::new(home).join("../Lib/venv/scripts");
    let folders = ["common", "posix", "nt"];
    let found = String::from_utf8_lossy(bytes);
    [library, own].iter().any(|base| {
        folders.iter().any(|folder| {
            read_bounded(&base.join(folder).join(name), LONGEST)
                .is_ok_and(|template| fits(&String::from_utf8_lossy(&template), &found))
        })
    })
}

/// Whether a text is a template with its `__VENV_…__` places filled in by values that can do
/// nothing else there: no quotes, no line ends, no expansions but the prompt's own brackets.
fn fits(template: &str, found: &str) -> bool {
    let mut rest = found;
    let mut parts = Vec::new();
    let mut left = template;
    while let Some((before, behind)) = left.split_once("__VENV_") {
        let Some((_, behind)) = behind.split_once("__") else {
            return false;
        };
        parts.push(before);
        left = behind;
    }
    let Some((first, others)) = parts.split_first() else {
        return template == found;
    };
    let Some(behind) = rest.strip_prefix(first) else {
        return false;
    };
    rest = behind;
    for part in others.iter().chain([&left]) {
        // The next fixed part ends the value; an empty one, at the end of the file, takes all.
        let at = match part.is_empty() {
            true => Some(rest.len()),
            false => rest.find(part),
        };
        let Some(at) = at else { return false };
        let (value, behind) = rest.split_at(at);
        if value.len() > 4096 || value.contains(['\n', '\r', '`', '$', ';', '&', '|']) {
            return false;
        }
        rest = behind.strip_prefix(part).unwrap_or_default();
    }
    rest.is_empty()
}

fn is_of_uv(scene: &Scene, bytes: &[u8]) -> bool {
    let root = scene.root.to_string_lossy();
    let text = String::from_utf8_lossy(bytes).replace(&*root, "@");
    let digest = Digest::sha256(text.as_bytes()).to_hex();
    UV.contains(&digest.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filled_template_is_known_and_an_addition_is_not() {
        let template = "D=\"__VENV_DIR__\"\nP=__VENV_PROMPT__\nexport P\n";
        assert!(fits(template, "D=\"/srv/env\"\nP=(env) \nexport P\n"));
        assert!(!fits(
            template,
            "D=\"/srv/env\"\nP=(env) \nexport P\ncurl\n"
        ));
        assert!(!fits(
            template,
            "D=\"/srv\"; curl x; \"\"\nP=(env) \nexport P\n"
        ));
        assert!(!fits(
            template,
            "D=\"/srv/env\"\ncurl\nP=(env) \nexport P\n"
        ));
        assert!(!fits(template, "D=\"$(curl)\"\nP=\nexport P\n"));
        assert!(fits("plain\n", "plain\n"));
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
