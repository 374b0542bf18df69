//! pnpm has no package for a folder that is linked: only a member of the workspace, or what the project says
//! elsewhere, stands for a release; and a folder that is asked for is no other one.

use super::super::super::finding::{Findings, Said};
use super::super::super::view::LockfileView;
use super::super::super::words::shown;
use super::asked::{Words, of_npm};
use super::is_importer;
use customs_ecosystem::lockfile::Linked;
use customs_model::Severity;

pub(super) fn judge(view: &LockfileView<'_>, findings: &mut Findings<'_>) {
    for link in &view.graph.links {
        if let Some(by) = &link.by {
            of_package(view, link, by, findings);
            continue;
        }
        let Some(words) = asked(view, link) else {
            continue;
        };
        let is_right = match &words {
            LinkWords::Release(_) | LinkWords::Member(_) => is_member(view, link),
            LinkWords::Folder { path, .. } => {
                joined(&link.importer, path) == joined(&link.importer, &link.target)
            }
        };
        if is_right {
            continue;
        }
        let (asked, but) = match &words {
            LinkWords::Release(words) => (words, ", which is a registry's"),
            LinkWords::Member(words) => (words, ", and the folder is no member of the workspace"),
            LinkWords::Folder { words, .. } => (words, ""),
        };
        let why = format!("the project asks for {}{but}", shown(asked));
        add(view, link, &why, findings);
    }
}

fn add(view: &LockfileView<'_>, link: &Linked, why: &str, findings: &mut Findings<'_>) {
    let (severity, hooked) = match view.knows_overrides() {
        true => (Severity::High, ""),
        false => (
            Severity::Medium,
            " (a hook of the project could send it there)",
        ),
    };
    findings.add(Said {
        severity,
        message: format!("{} comes from a folder: {why}{hooked}", shown(&link.name)),
        file: view.path,
        line: Some(link.line),
        release: None,
        evidence: vec![format!("from: link:{}", shown(&link.target))],
    });
}

/// A package gets a folder where an override sends it there, where a member stands for a release, and where
/// its peer is what the project itself gets by a link; that link is judged by itself.
fn of_package(view: &LockfileView<'_>, link: &Linked, by: &str, findings: &mut Findings<'_>) {
    let folder = joined("", &link.target);
    let mut own = view.graph.links.iter().filter(|own| own.by.is_none());
    let is_peer =
        own.any(|own| own.name == link.name && joined(&own.importer, &own.target) == folder);
    if !is_peer && !is_member(view, link) && view.sent_elsewhere(&link.name).is_empty() {
        let why = format!("{} gets it, and nothing of the project says so", shown(by));
        add(view, link, &why, findings);
    }
}

/// What somebody asks for who gets a folder by a link.
#[derive(Debug, Clone, PartialEq, Eq)]
enum LinkWords {
    /// A release of a registry, which only a member may stand for.
    Release(String),
    /// A member of the workspace.
    Member(String),
    /// A folder, from that of whoever asks.
    Folder { words: String, path: String },
}

impl LinkWords {
    fn of(view: &LockfileView<'_>, name: &str, spec: &str) -> Option<Self> {
        let words = spec.to_owned();
        let folder = |path: &str| {
            // From where another one counts is not known.
            let is_plain = !path.starts_with(['/', '~']) && !path.contains(':');
            is_plain.then(|| Self::Folder {
                words: words.clone(),
                path: path.to_owned(),
            })
        };
        if let Some(of_workspace) = spec.strip_prefix("workspace:") {
            return match of_workspace.starts_with(['.', '/']) {
                true => folder(of_workspace),
                false => Some(Self::Member(words)),
            };
        }
        for form in ["link:", "file:", "portal:"] {
            if let Some(path) = spec.strip_prefix(form) {
                return folder(path);
            }
        }
        if spec.starts_with(['.', '/', '~']) {
            return folder(spec);
        }
        // No catalog names a folder.
        match of_npm(view, name, Some(spec)) {
            _ if spec.starts_with("catalog:") => Some(Self::Release(words)),
            Words::Release(words) => Some(Self::Release(words)),
            Words::Elsewhere(_) | Words::Untold => None,
        }
    }
}

/// The words of whoever asks, where they say what the folder must be.
fn asked(view: &LockfileView<'_>, link: &Linked) -> Option<LinkWords> {
    if !view.sent_elsewhere(&link.name).is_empty() {
        return None;
    }
    let mut manifests = view.manifests.iter();
    let manifest = manifests.find(|one| one.folder == link.importer);
    let own = manifest.and_then(|manifest| manifest.ask(&link.name)?.spec.as_deref());
    LinkWords::of(view, &link.name, own.or(link.spec.as_deref())?)
}

/// Whether a link leads to a member of the project's workspace, or of the one around it.
fn is_member(view: &LockfileView<'_>, link: &Linked) -> bool {
    if let Some(folder) = joined(&link.importer, &link.target)
        && is_importer(view, &folder)
    {
        return true;
    }
    let Some(around) = &view.options.workspace else {
        return false;
    };
    let importer = format!("{}/{}", around.own, link.importer);
    joined(&importer, &link.target).is_some_and(|folder| around.members.contains(&folder))
}

/// A path from a folder, by its letters; one that leaves what the folder is relative to begins with `..`.
/// None where it is relative to nothing.
fn joined(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    if path.starts_with('/') {
        return None;
    }
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
