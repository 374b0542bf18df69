//! The score: facts that each say little, added up so that a reader can check the sum.
//!
//! Points are decibans: ten times the logarithm of how many times more often attacks show
//! a signal than honest packages do. Evidence that is independent may be added so. Signals
//! are not independent; that is why one of a group counts alone, why none counts more than
//! [`CAP`], and why a sum is a suspicion and never a proof. `cargo xtask calibrate score`
//! measures every signal and fails where the table says something else.

use crate::recognise::own_machine;
use customs_model::{
    Capability, Flow, Inspection, Mark, Place, SignKind, SinkKind, SourceKind, Target, Zone,
    printable,
};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// The most points that one signal gives, however rare it is among honest packages.
pub const CAP: u32 = 25;

/// A sum from which a release is suspicious.
pub const THRESHOLD: u32 = 45;

/// Something that attacks do more often than honest packages.
#[derive(Debug)]
pub struct Signal {
    /// The stable id.
    pub id: &'static str,
    /// What it says, one sentence for people.
    pub says: &'static str,
    /// What it is about: of the signals of one group the highest counts alone.
    pub group: &'static str,
    /// Decibans, rounded, at most [`CAP`].
    pub points: u32,
    /// Where it shows, safe to print.
    find: fn(&Inspection) -> Option<String>,
}

impl Signal {
    /// Where an artifact shows it, safe to print; none where it does not.
    pub fn shows(&self, code: &Inspection) -> Option<String> {
        (self.find)(code)
    }
}

/// Every signal, by groups.
pub static SIGNALS: &[Signal] = &[
    Signal {
        id: "network-at-install",
        says: "it opens the network when it is installed or whenever the interpreter starts",
        group: "network",
        points: 20,
        find: |code| able(code, NETWORK, early),
    },
    Signal {
        id: "network-at-import",
        says: "it opens the network when it is imported or its folder is opened",
        group: "network",
        points: 12,
        find: |code| able(code, NETWORK, imported),
    },
    Signal {
        id: "process-at-install",
        says: "it starts processes when it is installed or whenever the interpreter starts",
        group: "process",
        points: 10,
        find: |code| able(code, &["process"], early),
    },
    Signal {
        id: "process-at-import",
        says: "it starts processes when it is imported or its folder is opened",
        group: "process",
        points: 8,
        find: |code| able(code, &["process"], imported),
    },
    Signal {
        id: "text-runs-at-install",
        says: "it runs text as code when it is installed or whenever the interpreter starts",
        group: "code",
        points: 13,
        find: |code| able(code, &["code.dynamic"], early),
    },
    Signal {
        id: "text-runs-at-import",
        says: "it runs text as code when it is imported or its folder is opened",
        group: "code",
        points: 6,
        find: |code| able(code, &["code.dynamic"], imported),
    },
    Signal {
        id: "hidden-text-runs",
        says: "it runs text unasked that it decodes or hides",
        group: "code",
        points: 25,
        find: |code| flowing(code, runs_hidden_text),
    },
    Signal {
        id: "data-file-runs",
        says: "it runs a file of its own unasked that is called or stored as data",
        group: "code",
        points: 18,
        find: |code| {
            signed(code, SignKind::CodeInData, unasked).or_else(|| flowing(code, runs_own_data))
        },
    },
    Signal {
        id: "download-runs",
        says: "it runs unasked what it downloads, and no digest guards it",
        group: "code",
        points: 23,
        find: |code| flowing(code, runs_download),
    },
    Signal {
        id: "install-command",
        says: "a command runs when it is installed",
        group: "hook",
        points: 13,
        find: |code| signed(code, SignKind::InstallCommand, unasked),
    },
    Signal {
        id: "start-code",
        says: "code of it runs at every start of the interpreter",
        group: "hook",
        points: 18,
        find: |code| able(code, &["code.start"], unasked),
    },
    Signal {
        id: "whole-environment",
        says: "it takes the whole environment unasked",
        group: "data",
        points: 12,
        find: |code| {
            able(code, &["environment.all"], unasked)
                .or_else(|| flowing(code, |flow| sends(flow, &[SourceKind::Environment])))
        },
    },
    Signal {
        id: "foreign-keys",
        says: "it takes keys of other programs unasked",
        group: "data",
        points: 25,
        find: |code| flowing(code, takes_foreign_keys),
    },
    Signal {
        id: "identity-sent",
        says: "it tells somebody unasked who and where it is",
        group: "data",
        points: 15,
        find: |code| flowing(code, |flow| sends(flow, &[SourceKind::Identity])),
    },
    Signal {
        id: "input-read",
        says: "it reads or changes the clipboard, the keyboard or the screen unasked",
        group: "data",
        points: 14,
        find: |code| {
            able(code, &["input"], unasked).or_else(|| {
                flowing(code, |flow| {
                    flow.source == SourceKind::InputDevice && unasked(flow.zone)
                })
            })
        },
    },
    Signal {
        id: "unusual-host",
        says: "it asks a bare address, a tunnel, a paste or a message service unasked",
        group: "place",
        points: 21,
        find: unusual_host,
    },
    Signal {
        id: "settings-written",
        says: "it writes settings of an editor, an agent, a shell or a start-up unasked",
        group: "files",
        points: 21,
        find: |code| {
            flowing(code, |flow| {
                flow.sink == SinkKind::Configuration && unasked(flow.zone)
            })
        },
    },
    Signal {
        id: "made-executable",
        says: "it makes a file executable unasked",
        group: "files",
        points: 2,
        find: |code| able(code, &["files.executable"], unasked),
    },
    Signal {
        id: "destroys",
        says: "it deletes, overwrites or encrypts files of the user unasked",
        group: "traces",
        points: 25,
        find: |code| {
            flowing(code, |flow| {
                flow.sink == SinkKind::Destruction && unasked(flow.zone)
            })
        },
    },
    Signal {
        id: "calls-intercepted",
        says: "it puts itself unasked between a program and what that program calls",
        group: "calls",
        points: 25,
        find: |code| {
            flowing(code, |flow| {
                flow.source == SourceKind::Intercepted && unasked(flow.zone)
            })
        },
    },
];

