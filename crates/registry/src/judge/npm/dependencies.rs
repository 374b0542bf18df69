//! What a young npm release needs: dependencies that are new, and ranges that nothing
//! admitted satisfies. npm and pnpm do not backtrack.

use super::{Case, facts, order};
use crate::http::FetchError;
use crate::judge::gather::{Gaps, MONTH};
use crate::judge::lanes::Fix;
use crate::judge::trail::{End, Trail};
use crate::judge::{JudgedDocument, Registry};
use customs_ecosystem::npm::{
    NpmVersion, Packument, Range, VersionEntry, is_exotic, resolve_alias,
};
use customs_model::{
    AddedDependency, Dossier, Ecosystem, Known, PackageName, ReleaseId, UnmetDependency, Version,
    printable,
};
use futures_util::StreamExt as _;

/// Dependencies of one release that are looked at.
const MOST: usize = 200;
/// Looked at together.
const TOGETHER: usize = 16;
/// Young releases of one dependency that are looked at beside the newest.
const BESIDE: usize = 4;

/// A dependency that changed.
struct Wanted {
    name: String,
    spec: String,
    required: bool,
    /// The predecessor did not have it.
    is_new: bool,
}

/// What came of looking at one of them.
#[derive(Default)]
struct Looked {
    added: Vec<AddedDependency>,
    unmet: Option<UnmetDependency>,
    not_followed: Option<String>,
}

impl Registry {
    /// Looks up the dependencies that the predecessor did not have, and whether each
    /// changed range can be met.
    pub(super) async fn look_at_dependencies(&self, case: &Case<'_>, dossier: &mut Dossier) {
        self.open_lane(case, dossier);
        let before = dossier.predecessor.as_ref().map(|p| &p.manifest);
        let had = |name: &String| {
            before.and_then(|b| {
                b.dependencies
                    .get(name)
                    .or_else(|| b.optional_dependencies.get(name))
            })
        };
        let required = dossier
            .manifest
            .dependencies
            .iter()
            .map(|(n, s)| (n, s, true));
        let optional = dossier
            .manifest
            .optional_dependencies
            .iter()
            .map(|(n, s)| (n, s, false));
        let changed: Vec<Wanted> = required
            .chain(optional)
            .filter(|(name, spec, _)| had(name) != Some(*spec) && !is_exotic(spec))
            .map(|(name, spec, required)| Wanted {
                is_new: before.is_some() && had(name).is_none(),
                name: name.clone(),
                spec: spec.clone(),
                required,
            })
            .filter(|wanted| wanted.is_new || wanted.required)
            .collect();
        let beyond = changed.iter().skip(MOST).filter(|wanted| wanted.is_new);
        dossier.not_followed = beyond.map(|wanted| printable(&wanted.name, 214)).collect();
        let trail = &case.trail.from(&dossier.release.package);
        let looked: Vec<_> = futures_util::stream::iter(changed.into_iter().take(MOST))
            .map(|wanted| async move { self.look_at_dependency(case, &wanted, trail).await })
            .buffered(TOGETHER)
            .collect()
            .await;
        for looked in looked {
            dossier.added_dependencies.extend(looked.added);
            dossier.not_followed.extend(looked.not_followed);
            dossier.unmet.extend(looked.unmet);
        }
    }

    async fn look_at_dependency(&self, case: &Case<'_>, wanted: &Wanted, trail: &Trail) -> Looked {
        let (target, range) = resolve_alias(&wanted.name, &wanted.spec);
        let unknown = |because: &str| {
            let added = AddedDependency::not_known(target, range, because);
            Looked {
                added: wanted.is_new.then_some(added).into_iter().collect(),
                ..Looked::default()
            }
        };
        let Ok(package) = PackageName::new(Ecosystem::Npm, target) else {
            return unknown("its name is no package name");
        };
        if let Err(end) = trail.lead_to(&package) {
            case.gaps.cut();
            let too_many = wanted.is_new && end == End::TooMany;
            return Looked {
                not_followed: too_many.then(|| printable(target, 214)),
                ..Looked::default()
            };
        }
        let child = match self
            .judge_npm_within(case.context, package.clone(), trail.clone())
            .await
        {
            Ok(Some(child)) => child,
            Ok(None) => return unknown("the registry has no such package"),
            Err(error) => {
                case.gaps.doubt();
                return unknown(&spoken(&error));
            }
        };
        case.gaps.rests_on(&child.judged);
        let satisfying = satisfying(&child.document.index, range);
        let mut added = Vec::new();
        if wanted.is_new {
            for entry in self.worth_a_look(&child, &satisfying) {
                added.push(self.added(&child, entry, (target, range), &case.gaps).await);
            }
        }
        let met = satisfying
            .iter()
            .any(|e| child.judged.offers(e.version.as_str()));
        let unmet = (wanted.required && !met && !satisfying.is_empty()).then(|| UnmetDependency {
            package,
            requirement: range.to_owned(),
            until: satisfying
                .iter()
                .filter_map(|e| child.judged.about(&e.version)?.decision.action.until())
                .min(),
        });
        Looked {
            added,
            unmet,
            not_followed: None,
        }
    }

