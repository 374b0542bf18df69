//! Bytes that are two archives.

use super::*;
use crate::inspect_tree;
use crate::unpack::Opener;

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let entries = files
        .iter()
        .flat_map(|(name, body)| entry(name, b'0', body, ""));
    entries.chain([0; 1024]).collect()
}

/// The same from memory and from a disk that is read in pieces.
fn opened(bytes: &[u8], opener: Opener) -> Tree {
    let from_disk = |packed| {
        let limits = Unpacking {
            packed,
            ..Unpacking::default()
        };
        let length = bytes.len() as u64;
        let file = std::io::Cursor::new(bytes.to_vec());
        unpack_from(file, length, opener, &limits).unwrap()
    };
    let (held, pieces) = (from_disk(1 << 20), from_disk(0));
    assert_eq!(paths(&held), paths(&pieces));
    assert_eq!(held.oddities, pieces.oddities);
    let limits = Unpacking::default();
    let mut sink = Sink::new(&limits);
    sink.archive(bytes, "", 0, opener);
    let memory = sink.finish();
    assert_eq!(paths(&held), paths(&memory));
    assert_eq!(held.oddities, memory.oddities);
    held
}

fn paths(tree: &Tree) -> Vec<&str> {
    tree.entries.iter().map(|entry| &*entry.path).collect()
}

/// What a client has at a path.
fn text<'t>(tree: &'t Tree, path: &str) -> &'t [u8] {
    let last = tree.entries.iter().rfind(|entry| entry.path == path);
    last.unwrap().bytes().unwrap()
}

fn is_honest(tree: &Tree) -> bool {
    let inspection = inspect_tree(tree);
    inspection.oddities.iter().all(|odd| !odd.never_honest)
}

#[test]
fn a_zip_archive_behind_another_archive_is_read_and_told() {
    let first = tar(&[("a/b.py", b"x = 1"), ("a/c.py", b"")]);
    let second = zip("a/b.py", "a/b.py", b"evil()");
    for first in [first.clone(), gzip(&first), gzip(b"no archive")] {
        let both = [first.as_slice(), &second].concat();
        for (opener, counts) in [
            (Opener::Zip, b"evil()".as_slice()),
            (Opener::Either, b"evil()"),
            (Opener::Stream, b"x = 1"),
        ] {
            let tree = opened(&both, opener);
            assert!(tricks(&tree).contains(&Trick::Polyglot), "{opener:?}");
            assert!(!is_honest(&tree), "{opener:?}");
            if paths(&tree).contains(&"a/c.py") {
                assert_eq!(text(&tree, "a/b.py"), counts, "{opener:?}");
                assert_eq!(tree.entries.len(), 3);
            } else {
                assert_eq!(text(&tree, "a/b.py"), b"evil()");
            }
        }
    }
}

#[test]
fn a_zip_archive_that_an_archive_honestly_ends_with_is_told_only_of_a_wheel() {
    let inner = zip("x/b.py", "x/b.py", b"x = 1");
    let both = tar(&[("a/b.zip", &inner)]);
    let both = &both[..both.len() - 1024];
    let tree = opened(both, Opener::Stream);
    assert_eq!(tricks(&tree), []);
    assert_eq!(paths(&tree), ["a/b.zip", "a/b.zip!/x/b.py"]);
    // pip takes it for the source distribution itself.
    let tree = opened(both, Opener::Either);
    assert_eq!(paths(&tree), ["a/b.zip", "a/b.zip!/x/b.py", "x/b.py"]);
    assert!(is_honest(&tree));
    let tree = opened(both, Opener::Zip);
    assert!(tricks(&tree).contains(&Trick::Polyglot));
    assert!(!is_honest(&tree));
}

#[test]
fn a_tar_archive_whose_first_name_is_the_mark_of_a_zip_archive_is_read() {
    let first = tar(&[("PK\x03\x04", b""), ("package/a.js", b"evil()")]);
    let both = [first, zip("package/a.js", "package/a.js", b"x = 1")].concat();
    for (opener, counts) in [
        (Opener::Stream, b"evil()".as_slice()),
        (Opener::Either, b"x = 1"),
    ] {
        let tree = opened(&both, opener);
        assert_eq!(text(&tree, "package/a.js"), counts);
        assert!(tricks(&tree).contains(&Trick::Polyglot));
    }
}

#[test]
fn an_archive_that_stands_behind_one_is_told() {
    let first = tar(&[("a/b.py", b"x = 1")]);
    let xz = b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46".as_slice();
    let tree = opened(&[&gzip(&first), xz].concat(), Opener::Stream);
    assert_eq!(tricks(&tree), [Trick::TrailingData, Trick::Polyglot]);
    let wheel = zip("a/b.py", "a/b.py", b"x = 1");
    let tree = opened(&[&wheel, gzip(&first).as_slice()].concat(), Opener::Zip);
    assert_eq!(tricks(&tree), [Trick::TrailingData, Trick::Polyglot]);
    // Anything else is odd, and no more.
    let tree = opened(
        &[&gzip(&first), b"a signature".as_slice()].concat(),
        Opener::Either,
    );
    assert_eq!(tricks(&tree), [Trick::TrailingData]);
    assert!(is_honest(&tree));
}

#[test]
fn names_say_what_opens_a_file() {
    for (name, opener) in [
        ("a-1-py3-none-any.whl", Opener::Zip),
        ("A.ZIP", Opener::Zip),
        ("a-1.tar.gz", Opener::Either),
        ("a", Opener::Either),
        ("a-1.tgz", Opener::Stream),
        ("a-1.crate", Opener::Stream),
    ] {
        assert_eq!(Opener::of_name(name), opener, "{name}");
    }
}
