//! All advisories of one moment, by package.

use crate::advisory::{Advisory, AdvisoryKind, VersionOrder, same};
use crate::osv::{Parsed, parse};
use customs_model::{AdvisoryMatch, PackageName, ReleaseId, Timestamp, Version, printable};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Problems that are kept with their names; the rest is counted.
const MOST_NAMED: usize = 100;

/// A set of advisories with the name that decisions are recorded under.
#[derive(Debug, Clone)]
pub struct Snapshot {
    records: Vec<Stored>,
    by_package: HashMap<PackageName, Vec<u32>>,
    name: String,
    loaded_at: Timestamp,
    elsewhere: usize,
    problems: Problems,
}

/// A record that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file or entry, printable.
    pub name: String,
    /// Why, in words.
    pub why: String,
}

/// An advisory that names a release as its fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// The advisory.
    pub id: String,
    /// Somebody other than the package's own publisher reviewed it.
    pub reviewed: bool,
    /// What the fixed releases suffer from.
    pub kind: AdvisoryKind,
}

#[derive(Debug, Clone)]
struct Stored {
    advisory: Advisory,
    digest: [u8; 32],
    source: Arc<str>,
}

#[derive(Debug, Clone, Default)]
struct Problems {
    count: usize,
    named: Vec<Problem>,
}

impl Problems {
    fn add(&mut self, name: &str, why: &str) {
        self.count += 1;
        if self.named.len() < MOST_NAMED {
            self.named.push(Problem {
                name: printable(name, 200),
                why: printable(why, 300),
            });
        }
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        let room = MOST_NAMED - self.named.len();
        self.named.extend(other.named.into_iter().take(room));
    }
}

impl Snapshot {
    /// Reads records. A malformed one is counted and named, never fatal.
    pub fn from_records<N: AsRef<str>, B: AsRef<[u8]>>(
        records: impl IntoIterator<Item = (N, B)>,
        loaded_at: Timestamp,
    ) -> Self {
        let mut builder = Builder::new("records");
        for (name, bytes) in records {
            builder.add(name.as_ref(), bytes.as_ref());
        }
        builder.finish(loaded_at)
    }

    /// The advisories in force about a release, in the order of their ids.
    pub fn matches(&self, release: &ReleaseId, order: VersionOrder<'_>) -> Vec<AdvisoryMatch> {
        let version = release.version.as_str();
        self.about(&release.package)
            .filter(|s| s.advisory.kind != AdvisoryKind::Notice)
            .filter(|s| s.advisory.covers(&release.package, version, order))
            .map(|s| s.matched(&release.package))
            .collect()
    }

    /// The advisories in force that name this very version as a fix.
    pub fn fixes(&self, release: &ReleaseId, order: VersionOrder<'_>) -> Vec<Fix> {
        let version = release.version.as_str();
        self.about(&release.package)
            .filter(|s| s.advisory.withdrawn.is_none())
            .filter(|s| {
                s.advisory
                    .about(&release.package)
                    .any(|a| a.fixed().any(|v| same(v, version, order)))
            })
            .map(|s| Fix {
                id: s.advisory.id.to_string(),
                reviewed: s.advisory.reviewed,
                kind: s.advisory.kind,
            })
            .collect()
    }

    /// Whether anything at all is said about a package. Cheap.
    pub fn knows(&self, package: &PackageName) -> bool {
        self.by_package.contains_key(package)
    }

    /// The advisories that name a package, withdrawn ones included.
    pub fn advisories<'a>(&'a self, package: &PackageName) -> impl Iterator<Item = &'a Advisory> {
        self.about(package).map(|s| &s.advisory)
    }

    /// The name that decisions record: the same records give the same name, in
    /// whatever order and files they came.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// When it was read.
    pub const fn loaded_at(&self) -> Timestamp {
        self.loaded_at
    }

    /// When the advisory that was changed last was; none where none says so.
    pub fn newest_change(&self) -> Option<Timestamp> {
        let changed = self.records.iter().map(|stored| stored.advisory.modified);
        changed.max().flatten()
    }

    /// How many advisories it holds.
    pub const fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether it holds none.
    pub const fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// How many well-formed records were about other ecosystems.
    pub const fn elsewhere(&self) -> usize {
        self.elsewhere
    }

    /// How many records could not be used.
    pub const fn malformed(&self) -> usize {
        self.problems.count
    }

    /// The first hundred of those, with their names.
    pub fn problems(&self) -> &[Problem] {
        &self.problems.named
    }

    /// Joins two. Of two records with one id the later modified stays.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        let loaded_at = self.loaded_at.max(other.loaded_at);
        let mut builder = Builder::new("");
        builder.elsewhere = self.elsewhere + other.elsewhere;
        builder.problems = self.problems;
        builder.problems.merge(other.problems);
        for stored in self.records.into_iter().chain(other.records) {
            builder.keep(stored);
        }
        builder.finish(loaded_at)
    }

    fn about(&self, package: &PackageName) -> impl Iterator<Item = &Stored> {
        let at = self.by_package.get(package).map_or(&[][..], Vec::as_slice);
        at.iter().filter_map(|i| self.records.get(*i as usize))
    }
}

