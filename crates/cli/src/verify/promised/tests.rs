use super::*;
use crate::verify::policy::Asking;
use crate::verify::policy::testing::Counter;
use crate::verify::testing::sha512;
use customs_model::{Answer, Digest, DigestAlgorithm, Route};
use customs_registry::{Upstream, Upstreams};
use customs_replay::{Bound, Fault, Faults, Request, Response, Server};
use serde_json::{Value, json};
use std::path::Path;

const LATER: &str = "2026-09-01T00:00:00Z";

fn locked(release: &str, digests: Vec<Digest>) -> Locked {
    Locked {
        release: release.parse().unwrap(),
        source: Source::Registry,
        digests,
        resolved: None,
        has_install_script: None,
        line: Some(7),
    }
}

fn sha256(text: &str) -> Digest {
    Digest::sha256(text.as_bytes())
}

fn sha1(byte: &str) -> Digest {
    Digest::from_hex(DigestAlgorithm::Sha1, &byte.repeat(20)).unwrap()
}

/// The rules that spoke, with the line, and what was not checked.
fn said(judgement: &Judgement) -> (Vec<(&str, Option<u32>)>, &[String]) {
    let findings = judgement.findings.iter();
    let rules = findings.map(|one| (one.rule.as_str(), one.line)).collect();
    (rules, &judgement.not_checked)
}

/// A registry that answers every question with this document, or not at all.
async fn shelf(media: &'static str, document: Value, faults: Faults) -> Server {
    let text = document.to_string();
    let answer = move |_: &Request| Response::of(200, media, text.clone());
    Bound::new().await.unwrap().serve(answer, faults)
}

/// Asks npm's registry here, and these indexes of Python.
fn asker(npm: Option<&Server>, pypi: &[&Server], cache: &Path) -> Asker {
    let at = |server: &Server, path: &str| {
        Upstream::parse(&format!("{}{path}", server.base()), Route::Public).unwrap()
    };
    let upstreams = Upstreams {
        npm: npm.map(|server| at(server, "/")),
        pypi: pypi.iter().map(|server| at(server, "/simple/")).collect(),
        ..Upstreams::default()
    };
    Asker::to(vec![upstreams], cache).unwrap()
}

