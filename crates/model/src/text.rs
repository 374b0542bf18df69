/// Makes text of strangers safe to print: control characters (C0, C1, ESC),
/// bidirectional and zero-width characters become `\u{…}`, and what is longer than
/// `limit` characters is cut with `…`.
///
/// Package names, versions, paths and messages come from attackers; a terminal, a
/// CI log or a comment must never interpret them.
pub fn printable(text: &str, limit: usize) -> String {
    let mut out = String::with_capacity(text.len().min(limit * 4));
    for (count, c) in text.chars().enumerate() {
        if count == limit {
            out.push('…');
            break;
        }
        if is_deceptive(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn escapes_of_a_terminal_never_survive() {
        assert_eq!(
            printable("a\u{1b}[31mb\u{202e}c", 40),
            "a\\u{1b}[31mb\\u{202e}c"
        );
    }

    #[test]
    fn long_text_is_cut_and_says_so() {
        assert_eq!(printable("abcdef", 3), "abc…");
    }
}
