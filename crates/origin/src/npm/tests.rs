use super::*;
use crate::answer::{Field, Finding};
use crate::testing::registry_file;
use crate::testing::synthetic::{Claims, WORKFLOW, World, github_claims};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use customs_model::{DigestAlgorithm, Hasher};
use serde_json::{Value, json};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn sha512(bytes: &[u8]) -> Digest {
    let mut hasher = Hasher::new(DigestAlgorithm::Sha512);
    hasher.update(bytes);
    hasher.finish()
}

fn said(name: &str, predicate_type: &str, predicate: Value) -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": {"sha512": sha512(b"tarball").to_hex()}}],
        "predicateType": predicate_type,
        "predicate": predicate,
    })
}

fn slsa() -> Value {
    json!({
        "buildDefinition": {
            "externalParameters": {"workflow": {
                "ref": "refs/tags/v1",
                "repository": "https://github.com/o/r",
                "path": ".github/workflows/release.yml",
            }},
            "internalParameters": {"github": {
                "event_name": "push", "repository_id": "11", "repository_owner_id": "22",
            }},
            "resolvedDependencies": [{
                "uri": "git+https://github.com/o/r@refs/tags/v1",
                "digest": {"gitCommit": COMMIT},
            }],
        },
        "runDetails": {"metadata": {
            "invocationId": "https://github.com/o/r/actions/runs/5/attempts/1",
        }},
    })
}

fn provenance(name: &str) -> Value {
    said(name, predicate::SLSA_1, slsa())
}

fn publish(name: &str, version: &str) -> Value {
    said(
        "pkg:npm/%40s/n@1.0.0",
        PUBLISH,
        json!({"name": name, "version": version, "registry": "https://registry.example"}),
    )
}

fn document(attestations: &[(&str, &Value)]) -> Offered<Vec<u8>> {
    let all: Vec<Value> = attestations
        .iter()
        .map(|(kind, bundle)| json!({"predicateType": kind, "bundle": bundle}))
        .collect();
    Offered::Here(json!({"attestations": all}).to_string().into_bytes())
}

fn ask(world: &World, attestations: &Offered<Vec<u8>>) -> OriginAnswer {
    let id: ReleaseId = "pkg:npm/%40s/n@1.0.0".parse().unwrap();
    let integrity = sha512(b"tarball").to_sri();
    let release = Release {
        id: &id,
        integrity: &integrity,
        published: None,
    };
    look(&release, &Offered::NotAsked, attestations, &world.trust())
}

/// The answer about provenance of these claims alone.
fn of(world: &World, claims: &Claims, statement: &Value) -> OriginAnswer {
    let bundle = world.attest(WORKFLOW, claims, statement);
    ask(world, &document(&[(predicate::SLSA_1, &bundle)]))
}

fn refused(answer: &OriginAnswer) -> Vec<Why> {
    let why = |finding: &Finding| match finding {
        Finding::Refused { why, .. } => Some(*why),
        Finding::PredicateDiffers { .. }
        | Finding::PublisherDiffers { .. }
        | Finding::SeveralIdentities { .. }
        | Finding::CommitDiffers { .. } => None,
    };
    answer.findings.iter().filter_map(why).collect()
}

#[test]
fn both_attestations_of_a_release_hold() {
    let world = World::new();
    let provenance = world.attest(
        WORKFLOW,
        &github_claims(),
        &provenance("pkg:npm/%40s/n@1.0.0"),
    );
    let publish = world.attest_with_key(&publish("@s/n", "1.0.0"));
    let answer = ask(
        &world,
        &document(&[(PUBLISH, &publish), (predicate::SLSA_1, &provenance)]),
    );
    assert_eq!(
        (&answer.attestation, &answer.findings),
        (&Answer::Yes, &Vec::new())
    );
    assert_eq!(answer.verified.len(), 2);
    let identity = answer.identity.unwrap();
    assert_eq!(identity.repository.unwrap().id.as_deref(), Some("11"));
    assert_eq!(
        identity.workflow.as_deref(),
        Some(".github/workflows/release.yml")
    );
    assert_eq!(identity.signer, None);
}

