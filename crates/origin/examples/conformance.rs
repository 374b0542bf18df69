//! Runs evidence of others through this crate, and compares the answers with what each case asks
//! for: `cargo xtask conformance` calls it.
//!
//! ```text
//! conformance bundles FOLDER       # cases in the layout of the public conformance suite
//! conformance provenance LIST      # files of an index with what it offers about them
//! ```
//!
//! A folder of cases has a folder for each: `bundle.sigstore.json`, and, where it differs from the
//! default, `artifact` (else `a.txt` beside the cases), `identity`, `issuer`, `key.pub` and
//! `trusted_root.json`. A case whose name ends in `_fail` must be refused. Each is asked twice:
//! for the file, and for its digest. Many cases bring the root of Sigstore's test instance, which no
//! program accepts: only with the feature `conformance` are they asked at all.
//!
//! A list has a line for each file, with tabs between its words: how the answer begins (`holds`, or
//! the reason of the refusal), the release, the path of the file, and the path of an attestation, a
//! provenance object or a bundle.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it talks to the person who called it"
)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use customs_model::{Answer, Digest, DigestAlgorithm, Hasher, ReleaseId};
use customs_origin::answer::Offered;
use customs_origin::sigstore::{Authority, Bundle, Proof, PublicKey, RootError, Subject};
use customs_origin::{Finding, Refusal, Trust, Why, pypi};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Who signs the cases of the public suite that name nobody else.
const IDENTITY: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
/// Who confirms that identity.
const ISSUER: &str = "https://token.actions.githubusercontent.com";

/// Cases of the public suite that ask for what is no question here, and why.
const ASIDE: [(&str, &str); 2] = [
    (
        "managed-key-and-client-identity_fail",
        "it asks about two options of a command line",
    ),
    (
        "managed-key-and-trusted-root",
        "a key's signature that no log knows is no evidence here",
    ),
];

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// How many answers were right.
#[derive(Default)]
struct Count {
    right: usize,
    wrong: usize,
    aside: usize,
}

impl Count {
    fn note(&mut self, is_right: bool, line: &str) {
        match is_right {
            true => self.right += 1,
            false => self.wrong += 1,
        }
        println!("{} {line}", if is_right { "right" } else { "WRONG" });
    }

