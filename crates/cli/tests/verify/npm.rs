//! npm.

use crate::alike;
use crate::ask::Evidence;
use crate::ground::Ground;
use crate::table::{Case, each};
use crate::tamper::{add, delete, delete_folder, edit, edit_at, link, replace, write};
use crate::world::World;

/// A scoped package that bundles others, one with a command, one that runs a script at install and
/// brings programs for machines, one for another system, and one under another name.
pub const MANIFEST: &str = r#"{
  "name": "demo", "version": "1.0.0", "private": true,
  "dependencies": {
    "@aws-cdk/cloud-assembly-schema": "38.0.1",
    "bufferutil": "4.0.8",
    "is-odd": "3.0.1",
    "mkdirp": "1.0.4",
    "number": "npm:is-number@7.0.0"
  },
  "optionalDependencies": { "fsevents": "2.3.3" },
  "trustedDependencies": ["bufferutil"]
}"#;

fn ground() -> Ground {
    let world = World::new("npm");
    world.write("package.json", MANIFEST);
    world.run(&["npm", "install"]).succeeded();
    Ground::keep(world)
}

#[test]
fn a_tree_of_npm_is_what_its_lockfile_names_and_every_change_is_told() {
    let ground = ground();
    let untouched = ground.verify();
    assert_eq!(untouched.wrong(), [""; 0]);
    // With what npm itself keeps it is the same.
    assert_eq!(ground.verify_by(Evidence::Managers), untouched);
    assert!(untouched.verified >= 7, "{untouched:?}");
    each(&ground, CASES);
    each(&ground, AROUND);
    used(&ground);
    without_evidence(&ground);
}

pub const CASES: &[Case] = &[
    alike::EDITED,
    Case {
        way: "a file of a package under another name is edited",
        tamper: |ground| edit(ground, "project/node_modules/number/index.js"),
        told: &["no: modified node_modules/number/index.js"],
    },
    Case {
        way: "a file of a bundled package is edited",
        tamper: |ground| {
            let place = "project/node_modules/@aws-cdk/cloud-assembly-schema/node_modules/semver";
            edit(ground, &format!("{place}/index.js"));
        },
        told: &[
            "no: modified node_modules/@aws-cdk/cloud-assembly-schema/node_modules/semver/index.js",
        ],
    },
    Case {
        way: "a file is added",
        tamper: |ground| add(ground, "project/node_modules/is-odd/lib/extra.js"),
        told: &["no: extra node_modules/is-odd/lib/extra.js"],
    },
    alike::DELETED,
    alike::FOLDER,
    alike::OUTSIDE,
    Case {
        way: "a link that leads out of the tree is added",
        tamper: |ground| link(ground, "project/node_modules/is-odd/out", "../../../.."),
        told: &["no: extra node_modules/is-odd/out"],
    },
    alike::TWIN,
    alike::MANIFEST,
    Case {
        way: "the manifest is gone",
        tamper: |ground| delete(ground, "project/node_modules/is-odd/package.json"),
        told: &[
            "no: decoy node_modules/is-odd",
            "no: missing node_modules/is-odd/package.json",
        ],
    },
    alike::NATIVE,
    Case {
        way: "a package lies in a package",
        tamper: |ground| {
            add(
                ground,
                "project/node_modules/is-odd/node_modules/is-number/index.js",
            )
        },
        told: &["no: extra node_modules/is-odd/node_modules/is-number/index.js"],
    },
];

pub const AROUND: &[Case] = &[
    alike::UNNAMED,
    Case {
        way: "a module lies between the packages",
        tamper: |ground| add(ground, "project/node_modules/fs-extra.js"),
        told: &["no: extra node_modules/fs-extra.js"],
    },
    Case {
        way: "a package is gone",
        tamper: |ground| delete_folder(ground, "project/node_modules/is-odd"),
        told: &["no: missing node_modules/is-odd"],
    },
    Case {
        way: "a package is a link to another one",
        tamper: |ground| link(ground, "project/node_modules/is-odd", "mkdirp"),
        told: &[
            "no: extra node_modules/is-odd",
            "no: missing node_modules/is-odd",
        ],
    },
    alike::COMMAND,
    Case {
        way: "a command is a script of its own",
        tamper: |ground| add(ground, "project/node_modules/.bin/mkdirp"),
        told: &["no: extra node_modules/.bin/mkdirp"],
    },
    Case {
        way: "npm's own list names another artifact",
        tamper: |ground| {
            let list = "project/node_modules/.package-lock.json";
            replace(ground, list, "sha512-CQpn", "sha512-DQpn");
        },
        told: &["no: extra node_modules/.package-lock.json"],
    },
    Case {
        way: "npm's cache holds other bytes",
        tamper: |ground| {
            delete_folder(ground, "gate/cache/artifacts");
            edit_at(&content(ground));
        },
        told: &[
            "no: poisoned npm's cache: is-odd@3.0.1",
            "not checked: is-odd@3.0.1: the copy in npm's cache is not what the lockfile promises; \
             empty that cache, and fetch it again",
        ],
    },
    Case {
        way: "the gate's store holds other bytes, and npm's cache the right ones",
        tamper: |ground| {
            let (first, rest) = IS_ODD.split_at(2);
            edit(
                ground,
                &format!("gate/cache/artifacts/sha512/{first}/{rest}"),
            );
        },
        told: &["no: poisoned the gate's store: is-odd@3.0.1"],
    },
];

