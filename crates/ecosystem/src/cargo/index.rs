//! A file of the sparse index: one JSON object per line, one line per version.

use customs_model::{
    Digest, DigestAlgorithm, Ecosystem, Features, Manifest, PackageName, Timestamp, Version,
};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::ops::Range;

/// Bounds on an index file.
mod limit {
    /// Bytes of the file. The largest real ones have some ten million.
    pub const BYTES: usize = 64 << 20;
    /// Lines, malformed ones included.
    pub const LINES: usize = 250_000;
    /// Bytes of one line.
    pub const LINE: usize = 4 << 20;
    /// Dependencies of all lines: they are what takes memory.
    pub const DEPS: usize = 1_000_000;
}

/// Why an index file is not read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// Too many bytes.
    #[error("the index file has {0} bytes; more than {max} are not read", max = limit::BYTES)]
    Bytes(usize),
    /// Too many lines.
    #[error("the index file has more than {max} lines, which are not read", max = limit::LINES)]
    Lines,
    /// Too many dependencies.
    #[error("the lines of the index file name more than {max} dependencies, which are not read", max = limit::DEPS)]
    Dependencies,
}

/// What an index file says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Index {
    /// Its readable lines, in order.
    pub lines: Vec<Line>,
    /// Lines that could not be read. They are never served: cargo might read in them
    /// what this parser does not.
    pub malformed: usize,
}

/// One version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Where its object stands in the file, without the line's end.
    pub range: Range<usize>,
    /// The crate, as the line names it; cargo passes over lines of other crates.
    pub name: PackageName,
    /// The version.
    pub version: Version,
    /// SHA-256 of the `.crate` file.
    pub cksum: Digest,
    /// It is yanked.
    pub yanked: bool,
    /// When it was published, where the registry says so.
    pub pubtime: Option<Timestamp>,
    /// Its dependencies of all kinds.
    pub deps: Vec<Dep>,
    /// It declares features.
    pub features: bool,
    /// The native library that it links.
    pub links: Option<String>,
    /// The version of the line's own format.
    pub v: u32,
}

/// One dependency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dep {
    /// The name that the crate's code uses.
    pub name: String,
    /// The crate's real name, where `name` is another.
    pub package: Option<String>,
    /// The requirement.
    pub req: String,
    /// What it is needed for.
    pub kind: DepKind,
    /// Only with a feature.
    pub optional: bool,
    /// The index of another registry that it comes from.
    pub registry: Option<String>,
    /// The platform that it is limited to.
    pub target: Option<String>,
}

/// What a dependency is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DepKind {
    /// The crate itself.
    #[default]
    Normal,
    /// Its tests; never installed for those who depend on it.
    Dev,
    /// Its build script.
    Build,
}

#[derive(Deserialize)]
struct RawLine {
    name: String,
    vers: String,
    cksum: String,
    yanked: Option<bool>,
    pubtime: Option<serde_json::Value>,
    #[serde(default)]
    deps: Vec<RawDep>,
    features: Option<IgnoredAny>,
    links: Option<String>,
    v: Option<u32>,
}

/// What a line says of features: cargo takes both for one. Namespaced ones stand in the second,
/// which cargo before 1.60 does not read.
#[derive(Deserialize)]
struct RawFeatures {
    features: Option<Features>,
    features2: Option<Features>,
}

#[derive(Deserialize)]
struct RawDep {
    name: String,
    package: Option<String>,
    req: String,
    kind: Option<DepKind>,
    optional: Option<bool>,
    registry: Option<String>,
    target: Option<String>,
}

impl Index {
    /// Reads a file.
    ///
    /// # Errors
    /// It exceeds a bound. A line that cannot be read is no error: it is counted.
    pub fn parse(bytes: &[u8]) -> Result<Self, IndexError> {
        if bytes.len() > limit::BYTES {
            return Err(IndexError::Bytes(bytes.len()));
        }
        let mut index = Self::default();
        let (mut start, mut seen, mut deps) = (0, 0, 0);
        for raw in bytes.split(|b| *b == b'\n') {
            let range = start..start + raw.trim_ascii_end().len();
            start += raw.len() + 1;
            if raw.trim_ascii().is_empty() {
                continue;
            }
            seen += 1;
            if seen > limit::LINES {
                return Err(IndexError::Lines);
            }
            match Line::parse(&bytes[range.clone()], range) {
                Some(line) => {
                    deps += line.deps.len();
                    index.lines.push(line);
                }
                None => index.malformed += 1,
            }
            if deps > limit::DEPS {
                return Err(IndexError::Dependencies);
            }
        }
        Ok(index)
    }
}

impl Line {
    fn parse(bytes: &[u8], range: Range<usize>) -> Option<Self> {
        if bytes.len() > limit::LINE {
            return None;
        }
        let raw: RawLine = serde_json::from_slice(bytes).ok()?;
        // cargo passes over what is no semantic version; so nothing is lost here.
        semver::Version::parse(&raw.vers).ok()?;
        Some(Self {
            range,
            name: PackageName::new(Ecosystem::Cargo, &raw.name).ok()?,
            version: Version::new(&raw.vers).ok()?,
            cksum: Digest::from_hex(DigestAlgorithm::Sha256, &raw.cksum).ok()?,
            yanked: raw.yanked.unwrap_or(false),
            // The specification is strict (whole seconds, `Z`), cargo reads any RFC 3339.
            pubtime: raw
                .pubtime
                .and_then(|time| time.as_str()?.trim().parse().ok()),
            deps: raw.deps.into_iter().map(Dep::from).collect(),
            features: raw.features.is_some(),
            links: raw.links,
            v: raw.v.unwrap_or(1),
        })
    }

    /// The features in a line's bytes, each with what it turns on; `None` where it is none. They
    /// are not kept: some crates have thousands in each of their lines.
    pub fn features_of(bytes: &[u8]) -> Option<Features> {
        if bytes.len() > limit::LINE {
            return None;
        }
        let raw: RawFeatures = serde_json::from_slice(bytes).ok()?;
        let mut features = raw.features.unwrap_or_default();
        for (name, wanted) in raw.features2.unwrap_or_default() {
            features.entry(name).or_default().extend(wanted);
        }
        Some(features)
    }

    /// What the release declares about itself. Build scripts and procedural macros do
    /// not stand in an index; see [`super::facts_from_cargo_toml`].
    ///
    /// An index holds dependencies of registries alone, its own or another one; git and
    /// path dependencies cannot be published.
    ///
    /// A crate that is named twice under different names keeps the first requirement.
    pub fn manifest(&self) -> Manifest {
        let mut manifest = Manifest {
            withdrawn: self.yanked,
            ..Manifest::default()
        };
        for dep in self.deps.iter().filter(|d| d.kind != DepKind::Dev) {
            let into = if dep.optional {
                &mut manifest.optional_dependencies
            } else {
                &mut manifest.dependencies
            };
            into.entry(dep.package_name().to_owned())
                .or_insert_with(|| dep.req.clone());
        }
        let required = &manifest.dependencies;
        manifest
            .optional_dependencies
            .retain(|name, _| !required.contains_key(name));
        manifest
    }
}

impl Dep {
    /// The name that the crate has in its registry.
    pub fn package_name(&self) -> &str {
        self.package.as_deref().unwrap_or(&self.name)
    }
}

impl From<RawDep> for Dep {
    fn from(raw: RawDep) -> Self {
        Self {
            name: raw.name,
            package: raw.package,
            req: raw.req,
            kind: raw.kind.unwrap_or_default(),
            optional: raw.optional.unwrap_or(false),
            registry: raw.registry,
            target: raw.target,
        }
    }
}
