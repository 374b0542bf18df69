//! Days: what people read in a review. An instant to the second would change with every run.

use customs_model::{Timestamp, printable};
use std::fmt;
use std::str::FromStr;

/// A day in UTC, from year 0 to 9999, as `2026-03-31`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Day {
    year: u16,
    month: u8,
    day: u8,
}

/// Why a text is no day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no day; write it as 2026-03-31")]
pub struct DayError(String);

impl Day {
    /// The day of an instant. What lies before year 0 is its first day.
    pub fn of(at: Timestamp) -> Self {
        let first = Self {
            year: 0,
            month: 1,
            day: 1,
        };
        // Years below 0 are written with a sign and six digits, which is no day here.
        let text = at.to_string();
        text.get(..10).and_then(read).unwrap_or(first)
    }
}

fn read(text: &str) -> Option<Day> {
    let mut parts = text.split('-');
    let mut next = |digits: usize| {
        parts
            .next()
            .filter(|part| part.len() == digits && part.bytes().all(|b| b.is_ascii_digit()))
    };
    let (year, month, day) = (next(4)?, next(2)?, next(2)?);
    parts.next().is_none().then_some(())?;
    Some(Day {
        year: year.parse().ok()?,
        month: month.parse().ok()?,
        day: day.parse().ok()?,
    })
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for Day {
    type Err = DayError;

    fn from_str(text: &str) -> Result<Self, DayError> {
        let exists = |_: &Day| format!("{text}T00:00:00Z").parse::<Timestamp>().is_ok();
        read(text)
            .filter(exists)
            .ok_or_else(|| DayError(printable(text, 40)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_that_of_the_instant_in_utc() {
        let day = |at: &str| Day::of(at.parse().unwrap()).to_string();
        assert_eq!(day("2026-03-31T23:59:59.9Z"), "2026-03-31");
        assert_eq!(day("2026-03-31T23:30:00-02:00"), "2026-04-01");
        assert_eq!(day("-000044-03-15T12:00:00Z"), "0000-01-01");
    }

    #[test]
    fn a_day_that_the_calendar_does_not_have_is_refused() {
        for bad in [
            "",
            "2026-02-30",
            "2026-13-01",
            "2026-3-31",
            "26-03-31",
            "2026-03-31T",
            "+026-03-31",
        ] {
            assert!(bad.parse::<Day>().is_err(), "{bad:?}");
        }
        assert_eq!(
            "2024-02-29".parse::<Day>().unwrap().to_string(),
            "2024-02-29"
        );
    }
}
