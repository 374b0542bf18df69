use super::{Ask, Case, Rule};
use crate::Findings;
use crate::doc::{Amount, Facts, RuleDoc, Setting, Tighter};
use crate::words::{self, later};
use customs_model::{
    AddedDependency, Confidence, Dossier, Known, Severity, SignedDuration, Timestamp, printable,
};

/// A new dependency that is young and runs at install.
pub(super) struct YoungDependency;

const ID: &str = "young-dependency-runs-at-install";

static VERSION_AGE: Setting = Setting {
    rule: ID,
    key: "version-age",
    what: "a dependency release closer to the parent's than this is young",
    default: Amount::Time(SignedDuration::from_hours(72)),
    tighter: Tighter::More,
};

static NAME_AGE: Setting = Setting {
    rule: ID,
    key: "name-age",
    what: "a dependency name younger than this at the parent's release is young",
    default: Amount::Time(SignedDuration::from_hours(7 * 24)),
    tighter: Tighter::More,
};

static ENDS: Setting = Setting {
    rule: ID,
    key: "ends",
    what: "the age of the dependency at which the block ends",
    default: Amount::Time(SignedDuration::from_hours(14 * 24)),
    tighter: Tighter::More,
};

static DOC: RuleDoc = RuleDoc {
    id: ID,
    title: "A release that adds a young dependency with an install script is blocked.",
    what: "Compares with the predecessor in the release line. An added required dependency is young when \
           its release lies within 72 h of the parent's release, or its name was younger than 7 d then; it \
           counts when it carries an install or build script. Ages are taken at the parent's release, so \
           that waiting does not wash them off. When it is not known whether a young one runs code, the \
           parent is held until the dependency is no longer young. Without a predecessor (a new package, \
           the first release of a line) every dependency is new and nothing is counted; version-age and \
           name-age cover those. A release that adds more dependencies than are looked at is held for as long.",
    why: "This is the shape of axios, Mastra and arrayref: a trusted package changes by one line, and the \
          new line brings the payload.",
    effect: "block until reviewed",
    ends: "when the dependency is 14 d old",
    settings: &[&VERSION_AGE, &NAME_AGE, &ENDS],
    facts: Facts {
        npm: "`dependencies` of both versions; the dependency's own document and artifact",
        pypi: "core metadata of both files; the dependency's page and files",
        cargo: "`deps` of both index lines; the dependency's index file and crate",
    },
    fires: &[
        "axios@1.14.1 adds plain-crypto-js, published 23 min before, with a postinstall.",
        "arrayref 0.3.10 adds proc-macro1, whose build.rs runs at build.",
    ],
    silent: &[
        "A release that adds a dependency of last year, with or without a script.",
        "A release that adds a dependency of yesterday that runs nothing.",
        "A package's very first release, whatever it depends on.",
    ],
    learnt_from: "axios (March 2026), Mastra (June 2026), arrayref, internment and append-only-vec (August 2026).",
};

impl Rule for YoungDependency {
    fn doc(&self) -> &'static RuleDoc {
        &DOC
    }

    fn judge(&self, dossier: &Dossier, findings: &mut Findings) {
        let Some(published) = dossier.published.known().copied().or(dossier.last_modified) else {
            return;
        };
        let earlier = dossier.predecessor.as_ref().map(|before| &before.manifest);
        let unknown = earlier.and_then(|earlier| {
            let own = dossier.manifest.dependencies_unknown.as_ref();
            own.or(earlier.dependencies_unknown.as_ref())
        });
        if let Some(because) = unknown {
            findings.not_checked(format!(
                "which dependencies it adds: {}",
                printable(because, 160)
            ));
        }
        if let Some(message) = not_followed(dossier) {
            findings.add(&DOC, Severity::Medium, Confidence::High, message);
        }
        let defaults = Limits::standard();
        for added in added(dossier) {
            let named = printable(&added.name, 80);
            if let Known::NotKnown(because) = &added.published {
                findings.not_checked(format!(
                    "age of new dependency {named}: {}",
                    printable(because, 120)
                ));
            }
            let Some(young) = Young::of(added, published, &defaults) else {
                continue;
            };
            match &added.runs {
                Known::Is(true) => {
                    findings.add(&DOC, Severity::High, Confidence::High, young.message());
                }
                Known::NotKnown(because) => findings.not_checked(format!(
                    "whether young dependency {named} runs at install: {}",
                    printable(because, 120)
                )),
                Known::Is(false) | Known::NotApplicable => {}
            }
        }
    }

    fn ask(&self, case: &Case<'_>) -> Option<Ask> {
        let published = case.recent()?;
        let limits = Limits {
            version: case.policy.duration(&VERSION_AGE),
            name: case.policy.duration(&NAME_AGE),
        };
        let ends = case.policy.duration(&ENDS);
        let too_many = not_followed(case.dossier).and_then(|message| {
            let until = later(published, ends).min(case.window_end(published));
            case.hold_until(until, || message)
        });
        added(case.dossier)
            .filter_map(|added| Young::of(added, published, &limits))
            .filter_map(|young| {
                let window = case.window_end(published);
                match &young.added.runs {
                    Known::Is(true) => {
                        case.block_until(later(young.since, ends).min(window), || young.message())
                    }
                    Known::NotKnown(_) => case
                        .hold_until(young.old_at(&limits).min(window), || {
                            format!("{}; whether it runs at install is not known", young.words())
                        }),
                    Known::Is(false) | Known::NotApplicable => None,
                }
            })
            .chain(too_many)
            .max_by_key(|ask| {
                (
                    matches!(ask.action, customs_model::Action::Block { .. }),
                    ask.action.until(),
                )
            })
    }
}

