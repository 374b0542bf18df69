//! `customs diff A B`: what a release can do that the other could not, as a reviewer wants it:
//! first sentences, then the code that changed, made readable, never a whole bundle.

mod code;

use crate::error::{Doing as _, Failure};
use crate::inspect::{self, Desk, Target, lines, on_a_large_stack};
use crate::output::{self, Format};
use customs_inspect::{Tree, inspect_tree};
use customs_model::{Delta, Ecosystem, Inspection, ReleaseId, Standing, printable};
use customs_rules::{RuleSet, compare, judge_code};
use serde::Serialize;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

/// Sentences that are shown.
const SENTENCES: usize = 40;

/// Arguments of `customs diff`.
#[derive(clap::Args)]
pub struct Arguments {
    /// The earlier one: an archive, a folder, name@version; alone: the release whose predecessor
    /// is asked for
    a: String,
    /// The later one
    b: Option<String>,
    /// The ecosystem of name@version
    #[arg(long, default_value = "npm", value_name = "NAME")]
    ecosystem: Ecosystem,
    #[command(flatten)]
    format: Format,
}

/// One side of the comparison.
struct Side {
    name: String,
    tree: Tree,
    facts: Arc<Inspection>,
}

/// For programs.
#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    before: &'a str,
    after: &'a str,
    standing_before: Standing,
    standing_after: Standing,
    delta: &'a Delta,
    code: &'a [code::Changed],
}

/// Compares two releases. The code is 1 when the later one stands worse than the earlier
/// one, 3 when it could not be judged, 0 otherwise.
pub fn main(arguments: Arguments) -> Result<u8, Failure> {
    let here = std::env::current_dir().doing("find the current folder")?;
    on_a_large_stack(move || run(&arguments, &here))?
}

fn run(arguments: &Arguments, here: &Path) -> Result<u8, Failure> {
    let (before, after) = sides(arguments, here)?;
    let delta = compare(&[&before.facts], &after.facts);
    let standing = |side: &Side| judge_code(&side.facts, &RuleSet::standard()).standing;
    let (was, is) = (standing(&before), standing(&after));
    let changed = code::changed(&before.tree, &before.facts, &after.tree, &after.facts);
    let text = if arguments.format.is_json() {
        let report = Report {
            schema: "customs.diff/1",
            before: &before.name,
            after: &after.name,
            standing_before: was,
            standing_after: is,
            delta: &delta,
            code: &changed,
        };
        let text = serde_json::to_string_pretty(&report).doing("write the report")?;
        output::plain_json(&text) + "\n"
    } else {
        text(&before, &after, (was, is), &delta, &changed)
    };
    output::result(&text)?;
    Ok(match is {
        Standing::Malicious | Standing::Suspicious if is > was || was == Standing::NotJudged => 1,
        Standing::NotJudged => 3,
        Standing::Malicious | Standing::Suspicious | Standing::Clean => 0,
    })
}

fn text(
    before: &Side,
    after: &Side,
    (was, is): (Standing, Standing),
    delta: &Delta,
    changed: &[code::Changed],
) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{} → {}", before.name, after.name);
    if was == is {
        let _ = writeln!(out, "  both: {}", inspect::words(is));
    } else {
        let _ = writeln!(
            out,
            "  was {}, is {}",
            inspect::words(was),
            inspect::words(is)
        );
    }
    if delta.novelties.is_empty() {
        let _ = writeln!(out, "  nothing that it can do is new");
    }
    for line in lines(&delta.novelties, SENTENCES) {
        let _ = writeln!(out, "  {line}");
    }
    let _ = writeln!(
        out,
        "  files that run: {} added, {} changed, {} removed; {} others differ",
        delta.added, delta.changed, delta.removed, delta.elsewhere
    );
    for file in changed {
        let _ = writeln!(out, "\n  {} ({})", printable(&file.path, 200), file.what);
        for line in &file.lines {
            let _ = writeln!(out, "    {line}");
        }
    }
    out
}

fn sides(arguments: &Arguments, here: &Path) -> Result<(Side, Side), Failure> {
    let read = |text: &str| inspect::read_target(text, arguments.ecosystem);
    let first = read(&arguments.a)?;
    let second = arguments.b.as_deref().map(read).transpose()?;
    let desk = match (&first, &second) {
        (Target::Release(_), _) | (_, Some(Target::Release(_))) => Some(Desk::open(here)?),
        _ => None,
    };
    let side = |target: &Target| match target {
        Target::Release(release) => released(desk.as_ref(), release),
        Target::Archive(path) | Target::Folder(path) => on_disk(path),
        Target::Lockfile(_) => Err(Failure::usage(
            "a lockfile is no release; name two releases, archives or folders",
        )),
    };
    match (&first, &second) {
        (_, Some(second)) => Ok((side(&first)?, side(second)?)),
        (Target::Release(release), None) => {
            let earlier = predecessor(desk.as_ref(), release)?;
            Ok((side(&Target::Release(earlier))?, side(&first)?))
        }
        (_, None) => Err(Failure::usage(
            "one archive has nothing to be compared with; name a second one",
        )),
    }
}

fn on_disk(path: &Path) -> Result<Side, Failure> {
    let tree = inspect::tree_of(path)?;
    Ok(Side {
        name: printable(&path.display().to_string(), 300),
        facts: Arc::new(inspect_tree(&tree)),
        tree,
    })
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .doing("start")
}

fn released(desk: Option<&Desk>, release: &ReleaseId) -> Result<Side, Failure> {
    let desk = desk.ok_or_else(|| Failure::work("no registry is configured"))?;
    let opened = runtime()?.block_on(desk.read(release))?;
    Ok(Side {
        name: release.spoken(),
        tree: inspect::tree_of(&opened.path)?,
        facts: opened.facts.code.clone(),
    })
}

fn predecessor(desk: Option<&Desk>, release: &ReleaseId) -> Result<ReleaseId, Failure> {
    let desk = desk.ok_or_else(|| Failure::work("no registry is configured"))?;
    let earlier = runtime()?
        .block_on(desk.registry.earlier(&desk.context, release, 1))
        .doing(format_args!("ask for {}", release.spoken()))?;
    let version = earlier.into_iter().next().ok_or_else(|| {
        Failure::nothing(format!(
            "{} has no earlier release; name what to compare it with",
            release.spoken()
        ))
    })?;
    Ok(ReleaseId::new(release.package.clone(), version))
}
