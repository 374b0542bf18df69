//! What was found, as SARIF 2.1.0: for code hosts, editors and whoever collects findings.
//!
//! One run. Each artifact that was inspected stands in `artifacts`, and so does each file
//! in it that a finding names, as a part of it (`parentIndex`): two archives may well hold
//! files of one name. Code hosts show a result only where its address is relative and it has a
//! line: a file of an archive or a release stands below that one's name. Every text is safe
//! to print, and none of it becomes a link.

#[cfg(test)]
mod tests;

use crate::error::{Doing as _, Failure};
use crate::link;
use crate::safe::{message, uri};
use customs_model::{Digest, Finding, Hop, Place, ReleaseId, Severity, Standing, Verdict};
use customs_rules::{RuleDoc, RuleSet, page};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::path::{Component, Path};

/// Where the schema of SARIF 2.1.0 stands.
pub(crate) const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// Characters of a finding's sentence and of a step on its way.
const MESSAGE: usize = 1000;
const STEP: usize = 400;
/// Parts that were not read and are named, of one artifact.
const UNREAD: usize = 100;

/// One artifact and what was found in it.
pub(crate) struct Subject<'a> {
    name: String,
    uri: String,
    /// Its files lie in a folder and have addresses of their own.
    is_folder: bool,
    verdict: &'a Verdict,
}

impl<'a> Subject<'a> {
    /// An archive, by its path, read from a folder.
    pub(crate) fn archive(path: &str, here: &Path, verdict: &'a Verdict) -> Self {
        let last = || {
            Path::new(path)
                .file_name()
                .map(|name| name.to_string_lossy())
        };
        let relative = below(path, here)
            .or_else(|| Some(last()?.into_owned()))
            .filter(|path| !path.is_empty());
        Self {
            name: message(path, STEP),
            uri: relative.map_or_else(|| ".".to_owned(), |path| uri(&path)),
            is_folder: false,
            verdict,
        }
    }

    /// A folder, by its path, read from a folder. The files of one that lies elsewhere are
    /// named from there.
    pub(crate) fn folder(path: &str, here: &Path, verdict: &'a Verdict) -> Self {
        let relative = below(path, here).filter(|path| !path.is_empty());
        Self {
            name: message(path, STEP),
            uri: relative.map_or_else(|| ".".to_owned(), |path| uri(&path)),
            is_folder: true,
            verdict,
        }
    }

    /// A release, by its package URL without the scheme.
    pub(crate) fn release(release: &ReleaseId, verdict: &'a Verdict) -> Self {
        let purl = release.to_string();
        Self {
            name: release.spoken(),
            uri: purl.strip_prefix("pkg:").unwrap_or(&purl).to_owned(),
            is_folder: false,
            verdict,
        }
    }

    /// Where a file of it is, in the same way.
    fn file(&self, inner: &str) -> String {
        // Reading a folder puts it below the top folder that an archive would have.
        let inner = match inner.strip_prefix("package/") {
            Some(below) if self.is_folder => below,
            Some(_) | None => inner,
        };
        let joined = [self.uri.as_str(), &uri(inner)].join("/");
        joined.trim_start_matches("./").to_owned()
    }
}

