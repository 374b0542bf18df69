//! Ordinary differences, and what proves them.

use super::*;

#[test]
fn what_a_platform_package_brings_may_be_copied_and_nothing_else() {
    let mut world = World::new();
    let binary = b"\x7fELF the program";
    let wrapper = r#"{"name": "w", "version": "1.0.0", "scripts": {"postinstall": "node i"}}"#;
    let bytes = Tarball::new()
        .file("package.json", wrapper.as_bytes())
        .program("bin/w", b"#!/usr/bin/env node\n")
        .bytes();
    let digest = world.keep(&bytes);
    world.lock(
        "node_modules/w",
        "1.0.0",
        &digest,
        serde_json::json!({"hasInstallScript": true}),
    );
    world.write("node_modules/w/package.json", wrapper);
    world.write("node_modules/w/bin/w", binary);
    executable(&world.at("node_modules/w/bin/w"));
    let platform = r#"{"name": "@w/here", "version": "1.0.0"}"#;
    let bytes = Tarball::new()
        .file("package.json", platform.as_bytes())
        .program("bin/w", binary)
        .bytes();
    let digest = world.keep(&bytes);
    let here = serde_json::json!({"optional": true, "os": ["!none"]});
    world.lock("node_modules/@w/here", "1.0.0", &digest, here);
    world.write("node_modules/@w/here/package.json", platform);
    world.write("node_modules/@w/here/bin/w", binary);
    executable(&world.at("node_modules/@w/here/bin/w"));
    let elsewhere = serde_json::json!({"optional": true, "os": ["none"]});
    world.lock("node_modules/@w/elsewhere", "1.0.0", &digest, elsewhere);
    insta::assert_snapshot!(world.told(), @r"
    @w/elsewhere@1.0.0 yes
      Missing : for another platform
    @w/here@1.0.0 yes
    w@1.0.0 yes
      Modified bin/w: copy of @w/here@1.0.0 bin/w
    ");
    world.write("node_modules/w/bin/w", b"\x7fELF another");
    insta::assert_snapshot!(world.told(), @r"
    @w/elsewhere@1.0.0 yes
      Missing : for another platform
    @w/here@1.0.0 yes
    w@1.0.0 NO
      Modified bin/w: UNEXPLAINED
    ");
}

#[test]
fn what_a_script_at_install_builds_is_made_here() {
    let mut world = World::new();
    let manifest =
        r#"{"name": "n", "version": "1.0.0", "scripts": {"install": "node-gyp rebuild"}}"#;
    let bytes = Tarball::new()
        .file("package.json", manifest.as_bytes())
        .bytes();
    let digest = world.keep(&bytes);
    world.lock("node_modules/n", "1.0.0", &digest, serde_json::json!({}));
    world.write("node_modules/n/package.json", manifest);
    world.write("node_modules/n/build/Release/n.node", "\x7fELF");
    world.write("node_modules/n/index.js", "evil");
    insta::assert_snapshot!(world.told(), @r"
    n@1.0.0 NO
      Extra build/Release/n.node: made here by the install script of n@1.0.0
      Extra index.js: UNEXPLAINED
    ");
    fs::remove_file(world.at("node_modules/n/index.js")).unwrap();
    let mut report = world.check(&world.options());
    report.pin(&|path| path.ends_with("n.node").then(|| Digest::sha256(b"\x7fELF")));
    assert_eq!(report.packages[0].answer, Answer::Yes);
    report.pin(&|path| path.ends_with("n.node").then(|| Digest::sha256(b"other")));
    assert_eq!(report.packages[0].answer, Answer::No);
}

#[test]
fn a_committed_patch_explains_what_it_makes_and_nothing_else() {
    let mut world = World::new();
    world.install("a", "1.0.0");
    let patch = "diff --git a/node_modules/a/index.js b/node_modules/a/index.js\n--- a/node_modules/a/index.js\n+++ b/node_modules/a/index.js\n@@ -1 +1 @@\n-module.exports = 1;\n+module.exports = 3;\n";
    world.write("patches/a+1.0.0.patch", patch);
    world.write("node_modules/a/index.js", "module.exports = 3;\n");
    insta::assert_snapshot!(world.told(), @r"
    a@1.0.0 yes
      Modified index.js: patch patches/a+1.0.0.patch
    ");
    world.write("node_modules/a/index.js", "module.exports = 4;\n");
    insta::assert_snapshot!(world.told(), @r"
    a@1.0.0 NO
      Modified index.js: UNEXPLAINED
    ");
}

#[test]
fn a_patch_that_only_adds_lines_may_have_been_applied_twice_and_not_more_often() {
    let mut world = World::new();
    world.install("a", "1.0.0");
    let patch = "diff --git a/node_modules/a/index.js b/node_modules/a/index.js\n--- a/node_modules/a/index.js\n+++ b/node_modules/a/index.js\n@@ -1 +1,2 @@\n module.exports = 1;\n+// Mine.\n";
    world.write("patches/a+1.0.0.patch", patch);
    for (times, explained) in [(1, true), (2, true), (3, false)] {
        let text = format!("module.exports = 1;\n{}", "// Mine.\n".repeat(times));
        world.write("node_modules/a/index.js", text);
        let told = world.told();
        assert_eq!(
            told.contains("patch patches/a+1.0.0.patch"),
            explained,
            "{told}"
        );
        assert_eq!(told.contains("UNEXPLAINED"), !explained, "{told}");
    }
}

/// A package of a virtual store with two files, patched, and a lockfile's entry for it.
fn patched(world: &World, place: &str) -> Digest {
    let manifest = manifest("a", "1.0.0");
    let bytes = Tarball::new()
        .file("package.json", manifest.as_bytes())
        .program("cli.js", b"c")
        .file("README.md", b"gone\n")
        .file("index.js", b"one\n")
        .bytes();
    world.write(&format!("{place}/package.json"), &manifest);
    world.write(&format!("{place}/cli.js"), "c");
    executable(&world.at(&format!("{place}/cli.js")));
    world.write(&format!("{place}/index.js"), "two\n");
    world.keep(&bytes)
}

const PATCH: &str = "diff --git a/README.md b/README.md\ndeleted file mode 100644\nindex b08207c..0000000\ndiff --git a/index.js b/index.js\nindex 79d1f22..9193867 100644\n--- a/index.js\n+++ b/index.js\n@@ -1 +1 @@\n-one\n+two\n";

#[test]
fn a_patch_of_pnpm_is_the_file_of_its_settings_with_the_digest_of_its_lockfile() {
    let world = World::new();
    let place = "node_modules/.pnpm/a@1.0.0_patch_hash=0/node_modules/a";
    let digest = patched(&world, place).to_sri();
    let hash = Digest::sha256(PATCH.as_bytes()).to_hex();
    world.write("pnpm-lock.yaml", format!(
        "lockfileVersion: '9.0'\npatchedDependencies:\n  a: {hash}\npackages:\n  a@1.0.0:\n    resolution: {{integrity: {digest}}}\nsnapshots:\n  a@1.0.0(patch_hash={hash}): {{}}\n"
    ));
    world.write("patches/a.patch", PATCH);
    let settings = "patchedDependencies:\n  a: patches/a.patch\n";
    world.write("pnpm-workspace.yaml", settings);
    world.write("node_modules/.pnpm_patches/state.json", "{}");
    let look = || told(&world.check_with("pnpm-lock.yaml", &world.options()));
    insta::assert_snapshot!(look(), @r"
    a@1.0.0 yes
      Missing README.md: patch patches/a.patch
      Modified index.js: patch patches/a.patch
    loose Extra node_modules/.pnpm_patches/state.json: made here by pnpm, which notes what is being patched
    ");
    let by_settings = look();
    // Line ends do not count for pnpm, and settings may stand in the manifest.
    world.write("patches/a.patch", PATCH.replace('\n', "\r\n"));
    assert!(!look().contains("no patch that"));
    world.write("patches/a.patch", PATCH);
    fs::remove_file(world.at("pnpm-workspace.yaml")).unwrap();
    let manifest = r#"{"pnpm": {"patchedDependencies": {"a@1.0.0": "./patches/a.patch"}}}"#;
    world.write("package.json", manifest);
    assert_eq!(look(), by_settings);
    // Another patch explains nothing, though it would make what lies there.
    world.write("patches/a.patch", format!("{PATCH}\n"));
    let other = look();
    assert!(other.contains("Modified index.js: UNEXPLAINED"), "{other}");
    assert!(other.contains("note a@1.0.0: no patch that"), "{other}");
    // So does one of another package.
    world.write("patches/a.patch", PATCH);
    world.write("package.json", manifest.replace("a@", "ab@"));
    assert_eq!(look(), other);
}

#[test]
fn a_patch_of_bun_is_the_one_of_its_lockfile_and_its_mark_is_empty() {
    let world = World::new();
    let place = "node_modules/.bun/a@1.0.0/node_modules/a";
    let integrity = patched(&world, place).to_sri();
    world.write("bun.lock", format!(
        r#"{{"lockfileVersion": 1, "patchedDependencies": {{"a@1.0.0": "own/a@1.0.0.patch"}}, "packages": {{"a": ["a@1.0.0", "", {{}}, "{integrity}"]}}}}"#
    ));
    world.write("own/a@1.0.0.patch", PATCH);
    let tag = format!("{place}/.bun-tag-ff23ebef0dfc3e25");
    world.write(&tag, "");
    let look = || told(&world.check_with("bun.lock", &world.options()));
    insta::assert_snapshot!(look(), @r"
    a@1.0.0 yes
      Extra .bun-tag-ff23ebef0dfc3e25: bun's mark that it patched the package; it is empty
      Missing README.md: patch own/a@1.0.0.patch
      Modified index.js: patch own/a@1.0.0.patch
    ");
    world.write(&tag, "x");
    world.write(&format!("{place}/.bun-tag-evil.js"), "");
    world.write(&format!("{place}/index.js"), "three\n");
    insta::assert_snapshot!(look(), @r"
    a@1.0.0 NO
      Extra .bun-tag-evil.js: UNEXPLAINED
      Extra .bun-tag-ff23ebef0dfc3e25: UNEXPLAINED
      Missing README.md: patch own/a@1.0.0.patch
      Modified index.js: UNEXPLAINED
    ");
}

#[test]
fn what_only_a_package_for_another_machine_asks_for_is_rightly_absent() {
    let world = World::new();
    let integrity = sha512(b"none").to_sri();
    let entry = |name: &str, more: &str| {
        format!("  {name}@1.0.0:\n    resolution: {{integrity: {integrity}}}\n{more}")
    };
    let lock = |wanted: &str| {
        let packages = [
            entry("wasm", "    cpu: [none]\n"),
            entry("runtime", ""),
            entry("helper", ""),
        ];
        format!(
            "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      {wanted}:\n        specifier: ^1\n        version: 1.0.0\npackages:\n{}snapshots:\n  wasm@1.0.0:\n    dependencies:\n      runtime: 1.0.0\n    optional: true\n  runtime@1.0.0:\n    dependencies:\n      helper: 1.0.0\n    optional: true\n  helper@1.0.0:\n    dependencies:\n      runtime: 1.0.0\n    optional: true\n",
            packages.concat()
        )
    };
    let look = |wanted: &str| {
        world.write("pnpm-lock.yaml", lock(wanted));
        told(&world.check_with("pnpm-lock.yaml", &world.options()))
    };
    insta::assert_snapshot!(look("wasm"), @r"
    helper@1.0.0 yes
      Missing : for another platform
    runtime@1.0.0 yes
      Missing : for another platform
    wasm@1.0.0 yes
      Missing : for another platform
    ");
    insta::assert_snapshot!(look("helper"), @r"
    helper@1.0.0 not checked: it is not installed here; the lockfile says that it may be left out
    runtime@1.0.0 not checked: it is not installed here; the lockfile says that it may be left out
    wasm@1.0.0 yes
      Missing : for another platform
    ");
}
