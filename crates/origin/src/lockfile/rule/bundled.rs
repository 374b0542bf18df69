use super::super::doc::LockRuleDoc;
use super::super::finding::{Findings, Said};
use super::super::view::LockfileView;
use super::super::words::{count, spoken};
use super::LockRule;
use customs_ecosystem::lockfile::{Kind, Package, Source};
use customs_model::Severity;
use std::collections::BTreeSet;

/// Packages that lie inside the artifacts of others.
pub(super) struct Bundled;

static DOC: LockRuleDoc = LockRuleDoc {
    id: "lock-bundled",
    title: "Packages come inside the artifacts of others.",
    what: "Lists what is bundled: packages without a digest of their own, whose bytes are those that the other \
           package carries. Where the file marks who carries them (npm) and nobody does, the mark is false.",
    why: "No registry answers for a bundled copy; it may be any version, or changed. A false mark takes the \
          digest away from an entry without a word.",
    effect: "a note; a warning for a mark that no package accounts for",
    to_do: "For a false mark: let npm write the entry again.",
    fires: &["`\"inBundle\": true`, while no package has `bundleDependencies`."],
    silent: &["Files without bundled packages."],
    learnt_from: "npm's own dependencies are bundled, which is why a rule about digests leaves them out.",
};

impl LockRule for Bundled {
    fn doc(&self) -> &'static LockRuleDoc {
        &DOC
    }

    fn judge(&self, view: &LockfileView<'_>, findings: &mut Findings<'_>) {
        let packages = &view.graph.packages;
        let is_bundled = |package: &&Package| package.source == Source::Bundled;
        let Some(first) = packages.iter().find(is_bundled) else {
            return;
        };
        // Format 1 does not mark who carries what.
        let told = view.graph.kind() == Kind::PackageLock && view.graph.roots_known;
        let carried = packages.iter().any(|package| package.bundles);
        let (severity, but) = match told && !carried {
            true => (
                Severity::Medium,
                ", and no package in this file carries others",
            ),
            false => (Severity::Note, ""),
        };
        let named: BTreeSet<String> = packages.iter().filter(is_bundled).map(spoken).collect();
        findings.add(Said {
            severity,
            message: format!(
                "{} inside another package's artifact{but}",
                match named.len() {
                    1 => "1 release comes".to_owned(),
                    many => format!("{} come", count(many, "release", "releases")),
                }
            ),
            file: view.path,
            line: Some(first.line),
            release: None,
            evidence: named.into_iter().collect(),
        });
    }
}
