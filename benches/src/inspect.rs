//! How fast archives are inspected and how much memory that takes: the engine beside the
//! least that any inspector must do with the same bytes, and the program beside a peer.

mod guarddog;
mod peak;
mod rows;
mod speed;

use crate::error::Error;
use crate::home::Home;
use crate::report::Part;
use guarddog::GuardDog;
use peak::Peaks;
use speed::Speed;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// What is measured without a choice. Larger lists take hours, and tell the same.
const LISTS: [&str; 3] = ["npm-popular:1500", "pypi-popular", "crates-popular:300"];
const ROUNDS: usize = 5;
/// The list that the peer is measured on.
const PEERS_LIST: &str = "npm-popular";

/// Arguments of `bench inspect`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Lists of `calibration/`, each with about how many of its archives; all without a number
    #[arg(value_name = "LIST[:TAKE]", default_values = LISTS)]
    lists: Vec<Selection>,
    /// How often the engine and the floor are measured
    #[arg(long, default_value_t = ROUNDS)]
    rounds: usize,
    /// The folder of the archives
    #[arg(long, default_value = "target/calibration/files")]
    files: PathBuf,
    /// GuardDog's program, where it is not on the path
    #[arg(long, value_name = "PATH")]
    guarddog: Option<PathBuf>,
    /// About forty archives of each list, two rounds; nothing is written
    #[arg(long)]
    pub quick: bool,
    /// The built program
    #[arg(long, env = "CUSTOMS_BIN", hide = true)]
    pub program: PathBuf,
    /// The built calibration, which measures the engine and the floor
    #[arg(long, env = "CUSTOMS_CALIBRATE_BIN", hide = true)]
    pub calibrate: PathBuf,
    /// The document that keeps the tables
    #[arg(long, default_value = "docs/benchmarks.md", hide = true)]
    pub document: PathBuf,
}

impl Arguments {
    /// The command line that measures the same again, without paths of this machine.
    pub fn command(&self) -> String {
        let mut text = "cargo xtask bench inspect".to_owned();
        if self.quick {
            text += " --quick";
        }
        let lists: Vec<String> = self.lists.iter().map(Selection::to_string).collect();
        if lists != LISTS {
            text += &format!(" {}", lists.join(" "));
        }
        if self.rounds != ROUNDS {
            text += &format!(" --rounds {}", self.rounds);
        }
        text
    }

    fn size(&self) -> Size {
        if self.quick {
            Size {
                take: Some(40),
                rounds: 2,
                peaks: 2,
                pairs: 4,
            }
        } else {
            Size {
                take: None,
                rounds: self.rounds.max(1),
                peaks: 10,
                pairs: 24,
            }
        }
    }
}

/// How much is measured.
struct Size {
    /// The most archives of a list.
    take: Option<usize>,
    rounds: usize,
    /// So many of the largest archives, and of the slowest.
    peaks: usize,
    /// Archives that the peer inspects as well.
    pairs: usize,
}

/// A list, and about how many of its archives.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Selection {
    list: String,
    take: Option<usize>,
}

impl FromStr for Selection {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (list, take) = match text.split_once(':') {
            None => (text, None),
            Some((list, take)) => match take.parse() {
                Ok(take) if take > 0 => (list, Some(take)),
                _ => return Err(format!("`{take}` is no number of archives")),
            },
        };
        // It is part of a file's name.
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if list.is_empty() || !list.chars().all(plain) {
            return Err(format!(
                "`{list}` is no list; name a file of calibration/ without its `.list`"
            ));
        }
        Ok(Self {
            list: list.to_owned(),
            take,
        })
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.take {
            None => f.write_str(&self.list),
            Some(take) => write!(f, "{}:{take}", self.list),
        }
    }
}

/// What was measured of one list.
struct Measured {
    list: String,
    speed: Speed,
    peaks: Peaks,
}

