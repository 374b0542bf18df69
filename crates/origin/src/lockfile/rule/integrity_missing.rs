use super::super::doc::LockRuleDoc;
use super::super::finding::{Findings, Said};
use super::super::view::LockfileView;
use super::super::words::{count, shown, spoken};
use super::LockRule;
use customs_ecosystem::lockfile::{AskKind, FaultOf, Kind, Locked, Package, Source};
use customs_model::Severity;
use std::collections::{BTreeMap, HashSet};

/// A release of a registry without a promise of its bytes.
pub(super) struct IntegrityMissing;

static DOC: LockRuleDoc = LockRuleDoc {
    id: "lock-integrity-missing",
    title: "An entry does not say which bytes are meant.",
    what: "Looks for the digest of each release that comes from a registry: `integrity` (npm, pnpm, bun, \
           Yarn 1, where the SHA-1 behind `#` counts too), `checksum` (Yarn 4, Cargo.lock), the hashes of \
           all files (uv, Poetry, pylock, requirements). Where nothing of one registry has a digest, that \
           is said once: the registry does not give any. A digest that cannot be one (cut short, garbage, MD5) \
           is told as such.",
    why: "Without a digest whatever stands behind the address is installed. npm and Yarn install an entry \
          whose digest was deleted without a warning (measured, November 2026).",
    effect: "fails; a warning where npm wrote neither address nor digest (it then asks the registry by \
             name and version), where a whole registry or file has none, for a release of a further index of Python, and for a package of Yarn 4 with \
             `conditions` that somebody needs; a note for requirements without any hash, and for packages \
             of Yarn 4 with `conditions` that are optional",
    to_do: "Let the package manager write the entry again: delete the entry and install. Look at the \
            commit that took the digest away.",
    fires: &[
        "`resolved` stands in an entry of package-lock.json and `integrity` does not, while all others \
         have both.",
        "`\"integrity\": \"sha512-AAAA\"`, which is shorter than any SHA-512.",
        "A package of Cargo.lock has a registry as `source` and no `checksum`.",
    ],
    silent: &[
        "Members of a workspace, links, git and path dependencies, bundled packages.",
        "The runtimes that pnpm installs (`node`, `bun`, `deno`), where each of their files has a digest.",
    ],
    learnt_from: "A deleted `integrity` passes `npm ci` and lockfile-lint's `--validate-integrity` \
                  (measured, November 2026). npm itself has lost them: https://github.com/npm/cli/issues/4460",
};

/// What the entries of one registry promise.
#[derive(Default)]
struct OfOrigin<'a> {
    with: usize,
    without: Vec<(&'a Package, &'a Locked)>,
}

impl OfOrigin<'_> {
    fn all(&self) -> usize {
        self.with + self.without.len()
    }
}

/// Of one in so many releases, at most, a hash was lost; where more have none their index does not
/// give them.
const FEW: usize = 10;

/// Tells the digests that are none, and returns the lines of their entries.
fn broken(view: &LockfileView<'_>, findings: &mut Findings<'_>) -> HashSet<u32> {
    let mut lines = HashSet::new();
    for fault in &view.graph.lockfile.faults {
        let FaultOf::Digest(written) = &fault.what else {
            continue;
        };
        // Yarn 1 has one entry for several keys.
        if !lines.insert(fault.line) {
            continue;
        }
        findings.add(Said {
            severity: Severity::High,
            message: format!(
                "a digest of {} is none: no bytes fit it, or any do",
                shown(&fault.name)
            ),
            file: view.path,
            line: Some(fault.line),
            release: None,
            evidence: vec![format!("it says: {}", shown(written))],
        });
    }
    lines
}

