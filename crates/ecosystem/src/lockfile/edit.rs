//! Small changes of a `package.json`: one member is set, every other byte stays, with the indent
//! and the line ends that the file has.

use super::manifest::ManifestError;
use super::tree::json::{self, Style};
use super::tree::{Fault, Node};
use super::{limit, line_at};
use customs_model::printable;

/// The text of a member, by its path; none where it is not there or is no text.
///
/// # Errors
/// The file is no JSON.
pub fn json_text(text: &str, path: &[&str]) -> Result<Option<String>, ManifestError> {
    let root = parse(text)?;
    let found = path.iter().try_fold(&root, |node, key| node.get(key));
    Ok(found.and_then(Node::text).map(str::to_owned))
}

/// Sets a member to a text. Objects on the way to it that are not there are made, at the end of
/// the one around them.
///
/// ```
/// use customs_ecosystem::lockfile::set_json_text;
/// let text = "{\n\t\"name\": \"a\"\n}\n";
/// assert_eq!(
///     set_json_text(text, &["overrides", "ms"], "2.0.0")?,
///     "{\n\t\"name\": \"a\",\n\t\"overrides\": {\n\t\t\"ms\": \"2.0.0\"\n\t}\n}\n"
/// );
/// # Ok::<(), customs_ecosystem::lockfile::ManifestError>(())
/// ```
///
/// # Errors
/// The file is no JSON, or something else than an object or a text stands on the way.
pub fn set_json_text(text: &str, path: &[&str], value: &str) -> Result<String, ManifestError> {
    let root = parse(text)?;
    let mut node = &root;
    for (depth, key) in path.iter().enumerate() {
        if !node.is_map() {
            let what = format!("{key} cannot be set, since what is around it is no object");
            return Err(refuse(text, node.at(), &what));
        }
        match node.get(key) {
            Some(inner) => node = inner,
            None => {
                return Ok(inserted(
                    text,
                    node,
                    path.get(depth..).unwrap_or(&[]),
                    value,
                ));
            }
        }
    }
    if node.text().is_none() || !text[node.span()].starts_with('"') {
        return Err(refuse(
            text,
            node.at(),
            "it is no text that could be replaced",
        ));
    }
    let span = node.span();
    Ok(format!(
        "{}{}{}",
        &text[..span.start],
        quoted(value),
        &text[span.end..]
    ))
}

fn parse(text: &str) -> Result<Node<'_>, ManifestError> {
    if text.len() > limit::BYTES {
        return Err(refuse(text, 0, "it is larger than any manifest"));
    }
    json::parse(text, Style::Strict).map_err(|fault| match fault {
        Fault::Syntax { at, what } | Fault::Later { at, what } => refuse(text, at, &what),
        Fault::Limit { what, limit } => {
            refuse(text, 0, &format!("it has more than {limit} {what}"))
        }
    })
}

fn refuse(text: &str, at: usize, what: &str) -> ManifestError {
    ManifestError {
        file: "package.json",
        line: line_at(text.as_bytes(), at),
        what: printable(what, 200),
    }
}

fn quoted(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}

/// `path` as the last member of an object: on a line of its own where the file has lines.
fn inserted(text: &str, object: &Node<'_>, path: &[&str], value: &str) -> String {
    let span = object.span();
    let end = match text.contains("\r\n") {
        true => "\r\n",
        false => "\n",
    };
    let unit = unit(text);
    let around = line_indent(text, span.start);
    let last = object.map().last();
    let indent = match last {
        // As its neighbour, which may stand on one line with its object.
        Some((key, _)) => {
            starts_its_line(text, key.at()).then(|| line_indent(text, key.at()).to_owned())
        }
        None => text
            .trim_end()
            .contains('\n')
            .then(|| format!("{around}{unit}")),
    };
    let member = member(path, value, indent.as_deref(), unit, end);
    let (head, tail) = match last {
        Some((_, value)) => text.split_at(value.span().end),
        None => (&text[..span.start], &text[span.end..]),
    };
    match (last, indent) {
        (Some(_), Some(indent)) => format!("{head},{end}{indent}{member}{tail}"),
        (Some(_), None) => format!("{head}, {member}{tail}"),
        (None, Some(indent)) => format!("{head}{{{end}{indent}{member}{end}{around}}}{tail}"),
        (None, None) => format!("{head}{{{member}}}{tail}"),
    }
}

