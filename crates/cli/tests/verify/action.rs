//! The scripts of the GitHub Action, run by bash as the runner does: with the values of inputs in the
//! environment and files for what a step gives on.

use crate::programs::Project;
use crate::world::program;
use saphyr::{LoadableYamlNode as _, Yaml};
use std::path::Path;
use std::process::{Command, Output};

const ACTION: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../integrations/github/action.yml"
);

/// The script of the step with this name.
fn script(name: &str) -> String {
    let text = std::fs::read_to_string(ACTION).unwrap();
    let documents = Yaml::load_from_str(&text).unwrap();
    let steps = documents[0]["runs"]["steps"].as_vec().unwrap();
    let step = steps
        .iter()
        .find(|step| step["name"].as_str() == Some(name));
    step.unwrap()["run"].as_str().unwrap().to_owned()
}

fn step(project: &Project, name: &str, environment: &[(&str, &str)]) -> Output {
    let temporary = project.at("runner");
    std::fs::create_dir_all(&temporary).unwrap();
    let mut command = Command::new("bash");
    // What the program gets of the machine is what it gets in every other test.
    let asked = project.command();
    command.env_clear().current_dir(project.at("project"));
    command.envs(
        asked
            .get_envs()
            .filter_map(|(key, value)| Some((key, value?))),
    );
    command
        .args([
            "--noprofile",
            "--norc",
            "-eo",
            "pipefail",
            "-c",
            &script(name),
        ])
        .env("RUNNER_TEMP", &temporary)
        .env("GITHUB_OUTPUT", temporary.join("output"))
        .env("GITHUB_STEP_SUMMARY", temporary.join("summary"))
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

fn check(project: &Project, paths: &str, base: &str, strict: &str) -> Output {
    let program = program();
    step(
        project,
        "Check",
        &[
            ("PROGRAM", program.to_str().unwrap()),
            ("PATHS", paths),
            ("BASE", base),
            ("STRICT", strict),
            ("ANNOTATIONS", "true"),
        ],
    )
}

/// What a step gave on.
fn given(project: &Project, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(project.at("runner/output")).unwrap();
    let line = text
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix(&format!("{name}=")));
    line.map(str::to_owned)
}

#[test]
fn the_action_reports_annotates_and_gives_the_code_on() {
    let project = Project::new();
    let output = check(&project, ".", "main", "false");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(given(&project, "exit-code").as_deref(), Some("0"));
    project.spoil();
    let output = check(&project, ".", "main", "false");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(given(&project, "exit-code").as_deref(), Some("1"));
    let log = String::from_utf8(output.stdout).unwrap();
    assert!(log.contains("::error file=.npmrc,line=1,"), "{log}");
    let summary = std::fs::read_to_string(project.at("runner/summary")).unwrap();
    assert!(summary.contains("strict-ssl"), "{summary}");
    for file in ["json-file", "sarif-file", "markdown-file"] {
        let path = given(&project, file).unwrap();
        assert!(Path::new(&path).is_file(), "{path}");
    }
}

#[test]
fn what_is_quoted_of_packages_commands_no_runner() {
    let project = Project::new();
    let output = check(&project, ".", "", "false");
    let log = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = log.lines().collect();
    let token = lines[0].strip_prefix("::stop-commands::").unwrap();
    assert_eq!(token.len(), 32);
    let end = lines
        .iter()
        .position(|line| *line == format!("::{token}::"));
    let told = lines
        .iter()
        .position(|line| line.starts_with("package-lock.json (npm)"));
    assert!(told.is_some() && told < end, "{log}");
}

#[test]
fn a_path_is_no_option_and_several_are_several() {
    let project = Project::new();
    std::fs::create_dir(project.at("project/two")).unwrap();
    for file in ["package.json", "package-lock.json"] {
        std::fs::copy(
            project.at("project").join(file),
            project.at("project/two").join(file),
        )
        .unwrap();
    }
    let output = check(&project, "package-lock.json\ntwo\n", "", "true");
    let log = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(log.contains("2 projects: "), "{log}");
    assert_eq!(given(&project, "exit-code").as_deref(), Some("1"));
    check(&project, "--pin", "", "false");
    // It is looked for as a path, and there is none.
    assert_ne!(given(&project, "exit-code").as_deref(), Some("0"));
}

#[test]
fn the_program_is_the_one_that_is_named_or_on_the_path_and_never_one_of_a_branch() {
    let project = Project::new();
    let program = program();
    let program = program.to_str().unwrap();
    let find = |binary: &str, rev: &str, path: &str| {
        let git = "https://code.example/customs";
        let values = [
            ("BINARY", binary),
            ("GIT", git),
            ("REV", rev),
            ("PATH", path),
        ];
        step(&project, "Find customs", &values)
    };
    let path = "/usr/bin:/bin";
    assert!(find(program, "", path).status.success());
    assert_eq!(given(&project, "program").as_deref(), Some(program));
    let on_path = format!("{}:{path}", Path::new(program).parent().unwrap().display());
    assert!(find("", "", &on_path).status.success());
    let refused = find("", "main", path);
    assert_eq!(refused.status.code(), Some(4), "{refused:?}");
}

#[test]
fn only_an_answer_can_be_passed_over() {
    let project = Project::new();
    for (fail_on, code, expected) in [
        ("no", "0", 0),
        ("no", "1", 1),
        ("no", "4", 4),
        ("never", "0", 0),
        ("never", "1", 0),
        ("never", "3", 3),
        ("never", "4", 4),
        ("sometimes", "0", 2),
    ] {
        let output = step(&project, "Answer", &[("CODE", code), ("FAIL_ON", fail_on)]);
        assert_eq!(output.status.code(), Some(expected), "{fail_on} {code}");
    }
}
