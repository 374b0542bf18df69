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

/// Whether a client writes this byte of a path, a query or a fragment in another way. A table,
/// since every byte of every address is asked.
const CHANGES: [bool; 256] = {
    let mut changes = [true; 256];
    let mut byte = 0x21u8;
    while byte < 0x7f {
        changes[byte as usize] = matches!(
            byte,
            b'\\' | b'"' | b'<' | b'>' | b'`' | b'{' | b'}' | b'|' | b'^' | b'\''
        );
        byte += 1;
    }
    changes
};

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
        if rest.bytes().any(|b| CHANGES[usize::from(b)]) {
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

    /// Whether it is written in the form that all clients write: then none reads it differently.
    pub fn is_plain(&self) -> bool {
        // Whatever had to be changed is owned.
        matches!(
            (&self.host, &self.path),
            (Cow::Borrowed(_), Cow::Borrowed(_))
        )
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
    let mut slashes = before.rmatch_indices('/').map(|(at, _)| at + 1);
    let last = slashes.next().unwrap_or(0);
    let scope = match last {
        0 => None,
        _ => Some(slashes.next().unwrap_or(0)),
    };
    let scope = scope.filter(|scope| before[*scope..].starts_with('@'));
    let stated = &before[scope.unwrap_or(last)..];
    let Some(stem) = stem(file) else {
        return match stated == name {
            true => Names::Untold,
            false => Names::Another(stated.to_owned()),
        };
    };
    let of_file = stem
        .strip_prefix(unscoped(name))
        .and_then(|rest| rest.strip_prefix('-'));
    match of_file {
        Some(of_file) if stated == name && normal(of_file) == version => Names::This,
        _ => Names::Another(match stem.strip_prefix(unscoped(stated)) {
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
mod tests;
