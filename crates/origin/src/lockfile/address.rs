//! What an address says: its host, and the release that its path names.
//!
//! Mirrors and gates put their own host before the same path, so a release is compared with the
//! path and never with the host.

use std::borrow::Cow;

/// An absolute address, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Address<'a> {
    /// Without `git+` and the like.
    pub scheme: &'a str,
    /// With its port, without a credential.
    pub host: &'a str,
    /// From its first slash on, without query and fragment.
    pub path: &'a str,
    /// Behind `#`.
    pub fragment: Option<&'a str>,
}

impl<'a> Address<'a> {
    pub fn parse(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let (rest, fragment) = match rest.split_once('#') {
            Some((rest, fragment)) => (rest, Some(fragment)),
            None => (rest, None),
        };
        let rest = rest.split('?').next().unwrap_or(rest);
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        Some(Self {
            scheme: scheme.rsplit('+').next().unwrap_or(scheme),
            host: host.rsplit('@').next().unwrap_or(host),
            path,
            fragment,
        })
    }

    /// Whether it leads to this machine, where nobody listens on the way.
    pub fn is_loopback(&self) -> bool {
        let host = match self.host.strip_prefix('[') {
            Some(six) => six.split(']').next().unwrap_or(six),
            None => self.host.split(':').next().unwrap_or(self.host),
        };
        host == "localhost" || host == "::1" || host.starts_with("127.")
    }
}

/// What an address of npm's family says about a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Names {
    /// That very release.
    This,
    /// Another one: what it names.
    Another(String),
    /// It names none that can be read.
    Untold,
}

/// What the path of a tarball names, in the forms that registries use:
/// `name/-/name-1.0.0.tgz`, `@scope/name/-/name-1.0.0.tgz` (also with `%2f`, and with the scope
/// once more behind `/-/`), `download/@scope/name/1.0.0/digest`, `name/1.0.0.tgz`, and a bare
/// `name-1.0.0.tgz` of Yarn's offline mirror.
pub(super) fn npm_names(url: &str, name: &str, version: &str) -> Names {
    let path = match Address::parse(url) {
        Some(address) => address.path,
        None => url.split(['#', '?']).next().unwrap_or(url),
    };
    let path = unescaped(path);
    let version = normal(version);
    match path.rsplit_once("/-/") {
        Some((before, file)) => conventional(before, file, name, version),
        None if path.contains("/download/") => download(&path, name, version),
        None => loose(&path, name, version),
    }
}

/// A version without what registries leave out of the names of files: `v`, `=`, `+build`.
pub(super) fn normal(version: &str) -> &str {
    let version = version.trim_start_matches(['v', '=']);
    version.split('+').next().unwrap_or(version)
}

fn unescaped(path: &str) -> Cow<'_, str> {
    if !path.contains('%') {
        return Cow::Borrowed(path);
    }
    let mut out = path.to_owned();
    for (code, sign) in [
        ("%2f", "/"),
        ("%2F", "/"),
        ("%40", "@"),
        ("%2B", "+"),
        ("%2b", "+"),
    ] {
        out = out.replace(code, sign);
    }
    Cow::Owned(out)
}

