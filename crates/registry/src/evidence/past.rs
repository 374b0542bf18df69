//! What a document shows of the releases before one.

use customs_model::{PackageName, ReleaseId, Timestamp, Version};
use customs_origin::history::{People, ReleaseLine, Seen};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Earlier releases of the same line that are shown. The judgement looks at five, and leaves
/// prereleases aside where they do not count.
const OF_LINE: usize = 10;
/// Earlier releases of other lines, which are mentioned only.
const OF_OTHERS: usize = 3;
/// Earlier releases that are shown at most.
pub const MOST_EARLIER: usize = OF_LINE + OF_OTHERS;
/// Names and domains that are remembered.
const PEOPLE: usize = 500;

/// The people who published earlier releases, as they are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crowd {
    /// Their names.
    pub names: BTreeSet<String>,
    /// The domains of their e-mail addresses, lower case.
    pub mail_domains: BTreeSet<String>,
}

impl Crowd {
    /// Adds one; `false`: there are more than are remembered.
    pub(super) fn add(&mut self, name: &str, mail_domain: Option<&str>) -> bool {
        if self.names.len() >= PEOPLE {
            return false;
        }
        self.names.insert(customs_model::printable(name, 100));
        let domain = mail_domain.map(|domain| customs_model::printable(domain, 255));
        self.mail_domains.extend(domain);
        true
    }

    /// As the judgement takes them.
    pub fn people(&self) -> People {
        People {
            names: self.names.clone(),
            mail_domains: self.mail_domains.clone(),
        }
    }
}

/// The same for what may not be known.
pub fn people(of: &Seen<Crowd>) -> Seen<People> {
    match of {
        Seen::Is(crowd) => Seen::Is(crowd.people()),
        Seen::Absent => Seen::Absent,
        Seen::Stripped => Seen::Stripped,
        Seen::NotAsked(because) => Seen::NotAsked(because.clone()),
        Seen::NotApplicable => Seen::NotApplicable,
    }
}

/// A version of a document, with its publish time.
pub(super) struct Dated<'a, T> {
    pub version: &'a Version,
    pub published: Option<Timestamp>,
    pub what: T,
}

/// The releases that one is compared with, the newest first: those of its line, and a few of
/// other lines. Without a publish time nobody knows what came before.
pub(super) fn earlier<'a, T>(
    package: &PackageName,
    release: &ReleaseId,
    published: Option<Timestamp>,
    all: impl Iterator<Item = Dated<'a, T>>,
) -> Vec<Dated<'a, T>> {
    let (Some(at), Some(line)) = (published, ReleaseLine::of(release)) else {
        return Vec::new();
    };
    let mut before: Vec<Dated<'_, T>> = all
        .filter(|one| one.published.is_some_and(|other| other < at))
        .collect();
    before.sort_by(|a, b| (b.published, b.version).cmp(&(a.published, a.version)));
    let (mut of_line, mut of_others) = (0, 0);
    before.retain(|one| {
        let id = ReleaseId::new(package.clone(), one.version.clone());
        match ReleaseLine::of(&id) {
            Some(other) if other == line => {
                of_line += 1;
                of_line <= OF_LINE
            }
            Some(_) => {
                of_others += 1;
                of_others <= OF_OTHERS
            }
            None => false,
        }
    });
    before
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_of_the_line_and_a_few_of_others_are_shown() {
        let release: ReleaseId = "pkg:npm/a@1.99.0".parse().unwrap();
        let versions: Vec<Version> = (0..40)
            .map(|n| Version::new(&format!("{}.{n}.0", 1 + n % 2)).unwrap())
            .collect();
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let all = versions.iter().zip(0..).map(|(version, second)| Dated {
            version,
            published: Some(at(second)),
            what: (),
        });
        let found = earlier(&release.package, &release, Some(at(30)), all);
        assert_eq!(found.len(), MOST_EARLIER);
        assert_eq!(found[0].version.as_str(), "2.29.0");
        assert!(found.iter().all(|one| one.published < Some(at(30))));
        let of_line = found
            .iter()
            .filter(|o| o.version.as_str().starts_with("1."));
        assert_eq!(of_line.count(), OF_LINE);
    }
}