/// A path as it is seen from a folder; none where it does not lie below it.
fn below(path: &str, here: &Path) -> Option<String> {
    let path = Path::new(path);
    let relative = if path.is_absolute() {
        path.strip_prefix(here).ok()?
    } else {
        path
    };
    let mut parts = Vec::new();
    for part in relative.components() {
        match part {
            Component::CurDir => {}
            Component::Normal(part) => parts.push(part.to_string_lossy().into_owned()),
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

/// The log, as text.
///
/// # Errors
/// It cannot be written as JSON.
pub(crate) fn text(subjects: &[Subject<'_>], rules: &RuleSet) -> Result<String, Failure> {
    let log = log(subjects, rules);
    Ok(serde_json::to_string_pretty(&log).doing("write the SARIF log")? + "\n")
}

fn log(subjects: &[Subject<'_>], rules: &RuleSet) -> Value {
    let mut run = Run::default();
    for subject in subjects {
        run.add(subject, rules);
    }
    json!({ "$schema": SCHEMA, "version": "2.1.0", "runs": [run.finish()] })
}

/// The one run, as far as it is written.
#[derive(Default)]
struct Run {
    /// Rules that spoke, in the order in which they first did.
    rules: Vec<Value>,
    rule_at: HashMap<String, usize>,
    artifacts: Vec<Value>,
    /// Files by the artifact that they are in.
    file_at: HashMap<(usize, String), usize>,
    results: Vec<Value>,
    notifications: Vec<Value>,
    /// Something could not be judged: a log without results is no clean bill then.
    is_unjudged: bool,
}

impl Run {
    fn add(&mut self, subject: &Subject<'_>, rules: &RuleSet) {
        let parent = self.artifacts.len();
        self.artifacts.push(json!({
            "location": { "uri": subject.uri },
            "description": { "text": subject.name },
            "roles": ["analysisTarget"],
        }));
        for finding in &subject.verdict.findings {
            let result = self.result(subject, parent, finding, rules);
            self.results.push(result);
        }
        self.add_unread(subject, parent);
    }

    fn result(
        &mut self,
        subject: &Subject<'_>,
        parent: usize,
        finding: &Finding,
        rules: &RuleSet,
    ) -> Value {
        let mut result = Map::new();
        let mut set = |key: &str, value: Value| result.insert(key.to_owned(), value);
        set("ruleId", json!(finding.rule));
        set("ruleIndex", json!(self.rule(finding, rules)));
        set("level", json!(level(finding.severity)));
        set("message", text_of(&finding.message, MESSAGE));
        // The end of the way is where it happens.
        let sink = match finding.path.last() {
            Some(hop) => self.location(subject, parent, &hop.at),
            None => whole(subject, parent),
        };
        set("locations", json!([sink]));
        if !finding.path.is_empty() {
            let steps: Vec<Value> = finding
                .path
                .iter()
                .map(|hop| self.step(subject, parent, hop))
                .collect();
            set(
                "codeFlows",
                json!([{ "threadFlows": [{ "locations": steps }] }]),
            );
        }
        set(
            "partialFingerprints",
            json!({ "customsPath/v1": fingerprint(finding) }),
        );
        set(
            "properties",
            json!({ "severity": finding.severity, "confidence": finding.confidence }),
        );
        Value::Object(result)
    }

    fn step(&mut self, subject: &Subject<'_>, parent: usize, hop: &Hop) -> Value {
        let mut location = self.location(subject, parent, &hop.at);
        location["message"] = text_of(&hop.what, STEP);
        json!({ "location": location })
    }

    fn location(&mut self, subject: &Subject<'_>, parent: usize, at: &Place) -> Value {
        if at.file.is_empty() {
            return whole(subject, parent);
        }
        let uri = subject.file(&at.file);
        let index = self.file(parent, &uri);
        json!({
            "physicalLocation": {
                "artifactLocation": { "uri": uri, "index": index },
                "region": region(at),
            },
            "logicalLocations": [logical(subject)],
        })
    }

    /// The place of a file in `artifacts`.
    fn file(&mut self, parent: usize, uri: &str) -> usize {
        let artifacts = &mut self.artifacts;
        *self
            .file_at
            .entry((parent, uri.to_owned()))
            .or_insert_with(|| {
                artifacts.push(json!({ "location": { "uri": uri }, "parentIndex": parent }));
                artifacts.len() - 1
            })
    }

    /// The place of a rule in `rules`.
    fn rule(&mut self, finding: &Finding, rules: &RuleSet) -> usize {
        let id = finding.rule.as_str();
        if let Some(at) = self.rule_at.get(id) {
            return *at;
        }
        let at = self.rules.len();
        self.rules.push(descriptor(id, rules.doc(id)));
        self.rule_at.insert(id.to_owned(), at);
        at
    }

    fn add_unread(&mut self, subject: &Subject<'_>, parent: usize) {
        let verdict = subject.verdict;
        let is_unjudged = verdict.standing == Standing::NotJudged;
        self.is_unjudged |= is_unjudged;
        let level = if is_unjudged { "error" } else { "warning" };
        let mut note = |what: &str| {
            self.notifications.push(json!({
                "level": level,
                "message": text_of(&format!("{}: {what}", subject.name), MESSAGE),
                "locations": [whole(subject, parent)],
            }));
        };
        for what in verdict.not_checked.iter().take(UNREAD) {
            note(what);
        }
        let more = verdict.not_checked.len().saturating_sub(UNREAD);
        if more > 0 {
            note(&format!("{more} more parts were not read"));
        }
        if is_unjudged && verdict.not_checked.is_empty() {
            note("it could not be judged");
        }
    }

    fn finish(self) -> Value {
        let mut driver = json!({
            "name": "customs",
            "version": env!("CARGO_PKG_VERSION"),
            "rules": self.rules,
        });
        add_links(&mut driver, link::home(), link::of_rule);
        json!({
            "tool": { "driver": driver },
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": !self.is_unjudged,
                "toolExecutionNotifications": self.notifications,
            }],
            "artifacts": self.artifacts,
            "results": self.results,
        })
    }
}

fn text_of(text: &str, limit: usize) -> Value {
    json!({ "text": message(text, limit) })
}

/// An artifact as a place.
fn whole(subject: &Subject<'_>, index: usize) -> Value {
    json!({
        "physicalLocation": {
            "artifactLocation": { "uri": subject.uri, "index": index },
            "region": { "startLine": 1 },
        },
        "logicalLocations": [logical(subject)],
    })
}

/// Readers that know nothing of nested artifacts still show whose file it is.
fn logical(subject: &Subject<'_>) -> Value {
    json!({ "fullyQualifiedName": subject.name, "kind": "package" })
}

fn region(at: &Place) -> Value {
    let (from, to) = at.bytes;
    json!({
        // Counted from 1; what has no line stands at the beginning.
        "startLine": at.line.max(1),
        "startColumn": at.column.max(1),
        "byteOffset": from,
        "byteLength": to.saturating_sub(from),
    })
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "error",
        Severity::High | Severity::Medium | Severity::Low => "warning",
        Severity::Note => "note",
    }
}

fn descriptor(id: &str, doc: Option<&'static RuleDoc>) -> Value {
    let Some(doc) = doc else {
        return json!({ "id": id });
    };
    json!({
        "id": id,
        "shortDescription": { "text": doc.title },
        "fullDescription": { "text": doc.what },
        "help": {
            "text": format!("{} More: customs explain {id}", doc.why),
            "markdown": page(doc),
        },
    })
}

/// Links a tool and its rules to where they are described, if that is known.
pub(crate) fn add_links(
    driver: &mut Value,
    home: Option<&str>,
    of_rule: impl Fn(&str, &str) -> String,
) {
    let Some(home) = home else { return };
    driver["informationUri"] = json!(home);
    let rules = driver.get_mut("rules").and_then(Value::as_array_mut);
    for rule in rules.into_iter().flatten() {
        // What has no text of its own is described by no page.
        let has_page = rule["help"].get("markdown").is_some();
        let id = rule.get("id").and_then(Value::as_str);
        if let Some(link) = id.filter(|_| has_page).map(|id| of_rule(home, id)) {
            rule["helpUri"] = json!(link);
        }
    }
}

/// A name for a finding that stays when lines move and when the next version of the
/// package has the same code: the rule, the file, and what happens on the way.
fn fingerprint(finding: &Finding) -> String {
    let file = finding.path.last().map_or("", |hop| hop.at.file.as_str());
    let mut text = format!("{}\0{}", finding.rule, without_version(file));
    for hop in &finding.path {
        text.push('\0');
        text.push_str(&hop.what);
    }
    Digest::sha256(text.as_bytes()).to_hex()[..32].to_owned()
}

/// Crates and source archives of Python have their version in the name of the top folder.
fn without_version(file: &str) -> &str {
    let has_version = |top: &str| {
        let mut parts = top.split('-').skip(1);
        parts.any(|part| part.starts_with(|c: char| c.is_ascii_digit()))
    };
    match file.split_once('/') {
        Some((top, rest)) if has_version(top) => rest,
        _ => file,
    }
}
