//! What is wrong with where packages come from: proofs that do not hold, statements that contradict
//! each other, a history that lost something, a source that is another one.

use super::super::report::{PackageOrigin, Subject};
use super::super::rules;
use super::Wrong;
use customs_model::{Answer, Severity, printable};
use customs_origin::Finding;
use customs_origin::answer::Evidence;
use customs_origin::history::Outcome as Told;
use customs_origin::lockfile::{LockRuleDoc, Outcome};

/// Of every package, in the order of the releases.
pub(super) fn origin(subject: &Subject) -> Vec<Wrong> {
    let packages = subject.packages.iter();
    packages
        .flat_map(|package| {
            let at = At { subject, package };
            let mut all = at.proofs();
            all.extend(at.contradictions());
            all.extend(at.history());
            all.extend(at.source());
            all
        })
        .collect()
}

/// One package of a subject.
struct At<'a> {
    subject: &'a Subject,
    package: &'a PackageOrigin,
}

impl At<'_> {
    /// What was offered and does not hold, with why each piece was refused.
    fn proofs(&self) -> Vec<Wrong> {
        let origin = &self.package.origin;
        let asked = [
            (Proof::Signature, "the registry's signature does not hold"),
            (Proof::Attestation, "an attestation does not hold"),
        ];
        asked
            .into_iter()
            .filter(|(proof, _)| self.fails(*proof))
            .map(|(proof, what)| {
                let refused = origin.findings.iter();
                let refused = refused.filter(|finding| Proof::of(finding) == Some(proof));
                let mut evidence: Vec<String> = refused.map(Finding::words).collect();
                evidence.extend(origin.notes.iter().cloned());
                let message = format!("{}: {what}", self.spoken());
                self.say(&rules::ORIGIN, Outcome::Fails, message, proof.key())
                    .with(evidence)
            })
            .collect()
    }

    /// What a person should see although no proof fails.
    fn contradictions(&self) -> Vec<Wrong> {
        let findings = self.package.origin.findings.iter();
        findings
            .filter(|finding| !Proof::of(finding).is_some_and(|proof| self.fails(proof)))
            .map(|finding| {
                let words = finding.words();
                let message = format!("{}: {words}", self.spoken());
                let key = format!("finding\0{words}");
                self.say(&rules::ORIGIN, Outcome::Warns, message, &key)
            })
            .collect()
    }

    fn history(&self) -> Option<Wrong> {
        let history = self.package.history.as_ref()?;
        let outcome = match history.outcome {
            Told::Block => Outcome::Fails,
            Told::Warn => Outcome::Warns,
            Told::Quiet | Told::Note | Told::NotChecked(_) => return None,
        };
        let sentence = history.sentence.clone();
        let wrong = self.say(&rules::ORIGIN, outcome, sentence, "history");
        Some(wrong.with(history.asides.clone()))
    }

    /// What makes the source another one. Less is told by the JSON alone.
    fn source(&self) -> Vec<Wrong> {
        let reports = self.package.source.iter();
        let findings = reports.flat_map(|report| &report.findings);
        findings
            .filter(|finding| finding.severity >= Severity::Medium)
            .map(|finding| {
                let message = format!("{}: {}", self.spoken(), finding.sentence);
                let key = format!("{:?}\0{}", finding.kind, finding.paths.join("\0"));
                let paths = finding.paths.iter().map(|path| printable(path, 300));
                self.say(&rules::SOURCE, Outcome::Fails, message, &key)
                    .with(paths.collect())
            })
            .collect()
    }

    fn fails(&self, proof: Proof) -> bool {
        let origin = &self.package.origin;
        match proof {
            Proof::Signature => origin.signature == Answer::No,
            Proof::Attestation => origin.attestation == Answer::No,
        }
    }

    fn spoken(&self) -> String {
        self.package.release.spoken()
    }

    fn say(
        &self,
        doc: &'static LockRuleDoc,
        outcome: Outcome,
        message: String,
        key: &str,
    ) -> Wrong {
        let release = &self.package.release;
        Wrong {
            rule: doc.id.to_owned(),
            doc: Some(doc),
            outcome,
            message,
            evidence: Vec::new(),
            release: Some(release.clone()),
            file: self.subject.in_repository.clone(),
            line: self.subject.lines.get(release).copied().unwrap_or(1),
            key: format!("{release}\0{key}"),
        }
    }
}

impl Wrong {
    fn with(self, evidence: Vec<String>) -> Self {
        Self { evidence, ..self }
    }
}

/// What is answered for a package.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proof {
    Signature,
    Attestation,
}

impl Proof {
    /// Whose refusal a finding is; none where it is no refusal.
    const fn of(finding: &Finding) -> Option<Self> {
        match finding {
            Finding::Refused { evidence, .. } => Some(match evidence {
                Evidence::RegistrySignature => Self::Signature,
                Evidence::RegistryPublish
                | Evidence::Publish
                | Evidence::Provenance
                | Evidence::Other => Self::Attestation,
            }),
            Finding::PredicateDiffers { .. }
            | Finding::PublisherDiffers { .. }
            | Finding::SeveralIdentities { .. }
            | Finding::CommitDiffers { .. } => None,
        }
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Attestation => "attestation",
        }
    }
}
