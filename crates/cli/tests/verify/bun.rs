//! bun, which keeps no artifacts: what it unpacked is shared by all projects.

use crate::ask::Evidence;
use crate::ground::Ground;
use crate::npm::MANIFEST;
use crate::table::{Case, each};
use crate::tamper::{edit, edit_shared, link};
use crate::world::World;

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
    // bun's own cache proves nothing.
    ground.restore();
    assert_eq!(ground.verify_by(Evidence::Managers).verified, 0);
}

const CASES: &[Case] = &[
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
