//! What a release can do that those before it could not: two sets of facts, compared.
//!
//! Summaries are compared, not texts: a bundle whose every line moved is the same when it
//! does the same. Novelty is judged against all earlier releases that are given, so that a
//! revert is no news.

use customs_model::{
    Capability, ContentKind, Delta, FileFact, Flow, Inspection, Mark, Novelty, NoveltyKind,
    SignKind, Target, Zone,
};
use std::collections::{BTreeMap, BTreeSet};

/// Bytes that must have come behind the last export before that is news.
const TAIL: u32 = 400;
/// Bytes of a line from which nobody reads it, and up to which somebody does.
const LONG_LINE: u32 = 20_000;
const SHORT_LINE: u32 = 2_000;
/// Thousandths of a bit per byte by which text must have become noisier, and from which
/// it is noise.
const NOISIER: u16 = 700;
const NOISE: u16 = 5_600;
/// Novelties that are told.
const MOST: usize = 500;

/// Compares a release with those before it, the nearest first.
pub fn compare(earlier: &[&Inspection], now: &Inspection) -> Delta {
    let mut delta = Delta::default();
    capabilities(earlier, now, &mut delta);
    flows(earlier, now, &mut delta);
    signs(earlier, now, &mut delta);
    let unimported: BTreeSet<&String> = earlier.iter().flat_map(|e| &e.unimported).collect();
    for name in now.unimported.iter().filter(|n| !unimported.contains(n)) {
        delta.novelties.push(Novelty {
            kind: NoveltyKind::UnimportedDependency,
            zone: Zone::Install,
            what: name.clone(),
            at: None,
        });
    }
    let odd: BTreeSet<&String> = earlier
        .iter()
        .flat_map(|e| &e.oddities)
        .map(|oddity| &oddity.trick)
        .collect();
    for oddity in now.oddities.iter().filter(|o| !odd.contains(&o.trick)) {
        delta.novelties.push(Novelty {
            kind: NoveltyKind::Oddity,
            zone: Zone::Never,
            what: format!("{}: {}", oddity.path, oddity.words),
            at: None,
        });
    }
    files(earlier, now, &mut delta);
    delta
        .novelties
        .sort_by(|a, b| b.zone.cmp(&a.zone).then_with(|| a.cmp(b)));
    delta.novelties.dedup();
    delta.novelties.truncate(MOST);
    delta
}

fn capabilities(earlier: &[&Inspection], now: &Inspection, delta: &mut Delta) {
    let mut zones: BTreeMap<&str, Zone> = BTreeMap::new();
    let mut details: BTreeSet<(&str, &str)> = BTreeSet::new();
    for capability in earlier.iter().flat_map(|e| &e.capabilities) {
        let zone = zones.entry(&capability.name).or_insert(Zone::Never);
        *zone = (*zone).max(capability.zone);
        if let Some(detail) = &capability.detail {
            details.insert((&capability.name, detail));
        }
    }
    let mut told: BTreeSet<(&str, NoveltyKind)> = BTreeSet::new();
    // The strongest zone speaks for the others.
    // What is new in binaries is told by what they are.
    let mut all: Vec<&Capability> = now
        .capabilities
        .iter()
        .filter(|capability| capability.name != "native.load")
        .collect();
    all.sort_by_key(|capability| std::cmp::Reverse(capability.zone));
    for capability in all {
        let kind = match zones.get(capability.name.as_str()) {
            None => NoveltyKind::Capability,
            Some(before) if capability.zone >= Zone::Folder && *before < Zone::Folder => {
                NoveltyKind::EarlierZone
            }
            Some(before) if capability.zone >= Zone::Start && *before < Zone::Start => {
                NoveltyKind::EarlierZone
            }
            Some(_) => {
                if let Some(host) = host_of(capability)
                    && !details.contains(&(capability.name.as_str(), host))
                {
                    delta.novelties.push(Novelty {
                        kind: NoveltyKind::Host,
                        zone: capability.zone,
                        what: host.to_owned(),
                        at: Some(capability.at.clone()),
                    });
                }
                continue;
            }
        };
        if told.insert((&capability.name, kind)) {
            delta.novelties.push(Novelty {
                kind,
                zone: capability.zone,
                what: spoken(capability),
                at: Some(capability.at.clone()),
            });
        }
    }
}

fn host_of(capability: &Capability) -> Option<&str> {
    let is_network = capability.name.starts_with("network");
    capability.detail.as_deref().filter(|_| is_network)
}

/// A capability, for people: the end of "it can …".
pub fn ability(name: &str) -> &str {
    match name {
        "network" => "open the network",
        "process" => "start processes",
        "code.dynamic" => "run text as code",
        "code.start" => "run at every start of the interpreter",
        "environment.all" => "read the whole environment",
        "files.read" => "read files outside of itself",
        "files.write" => "write files outside of itself",
        "files.delete" => "delete files",
        "files.executable" => "make files executable",
        "network.names" => "look names up",
        "process.memory" => "read the memory of other processes",
        "identity" => "ask who and where it runs",
        "input" => "read clipboard, keyboard or screen",
        "crypto.decrypt" => "decrypt",
        "native.load" => "load code of the machine",
        other => other,
    }
}

