//! P12: a program, library or WebAssembly module that was not there before.

use super::{Ask, Case, FACTS, Rule, Weight, unasked};
use crate::Findings;
use crate::doc::RuleDoc;
use crate::recognise::native_build;
use customs_model::{
    Ability, BinaryChange, BinaryChangeKind, BinaryFact, Flow, Inspection, Mark, Severity,
    SinkKind, SourceKind, Zone, compare_binaries, printable,
};

pub(in crate::rule) static RULE: NewBinary = NewBinary;

/// A program, library or WebAssembly module that was not there before.
pub(in crate::rule) struct NewBinary;

static DOC: RuleDoc = RuleDoc {
    id: "new-binary",
    title: "What nobody can read does not come in unnoticed.",
    what: "Compares the native programs, libraries and WebAssembly modules of a release with those of its \
           predecessor, by what they import. A new one is a note. It is proof when the line had none, the new one \
           starts processes and opens the network, is loaded or run unasked, and no sources come with it; when a \
           hook begins to load one that has either, or hides what it has; or when it is decoded from text and run. \
           Without a predecessor it is suspicious when a file that is called an image, a font or a text is a \
           native program and is run or loaded unasked.",
    why: "A binary shows nothing to a reader. One release in two hundred gains one, and honest ones say what they \
          need: the runtime's own functions.",
    effect: "block",
    ends: "never by itself; an exemption names the release",
    settings: &[],
    facts: FACTS,
    fires: &[
        "A patch of a package of pure JavaScript gains a `.node` file that imports `connect` and `execve`, and its \
         main module loads it.",
        "A postinstall script runs `assets/logo.png`, which is a program of Linux.",
    ],
    silent: &[
        "A package ships a build for one more machine.",
        "The same library is built anew and imports the same names.",
        "The first WebAssembly module, which imports nothing: a note.",
    ],
    learnt_from: "shape A21 of `incidents`: a binary that is swapped, or new in a line of source alone.",
};

/// The first engine that lists binaries.
const LISTS_BINARIES: u32 = 2;

impl Rule for NewBinary {
    fn reads_code(&self) -> bool {
        true
    }

    fn doc(&self) -> &'static RuleDoc {
        &DOC
    }

    fn read(&self, inspection: &Inspection, _before: Option<&Inspection>, findings: &mut Findings) {
        for fact in &inspection.binaries {
            add(findings, weigh_alone(fact), says_alone(fact), Vec::new());
        }
        for flow in &inspection.flows {
            let message = says_decoded(flow);
            add(
                findings,
                weigh_decoded(flow, false),
                message,
                flow.path.clone(),
            );
        }
    }

    fn compare(&self, before: &Inspection, after: &Inspection, findings: &mut Findings) {
        read_against(before, after, findings);
    }

    fn ask(&self, case: &Case<'_>) -> Option<Ask> {
        super::ask(&DOC, case)
    }
}

/// What the comparison with the predecessor adds to what [`Rule::read`] says.
fn read_against(before: &Inspection, after: &Inspection, findings: &mut Findings) {
    // An older engine listed none, and what was not read may have had some.
    if before.engine < LISTS_BINARIES
        || before
            .unread
            .iter()
            .any(|part| part.path.is_empty() && part.reached)
    {
        if !after.binaries.is_empty() {
            findings.not_checked(
                "whether its binaries are new: those of its predecessor are not known".to_owned(),
            );
        }
        return;
    }
    for change in compare_binaries(&before.binaries, &after.binaries) {
        let weight = weigh(&change, after.native_sources);
        let mut message = says(&change, after.native_sources);
        let quieted = native_build::quieted(after, |sources| weigh(&change, sources))
            .filter(|quieted| quieted.alone >= Weight::Suspicious);
        if let Some(quieted) = quieted {
            message.push_str(&format!(" (quieted by {})", quieted.because));
        }
        add(findings, weight, message, Vec::new());
    }
    let decoded_before = before.flows.iter().any(is_decoded);
    if !decoded_before {
        for flow in after.flows.iter().filter(|flow| is_decoded(flow)) {
            let message = says_decoded(flow);
            add(
                findings,
                weigh_decoded(flow, true),
                message,
                flow.path.clone(),
            );
        }
    }
}

fn add(findings: &mut Findings, weight: Weight, message: String, path: Vec<customs_model::Hop>) {
    let severity = match weight {
        Weight::None => return,
        Weight::Note => Severity::Note,
        Weight::Suspicious => Severity::Medium,
        Weight::Proof => Severity::Critical,
    };
    findings.add_path(&DOC, severity, message, path);
}

