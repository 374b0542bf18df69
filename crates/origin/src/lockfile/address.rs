//! What an address says: its host, and the release that its path names.
//!
//! Mirrors and gates put their own host before the same path, so a release is compared with the
//! path and never with the host.

use std::borrow::Cow;
use std::net::Ipv4Addr;
use url::Url;

/// An absolute address, taken apart as the clients do it (WHATWG's URL Standard for `http` and
/// `https`): scheme and host in lower case, the scheme's own port left out, `.` and `..` resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address<'a> {
    /// Without `git+` and the like.
    pub scheme: Cow<'a, str>,
    /// With its port, where that is not the scheme's own; without a credential.
    pub host: Cow<'a, str>,
    /// From its first slash on, without query and fragment.
    pub path: Cow<'a, str>,
    /// Behind `#`.
    pub fragment: Option<Cow<'a, str>>,
}

impl<'a> Address<'a> {
    /// None where it is a name or a path, or an address that no client can read: of the latter
    /// [`doubt`] tells.
    pub fn parse(text: &'a str) -> Option<Self> {
        if let Some(address) = Self::plain(text) {
            return Some(address);
        }
        let text = without_dropped(text);
        if let Some((host, path)) = of_shell(&text) {
            return Some(Address::of("ssh", host, &format!("/{path}")).into_owned());
        }
        let (scheme, rest) = scheme_of(&text)?;
        match scheme.as_str() {
            "http" | "https" | "ftp" => Self::by_standard(scheme, rest),
            "github" => Some(Address::of("https", "github.com", rest).into_owned()),
            "gitlab" => Some(Address::of("https", "gitlab.com", rest).into_owned()),
            "bitbucket" => Some(Address::of("https", "bitbucket.org", rest).into_owned()),
            "gist" => Some(Address::of("https", "gist.github.com", rest).into_owned()),
            scheme => Some(
                Address::of(scheme, "", rest.strip_prefix("//")?)
                    .split()
                    .into_owned(),
            ),
        }
    }

    /// The form that all clients write, in which nothing has to be changed: most addresses of
    /// most lockfiles.
    fn plain(text: &'a str) -> Option<Self> {
        let bare = ["registry+", "sparse+", "git+"]
            .iter()
            .find_map(|kind| text.strip_prefix(kind))
            .unwrap_or(text);
        let (scheme, rest) = match bare.strip_prefix("https://") {
            Some(rest) => ("https", rest),
            None => ("http", bare.strip_prefix("http://")?),
        };
        let of_host = |b: &u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
        let end = rest.bytes().position(|b| !of_host(&b));
        let (host, rest) = rest.split_at(end.unwrap_or(rest.len()));
        let top = host.rsplit('.').next().unwrap_or(host);
        // A number is an address in one of many spellings, `xn--` a name in another alphabet.
        let is_plain = top.starts_with(|c: char| c.is_ascii_lowercase())
            && !host.starts_with('.')
            && !host.contains("..")
            && !host.contains("xn--");
        if !is_plain || !(rest.is_empty() || rest.starts_with(['/', '?', '#'])) {
            return None;
        }
        let changes = |b: u8| !b.is_ascii_graphic() || b"\\\"<>`{}|^'".contains(&b);
        if rest.bytes().any(changes) {
            return None;
        }
        let (rest, fragment) = cut(rest, '#');
        let (path, _) = cut(rest, '?');
        if path.contains("/.") || path.contains("%2e") || path.contains("%2E") {
            return None;
        }
        Some(Self {
            scheme: scheme.into(),
            host: host.into(),
            path: if path.is_empty() { "/" } else { path }.into(),
            fragment: fragment.map(Cow::Borrowed),
        })
    }

    fn by_standard(scheme: String, rest: &str) -> Option<Self> {
        let url = Url::parse(&format!("{scheme}:{rest}")).ok()?;
        let host = url.host_str()?;
        let host = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Some(Self {
            scheme: scheme.into(),
            host: host.into(),
            path: url.path().to_owned().into(),
            fragment: url.fragment().map(|fragment| fragment.to_owned().into()),
        })
    }

    /// With all that stands behind the host still in `path`.
    fn of(scheme: &'a str, host: &'a str, rest: &'a str) -> Self {
        let (rest, fragment) = cut(rest, '#');
        Self {
            scheme: scheme.into(),
            host: host.into(),
            path: cut(rest, '?').0.into(),
            fragment: fragment.map(Cow::Borrowed),
        }
    }

    /// Takes the host from the beginning of the path.
    fn split(mut self) -> Self {
        let at = self.path.find('/').unwrap_or(self.path.len());
        let host = self.path[..at].rsplit('@').next().unwrap_or_default();
        self.host = host.to_ascii_lowercase().into();
        self.path = self.path[at..].to_owned().into();
        self
    }

