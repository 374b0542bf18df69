//! Ways to tamper with a tree: each has its exact answer.

use super::*;

/// A way to tamper with the tree of package `a`.
type Tampering = (&'static str, fn(&World));

const TAMPERINGS: &[Tampering] = &[
    ("edited", |w| {
        w.write("node_modules/a/index.js", "module.exports = 2;\n")
    }),
    ("added", |w| w.write("node_modules/a/more.js", "evil")),
    ("deleted", |w| {
        fs::remove_file(w.at("node_modules/a/index.js")).unwrap()
    }),
    ("file replaced by a folder", |w| {
        fs::remove_file(w.at("node_modules/a/index.js")).unwrap();
        w.write("node_modules/a/index.js/index.js", "evil");
    }),
    ("file replaced by a link to the same bytes", |w| {
        fs::rename(w.at("node_modules/a/index.js"), w.at("elsewhere.js")).unwrap();
        link("../../elsewhere.js", &w.at("node_modules/a/index.js"));
    }),
    ("package replaced by a link out of the tree", |w| {
        fs::rename(w.at("node_modules/a"), w.folder.path().join("a")).unwrap();
        link("../../a", &w.at("node_modules/a"));
    }),
    ("twin that differs by case", |w| {
        w.write("node_modules/a/Index.js", "evil")
    }),
    ("hidden folder in the package", |w| {
        w.write("node_modules/a/.x/y.js", "evil")
    }),
    ("nested node_modules", |w| {
        w.write("node_modules/a/node_modules/b/index.js", "evil")
    }),
    ("package that nobody locked", |w| {
        w.write("node_modules/evil/index.js", "evil")
    }),
    ("file beside the packages", |w| {
        w.write("node_modules/index.js", "evil")
    }),
    ("decoy", |w| {
        w.write("node_modules/a/package.json", manifest("a", "0.9.0"))
    }),
    ("another package's manifest", |w| {
        w.write("node_modules/a/package.json", manifest("b", "1.0.0"))
    }),
    ("program that leads elsewhere", |w| {
        w.write("evil.js", "evil");
        link("../../evil.js", &w.at("node_modules/.bin/a"));
    }),
    ("program under another name", |w| {
        link("../a/cli.js", &w.at("node_modules/.bin/git"))
    }),
    ("program that is a script", |w| {
        w.write("node_modules/.bin/a", "#!/bin/sh\nevil\n")
    }),
    ("hidden list with another digest", |w| {
        w.write("node_modules/.package-lock.json", r#"{"lockfileVersion": 3, "packages": {"node_modules/a": {"version": "1.0.0", "integrity": "sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA="}}}"#);
    }),
    ("native module where nothing is built", |w| {
        w.write("node_modules/a/build/x.node", "\x7fELF")
    }),
    ("not executable any more", |w| {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(
            w.at("node_modules/a/cli.js"),
            fs::Permissions::from_mode(0o644),
        )
        .unwrap();
    }),
    ("cache", |w| {
        w.write("node_modules/.cache/babel/x.json", "{}")
    }),
    ("folder that is empty", |w| {
        fs::create_dir_all(w.at("node_modules/a/empty")).unwrap()
    }),
    ("package deleted", |w| {
        fs::remove_dir_all(w.at("node_modules/a")).unwrap()
    }),
];

#[test]
fn an_untouched_tree_is_as_it_should_be() {
    let mut world = World::new();
    world.install("a", "1.0.0");
    link("../a/cli.js", &world.at("node_modules/.bin/a"));
    insta::assert_snapshot!(world.told(), @r"
    a@1.0.0 yes
    loose Extra node_modules/.bin/a: a link to a program that its package declares
    ");
}

#[test]
fn each_way_to_tamper_is_told_by_its_path() {
    let mut out = String::new();
    for (name, tamper) in TAMPERINGS {
        let mut world = World::new();
        world.install("a", "1.0.0");
        tamper(&world);
        write!(out, "== {name}\n{}", world.told()).unwrap();
    }
    insta::assert_snapshot!(out, @r"
    == edited
    a@1.0.0 NO
      Modified index.js: UNEXPLAINED
    == added
    a@1.0.0 NO
      Extra more.js: UNEXPLAINED
    == deleted
    a@1.0.0 NO
      Missing index.js: UNEXPLAINED
    == file replaced by a folder
    a@1.0.0 NO
      OtherType index.js: UNEXPLAINED
      Extra index.js/index.js: UNEXPLAINED
    == file replaced by a link to the same bytes
    a@1.0.0 NO
      OtherType index.js: UNEXPLAINED
    == package replaced by a link out of the tree
    a@1.0.0 NO
      Missing : UNEXPLAINED
    loose Extra node_modules/a: UNEXPLAINED
    == twin that differs by case
    a@1.0.0 NO
      Extra Index.js: UNEXPLAINED
    == hidden folder in the package
    a@1.0.0 NO
      Extra .x/y.js: UNEXPLAINED
    == nested node_modules
    a@1.0.0 NO
      Extra node_modules/b/index.js: UNEXPLAINED
    == package that nobody locked
    a@1.0.0 yes
    loose Extra node_modules/evil/index.js: UNEXPLAINED
    == file beside the packages
    a@1.0.0 yes
    loose Extra node_modules/index.js: UNEXPLAINED
    == decoy
    a@1.0.0 NO
      claims to be a@0.9.0
      Modified package.json: UNEXPLAINED
    == another package's manifest
    a@1.0.0 NO
      claims to be b@1.0.0
      Modified package.json: UNEXPLAINED
    == program that leads elsewhere
    a@1.0.0 yes
    loose Extra node_modules/.bin/a: UNEXPLAINED
    == program under another name
    a@1.0.0 yes
    loose Extra node_modules/.bin/git: UNEXPLAINED
    == program that is a script
    a@1.0.0 yes
    loose Extra node_modules/.bin/a: UNEXPLAINED
    == hidden list with another digest
    a@1.0.0 yes
    loose Extra node_modules/.package-lock.json: UNEXPLAINED
    == native module where nothing is built
    a@1.0.0 NO
      Extra build/x.node: UNEXPLAINED
    == not executable any more
    a@1.0.0 yes
      Mode cli.js: a program of the package; managers set that when they link it
    == cache
    a@1.0.0 yes
    loose Extra node_modules/.cache/babel/x.json: made here by the cache of babel
    == folder that is empty
    a@1.0.0 yes
    == package deleted
    a@1.0.0 NO
      Missing : UNEXPLAINED
    ");
}

#[test]
fn a_lockfile_that_names_another_package_is_told_by_the_manifest() {
    let mut world = World::new();
    world.install("odd", "3.0.1");
    let entry = world.lock.remove("node_modules/odd").unwrap();
    fs::rename(
        world.at("node_modules/odd"),
        world.at("node_modules/number"),
    )
    .unwrap();
    world.lock.insert("node_modules/number".into(), entry);
    insta::assert_snapshot!(world.told(), @r"
    number@3.0.1 NO
      claims to be odd@3.0.1
    ");
}
