use super::*;
use proptest::prelude::*;

const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn named(ecosystem: Ecosystem, n: usize) -> PackageName {
    PackageName::new(ecosystem, &format!("package-{n:04}")).unwrap()
}

fn npm(n: usize) -> PackageName {
    named(Ecosystem::Npm, n)
}

/// In which each package is asked about once.
fn round(schedule: &Schedule) -> Duration {
    let lanes = schedule.lanes();
    lanes
        .iter()
        .map(|lane| lane.round)
        .max()
        .unwrap_or_default()
}

#[test]
fn each_ecosystem_has_its_own_interval_and_all_share_the_budget() {
    let all = many(3).into_iter().chain([named(Ecosystem::PyPi, 0)]);
    let mut schedule = Schedule::new(all, 1.0, seconds(60));
    schedule.set_every(Ecosystem::Npm, seconds(900), Duration::ZERO);
    let lanes = schedule.lanes();
    let told: Vec<_> = lanes
        .iter()
        .map(|lane| (lane.ecosystem, lane.packages, lane.round))
        .collect();
    assert_eq!(
        told,
        [
            (Ecosystem::Npm, 3, seconds(900)),
            (Ecosystem::PyPi, 1, seconds(60))
        ]
    );
}

fn many(n: usize) -> Vec<PackageName> {
    (0..n).map(npm).collect()
}

/// Lets it run with answers that come at once; who was asked about, and when.
fn asked(
    schedule: &mut Schedule,
    from: Duration,
    until: Duration,
    outcome: impl Fn(&PackageName) -> Outcome,
) -> Vec<(Duration, PackageName)> {
    let mut all = Vec::new();
    let mut now = from;
    while now < until {
        match schedule.take(now) {
            Next::Ask(package) => {
                schedule.done(&package, now, outcome(&package));
                all.push((now, package));
            }
            Next::Wait(at) => {
                assert!(at > now, "a wait that is over: {at:?} at {now:?}");
                now = at;
            }
            Next::Idle => break,
        }
    }
    all
}

fn quiet(_: &PackageName) -> Outcome {
    Outcome::Quiet
}

#[test]
fn nine_hundred_packages_at_one_request_a_second_take_fifteen_minutes() {
    let mut schedule = Schedule::new(many(900), 1.0, seconds(60));
    assert_eq!(round(&schedule), seconds(900));
    asked(&mut schedule, Duration::ZERO, seconds(899), quiet);
    assert_eq!(schedule.rounds(), 0);
    asked(&mut schedule, seconds(899), seconds(900), quiet);
    assert_eq!(schedule.rounds(), 1);
}

#[test]
fn few_packages_are_not_asked_about_more_often_than_wished() {
    let mut schedule = Schedule::new(many(3), 10.0, seconds(60));
    assert_eq!(round(&schedule), seconds(60));
    let all = asked(&mut schedule, Duration::ZERO, seconds(180), quiet);
    assert_eq!(all.len(), 9);
}

#[test]
fn a_package_that_is_named_twice_is_one() {
    let schedule = Schedule::new([npm(1), npm(1)], 1.0, seconds(60));
    assert_eq!(schedule.len(), 1);
}

#[test]
fn a_package_that_changed_goes_first_and_is_looked_at_again_if_nothing_shows() {
    let mut schedule = Schedule::new(many(100), 1.0, seconds(60));
    asked(&mut schedule, Duration::ZERO, seconds(200), quiet);
    schedule.hurry(&npm(42), seconds(200));
    let all = asked(&mut schedule, seconds(200), seconds(310), quiet);
    let looks: Vec<u64> = all
        .iter()
        .filter(|(_, package)| *package == npm(42))
        .map(|(at, _)| at.as_secs())
        .collect();
    // At once; then after 15, 30 and 60 s, each a turn late at most.
    assert_eq!(looks.len(), 4, "{looks:?}");
    assert!(looks[0] <= 201, "{looks:?}");
    for (pair, wait) in looks.windows(2).zip([15, 30, 60]) {
        let gap = pair[1] - pair[0];
        assert!((wait..=wait + 2).contains(&gap), "{looks:?}");
    }
}

#[test]
fn what_showed_its_news_is_not_hurried_any_more() {
    let mut schedule = Schedule::new(many(1), 1.0, seconds(600));
    asked(&mut schedule, Duration::ZERO, seconds(1), quiet);
    schedule.hurry(&npm(0), seconds(2));
    let all = asked(&mut schedule, seconds(2), seconds(500), |_| Outcome::News);
    assert_eq!(all.len(), 1);
}

#[test]
fn a_flood_of_changes_starves_nobody() {
    let mut schedule = Schedule::new(many(20), 1.0, Duration::ZERO);
    let mut seen = BTreeSet::new();
    for second in 0..40 {
        for loud in 0..5 {
            schedule.hurry(&npm(loud), seconds(second));
        }
        if let Next::Ask(package) = schedule.take(seconds(second)) {
            schedule.done(&package, seconds(second), Outcome::Quiet);
            seen.insert(package);
        }
    }
    assert_eq!(seen.len(), 20);
}

#[test]
fn a_package_that_fails_is_asked_about_more_and_more_seldom() {
    let broken = npm(1);
    let mut schedule = Schedule::new(many(3), 10.0, seconds(15));
    let all = asked(&mut schedule, Duration::ZERO, seconds(3600), |package| {
        if *package == broken {
            Outcome::Failed
        } else {
            Outcome::Quiet
        }
    });
    let of = |name: &PackageName| all.iter().filter(|(_, package)| package == name).count();
    // The others are not slowed down by it.
    assert!(of(&npm(0)) >= 239, "{}", of(&npm(0)));
    assert!(of(&broken) < 15, "{}", of(&broken));
}

