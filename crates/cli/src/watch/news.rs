//! What is told about one new release: the same everywhere it is told.

use super::altered::Altered;
use super::fresh::Fresh;
use super::span;
use crate::inspect::beside::Input;
use customs_model::{Hop, Place, ReleaseId, Severity, Standing, Timestamp, Verdict, printable};
use serde::Serialize;
use std::fmt::Write as _;
use std::time::Duration;

/// Characters of a text of the package, and files of a release that are named.
const LONGEST: usize = 400;
const FILES: usize = 40;
/// Findings that a terminal shows.
const MANY: usize = 3;

/// A new release and what was found in it. Every text is safe to print.
#[derive(Debug, Clone, Serialize)]
pub(super) struct News {
    /// `customs.watch/1`.
    pub(super) schema: &'static str,
    /// Which.
    pub(super) release: ReleaseId,
    /// The files that are new, where files have ages of their own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) files: Vec<String>,
    /// When it was published, as the document says.
    pub(super) published: Option<Timestamp>,
    /// When the verdict was there.
    pub(super) judged: Timestamp,
    /// From the one to the other.
    pub(super) delay_seconds: Option<u64>,
    /// It was published before this watch began: its delay says nothing about the watch.
    pub(super) while_away: bool,
    /// It is not new: its content is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) altered: Option<Altered>,
    /// The files of the release before it that its own were compared with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) predecessors: Vec<Input>,
    /// The verdict.
    pub(super) verdict: Verdict,
}

impl News {
    /// Joins what is known. `began` is when the watch did.
    pub(super) fn new(
        fresh: &Fresh,
        verdict: Verdict,
        judged: Timestamp,
        began: Timestamp,
    ) -> Self {
        let since = |at: Timestamp| u64::try_from(judged.duration_since(at).as_secs()).unwrap_or(0);
        let files = fresh.files();
        Self {
            schema: "customs.watch/1",
            release: fresh.release.clone(),
            files: files
                .iter()
                .take(FILES)
                .map(|file| printable(file, 200))
                .collect(),
            published: fresh.published,
            judged,
            delay_seconds: fresh.published.map(since),
            while_away: fresh.published.is_some_and(|at| at < began),
            altered: fresh.altered.as_deref().cloned(),
            predecessors: Vec::new(),
            verdict: safe(verdict),
        }
    }

    /// The delay that this watch had, if it is one.
    pub(super) fn delay(&self) -> Option<Duration> {
        let is_new = self.altered.is_none() && !self.while_away;
        let seconds = self.delay_seconds.filter(|_| is_new)?;
        Some(Duration::from_secs(seconds))
    }

    /// Whether somebody should look.
    pub(super) fn objects(&self) -> bool {
        matches!(
            self.verdict.standing,
            Standing::Suspicious | Standing::Malicious
        )
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        let release = &self.release;
        let since = match self.delay_seconds {
            Some(seconds) => {
                let span = span::words(Duration::from_secs(seconds));
                format!("{span} after it was published")
            }
            None => "its registry gives no publish time".to_owned(),
        };
        let _ = writeln!(
            out,
            "{} ({}): {} — {since}",
            release.spoken(),
            release.package.ecosystem(),
            words(self.verdict.standing)
        );
        let mut findings: Vec<_> = self
            .verdict
            .findings
            .iter()
            .filter(|finding| finding.severity > Severity::Note)
            .collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        for finding in findings.iter().take(MANY) {
            let at = finding.path.last();
            let at = at.map(|hop| format!(" ({})", hop.at)).unwrap_or_default();
            let _ = writeln!(out, "  {}: {}{at}", finding.rule, finding.message);
        }
        if findings.len() > MANY {
            let _ = writeln!(out, "  and {} more findings", findings.len() - MANY);
        }
        if self.verdict.standing == Standing::NotJudged {
            for what in self.verdict.not_checked.iter().take(MANY) {
                let _ = writeln!(out, "  {what}");
            }
        }
        out
    }
}

const fn words(standing: Standing) -> &'static str {
    match standing {
        Standing::Clean => "clean",
        Standing::Suspicious => "suspicious",
        Standing::Malicious => "MALICIOUS",
        Standing::NotJudged => "not judged",
    }
}

