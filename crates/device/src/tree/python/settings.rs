//! `pyvenv.cfg`: it decides which interpreter's library is imported, and anybody who writes into the
//! environment can write it. It is believed only where every line says what is known without it.

use super::known_scripts::is_name;
use super::scene::Scene;
use super::script::is_python;
use std::collections::BTreeSet;
use std::path::Path;

/// Folders of interpreters that belong to the machine itself.
const SYSTEM: [&str; 3] = ["/usr/bin", "/usr/local/bin", "/bin"];

/// Whether a folder is one that only the machine's owner fills: what lies there runs whatever an
/// environment says. Any other home is only what the environment says of itself.
pub(super) fn is_system(home: &str) -> bool {
    SYSTEM.contains(&home) && is_kept(Path::new(home))
}

/// Whether only root fills a folder.
#[cfg(unix)]
pub(super) fn is_kept(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    // What cannot be asked is nobody's.
    folder
        .metadata()
        .is_ok_and(|meta| meta.is_dir() && meta.uid() == 0 && meta.mode() & 0o022 == 0)
}

#[cfg(not(unix))]
pub(super) fn is_kept(_: &Path) -> bool {
    false
}

/// Whether these settings are what `venv`, virtualenv or uv write for this environment and an
/// interpreter of the machine.
pub(super) fn is_as_made(scene: &Scene, bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let mut seen = BTreeSet::new();
    let all = text.lines().all(|line| {
        let Some((key, value)) = line.split_once(" = ") else {
            return false;
        };
        // Of a key that occurs twice Python's parts take different ones.
        seen.insert(key) && is_known(scene, key, value)
    });
    all && seen.contains("home") && !text.contains('\r')
}

fn is_known(scene: &Scene, key: &str, value: &str) -> bool {
    match key {
        "home" => is_system(value),
        "include-system-site-packages" => value == "false",
        "version" | "version_info" | "python-version" | "uv" | "virtualenv" => is_version(value),
        "implementation" => matches!(value, "CPython" | "PyPy" | "GraalVM"),
        "executable" | "base-executable" => value
            .rsplit_once('/')
            .is_some_and(|(folder, name)| is_system(folder) && is_python(name)),
        "base-prefix" | "base-exec-prefix" => is_system(&format!("{value}/bin")),
        // Python does not read it; whoever does must not be led elsewhere.
        "command" => {
            let here = |folder: &String| value.strip_suffix(folder.as_str());
            let here = scene.spelled.iter().filter_map(here);
            let mut before = here.map(|before| before.ends_with(' '));
            before.any(|own| own) && !value.chars().any(char::is_control)
        }
        "prompt" => {
            let quoted = ['"', '\'']
                .iter()
                .find_map(|mark| value.strip_prefix(*mark)?.strip_suffix(*mark));
            is_name(quoted.unwrap_or(value))
        }
        "relocatable" | "seed" => matches!(value, "true" | "false"),
        _ => false,
    }
}

fn is_version(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || ".+-".contains(c))
}
