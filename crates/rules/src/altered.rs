//! A release whose content is not what it was, as a finding.
//!
//! Who follows a registry sees it; the gate refuses such bytes by the digest that it pinned,
//! so no policy names `altered-release`.

use crate::Findings;
use crate::doc::{Facts, RuleDoc};
use crate::judge;
use customs_model::{Confidence, Severity, Standing, Verdict};

/// What `altered-release` says about itself.
pub(crate) static DOC: RuleDoc = RuleDoc {
    id: "altered-release",
    title: "A release has one content, for ever.",
    what: "`customs watch` remembers the digest that a registry named first for each release, on PyPI for each file, \
           and reads those that lockfiles name. It speaks when a registry names another one for the same release, and \
           when two lockfiles name different ones. The first digest stays what later ones are compared with.",
    why: "Registries promise that a release never changes. Where it does, somebody replaced it, or two places hold \
          different packages under one name; what was reviewed is not what is installed.",
    effect: "the verdict is suspicious at least; the gate delivers only the digest that it saw first",
    ends: "never by itself: it is told once for each content",
    settings: &[],
    facts: Facts {
        npm: "`dist.integrity` and `dist.shasum`; the lockfiles",
        pypi: "the hashes of the page",
        cargo: "`cksum` of the index line; the lockfiles",
    },
    fires: &[
        "axios 1.14.0 had one `integrity` an hour ago and has another one now.",
        "Two projects pin the same version of a package by different SHA-512 digests.",
    ],
    silent: &[
        "A registry that names a SHA-512 digest where it named only a SHA-1 digest before.",
        "A wheel that is added to an old release: that is a new file.",
    ],
    learnt_from: "the promise that lockfiles rest on, and mirrors that broke it.",
};

/// Adds to a verdict that the content of the release is not what it was. `message` is a
/// sentence that is safe to print.
pub fn add_altered(verdict: &mut Verdict, message: String) {
    let mut findings = Findings::default();
    findings.add(&DOC, Severity::High, Confidence::High, message);
    let said = judge::verdict(findings);
    // What cannot be read now is no excuse for what was seen.
    if verdict.standing != Standing::Malicious {
        verdict.standing = said.standing;
    }
    verdict.findings.splice(0..0, said.findings);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn altered(standing: Standing) -> Verdict {
        let mut verdict = Verdict {
            standing,
            findings: Vec::new(),
            not_checked: Vec::new(),
        };
        add_altered(&mut verdict, "it has another content".to_owned());
        verdict
    }

    #[test]
    fn another_content_is_suspicious_even_where_it_cannot_be_read() {
        for standing in [Standing::Clean, Standing::Suspicious, Standing::NotJudged] {
            let verdict = altered(standing);
            assert_eq!(verdict.standing, Standing::Suspicious);
            assert_eq!(verdict.findings[0].rule.as_str(), "altered-release");
        }
    }

    #[test]
    fn what_is_proven_stays_proven() {
        assert_eq!(altered(Standing::Malicious).standing, Standing::Malicious);
    }
}
