/// Makes text of strangers safe to print: control characters (C0, C1, ESC),
/// bidirectional and zero-width characters become `\u{…}`, and what is longer than
/// `limit` characters is cut with `…`.
///
/// Package names, versions, paths and messages come from attackers; a terminal, a
/// CI log or a comment must never interpret them.
pub fn printable(text: &str, limit: usize) -> String {
    let mut out = String::with_capacity(text.len().min(limit.saturating_mul(4)));
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
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{3164}' | '\u{FFA0}' | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}'
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
    fn letters_that_nobody_sees_and_ends_of_lines_are_shown() {
        for c in [
            '\u{2028}',
            '\u{2029}',
            '\u{85}',
            '\u{3164}',
            '\u{115f}',
            '\u{feff}',
            '\u{e0041}',
            '\n',
            '\t',
        ] {
            assert!(printable(&c.to_string(), 40).is_ascii(), "{c:?}");
        }
        assert_eq!(printable("名é", 40), "名é");
    }

    #[test]
    fn long_text_is_cut_and_says_so() {
        assert_eq!(printable("abcdef", 3), "abc…");
    }
}
