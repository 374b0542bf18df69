use super::super::doc::LockRuleDoc;
use super::super::finding::{Findings, Said};
use super::super::view::{LockfileView, strongest};
use super::super::words::{count, spoken};
use super::LockRule;
use customs_model::{DigestAlgorithm, Severity};

/// A release that is promised by SHA-1 alone.
pub(super) struct IntegrityWeak;

static DOC: LockRuleDoc = LockRuleDoc {
    id: "lock-integrity-weak",
    title: "Entries are bound by SHA-1 alone.",
    what: "Counts the releases from a registry whose only digest is SHA-1.",
    why: "Two files with one SHA-1 can be made (SHAttered, 2017). Such an entry binds what was there when it \
          was written, but a publisher could have prepared two artifacts for it.",
    effect: "warns, once for a file",
    to_do: "Let the package manager write these entries again: current ones write SHA-512.",
    fires: &["A yarn.lock from before Yarn 1.10, with `#<sha1>` and no `integrity`."],
    silent: &["SHA-512 and SHA-1 in one integrity string."],
    learnt_from: "Old lockfiles that nobody wrote anew; registries offer both digests for most releases.",
};

impl LockRule for IntegrityWeak {
    fn doc(&self) -> &'static LockRuleDoc {
        &DOC
    }

    fn judge(&self, view: &LockfileView<'_>, findings: &mut Findings<'_>) {
        let weak: Vec<_> = view
            .of_registry()
            .filter(|(_, locked)| strongest(locked) == Some(DigestAlgorithm::Sha1))
            .collect();
        let Some((first, _)) = weak.first() else {
            return;
        };
        findings.add(Said {
            severity: Severity::Low,
            message: format!(
                "{} bound by SHA-1 alone",
                match weak.len() {
                    1 => "1 release is".to_owned(),
                    many => format!("{} are", count(many, "release", "releases")),
                }
            ),
            file: view.path,
            line: Some(first.line),
            release: None,
            evidence: weak.iter().map(|(package, _)| spoken(package)).collect(),
        });
    }
}
