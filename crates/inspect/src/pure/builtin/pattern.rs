//! Regular expressions, as far as decoders use them.

/// The pieces of a text, each with whether a regular expression matched it. Only classes,
/// single characters and counts of them are read: what decoders use.
pub(in crate::pure) fn simple_pieces(
    pattern: &str,
    flags: &str,
    text: &str,
) -> Option<Vec<(String, bool)>> {
    let class = CharClass::parse(pattern)?;
    let once = !flags.contains('g');
    let mut pieces: Vec<(String, bool)> = Vec::new();
    let mut matched_once = false;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if class.holds(c) && !(once && matched_once) {
            let mut piece = c.to_string();
            while piece.chars().count() < class.most && rest.peek().is_some_and(|c| class.holds(*c))
            {
                piece.extend(rest.next());
            }
            let enough = piece.chars().count() >= class.least;
            matched_once |= enough;
            pieces.push((piece, enough));
        } else {
            match pieces.last_mut() {
                Some((piece, false)) => piece.push(c),
                _ => pieces.push((c.to_string(), false)),
            }
        }
    }
    Some(pieces)
}

/// What a simple regular expression matches, in turn.
pub(in crate::pure) fn simple_matches(
    pattern: &str,
    flags: &str,
    text: &str,
) -> Option<Vec<String>> {
    flags
        .contains('g')
        .then(|| simple_pieces(pattern, flags, text))?
        .map(|pieces| {
            pieces
                .into_iter()
                .filter(|(_, matched)| *matched)
                .map(|(piece, _)| piece)
                .collect()
        })
}

/// A set of characters and how many of them.
pub(super) struct CharClass {
    ranges: Vec<(char, char)>,
    negated: bool,
    least: usize,
    most: usize,
}

pub(super) fn escaped(c: char) -> Result<Vec<(char, char)>, char> {
    match c {
        'd' => Ok(vec![('0', '9')]),
        'w' => Ok(vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')]),
        's' => Ok(vec![(' ', ' '), ('\t', '\r')]),
        'n' => Err('\n'),
        'r' => Err('\r'),
        't' => Err('\t'),
        'D' | 'W' | 'S' | 'b' | 'B' | 'u' | 'x' | 'p' | 'P' => Ok(Vec::new()),
        c => Err(c),
    }
}

impl CharClass {
    pub(super) fn parse(pattern: &str) -> Option<Self> {
        let pattern = pattern
            .strip_prefix('(')
            .and_then(|p| p.strip_suffix(')'))
            .unwrap_or(pattern);
        let mut chars = pattern.chars().peekable();
        let mut ranges = Vec::new();
        let mut negated = false;
        match chars.next()? {
            '.' => ranges.push(('\0', char::MAX)),
            '[' => {
                if chars.peek() == Some(&'^') {
                    negated = true;
                    chars.next();
                }
                loop {
                    let from = match chars.next()? {
                        ']' => break,
                        '\\' => match escaped(chars.next()?) {
                            Ok(set) => {
                                ranges.extend(set);
                                continue;
                            }
                            Err(c) => c,
                        },
                        c => c,
                    };
                    if chars.peek() == Some(&'-') {
                        chars.next();
                        match chars.next()? {
                            ']' => {
                                ranges.extend([(from, from), ('-', '-')]);
                                break;
                            }
                            to => ranges.push((from, to)),
                        }
                    } else {
                        ranges.push((from, from));
                    }
                }
            }
            '\\' => match escaped(chars.next()?) {
                Ok(set) => ranges.extend(set),
                Err(c) => ranges.push((c, c)),
            },
            c if !"^$(){}|?*+".contains(c) => ranges.push((c, c)),
            _ => return None,
        }
        let count: String = chars.collect();
        let (least, most) = match count.as_str() {
            "" => (1, 1),
            "+" => (1, usize::MAX),
            count => {
                let inner = count.strip_prefix('{')?.strip_suffix('}')?;
                match inner.split_once(',') {
                    None => {
                        let n = inner.parse().ok()?;
                        (n, n)
                    }
                    Some((least, "")) => (least.parse().ok()?, usize::MAX),
                    Some((least, most)) => (least.parse().ok()?, most.parse().ok()?),
                }
            }
        };
        // The same character twice and more: `..` is two of anything.
        Some(Self {
            ranges,
            negated,
            least,
            most,
        })
    }

    pub(super) fn holds(&self, c: char) -> bool {
        self.ranges
            .iter()
            .any(|(from, to)| (*from..=*to).contains(&c))
            != self.negated
    }
}