impl Stored {
    fn matched(&self, package: &PackageName) -> AdvisoryMatch {
        let mut fixed_in = Vec::new();
        for text in self.advisory.about(package).flat_map(|a| a.fixed()) {
            match Version::new(text) {
                Ok(v) if !fixed_in.contains(&v) => fixed_in.push(v),
                _ => {}
            }
        }
        AdvisoryMatch {
            id: self.advisory.id.to_string(),
            malicious: self.advisory.kind == AdvisoryKind::Malicious,
            summary: self.advisory.summary.to_string(),
            source: self.source.to_string(),
            reviewed: self.advisory.reviewed,
            fixed_in,
        }
    }

    /// The later modified one, and of two equally old ones the greater digest, so that
    /// the order of files never shows.
    fn rank(&self) -> (Option<Timestamp>, [u8; 32]) {
        (self.advisory.modified, self.digest)
    }
}

/// Takes records one by one, so that a whole export is never in memory.
#[derive(Debug)]
pub struct Builder {
    source: Arc<str>,
    records: BTreeMap<Box<str>, Stored>,
    elsewhere: usize,
    problems: Problems,
}

impl Builder {
    /// An empty one. `source` is where the records come from, for people.
    pub fn new(source: &str) -> Self {
        let source = printable(source, 200).into();
        Self {
            source,
            records: BTreeMap::new(),
            elsewhere: 0,
            problems: Problems::default(),
        }
    }

    /// Takes one record.
    pub fn add(&mut self, name: &str, bytes: &[u8]) {
        match parse(bytes) {
            Ok(Parsed::Advisory(advisory)) => self.keep(Stored {
                advisory: *advisory,
                digest: Sha256::digest(bytes).into(),
                source: Arc::clone(&self.source),
            }),
            Ok(Parsed::Elsewhere) => self.elsewhere += 1,
            Err(why) => self.problems.add(name, &why.to_string()),
        }
    }

    /// Notes something that could not be read at all.
    pub fn problem(&mut self, name: &str, why: &str) {
        self.problems.add(name, why);
    }

    /// How many records were taken, looked at and left, or could not be used.
    pub fn seen(&self) -> usize {
        self.records.len() + self.elsewhere + self.problems.count
    }

    fn keep(&mut self, stored: Stored) {
        match self.records.get_mut(&stored.advisory.id) {
            Some(old) if old.rank() >= stored.rank() => {}
            Some(old) => *old = stored,
            None => {
                self.records.insert(stored.advisory.id.clone(), stored);
            }
        }
    }

    /// The snapshot of all that was taken.
    pub fn finish(self, loaded_at: Timestamp) -> Snapshot {
        let records: Vec<Stored> = self.records.into_values().collect();
        let mut hash = Sha256::new();
        let mut by_package: HashMap<PackageName, Vec<u32>> = HashMap::new();
        for (at, stored) in records.iter().enumerate() {
            hash.update(stored.digest);
            // A builder's bounds keep the count far below this.
            let Ok(at) = u32::try_from(at) else { break };
            for affected in &stored.advisory.affected {
                let of = by_package.entry(affected.package.clone()).or_default();
                if of.last() != Some(&at) {
                    of.push(at);
                }
            }
        }
        let hash: [u8; 32] = hash.finalize().into();
        Snapshot {
            name: format!("osv-{}", hex::encode(&hash[..8])),
            records,
            by_package,
            loaded_at,
            elsewhere: self.elsewhere,
            problems: self.problems,
        }
    }
}

#[cfg(test)]
mod tests;
