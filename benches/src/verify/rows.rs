//! The table: what was measured, each figure beside its bar.

use super::artifacts::Artifacts;
use super::pieces::{ENTRIES, Pieces};
use super::project::Project;
use super::tree::Tree;
use crate::report::{Bar, Row};
use crate::stats::{median, range};

const MB: f64 = 1e6;

/// The rows of the tree.
pub fn of_tree(tree: &Tree) -> Vec<Row> {
    let ratios: Vec<f64> = tree
        .full
        .iter()
        .zip(&tree.floor)
        .map(|(a, b)| a / b)
        .collect();
    let floor = median(&tree.floor);
    let (low, high) = range(&ratios);
    let ratio = median(&ratios);
    let [full, unchanged, deep, beside] = tree.peaks;
    vec![
        Row {
            what: "the tree, nothing remembered / floor".to_owned(),
            figures: format!("customs {:.0} ms; floor {floor:.0} ms", median(&tree.full)),
            value: Some((ratio, format!("{ratio:.2} ({low:.2} to {high:.2})"))),
            bar: Bar::None,
            bar_text: "",
        },
        seconds(
            "the tree, nothing remembered",
            &tree.full,
            floor,
            0.8,
            "≤ 0.8 s",
        ),
        seconds(
            "the tree, nothing changed",
            &tree.unchanged,
            floor,
            0.15,
            "≤ 0.15 s",
        ),
        Row {
            bar: Bar::None,
            bar_text: "",
            ..seconds("the tree, `--deep`", &tree.deep, floor, 0.0, "")
        },
        memory("the tree: most memory, nothing remembered", full, beside),
        memory("the tree: most memory, nothing changed", unchanged, beside),
        memory("the tree: most memory, `--deep`", deep, beside),
    ]
}

/// The rows of what artifacts say of themselves. The bar is that of a tree in which nothing changed.
pub fn of_artifacts(artifacts: &Artifacts) -> Vec<Row> {
    let without = median(&artifacts.none);
    let row = |what, values: &[f64], bar, bar_text| Row {
        figures: format!("{:.2} s where none is at hand", without / 1e3),
        ..seconds(what, values, 0.0, bar, bar_text)
    };
    vec![
        Row {
            bar: Bar::None,
            ..row(
                "before an install: what artifacts say, nothing remembered",
                &artifacts.read,
                0.0,
                "",
            )
        },
        row(
            "before an install: what artifacts say, nothing changed",
            &artifacts.again,
            0.15,
            "≤ 0.15 s",
        ),
    ]
}

fn seconds(what: &str, values: &[f64], floor: f64, bar: f64, bar_text: &'static str) -> Row {
    let (low, high) = range(values);
    let middle = median(values) / 1e3;
    Row {
        what: what.to_owned(),
        figures: format!("floor {:.2} s", floor / 1e3),
        value: Some((
            middle,
            format!(
                "{middle:.2} s ({:.2} to {:.2}, {} rounds)",
                low / 1e3,
                high / 1e3,
                values.len()
            ),
        )),
        bar: Bar::AtMost(bar),
        bar_text,
    }
}

fn memory(what: &str, peak: Option<u64>, floor: Option<u64>) -> Row {
    let megabytes = |bytes: u64| bytes as f64 / MB;
    Row {
        what: what.to_owned(),
        figures: floor.map_or_else(
            || "-".to_owned(),
            |floor| format!("floor {:.0} MB", megabytes(floor)),
        ),
        value: peak.map(|peak| (megabytes(peak), format!("{:.0} MB", megabytes(peak)))),
        bar: Bar::AtMost(60.0),
        bar_text: "≤ 60 MB",
    }
}

/// The rows of the pieces.
pub fn of_pieces(pieces: &Pieces) -> Vec<Row> {
    let row = |what: String, figures: String, values: &[f64], bar, bar_text| {
        let middle = median(values) / 1e3;
        let (low, high) = range(values);
        Row {
            what,
            figures,
            value: Some((
                middle,
                format!("{middle:.3} ms ({:.3} to {:.3})", low / 1e3, high / 1e3),
            )),
            bar: Bar::AtMost(bar),
            bar_text,
        }
    };
    vec![
        row(
            "a Sigstore bundle of npm".to_owned(),
            "read and verified in full".to_owned(),
            &pieces.bundle,
            1.0,
            "≤ 1 ms",
        ),
        row(
            "a signature of a registry".to_owned(),
            "ECDSA P-256".to_owned(),
            &pieces.signature,
            0.1,
            "≤ 0.1 ms",
        ),
        row(
            format!("a lockfile of {ENTRIES} entries"),
            format!(
                "{:.1} MB, read and judged",
                pieces.lockfile_bytes as f64 / MB
            ),
            &pieces.lockfile,
            50.0,
            "≤ 50 ms",
        ),
    ]
}

/// What a reader has to know.
pub fn notes(project: &Project, tree: &Tree, artifacts: &Artifacts) -> Vec<String> {
    let [yes, no, not_checked] = tree.answers;
    vec![
        format!(
            "The tree: {} packages, {} files, {:.0} MB, installed by npm; {} artifacts of {:.0} MB \
             in npm's cache. Of its packages {yes} were answered yes, {no} no, {not_checked} not \
             checked.",
            project.packages,
            project.files.len(),
            project.bytes as f64 / MB,
            project.tarballs.len(),
            project.packed as f64 / MB,
        ),
        "A run is a whole process: `customs verify` in the project, with everything that it asks \
         offline. All files are in memory. Floor: a process that inflates the same artifacts and \
         hashes the same files (SHA-256), with the same libraries and threads; it looks for no \
         file and compares nothing."
            .to_owned(),
        format!(
            "Before an install: `customs verify` beside the same lockfile without a tree, where the \
             manifests of {} artifacts in npm's cache are held against it (`lock-artifact`). Where a \
             tree is, `customs verify` does not ask that.",
            artifacts.manifests
        ),
        format!(
            "The very first run took {:.2} s: it asks this machine's clients for their \
             configuration, which is remembered for the runs that are measured.",
            tree.first / 1e3
        ),
        "Figures are medians over the rounds, with the least and the most. Memory is the most \
         that one process had, in a run of its own."
            .to_owned(),
    ]
}
