//! The rules: one file each, a unit with its documentation and its judgement.

mod address;
mod alias;
mod allowed_host;
mod bundled;
mod digests_differ;
mod format;
mod integrity_missing;
mod integrity_weak;
mod manifest;
mod origin;
mod outside_registry;
mod runs_at_install;
mod same_digest;
mod transport;
mod two_managers;
mod version_unasked;

pub use format::unreadable;
pub(super) use format::{DOC as FORMAT_DOC, number as format_number};

use super::doc::LockRuleDoc;
use super::finding::{Findings, Judgement};
use super::view::LockfileView;
use super::words::shown;

/// A question about lockfiles.
trait LockRule: Sync {
    /// What it says about itself.
    fn doc(&self) -> &'static LockRuleDoc;

    /// What it says about one lockfile.
    fn judge(&self, _view: &LockfileView<'_>, _findings: &mut Findings<'_>) {}

    /// What it says about several that one of them does not show.
    fn judge_together(&self, _views: &[LockfileView<'_>], _findings: &mut Findings<'_>) {}
}

/// All rules, in the order in which they speak.
static RULES: [&dyn LockRule; 16] = [
    &integrity_missing::IntegrityMissing,
    &integrity_weak::IntegrityWeak,
    &address::AddressNamesAnother,
    &alias::Alias,
    &same_digest::SameDigest,
    &digests_differ::DigestsDiffer,
    &transport::Transport,
    &allowed_host::AllowedHost,
    &origin::OtherOrigin,
    &outside_registry::OutsideRegistry,
    &manifest::ManifestDiffers,
    &version_unasked::VersionUnasked,
    &format::Format,
    &two_managers::TwoManagers,
    &runs_at_install::RunsAtInstall,
    &bundled::Bundled,
];

/// What all rules say about one lockfile.
pub fn judge(view: &LockfileView<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for rule in RULES {
        let mut findings = Findings::of(rule.doc().id, &mut judgement);
        rule.judge(view, &mut findings);
        findings.finish();
    }
    judgement.not_checked.extend(unread(view));
    judgement
}

/// What the reader has passed over, which no rule has seen with a version.
fn unread(view: &LockfileView<'_>) -> Option<String> {
    let skipped = &view.graph.lockfile.skipped;
    let first = skipped.first()?;
    let more = match skipped.len() {
        1 => String::new(),
        many => format!(", and {} more", many - 1),
    };
    Some(format!("{}: not read: {first}{more}", shown(view.path)))
}

/// What all rules say about the lockfiles of one repository taken together, beside what
/// [`judge`] says about each.
pub fn judge_together(views: &[LockfileView<'_>]) -> Judgement {
    let mut judgement = Judgement::default();
    for rule in RULES {
        let mut findings = Findings::of(rule.doc().id, &mut judgement);
        rule.judge_together(views, &mut findings);
        findings.finish();
    }
    judgement
}

/// The documentation of all rules about lockfiles and their changes.
pub fn docs() -> Vec<&'static LockRuleDoc> {
    let own = RULES.iter().map(|rule| rule.doc());
    let of_changes = super::change::DOCS.into_iter();
    let others = [
        &super::settings::DOC,
        &super::registry::DOC,
        &super::artifact::DOC,
    ];
    own.chain(of_changes).chain(others).collect()
}
