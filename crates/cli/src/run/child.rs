//! The command: its stdin, stdout, signals and exit code stay its own.

use crate::client::pointing::{self, Environment};
use crate::output::say;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus};

/// Why a command did not run.
pub struct NotRun {
    /// 126: it cannot be executed; 127: it is not there.
    pub code: u8,
    /// In words.
    pub why: String,
}

/// Runs it in its environment and waits.
pub async fn run(
    command: &[OsString],
    environment: Environment,
    shims: &Path,
) -> Result<u8, NotRun> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(NotRun {
            code: 127,
            why: "no command was given".into(),
        });
    };
    let mut child = tokio::process::Command::new(pointing::stand_in_for(program, shims));
    child.args(arguments);
    pointing::apply(&mut child, environment, shims);
    let mut child = child.spawn().map_err(|error| NotRun {
        code: if error.kind() == std::io::ErrorKind::NotFound {
            127
        } else {
            126
        },
        why: format!("{}: {error}", program.to_string_lossy()),
    })?;
    let pid = child.id();
    let mut asked_to_end = Termination::new();
    let status = loop {
        tokio::select! {
            status = child.wait() => break status,
            // A signal of the terminal reaches the whole group: the command decides what
            // it means, and lockfiles are given back afterwards.
            _ = tokio::signal::ctrl_c() => {}
            // One that is meant for this process alone is passed on.
            () = asked_to_end.next() => terminate(pid),
        }
    };
    match status {
        Ok(status) => Ok(code(status)),
        Err(error) => Err(NotRun {
            code: 125,
            why: format!("waiting for the command failed: {error}"),
        }),
    }
}

/// Runs it without a gate of its own: it is in a run already.
pub fn only(command: &[OsString]) -> ExitCode {
    let Some((program, arguments)) = command.split_first() else {
        return ExitCode::from(127);
    };
    match Command::new(program).args(arguments).status() {
        Ok(status) => ExitCode::from(code(status)),
        Err(error) => {
            say(&format!("customs: {}: {error}", program.to_string_lossy()));
            ExitCode::from(if error.kind() == std::io::ErrorKind::NotFound {
                127
            } else {
                126
            })
        }
    }
}

/// Requests to end that are sent to this process (`kill`, a service manager, a terminal
/// that is closed).
#[cfg(unix)]
struct Termination(
    Option<tokio::signal::unix::Signal>,
    Option<tokio::signal::unix::Signal>,
);

#[cfg(unix)]
impl Termination {
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let of = |kind| signal(kind).ok();
        Self(of(SignalKind::terminate()), of(SignalKind::hangup()))
    }

    async fn next(&mut self) {
        async fn one(signal: &mut Option<tokio::signal::unix::Signal>) {
            let came = match signal {
                Some(signal) => signal.recv().await.is_some(),
                None => false,
            };
            if !came {
                std::future::pending().await
            }
        }
        tokio::select! {
            () = one(&mut self.0) => {}
            () = one(&mut self.1) => {}
        }
    }
}

/// Passes the request on. The system's own program does it, so that no unsafe code is
/// needed for one call.
#[cfg(unix)]
fn terminate(pid: Option<u32>) {
    if let Some(pid) = pid {
        let sent = Command::new("kill")
            .args(["-TERM", &pid.to_string()])
            .status();
        if let Err(error) = sent {
            say(&format!(
                "customs: the request to end could not be passed on: {error}"
            ));
        }
    }
}

#[cfg(not(unix))]
struct Termination;

#[cfg(not(unix))]
impl Termination {
    fn new() -> Self {
        Self
    }

    async fn next(&mut self) {
        std::future::pending().await
    }
}

#[cfg(not(unix))]
fn terminate(_: Option<u32>) {}

#[cfg(unix)]
pub fn code(status: ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.code(), status.signal()) {
        (Some(code), _) => u8::try_from(code & 0xff).unwrap_or(1),
        (None, Some(signal)) => u8::try_from(128 + signal).unwrap_or(255),
        (None, None) => 125,
    }
}

#[cfg(not(unix))]
pub fn code(status: ExitStatus) -> u8 {
    status
        .code()
        .and_then(|c| u8::try_from(c & 0xff).ok())
        .unwrap_or(125)
}
