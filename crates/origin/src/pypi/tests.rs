use super::*;
use crate::answer::{Field, Finding};
use crate::testing::synthetic::{Claims, WORKFLOW, World, github_claims};

const WHEEL: &str = "my_pkg-1.0.0-py3-none-any.whl";
const PUBLISH: &str = "https://docs.index.example/attestations/publish/v1";

fn said(name: &str, predicate_type: &str, predicate: Value) -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": {"sha256": Digest::sha256(b"wheel").to_hex()}}],
        "predicateType": predicate_type,
        "predicate": predicate,
    })
}

/// A bundle under the names of PEP 740.
fn attestation(bundle: &Value) -> Value {
    json!({
        "version": 1,
        "envelope": {
            "statement": bundle["dsseEnvelope"]["payload"],
            "signature": bundle["dsseEnvelope"]["signatures"][0]["sig"],
        },
        "verification_material": {
            "certificate": bundle["verificationMaterial"]["certificate"]["rawBytes"],
            "transparency_entries": bundle["verificationMaterial"]["tlogEntries"],
        },
    })
}

fn object(publisher: &Value, bundles: &[Value]) -> Offered<Vec<u8>> {
    let attestations: Vec<Value> = bundles.iter().map(attestation).collect();
    let group = json!({"publisher": publisher, "attestations": attestations});
    let object = json!({"version": 1, "attestation_bundles": [group]});
    Offered::Here(object.to_string().into_bytes())
}

fn ask(world: &World, name: &str, offered: &Offered<Vec<u8>>) -> OriginAnswer {
    let release: ReleaseId = "pkg:pypi/my-pkg@1.0.0".parse().unwrap();
    let digest = Digest::sha256(b"wheel");
    let file = File {
        release: &release,
        name,
        digest: &digest,
    };
    look(&file, offered, &world.trust())
}