    fn into_owned<'b>(self) -> Address<'b> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        Address {
            scheme: owned(self.scheme),
            host: owned(self.host),
            path: owned(self.path),
            fragment: self.fragment.map(owned),
        }
    }

    /// Whether it leads to this machine, where nobody listens on the way.
    pub fn is_loopback(&self) -> bool {
        let host: &str = &self.host;
        let host = match host.strip_prefix('[') {
            Some(six) => six.split(']').next().unwrap_or(six),
            None => host.split(':').next().unwrap_or(host),
        };
        // `127.evil.example` is a name like any other.
        let four = host.parse::<Ipv4Addr>();
        host == "localhost" || host == "::1" || four.is_ok_and(|four| four.is_loopback())
    }

    /// Whether it is at a host that a person wrote, perhaps with the scheme's own port.
    pub fn is_at(&self, written: &str) -> bool {
        let own_port = match &*self.scheme {
            "https" => ":443",
            "http" => ":80",
            _ => "",
        };
        let written = written.trim();
        written.eq_ignore_ascii_case(&self.host)
            || written
                .strip_suffix(own_port)
                .is_some_and(|bare| bare.eq_ignore_ascii_case(&self.host))
    }
}

/// Why clients do not read an address alike, or not at all; none where they do, and for names and
/// paths. No client writes such an address itself.
pub(super) fn doubt(text: &str) -> Option<&'static str> {
    if Address::plain(text).is_some() {
        return None;
    }
    let dropped = without_dropped(text);
    let (scheme, rest) = scheme_of(&dropped)?;
    let by_standard = matches!(scheme.as_str(), "http" | "https" | "ftp");
    if !by_standard && !rest.starts_with("//") {
        return None;
    }
    if text.bytes().any(|b| b <= b' ' || b == 0x7f) {
        return Some("it holds spaces or control characters, which some clients drop");
    }
    if rest.contains('\\') {
        return Some("it holds a backslash, which some clients read as a slash");
    }
    let behind = rest
        .strip_prefix("//")
        .filter(|rest| !rest.starts_with('/'));
    let Some(behind) = behind else {
        // `file:///` has no host, which is its form.
        return by_standard.then_some("its host does not stand behind two slashes");
    };
    let end = behind.find(['/', '?', '#']).unwrap_or(behind.len());
    if !behind[..end].is_ascii() {
        return Some("its host is written in letters that clients translate in different ways");
    }
    match Address::parse(text) {
        Some(_) => None,
        None => Some("it is no address that can be read"),
    }
}

/// What clients drop of an address: tabs and line ends anywhere, spaces and control characters
/// around it.
fn without_dropped(text: &str) -> Cow<'_, str> {
    let text = text.trim_matches(|c: char| c <= ' ');
    match text.contains(['\t', '\n', '\r']) {
        true => Cow::Owned(text.replace(['\t', '\n', '\r'], "")),
        false => Cow::Borrowed(text),
    }
}

/// A scheme in lower case without `git+` and the like, and what stands behind its colon.
fn scheme_of(text: &str) -> Option<(String, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let fits = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    let bare = scheme.rsplit('+').next().unwrap_or(scheme);
    fits.then(|| (bare.to_ascii_lowercase(), rest))
}

/// `git@code.example:a/tool.git`, as git and npm read it.
fn of_shell(text: &str) -> Option<(&str, &str)> {
    let (user, rest) = text.split_once('@')?;
    let (host, path) = rest.split_once(':')?;
    let is_user = !user.is_empty() && !user.contains(['/', ':']);
    let is_host = host.contains('.') && !host.contains(['/', '@', '%']);
    (is_user && is_host && !path.starts_with("//")).then_some((host, path))
}

