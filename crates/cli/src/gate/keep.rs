//! What a gate keeps, and for how long: artifacts, lists of what is in them and evidence of their
//! origin are collected by age and size, old records of the ledger are closed and removed. In the gate that serves, by its
//! config; and by `customs gate gc`.

use super::config::{Config, KeepEntry};
use super::shelf::EvidenceShelf;
use super::{evidence, read};
use crate::error::{Doing as _, Failure};
use crate::place::{Opened, Place};
use crate::{output, paths};
use customs_model::{Clock, Digest, SignedDuration, SystemClock, printable};
use customs_store::{
    Blobs, Bounds, Collected, FolderShelf, Retained, Shelf, StoreError, Team, TeamShelf, Turn,
    collect,
};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How often the gate that serves looks, without a word about it.
const EVERY: Duration = Duration::from_hours(1);

/// Arguments of `customs gate gc`.
#[derive(clap::Args)]
pub struct Arguments {
    /// The gate's config, for its folder and its `keep` table.
    #[arg(long, value_name = "FILE", env = "CUSTOMS_GATE_CONFIG")]
    config: Option<PathBuf>,
    /// How many bytes of artifacts, of lists, and of evidence may stay; the oldest leave first. Example: 50GB
    #[arg(long, value_name = "SIZE")]
    size: Option<String>,
    /// How long something stays that nobody is delivered. Example: 90d
    #[arg(long, value_name = "TIME")]
    age: Option<String>,
    /// How long records of the ledger stay: 31d or longer; without it for ever. Example: 400d
    #[arg(long, value_name = "TIME")]
    ledger: Option<String>,
    /// Say what would be removed, and remove nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    format: output::Format,
}

/// What stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    bounds: Bounds,
    ledger: Option<SignedDuration>,
    every: Duration,
}

impl Keep {
    /// What the config says; none: everything stays.
    pub fn of(entry: Option<&KeepEntry>) -> Result<Option<Self>, Failure> {
        let Some(entry) = entry else {
            return Ok(None);
        };
        let every = match entry.every.as_deref() {
            None => EVERY,
            Some(text) => time("keep.every", text, SignedDuration::from_secs(1))?
                .try_into()
                .unwrap_or(EVERY),
        };
        let keep = Self::said(
            entry.size.as_deref(),
            entry.age.as_deref(),
            entry.ledger.as_deref(),
        )?;
        Ok(Some(Self { every, ..keep }))
    }

    fn said(size: Option<&str>, age: Option<&str>, ledger: Option<&str>) -> Result<Self, Failure> {
        let day = SignedDuration::from_hours(24);
        Ok(Self {
            bounds: Bounds {
                bytes: size.map(self::size).transpose()?,
                age: age.map(|text| time("age", text, day)).transpose()?,
            },
            ledger: ledger
                .map(|text| time("ledger", text, day * 31))
                .transpose()?,
            every: EVERY,
        })
    }
}

fn time(key: &str, text: &str, least: SignedDuration) -> Result<SignedDuration, Failure> {
    let time = customs_rules::parse_duration(text);
    time.filter(|time| *time >= least).ok_or_else(|| {
        let shown = printable(text, 40);
        let least = match least.as_hours() {
            0 => format!("{}s", least.as_secs()),
            hours => format!("{}d", hours / 24),
        };
        Failure::usage(format!(
            "{key} {shown:?} is no time from {least} on; write {least} or 90d"
        ))
    })
}

/// Bytes, as people write them: powers of a thousand, or of 1,024 with an `i`.
fn size(text: &str) -> Result<u64, Failure> {
    let refused = || {
        let shown = printable(text, 40);
        Failure::usage(format!("the size {shown:?} is none; write 50GB or 500MiB"))
    };
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit());
    let (number, unit) = text.split_at(digits.unwrap_or(text.len()));
    let factor: u64 = match unit.trim() {
        "" | "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return Err(refused()),
    };
    let number: u64 = number.parse().map_err(|_| refused())?;
    number.checked_mul(factor).ok_or_else(refused)
}

/// Where that lies which is kept.
pub struct Kept {
    team: Arc<dyn Team>,
    blobs: Option<Arc<dyn Blobs>>,
    cache: PathBuf,
    lists: PathBuf,
    evidence: PathBuf,
    clock: Arc<dyn Clock>,
    owner: String,
}

