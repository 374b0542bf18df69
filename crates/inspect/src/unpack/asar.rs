//! Electron's archives: a header in JSON behind four lengths, then the files one after the
//! other. <https://github.com/electron/asar> says the format; Electron's own reader, in C++,
//! and the one of its packer, in JavaScript, differ in what they make of a strange header.

use super::{File, Sink, Trick};
use customs_model::Digest;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

/// Bytes of a header.
const HEADER: usize = 16 << 20;

/// Whether bytes begin as such an archive does: the length of a length, the length of the
/// header with its own one, and an object. Readers of JSON pass over blanks in front of it.
pub(super) fn is_asar(bytes: &[u8]) -> bool {
    const BLANKS: usize = 1 << 12;
    let Some(text) = bytes.get(16..).filter(|_| header(bytes).is_some()) else {
        return false;
    };
    let mut letters = text.iter().take(BLANKS);
    letters.find(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) == Some(&b'{')
}

/// The length of the header's text and where the files begin.
fn header(bytes: &[u8]) -> Option<(usize, u64)> {
    let number = |at: usize| -> Option<u32> {
        let field = bytes.get(at..)?.first_chunk::<4>()?;
        Some(u32::from_le_bytes(*field))
    };
    let (four, whole, inner, text) = (number(0)?, number(4)?, number(8)?, number(12)?);
    let fits = four == 4
        && whole.checked_sub(4) == Some(inner)
        && inner.checked_sub(4).is_some_and(|inner| text <= inner);
    fits.then_some((usize::try_from(text).ok()?, 8 + u64::from(whole)))
}

/// Reads such an archive.
pub(super) fn read(sink: &mut Sink<'_>, bytes: &[u8], prefix: &str, depth: usize) {
    let Some((length, base)) = header(bytes) else {
        sink.unread(prefix, "its header is cut off");
        return;
    };
    if length > HEADER {
        sink.unread(prefix, "its header is larger than what is read");
        return;
    }
    let Some(text) = bytes.get(16..16 + length) else {
        sink.unread(prefix, "its header is cut off");
        return;
    };
    let mut walk = Walk {
        found: Vec::new(),
        strange: Vec::new(),
        entries: sink.limits.entries,
        names: sink.limits.names,
        over: false,
    };
    let mut json = serde_json::Deserializer::from_slice(text);
    let top = Node {
        walk: &mut walk,
        path: String::new(),
    };
    if top.deserialize(&mut json).is_err() {
        // What stands in front of the fault is read nevertheless.
        let why = if walk.over {
            "it has more entries, or longer paths, than the bound; the rest was not read"
        } else {
            "its header is broken, so entries may be missing"
        };
        sink.unread(prefix, why);
    }
    for path in walk.strange {
        sink.odd(Trick::StrangeName, &format!("{prefix}{path}"));
    }
    let mut seen: BTreeSet<(u64, u64)> = BTreeSet::new();
    let end = bytes.len() as u64;
    for found in walk.found {
        if !sink.room(prefix) {
            return;
        }
        entry(sink, bytes, prefix, &found, (base, end), &mut seen, depth);
    }
    let last = seen.iter().map(|(_, to)| *to).max().unwrap_or(base);
    if last < end {
        sink.odd(Trick::TrailingData, prefix);
    }
}

