use serde::{Deserialize, Serialize};

/// The answer to a question about what lies on a machine.
///
/// *Not checked* is neither yes nor no: what could not be looked at is never shown as good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", content = "because", rename_all = "snake_case")]
pub enum Answer {
    /// It was looked at, and it is so.
    Yes,
    /// It was looked at, and it is not so. What differs stands beside the answer.
    No,
    /// It was not looked at, because … One sentence, safe to print, with what to do about it
    /// where there is something.
    NotChecked(String),
}

impl Answer {
    /// Not checked, with its reason.
    pub fn not_checked(because: impl Into<String>) -> Self {
        Self::NotChecked(because.into())
    }

    /// Both together: a *no* outweighs what was not looked at, which outweighs a *yes*.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (not_checked @ Self::NotChecked(_), _) | (_, not_checked @ Self::NotChecked(_)) => {
                not_checked
            }
            (Self::Yes, Self::Yes) => Self::Yes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Answer;

    #[test]
    fn what_was_not_looked_at_is_never_good_and_never_hides_what_is_wrong() {
        let unseen = || Answer::not_checked("it is not here");
        assert_eq!(Answer::Yes.and(Answer::Yes), Answer::Yes);
        assert_eq!(Answer::Yes.and(unseen()), unseen());
        assert_eq!(unseen().and(Answer::No), Answer::No);
        assert_eq!(Answer::No.and(unseen()), Answer::No);
    }
}
