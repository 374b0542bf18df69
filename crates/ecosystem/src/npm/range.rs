//! npm version ranges: the grammar that `package.json` uses.

use super::version::{Identifier, NpmVersion, identifiers, number};

/// A parsed range: any of its sets must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range(Vec<Vec<Comparator>>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Comparator {
    op: Op,
    version: NpmVersion,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
}

/// A version with parts left out (`1`, `1.x`, `1.2`).
#[derive(Debug, Clone)]
struct Partial {
    major: Option<u64>,
    minor: Option<u64>,
    patch: Option<u64>,
    pre: Vec<Identifier>,
}

/// More alternatives than any manifest has; a longer range is no range.
const MOST_SETS: usize = 512;

impl Range {
    /// Parses a range. `None` for anything that is not one: tags, URLs, git and file
    /// specifications, aliases.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 8192 {
            return None;
        }
        let sets: Option<Vec<_>> = text.split("||").map(set).collect();
        sets.filter(|sets| sets.len() <= MOST_SETS).map(Self)
    }

    /// Whether a version satisfies it. A prerelease does only where a comparator of
    /// the same set names a prerelease of the same three numbers.
    pub fn satisfied_by(&self, version: &NpmVersion) -> bool {
        self.0.iter().any(|set| {
            set.iter().all(|c| c.holds(version))
                && (!version.is_prerelease()
                    || set
                        .iter()
                        .any(|c| c.version.is_prerelease() && c.version.core() == version.core()))
        })
    }
}

impl Comparator {
    fn holds(&self, version: &NpmVersion) -> bool {
        match self.op {
            Op::Less => version < &self.version,
            Op::LessEqual => version <= &self.version,
            Op::Greater => version > &self.version,
            Op::GreaterEqual => version >= &self.version,
            Op::Equal => version == &self.version,
        }
    }
}

fn plain(major: u64, minor: u64, patch: u64) -> NpmVersion {
    NpmVersion {
        major,
        minor,
        patch,
        pre: Vec::new(),
    }
}

/// The lowest version of all (`X-0`): an exclusive upper bound that keeps out the
/// prereleases of the next version too.
fn floor(major: u64, minor: u64, patch: u64) -> NpmVersion {
    NpmVersion {
        major,
        minor,
        patch,
        pre: vec![Identifier::Number(0)],
    }
}

fn set(text: &str) -> Option<Vec<Comparator>> {
    let text = text.trim();
    if let Some((low, high)) = text.split_once(" - ") {
        return hyphen(&partial(low.trim())?, &partial(high.trim())?);
    }
    // "> 1.2" is one comparator: join an operator with what follows it.
    let mut out = Vec::new();
    let mut words = text.split_whitespace();
    if text.is_empty() {
        out.push(Comparator {
            op: Op::GreaterEqual,
            version: plain(0, 0, 0),
        });
    }
    while let Some(word) = words.next() {
        if word.bytes().all(|b| b"<>=~^".contains(&b)) {
            let rest = words.next()?;
            out.extend(simple(&format!("{word}{rest}"))?);
        } else {
            out.extend(simple(word)?);
        }
    }
    Some(out)
}

fn partial(text: &str) -> Option<Partial> {
    let text = text.trim_start_matches(['v', '=']);
    let text = text.split_once('+').map_or(text, |(before, _)| before);
    let (core, pre) = match text.split_once('-') {
        Some((core, pre)) => (core, identifiers(pre)?),
        None => (text, Vec::new()),
    };
    let mut parts = core.split('.');
    let mut part = || -> Option<Option<u64>> {
        match parts.next() {
            None | Some("x" | "X" | "*" | "") => Some(None),
            Some(digits) => number(digits).map(Some),
        }
    };
    let (major, minor, patch) = (part()?, part()?, part()?);
    // A wildcard makes everything behind it a wildcard.
    let minor = major.and(minor);
    let patch = minor.and(patch);
    if parts.next().is_some() {
        return None;
    }
    let pre = if patch.is_some() { pre } else { Vec::new() };
    Some(Partial {
        major,
        minor,
        patch,
        pre,
    })
}

impl Partial {
    /// The lowest version it covers.
    fn low(&self) -> NpmVersion {
        NpmVersion {
            major: self.major.unwrap_or(0),
            minor: self.minor.unwrap_or(0),
            patch: self.patch.unwrap_or(0),
            pre: self.pre.clone(),
        }
    }

    /// The first version above all it covers; none when it covers everything.
    fn above(&self) -> Option<NpmVersion> {
        match (self.major, self.minor) {
            (None, _) => None,
            (Some(major), None) => Some(floor(major + 1, 0, 0)),
            (Some(major), Some(minor)) => Some(floor(major, minor + 1, 0)),
        }
    }

    fn is_whole(&self) -> bool {
        self.patch.is_some()
    }
}

fn between(low: NpmVersion, above: Option<NpmVersion>) -> Vec<Comparator> {
    let mut out = vec![Comparator {
        op: Op::GreaterEqual,
        version: low,
    }];
    out.extend(above.map(|version| Comparator {
        op: Op::Less,
        version,
    }));
    out
}

fn hyphen(low: &Partial, high: &Partial) -> Option<Vec<Comparator>> {
    let mut out = vec![Comparator {
        op: Op::GreaterEqual,
        version: low.low(),
    }];
    if high.is_whole() {
        out.push(Comparator {
            op: Op::LessEqual,
            version: high.low(),
        });
    } else if let Some(version) = high.above() {
        out.push(Comparator {
            op: Op::Less,
            version,
        });
    }
    Some(out)
}

