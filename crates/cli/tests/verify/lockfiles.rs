//! Lockfiles that do not say what they seem to say, beside an installed tree.

use crate::ground::Ground;
use crate::npm::MANIFEST;
use crate::table::{Case, each};
use crate::tamper::{replace, write};
use crate::world::World;
use serde_json::Value;
use std::fs;

#[test]
fn a_lockfile_that_was_changed_is_told_beside_its_tree() {
    let world = World::new("npm");
    world.write("package.json", MANIFEST);
    world.run(&["npm", "install"]).succeeded();
    let ground = Ground::keep(world);
    each(&ground, CASES);
}

const LOCK: &str = "project/package-lock.json";

/// Changes one entry.
fn entry(ground: &Ground, place: &str, change: impl Fn(&mut Value)) {
    let text = fs::read_to_string(ground.at(LOCK)).unwrap();
    let mut lock: Value = serde_json::from_str(&text).unwrap();
    change(&mut lock["packages"][place]);
    write(
        ground,
        LOCK,
        serde_json::to_string_pretty(&lock).unwrap().as_bytes(),
    );
}

pub const CASES: &[Case] = &[
    Case {
        way: "an entry points at another package's tarball",
        tamper: |ground| {
            entry(ground, "node_modules/is-odd", |entry| {
                let resolved = entry["resolved"].as_str().unwrap();
                entry["resolved"] = resolved.replace("is-odd", "is-even").into();
            });
        },
        told: &["lockfile: lock-address is-odd@3.0.1"],
    },
    Case {
        way: "an entry points at another host, without encryption",
        tamper: |ground| {
            entry(ground, "node_modules/is-odd", |entry| {
                entry["resolved"] = "http://elsewhere.example/is-odd/-/is-odd-3.0.1.tgz".into();
            });
        },
        told: &[
            "lockfile: lock-origin is-odd@3.0.1",
            "lockfile: lock-transport ",
        ],
    },
    Case {
        way: "an entry promises no digest any more",
        tamper: |ground| {
            entry(ground, "node_modules/is-odd", |entry| {
                entry.as_object_mut().unwrap().remove("integrity");
            });
        },
        told: &[
            "lockfile: lock-integrity-missing is-odd@3.0.1",
            "no: extra node_modules/.package-lock.json",
            "not checked: is-odd@3.0.1: the lockfile promises no digest of it: it was compared with what its registry promises, which is not bound to the lockfile",
        ],
    },
    Case {
        way: "an entry promises a weak digest",
        tamper: |ground| {
            entry(ground, "node_modules/is-odd", |entry| {
                entry["integrity"] = "sha1-ZRAbrzcn1yi2b6YvUM2n8tOYlgE=".into();
            });
        },
        told: &[
            "lockfile: lock-integrity-weak ",
            "no: extra node_modules/.package-lock.json",
            "not checked: is-odd@3.0.1: its artifact is not on this computer; fetch it with --fetch",
        ],
    },
    Case {
        way: "an entry promises another package's digest",
        tamper: |ground| {
            let text = fs::read_to_string(ground.at(LOCK)).unwrap();
            let lock: Value = serde_json::from_str(&text).unwrap();
            let other = lock["packages"]["node_modules/mkdirp"]["integrity"].clone();
            entry(ground, "node_modules/is-odd", |entry| {
                entry["integrity"] = other.clone();
            });
        },
        told: &[
            "lockfile: lock-same-digest mkdirp@1.0.4",
            "no: extra node_modules/.package-lock.json",
            "no: extra node_modules/is-odd/README.md",
            "no: missing node_modules/is-odd/CHANGELOG.md",
            "no: missing node_modules/is-odd/bin/cmd.js",
            "no: missing node_modules/is-odd/lib/find-made.js",
            "no: missing node_modules/is-odd/lib/mkdirp-manual.js",
            "no: missing node_modules/is-odd/lib/mkdirp-native.js",
            "no: missing node_modules/is-odd/lib/opts-arg.js",
            "no: missing node_modules/is-odd/lib/path-arg.js",
            "no: missing node_modules/is-odd/lib/use-native.js",
            "no: missing node_modules/is-odd/readme.markdown",
            "no: modified node_modules/is-odd/LICENSE",
            "no: modified node_modules/is-odd/index.js",
            "no: modified node_modules/is-odd/package.json",
        ],
    },
    Case {
        way: "the manifest asks for another range than the lockfile holds",
        tamper: |ground| {
            replace(
                ground,
                "project/package.json",
                "\"is-odd\": \"3.0.1\"",
                "\"is-odd\": \"2.0.0\"",
            )
        },
        told: &["lockfile: lock-manifest "],
    },
];
