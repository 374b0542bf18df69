//! `customs diff A B`: what a release can do that the other could not, as a reviewer wants it:
//! first sentences, then the code that changed, made readable, never a whole bundle. The later
//! one is judged beside the earlier one, as `customs inspect` and the gate do.

mod code;
mod fresh;
mod rows;
mod text;

use crate::error::{Doing as _, Failure};
use crate::inspect::beside::Input;
use crate::inspect::{self, Desk, Frames, Opened, Target, lines, on_a_large_stack};
use crate::output::{self, Format};
use customs_inspect::{Reader, Tree};
use customs_model::{
    Delta, Ecosystem, Finding, Inspection, Place, ReleaseId, Severity, Standing, Version, printable,
};
use customs_registry::{Located, Predecessor};
use customs_rules::{RuleSet, compare, judge_code, judge_code_against};
use serde::Serialize;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

/// Bytes of what files of the one side said that are held for the other one.
const SHARED: usize = 24 << 20;
/// Sentences that are shown.
const SENTENCES: usize = 40;
/// Places whose code is shown whatever else changed.
const PLACES: usize = 200;
/// Why two releases are not judged beside each other.
const OTHER_FILES: &str = "the earlier one has no file of the same kind for the same machines, and another one holds \
     other binaries";

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
    /// Which file, where it is a release of a registry.
    input: Option<Input>,
    tree: Tree,
    facts: Arc<Inspection>,
}

/// Both sides.
struct Sides {
    before: Side,
    after: Side,
    /// Why they are not judged beside each other, where they are not.
    apart: Option<&'static str>,
}

/// How both sides stand.
struct Verdicts {
    was: Standing,
    is: Standing,
    /// What is said of the later one and not of the earlier one, the worst first, without notes.
    new: Vec<Finding>,
    /// How many of them are of a rule or of a place that the earlier one had none of.
    fresh: usize,
}

/// For programs.
#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    before: &'a str,
    after: &'a str,
    before_input: Option<&'a Input>,
    after_input: Option<&'a Input>,
    standing_before: Standing,
    standing_after: Standing,
    not_judged_together: Option<&'static str>,
    findings: &'a [Finding],
    /// How many of them are of a rule or of a place that the earlier one had none of.
    fresh: usize,
    delta: &'a Delta,
    code: &'a [code::Changed],
}

/// Compares two releases. The code is 1 when the later one stands worse than the earlier
/// one, or no better and something new is said of it, 3 when it could not be judged, 0 otherwise.
pub fn main(arguments: Arguments) -> Result<u8, Failure> {
    let here = std::env::current_dir().doing("find the current folder")?;
    on_a_large_stack(move || run(&arguments, &here))?
}

fn run(arguments: &Arguments, here: &Path) -> Result<u8, Failure> {
    let sides = sides(arguments, here)?;
    let Sides { before, after, .. } = &sides;
    let delta = compare(&[&before.facts], &after.facts);
    let verdicts = judge(&sides);
    let places = places(&verdicts, &delta);
    let changed = code::changed(
        &before.tree,
        &before.facts,
        &after.tree,
        &after.facts,
        &places,
    );
    let text = if arguments.format.is_json() {
        let report = Report {
            schema: "customs.diff/1",
            before: &before.name,
            after: &after.name,
            before_input: before.input.as_ref(),
            after_input: after.input.as_ref(),
            standing_before: verdicts.was,
            standing_after: verdicts.is,
            not_judged_together: sides.apart,
            findings: &verdicts.new,
            fresh: verdicts.fresh,
            delta: &delta,
            code: &changed,
        };
        let text = serde_json::to_string_pretty(&report).doing("write the report")?;
        output::plain_json(&text) + "\n"
    } else {
        text(&sides, &verdicts, &delta, &changed)
    };
    output::result(&text)?;
    Ok(code_of(verdicts.was, verdicts.is, verdicts.fresh))
}

/// Where what is new happens: findings first.
fn places<'a>(verdicts: &'a Verdicts, delta: &'a Delta) -> Vec<&'a Place> {
    let hops = verdicts.new.iter().flat_map(|finding| &finding.path);
    let novelties = delta.novelties.iter();
    hops.map(|hop| &hop.at)
        .chain(novelties.filter_map(|novelty| novelty.at.as_ref()))
        .take(PLACES)
        .collect()
}

const fn code_of(was: Standing, is: Standing, fresh: usize) -> u8 {
    match (was, is) {
        (_, Standing::Malicious | Standing::Suspicious) if fresh > 0 => 1,
        (Standing::Malicious, Standing::Malicious | Standing::Suspicious)
        | (Standing::Suspicious, Standing::Suspicious)
        | (_, Standing::Clean) => 0,
        (_, Standing::Malicious | Standing::Suspicious) => 1,
        (_, Standing::NotJudged) => 3,
    }
}

