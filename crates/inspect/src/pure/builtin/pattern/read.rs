//! How a pattern is read: its text becomes a list of steps.

use super::{Set, Step};

/// Steps of a pattern.
const STEPS: usize = 4_000;
/// Groups within groups.
const DEPTH: u8 = 20;

/// Reads a pattern.
pub(super) struct Reader {
    pub chars: Vec<char>,
    pub at: usize,
    pub groups: usize,
    pub any_case: bool,
    pub every_line: bool,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn take(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }

    fn takes(&mut self, text: &str) -> bool {
        let length = text.chars().count();
        let here = self.chars.get(self.at..self.at + length);
        let same = here.is_some_and(|here| here.iter().copied().eq(text.chars()));
        if same {
            self.at += length;
        }
        same
    }

    /// Ways with `|` between them.
    pub fn choice(&mut self, depth: u8) -> Option<Vec<Step>> {
        if depth > DEPTH {
            return None;
        }
        let first = self.sequence(depth)?;
        if !self.takes("|") {
            return Some(first);
        }
        let rest = self.choice(depth + 1)?;
        let mut steps = vec![Step::Split(1, first.len() as isize + 2)];
        steps.extend(first);
        steps.push(Step::Jump(rest.len() as isize + 1));
        steps.extend(rest);
        Some(steps)
    }

    fn sequence(&mut self, depth: u8) -> Option<Vec<Step>> {
        let mut steps = Vec::new();
        while let Some(c) = self.peek() {
            if matches!(c, '|' | ')') {
                break;
            }
            let one = self.one(depth)?;
            let counted = self.counted(one)?;
            steps.extend(counted);
            if steps.len() > STEPS {
                return None;
            }
        }
        Some(steps)
    }

    /// A character, a set, a group or an anchor.
    fn one(&mut self, depth: u8) -> Option<Vec<Step>> {
        Some(vec![match self.take()? {
            '(' => return self.group(depth),
            '[' => self.set()?,
            '.' if self.every_line => self.of(vec![('\0', char::MAX)]),
            '.' => self.of(complement(vec![('\n', '\n'), ('\r', '\r')])),
            '^' => Step::Start,
            '$' => Step::End,
            '\\' => match self.take()? {
                'b' => Step::Border(true),
                'B' => Step::Border(false),
                // A group of before.
                '1'..='9' | 'k' | 'p' | 'P' => return None,
                c => {
                    let ranges = self.escaped(c)?;
                    self.of(ranges)
                }
            },
            '*' | '+' | '?' => return None,
            c => self.of(vec![(c, c)]),
        }])
    }

    fn of(&self, ranges: Vec<(char, char)>) -> Step {
        Step::Set(Set {
            ranges: ranges.into(),
            negated: false,
            any_case: self.any_case,
        })
    }

    fn group(&mut self, depth: u8) -> Option<Vec<Step>> {
        let mut number = None;
        if self.takes("?:") {
        } else if self.takes("?<") {
            // A name; what looks back begins the same way.
            if matches!(self.peek(), Some('=' | '!')) {
                return None;
            }
            while self.take()? != '>' {}
            self.groups += 1;
            number = Some(self.groups);
        } else if self.peek() == Some('?') {
            return None;
        } else {
            self.groups += 1;
            number = Some(self.groups);
        }
        let inner = self.choice(depth + 1)?;
        if !self.takes(")") {
            return None;
        }
        let Some(number) = number else {
            return Some(inner);
        };
        let mut steps = vec![Step::Save(2 * number)];
        steps.extend(inner);
        steps.push(Step::Save(2 * number + 1));
        Some(steps)
    }

    /// A set, behind its bracket.
    fn set(&mut self) -> Option<Step> {
        let negated = self.takes("^");
        let mut ranges = Vec::new();
        loop {
            let from = match self.take()? {
                ']' => break,
                '\\' => {
                    let c = self.take()?;
                    let found = if c == 'b' {
                        vec![('\u{8}', '\u{8}')]
                    } else {
                        self.escaped(c)?
                    };
                    if let [(from, to)] = found[..]
                        && from == to
                    {
                        from
                    } else {
                        ranges.extend(found);
                        continue;
                    }
                }
                c => c,
            };
            let is_range = self.peek() == Some('-') && self.chars.get(self.at + 1) != Some(&']');
            if !is_range {
                ranges.push((from, from));
                continue;
            }
            self.at += 1;
            let to = match self.take()? {
                '\\' => {
                    let c = self.take()?;
                    match self.escaped(c)?[..] {
                        [(from, to)] if from == to => to,
                        _ => return None,
                    }
                }
                c => c,
            };
            ranges.push((from, to));
        }
        Some(Step::Set(Set {
            ranges: ranges.into(),
            negated,
            any_case: self.any_case,
        }))
    }

