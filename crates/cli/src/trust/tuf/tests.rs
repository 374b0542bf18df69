#[path = "../../../tests/faults/key_pair.rs"]
mod key_pair;
#[allow(dead_code, reason = "the tests of what verifies need more of it")]
#[path = "../../../../origin/src/tuf/tests/repository.rs"]
mod repository;

use super::*;
use crate::trust::take;
use customs_origin::roots::embedded_json;
use customs_origin::tuf::TARGET;
use customs_replay::{Bound, Faults, Request, Response, Server};
use key_pair::KeyPair;
use repository::{NOW, Repository};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::runtime::Runtime;

/// A repository on a port.
struct Served {
    runtime: Runtime,
    server: Server,
    files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    folder: tempfile::TempDir,
}

impl Served {
    fn new(repository: &Repository) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let files = Arc::new(Mutex::new(repository.files.clone()));
        let shelves = files.clone();
        let answer = move |request: &Request| {
            let files = shelves.lock().unwrap();
            let path = request.bare_path().trim_start_matches("/tuf/");
            match files.get(path) {
                Some(bytes) => Response::of(200, "application/json", bytes.clone()),
                // As stores of files answer who may not list them.
                None if path.ends_with(".root.json") => Response::of(403, "text/plain", "no"),
                None => Response::not_found(),
            }
        };
        let server =
            runtime.block_on(async { Bound::new().await.unwrap().serve(answer, Faults::none()) });
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join("1.root.json"),
            repository.get("1.root.json"),
        )
        .unwrap();
        Self {
            runtime,
            server,
            files,
            folder,
        }
    }

    fn holds(&self, repository: &Repository) {
        *self.files.lock().unwrap() = repository.files.clone();
    }

    fn trust(&self) -> PathBuf {
        self.folder.path().join("trust")
    }

    fn fetch(&self, with_root: bool) -> Result<FromTuf, Failure> {
        // The server goes on while this thread waits.
        let address = format!("{}/tuf", self.server.base());
        let root = self.folder.path().join("1.root.json");
        let root = with_root.then_some(root.as_path());
        fetch(&address, root, &self.trust(), NOW.parse().unwrap())
    }

    fn update(&self, with_root: bool, yes: bool) -> Result<(String, u8), Failure> {
        let found = self.fetch(with_root)?;
        let (told, code) = take(&self.trust(), found.files()?, yes)?;
        if code == 0 {
            found.remember()?;
        }
        Ok((told, code))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _inside = self.runtime.enter();
    }
}

/// Sigstore's root without one log.
fn smaller() -> Vec<u8> {
    let mut root: Value = serde_json::from_str(embedded_json(Instance::PublicGood)).unwrap();
    root["ctlogs"].as_array_mut().unwrap().remove(0);
    root.to_string().into_bytes()
}

fn repository(content: Vec<u8>) -> Repository {
    let mut repository = Repository::new();
    repository.content = content;
    repository.version = 3;
    repository.publish();
    repository
}

#[test]
fn what_is_new_is_shown_first_and_holds_with_yes_and_needs_no_root_from_then_on() {
    let served = Served::new(&repository(smaller()));
    let refused = served.update(false, false).unwrap_err();
    assert_eq!(refused.code, 2);
    assert!(refused.to_string().contains("--tuf-root FILE"), "{refused}");

    let (told, code) = served.update(true, false).unwrap();
    assert_eq!(code, 1, "{told}");
    assert!(
        told.contains("withdrawn: in Sigstore's trust root"),
        "{told}"
    );
    // What was only shown is no root to begin with.
    assert!(served.update(false, false).is_err());

    let (told, code) = served.update(true, true).unwrap();
    assert_eq!(code, 0, "{told}");
    let written = std::fs::read(served.trust().join(TRUSTED_ROOT)).unwrap();
    assert_eq!(written, smaller());
    let (told, code) = served.update(false, false).unwrap();
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("Nothing is new"), "{told}");
}

#[test]
fn an_old_state_is_refused_once_a_newer_one_was_seen() {
    let mut repository = repository(smaller());
    let served = Served::new(&repository);
    served.update(true, true).unwrap();
    repository.version = 2;
    repository.publish();
    served.holds(&repository);
    let refused = served.update(false, true).unwrap_err();
    assert_eq!(refused.code, 4);
    assert!(
        refused.to_string().contains("an old state is handed out"),
        "{refused}"
    );
    // Nor does the root that one begins with help.
    assert!(served.update(true, true).is_err());
}

#[test]
fn a_root_that_is_signed_by_strangers_changes_nothing() {
    let mut repository = repository(smaller());
    let served = Served::new(&repository);
    let strangers = repository::Keys::new();
    let second = repository::file(&strangers.says(2), &strangers.two());
    repository.files.insert("2.root.json".to_owned(), second);
    served.holds(&repository);
    let refused = served.update(true, true).unwrap_err().to_string();
    assert!(
        refused.contains("does not hold the keys that are trusted"),
        "{refused}"
    );
    assert!(!served.trust().exists());
}

#[test]
fn a_repository_of_another_instance_goes_to_a_file_of_its_own() {
    let mut root: Value = serde_json::from_str(embedded_json(Instance::PublicGood)).unwrap();
    // One authority and nothing that is known elsewhere.
    root["tlogs"] = Value::Array(Vec::new());
    root["ctlogs"] = Value::Array(Vec::new());
    root["certificateAuthorities"] = Value::Array(Vec::new());
    root["timestampAuthorities"] = Value::Array(Vec::new());
    let root = root.to_string().into_bytes();
    let served = Served::new(&repository(root.clone()));
    let refused = served.update(true, true).unwrap_err();
    assert_eq!(refused.code, 2);
    assert!(refused.to_string().contains("--to FILE"), "{refused}");

    let file = served.folder.path().join("own.json");
    let now = NOW.parse().unwrap();
    let found = served.fetch(true).unwrap();
    let (told, code) = found.write_to(&file, false, now).unwrap();
    assert_eq!(code, 1, "{told}");
    assert!(!file.exists());
    let (told, code) = found.write_to(&file, true, now).unwrap();
    assert_eq!(code, 0, "{told}");
    assert_eq!(std::fs::read(&file).unwrap(), root);
    let (told, code) = found.write_to(&file, false, now).unwrap();
    assert_eq!(code, 0, "{told}");
}

#[test]
fn what_is_told_names_the_repository_and_how_long_it_counts() {
    let served = Served::new(&repository(smaller()));
    let told = served.fetch(true).unwrap().told;
    let host = served.server.base().replace("http://", "");
    let told = told.replace(&host, "tuf.example");
    insta::assert_snapshot!(told, @"From the repository tuf.example/tuf/: its root is version 1, and counts until 2026-07-01T00:00:00Z; what it says today counts until 2026-07-01T00:00:00Z.");
}

#[test]
fn what_was_kept_and_cannot_be_read_is_named() {
    let served = Served::new(&repository(smaller()));
    served.update(true, true).unwrap();
    let folder = served.trust().join("tuf");
    let kept = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap();
    std::fs::write(kept.path(), b"{\"root\": \"{}\"}").unwrap();
    let refused = served.update(true, true).unwrap_err().to_string();
    assert!(refused.contains("delete it"), "{refused}");
    let name = kept.file_name().to_string_lossy().into_owned();
    assert!(refused.contains(&name), "{refused}");
    std::fs::write(kept.path(), b"[1]").unwrap();
    let refused = served.update(true, true).unwrap_err().to_string();
    assert!(refused.contains(&name), "{refused}");
}
