use super::super::{Opener, Tree, Trick, Unread, unpack, unpack_from};
use super::*;
use crate::limit::Unpacking;
use base64::Engine as _;
use proptest::prelude::*;
use std::io::{Cursor, Write as _};

#[path = "../../../../../fuzz/src/pack.rs"]
#[allow(dead_code, reason = "the fuzz targets need more of it")]
mod packers;

// A tar archive with `package/a.js` in it, which holds `x()`, by Python's own libraries.
const BZIP2: &str = "QlpoOTFBWSZTWShMbu0AADJbgMmAQGHtgAQAapheQAgIIABUUTEaY1DEwMgJJQaaAeoNABzYR+RQMyAfp4j211CGBvcJbvAUGESmRqJNEJrUg0xEgFFxYkslnXJz7F3JFOFCQKExu7Q=";
const XZ: &str = "/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4Af/AEddADgYSJnNF3UkZoz4ZFQo9TgYH6lhTpKkYmfxoE1KM6m1dYbzNzhNvqcp1ep/WTyblk72goNxmj0exYPNAaf+la3lztwhp+QAAADBRax4r3tgXwABY4AQAAAAJE7KrLHEZ/sCAAAAAARZWg==";
const LZMA: &str = "XQAAgAD//////////wA4GEiZzRd1JGaM+GRUKPU4GB+pYU6SpGJn8aBNSjOptXWG8zc4Tb6nKdXqf1k8m5ZO9oKDcZo9HsWDzQGn/pWt5c7cWyQpn//l2cAA";
const ZSTD: &str = "KLUv/QRoHQIAEgMLEaBtDLDxPy5W1fiwaCR+VbZkK0Ld36impDvYdLm8r3nPQf8r3VCENfWWggEIIMAP+f1kTh2QfDhg4ADDQdP4AiM2Db8=";
/// As `XZ`, with a window of 1 GiB.
const LARGE_WINDOW: &str = "/Td6WFoAAATm1rRGAgAhASQAAABeH8f54Af/AEddADgYSJnNF3UkZoz4ZFQo9TgYH6lhLIhXhpm0HggwcW3pVST/fyZhQZXKGDoYQSY3zVkPXkSGditRe0z4RUvMFStO+Al+MIIAAADBRax4r3tgXwABY4AQAAAAJE7KrLHEZ/sCAAAAAARZWg==";
// Zip archives with `a/b.py` in them, by methods 12, 14 and 93.
const ZIP_BZIP2: &str = "UEsDBC4AAAAMAPI6fV0iJ6eNNQAAACwBAAAGAAAAYS9iLnB5QlpoOTFBWSZTWUtL6XsAAJXYgAAQQAAgAgBAIAAgpUPUGaDqLyLIsRZF8XckU4UJBLS+l7BQSwECLgMuAAAADADyOn1dIienjTUAAAAsAQAABgAAAAAAAAAAAAAAgAEAAAAAYS9iLnB5UEsFBgAAAAABAAEANAAAAFkAAAAAAA==";
const ZIP_LZMA: &str = "UEsDBD8AAgAOAPI6fV0iJ6eNHgAAACwBAAAGAAAAYS9iLnB5CQQFAF0AAIAAADwIA6IRVt7iWim94r9H//9WCAAAUEsBAj8DPwACAA4A8jp9XSInp40eAAAALAEAAAYAAAAAAAAAAAAAAIABAAAAAGEvYi5weVBLBQYAAAAAAQABADQAAABCAAAAAAA=";
const ZIP_ZSTD: &str = "UEsDBD8AAABdAPI6fV0iJ6eNGgAAACwBAAAGAAAAYS9iLnB5KLUv/QRYbQAAMHggPSAxCgEAI1FLEdgPYVVQSwECPwM/AAAAXQDyOn1dIienjRoAAAAsAQAABgAAAAAAAAAAAAAAgIEAAAAAYS9iLnB5UEsFBgAAAAABAAEANAAAAD4AAAAAAA==";

fn bytes(text: &str) -> Vec<u8> {
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .unwrap()
}

fn read(bytes: &[u8]) -> Tree {
    unpack(bytes, &Unpacking::default())
}

fn tricks(tree: &Tree) -> Vec<Trick> {
    tree.oddities.iter().map(|oddity| oddity.trick).collect()
}

#[test]
fn archives_are_read_from_memory_and_from_disk_whatever_packs_them() {
    for packed in [BZIP2, XZ, LZMA, ZSTD].map(bytes) {
        let tree = read(&packed);
        assert_eq!(tree.unread, []);
        assert_eq!(tricks(&tree), []);
        assert_eq!(tree.entries[0].path, "package/a.js");
        assert_eq!(tree.entries[0].bytes(), Some(&b"x()"[..]));

        let length = packed.len() as u64;
        let again = unpack_from(
            Cursor::new(packed),
            length,
            Opener::Stream,
            &Unpacking::default(),
        )
        .unwrap();
        assert_eq!(again.entries[0].bytes(), Some(&b"x()"[..]));
    }
}

#[test]
fn a_second_stream_is_read_and_told() {
    for packed in [BZIP2, XZ, ZSTD].map(bytes) {
        let twice = [packed.as_slice(), &[0_u8; 4], &packed].concat();
        let tree = read(&twice);
        assert_eq!(tree.entries.len(), 2);
        assert!(tricks(&tree).contains(&Trick::SeveralMembers));
    }
}

#[test]
fn what_stands_behind_a_stream_is_told() {
    for packed in [BZIP2, XZ, LZMA, ZSTD].map(bytes) {
        let tree = read(&[packed.as_slice(), b"more"].concat());
        assert_eq!(tree.entries.len(), 1);
        assert_eq!(tricks(&tree), [Trick::TrailingData]);
    }
}

