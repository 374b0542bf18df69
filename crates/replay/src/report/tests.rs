use super::*;

fn rule(id: &'static str) -> RuleId {
    RuleId::of(id)
}

fn cell(outcome: Outcome, safe: bool) -> Cell {
    let expected = Some(if safe { Expected::Safe } else { Expected::Hit });
    Cell { outcome, expected }
}

fn hit() -> Outcome {
    Outcome::Hit {
        by: vec!["plain-crypto-js@4.2.1".into()],
    }
}

fn safe(rules: &[&'static str]) -> Outcome {
    Outcome::Safe {
        took: vec!["axios@1.14.0".into()],
        rules: rules.iter().map(|r| rule(r)).collect(),
    }
}

fn report() -> Report {
    let axios = BTreeMap::from([
        (Column::NoGate, cell(hit(), false)),
        (
            Column::ClientsOwnAge,
            cell(
                Outcome::NotRun {
                    why: "this client has none".into(),
                },
                true,
            ),
        ),
        (
            Column::AllRules,
            cell(
                safe(&["version-age", "young-dependency-runs-at-install"]),
                true,
            ),
        ),
        (
            Column::AgeRulesOff,
            cell(safe(&["young-dependency-runs-at-install"]), true),
        ),
        (
            Column::Only(rule("version-age")),
            cell(safe(&["version-age"]), true),
        ),
        (Column::Only(rule("lost-origin")), cell(hit(), true)),
        (Column::Only(rule("dormant-name")), cell(hit(), false)),
    ]);
    let chalk = BTreeMap::from([
        (Column::NoGate, cell(hit(), false)),
        (
            Column::AllRules,
            cell(
                Outcome::Refused {
                    rules: vec![rule("version-age")],
                    said: "403".into(),
                },
                true,
            ),
        ),
        (Column::AgeRulesOff, cell(hit(), false)),
    ]);
    let row = |scenario: &str, victim: &str, cells| Row {
        scenario: scenario.into(),
        victim: victim.into(),
        client: "npm 11.19.1".into(),
        cells,
        notes: Vec::new(),
    };
    Report {
        rows: vec![
            row("axios", "1.x after 89 s", axios),
            row("chalk-debug", "a build", chalk),
        ],
    }
}

#[test]
fn a_table_shows_who_was_hurt_and_what_stopped_it() {
    insta::assert_snapshot!(report().text(), @r#"
scenario     victim          client       no gate  client's own age               all rules          age rules off
axios        1.x after 89 s  npm 11.19.1  HIT      not run: this client has none  took axios@1.14.0  took axios@1.14.0
    all rules: version-age, young-dependency-runs-at-install
    age rules off: young-dependency-runs-at-install
    stopped alone by (3 tried): version-age
    ! only lost-origin: HIT by plain-crypto-js@4.2.1 (expected: nothing bad)
chalk-debug  a build         npm 11.19.1  HIT      -                              refused            HIT
    all rules: version-age

1 of the outcomes came otherwise than expected, marked with '!'.
"#);
}

#[test]
fn a_surprise_is_a_failure_and_what_could_not_run_is_none() {
    let mut report = report();
    assert!(!report.as_expected());
    report.rows[0]
        .cells
        .remove(&Column::Only(rule("lost-origin")));
    assert!(report.as_expected());
    assert!(
        report
            .text()
            .contains("Everything came as the scenarios expect (2 rows).")
    );
}

#[test]
fn json_names_columns_and_outcomes() {
    let value: serde_json::Value = serde_json::from_str(&report().json().unwrap()).unwrap();
    let cells = &value["rows"][0]["cells"];
    assert_eq!(cells["no gate"]["outcome"], "hit");
    assert_eq!(
        cells["all rules"]["rules"][1],
        "young-dependency-runs-at-install"
    );
    assert_eq!(cells["only lost-origin"]["expected"], "safe");
    assert_eq!(value["schema"], "customs/replay-v1");
    assert_eq!(value["as_expected"], false);
    let surprises = serde_json::json!(["only lost-origin"]);
    assert_eq!(value["rows"][0]["surprises"], surprises);
}

#[test]
fn each_expectation_has_outcomes_that_fulfil_it() {
    let took = || vec!["axios@1.14.0".to_owned()];
    let refused = Outcome::Refused {
        rules: Vec::new(),
        said: "403".into(),
    };
    let installed = Outcome::Installed { bad: took() };
    let other = Outcome::Other { took: took() };
    let table = [
        (hit(), [false, false, true, true]),
        (installed, [false, false, true, false]),
        (safe(&[]), [true, true, false, false]),
        (refused, [false, true, false, false]),
        (other, [false, true, false, false]),
    ];
    for (outcome, fulfilled) in table {
        let all = [
            Expected::Good,
            Expected::Safe,
            Expected::Harm,
            Expected::Hit,
        ];
        for (expected, fulfils) in all.into_iter().zip(fulfilled) {
            let cell = Cell {
                outcome: outcome.clone(),
                expected: Some(expected),
            };
            assert_eq!(cell.as_expected(), fulfils, "{outcome:?} {expected:?}");
        }
    }
}

#[test]
fn what_broke_is_a_surprise_even_where_nothing_was_expected() {
    let why = || "no end after 60 s".to_owned();
    let of = |outcome| Cell {
        outcome,
        expected: None,
    };
    assert!(!of(Outcome::Failed { why: why() }).as_expected());
    assert!(of(Outcome::NotRun { why: why() }).as_expected());
}

#[test]
fn a_report_in_which_nothing_ran_proves_nothing() {
    let mut report = report();
    assert!(report.ran());
    for cell in report.rows.iter_mut().flat_map(|r| r.cells.values_mut()) {
        cell.outcome = Outcome::NotRun {
            why: "no npm".into(),
        };
    }
    assert!(!report.ran());
    let text = report.text();
    assert!(text.ends_with("Nothing could be tried here, which proves nothing.\n"));
}
