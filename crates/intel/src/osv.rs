//! OSV records (<https://ossf.github.io/osv-schema/>), read leniently: exporters add
//! fields, spell indicator fields in two ways (`ips`, `ip_addresses`), and put `null`
//! where the schema wants a list. What decides (packages, versions, withdrawal) is
//! read strictly: a record that is misread must be named, not half used.

use crate::advisory::{Advisory, AdvisoryKind, Affected, Event, Range};
use customs_model::{Ecosystem, PackageName, Timestamp, Version, printable};
use serde::Deserialize;
use serde_json::Value;

/// The bounds of one record.
pub const MOST_BYTES: usize = 16 << 20;
const MOST_AFFECTED: usize = 20_000;
const MOST_VERSIONS: usize = 100_000;
const MOST_EVENTS: usize = 10_000;
const MOST_ALIASES: usize = 100;

/// What a record turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed {
    /// About packages that customs knows.
    Advisory(Box<Advisory>),
    /// Well formed, about other ecosystems only (or about nothing).
    Elsewhere,
}

/// Why a record cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Not JSON, or not of the schema's shape.
    #[error("it is not an OSV record: {0}")]
    Shape(String),
    /// A field that decides does not hold what it must.
    #[error("its {field} is {value:?}: {why}")]
    Field {
        /// Which.
        field: &'static str,
        /// The text, shortened and printable.
        value: String,
        /// What is wrong.
        why: &'static str,
    },
    /// Larger than any honest record.
    #[error("it has more {0} than customs reads from one record")]
    TooMuch(&'static str),
}

#[derive(Deserialize)]
struct Record {
    id: String,
    modified: Option<String>,
    published: Option<String>,
    withdrawn: Option<String>,
    #[serde(default)]
    aliases: Option<Vec<String>>,
    #[serde(default)]
    summary: Option<String>,
    #[serde(default)]
    details: Option<String>,
    #[serde(default)]
    affected: Option<Vec<AffectedRecord>>,
    #[serde(default)]
    database_specific: Value,
}

#[derive(Deserialize)]
struct AffectedRecord {
    package: Option<PackageRecord>,
    #[serde(default)]
    ranges: Option<Vec<RangeRecord>>,
    #[serde(default)]
    versions: Option<Vec<String>>,
    #[serde(default)]
    database_specific: Value,
}

#[derive(Deserialize)]
struct PackageRecord {
    ecosystem: String,
    name: String,
}

#[derive(Deserialize)]
struct RangeRecord {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    events: Vec<EventRecord>,
}

#[derive(Deserialize)]
struct EventRecord {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
    limit: Option<String>,
}

/// Reads one record.
///
/// # Errors
/// No JSON, no `id`, a date or package name that is none, or more than a bound allows.
pub fn parse(bytes: &[u8]) -> Result<Parsed, RecordError> {
    if bytes.len() > MOST_BYTES {
        return Err(RecordError::TooMuch("bytes"));
    }
    // Some exporters write a byte order mark.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let record: Record = serde_json::from_slice(bytes)
        .map_err(|e| RecordError::Shape(printable(&e.to_string(), 160)))?;
    let id = identifier(&record.id)?;
    let kind = kind_of(&id, &record);
    let mut affected = Vec::new();
    let (mut versions, mut events) = (0, 0);
    for part in record.affected.iter().flatten() {
        if let Some(one) = affected_of(part, &mut versions, &mut events)? {
            affected.push(one);
        }
        if affected.len() > MOST_AFFECTED {
            return Err(RecordError::TooMuch("packages"));
        }
    }
    if affected.is_empty() {
        return Ok(Parsed::Elsewhere);
    }
    let summary = match (record.summary.as_deref(), record.details.as_deref()) {
        (Some(text), _) if !text.trim().is_empty() => text,
        (_, Some(text)) => text.lines().find(|l| !l.trim().is_empty()).unwrap_or(""),
        _ => "",
    };
    let aliases = record.aliases.iter().flatten().take(MOST_ALIASES);
    Ok(Parsed::Advisory(Box::new(Advisory {
        aliases: aliases.map(|a| printable(a, 80).into()).collect(),
        modified: date("modified", record.modified.as_deref())?,
        published: date("published", record.published.as_deref())?,
        withdrawn: date("withdrawn", record.withdrawn.as_deref())?,
        summary: printable(summary.trim(), 200).into(),
        kind,
        affected: affected.into(),
        reviewed: reviewed(&id, &record),
        id: id.into(),
    })))
}

fn identifier(id: &str) -> Result<String, RecordError> {
    let ok = !id.is_empty()
        && id.len() <= 120
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b));
    if ok {
        Ok(id.to_owned())
    } else {
        Err(RecordError::Field {
            field: "id",
            value: printable(id, 60),
            why: "an identifier has letters, digits, '-', '_', '.', ':'",
        })
    }
}

