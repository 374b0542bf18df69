//! `customs trust`: what verification rests on, how old it is, and how it is renewed. Nothing is
//! trusted newly without `--yes`, and what is new is shown before.

mod news;
mod tuf;

use crate::client::{self, Discovered};
use crate::error::{Doing as _, Failure};
use crate::output::{self, Format};
use crate::paths;
use customs_model::{Clock as _, Ecosystem, SystemClock, printable};
use customs_origin::roots::{Age, GITHUB_ROOT, NPM_KEYS, TRUSTED_ROOT};
use customs_origin::{Trust, TrustFiles};
use customs_registry::Upstream;
use customs_registry::evidence::{TrustFolder, trust_file};
use customs_registry::http::{Ask, FetchError, Fetcher, bounded};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Bytes of one file of trust. The readers of roots and keys have the same bound.
const LONGEST: u64 = 1 << 20;
/// Where npm's registries publish their keys.
const KEYS: &str = "-/npm/v1/keys";

/// Arguments of `customs trust`.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// The roots and keys that proofs are verified with, and how old they are
    Show {
        #[command(flatten)]
        format: Format,
    },
    /// Renew them: the keys of your npm registry, roots from a TUF repository, or files that you bring
    ///
    /// Shows what is new and what is withdrawn; with --yes it holds from then on. A registry that
    /// only a project's own .npmrc names is not asked: whoever wrote the project wrote that too.
    ///
    /// Exit codes: 0 nothing changes, or it holds now; 1 something changes and waits for --yes.
    Update {
        /// A folder with trusted_root.json, github_trusted_root.json or npm_keys.json; with it no
        /// registry is asked
        #[arg(long, value_name = "FOLDER", conflicts_with = "tuf")]
        from: Option<PathBuf>,
        #[command(flatten)]
        tuf: TufArguments,
        /// Trust what is new, and what is withdrawn no more
        #[arg(long)]
        yes: bool,
    },
}

/// A TUF repository to take the root of trust from.
#[derive(clap::Args)]
struct TufArguments {
    /// A TUF repository with a trusted_root.json: Sigstore's, GitHub's, or your own; with it no
    /// registry is asked
    #[arg(long, value_name = "URL")]
    tuf: Option<String>,
    /// The repository's root.json to begin with; needed the first time
    #[arg(long, value_name = "FILE", requires = "tuf")]
    tuf_root: Option<PathBuf>,
    /// Write the root of trust to this file, for --trusted-root, in place of the folder that all
    /// commands read
    #[arg(long, value_name = "FILE", requires = "tuf")]
    to: Option<PathBuf>,
}

/// Runs it.
pub fn main(arguments: Arguments) -> Result<u8, Failure> {
    match arguments.command {
        Command::Show { format } => show(format),
        Command::Update { from, tuf, yes } => match &tuf.tuf {
            Some(address) => from_tuf(&folder()?, address, &tuf, yes),
            None => update(from.as_deref(), yes),
        },
    }
}

/// What verification rests on: what came with this program, and what `customs trust update`
/// wrote. A root that the user names stands alone.
///
/// # Errors
/// A file that is there cannot be used: it is never passed over in silence.
pub(crate) fn load(folder: &Path, own_root: Option<&Path>) -> Result<Trust, Failure> {
    let trust = Trust::from_files(&stored(folder)?)
        .doing(format_args!("use the roots of trust in {}", shown(folder)))?;
    let Some(path) = own_root else {
        return Ok(trust);
    };
    let doing = format!("read the trust root {}", shown(path));
    let json = trust_file(path)
        .doing(&doing)?
        .ok_or_else(|| Failure::usage(format!("cannot {doing}: it is not there")))?;
    trust
        .with_own_root(&json, &path.display().to_string())
        .doing(doing)
}

/// Where `customs trust update` writes.
///
/// # Errors
/// There is no home folder.
pub(crate) fn folder() -> Result<PathBuf, Failure> {
    Ok(paths::data()?.join("trust"))
}

fn stored(folder: &Path) -> Result<TrustFiles, Failure> {
    let files = TrustFolder::new(folder).files();
    files.doing("read the roots of trust")
}

fn shown(path: &Path) -> String {
    printable(&path.display().to_string(), 300)
}

#[derive(Serialize)]
struct Shown {
    schema: &'static str,
    roots: Vec<Age>,
    keys: Vec<news::KeyShown>,
}

fn show(format: Format) -> Result<u8, Failure> {
    let trust = load(&folder()?, None)?;
    let shown = Shown {
        schema: "customs/trust-v1",
        roots: trust.ages(SystemClock.now()),
        keys: trust.keys.all().iter().map(news::KeyShown::of).collect(),
    };
    if format.is_json() {
        let text = serde_json::to_string_pretty(&shown).doing("write the result")?;
        output::result(&format!("{}\n", output::plain_json(&text)))?;
        return Ok(0);
    }
    let mut text = String::new();
    for age in &shown.roots {
        let old = if age.old {
            "; it is old: take a newer program, or renew it with `customs trust update --tuf URL` or `--from FOLDER`"
        } else {
            ""
        };
        text.push_str(&format!("{}{old}\n", age.words()));
    }
    for key in &shown.keys {
        text.push_str(&format!("  key {}\n", key.words()));
    }
    output::result(&output::plain_text(&text))?;
    Ok(0)
}

