//! What came of it, as tables in Markdown, and their place in a document.

use super::client::{Project, Ran};
use super::kill::Killed;
use super::peer::Peer;
use super::servers::Server;
use crate::error::Error;
use customs_model::{Clock as _, SystemClock};
use std::fmt;
use std::fs;
use std::path::Path;

const BEGIN: &str = "<!-- measured: team -->";
const END: &str = "<!-- end of team -->";

/// One installation through one gate.
#[derive(Debug)]
pub struct Through {
    /// Which gate.
    pub gate: &'static str,
    /// How it went.
    pub ran: Ran,
    /// How many artifacts the gate says that it delivered meanwhile.
    pub delivered: u64,
    /// How many deliveries of the project's releases to this client the ledger has.
    pub recorded: usize,
    /// Releases that were to be delivered, and of which the ledger has no delivery.
    pub missing: Vec<String>,
}

impl Through {
    fn is_whole(&self) -> bool {
        let recorded = u64::try_from(self.recorded).is_ok_and(|n| n == self.delivered);
        self.ran.failed.is_none() && self.missing.is_empty() && recorded
    }
}

/// One client.
#[derive(Debug)]
pub struct Row {
    /// Who.
    pub client: &'static str,
    /// What it installed.
    pub project: Project,
    /// First through one gate, then through the other.
    pub through: Vec<Through>,
}

impl Row {
    /// The row of the table.
    pub fn line(&self) -> String {
        let instead = spoken(self.project.releases.first().copied().unwrap_or_default());
        let through = self.through.iter().map(|through| {
            let seconds = through.ran.time.as_secs_f64();
            format!("{}: {} in {seconds:.1} s", through.gate, through.delivered)
        });
        let evidence = self.through.iter().map(|through| {
            match (&through.ran.failed, through.missing.as_slice()) {
                (Some(why), _) => format!("FAILED through {}: {why}", through.gate),
                (None, []) => format!("{} of {}", through.recorded, through.delivered),
                (None, missing) => format!("NO record of {}", missing.join(", ")),
            }
        });
        let cells: Vec<String> = through.chain(evidence).collect();
        format!(
            "| {} | {} | {instead}, since {} is denied | {} |",
            self.client,
            self.project.releases.len(),
            self.project.denied,
            cells.join(" | ")
        )
    }
}

/// `pkg:npm/left@1.0.0` as `left 1.0.0`.
fn spoken(release: &str) -> String {
    let bare = release.rsplit('/').next().unwrap_or(release);
    bare.replace('@', " ")
}

/// All of it.
#[derive(Debug)]
pub struct Table {
    /// On what, and when.
    pub made: String,
    /// The clients.
    pub rows: Vec<Row>,
    /// The gate that was killed.
    pub killed: Option<Killed>,
    /// What was measured beside the gates.
    pub peers: Vec<Peer>,
}

impl Table {
    /// An empty one, about these servers.
    pub fn of(servers: &[Server]) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let servers: Vec<&str> = servers.iter().map(|server| server.what.as_str()).collect();
        Self {
            made: format!(
                "Made on {} on {cores} cores, with {}.",
                SystemClock.now().strftime("%Y-%m-%d"),
                servers.join(", ")
            ),
            rows: Vec::new(),
            killed: None,
            peers: Vec::new(),
        }
    }

    /// Whether every client got what it should, and the ledger says so.
    pub fn is_whole(&self) -> bool {
        let killed = self.killed.as_ref().is_some_and(|killed| {
            killed.missing.is_empty() && killed.verified.iter().all(|(_, _, _, intact)| *intact)
        });
        killed
            && self
                .rows
                .iter()
                .all(|row| row.through.iter().all(Through::is_whole))
    }

    /// Puts it between its marks; everything else in the document stays.
    ///
    /// # Errors
    /// The document cannot be read or written, or has no marks.
    pub fn write(&self, document: &Path) -> Result<(), Error> {
        let old = fs::read_to_string(document).map_err(Error::io("read", document))?;
        let new = replaced(&old, &self.to_string()).ok_or_else(|| Error::Config {
            path: document.to_owned(),
            why: format!("it has no lines `{BEGIN}` and `{END}`; put them where the table belongs"),
        })?;
        fs::write(document, new).map_err(Error::io("write", document))
    }
}