/// SHA-512 of the artifact of is-odd 3.0.1.
const IS_ODD: &str = "090a6758fac3c263f5f923075d986d2ed26ff74ca2c957e5b86b17e62342564ae142d5374d01ec5163c6f7091d93d2e0779c8da4083d8d0128f7408169781630";

/// The artifact of is-odd in npm's cache.
fn content(ground: &Ground) -> std::path::PathBuf {
    let (a, b, rest) = (&IS_ODD[..2], &IS_ODD[2..4], &IS_ODD[4..]);
    ground.at(&format!(".npm/_cacache/content-v2/sha512/{a}/{b}/{rest}"))
}

/// What use leaves is listed, and is not wrong.
fn used(ground: &Ground) {
    ground.restore();
    let before = ground.verify();
    write(
        ground,
        "project/node_modules/.cache/babel-loader/a.json",
        b"{}",
    );
    write(ground, "project/node_modules/.vite/deps/a.js", b"");
    write(
        ground,
        "project/node_modules/bufferutil/build/Release/a.o",
        b"o",
    );
    let after = ground.verify();
    assert_eq!(
        after.since(&before),
        [
            "made here: extra node_modules/.cache/babel-loader/a.json",
            "made here: extra node_modules/.vite/deps/a.js",
            "made here: extra node_modules/bufferutil/build/Release/a.o",
            "not checked: bufferutil@4.0.8: files were made here that nobody has pinned; look at \
             them, and pin them",
        ]
    );
}

/// Without any copy of an artifact nothing is called right.
fn without_evidence(ground: &Ground) {
    ground.restore();
    let blind = ground.verify_by(Evidence::None);
    assert_eq!(blind.verified, 0);
    assert_eq!(blind.wrong(), [""; 0]);
    let because = "not checked: is-odd@3.0.1: its artifact is not on this computer; fetch it with \
                   --fetch";
    assert!(blind.lines.contains(because), "{blind:?}");
}

#[test]
fn a_tree_of_npm_s_linked_strategy_is_what_its_lockfile_names_and_every_change_is_told() {
    let world = World::new("npm");
    world.write("package.json", MANIFEST);
    let install = ["npm", "install", "--install-strategy=linked"];
    world.run(&install).succeeded();
    let ground = Ground::keep(world);
    let untouched = ground.verify();
    assert_eq!(untouched.wrong(), [""; 0]);
    assert!(untouched.verified >= 7, "{untouched:?}");
    each(&ground, LINKED);
}

/// A file of a package in npm's store, relative to the project.
fn stored(ground: &Ground, package: &str, file: &str) -> std::path::PathBuf {
    let end = format!("node_modules/{package}/{file}");
    let found = ground.find("project/node_modules/.store", &[end.as_str()]);
    found.strip_prefix(ground.project()).unwrap().to_owned()
}

pub const LINKED: &[Case] = &[
    Case {
        way: "a file is edited, its size and time are put back",
        tamper: |ground| {
            edit_at(&ground.project().join(stored(ground, "is-odd", "index.js")));
        },
        told: &[
            "no: modified node_modules/.store/is-odd@3.0.1-6I_Y0S8g8dpI-_3nzyUbcQ/node_modules/is-odd/index.js",
        ],
    },
    Case {
        way: "the project's own link leads to another package",
        tamper: |ground| {
            let other = stored(ground, "mkdirp", "package.json");
            let other = other
                .parent()
                .unwrap()
                .strip_prefix("node_modules")
                .unwrap();
            let place = "project/node_modules/is-odd";
            link(ground, place, other.to_str().unwrap());
        },
        told: &["no: extra node_modules/is-odd"],
    },
    Case {
        way: "a link leads to another release than the lockfile has there",
        tamper: |ground| {
            let other = stored(ground, "is-number", "package.json");
            assert!(other.to_str().unwrap().contains("is-number@6"));
            let other = other
                .parent()
                .unwrap()
                .strip_prefix("node_modules")
                .unwrap();
            let place = "project/node_modules/number";
            link(ground, place, other.to_str().unwrap());
        },
        told: &["no: extra node_modules/number"],
    },
    Case {
        way: "a package that no lockfile names lies in the store",
        tamper: |ground| {
            add(
                ground,
                "project/node_modules/.store/unnamed@1.0.0-x/node_modules/unnamed/index.js",
            );
        },
        told: &["no: extra node_modules/.store/unnamed@1.0.0-x/node_modules/unnamed/index.js"],
    },
];
