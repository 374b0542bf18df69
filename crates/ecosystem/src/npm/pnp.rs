//! Yarn's map for Plug'n'Play: where each package lies, and what each of them gets by which name.
//!
//! It stands as JSON in `.pnp.data.json`, or in the text of `.pnp.cjs` as one string of
//! JavaScript. Around that string is a program, which each version of Yarn writes alike for all
//! projects. [`read`] takes the two apart; nothing of the program is run or understood.
//!
//! The form is that of Yarn 3 and 4. Yarn 2 wrote the map as JavaScript of its own.

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

/// Bounds on what a map may hold.
pub mod limit {
    /// Bytes of the file.
    pub const BYTES: usize = 64 * 1024 * 1024;
    /// Packages, one for each place.
    pub const PACKAGES: usize = 500_000;
    /// What all packages get, counted together.
    pub const ASKS: usize = 6_000_000;
}

/// Why a map cannot be read. Safe to print.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PnpError {
    /// It exceeds a bound.
    #[error("it has more than {limit} {what}; no project of Yarn's is that large")]
    Large {
        /// What there is too much of.
        what: &'static str,
        /// The bound.
        limit: usize,
    },
    /// It is not what Yarn writes.
    #[error("it is not what Yarn 3 or 4 writes: {0}")]
    Foreign(String),
}

/// `.pnp.cjs`, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PnpFile<'t> {
    /// What stands before the map and behind it. Without a map all of it stands before.
    pub program: [&'t str; 2],
    /// The map; none where it is a file of its own.
    pub map: Option<PnpMap>,
}

/// Which package lies where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PnpMap {
    /// Every package at each of its places.
    pub packages: Vec<PnpPackage>,
    /// What everybody gets who does not ask for it.
    pub fallback: Vec<PnpAsk>,
    /// Files for which the map does not count, as an expression.
    pub ignored: Option<String>,
}

/// A package at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PnpPackage {
    /// Its name; none for the project as whoever starts a program sees it.
    pub name: Option<String>,
    /// Where it comes from, as the lockfile has it behind the name (`npm:1.0.0`).
    pub reference: Option<String>,
    /// Where it lies, relative to the folder of the map.
    pub location: String,
    /// What it gets.
    pub asks: Vec<PnpAsk>,
    /// It is a folder that somebody works in.
    pub soft: bool,
}

/// A name, and what stands for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PnpAsk {
    /// The name.
    pub name: String,
    /// The package; none where nothing is there (a peer that nobody gives).
    pub to: Option<PnpTarget>,
}

/// A package by name and reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PnpTarget {
    /// Its own name.
    pub name: String,
    /// Where it comes from.
    pub reference: String,
}

/// A reference without what makes it one of several with the same bytes
/// (`virtual:0123#npm:1.0.0`).
pub fn real_reference(reference: &str) -> &str {
    match reference.strip_prefix("virtual:") {
        Some(rest) => rest.split_once('#').map_or(rest, |(_, real)| real),
        None => reference,
    }
}

/// What a patch is of, as `name@reference`: of `patch:a@npm%3A1.0.0#./a.patch` it is `a@npm:1.0.0`.
/// None of anything else.
pub fn patched(reference: &str) -> Option<String> {
    let whole = reference.strip_prefix("patch:")?.split('#').next()?;
    crate::lockfile::decode(whole, 1)
}

/// Reads a `.pnp.cjs`.
///
/// # Errors
/// It exceeds a bound of [`limit`], or its map is not what Yarn writes.
pub fn read(text: &str) -> Result<PnpFile<'_>, PnpError> {
    bounded(text.len(), limit::BYTES, "bytes")?;
    let Some(start) = text.find(START) else {
        return Ok(PnpFile {
            program: [text, ""],
            map: None,
        });
    };
    let (json, length) = literal(&text[start + 1..])?;
    Ok(PnpFile {
        program: [&text[..start], &text[start + 1 + length + 1..]],
        map: Some(read_map(&json)?),
    })
}

