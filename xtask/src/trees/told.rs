//! What `customs verify --format json` tells of a project, as far as a tree in use is concerned.

use serde::Deserialize;
use std::collections::BTreeMap;

/// The report, as far as it is read here.
#[derive(Debug, Deserialize)]
pub struct Report {
    subjects: Vec<Subject>,
}

#[derive(Debug, Deserialize)]
struct Subject {
    lockfile: Option<String>,
    kind: String,
    installed: Option<Tree>,
    lock: Answer,
    locked: Locked,
    origin: Answer,
}

#[derive(Debug, Deserialize)]
struct Tree {
    packages: Vec<Package>,
    loose: Vec<Difference>,
    not_checked: Vec<String>,
    #[serde(default)]
    poisoned: Vec<Poisoned>,
}

#[derive(Debug, Deserialize)]
struct Package {
    release: String,
    place: String,
    answer: Answer,
    files: u64,
    differences: Vec<Difference>,
    decoy: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Difference {
    path: String,
    kind: String,
    standing: Standing,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "standing", rename_all = "snake_case")]
enum Standing {
    Explained {
        cause: String,
    },
    MadeHere {
        maker: Option<String>,
        pinned: Option<bool>,
    },
    Unexplained,
}

#[derive(Debug, Deserialize)]
struct Poisoned {
    release: String,
    cache: String,
}

#[derive(Debug, Deserialize)]
struct Locked {
    findings: Vec<Finding>,
}

#[derive(Debug, Deserialize)]
struct Finding {
    rule: String,
    severity: String,
    message: String,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
enum Answer {
    Yes,
    No,
    NotChecked { because: String },
}

/// What was told of one project.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Packages, whether compared or not.
    pub packages: u64,
    /// Their files, as many as were compared.
    pub files: u64,
    /// Files of which something differs from the artifact, for whatever reason.
    pub differing: u64,
    /// How many differences are explained, by the cause and the kind.
    pub explained: BTreeMap<String, u64>,
    /// How many files were made here, by who made them.
    pub made_here: BTreeMap<String, u64>,
    /// What nobody explains, a line each, and every other *no*.
    pub unexplained: Vec<String>,
    /// What was not checked of the trees, with the reason.
    pub not_checked: Vec<String>,
}

impl Told {
    /// From the JSON of the report.
    pub fn of(json: &[u8]) -> Result<Self, serde_json::Error> {
        let report: Report = serde_json::from_slice(json)?;
        let mut told = Self::default();
        if report.subjects.is_empty() {
            told.unexplained.push("no lockfile was found".to_owned());
        }
        for subject in &report.subjects {
            told.subject(subject);
        }
        Ok(told)
    }

    /// Adds what was told of another project.
    pub fn add(&mut self, other: &Self) {
        self.packages += other.packages;
        self.files += other.files;
        self.differing += other.differing;
        for (counts, more) in [
            (&mut self.explained, &other.explained),
            (&mut self.made_here, &other.made_here),
        ] {
            for (name, count) in more {
                *counts.entry(name.clone()).or_default() += count;
            }
        }
        self.unexplained.extend(other.unexplained.iter().cloned());
        self.not_checked.extend(other.not_checked.iter().cloned());
    }

    /// Files that have the artifact's own bytes.
    pub fn same(&self) -> u64 {
        self.files.saturating_sub(self.differing)
    }

    fn subject(&mut self, subject: &Subject) {
        let name = subject.lockfile.as_ref().unwrap_or(&subject.kind);
        match &subject.installed {
            Some(tree) => self.tree(tree),
            None => self
                .not_checked
                .push(format!("{name}: nothing of it was looked at")),
        }
        // An honest lockfile from an honest registry has nothing that fails.
        if matches!(subject.lock, Answer::No) {
            let loud = subject.locked.findings.iter();
            for finding in loud.filter(|finding| finding.severity != "note") {
                let (rule, message) = (&finding.rule, &finding.message);
                self.unexplained.push(format!("{name}: {rule}: {message}"));
            }
        }
        if matches!(subject.origin, Answer::No) {
            self.unexplained
                .push(format!("{name}: the answer about origins is no"));
        }
    }

    fn tree(&mut self, tree: &Tree) {
        for package in &tree.packages {
            self.package(package);
        }
        for difference in &tree.loose {
            self.difference("", difference);
        }
        for poisoned in &tree.poisoned {
            let (release, cache) = (&poisoned.release, &poisoned.cache);
            self.unexplained
                .push(format!("poisoned {cache}: {release}"));
        }
        self.not_checked.extend(tree.not_checked.iter().cloned());
    }

