//! What an attestation says: the in-toto statement in a verified envelope.
//!
//! `sigstore-verify` binds the artifact's digest and nothing else. Without the checks here a valid
//! attestation of another version with equal bytes, or of another package, would pass.
//! Format: <https://github.com/in-toto/attestation/tree/main/spec>.

use crate::why::{Refusal, Why};
use customs_model::{Digest, DigestAlgorithm, ReleaseId, printable};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What is read of a statement.
pub mod limit {
    /// Bytes of a statement. Real ones have 1 to 10 KiB.
    pub const STATEMENT: usize = 1 << 20;
}

/// The types of statement that are known.
const TYPES: [&str; 2] = [
    "https://in-toto.io/Statement/v0.1",
    "https://in-toto.io/Statement/v1",
];

/// A statement about one artifact. It is worth what the envelope around it is worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// What the artifact is called.
    pub subject: String,
    /// Its digests, by the algorithm's name.
    pub digests: BTreeMap<String, String>,
    /// What kind of thing is said.
    pub predicate_type: String,
    /// What is said; none where it is `null` or absent, as in PyPI's publish attestations.
    pub predicate: Option<Value>,
}

#[derive(Deserialize)]
struct Wire {
    #[serde(rename = "_type")]
    kind: Option<String>,
    subject: Option<Vec<WireSubject>>,
    #[serde(rename = "predicateType")]
    predicate_type: Option<String>,
    predicate: Option<Value>,
}

#[derive(Deserialize)]
struct WireSubject {
    name: Option<String>,
    digest: Option<BTreeMap<String, String>>,
}

impl Statement {
    /// Reads a statement that speaks of exactly one artifact.
    ///
    /// # Errors
    /// Not JSON, an unknown `_type`, no subject or several, a subject without a name.
    pub fn read(json: &[u8]) -> Result<Self, Refusal> {
        if json.len() > limit::STATEMENT {
            return Err(Refusal::new(Why::TooLarge, format!("{} bytes", json.len())));
        }
        let wire: Wire = serde_json::from_slice(json)
            .map_err(|error| Refusal::new(Why::Unreadable, format!("its statement: {error}")))?;
        let kind = wire.kind.unwrap_or_default();
        if !TYPES.contains(&kind.as_str()) {
            return Err(Refusal::new(Why::StatementType, format!("{kind:?}")));
        }
        let [subject] = <[WireSubject; 1]>::try_from(wire.subject.unwrap_or_default())
            .map_err(|all| Refusal::new(Why::SubjectCount, format!("{} subjects", all.len())))?;
        let name = subject
            .name
            .ok_or_else(|| Refusal::new(Why::SubjectName, "its subject has no name"))?;
        Ok(Self {
            subject: name,
            digests: subject.digest.unwrap_or_default(),
            predicate_type: wire.predicate_type.unwrap_or_default(),
            predicate: wire.predicate,
        })
    }

    /// Whether it is about these bytes: *every* digest of this algorithm that it names is this one.
    ///
    /// # Errors
    /// It names another digest, or none of this algorithm.
    pub fn check_digest(&self, digest: &Digest) -> Result<(), Refusal> {
        let algorithm = digest.algorithm();
        let named = self.digests.get(algorithm.name()).ok_or_else(|| {
            let names: Vec<&str> = self.digests.keys().map(String::as_str).collect();
            let detail = format!(
                "asked for {}, it names {}",
                algorithm.name(),
                names.join(", ")
            );
            Refusal::new(Why::SubjectDigest, detail)
        })?;
        match Digest::from_hex(algorithm, named) {
            Ok(named) if named == *digest => Ok(()),
            Ok(_) | Err(_) => {
                let detail = format!("asked for {digest}, it names {named:?}");
                Err(Refusal::new(Why::SubjectDigest, detail))
            }
        }
    }

    /// Whether it is about this release of an npm package, by its package URL, in any of the
    /// encodings that a package URL allows.
    ///
    /// # Errors
    /// It names another package, version or ecosystem, or says more than a package URL of a
    /// release does (qualifiers, a path).
    pub fn check_npm_subject(&self, release: &ReleaseId) -> Result<(), Refusal> {
        let named = &self.subject;
        let plain = !named.contains(['?', '#']);
        match named.parse::<ReleaseId>() {
            Ok(subject) if plain && subject == *release => Ok(()),
            Ok(_) | Err(_) => Err(Refusal::new(
                Why::SubjectName,
                format!("asked for {release}, it names {named:?}"),
            )),
        }
    }

    /// Whether what it says is one of the kinds that were asked for.
    ///
    /// # Errors
    /// It is not.
    pub fn check_predicate_type(&self, expected: &[&str]) -> Result<(), Refusal> {
        if expected.contains(&self.predicate_type.as_str()) {
            return Ok(());
        }
        Err(Refusal::new(
            Why::PredicateType,
            format!("{:?}", self.predicate_type),
        ))
    }