    fn aside(&mut self, name: &str, why: &str) {
        self.aside += 1;
        println!("aside {name}: {why}");
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["bundles", folder] => bundles(Path::new(folder)),
        ["provenance", list] => provenance(Path::new(list)),
        _ => Err("usage: conformance bundles FOLDER | provenance LIST".into()),
    };
    match done {
        Ok(Count {
            right: 0, wrong: 0, ..
        }) => {
            eprintln!("no case was found");
            ExitCode::FAILURE
        }
        Ok(count) => {
            let Count {
                right,
                wrong,
                aside,
            } = count;
            println!("{right} right, {wrong} wrong, {aside} cases aside");
            match count.wrong {
                0 => ExitCode::SUCCESS,
                _ => ExitCode::FAILURE,
            }
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn bundles(folder: &Path) -> Outcome<Count> {
    let mut cases: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            cases.push(path);
        }
    }
    cases.sort();
    let mut count = Count::default();
    for case in cases {
        let name = case.file_name().unwrap_or_default().to_string_lossy();
        if let Some(why) = why_aside(&name, &case)? {
            count.aside(&name, why);
            continue;
        }
        let artifact = match case.join("artifact").is_file() {
            true => case.join("artifact"),
            false => folder.join("a.txt"),
        };
        let artifact = fs::read(artifact)?;
        let digest = digest_of(&artifact, &case)?;
        for (what, subject) in [
            ("file", Subject::Bytes(&artifact)),
            ("digest", Subject::Digest(&digest)),
        ] {
            let said = asked(&case, subject)?;
            let line = match &said {
                Ok(()) => format!("{name}, {what}: it holds"),
                Err(why) => format!("{name}, {what}: {why}"),
            };
            count.note(said.is_err() == name.ends_with("_fail"), &line);
        }
    }
    Ok(count)
}

/// The digest of an artifact that is asked for: SHA-256, or what a statement names in its place.
fn digest_of(artifact: &[u8], case: &Path) -> Outcome<Digest> {
    let bundle = fs::read(case.join("bundle.sigstore.json"))?;
    // Some cases are about bundles that are no JSON.
    let bundle: Value = serde_json::from_slice(&bundle).unwrap_or_default();
    let payload = bundle
        .pointer("/dsseEnvelope/payload")
        .and_then(Value::as_str);
    let payload = payload.and_then(|payload| STANDARD.decode(payload).ok());
    let statement: Value = payload
        .and_then(|payload| serde_json::from_slice(&payload).ok())
        .unwrap_or_default();
    let named = |algorithm: &str| {
        let subjects = statement["subject"].as_array();
        let mut subjects = subjects.into_iter().flatten();
        subjects.any(|subject| subject["digest"].get(algorithm).is_some())
    };
    let algorithm = match !named("sha256") && named("sha512") {
        true => DigestAlgorithm::Sha512,
        false => DigestAlgorithm::Sha256,
    };
    let mut hasher = Hasher::new(algorithm);
    hasher.update(artifact);
    Ok(hasher.finish())
}

/// Why a case is not asked.
fn why_aside(name: &str, case: &Path) -> Outcome<Option<&'static str>> {
    if let Some((_, why)) = ASIDE.iter().find(|(aside, _)| *aside == name) {
        return Ok(Some(why));
    }
    let bundle = case.join("bundle.sigstore.json");
    if !bundle.is_file() {
        return Ok(Some("it has no bundle"));
    }
    // Some cases are about bundles that are no JSON.
    let bundle: Value = serde_json::from_slice(&fs::read(bundle)?).unwrap_or_default();
    let entries = bundle.pointer("/verificationMaterial/tlogEntries");
    let entries = entries.and_then(Value::as_array).into_iter().flatten();
    let mut kinds = entries.map(|entry| &entry["kindVersion"]);
    Ok(kinds
        .any(|kind| *kind == json!({"kind": "dsse", "version": "0.0.2"}))
        .then_some("its kind of entry was taken back before any public log used it"))
}

/// A root that a case brings.
#[cfg(feature = "conformance")]
fn root(json: &str) -> Result<Authority, RootError> {
    Authority::from_json_of_any_instance(json.as_bytes())
}

/// A root that a case brings, as a program takes it.
#[cfg(not(feature = "conformance"))]
fn root(json: &str) -> Result<Authority, RootError> {
    Authority::from_json(json.as_bytes(), customs_origin::sigstore::Instance::Own)
}

