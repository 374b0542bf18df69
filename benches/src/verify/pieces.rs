//! The pieces that the other questions are made of: a Sigstore bundle, a signature of a registry, a
//! lockfile.

use crate::error::{Doing as _, Error};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use customs_ecosystem::lockfile::{Graph, Kind};
use customs_model::{Answer, Digest, DigestAlgorithm, ReleaseId};
use customs_origin::lockfile::{LockfileView, Options, judge};
use customs_origin::signature::{self, Keys, Signature};
use customs_origin::sigstore::{Authority, Bundle, Subject};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// How long each is repeated in a round.
const LONG: Duration = Duration::from_millis(200);
/// Entries of the lockfile.
pub const ENTRIES: usize = 10_000;
const BUNDLE: &str = "test_data/bundles/sigstore.js@2.0.0-provenance.sigstore.json";
const ISSUER: &str = "https://token.actions.githubusercontent.com";

/// The word of npm's registry about a release, as its document has it.
const SIGNED: [&str; 4] = [
    "pkg:npm/pnpm@10.1.0",
    "sha512-yJhHsGZ92rUDlru9AIoqQ887WB79Wc9dmqiSPqH7S4EGwEHVQNCKywlQN1lNc+vFHh7InuQMiLMLimbA+uCsGw==",
    "SHA256:DhQ8wR5APBvFHLF/+Tc+AYvPOdTpcIDqOhxsBHRwC7U",
    "MEUCIQDlkgmNyZjT7KUY8AO6jH7Gs3fyiXG8nbTnuLbd8fOS2AIgXyJ6SaYhumMFzUYQAZPJGhsnlaD5N0X2MZsbG+eS/Xo=",
];

/// Microseconds of each, a figure for each round.
#[derive(Debug, Default)]
pub struct Pieces {
    /// Reading and verifying a bundle of npm, with its certificate, log and SCT.
    pub bundle: Vec<f64>,
    /// Verifying a signature of npm's registry.
    pub signature: Vec<f64>,
    /// Reading and judging a lockfile of [`ENTRIES`] entries.
    pub lockfile: Vec<f64>,
    /// Bytes of that lockfile.
    pub lockfile_bytes: usize,
}

/// Measures each in turn. Each is shown to be answered *yes* before.
pub fn measure(rounds: usize) -> Result<Pieces, Error> {
    let bundle = Real::new()?;
    let signed = Signed::new()?;
    let lock = lockfile()?;
    let mut pieces = Pieces {
        lockfile_bytes: lock.len(),
        ..Pieces::default()
    };
    for _ in 0..rounds {
        pieces.bundle.push(repeated(|| bundle.verify())?);
        pieces.signature.push(repeated(|| signed.verify())?);
        pieces.lockfile.push(repeated(|| judged(&lock))?);
    }
    Ok(pieces)
}

/// The mean of many runs, in microseconds.
fn repeated(mut run: impl FnMut() -> Result<(), Error>) -> Result<f64, Error> {
    run()?;
    let start = Instant::now();
    let mut runs = 0u32;
    while start.elapsed() < LONG {
        run()?;
        runs += 1;
    }
    Ok(start.elapsed().as_secs_f64() * 1e6 / f64::from(runs))
}

/// A bundle of a real release, which ships with the crate that verifies it.
struct Real {
    json: Vec<u8>,
    digest: Digest,
    authority: Authority,
}

impl Real {
    fn new() -> Result<Self, Error> {
        let path = folder_of("sigstore-verify")?.join(BUNDLE);
        let json = std::fs::read(&path).map_err(Error::io("read", &path))?;
        let bundle: Value = serde_json::from_slice(&json).doing("read the bundle")?;
        let payload = bundle["dsseEnvelope"]["payload"].as_str();
        let payload = STANDARD
            .decode(payload.unwrap_or_default())
            .doing("read the bundle's statement")?;
        let payload: Value = serde_json::from_slice(&payload).doing("read its statement")?;
        let hex = payload["subject"][0]["digest"]["sha512"].as_str();
        Ok(Self {
            json,
            digest: Digest::from_hex(DigestAlgorithm::Sha512, hex.unwrap_or_default())
                .doing("read the digest that it is about")?,
            authority: Authority::public_good().doing("read the root")?,
        })
    }

