//! What verification rests on: trust roots and registry keys, where they came from, how old.
//!
//! Nothing is fetched here. `customs trust update` writes a folder with the files of
//! [`TrustFiles`]; whoever reads the folder hands their bytes in.

use crate::signature::{Keys, KeysError};
use crate::sigstore::{Authority, Bundle, Instance, RootError};
use customs_model::{Timestamp, printable};
use serde::{Deserialize, Serialize};

/// Sigstore's public root, in the trust folder.
pub const TRUSTED_ROOT: &str = "trusted_root.json";
/// GitHub's root, in the trust folder.
pub const GITHUB_ROOT: &str = "github_trusted_root.json";
/// The npm registry's keys, in the trust folder.
pub const NPM_KEYS: &str = "npm_keys.json";

/// Past this many days a root is shown as old. GitHub's is renewed about every seven months.
const OLD_AFTER_DAYS: i64 = 270;

/// The files of a trust folder, as far as they are there.
#[derive(Debug, Clone, Default)]
pub struct TrustFiles {
    /// [`TRUSTED_ROOT`].
    pub trusted_root: Option<Vec<u8>>,
    /// [`GITHUB_ROOT`].
    pub github_root: Option<Vec<u8>>,
    /// [`NPM_KEYS`].
    pub npm_keys: Option<Vec<u8>>,
}

/// Where something came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// It came with this program.
    Embedded,
    /// The folder that `customs trust update` writes.
    Updated,
    /// A file that the user named; safe to print.
    File(String),
}

/// Why the trust material cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// A root.
    #[error("{file}: {error}")]
    Root {
        /// Which file.
        file: String,
        /// What is wrong with it.
        error: RootError,
    },
    /// The registry's keys.
    #[error("{file}: {error}")]
    Keys {
        /// Which file.
        file: String,
        /// What is wrong with them.
        error: KeysError,
    },
}

/// The `trusted_root.json` of an instance that came with this program: what a new one is compared
/// with before it is trusted.
pub const fn embedded_json(instance: Instance) -> &'static str {
    Authority::embedded_json(instance)
}

/// Whose root it is, by the logs and authorities that it has in common with those that came with this
/// program; none for another instance's.
///
/// # Errors
/// It is no root that can be used.
pub fn instance_of(json: &[u8]) -> Result<Option<Instance>, TrustError> {
    let root = Root::updated(json, Instance::Own, "the root of trust")?;
    for instance in [Instance::PublicGood, Instance::GitHub] {
        let known = Root::embedded(instance)?;
        if root.authority.shares_with(&known.authority) {
            return Ok(Some(instance));
        }
    }
    Ok(None)
}

/// A root and where it came from.
#[derive(Debug)]
pub struct Root {
    /// Where it came from.
    pub source: Source,
    /// The root.
    pub authority: Authority,
}

/// All that verification rests on.
#[derive(Debug)]
pub struct Trust {
    /// The root for public bundles.
    pub public: Root,
    /// GitHub's own root; none where the user named a root, which then stands alone.
    pub github: Option<Root>,
    /// The npm registry's keys.
    pub keys: Keys,
    /// Where the keys came from.
    pub keys_source: Source,
}

/// One line of what verification rests on, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Age {
    /// What.
    pub what: String,
    /// Where it came from.
    pub source: Source,
    /// When its newest entry took office.
    pub newest: Option<Timestamp>,
    /// Days since then.
    pub days: Option<i64>,
    /// Whether it should be renewed.
    pub old: bool,
}

impl Trust {
    /// What came with this program.
    ///
    /// # Errors
    /// None in a released program; a test reads all of it.
    pub fn embedded() -> Result<Self, TrustError> {
        Ok(Self {
            public: Root::embedded(Instance::PublicGood)?,
            github: Some(Root::embedded(Instance::GitHub)?),
            keys: Keys::embedded(),
            keys_source: Source::Embedded,
        })
    }

    /// What came with this program, or what the folder holds where that is as new or newer. The
    /// folder's keys are added to those that came with the program.
    ///
    /// # Errors
    /// A file that is there and cannot be used: it is never passed over in silence.
    pub fn from_files(files: &TrustFiles) -> Result<Self, TrustError> {
        let mut trust = Self::embedded()?;
        if let Some(json) = &files.trusted_root {
            let root = Root::updated(json, Instance::PublicGood, TRUSTED_ROOT)?;
            trust.public = trust.public.or_newer(root);
        }
        if let Some(json) = &files.github_root {
            let root = Root::updated(json, Instance::GitHub, GITHUB_ROOT)?;
            trust.github = trust.github.map(|embedded| embedded.or_newer(root));
        }
        if let Some(json) = &files.npm_keys {
            let keys = Keys::from_json(json).map_err(|error| TrustError::Keys {
                file: NPM_KEYS.to_owned(),
                error,
            })?;
            trust.keys = keys.or(trust.keys);
            trust.keys_source = Source::Updated;
        }
        Ok(trust)
    }