/// Abilities to reach somebody.
const NETWORK: &[&str] = &["network", "network.names"];

/// A signal that an artifact shows.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Which.
    pub signal: &'static Signal,
    /// Where, safe to print.
    pub evidence: String,
    /// It is the highest of its group.
    pub counts: bool,
}

impl Shown {
    /// What it adds to the sum.
    pub const fn points(&self) -> u32 {
        if self.counts { self.signal.points } else { 0 }
    }
}

/// What an artifact shows, and what that adds up to.
#[derive(Debug, Clone, Default)]
pub struct Score {
    /// What it shows: what counts first, the highest first.
    pub shown: Vec<Shown>,
}

impl Score {
    /// The sum.
    pub fn total(&self) -> u32 {
        self.shown.iter().map(Shown::points).sum()
    }

    /// Whether that is enough for a suspicion.
    pub fn is_suspicious(&self) -> bool {
        self.total() >= THRESHOLD
    }

    /// The sum and all of its parts, so that a reader can add them up.
    pub fn sentence(&self) -> String {
        let parts: Vec<String> = self
            .shown
            .iter()
            .filter(|shown| shown.counts)
            .map(|shown| format!("{} {}", shown.signal.points, shown.signal.says))
            .collect();
        let sum = format!("it scores {} of {THRESHOLD}", self.total());
        if parts.is_empty() {
            sum
        } else {
            format!("{sum}: {}", parts.join("; "))
        }
    }

    /// Every signal with its points and its place, one line each, safe to print.
    pub fn evidence(&self) -> Vec<String> {
        self.shown
            .iter()
            .map(|shown| {
                let Signal {
                    id, group, points, ..
                } = shown.signal;
                let aside = if shown.counts {
                    String::new()
                } else {
                    format!(" ({points} by itself; another of `{group}` counts)")
                };
                format!("+{} {id}{aside}: {}", shown.points(), shown.evidence)
            })
            .collect()
    }
}

