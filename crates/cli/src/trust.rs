//! `customs trust`: what verification rests on, how old it is, and how it is renewed. Nothing is
//! trusted newly without `--yes`, and what is new is shown before.

mod news;

use crate::error::{Doing as _, Failure};
use crate::output::{self, Format};
use crate::{client, paths};
use customs_model::{Clock as _, SystemClock, printable};
use customs_origin::roots::{Age, GITHUB_ROOT, NPM_KEYS, TRUSTED_ROOT};
use customs_origin::{Trust, TrustFiles};
use customs_registry::Upstream;
use customs_registry::http::{Ask, FetchError, Fetcher, bounded};
use serde::Serialize;
use std::fs::File;
use std::io::{self, Read as _};
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
    /// Renew them: the keys of the configured npm registry, and roots from files that you bring
    ///
    /// Shows what is new; with --yes it is trusted from then on.
    ///
    /// Exit codes: 0 nothing is new, or it is trusted now; 1 something is new and waits for --yes.
    Update {
        /// A folder with trusted_root.json, github_trusted_root.json or npm_keys.json; with it no
        /// registry is asked
        #[arg(long, value_name = "FOLDER")]
        from: Option<PathBuf>,
        /// Trust what is new
        #[arg(long)]
        yes: bool,
    },
}

/// Runs it.
pub fn main(arguments: Arguments) -> Result<u8, Failure> {
    match arguments.command {
        Command::Show { format } => show(format),
        Command::Update { from, yes } => update(from.as_deref(), yes),
    }
}

/// What verification rests on: what came with this program, and what `customs trust update`
/// wrote. A root that the user names stands alone.
///
/// # Errors
/// A file that is there cannot be used: it is never passed over in silence.
pub(crate) fn load(own_root: Option<&Path>) -> Result<Trust, Failure> {
    let folder = folder()?;
    let trust = Trust::from_files(&stored(&folder)?)
        .doing(format_args!("use the roots of trust in {}", shown(&folder)))?;
    let Some(path) = own_root else {
        return Ok(trust);
    };
    let doing = format!("read the trust root {}", shown(path));
    let json =
        read(path)?.ok_or_else(|| Failure::usage(format!("cannot {doing}: it is not there")))?;
    trust
        .with_own_root(&json, &path.display().to_string())
        .doing(doing)
}

fn folder() -> Result<PathBuf, Failure> {
    Ok(paths::data()?.join("trust"))
}

fn stored(folder: &Path) -> Result<TrustFiles, Failure> {
    Ok(TrustFiles {
        trusted_root: read(&folder.join(TRUSTED_ROOT))?,
        github_root: read(&folder.join(GITHUB_ROOT))?,
        npm_keys: read(&folder.join(NPM_KEYS))?,
    })
}

/// A file of trust; none where there is none.
fn read(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    let doing = format!("read {}", shown(path));
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).doing(doing),
    };
    let mut bytes = Vec::new();
    file.take(LONGEST + 1)
        .read_to_end(&mut bytes)
        .doing(&doing)?;
    if bytes.len() as u64 > LONGEST {
        return Err(Failure::usage(format!(
            "cannot {doing}: it has more than {LONGEST} bytes"
        )));
    }
    Ok(Some(bytes))
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
    let trust = load(None)?;
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
            "; it is old: take a newer program, or renew it with `customs trust update --from FOLDER`"
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
    let before = stored(&folder)?;
    let offered = match from {
        Some(from) => from_folder(from)?,
        None => TrustFiles {
            npm_keys: Some(fetch_keys()?),
            ..TrustFiles::default()
        },
    };
    let after = TrustFiles {
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
    told.extend(news::of_roots(&before, &after).doing(what)?);
    for rejected in new.keys.rejected() {
        told.notes.push(format!(
            "the key {} is not taken: {}",
            rejected.id,
            printable(&rejected.because, 200)
        ));
    }
    let mut text = told.words();
    if told.news.is_empty() {
        text.push_str("Nothing is new: what is offered is trusted already.\n");
        output::result(&output::plain_text(&text))?;
        return Ok(0);
    }
    if !yes {
        text.push_str(
            "Nothing was changed. Compare this with what the registry or Sigstore publishes \
             elsewhere, and run it again with --yes to trust it.\n",
        );
        output::result(&output::plain_text(&text))?;
        return Ok(1);
    }
    save(&folder, &before, &after)?;
    text.push_str(&format!("Written to {}.\n", shown(&folder)));
    output::result(&output::plain_text(&text))?;
    Ok(0)
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

/// The keys that the configured npm registry publishes.
fn fetch_keys() -> Result<Vec<u8>, Failure> {
    let here = std::env::current_dir().doing("find the current folder")?;
    let upstream = client::discover(&here)?.upstreams.npm.ok_or_else(|| {
        Failure::nothing(
            "no npm registry is configured, so there is nobody to ask for keys; bring files with --from FOLDER",
        )
    })?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .doing("start")?;
    let fetched = runtime.block_on(keys_of(&upstream));
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