impl Kept {
    /// Of this gate.
    pub fn of(opened: &Opened, clock: Arc<dyn Clock>) -> Result<Self, Failure> {
        Ok(Self {
            team: opened.team.clone(),
            blobs: opened.blobs.clone(),
            cache: paths::cache()?.join(paths::ARTIFACTS),
            lists: paths::data()?.join(paths::LISTS),
            evidence: evidence::folder()?,
            clock,
            owner: format!("upkeep {}", std::process::id()),
        })
    }

    /// Removes what the bounds do not allow.
    fn run(&self, keep: &Keep, dry_run: bool) -> Result<Done, StoreError> {
        let mut done = Done::default();
        if let Some(blobs) = &self.blobs {
            let shelf = TeamShelf {
                blobs: &**blobs,
                index: &*self.team,
            };
            self.shelf(
                "the team's artifacts",
                "shared",
                &shelf,
                keep,
                dry_run,
                &mut done,
            )?;
        }
        // Gates on other machines have folders of the same name.
        let host = std::env::var("HOSTNAME").unwrap_or_default();
        let own = [host.as_bytes(), self.cache.as_os_str().as_encoded_bytes()].concat();
        let own = Digest::sha256(&own).to_hex();
        let shelf = FolderShelf::new(&self.cache, "");
        self.shelf(
            "artifacts of this gate",
            &own,
            &shelf,
            keep,
            dry_run,
            &mut done,
        )?;
        let shelf = FolderShelf::new(&self.lists, ".json");
        self.shelf("lists of files", &own, &shelf, keep, dry_run, &mut done)?;
        if keep.bounds != Bounds::default() {
            let shelf = EvidenceShelf::of(&self.evidence)?;
            self.shelf("evidence", &own, &shelf, keep, dry_run, &mut done)?;
        }
        if let Some(age) = keep.ledger {
            match Turn::take(&*self.team, "ledger", &self.owner)? {
                None => done.elsewhere.push("the ledger"),
                Some(_turn) => {
                    let before = self.clock.now().saturating_sub(age);
                    let before = before.unwrap_or(customs_model::Timestamp::MIN);
                    done.ledger = Some(self.team.retain(before, dry_run)?);
                }
            }
        }
        Ok(done)
    }

    fn shelf(
        &self,
        name: &'static str,
        what: &str,
        shelf: &dyn Shelf,
        keep: &Keep,
        dry_run: bool,
        done: &mut Done,
    ) -> Result<(), StoreError> {
        if keep.bounds == Bounds::default() {
            return Ok(());
        }
        let Some(mut turn) = Turn::take(&*self.team, what, &self.owner)? else {
            done.elsewhere.push(name);
            return Ok(());
        };
        let ledger = &*self.team;
        let collected = collect(
            shelf,
            ledger,
            &keep.bounds,
            &*self.clock,
            &mut turn,
            dry_run,
        )?;
        done.shelves.push((name, collected));
        Ok(())
    }

    /// Does it again and again, as long as the gate serves.
    pub async fn always(self, keep: Keep) {
        let this = Arc::new(self);
        let mut tick = tokio::time::interval(keep.every);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // Not while it starts.
        tick.tick().await;
        loop {
            tick.tick().await;
            let kept = this.clone();
            match tokio::task::spawn_blocking(move || kept.run(&keep, false)).await {
                Ok(Ok(done)) => done.log(),
                Ok(Err(error)) => tracing::warn!(%error, "nothing more was collected"),
                Err(error) => tracing::error!(%error, "collecting ended early"),
            }
        }
    }
}

/// What was done.
#[derive(Debug, Default)]
struct Done {
    shelves: Vec<(&'static str, Collected)>,
    ledger: Option<Retained>,
    /// What another gate is about.
    elsewhere: Vec<&'static str>,
}

impl Done {
    fn log(&self) {
        for (name, shelf) in self.shelves.iter().filter(|(_, one)| one.removed.0 > 0) {
            let (files, bytes) = shelf.removed;
            tracing::info!(
                files,
                bytes,
                "{name}: what nobody was delivered was removed"
            );
        }
        if let Some(ledger) = self.ledger.as_ref().filter(|one| one.records > 0) {
            let (records, chains) = (ledger.records, ledger.chains);
            tracing::info!(records, chains, "old records of the ledger were removed");
        }
        for sentence in self.ledger.iter().flat_map(|ledger| &ledger.kept) {
            tracing::info!("the ledger keeps older records: {sentence}");
        }
    }

