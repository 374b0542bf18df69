use super::*;
use customs_model::{Ecosystem, PackageName, Version};

const OLD: &str = "SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA";
const NEW: &str = "SHA256:DhQ8wR5APBvFHLF/+Tc+AYvPOdTpcIDqOhxsBHRwC7U";
const INTEGRITY: &str = "sha512-yJhHsGZ92rUDlru9AIoqQ887WB79Wc9dmqiSPqH7S4EGwEHVQNCKywlQN1lNc+vFHh7InuQMiLMLimbA+uCsGw==";
const SIG: &str = "MEUCIQDlkgmNyZjT7KUY8AO6jH7Gs3fyiXG8nbTnuLbd8fOS2AIgXyJ6SaYhumMFzUYQAZPJGhsnlaD5N0X2MZsbG+eS/Xo=";

fn release(name: &str, version: &str) -> ReleaseId {
    ReleaseId::new(
        PackageName::new(Ecosystem::Npm, name).unwrap(),
        Version::new(version).unwrap(),
    )
}

fn signature(keyid: &str, sig: &str) -> Signature {
    Signature {
        keyid: keyid.into(),
        sig: sig.into(),
    }
}

fn time(text: &str) -> Option<Timestamp> {
    Some(text.parse().unwrap())
}

/// Why one signature over the real message was not accepted.
fn why(signature: Signature, integrity: &str) -> Why {
    let signed = check(
        &[signature],
        &release("pnpm", "10.1.0"),
        integrity,
        None,
        &Keys::embedded(),
    );
    assert_ne!(signed.answer, Answer::Yes);
    signed.refused.first().expect("a reason").why
}

#[test]
fn the_embedded_keys_have_the_ids_that_the_registry_gives_them() {
    let keys = Keys::embedded();
    let ids: Vec<&str> = keys.all().iter().map(|key| key.id.as_str()).collect();
    assert_eq!(ids, [OLD, NEW]);
    assert_eq!(keys.newest(), time("2025-01-13T00:00:00Z"));
    assert_eq!(keys.all()[0].ended, time("2025-01-29T00:00:00Z"));
}

#[test]
fn a_real_signature_of_the_registry_holds() {
    let signed = check(
        &[signature(NEW, SIG)],
        &release("pnpm", "10.1.0"),
        INTEGRITY,
        None,
        &Keys::embedded(),
    );
    assert_eq!(signed.answer, Answer::Yes);
    assert_eq!(signed.keys, [NEW]);
}

#[test]
fn a_scoped_name_stands_in_the_message_as_it_is() {
    assert_eq!(
        message(&release("@s/n", "1.0.0"), "sha512-x"),
        "@s/n@1.0.0:sha512-x"
    );
}

#[test]
fn what_is_not_the_signed_message_is_refused() {
    let keys = Keys::embedded();
    for (name, version) in [
        ("pnpm", "10.1.1"),
        ("pnpn", "10.1.0"),
        ("@pnpm/pnpm", "10.1.0"),
    ] {
        let signed = check(
            &[signature(NEW, SIG)],
            &release(name, version),
            INTEGRITY,
            None,
            &keys,
        );
        assert_eq!(signed.answer, Answer::No, "{name}");
        assert_eq!(signed.refused[0].why, Why::Signature);
    }
    // The same digest, were letters not to count.
    let other_case = INTEGRITY.replace("yJhH", "YJhH");
    assert_eq!(why(signature(NEW, SIG), &other_case), Why::Signature);
    let bit = SIG.replace("5S/Xo", "5S/Xp").replace("eS/Xo", "eS/Xs");
    assert_eq!(why(signature(NEW, &bit), INTEGRITY), Why::Signature);
    assert_eq!(why(signature(OLD, SIG), INTEGRITY), Why::Signature);
    assert_eq!(
        why(signature(NEW, "not base64"), INTEGRITY),
        Why::Unreadable
    );
    assert_eq!(
        why(signature(NEW, &"A".repeat(1000)), INTEGRITY),
        Why::Unreadable
    );
}

