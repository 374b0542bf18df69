//! JSON with comments and commas too many, as `tsconfig.json` is written.

use serde_json::Value;

/// Bytes that are read.
pub const LONGEST: usize = 256 << 10;

/// Reads it; none where it is none. Nesting is bounded by `serde_json` (128).
pub fn read(bytes: &[u8]) -> Option<Value> {
    if bytes.len() > LONGEST {
        return None;
    }
    let text = std::str::from_utf8(bytes).ok()?;
    // What cannot be read names no output, and so explains nothing.
    serde_json::from_str(&plain(text.trim_start_matches('\u{feff}'))).ok()
}

/// The same text as JSON.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        if letter == '"' {
            let (string, after) = rest.split_at(end_of_string(rest));
            out.push_str(string);
            rest = after;
        } else if let Some(comment) = rest.strip_prefix("//") {
            rest = comment
                .find('\n')
                .and_then(|at| comment.get(at..))
                .unwrap_or_default();
        } else if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, after)| after);
        } else {
            if matches!(letter, '}' | ']') {
                let kept = out.trim_end();
                if kept.ends_with(',') {
                    out.truncate(kept.len() - 1);
                }
            }
            out.push(letter);
            rest = rest.get(letter.len_utf8()..).unwrap_or_default();
        }
    }
    out
}

/// Bytes of the string that `text` begins with.
fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn comments_and_last_commas_go_and_strings_stay() {
        let text = "// a\n{\"a\": \"// no, }\", /* b */ \"b\": [1, 2, ], }";
        assert_eq!(
            read(text.as_bytes()),
            Some(serde_json::json!({"a": "// no, }", "b": [1, 2]}))
        );
    }

    proptest! {
        #[test]
        fn any_text_ends(text in "[{}\\[\\]\",/* \\\\\na]{0,60}") {
            read(text.as_bytes());
        }

        #[test]
        fn json_stays_what_it_is(strings in prop::collection::vec(any::<String>(), 0..5)) {
            let value = serde_json::json!({ "a": strings });
            prop_assert_eq!(read(value.to_string().as_bytes()), Some(value));
        }
    }
}
