use super::*;
use proptest::prelude::*;

const TYPE: &str = "application/vnd.in-toto+json";

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn sealed() -> String {
    seal(TYPE, b"{\"a\": 1}", &key()).unwrap()
}

fn refusal(envelope: &str) -> EnvelopeError {
    open(envelope.as_bytes(), TYPE, &key().verifying_key()).unwrap_err()
}

/// The members of an envelope, changed.
fn changed(change: impl FnOnce(&mut serde_json::Value)) -> EnvelopeError {
    let mut envelope = serde_json::from_str(&sealed()).unwrap();
    change(&mut envelope);
    refusal(&envelope.to_string())
}

#[test]
fn what_is_signed_is_what_the_specification_shows() {
    // The example of the protocol's own text.
    let expected = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world";
    assert_eq!(
        pae("http://example.com/HelloWorld", b"hello world"),
        expected
    );
    // Lengths are of bytes, not of characters.
    assert_eq!(pae("é", b""), "DSSEv1 2 é 0 ".as_bytes());
}

#[test]
fn the_envelope_is_the_one_that_other_programs_make() {
    // Computed with Python's cryptography (OpenSSL) from the same key and payload.
    let expected = concat!(
        r#"{"payload":"eyJhIjogMX0=","payloadType":"application/vnd.in-toto+json","#,
        r#""signatures":[{"keyid":"324be2dea8bc44461b0233e51fa48902ed6b1cc671e7739af2551e0bfe68f54e","#,
        r#""sig":"og9QF7wOoqRdR5D+C0B5K3AqVfFYksgHxIvATv8v37ppgnhtpwiBs3Udu+LhY9N7Aw7FLhAdeJ0cAOZw4xe7Aw=="}]}"#,
        "\n"
    );
    assert_eq!(sealed(), expected);
    assert_eq!(
        public_pem(&key().verifying_key()),
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=\n-----END PUBLIC KEY-----\n"
    );
}

#[test]
fn what_was_sealed_is_opened_with_its_key_only() {
    let payload = open(sealed().as_bytes(), TYPE, &key().verifying_key()).unwrap();
    assert_eq!(payload, b"{\"a\": 1}");
    let other = SigningKey::from_bytes(&[8; 32]).verifying_key();
    let error = open(sealed().as_bytes(), TYPE, &other).unwrap_err();
    assert!(matches!(error, EnvelopeError::OtherKey { .. }), "{error}");
}

#[test]
fn each_change_is_refused_for_its_own_reason() {
    let as_text = |what: &str| what.to_owned().into();
    let error = changed(|e| e["payload"] = as_text("eyJhIjogMn0="));
    assert!(matches!(error, EnvelopeError::Signature), "{error}");
    let error = changed(|e| e["payloadType"] = as_text("text/plain"));
    assert!(matches!(error, EnvelopeError::PayloadType(_)), "{error}");
    let error = changed(|e| e["payload"] = as_text("?"));
    assert!(matches!(error, EnvelopeError::Form(_)), "{error}");
    let error = changed(|e| e["signatures"][0]["keyid"] = as_text(""));
    assert!(matches!(error, EnvelopeError::OtherKey { .. }), "{error}");
    let error = changed(|e| e["signatures"][0]["sig"] = as_text("AAAA"));
    assert!(matches!(error, EnvelopeError::Form(_)), "{error}");
    let error = changed(|e| e["signatures"] = serde_json::json!([]));
    assert!(matches!(error, EnvelopeError::Signatures(0)), "{error}");
    let error = changed(|e| {
        let twice = e["signatures"][0].clone();
        e["signatures"].as_array_mut().unwrap().push(twice);
    });
    assert!(matches!(error, EnvelopeError::Signatures(2)), "{error}");
    let error = changed(|e| e["also"] = 1.into());
    assert!(matches!(error, EnvelopeError::Form(_)), "{error}");
}

#[test]
fn the_signature_of_the_weak_key_over_everything_is_refused() {
    // A key of small order, for which one signature holds over any message (RFC 8032 allows it).
    let mut bytes = [0; 32];
    bytes[0] = 1;
    let weak = VerifyingKey::from_bytes(&bytes).unwrap();
    let mut sig = [0; 64];
    sig[0] = 1;
    let envelope = serde_json::json!({
        "payload": "", "payloadType": TYPE,
        "signatures": [{ "keyid": key_id(&weak), "sig": STANDARD.encode(sig) }],
    });
    let error = open(envelope.to_string().as_bytes(), TYPE, &weak).unwrap_err();
    assert!(matches!(error, EnvelopeError::Signature), "{error}");
}

#[test]
fn no_single_bit_can_be_turned() {
    let sealed = sealed();
    let sealed = sealed.trim_end().as_bytes();
    for at in 0..sealed.len() {
        for bit in 0..8 {
            let mut mutated = sealed.to_vec();
            mutated[at] ^= 1 << bit;
            let opened = open(&mutated, TYPE, &key().verifying_key());
            assert!(opened.is_err(), "bit {bit} of byte {at}");
        }
    }
}

proptest! {
    #[test]
    fn any_payload_comes_back(payload in any::<Vec<u8>>(), seed in any::<[u8; 32]>()) {
        let key = SigningKey::from_bytes(&seed);
        let sealed = seal(TYPE, &payload, &key).unwrap();
        let opened = open(sealed.as_bytes(), TYPE, &key.verifying_key()).unwrap();
        prop_assert_eq!(opened, payload);
    }

    #[test]
    fn any_bytes_are_an_answer_and_no_crash(bytes in any::<Vec<u8>>()) {
        prop_assert!(open(&bytes, TYPE, &key().verifying_key()).is_err());
    }
}
