use super::*;
use crate::tree::testing::keep;
use crate::tree::{Caches, Difference, DifferenceKind, PackageTree, Standing, TreeReport};
use customs_ecosystem::lockfile::Source;
use customs_model::{Answer, PackageName, ReleaseId, Version};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs;
use std::path::{Path, PathBuf};

mod git;
mod lists;
mod settings;
mod twice;
mod vendored_git;

const FILES: [(&str, &str); 4] = [
    (
        "Cargo.toml",
        "[package]\nname = \"alpha\"\nversion = \"1.0.0\"\n",
    ),
    ("src/lib.rs", "pub fn run() {}\n"),
    (".gitignore", "target\n"),
    ("Cargo.toml.orig", "[package]\nname = \"alpha\"\n"),
];

const SRC: &str = "registry/src/index.example-0011/alpha-1.0.0";
const CACHE: &str = "registry/cache/index.example-0011/alpha-1.0.0.crate";

/// A home of cargo and a project with a vendor folder, both with one crate.
struct Lab {
    folder: tempfile::TempDir,
    locked: Vec<Locked>,
    digest: Digest,
    at_hand: bool,
}

impl Lab {
    fn new() -> Self {
        Self::with(&crate_of(&FILES))
    }

    fn with(bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let digest = Digest::sha256(bytes);
        let lab = Self {
            locked: vec![locked(Source::Registry, vec![digest.clone()])],
            digest,
            folder,
            at_hand: true,
        };
        write(&lab.home(CACHE), bytes);
        write(&lab.home(&format!("{SRC}/.cargo-ok")), b"{\"v\":1}");
        for (path, text) in FILES {
            write(&lab.home(&format!("{SRC}/{path}")), text.as_bytes());
            if path != ".gitignore" {
                write(&lab.vendored(path), text.as_bytes());
            }
        }
        lab.list();
        lab
    }

    fn home(&self, path: &str) -> PathBuf {
        self.folder.path().join("home").join(path)
    }

    fn vendored(&self, path: &str) -> PathBuf {
        self.folder.path().join("project/vendor/alpha").join(path)
    }

    /// Writes the list as cargo would for the files that lie there now.
    fn list(&self) {
        let hex = |path| Digest::sha256(&fs::read(self.vendored(path)).unwrap()).to_hex();
        let text = format!(
            r#"{{"files":{{"Cargo.toml":"{}","src/lib.rs":"{}","Cargo.toml.orig":"{}"}},"package":"{}"}}"#,
            hex("Cargo.toml"),
            hex("src/lib.rs"),
            hex("Cargo.toml.orig"),
            self.digest.to_hex()
        );
        write(&self.vendored(".cargo-checksum.json"), text.as_bytes());
    }

    fn registry(&self) -> TreeReport {
        check_registry(&self.home(""), &self.locked, &Options::default())
    }

    fn options(&self) -> Options {
        Options {
            caches: Caches {
                cargo_home: self.at_hand.then(|| self.home("")),
                ..Caches::default()
            },
            ..Options::default()
        }
    }

