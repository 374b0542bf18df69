//! The format of a scenario file.

use crate::Moment;
use customs_model::{Ecosystem, RuleId, SignedDuration, Timestamp};
use serde::Deserialize;
use std::collections::BTreeMap;

mod check;

/// An attack or an honest release, as data.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scenario {
    /// What it is called on the command line.
    pub id: String,
    /// One line for people.
    pub title: String,
    /// What happened, and what of it is shown here.
    pub what: String,
    /// Where that is known from.
    #[serde(default)]
    pub sources: Vec<String>,
    /// The ecosystem of all packages and victims that do not name their own.
    pub ecosystem: Ecosystem,
    /// The instant that is mapped on the present, for all victims without their own.
    pub epoch: Timestamp,
    /// Nothing here is bad: every rule must let it through in time.
    #[serde(default)]
    pub benign: bool,
    /// Benign: by how many hours after its publication the last release is admitted.
    pub admitted_by_hours: Option<u32>,
    /// What a machine needs for the marker to appear without a gate (`node-gyp`).
    pub marker_needs: Option<String>,
    /// What the code of a payload looks like, by the public reports. Inert: it stands behind a
    /// variable that nobody sets, its hosts end in `.invalid`. Each release with a marker has
    /// it.
    #[serde(default)]
    pub payload: Option<String>,
    /// What the registry holds.
    #[serde(rename = "package")]
    pub packages: Vec<Package>,
    /// What was known about it.
    #[serde(default, rename = "advisory")]
    pub advisories: Vec<AdvisoryFile>,
    /// Who installs what, when.
    #[serde(rename = "victim")]
    pub victims: Vec<Victim>,
}

/// A package. What it says of itself counts for all releases that do not say otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its ecosystem, if not the scenario's.
    pub ecosystem: Option<Ecosystem>,
    /// Its description.
    pub description: Option<String>,
    /// Its declared repository.
    pub repository: Option<String>,
    /// Its declared author.
    pub author: Option<String>,
    /// Who publishes it.
    pub publisher: Option<PublishedBy>,
    /// Its releases, in any order.
    pub releases: Vec<Release>,
}

/// One release.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Release {
    /// Its version.
    pub version: String,
    /// When it was published.
    pub published: Timestamp,
    /// When it was taken away; npm keeps the time, the others nothing.
    pub unpublished: Option<Timestamp>,
    /// When it was yanked (PyPI, cargo).
    pub yanked: Option<Timestamp>,
    /// Marked so, with this sentence (npm).
    pub deprecated: Option<String>,
    /// The tags that this publication moved to itself (npm).
    #[serde(default)]
    pub tags: Vec<String>,
    /// Required dependencies.
    #[serde(default)]
    pub dependencies: BTreeMap<String, String>,
    /// Optional dependencies.
    #[serde(default)]
    pub optional: BTreeMap<String, String>,
    /// Scripts of npm's manifest.
    #[serde(default)]
    pub scripts: BTreeMap<String, String>,
    /// Who published this one.
    pub publisher: Option<PublishedBy>,
    /// It comes with a provenance attestation.
    #[serde(default)]
    pub provenance: bool,
    /// Its own description.
    pub description: Option<String>,
    /// Its own repository.
    pub repository: Option<String>,
    /// Its own author.
    pub author: Option<String>,
    /// PyPI: an sdist and no wheel.
    #[serde(default)]
    pub sdist: bool,
    /// Files beside those that every release has, inert.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// Where its payload would have run: there it leaves the marker.
    pub marker: Option<Marker>,
    /// The scenario's payload, where it has a marker.
    #[serde(skip)]
    pub payload: Option<String>,
}

/// A publishing account.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedBy {
    /// Its name.
    pub name: String,
    /// Its e-mail address.
    pub email: String,
    /// A pipeline by a short-lived identity, not a person.
    #[serde(default)]
    pub trusted: bool,
}

/// Where a payload runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Marker {
    /// npm's `preinstall` script.
    Preinstall,
    /// npm's `install` script.
    Install,
    /// npm's `postinstall` script.
    Postinstall,
    /// A `binding.gyp` that nothing in the manifest mentions (npm).
    BindingGyp,
    /// When the package is loaded (npm: `require`; PyPI: `import`).
    Load,
    /// At every start of the interpreter, by a `.pth` file (PyPI).
    Startup,
    /// While it is built: the build back-end of an sdist (PyPI), `build.rs` (cargo).
    Build,
}

/// An advisory of that time.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AdvisoryFile {
    /// The name of its file in a folder of advisories.
    pub file: String,
    /// When it could be had.
    pub known: Timestamp,
    /// The OSV record.
    pub record: String,
}

