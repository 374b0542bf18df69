//! Clients are asked for the registry that they carry: once, without the user's settings,
//! and without installing anything.

use crate::program::customs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Programs on a `PATH` of their own, each with a diary of its calls.
fn program(folder: &Path, name: &str, script: &str) {
    std::fs::create_dir_all(folder).unwrap();
    let file = folder.join(name);
    let diary = folder.join(format!("{name}.calls"));
    let text = format!(
        "#!/bin/sh\necho \"$@\" >> '{}'\n{script}\n",
        diary.display()
    );
    std::fs::write(&file, text).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn calls(folder: &Path, name: &str) -> usize {
    std::fs::read_to_string(folder.join(format!("{name}.calls")))
        .map_or(0, |text| text.lines().count())
}

fn run(home: &Path, bin: &Path) {
    let mut command = customs(home, &["run", "--quiet", "--", "true"]);
    command
        .env("HOME", home)
        .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
        .env("CUSTOMS_GATE_LINGER", "1")
        .env_remove("RUSTUP_AUTO_INSTALL")
        .current_dir(home);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

#[test]
fn pips_default_is_its_own_and_not_what_a_file_of_the_user_says() {
    let folder = tempfile::tempdir().unwrap();
    let (home, bin) = (folder.path().join("home"), folder.path().join("bin"));
    std::fs::create_dir_all(&home).unwrap();
    let own = "if [ \"$PIP_CONFIG_FILE\" = /dev/null ]; then at=own; else at=mirror; fi\n\
               echo \"--index-url <url> (default https://$at.example/simple).\"";
    program(&bin, "pip", own);
    run(&home, &bin);
    let remembered = std::fs::read_to_string(home.join("state/clients.json")).unwrap();
    assert!(
        remembered.contains("https://own.example/simple"),
        "{remembered}"
    );
    run(&home, &bin);
    assert_eq!(calls(&bin, "pip"), 1, "it was remembered");
}

#[test]
fn one_that_does_not_say_is_asked_once_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let (home, bin) = (folder.path().join("home"), folder.path().join("bin"));
    std::fs::create_dir_all(&home).unwrap();
    program(&bin, "pip", "exit 3");
    program(&bin, "uv", "exit 3");
    run(&home, &bin);
    assert_eq!((calls(&bin, "pip"), calls(&bin, "uv")), (1, 1));
    run(&home, &bin);
    assert_eq!((calls(&bin, "pip"), calls(&bin, "uv")), (2, 2));
}

#[test]
fn a_stand_in_for_cargo_is_told_to_install_no_toolchain() {
    let folder = tempfile::tempdir().unwrap();
    let (home, bin) = (folder.path().join("home"), folder.path().join("bin"));
    std::fs::create_dir_all(&home).unwrap();
    let installed = folder.path().join("installed");
    let script = format!(
        "[ \"$RUSTUP_AUTO_INSTALL\" = 0 ] || echo toolchain > '{}'\nexit 1",
        installed.display()
    );
    program(&bin, "cargo", &script);
    run(&home, &bin);
    assert_eq!(calls(&bin, "cargo"), 1);
    assert!(!installed.exists());
}
