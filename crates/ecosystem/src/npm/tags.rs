//! Dist-tags after hiding.
//!
//! Peers get this wrong in seven ways: a tag that follows publish time becomes a
//! backport, one that follows string order prefers 1.9 to 1.21, one that counts
//! prereleases serves a canary, candidates taken from `time` dangle, a tag is moved
//! although its target survived, other tags are dropped although packages depend on
//! them, and a tag of an old line leaves its line.

use super::version::{NpmVersion, release_line};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Where each tag points once hidden versions are gone.
///
/// A tag whose target is offered stays. Otherwise it moves to the highest stable
/// offered version not above the old target, of the same release line where one is
/// left, not deprecated where one is left. If the old target is itself a prerelease,
/// it moves to the highest offered prerelease not above it, where there is one. A tag
/// that is named after a major version (`latest-4`, `v4-lts`) never leaves it. A tag
/// without any candidate is dropped: it never dangles.
///
/// `offered` are the versions that the document keeps, with whether they are
/// deprecated.
pub fn repair<'a>(
    tags: &BTreeMap<String, String>,
    offered: impl Iterator<Item = (&'a str, bool)> + Clone,
) -> BTreeMap<String, String> {
    let there: HashSet<&str> = offered.clone().map(|(version, _)| version).collect();
    let mut candidates: Option<Vec<Candidate<'a>>> = None;
    // Many tags of one target are answered once.
    let mut moved: HashMap<(&str, bool), Option<&'a str>> = HashMap::new();
    tags.iter()
        .filter_map(|(tag, target)| {
            if there.contains(target.as_str()) {
                return Some((tag.clone(), target.clone()));
            }
            let old = NpmVersion::parse(target)?;
            let stays = names_major(tag, old.major);
            let candidates = candidates.get_or_insert_with(|| parse(offered.clone()));
            let target = *moved
                .entry((target, stays))
                .or_insert_with(|| replacement(&old, stays, candidates));
            Some((tag.clone(), target?.to_owned()))
        })
        .collect()
}

/// Whether a tag's name holds the number of a major version.
fn names_major(tag: &str, major: u64) -> bool {
    tag.split(|c: char| !c.is_ascii_digit())
        .any(|number| number.parse() == Ok(major))
}

struct Candidate<'a> {
    text: &'a str,
    version: NpmVersion,
    deprecated: bool,
}

fn parse<'a>(offered: impl Iterator<Item = (&'a str, bool)>) -> Vec<Candidate<'a>> {
    offered
        .filter_map(|(text, deprecated)| {
            Some(Candidate {
                text,
                version: NpmVersion::parse(text)?,
                deprecated,
            })
        })
        .collect()
}

fn replacement<'a>(old: &NpmVersion, stays: bool, candidates: &[Candidate<'a>]) -> Option<&'a str> {
    let line = release_line(old);
    let best = |prereleases: bool| {
        candidates
            .iter()
            .filter(|c| c.version <= *old && c.version.is_prerelease() == prereleases)
            .filter(|c| !stays || c.version.major == old.major)
            .max_by_key(|c| {
                (
                    release_line(&c.version) == line,
                    !c.deprecated,
                    c.version.clone(),
                )
            })
            .map(|c| c.text)
    };
    match old.is_prerelease() {
        true => best(true).or_else(|| best(false)),
        false => best(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(tag_target: &str, offered: &[&str]) -> Option<String> {
        let tags = BTreeMap::from([("latest".to_owned(), tag_target.to_owned())]);
        repair(&tags, offered.iter().map(|v| (*v, false))).remove("latest")
    }

    #[test]
    fn a_backport_published_later_does_not_become_latest() {
        // In publication order: 0.35.0 came after 1.21.0.
        assert_eq!(
            moved("1.21.1", &["1.20.0", "1.21.0", "0.35.0"]).as_deref(),
            Some("1.21.0")
        );
    }

    #[test]
    fn numbers_are_compared_as_numbers() {
        assert_eq!(
            moved("1.21.1", &["1.9.0", "1.21.0"]).as_deref(),
            Some("1.21.0")
        );
    }

    #[test]
    fn a_stable_tag_never_becomes_a_prerelease_or_a_newer_version() {
        let offered = ["16.4.5", "16.5.0-canary.9", "9.5.6-canary.9", "17.0.0"];
        assert_eq!(moved("16.4.6", &offered).as_deref(), Some("16.4.5"));
        assert_eq!(moved("16.4.6", &["16.4.6-rc.1"]), None);
    }

    #[test]
    fn a_prerelease_tag_falls_back_to_the_highest_surviving_prerelease() {
        let offered = ["16.4.5", "16.5.0-canary.8", "16.5.0-canary.7"];
        assert_eq!(
            moved("16.5.0-canary.9", &offered).as_deref(),
            Some("16.5.0-canary.8")
        );
    }

    #[test]
    fn the_same_release_line_is_preferred() {
        let tags = BTreeMap::from([("latest-4".to_owned(), "4.22.1".to_owned())]);
        let kept = repair(
            &tags,
            ["3.9.9", "4.21.0", "5.1.0"].into_iter().map(|v| (v, false)),
        );
        assert_eq!(kept["latest-4"], "4.21.0");
        assert_eq!(
            moved("2.0.0", &["1.9.0", "1.8.0"]).as_deref(),
            Some("1.9.0")
        );
    }

    #[test]
    fn a_tag_whose_target_survives_is_not_touched() {
        let tags = BTreeMap::from([
            ("cjs".into(), "3.0.0-cjs".into()),
            ("latest".into(), "2.0.0".into()),
        ]);
        let kept = repair(
            &tags,
            ["2.0.0", "3.0.0", "3.0.0-cjs"]
                .into_iter()
                .map(|v| (v, false)),
        );
        assert_eq!(kept, tags);
    }

    #[test]
    fn a_deprecated_version_is_the_last_choice_within_its_line() {
        let tags = BTreeMap::from([("latest".into(), "2.3.0".into())]);
        let kept = repair(
            &tags,
            [("2.2.0", true), ("2.1.0", false), ("1.0.0", false)].into_iter(),
        );
        assert_eq!(kept["latest"], "2.1.0");
    }

    #[test]
    fn a_tag_without_a_candidate_is_dropped_and_never_dangles() {
        assert_eq!(moved("1.0.0", &[]), None);
        assert_eq!(moved("not a version", &["1.0.0"]), None);
    }
}