/// Reads a `.pnp.data.json`.
///
/// # Errors
/// As [`read`].
pub fn read_map(json: &str) -> Result<PnpMap, PnpError> {
    bounded(json.len(), limit::BYTES, "bytes")?;
    let written: Written = serde_json::from_str(json)
        .map_err(|why| PnpError::Foreign(customs_model::printable(&why.to_string(), 200)))?;
    let mut packages = Vec::new();
    let mut asks = written.fallback_pool.len();
    for (name, places) in written.package_registry_data {
        bounded(packages.len() + places.len(), limit::PACKAGES, "packages")?;
        for (reference, info) in places {
            asks += info.package_dependencies.len();
            bounded(asks, limit::ASKS, "dependencies")?;
            packages.push(PnpPackage {
                name: name.clone(),
                reference,
                location: info.package_location,
                asks: info.package_dependencies,
                soft: info.link_type == LinkType::Soft,
            });
        }
    }
    Ok(PnpMap {
        packages,
        fallback: written.fallback_pool,
        ignored: written.ignore_pattern_data,
    })
}

/// How the string of the map begins in every version: a quote, a brace, and a line that goes on.
const START: &str = "'{\\\n";

/// The text of a string behind its first quote, and how many bytes it takes without the last one.
/// Only what Yarn writes is read: an escaped quote, backslash, or end of line.
fn literal(text: &str) -> Result<(String, usize), PnpError> {
    let foreign = |why: &str| PnpError::Foreign(why.to_owned());
    let mut out = String::with_capacity(text.len().min(1 << 20));
    let mut at = 0;
    while let Some(found) = text[at..].find(['\'', '\\', '\n', '\r']) {
        out.push_str(&text[at..at + found]);
        at += found;
        let rest = &text[at..];
        if rest.starts_with('\'') {
            return Ok((out, at));
        }
        let (taken, byte) = match rest.as_bytes().get(..2) {
            Some(br"\\") => (2, '\\'),
            Some(br"\'") => (2, '\''),
            Some(b"\\\n") => (2, '\n'),
            Some(_) | None => return Err(foreign("the string of its map has another escape")),
        };
        out.push(byte);
        at += taken;
    }
    Err(foreign("the string of its map has no end"))
}

fn bounded(count: usize, limit: usize, what: &'static str) -> Result<(), PnpError> {
    match count > limit {
        true => Err(PnpError::Large { what, limit }),
        false => Ok(()),
    }
}

/// Something under a name, or under none: the project itself.
type Named<T> = (Option<String>, T);

/// The JSON. A key that is not known would be one that nobody has compared with anything.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Written {
    #[serde(rename = "__info")]
    _info: Vec<String>,
    #[serde(rename = "dependencyTreeRoots")]
    _roots: Vec<Root>,
    #[serde(rename = "enableTopLevelFallback")]
    _fallback: bool,
    #[serde(default)]
    ignore_pattern_data: Option<String>,
    #[serde(default, rename = "pnpZipBackend")]
    _backend: Option<String>,
    #[serde(rename = "fallbackExclusionList")]
    _excluded: Vec<(String, Vec<String>)>,
    fallback_pool: Vec<PnpAsk>,
    package_registry_data: Vec<Named<Vec<Named<Info>>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Root {
    #[serde(rename = "name")]
    _name: String,
    #[serde(rename = "reference")]
    _reference: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Info {
    package_location: String,
    package_dependencies: Vec<PnpAsk>,
    #[serde(default, rename = "packagePeers")]
    _peers: Vec<String>,
    link_type: LinkType,
    #[serde(default, rename = "discardFromLookup")]
    _discard: bool,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
enum LinkType {
    Hard,
    Soft,
}

/// `["name", "reference"]`, `["name", ["own name", "reference"]]`, `["name", null]`.
impl<'de> Deserialize<'de> for PnpAsk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum To {
            Nothing(()),
            SameName(String),
            Other(Vec<String>),
        }
        let (name, to): (String, To) = Deserialize::deserialize(deserializer)?;
        let to = match to {
            To::Nothing(()) => None,
            To::SameName(reference) => Some(PnpTarget {
                name: name.clone(),
                reference,
            }),
            To::Other(other) => {
                let [own, reference] = <[String; 2]>::try_from(other)
                    .map_err(|_| D::Error::custom("a dependency that is no name and reference"))?;
                Some(PnpTarget {
                    name: own,
                    reference,
                })
            }
        };
        Ok(Self { name, to })
    }
}

#[cfg(test)]
mod tests;
