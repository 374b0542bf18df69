use super::{Ask, Case, Rule};
use crate::Findings;
use crate::doc::{Facts, RuleDoc};
use customs_model::{Confidence, Contradiction, ContradictionKind, Dossier, Severity};

/// An artifact whose manifest says something else than its document.
pub(super) struct ManifestConfusion;

static DOC: RuleDoc = RuleDoc {
    id: "manifest-confusion",
    title: "What resolvers believe is what lies in the artifact.",
    what: "The manifest in a young artifact has a script that runs at install, a dependency or a command that the \
           registry's document does not have, or it is of another name or version. Another command, another \
           range or another entry is a note, for tools rewrite them while they publish, and so is a feature that \
           turns on more. What only the document has is not spoken of: registries add to it.",
    why: "Registries keep what a client sent beside the archive and compare the two seldom or never. Whoever \
          reads the document sees a release that nobody installs.",
    effect: "warn",
    ends: "30 d after publication",
    settings: &[],
    facts: Facts {
        npm: "the version object of the document; package.json of the tarball",
        pypi: "the metadata file that the index promises for a wheel; METADATA in the wheel",
        cargo: "`deps` and `features` of the index line; Cargo.toml of the crate",
    },
    fires: &[
        "A tarball with a postinstall that its document does not name.",
        "A tarball with a command `node` in its `bin` that its document does not name.",
        "A wheel that requires a project that its metadata file on the index leaves out.",
    ],
    silent: &[
        "The registry adds `install: node-gyp rebuild` to the document.",
        "A tarball that names a folder of commands, and a document that names each of its files.",
        "A source distribution, whose dependencies its build decides.",
    ],
    learnt_from: "npm's manifest confusion (published June 2023).",
};

impl Rule for ManifestConfusion {
    fn doc(&self) -> &'static RuleDoc {
        &DOC
    }

    fn judge(&self, dossier: &Dossier, findings: &mut Findings) {
        for contradiction in &dossier.contradictions {
            let severity = if contradiction.kind.is_rare() {
                Severity::Medium
            } else {
                Severity::Note
            };
            findings.add(&DOC, severity, Confidence::High, words(contradiction));
        }
    }

    fn ask(&self, case: &Case<'_>) -> Option<Ask> {
        case.recent()?;
        let worst = case.dossier.contradictions.iter().min()?;
        worst.kind.is_rare().then(|| Ask::warn(words(worst)))
    }
}

/// For people, as a part of a sentence about the release.
fn words(contradiction: &Contradiction) -> String {
    let Contradiction {
        kind,
        artifact,
        document,
    } = contradiction;
    match kind {
        ContradictionKind::HiddenScript => {
            format!("its artifact has a script that its document does not have: {artifact}")
        }
        ContradictionKind::HiddenDependency => {
            format!("its artifact has a dependency that its document does not have: {artifact}")
        }
        ContradictionKind::HiddenCommand => {
            format!("its artifact has a command that its document does not have: {artifact}")
        }
        ContradictionKind::OtherName => {
            format!("its artifact calls itself {artifact}, its document {document}")
        }
        ContradictionKind::OtherVersion => {
            format!("its artifact is of version {artifact}, its document of {document}")
        }
        ContradictionKind::OtherScript => {
            format!(
                "its artifact has the script {artifact:?}, its document the command {document:?}"
            )
        }
        ContradictionKind::OtherCommand => {
            format!("its artifact has the command {artifact:?}, its document the file {document:?}")
        }
        ContradictionKind::OtherRequirement => {
            format!("its artifact asks for {artifact}, its document for {document}")
        }
        ContradictionKind::HiddenFeature => {
            format!(
                "its artifact has a feature that turns on more than its document says: {artifact}"
            )
        }
        ContradictionKind::OtherEntry => {
            format!("its artifact is entered by {artifact:?}, its document says {document:?}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::dossier;
    use crate::{RuleSet, judge};

    fn found(kind: ContradictionKind) -> Vec<(Severity, String)> {
        let mut dossier = dossier("npm", "pkg", "1.2.4", "2026-03-01T00:00:00Z");
        dossier.contradictions = vec![Contradiction {
            kind,
            artifact: "postinstall: node a.js".to_owned(),
            document: String::new(),
        }];
        judge(&dossier, &RuleSet::standard())
            .findings
            .into_iter()
            .filter(|finding| finding.rule.as_str() == DOC.id)
            .map(|finding| (finding.severity, finding.message))
            .collect()
    }

    #[test]
    fn a_hidden_script_is_suspicious_and_another_command_a_note() {
        let hidden = found(ContradictionKind::HiddenScript);
        assert_eq!(
            hidden,
            [(
                Severity::Medium,
                "its artifact has a script that its document does not have: postinstall: node a.js"
                    .to_owned()
            )]
        );
        assert_eq!(found(ContradictionKind::OtherScript)[0].0, Severity::Note);
    }

    #[test]
    fn a_release_that_contradicts_nothing_is_not_spoken_of() {
        let dossier = dossier("npm", "pkg", "1.2.4", "2026-03-01T00:00:00Z");
        let verdict = judge(&dossier, &RuleSet::standard());
        assert!(verdict.findings.iter().all(|f| f.rule.as_str() != DOC.id));
    }
}
