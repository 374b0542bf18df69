//! Findings about the commit itself, whatever the files say.

use super::artifact::Artifact;
use super::finding::{FindingKind, SourceFinding};
use super::place::{CommitPlace, Standing};
use super::{Context, vcs_info};
use customs_model::{Known, Severity, printable};

/// Where the commit stands, and the tags of the release.
pub fn findings(
    place: &CommitPlace,
    context: &Context,
    base: &str,
    not_checked: &mut Vec<String>,
) -> Vec<SourceFinding> {
    let mut found = Vec::new();
    let (commit, by) = (context.commit.short(), context.named_by.words());
    match place.standing() {
        Standing::Default | Standing::Elsewhere(_) => {}
        Standing::NotKnown(why) => not_checked.push(format!(
            "Whether a branch or a tag holds commit {commit} is not known, because {why}."
        )),
        Standing::Nowhere => found.push(SourceFinding::new(
            FindingKind::CommitNowhere,
            Severity::High,
            format!("Commit {commit}, which {by} names, is in the clone, but no branch and no tag holds it: anybody who can open a pull request can make such a commit."),
        )),
    }
    let version = printable(context.release.version.as_str(), 80);
    let names_it = place
        .tags
        .iter()
        .any(|tag| tag.commit == Some(context.commit));
    let other = place.tags.iter().find_map(|tag| Some((tag, tag.commit?)));
    match (other, place.tags.first()) {
        _ if names_it => {}
        (Some((tag, other)), _) => {
            // `v1.2.3` of a repository with many packages may be another package's.
            let own = base.is_empty() || tag.name.contains(context.release.package.unscoped());
            let (severity, how) = match (&tag.holds, own) {
                (Known::Is(true), _) => (Severity::Note, ", which comes after it"),
                (Known::Is(false), true) => (Severity::Medium, ""),
                (Known::Is(false) | Known::NotKnown(_) | Known::NotApplicable, _) => {
                    (Severity::Low, "")
                }
            };
            let sentence = format!(
                "Tag {} names {}{how}; {by} names {commit}.",
                printable(&tag.name, 120),
                other.short()
            );
            found.push(SourceFinding::new(
                FindingKind::OtherTag,
                severity,
                sentence,
            ));
        }
        (None, Some(tag)) => not_checked.push(format!(
            "Which commit tag {} names could not be read.",
            printable(&tag.name, 120)
        )),
        (None, None) => found.push(SourceFinding::new(
            FindingKind::NoTag,
            Severity::Note,
            format!("No tag of the clone is named for {version}."),
        )),
    }
    found
}

/// What cargo wrote down about the commit.
pub fn vcs_info(artifact: &Artifact, context: &Context) -> Vec<SourceFinding> {
    let Some(info) = vcs_info::of_crate(artifact) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    if info.dirty {
        found.push(SourceFinding::new(
            FindingKind::DirtyTree,
            Severity::Note,
            "cargo says that the work tree had changes that were not committed; that is ordinary, and what differs is listed.".to_owned(),
        ));
    }
    if info.commit != context.commit.to_string() {
        found.push(SourceFinding::new(
            FindingKind::OtherCommit,
            Severity::Medium,
            format!(
                "cargo wrote down commit {}; {} names {}.",
                info.commit.get(..12).unwrap_or(&info.commit),
                context.named_by.words(),
                context.commit.short()
            ),
        ));
    }
    found
}