    /// Whether the registry's statement that it accepted a release names this one.
    ///
    /// # Errors
    /// Another name or version, or none.
    pub fn check_publish_predicate(&self, release: &ReleaseId) -> Result<(), Refusal> {
        let text = |name: &str| self.predicate.as_ref().and_then(|p| p.get(name)?.as_str());
        let (name, version) = (text("name"), text("version"));
        if name == Some(release.package.as_str()) && version == Some(release.version.as_str()) {
            return Ok(());
        }
        let shown = |text: Option<&str>| text.map_or("nothing".to_owned(), |t| printable(t, 80));
        let detail = format!(
            "asked for {}, it names {} {}",
            release.spoken(),
            shown(name),
            shown(version)
        );
        Err(Refusal::new(Why::PublishPredicate, detail))
    }
}

/// The digest algorithm that an ecosystem's attestations are made over.
pub(crate) fn is_attested(algorithm: DigestAlgorithm) -> bool {
    match algorithm {
        DigestAlgorithm::Sha256 | DigestAlgorithm::Sha512 => true,
        DigestAlgorithm::Sha1 | DigestAlgorithm::Sha384 => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::{Ecosystem, PackageName, Version};
    use proptest::prelude::*;

    fn release(name: &str, version: &str) -> ReleaseId {
        ReleaseId::new(
            PackageName::new(Ecosystem::Npm, name).unwrap(),
            Version::new(version).unwrap(),
        )
    }

    fn read(kind: &str, subjects: &str) -> Result<Statement, Refusal> {
        let json = format!(
            r#"{{"_type":"{kind}","subject":{subjects},"predicateType":"p","predicate":null}}"#
        );
        Statement::read(json.as_bytes())
    }

    fn named(name: &str) -> Statement {
        read(
            TYPES[1],
            &format!(r#"[{{"name":"{name}","digest":{{"sha512":"00"}}}}]"#),
        )
        .unwrap()
    }

    #[test]
    fn a_statement_speaks_of_exactly_one_artifact() {
        let one = r#"{"name":"a","digest":{"sha256":"00"}}"#;
        for (kind, subjects, why) in [
            (TYPES[0], "[]".to_owned(), Why::SubjectCount),
            (TYPES[0], "null".to_owned(), Why::SubjectCount),
            (TYPES[1], format!("[{one},{one}]"), Why::SubjectCount),
            (TYPES[1], r#"[{"digest":{}}]"#.to_owned(), Why::SubjectName),
            (
                "https://in-toto.io/Statement/v2",
                format!("[{one}]"),
                Why::StatementType,
            ),
            ("", format!("[{one}]"), Why::StatementType),
        ] {
            assert_eq!(
                read(kind, &subjects).unwrap_err().why,
                why,
                "{kind} {subjects}"
            );
        }
        assert_eq!(read(TYPES[0], &format!("[{one}]")).unwrap().predicate, None);
        let twice = br#"{"_type":"a","_type":"https://in-toto.io/Statement/v1","subject":[]}"#;
        assert_eq!(Statement::read(twice).unwrap_err().why, Why::Unreadable);
    }

    #[test]
    fn a_subject_is_this_very_release_in_any_encoding() {
        for (subject, name, version, same) in [
            ("pkg:npm/a@1.0.0", "a", "1.0.0", true),
            ("pkg:npm/%40s/n@1.0.0", "@s/n", "1.0.0", true),
            ("pkg:npm/@s/n@1.0.0", "@s/n", "1.0.0", true),
            ("pkg:npm/%40s%2Fn@1.0.0", "@s/n", "1.0.0", true),
            ("pkg:npm/a@1.0.0%2Bb.1", "a", "1.0.0+b.1", true),
            ("pkg:npm/a@1.0.0+b.1", "a", "1.0.0+b.1", true),
            ("pkg:npm/a@1.0.1", "a", "1.0.0", false),
            ("pkg:npm/b@1.0.0", "a", "1.0.0", false),
            ("pkg:npm/A@1.0.0", "a", "1.0.0", false),
            ("pkg:npm/n@1.0.0", "@s/n", "1.0.0", false),
            ("pkg:pypi/a@1.0.0", "a", "1.0.0", false),
            ("pkg:npm/a@1.0.0?arch=x", "a", "1.0.0", false),
            ("a@1.0.0", "a", "1.0.0", false),
            ("", "a", "1.0.0", false),
        ] {
            let checked = named(subject).check_npm_subject(&release(name, version));
            assert_eq!(checked.is_ok(), same, "{subject}");
        }
    }

    #[test]
    fn a_digest_of_another_algorithm_proves_nothing() {
        let digest = Digest::sha256(b"x");
        let with = |digests: String| {
            read(
                TYPES[1],
                &format!(r#"[{{"name":"a","digest":{{{digests}}}}}]"#),
            )
            .unwrap()
        };
        let hex = digest.to_hex();
        assert!(
            with(format!(r#""sha256":"{hex}""#))
                .check_digest(&digest)
                .is_ok()
        );
        for wrong in [
            format!(r#""sha512":"{hex}""#),
            format!(r#""sha256":"{}""#, Digest::sha256(b"y").to_hex()),
            format!(r#""sha256":"{}""#, &hex[1..]),
            String::new(),
        ] {
            let refused = with(wrong).check_digest(&digest).unwrap_err();
            assert_eq!(refused.why, Why::SubjectDigest);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fail(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(Statement::read(&bytes).is_err());
        }
    }
}
