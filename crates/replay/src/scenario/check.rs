//! What a scenario must fulfil beyond its format.

use super::{Marker, Package, Release, Scenario, Trigger, Victim};
use crate::Moment;
use customs_model::{Ecosystem, PackageName, RuleId, Timestamp, Version};
use std::collections::{BTreeSet, HashSet};

/// First path segments that the router needs for itself.
const RESERVED: [&str; 5] = ["simple", "files", "index", "crates", "integrity"];

pub fn check(scenario: &Scenario) -> Result<(), String> {
    if scenario.id.is_empty()
        || !scenario
            .id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    {
        return Err("its id may hold lower-case letters, digits and '-' only".into());
    }
    if scenario.victims.is_empty() {
        return Err("it has no victim, so it would show nothing".into());
    }
    if scenario.benign != scenario.admitted_by_hours.is_some() {
        return Err(
            "admitted-by-hours belongs to benign scenarios, and each of them needs it".into(),
        );
    }
    let mut seen = HashSet::new();
    for package in &scenario.packages {
        let ecosystem = scenario.ecosystem_of(package);
        let name = PackageName::new(ecosystem, &package.name).map_err(|e| e.to_string())?;
        if !seen.insert(name) {
            return Err(format!("{} is there twice", package.name));
        }
        self::package(ecosystem, package).map_err(|e| format!("{}: {e}", package.name))?;
    }
    for advisory in &scenario.advisories {
        if !advisory.file.ends_with(".json") || advisory.file.contains(['/', '\\']) {
            return Err(format!(
                "advisory {:?} needs a plain file name in .json",
                advisory.file
            ));
        }
        serde_json::from_str::<serde::de::IgnoredAny>(&advisory.record)
            .map_err(|e| format!("advisory {}: {e}", advisory.file))?;
    }
    for victim in &scenario.victims {
        self::victim(scenario, victim).map_err(|e| format!("victim {:?}: {e}", victim.name))?;
    }
    if let Some(by) = scenario.admitted_by() {
        in_time(scenario, by)?;
    }
    Ok(())
}

/// Somebody must ask in time for the newest release of each package that anybody asks
/// for; else the promise is never put to the test.
fn in_time(scenario: &Scenario, by: Timestamp) -> Result<(), String> {
    for victim in &scenario.victims {
        let ecosystem = scenario.ecosystem_of_victim(victim);
        for name in victim.project.keys() {
            let package = scenario
                .packages
                .iter()
                .find(|p| scenario.ecosystem_of(p) == ecosystem && p.name == *name);
            let newest = package.and_then(|p| p.by_time().last().map(|r| r.version.clone()));
            let asked = scenario.victims.iter().any(|v| {
                v.at.unwrap_or(scenario.epoch) <= by && v.good.get(name) == newest.as_ref()
            });
            if !asked {
                return Err(format!(
                    "no victim takes the newest {name} by hour {}",
                    hours(scenario)
                ));
            }
        }
    }
    Ok(())
}

fn hours(scenario: &Scenario) -> u32 {
    scenario.admitted_by_hours.unwrap_or_default()
}

fn package(ecosystem: Ecosystem, package: &Package) -> Result<(), String> {
    if ecosystem == Ecosystem::Npm && RESERVED.contains(&package.name.as_str()) {
        return Err("the router needs this path for itself".into());
    }
    if package.releases.is_empty() {
        return Err("it has no releases".into());
    }
    let mut versions = BTreeSet::new();
    for release in &package.releases {
        let say = |what: &str| format!("{}: {what}", release.version);
        Version::new(&release.version).map_err(|e| e.to_string())?;
        if !versions.insert(&release.version) {
            return Err(say("it is there twice"));
        }
        for (what, at) in [
            ("unpublished", release.unpublished),
            ("yanked", release.yanked),
        ] {
            if at.is_some_and(|at| at < release.published) {
                return Err(say(&format!("it was {what} before it was published")));
            }
        }
        for (name, _) in release.dependencies.iter().chain(&release.optional) {
            PackageName::new(ecosystem, name).map_err(|e| say(&e.to_string()))?;
        }
        fits(ecosystem, release).map_err(|what| say(&what))?;
    }
    let latest = |r: &Release| r.tags.iter().any(|t| t == "latest");
    if ecosystem == Ecosystem::Npm && !package.by_time().first().is_some_and(|r| latest(r)) {
        return Err("its first release must carry the tag latest, as npm's does".into());
    }
    Ok(())
}

