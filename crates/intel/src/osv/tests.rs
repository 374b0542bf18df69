use super::*;
use proptest::prelude::*;

fn advisory(text: &str) -> Advisory {
    match parse(text.as_bytes()).unwrap() {
        Parsed::Advisory(advisory) => *advisory,
        Parsed::Elsewhere => panic!("it is about a package that customs knows"),
    }
}

/// The shape of the axios record, its indicators made inert.
const AXIOS: &str = r#"{
  "modified": "2026-04-07T14:41:20Z", "published": "2026-03-31T03:15:49Z", "schema_version": "1.7.4",
  "id": "MAL-2026-2307", "aliases": ["GHSA-fw8c-xr5c-95f9"],
  "summary": "Malicious code in axios (npm)", "details": "\n---\n_-= Per source details. =-_\n",
  "affected": [{
    "package": { "ecosystem": "npm", "name": "axios" }, "versions": ["0.30.4", "1.14.1"],
    "database_specific": { "cwes": [{ "cweId": "CWE-506", "name": "Embedded Malicious Code" }] } }],
  "credits": [{ "name": "A finder", "type": "FINDER" }],
  "database_specific": {
    "iocs": { "domains": ["c2.invalid"], "ips": ["192.0.2.1"] },
    "malicious-packages-origins": [{ "source": "ghsa-malware", "versions": ["0.30.4", "1.14.1"] }] } }"#;

/// A weakness with a fix, as GitHub exports it.
const GHSA: &str = r#"{
  "schema_version": "1.4.0", "id": "GHSA-aaaa-bbbb-cccc", "modified": "2026-11-20T10:00:00Z",
  "aliases": ["CVE-2026-99999"], "details": "\nA long story.\nMore of it.",
  "severity": [{ "type": "CVSS_V3", "score": "CVSS:3.1/AV:N" }],
  "affected": [{ "package": { "ecosystem": "PyPI", "name": "Some_Package" },
    "ranges": [{ "type": "ECOSYSTEM", "events": [{ "introduced": "0" }, { "fixed": "2.0.1" }],
                 "database_specific": { "last_known_affected_version_range": "<= 2.0.0" } },
               { "type": "GIT", "repo": "https://git.example/x", "events": [{ "introduced": "0" }] }] }],
  "database_specific": { "cwe_ids": ["CWE-79"], "github_reviewed": true, "severity": "HIGH" } }"#;

#[test]
fn the_axios_record_is_malware_with_two_exact_versions() {
    let a = advisory(AXIOS);
    assert_eq!(a.kind, AdvisoryKind::Malicious);
    assert!(a.reviewed);
    assert_eq!(&*a.affected[0].versions, ["0.30.4".into(), "1.14.1".into()]);
    assert_eq!(&*a.summary, "Malicious code in axios (npm)");
    assert_eq!(&*a.aliases, ["GHSA-fw8c-xr5c-95f9".into()]);
}

#[test]
fn a_reviewed_weakness_keeps_its_fix_and_drops_its_commits() {
    let a = advisory(GHSA);
    assert_eq!((a.kind, a.reviewed), (AdvisoryKind::Vulnerability, true));
    assert_eq!(a.affected[0].package.as_str(), "some-package");
    assert_eq!(a.affected[0].ranges.len(), 1);
    assert_eq!(a.affected[0].fixed().collect::<Vec<_>>(), ["2.0.1"]);
    assert_eq!(&*a.summary, "A long story.");
}

