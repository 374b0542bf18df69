//! Tricks of archives, each against the reader.

mod bombs;
mod polyglots;
mod twins;

use super::{Codec, Content, Opener, Sink, Tree, Trick, unpack, unpack_from};
use crate::limit::Unpacking;
use proptest::prelude::*;
use std::io::Write;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

/// One tar entry with its padding.
fn entry(name: &str, kind: u8, body: &[u8], link: &str) -> Vec<u8> {
    let mut header = [0_u8; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[100..107].copy_from_slice(b"0000644");
    header[124..135].copy_from_slice(format!("{:011o}", body.len()).as_bytes());
    header[156] = kind;
    header[157..157 + link.len()].copy_from_slice(link.as_bytes());
    header[257..263].copy_from_slice(b"ustar\0");
    header[148..156].copy_from_slice(b"        ");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    let mut out = header.to_vec();
    out.extend_from_slice(body);
    out.resize(out.len().next_multiple_of(512), 0);
    out
}

fn tricks(tree: &Tree) -> Vec<Trick> {
    tree.oddities.iter().map(|oddity| oddity.trick).collect()
}

fn read(bytes: &[u8]) -> Tree {
    unpack(bytes, &Unpacking::default())
}

#[test]
fn a_plain_tarball_has_nothing_odd() {
    let tar = [entry("package/a.js", b'0', b"x()", ""), vec![0; 1024]].concat();
    let tree = read(&gzip(&tar));
    assert_eq!(tricks(&tree), []);
    assert_eq!(tree.unread, []);
    assert_eq!(tree.entries[0].path, "package/a.js");
    assert_eq!(tree.entries[0].bytes(), Some(&b"x()"[..]));
}

#[test]
fn an_archive_behind_empty_members_is_an_archive_in_another_one_as_well() {
    for empty in [3, 40] {
        let tar = |name: &str, body: &[u8]| [entry(name, b'0', body, ""), vec![0; 1024]].concat();
        let inner = [gzip(b"").repeat(empty), gzip(&tar("inner.js", b"x()"))].concat();
        let tree = read(&gzip(&tar("package/a.tgz", &inner)));
        let paths: Vec<&str> = tree.entries.iter().map(|entry| &*entry.path).collect();
        assert_eq!(paths, ["package/a.tgz", "package/a.tgz!/inner.js"]);
    }
}

#[test]
fn many_small_faults_do_not_crowd_out_what_is_missing_of_the_whole() {
    let limits = Unpacking {
        entries: 10,
        oddities: 2,
        ..Unpacking::default()
    };
    let strange = |n: u8| entry(&format!("package/a\\{n}"), b'0', b"x", "");
    let mut tar: Vec<u8> = (0..9).flat_map(strange).collect();
    tar.extend(entry("package/../../x", b'0', b"x", ""));
    tar.extend(entry("package/b.js", b'0', b"x()", ""));
    let mut sink = Sink::new(&limits);
    for n in 0..5 {
        sink.unread(&format!("{n}"), "it is cut off");
    }
    sink.archive(&gzip(&tar), "", 0, Opener::Stream);
    let tree = sink.finish();
    assert!(tree.unread.iter().any(|part| part.path.is_empty()));
    assert!(tricks(&tree).contains(&Trick::Traversal));
}

#[test]
fn each_trick_of_a_tarball_is_told_and_the_content_is_read() {
    let cases: [(Vec<u8>, Trick); 6] = [
        (entry("package/../../x", b'0', b"x", ""), Trick::Traversal),
        (entry("/etc/x", b'0', b"x", ""), Trick::AbsolutePath),
        (entry("package/a\\b", b'0', b"x", ""), Trick::StrangePath),
        (
            entry("package/l", b'2', b"", "../../etc"),
            Trick::LinkOutside,
        ),
        (entry("package/d", b'3', b"", ""), Trick::SpecialFile),
        (
            [entry("package/a.png", b'0', b"eval(1)", "")].concat(),
            Trick::ContentDiffers,
        ),
    ];
    for (tar, trick) in cases {
        let tree = read(&gzip(&[tar, vec![0; 1024]].concat()));
        assert_eq!(tricks(&tree), [trick]);
    }
}

#[test]
fn two_copies_of_a_name_are_both_kept() {
    let tar = [
        entry("package/a.js", b'0', b"one", ""),
        entry("package/a.js", b'0', b"two", ""),
        entry("package/A.js", b'0', b"three", ""),
    ]
    .concat();
    let tree = read(&gzip(&tar));
    assert_eq!(tree.entries.len(), 3);
    assert_eq!(tricks(&tree), [Trick::DuplicateName, Trick::CaseTwin]);
}

#[test]
fn entries_behind_the_end_and_members_behind_the_first_are_read() {
    let hidden = [
        entry("package/a.js", b'0', b"one", ""),
        vec![0; 1024],
        entry("package/b.js", b'0', b"two", ""),
    ]
    .concat();
    let tree = read(&gzip(&hidden));
    assert_eq!(tree.entries.len(), 2);
    assert_eq!(tricks(&tree), [Trick::HiddenEntries]);

    let (first, second) = (
        gzip(&entry("package/a.js", b'0', b"one", "")),
        gzip(&entry("package/b.js", b'0', b"two", "")),
    );
    let tree = read(&[first, second].concat());
    assert_eq!(tree.entries.len(), 2);
    assert_eq!(tricks(&tree), [Trick::SeveralMembers]);
}

#[test]
fn what_is_no_archive_or_is_cut_off_says_so() {
    assert_eq!(read(b"hello").unread.len(), 1);
    let tar = entry("package/a.js", b'0', &[b'x'; 4000], "");
    let cut = read(&gzip(&tar[..1000]));
    assert!(
        cut.unread
            .iter()
            .any(|part| part.because == "it is cut off"),
        "{:?}",
        cut.unread
    );
}

#[test]
fn a_bomb_ends_at_the_bound() {
    let limits = Unpacking {
        inflated: 1 << 20,
        ..Unpacking::default()
    };
    let tree = unpack(
        &gzip(&entry("package/a.bin", b'0', &vec![0; 8 << 20], "")),
        &limits,
    );
    assert!(
        tree.unread
            .iter()
            .any(|part| part.because.contains("more than the bound")),
        "{:?}",
        tree.unread
    );

    let limits = Unpacking {
        entries: 10,
        ..Unpacking::default()
    };
    let many: Vec<u8> = (0..100)
        .flat_map(|n| entry(&format!("package/{n}"), b'0', b"", ""))
        .collect();
    let tree = unpack(&gzip(&many), &limits);
    assert_eq!(tree.entries.len(), 10);
    assert!(
        tree.unread
            .iter()
            .any(|part| part.because.contains("more entries"))
    );
}

#[test]
fn archives_in_archives_are_read_to_a_depth() {
    let mut inner = gzip(&entry("x/a.js", b'0', b"deep", ""));
    for _ in 0..5 {
        inner = gzip(&entry("x/n.tgz", b'0', &inner, ""));
    }
    let tree = read(&inner);
    assert!(
        tree.entries
            .iter()
            .any(|entry| entry.path == "x/n.tgz!/x/n.tgz")
    );
    assert!(
        tree.unread
            .iter()
            .any(|part| part.because.contains("nested too deeply"))
    );
}

/// A zip archive: local header, data, directory, end.
fn zip(local: &str, listed: &str, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let length = (body.len() as u32).to_le_bytes();
    out.extend_from_slice(b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0");
    out.extend_from_slice(&length);
    out.extend_from_slice(&length);
    out.extend_from_slice(&(local.len() as u16).to_le_bytes());
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(local.as_bytes());
    out.extend_from_slice(body);
    let directory = out.len() as u32;
    out.extend_from_slice(b"PK\x01\x02\x14\0\x14\0\0\0\0\0\0\0\0\0\0\0\0\0");
    out.extend_from_slice(&length);
    out.extend_from_slice(&length);
    out.extend_from_slice(&(listed.len() as u16).to_le_bytes());
    out.extend_from_slice(&[0; 16]);
    out.extend_from_slice(listed.as_bytes());
    let size = out.len() as u32 - directory;
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    out.extend_from_slice(&size.to_le_bytes());
    out.extend_from_slice(&directory.to_le_bytes());
    out.extend_from_slice(&[0, 0]);
    out
}

#[test]
fn a_wheel_whose_headers_disagree_is_told() {
    let honest = read(&zip("a/b.py", "a/b.py", b"x = 1"));
    assert_eq!(tricks(&honest), []);
    assert_eq!(honest.entries[0].bytes(), Some(&b"x = 1"[..]));
    assert_eq!(
        tricks(&read(&zip("a/c.py", "a/b.py", b"x = 1"))),
        [Trick::TwoNames]
    );
    let prepended = [
        b"#!/bin/sh\n".as_slice(),
        &zip("a/b.py", "a/b.py", b"x = 1"),
    ]
    .concat();
    assert_eq!(tricks(&read(&prepended)), [Trick::Prepended]);
}

#[test]
fn a_zip_archive_that_is_too_large_to_be_held_is_read_from_its_file() {
    let limits = Unpacking {
        packed: 10,
        ..Unpacking::default()
    };
    let from_disk = |bytes: &[u8]| {
        let length = bytes.len() as u64;
        unpack_from(
            std::io::Cursor::new(bytes.to_vec()),
            length,
            Opener::Either,
            &limits,
        )
        .unwrap()
    };
    let honest = zip("a/b.py", "a/b.py", b"x = 1");
    let hidden = [
        &zip("a/h.py", "a/h.py", b"h()")[..39],
        &zip("a/b.py", "a/b.py", b"x = 1"),
    ]
    .concat();
    for bytes in [
        honest.clone(),
        hidden,
        zip("a/c.py", "a/b.py", b"x = 1"),
        [honest.as_slice(), b"more"].concat(),
        honest[..honest.len() - 30].to_vec(),
    ] {
        let (held, streamed) = (read(&bytes), from_disk(&bytes));
        assert_eq!(tricks(&held), tricks(&streamed));
        assert_eq!(held.unread, streamed.unread);
        let contents = |tree: &Tree| -> Vec<(String, Option<Vec<u8>>)> {
            let entries = tree.entries.iter();
            entries
                .map(|entry| (entry.path.clone(), entry.bytes().map(<[u8]>::to_vec)))
                .collect()
        };
        assert_eq!(contents(&held), contents(&streamed));
    }
    assert_eq!(from_disk(&honest).entries.len(), 1);
}

proptest! {
    #[test]
    fn a_file_and_memory_show_the_same_zip_archive(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = zip("a/c.py", "a/b.py", b"x = 1");
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.index(bytes.len()) + 1);
        let limits = Unpacking {
            packed: 0,
            ..Unpacking::default()
        };
        let length = bytes.len() as u64;
        let held = read(&bytes);
        let streamed = unpack_from(std::io::Cursor::new(bytes), length, Opener::Either, &limits).unwrap();
        prop_assert_eq!(tricks(&held), tricks(&streamed));
        prop_assert_eq!(held.unread, streamed.unread);
        prop_assert_eq!(held.entries.len(), streamed.entries.len());
    }
}

#[test]
fn any_bytes_have_an_answer() {
    let whole = zip("a/b.py", "a/b.py", b"x = 1");
    for cut in 0..whole.len() {
        let _ = read(&whole[..cut]);
        let mut changed = whole.clone();
        changed[cut] ^= 0xff;
        let tree = read(&changed);
        assert!(tree.entries.iter().all(
            |entry| !matches!(&entry.content, Content::Whole(bytes) if bytes.len() > 1 << 20)
        ));
    }
}

#[test]
fn a_second_member_is_read_wherever_a_buffer_ends() {
    let first = entry("package/a.js", b'0', b"a()", "");
    let second = entry("package/b.js", b'0', b"b()", "");
    let bytes = [gzip(&first), vec![0; 5], gzip(&second)].concat();
    let limits = Unpacking::default();
    for buffer in 1..bytes.len() {
        let mut sink = Sink::new(&limits);
        let packed = std::io::BufReader::with_capacity(buffer, &bytes[..]);
        sink.packed(Codec::Gzip, packed, "", 0);
        let tree = sink.finish();
        assert_eq!(tree.entries.len(), 2, "a buffer of {buffer}");
        assert!(
            tree.oddities
                .iter()
                .any(|odd| odd.trick == Trick::SeveralMembers)
        );
    }
}

#[test]
fn paths_are_bounded_together_as_well() {
    let limits = Unpacking {
        names: 100,
        ..Unpacking::default()
    };
    let long = "x".repeat(60);
    let names: Vec<String> = (0..10).map(|n| format!("package/{n}{long}")).collect();
    let tar: Vec<u8> = names
        .iter()
        .flat_map(|name| entry(name, b'0', b"1", ""))
        .collect();
    let tree = unpack(&gzip(&tar), &limits);
    assert!(tree.entries.len() < 3, "{}", tree.entries.len());
    assert!(
        tree.unread
            .iter()
            .any(|part| part.because.contains("longer paths"))
    );
}
