//! What could not be looked at, or not in full: held or said, never waved through.

use super::table::{PUBLISHED, ends_at, update};
use super::under;
use crate::sample::at;
use customs_model::Unread;

#[test]
fn an_artifact_that_cannot_be_read_is_held_7_days() {
    let mut d = update();
    d.unread = Some(Unread::NotReadable("it ends in the middle".to_owned()));
    ends_at(&d, "2026-03-08T00:00:00Z", "unreadable-artifact");
    d.predecessor = None;
    ends_at(&d, "2026-03-08T00:00:00Z", "unreadable-artifact");

    d.unread = Some(Unread::NotFetched("no answer".to_owned()));
    assert_eq!(under(&super::without_ages(), &d, at(PUBLISHED)).reasons, []);
    let verdict = crate::judge(&d, &crate::RuleSet::standard());
    assert_eq!(verdict.not_checked, ["its artifact: no answer"]);
}

#[test]
fn a_hook_that_cannot_be_compared_is_held_7_days() {
    let mut d = update();
    d.manifest.runs.binding_gyp = Some(true);
    let before = d.predecessor.as_mut().unwrap();
    before.manifest.runs.binding_gyp = None;
    assert_eq!(
        under(&super::without_ages(), &d, at(PUBLISHED)).reasons,
        [],
        "nobody looked yet"
    );
    let before = d.predecessor.as_mut().unwrap();
    before.unread = Some(Unread::NotFetched("no answer".to_owned()));
    ends_at(&d, "2026-03-08T00:00:00Z", "unreadable-artifact");
    d.manifest.runs.binding_gyp = Some(false);
    assert_eq!(
        under(&super::without_ages(), &d, at(PUBLISHED)).reasons,
        [],
        "it has none"
    );
}

#[test]
fn more_new_dependencies_than_are_looked_at_are_held_14_days() {
    let mut d = update();
    d.not_followed = vec!["zebra".to_owned()];
    ends_at(
        &d,
        "2026-03-15T00:00:00Z",
        "young-dependency-runs-at-install",
    );
    d.predecessor = None;
    assert_eq!(
        under(&super::without_ages(), &d, at(PUBLISHED)).reasons,
        [],
        "a first release"
    );
}

#[test]
fn dependencies_that_are_not_known_are_said_and_close_the_urgent_lane() {
    let mut d = update();
    d.manifest.dependencies_unknown = Some("no metadata".to_owned());
    let verdict = crate::judge(&d, &crate::RuleSet::standard());
    assert_eq!(
        verdict.not_checked,
        ["which dependencies it adds: no metadata"]
    );
    let objection = crate::lane_objection(&d);
    assert_eq!(
        objection.as_deref(),
        Some("which dependencies it has is not known")
    );
}
