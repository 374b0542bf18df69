//! Methods of Rust's paths and of what is made like one. A path is a text here, as `String`
//! and `OsString` are: which of them it is, is told by the method and by how the text begins.

use crate::ir::UNFOLLOWED;
use crate::pure::operate;
use crate::pure::value::{HOLE, HOLE_END, HOLE_START, Value};

/// Bytes of a path.
const LONGEST: usize = 4096;

/// What a method gives that leaves a path as it is.
pub(super) fn of_path(path: &str, name: &str, args: &[Value]) -> Option<Value> {
    match (name, args) {
        ("join", [part]) => Some(joined(path, part)),
        ("with_file_name", [name]) => Some(named(path, name)),
        ("with_extension", [extension]) => Some(extended(path, extension)),
        ("parent", []) => Some(made(above(path))),
        ("file_name", []) => Some(last(path).map_or(Value::Unknown, Value::text)),
        ("file_stem", []) => {
            Some(last(path).map_or(Value::Unknown, |last| Value::text(stem(last))))
        }
        // `env::var("HOME").map(PathBuf::from)`.
        ("map", [Value::Native(native)])
            if matches!(
                &*native.path,
                "std.path.PathBuf.from" | "PathBuf.from" | "std.path.Path.new" | "Path.new"
            ) =>
        {
            Some(Value::text(path))
        }
        ("to_path_buf" | "as_path" | "into_os_string" | "as_os_str", []) => Some(Value::text(path)),
        _ => None,
    }
}

/// What a method leaves in the path that it is called on, and what it gives.
pub(in crate::pure) fn changed(path: &str, name: &str, args: &[Value]) -> Option<(Value, Value)> {
    let begins_at_a_place = path.starts_with(HOLE_START);
    // An address is a text that is put together, never a path.
    let is_path = begins_at_a_place || path.contains('/') && !path.contains("://");
    let nothing = Value::Undefined;
    match (name, args) {
        ("push", [letter]) if !begins_at_a_place && is_letter(letter) => {
            let letter = letter.as_text().unwrap_or_default();
            Some((made(path.to_owned() + &letter), nothing))
        }
        ("push", [part]) => Some((pushed(path, part)?, nothing)),
        ("push_str", [part])
            if !begins_at_a_place
                && !is_address(path)
                && part.known_text().is_some_and(|part| !is_place(part)) =>
        {
            let part = part.known_text().unwrap_or_default();
            Some((made(path.to_owned() + part), nothing))
        }
        // Of texts with something that is not known only those are followed that are paths.
        ("push_str", [part]) => {
            let part = part.as_text().unwrap_or_else(|| HOLE.to_owned());
            let begins = path.is_empty() && is_place(&part);
            (begins_at_a_place || begins).then(|| (made(path.to_owned() + &part), nothing))
        }
        ("extend", [parts]) => {
            let parts = match operate::elements(parts) {
                Some(parts) => parts,
                None if begins_at_a_place => vec![Value::Unknown],
                None => return None,
            };
            let mut whole = path.to_owned();
            for part in &parts {
                let Value::Text(longer) = pushed(&whole, part)? else {
                    return Some((Value::Unknown, nothing));
                };
                whole = longer.to_string();
            }
            Some((made(whole), nothing))
        }
        ("set_file_name", [name]) => Some((named(path, name), nothing)),
        ("set_extension", [extension]) => Some((extended(path, extension), Value::Bool(true))),
        // A text loses its last letter: what stood between its parts, most often.
        ("pop", []) => {
            let is_name = |last: char| last.is_alphanumeric() || last == HOLE_END;
            let pops = is_path && path.ends_with(is_name);
            pops.then(|| (made(above(path)), Value::Bool(true)))
        }
        // Something else than the path that is known stands in it then.
        (name, _) if begins_at_a_place && UNFOLLOWED.contains(&name) => {
            let unknown = made(format!("{path}{HOLE}"));
            Some((unknown.clone(), unknown))
        }
        _ => None,
    }
}

/// Whether a text is an address, and no line with one in it.
fn is_address(text: &str) -> bool {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| !scheme.contains(' '))
}

