//! A root of trust from a TUF repository: Sigstore's, GitHub's, or one of an instance of one's own. What
//! is fetched is verified by `customs_origin::tuf`; here are only the network, and what is kept of it.

use super::shown;
use crate::error::{Doing as _, Failure};
use crate::paths;
use customs_model::{Digest, Route, Timestamp, printable};
use customs_origin::roots::{self, GITHUB_ROOT, TRUSTED_ROOT};
use customs_origin::sigstore::Instance;
use customs_origin::tuf::{Kept, Renewed, TufError, Walk, Wanted};
use customs_origin::{Trust, TrustFiles};
use customs_registry::Upstream;
use customs_registry::evidence::trust_file;
use customs_registry::http::{Ask, FetchError, Fetcher, bounded};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The whole walk may take so long.
const PATIENCE: Duration = Duration::from_secs(180);
/// What is kept of a walk, as it came, so that a later one does not go back behind it. One file: it is
/// there as a whole, or as it was.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptFile {
    root: Option<String>,
    timestamp: Option<String>,
    snapshot: Option<String>,
}

/// What a repository handed out, verified.
#[derive(Debug)]
pub(super) struct FromTuf {
    /// Which repository and state it was, for people.
    pub told: String,
    renewed: Renewed,
    /// Where what is to be remembered of it goes.
    place: PathBuf,
}

/// Fetches the root of trust of a repository, beginning with a root that the user names, or with the
/// one that an earlier run came to.
///
/// # Errors
/// There is no root to begin with; the repository gives no answer, or is not to be believed.
pub(super) fn fetch(
    address: &str,
    root: Option<&Path>,
    folder: &Path,
    now: Timestamp,
) -> Result<FromTuf, Failure> {
    let upstream = Upstream::parse(address, Route::Public)
        .map_err(|_| Failure::usage("--tuf takes the address of a repository, http or https"))?;
    let base = upstream.base.as_str();
    let name = &Digest::sha256(base.as_bytes()).to_hex()[..16];
    let place = folder.join("tuf").join(format!("{name}.json"));
    let kept = kept_at(&place)?;
    let named = root.map(named_root).transpose()?;
    let begin = named.or_else(|| kept.root.clone()).ok_or_else(|| {
        Failure::usage(format!(
            "no root of {} is known yet; name one that you trust with --tuf-root FILE (a root.json of the \
             repository, taken from where its owners publish it, not from the repository itself)",
            printable(&upstream.shown(), 200)
        ))
    })?;
    let doing = format!("renew trust from {}", printable(&upstream.shown(), 200));
    let walk = Walk::begin(&begin, kept, now)
        .map_err(|error| in_words(&error, &place))
        .doing(&doing)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .doing("start")?;
    let walked = runtime.block_on(async {
        let walked = tokio::time::timeout(PATIENCE, walk_through(&upstream, walk, &place));
        let late = |_| format!("it took longer than {} s", PATIENCE.as_secs());
        walked.await.map_err(late).and_then(|walked| walked)
    });
    let renewed = walked.doing(&doing)?;
    let told = told(&printable(&upstream.shown(), 200), &renewed);
    Ok(FromTuf {
        told,
        renewed,
        place,
    })
}

fn told(repository: &str, renewed: &Renewed) -> String {
    let newer = match renewed.rotations {
        0 => String::new(),
        1 => ", one after the root that it began with".to_owned(),
        more => format!(", {more} after the root that it began with"),
    };
    format!(
        "From the repository {repository}: its root is version {}{newer}, and counts until {}; what it says \
         today counts until {}.\n",
        renewed.version, renewed.root_expires, renewed.expires
    )
}

fn kept_at(place: &Path) -> Result<Kept, Failure> {
    let doing = format!("read {}", shown(place));
    let Some(bytes) = trust_file(place).doing(&doing)? else {
        return Ok(Kept::default());
    };
    let file: KeptFile = serde_json::from_slice(&bytes).doing(doing)?;
    let bytes = |text: Option<String>| text.map(String::into_bytes);
    Ok(Kept {
        root: bytes(file.root),
        timestamp: bytes(file.timestamp),
        snapshot: bytes(file.snapshot),
    })
}

fn named_root(path: &Path) -> Result<Vec<u8>, Failure> {
    let doing = format!("read the root {}", shown(path));
    let bytes = trust_file(path).doing(&doing)?;
    bytes.ok_or_else(|| Failure::usage(format!("cannot {doing}: it is not there")))
}

