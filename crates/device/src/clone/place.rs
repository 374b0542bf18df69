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
    let default = refs.default.clone();
    let holding = holding(git, &names, commit);
    // Where the history is cut, only a *yes* can be told.
    let doubt = if let Some(why) = &refs.cut {
        Some(why.clone())
    } else if !refs.shallow.is_empty() {
        Some(format!(
            "the clone is shallow (git -C {clone} fetch --unshallow --tags)"
        ))
    } else if names.is_empty() {
        Some("the clone has no branch and no tag".to_owned())
    } else {
        None
    };
    let (in_default_branch, held_by) = match holding {
        Err(error) => (
            Known::not_known(error.to_string()),
            Known::not_known(error.to_string()),
        ),
        Ok(held) => {
            let in_default = default.as_ref().map(|name| held.contains(&name));
            let in_default = match (in_default, &doubt) {
                (Some(true), _) => Known::Is(true),
                (_, Some(why)) => Known::not_known(why.clone()),
                (Some(false), None) => Known::Is(false),
                (None, None) => Known::NotApplicable,
            };
            let listed = held
                .iter()
                .take(limit::HELD_BY)
                .map(|name| (*name).clone())
                .collect();
            let held_by = match &doubt {
                Some(why) if held.is_empty() => Known::not_known(why.clone()),
                Some(_) | None => Known::Is(listed),
            };
            (in_default, held_by)
        }
    };
    CommitPlace {
        in_default_branch,
        default_branch: default,
        held_by,
        tags: version_tags(git, &names, release),
    }
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

fn version_tags(git: &Git, names: &[&String], release: &ReleaseId) -> Vec<VersionTag> {
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
            let name = names.get(number)?.strip_prefix("refs/tags/")?.to_owned();
            Some(VersionTag {
                name,
                commit: commit_of(number),
            })
        })
        .collect()
}

fn named<'n>(line: &str, names: &[&'n String]) -> Option<&'n String> {
    let number: usize = line.strip_prefix(REFS)?.strip_prefix('/')?.parse().ok()?;
    names.get(number).copied()
}