/// What the code of an artifact scores.
pub fn score(code: &Inspection) -> Score {
    let mut shown: Vec<Shown> = SIGNALS
        .iter()
        .filter_map(|signal| {
            signal.shows(code).map(|evidence| Shown {
                signal,
                evidence,
                counts: false,
            })
        })
        .collect();
    shown.sort_by_key(|one| Reverse(one.signal.points));
    let mut highest: BTreeMap<&'static str, usize> = BTreeMap::new();
    for (index, one) in shown.iter().enumerate() {
        highest.entry(one.signal.group).or_insert(index);
    }
    for index in highest.into_values() {
        if let Some(one) = shown.get_mut(index) {
            one.counts = true;
        }
    }
    shown.sort_by_key(|one| Reverse(one.points()));
    Score { shown }
}

/// It runs before anybody imports it.
fn early(zone: Zone) -> bool {
    matches!(zone, Zone::Install | Zone::Start)
}

/// It runs because it is imported, or because somebody looks at it.
fn imported(zone: Zone) -> bool {
    matches!(zone, Zone::Import | Zone::Folder)
}

/// Nobody calls it.
fn unasked(zone: Zone) -> bool {
    zone >= Zone::Folder
}

/// Where code can do one of these in such a zone.
fn able(code: &Inspection, names: &[&str], zone: fn(Zone) -> bool) -> Option<String> {
    code.capabilities
        .iter()
        .find(|can| names.contains(&can.name.as_str()) && zone(can.zone))
        .map(can_at)
}

fn can_at(can: &Capability) -> String {
    match &can.detail {
        Some(detail) => at(&can.at, detail),
        None => can.at.to_string(),
    }
}

/// Where a sign of a kind stands in such a zone.
fn signed(code: &Inspection, kind: SignKind, zone: fn(Zone) -> bool) -> Option<String> {
    code.signs
        .iter()
        .find(|sign| sign.kind == kind && zone(sign.zone))
        .map(|sign| at(&sign.at, &sign.detail))
}

/// Where a flow like this ends.
fn flowing(code: &Inspection, wanted: fn(&Flow) -> bool) -> Option<String> {
    let flow = code.flows.iter().find(|flow| wanted(flow))?;
    let way = format!("{} to {}", flow.source_name, flow.sink_name);
    Some(match flow.path.last() {
        Some(hop) => at(&hop.at, &way),
        None => printable(&way, 120),
    })
}

fn at(place: &Place, what: &str) -> String {
    if what.is_empty() {
        place.to_string()
    } else {
        format!("{place}: {}", printable(what, 120))
    }
}

/// Code is run by it.
fn runs(sink: SinkKind) -> bool {
    matches!(
        sink,
        SinkKind::DynamicCode
            | SinkKind::Process
            | SinkKind::Module
            | SinkKind::ExecutedFile
            | SinkKind::ForeignMemory
    )
}

fn runs_hidden_text(flow: &Flow) -> bool {
    let hidden = match flow.source {
        SourceKind::Decoded => true,
        // A command that is joined from constants is seldom hidden.
        SourceKind::Opaque => flow.sink != SinkKind::Process,
        _ => false,
    };
    hidden && runs(flow.sink) && unasked(flow.zone) && !flow.marks.contains(&Mark::NoEffect)
}

fn runs_own_data(flow: &Flow) -> bool {
    flow.source == SourceKind::OwnFile
        && matches!(flow.sink, SinkKind::DynamicCode | SinkKind::Module)
        && unasked(flow.zone)
        && !flow.marks.contains(&Mark::NoEffect)
}

