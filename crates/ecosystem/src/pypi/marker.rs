//! Environment markers (PEP 508), as far as one question needs them: can a requirement
//! apply although nobody asked for an extra?
//!
//! The published marker libraries build decision diagrams that grow exponentially with
//! a hostile marker and are never freed; one pass with a bounded depth answers this.

/// Parentheses within each other.
pub(super) const DEPTH: usize = 32;

/// Whether a marker can hold without any extra. Platforms and Python versions count as
/// possible. What cannot be read can hold: a dependency must not hide behind a marker
/// that only this reader does not understand.
pub(super) fn holds_without_extra(marker: &str) -> bool {
    let mut tokens = Tokens::of(marker);
    let holds = any(&mut tokens, 0);
    tokens.bad || tokens.next().is_some() || holds
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Open,
    Close,
    Text(&'a str),
    Word(&'a str),
    Operator(&'a str),
}

pub(super) struct Tokens<'a> {
    rest: &'a str,
    pub(super) bad: bool,
}

impl<'a> Tokens<'a> {
    pub(super) const fn of(marker: &'a str) -> Self {
        Self {
            rest: marker,
            bad: false,
        }
    }

    fn peek(&self) -> Option<(Token<'a>, &'a str)> {
        let rest = self.rest.trim_start();
        let first = rest.chars().next()?;
        let run = |of: fn(char) -> bool| rest.split_at(rest.find(|c| !of(c)).unwrap_or(rest.len()));
        Some(match first {
            '(' => (Token::Open, &rest[1..]),
            ')' => (Token::Close, &rest[1..]),
            '"' | '\'' => {
                let (text, behind) = rest[1..].split_once(first).unwrap_or((&rest[1..], ""));
                (Token::Text(text), behind)
            }
            '=' | '!' | '<' | '>' | '~' => {
                let (operator, behind) = run(|c| "=!<>~".contains(c));
                (Token::Operator(operator), behind)
            }
            c if c.is_ascii_alphanumeric() => {
                let (word, behind) = run(|c| c.is_ascii_alphanumeric() || "_.".contains(c));
                (Token::Word(word), behind)
            }
            other => (Token::Operator(""), &rest[other.len_utf8()..]),
        })
    }

    pub(super) fn next(&mut self) -> Option<Token<'a>> {
        let (token, rest) = self.peek()?;
        self.rest = rest;
        Some(token)
    }

    pub(super) fn takes(&mut self, wanted: Token<'_>) -> bool {
        match self.peek() {
            Some((token, rest)) if token == wanted => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }
}

fn any(tokens: &mut Tokens<'_>, depth: usize) -> bool {
    let mut holds = all(tokens, depth);
    while tokens.takes(Token::Word("or")) {
        holds |= all(tokens, depth);
    }
    holds
}

fn all(tokens: &mut Tokens<'_>, depth: usize) -> bool {
    let mut holds = one(tokens, depth);
    while tokens.takes(Token::Word("and")) {
        holds &= one(tokens, depth);
    }
    holds
}

fn one(tokens: &mut Tokens<'_>, depth: usize) -> bool {
    if tokens.takes(Token::Open) {
        if depth == DEPTH {
            tokens.bad = true;
            return true;
        }
        let holds = any(tokens, depth + 1);
        tokens.bad |= !tokens.takes(Token::Close);
        return holds;
    }
    let left = tokens.next();
    let negated = tokens.takes(Token::Word("not"));
    let operator = tokens.next();
    let right = tokens.next();
    let is_operator = match operator {
        Some(Token::Operator(o)) => !o.is_empty() && !negated,
        Some(Token::Word("in")) => true,
        _ => false,
    };
    let (Some(left), Some(right), true) = (left, right, is_operator) else {
        tokens.bad = true;
        return true;
    };
    let about_extra = |token| matches!(token, Token::Word("extra" | "extras"));
    let named = match (about_extra(left), about_extra(right)) {
        (false, false) => return true,
        (true, _) => right,
        (false, true) => left,
    };
    // Without extras, `extra` is the empty text: equal only to itself, in every text.
    let empty = named == Token::Text("");
    match operator {
        Some(Token::Operator("==" | "===")) => empty,
        Some(Token::Word("in")) if left == named => empty || negated,
        Some(Token::Word("in")) => !negated,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_markers_that_need_an_extra_make_a_dependency_optional() {
        for needs_extra in [
            "extra == 'test'",
            "'test' == extra",
            "extra=='a' or extra=='b'",
            "python_version < '3' and (extra == 'a' or extra == \"b\")",
            "(extra == 'a')",
            "'x' in extras",
            "extra not in 'a, b'",
        ] {
            assert!(!holds_without_extra(needs_extra), "{needs_extra}");
        }
        for may_hold in [
            "python_version < '3'",
            "extra == 'a' or sys_platform == 'win32'",
            "extra != 'a'",
            "extra == ''",
            "'x' not in extras",
            "extra in 'a, b'",
            "platform_system == 'extra'",
            "os_name not in 'a, b'",
        ] {
            assert!(holds_without_extra(may_hold), "{may_hold}");
        }
    }

    #[test]
    fn what_cannot_be_read_can_hold() {
        for odd in [
            "",
            "extra",
            "extra = = 'a'",
            "extra == 'a')",
            "(extra == 'a'",
            "extra == 'a' ; x",
        ] {
            assert!(holds_without_extra(odd), "{odd:?}");
        }
        let deep = format!("{}extra == 'a'{}", "(".repeat(100_000), ")".repeat(100_000));
        assert!(holds_without_extra(&deep));
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "\\PC{0,60}") {
            holds_without_extra(&text);
        }

        #[test]
        fn and_with_an_extra_always_needs_it(parts in proptest::collection::vec("[a-z][a-z_]{1,7} (==|<|in) '[a-z0-9.]{0,4}'", 0..5)) {
            prop_assume!(!parts.iter().any(|p| p.starts_with("or ") || p.starts_with("and ") || p.starts_with("not ") || p.starts_with("in ") || p.starts_with("extra")));
            let mut all = parts;
            all.push("extra == 'x'".to_owned());
            prop_assert!(!holds_without_extra(&all.join(" and ")));
        }
    }
}
