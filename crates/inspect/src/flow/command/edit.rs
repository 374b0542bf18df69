//! What `sed` makes of a text, where all of its patterns are written out.

use super::OUTPUT;

/// Changes of one script.
const EDITS: usize = 64;

/// One change of an editor's script.
enum Edit {
    /// `s/from/to/`: which one of a line, from 1, and whether all behind it.
    Replace {
        from: String,
        to: String,
        first: usize,
        all: bool,
        /// It stands at the beginning of the line, at its end.
        anchors: (bool, bool),
    },
    /// `y/abc/xyz/`.
    Letters(Vec<char>, Vec<char>),
}

/// `sed 's/a/b/g'`, where what is replaced is written out.
pub(super) fn edited(words: &[&str], text: &str) -> Option<String> {
    let mut scripts = Vec::new();
    let mut extended = false;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "-e" | "--expression" => scripts.push(*words.next()?),
            "-E" | "-r" | "--regexp-extended" => extended = true,
            "-u" | "--unbuffered" => {}
            option if option.starts_with('-') => return None,
            script if scripts.is_empty() => scripts.push(script),
            _ => return None,
        }
    }
    let mut edits = Vec::new();
    for script in scripts {
        let mut rest = script;
        loop {
            rest = rest.trim_start_matches([' ', '\t', ';', '\n']);
            if rest.is_empty() {
                break;
            }
            let (edit, behind) = edit(rest, extended)?;
            edits.push(edit);
            rest = behind;
            if edits.len() > EDITS {
                return None;
            }
        }
    }
    if edits.is_empty() {
        return None;
    }
    let mut out = String::new();
    for (number, line) in text.lines().enumerate() {
        let mut line = line.to_owned();
        for edit in &edits {
            line = apply(edit, &line);
            if out.len() + line.len() > OUTPUT {
                return None;
            }
        }
        if number > 0 {
            out.push('\n');
        }
        out.push_str(&line);
    }
    Some(out)
}

/// The first change of a script, and what stands behind it.
fn edit(script: &str, extended: bool) -> Option<(Edit, &str)> {
    let mut letters = script.char_indices();
    let (_, kind) = letters.next()?;
    let (_, between) = letters.next()?;
    if !matches!(kind, 's' | 'y') || between.is_alphanumeric() || between == '\\' {
        return None;
    }
    let (from, rest) = until(letters.as_str(), between)?;
    let (to, rest) = until(rest, between)?;
    let end = rest.find([';', '\n', '}']).unwrap_or(rest.len());
    let (flags, behind) = rest.split_at_checked(end)?;
    let flags = flags.trim_end();
    if kind == 'y' {
        let plain = |text: &str| (!text.contains('\\')).then(|| text.chars().collect::<Vec<_>>());
        let (from, to) = (plain(from)?, plain(to)?);
        let fits = flags.is_empty() && from.len() == to.len();
        return fits.then_some((Edit::Letters(from, to), behind));
    }
    let number = flags.trim_matches('g');
    let first = if number.is_empty() {
        1
    } else {
        number.parse::<usize>().ok().filter(|first| *first > 0)?
    };
    let (from, starts) = match from.strip_prefix('^') {
        Some(from) => (from, true),
        None => (from, false),
    };
    let (from, ends) = match from.strip_suffix('$') {
        Some(inner) if !inner.ends_with('\\') => (inner, true),
        _ => (from, false),
    };
    let from = literal(from, between, extended)?;
    if from.is_empty() && !starts && !ends {
        return None;
    }
    let replace = Edit::Replace {
        from,
        to: replacement(to, between)?,
        first,
        all: flags.contains('g'),
        anchors: (starts, ends),
    };
    Some((replace, behind))
}

/// A text up to a sign that no back-slash stands in front of, and what stands behind the sign.
fn until(text: &str, sign: char) -> Option<(&str, &str)> {
    let mut is_escaped = false;
    for (at, c) in text.char_indices() {
        if c == sign && !is_escaped {
            return Some((text.get(..at)?, text.get(at + c.len_utf8()..)?));
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    None
}

/// The text that a pattern means, if it means one.
fn literal(pattern: &str, between: char, extended: bool) -> Option<String> {
    let mut out = String::new();
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => match rest.next()? {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                next if next == between
                    || matches!(
                        next,
                        '.' | '*' | '[' | ']' | '^' | '$' | '\\' | '/' | '&' | '-'
                    ) =>
                {
                    out.push(next);
                }
                next if extended && matches!(next, '+' | '?' | '(' | ')' | '{' | '}' | '|') => {
                    out.push(next);
                }
                _ => return None,
            },
            '.' | '*' | '[' | '^' | '$' => return None,
            '+' | '?' | '(' | ')' | '{' | '}' | '|' if extended => return None,
            other => out.push(other),
        }
    }
    Some(out)
}

