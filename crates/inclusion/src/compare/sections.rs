//! The comparison in words that a reviewer can use, for every way of showing it: lists with a
//! title, what the list means, and what to do.

use super::{Builder, FileChange, Newly, OtherAnswer, OtherFile};
use crate::question::{Question, answer_words, verdict_words};
use customs_model::{Answer, Digest, Known, ReleaseId, Standing, Version};

/// One list.
pub(super) struct Section {
    pub(super) title: &'static str,
    /// What it means and what to do; empty where the title says it.
    pub(super) advice: &'static str,
    pub(super) head: &'static [&'static str],
    pub(super) rows: Vec<Vec<Cell>>,
}

/// One cell, as it is; whoever shows it makes it safe.
pub(super) enum Cell {
    /// A word of ours.
    Ours(&'static str),
    /// A text that holds something of a stranger's.
    Theirs(String),
}

impl Cell {
    fn theirs(text: String) -> Self {
        if text.is_empty() {
            Self::Ours("-")
        } else {
            Self::Theirs(text)
        }
    }

    pub(super) fn text(&self) -> &str {
        match self {
            Self::Ours(text) => text,
            Self::Theirs(text) => text,
        }
    }
}

const ANSWER_HEAD: &[&str] = &["release", "question", "before", "now", "because"];

/// All lists, the loudest first. Some may be empty.
pub(super) fn all(newly: &Newly) -> Vec<Section> {
    vec![
        artifacts(newly),
        files(newly),
        loose(newly),
        trees(newly),
        lost(newly),
        builders(newly),
        verdicts(newly),
        included(newly),
        moved(newly),
        places(newly),
        exemptions(newly),
        gone(newly),
        unchecked(newly),
        other(newly),
        not_compared(newly),
    ]
}

fn artifacts(newly: &Newly) -> Section {
    let rows = newly.artifacts.iter().map(|other| {
        let before = match (other.before.is_empty(), other.has_common) {
            (true, true) => Cell::Ours("all of them are still there; this is one more"),
            (true, false) => Cell::Ours("none of this kind"),
            (false, _) => digests(&other.before),
        };
        vec![name(&other.release), before, digests(&other.now)]
    });
    Section {
        title: "ANOTHER ARTIFACT UNDER THE SAME VERSION",
        advice: "A published version does not change. Either the lockfile was edited or the \
            artifact was replaced where it comes from: do not install before you know which.",
        head: &["release", "before", "now"],
        rows: rows.collect(),
    }
}

fn files(newly: &Newly) -> Section {
    let rows = newly.files.iter().flat_map(|other| {
        let files = other.files.iter();
        files.map(|file| file_row(&other.release, file))
    });
    Section {
        title: "OTHER FILES UNDER THE SAME VERSION",
        advice: "The version did not change, so its files should not. Install these packages \
            anew from their artifacts and compare again: customs verify says which differ still. \
            Builds on another system explain native files.",
        head: &[
            "release",
            "what",
            "tree check",
            "file",
            "sha256 before",
            "now",
        ],
        rows: rows.collect(),
    }
}

fn loose(newly: &Newly) -> Section {
    Section {
        title: "Other files among the packages that belong to none",
        advice: "Caches and build outputs change. What nothing explains was put there.",
        head: &["what", "tree check", "file", "sha256 before", "now"],
        rows: newly.loose.iter().map(bare_row).collect(),
    }
}

fn file_row(release: &ReleaseId, file: &OtherFile) -> Vec<Cell> {
    let mut row = vec![name(release)];
    row.extend(bare_row(file));
    row
}

fn bare_row(file: &OtherFile) -> Vec<Cell> {
    let what = match file.change {
        FileChange::New => "new",
        FileChange::Changed => "changed",
        FileChange::Gone => "gone",
    };
    vec![
        Cell::Ours(what),
        Cell::theirs(file.standing.clone()),
        Cell::theirs(file.path.clone()),
        hexes(&file.before),
        hexes(&file.now),
    ]
}

fn trees(newly: &Newly) -> Section {
    let lost = newly.lost.iter();
    let rows = lost.filter(|other| other.question == Question::Tree);
    Section {
        title: "NO LONGER WHAT THE ARTIFACT HOLDS",
        advice: "customs verify names the files. Install these packages anew, and ask who wrote \
            into them.",
        head: ANSWER_HEAD,
        rows: rows.map(answer_row).collect(),
    }
}

fn lost(newly: &Newly) -> Section {
    let lost = newly.lost.iter();
    let rows = lost.filter(|other| other.question != Question::Tree);
    Section {
        title: "EVIDENCE OF ORIGIN THAT IS LOST",
        advice: "Ask why it is missing: whoever publishes without the project's own workflow \
            cannot make it.",
        head: ANSWER_HEAD,
        rows: rows.map(answer_row).collect(),
    }
}

fn unchecked(newly: &Newly) -> Section {
    Section {
        title: "Not checked this time",
        advice: "",
        head: ANSWER_HEAD,
        rows: newly.unchecked.iter().map(answer_row).collect(),
    }
}

fn other(newly: &Newly) -> Section {
    Section {
        title: "Other answers than before",
        advice: "",
        head: ANSWER_HEAD,
        rows: newly.other.iter().map(answer_row).collect(),
    }
}

fn answer_row(other: &OtherAnswer) -> Vec<Cell> {
    let because = match &other.now {
        Answer::Yes | Answer::No => String::new(),
        Answer::NotChecked(because) => because.clone(),
    };
    vec![
        name(&other.release),
        Cell::Ours(other.question.key()),
        Cell::Ours(answer_words(&other.before)),
        Cell::Ours(answer_words(&other.now)),
        Cell::theirs(because),
    ]
}

fn builders(newly: &Newly) -> Section {
    let rows = newly.builders.iter().map(|other| {
        let what = match other.what {
            Builder::Identity => "identity",
            Builder::Repository => "repository",
        };
        vec![
            name(&other.release),
            Cell::Ours(what),
            Cell::theirs(other.before.clone()),
            Cell::theirs(other.now.clone()),
        ]
    });
    Section {
        title: "BUILT BY SOMEBODY ELSE",
        advice: "Projects move, and so do attackers: look for the project's own word about it.",
        head: &["release", "what", "before", "now"],
        rows: rows.collect(),
    }
}

fn verdicts(newly: &Newly) -> Section {
    let rows = newly.verdicts.iter().map(|other| {
        let (before, now) = (verdict(&other.before), verdict(&other.now));
        vec![name(&other.release), before, now]
    });
    Section {
        title: "Judged otherwise than before",
        advice: "",
        head: &["release", "before", "now"],
        rows: rows.collect(),
    }
}

fn included(newly: &Newly) -> Section {
    // The verdict says more than its answer.
    const ASKED: [Question; 3] = [Question::Tree, Question::Signature, Question::Attestation];
    let rows = newly.included.iter().map(|new| {
        let answers = ASKED
            .iter()
            .filter_map(|question| new.answers.get(question));
        let mut row = vec![name(&new.release)];
        row.extend(answers.map(|answer| Cell::Ours(answer_words(answer))));
        row.push(verdict(&new.verdict));
        row.push(Cell::theirs(names(&new.because_of)));
        row.push(Cell::theirs(new.places.join(", ")));
        row
    });
    Section {
        title: "Newly included",
        advice: "",
        head: &[
            "release",
            "tree",
            "signature",
            "attestation",
            "verdict",
            "because of",
            "places",
        ],
        rows: rows.collect(),
    }
}

fn moved(newly: &Newly) -> Section {
    let rows = newly.moved.iter().map(|moved| {
        let package = format!("{} {}", moved.package.ecosystem(), moved.package);
        vec![
            Cell::theirs(package),
            versions(&moved.from),
            versions(&moved.to),
            verdict(&moved.verdict),
        ]
    });
    Section {
        title: "Another version",
        advice: "customs diff shows what changed in the code.",
        head: &["package", "from", "to", "verdict"],
        rows: rows.collect(),
    }
}

fn places(newly: &Newly) -> Section {
    let rows = newly.places.iter();
    Section {
        title: "Installed at new places",
        advice: "",
        head: &["release", "places"],
        rows: rows
            .map(|new| vec![name(&new.release), Cell::theirs(new.places.join(", "))])
            .collect(),
    }
}

fn exemptions(newly: &Newly) -> Section {
    let rows = newly.exemptions.iter();
    Section {
        title: "Exempted since",
        advice: "",
        head: &["release", "exemption"],
        rows: rows
            .map(|new| vec![name(&new.release), Cell::theirs(new.exemption.clone())])
            .collect(),
    }
}

fn gone(newly: &Newly) -> Section {
    Section {
        title: "No longer included",
        advice: "",
        head: &["release"],
        rows: newly
            .gone
            .iter()
            .map(|release| vec![name(release)])
            .collect(),
    }
}

fn not_compared(newly: &Newly) -> Section {
    let rows = newly.not_compared.iter();
    Section {
        title: "Not compared",
        advice: "",
        head: &["what"],
        rows: rows.map(|what| vec![Cell::theirs(what.clone())]).collect(),
    }
}

fn name(release: &ReleaseId) -> Cell {
    let ecosystem = release.package.ecosystem();
    Cell::theirs(format!("{ecosystem} {}", release.spoken()))
}

/// So many as a line can hold; the JSON has all.
fn names(releases: &[ReleaseId]) -> String {
    const FEW: usize = 3;
    let mut all: Vec<String> = releases.iter().take(FEW).map(ReleaseId::spoken).collect();
    if releases.len() > FEW {
        all.push(format!("and {} more", releases.len() - FEW));
    }
    all.join(", ")
}

fn verdict(verdict: &Known<Standing>) -> Cell {
    let words = verdict_words(verdict);
    match verdict {
        Known::NotKnown(because) => Cell::theirs(format!("{words}: {because}")),
        Known::Is(_) | Known::NotApplicable => Cell::Ours(words),
    }
}

fn versions(versions: &[Version]) -> Cell {
    let all: Vec<&str> = versions.iter().map(Version::as_str).collect();
    Cell::theirs(all.join(", "))
}

fn digests(digests: &[Digest]) -> Cell {
    let all: Vec<String> = digests.iter().map(ToString::to_string).collect();
    Cell::theirs(all.join(", "))
}

fn hexes(digests: &[Digest]) -> Cell {
    let all: Vec<String> = digests.iter().map(Digest::to_hex).collect();
    Cell::theirs(all.join(", "))
}