fn spoken(capability: &Capability) -> String {
    match &capability.detail {
        Some(detail) => format!("{} ({detail})", ability(&capability.name)),
        None => ability(&capability.name).to_owned(),
    }
}

/// Text that runs in plain sight is told by what it does.
fn told(flow: &Flow) -> bool {
    !flow.marks.contains(&Mark::InPlainSight)
}

fn flows(earlier: &[&Inspection], now: &Inspection, delta: &mut Delta) {
    let before: BTreeSet<_> = earlier
        .iter()
        .flat_map(|e| &e.flows)
        .filter(|flow| told(flow))
        .map(|flow| (flow.source, flow.sink))
        .collect();
    let news = |flow: &&Flow| flow.zone > Zone::Never && told(flow);
    for flow in now.flows.iter().filter(news) {
        if before.contains(&(flow.source, flow.sink)) {
            continue;
        }
        let target = match &flow.target {
            Target::Constant(place) => format!(" ({place})"),
            Target::Opaque => " (a place that the code hides)".to_owned(),
            Target::Caller => String::new(),
        };
        delta.novelties.push(Novelty {
            kind: NoveltyKind::Flow,
            zone: flow.zone,
            what: format!("{} to {}{target}", flow.source_name, flow.sink_name),
            at: flow.path.last().map(|hop| hop.at.clone()),
        });
    }
}

fn signs(earlier: &[&Inspection], now: &Inspection, delta: &mut Delta) {
    let all = || earlier.iter().flat_map(|e| &e.signs);
    let commands: BTreeSet<&str> = all()
        .filter(|sign| sign.kind == SignKind::InstallCommand)
        .map(|sign| sign.detail.as_str())
        .collect();
    let kinds: BTreeSet<SignKind> = all().map(|sign| sign.kind).collect();
    for sign in &now.signs {
        let (kind, is_new) = if sign.kind == SignKind::InstallCommand {
            (NoveltyKind::Hook, !commands.contains(sign.detail.as_str()))
        } else {
            (NoveltyKind::Sign, !kinds.contains(&sign.kind))
        };
        if is_new {
            delta.novelties.push(Novelty {
                kind,
                zone: sign.zone,
                what: sign.detail.clone(),
                at: Some(sign.at.clone()),
            });
        }
    }
}

fn files(earlier: &[&Inspection], now: &Inspection, delta: &mut Delta) {
    let Some(nearest) = earlier.first() else {
        return;
    };
    let ever: BTreeSet<&str> = earlier
        .iter()
        .flat_map(|e| &e.layout)
        .map(|file| file.path.as_str())
        .collect();
    let before: BTreeMap<&str, &FileFact> = nearest
        .layout
        .iter()
        .map(|file| (file.path.as_str(), file))
        .collect();
    let mut seen = BTreeSet::new();
    for file in &now.layout {
        seen.insert(file.path.as_str());
        let runs = file.zone > Zone::Never;
        match before.get(file.path.as_str()) {
            None if runs => delta.added += 1,
            None => delta.elsewhere += 1,
            Some(old) if old.digest.is_some() && old.digest == file.digest => continue,
            Some(_) if runs => delta.changed += 1,
            Some(_) => delta.elsewhere += 1,
        }
        let old = before.get(file.path.as_str()).copied();
        let novelty = |kind, what: String| Novelty {
            kind,
            zone: file.zone,
            what,
            at: None,
        };
        let is_new = !ever.contains(file.path.as_str());
        match file.content {
            ContentKind::Native | ContentKind::Wasm if is_new => delta
                .novelties
                .push(novelty(NoveltyKind::Binary, file.path.clone())),
            ContentKind::Native | ContentKind::Wasm => delta
                .novelties
                .push(novelty(NoveltyKind::OtherBinary, file.path.clone())),
            ContentKind::Archive if is_new => delta
                .novelties
                .push(novelty(NoveltyKind::Archive, file.path.clone())),
            _ => {}
        }
        if let Some(old) = old
            && let Some((kind, what)) = reshaped(old, file)
        {
            delta.novelties.push(novelty(kind, what));
        }
    }
    for file in &nearest.layout {
        if !seen.contains(file.path.as_str()) {
            if file.zone > Zone::Never {
                delta.removed += 1;
            } else {
                delta.elsewhere += 1;
            }
        }
    }
}

