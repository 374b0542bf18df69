use super::tree::Fault;
use super::{Ecosystem, EntryFault, FaultOf, Locked, Source, limit};
use crate::Keyed;
use customs_model::{Digest, DigestAlgorithm, PackageName, ReleaseId, Version, printable};
use std::collections::HashMap;
use std::hash::{BuildHasher as _, BuildHasherDefault, Hasher};

/// One release as a format's reader found it, not yet checked.
#[derive(Debug, Default)]
pub(super) struct Found<'a> {
    pub name: &'a str,
    pub version: &'a str,
    pub source: Option<Source>,
    pub digests: Vec<Digest>,
    pub resolved: Option<&'a str>,
    pub has_install_script: Option<bool>,
}

/// The address of a repository with the commit and the folder in it, as uv and cargo write them in one: what
/// is built is the commit, and a file that names another one under the same address locks something else.
pub(super) fn at_commit(address: &str, commit: Option<&str>, folder: Option<&str>) -> String {
    let mut out = address.to_owned();
    if let Some(folder) = folder {
        out.push_str(if address.contains('?') { "&" } else { "?" });
        out.push_str("subdirectory=");
        out.push_str(folder);
    }
    if let Some(commit) = commit {
        out.push('#');
        out.push_str(commit);
    }
    out
}

/// Collects what a reader finds: checks it, keeps each entry once, counts lines.
pub(super) struct Entries<'t> {
    ecosystem: Ecosystem,
    lines: Lines<'t>,
    found: Vec<Locked>,
    /// Hashes of entries, by a key of this run, and the last entry that had each.
    seen: HashMap<u64, usize, BuildHasherDefault<Hashed>>,
    keys: Keyed,
    places: Vec<(usize, usize)>,
    skipped: Vec<String>,
    faults: Vec<EntryFault>,
}

impl<'t> Entries<'t> {
    pub fn new(ecosystem: Ecosystem, text: &'t str) -> Self {
        Self {
            ecosystem,
            lines: Lines::new(text),
            found: Vec::new(),
            seen: HashMap::default(),
            keys: Keyed::default(),
            places: Vec::new(),
            skipped: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// Room for so many entries.
    pub fn expect(&mut self, entries: usize) {
        let entries = entries.min(limit::ENTRIES);
        self.found.reserve(entries);
        self.places.reserve(entries);
        self.seen.reserve(entries);
    }

    /// Takes an entry that starts at offset `at`. A name or version that its ecosystem
    /// does not allow is skipped with the reason.
    pub fn add(&mut self, at: usize, found: Found<'_>) -> Result<(), Fault> {
        let resolved = found.resolved.map(str::to_owned);
        self.add_from(at, found, resolved)
    }

    /// As [`Self::add`], with an address that the file has in parts.
    pub fn add_from(
        &mut self,
        at: usize,
        found: Found<'_>,
        resolved: Option<String>,
    ) -> Result<(), Fault> {
        let release = PackageName::new(self.ecosystem, found.name)
            .and_then(|name| Ok(ReleaseId::new(name, Version::new(found.version)?)));
        let release = match release {
            Ok(release) => release,
            Err(why) => {
                if leads_out(found.name) {
                    self.fault(at, found.name, FaultOf::Name)?;
                }
                return self.skip(at, found.name, &why.to_string());
            }
        };
        let mut entry = Locked {
            release,
            source: found.source.unwrap_or(Source::Registry),
            digests: found.digests,
            resolved,
            has_install_script: found.has_install_script,
            line: None,
        };
        let hash = self.keys.hash_one(&entry);
        if let Some(&known) = self.seen.get(&hash)
            && self
                .found
                .get(known)
                .is_some_and(|found| is_same(found, &entry))
        {
            self.places.push((at, known));
            return Ok(());
        }
        bounded(self.found.len(), "entries")?;
        self.seen.insert(hash, self.found.len());
        self.places.push((at, self.found.len()));
        entry.line = Some(self.lines.line(at));
        self.found.push(entry);
        Ok(())
    }

    /// Says that something was not read.
    pub fn skip(&mut self, at: usize, what: &str, why: &str) -> Result<(), Fault> {
        bounded(self.skipped.len(), "entries that cannot be read")?;
        let (line, what) = (self.lines.line(at), printable(what, 100));
        self.skipped.push(format!("line {line}: {what}: {why}"));
        Ok(())
    }

    /// Says that something stands there that no tool writes.
    fn fault(&mut self, at: usize, name: &str, what: FaultOf) -> Result<(), Fault> {
        bounded(self.faults.len(), "entries that no tool writes")?;
        let line = self.lines.line(at);
        self.faults.push(EntryFault {
            line,
            name: name.to_owned(),
            what,
        });
        Ok(())
    }

    /// All digests of a subresource-integrity string. One that cannot be read is
    /// reported; the entry stays, without a promise.
    pub fn sri(&mut self, at: usize, what: &str, text: Option<&str>) -> Result<Vec<Digest>, Fault> {
        let text = text.unwrap_or_default();
        let (mut digests, mut others) = (Vec::new(), Vec::new());
        for one in text.split_ascii_whitespace() {
            match Digest::from_sri(one) {
                Ok(digest) => digests.push(digest),
                Err(_) => others.push(one),
            }
        }
        let none = digests.is_empty();
        // Of an algorithm that is not known a client takes no notice, where another binds the bytes.
        let broken = others.iter().find(|one| none || names_known(one, '-'));
        if let Some(broken) = broken {
            self.fault(at, what, FaultOf::Digest((*broken).to_owned()))?;
        }
        if none && !text.trim().is_empty() {
            self.skip(at, what, "its integrity names no digest that is known")?;
        }
        Ok(digests)
    }

    /// `sha256:<hex>` and the like, as Python's tools write them.
    pub fn hash(&mut self, at: usize, what: &str, text: &str) -> Result<Option<Digest>, Fault> {
        match text.parse() {
            Ok(digest) => Ok(Some(digest)),
            Err(_) => {
                // Some old indexes promised MD5 alone.
                if names_known(text, ':') || !text.contains(':') {
                    self.fault(at, what, FaultOf::Digest(text.to_owned()))?;
                }
                self.skip(at, what, "its hash is no digest that is known")?;
                Ok(None)
            }
        }
    }

    /// Every offset that an entry was taken from, with the entry's number; an entry that stands
    /// several times has one number.
    pub fn places(&self) -> &[(usize, usize)] {
        &self.places
    }

    /// The line of an offset, counted from 1.
    pub fn line(&self, at: usize) -> u32 {
        self.lines.line(at)
    }

    /// What was found so far.
    pub fn found(&self) -> &[Locked] {
        &self.found
    }

    pub fn finish(self) -> (Vec<Locked>, Vec<String>, Vec<EntryFault>) {
        (self.found, self.skipped, self.faults)
    }
}

/// What was hashed by a key of this run needs no second hash.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
}

/// Whether two entries say the same, wherever they stand.
fn is_same(one: &Locked, other: &Locked) -> bool {
    one.release == other.release
        && one.source == other.source
        && one.digests == other.digests
        && one.resolved == other.resolved
        && one.has_install_script == other.has_install_script
}

/// Whether a name is a path that leads elsewhere: no registry has such a package.
fn leads_out(name: &str) -> bool {
    name.starts_with('/')
        || name.contains('\\')
        || name.bytes().any(|b| b < b' ')
        || name.split('/').any(|part| part == "..")
}

/// Whether a digest that cannot be read starts with an algorithm that is known.
fn names_known(text: &str, end: char) -> bool {
    let name = text.split(end).next().unwrap_or(text);
    let all = [
        DigestAlgorithm::Sha1,
        DigestAlgorithm::Sha256,
        DigestAlgorithm::Sha384,
        DigestAlgorithm::Sha512,
    ];
    name.len() < text.len() && all.iter().any(|algorithm| algorithm.name() == name)
}

fn bounded(count: usize, what: &'static str) -> Result<(), Fault> {
    if count >= limit::ENTRIES {
        return Err(Fault::Limit {
            what,
            limit: limit::ENTRIES,
        });
    }
    Ok(())
}

/// Bytes between two remembered line counts.
const STEP: usize = 256;

/// Lines of offsets, in any order, without remembering every line.
struct Lines<'t> {
    text: &'t [u8],
    before: Vec<u32>,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str) -> Self {
        let text = text.as_bytes();
        let mut lines = 0u32;
        let before = text
            .chunks(STEP)
            .map(|chunk| {
                let before = lines;
                lines += newlines(chunk);
                before
            })
            .collect();
        Self { text, before }
    }

    fn line(&self, at: usize) -> u32 {
        let at = at.min(self.text.len());
        let step = (at / STEP).min(self.before.len().saturating_sub(1));
        let before = self.before.get(step).copied().unwrap_or(0);
        before + newlines(&self.text[step * STEP..at]) + 1
    }
}

