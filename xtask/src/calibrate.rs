//! `cargo xtask calibrate`: builds the calibration and runs it. It is a crate of its own
//! (`calibrate/`), so that the other chores compile no parser.
//!
//! `calibrate fetch` needs the program as well: the calibration knows which archives its
//! lists name, and the program how to ask the registries that the user's own clients are
//! configured for.

use crate::bench::{build, finish};
use crate::error::Error;
use crate::workspace::{Needed, Workspace, words};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where the lists are.
const LISTS: &str = "calibration";
/// Where the calibration looks for archives when nobody says otherwise.
const FILES: &str = "target/calibration/files";

/// Runs `customs-calibrate` with `arguments`, or fetches what it reads.
pub fn run(workspace: &Workspace, arguments: &[String]) -> Result<(), Error> {
    if let Some((first, lists)) = arguments.split_first()
        && first == "fetch"
    {
        return fetch(workspace, lists);
    }
    let program = build(workspace, "customs-calibrate", "customs-calibrate")?;
    finish(
        Command::new(program)
            .args(arguments)
            .current_dir(workspace.root()),
    )
}

/// Puts the archives of some lists, or of all, where the calibration looks for them.
fn fetch(workspace: &Workspace, lists: &[String]) -> Result<(), Error> {
    let lists = if lists.is_empty() {
        all(&workspace.root().join(LISTS))?
    } else {
        lists.iter().map(PathBuf::from).collect()
    };
    let calibrate = build(workspace, "customs-calibrate", "customs-calibrate")?;
    let customs = build(workspace, "customs", "customs")?;
    let needed = Needed {
        program: "customs-calibrate",
        needed_for: "knowing which archives the lists name",
        remedy: "see what cargo said of building it",
    };
    let mut command = Command::new(calibrate);
    command
        .arg("wanted")
        .args(lists)
        .current_dir(workspace.root());
    let wanted = needed.output(&mut command)?;
    let mut command = Command::new(customs);
    command
        .args(["collect", "--into", FILES])
        .current_dir(workspace.root());
    finish_with(&mut command, &wanted)
}

/// Every list of a folder, in order.
fn all(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut lists = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::io("list", folder))? {
        let path = entry.map_err(Error::io("list", folder))?.path();
        if path.extension().is_some_and(|ending| ending == "list") {
            lists.push(path);
        }
    }
    lists.sort();
    if lists.is_empty() {
        return Err(Error::Config {
            path: folder.to_owned(),
            why: "it holds no list".to_owned(),
        });
    }
    Ok(lists)
}

/// Runs a command to its end that reads `input` from stdin.
pub fn finish_with(command: &mut Command, input: &[u8]) -> Result<(), Error> {
    let program = PathBuf::from(command.get_program());
    let mut child = command
        .stdin(Stdio::piped())
        .spawn()
        .map_err(Error::io("start", &program))?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that ends before it has read all says why itself.
        let _ = stdin.write_all(input);
    }
    let status = child.wait().map_err(Error::io("wait for", &program))?;
    if status.success() {
        return Ok(());
    }
    Err(Error::Failed {
        command: words(command),
        status,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_of_the_project_is_found_in_order() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let lists = all(&root.join(LISTS)).unwrap();
        assert!(lists.len() >= 6, "{lists:?}");
        assert!(lists.is_sorted());
    }

    #[test]
    fn a_folder_without_a_list_is_said() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("notes.txt"), "").unwrap();
        let error = all(folder.path()).unwrap_err().to_string();
        assert!(error.ends_with("it holds no list"), "{error}");
    }
}
