//! Which release another one is compared with: one choice, for the gate, which makes it while
//! it decides, and for who inspects a release and decides nothing.

use super::archive::{ArtifactFacts, Kind};
use super::{Context, Located, Registry, cargo, npm, order, pypi};
use crate::http::FetchError;
use customs_ecosystem::npm::NpmVersion;
use customs_model::{Digest, Ecosystem, ReleaseId, Timestamp, Unread, Version};
use std::cmp::Ordering;
use std::sync::Arc;

/// A release before another one of its line, and when it was published.
type Before = (Version, Option<Timestamp>);

/// What a file of a release is compared with.
#[derive(Debug, Clone)]
pub enum Counterpart {
    /// This file of the other release.
    File(Box<Located>),
    /// The other release has none of its kind.
    NoneOfItsKind,
    /// Those of its kind are built for other machines: they hold other binaries, and that
    /// would be no news.
    OtherPlatform,
}

/// What a release is compared with, or why with nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Predecessor {
    /// This release.
    Release(Version),
    /// Its line has no lower release that is not withdrawn.
    FirstOfLine,
    /// There are lower ones, and by the registry's dates each was published after it: a
    /// registry that dates a copy by when it was made says so of all.
    LaterByDate,
}

/// Of the releases before another one, by an order in which the nearest comes first: the
/// nearest, and where that one is not settled, the nearest that is. Two poisoned releases in
/// a row must not vouch for each other.
pub(super) fn nearest<T, I: Iterator<Item = T>>(
    earlier: impl Fn() -> I,
    nearer_first: impl Fn(&T, &T) -> Ordering,
    is_settled: impl Fn(&T) -> bool,
) -> Option<(T, Option<T>)> {
    let before = earlier().min_by(&nearer_first)?;
    let settled = if is_settled(&before) {
        None
    } else {
        earlier().filter(&is_settled).min_by(&nearer_first)
    };
    Some((before, settled))
}

/// Of the releases before one that was published at some time the one that it is compared with.
fn chosen(
    before: &[Before],
    published: Option<Timestamp>,
    compare: impl Fn(&str, &str) -> Option<Ordering>,
    is_settled: impl Fn(Option<Timestamp>) -> bool,
) -> Predecessor {
    // Of one of which nobody knows when it was published, nothing is too late.
    let in_time =
        |at: Option<Timestamp>| published.is_none_or(|this| at.is_none_or(|at| at <= this));
    let found = nearest(
        || before.iter().filter(|(_, at)| in_time(*at)),
        |a: &&Before, b: &&Before| compare(b.0.as_str(), a.0.as_str()).unwrap_or(Ordering::Equal),
        |one: &&Before| is_settled(one.1),
    );
    match found {
        Some((newest, settled)) => Predecessor::Release(settled.unwrap_or(newest).0.clone()),
        None if before.is_empty() => Predecessor::FirstOfLine,
        None => Predecessor::LaterByDate,
    }
}

/// Of the files of another release the one that a file of this kind, built for this platform,
/// is compared with, and whether it is built for the same one.
pub(super) fn of_kind(
    places: Vec<Located>,
    kind: Kind,
    built: Option<&str>,
) -> Option<(Located, bool)> {
    let same_kind = places.into_iter().filter(|place| place.kind == kind);
    let place = same_kind.max_by_key(|place| pypi::platform(&place.file) == built)?;
    let same = pypi::platform(&place.file) == built;
    Some((place, same))
}

impl Registry {
    /// The release that an artifact is compared with: the newest one of its line that was
    /// published before it, is lower, not withdrawn, and past the hold of code that begins to
    /// run at install; where none is past it, the newest.
    ///
    /// The gate chooses in the same way among the releases that it offers. Nothing is decided
    /// here, so no release is left out for what is known against it.
    ///
    /// # Errors
    /// An upstream gives no usable answer.
    pub async fn predecessor(
        &self,
        context: &Context,
        located: &Located,
    ) -> Result<Predecessor, FetchError> {
        let now = self.clock.now();
        let before = self.before(context, &located.release).await?;
        Ok(chosen(
            &before,
            located.published,
            order(located.release.package.ecosystem()),
            |at| context.is_settled(at, now),
        ))
    }

