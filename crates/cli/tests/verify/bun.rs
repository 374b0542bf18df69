//! bun, which keeps no artifacts: what it unpacked is shared by all projects.

use crate::ask::Evidence;
use crate::ground::Ground;
use crate::npm::MANIFEST;
use crate::table::{Case, each};
use crate::tamper::{add, delete, edit, edit_shared, link};
use crate::world::World;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn a_tree_of_bun_is_what_its_lockfile_names_and_every_change_is_told() {
    let world = World::new("bun");
    world.write("package.json", MANIFEST);
    // What a system without copies on write does by default.
    world
        .run(&["bun", "install", "--backend=hardlink"])
        .succeeded();
    let ground = Ground::keep(world);
    let untouched = ground.verify();
    assert_eq!(untouched.wrong(), [""; 0]);
    assert!(untouched.verified >= 7, "{untouched:?}");
    each(&ground, CASES);
    poisoned(&ground);
    // bun's own cache proves nothing.
    ground.restore();
    assert_eq!(ground.verify_by(Evidence::Managers).verified, 0);
}

pub const CASES: &[Case] = &[
    Case {
        way: "a file is added to a package",
        tamper: |ground| add(ground, "project/node_modules/is-odd/lib/more.js"),
        told: &["no: extra node_modules/is-odd/lib/more.js"],
    },
    Case {
        way: "a file is deleted",
        tamper: |ground| delete(ground, "project/node_modules/is-odd/index.js"),
        told: &["no: missing node_modules/is-odd/index.js"],
    },
    Case {
        way: "a text can be executed, with its owner's rights",
        tamper: |ground| {
            let path = ground.project().join("node_modules/is-odd/README.md");
            let bytes = fs::read(&path).unwrap();
            fs::remove_file(&path).unwrap();
            fs::write(&path, bytes).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o4755)).unwrap();
        },
        told: &["no: mode node_modules/is-odd/README.md"],
    },
    Case {
        way: "a package that nobody locked lies among the others",
        tamper: |ground| add(ground, "project/node_modules/extra/index.js"),
        told: &["no: extra node_modules/extra/index.js"],
    },
    Case {
        way: "a file is edited in the cache that it shares an inode with",
        tamper: |ground| edit_shared(&ground.project().join("node_modules/is-odd/index.js")),
        told: &["no: modified node_modules/is-odd/index.js"],
    },
    Case {
        way: "a file is edited, its size and time are put back",
        tamper: |ground| edit(ground, "project/node_modules/number/index.js"),
        told: &["no: modified node_modules/number/index.js"],
    },
    Case {
        way: "a command leads out of the project",
        tamper: |ground| link(ground, "project/node_modules/.bin/mkdirp", "/bin/sh"),
        told: &["no: extra node_modules/.bin/mkdirp"],
    },
];

/// What bun keeps unpacked is held against the artifacts where all caches are asked for.
fn poisoned(ground: &Ground) {
    ground.restore();
    let before = ground.verify_with(&["--caches"]);
    assert_eq!(before.wrong(), [""; 0]);
    let cached = ground.find("", &["/install/cache/is-odd@3.0.1", "index.js"]);
    crate::tamper::edit_at(&cached);
    let after = ground.verify_with(&["--caches"]);
    let told = after.since(&before);
    let [told] = told[..] else { panic!("{told:?}") };
    assert!(
        told.starts_with("no: modified (bun's cache)/is-odd@3.0.1"),
        "{told}"
    );
}