/// Somebody who installs something at an instant.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Victim {
    /// Who, in a few words.
    pub name: String,
    /// Their ecosystem, if not the scenario's.
    pub ecosystem: Option<Ecosystem>,
    /// When, if not at the scenario's epoch.
    pub at: Option<Timestamp>,
    /// What their project depends on: name and requirement, as the client writes it.
    pub project: BTreeMap<String, String>,
    /// What has to happen for the payload to run.
    #[serde(default)]
    pub trigger: Trigger,
    /// Releases that must not be installed (`axios@1.14.1`).
    #[serde(default)]
    pub bad: Vec<String>,
    /// What must be installed instead (benign: what must be installed).
    pub good: BTreeMap<String, String>,
    /// What each column of the table should say.
    #[serde(default)]
    pub expect: Expect,
}

/// When the payload runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// During the install (cargo: the build).
    #[default]
    Install,
    /// When the project runs afterwards.
    Use,
}

/// What the table should say about a victim behind the gate. Without a gate the
/// marker must always appear.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Expect {
    /// Age rules off: whether the other rules stop it.
    #[serde(default)]
    pub without_age: bool,
    /// Whether reading the code alone stops it.
    #[serde(default)]
    pub inspection: bool,
    /// Why it does not, a sentence for people.
    pub inspection_because: Option<String>,
    /// The rules that stop it each alone. All others let it through.
    #[serde(default)]
    pub alone: Vec<String>,
    /// Clients whose own age setting stops it by default.
    #[serde(default)]
    pub clients_own_age: Vec<String>,
}

/// Why a file is no scenario.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// Not TOML, or not of the format.
    #[error("the scenario cannot be read: {0}")]
    Format(String),
    /// It contradicts itself.
    #[error("scenario {id}: {what}")]
    Content {
        /// The scenario.
        id: String,
        /// What is wrong, and where.
        what: String,
    },
}

impl Scenario {
    /// Reads and checks a scenario file.
    ///
    /// # Errors
    /// Not of the format, or it contradicts itself: names, versions, tags, victims and
    /// contents are all checked, since a scenario that shows nothing proves nothing.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let mut scenario: Self =
            toml::from_str(text).map_err(|e| ScenarioError::Format(e.to_string()))?;
        for release in scenario.packages.iter_mut().flat_map(|p| &mut p.releases) {
            release.payload = scenario
                .payload
                .clone()
                .filter(|_| release.marker.is_some());
        }
        check::check(&scenario).map_err(|what| ScenarioError::Content {
            id: scenario.id.clone(),
            what,
        })?;
        Ok(scenario)
    }

    /// The scenario's epoch as the present.
    pub fn moment(&self, now: Timestamp) -> Moment {
        Moment {
            epoch: self.epoch,
            now,
        }
    }

    /// The instant of one victim's install as the present.
    pub fn moment_of(&self, victim: &Victim, now: Timestamp) -> Moment {
        Moment {
            epoch: victim.at.unwrap_or(self.epoch),
            now,
        }
    }

    /// Benign: the instant by which its last release must be admitted.
    pub fn admitted_by(&self) -> Option<Timestamp> {
        let hours = SignedDuration::from_hours(self.admitted_by_hours?.into());
        let last = self
            .packages
            .iter()
            .flat_map(|p| &p.releases)
            .map(|r| r.published)
            .max()?;
        last.checked_add(hours).ok()
    }

    /// The ecosystem of a package of this scenario.
    pub fn ecosystem_of(&self, package: &Package) -> Ecosystem {
        package.ecosystem.unwrap_or(self.ecosystem)
    }

    /// The ecosystem of a victim of this scenario.
    pub fn ecosystem_of_victim(&self, victim: &Victim) -> Ecosystem {
        victim.ecosystem.unwrap_or(self.ecosystem)
    }

    /// The advisories that could be had at a moment: file name and record.
    pub fn advisories_at(&self, moment: Moment) -> impl Iterator<Item = (&str, &str)> {
        self.advisories
            .iter()
            .filter(move |a| moment.happened(a.known))
            .map(|a| (a.file.as_str(), a.record.as_str()))
    }
}

impl Package {
    /// Its releases in the order of their publication.
    pub fn by_time(&self) -> Vec<&Release> {
        let mut releases: Vec<&Release> = self.releases.iter().collect();
        releases.sort_by_key(|r| r.published);
        releases
    }
}

impl Release {
    /// Whether the registry offers it at a moment.
    pub fn offered(&self, moment: Moment) -> bool {
        moment.happened(self.published) && !self.unpublished.is_some_and(|at| moment.happened(at))
    }
}

impl Expect {
    /// The rules of `alone`.
    pub fn rules(&self) -> Vec<RuleId> {
        self.alone
            .iter()
            .filter_map(|id| RuleId::parse(id).ok())
            .collect()
    }
}

#[cfg(test)]
mod tests;