/// How much a change weighs, with the sources of what is native or without.
fn weigh(change: &BinaryChange, sources: bool) -> Weight {
    let now = &change.now;
    let has = |ability| now.abilities.contains(&ability);
    let both = has(Ability::Network) && has(Ability::Process);
    // What it can do is not told: it may be anything.
    let dark = now.kind.is_native() && (now.untold.is_some() || now.packed);
    let is_new = change.kind == BinaryChangeKind::New;
    let hook = now.zone == Zone::Install && change.zone_before != Some(Zone::Install);
    let reaches = both || has(Ability::Mines);
    if is_new && change.first && reaches && !sources && unasked(now.zone) {
        return Weight::Proof;
    }
    // A binding that its own installer loads to try it ships its sources, or does
    // nothing but compute.
    if hook && change.kind != BinaryChangeKind::OtherImports {
        let acts = has(Ability::Network) || has(Ability::Process) || has(Ability::Mines);
        return match (acts || dark, sources) {
            (true, false) => Weight::Proof,
            (true, true) => Weight::Suspicious,
            (false, _) => Weight::Note,
        };
    }
    let gained_both = both
        && (change.gained.contains(&Ability::Network) || change.gained.contains(&Ability::Process));
    if change.gained.contains(&Ability::Mines) {
        return Weight::Suspicious;
    }
    if unasked(now.zone) && !sources && (gained_both || is_new && change.first && dark) {
        return Weight::Suspicious;
    }
    match change.kind {
        BinaryChangeKind::New | BinaryChangeKind::Earlier => Weight::Note,
        BinaryChangeKind::Variant | BinaryChangeKind::OtherImports => {
            if change.gained.is_empty() {
                Weight::None
            } else {
                Weight::Note
            }
        }
    }
}

fn says(change: &BinaryChange, sources: bool) -> String {
    let now = &change.now;
    let mut text = format!(
        "{} ({}) {}",
        printable(&now.path, 120),
        now.kind.words(),
        change.kind
    );
    if change.first {
        text.push_str(" in a line that had none");
    }
    let abilities: Vec<&str> = if change.gained.is_empty() {
        now.abilities
            .iter()
            .map(|ability| ability.words())
            .collect()
    } else {
        change
            .gained
            .iter()
            .map(|ability| ability.words())
            .collect()
    };
    if !abilities.is_empty() {
        text.push_str(&format!("; it {}", abilities.join(", ")));
    }
    if let [first, ..] = change.new_imports.as_slice() {
        text.push_str(&format!(" (imports {})", printable(first, 60)));
    }
    if let Some(because) = &now.untold {
        text.push_str(&format!(
            "; its imports do not tell what it can do: {}",
            printable(because, 80)
        ));
    }
    if !sources {
        text.push_str("; no sources come with it");
    }
    text.push_str(&format!("; it runs {}", now.zone.words()));
    text
}

/// How much a binary weighs of which nothing older is known.
fn weigh_alone(fact: &BinaryFact) -> Weight {
    if !promises_data(&fact.path) {
        return Weight::None;
    }
    match (fact.kind.is_native(), unasked(fact.zone)) {
        (true, true) => Weight::Suspicious,
        (true, false) => Weight::Note,
        (false, _) => Weight::None,
    }
}

fn says_alone(fact: &BinaryFact) -> String {
    format!(
        "{} is {}, whatever its name says; it runs {}",
        printable(&fact.path, 160),
        fact.kind.words(),
        fact.zone.words()
    )
}

/// Whether a name promises something that no machine runs.
fn promises_data(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let Some((_, extension)) = name.rsplit_once('.') else {
        return false;
    };
    matches!(
        extension.to_ascii_lowercase().as_str(),
        "png"
            | "jpg"
            | "jpeg"
            | "gif"
            | "webp"
            | "svg"
            | "ico"
            | "bmp"
            | "woff"
            | "woff2"
            | "ttf"
            | "otf"
            | "eot"
            | "wav"
            | "mp3"
            | "ogg"
            | "mp4"
            | "webm"
            | "pdf"
            | "txt"
            | "md"
            | "json"
            | "yml"
            | "yaml"
            | "toml"
            | "xml"
            | "css"
            | "html"
            | "csv"
            | "map"
            | "lock"
            | "log"
    )
}

/// Whether a binary comes out of a decoder, or of a file that is no code, and is run.
fn is_decoded(flow: &Flow) -> bool {
    flow.marks.contains(&Mark::NativeCode)
        && matches!(
            flow.source,
            SourceKind::Decoded | SourceKind::Opaque | SourceKind::OwnFile
        )
        && matches!(
            flow.sink,
            SinkKind::ExecutedFile | SinkKind::Module | SinkKind::Process
        )
}

