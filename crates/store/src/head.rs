//! Signed statements of how far a chain has come.
//!
//! A chain alone cannot tell that its last records were cut off. A head says "this
//! chain has at least so many records, and this is the hash of the last one"; it is
//! signed, and written to a file outside the database, from where it can be copied to
//! a place that whoever edits the ledger does not reach.

use crate::{ChainId, StoreError};
use customs_model::{Digest, Timestamp};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// The file of signed heads in a data folder.
pub const HEADS_FILE: &str = "heads.jsonl";

/// Past this size only the newest head of each chain is kept: it covers the older ones.
const LARGEST_FILE: u64 = 8 * 1024 * 1024;
/// A head has some 330 bytes.
const LONGEST_LINE: u64 = 4 * 1024;
/// The most heads that are read from one file.
const MOST_HEADS: usize = 200_000;

/// A signed statement of how far a chain has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The chain.
    pub chain: ChainId,
    /// Its records.
    pub count: u64,
    /// The hash of the last one.
    pub hash: Digest,
    /// When this was said.
    pub at: Timestamp,
    /// Ed25519 over [`Head::signed_text`], hexadecimal.
    pub signature: String,
}

impl Head {
    /// Says it.
    pub(crate) fn sign(
        key: &SigningKey,
        chain: ChainId,
        count: u64,
        hash: Digest,
        at: Timestamp,
    ) -> Self {
        let mut head = Self {
            chain,
            count,
            hash,
            at,
            signature: String::new(),
        };
        head.signature = hex::encode(key.sign(head.signed_text().as_bytes()).to_bytes());
        head
    }

    /// What is signed: five lines.
    pub fn signed_text(&self) -> String {
        format!(
            "customs-ledger-head-v1\n{}\n{}\n{}\n{}\n",
            self.chain,
            self.count,
            self.hash,
            self.at.as_microsecond()
        )
    }

    /// Whether the owner of that key said this.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        let mut bytes = [0; 64];
        hex::decode_to_slice(&self.signature, &mut bytes).is_ok()
            && key
                .0
                .verify_strict(
                    self.signed_text().as_bytes(),
                    &Signature::from_bytes(&bytes),
                )
                .is_ok()
    }
}

/// The key that heads are checked with. Written as 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(pub(crate) VerifyingKey);

impl PublicKey {
    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.trim(), &mut bytes).ok()?;
        VerifyingKey::from_bytes(&bytes).ok().map(Self)
    }

    /// Reads a key file.
    ///
    /// # Errors
    /// The file cannot be read, or holds something else.
    pub fn read(path: &Path) -> Result<Self, StoreError> {
        let mut text = String::new();
        File::open(path)
            .and_then(|file| file.take(1024).read_to_string(&mut text))
            .map_err(StoreError::io("read", path))?;
        Self::parse(&text).ok_or_else(|| StoreError::Key {
            path: path.to_owned(),
            why: "it is not 64 hexadecimal digits of a public key".to_owned(),
        })
    }
}

impl std::fmt::Display for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0.to_bytes()))
    }
}

/// What a file of heads holds.
#[derive(Debug, Default)]
pub(crate) struct Heads {
    /// Every head, with its line.
    pub all: Vec<(u64, Head)>,
    /// Lines that hold none. One at the end is what a crash leaves.
    pub unreadable: Vec<u64>,
}

impl Heads {
    /// Reads a file of heads, bounded.
    pub fn read(path: &Path) -> Result<Self, StoreError> {
        let file = File::open(path).map_err(StoreError::io("read", path))?;
        let mut reader = BufReader::new(file);
        let mut heads = Self::default();
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            let taken = reader
                .by_ref()
                .take(LONGEST_LINE)
                .read_until(b'\n', &mut line)
                .map_err(StoreError::io("read", path))?;
            if taken == 0 || heads.all.len() >= MOST_HEADS {
                break;
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            match serde_json::from_slice(&line) {
                Ok(head) => heads.all.push((number, head)),
                Err(_) if heads.unreadable.len() < 100 => heads.unreadable.push(number),
                Err(_) => {}
            }
        }
        Ok(heads)
    }
}

/// The file that heads are added to. The caller holds the folder's lock.
#[derive(Debug)]
pub(crate) struct HeadsFile {
    path: PathBuf,
}

impl HeadsFile {
    pub fn of(folder: &Path) -> Self {
        Self {
            path: folder.join(HEADS_FILE),
        }
    }

