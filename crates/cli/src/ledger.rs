//! `customs ledger`: who received a release, and whether the record of it is intact.

use crate::error::{Doing as _, Failure};
use crate::place::Place;
use crate::{gate, output};
use customs_model::{ParseError, ReleaseId};
use customs_store::{HEADS_FILE, Store, Tail, Verification};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Arguments of `customs ledger`.
#[derive(clap::Args)]
pub struct Arguments {
    /// The ledger of a team's gate, by the folder that this config of it names
    #[arg(long, value_name = "FILE", env = "CUSTOMS_GATE_CONFIG", global = true)]
    config: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Who received this release, and when. Example: customs ledger who pkg:npm/axios@1.14.1
    Who {
        /// A package URL with a version.
        release: String,
        #[command(flatten)]
        format: output::Format,
    },
    /// Whether the ledger was edited, reordered or cut.
    Verify {
        /// Signed heads that were kept elsewhere, beside those that are found.
        #[arg(long, value_name = "FILE")]
        heads: Option<PathBuf>,
        /// The ledger's public key, kept elsewhere.
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
        #[command(flatten)]
        format: output::Format,
    },
}

/// Asks the ledger.
pub fn main(arguments: Arguments) -> Result<u8, Failure> {
    gate::settle(arguments.config.as_deref())?;
    let place = &arguments.place;
    match arguments.command {
        Command::Who { release, format } => who(place, &release, format),
        Command::Verify { heads, key, format } => verify(place, heads, key.as_deref(), format),
    }
}

fn ledger(place: &Place) -> Result<Arc<dyn Store>, Failure> {
    if let Some(store) = place.read()? {
        return Ok(store);
    }
    Err(Failure::nothing(format!(
        "nothing to check: there is no ledger at {}; the first `customs run` begins one",
        place.shown()?
    )))
}

fn who(place: &Place, release: &str, format: output::Format) -> Result<u8, Failure> {
    let release: ReleaseId = release
        .parse()
        .map_err(|e: ParseError| Failure::usage(e.to_string()))?;
    let store = ledger(place)?;
    let deliveries = store.who(&release).doing("ask the ledger")?;
    if format.is_json() {
        let rows: Vec<_> = deliveries
            .rows
            .iter()
            .map(|row| {
                serde_json::json!({
                    "at": row.at, "release": row.release, "artifact": row.artifact,
                    "digest": row.digest.to_string(), "bytes": row.bytes, "served": row.served,
                    "who": row.who, "action": row.action, "rules": row.rules,
                    "epoch": row.epoch, "chain": row.chain, "seq": row.seq,
                })
            })
            .collect();
        let whole = serde_json::json!({
            "schema": "customs/ledger-who-v1", "release": release,
            "total": deliveries.total, "deliveries": rows,
        });
        output::result(&(output::plain_json(&format!("{whole:#}")) + "\n"))?;
        return Ok(0);
    }
    let mut text = String::new();
    for row in &deliveries.rows {
        let at = row.at.strftime("%Y-%m-%d %H:%M:%S UTC");
        let _ = writeln!(
            text,
            "{at}  {}  {} bytes  {}",
            row.artifact, row.bytes, row.digest
        );
        let _ = writeln!(text, "    {}", row.who);
    }
    let times = match deliveries.total {
        1 => "once".to_owned(),
        n => format!("{n} times"),
    };
    let _ = writeln!(text, "{release} was delivered {times} through this gate");
    output::result(&text)?;
    Ok(0)
}

fn verify(
    place: &Place,
    heads: Option<PathBuf>,
    key: Option<&Path>,
    format: output::Format,
) -> Result<u8, Failure> {
    ledger(place)?;
    let own = place.folder()?.join(HEADS_FILE);
    let known = [Some(own), Some(place.heads_copy()?), heads];
    let heads = joined(known.into_iter().flatten().filter(|path| path.is_file()))?;
    let found = place.verify(heads.as_ref().map(|f| f.path()), key)?;
    if format.is_json() {
        output::result(&(output::plain_json(&format!("{:#}", as_json(&found))) + "\n"))?;
    } else {
        output::result(&as_text(&found))?;
    }
    Ok(u8::from(!found.is_intact()))
}

