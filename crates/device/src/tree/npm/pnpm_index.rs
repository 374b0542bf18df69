//! The index of pnpm's store from version 11 on: a row of SQLite for each package, whose value is
//! MessagePack as the library msgpackr writes it, with its records: an extension of type `r`
//! names a shape by a byte and lists its keys, and from then on that byte stands for an object of
//! the shape, its values behind it. Measured with pnpm 12.21.

use crate::tree::disk::There;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _};
use std::collections::BTreeMap;
use std::path::Path;

/// Bounds on one value.
mod limit {
    /// Bytes.
    pub const BYTES: u32 = 64 << 20;
    /// Values in it.
    pub const VALUES: usize = 2_000_000;
    /// Nesting.
    pub const DEPTH: usize = 32;
}

/// One file of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IndexedFile {
    /// Hexadecimal SHA-512.
    pub digest: String,
    pub mode: u64,
    pub size: u64,
}

/// A package's files by the index. The error is why they are not known, safe to print.
pub(super) fn find(
    store: &Path,
    integrity: &str,
    spoken: &str,
) -> Result<BTreeMap<String, IndexedFile>, String> {
    let database = store.join("index.db");
    let log = std::fs::symlink_metadata(store.join("index.db-wal"));
    if log.is_ok_and(|log| log.len() > 0) {
        return Err("pnpm is writing the index of its store; ask again when it is done".to_owned());
    }
    // SQLite would wait for whoever writes to a pipe.
    if !There::look(&database).is_file() {
        return Err("the index of pnpm's store is no file".to_owned());
    }
    let fail = |why: rusqlite::Error| {
        let why = customs_model::printable(&why.to_string(), 200);
        format!("the index of pnpm's store cannot be read: {why}")
    };
    let path = database
        .to_str()
        .ok_or("the path of pnpm's store is not text")?;
    let path = path
        .replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23");
    // Immutable: without it SQLite writes files beside the index.
    let uri = format!("file:{path}?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(uri, flags).map_err(fail)?;
    let data: Option<Vec<u8>> = connection
        .query_row(
            "SELECT data FROM package_index WHERE key = ?1 AND length(data) <= ?2",
            (format!("{integrity}\t{spoken}"), limit::BYTES),
            |row| row.get(0),
        )
        .optional()
        .map_err(fail)?;
    let data = data.ok_or("the index of pnpm's store does not have it")?;
    files(&data).ok_or_else(|| "the index of pnpm's store has an unknown form".to_owned())
}

/// The `files` of a package's value.
fn files(data: &[u8]) -> Option<BTreeMap<String, IndexedFile>> {
    let mut reader = Reader {
        rest: data,
        shapes: BTreeMap::new(),
        values: 0,
    };
    let root = reader.value(0)?;
    if root.get("algo")?.text()? != "sha512" {
        return None;
    }
    let Value::Map(entries) = root.get("files")? else {
        return None;
    };
    entries
        .iter()
        .map(|(path, file)| {
            let file = IndexedFile {
                digest: file.get("digest")?.text()?.to_owned(),
                mode: file.get("mode")?.number()?,
                size: file.get("size")?.number()?,
            };
            Some((path.clone(), file))
        })
        .collect()
}

enum Value {
    Text(String),
    Number(u64),
    Map(Vec<(String, Value)>),
    /// Lists, fractions and the like, whose content nobody asks for.
    Other,
}

impl Value {
    fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries.iter().find(|(k, _)| k == key).map(|(_, v)| v),
            Self::Text(_) | Self::Number(_) | Self::Other => None,
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(_) | Self::Map(_) | Self::Other => None,
        }
    }

    fn number(&self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(_) | Self::Map(_) | Self::Other => None,
        }
    }
}

struct Reader<'t> {
    rest: &'t [u8],
    shapes: BTreeMap<u8, Vec<String>>,
    values: usize,
}

impl<'t> Reader<'t> {
    fn take(&mut self, count: usize) -> Option<&'t [u8]> {
        let (head, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(head)
    }

