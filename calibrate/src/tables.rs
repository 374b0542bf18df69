//! What was measured, as the tables of `docs/detection.md`.

use crate::all::{Measured, RELEASES};
use crate::bars::{Bar, RECALL};
use crate::budgets::{Archives, Set, Spent};
use crate::document::Part;
use crate::list::Step;
use crate::population::{Population, Row};
use crate::releases::OfStep;
use crate::stats::{Count, thousands};
use crate::transform::Language;
use crate::transformed::Row as TransformedRow;
use customs_inspect::ENGINE_VERSION;
use customs_model::{Standing, Timestamp};
use customs_rules::{RULE_SET_VERSION, THRESHOLD};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The parts, in the order in which they are printed.
pub const PARTS: [&str; 8] = [
    "population",
    "named",
    "releases",
    "rules",
    "shapes",
    "transforms",
    "score",
    "bars",
];

/// Every part.
pub fn parts(measured: &Measured, bars: &[Bar]) -> Vec<Part> {
    let texts = [
        population(measured),
        named(measured),
        releases(measured),
        rules(measured),
        shapes(measured),
        transforms(measured),
        score(measured),
        held(bars),
    ];
    let parts = PARTS.into_iter().zip(texts);
    parts.map(|(name, text)| Part { name, text }).collect()
}

fn population(measured: &Measured) -> String {
    let row = |set: &str, list: &Population| {
        let count = |standing| list.count(standing);
        vec![
            format!("{set} `{}`", list.list),
            thousands(list.rows.len()),
            count(Standing::Malicious).shown_at_most(),
            count(Standing::Suspicious).shown_at_most(),
            count(Standing::NotJudged).shown_at_most(),
        ]
    };
    let sum = |set: &str, lists: &[Population]| {
        let count = |standing| Measured::count(lists, standing);
        vec![
            format!("**{set}**"),
            thousands(count(Standing::Clean).of),
            count(Standing::Malicious).shown_at_most(),
            count(Standing::Suspicious).shown_at_most(),
            count(Standing::NotJudged).shown_at_most(),
        ]
    };
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (set, lists) in [("T", &measured.popular), ("H", &measured.hard)] {
        rows.extend(lists.iter().map(|list| row(set, list)));
        rows.push(sum(set, lists));
    }
    table(
        &["List", "Artifacts", "Malicious", "Suspicious", "Not judged"],
        &rows,
    )
}

/// What is not clean, one by one: the rules that speak, or what could not be read. What the
/// rules say is left out, since it names hosts.
fn named(measured: &Measured) -> String {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for list in measured.popular.iter().chain(&measured.hard) {
        let unclean = list.rows.iter().filter(|r| r.standing != Standing::Clean);
        rows.extend(unclean.map(|row| {
            vec![
                format!("`{}`", list.list),
                code(&row.name),
                stands(row.standing).to_owned(),
                because(row),
            ]
        }));
    }
    for outcome in &measured.releases.outcomes {
        if outcome.standing != Standing::Clean {
            let rules = outcome.said.iter().map(|said| said.rule.as_str());
            rows.push(vec![
                format!("`{RELEASES}`"),
                code(&outcome.name),
                stands(outcome.standing).to_owned(),
                why(rules.collect(), outcome.unread.as_deref()),
            ]);
        }
    }
    if rows.is_empty() {
        return "Nothing is suspicious, and everything is judged.".to_owned();
    }
    table(&["List", "Artifact", "It is", "Because of"], &rows)
}

fn because(row: &Row) -> String {
    let rules = row.said.iter().map(|said| said.rule.as_str());
    why(rules.collect(), row.unread.as_deref())
}

fn why(rules: BTreeSet<&str>, unread: Option<&str>) -> String {
    let mut parts: Vec<String> = rules.iter().map(|rule| link(rule)).collect();
    parts.extend(unread.map(code));
    parts.join(", ")
}

const fn stands(standing: Standing) -> &'static str {
    match standing {
        Standing::Clean => "clean",
        Standing::Suspicious => "suspicious",
        Standing::Malicious => "**malicious**",
        Standing::NotJudged => "not judged",
    }
}

