//! Regular expressions, as far as decoders use them: sets, groups, choices, counts and
//! anchors. What looks around or back is not read.
//!
//! A pattern becomes a list of steps; a match goes through them with a stack of other
//! ways, under a budget. Nothing recurses over the text.

mod read;

use crate::limit::evaluating;
use crate::pure::Machine;
use crate::pure::value::Value;
use read::Reader;
use std::rc::Rc;

/// Characters of a text that is searched.
const TEXT: usize = 1 << 18;
/// Bytes of a pattern.
const PATTERN: usize = 1 << 14;
/// Steps of a match that cost one step of the machine.
const PER_STEP: usize = 256;
/// Ranges of a set, or borders of groups, that cost one step of a match.
const PER_ITEM: usize = 32;

/// One match: the whole, and then each group, as positions of characters.
pub(in crate::pure) type Match = Vec<Option<(usize, usize)>>;

/// The matches of a pattern in a text: all of them, or the first one. None where the
/// pattern cannot be read or the budget ends. What it took is taken from the steps of the
/// machine.
pub(in crate::pure) fn matches(
    pattern: &str,
    flags: &str,
    text: &[char],
    all: bool,
    steps: &mut u32,
) -> Option<Vec<Match>> {
    if text.len() > TEXT || pattern.len() > PATTERN {
        return None;
    }
    let pattern = Pattern::parse(pattern, flags)?;
    let whole = (20_000 + 64 * text.len()).min(1_000_000);
    let mut budget = whole;
    let found = search(&pattern, text, all, &mut budget);
    let took = (whole - budget) / PER_STEP;
    *steps = steps.saturating_sub(u32::try_from(took).unwrap_or(u32::MAX));
    found
}

/// Python's `re.sub(pattern, new, text)`, where the new text takes nothing from the old one.
pub(super) fn substituted(machine: &mut Machine<'_>, args: &[Value]) -> Option<Value> {
    let [pattern, new, text] = args else {
        return None;
    };
    let (pattern, new) = (pattern.known_text()?, new.known_text()?);
    let text = text.known_text().filter(|_| !new.contains('\\'))?;
    machine.pay_for_bytes(text.len() as u64);
    let chars: Vec<char> = text.chars().collect();
    let found = matches(pattern, "", &chars, true, &mut machine.steps)?;
    let mut out = String::new();
    let mut rest = 0;
    for groups in found {
        let (start, end) = groups.first().copied().flatten()?;
        out.extend(chars.get(rest..start)?);
        out.push_str(new);
        rest = end;
        if out.len() > evaluating::STRING {
            return None;
        }
    }
    out.extend(chars.get(rest..)?);
    Some(Value::Text(out.into()))
}

fn search(pattern: &Pattern, text: &[char], all: bool, budget: &mut usize) -> Option<Vec<Match>> {
    let mut found = Vec::new();
    let mut from = 0;
    while from <= text.len() {
        let Some(slots) = pattern.run(text, from, budget)? else {
            from += 1;
            continue;
        };
        let groups: Match = slots
            .chunks_exact(2)
            .map(|pair| Some((pair[0]?, pair[1]?)))
            .collect();
        let (start, end) = groups.first().copied().flatten()?;
        from = if end > start { end } else { end + 1 };
        found.push(groups);
        if !all {
            break;
        }
    }
    Some(found)
}

/// A set of characters.
#[derive(Debug, Clone)]
struct Set {
    /// Shared by the copies that a count makes.
    ranges: Rc<[(char, char)]>,
    negated: bool,
    any_case: bool,
}

impl Set {
    fn holds(&self, c: char) -> bool {
        let inside = |c: char| {
            self.ranges
                .iter()
                .any(|(from, to)| (*from..=*to).contains(&c))
        };
        let found = inside(c)
            || self.any_case && (inside(c.to_ascii_lowercase()) || inside(c.to_ascii_uppercase()));
        found != self.negated
    }
}

/// One step of a match. Jumps are counted from where they stand.
#[derive(Debug, Clone)]
enum Step {
    /// One character.
    Set(Set),
    /// Two ways; the first is tried first.
    Split(isize, isize),
    /// On there.
    Jump(isize),
    /// The position is a border of a group.
    Save(usize),
    /// The text begins here.
    Start,
    /// The text ends here.
    End,
    /// A word begins or ends here, or does not.
    Border(bool),
}

/// What is gone back to when a way ends.
enum Back {
    Way(usize, usize),
    Slot(usize, Option<usize>),
}

/// A pattern that was read.
struct Pattern {
    steps: Vec<Step>,
    slots: usize,
}

impl Pattern {
    fn parse(pattern: &str, flags: &str) -> Option<Self> {
        let mut reader = Reader {
            chars: pattern.chars().collect(),
            at: 0,
            groups: 0,
            any_case: flags.contains('i'),
            every_line: flags.contains('s'),
        };
        // Lines of their own would need other anchors.
        if flags.contains('m') && pattern.contains(['^', '$']) {
            return None;
        }
        let inner = reader.choice(0)?;
        if reader.at < reader.chars.len() {
            return None;
        }
        let mut steps = vec![Step::Save(0)];
        steps.extend(inner);
        steps.push(Step::Save(1));
        Some(Self {
            steps,
            slots: 2 * (reader.groups + 1),
        })
    }

