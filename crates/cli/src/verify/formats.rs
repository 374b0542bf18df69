//! The formats of a report: one is the answer on stdout, others are written into files in the same run.

#[cfg(test)]
mod tests;

use super::report::Report;
use super::{annotations, gitlab, json, junit, markdown, sarif, text};
use crate::error::Failure;
use crate::included::write;
use clap::ValueEnum as _;
use std::path::PathBuf;

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Shape {
    /// For people.
    Text,
    /// For programs; its schema is versioned.
    Json,
    /// For code hosts and editors: SARIF 2.1.0.
    Sarif,
    /// For one comment under a change.
    Markdown,
    /// For those who collect tests: JUnit XML.
    Junit,
    /// Annotations of GitHub Actions.
    Github,
    /// GitLab's report on code quality.
    Gitlab,
}

/// What decides how much is told, and how loudly.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Manner {
    /// What is otherwise counted is listed.
    pub verbose: bool,
    /// What was not checked fails.
    pub strict: bool,
}

impl Shape {
    /// The report in this format.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn of(self, report: &Report, manner: Manner) -> Result<String, Failure> {
        match self {
            Self::Text => Ok(text::text(report, manner.verbose)),
            Self::Json => json::text(report),
            Self::Sarif => sarif::text(report),
            Self::Markdown => Ok(markdown::text(report)),
            Self::Junit => junit::text(report, manner),
            Self::Github => Ok(annotations::text(report, manner)),
            Self::Gitlab => gitlab::text(report, manner),
        }
    }
}

/// A file that the report is written to in some format: `FORMAT=FILE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReportFile {
    shape: Shape,
    file: PathBuf,
}

impl ReportFile {
    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, report: &Report, manner: Manner) -> Result<(), Failure> {
        write::whole(&self.file, &self.shape.of(report, manner)?)
    }
}

impl std::str::FromStr for ReportFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, file) = text
            .split_once('=')
            .filter(|(_, file)| !file.is_empty())
            .ok_or("it is written FORMAT=FILE, as in sarif=customs.sarif")?;
        Ok(Self {
            shape: Shape::from_str(format, false)?,
            file: PathBuf::from(file),
        })
    }
}
