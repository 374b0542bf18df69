use crate::{Hop, ParseError};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// The stable id of a rule, as people write it in configuration.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RuleId(Cow<'static, str>);

impl RuleId {
    /// A built-in rule's id.
    pub const fn of(id: &'static str) -> Self {
        Self(Cow::Borrowed(id))
    }

    /// An id from outside. Whether such a rule exists is the rule set's to say.
    ///
    /// # Errors
    /// Anything but lower-case letters, digits and `-`, at most 64 of them.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let ok = !text.is_empty()
            && text.len() <= 64
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if ok {
            Ok(Self(Cow::Owned(text.to_owned())))
        } else {
            Err(ParseError::Version(
                crate::printable(text, 64),
                "a rule id has letters, digits, '-'",
            ))
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How bad it would be if the finding is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Out of the ordinary.
    Low,
    /// Seen in attacks and in honest releases.
    Medium,
    /// Seldom honest.
    High,
    /// Malware.
    Critical,
}

/// How sure the rule is of what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// A hint.
    Low,
    /// Likely.
    Medium,
    /// Read from the record itself.
    High,
}

/// A rule's statement about a dossier. What follows from it is policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule.
    pub rule: RuleId,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// One sentence for people, with the names, safe to print.
    pub message: String,
    /// Evidence, one line each, safe to print.
    pub evidence: Vec<String>,
    /// The way from source to sink, for whoever checks it. Its texts are data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<Hop>,
}

/// The sum of the findings about an artifact, independent of any policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Where it stands.
    pub standing: Standing,
    /// What led to it, in the order of the rule list.
    pub findings: Vec<Finding>,
    /// What could not be looked at, and why. One sentence each.
    pub not_checked: Vec<String>,
}

/// The four verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nothing found.
    Clean,
    /// Something found.
    Suspicious,
    /// Known or proven to be malware.
    Malicious,
    /// Could not be looked at.
    NotJudged,
}
