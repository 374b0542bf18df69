//! What a line of a policy is about: a name, a scope, a version, a range, a digest.

use super::range::VersionRange;
use customs_model::{Digest, Dossier, Ecosystem, PackageName, ReleaseId, Version, printable};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// One package, or all whose name starts in a certain way (`pkg:npm/@acme/*`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamePattern {
    ecosystem: Ecosystem,
    start: String,
    open: bool,
}

impl NamePattern {
    /// Reads `pkg:npm/name` or `pkg:npm/@scope/*`.
    pub fn parse(text: &str) -> Result<Self, String> {
        match Match::parse(text)? {
            Match::Pattern(pattern) => Ok(pattern),
            Match::Name(name) => Ok(Self {
                ecosystem: name.ecosystem(),
                start: name.as_str().to_owned(),
                open: false,
            }),
            Match::Release(_) | Match::Range(..) | Match::Digest(_) => Err(format!(
                "{:?} is more than a name; leave out the version",
                printable(text, 80)
            )),
        }
    }

    /// Whether a name is meant.
    pub fn matches(&self, name: &PackageName) -> bool {
        name.ecosystem() == self.ecosystem
            && if self.open {
                name.as_str().starts_with(&self.start)
            } else {
                name.as_str() == self.start
            }
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let star = if self.open { "*" } else { "" };
        write!(f, "pkg:{}/{}{star}", self.ecosystem.purl_type(), self.start)
    }
}

impl fmt::Debug for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a line is about.
#[derive(Clone, PartialEq, Eq)]
pub enum Match {
    /// Every release of a package.
    Name(PackageName),
    /// Every release of packages whose name starts in a certain way.
    Pattern(NamePattern),
    /// One release.
    Release(ReleaseId),
    /// Some releases of a package.
    Range(PackageName, VersionRange),
    /// One artifact.
    Digest(Digest),
}

impl Match {
    /// Reads `pkg:npm/name`, `pkg:npm/name@1.2.3`, `pkg:npm/name@>=1, <2`,
    /// `pkg:npm/@scope/*` or `sha256:…`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let shown = || printable(text, 80);
        let Some(rest) = text.trim().strip_prefix("pkg:") else {
            return text.trim().parse().map(Self::Digest).map_err(|_| {
                format!(
                    "{:?} is neither a package (\"pkg:npm/name\") nor a digest (\"sha256:…\")",
                    shown()
                )
            });
        };
        let (kind, rest) = rest
            .split_once('/')
            .ok_or_else(|| format!("{:?} has no name; write \"pkg:npm/name\"", shown()))?;
        let ecosystem: Ecosystem = kind.parse().map_err(|e| format!("{e}"))?;
        let rest = rest
            .replace("%40", "@")
            .replace("%2F", "/")
            .replace("%2f", "/");
        // An '@' at the start belongs to the scope.
        let (name, version) = match rest.rfind('@').filter(|at| *at > 0) {
            Some(at) => (&rest[..at], Some(rest[at + 1..].trim())),
            None => (rest.as_str(), None),
        };
        if let Some(start) = name.strip_suffix('*') {
            return match version {
                None => pattern(ecosystem, start).map(Self::Pattern),
                Some(_) => Err(format!(
                    "{:?} has a '*' and a version; one of them",
                    shown()
                )),
            };
        }
        let name = PackageName::new(ecosystem, name).map_err(|e| e.to_string())?;
        match version {
            None => Ok(Self::Name(name)),
            Some(range) if range.starts_with(['<', '>', '=', '~', '^', '!', '*']) => {
                VersionRange::parse(ecosystem, range)
                    .map(|range| Self::Range(name, range))
                    .ok_or_else(|| {
                        format!(
                            "{:?} has a range that cannot be read; write \">=1.2, <2\"",
                            shown()
                        )
                    })
            }
            Some(version) => {
                let version = Version::new(&version.replace("%2B", "+").replace("%21", "!"));
                version
                    .map(|v| Self::Release(ReleaseId::new(name, v)))
                    .map_err(|e| e.to_string())
            }
        }
    }

    /// Whether a release is meant.
    pub fn matches(&self, dossier: &Dossier) -> bool {
        self.means(&dossier.release, &dossier.digests)
    }

    /// Whether a release with these digests is meant.
    pub fn means(&self, release: &ReleaseId, digests: &[Digest]) -> bool {
        match self {
            Self::Name(name) => *name == release.package,
            Self::Pattern(pattern) => pattern.matches(&release.package),
            Self::Release(id) => id == release,
            Self::Range(name, range) => {
                *name == release.package && range.contains(&release.version)
            }
            Self::Digest(digest) => digests.contains(digest),
        }
    }
}

/// A name that ends in `*`. What stands before it must narrow it down.
fn pattern(ecosystem: Ecosystem, start: &str) -> Result<NamePattern, String> {
    let shown = || printable(start, 60);
    // The rest of a name that makes the start a whole one, so that the rules for names apply.
    let whole = PackageName::new(ecosystem, &format!("{start}x"))
        .map_err(|e| format!("\"{}*\" matches no name: {e}", shown()))?;
    let start = &whole.as_str()[..whole.as_str().len() - 1];
    if start.trim_start_matches('@').is_empty() {
        return Err("a '*' needs the start of a name before it".to_owned());
    }
    Ok(NamePattern {
        ecosystem,
        start: start.to_owned(),
        open: true,
    })
}

