//! The signed summary: making one of a record, and checking one of somebody else.

use super::Arguments;
use super::key;
use crate::error::{Doing as _, Failure};
use crate::output;
use customs_device::tree::disk;
use customs_inclusion::dsse;
use customs_inclusion::limit;
use customs_inclusion::question::Question;
use customs_inclusion::record::Record;
use customs_inclusion::vsa::{self, Order, Outcome, Resource, Statement};
use customs_model::{Digest, printable};
use ed25519_dalek::SigningKey;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

/// What to sign with, and what is stated: all that must be right before the work begins.
pub struct Plan {
    key: SigningKey,
    verifier: String,
    resource: Option<String>,
    demanded: BTreeSet<Question>,
}

impl Plan {
    /// Reads it from the arguments.
    pub fn of(arguments: &Arguments) -> Result<Self, Failure> {
        let path = arguments.key.as_deref().ok_or_else(|| {
            Failure::usage(
                "a signed summary needs a key: --key FILE; `customs included --new-key FILE` makes one",
            )
        })?;
        let key = key::private(path)?;
        let id = dsse::key_id(&key.verifying_key());
        let demanded = match arguments.demand.is_empty() {
            // What a summary without further words promises: the tree is the artifacts'.
            true => BTreeSet::from([Question::Tree]),
            false => arguments.demand.iter().map(|one| one.question()).collect(),
        };
        Ok(Self {
            key,
            verifier: arguments
                .verifier
                .clone()
                .unwrap_or_else(|| format!("urn:customs:ed25519:{id}")),
            resource: arguments.resource.clone(),
            demanded,
        })
    }

    /// The envelope, and whether it says `PASSED`.
    pub fn sign(&self, record: &Record, policy: &Digest) -> Result<(String, bool), Failure> {
        let order = Order {
            verifier: self.verifier.clone(),
            resource: self.resource.clone().unwrap_or_else(|| resource(record)),
            policy: Resource::new("urn:customs:policy", policy),
            // Which bundles were looked at the record does not say.
            inputs: Vec::new(),
            demanded: self.demanded.clone(),
        };
        let statement =
            vsa::state(record, &order).map_err(|error| Failure::nothing(error.to_string()))?;
        let is_passed = statement.predicate.verification_result == Outcome::Passed;
        let text = vsa::sign(&statement, &self.key).doing("sign the summary")?;
        Ok((text, is_passed))
    }
}

/// What the artifacts are part of, where nobody said it: a package URL of no registry.
fn resource(record: &Record) -> String {
    let mut out = format!("pkg:generic/{}", escaped(&record.project));
    if let Some(commit) = &record.commit {
        let _ = write!(out, "@{}", escaped(commit));
    }
    out
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => {
                out.push(char::from(byte));
            }
            // Writing into a text cannot fail.
            byte => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// Checks a signed summary: whose signature, what it says, and whether that is enough.
pub fn check(envelope: &Path, arguments: &Arguments) -> Result<u8, Failure> {
    let path = arguments.public_key.as_deref().ok_or_else(|| {
        Failure::usage("--check needs the public key of whoever signed: --public-key FILE")
    })?;
    let public = key::public(path)?;
    let name = printable(&envelope.display().to_string(), 300);
    let bytes = disk::read_up_to(envelope, limit::ENVELOPE as u64)
        .doing(format_args!("read {name}"))?
        .ok_or_else(|| Failure::usage(format!("{name} is longer than a summary that is read")))?;
    match vsa::verify(&bytes, &public) {
        Ok(statement) => {
            let (text, is_enough) = told(&statement, arguments);
            output::result(&text)?;
            Ok(u8::from(!is_enough))
        }
        Err(error) => {
            output::result(&format!("NOT VERIFIED: {error}\n"))?;
            Ok(1)
        }
    }
}

/// What a summary says, and whether it is what was asked for.
fn told(statement: &Statement, arguments: &Arguments) -> (String, bool) {
    let predicate = &statement.predicate;
    let mut wrong = Vec::new();
    if predicate.verification_result == Outcome::Failed {
        wrong.push("its result is FAILED".to_owned());
    }
    let asked = [
        ("verifier", &arguments.verifier, &predicate.verifier.id),
        ("resource", &arguments.resource, &predicate.resource_uri),
    ];
    for (what, asked, said) in asked {
        if let Some(asked) = asked.as_ref().filter(|asked| *asked != said) {
            wrong.push(format!("its {what} is not {}", printable(asked, 300)));
        }
    }
    for question in arguments.demand.iter().map(|one| one.question()) {
        if !predicate.demanded.contains(&question) {
            wrong.push(format!("it did not demand: {}", question.key()));
        }
    }
    let mut out = String::from("The signature holds.\n");
    let demanded: Vec<&str> = predicate.demanded.iter().map(|one| one.key()).collect();
    for (what, text) in [
        ("verifier", predicate.verifier.id.as_str()),
        ("about", predicate.resource_uri.as_str()),
        ("policy", predicate.policy.uri.as_str()),
        ("at", predicate.time_verified.as_str()),
        ("demanded", &demanded.join(", ")),
        ("artifacts", &statement.subject.len().to_string()),
    ] {
        let _ = writeln!(out, "  {what:<12} {}", printable(text, 500));
    }
    for (question, tally) in &predicate.counts {
        let (yes, no, not_checked) = (tally.yes, tally.no, tally.not_checked);
        let what = question.key();
        let absent = match tally.absent {
            0 => String::new(),
            absent => format!(", {absent} rightly absent"),
        };
        let _ = writeln!(
            out,
            "  {what:<12} {yes} yes, {no} no, {not_checked} not checked{absent}"
        );
    }
    let _ = match wrong.is_empty() {
        true => writeln!(out, "PASSED"),
        false => writeln!(out, "NOT ENOUGH: {}", wrong.join("; ")),
    };
    (out, wrong.is_empty())
}
