use super::*;
use crate::tree::testing::{Tarball, sha512};
use std::fs;

fn left() -> ReleaseId {
    "pkg:npm/left@1.0.0".parse().unwrap()
}

/// A tarball that lies there, its digest, and a folder for lists.
struct World {
    folder: tempfile::TempDir,
    digest: Digest,
}

impl World {
    fn of(bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("artifact"), bytes).unwrap();
        let digest = sha512(bytes);
        Self { folder, digest }
    }

    fn lists(&self) -> FileLists {
        FileLists::new(self.folder.path().join("files"))
    }

    fn keep(&self) -> io::Result<bool> {
        let artifact = self.folder.path().join("artifact");
        self.lists()
            .keep(&left(), "left-1.0.0.tgz", &artifact, &self.digest)
    }
}

fn reading(keep: &dyn Fn(&str) -> u64) -> Reading<'_> {
    Reading {
        algorithms: &[],
        inside: Inside::FirstPart,
        keep,
    }
}

fn all() -> Vec<u8> {
    Tarball::new()
        .file("package.json", b"{}")
        .file("again.js", b"first")
        .file("again.js", b"second")
        .program("cli.js", b"#!/usr/bin/env node\r\n")
        .link("link", "cli.js")
        .hard_link("hard", "cli.js")
        .folder("empty")
        .other("pipe", b"")
        .raw("package/../../leaves", b"")
        .bytes()
}

#[test]
fn a_list_gives_what_the_archive_gives() {
    let world = World::of(&all());
    assert!(world.keep().unwrap());
    let manifest = |path: &str| u64::from(path == "package.json") * limit::MANIFEST;
    let reading = reading(&manifest);
    let artifact = world.folder.path().join("artifact");
    let mut read = tarball::read(&artifact, &reading).unwrap();
    assert_eq!((read.entries.len(), read.notes.len()), (8, 1));
    let list = world.lists();
    let listed = list.read(&world.digest, Packing::Tarball, &reading);
    let listed = listed.unwrap().unwrap();
    // How many bytes went by on the way is no part of it.
    read.digests.clear();
    assert_eq!(
        (listed.entries, listed.kept, listed.notes, listed.fault),
        (read.entries, read.kept, read.notes, read.fault)
    );
}

#[test]
fn a_list_that_lacks_what_is_asked_is_none() {
    let world = World::of(&all());
    world.keep().unwrap();
    let (lists, digest) = (world.lists(), &world.digest);
    let more = |_: &str| 100;
    let read = |packing, reading| lists.read(digest, packing, &reading).unwrap();
    assert!(read(Packing::Tarball, reading(&|_| 0)).is_some());
    assert!(read(Packing::Tarball, reading(&more)).is_none());
    assert!(read(Packing::Zip, reading(&|_| 0)).is_none());
    let whole = Reading {
        inside: Inside::Whole,
        ..reading(&|_| 0)
    };
    assert!(read(Packing::Tarball, whole).is_none());
}

#[test]
fn of_other_bytes_and_of_what_is_no_archive_nothing_is_written() {
    let mut world = World::of(&all());
    let right = std::mem::replace(&mut world.digest, sha512(b"something else"));
    assert!(world.keep().is_err());
    assert!(!world.folder.path().join("files").exists());
    world.digest = right;
    assert!(world.keep().unwrap());

    let other = World::of(b"\x1f\x8bno archive");
    assert!(!other.keep().unwrap());
    assert!(!other.folder.path().join("files").exists());
}

#[test]
fn a_list_under_another_digest_says_why_it_does_not_count() {
    let world = World::of(&all());
    world.keep().unwrap();
    let other = sha512(b"other");
    let lists = world.lists();
    fs::create_dir_all(lists.path(&other).parent().unwrap()).unwrap();
    fs::copy(lists.path(&world.digest), lists.path(&other)).unwrap();
    let wanted = Wanted {
        release: &left(),
        digests: &[other],
        archive: None,
        resolved: None,
    };
    let error = lists.list(&wanted, Packing::Tarball, &reading(&|_| 0));
    let told = error.unwrap_err().to_string();
    assert!(told.contains("it is of something else"), "{told}");
}