fn runs_download(flow: &Flow) -> bool {
    let from = flow.source_name.strip_prefix("the answer of ");
    flow.source == SourceKind::Remote
        && runs(flow.sink)
        && unasked(flow.zone)
        && !flow.marks.contains(&Mark::PinnedByDigest)
        && !from.is_some_and(own_machine::is_loopback)
        && !(names_a_module(flow) && from.is_none_or(|host| host == "a host"))
}

/// Whether what arrives is the name of a module of Python. It chooses among those that are
/// installed; a file that was downloaded, and is loaded then, is told by itself.
pub(crate) fn names_a_module(flow: &Flow) -> bool {
    flow.sink == SinkKind::Module
        && matches!(
            flow.sink_name.as_str(),
            "importlib.import_module" | "__import__"
        )
}

fn takes_foreign_keys(flow: &Flow) -> bool {
    let keys = matches!(
        flow.source,
        SourceKind::NamedSecret | SourceKind::CredentialFile | SourceKind::CredentialService
    );
    let own = flow
        .marks
        .iter()
        .any(|mark| matches!(mark, Mark::VendorHost | Mark::OwnHost));
    keys && unasked(flow.zone) && !own && !leads_here(flow)
}

/// One of these is sent to somebody else, unasked.
fn sends(flow: &Flow, sources: &[SourceKind]) -> bool {
    sources.contains(&flow.source)
        && matches!(flow.sink, SinkKind::Network | SinkKind::NameLookup)
        && unasked(flow.zone)
        && !flow.marks.contains(&Mark::OwnHost)
        && !leads_here(flow)
}

fn unusual_host(code: &Inspection) -> Option<String> {
    let sent = |flow: &Flow| flow.marks.contains(&Mark::UnusualHost) && unasked(flow.zone);
    let asked = |can: &&Capability| {
        NETWORK.contains(&can.name.as_str())
            && unasked(can.zone)
            && can.detail.as_deref().is_some_and(is_bare_address)
    };
    flowing(code, sent).or_else(|| code.capabilities.iter().find(asked).map(can_at))
}

/// Whether it is an address of the open network in numbers.
fn is_bare_address(host: &str) -> bool {
    let host = host.split(':').next().unwrap_or(host);
    host.parse::<Ipv4Addr>().is_ok_and(|address| {
        !address.is_loopback() && !address.is_unspecified() && !address.is_private()
    })
}