fn entry(
    sink: &mut Sink<'_>,
    bytes: &[u8],
    prefix: &str,
    found: &Found,
    (base, end): (u64, u64),
    seen: &mut BTreeSet<(u64, u64)>,
    depth: usize,
) {
    let shown = format!("{prefix}{}", found.path);
    if let Some(target) = &found.link {
        // Its target counts from the root of the archive.
        sink.link(found.path.as_bytes(), target.as_bytes(), prefix, false);
        return;
    }
    // It lies in a folder beside the archive, where it is a file of its own.
    if found.unpacked && found.offset.is_none() {
        return;
    }
    let (Some(offset), Some(size)) = (found.offset, found.size) else {
        sink.unread(&shown, "the header does not say where it stands");
        return;
    };
    let from = base.saturating_add(offset);
    let to = from.saturating_add(size);
    if to > end {
        sink.unread(&shown, "it is cut off");
        return;
    }
    // One content may be shared by files that are equal; a part of another file is not.
    if size > 0 && !seen.contains(&(from, to)) {
        if overlaps(seen, from, to) {
            sink.odd(Trick::Overlap, &shown);
        }
        seen.insert((from, to));
    }
    let range = usize::try_from(from)
        .ok()
        .zip(usize::try_from(to).ok())
        .and_then(|(from, to)| bytes.get(from..to));
    let Some(content) = range else {
        sink.unread(&shown, "it is cut off");
        return;
    };
    // The same bytes may be named by any number of entries.
    if size > sink.inflatable() {
        sink.unread(&shown, "the archive unpacks to more than the bound");
        return;
    }
    sink.inflated(size);
    if found
        .sha256
        .as_ref()
        .is_some_and(|told| !told.eq_ignore_ascii_case(&Digest::sha256(content).to_hex()))
    {
        sink.odd(Trick::OtherDigest, &shown);
    }
    let bound = usize::try_from(sink.entry_bound()).unwrap_or(usize::MAX);
    sink.take(
        found.path.as_bytes(),
        prefix,
        File {
            bytes: Cow::Borrowed(&content[..content.len().min(bound)]),
            length: size,
            executable: found.executable,
        },
        depth,
    );
}

/// Whether a part shares bytes with one that was seen. Those that were seen may overlap
/// each other, so only neighbours are asked: a chain of overlaps is told at each link.
fn overlaps(seen: &BTreeSet<(u64, u64)>, from: u64, to: u64) -> bool {
    let before = seen.range(..=(from, u64::MAX)).next_back();
    let behind = seen.range((from, 0)..).next();
    before.is_some_and(|(_, stop)| *stop > from) || behind.is_some_and(|(start, _)| *start < to)
}

/// A file as the header shows it.
#[derive(Debug, Default)]
struct Found {
    path: String,
    offset: Option<u64>,
    size: Option<u64>,
    link: Option<String>,
    /// In hexadecimal.
    sha256: Option<String>,
    unpacked: bool,
    executable: bool,
}

/// What is found on the way through the header. Nothing of the tree itself is kept.
struct Walk {
    found: Vec<Found>,
    /// Paths whose last part is no name of a file.
    strange: Vec<String>,
    entries: usize,
    names: u64,
    /// A bound ended it.
    over: bool,
}

impl Walk {
    /// Takes a path in, should there be room.
    fn take(&mut self, length: usize) -> bool {
        self.names = self.names.saturating_sub(length as u64);
        self.over |= self.names == 0 || self.found.len() >= self.entries;
        !self.over
    }
}

/// A file or folder of the header.
struct Node<'w> {
    walk: &'w mut Walk,
    path: String,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a file or a folder")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut file = Found::default();
        let mut is_folder = false;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "files" => {
                    is_folder = true;
                    map.next_value_seed(Names {
                        walk: &mut *self.walk,
                        folder: &self.path,
                    })?;
                }
                "offset" => file.offset = map.next_value::<Scalar>()?.number(),
                "size" => file.size = map.next_value::<Scalar>()?.number(),
                "link" => file.link = map.next_value::<Scalar>()?.text(),
                "unpacked" => file.unpacked = map.next_value::<Scalar>()?.is_true(),
                "executable" => file.executable = map.next_value::<Scalar>()?.is_true(),
                "integrity" => file.sha256 = map.next_value::<Integrity>()?.sha256(),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        // What is both is read as both: readers differ.
        if !is_folder || file.offset.is_some() || file.link.is_some() {
            file.path = self.path;
            self.walk.found.push(file);
        }
        Ok(())
    }
}

/// The names in a folder.
struct Names<'w, 'p> {
    walk: &'w mut Walk,
    folder: &'p str,
}

impl<'de> DeserializeSeed<'de> for Names<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Names<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("files by their names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            let path = if self.folder.is_empty() {
                name.clone()
            } else {
                format!("{}/{name}", self.folder)
            };
            if !self.walk.take(path.len()) {
                return Err(A::Error::custom("over a bound"));
            }
            if is_strange(&name) {
                self.walk.strange.push(path.clone());
            }
            map.next_value_seed(Node {
                walk: &mut *self.walk,
                path,
            })?;
        }
        Ok(())
    }
}

/// Whether no file can be called so, or a reader in JavaScript takes it for something else.
fn is_strange(name: &str) -> bool {
    matches!(name, "" | "." | ".." | "__proto__") || name.contains('/')
}

