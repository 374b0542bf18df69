//! What was answered, as lines that a test can name.

use serde_json::Value;
use std::collections::BTreeSet;

/// The answers about one project.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Answers {
    /// Everything that is not as the artifacts and the rules have it, a line each, by how bad it
    /// is: `no: modified node_modules/a/index.js`, `why: node_modules/a/index.js: …`,
    /// `not checked: a@1.0.0: …`, `made here: …`, `lockfile: lock-integrity a@1.0.0`.
    pub lines: BTreeSet<String>,
    /// What differs and is explained.
    pub explained: BTreeSet<String>,
    /// Packages that are as their artifacts have them. What is rightly absent does not count.
    pub verified: usize,
}

impl Answers {
    /// From the report that `customs verify --format json` prints.
    pub fn of(report: &Value) -> Self {
        let mut answers = Self::default();
        for subject in list(&report["subjects"]) {
            answers.tree(&subject["installed"]);
            for finding in list(&subject["locked"]["findings"]) {
                let release = finding["release"].as_str().map_or_else(String::new, spoken);
                answers
                    .lines
                    .insert(format!("lockfile: {} {release}", text(&finding["rule"])));
            }
        }
        answers
    }

    /// What is wrong.
    pub fn wrong(&self) -> Vec<&str> {
        let lines = self.lines.iter().map(String::as_str);
        lines.filter(|line| line.starts_with("no: ")).collect()
    }

    /// What is told here and was not told before.
    pub fn since<'a>(&'a self, before: &'a Self) -> Vec<&'a str> {
        let lines = self.lines.difference(&before.lines);
        lines.map(String::as_str).collect()
    }

    fn tree(&mut self, tree: &Value) {
        for package in list(&tree["packages"]) {
            let place = &everywhere(text(&package["place"]));
            let differences = list(&package["differences"]);
            for difference in differences {
                self.difference(place, difference);
            }
            if package["decoy"].is_string() {
                self.lines.insert(format!("no: decoy {place}"));
            }
            let release = spoken(text(&package["release"]));
            let answer = &package["answer"];
            match text(&answer["answer"]) {
                "yes" if package["against"].is_object() => self.verified += 1,
                // Without a difference the zip itself is wrong, or the folder is not there.
                "no" if differences.is_empty() && package["decoy"].is_null() => {
                    self.lines.insert(format!("no: {place}"));
                }
                "not_checked" => {
                    let because = text(&answer["because"]);
                    self.lines
                        .insert(format!("not checked: {release}: {because}"));
                }
                _ => {}
            }
        }
        for difference in list(&tree["loose"]) {
            self.difference("", difference);
        }
        for poisoned in list(&tree["poisoned"]) {
            let release = spoken(text(&poisoned["release"]));
            let cache = text(&poisoned["cache"]);
            self.lines
                .insert(format!("no: poisoned {cache}: {release}"));
        }
        for because in list(&tree["not_checked"]) {
            let because = sentence(text(because));
            self.lines.insert(format!("not checked: {because}"));
        }
    }

    fn difference(&mut self, place: &str, difference: &Value) {
        let path = text(&difference["path"]);
        let path = match (place, path) {
            ("", path) | (path, "") => path.to_owned(),
            (place, path) => format!("{place}/{path}"),
        };
        let path = everywhere(&path);
        let kind = text(&difference["kind"]).replace('_', " ");
        let standing = &difference["standing"];
        match text(&standing["standing"]) {
            "explained" => {
                let cause = text(&standing["cause"]);
                self.explained.insert(format!("{kind} {path}: {cause}"));
            }
            "made_here" if standing["pinned"] == false => {
                self.lines.insert(format!("no: changed {path}"));
            }
            "made_here" => {
                self.lines.insert(format!("made here: {kind} {path}"));
            }
            _ if kind == "unreadable" => {
                self.lines.insert(format!("not checked: {path}"));
            }
            _ => {
                self.lines.insert(format!("no: {kind} {path}"));
            }
        }
        for why in list(&difference["why"]) {
            let why = sentence(text(why));
            self.lines.insert(format!("why: {path}: {why}"));
        }
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// `pkg:npm/%40s/a@1.0.0` as people say it.
fn spoken(purl: &str) -> String {
    let name = purl.split_once('/').map_or(purl, |(_, name)| name);
    name.replace("%40", "@")
}

/// A path as it is on every machine: without the version of Python, and without the name that cargo
/// gives to a registry.
fn everywhere(path: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    for part in path.split('/') {
        let last = parts.last().map(String::as_str);
        let part = match (last, part) {
            (Some("lib"), part) if part.starts_with("python3.") => "python3".to_owned(),
            (Some("src" | "cache"), part) if is_registry(&parts, part) => "REGISTRY".to_owned(),
            (_, part) => untagged(part),
        };
        parts.push(part);
    }
    parts.join("/")
}

fn is_registry(parts: &[String], part: &str) -> bool {
    parts.iter().any(|part| part == "registry") && part.contains('-')
}

/// `six.cpython-311.pyc` is `six.cpython.pyc`.
fn untagged(name: &str) -> String {
    let mut parts = name.split('.').map(|part| {
        let tagged = part.starts_with("cpython-");
        if tagged { "cpython" } else { part }
    });
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |name, part| name + "." + part)
}

/// A sentence without what differs from machine to machine: how many files there are, in how many
/// packages, and where.
fn sentence(text: &str) -> String {
    let text = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let text = text.split(" from \"").next().unwrap_or(text);
    let words = text.split(' ').map(everywhere);
    let text = words.collect::<Vec<_>>().join(" ").trim_start().to_owned();
    match text.split_once(" in ") {
        Some((files, rest)) if files.starts_with("compiled file") => {
            let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            format!(
                "compiled files in{}",
                rest.trim_start_matches(" package").trim_start_matches('s')
            )
        }
        Some(_) | None => text,
    }
}