    /// Adds one head and brings it to disk.
    pub fn add(&self, head: &Head) -> Result<(), StoreError> {
        let fail = || StoreError::io("write", &self.path);
        // Opened anew each time: another process may have put a shorter file in its place.
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        let mut file = crate::folder::private(&mut options)
            .open(&self.path)
            .map_err(fail())?;
        let size = file.metadata().map_err(fail())?.len();
        if size > LARGEST_FILE {
            drop(file);
            return self.shorten(head);
        }
        let mut line = String::new();
        if !ends_with_newline(&mut file, size).map_err(fail())? {
            // A crash cut the last line short; the new one must not become part of it.
            line.push('\n');
        }
        line.push_str(&to_line(head));
        file.write_all(line.as_bytes()).map_err(fail())?;
        file.sync_data().map_err(fail())
    }

    /// Writes the newest head of each chain, and the new one, to a file that takes the
    /// long one's place.
    fn shorten(&self, head: &Head) -> Result<(), StoreError> {
        let mut newest = std::collections::BTreeMap::new();
        for (_, old) in Heads::read(&self.path)?.all {
            let kept = newest.entry(old.chain).or_insert_with(|| old.clone());
            if old.count > kept.count {
                *kept = old;
            }
        }
        newest.insert(head.chain, head.clone());
        let text: String = newest.values().map(to_line).collect();
        crate::folder::replace(&self.path, text.as_bytes())
    }
}

fn to_line(head: &Head) -> String {
    // A head holds nothing that JSON could refuse.
    serde_json::to_string(head).unwrap_or_default() + "\n"
}

fn ends_with_newline(file: &mut File, size: u64) -> std::io::Result<bool> {
    if size == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::Start(size - 1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[3; 32])
    }

    fn head(count: u64) -> Head {
        let chain = ChainId::parse(&"0a".repeat(16)).unwrap();
        let at = Timestamp::from_second(1_700_000_000).unwrap();
        Head::sign(&key(), chain, count, Digest::sha256(b"x"), at)
    }

    #[test]
    fn a_head_speaks_for_exactly_what_was_signed() {
        let public = PublicKey(key().verifying_key());
        assert!(head(7).is_signed_by(&public));
        let mut forged = head(7);
        forged.count = 6;
        assert!(!forged.is_signed_by(&public));
        let other = PublicKey(SigningKey::from_bytes(&[4; 32]).verifying_key());
        assert!(!head(7).is_signed_by(&other));
        assert_eq!(PublicKey::parse(&public.to_string()), Some(public));
    }

    #[test]
    fn a_line_that_a_crash_cut_short_spoils_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let file = HeadsFile::of(folder.path());
        file.add(&head(1)).unwrap();
        let path = folder.path().join(HEADS_FILE);
        let mut text = std::fs::read(&path).unwrap();
        text.extend_from_slice(b"{\"chain\":\"0a0");
        std::fs::write(&path, text).unwrap();
        file.add(&head(2)).unwrap();
        let heads = Heads::read(&path).unwrap();
        assert_eq!(heads.all, vec![(1, head(1)), (3, head(2))]);
        assert_eq!(heads.unreadable, vec![2]);
    }

    #[test]
    fn a_long_file_is_shortened_to_the_newest_head_of_each_chain() {
        let folder = tempfile::tempdir().unwrap();
        let file = HeadsFile::of(folder.path());
        let path = folder.path().join(HEADS_FILE);
        let line = to_line(&head(1));
        let lines = usize::try_from(LARGEST_FILE).unwrap() / line.len() + 2;
        std::fs::write(&path, line.repeat(lines)).unwrap();
        file.add(&head(9)).unwrap();
        assert_eq!(Heads::read(&path).unwrap().all, vec![(1, head(9))]);
    }

    proptest::proptest! {
        #[test]
        fn a_file_of_anything_is_read_without_harm(
            bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..600),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(HEADS_FILE);
            std::fs::write(&path, &bytes).unwrap();
            proptest::prop_assert_eq!(Heads::read(&path).unwrap().all, vec![]);
            // Whatever stood there, a head that is added is found.
            HeadsFile::of(folder.path()).add(&head(3)).unwrap();
            let heads = Heads::read(&path).unwrap().all;
            proptest::prop_assert_eq!(heads.len(), 1);
            proptest::prop_assert_eq!(&heads[0].1, &head(3));
        }
    }
}
