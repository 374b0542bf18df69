//! What a package's manifest says of whose it is: the places that it names as its own.

use crate::package::Package;
use customs_model::registrable;
use std::collections::BTreeSet;

/// Domains that are told.
const DOMAINS: usize = 32;

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
        .filter_map(|key| manifest.get(key))
        .map(ToString::to_string)
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

/// Whether one of these texts names a host's domain, which is in small letters.
pub fn names(texts: &[String], domain: &str) -> bool {
    let github = is_github(domain);
    texts
        .iter()
        .any(|text| stands_in(text, domain) || github && text.contains("github"))
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

/// The domains in these texts, in order.
pub fn domains(texts: &[String]) -> Vec<String> {
    let mut found = BTreeSet::new();
    for text in texts {
        if text.contains("github") {
            found.insert("github.com".to_owned());
        }
        let hosts = text
            .split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-'))
            .filter(|word| word.len() <= 253 && word.trim_matches('.').contains('.'));
        for host in hosts {
            let domain = registrable(host.trim_matches('.'));
            if domain.len() > 3 && found.len() < DOMAINS {
                found.insert(domain.to_ascii_lowercase());
            }
        }
    }
    found.into_iter().collect()
}

/// The hosts of one service.
fn is_github(domain: &str) -> bool {
    matches!(domain, "github.com" | "githubusercontent.com")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_names_its_domains() {
        let texts = [
            r#"{"type":"git","url":"git+https://github.com/a/b.git"}"#.to_owned(),
            r#""https://www.lk.example/docs?x=1""#.to_owned(),
        ];
        assert_eq!(domains(&texts), ["b.git", "github.com", "lk.example"]);
        assert!(names(&texts, "lk.example"));
        assert!(names(&texts, "githubusercontent.com"));
        assert!(!names(&texts, "other.example"));
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