/// Fields that an ecosystem does not have would be silently without effect.
fn fits(ecosystem: Ecosystem, release: &Release) -> Result<(), String> {
    let npm = ecosystem == Ecosystem::Npm;
    let wrong = [
        (!npm && !release.tags.is_empty(), "tags"),
        (!npm && !release.scripts.is_empty(), "scripts"),
        (!npm && release.deprecated.is_some(), "deprecated"),
        (npm && release.yanked.is_some(), "yanked"),
        (ecosystem != Ecosystem::PyPi && release.sdist, "sdist"),
        (
            ecosystem == Ecosystem::Cargo && release.provenance,
            "provenance",
        ),
    ];
    if let Some((_, field)) = wrong.iter().find(|(is, _)| *is) {
        return Err(format!("{ecosystem} has no field {field}"));
    }
    let known = match (release.marker, ecosystem) {
        (None, _) => true,
        (
            Some(Marker::Preinstall | Marker::Install | Marker::Postinstall | Marker::BindingGyp),
            Ecosystem::Npm,
        )
        | (Some(Marker::Load), Ecosystem::Npm | Ecosystem::PyPi)
        | (Some(Marker::Startup), Ecosystem::PyPi)
        | (Some(Marker::Build), Ecosystem::Cargo) => true,
        (Some(Marker::Build), Ecosystem::PyPi) => release.sdist,
        (Some(_), _) => false,
    };
    if !known {
        return Err(format!("its marker cannot run there ({ecosystem})"));
    }
    for path in release.files.keys() {
        if path.starts_with('/')
            || path.contains('\\')
            || path.split('/').any(|p| p.is_empty() || p == "..")
        {
            return Err(format!("{path:?} is no path inside an archive"));
        }
    }
    Ok(())
}

fn victim(scenario: &Scenario, victim: &Victim) -> Result<(), String> {
    let ecosystem = scenario.ecosystem_of_victim(victim);
    let moment = Moment {
        epoch: victim.at.unwrap_or(scenario.epoch),
        now: scenario.epoch,
    };
    let release = |name: &str, version: &str| {
        let package = scenario
            .packages
            .iter()
            .find(|p| scenario.ecosystem_of(p) == ecosystem && p.name == name);
        let package =
            package.ok_or_else(|| format!("{name} is no {ecosystem} package of this scenario"))?;
        let release = package.releases.iter().find(|r| r.version == version);
        release
            .filter(|r| r.offered(moment))
            .ok_or_else(|| format!("{name}@{version} is not offered at the instant of the install"))
    };
    if victim.project.is_empty() {
        return Err("the project depends on nothing".into());
    }
    for name in victim.project.keys() {
        if !scenario
            .packages
            .iter()
            .any(|p| scenario.ecosystem_of(p) == ecosystem && p.name == *name)
        {
            return Err(format!(
                "the project depends on {name}, which this scenario does not have"
            ));
        }
    }
    for (name, version) in &victim.good {
        release(name, version)?;
    }
    let mut marks = false;
    for spoken in &victim.bad {
        let (name, version) = spoken
            .rsplit_once('@')
            .ok_or_else(|| format!("{spoken:?} is not name@version"))?;
        marks |= release(name, version)?
            .marker
            .is_some_and(|m| runs(m, victim.trigger));
        if victim.good.get(name).is_some_and(|good| good == version) {
            return Err(format!("{spoken} is both good and bad"));
        }
    }
    if scenario.benign != victim.bad.is_empty() {
        return Err("a benign scenario has nothing bad, every other one has".into());
    }
    if !scenario.benign && !marks {
        return Err("none of its bad releases leaves the marker at its trigger".into());
    }
    inspection(scenario, victim)?;
    for id in &victim.expect.alone {
        RuleId::parse(id).map_err(|_| format!("{id:?} is no rule id"))?;
    }
    Ok(())
}

/// What reading the code alone does not stop is told with its reason, and nothing else is.
fn inspection(scenario: &Scenario, victim: &Victim) -> Result<(), String> {
    let because = victim.expect.inspection_because.as_deref();
    let has_reason = because.is_some_and(|because| !because.trim().is_empty());
    let needs_reason = !scenario.benign && !victim.expect.inspection;
    if needs_reason != has_reason || has_reason != because.is_some() {
        return Err(
            "inspection-because belongs to what inspection does not stop, and is needed there"
                .into(),
        );
    }
    Ok(())
}

/// Whether what a marker hooks into happens at a trigger.
fn runs(marker: Marker, trigger: Trigger) -> bool {
    match marker {
        Marker::Preinstall
        | Marker::Install
        | Marker::Postinstall
        | Marker::BindingGyp
        | Marker::Build => trigger == Trigger::Install,
        Marker::Load | Marker::Startup => trigger == Trigger::Use,
    }
}