#[test]
fn a_real_release_is_answered_with_the_embedded_roots() {
    let bundle = registry_file(
        "sigstore-verify",
        "test_data/bundles/sigstore.js@2.0.0-provenance.sigstore.json",
    );
    let bundle: Value = serde_json::from_slice(&bundle).unwrap();
    let payload = STANDARD
        .decode(bundle["dsseEnvelope"]["payload"].as_str().unwrap())
        .unwrap();
    let payload: Value = serde_json::from_slice(&payload).unwrap();
    let hex = payload["subject"][0]["digest"]["sha512"].as_str().unwrap();
    let integrity = Digest::from_hex(DigestAlgorithm::Sha512, hex)
        .unwrap()
        .to_sri();
    let trust = Trust::embedded().unwrap();
    let document = document(&[(predicate::SLSA_1, &bundle)]);
    let ask = |purl: &str, integrity: &str| {
        let id: ReleaseId = purl.parse().unwrap();
        let release = Release {
            id: &id,
            integrity,
            published: None,
        };
        look(&release, &Offered::NotAsked, &document, &trust)
    };
    let answer = ask("pkg:npm/sigstore@2.0.0", &integrity);
    assert_eq!(
        (&answer.attestation, &answer.findings),
        (&Answer::Yes, &Vec::new())
    );
    for (purl, integrity, why) in [
        ("pkg:npm/sigstore@2.0.1", &integrity, Why::SubjectName),
        ("pkg:npm/sigstor@2.0.0", &integrity, Why::SubjectName),
        (
            "pkg:npm/sigstore@2.0.0",
            &sha512(b"other").to_sri(),
            Why::Artifact,
        ),
    ] {
        let answer = ask(purl, integrity);
        assert_eq!(
            (refused(&answer), answer.attestation),
            (vec![why], Answer::No),
            "{purl}"
        );
        assert_eq!(answer.identity, None);
    }
}

#[test]
fn a_statement_that_is_signed_rightly_is_still_asked_what_it_says() {
    let world = World::new();
    let good = provenance("pkg:npm/%40s/n@1.0.0");
    let with = |change: fn(&mut Value)| {
        let mut statement = good.clone();
        change(&mut statement);
        of(&world, &github_claims(), &statement)
    };
    type Change = fn(&mut Value);
    let cases: [(Change, Why); 7] = [
        (
            |s| s["subject"][0]["name"] = "pkg:npm/n@1.0.0".into(),
            Why::SubjectName,
        ),
        (
            |s| s["subject"][0]["name"] = "pkg:npm/%40s/n@1.0.1".into(),
            Why::SubjectName,
        ),
        (
            |s| {
                let one = s["subject"][0].clone();
                s["subject"].as_array_mut().unwrap().push(one);
            },
            Why::SubjectCount,
        ),
        (
            |s| s["_type"] = "https://in-toto.io/Statement/v9".into(),
            Why::StatementType,
        ),
        (|s| s["predicateType"] = PUBLISH.into(), Why::PredicateType),
        (
            |s| s["subject"][0]["digest"]["sha512"] = sha512(b"other").to_hex().into(),
            Why::Artifact,
        ),
        (
            |s| s["subject"][0]["digest"] = json!({"sha256": Digest::sha256(b"tarball").to_hex()}),
            Why::Artifact,
        ),
    ];
    for (change, why) in cases {
        let answer = with(change);
        assert_eq!(
            (refused(&answer), &answer.attestation),
            (vec![why], &Answer::No)
        );
        assert_eq!(answer.identity, None);
    }
}

#[test]
fn what_the_workflow_says_of_itself_is_compared_with_its_certificate() {
    let world = World::new();
    for (claim, value, field) in [
        (12, "https://github.com/o/fork", Field::Repository),
        (
            13,
            "ffffffffffffffffffffffffffffffffffffffff",
            Field::Commit,
        ),
        (14, "refs/heads/main", Field::Ref),
        (15, "12", Field::RepositoryId),
        (17, "23", Field::OwnerId),
        (20, "pull_request_target", Field::Trigger),
        (
            21,
            "https://github.com/o/r/actions/runs/6/attempts/1",
            Field::Run,
        ),
    ] {
        let mut claims = github_claims();
        let place = claims
            .iter_mut()
            .find(|(number, _)| *number == claim)
            .unwrap();
        place.1 = value.to_owned();
        let answer = of(&world, &claims, &provenance("pkg:npm/%40s/n@1.0.0"));
        assert_eq!(answer.attestation, Answer::Yes);
        let found = answer.findings.iter().any(|finding| {
            matches!(finding, Finding::PredicateDiffers { field: f, certificate, .. }
                if *f == field && certificate == value)
        });
        assert!(found, "{field:?}: {:?}", answer.findings);
        // The certificate counts.
        let shown = serde_json::to_string(&answer.identity).unwrap();
        assert!(shown.contains(value), "{shown}");
    }
}