fn releases(measured: &Measured) -> String {
    let row = |step: Step| {
        let OfStep {
            refused,
            suspicious,
            unasked,
        } = measured.releases.of(step);
        vec![
            step.name().to_owned(),
            thousands(refused.of),
            refused.shown_at_most(),
            suspicious.shown_at_most(),
            thousands(unasked.n),
        ]
    };
    let rows = [Step::Patch, Step::Minor, Step::Major].map(row);
    let mut text = table(
        &[
            "Step",
            "Pairs",
            "Refused",
            "Suspicious",
            "Something new happens unasked",
        ],
        &rows,
    );
    let refused: Count = [Step::Patch, Step::Minor]
        .map(|step| measured.releases.of(step).refused)
        .into_iter()
        .sum();
    // Writing into a text cannot fail.
    let _ = write!(
        text,
        "\nOf {} patches and minors {} are refused.\n",
        thousands(refused.of),
        refused.shown_at_most()
    );
    text
}

fn rules(measured: &Measured) -> String {
    let spending = measured.spending();
    let nothing = Spent::default();
    let rows: Vec<Vec<String>> = spending
        .rows()
        .into_iter()
        .map(|(rule, budget, spent)| {
            let spent = spent.unwrap_or(&nothing);
            let in_set = |archives: &Archives, set| thousands(archives.of(set));
            vec![
                link(rule),
                thousands(spent.malicious.together()),
                in_set(&spent.suspicious, Set::Popular),
                in_set(&spent.suspicious, Set::Hard),
                in_set(&spent.suspicious, Set::Releases),
                thousands(spent.suspicious.together()),
                thousands(budget),
                if spent.is_over(budget) {
                    "**over**".to_owned()
                } else {
                    "holds".to_owned()
                },
            ]
        })
        .collect();
    table(
        &[
            "Rule",
            "Malicious (0 may be)",
            "Suspicious: in T",
            "in H",
            "in R",
            "together",
            "may be",
            "",
        ],
        &rows,
    )
}

fn shapes(measured: &Measured) -> String {
    let shapes = &measured.shapes;
    let (found, explained, alarms) = (shapes.found(), shapes.explained(), shapes.alarms());
    let otherwise = found.n.saturating_sub(explained.n);
    let row = |what: &str, n: usize| vec![what.to_owned(), thousands(n)];
    let rows = [
        row("found, and explained as it should be", explained.n),
        row(
            "found, with another rule, source or host in the explanation",
            otherwise,
        ),
        row("not found", found.others().n),
        row("honest twins called malicious", alarms.n),
    ];
    let mut text = format!(
        "{} inert cases, {} of them malicious and {} honest twins; found are {}.\n\n{}",
        thousands(found.of + alarms.of),
        thousands(found.of),
        thousands(alarms.of),
        found.shown_at_least(),
        table(&["", "Cases"], &rows)
    );
    let missed: Vec<String> = shapes
        .missed()
        .map(|(id, what)| format!("- `{id}`: {}", plain(what)))
        .collect();
    if !missed.is_empty() {
        let _ = write!(text, "\nNot found:\n\n{}\n", missed.join("\n"));
    }
    text
}

