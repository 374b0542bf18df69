//! Projects of several packages, which also take a folder and an archive of their own: every
//! manager lays them out in ways of its own.

use crate::ground::Ground;
use crate::world::World;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Two members, one of which needs the other; a folder with a command; an archive with two.
fn project(tool: &str, between: &str) -> World {
    let world = World::new(tool);
    world.write(
        "package.json",
        r#"{"name": "demo", "version": "1.0.0", "private": true, "workspaces": ["packages/*"],
            "dependencies": {"is-odd": "3.0.1", "folder": "file:./own/folder",
                             "archive": "file:./own/archive-1.0.0.tgz"}}"#,
    );
    world.write(
        "packages/a/package.json",
        &format!(
            r#"{{"name": "@demo/a", "version": "1.0.0", "bin": "a.js",
                "dependencies": {{"@demo/b": "{between}", "semver": "6.3.1"}}}}"#
        ),
    );
    world.write("packages/a/a.js", "#!/usr/bin/env node\n");
    world.write(
        "packages/b/package.json",
        r#"{"name": "@demo/b", "version": "1.0.0", "dependencies": {"semver": "7.6.3"}}"#,
    );
    world.write(
        "own/folder/package.json",
        r#"{"name": "folder", "version": "1.0.0", "bin": "folder.js"}"#,
    );
    world.write("own/folder/folder.js", "#!/usr/bin/env node\n");
    std::fs::write(world.dir().join("own/archive-1.0.0.tgz"), archive()).unwrap();
    world
}

fn archive() -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let manifest = r#"{"name": "archive", "version": "1.0.0",
                       "bin": {"shell": "run", "flagged": "run.js"}}"#;
    for (path, text) in [
        ("package/package.json", manifest),
        ("package/run", "#!/bin/sh\n"),
        ("package/run.js", "#!/usr/bin/env -S node --no-warnings\n"),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o755);
        archive
            .append_data(&mut header, path, text.as_bytes())
            .unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

/// Installs, and gives what is wrong and how many packages are as their artifacts have them.
fn laid_out(world: World, install: &[&str]) -> (Vec<String>, usize) {
    world.run(install).succeeded();
    let answers = Ground::keep(world).verify();
    let wrong = answers.wrong().into_iter().map(str::to_owned).collect();
    (wrong, answers.verified)
}

#[test]
fn members_are_explained_whoever_lays_them_out() {
    let nothing = Vec::<String>::new();
    let npm = laid_out(project("npm", "*"), &["npm", "install"]);
    assert_eq!(npm, (nothing.clone(), 5));
    let yarn = laid_out(project("yarn1", "*"), &["yarn", "install"]);
    assert_eq!(yarn, (nothing.clone(), 5));

    let world = project("yarn4", "workspace:*");
    world.write("yarn.lock", "");
    world.write(".yarnrc.yml", "nodeLinker: node-modules\n");
    let yarn = laid_out(world, &["yarn", "install", "--no-immutable"]);
    assert_eq!(yarn.0, nothing);

    let linked = ["npm", "install", "--install-strategy=linked"];
    let world = project("npm", "*");
    // npm itself does not find an archive of the project then.
    let manifest = world.read("package.json");
    let archive = r#""archive": "file:./own/archive-1.0.0.tgz""#;
    assert!(manifest.contains(archive));
    world.write(
        "package.json",
        &manifest.replace(archive, r#""left-pad": "1.3.0""#),
    );
    let npm = laid_out(world, &linked);
    assert_eq!(npm, (nothing.clone(), 5));
    let world = project("yarn4", "workspace:*");
    world.write("yarn.lock", "");
    world.write(".yarnrc.yml", "nodeLinker: pnpm\n");
    let yarn = laid_out(world, &["yarn", "install", "--no-immutable"]);
    assert_eq!(yarn.0, nothing);

    for linker in ["isolated", "hoisted"] {
        let world = project("pnpm", "workspace:*");
        let settings = format!("packages:\n  - packages/*\nnodeLinker: {linker}\n");
        world.write("pnpm-workspace.yaml", &settings);
        let pnpm = laid_out(world, &["pnpm", "install"]);
        assert_eq!(pnpm, (nothing.clone(), 5), "{linker}");
        let world = project("bun", "workspace:*");
        let bun = laid_out(world, &["bun", "install", "--linker", linker]);
        assert_eq!(bun, (nothing.clone(), 5), "{linker}");
    }
}
