//! Environments that somebody made to hinder, mislead or outlast a check.

use super::*;
use crate::tree::Caches;
use std::time::SystemTime;

#[cfg(unix)]
fn fifo(at: &Path) {
    let made = std::process::Command::new("mkfifo").arg(at).status();
    assert!(made.unwrap().success());
}

#[test]
#[cfg(unix)]
fn pipes_are_told_and_never_waited_for() {
    let lab = Lab::new();
    fs::remove_file(lab.site("alpha/core.py")).unwrap();
    fifo(&lab.site("alpha/core.py"));
    fifo(&lab.site("sitecustomize.py"));
    fs::remove_file(lab.path("bin/alpha")).unwrap();
    fifo(&lab.path("bin/alpha"));
    fs::remove_file(lab.site("alpha-1.0.dist-info/INSTALLER")).unwrap();
    fifo(&lab.site("alpha-1.0.dist-info/INSTALLER"));
    let (answer, told) = lab.told();
    assert_eq!(answer, Answer::No);
    for place in [
        "alpha/core.py",
        "sitecustomize.py",
        "bin/alpha",
        "INSTALLER",
    ] {
        assert!(told.iter().any(|one| one.ends_with(place)), "{told:?}");
    }
}

#[test]
fn a_list_that_nobody_signed_explains_no_edit_of_another_package() {
    let lab = Lab::new();
    lab.edit("alpha/core.py", "import evil\n");
    // A distribution whose own list claims the edited file.
    lab.edit(
        "evil-1.0.dist-info/METADATA",
        "Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n",
    );
    let list = row("alpha/core.py", "import evil\n");
    lab.edit("evil-1.0.dist-info/RECORD", list);
    let report = lab.check();
    assert_eq!(one(&report, "alpha").answer, Answer::No, "{report:?}");
    assert_eq!(report.answer(), Answer::No);
}

#[test]
#[cfg(target_os = "linux")]
fn a_name_that_is_no_utf_8_is_nobody_s() {
    use std::os::unix::ffi::OsStrExt as _;
    let lab = Lab::new();
    let name = std::ffi::OsStr::from_bytes(b"x\xff.py");
    fs::write(lab.site("").join(name), "import evil\n").unwrap();
    let report = lab.check();
    assert_eq!(unexplained(&report), [format!(r"Extra {SITE}/x\xff.py")]);
    assert_eq!(report.answer(), Answer::No);
}

#[test]
fn an_environment_that_is_not_there_is_not_checked() {
    let lab = Lab::new();
    let report = check(&lab.path("none"), &lab.belongs(), &lab.options());
    assert!(report.not_checked[0].ends_with("there is no such folder"));
    assert!(matches!(report.answer(), Answer::NotChecked(_)));
}

#[test]
#[cfg(unix)]
fn an_unchanged_environment_is_not_read_again_and_a_change_is_seen_whatever_its_time() {
    let lab = Lab::new();
    let options = Options {
        seen: Some(lab.folder.path().join("seen")),
        now: SystemTime::now() + Duration::from_secs(60),
        ..lab.options()
    };
    let look = |options: &Options| check(&lab.environment(), &lab.belongs(), options);
    let first = look(&options);
    assert_eq!((first.unchanged, first.answer()), (0, Answer::Yes));
    // Without anything to compare with: it is taken from what is remembered.
    let alone = Options {
        fetched: None,
        ..options.clone()
    };
    let again = look(&alone);
    assert_eq!((again.unchanged, again.answer()), (1, Answer::Yes));
    let deep = Options {
        deep: true,
        ..options.clone()
    };
    assert_eq!(look(&deep).unchanged, 0);
    // `edit` sets the time back.
    std::thread::sleep(Duration::from_millis(20));
    lab.edit("alpha/core.py", CORE.replace("cwd", "pid"));
    let changed = look(&options);
    assert_eq!((changed.unchanged, changed.answer()), (0, Answer::No));
    // What is wrong is never remembered.
    assert_eq!(look(&options).unchanged, 0);
}

#[test]
#[cfg(unix)]
fn what_was_not_there_to_compare_with_is_looked_for_again() {
    let mut lab = Lab::new();
    lab.at_hand = false;
    let mut options = Options {
        seen: Some(lab.folder.path().join("seen")),
        now: SystemTime::now() + Duration::from_secs(60),
        ..lab.options()
    };
    let report = check(&lab.environment(), &lab.belongs(), &options);
    assert!(matches!(report.answer(), Answer::NotChecked(_)));
    options.fetched = Some(lab.folder.path().join("fetched"));
    let report = check(&lab.environment(), &lab.belongs(), &options);
    assert_eq!((report.unchanged, report.answer()), (0, Answer::Yes));
}

#[test]
fn a_wheel_is_taken_out_of_pip_s_cache_when_its_bytes_are_right() {
    let lab = Lab::new();
    let cache = lab.folder.path().join("pip");
    let body = cache.join("http-v2/a/b/c/d/e/abcde.body");
    write(&body, &wheel("alpha", &FILES));
    let options = Options {
        caches: Caches {
            pip: Some(cache),
            ..Caches::default()
        },
        ..Options::default()
    };
    let look = || check(&lab.environment(), &lab.belongs(), &options).answer();
    assert_eq!(look(), Answer::Yes);
    write(&body, &wheel("alpha", &FILES[..6]));
    assert!(matches!(look(), Answer::NotChecked(_)));
}
