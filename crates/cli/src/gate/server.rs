//! A team's gate as a process: it starts, reads its files again when they change, and stops in
//! order.

use super::config::{Config, Limits};
use super::evidence;
use super::files;
use super::heads::Heads;
use super::keep::{Keep, Kept};
use super::live::{Live, Loaded, Stamp, stamp};
use crate::error::{Doing as _, Failure};
use crate::place::Place;
use crate::{daemon, output, paths, stop};
use customs_gate::{Bounds, Gate, Listening, LiveTls, Options, Reloaded, Waits, serve_team};
use customs_model::{Clock as _, SystemClock, printable};
use customs_registry::trace::Traces;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use url::Url;

/// How often files are looked at for a change.
const LOOK: Duration = Duration::from_millis(250);
/// How long what is being answered may take when the gate stops.
const STOP: Duration = Duration::from_secs(30);

/// The longest that it serves on when it is told to stop.
const LONGEST_DRAIN: Duration = Duration::from_mins(10);

/// The word for traces that go where the log goes.
const STDERR: &str = "stderr";

/// What does not change while it serves.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fixed {
    address: SocketAddr,
    public: Url,
    operations: Option<SocketAddr>,
    tls: Option<(PathBuf, PathBuf)>,
    bounds: Bounds,
    drain: Duration,
    folder: Option<PathBuf>,
    keep: Option<Keep>,
    traces: Option<TracesTo>,
}

/// Reads everything and serves nothing.
pub fn check(config: &Path) -> Result<u8, Failure> {
    let (live, loaded) = loaded(config)?;
    let fixed = Fixed::of(&loaded.config, &live)?;
    let tls = tls(&fixed)?;
    let settings = &loaded.settings;
    output::result(&format!(
        "{} is in order: {} registries, {} tokens, {} policies, {}; clients use {}\n",
        config.display(),
        settings.upstreams.all().count(),
        settings.tokens.len(),
        settings.policies.len() + 1,
        if tls.is_some() { "TLS" } else { "no TLS" },
        fixed.public,
    ))?;
    Ok(0)
}

