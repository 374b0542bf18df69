//! How far two names are apart.

/// The number of insertions, deletions, substitutions and swaps of neighbours that
/// turn `a` into `b` (optimal string alignment). Stops counting past `limit` and
/// answers `None`, so that long names cost nothing.
pub fn within(a: &str, b: &str, limit: usize) -> Option<usize> {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    let width = b.len() + 1;
    let mut before: Vec<usize> = vec![0; width];
    let mut last: Vec<usize> = (0..width).collect();
    let mut row = vec![0; width];
    for i in 1..=a.len() {
        row[0] = i;
        let mut least = i;
        for j in 1..width {
            let cost = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + cost);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row[j] = best;
            least = least.min(best);
        }
        if least > limit {
            return None;
        }
        std::mem::swap(&mut before, &mut last);
        std::mem::swap(&mut last, &mut row);
    }
    Some(last[b.len()]).filter(|found| *found <= limit)
}

/// The candidate that somebody who typed `text` most likely meant.
pub fn did_you_mean<'a>(
    text: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let limit = (text.len() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .filter_map(|candidate| within(text, candidate, limit).map(|found| (found, candidate)))
        .min_by_key(|(found, _)| *found)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_of_the_hand_is_one_step() {
        assert_eq!(
            within("axios", "axois", 2),
            Some(1),
            "two neighbours swapped"
        );
        assert_eq!(within("lodash", "lodahs", 1), Some(1));
        assert_eq!(within("lodash", "lodas", 1), Some(1));
        assert_eq!(within("lodash", "loodash", 1), Some(1));
        assert_eq!(within("proc-macro1", "proc-macro2", 1), Some(1));
        assert_eq!(within("same", "same", 0), Some(0));
        assert_eq!(within("lodash", "react", 2), None);
    }

    #[test]
    fn the_nearest_candidate_is_meant() {
        assert_eq!(
            did_you_mean("min_agee", ["age", "min-age", "mode"]),
            Some("min-age")
        );
        assert_eq!(did_you_mean("quux", ["age", "mode"]), None);
    }
}
