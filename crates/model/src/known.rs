use serde::{Deserialize, Serialize};

/// A fact that may not be known, and why.
///
/// "Not known" is never shown as "no". A fact that the ecosystem does not carry at
/// all is *not applicable*, which no rule may hold against a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Known<T> {
    /// It is known.
    Is(T),
    /// It could be known and is not, because …
    NotKnown(String),
    /// The ecosystem, or the upstream by its nature, does not carry it.
    NotApplicable,
}

impl<T> Known<T> {
    /// The value, if it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Is(value) => Some(value),
            Self::NotKnown(_) | Self::NotApplicable => None,
        }
    }

    /// `NotKnown`, with its reason.
    pub fn not_known(because: impl Into<String>) -> Self {
        Self::NotKnown(because.into())
    }

    /// Keeps the reason and maps the value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Known<U> {
        match self {
            Self::Is(value) => Known::Is(f(value)),
            Self::NotKnown(because) => Known::NotKnown(because),
            Self::NotApplicable => Known::NotApplicable,
        }
    }
}
