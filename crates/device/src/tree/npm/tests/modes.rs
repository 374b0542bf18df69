//! The right to execute a file.

use super::*;

/// `a` has a program that its manifest names, one that it does not name, and text.
fn world(scripts: &str) -> World {
    let mut world = World::new();
    let manifest = format!(
        r#"{{"name": "a", "version": "1.0.0", "bin": "cli.js", "scripts": {{{scripts}}}}}"#
    );
    let bytes = Tarball::new()
        .file("package.json", manifest.as_bytes())
        .file("cli.js", b"#!/usr/bin/env node\n")
        .program("run.sh", b"#!/bin/sh\n")
        .file("README.md", b"a\n")
        .bytes();
    let digest = world.keep(&bytes);
    world.lock("node_modules/a", "1.0.0", &digest, serde_json::json!({}));
    world.write("node_modules/a/package.json", manifest);
    world.write("node_modules/a/cli.js", "#!/usr/bin/env node\n");
    world.write("node_modules/a/run.sh", "#!/bin/sh\n");
    world.write("node_modules/a/README.md", "a\n");
    mode(&world, "cli.js", 0o755);
    mode(&world, "run.sh", 0o755);
    // Another package shows that the file system keeps rights.
    world.install("other", "1.0.0");
    world
}

fn mode(world: &World, file: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = world.at(&format!("node_modules/a/{file}"));
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// What is unexplained.
fn open(world: &World) -> Vec<String> {
    let report = world.check(&world.options());
    let open = report
        .differences()
        .filter(|(_, difference)| difference.standing == Standing::Unexplained);
    open.map(|(_, difference)| format!("{:?} {}", difference.kind, difference.path))
        .collect()
}

#[test]
fn a_right_to_execute_that_was_gained_or_lost_is_told() {
    let world = world("");
    assert_eq!(open(&world), [""; 0]);
    // An umask takes rights of others away.
    mode(&world, "run.sh", 0o700);
    assert_eq!(open(&world), [""; 0]);
    mode(&world, "run.sh", 0o644);
    assert_eq!(open(&world), ["Mode run.sh"]);
    mode(&world, "README.md", 0o755);
    assert_eq!(open(&world), ["Mode README.md", "Mode run.sh"]);
}

#[test]
fn programs_that_are_named_and_packages_whose_script_may_have_run_are_explained() {
    let named = world("");
    mode(&named, "cli.js", 0o644);
    assert_eq!(open(&named), [""; 0]);
    let runs = world(r#""postinstall": "chmod +x README.md""#);
    mode(&runs, "README.md", 0o755);
    assert_eq!(open(&runs), [""; 0]);
}

#[test]
fn a_file_that_lends_its_owners_rights_is_told_whatever_else_explains_it() {
    let world = world(r#""postinstall": "node build""#);
    for (file, bits) in [("cli.js", 0o4755), ("run.sh", 0o2755)] {
        mode(&world, file, bits);
    }
    world.write("node_modules/a/build/x.node", "\x7fELF");
    mode(&world, "build/x.node", 0o4755);
    assert_eq!(
        open(&world),
        ["Extra build/x.node", "Mode cli.js", "Mode run.sh"]
    );
}

#[test]
fn a_file_system_that_keeps_no_rights_is_no_finding() {
    let world = world("");
    for name in ["a", "other"] {
        for file in fs::read_dir(world.at(&format!("node_modules/{name}"))).unwrap() {
            executable(&file.unwrap().path());
        }
    }
    assert_eq!(open(&world), [""; 0]);
}
