//! What a watch can be expected to achieve, for each ecosystem: said when it begins, since a
//! budget has a price and not every registry has a feed of changes.

use super::span;
use customs_model::Ecosystem;
use std::time::Duration;

/// The packages of one ecosystem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lane {
    pub(super) ecosystem: Ecosystem,
    pub(super) packages: usize,
    /// In which each of them is asked about once.
    pub(super) round: Duration,
}

/// A sentence for each ecosystem. The feed, where one was named, is npm's.
pub(super) fn sentences(lanes: &[Lane], has_feed: bool) -> Vec<String> {
    lanes.iter().map(|lane| sentence(*lane, has_feed)).collect()
}

fn sentence(lane: Lane, has_feed: bool) -> String {
    let Lane {
        ecosystem,
        packages,
        round,
    } = lane;
    let counted = match packages {
        1 => "1 package".to_owned(),
        _ => format!("{packages} packages"),
    };
    // A release is as likely to come right after a look as right before one.
    let (half, most) = (span::words(round / 2), span::words(round));
    let looks = format!("each is asked about once in {most}");
    let delay =
        format!("a release is expected to be seen after {half}, at the latest after {most}");
    match ecosystem {
        Ecosystem::Npm if has_feed => format!(
            "{ecosystem}: {counted}; what the feed of changes names is looked at within seconds, and \
             {looks}: for what the feed leaves out, {delay}"
        ),
        Ecosystem::Npm => format!(
            "{ecosystem}: {counted}; no feed of changes was named (--feed), so {looks}: {delay}"
        ),
        Ecosystem::PyPi | Ecosystem::Cargo => format!(
            "{ecosystem}: {counted}; its registries offer no feed of changes that is read here, so \
             {looks}: {delay}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ecosystem_says_whether_it_has_a_feed_and_how_late_a_release_may_be_seen() {
        let lane = |ecosystem, packages, seconds| Lane {
            ecosystem,
            packages,
            round: Duration::from_secs(seconds),
        };
        let lanes = [lane(Ecosystem::Npm, 40, 900), lane(Ecosystem::PyPi, 1, 60)];
        insta::assert_snapshot!(sentences(&lanes, true).join("\n"), @"
        npm: 40 packages; what the feed of changes names is looked at within seconds, and each is asked about once in 15 min: for what the feed leaves out, a release is expected to be seen after 7 min, at the latest after 15 min
        PyPI: 1 package; its registries offer no feed of changes that is read here, so each is asked about once in 60 s: a release is expected to be seen after 30 s, at the latest after 60 s
        ");
        let none = sentences(&lanes[..1], false);
        assert!(
            none[0].contains("no feed of changes was named (--feed)"),
            "{none:?}"
        );
    }
}
