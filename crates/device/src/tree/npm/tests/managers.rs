//! What each manager does in its own way.

use super::*;

#[test]
fn pnpm_s_layout_is_read_by_the_names_of_its_folders() {
    let world = World::new();
    let manifest = manifest("a", "1.0.0");
    let bytes = Tarball::new()
        .file("package.json", manifest.as_bytes())
        .file("cli.js", b"c")
        .bytes();
    let digest = world.keep(&bytes);
    let store = "node_modules/.pnpm/a@1.0.0_react@18.0.0/node_modules";
    world.write(&format!("{store}/a/package.json"), &manifest);
    world.write(&format!("{store}/a/cli.js"), "c");
    executable(&world.at(&format!("{store}/a/cli.js")));
    link(
        ".pnpm/a@1.0.0_react@18.0.0/node_modules/a",
        &world.at("node_modules/a"),
    );
    link(
        ".pnpm/a@1.0.0_react@18.0.0/node_modules/a",
        &world.at("node_modules/react"),
    );
    let lock = format!(
        "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      a:\n        specifier: ^1\n        version: 1.0.0\npackages:\n  a@1.0.0:\n    resolution: {{integrity: {}}}\nsnapshots:\n  a@1.0.0: {{}}\n",
        digest.to_sri()
    );
    world.write("pnpm-lock.yaml", lock);
    let report = world.check_with("pnpm-lock.yaml", &world.options());
    insta::assert_snapshot!(told(&report), @r"
    a@1.0.0 yes
    loose Extra node_modules/a: a link to the package of its name
    loose Extra node_modules/react: UNEXPLAINED
    ");
}

#[test]
fn a_script_of_pnpm_names_folders_by_their_real_path_and_a_project_may_be_named_otherwise() {
    let mut world = World::new();
    world.install("a", "1.0.0");
    let real = fs::canonicalize(world.project()).unwrap();
    let shim = format!(
        "#!/bin/sh\nexport NODE_PATH=\"{}/node_modules\"\nexec node \"$basedir/../a/cli.js\" \"$@\"\n",
        real.display()
    );
    world.write("node_modules/.bin/a", shim);
    world.write_lock();
    let named = world.project().join("node_modules/..");
    let lock = Lock::open(&world.at("package-lock.json")).unwrap();
    let report = check(&named, &lock, &world.options());
    assert!(matches!(report.loose[0].standing, Standing::Explained(_)));
}

#[test]
fn pnpm_s_own_list_is_named_as_such() {
    let world = World::new();
    let manifest = manifest("a", "1.0.0");
    let place = "node_modules/.pnpm/a@1.0.0/node_modules/a";
    world.write(&format!("{place}/package.json"), &manifest);
    world.write(&format!("{place}/cli.js"), "edited");
    let tarball = sha512(b"the tarball");
    let hex = tarball.to_hex();
    let store = world.folder.path().join("pnpm/v10");
    let list = serde_json::json!({"files": {
        "package.json": {"integrity": sha512(manifest.as_bytes()).to_sri(), "mode": 420, "size": 1},
        "cli.js": {"integrity": sha512(b"c").to_sri(), "mode": 420, "size": 1},
    }});
    let folder = store.join("index").join(&hex[..2]);
    fs::create_dir_all(&folder).unwrap();
    fs::write(
        folder.join(format!("{}-a@1.0.0.json", &hex[2..64])),
        list.to_string(),
    )
    .unwrap();
    let lock = format!(
        "lockfileVersion: '9.0'\npackages:\n  a@1.0.0:\n    resolution: {{integrity: {}}}\nsnapshots:\n  a@1.0.0: {{}}\n",
        tarball.to_sri()
    );
    world.write("pnpm-lock.yaml", lock);
    let options = Options {
        caches: Caches {
            pnpm_store: Some(store),
            ..Caches::default()
        },
        ..world.options()
    };
    let report = world.check_with("pnpm-lock.yaml", &options);
    assert!(matches!(
        report.packages[0].against,
        Some(Against::OwnList { .. })
    ));
    assert_eq!(
        report.packages[0].differences[0].expected,
        Some(sha512(b"c"))
    );
    insta::assert_snapshot!(told(&report), @r"
    a@1.0.0 NO
      Modified cli.js: UNEXPLAINED
    ");
}

#[test]
fn a_program_that_was_copied_is_known_by_pnpm_s_list_too_and_proves_nothing_more() {
    let world = World::new();
    let store = world.folder.path().join("pnpm/v10");
    let mut packages = String::new();
    let mut snapshots = String::new();
    for (name, restricts) in [("a", ""), ("here", "    os: [linux, darwin, win32]\n")] {
        let release = format!("{name}@1.0.0");
        let text = serde_json::json!({
            "name": name, "version": "1.0.0", "scripts": {"install": "node copy.js"},
        })
        .to_string();
        let place = format!("node_modules/.pnpm/{release}/node_modules/{name}");
        world.write(&format!("{place}/package.json"), &text);
        let own = vec![7; 20_000];
        world.write(&format!("{place}/bin/program"), &own);
        let listed = if name == "a" {
            &b"a stand-in"[..]
        } else {
            &own[..]
        };
        let list = serde_json::json!({"files": {
            "package.json": {"integrity": sha512(text.as_bytes()).to_sri(), "mode": 420, "size": 1},
            "bin/program": {"integrity": sha512(listed).to_sri(), "mode": 420, "size": 1},
        }});
        let tarball = sha512(release.as_bytes());
        let hex = tarball.to_hex();
        let folder = store.join("index").join(&hex[..2]);
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join(format!("{}-{release}.json", &hex[2..64]));
        fs::write(file, list.to_string()).unwrap();
        let integrity = tarball.to_sri();
        packages +=
            &format!("  {release}:\n    resolution: {{integrity: {integrity}}}\n{restricts}");
        snapshots += &format!("  {release}: {{}}\n");
    }
    let lock = format!("lockfileVersion: '9.0'\npackages:\n{packages}snapshots:\n{snapshots}");
    world.write("pnpm-lock.yaml", lock);
    let options = Options {
        caches: Caches {
            pnpm_store: Some(store),
            ..Caches::default()
        },
        ..world.options()
    };
    let look = || told(&world.check_with("pnpm-lock.yaml", &options));
    insta::assert_snapshot!(look(), @r"
    a@1.0.0 not checked: its artifact is not on this computer; fetch it with --fetch; it was compared with the index of pnpm's store, which whoever changes a file can change too
      Modified bin/program: copy of here@1.0.0 bin/program
    here@1.0.0 not checked: its artifact is not on this computer; fetch it with --fetch; it was compared with the index of pnpm's store, which whoever changes a file can change too
    ");
    world.write(
        "node_modules/.pnpm/a@1.0.0/node_modules/a/bin/program",
        "other",
    );
    insta::assert_snapshot!(look(), @r"
    a@1.0.0 NO
      Modified bin/program: UNEXPLAINED
    here@1.0.0 not checked: its artifact is not on this computer; fetch it with --fetch; it was compared with the index of pnpm's store, which whoever changes a file can change too
    ");
}

#[test]
fn yarn_1_is_walked_and_a_manifest_is_only_a_claim() {
    let world = World::new();
    let manifest = manifest("a", "1.0.0");
    let bytes = Tarball::new()
        .file("package.json", manifest.as_bytes())
        .bytes();
    let digest = world.keep(&bytes);
    world.write("node_modules/a/package.json", &manifest);
    let lock = format!(
        "# yarn lockfile v1\n\n\na@^1.0.0:\n  version \"1.0.0\"\n  resolved \"https://registry.example/a/-/a-1.0.0.tgz\"\n  integrity {}\n",
        digest.to_sri()
    );
    world.write("yarn.lock", lock);
    let look = || told(&world.check_with("yarn.lock", &world.options()));
    insta::assert_snapshot!(look(), @r"a@1.0.0 yes");
    world.write(
        "node_modules/a/package.json",
        manifest.replace("1.0.0", "2.0.0"),
    );
    insta::assert_snapshot!(look(), @r"
    a@1.0.0 NO
      claims to be a@2.0.0
      Modified package.json: UNEXPLAINED
    ");
}

#[test]
fn yarn_4_is_compared_with_its_own_zip() {
    use std::io::Write as _;
    let world = World::new();
    let manifest = manifest("a", "1.0.0");
    let mut zip = ::zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = ::zip::write::SimpleFileOptions::default().unix_permissions(0o644);
    for (path, content) in [("package.json", manifest.as_str()), ("index.js", "i")] {
        zip.start_file(format!("node_modules/a/{path}"), options)
            .unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    let bytes = zip.finish().unwrap().into_inner();
    let digest = sha512(&bytes);
    world.write(".yarn/cache/a-npm-1.0.0-4df3d69157-10c0.zip", &bytes);
    world.write("node_modules/a/package.json", &manifest);
    world.write("node_modules/a/index.js", "edited");
    let lock = format!(
        "__metadata:\n  version: 8\n  cacheKey: 10c0\n\n\"a@npm:^1.0.0\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n  checksum: 10c0/{}\n  languageName: node\n  linkType: hard\n",
        digest.to_hex()
    );
    world.write("yarn.lock", lock);
    let look = || told(&world.check_with("yarn.lock", &world.options()));
    insta::assert_snapshot!(look(), @r"
    a@1.0.0 NO
      Modified index.js: UNEXPLAINED
    ");
    fs::remove_dir_all(world.at("node_modules")).unwrap();
    world.write(".pnp.cjs", "loader");
    insta::assert_snapshot!(look(), @r"
    a@1.0.0 yes
    loose Extra .pnp.cjs: made here by Yarn: its loader of modules, code that each program here runs first
    ");
    let unplugged = ".yarn/unplugged/a-npm-1.0.0-0123456789/node_modules/a";
    world.write(&format!("{unplugged}/package.json"), &manifest);
    world.write(&format!("{unplugged}/index.js"), "edited");
    world.write(&format!("{unplugged}/.ready"), "");
    world.write(".yarn/unplugged/evil.js", "evil");
    insta::assert_snapshot!(look(), @r"
    a@1.0.0 yes
    a@1.0.0 NO
      Extra .ready: Yarn's mark that it unpacked a package; it is empty
      Modified index.js: UNEXPLAINED
    loose Extra .pnp.cjs: made here by Yarn: its loader of modules, code that each program here runs first
    loose Extra .yarn/unplugged/evil.js: UNEXPLAINED
    ");
    world.write(".yarn/cache/a-npm-1.0.0-4df3d69157-10c0.zip", "other");
    insta::assert_snapshot!(look(), @r"
    a@1.0.0 NO
      Modified : UNEXPLAINED
    a@1.0.0 not checked: the copy in Yarn's cache is not what the lockfile promises; empty that cache, and fetch it again
    loose Extra .pnp.cjs: made here by Yarn: its loader of modules, code that each program here runs first
    loose Extra .yarn/unplugged/evil.js: UNEXPLAINED
    poisoned Yarn's cache a@1.0.0
    ");
}

#[test]
fn yarn_1_keeps_a_hard_link_as_the_file_that_it_names() {
    let world = World::new();
    let manifest = manifest("a", "1.0.0");
    let bytes = Tarball::new()
        .file("package.json", manifest.as_bytes())
        .file("one", b"1")
        .hard_link("two", "one")
        .bytes();
    let digest = world.keep(&bytes);
    for (path, text) in [
        ("package.json", manifest.as_str()),
        ("one", "1"),
        ("two", "1"),
    ] {
        world.write(&format!("node_modules/a/{path}"), text);
    }
    let lock = format!(
        "# yarn lockfile v1\n\n\na@^1.0.0:\n  version \"1.0.0\"\n  integrity {}\n",
        digest.to_sri()
    );
    world.write("yarn.lock", lock);
    let look = || told(&world.check_with("yarn.lock", &world.options()));
    insta::assert_snapshot!(look(), @"a@1.0.0 yes");
    world.write("node_modules/a/two", "2");
    insta::assert_snapshot!(look(), @r"
    a@1.0.0 NO
      Modified two: UNEXPLAINED
    ");
}

#[test]
fn an_archive_that_bun_took_from_the_project_is_compared_with_its_files() {
    let world = World::new();
    // Its file is not called by the version that it has.
    let manifest = manifest("a", "1.0.1");
    let bytes = Tarball::new()
        .file("package.json", manifest.as_bytes())
        .file("index.js", b"1")
        .bytes();
    world.write("own/a-1.0.0.tgz", &bytes);
    let integrity = sha512(&bytes).to_sri();
    let lock = format!(
        r#"{{"lockfileVersion": 1, "packages": {{"a": ["a@./own/a-1.0.0.tgz", {{}}, "{integrity}"]}}}}"#
    );
    world.write("bun.lock", lock);
    let store = "node_modules/.bun/a@.+own+a-1.0.0.tgz+0fd4b65db0af837b/node_modules/a";
    world.write(&format!("{store}/package.json"), &manifest);
    world.write(&format!("{store}/index.js"), "1");
    world.write(&format!("{store}/.bun-tag"), &integrity);
    link(
        store.strip_prefix("node_modules/").unwrap(),
        &world.at("node_modules/a"),
    );
    let look = || told(&world.check_with("bun.lock", &world.options()));
    insta::assert_snapshot!(look(), @r"
    a@1.0.0 yes
      Extra .bun-tag: bun's mark of the archive that it unpacked: the lockfile's integrity
    loose Extra node_modules/a: a link to the package of its name
    ");
    world.write(&format!("{store}/index.js"), "2");
    world.write(&format!("{store}/.bun-tag"), sha512(b"other").to_sri());
    insta::assert_snapshot!(look(), @r"
    a@1.0.0 NO
      Extra .bun-tag: UNEXPLAINED
      Modified index.js: UNEXPLAINED
    loose Extra node_modules/a: a link to the package of its name
    ");
}

#[test]
fn pnpm_s_hoisted_layout_has_a_folder_for_an_alias() {
    let world = World::new();
    let manifest = |name: &str| format!(r#"{{"name": "{name}", "version": "1.0.0"}}"#);
    let keep = |name: &str| {
        let bytes = Tarball::new()
            .file("package.json", manifest(name).as_bytes())
            .bytes();
        world.keep(&bytes).to_sri()
    };
    let (asks, asked) = (keep("asks"), keep("asked"));
    world.write("node_modules/asks/package.json", manifest("asks"));
    world.write("node_modules/asked-cjs/package.json", manifest("asked"));
    world.write("node_modules/asked-esm/package.json", manifest("asked"));
    world.write("pnpm-lock.yaml", format!(
        "lockfileVersion: '9.0'\npackages:\n  asks@1.0.0:\n    resolution: {{integrity: {asks}}}\n  asked@1.0.0:\n    resolution: {{integrity: {asked}}}\nsnapshots:\n  asks@1.0.0:\n    dependencies:\n      asked-cjs: asked@1.0.0\n  asked@1.0.0: {{}}\n"
    ));
    let look = || told(&world.check_with("pnpm-lock.yaml", &world.options()));
    insta::assert_snapshot!(look(), @r"
    asked@1.0.0 yes
    asks@1.0.0 yes
    loose Extra node_modules/asked-esm/package.json: UNEXPLAINED
    ");
    fs::remove_dir_all(world.at("node_modules/asked-esm")).unwrap();
    world.write("node_modules/asked-cjs/evil.js", "evil");
    insta::assert_snapshot!(look(), @r"
    asked@1.0.0 NO
      Extra evil.js: UNEXPLAINED
    asks@1.0.0 yes
    ");
}

#[test]
fn yarn_4_links_folders_of_the_project_that_its_lockfile_names() {
    let world = World::new();
    world.write("own/a/index.js", "1");
    world.write("own/b/package.json", r#"{"name": "b", "version": "1.0.0"}"#);
    let entry = |name: &str, reference: &str| {
        format!(
            "\"{name}@{reference}\":\n  version: 0.0.0-use.local\n  resolution: \"{name}@{reference}\"\n  languageName: node\n  linkType: soft\n\n"
        )
    };
    let lock = [
        "__metadata:\n  version: 8\n\n".to_owned(),
        entry("a", "link:./own/a::locator=shop%40workspace%3A."),
        entry("b", "portal:../own/b::locator=m%40workspace%3Am"),
    ];
    world.write("yarn.lock", lock.concat());
    link("../own/a", &world.at("node_modules/a"));
    link("../own/b", &world.at("node_modules/b"));
    link("../own/a", &world.at("node_modules/c"));
    let look = || told(&world.check_with("yarn.lock", &world.options()));
    insta::assert_snapshot!(look(), @r"
    loose Extra node_modules/a: a link to a package of the project's own
    loose Extra node_modules/b: a link to a package of the project's own
    loose Extra node_modules/c: UNEXPLAINED
    ");
}
