//! What an npm package hands out: commands and entry points, written as npm writes them, so
//! that a tarball and its document say the same in the same words.

use customs_model::{Digest, printable};
use serde_json::Value;
use std::collections::BTreeMap;

/// Commands of one package that are looked at.
const MOST: usize = 500;
/// Digits of a digest that are kept.
const DIGITS: usize = 16;

/// The commands of `bin`, in each of its forms: one file, which has the package's own name,
/// files by name, or a list of files. None where only a folder of them is named, whose files
/// npm writes into the document, and of too many.
pub(super) fn commands(
    bin: &Value,
    directories: &Value,
    package: Option<&str>,
) -> Option<BTreeMap<String, String>> {
    let pairs: Vec<(&str, &str)> = match bin {
        Value::String(file) => package
            .map(|name| (name, file.as_str()))
            .into_iter()
            .collect(),
        Value::Array(files) => files
            .iter()
            .filter_map(Value::as_str)
            .map(|file| (file, file))
            .collect(),
        Value::Object(files) => files
            .iter()
            .filter_map(|(name, file)| Some((name.as_str(), file.as_str()?)))
            .collect(),
        // Nobody knows what it is called.
        _ if directories.get("bin").is_some() => return None,
        _ => Vec::new(),
    };
    if matches!(bin, Value::String(_)) && pairs.is_empty() || pairs.len() > MOST {
        return None;
    }
    let plain = |(name, file): (&str, &str)| {
        let name = path(&name.replace(':', "/"));
        let name = name.rsplit('/').next().unwrap_or_default().to_owned();
        let file = path(file);
        (!name.is_empty() && !file.is_empty()).then_some((name, file))
    };
    Some(pairs.into_iter().filter_map(plain).collect())
}

/// A path within a package: without `./`, and no way out of it.
pub(super) fn path(written: &str) -> String {
    let written = written.replace('\\', "/");
    let mut parts = Vec::new();
    for part in written.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    printable(&parts.join("/"), 300)
}

/// The beginning of a digest of `exports`, whatever the order of its keys. What is not by path
/// is what the package itself is entered by.
pub(super) fn exports(value: &Value) -> Option<String> {
    if value.is_null() {
        return None;
    }
    let is_by_path = value
        .as_object()
        .is_some_and(|map| map.keys().any(|key| key.starts_with('.')));
    let mut text = String::new();
    if is_by_path {
        write(value, &mut text);
    } else {
        text.push_str("{\".\":");
        write(value, &mut text);
        text.push('}');
    }
    let digest = Digest::sha256(text.as_bytes()).to_hex();
    digest.get(..DIGITS).map(str::to_owned)
}

/// JSON with its keys in order. It goes as deep as it was parsed, which is bounded.
fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let sorted: BTreeMap<&String, &Value> = map.iter().collect();
            out.push('{');
            for (at, (key, value)) in sorted.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
        Value::Array(list) => {
            out.push('[');
            for (at, value) in list.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(value, out);
            }
            out.push(']');
        }
        plain => out.push_str(&plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(bin: &Value, directories: &Value) -> Option<Vec<(String, String)>> {
        let found = commands(bin, directories, Some("@a/tool"));
        found.map(|commands| commands.into_iter().collect())
    }

    fn one(name: &str, file: &str) -> Option<Vec<(String, String)>> {
        Some(vec![(name.to_owned(), file.to_owned())])
    }

    #[test]
    fn commands_are_the_same_in_each_form() {
        let none = Value::Null;
        let tool = one("tool", "bin/tool");
        assert_eq!(of(&json!("./bin/tool"), &none), tool);
        assert_eq!(of(&json!({"tool": "bin/tool"}), &none), tool);
        assert_eq!(of(&json!({"@a/tool": "/bin\\tool"}), &none), tool);
        assert_eq!(of(&json!(["bin/tool"]), &none), tool);
        assert_eq!(of(&json!({"tool": "bin/./x/../tool", "b": 1}), &none), tool);
        assert_eq!(of(&none, &none), Some(Vec::new()));
        assert_eq!(of(&json!({"": "a", "b": ""}), &none), Some(Vec::new()));
    }

    #[test]
    fn a_folder_of_commands_is_not_compared_unless_they_are_named() {
        let folder = json!({"bin": "./bin"});
        assert_eq!(of(&Value::Null, &folder), None);
        assert_eq!(of(&json!({"a": "bin/a"}), &folder), one("a", "bin/a"));
        assert_eq!(commands(&json!("a.js"), &Value::Null, None), None);
    }

    #[test]
    fn exports_are_the_same_whatever_the_order_of_their_keys() {
        let conditions = json!({"import": "./a.mjs", "require": "./a.cjs"});
        let same = json!({".": {"require": "./a.cjs", "import": "./a.mjs"}});
        let other = json!({".": {"require": "./b.cjs", "import": "./a.mjs"}});
        assert_eq!(exports(&conditions), exports(&same));
        assert_ne!(exports(&same), exports(&other));
        assert_eq!(exports(&json!("./a.js")), exports(&json!({".": "./a.js"})));
        assert_eq!(exports(&Value::Null), None);
    }
}
