//! What changed of a release while its version did not.

use super::super::address::Address;
use super::super::words::{short, shown};
use super::index::{Index, address_of};
use super::{Rewritten, What, kind_word};
use customs_ecosystem::lockfile::{Package, Source};
use customs_model::{Digest, DigestAlgorithm, Ecosystem, Severity};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn compare(before: &Index<'_>, after: &Index<'_>, moves: &Moves) -> Vec<Rewritten> {
    let mut found = Vec::new();
    for (name, versions) in &after.packages {
        let Some(were) = before.packages.get(name) else {
            continue;
        };
        for version in versions
            .keys()
            .filter(|version| were.contains_key(*version))
            .filter(|version| !is_untouched(before, after, name, version))
        {
            let (was, is) = (
                State::of(before, name, version),
                State::of(after, name, version),
            );
            let mut changes = Vec::new();
            was.compare(&is, moves, &mut changes);
            let Some(place) = after.places(name, version).next() else {
                continue;
            };
            found.extend(changes.into_iter().map(|change| Rewritten {
                name: match version.is_empty() {
                    true => shown(name),
                    false => shown(&format!("{name}@{version}")),
                },
                release: after.graph.release(place).cloned(),
                line: place.line,
                what: change.what,
                before: change.before,
                now: change.now,
                severity: change.severity,
            }));
        }
    }
    found
}

/// Whether a release stands at one place and says there what it said: most of them do.
fn is_untouched(before: &Index<'_>, after: &Index<'_>, name: &str, version: &str) -> bool {
    let (Some(was), Some(is)) = (before.only(name, version), after.only(name, version)) else {
        return false;
    };
    let same_package = was.checksum == is.checksum
        && was.files == is.files
        && was.source == is.source
        && was.resolved == is.resolved;
    let locked = (before.graph.locked(was), after.graph.locked(is));
    same_package
        && match locked {
            (Some(was), Some(is)) => {
                was.digests == is.digests
                    && was.resolved == is.resolved
                    && was.has_install_script == is.has_install_script
            }
            (None, None) => true,
            _ => false,
        }
}

/// One thing that changed.
struct Change {
    what: What,
    severity: Severity,
    before: String,
    now: String,
}

/// What binds a release, over all places where it stands.
struct State<'a> {
    ecosystem: Ecosystem,
    digests: BTreeSet<&'a Digest>,
    /// Places with an entry that promises no digest.
    undigested: usize,
    checksums: BTreeSet<&'a str>,
    /// Places without a checksum, but those that Yarn may not have fetched.
    unchecked: usize,
    /// A name may stand at several places, with several digests.
    files: BTreeMap<&'a str, BTreeSet<Option<&'a Digest>>>,
    addresses: BTreeSet<&'a str>,
    sources: BTreeSet<Source>,
    /// Whether any place says that it runs a script at install; none where the format does not say.
    runs_script: Option<bool>,
}

impl<'a> State<'a> {
    fn of(index: &Index<'a>, name: &str, version: &str) -> Self {
        let places: Vec<&Package> = index.places(name, version).collect();
        let mut files: BTreeMap<&str, BTreeSet<Option<&Digest>>> = BTreeMap::new();
        for file in places.iter().flat_map(|p| &p.files) {
            let digests = files.entry(file.name.as_str()).or_default();
            digests.insert(file.digest.as_ref());
        }
        let addresses = places.iter().filter_map(|p| address_of(index.graph, p));
        Self {
            ecosystem: index.graph.kind().ecosystem(),
            digests: index
                .locked(name, version)
                .flat_map(|l| &l.digests)
                .collect(),
            undigested: index
                .locked(name, version)
                .filter(|l| l.digests.is_empty())
                .count(),
            checksums: places
                .iter()
                .filter_map(|p| p.checksum.as_deref())
                .collect(),
            unchecked: places
                .iter()
                .filter(|p| p.checksum.is_none() && !p.conditional)
                .count(),
            files,
            addresses: addresses.filter(|a| !a.is_empty()).collect(),
            sources: places.iter().map(|p| p.source).collect(),
            runs_script: index
                .locked(name, version)
                .filter_map(|l| l.has_install_script)
                .max(),
        }
    }

