//! Where packages come from, before and now.

use super::super::address::Address;
use super::super::finding::{Findings, Said};
use super::super::words::{count, shown, spoken};
use super::index::{Index, address_of};
use super::rewritten::Moves;
use customs_ecosystem::lockfile::{Package, Source};
use customs_model::Severity;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn findings(
    file: &str,
    before: &Index<'_>,
    after: &Index<'_>,
    moves: &Moves,
    findings: &mut Findings<'_>,
) {
    overrides(file, before, after, findings);
    for (was, is) in moves.iter() {
        say(
            file,
            None,
            format!(
                "most releases came from {} and come from {} now",
                shown(was),
                shown(is)
            ),
            Vec::new(),
            findings,
        );
    }
    let (were, are) = (hosts(before), hosts(after));
    let known: BTreeSet<&str> = were
        .values()
        .flat_map(|hosts| hosts.keys().map(|host| &**host))
        .collect();
    let mut told: BTreeSet<&str> = moves.iter().map(|(_, is)| is.as_str()).collect();
    for (scope, now) in &are {
        let Some(scope_name) = scope else { continue };
        let Some(was) = were.get(scope) else { continue };
        if was.keys().any(|host| now.contains_key(host)) {
            continue;
        }
        let names = |hosts: &Hosts<'_>| {
            let hosts: Vec<String> = hosts.keys().map(|host| shown(host)).collect();
            hosts.join(", ")
        };
        if now.keys().all(|host| told.contains(&**host)) {
            continue;
        }
        told.extend(now.keys().map(|host| &**host));
        let first = now.values().flatten().next();
        say(
            file,
            first.map(|package| package.line),
            format!(
                "{} came from {} and comes from {} now",
                shown(scope_name),
                names(was),
                names(now)
            ),
            now.values()
                .flatten()
                .map(|package| spoken(package))
                .collect(),
            findings,
        );
    }
    if known.is_empty() {
        return;
    }
    let mut new: Hosts<'_> = Hosts::new();
    for (host, packages) in are.values().flatten() {
        if !known.contains(&**host) && !told.contains(&**host) {
            new.entry(host.clone()).or_default().extend(packages);
        }
    }
    for (host, packages) in new {
        say(
            file,
            packages.first().map(|package| package.line),
            format!(
                "{} from {}, which this lockfile did not name before",
                match packages.len() {
                    1 => "1 release comes".to_owned(),
                    many => format!("{} come", count(many, "release", "releases")),
                },
                shown(&host)
            ),
            packages.iter().map(|package| spoken(package)).collect(),
            findings,
        );
    }
}

/// What the lockfile itself says to take instead.
fn overrides(file: &str, before: &Index<'_>, after: &Index<'_>, findings: &mut Findings<'_>) {
    let of = |index: &Index<'_>| -> BTreeSet<(String, String)> {
        index.graph.overrides.iter().cloned().collect()
    };
    for (selector, with) in of(after).difference(&of(before)) {
        let message = format!(
            "wherever {} is asked for, {} is taken now",
            shown(selector),
            shown(with)
        );
        say(file, None, message, Vec::new(), findings);
    }
}

/// Hosts with the packages that come from them.
type Hosts<'a> = BTreeMap<Cow<'a, str>, Vec<&'a Package>>;

fn hosts<'a>(index: &Index<'a>) -> BTreeMap<Option<&'a str>, Hosts<'a>> {
    let mut scopes: BTreeMap<Option<&str>, Hosts<'_>> = BTreeMap::new();
    for package in &index.graph.packages {
        if !matches!(package.source, Source::Registry | Source::Url | Source::Git) {
            continue;
        }
        let address = address_of(index.graph, package).and_then(Address::parse);
        let Some(address) = address.filter(|address| !address.is_loopback()) else {
            continue;
        };
        let scope = match package.source {
            Source::Registry => index.graph.release(package).and_then(|r| r.package.scope()),
            _ => None,
        };
        let hosts = scopes.entry(scope).or_default();
        hosts.entry(address.host).or_default().push(package);
    }
    scopes
}

fn say(
    file: &str,
    line: Option<u32>,
    message: String,
    evidence: Vec<String>,
    findings: &mut Findings<'_>,
) {
    findings.add(Said {
        severity: Severity::Medium,
        message,
        file,
        line,
        release: None,
        evidence,
    });
}