/// Whether a file of code looks unlike itself.
fn reshaped(old: &FileFact, new: &FileFact) -> Option<(NoveltyKind, String)> {
    let (before, after) = (old.shape?, new.shape?);
    if let (Some(was), Some(is)) = (before.tail, after.tail)
        && is > was.saturating_add(TAIL)
        && is > was.saturating_mul(3)
    {
        let what = format!("{}: {was} bytes before, {is} now", new.path);
        return Some((NoveltyKind::Tail, what));
    }
    if before.longest_line < SHORT_LINE && after.longest_line > LONG_LINE {
        let what = format!(
            "{}: its longest line had {} bytes, now {}",
            new.path, before.longest_line, after.longest_line
        );
        return Some((NoveltyKind::Unreadable, what));
    }
    (after.entropy > NOISE && after.entropy > before.entropy.saturating_add(NOISIER)).then(|| {
        let bits = |of: u16| f64::from(of) / 1000.0;
        let what = format!(
            "{}: {:.1} bits per byte before, {:.1} now",
            new.path,
            bits(before.entropy),
            bits(after.entropy)
        );
        (NoveltyKind::Unreadable, what)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::{CodeShape, Place, SinkKind, SourceKind};

    fn can(name: &str, zone: Zone, detail: Option<&str>) -> Capability {
        Capability {
            name: name.to_owned(),
            zone,
            detail: detail.map(str::to_owned),
            at: Place {
                file: "package/a.js".to_owned(),
                line: 1,
                column: 1,
                bytes: (0, 1),
            },
        }
    }

    fn with(capabilities: Vec<Capability>) -> Inspection {
        Inspection {
            capabilities,
            ..Inspection::default()
        }
    }

    fn kinds(earlier: &[&Inspection], now: &Inspection) -> Vec<NoveltyKind> {
        compare(earlier, now)
            .novelties
            .into_iter()
            .map(|n| n.kind)
            .collect()
    }

    #[test]
    fn what_no_earlier_release_could_is_new() {
        let before = with(vec![can("process", Zone::Called, None)]);
        let now = with(vec![
            can("process", Zone::Called, None),
            can("network", Zone::Install, Some("collect.invalid")),
        ]);
        assert_eq!(kinds(&[&before], &now), [NoveltyKind::Capability]);
    }

    #[test]
    fn what_one_of_the_earlier_releases_could_is_not_new() {
        let nearest = with(Vec::new());
        let farther = with(vec![can("network", Zone::Import, None)]);
        let now = with(vec![can("network", Zone::Import, None)]);
        assert!(kinds(&[&nearest, &farther], &now).is_empty());
    }

    #[test]
    fn the_same_done_unasked_is_new() {
        let before = with(vec![can("network", Zone::Called, None)]);
        let now = with(vec![can("network", Zone::Import, None)]);
        assert_eq!(kinds(&[&before], &now), [NoveltyKind::EarlierZone]);
    }

    #[test]
    fn a_host_that_was_never_named_is_new() {
        let before = with(vec![can("network", Zone::Called, Some("api.example"))]);
        let now = with(vec![can("network", Zone::Called, Some("other.invalid"))]);
        assert_eq!(kinds(&[&before], &now), [NoveltyKind::Host]);
    }

    #[test]
    fn text_that_runs_in_plain_sight_is_no_news_and_makes_hidden_text_none() {
        let runs = |marks: &[Mark]| Inspection {
            flows: vec![Flow {
                source: SourceKind::OwnFile,
                source_name: "<package>/a.js".to_owned(),
                sink: SinkKind::DynamicCode,
                sink_name: "eval".to_owned(),
                target: Target::Opaque,
                zone: Zone::Import,
                path: Vec::new(),
                marks: marks.to_vec(),
            }],
            ..Inspection::default()
        };
        let (before, seen) = (Inspection::default(), runs(&[Mark::InPlainSight]));
        let hidden = runs(&[Mark::HiddenEffect]);
        assert!(kinds(&[&before], &seen).is_empty());
        assert_eq!(kinds(&[&seen], &hidden), [NoveltyKind::Flow]);
        assert!(kinds(&[&hidden], &hidden).is_empty());
    }

    #[test]
    fn a_tail_that_grew_and_a_binary_that_came_are_told() {
        let file = |path: &str, content, tail| FileFact {
            path: path.to_owned(),
            digest: Some(format!("{tail:?}")),
            length: 10,
            content,
            zone: Zone::Import,
            shape: Some(CodeShape {
                longest_line: 80,
                entropy: 4_500,
                tail,
            }),
        };
        let before = Inspection {
            layout: vec![file("index.js", ContentKind::Code, Some(30))],
            ..Inspection::default()
        };
        let now = Inspection {
            layout: vec![
                file("index.js", ContentKind::Code, Some(4_000)),
                file("a.node", ContentKind::Native, None),
            ],
            ..Inspection::default()
        };
        assert_eq!(
            kinds(&[&before], &now),
            [NoveltyKind::Binary, NoveltyKind::Tail]
        );
    }
}
