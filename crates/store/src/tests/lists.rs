use super::*;
use customs_model::Action;

fn hold(name: &str, days: i64) -> Decision {
    let until = day(days);
    decision(release(name, "1.0.0"), Action::Hold { until })
}

fn block(name: &str) -> Decision {
    decision(release(name, "1.0.0"), Action::Block { until: None })
}

fn names(rows: &[DecisionRow]) -> Vec<String> {
    let name = |row: &DecisionRow| row.decision.release.package.as_str().to_owned();
    rows.iter().map(name).collect()
}

/// Everything of a list, two rows at a time.
fn all<T>(mut page: impl FnMut(Option<&Next>) -> Listed<T>) -> Vec<T> {
    let (mut rows, mut after) = (Vec::new(), None);
    for _ in 0..100 {
        let listed = page(after.as_ref());
        assert!(listed.rows.len() <= 2);
        rows.extend(listed.rows);
        match listed.next {
            // As an address has it.
            Some(next) => after = Some(next.to_string().parse().unwrap()),
            None => return rows,
        }
    }
    panic!("a list without an end");
}

fn what_is_held_ends_with_its_time_or_with_another_decision(house: &dyn House) {
    let store = house.open();
    let decisions = [
        hold("late", 9),
        hold("soon", 2),
        hold("same-second", 2),
        hold("over", -1),
        hold("then-allowed", 5),
        hold("then-blocked", 5),
        block("bad"),
    ];
    store.record_decisions(&decisions).unwrap();
    let allowed = decision(release("then-allowed", "1.0.0"), Action::Allow);
    let blocked = block("then-blocked");
    store.record_decisions(&[allowed, blocked]).unwrap();
    let held = |now| all(|after| store.held(now, after, 2).unwrap());
    assert_eq!(names(&held(day(0))), ["soon", "same-second", "late"]);
    // Its end is no part of it.
    assert_eq!(names(&held(day(2))), ["late"]);
    assert!(held(day(9)).is_empty());
    // The newest first.
    let blocked = all(|after| store.blocked(after, 2).unwrap());
    assert_eq!(names(&blocked), ["then-blocked", "bad"]);
}

fn what_only_would_be_held_is_in_no_list(house: &dyn House) {
    let store = house.open();
    let mut observed = decision(release("observed", "1.0.0"), Action::Allow);
    for asks in [
        Action::Hold { until: day(5) },
        Action::Block { until: None },
    ] {
        observed.reasons.push(Reason {
            rule: RuleId::of("version-age"),
            message: r#"it says "action":"hold" and "until":"2099-01-01T00:00:00Z""#.to_owned(),
            asks,
            waived: Some("observe".to_owned()),
        });
    }
    // More of them than one batch has, in front of one that belongs there.
    let decisions: Vec<Decision> = (0..7)
        .map(|n| Decision {
            release: release(&format!("observed-{n}"), "1.0.0"),
            ..observed.clone()
        })
        .chain([hold("held", 6)])
        .collect();
    store.record_decisions(&decisions).unwrap();
    let held = all(|after| store.held(day(0), after, 2).unwrap());
    assert_eq!(names(&held), ["held"]);
    assert!(all(|after| store.blocked(after, 2).unwrap()).is_empty());
}

fn refusals_are_listed_newest_first(house: &dyn House) {
    let store = house.open();
    for n in 0..5 {
        let refused = Refused {
            asked: Asked::Release(release("bad", &format!("1.0.{n}"))),
            artifact: None,
            who: Who {
                credential: Some("token:ci".to_owned()),
                ..Who::default()
            },
            rules: vec![RuleId::of("denied")],
            status: 403,
        };
        store.append_wait(LedgerRecord::Refused(refused)).unwrap();
        if n % 2 == 0 {
            house.clock().advance(SignedDuration::from_secs(1));
        }
    }
    let rows = all(|after| store.refusals(after, 2).unwrap());
    let versions: Vec<_> = rows
        .iter()
        .map(|row| match &row.refused.asked {
            Asked::Release(release) => release.version.as_str().to_owned(),
            Asked::Path(path) => path.clone(),
        })
        .collect();
    assert_eq!(versions, ["1.0.4", "1.0.3", "1.0.2", "1.0.1", "1.0.0"]);
}

fn who_received_a_release_is_listed_page_by_page(house: &dyn House) {
    let store = house.open();
    let bad = release("axios", "1.14.1");
    for to in ["a", "b", "c", "d", "e"] {
        store.append_wait(delivery(bad.clone(), to)).unwrap();
    }
    store
        .append_wait(delivery(release("axios", "1.14.0"), "f"))
        .unwrap();
    for other in ["axios-mock", "axiosA", "axio"] {
        store
            .append_wait(delivery(release(other, "1.14.1"), "g"))
            .unwrap();
    }
    let to = |rows: &[DeliveryRow]| {
        let to = rows.iter().map(|row| row.who.credential.clone().unwrap());
        to.collect::<Vec<_>>().join("")
    };
    let of_release = Subject::Release(bad.clone());
    let of_package = Subject::Package(bad.package.clone());
    assert_eq!(
        to(&all(|after| store.received(&of_release, after, 2).unwrap())),
        "edcba"
    );
    assert_eq!(
        to(&all(|after| store.received(&of_package, after, 2).unwrap())),
        "edcbaf"
    );
    assert_eq!(store.count_received(&of_release), Ok(Count::Exactly(5)));
    assert_eq!(store.count_received(&of_package), Ok(Count::Exactly(6)));
    // A place of another list finds nothing of others.
    let listed = store.received(&of_package, None, 2).unwrap();
    let other = Subject::Package(package("axio"));
    let listed = store.received(&other, listed.next.as_ref(), 2).unwrap();
    assert!(
        listed
            .rows
            .iter()
            .all(|row| row.release.package == package("axio"))
    );
}

on_every_database!(
    what_is_held_ends_with_its_time_or_with_another_decision,
    what_only_would_be_held_is_in_no_list,
    refusals_are_listed_newest_first,
    who_received_a_release_is_listed_page_by_page,
);