fn weigh_decoded(flow: &Flow, is_new: bool) -> Weight {
    if !is_decoded(flow) {
        return Weight::None;
    }
    match (unasked(flow.zone), is_new) {
        (true, true) => Weight::Proof,
        (true, false) => Weight::Suspicious,
        (false, _) => Weight::Note,
    }
}

fn says_decoded(flow: &Flow) -> String {
    format!(
        "it runs a binary that it decodes from {}, {}",
        printable(&flow.source_name, 80),
        flow.zone.words()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RuleSet, judge_code_against};
    use customs_model::{BinaryKind, Digest, Standing};

    fn fact(path: &str, abilities: &[Ability], zone: Zone) -> BinaryFact {
        BinaryFact {
            path: path.to_owned(),
            kind: BinaryKind::Elf,
            architecture: "x86_64".to_owned(),
            size: 100_000,
            abilities: abilities.iter().copied().collect(),
            imports: Vec::new(),
            imports_digest: Digest::sha256(format!("{abilities:?}").as_bytes()),
            libraries: Vec::new(),
            zone,
            init: false,
            packed: false,
            untold: None,
        }
    }

    fn weight(before: &[BinaryFact], after: &[BinaryFact], sources: bool) -> Option<Weight> {
        compare_binaries(before, after)
            .first()
            .map(|change| weigh(change, sources))
    }

    const BOTH: [Ability; 2] = [Ability::Network, Ability::Process];

    #[test]
    fn novelty_alone_is_a_note() {
        let now = fact("package/a.node", &[Ability::Files], Zone::Import);
        assert_eq!(weight(&[], &[now], false), Some(Weight::Note));
    }

    #[test]
    fn process_and_network_in_a_pure_line_without_sources_is_proof() {
        let now = fact("package/a.node", &BOTH, Zone::Import);
        assert_eq!(
            weight(&[], std::slice::from_ref(&now), false),
            Some(Weight::Proof)
        );
        assert_eq!(weight(&[], &[now], true), Some(Weight::Note));
        let called = fact("package/a.node", &BOTH, Zone::Called);
        assert_eq!(weight(&[], &[called], false), Some(Weight::Note));
    }

    #[test]
    fn a_library_with_its_sources_is_recognised_and_one_without_is_proof() {
        let with = |binaries: Vec<BinaryFact>, native_sources: bool| Inspection {
            engine: LISTS_BINARIES,
            binaries,
            native_sources,
            ..Inspection::default()
        };
        let said = |sources: bool| {
            let now = fact("package/a.node", &BOTH, Zone::Import);
            let (before, after) = (with(Vec::new(), sources), with(vec![now], sources));
            let verdict = judge_code_against(&before, &after, &RuleSet::standard());
            let named = format!("{verdict:?}").contains("quieted by native-build: ");
            (verdict.standing == Standing::Malicious, named)
        };
        assert_eq!(said(true), (false, true));
        assert_eq!(said(false), (true, false));
    }

    #[test]
    fn a_build_for_one_more_machine_weighs_nothing() {
        let before = fact("package/prebuilds/linux-x64/a.node", &BOTH, Zone::Import);
        let now = fact("package/prebuilds/linux-arm64/a.node", &BOTH, Zone::Import);
        assert_eq!(weight(&[before], &[now], false), Some(Weight::None));
    }

    #[test]
    fn the_same_name_that_gains_both_is_suspicious() {
        let before = fact("package/a.node", &[], Zone::Import);
        let now = fact("package/a.node", &BOTH, Zone::Import);
        assert_eq!(weight(&[before], &[now], false), Some(Weight::Suspicious));
    }

    #[test]
    fn a_hook_that_begins_to_run_what_hides_itself_is_proof() {
        let before = fact("package/bin/tool", &[], Zone::Called);
        let mut now = fact("package/bin/tool", &[], Zone::Install);
        assert_eq!(
            weight(std::slice::from_ref(&before), &[now.clone()], false),
            Some(Weight::Note)
        );
        now.imports_digest = before.imports_digest.clone();
        now.packed = true;
        assert_eq!(weight(&[before], &[now], false), Some(Weight::Proof));
    }

    #[test]
    fn a_program_that_is_called_an_image_is_suspicious_by_itself() {
        let hidden = fact("package/logo.png", &[], Zone::Install);
        assert_eq!(weigh_alone(&hidden), Weight::Suspicious);
        let idle = fact("package/logo.png", &[], Zone::Called);
        assert_eq!(weigh_alone(&idle), Weight::Note);
        let honest = fact("package/bin/tool", &[], Zone::Install);
        assert_eq!(weigh_alone(&honest), Weight::None);
    }
}
