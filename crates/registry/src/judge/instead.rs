//! What a lockfile says of a release beside its version, as the registry tells it: for whoever
//! holds it against that, or puts another version in its place. Nothing is judged.

use super::{Context, Registry, npm};
use crate::http::FetchError;
use customs_ecosystem::cargo::{Dep, DepKind};
use customs_ecosystem::pypi::{File, FileKind, Yanked};
use customs_model::{Ecosystem, Manifest, ReleaseId};
use serde_json::Value;

/// What a crate asks for, as far as it decides what cargo writes into a lockfile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrateAsks {
    /// Its dependencies without those for developing it, in the order of the index.
    pub deps: Vec<Dep>,
    /// Its features, with what each switches on: the JSON of the index with its keys in order.
    /// None where the index could not be read again.
    pub features: Option<String>,
    /// What it asks of its dependencies beside a version, those for developing it left out: for each
    /// the JSON of the index without its requirement, its keys in order. So features are in it.
    pub asked: Vec<String>,
}

impl Registry {
    /// The files of a release of PyPI that an installer of today takes and that are not yanked.
    /// Empty: no index has it.
    ///
    /// # Errors
    /// An upstream gives no usable answer.
    pub async fn files(
        &self,
        context: &Context,
        release: &ReleaseId,
    ) -> Result<Vec<File>, FetchError> {
        let Some((_, document)) = self.page(context, &release.package).await? else {
            return Ok(Vec::new());
        };
        let files = document.index.0.files.iter();
        let is_taken = |file: &&File| {
            file.version.as_ref() == Some(&release.version)
                && file.yanked == Yanked::No
                && matches!(file.kind(), FileKind::Wheel | FileKind::Sdist)
        };
        Ok(files.filter(is_taken).cloned().collect())
    }

    /// What the document of a release of npm or cargo says that it asks for and runs, with nothing of
    /// its artifact. None: no upstream has it, or its ecosystem's documents say nothing of that.
    ///
    /// # Errors
    /// An upstream gives no usable answer.
    pub async fn told(
        &self,
        context: &Context,
        release: &ReleaseId,
    ) -> Result<Option<Manifest>, FetchError> {
        match release.package.ecosystem() {
            Ecosystem::Npm => {
                let found = self.packument(context, &release.package).await?;
                Ok(found.and_then(|(_, document)| {
                    let entry = document.index.entry(&release.version)?;
                    Some(npm::facts(&document, entry)?.manifest)
                }))
            }
            Ecosystem::Cargo => {
                let found = self.index_file(context, &release.package).await?;
                Ok(found.and_then(|(_, document)| {
                    let mut lines = document.index.0.lines.iter();
                    let line = lines.find(|line| line.version == release.version)?;
                    Some(line.manifest())
                }))
            }
            Ecosystem::PyPi => Ok(None),
        }
    }

    /// What a crate asks for. None: no upstream has it.
    ///
    /// # Errors
    /// An upstream gives no usable answer.
    pub async fn crate_asks(
        &self,
        context: &Context,
        release: &ReleaseId,
    ) -> Result<Option<CrateAsks>, FetchError> {
        let Some((_, document)) = self.index_file(context, &release.package).await? else {
            return Ok(None);
        };
        let mut lines = document.index.0.lines.iter();
        let Some(line) = lines.find(|line| line.version == release.version) else {
            return Ok(None);
        };
        let deps = line.deps.iter().filter(|dep| dep.kind != DepKind::Dev);
        let range = &line.range;
        let bytes = document.span(range.start as u64, range.len() as u64);
        let bytes = bytes.ok();
        let bytes = bytes.as_deref().unwrap_or_default();
        Ok(Some(CrateAsks {
            deps: deps.cloned().collect(),
            features: features(bytes),
            asked: asked(bytes),
        }))
    }
}

/// Both tables of features of a line; the newer syntax stands in the second.
fn features(line: &[u8]) -> Option<String> {
    let line: Value = serde_json::from_slice(line).ok()?;
    let table = |key: &str| match line.get(key) {
        None | Some(Value::Null) => Value::Object(serde_json::Map::new()),
        Some(table) => table.clone(),
    };
    Some(Value::Array(vec![table("features"), table("features2")]).to_string())
}

/// What a line asks of each of its dependencies, but for the version.
fn asked(line: &[u8]) -> Vec<String> {
    let line: Value = serde_json::from_slice(line).unwrap_or_default();
    let deps = line.get("deps").and_then(Value::as_array);
    let deps = deps.into_iter().flatten().filter_map(Value::as_object);
    let deps = deps.filter(|dep| dep.get("kind").and_then(Value::as_str) != Some("dev"));
    deps.map(|dep| {
        let mut dep = dep.clone();
        dep.remove("req");
        // Older lines leave out what is null in newer ones.
        dep.retain(|_, value| !value.is_null());
        Value::Object(dep).to_string()
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::{asked, features};

    #[test]
    fn what_is_asked_of_a_dependency_has_its_features_and_not_its_version() {
        let of = |dep: &str| asked(format!("{{\"deps\":[{dep}]}}").as_bytes());
        let one =
            of(r#"{"name":"a","req":"^1","features":[],"default_features":true,"target":null}"#);
        assert_eq!(one.len(), 1);
        assert_eq!(
            one,
            of(r#"{"default_features":true,"features":[],"name":"a","req":"^2"}"#)
        );
        assert_ne!(
            one,
            of(r#"{"name":"a","req":"^1","features":["x"],"default_features":true}"#)
        );
        assert_ne!(
            one,
            of(r#"{"name":"a","req":"^1","features":[],"default_features":false}"#)
        );
        assert!(of(r#"{"name":"a","kind":"dev","features":["x"]}"#).is_empty());
    }

    #[test]
    fn features_are_the_same_in_any_order_and_absent_ones_are_none() {
        let one = features(br#"{"features":{"b":[],"a":["dep:x"]}}"#);
        let other = features(br#"{"features":{"a":["dep:x"],"b":[]},"features2":null}"#);
        assert!(one.is_some());
        assert_eq!(one, other);
        assert_ne!(one, features(br#"{"features":{"a":[],"b":[]}}"#));
        assert_eq!(features(b"{}"), features(br#"{"features":{}}"#));
        assert_eq!(features(b"{"), None);
    }
}
