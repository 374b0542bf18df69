//! Plug'n'Play: the map says which zip each package is used out of, and who gets which.

use super::*;
use serde_json::{Value, json};

/// A project that asks for `a`, which asks for `b`; `c` is unpacked.
struct Project {
    world: World,
    map: Value,
}

fn zip(name: &str, content: &str) -> Vec<u8> {
    use std::io::Write as _;
    let mut zip = ::zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = ::zip::write::SimpleFileOptions::default().unix_permissions(0o644);
    let manifest = format!(r#"{{"name": "{name}", "version": "1.0.0"}}"#);
    for (path, text) in [("package.json", manifest.as_str()), ("index.js", content)] {
        zip.start_file(format!("node_modules/{name}/{path}"), options)
            .unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn cached(name: &str) -> String {
    let prefix = crate::artifact::berry_prefix(name, "1.0.0", "npm:1.0.0");
    format!(".yarn/cache/{prefix}10c0.zip")
}

fn unplugged(name: &str) -> String {
    let prefix = crate::artifact::berry_prefix(name, "1.0.0", "npm:1.0.0");
    let folder = prefix.trim_end_matches('-');
    format!(".yarn/unplugged/{folder}/node_modules/{name}")
}

fn package(location: &str, asks: Value) -> Value {
    json!({"packageLocation": location, "packageDependencies": asks, "linkType": "HARD"})
}

impl Project {
    fn new() -> Self {
        let world = World::new();
        fs::remove_dir(world.at("node_modules")).unwrap();
        let mut lock = "__metadata:\n  version: 8\n  cacheKey: 10c0\n".to_owned();
        for (name, asks) in [
            ("a", "  dependencies:\n    b: \"npm:^1.0.0\"\n"),
            ("b", ""),
            ("c", ""),
        ] {
            let bytes = zip(name, "1");
            world.write(&cached(name), &bytes);
            write!(
                lock,
                "\n\"{name}@npm:^1.0.0\":\n  version: 1.0.0\n  resolution: \"{name}@npm:1.0.0\"\n{asks}  checksum: 10c0/{}\n  languageName: node\n  linkType: hard\n",
                sha512(&bytes).to_hex()
            )
            .unwrap();
        }
        lock += "\n\"demo@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"demo@workspace:.\"\n  dependencies:\n    a: \"npm:^1.0.0\"\n    c: \"npm:^1.0.0\"\n  languageName: unknown\n  linkType: soft\n";
        world.write("yarn.lock", lock);
        world.write("package.json", r#"{"name": "demo"}"#);
        let folder = unplugged("c");
        world.write(
            &format!("{folder}/package.json"),
            r#"{"name": "c", "version": "1.0.0"}"#,
        );
        world.write(&format!("{folder}/index.js"), "1");
        world.write(&format!("{folder}/.ready"), "");
        let own = json!([
            ["a", "npm:1.0.0"],
            ["c", "npm:1.0.0"],
            ["demo", "workspace:."]
        ]);
        let zipped = |name: &str| format!("./{}/node_modules/{name}/", cached(name));
        let map = json!({
            "__info": [],
            "dependencyTreeRoots": [{"name": "demo", "reference": "workspace:."}],
            "enableTopLevelFallback": true,
            "fallbackExclusionList": [["demo", ["workspace:."]]],
            "fallbackPool": [],
            "packageRegistryData": [
                [null, [[null, package("./", own.clone())]]],
                ["a", [["npm:1.0.0", package(&zipped("a"), json!([["a", "npm:1.0.0"], ["b", "npm:1.0.0"]]))]]],
                ["b", [["npm:1.0.0", package(&zipped("b"), json!([["b", "npm:1.0.0"]]))]]],
                ["c", [["npm:1.0.0", package(&format!("./{folder}/"), json!([["c", "npm:1.0.0"]]))]]],
                ["demo", [["workspace:.", package("./", own)]]],
            ],
        });
        Self { world, map }
    }

    /// The entry of a package in the map.
    fn entry(&mut self, name: &str) -> &mut Value {
        let registry = self.map["packageRegistryData"].as_array_mut().unwrap();
        let named = registry.iter_mut().find(|one| one[0] == name);
        &mut named.unwrap()[1][0][1]
    }

    fn told(&self) -> String {
        self.world
            .write(".pnp.cjs", "require('./.pnp.data.json');\n");
        self.world.write(".pnp.data.json", self.map.to_string());
        told(&self.world.check_with("yarn.lock", &Options::default()))
    }

    /// What is told of the map alone.
    fn of_map(&self) -> String {
        let told = self.told();
        let lines = told.lines().filter(|line| line.contains(".pnp.data.json"));
        lines.collect::<Vec<_>>().join("\n")
    }
}

#[test]
fn a_map_that_says_what_the_lockfile_says_is_explained_and_its_program_is_not() {
    let project = Project::new();
    insta::assert_snapshot!(project.told(), @r"
    a@1.0.0 yes
    b@1.0.0 yes
    c@1.0.0 yes
    c@1.0.0 yes
      Extra .ready: Yarn's mark that it unpacked a package; it is empty
    loose Extra .pnp.cjs: made here by Yarn: its loader of modules, code that each program here runs first
    loose Extra .pnp.data.json: Yarn's map of packages; it says what the lockfile says
    ");
    // Tools keep caches there in projects without any other use for it.
    project.world.write("node_modules/.cache/x.json", "{}");
    assert!(project.told().contains("a@1.0.0 yes"));
}

#[test]
fn a_package_that_is_taken_from_elsewhere_than_a_zip_that_was_compared_is_wrong() {
    let other = |location: &str| {
        let mut project = Project::new();
        project.world.write("evil/node_modules/a/index.js", "evil");
        project
            .world
            .write("evil.zip/node_modules/a/index.js", "evil");
        project.world.write("own.zip", zip("a", "evil"));
        project.world.write("same.zip", zip("a", "1"));
        project.entry("a")["packageLocation"] = json!(location);
        project.of_map()
    };
    insta::assert_snapshot!(other("./evil/node_modules/a/"), @r"
    loose Extra .pnp.data.json: UNEXPLAINED
        why .pnp.data.json: it takes a@1.0.0 from ./evil/node_modules/a/: that is no zip, and no folder that Yarn unpacks packages to
    ");
    for (location, why) in [
        (
            "../outside/node_modules/a/",
            "a folder outside of the project",
        ),
        ("/outside/node_modules/a/", "no such path"),
        ("./evil.zip/node_modules/a/", "that is a folder"),
        (
            "./own.zip/node_modules/a/",
            "not the one that the lockfile promises",
        ),
        (
            "./same.zip/node_modules/b/",
            "the inside of another package",
        ),
        (
            &format!("./{}/node_modules/a/", cached("b")),
            "not the one that the lockfile promises",
        ),
        (&format!("./{}/", unplugged("c")), "that is no zip"),
        (
            "./.yarn/__virtual__/a-virtual-0123456789/1/own.zip/node_modules/a/",
            "not the one",
        ),
    ] {
        let told = other(location);
        assert!(
            told.contains("UNEXPLAINED") && told.contains(why),
            "{location}: {told}"
        );
    }
    // The same bytes are the same package, wherever they lie.
    let same = other("./same.zip/node_modules/a/");
    assert!(same.ends_with("it says what the lockfile says"), "{same}");
    let gone = other("./gone.zip/node_modules/a/");
    assert!(
        gone.contains("no zip lies there") && gone.contains("made here"),
        "{gone}"
    );
}

#[test]
fn a_name_that_leads_to_another_package_than_in_the_lockfile_is_wrong() {
    let asks = |whom: &str, asks: Value| {
        let mut project = Project::new();
        project.entry(whom)["packageDependencies"] = asks;
        project.of_map()
    };
    insta::assert_snapshot!(asks("a", json!([["b", ["c", "npm:1.0.0"]]])), @r"
    loose Extra .pnp.data.json: UNEXPLAINED
        why .pnp.data.json: it gives a@1.0.0 c@1.0.0 as b, and the lockfile another one, or none
    ");
    for (whom, changed) in [
        ("a", json!([["b", "npm:2.0.0"]])),
        ("b", json!([["fs-extra", ["a", "npm:1.0.0"]]])),
        ("demo", json!([["a", ["b", "npm:1.0.0"]]])),
        ("c", json!([["c", ["a", "npm:1.0.0"]]])),
        ("demo", json!([["other", "workspace:."]])),
    ] {
        let told = asks(whom, changed.clone());
        assert!(told.contains("UNEXPLAINED"), "{changed}: {told}");
    }
    // A peer is what somebody above gives.
    for honest in [json!([["a", "npm:1.0.0"]]), json!([["react", null]])] {
        let told = asks("b", honest);
        assert!(told.ends_with("it says what the lockfile says"), "{told}");
    }
}

#[test]
fn what_the_lockfile_does_not_have_is_wrong_and_what_the_map_leaves_out_is_open() {
    let mut project = Project::new();
    let registry = project.map["packageRegistryData"].as_array_mut().unwrap();
    registry.push(json!([
        "evil",
        [["npm:1.0.0", package("./evil/", json!([]))]]
    ]));
    assert!(
        project
            .of_map()
            .contains("it has evil@1.0.0, which the lockfile does not have")
    );
    let registry = project.map["packageRegistryData"].as_array_mut().unwrap();
    registry.pop();
    registry.push(json!([
        "evil",
        [["workspace:evil", package("./evil/", json!([]))]]
    ]));
    assert!(project.of_map().contains("UNEXPLAINED"));

    let mut project = Project::new();
    project.map["fallbackPool"] = json!([["x", ["a", "npm:1.0.0"]]]);
    assert!(project.of_map().contains("it gives everybody a@1.0.0 as x"));

    let mut project = Project::new();
    project.map["ignorePatternData"] = json!("(^.*$)");
    assert!(project.of_map().contains("UNEXPLAINED"));
    project
        .world
        .write(".yarnrc.yml", "pnpIgnorePatterns:\n  - \"**\"\n");
    assert!(!project.of_map().contains("UNEXPLAINED"));

    let mut project = Project::new();
    let registry = project.map["packageRegistryData"].as_array_mut().unwrap();
    registry.retain(|one| one[0] != "b");
    let told = project.of_map();
    assert!(
        told.contains("does not have 1 package that the lockfile names, b among them"),
        "{told}"
    );
}

#[test]
fn a_program_of_a_version_that_the_project_names_and_that_is_not_its_is_wrong() {
    let project = Project::new();
    let named = |version: &str| {
        let manifest = json!({"name": "demo", "packageManager": format!("yarn@{version}")});
        project.world.write("package.json", manifest.to_string());
        project.world.write(".pnp.loader.mjs", "evil");
        project.told()
    };
    let told = named("4.18.1+sha512.0");
    for line in [
        "loose Extra .pnp.cjs: UNEXPLAINED",
        "loose Extra .pnp.loader.mjs: UNEXPLAINED",
        "why .pnp.cjs: its program is not that of Yarn 4.18.1, which package.json names",
        "why .pnp.loader.mjs: it is not that of Yarn 4.18.1, which package.json names",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    // One that nobody measured cannot be told from an edited one.
    assert!(!named("9.0.0").contains("UNEXPLAINED"));
    // What `yarnPath` names runs whatever the manifest says.
    let path = |version: &str| {
        let text = format!("yarnPath: .yarn/releases/yarn-{version}.cjs\n");
        project.world.write(".yarnrc.yml", text);
        named("4.18.1")
    };
    assert!(!path("4.99.0").contains("UNEXPLAINED"));
    let told = path("4.6.0");
    let why = "not that of Yarn 4.6.0, which yarnPath of .yarnrc.yml names";
    assert!(told.contains(why), "{told}");
}

#[test]
fn whatever_in_the_project_names_a_measured_version_makes_another_program_wrong() {
    for (file, text) in [
        (
            "package.json",
            r#"{"name": "demo", "devEngines": {"packageManager": {"name": "yarn", "version": "4.18.1"}}}"#,
        ),
        (
            "package.json",
            r#"{"name": "demo", "volta": {"yarn": "4.18.1"}}"#,
        ),
        (".tool-versions", "yarn 4.18.1\n"),
        (".yarn/releases/yarn-4.18.1.cjs", ""),
    ] {
        let project = Project::new();
        // The number of the lockfile's format, which many versions write, names none.
        assert!(!project.told().contains("UNEXPLAINED"), "{file}");
        project.world.write(file, text);
        let told = project.told();
        assert!(
            told.contains("loose Extra .pnp.cjs: UNEXPLAINED"),
            "{file}: {told}"
        );
    }
}

#[test]
fn a_file_of_an_unpacked_package_that_was_edited_is_wrong() {
    let project = Project::new();
    project
        .world
        .write(&format!("{}/index.js", unplugged("c")), "2");
    let told = project.told();
    assert!(told.contains("Modified index.js: UNEXPLAINED"), "{told}");
}
