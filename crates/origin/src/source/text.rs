//! Texts that differ only as packaging makes them differ.

/// Bounds on a comparison line by line.
pub mod limit {
    /// Lines that may carry the version.
    pub const STAMPED: usize = 8;
    /// Bytes that one placeholder may have become.
    pub const PLACEHOLDER: usize = 300;
}

/// Whether `artifact` is `commit` with every `$Format:…$` filled in. What is filled in stays on
/// its line and cannot end the string that it stands in.
pub fn is_export_subst(commit: &str, artifact: &str) -> bool {
    let Some((mut literal, mut rest)) = placeholder(commit) else {
        return false;
    };
    let mut left = artifact;
    let mut first = true;
    loop {
        let found = if first {
            left.starts_with(literal).then_some(0)
        } else {
            left.find(literal)
        };
        let Some(at) = found else {
            return false;
        };
        if !first && !left.get(..at).is_some_and(is_filled_in) {
            return false;
        }
        left = left.get(at + literal.len()..).unwrap_or_default();
        first = false;
        match placeholder(rest) {
            Some((next, after)) => (literal, rest) = (next, after),
            // The end must be the end: a search from the front would stop too early.
            None => return left.strip_suffix(rest).is_some_and(is_filled_in),
        }
    }
}

/// What stands before the first placeholder, and after it.
fn placeholder(text: &str) -> Option<(&str, &str)> {
    let (before, after) = text.split_once("$Format:")?;
    let (_, rest) = after.split_once('$')?;
    Some((before, rest))
}

fn is_filled_in(text: &str) -> bool {
    text.len() <= limit::PLACEHOLDER
        && !text.contains(['\n', '\r', '"', '\'', '`', '\\', ';', '{', '}', '$'])
}

/// Whether the texts differ only in lines that hold the release's version, and in these only in
/// the version: release tools write it in when they publish.
pub fn is_version_stamp(commit: &str, artifact: &str, version: &str) -> bool {
    if version.len() < 3 {
        return false;
    }
    let (mut then, mut now) = (commit.lines(), artifact.lines());
    let mut stamped = 0;
    loop {
        match (then.next(), now.next()) {
            (None, None) => return stamped > 0,
            (Some(then), Some(now)) if then == now => {}
            (Some(then), Some(now)) if stamped < limit::STAMPED => {
                let Some((before, after)) = now.split_once(version) else {
                    return false;
                };
                let old = then
                    .strip_prefix(before)
                    .and_then(|t| t.strip_suffix(after));
                if !old.is_some_and(is_version) {
                    return false;
                }
                stamped += 1;
            }
            _ => return false,
        }
    }
}

/// `0.0.0-development`, `1.2.3`, `0.0.0`: digits, dots and a tail of plain letters.
fn is_version(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
        && text.contains('.')
        && text.len() <= 64
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn placeholders_are_filled_in_and_nothing_else_is() {
        let commit = "a = \"$Format:%H$\"\nb = \"$Format:%d$\"\nend\n";
        assert!(is_export_subst(
            commit,
            "a = \"1f2e\"\nb = \" (HEAD, tag: v1)\"\nend\n"
        ));
        assert!(!is_export_subst(
            commit,
            "a = \"1f2e\"; evil()\nb = \"x\"\nend\n"
        ));
        assert!(!is_export_subst(
            commit,
            "a = \"1f2e\"\nb = \"x\"\nend\nevil()\n"
        ));
        assert!(!is_export_subst("no placeholder", "no placeholder"));
    }

    #[test]
    fn a_version_is_written_in_and_nothing_else_is() {
        let commit = "import a\n__version__ = '0.0.0'\n";
        assert!(is_version_stamp(
            commit,
            "import a\n__version__ = '1.14.1'\n",
            "1.14.1"
        ));
        assert!(!is_version_stamp(
            commit,
            "import a\n__version__ = '1.14.1'; b()\n",
            "1.14.1"
        ));
        assert!(!is_version_stamp(
            commit,
            "import a\n__version__ = '1.14.1'\nb()\n",
            "1.14.1"
        ));
        assert!(!is_version_stamp(commit, commit, "1.14.1"));
    }

    proptest! {
        #[test]
        fn an_added_line_is_never_a_stamp(text in "[a-z0-9. \n]{0,40}", line in "[a-z]{1,9}") {
            let more = format!("{text}\n{line}\nx\n");
            let less = format!("{text}\n");
            prop_assert!(!is_version_stamp(&less, &more, "1.14.1"));
        }

        #[test]
        fn any_two_texts_are_compared(a in "[$Format:%H\"\n]{0,40}", b in "[a$\"\n]{0,40}") {
            is_export_subst(&a, &b);
            is_version_stamp(&a, &b, "1.14.1");
        }
    }
}
