//! Yarn 1, and Yarn 4 with folders and with Plug'n'Play.

use crate::alike;
use crate::ask::Evidence;
use crate::ground::Ground;
use crate::npm::MANIFEST;
use crate::table::{Case, each};
use crate::tamper::{add, delete, delete_folder, edit, edit_at, link, replace, write};
use crate::world::World;

#[test]
fn a_tree_of_yarn_1_is_what_its_lockfile_names_and_every_change_is_told() {
    let world = World::new("yarn1");
    world.write("package.json", MANIFEST);
    world.run(&["yarn", "install"]).succeeded();
    let ground = Ground::keep(world);
    let untouched = ground.verify();
    assert_eq!(untouched.wrong(), [""; 0]);
    assert!(untouched.verified >= 6, "{untouched:?}");
    each(&ground, CLASSIC);
    poisoned(&ground);
}

/// What Yarn 1 keeps unpacked is held against the artifact beside it where all caches are asked for.
fn poisoned(ground: &Ground) {
    ground.restore();
    let before = ground.verify_with(&["--caches"]);
    assert_eq!(before.wrong(), [""; 0]);
    edit_at(&ground.find("cache/yarn", &["/npm-is-odd-3.0.1-", "index.js"]));
    let after = ground.verify_with(&["--caches"]);
    let told = after.since(&before);
    let [told] = told[..] else { panic!("{told:?}") };
    assert!(
        told.starts_with("no: modified (Yarn's cache)/npm-is-odd-3.0.1-"),
        "{told}"
    );
}

pub const CLASSIC: &[Case] = &[
    alike::EDITED,
    Case {
        way: "a file is added to a package that runs a script at install",
        tamper: |ground| add(ground, "project/node_modules/bufferutil/install.js"),
        told: &["no: extra node_modules/bufferutil/install.js"],
    },
    alike::COMMAND,
    alike::DELETED,
    alike::FOLDER,
    alike::OUTSIDE,
    alike::TWIN,
    alike::MANIFEST,
    alike::NATIVE,
    alike::NESTED,
    alike::UNNAMED,
    Case {
        way: "a package is gone",
        tamper: |ground| delete_folder(ground, "project/node_modules/is-odd"),
        told: &[
            "not checked: is-odd@3.0.1: it is not installed here; the lockfile does not say whether it may be left out",
        ],
    },
    Case {
        way: "Yarn's own list is another program's",
        tamper: |ground| write(ground, "project/node_modules/.yarn-integrity", b"x"),
        told: &["no: extra node_modules/.yarn-integrity"],
    },
    Case {
        way: "the artifact in Yarn's cache holds other bytes, and the gate has none",
        tamper: |ground| {
            delete_folder(ground, "gate/cache/artifacts");
            edit_at(&ground.find("cache/yarn", &["/npm-is-odd-3.0.1-", ".yarn-tarball.tgz"]));
        },
        told: &[
            "no: poisoned Yarn 1's cache: is-odd@3.0.1",
            "not checked: is-number@7.0.0: its artifact is not on this computer; fetch it with --fetch; it was compared with the gate's list of its files, which whoever changes a file can change too",
            "not checked: is-odd@3.0.1: the copy in Yarn 1's cache is not what the lockfile promises; empty that cache, and fetch it again",
        ],
    },
];

#[test]
fn a_tree_of_yarn_4_is_what_its_lockfile_names_and_every_change_is_told() {
    let world = World::new("yarn4");
    world.write("package.json", MANIFEST);
    world.write("yarn.lock", "");
    world.write(".yarnrc.yml", "nodeLinker: node-modules\n");
    world
        .run(&["yarn", "install", "--no-immutable"])
        .succeeded();
    let ground = Ground::keep(world);
    let untouched = ground.verify();
    assert_eq!(untouched.wrong(), [""; 0]);
    assert!(untouched.verified >= 6, "{untouched:?}");
    each(&ground, BERRY);
}

pub const BERRY: &[Case] = &[
    alike::EDITED,
    Case {
        way: "a file is deleted",
        tamper: |ground| delete(ground, "project/node_modules/is-odd/index.js"),
        told: &["no: missing node_modules/is-odd/index.js"],
    },
    alike::FOLDER,
    alike::OUTSIDE,
    alike::TWIN,
    alike::MANIFEST,
    alike::NATIVE,
    alike::NESTED,
    alike::UNNAMED,
    Case {
        way: "a package is gone",
        tamper: |ground| delete_folder(ground, "project/node_modules/is-odd"),
        told: &[
            "no: extra node_modules/.package-map.json",
            "no: extra node_modules/.yarn-state.yml",
            "not checked: is-odd@3.0.1: it is not installed here; the lockfile does not say whether it may be left out",
        ],
    },
    alike::COMMAND,
    Case {
        way: "Yarn's own list is another program's",
        tamper: |ground| write(ground, "project/node_modules/.yarn-state.yml", b"x"),
        told: &["no: extra node_modules/.yarn-state.yml"],
    },
];