    /// The releases of the same line before this one, the nearest first; of any line where
    /// its own has none.
    ///
    /// # Errors
    /// An upstream gives no usable answer.
    pub async fn earlier(
        &self,
        context: &Context,
        release: &ReleaseId,
        most: usize,
    ) -> Result<Vec<Version>, FetchError> {
        let ecosystem = release.package.ecosystem();
        let compare = order(ecosystem);
        let of_line = self.before(context, release).await?;
        let mut lower: Vec<Version> = of_line.into_iter().map(|(version, _)| version).collect();
        if lower.is_empty() {
            let this = release.version.as_str();
            lower = self.versions(context, &release.package).await?;
            lower.retain(|version| {
                compare(version.as_str(), this) == Some(Ordering::Less)
                    && (is_prerelease(ecosystem, this)
                        || !is_prerelease(ecosystem, version.as_str()))
            });
        }
        lower.sort_by(|a, b| compare(b.as_str(), a.as_str()).unwrap_or(Ordering::Equal));
        lower.dedup();
        lower.truncate(most);
        Ok(lower)
    }

    /// The file of another release of the same package that this one is compared with.
    /// `None`: no upstream has that release.
    ///
    /// # Errors
    /// An upstream gives no usable answer.
    pub async fn counterpart(
        &self,
        context: &Context,
        located: &Located,
        version: &Version,
    ) -> Result<Option<Counterpart>, FetchError> {
        let other = ReleaseId::new(located.release.package.clone(), version.clone());
        let places = self.locate(context, &other).await?;
        if places.is_empty() {
            return Ok(None);
        }
        let built = pypi::platform(&located.file);
        Ok(Some(match of_kind(places, located.kind, built) {
            Some((place, true)) => Counterpart::File(Box::new(place)),
            Some((_, false)) => Counterpart::OtherPlatform,
            None => Counterpart::NoneOfItsKind,
        }))
    }

    /// The file of an earlier release that one of a release is compared with: of the same kind, uploaded
    /// before it, and past the hold of code that begins to run at install where one is, since files can be
    /// added to a release later. `None`: there is none.
    ///
    /// # Errors
    /// An upstream gives no usable answer.
    pub async fn file_before(
        &self,
        context: &Context,
        release: &ReleaseId,
        digest: &Digest,
        earlier: &Version,
    ) -> Result<Option<Located>, FetchError> {
        let mut of_this = self.locate(context, release).await?;
        let found = match of_this.len() {
            // Its digest may have been pinned under another algorithm.
            1 => of_this.pop(),
            _ => of_this
                .into_iter()
                .find(|one| one.digest.as_ref() == Some(digest)),
        };
        let Some(this) = found else {
            return Ok(None);
        };
        let other = ReleaseId::new(release.package.clone(), earlier.clone());
        let mut places = self.locate(context, &other).await?;
        places.retain(|place| {
            let both = place.published.zip(this.published);
            place.kind == this.kind && both.is_none_or(|(before, this)| before <= this)
        });
        let now = self.clock.now();
        let is_settled = |place: &Located| context.is_settled(place.published, now);
        if places.iter().any(is_settled) {
            places.retain(is_settled);
        }
        let built = pypi::platform(&this.file);
        Ok(of_kind(places, this.kind, built).map(|(place, _)| place))
    }

    /// Whether the facts of an artifact are at hand, so that nothing has to be fetched.
    pub fn is_read(&self, located: &Located) -> bool {
        let digest = located.digest.as_ref();
        digest.is_some_and(|digest| self.inspections.is_answered(digest, located.kind))
    }

    /// The facts of an artifact, with the layout in them. Its bytes are fetched only where
    /// they were not read before.
    ///
    /// # Errors
    /// It could not be fetched or read.
    pub async fn facts_of(&self, located: &Located) -> Result<Arc<ArtifactFacts>, Unread> {
        let Located {
            upstream,
            url,
            digest,
            kind,
            ..
        } = located;
        let facts = self
            .artifact_facts(upstream, Some(url), digest.as_ref(), *kind)
            .await?;
        Ok(Arc::new(facts.with_layout_inside()))
    }

