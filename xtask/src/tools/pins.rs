//! The pins of `xtask/tools.toml`.

use crate::error::Error;
use customs_model::Digest;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// One package manager, as pinned for one platform.
#[derive(Debug, PartialEq, Eq)]
pub struct Pin {
    /// Its name under `target/tools/bin`.
    pub name: String,
    /// Whose client fetches it.
    pub registry: Registry,
    /// What its entry is.
    pub start: Start,
    /// The file to start inside the unpacked parts, or the module.
    pub entry: String,
    /// What users call it.
    pub command: String,
    /// The archives, in the order in which they are unpacked; never empty.
    pub parts: Vec<Part>,
}

/// One archive of a package manager.
#[derive(Debug, PartialEq, Eq)]
pub struct Part {
    /// Its package.
    pub package: String,
    /// Its version.
    pub version: String,
    /// What its bytes must hash to.
    pub digest: Digest,
}

/// Whose client fetches a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Registry {
    /// `npm pack`; archives are gzipped tars.
    Npm,
    /// `pip download`; archives are wheels.
    Pypi,
}

/// What starts a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Start {
    /// The system: a program.
    Native,
    /// The node on PATH: a script.
    Node,
    /// Python, in an environment of its own: a module.
    Module,
    /// The Python on PATH, which finds all parts: a module.
    Python,
}

impl Pin {
    /// The version of the tool: that of its last part, which lies on top.
    pub fn version(&self) -> &str {
        self.parts.last().map_or("", |part| &part.version)
    }
}

impl Part {
    /// `name@version`, as people and `npm pack` write it.
    pub fn spec(&self) -> String {
        format!("{}@{}", self.package, self.version)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPin {
    registry: Registry,
    start: Start,
    entry: String,
    command: String,
    part: Vec<RawPart>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPart {
    #[serde(default)]
    platforms: Vec<String>,
    package: String,
    version: String,
    digest: String,
}

/// The present platform as `tools.toml` names it: `linux-x86_64`, `macos-aarch64`.
pub fn platform() -> String {
    format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH)
}

/// The pins for one platform, by name.
///
/// # Errors
/// The file is no TOML of the shape that it describes itself, a digest is none, or a tool
/// has no part for this platform.
pub fn read(text: &str, path: &Path, platform: &str) -> Result<Vec<Pin>, Error> {
    let config = |why: String| Error::Config {
        path: path.to_owned(),
        why,
    };
    let raw: BTreeMap<String, RawPin> =
        toml::from_str(text).map_err(|error| config(error.to_string()))?;
    raw.into_iter()
        .map(|(name, raw)| {
            let parts = raw
                .part
                .into_iter()
                .filter(|part| {
                    part.platforms.is_empty() || part.platforms.iter().any(|p| p == platform)
                })
                .map(|part| {
                    let digest = digest(&part.digest)
                        .map_err(|error| config(format!("{name}, {}: {error}", part.package)))?;
                    Ok(Part {
                        package: part.package,
                        version: part.version,
                        digest,
                    })
                })
                .collect::<Result<Vec<_>, Error>>()?;
            let Some(last) = parts.last() else {
                return Err(config(format!(
                    "{name} has no part for {platform}; pin one (docs/tools.md says how)"
                )));
            };
            let suffix = if raw.start == Start::Native && platform.starts_with("windows") {
                ".exe"
            } else {
                ""
            };
            let entry = raw.entry.replace("{version}", &last.version) + suffix;
            Ok(Pin {
                name,
                registry: raw.registry,
                start: raw.start,
                entry,
                command: raw.command,
                parts,
            })
        })
        .collect()
}

/// npm prints digests as SRI, pip and everyone else as hexadecimal.
fn digest(text: &str) -> Result<Digest, customs_model::ParseError> {
    if text.contains(':') {
        text.parse()
    } else {
        Digest::from_sri(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PINS: &str = include_str!("../../tools.toml");

    fn pins(platform: &str) -> Result<Vec<Pin>, Error> {
        read(PINS, Path::new("tools.toml"), platform)
    }

    #[test]
    fn every_tool_is_pinned_for_every_named_platform() {
        let platforms = [
            "linux-x86_64",
            "linux-aarch64",
            "macos-x86_64",
            "macos-aarch64",
            "windows-x86_64",
        ];
        for platform in platforms {
            let names: Vec<String> = pins(platform)
                .unwrap()
                .into_iter()
                .map(|pin| pin.name)
                .collect();
            assert_eq!(
                names,
                [
                    "bun", "nats", "pip", "pnpm", "postgres", "sbom", "uv", "yarn1", "yarn4"
                ],
                "{platform}"
            );
        }
    }

    #[test]
    fn the_program_lies_over_its_launcher() {
        let pins = pins("linux-x86_64").unwrap();
        let pnpm = pins.iter().find(|pin| pin.name == "pnpm").unwrap();
        let packages: Vec<&str> = pnpm
            .parts
            .iter()
            .map(|part| part.package.as_str())
            .collect();
        assert_eq!(packages, ["pnpm", "@pnpm/exe.linux-x64"]);
        assert_eq!(pnpm.parts[0].version, pnpm.parts[1].version);
    }

    #[test]
    fn an_entry_carries_its_version_and_on_windows_its_ending() {
        let entry = |platform: &str, name: &str| {
            pins(platform)
                .unwrap()
                .into_iter()
                .find(|pin| pin.name == name)
                .unwrap()
                .entry
        };
        assert_eq!(entry("linux-x86_64", "uv"), "uv-0.13.9.data/scripts/uv");
        assert_eq!(
            entry("windows-x86_64", "uv"),
            "uv-0.13.9.data/scripts/uv.exe"
        );
        assert_eq!(entry("windows-x86_64", "yarn1"), "bin/yarn.js");
    }

    #[test]
    fn a_platform_without_a_pin_is_said() {
        let error = pins("plan9-mips").unwrap_err();
        insta::assert_snapshot!(error, @"tools.toml is not as it should be: bun has no part for plan9-mips; pin one (docs/tools.md says how)");
    }

    #[test]
    fn a_digest_that_is_none_is_refused_with_the_name_of_its_tool() {
        let broken = PINS.replace("sha512-prL3", "sha512-L3");
        let error = read(&broken, Path::new("tools.toml"), "linux-x86_64").unwrap_err();
        assert!(error.to_string().contains("yarn1, yarn: "), "{error}");
    }
}