fn unscoped(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

fn stem(file: &str) -> Option<&str> {
    let file = file.rsplit('/').next().unwrap_or(file);
    file.strip_suffix(".tgz")
        .or_else(|| file.strip_suffix(".tar.gz"))
}

fn conventional(before: &str, file: &str, name: &str, version: &str) -> Names {
    let mut parts = before.rsplit('/');
    let last = parts.next().unwrap_or_default();
    let stated = match parts.next() {
        Some(scope) if scope.starts_with('@') => format!("{scope}/{last}"),
        _ => last.to_owned(),
    };
    let Some(stem) = stem(file) else {
        return match stated == name {
            true => Names::Untold,
            false => Names::Another(stated),
        };
    };
    let of_file = stem
        .strip_prefix(unscoped(name))
        .and_then(|rest| rest.strip_prefix('-'));
    match of_file {
        Some(of_file) if stated == name && normal(of_file) == version => Names::This,
        _ => Names::Another(match stem.strip_prefix(unscoped(&stated)) {
            Some(rest) => format!("{stated}@{}", rest.trim_start_matches('-')),
            None => format!("{stated} ({stem})"),
        }),
    }
}

fn download(path: &str, name: &str, version: &str) -> Names {
    let rest = path.rsplit("/download/").next().unwrap_or_default();
    let mut parts = rest.split('/');
    let mut stated = parts.next().unwrap_or_default().to_owned();
    if stated.starts_with('@') {
        stated = format!("{stated}/{}", parts.next().unwrap_or_default());
    }
    match parts.next() {
        Some(of_path) if is_version(of_path) => {
            match stated == name && normal(of_path) == version {
                true => Names::This,
                false => Names::Another(format!("{stated}@{of_path}")),
            }
        }
        // `name/download/name-1.0.0.tgz` of some mirrors.
        _ => loose(path, name, version),
    }
}

fn loose(path: &str, name: &str, version: &str) -> Names {
    let Some(stem) = stem(path) else {
        return Names::Untold;
    };
    if normal(stem) == version && path.contains(&format!("/{name}/")) {
        return Names::This;
    }
    let joined = name.replace('/', "-");
    let own = [unscoped(name), &joined, joined.trim_start_matches('@')];
    let is_own = |prefix: &&str| {
        stem.strip_prefix(*prefix)
            .and_then(|rest| rest.strip_prefix('-'))
            .is_some_and(|of_file| normal(of_file) == version)
    };
    if own.iter().any(is_own) {
        return Names::This;
    }
    // A name and a whole version: what a registry would have called another release.
    let cut = stem
        .match_indices('-')
        .find(|(at, _)| is_version(&stem[at + 1..]));
    match cut {
        Some((at, _)) if at > 0 => Names::Another(format!("{}@{}", &stem[..at], &stem[at + 1..])),
        _ => Names::Untold,
    }
}

/// Three numbers, and what may follow them.
fn is_version(text: &str) -> bool {
    let numbers = normal(text).split('-').next().unwrap_or_default();
    let mut parts = numbers.split('.');
    let number = |part: Option<&str>| {
        part.is_some_and(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()))
    };
    number(parts.next()) && number(parts.next()) && number(parts.next()) && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_that_registries_use_names_its_release() {
        for (url, name, version) in [
            ("https://r.example/ms/-/ms-2.1.2.tgz", "ms", "2.1.2"),
            (
                "https://r.example/ms/-/ms-2.1.2.tgz#65101baf",
                "ms",
                "v2.1.2",
            ),
            (
                "https://r.example/npm/group/@s/ui/-/ui-1.0.0-rc.1.tgz",
                "@s/ui",
                "1.0.0-rc.1",
            ),
            (
                "https://r.example/@s%2fui/-/ui-1.0.0.tgz",
                "@s/ui",
                "1.0.0+build.5",
            ),
            (
                "https://r.example/@s/ui/-/@s/ui-1.0.0.tgz",
                "@s/ui",
                "1.0.0",
            ),
            (
                "https://r.example/@s/pro/-/6.4.0/pro-6.4.0.tgz",
                "@s/pro",
                "6.4.0",
            ),
            (
                "https://r.example/download/@s/ui/1.0.0/0a1b",
                "@s/ui",
                "1.0.0",
            ),
            ("https://r.example/download/ms/2.1.2/abc", "ms", "2.1.2"),
            (
                "https://r.example/~/11/@jsr/std__path/1.0.0.tgz",
                "@jsr/std__path",
                "1.0.0",
            ),
            (
                "https://cdn.example/ms/download/ms-2.1.2.tgz?cache=0",
                "ms",
                "2.1.2",
            ),
            (
                "https://cdn.example/@s/ui/download/@s/ui-1.0.0.tgz",
                "@s/ui",
                "1.0.0",
            ),
            ("http://127.0.0.1:4873/ms/-/ms-2.1.2.tgz?x=1", "ms", "2.1.2"),
            ("mirrored-1.0.0.tgz#e109", "mirrored", "1.0.0"),
            ("@s-ui-1.0.0.tgz", "@s/ui", "1.0.0"),
            (
                "https://r.example/JSONStream/-/JSONStream-1.3.5.tgz",
                "JSONStream",
                "1.3.5",
            ),
        ] {
            assert_eq!(npm_names(url, name, version), Names::This, "{url}");
        }
    }

    #[test]
    fn an_address_of_another_release_says_which() {
        for (url, name, version, named) in [
            (
                "https://r.example/is-odd/-/is-odd-3.0.1.tgz",
                "is-number",
                "7.0.0",
                "is-odd@3.0.1",
            ),
            (
                "https://r.example/is-number/-/is-number-3.0.1.tgz",
                "is-number",
                "7.0.0",
                "is-number@3.0.1",
            ),
            (
                "https://r.example/@evil/ui/-/ui-1.0.0.tgz",
                "@s/ui",
                "1.0.0",
                "@evil/ui@1.0.0",
            ),
            (
                "https://r.example/ui/-/ui-1.0.0.tgz",
                "@s/ui",
                "1.0.0",
                "ui@1.0.0",
            ),
            (
                "https://r.example/ms/-/is-odd-3.0.1.tgz",
                "ms",
                "3.0.1",
                "ms (is-odd-3.0.1)",
            ),
            (
                "https://r.example/download/@s/a/1.0.0/0a1b",
                "@s/b",
                "1.0.0",
                "@s/a@1.0.0",
            ),
            ("is-odd-3.0.1.tgz#65", "is-number", "7.0.0", "is-odd@3.0.1"),
        ] {
            assert_eq!(
                npm_names(url, name, version),
                Names::Another(named.into()),
                "{url}"
            );
        }
    }

    #[test]
    fn an_address_that_names_nothing_is_untold_and_not_wrong() {
        for url in [
            "https://r.example/0a1b2c",
            "https://r.example/blob/0a1b.tgz",
            "",
            "x",
        ] {
            assert_eq!(npm_names(url, "ms", "2.1.2"), Names::Untold, "{url}");
        }
    }

    #[test]
    fn hosts_are_told_without_credentials() {
        let address = Address::parse("git+ssh://git@code.example:22/a.git#c0").unwrap();
        assert_eq!((address.scheme, address.host), ("ssh", "code.example:22"));
        assert_eq!(address.fragment, Some("c0"));
        for loopback in [
            "http://127.0.0.1:1/x",
            "http://localhost/",
            "http://[::1]:80/",
        ] {
            assert!(
                Address::parse(loopback).unwrap().is_loopback(),
                "{loopback}"
            );
        }
    }
}