/// The digest of a whole file; those of its blocks say nothing more.
#[derive(serde::Deserialize)]
#[serde(default)]
struct Integrity {
    algorithm: Scalar,
    hash: Scalar,
}

impl Default for Integrity {
    fn default() -> Self {
        Self {
            algorithm: Scalar::Other,
            hash: Scalar::Other,
        }
    }
}

impl Integrity {
    fn sha256(self) -> Option<String> {
        let algorithm = self.algorithm.text()?;
        algorithm
            .eq_ignore_ascii_case("sha256")
            .then(|| self.hash.text())
            .flatten()
    }
}

/// A value that is not looked into.
#[derive(Debug)]
enum Scalar {
    Number(u64),
    Text(String),
    True,
    Other,
}

impl Scalar {
    /// A number, as itself or in digits: an offset is a text, for JavaScript counts to 2^53.
    fn number(self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(number),
            Self::Text(text) => text.parse().ok(),
            Self::True | Self::Other => None,
        }
    }

    fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(_) | Self::True | Self::Other => None,
        }
    }

    const fn is_true(&self) -> bool {
        matches!(self, Self::True)
    }
}

impl<'de> serde::Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Scalar, E> {
        Ok(if value { Scalar::True } else { Scalar::Other })
    }

    fn visit_u64<E>(self, value: u64) -> Result<Scalar, E> {
        Ok(Scalar::Number(value))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Scalar, E> {
        Ok(Scalar::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Scalar, E> {
        Ok(Scalar::Other)
    }

    fn visit_str<E>(self, value: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Scalar, E> {
        Ok(Scalar::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Scalar, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Tree, unpack};
    use super::*;
    use crate::limit::Unpacking;
    use proptest::prelude::*;

    /// An archive with a header and what stands behind it.
    fn asar(header: &str, files: &[u8]) -> Vec<u8> {
        let mut text = header.as_bytes().to_vec();
        let length = text.len() as u32;
        text.resize(text.len().next_multiple_of(4), 0);
        let inner = text.len() as u32 + 4;
        [
            4_u32.to_le_bytes().as_slice(),
            &(inner + 4).to_le_bytes(),
            &inner.to_le_bytes(),
            &length.to_le_bytes(),
            &text,
            files,
        ]
        .concat()
    }

    fn read(header: &str, files: &[u8]) -> Tree {
        unpack(&asar(header, files), &Unpacking::default())
    }

    fn tricks(tree: &Tree) -> Vec<Trick> {
        tree.oddities.iter().map(|oddity| oddity.trick).collect()
    }

    #[test]
    fn files_folders_links_and_what_lies_beside_are_read() {
        let tree = read(
            r#"{"files": {
                "main.js": {"size": 3, "offset": "0", "executable": true, "integrity": {
                    "algorithm": "SHA256",
                    "hash": "D8532F33A7E4BC58D3E39B6E5C91CE15AA2B3B75F1BD7CE9AFA8C3A1F8A2DF80",
                    "blockSize": 4194304, "blocks": ["x"]}},
                "lib": {"files": {"a.js": {"size": 3, "offset": "3"}}},
                "native.node": {"size": 99, "unpacked": true},
                "link": {"link": "lib/a.js"}
            }}"#,
            b"x()a()",
        );
        let paths: Vec<&str> = tree.entries.iter().map(|entry| &*entry.path).collect();
        assert_eq!(paths, ["main.js", "lib/a.js", "link"]);
        assert_eq!(tree.entries[1].bytes(), Some(&b"a()"[..]));
        assert!(tree.entries[0].executable);
        // The digest is not the one of its content.
        assert_eq!(tricks(&tree), [Trick::OtherDigest]);
        assert_eq!(tree.unread, []);
    }

    #[test]
    fn each_trick_of_a_header_is_told_and_what_can_be_is_read() {
        for (header, files, trick) in [
            (
                r#"{"files": {"..": {"files": {"x": {"size": 1, "offset": "0"}}}}}"#,
                "x",
                Trick::Traversal,
            ),
            (
                r#"{"files": {"__proto__": {"size": 1, "offset": "0"}}}"#,
                "x",
                Trick::StrangeName,
            ),
            (
                r#"{"files": {"a/b": {"size": 1, "offset": "0"}}}"#,
                "x",
                Trick::StrangeName,
            ),
            (
                r#"{"files": {"a": {"size": 2, "offset": "0"}, "b": {"size": 2, "offset": "1"}}}"#,
                "xyz",
                Trick::Overlap,
            ),
            (
                r#"{"files": {"a": {"size": 1, "offset": "0"}, "a": {"size": 1, "offset": "1"}}}"#,
                "xy",
                Trick::DuplicateName,
            ),
            (
                r#"{"files": {"a": {"size": 1, "offset": "0"}}}"#,
                "xyz",
                Trick::TrailingData,
            ),
            (
                r#"{"files": {"a": {"link": "../../etc/passwd"}}}"#,
                "",
                Trick::LinkOutside,
            ),
        ] {
            let tree = read(header, files.as_bytes());
            assert!(tricks(&tree).contains(&trick), "{header}: {tree:?}");
            assert!(!tree.entries.is_empty(), "{header}");
        }
    }

    #[test]
    fn blanks_in_front_of_the_header_hide_nothing() {
        let tree = read(
            " \n\t{\"files\": {\"a\": {\"size\": 1, \"offset\": \"0\"}}}",
            b"x",
        );
        assert_eq!(tree.entries.len(), 1);
    }

    #[test]
    fn equal_files_may_share_their_bytes() {
        let tree = read(
            r#"{"files": {"a": {"size": 1, "offset": "0"}, "b": {"size": 1, "offset": "0"}}}"#,
            b"x",
        );
        assert_eq!(tricks(&tree), []);
        assert_eq!(tree.entries.len(), 2);
    }

    #[test]
    fn what_stands_beyond_the_end_or_nowhere_is_not_read() {
        for header in [
            r#"{"files": {"a": {"size": 9, "offset": "0"}}}"#,
            r#"{"files": {"a": {"size": 1, "offset": "18446744073709551615"}}}"#,
            r#"{"files": {"a": {"size": 1, "offset": "-1"}}}"#,
            r#"{"files": {"a": {"size": 1.5, "offset": []}}}"#,
            r#"{"files": {"a": {}}}"#,
            r#"{"files": {"a": "#,
            r#"{"files": 1}"#,
        ] {
            let tree = read(header, b"x");
            assert_eq!(tree.unread.len(), 1, "{header}: {tree:?}");
            assert!(tree.entries.is_empty(), "{header}");
        }
    }

    #[test]
    fn one_content_under_a_hundred_thousand_names_ends_at_the_bound() {
        let names: Vec<String> = (0..1000)
            .map(|n| format!(r#""{n}": {{"size": 100000, "offset": "0"}}"#))
            .collect();
        let header = format!(r#"{{"files": {{{}}}}}"#, names.join(","));
        let limits = Unpacking {
            inflated: 1 << 20,
            ..Unpacking::default()
        };
        let tree = unpack(&asar(&header, &[b'x'; 100_000]), &limits);
        assert_eq!(tree.entries.len(), 10);
        assert!(
            tree.unread
                .iter()
                .any(|part| part.because.contains("more than the bound"))
        );
    }

    #[test]
    fn a_tree_that_is_too_deep_or_too_wide_ends() {
        let deep = format!(
            "{}{}",
            r#"{"files":{"a":"#.repeat(10_000),
            "}}".repeat(10_000)
        );
        assert_eq!(read(&deep, b"").unread.len(), 1);
        let names: Vec<String> = (0..100)
            .map(|n| format!(r#""{n}":{{"size":0,"offset":"0"}}"#))
            .collect();
        let limits = Unpacking {
            entries: 10,
            ..Unpacking::default()
        };
        let wide = format!(r#"{{"files":{{{}}}}}"#, names.join(","));
        let tree = unpack(&asar(&wide, b""), &limits);
        assert_eq!(tree.entries.len(), 10);
        assert_eq!(tree.unread.len(), 1);
    }

    proptest! {
        #[test]
        fn any_bytes_have_an_answer(
            bytes in prop::collection::vec(any::<u8>(), 0..512),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        ) {
            let mut whole = asar(
                r#"{"files":{"a":{"size":3,"offset":"0"},"b":{"files":{"c":{"link":"a"}}}}}"#,
                &bytes,
            );
            for (at, byte) in changes {
                let at = at.index(whole.len());
                whole[at] = byte;
            }
            let tree = unpack(&whole, &Unpacking::default());
            prop_assert!(tree.entries.iter().all(|entry| entry.length <= whole.len() as u64));
        }
    }
}
