//! Medians, and how sure they are.

/// The middle value; the mean of the two middle ones of an even number.
pub fn median(values: &[f64]) -> f64 {
    let sorted = sorted(values);
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// The least and the most.
pub fn range(values: &[f64]) -> (f64, f64) {
    values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(*value), high.max(*value))
        })
}

/// An interval that holds the true median, from the order of the values alone: no shape of
/// the noise is assumed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// How often such an interval holds the true median.
    pub confidence: f64,
}

/// The narrowest symmetric interval of at least 95 %; the whole range where the values are
/// too few for it (below six).
pub fn interval(values: &[f64]) -> Interval {
    let sorted = sorted(values);
    let n = sorted.len();
    if n == 0 {
        return Interval {
            low: f64::NAN,
            high: f64::NAN,
            confidence: 0.0,
        };
    }
    let mut best = (0, confidence(n, 0));
    for cut in 1..n.div_ceil(2) {
        let sure = confidence(n, cut);
        if sure >= 0.95 {
            best = (cut, sure);
        }
    }
    Interval {
        low: sorted[best.0],
        high: sorted[n - 1 - best.0],
        confidence: best.1,
    }
}

/// How often the true median lies between the values that are left when `cut` are taken
/// away at each end: each value lies on either side of it with the same chance.
fn confidence(n: usize, cut: usize) -> f64 {
    let mut ways = 1.0;
    let mut below = 0.0;
    for k in 0..=cut {
        below += ways;
        ways = ways * (n - k) as f64 / (k + 1) as f64;
    }
    (1.0 - 2.0 * below / 2f64.powi(i32::try_from(n).unwrap_or(i32::MAX))).max(0.0)
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
        assert!(median(&[]).is_nan());
        assert_eq!(range(&[3.0, 1.0, 2.0]), (1.0, 3.0));
    }

    #[test]
    fn seven_values_give_their_range_and_fifteen_a_narrower_one() {
        let values: Vec<f64> = (1..=7).map(f64::from).collect();
        let seven = interval(&values);
        assert!((seven.low - 1.0).abs() < 1e-9 && (seven.high - 7.0).abs() < 1e-9);
        assert!((seven.confidence - 0.984_375).abs() < 1e-9);
        // Tables of the sign test give the 4th and 12th of 15 values, at 96.5 %.
        let values: Vec<f64> = (1..=15).map(f64::from).collect();
        let fifteen = interval(&values);
        assert!((fifteen.low - 4.0).abs() < 1e-9 && (fifteen.high - 12.0).abs() < 1e-9);
        assert!((fifteen.confidence - 0.964_8).abs() < 1e-3);
    }
}