    fn compare(&self, now: &Self, moves: &Moves, out: &mut Vec<Change>) {
        if self.runs_script == Some(false) && now.runs_script == Some(true) {
            out.push(Change {
                what: What::InstallScript,
                severity: Severity::Medium,
                before: "no script at install".to_owned(),
                now: "a script at install".to_owned(),
            });
        }
        if self.source(now, out) {
            return;
        }
        match self.files.is_empty() && now.files.is_empty() {
            true => self.digests(now, out),
            false => self.files(now, out),
        }
        self.checksums(now, out);
        self.addresses(now, moves, out);
    }

    /// A kind of source that was not there. Where none stayed, that says all.
    fn source(&self, now: &Self, out: &mut Vec<Change>) -> bool {
        let Some(was) = self.sources.first() else {
            return false;
        };
        let of = |source: Source, state: &Self| {
            let at = state.addresses.first().map(|a| format!(" ({})", shown(a)));
            format!("{}{}", kind_word(source), at.unwrap_or_default())
        };
        for is in now.sources.difference(&self.sources) {
            let severity = match is {
                Source::Registry => Severity::Low,
                Source::Git | Source::Url | Source::Path | Source::Bundled => Severity::High,
            };
            out.push(Change {
                what: What::Source,
                severity,
                before: of(*was, self),
                now: of(*is, now),
            });
        }
        !now.sources.is_empty() && self.sources.is_disjoint(&now.sources)
    }

    fn digests(&self, now: &Self, out: &mut Vec<Change>) {
        let words = |digests: &BTreeSet<&Digest>| {
            let all: Vec<String> = digests.iter().map(|digest| short(digest)).collect();
            if all.is_empty() {
                "none".to_owned()
            } else {
                all.join(" ")
            }
        };
        let mut say = |what, severity| {
            out.push(Change {
                what,
                severity,
                before: words(&self.digests),
                now: words(&now.digests),
            });
        };
        let best = |digests: &BTreeSet<&Digest>| digests.iter().map(|d| d.algorithm()).max();
        match (best(&self.digests), best(&now.digests)) {
            (None, None) => {}
            // One of several places of a release lost it.
            (Some(_), Some(_)) if now.undigested > self.undigested => {
                say(What::DigestLost, Severity::High);
            }
            (Some(_), None) => say(What::DigestLost, Severity::High),
            (None, Some(_)) => say(What::DigestAdded, Severity::Note),
            (Some(was), Some(is)) => match self.agreement(now) {
                Agreement::Disagree => say(What::Digest, Severity::High),
                Agreement::Fewer => say(What::Digest, Severity::Low),
                Agreement::More => say(What::DigestAdded, Severity::Note),
                Agreement::Agree | Agreement::NotComparable if is < was => {
                    say(What::DigestWeaker, Severity::High);
                }
                Agreement::NotComparable => say(What::DigestAdded, Severity::Note),
                Agreement::Agree => {}
            },
        }
    }

