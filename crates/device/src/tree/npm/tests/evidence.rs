//! What a tree is compared with, and what is remembered of it.

use super::*;

#[test]
fn a_copy_that_is_not_what_is_promised_is_a_poisoned_cache_and_proves_nothing() {
    let mut world = World::new();
    world.install("a", "1.0.0");
    let bytes = Tarball::new().file("package.json", b"{}").bytes();
    let digest = sha512(b"something else");
    let hex = digest.to_hex();
    let folder = world.store().join("sha512").join(&hex[..2]);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(&hex[2..]), bytes).unwrap();
    world.lock("node_modules/a", "1.0.0", &digest, serde_json::json!({}));
    insta::assert_snapshot!(world.told(), @r"
    a@1.0.0 not checked: the copy in the gate's store is not what the lockfile promises; empty that cache, and fetch it again
    poisoned the gate's store a@1.0.0
    ");
}

#[test]
fn what_is_absent_or_has_no_digest_is_not_checked() {
    let mut world = World::new();
    world.install("a", "1.0.0");
    let options = Options::default();
    insta::assert_snapshot!(told(&world.check(&options)), @r"a@1.0.0 not checked: its artifact is not on this computer; fetch it with --fetch");
    world.lock.get_mut("node_modules/a").unwrap()["integrity"] = serde_json::json!("");
    insta::assert_snapshot!(world.told(), @r"a@1.0.0 not checked: the lockfile promises no digest of it; let its manager write one");
}

#[test]
fn an_unchanged_tree_is_not_read_again_and_a_change_is_seen_whatever_its_mtime() {
    let mut world = World::new();
    world.install("a", "1.0.0");
    world.install("b", "1.0.0");
    let seen = world.folder.path().join("seen");
    let options = Options {
        seen: Some(seen),
        now: SystemTime::now() + Duration::from_secs(60),
        ..world.options()
    };
    assert_eq!(world.check(&options).unchanged, 0);
    let again = world.check(&options);
    assert_eq!(again.unchanged, 2);
    assert!(
        again
            .packages
            .iter()
            .all(|package| package.answer == Answer::Yes)
    );
    let deep = Options {
        deep: true,
        ..options.clone()
    };
    assert_eq!(world.check(&deep).unchanged, 0);

    let file = world.at("node_modules/a/index.js");
    let modified = fs::metadata(&file).unwrap().modified().unwrap();
    std::thread::sleep(Duration::from_millis(20));
    fs::write(&file, "module.exports = 9;\n").unwrap();
    let opened = fs::File::options().write(true).open(&file).unwrap();
    opened.set_modified(modified).unwrap();
    let report = world.check(&options);
    assert_eq!(report.unchanged, 1);
    assert_eq!(report.packages[0].answer, Answer::No);
}

#[test]
fn a_poisoned_copy_is_told_again_though_nothing_changed() {
    let mut world = World::new();
    world.install("a", "1.0.0");
    let lock = &world.lock["node_modules/a"]["integrity"];
    let hex = Digest::from_sri(lock.as_str().unwrap()).unwrap().to_hex();
    let good = world.store().join("sha512").join(&hex[..2]).join(&hex[2..]);
    let fetched = world.folder.path().join("fetched");
    let copy = fetched.join("sha512").join(&hex[..2]).join(&hex[2..]);
    fs::create_dir_all(copy.parent().unwrap()).unwrap();
    fs::copy(&good, &copy).unwrap();
    fs::write(&good, "evil").unwrap();
    let options = Options {
        fetched: Some(fetched),
        seen: Some(world.folder.path().join("seen")),
        now: SystemTime::now() + Duration::from_secs(60),
        ..world.options()
    };
    let first = told(&world.check(&options));
    insta::assert_snapshot!(first, @r"
    a@1.0.0 yes
    poisoned the gate's store a@1.0.0
    ");
    assert_eq!(told(&world.check(&options)), first);
}

#[test]
fn what_is_noted_is_noted_again_though_nothing_changed() {
    let mut world = World::new();
    let manifest = manifest("a", "1.0.0");
    let bytes = Tarball::new()
        .file("package.json", manifest.as_bytes())
        .raw("package/../../x", b"x")
        .bytes();
    let digest = world.keep(&bytes);
    world.lock("node_modules/a", "1.0.0", &digest, serde_json::json!({}));
    world.write("node_modules/a/package.json", manifest);
    let options = Options {
        seen: Some(world.folder.path().join("seen")),
        now: SystemTime::now() + Duration::from_secs(60),
        ..world.options()
    };
    let first = told(&world.check(&options));
    assert!(
        first.contains("note a@1.0.0: an entry that leaves"),
        "{first}"
    );
    assert_eq!(told(&world.check(&options)), first);
}

#[test]
fn an_archive_of_the_project_that_was_changed_is_told_in_words_of_its_own() {
    let mut world = World::new();
    world.install("a", "1.0.0");
    world.lock.get_mut("node_modules/a").unwrap()["resolved"] =
        serde_json::json!("file:own/a-1.0.0.tgz");
    world.write("own/a-1.0.0.tgz", "other");
    let told = told(&world.check(&Options::default()));
    insta::assert_snapshot!(told, @r"
    a@1.0.0 not checked: the copy in the project is not what the lockfile promises; see who changed that file; put it back, or let the package manager lock it anew
    poisoned the project a@1.0.0
    ");
}

#[test]
fn two_digests_of_one_entry_that_are_of_different_artifacts_are_named() {
    let mut world = World::new();
    world.install("a", "1.0.0");
    let good = world.lock["node_modules/a"]["integrity"].clone();
    let hex = Digest::from_sri(good.as_str().unwrap()).unwrap().to_hex();
    let copy = world.store().join("sha512").join(&hex[..2]).join(&hex[2..]);
    let bytes = fs::read(copy).unwrap();
    let mut hasher = customs_model::Hasher::new(DigestAlgorithm::Sha1);
    hasher.update(&bytes);
    let weak = hasher.finish();
    let hex = weak.to_hex();
    let folder = world.store().join("sha1").join(&hex[..2]);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(&hex[2..]), bytes).unwrap();
    let both = format!("{} {}", weak.to_sri(), sha512(b"other").to_sri());
    world.lock.get_mut("node_modules/a").unwrap()["integrity"] = both.into();
    let told = world.told();
    assert!(
        told.contains(
            "note a@1.0.0: the lockfile's sha512 and its sha1 are of different artifacts"
        ),
        "{told}"
    );
}
