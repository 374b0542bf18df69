//! What `.gitattributes` says about a path: whether its bytes in an archive may differ from its
//! blob, and why.
//!
//! Source: `gitattributes(5)`. Only what a commit holds counts: neither the clone's
//! `info/attributes` nor anybody's own file is part of what was published.

use super::budget::Budget;
use super::path;

/// Bounds on attributes.
pub mod limit {
    /// Bytes of one file.
    pub const FILE: usize = 256 << 10;
    /// Lines of all files together.
    pub const RULES: usize = 5_000;
    /// Bytes of one pattern.
    pub const PATTERN: usize = 512;
    /// Comparisons that one pattern may cost on one path.
    pub const STEPS: usize = 20_000;
    /// Comparisons that all patterns may cost on all paths: about a second.
    pub const ALL_STEPS: u64 = 200_000_000;
}

/// The attributes that change bytes between blob and archive, for one path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    /// Its line endings are converted (`text`, `text=auto`, `eol=…`).
    pub text: bool,
    /// Placeholders are filled in when an archive is made.
    pub export_subst: bool,
    /// It is left out when an archive is made.
    pub export_ignore: bool,
    /// `$Id$` is filled in at checkout.
    pub ident: bool,
    /// A program of the user's own converts it at checkout (`lfs`, `git-crypt`).
    pub filter: Option<String>,
}

/// Every rule of the tree, in the order in which later ones win.
#[derive(Debug)]
pub struct AttributeRules {
    rules: Vec<Rule>,
    cut: bool,
    budget: Budget,
}

#[derive(Debug, Clone)]
struct Rule {
    folder: String,
    pattern: String,
    /// The pattern has a `/` and is matched against the whole path below its folder.
    anchored: bool,
    states: Vec<(String, State)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Set,
    Unset,
    Unspecified,
    Value(String),
}

impl AttributeRules {
    /// From the `.gitattributes` of a tree, each with its path. Those of deeper folders win.
    pub fn read<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let mut files: Vec<_> = files.into_iter().collect();
        files.sort_by_key(|(at, _)| (at.matches('/').count(), (*at).to_owned()));
        let mut all = Self {
            rules: Vec::new(),
            cut: false,
            budget: Budget::of(limit::ALL_STEPS),
        };
        for (at, bytes) in files {
            let read = bytes.get(..limit::FILE).unwrap_or(bytes);
            all.cut |= read.len() < bytes.len();
            for line in String::from_utf8_lossy(read).lines() {
                let Some(rule) = Rule::parse(path::folder(at), line) else {
                    continue;
                };
                if all.rules.len() == limit::RULES || rule.pattern.len() > limit::PATTERN {
                    all.cut = true;
                } else {
                    all.rules.push(rule);
                }
            }
        }
        all
    }

    /// Whether rules were left out: there are too many, too long, or too costly ones.
    pub fn is_cut(&self) -> bool {
        self.cut || self.budget.is_spent()
    }

    /// What holds for a path.
    pub fn of(&self, path: &str) -> Attributes {
        let mut found = Attributes::default();
        let matching = self
            .rules
            .iter()
            .filter(|rule| rule.matches(path, &self.budget));
        for rule in matching {
            for (name, state) in &rule.states {
                found.apply(name, state);
            }
        }
        found
    }
}

impl Attributes {
    fn apply(&mut self, name: &str, state: &State) {
        let on = matches!(state, State::Set | State::Value(_));
        match name {
            "text" | "crlf" => self.text = on,
            "eol" => self.text |= on,
            "binary" if on => self.text = false,
            "export-subst" => self.export_subst = on,
            "export-ignore" => self.export_ignore = on,
            "ident" => self.ident = on,
            "filter" => {
                self.filter = match state {
                    State::Value(name) => Some(name.clone()),
                    State::Set | State::Unset | State::Unspecified => None,
                }
            }
            // Attributes that change no byte (`diff`, `merge`, `linguist-*`).
            _ => {}
        }
    }
}

impl Rule {
    fn parse(folder: &str, line: &str) -> Option<Self> {
        let line = line.trim();
        // Macros (`[attr]name`) are rare; those that are built in are known by name.
        if line.is_empty() || line.starts_with(['#', '[']) {
            return None;
        }
        let (pattern, rest) = match line.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => line.split_once([' ', '\t'])?,
        };
        // A pattern that ends in `/` matches folders only, which have no attributes of use here.
        if pattern.is_empty() || pattern.ends_with('/') {
            return None;
        }
        let anchored = pattern.contains('/');
        Some(Self {
            folder: folder.to_owned(),
            pattern: pattern.trim_start_matches('/').to_owned(),
            anchored,
            states: rest.split_ascii_whitespace().map(state).collect(),
        })
    }

    fn matches(&self, path: &str, budget: &Budget) -> bool {
        let Some(below) = path::below(&self.folder, path) else {
            return false;
        };
        let text = if self.anchored {
            below
        } else {
            path::name(below)
        };
        if budget.is_spent() {
            return false;
        }
        let mut steps = limit::STEPS;
        let matched = matches(self.pattern.as_bytes(), text.as_bytes(), &mut steps);
        budget.spend((limit::STEPS - steps) as u64);
        matched
    }
}

