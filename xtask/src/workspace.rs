use crate::error::Error;
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where the project lies.
pub struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// From what cargo tells the program that it runs; without cargo, from the present folder.
    pub fn find() -> Result<Self, Error> {
        let here = std::env::current_dir().map_err(Error::io("read", Path::new(".")))?;
        let start = std::env::var_os("CARGO_MANIFEST_DIR").map_or(here, PathBuf::from);
        let root = start
            .ancestors()
            .find(|folder| folder.join("Cargo.lock").is_file() && folder.join("xtask").is_dir())
            .ok_or_else(|| Error::Config {
                path: start.clone(),
                why: "no folder above it holds Cargo.lock and xtask/; run this inside the project"
                    .to_owned(),
            })?
            .to_owned();
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| root.join("target"), |folder| root.join(folder));
        Ok(Self { root, target })
    }

    /// The folder that holds `Cargo.lock`.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the pinned tools go.
    pub fn tools(&self) -> PathBuf {
        self.target.join("tools")
    }

    /// Where real projects are installed and used.
    pub fn trees(&self) -> PathBuf {
        self.target.join("trees")
    }

    /// Where a team's gates run.
    pub fn team(&self) -> PathBuf {
        self.target.join("team")
    }

    /// Where the evidence of others is put.
    pub fn conformance(&self) -> PathBuf {
        self.target.join("conformance")
    }

    /// Where cargo puts programs that are built for release.
    pub fn release(&self) -> PathBuf {
        self.target.join("release")
    }

    /// A cargo command in the root folder.
    ///
    /// `cargo run` describes xtask itself in the environment (`CARGO_PKG_NAME` and others).
    /// Handed down, these look like changed inputs to build scripts that watch them
    /// (ring's does), which are then compiled anew each time. So they are taken out.
    pub fn cargo(&self, arguments: &[&str]) -> Command {
        let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.root);
        for (name, _) in std::env::vars_os().filter(|(name, _)| describes_a_package(name)) {
            command.env_remove(name);
        }
        command
    }
}

fn describes_a_package(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else {
        return false;
    };
    name.starts_with("CARGO_PKG_")
        || name.starts_with("CARGO_MANIFEST_")
        || name.starts_with("CARGO_BIN_")
        || matches!(
            name,
            "CARGO_CRATE_NAME" | "CARGO_PRIMARY_PACKAGE" | "OUT_DIR"
        )
}

/// A program without which a chore cannot be done, with words for whoever lacks it.
#[derive(Clone, Copy)]
pub struct Needed {
    /// What it is called here.
    pub program: &'static str,
    /// What it is needed for.
    pub needed_for: &'static str,
    /// How a person gets it.
    pub remedy: &'static str,
}

impl Needed {
    /// Runs a command of this program to its end; its stdout is thrown away.
    pub fn run(self, command: &mut Command) -> Result<(), Error> {
        self.output(command).map(drop)
    }

    /// Runs a command of this program to its end and gives its stdout; its stderr goes where
    /// ours goes.
    pub fn output(self, command: &mut Command) -> Result<Vec<u8>, Error> {
        match command
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
        {
            Ok(output) if output.status.success() => Ok(output.stdout),
            Ok(output) => Err(Error::Failed {
                command: words(command),
                status: output.status,
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(Error::Missing {
                program: self.program.to_owned(),
                needed_for: self.needed_for,
                remedy: self.remedy,
            }),
            Err(source) => Err(Error::Io {
                what: "start",
                path: self.program.into(),
                source,
            }),
        }
    }
}

/// A command line as a person would type it.
pub fn words(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or_default();
    std::iter::once(program)
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_says_about_xtask_is_not_handed_down() {
        for name in ["CARGO_PKG_NAME", "CARGO_MANIFEST_DIR", "CARGO_BIN_NAME"] {
            assert!(describes_a_package(OsStr::new(name)), "{name}");
        }
        for name in [
            "CARGO_TERM_COLOR",
            "CARGO_INCREMENTAL",
            "CARGO_TARGET_DIR",
            "CARGO_HOME",
        ] {
            assert!(!describes_a_package(OsStr::new(name)), "{name}");
        }
    }

    #[test]
    fn a_missing_program_is_said_with_its_remedy() {
        let needed = Needed {
            program: "no-such-program",
            needed_for: "this test",
            remedy: "install it",
        };
        let error = needed
            .run(&mut Command::new("no-such-program"))
            .unwrap_err();
        insta::assert_snapshot!(error, @"no-such-program was not found, and this test needs it; install it, then run this again");
    }
}
