use crate::printable;

/// Our own sentence with text of strangers in it, for a comment in Markdown: nothing in it is markup,
/// HTML, a link, a formula or a bar of a table, and it mentions nobody. Safe to print, and cut after
/// `limit` characters.
///
/// Code hosts look for mentions, numbers of issues and addresses after Markdown was read, where a
/// backslash is gone already; a character without width parts those.
pub fn plain_markdown(text: &str, limit: usize) -> String {
    let text = printable(text, limit);
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("@&#8203;"),
            '#' => out.push_str("\\#&#8203;"),
            ':' => out.push_str("&#58;"),
            // An address may begin without a scheme.
            '.' if ends_with_www(text.get(..at).unwrap_or_default()) => out.push_str(".&#8203;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '|' | '!' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

fn ends_with_www(before: &str) -> bool {
    let mut last = before.chars().rev();
    (0..3).all(|_| last.next().is_some_and(|c| c.eq_ignore_ascii_case(&'w')))
}

#[cfg(test)]
mod tests {
    use super::plain_markdown;

    #[test]
    fn what_strangers_write_is_no_markup_and_no_link_and_mentions_nobody() {
        for (text, plain) in [
            ("**a** _b_ `c`", r"\*\*a\*\* \_b\_ \`c\`"),
            ("<b>&lt;", "&lt;b&gt;&amp;lt;"),
            ("@someone", "@&#8203;someone"),
            ("fixes #12", r"fixes \#&#8203;12"),
            ("https://a.example", "https&#58;//a.example"),
            ("WWW.a.example", "WWW.&#8203;a.example"),
            ("[a](b)![c](d)", r"\[a\]\(b\)\!\[c\]\(d\)"),
            ("a|b ~~c~~ $d$", r"a\|b \~\~c\~\~ \$d\$"),
        ] {
            assert_eq!(plain_markdown(text, 100), plain, "{text}");
        }
    }

    #[test]
    fn it_stays_in_its_line_and_within_its_bound() {
        assert_eq!(plain_markdown("a\n# b", 100), r"a\\u{a}\#&#8203; b");
        assert_eq!(plain_markdown("abc", 2), "ab…");
    }
}