    /// The match that begins at a position. The outer none: the budget ended.
    #[allow(
        clippy::option_option,
        reason = "no match is not the same as no answer"
    )]
    fn run(
        &self,
        text: &[char],
        from: usize,
        budget: &mut usize,
    ) -> Option<Option<Vec<Option<usize>>>> {
        *budget = budget.saturating_sub(self.slots / PER_ITEM);
        let mut slots: Vec<Option<usize>> = vec![None; self.slots];
        let mut ways: Vec<Back> = Vec::new();
        let mut step = 0_usize;
        let mut at = from;
        while let Some(here) = self.steps.get(step) {
            *budget = budget.checked_sub(1)?;
            let mut next = step + 1;
            let holds = match here {
                Step::Set(set) => {
                    *budget = budget.saturating_sub(set.ranges.len() / PER_ITEM);
                    match text.get(at) {
                        Some(c) if set.holds(*c) => {
                            at += 1;
                            true
                        }
                        _ => false,
                    }
                }
                Step::Split(first, second) => {
                    ways.push(Back::Way(step.checked_add_signed(*second)?, at));
                    next = step.checked_add_signed(*first)?;
                    true
                }
                Step::Jump(to) => {
                    next = step.checked_add_signed(*to)?;
                    true
                }
                Step::Save(slot) => {
                    ways.push(Back::Slot(*slot, slots[*slot]));
                    slots[*slot] = Some(at);
                    true
                }
                Step::Start => at == 0,
                Step::End => at == text.len(),
                Step::Border(wanted) => is_border(text, at) == *wanted,
            };
            if holds {
                step = next;
                continue;
            }
            loop {
                match ways.pop() {
                    None => return Some(None),
                    Some(Back::Slot(slot, before)) => slots[slot] = before,
                    Some(Back::Way(to, place)) => {
                        step = to;
                        at = place;
                        break;
                    }
                }
            }
        }
        Some(Some(slots))
    }
}

fn is_border(text: &[char], at: usize) -> bool {
    let word = |at: Option<usize>| {
        at.and_then(|at| text.get(at))
            .is_some_and(|c| c.is_ascii_alphanumeric() || *c == '_')
    };
    word(at.checked_sub(1)) != word(Some(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(pattern: &str, flags: &str, text: &str) -> Option<Vec<Vec<String>>> {
        let chars: Vec<char> = text.chars().collect();
        let found = matches(pattern, flags, &chars, flags.contains('g'), &mut 100_000)?;
        let shown = |group: &Option<(usize, usize)>| {
            group.map_or_else(
                || "-".to_owned(),
                |(from, to)| chars[from..to].iter().collect(),
            )
        };
        Some(
            found
                .iter()
                .map(|groups| groups.iter().map(shown).collect())
                .collect(),
        )
    }

    #[test]
    fn what_decoders_use_is_matched() {
        for (pattern, flags, text, expected) in [
            ("..", "g", "abcd", vec![vec!["ab"], vec!["cd"]]),
            (".{3}", "g", "abcdefg", vec![vec!["abc"], vec!["def"]]),
            (
                "--x:([0-9a-f]+)",
                "",
                "a { --x:0f1 }",
                vec![vec!["--x:0f1", "0f1"]],
            ),
            ("(a|b)+c", "", "xabac", vec![vec!["abac", "a"]]),
            ("a(x)?b", "", "ab", vec![vec!["ab", "-"]]),
            (
                "<(.*?)>",
                "g",
                "<a><b>",
                vec![vec!["<a>", "a"], vec!["<b>", "b"]],
            ),
            ("\\bB", "i", "a b", vec![vec!["b"]]),
            ("[^\\d-]{2}", "", "1-ab", vec![vec!["ab"]]),
            ("\\x41\\u0042", "", "AB", vec![vec!["AB"]]),
            ("a{2,3}", "", "aaaa", vec![vec!["aaa"]]),
            ("[\\s\\S]+$", "", "a\nb", vec![vec!["a\nb"]]),
        ] {
            let expected: Vec<Vec<String>> = expected
                .into_iter()
                .map(|groups| groups.into_iter().map(str::to_owned).collect())
                .collect();
            assert_eq!(all(pattern, flags, text), Some(expected), "{pattern}");
        }
    }

    #[test]
    fn what_is_not_read_has_no_answer() {
        for pattern in ["(?=a)", "(?<!a)b", "(a)\\1", "(a", "*", "[a", "\\p{L}"] {
            assert_eq!(all(pattern, "g", "aab"), None, "{pattern}");
        }
        assert_eq!(all("(a*)*b", "", &"a".repeat(64)), None);
    }

    #[test]
    fn what_a_match_takes_is_taken_from_the_machine() {
        let chars: Vec<char> = "a".repeat(20_000).chars().collect();
        let mut steps = 300_000;
        assert_eq!(matches("(a*)*b", "g", &chars, true, &mut steps), None);
        assert!(steps < 297_000, "{steps}");
        // Many groups and large sets cost more than their one step.
        let groups = "()".repeat(900);
        assert_eq!(
            matches(&format!("b{groups}"), "", &chars, false, &mut steps),
            None
        );
        let set: String = ('\u{4e00}'..'\u{5e00}').collect();
        assert_eq!(
            matches(&format!("[{set}]+a"), "", &chars, false, &mut steps),
            None
        );
        assert!(steps < 292_000, "{steps}");
        assert_eq!(
            matches(&"a".repeat(20_000), "", &chars, false, &mut steps),
            None
        );
    }
}
