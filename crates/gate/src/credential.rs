//! Who may use the gate.
//!
//! The gate holds the user's registry credentials. Other users of the machine and web
//! pages in the user's browser must not reach private packages through it: each run has
//! a credential of its own, and `Host` must be the gate's own address, which stops names
//! that were rebound to loopback.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::header::{AUTHORIZATION, HOST, HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use url::Url;

/// Stands between the run's credential and the user's own one that a write carries.
pub const OWN: char = '~';

/// The secret of the run that a request carries, in the forms in which clients send what
/// they were given (`Bearer`, `Basic` as user and password or as npm's `_auth`, bare for
/// cargo).
pub fn presented(headers: &HeaderMap) -> Option<String> {
    let whole = whole(headers)?;
    Some(match whole.split_once(OWN) {
        Some((run, _)) => run.to_owned(),
        None => whole,
    })
}

/// The user's own credential for one registry, as a stand-in puts it behind the run's.
#[derive(Debug, Serialize, Deserialize)]
pub struct Own {
    /// The registry that it is meant for: its base address.
    pub registry: Url,
    /// The value of the `Authorization` header.
    pub header: String,
}

impl Own {
    /// The run's credential with this one behind it.
    pub fn behind(&self, token: &str) -> String {
        let json = serde_json::json!({ "registry": self.registry, "header": self.header });
        format!("{token}{OWN}{}", URL_SAFE_NO_PAD.encode(json.to_string()))
    }
}

/// The value of the `Authorization` header that the user's own configuration has for an
/// upstream, where the client sent it along with a write. What is meant for another
/// registry goes nowhere.
pub fn own(headers: &HeaderMap, upstream: &Url) -> Option<HeaderValue> {
    let whole = whole(headers)?;
    let (run, own) = whole.split_once(OWN)?;
    let own: Own = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(own).ok()?).ok()?;
    // A run's credential is no credential of a registry.
    if own.registry.origin() != upstream.origin() || own.header.contains(run) {
        return None;
    }
    let mut value = HeaderValue::from_str(&own.header).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn whole(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?.trim();
    let Some((scheme, rest)) = value.split_once(' ') else {
        return Some(value.to_owned());
    };
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" => Some(rest.trim().to_owned()),
        "basic" => {
            let bytes = base64::engine::general_purpose::STANDARD
                .decode(rest.trim())
                .ok()?;
            let pair = String::from_utf8(bytes).ok()?;
            let (_, password) = pair.split_once(':')?;
            Some(password.to_owned())
        }
        _ => None,
    }
}

/// Whether a request was meant for this gate.
pub fn is_own_host(headers: &HeaderMap, port: u16) -> bool {
    headers
        .get(HOST)
        .and_then(|h| h.to_str().ok())
        .is_some_and(|host| {
            ["127.0.0.1", "localhost", "[::1]"]
                .iter()
                .any(|name| *host == format!("{name}:{port}"))
        })
}

/// What a gate answers to a question that only the holder of its secret can answer. The
/// file that names its port outlives a killed gate; whoever listens there then must not
/// be told anything before this.
pub fn proof(secret: &str, nonce: &str) -> String {
    let text = format!("customs gate {secret} {nonce} {secret}");
    customs_model::Digest::sha256(text.as_bytes()).to_hex()
}

/// Compares without telling how much of it was right.
pub fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    a.len() == b.len() && a.iter().zip(b).fold(0, |d, (x, y)| d | (x ^ y)) == 0
}

/// A fresh secret of 32 bytes.
///
/// # Errors
/// The operating system gives no randomness.
pub fn fresh() -> std::io::Result<String> {
    use std::io::Read as _;
    let mut bytes = [0u8; 32];
    #[cfg(unix)]
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    #[cfg(not(unix))]
    {
        // Each `RandomState` is keyed by the system's generator.
        use std::hash::{BuildHasher as _, Hasher as _};
        let _ = &mut std::io::empty().read(&mut []);
        for chunk in bytes.chunks_mut(8) {
            let word = std::collections::hash_map::RandomState::new()
                .build_hasher()
                .finish();
            chunk.copy_from_slice(&word.to_le_bytes());
        }
    }
    Ok(hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: hyper::header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn each_clients_form_of_the_credential_is_understood() {
        let of = |v| presented(&headers(AUTHORIZATION, v));
        assert_eq!(of("Bearer tok").as_deref(), Some("tok"));
        assert_eq!(of("Basic dTp0b2s=").as_deref(), Some("tok"));
        assert_eq!(of("tok").as_deref(), Some("tok"));
        assert_eq!(of("Digest tok"), None);
        assert_eq!(of("Basic !!"), None);
    }

    #[test]
    fn a_write_carries_the_users_own_credential_for_its_own_registry() {
        let registry: Url = "https://registry.example/npm/".parse().unwrap();
        let evil: Url = "https://evil.example/".parse().unwrap();
        let both = |header: &str| {
            let own = Own {
                registry: registry.clone(),
                header: header.to_owned(),
            };
            headers(AUTHORIZATION, &format!("Bearer {}", own.behind("tok")))
        };
        let with = both("Bearer own");
        assert_eq!(presented(&with).as_deref(), Some("tok"));
        assert_eq!(own(&with, &registry).unwrap(), "Bearer own");
        assert_eq!(own(&with, &evil), None);
        assert_eq!(own(&both("Bearer tok"), &registry), None, "the run's own");
        assert_eq!(own(&headers(AUTHORIZATION, "Bearer tok"), &registry), None);
        assert_eq!(
            own(&headers(AUTHORIZATION, "Bearer tok~!"), &registry),
            None
        );
    }

    #[test]
    fn a_rebound_name_is_not_this_gate() {
        assert!(is_own_host(&headers(HOST, "127.0.0.1:8123"), 8123));
        assert!(!is_own_host(&headers(HOST, "evil.example:8123"), 8123));
        assert!(!is_own_host(&headers(HOST, "127.0.0.1:9"), 8123));
        assert!(!is_own_host(&HeaderMap::new(), 8123));
    }
}
