//! What is in a delivered artifact is known when its bytes are gone.

use crate::harness::World;
use crate::shelves::{digest, tgz};
use customs_device::tree::npm::{Lock, check};
use customs_device::tree::{Options, TreeReport};
use customs_model::{Answer, DigestAlgorithm};
use std::fs;
use std::time::{Duration, Instant};

const MANIFEST: &str = r#"{"name": "left", "version": "1.0.0"}"#;
const MODULE: &str = "exports.pad = (text) => ` ${text}`;\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tree_is_held_against_the_list_of_what_was_delivered_when_the_cache_is_gone() {
    let world = World::new().await;
    let bytes = tgz(&[("package.json", MANIFEST), ("index.js", MODULE)]);
    let promised = digest(DigestAlgorithm::Sha512, &bytes);
    world.publish_old("left", bytes);
    let got = world.gate.get("/left/-/left-1.0.0.tgz").await;
    assert_eq!(got.status, 200, "{}", got.text());
    let lists = world.gate.folder.path().join("data/files");
    let hex = promised.to_hex();
    let list = lists.join("sha512").join(&hex[..2]).join(&hex[2..]);
    let begun = Instant::now();
    while !list.with_extension("json").is_file() {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "not written down"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    fs::remove_dir_all(world.gate.cache()).unwrap();

    let project = tempfile::tempdir().unwrap();
    let at = |path: &str| project.path().join(path);
    let (sri, lockfile) = (promised.to_sri(), at("package-lock.json"));
    let entry = serde_json::json!({"version": "1.0.0", "integrity": sri});
    let lock = serde_json::json!({
        "lockfileVersion": 3, "packages": {"node_modules/left": entry}
    });
    fs::write(&lockfile, lock.to_string()).unwrap();
    fs::create_dir_all(at("node_modules/left")).unwrap();
    fs::write(at("node_modules/left/package.json"), MANIFEST).unwrap();
    fs::write(at("node_modules/left/index.js"), MODULE).unwrap();
    let look = || -> TreeReport {
        let options = Options {
            gate_lists: Some(lists.clone()),
            ..Options::default()
        };
        check(project.path(), &Lock::open(&lockfile).unwrap(), &options)
    };
    let Answer::NotChecked(why) = &look().packages[0].answer else {
        panic!("{:?}", look())
    };
    assert!(why.contains("the gate's list of its files"), "{why}");
    fs::write(at("node_modules/left/index.js"), "changed").unwrap();
    assert_eq!(look().packages[0].answer, Answer::No);
}
