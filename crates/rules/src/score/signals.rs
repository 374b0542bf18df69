//! The signals, and how each is found in what an artifact's code can do.

use super::Signal;
use crate::recognise::own_machine;
use crate::recognise::well_known::is_well_known;
use customs_model::{
    Capability, Flow, Inspection, Mark, Place, SignKind, SinkKind, SourceKind, Target, Zone,
    printable,
};

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
        points: 21,
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
            // What stands in for a function hands on what it was given, to where that says.
            flowing(code, |flow| {
                flow.source == SourceKind::Intercepted
                    && unasked(flow.zone)
                    && flow.target != Target::Caller
            })
        },
    },
];

/// Abilities to reach somebody.
const NETWORK: &[&str] = &["network", "network.names"];

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
    hidden && runs(flow.sink) && unasked(flow.zone) && !is_seen_through(flow)
}

fn runs_own_data(flow: &Flow) -> bool {
    flow.source == SourceKind::OwnFile
        && matches!(flow.sink, SinkKind::DynamicCode | SinkKind::Module)
        && unasked(flow.zone)
        && !is_seen_through(flow)
}

/// What is run was read whole and does nothing, or everybody can read it.
fn is_seen_through(flow: &Flow) -> bool {
    let marks = [Mark::NoEffect, Mark::InPlainSight];
    flow.marks.iter().any(|mark| marks.contains(mark))
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
    // A host that the package names as its own gets its own keys, and nobody else's.
    let is_others = flow.source != SourceKind::NamedSecret || is_well_known(&flow.source_name);
    let own =
        flow.marks.contains(&Mark::VendorHost) || flow.marks.contains(&Mark::OwnHost) && !is_others;
    // A key that is no key of everybody's goes to whom the caller names: a client of a service.
    let own = own || flow.target == Target::Caller && !is_others;
    keys && unasked(flow.zone) && !own && !leads_here(flow)
}

/// One of these is sent to somebody else, unasked.
fn sends(flow: &Flow, sources: &[SourceKind]) -> bool {
    sources.contains(&flow.source)
        && matches!(flow.sink, SinkKind::Network | SinkKind::NameLookup)
        && unasked(flow.zone)
        && !flow.marks.contains(&Mark::OwnHost)
        && !leads_here(flow)
        && !asks_for_itself(flow)
}

/// The machine's name is looked up as it stands: whoever does that wants its own address. Who tells a
/// name to a stranger puts it before a name of the stranger's.
fn asks_for_itself(flow: &Flow) -> bool {
    flow.sink == SinkKind::NameLookup
        && flow.source == SourceKind::Identity
        && flow.target == Target::Caller
        && flow.path.len() == 2
}

fn leads_here(flow: &Flow) -> bool {
    matches!(&flow.target, Target::Constant(host) if own_machine::is_loopback(host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::Hop;

    #[test]
    fn a_key_of_a_service_goes_to_whom_the_caller_names_and_a_token_of_everybody_does_not() {
        let takes = |name: &str, target: Target| {
            takes_foreign_keys(&Flow {
                source: SourceKind::NamedSecret,
                source_name: name.to_owned(),
                sink: SinkKind::Network,
                sink_name: "httpx.post".to_owned(),
                target,
                zone: Zone::Import,
                path: Vec::new(),
                marks: Vec::new(),
            })
        };
        let host = || Target::Constant("in.other.example".to_owned());
        assert!(!takes("OWN_API_KEY", Target::Caller));
        assert!(takes("OWN_API_KEY", host()));
        assert!(takes("OWN_API_KEY", Target::Opaque));
        assert!(takes("GITHUB_TOKEN", Target::Caller));
        assert!(takes("GITHUB_TOKEN", host()));
    }

    #[test]
    fn the_own_name_that_is_looked_up_as_it_stands_is_told_nobody() {
        let hop = || {
            let file = "a.py".to_owned();
            let (line, column, bytes) = (1, 1, (0, 1));
            let at = Place {
                file,
                line,
                column,
                bytes,
            };
            Hop::told(String::new(), at)
        };
        let tells = |target: Target, hops: usize| {
            sends(
                &Flow {
                    source: SourceKind::Identity,
                    source_name: "socket.gethostname".to_owned(),
                    sink: SinkKind::NameLookup,
                    sink_name: "socket.gethostbyname".to_owned(),
                    target,
                    zone: Zone::Import,
                    path: (0..hops).map(|_| hop()).collect(),
                    marks: Vec::new(),
                },
                &[SourceKind::Identity],
            )
        };
        assert!(!tells(Target::Caller, 2));
        // Something was put to it, or nobody knows what.
        assert!(tells(Target::Caller, 3));
        assert!(tells(Target::Constant("<?>.c2.invalid".to_owned()), 2));
        assert!(tells(Target::Opaque, 2));
    }
}
