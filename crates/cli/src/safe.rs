//! Texts and addresses of strangers, as a SARIF reader may show and follow them.

use customs_model::printable;
use std::fmt::Write as _;

/// A text for a message. Readers make links of `[text](address)`; what a package says is
/// no place to click on.
pub(crate) fn message(text: &str, limit: usize) -> String {
    printable(text, limit).replace("](", "] (")
}

/// A path as a relative reference: every character that is not plain is percent-encoded,
/// so that nothing in it is read as a scheme, a query or a fragment.
pub(crate) fn uri(path: &str) -> String {
    let path = if cfg!(windows) {
        path.replace('\\', "/")
    } else {
        path.to_owned()
    };
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            byte => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_a_package_is_no_link_and_moves_no_cursor() {
        assert_eq!(
            message("see [this](https://evil.invalid) \u{1b}[2J", 100),
            "see [this] (https://evil.invalid) \\u{1b}[2J"
        );
    }

    #[test]
    fn a_path_is_encoded_byte_by_byte() {
        assert_eq!(uri("package/a b#c?d.js"), "package/a%20b%23c%3Fd.js");
        assert_eq!(uri("javascript:alert(1)"), "javascript%3Aalert%281%29");
        assert_eq!(uri("a.whl!/ü\u{202e}.py"), "a.whl%21/%C3%BC%E2%80%AE.py");
        assert_eq!(uri("100%"), "100%25");
    }
}
