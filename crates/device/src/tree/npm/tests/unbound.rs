//! Packages of which the lockfile has no digest.

use super::*;

const LOCK: &str = r#"__metadata:
  version: 8
  cacheKey: 10c0

"@w/here@npm:1.0.0":
  version: 1.0.0
  resolution: "@w/here@npm:1.0.0"
  conditions: os=!none
  languageName: node
  linkType: hard
"#;

/// A tree of Yarn 4 with a program for this machine, and what its registry promises of it.
fn tree() -> (World, Options) {
    let world = World::new();
    let manifest = r#"{"name": "@w/here", "version": "1.0.0"}"#;
    let bytes = Tarball::new()
        .file("package.json", manifest.as_bytes())
        .program("bin/w", b"\x7fELF the program")
        .bytes();
    let digest = world.keep(&bytes);
    world.write("yarn.lock", LOCK);
    world.write("node_modules/@w/here/package.json", manifest);
    world.write("node_modules/@w/here/bin/w", "\x7fELF the program");
    executable(&world.at("node_modules/@w/here/bin/w"));
    let release: ReleaseId = "pkg:npm/%40w/here@1.0.0".parse().unwrap();
    let options = Options {
        promised: BTreeMap::from([(release, vec![digest])]),
        ..world.options()
    };
    (world, options)
}

#[test]
fn a_program_that_the_lockfile_does_not_bind_is_held_against_what_its_registry_promises() {
    let (world, options) = tree();
    insta::assert_snapshot!(told(&world.check_with("yarn.lock", &options)), @r"@w/here@1.0.0 not checked: the lockfile promises no digest of it: it was compared with what its registry promises, which is not bound to the lockfile");
    world.write("node_modules/@w/here/bin/w", "\x7fELF another one");
    let report = world.check_with("yarn.lock", &options);
    insta::assert_snapshot!(told(&report), @r"
    @w/here@1.0.0 NO
      Modified bin/w: UNEXPLAINED
    ");
    let Some(Against::Artifact { from, .. }) = &report.packages[0].against else {
        panic!("{report:?}");
    };
    assert_eq!(from, "the gate's store, not bound to the lockfile");
}

#[test]
fn without_bytes_that_somebody_promises_it_is_not_checked_and_says_why() {
    let (world, options) = tree();
    world.write("node_modules/@w/here/bin/w", "\x7fELF another one");
    let nobody = Options {
        promised: BTreeMap::new(),
        ..options.clone()
    };
    let no_copy = Options {
        gate_store: None,
        ..options
    };
    for options in [nobody, no_copy] {
        let told = told(&world.check_with("yarn.lock", &options));
        insta::allow_duplicates! {
            insta::assert_snapshot!(told, @r"@w/here@1.0.0 not checked: the lockfile promises no digest of it; let its manager write one");
        }
    }
}
