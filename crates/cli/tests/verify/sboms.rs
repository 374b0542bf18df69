//! Records of a real tree, held against the official schema of CycloneDX 1.6 and SPDX's own validator,
//! which the pinned tools bring.

use crate::ground::Ground;
use crate::npm::MANIFEST;
use crate::tamper::{add, edit, link};
use crate::world::{World, package_of};
use std::path::Path;
use std::process::Command;

/// What is wrong with two records, a line each.
fn wrong(cyclonedx: &Path, spdx: &Path) -> String {
    let parts = package_of("sbom");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verify/sboms.py");
    let asked = Command::new("python3")
        .arg(script)
        .arg(&parts)
        .args([cyclonedx, spdx])
        .env("PYTHONPATH", &parts)
        .output()
        .unwrap();
    assert!(asked.status.success(), "{asked:?}");
    String::from_utf8(asked.stdout).unwrap()
}

/// Both records of the project as it is now.
fn records(ground: &Ground) -> [std::path::PathBuf; 2] {
    ["cyclonedx", "spdx"].map(|format| {
        let file = ground.beside(&format!("{format}.json"));
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        let mut customs =
            crate::ask::customs(&ground.project(), &ground.home(), &ground.beside(""));
        let wrote = customs
            .args(["included", "--format", format, "--output"])
            .arg(&file)
            .output()
            .unwrap();
        assert!(file.is_file(), "{wrote:?}");
        file
    })
}

#[test]
fn records_of_a_tree_are_what_the_authors_of_their_formats_take() {
    let world = World::new("npm");
    world.write("package.json", MANIFEST);
    world.run(&["npm", "install"]).succeeded();
    let ground = Ground::keep(world);
    let [cyclonedx, spdx] = records(&ground);
    assert_eq!(wrong(&cyclonedx, &spdx), "");
    // What was tampered with, and names that are hard to write.
    edit(&ground, "project/node_modules/is-odd/index.js");
    add(
        &ground,
        "project/node_modules/is-odd/a \"b\" <c>\n\u{1f980}.js",
    );
    link(&ground, "project/node_modules/is-odd/out", "../../../..");
    let [cyclonedx, spdx] = records(&ground);
    assert_eq!(wrong(&cyclonedx, &spdx), "");
    // The validators do find what is wrong.
    let text = std::fs::read_to_string(&cyclonedx).unwrap();
    std::fs::write(&cyclonedx, text.replace("\"SHA-256\"", "\"SHA-9\"")).unwrap();
    let text = std::fs::read_to_string(&spdx).unwrap();
    let other = text.replace("\"NOASSERTION\"", "\"no licence of this name\"");
    assert_ne!(other, text);
    std::fs::write(&spdx, other).unwrap();
    let told = wrong(&cyclonedx, &spdx);
    assert!(
        told.contains("cyclonedx: ") && told.contains("SHA-9"),
        "{told}"
    );
    assert!(told.contains("spdx: "), "{told}");
}