/// What stands in the place of what was found.
fn replacement(text: &str, between: char) -> Option<String> {
    let mut out = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '&' => return None,
            '\\' => match rest.next()? {
                'n' | '\n' => out.push('\n'),
                't' => out.push('\t'),
                next if next == between || matches!(next, '&' | '\\' | '/') => out.push(next),
                next if next.is_alphanumeric() => return None,
                next => out.push(next),
            },
            other => out.push(other),
        }
    }
    Some(out)
}

fn apply(edit: &Edit, line: &str) -> String {
    match edit {
        Edit::Letters(from, to) => line
            .chars()
            .map(|c| {
                let at = from.iter().position(|known| *known == c);
                at.and_then(|at| to.get(at)).copied().unwrap_or(c)
            })
            .collect(),
        Edit::Replace {
            from,
            to,
            anchors: (starts, ends),
            ..
        } if *starts || *ends => {
            let fits = match (*starts, *ends) {
                (true, true) => line == from,
                (true, false) => line.starts_with(from.as_str()),
                _ => line.ends_with(from.as_str()),
            };
            match (fits, *starts) {
                (false, _) => line.to_owned(),
                (true, true) => format!("{to}{}", line.get(from.len()..).unwrap_or_default()),
                (true, false) => {
                    let kept = line.len() - from.len();
                    format!("{}{to}", line.get(..kept).unwrap_or_default())
                }
            }
        }
        Edit::Replace {
            from,
            to,
            first,
            all,
            ..
        } => {
            let mut out = String::new();
            let mut done = 0;
            for (number, (at, found)) in line.match_indices(from.as_str()).enumerate() {
                if number + 1 < *first || number + 1 > *first && !all {
                    continue;
                }
                out.push_str(line.get(done..at).unwrap_or_default());
                out.push_str(to);
                done = at + found.len();
                // What grows without end is cut where all is measured.
                if out.len() > OUTPUT {
                    break;
                }
            }
            out + line.get(done..).unwrap_or_default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_out_is_replaced() {
        for (words, text, out) in [
            (vec!["s/X//g"], "cXuXrXl", "curl"),
            (vec!["s/X/u/"], "cXrX", "curX"),
            (vec!["s|a/b|c|;s/d/e/"], "a/b d", "c e"),
            (vec!["-e", "s/a/b/", "-e", "s/b/c/"], "a", "c"),
            (vec!["s/a\\.b/x/"], "a.b", "x"),
            (vec!["s/a/b/2"], "aaa", "aba"),
            (vec!["s/^a//"], "aab", "ab"),
            (vec!["s/b$/c/"], "bab", "bac"),
            (vec!["y/abc/xyz/"], "cab", "zxy"),
            (vec!["s/a/\\n/"], "bac", "b\nc"),
            (vec!["s/a.b/x/"], "acb", "not known"),
            (vec!["s/\\(a\\)/\\1/"], "a", "not known"),
            (vec!["-E", "s/a+/x/"], "aa", "not known"),
            (vec!["s/a/&&/"], "a", "not known"),
            (vec!["-n", "s/a/b/p"], "a", "not known"),
            (vec!["s/a/b/", "file"], "a", "not known"),
            (vec!["s/a/b/e"], "a", "not known"),
            (vec!["1d"], "a", "not known"),
            (vec![""], "a", "not known"),
        ] {
            let made = edited(&words, text).unwrap_or_else(|| "not known".to_owned());
            assert_eq!(made, out, "{words:?}");
        }
    }

    #[test]
    fn nothing_grows_without_end() {
        let long = "a".repeat(4_096);
        let script = format!("s/a/{long}/g");
        assert_eq!(edited(&[script.as_str()], &long), None);
        let many = vec!["s/a/aa/g"; EDITS].join(";");
        assert_eq!(edited(&[many.as_str()], "a"), None);
    }
}
