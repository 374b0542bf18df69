use super::*;
use crate::sqlite::lists;

#[test]
fn a_page_of_a_list_is_found_by_its_index() {
    let house = House::new();
    let store = house.open();
    let decisions: Vec<_> = (0..2_000)
        .map(|n| {
            let action = match n % 50 {
                0 => Action::Block { until: None },
                1 => Action::Hold { until: day(3) },
                _ => Action::Allow,
            };
            decision(release("a", &format!("1.0.{n}")), action)
        })
        .collect();
    store.record_decisions(&decisions).unwrap();
    store.flush().unwrap();
    let connection = Connection::open(house.path().join(LEDGER_FILE)).unwrap();
    let plan = |sql: &str| {
        let sql = format!("EXPLAIN QUERY PLAN {sql}");
        let mut query = connection.prepare(&sql).unwrap();
        let steps = vec!["x"; query.parameter_count()];
        query
            .query_map(rusqlite::params_from_iter(steps), |row| row.get(3))
            .unwrap()
            .map(|step| step.unwrap())
            .collect::<Vec<String>>()
            .join("\n")
    };
    let plans = [
        lists::HELD,
        lists::BLOCKED,
        lists::REFUSALS,
        lists::RECEIVED,
        lists::RECEIVED_COUNTED,
    ]
    .map(plan)
    .join("\n\n");
    insta::assert_snapshot!(plans, @"
    SEARCH record USING INDEX record_held (<expr>>?)
    CORRELATED SCALAR SUBQUERY 1
    SEARCH later USING COVERING INDEX record_decided (release=? AND artifact=? AND id>?)

    SEARCH record USING INDEX record_blocked (at<?)
    CORRELATED SCALAR SUBQUERY 1
    SEARCH later USING COVERING INDEX record_decided (release=? AND artifact=? AND id>?)

    SEARCH record USING INDEX record_refused (at<?)

    SEARCH record USING INDEX record_delivered (release>? AND release<?)
    SEARCH chain USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN

    CO-ROUTINE (subquery-1)
    SEARCH record USING COVERING INDEX record_delivered (release>? AND release<?)
    SCAN (subquery-1)
    ");
}