/// Nobody looks at any number of dependencies; a release that adds more waits for as long
/// as the worst of them could make it wait.
fn not_followed(dossier: &Dossier) -> Option<String> {
    dossier.predecessor.as_ref()?;
    let names = &dossier.not_followed;
    (!names.is_empty()).then(|| {
        format!(
            "what it adds was not looked at in full ({})",
            words::list(names, 3)
        )
    })
}

/// Added dependencies, if there is something that they were added to.
fn added(dossier: &Dossier) -> impl Iterator<Item = &AddedDependency> {
    let all = if dossier.predecessor.is_some() {
        dossier.added_dependencies.as_slice()
    } else {
        &[]
    };
    all.iter()
}

struct Limits {
    version: SignedDuration,
    name: SignedDuration,
}

impl Limits {
    fn standard() -> Self {
        let time = |setting: &Setting| match setting.default {
            Amount::Time(of) => of,
            Amount::Count(_) => SignedDuration::ZERO,
        };
        Self {
            version: time(&VERSION_AGE),
            name: time(&NAME_AGE),
        }
    }
}

/// A dependency that was young when its parent was published.
struct Young<'a> {
    added: &'a AddedDependency,
    /// From when its age is counted.
    since: Timestamp,
    /// How old the young thing was, and which it is.
    why: String,
    version: Option<Timestamp>,
    name: Option<Timestamp>,
}

impl<'a> Young<'a> {
    fn of(added: &'a AddedDependency, parent: Timestamp, limits: &Limits) -> Option<Self> {
        let version = added.published.known().copied();
        let name = added.package_earliest.known().copied();
        // Before or after: publishing the parent first must not evade the rule.
        let young_version = version.filter(|at| parent.duration_since(*at).abs() < limits.version);
        let young_name = name.filter(|at| parent.duration_since(*at) < limits.name);
        let since = young_version.or(version).or(young_name)?;
        let why = match (young_version, young_name) {
            (Some(at), _) if at <= parent => {
                format!(
                    "published {} before it",
                    words::span(parent.duration_since(at))
                )
            }
            (Some(at), _) => format!(
                "published {} after it",
                words::span(at.duration_since(parent))
            ),
            (None, Some(at)) if at <= parent => {
                format!(
                    "whose name was {} old",
                    words::span(parent.duration_since(at))
                )
            }
            (None, Some(_)) => "whose name did not exist yet".to_owned(),
            (None, None) => return None,
        };
        Some(Self {
            added,
            since,
            why,
            version: young_version,
            name: young_name,
        })
    }

    fn words(&self) -> String {
        let version = self
            .added
            .newest
            .as_ref()
            .map(|v| format!("@{v}"))
            .unwrap_or_default();
        format!(
            "it adds {}{version}, {}",
            printable(&self.added.name, 80),
            self.why
        )
    }

    fn message(&self) -> String {
        format!("{}, which runs code at install", self.words())
    }

    /// When neither its version nor its name is young any more.
    fn old_at(&self, limits: &Limits) -> Timestamp {
        let version = self.version.map(|at| later(at, limits.version));
        let name = self.name.map(|at| later(at, limits.name));
        version.max(name).unwrap_or(self.since)
    }
}
