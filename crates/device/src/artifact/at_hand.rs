//! What the artifacts at hand say of themselves. A copy that was read and did not change since is not read
//! again: what it said is remembered, as what was found in a tree is.

use super::declared::{Own, declared};
use super::{Candidate, Form, Source, Wanted};
use crate::tree::disk::Stamp;
use crate::tree::each;
use crate::tree::seen::{Remembered, Seen, fingerprint_of};
use customs_model::{Declared, Digest};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::SystemTime;

/// Bytes of what an artifact says that are remembered; what says more is read each time.
const LONGEST: usize = 64 << 10;

/// How artifacts are read. Raised with each change after which one may be read to say something else;
/// what was remembered before counts no longer, nor what another release of this program remembered.
const READER: &str = concat!(env!("CARGO_PKG_VERSION"), " 2");

/// Where what was read is remembered.
#[derive(Debug, Clone, Copy)]
pub struct Memory<'a> {
    /// A file outside of every project, for one lockfile. None: nothing is remembered.
    pub file: Option<&'a Path>,
    /// Whose it is: the lockfile.
    pub of: &'a Path,
    /// Read everything again, whatever is remembered.
    pub deep: bool,
    /// The time now.
    pub now: SystemTime,
}

/// What artifacts say of themselves.
#[derive(Debug, Default)]
pub struct AtHand {
    /// In the order in which they were asked for. None where none is at hand.
    pub own: Vec<Option<Own>>,
    /// How many copies were read, and not remembered.
    pub read: usize,
    /// Why something could not be remembered. Safe to print.
    pub notes: Vec<String>,
}