/// `"a": {"b": "value"}`, on several lines where there is an indent.
fn member(path: &[&str], value: &str, indent: Option<&str>, unit: &str, end: &str) -> String {
    let Some((key, rest)) = path.split_first() else {
        return quoted(value);
    };
    let key = quoted(key);
    if rest.is_empty() {
        return format!("{key}: {}", quoted(value));
    }
    match indent {
        Some(indent) => {
            let deeper = format!("{indent}{unit}");
            let inner = member(rest, value, Some(&deeper), unit, end);
            format!("{key}: {{{end}{deeper}{inner}{end}{indent}}}")
        }
        None => format!("{key}: {{{}}}", member(rest, value, None, unit, end)),
    }
}

fn line_of(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |line| line + 1);
    &text[start..at]
}

/// The white space that the line of a place begins with.
fn line_indent(text: &str, at: usize) -> &str {
    let line = line_of(text, at);
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

fn starts_its_line(text: &str, at: usize) -> bool {
    // The first line holds the object's own brace, so a member there shares it.
    text[..at].contains('\n') && line_of(text, at).trim_matches([' ', '\t']).is_empty()
}

/// One step of the file's indent.
fn unit(text: &str) -> &str {
    let of = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let first = text
        .lines()
        .find(|line| of(line) > 0 && !line.trim().is_empty());
    first.map_or("  ", |line| &line[..of(line)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn set(text: &str, path: &[&str]) -> String {
        set_json_text(text, path, "1.0.3").unwrap()
    }

    #[test]
    fn a_value_is_replaced_and_no_other_byte_changes() {
        let text = "{\n  \"dependencies\": { \"a\" :  \"^1.0.0\",\"b\":\"2\" } ,\n\n  \"x\": 1 }";
        assert_eq!(
            set(text, &["dependencies", "a"]),
            text.replace("^1.0.0", "1.0.3")
        );
        assert_eq!(
            json_text(text, &["dependencies", "b"]).unwrap().as_deref(),
            Some("2")
        );
        assert_eq!(json_text(text, &["x", "b"]).unwrap(), None);
    }

    #[test]
    fn a_new_member_has_the_indent_and_the_line_ends_of_the_file() {
        assert_eq!(
            set(
                "{\r\n    \"a\": {\r\n        \"b\": \"1\"\r\n    }\r\n}",
                &["a", "c"]
            ),
            "{\r\n    \"a\": {\r\n        \"b\": \"1\",\r\n        \"c\": \"1.0.3\"\r\n    }\r\n}"
        );
        assert_eq!(
            set(
                "{\n  \"overrides\": {},\n  \"z\": 1\n}\n",
                &["overrides", "a"]
            ),
            "{\n  \"overrides\": {\n    \"a\": \"1.0.3\"\n  },\n  \"z\": 1\n}\n"
        );
        assert_eq!(
            set("{\n  \"z\": 1\n}\n", &["pnpm", "overrides", "a"]),
            "{\n  \"z\": 1,\n  \"pnpm\": {\n    \"overrides\": {\n      \"a\": \"1.0.3\"\n    }\n  }\n}\n"
        );
    }

    #[test]
    fn a_file_of_one_line_stays_one_line() {
        assert_eq!(set("{}", &["a"]), r#"{"a": "1.0.3"}"#);
        assert_eq!(
            set(r#"{"z":1}"#, &["overrides", "@s/a"]),
            r#"{"z":1, "overrides": {"@s/a": "1.0.3"}}"#
        );
    }

    #[test]
    fn what_is_no_object_and_no_text_is_refused() {
        for (text, path) in [
            (r#"{"a": "b"}"#, &["a", "c"][..]),
            (r#"{"a": 1}"#, &["a"]),
            (r#"{"a": {}}"#, &["a"]),
            ("[]", &["a"]),
            ("{", &["a"]),
        ] {
            assert!(set_json_text(text, path, "1").is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_was_set_is_read_again_and_the_rest_means_the_same(
            text in r#"[ \n\t]{0,3}\{([ \n]{0,3}"[a-c]":[ \n]{0,2}("x"|1|\{\}|\{ *"b": *"é" *\}),){0,3}[ \n]{0,2}"d": true[ \n]{0,2}\}\n?"#,
            path in prop::collection::vec("[a-e\\\\\"é]", 1..4),
            value in ".{0,6}",
        ) {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            let Ok(after) = set_json_text(&text, &path, &value) else {
                return Ok(());
            };
            prop_assert_eq!(json_text(&after, &path).unwrap(), Some(value.clone()));
            let mut expected: serde_json::Value = serde_json::from_str(&text).unwrap();
            let found: serde_json::Value = serde_json::from_str(&after).unwrap();
            let mut at = &mut expected;
            for key in &path {
                at = &mut at[*key];
            }
            *at = value.into();
            prop_assert_eq!(found, expected);
        }
    }
}
