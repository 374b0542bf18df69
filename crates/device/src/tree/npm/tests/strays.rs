//! `node_modules` folders that no lockfile places.

use super::*;

#[test]
fn a_folder_between_source_and_the_tree_that_has_a_locked_package_is_in_its_way() {
    let mut world = World::new();
    world.install("a", "1.0.0");
    world.write("src/index.js", "require('a')");
    world.write("src/node_modules/a/index.js", "evil");
    world.write("lib/index.js", "");
    world.write("lib/node_modules/a.js", "evil");
    insta::assert_snapshot!(world.told(), @r"
    a@1.0.0 yes
    loose Extra lib/node_modules/a: UNEXPLAINED
    loose Extra src/node_modules/a: UNEXPLAINED
    ");
}

#[test]
fn what_is_built_and_what_is_somebody_else_s_is_told() {
    let mut world = World::new();
    world.install("a", "1.0.0");
    for folder in [
        ".output/server",
        "dist",
        "examples/one",
        "packages/x/test/fixtures",
    ] {
        world.write(&format!("{folder}/index.js"), "require('a')");
        world.write(&format!("{folder}/node_modules/a/index.js"), "1");
    }
    // A package that is no member, and source beside what the lockfile does not have.
    world.write("tools/package.json", r#"{"name": "tools"}"#);
    world.write("tools/node_modules/a/index.js", "1");
    world.write("src/index.js", "");
    world.write("src/node_modules/other/index.js", "1");
    // A project of its own.
    world.write("web/package-lock.json", "{}");
    world.write("web/node_modules/a/index.js", "1");
    insta::assert_snapshot!(world.told(), @r"
    a@1.0.0 yes
    note .output/server/node_modules: not looked at: a node_modules that no lockfile places
    note dist/node_modules: not looked at: a node_modules that no lockfile places
    note examples/one/node_modules: not looked at: a node_modules that no lockfile places
    note packages/x/test/fixtures/node_modules: not looked at: a node_modules that no lockfile places
    note src/node_modules: not looked at: a node_modules that no lockfile places
    note tools/node_modules: not looked at: a node_modules that no lockfile places
    ");
}

#[test]
#[cfg(unix)]
fn what_only_looks_like_another_project_hides_nothing() {
    let mut world = World::new();
    world.install("a", "1.0.0");
    for (at, (file, text)) in [
        ("pyvenv.cfg", ""),
        ("deno.lock", ""),
        ("bun.lockb", ""),
        ("package.json", r#"{"type": "commonjs"}"#),
    ]
    .into_iter()
    .enumerate()
    {
        world.write(&format!("s{at}/index.js"), "require('a')");
        world.write(&format!("s{at}/{file}"), text);
        world.write(&format!("s{at}/node_modules/a/index.js"), "evil");
    }
    world.write("linked/index.js", "require('a')");
    world.write("dist/evil/a/index.js", "evil");
    link("../dist/evil", &world.at("linked/node_modules"));
    // The tree itself, by another way.
    world.write("same/index.js", "require('a')");
    link("../node_modules", &world.at("same/node_modules"));
    insta::assert_snapshot!(world.told(), @r"
    a@1.0.0 yes
    loose Extra linked/node_modules/a: UNEXPLAINED
    loose Extra s0/node_modules/a: UNEXPLAINED
    loose Extra s1/node_modules/a: UNEXPLAINED
    loose Extra s2/node_modules/a: UNEXPLAINED
    loose Extra s3/node_modules/a: UNEXPLAINED
    ");
}

#[test]
fn what_is_sent_to_browsers_is_told() {
    let mut world = World::new();
    world.install("a", "1.0.0");
    world.write("static/x.js", "");
    world.write("static/node_modules/a/index.js", "1");
    insta::assert_snapshot!(world.told(), @r"
    a@1.0.0 yes
    note static/node_modules: not looked at: a node_modules that no lockfile places
    ");
}

#[test]
fn what_the_project_needs_is_missing_whatever_its_entry_says_of_machines() {
    let mut world = World::new();
    world.install("a", "1.0.0");
    world.install("b", "1.0.0");
    let entry = world.lock.get_mut("node_modules/b").unwrap();
    entry["os"] = serde_json::json!(["none"]);
    entry["optional"] = serde_json::json!(true);
    fs::remove_dir_all(world.at("node_modules/b")).unwrap();
    let mut root = |kind: &str| {
        let root =
            serde_json::json!({"name": "own", kind: {"b": "^1.0.0"}, "dependencies": {"a": "1"}});
        world.lock.insert(String::new(), root);
        world.told()
    };
    insta::assert_snapshot!(root("optionalDependencies"), @r"
    a@1.0.0 yes
    b@1.0.0 yes
      Missing : for another platform
    ");
    world.lock.insert(
        String::new(),
        serde_json::json!({"name": "own", "dependencies": {"a": "1", "b": "^1.0.0"}}),
    );
    insta::assert_snapshot!(world.told(), @r"
    a@1.0.0 yes
    b@1.0.0 NO
      Missing : UNEXPLAINED
    ");
}