    /// Within the algorithms that both have.
    fn agreement(&self, now: &Self) -> Agreement {
        let of =
            |digests: &BTreeSet<&'a Digest>, algorithm: DigestAlgorithm| -> BTreeSet<&'a Digest> {
                let same = digests.iter().filter(|d| d.algorithm() == algorithm);
                same.copied().collect()
            };
        let mut agreement = Agreement::NotComparable;
        for algorithm in [
            DigestAlgorithm::Sha1,
            DigestAlgorithm::Sha256,
            DigestAlgorithm::Sha384,
            DigestAlgorithm::Sha512,
        ] {
            let (was, is) = (of(&self.digests, algorithm), of(&now.digests, algorithm));
            if was.is_empty() || is.is_empty() {
                continue;
            }
            let here = match (was.is_subset(&is), is.is_subset(&was)) {
                (true, true) => Agreement::Agree,
                // Several files of one Python release; elsewhere a release has one artifact.
                (true, false) if self.ecosystem == Ecosystem::PyPi => Agreement::More,
                (false, true) if self.ecosystem == Ecosystem::PyPi => Agreement::Fewer,
                _ => Agreement::Disagree,
            };
            agreement = agreement.max(here);
        }
        agreement
    }

    fn files(&self, now: &Self, out: &mut Vec<Change>) {
        let word = |digests: &BTreeSet<Option<&Digest>>| {
            let all = digests.iter();
            let all: Vec<String> = all
                .map(|digest| digest.map_or("no digest".to_owned(), short))
                .collect();
            all.join(" ")
        };
        for (name, was) in &self.files {
            let Some(is) = now.files.get(name).filter(|is| !is.is_subset(was)) else {
                continue;
            };
            let had_none = was.iter().all(Option::is_none);
            let severity = match had_none {
                true => Severity::Note,
                false => Severity::High,
            };
            out.push(Change {
                what: What::File,
                severity,
                before: format!("{} {}", shown(name), word(was)),
                now: format!("{} {}", shown(name), word(is)),
            });
        }
        let names = |of: &Self, than: &Self| -> Vec<String> {
            let only = of
                .files
                .keys()
                .filter(|name| !than.files.contains_key(*name));
            only.map(|name| shown(name)).collect()
        };
        let (gone, new) = (names(self, now), names(now, self));
        if gone.is_empty() && new.is_empty() {
            return;
        }
        // Wheels are added to a release later; a list that has nothing in common is another one.
        let replaced = gone.len() == self.files.len() && !new.is_empty();
        let word = |names: &[String]| match names {
            [] => "no other files".to_owned(),
            names => super::super::words::list(names),
        };
        out.push(Change {
            what: What::Files,
            severity: match (replaced, gone.is_empty()) {
                (true, _) => Severity::High,
                (false, true) => Severity::Note,
                (false, false) => Severity::Low,
            },
            before: word(&gone),
            now: word(&new),
        });
    }

    fn checksums(&self, now: &Self, out: &mut Vec<Change>) {
        let Some(first) = self.checksums.first() else {
            return;
        };
        // Yarn knows no checksum of what it does not fetch on this platform.
        if now.unchecked > self.unchecked {
            out.push(Change {
                what: What::ChecksumLost,
                severity: Severity::High,
                before: shown(first),
                now: "none".to_owned(),
            });
        }
        let key = |checksum: &&'a str| checksum.split_once('/').map(|(key, _)| key);
        let keys: BTreeMap<&str, &str> = self
            .checksums
            .iter()
            .filter_map(|checksum| Some((key(checksum)?, *checksum)))
            .collect();
        for is in now.checksums.difference(&self.checksums) {
            // Another key: Yarn packs its archives in another way now.
            if let Some(was) = key(is).and_then(|key| keys.get(key)) {
                out.push(Change {
                    what: What::Checksum,
                    severity: Severity::High,
                    before: shown(was),
                    now: shown(is),
                });
            }
        }
    }

