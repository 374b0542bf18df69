//! The HTML form of a project's page (PEP 503, 592, 629, 658, 740, 792).

use super::file::{Claim, Yanked};
use super::html::{Tag, tags};
use super::simple::{Project, SimpleError, Status, limit};
use customs_model::{PackageName, printable};
use std::io::{BufReader, Read};
use url::Url;

/// Reads a page in one streaming pass.
///
/// `address` is where the page was read, after redirects. HTML pages carry no upload
/// times; `data-upload-time` and `data-size` are read where an index adds them.
///
/// # Errors
/// A tag without an end, an unknown version of the format, or a page beyond a bound. A
/// link that cannot be read is no error: it is counted and left out.
pub fn parse_html(
    source: impl Read,
    address: &Url,
    package: &PackageName,
) -> Result<Project, SimpleError> {
    let mut project = Project::empty(package);
    let mut base = address.clone();
    let mut has_base = false;
    let mut source = BufReader::new(source.take(limit::BYTES + 1));
    let result = tags(&mut source, |tag| {
        match tag.name.as_str() {
            "base" if !has_base => {
                if let Some(href) = tag.get("href") {
                    has_base = true;
                    base = address.join(href).unwrap_or_else(|_| address.clone());
                }
            }
            "meta" => meta(&tag, &mut project)?,
            "a" => {
                if let Some(href) = tag.get("href").filter(|href| leads_to_file(href)) {
                    project.take(claim(&tag, href, &base), &base)?;
                }
            }
            _ => {}
        }
        Ok(())
    });
    if source.get_ref().limit() == 0 {
        return Err(SimpleError::TooLong);
    }
    result.map(|()| project)
}

/// Links to folders and to places in the page are navigation, not broken entries.
fn leads_to_file(href: &str) -> bool {
    let path = href.trim().split(['?', '#']).next().unwrap_or_default();
    !path.is_empty() && !path.ends_with('/') && path != ".." && path != "."
}

fn meta(tag: &Tag, project: &mut Project) -> Result<(), SimpleError> {
    let Some(content) = tag.get("content") else {
        return Ok(());
    };
    match tag.get("name").unwrap_or_default() {
        "pypi:repository-version" => project.set_api_version(content)?,
        "pypi:project-status" => {
            project.status.get_or_insert_default().status = printable(content, 40);
        }
        "pypi:project-status-reason" => {
            project.status.get_or_insert_with(Status::default).reason =
                Some(printable(content, 1000));
        }
        _ => {}
    }
    Ok(())
}

/// The file's name is the last segment of its address, as pip and uv take it.
fn claim(tag: &Tag, href: &str, base: &Url) -> Option<Claim> {
    let url = base.join(href.trim()).ok()?;
    let filename = percent_decoded(url.path_segments()?.next_back()?)?;
    let text = |name: &str| tag.get(name).map(str::to_owned);
    let fragment = url.fragment().unwrap_or_default();
    Some(Claim {
        filename,
        hashes: fragment.split('&').filter_map(hash).collect(),
        size: tag.get("data-size").and_then(|size| size.parse().ok()),
        upload_time: text("data-upload-time"),
        requires_python: text("data-requires-python"),
        yanked: match tag.get("data-yanked") {
            None => Yanked::No,
            Some("") => Yanked::Yes(None),
            Some(reason) => Yanked::Yes(Some(reason.to_owned())),
        },
        core_metadata: core_metadata(
            tag.get("data-core-metadata")
                .or_else(|| tag.get("data-dist-info-metadata")),
        ),
        provenance: text("data-provenance").filter(|url| !url.is_empty()),
        gpg_sig: tag.get("data-gpg-sig").map(|value| value == "true"),
        url: url.into(),
    })
}

fn hash(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=')?;
    Some((name.to_owned(), value.to_owned()))
}

fn core_metadata(value: Option<&str>) -> Option<Vec<(String, String)>> {
    match value? {
        "" | "false" => None,
        value => Some(hash(value).into_iter().collect()),
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let escaped = (*first == b'%')
            .then(|| {
                behind
                    .get(..2)
                    .and_then(|hex| std::str::from_utf8(hex).ok())
            })
            .flatten()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() {
            &behind[2..]
        } else {
            behind
        };
    }
    String::from_utf8(out).ok()
}
