//! `customs check` against a registry on this machine, which holds what the axios scenario held 89
//! seconds after the bad release: npm locks it, the check refuses it, `--fix` shows and writes the
//! smallest change, npm locks again, and policy has nothing to object to.

use crate::world::program;
use customs_model::{Clock as _, SystemClock};
use customs_replay::{Bound, Faults, Server, Upstream, find};
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output};

const MANIFEST: &str = "{\n    \"name\": \"shop\",\n    \"version\": \"1.0.0\",\n    \"private\": true,\n    \"dependencies\": {\n        \"axios\": \"^1.14.0\"\n    }\n}\n";

/// A project in a clean home, whose registry is a scenario's.
pub struct Shop {
    folder: tempfile::TempDir,
    server: Server,
    _runtime: tokio::runtime::Runtime,
}

impl Shop {
    fn open() -> Self {
        let shop = Self::of("axios");
        let configured = format!("registry={}/\n", shop.server.base());
        std::fs::write(shop.folder.path().join(".npmrc"), configured).unwrap();
        std::fs::write(shop.manifest(), MANIFEST).unwrap();
        shop
    }

    /// Without a configuration and without files.
    pub fn of(scenario: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let scenario = find(scenario).unwrap().unwrap();
        let server = runtime.block_on(async {
            let bound = Bound::new().await.unwrap();
            let moment = scenario.moment(SystemClock.now());
            let shelves = Upstream::new(&scenario, moment, &bound.base()).unwrap();
            bound.serve(shelves, Faults::none())
        });
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("project/.git")).unwrap();
        Self {
            folder,
            server,
            _runtime: runtime,
        }
    }

    /// Where the registry is.
    pub fn registry(&self) -> String {
        self.server.base()
    }

    /// A path in the home.
    pub fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Writes a file of the home, with the folders on its way.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.at(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Reads a file of the home.
    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.at(path)).unwrap()
    }

    fn manifest(&self) -> PathBuf {
        self.folder.path().join("project/package.json")
    }

    /// Runs a command of the user's in the project.
    pub fn run(&self, mut command: Command) -> Output {
        let home = self.folder.path();
        // Where this machine keeps its toolchains.
        let rustup = std::env::var_os("RUSTUP_HOME").map_or_else(
            || PathBuf::from(std::env::var_os("HOME").unwrap()).join(".rustup"),
            PathBuf::from,
        );
        command
            .current_dir(home.join("project"))
            .env_clear()
            .env("RUSTUP_HOME", rustup)
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", home)
            .env("CUSTOMS_CACHE_DIR", home.join("own/cache"))
            .env("CUSTOMS_DATA_DIR", home.join("own/data"))
            .env("CUSTOMS_STATE_DIR", home.join("own/state"))
            .env("CUSTOMS_CONFIG_DIR", home.join("own/config"));
        command.output().unwrap()
    }

    fn locks(&self) {
        let mut npm = Command::new("npm");
        npm.args(["install", "--package-lock-only", "--ignore-scripts"])
            .args(["--no-audit", "--no-fund"]);
        let ran = self.run(npm);
        assert!(ran.status.success(), "{ran:?}");
    }

    /// `customs check` with these words.
    pub fn customs(&self, words: &[&str]) -> Output {
        let mut customs = Command::new(program());
        customs.arg("check").args(words);
        self.run(customs)
    }

    fn report(&self) -> Value {
        let ran = self.customs(&["--format", "json"]);
        serde_json::from_slice(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"))
    }

    /// What policy says of the lockfile.
    pub fn policy(&self) -> Value {
        self.report()["subjects"][0]["policy"].clone()
    }

    /// The documents of packages that were asked for, in their order.
    fn documents(&self) -> Vec<String> {
        let hits = self.server.hits().into_iter().map(|hit| hit.path);
        hits.filter(|path| !path.contains("/-/")).collect()
    }
}

#[test]
fn what_policy_refuses_is_told_and_its_fix_is_shown_then_written_then_locked() {
    let shop = Shop::open();
    shop.locks();
    let policy = shop.policy();
    assert_eq!(policy["answer"]["answer"], "no", "{policy}");
    let first = &policy["releases"][0];
    assert_eq!(first["release"], "pkg:npm/axios@1.14.1", "{policy}");
    assert_eq!(first["told"][0]["rule"], "policy-refused", "{policy}");

    let shown = shop.customs(&["--fix"]);
    assert_eq!(shown.status.code(), Some(1), "{shown:?}");
    let text = String::from_utf8(shown.stdout).unwrap();
    for part in [
        "policy NO",
        "axios@1.14.1 → 1.14.0",
        "+        \"axios\": \"1.14.0\"",
        "npm install --package-lock-only --ignore-scripts",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    assert_eq!(std::fs::read_to_string(shop.manifest()).unwrap(), MANIFEST);

    let written = shop.customs(&["--fix", "--yes"]);
    assert_eq!(written.status.code(), Some(5), "{written:?}");
    assert_eq!(
        std::fs::read_to_string(shop.manifest()).unwrap(),
        MANIFEST.replace("^1.14.0", "1.14.0")
    );
    shop.locks();
    let policy = shop.policy();
    // What is three days old has a predecessor that nobody has read: no yes, and no no.
    assert_ne!(policy["answer"]["answer"], "no", "{policy}");
    assert!(!policy.to_string().contains("policy-refused"), "{policy}");
}

#[test]
fn a_lockfile_with_another_digest_than_the_registrys_is_a_no_and_documents_are_asked_for_once() {
    let shop = Shop::open();
    shop.locks();
    let before = shop.documents();
    let report = shop.report();
    let locked = &report["subjects"][0]["locked"];
    assert!(!locked.to_string().contains("lock-registry"), "{locked}");
    assert_eq!(locked["not_checked"], Value::Array(Vec::new()), "{locked}");
    let asked = shop.documents().split_off(before.len());
    let mut once = asked.clone();
    once.sort();
    once.dedup();
    assert!(!once.is_empty());
    assert_eq!(asked.len(), once.len(), "{asked:?}");

    let path = shop.folder.path().join("project/package-lock.json");
    let mut lock: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let other = format!("sha512-{}==", "A".repeat(86));
    lock["packages"]["node_modules/form-data"]["integrity"] = other.into();
    std::fs::write(&path, serde_json::to_vec_pretty(&lock).unwrap()).unwrap();
    let report = shop.report();
    assert_eq!(report["subjects"][0]["lock"]["answer"], "no", "{report}");
    let findings = report["findings"].as_array().unwrap();
    let found = findings.iter().find(|one| one["rule"] == "lock-registry");
    let found = found.unwrap_or_else(|| panic!("{report}"));
    assert_eq!(found["outcome"], "fails", "{found}");
    assert!(found["release"].as_str().unwrap().contains("form-data"));
}