impl LockRule for IntegrityMissing {
    fn doc(&self) -> &'static LockRuleDoc {
        &DOC
    }

    fn judge(&self, view: &LockfileView<'_>, findings: &mut Findings<'_>) {
        let broken = broken(view, findings);
        let mut origins: BTreeMap<&str, OfOrigin<'_>> = BTreeMap::new();
        for (package, locked) in entries(view) {
            if may_be_unfetched(view, package) {
                continue;
            }
            // What is broken is told already, and is no reason to call the others bare.
            if broken.contains(&package.line) && !promises(view, package, locked) {
                origins.entry("").or_default().with += 1;
                continue;
            }
            let host = view.address(package).map_or("", |address| &*address.host);
            let of = origins.entry(host).or_default();
            match promises(view, package, locked) {
                true => of.with += 1,
                false => of.without.push((package, locked)),
            }
        }
        of_other_machines(view, findings);
        let any = origins.values().any(|of| of.with > 0);
        if !any {
            return whole_file(view, &origins, findings);
        }
        let main = main_of(&origins);
        for (host, of) in &origins {
            let few = of.without.len() == 1 || of.without.len() * FEW <= of.with;
            // An index that gives no hash at all lost none.
            let lost = few && of.with > 0 && main == Some(*host);
            // One release alone tells nothing of what its registry gives.
            if of.with == 0 && of.without.len() > 1 && !host.is_empty() {
                whole_origin(view, host, of, findings);
            } else {
                for (package, locked) in &of.without {
                    one(view, package, locked, lost, findings);
                }
            }
        }
    }
}

/// The registry that most releases come from, where it is one.
fn main_of<'a>(origins: &BTreeMap<&'a str, OfOrigin<'_>>) -> Option<&'a str> {
    let most = origins.values().map(OfOrigin::all).max()?;
    let mut all = origins.iter().filter(|(_, of)| of.all() == most);
    let first = all.next().map(|(host, _)| *host);
    first.filter(|_| all.next().is_none())
}

/// The entries that can promise something. Yarn 4 keeps a package and its patched twin apart.
fn entries<'v>(
    view: &'v LockfileView<'_>,
) -> Box<dyn Iterator<Item = (&'v Package, &'v Locked)> + 'v> {
    let all: Box<dyn Iterator<Item = _>> = match view.graph.kind() {
        Kind::YarnBerry => Box::new(view.every_locked()),
        _ => Box::new(view.locked()),
    };
    Box::new(all.filter(|(_, locked)| locked.source == Source::Registry))
}

/// Yarn 4 writes no checksum for a package of other machines, which it does not fetch.
fn may_be_unfetched(view: &LockfileView<'_>, package: &Package) -> bool {
    view.graph.kind() == Kind::YarnBerry && package.conditional && package.checksum.is_none()
}

/// What Yarn 4 did not fetch where the lockfile was written is bound to nothing where it does. Who
/// deletes the checksum of any package has only to write conditions beside it, so such packages
/// are named, and one that somebody needs is a warning: those for single machines are optional.
fn of_other_machines(view: &LockfileView<'_>, findings: &mut Findings<'_>) {
    let all: Vec<(&Package, &Locked)> = entries(view)
        .filter(|(package, _)| may_be_unfetched(view, package))
        .collect();
    if all.is_empty() {
        return;
    }
    let graph = view.graph;
    let asks = graph.packages.iter().flat_map(|package| &package.asks);
    let asks = asks.chain(graph.importers.iter().flat_map(|importer| &importer.asks));
    let required: HashSet<&str> = asks
        .filter(|ask| ask.kind != AskKind::Optional)
        .flat_map(|ask| {
            let to = ask.to.and_then(|to| graph.packages.get(to));
            [
                Some(ask.name.as_str()),
                to.map(|package| package.name.as_str()),
            ]
        })
        .flatten()
        .collect();
    let (needed, optional): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|(package, _)| required.contains(package.name.as_str()));
    for (package, locked) in needed {
        findings.add(Said {
            severity: Severity::Medium,
            message: format!(
                "{} has conditions and no checksum, and somebody needs it: where the conditions hold, any bytes would be installed",
                spoken(package)
            ),
            file: view.path,
            line: Some(package.line),
            release: Some(&locked.release),
            evidence: Vec::new(),
        });
    }
    if optional.is_empty() {
        return;
    }
    findings.add(Said {
        severity: Severity::Note,
        message: format!(
            "{} of other machines without a checksum: Yarn writes one where it fetches them",
            match optional.len() {
                1 => "1 optional package is".to_owned(),
                many => format!(
                    "{} are",
                    count(many, "optional package", "optional packages")
                ),
            }
        ),
        file: view.path,
        line: optional.first().map(|(package, _)| package.line),
        release: None,
        evidence: optional
            .iter()
            .map(|(package, _)| spoken(package))
            .collect(),
    });
}

