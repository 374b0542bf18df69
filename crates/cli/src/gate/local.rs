//! The gate of one user; started by `customs run`, joined by the next.

use super::evidence;
use super::heads::Heads;
use crate::error::{Doing as _, Failure};
use crate::place::Place;
use crate::{daemon, paths};
use customs_gate::{Gate, Options, StateFile, Waits, serve};
use customs_model::{Clock as _, SystemClock};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Serves until told to stop.
pub fn main(place: &Place, linger: u64) -> Result<u8, Failure> {
    let state = paths::state()?;
    paths::private_folder(&state)?;
    log_to(&state)?;
    // Only one gate per user: whoever comes second finds the lock held and leaves.
    let Some(_lock) = daemon::lock(&state)? else {
        return Ok(0);
    };
    let served = run(place, linger, &state);
    if let Err(failure) = &served {
        // Nobody reads the stderr of a gate that `customs run` started.
        tracing::error!("the gate ends: {failure}");
    }
    served
}

fn run(place: &Place, linger: u64, state: &Path) -> Result<u8, Failure> {
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
            evidence: evidence::settled()?,
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
        let heads = Heads::of(place)?;
        let copying = tokio::spawn(heads.clone().copy_always());
        let served = serve(gate, listener, Some(Duration::from_secs(linger))).await;
        let _ = std::fs::remove_file(daemon::state_file(state));
        copying.abort();
        // Closed in order: the last head covers the last record.
        tokio::task::spawn_blocking(move || drop(store))
            .await
            .doing("close the ledger")?;
        heads.copy();
        served.doing("serve")
    })?;
    Ok(0)
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
