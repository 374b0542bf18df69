//! Where an archive is not what an honest packer makes, for people.

use super::Inspected;
use super::grouped::number;
use customs_model::{Oddity, Severity, printable};
use std::fmt::Write as _;

/// Lines that are shown.
const MOST: usize = 4;

/// Where the archive is odd, as far as no finding that is shown says so, the worst first.
pub(super) fn lines(out: &mut String, one: &Inspected) {
    let files = one.files.iter().flat_map(|file| &file.verdict.findings);
    let findings = one.verdict.findings.iter().chain(files);
    let told: Vec<&str> = findings
        .filter(|finding| finding.severity > Severity::Note)
        .map(|finding| finding.message.as_str())
        .collect();
    let says = |oddity: &Oddity| {
        format!(
            "{}: {}",
            printable(&oddity.path, 160),
            printable(&oddity.words, 160)
        )
    };
    let mut odd: Vec<(bool, String)> = one
        .inspection
        .oddities
        .iter()
        .map(|oddity| (oddity.never_honest, says(oddity)))
        .filter(|(_, line)| !told.contains(&line.as_str()))
        .collect();
    if odd.is_empty() {
        return;
    }
    odd.sort_by_key(|(never_honest, _)| !never_honest);
    let _ = writeln!(out, "\n  where its archive is odd:");
    for (_, line) in odd.iter().take(MOST) {
        let _ = writeln!(out, "    {line}");
    }
    if odd.len() > MOST {
        let more = number(odd.len() - MOST);
        let _ = writeln!(out, "    and {more} more (--format json shows them)");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_inspect::Tree;
    use customs_model::{Inspection, Standing, Verdict};
    use std::sync::Arc;

    #[test]
    fn the_worst_of_what_is_odd_is_shown_first_and_the_others_are_counted() {
        let oddity = |number: usize| Oddity {
            trick: format!("trick-{number}"),
            words: "is odd\u{1b}".to_owned(),
            path: format!("package/{number}"),
            never_honest: number == 1693,
        };
        let one = Inspected {
            inspection: Arc::new(Inspection {
                oddities: (0..1694).map(oddity).collect(),
                ..Inspection::default()
            }),
            verdict: Verdict {
                standing: Standing::Clean,
                findings: Vec::new(),
                not_checked: Vec::new(),
            },
            tree: Tree::default(),
            ..Inspected::failed("a.tgz".to_owned(), None, String::new())
        };
        let mut out = String::new();
        lines(&mut out, &one);
        insta::assert_snapshot!(out, @r"
          where its archive is odd:
            package/1693: is odd\u{1b}
            package/0: is odd\u{1b}
            package/1: is odd\u{1b}
            package/2: is odd\u{1b}
            and 1,690 more (--format json shows them)
        ");
    }
}
