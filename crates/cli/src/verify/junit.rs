//! What was found, as JUnit XML: a suite for each project, with a case for each question and one for
//! each finding that fails. Viewers show a case's name and message, so both say what it is about.
//! There is no word for a warning in it: warnings are the suite's output.

use super::report::{Report, Subject};
use super::wrong::{self, Wrong};
use super::{Manner, counted};
use crate::error::{Doing as _, Failure};
use customs_model::{Answer, printable};
use customs_origin::lockfile::Outcome;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::io;

/// Findings of one suite that have a case.
const CASES: usize = 2_000;
/// Characters of a name and of a message.
const NAME: usize = 400;
const MESSAGE: usize = 1_000;

type Xml = Writer<Vec<u8>>;

/// The document, with a line break at its end.
///
/// # Errors
/// It cannot be written.
pub(super) fn text(report: &Report, manner: Manner) -> Result<String, Failure> {
    let mut suites: Vec<Suite> = report
        .subjects
        .iter()
        .map(|subject| Suite::of(subject, manner))
        .collect();
    suites.push(Suite::across(report, manner));
    let bytes = written(&suites).doing("write the JUnit report")?;
    let text = String::from_utf8(bytes).doing("write the JUnit report")?;
    Ok(text + "\n")
}

struct Suite {
    name: String,
    cases: Vec<Case>,
    warnings: Vec<String>,
}

struct Case {
    name: String,
    file: Option<String>,
    end: End,
}

enum End {
    Passed,
    Failed {
        rule: String,
        message: String,
        more: String,
    },
    /// It was not checked, and nobody said that it has to be.
    Skipped(String),
    /// It was not checked, and it had to be.
    Unchecked(String),
}

impl Suite {
    fn of(subject: &Subject, manner: Manner) -> Self {
        let answers = subject
            .answers()
            .into_iter()
            .map(|(what, a)| (what, a.clone()));
        let mut suite = Self {
            name: printable(subject.name(), NAME),
            cases: questions(answers, manner),
            warnings: Vec::new(),
        };
        suite.add(&wrong::of(subject));
        suite
    }

    /// What is asked of all projects together, and what nobody looked at.
    fn across(report: &Report, manner: Manner) -> Self {
        let mut suite = Self {
            name: "all projects together".to_owned(),
            cases: questions(report.across(), manner),
            warnings: Vec::new(),
        };
        suite.add(&wrong::together(report));
        let notes = counted::grouped(report.not_checked.iter());
        suite.cases.extend(notes.into_iter().map(|(note, _)| Case {
            name: format!("looked at: {}", printable(&note, NAME)),
            file: None,
            end: End::unchecked(&note, manner),
        }));
        suite
    }

    fn add(&mut self, all: &[Wrong]) {
        let (fail, others): (Vec<&Wrong>, Vec<&Wrong>) = all
            .iter()
            .partition(|wrong| wrong.outcome == Outcome::Fails);
        self.cases
            .extend(fail.iter().take(CASES).map(|wrong| Case::of(wrong)));
        if fail.len() > CASES {
            let rest = fail.len() - CASES;
            let name = format!("{rest} more findings, which the JSON has");
            self.cases.push(Case {
                end: End::failed("customs", &name, String::new()),
                name,
                file: None,
            });
        }
        let warnings = others.iter().filter(|one| one.outcome == Outcome::Warns);
        let warnings = warnings.take(CASES);
        self.warnings
            .extend(warnings.map(|one| format!("warning[{}] {}", one.rule, one.message)));
    }

    fn count(&self, which: fn(&End) -> bool) -> String {
        let of_it = self.cases.iter().filter(|case| which(&case.end));
        of_it.count().to_string()
    }
}

