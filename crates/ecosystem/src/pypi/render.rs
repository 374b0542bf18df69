//! What the gate serves of a project's page.

use super::file::{CoreMetadata, File, Yanked};
use super::html::escape;
use super::simple::Project;
use super::version::compare;
use customs_model::Digest;
use serde::{Serialize, Serializer};
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::io::{self, Write};

/// What becomes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// It is listed.
    Offer,
    /// It is left out.
    Hide,
}

/// Writes the JSON form with the files that `keep` offers, at the addresses that
/// `url_of` gives: they must end in the file's name, which is where pip and uv take it
/// from. `versions` names the versions that are left, in order.
///
/// # Errors
/// What `out` returns.
pub fn render_json(
    project: &Project,
    keep: impl Fn(&File) -> Show,
    url_of: impl Fn(&File) -> String,
    out: &mut impl Write,
) -> io::Result<()> {
    write!(
        out,
        r#"{{"meta":{{"api-version":"1.{}"}}"#,
        project.api_version.0
    )?;
    if let Some(status) = &project.status {
        out.write_all(br#","project-status":"#)?;
        let reason = status.reason.as_deref();
        let status = JsonStatus {
            status: &status.status,
            reason,
        };
        serde_json::to_writer(&mut *out, &status)?;
    }
    out.write_all(br#","name":"#)?;
    serde_json::to_writer(&mut *out, project.name.as_str())?;
    out.write_all(br#","files":["#)?;
    let mut versions = BTreeSet::new();
    let mut first = true;
    for file in offered(project, &keep) {
        if !std::mem::take(&mut first) {
            out.write_all(b",")?;
        }
        serde_json::to_writer(&mut *out, &JsonFile::new(file, url_of(file)))?;
        versions.extend(file.version.as_ref().map(|v| v.as_str()));
    }
    let mut versions: Vec<_> = versions.into_iter().collect();
    versions.sort_by(|a, b| compare(a, b).unwrap_or(Ordering::Equal));
    out.write_all(br#"],"versions":"#)?;
    serde_json::to_writer(&mut *out, &versions)?;
    out.write_all(b"}")
}

/// Writes the HTML form, with all that the JSON form says in attributes.
///
/// # Errors
/// What `out` returns.
pub fn render_html(
    project: &Project,
    keep: impl Fn(&File) -> Show,
    url_of: impl Fn(&File) -> String,
    out: &mut impl Write,
) -> io::Result<()> {
    let name = escape(project.name.as_str());
    write!(
        out,
        "<!DOCTYPE html>\n<html>\n<head>\n<meta name=\"pypi:repository-version\" content=\"1.{}\">\n",
        project.api_version.0
    )?;
    if let Some(status) = &project.status {
        html_meta("pypi:project-status", &status.status, out)?;
        if let Some(reason) = &status.reason {
            html_meta("pypi:project-status-reason", reason, out)?;
        }
    }
    write!(
        out,
        "<title>Links for {name}</title>\n</head>\n<body>\n<h1>Links for {name}</h1>\n"
    )?;
    for file in offered(project, &keep) {
        html_file(file, &url_of(file), out)?;
    }
    out.write_all(b"</body>\n</html>\n")
}

fn offered<'a>(
    project: &'a Project,
    keep: &impl Fn(&File) -> Show,
) -> impl Iterator<Item = &'a File> {
    project.files.iter().filter(|file| match keep(file) {
        Show::Offer => true,
        Show::Hide => false,
    })
}

#[derive(Serialize)]
struct JsonStatus<'a> {
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct JsonFile<'a> {
    filename: &'a str,
    url: String,
    hashes: Hashes<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upload_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requires_python: Option<&'a str>,
    yanked: FlagOr<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    core_metadata: Option<FlagOr<Hashes<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dist_info_metadata: Option<FlagOr<Hashes<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provenance: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gpg_sig: Option<bool>,
}

#[derive(Serialize, Clone, Copy)]
#[serde(untagged)]
enum FlagOr<T> {
    Flag(bool),
    Value(T),
}

#[derive(Clone, Copy)]
struct Hashes<'a>(&'a [Digest]);

impl Serialize for Hashes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|d| (d.algorithm().name(), d.to_hex())))
    }
}

impl<'a> JsonFile<'a> {
    fn new(file: &'a File, url: String) -> Self {
        let core_metadata = match &file.core_metadata {
            CoreMetadata::Absent => None,
            CoreMetadata::Offered(None) => Some(FlagOr::Flag(true)),
            CoreMetadata::Offered(Some(digest)) => {
                Some(FlagOr::Value(Hashes(std::slice::from_ref(digest))))
            }
        };
        Self {
            filename: &file.filename,
            url,
            hashes: Hashes(&file.digests),
            size: file.size,
            upload_time: file.upload_time_text(),
            requires_python: file.requires_python.as_deref(),
            yanked: match &file.yanked {
                Yanked::No => FlagOr::Flag(false),
                Yanked::Yes(None) => FlagOr::Flag(true),
                Yanked::Yes(Some(reason)) => FlagOr::Value(reason),
            },
            core_metadata,
            // The name that it had by mistake before PEP 714; older clients read it.
            dist_info_metadata: core_metadata,
            provenance: file.provenance.as_deref(),
            gpg_sig: file.gpg_sig,
        }
    }
}

fn html_meta(name: &str, content: &str, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "<meta name=\"{name}\" content=\"{}\">",
        escape(content)
    )
}

fn html_file(file: &File, url: &str, out: &mut impl Write) -> io::Result<()> {
    write!(out, "<a href=\"{}", escape(url))?;
    // A fragment holds one hash; pip takes any of these, and every index has SHA-256.
    let sha256 = |d: &&Digest| d.algorithm() == customs_model::DigestAlgorithm::Sha256;
    if let Some(digest) = file.digests.iter().find(sha256).or(file.digests.first()) {
        write!(out, "#{}={}", digest.algorithm().name(), digest.to_hex())?;
    }
    out.write_all(b"\"")?;
    let mut attribute = |name: &str, value: &str| write!(out, " data-{name}=\"{}\"", escape(value));
    if let Some(requires) = &file.requires_python {
        attribute("requires-python", requires)?;
    }
    if let Yanked::Yes(reason) = &file.yanked {
        attribute("yanked", reason.as_deref().unwrap_or_default())?;
    }
    if let CoreMetadata::Offered(digest) = &file.core_metadata {
        let value = digest.as_ref().map_or("true".to_owned(), |d| {
            format!("{}={}", d.algorithm().name(), d.to_hex())
        });
        attribute("core-metadata", &value)?;
        attribute("dist-info-metadata", &value)?;
    }
    if let Some(provenance) = &file.provenance {
        attribute("provenance", provenance)?;
    }
    if let Some(signed) = file.gpg_sig {
        attribute("gpg-sig", if signed { "true" } else { "false" })?;
    }
    if let Some(size) = file.size {
        attribute("size", &size.to_string())?;
    }
    if let Some(time) = file.upload_time_text() {
        attribute("upload-time", &time)?;
    }
    writeln!(out, ">{}</a><br>", escape(&file.filename))
}
