use crate::{Hop, Severity, UnreadPart};

/// What the user's own rules say of an artifact.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnMatches {
    /// Rules that match, file by file.
    pub matches: Vec<OwnMatch>,
    /// Matches beyond the bound. None is worse than those that are told.
    pub left_out: usize,
    /// Files that no rule was asked about, and why. Nothing here holds up a verdict.
    pub unchecked: Vec<UnreadPart>,
    /// Such files that are not named, because there are too many.
    pub more_unchecked: usize,
}

/// A rule of the user that matches a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnMatch {
    /// The rule's name.
    pub rule: String,
    /// The file of rules that it stands in, as it was given.
    pub namespace: String,
    /// The file that it matches, as data (not safe to print).
    pub file: String,
    /// How bad it is, as the rule says.
    pub severity: Severity,
    /// What the rule says of itself, as data.
    pub description: Option<String>,
    /// The first places where its patterns match, each with the pattern's name. None where
    /// the rule goes by the file as a whole.
    pub places: Vec<Hop>,
}
