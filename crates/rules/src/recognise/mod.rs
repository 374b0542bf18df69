//! Honest look-alikes, recognised positively: one file each.
//!
//! A recogniser says of a flow that it is what honest packages do, and why it thinks so. It never
//! takes a finding away without a word: a finding that would weigh more without it names it and
//! its reason, so that whoever reads the verdict can object. Its page is made from its file.

pub(crate) mod asked_backup;
mod harmless_content;
pub(crate) mod hook_starter;
pub(crate) mod native_build;
pub(crate) mod own_host;
pub(crate) mod own_machine;
pub(crate) mod own_service;
mod pinned_digest;
pub(crate) mod telemetry;
mod vendor_host;
mod visible_text;
pub(crate) mod wallet_library;
pub(crate) mod well_known;

use customs_model::{Flow, Inspection, Mark};

/// Every recogniser.
static ALL: &[&Recogniser] = &[
    &pinned_digest::PINNED_DIGEST,
    &own_host::OWN_HOST,
    &vendor_host::VENDOR_HOST,
    &own_service::OWN_SERVICE,
    &harmless_content::HARMLESS_CONTENT,
    &hook_starter::HOOK_STARTER,
    &own_machine::OWN_MACHINE,
    &visible_text::VISIBLE_TEXT,
    &wallet_library::WALLET_LIBRARY,
    &native_build::NATIVE_BUILD,
    &telemetry::TELEMETRY,
    &asked_backup::ASKED_BACKUP,
];

/// What recognises one kind of honest look-alike.
pub struct Recogniser {
    /// Its stable id, as verdicts name it.
    pub id: &'static str,
    /// What it recognises, one sentence.
    pub what: &'static str,
    /// Why that is honest.
    pub why: &'static str,
    /// What looks like it and is not recognised: the twin that differs in one thing.
    pub twin: &'static str,
    /// How it can be wrong, for whoever objects.
    pub limits: &'static str,
    recognises: fn(&Flow, &Seen<'_>) -> Option<String>,
    /// Makes the flow what it would be without that by which it is recognised.
    without: fn(&mut Flow),
}

impl std::fmt::Debug for Recogniser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id)
    }
}

/// What a recogniser may ask: the facts of the release, and of the one before where these are
/// at hand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a> {
    /// The release.
    pub now: &'a Inspection,
    /// The one before.
    pub before: Option<&'a Inspection>,
}

/// What recognisers made of a flow.
#[derive(Debug)]
pub(crate) struct Quieted<W> {
    /// What it would weigh without them.
    pub alone: W,
    /// Which, and why: the end of "quieted by …", safe to print.
    pub because: String,
}

/// The recognisers that make a flow weigh less, if any.
pub(crate) fn quieted<W: PartialOrd>(
    flow: &Flow,
    seen: &Seen<'_>,
    weigh: impl Fn(&Flow) -> W,
) -> Option<Quieted<W>> {
    let found: Vec<(&Recogniser, String)> = ALL
        .iter()
        .filter_map(|one| Some((*one, (one.recognises)(flow, seen)?)))
        .collect();
    if found.is_empty() {
        return None;
    }
    let mut bare = flow.clone();
    for (one, _) in &found {
        (one.without)(&mut bare);
    }
    let alone = weigh(&bare);
    let now = weigh(flow);
    if alone <= now {
        return None;
    }
    let decides = |one: &Recogniser| {
        let mut other = flow.clone();
        (one.without)(&mut other);
        weigh(&other) > now
    };
    let say = |one: &Recogniser, reason: &str| format!("{}: {reason}", one.id);
    let mut said: Vec<String> = found
        .iter()
        .filter(|(one, _)| decides(one))
        .map(|(one, reason)| say(one, reason))
        .collect();
    // Where each of several would do, none decides alone.
    if said.is_empty() {
        said = found.iter().map(|(one, reason)| say(one, reason)).collect();
    }
    Some(Quieted {
        alone,
        because: said.join("; "),
    })
}

fn has(flow: &Flow, mark: Mark) -> bool {
    flow.marks.contains(&mark)
}

