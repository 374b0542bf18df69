//! Keys for signing and checking, as files hold them: bytes in, keys out.
//!
//! | Form | Private | Public |
//! |---|---|---|
//! | PEM | `PRIVATE KEY`: PKCS #8 with Ed25519 (RFC 8410, section 7) | `PUBLIC KEY`: `SubjectPublicKeyInfo` (section 4) |
//! | 32 bytes | the seed | the point |
//! | 64 hexadecimal digits | the same; the ledger's own key is kept so | the same |

use crate::dsse::{self, SPKI};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use customs_model::{Digest, DigestAlgorithm};
use ed25519_dalek::{SigningKey, VerifyingKey};

/// Bytes of a file with a key that is read; a key in PEM has some 120.
pub const BYTES: usize = 4096;

/// What stands before the 32 bytes of the seed: version 1, without the public half.
const PKCS8: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];
/// The same in version 2 (RFC 5958), behind which the public half stands.
const PKCS8_V2: [u8; 16] = [
    0x30, 0x51, 0x02, 0x01, 0x01, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];
/// What stands between both halves: RFC 5958's `[1]`, as OpenSSL and as ring write it.
const BETWEEN: [[u8; 3]; 2] = [[0x81, 0x21, 0x00], [0xa1, 0x23, 0x03]];

/// Why there is no key. Nothing of the file is repeated: it may be somebody's secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Too long for a key.
    #[error("it has more than {BYTES} bytes, which no key has")]
    TooLarge,
    /// None of the forms.
    #[error(
        "it is no Ed25519 private key (PKCS #8 in PEM, 32 bytes, or 64 hexadecimal digits); `customs included --new-key FILE` makes one"
    )]
    Private,
    /// None of the forms.
    #[error("it is no Ed25519 public key (PEM, 32 bytes, or 64 hexadecimal digits)")]
    Public,
    /// A public key was given to sign with.
    #[error("it is a public key; a signature needs the private one")]
    IsPublic,
    /// A private key was given to check with.
    #[error("it is a private key; keep it, and give the public one to whoever checks")]
    IsPrivate,
    /// Both halves do not belong together.
    #[error("its public half is not that of its private half")]
    Halves,
}

/// A key to sign with.
///
/// # Errors
/// It is none.
pub fn private(bytes: &[u8]) -> Result<SigningKey, KeyError> {
    if bytes.len() > BYTES {
        return Err(KeyError::TooLarge);
    }
    if pem(bytes, "PUBLIC KEY").is_some() {
        return Err(KeyError::IsPublic);
    }
    if let Some(der) = pem(bytes, "PRIVATE KEY") {
        return of_pkcs8(&der);
    }
    let seed = thirty_two(bytes).ok_or(KeyError::Private)?;
    Ok(SigningKey::from_bytes(&seed))
}

/// A key to check with.
///
/// # Errors
/// It is none.
pub fn public(bytes: &[u8]) -> Result<VerifyingKey, KeyError> {
    if bytes.len() > BYTES {
        return Err(KeyError::TooLarge);
    }
    if pem(bytes, "PRIVATE KEY").is_some() {
        return Err(KeyError::IsPrivate);
    }
    let point = match pem(bytes, "PUBLIC KEY") {
        Some(der) => der
            .strip_prefix(&SPKI)
            .and_then(|point| point.try_into().ok()),
        None => thirty_two(bytes),
    };
    point
        .and_then(|point| VerifyingKey::from_bytes(&point).ok())
        .filter(|key| !key.is_weak())
        .ok_or(KeyError::Public)
}

/// A private key as PEM, as [`private`] and other tools read it.
pub fn private_pem(key: &SigningKey) -> String {
    let mut der = PKCS8.to_vec();
    der.extend_from_slice(key.as_bytes());
    let body = STANDARD.encode(der);
    format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n")
}

/// A key of 32 bytes that nobody can guess.
pub fn of_seed(seed: &[u8; 32]) -> SigningKey {
    SigningKey::from_bytes(seed)
}

