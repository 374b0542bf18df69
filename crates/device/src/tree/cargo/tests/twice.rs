//! What a second look must not forget, and what lies where nobody looks first.

use super::*;
use std::time::{Duration, SystemTime};

impl Lab {
    fn remembering(&self, options: Options) -> Options {
        Options {
            seen: Some(self.folder.path().join("seen")),
            now: SystemTime::now() + Duration::from_secs(60),
            ..options
        }
    }
}

#[test]
#[cfg(unix)]
fn a_poisoned_copy_is_told_each_time() {
    let lab = Lab::new();
    let (store, fetched) = (
        lab.folder.path().join("store"),
        lab.folder.path().join("fetched"),
    );
    keep(&store, &crate_of(&FILES), b"evil");
    keep(&fetched, &crate_of(&FILES), &crate_of(&FILES));
    fs::remove_file(lab.home(CACHE)).unwrap();
    let options = lab.remembering(Options {
        gate_store: Some(store),
        fetched: Some(fetched),
        ..Options::default()
    });
    let project = lab.folder.path().join("project");
    let vendor = || check_vendor(&project, &lab.locked, &options);
    let registry = || check_registry(&lab.home(""), &lab.locked, &options);
    for look in [&vendor as &dyn Fn() -> TreeReport, &registry] {
        for _ in 0..2 {
            let report = look();
            assert_eq!(one(&report).answer, Answer::Yes);
            assert_eq!(report.poisoned.len(), 1, "{report:?}");
            assert_eq!(report.answer(), Answer::No);
        }
    }
}

#[test]
#[cfg(unix)]
fn what_another_registry_s_folder_holds_is_looked_at_or_said() {
    let lab = Lab::new();
    let other = |path: &str| lab.home(&path.replace("index.example-0011", "mirror.example-2233"));
    let options = lab.remembering(Options::default());
    let look = || check_registry(&lab.home(""), &lab.locked, &options);
    // The same crate, unpacked by a mirror, with a build script more.
    for (path, text) in FILES {
        write(&other(&format!("{SRC}/{path}")), text.as_bytes());
    }
    write(&other(CACHE), &crate_of(&FILES));
    assert_eq!(look().answer(), Answer::Yes);
    write(&other(&format!("{SRC}/build.rs")), b"fn main() {}\n");
    let report = look();
    assert_eq!(report.answer(), Answer::No, "{report:?}");
    // With another archive beside it nobody can tell whose it is. It is said each time.
    write(&other(CACHE), b"another");
    let first = look();
    let report = look();
    assert_eq!(first.not_checked, report.not_checked);
    assert!(matches!(report.answer(), Answer::NotChecked(_)));
    assert_eq!(one(&report).answer, Answer::Yes);
    insta::assert_snapshot!(report.not_checked.join("\n"), @"registry/cache/mirror.example-2233/alpha-1.0.0.crate: it is of another registry, or was changed; if your settings put that registry in the place of the one that Cargo.lock names, it is compiled, and was not compared");
}

#[test]
fn a_list_that_leaves_out_a_file_or_the_package_is_unexplained() {
    let lab = Lab::new();
    let path = lab.vendored(".cargo-checksum.json");
    let text = fs::read_to_string(&path).unwrap();
    let digest = lab.digest.to_hex();
    let lib = Digest::sha256(FILES[1].1.as_bytes()).to_hex();
    for evil in [
        text.replace(&format!(",\"src/lib.rs\":\"{lib}\""), ""),
        text.replace(&format!("\"package\":\"{digest}\""), "\"package\":null"),
        text.replace("\"src/lib.rs\"", "\"src/more.rs\":\"{lib}\",\"src/lib.rs\"")
            .replace("{lib}", &lib),
    ] {
        assert_ne!(evil, text);
        write(&path, evil.as_bytes());
        assert_eq!(refused(&lab.vendor()), ["Extra .cargo-checksum.json"]);
    }
}

#[test]
fn settings_above_the_project_that_replace_a_registry_are_said() {
    let lab = Lab::new();
    let settings = "[source.x]\ndirectory = \"third\"\n";
    write(
        &lab.folder.path().join(".cargo/config.toml"),
        settings.as_bytes(),
    );
    write(&lab.home("config.toml"), settings.as_bytes());
    let report = lab.vendor();
    let said = report.not_checked.iter();
    let said = said.filter(|note| note.contains("puts a folder in the place of a registry"));
    assert_eq!(said.count(), 2, "{report:?}");
    assert!(matches!(report.answer(), Answer::NotChecked(_)));
}

#[test]
fn a_file_beside_vendored_crates_is_listed_and_is_neither_green_nor_a_no() {
    let lab = Lab::new();
    assert_eq!(lab.vendor().answer(), Answer::Yes);
    write(&lab.folder.path().join("project/vendor/evil.rs"), b"x");
    let report = lab.vendor();
    let loose: Vec<String> = report.loose.iter().map(shown).collect();
    assert_eq!(loose, ["Extra vendor/evil.rs"]);
    assert!(matches!(report.answer(), Answer::NotChecked(_)));
    // Another tool's folder of the same name is nobody's here.
    fs::remove_file(lab.vendored(".cargo-checksum.json")).unwrap();
    assert!(lab.vendor().loose.is_empty());
}