/// What an earlier run kept is named by its file.
fn in_words(error: &TufError, place: &Path) -> String {
    match error {
        TufError::Kept(_) => format!("{}: {error}", shown(place)),
        TufError::Rollback { .. } | TufError::Lost { .. } => {
            format!("{error}; what was seen is kept in {}", shown(place))
        }
        other => other.to_string(),
    }
}

async fn walk_through(
    upstream: &Upstream,
    mut walk: Walk,
    place: &Path,
) -> Result<Renewed, String> {
    let fetcher = Fetcher::default();
    while let Some(wanted) = walk.wants() {
        let fetched = ask(&fetcher, upstream, &wanted).await;
        let bytes = fetched.map_err(|error| error.to_string())?;
        walk.take(bytes.as_deref())
            .map_err(|error| in_words(&error, place))?;
    }
    let nothing = || "the repository came to no end".to_owned();
    walk.end().ok_or_else(nothing)
}

/// None where the repository has no such file. Stores of files say *forbidden* of one that they do not
/// have to who may not list them; where a file has to be there that is an error like any other.
async fn ask(
    fetcher: &Fetcher,
    upstream: &Upstream,
    wanted: &Wanted,
) -> Result<Option<Vec<u8>>, FetchError> {
    let url = upstream.join(&wanted.path)?;
    let response = fetcher.ask(upstream, Ask::get(url.clone())).await?;
    let most = usize::try_from(wanted.most).unwrap_or(usize::MAX);
    match response.status().as_u16() {
        200 => bounded(response, most).await.map(|all| Some(all.to_vec())),
        404 | 410 => Ok(None),
        403 if wanted.may_lack => Ok(None),
        _ => Err(FetchError::of_status(&url, &response)),
    }
}

impl FromTuf {
    /// As files of the folder of trust: in the place of the instance whose root it is.
    ///
    /// # Errors
    /// It is no root of trust, or another instance's: that would take the place of Sigstore's.
    pub(super) fn files(&self) -> Result<TrustFiles, Failure> {
        let root = self.renewed.trusted_root.clone();
        let instance = roots::instance_of(&root).doing("use what the repository hands out")?;
        match instance {
            Some(Instance::GitHub) => Ok(TrustFiles {
                github_root: Some(root),
                ..TrustFiles::default()
            }),
            Some(Instance::PublicGood) => Ok(TrustFiles {
                trusted_root: Some(root),
                ..TrustFiles::default()
            }),
            Some(Instance::Own) | None => Err(Failure::usage(format!(
                "the root of trust of this repository shares no log and no authority with {TRUSTED_ROOT} or \
                 {GITHUB_ROOT} that are trusted here, so it would take their place; write it to a file of \
                 its own with --to FILE, and verify with --trusted-root FILE"
            ))),
        }
    }

    /// Writes the root of trust to a file of its own, where that was said; else only tells of it. Gives
    /// the words and the exit code.
    ///
    /// # Errors
    /// It is no root of trust, or cannot be written.
    pub(super) fn write_to(
        &self,
        file: &Path,
        yes: bool,
        now: Timestamp,
    ) -> Result<(String, u8), Failure> {
        let root = &self.renewed.trusted_root;
        let trust = Trust::embedded().doing("use the roots that came with this program")?;
        let trust = trust
            .with_own_root(root, &file.display().to_string())
            .doing("use what the repository hands out")?;
        let mut text = String::new();
        if let Some(age) = trust.ages(now).first() {
            text.push_str(&format!("{}\n", age.words()));
        }
        let before = trust_file(file).doing(format_args!("read {}", shown(file)))?;
        if before.as_ref() == Some(root) {
            text.push_str("Nothing is new: the file holds it already.\n");
            return Ok((text, 0));
        }
        if !yes {
            text.push_str("Nothing was changed. Run it again with --yes to write the file.\n");
            return Ok((text, 1));
        }
        paths::private_file(file, root)?;
        text.push_str(&format!("Written to {}.\n", shown(file)));
        Ok((text, 0))
    }

    /// Remembers what was verified, so that no later run takes an older state. Only for what is trusted
    /// by now: a root that was only looked at is no root to begin with.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn remember(&self) -> Result<(), Failure> {
        let kept = &self.renewed.kept;
        // All of it was read as JSON, which is text.
        let text = |bytes: &Option<Vec<u8>>| {
            let bytes = bytes.as_deref();
            bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        };
        let file = KeptFile {
            root: text(&kept.root),
            timestamp: text(&kept.timestamp),
            snapshot: text(&kept.snapshot),
        };
        let bytes = serde_json::to_vec(&file).doing("write what was verified")?;
        if let Some(folder) = self.place.parent() {
            paths::private_folder(folder)?;
        }
        paths::private_file(&self.place, &bytes)
    }
}

#[cfg(test)]
mod tests;
