//! `customs inspect TARGET`: what the code of an archive or folder can do, and whether it
//! may. Nothing of it is run; nothing is unpacked to disk.

mod folder;
mod frame;
mod report;

use crate::error::{Doing as _, Failure};
use crate::output::{self, Format};
use customs_inspect::{Tree, Unpacking, inspect_tree, unpack};
use customs_model::{Inspection, Standing, Verdict};
use customs_rules::{RuleSet, judge_code};
use std::path::{Path, PathBuf};

/// Bytes of an archive that is read.
const ARCHIVE: u64 = 512 << 20;
/// Bytes of stack: parsers go as deep as code is nested.
const STACK: usize = 512 << 20;

/// Arguments of `customs inspect`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Archives (npm tarball, wheel, sdist, crate) or folders
    #[arg(required = true)]
    targets: Vec<PathBuf>,
    #[command(flatten)]
    format: Format,
}

/// What was found in one target.
pub(crate) struct Inspected {
    /// As it was named.
    pub name: String,
    /// Its files.
    pub tree: Tree,
    /// What its code can do.
    pub inspection: Inspection,
    /// What that means.
    pub verdict: Verdict,
}

/// Inspects each target; the worst one decides the exit code.
pub fn main(arguments: Arguments) -> Result<u8, Failure> {
    let Arguments { targets, format } = arguments;
    let work = move || -> Result<Vec<Inspected>, Failure> {
        targets.iter().map(|path| inspected(path)).collect()
    };
    let worker = std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(work)
        .doing("start a worker")?;
    let all = worker
        .join()
        .map_err(|_| Failure::work("the worker ended early; please report this"))??;
    let text = if format.is_json() {
        report::json(&all)?
    } else {
        all.iter().map(report::text).collect::<Vec<_>>().join("\n")
    };
    output::result(&text)?;
    Ok(all
        .iter()
        .map(|one| code(one.verdict.standing))
        .max_by_key(|code| [0, 3, 1].iter().position(|known| known == code))
        .unwrap_or(0))
}

fn inspected(path: &Path) -> Result<Inspected, Failure> {
    let name = customs_model::printable(&path.display().to_string(), 300);
    let about = std::fs::metadata(path)
        .map_err(|error| Failure::nothing(format!("cannot read {name}: {error}")))?;
    let tree = if about.is_dir() {
        folder::read(path)?
    } else {
        if about.len() > ARCHIVE {
            return Err(Failure::work(format!(
                "{name} is larger than {} MiB",
                ARCHIVE >> 20
            )));
        }
        unpack(
            &std::fs::read(path).doing(format!("read {name}"))?,
            &Unpacking::default(),
        )
    };
    let inspection = inspect_tree(&tree);
    let verdict = judge_code(&inspection, &RuleSet::standard());
    Ok(Inspected {
        name,
        tree,
        inspection,
        verdict,
    })
}

const fn code(standing: Standing) -> u8 {
    match standing {
        Standing::Clean => 0,
        Standing::Suspicious | Standing::Malicious => 1,
        Standing::NotJudged => 3,
    }
}
