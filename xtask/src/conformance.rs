//! `cargo xtask conformance`: the evidence of others, held against `crates/origin`.
//!
//! `xtask/conformance.toml` names an archive of the registry that brings real attestations, and
//! what each must come to. With `--cases` a folder in the layout of Sigstore's public conformance
//! suite is asked instead; whoever has one names it.

use crate::bench::{build, finish};
use crate::calibrate::finish_with;
use crate::error::Error;
use crate::tools::unpack;
use crate::workspace::Workspace;
use serde::Deserialize;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What can be asked for.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A folder of cases (`CASE/bundle.sigstore.json`, `a.txt`) in place of those of the list
    #[arg(long)]
    cases: Option<PathBuf>,
    /// Fetch with this program; without it the release program is built
    #[arg(long)]
    program: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    archive: Archive,
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Archive {
    release: String,
    file: String,
    digest: String,
    folder: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    release: String,
    file: String,
    evidence: String,
    expect: String,
}

/// Runs the cases; fails where an answer is not the expected one.
pub fn run(workspace: &Workspace, arguments: &Arguments) -> Result<(), Error> {
    let mut driver = workspace.cargo(&["run", "--quiet", "--package", "customs-origin"]);
    driver.args(["--example", "conformance"]);
    if let Some(cases) = &arguments.cases {
        let cases = std::path::absolute(cases).map_err(Error::io("find", cases))?;
        // Many of them rest on a root that no program accepts.
        driver.args(["--features", "conformance", "--", "bundles"]);
        return finish(driver.arg(cases));
    }
    let file = workspace.root().join("xtask/conformance.toml");
    let list = read(&file)?;
    let folder = workspace.conformance();
    let archive = fetched(
        workspace,
        arguments.program.as_deref(),
        &list.archive,
        &folder,
    )?;
    let unpacked = folder.join("unpacked");
    if unpacked.exists() {
        fs::remove_dir_all(&unpacked).map_err(Error::io("remove", &unpacked))?;
    }
    unpack::tarball(&archive, &unpacked)?;
    let lines = folder.join("cases");
    fs::write(&lines, list.lines(&unpacked)).map_err(Error::io("write", &lines))?;
    finish(driver.args(["--", "provenance"]).arg(lines))
}

fn read(file: &Path) -> Result<List, Error> {
    let text = fs::read_to_string(file).map_err(Error::io("read", file))?;
    toml::from_str(&text).map_err(|error| Error::Config {
        path: file.to_owned(),
        why: error.to_string(),
    })
}

/// The archive, as the program puts it into a folder: under its digest's control.
fn fetched(
    workspace: &Workspace,
    program: Option<&Path>,
    archive: &Archive,
    folder: &Path,
) -> Result<PathBuf, Error> {
    let program = match program {
        Some(program) => std::path::absolute(program).map_err(Error::io("find", program))?,
        None => build(workspace, "customs", "customs")?,
    };
    fs::create_dir_all(folder).map_err(Error::io("make", folder))?;
    let mut command = Command::new(program);
    command
        .args(["collect", "--into"])
        .arg(folder)
        .current_dir(workspace.root());
    let Archive {
        release,
        digest,
        file,
        ..
    } = archive;
    finish_with(
        &mut command,
        format!("{release} {digest} {file}\n").as_bytes(),
    )?;
    Ok(folder.join(file))
}

impl List {
    /// As the driver reads them.
    fn lines(&self, unpacked: &Path) -> String {
        let folder = unpacked.join(&self.archive.folder);
        let mut lines = String::new();
        for case in &self.case {
            // Writing into a text cannot fail.
            let _ = writeln!(
                lines,
                "{}\t{}\t{}\t{}",
                case.expect,
                case.release,
                folder.join(&case.file).display(),
                folder.join(&case.evidence).display()
            );
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_cases_that_hold_and_cases_that_do_not() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance.toml");
        let list = read(&file).unwrap();
        let holds = list.case.iter().filter(|case| case.expect == "holds");
        assert!(holds.count() >= 9);
        assert!(list.case.iter().any(|case| case.expect.starts_with("no")));
        let lines = list.lines(Path::new("there"));
        assert_eq!(lines.lines().count(), list.case.len());
        assert!(lines.lines().all(|line| line.split('\t').count() == 4));
    }
}