fn transforms(measured: &Measured) -> String {
    let rows = &measured.transformed.rows;
    let recall = |what: String, row: TransformedRow| {
        let Count { n, of } = row.recall();
        vec![what, thousands(of), thousands(n), percent(row.recall())]
    };
    let mut depths: Vec<Vec<String>> = rows
        .by_depth
        .iter()
        .enumerate()
        .map(|(depth, row)| recall((depth + 1).to_string(), *row))
        .collect();
    depths.push(recall("all".to_owned(), rows.all));
    let mut text = table(&["Depth", "Applied", "Found", "Recall"], &depths);
    text.push('\n');

    let cell = |row: Option<TransformedRow>| {
        row.map(TransformedRow::recall)
            .filter(|recall| recall.of > 0)
            .map(|Count { n, of }| format!("{} of {}", thousands(n), thousands(of)))
            .unwrap_or_default()
    };
    let by_language: Vec<Vec<String>> = rows
        .alone_by_language()
        .map(|(title, of)| {
            let cells = of.into_iter().map(cell);
            std::iter::once(title).chain(cells).collect()
        })
        .collect();
    let head: Vec<&str> = std::iter::once("Transform (alone)")
        .chain(Language::ALL.iter().map(|language| language.name()))
        .collect();
    text.push_str(&table(&head, &by_language));

    let low: Vec<Vec<String>> = rows
        .by_file
        .iter()
        .filter(|(_, row)| row.recall().of > 0 && row.recall().share() < RECALL)
        .map(|(file, row)| recall(format!("`{file}`"), *row))
        .collect();
    if !low.is_empty() {
        let head = ["Shape, at any depth", "Applied", "Found", "Recall"];
        let _ = write!(
            text,
            "\n{} of {} shapes are found less often than {} %:\n\n{}",
            low.len(),
            rows.by_file.len(),
            100.0 * RECALL,
            table(&head, &low)
        );
    }
    let alarms = rows.all.alarms();
    let _ = write!(
        text,
        "\nOf {} transformed honest twins {} are called malicious.\n",
        thousands(alarms.of),
        thousands(alarms.n)
    );
    text
}

fn score(measured: &Measured) -> String {
    let mut text = String::new();
    let mut rows: Vec<Vec<String>> = Vec::new();
    for reached in measured.scored.reached() {
        let bold = if reached.sum == THRESHOLD { "**" } else { "" };
        rows.push(vec![
            format!("{bold}{}{bold}", reached.sum),
            reached.honest.shown_at_most(),
            reached.attacks.shown(),
            thousands(reached.twins.n),
        ]);
        if reached.sum == THRESHOLD {
            let _ = write!(
                text,
                "Of {} honest packages, {} shapes and {} twins; of the {} honest ones that reach \
                 {THRESHOLD} no other rule speaks about {}.\n\n",
                thousands(reached.honest.of),
                thousands(reached.attacks.of),
                thousands(reached.twins.of),
                thousands(reached.honest.n),
                thousands(measured.scored.alone().n)
            );
        }
    }
    let head = [
        "Sum",
        "Honest packages",
        "Shapes of attacks",
        "Honest twins",
    ];
    text.push_str(&table(&head, &rows));
    text
}

/// The bars, and what they were measured with.
fn held(bars: &[Bar]) -> String {
    let date: String = Timestamp::now().to_string().chars().take(10).collect();
    let rows: Vec<Vec<String>> = bars
        .iter()
        .map(|bar| {
            vec![
                bar.what.clone(),
                bar.measured.clone(),
                bar.bar.clone(),
                bar.mark().to_owned(),
            ]
        })
        .collect();
    format!(
        "{date}, engine {ENGINE_VERSION}, rules {RULE_SET_VERSION}: `cargo xtask calibrate all`\n\n{}",
        table(&["What", "Measured", "Bar", ""], &rows)
    )
}

fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut text = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
    for row in rows {
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}

fn percent(count: Count) -> String {
    format!("{:.1} %", 100.0 * count.share())
}

/// A rule, with the way to its page.
fn link(rule: &str) -> String {
    format!("[{rule}](rules/{rule}.md)")
}

/// A text as code, in a cell of a table.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'").replace('|', "\\|"))
}

/// A text as text.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '|' | '<' | '*' | '_' | '`' | '[' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_cell_for_every_head() {
        let rows = [vec!["a".to_owned(), "1".to_owned()]];
        assert_eq!(
            table(&["What", ""], &rows),
            "| What |  |\n|---|---|\n| a | 1 |\n"
        );
    }

    #[test]
    fn what_a_stranger_wrote_stays_in_its_cell() {
        assert_eq!(code("a|b`c"), "`a\\|b'c`");
        assert_eq!(plain("a_b <c>"), "a\\_b \\<c>");
    }

    #[test]
    fn each_rule_that_speaks_is_named_once() {
        let rules = BTreeSet::from(["score", "hidden-code"]);
        assert_eq!(
            why(rules, Some("package/a.js: Flow")),
            "[hidden-code](rules/hidden-code.md), [score](rules/score.md), `package/a.js: Flow`"
        );
    }
}