fn state(word: &str) -> (String, State) {
    match (
        word.split_once('='),
        word.strip_prefix('-'),
        word.strip_prefix('!'),
    ) {
        (Some((name, value)), _, _) => (name.to_owned(), State::Value(value.to_owned())),
        (None, Some(name), _) => (name.to_owned(), State::Unset),
        (None, None, Some(name)) => (name.to_owned(), State::Unspecified),
        (None, None, None) => (word.to_owned(), State::Set),
    }
}

/// `*` and `?` within a part, `**/` for any folders, `/**` for all below, `[a-z]`, `\` before a
/// letter that is meant itself. Recursion is as deep as the pattern has stars.
fn matches(pattern: &[u8], text: &[u8], steps: &mut usize) -> bool {
    let Some(left) = steps.checked_sub(1) else {
        return false;
    };
    *steps = left;
    match (pattern, text) {
        ([], []) => true,
        ([b'*', b'*', b'/', rest @ ..], _) => {
            matches(rest, text, steps)
                || text.iter().enumerate().any(|(at, byte)| {
                    *byte == b'/' && text.get(at + 1..).is_some_and(|t| matches(rest, t, steps))
                })
        }
        ([b'*', b'*'], _) => true,
        ([b'*', rest @ ..], _) => (0..=text.len())
            .take_while(|at| *at == 0 || text.get(at - 1) != Some(&b'/'))
            .any(|at| text.get(at..).is_some_and(|t| matches(rest, t, steps))),
        ([b'?', rest @ ..], [byte, text @ ..]) => *byte != b'/' && matches(rest, text, steps),
        ([b'[', rest @ ..], [byte, text @ ..]) => match class(rest, *byte) {
            Some((within, rest)) => within && *byte != b'/' && matches(rest, text, steps),
            None => *byte == b'[' && matches(rest, text, steps),
        },
        ([b'\\', letter, rest @ ..], [byte, text @ ..])
        | ([letter, rest @ ..], [byte, text @ ..]) => letter == byte && matches(rest, text, steps),
        ([], [_, ..]) | ([_, ..], []) => false,
    }
}

/// Whether a byte is in the class that `pattern` begins with, and what follows the class.
fn class(pattern: &[u8], byte: u8) -> Option<(bool, &[u8])> {
    let (negated, members) = match pattern {
        [b'!' | b'^', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    // A `]` that comes first is a member.
    let end = 1 + members.iter().skip(1).position(|b| *b == b']')?;
    let (members, after) = members.split_at_checked(end)?;
    let mut within = false;
    let mut rest = members;
    while let [first, tail @ ..] = rest {
        rest = match tail {
            [b'-', last, tail @ ..] => {
                within |= (*first..=*last).contains(&byte);
                tail
            }
            tail => {
                within |= *first == byte;
                tail
            }
        };
    }
    Some((within != negated, after.get(1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rules(text: &str) -> AttributeRules {
        AttributeRules::read([(".gitattributes", text.as_bytes())])
    }

    #[test]
    fn the_attributes_that_change_bytes_are_read() {
        let rules = rules(
            "# comment\n* text=auto\n*.png binary\nsrc/_version.py export-subst\n\
             /docs/** export-ignore\n*.bin filter=lfs diff=lfs merge=lfs -text\n",
        );
        assert!(rules.of("a/b.js").text);
        assert!(!rules.of("a/b.png").text);
        assert!(rules.of("src/_version.py").export_subst);
        assert!(!rules.of("x/src/_version.py").export_subst);
        assert!(rules.of("docs/a/b.md").export_ignore);
        assert_eq!(rules.of("m/model.bin").filter.as_deref(), Some("lfs"));
    }

    #[test]
    fn a_deeper_file_wins() {
        let rules = AttributeRules::read([
            ("a/.gitattributes", &b"*.txt -text"[..]),
            (".gitattributes", b"*.txt eol=crlf"),
        ]);
        assert!(rules.of("b/x.txt").text);
        assert!(!rules.of("a/x.txt").text);
    }

    #[test]
    fn a_pattern_that_explodes_ends() {
        let rules = rules(&format!("{}b text", "*a".repeat(60)));
        assert!(!rules.of(&"a".repeat(200)).text);
    }

    proptest! {
        #[test]
        fn any_pattern_is_matched_or_not(pattern in "[ab*?/\\[\\]!\\\\-]{0,20}", path in "[ab/]{0,20}") {
            let mut steps = limit::STEPS;
            matches(pattern.as_bytes(), path.as_bytes(), &mut steps);
        }

        #[test]
        fn a_path_matches_itself_and_two_stars(path in "[a-c]{1,5}(/[a-c]{1,5}){0,3}") {
            let matched = |pattern: &str| matches(pattern.as_bytes(), path.as_bytes(), &mut limit::STEPS.clone());
            prop_assert!(matched(&path));
            prop_assert!(matched("**"));
            let in_any_folder = format!("**/{}", path::name(&path));
            prop_assert!(matched(&in_any_folder));
            prop_assert_eq!(matched("*"), !path.contains('/'));
        }
    }
}
