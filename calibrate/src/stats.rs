//! Shares, and how sure they are.

use std::iter::Sum;

/// The share of cases in which the end of an interval may be wrong.
const DOUBT: f64 = 0.05;
/// Halvings after which the end of an interval no longer moves.
const HALVINGS: usize = 60;

/// So many of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// So many.
    pub n: usize,
    /// Of so many.
    pub of: usize,
}

impl Count {
    /// How many of `all` are wanted.
    pub fn of<T>(all: &[T], wanted: impl Fn(&T) -> bool) -> Self {
        Self {
            n: all.iter().filter(|one| wanted(one)).count(),
            of: all.len(),
        }
    }

    /// The share; of nothing it is nothing.
    pub fn share(self) -> f64 {
        self.n as f64 / self.of.max(1) as f64
    }

    /// The share with one more that shows it and one more that does not, so that what
    /// nobody shows is not taken for impossible.
    pub fn smoothed(self) -> f64 {
        (self.n as f64 + 1.0) / (self.of as f64 + 2.0)
    }

    /// The upper end of the one-sided interval of 95 % (Clopper and Pearson 1934): the
    /// highest share under which so few, or fewer, still come in one case of twenty.
    pub fn at_most(self) -> f64 {
        if self.n >= self.of {
            return 1.0;
        }
        let (mut low, mut high) = (self.share(), 1.0);
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(low, high);
            if self.so_few(middle) > DOUBT {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }

    /// The lower end of the same interval on the other side.
    pub fn at_least(self) -> f64 {
        1.0 - self.others().at_most()
    }

    /// Those that are left.
    pub const fn others(self) -> Self {
        Self {
            n: self.of.saturating_sub(self.n),
            of: self.of,
        }
    }

    /// How likely so few are, or fewer, where each is one with this probability.
    fn so_few(self, probability: f64) -> f64 {
        let (yes, no) = (probability.ln(), (-probability).ln_1p());
        let of = self.of as f64;
        let mut ways = 0.0;
        let mut sum = 0.0;
        for n in 0..=self.n {
            let n = n as f64;
            sum += (ways + n * yes + (of - n) * no).exp();
            ways += (of - n).ln() - (n + 1.0).ln();
        }
        sum
    }

    /// `12 (0.34 %)`.
    pub fn shown(self) -> String {
        format!("{} ({:.2} %)", thousands(self.n), 100.0 * self.share())
    }

    /// `12 (0.34 %, at most 0.55 %)`.
    pub fn shown_at_most(self) -> String {
        format!(
            "{} ({:.2} %, at most {:.2} %)",
            thousands(self.n),
            100.0 * self.share(),
            100.0 * self.at_most()
        )
    }

    /// `198 of 200 (99.0 %, at least 96.9 %)`.
    pub fn shown_at_least(self) -> String {
        format!(
            "{} of {} ({:.1} %, at least {:.1} %)",
            thousands(self.n),
            thousands(self.of),
            100.0 * self.share(),
            100.0 * self.at_least()
        )
    }
}

impl Sum for Count {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self { n: 0, of: 0 }, |sum, count| Self {
            n: sum.n + count.n,
            of: sum.of + count.of,
        })
    }
}

/// `12,345`.
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_most(n: usize, of: usize) -> f64 {
        Count { n, of }.at_most()
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 0.000_000_5
    }

    /// Where none is found the end is 1 - 0.05^(1/n); the others are quantiles of the beta
    /// distribution, as any table of Clopper and Pearson has them.
    #[test]
    fn the_upper_end_of_an_interval_is_the_exact_one() {
        for (n, of, end) in [
            (0, 1, 0.95),
            (0, 600, 0.004_980_443),
            (0, 689, 0.004_338_504),
            (0, 1_200, 0.002_493_330),
            (0, 2_067, 0.001_448_264),
            (1, 10, 0.394_163_302),
            (5, 100, 0.102_253_378),
            (7, 5_949, 0.002_208_997),
            (10, 10_000, 0.001_695_632),
            (42, 11_517, 0.004_714_324),
        ] {
            assert!(
                close(at_most(n, of), end),
                "{n} of {of}: {}",
                at_most(n, of)
            );
        }
    }

    #[test]
    fn all_of_them_and_none_at_all_say_nothing_about_the_end() {
        assert!(close(at_most(10, 10), 1.0));
        assert!(close(at_most(0, 0), 1.0));
    }

    #[test]
    fn the_lower_end_is_the_upper_end_of_the_others() {
        let found = Count { n: 95, of: 100 };
        assert!(close(found.at_least(), 1.0 - 0.102_253_378));
        assert!(close(Count { n: 0, of: 10 }.at_least(), 0.0));
    }

    #[test]
    fn counts_add_up() {
        let sum: Count = [Count { n: 1, of: 10 }, Count { n: 2, of: 5 }]
            .into_iter()
            .sum();
        assert_eq!(sum, Count { n: 3, of: 15 });
        assert_eq!(Count::of(&[1, 2, 3], |n| *n > 1), Count { n: 2, of: 3 });
    }

    #[test]
    fn figures_are_written_as_people_read_them() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(
            Count { n: 7, of: 5_949 }.shown_at_most(),
            "7 (0.12 %, at most 0.22 %)"
        );
        assert_eq!(
            Count { n: 95, of: 100 }.shown_at_least(),
            "95 of 100 (95.0 %, at least 89.8 %)"
        );
    }
}
