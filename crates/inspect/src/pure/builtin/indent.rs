//! Texts of several lines without the blanks that the code around them has: `textwrap.dedent`,
//! `inspect.cleandoc`.

/// Takes away the blanks that all lines begin with. Lines of blanks only are empty then.
///
/// Source: Python's documentation of `textwrap.dedent`.
pub(super) fn dedent(text: &str) -> String {
    let lines: Vec<&str> = text.split('\n').collect();
    let common = common_margin(&lines);
    without(&lines, common).join("\n")
}

/// The same with a first line that has no margin, and without empty lines around it.
///
/// Source: Python's documentation of `inspect.cleandoc`.
pub(super) fn cleandoc(text: &str) -> String {
    let lines: Vec<&str> = text.split('\n').collect();
    let (first, rest) = lines.split_first().unwrap_or((&"", &[]));
    let mut all = vec![first.trim_start_matches(BLANKS).to_owned()];
    all.extend(without(rest, common_margin(rest)));
    all.join("\n").trim_matches('\n').to_owned()
}

const BLANKS: [char; 2] = [' ', '\t'];

fn margin(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches(BLANKS).len()]
}

fn is_empty(line: &str) -> bool {
    line.trim_start_matches(BLANKS).is_empty()
}

/// How many bytes of blanks all lines have in common.
fn common_margin(lines: &[&str]) -> usize {
    let mut margins = lines
        .iter()
        .filter(|line| !is_empty(line))
        .map(|line| margin(line));
    let Some(first) = margins.next() else {
        return 0;
    };
    margins.fold(first.len(), |most, other| {
        let both = first.bytes().zip(other.bytes());
        both.take(most).take_while(|(a, b)| a == b).count()
    })
}

fn without(lines: &[&str], margin: usize) -> Vec<String> {
    let cut = |line: &&str| match is_empty(line) {
        true => String::new(),
        false => line.get(margin..).unwrap_or_default().to_owned(),
    };
    lines.iter().map(cut).collect()
}

#[cfg(test)]
mod tests {
    use super::{cleandoc, dedent};

    #[test]
    fn the_blanks_that_all_lines_have_go() {
        assert_eq!(dedent("\n    a\n      b\n  \n    c\n"), "\na\n  b\n\nc\n");
        assert_eq!(dedent("a\n  b"), "a\n  b");
        assert_eq!(dedent("  a\n\tb"), "  a\n\tb");
        assert_eq!(dedent(""), "");
    }

    #[test]
    fn the_first_line_of_a_documentation_has_no_margin() {
        assert_eq!(cleandoc("\n    a\n      b\n    "), "a\n  b");
        assert_eq!(cleandoc("  a\n    b\n    c"), "a\nb\nc");
    }
}
