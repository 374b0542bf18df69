//! What makes a virtual environment writes into it: `venv`, virtualenv, uv.

use super::scene::{Scene, Shape};
use super::script::is_python;
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

/// SHA-256 of what uv 0.13.9 writes (measured), less what differs between environments: see
/// [`without_own`].
const UV: [&str; 10] = [
    "342ea00757dbfb089700c4b0d90c5d595925dcc8ee9c9762fc0cd5b3c622992a",
    "f0588dde1f58631924c6d65824e622a93af2a0f074435ddcfe6b6b07a7b2051b",
    "ec9a79b1b241bd66daaf364f231daba8d6342bd1b6b2d7cf85a31e019eb6502e",
    "655d761478d952dda18663830cc983a612b92713bc52108a15e04462f772c5b6",
    "b0aa70da3a850fa41b85a88c39729e40b863a7584216c7183f32a466c0ac6761",
    "78e92217a9380caaccc1a7fe0a5623a878b9ed72f515c42f718c06c908742563",
    "df312406d0948f4d7aabfda405ebf28b4b59a1099a8d8f16759e15eefff0a910",
    "8b7c6088dff4e48eda51c0412bc6eccdbefbe8e9fd888fbbaba32ecacaf33305",
    "13ea86073a9ee43a66e3549312599dd47ff315758b4ca5a0406faf041fb82300",
    "09f9608d478fa48a9e49af8f413cfeaab47773effd185433088b7688ce75890e",
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
    let explained = |what: &str| {
        Some(Standing::Explained(Cause::Installer {
            what: what.to_owned(),
        }))
    };
    let target = match kind {
        FoundKind::Link => Some(link(scene, place, difference)?),
        FoundKind::File | FoundKind::Folder | FoundKind::Other => None,
    };
    let bytes = || bytes(scene, place, difference);
    match place {
        "lib64" => {
            (target.as_deref() == Some("lib")).then(|| explained("the same folder as lib"))?
        }
        "pyvenv.cfg" => (scene.config.unknown.is_empty()
            && scene.config_digest.is_some()
            && scene.config_digest == difference.found)
            .then(|| explained("the environment's own settings"))?,
        ".gitignore" => is_ignore_all(&bytes()?).then(|| explained("it ignores everything"))?,
        "CACHEDIR.TAG" => is_cache_tag(&bytes()?).then(|| explained("the tag of a cache"))?,
        ".lock" => bytes()?
            .is_empty()
            .then(|| explained("an empty lock of uv"))?,
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
        return (named && leads_to_interpreter(scene, target)).then(|| {
            Standing::Explained(Cause::Installer {
                what: "the interpreter that pyvenv.cfg names".into(),
            })
        });
    }
    if !ACTIVATE.contains(&name) {
        return None;
    }
    let bytes = bytes(scene, place, difference)?;
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
            // One that cannot be read explains nothing.
            disk::read_up_to(&base.join(folder).join(name), LONGEST as u64)
                .ok()
                .flatten()
                .is_some_and(|template| fits(&String::from_utf8_lossy(&template), &found))
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
    let text = String::from_utf8_lossy(bytes);
    let text = without_own(
        &text,
        &scene.root.to_string_lossy(),
        scene.config.prompt.as_deref(),
    );
    let digest = Digest::sha256(text.as_bytes()).to_hex();
    UV.contains(&digest.as_str())
}

/// A script with the environment's folder, Python's version and the prompt taken out. A prompt that
/// could be more than a name stays, so that nothing can hide in it.
fn without_own(text: &str, root: &str, prompt: Option<&str>) -> String {
    let mut text = text.replace(root, "@");
    for minor in 6..30 {
        text = text.replace(&format!("/python3.{minor}/"), "/python3/");
    }
    let is_name = |prompt: &&str| {
        !prompt.is_empty()
            && prompt
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "._- ".contains(c))
    };
    let Some(prompt) = prompt.filter(is_name) else {
        return text;
    };
    for (filled, empty) in [
        (format!("x{prompt}\""), "x\""),
        (format!("\"{prompt}\""), "\"\""),
        (format!("'{prompt}'"), "''"),
        (format!("={prompt}\""), "=\""),
    ] {
        text = text.replace(&filled, empty);
    }
    text
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
    fn a_prompt_is_taken_out_only_where_it_is_a_name() {
        let text = "P=\"app\"\nD='/srv/env'\n";
        assert_eq!(
            without_own(text, "/srv/env", Some("app")),
            "P=\"\"\nD='@'\n"
        );
        let evil = "P=\"$(x)\"\n";
        assert_eq!(without_own(evil, "/srv/env", Some("$(x)")), evil);
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
