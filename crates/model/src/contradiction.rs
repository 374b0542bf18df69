//! Where an artifact contradicts what its document says of it. Resolvers believe the
//! document, and what is run is what lies in the artifact ("manifest confusion").

use crate::{Ecosystem, Manifest, PackageName, ReleaseId, RunsCode, printable};
use serde::{Deserialize, Serialize};

/// Contradictions of one artifact that are told.
const TOLD: usize = 20;

/// What the manifest in an artifact declares.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Declared {
    /// Its name, as written.
    pub name: Option<String>,
    /// Its version, as written.
    pub version: Option<String>,
    /// The rest.
    pub manifest: Manifest,
}

/// One point in which both differ.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Contradiction {
    /// Which.
    pub kind: ContradictionKind,
    /// What the artifact says, safe to print.
    pub artifact: String,
    /// What the document says, safe to print; empty where it says nothing.
    pub document: String,
}

/// Kinds of contradictions, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContradictionKind {
    /// A script that runs at install, and that the document does not have.
    HiddenScript,
    /// A dependency that the document does not have.
    HiddenDependency,
    /// A command that the document does not have.
    HiddenCommand,
    /// The artifact calls itself something else.
    OtherName,
    /// The artifact is of another version.
    OtherVersion,
    /// A script has another command.
    OtherScript,
    /// A command runs another file.
    OtherCommand,
    /// A dependency has another requirement.
    OtherRequirement,
    /// A feature turns on what it does not in the document.
    HiddenFeature,
    /// It is entered by another file.
    OtherEntry,
}

impl ContradictionKind {
    /// Whether an honest packer seldom makes it: tools rewrite requirements, commands and
    /// entries between packing and publishing, and cargo has written features in several
    /// ways.
    pub const fn is_rare(self) -> bool {
        match self {
            Self::HiddenScript
            | Self::HiddenDependency
            | Self::HiddenCommand
            | Self::OtherName
            | Self::OtherVersion => true,
            Self::OtherScript
            | Self::OtherCommand
            | Self::OtherRequirement
            | Self::HiddenFeature
            | Self::OtherEntry => false,
        }
    }
}

impl ContradictionKind {
    /// Whether it says that the artifact is one of another release.
    pub const fn is_of_another(self) -> bool {
        matches!(self, Self::OtherName | Self::OtherVersion)
    }
}

impl Declared {
    /// Where it contradicts the document of a release. What only the document has is none:
    /// registries add to what was published.
    pub fn contradictions(&self, release: &ReleaseId, document: &Manifest) -> Vec<Contradiction> {
        let mut found = Vec::new();
        let mut add = |kind: ContradictionKind, artifact: &str, document: &str| {
            found.push(Contradiction {
                kind,
                artifact: printable(artifact, 200),
                document: printable(document, 200),
            });
        };
        let ecosystem = release.package.ecosystem();
        if let Some(name) = &self.name
            && !is_name(name, &release.package)
        {
            add(ContradictionKind::OtherName, name, release.package.as_str());
        }
        if let Some(version) = &self.version
            && plain(version, ecosystem) != plain(release.version.as_str(), ecosystem)
        {
            add(
                ContradictionKind::OtherVersion,
                version,
                release.version.as_str(),
            );
        }
        let told = &document.runs.scripts;
        // A document that counts scripts and does not name them hides none.
        if !told.values().any(|command| command == RunsCode::UNNAMED) {
            for (name, command) in &self.manifest.runs.scripts {
                let script = format!("{name}: {command}");
                match told.get(name) {
                    _ if command == RunsCode::UNNAMED => {}
                    None => add(ContradictionKind::HiddenScript, &script, ""),
                    Some(told) if told != command => {
                        add(ContradictionKind::OtherScript, &script, told);
                    }
                    Some(_) => {}
                }
            }
        }
        if document.dependencies_unknown.is_none() && self.manifest.dependencies_unknown.is_none() {
            let own = &self.manifest;
            for (name, wanted) in own.dependencies.iter().chain(&own.optional_dependencies) {
                let dependency = format!("{name} {wanted}");
                let told = requirement(document, name, ecosystem);
                match told {
                    None => add(ContradictionKind::HiddenDependency, &dependency, ""),
                    // The index of cargo writes requirements in a form of its own.
                    Some(told) if told != wanted && ecosystem != Ecosystem::Cargo => {
                        add(ContradictionKind::OtherRequirement, &dependency, told);
                    }
                    Some(_) => {}
                }
            }
        }
        found.extend(self.manifest.offers.contradictions(&document.offers));
        found.sort();
        found.dedup();
        if found.len() > TOLD {
            // That it is another artifact must not be hidden behind what this one has.
            found.sort_by_key(|one| !one.kind.is_of_another());
            found.truncate(TOLD);
            found.sort();
        }
        found
    }
}

/// What a document asks for under a name. Cargo takes `-` and `_` for one.
fn requirement<'m>(document: &'m Manifest, name: &str, ecosystem: Ecosystem) -> Option<&'m String> {
    let of = |name: &str| {
        document
            .dependencies
            .get(name)
            .or_else(|| document.optional_dependencies.get(name))
    };
    of(name).or_else(|| {
        (ecosystem == Ecosystem::Cargo)
            .then(|| of(&name.replace('_', "-")).or_else(|| of(&name.replace('-', "_"))))
            .flatten()
    })
}

