//! Spans of time and rates as people write them on the command line, and as they read them.

use std::time::Duration;

/// Nobody waits longer than a day for the next look.
const LONGEST: u64 = 24 * 3600;
/// More requests a second than this are an attack, not a watch.
const FASTEST: f64 = 50.0;
/// One request in an hour.
const SLOWEST: f64 = 1.0 / 3600.0;

/// `90`, `90s`, `5m`, `1h`.
///
/// # Errors
/// A sentence that says what was expected.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim() {
        "" | "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        _ => return Err("a span is a number of seconds, or like 90s, 5m, 1h".to_owned()),
    };
    let number: u64 = number
        .parse()
        .map_err(|_| "a span begins with a number".to_owned())?;
    let seconds = number.saturating_mul(factor);
    if seconds == 0 || seconds > LONGEST {
        return Err("a span is at least a second and at most a day".to_owned());
    }
    Ok(Duration::from_secs(seconds))
}

/// Requests a second.
///
/// # Errors
/// A sentence that says what was expected.
pub(super) fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text
        .parse()
        .map_err(|_| "a rate is a number of requests a second, like 1 or 0.2".to_owned())?;
    if (SLOWEST..=FASTEST).contains(&rate) {
        Ok(rate)
    } else {
        Err("a rate is between one request in an hour (0.0003) and 50 a second".to_owned())
    }
}

/// `42 s`, `15 min`, `3 h`: in the largest unit that says enough.
pub(super) fn words(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..259_200 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_read_in_seconds_minutes_and_hours() {
        let read = |text| parse(text).map(|span| span.as_secs());
        assert_eq!(read("90"), Ok(90));
        assert_eq!(read("90s"), Ok(90));
        assert_eq!(read("5m"), Ok(300));
        assert_eq!(read("1h"), Ok(3600));
        for bad in [
            "",
            "0",
            "h",
            "-1",
            "2d",
            "1h30m",
            "25h",
            "99999999999999999999",
        ] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_rate_is_a_number_within_reason() {
        assert_eq!(rate("0.5"), Ok(0.5));
        for bad in ["0", "-1", "NaN", "inf", "1000", "fast"] {
            assert!(rate(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_span_is_said_in_the_unit_that_says_enough() {
        let said = |seconds| words(Duration::from_secs(seconds));
        assert_eq!(said(42), "42 s");
        assert_eq!(said(900), "15 min");
        assert_eq!(said(3 * 3600), "3 h");
        assert_eq!(said(9 * 86_400), "9 d");
    }
}