#[test]
fn an_attestation_that_somebody_added_is_seen() {
    let world = World::new();
    let said = provenance("pkg:npm/%40s/n@1.0.0");
    let good = world.attest(WORKFLOW, &github_claims(), &said);
    let mut claims = github_claims();
    for (_, value) in &mut claims {
        *value = value.replace("/o/r", "/o/fork");
    }
    let fork = "https://github.com/o/fork/.github/workflows/release.yml@refs/tags/v1";
    let added = world.attest(fork, &claims, &said);
    let both = [(predicate::SLSA_1, &good), (predicate::SLSA_1, &added)];
    let answer = ask(&world, &document(&both));
    let seen = |f: &Finding| matches!(f, Finding::SeveralIdentities { other } if other == fork);
    assert!(answer.findings.iter().any(seen), "{:?}", answer.findings);
    assert_eq!(answer.identity.unwrap().subject, WORKFLOW);
}

#[test]
fn a_reusable_workflow_is_told_from_the_repository_that_called_it() {
    let world = World::new();
    let signer = "https://github.com/shared/flows/.github/workflows/build.yml";
    let mut claims = github_claims();
    claims
        .iter_mut()
        .find(|(number, _)| *number == 9)
        .unwrap()
        .1 = format!("{signer}@refs/heads/x");
    let answer = of(&world, &claims, &provenance("pkg:npm/%40s/n@1.0.0"));
    assert!(answer.findings.is_empty(), "{:?}", answer.findings);
    let identity = answer.identity.unwrap();
    assert_eq!(identity.signer.as_deref(), Some(signer));
    assert_eq!(
        identity.workflow.as_deref(),
        Some(".github/workflows/release.yml")
    );
}

#[test]
fn an_identity_that_nobody_was_asked_for_is_refused() {
    let world = World::new();
    let claims = vec![(8, "https://accounts.example".to_owned())];
    let answer = of(&world, &claims, &provenance("pkg:npm/%40s/n@1.0.0"));
    assert_eq!(
        (refused(&answer), answer.attestation),
        (vec![Why::Issuer], Answer::No)
    );
}

#[test]
fn a_publish_attestation_is_that_of_this_release_by_a_known_key() {
    let world = World::new();
    let good = world.attest(
        WORKFLOW,
        &github_claims(),
        &provenance("pkg:npm/%40s/n@1.0.0"),
    );
    let with = |publish: &Value| {
        ask(
            &world,
            &document(&[(PUBLISH, publish), (predicate::SLSA_1, &good)]),
        )
    };
    for (name, version) in [("@s/m", "1.0.0"), ("@s/n", "1.0.1")] {
        let answer = with(&world.attest_with_key(&publish(name, version)));
        assert_eq!(refused(&answer), [Why::PublishPredicate]);
        assert_eq!((answer.attestation, answer.identity), (Answer::No, None));
    }
    // A key that is not known takes nothing away from provenance that holds.
    let mut strange = world.attest_with_key(&publish("@s/n", "1.0.0"));
    strange["verificationMaterial"]["publicKey"]["hint"] = "SHA256:AAAA".into();
    let answer = with(&strange);
    assert_eq!(
        (refused(&answer), answer.attestation),
        (vec![Why::UnknownKey], Answer::Yes)
    );
    // The number of another key that is known.
    let embedded = world.trust().keys.all()[1].id.clone();
    strange["verificationMaterial"]["publicKey"]["hint"] = embedded.into();
    let answer = with(&strange);
    assert_eq!(
        (refused(&answer), answer.attestation),
        (vec![Why::Signature], Answer::No)
    );
    // By a certificate, whoever's it is.
    let answer = with(&world.attest(WORKFLOW, &github_claims(), &publish("@s/n", "1.0.0")));
    assert_eq!(refused(&answer), [Why::Unsupported]);
}

