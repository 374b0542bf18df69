//! The package managers: how each is found, how it installs a project, and what it does
//! and does not do by itself.

use crate::Victim;
use crate::scenario::Trigger;
use customs_model::Ecosystem;
use std::fmt;
use std::path::{Path, PathBuf};

/// A package manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Client {
    /// npm.
    Npm,
    /// pnpm.
    Pnpm,
    /// yarn 1, called classic.
    Yarn1,
    /// yarn 4, called berry.
    Yarn4,
    /// bun.
    Bun,
    /// pip.
    Pip,
    /// uv.
    Uv,
    /// cargo.
    Cargo,
}

/// What a client has against young releases by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnAge {
    /// It is on as the client ships it.
    ByDefault,
    /// It must be asked for; a column then asks for one day.
    ByOption,
    /// There is none, because …
    Missing(&'static str),
}

impl Client {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 8] = [
        Self::Npm,
        Self::Pnpm,
        Self::Yarn1,
        Self::Yarn4,
        Self::Bun,
        Self::Pip,
        Self::Uv,
        Self::Cargo,
    ];

    /// Its name in scenarios, on the command line, and of its folder among the tools.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Pnpm => "pnpm",
            Self::Yarn1 => "yarn1",
            Self::Yarn4 => "yarn4",
            Self::Bun => "bun",
            Self::Pip => "pip",
            Self::Uv => "uv",
            Self::Cargo => "cargo",
        }
    }

    /// The client of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.name() == name)
    }

    /// What people type.
    pub const fn command(self) -> &'static str {
        match self {
            Self::Yarn1 | Self::Yarn4 => "yarn",
            Self::Npm | Self::Pnpm | Self::Bun | Self::Pip | Self::Uv | Self::Cargo => self.name(),
        }
    }

    /// What it installs.
    pub const fn ecosystem(self) -> Ecosystem {
        match self {
            Self::Npm | Self::Pnpm | Self::Yarn1 | Self::Yarn4 | Self::Bun => Ecosystem::Npm,
            Self::Pip | Self::Uv => Ecosystem::PyPi,
            Self::Cargo => Ecosystem::Cargo,
        }
    }

    /// The one that most people use.
    pub const fn usual(ecosystem: Ecosystem) -> Self {
        match ecosystem {
            Ecosystem::Npm => Self::Npm,
            Ecosystem::PyPi => Self::Pip,
            Ecosystem::Cargo => Self::Cargo,
        }
    }

    /// Its arguments for an install of the project in the current folder. `environment`
    /// is the Python environment that a Python client installs into.
    pub fn install(self, environment: &Path) -> Vec<String> {
        let environment = environment.to_string_lossy().into_owned();
        let words: &[&str] = match self {
            Self::Npm | Self::Pnpm | Self::Yarn1 | Self::Yarn4 | Self::Bun => &["install"],
            Self::Pip => &[
                "--python",
                &environment,
                "install",
                "-r",
                "requirements.txt",
            ],
            Self::Uv => &[
                "pip",
                "install",
                "--python",
                &environment,
                "-r",
                "requirements.txt",
            ],
            // A crate harms while it is built; a fetch alone runs nothing.
            Self::Cargo => &["build"],
        };
        words.iter().map(|w| (*w).to_owned()).collect()
    }

    /// Whether it runs install scripts of dependencies as it ships. Where it does not, a
    /// bad release lies in the tree and waits, which is harm just as much.
    pub const fn runs_scripts(self) -> bool {
        match self {
            Self::Npm | Self::Yarn1 | Self::Pip | Self::Uv | Self::Cargo => true,
            Self::Pnpm | Self::Yarn4 | Self::Bun => false,
        }
    }

    /// Whether an end with these last words is the end of a whole install. pnpm ends with
    /// an error when it left scripts of dependencies unrun; all of the tree is there.
    pub fn ended_well(self, good: bool, last_words: &str) -> bool {
        good || self == Self::Pnpm && last_words.contains("ERR_PNPM_IGNORED_BUILDS")
    }

    /// Whether the payload of a victim runs here when nothing stops it.
    pub fn runs_payload(self, victim: &Victim) -> bool {
        victim.trigger == Trigger::Use || self.runs_scripts()
    }

    /// Its own age setting, at a version of it.
    pub fn own_age(self, version: &str) -> OwnAge {
        match self {
            Self::Npm if older(version, [11, 10]) => {
                OwnAge::Missing("this npm has none; it came with 11.10")
            }
            Self::Pnpm if older(version, [11, 0]) => {
                OwnAge::Missing("this pnpm has none by default")
            }
            Self::Yarn4 if older(version, [4, 15]) => {
                OwnAge::Missing("this yarn has none by default")
            }
            Self::Pip if older(version, [26, 0]) => OwnAge::Missing("this pip has none"),
            Self::Npm | Self::Bun | Self::Pip | Self::Uv => OwnAge::ByOption,
            Self::Pnpm | Self::Yarn4 => OwnAge::ByDefault,
            Self::Yarn1 => OwnAge::Missing("yarn 1 has none"),
            Self::Cargo => OwnAge::Missing("this cargo has none; it comes with 1.100"),
        }
    }

    /// What a reader of a victim's row must know.
    pub fn note(self, victim: &Victim) -> Option<String> {
        let waits = !self.runs_payload(victim) && !victim.bad.is_empty();
        waits.then(|| {
            format!(
                "{} runs no scripts of dependencies by default: what is bad lies in the tree, which counts as harm",
                self.name()
            )
        })
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A client on this machine.
#[derive(Debug, Clone)]
pub struct Tool {
    /// Which.
    pub client: Client,
    /// Its version, as it says it.
    pub version: String,
    /// Its program.
    pub program: PathBuf,
    /// The folder that stands first on `PATH`, where its pinned form lies.
    pub folder: Option<PathBuf>,
}

impl Tool {
    /// What the table calls it.
    pub fn title(&self) -> String {
        format!("{} {}", self.client, self.version)
    }
}

/// The first number of a client's answer to `--version`.
pub fn version_in(text: &str) -> Option<String> {
    text.split_whitespace()
        .map(|word| word.trim_start_matches('v'))
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))
        .map(str::to_owned)
}