#[test]
fn a_registry_that_is_down_is_left_alone_and_the_others_are_not() {
    let packages = (0..20).flat_map(|n| [npm(n), named(Ecosystem::Cargo, n)]);
    let mut schedule = Schedule::new(packages, 2.0, seconds(30));
    let all = asked(
        &mut schedule,
        Duration::ZERO,
        seconds(1200),
        |package| match package.ecosystem() {
            Ecosystem::Npm => Outcome::Failed,
            Ecosystem::PyPi | Ecosystem::Cargo => Outcome::Quiet,
        },
    );
    let of = |wanted| {
        all.iter()
            .filter(|(_, package)| package.ecosystem() == wanted)
            .count()
    };
    // Three failures, then pauses of 30, 60, 120, 240 and 300 s.
    assert!(of(Ecosystem::Npm) < 12, "{}", of(Ecosystem::Npm));
    assert!(of(Ecosystem::Cargo) > 700, "{}", of(Ecosystem::Cargo));
}

#[test]
fn what_is_charged_is_paid_by_later_turns() {
    let mut schedule = Schedule::new(many(5), 1.0, Duration::ZERO);
    assert!(matches!(schedule.take(Duration::ZERO), Next::Ask(_)));
    schedule.charge(Duration::ZERO, 3);
    assert_eq!(schedule.take(seconds(1)), Next::Wait(seconds(4)));
    assert!(matches!(schedule.take(seconds(4)), Next::Ask(_)));
}

#[test]
fn while_everything_is_on_its_way_there_is_nothing_to_wait_for() {
    let mut schedule = Schedule::new(many(1), 10.0, Duration::ZERO);
    assert!(matches!(schedule.take(Duration::ZERO), Next::Ask(_)));
    assert_eq!(schedule.take(seconds(1)), Next::Idle);
    // A change that is announced meanwhile is looked for afterwards.
    schedule.hurry(&npm(0), seconds(1));
    schedule.done(&npm(0), seconds(2), Outcome::Quiet);
    assert_eq!(schedule.take(seconds(2)), Next::Wait(seconds(17)));
}

#[test]
fn a_feed_that_breaks_brings_back_the_short_rounds() {
    let mut schedule = Schedule::new(many(2), 10.0, seconds(900));
    asked(&mut schedule, Duration::ZERO, seconds(1), quiet);
    schedule.set_every(Ecosystem::Npm, seconds(60), seconds(10));
    let all = asked(&mut schedule, seconds(10), seconds(100), quiet);
    assert_eq!(all.len(), 2);
    assert_eq!(all[0].0, seconds(70));
}

proptest! {
    #[test]
    fn the_budget_is_never_passed_and_nobody_waits_longer_than_a_round(
        count in 1usize..40,
        interval in 1u64..500,
        every in 0u64..20_000,
    ) {
        let every = Duration::from_millis(every);
        let rate = 1000.0 / interval as f64;
        let mut schedule = Schedule::new(many(count), rate, every);
        let round = round(&schedule);
        let until = round * 5 + seconds(1);
        let all = asked(&mut schedule, Duration::ZERO, until, quiet);
        // As it is computed from a rate, an interval may be some nanoseconds short.
        let interval = Duration::from_millis(interval);
        let short = interval - Duration::from_micros(1);
        for pair in all.windows(2) {
            prop_assert!(pair[1].0 - pair[0].0 >= short);
        }
        let mut last: BTreeMap<&PackageName, Duration> = BTreeMap::new();
        for (at, package) in &all {
            let before = last.insert(package, *at).unwrap_or_default();
            let slack = interval + Duration::from_millis(1);
            prop_assert!(*at - before <= round + slack, "{package} waited {:?}", *at - before);
        }
        prop_assert_eq!(last.len(), count);
    }

    #[test]
    fn whatever_happens_the_budget_holds_and_no_package_is_lost(
        steps in proptest::collection::vec((0u64..3_000, 0usize..12, 0u8..6), 1..200),
    ) {
        let mut schedule = Schedule::new(many(12), 2.0, seconds(5));
        let interval = Duration::from_millis(500);
        let mut now = Duration::ZERO;
        let mut away: BTreeSet<PackageName> = BTreeSet::new();
        let mut last = None;
        for (pass, which, what) in steps {
            now += Duration::from_millis(pass);
            match what {
                0 => schedule.hurry(&npm(which), now),
                1 => schedule.charge(now, 1),
                2..=4 => {
                    if let Some(package) = away.pop_first() {
                        let outcome = match what {
                            2 => Outcome::Failed,
                            3 => Outcome::News,
                            _ => Outcome::Quiet,
                        };
                        schedule.done(&package, now, outcome);
                    }
                }
                _ => {}
            }
            if let Next::Ask(package) = schedule.take(now) {
                prop_assert!(last.is_none_or(|last| now - last >= interval));
                last = Some(now);
                prop_assert!(away.insert(package), "asked about twice at the same time");
            }
            let waiting = schedule.queue.len() + schedule.hurried.len();
            prop_assert_eq!(waiting + away.len(), 12);
        }
    }
}

#[test]
fn a_registry_that_asks_to_be_left_alone_is_left_alone_and_the_others_are_not() {
    let packages = [npm(0), named(Ecosystem::PyPi, 0)];
    let mut schedule = Schedule::new(packages, 10.0, seconds(1));
    schedule.rest(Ecosystem::Npm, seconds(60));
    let all = asked(&mut schedule, Duration::ZERO, seconds(100), quiet);
    let of = |ecosystem| all.iter().filter(move |(_, p)| p.ecosystem() == ecosystem);
    let first = of(Ecosystem::Npm).next().map(|(at, _)| *at);
    assert_eq!(first, Some(seconds(60)));
    assert!(of(Ecosystem::PyPi).count() > 50);
}