#[test]
fn a_native_program_that_yarn_4_does_not_bind_is_held_against_what_the_gate_delivered() {
    let world = World::new("yarn4");
    world.write(
        "package.json",
        r#"{"name":"demo","version":"1.0.0","private":true,"dependencies":{"esbuild":"0.21.5"}}"#,
    );
    world.write("yarn.lock", "");
    world.write(".yarnrc.yml", "nodeLinker: node-modules\n");
    world
        .run(&["yarn", "install", "--no-immutable"])
        .succeeded();
    let ground = Ground::keep(world);
    let untouched = ground.verify();
    assert_eq!(untouched.wrong(), [""; 0]);
    let is_unbound = |line: &&String| line.ends_with("which is not bound to the lockfile");
    let unbound = untouched.lines.iter().filter(is_unbound).count();
    assert_eq!(unbound, 1, "{untouched:?}");
    each(&ground, NATIVE);
}

/// The package with the program for this machine.
const PROGRAM: &[&str] = match (cfg!(target_os = "macos"), cfg!(target_arch = "aarch64")) {
    (false, false) => &["no: modified node_modules/@esbuild/linux-x64/bin/esbuild"],
    (false, true) => &["no: modified node_modules/@esbuild/linux-arm64/bin/esbuild"],
    (true, false) => &["no: modified node_modules/@esbuild/darwin-x64/bin/esbuild"],
    (true, true) => &["no: modified node_modules/@esbuild/darwin-arm64/bin/esbuild"],
};

pub const NATIVE: &[Case] = &[Case {
    way: "a native program of which the lockfile has no checksum is another one",
    tamper: |ground| edit_at(&ground.find("project/node_modules/@esbuild", &["bin/esbuild"])),
    told: PROGRAM,
}];

#[test]
fn a_tree_of_yarn_4_with_links_is_what_its_lockfile_names_and_every_change_is_told() {
    let world = World::new("yarn4");
    world.write("package.json", MANIFEST);
    world.write("yarn.lock", "");
    world.write(".yarnrc.yml", "nodeLinker: pnpm\n");
    world
        .run(&["yarn", "install", "--no-immutable"])
        .succeeded();
    let ground = Ground::keep(world);
    let untouched = ground.verify();
    assert_eq!(untouched.wrong(), [""; 0]);
    assert!(untouched.verified >= 6, "{untouched:?}");
    each(&ground, LINKED);
}

pub const LINKED: &[Case] = &[
    Case {
        way: "a file is edited, its size and time are put back",
        tamper: |ground| {
            let store = "project/node_modules/.store/is-odd-npm-3.0.1-93c3c3f41b";
            edit(ground, &format!("{store}/package/index.js"));
        },
        told: &["no: modified node_modules/.store/is-odd-npm-3.0.1-93c3c3f41b/package/index.js"],
    },
    Case {
        way: "a dependency of a package is a link to another one",
        tamper: |ground| {
            let place = "project/node_modules/.store/is-odd-npm-3.0.1-93c3c3f41b/node_modules";
            let other = "../../mkdirp-npm-1.0.4-37f6ef56b9/package";
            link(ground, &format!("{place}/is-number"), other);
        },
        told: &["no: extra node_modules/.store/is-odd-npm-3.0.1-93c3c3f41b/node_modules/is-number"],
    },
    Case {
        way: "a module lies beside a package",
        tamper: |ground| {
            let store = "project/node_modules/.store/is-odd-npm-3.0.1-93c3c3f41b";
            add(ground, &format!("{store}/node_modules/is-number.js"));
        },
        told: &[
            "no: extra node_modules/.store/is-odd-npm-3.0.1-93c3c3f41b/node_modules/is-number.js",
        ],
    },
    Case {
        way: "the project's own link leads to another package",
        tamper: |ground| {
            let other = ".store/mkdirp-npm-1.0.4-37f6ef56b9/package";
            link(ground, "project/node_modules/is-odd", other);
        },
        told: &["no: extra node_modules/is-odd"],
    },
    Case {
        way: "a package that no lockfile names lies in the store",
        tamper: |ground| {
            let store = "project/node_modules/.store/unnamed-npm-1.0.0-0000000000";
            add(ground, &format!("{store}/package/index.js"));
        },
        told: &["no: extra node_modules/.store/unnamed-npm-1.0.0-0000000000/package/index.js"],
    },
    Case {
        way: "the manifest names another release",
        tamper: |ground| {
            let store = "project/node_modules/.store/is-odd-npm-3.0.1-93c3c3f41b";
            let manifest = format!("{store}/package/package.json");
            replace(ground, &manifest, "\"3.0.1\"", "\"3.0.0\"");
        },
        told: &[
            "no: decoy node_modules/.store/is-odd-npm-3.0.1-93c3c3f41b/package",
            "no: modified node_modules/.store/is-odd-npm-3.0.1-93c3c3f41b/package/package.json",
        ],
    },
];

