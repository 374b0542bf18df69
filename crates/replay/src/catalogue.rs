//! The scenarios that come with customs.

use crate::scenario::{Scenario, ScenarioError};

macro_rules! scenarios {
    ($($id:literal),* $(,)?) => {
        &[$(($id, include_str!(concat!("../../../replay/scenarios/", $id, ".toml")))),*]
    };
}

/// Their ids and texts: the attacks first, then what is honest.
pub const BUILT_IN: &[(&str, &str)] = scenarios![
    "axios",
    "mastra",
    "arrayref",
    "litellm",
    "chalk-debug",
    "worm-valid-provenance",
    "binding-gyp",
    "axios-1-13-3",
    "urgent-fix",
    "new-maintainer",
    "monorepo",
    "new-build-script",
];

/// The scenario of this id, if customs comes with it.
///
/// # Errors
/// Its file is wrong, which the tests rule out.
pub fn find(id: &str) -> Option<Result<Scenario, ScenarioError>> {
    BUILT_IN
        .iter()
        .find(|(known, _)| *known == id)
        .map(|(_, text)| Scenario::parse(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::Artifact;
    use crate::scenario::Trigger;
    use crate::upstream::Upstream;
    use customs_model::{PackageName, Timestamp};

    fn all() -> impl Iterator<Item = Scenario> {
        BUILT_IN
            .iter()
            .map(|(id, text)| Scenario::parse(text).unwrap_or_else(|e| panic!("{id}: {e}")))
    }

    #[test]
    fn every_scenario_is_read_and_bears_the_name_of_its_file() {
        for ((id, _), scenario) in BUILT_IN.iter().zip(all()) {
            assert_eq!(*id, scenario.id);
        }
        assert!(find("axios").unwrap().is_ok() && find("nothing").is_none());
    }

    #[test]
    fn every_file_of_the_folder_is_in_the_list() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../replay/scenarios");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .filter(|n| n.ends_with(".toml"))
            .collect();
        let mut listed: Vec<String> = BUILT_IN
            .iter()
            .map(|(id, _)| format!("{id}.toml"))
            .collect();
        files.sort();
        listed.sort();
        assert_eq!(files, listed);
    }

    /// A reader may follow what a project asks for into every dependency.
    #[test]
    fn every_dependency_is_in_its_scenario() {
        for scenario in all() {
            for package in &scenario.packages {
                let ecosystem = scenario.ecosystem_of(package);
                for name in package.releases.iter().flat_map(|r| r.dependencies.keys()) {
                    let there = |p: &&crate::Package| {
                        scenario.ecosystem_of(p) == ecosystem && p.name == *name
                    };
                    assert!(
                        scenario.packages.iter().any(|p| there(&p)),
                        "{}: {name}",
                        scenario.id
                    );
                }
            }
        }
    }

    #[test]
    fn archives_are_the_same_bytes_every_time() {
        for scenario in all() {
            for package in &scenario.packages {
                let ecosystem = scenario.ecosystem_of(package);
                for release in &package.releases {
                    let one = Artifact::of(ecosystem, package, release).unwrap();
                    let two = Artifact::of(ecosystem, package, release).unwrap();
                    assert_eq!(one.bytes, two.bytes, "{}@{}", package.name, release.version);
                }
            }
        }
    }

    /// What is bad is offered at the instant of the install, and so is what is good.
    #[test]
    fn every_victim_finds_what_it_must_take_and_what_it_must_not() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        for scenario in all() {
            for victim in &scenario.victims {
                let ecosystem = scenario.ecosystem_of_victim(victim);
                let upstream = Upstream::new(
                    &scenario,
                    scenario.moment_of(victim, now),
                    "http://registry.example",
                )
                .unwrap();
                let bad = victim.bad.iter().map(|b| b.rsplit_once('@').unwrap());
                for (name, version) in
                    bad.chain(victim.good.iter().map(|(n, v)| (n.as_str(), v.as_str())))
                {
                    let name = PackageName::new(ecosystem, name).unwrap();
                    assert!(
                        upstream.artifact(&name, version).is_some(),
                        "{}: {name}@{version}",
                        scenario.id
                    );
                }
                assert!(!victim.project_files(ecosystem).is_empty());
                assert_eq!(
                    victim.trigger == Trigger::Use,
                    victim.use_command(ecosystem).is_some()
                );
            }
        }
    }

    #[test]
    fn advisories_come_when_they_came() {
        let axios = find("axios").unwrap().unwrap();
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let known: Vec<usize> = axios
            .victims
            .iter()
            .map(|v| axios.advisories_at(axios.moment_of(v, now)).count())
            .collect();
        assert_eq!(known, [0, 0, 0, 0, 1]);
    }
}
