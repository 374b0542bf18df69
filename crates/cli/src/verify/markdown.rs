//! One comment for a change: only what changed, and what is wrong.

use super::report::Report;
use super::wrong::{self, Wrong};
use customs_model::printable;
use customs_origin::history::Look;
use customs_origin::lockfile::{self, Outcome};
use std::fmt::Write as _;

/// Lines of what is wrong, and of what changed in `customs.lock`.
const MANY: usize = 20;

/// The comment. Its first line lets a program find it again.
pub(super) fn text(report: &Report) -> String {
    let mut out = String::from("<!-- customs:verify -->\n");
    let sum = report.sum();
    let all = [sum.tree, sum.lockfile, sum.origin, sum.policy];
    let answers: usize = all
        .iter()
        .map(|one| one.yes + one.no + one.not_checked)
        .sum();
    let no: usize = all.iter().map(|one| one.no).sum();
    let unseen: usize = all.iter().map(|one| one.not_checked).sum();
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(
        out,
        "**customs verify**: of {answers} answers {no} are no, {unseen} not checked.\n"
    );
    let mut first = true;
    for subject in &report.subjects {
        let Some(change) = &subject.change else {
            continue;
        };
        // The settings changed once, not once for each lockfile.
        let settings = match first {
            true => report.settings.as_slice(),
            false => &[],
        };
        let part = lockfile::markdown(change, settings);
        first &= part.is_empty();
        out.push_str(&part);
    }
    let all: Vec<Wrong> = report.subjects.iter().flat_map(wrong::of).collect();
    let own = all
        .into_iter()
        .filter(|wrong| wrong.outcome == Outcome::Fails)
        // What the change says of itself stands above.
        .filter(|wrong| wrong.doc.is_some() || report.base.is_none());
    lines(
        &mut out,
        own.map(|wrong| format!("**{}**: {}", wrong.rule, escaped(&wrong.message))),
    );
    let must = report
        .trust
        .iter()
        .filter(|change| change.look == Look::Must);
    lines(
        &mut out,
        must.map(|change| format!("**customs.lock**: {}", escaped(&change.sentence))),
    );
    out
}

fn lines(out: &mut String, all: impl Iterator<Item = String>) {
    let mut count = 0_usize;
    for line in all {
        count += 1;
        if count <= MANY {
            let _ = writeln!(out, "- {line}");
        }
    }
    if count > MANY {
        let _ = writeln!(out, "- and {} more", count - MANY);
    }
    if count > 0 {
        out.push('\n');
    }
}

/// Our own sentence with text of strangers in it: nothing in it is Markdown, HTML or a mention.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in printable(text, 600).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("@&#8203;"),
            ':' => out.push_str("&#58;"),
            c if r"\`*_[]()#|!~".contains(c) => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}
