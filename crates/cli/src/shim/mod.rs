//! Standing in for a package manager that the environment alone cannot point.

mod elsewhere;
mod writes;

use crate::client::pointing::{ACTIVE, READ_ONLY, SHIMMED, SHIMS, YARN_TOKEN};
use crate::output::say;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// When this program was called under a package manager's name: runs the real one,
/// pointed at the gate, and gives its exit code.
pub fn stand_in() -> Option<ExitCode> {
    let called = std::env::args_os().next()?;
    let name = Path::new(&called).file_stem()?.to_str()?.to_owned();
    if !SHIMMED.contains(&name.as_str()) {
        return None;
    }
    let Some(program) = behind(&name) else {
        say(&format!(
            "customs: {name} is not on PATH behind the gate's stand-in"
        ));
        return Some(ExitCode::from(127));
    };
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let mut command = Command::new(program);
    if std::env::var_os(ACTIVE).is_some() {
        let may_run = match name.as_str() {
            "cargo" => point_cargo(&mut command, &arguments),
            "yarn" => point_yarn(&mut command, &arguments),
            "uv" | "pip" | "pip3" => {
                command.args(&arguments);
                true
            }
            _ => point_npm(&mut command, &arguments, &name),
        };
        if !may_run {
            return Some(ExitCode::FAILURE);
        }
        if let Some(lockfiles) = elsewhere::led(&name, &arguments) {
            return Some(elsewhere::run(command, lockfiles));
        }
    } else {
        command.args(&arguments);
    }
    Some(replace(command))
}

/// The first program of that name on PATH that is not the stand-in.
fn behind(name: &str) -> Option<PathBuf> {
    let shims = std::env::var_os(SHIMS).map(PathBuf::from);
    let name = if cfg!(windows) {
        format!("{name}.exe")
    } else {
        name.to_owned()
    };
    std::env::split_paths(&std::env::var_os("PATH")?)
        .filter(|folder| Some(folder) != shims.as_ref())
        .map(|folder| folder.join(&name))
        .find(|candidate| candidate.is_file())
}

/// cargo's source replacement can only be given as a flag that beats the project's own
/// configuration. A leading `+toolchain` stays first.
fn point_cargo(command: &mut Command, arguments: &[OsString]) -> bool {
    let is_toolchain = |a: &OsString| a.to_string_lossy().starts_with('+');
    let toolchain = usize::from(arguments.first().is_some_and(is_toolchain));
    let (before, rest) = arguments.split_at(toolchain);
    command.args(before);
    if std::env::var_os("CARGO_REGISTRIES_CUSTOMS_INDEX").is_none() {
        command.args(rest);
        return true;
    }
    command.args(["--config", "source.crates-io.replace-with=\"customs\""]);
    let words: Vec<_> = rest.iter().map(|a| a.to_string_lossy()).collect();
    let at = words.iter().position(|w| TALKS.contains(&w.as_ref()));
    let first = words.iter().position(|w| !w.starts_with('-'));
    let Some(at) = at.filter(|at| first == Some(*at)) else {
        command.args(rest);
        return true;
    };
    if std::env::var_os(READ_ONLY).is_some() && !matches!(words[at].as_ref(), "search" | "info") {
        say(&format!(
            "customs: cargo {} is a write, and this run is read-only (--read-only)",
            words[at]
        ));
        return false;
    }
    // These speak to the registry's web interface, with the user's own credential; cargo
    // wants to be told which registry that is once it is replaced. What a publication is
    // verified with still comes through the gate.
    let named = ["--registry", "--index", "--host"];
    let is_named = words.iter().any(|w| named.iter().any(|n| w.starts_with(n)));
    command.args(&rest[..=at]);
    if !is_named {
        command.args(["--registry", "crates-io"]);
    }
    command.args(&rest[at + 1..]);
    true
}

/// cargo's commands that speak to a registry's web interface.
const TALKS: [&str; 7] = [
    "login", "logout", "owner", "publish", "yank", "search", "info",
];

/// Installs are pointed by the environment; writes need the user's own credential.
fn point_npm(command: &mut Command, arguments: &[OsString], client: &str) -> bool {
    command.args(arguments);
    writes::prepare(command, arguments, client)
}

/// yarn 1 reads npm's `_auth` from the environment; npm would refuse it there. yarn 4
/// does not look at it, so which yarn this is need not be known.
fn point_yarn(command: &mut Command, arguments: &[OsString]) -> bool {
    use base64::Engine as _;
    command.args(arguments);
    if let Ok(token) = std::env::var(YARN_TOKEN) {
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("customs:{token}"));
        command
            .env("npm_config__auth", pair)
            .env("npm_config_always_auth", "true");
    }
    writes::prepare(command, arguments, "yarn")
}

#[cfg(unix)]
fn replace(mut command: Command) -> ExitCode {
    use std::os::unix::process::CommandExt as _;
    let error = command.exec();
    say(&format!(
        "customs: {}: {error}",
        command.get_program().to_string_lossy()
    ));
    ExitCode::from(126)
}

#[cfg(not(unix))]
fn replace(mut command: Command) -> ExitCode {
    match command.status() {
        Ok(status) => ExitCode::from(status.code().unwrap_or(1) as u8),
        Err(error) => {
            say(&format!(
                "customs: {}: {error}",
                command.get_program().to_string_lossy()
            ));
            ExitCode::from(126)
        }
    }
}