fn promises(view: &LockfileView<'_>, package: &Package, locked: &Locked) -> bool {
    match view.graph.kind() {
        Kind::YarnBerry => package.checksum.as_deref().is_some_and(is_whole_checksum),
        Kind::UvLock | Kind::PylockToml => package.files.iter().all(|file| file.digest.is_some()),
        Kind::PoetryLock => {
            !locked.digests.is_empty() && package.files.iter().all(|file| file.digest.is_some())
        }
        Kind::PnpmLock => !locked.digests.is_empty() || is_bound_runtime(package),
        Kind::PackageLock
        | Kind::YarnClassic
        | Kind::BunLock
        | Kind::RequirementsTxt
        | Kind::CargoLock => !locked.digests.is_empty(),
    }
}

/// A runtime that pnpm installs itself: it has a file for each machine, and each has its digest. A
/// package of the same name from a registry has no such files.
fn is_bound_runtime(package: &Package) -> bool {
    matches!(package.name.as_str(), "node" | "bun" | "deno")
        && !package.files.is_empty()
        && package.files.iter().all(|file| file.digest.is_some())
}

fn whole_file(
    view: &LockfileView<'_>,
    origins: &BTreeMap<&str, OfOrigin<'_>>,
    findings: &mut Findings<'_>,
) {
    let without: usize = origins.values().map(|of| of.without.len()).sum();
    if without == 0 {
        return;
    }
    let (severity, why) = match view.graph.kind() {
        Kind::RequirementsTxt => (Severity::Note, "write it with hashes to bind it to bytes"),
        _ => (Severity::Medium, "let its own tool write it again"),
    };
    findings.add(Said {
        severity,
        message: format!(
            "none of {} says which bytes are meant: {why}",
            count(without, "release", "releases")
        ),
        file: view.path,
        line: None,
        release: None,
        evidence: Vec::new(),
    });
}

fn whole_origin(
    view: &LockfileView<'_>,
    host: &str,
    of: &OfOrigin<'_>,
    findings: &mut Findings<'_>,
) {
    let named = of.without.iter().map(|(package, _)| spoken(package));
    findings.add(Said {
        severity: Severity::Medium,
        message: format!(
            "no release of {} has a digest: {} are installed whatever bytes it sends",
            shown(host),
            of.without.len()
        ),
        file: view.path,
        line: of.without.first().and_then(|(_, locked)| locked.line),
        release: None,
        evidence: named.collect(),
    });
}

/// `lost`: nearly all others of the index that most releases come from have their hashes.
fn one(
    view: &LockfileView<'_>,
    package: &Package,
    locked: &Locked,
    lost: bool,
    findings: &mut Findings<'_>,
) {
    let bare = view.graph.kind() == Kind::PackageLock && locked.resolved.is_none();
    let severity = match view.graph.kind() {
        // npm loses both, and then asks the registry by name and version.
        Kind::PackageLock if bare => Severity::Medium,
        // pip refuses such a file.
        Kind::RequirementsTxt => Severity::Low,
        // Some indexes give no hashes for single files.
        Kind::UvLock | Kind::PylockToml if !lost => Severity::Medium,
        Kind::UvLock | Kind::PylockToml => Severity::High,
        Kind::PackageLock
        | Kind::PnpmLock
        | Kind::YarnClassic
        | Kind::YarnBerry
        | Kind::BunLock
        | Kind::PoetryLock
        | Kind::CargoLock => Severity::High,
    };
    let what = match view.graph.kind() {
        Kind::CargoLock | Kind::YarnBerry => "checksum",
        Kind::UvLock | Kind::PoetryLock | Kind::PylockToml | Kind::RequirementsTxt => "hash",
        Kind::PackageLock | Kind::PnpmLock | Kind::YarnClassic | Kind::BunLock => "integrity",
    };
    let files = package.files.iter().filter(|file| file.digest.is_none());
    findings.add(Said {
        severity,
        message: format!(
            "{} has no {what}, which others in this file have: any bytes would be installed",
            spoken(package)
        ),
        file: view.path,
        line: Some(package.line),
        release: Some(&locked.release),
        evidence: files
            .map(|file| format!("without a hash: {}", shown(&file.name)))
            .collect(),
    });
}

/// Whether it is a SHA-512 of Yarn 2 and later: `10c0/HEX`, in the first versions `HEX` alone.
fn is_whole_checksum(checksum: &str) -> bool {
    const LETTERS: usize = 128;
    let hex = checksum.rsplit('/').next().unwrap_or_default();
    hex.len() == LETTERS && hex.bytes().all(|letter| letter.is_ascii_hexdigit())
}
