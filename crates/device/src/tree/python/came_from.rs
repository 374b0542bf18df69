//! Where an installed package says that it was taken from (`direct_url.json`), held against the lockfile.
//!
//! Installers write that note for what comes from no index. A note never takes away what the lockfile asks for. But
//! one that names another place than the lockfile says that something else was installed.

use crate::tree::commit;
use customs_ecosystem::lockfile::{Locked, Source};
use customs_ecosystem::pypi::installed::DirectUrl;
use customs_model::printable;
use customs_origin::source::ObjectId;

/// What a note says that the lockfile does not.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Foreign {
    /// Safe to print, to go on with behind "its direct_url.json says that".
    pub says: String,
    /// The lockfile names something else, with a digest or a commit.
    pub contradicts: bool,
}

/// What the note of a package says that none of its entries does. `same` are those of its version.
pub(super) fn foreign(direct: &DirectUrl, same: &[&Locked]) -> Option<Foreign> {
    let is_named = same.iter().any(|entry| names(entry, direct));
    if is_named {
        return None;
    }
    let place = |url: &str| printable(&without_credentials(url), 200);
    let mut says = match direct {
        DirectUrl::Archive { url, .. } if direct.is_source_archive() => {
            format!("it was built here from the source archive {}", place(url))
        }
        DirectUrl::Archive { url, .. } => format!("it was installed from {}", place(url)),
        DirectUrl::Vcs { url, commit } => format!(
            "it was built here from commit {} of {}",
            printable(commit.get(..12).unwrap_or(commit), 40),
            place(url)
        ),
        DirectUrl::Folder {
            url,
            editable: true,
        } => format!(
            "it is installed editable: the files of {} are imported",
            place(url)
        ),
        DirectUrl::Folder { url, .. } => {
            format!("it was built here from the folder {}", place(url))
        }
    };
    let contradicts = same.iter().any(|entry| is_bound(entry)) && !is_silent(direct);
    if contradicts {
        says += ", which the lockfile does not name";
    }
    Some(Foreign { says, contradicts })
}

/// Whether an entry says the same as the note.
fn names(entry: &Locked, direct: &DirectUrl) -> bool {
    match (entry.source, direct) {
        (Source::Path | Source::Bundled, _) => true,
        (Source::Git, DirectUrl::Vcs { commit, .. }) => {
            let locked = entry.resolved.as_deref().and_then(commit::named);
            match (locked, ObjectId::parse(commit)) {
                (Some(locked), Ok(commit)) => locked == commit,
                // A lockfile that names a branch says nothing of the commit.
                (None, _) => true,
                (Some(_), Err(_)) => false,
            }
        }
        (Source::Registry | Source::Url, DirectUrl::Archive { url, digests }) => {
            let is_address = entry.source == Source::Url
                && entry
                    .resolved
                    .as_deref()
                    .is_some_and(|resolved| is_at(resolved, url));
            is_address || digests.iter().any(|digest| entry.digests.contains(digest))
        }
        _ => false,
    }
}

/// Whether an entry says which bytes, or which commit, are meant.
fn is_bound(entry: &Locked) -> bool {
    match entry.source {
        Source::Registry | Source::Url => !entry.digests.is_empty(),
        Source::Git => entry.resolved.as_deref().and_then(commit::named).is_some(),
        Source::Path | Source::Bundled => false,
    }
}

/// uv notes an address without a digest: whether its bytes are the locked ones the comparison says.
fn is_silent(direct: &DirectUrl) -> bool {
    matches!(direct, DirectUrl::Archive { digests, .. } if digests.is_empty())
}

/// Whether two addresses are one, but for what stands behind a `#` and who asks.
fn is_at(resolved: &str, url: &str) -> bool {
    let plain = |address: &str| {
        let address = address.split('#').next().unwrap_or_default();
        without_credentials(address)
    };
    plain(resolved) == plain(url)
}