fn replaced(old: &str, text: &str) -> Option<String> {
    let (before, rest) = old.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{}\n{END}{after}", text.trim()))
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.made)?;
        writeln!(
            f,
            "| Client | Packages | Taken instead | First through | Then through | In the ledger, first | Then |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|---|")?;
        for row in &self.rows {
            writeln!(f, "{}", row.line())?;
        }
        if let Some(killed) = &self.killed {
            write!(f, "\n{killed}")?;
        }
        if self.peers.is_empty() {
            return Ok(());
        }
        writeln!(
            f,
            "\n| The same npm installation, warm, through | Seconds | From, to |"
        )?;
        writeln!(f, "|---|---|---|")?;
        for peer in &self.peers {
            let (least, most) = (peer.seconds.first(), peer.seconds.last());
            let (least, most) = (least.copied(), most.copied());
            writeln!(
                f,
                "| {} | {:.1} | {:.1}, {:.1} |",
                peer.what,
                peer.median(),
                least.unwrap_or_default(),
                most.unwrap_or_default()
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Killed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((went_on, seconds), (over, again)) = (self.went_on, self.taken_over);
        writeln!(f, "| One gate is killed | |")?;
        writeln!(f, "|---|---|")?;
        writeln!(
            f,
            "| when it had delivered | {} artifacts of an npm installation |",
            self.delivered
        )?;
        writeln!(
            f,
            "| who installed through the other one meanwhile | got all {went_on} packages, in {seconds:.1} s |"
        )?;
        writeln!(
            f,
            "| who was cut off, set up for the other one | got all {over} packages, in {again:.1} s |"
        )?;
        let recorded = match self.missing.as_slice() {
            [] => "all of these".to_owned(),
            missing => format!("NOT {}", missing.join(", ")),
        };
        writeln!(f, "| in the ledger | {recorded} |")?;
        writeln!(
            f,
            "| its chain was closed, and a gap recorded, by the other one | after {:.0} s |",
            self.closed_after
        )?;
        for (gate, chains, records, intact) in &self.verified {
            let word = if *intact { "intact" } else { "NOT intact" };
            writeln!(
                f,
                "| the ledger, against the heads of gate {gate} | {word}: {chains} chains, {records} records |"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::client::project;
    use super::*;
    use crate::trees::Manager;
    use std::time::Duration;

    fn through(gate: &'static str, failed: Option<&str>) -> Through {
        Through {
            gate,
            ran: Ran {
                time: Duration::from_millis(1_250),
                failed: failed.map(str::to_owned),
            },
            delivered: 3,
            recorded: 3,
            missing: Vec::new(),
        }
    }

    fn table() -> Table {
        Table {
            made: "Made on a day on 2 cores, with a database.".to_owned(),
            rows: vec![Row {
                client: "npm",
                project: project(Manager::Npm),
                through: vec![through("one", None), through("two", None)],
            }],
            killed: Some(Killed {
                delivered: 21,
                went_on: (180, 9.04),
                taken_over: (180, 8.0),
                missing: Vec::new(),
                closed_after: 33.4,
                verified: vec![("one", 3, 900, true), ("two", 3, 900, true)],
            }),
            peers: vec![Peer {
                what: "a gate".to_owned(),
                seconds: vec![1.0, 2.0, 4.0],
            }],
        }
    }

    #[test]
    fn a_table_says_who_got_what_through_which_gate() {
        let table = table();
        assert!(table.is_whole());
        insta::assert_snapshot!(table, @"
        Made on a day on 2 cores, with a database.

        | Client | Packages | Taken instead | First through | Then through | In the ledger, first | Then |
        |---|---|---|---|---|---|---|
        | npm | 3 | is-number 6.0.0, since is-number 7 is denied | one: 3 in 1.2 s | two: 3 in 1.2 s | 3 of 3 | 3 of 3 |

        | One gate is killed | |
        |---|---|
        | when it had delivered | 21 artifacts of an npm installation |
        | who installed through the other one meanwhile | got all 180 packages, in 9.0 s |
        | who was cut off, set up for the other one | got all 180 packages, in 8.0 s |
        | in the ledger | all of these |
        | its chain was closed, and a gap recorded, by the other one | after 33 s |
        | the ledger, against the heads of gate one | intact: 3 chains, 900 records |
        | the ledger, against the heads of gate two | intact: 3 chains, 900 records |

        | The same npm installation, warm, through | Seconds | From, to |
        |---|---|---|
        | a gate | 2.0 | 1.0, 4.0 |
        ");
    }

    #[test]
    fn what_failed_or_is_not_recorded_makes_it_incomplete() {
        let mut failed = table();
        failed.rows[0].through[1] = through("two", Some("exit status: 1"));
        assert!(!failed.is_whole());
        assert!(failed.to_string().contains("FAILED through two"));
        let mut unrecorded = table();
        unrecorded.rows[0].through[0].recorded = 2;
        assert!(!unrecorded.is_whole());
        let mut cut = table();
        cut.killed.as_mut().unwrap().verified[0].3 = false;
        assert!(!cut.is_whole());
    }

    #[test]
    fn a_table_stands_between_its_marks() {
        let old = format!("a\n{BEGIN}\nold\n{END}\nb\n");
        let new = replaced(&old, "new\n").unwrap();
        assert_eq!(new, format!("a\n{BEGIN}\nnew\n{END}\nb\n"));
        assert_eq!(replaced("a", "new"), None);
    }
}
