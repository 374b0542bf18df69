//! The ready integrations are files that nobody compiles. These tests read them, so that they cannot
//! name an option, an input or a file that is not there any more.

use crate::Arguments;
use clap::CommandFactory as _;
use customs_ecosystem::lockfile::Kind;
use saphyr::{LoadableYamlNode as _, Yaml};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const ACTION: &str = "integrations/github/action.yml";
const GITLAB: &str = "integrations/gitlab/customs.gitlab-ci.yml";
const HOOKS: &str = ".pre-commit-hooks.yaml";

/// Files of configuration, and programs, that `--base` compares.
const SETTINGS: [&str; 15] = [
    ".cargo/config",
    ".cargo/config.toml",
    ".npmrc",
    ".pnpmfile.cjs",
    ".pnpmfile.mjs",
    ".yarn/plugins/p.cjs",
    ".yarn/releases/yarn-4.1.0.cjs",
    ".yarnrc",
    ".yarnrc.yml",
    "bunfig.toml",
    "pip.conf",
    "pip.ini",
    "pnpm-workspace.yaml",
    "pyproject.toml",
    "uv.toml",
];

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(top().join(path)).unwrap()
}

fn yaml(text: &str) -> Yaml<'_> {
    let mut documents = Yaml::load_from_str(text).unwrap();
    assert_eq!(documents.len(), 1);
    documents.remove(0)
}

/// Whether the program takes these words. What a script fills in is `x`.
fn takes(words: &[String]) -> Result<(), String> {
    let line = std::iter::once("customs").chain(words.iter().map(String::as_str));
    match Arguments::command().try_get_matches_from(line) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("customs {}: {error}", words.join(" "))),
    }
}

/// The words of a line of shell, without a comment or a redirection behind them.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None | Some('"'), '$') => {
                let braces = chars.next_if_eq(&'{').is_some();
                while chars
                    .next_if(|c| c.is_ascii_alphanumeric() || "_@[]:-".contains(*c))
                    .is_some()
                {}
                if braces {
                    assert_eq!(chars.next(), Some('}'), "{line}");
                }
                word.get_or_insert_default().push('x');
            }
            (None, ' ') => words.extend(word.take()),
            (None, '#' | '>' | '|') if word.is_none() => return words,
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    assert_eq!(quote, None, "{line}");
    words.extend(word);
    words
}

/// What the action's script calls the program with, all options at once.
fn of_action(script: &str) -> Vec<String> {
    let lines = script.lines().map(str::trim);
    let added = lines.filter_map(|line| {
        let rest = line.strip_prefix("arguments")?;
        let rest = rest
            .strip_prefix("+=(")
            .or_else(|| rest.strip_prefix("=("))?;
        rest.strip_suffix(')')
    });
    added.flat_map(words).collect()
}

