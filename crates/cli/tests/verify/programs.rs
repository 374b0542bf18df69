//! The commands around `verify`, as programs: what they print, and the code that they end with. The
//! project asks for nothing, so that no registry is needed.

use crate::ask::{code, customs};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A repository with a lockfile that names no package.
pub struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    pub fn new() -> Self {
        let project = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        for folder in ["project", "home", "own"] {
            std::fs::create_dir(project.at(folder)).unwrap();
        }
        let manifest = r#"{"name":"app","version":"1.0.0"}"#;
        project.write("package.json", manifest);
        let lock = serde_json::json!({
            "name": "app", "version": "1.0.0", "lockfileVersion": 3, "requires": true,
            "packages": {"": {"name": "app", "version": "1.0.0"}},
        });
        project.write("package-lock.json", &lock.to_string());
        project.git(&["init", "--quiet", "--initial-branch=main"]);
        project.git(&["add", "--all"]);
        project.git(&["commit", "--quiet", "--message", "base"]);
        project
    }

    pub fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub fn write(&self, path: &str, text: &str) {
        std::fs::write(self.at("project").join(path), text).unwrap();
    }

    /// Somebody switches a check off: what no change may do unseen.
    pub fn spoil(&self) {
        self.write(".npmrc", "strict-ssl=false\n");
    }

    fn git(&self, arguments: &[&str]) {
        let done = Command::new("git")
            .current_dir(self.at("project"))
            .args(["-c", "user.name=a", "-c", "user.email=a@mail.example"])
            .args(arguments)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
    }

    pub fn command(&self) -> Command {
        customs(&self.at("project"), &self.at("home"), &self.at("own"))
    }

    fn run(&self, words: &[&str]) -> Output {
        self.command().args(words).output().unwrap()
    }
}

fn json(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|why| panic!("{why}: {said}"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_exit_code_of_check_is_its_answer() {
    let project = Project::new();
    for (words, strict) in [
        (&["check", "--json"][..], false),
        (&["check", "--json", "--strict"], true),
        (&["check", "--json", "--base", "main"], false),
    ] {
        let output = project.run(words);
        let report = json(&output);
        assert_eq!(
            output.status.code(),
            Some(code(&report, strict)),
            "{words:?}"
        );
        // Nothing is installed and nothing proves an origin: no yes.
        assert_eq!(report["answer"]["answer"], "not_checked", "{words:?}");
    }
    project.spoil();
    let output = project.run(&["check", "--json", "--base", "main"]);
    let report = json(&output);
    assert_eq!(report["answer"]["answer"], "no");
    assert_eq!(report["findings"][0]["rule"], "lock-settings");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn usage_nothing_to_check_and_work_that_cannot_be_done_have_codes_of_their_own() {
    let project = Project::new();
    std::fs::create_dir(project.at("project/empty")).unwrap();
    for (words, expected) in [
        (&["verify", "--no-such-option"][..], 2),
        (&["verify", "--report", "nothing=x"], 2),
        (&["verify", "empty"], 3),
        (&["verify", "--base", "no-such-branch"], 4),
        (&["verify", "--report", "sarif=no/such/folder/x"], 4),
    ] {
        let output = project.run(words);
        assert_eq!(output.status.code(), Some(expected), "{words:?}");
    }
}

#[test]
fn check_writes_every_format_in_one_run() {
    let project = Project::new();
    project.spoil();
    let formats = ["json", "sarif", "markdown", "junit", "github", "gitlab"];
    let mut command = project.command();
    command.args(["check", "--base", "main"]);
    for format in formats {
        command
            .arg("--report")
            .arg(format!("{format}={format}.out"));
    }
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    for format in formats {
        let text = read(&project.at("project").join(format!("{format}.out")));
        assert!(text.contains("strict-ssl"), "{format}: {text}");
    }
}

#[test]
fn trust_shows_what_verification_rests_on() {
    let output = Project::new().run(&["trust", "show", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let roots = json(&output).to_string();
    assert!(roots.contains("old"), "{roots}");
}

#[test]
fn a_record_of_what_is_included_says_nothing_new_of_itself() {
    let project = Project::new();
    let digest = "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==";
    let lock = serde_json::json!({
        "name": "app", "version": "1.0.0", "lockfileVersion": 3, "requires": true,
        "packages": {
            "": {"name": "app", "version": "1.0.0", "dependencies": {"left": "^1.0.0"}},
            "node_modules/left": {
                "version": "1.0.0",
                "resolved": "https://registry.example/left/-/left-1.0.0.tgz",
                "integrity": digest,
            },
        },
    });
    project.write("package-lock.json", &lock.to_string());
    let manifest = r#"{"name":"app","version":"1.0.0","dependencies":{"left":"^1.0.0"}}"#;
    project.write("package.json", manifest);
    project.write(".npmrc", "registry=https://registry.example/\n");
    let output = project.run(&["included", "--json", "--output", "record.json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let record: Value = serde_json::from_str(&read(&project.at("project/record.json"))).unwrap();
    assert!(record["schema"].is_string(), "{record}");
    let output = project.run(&["included", "--compare", "record.json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}
