//! What Yarn 1 keeps unpacked.

use super::*;

/// A cache with a package as Yarn 1 keeps it, and a lockfile that names it.
fn cache() -> (World, PathBuf) {
    let world = World::new();
    let cache = world.folder.path().join("yarn/v6");
    let manifest = manifest("@s/a", "1.0.0");
    let bytes = Tarball::new()
        .file("package.json", manifest.as_bytes())
        .file("cli.js", b"#!/usr/bin/env node\n")
        .bytes();
    let entry = entry(&cache);
    fs::create_dir_all(&entry).unwrap();
    fs::write(entry.join("package.json"), &manifest).unwrap();
    fs::write(entry.join("cli.js"), "#!/usr/bin/env node\n").unwrap();
    executable(&entry.join("cli.js"));
    fs::write(entry.join(".yarn-tarball.tgz"), &bytes).unwrap();
    fs::write(entry.join(".yarn-metadata.json"), "{}").unwrap();
    let lock = format!(
        "# yarn lockfile v1\n\n\n\"@s/a@^1.0.0\":\n  version \"1.0.0\"\n  resolved \"https://registry.example/@s/a/-/a-1.0.0.tgz\"\n  integrity {}\n",
        sha512(&bytes).to_sri()
    );
    world.write("yarn.lock", lock);
    (world, cache)
}

fn entry(cache: &Path) -> PathBuf {
    let entry = format!("npm-@s-a-1.0.0-{}-integrity", "0a".repeat(20));
    cache.join(entry).join("node_modules/@s/a")
}

fn look(world: &World, cache: &Path) -> String {
    let lock = Lock::open(&world.at("yarn.lock")).unwrap();
    let options = Options {
        caches: Caches {
            yarn_classic: Some(cache.to_owned()),
            ..Caches::default()
        },
        ..Options::default()
    };
    told(&check_yarn_cache(cache, &lock, &options))
}

#[test]
fn what_yarn_1_unpacked_beside_an_artifact_is_held_against_it() {
    let (world, cache) = cache();
    assert_eq!(look(&world, &cache), "@s/a@1.0.0 yes\n");
    // The artifact is as it was: only what Yarn copies into the next tree is another.
    fs::write(entry(&cache).join("cli.js"), "#!/usr/bin/env node\n//").unwrap();
    fs::write(entry(&cache).join("more.js"), "").unwrap();
    let told = look(&world, &cache);
    let told: Vec<&str> = told.lines().map(str::trim).collect();
    assert_eq!((told[0], told.len()), ("@s/a@1.0.0 NO", 3), "{told:?}");
    assert!(told.contains(&"Modified cli.js: UNEXPLAINED"), "{told:?}");
    assert!(told.contains(&"Extra more.js: UNEXPLAINED"), "{told:?}");
}

#[test]
fn an_entry_without_its_artifact_is_no_yes_and_another_releases_is_not_looked_at() {
    let (world, cache) = cache();
    let other = entry(&cache)
        .to_string_lossy()
        .replace("-1.0.0-", "-1.0.0-beta-");
    fs::create_dir_all(&other).unwrap();
    fs::write(Path::new(&other).join("cli.js"), "other").unwrap();
    assert_eq!(look(&world, &cache), "@s/a@1.0.0 yes\n");
    fs::remove_file(entry(&cache).join(".yarn-tarball.tgz")).unwrap();
    let told = look(&world, &cache);
    assert!(told.starts_with("@s/a@1.0.0 not checked"), "{told}");
    let nowhere = world.folder.path().join("nowhere");
    assert_eq!(look(&world, &nowhere), "");
}

#[test]
fn a_script_at_install_that_only_the_note_of_yarn_1_has_is_told() {
    let (world, cache) = cache();
    let note = |script: &str, command: &str| {
        let note = serde_json::json!({"manifest": {"scripts": {script: command}}});
        let path = entry(&cache).join(".yarn-metadata.json");
        fs::write(path, note.to_string()).unwrap();
        look(&world, &cache)
    };
    assert_eq!(note("test", "mocha"), "@s/a@1.0.0 yes\n");
    let told = note("postinstall", "node evil.js");
    insta::assert_snapshot!(told, @r#"
    @s/a@1.0.0 NO
      Modified .yarn-metadata.json: UNEXPLAINED
        why .yarn-metadata.json: it says that postinstall runs "node evil.js", and the package does not
    "#);
    // Yarn adds it where a binding.gyp lies in the package, and only there.
    let told = note("install", "node-gyp rebuild");
    assert!(told.starts_with("@s/a@1.0.0 NO\n"), "{told}");
}

#[cfg(unix)]
#[test]
fn links_of_yarn_1_to_a_packages_own_programs_are_no_difference_and_others_are() {
    use std::os::unix::fs::symlink;
    let (world, cache) = cache();
    let bin = entry(&cache).join(".bin");
    fs::create_dir_all(&bin).unwrap();
    symlink("../cli.js", bin.join("a")).unwrap();
    assert_eq!(look(&world, &cache), "@s/a@1.0.0 yes\n");
    symlink("/bin/sh", bin.join("b")).unwrap();
    fs::write(bin.join("c"), "").unwrap();
    let told = look(&world, &cache);
    let told: Vec<&str> = told.lines().map(str::trim).collect();
    assert_eq!((told[0], told.len()), ("@s/a@1.0.0 NO", 3), "{told:?}");
    assert!(told.iter().any(|line| line.contains(".bin/b")), "{told:?}");
    assert!(told.iter().any(|line| line.contains(".bin/c")), "{told:?}");
}