    fn text(&self, dry_run: bool) -> String {
        let word = if dry_run {
            "would be removed"
        } else {
            "removed"
        };
        let mut text = String::new();
        for (name, shelf) in &self.shelves {
            let _ = writeln!(
                text,
                "{name}: {} {word} ({} bytes) of {} ({} bytes); {} stay although they are old or too \
                 many, because they were delivered in the last 30 days or stored just now",
                shelf.removed.0, shelf.removed.1, shelf.found.0, shelf.found.1, shelf.kept.0
            );
        }
        if let Some(ledger) = &self.ledger {
            let _ = writeln!(
                text,
                "ledger: {} records of {} chains {word}",
                ledger.records, ledger.chains
            );
            for sentence in &ledger.kept {
                let _ = writeln!(text, "    older ones stay: {sentence}");
            }
        }
        for name in &self.elsewhere {
            let _ = writeln!(
                text,
                "{name}: another gate is about it now; nothing was done"
            );
        }
        text
    }

    fn json(&self, dry_run: bool) -> serde_json::Value {
        let shelves = self.shelves.iter().map(|(name, shelf)| {
            let pair =
                |(files, bytes): (u64, u64)| serde_json::json!({"files": files, "bytes": bytes});
            serde_json::json!({
                "name": name, "found": pair(shelf.found), "removed": pair(shelf.removed),
                "kept": pair(shelf.kept),
            })
        });
        let ledger = self.ledger.as_ref().map(|ledger| {
            serde_json::json!({
                "records": ledger.records, "chains": ledger.chains, "kept": ledger.kept,
            })
        });
        serde_json::json!({
            "schema": "customs/gate-gc-v1", "dry_run": dry_run,
            "shelves": shelves.collect::<Vec<_>>(), "ledger": ledger, "elsewhere": self.elsewhere,
        })
    }
}

/// The folder that a gate's config names, and what it says about keeping.
pub fn settle(config: Option<&Path>) -> Result<Option<KeepEntry>, Failure> {
    let Some(path) = config else {
        return Ok(None);
    };
    let path = std::path::absolute(path).doing("find the config")?;
    let config: Config = read::file(&path)?;
    if let Some(folder) = config.folder {
        paths::settle(path.parent().unwrap_or(Path::new(".")).join(folder))?;
    }
    Ok(config.keep)
}

/// Collects once.
pub fn main(arguments: &Arguments) -> Result<u8, Failure> {
    let entry = settle(arguments.config.as_deref())?;
    let entry = entry.as_ref();
    let of = |said: &Option<String>, written: Option<&Option<String>>| {
        said.clone().or_else(|| written.cloned().flatten())
    };
    let keep = Keep::said(
        of(&arguments.size, entry.map(|keep| &keep.size)).as_deref(),
        of(&arguments.age, entry.map(|keep| &keep.age)).as_deref(),
        of(&arguments.ledger, entry.map(|keep| &keep.ledger)).as_deref(),
    )?;
    if keep.bounds == Bounds::default() && keep.ledger.is_none() {
        return Err(Failure::usage(
            "nothing says what may go: give --size, --age or --ledger, or a config with [keep]",
        ));
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let opened = arguments.place.open(clock.clone())?;
    let kept = Kept::of(&opened, clock)?;
    let done = kept.run(&keep, arguments.dry_run).doing("collect")?;
    match arguments.format.is_json() {
        true => {
            let whole = done.json(arguments.dry_run);
            output::result(&(output::plain_json(&format!("{whole:#}")) + "\n"))?;
        }
        false => output::result(&done.text(arguments.dry_run))?,
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in [
            ("0", 0),
            ("50GB", 50_000_000_000),
            ("500 MiB", 500 << 20),
            ("1TiB", 1 << 40),
        ] {
            assert_eq!(size(text).unwrap(), bytes, "{text}");
        }
        for text in ["", "GB", "-1GB", "1.5GB", "50 gigs", "99999999999TB"] {
            let error = size(text).unwrap_err().to_string();
            assert!(error.contains("write 50GB"), "{error}");
        }
    }

    #[test]
    fn the_ledger_keeps_its_records_for_a_month_at_least() {
        let error = Keep::said(None, None, Some("30d")).unwrap_err().to_string();
        assert!(error.contains("from 31d on"), "{error}");
        assert!(Keep::said(None, None, Some("31d")).is_ok());
        let error = Keep::said(None, Some("1h"), None).unwrap_err().to_string();
        assert!(error.contains("from 1d on"), "{error}");
    }
}