/// Whether it is one letter: what a text gets by `push`, and hardly ever a path.
fn is_letter(value: &Value) -> bool {
    let text = value.known_text();
    text.is_some_and(|text| text.chars().count() == 1)
}

/// `path.push(part)`. None where it is a text that gets another letter.
fn pushed(path: &str, part: &Value) -> Option<Value> {
    if path.contains("://") {
        return None;
    }
    let begins_at_a_place = path.starts_with(HOLE_START);
    match part {
        Value::Text(text) if text.chars().count() > 1 => Some(joined(path, part)),
        // The one letter that a path gets is what stands between its parts.
        Value::Text(text) if begins_at_a_place && matches!(&**text, "/" | "." | "\\") => {
            Some(made(format!("{path}{text}")))
        }
        Value::Text(text) if begins_at_a_place && !text.is_empty() => Some(joined(path, part)),
        Value::Unknown | Value::Native(_) if begins_at_a_place || path.contains('/') => {
            Some(joined(path, part))
        }
        _ => None,
    }
}

/// `path.join(part)`. A part that begins at a place of its own takes the place of all.
fn joined(path: &str, part: &Value) -> Value {
    let part = part.as_text().unwrap_or_else(|| HOLE.to_owned());
    if path.is_empty() || is_place(&part) {
        return made(part);
    }
    made(format!(
        "{}/{}",
        path.trim_end_matches('/'),
        part.trim_start_matches('/')
    ))
}

/// Whether a text begins with a place that is known by its name.
fn is_place(text: &str) -> bool {
    text.starts_with(HOLE_START) && !text.starts_with(HOLE)
}

/// The path with another last part. The name of a place is not known: it gets one more.
fn named(path: &str, name: &Value) -> Value {
    match last(path) {
        Some(_) => joined(&above(path), name),
        None => joined(path, name),
    }
}

/// The path with another extension; an empty one takes it away.
fn extended(path: &str, extension: &Value) -> Value {
    let extension = extension.as_text().unwrap_or_else(|| HOLE.to_owned());
    let path = path.trim_end_matches('/');
    let rest = last(path).map_or("", |last| &last[stem(last).len()..]);
    let stem = path.strip_suffix(rest).unwrap_or(path);
    if extension.is_empty() {
        return Value::text(stem);
    }
    made(format!("{stem}.{extension}"))
}

/// The last part of a path, unless a place or `..` ends it.
fn last(path: &str) -> Option<&str> {
    let last = path.trim_end_matches('/').rsplit('/').next()?;
    let is_name = !last.is_empty() && last != ".." && !last.ends_with(HOLE_END);
    is_name.then_some(last)
}

/// A name without its extension. One that begins with its only dot has none.
fn stem(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => name,
    }
}

/// The folder around a path.
fn above(path: &str) -> String {
    let path = path.trim_end_matches('/');
    match path.rsplit_once('/') {
        // What stands above a place is told by the place alone.
        _ if path.ends_with(HOLE_END) || path.ends_with("..") => format!("{path}/.."),
        Some(("", _)) => "/".to_owned(),
        Some((folder, _)) => folder.to_owned(),
        None => String::new(),
    }
}

