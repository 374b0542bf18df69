//! The JSON form of a project's page (PEP 691, 700, 714, 740, 792).

use super::file::{Claim, Yanked};
use super::simple::{Project, SimpleError, Status, limit};
use crate::json::{JsonError, JsonReader};
use customs_model::{PackageName, printable};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use url::Url;

/// Reads a page in one streaming pass: never more than one entry is held as text.
///
/// `address` is where the page was read, after redirects: relative addresses of files
/// are resolved against it.
///
/// # Errors
/// Not JSON, not a project's page, another project's page, or beyond a bound. A single
/// entry that cannot be read is no error: it is counted and left out.
pub fn parse_json(
    source: impl Read,
    address: &Url,
    package: &PackageName,
) -> Result<Project, SimpleError> {
    let mut reader = JsonReader::new(source.take(limit::BYTES + 1));
    let result = read(&mut reader, address, package);
    if reader.offset() > limit::BYTES {
        return Err(SimpleError::TooLong);
    }
    result
}

fn read<R: Read>(
    reader: &mut JsonReader<R>,
    address: &Url,
    package: &PackageName,
) -> Result<Project, SimpleError> {
    let mut project = Project::empty(package);
    let mut has_files = false;
    // The walker knows only its own errors; ours waits here.
    let mut refused = None;
    let walked = reader.object(|reader, key| {
        let outcome = match key {
            "meta" => meta(reader, &mut project)?,
            "name" => match reader.string_or_skip()? {
                Some(name) => project.check_name(&name),
                None => Ok(()),
            },
            "project-status" => {
                project.status = status(reader)?;
                Ok(())
            }
            "files" => {
                has_files = true;
                files(reader, &mut project, address)?
            }
            _ => {
                reader.skip()?;
                Ok(())
            }
        };
        if let Err(error) = outcome {
            refused.get_or_insert(error);
        }
        Ok(())
    });
    // A refusal may leave the walker in the middle of a list, so it comes first.
    if let Some(error) = refused {
        return Err(error);
    }
    walked?;
    reader.end()?;
    if !has_files {
        return Err(SimpleError::NoFiles);
    }
    Ok(project)
}

/// An error of the page within an error of the text.
type Outcome = Result<Result<(), SimpleError>, JsonError>;

fn meta<R: Read>(reader: &mut JsonReader<R>, project: &mut Project) -> Outcome {
    if reader.peek()? != b'{' {
        reader.skip()?;
        return Ok(Ok(()));
    }
    let mut outcome = Ok(());
    reader.object(|reader, key| {
        if key == "api-version" {
            if let Some(version) = reader.string_or_skip()? {
                outcome = project.set_api_version(&version);
            }
            return Ok(());
        }
        reader.skip()
    })?;
    Ok(outcome)
}

fn status<R: Read>(reader: &mut JsonReader<R>) -> Result<Option<Status>, JsonError> {
    if reader.peek()? != b'{' {
        let bare = reader.string_or_skip()?;
        return Ok(bare.map(|status| Status {
            status: printable(&status, 40),
            reason: None,
        }));
    }
    let mut status = Status::default();
    reader.object(|reader, key| {
        match key {
            // The specification's text says `state`, its example `status`.
            "status" | "state" => {
                if let Some(text) = reader.string_or_skip()? {
                    status.status = printable(&text, 40);
                }
            }
            "reason" => status.reason = reader.string_or_skip()?.map(|r| printable(&r, 1000)),
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    Ok(Some(status).filter(|s| !s.status.is_empty()))
}

fn files<R: Read>(reader: &mut JsonReader<R>, project: &mut Project, address: &Url) -> Outcome {
    reader.expect(b'[', "a list of files was expected")?;
    let mut entry = Entry::default();
    if reader.peek()? == b']' {
        reader.expect(b']', "the end of the list of files was expected")?;
        return Ok(Ok(()));
    }
    loop {
        entry.clear();
        reader.copy(&mut entry)?;
        if let Err(refused) = project.take(entry.claim(), address) {
            return Ok(Err(refused));
        }
        if reader.peek()? != b',' {
            reader.expect(b']', "a comma or the end of the list of files was expected")?;
            return Ok(Ok(()));
        }
        reader.expect(b',', "a comma was expected")?;
    }
}

/// The bytes of one entry; what is beyond the bound is dropped, and the entry with it.
#[derive(Default)]
struct Entry {
    bytes: Vec<u8>,
    over: bool,
}

impl Entry {
    fn clear(&mut self) {
        self.bytes.clear();
        self.over = false;
    }

    fn claim(&self) -> Option<Claim> {
        if self.over {
            return None;
        }
        let raw: RawFile = serde_json::from_slice(&self.bytes).ok()?;
        Some(raw.into())
    }
}

impl Write for Entry {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > limit::FILE {
            self.over = true;
        } else {
            self.bytes.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RawFile {
    filename: String,
    url: String,
    #[serde(default)]
    hashes: BTreeMap<String, String>,
    size: Option<u64>,
    upload_time: Option<String>,
    requires_python: Option<String>,
    yanked: Option<FlagOr<String>>,
    core_metadata: Option<FlagOr<BTreeMap<String, String>>>,
    dist_info_metadata: Option<FlagOr<BTreeMap<String, String>>>,
    // What one large index wrote by mistake before PEP 714.
    data_dist_info_metadata: Option<FlagOr<BTreeMap<String, String>>>,
    provenance: Option<String>,
    gpg_sig: Option<bool>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum FlagOr<T> {
    Flag(bool),
    Value(T),
}

impl From<RawFile> for Claim {
    fn from(raw: RawFile) -> Self {
        let offered = raw
            .core_metadata
            .or(raw.dist_info_metadata)
            .or(raw.data_dist_info_metadata);
        Self {
            filename: raw.filename,
            url: raw.url,
            hashes: raw.hashes.into_iter().collect(),
            size: raw.size,
            upload_time: raw.upload_time,
            requires_python: raw.requires_python,
            yanked: match raw.yanked {
                None | Some(FlagOr::Flag(false)) => Yanked::No,
                Some(FlagOr::Flag(true)) => Yanked::Yes(None),
                // An empty string is not truthy, which PEP 691 asks for.
                Some(FlagOr::Value(reason)) if reason.is_empty() => Yanked::No,
                Some(FlagOr::Value(reason)) => Yanked::Yes(Some(reason)),
            },
            core_metadata: match offered {
                None | Some(FlagOr::Flag(false)) => None,
                Some(FlagOr::Flag(true)) => Some(Vec::new()),
                Some(FlagOr::Value(hashes)) => Some(hashes.into_iter().collect()),
            },
            provenance: raw.provenance,
            gpg_sig: raw.gpg_sig,
        }
    }
}
