//! Findings about phantoms that no release before had.

use super::class::FileClass;
use super::compare::Comparison;
use super::finding::{FindingKind, SourceFinding};
use super::phantom::{self, NewPhantom, PhantomSet};
use super::tree::SourceTree;
use super::{Context, path, words};
use customs_model::{Severity, printable};
use std::collections::{BTreeMap, BTreeSet};

/// Findings of one path each; what is beyond is one finding together.
const SINGLE: usize = 30;

/// What is new speaks, what runs first.
pub fn findings(
    comparison: &Comparison,
    tree: &SourceTree,
    context: &Context,
    now: &PhantomSet,
    before: &[PhantomSet],
) -> Vec<SourceFinding> {
    let new = phantom::phantoms(now, before);
    if new.is_empty() {
        return Vec::new();
    }
    let judge = Judge {
        files: by_general_path(comparison, context),
        stems: stems_of_sources(tree, &comparison.base.folder),
        comparison,
        context,
    };
    let mut all: Vec<SourceFinding> = new.iter().map(|new| judge.finding(new)).collect();
    all.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let rest = all.split_off(all.len().min(SINGLE));
    if let Some(worst) = rest.first() {
        let paths: Vec<&str> = rest
            .iter()
            .flat_map(|f| &f.paths)
            .map(String::as_str)
            .collect();
        let sentence = format!(
            "{} more are not in commit {} and were in no release before that was compared: {}.",
            words::files(paths.len()),
            context.commit.short(),
            words::list(&paths),
        );
        all.push(
            SourceFinding::new(FindingKind::NewPhantom, worst.severity, sentence).about(&paths),
        );
    }
    all
}

struct Judge<'a> {
    files: BTreeMap<String, Vec<&'a str>>,
    stems: BTreeSet<&'a str>,
    comparison: &'a Comparison,
    context: &'a Context,
}

impl Judge<'_> {
    fn finding(&self, new: &NewPhantom) -> SourceFinding {
        let (general, how) = match new {
            NewPhantom::Path(path) => (
                path,
                "was in no release before that was compared".to_owned(),
            ),
            NewPhantom::More { path, now, before } => (
                path,
                format!("there are {now} such files and were at most {before} before"),
            ),
        };
        let paths = self
            .files
            .get(general)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let executable = paths.iter().any(|path| self.comparison.is_executable(path));
        // A hint, which only makes quieter: nobody looked at what was made from the source.
        let sourced = paths
            .iter()
            .all(|path| self.comparison.is_output(path) && self.stems.contains(stem(path)));
        let severity = match (new, executable && !sourced) {
            (NewPhantom::Path(_), true) => Severity::High,
            (NewPhantom::Path(_) | NewPhantom::More { .. }, _) => Severity::Low,
        };
        let sentence = format!(
            "{}{} is not in commit {}, and {how}.",
            printable(general, 200),
            if executable { ", which can run," } else { "" },
            self.context.commit.short(),
        );
        SourceFinding::new(FindingKind::NewPhantom, severity, sentence).about(paths)
    }
}

fn by_general_path<'a>(
    comparison: &'a Comparison,
    context: &Context,
) -> BTreeMap<String, Vec<&'a str>> {
    let mut files: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (path, class) in &comparison.files {
        if matches!(class, FileClass::Phantom { .. }) {
            let general = phantom::general(&context.release.version, path);
            files.entry(general).or_default().push(path);
        }
    }
    files
}

/// Names without ending of what may be compiled, below the package's folder.
fn stems_of_sources<'t>(tree: &'t SourceTree, base: &str) -> BTreeSet<&'t str> {
    const ENDINGS: &[&str] = &[
        "ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs", "vue", "svelte",
    ];
    tree.iter()
        .filter(|(at, _)| path::below(base, at).is_some())
        .filter_map(|(at, _)| path::name(at).rsplit_once('.'))
        .filter(|(_, ending)| ENDINGS.contains(ending))
        .map(|(stem, _)| stem)
        .collect()
}

fn stem(file: &str) -> &str {
    path::name(file).split('.').next().unwrap_or_default()
}
