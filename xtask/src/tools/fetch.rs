//! Archives from the registries that the user's own clients are configured with.
//!
//! No client of our own: `npm` and `pip` know their servers, credentials, proxies and
//! certificates. What they bring counts only when its digest is the pinned one.

use super::pins::{Part, Pin, Registry};
use crate::error::Error;
use crate::workspace::Needed;
use customs_model::{Digest, DigestAlgorithm, Hasher};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

/// npm, for the JavaScript package managers.
pub const NPM: Needed = Needed {
    program: if cfg!(windows) { "npm.cmd" } else { "npm" },
    needed_for: "getting pnpm, yarn and bun",
    remedy: "install Node.js with npm",
};

/// Python, for uv and pip.
pub const PYTHON: Needed = Needed {
    program: if cfg!(windows) { "python" } else { "python3" },
    needed_for: "getting uv and pip",
    remedy: "install Python 3 with pip and venv (Debian: python3-pip, python3-venv)",
};

/// Downloads every archive of these pins into an empty folder, in one call of the client.
pub fn download(registry: Registry, pins: &[&Pin], folder: &Path) -> Result<(), Error> {
    let parts: Vec<&Part> = pins.iter().flat_map(|pin| &pin.parts).collect();
    match registry {
        Registry::Npm => npm_pack(&parts, folder),
        Registry::Pypi => pip_download(&parts, folder),
    }
}

fn npm_pack(parts: &[&Part], folder: &Path) -> Result<(), Error> {
    let mut command = Command::new(NPM.program);
    command.args([
        "pack",
        "--ignore-scripts",
        "--loglevel=error",
        "--pack-destination",
    ]);
    command
        .arg(folder)
        .args(parts.iter().map(|part| part.spec()))
        .current_dir(folder);
    NPM.run(&mut command)
}

fn pip_download(parts: &[&Part], folder: &Path) -> Result<(), Error> {
    let list = folder.join("requirements.txt");
    fs::write(&list, requirements(parts)).map_err(Error::io("write", &list))?;
    let mut command = Command::new(PYTHON.program);
    command.args([
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--only-binary=:all:",
    ]);
    command
        .args(["--require-hashes", "--requirement"])
        .arg(&list);
    command.arg("--dest").arg(folder).current_dir(folder);
    PYTHON.run(&mut command)?;
    fs::remove_file(&list).map_err(Error::io("remove", &list))
}

fn requirements(parts: &[&Part]) -> String {
    parts
        .iter()
        .map(|part| {
            format!(
                "{}=={} --hash={}\n",
                part.package, part.version, part.digest
            )
        })
        .collect()
}

/// What has been downloaded: files and their digests.
pub struct Downloads(Vec<(PathBuf, Vec<Digest>)>);

impl Downloads {
    /// Reads a folder of downloads.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let mut files = Vec::new();
        for entry in fs::read_dir(folder).map_err(Error::io("list", folder))? {
            let path = entry.map_err(Error::io("list", folder))?.path();
            if path.is_file() {
                let digests = digests(&path)?;
                files.push((path, digests));
            }
        }
        files.sort();
        Ok(Self(files))
    }

    /// The file of a part. The digest alone decides which: clients name files as they like.
    pub fn find(&self, part: &Part) -> Result<&Path, Error> {
        let found = self
            .0
            .iter()
            .find(|(_, digests)| digests.contains(&part.digest));
        found
            .map(|(path, _)| path.as_path())
            .ok_or_else(|| Error::WrongDigest {
                package: part.spec(),
                pinned: as_pinned(&part.digest),
                came: self.describe(part),
            })
    }

    /// The files that may have been meant, with their digests; when none looks like it, all
    /// names.
    fn describe(&self, part: &Part) -> String {
        let named = self.0.iter().map(|(path, digests)| {
            (
                path.file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
                digests,
            )
        });
        let (meant, others): (Vec<_>, Vec<_>) =
            named.partition(|(name, _)| name.contains(&part.version));
        let algorithm = part.digest.algorithm();
        let words: Vec<String> = if meant.is_empty() {
            others.into_iter().map(|(name, _)| name).collect()
        } else {
            let with_digest = meant.into_iter().map(|(name, digests)| {
                let digest = digests
                    .iter()
                    .find(|digest| digest.algorithm() == algorithm);
                format!("{name} ({})", digest.map(as_pinned).unwrap_or_default())
            });
            with_digest.collect()
        };
        if words.is_empty() {
            "nothing".to_owned()
        } else {
            words.join(", ")
        }
    }
}

/// A digest as `tools.toml` writes it.
fn as_pinned(digest: &Digest) -> String {
    match digest.algorithm() {
        DigestAlgorithm::Sha512 => digest.to_sri(),
        _ => digest.to_string(),
    }
}

/// Both digests that pins are written in.
fn digests(path: &Path) -> Result<Vec<Digest>, Error> {
    let mut hashers = [
        Hasher::new(DigestAlgorithm::Sha256),
        Hasher::new(DigestAlgorithm::Sha512),
    ];
    let mut file = File::open(path).map_err(Error::io("open", path))?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer).map_err(Error::io("read", path))?;
        if read == 0 {
            return Ok(hashers.map(Hasher::finish).into());
        }
        for hasher in &mut hashers {
            hasher.update(&buffer[..read]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(content: &[u8]) -> Part {
        Part {
            package: "left".into(),
            version: "1.0.0".into(),
            digest: Digest::sha256(content),
        }
    }

    #[test]
    fn the_digest_decides_which_file_is_taken_whatever_its_name() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("right-9.9.9.tgz"), b"left").unwrap();
        fs::write(folder.path().join("left-1.0.0.tgz"), b"something else").unwrap();
        let downloads = Downloads::read(folder.path()).unwrap();
        assert!(
            downloads
                .find(&part(b"left"))
                .unwrap()
                .ends_with("right-9.9.9.tgz")
        );
    }

    #[test]
    fn a_file_with_another_digest_is_refused_and_both_digests_are_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("left-1.0.0.tgz"), b"changed").unwrap();
        let error = Downloads::read(folder.path())
            .unwrap()
            .find(&part(b"left"))
            .unwrap_err();
        insta::assert_snapshot!(error, @"no file that came for left@1.0.0 has the pinned digest sha256:360f84035942243c6a36537ae2f8673485e6c04455a0a85a0db19690f2541480; came: left-1.0.0.tgz (sha256:d67e2e944994496c8d8ec76eed0cf9f09679448d584b532bebf941852a37f5ed). Nothing of it was unpacked. If the pin is out of date, change xtask/tools.toml");
    }

    #[test]
    fn npm_digests_are_checked_as_well_as_those_of_wheels() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.tgz"), b"x").unwrap();
        let mut hasher = Hasher::new(DigestAlgorithm::Sha512);
        hasher.update(b"x");
        let part = Part {
            digest: hasher.finish(),
            ..part(b"")
        };
        assert!(Downloads::read(folder.path()).unwrap().find(&part).is_ok());
    }

    #[test]
    fn pip_is_given_every_digest() {
        insta::assert_snapshot!(requirements(&[&part(b"left")]), @"left==1.0.0 --hash=sha256:360f84035942243c6a36537ae2f8673485e6c04455a0a85a0db19690f2541480");
    }
}
