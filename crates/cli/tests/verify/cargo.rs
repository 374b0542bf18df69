//! cargo: the sources that it unpacked below its home, and vendored crates.

use crate::ground::Ground;
use crate::table::{Case, each};
use crate::tamper::{add, delete, edit, edit_at, link, replace, write};
use crate::world::World;
use std::fs;
use std::path::Path;

const MANIFEST: &str = "[package]
name = \"demo\"
version = \"0.1.0\"
edition = \"2021\"
[dependencies]
itoa = \"=1.0.11\"
cfg-if = \"=1.0.0\"
[workspace]
";

fn world() -> World {
    let world = World::new("cargo");
    world.write("Cargo.toml", MANIFEST);
    world.write("src/lib.rs", "");
    world
}

#[test]
fn sources_below_cargos_home_are_what_the_lockfile_names_and_every_change_is_told() {
    let world = world();
    world.run(&["cargo", "build"]).succeeded();
    let ground = Ground::keep(world);
    let untouched = ground.verify();
    assert_eq!(untouched.wrong(), [""; 0]);
    assert_eq!(untouched.verified, 2, "{untouched:?}");
    each(&ground, REGISTRY);
}

pub const REGISTRY: &[Case] = &[
    Case {
        way: "a source is edited, its size and time are put back",
        tamper: |ground| edit_at(&source(ground)),
        told: &["no: modified $CARGO_HOME/registry/src/REGISTRY/itoa-1.0.11/src/lib.rs"],
    },
    Case {
        way: "a build script is added",
        tamper: |ground| {
            let folder = source(ground);
            let folder = folder.parent().unwrap().parent().unwrap();
            fs::write(folder.join("build.rs"), "fn main() {}\n").unwrap();
        },
        told: &["no: extra $CARGO_HOME/registry/src/REGISTRY/itoa-1.0.11/build.rs"],
    },
    Case {
        way: "the .crate holds other bytes",
        tamper: |ground| edit_at(&ground.find(".cargo/registry/cache", &["itoa-1.0.11.crate"])),
        told: &["no: modified $CARGO_HOME/registry/cache/REGISTRY/itoa-1.0.11.crate"],
    },
    Case {
        way: "a source is edited, and a folder `vendor` that nothing names holds the right ones",
        tamper: |ground| {
            ground.run(&["cargo", "vendor"]);
            edit_at(&source(ground));
        },
        told: &["no: modified $CARGO_HOME/registry/src/REGISTRY/itoa-1.0.11/src/lib.rs"],
    },
    Case {
        way: "the settings put another folder in the place of a crate, which no lockfile tells",
        tamper: |ground| {
            let from = source(ground);
            copy(
                from.parent().unwrap().parent().unwrap(),
                &ground.at("project/other"),
            );
            edit(ground, "project/other/src/lib.rs");
            write(
                ground,
                "project/.cargo/config.toml",
                b"paths = [\"other\"]\n",
            );
        },
        told: &["no: modified other/src/lib.rs"],
    },
];

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => {
                fs::create_dir_all(to.parent().unwrap()).unwrap();
                fs::copy(entry.path(), to).unwrap();
            }
        }
    }
}

fn source(ground: &Ground) -> std::path::PathBuf {
    ground.find(".cargo/registry/src", &["itoa-1.0.11/src/lib.rs"])
}

#[test]
fn vendored_crates_are_what_the_lockfile_names_and_every_change_is_told() {
    let world = world();
    let vendored = world.run(&["cargo", "vendor"]);
    vendored.succeeded();
    world.write(".cargo/config.toml", &vendored.stdout);
    let ground = Ground::keep(world);
    let untouched = ground.verify();
    assert_eq!(untouched.wrong(), [""; 0]);
    assert_eq!(untouched.verified, 2, "{untouched:?}");
    each(&ground, VENDOR);
}

pub const VENDOR: &[Case] = &[
    Case {
        way: "a source is edited, its size and time are put back",
        tamper: |ground| edit(ground, "project/vendor/itoa/src/lib.rs"),
        told: &["no: modified vendor/itoa/src/lib.rs"],
    },
    Case {
        way: "a source is edited, and the list of checksums says so",
        tamper: edit_with_list,
        told: &[
            "no: extra vendor/itoa/.cargo-checksum.json",
            "no: modified vendor/itoa/src/lib.rs",
        ],
    },
    Case {
        way: "a build script is added, which no list names",
        tamper: |ground| write(ground, "project/vendor/itoa/build.rs", b"fn main() {}\n"),
        told: &["no: extra vendor/itoa/build.rs"],
    },
    Case {
        way: "the list names the package's digest no more",
        tamper: |ground| {
            let list = "project/vendor/itoa/.cargo-checksum.json";
            replace(ground, list, "\"package\":\"4", "\"package\":\"5");
        },
        told: &["no: extra vendor/itoa/.cargo-checksum.json"],
    },
    Case {
        way: "the list is gone",
        tamper: |ground| delete(ground, "project/vendor/itoa/.cargo-checksum.json"),
        told: &["no: missing vendor/itoa/.cargo-checksum.json"],
    },
    Case {
        way: "the manifest names another release",
        tamper: |ground| {
            let manifest = "project/vendor/itoa/Cargo.toml";
            replace(
                ground,
                manifest,
                "version = \"1.0.11\"",
                "version = \"1.0.12\"",
            );
        },
        told: &[
            "no: decoy vendor/itoa",
            "no: modified vendor/itoa/Cargo.toml",
        ],
    },
    Case {
        way: "a crate is a link to elsewhere",
        tamper: |ground| {
            add(ground, "project/elsewhere/Cargo.toml");
            link(ground, "project/vendor/itoa", "../elsewhere");
        },
        told: &[
            "no: other type vendor/itoa",
            "not checked: locked crates are not vendored here",
        ],
    },
    Case {
        way: "a crate that no lockfile names is added",
        tamper: |ground| {
            let manifest = b"[package]\nname = \"unnamed\"\nversion = \"1.0.0\"\n";
            write(ground, "project/vendor/unnamed/Cargo.toml", manifest);
            write(
                ground,
                "project/vendor/unnamed/.cargo-checksum.json",
                b"{\"files\":{}}",
            );
        },
        told: &["no: extra vendor/unnamed/Cargo.toml"],
    },
];

fn edit_with_list(ground: &Ground) {
    let source = "project/vendor/itoa/src/lib.rs";
    let digest = |ground: &Ground| {
        let bytes = fs::read(ground.at(source)).unwrap();
        customs_model::Digest::sha256(&bytes).to_hex()
    };
    let before = digest(ground);
    edit(ground, source);
    let list = "project/vendor/itoa/.cargo-checksum.json";
    replace(ground, list, &before, &digest(ground));
}
