//! Durations and instants as people read and write them. One form each, everywhere.

use customs_model::{SignedDuration, Timestamp};

/// Nobody holds a release for longer than ten years; larger numbers are typing errors
/// and would leave the range that a timestamp can hold.
const LONGEST_SECONDS: i64 = 3650 * 24 * 3600;

/// `72 h`, `7 d`, `10 min`: days from a week on, hours below.
pub fn duration(of: SignedDuration) -> String {
    let seconds = of.as_secs().max(0);
    if seconds == 0 {
        "0 h".to_owned()
    } else if seconds >= 7 * 86_400 && seconds % 86_400 == 0 {
        format!("{} d", seconds / 86_400)
    } else if seconds % 3600 == 0 {
        format!("{} h", seconds / 3600)
    } else if seconds % 60 == 0 {
        format!("{} min", seconds / 60)
    } else {
        format!("{seconds} s")
    }
}

/// A span that was measured, in its largest sensible unit: `23 min`, `18 h`, `9 d`.
pub fn span(of: SignedDuration) -> String {
    let seconds = of.as_secs().abs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..259_200 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// `2026-04-03 00:22 UTC`: the minute in which something happened.
pub fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// The same for an end, rounded up: who comes back at that minute is let through.
pub fn end(at: Timestamp) -> String {
    let into_minute = at.as_second().rem_euclid(60);
    let whole = into_minute == 0 && at.subsec_nanosecond() == 0;
    if whole {
        instant(at)
    } else {
        instant(later(at, SignedDuration::from_secs(60 - into_minute)))
    }
}

/// `at + by`, never outside the calendar.
pub fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(if by.is_negative() {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

/// `at - by`, never outside the calendar.
pub fn earlier(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_sub(by).unwrap_or(if by.is_negative() {
        Timestamp::MAX
    } else {
        Timestamp::MIN
    })
}

/// Reads `72h`, `7d`, `90min`, `2w`, `1d 12h`. `None` for anything else, and for
/// more than ten years.
pub fn parse_duration(text: &str) -> Option<SignedDuration> {
    let mut total: i64 = 0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at(digits);
        let number: i64 = number.parse().ok()?;
        let tail = tail.trim_start();
        let letters = tail.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, tail) = tail.split_at(letters);
        let seconds = match unit {
            "s" => 1,
            "m" | "min" => 60,
            "h" => 3600,
            "d" => 86_400,
            "w" => 7 * 86_400,
            _ => return None,
        };
        total = number
            .checked_mul(seconds)
            .and_then(|n| total.checked_add(n))?;
        rest = tail.trim_start();
    }
    (total <= LONGEST_SECONDS).then(|| SignedDuration::from_secs(total))
}

/// `a`, `a and b`, `a, b and c`; what is past `limit` is counted.
pub fn list<S: AsRef<str>>(items: &[S], limit: usize) -> String {
    let shown: Vec<String> = items
        .iter()
        .take(limit)
        .map(|item| customs_model::printable(item.as_ref(), 80))
        .collect();
    let more = items.len().saturating_sub(limit);
    match (shown.as_slice(), more) {
        ([], _) => String::new(),
        ([one], 0) => one.clone(),
        ([first @ .., last], 0) => format!("{} and {last}", first.join(", ")),
        (all, more) => format!("{} and {more} more", all.join(", ")),
    }
}

/// What of an artifact was not read, in one line.
pub(crate) fn unread_part(part: &customs_model::UnreadPart) -> String {
    let what = if part.path.is_empty() {
        "the artifact".to_owned()
    } else {
        customs_model::printable(&part.path, 160)
    };
    format!("{what}: {}", customs_model::printable(&part.because, 160))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_duration_is_read_as_people_write_it() {
        let hours = |text| parse_duration(text).map(|d| d.as_secs() / 3600);
        assert_eq!(hours("72h"), Some(72));
        assert_eq!(hours(" 7d "), Some(168));
        assert_eq!(hours("1d 12h"), Some(36));
        assert_eq!(hours("2w"), Some(336));
        for bad in [
            "",
            "72",
            "h",
            "-1h",
            "1.5h",
            "72 hours",
            "99999999999999999999d",
            "4000d",
            "7d7",
            "٣h",
        ] {
            assert_eq!(parse_duration(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn an_end_is_rounded_up_so_that_who_comes_then_is_let_through() {
        assert_eq!(
            end("2026-04-03T00:21:58Z".parse().unwrap()),
            "2026-04-03 00:22 UTC"
        );
        assert_eq!(
            end("2026-04-03T00:21:00Z".parse().unwrap()),
            "2026-04-03 00:21 UTC"
        );
        assert_eq!(
            end("2026-04-03T00:21:00.5Z".parse().unwrap()),
            "2026-04-03 00:22 UTC"
        );
    }

    #[test]
    fn a_list_is_counted_where_it_is_long() {
        assert_eq!(list(&["a"], 3), "a");
        assert_eq!(list(&["a", "b", "c"], 3), "a, b and c");
        assert_eq!(list(&["a", "b", "c", "d"], 2), "a, b and 2 more");
        assert_eq!(list(&["a\u{1b}"], 2), "a\\u{1b}");
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in ".{0,20}") {
            let _ = parse_duration(&text);
        }

        #[test]
        fn what_is_shown_is_read_back(hours in 0i64..5000) {
            let d = SignedDuration::from_hours(hours);
            prop_assert_eq!(parse_duration(&duration(d)), Some(d));
        }
    }
}
