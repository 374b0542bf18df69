//! Where a commit stands in its repository, as a clone tells it.
//!
//! TanStack's malicious versions of May 2026 had valid provenance; by some accounts they were built
//! from a commit that no branch holds. Only a clone shows that. The clone's refs are its owner's
//! word: they are as good as the place that it was cloned from.

use super::object::ObjectId;
use customs_model::{Known, ReleaseId};
use serde::{Deserialize, Serialize};

/// Where a commit stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitPlace {
    /// Whether the default branch holds it.
    pub in_default_branch: Known<bool>,
    /// The default branch, as the clone names it. Not safe to print as it is.
    pub default_branch: Option<String>,
    /// Other branches and tags that hold it, some of them. Not known where the history is cut.
    pub held_by: Known<Vec<String>>,
    /// The tags that are named for the release.
    pub tags: Vec<VersionTag>,
}

/// A tag that is named for a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionTag {
    /// Its name. Not safe to print as it is.
    pub name: String,
    /// The commit that it names; none where that could not be read.
    pub commit: Option<ObjectId>,
    /// Whether its history holds the commit that is compared. Release tools often tag a commit
    /// that they make after the one that was built.
    pub holds: Known<bool>,
}

/// The commit stands nowhere, so it is nobody's released source; or it does; or nobody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// In the default branch.
    Default,
    /// In another branch or a tag: ordinary for old lines and for releases from a tag alone.
    Elsewhere(String),
    /// In none.
    Nowhere,
    /// Not known because.
    NotKnown(String),
}

impl CommitPlace {
    /// The sum.
    pub fn standing(&self) -> Standing {
        match (&self.in_default_branch, &self.held_by) {
            (Known::Is(true), _) => Standing::Default,
            (_, Known::Is(held)) if !held.is_empty() => {
                Standing::Elsewhere(held.first().cloned().unwrap_or_default())
            }
            (Known::NotKnown(why), _) | (_, Known::NotKnown(why)) => {
                Standing::NotKnown(why.clone())
            }
            (Known::Is(false) | Known::NotApplicable, Known::Is(_) | Known::NotApplicable) => {
                Standing::Nowhere
            }
        }
    }
}

/// Whether a tag is named for a release: `v1.2.3`, `1.2.3`, `name-1.2.3`, `@scope/name@1.2.3`,
/// `name/v1.2.3`, `release-1.2.3`, `rel_1_2_3`, and the like.
pub fn is_tag_of(tag: &str, release: &ReleaseId) -> bool {
    let version = release.version.as_str();
    let underlined = version.replace('.', "_");
    let before = [version, underlined.as_str()]
        .into_iter()
        .find_map(|version| tag.strip_suffix(version));
    let Some(before) = before else {
        return false;
    };
    let before = before.strip_suffix(['v', 'V']).unwrap_or(before);
    let Some(stem) = before
        .strip_suffix(['-', '_', '/', '@', '.'])
        .or_else(|| before.is_empty().then_some(""))
    else {
        // `name1.2.3` and `name11.2.3` could not be told apart.
        return before == "r" || before == "rel";
    };
    let package = &release.package;
    let names = [
        package.as_str(),
        package.unscoped(),
        "",
        "v",
        "release",
        "releases",
        "rel",
        "version",
    ];
    let same = |a: &str, b: &str| {
        a.replace('_', "-")
            .eq_ignore_ascii_case(&b.replace('_', "-"))
    };
    names.iter().any(|name| same(name, stem))
        || same(&package.as_str().replace('/', "-"), stem)
        || same(package.as_str().trim_start_matches('@'), stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(text: &str) -> ReleaseId {
        text.parse().unwrap()
    }

    #[test]
    fn tags_are_known_by_the_forms_that_projects_use() {
        let scoped = release("pkg:npm/%40scope/name@1.2.3");
        for tag in [
            "v1.2.3",
            "1.2.3",
            "name-v1.2.3",
            "name@1.2.3",
            "@scope/name@1.2.3",
            "name/v1.2.3",
            "release-1.2.3",
            "release/1.2.3",
            "rel_1_2_3",
            "scope/name-1.2.3",
            "releases/v1.2.3",
        ] {
            assert!(is_tag_of(tag, &scoped), "{tag}");
        }
        for tag in [
            "v11.2.3",
            "other-1.2.3",
            "v1.2.30",
            "v1.2.3-rc.1",
            "name1.2.3",
            "1.2",
        ] {
            assert!(!is_tag_of(tag, &scoped), "{tag}");
        }
    }

    #[test]
    fn what_is_not_known_is_never_nowhere() {
        let place = |default, held: Known<Vec<String>>| CommitPlace {
            in_default_branch: default,
            default_branch: None,
            held_by: held,
            tags: vec![],
        };
        const CUT: &str = "the clone is shallow";
        assert_eq!(
            place(Known::Is(false), Known::Is(vec![])).standing(),
            Standing::Nowhere
        );
        assert!(matches!(
            place(Known::not_known(CUT), Known::Is(vec![])).standing(),
            Standing::NotKnown(_)
        ));
        assert!(matches!(
            place(Known::Is(false), Known::not_known(CUT)).standing(),
            Standing::NotKnown(_)
        ));
        assert_eq!(
            place(
                Known::not_known(CUT),
                Known::Is(vec!["refs/tags/v1".to_owned()])
            )
            .standing(),
            Standing::Elsewhere("refs/tags/v1".to_owned())
        );
    }
}
