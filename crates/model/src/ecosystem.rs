use crate::ParseError;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Where a package lives. The three differ in known ways, so a `match` that the
/// compiler checks is preferred to a registry of plug-ins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ecosystem {
    /// The npm registry protocol (npm, pnpm, yarn, bun).
    Npm,
    /// The Python simple repository API (pip, uv).
    PyPi,
    /// The cargo sparse index.
    Cargo,
}

impl Ecosystem {
    /// All of them, in the order in which reports list them.
    pub const ALL: [Self; 3] = [Self::Npm, Self::PyPi, Self::Cargo];

    /// The `type` of its package URLs.
    pub const fn purl_type(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::PyPi => "pypi",
            Self::Cargo => "cargo",
        }
    }
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Npm => "npm",
            Self::PyPi => "PyPI",
            Self::Cargo => "cargo",
        })
    }
}

impl FromStr for Ecosystem {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text.to_ascii_lowercase().as_str() {
            "npm" => Ok(Self::Npm),
            "pypi" => Ok(Self::PyPi),
            "cargo" => Ok(Self::Cargo),
            _ => Err(ParseError::Ecosystem(crate::printable(text, 40))),
        }
    }
}