/// An index with a release of two files and one of another version.
async fn index() -> Server {
    let file = |name: &str, of: &str| json!({"filename": name, "url": format!("/files/{name}"), "hashes": {"sha256": sha256(of).to_hex()}});
    let page = json!({
        "meta": {"api-version": "1.1"}, "name": "a", "versions": ["1.0", "2.0"],
        "files": [
            file("a-1.0-py3-none-any.whl", "wheel"),
            file("a-1.0.tar.gz", "source"),
            file("a-2.0.tar.gz", "other version"),
        ],
    });
    let media = "application/vnd.pypi.simple.v1+json";
    shelf(media, page, Faults::none()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_registry_promises_is_a_yes_and_other_bytes_are_a_no() {
    let counter = Counter::open("axios", LATER).await;
    let (asker, under) = (counter.asker(), counter.under(None));
    let asking = Asking::new(&asker, Counter::context(&under), under.kept());
    let good = counter.locked(&asking, "pkg:npm/form-data@4.0.5").await;
    let judgement = judge(&asker, "package-lock.json", std::slice::from_ref(&good)).await;
    assert_eq!(judgement.answer(), Answer::Yes, "{judgement:?}");

    let bad = Locked {
        digests: vec![sha512(b"other bytes")],
        line: Some(12),
        ..good.clone()
    };
    let judgement = judge(&asker, "package-lock.json", &[good, bad]).await;
    assert_eq!(
        said(&judgement),
        (vec![("lock-registry", Some(12))], &[][..])
    );
    assert_eq!(judgement.answer(), Answer::No);
    assert_eq!(judgement.findings[0].file, "package-lock.json");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_policy_asks_for_is_asked_for_once_in_a_run() {
    let counter = Counter::open("axios", LATER).await;
    let (asker, under) = (counter.asker(), counter.under(None));
    let asking = Asking::new(&asker, Counter::context(&under), under.kept());
    let digest = sha512(b"whatever");
    let entry = locked("pkg:npm/form-data@4.0.5", vec![digest]);
    judge(&asker, "package-lock.json", std::slice::from_ref(&entry)).await;
    asking.entry(&entry).await;
    judge(&asker, "package-lock.json", std::slice::from_ref(&entry)).await;
    let hits = counter.server.hits();
    let documents = hits.iter().filter(|hit| hit.path == "/form-data").count();
    assert_eq!(documents, 1, "{hits:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_lockfile_with_sha1_alone_is_held_against_the_sha1_of_the_document() {
    let folder = tempfile::tempdir().unwrap();
    let dist = json!({
        "tarball": "https://registry.example/a/-/a-1.0.0.tgz",
        "integrity": sha512(b"a").to_sri(), "shasum": "0a".repeat(20),
    });
    let document = json!({
        "name": "a", "dist-tags": {"latest": "1.0.0"},
        "versions": {"1.0.0": {"name": "a", "version": "1.0.0", "dist": dist}},
    });
    let server = shelf("application/json", document, Faults::none()).await;
    let asker = asker(Some(&server), &[], folder.path());
    for (byte, expected) in [("0a", Answer::Yes), ("0b", Answer::No)] {
        let entry = locked("pkg:npm/a@1.0.0", vec![sha1(byte)]);
        let judgement = judge(&asker, "yarn.lock", &[entry]).await;
        assert_eq!(judgement.answer(), expected, "{judgement:?}");
    }
    // It is on the registry, but not with this version.
    let gone = locked("pkg:npm/a@2.0.0", vec![sha1("0a")]);
    let judgement = judge(&asker, "yarn.lock", &[gone]).await;
    let (rules, open) = said(&judgement);
    assert!(rules.is_empty(), "{judgement:?}");
    assert!(open[0].ends_with("does not have it"), "{open:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_release_of_several_files_each_digest_counts_and_no_other_versions_does() {
    let folder = tempfile::tempdir().unwrap();
    let server = index().await;
    let asker = asker(None, &[&server], folder.path());
    for (files, expected) in [
        (&["wheel"][..], Answer::Yes),
        (&["source", "wheel"], Answer::Yes),
        (&["wheel", "foreign"], Answer::No),
        (&["other version"], Answer::No),
    ] {
        let digests = files.iter().map(|of| sha256(of)).collect();
        let entry = locked("pkg:pypi/a@1.0", digests);
        let judgement = judge(&asker, "requirements.txt", &[entry]).await;
        assert_eq!(judgement.answer(), expected, "{files:?}: {judgement:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_several_indexes_may_be_meant_another_digest_is_not_checked() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (index().await, index().await);
    let asker = asker(None, &[&first, &second], folder.path());
    let entry = |of: &str| [locked("pkg:pypi/a@1.0", vec![sha256(of)])];
    let judgement = judge(&asker, "requirements.txt", &entry("wheel")).await;
    assert_eq!(judgement.answer(), Answer::Yes, "{judgement:?}");
    let judgement = judge(&asker, "requirements.txt", &entry("foreign")).await;
    let (rules, open) = said(&judgement);
    assert!(rules.is_empty(), "{judgement:?}");
    assert!(open[0].contains("another one of the Python indexes"));
    // To find out would have told the next index the name.
    assert_eq!(second.hits().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_does_not_answer_leaves_it_not_checked() {
    let folder = tempfile::tempdir().unwrap();
    let mut busy = Fault::default();
    busy.status = Some(503);
    let server = shelf("application/json", json!({}), Faults::everywhere(busy)).await;
    let asker = asker(Some(&server), &[], folder.path());
    let entry = locked("pkg:npm/a@1.0.0", vec![sha512(b"a")]);
    let judgement = judge(&asker, "package-lock.json", &[entry]).await;
    let (rules, open) = said(&judgement);
    assert!(rules.is_empty(), "{judgement:?}");
    assert!(open[0].contains("503"), "{open:?}");
    assert!(matches!(judgement.answer(), Answer::NotChecked(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_may_be_asked_about_is_listed_once_and_what_is_of_no_registry_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let server = shelf("application/json", json!({}), Faults::none()).await;
    let asker = asker(Some(&server), &[], folder.path());
    let mut elsewhere = locked("pkg:npm/a@1.0.0", vec![sha512(b"a")]);
    elsewhere.resolved = Some("https://elsewhere.example/a/-/a-1.0.0.tgz".to_owned());
    let again = Locked {
        line: Some(9),
        ..elsewhere.clone()
    };
    let git = Locked {
        source: Source::Git,
        ..locked("pkg:npm/b@1.0.0", Vec::new())
    };
    let judgement = judge(&asker, "package-lock.json", &[elsewhere, again, git]).await;
    insta::assert_snapshot!(judgement.not_checked.join("\n"), @"package-lock.json: 1 release was not compared with the registry (a@1.0.0): the lockfile takes it from elsewhere.example, which is no registry that is configured here, and its name is told to no other one");
    assert!(server.hits().is_empty());
}
