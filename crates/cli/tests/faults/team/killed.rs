//! Gates of a team that are killed: no delivery is lost, no chain forks, no byte is wrong.

use super::world::{GONE, Got, Load, Team};
use crate::harness::many_bytes;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How often a gate is killed at a random point.
const KILLS: &str = "CUSTOMS_KILLS";
/// What the points follow from.
const SEED: &str = "CUSTOMS_KILLS_SEED";

fn number(variable: &str, otherwise: u64) -> u64 {
    let set = std::env::var(variable).ok();
    set.map_or(otherwise, |set| set.parse().unwrap())
}

/// Numbers that follow from a seed (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// What each client got is recorded for it, and nothing else but what it may have been cut off from.
/// In a sum over all of them one delivery that is not recorded would be hidden by another client's
/// record of one that did not arrive.
fn demand_each(team: &Team, all: &BTreeMap<String, Got>, told: &str) {
    let delivered = team.delivered_to();
    for (name, got) in all {
        let recorded = delivered.get(name).copied().unwrap_or(0);
        let most = got.whole + got.refused + got.open;
        assert!(
            (got.whole..=most).contains(&recorded),
            "{told}: {name}: {got:?}, {recorded} are recorded"
        );
    }
    let strangers = delivered.keys().filter(|name| !all.contains_key(*name));
    assert_eq!(strangers.count(), 0, "{told}: {delivered:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gate_is_killed_and_the_database_too_and_no_delivery_is_lost() {
    let Some(team) = Team::new(many_bytes(3_000)).await else {
        return;
    };
    let mut one = team.gate("one").await;
    let two = team.gate("two").await;
    let (on_one, on_two) = (Load::on(&one, &team.bytes), Load::on(&two, &team.bytes));
    on_one.until(30).await;
    on_two.until(30).await;
    one.kill();
    let mut got = on_one.end().await;
    // The other one serves on.
    on_two.until(on_two.whole() + 30).await;
    team.server.signal("KILL");
    tokio::time::sleep(Duration::from_millis(500)).await;
    team.server.start();
    on_two.until(on_two.whole() + 30).await;
    // And the one that was killed comes back.
    let again = team.gate("one").await;
    let on_again = Load::on(&again, &team.bytes);
    on_again.until(30).await;
    got.extend(on_again.end().await);
    got.extend(on_two.end().await);

    // Both chains that were cut are said to be: by whoever cut its own, and by another one.
    let begun = Instant::now();
    while team.gaps() < 2 {
        assert!(begun.elapsed() < GONE, "{} gaps", team.gaps());
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    drop((again, two));
    demand_each(&team, &got, "a killed database");
    for name in ["one", "two"] {
        team.demand_intact(name);
    }
}

/// Clients ask two gates all the time, and one of the two is killed, again and again, somewhere
/// between two instructions; it comes back while the other one serves on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_two_gates_is_killed_at_random_points_and_nothing_is_lost_forked_or_wrong() {
    let (kills, seed) = (number(KILLS, 4), number(SEED, 1));
    let Some(team) = Team::new(many_bytes(3_000)).await else {
        return;
    };
    let mut random = Random(seed);
    let names = ["one", "two"];
    let mut gates = [team.gate("one").await, team.gate("two").await];
    let mut loads = gates.each_ref().map(|gate| Load::on(gate, &team.bytes));
    let mut got = BTreeMap::new();
    for round in 0..kills {
        let which = usize::from(random.below(2) == 1);
        // It serves: a random number of deliveries, and then a random part of one.
        let more = usize::try_from(1 + random.below(12)).unwrap();
        loads[which].until(loads[which].whole() + more).await;
        tokio::time::sleep(Duration::from_micros(random.below(8_000))).await;
        gates[which].kill();
        gates[which] = team.gate(names[which]).await;
        let again = Load::on(&gates[which], &team.bytes);
        let before = std::mem::replace(&mut loads[which], again);
        got.extend(before.end().await);
        if round % 100 == 99 {
            let whole: u64 = got.values().map(|got| got.whole).sum();
            eprintln!("{} of {kills} kills, {whole} deliveries", round + 1);
        }
    }
    for load in loads {
        got.extend(load.end().await);
    }
    // Every chain that was cut is said to be, once, and none that was not.
    let begun = Instant::now();
    while team.gaps() < usize::try_from(kills).unwrap() {
        assert!(begun.elapsed() < GONE, "seed {seed}: {} gaps", team.gaps());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(team.gaps() as u64, kills, "seed {seed}");
    drop(gates);
    demand_each(&team, &got, &format!("seed {seed}"));
    for name in names {
        team.demand_intact(name);
    }
}