/// An address without a name and password before its host.
fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let host = rest.find('/').unwrap_or(rest.len());
    match rest.get(..host).and_then(|host| host.rfind('@')) {
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::Digest;

    fn entry(source: Source, resolved: &str, digests: &[Digest]) -> Locked {
        Locked {
            release: "pkg:pypi/alpha@1.0".parse().unwrap(),
            source,
            digests: digests.to_vec(),
            resolved: Some(resolved.to_owned()),
            has_install_script: None,
            line: None,
        }
    }

    fn said(note: &str, entries: &[Locked]) -> Option<(String, bool)> {
        let direct = DirectUrl::parse(note.as_bytes()).unwrap();
        let same: Vec<&Locked> = entries.iter().collect();
        foreign(&direct, &same).map(|one| (one.says, one.contradicts))
    }

    #[test]
    fn a_note_that_says_what_the_lockfile_says_is_nothing_to_tell() {
        let digest = Digest::sha256(b"wheel");
        let hex = digest.to_hex();
        let wheel = "https://files.example/alpha-1.0-py3-none-any.whl";
        let with =
            format!(r#"{{"url":"{wheel}","archive_info":{{"hashes":{{"sha256":"{hex}"}}}}}}"#);
        let without = format!(r#"{{"url":"{wheel}","archive_info":{{}}}}"#);
        let commit = "0123456789012345678901234567890123456789";
        let vcs = format!(
            r#"{{"url":"https://git.example/a","vcs_info":{{"vcs":"git","commit_id":"{commit}"}}}}"#
        );
        for (note, entry) in [
            (
                &with,
                entry(
                    Source::Registry,
                    "https://index.example/simple",
                    std::slice::from_ref(&digest),
                ),
            ),
            (
                &without,
                entry(Source::Url, wheel, std::slice::from_ref(&digest)),
            ),
            (&without, entry(Source::Path, "wheels/alpha.whl", &[])),
            (
                &vcs,
                entry(Source::Git, &format!("https://git.example/a#{commit}"), &[]),
            ),
            (&vcs, entry(Source::Git, "https://git.example/a@main", &[])),
        ] {
            assert_eq!(said(note, &[entry]), None, "{note}");
        }
    }

    #[test]
    fn a_note_of_another_place_says_that_something_else_was_installed() {
        let locked = entry(
            Source::Registry,
            "https://index.example/simple",
            &[Digest::sha256(b"wheel")],
        );
        let git = entry(
            Source::Git,
            "https://git.example/a#0123456789012345678901234567890123456789",
            &[],
        );
        let other = Digest::sha256(b"other").to_hex();
        let archive = format!(
            r#"{{"url":"https://me:secret@files.example/alpha-1.0-py3-none-any.whl","archive_info":{{"hash":"sha256={other}"}}}}"#
        );
        let told = said(&archive, std::slice::from_ref(&locked)).unwrap();
        insta::assert_snapshot!(told.0, @"it was installed from https://files.example/alpha-1.0-py3-none-any.whl, which the lockfile does not name");
        assert!(told.1);
        let vcs = r#"{"url":"https://git.example/a","vcs_info":{"vcs":"git","commit_id":"ffffffffffffffffffffffffffffffffffffffff"}}"#;
        for entry in [&locked, &git] {
            let told = said(vcs, std::slice::from_ref(entry)).unwrap();
            assert!(
                told.0
                    .contains("commit ffffffffffff of https://git.example/a")
            );
            assert!(told.1);
        }
        let folder = r#"{"url":"file:///home/me/alpha","dir_info":{}}"#;
        assert!(said(folder, &[locked]).unwrap().1);
    }

    #[test]
    fn a_note_of_what_no_lockfile_binds_contradicts_nothing() {
        let archive = r#"{"url":"https://files.example/alpha-1.0.tar.gz","archive_info":{}}"#;
        let (says, contradicts) = said(archive, &[]).unwrap();
        assert!(says.contains("from the source archive") && !contradicts);
        let unbound = entry(Source::Registry, "https://index.example/simple", &[]);
        assert!(!said(archive, &[unbound]).unwrap().1);
    }
}