fn drop_mark(flow: &mut Flow, mark: Mark) {
    flow.marks.retain(|known| *known != mark);
}

/// The page over all recognisers.
pub fn recognisers() -> String {
    let mut out = String::from(
        "# Recognisers\n\nWhat honest packages do can look like an attack. Each of these recognises one such \
         thing, by what\nis there and not by who wrote it. A finding that weighs less because of one names it: \
         `quieted by\nown-host: …`.\n",
    );
    for one in ALL {
        out += &format!(
            "\n## {}\n\n{}\n\n**Why:** {}\n\n**The twin that it does not recognise:** {}\n\n**How it can be wrong:** {}\n",
            one.id, one.what, one.why, one.twin, one.limits
        );
    }
    out += "\nThis page is made from the recognisers' sources; edit it there.\n";
    out
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{RuleSet, judge_code};
    use customs_model::{Hop, Place, SinkKind, SourceKind, Standing, Target, Verdict, Zone};
    use std::path::PathBuf;

    /// A flow at install, from line 1 to line 2.
    pub(crate) fn flow(
        source: (SourceKind, &str),
        sink: SinkKind,
        target: &str,
        marks: &[Mark],
    ) -> Flow {
        let hop = |what: &str, line: u32| {
            let at = Place {
                file: "package/a.js".to_owned(),
                line,
                column: 1,
                bytes: (line, line + 1),
            };
            Hop::told(what.to_owned(), at)
        };
        Flow {
            source: source.0,
            source_name: source.1.to_owned(),
            sink,
            sink_name: "call".to_owned(),
            target: Target::Constant(target.to_owned()),
            zone: Zone::Install,
            path: vec![hop("it is read", 1), hop("reaches call", 2)],
            marks: marks.to_vec(),
        }
    }

    /// What the rules say of a release that does only this.
    pub(crate) fn verdict(flow: Flow) -> Verdict {
        let code = Inspection {
            flows: vec![flow],
            ..Inspection::default()
        };
        judge_code(&code, &RuleSet::standard())
    }

    /// The look-alike is quiet and says by whom; its twin is malicious.
    pub(crate) fn pair(id: &str, honest: Flow, twin: Flow) {
        let honest = verdict(honest);
        assert_ne!(honest.standing, Standing::Malicious, "{id}: {honest:?}");
        let wanted = format!("quieted by {id}: ");
        assert!(
            honest.findings.iter().any(|f| f.message.contains(&wanted)),
            "{id}: {honest:?}"
        );
        let twin = verdict(twin);
        assert_eq!(twin.standing, Standing::Malicious, "{id}: {twin:?}");
        assert!(
            !twin.findings.iter().any(|f| f.message.contains(&wanted)),
            "{id}: {twin:?}"
        );
    }

    #[test]
    fn each_recogniser_has_an_id_of_its_own_and_says_how_it_can_be_wrong() {
        let mut ids = std::collections::BTreeSet::new();
        for one in ALL {
            assert!(ids.insert(one.id), "{} stands twice", one.id);
            for text in [one.what, one.why, one.twin, one.limits] {
                assert!(text.ends_with('.'), "{}: {text}", one.id);
            }
        }
    }

    #[test]
    fn what_nobody_recognises_is_quieted_by_nobody() {
        let bare = flow(
            (SourceKind::Environment, "process.env"),
            SinkKind::Network,
            "collect.invalid",
            &[],
        );
        let verdict = verdict(bare);
        assert_eq!(verdict.standing, Standing::Malicious);
        assert!(!format!("{verdict:?}").contains("quieted"));
    }

    /// With `CUSTOMS_BLESS=1` the page is written instead of compared.
    #[test]
    fn the_page_says_what_the_recognisers_say() {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/recognisers.md");
        if std::env::var_os("CUSTOMS_BLESS").is_some() {
            std::fs::write(&path, recognisers()).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(&path).unwrap_or_default(),
            recognisers(),
            "docs/recognisers.md is stale; run the test with CUSTOMS_BLESS=1"
        );
    }
}