/// Texts of a path are a stranger's data; what is sent on must not be interpreted by
/// whoever shows it.
fn safe(verdict: Verdict) -> Verdict {
    // What only shows a step to a program stays behind.
    let hop = |hop: Hop| {
        let at = Place {
            file: printable(&hop.at.file, LONGEST),
            ..hop.at
        };
        Hop::told(printable(&hop.what, LONGEST), at)
    };
    let findings = verdict.findings.into_iter().map(|mut finding| {
        finding.message = printable(&finding.message, LONGEST);
        finding.evidence = finding
            .evidence
            .iter()
            .map(|line| printable(line, LONGEST))
            .collect();
        finding.path = finding.path.into_iter().map(hop).collect();
        finding
    });
    Verdict {
        standing: verdict.standing,
        findings: findings.collect(),
        not_checked: verdict
            .not_checked
            .iter()
            .map(|what| printable(what, LONGEST))
            .collect(),
    }
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;
    use customs_model::{Confidence, Ecosystem, Finding, PackageName, RuleId, Version};

    /// An instant.
    pub(in crate::watch) fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// A release that was published at 12:00.
    pub(in crate::watch) fn fresh(version: &str) -> Fresh {
        Fresh {
            release: ReleaseId::new(
                PackageName::new(Ecosystem::Npm, "@left/pad").unwrap(),
                Version::new(version).unwrap(),
            ),
            keys: [version.to_owned()].into(),
            published: Some(at("2026-05-01T12:00:00Z")),
            digests: std::collections::BTreeMap::new(),
            altered: None,
        }
    }

    /// A verdict with one finding, whose texts try to deceive.
    pub(in crate::watch) fn malicious() -> Verdict {
        let hop = |what: &str, line: u32| {
            let at = Place {
                file: "package/in\u{202e}dex.js".to_owned(),
                line,
                column: 5,
                bytes: (line * 10, line * 10 + 7),
            };
            Hop::told(what.to_owned(), at)
        };
        Verdict {
            standing: Standing::Malicious,
            findings: vec![Finding {
                rule: RuleId::of("secret-to-network"),
                severity: Severity::Critical,
                confidence: Confidence::High,
                message: "the environment goes to collect.invalid".to_owned(),
                evidence: Vec::new(),
                path: vec![
                    hop("process.env is read", 1),
                    hop("it is sent by \u{1b}[31mfetch", 2),
                ],
            }],
            not_checked: Vec::new(),
        }
    }

    /// A verdict that says nothing.
    pub(in crate::watch) fn clean() -> Verdict {
        Verdict {
            standing: Standing::Clean,
            findings: Vec::new(),
            not_checked: Vec::new(),
        }
    }

    /// News of a malicious release, 42 s after it was published.
    pub(in crate::watch) fn bad_news() -> News {
        let judged = at("2026-05-01T12:00:42Z");
        News::new(
            &fresh("1.0.1"),
            malicious(),
            judged,
            at("2026-05-01T00:00:00Z"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{at, bad_news, clean, fresh};
    use super::*;

    #[test]
    fn what_a_terminal_shows_is_safe_to_print() {
        insta::assert_snapshot!(bad_news().text(), @r"
        @left/pad@1.0.1 (npm): MALICIOUS — 42 s after it was published
          secret-to-network: the environment goes to collect.invalid (package/in\u{202e}dex.js:2:5)
        ");
    }

    #[test]
    fn no_text_of_a_package_is_passed_on_as_it_is() {
        let json = serde_json::to_string(&bad_news()).unwrap();
        assert!(
            !json.contains('\u{202e}') && !json.contains("\\u001b"),
            "{json}"
        );
        assert!(json.contains("pkg:npm/%40left/pad@1.0.1"), "{json}");
    }

    #[test]
    fn a_release_of_before_the_watch_has_no_delay_of_the_watch() {
        let began = at("2026-05-01T12:00:01Z");
        let judged = at("2026-05-01T12:30:00Z");
        let news = News::new(&fresh("1.0.1"), clean(), judged, began);
        assert_eq!(news.delay_seconds, Some(1800));
        assert_eq!(news.delay(), None);
        assert!(news.while_away && !news.objects());
    }

    #[test]
    fn a_publish_time_that_lies_ahead_is_no_delay() {
        let judged = at("2026-05-01T11:59:00Z");
        let began = at("2026-05-01T00:00:00Z");
        let news = News::new(&fresh("1.0.1"), clean(), judged, began);
        assert_eq!(news.delay(), Some(Duration::ZERO));
    }
}