    /// With a root that the user named (`--trusted-root`). It stands alone: neither the public
    /// instance nor GitHub's is trusted beside it.
    ///
    /// # Errors
    /// It cannot be used, or is that of Sigstore's test instance.
    pub fn with_own_root(mut self, json: &[u8], file: &str) -> Result<Self, TrustError> {
        let file = printable(file, 200);
        let authority =
            Authority::from_json(json, Instance::Own).map_err(|error| TrustError::Root {
                file: file.clone(),
                error,
            })?;
        self.public = Root {
            source: Source::File(file),
            authority,
        };
        self.github = None;
        Ok(self)
    }

    /// The root that a bundle has to be verified with: GitHub's own where that, and not the public
    /// one, knows who issued its certificate. What it lacks of a full proof stands in the proof.
    pub fn authority_for(&self, bundle: &Bundle) -> &Authority {
        let public = &self.public.authority;
        let github = self.github.as_ref().map(|github| &github.authority);
        github
            .filter(|github| !public.knows_issuer_of(bundle) && github.knows_issuer_of(bundle))
            .unwrap_or(public)
    }

    /// What is used and how old it is.
    pub fn ages(&self, now: Timestamp) -> Vec<Age> {
        let root =
            |what: &str, root: &Root| age(what, root.source.clone(), root.authority.newest(), now);
        let mut ages = vec![root("Sigstore's trust root", &self.public)];
        ages.extend(
            self.github
                .as_ref()
                .map(|github| root("GitHub's trust root", github)),
        );
        let keys = age(
            "the npm registry's keys",
            self.keys_source.clone(),
            self.keys.newest(),
            now,
        );
        // A registry keeps its keys for years; their age alone tells nothing.
        ages.push(Age { old: false, ..keys });
        ages
    }
}

impl Root {
    fn embedded(instance: Instance) -> Result<Self, TrustError> {
        let authority = match instance {
            Instance::GitHub => Authority::github(),
            Instance::PublicGood | Instance::Own => Authority::public_good(),
        };
        authority
            .map(|authority| Self {
                source: Source::Embedded,
                authority,
            })
            .map_err(|error| TrustError::Root {
                file: "the embedded root".to_owned(),
                error,
            })
    }

    fn updated(json: &[u8], instance: Instance, file: &str) -> Result<Self, TrustError> {
        Authority::from_json(json, instance)
            .map(|authority| Self {
                source: Source::Updated,
                authority,
            })
            .map_err(|error| TrustError::Root {
                file: file.to_owned(),
                error,
            })
    }

    /// The program may be newer than the folder.
    fn or_newer(self, other: Self) -> Self {
        if other.authority.newest() >= self.authority.newest() {
            other
        } else {
            self
        }
    }
}

fn age(what: &str, source: Source, newest: Option<Timestamp>, now: Timestamp) -> Age {
    let days = newest.map(|newest| (now.as_second() - newest.as_second()).div_euclid(86_400));
    Age {
        what: what.to_owned(),
        source,
        newest,
        days,
        old: days.is_none_or(|days| days > OLD_AFTER_DAYS),
    }
}

