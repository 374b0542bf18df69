//! What a package's manifest says of whose it is: the places that it names as its own.
//!
//! On a host that many share, such as one for sources, the place is what is the owner's there.

use crate::package::Package;
use customs_model::owner_of;
use std::collections::BTreeSet;

/// Owners that are told.
const OWNERS: usize = 32;
/// Letters of an address.
const ADDRESS: usize = 2_048;

/// Texts of the manifest that name home page, repository and the like.
pub fn texts(package: &Package) -> Vec<String> {
    if let Some(manifest) = package
        .find("package.json")
        .and_then(|id| package.file(id).bytes.as_deref())
        .and_then(|bytes| serde_json::from_slice::<serde_json::Value>(bytes).ok())
    {
        return [
            "homepage",
            "repository",
            "bugs",
            "author",
            "binary",
            "funding",
        ]
        .iter()
        .filter_map(|key| Some(told(key, manifest.get(*key)?)))
        .collect();
    }
    let mut out = Vec::new();
    for name in [
        "PKG-INFO",
        "METADATA",
        "pyproject.toml",
        "Cargo.toml",
        "setup.cfg",
    ] {
        let id = package.find(name).or_else(|| {
            package.ids().find(|id| {
                package
                    .file(*id)
                    .path
                    .ends_with(&format!(".dist-info/{name}"))
            })
        });
        let Some(bytes) = id.and_then(|id| package.file(id).bytes.as_deref()) else {
            continue;
        };
        let text = String::from_utf8_lossy(bytes);
        // The description behind the head, or behind the fields, is a README.
        let lines = text
            .lines()
            .take(200)
            .take_while(|line| !line.is_empty() || name.ends_with("toml"))
            .map(str::to_ascii_lowercase)
            .filter(|line| {
                ["home", "url", "repository", "documentation", "source"]
                    .iter()
                    .any(|key| line.contains(key))
            });
        out.extend(lines);
    }
    out
}

/// A value of an npm manifest as text; `owner/name` is npm's own short form of a repository.
fn told(key: &str, value: &serde_json::Value) -> String {
    match value.as_str() {
        Some(text) if key == "repository" && is_short_form(text) => format!("github:{text}"),
        _ => value.to_string(),
    }
}

/// Whether one of these texts names whose a place is: the domain of its host or, on a host that
/// many share, the owner that the place names. Where it names none it is nobody's own.
pub fn names(texts: &[String], place: &str) -> bool {
    let Some(owner) = owner_of(place) else {
        return false;
    };
    let is_shared = owner.contains('/');
    texts.iter().any(|text| {
        if is_shared {
            addresses(text).any(|address| owner_of(&address).as_ref() == Some(&owner))
        } else {
            stands_in(text, &owner)
        }
    })
}

/// Whether a text names a domain as such: `lk.co` does not stand in `lk.com`, nor in
/// `lk.co.example`, and who registers it is somebody else.
fn stands_in(text: &str, domain: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let is_part = |c: char| c.is_alphanumeric() || c == '-';
    text.match_indices(domain).any(|(at, found)| {
        let begins = text
            .get(..at)
            .and_then(|before| before.chars().next_back())
            .is_none_or(|c| !is_part(c));
        let mut behind = text.get(at + found.len()..).unwrap_or_default().chars();
        let ends = match behind.next() {
            Some('.') => !behind.next().is_some_and(is_part),
            Some(c) => !is_part(c),
            None => true,
        };
        begins && ends
    })
}

/// Whose the places in these texts are, in order: domains and, on hosts that many share, owners.
pub fn owners(texts: &[String]) -> Vec<String> {
    let mut found = BTreeSet::new();
    for owner in texts
        .iter()
        .flat_map(|text| addresses(text))
        .filter_map(|address| owner_of(&address))
    {
        if found.len() < OWNERS {
            found.insert(owner);
        }
    }
    found.into_iter().collect()
}

/// What may be an address in a text, each without what stands in front of its host. Where it is
/// the address of a person, the host is that of the mailbox.
fn addresses(text: &str) -> impl Iterator<Item = String> {
    let ends = |c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '"' | '\'' | '`' | '<' | '>' | '(' | ')' | '[' | ']' | '{' | '}' | ',' | ';' | '|'
            )
    };
    text.split(ends).filter_map(address)
}