fn simple(word: &str) -> Option<Vec<Comparator>> {
    let ops = ["~>", ">=", "<=", "^", "~", ">", "<", "="];
    let (op, rest) = ops
        .iter()
        .find_map(|op| word.strip_prefix(op).map(|rest| (*op, rest)))
        .unwrap_or(("", word));
    let part = partial(rest.trim())?;
    Some(match op {
        "^" => between(part.low(), caret(&part)),
        "~" | "~>" => between(part.low(), part.above()),
        "" | "=" if part.is_whole() => vec![Comparator {
            op: Op::Equal,
            version: part.low(),
        }],
        "" | "=" => between(part.low(), part.above()),
        ">=" => vec![Comparator {
            op: Op::GreaterEqual,
            version: part.low(),
        }],
        ">" if part.is_whole() => vec![Comparator {
            op: Op::Greater,
            version: part.low(),
        }],
        // ">1.2" means above every 1.2.x; ">*" is above everything, so nothing.
        ">" => match part.above() {
            Some(mut version) => {
                version.pre.clear();
                vec![Comparator {
                    op: Op::GreaterEqual,
                    version,
                }]
            }
            None => vec![Comparator {
                op: Op::Less,
                version: floor(0, 0, 0),
            }],
        },
        "<=" if part.is_whole() => vec![Comparator {
            op: Op::LessEqual,
            version: part.low(),
        }],
        "<=" => match part.above() {
            Some(version) => vec![Comparator {
                op: Op::Less,
                version,
            }],
            None => between(plain(0, 0, 0), None),
        },
        "<" if part.is_whole() => vec![Comparator {
            op: Op::Less,
            version: part.low(),
        }],
        "<" => {
            let low = part.low();
            vec![Comparator {
                op: Op::Less,
                version: floor(low.major, low.minor, low.patch),
            }]
        }
        _ => return None,
    })
}

/// `^`: up to the next change of the leftmost number that is not zero.
fn caret(part: &Partial) -> Option<NpmVersion> {
    let major = part.major?;
    if major > 0 {
        return Some(floor(major + 1, 0, 0));
    }
    match (part.minor, part.patch) {
        (None, _) => Some(floor(1, 0, 0)),
        (Some(minor), _) if minor > 0 => Some(floor(0, minor + 1, 0)),
        (Some(_), None) => Some(floor(0, 1, 0)),
        (Some(_), Some(patch)) => Some(floor(0, 0, patch + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(range: &str, yes: &[&str], no: &[&str]) {
        let parsed = Range::parse(range).unwrap();
        for v in yes {
            assert!(
                parsed.satisfied_by(&NpmVersion::parse(v).unwrap()),
                "{range} wants {v}"
            );
        }
        for v in no {
            assert!(
                !parsed.satisfied_by(&NpmVersion::parse(v).unwrap()),
                "{range} refuses {v}"
            );
        }
    }

    #[test]
    fn ranges_mean_what_the_npm_command_line_means() {
        check(
            "^1.12.0",
            &["1.12.0", "1.99.0"],
            &["1.11.9", "2.0.0", "2.0.0-rc.1", "1.13.0-beta.1"],
        );
        check("^0.30.3", &["0.30.3", "0.30.4"], &["0.31.0", "0.30.2"]);
        check("^0.0.3", &["0.0.3"], &["0.0.4"]);
        check("^0.x", &["0.0.1", "0.9.0"], &["1.0.0"]);
        check("~1.2", &["1.2.0", "1.2.9"], &["1.3.0"]);
        check("~1.2.3", &["1.2.3"], &["1.2.2", "1.3.0"]);
        check("1.2 - 2.3", &["1.2.0", "2.3.9"], &["2.4.0", "1.1.9"]);
        check("1.2.3 - 2.3.4", &["2.3.4"], &["2.3.5"]);
        check(
            ">=1 <3 || 5.x",
            &["1.0.0", "2.9.9", "5.1.0"],
            &["3.0.0", "4.0.0", "6.0.0"],
        );
        check("> 1.2", &["1.3.0"], &["1.2.9"]);
        check("<2", &["1.9.9"], &["2.0.0", "2.0.0-alpha"]);
        check("<=2", &["2.9.9"], &["3.0.0"]);
        check("*", &["0.0.1", "9.9.9"], &["1.0.0-beta"]);
        check("", &["1.0.0"], &["1.0.0-beta"]);
        check(
            "^1.0.0-beta.2",
            &["1.0.0-beta.2", "1.0.0-beta.3", "1.0.0"],
            &["1.0.0-beta.1", "1.1.0-beta.3"],
        );
        check("=1.2.3", &["1.2.3"], &["1.2.4"]);
        check("v1.2.3", &["1.2.3"], &["1.2.4"]);
    }

    #[test]
    fn tags_urls_and_aliases_are_no_ranges() {
        for text in [
            "latest",
            "npm:x@1",
            "git+ssh://h.example/x",
            "file:../x",
            "workspace:*",
            "a/b",
        ] {
            assert_eq!(Range::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "[ -~]{0,60}") {
            if let Some(range) = Range::parse(&text) {
                range.satisfied_by(&plain(1, 2, 3));
            }
        }

        #[test]
        fn a_caret_range_holds_its_own_base(major in 0u64..5, minor in 0u64..5, patch in 0u64..5) {
            let version = plain(major, minor, patch);
            let range = format!("^{version}");
            prop_assert!(Range::parse(&range).unwrap().satisfied_by(&version));
        }
    }
}
