//! The record as CycloneDX 1.6 (<https://cyclonedx.org/docs/1.6/json/>), in structs of its own.
//!
//! A package is a component of type `library`, its files are nested components of type `file`,
//! its places are occurrences. What CycloneDX has no field for are properties `customs:…`.
//! Which packages the project itself asks for no record says, so the document says that this is
//! unknown instead of guessing.

mod bom;
mod component;
#[cfg(test)]
mod tests;

use crate::question::Counts;
use crate::record::Record;
use crate::write::{TOOL, TOOL_VERSION, WriteError, pretty, seconds, uuid_of};
use bom::{Aggregate, Bom, Component, Composition, Dependency, Kind, Metadata, Property, Tools};
use customs_model::ReleaseId;
use std::collections::{BTreeMap, BTreeSet};

/// How the project itself is referred to. No package URL begins so.
const PROJECT: &str = "project";

/// The document. The same record gives the same bytes.
///
/// # Errors
/// A value that JSON has no form for; no record has one.
pub fn text(record: &Record) -> Result<String, WriteError> {
    let record = record.sorted();
    let refs = Refs::of(&record);
    let packages = record.packages.iter().zip(&refs.own);
    let components = packages
        .map(|(package, own)| component::library(package, own, &refs))
        .chain(record.loose.iter().map(component::file))
        .collect();
    let bom = Bom {
        schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
        bom_format: "CycloneDX",
        spec_version: "1.6",
        serial_number: format!("urn:uuid:{}", uuid_of(&record, "cyclonedx-1.6")?),
        version: 1,
        metadata: metadata(&record),
        components,
        dependencies: dependencies(&record, &refs),
        compositions: compositions(&record, &refs),
    };
    Ok(pretty(&bom)?)
}

/// The references of all packages. One release may stand in the record more than once, with
/// other files at another place; each has a reference of its own.
struct Refs {
    /// In the order of the packages.
    own: Vec<String>,
    by_release: BTreeMap<ReleaseId, Vec<String>>,
}

impl Refs {
    fn of(record: &Record) -> Self {
        let mut own = Vec::new();
        let mut by_release: BTreeMap<ReleaseId, Vec<String>> = BTreeMap::new();
        for package in &record.packages {
            let same = by_release.entry(package.release.clone()).or_default();
            // A package URL has no bare '#' but before a subpath, which none of these has.
            let text = match same.len() {
                0 => package.release.to_string(),
                earlier => format!("{}#{}", package.release, earlier + 1),
            };
            same.push(text.clone());
            own.push(text);
        }
        Self { own, by_release }
    }
}

fn metadata(record: &Record) -> Metadata {
    let mut properties = Vec::new();
    let mut say = |name: &'static str, value: String| properties.push(Property { name, value });
    if let Some(commit) = &record.commit {
        say("customs:commit", commit.clone());
    }
    for (path, digest) in &record.lockfiles {
        say("customs:lockfile", format!("{digest} {path}"));
    }
    for part in &record.not_checked {
        say("customs:not-checked", part.clone());
    }
    for (question, tally) in Counts::of(record).answers {
        let (yes, no, not_checked) = (tally.yes, tally.no, tally.not_checked);
        let absent = match tally.absent {
            0 => String::new(),
            absent => format!(", absent {absent}"),
        };
        say(
            component::count_name(question),
            format!("yes {yes}, no {no}, not checked {not_checked}{absent}"),
        );
    }
    Metadata {
        timestamp: seconds(record.made),
        tools: Tools {
            components: vec![Component {
                version: Some(TOOL_VERSION.to_owned()),
                ..Component::new(Kind::Application, TOOL)
            }],
        },
        component: Component {
            bom_ref: Some(PROJECT.to_owned()),
            ..Component::new(Kind::Application, &record.project)
        },
        properties,
    }
}

/// Only packages whose dependencies the lockfile tells. What is absent here is unknown to a
/// reader of CycloneDX, an empty entry would say that there are none.
fn dependencies(record: &Record, refs: &Refs) -> Vec<Dependency> {
    let mut all = Vec::new();
    for (package, own) in record.packages.iter().zip(&refs.own) {
        let on = package.depends_on.iter();
        let on: BTreeSet<String> = on
            .filter_map(|release| refs.by_release.get(release))
            .flatten()
            .cloned()
            .collect();
        if !on.is_empty() {
            all.push(Dependency {
                on: own.clone(),
                depends_on: on.into_iter().collect(),
            });
        }
    }
    all
}

/// Whether the list of components is all there is, and whose dependencies are not told.
fn compositions(record: &Record, refs: &Refs) -> Vec<Composition> {
    let is_whole = record.not_checked.is_empty();
    let untold = record.packages.iter().zip(&refs.own);
    let untold = untold
        .filter(|(package, _)| package.depends_on.is_empty())
        .map(|(_, own)| own.clone());
    vec![
        Composition {
            aggregate: if is_whole {
                Aggregate::Complete
            } else {
                Aggregate::Incomplete
            },
            assemblies: vec![PROJECT.to_owned()],
            dependencies: Vec::new(),
        },
        Composition {
            aggregate: Aggregate::Unknown,
            assemblies: Vec::new(),
            dependencies: std::iter::once(PROJECT.to_owned()).chain(untold).collect(),
        },
    ]
}
