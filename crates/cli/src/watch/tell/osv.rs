//! Drafts of advisories in the OSV format: one file for each release that was found to be
//! malicious, exact in its versions, with the evidence.
//!
//! A draft says what a program saw. Its id begins with `LOCAL-`, which no database claims,
//! so that nobody takes it for a reviewed record; whoever reviews it gives it another.
//! `--advisories` reads the folder.

use super::super::news::News;
use crate::error::{Doing as _, Failure};
use crate::paths;
use customs_model::{Digest, Ecosystem, Finding, Severity, Standing};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Characters of a release's name in an id.
const SLUG: usize = 80;

/// Writes the draft of a malicious release; none of any other.
///
/// # Errors
/// The file cannot be written.
pub(super) fn write(folder: &Path, news: &News) -> Result<Option<PathBuf>, Failure> {
    let Some(draft) = draft(news) else {
        return Ok(None);
    };
    let path = folder.join(format!("{}.json", id(news)));
    let mut bytes = serde_json::to_vec_pretty(&draft).doing("write the draft of an advisory")?;
    bytes.push(b'\n');
    paths::private_file(&path, &bytes)?;
    Ok(Some(path))
}

/// The record.
fn draft(news: &News) -> Option<Value> {
    if news.verdict.standing != Standing::Malicious {
        return None;
    }
    let release = &news.release;
    let ecosystem = ecosystem(release.package.ecosystem());
    let purl = release.to_string();
    // The package URL of a package is that of its release without the version.
    let package = purl
        .rsplit_once('@')
        .map_or(purl.as_str(), |(head, _)| head);
    let proofs: Vec<&Finding> = news
        .verdict
        .findings
        .iter()
        .filter(|finding| finding.severity > Severity::Note)
        .collect();
    let details: Vec<String> = proofs
        .iter()
        .map(|finding| format!("- {}: {}", finding.rule, finding.message))
        .collect();
    Some(json!({
        "schema_version": "1.7.0",
        "id": id(news),
        "modified": news.judged.to_string(),
        "published": news.judged.to_string(),
        "summary": format!("Malicious code in {} ({ecosystem})", release.spoken()),
        "details": format!(
            "Draft. A program read the code of this release and found:\n\n{}\n\nNobody has reviewed it.",
            details.join("\n")
        ),
        "affected": [{
            "package": {
                "ecosystem": ecosystem,
                "name": release.package.as_str(),
                "purl": package,
            },
            "versions": [release.version.as_str()],
            "database_specific": { "cwes": [{ "cweId": "CWE-506" }] },
        }],
        "database_specific": {
            "customs": {
                "status": "draft: made by a program, reviewed by nobody",
                "version": env!("CARGO_PKG_VERSION"),
                "release": purl,
                "files": news.files,
                "release_published": news.published,
                "findings": proofs.iter().map(|finding| evidence(finding)).collect::<Vec<_>>(),
                "not_checked": news.verdict.not_checked,
            },
        },
    }))
}

/// A finding with the way that leads to it.
fn evidence(finding: &Finding) -> Value {
    let path: Vec<Value> = finding
        .path
        .iter()
        .map(|hop| {
            json!({
                "what": hop.what,
                "file": hop.at.file,
                "line": hop.at.line,
                "column": hop.at.column,
            })
        })
        .collect();
    json!({
        "rule": finding.rule,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "message": finding.message,
        "path": path,
    })
}

/// `LOCAL-npm-left-pad-1.0.1-3f2a…`: readable, safe as a file name, and of its own for
/// each release and set of files.
fn id(news: &News) -> String {
    let release = &news.release;
    let kind = release.package.ecosystem().purl_type();
    let slug: String = format!("{kind}-{}-{}", release.package, release.version)
        .chars()
        .filter(|c| *c != '@')
        .map(|c| match c {
            c if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') => c,
            _ => '-',
        })
        .take(SLUG)
        .collect();
    let exact = format!("{release}\n{}", news.files.join("\n"));
    let digest = Digest::sha256(exact.as_bytes()).to_hex();
    format!("LOCAL-{slug}-{}", &digest[..12])
}

/// As the schema names them.
const fn ecosystem(of: Ecosystem) -> &'static str {
    match of {
        Ecosystem::Npm => "npm",
        Ecosystem::PyPi => "PyPI",
        Ecosystem::Cargo => "crates.io",
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::news::testing::{bad_news, clean};
    use super::*;

    #[test]
    fn a_draft_names_the_exact_release_and_its_evidence_and_claims_no_review() {
        let draft = draft(&bad_news()).unwrap();
        let id = draft["id"].as_str().unwrap();
        assert!(id.starts_with("LOCAL-npm-left-pad-1.0.1-"), "{id}");
        assert_eq!(draft["modified"], "2026-05-01T12:00:42Z");
        assert!(draft.get("withdrawn").is_none());
        let affected = &draft["affected"][0];
        assert_eq!(affected["package"]["name"], "@left/pad");
        assert_eq!(affected["package"]["purl"], "pkg:npm/%40left/pad");
        assert_eq!(affected["versions"], json!(["1.0.1"]));
        assert!(affected.get("ranges").is_none());
        let customs = &draft["database_specific"]["customs"];
        assert_eq!(customs["findings"][0]["path"][1]["line"], 2);
        assert!(customs["status"].as_str().unwrap().contains("nobody"));
    }

    #[test]
    fn what_is_not_malicious_gets_no_draft() {
        let mut news = bad_news();
        news.verdict = clean();
        assert_eq!(draft(&news), None);
        news.verdict.standing = Standing::Suspicious;
        assert_eq!(draft(&news), None);
    }

    #[test]
    fn each_release_has_a_file_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let mut news = bad_news();
        let first = write(folder.path(), &news).unwrap().unwrap();
        let again = write(folder.path(), &news).unwrap().unwrap();
        assert_eq!(first, again);
        news.files = vec!["pad-1.0.1-py3-none-any.whl".to_owned()];
        let other = write(folder.path(), &news).unwrap().unwrap();
        assert_ne!(first, other);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
