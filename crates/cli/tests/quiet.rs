//! `customs verify` asks package managers what they are configured with. Being asked, they leave
//! nothing behind and reach nobody, and only those that matter are asked.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do: loudly, at once"
)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

const NPM: &str = r#"{"name":"a","lockfileVersion":3,"packages":{"":{},"node_modules/b":{"version":"1.0.0",
"resolved":"https://registry.example/b/-/b-1.0.0.tgz","integrity":"sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="}}}"#;
const UV: &str = "version = 1\nrequires-python = \">=3.9\"\n\n[[package]]\nname = \"b\"\nversion = \"1.0\"\nsource = { registry = \"https://index.example/simple\" }\n";
const CARGO: &str = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"0.1.0\"\n";

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn with(files: &[(&str, &str)]) -> Self {
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        for folder in ["home", "project/.git", "programs"] {
            fs::create_dir_all(place.at(folder)).unwrap();
        }
        for (name, text) in files {
            fs::write(place.at("project").join(name), text).unwrap();
        }
        place
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Asks, with programs from these folders.
    fn verify(&self, path: &OsStr) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_customs"));
        command
            .args(["verify", "--format", "json"])
            .current_dir(self.at("project"))
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.at("home"))
            // It would lead past any proxy.
            .env("NO_PROXY", "*");
        for own in ["CACHE", "DATA", "STATE", "CONFIG"] {
            command.env(format!("CUSTOMS_{own}_DIR"), self.at("own").join(own));
        }
        let asked = command.output().unwrap();
        let said = String::from_utf8_lossy(&asked.stderr);
        assert!(matches!(asked.status.code(), Some(0 | 1)), "{said}");
    }

    /// A program that only writes down that it was asked, and how it would reach somebody.
    fn program(&self, name: &str) {
        let log = self.at("asked");
        let script = format!(
            "#!/bin/sh\necho \"{name} $HTTPS_PROXY $NO_PROXY\" >> '{}'\necho https://registry.example/\n",
            log.display()
        );
        let path = self.at("programs").join(name);
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn asked(&self) -> Vec<String> {
        let log = fs::read_to_string(self.at("asked")).unwrap_or_default();
        let mut lines: Vec<String> = log.lines().map(str::to_owned).collect();
        lines.sort();
        lines.dedup();
        lines
    }
}

fn all_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn the_clients_of_this_machine_leave_nothing_in_a_clean_home() {
    let place = Place::with(&[
        ("package-lock.json", NPM),
        ("uv.lock", UV),
        ("Cargo.lock", CARGO),
    ]);
    place.verify(&std::env::var_os("PATH").unwrap());
    assert_eq!(all_below(&place.at("home")), Vec::<PathBuf>::new());
}

#[test]
fn only_clients_of_what_is_there_are_asked_and_they_reach_nobody() {
    let asked = |files: &[(&str, &str)]| {
        let place = Place::with(files);
        for name in ["npm", "pip", "pip3", "uv", "cargo", "rustup"] {
            place.program(name);
        }
        place.verify(place.at("programs").as_os_str());
        place.asked()
    };
    assert_eq!(
        asked(&[("package-lock.json", NPM), ("Cargo.lock", CARGO)]),
        ["npm http://127.0.0.1:9 "]
    );
    let of_python = asked(&[("uv.lock", UV)]);
    let is_python = |line: &String| line.starts_with("pip") || line.starts_with("uv");
    assert!(
        !of_python.is_empty() && of_python.iter().all(is_python),
        "{of_python:?}"
    );
    // A lockfile without an address needs no setting to be judged.
    assert_eq!(
        asked(&[("requirements.txt", "b==1.0\n"), ("Cargo.lock", CARGO)]),
        Vec::<String>::new()
    );
}
