//! `cargo xtask tables`: replays every scenario and writes what came of it into
//! `docs/replay.md`.

use crate::error::Error;
use crate::workspace::Workspace;
use crate::{test, tools};
use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Stdio};

const HEAD: &str = "# Replays

Attacks and honest releases, replayed with inert packages against real package managers: each
victim's install without a gate, with the client's own age setting, through the gate with all
rules, with the age rules off, by what the code does alone (no age, no feed, nothing that a
registry says of who published what and when), and, with the usual client of each ecosystem, with
each rule alone. `HIT` means that what stands for the payload ran and left its marker.

`customs replay SCENARIO` repeats one of them; `cargo xtask tables` writes this page. What is
stopped by no rule alone but the age cannot be told from metadata: reading the code is for
that. What that does not stop either has the reason below its row.
";

/// Replays all scenarios.
pub fn write(workspace: &Workspace) -> Result<(), Error> {
    let tools = tools::install(workspace)?;
    let program = test::build(workspace, &[])?;
    let replay = |arguments: &[&str]| -> Result<String, Error> {
        let mut command = Command::new(&program);
        command
            .arg("replay")
            .args(arguments)
            .env("CUSTOMS_TOOLS", &tools);
        let output = command
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .map_err(Error::io("start", &program))?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let mut page = HEAD.to_owned();
    for line in replay(&[])?.lines() {
        let Some((id, title)) = line.split_once(' ') else {
            continue;
        };
        let table = replay(&[id])?;
        let every = replay(&[id, "--client", "all"])?;
        // Writing to a string cannot fail.
        let _ = write!(
            page,
            "\n## {id}\n\n{}.\n\n```text\n{}\n```\n\nEvery client:\n\n```text\n{}\n```\n",
            title.trim(),
            table.trim_end(),
            every.trim_end()
        );
    }
    let path = workspace.root().join("docs/replay.md");
    fs::write(&path, page).map_err(Error::io("write", &path))
}