fn is_name(written: &str, package: &PackageName) -> bool {
    written.eq_ignore_ascii_case(package.as_str())
        || PackageName::new(package.ecosystem(), written).is_ok_and(|name| name == *package)
}

/// A version without what registries leave out of it. On PyPI what stands behind a plus is
/// a part of it.
fn plain(version: &str, ecosystem: Ecosystem) -> &str {
    let version = version.trim();
    if ecosystem == Ecosystem::PyPi {
        return version;
    }
    let version = version.trim_start_matches(['=', 'v', ' ']);
    version.split('+').next().unwrap_or(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(dependencies: &[(&str, &str)], scripts: &[(&str, &str)]) -> Declared {
        let owned = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect()
        };
        Declared {
            manifest: Manifest {
                dependencies: owned(dependencies),
                runs: RunsCode {
                    scripts: owned(scripts),
                    ..RunsCode::default()
                },
                ..Manifest::default()
            },
            ..Declared::default()
        }
    }

    fn kinds(artifact: &Declared, document: &Declared, purl: &str) -> Vec<ContradictionKind> {
        let release: ReleaseId = purl.parse().unwrap();
        let found = artifact.contradictions(&release, &document.manifest);
        found.into_iter().map(|c| c.kind).collect()
    }

    const NPM: &str = "pkg:npm/%40a/b@1.0.0";

    #[test]
    fn what_the_artifact_has_and_the_document_has_not_is_told() {
        let artifact = declared(&[("evil", "^1")], &[("postinstall", "node a.js")]);
        assert_eq!(
            kinds(&artifact, &declared(&[], &[]), NPM),
            [
                ContradictionKind::HiddenScript,
                ContradictionKind::HiddenDependency
            ]
        );
        let release: ReleaseId = NPM.parse().unwrap();
        let found = artifact.contradictions(&release, &Manifest::default());
        assert_eq!(found[0].artifact, "postinstall: node a.js");
    }

    #[test]
    fn that_it_is_another_artifact_is_told_behind_however_much_it_asks_for() {
        let names: Vec<String> = (0..2 * TOLD).map(|at| format!("d{at:02}")).collect();
        let asked: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "^1")).collect();
        let artifact = Declared {
            name: Some("other".to_owned()),
            version: Some("2.0.0".to_owned()),
            ..declared(&asked, &[])
        };
        let found = kinds(&artifact, &declared(&[], &[]), NPM);
        assert_eq!(found.len(), TOLD);
        let of_another = found.iter().filter(|kind| kind.is_of_another());
        assert_eq!(of_another.count(), 2, "{found:?}");
    }

    #[test]
    fn what_only_the_document_has_is_none() {
        let document = declared(&[("a", "^1")], &[("install", "node-gyp rebuild")]);
        assert_eq!(kinds(&declared(&[], &[]), &document, NPM), []);
        // The registry knows that there are scripts and names none.
        let unnamed = declared(&[], &[("install", RunsCode::UNNAMED)]);
        let artifact = declared(&[], &[("postinstall", "node a.js")]);
        assert_eq!(kinds(&artifact, &unnamed, NPM), []);
    }

    #[test]
    fn another_range_or_command_is_told_apart() {
        let artifact = declared(&[("a", "^2")], &[("install", "node b.js")]);
        let document = declared(&[("a", "^1")], &[("install", "node a.js")]);
        let found = kinds(&artifact, &document, NPM);
        assert_eq!(
            found,
            [
                ContradictionKind::OtherScript,
                ContradictionKind::OtherRequirement
            ]
        );
        assert!(!found.into_iter().any(ContradictionKind::is_rare));
    }

    #[test]
    fn names_and_versions_are_compared_as_their_registries_do() {
        let named = |name: &str, version: &str| Declared {
            name: Some(name.to_owned()),
            version: Some(version.to_owned()),
            ..Declared::default()
        };
        let nothing = Declared::default();
        assert_eq!(kinds(&named("@A/b", "v1.0.0+build"), &nothing, NPM), []);
        assert_eq!(
            kinds(&named("@a/c", "1.0.1"), &nothing, NPM),
            [
                ContradictionKind::OtherName,
                ContradictionKind::OtherVersion
            ]
        );
        let pypi = "pkg:pypi/a-b@1.0";
        assert_eq!(kinds(&named("A_b", "1.0"), &nothing, pypi), []);
        let cargo = "pkg:cargo/a@1.0.0";
        let underscore = declared(&[("a_b", "^1")], &[]);
        let dash = declared(&[("a-b", "^1")], &[]);
        assert_eq!(kinds(&underscore, &dash, cargo), []);
        assert_eq!(kinds(&underscore, &dash, NPM).len(), 1);
    }

    #[test]
    fn of_dependencies_that_nobody_knows_nothing_is_said() {
        let artifact = declared(&[("evil", "^1")], &[]);
        let mut unknown = declared(&[], &[]);
        unknown.manifest.dependencies_unknown = Some("no metadata could be read".to_owned());
        assert_eq!(kinds(&artifact, &unknown, NPM), []);
    }
}
