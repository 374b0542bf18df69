//! What an artifact holds, file by file: facts that two releases are compared by.

use crate::package::{Make, Package};
use crate::pure::FileId;
use crate::unpack::Kind;
use customs_model::{CodeShape, ContentKind, FileFact, Zone};
use rustc_hash::{FxHashMap, FxHashSet};

/// Files that are listed; of more the ones that nothing runs are left out first.
const FILES: usize = FileFact::MOST;
/// Bytes at each end of a file that its entropy is taken of.
const SAMPLE: usize = 32 << 10;
/// Bytes at the end of a file in which the last thing that it hands out is looked for.
const END: usize = 256 << 10;
/// Dependencies that are looked for.
const DEPENDENCIES: usize = 500;
/// Bytes of code that are searched for them.
const SEARCHED: usize = 64 << 20;

/// The files of the package itself, by path.
pub fn files(package: &Package, zones: &FxHashMap<FileId, Zone>) -> Vec<FileFact> {
    let mut ids: Vec<(FileId, Zone)> = package
        .ids()
        .filter(|id| !package.file(*id).path.contains("!/"))
        // Of two with one path only the one that is unpacked last is there.
        .filter(|id| package.find(&package.file(*id).path) == Some(*id))
        .map(|id| (id, zones.get(&id).copied().unwrap_or(Zone::Never)))
        .collect();
    if ids.len() > FILES {
        ids.sort_by_key(|(id, zone)| (std::cmp::Reverse(*zone), *id));
        ids.truncate(FILES);
    }
    let mut facts: Vec<FileFact> = ids
        .into_iter()
        .map(|(id, zone)| fact(package, id, zone))
        .collect();
    facts.sort_by(|a, b| a.path.cmp(&b.path));
    facts
}

fn fact(package: &Package, id: FileId, zone: Zone) -> FileFact {
    let file = package.file(id);
    let bytes = file.bytes.as_deref();
    let is_code = package.language(id).is_some();
    FileFact {
        path: file.path.clone(),
        digest: file.content().map(|content| content.to_string()),
        length: file.length,
        content: content(file.kind, is_code),
        zone,
        shape: bytes
            .filter(|_| is_code && zone > Zone::Never)
            .map(|bytes| shape(bytes, &file.path)),
    }
}

const fn content(kind: Kind, is_code: bool) -> ContentKind {
    match kind {
        Kind::Text | Kind::Utf16 if is_code => ContentKind::Code,
        Kind::Text | Kind::Utf16 => ContentKind::Text,
        Kind::Gzip
        | Kind::Bzip2
        | Kind::Xz
        | Kind::Lzma
        | Kind::Zstd
        | Kind::Zip
        | Kind::Tar
        | Kind::Asar => ContentKind::Archive,
        Kind::Native => ContentKind::Native,
        Kind::Wasm => ContentKind::Wasm,
        Kind::Bytecode => ContentKind::Bytecode,
        Kind::Media => ContentKind::Media,
        Kind::Other => ContentKind::Other,
    }
}

fn shape(bytes: &[u8], path: &str) -> CodeShape {
    let mut longest = 0;
    let mut from = 0;
    for at in memchr::memchr_iter(b'\n', bytes) {
        longest = longest.max(at - from);
        from = at + 1;
    }
    longest = longest.max(bytes.len() - from);
    CodeShape {
        longest_line: u32::try_from(longest).unwrap_or(u32::MAX),
        entropy: entropy(bytes),
        tail: tail(bytes, path),
    }
}

/// Bits per byte, in thousandths, of both ends.
fn entropy(bytes: &[u8]) -> u16 {
    let (head, rest) = bytes.split_at(bytes.len().min(SAMPLE));
    let mut counts = [0_u32; 256];
    for byte in head
        .iter()
        .chain(&rest[rest.len().saturating_sub(SAMPLE)..])
    {
        counts[usize::from(*byte)] += 1;
    }
    let total = f64::from(counts.iter().sum::<u32>());
    let bits: f64 = counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / total)
        .map(|share| -share * share.log2())
        .sum();
    (bits * 1000.0) as u16
}

/// Bytes behind the last thing that a module hands out.
fn tail(bytes: &[u8], path: &str) -> Option<u32> {
    let end = &bytes[bytes.len().saturating_sub(END)..];
    let last = if path.ends_with(".py") {
        memchr::memrchr_iter(b'\n', end).find(|at| {
            let line = &end[at + 1..];
            line.starts_with(b"def ") || line.starts_with(b"class ")
        })
    } else if path.ends_with(".rs") {
        None
    } else {
        // Looked for from the end, by a letter that is rare.
        memchr::memrchr_iter(b'x', end)
            .filter_map(|at| at.checked_sub(1))
            .find_map(|at| hands_out(&end[..at], &end[at..]))
    };
    u32::try_from(end.len() - last?).ok()
}

/// Where `module.exports`, `exports.a`, `export a` at the beginning of a line, or `export{a}`
/// begins that has its `export` between the two.
fn hands_out(before: &[u8], rest: &[u8]) -> Option<usize> {
    match rest.strip_prefix(b"export")? {
        [b's', b'.', ..] | [b'{', ..] => Some(before.len()),
        [b's', ..] => before.strip_suffix(b"module.").map(<[u8]>::len),
        [b' ', ..] => before.strip_suffix(b"\n").map(<[u8]>::len),
        _ => None,
    }
}

