//! Lockfiles of folders that a command changes into: `cd web && yarn install`, or
//! `yarn --cwd web`. The run leads those of its own folder; a stand-in leads the others.

use crate::client::{self, pointing};
use crate::output::say;
use crate::paths;
use crate::run::lockfiles::{Addresses, Lockfiles};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Clients that fetch the addresses that their lockfile names.
const FETCH_AS_WRITTEN: [&str; 6] = ["yarn", "pnpm", "bun", "uv", "pip", "pip3"];
/// Flags that name another folder.
const FOLDER: [&str; 6] = [
    "--cwd",
    "--dir",
    "-C",
    "--directory",
    "--project",
    "--prefix",
];

/// The lockfiles that a client will read and that are not led to the gate yet, led there.
pub fn led(client: &str, arguments: &[OsString]) -> Option<Lockfiles> {
    if !FETCH_AS_WRITTEN.contains(&client) {
        return None;
    }
    let here = folder(&std::env::current_dir().ok()?, arguments);
    let led = std::env::var_os(pointing::LED).unwrap_or_default();
    if std::env::split_paths(&led).any(|folder| folder == here) {
        return None;
    }
    let (token, gate) = (
        std::env::var(pointing::TOKEN).ok()?,
        std::env::var(pointing::GATE).ok()?,
    );
    let found = client::discover(&here).ok()?;
    let addresses = Addresses::new(&gate, &token, &found);
    let mut lockfiles = Lockfiles::in_reach(&here, addresses, &paths::state().ok()?);
    lockfiles.lead_to_gate();
    Some(lockfiles)
}

/// The folder that a client works in.
fn folder(here: &Path, arguments: &[OsString]) -> PathBuf {
    let words: Vec<&str> = arguments.iter().filter_map(|a| a.to_str()).collect();
    let named = words.iter().enumerate().find_map(|(at, word)| {
        let (flag, value) = word
            .split_once('=')
            .map_or((*word, None), |(f, v)| (f, Some(v)));
        FOLDER
            .contains(&flag)
            .then(|| value.or(words.get(at + 1).copied()))?
    });
    named.map_or_else(|| here.to_owned(), |named| here.join(named))
}

/// Runs a client and gives the lockfiles back.
pub fn run(mut command: Command, mut lockfiles: Lockfiles) -> ExitCode {
    let status = command.status();
    lockfiles.give_back();
    for problem in &lockfiles.problems {
        say(&format!("customs: {problem}"));
    }
    match status {
        Ok(status) => ExitCode::from(crate::run::exit_code(status)),
        Err(error) => {
            say(&format!(
                "customs: {}: {error}",
                command.get_program().to_string_lossy()
            ));
            ExitCode::from(126)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_a_flag_is_the_one_that_counts() {
        let of = |text: &str| {
            let words: Vec<OsString> = text.split(' ').map(OsString::from).collect();
            folder(Path::new("/a"), &words)
        };
        assert_eq!(of("install"), Path::new("/a"));
        assert_eq!(of("--cwd web install"), Path::new("/a/web"));
        assert_eq!(of("sync --directory=web"), Path::new("/a/web"));
        assert_eq!(of("-C /b install"), Path::new("/b"));
    }
}