fn made(path: String) -> Value {
    if path.len() > LONGEST {
        return Value::Unknown;
    }
    Value::Text(path.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUT: &str = "\u{fdd0}out\u{fdd1}";

    fn text(value: Option<Value>) -> Option<String> {
        value.and_then(|value| value.any_text().map(str::to_owned))
    }

    fn left(path: &str, name: &str, args: &[&str]) -> Option<String> {
        let args: Vec<Value> = args.iter().map(|arg| Value::text(arg)).collect();
        text(changed(path, name, &args).map(|(left, _)| left))
    }

    fn given(path: &str, name: &str, args: &[&str]) -> Option<String> {
        let args: Vec<Value> = args.iter().map(|arg| Value::text(arg)).collect();
        text(of_path(path, name, &args))
    }

    #[test]
    fn what_is_made_a_path_of_is_the_same_path() {
        let path_of = [Value::native("std.path.PathBuf.from")];
        assert_eq!(text(of_path(OUT, "map", &path_of)).as_deref(), Some(OUT));
        let other = [Value::native("mine.other")];
        assert_eq!(text(of_path(OUT, "map", &other)), None);
    }

    #[test]
    fn a_path_is_changed_as_the_library_does() {
        let out = |rest: &str| Some(format!("{OUT}{rest}"));
        assert_eq!(left(OUT, "push", &["sdk"]), out("/sdk"));
        assert_eq!(left(OUT, "push", &["x"]), out("/x"));
        assert_eq!(left(OUT, "push_str", &["/a.so"]), out("/a.so"));
        assert_eq!(left("", "push_str", &[OUT]), out(""));
        assert_eq!(left("", "push", &[OUT]), out(""));
        assert_eq!(left("a", "push", &[OUT]), out(""));
        assert_eq!(left("a/b", "push", &["c.h"]).as_deref(), Some("a/b/c.h"));
        let path = format!("{OUT}/a/b.tar.gz");
        assert_eq!(left(&path, "pop", &[]), out("/a"));
        assert_eq!(left(OUT, "pop", &[]), out("/.."));
        assert_eq!(left(&path, "set_file_name", &["c"]), out("/a/c"));
        assert_eq!(left(OUT, "set_file_name", &["c"]), out("/c"));
        assert_eq!(left(&path, "set_extension", &["zip"]), out("/a/b.tar.zip"));
        assert_eq!(left(&path, "set_extension", &[""]), out("/a/b.tar"));
        assert_eq!(
            left("a/.b", "set_extension", &["c"]).as_deref(),
            Some("a/.b.c")
        );
        let parts = Value::array(vec![Value::text("bin"), Value::text("ld")]);
        let extended = changed(OUT, "extend", &[parts]).map(|(left, _)| left);
        assert_eq!(text(extended), out("/bin/ld"));
    }

    #[test]
    fn what_a_path_is_asked_for_is_what_the_library_gives() {
        let path = format!("{OUT}/a/b.tar.gz");
        assert_eq!(given(&path, "parent", &[]), Some(format!("{OUT}/a")));
        assert_eq!(given("a", "parent", &[]).as_deref(), Some(""));
        assert_eq!(given("/a", "parent", &[]).as_deref(), Some("/"));
        assert_eq!(given(&path, "file_name", &[]).as_deref(), Some("b.tar.gz"));
        assert_eq!(given(OUT, "file_name", &[]), None);
        assert_eq!(given(&path, "file_stem", &[]).as_deref(), Some("b.tar"));
        let other = given(&path, "with_extension", &["a"]);
        assert_eq!(other, Some(format!("{OUT}/a/b.tar.a")));
        let other = given(&path, "with_file_name", &["c.a"]);
        assert_eq!(other, Some(format!("{OUT}/a/c.a")));
        assert_eq!(given("src", "join", &["a.rs"]).as_deref(), Some("src/a.rs"));
        assert_eq!(given("src", "join", &[OUT]).as_deref(), Some(OUT));
    }

    #[test]
    fn a_text_that_is_no_path_is_left_alone() {
        for (text, name, args) in [
            ("https://a.invalid", "push", vec!["bc"]),
            ("https://a.invalid", "push_str", vec!["bc"]),
            ("https://a.invalid/b", "pop", vec![]),
            ("ab", "pop", vec![]),
            ("a/b,", "pop", vec![]),
            ("ab", "truncate", vec!["1"]),
        ] {
            assert_eq!(left(text, name, &args), None, "{text} {name}");
        }
        // A line is put together, letter by letter as well.
        assert_eq!(left("ab", "push", &["c"]).as_deref(), Some("abc"));
        let line = left("curl https://a.invalid", "push_str", &[" | sh"]);
        assert_eq!(line.as_deref(), Some("curl https://a.invalid | sh"));
    }

    #[test]
    fn a_change_that_is_not_followed_leaves_a_part_that_is_not_known() {
        let left = left(OUT, "insert_str", &["3", "/a.so"]);
        assert_eq!(left, Some(format!("{OUT}{HOLE}")));
        let long = "a".repeat(LONGEST);
        assert!(matches!(
            changed(OUT, "push", &[Value::text(&long)]),
            Some((Value::Unknown, _))
        ));
    }
}