#[test]
fn a_key_signs_attestations_in_its_time_only() {
    let world = World::new();
    let bundle = world.attest_with_key(&publish("@s/n", "1.0.0"));
    for (expires, why) in [
        ("2026-01-01T00:00:00Z", vec![Why::KeyExpired]),
        ("2026-01-01T00:00:01Z", vec![]),
    ] {
        let mut trust = world.trust();
        let key = b64_key(&world);
        let keys = json!({"keys": [{"keyid": world.key_id(), "key": key, "expires": expires}]});
        trust.keys = signature::Keys::from_json(keys.to_string().as_bytes()).unwrap();
        let id: ReleaseId = "pkg:npm/%40s/n@1.0.0".parse().unwrap();
        let integrity = sha512(b"tarball").to_sri();
        let release = Release {
            id: &id,
            integrity: &integrity,
            published: None,
        };
        let answer = look(
            &release,
            &Offered::NotAsked,
            &document(&[(PUBLISH, &bundle)]),
            &trust,
        );
        assert_eq!(refused(&answer), why, "{expires}");
    }
}

fn b64_key(world: &World) -> String {
    STANDARD.encode(world.registry.public_key_der().unwrap().as_bytes())
}

#[test]
fn what_is_missing_is_three_things_and_none_is_green() {
    let world = World::new();
    let because = |offered| match ask(&world, &offered).attestation {
        Answer::NotChecked(because) => because,
        Answer::Yes | Answer::No => panic!("an answer without evidence"),
    };
    insta::assert_snapshot!(because(Offered::Absent), @"the release has no attestation");
    insta::assert_snapshot!(because(Offered::Stripped), @"the registry that is used does not pass on any attestation; ask one that does");
    insta::assert_snapshot!(because(Offered::NotAsked), @"no attestation is at hand; fetch it with `--fetch`");
    insta::assert_snapshot!(because(document(&[])), @"the release has no provenance");
    let other = world.attest(WORKFLOW, &github_claims(), &json!({}));
    insta::assert_snapshot!(because(document(&[("https://other.example", &other)])), @"the release has no provenance");
}

#[test]
fn documents_that_are_none_are_refused() {
    let world = World::new();
    for (document, why) in [
        ("", Why::Unreadable),
        ("{}", Why::Unreadable),
        (
            r#"{"attestations":[{"predicateType":"https://slsa.dev/provenance/v1"}]}"#,
            Why::Unreadable,
        ),
        (
            r#"{"attestations":[{"predicateType":"https://slsa.dev/provenance/v1","bundle":null}]}"#,
            Why::Unreadable,
        ),
    ] {
        let answer = ask(&world, &Offered::Here(document.as_bytes().to_vec()));
        assert_eq!(
            (refused(&answer), answer.attestation),
            (vec![why], Answer::No),
            "{document}"
        );
    }
    let one = json!({});
    let many = vec![("x", &one); limit::ATTESTATIONS + 1];
    assert_eq!(refused(&ask(&world, &document(&many))), [Why::TooLarge]);
}

/// GitHub's own instance has no public log: its timestamp is what tells that the certificate was
/// valid when it signed, so nothing holds without it. Its attestations of releases are by GitHub
/// itself and name no workflow that npm lets publish.
#[test]
fn what_githubs_own_instance_signed_needs_its_timestamp_and_a_workflow() {
    let file = "test_data/bundles/github-private-attestation.sigstore.json";
    let mut bundle: Value =
        serde_json::from_slice(&registry_file("sigstore-verify", file)).unwrap();
    let payload = STANDARD.decode(bundle["dsseEnvelope"]["payload"].as_str().unwrap());
    let said: Value = serde_json::from_slice(&payload.unwrap()).unwrap();
    let mut subjects = said["subject"].as_array().unwrap().iter();
    let hex = subjects.find_map(|one| one["digest"]["sha256"].as_str());
    let digest = Digest::from_hex(DigestAlgorithm::Sha256, hex.unwrap()).unwrap();
    let (id, integrity) = ("pkg:npm/a@1.0.0".parse().unwrap(), digest.to_sri());
    let release = Release {
        id: &id,
        integrity: &integrity,
        published: None,
    };
    let trust = Trust::embedded().unwrap();
    let asked = |bundle: &Value| {
        let offered = document(&[(predicate::SLSA_1, bundle)]);
        let answer = look(&release, &Offered::NotAsked, &offered, &trust);
        assert_eq!(answer.attestation, Answer::No, "{answer:?}");
        refused(&answer)
    };
    assert_eq!(asked(&bundle), [Why::Issuer]);
    let material = bundle["verificationMaterial"].as_object_mut().unwrap();
    material.remove("timestampVerificationData").unwrap();
    assert_eq!(asked(&bundle), [Why::NoTime]);
}