    /// The release that a resolver takes, and the young ones beside it: a harmless
    /// release on top must not hide the one below.
    fn worth_a_look<'a>(
        &self,
        child: &JudgedDocument<Packument>,
        satisfying: &[&'a VersionEntry],
    ) -> Vec<Option<&'a VersionEntry>> {
        let now = self.clock.now();
        let young = |entry: &&&VersionEntry| {
            let published = child.document.index.published(&entry.version);
            published.is_some_and(|at| now.duration_since(at) < MONTH)
        };
        let first = satisfying.first().copied();
        let rest = satisfying
            .iter()
            .skip(1)
            .filter(young)
            .take(BESIDE)
            .map(|e| Some(*e));
        std::iter::once(first).chain(rest).collect()
    }

    async fn added(
        &self,
        child: &JudgedDocument<Packument>,
        newest: Option<&VersionEntry>,
        (name, range): (&str, &str),
        gaps: &Gaps,
    ) -> AddedDependency {
        let index = &child.document.index;
        let because = "no release satisfies the range";
        AddedDependency {
            name: printable(name, 214),
            requirement: printable(range, 200),
            newest: newest.map(|e| e.version.clone()),
            artifact: newest.and_then(|e| facts(&child.document, e)?.digests.into_iter().next()),
            published: newest
                .and_then(|e| index.published(&e.version))
                .map_or_else(|| Known::not_known(because), Known::Is),
            package_earliest: index
                .earliest()
                .map_or_else(|| Known::not_known("the document has no times"), Known::Is),
            runs: match newest {
                Some(entry) => self.runs_at_install(child, entry, gaps).await,
                None => Known::not_known(because),
            },
        }
    }

    /// Whether a release runs code at install: its scripts say so, or its tarball has a
    /// `binding.gyp`. The tarball is read for releases of the last month alone; nothing
    /// asks about older ones.
    async fn runs_at_install(
        &self,
        child: &JudgedDocument<Packument>,
        entry: &VersionEntry,
        gaps: &Gaps,
    ) -> Known<bool> {
        let Some(facts) = facts(&child.document, entry) else {
            return Known::not_known("its object cannot be read");
        };
        if let Some(known) = facts.manifest.runs.at_install() {
            return Known::Is(known);
        }
        let published = child.document.index.published(&entry.version);
        if published.is_some_and(|p| self.clock.now().duration_since(p) > MONTH) {
            return Known::Is(false);
        }
        match self
            .tarball_facts(&child.upstream, &child.document, &entry.version)
            .await
        {
            Ok(found) => Known::Is(found.runs.at_install() == Some(true)),
            Err(unread) => {
                gaps.doubt_if_not_fetched(&unread);
                Known::not_known(format!(
                    "its tarball could not be read: {}",
                    unread.because()
                ))
            }
        }
    }

    /// Siblings that an urgent fix pins exactly come along with it: remembers them, so
    /// that their own judgement knows.
    fn open_lane(&self, case: &Case<'_>, dossier: &Dossier) {
        let reviewed = dossier.fixes.iter().any(|f| f.reviewed);
        let passes = || customs_rules::lane_objection(dossier).is_none();
        if !case.context.policy.urgent_fix || !reviewed || !passes() {
            return;
        }
        for (name, spec) in &dossier.manifest.dependencies {
            let (target, range) = resolve_alias(name, spec);
            let exact = range.trim().trim_start_matches('=');
            let pinned = NpmVersion::parse(exact).and_then(|_| Version::new(exact).ok());
            let package = PackageName::new(Ecosystem::Npm, target).ok();
            if let (Some(version), Some(package)) = (pinned, package) {
                let sibling = ReleaseId::new(package, version);
                self.pin_lane(case.context, sibling, Fix::of(dossier));
            }
        }
    }
}

/// What a resolver asks for after this document: the release that it takes for `range`,
/// and that release's dependencies with their ranges.
pub fn needs(
    found: &JudgedDocument<Packument>,
    range: &str,
) -> Option<(Version, Vec<(PackageName, String)>)> {
    let satisfying = satisfying(&found.document.index, range);
    let mut offered = satisfying.into_iter();
    let taken = offered.find(|e| found.judged.offers(e.version.as_str()))?;
    let manifest = facts(&found.document, taken)?.manifest;
    let all = manifest.dependencies.iter();
    let needs = all
        .chain(&manifest.optional_dependencies)
        .filter(|(_, spec)| !is_exotic(spec))
        .filter_map(|(name, spec)| {
            let (target, range) = resolve_alias(name, spec);
            let package = PackageName::new(Ecosystem::Npm, target).ok()?;
            Some((package, range.to_owned()))
        });
    Some((taken.version.clone(), needs.take(MOST).collect()))
}

fn spoken(error: &FetchError) -> String {
    printable(&error.to_string(), 200)
}

/// Versions that satisfy a range, the one that a resolver takes first.
fn satisfying<'a>(index: &'a Packument, range: &str) -> Vec<&'a VersionEntry> {
    let Some(parsed) = Range::parse(range) else {
        // A tag.
        let target = index.tags.get(range).and_then(|t| Version::new(t).ok());
        return target.and_then(|t| index.entry(&t)).into_iter().collect();
    };
    let mut found: Vec<&VersionEntry> = index
        .versions
        .iter()
        .filter(|e| NpmVersion::parse(e.version.as_str()).is_some_and(|v| parsed.satisfied_by(&v)))
        .collect();
    found.sort_by(|a, b| {
        order(b.version.as_str(), a.version.as_str()).unwrap_or(std::cmp::Ordering::Equal)
    });
    // `latest` is preferred where it satisfies.
    let latest = index.tags.get("latest").map(String::as_str);
    if let Some(at) = found
        .iter()
        .position(|e| Some(e.version.as_str()) == latest)
    {
        found[..=at].rotate_right(1);
    }
    found
}