    fn number(&mut self, bytes: usize) -> Option<u64> {
        let head = self.take(bytes)?;
        Some(head.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        self.values += 1;
        if depth > limit::DEPTH || self.values > limit::VALUES {
            return None;
        }
        let mark = *self.take(1)?.first()?;
        match mark {
            // msgpackr takes these numbers for shapes.
            0x40..=0x7f => self.shaped(mark, depth),
            0x00..=0x3f => Some(Value::Number(u64::from(mark))),
            0x80..=0x8f => self.map(u64::from(mark & 0x0f), depth),
            0xde => self.counted(2).and_then(|count| self.map(count, depth)),
            0xdf => self.counted(4).and_then(|count| self.map(count, depth)),
            0x90..=0x9f => self.list(u64::from(mark & 0x0f), depth),
            0xdc => self.counted(2).and_then(|count| self.list(count, depth)),
            0xdd => self.counted(4).and_then(|count| self.list(count, depth)),
            0xa0..=0xbf => self.text(u64::from(mark & 0x1f)),
            0xd9 => self.counted(1).and_then(|count| self.text(count)),
            0xda => self.counted(2).and_then(|count| self.text(count)),
            0xdb => self.counted(4).and_then(|count| self.text(count)),
            0xcc => self.number(1).map(Value::Number),
            0xcd => self.number(2).map(Value::Number),
            0xce => self.number(4).map(Value::Number),
            0xcf => self.number(8).map(Value::Number),
            0xca | 0xd2 => self.take(4).map(|_| Value::Other),
            0xcb | 0xd3 => self.take(8).map(|_| Value::Other),
            0xd0 => self.take(1).map(|_| Value::Other),
            0xd1 => self.take(2).map(|_| Value::Other),
            0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => Some(Value::Other),
            0xd4 => self.shape(depth),
            0xc1 | 0xc4..=0xc9 | 0xd5..=0xd8 => None,
        }
    }

    fn counted(&mut self, bytes: usize) -> Option<u64> {
        self.number(bytes)
    }

    fn text(&mut self, count: u64) -> Option<Value> {
        let bytes = self.take(usize::try_from(count).ok()?)?;
        Some(Value::Text(String::from_utf8(bytes.to_vec()).ok()?))
    }

    fn list(&mut self, count: u64, depth: usize) -> Option<Value> {
        for _ in 0..count {
            self.value(depth + 1)?;
        }
        Some(Value::Other)
    }

    fn map(&mut self, count: u64, depth: usize) -> Option<Value> {
        let mut entries = Vec::new();
        for _ in 0..count {
            let key = self.value(depth + 1)?.text()?.to_owned();
            entries.push((key, self.value(depth + 1)?));
        }
        Some(Value::Map(entries))
    }

    /// A new shape: its byte, its keys, and then its first object.
    fn shape(&mut self, depth: usize) -> Option<Value> {
        let [b'r', name] = *self.take(2)? else {
            return None;
        };
        let mark = *self.take(1)?.first()?;
        let count = match mark {
            0x90..=0x9f => u64::from(mark & 0x0f),
            0xdc => self.counted(2)?,
            _ => return None,
        };
        let mut keys = Vec::new();
        for _ in 0..count {
            keys.push(self.value(depth + 1)?.text()?.to_owned());
        }
        self.shapes.insert(name, keys);
        self.shaped(name, depth)
    }

    fn shaped(&mut self, name: u8, depth: usize) -> Option<Value> {
        let keys = self.shapes.get(&name)?.clone();
        let mut entries = Vec::new();
        for key in keys {
            entries.push((key, self.value(depth + 1)?));
        }
        Some(Value::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Two files, the second by the shape of the first.
    const DATA: &[u8] = b"\xd4r@\x92\xa4algo\xa5files\xa6sha512\x82\xa1a\xd4rA\x93\xa6digest\xa4mode\xa4size\xa2ab\xcd\x01\xa4\x05\xa3b/cA\xa2cd\xcd\x01\xed\xcd\x02\x00";

    #[test]
    fn objects_are_read_by_the_shape_that_was_named_before() {
        let files = files(DATA).unwrap();
        let file = |digest: &str, mode, size| IndexedFile {
            digest: digest.into(),
            mode,
            size,
        };
        assert_eq!(files["a"], file("ab", 0o644, 5));
        assert_eq!(files["b/c"], file("cd", 0o755, 512));
    }

    #[test]
    fn a_row_is_found_by_integrity_and_release() {
        let folder = tempfile::tempdir().unwrap();
        let connection = Connection::open(folder.path().join("index.db")).unwrap();
        connection
            .execute_batch("CREATE TABLE package_index (key TEXT PRIMARY KEY, data BLOB NOT NULL)")
            .unwrap();
        let insert = "INSERT INTO package_index VALUES (?1, ?2)";
        connection
            .execute(insert, ("sha512-x\ta@1.0.0", DATA))
            .unwrap();
        drop(connection);
        assert_eq!(find(folder.path(), "sha512-x", "a@1.0.0").unwrap().len(), 2);
        assert!(find(folder.path(), "sha512-y", "a@1.0.0").is_err());
        assert!(find(&folder.path().join("none"), "sha512-x", "a@1.0.0").is_err());
    }

    proptest! {
        #[test]
        fn damaged_values_never_panic(at in 0..DATA.len(), with in any::<u8>(), cut in 0..DATA.len()) {
            let mut data = DATA.to_vec();
            data[at] = with;
            // Whether it can still be read is chance; that it returns is what is asked.
            let _ = files(&data);
            let _ = files(&data[..cut]);
        }
    }
}