fn judge(sides: &Sides) -> Verdicts {
    let rules = RuleSet::standard();
    let was = judge_code(&sides.before.facts, &rules);
    let is = if sides.apart.is_some() {
        judge_code(&sides.after.facts, &rules)
    } else {
        judge_code_against(&sides.before.facts, &sides.after.facts, &rules)
    };
    let fresh = fresh::count(&was.findings, &is.findings);
    let mut new: Vec<Finding> = is.findings;
    new.retain(|finding| finding.severity > Severity::Note && !was.findings.contains(finding));
    new.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    Verdicts {
        was: was.standing,
        is: is.standing,
        new,
        fresh,
    }
}

fn text(sides: &Sides, verdicts: &Verdicts, delta: &Delta, changed: &[code::Changed]) -> String {
    let mut out = String::new();
    let (was, is) = (verdicts.was, verdicts.is);
    let _ = writeln!(out, "{} → {}", sides.before.name, sides.after.name);
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
    if let Some(because) = sides.apart {
        let _ = writeln!(out, "  each was judged by itself: {because}");
    }
    if verdicts.fresh > 0 {
        let (count, are) = match verdicts.fresh {
            1 => ("one finding".to_owned(), "is"),
            count => (format!("{count} findings"), "are"),
        };
        let _ = writeln!(
            out,
            "  {count} {are} of a rule or place that the earlier one had none of"
        );
    }
    let told = verdicts.new.get(..SENTENCES).unwrap_or(&verdicts.new);
    inspect::findings(&mut out, told, &sides.after.tree);
    match verdicts.new.len() - told.len() {
        0 => {}
        1 => out.push_str("  and one more finding\n"),
        more => {
            let _ = writeln!(out, "  and {more} more findings");
        }
    }
    if !told.is_empty() {
        out.push('\n');
    }
    novelties(&mut out, delta, &sides.after.tree);
    let _ = writeln!(
        out,
        "  files that run: {} added, {} changed, {} removed; {} others differ",
        delta.added, delta.changed, delta.removed, delta.elsewhere
    );
    of_code(&mut out, changed);
    out
}

/// What is new, each with the line in which it stands.
fn novelties(out: &mut String, delta: &Delta, tree: &Tree) {
    if delta.novelties.is_empty() {
        out.push_str("  nothing that it can do is new\n");
    }
    let mut frames = Frames::of(tree);
    for (number, line) in lines(&delta.novelties, SENTENCES).iter().enumerate() {
        let _ = writeln!(out, "  {line}");
        let novelty = delta.novelties.get(number).filter(|_| number < SENTENCES);
        let at = novelty.and_then(|novelty| novelty.at.as_ref());
        if let Some(frame) = at.and_then(|at| frames.frame(at)) {
            let _ = writeln!(out, "{frame}");
        }
    }
}

/// The code that changed; files whose lines are left out are named as well.
fn of_code(out: &mut String, changed: &[code::Changed]) {
    let head = |file: &code::Changed| {
        let path = printable(&file.path, 200);
        let counts = match (file.added, file.removed) {
            (0, 0) => String::new(),
            (added, removed) => format!("; +{added} −{removed} lines"),
        };
        format!("{path} ({}{counts})", file.what)
    };
    let (shown, named): (Vec<_>, Vec<_>) = changed.iter().partition(|file| !file.lines.is_empty());
    for file in &shown {
        let _ = writeln!(out, "\n  {}", head(file));
        for line in &file.lines {
            let _ = writeln!(out, "    {line}");
        }
    }
    if !named.is_empty() {
        out.push_str("\n  without their lines:\n");
    }
    for file in &named {
        let _ = writeln!(out, "    {}", head(file));
    }
    let lines: usize = changed.iter().map(|file| file.left_out).sum();
    let files = changed.iter().filter(|file| file.left_out > 0).count();
    if lines > 0 {
        let of = if files == 1 { "file" } else { "files" };
        let _ = writeln!(
            out,
            "\n  left out: {lines} lines of {files} {of} (--json has them counted for each)"
        );
    }
}

fn sides(arguments: &Arguments, here: &Path) -> Result<Sides, Failure> {
    let read = |text: &str| inspect::read_target(text, arguments.ecosystem);
    let first = read(&arguments.a)?;
    let second = arguments.b.as_deref().map(read).transpose()?;
    let desk = match (&first, &second) {
        (Target::Release(_), _) | (_, Some(Target::Release(_))) => Some(Desk::open(here)?),
        _ => None,
    };
    let desk = || {
        let none = || Failure::work("no registry is configured");
        desk.as_ref().ok_or_else(none)
    };
    let reader = Reader::new(SHARED);
    let side = |target: &Target| match target {
        Target::Release(release) => of_release(&runtime()?.block_on(desk()?.read(release))?),
        Target::Archive(path) | Target::Folder(path) => on_disk(path, &reader),
        Target::Lockfile(_) => Err(Failure::usage(
            "a lockfile is no release; name two releases, archives or folders",
        )),
    };
    match (&first, &second) {
        // Of one package: a file is compared with the one of the other release that is of its
        // kind and built for the same machines.
        (Target::Release(before), Some(Target::Release(after)))
            if before.package == after.package =>
        {
            of_one_package(desk()?, after, Some(&before.version))
        }
        (_, Some(second)) => Ok(Sides {
            before: side(&first)?,
            after: side(second)?,
            apart: None,
        }),
        (Target::Release(release), None) => of_one_package(desk()?, release, None),
        (_, None) => Err(Failure::usage(
            "one archive has nothing to be compared with; name a second one",
        )),
    }
}

