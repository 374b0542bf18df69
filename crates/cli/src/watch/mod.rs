//! `customs watch`: follows the packages of lockfiles and inspects each new release.
//!
//! Every look is a conditional request, and all requests share one budget. With a feed of
//! changes a release is seen within seconds of its announcement; without one a package is
//! asked about once in `max(--every, packages / --rate)`. What was achieved is told: the
//! time from publication to verdict.

mod altered;
mod delay;
mod expected;
mod feed;
mod fresh;
mod news;
mod online;
mod packages;
mod pins;
mod release;
mod run;
mod schedule;
mod seen;
mod span;
mod tell;
mod world;

use crate::client;
use crate::error::{Doing as _, Failure};
use crate::output::{Format, say};
use crate::paths;
use customs_model::Ecosystem;
use delay::Summary;
use feed::Feed;
use online::Online;
use packages::Followed;
use run::{Plan, Watch};
use schedule::Schedule;
use seen::{Place, Seen};
use std::path::PathBuf;
use std::time::Duration;
use tell::{Tellers, Webhook};

/// The least time between two looks at one package, where nobody said another: a release
/// is to be inspected within a minute, as far as the budget goes.
const EVERY: Duration = Duration::from_secs(60);
/// The same where a feed tells of changes: looks are for what it leaves out.
const EVERY_WITH_FEED: Duration = Duration::from_secs(15 * 60);
/// Until an artifact that is not there yet is asked for again.
const AGAIN: Duration = Duration::from_secs(10);

/// Arguments of `customs watch`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Lockfiles, or folders that hold some; without any, the current folder
    lockfiles: Vec<PathBuf>,
    /// Least time between two looks at one package: 90s, 5m, 1h [default: 60s, with a feed 15m]
    #[arg(long, value_name = "TIME", value_parser = span::parse)]
    every: Option<Duration>,
    /// Requests a second, at most
    #[arg(long, value_name = "NUMBER", default_value = "1", value_parser = span::rate)]
    rate: f64,
    /// The npm registry's feed of changes: an address with `_changes` below it
    #[arg(long, value_name = "URL", env = "CUSTOMS_FEED", hide_env_values = true)]
    feed: Option<String>,
    /// Append each release as a line of JSON to this file
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Send each release as JSON to this address
    #[arg(
        long,
        value_name = "URL",
        env = "CUSTOMS_WEBHOOK",
        hide_env_values = true
    )]
    webhook: Option<String>,
    /// Write what was found as SARIF to this file, again with each release
    #[arg(long, value_name = "FILE")]
    sarif: Option<PathBuf>,
    /// Write the draft of an OSV advisory for each malicious release to this folder
    #[arg(long, value_name = "FOLDER")]
    osv: Option<PathBuf>,
    /// End after so many looks at each package
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    rounds: Option<u64>,
    #[command(flatten)]
    format: Format,
}

/// Watches until Ctrl-C, or the last round. Ends with 1 if a release was suspicious or
/// malicious.
pub fn main(arguments: Arguments) -> Result<u8, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(8)
        .enable_all()
        .build()
        .doing("start")?;
    let watched = runtime.block_on(watch(arguments));
    // A look that is still on its way is not waited for, but the memory is closed in order.
    runtime.shutdown_timeout(Duration::from_secs(2));
    let summary = watched?;
    say(&format!(
        "customs: {} new releases, {} with another content than before, {} suspicious or \
         malicious; {}",
        summary.told,
        summary.altered,
        summary.objected,
        summary.delays.words()
    ));
    Ok(u8::from(summary.objected > 0))
}

async fn watch(arguments: Arguments) -> Result<Summary, Failure> {
    let mut followed = packages::follow(&arguments.lockfiles)?;
    let feed = arguments
        .feed
        .as_deref()
        .map(Feed::new)
        .transpose()
        .map_err(Failure::usage)?;
    let webhook = arguments.webhook.as_deref().map(Webhook::new).transpose()?;
    let tellers = Tellers::open(
        arguments.format.is_json(),
        arguments.log.as_deref(),
        arguments.sarif.as_deref(),
        arguments.osv.as_deref(),
    )?;
    let state = paths::state()?;
    paths::private_folder(&state)?;
    let place = Place::take(&state)?;
    let seen = Seen::load(&place.path)?;

    let has_feed = feed.is_some();
    let every = arguments.every.unwrap_or(EVERY);
    let every_with_feed = arguments.every.unwrap_or(EVERY_WITH_FEED);
    let names = followed.packages.keys().cloned();
    let mut schedule = Schedule::new(names, arguments.rate, every);
    if has_feed {
        schedule.set_every(Ecosystem::Npm, every_with_feed, Duration::ZERO);
    }
    let pins = std::mem::take(&mut followed.pins);
    let world = open(followed, feed)?;
    let plan = Plan {
        rounds: arguments.rounds,
        every,
        every_with_feed,
        again: AGAIN,
        state: place.path.clone(),
    };
    announce(&schedule, arguments.rate, has_feed);
    let watch = Watch::new(world, plan, schedule, seen, pins, tellers, webhook);
    watch.run(crate::stop::told()).await
}

/// The registries that the clients are configured with, here.
fn open(followed: Followed, feed: Option<Feed>) -> Result<Online, Failure> {
    let here = std::env::current_dir().doing("find the current folder")?;
    let discovered = client::discover(&here)?;
    for sentence in followed.left_out.iter().chain(&discovered.missing) {
        say(&format!("customs: {sentence}"));
    }
    for setting in &discovered.from_project {
        say(&format!("customs: chosen by the project: {setting}"));
    }
    Online::open(&discovered, followed.packages, feed)
}

/// What to expect: an honest figure, since a budget has a price.
fn announce(schedule: &Schedule, rate: f64, has_feed: bool) {
    let packages = schedule.len();
    say(&format!(
        "customs: watching {packages} packages at {rate} requests a second. The first look is \
         what later ones are compared with. Ctrl-C ends it"
    ));
    for sentence in expected::sentences(&schedule.lanes(), has_feed) {
        say(&format!("customs: {sentence}"));
    }
}