#[test]
fn the_zips_of_plug_n_play_are_what_the_lockfile_names_and_every_change_is_told() {
    let world = World::new("yarn4");
    world.write("package.json", MANIFEST);
    world.write("yarn.lock", "");
    world.write(".yarnrc.yml", "enableGlobalCache: false\n");
    world
        .run(&["yarn", "install", "--no-immutable"])
        .succeeded();
    let ground = Ground::keep(world);
    let untouched = ground.verify_by(Evidence::Managers);
    assert_eq!(untouched.wrong(), [""; 0]);
    assert!(untouched.verified >= 6, "{untouched:?}");
    // Map and program are what the lockfile and Yarn make of them.
    let is_told = |line: &String| line.contains(".pnp.");
    assert!(!untouched.lines.iter().any(is_told), "{untouched:?}");
    each(&ground, PLUG_N_PLAY);
}

pub const PLUG_N_PLAY: &[Case] = &[
    Case {
        way: "a zip is gone",
        tamper: |ground| {
            let zip = ground.find("cache/yarn", &["is-odd-npm-3.0.1"]);
            std::fs::remove_file(zip).unwrap();
        },
        told: &[
            "made here: extra .pnp.cjs",
            "not checked: .pnp.cjs: it takes is-odd@3.0.1 from ../cache/yarn/is-odd-npm-3.0.1-93c3c3f41b-89ee2e353c.zip/node_modules/is-odd/: no zip lies there",
        ],
    },
    Case {
        way: "a zip is another package's",
        tamper: |ground| {
            let other = ground.find("cache/yarn", &["mkdirp-npm-1.0.4"]);
            let zip = ground.find("cache/yarn", &["is-odd-npm-3.0.1"]);
            std::fs::copy(other, zip).unwrap();
        },
        told: &[
            "no: extra .pnp.cjs",
            "no: modified is-odd-npm-3.0.1-93c3c3f41b-89ee2e353c.zip",
            "no: poisoned Yarn's cache: is-odd@3.0.1",
            "why: .pnp.cjs: it takes is-odd@3.0.1 from ../cache/yarn/is-odd-npm-3.0.1-93c3c3f41b-89ee2e353c.zip/node_modules/is-odd/: that zip is not the one that the lockfile promises",
        ],
    },
    Case {
        way: "the map takes a package out of another package's zip",
        tamper: |ground| {
            let text = std::fs::read_to_string(ground.at("project/.pnp.cjs")).unwrap();
            let place = |name: &str| {
                let mut parts = text.split('"');
                let place = parts.find(|part| part.contains(name) && part.ends_with('/'));
                place.unwrap().to_owned()
            };
            let (zip, other) = (place("/is-odd-npm-3.0.1"), place("/mkdirp-npm-1.0.4"));
            replace(ground, "project/.pnp.cjs", &zip, &other);
        },
        told: &[
            "no: extra .pnp.cjs",
            "why: .pnp.cjs: it takes is-odd@3.0.1 from ../cache/yarn/mkdirp-npm-1.0.4-37f6ef56b9-46ea0f3ffa.zip/node_modules/mkdirp/: that is the inside of another package",
        ],
    },
    Case {
        way: "a package that no lockfile names is in the map",
        tamper: |ground| {
            let script = "project/.pnp.cjs";
            let from = "[\"is-odd\", [\\\n";
            let unnamed = "[\"unnamed\", [\\\n      [\"npm:1.0.0\", {\\\n        \"packageLocation\": \"./unnamed/\",\\\n        \"packageDependencies\": [\\\n          [\"unnamed\", \"npm:1.0.0\"]\\\n        ],\\\n        \"linkType\": \"HARD\"\\\n      }]\\\n    ]],\\\n    ";
            replace(ground, script, from, &format!("{unnamed}{from}"));
        },
        told: &[
            "no: extra .pnp.cjs",
            "why: .pnp.cjs: it has unnamed@1.0.0, which the lockfile does not have",
        ],
    },
    Case {
        way: "a file is added to an unplugged package",
        tamper: |ground| {
            let index = ground.find("project/.yarn/unplugged", &["bufferutil/index.js"]);
            std::fs::write(index.with_file_name("extra.js"), "").unwrap();
        },
        told: &[
            "no: extra .yarn/unplugged/bufferutil-npm-4.0.8-8005ed6210/node_modules/bufferutil/extra.js",
        ],
    },
    Case {
        way: "a program of an unplugged package is another one of the same size",
        tamper: |ground| {
            edit_at(&ground.find("project/.yarn/unplugged", &["linux-x64", ".node"]));
        },
        told: &[
            "no: modified .yarn/unplugged/bufferutil-npm-4.0.8-8005ed6210/node_modules/bufferutil/prebuilds/linux-x64/node.napi.node",
        ],
    },
    Case {
        way: "the map of its own beside the program says something else",
        tamper: |ground| write(ground, "project/.pnp.data.json", b"{}"),
        told: &[
            "made here: extra .pnp.data.json",
            "not checked: .pnp.data.json: it was not compared: it is not what Yarn 3 or 4 writes: missing field `__info` at line 1 column 2",
        ],
    },
    Case {
        way: "the program around the map says more",
        tamper: |ground| {
            let script = "project/.pnp.cjs";
            replace(
                ground,
                script,
                "module.exports = defaultApi;",
                "module.exports = defaultApi ;",
            );
        },
        told: &["made here: extra .pnp.cjs"],
    },
    Case {
        way: "the map leads to a folder in the place of a zip",
        tamper: |ground| {
            let text = std::fs::read_to_string(ground.at("project/.pnp.cjs")).unwrap();
            let zip = text
                .split('"')
                .find(|part| part.contains("/is-odd-npm-3.0.1"));
            add(ground, "project/other/node_modules/is-odd/index.js");
            let other = "./other/node_modules/is-odd/";
            replace(ground, "project/.pnp.cjs", zip.unwrap(), other);
        },
        told: &[
            "no: extra .pnp.cjs",
            "not checked: other/node_modules: not looked at: a node_modules that no lockfile places",
            "why: .pnp.cjs: it takes is-odd@3.0.1 from ./other/node_modules/is-odd/: that is no zip, and no folder that Yarn unpacks packages to",
        ],
    },
    Case {
        way: "the map gives a package another one by a name that it asks for",
        tamper: |ground| {
            let script = "project/.pnp.cjs";
            let from = "[\"is-number\", \"npm:6.0.0\"]";
            replace(ground, script, from, "[\"is-number\", \"npm:7.0.0\"]");
        },
        told: &[
            "no: extra .pnp.cjs",
            "why: .pnp.cjs: it gives is-number@6.0.0 is-number@7.0.0 as is-number, and the lockfile another one, or none",
            "why: .pnp.cjs: it gives is-odd@3.0.1 is-number@7.0.0 as is-number, and the lockfile another one, or none",
        ],
    },
    Case {
        way: "a file of an unplugged package is edited, its size and time are put back",
        tamper: |ground| edit_at(&ground.find("project/.yarn/unplugged", &["bufferutil/index.js"])),
        told: &[
            "no: modified .yarn/unplugged/bufferutil-npm-4.0.8-8005ed6210/node_modules/bufferutil/index.js",
        ],
    },
    Case {
        way: "a zip holds other bytes",
        tamper: |ground| edit_at(&ground.find("cache/yarn", &["is-odd-npm-3.0.1"])),
        told: &[
            "no: extra .pnp.cjs",
            "no: modified is-odd-npm-3.0.1-93c3c3f41b-89ee2e353c.zip",
            "no: poisoned Yarn's cache: is-odd@3.0.1",
            "why: .pnp.cjs: it takes is-odd@3.0.1 from ../cache/yarn/is-odd-npm-3.0.1-93c3c3f41b-89ee2e353c.zip/node_modules/is-odd/: that zip is not the one that the lockfile promises",
        ],
    },
    Case {
        way: "the lockfile promises another zip",
        tamper: |ground| {
            replace(
                ground,
                "project/yarn.lock",
                "checksum: 10c0/89ee2e353c",
                "checksum: 10c0/79ee2e353c",
            )
        },
        told: &[
            "no: extra .pnp.cjs",
            "no: modified is-odd-npm-3.0.1-93c3c3f41b-10c0.zip",
            "no: poisoned Yarn's cache: is-odd@3.0.1",
            "why: .pnp.cjs: it takes is-odd@3.0.1 from ../cache/yarn/is-odd-npm-3.0.1-93c3c3f41b-89ee2e353c.zip/node_modules/is-odd/: that zip is not the one that the lockfile promises",
        ],
    },
];
