//! Archives that try to escape, and archives without measure: each is read from a manager's cache
//! while a tree is held against it. Nothing is written, and what cannot be read is said.

use crate::answers::Answers;
use crate::ask::Evidence;
use crate::ground::Ground;
use crate::tamper::write;
use crate::world::World;
use customs_model::{DigestAlgorithm, Hasher};
use flate2::write::{DeflateEncoder, GzEncoder};
use flate2::{Compress, Compression, FlushCompress};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

const MANIFEST: &[u8] = br#"{"name":"trap","version":"1.0.0"}"#;
/// How long one of them may take, in a build for debugging on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A project whose lockfile names an archive, which lies in npm's cache; nothing else is installed.
fn answers(archive: &[u8]) -> Answers {
    let ground = Ground::keep(World::new("npm"));
    let mut hasher = Hasher::new(DigestAlgorithm::Sha512);
    hasher.update(archive);
    let digest = hasher.finish();
    let hex = digest.to_hex();
    let (a, b, rest) = (&hex[..2], &hex[2..4], &hex[4..]);
    write(
        &ground,
        &format!(".npm/_cacache/content-v2/sha512/{a}/{b}/{rest}"),
        archive,
    );
    let lock = serde_json::json!({
        "name": "demo", "version": "1.0.0", "lockfileVersion": 3,
        "packages": {
            "": { "name": "demo", "version": "1.0.0", "dependencies": { "trap": "1.0.0" } },
            "node_modules/trap": {
                "version": "1.0.0",
                "resolved": "https://registry.example/trap/-/trap-1.0.0.tgz",
                "integrity": digest.to_sri(),
            },
        },
    });
    write(
        &ground,
        "project/package-lock.json",
        lock.to_string().as_bytes(),
    );
    write(&ground, "project/node_modules/trap/package.json", MANIFEST);
    let before = everything(&ground.home());
    let start = Instant::now();
    let answers = ground.verify_by(Evidence::Managers);
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    let after = everything(&ground.home());
    let written: Vec<&String> = after
        .iter()
        .filter(|(path, stamp)| before.get(*path) != Some(*stamp))
        .map(|(path, _)| path)
        .collect();
    assert!(written.is_empty(), "something was written: {written:?}");
    assert_eq!(before.len(), after.len(), "something is gone");
    answers
}

/// Every path below a folder, with its length and time.
fn everything(folder: &Path) -> BTreeMap<String, (u64, SystemTime)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let meta = path.symlink_metadata().unwrap();
            if meta.is_dir() {
                folders.push(path.clone());
            }
            let name = path.to_string_lossy().into_owned();
            found.insert(name, (meta.len(), meta.modified().unwrap()));
        }
    }
    found
}

/// An archive, entry by entry, with whatever path.
struct Tar(Vec<u8>);

impl Tar {
    fn new() -> Self {
        Self(Vec::new()).file(b"package/package.json", MANIFEST)
    }

    fn header(&mut self, path: &[u8], kind: tar::EntryType, size: u64, target: &[u8]) {
        let mut header = tar::Header::new_gnu();
        let fields = header.as_mut_bytes();
        fields[..path.len().min(100)].copy_from_slice(&path[..path.len().min(100)]);
        fields[157..157 + target.len()].copy_from_slice(target);
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_size(size);
        header.set_cksum();
        self.0.extend_from_slice(header.as_bytes());
    }

    fn content(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
    }

    fn file(mut self, path: &[u8], bytes: &[u8]) -> Self {
        if path.len() > 100 {
            let name = [path, &[0]].concat();
            let kind = tar::EntryType::GNULongName;
            self.header(b"././@LongLink", kind, name.len() as u64, b"");
            self.content(&name);
        }
        self.header(path, tar::EntryType::Regular, bytes.len() as u64, b"");
        self.content(bytes);
        self
    }

    fn link(mut self, path: &[u8], kind: tar::EntryType, target: &[u8]) -> Self {
        self.header(path, kind, 0, target);
        self
    }

    fn gzip(mut self) -> Vec<u8> {
        self.0.resize(self.0.len() + 1024, 0);
        let mut out = GzEncoder::new(Vec::new(), Compression::fast());
        out.write_all(&self.0).unwrap();
        out.finish().unwrap()
    }

    /// The same, followed by so many MiB of zeros: a stream of which each MiB is one more copy of
    /// the same thousand bytes.
    fn gzip_with_zeros(self, megabytes: usize) -> Vec<u8> {
        let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
        let mut head = DeflateEncoder::new(Vec::new(), Compression::fast());
        head.write_all(&self.0).unwrap();
        head.flush().unwrap();
        out.extend_from_slice(head.get_ref());
        let mut block = Vec::with_capacity(1 << 16);
        let mut once = Compress::new(Compression::best(), false);
        once.compress_vec(&vec![0; 1 << 20], &mut block, FlushCompress::Full)
            .unwrap();
        assert_eq!(once.total_in(), 1 << 20);
        for _ in 0..megabytes {
            out.extend_from_slice(&block);
        }
        out
    }
}