#[test]
fn a_key_that_nobody_knows_is_not_checked_and_not_forged() {
    let unknown = signature("SHA256:AAAA", SIG);
    let signed = check(
        std::slice::from_ref(&unknown),
        &release("pnpm", "10.1.0"),
        INTEGRITY,
        None,
        &Keys::embedded(),
    );
    insta::assert_snapshot!(format!("{:?}", signed.answer), @r#"NotChecked("its key is not among those known here: SHA256:AAAA: a newer key, or another registry's; run `customs trust update`")"#);
    // Beside one that holds it does no harm, and beside a wrong one it hides nothing.
    let both = |other| {
        let all = [unknown.clone(), other];
        check(
            &all,
            &release("pnpm", "10.1.0"),
            INTEGRITY,
            None,
            &Keys::embedded(),
        )
        .answer
    };
    assert_eq!(both(signature(NEW, SIG)), Answer::Yes);
    assert_eq!(both(signature(OLD, SIG)), Answer::No);
}

#[test]
fn without_a_signature_or_a_strong_digest_nothing_is_checked() {
    let none = check(
        &[],
        &release("pnpm", "10.1.0"),
        INTEGRITY,
        None,
        &Keys::embedded(),
    );
    assert!(matches!(none.answer, Answer::NotChecked(_)));
    for weak in ["", "sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "md5-x"] {
        assert_eq!(why(signature(NEW, SIG), weak), Why::Unsupported, "{weak:?}");
    }
    let two = format!("{INTEGRITY} {INTEGRITY}");
    assert_eq!(why(signature(NEW, SIG), &two), Why::Unsupported);
    let many = vec![signature(NEW, SIG); limit::SIGNATURES + 1];
    let signed = check(
        &many,
        &release("pnpm", "10.1.0"),
        INTEGRITY,
        None,
        &Keys::embedded(),
    );
    assert_eq!(signed.refused[0].why, Why::TooLarge);
}

/// The document of the keys endpoint, with the new key under some id and end.
fn document(keyid: &str, expires: &str) -> String {
    use base64::Engine as _;
    let key = STANDARD.encode(Keys::embedded().all()[1].public.as_spki());
    format!(
        r#"{{"keys":[{{"expires":{expires},"keyid":"{keyid}","keytype":"ecdsa-sha2-nistp256","scheme":"ecdsa-sha2-nistp256","key":"{key}"}}]}}"#
    )
}

#[test]
fn a_key_that_ended_signs_nothing_later() {
    let keys = Keys::from_json(document(NEW, "\"2025-01-20T00:00:00.000Z\"").as_bytes()).unwrap();
    let at = |published| {
        check(
            &[signature(NEW, SIG)],
            &release("pnpm", "10.1.0"),
            INTEGRITY,
            published,
            &keys,
        )
    };
    assert_eq!(at(time("2025-01-19T23:59:59Z")).answer, Answer::Yes);
    let later = at(time("2025-01-20T00:00:00Z"));
    assert_eq!(
        (later.answer, later.refused[0].why),
        (Answer::No, Why::KeyExpired)
    );
    let unknown = at(None);
    assert_eq!(unknown.refused[0].why, Why::TimeNotKnown);
    assert!(matches!(unknown.answer, Answer::NotChecked(_)));
}

#[test]
fn a_swapped_key_under_an_old_id_is_seen() {
    let error = Keys::from_json(document(OLD, "null").as_bytes()).unwrap_err();
    insta::assert_snapshot!(error, @"the document holds no key that can be used (SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA: its key is that of SHA256:DhQ8wR5APBvFHLF/+Tc+AYvPOdTpcIDqOhxsBHRwC7U)");
}

#[test]
fn keys_as_the_tuf_repository_holds_them_are_read_too() {
    use base64::Engine as _;
    let key = STANDARD.encode(Keys::embedded().all()[1].public.as_spki());
    let entry = |usage: &str| {
        format!(
            r#"{{"keyId":"{NEW}","keyUsage":"{usage}","publicKey":{{"rawBytes":"{key}","keyDetails":"PKIX_ECDSA_P256_SHA_256","validFor":{{"start":"2025-01-13T00:00:00.000Z"}}}}}}"#
        )
    };
    let json = format!(
        r#"{{"keys":[{},{}]}}"#,
        entry("npm:attestations"),
        entry("npm:other")
    );
    let keys = Keys::from_json(json.as_bytes()).unwrap();
    assert!(keys.find(NEW, Usage::Attestations).is_ok());
    assert_eq!(
        keys.find(NEW, Usage::Signatures).unwrap_err().why,
        Why::UnknownKey
    );
    assert_eq!(keys.rejected().len(), 1);
    assert_eq!(keys.or(Keys::embedded()).all().len(), 2);
}

#[test]
fn documents_that_are_none_are_refused() {
    for (json, expected) in [
        ("", "cannot be read"),
        ("{}", "cannot be read"),
        (r#"{"keys":[]}"#, "no key"),
        (
            r#"{"keys":[{"keyid":"x","key":"AAAA"}]}"#,
            "not a key of ECDSA",
        ),
        (
            r#"{"keys":[{"keyid":"x","key":"AAAA","scheme":"rsa"}]}"#,
            "scheme",
        ),
        (r#"{"keys":[{"keyid":"x"}]}"#, "no key"),
    ] {
        let error = Keys::from_json(json.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let long = vec![b' '; limit::DOCUMENT + 1];
    assert!(matches!(
        Keys::from_json(&long),
        Err(KeysError::TooLarge(_))
    ));
}