/// Host and path of a word: `git+ssh://git@host:owner/name`, `git@host:owner/name`,
/// `host/path`, `github:owner/name`.
fn address(word: &str) -> Option<String> {
    if word.len() > ADDRESS {
        return None;
    }
    let word = word.trim_matches(['.', ':', '=']);
    let rest = match word.split_once("://") {
        Some((_, rest)) => rest.to_owned(),
        None => short_form(word).unwrap_or_else(|| word.to_owned()),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (before, path) = rest.split_at_checked(end)?;
    let host = before.rsplit_once('@').map_or(before, |(_, host)| host);
    // `git@host:owner/name`: what stands behind the colon is no port.
    let (host, first) = match host.split_once(':') {
        Some((host, port)) if port.chars().all(|c| c.is_ascii_digit()) => (host, ""),
        Some((host, first)) => (host, first),
        None => (host, ""),
    };
    let is_host = host.len() <= 253
        && host.trim_matches('.').contains('.')
        && host
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
    let path = path.strip_prefix('/').unwrap_or(path);
    let between = if first.is_empty() { "" } else { "/" };
    is_host.then(|| format!("{host}/{first}{between}{path}"))
}

/// `github:owner/name`, as npm writes it for some services.
fn short_form(word: &str) -> Option<String> {
    let (service, rest) = word.split_once(':')?;
    let host = match service {
        "github" => "github.com",
        "gist" => "gist.github.com",
        "gitlab" => "gitlab.com",
        "bitbucket" => "bitbucket.org",
        _ => return None,
    };
    Some(format!("{host}/{rest}"))
}

/// Whether a text is `owner/name` and nothing else.
fn is_short_form(text: &str) -> bool {
    let is_name = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    text.split_once('/')
        // `host.example/path` is an address without its scheme.
        .is_some_and(|(owner, name)| is_name(owner) && !owner.contains('.') && is_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_names_its_owners() {
        let texts = [
            r#"{"type":"git","url":"git+https://github.com/A/b.git"}"#.to_owned(),
            r#""https://www.lk.example/docs?x=1""#.to_owned(),
        ];
        assert_eq!(owners(&texts), ["github.com/a", "lk.example"]);
        assert!(names(&texts, "lk.example"));
        assert!(names(&texts, "raw.githubusercontent.com/a/b/main/x"));
        assert!(!names(&texts, "other.example"));
    }

    #[test]
    fn on_a_host_that_many_share_another_owner_is_a_stranger() {
        for text in [
            "https://github.com/a/b",
            "git+ssh://git@github.com/a/b.git",
            "ssh://git@github.com:a/b.git",
            "git@github.com:a/b.git",
            "github:a/b",
            "project-url: source, https://github.com/a/b",
            "repository = \"https://github.com:443/a/b\"",
            "https://a.github.io/b",
        ] {
            let texts = [text.to_owned()];
            for own in ["github.com/a/c", "api.github.com/repos/a/b", "a.github.io"] {
                assert!(names(&texts, own), "{text} {own}");
            }
            for other in [
                "github.com/other/b",
                "github.com/other/a",
                "github.com",
                "raw.githubusercontent.com/other/a/main/x",
                "github.com/a/../other/b",
                "objects.githubusercontent.com/release/a",
                "other.github.io",
                "gitlab.com/a/b",
            ] {
                assert!(!names(&texts, other), "{text} {other}");
            }
        }
        let by_word = ["made with github, by a".to_owned()];
        assert!(!names(&by_word, "github.com/a/b") && owners(&by_word).is_empty());
        let mail = ["a <a@users.noreply.github.com>".to_owned()];
        assert!(owners(&mail).is_empty());
    }

    #[test]
    fn a_bucket_of_a_shared_cloud_is_not_another_ones() {
        let texts = ["https://lk.s3.amazonaws.com/docs".to_owned()];
        assert!(names(&texts, "s3.eu-west-1.amazonaws.com/lk/tool"));
        for other in [
            "other.s3.amazonaws.com",
            "s3.amazonaws.com/other/lk",
            "s3.amazonaws.com",
        ] {
            assert!(!names(&texts, other), "{other}");
        }
    }

    #[test]
    fn the_short_form_of_a_repository_names_its_owner() {
        for (text, is_short) in [
            ("a/b", true),
            ("lk.example/docs", false),
            ("a/b/c", false),
            ("a", false),
            ("a b/c", false),
        ] {
            assert_eq!(is_short_form(text), is_short, "{text}");
        }
        let value = serde_json::json!("a/b");
        assert!(names(&[told("repository", &value)], "github.com/a/c"));
        assert!(!names(&[told("homepage", &value)], "github.com/a/c"));
    }

    #[test]
    fn a_part_of_a_domain_is_another_one() {
        let texts = ["https://docs.Lk.example/a".to_owned()];
        assert!(names(&texts, "lk.example"));
        for other in ["lk.exam", "k.example", "docs.lk", "docs.lk.ex"] {
            assert!(!names(&texts, other), "{other}");
        }
        let longer = ["https://lk.example.other/".to_owned()];
        assert!(!names(&longer, "lk.example"));
        let sentence = ["see lk.example.".to_owned()];
        assert!(names(&sentence, "lk.example"));
    }
}
