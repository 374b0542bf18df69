//! package.json against Yarn 1's yarn.lock, whose keys are what is asked for.

use super::super::super::finding::Findings;
use super::super::super::view::LockfileView;
use super::super::super::words::shown;
use super::Differences;
use customs_ecosystem::lockfile::AskKind;
use std::collections::{HashMap, HashSet};

pub(super) fn patterns(view: &LockfileView<'_>, findings: &mut Findings<'_>) {
    let mut locked: HashMap<&str, HashSet<&str>> = HashMap::new();
    for key in view.graph.packages.iter().flat_map(|p| &p.keys) {
        let spec = key.spec.as_deref().unwrap_or_default();
        locked.entry(key.name.as_str()).or_default().insert(spec);
    }
    let members: HashSet<&str> = view
        .manifests
        .iter()
        .filter_map(|m| m.name.as_deref())
        .collect();
    for manifest in view.manifests {
        let mut differences = Differences::default();
        for ask in &manifest.asks {
            let spec = ask.spec.as_deref().unwrap_or_default();
            let stays = ["link:", "file:", "portal:", "./", "../"];
            if matches!(ask.kind, AskKind::Peer | AskKind::Optional)
                || members.contains(ask.name.as_str())
                || view.is_overridden(&ask.name)
                || stays.iter().any(|prefix| spec.starts_with(prefix))
            {
                continue;
            }
            match locked.get(ask.name.as_str()) {
                None => differences.only_asked.push(shown(&ask.name)),
                Some(specs) if !specs.contains(spec) => {
                    let mut known: Vec<&str> = specs.iter().copied().collect();
                    known.sort_unstable();
                    differences.otherwise.push((
                        ask.name.clone(),
                        spec.to_owned(),
                        known.join(" and "),
                    ));
                }
                Some(_) => {}
            }
        }
        differences.say(view, &manifest.folder, None, findings);
    }
}