/// Whether a client of that version is the one that is meant: yarn 1 and yarn 4 share a
/// name and nothing else.
pub fn is_meant(client: Client, version: &str) -> bool {
    match client {
        Client::Yarn1 => version.starts_with("1."),
        Client::Yarn4 => !older(version, [4, 0]),
        Client::Npm | Client::Pnpm | Client::Bun | Client::Pip | Client::Uv | Client::Cargo => true,
    }
}

/// Whether a version lies before `major.minor`. What cannot be read is not old.
fn older(version: &str, than: [u32; 2]) -> bool {
    let mut numbers = version.split('.').map(|n| n.parse::<u32>());
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => [major, minor] < than,
        (Some(Ok(major)), None) => [major, 0] < than,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_clients_say() {
        for (said, version) in [
            ("11.19.1\n", "11.19.1"),
            ("uv 0.13.9 (x86_64-unknown-linux-gnu)\n", "0.13.9"),
            ("pip 26.3 from somewhere (python 3.11)\n", "26.3"),
            ("cargo 1.95.0 (f2d3ce0bd 2026-03-21)\n", "1.95.0"),
            ("v20.20.2\n", "20.20.2"),
        ] {
            assert_eq!(version_in(said).as_deref(), Some(version));
        }
        assert_eq!(version_in("no such command"), None);
    }

    #[test]
    fn yarn_is_not_yarn() {
        assert!(is_meant(Client::Yarn1, "1.22.22") && !is_meant(Client::Yarn4, "1.22.22"));
        assert!(is_meant(Client::Yarn4, "4.18.1") && !is_meant(Client::Yarn1, "4.18.1"));
    }

    #[test]
    fn own_age_settings_came_with_a_version() {
        assert_eq!(Client::Npm.own_age("11.10.0"), OwnAge::ByOption);
        assert!(matches!(Client::Npm.own_age("11.9.2"), OwnAge::Missing(_)));
        assert_eq!(Client::Pnpm.own_age("12.21.0"), OwnAge::ByDefault);
        assert!(matches!(
            Client::Yarn4.own_age("4.14.0"),
            OwnAge::Missing(_)
        ));
        assert!(matches!(
            Client::Cargo.own_age("1.95.0"),
            OwnAge::Missing(_)
        ));
    }

    #[test]
    fn every_client_is_found_by_its_name() {
        for client in Client::ALL {
            assert_eq!(Client::named(client.name()), Some(client));
        }
        assert_eq!(Client::named("yarn"), None);
    }
}