/// All files of heads in one: a head that is missing in one of them may stand in another.
fn joined(
    files: impl Iterator<Item = PathBuf>,
) -> Result<Option<tempfile::NamedTempFile>, Failure> {
    let mut lines = std::collections::BTreeSet::new();
    let mut any = false;
    for path in files {
        any = true;
        let text = std::fs::read(&path).doing(format_args!("read {}", path.display()))?;
        let whole = text.split(|b| *b == b'\n').filter(|line| !line.is_empty());
        lines.extend(whole.map(<[u8]>::to_vec));
    }
    if !any {
        return Ok(None);
    }
    let mut file = tempfile::NamedTempFile::new().doing("join the files of heads")?;
    for line in lines {
        file.write_all(&line)
            .and_then(|()| file.write_all(b"\n"))
            .doing("join the files of heads")?;
    }
    file.flush().doing("join the files of heads")?;
    Ok(Some(file))
}

fn is_restored(chain: &customs_store::ChainReport) -> bool {
    matches!(chain.tail, Tail::Restored { .. })
}

fn as_text(found: &Verification) -> String {
    let mut text = String::new();
    for chain in &found.chains {
        let state = match &chain.problem {
            Some(problem) => format!("BROKEN at record {}: {}", problem.seq, problem.what),
            None if chain.intact => "intact".to_owned(),
            None => "BROKEN".to_owned(),
        };
        let tail = match &chain.tail {
            Tail::MatchesHead { count, at } => {
                format!("its end is the one that was signed on {at} ({count} records)")
            }
            Tail::Truncated { expected, found } => {
                format!("CUT: {expected} records were signed, {found} are there")
            }
            Tail::Restored {
                expected,
                found,
                taken,
            } => format!(
                "GAP: {expected} records were signed, {found} are there: it was restored from a \
                 backup of {taken}"
            ),
            Tail::NotChecked(because) => format!("tail not checked, because {because}"),
        };
        let _ = writeln!(
            text,
            "chain {}: {} records, {state}; {tail}",
            chain.chain, chain.records
        );
        if let Some(at) = chain.cut_off {
            let _ = writeln!(
                text,
                "    its gate was cut off here; that was recorded on {at}"
            );
        }
        if let Some(removed) = &chain.removed {
            let who = match &removed.not_checked {
                None => "the ledger's key closed them".to_owned(),
                Some(why) => format!("by whom was not checked, because {why}"),
            };
            let _ = writeln!(
                text,
                "    {} older records until {} were removed; {who}",
                removed.records, removed.until
            );
        }
    }
    for head in &found.refused_heads {
        let _ = writeln!(
            text,
            "head in line {} about chain {} ({} records) was NOT signed by the ledger's key",
            head.line, head.chain, head.count
        );
    }
    if let Some(damage) = &found.damage {
        let _ = writeln!(text, "the database is DAMAGED: {damage}");
    }
    if found.chains.is_empty() {
        text.push_str(
            "the ledger holds no record; tail not checked, because no head speaks of one\n",
        );
    }
    let verdict = match (found.is_intact(), found.is_complete()) {
        (true, true) if !found.chains.is_empty() => "intact, every tail checked",
        (true, _) if found.chains.iter().any(is_restored) => {
            "intact, with a gap that restoring a backup left"
        }
        (true, _) => "intact as far as it could be checked",
        (false, _) => "NOT intact",
    };
    let _ = writeln!(text, "ledger: {verdict}");
    text
}

fn as_json(found: &Verification) -> serde_json::Value {
    let chains: Vec<_> = found
        .chains
        .iter()
        .map(|chain| {
            let tail = match &chain.tail {
                Tail::MatchesHead { count, at } => {
                    serde_json::json!({"matches_head": {"count": count, "at": at}})
                }
                Tail::Truncated { expected, found } => {
                    serde_json::json!({"truncated": {"expected": expected, "found": found}})
                }
                Tail::Restored {
                    expected,
                    found,
                    taken,
                } => serde_json::json!({
                    "restored": {"expected": expected, "found": found, "taken": taken},
                }),
                Tail::NotChecked(because) => serde_json::json!({"not_checked": because}),
            };
            serde_json::json!({
                "chain": chain.chain, "records": chain.records, "from": chain.from,
                "to": chain.to, "closed": chain.closed, "cut_off": chain.cut_off, "intact": chain.intact,
                "problem": chain.problem.as_ref().map(|p| format!("record {}: {}", p.seq, p.what)),
                "tail": tail,
                "removed": chain.removed.as_ref().map(|removed| serde_json::json!({
                    "records": removed.records, "until": removed.until,
                    "not_checked": removed.not_checked,
                })),
            })
        })
        .collect();
    serde_json::json!({
        "schema": "customs/ledger-verify-v1",
        "intact": found.is_intact(),
        "complete": found.is_complete() && !found.chains.is_empty(),
        "chains": chains,
        "refused_heads": found.refused_heads.len(),
        "damage": found.damage,
    })
}