#[test]
fn databases_say_malicious_in_several_ways() {
    let one = |id: &str, of_package: &str, of_record: &str| {
        advisory(&format!(
            r#"{{"id":"{id}","affected":[{{"package":{{"ecosystem":"crates.io","name":"arrayref"}},
                "versions":["0.3.10"],"database_specific":{of_package}}}],"database_specific":{of_record}}}"#
        ))
        .kind
    };
    assert_eq!(
        one(
            "RUSTSEC-2026-0260",
            r#"{"categories":["malicious"]}"#,
            "null"
        ),
        AdvisoryKind::Malicious
    );
    assert_eq!(
        one("GHSA-x", "{}", r#"{"cwe_ids":["CWE-506"]}"#),
        AdvisoryKind::Malicious
    );
    assert_eq!(
        one("GHSA-x", "{}", r#"{"type":"malware"}"#),
        AdvisoryKind::Malicious
    );
    assert_eq!(
        one("X-1", "{}", r#"{"malicious-packages-origins":[]}"#),
        AdvisoryKind::Malicious
    );
    assert_eq!(
        one("RUSTSEC-1", r#"{"categories":["memory-corruption"]}"#, "{}"),
        AdvisoryKind::Vulnerability
    );
    assert_eq!(
        one("RUSTSEC-1", r#"{"informational":"unmaintained"}"#, "{}"),
        AdvisoryKind::Notice
    );
    assert_eq!(
        one("RUSTSEC-1", r#"{"informational":null}"#, "{}"),
        AdvisoryKind::Vulnerability
    );
}

#[test]
fn only_somebody_elses_review_counts() {
    let reviewed = |id: &str, specific: &str| {
        advisory(&format!(
            r#"{{"id":"{id}","affected":[{{"package":{{"ecosystem":"npm","name":"a"}},"versions":["1.0.0"]}}],
                "database_specific":{specific}}}"#
        ))
        .reviewed
    };
    assert!(reviewed("RUSTSEC-2026-1", "{}"));
    assert!(reviewed("PYSEC-2026-1", "{}"));
    assert!(reviewed("GHSA-1", r#"{"github_reviewed":true}"#));
    assert!(!reviewed("GHSA-1", r#"{"github_reviewed":false}"#));
    assert!(!reviewed("GHSA-1", "{}"));
    assert!(!reviewed("CVE-2026-1", "{}"));
    assert!(!reviewed("MAINTAINER-1", "null"));
}

#[test]
fn what_customs_does_not_know_is_elsewhere_and_not_an_error() {
    let go = r#"{"id":"GO-1","affected":[{"package":{"ecosystem":"Go","name":"a.example/b"}}]}"#;
    assert_eq!(parse(go.as_bytes()), Ok(Parsed::Elsewhere));
    assert_eq!(parse(br#"{"id":"X-1"}"#), Ok(Parsed::Elsewhere));
    assert_eq!(
        parse(br#"{"id":"X-1","affected":null,"aliases":null,"summary":null}"#),
        Ok(Parsed::Elsewhere)
    );
}

#[test]
fn a_record_that_would_be_misread_says_what_is_wrong_with_it() {
    let why = |text: &str| parse(text.as_bytes()).unwrap_err().to_string();
    let with = |rest: &str| {
        format!(
            r#"{{"id":"X-1","affected":[{{"package":{{"ecosystem":"npm","name":"a"}}}}]{rest}}}"#
        )
    };
    insta::assert_snapshot!(why(&with(r#","withdrawn":"yesterday""#)),
        @r#"its withdrawn is "yesterday": it is not an RFC 3339 instant"#);
    insta::assert_snapshot!(why(&with("").replace(r#""a""#, r#""../a""#)),
        @r#"its package name is "../a": its ecosystem has no such names"#);
    insta::assert_snapshot!(why(r#"{"id":"a b\u001b[31m"}"#),
        @r#"its id is "a b\\u{1b}[31m": an identifier has letters, digits, '-', '_', '.', ':'"#);
    insta::assert_snapshot!(why("[]"), @"it is not an OSV record: invalid length 0, expected struct Record with 9 elements at line 1 column 2");
    assert!(why("<html>").starts_with("it is not an OSV record"));
}

#[test]
fn a_record_with_too_many_versions_is_refused() {
    let versions: Vec<String> = (0..=MOST_VERSIONS)
        .map(|n| format!("\"1.0.{n}\""))
        .collect();
    let text = format!(
        r#"{{"id":"X-1","affected":[{{"package":{{"ecosystem":"npm","name":"a"}},"versions":[{}]}}]}}"#,
        versions.join(",")
    );
    assert_eq!(
        parse(text.as_bytes()),
        Err(RecordError::TooMuch("versions"))
    );
}

#[test]
fn nesting_without_end_is_survived() {
    let deep = format!(
        r#"{{"id":"X-1","database_specific":{}"#,
        "[".repeat(200_000)
    );
    assert!(matches!(parse(deep.as_bytes()), Err(RecordError::Shape(_))));
}

proptest! {
    #[test]
    fn any_bytes_give_a_record_or_a_reason(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Err(e) = parse(&bytes) {
            prop_assert!(!e.to_string().contains(char::is_control));
        }
    }

    #[test]
    fn a_damaged_record_is_survived(at in 0usize..1200, with in any::<u8>()) {
        let mut bytes = AXIOS.as_bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] = with;
        if let Ok(Parsed::Advisory(a)) = parse(&bytes) {
            prop_assert!(!a.affected.is_empty());
        }
    }
}
