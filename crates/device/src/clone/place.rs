//! Which branches and tags hold a commit.

use super::git::{Git, REFS};
use super::refs::Refs;
use super::{CloneError, limit};
use customs_model::{Known, ReleaseId};
use customs_origin::source::{CommitPlace, ObjectId, VersionTag, is_tag_of};

/// Asks git, with the refs that were read. What cannot be told is *not known*, never *no*.
pub fn find(
    git: &Git,
    refs: &Refs,
    commit: ObjectId,
    release: &ReleaseId,
    clone: &str,
) -> CommitPlace {
    let names: Vec<&String> = refs.all.keys().collect();
    // Where it cannot be asked, nothing is held for certain, and the reason is the doubt.
    let (held, doubt) = match holding(git, &names, commit) {
        Ok(held) => (held, doubt(refs, clone)),
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    let holds = |name: &String| match (&doubt, held.contains(&name)) {
        (_, true) => Known::Is(true),
        (Some(why), false) => Known::not_known(why.clone()),
        (None, false) => Known::Is(false),
    };
    let listed = held.iter().take(limit::HELD_BY);
    CommitPlace {
        in_default_branch: match (&refs.default, &doubt) {
            (Some(name), _) => holds(name),
            (None, Some(why)) => Known::not_known(why.clone()),
            (None, None) => Known::NotApplicable,
        },
        default_branch: refs.default.clone(),
        held_by: match &doubt {
            Some(why) if held.is_empty() => Known::not_known(why.clone()),
            Some(_) | None => Known::Is(listed.map(|name| (*name).clone()).collect()),
        },
        tags: version_tags(git, &names, release, holds),
    }
}

/// Why a commit that nothing seems to hold may be held all the same.
fn doubt(refs: &Refs, clone: &str) -> Option<String> {
    if let Some(why) = &refs.cut {
        return Some(why.clone());
    }
    if !refs.shallow.is_empty() {
        return Some(format!(
            "the clone is shallow (git -C {clone} fetch --unshallow --tags)"
        ));
    }
    let count = |start: &str| {
        refs.all
            .keys()
            .filter(|name| name.starts_with(start))
            .count()
    };
    // What `git clone --single-branch --no-tags` leaves.
    let branches = count("refs/remotes/").max(count("refs/heads/"));
    (branches <= 1 && count("refs/tags/") == 0).then(|| {
        format!(
            "the clone has one branch and no tag (git -C {clone} fetch --tags origin '+refs/heads/*:refs/remotes/origin/*')"
        )
    })
}

/// The refs that hold a commit. Refs by number go in and come out, never names.
fn holding<'n>(
    git: &Git,
    names: &[&'n String],
    commit: ObjectId,
) -> Result<Vec<&'n String>, CloneError> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let contains = format!("--contains={commit}");
    let out = git.run(&["for-each-ref", &contains, "--format=%(refname)", REFS])?;
    let mut held: Vec<&String> = out.lines().filter_map(|line| named(line, names)).collect();
    held.sort();
    Ok(held)
}

fn version_tags(
    git: &Git,
    names: &[&String],
    release: &ReleaseId,
    holds: impl Fn(&String) -> Known<bool>,
) -> Vec<VersionTag> {
    let of_version = |name: &str| {
        name.strip_prefix("refs/tags/")
            .is_some_and(|tag| is_tag_of(tag, release))
    };
    let wanted: Vec<usize> = (0..names.len())
        .filter(|number| names.get(*number).is_some_and(|name| of_version(name)))
        .take(limit::VERSION_TAGS)
        .collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let patterns: Vec<String> = wanted
        .iter()
        .map(|number| format!("{REFS}/{number}"))
        .collect();
    let format = "--format=%(refname) %(objecttype) %(objectname) %(*objecttype) %(*objectname)";
    let mut arguments = vec!["for-each-ref", format];
    arguments.extend(patterns.iter().map(String::as_str));
    // A tag whose object is missing still is a tag of that name, which names no commit here.
    let out = git.run(&arguments).unwrap_or_default();
    let commit_of = |number: usize| {
        let start = format!("{REFS}/{number} ");
        let line = out.lines().find_map(|line| line.strip_prefix(&start))?;
        let words: Vec<&str> = line.split(' ').collect();
        let id = match words.as_slice() {
            ["commit", id, ..] | ["tag", _, "commit", id] => id,
            _ => return None,
        };
        ObjectId::parse(id).ok()
    };
    wanted
        .into_iter()
        .filter_map(|number| {
            let full = names.get(number)?;
            Some(VersionTag {
                name: full.strip_prefix("refs/tags/")?.to_owned(),
                commit: commit_of(number),
                holds: holds(full),
            })
        })
        .collect()
}

fn named<'n>(line: &str, names: &[&'n String]) -> Option<&'n String> {
    let number: usize = line.strip_prefix(REFS)?.strip_prefix('/')?.parse().ok()?;
    names.get(number).copied()
}