/// Declared dependencies of an npm package that no file of code or data names. The lexical
/// question on purpose: what stands anywhere in quotes counts as named.
pub fn unimported(package: &Package) -> Vec<String> {
    if package.make != Make::Npm {
        return Vec::new();
    }
    let mut missing: FxHashSet<String> = declared(package).into_iter().take(DEPENDENCIES).collect();
    let mut few = None;
    let mut left = SEARCHED;
    for id in package.ids() {
        if missing.is_empty() {
            break;
        }
        let file = package.file(id);
        let Some(bytes) = file.bytes.as_deref().filter(|_| file.kind.is_text()) else {
            continue;
        };
        if matches!(
            file.path.as_str(),
            "package.json" | "package-lock.json" | "npm-shrinkwrap.json"
        ) || file.path.ends_with(".md")
        {
            continue;
        }
        let Some(rest) = left.checked_sub(bytes.len()) else {
            // Not searched to the end: nothing is known.
            return Vec::new();
        };
        left = rest;
        if missing.len() > FEW {
            strike(bytes, &mut missing);
        } else {
            let few = few.get_or_insert_with(|| missing.iter().map(Sought::of).collect());
            strike_few(bytes, few, &mut missing);
        }
    }
    let mut missing: Vec<String> = missing.into_iter().collect();
    missing.sort();
    missing
}

fn declared(package: &Package) -> Vec<String> {
    let manifest = package
        .find("package.json")
        .and_then(|id| package.file(id).bytes.as_deref())
        .and_then(|bytes| serde_json::from_slice::<serde_json::Value>(bytes).ok());
    let Some(serde_json::Value::Object(all)) = manifest
        .as_ref()
        .and_then(|value| value.get("dependencies"))
    else {
        return Vec::new();
    };
    all.keys()
        // Types are for compilers: nothing names them.
        .filter(|name| !name.starts_with("@types/"))
        .cloned()
        .collect()
}

/// So many names are looked for one by one, which is faster than at every quote.
const FEW: usize = 4;

/// A name that is looked for on its own.
struct Sought {
    name: String,
    finder: memchr::memmem::Finder<'static>,
}

impl Sought {
    fn of(name: &String) -> Self {
        Self {
            name: name.clone(),
            finder: memchr::memmem::Finder::new(name).into_owned(),
        }
    }

    /// Whether it stands in quotes, alone or as the beginning of a path.
    fn is_in(&self, bytes: &[u8]) -> bool {
        let is_quote = |byte: &u8| matches!(byte, b'\'' | b'"' | b'`');
        self.finder.find_iter(bytes).any(|at| {
            let before = at.checked_sub(1).and_then(|before| bytes.get(before));
            let behind = bytes.get(at + self.name.len());
            before.is_some_and(is_quote)
                && behind.is_some_and(|byte| is_quote(byte) || *byte == b'/')
        })
    }
}

/// [`strike`] of a few names.
fn strike_few(bytes: &[u8], few: &mut Vec<Sought>, missing: &mut FxHashSet<String>) {
    few.retain(|sought| {
        let found = sought.is_in(bytes);
        if found {
            missing.remove(&sought.name);
        }
        !found
    });
}

/// Strikes out the names that stand in quotes, alone or as the beginning of a path.
fn strike(bytes: &[u8], missing: &mut FxHashSet<String>) {
    let longest = missing.iter().map(String::len).max().unwrap_or(0);
    for at in memchr::memchr3_iter(b'\'', b'"', b'`', bytes) {
        let quoted = &bytes[at + 1..(at + 2 + longest).min(bytes.len())];
        // A name ends at the quote or, behind its scope, at a slash.
        let scoped = quoted.first() == Some(&b'@');
        let mut slashes = 0;
        let end = quoted.iter().position(|byte| match byte {
            b'\'' | b'"' | b'`' => true,
            b'/' => {
                slashes += 1;
                slashes > usize::from(scoped)
            }
            _ => false,
        });
        if let Some(name) = end.and_then(|end| std::str::from_utf8(&quoted[..end]).ok())
            && missing.remove(name)
            && missing.is_empty()
        {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_in_quotes_with_and_without_a_path() {
        let mut missing: FxHashSet<String> = ["a", "@s/b", "c", "ab"]
            .map(str::to_owned)
            .into_iter()
            .collect();
        strike(
            br#"require('a'); import "@s/b/x"; a.c; "abc""#,
            &mut missing,
        );
        let mut left: Vec<_> = missing.into_iter().collect();
        left.sort();
        assert_eq!(left, ["ab", "c"]);
    }

    #[test]
    fn what_stands_behind_the_last_export_is_measured() {
        assert_eq!(tail(b"module.exports = 1;\n", "a.js"), Some(20));
        assert_eq!(tail(b"a()", "a.js"), None);
    }

    #[test]
    fn entropy_is_that_of_the_bytes() {
        assert_eq!(entropy(b"aaaa"), 0);
        assert_eq!(entropy(b"abab"), 1000);
        assert_eq!(entropy(b""), 0);
    }
}