/// The public half, as PEM, and its name in envelopes.
pub fn public_of(key: &SigningKey) -> (String, String) {
    let public = key.verifying_key();
    (dsse::public_pem(&public), dsse::key_id(&public))
}

fn of_pkcs8(der: &[u8]) -> Result<SigningKey, KeyError> {
    let rest = der
        .strip_prefix(&PKCS8)
        .or_else(|| der.strip_prefix(&PKCS8_V2))
        .ok_or(KeyError::Private)?;
    let (seed, rest) = rest.split_first_chunk::<32>().ok_or(KeyError::Private)?;
    let key = SigningKey::from_bytes(seed);
    if rest.is_empty() {
        return Ok(key);
    }
    let between = BETWEEN
        .iter()
        .find_map(|between| rest.strip_prefix(between))
        .ok_or(KeyError::Private)?;
    // ring wraps the bit string once more: `03 21 00`.
    let point = between.strip_prefix(&[0x21, 0x00]).unwrap_or(between);
    match point == key.verifying_key().as_bytes() {
        true => Ok(key),
        false => Err(KeyError::Halves),
    }
}

/// The body of a PEM file with this label. What stands before and behind it is not looked at.
fn pem(bytes: &[u8], label: &str) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let body: String = body.split_ascii_whitespace().collect();
    STANDARD.decode(body).ok()
}

fn thirty_two(bytes: &[u8]) -> Option<[u8; 32]> {
    if let Ok(raw) = <[u8; 32]>::try_from(bytes) {
        return Some(raw);
    }
    let text = std::str::from_utf8(bytes).ok()?.trim();
    let digest = Digest::from_hex(DigestAlgorithm::Sha256, text).ok()?;
    digest.as_bytes().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: [u8; 32] = [7; 32];

    #[test]
    fn a_key_is_read_in_each_of_its_forms() {
        let key = of_seed(&SEED);
        let hex = Digest::from_sha256(SEED).to_hex() + "\n";
        for form in [SEED.to_vec(), hex.into_bytes(), private_pem(&key).into()] {
            assert_eq!(private(&form).unwrap().to_bytes(), SEED);
        }
        let point = key.verifying_key();
        let hex = Digest::from_sha256(point.to_bytes()).to_hex();
        let pem = dsse::public_pem(&point);
        for form in [point.to_bytes().to_vec(), hex.into(), pem.into()] {
            assert_eq!(public(&form).unwrap(), point);
        }
    }

    #[test]
    fn a_key_of_openssl_is_read() {
        // RFC 8410, section 10.3: the same key without and with its public half.
        let v1 = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
        let public_half = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
        let key = private(v1.as_bytes()).unwrap();
        assert_eq!(key.verifying_key(), public(public_half.as_bytes()).unwrap());
        let mut v2 = PKCS8_V2.to_vec();
        v2.extend(key.as_bytes());
        v2.extend(BETWEEN[0]);
        v2.extend(key.verifying_key().as_bytes());
        let file = |der: &[u8]| {
            let body = STANDARD.encode(der);
            format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n")
        };
        assert_eq!(private(file(&v2).as_bytes()).unwrap(), key);
        let last = v2.len() - 1;
        v2[last] ^= 1;
        assert_eq!(private(file(&v2).as_bytes()), Err(KeyError::Halves));
    }

    #[test]
    fn what_is_no_key_is_told_and_never_repeated() {
        let key = of_seed(&SEED);
        let public_file = dsse::public_pem(&key.verifying_key());
        assert_eq!(private(public_file.as_bytes()), Err(KeyError::IsPublic));
        assert_eq!(
            public(private_pem(&key).as_bytes()),
            Err(KeyError::IsPrivate)
        );
        assert_eq!(private(b"hunter2"), Err(KeyError::Private));
        assert_eq!(public(&[0; 32]), Err(KeyError::Public));
        assert_eq!(public(&vec![b'0'; BYTES + 1]), Err(KeyError::TooLarge));
    }
}