/// What each of these artifacts says of itself, in their order: the first copy in these places that is
/// what is promised.
pub fn declared_in(
    places: &[Box<dyn Source>],
    wanted: &[Wanted<'_>],
    memory: Memory<'_>,
) -> AtHand {
    let mut notes = Vec::new();
    let mut seen = memory.file.map(|file| {
        // What stands in it is bound to each copy and its digests, not to the lockfile as a whole.
        let (seen, why) = Seen::open(file, memory.of, Digest::sha256(b"what artifacts say"));
        notes.extend(why);
        seen
    });
    let known = seen.as_ref().filter(|_| !memory.deep);
    let found = each(wanted, None, |wanted| {
        one(places, wanted, known, memory.now)
    });
    let mut out = AtHand::default();
    let mut kept = BTreeSet::new();
    for one in found {
        out.read += one.read;
        if let Some((place, fingerprint)) = one.at {
            if let (Some(seen), Some(Ok(declared)), true) = (&mut seen, &one.own, one.read > 0)
                && is_short(declared)
            {
                let what = Remembered::Manifest(place.clone(), Box::new(declared.clone()));
                seen.remember(fingerprint, what);
            }
            kept.insert(place);
        }
        out.own.push(one.own);
    }
    if let Some(Err(why)) = seen.map(|seen| seen.save(&kept)) {
        notes.push(format!(
            "what artifacts say of themselves could not be remembered: {why}"
        ));
    }
    out.notes = notes;
    out
}

/// What came of one.
#[derive(Default)]
struct One {
    own: Option<Own>,
    /// Copies that were read.
    read: usize,
    /// Under what it is remembered; none where it cannot be.
    at: Option<(String, String)>,
}

fn one(
    places: &[Box<dyn Source>],
    wanted: &Wanted<'_>,
    known: Option<&Seen>,
    now: SystemTime,
) -> One {
    let mut out = One::default();
    // A place that cannot be read is told by the tree check, which needs it more.
    let found = places.iter().filter_map(|place| place.find(wanted).ok()?);
    for candidate in found.filter(|candidate| candidate.form == Form::Artifact) {
        let at = at(&candidate, wanted, now);
        let remembered = at
            .as_ref()
            .and_then(|(place, print)| known?.look(place, print));
        if let Some(Remembered::Manifest(_, declared)) = remembered {
            out.own = Some(Ok((**declared).clone()));
            out.at = at;
            return out;
        }
        out.read += 1;
        match declared(&candidate.path, wanted) {
            None => {}
            Some(Ok(declared)) => {
                out.own = Some(Ok(plain(declared)));
                out.at = at;
                return out;
            }
            // Another copy may be whole.
            Some(Err(why)) => out.own = Some(Err(why)),
        }
    }
    out
}

/// Under what a copy is remembered: the release with all its digests, and what the system says of the file.
fn at(candidate: &Candidate, wanted: &Wanted<'_>, now: SystemTime) -> Option<(String, String)> {
    let about = std::fs::symlink_metadata(&candidate.path).ok()?;
    let digests: Vec<String> = wanted.digests.iter().map(ToString::to_string).collect();
    let place = format!("{} {}", wanted.release, digests.join(" "));
    let path = candidate.path.as_os_str().as_encoded_bytes();
    let with = [READER.as_bytes(), place.as_bytes(), path];
    let print = fingerprint_of(&Stamp::of(&about), &with, now)?;
    // A lockfile may have very many digests of one release.
    let place = Digest::sha256(place.as_bytes()).to_hex();
    Some((place, print))
}

/// Without what nobody compares.
fn plain(mut declared: Declared) -> Declared {
    declared.manifest.description = None;
    declared.manifest.author = None;
    declared.manifest.repository = None;
    declared
}

fn is_short(declared: &Declared) -> bool {
    serde_json::to_vec(declared).is_ok_and(|text| text.len() <= LONGEST)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::super::ByDigest;
    use super::*;
    use crate::tree::testing::Tarball;
    use customs_model::ReleaseId;
    use std::time::Duration;

    /// Artifacts that were fetched, and the file of what they say.
    struct Shop {
        folder: tempfile::TempDir,
        release: ReleaseId,
        digests: Vec<Digest>,
    }

    impl Shop {
        fn with(text: &str) -> Self {
            let archive = Tarball::new().file("package.json", text.as_bytes()).bytes();
            let digest = Digest::sha256(&archive);
            let shop = Self {
                folder: tempfile::tempdir().unwrap(),
                release: "pkg:npm/a@1.0.0".parse().unwrap(),
                digests: vec![digest],
            };
            std::fs::create_dir_all(shop.copy().parent().unwrap()).unwrap();
            std::fs::write(shop.copy(), archive).unwrap();
            shop
        }

        fn copy(&self) -> std::path::PathBuf {
            let hex = self.digests[0].to_hex();
            let (first, rest) = hex.split_at(2);
            self.folder
                .path()
                .join("fetched/sha256")
                .join(first)
                .join(rest)
        }

        fn asked(&self, deep: bool, later: u64) -> AtHand {
            let fetched = self.folder.path().join("fetched");
            let places: [Box<dyn Source>; 1] = [Box::new(ByDigest::fetched(&fetched))];
            let wanted = Wanted {
                release: &self.release,
                digests: &self.digests,
                archive: None,
                resolved: None,
            };
            let memory = Memory {
                file: Some(&self.folder.path().join("seen.jsonl")),
                of: Path::new("/project/package-lock.json"),
                deep,
                now: SystemTime::now() + Duration::from_secs(later),
            };
            declared_in(&places, &[wanted], memory)
        }
    }

    const TEXT: &str =
        r#"{"name":"a","version":"1.0.0","description":"long","dependencies":{"b":"^1"}}"#;

    #[test]
    fn what_a_copy_said_is_remembered_as_long_as_it_does_not_change() {
        let shop = Shop::with(TEXT);
        let first = shop.asked(false, 60);
        let again = shop.asked(false, 60);
        assert_eq!((first.read, again.read), (1, 0));
        assert_eq!(first.own, again.own);
        let own = again.own[0].as_ref().unwrap().as_ref().unwrap();
        assert!(own.manifest.dependencies.contains_key("b"));
        // Who asks for everything to be read has it read.
        assert_eq!(shop.asked(true, 60).read, 1);
        // Other bytes are none of the promised ones, and what was remembered is forgotten with them.
        std::fs::write(shop.copy(), b"other").unwrap();
        let other = shop.asked(false, 60);
        assert_eq!((other.read, other.own), (1, vec![None]));
        // A copy that is gone says nothing any more.
        std::fs::remove_file(shop.copy()).unwrap();
        let gone = shop.asked(false, 60);
        assert_eq!((gone.read, gone.own), (0, vec![None]));
    }

    #[test]
    fn a_copy_that_was_written_just_now_and_one_that_says_nothing_are_read_again() {
        let shop = Shop::with(TEXT);
        assert_eq!(shop.asked(false, 0).read, 1);
        assert_eq!(shop.asked(false, 60).read, 1);
        let shop = Shop::with("{");
        for _ in 0..2 {
            let asked = shop.asked(false, 60);
            assert_eq!(asked.read, 1);
            assert!(matches!(asked.own[..], [Some(Err(_))]), "{asked:?}");
        }
    }

    #[test]
    fn what_says_very_much_is_not_remembered() {
        let asks = (0..LONGEST / 10).map(|number| format!(r#""d{number}":"^1.0.0""#));
        let asks: Vec<String> = asks.collect();
        let asks = asks.join(",");
        let text = format!(r#"{{"name":"a","version":"1.0.0","dependencies":{{{asks}}}}}"#);
        let shop = Shop::with(&text);
        assert_eq!(
            (shop.asked(false, 60).read, shop.asked(false, 60).read),
            (1, 1)
        );
    }
}
