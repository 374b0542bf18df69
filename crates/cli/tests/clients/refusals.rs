//! What each client shows when nothing is left of a package: a policy that finds
//! everything too young. The report says it to every client's user.

use crate::world::{Ran, World};

/// Ten years: longer than any of these packages is old.
const EVERYTHING_IS_YOUNG: &str =
    "version = 1\nchange-window = \"3650d\"\n[rules.version-age]\nage = \"3650d\"\n";

/// The beginning of the sentence, with the rule, the end and what to do behind it.
const SENTENCE: &str = "customs: is-odd@3.0.1 is held until 20";

fn refused(tool: &str, command: &[&str], files: &[(&str, &str)]) -> Ran {
    let world = World::new(tool);
    world.write("policy.toml", EVERYTHING_IS_YOUNG);
    for (path, text) in files {
        world.write(path, text);
    }
    let policy = world.dir().join("policy.toml");
    let report = world.dir().join("report.json");
    let run = [
        "run",
        "--policy",
        policy.to_str().unwrap(),
        "--report",
        report.to_str().unwrap(),
        "--",
    ];
    let ran = world.customs(&[&run, command].concat());
    assert_ne!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    ran
}

fn npm_family(tool: &str, command: &[&str], files: &[(&str, &str)]) -> Ran {
    let manifest = r#"{"name":"demo","version":"1.0.0","dependencies":{"is-odd":"3.0.1"}}"#;
    let ran = refused(
        tool,
        command,
        &[&[("package.json", manifest)], files].concat(),
    );
    let report = ran.stderr.split("customs: 0 delivered").nth(1).unwrap();
    for part in [
        SENTENCE,
        "rule version-age",
        "Blocked by policy",
        "customs explain version-age",
    ] {
        assert!(
            report.contains(part),
            "the report lacks {part:?}: {}",
            ran.stderr
        );
    }
    ran
}

/// What the client itself said: everything before the report.
fn own_words(ran: &Ran) -> String {
    let before = ran
        .stderr
        .split("customs: 0 delivered")
        .next()
        .unwrap_or("");
    format!("{}{before}", ran.stdout)
}

#[test]
fn npm_shows_the_sentence() {
    let ran = npm_family("npm", &["npm", "install"], &[]);
    assert!(own_words(&ran).contains(SENTENCE), "{}", own_words(&ran));
}

#[test]
fn yarn_1_shows_the_sentence() {
    let ran = npm_family("yarn1", &["yarn", "install"], &[]);
    assert!(own_words(&ran).contains(SENTENCE), "{}", own_words(&ran));
}

#[test]
fn yarn_4_shows_the_sentence_in_the_status_line() {
    let files = [
        ("yarn.lock", ""),
        (".yarnrc.yml", "nodeLinker: node-modules\n"),
    ];
    let ran = npm_family("yarn4", &["yarn", "install"], &files);
    assert!(own_words(&ran).contains(SENTENCE), "{}", own_words(&ran));
}

#[test]
fn pnpm_shows_the_status_and_the_report_the_sentence() {
    let ran = npm_family("pnpm", &["pnpm", "install"], &[]);
    assert!(own_words(&ran).contains("403"), "{}", own_words(&ran));
}

#[test]
fn bun_shows_the_status_and_the_report_the_sentence() {
    let ran = npm_family("bun", &["bun", "install"], &[]);
    assert!(own_words(&ran).contains("403"), "{}", own_words(&ran));
}

#[test]
fn pip_shows_the_sentence_as_the_type_of_a_page_that_is_none() {
    let ran = refused(
        "pip",
        &["pip", "download", "--no-deps", "-d", "out", "anyio"],
        &[],
    );
    let words = own_words(&ran);
    assert!(
        words.contains("customs: anyio@") && words.contains("rule version-age"),
        "{words}"
    );
}

#[test]
fn uv_shows_the_sentence() {
    let manifest = "[project]\nname = \"demo\"\nversion = \"0.1.0\"\nrequires-python = \">=3.9\"\ndependencies = [\"anyio\"]\n";
    let ran = refused("uv", &["uv", "sync"], &[("pyproject.toml", manifest)]);
    let all = format!("{}{}", ran.stdout, ran.stderr);
    assert!(all.contains("version-age"), "{all}");
}

#[test]
fn cargo_calls_a_hold_a_yank_and_the_report_says_why() {
    let manifest = "[package]\nname = \"demo\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\nitoa = \"=1.0.17\"\n[workspace]\n";
    let ran = refused(
        "cargo",
        &["cargo", "fetch"],
        &[("Cargo.toml", manifest), ("src/lib.rs", "")],
    );
    assert!(own_words(&ran).contains("yanked"), "{}", own_words(&ran));
    assert!(ran.stderr.contains("(version-age)"), "{}", ran.stderr);
}
