//! Archives of very many entries, or of entries over the same bytes.

use crate::{alone, is_unjudged};
use customs_inspect::{Content, Unpacking, inspect_archive, unpack};
use flate2::{Compression, write::GzEncoder};
use std::io::Write as _;

#[test]
fn a_long_line_in_an_archive_is_not_judged() {
    let inspection = alone(|| {
        let mut out = GzEncoder::new(Vec::new(), Compression::fast());
        let manifest = br#"{"name": "a", "scripts": {"install": "node a.js"}}"#;
        out.write_all(&header("package/package.json", manifest.len()))
            .unwrap();
        out.write_all(&padded(manifest)).unwrap();
        out.write_all(&header("package/a.js", 100 << 20)).unwrap();
        for _ in 0..100 {
            out.write_all(&vec![b'a'; 1 << 20]).unwrap();
        }
        out.write_all(&[0; 1024]).unwrap();
        inspect_archive(&out.finish().unwrap())
    });
    assert!(is_unjudged(&inspection), "{:?}", inspection.unread);
}

fn header(name: &str, length: usize) -> [u8; 512] {
    let mut header = [0_u8; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[100..107].copy_from_slice(b"0000644");
    header[124..135].copy_from_slice(format!("{length:011o}").as_bytes());
    header[156] = b'0';
    header[257..263].copy_from_slice(b"ustar\0");
    header[148..156].copy_from_slice(b"        ");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    header
}

fn padded(bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    out.resize(out.len().next_multiple_of(512), 0);
    out
}

#[test]
fn a_million_entries_of_a_tarball_end_at_the_bound() {
    alone(|| {
        let mut out = GzEncoder::new(Vec::new(), Compression::fast());
        // Headers that differ in their name alone, so that their sums need not be counted.
        let plain = header("package/0000000", 0);
        let sum = |header: &[u8; 512]| -> u32 {
            let name = header[8..15].iter().map(|byte| u32::from(*byte));
            name.sum()
        };
        let told = std::str::from_utf8(&plain[148..154]).unwrap();
        let rest = u32::from_str_radix(told, 8).unwrap() - sum(&plain);
        for number in 0..1_000_000 {
            let mut header = plain;
            header[8..15].copy_from_slice(format!("{number:07}").as_bytes());
            let told = format!("{:06o}", rest + sum(&header));
            header[148..154].copy_from_slice(told.as_bytes());
            out.write_all(&header).unwrap();
        }
        out.write_all(&[0; 1024]).unwrap();
        let limits = Unpacking::default();
        let tree = unpack(&out.finish().unwrap(), &limits);
        assert_eq!(tree.entries.len(), limits.entries);
        assert!(
            tree.unread
                .iter()
                .any(|part| part.because.contains("more entries"))
        );
    });
}

/// A zip archive with a directory of its own: names, where their headers are, what is there.
struct Zip {
    bytes: Vec<u8>,
    directory: Vec<u8>,
}

impl Zip {
    const fn new() -> Self {
        Self {
            bytes: Vec::new(),
            directory: Vec::new(),
        }
    }

    /// Adds a local header with its data; gives where it is.
    fn local(&mut self, name: &str, method: u8, data: &[u8], length: u32) -> u32 {
        let at = self.bytes.len() as u32;
        self.bytes.extend_from_slice(b"PK\x03\x04\x14\0\0\0");
        self.bytes
            .extend_from_slice(&[method, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        self.bytes
            .extend_from_slice(&(data.len() as u32).to_le_bytes());
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes
            .extend_from_slice(&(name.len() as u16).to_le_bytes());
        self.bytes.extend_from_slice(&[0, 0]);
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.extend_from_slice(data);
        at
    }

    fn listed(&mut self, name: &str, method: u8, packed: u32, length: u32, at: u32) {
        let out = &mut self.directory;
        out.extend_from_slice(b"PK\x01\x02\x14\0\x14\0\0\0");
        out.extend_from_slice(&[method, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        out.extend_from_slice(&packed.to_le_bytes());
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(name.len() as u16).to_le_bytes());
        out.extend_from_slice(&[0; 12]);
        out.extend_from_slice(&at.to_le_bytes());
        out.extend_from_slice(name.as_bytes());
    }

    fn finish(mut self) -> Vec<u8> {
        let (start, size) = (self.bytes.len() as u32, self.directory.len() as u32);
        self.bytes.append(&mut self.directory);
        self.bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0\0\0\0\0");
        self.bytes.extend_from_slice(&size.to_le_bytes());
        self.bytes.extend_from_slice(&start.to_le_bytes());
        self.bytes.extend_from_slice(&[0, 0]);
        self.bytes
    }
}

#[test]
fn a_million_entries_of_a_zip_archive_end_at_the_bound() {
    alone(|| {
        let mut zip = Zip::new();
        for number in 0..1_000_000_u32 {
            let name = format!("a/{number}");
            let at = zip.local(&name, 0, b"", 0);
            zip.listed(&name, 0, 0, 0, at);
        }
        let limits = Unpacking::default();
        let tree = unpack(&zip.finish(), &limits);
        assert_eq!(tree.entries.len(), limits.entries);
        assert!(
            tree.unread
                .iter()
                .any(|part| part.because.contains("more entries"))
        );
    });
}

#[test]
fn entries_that_only_their_own_headers_show_end_at_the_bound() {
    alone(|| {
        let mut zip = Zip::new();
        for number in 0..2_000 {
            // Folders are listed and files between them are not.
            let at = zip.local(&format!("{number}/"), 0, b"", 0);
            zip.listed(&format!("{number}/"), 0, 0, 0, at);
            zip.local(&format!("{number}.js"), 0, b"a", 1);
        }
        let limits = Unpacking {
            entries: 100,
            ..Unpacking::default()
        };
        let tree = unpack(&zip.finish(), &limits);
        assert_eq!(tree.entries.len(), 100);
    });
}

#[test]
fn many_entries_over_the_same_bytes_are_worked_through_once_in_sum() {
    // Blocks that hold nothing: a megabyte goes in and not a byte comes out.
    let mut empty = [0, 0, 0, 0xff, 0xff].repeat(200_000);
    empty.extend_from_slice(&[1, 0, 0, 0xff, 0xff]);
    // The same with a block at the end that does not exist.
    let mut broken = empty.clone();
    broken.truncate(empty.len() - 5);
    broken.push(7);
    for data in [empty, broken] {
        alone(|| {
            let mut zip = Zip::new();
            let at = zip.local("a.js", 8, &data, 0);
            for _ in 0..50_000 {
                zip.listed("a.js", 8, data.len() as u32, 0, at);
            }
            let limits = Unpacking {
                inflated: 16 << 20,
                ..Unpacking::default()
            };
            let tree = unpack(&zip.finish(), &limits);
            assert!(tree.entries.len() <= 20, "{}", tree.entries.len());
            assert!(
                tree.unread
                    .iter()
                    .any(|part| part.because.contains("more than the bound")),
                "{:?}",
                tree.unread.last()
            );
        });
    }
}

#[test]
fn beginnings_of_what_is_not_kept_do_not_fill_the_memory() {
    alone(|| {
        let mut zip = Zip::new();
        let data = vec![1_u8; 5_000];
        let at = zip.local("a", 0, &data, 5_000);
        for number in 0..2_000 {
            zip.listed(&format!("a{number}"), 0, 5_000, 5_000, at);
        }
        let limits = Unpacking {
            kept: 100_000,
            heads: 100_000,
            ..Unpacking::default()
        };
        let tree = unpack(&zip.finish(), &limits);
        let held: usize = tree
            .entries
            .iter()
            .map(|entry| match &entry.content {
                Content::Whole(bytes) | Content::Head(bytes) => bytes.len(),
                Content::Link(_) => 0,
            })
            .sum();
        assert_eq!(tree.entries.len(), 2_000);
        assert!(held < 400_000, "{held}");
    });
}
