//! Advisories from an npm registry's own audit endpoint, where no other source of them
//! is configured.
//!
//! It is asked for packages that have a young release only: that is where malware is,
//! and a question per package of a project would be slower than the install.

use crate::http::{Ask, Fetcher};
use crate::upstream::Upstream;
use customs_ecosystem::npm::{NpmVersion, Range};
use customs_model::{AdvisoryMatch, Known, PackageName, SignedDuration, Timestamp, printable};
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

const ENDPOINT: &str = "-/npm/v1/security/advisories/bulk";
/// How long an answer counts, and how long an upstream without the endpoint is let be.
const FRESH: SignedDuration = SignedDuration::from_mins(30);
/// Bytes of an answer.
const LONGEST: usize = 8 << 20;
/// Packages whose answers are remembered.
const MOST: usize = 4096;
/// "Embedded malicious code", the weakness that malware advisories carry.
const MALICIOUS: &str = "CWE-506";

/// What a registry's audit says about a package.
pub type Audit = Known<Arc<Vec<Entry>>>;

/// One advisory of an audit.
#[derive(Debug)]
pub struct Entry {
    id: String,
    title: String,
    versions: Range,
    malicious: bool,
}

impl Entry {
    /// The advisory about a version, if it is about it.
    pub fn about(&self, version: &str, source: &str) -> Option<AdvisoryMatch> {
        let version = NpmVersion::parse(version)?;
        self.versions.satisfied_by(&version).then(|| AdvisoryMatch {
            id: self.id.clone(),
            malicious: self.malicious,
            summary: self.title.clone(),
            source: source.to_owned(),
            // The registry's own, so nobody outside need have looked at it.
            reviewed: false,
            fixed_in: Vec::new(),
        })
    }
}

#[derive(Deserialize)]
struct Raw {
    id: Option<serde_json::Value>,
    url: Option<String>,
    title: Option<String>,
    vulnerable_versions: Option<String>,
    #[serde(default)]
    cwe: serde_json::Value,
}

/// Asks, and remembers what was answered.
#[derive(Debug)]
pub struct Audits {
    fetcher: Fetcher,
    answers: Mutex<HashMap<String, (Timestamp, Audit)>>,
}

impl Audits {
    /// Nothing was asked yet.
    pub fn new(fetcher: Fetcher) -> Self {
        Self {
            fetcher,
            answers: Mutex::default(),
        }
    }

    /// What the upstream's audit knows about versions of a package. *Not applicable*
    /// where it has no such endpoint.
    pub async fn about(
        &self,
        upstream: &Upstream,
        package: &PackageName,
        versions: &[&str],
        now: Timestamp,
    ) -> Audit {
        let host = upstream.shown();
        let key = format!("{host} {package} {}", versions.join(" "));
        for key in [&host, &key] {
            if let Some(known) = self.recall(key, now) {
                return known;
            }
        }
        let answer = self.ask(upstream, package, versions).await;
        let under = if matches!(answer, Known::NotApplicable) {
            host
        } else {
            key
        };
        // What could not be asked is asked again.
        if matches!(answer, Known::NotKnown(_)) {
            return answer;
        }
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() >= MOST {
            answers.clear();
        }
        answers.insert(under, (now, answer.clone()));
        answer
    }

    fn recall(&self, key: &str, now: Timestamp) -> Option<Audit> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, answer) = answers.get(key)?;
        (now.duration_since(*at).abs() < FRESH).then(|| answer.clone())
    }

    async fn ask(&self, upstream: &Upstream, package: &PackageName, versions: &[&str]) -> Audit {
        let unknown = |why: &str| Known::not_known(format!("the registry's audit: {why}"));
        let Ok(url) = upstream.join(ENDPOINT) else {
            return Known::NotApplicable;
        };
        let body = serde_json::json!({ package.as_str(): versions }).to_string();
        let ask = Ask {
            method: Method::POST,
            body: Some(body.into()),
            ..Ask::get(url).header(CONTENT_TYPE, "application/json")
        };
        let response = match self.fetcher.ask(upstream, ask).await {
            Ok(response) => response,
            Err(error) => return unknown(&error.to_string()),
        };
        match response.status().as_u16() {
            200 => {}
            404 | 405 | 410 | 501 => return Known::NotApplicable,
            status => return unknown(&format!("it answered {status}")),
        }
        match crate::http::bounded(response, LONGEST).await {
            Ok(bytes) => match read(&bytes, package) {
                Ok(entries) => Known::Is(Arc::new(entries)),
                Err(error) => unknown(&error.to_string()),
            },
            Err(error) => unknown(&error.to_string()),
        }
    }
}

fn read(bytes: &[u8], package: &PackageName) -> Result<Vec<Entry>, serde_json::Error> {
    let mut all: HashMap<String, Vec<Raw>> = serde_json::from_slice(bytes)?;
    let ours = all.remove(package.as_str()).unwrap_or_default();
    Ok(ours.into_iter().take(1000).filter_map(entry).collect())
}

fn entry(raw: Raw) -> Option<Entry> {
    let versions = Range::parse(raw.vulnerable_versions.as_deref()?)?;
    let id = raw
        .url
        .as_deref()
        .and_then(|url| url.rsplit('/').next())
        .map(str::to_owned)
        .or_else(|| raw.id.map(|id| id.to_string()))?;
    let malicious = match &raw.cwe {
        serde_json::Value::Array(all) => all.iter().any(|cwe| cwe == MALICIOUS),
        other => other == MALICIOUS,
    };
    Some(Entry {
        id: printable(&id, 60),
        title: printable(raw.title.as_deref().unwrap_or("no title"), 200),
        versions,
        malicious,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::Ecosystem;

    #[test]
    fn malware_is_told_from_a_mere_vulnerability() {
        let name = PackageName::new(Ecosystem::Npm, "axios").unwrap();
        let bytes = br#"{"axios":[
            {"id":1,"url":"https://advisories.example/GHSA-aaaa","title":"Malware in axios","severity":"critical","vulnerable_versions":"=1.14.1","cwe":["CWE-506"]},
            {"id":2,"url":"https://advisories.example/GHSA-bbbb","title":"SSRF","severity":"high","vulnerable_versions":"<1.8.2","cwe":["CWE-918"]},
            {"id":3,"title":"no versions"}]}"#;
        let entries = read(bytes, &name).unwrap();
        assert_eq!(entries.len(), 2);
        let about = |version: &str| -> Vec<(String, bool)> {
            let found = entries.iter().filter_map(|e| e.about(version, "audit"));
            found.map(|m| (m.id, m.malicious)).collect()
        };
        assert_eq!(about("1.14.1"), [("GHSA-aaaa".to_owned(), true)]);
        assert_eq!(about("1.0.0"), [("GHSA-bbbb".to_owned(), false)]);
        assert!(about("1.14.0").is_empty());
        assert!(read(b"<html>", &name).is_err());
    }
}