/// Serves until told to stop.
pub fn main(config: &Path, place: &Place) -> Result<u8, Failure> {
    log_to_stderr();
    let (live, loaded) = loaded(config)?;
    let fixed = Fixed::of(&loaded.config, &live)?;
    if let Some(folder) = &fixed.folder {
        paths::settle(folder.clone())?;
    }
    let state = paths::state()?;
    paths::private_folder(&state)?;
    let Some(_lock) = daemon::lock(&state)? else {
        return Err(Failure::work(format!(
            "another gate uses {}; give this one a folder of its own (folder = \"…\" in {})",
            state.display(),
            config.display()
        )));
    };
    if let Some(sentence) = files::provide(fixed.bounds.connections) {
        tracing::warn!("{sentence}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .doing("start the gate")?;
    runtime.block_on(run(live, loaded, fixed, place))?;
    Ok(0)
}

fn loaded(config: &Path) -> Result<(Live, Loaded), Failure> {
    let config = std::path::absolute(config).doing("find the config")?;
    let mut live = Live::new(config);
    let loaded = live.load(SystemClock.now())?;
    Ok((live, loaded))
}

async fn run(live: Live, loaded: Loaded, fixed: Fixed, place: &Place) -> Result<(), Failure> {
    let tls = tls(&fixed)?.map(Arc::new);
    let listener = bind(fixed.address).await?;
    let operations = match fixed.operations {
        Some(address) => Some(bind(address).await?),
        None => None,
    };
    let port = listener.local_addr().doing("read the gate's port")?.port();
    let clock = Arc::new(SystemClock);
    let data = paths::data()?;
    // Before anybody asks where it lies.
    let evidence = evidence::settled()?;
    let opened = place.open(clock.clone())?;
    let kept = Kept::of(&opened, clock.clone())?;
    let store = opened.team;
    let options = Options {
        cache: paths::cache()?,
        trust: data.join("trust"),
        lists: data.join(paths::LISTS),
        evidence,
        store: store.clone(),
        clock,
        secret: daemon::secret()?,
        port,
        waits: Waits::default(),
    };
    let gate = Gate::for_team(options, opened.shared, &fixed.public).doing("start the gate")?;
    if let Some(to) = &fixed.traces {
        gate.trace_to(traces(to)?);
    }
    let said = gate.apply(loaded.settings).await;
    for sentence in said.map_err(|error| Failure::usage(error.to_string()))? {
        tracing::warn!("{sentence}");
    }
    let heads = Heads::of(place)?;
    let mut beside = tokio::task::JoinSet::new();
    beside.spawn(heads.clone().copy_always());
    beside.spawn(follow(gate.clone(), live, fixed.clone(), tls.clone()));
    beside.spawn(stop_when_told(gate.clone(), fixed.drain));
    if let Some(keep) = fixed.keep {
        beside.spawn(kept.always(keep));
    } else {
        drop(kept);
    }
    tracing::info!(address = %fixed.address, public = %fixed.public, "the gate serves");
    let listening = Listening {
        listener,
        tls,
        operations,
        bounds: fixed.bounds,
    };
    let served = serve_team(gate, listening).await;
    beside.shutdown().await;
    // Closed in order: the last head covers the last record.
    tokio::task::spawn_blocking(move || drop(store))
        .await
        .doing("close the ledger")?;
    heads.copy();
    tracing::info!("the gate has ended");
    served.doing("serve")
}

/// Where traces go.
#[derive(Debug, Clone, PartialEq, Eq)]
enum TracesTo {
    /// Where the log goes.
    Stderr,
    /// A file.
    File(PathBuf),
    /// A collector, by OTLP.
    Collector(Url),
}

impl TracesTo {
    fn of(path: &Path, live: &Live) -> Result<Self, Failure> {
        let text = path.to_str().unwrap_or_default();
        if text == STDERR {
            return Ok(Self::Stderr);
        }
        if !text.starts_with("http://") && !text.starts_with("https://") {
            return Ok(Self::File(live.at(path)));
        }
        let url = text.parse::<Url>().map_err(|error| {
            // Not itself: it may have a password in it.
            Failure::usage(format!("`traces` is no address of a collector: {error}"))
        })?;
        Ok(Self::Collector(url))
    }
}

/// A file is added to, and only its user reads it, so that who turns files over may copy it and make
/// it empty.
fn traces(to: &TracesTo) -> Result<Traces, Failure> {
    let started = match to {
        TracesTo::Stderr => Traces::to(std::io::stderr()),
        TracesTo::Collector(url) => Traces::to_collector(url.clone()),
        TracesTo::File(path) => {
            let mut options = std::fs::OpenOptions::new();
            options.append(true).create(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let file = options.open(path);
            Traces::to(file.doing(format_args!("write traces to {}", path.display()))?)
        }
    };
    started.doing("write traces")
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address)
        .await
        .doing(format_args!("listen on {address}"))
}

fn tls(fixed: &Fixed) -> Result<Option<LiveTls>, Failure> {
    let Some((certificate, key)) = &fixed.tls else {
        return Ok(None);
    };
    let read = LiveTls::read(certificate.clone(), key.clone());
    read.map(Some)
        .map_err(|error| Failure::usage(error.to_string()))
}

/// Ends the gate in order when the system asks for it.
async fn stop_when_told(gate: Arc<Gate>, drain: Duration) {
    stop::told().await;
    if !drain.is_zero() {
        tracing::info!(
            ?drain,
            "the gate says that it is not ready, and serves on before it stops"
        );
    }
    let serves_on = async {
        gate.drain();
        tokio::time::sleep(drain).await;
    };
    // Told again, it waits no longer; it listens for that before it says anything.
    tokio::select! {
        biased;
        () = stop::told() => {}
        () = serves_on => {}
    }
    tracing::info!("the gate stops: what is being answered is answered");
    gate.stop_serving();
}

/// Reads again what changed, or everything when it is told to, for ever. What cannot be read changes
/// nothing.
async fn follow(gate: Arc<Gate>, live: Live, fixed: Fixed, tls: Option<Arc<LiveTls>>) {
    let mut live = Some(live);
    let mut told = Told::new();
    let pair = |fixed: &Fixed| -> Stamp {
        let files = fixed.tls.iter().flat_map(|(one, two)| [one, two]);
        files.flat_map(|path| stamp(path)).collect()
    };
    let mut shown = pair(&fixed);
    loop {
        let is_told = told.or(LOOK).await;
        let Some(mut reader) = live.take() else {
            return;
        };
        let read = tokio::task::spawn_blocking(move || {
            let read = (is_told || reader.has_changed()).then(|| reader.load(SystemClock.now()));
            (reader, read)
        });
        let Ok((reader, read)) = read.await else {
            tracing::error!("reading the settings ended early; they are not read again");
            return;
        };
        if let Some(read) = read {
            apply(&gate, &reader, read, &fixed).await;
        }
        live = Some(reader);
        let now = pair(&fixed);
        if let Some(tls) = tls.as_ref().filter(|_| is_told || now != shown) {
            shown = now;
            reload_tls(&gate, tls);
        }
    }
}

async fn apply(gate: &Gate, live: &Live, read: Result<Loaded, Failure>, fixed: &Fixed) {
    let now = SystemClock.now().as_second();
    let applied = match read {
        Ok(loaded) => {
            match Fixed::of(&loaded.config, live) {
                Ok(other) if other == *fixed => {}
                Ok(_) => tracing::warn!(
                    "addresses, limits, the folder, [keep], traces and the names of certificates change with a restart"
                ),
                Err(failure) => tracing::warn!("{failure}"),
            }
            let applied = gate.apply(loaded.settings).await;
            applied.map_err(|error| error.to_string())
        }
        Err(failure) => Err(failure.to_string()),
    };
    match applied {
        Ok(said) => {
            gate.metrics.reloaded(Reloaded::Settings, true, now);
            tracing::info!("the settings were read again and are in force");
            for sentence in said {
                tracing::warn!("{sentence}");
            }
        }
        Err(why) => {
            gate.metrics.reloaded(Reloaded::Settings, false, now);
            tracing::error!("the settings stay as they were: {why}");
        }
    }
}

fn reload_tls(gate: &Gate, tls: &LiveTls) {
    let now = SystemClock.now().as_second();
    match tls.reload() {
        Ok(()) => {
            gate.metrics.reloaded(Reloaded::Tls, true, now);
            tracing::info!("the certificate was read again and is shown");
        }
        Err(error) => {
            gate.metrics.reloaded(Reloaded::Tls, false, now);
            tracing::error!("the certificate stays as it was: {error}");
        }
    }
}

/// SIGHUP, where there is one.
struct Told {
    #[cfg(unix)]
    hangup: Option<tokio::signal::unix::Signal>,
}

impl Told {
    fn new() -> Self {
        Self {
            #[cfg(unix)]
            hangup: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok(),
        }
    }

    /// Waits until it is told, or so long; whether it was told.
    async fn or(&mut self, time: Duration) -> bool {
        #[cfg(unix)]
        if let Some(hangup) = &mut self.hangup {
            return tokio::select! {
                told = hangup.recv() => told.is_some(),
                () = tokio::time::sleep(time) => false,
            };
        }
        tokio::time::sleep(time).await;
        false
    }
}

impl Fixed {
    fn of(config: &Config, live: &Live) -> Result<Self, Failure> {
        let address = address("address", &config.listen.address)?;
        let operations = config.listen.operations.as_deref();
        let operations = operations.map(|text| self::address("operations", text));
        let public = public(&config.listen.public_url)?;
        if config.tls.is_none() && !address.ip().is_loopback() && !config.listen.plain_http {
            return Err(Failure::usage(format!(
                "listen.address {address} is reached by other machines, and without TLS everybody on \
                 the way reads the tokens: give it [tls] certificate and key, or say plain-http = \
                 true where a proxy in front of it speaks TLS"
            )));
        }
        let tls = config.tls.as_ref();
        Ok(Self {
            address,
            public,
            operations: operations.transpose()?,
            tls: tls.map(|tls| (live.at(&tls.certificate), live.at(&tls.key))),
            bounds: bounds(&config.limits)?,
            drain: drain(&config.limits)?,
            folder: config.folder.as_deref().map(|folder| live.at(folder)),
            keep: Keep::of(config.keep.as_ref())?,
            traces: config
                .traces
                .as_deref()
                .map(|path| TracesTo::of(path, live))
                .transpose()?,
        })
    }
}

fn address(key: &str, text: &str) -> Result<SocketAddr, Failure> {
    text.parse().map_err(|_| {
        Failure::usage(format!(
            "listen.{key} {:?} is no address and port; write 0.0.0.0:8443 or [::]:8443",
            printable(text, 80)
        ))
    })
}

fn public(text: &str) -> Result<Url, Failure> {
    let refuse = |why: &str| {
        Failure::usage(format!(
            "listen.public-url {:?}: {why}; write https://gate.example:8443",
            printable(text, 120)
        ))
    };
    let url = Url::parse(text).map_err(|error| refuse(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(refuse("it is no http or https address"));
    }
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    if !is_bare || !url.username().is_empty() || url.password().is_some() {
        return Err(refuse(
            "a gate is at the root of its host, and its address has no password",
        ));
    }
    Ok(url)
}

fn bounds(limits: &Limits) -> Result<Bounds, Failure> {
    let time = |key: &str, text: &Option<String>, otherwise: Duration| match text {
        None => Ok(otherwise),
        Some(text) => customs_rules::parse_duration(text)
            .and_then(|time| Duration::try_from(time).ok())
            .filter(|time| *time >= Duration::from_secs(1))
            .ok_or_else(|| {
                let shown = printable(text, 40);
                Failure::usage(format!(
                    "limits.{key} {shown:?} is no time from 1s on; write 30s"
                ))
            }),
    };
    let usual = Bounds::default();
    let connections = limits.connections.map_or(usual.connections, |c| c as usize);
    if !(1..=100_000).contains(&connections) {
        return Err(Failure::usage("limits.connections is from 1 to 100000"));
    }
    Ok(Bounds {
        connections,
        head: time("head", &limits.head, usual.head)?,
        stall: time("stall", &limits.stall, usual.stall)?,
        stop: time("stop", &limits.stop, STOP)?,
    })
}

fn drain(limits: &Limits) -> Result<Duration, Failure> {
    let Some(text) = &limits.drain else {
        return Ok(Duration::ZERO);
    };
    customs_rules::parse_duration(text)
        .and_then(|time| Duration::try_from(time).ok())
        .filter(|time| *time <= LONGEST_DRAIN)
        .ok_or_else(|| {
            let shown = printable(text, 40);
            Failure::usage(format!(
                "limits.drain {shown:?} is no time up to 10m; write 10s"
            ))
        })
}

/// What runs services collects what they say on stderr.
fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("CUSTOMS_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,customs=info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .init();
}