fn cut(text: &str, at: char) -> (&str, Option<&str>) {
    match text.split_once(at) {
        Some((before, behind)) => (before, Some(behind)),
        None => (text, None),
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
/// `address` is what was read of `url`.
pub(super) fn npm_names(
    url: &str,
    address: Option<&Address<'_>>,
    name: &str,
    version: &str,
) -> Names {
    let path = match address {
        Some(address) => &*address.path,
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

    fn names_of(url: &str, name: &str, version: &str) -> Names {
        npm_names(url, Address::parse(url).as_ref(), name, version)
    }

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
            assert_eq!(names_of(url, name, version), Names::This, "{url}");
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
                names_of(url, name, version),
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
            assert_eq!(names_of(url, "ms", "2.1.2"), Names::Untold, "{url}");
        }
    }

    #[test]
    fn hosts_are_told_without_credentials() {
        let address = Address::parse("git+ssh://git@code.example:22/a.git#c0").unwrap();
        assert_eq!(
            (&*address.scheme, &*address.host),
            ("ssh", "code.example:22")
        );
        assert_eq!(address.fragment.as_deref(), Some("c0"));
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

    #[test]
    fn an_address_is_taken_apart_as_clients_do_it() {
        for (text, scheme, host, path) in [
            (
                "https://r.example/a/-/a-1.tgz#x",
                "https",
                "r.example",
                "/a/-/a-1.tgz",
            ),
            ("HTTP://R.Example:80/a", "http", "r.example", "/a"),
            ("https://r.example:443", "https", "r.example", "/"),
            (
                "https://r.example:8443/a?b",
                "https",
                "r.example:8443",
                "/a",
            ),
            (
                "https://r.example@other.example/a",
                "https",
                "other.example",
                "/a",
            ),
            (
                "https://u:p@Other.example/a",
                "https",
                "other.example",
                "/a",
            ),
            ("https:\\\\other.example\\a", "https", "other.example", "/a"),
            (
                "https://other.example\\@r.example/a",
                "https",
                "other.example",
                "/@r.example/a",
            ),
            (
                " ht\ttps://oth\ner.example/a",
                "https",
                "other.example",
                "/a",
            ),
            ("https:other.example/a", "https", "other.example", "/a"),
            ("https:////other.example/a", "https", "other.example", "/a"),
            (
                "https://r.example/a/../b/%2E%2e/c",
                "https",
                "r.example",
                "/c",
            ),
            ("http://0x7f.1/a", "http", "127.0.0.1", "/a"),
            ("git+SSH://git@Code.example/a", "ssh", "code.example", "/a"),
            (
                "git@code.example:a/b.git#c",
                "ssh",
                "code.example",
                "/a/b.git",
            ),
            ("github:a/b#c", "https", "github.com", "a/b"),
            (
                "registry+https://r.example/index",
                "https",
                "r.example",
                "/index",
            ),
        ] {
            let address = Address::parse(text).unwrap_or_else(|| panic!("{text}"));
            let read = (&*address.scheme, &*address.host, &*address.path);
            assert_eq!(read, (scheme, host, path), "{text}");
        }
        for text in [
            "a-1.0.0.tgz",
            "a@npm:1.0.0",
            "@s/a@workspace:.",
            "../a",
            "https://",
            "https://a b/",
        ] {
            assert_eq!(Address::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_short_way_reads_what_the_standard_reads() {
        for text in [
            "https://r.example/@s/ui/-/ui-1.0.0.tgz?a=b#c",
            "http://a-b.r.example",
            "https://r.example?x",
            "https://r.example/%40s%2fui/(a)/*!$&+,;=:@~_",
        ] {
            let plain = Address::plain(text).unwrap();
            let (scheme, rest) = scheme_of(text).unwrap();
            assert_eq!(Some(plain), Address::by_standard(scheme, rest), "{text}");
        }
    }

    #[test]
    fn an_address_that_clients_read_in_different_ways_is_in_doubt() {
        for text in [
            "https:\\\\other.example/a",
            "https://other.example\\@r.example/a",
            " https://r.example/a",
            "https://r.ex\tample/a",
            "https:r.example/a",
            "https:///r.example/a",
            "https://r.example:99999/a",
            "https://",
            "https://r\u{e9}.example/a",
            "git+ssh://git@code.example/a b",
        ] {
            assert!(doubt(text).is_some(), "{text}");
        }
        for text in [
            "https://r.example/a",
            "HTTPS://R.example:443/a",
            "https://u:p@r.example/a",
            "git+ssh://git@code.example/a.git#main",
            "git@code.example:a/b.git",
            "file:../a b/c.tgz",
            "file:///a/b.tgz",
            "a-1.0.0.tgz",
            "npm:a@^1 || ^2",
            "http://[::1]:4873/a",
        ] {
            assert_eq!(doubt(text), None, "{text}");
        }
    }

    #[test]
    fn this_machine_is_told_by_its_number_and_not_by_a_beginning() {
        let is = |text| Address::parse(text).unwrap().is_loopback();
        assert!(is("http://127.0.0.1:4873/a") && is("http://127.9.9.9/a"));
        assert!(is("http://LOCALHOST/a") && is("http://[::1]:8080/a"));
        assert!(!is("http://127.evil.example/a") && !is("http://localhost.evil.example/a"));
    }

    #[test]
    fn a_host_that_a_person_wrote_is_found_in_any_case_and_with_its_port() {
        let address = Address::parse("https://r.example/a").unwrap();
        assert!(address.is_at("R.example") && address.is_at("r.example:443"));
        assert!(!address.is_at("r.example:80") && !address.is_at("x.r.example"));
        let other = Address::parse("https://r.example:8443/a").unwrap();
        assert!(other.is_at("r.example:8443") && !other.is_at("r.example"));
    }
}
