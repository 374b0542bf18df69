//! Virtual stores: npm's linked strategy, Yarn 4 with `nodeLinker: pnpm`, pnpm with and without one.

use super::*;
use std::io::Write as _;

/// As npm's linked strategy lays it out.
fn linked() -> World {
    let mut world = World::new();
    for name in ["a", "@s/b"] {
        world.install(name, "1.0.0");
        let store = format!("node_modules/.store/{name}@1.0.0-0123456789abcdef_-ABCD/node_modules");
        let place = format!("{store}/{name}");
        fs::create_dir_all(world.at(&place).parent().unwrap()).unwrap();
        let installed = world.at(&format!("node_modules/{name}"));
        fs::rename(&installed, world.at(&place)).unwrap();
        let up = if name.starts_with('@') { "../" } else { "" };
        let inner = place.strip_prefix("node_modules/").unwrap();
        link(&format!("{up}{inner}"), &installed);
    }
    world
}

#[test]
fn the_linked_strategy_of_npm_has_links_to_the_releases_that_its_lockfile_names() {
    let world = linked();
    insta::assert_snapshot!(world.told(), @r"
    @s/b@1.0.0 yes
    a@1.0.0 yes
    loose Extra node_modules/@s/b: a link to the package of its name
    loose Extra node_modules/a: a link to the package of its name
    ");
    let store = "node_modules/.store/a@1.0.0-0123456789abcdef_-ABCD/node_modules";
    world.write(&format!("{store}/a/index.js"), "evil");
    world.write(
        "node_modules/.store/evil@1.0.0-x/node_modules/evil/x.js",
        "",
    );
    fs::remove_file(world.at("node_modules/@s/b")).unwrap();
    link(&format!("../../{store}/a"), &world.at("node_modules/@s/b"));
    insta::assert_snapshot!(world.told(), @r"
    @s/b@1.0.0 yes
    a@1.0.0 NO
      Modified index.js: UNEXPLAINED
    loose Extra node_modules/.store/evil@1.0.0-x/node_modules/evil/x.js: UNEXPLAINED
    loose Extra node_modules/@s/b: UNEXPLAINED
    loose Extra node_modules/a: a link to the package of its name
    ");
}

#[test]
fn the_list_of_the_linked_strategy_is_explained_by_what_lies_in_the_store() {
    let world = linked();
    let list = |integrity: &str| {
        let place = "node_modules/.store/a@1.0.0-0123456789abcdef_-ABCD/node_modules/a";
        let entry = serde_json::json!({"version": "1.0.0", "integrity": integrity});
        let list = serde_json::json!({"lockfileVersion": 3, "packages": {place: entry}});
        world.write("node_modules/.package-lock.json", list.to_string());
        world.told()
    };
    let right = world.lock["node_modules/a"]["integrity"].as_str().unwrap();
    assert!(list(right).contains("npm's own list of what is installed"));
    let other = sha512(b"other").to_sri();
    assert!(list(&other).contains("Extra node_modules/.package-lock.json: UNEXPLAINED"));
}

/// A zip of Yarn's.
fn zip(files: &[(String, &str)]) -> Vec<u8> {
    let mut zip = ::zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = ::zip::write::SimpleFileOptions::default().unix_permissions(0o644);
    for (path, content) in files {
        zip.start_file(path, options).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn yarn_4_s_store_holds_packages_under_one_name_and_links_name_them() {
    let world = World::new();
    let manifest = manifest("@s/a", "1.0.0");
    // What is bundled stays where it is.
    let files = [
        ("package.json", manifest.as_str()),
        ("node_modules/b/b.js", "b"),
    ];
    let packed = files.map(|(path, text)| (format!("node_modules/@s/a/{path}"), text));
    let bytes = zip(&packed);
    let store = "node_modules/.store/@s-a-npm-1.0.0-b9e9c18a46";
    for (path, text) in files {
        world.write(&format!("{store}/package/{path}"), text);
    }
    let name = crate::artifact::berry_prefix("@s/a", "1.0.0", "npm:1.0.0");
    world.write(&format!(".yarn/cache/{name}10c0.zip"), &bytes);
    link(
        "../../package",
        &world.at(&format!("{store}/node_modules/@s/a")),
    );
    let package = ".store/@s-a-npm-1.0.0-b9e9c18a46/package";
    link(&format!("../{package}"), &world.at("node_modules/@s/a"));
    link(package, &world.at("node_modules/alias"));
    link(package, &world.at("node_modules/other"));
    let elsewhere = "node_modules/.store/far-npm-1.0.0-0123456789/package/package.json";
    world.write(
        elsewhere,
        "{\n  \"name\": \"far\",\n  \"mocked\": true\n}\n",
    );
    let lock = format!(
        "__metadata:\n  version: 8\n  cacheKey: 10c0\n\n\"@s/a@npm:^1.0.0, alias@npm:@s/a@^1.0.0\":\n  version: 1.0.0\n  resolution: \"@s/a@npm:1.0.0\"\n  checksum: 10c0/{}\n  languageName: node\n  linkType: hard\n\n\"far@npm:1.0.0\":\n  version: 1.0.0\n  resolution: \"far@npm:1.0.0\"\n  conditions: os=none\n  languageName: node\n  linkType: hard\n",
        sha512(&bytes).to_hex()
    );
    world.write("yarn.lock", lock);
    let look = || told(&world.check_with("yarn.lock", &world.options()));
    insta::assert_snapshot!(look(), @r"
    @s/a@1.0.0 yes
    far@1.0.0 yes
      Missing : for another platform
    loose Extra node_modules/.store/@s-a-npm-1.0.0-b9e9c18a46/node_modules/@s/a: a link to the package of its name
    loose Extra node_modules/@s/a: a link to the package of its name
    loose Extra node_modules/alias: a link to the package of its name
    loose Extra node_modules/other: UNEXPLAINED
    ");
    world.write(elsewhere, "{\n  \"name\": \"far\",\n  \"main\": \"x\"\n}\n");
    world.write(&format!("{store}/package/node_modules/b/b.js"), "evil");
    let told = look();
    assert!(
        told.contains("Modified node_modules/b/b.js: UNEXPLAINED"),
        "{told}"
    );
    assert!(told.contains("far@1.0.0 NO"), "{told}");
}

#[test]
fn a_folder_between_the_links_of_a_virtual_store_is_no_package() {
    let world = World::new();
    let manifest = manifest("a", "1.0.0");
    let bytes = Tarball::new()
        .file("package.json", manifest.as_bytes())
        .bytes();
    let digest = world.keep(&bytes);
    let store = "node_modules/.pnpm/a@1.0.0/node_modules/a";
    world.write(&format!("{store}/package.json"), &manifest);
    world.write("node_modules/a/package.json", &manifest);
    let lock = format!(
        "lockfileVersion: '9.0'\npackages:\n  a@1.0.0:\n    resolution: {{integrity: {}}}\nsnapshots:\n  a@1.0.0: {{}}\n",
        digest.to_sri()
    );
    world.write("pnpm-lock.yaml", lock);
    let look = || told(&world.check_with("pnpm-lock.yaml", &world.options()));
    insta::assert_snapshot!(look(), @r"
    a@1.0.0 yes
    loose Extra node_modules/a/package.json: UNEXPLAINED
    ");
    // Hoisted, the store holds a record and nothing else.
    fs::remove_dir_all(world.at("node_modules/.pnpm")).unwrap();
    world.write("node_modules/.pnpm/lock.yaml", "");
    insta::assert_snapshot!(look(), @r"
    a@1.0.0 yes
    loose Extra node_modules/.pnpm/lock.yaml: made here by pnpm's own record
    ");
}