/// What is said of one case: nothing, or what stands against it.
fn asked(case: &Path, subject: Subject<'_>) -> Outcome<Result<(), String>> {
    let text = |name: &str| -> Outcome<Option<String>> {
        let path = case.join(name);
        match path.is_file() {
            true => Ok(Some(fs::read_to_string(path)?)),
            false => Ok(None),
        }
    };
    let authority = match text("trusted_root.json")? {
        None => Authority::public_good(),
        Some(json) => root(&json),
    };
    // A root that may not be used refuses the case, and says why.
    let authority = match authority {
        Ok(authority) => authority,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let bundle = match Bundle::read(&fs::read(case.join("bundle.sigstore.json"))?) {
        Ok(bundle) => bundle,
        Err(refusal) => return Ok(Err(spoken(&refusal))),
    };
    if let Some(pem) = text("key.pub")? {
        let key = key(&pem).ok_or("key.pub is no public key")?;
        let proof = authority.verify_with_key(&bundle, subject, &key);
        return Ok(statement(proof.map_err(|refusal| spoken(&refusal))));
    }
    let issuer = text("issuer")?.unwrap_or_else(|| ISSUER.to_owned());
    let identity = text("identity")?.unwrap_or_else(|| IDENTITY.to_owned());
    let proof = authority.verify(&bundle, subject, &[issuer.trim()]);
    let proof = proof.map_err(|refusal| spoken(&refusal)).and_then(|proof| {
        let found = proof.identity.as_ref().map_or("", |one| &one.subject);
        match found == identity.trim() {
            true => Ok(proof),
            false => Err(format!("it was signed by {found:?}")),
        }
    });
    Ok(statement(proof))
}

/// Whoever asks for evidence of an artifact reads the statement that was signed as well.
fn statement(proof: Result<Proof, String>) -> Result<(), String> {
    let proof = proof?;
    match proof.payload.as_deref() {
        None => Ok(()),
        Some(payload) => customs_origin::statement::Statement::read(payload)
            .map(drop)
            .map_err(|refusal| spoken(&refusal)),
    }
}

fn spoken(refusal: &Refusal) -> String {
    format!("{}: {refusal}", word(refusal.why))
}

/// The reason as programs write it.
fn word(why: Why) -> String {
    json!(why).as_str().unwrap_or_default().to_owned()
}

fn key(pem: &str) -> Option<PublicKey> {
    let body: String = pem
        .lines()
        .filter(|line| !line.starts_with("---"))
        .collect();
    PublicKey::from_spki(&STANDARD.decode(body).ok()?)
}

fn provenance(list: &Path) -> Outcome<Count> {
    let trust = Trust::embedded()?;
    let mut count = Count::default();
    for line in fs::read_to_string(list)?.lines() {
        let words: Vec<&str> = line.split('\t').collect();
        let [expected, release, file, evidence] = words.as_slice() else {
            return Err(format!("not a line of a list: {line}").into());
        };
        let release: ReleaseId = release.parse()?;
        let said = offered(&release, Path::new(file), Path::new(evidence), &trust)?;
        let name = Path::new(evidence).file_name().unwrap_or_default();
        let name = name.to_string_lossy();
        let is_right = said.starts_with(expected);
        count.note(is_right, &format!("{name}: {said}"));
    }
    Ok(count)
}

/// `holds`, or why not.
fn offered(release: &ReleaseId, file: &Path, evidence: &Path, trust: &Trust) -> Outcome<String> {
    let bytes = fs::read(file)?;
    let digest = Digest::sha256(&bytes);
    let mut document = fs::read(evidence)?;
    let value: Value = serde_json::from_slice(&document)?;
    if value.get("mediaType").is_some() {
        let bundle = Bundle::read(&document);
        let proof = bundle.and_then(|bundle| {
            let issuers = [
                pypi::ISSUERS.as_slice(),
                &["https://github.com/login/oauth"],
            ]
            .concat();
            let subject = Subject::Bytes(&bytes);
            trust.public.authority.verify(&bundle, subject, &issuers)
        });
        return Ok(match proof {
            Ok(_) => "holds".to_owned(),
            Err(refusal) => spoken(&refusal),
        });
    }
    if value.get("envelope").is_some() {
        let object = json!({"version": 1, "attestation_bundles": [{"publisher": null, "attestations": [value]}]});
        document = object.to_string().into_bytes();
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let asked = pypi::File {
        release,
        name: &name,
        digest: &digest,
    };
    let answer = pypi::look(&asked, &Offered::Here(document), trust);
    Ok(match &answer.attestation {
        Answer::Yes => {
            let who = answer.identity.map_or_else(String::new, |one| one.subject);
            format!("holds: {who}")
        }
        Answer::No => {
            let findings = answer.findings.iter();
            let whys = findings.filter_map(|finding| match finding {
                Finding::Refused { why, detail, .. } => Some(format!("{}: {detail}", word(*why))),
                _ => None,
            });
            format!("no: {}", whys.collect::<Vec<_>>().join("; "))
        }
        Answer::NotChecked(why) => format!("not-checked: {why}"),
    })
}