    fn package(&mut self, package: &Package) {
        self.packages += 1;
        self.files += package.files;
        for difference in &package.differences {
            if matches!(difference.kind.as_str(), "modified" | "other_type" | "mode") {
                self.differing += 1;
            }
            self.difference(&package.place, difference);
        }
        if let Some(decoy) = &package.decoy {
            let place = &package.place;
            self.unexplained
                .push(format!("{place} is a decoy: {decoy}"));
        }
        match &package.answer {
            Answer::No if package.differences.is_empty() && package.decoy.is_none() => {
                self.unexplained.push(format!("{}: no", package.place));
            }
            Answer::NotChecked { because } if !about_pins(package) => {
                self.not_checked
                    .push(format!("{}: {because}", package.release));
            }
            Answer::Yes | Answer::No | Answer::NotChecked { .. } => {}
        }
    }

    fn difference(&mut self, place: &str, difference: &Difference) {
        let Difference { path, kind, .. } = difference;
        let path = match place {
            "" => path.clone(),
            place => format!("{place}/{path}"),
        };
        match &difference.standing {
            Standing::Explained { cause } => {
                let cause = cause.replace('_', " ");
                *self
                    .explained
                    .entry(format!("{cause}, {kind}"))
                    .or_default() += 1;
            }
            Standing::MadeHere {
                pinned: Some(false),
                ..
            } => self.unexplained.push(format!("changed {path}")),
            Standing::MadeHere { maker, .. } => {
                let maker = maker.as_deref().unwrap_or("somebody").to_owned();
                *self.made_here.entry(maker).or_default() += 1;
            }
            // Who may not read a file was not told that it is wrong.
            Standing::Unexplained if kind == "unreadable" => {
                self.not_checked.push(format!("{path} cannot be read"));
            }
            Standing::Unexplained => {
                let kind = kind.replace('_', " ");
                self.unexplained.push(format!("{kind} {path}"));
            }
        }
    }
}

/// Made here and not pinned: counted as such already.
fn about_pins(package: &Package) -> bool {
    package
        .differences
        .iter()
        .any(|difference| matches!(difference.standing, Standing::MadeHere { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"{"subjects": [{
        "folder": ".", "lockfile": "package-lock.json", "kind": "npm",
        "lock": {"answer": "no"}, "origin": {"answer": "not_checked", "because": "nobody was asked"},
        "locked": {"findings": [
            {"rule": "lock-alias", "severity": "note", "message": "one"},
            {"rule": "lock-integrity", "severity": "high", "message": "two"}]},
        "installed": {
            "packages": [
                {"release": "pkg:npm/a@1.0.0", "place": "node_modules/a", "files": 5, "decoy": null,
                 "answer": {"answer": "no"}, "differences": [
                    {"path": "x.js", "kind": "modified", "standing": {"standing": "unexplained"}},
                    {"path": "y.js", "kind": "modified", "standing": {"standing": "explained", "cause": "copy_of"}},
                    {"path": "z.js", "kind": "unreadable", "standing": {"standing": "unexplained"}}]},
                {"release": "pkg:npm/b@1.0.0", "place": "node_modules/b", "files": 1, "decoy": null,
                 "answer": {"answer": "not_checked", "because": "no artifact"}, "differences": []}],
            "loose": [
                {"path": ".cache/a", "kind": "extra", "standing": {"standing": "made_here", "maker": "jest", "pinned": null}},
                {"path": ".cache/b", "kind": "extra", "standing": {"standing": "made_here", "maker": "jest", "pinned": false}}],
            "not_checked": [], "poisoned": []}}]}"#;

    #[test]
    fn every_no_is_unexplained_and_nothing_else_is() {
        let told = Told::of(REPORT.as_bytes()).unwrap();
        assert_eq!(
            told.unexplained,
            [
                "modified node_modules/a/x.js",
                "changed .cache/b",
                "package-lock.json: lock-integrity: two",
            ]
        );
        assert_eq!(
            told.not_checked,
            [
                "node_modules/a/z.js cannot be read",
                "pkg:npm/b@1.0.0: no artifact"
            ]
        );
        assert_eq!(
            told.explained,
            BTreeMap::from([("copy of, modified".to_owned(), 1)])
        );
        assert_eq!(told.made_here, BTreeMap::from([("jest".to_owned(), 1)]));
        assert_eq!((told.packages, told.files, told.same()), (2, 6, 4));
    }

    #[test]
    fn a_project_without_a_lockfile_is_not_fine() {
        let told = Told::of(br#"{"subjects": []}"#).unwrap();
        assert_eq!(told.unexplained, ["no lockfile was found"]);
    }
}