fn on_disk(path: &Path, reader: &Reader) -> Result<Side, Failure> {
    let tree = inspect::tree_of(path)?;
    Ok(Side {
        name: printable(&path.display().to_string(), 300),
        input: None,
        facts: Arc::new(reader.inspect_tree(&tree)),
        tree,
    })
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .doing("start")
}

fn of_release(opened: &Opened) -> Result<Side, Failure> {
    Ok(Side {
        name: opened.located.release.spoken(),
        input: Some(Input::of(&opened.located)),
        tree: inspect::tree_of_release(opened)?,
        facts: opened.facts.code.clone(),
    })
}

/// A release and the one before it: that which was named, or the one that it is judged beside.
fn of_one_package(
    desk: &Desk,
    release: &ReleaseId,
    named: Option<&Version>,
) -> Result<Sides, Failure> {
    let runtime = runtime()?;
    let (before, after, apart) = runtime.block_on(async {
        let after = desk.read(release).await?;
        let version = match named {
            Some(version) => version.clone(),
            None => predecessor(desk, &after.located).await?,
        };
        let other = ReleaseId::new(release.package.clone(), version.clone());
        // A release that is not there is an error, whatever its files are.
        desk.locate(&other).await?;
        Ok::<_, Failure>(match desk.beside(&after.located, &version).await {
            Ok(before) => (before, after, None),
            Err(failure) if failure.code == 3 => {
                (desk.read(&other).await?, after, Some(OTHER_FILES))
            }
            Err(failure) => return Err(failure),
        })
    })?;
    Ok(Sides {
        before: of_release(&before)?,
        after: of_release(&after)?,
        apart,
    })
}

/// The release before one, as it is judged beside it; of another line where its own has none.
async fn predecessor(desk: &Desk, located: &Located) -> Result<Version, Failure> {
    let release = &located.release;
    let (registry, context) = (&desk.registry, &desk.context);
    let doing = format!("ask for {}", release.spoken());
    let before = registry.predecessor(context, located);
    if let Predecessor::Release(version) = before.await.doing(&doing)? {
        return Ok(version);
    }
    let earlier = registry.earlier(context, release, 1).await.doing(&doing)?;
    earlier.into_iter().next().ok_or_else(|| {
        Failure::nothing(format!(
            "{} has no earlier release; name what to compare it with",
            release.spoken()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::{Capability, Place, Zone};

    fn side(name: &str, hosts: &[&str]) -> Side {
        let capability = |host: &&str| Capability {
            name: "network".to_owned(),
            zone: Zone::Install,
            detail: Some((*host).to_owned()),
            at: Place {
                file: "package/a.js".to_owned(),
                line: 1,
                column: 1,
                bytes: (0, 1),
            },
        };
        Side {
            name: name.to_owned(),
            input: None,
            tree: Tree::default(),
            facts: Arc::new(Inspection {
                capabilities: hosts.iter().map(capability).collect(),
                ..Inspection::default()
            }),
        }
    }

    #[test]
    fn a_text_says_how_both_stand_and_why_they_were_judged_apart() {
        let sides = Sides {
            before: side("a@1.0.0", &[]),
            after: side("a@1.0.1", &["collect.invalid"]),
            apart: Some(OTHER_FILES),
        };
        let delta = compare(&[&sides.before.facts], &sides.after.facts);
        let text = text(&sides, &judge(&sides), &delta, &[]);
        assert!(
            text.starts_with("a@1.0.0 → a@1.0.1\n  both: clean"),
            "{text}"
        );
        assert!(text.contains("each was judged by itself"), "{text}");
        assert!(text.contains("collect.invalid"), "{text}");
    }

    #[test]
    fn the_code_says_whether_it_became_worse() {
        use Standing::{Clean, Malicious, NotJudged, Suspicious};
        assert_eq!(code_of(Clean, Clean, 0), 0);
        assert_eq!(code_of(Clean, Suspicious, 0), 1);
        assert_eq!(code_of(Suspicious, Suspicious, 0), 0);
        assert_eq!(code_of(Suspicious, Malicious, 0), 1);
        assert_eq!(code_of(Malicious, Suspicious, 0), 0);
        assert_eq!(code_of(NotJudged, Suspicious, 0), 1);
        assert_eq!(code_of(Malicious, NotJudged, 0), 3);
        // What the earlier one did not have is news, however bad that one was.
        assert_eq!(code_of(Suspicious, Suspicious, 1), 1);
        assert_eq!(code_of(Malicious, Suspicious, 1), 1);
        assert_eq!(code_of(Clean, Clean, 1), 0);
    }
}
