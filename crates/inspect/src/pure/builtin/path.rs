//! Paths of files.

use crate::pure::value::{HOLE, Value};

pub(super) fn joined(args: &[Value]) -> Value {
    let mut out = String::new();
    for arg in args {
        let part = arg.as_text().unwrap_or_else(|| HOLE.to_owned());
        if part.is_empty() {
            continue;
        }
        if !out.is_empty() && !out.ends_with('/') {
            out.push('/');
        }
        out.push_str(if out.is_empty() {
            &part
        } else {
            part.trim_start_matches('/')
        });
        if out.len() > 4096 {
            return Value::Unknown;
        }
    }
    Value::Text(normal(&out).into())
}

/// A path without `.` and `..`, as far as it goes.
pub(in crate::pure) fn normal(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts
                .last()
                .is_some_and(|last| *last != ".." && !is_hole(last)) =>
            {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if absolute {
        format!("/{joined}")
    } else {
        joined
    }
}

/// Whether a part is nothing but a place that the machine knows: what lies above it is told
/// by it alone.
fn is_hole(part: &str) -> bool {
    part.starts_with(crate::pure::HOLE_START) && part.ends_with(crate::pure::HOLE_END)
}

pub(super) fn home(path: &str) -> String {
    match path.strip_prefix('~') {
        Some(rest) => format!(
            "{}home{}{rest}",
            crate::pure::HOLE_START,
            crate::pure::HOLE_END
        ),
        None => path.to_owned(),
    }
}

/// `os.path.expandvars`: `$NAME`, `${NAME}` and, of Windows, `%NAME%`. What is not known is a hole.
pub(super) fn with_variables(path: &str) -> String {
    const NAME: fn(char) -> bool = |c| c.is_ascii_alphanumeric() || c == '_';
    let home = home("~");
    let value = |name: &str| match name {
        "HOME" | "USERPROFILE" => home.clone(),
        _ => HOLE.to_owned(),
    };
    let mut out = String::new();
    let mut rest = path;
    while let Some(at) = rest.find(['$', '%']) {
        out.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        let (name, after) = if rest[at..].starts_with('%') {
            behind.split_once('%').unwrap_or(("", behind))
        } else if let Some(inner) = behind.strip_prefix('{') {
            inner.split_once('}').unwrap_or(("", behind))
        } else {
            behind.split_at(behind.find(|c| !NAME(c)).unwrap_or(behind.len()))
        };
        if name.is_empty() || !name.chars().all(NAME) {
            out.push_str(&rest[at..=at]);
            rest = behind;
        } else {
            out.push_str(&value(name));
            rest = after;
        }
    }
    out + rest
}

pub(super) fn path_is_file(path: &str) -> bool {
    path.trim_end_matches(crate::pure::HOLE_END)
        .rsplit('/')
        .next()
        .is_some_and(|name| name.contains('.'))
}

/// A name that was made a path of: it is one of a file here, and none that is looked up.
pub(super) fn here(value: Value) -> Value {
    match &value {
        Value::Text(name)
            if !name.is_empty()
                && !name.contains('/')
                && !name.contains(crate::pure::HOLE_START) =>
        {
            Value::text(&format!("./{name}"))
        }
        _ => value,
    }
}
