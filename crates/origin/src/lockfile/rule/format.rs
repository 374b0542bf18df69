use super::super::doc::LockRuleDoc;
use super::super::finding::Judgement;
use super::super::finding::{Findings, Said};
use super::super::view::LockfileView;
use super::super::words::shown;
use super::LockRule;
use customs_ecosystem::lockfile::{FaultOf, Kind};
use customs_model::Severity;

/// A format that is old, or newer than what is known.
pub(super) struct Format;

pub(in crate::lockfile) static DOC: LockRuleDoc = LockRuleDoc {
    id: "lock-format",
    title: "The lockfile is not what its tool writes, or its format is old, not known, or went back.",
    what: "Looks at the number of the format. A newer one than what is known is read as far as possible and said \
           to be not checked. With `--base`, a number that became smaller is a warning. A file that cannot be read \
           as one of its tool's (empty, cut short, with the marks of a conflict), and an entry whose name leads out \
           of the folder that packages lie in, fail.",
    why: "Package managers ignore or rewrite a lockfile whose format they do not expect, and then install what \
          nobody reviewed. An older format promises less.",
    effect: "a note for old formats; a warning where the number went back; fails where no tool writes such a file",
    to_do: "Use one version of the package manager in the project (`packageManager`, a toolchain file), and let it \
            write the lockfile.",
    fires: &[
        "package-lock.json of format 1.",
        "A change from lockfileVersion 3 to 1.",
        "An entry `node_modules/../../../etc`.",
        "A package-lock.json with `<<<<<<< HEAD`.",
    ],
    silent: &["The formats that current tools write."],
    learnt_from: "https://github.com/pnpm/pnpm/issues/10908",
};

impl LockRule for Format {
    fn doc(&self) -> &'static LockRuleDoc {
        &DOC
    }

    fn judge(&self, view: &LockfileView<'_>, findings: &mut Findings<'_>) {
        for fault in &view.graph.lockfile.faults {
            if fault.what == FaultOf::Name {
                findings.add(Said {
                    severity: Severity::High,
                    message: format!(
                        "no tool writes an entry for {}: its name leads out of the folder that packages lie in",
                        shown(&fault.name)
                    ),
                    file: view.path,
                    line: Some(fault.line),
                    release: None,
                    evidence: Vec::new(),
                });
            }
        }
        let format = view.graph.format.as_str();
        match age(view.graph.kind(), format) {
            Age::Current => {}
            Age::Old => findings.add(Said {
                severity: Severity::Note,
                message: format!(
                    "format {} of {} is old: current tools write more into it",
                    shown(format),
                    view.graph.kind()
                ),
                file: view.path,
                line: None,
                release: None,
                evidence: Vec::new(),
            }),
            Age::Unknown => findings.not_checked(format!(
                "{}: format {} of {} is not known; what is new in it was not looked at",
                shown(view.path),
                shown(format),
                view.graph.kind()
            )),
        }
    }
}

/// What is said about a lockfile that is not what its tool writes, so that nothing else can be
/// said about it. `why` is safe to print.
///
/// ```
/// use customs_origin::lockfile::unreadable;
/// let judgement = unreadable("package-lock.json", Some(2), "a conflict was not resolved");
/// assert_eq!(judgement.answer(), customs_model::Answer::No);
/// ```
pub fn unreadable(file: &str, line: Option<u32>, why: &str) -> Judgement {
    let mut judgement = Judgement::default();
    let mut findings = Findings::of(DOC.id, &mut judgement);
    findings.add(Said {
        severity: Severity::High,
        message: format!("it says nothing that can be read: {why}"),
        file,
        line,
        release: None,
        evidence: Vec::new(),
    });
    findings.finish();
    judgement
}

enum Age {
    Current,
    Old,
    Unknown,
}

fn age(kind: Kind, format: &str) -> Age {
    let major = number(format);
    match kind {
        Kind::PackageLock => match format {
            "1" => Age::Old,
            "2" | "3" => Age::Current,
            _ => Age::Unknown,
        },
        Kind::PnpmLock => match major {
            Some(5) => Age::Old,
            // Reading has refused all others.
            _ => Age::Current,
        },
        Kind::YarnBerry => match major {
            Some(4..=10) => Age::Current,
            _ => Age::Unknown,
        },
        Kind::BunLock => match format {
            "0" | "1" | "2" => Age::Current,
            _ => Age::Unknown,
        },
        Kind::PoetryLock => match major {
            Some(1 | 2) => Age::Current,
            _ => Age::Unknown,
        },
        Kind::CargoLock => match format {
            // Formats 1 and 2 have no number.
            "" => Age::Old,
            "3" | "4" => Age::Current,
            _ => Age::Unknown,
        },
        // Reading has refused all but the one that is known.
        Kind::UvLock | Kind::PylockToml | Kind::YarnClassic | Kind::RequirementsTxt => Age::Current,
    }
}

/// The number before the first dot.
pub(in crate::lockfile) fn number(format: &str) -> Option<u32> {
    format.split('.').next()?.parse().ok()
}
