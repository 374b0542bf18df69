//! What the plain bytes between brackets say.

/// It stands in names and numbers.
pub(super) const fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || !byte.is_ascii()
}

/// The word that a text ends with.
pub(super) fn last_word(text: &[u8]) -> &[u8] {
    let from = text.iter().rposition(|byte| !is_of_name(*byte));
    text.get(from.map_or(0, |at| at + 1)..).unwrap_or_default()
}

/// A word in front of `(…)` that a statement follows.
pub(super) fn is_control(word: &[u8]) -> bool {
    matches!(
        word,
        b"if" | b"for" | b"while" | b"switch" | b"with" | b"catch" | b"await"
    )
}

/// A word that a value follows.
pub(super) fn takes_value(word: &[u8]) -> bool {
    matches!(
        word,
        b"return"
            | b"typeof"
            | b"instanceof"
            | b"in"
            | b"of"
            | b"new"
            | b"delete"
            | b"void"
            | b"throw"
            | b"case"
            | b"yield"
            | b"await"
            | b"default"
            | b"extends"
    )
}

/// It ends with `for` or `for await`.
pub(super) fn is_for(text: &[u8]) -> bool {
    match text.last() {
        Some(b'r') => last_word(text) == b"for",
        Some(b't') => text
            .strip_suffix(b"await")
            .is_some_and(|rest| last_word(rest.trim_ascii_end()) == b"for"),
        _ => false,
    }
}

/// `class` stands in it as a word.
pub(super) fn has_class(text: &[u8]) -> bool {
    places(text, b"class").next().is_some()
}

/// Where `await` stands as a word.
pub(super) fn awaits(text: &[u8]) -> impl Iterator<Item = usize> {
    places(text, b"await")
}

/// Where an escape stands for a letter of `await`.
pub(super) fn escaped_awaits(text: &[u8]) -> impl Iterator<Item = usize> {
    let is_letter = |digits: &[u8]| matches!(digits, b"61" | b"77" | b"69" | b"74");
    memchr::memmem::find_iter(text, b"\\u").filter(move |at| {
        let digits = text.get(at + 2..).unwrap_or_default();
        let Some(digits) = digits.strip_prefix(b"{") else {
            return digits.starts_with(b"00") && digits.get(2..4).is_some_and(is_letter);
        };
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        let digits = digits.get(zeros..).unwrap_or_default();
        digits.get(..2).is_some_and(is_letter) && digits.get(2) == Some(&b'}')
    })
}

fn places(text: &[u8], word: &'static [u8]) -> impl Iterator<Item = usize> {
    let is_end = |byte: Option<&u8>| byte.is_none_or(|byte| !is_of_name(*byte));
    memchr::memmem::find_iter(text, word).filter(move |at| {
        let before = at.checked_sub(1).and_then(|at| text.get(at));
        is_end(before) && is_end(text.get(at + word.len()))
    })
}
