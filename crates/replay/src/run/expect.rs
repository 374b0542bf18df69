//! What a scenario expects of each cell of its table.

use super::client::Client;
use crate::report::{Column, Expected};
use crate::{Moment, Scenario, Victim};

/// What a cell should say; none where the scenario says nothing.
pub fn expected(
    scenario: &Scenario,
    victim: &Victim,
    client: Client,
    column: &Column,
) -> Option<Expected> {
    if scenario.benign {
        return benign(scenario, victim, column);
    }
    match column {
        // What is not shown to hurt shows nothing when it is stopped.
        Column::NoGate if client.runs_payload(victim) => Some(Expected::Hit),
        Column::NoGate => Some(Expected::Harm),
        // A client that is not named may have a setting that stops it or not.
        Column::ClientsOwnAge => victim
            .expect
            .clients_own_age
            .iter()
            .any(|name| name == client.name())
            .then_some(Expected::Safe),
        // Whoever takes the newest good release did not notice that anything happened.
        Column::AllRules => Some(Expected::Good),
        Column::InspectionAlone if victim.expect.inspection => Some(Expected::Good),
        Column::AgeRulesOff if victim.expect.without_age || victim.expect.inspection => {
            Some(Expected::Good)
        }
        Column::Only(rule) if victim.expect.rules().contains(rule) => Some(Expected::Safe),
        // A rule may turn the payload away, and let through what brought it.
        Column::AgeRulesOff | Column::InspectionAlone | Column::Only(_) => Some(Expected::Harm),
    }
}

/// All rules together give what the scenario says; nothing else is said about a victim
/// who comes too early. Whoever comes in time gets the newest in every column.
fn benign(scenario: &Scenario, victim: &Victim, column: &Column) -> Option<Expected> {
    match column {
        Column::AllRules => Some(Expected::Good),
        Column::NoGate | Column::AgeRulesOff | Column::InspectionAlone | Column::Only(_) => {
            takes_the_newest(scenario, victim).then_some(Expected::Good)
        }
        // A client may ask for more patience than this project does.
        Column::ClientsOwnAge => None,
    }
}

fn takes_the_newest(scenario: &Scenario, victim: &Victim) -> bool {
    let newest = newest(scenario, victim);
    victim
        .project
        .keys()
        .all(|name| newest.get(name) == victim.good.get(name))
}

/// What each package that a victim asks for has newest at the victim's instant.
fn newest(scenario: &Scenario, victim: &Victim) -> std::collections::BTreeMap<String, String> {
    let ecosystem = scenario.ecosystem_of_victim(victim);
    let moment = Moment {
        epoch: victim.at.unwrap_or(scenario.epoch),
        now: scenario.epoch,
    };
    let of = |name: &String| {
        let package = scenario
            .packages
            .iter()
            .find(|p| scenario.ecosystem_of(p) == ecosystem && p.name == *name)?;
        let releases = package.by_time();
        let last = releases.into_iter().rfind(|r| r.offered(moment))?;
        Some((name.clone(), last.version.clone()))
    };
    victim.project.keys().filter_map(of).collect()
}

/// Benign: one more victim for each project, at the very instant by which its newest
/// releases must be admitted.
pub fn in_time(scenario: &Scenario) -> Vec<Victim> {
    let (Some(by), Some(hours)) = (scenario.admitted_by(), scenario.admitted_by_hours) else {
        return Vec::new();
    };
    let mut victims: Vec<Victim> = Vec::new();
    for victim in &scenario.victims {
        let same =
            |other: &Victim| other.ecosystem == victim.ecosystem && other.project == victim.project;
        let asked = |other: &Victim| same(other) && other.at.unwrap_or(scenario.epoch) == by;
        if scenario.victims.iter().any(asked) || victims.iter().any(same) {
            continue;
        }
        let mut late = victim.clone();
        late.at = Some(by);
        late.name = format!("by hour {hours}");
        late.good = newest(scenario, &late);
        victims.push(late);
    }
    victims
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::find;
    use customs_model::RuleId;

    fn of(id: &str, victim: usize, client: Client, column: Column) -> Option<Expected> {
        let scenario = find(id).unwrap().unwrap();
        expected(&scenario, &scenario.victims[victim], client, &column)
    }

    #[test]
    fn without_a_gate_the_payload_runs_where_the_client_runs_scripts() {
        let no_gate = |id, client| of(id, 0, client, Column::NoGate);
        assert_eq!(no_gate("axios", Client::Npm), Some(Expected::Hit));
        assert_eq!(no_gate("axios", Client::Bun), Some(Expected::Harm));
        assert_eq!(
            no_gate("chalk-debug", Client::Bun),
            Some(Expected::Hit),
            "it is loaded"
        );
        assert_eq!(no_gate("monorepo", Client::Npm), None);
    }

    #[test]
    fn a_rule_alone_stops_what_the_scenario_says() {
        let only = |rule| of("axios", 0, Client::Npm, Column::Only(RuleId::of(rule)));
        assert_eq!(only("lost-origin"), Some(Expected::Safe));
        assert_eq!(only("dormant-name"), Some(Expected::Harm));
    }

    #[test]
    fn a_clients_own_age_counts_only_where_it_is_named() {
        let own = |client| of("axios", 0, client, Column::ClientsOwnAge);
        assert_eq!(own(Client::Pnpm), Some(Expected::Safe));
        assert_eq!(own(Client::Npm), None);
    }

    #[test]
    fn who_comes_in_time_gets_the_newest_under_every_rule() {
        let age_off = |victim| of("new-maintainer", victim, Client::Npm, Column::AgeRulesOff);
        assert_eq!((age_off(0), age_off(1)), (None, Some(Expected::Good)));
        let scenario = find("urgent-fix").unwrap().unwrap();
        let late = in_time(&scenario);
        assert_eq!((late.len(), late[0].name.as_str()), (1, "by hour 73"));
        assert_eq!(late[0].good["body-reader"], "2.3.2");
        let column = Column::Only(RuleId::of("version-age"));
        let all = expected(&scenario, &late[0], Client::Npm, &column);
        assert_eq!(all, Some(Expected::Good));
        assert!(in_time(&find("axios").unwrap().unwrap()).is_empty());
    }
}