fn update(from: Option<&Path>, yes: bool) -> Result<u8, Failure> {
    let folder = folder()?;
    let mut text = String::new();
    let offered = match from {
        Some(from) => from_folder(from)?,
        None => {
            let upstream = registry()?;
            text.push_str(&format!(
                "The keys of {}, which is your npm registry:\n",
                printable(&upstream.shown(), 200)
            ));
            TrustFiles {
                npm_keys: Some(fetch_keys(&upstream)?),
                ..TrustFiles::default()
            }
        }
    };
    let (told, code) = take(&folder, offered, yes)?;
    text.push_str(&told);
    output::result(&output::plain_text(&text))?;
    Ok(code)
}

/// What a TUF repository hands out, verified from a root on that is trusted.
fn from_tuf(
    folder: &Path,
    address: &str,
    arguments: &TufArguments,
    yes: bool,
) -> Result<u8, Failure> {
    let now = SystemClock.now();
    let found = tuf::fetch(address, arguments.tuf_root.as_deref(), folder, now)?;
    let (told, code) = match &arguments.to {
        Some(file) => found.write_to(file, yes, now)?,
        None => take(folder, found.files()?, yes)?,
    };
    if code == 0 {
        found.remember()?;
    }
    output::result(&output::plain_text(&format!("{}{told}", found.told)))?;
    Ok(code)
}

/// Takes over what is offered, where that was said; else only tells what it would change. Gives
/// the words and the exit code.
fn take(folder: &Path, offered: TrustFiles, yes: bool) -> Result<(String, u8), Failure> {
    let before = stored(folder)?;
    let mut after = TrustFiles {
        trusted_root: offered.trusted_root.or_else(|| before.trusted_root.clone()),
        github_root: offered.github_root.or_else(|| before.github_root.clone()),
        npm_keys: news::merged_keys(before.npm_keys.as_deref(), offered.npm_keys.as_deref())?,
    };
    let what = "use what is offered as trust";
    let (old, new) = (
        Trust::from_files(&before).doing("use the roots that are trusted now")?,
        Trust::from_files(&after).doing(what)?,
    );
    let mut told = news::of_keys(&old.keys, &new.keys);
    told.extend(news::of_roots((&before, &old), (&mut after, &new)).doing(what)?);
    for rejected in new.keys.rejected() {
        told.notes.push(format!(
            "the key {} is not taken: {}",
            rejected.id,
            printable(&rejected.because, 200)
        ));
    }
    let mut text = told.words();
    if told.is_empty() {
        text.push_str("Nothing is new: what is offered is trusted already.\n");
        return Ok((text, 0));
    }
    if !yes {
        text.push_str(
            "Nothing was changed. Compare this with what the registry or Sigstore publishes \
             elsewhere, and run it again with --yes to trust it.\n",
        );
        return Ok((text, 1));
    }
    save(folder, &before, &after)?;
    text.push_str(&format!("Written to {}.\n", shown(folder)));
    Ok((text, 0))
}

fn save(folder: &Path, before: &TrustFiles, after: &TrustFiles) -> Result<(), Failure> {
    paths::private_folder(folder)?;
    for (name, old, new) in [
        (TRUSTED_ROOT, &before.trusted_root, &after.trusted_root),
        (GITHUB_ROOT, &before.github_root, &after.github_root),
        (NPM_KEYS, &before.npm_keys, &after.npm_keys),
    ] {
        if let Some(bytes) = new
            && old.as_ref() != Some(bytes)
        {
            paths::private_file(&folder.join(name), bytes)?;
        }
    }
    Ok(())
}

fn from_folder(from: &Path) -> Result<TrustFiles, Failure> {
    let files = stored(from)?;
    if files.trusted_root.is_none() && files.github_root.is_none() && files.npm_keys.is_none() {
        return Err(Failure::nothing(format!(
            "{} holds none of {TRUSTED_ROOT}, {GITHUB_ROOT} and {NPM_KEYS}",
            shown(from)
        )));
    }
    Ok(files)
}

/// The npm registry of the user's own configuration.
fn registry() -> Result<Upstream, Failure> {
    let here = std::env::current_dir().doing("find the current folder")?;
    of_user(client::discover_of(&here, &[Ecosystem::Npm])?)
}

