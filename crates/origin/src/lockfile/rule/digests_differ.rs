use super::super::address::Address;
use super::super::doc::LockRuleDoc;
use super::super::finding::{Findings, Said};
use super::super::view::LockfileView;
use super::super::words::{short, shown, spoken};
use super::LockRule;
use customs_ecosystem::Keyed;
use customs_ecosystem::lockfile::{Locked, NamedFile, Package};
use customs_model::{Digest, DigestAlgorithm, Ecosystem, Severity};
use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Two digests for one release.
pub(super) struct DigestsDiffer;

static DOC: LockRuleDoc = LockRuleDoc {
    id: "lock-digests-differ",
    title: "One release is bound to different bytes at two places.",
    what: "Compares the digests of each name and version over all places of a lockfile and all lockfiles of a \
           repository; for Python, of each file; for cargo, within one source. Only digests of one algorithm \
           are compared.",
    why: "A registry never replaces an artifact. Where two places disagree, one of them is wrong.",
    effect: "fails; warns where the two come from different hosts, which may hold different builds",
    to_do: "Ask the registry which of the two it promises, and let the package manager write the other one \
            again.",
    fires: &[
        "ms@2.1.2 has sha512-AAA… in package-lock.json and sha512-BBB… in packages/site/yarn.lock.",
    ],
    silent: &[
        "SHA-1 at one place and SHA-512 at the other.",
        "One crate from two registries of Cargo.lock.",
        "Different wheels of one Python release.",
    ],
    learnt_from: "The rule \"one integrity per name and version\" that pnpm enforces for its store and nobody for \
                  lockfiles.",
};

/// What a digest is about: a release, and for Python one of its files, for cargo its source.
#[derive(PartialEq, Eq, Hash)]
struct Subject<'a> {
    name: &'a str,
    version: &'a str,
    part: &'a str,
    algorithm: DigestAlgorithm,
}

/// Where a digest was seen first.
struct First<'a> {
    path: &'a str,
    line: u32,
    locked: &'a Locked,
    digest: &'a Digest,
}

impl<'a> First<'a> {
    fn host(&self) -> Option<Cow<'a, str>> {
        Some(Address::parse(self.locked.resolved.as_deref()?)?.host)
    }
}

type Known<'a> = HashMap<Subject<'a>, First<'a>, Keyed>;

impl LockRule for DigestsDiffer {
    fn doc(&self) -> &'static LockRuleDoc {
        &DOC
    }

    fn judge(&self, view: &LockfileView<'_>, findings: &mut Findings<'_>) {
        let mut known =
            Known::with_capacity_and_hasher(view.graph.lockfile.entries.len(), Keyed::default());
        compare(view, &mut known, false, findings);
    }

    fn judge_together(&self, views: &[LockfileView<'_>], findings: &mut Findings<'_>) {
        for ecosystem in Ecosystem::ALL {
            let mut known = Known::default();
            for view in views.iter().filter(|view| view.ecosystem() == ecosystem) {
                compare(view, &mut known, true, findings);
            }
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
        for (part, digest) in parts(view, package, locked) {
            let subject = Subject {
                name: locked.release.package.as_str(),
                version: locked.release.version.as_str(),
                part,
                algorithm: digest.algorithm(),
            };
            let here = First {
                path: view.path,
                line: package.line,
                locked,
                digest,
            };
            let first = match known.entry(subject) {
                Entry::Vacant(room) => {
                    room.insert(here);
                    continue;
                }
                Entry::Occupied(first) => first.into_mut(),
            };
            let same_file = first.path == view.path;
            if first.digest == digest || (only_others && same_file) {
                continue;
            }
            add(view, package, locked, first, &here, findings);
            break;
        }
    }
}

/// The digests of an entry with what each of them is about.
fn parts<'a>(
    view: &LockfileView<'_>,
    package: &'a Package,
    locked: &'a Locked,
) -> impl Iterator<Item = (&'a str, &'a Digest)> {
    let (part, digests, files): (&str, &[Digest], &[NamedFile]) = match view.ecosystem() {
        Ecosystem::Npm => ("", &locked.digests, &[]),
        Ecosystem::PyPi => ("", &[], &package.files),
        Ecosystem::Cargo => {
            let source = locked.resolved.as_deref().unwrap_or_default();
            (source, &locked.digests, &[])
        }
    };
    let of_files = files.iter();
    let of_files = of_files.filter_map(|file| Some((file.name.as_str(), file.digest.as_ref()?)));
    digests
        .iter()
        .map(move |digest| (part, digest))
        .chain(of_files)
}

fn add(
    view: &LockfileView<'_>,
    package: &Package,
    locked: &Locked,
    first: &First<'_>,
    here: &First<'_>,
    findings: &mut Findings<'_>,
) {
    let (severity, hosts) = match (first.host(), here.host()) {
        (Some(first), Some(here)) if first != here => (
            Severity::Medium,
            format!(" ({} and {})", shown(&first), shown(&here)),
        ),
        _ => (Severity::High, String::new()),
    };
    let at = |path: &str, line: u32| format!("{}, line {line}", shown(path));
    findings.add(Said {
        severity,
        message: format!(
            "{} is bound to different bytes at two places{hosts}",
            spoken(package)
        ),
        file: view.path,
        line: Some(package.line),
        release: Some(&locked.release),
        evidence: vec![
            format!("{}: {}", at(first.path, first.line), short(first.digest)),
            format!("{}: {}", at(here.path, here.line), short(here.digest)),
        ],
    });
}
