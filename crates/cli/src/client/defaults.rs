//! The registry that a client carries as its default, asked from the client itself and
//! remembered per program file, since asking takes a few hundred milliseconds.

use crate::{paths, process};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

#[derive(Default, Serialize, Deserialize)]
struct Remembered {
    /// By program and question.
    answers: BTreeMap<String, Answer>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Answer {
    /// Modification time and size of the program: another program, another question.
    program: (u64, u64),
    value: String,
}

/// What was asked in this process, with the answer if one came.
fn asked() -> MutexGuard<'static, BTreeMap<String, Option<String>>> {
    static ASKED: Mutex<BTreeMap<String, Option<String>>> = Mutex::new(BTreeMap::new());
    ASKED.lock().unwrap_or_else(PoisonError::into_inner)
}

static REMEMBERING: Mutex<()> = Mutex::new(());

/// The first file of that name on PATH.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let names = if cfg!(windows) {
        vec![format!("{name}.cmd"), format!("{name}.exe")]
    } else {
        vec![name.to_owned()]
    };
    let shims = std::env::var_os(super::pointing::SHIMS);
    std::env::split_paths(&path)
        .filter(|folder| shims.as_deref() != Some(folder.as_os_str()))
        .flat_map(|folder| {
            names
                .iter()
                .map(move |n| folder.join(n))
                .collect::<Vec<_>>()
        })
        .find(|candidate| candidate.is_file())
}

/// What a client prints, reduced by `read`, remembered for as long as the program stays
/// the same file.
pub fn ask(
    name: &str,
    question: &str,
    ask: impl FnOnce(&Path) -> Option<String>,
) -> Option<String> {
    let program = on_path(name)?;
    let meta = std::fs::metadata(&program).ok()?;
    let modified = meta
        .modified()
        .ok()?
        .duration_since(UNIX_EPOCH)
        .ok()?
        .as_secs();
    let stamp = (modified, meta.len());
    let file = paths::state().ok()?.join("clients.json");
    let remembered: Remembered = std::fs::read(&file)
        .ok()
        .and_then(|b| serde_json::from_slice(&b).ok())
        .unwrap_or_default();
    let key = format!("{} {question}", program.display());
    if let Some(known) = remembered.answers.get(&key).filter(|a| a.program == stamp) {
        return Some(known.value.clone());
    }
    // One that gave no answer is asked again by the next run, not by this one.
    if let Some(known) = asked().get(&key) {
        return known.clone();
    }
    let value = ask(&program);
    asked().insert(key.clone(), value.clone());
    let value = value?;
    // Another thread may have remembered something meanwhile.
    let _alone = REMEMBERING.lock().unwrap_or_else(PoisonError::into_inner);
    let bytes = std::fs::read(&file).unwrap_or_default();
    let mut remembered: Remembered = serde_json::from_slice(&bytes).unwrap_or_default();
    remembered.answers.insert(
        key,
        Answer {
            program: stamp,
            value: value.clone(),
        },
    );
    if let Ok(bytes) = serde_json::to_vec(&remembered) {
        // Not remembered is asked again.
        let _ = paths::private_file(&file, &bytes);
    }
    Some(value)
}

/// How long a client may take to say what it carries. The slowest that is known takes 2 s,
/// the first time on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// An address at which nobody listens: the port of the discard service.
const NOBODY: &str = "http://127.0.0.1:9";

/// What keeps a client that is only asked from writing into its user's home and from using the
/// network. `empty` is a folder that goes away again.
fn quiet(empty: &Path) -> Vec<(&'static str, OsString)> {
    let text = |name, value: &str| (name, OsString::from(value));
    let below = |name, folder: &str| (name, empty.join(folder).into_os_string());
    let mut all = vec![
        // npm writes a log of each start, and asks now and then for a newer npm.
        text("npm_config_update_notifier", "false"),
        text("npm_config_logs_max", "0"),
        below("npm_config_cache", "npm"),
        text("NODE_DISABLE_COMPILE_CACHE", "1"),
        text("PIP_DISABLE_PIP_VERSION_CHECK", "1"),
        below("PIP_CACHE_DIR", "pip"),
        text("PYTHONDONTWRITEBYTECODE", "1"),
        text("UV_OFFLINE", "1"),
        below("UV_CACHE_DIR", "uv"),
        // What is called `cargo` may be rustup's stand-in, which downloads a whole toolchain
        // where the one that is asked for is missing, and `npm` or `yarn` may be corepack's.
        // A question installs nothing.
        text("RUSTUP_AUTO_INSTALL", "0"),
        text("COREPACK_ENABLE_NETWORK", "0"),
        text("COREPACK_DEFAULT_TO_LATEST", "0"),
    ];
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        all.push(text(name, NOBODY));
    }
    for name in ["http_proxy", "https_proxy", "all_proxy"] {
        all.push(text(name, NOBODY));
    }
    // rustup makes its folder where there is none.
    let has_rustup = || paths::user_home().is_some_and(|home| home.join(".rustup").is_dir());
    if std::env::var_os("RUSTUP_HOME").is_none() && !has_rustup() {
        all.push(below("RUSTUP_HOME", "rustup"));
    }
    all
}

/// Variables of the user that would change an answer, or lead a question past the proxy at which
/// nobody listens.
fn is_in_the_way(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower == "no_proxy"
        || ["npm_config_", "pip_", "uv_", "cargo_", "yarn_", "pnpm_"]
            .iter()
            .any(|start| lower.starts_with(start))
}

/// Runs a client for its words alone: no configuration of the user or of a project, no
/// input, no network, nothing that a client itself writes into the user's home. The home stays the
/// user's: a version manager's stand-in finds the client there, and may keep notes of its own.
/// `None`: it does not start, or does not end in time.
pub fn words(program: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Option<String> {
    let empty = tempfile::tempdir().ok()?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(empty.path());
    for (name, _) in std::env::vars_os() {
        if is_in_the_way(&name.to_string_lossy()) {
            command.env_remove(&name);
        }
    }
    command
        .envs(quiet(empty.path()))
        .envs(environment.iter().copied());
    match process::words(command, PATIENCE) {
        Ok(Some(text)) => Some(text),
        Ok(None) => {
            tracing::warn!(program = %program.display(), "did not answer in time");
            None
        }
        Err(error) => {
            tracing::debug!(program = %program.display(), %error, "cannot be asked");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_is_asked_has_no_way_to_the_network_and_no_cache_of_the_user() {
        let folder = Path::new("/empty");
        let all: BTreeMap<&str, OsString> = quiet(folder).into_iter().collect();
        for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
            assert_eq!(all[name], NOBODY, "{name}");
        }
        for name in ["npm_config_cache", "PIP_CACHE_DIR", "UV_CACHE_DIR"] {
            assert!(Path::new(&all[name]).starts_with(folder), "{name}");
        }
        // curl honours these before any proxy, one that is set for a program alone as well.
        assert!(is_in_the_way("NO_PROXY") && is_in_the_way("no_proxy"));
        assert!(is_in_the_way("npm_config_registry") && !is_in_the_way("PATH"));
    }
}