    /// The releases that may be what this one is compared with, as far as versions and
    /// withdrawals say, in no order.
    async fn before(
        &self,
        context: &Context,
        release: &ReleaseId,
    ) -> Result<Vec<Before>, FetchError> {
        let of = &release.version;
        Ok(match release.package.ecosystem() {
            Ecosystem::Npm => {
                let Some(this) = NpmVersion::parse(of.as_str()) else {
                    return Ok(Vec::new());
                };
                let found = self.packument(context, &release.package).await?;
                let Some((_, document)) = found else {
                    return Ok(Vec::new());
                };
                let versions = document.index.versions.iter().map(|entry| &entry.version);
                let precedes = |version: &&Version| {
                    NpmVersion::parse(version.as_str())
                        .is_some_and(|version| npm::precedes(&version, &this))
                };
                versions
                    .filter(precedes)
                    .map(|version| (version.clone(), document.index.published(version)))
                    .collect()
            }
            Ecosystem::PyPi => {
                let Some(line) = customs_ecosystem::pypi::release_line(of.as_str()) else {
                    return Ok(Vec::new());
                };
                let Some((_, document)) = self.page(context, &release.package).await? else {
                    return Ok(Vec::new());
                };
                let files = document.index.0.files.iter();
                files
                    .filter_map(|file| Some((file, file.version.as_ref()?)))
                    .filter(|(file, version)| pypi::precedes(file, version, of, &line))
                    .map(|(file, version)| (version.clone(), file.upload_time))
                    .collect()
            }
            Ecosystem::Cargo => {
                let Some(line) = customs_ecosystem::cargo::release_line(of.as_str()) else {
                    return Ok(Vec::new());
                };
                let Some((_, document)) = self.index_file(context, &release.package).await? else {
                    return Ok(Vec::new());
                };
                let lines = document.index.0.lines.iter();
                lines
                    .filter(|entry| cargo::precedes(entry, of, &line))
                    .map(|entry| (entry.version.clone(), entry.pubtime))
                    .collect()
            }
        })
    }
}

fn is_prerelease(ecosystem: Ecosystem, version: &str) -> bool {
    match ecosystem {
        Ecosystem::Npm => NpmVersion::parse(version).is_some_and(|v| v.is_prerelease()),
        Ecosystem::PyPi => customs_ecosystem::pypi::is_prerelease(version),
        Ecosystem::Cargo => customs_ecosystem::cargo::is_prerelease(version),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_nothing_is_before_a_release_is_told_apart() {
        let at = |text: &str| text.parse::<Timestamp>().ok();
        let version = |text: &str| Version::new(text).unwrap();
        let of = |before: &[Before], published: Option<Timestamp>| {
            chosen(before, published, order(Ecosystem::Npm), |_| true)
        };
        let this = at("2026-01-02T00:00:00Z");
        assert!(this.is_some());
        assert_eq!(of(&[], this), Predecessor::FirstOfLine);
        let later = [(version("1.0.0"), at("2026-01-03T00:00:00Z"))];
        assert_eq!(of(&later, this), Predecessor::LaterByDate);
        let earlier = [(version("1.0.0"), at("2026-01-01T00:00:00Z"))];
        let release = Predecessor::Release(version("1.0.0"));
        assert_eq!(of(&earlier, this), release);
        assert_eq!(of(&later, None), release);
    }

    /// Releases by number, each with whether it is settled.
    fn of_numbers(all: &[(u32, bool)]) -> Option<(u32, Option<u32>)> {
        let found = nearest(
            || all.iter(),
            |a: &&(u32, bool), b: &&(u32, bool)| b.0.cmp(&a.0),
            |one: &&(u32, bool)| one.1,
        );
        found.map(|(newest, settled)| (newest.0, settled.map(|one| one.0)))
    }

    #[test]
    fn the_nearest_release_counts_where_it_is_settled() {
        assert_eq!(
            of_numbers(&[(1, true), (3, true), (2, true)]),
            Some((3, None))
        );
        assert_eq!(of_numbers(&[]), None);
    }

    #[test]
    fn behind_one_that_is_not_settled_stands_the_nearest_that_is() {
        let all = [(1, true), (2, true), (3, false)];
        assert_eq!(of_numbers(&all), Some((3, Some(2))));
        assert_eq!(of_numbers(&[(3, false)]), Some((3, None)));
    }
}