fn date(field: &'static str, text: Option<&str>) -> Result<Option<Timestamp>, RecordError> {
    let Some(text) = text else { return Ok(None) };
    text.parse().map(Some).map_err(|_| RecordError::Field {
        field,
        value: printable(text, 40),
        why: "it is not an RFC 3339 instant",
    })
}

fn affected_of(
    part: &AffectedRecord,
    versions: &mut usize,
    events: &mut usize,
) -> Result<Option<Affected>, RecordError> {
    let Some(package) = &part.package else {
        return Ok(None);
    };
    let Some(ecosystem) = ecosystem(&package.ecosystem) else {
        return Ok(None);
    };
    let package = PackageName::new(ecosystem, &package.name).map_err(|_| RecordError::Field {
        field: "package name",
        value: printable(&package.name, 60),
        why: "its ecosystem has no such names",
    })?;
    *versions += part.versions.iter().flatten().count();
    *events += part
        .ranges
        .iter()
        .flatten()
        .map(|r| r.events.len())
        .sum::<usize>();
    if *versions > MOST_VERSIONS {
        return Err(RecordError::TooMuch("versions"));
    }
    if *events > MOST_EVENTS {
        return Err(RecordError::TooMuch("events"));
    }
    // Ranges of kind GIT are about commits, which no release document carries.
    let ranges = part
        .ranges
        .iter()
        .flatten()
        .filter(|r| r.kind == "SEMVER" || r.kind == "ECOSYSTEM");
    Ok(Some(Affected {
        package,
        ranges: ranges.map(range_of).collect(),
        // What is no version can never be asked for.
        versions: part
            .versions
            .iter()
            .flatten()
            .filter(|v| Version::new(v).is_ok())
            .map(|v| v.as_str().into())
            .collect(),
    }))
}

fn range_of(record: &RangeRecord) -> Range {
    let mut events = Vec::new();
    for e in &record.events {
        let text = |t: &Option<String>| t.as_deref().filter(|t| t.len() <= 256).map(Box::from);
        events.extend(text(&e.introduced).map(Event::Introduced));
        events.extend(text(&e.fixed).map(Event::Fixed));
        events.extend(text(&e.last_affected).map(Event::LastAffected));
        events.extend(text(&e.limit).map(Event::Limit));
    }
    Range {
        events: events.into(),
    }
}

/// The schema's names of the ecosystems; a suffix (`Ubuntu:22.04`) names a variant.
fn ecosystem(name: &str) -> Option<Ecosystem> {
    match name.split(':').next()? {
        "npm" => Some(Ecosystem::Npm),
        "PyPI" => Some(Ecosystem::PyPi),
        "crates.io" => Some(Ecosystem::Cargo),
        _ => None,
    }
}

/// Databases say "malicious" in four ways: by the id, by the record's origin, by CWE
/// 506 (embedded malicious code), and by a category or type.
fn kind_of(id: &str, record: &Record) -> AdvisoryKind {
    let origins = record.database_specific.get("malicious-packages-origins");
    let said = std::iter::once(&record.database_specific)
        .chain(
            record
                .affected
                .iter()
                .flatten()
                .map(|a| &a.database_specific),
        )
        .any(says_malicious);
    if id.starts_with("MAL-") || origins.is_some_and(|o| !o.is_null()) || said {
        return AdvisoryKind::Malicious;
    }
    let mut parts = record
        .affected
        .iter()
        .flatten()
        .map(|a| &a.database_specific)
        .peekable();
    let notice = |v: &Value| v.get("informational").is_some_and(Value::is_string);
    if parts.peek().is_some() && parts.all(notice) {
        return AdvisoryKind::Notice;
    }
    AdvisoryKind::Vulnerability
}

fn says_malicious(specific: &Value) -> bool {
    let texts = |key: &str| {
        let value = specific.get(key);
        let many = value.and_then(Value::as_array).into_iter().flatten();
        let one = value.filter(|v| !v.is_array());
        many.chain(one)
            .filter_map(|v| {
                v.as_str()
                    .or_else(|| v.get("cweId").and_then(Value::as_str))
            })
            .map(str::to_ascii_lowercase)
            .collect::<Vec<_>>()
    };
    texts("cwe_ids")
        .iter()
        .chain(&texts("cwes"))
        .any(|c| c == "cwe-506")
        || texts("type")
            .iter()
            .chain(&texts("categories"))
            .any(|t| t == "malware" || t == "malicious")
}

/// GitHub says it itself (its unreviewed half mirrors any CVE text); the malicious
/// packages, RustSec and the Python database take a record in only by review.
fn reviewed(id: &str, record: &Record) -> bool {
    match record
        .database_specific
        .get("github_reviewed")
        .and_then(Value::as_bool)
    {
        Some(said) => said,
        None => ["MAL-", "RUSTSEC-", "PYSEC-"]
            .iter()
            .any(|p| id.starts_with(p)),
    }
}

#[cfg(test)]
mod tests;
