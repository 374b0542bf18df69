//! What a registry promises today about the files of a release, to hold a lockfile against.

use super::{Context, Registry, npm};
use crate::document::Document;
use crate::evidence::Wanted;
use crate::http::FetchError;
use crate::upstream::Upstream;
use customs_model::{Digest, Ecosystem, ReleaseId, printable};

/// Why it is not known what a registry promises. One clause, safe to print.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPromise {
    /// No registry is configured for it.
    #[error("no {0} registry is configured for it")]
    NoRegistry(Ecosystem),
    /// The registry does not have the release.
    #[error("{0} does not have it")]
    Unknown(String),
    /// What it says of the release cannot be read.
    #[error("what {0} says of it cannot be read")]
    Unreadable(String),
    /// It could not be asked, and what it said before is not what it promises today.
    #[error("{registry} could not be asked ({why})")]
    Stale {
        /// The registry.
        registry: String,
        /// What went wrong.
        why: String,
    },
    /// Several indexes are configured, and the lockfile does not say which of them it means.
    #[error(
        "{0} promises other files, but the lockfile may mean another one of the Python indexes that are configured"
    )]
    AnotherIndex(String),
    /// It could not be asked.
    #[error("{0}")]
    Failed(String),
}

impl From<FetchError> for NoPromise {
    fn from(error: FetchError) -> Self {
        Self::Failed(printable(&error.to_string(), 300))
    }
}

impl Registry {
    /// All digests that the registry of a release promises today, of all of its files: weak ones
    /// as well, since an old lockfile may have no other. Only its document is asked for.
    ///
    /// # Errors
    /// The registry has no such release or could not be asked. A document that was kept from an
    /// earlier time promises nothing today.
    pub async fn promised(
        &self,
        context: &Context,
        wanted: Wanted<'_>,
    ) -> Result<Vec<Digest>, NoPromise> {
        match wanted.release.package.ecosystem() {
            Ecosystem::Npm => self.promised_npm(context, wanted.release).await,
            Ecosystem::PyPi => self.promised_pypi(context, wanted).await,
            Ecosystem::Cargo => self.promised_cargo(context, wanted.release).await,
        }
    }

    async fn promised_npm(
        &self,
        context: &Context,
        release: &ReleaseId,
    ) -> Result<Vec<Digest>, NoPromise> {
        let first = context.upstreams.npm_for(&release.package);
        let first = first.ok_or(NoPromise::NoRegistry(Ecosystem::Npm))?;
        let Some((upstream, document)) = self.packument(context, &release.package).await? else {
            return Err(NoPromise::Unknown(first.shown()));
        };
        let unknown = || NoPromise::Unknown(upstream.shown());
        of_today(upstream, &document)?;
        let entry = document.index.entry(&release.version);
        let facts = npm::facts(&document, entry.ok_or_else(unknown)?);
        let facts = facts.ok_or_else(|| NoPromise::Unreadable(upstream.shown()))?;
        Ok(facts.digests)
    }

    async fn promised_pypi(
        &self,
        context: &Context,
        wanted: Wanted<'_>,
    ) -> Result<Vec<Digest>, NoPromise> {
        let release = wanted.release;
        let indexes = &context.upstreams.pypi;
        let first = context.upstreams.pypi_in_order().next();
        let first = first.ok_or(NoPromise::NoRegistry(Ecosystem::PyPi))?;
        let Some((upstream, document)) = self.page(context, &release.package).await? else {
            return Err(NoPromise::Unknown(first.shown()));
        };
        of_today(upstream, &document)?;
        let files = document.index.0.files.iter();
        let mut files = files
            .filter(|file| file.version.as_ref() == Some(&release.version))
            .peekable();
        if files.peek().is_none() {
            return Err(NoPromise::Unknown(upstream.shown()));
        }
        let promised: Vec<Digest> = files.flat_map(|file| file.digests.clone()).collect();
        // pip takes a file from any of the indexes. The next one is not told the name to find out.
        if indexes.len() > 1 && wanted.digests.iter().any(|one| !promised.contains(one)) {
            return Err(NoPromise::AnotherIndex(upstream.shown()));
        }
        Ok(promised)
    }

    async fn promised_cargo(
        &self,
        context: &Context,
        release: &ReleaseId,
    ) -> Result<Vec<Digest>, NoPromise> {
        let upstream = context.upstreams.cargo.as_ref();
        let upstream = upstream.ok_or(NoPromise::NoRegistry(Ecosystem::Cargo))?;
        let unknown = || NoPromise::Unknown(upstream.shown());
        let found = self.index_file(context, &release.package).await?;
        let (_, document) = found.ok_or_else(unknown)?;
        of_today(upstream, &document)?;
        let lines = document.index.0.lines.iter();
        let line = lines.clone().find(|line| line.version == release.version);
        Ok(vec![line.ok_or_else(unknown)?.cksum.clone()])
    }
}

/// Whether the registry confirmed a document in this run.
fn of_today<T>(upstream: &Upstream, document: &Document<T>) -> Result<(), NoPromise> {
    match &document.stale {
        None => Ok(()),
        Some(why) => Err(NoPromise::Stale {
            registry: upstream.shown(),
            why: printable(why, 200),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::{Route, Timestamp};

    #[test]
    fn a_document_of_an_earlier_time_promises_nothing_today() {
        let upstream = Upstream::parse("https://registry.example/npm/", Route::Public).unwrap();
        let at = Timestamp::UNIX_EPOCH;
        let mut document = Document {
            index: (),
            body: std::path::PathBuf::new(),
            digest: Digest::sha256(b""),
            length: 0,
            media_type: String::new(),
            confirmed: at,
            first_document: at,
            stale: None,
            retry_after: None,
            of_team: false,
        };
        assert_eq!(of_today(&upstream, &document), Ok(()));
        document.stale = Some("it answered 503".to_owned());
        let refused = of_today(&upstream, &document).unwrap_err();
        let said = "registry.example/npm/ could not be asked (it answered 503)";
        assert_eq!(refused.to_string(), said);
    }
}