/// The same of GitLab's.
fn of_gitlab(script: &str) -> Vec<String> {
    let lines = script.lines().map(str::trim);
    let added = lines.filter_map(|line| {
        let rest = line.strip_prefix("set -- ");
        rest.or_else(|| line.strip_prefix(r#""$program" "$@" "#))
    });
    added
        .map(|rest| rest.strip_prefix(r#""$@" "#).unwrap_or(rest))
        .flat_map(words)
        .collect()
}

#[test]
fn the_action_calls_the_program_with_what_it_knows() {
    let text = read(ACTION);
    let action = yaml(&text);
    let steps = action["runs"]["steps"].as_vec().unwrap();
    let scripts: Vec<&str> = steps
        .iter()
        .filter_map(|s| s.as_mapping_get("run")?.as_str())
        .collect();
    assert_eq!(scripts.len(), 3);
    let called: Vec<String> = scripts.into_iter().flat_map(of_action).collect();
    for option in ["check", "--report", "--base", "--strict", "--"] {
        assert!(called.iter().any(|word| word == option), "{called:?}");
    }
    takes(&called).unwrap();
}

#[test]
fn the_action_uses_each_input_and_no_other_and_quotes_none_into_a_script() {
    let text = read(ACTION);
    let action = yaml(&text);
    let inputs = action["inputs"].as_mapping().unwrap().keys();
    let declared: BTreeSet<&str> = inputs.filter_map(Yaml::as_str).collect();
    let used: BTreeSet<&str> = text
        .split("inputs.")
        .skip(1)
        .map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
            &rest[..end.unwrap_or(rest.len())]
        })
        .collect();
    assert_eq!(used, declared);
    for step in action["runs"]["steps"].as_vec().unwrap() {
        if let Some(run) = step.as_mapping_get("run").and_then(Yaml::as_str) {
            // What is written into a script by the runner is run as a script.
            assert!(!run.contains("${{"), "{run}");
            assert_eq!(step["shell"].as_str(), Some("bash"));
        }
    }
}

#[test]
fn gitlabs_job_calls_the_program_with_what_it_knows_and_keeps_what_it_writes() {
    let text = read(GITLAB);
    let template = yaml(&text);
    let job = &template["customs-check"];
    let scripts = job["script"].as_vec().unwrap();
    let called: Vec<String> = scripts
        .iter()
        .filter_map(Yaml::as_str)
        .flat_map(of_gitlab)
        .collect();
    takes(&called).unwrap();
    let written: BTreeSet<&str> = called
        .iter()
        .filter_map(|word| word.split_once('='))
        .map(|(_, file)| file)
        .collect();
    let reports = job["artifacts"]["reports"].as_mapping().unwrap();
    let reports = reports.values().filter_map(Yaml::as_str);
    let kept = job["artifacts"]["paths"].as_vec().unwrap();
    let kept: BTreeSet<&str> = kept
        .iter()
        .filter_map(Yaml::as_str)
        .chain(reports)
        .collect();
    assert_eq!(kept, written);
}

#[test]
fn each_hook_calls_the_program_with_what_it_knows() {
    let text = read(HOOKS);
    let hooks = yaml(&text);
    for hook in hooks.as_vec().unwrap() {
        let entry = words(hook["entry"].as_str().unwrap());
        assert_eq!(entry[0], "customs");
        takes(&entry[1..]).unwrap();
        assert_eq!(hook["language"].as_str(), Some("system"));
    }
}

#[cfg(unix)]
#[test]
fn hooks_look_at_every_lockfile_that_is_known_and_at_nothing_else() {
    let text = read(HOOKS);
    let hooks = yaml(&text);
    let asks = |pattern: &str, name: &str| {
        let mut grep = std::process::Command::new("grep");
        let mut child = grep
            .args(["-Eq", pattern])
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        std::io::Write::write_all(&mut input, name.as_bytes()).unwrap();
        drop(input);
        child.wait().unwrap().success()
    };
    for hook in hooks.as_vec().unwrap() {
        let pattern = hook["files"].as_str().unwrap();
        for name in [
            "package-lock.json",
            "npm-shrinkwrap.json",
            "pnpm-lock.yaml",
            "pnpm-lock.main.yaml",
            "yarn.lock",
            "bun.lock",
            "uv.lock",
            "tool.py.lock",
            "poetry.lock",
            "pylock.toml",
            "pylock.dev.toml",
            "requirements.txt",
            "requirements-dev.txt",
            "dev-requirements.txt",
            "Cargo.lock",
        ] {
            assert!(Kind::of_file_name(name, b"").is_some(), "{name}");
            assert!(asks(pattern, name), "{name}");
            assert!(asks(pattern, &format!("a/b/{name}")), "{name}");
        }
        assert!(asks(pattern, "customs.lock"));
        // What a change of settings brings in is told by `--base` only.
        let of_settings = hook["id"].as_str() == Some("customs-change");
        for name in SETTINGS {
            assert_eq!(asks(pattern, name), of_settings, "{name}");
            assert_eq!(asks(pattern, &format!("a/{name}")), of_settings, "{name}");
        }
        for name in ["package.json", "Cargo.toml", "xyarn.lock", "src/uv.lock.rs"] {
            assert!(!asks(pattern, name), "{name}");
        }
    }
}

#[test]
fn every_command_that_the_documentation_shows_is_one() {
    let mut seen = 0;
    let docs = std::fs::read_dir(top().join("docs")).unwrap();
    let mut paths: Vec<PathBuf> = docs.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "md"));
    paths.push(top().join("README.md"));
    let mut wrong = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        for block in text.split("```sh\n").skip(1) {
            let block = block.split("```").next().unwrap();
            let lines = block
                .lines()
                .filter_map(|line| line.strip_prefix("customs "));
            for line in lines.filter(|line| !line.contains('…')) {
                seen += 1;
                if let Err(why) = takes(&words(line)) {
                    wrong.push(format!("{}: {why}", path.display()));
                }
            }
        }
        for block in text.split("```yaml\n").skip(1) {
            yaml(block.split("```").next().unwrap());
        }
    }
    assert!(seen > 10, "{seen}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn words_that_the_program_does_not_know_are_found() {
    assert!(takes(&words("check --no-such-option")).is_err());
    assert!(takes(&words("check --report nothing=x")).is_err());
    assert_eq!(
        words(r#"--report "sarif=$results/a b.sarif" ${A[@]} 'c' # d"#),
        ["--report", "sarif=x/a b.sarif", "x", "c"]
    );
}
