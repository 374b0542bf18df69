//! The user's own YARA rules, asked about the files of an artifact.
//!
//! Rules come as text and files as bytes: nothing is read from disk, an `include` is an
//! error. The engine has no rules of its own.

#[cfg(test)]
mod tests;

use crate::limit::own as limit;
use crate::text::line_and_column;
use crate::unpack::{Content, Tree};
use customs_model::{Hop, OwnMatch, OwnMatches, Place, Severity, UnreadPart, printable};
use std::time::Duration;
use yara_x::errors::CompileError;
use yara_x::{Compiler, MetaValue, Rule, Rules, ScanError, Scanner, SourceCode, linters};

/// What `severity` may say.
const SEVERITIES: &str = "it must be \"note\", \"low\", \"medium\", \"high\" or \"critical\"";
/// Characters of a reason.
const REASON: usize = 300;

/// Rules of the user, compiled.
#[derive(Debug)]
pub struct OwnRules {
    rules: Rules,
}

/// A rule that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {reason}")]
pub struct OwnRulesError {
    /// The file of rules, as it was given.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// What is wrong there, safe to print.
    pub reason: String,
}

impl OwnRules {
    /// Compiles rules: names of files, which become namespaces, and their texts. Rules of one
    /// file do not see those of another one.
    ///
    /// # Errors
    /// The first mistake in them, or the first `severity` that is none.
    pub fn compile<'s>(
        sources: impl IntoIterator<Item = (&'s str, &'s str)>,
    ) -> Result<Self, OwnRulesError> {
        let mut compiler = Compiler::new();
        compiler.enable_includes(false);
        compiler.add_linter(
            linters::metadata("severity")
                .validator(|meta| is_severity(&meta.value.to_string()), SEVERITIES)
                .error(true),
        );
        for (name, text) in sources {
            compiler.new_namespace(name);
            compiler
                .add_source(SourceCode::from(text).with_origin(name))
                .map_err(|error| mistake(name, text, &error))?;
        }
        Ok(Self {
            rules: compiler.build(),
        })
    }

    /// Asks the rules about every file that was kept whole.
    pub fn scan(&self, tree: &Tree) -> OwnMatches {
        let mut scanner = Scanner::new(&self.rules);
        scanner
            .set_timeout(Duration::from_secs(limit::SECONDS))
            .max_matches_per_pattern(limit::PER_PATTERN);
        let mut out = OwnMatches::default();
        let mut slow = 0;
        for entry in &tree.entries {
            let bytes: &[u8] = match &entry.content {
                Content::Whole(bytes) => &bytes[..],
                Content::Head(_) => {
                    leave(&mut out, &entry.path, "only its beginning was kept");
                    continue;
                }
                Content::Link(_) => continue,
            };
            if slow == limit::SLOW {
                leave(&mut out, &entry.path, "other files took too long already");
                continue;
            }
            match scanner.scan(bytes) {
                Ok(results) => {
                    let mut rules: Vec<Rule<'_, '_>> = results.matching_rules().collect();
                    // The engine gives them in any order.
                    rules.sort_by_key(|rule| (rule.namespace(), rule.identifier()));
                    for rule in &rules {
                        take(&mut out, rule, &entry.path, bytes);
                    }
                }
                Err(ScanError::Timeout) => {
                    slow += 1;
                    leave(&mut out, &entry.path, "it took too long");
                }
                Err(error) => {
                    let because = format!("the engine gave up: {error}");
                    leave(&mut out, &entry.path, &printable(&because, REASON));
                }
            }
        }
        out
    }
}

/// A mistake in a rule, with its place.
fn mistake(name: &str, text: &str, error: &CompileError) -> OwnRulesError {
    let mut line = 1;
    let mut reason = error.title().to_owned();
    if let Some(label) = error.labels().next() {
        let start = u32::try_from(label.span().start()).unwrap_or(u32::MAX);
        line = line_and_column(text.as_bytes(), start).0;
        if !label.text().is_empty() {
            reason = format!("{reason}: {}", label.text());
        }
    }
    OwnRulesError {
        file: name.to_owned(),
        line,
        reason: printable(&reason, REASON),
    }
}

/// Whether a value, as the engine writes it, is the text of a severity.
fn is_severity(written: &str) -> bool {
    let text = written
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    text.and_then(severity).is_some()
}

fn severity(text: &str) -> Option<Severity> {
    Some(match text {
        "note" => Severity::Note,
        "low" => Severity::Low,
        "medium" => Severity::Medium,
        "high" => Severity::High,
        "critical" => Severity::Critical,
        _ => return None,
    })
}

/// What a rule says of itself under a name, where that is a text.
fn said<'r>(rule: &Rule<'_, 'r>, name: &str) -> Option<&'r str> {
    rule.metadata().find_map(|(key, value)| match value {
        MetaValue::String(text) if key == name => Some(text),
        // A text with an escape in it is given as bytes.
        MetaValue::Bytes(bytes) if key == name => std::str::from_utf8(bytes).ok(),
        _ => None,
    })
}

/// Takes a match in, as long as there is room or a milder one that gives its room up: a flood
/// of notes must not hide what is worse.
fn take(out: &mut OwnMatches, rule: &Rule<'_, '_>, path: &str, bytes: &[u8]) {
    let severity = said(rule, "severity")
        .and_then(severity)
        .unwrap_or(Severity::Medium);
    if out.matches.len() >= limit::MATCHES {
        out.left_out += 1;
        let mildest = out.matches.iter().map(|one| one.severity).min();
        let milder = mildest.filter(|mildest| *mildest < severity);
        let Some(at) =
            milder.and_then(|milder| out.matches.iter().rposition(|one| one.severity == milder))
        else {
            return;
        };
        out.matches.remove(at);
    }
    out.matches.push(OwnMatch {
        rule: rule.identifier().to_owned(),
        namespace: rule.namespace().to_owned(),
        file: path.to_owned(),
        severity,
        description: said(rule, "description").map(str::to_owned),
        places: places(rule, path, bytes),
    });
}

/// The first places where the patterns of a rule match.
fn places(rule: &Rule<'_, '_>, path: &str, bytes: &[u8]) -> Vec<Hop> {
    let mut found: Vec<(usize, usize, &str)> = Vec::new();
    for pattern in rule.patterns() {
        // Those of one pattern stand in order.
        for one in pattern.matches().take(limit::PLACES) {
            let range = one.range();
            found.push((range.start, range.end, pattern.identifier()));
        }
    }
    found.sort_unstable();
    found.truncate(limit::PLACES);
    found
        .into_iter()
        .map(|(from, to, name)| {
            let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            let (line, column) = line_and_column(bytes, offset(from));
            let at = Place {
                file: path.to_owned(),
                line,
                column,
                bytes: (offset(from), offset(to)),
            };
            Hop::told(name.to_owned(), at)
        })
        .collect()
}

/// A file that no rule was asked about.
fn leave(out: &mut OwnMatches, path: &str, because: &str) {
    if out.unchecked.len() >= limit::UNCHECKED {
        out.more_unchecked += 1;
        return;
    }
    out.unchecked.push(UnreadPart {
        path: path.to_owned(),
        because: because.to_owned(),
        reached: false,
    });
}
