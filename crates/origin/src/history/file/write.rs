//! Records to text.

use super::{Accepted, FORMAT, LineRecord, Made, TrustFile, text};
use crate::history::{Acceptable, Axis, IdentityPin};
use crate::{BuilderClass, Numbered, RefClass};
use std::collections::BTreeSet;

/// What a person reads first who has never seen the file.
const HEAD: &str = "\
# What this project has verified of its packages, written by customs. Commit it, and read its
# changes in a review: a line that goes away or claims less than before needs a reason.
# Comments of your own are not kept.
";

pub(super) fn file(file: &TrustFile) -> String {
    let mut out = format!("{HEAD}customs-lock {FORMAT}\n");
    for (at, record) in file.lines().enumerate() {
        out.push_str(if at == 0 { "\n" } else { "" });
        line(&mut out, record);
    }
    for (at, record) in file.accepted().enumerate() {
        out.push_str(if at == 0 { "\n" } else { "" });
        accepted(&mut out, record);
    }
    for (at, record) in file.all_made().enumerate() {
        out.push_str(if at == 0 { "\n" } else { "" });
        made(&mut out, record);
    }
    out
}

fn line(out: &mut String, record: &LineRecord) {
    start(out, "identity", &subject(&record.package));
    pair(out, "line", &record.line.to_string());
    pair(out, "version", record.version.as_str());
    pair(out, "evidence", &evidence(&record.evidence));
    if let Some(pin) = &record.identity {
        identity(out, pin);
    }
    pair(out, "first", &record.first_seen.to_string());
    pair(out, "last", &record.last_seen.to_string());
    out.push('\n');
}

fn identity(out: &mut String, pin: &IdentityPin) {
    let mut maybe = |key: &str, value: Option<&str>| {
        if let Some(value) = value {
            pair(out, key, value);
        }
    };
    let uri = |numbered: &'_ Option<Numbered>| numbered.as_ref().map(|n| n.uri.clone());
    let id = |numbered: &'_ Option<Numbered>| numbered.as_ref().and_then(|n| n.id.clone());
    maybe("subject", pin.subject.as_deref());
    maybe("repository", uri(&pin.repository).as_deref());
    maybe("repository-id", id(&pin.repository).as_deref());
    maybe("owner", uri(&pin.owner).as_deref());
    maybe("owner-id", id(&pin.owner).as_deref());
    maybe("workflow", pin.workflow.as_deref());
    maybe("signer", pin.signer.as_deref());
    maybe("ref", pin.ref_class.map(ref_class));
    maybe("builder", pin.builder.map(builder));
    maybe("environment", pin.environment.as_deref());
    maybe("trigger", pin.trigger.as_deref());
    maybe("issuer", Some(&pin.issuer));
}

fn accepted(out: &mut String, accepted: &Accepted) {
    let what: Vec<&str> = accepted.what.iter().map(|w| Acceptable::name(*w)).collect();
    start(out, "accept", &subject(&accepted.package));
    pair(out, "line", &accepted.line.to_string());
    pair(out, "version", accepted.version.as_str());
    pair(out, "what", &what.join(","));
    pair(out, "on", &accepted.on.to_string());
    pair(out, "reason", &accepted.reason);
    out.push('\n');
}

fn made(out: &mut String, made: &Made) {
    start(out, "made", &made.path);
    pair(out, "digest", &made.digest.to_string());
    pair(out, "maker", &made.maker);
    out.push('\n');
}

fn start(out: &mut String, kind: &str, subject: &str) {
    out.push_str(kind);
    out.push(' ');
    text::write(out, subject);
}

fn pair(out: &mut String, key: &str, value: &str) {
    out.push(' ');
    out.push_str(key);
    out.push('=');
    text::write(out, value);
}

fn subject(package: &customs_model::PackageName) -> String {
    format!("{}:{package}", package.ecosystem().purl_type())
}

fn evidence(axes: &BTreeSet<Axis>) -> String {
    if axes.is_empty() {
        return "none".to_owned();
    }
    let names: Vec<&str> = axes.iter().map(|axis| axis.name()).collect();
    names.join(",")
}

pub(super) const fn ref_class(class: RefClass) -> &'static str {
    match class {
        RefClass::Tag => "tag",
        RefClass::MainBranch => "main-branch",
        RefClass::Other => "other",
    }
}

pub(super) const fn builder(class: BuilderClass) -> &'static str {
    match class {
        BuilderClass::Hosted => "hosted",
        BuilderClass::SelfHosted => "self-hosted",
    }
}