fn questions(
    answers: impl IntoIterator<Item = (&'static str, Answer)>,
    manner: Manner,
) -> Vec<Case> {
    let cases = answers.into_iter().map(|(question, answer)| Case {
        name: question.to_owned(),
        file: None,
        end: match answer {
            Answer::Yes => End::Passed,
            // What is wrong has cases of its own; the answer stands even where none is named.
            Answer::No => End::failed(question, "the answer is no", String::new()),
            Answer::NotChecked(because) => End::unchecked(&because, manner),
        },
    });
    cases.collect()
}

impl Case {
    fn of(wrong: &Wrong) -> Self {
        let mut more = wrong.evidence.clone();
        if let Some(doc) = super::rules().find(|doc| doc.id == wrong.rule) {
            more.push(format!("why: {}", doc.why));
            more.push(format!("do: {}", doc.to_do));
        }
        Self {
            name: printable(&format!("{}: {}", wrong.rule, wrong.message), NAME),
            file: Some(printable(&wrong.file, NAME)),
            end: End::failed(&wrong.rule, &wrong.message, more.join("\n")),
        }
    }
}

impl End {
    fn failed(rule: &str, message: &str, more: String) -> Self {
        Self::Failed {
            rule: rule.to_owned(),
            message: printable(message, MESSAGE),
            more,
        }
    }

    fn unchecked(because: &str, manner: Manner) -> Self {
        let because = printable(&format!("not checked: {because}"), MESSAGE);
        match manner.strict {
            true => Self::Unchecked(because),
            false => Self::Skipped(because),
        }
    }
}

fn written(suites: &[Suite]) -> io::Result<Vec<u8>> {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.create_element("testsuites")
        .with_attribute(("name", "customs"))
        .write_inner_content(|xml| suites.iter().try_for_each(|one| suite(xml, one)))?;
    Ok(xml.into_inner())
}

fn suite(xml: &mut Xml, suite: &Suite) -> io::Result<()> {
    let name = legal(&suite.name);
    let tests = suite.cases.len().to_string();
    let failures = suite.count(|end| matches!(end, End::Failed { .. }));
    let errors = suite.count(|end| matches!(end, End::Unchecked(_)));
    let skipped = suite.count(|end| matches!(end, End::Skipped(_)));
    xml.create_element("testsuite")
        .with_attribute(("name", name.as_str()))
        .with_attribute(("tests", tests.as_str()))
        .with_attribute(("failures", failures.as_str()))
        .with_attribute(("errors", errors.as_str()))
        .with_attribute(("skipped", skipped.as_str()))
        .write_inner_content(|xml| {
            for one in &suite.cases {
                case(xml, &name, one)?;
            }
            if !suite.warnings.is_empty() {
                let text = legal(&suite.warnings.join("\n"));
                xml.create_element("system-out")
                    .write_text_content(BytesText::new(&text))?;
            }
            Ok(())
        })?;
    Ok(())
}

fn case(xml: &mut Xml, suite: &str, case: &Case) -> io::Result<()> {
    let name = legal(&case.name);
    let file = case.file.as_deref().map(legal);
    let mut element = xml
        .create_element("testcase")
        .with_attribute(("classname", suite))
        .with_attribute(("name", name.as_str()));
    if let Some(file) = &file {
        element = element.with_attribute(("file", file.as_str()));
    }
    match &case.end {
        End::Passed => element.write_empty()?,
        End::Failed {
            rule,
            message,
            more,
        } => element.write_inner_content(|xml| {
            let (rule, message) = (legal(rule), legal(message));
            let failure = xml
                .create_element("failure")
                .with_attribute(("type", rule.as_str()))
                .with_attribute(("message", message.as_str()));
            failure.write_text_content(BytesText::new(&legal(more)))?;
            Ok(())
        })?,
        End::Skipped(why) => element.write_inner_content(|xml| open(xml, "skipped", why))?,
        End::Unchecked(why) => element.write_inner_content(|xml| open(xml, "error", why))?,
    };
    Ok(())
}

fn open(xml: &mut Xml, word: &str, why: &str) -> io::Result<()> {
    let why = legal(why);
    let element = xml.create_element(word);
    element
        .with_attribute(("message", why.as_str()))
        .write_empty()?;
    Ok(())
}

/// What may stand in XML 1.0: its section 2.2 leaves out most controls, and two characters that no
/// escape helps with. Line breaks are ours.
fn legal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push(c),
            '\u{FFFE}' | '\u{FFFF}' => out.extend(c.escape_unicode()),
            c if c.is_control() => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}
