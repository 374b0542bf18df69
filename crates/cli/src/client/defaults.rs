//! The registry that a client carries as its default, asked from the client itself and
//! remembered per program file, since asking takes a few hundred milliseconds.

use crate::{paths, process};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
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

/// Runs a client for its words alone: no configuration of the user or of a project, no
/// input, no network beyond what the question itself needs. `None`: it does not start, or
/// does not end in time.
pub fn words(program: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Option<String> {
    let empty = tempfile::tempdir().ok()?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(empty.path());
    for (name, _) in std::env::vars_os() {
        let lower = name.to_string_lossy().to_ascii_lowercase();
        if ["npm_config_", "pip_", "uv_", "cargo_", "yarn_", "pnpm_"]
            .iter()
            .any(|p| lower.starts_with(p))
        {
            command.env_remove(&name);
        }
    }
    // What is called `cargo` may be rustup's stand-in, which downloads a whole toolchain
    // where the one that is asked for is missing, and `npm` or `yarn` may be corepack's.
    // A question installs nothing.
    command
        .env("RUSTUP_AUTO_INSTALL", "0")
        .env("COREPACK_ENABLE_NETWORK", "0")
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
