//! `data:` addresses: a module in its own name.

use base64::Engine as _;

/// The text of a `data:` address.
pub fn data_url(url: &str) -> Option<String> {
    let (kind, body) = url.strip_prefix("data:")?.split_once(',')?;
    if kind.ends_with(";base64") {
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(body)
            .ok()?;
        return Some(String::from_utf8_lossy(&bytes).into_owned());
    }
    Some(super::builtin::percent_decode(body, false))
}