    /// What a letter behind a back-slash means.
    fn escaped(&mut self, c: char) -> Option<Vec<(char, char)>> {
        let digits = || vec![('0', '9')];
        let words = || vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')];
        let blanks = || {
            vec![
                (' ', ' '),
                ('\t', '\r'),
                ('\u{a0}', '\u{a0}'),
                ('\u{feff}', '\u{feff}'),
                ('\u{2028}', '\u{2029}'),
            ]
        };
        let one = |c: char| vec![(c, c)];
        Some(match c {
            'd' => digits(),
            'w' => words(),
            's' => blanks(),
            'D' => complement(digits()),
            'W' => complement(words()),
            'S' => complement(blanks()),
            'n' => one('\n'),
            'r' => one('\r'),
            't' => one('\t'),
            'f' => one('\u{c}'),
            'v' => one('\u{b}'),
            '0' => one('\0'),
            'x' => one(self.code(2)?),
            'u' if self.takes("{") => {
                let start = self.at;
                while self.take()? != '}' {}
                let digits: String = self.chars[start..self.at - 1].iter().collect();
                one(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?)
            }
            'u' => one(self.code(4)?),
            c if c.is_ascii_alphanumeric() => return None,
            c => one(c),
        })
    }

    fn code(&mut self, length: usize) -> Option<char> {
        let digits: String = self.chars.get(self.at..self.at + length)?.iter().collect();
        self.at += length;
        char::from_u32(u32::from_str_radix(&digits, 16).ok()?)
    }

    /// A part, as often as what stands behind it says.
    fn counted(&mut self, one: Vec<Step>) -> Option<Vec<Step>> {
        let (least, most) = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => match self.braces() {
                Some(count) => count,
                // A brace of its own.
                None => return Some(one),
            },
            _ => return Some(one),
        };
        self.at += 1;
        let lazy = self.takes("?");
        repeated(&one, least, most, lazy)
    }

    /// `{2}`, `{2,}`, `{2,4}`: it leaves its end to be taken.
    fn braces(&mut self) -> Option<(usize, Option<usize>)> {
        let length = self.chars[self.at..].iter().position(|c| *c == '}')?;
        let inner: String = self.chars[self.at + 1..self.at + length].iter().collect();
        let count = match inner.split_once(',') {
            None => {
                let count = inner.parse().ok()?;
                (count, Some(count))
            }
            Some((least, "")) => (least.parse().ok()?, None),
            Some((least, most)) => (least.parse().ok()?, Some(most.parse().ok()?)),
        };
        self.at += length;
        Some(count)
    }
}

/// Steps that are gone through several times.
fn repeated(one: &[Step], least: usize, most: Option<usize>, lazy: bool) -> Option<Vec<Step>> {
    let copies = most.unwrap_or(least + 1).max(least);
    if one.len().saturating_mul(copies) > STEPS {
        return None;
    }
    let split = |behind: usize| {
        let behind = behind as isize;
        if lazy {
            Step::Split(behind, 1)
        } else {
            Step::Split(1, behind)
        }
    };
    let mut steps: Vec<Step> = Vec::new();
    for _ in 0..least {
        steps.extend_from_slice(one);
    }
    match most {
        None => {
            steps.push(split(one.len() + 2));
            steps.extend_from_slice(one);
            steps.push(Step::Jump(-(one.len() as isize) - 1));
        }
        Some(most) => {
            let mut rest: Vec<Step> = Vec::new();
            for _ in least..most {
                let mut longer = vec![split(one.len() + rest.len() + 1)];
                longer.extend_from_slice(one);
                longer.append(&mut rest);
                rest = longer;
            }
            steps.append(&mut rest);
        }
    }
    Some(steps)
}

/// All characters that are in none of the ranges.
fn complement(mut ranges: Vec<(char, char)>) -> Vec<(char, char)> {
    ranges.sort_unstable();
    let mut out = Vec::new();
    let mut next = 0_u32;
    for (from, to) in ranges {
        if let (Some(start), Some(end)) = (
            char::from_u32(next),
            u32::from(from).checked_sub(1).and_then(char::from_u32),
        ) && start <= end
        {
            out.push((start, end));
        }
        next = next.max(u32::from(to) + 1);
    }
    if let Some(start) = char::from_u32(next) {
        out.push((start, char::MAX));
    }
    out
}