fn leads_here(flow: &Flow) -> bool {
    matches!(&flow.target, Target::Constant(host) if own_machine::is_loopback(host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::RuleId;
    use std::collections::BTreeSet;

    fn place(file: &str, line: u32) -> Place {
        Place {
            file: file.to_owned(),
            line,
            column: 1,
            bytes: (0, 1),
        }
    }

    fn can(name: &str, zone: Zone, detail: Option<&str>) -> Capability {
        Capability {
            name: name.to_owned(),
            zone,
            detail: detail.map(str::to_owned),
            at: place("package/setup.js", 2),
        }
    }

    fn with(capabilities: Vec<Capability>) -> Inspection {
        Inspection {
            capabilities,
            ..Inspection::default()
        }
    }

    fn ids(score: &Score) -> Vec<(&str, u32)> {
        score
            .shown
            .iter()
            .map(|shown| (shown.signal.id, shown.points()))
            .collect()
    }

    /// The sum that stands in a sentence, and the sum of its parts.
    fn added_up(sentence: &str) -> (u32, u32) {
        let (head, parts) = sentence.split_once(": ").unwrap();
        let sum = head.split(' ').nth(2).unwrap().parse().unwrap();
        let number = |part: &str| -> u32 {
            let first = part.split(' ').next().unwrap();
            first.parse().unwrap()
        };
        (sum, parts.split("; ").map(number).sum())
    }

    #[test]
    fn points_are_positive_and_capped_and_every_signal_has_an_id_of_its_own() {
        let mut seen = BTreeSet::new();
        for signal in SIGNALS {
            assert!((1..=CAP).contains(&signal.points), "{}", signal.id);
            assert!(RuleId::parse(signal.id).is_ok(), "{}", signal.id);
            assert!(seen.insert(signal.id), "{} stands twice", signal.id);
            // The parts of the sentence are set apart by these.
            assert!(!signal.says.contains([';', ':']), "{}", signal.id);
        }
    }

    #[test]
    fn no_signal_is_enough_by_itself() {
        assert!(SIGNALS.iter().all(|signal| signal.points < THRESHOLD));
    }

    #[test]
    fn an_artifact_that_shows_nothing_scores_nothing() {
        let score = score(&Inspection::default());
        assert_eq!(score.total(), 0);
        assert!(!score.is_suspicious());
        assert_eq!(score.evidence(), Vec::<String>::new());
    }

    #[test]
    fn of_one_group_the_highest_counts_alone_and_the_other_is_still_listed() {
        let code = with(vec![
            can("network", Zone::Import, Some("api.example")),
            can("network", Zone::Install, Some("collect.invalid")),
        ]);
        let score = score(&code);
        assert_eq!(
            ids(&score),
            [("network-at-install", 20), ("network-at-import", 0)]
        );
        assert_eq!(score.total(), 20);
        assert_eq!(
            score.evidence(),
            [
                "+20 network-at-install: package/setup.js:2:1: collect.invalid",
                "+0 network-at-import (12 by itself; another of `network` counts): \
                 package/setup.js:2:1: api.example",
            ]
        );
    }

    #[test]
    fn the_sentence_adds_up_to_the_sum() {
        let code = with(vec![
            can("code.dynamic", Zone::Import, None),
            can("files.executable", Zone::Install, None),
            can("network", Zone::Install, Some("8.8.8.8")),
            can("process", Zone::Install, None),
            can("process", Zone::Import, None),
        ]);
        let score = score(&code);
        let (sum, parts) = added_up(&score.sentence());
        assert_eq!(sum, score.total());
        assert_eq!(parts, score.total());
        let lines: u32 = score
            .evidence()
            .iter()
            .map(|line| -> u32 {
                let number = line.trim_start_matches('+').split(' ').next().unwrap();
                number.parse().unwrap()
            })
            .sum();
        assert_eq!(lines, score.total());
        assert!(score.is_suspicious());
    }

    #[test]
    fn what_somebody_calls_scores_nothing() {
        let code = with(vec![
            can("network", Zone::Called, Some("8.8.8.8")),
            can("process", Zone::Command, None),
            can("input", Zone::Called, None),
        ]);
        assert_eq!(score(&code).total(), 0);
    }

    #[test]
    fn a_flow_is_shown_at_its_sink_and_text_of_strangers_is_safe_to_print() {
        let code = Inspection {
            flows: vec![Flow {
                source: SourceKind::Decoded,
                source_name: "a\u{1b}[31m".to_owned(),
                sink: SinkKind::DynamicCode,
                sink_name: "eval".to_owned(),
                target: Target::Opaque,
                zone: Zone::Import,
                path: vec![customs_model::Hop::told(
                    "reaches eval".to_owned(),
                    place("package/a.js", 7),
                )],
                marks: Vec::new(),
            }],
            ..Inspection::default()
        };
        let found = score(&code);
        assert_eq!(ids(&found), [("hidden-text-runs", 25)]);
        assert_eq!(
            found.shown[0].evidence,
            "package/a.js:7:1: a\\u{1b}[31m to eval"
        );
        let mut harmless = code;
        harmless.flows[0].marks.push(Mark::NoEffect);
        assert_eq!(score(&harmless).total(), 0);
    }

    #[test]
    fn addresses_of_the_machine_and_of_its_own_network_are_not_unusual() {
        for host in [
            "127.0.0.1",
            "0.0.0.0",
            "192.168.0.10",
            "10.1.2.3",
            "a.example",
        ] {
            assert!(!is_bare_address(host), "{host}");
        }
        for host in ["8.8.8.8", "8.8.8.8:4444"] {
            assert!(is_bare_address(host), "{host}");
        }
    }
}