    fn verify(&self) -> Result<(), Error> {
        let bundle = Bundle::read(&self.json);
        let bundle = bundle.map_err(|refusal| Error::said(format!("{refusal:?}")))?;
        let subject = Subject::Digest(&self.digest);
        self.authority
            .verify(&bundle, subject, &[ISSUER])
            .map(drop)
            .map_err(|refusal| Error::said(format!("the real bundle is refused: {refusal:?}")))
    }
}

struct Signed {
    release: ReleaseId,
    signatures: [Signature; 1],
    keys: Keys,
}

impl Signed {
    fn new() -> Result<Self, Error> {
        let [release, _, keyid, sig] = SIGNED.map(str::to_owned);
        Ok(Self {
            release: release.parse().doing("read a release")?,
            signatures: [Signature { keyid, sig }],
            keys: Keys::embedded(),
        })
    }

    fn verify(&self) -> Result<(), Error> {
        let [_, integrity, ..] = SIGNED;
        let signed = signature::check(&self.signatures, &self.release, integrity, None, &self.keys);
        match signed.answer {
            Answer::Yes => Ok(()),
            answer => Err(Error::said(format!("the real signature: {answer:?}"))),
        }
    }
}

/// A lockfile of npm in which nothing is wrong.
fn lockfile() -> Result<Vec<u8>, Error> {
    let mut packages = serde_json::Map::new();
    let dependencies: serde_json::Map<String, Value> = (0..100)
        .map(|number| (format!("package-{number}"), "^1.0.0".into()))
        .collect();
    let root = json!({ "name": "measured", "version": "1.0.0", "dependencies": dependencies });
    packages.insert(String::new(), root);
    for number in 0..ENTRIES {
        let name = format!("package-{number}");
        // Each asks for some that come later, as a tree does.
        let asked: serde_json::Map<String, Value> = (1..4)
            .map(|step| number * 3 + step + 100)
            .filter(|other| *other < ENTRIES)
            .map(|other| (format!("package-{other}"), "^1.0.0".into()))
            .collect();
        let digest = Digest::from_hex(
            DigestAlgorithm::Sha512,
            &Digest::sha256(name.as_bytes()).to_hex().repeat(2),
        )
        .doing("make a digest")?;
        let entry = json!({
            "version": "1.0.0",
            "resolved": format!("https://registry.example/{name}/-/{name}-1.0.0.tgz"),
            "integrity": digest.to_sri(),
            "license": "MIT",
            "dependencies": asked,
        });
        packages.insert(format!("node_modules/{name}"), entry);
    }
    let lock = json!({
        "name": "measured", "version": "1.0.0", "lockfileVersion": 3, "packages": packages,
    });
    serde_json::to_vec_pretty(&lock).doing("write a lockfile")
}

fn judged(lock: &[u8]) -> Result<(), Error> {
    let graph = Graph::read(Kind::PackageLock, lock).doing("read the lockfile")?;
    let options = Options::default();
    let judgement = judge(&LockfileView::new(
        "package-lock.json",
        &graph,
        &[],
        &options,
    ));
    let found = judgement.findings.first();
    match (found, graph.packages.len() >= ENTRIES) {
        (None, true) => Ok(()),
        (Some(found), _) => Err(Error::said(format!(
            "the lockfile is not in order: {}",
            found.message
        ))),
        (None, false) => Err(Error::said("the lockfile was not read to its end")),
    }
}

/// Where cargo unpacked a dependency of this project.
fn folder_of(package: &str) -> Result<PathBuf, Error> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--offline", "--locked", "--format-version", "1"])
        .output()
        .doing("ask cargo where its packages are")?;
    let metadata: Value = serde_json::from_slice(&output.stdout).doing("read cargo's answer")?;
    let packages = metadata["packages"].as_array();
    let manifest = packages
        .into_iter()
        .flatten()
        .find(|found| found["name"] == package)
        .and_then(|found| found["manifest_path"].as_str());
    let folder = manifest.and_then(|path| Some(PathBuf::from(path).parent()?.to_owned()));
    folder.ok_or_else(|| Error::said(format!("cargo does not know where {package} is")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_piece_is_answered_yes() {
        Real::new().unwrap().verify().unwrap();
        Signed::new().unwrap().verify().unwrap();
        judged(&lockfile().unwrap()).unwrap();
    }
}
