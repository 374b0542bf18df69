//! Standing in for a package manager that the environment alone cannot point.

use crate::client::pointing::{ACTIVE, SHIMMED, SHIMS, TOKEN};
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
        match name.as_str() {
            "cargo" => point_cargo(&mut command, &arguments),
            _ => point_yarn(&mut command, &arguments),
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
fn point_cargo(command: &mut Command, arguments: &[OsString]) {
    let toolchain = usize::from(
        arguments
            .first()
            .is_some_and(|a| a.to_string_lossy().starts_with('+')),
    );
    command.args(&arguments[..toolchain]);
    let words: Vec<_> = arguments[toolchain..]
        .iter()
        .map(|a| a.to_string_lossy())
        .collect();
    let first = words
        .iter()
        .find(|w| !w.starts_with('-'))
        .map(AsRef::as_ref);
    // These speak to the registry's web interface, with the user's own credential.
    let talks = [
        "login", "logout", "owner", "publish", "yank", "search", "info",
    ];
    if std::env::var_os("CARGO_REGISTRIES_CUSTOMS_INDEX").is_some()
        && !first.is_some_and(|w| talks.contains(&w))
    {
        command.args(["--config", "source.crates-io.replace-with=\"customs\""]);
    }
    command.args(&arguments[toolchain..]);
}

/// yarn 1 reads npm's `_auth` from the environment; npm would refuse it there. yarn 4
/// does not look at it, so which yarn this is need not be known.
fn point_yarn(command: &mut Command, arguments: &[OsString]) {
    use base64::Engine as _;
    command.args(arguments);
    if let Ok(token) = std::env::var(TOKEN) {
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("customs:{token}"));
        command
            .env("npm_config__auth", pair)
            .env("npm_config_always_auth", "true");
    }
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