fn newlines(bytes: &[u8]) -> u32 {
    u32::try_from(memchr::memchr_iter(b'\n', bytes).count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_from_one_across_chunks() {
        let text = "abcdefg\n".repeat(1000);
        let lines = Lines::new(&text);
        for line in [0, 1, 127, 128, 129, 999] {
            assert_eq!(lines.line(line * 8), u32::try_from(line).unwrap() + 1);
        }
        assert_eq!(lines.line(text.len()), 1001);
        assert_eq!(Lines::new("").line(5), 1);
    }

    #[test]
    fn the_same_entry_twice_is_one_and_a_bad_name_is_said() {
        let mut entries = Entries::new(Ecosystem::Npm, "a\nb\nc\n");
        for at in [0, 2, 4] {
            let name = if at == 4 { "../evil" } else { "ms" };
            let found = Found {
                name,
                version: "1.0.0",
                ..Found::default()
            };
            entries.add(at, found).unwrap();
        }
        let (found, skipped, faults) = entries.finish();
        assert_eq!((faults.len(), &faults[0].what), (1, &FaultOf::Name));
        assert_eq!((found.len(), found[0].line), (1, Some(1)));
        assert_eq!(skipped.len(), 1);
        assert!(skipped[0].starts_with("line 3: ../evil: "), "{skipped:?}");
    }
    #[test]
    fn a_digest_that_is_none_is_a_fault_and_one_of_an_unknown_sort_beside_a_good_one_is_not() {
        let good = format!("sha512-{}==", "A".repeat(86));
        for (text, faulty) in [
            (good.clone(), false),
            (format!("{good} shake128-AAAA"), false),
            (format!("{good} sha512-AAAA"), true),
            ("sha512-AAAA".to_owned(), true),
            ("garbage".to_owned(), true),
            ("md5-1B2M2Y8AsgTpgAmY7PhCfg==".to_owned(), true),
            (String::new(), false),
        ] {
            let mut entries = Entries::new(Ecosystem::Npm, "a\n");
            entries.sri(0, "ms", Some(&text)).unwrap();
            assert_eq!(!entries.faults.is_empty(), faulty, "{text}");
        }
        for (text, faulty) in [
            ("md5:d41d8cd98f00b204e9800998ecf8427e", false),
            ("sha256:zz", true),
            ("zz", true),
        ] {
            let mut entries = Entries::new(Ecosystem::PyPi, "a\n");
            entries.hash(0, "ms", text).unwrap();
            assert_eq!(!entries.faults.is_empty(), faulty, "{text}");
        }
    }
}
