//! What bun keeps unpacked.

use super::*;

/// A cache with three packages as bun unpacked them, and a lockfile that names two of them.
fn cache() -> (World, PathBuf) {
    let world = World::new();
    let cache = world.folder.path().join("bun");
    let mut lines = Vec::new();
    for (name, version, folder) in [
        ("a", "1.0.0", "a@1.0.0@@@1"),
        ("@s/b", "2.0.0-rc.1", "@s/b@2.0.0-c0ffee@@@1"),
        ("a", "3.0.0", "a@3.0.0@@@1"),
    ] {
        let manifest = manifest(name, version);
        let bytes = Tarball::new()
            .file("package.json", manifest.as_bytes())
            .file("cli.js", b"#!/usr/bin/env node\r\n")
            .bytes();
        let digest = world.keep(&bytes);
        if version != "3.0.0" {
            let key = name.trim_start_matches("@s/");
            lines.push(format!(
                r#""{key}": ["{name}@{version}", "", {{}}, "{}"]"#,
                digest.to_sri()
            ));
        }
        fs::create_dir_all(cache.join(folder)).unwrap();
        fs::write(cache.join(folder).join("package.json"), manifest).unwrap();
        fs::write(cache.join(folder).join("cli.js"), "#!/usr/bin/env node\n").unwrap();
        executable(&cache.join(folder).join("cli.js"));
    }
    link("../a@1.0.0@@@1", &cache.join("a/1.0.0@@@1"));
    world.write(
        "bun.lock",
        format!(
            r#"{{"lockfileVersion": 1, "workspaces": {{"": {{"name": "w"}}}}, "packages": {{{}}}}}"#,
            lines.join(", ")
        ),
    );
    (world, cache)
}

fn look(world: &World, cache: &Path) -> String {
    let lock = Lock::open(&world.at("bun.lock")).unwrap();
    told(&check_bun_cache(cache, &lock, &world.options()))
}

#[test]
fn a_cache_as_bun_unpacks_it_is_what_the_artifacts_are_and_an_edit_is_told() {
    let (world, cache) = cache();
    insta::assert_snapshot!(look(&world, &cache), @r"
    @s/b@2.0.0-rc.1 yes
    a@1.0.0 yes
    ");
    fs::write(cache.join("a@1.0.0@@@1/cli.js"), "#!/usr/bin/env node\n//").unwrap();
    fs::write(cache.join("@s/b@2.0.0-c0ffee@@@1/build.js"), "").unwrap();
    insta::assert_snapshot!(look(&world, &cache), @r"
    @s/b@2.0.0-rc.1 NO
      Extra build.js: UNEXPLAINED
    a@1.0.0 NO
      Modified cli.js: UNEXPLAINED
    ");
}

#[test]
fn other_versions_and_another_registrys_are_not_this_lockfiles() {
    let (world, cache) = cache();
    fs::write(cache.join("a@3.0.0@@@1/cli.js"), "other").unwrap();
    let told = look(&world, &cache);
    assert!(!told.contains("NO"), "{told}");
}

#[test]
fn without_artifacts_a_cache_is_not_checked_and_without_a_cache_nothing_is_said() {
    let (world, cache) = cache();
    let lock = Lock::open(&world.at("bun.lock")).unwrap();
    let report = check_bun_cache(&cache, &lock, &Options::default());
    assert!(matches!(report.answer(), Answer::NotChecked(_)));
    let nowhere = world.folder.path().join("nowhere");
    let report = check_bun_cache(&nowhere, &lock, &world.options());
    assert_eq!(report, TreeReport::default());
}
