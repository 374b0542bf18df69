//! `customs gate`: the process that serves; started by `customs run`, joined by the next.

use crate::error::{Doing as _, Failure};
use crate::place::Place;
use crate::{daemon, paths};
use customs_gate::{Gate, Options, StateFile, Waits, serve};
use customs_model::{Clock as _, SystemClock};
use customs_store::HEADS_FILE;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Arguments of `customs gate`.
#[derive(clap::Args)]
pub struct Arguments {
    /// End by itself when no run is open and nothing was asked for so many seconds.
    #[arg(long, default_value_t = 600)]
    linger: u64,
    #[command(flatten)]
    place: Place,
}

/// Serves until told to stop.
pub fn main(arguments: Arguments) -> Result<u8, Failure> {
    let state = paths::state()?;
    paths::private_folder(&state)?;
    log_to(&state)?;
    // Only one gate per user: whoever comes second finds the lock held and leaves.
    let Some(_lock) = daemon::lock(&state)? else {
        return Ok(0);
    };
    let served = run(&arguments, &state);
    if let Err(failure) = &served {
        // Nobody reads the stderr of a gate that `customs run` started.
        tracing::error!("the gate ends: {failure}");
    }
    served
}

fn run(arguments: &Arguments, state: &Path) -> Result<u8, Failure> {
    let place = arguments.place.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(16)
        .enable_all()
        .build()
        .doing("start the gate")?;
    runtime.block_on(async {
        let listener = daemon::listen(state).await?;
        let port = listener.local_addr().doing("read the gate's port")?.port();
        let clock = Arc::new(SystemClock);
        let data = paths::data()?;
        let opened = place.open(clock.clone())?;
        let store = opened.team;
        let secret = daemon::secret()?;
        let options = Options {
            cache: paths::cache()?,
            trust: data.join("trust"),
            lists: data.join(paths::LISTS),
            store: store.clone(),
            clock: clock.clone(),
            secret: secret.clone(),
            port,
            waits: Waits::default(),
        };
        let gate = Gate::of_team(options, opened.shared).doing("start the gate")?;
        let file = StateFile {
            port,
            pid: std::process::id(),
            secret,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started: clock.now(),
            place: place.fingerprint(),
        };
        let bytes = serde_json::to_vec(&file).doing("write the gate's address")?;
        paths::private_file(&daemon::state_file(state), &bytes)?;
        let heads = (place.folder()?.join(HEADS_FILE), place.heads_copy()?);
        let copying = tokio::spawn(copy_heads(heads.clone()));
        let served = serve(gate, listener, Some(Duration::from_secs(arguments.linger))).await;
        let _ = std::fs::remove_file(daemon::state_file(state));
        copying.abort();
        // Closed in order: the last head covers the last record.
        tokio::task::spawn_blocking(move || drop(store))
            .await
            .doing("close the ledger")?;
        copy_heads_once(&heads);
        served.doing("serve")
    })?;
    Ok(0)
}

/// Signed heads are kept apart from the ledger as well: whoever cuts its end would have
/// to find both.
async fn copy_heads(heads: (PathBuf, PathBuf)) {
    let mut tick = tokio::time::interval(Duration::from_secs(5));
    loop {
        tick.tick().await;
        copy_heads_once(&heads);
    }
}

fn copy_heads_once((heads, copy): &(PathBuf, PathBuf)) {
    let (Ok(from), to) = (std::fs::metadata(heads), std::fs::metadata(copy)) else {
        return;
    };
    // Heads are appended, so the same length is the same file.
    if to.is_ok_and(|to| to.len() == from.len()) {
        return;
    }
    let copied = append_new(heads, copy);
    if let Err(error) = copied {
        tracing::warn!(%error, "the signed heads could not be copied");
    }
}

/// Adds the lines that the copy lacks. What it has and the file has not stays: that is
/// what the copy is for.
fn append_new(heads: &Path, copy: &Path) -> std::io::Result<()> {
    use std::io::Write as _;
    let known = match std::fs::read_to_string(copy) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    let known: std::collections::HashSet<&str> = known.lines().collect();
    let now = std::fs::read_to_string(heads)?;
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(copy)?;
    for line in now
        .split_inclusive('\n')
        .filter(|line| line.ends_with('\n'))
    {
        if !known.contains(line.trim_end()) {
            file.write_all(line.as_bytes())?;
        }
    }
    Ok(())
}

fn log_to(state: &Path) -> Result<(), Failure> {
    let path = state.join("gate.log");
    // One generation is kept: a log that grows for ever is a full disk.
    if std::fs::metadata(&path).is_ok_and(|m| m.len() > 8 << 20) {
        let _ = std::fs::rename(&path, state.join("gate.log.1"));
    }
    let file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .doing(format_args!("open {}", path.display()))?;
    let filter = tracing_subscriber::EnvFilter::try_from_env("CUSTOMS_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(std::sync::Mutex::new(file))
        .init();
    Ok(())
}