#[test]
fn entries_that_leave_the_package_are_said_and_written_nowhere() {
    let archive = Tar::new()
        .file(b"package/../../../escaped", b"x")
        .file(b"/tmp/absolute", b"x")
        .link(b"package/out", tar::EntryType::Symlink, b"../../..")
        .file(b"package/out/through-a-link", b"x")
        .link(b"package/hard", tar::EntryType::Link, b"/etc/hostname")
        .gzip();
    let answers = answers(&archive);
    insta::assert_snapshot!(told(&answers), @r"
    no: missing node_modules/trap/out/through-a-link
    no: missing node_modules/trap/tmp/absolute
    not checked: trap@1.0.0: an entry that leaves the package: package/../../../escaped
    ");
}

#[test]
fn absurd_paths_are_said_and_never_printed_as_they_are() {
    let long = [b"package/".as_slice(), &b"a/".repeat(4000), b"b"].concat();
    let archive = Tar::new()
        .file(&long, b"x")
        .file(b"package/\xff\xfe", b"x")
        .file(b"package/line\nbreak", b"x")
        .file(b"package/\x1b[31mred", b"x")
        .file("package/\u{202e}sj.cod".as_bytes(), b"x")
        .file(b"package/con", b"x")
        .gzip();
    let answers = answers(&archive);
    // In JSON they are as they are, escaped.
    assert_eq!(
        answers.wrong(),
        [
            "no: missing node_modules/trap/\u{1b}[31mred",
            "no: missing node_modules/trap/con",
            "no: missing node_modules/trap/line\nbreak",
            "no: missing node_modules/trap/\u{202e}sj.cod",
            "no: missing node_modules/trap/\u{fffd}\u{fffd}",
        ]
    );
    // In sentences they are made plain, and short.
    let sentence = answers
        .lines
        .iter()
        .find(|line| line.starts_with("not checked: trap@1.0.0: an entry that leaves the package"))
        .unwrap();
    assert!(
        sentence.len() < 400 && sentence.ends_with('…'),
        "{sentence}"
    );
}

#[test]
fn a_bomb_ends_at_its_bound() {
    let mut tar = Tar::new();
    tar.header(b"package/zeros", tar::EntryType::Regular, 17 << 30, b"");
    let answers = answers(&tar.gzip_with_zeros(17 << 10));
    insta::assert_snapshot!(told(&answers), @"not checked: trap@1.0.0: the copy in npm's cache cannot be read: it has more than 17179869184 bytes in it");
}

#[test]
fn a_name_without_end_does_not_fill_the_memory() {
    let mut tar = Tar::new();
    let kind = tar::EntryType::GNULongName;
    tar.header(b"././@LongLink", kind, 3 << 30, b"");
    let answers = answers(&tar.gzip_with_zeros(3 << 10));
    insta::assert_snapshot!(told(&answers), @"not checked: trap@1.0.0: the copy in npm's cache cannot be read: it has more than 1048576 bytes in one header");
}

#[test]
fn a_hundred_thousand_tiny_files_are_compared_one_by_one() {
    let mut tar = Tar::new();
    for number in 0..100_000 {
        tar = tar.file(
            format!("package/{}/{number}", number % 100).as_bytes(),
            b"x",
        );
    }
    let answers = answers(&tar.gzip());
    assert_eq!(answers.wrong().len(), 100_000);
    assert!(answers.lines.contains("no: missing node_modules/trap/0/0"));
}

#[test]
fn more_entries_than_any_package_has_are_refused() {
    let mut tar = Tar::new();
    for _ in 0..250_001 {
        tar.header(b"package/x", tar::EntryType::Regular, 0, b"");
    }
    let answers = answers(&tar.gzip());
    insta::assert_snapshot!(told(&answers), @"not checked: trap@1.0.0: the copy in npm's cache cannot be read: it has more than 250000 entries");
}

#[test]
fn what_is_no_archive_is_refused() {
    let answers = answers(b"PK\x03\x04 no tarball at all");
    insta::assert_snapshot!(told(&answers), @"not checked: trap@1.0.0: the copy in npm's cache cannot be read: failed to read entire block");
}

/// What is told of the package; the address in its lockfile is an example's.
fn told(answers: &Answers) -> String {
    let lines = answers.lines.iter().map(String::as_str);
    let lines: Vec<&str> = lines
        .filter(|line| !line.starts_with("lockfile: "))
        .collect();
    lines.join("\n")
}
