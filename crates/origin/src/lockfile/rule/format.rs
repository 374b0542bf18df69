use super::super::doc::LockRuleDoc;
use super::super::finding::{Findings, Said};
use super::super::view::LockfileView;
use super::super::words::shown;
use super::LockRule;
use customs_ecosystem::lockfile::Kind;
use customs_model::Severity;

/// A format that is old, or newer than what is known.
pub(super) struct Format;

pub(in crate::lockfile) static DOC: LockRuleDoc = LockRuleDoc {
    id: "lock-format",
    title: "The lockfile's format is old, not known, or went back.",
    what: "Looks at the number of the format. A newer one than what is known is read as far as possible and said \
           to be not checked. With `--base`, a number that became smaller is a warning.",
    why: "Package managers ignore or rewrite a lockfile whose format they do not expect, and then install what \
          nobody reviewed. An older format promises less.",
    effect: "a note for old formats; a warning where the number went back",
    to_do: "Use one version of the package manager in the project (`packageManager`, a toolchain file), and let it \
            write the lockfile.",
    fires: &[
        "package-lock.json of format 1.",
        "A change from lockfileVersion 3 to 1.",
    ],
    silent: &["The formats that current tools write."],
    learnt_from: "https://github.com/pnpm/pnpm/issues/10908",
};

impl LockRule for Format {
    fn doc(&self) -> &'static LockRuleDoc {
        &DOC
    }

    fn judge(&self, view: &LockfileView<'_>, findings: &mut Findings<'_>) {
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
