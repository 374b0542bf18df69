//! What was found, as workflow commands that GitHub shows beside the changed lines. It shows so many of
//! each kind for a step; the worst come first, and the last one says how many are not shown.

use super::report::Report;
use super::wrong::{self, Wrong};
use super::{Manner, counted};
use customs_model::printable;
use customs_origin::lockfile::Outcome;

/// Annotations of each kind that are shown for one step (GitHub, as measured in 2026).
const SHOWN: usize = 10;
/// Characters of a message, of a title and of a path.
const MESSAGE: usize = 2_000;
const TITLE: usize = 200;
const PATH: usize = 1_000;

/// The commands, a line each. What was not checked is a notice; with `--strict`, where it fails, an
/// error.
pub(super) fn text(report: &Report, manner: Manner) -> String {
    let all = wrong::all(report);
    let of = |outcome: Outcome| {
        let of_it = all.iter().filter(move |wrong| wrong.outcome == outcome);
        of_it.map(Annotation::of).collect::<Vec<_>>()
    };
    let mut errors = of(Outcome::Fails);
    let mut notices = Vec::new();
    let unanswered = counted::unanswered(report);
    let open = match manner.strict {
        true => &mut errors,
        false => &mut notices,
    };
    open.extend(unanswered.iter().map(|text| Annotation::open(text)));
    let mut out = shown("error", &errors);
    out += &shown("warning", &of(Outcome::Warns));
    out += &shown("notice", &notices);
    out
}

fn shown(word: &str, all: &[Annotation<'_>]) -> String {
    let rest = match all.len() > SHOWN {
        // The last place is taken by the one that counts.
        true => all.len() - (SHOWN - 1),
        false => 0,
    };
    let one_by_one = all.iter().take(all.len() - rest);
    let mut out: String = one_by_one.map(|one| one.command(word)).collect();
    if rest > 0 {
        let text = format!("{rest} more of this kind are not shown here; the report has them");
        let mut last = Annotation::open(&text);
        last.title = "customs".to_owned();
        out += &last.command(word);
    }
    out
}

struct Annotation<'a> {
    place: Option<(&'a str, u32)>,
    title: String,
    text: String,
}

impl<'a> Annotation<'a> {
    fn of(wrong: &'a Wrong) -> Self {
        let lines = wrong.lines();
        let lines = lines.iter().map(|line| printable(line, MESSAGE));
        Self {
            place: Some((&wrong.file, wrong.line.max(1))),
            title: format!("customs: {}", wrong.rule),
            text: lines.collect::<Vec<_>>().join("\n"),
        }
    }

    fn open(text: &str) -> Self {
        Self {
            place: None,
            title: "customs: not checked".to_owned(),
            text: printable(text, MESSAGE),
        }
    }

    fn command(&self, word: &str) -> String {
        let mut properties = Vec::new();
        if let Some((file, line)) = self.place {
            properties.push(format!("file={}", property(&printable(file, PATH))));
            properties.push(format!("line={line}"));
        }
        let title = printable(&self.title, TITLE);
        properties.push(format!("title={}", property(&title)));
        let command = format!("::{word} {}::{}", properties.join(","), data(&self.text));
        // The runner obeys an older form of commands wherever it stands in a line.
        command.replace("##[", "## [") + "\n"
    }
}

/// As the runner takes it back apart: the sign of the escape itself first.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
