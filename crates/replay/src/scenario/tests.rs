use super::*;
use proptest::prelude::*;

/// A small attack, to be broken in one place per test.
const GOOD: &str = r#"
id = "small"
title = "t"
what = "w"
ecosystem = "npm"
epoch = "2026-01-02T00:00:00Z"
[[package]]
name = "a"
releases = [
  { version = "1.0.0", published = "2025-01-01T00:00:00Z", tags = ["latest"] },
  { version = "1.0.1", published = "2026-01-01T00:00:00Z", tags = ["latest"], marker = "postinstall" },
]
[[victim]]
name = "v"
project = { a = "^1" }
bad = ["a@1.0.1"]
good = { a = "1.0.0" }
expect.inspection = true
"#;

fn why(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from:?} is not in the scenario");
    Scenario::parse(&GOOD.replacen(from, to, 1))
        .unwrap_err()
        .to_string()
}

#[test]
fn a_scenario_that_contradicts_itself_says_where() {
    assert!(Scenario::parse(GOOD).is_ok());
    let said = [
        why(r#"id = "small""#, r#"id = "Small""#),
        why(r#"name = "a""#, r#"name = "../a""#),
        why(r#"name = "a""#, r#"name = "simple""#),
        why(r#""1.0.1", published"#, r#""1.0.0", published"#),
        why(r#"tags = ["latest"]"#, r#"tags = ["next"]"#),
        why(r#"marker = "postinstall""#, r#"marker = "startup""#),
        why(r#"marker = "postinstall""#, r#"marker = "load""#),
        why(
            r#"marker = "postinstall""#,
            r#"yanked = "2026-01-01T00:00:00Z""#,
        ),
        why(r#"marker = "postinstall""#, r#"files = { "../x" = "" }"#),
        why(
            r#"marker = "postinstall""#,
            r#"unpublished = "2025-12-01T00:00:00Z""#,
        ),
        why(r#"["a@1.0.1"]"#, r#"["a@1.0.2"]"#),
        why(r#"["a@1.0.1"]"#, "[]"),
        why(r#"{ a = "1.0.0" }"#, r#"{ a = "1.0.1" }"#),
        why(r#"{ a = "^1" }"#, r#"{ b = "^1" }"#),
        why(r#"epoch = "2026-01-02"#, r#"epoch = "2025-12-31"#),
        why(r#"title = "t""#, "title = 't'\nbenign = true"),
        why(r#"good = "#, "expect.alone = ['Version Age']\ngood = "),
    ]
    .join("\n");
    insta::assert_snapshot!(said, @r#"
scenario Small: its id may hold lower-case letters, digits and '-' only
scenario small: "../a" is not a package name of npm: a part of it starts with a dot
scenario small: simple: the router needs this path for itself
scenario small: a: 1.0.0: it is there twice
scenario small: a: its first release must carry the tag latest, as npm's does
scenario small: a: 1.0.1: its marker cannot run there (npm)
scenario small: victim "v": none of its bad releases leaves the marker at its trigger
scenario small: a: 1.0.1: npm has no field yanked
scenario small: a: 1.0.1: "../x" is no path inside an archive
scenario small: a: 1.0.1: it was unpublished before it was published
scenario small: victim "v": a@1.0.2 is not offered at the instant of the install
scenario small: victim "v": a benign scenario has nothing bad, every other one has
scenario small: victim "v": a@1.0.1 is both good and bad
scenario small: victim "v": the project depends on b, which this scenario does not have
scenario small: victim "v": a@1.0.1 is not offered at the instant of the install
scenario small: admitted-by-hours belongs to benign scenarios, and each of them needs it
scenario small: victim "v": "Version Age" is no rule id
"#);
}

#[test]
fn a_benign_scenario_must_be_asked_in_time() {
    let benign = GOOD
        .replace("title", "benign = true\nadmitted-by-hours = 1\ntitle")
        .replace(r#"bad = ["a@1.0.1"]"#, "")
        .replace(r#", marker = "postinstall""#, "")
        .replace(r#"good = { a = "1.0.0" }"#, r#"good = { a = "1.0.1" }"#);
    let late = Scenario::parse(&benign).unwrap_err().to_string();
    assert_eq!(
        late,
        "scenario small: no victim takes the newest a by hour 1"
    );
    let scenario = Scenario::parse(&benign.replace("hours = 1", "hours = 24")).unwrap();
    assert_eq!(
        scenario.admitted_by().unwrap().to_string(),
        "2026-01-02T00:00:00Z"
    );
}

#[test]
fn what_inspection_does_not_stop_has_its_reason_and_nothing_else_has_one() {
    let told = "inspection-because belongs to what inspection does not stop";
    let is = "expect.inspection = true";
    let because = "expect.inspection-because = 'nothing shows'";
    assert!(why(is, "").contains(told));
    assert!(why(is, "expect.inspection-because = ' '").contains(told));
    assert!(why(is, &format!("{is}\n{because}")).contains(told));
    let scenario = Scenario::parse(&GOOD.replace(is, because)).unwrap();
    let reason = scenario.victims[0].expect.inspection_because.as_deref();
    assert_eq!(reason, Some("nothing shows"));
}

#[test]
fn an_unknown_field_is_an_error_and_not_a_wish_unheard() {
    assert!(why("title", "tittle").contains("tittle"));
}

proptest! {
    #[test]
    fn any_damage_to_a_file_is_survived(at in 0usize..800, with in "[ -~]{0,3}") {
        let at = at % GOOD.len();
        let text = format!("{}{with}{}", &GOOD[..at], &GOOD[at + 1..]);
        if let Ok(scenario) = Scenario::parse(&text) {
            prop_assert!(!scenario.victims.is_empty());
        }
    }
}
