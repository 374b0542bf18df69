//! pnpm: a virtual store, whose files are those of a store that all projects share.

use crate::ask::Evidence;
use crate::ground::Ground;
use crate::npm::MANIFEST;
use crate::table::{Case, each};
use crate::tamper::{add, delete, delete_folder, edit, edit_at, edit_shared, link};
use crate::world::World;

/// Where is-odd lies.
const IS_ODD: &str = "node_modules/.pnpm/is-odd@3.0.1/node_modules/is-odd";

fn ground() -> Ground {
    let world = World::new("pnpm");
    world.write("package.json", MANIFEST);
    world.write("pnpm-workspace.yaml", "allowBuilds:\n  bufferutil: true\n");
    // What a system without copies on write does by default.
    let install = ["pnpm", "install", "--package-import-method=hardlink"];
    world.run(&install).succeeded();
    Ground::keep(world)
}

#[test]
fn a_tree_of_pnpm_is_what_its_lockfile_names_and_every_change_is_told() {
    let ground = ground();
    let untouched = ground.verify();
    assert_eq!(untouched.wrong(), [""; 0]);
    assert!(untouched.verified >= 7, "{untouched:?}");
    each(&ground, CASES);
    against_its_own_list(&ground);
}

pub const CASES: &[Case] = &[
    Case {
        way: "a file is edited in the store that it shares an inode with",
        tamper: |ground| edit_shared(&ground.project().join(IS_ODD).join("index.js")),
        told: &["no: modified node_modules/.pnpm/is-odd@3.0.1/node_modules/is-odd/index.js"],
    },
    Case {
        way: "a file is edited, its size and time are put back",
        tamper: |ground| edit(ground, &format!("project/{IS_ODD}/index.js")),
        told: &["no: modified node_modules/.pnpm/is-odd@3.0.1/node_modules/is-odd/index.js"],
    },
    Case {
        way: "a file is added",
        tamper: |ground| add(ground, &format!("project/{IS_ODD}/postinstall.js")),
        told: &["no: extra node_modules/.pnpm/is-odd@3.0.1/node_modules/is-odd/postinstall.js"],
    },
    Case {
        way: "a file is deleted",
        tamper: |ground| delete(ground, &format!("project/{IS_ODD}/LICENSE")),
        told: &["no: missing node_modules/.pnpm/is-odd@3.0.1/node_modules/is-odd/LICENSE"],
    },
    Case {
        way: "a dependency of a package is a link to elsewhere",
        tamper: |ground| {
            add(ground, "project/elsewhere/index.js");
            let place = "project/node_modules/.pnpm/is-odd@3.0.1/node_modules/is-number";
            link(ground, place, "../../../../elsewhere");
        },
        told: &["no: extra node_modules/.pnpm/is-odd@3.0.1/node_modules/is-number"],
    },
    Case {
        way: "the project's own link leads to another package",
        tamper: |ground| {
            let other = ".pnpm/is-number@6.0.0/node_modules/is-number";
            link(ground, "project/node_modules/is-odd", other);
        },
        told: &["no: extra node_modules/is-odd"],
    },
    Case {
        way: "a package that no lockfile names lies in the virtual store",
        tamper: |ground| {
            add(
                ground,
                "project/node_modules/.pnpm/unnamed@1.0.0/node_modules/unnamed/index.js",
            );
        },
        told: &["no: extra node_modules/.pnpm/unnamed@1.0.0/node_modules/unnamed/index.js"],
    },
    Case {
        way: "a program for this machine is another one of the same size",
        tamper: |ground| {
            let folder = "project/node_modules/.pnpm/bufferutil@4.0.8";
            edit_at(&ground.find(folder, &["linux-x64", ".node"]));
        },
        told: &[
            "no: modified node_modules/.pnpm/bufferutil@4.0.8/node_modules/bufferutil/prebuilds/\
             linux-x64/node.napi.node",
        ],
    },
];

/// Where no artifact is at hand, pnpm's own list shows a change and proves nothing.
fn against_its_own_list(ground: &Ground) {
    ground.restore();
    delete_folder(ground, "gate/cache/artifacts");
    let before = ground.verify_by(Evidence::Managers);
    assert_eq!(before.wrong(), [""; 0]);
    edit(ground, &format!("project/{IS_ODD}/index.js"));
    assert_eq!(
        ground.verify_by(Evidence::Managers).since(&before),
        ["no: modified node_modules/.pnpm/is-odd@3.0.1/node_modules/is-odd/index.js"]
    );
}
