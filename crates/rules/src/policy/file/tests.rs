use super::*;
use crate::policy::{Exemption, Policy};
use customs_model::{Ecosystem, PackageName};

fn refusal(text: &str) -> String {
    Policy::parse(text, "customs.toml").unwrap_err().to_string()
}

#[test]
fn every_problem_is_told_at_once_with_its_place_and_a_suggestion() {
    let text = r#"version = 1
observ = true
locked = "enforced"
change-window = 30
deny = ["pkg:npm/evil", "evil"]
private = ["pkg:npm/@acme/ui@1.0.0"]

[rules.version-age]
min_age = "72h"
age = "72 hours"
mode = "on"

[rules.relase-burst]
lines = 0

[rules.release-burst]
lines = 0
"#;
    insta::assert_snapshot!(refusal(text), @r#"
    error: customs.toml:2:1: no key "observ"; did you mean "observe"?
    error: customs.toml:3:10: locked is one of "check-content", "enforce"
    error: customs.toml:4:17: change-window is a time such as "72h" or "7d", at most ten years
    error: customs.toml:5:25: "evil" is neither a package ("pkg:npm/name") nor a digest ("sha256:…")
    error: customs.toml:6:12: "pkg:npm/@acme/ui@1.0.0" is more than a name; leave out the version
    error: customs.toml:9:1: no key "min_age"; known here: age, mode
    error: customs.toml:10:7: age is a time such as "72h" or "7d", at most ten years
    error: customs.toml:11:8: mode is one of "enforce", "warn", "off"
    error: customs.toml:13:8: no rule "relase-burst"; did you mean "release-burst"?
    error: customs.toml:17:9: lines is a whole number from 1 on
    "#);
}

#[test]
fn a_file_says_its_version() {
    insta::assert_snapshot!(refusal(""), @"error: customs.toml:1:1: the file does not say its format; write version = 1 at its top");
    insta::assert_snapshot!(refusal("version = 2\n"), @"error: customs.toml:1:11: this customs reads version = 1 only");
    insta::assert_snapshot!(refusal("version = 1\n[[[\n"), @"error: customs.toml:2:3: unquoted keys cannot be empty, expected letters, numbers, `-`, `_`");
}

#[test]
fn a_bad_exemption_is_left_out_and_named_and_the_rest_counts() {
    let text = r#"version = 1
[[exemption]]
match = "pkg:npm/a"
rules = ["version-age"]
reason = "hot fix"
owner = "platform@example.org"
expires = "2026-13-01"

[[exemption]]
match = "pkg:npm/b"
rules = ["version-age"]
reason = "hot fix"
owner = "platform@example.org"

[[exemption]]
match = "pkg:npm/@acme/*"
rules = ["version-age"]
reason = "hot fix"
owner = "platform@example.org"
until = "never"

[[exemption]]
match = "pkg:npm/c"
rules = ["known-malicious"]
reason = "hot fix"
owner = "platform@example.org"
until = "never"

[[exemption]]
match = "pkg:npm/d"
rules = ["version-aeg"]
reason = "hot fix"
owner = "platform@example.org"
until = "never"

[[exemption]]
match = "pkg:npm/e"
rules = ["version-age"]
reason = " "
owner = "platform@example.org"
until = "never"

[[exemption]]
match = "pkg:npm/f"
rules = ["version-age"]
reason = "hot fix"
owner = "platform@example.org"
expires = 2026-12-15

[[exemption]]
match = "pkg:npm/g"
rules = ["version-age"]
reason = "hot fix"
owner = "platform@example.org"
until = "someday"
"#;
    let policy = Policy::parse(text, "customs.toml").unwrap();
    let about = |policy: &Policy| {
        policy
            .exemptions()
            .iter()
            .map(Exemption::about)
            .collect::<Vec<_>>()
    };
    assert_eq!(about(&policy), ["pkg:npm/f"]);
    let told = |now: &str| shown(&policy.problems(now.parse().unwrap()));
    insta::assert_snapshot!(told("2026-12-14T23:59:59Z"), @r#"
    error: customs.toml:7:11: expires = "2026-13-01" is not a date; write 2027-01-31 or 2027-01-31T12:00:00Z; this exemption is NOT applied
    error: customs.toml:9:1: it has no end; write expires = 2027-01-31, or until = "never" if you mean it; this exemption is NOT applied
    error: customs.toml:16:9: an exemption is bound to a name, a version, a range or a digest, not to a '*'; this exemption is NOT applied
    error: customs.toml:24:10: no exemption of a file waives known-malicious; this exemption is NOT applied
    error: customs.toml:31:10: no rule "version-aeg"; did you mean "version-age"?; this exemption is NOT applied
    error: customs.toml:39:10: reason is a text that says something; this exemption is NOT applied
    error: customs.toml:55:9: until = "someday" is none of "fixed:GHSA-…", "version:>=1.4" (with a name, not a digest) or "never"; this exemption is NOT applied
    "#);
    insta::assert_snapshot!(told("2026-12-15T00:00:00Z").lines().last().unwrap(), @"error: customs.toml:43:1: the exemption of pkg:npm/f ended 2026-12-15 00:00 UTC; it is NOT applied; remove it or renew it");
}

proptest::proptest! {
    #[test]
    fn no_file_makes_the_reader_panic(text in "\\PC{0,60}") {
        let _ = Policy::parse(&text, "customs.toml");
        let _ = Policy::parse(&format!("version = 1\n[[exemption]]\nmatch = \"{text}\"\nexpires = \"{text}\"\n"), "customs.toml");
    }

    #[test]
    fn no_value_of_any_kind_makes_the_reader_panic(
        key in "observe|locked|deny|private|rules|exemption|change-window|rules.version-age|rules.release-burst.lines|exemption.match",
        value in "1|-1|\"x\"|\\[\\]|\\[1\\]|\\{\\}|2026-01-01|0xff|1e9|true|\\[\\{match = 1\\}\\]",
    ) {
        let _ = Policy::parse(&format!("version = 1\n{key} = {value}\n"), "customs.toml");
    }
}

#[test]
fn the_documented_policy_is_read_and_says_what_it_says() {
    let page = include_str!("../../../../../docs/policy.md");
    let start = page.find("```toml\n").unwrap() + "```toml\n".len();
    let text = &page[start..start + page[start..].find("```").unwrap()];
    let policy = Policy::parse(text, "policy.toml").unwrap();
    assert_eq!(policy.exemptions().len(), 1);
    assert_eq!(policy.mode("dormant-name"), Mode::Warn);
    assert!(policy.may_deny(&PackageName::new(Ecosystem::Npm, "evil-package").unwrap()));
    assert_eq!(policy.problems("2026-12-01T00:00:00Z".parse().unwrap()), []);
}
