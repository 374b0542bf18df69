//! What the engine and the rules answer to the shapes, as digests in a file beside the
//! version of the engine: what was read by an older version is read again, so a version must
//! be another one whenever an answer is.

use crate::shapes::{Case, load, tree, verdict};
use crate::{Error, workers};
use customs_inspect::{ENGINE_VERSION, inspect_tree};
use customs_model::{Digest, Inspection};
use customs_rules::RULE_SET_VERSION;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// The file, from the root of the project.
pub const KEPT: &str = "crates/inspect/src/answers.list";
/// Hexadecimal digits of a digest: they are to tell apart, and not to withstand anybody.
const DIGITS: usize = 16;
const HEAD: &str = "\
# What the engine reads in each file of shapes, and what the rules say of it: digests of the
# shapes, of the inspections and of the verdicts.
# Written by `cargo xtask calibrate answers --bless`.
";

/// The answers to one file of shapes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Answer {
    /// Of the cases themselves: one that is edited is answered otherwise.
    shapes: String,
    read: String,
    judged: String,
}

/// All answers of one pair of versions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answers {
    engine: u32,
    rules: u32,
    files: BTreeMap<String, Answer>,
}

/// What is to be done about answers that are not those that are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// Nothing.
    Nothing,
    /// The new answers belong into the file.
    Bless,
    /// The same shapes of these files are read otherwise, by the same version.
    RaiseEngine(Vec<String>),
    /// The same facts of these files are judged otherwise, by the same version.
    RaiseRules(Vec<String>),
}

impl Due {
    /// What to do, for who changed something.
    pub fn words(&self) -> String {
        const BLESS: &str = "bless with `cargo xtask calibrate answers --bless`";
        match self {
            Self::Nothing => "the answers are those that are kept".to_owned(),
            Self::Bless => format!("the shapes or versions are others: {BLESS}"),
            Self::RaiseEngine(files) => format!(
                "answers changed ({}): raise ENGINE_VERSION in crates/inspect/src/engine.rs and {BLESS}",
                files.join(", ")
            ),
            Self::RaiseRules(files) => format!(
                "verdicts changed ({}): raise RULE_SET_VERSION in crates/rules and {BLESS}",
                files.join(", ")
            ),
        }
    }
}

/// Asks the engine and the rules about every shape of a folder.
///
/// # Errors
/// The folder cannot be read, or an answer cannot be written down.
pub fn measure(folder: &Path) -> Result<Answers, Error> {
    let cases = load(folder)?;
    let mut files: BTreeMap<String, [String; 3]> = BTreeMap::new();
    for (case, answer) in cases.iter().zip(workers(&cases, one)) {
        let name = case.id.split('#').next().unwrap_or_default();
        let texts = files.entry(name.to_owned()).or_default();
        for (text, more) in texts.iter_mut().zip(answer?) {
            text.push_str(&more);
            text.push('\n');
        }
    }
    let digest = |text: &String| {
        let mut digest = Digest::sha256(text.as_bytes()).to_hex();
        digest.truncate(DIGITS);
        digest
    };
    let files = files.into_iter().map(|(name, [shapes, read, judged])| {
        let answer = Answer {
            shapes: digest(&shapes),
            read: digest(&read),
            judged: digest(&judged),
        };
        (name, answer)
    });
    Ok(Answers {
        engine: ENGINE_VERSION,
        rules: RULE_SET_VERSION,
        files: files.collect(),
    })
}

/// A case, what is read in it and what is said of that.
fn one(case: &Case) -> Result<[String; 3], Error> {
    // The number of the version is no answer.
    let inspection = Inspection {
        engine: 0,
        ..inspect_tree(&tree(case))
    };
    let verdict = verdict(case, &inspection);
    Ok([
        serde_json::to_string(&(&case.files, &case.before))?,
        serde_json::to_string(&inspection)?,
        serde_json::to_string(&verdict)?,
    ])
}

