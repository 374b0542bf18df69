//! Words that several rules use.

use super::limit;
use customs_ecosystem::lockfile::Package;
use customs_model::{Digest, printable};
use url::Url;

/// A name, version or address of a stranger, for people.
pub(super) fn shown(text: &str) -> String {
    printable(&without_credential(text), 120)
}

/// An address without the user's credential in it.
pub(super) fn without_credential(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        // `https:user:secret@host` is read by clients as if it had its slashes.
        let has_user = |url: &Url| !url.username().is_empty() || url.password().is_some();
        return match Url::parse(text) {
            Ok(url) if url.has_host() && has_user(&url) => without_credential(url.as_str()),
            Ok(_) | Err(_) => text.to_owned(),
        };
    };
    let host_end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(host_end);
    match host.rsplit_once('@') {
        // The user of an ssh address is no secret.
        Some((user, _)) if scheme.ends_with("ssh") && !user.contains(':') => text.to_owned(),
        Some((_, host)) => format!("{scheme}://{host}{path}"),
        None => text.to_owned(),
    }
}

/// `name@version`, for people.
pub(super) fn spoken(package: &Package) -> String {
    match package.version.is_empty() {
        true => printable(&package.name, 120),
        false => printable(&format!("{}@{}", package.name, package.version), 160),
    }
}

/// A digest that a person can compare with another.
pub(super) fn short(digest: &Digest) -> String {
    let hex = digest.to_hex();
    format!(
        "{}:{}…",
        digest.algorithm().name(),
        &hex[..hex.len().min(16)]
    )
}

/// `3 releases`, `1 release`.
pub(super) fn count(of: usize, one: &str, many: &str) -> String {
    match of {
        1 => format!("1 {one}"),
        of => format!("{of} {many}"),
    }
}

/// A list that ends where it would no longer be read.
pub(super) fn list(items: &[String]) -> String {
    let named = items.len().min(limit::NAMED);
    let mut out = items[..named].join(", ");
    if items.len() > named {
        out += &format!(" and {} more", items.len() - named);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_form_of_an_address_shows_a_credential() {
        for text in [
            "https://user:secret@host.example/a",
            "https:user:secret@host.example/a",
            "https:\\\\user:secret@host.example/a",
        ] {
            assert_eq!(shown(text), "https://host.example/a", "{text}");
        }
        assert_eq!(shown("git@code.example:a/b"), "git@code.example:a/b");
    }
}
