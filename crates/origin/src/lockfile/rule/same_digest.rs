use super::super::address::normal;
use super::super::doc::LockRuleDoc;
use super::super::finding::{Findings, Said};
use super::super::view::LockfileView;
use super::super::words::{short, shown, spoken};
use super::LockRule;
use customs_ecosystem::Keyed;
use customs_ecosystem::lockfile::{Locked, Package};
use customs_model::{Digest, Ecosystem, Severity};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// One digest for two releases.
pub(super) struct SameDigest;

static DOC: LockRuleDoc = LockRuleDoc {
    id: "lock-same-digest",
    title: "Two releases are bound to the same bytes.",
    what: "Looks for a digest that stands under two names or versions, in one lockfile or in several of a \
           repository; Yarn 4's own checksums in one lockfile. Spellings of one version (`v1.0.0`, `1.0.0+build`) are one.",
    why: "An artifact holds its own name and version, so one artifact is one release. Where a digest stands \
          twice, one entry was made to deliver the other's bytes.",
    effect: "fails",
    to_do: "Let the package manager write both entries again and see which of them changes. Look at the \
            commit that wrote it.",
    fires: &["is-number@7.0.0 and is-odd@3.0.1 with the same sha512."],
    silent: &["The same release at several places, or in the lockfiles of several members."],
    learnt_from: "The swap that bun's cache hides (measured, November 2026): name and address stay, only the digest \
                  is another package's.",
};

/// Digests with the first release that had each.
type Known<'a> = HashMap<&'a Digest, (&'a str, &'a Package, &'a Locked), Keyed>;

impl LockRule for SameDigest {
    fn doc(&self) -> &'static LockRuleDoc {
        &DOC
    }

    fn judge(&self, view: &LockfileView<'_>, findings: &mut Findings<'_>) {
        let mut known =
            Known::with_capacity_and_hasher(view.graph.lockfile.entries.len(), Keyed::default());
        compare(view, &mut known, false, findings);
        archives(view, findings);
    }

    fn judge_together(&self, views: &[LockfileView<'_>], findings: &mut Findings<'_>) {
        let mut known = Known::default();
        for view in views {
            compare(view, &mut known, true, findings);
        }
    }
}

fn compare<'a>(
    view: &LockfileView<'a>,
    known: &mut Known<'a>,
    only_others: bool,
    findings: &mut Findings<'_>,
) {
    for (package, locked) in view.of_registry() {
        for digest in &locked.digests {
            let (path, other, first) = match known.entry(digest) {
                Entry::Vacant(room) => {
                    room.insert((view.path, package, locked));
                    continue;
                }
                Entry::Occupied(first) => *first.get(),
            };
            let same_file = path == view.path;
            if is_same(first, locked) || (only_others && same_file) {
                continue;
            }
            let at = match same_file {
                true => format!("line {}", other.line),
                false => format!("{}, line {}", shown(path), other.line),
            };
            findings.add(Said {
                severity: Severity::High,
                message: format!(
                    "{} has the digest of {} ({at}): one of them would deliver the other's bytes",
                    spoken(package),
                    spoken(other)
                ),
                file: view.path,
                line: Some(package.line),
                release: Some(&locked.release),
                evidence: vec![short(digest)],
            });
            break;
        }
    }
}

/// Yarn 4 writes a checksum of its own archive, in which a package lies under its name: two of the same are
/// never honest.
fn archives(view: &LockfileView<'_>, findings: &mut Findings<'_>) {
    let mut known: HashMap<&str, (&Package, &Locked)> = HashMap::new();
    for (package, locked) in view.of_registry() {
        let Some(sum) = package.checksum.as_deref() else {
            continue;
        };
        let (other, first) = *known.entry(sum).or_insert((package, locked));
        if is_same(first, locked) {
            continue;
        }
        findings.add(Said {
            severity: Severity::High,
            message: format!(
                "{} has the checksum of {} (line {}): one of them would deliver the other's bytes",
                spoken(package),
                spoken(other),
                other.line
            ),
            file: view.path,
            line: Some(package.line),
            release: Some(&locked.release),
            evidence: vec![shown(sum)],
        });
    }
}

fn is_same(one: &Locked, other: &Locked) -> bool {
    let (a, b) = (&one.release, &other.release);
    a.package == b.package
        && match a.package.ecosystem() {
            Ecosystem::Npm => normal(a.version.as_str()) == normal(b.version.as_str()),
            Ecosystem::PyPi => {
                let canonical = customs_ecosystem::pypi::canonical;
                a.version == b.version
                    || canonical(a.version.as_str()) == canonical(b.version.as_str())
            }
            Ecosystem::Cargo => a.version == b.version,
        }
}
