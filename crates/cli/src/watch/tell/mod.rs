//! Where news are told: the terminal, a file of lines, SARIF, drafts of advisories. The
//! webhook is told beside them, since it may be slow.

mod osv;
mod webhook;

pub(super) use webhook::Webhook;

use super::news::News;
use crate::error::{Doing as _, Failure};
use crate::inspect::sarif::{self, Subject};
use crate::{output, paths};
use customs_rules::RuleSet;
use std::collections::VecDeque;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Releases that stand in the SARIF file: the latest ones.
const KEPT: usize = 500;

/// Everything that is told at once.
pub(super) struct Tellers {
    json: bool,
    log: Option<(PathBuf, File)>,
    sarif: Option<Sarif>,
    osv: Option<PathBuf>,
}

/// A file that is written again with each release that has something in it.
struct Sarif {
    path: PathBuf,
    kept: VecDeque<News>,
}

impl Tellers {
    /// Opens what was asked for, so that a file that cannot be written is told at the
    /// beginning and not with the first malware.
    ///
    /// # Errors
    /// A file or folder cannot be made or written.
    pub(super) fn open(
        json: bool,
        log: Option<&Path>,
        sarif: Option<&Path>,
        osv: Option<&Path>,
    ) -> Result<Self, Failure> {
        let log = log.map(open_log).transpose()?;
        let sarif = sarif.map(Sarif::begin).transpose()?;
        if let Some(folder) = osv {
            std::fs::create_dir_all(folder)
                .doing(format_args!("make the folder {}", folder.display()))?;
        }
        Ok(Self {
            json,
            log,
            sarif,
            osv: osv.map(Path::to_owned),
        })
    }

    /// Tells all of them. One that fails does not silence the others.
    ///
    /// # Errors
    /// Those that failed.
    pub(super) fn tell(&mut self, news: &News) -> Result<(), Vec<Failure>> {
        let mut failures = Vec::new();
        let mut note = |told: Result<(), Failure>| failures.extend(told.err());
        match line(news) {
            Ok(line) => {
                if self.json {
                    note(output::result(&line));
                }
                if let Some((path, file)) = &mut self.log {
                    let doing = format!("write {}", path.display());
                    let written = file.write_all(line.as_bytes());
                    note(written.and_then(|()| file.flush()).doing(doing));
                }
            }
            Err(failure) => note(Err(failure)),
        }
        if !self.json {
            note(output::result(&news.text()));
        }
        if let Some(sarif) = &mut self.sarif {
            note(sarif.add(news));
        }
        if let Some(folder) = &self.osv {
            note(osv::write(folder, news).map(|_| ()));
        }
        if failures.is_empty() {
            Ok(())
        } else {
            Err(failures)
        }
    }
}

/// News as one line of JSON.
///
/// # Errors
/// It cannot be written as JSON.
pub(super) fn line(news: &News) -> Result<String, Failure> {
    let mut line = serde_json::to_string(news).doing("write what is new")?;
    line.push('\n');
    Ok(line)
}

fn open_log(path: &Path) -> Result<(PathBuf, File), Failure> {
    let file = File::options()
        .create(true)
        .append(true)
        .open(path)
        .doing(format_args!("open {}", path.display()))?;
    Ok((path.to_owned(), file))
}

impl Sarif {
    fn begin(path: &Path) -> Result<Self, Failure> {
        let path = std::path::absolute(path).doing(format_args!("find {}", path.display()))?;
        let sarif = Self {
            path,
            kept: VecDeque::new(),
        };
        sarif.write()?;
        Ok(sarif)
    }

    fn add(&mut self, news: &News) -> Result<(), Failure> {
        let is_empty = news.verdict.findings.is_empty() && news.verdict.not_checked.is_empty();
        if is_empty {
            return Ok(());
        }
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(news.clone());
        self.write()
    }

    fn write(&self) -> Result<(), Failure> {
        let subjects: Vec<Subject<'_>> = self
            .kept
            .iter()
            .map(|news| Subject::release(&news.release, &news.verdict))
            .collect();
        let text = sarif::text(&subjects, &RuleSet::standard())?;
        paths::private_file(&self.path, text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::super::news::testing::bad_news;
    use super::*;
    use serde_json::Value;

    #[test]
    fn every_file_is_written_and_each_line_of_the_log_is_json() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let (log, sarif, osv) = (at("log.jsonl"), at("found.sarif"), at("drafts"));
        let mut tellers = Tellers::open(true, Some(&log), Some(&sarif), Some(&osv)).unwrap();
        let begun: Value = serde_json::from_slice(&std::fs::read(&sarif).unwrap()).unwrap();
        assert_eq!(begun["runs"][0]["results"], serde_json::json!([]));

        for _ in 0..2 {
            tellers.tell(&bad_news()).unwrap();
        }
        let text = std::fs::read_to_string(&log).unwrap();
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["verdict"]["standing"], "malicious");
        let found: Value = serde_json::from_slice(&std::fs::read(&sarif).unwrap()).unwrap();
        assert_eq!(found["runs"][0]["results"].as_array().unwrap().len(), 2);
        assert_eq!(std::fs::read_dir(&osv).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_cannot_be_written_is_told_at_the_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let nowhere = folder.path().join("no/such/folder/log");
        assert!(Tellers::open(false, Some(&nowhere), None, None).is_err());
        assert!(Tellers::open(false, None, Some(&nowhere), None).is_err());
    }
}
