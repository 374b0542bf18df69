//! What is the project's own: where its lockfile says, under the name that it says.

use super::*;

fn member(world: &mut World, name: &str) {
    let manifest = format!(r#"{{"name": "{name}", "version": "1.0.0", "bin": "run.js"}}"#);
    world.write(&format!("packages/{name}/package.json"), manifest);
    world.write(&format!("packages/{name}/run.js"), "own");
    world.write(&format!("packages/{name}/other.js"), "own");
    let entry = serde_json::json!({"version": "1.0.0"});
    world.lock.insert(format!("packages/{name}"), entry);
    let link = serde_json::json!({"resolved": format!("packages/{name}"), "link": true});
    world.lock.insert(format!("node_modules/{name}"), link);
}

#[test]
fn a_link_to_own_code_is_right_under_its_name_and_at_its_place_only() {
    let mut world = World::new();
    world.install("a", "1.0.0");
    member(&mut world, "own");
    member(&mut world, "more");
    for (target, at) in [
        ("../packages/own", "node_modules/own"),
        // Another member than the lockfile says, a name that it has not, a part of a member.
        ("../packages/own", "node_modules/more"),
        ("../packages/own", "node_modules/react"),
        ("../packages/own/lib", "node_modules/lib"),
        ("../../../packages/own", "node_modules/x/node_modules/own"),
        ("../own/run.js", "node_modules/.bin/own"),
        // Declared by no manifest.
        ("../own/run.js", "node_modules/.bin/git"),
        ("../own/other.js", "node_modules/.bin/other"),
    ] {
        link(target, &world.at(at));
    }
    insta::assert_snapshot!(world.told(), @r"
    a@1.0.0 yes
    loose Extra node_modules/.bin/git: UNEXPLAINED
    loose Extra node_modules/.bin/other: UNEXPLAINED
    loose Extra node_modules/.bin/own: a program of the project's own
    loose Extra node_modules/lib: UNEXPLAINED
    loose Extra node_modules/more: UNEXPLAINED
    loose Extra node_modules/own: a link to a package of the project's own
    loose Extra node_modules/react: UNEXPLAINED
    loose Extra node_modules/x/node_modules/own: UNEXPLAINED
    ");
}

#[test]
fn a_lockfile_that_calls_a_folder_in_node_modules_its_own_explains_nothing() {
    let mut world = World::new();
    world.install("a", "1.0.0");
    let target = "node_modules/.cache/evil";
    let link_to = serde_json::json!({"resolved": target, "link": true});
    world.lock.insert("node_modules/evil".into(), link_to);
    link(".cache/evil", &world.at("node_modules/evil"));
    world.write("node_modules/.cache/evil/index.js", "evil");
    let told = world.told();
    assert!(
        told.contains("loose Extra node_modules/evil: UNEXPLAINED"),
        "{told}"
    );
}

const YARN: &str = "# yarn lockfile v1\n\n\n\"folder@file:./own/folder\":\n  version \"1.0.0\"\n";

#[test]
fn a_copy_of_an_own_folder_is_what_lies_there_and_nothing_is_remembered_of_it() {
    let world = World::new();
    world.write("yarn.lock", YARN);
    world.write("own/folder/index.js", "own");
    world.write("node_modules/folder/index.js", "own");
    let options = Options {
        seen: Some(world.folder.path().join("seen")),
        now: SystemTime::now() + Duration::from_secs(60),
        ..world.options()
    };
    let look = || told(&world.check_with("yarn.lock", &options));
    insta::assert_snapshot!(look(), @"loose Extra node_modules/folder/index.js: a copy of the project's own file");
    world.write("own/folder/index.js", "changed");
    insta::assert_snapshot!(look(), @"loose Extra node_modules/folder/index.js: UNEXPLAINED");
    world.write("own/folder/index.js", "own");
    world.write("node_modules/folder/extra.js", "evil");
    world.write("node_modules/x/node_modules/folder/index.js", "own");
    insta::assert_snapshot!(look(), @r"
    loose Extra node_modules/folder/extra.js: UNEXPLAINED
    loose Extra node_modules/folder/index.js: a copy of the project's own file
    loose Extra node_modules/x/node_modules/folder/index.js: UNEXPLAINED
    ");
}

#[test]
fn members_that_yarn_1_does_not_name_are_part_of_what_is_remembered() {
    let world = World::new();
    world.write("yarn.lock", "# yarn lockfile v1\n");
    let manifest = |workspaces: &str| {
        world.write("package.json", format!(r#"{{"workspaces": {workspaces}}}"#));
    };
    manifest(r#"["packages/*"]"#);
    world.write("packages/own/package.json", r#"{"name": "own"}"#);
    link("../packages/own", &world.at("node_modules/own"));
    link("../packages/own", &world.at("node_modules/react"));
    let options = Options {
        seen: Some(world.folder.path().join("seen")),
        now: SystemTime::now() + Duration::from_secs(60),
        ..world.options()
    };
    let look = || told(&world.check_with("yarn.lock", &options));
    insta::assert_snapshot!(look(), @r"
    loose Extra node_modules/own: a link to a package of the project's own
    loose Extra node_modules/react: UNEXPLAINED
    ");
    fs::remove_file(world.at("node_modules/react")).unwrap();
    insta::assert_snapshot!(look(), @"loose Extra node_modules/own: a link to a package of the project's own");
    manifest("[]");
    insta::assert_snapshot!(look(), @"loose Extra node_modules/own: UNEXPLAINED");
}

#[test]
#[cfg(unix)]
fn a_folder_beside_the_project_that_its_manifest_asks_for_is_not_checked() {
    let mut world = World::new();
    world.install("a", "1.0.0");
    let entry = serde_json::json!({"version": "1.0.0"});
    world.lock.insert("../lib".into(), entry);
    let entry = serde_json::json!({"resolved": "../lib", "link": true});
    world.lock.insert("node_modules/lib".into(), entry.clone());
    world.lock.insert("node_modules/more".into(), entry);
    world.write("../lib/package.json", r#"{"name": "lib"}"#);
    world.write(
        "package.json",
        r#"{"dependencies": {"lib": "file:../lib", "a": "1"}}"#,
    );
    link("../../lib", &world.at("node_modules/lib"));
    // Nobody asks for it by this name.
    link("../../lib", &world.at("node_modules/more"));
    insta::assert_snapshot!(world.told(), @r"
    a@1.0.0 yes
    loose Extra node_modules/lib: made here by the manager: a link out of the project, to a folder that its manifest asks for and whose files were not compared
    loose Extra node_modules/more: UNEXPLAINED
    note line 1: ../lib: a member that lies outside of the project
    ");
    fs::remove_file(world.at("node_modules/lib")).unwrap();
    link("../../evil", &world.at("node_modules/lib"));
    insta::assert_snapshot!(world.told(), @r"
    a@1.0.0 yes
    loose Extra node_modules/lib: UNEXPLAINED
    loose Extra node_modules/more: UNEXPLAINED
    note line 1: ../lib: a member that lies outside of the project
    ");
}
