//! What an entry says of another version, format by format.

use super::blocks::{Block, Blocks, Changes};
use super::files::{Has, files, items_without, line_end};
use super::{Form, Incoming, IncomingFile};
use crate::lockfile::tree::Node;
use customs_model::{DigestAlgorithm, ReleaseId, Timestamp, printable};
use std::fmt::Write as _;

pub(super) fn of_cargo(
    text: &str,
    blocks: &Blocks<'_, '_>,
    block: &Block<'_, '_>,
    release: &ReleaseId,
    to: &Incoming<'_>,
    changes: &mut Changes,
) -> Result<(), String> {
    let [file] = to.files else {
        return Err("its registry does not promise one file of the other version".to_owned());
    };
    let sum = sha256(file)?;
    changes.value(block.node, "checksum", &format!("\"{sum}\""))?;
    let list = block.node.get("dependencies");
    items_without(text, Form::Cargo, list, to.without, changes)?;
    // Where several versions of a name are locked, who asks for one names its version.
    let old = format!("{} {}", release.package, release.version);
    let items = blocks.all.iter().flat_map(|other| {
        let list = other.node.get("dependencies").map(Node::list);
        list.unwrap_or_default()
    });
    for item in items {
        let Some(rest) = item.text().and_then(|text| text.strip_prefix(&old)) else {
            continue;
        };
        if rest.is_empty() || rest.starts_with(' ') {
            let new = format!("{} {}{rest}", release.package, to.version);
            changes.put(item.span(), quoted(&new)?);
        }
    }
    Ok(())
}

pub(super) fn of_uv(
    text: &str,
    block: &Block<'_, '_>,
    to: &Incoming<'_>,
    changes: &mut Changes,
) -> Result<(), String> {
    let from_registry = block
        .node
        .get("source")
        .is_some_and(|it| it.get("registry").is_some());
    if !from_registry {
        return Err("it does not come from a registry".to_owned());
    }
    // Where a name stands twice, who asks for one says which.
    if text.contains(&format!("{{ name = \"{}\", version = ", block.says("name"))) {
        return Err("the lockfile has other versions of it".to_owned());
    }
    items_without(
        text,
        Form::Uv,
        block.node.get("dependencies"),
        to.without,
        changes,
    )?;
    let has = Has::of(block.node)?;
    let line = |file: &IncomingFile| -> Result<String, String> {
        let mut out = format!(
            "{{ url = {}, hash = \"sha256:{}\"",
            quoted(&file.url)?,
            sha256(file)?
        );
        if let Some(size) = file.size.filter(|_| has.size) {
            let _ = write!(out, ", size = {size}");
        }
        if let Some(at) = file.uploaded.filter(|_| has.uploaded) {
            let _ = write!(out, ", upload-time = \"{}\"", instant(at));
        }
        out.push_str(" }");
        Ok(out)
    };
    files(text, block, to, &line, changes)
}

pub(super) fn of_poetry(
    text: &str,
    block: &Block<'_, '_>,
    to: &Incoming<'_>,
    changes: &mut Changes,
) -> Result<(), String> {
    if !to.without.is_empty() {
        return Err("the other version asks for less, and poetry.lock does not tell what of it the project itself needs".into());
    }
    let list = block.node.get("files").filter(|it| !it.list().is_empty());
    let list = list.ok_or("its entry does not list its files")?;
    let has_url = list.list().iter().any(|file| file.get("url").is_some());
    let mut files: Vec<&IncomingFile> = to.files.iter().collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let end = line_end(text);
    let mut out = format!("[{end}");
    for file in files {
        let _ = write!(
            out,
            "    {{file = {}, hash = \"sha256:{}\"",
            quoted(&file.name)?,
            sha256(file)?
        );
        if has_url {
            let _ = write!(out, ", url = {}", quoted(&file.url)?);
        }
        let _ = write!(out, "}},{end}");
    }
    out.push(']');
    changes.put(list.span(), out);
    let python = to.requires_python.filter(|it| !it.trim().is_empty());
    changes.value(
        block.node,
        "python-versions",
        &quoted(python.unwrap_or("*"))?,
    )
}

pub(super) fn of_pylock(
    text: &str,
    block: &Block<'_, '_>,
    to: &Incoming<'_>,
    changes: &mut Changes,
) -> Result<(), String> {
    for key in ["vcs", "directory", "archive"] {
        if block.node.get(key).is_some() {
            return Err("it does not come from a registry".to_owned());
        }
    }
    if block.node.get("attestation-identities").is_some() {
        return Err(
            "its entry names who built it, which nobody here knows of the other version".into(),
        );
    }
    if !to.without.is_empty() {
        return Err("the other version asks for less, and pylock.toml does not tell what of it the project itself needs".into());
    }
    if block.node.get("requires-python").is_some() {
        match to.requires_python {
            Some(python) => changes.value(block.node, "requires-python", &quoted(python)?)?,
            None => {
                return Err(
                    "its entry says for which Python it is, and the other version does not".into(),
                );
            }
        }
    }
    let has = Has::of(block.node)?;
    let line = |file: &IncomingFile| -> Result<String, String> {
        let mut out = "{ ".to_owned();
        if has.name {
            let _ = write!(out, "name = {}, ", quoted(&file.name)?);
        }
        let _ = write!(out, "url = {}, ", quoted(&file.url)?);
        if let Some(at) = file.uploaded.filter(|_| has.uploaded) {
            let _ = write!(out, "upload-time = {}, ", instant(at));
        }
        if let Some(size) = file.size.filter(|_| has.size) {
            let _ = write!(out, "size = {size}, ");
        }
        let _ = write!(out, "hashes = {{ sha256 = \"{}\" }} }}", sha256(file)?);
        Ok(out)
    };
    files(text, block, to, &line, changes)
}

fn sha256(file: &IncomingFile) -> Result<String, String> {
    match file.digest.algorithm() == DigestAlgorithm::Sha256 {
        true => Ok(file.digest.to_hex()),
        false => Err("its registry promises no SHA-256 for the files of the other version".into()),
    }
}

/// A text as TOML writes it, without a sign that would have to be written in another way.
pub(super) fn quoted(text: &str) -> Result<String, String> {
    let is_odd = |c: char| matches!(c, '"' | '\\') || c.is_control();
    match text.contains(is_odd) {
        true => Err(format!(
            "{} cannot be written into it",
            printable(text, 100)
        )),
        false => Ok(format!("\"{text}\"")),
    }
}

/// An instant as uv writes it: milliseconds at most, and no zero at the end.
fn instant(at: Timestamp) -> String {
    let text = format!("{at:.3}");
    let text = text.trim_end_matches('Z');
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => text,
    };
    format!("{text}Z")
}