/// Compares the answers with those that are kept, or keeps them.
///
/// # Errors
/// A version must be raised first, the answers are not those that are kept, or a file
/// cannot be read or written.
pub fn report(folder: &Path, kept: &Path, bless: bool) -> Result<(), Error> {
    let now = measure(folder)?;
    let due = match std::fs::read_to_string(kept) {
        Ok(text) => now.due(&Answers::parse(&text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Due::Bless,
        Err(error) => return Err(Error::io(kept, error)),
    };
    match due {
        Due::Nothing => {}
        Due::Bless if bless => {
            std::fs::write(kept, now.text()).map_err(|error| Error::io(kept, error))?;
            println!("{} files of shapes are kept", now.files.len());
            return Ok(());
        }
        _ => return Err(Error::Answers(due.words())),
    }
    println!("{}", due.words());
    Ok(())
}

impl Answers {
    /// Reads what [`Self::text`] wrote. A line that is none of its own is left out: then the
    /// answers differ, and that is said.
    pub fn parse(text: &str) -> Self {
        let mut answers = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["engine", number] => answers.engine = number.parse().unwrap_or_default(),
                ["rules", number] => answers.rules = number.parse().unwrap_or_default(),
                [name, shapes, read, judged] => {
                    let answer = Answer {
                        shapes: (*shapes).to_owned(),
                        read: (*read).to_owned(),
                        judged: (*judged).to_owned(),
                    };
                    answers.files.insert((*name).to_owned(), answer);
                }
                _ => {}
            }
        }
        answers
    }

    /// The file.
    fn text(&self) -> String {
        let mut text = format!("{HEAD}engine {}\nrules {}\n", self.engine, self.rules);
        for (name, answer) in &self.files {
            // Writing into a text cannot fail.
            let _ = writeln!(
                text,
                "{name} {} {} {}",
                answer.shapes, answer.read, answer.judged
            );
        }
        text
    }

    /// What is to be done where `kept` are the answers in the file.
    pub fn due(&self, kept: &Self) -> Due {
        let differing = |differs: fn(&Answer, &Answer) -> bool| -> Vec<String> {
            let both = self
                .files
                .iter()
                .filter_map(|(name, now)| Some((name, now, kept.files.get(name)?)));
            both.filter(|(_, now, then)| now.shapes == then.shapes && differs(now, then))
                .map(|(name, ..)| name.clone())
                .collect()
        };
        let read = differing(|now, then| now.read != then.read);
        let judged = differing(|now, then| now.read == then.read && now.judged != then.judged);
        if !read.is_empty() && self.engine == kept.engine {
            Due::RaiseEngine(read)
        } else if !judged.is_empty() && self.rules == kept.rules {
            Due::RaiseRules(judged)
        } else if self == kept {
            Due::Nothing
        } else {
            Due::Bless
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_another_one_where_answers_are() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let kept = std::fs::read_to_string(root.join(KEPT)).unwrap();
        let due = measure(&root.join("crates/inspect/shapes"))
            .unwrap()
            .due(&Answers::parse(&kept));
        assert_eq!(due, Due::Nothing, "{}", due.words());
    }

    fn answers(engine: u32, rules: u32, [shapes, read, judged]: [&str; 3]) -> Answers {
        let answer = Answer {
            shapes: shapes.to_owned(),
            read: read.to_owned(),
            judged: judged.to_owned(),
        };
        Answers {
            engine,
            rules,
            files: BTreeMap::from([("p1-a.js".to_owned(), answer)]),
        }
    }

    #[test]
    fn the_same_shape_that_is_answered_otherwise_needs_another_version() {
        let kept = answers(8, 3, ["a", "b", "c"]);
        let due = |engine, rules, all| answers(engine, rules, all).due(&kept);
        let file = || vec!["p1-a.js".to_owned()];
        assert_eq!(due(8, 3, ["a", "b", "c"]), Due::Nothing);
        assert_eq!(due(8, 3, ["a", "x", "x"]), Due::RaiseEngine(file()));
        assert_eq!(due(8, 4, ["a", "x", "x"]), Due::RaiseEngine(file()));
        assert_eq!(due(9, 3, ["a", "x", "x"]), Due::Bless);
        assert_eq!(due(8, 3, ["a", "b", "x"]), Due::RaiseRules(file()));
        assert_eq!(due(9, 3, ["a", "b", "x"]), Due::RaiseRules(file()));
        assert_eq!(due(8, 4, ["a", "b", "x"]), Due::Bless);
        assert_eq!(due(8, 3, ["x", "x", "x"]), Due::Bless);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let answers = answers(8, 3, ["aa", "bb", "cc"]);
        assert_eq!(Answers::parse(&answers.text()), answers);
    }
}