/// One that a project's own file names is refused: keys that it publishes would vouch for
/// whatever the same stranger publishes.
fn of_user(found: Discovered) -> Result<Upstream, Failure> {
    let is_of_project = found.is_npm_of_project();
    let upstream = found.upstreams.npm.ok_or_else(|| {
        Failure::nothing(
            "no npm registry is configured, so there is nobody to ask for keys; bring files with --from FOLDER",
        )
    })?;
    if is_of_project {
        return Err(Failure::usage(format!(
            "the registry {} is named by this project's own .npmrc alone, and keys are not taken from a registry that a project chooses; name it in your own .npmrc, or bring its keys with --from FOLDER",
            printable(&upstream.shown(), 200)
        )));
    }
    Ok(upstream)
}

/// The keys that a registry publishes.
fn fetch_keys(upstream: &Upstream) -> Result<Vec<u8>, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .doing("start")?;
    let fetched = runtime.block_on(keys_of(upstream));
    fetched.doing(format_args!("fetch the keys of {}", upstream.shown()))
}

async fn keys_of(upstream: &Upstream) -> Result<Vec<u8>, FetchError> {
    let url = upstream.join(KEYS)?;
    let response = Fetcher::default()
        .ask(upstream, Ask::get(url.clone()))
        .await?;
    if response.status().as_u16() != 200 {
        return Err(FetchError::of_status(&url, &response));
    }
    let bytes = bounded(response, usize::try_from(LONGEST).unwrap_or(usize::MAX)).await?;
    Ok(bytes.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::Route;
    use customs_origin::roots::embedded_json;
    use customs_origin::sigstore::Instance;
    use customs_registry::Upstreams;
    use serde_json::Value;
    use std::collections::BTreeMap;

    fn found(from_project: &[&str]) -> Discovered {
        let npm = Upstream::parse("https://npm.stranger.example/", Route::Public).unwrap();
        Discovered {
            upstreams: Upstreams {
                npm: Some(npm),
                ..Upstreams::default()
            },
            of_client: BTreeMap::new(),
            missing: Vec::new(),
            from_project: from_project.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn keys_are_not_taken_from_a_registry_that_a_project_chooses() {
        assert!(of_user(found(&[])).is_ok());
        assert!(of_user(found(&["npm: registry of @a (.npmrc of the project)"])).is_ok());
        let refused = of_user(found(&["npm: registry (.npmrc of the project)"])).unwrap_err();
        assert_eq!(refused.code, 2);
        let text = refused.to_string();
        assert!(text.contains("npm.stranger.example"), "{text}");
        assert!(text.contains("--from FOLDER"), "{text}");
    }

    /// The root that came with the program, without one log.
    fn without_a_log() -> Vec<u8> {
        let mut root: Value = serde_json::from_str(embedded_json(Instance::PublicGood)).unwrap();
        let logs = root["ctlogs"].as_array_mut().unwrap();
        assert!(logs.len() > 1);
        logs.remove(0);
        root.to_string().into_bytes()
    }

    #[test]
    fn a_root_that_only_withdraws_is_told_and_saved() {
        let folder = tempfile::tempdir().unwrap();
        let offered = || TrustFiles {
            trusted_root: Some(without_a_log()),
            ..TrustFiles::default()
        };
        let (text, code) = take(folder.path(), offered(), false).unwrap();
        assert_eq!(code, 1, "{text}");
        assert!(
            text.contains("withdrawn: in Sigstore's trust root: a log of"),
            "{text}"
        );
        assert!(!folder.path().join(TRUSTED_ROOT).exists());
        let (text, code) = take(folder.path(), offered(), true).unwrap();
        assert_eq!(code, 0, "{text}");
        let written = std::fs::read(folder.path().join(TRUSTED_ROOT)).unwrap();
        assert_eq!(written, without_a_log());
        // What was withdrawn is not told again, and what comes back is new.
        let (text, code) = take(folder.path(), offered(), true).unwrap();
        assert_eq!(code, 0);
        assert!(text.contains("Nothing is new"), "{text}");
        let whole = TrustFiles {
            trusted_root: Some(embedded_json(Instance::PublicGood).as_bytes().to_vec()),
            ..TrustFiles::default()
        };
        let (text, code) = take(folder.path(), whole, false).unwrap();
        assert_eq!(code, 1, "{text}");
        assert!(
            text.contains("new: in Sigstore's trust root: a log of"),
            "{text}"
        );
    }

    #[test]
    fn an_older_root_replaces_nothing_and_that_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let mut root: Value = serde_json::from_str(embedded_json(Instance::PublicGood)).unwrap();
        // One authority of each kind, the first, is an old root.
        for field in [
            "tlogs",
            "ctlogs",
            "certificateAuthorities",
            "timestampAuthorities",
        ] {
            if let Some(all) = root[field].as_array_mut() {
                all.truncate(1);
            }
        }
        let offered = TrustFiles {
            trusted_root: Some(root.to_string().into_bytes()),
            ..TrustFiles::default()
        };
        let (text, code) = take(folder.path(), offered, true).unwrap();
        assert_eq!(code, 0, "{text}");
        assert!(text.contains("older"), "{text}");
        assert!(!folder.path().join(TRUSTED_ROOT).exists());
    }
}