impl Age {
    /// A sentence: `Sigstore's trust root (embedded): newest entry of 2025-09-23, 30 days ago`.
    pub fn words(&self) -> String {
        let source = match &self.source {
            Source::Embedded => "embedded",
            Source::Updated => "from `customs trust update`",
            Source::File(file) => file,
        };
        let age = match (self.newest, self.days) {
            (Some(newest), Some(days)) => {
                format!(
                    "newest entry of {}, {days} days ago",
                    newest.strftime("%Y-%m-%d")
                )
            }
            (_, _) => "it does not say how old it is".to_owned(),
        };
        format!("{} ({source}): {age}", self.what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::registry_file;

    #[test]
    fn what_is_used_is_shown_with_its_age() {
        let trust = Trust::embedded().unwrap();
        let ages = trust.ages("2025-10-23T00:00:00Z".parse().unwrap());
        insta::assert_snapshot!(ages[0].words(), @"Sigstore's trust root (embedded): newest entry of 2025-09-23, 30 days ago");
        assert!(!ages[0].old);
        assert!(trust.ages("2027-10-23T00:00:00Z".parse().unwrap())[0].old);
        assert_eq!(ages.len(), 3);
    }

    #[test]
    fn a_root_is_of_the_instance_that_it_shares_an_authority_with() {
        for instance in [Instance::PublicGood, Instance::GitHub] {
            let found = instance_of(embedded_json(instance).as_bytes()).unwrap();
            assert_eq!(found, Some(instance));
        }
        let own = crate::testing::synthetic::World::new().root().to_string();
        assert_eq!(instance_of(own.as_bytes()).unwrap(), None);
        assert!(instance_of(b"{}").is_err());
    }

    #[test]
    fn the_newer_of_folder_and_program_is_used() {
        let json = String::from_utf8(registry_file(
            "sigstore-trust-root",
            "src/trusted_root.json",
        ));
        let newer = json.unwrap();
        let older = newer.replace("2025-09-23T", "2025-07-05T");
        let newer = newer.replace("2025-09-23T", "2026-09-23T");
        for (json, expected) in [(older, Source::Embedded), (newer, Source::Updated)] {
            let files = TrustFiles {
                trusted_root: Some(json.into()),
                ..TrustFiles::default()
            };
            assert_eq!(Trust::from_files(&files).unwrap().public.source, expected);
        }
    }

    #[test]
    fn a_file_that_cannot_be_used_is_named_and_never_passed_over() {
        let broken = Some(b"{}".to_vec());
        for (files, name) in [
            (
                TrustFiles {
                    trusted_root: broken.clone(),
                    ..TrustFiles::default()
                },
                TRUSTED_ROOT,
            ),
            (
                TrustFiles {
                    github_root: broken.clone(),
                    ..TrustFiles::default()
                },
                GITHUB_ROOT,
            ),
            (
                TrustFiles {
                    npm_keys: broken,
                    ..TrustFiles::default()
                },
                NPM_KEYS,
            ),
        ] {
            let error = Trust::from_files(&files).unwrap_err().to_string();
            assert!(error.starts_with(name), "{error}");
        }
    }

    #[test]
    fn the_test_instance_is_never_a_root() {
        let json = registry_file("sigstore-trust-root", "src/trusted_root_staging.json");
        let error = Trust::embedded()
            .unwrap()
            .with_own_root(&json, "own.json")
            .unwrap_err();
        assert!(
            matches!(
                error,
                TrustError::Root {
                    error: RootError::Staging,
                    ..
                }
            ),
            "{error}"
        );
        // Nor is one key of it, hidden among the public ones.
        let mut public: serde_json::Value = serde_json::from_slice(&registry_file(
            "sigstore-trust-root",
            "src/trusted_root.json",
        ))
        .unwrap();
        let staging: serde_json::Value = serde_json::from_slice(&json).unwrap();
        let one = staging["certificateAuthorities"][1].clone();
        public["certificateAuthorities"]
            .as_array_mut()
            .unwrap()
            .push(one);
        let mixed = public.to_string();
        assert!(
            Trust::embedded()
                .unwrap()
                .with_own_root(mixed.as_bytes(), "own.json")
                .is_err()
        );
    }

    #[test]
    fn an_own_root_stands_alone() {
        let json = registry_file("sigstore-trust-root", "src/trusted_root.json");
        let trust = Trust::embedded()
            .unwrap()
            .with_own_root(&json, "a\u{1b}.json")
            .unwrap();
        assert!(trust.github.is_none());
        assert_eq!(
            trust.public.source,
            Source::File("a\\u{1b}.json".to_owned())
        );
    }

    #[test]
    fn a_bundle_of_githubs_own_instance_gets_its_root_and_no_other_does() {
        let bundle = |name: &str| {
            let path = format!("test_data/bundles/{name}");
            Bundle::read(&registry_file("sigstore-verify", &path)).unwrap()
        };
        let private = bundle("github-private-attestation.sigstore.json");
        let public = bundle("sigstore.js@2.0.0-provenance.sigstore.json");
        let trust = Trust::embedded().unwrap();
        assert_eq!(trust.authority_for(&private).instance(), Instance::GitHub);
        assert_eq!(
            trust.authority_for(&public).instance(),
            Instance::PublicGood
        );
        let json = registry_file("sigstore-trust-root", "src/trusted_root.json");
        let own = trust.with_own_root(&json, "own.json").unwrap();
        assert_eq!(own.authority_for(&private).instance(), Instance::Own);
    }
}