/// Measures.
pub async fn measure(arguments: &Arguments, program: &Path) -> Result<Part, Error> {
    let size = arguments.size();
    // First, so that a wrong path shows before an hour has passed.
    let guarddog = guarddog::find(arguments.guarddog.as_deref()).await?;
    let mut lists = Vec::new();
    for selection in &arguments.lists {
        let take = match (selection.take, size.take) {
            (Some(take), Some(most)) => Some(take.min(most)),
            (take, most) => take.or(most),
        };
        lists.push(list(arguments, &selection.list, take, &size, program).await?);
    }
    if lists.iter().all(|measured| measured.speed.artifacts == 0) {
        return Err(Error::said(format!(
            "none of the archives that the lists name lies in {}; fetch them into it, named as \
             the registry names them (npm's `@scope/name` as `@scope__name`), or say with \
             --files where they are",
            arguments.files.display()
        )));
    }
    let mut rows = Vec::new();
    let mut notes = vec![rows::about(size.rounds, size.peaks)];
    for measured in &lists {
        rows.extend(rows::of(measured));
        notes.extend(rows::notes(measured));
    }
    let beside = beside(guarddog, &lists, size.pairs, program).await?;
    rows.push(rows::beside(beside.as_ref()));
    if let Ok(pairs) = &beside {
        notes.extend(rows::beside_notes(pairs));
    }
    Ok(Part {
        name: "inspect",
        figures: "Beside it",
        value: "Measured",
        rows,
        notes,
    })
}

async fn list(
    arguments: &Arguments,
    name: &str,
    take: Option<usize>,
    size: &Size,
    program: &Path,
) -> Result<Measured, Error> {
    eprintln!("bench: {name}: engine and floor …");
    let path = Path::new("calibration").join(format!("{name}.list"));
    if !path.is_file() {
        return Err(Error::said(format!(
            "there is no list {name} in calibration/; name one of its files without `.list`"
        )));
    }
    let speed = speed::measure(
        &arguments.calibrate,
        &path,
        &arguments.files,
        take,
        size.rounds,
    )?;
    eprintln!("bench: {name}: memory …");
    let archives = speed.heaviest(size.peaks);
    let peaks = peak::measure(program, &archives).await?;
    Ok(Measured {
        list: name.to_owned(),
        speed,
        peaks,
    })
}

/// The program and the peer on the same archives; or why not.
async fn beside(
    guarddog: Result<GuardDog, String>,
    lists: &[Measured],
    count: usize,
    program: &Path,
) -> Result<Result<guarddog::Pairs, String>, Error> {
    let guarddog = match guarddog {
        Ok(guarddog) => guarddog,
        Err(because) => return Ok(Err(because)),
    };
    let Some(measured) = lists.iter().find(|measured| measured.list == PEERS_LIST) else {
        return Ok(Err(format!("{PEERS_LIST} is not among the lists")));
    };
    let archives = spread(&measured.speed.paths, count);
    if archives.is_empty() {
        return Ok(Err(format!("no archive of {PEERS_LIST} is there")));
    }
    eprintln!("bench: {PEERS_LIST}: beside GuardDog …");
    let home = Home::new(None)?;
    let pairs = guarddog.pairs(program, &home, &archives).await?;
    if pairs.customs.is_empty() {
        let first = pairs.failed.first().map_or("", String::as_str);
        return Ok(Err(format!("no archive was inspected by both ({first})")));
    }
    Ok(Ok(pairs))
}

/// So many, evenly spread.
fn spread(paths: &[String], count: usize) -> Vec<PathBuf> {
    let count = count.min(paths.len());
    (0..count)
        .filter_map(|number| paths.get(number * paths.len() / count))
        .map(PathBuf::from)
        .collect()
}

/// An archive's own name, for tables.
fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_chosen_with_or_without_a_number() {
        for text in LISTS {
            let selection: Selection = text.parse().unwrap();
            assert_eq!(selection.to_string(), text);
        }
        for text in ["npm-popular:", "npm-popular:0", "npm-popular:x", "../x", ""] {
            assert!(text.parse::<Selection>().is_err(), "{text}");
        }
    }

    #[test]
    fn archives_are_spread_over_the_list() {
        let paths: Vec<String> = (0..10).map(|n| n.to_string()).collect();
        let names = |count| {
            let spread = spread(&paths, count);
            let names: Vec<String> = spread.iter().map(|path| file_name(path)).collect();
            names.join(" ")
        };
        assert_eq!(names(3), "0 3 6");
        assert_eq!(names(99), "0 1 2 3 4 5 6 7 8 9");
        assert!(spread(&[], 3).is_empty());
    }
}