    fn addresses(&self, now: &Self, moves: &Moves, out: &mut Vec<Change>) {
        let mut new: Vec<&str> = now.addresses.difference(&self.addresses).copied().collect();
        // An address that stayed may be told from a new one, one that is gone is told first.
        let gone = self.addresses.difference(&now.addresses);
        let stayed = self.addresses.intersection(&now.addresses);
        let were: Vec<&str> = gone.chain(stayed).take(FEW_ADDRESSES).copied().collect();
        let Some(first) = were.first() else {
            return;
        };
        let left_out = new.len().saturating_sub(FEW_ADDRESSES);
        new.truncate(FEW_ADDRESSES);
        for is in new {
            let mut verdicts = were.iter().map(|was| (*was, moves.judge(was, is)));
            let mut worst = None;
            // One that it may have come from without a word excuses it.
            let excused = verdicts.any(|(was, verdict)| {
                worst = worst.or(verdict.map(|verdict| (was, verdict)));
                verdict.is_none()
            });
            if let Some((was, (what, severity))) = worst.filter(|_| !excused) {
                out.push(Change {
                    what,
                    severity,
                    before: shown(was),
                    now: shown(is),
                });
            }
        }
        if left_out > 0 {
            out.push(Change {
                what: What::Address,
                severity: Severity::High,
                before: shown(first),
                now: format!("{left_out} further addresses"),
            });
        }
    }
}

/// More addresses of one release than any honest lockfile has.
const FEW_ADDRESSES: usize = 16;

/// How the digests of two states go together, worst last.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Agreement {
    NotComparable,
    Agree,
    More,
    Fewer,
    Disagree,
}

/// Two hosts.
type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

/// Hosts that took the place of others for most releases: a registry that moved.
pub(super) struct Moves(BTreeSet<(String, String)>);

impl Moves {
    pub fn between(before: &Index<'_>, after: &Index<'_>) -> Self {
        let mut stayed: BTreeMap<Cow<'_, str>, usize> = BTreeMap::new();
        let mut moved: BTreeMap<Pair<'_>, usize> = BTreeMap::new();
        for (name, versions) in &after.packages {
            for version in versions.keys() {
                let was = first_address(before, name, version);
                let is = first_address(after, name, version);
                let (Some(was), Some(is)) = (was, is) else {
                    continue;
                };
                match was.host == is.host {
                    true => *stayed.entry(was.host).or_default() += 1,
                    false => *moved.entry((was.host, is.host)).or_default() += 1,
                }
            }
        }
        let most = |((was, _), count): &(&Pair<'_>, &usize)| {
            **count >= MOST_AT_LEAST && **count > stayed.get(was).copied().unwrap_or(0)
        };
        let moved = moved.iter().filter(most);
        Self(
            moved
                .map(|((was, is), _)| (was.clone().into_owned(), is.clone().into_owned()))
                .collect(),
        )
    }

    /// The pairs, for people.
    pub fn iter(&self) -> impl Iterator<Item = &(String, String)> {
        self.0.iter()
    }

    /// How bad another address is; none where it is said otherwise or is no difference.
    fn judge(&self, was: &str, is: &str) -> Option<(What, Severity)> {
        let (Some(was), Some(is)) = (Address::parse(was), Address::parse(is)) else {
            return Some((What::Address, Severity::High));
        };
        if was.host == is.host && was.path == is.path {
            return match was.fragment == is.fragment {
                true if was.scheme == is.scheme => None,
                true if is.scheme == "http" => Some((What::Address, Severity::Medium)),
                true => Some((What::Address, Severity::Note)),
                // A SHA-1 of Yarn 1 is compared as the digest that it is.
                false if is.path.ends_with(".tgz") || is.path.ends_with(".tar.gz") => None,
                false => Some((What::Commit, Severity::Note)),
            };
        }
        let pair = (was.host.into_owned(), is.host.into_owned());
        if self.0.contains(&pair) {
            return None;
        }
        Some((What::Address, Severity::High))
    }
}

/// The address at the first place of a release.
fn first_address<'a>(index: &Index<'a>, name: &str, version: &str) -> Option<Address<'a>> {
    let place = index.packages.get(name)?.get(version)?.first()?;
    let package = index.graph.packages.get(*place)?;
    Address::parse(address_of(index.graph, package)?)
}

/// Fewer releases than this do not make a move of a registry.
const MOST_AT_LEAST: usize = 3;
