//! Trees that somebody made to hinder, mislead or outlast a check.

use super::*;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;

fn installed() -> World {
    let mut world = World::new();
    world.install("a", "1.0.0");
    world
}

fn fifo(at: &Path) {
    let made = std::process::Command::new("mkfifo").arg(at).status();
    assert!(made.unwrap().success());
}

#[test]
fn pipes_and_sockets_are_told_and_never_waited_for() {
    let world = installed();
    let file = world.at("node_modules/a/index.js");
    fs::remove_file(&file).unwrap();
    fifo(&file);
    fifo(&world.at("node_modules/a/extra"));
    fifo(&world.at("node_modules/.bin"));
    let _open = std::os::unix::net::UnixListener::bind(world.at("node_modules/a/s")).unwrap();
    insta::assert_snapshot!(world.told(), @r"
    a@1.0.0 NO
      Extra extra: UNEXPLAINED
      OtherType index.js: UNEXPLAINED
      Extra s: UNEXPLAINED
    loose Extra node_modules/.bin: UNEXPLAINED
    ");
}

#[test]
fn a_pipe_for_a_manifest_is_never_waited_for() {
    let world = installed();
    let manifest = world.at("node_modules/a/package.json");
    fs::remove_file(&manifest).unwrap();
    fifo(&manifest);
    insta::assert_snapshot!(world.told(), @r"
    a@1.0.0 NO
      claims to be nothing: it has no manifest that can be read
      OtherType package.json: UNEXPLAINED
    ");
}

#[test]
fn names_that_are_no_utf_8_are_told_apart_and_stay_valid_json() {
    let world = installed();
    let folder = world.at("node_modules/a");
    for name in [&b"x\xff"[..], b"x\xfe", b"x\xef\xbf\xbd"] {
        fs::write(folder.join(OsStr::from_bytes(name)), "evil").unwrap();
    }
    // Not entered, and not overlooked.
    fs::create_dir(folder.join(OsStr::from_bytes(b"d\xff"))).unwrap();
    let report = world.check(&world.options());
    insta::assert_snapshot!(told(&report), @r"
    a@1.0.0 NO
      Extra d\xff: UNEXPLAINED
      Extra x\xfe: UNEXPLAINED
      Extra x\xff: UNEXPLAINED
      Extra x�: UNEXPLAINED
    ");
    let json = serde_json::to_string(&report).unwrap();
    assert!(json.contains(r#""path":"x\\xff""#), "{json}");
    assert_eq!(serde_json::from_str::<TreeReport>(&json).unwrap(), report);
}

#[test]
fn a_name_that_is_no_utf_8_is_explained_by_no_place() {
    let world = installed();
    let cache = world.at("node_modules/.cache");
    fs::create_dir_all(&cache).unwrap();
    fs::write(cache.join(OsStr::from_bytes(b"\xff")), "x").unwrap();
    let report = world.check(&world.options());
    assert_eq!(report.loose[0].standing, Standing::Unexplained);
    assert_eq!(report.answer(), Answer::No);
}

#[test]
fn a_file_that_shares_its_inode_with_the_store_counts_by_the_artifact() {
    let world = installed();
    let shared = world.folder.path().join("shared.js");
    fs::rename(world.at("node_modules/a/index.js"), &shared).unwrap();
    fs::hard_link(&shared, world.at("node_modules/a/index.js")).unwrap();
    assert_eq!(world.check(&world.options()).answer(), Answer::Yes);
    // An edit in the store is an edit here.
    fs::write(&shared, "evil").unwrap();
    assert_eq!(world.check(&world.options()).answer(), Answer::No);
}

#[test]
fn an_artifact_that_is_the_installed_file_itself_is_hashed_all_the_same() {
    let world = installed();
    let manifest = fs::read(world.at("node_modules/a/package.json")).unwrap();
    let hex = {
        let lock = &world.lock["node_modules/a"]["integrity"];
        Digest::from_sri(lock.as_str().unwrap()).unwrap().to_hex()
    };
    let copy = world.store().join("sha512").join(&hex[..2]).join(&hex[2..]);
    fs::remove_file(&copy).unwrap();
    fs::hard_link(world.at("node_modules/a/package.json"), &copy).unwrap();
    let report = world.check(&world.options());
    assert_eq!(report.poisoned[0].found, sha512(&manifest));
    // Nothing was compared with, and the store would poison the next installation.
    assert!(matches!(report.packages[0].answer, Answer::NotChecked(_)));
    assert_eq!(report.answer(), Answer::No);
}

#[test]
fn a_link_in_a_store_is_no_copy() {
    let world = installed();
    let elsewhere = world.folder.path().join("elsewhere");
    fs::rename(world.store(), &elsewhere).unwrap();
    let hex = {
        let lock = &world.lock["node_modules/a"]["integrity"];
        Digest::from_sri(lock.as_str().unwrap()).unwrap().to_hex()
    };
    let inner = Path::new("sha512").join(&hex[..2]).join(&hex[2..]);
    let target = elsewhere.join(&inner);
    link(target.to_str().unwrap(), &world.store().join(&inner));
    assert!(matches!(
        world.check(&world.options()).answer(),
        Answer::NotChecked(_)
    ));
}

#[test]
fn a_sparse_file_that_nobody_can_read_to_its_end_is_another_file() {
    let world = installed();
    for path in ["node_modules/a/index.js", "node_modules/a/huge"] {
        let file = fs::File::create(world.at(path)).unwrap();
        file.set_len(disk::limit::FILE + 1).unwrap();
    }
    insta::assert_snapshot!(world.told(), @r"
    a@1.0.0 NO
      Extra huge: UNEXPLAINED
      Modified index.js: UNEXPLAINED
    note index.js: it has 34359738369 bytes, and was not read
    note huge: it has 34359738369 bytes, and was not read
    ");
}

/// Whether permissions hold for who runs the tests.
fn is_bound_by_permissions(world: &World) -> bool {
    let probe = world.folder.path().join("probe");
    fs::write(&probe, "").unwrap();
    fs::set_permissions(&probe, fs::Permissions::from_mode(0o000)).unwrap();
    fs::File::open(&probe).is_err()
}

#[test]
fn what_cannot_be_read_is_not_checked_and_nothing_below_it_looks_absent() {
    let mut found = disk::Found::default();
    let denied = || std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    found.unread.insert("lib".into(), denied());
    let file = crate::tree::ExpectedEntry::File {
        size: 0,
        sha256: [0; 32],
        executable: None,
    };
    let expected = crate::tree::Expected {
        entries: [("lib/x".to_owned(), file.clone()), ("y".to_owned(), file)].into(),
    };
    let compared = crate::tree::compare(
        &expected,
        &crate::tree::Proven::new(),
        Path::new("none"),
        &found,
        &mut crate::tree::Unexplained,
    );
    let told: Vec<String> = compared.differences.iter().map(one).collect();
    assert_eq!(
        told,
        ["Unreadable lib: UNEXPLAINED", "Missing y: UNEXPLAINED"]
    );

    let world = installed();
    if is_bound_by_permissions(&world) {
        let file = world.at("node_modules/a/index.js");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
        let answer = world.check(&world.options()).answer();
        assert!(matches!(answer, Answer::NotChecked(_)));
    }
}

#[test]
fn what_was_proven_and_is_not_there_is_not_proven() {
    let compared = crate::tree::compare(
        &crate::tree::Expected::default(),
        &[("x".to_owned(), None)].into(),
        Path::new("none"),
        &disk::Found::default(),
        &mut crate::tree::Unexplained,
    );
    assert_eq!(compared.differences[0].kind, DifferenceKind::Unreadable);
}

#[test]
fn a_folder_that_is_deeper_than_the_bound_is_said_and_never_a_yes() {
    let world = installed();
    let deep = vec!["d"; disk::limit::DEPTH + 2].join("/");
    fs::create_dir_all(world.at("node_modules/a").join(&deep)).unwrap();
    fs::create_dir_all(world.at("node_modules/.cache").join(&deep)).unwrap();
    insta::assert_snapshot!(world.told(), @r"
    a@1.0.0 not checked: its folder cannot be looked through: it has more than 128 levels of folders
    loose Unreadable node_modules: UNEXPLAINED
    note node_modules cannot be looked through: it has more than 128 levels of folders
    ");
}

#[test]
fn a_package_that_was_moved_away_and_back_is_read_again() {
    let world = installed();
    let options = Options {
        seen: Some(world.folder.path().join("seen")),
        now: SystemTime::now() + Duration::from_secs(60),
        ..world.options()
    };
    world.check(&options);
    assert_eq!(world.check(&options).unchanged, 1);
    let (here, away) = (world.at("node_modules/a"), world.at("away"));
    std::thread::sleep(Duration::from_millis(20));
    fs::rename(&here, &away).unwrap();
    fs::rename(&away, &here).unwrap();
    assert_eq!(world.check(&options).unchanged, 0);
}

#[test]
fn pinning_never_makes_a_yes_of_what_was_not_compared() {
    let world = installed();
    let mut unseen = world.check(&Options::default());
    assert!(matches!(unseen.answer(), Answer::NotChecked(_)));
    unseen.pin(&|_| None);
    assert!(matches!(unseen.answer(), Answer::NotChecked(_)));

    let mut tree = PackageTree::new("pkg:npm/a@1.0.0".parse().unwrap(), "a");
    tree.against = Some(Against::OwnList { list: "L".into() });
    tree.judge();
    assert!(matches!(tree.answer, Answer::NotChecked(_)));
    let digest = Digest::sha256(b"");
    tree.against = Some(Against::Artifact {
        digest,
        from: "x".into(),
    });
    tree.judge();
    assert_eq!(tree.answer, Answer::Yes);
    tree.open.push("half of it was not read".into());
    tree.judge();
    assert!(matches!(tree.answer, Answer::NotChecked(_)));
    assert!(matches!(
        TreeReport::default().answer(),
        Answer::NotChecked(_)
    ));
}

#[test]
fn a_folder_of_many_tiny_files_is_read_to_its_end() {
    let world = installed();
    let folder = world.at("node_modules/a/many");
    fs::create_dir(&folder).unwrap();
    for index in 0..5000 {
        fs::write(folder.join(index.to_string()), "").unwrap();
    }
    let report = world.check(&world.options());
    assert_eq!(report.packages[0].differences.len(), 5000);
}
