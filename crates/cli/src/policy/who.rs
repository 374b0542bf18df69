//! Who asks for a change of exemptions, as the ledger records it.

use crate::{process, run};
use customs_store::Who;
use std::process::Command;
use std::time::Duration;

/// How long the system may take to say who this is.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whoever runs this program: the account of the operating system, and the agent that the
/// environment declares. The account's name comes from the system, not from a variable that
/// anybody can set; that a variable names no agent is a declaration, not a proof.
pub fn here() -> Who {
    Who {
        credential: account().map(|name| format!("user:{name}")),
        client: Some(format!("customs/{}", env!("CARGO_PKG_VERSION"))),
        agent: run::declared_agent(),
        ..Who::default()
    }
}

/// The account that this process runs under.
fn account() -> Option<String> {
    programs().into_iter().find_map(|(program, arguments)| {
        let mut command = Command::new(program);
        command.args(arguments);
        // A system without the program: the next one is asked.
        let said = process::words(command, PATIENCE).ok()??;
        let name = said.lines().next()?.trim();
        let is_name = !name.is_empty() && name.len() <= 100 && !name.contains(char::is_control);
        is_name.then(|| name.to_owned())
    })
}

#[cfg(not(windows))]
fn programs() -> Vec<(std::path::PathBuf, &'static [&'static str])> {
    // By their paths: a folder of the search path may hold anything.
    let of = |path: &str| (path.into(), ["-un"].as_slice());
    vec![
        of("/usr/bin/id"),
        of("/bin/id"),
        of("/run/current-system/sw/bin/id"),
    ]
}

#[cfg(windows)]
fn programs() -> Vec<(std::path::PathBuf, &'static [&'static str])> {
    let root = std::env::var_os("SystemRoot").unwrap_or_else(|| "C:\\Windows".into());
    let path = std::path::Path::new(&root)
        .join("System32")
        .join("whoami.exe");
    vec![(path, [].as_slice())]
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_a_name_whatever_the_environment_says() {
        let name = account().expect("this machine has id");
        assert!(!name.contains(' ') && !name.is_empty(), "{name}");
    }
}