#[test]
fn a_window_that_is_too_large_is_no_memory_of_ours() {
    let mut zstd = bytes(ZSTD);
    // The byte of its window: 144 MiB.
    assert_eq!(zstd[5], 0x68);
    zstd[5] = 0x89;
    for packed in [bytes(LARGE_WINDOW), zstd] {
        let tree = read(&packed);
        assert!(tree.entries.is_empty());
        let because: Vec<&str> = tree.unread.iter().map(|part| &*part.because).collect();
        assert_eq!(
            because,
            [
                "it asks for more memory than an archive is given",
                "it is empty"
            ]
        );
    }
}

#[test]
fn entries_of_zip_archives_are_read_whatever_their_method() {
    let content = "x = 1\n".repeat(50);
    for packed in [ZIP_BZIP2, ZIP_LZMA, ZIP_ZSTD].map(bytes) {
        let tree = read(&packed);
        assert_eq!(tree.unread, []);
        assert_eq!(tricks(&tree), []);
        assert_eq!(tree.entries[0].bytes(), Some(content.as_bytes()));
    }
}

#[test]
fn a_bomb_of_bzip2_ends_at_the_bound() {
    let mut packed = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    packed.write_all(&vec![0; 4 << 20]).unwrap();
    let limits = Unpacking {
        inflated: 8 << 20,
        ..Unpacking::default()
    };
    let tree = unpack(&packed.finish().unwrap(), &limits);
    assert!(
        tree.unread
            .iter()
            .any(|part| part.because.contains("more than the bound")),
        "{:?}",
        tree.unread
    );
}

#[test]
fn a_bomb_of_zstd_ends_at_the_bound() {
    // Blocks of one byte 128 Ki times, of which none is the last one.
    let block = (131_072_u32 << 3 | 1 << 1).to_le_bytes();
    let mut packed = b"\x28\xb5\x2f\xfd\0\x68".to_vec();
    for _ in 0..64 {
        packed.extend_from_slice(&block[..3]);
        packed.push(0);
    }
    let limits = Unpacking {
        inflated: 6 << 20,
        ..Unpacking::default()
    };
    let tree = unpack(&packed, &limits);
    let is_over = |part: &Unread| part.because.contains("more than the bound");
    assert!(tree.unread.iter().any(is_over), "{:?}", tree.unread);
}

#[test]
fn what_is_passed_over_in_a_stream_of_zstd_is_no_member() {
    let packed = bytes(ZSTD);
    let over: &[u8] = b"\x5e\x2a\x4d\x18\x03\0\0\0abc";
    let tree = read(&[over, packed.as_slice(), over].concat());
    assert_eq!(tree.unread, []);
    assert_eq!(tricks(&tree), []);
    assert_eq!(tree.entries[0].bytes(), Some(&b"x()"[..]));
    // Nothing else is in it, or it is cut off.
    assert!(read(over).entries.is_empty() && !read(over).unread.is_empty());
    let cut = [packed.as_slice(), &over[..9]].concat();
    assert_eq!(read(&cut).unread.len(), 1);
}

#[test]
fn an_archive_of_zstd_in_an_archive_is_opened() {
    let tree = read(&packers::tar(&[(
        "package/a.tar.zst",
        bytes(ZSTD).as_slice(),
    )]));
    assert_eq!(tree.unread, []);
    assert_eq!(tree.entries[1].path, "package/a.tar.zst!/package/a.js");
}

#[test]
fn compressed_files_are_looked_into_as_long_as_that_is_cheap() {
    let tar = packers::tar(&[
        ("package/a.bz2", bytes(BZIP2).as_slice()),
        ("package/b.bz2", b"".as_slice()),
    ]);
    let tree = read(&tar);
    let nested = |tree: &Tree| tree.entries.iter().any(|entry| entry.path.contains("!/"));
    assert!(nested(&tree));
    let limits = Unpacking {
        glances: 1000,
        ..Unpacking::default()
    };
    let tree = unpack(&tar, &limits);
    assert!(!nested(&tree));
    assert_eq!(tree.unread.len(), 1);
}

#[test]
fn programs_get_what_pythons_readers_give() {
    let [xz, lzma, bzip2] = [
        "/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAHcHJpbnQoMSkAAWBTHghqLlkAASAIuxnZux+2830BAAAAAARZWg==",
        "XQAAgAD//////////wA4HIlWjAuZk4tG6YP//45wAAA=",
        "QlpoOTFBWSZTWa8O5UcAAAKZgABgIAAAIVQAIAAiBpp6EMCBaNhBdyRThQkK8O5UcA==",
    ]
    .map(bytes);
    for (codec, packed) in [(Codec::Xz, xz), (Codec::Lzma, lzma), (Codec::Bzip2, bzip2)] {
        let behind = [packed.as_slice(), b"junk"].concat();
        assert_eq!(unpacked(codec, &packed, 100).unwrap(), b"print(1)");
        assert_eq!(unpacked(codec, &behind, 100).unwrap(), b"print(1)");
        assert_eq!(unpacked(codec, &packed, 5).unwrap(), b"print");
        assert_eq!(unpacked(codec, b"junk", 100), None);
    }
}

proptest! {
    #[test]
    fn any_bytes_behind_a_header_have_an_answer(
        which in 0_usize..7,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut packed = bytes([BZIP2, XZ, LZMA, ZSTD, ZIP_BZIP2, ZIP_LZMA, ZIP_ZSTD][which]);
        for (at, byte) in changes {
            let at = at.index(packed.len());
            packed[at] = byte;
        }
        packed.truncate(cut.index(packed.len()) + 1);
        let tree = read(&packed);
        prop_assert!(
            !tree.entries.is_empty() || !tree.unread.is_empty() || !tree.oddities.is_empty()
        );
    }
}
