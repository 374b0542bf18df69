//! What was not read, for people: few lines, however many files it is.

use std::collections::HashMap;

/// Reasons that are told, and files of each that are named.
const REASONS: usize = 12;
const NAMED: usize = 3;

/// What was not read, by its reason: the first files of each, and how many more there are.
pub(super) fn unread(all: &[String]) -> Vec<String> {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for line in all {
        let because = line.split_once(": ").map_or("", |(_, because)| because);
        let at = *known.entry(because).or_insert(groups.len());
        match groups.get_mut(at) {
            Some((_, lines)) => lines.push(line),
            None => groups.push((because, vec![line])),
        }
    }
    let mut out = Vec::new();
    for (because, lines) in groups.iter().take(REASONS) {
        let named = if because.is_empty() || lines.len() <= NAMED + 1 {
            lines.len().min(REASONS)
        } else {
            NAMED
        };
        out.extend(lines.iter().take(named).map(|line| (*line).to_owned()));
        match lines.len() - named {
            0 => {}
            more if because.is_empty() => out.push(format!("and {} more", number(more))),
            more => out.push(format!("… and {} files more: {because}", number(more))),
        }
    }
    let more: usize = groups.iter().skip(REASONS).map(|(_, l)| l.len()).sum();
    if more > 0 {
        out.push(format!("and {} more for other reasons", number(more)));
    }
    out
}

/// A number as people read it: `1,694`.
pub(super) fn number(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_of_files_with_one_reason_are_few_lines() {
        let mut all: Vec<String> = (0..1697).map(|n| format!("a/{n}.js: too much")).collect();
        all.push("b.js: no text".to_owned());
        assert_eq!(
            unread(&all),
            [
                "a/0.js: too much",
                "a/1.js: too much",
                "a/2.js: too much",
                "… and 1,694 files more: too much",
                "b.js: no text",
            ]
        );
    }

    #[test]
    fn as_many_reasons_as_files_are_bounded_as_well() {
        let all: Vec<String> = (0..1012).map(|n| format!("a.js: reason {n}")).collect();
        let lines = unread(&all);
        assert_eq!(lines.len(), REASONS + 1);
        assert_eq!(
            lines.last().map(String::as_str),
            Some("and 1,000 more for other reasons")
        );
    }

    #[test]
    fn numbers_are_written_in_threes() {
        let all = [0, 999, 1000, 1_234_567];
        assert_eq!(all.map(number), ["0", "999", "1,000", "1,234,567"]);
    }
}