fn github() -> Value {
    json!({"kind": "GitHub", "repository": "o/r", "workflow": "release.yml", "environment": null})
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
fn a_publish_attestation_without_a_predicate_holds() {
    let world = World::new();
    let publish = world.attest(
        WORKFLOW,
        &github_claims(),
        &said(WHEEL, PUBLISH, Value::Null),
    );
    let slsa = said(WHEEL, predicate::SLSA_1, json!({}));
    let slsa = world.attest(WORKFLOW, &github_claims(), &slsa);
    let answer = ask(&world, WHEEL, &object(&github(), &[publish, slsa]));
    assert_eq!(
        (&answer.attestation, &answer.findings),
        (&Answer::Yes, &Vec::new())
    );
    let kinds: Vec<Evidence> = answer.verified.iter().map(|v| v.evidence).collect();
    assert_eq!(kinds, [Evidence::Publish, Evidence::Provenance]);
    assert_eq!(answer.identity.unwrap().commit.unwrap().len(), 40);
    assert!(matches!(answer.signature, Answer::NotChecked(_)));
}

#[test]
fn the_name_is_that_of_the_file_or_another_spelling_of_it() {
    let world = World::new();
    for (named, asked, why) in [
        (WHEEL, WHEEL, None),
        ("My.Pkg-1.0.0-py3-none-any.whl", WHEEL, None),
        ("my_pkg-1.0-py3-none-any.whl", WHEEL, None),
        ("my_pkg-1.0.tar.gz", "my-pkg-1.0.0.tar.gz", None),
        (
            "my_pkg-1.0.1-py3-none-any.whl",
            WHEEL,
            Some(Why::SubjectName),
        ),
        (
            "mypkg-1.0.0-py3-none-any.whl",
            WHEEL,
            Some(Why::SubjectName),
        ),
        (
            "my_pkg-1.0.0-cp313-cp313-linux_x86_64.whl",
            WHEEL,
            Some(Why::SubjectName),
        ),
        (
            "my_pkg-1.0.0-1-py3-none-any.whl",
            WHEEL,
            Some(Why::SubjectName),
        ),
        ("my_pkg-1.0.0.tar.gz", WHEEL, Some(Why::SubjectName)),
        (
            "my_pkg-1.0.0.zip",
            "my_pkg-1.0.0.tar.gz",
            Some(Why::SubjectName),
        ),
        ("", WHEEL, Some(Why::SubjectName)),
    ] {
        let bundle = world.attest(
            WORKFLOW,
            &github_claims(),
            &said(named, PUBLISH, Value::Null),
        );
        let answer = ask(&world, asked, &object(&github(), &[bundle]));
        assert_eq!(
            refused(&answer),
            why.into_iter().collect::<Vec<_>>(),
            "{named}"
        );
        let spelled = !answer.notes.is_empty();
        assert_eq!(
            spelled,
            why.is_none() && named != asked,
            "{named}: {:?}",
            answer.notes
        );
    }
}

#[test]
fn the_publisher_of_the_index_is_compared_with_the_certificate() {
    let world = World::new();
    let mut claims = github_claims();
    claims.push((23, "release".to_owned()));
    let bundle = world.attest(WORKFLOW, &claims, &said(WHEEL, PUBLISH, Value::Null));
    let with = |publisher: Value| {
        ask(
            &world,
            WHEEL,
            &object(&publisher, std::slice::from_ref(&bundle)),
        )
    };
    let changed = |name: &str, value: &str| {
        let mut publisher = github();
        publisher[name] = value.into();
        publisher
    };
    for same in [
        github(),
        changed("repository", "O/R"),
        changed("environment", "release"),
    ] {
        assert_eq!(with(same).attestation, Answer::Yes);
    }
    for (publisher, field) in [
        (changed("repository", "o/other"), Field::Repository),
        (changed("workflow", "other.yml"), Field::Workflow),
        (changed("environment", "test"), Field::Environment),
        (
            json!({"kind": "GitLab", "repository": "o/r"}),
            Field::Issuer,
        ),
        (
            json!({"kind": "Google", "email": "a@mail.example"}),
            Field::Mail,
        ),
        (
            json!({"kind": "CircleCI", "vcs_origin": "github.com/o/r"}),
            Field::Issuer,
        ),
    ] {
        let answer = with(publisher.clone());
        assert_eq!(
            (&answer.attestation, &answer.identity),
            (&Answer::No, &None),
            "{publisher}"
        );
        assert_eq!(refused(&answer), [Why::Publisher]);
        let found =
            |f: &Finding| matches!(f, Finding::PublisherDiffers { field: g, .. } if *g == field);
        assert!(
            answer.findings.iter().any(found),
            "{publisher}: {:?}",
            answer.findings
        );
    }
    for unknown in [json!({"kind": "New"}), json!({"kind": "GitHub"}), json!(7)] {
        let answer = with(unknown);
        assert_eq!(answer.attestation, Answer::Yes);
        assert_eq!(answer.notes.len(), 1);
    }
}

#[test]
fn publishers_of_other_hosts_are_known() {
    let world = World::new();
    let said = said(WHEEL, PUBLISH, Value::Null);
    let gitlab: Claims = [
        (8, "https://gitlab.com"),
        (12, "https://gitlab.com/a/b/c"),
        (
            18,
            "https://gitlab.com/a/b/c//.gitlab-ci.yml@refs/heads/main",
        ),
    ]
    .map(|(number, text)| (number, text.to_owned()))
    .to_vec();
    let subject = "https://gitlab.com/a/b/c//.gitlab-ci.yml@refs/heads/main";
    let bundle = world.attest(subject, &gitlab, &said);
    let publisher = json!({
        "kind": "GitLab", "repository": "a/b/c", "workflow_filepath": ".gitlab-ci.yml",
    });
    let answer = ask(&world, WHEEL, &object(&publisher, &[bundle]));
    assert_eq!(
        (&answer.attestation, &answer.findings),
        (&Answer::Yes, &Vec::new())
    );
    let google = vec![(8, "https://accounts.google.com".to_owned())];
    let bundle = world.attest("robot@project.example", &google, &said);
    let publisher = json!({"kind": "Google", "email": "robot@project.example"});
    let answer = ask(&world, WHEEL, &object(&publisher, &[bundle]));
    assert_eq!(
        (&answer.attestation, &answer.findings),
        (&Answer::Yes, &Vec::new())
    );
    assert_eq!(answer.identity.unwrap().repository, None);
}

#[test]
fn one_wrong_attestation_makes_the_answer_no() {
    let world = World::new();
    let good = world.attest(
        WORKFLOW,
        &github_claims(),
        &said(WHEEL, PUBLISH, Value::Null),
    );
    let other = World::new();
    let strange = other.attest(
        WORKFLOW,
        &github_claims(),
        &said(WHEEL, PUBLISH, Value::Null),
    );
    let mut forged = good.clone();
    forged["dsseEnvelope"]["payload"] = strange["dsseEnvelope"]["payload"].clone();
    forged["dsseEnvelope"]["signatures"] = strange["dsseEnvelope"]["signatures"].clone();
    let answer = ask(&world, WHEEL, &object(&github(), &[good.clone(), forged]));
    assert_eq!(
        (refused(&answer), answer.attestation),
        (vec![Why::Signature], Answer::No)
    );
    assert_eq!(answer.identity, None);
    // Of another world: nobody here knows its authorities, which is neither good nor bad.
    let answer = ask(&world, WHEEL, &object(&github(), &[good, strange]));
    assert_eq!(refused(&answer), [Why::RootTooOld]);
    assert!(matches!(answer.attestation, Answer::NotChecked(_)));
    let wrong_type = said(WHEEL, "https://slsa.dev/provenance/v9", Value::Null);
    let wrong_type = world.attest(WORKFLOW, &github_claims(), &wrong_type);
    let answer = ask(&world, WHEEL, &object(&github(), &[wrong_type]));
    assert_eq!(refused(&answer), [Why::PredicateType]);
}

#[test]
fn objects_that_are_none_are_refused() {
    let world = World::new();
    let empty = r#"{"version":1,"attestation_bundles":[]}"#;
    for (object, why) in [
        ("", Some(Why::Unreadable)),
        ("{}", Some(Why::Unreadable)),
        (
            r#"{"version":2,"attestation_bundles":[]}"#,
            Some(Why::Unsupported),
        ),
        (empty, None),
    ] {
        let answer = ask(&world, WHEEL, &Offered::Here(object.as_bytes().to_vec()));
        assert_eq!(
            refused(&answer),
            why.into_iter().collect::<Vec<_>>(),
            "{object}"
        );
        assert_ne!(answer.attestation, Answer::Yes);
    }
}

#[test]
fn a_file_of_another_release_proves_nothing_for_this_one() {
    let world = World::new();
    for name in [
        "my_pkg-1.0.1-py3-none-any.whl",
        "my_pkg-0.9.tar.gz",
        "other-1.0.0.tar.gz",
        "my_pkg",
    ] {
        let said = said(name, PUBLISH, Value::Null);
        let bundle = world.attest(WORKFLOW, &github_claims(), &said);
        let answer = ask(&world, name, &object(&github(), &[bundle]));
        assert_eq!(answer.attestation, Answer::No, "{name}");
        assert_eq!(refused(&answer), [Why::SubjectName], "{name}");
    }
}

/// What a page names and nobody hands out is neither a proof nor a lie.
#[test]
fn an_object_that_is_named_and_does_not_come_is_one_of_three_things_and_none_is_green() {
    let world = World::new();
    let because = |offered| {
        let answer = ask(&world, WHEEL, &offered);
        assert!(answer.identity.is_none() && answer.verified.is_empty());
        assert!(answer.findings.is_empty(), "{:?}", answer.findings);
        match answer.attestation {
            Answer::NotChecked(because) => because,
            Answer::Yes | Answer::No => panic!("an answer without evidence"),
        }
    };
    insta::assert_snapshot!(because(Offered::Absent), @"the release has no attestation");
    insta::assert_snapshot!(because(Offered::Stripped), @"the registry that is used does not pass on any attestation; ask one that does");
    insta::assert_snapshot!(because(Offered::NotAsked), @"no attestation is at hand; fetch it with `--fetch`");
    insta::assert_snapshot!(because(object(&github(), &[])), @"the file has no attestation");
}

/// What comes in its place (a page that says *log in*, half of an answer) proves nothing, in either way.
#[test]
fn an_answer_that_is_no_object_is_told_and_is_not_green() {
    let world = World::new();
    let said = said(WHEEL, PUBLISH, Value::Null);
    let bundle = world.attest(WORKFLOW, &github_claims(), &said);
    let Offered::Here(whole) = object(&github(), &[bundle]) else {
        panic!("it is here");
    };
    let half = whole[..whole.len() / 2].to_vec();
    for bytes in [b"<html>log in</html>".to_vec(), half, b"null".to_vec()] {
        let answer = ask(&world, WHEEL, &Offered::Here(bytes));
        assert_eq!(refused(&answer), [Why::Unreadable]);
        assert_ne!(answer.attestation, Answer::Yes);
        assert!(answer.identity.is_none() && answer.verified.is_empty());
    }
}