impl fmt::Display for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "pkg:{}/{name}", name.ecosystem().purl_type()),
            Self::Pattern(pattern) => write!(f, "{pattern}"),
            Self::Release(id) => write!(
                f,
                "pkg:{}/{}",
                id.package.ecosystem().purl_type(),
                id.spoken()
            ),
            Self::Range(name, range) => {
                write!(f, "pkg:{}/{name}@{range}", name.ecosystem().purl_type())
            }
            Self::Digest(digest) => write!(f, "{digest}"),
        }
    }
}

impl fmt::Debug for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Everything that is denied, ordered so that ten thousand lines cost a look-up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Denials {
    digests: BTreeSet<Digest>,
    by_name: BTreeMap<PackageName, Vec<Match>>,
    open: Vec<NamePattern>,
}

impl Denials {
    /// Adds a line; a line that stands there already changes nothing.
    pub fn insert(&mut self, what: Match) {
        match what {
            Match::Digest(digest) => {
                self.digests.insert(digest);
            }
            Match::Pattern(pattern) if !self.open.contains(&pattern) => self.open.push(pattern),
            Match::Pattern(_) => {}
            Match::Name(ref name) | Match::Range(ref name, _) => {
                self.insert_named(name.clone(), what)
            }
            Match::Release(ref id) => self.insert_named(id.package.clone(), what),
        }
    }

    fn insert_named(&mut self, name: PackageName, what: Match) {
        let lines = self.by_name.entry(name).or_default();
        if !lines.contains(&what) {
            lines.push(what);
        }
    }

    /// Takes over everything that another one denies.
    pub fn extend(&mut self, other: &Self) {
        self.digests.extend(other.digests.iter().cloned());
        for pattern in &other.open {
            self.insert(Match::Pattern(pattern.clone()));
        }
        for line in other.by_name.values().flatten() {
            self.insert(line.clone());
        }
    }

    /// Whether a release of a package could be denied. A denied digest could be any
    /// package's.
    pub fn may_find(&self, name: &PackageName) -> bool {
        !self.digests.is_empty()
            || self.by_name.contains_key(name)
            || self.open.iter().any(|pattern| pattern.matches(name))
    }

    /// The line that denies a release.
    pub fn find(&self, dossier: &Dossier) -> Option<String> {
        let digest = dossier
            .digests
            .iter()
            .find(|digest| self.digests.contains(*digest));
        let named = || {
            self.by_name
                .get(&dossier.release.package)?
                .iter()
                .find(|line| line.matches(dossier))
        };
        let open = || {
            self.open
                .iter()
                .find(|pattern| pattern.matches(&dossier.release.package))
        };
        digest
            .map(ToString::to_string)
            .or_else(|| named().map(ToString::to_string))
            .or_else(|| open().map(ToString::to_string))
    }

    /// Every line, in a fixed order.
    pub fn lines(&self) -> BTreeSet<String> {
        let digests = self.digests.iter().map(ToString::to_string);
        let named = self.by_name.values().flatten().map(ToString::to_string);
        digests
            .chain(named)
            .chain(self.open.iter().map(ToString::to_string))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::dossier;
    use proptest::prelude::*;

    fn is_about(line: &str, ecosystem: &str, name: &str, version: &str) -> bool {
        Match::parse(line).unwrap().matches(&dossier(
            ecosystem,
            name,
            version,
            "2026-01-01T00:00:00Z",
        ))
    }

    #[test]
    fn a_line_means_a_name_a_version_a_range_or_a_scope() {
        assert!(is_about("pkg:npm/left-pad", "npm", "left-pad", "1.3.0"));
        assert!(is_about(
            "pkg:npm/left-pad@1.3.0",
            "npm",
            "left-pad",
            "1.3.0"
        ));
        assert!(!is_about(
            "pkg:npm/left-pad@1.3.0",
            "npm",
            "left-pad",
            "1.3.1"
        ));
        assert!(is_about(
            "pkg:npm/@acme/ui@>=1, <2",
            "npm",
            "@acme/ui",
            "1.9.0"
        ));
        assert!(!is_about(
            "pkg:npm/@acme/ui@>=1, <2",
            "npm",
            "@acme/ui",
            "2.0.0"
        ));
        assert!(is_about("pkg:npm/%40acme/*", "npm", "@acme/ui", "2.0.0"));
        assert!(!is_about(
            "pkg:npm/@acme/*",
            "npm",
            "@acme-evil/ui",
            "2.0.0"
        ));
        assert!(!is_about("pkg:npm/left-pad", "pypi", "left-pad", "1.3.0"));
        assert!(is_about("pkg:pypi/Acme_*", "pypi", "acme-ui", "1.0"));
    }

    #[test]
    fn a_line_that_would_mean_everything_is_refused() {
        for bad in [
            "pkg:npm/*",
            "pkg:npm/@*",
            "pkg:npm/",
            "pkg:npm",
            "left-pad",
            "sha256:00",
            "pkg:npm/a@>=x.y",
            "pkg:npm/a/b",
        ] {
            assert!(Match::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "(pkg:)?(npm|pypi|cargo)?.{0,20}") {
            let _ = Match::parse(&text);
        }

        #[test]
        fn what_is_shown_is_read_back(name in "[a-z]{1,8}", version in "[0-9]\\.[0-9]\\.[0-9]") {
            for line in [format!("pkg:npm/{name}"), format!("pkg:npm/@{name}/{name}@{version}"), format!("pkg:cargo/{name}*")] {
                prop_assert_eq!(Match::parse(&line).unwrap().to_string(), line);
            }
        }
    }
}
