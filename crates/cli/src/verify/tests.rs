#![cfg(unix)]

use super::testing::{Scene, commit};
use super::{Command, Copies, code, json, sarif, text, which_copies};
use customs_model::Answer;
use std::fs;

fn shown(scene: &Scene, words: &[&str]) -> String {
    text::text(&scene.look(words), words.contains(&"--verbose"))
}

#[test]
fn a_tree_that_is_as_its_artifacts_is_told_briefly() {
    let scene = Scene::npm();
    insta::assert_snapshot!(shown(&scene, &[]), @r##"
    package-lock.json (npm): tree yes · lockfile yes · origin not checked

      as they should be: 1 of 1 package; 2 files compared
        explained: 1 × npm's own list of what is installed; the lockfile says the same
      not checked
        evidence of origin was not asked for

    1 project: tree 1 yes, 0 no, 0 not checked; lockfile 1 yes, 0 no, 0 not checked; origin 0 yes, 0 no, 1 not checked
    "##);
    let report = scene.look(&[]);
    assert_eq!(report.subjects[0].tree, Answer::Yes);
    assert_eq!((code(&report, false), code(&report, true)), (0, 1));
}

#[test]
fn what_was_changed_added_and_removed_is_told_first_with_why_and_what_to_do() {
    let scene = Scene::npm();
    scene.write("app/node_modules/left/index.js", b"steal();\n");
    scene.write("app/node_modules/left/extra.js", b"1");
    fs::remove_file(scene.path("app/node_modules/left/package.json")).unwrap();
    let report = scene.look(&[]);
    assert_eq!(code(&report, false), 1);
    insta::assert_snapshot!(text::text(&report, false), @r##"
    package-lock.json (npm): tree NO · lockfile yes · origin not checked

      failed[tree-decoy]
        node_modules/left: the lockfile has left@1.0.0; by its own manifest it is nothing: it has no manifest that can be read
        why: Commands that list what is installed read that manifest. Who changes it makes a bad version look like a good one.
        do:  Do not trust what `npm ls` or `pip list` say here. Look at the package with customs inspect, find out what ran, and install again from the lockfile.

      failed[tree-extra]
        extra: node_modules/left/extra.js (left@1.0.0)
          here lies sha256:6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b
        why: Files beside others are found and run: a `.pth` at every start of Python, a `build.rs` at every build, an `index.js` in a folder without one.
        do:  Read the file. If you do not know who made it, treat the machine as one on which it ran; otherwise remove it and install again.

      failed[tree-modified]
        modified: node_modules/left/index.js (left@1.0.0)
          the artifact has sha256:6e66e366f0aefb84ad8110afcd9b2245702c643c831edf8316ff048fec739d2e
          here lies sha256:de157a9d9ee2e11093101ea0b5cfcd944ca8375f30caa23f0e66296a08e9585f
        why: No package manager looks at a file again once it is installed, so whoever changed it changed what your program runs.
        do:  Look at the difference, remove the package's folder and install again from the lockfile. If the change is yours, keep it as a patch file of your package manager, which is then verified.

      failed[tree-missing]
        missing: node_modules/left/package.json (left@1.0.0)
          the artifact has sha256:0d6a845bf26422f15624a1dd6bc1c8b9ff81a17c9d63189a0502ed243e576cd1
        why: Droppers delete themselves after they ran. What is missing is a trace of that, or a broken installation.
        do:  Find out who removed it, then install again from the lockfile.

      as they should be: 0 of 1 package; 2 files compared
        explained: 1 × npm's own list of what is installed; the lockfile says the same
      not checked
        evidence of origin was not asked for

    1 project: tree 0 yes, 1 no, 0 not checked; lockfile 1 yes, 0 no, 0 not checked; origin 0 yes, 0 no, 1 not checked
    "##);
}

#[test]
fn a_copy_in_a_cache_that_is_another_artifact_is_a_no() {
    let scene = Scene::npm();
    let copies = scene.path("cache/npm/_cacache/content-v2/sha512");
    let mut at = copies;
    while at.is_dir() {
        at = fs::read_dir(&at).unwrap().next().unwrap().unwrap().path();
    }
    fs::write(&at, "evil").unwrap();
    let report = scene.look(&["--caches"]);
    let installed = report.subjects[0].installed.as_ref().unwrap();
    assert_eq!(installed.poisoned.len(), 1);
    assert_eq!(report.subjects[0].tree, Answer::No);
    assert!(text::text(&report, false).contains("failed[cache-poisoned]"));
}

#[test]
fn what_was_made_here_is_pinned_and_a_later_change_of_it_is_a_no() {
    let scene = Scene::npm();
    scene.write("app/node_modules/.cache/tool/x.js", b"made\n");
    let (report, open, pins) = scene.asked(&[]);
    assert!(matches!(report.subjects[0].tree, Answer::NotChecked(_)));
    assert_eq!(open.len(), 1);
    assert!(pins.shown(&open).contains("node_modules/.cache"));
    pins.write(open).unwrap();
    let (report, open, _) = scene.asked(&[]);
    assert_eq!((&report.subjects[0].tree, open.len()), (&Answer::Yes, 0));
    scene.write("app/node_modules/.cache/tool/x.js", b"other\n");
    let report = scene.look(&[]);
    assert_eq!(report.subjects[0].tree, Answer::No);
    assert!(text::text(&report, false).contains("failed[made-here-changed]"));
    // What is gone is told, and is no no: the next installation takes it away, too.
    fs::remove_dir_all(scene.path("app/node_modules/.cache")).unwrap();
    let report = scene.look(&[]);
    let Answer::NotChecked(why) = &report.subjects[0].tree else {
        panic!("{:?}", report.subjects[0].tree)
    };
    assert!(
        why.starts_with("node_modules/.cache/tool/x.js: it is pinned"),
        "{why}"
    );
    // Nothing is installed, so nothing of it is missing.
    fs::remove_dir_all(scene.path("app/node_modules")).unwrap();
    let report = scene.look(&[]);
    assert!(report.subjects[0].installed.is_none());
}

#[test]
fn sarif_points_at_the_lockfiles_line_and_names_stay_when_lines_move() {
    let scene = Scene::npm();
    scene.write("app/node_modules/left/index.js", b"steal();\n");
    let result = |scene: &Scene| sarif::log(&scene.look(&[]))["runs"][0]["results"][0].clone();
    let first = result(&scene);
    insta::assert_snapshot!(serde_json::to_string_pretty(&first).unwrap(), @r##"
    {
      "level": "error",
      "locations": [
        {
          "physicalLocation": {
            "artifactLocation": {
              "uri": "package-lock.json"
            },
            "region": {
              "startLine": 12
            }
          }
        }
      ],
      "message": {
        "text": "modified: node_modules/left/index.js (left@1.0.0); the artifact has sha256:6e66e366f0aefb84ad8110afcd9b2245702c643c831edf8316ff048fec739d2e; here lies sha256:de157a9d9ee2e11093101ea0b5cfcd944ca8375f30caa23f0e66296a08e9585f"
      },
      "partialFingerprints": {
        "customs/v1": "a57b26b214670314f987199da19b386e",
        "primaryLocationLineHash": "a57b26b214670314f987199da19b386e:1"
      },
      "ruleId": "tree-modified",
      "ruleIndex": 0
    }
    "##);
    let lock = scene.path("app/package-lock.json");
    let moved = format!("\n{}", fs::read_to_string(&lock).unwrap());
    fs::write(&lock, moved).unwrap();
    let second = result(&scene);
    assert_eq!(first["partialFingerprints"], second["partialFingerprints"]);
    assert_ne!(first["locations"], second["locations"]);
}

#[test]
fn json_has_its_schema_the_sum_and_the_three_answers() {
    let scene = Scene::npm();
    let text = json::text(&scene.look(&[])).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["schema"], "customs/verify-v1");
    assert_eq!(value["sum"]["tree"]["yes"], 1);
    assert_eq!(value["subjects"][0]["tree"]["answer"], "yes");
    assert_eq!(value["subjects"][0]["origin"]["answer"], "not_checked");
    assert_eq!(value["subjects"][0]["lockfile"], "package-lock.json");
}

#[test]
fn where_there_is_nothing_it_says_what_it_looked_for() {
    let failure = Scene::empty().refused(&[]);
    assert_eq!(failure.code, 3);
    assert!(failure.to_string().contains("Cargo.lock"), "{failure}");
}

#[test]
fn a_lockfile_without_a_tree_is_judged_and_its_tree_is_not_checked() {
    let scene = Scene::npm();
    fs::remove_dir_all(scene.path("app/node_modules")).unwrap();
    let report = scene.look(&[]);
    let subject = &report.subjects[0];
    assert_eq!(subject.lock, Answer::Yes);
    assert!(
        matches!(&subject.tree, Answer::NotChecked(because) if because.contains("nothing is installed"))
    );
}

#[test]
fn a_lockfile_that_cannot_be_read_is_a_no_and_one_of_a_later_format_is_not_checked() {
    let cut = br#"{"name":"app","lockfileVersion":3,"packages":{"": {"#;
    let conflict = b"{\n\"lockfileVersion\": 3,\n<<<<<<< HEAD\n}".as_slice();
    for text in [b"".as_slice(), b"{}", conflict, cut] {
        let scene = Scene::npm();
        scene.write("app/package-lock.json", text);
        let report = scene.look(&[]);
        assert_eq!(report.subjects[0].lock, Answer::No);
        assert_eq!(report.answer(), Answer::No);
        let finding = &report.subjects[0].locked.findings[0];
        assert_eq!(finding.rule.as_str(), "lock-format");
    }
    let scene = Scene::empty();
    scene.write("app/pnpm-lock.yaml", b"lockfileVersion: '12.0'\n");
    scene.write("app/requirements.txt", b"\xff\xfea\0=\0=\0");
    for subject in scene.look(&[]).subjects {
        assert!(matches!(subject.lock, Answer::NotChecked(_)), "{subject:?}");
    }
}

#[test]
fn a_tree_of_another_manager_is_not_held_against_this_lockfile() {
    let scene = Scene::npm();
    fs::remove_file(scene.path("app/node_modules/.package-lock.json")).unwrap();
    scene.write("app/node_modules/.modules.yaml", b"layoutVersion: 5\n");
    scene.write("app/node_modules/left/planted.js", b"1");
    // Whoever tampers with a tree could write the mark as well: it needs a lockfile to be one of.
    assert_eq!(scene.look(&[]).subjects[0].tree, Answer::No);
    scene.write("app/pnpm-lock.yaml", b"lockfileVersion: '9.0'\n");
    let report = scene.look(&[]);
    let tree = &report.subjects[0].tree;
    assert!(matches!(tree, Answer::NotChecked(because) if because.contains("another lockfile")));
}

#[test]
fn several_projects_are_looked_at_in_one_run_and_a_manifest_without_lockfile_is_said() {
    let scene = Scene::npm();
    scene.write("app/tools/requirements.txt", b"flask==3.0.0\n");
    scene.write("app/web/package.json", br#"{"dependencies":{"a":"1"}}"#);
    scene.write("app/web/fixture/package.json", br#"{"type":"module"}"#);
    let report = scene.look(&[]);
    let names: Vec<_> = report
        .subjects
        .iter()
        .map(|s| s.lockfile.clone().unwrap())
        .collect();
    assert_eq!(names, ["package-lock.json", "tools/requirements.txt"]);
    assert_eq!(
        report.not_checked,
        ["1 manifests ask for packages that no lockfile names: web/package.json"]
    );
}

#[test]
fn lockfiles_of_vendored_crates_are_not_the_projects_own() {
    let scene = Scene::npm();
    scene.write("app/vendor/a/.cargo-checksum.json", b"{}");
    scene.write("app/vendor/a/Cargo.toml", b"");
    scene.write("app/vendor/a/Cargo.lock", b"version = 4\n");
    assert_eq!(scene.look(&[]).subjects.len(), 1);
}

#[test]
fn names_of_strangers_steer_no_terminal() {
    let scene = Scene::npm();
    scene.write("app/node_modules/left/\u{1b}[2J.js", b"1");
    let text = shown(&scene, &["--verbose"]);
    assert!(!text.contains('\u{1b}'), "{text}");
    assert!(text.contains("\\u{1b}"), "{text}");
}

#[test]
fn a_change_since_the_base_is_explained_with_settings_and_customs_lock() {
    let scene = Scene::npm();
    commit(&scene);
    let lock = scene.path("app/package-lock.json");
    let text = fs::read_to_string(&lock).unwrap();
    // The tell of an edit by hand: another address, the same version.
    let text = text.replace("left-1.0.0.tgz", "left-1.0.0.tgz?x");
    fs::write(&lock, text.replace("registry.example", "mirror.example")).unwrap();
    scene.write("app/.npmrc", b"strict-ssl=false\n");
    let made = format!(
        "customs-lock 1\nmade dist/x.js digest=sha256:{} maker=\"a tool\"\n",
        "0a".repeat(32)
    );
    scene.write("app/customs.lock", made.as_bytes());
    let report = scene.look(&["--base", "main"]);
    assert_eq!(code(&report, false), 1);
    assert_eq!(report.settings.len(), 1);
    assert_eq!(report.trust.len(), 1);
    let change = report.subjects[0].change.as_ref().unwrap();
    assert_eq!(change.rewritten.len(), 1);
    let text = text::text(&report, false);
    for part in [
        "Since the base",
        "strict-ssl",
        "customs.lock since the base",
        "dist/x.js",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    insta::assert_snapshot!(super::markdown::text(&report), @r##"
    <!-- customs:verify -->
    **customs verify: NO.** tree 1 yes; lockfile 1 no; origin 1 not checked; settings no

    <!-- customs:lockfile:package-lock.json -->
    **`package-lock.json`**: 1 entry changed while the version did not. Must not pass.

    - **failed**: left@&#8203;1.0.0&#58; the address changed, while its version did not (`was https://registry.example/left/-/left-1.0.0.tgz`, `now https://mirror.example/left/-/left-1.0.0.tgz?x`)
    - **warning**: 1 release comes from mirror.example, which this lockfile did not name before (`left@1.0.0`)

    - **failed** lock-settings: .npmrc&#58; strict-ssl is new&#58; false \(decides what is checked\)

    - **customs.lock**: dist/x.js&#58; newly pinned as made here by a tool.

    <details><summary>1 not checked</summary>

    - package-lock.json&#58; origin not checked&#58; evidence of origin was not asked for

    </details>
    "##);
}

#[test]
fn a_pylock_is_compared_with_that_of_the_base() {
    let scene = Scene::npm();
    let lock = |name: &str, digest: &str| {
        let text = format!(
            "lock-version = \"1.0\"\ncreated-by = \"a-tool\"\n\n[[packages]]\nname = \"idna\"\nversion = \"3.7\"\n\n[[packages.wheels]]\nname = \"idna-3.7-py3-none-any.whl\"\nurl = \"https://files.example/idna-3.7-py3-none-any.whl\"\nhashes = {{ sha256 = \"{}\" }}\n",
            digest.repeat(32)
        );
        scene.write(&format!("app/{name}"), text.as_bytes());
    };
    lock("pylock.toml", "0a");
    lock("pylock.dev.toml", "0a");
    commit(&scene);
    lock("pylock.toml", "0b");
    lock("pylock.dev.toml", "0c");
    let report = scene.look(&["--base", "main"]);
    let changes: Vec<_> = report
        .subjects
        .iter()
        .filter_map(|one| Some((one.lockfile.clone()?, one.change.as_ref()?)))
        .filter(|(file, _)| file.starts_with("pylock"))
        .map(|(file, change)| (file, change.rewritten.len()))
        .collect();
    assert_eq!(
        changes,
        [
            ("pylock.dev.toml".to_owned(), 1),
            ("pylock.toml".to_owned(), 1)
        ]
    );
    assert_eq!(code(&report, false), 1);
}

#[test]
fn other_bytes_of_a_program_that_a_package_manager_runs_are_told_since_the_base() {
    let scene = Scene::npm();
    scene.write("app/.yarnrc.yml", b"yarnPath: .yarn/releases/yarn.cjs\n");
    scene.write("app/.yarn/releases/yarn.cjs", b"one");
    scene.write("app/other.cjs", b"one");
    commit(&scene);
    assert!(scene.look(&["--base", "main"]).settings.is_empty());
    scene.write("app/.yarn/releases/yarn.cjs", b"two");
    scene.write("app/.pnpmfile.cjs", b"new");
    scene.write("app/other.cjs", b"two");
    let report = scene.look(&["--base", "main"]);
    let said = report.settings.iter().map(|change| change.message());
    let said: Vec<String> = said.map(|text| text.chars().take(50).collect()).collect();
    assert_eq!(
        said,
        [
            ".pnpmfile.cjs: its content is new: sha256:11507a0e",
            ".yarn/releases/yarn.cjs: its content was sha256:76",
        ]
    );
}

#[test]
fn nothing_is_said_of_a_base_that_is_the_same() {
    let scene = Scene::npm();
    commit(&scene);
    let report = scene.look(&["--base", "HEAD"]);
    assert!(report.subjects[0].change.as_ref().unwrap().is_empty());
    assert!(!text::text(&report, false).contains("Since the base"));
}

#[test]
fn a_lockfile_that_is_gone_is_said() {
    let scene = Scene::npm();
    scene.write("app/web/yarn.lock", b"# yarn lockfile v1\n");
    commit(&scene);
    fs::remove_file(scene.path("app/web/yarn.lock")).unwrap();
    let report = scene.look(&["--base", "main"]);
    assert_eq!(report.not_checked.len(), 1);
    assert!(report.not_checked[0].starts_with("web/yarn.lock was there"));
}

#[test]
fn a_host_that_is_not_on_the_list_is_a_no() {
    let scene = Scene::npm();
    let allowed = scene.look(&["--allowed-hosts", "Registry.example,other.example"]);
    assert_eq!(allowed.subjects[0].lock, Answer::Yes);
    let report = scene.look(&["--allowed-hosts", "other.example"]);
    assert_eq!(report.subjects[0].lock, Answer::No);
    let text = text::text(&report, false);
    assert!(text.contains("failed[lock-allowed-hosts]"), "{text}");
    for wrong in ["https://registry.example", "registry.example/npm", ""] {
        assert!(super::host(wrong).is_err(), "{wrong}");
    }
    assert_eq!(super::host("a.example:8443").unwrap(), "a.example:8443");
}

#[test]
fn a_check_looks_at_every_copy_in_caches_without_being_told() {
    assert_eq!(which_copies(false, Command::Check), Copies::Wrong);
    assert_eq!(which_copies(false, Command::Verify), Copies::Used);
    for command in [Command::Check, Command::Verify] {
        assert_eq!(which_copies(true, command), Copies::All);
    }
}
