use super::*;
use crate::testing::{any_record, digest, good_record, hostile_record, package, record, shuffled};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use customs_model::{Answer, DigestAlgorithm, Known, Standing};
use proptest::prelude::*;
use serde_json::Value;

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn order() -> Order {
    Order {
        verifier: "https://ci.example/customs".to_owned(),
        resource: "git+https://git.example/shop@89abcdef".to_owned(),
        policy: Resource::new(
            "https://ci.example/customs.toml",
            &Digest::sha256(b"policy"),
        ),
        inputs: vec![Resource::new(
            "https://a.example/bundle",
            &Digest::sha256(b"bundle"),
        )],
        demanded: Question::ALL.into(),
    }
}

fn outcome(record: &Record) -> Outcome {
    state(record, &order())
        .unwrap()
        .predicate
        .verification_result
}

#[test]
fn a_summary_says_what_was_verified_in_its_own_words() {
    let statement = state(&good_record(), &order()).unwrap();
    let text = serde_json::to_string_pretty(&statement).unwrap();
    insta::assert_snapshot!(text.replace(TOOL_VERSION, "VERSION"), @r#"
    {
      "_type": "https://in-toto.io/Statement/v1",
      "subject": [
        {
          "name": "pkg:npm/%40acme/tool@1.2.3",
          "digest": {
            "sha512": "acfc20fccb3609a6cf51d633546e7cdd408e1e9b2fee6c7e4e1615c1383b2bbe00459273925ff31752d007731791f0d937ea03d55469b5ad1c1b64d65234863e"
          }
        }
      ],
      "predicateType": "https://slsa.dev/verification_summary/v1",
      "predicate": {
        "verifier": {
          "id": "https://ci.example/customs",
          "version": {
            "customs": "VERSION"
          }
        },
        "timeVerified": "2026-08-26T10:00:00Z",
        "resourceUri": "git+https://git.example/shop@89abcdef",
        "policy": {
          "uri": "https://ci.example/customs.toml",
          "digest": {
            "sha256": "823412d1eacb67956220e532959f0104603057c88704863ca38e7cd188fda812"
          }
        },
        "inputAttestations": [
          {
            "uri": "https://a.example/bundle",
            "digest": {
              "sha256": "1e6ed65d77d6364eeaed5a745ba5c4985ae2b700dd85d7cf7f027bdf294a33fc"
            }
          }
        ],
        "verificationResult": "PASSED",
        "verifiedLevels": [
          "CUSTOMS_TREE_AS_IN_ARTIFACT",
          "CUSTOMS_SIGNED_BY_REGISTRY",
          "CUSTOMS_ATTESTATION_VERIFIED",
          "CUSTOMS_CODE_JUDGED_CLEAN"
        ],
        "dependencyLevels": {
          "CUSTOMS_ATTESTATION_VERIFIED": 1,
          "CUSTOMS_CODE_JUDGED_CLEAN": 1,
          "CUSTOMS_SIGNED_BY_REGISTRY": 1,
          "CUSTOMS_TREE_AS_IN_ARTIFACT": 1
        },
        "slsaVersion": "1.0",
        "customs:demanded": [
          "tree",
          "signature",
          "attestation",
          "verdict"
        ],
        "customs:counts": {
          "tree": {
            "yes": 1,
            "no": 0,
            "not_checked": 0
          },
          "signature": {
            "yes": 1,
            "no": 0,
            "not_checked": 0
          },
          "attestation": {
            "yes": 1,
            "no": 0,
            "not_checked": 0
          },
          "verdict": {
            "yes": 1,
            "no": 0,
            "not_checked": 0
          }
        },
        "customs:withoutDigest": 0,
        "customs:notLookedAt": 0,
        "customs:record": {
          "sha256": "52b6684b5fee3b0490681ee8a97d555707ebedcbe4e68e9e125202197a0cb346"
        }
      }
    }
    "#);
}

#[test]
fn what_failed_shows_all_three_counts() {
    let statement = state(&record(), &order()).unwrap();
    let predicate = serde_json::to_string_pretty(&statement.predicate).unwrap();
    insta::assert_snapshot!(predicate.replace(TOOL_VERSION, "VERSION"), @r#"
    {
      "verifier": {
        "id": "https://ci.example/customs",
        "version": {
          "customs": "VERSION"
        }
      },
      "timeVerified": "2026-08-26T10:00:00Z",
      "resourceUri": "git+https://git.example/shop@89abcdef",
      "policy": {
        "uri": "https://ci.example/customs.toml",
        "digest": {
          "sha256": "823412d1eacb67956220e532959f0104603057c88704863ca38e7cd188fda812"
        }
      },
      "inputAttestations": [
        {
          "uri": "https://a.example/bundle",
          "digest": {
            "sha256": "1e6ed65d77d6364eeaed5a745ba5c4985ae2b700dd85d7cf7f027bdf294a33fc"
          }
        }
      ],
      "verificationResult": "FAILED",
      "verifiedLevels": [
        "FAILED"
      ],
      "dependencyLevels": {
        "CUSTOMS_ATTESTATION_VERIFIED": 4,
        "CUSTOMS_CODE_JUDGED_CLEAN": 2,
        "CUSTOMS_SIGNED_BY_REGISTRY": 4,
        "CUSTOMS_TREE_AS_IN_ARTIFACT": 3
      },
      "slsaVersion": "1.0",
      "customs:demanded": [
        "tree",
        "signature",
        "attestation",
        "verdict"
      ],
      "customs:counts": {
        "tree": {
          "yes": 3,
          "no": 1,
          "not_checked": 1
        },
        "signature": {
          "yes": 4,
          "no": 1,
          "not_checked": 0
        },
        "attestation": {
          "yes": 4,
          "no": 0,
          "not_checked": 1
        },
        "verdict": {
          "yes": 2,
          "no": 1,
          "not_checked": 2
        }
      },
      "customs:withoutDigest": 0,
      "customs:notLookedAt": 1,
      "customs:record": {
        "sha256": "a488f1a17f9a9b556c7e441add597f2096917f6121d39d6fda7b2e0ed87be1c4"
      }
    }
    "#);
}

#[test]
fn it_passes_only_where_nothing_is_no_and_nothing_was_left_out() {
    assert_eq!(outcome(&good_record()), Outcome::Passed);
    let spoilers: [fn(&mut Record); 9] = [
        |r| r.packages[0].tree = Answer::No,
        |r| r.packages[0].tree = Answer::not_checked("it is not installed"),
        |r| r.packages[0].origin.signature = Answer::No,
        |r| r.packages[0].origin.attestation = Answer::not_checked("offline"),
        |r| r.packages[0].verdict = Known::Is(Standing::Suspicious),
        |r| r.packages[0].verdict = Known::Is(Standing::NotJudged),
        |r| r.packages[0].verdict = Known::NotApplicable,
        |r| r.not_checked.push("web/: no lockfile".to_owned()),
        |r| {
            let mut other = package("pkg:npm/b@1.0.0", &["b"]);
            other.artifact.clear();
            r.packages.push(other);
        },
    ];
    for (number, spoil) in spoilers.into_iter().enumerate() {
        let mut record = good_record();
        spoil(&mut record);
        assert_eq!(outcome(&record), Outcome::Failed, "{number}");
    }
}

#[test]
fn what_the_policy_does_not_demand_is_counted_and_not_claimed() {
    let mut record = good_record();
    record.packages[0].origin.attestation = Answer::No;
    let mut order = order();
    order.demanded = BTreeSet::from([Question::Tree, Question::Signature]);
    let predicate = state(&record, &order).unwrap().predicate;
    assert_eq!(predicate.verification_result, Outcome::Passed);
    let levels = ["CUSTOMS_TREE_AS_IN_ARTIFACT", "CUSTOMS_SIGNED_BY_REGISTRY"];
    assert_eq!(predicate.verified_levels, levels);
    assert_eq!(predicate.counts[&Question::Attestation].no, 1);
    order.demanded.clear();
    let error = state(&record, &order).unwrap_err();
    assert!(matches!(error, VsaError::NothingDemanded));
}

#[test]
fn no_level_of_slsa_is_claimed() {
    for question in Question::ALL {
        assert!(!level(question).starts_with("SLSA_"));
    }
}

#[test]
fn each_wheel_is_a_subject_and_an_artifact_with_two_digests_is_one() {
    let mut record = good_record();
    let two = |name| [DigestAlgorithm::Sha512, DigestAlgorithm::Sha1].map(|a| digest(a, name));
    record.packages[0].artifact = two("tarball").to_vec();
    let mut wheels = package("pkg:pypi/a@1", &["a"]);
    wheels.artifact = ["one", "two"]
        .map(|w| digest(DigestAlgorithm::Sha256, w))
        .to_vec();
    record.packages.push(wheels);
    let subjects = state(&record, &order()).unwrap().subject;
    let counts: Vec<usize> = subjects
        .iter()
        .map(|subject| subject.digest.len())
        .collect();
    assert_eq!(counts, [2, 1, 1]);
    record.packages.truncate(1);
    record.packages[0].artifact.clear();
    assert!(matches!(state(&record, &order()), Err(VsaError::NoSubject)));
}

/// The same bytes as another program computes them: `PAE` by hand, the signature with the
/// library's own primitive, and both compared with what the envelope holds.
#[test]
fn the_signature_is_over_the_exact_bytes_of_the_payload() {
    let statement = state(&record(), &order()).unwrap();
    let envelope: Value = serde_json::from_str(&sign(&statement, &key()).unwrap()).unwrap();
    let payload = STANDARD
        .decode(envelope["payload"].as_str().unwrap())
        .unwrap();
    let mut signed = b"DSSEv1 28 application/vnd.in-toto+json ".to_vec();
    signed.extend_from_slice(payload.len().to_string().as_bytes());
    signed.push(b' ');
    signed.extend_from_slice(&payload);
    let sig = STANDARD
        .decode(envelope["signatures"][0]["sig"].as_str().unwrap())
        .unwrap();
    let signature = ed25519_dalek::Signature::from_slice(&sig).unwrap();
    key()
        .verifying_key()
        .verify_strict(&signed, &signature)
        .unwrap();
    let back: Statement = serde_json::from_slice(&payload).unwrap();
    assert_eq!(back, statement);
}

#[test]
fn a_summary_comes_back_with_its_key_and_not_with_another() {
    let statement = state(&hostile_record(), &order()).unwrap();
    let envelope = sign(&statement, &key()).unwrap();
    assert_eq!(
        verify(envelope.as_bytes(), &key().verifying_key()).unwrap(),
        statement
    );
    let other = SigningKey::from_bytes(&[8; 32]).verifying_key();
    assert!(verify(envelope.as_bytes(), &other).is_err());
}

#[test]
fn other_statements_of_the_same_key_are_no_summaries() {
    let statement = state(&good_record(), &order()).unwrap();
    let changes: [fn(&mut Value); 6] = [
        |s| s["_type"] = "https://in-toto.io/Statement/v0.1".into(),
        |s| s["predicateType"] = "https://slsa.dev/provenance/v1".into(),
        |s| s["subject"] = serde_json::json!([]),
        |s| s["subject"][0]["digest"] = serde_json::json!({}),
        |s| s["predicate"]["verificationResult"] = "FAILED".into(),
        |s| s["predicate"]["verificationResult"] = "passed".into(),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut other = serde_json::to_value(&statement).unwrap();
        change(&mut other);
        let envelope = dsse::seal(PAYLOAD_TYPE, other.to_string().as_bytes(), &key()).unwrap();
        let error = verify(envelope.as_bytes(), &key().verifying_key()).unwrap_err();
        assert!(matches!(error, VsaError::NoSummary(_)), "{number}: {error}");
    }
    // A later version of the form may say more.
    let mut more = serde_json::to_value(&statement).unwrap();
    more["predicate"]["https://other.example/field"] = 1.into();
    let envelope = dsse::seal(PAYLOAD_TYPE, more.to_string().as_bytes(), &key()).unwrap();
    assert_eq!(
        verify(envelope.as_bytes(), &key().verifying_key()).unwrap(),
        statement
    );
}

proptest! {
    #[test]
    fn an_envelope_with_one_other_byte_is_refused(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let statement = state(&good_record(), &order()).unwrap();
        let sealed = sign(&statement, &key()).unwrap();
        let mut bytes = sealed.trim_end().as_bytes().to_vec();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        prop_assert!(verify(&bytes, &key().verifying_key()).is_err());
    }

    #[test]
    fn the_same_record_has_the_same_summary_and_passing_means_all_yes(record in any_record()) {
        let Ok(statement) = state(&record, &order()) else {
            return Ok(());
        };
        let again = state(&shuffled(&record), &order()).unwrap();
        prop_assert_eq!(sign(&again, &key()).unwrap(), sign(&statement, &key()).unwrap());
        let is_good = record.not_checked.is_empty()
            && record.packages.iter().all(|p| p.is_rightly_absent() || !p.artifact.is_empty())
            && record.packages.iter().all(|p| Question::ALL.iter().all(|q| match q.answer(p) {
                Answer::Yes => true,
                Answer::NotChecked(_) => p.is_rightly_absent(),
                Answer::No => false,
            }));
        prop_assert_eq!(statement.predicate.verification_result == Outcome::Passed, is_good);
    }
}

#[test]
fn a_stray_file_that_nothing_explains_fails_where_the_tree_is_demanded() {
    let mut record = good_record();
    record.loose = vec![crate::testing::file(
        "lib/a.pth",
        "import os",
        "unexplained",
    )];
    assert_eq!(outcome(&record), Outcome::Failed);
    record.loose = vec![crate::testing::file("lib/six.pyc", "", "explained")];
    assert_eq!(outcome(&record), Outcome::Passed);
}

#[test]
fn what_rightly_lies_nowhere_is_no_subject_and_is_counted_by_itself() {
    let mut record = good_record();
    let mut elsewhere = package("pkg:npm/%40w/win32@1.0.0", &[]);
    elsewhere.origin.signature = Answer::not_checked("nobody asked");
    record.packages.push(elsewhere);
    let statement = state(&record, &order()).unwrap();
    assert_eq!(statement.subject.len(), 1);
    assert_eq!(statement.predicate.verification_result, Outcome::Passed);
    let tree = statement.predicate.counts[&Question::Tree];
    assert_eq!((tree.yes, tree.absent), (1, 1));
    // Whether it may be absent is not known, or it is known to be wrong.
    record.packages[1].tree = Answer::not_checked("it is not installed here");
    assert_eq!(outcome(&record), Outcome::Failed);
    record.packages[1].tree = Answer::Yes;
    record.packages[1].origin.signature = Answer::No;
    assert_eq!(outcome(&record), Outcome::Failed);
    record.packages.remove(0);
    assert!(matches!(state(&record, &order()), Err(VsaError::NoSubject)));
}

#[test]
fn what_was_not_looked_at_counts_where_it_touches_what_is_demanded() {
    let mut record = good_record();
    let note = "a mirror hands on no attestations".to_owned();
    record.not_checked.push(note.clone());
    let origin = BTreeSet::from([Question::Signature, Question::Attestation]);
    record.touches.insert(note.clone(), origin);
    let said = |record: &Record, demanded: &[Question]| {
        let order = Order {
            demanded: demanded.iter().copied().collect(),
            ..order()
        };
        let predicate = state(record, &order).unwrap().predicate;
        (predicate.verification_result, predicate.not_looked_at)
    };
    assert_eq!(said(&record, &[Question::Tree]), (Outcome::Passed, 0));
    let both = [Question::Tree, Question::Attestation];
    assert_eq!(said(&record, &both), (Outcome::Failed, 1));
    // What nobody says the questions of may change all of them.
    record.touches.clear();
    assert_eq!(said(&record, &[Question::Tree]), (Outcome::Failed, 1));
    // And a remark changes none.
    record.touches.insert(note, BTreeSet::new());
    assert_eq!(said(&record, &both), (Outcome::Passed, 0));
}
