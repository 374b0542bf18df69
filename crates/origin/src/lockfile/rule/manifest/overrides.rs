//! What pnpm-lock.yaml and bun.lock say to take instead, against what the project says. An override that
//! only the lockfile has puts something else in the place of a package, and no manifest shows it.

use super::super::super::finding::{Findings, Said};
use super::super::super::view::{LockfileView, parent, resolved, selected, without_version};
use super::super::super::words::{list, shown};
use super::npm::bare;
use customs_ecosystem::lockfile::Kind;
use customs_model::Severity;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn judge(view: &LockfileView<'_>, findings: &mut Findings<'_>) {
    let own = view.manifests.iter().find(|one| one.folder.is_empty());
    let (Some(own), false) = (own, view.graph.hooked) else {
        return;
    };
    let is_pnpm = view.graph.kind() == Kind::PnpmLock;
    let none = BTreeMap::new();
    let settings = match &view.options.overrides {
        Some(settings) => settings,
        None if is_pnpm => return,
        None => &none,
    };
    let mut asked: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let of_manifest = own.overrides.iter().map(|rule| (&rule.0, &rule.1));
    for (selector, with) in of_manifest.chain(settings) {
        asked.entry(plain(selector)).or_default().insert(with);
    }
    let locked: BTreeMap<&str, &str> = view
        .graph
        .overrides
        .iter()
        .map(|(selector, with)| (plain(selector), with.as_str()))
        .collect();
    let (mut planted, mut otherwise) = (Vec::new(), Vec::new());
    for (selector, with) in &locked {
        let Some(all) = asked.get(selector) else {
            planted.push(format!("{}: {}", shown(selector), shown(with)));
            continue;
        };
        if !all.iter().any(|asked| agree(view, selector, asked, with)) {
            let asked: Vec<String> = all.iter().map(|words| shown(words)).collect();
            otherwise.push(format!(
                "{}: {} in the project, {} in the lockfile",
                shown(selector),
                asked.join(" or "),
                shown(with)
            ));
        }
    }
    let in_force: Vec<&str> = match (is_pnpm, settings.is_empty()) {
        // Where both have some, which of them count differs between releases of pnpm.
        (true, false) => settings.keys().map(|selector| plain(selector)).collect(),
        (true, true) => {
            let of_pnpm = own.pnpm_overrides.iter();
            of_pnpm.map(|(selector, _)| plain(selector)).collect()
        }
        // bun reads those that are about a name everywhere, and leaves out all others.
        (false, _) => {
            let is_name = |selector: &&str| {
                parent(selector).is_none() && without_version(selector) == *selector
            };
            asked.keys().copied().filter(is_name).collect()
        }
    };
    let unknown = in_force.into_iter().filter(|one| !locked.contains_key(one));
    let unknown: BTreeSet<String> = unknown.map(shown).collect();
    let mut say = |message: String, evidence: Vec<String>| {
        findings.add(Said {
            severity: Severity::Medium,
            message,
            file: view.path,
            line: None,
            release: None,
            evidence,
        });
    };
    if !planted.is_empty() {
        let message =
            "the lockfile says to take something else than is asked for, and the project does not";
        say(message.to_owned(), planted);
    }
    if !unknown.is_empty() {
        let names: Vec<String> = unknown.into_iter().collect();
        say(
            format!(
                "the project says what to take for {}, and the lockfile does not know it",
                list(&names)
            ),
            Vec::new(),
        );
    }
    if !otherwise.is_empty() {
        let message =
            "the lockfile says to take something else instead of a package than the project does";
        say(message.to_owned(), otherwise);
    }
}

/// A selector as both write it: `**/b` is `b`.
fn plain(selector: &str) -> &str {
    let selector = selector.trim();
    selector.strip_prefix("**/").unwrap_or(selector)
}

/// Whether the lockfile has what the project says to take. What points elsewhere and cannot be followed
/// is no difference.
fn agree(view: &LockfileView<'_>, selector: &str, asked: &str, locked: &str) -> bool {
    let asked = resolved(asked, view.manifests);
    let in_catalog = view.in_catalog(selected(selector), &asked);
    let is_unknown = |words: &str| {
        let elsewhere = ["$", "catalog:", "link:", "file:", "workspace:", "patch:"];
        elsewhere.iter().any(|start| words.starts_with(start))
    };
    match in_catalog {
        Some(words) => bare(words) == bare(locked) || asked == locked,
        None => is_unknown(&asked) || bare(&asked) == bare(locked),
    }
}