    fn vendor(&self) -> TreeReport {
        let project = self.folder.path().join("project");
        check_vendor(&project, &self.locked, &self.options())
    }
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn crate_of(files: &[(&str, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        let name = format!("alpha-1.0.0/{path}");
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        tar.append(&header, text.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

fn locked(source: Source, digests: Vec<Digest>) -> Locked {
    Locked {
        release: ReleaseId::new(
            PackageName::new(Ecosystem::Cargo, "alpha").unwrap(),
            Version::new("1.0.0").unwrap(),
        ),
        source,
        digests,
        resolved: Some("sparse+https://index.example/".into()),
        has_install_script: None,
        line: None,
    }
}

fn shown(difference: &Difference) -> String {
    format!("{:?} {}", difference.kind, difference.path)
}

fn one(report: &TreeReport) -> &PackageTree {
    assert_eq!(report.packages.len(), 1, "{report:?}");
    &report.packages[0]
}

fn unexplained(report: &TreeReport) -> Vec<String> {
    one(report)
        .differences
        .iter()
        .chain(&report.loose)
        .filter(|difference| difference.standing == Standing::Unexplained)
        .map(shown)
        .collect()
}

fn refused(report: &TreeReport) -> Vec<String> {
    assert_eq!(one(report).answer, Answer::No, "{report:?}");
    unexplained(report)
}

#[test]
fn untouched_sources_are_answered_with_yes() {
    let lab = Lab::new();
    let report = lab.registry();
    assert_eq!(one(&report).answer, Answer::Yes);
    assert_eq!(one(&report).place, SRC);
    let explained: Vec<String> = one(&report).differences.iter().map(shown).collect();
    assert_eq!(explained, ["Extra .cargo-ok"]);
    assert!(unexplained(&report).is_empty());
    assert!(report.not_checked.is_empty(), "{report:?}");
}

#[test]
fn untouched_vendored_crates_are_answered_with_yes() {
    let lab = Lab::new();
    let report = lab.vendor();
    assert_eq!(one(&report).answer, Answer::Yes);
    let explained: Vec<String> = one(&report).differences.iter().map(shown).collect();
    assert_eq!(
        explained,
        ["Extra .cargo-checksum.json", "Missing .gitignore"]
    );
    assert!(unexplained(&report).is_empty());
}

#[test]
fn an_edited_source_is_told_by_its_path() {
    let lab = Lab::new();
    write(&lab.home(&format!("{SRC}/src/lib.rs")), b"evil");
    write(&lab.home(&format!("{SRC}/build.rs")), b"fn main() {}");
    fs::remove_file(lab.home(&format!("{SRC}/Cargo.toml.orig"))).unwrap();
    assert_eq!(
        refused(&lab.registry()),
        [
            "Missing Cargo.toml.orig",
            "Extra build.rs",
            "Modified src/lib.rs"
        ]
    );
}

#[test]
fn a_poisoned_crate_in_the_cache_is_found_and_not_compared_with() {
    let lab = Lab::new();
    let other = crate_of(&[("Cargo.toml", FILES[0].1), ("src/lib.rs", "evil")]);
    write(&lab.home(CACHE), &other);
    let report = lab.registry();
    assert!(matches!(one(&report).answer, Answer::NotChecked(_)));
    assert_eq!(unexplained(&report), [format!("Modified {CACHE}")]);
    assert_eq!(report.loose[0].expected.as_ref(), Some(&lab.digest));
    // The sources that were unpacked can still be compared with another copy.
    let fetched = lab.folder.path().join("fetched");
    keep(&fetched, &crate_of(&FILES), &crate_of(&FILES));
    let options = Options {
        fetched: Some(fetched),
        ..Options::default()
    };
    let report = check_registry(&lab.home(""), &lab.locked, &options);
    assert_eq!(one(&report).answer, Answer::Yes);
}

#[test]
fn the_mark_of_cargo_has_its_own_bytes() {
    let lab = Lab::new();
    write(&lab.home(&format!("{SRC}/.cargo-ok")), b"{\"v\":1}evil");
    assert_eq!(refused(&lab.registry()), ["Extra .cargo-ok"]);
}

#[test]
fn an_unlisted_build_script_is_found_with_and_without_the_crate() {
    for at_hand in [true, false] {
        let mut lab = Lab::new();
        lab.at_hand = at_hand;
        write(&lab.vendored("build.rs"), b"fn main() {}");
        assert_eq!(refused(&lab.vendor()), ["Extra build.rs"]);
    }
}

#[test]
fn an_edit_hidden_in_the_list_is_found_by_the_crate() {
    let mut lab = Lab::new();
    write(&lab.vendored("src/lib.rs"), b"evil");
    lab.list();
    assert_eq!(
        refused(&lab.vendor()),
        ["Extra .cargo-checksum.json", "Modified src/lib.rs"]
    );
    // Without it nobody can tell, and so it is said.
    lab.at_hand = false;
    let report = lab.vendor();
    assert!(unexplained(&report).is_empty());
    let Answer::NotChecked(why) = &one(&report).answer else {
        panic!("{report:?}")
    };
    insta::assert_snapshot!(why, @"its .crate is not on this computer: fetch it, or name cargo's home; it was compared with .cargo-checksum.json, which whoever changes a file can change too");
}

#[test]
fn a_difference_from_the_list_alone_is_a_difference() {
    let mut lab = Lab::new();
    lab.at_hand = false;
    write(&lab.vendored("src/lib.rs"), b"evil");
    assert_eq!(refused(&lab.vendor()), ["Modified src/lib.rs"]);
}

#[test]
fn a_list_that_names_another_crate_is_unexplained() {
    for at_hand in [true, false] {
        let mut lab = Lab::new();
        lab.at_hand = at_hand;
        let right = std::mem::replace(&mut lab.digest, Digest::sha256(b"evil"));
        lab.list();
        lab.digest = right;
        let found = refused(&lab.vendor());
        assert_eq!(found.len(), 1);
        assert!(found[0].ends_with(" .cargo-checksum.json"), "{found:?}");
    }
}

#[test]
fn a_list_that_is_gone_or_unreadable_is_no_list() {
    let lab = Lab::new();
    write(&lab.vendored(".cargo-checksum.json"), b"{");
    assert_eq!(refused(&lab.vendor()), ["Modified .cargo-checksum.json"]);
    fs::remove_file(lab.vendored(".cargo-checksum.json")).unwrap();
    assert_eq!(refused(&lab.vendor()), ["Missing .cargo-checksum.json"]);
}

#[cfg(unix)]
#[test]
fn links_and_folders_in_place_of_files_are_of_another_type() {
    use std::os::unix::fs::symlink;
    let lab = Lab::new();
    let same = lab.folder.path().join("same.rs");
    write(&same, FILES[1].1.as_bytes());
    for path in [
        lab.vendored("src/lib.rs"),
        lab.home(&format!("{SRC}/src/lib.rs")),
    ] {
        fs::remove_file(&path).unwrap();
        symlink(&same, &path).unwrap();
    }
    assert_eq!(refused(&lab.vendor()), ["OtherType src/lib.rs"]);
    assert_eq!(refused(&lab.registry()), ["OtherType src/lib.rs"]);
    fs::remove_file(lab.vendored("src/lib.rs")).unwrap();
    write(&lab.vendored("src/lib.rs/mod.rs"), b"");
    assert_eq!(
        refused(&lab.vendor()),
        ["OtherType src/lib.rs", "Extra src/lib.rs/mod.rs"]
    );
    // A whole crate behind a link.
    let away = lab.folder.path().join("away");
    fs::rename(lab.vendored(""), &away).unwrap();
    symlink(&away, lab.folder.path().join("project/vendor/alpha")).unwrap();
    let report = lab.vendor();
    assert!(report.packages.is_empty());
    let loose: Vec<String> = report.loose.iter().map(shown).collect();
    assert_eq!(loose, ["OtherType vendor/alpha"]);
}

#[test]
fn a_twin_in_other_letters_is_another_file() {
    let lab = Lab::new();
    write(&lab.vendored("SRC/lib.rs"), FILES[1].1.as_bytes());
    assert_eq!(refused(&lab.vendor()), ["Extra SRC/lib.rs"]);
}

#[test]
fn a_manifest_of_another_release_is_a_decoy() {
    for at_hand in [true, false] {
        let mut lab = Lab::new();
        lab.at_hand = at_hand;
        write(
            &lab.vendored("Cargo.toml"),
            b"[package]\nname = \"alpha\"\nversion = \"1.0.1\"\n",
        );
        lab.list();
        let report = lab.vendor();
        assert_eq!(one(&report).answer, Answer::No);
        assert_eq!(one(&report).decoy.as_deref(), Some("alpha@1.0.1"));
    }
}

#[test]
fn what_comes_from_a_repository_is_not_checked() {
    let mut lab = Lab::new();
    lab.locked = vec![locked(Source::Git, Vec::new())];
    let report = lab.vendor();
    assert!(
        matches!(&one(&report).answer, Answer::NotChecked(why) if why.starts_with("it comes from a repository")),
        "{report:?}"
    );
    // What differs from its list differs all the same.
    write(&lab.vendored("src/lib.rs"), b"evil");
    assert_eq!(refused(&lab.vendor()), ["Modified src/lib.rs"]);
}

#[test]
fn a_crate_that_leads_out_of_its_folder_is_never_compared_with() {
    let lab = Lab::with(&crate_of(&[("../../evil", "")]));
    let report = lab.registry();
    let Answer::NotChecked(why) = &one(&report).answer else {
        panic!("{report:?}")
    };
    insta::assert_snapshot!(why, @"the .crate holds an entry that leaves the package: alpha-1.0.0/../../evil, which cargo refuses");
}

#[test]
fn folders_that_the_settings_name_are_looked_at() {
    let lab = Lab::new();
    let project = lab.folder.path().join("project");
    fs::create_dir_all(project.join("third")).unwrap();
    fs::rename(project.join("vendor"), project.join("third/party")).unwrap();
    write(
        &project.join(".cargo/config.toml"),
        b"[source.vendored-sources]\ndirectory = \"third/party\"\n",
    );
    assert_eq!(one(&lab.vendor()).place, "third/party/alpha");
}

#[test]
fn what_the_lockfile_does_not_name_and_what_is_not_here_is_said() {
    let mut lab = Lab::new();
    lab.locked.clear();
    assert!(
        matches!(&one(&lab.vendor()).answer, Answer::NotChecked(why) if why.starts_with("Cargo.lock does not name it"))
    );
    lab.locked = vec![locked(Source::Registry, vec![lab.digest.clone()])];
    fs::remove_dir_all(lab.home(SRC)).unwrap();
    assert_eq!(
        lab.registry().not_checked,
        ["1 locked crates are not unpacked here"]
    );
    assert_eq!(shown_kinds(&lab.registry()), [] as [DifferenceKind; 0]);
}

fn shown_kinds(report: &TreeReport) -> Vec<DifferenceKind> {
    report
        .loose
        .iter()
        .map(|difference| difference.kind)
        .collect()
}

#[test]
#[cfg(unix)]
fn pipes_are_told_and_never_waited_for() {
    let lab = Lab::new();
    let fifo = |at: PathBuf| {
        fs::remove_file(&at).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&at).status();
        assert!(made.unwrap().success());
    };
    fifo(lab.vendored(".cargo-checksum.json"));
    assert_eq!(one(&lab.vendor()).answer, Answer::No);
    fifo(lab.home(&format!("{SRC}/src/lib.rs")));
    let report = lab.registry();
    assert_eq!(unexplained(&report), ["OtherType src/lib.rs"]);
    fifo(lab.home(CACHE));
    assert_ne!(one(&lab.registry()).answer, Answer::Yes);
}

#[test]
#[cfg(unix)]
fn unchanged_crates_are_not_read_again_and_a_change_is_seen() {
    use std::time::{Duration, SystemTime};
    let lab = Lab::new();
    let options = |name: &str| Options {
        seen: Some(lab.folder.path().join(name)),
        now: SystemTime::now() + Duration::from_secs(60),
        ..lab.options()
    };
    let project = lab.folder.path().join("project");
    let vendor = || check_vendor(&project, &lab.locked, &options("vendor"));
    let registry = || check_registry(&lab.home(""), &lab.locked, &options("registry"));
    for look in [&vendor as &dyn Fn() -> TreeReport, &registry] {
        let first = look();
        assert_eq!((first.unchanged, first.answer()), (0, Answer::Yes));
        let again = look();
        assert_eq!((again.unchanged, again.answer()), (1, Answer::Yes));
    }
    std::thread::sleep(Duration::from_millis(20));
    write(&lab.vendored("src/lib.rs"), b"pub fn evil() {}\n");
    assert_eq!(vendor().answer(), Answer::No);
    // The copy that cargo keeps is part of the answer about the sources.
    write(&lab.home(CACHE), b"evil");
    let report = registry();
    assert_eq!((report.unchanged, report.answer()), (0, Answer::No));
}

#[test]
fn a_hard_link_in_a_crate_is_the_file_that_it_leads_to() {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, kind, target, text) in [
        (
            "alpha-1.0.0/Cargo.toml",
            tar::EntryType::Regular,
            "",
            FILES[0].1,
        ),
        (
            "alpha-1.0.0/src/lib.rs",
            tar::EntryType::Regular,
            "",
            FILES[1].1,
        ),
        (
            "alpha-1.0.0/twin.rs",
            tar::EntryType::Link,
            "alpha-1.0.0/src/lib.rs",
            "",
        ),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_path(name).unwrap();
        if !target.is_empty() {
            header.set_link_name(target).unwrap();
        }
        header.set_cksum();
        tar.append(&header, text.as_bytes()).unwrap();
    }
    let lab = Lab::with(&tar.into_inner().unwrap().finish().unwrap());
    for path in [".gitignore", "Cargo.toml.orig"] {
        fs::remove_file(lab.home(&format!("{SRC}/{path}"))).unwrap();
    }
    write(&lab.home(&format!("{SRC}/twin.rs")), FILES[1].1.as_bytes());
    assert_eq!(one(&lab.registry()).answer, Answer::Yes);
    write(&lab.home(&format!("{SRC}/twin.rs")), b"evil");
    assert_eq!(unexplained(&lab.registry()), ["Modified twin.rs"]);
}
