//! The lists of an entry: its files, and what it asks for.

use super::blocks::{Block, Changes};
use super::{Form, Incoming, IncomingFile};
use crate::lockfile::tree::Node;
use std::fmt::Write as _;
use std::ops::Range;

/// Which members the files of an entry have.
pub(super) struct Has {
    pub name: bool,
    pub size: bool,
    pub uploaded: bool,
}

impl Has {
    pub fn of(node: &Node<'_>) -> Result<Self, String> {
        let wheels = node.get("wheels").map(Node::list).unwrap_or_default();
        let all: Vec<&Node<'_>> = node.get("sdist").into_iter().chain(wheels).collect();
        if all.is_empty() {
            return Err("its entry lists no files".to_owned());
        }
        if all.iter().any(|file| file.get("url").is_none()) {
            return Err("its files do not come from addresses".to_owned());
        }
        let has = |key: &str| all.iter().all(|file| file.get(key).is_some());
        Ok(Self {
            name: has("name"),
            size: has("size"),
            uploaded: has("upload-time"),
        })
    }
}

/// Puts `sdist` and `wheels` of the release that comes where those of the old one stand. What was
/// written as tables of its own (`[[packages.wheels]]`) is written as values before the first.
pub(super) fn files(
    text: &str,
    block: &Block<'_, '_>,
    to: &Incoming<'_>,
    line: &dyn Fn(&IncomingFile) -> Result<String, String>,
    changes: &mut Changes,
) -> Result<(), String> {
    let end = line_end(text);
    let is_wheel = |file: &&IncomingFile| file.name.ends_with(".whl");
    let mut wheels: Vec<&IncomingFile> = to.files.iter().filter(is_wheel).collect();
    wheels.sort_by(|a, b| a.name.cmp(&b.name));
    let had = |key: &str| block.node.get(key).is_some();
    let sdists = to.files.iter().filter(|file| !is_wheel(file));
    // Of two source archives clients take the compressed tar.
    let sdist = sdists.max_by_key(|file| file.name.ends_with(".tar.gz"));
    let sdist = sdist.filter(|_| had("sdist") || wheels.is_empty());
    let mut out = String::new();
    if let Some(sdist) = sdist {
        let _ = write!(out, "sdist = {}{end}", line(sdist)?);
    }
    if !wheels.is_empty() {
        let _ = write!(out, "wheels = [{end}");
        for wheel in &wheels {
            let _ = write!(out, "    {},{end}", line(wheel)?);
        }
        let _ = write!(out, "]{end}");
    }
    if out.is_empty() {
        return Err("its registry has no file of the other version that could be installed".into());
    }
    let spans = file_lines(text, block)?;
    let mut spans = spans.into_iter();
    let first = spans.next().ok_or("its entry lists no files")?;
    let is_table = text
        .get(first.clone())
        .is_some_and(|it| it.trim_start().starts_with('['));
    match is_table {
        true => {
            // Values come before the first table of the entry.
            let at = first_table(text, block).unwrap_or(first.start);
            changes.put(at..at, out);
            // The empty line behind it stays.
            let table = text.get(first.clone()).unwrap_or_default();
            let kept = table.trim_end_matches(['\n', '\r']).len() + end.len();
            changes.cut(first.start..(first.start + kept).min(first.end));
        }
        false => changes.put(first, out),
    }
    for span in spans {
        changes.cut(span);
    }
    Ok(())
}

/// Whole lines of `sdist` and `wheels`, in their order, whichever way they are written.
fn file_lines(text: &str, block: &Block<'_, '_>) -> Result<Vec<Range<usize>>, String> {
    let mut spans: Vec<Range<usize>> = Vec::new();
    let mut at = block.span.start;
    let mut is_table = false;
    let inner = text.get(block.span.clone()).unwrap_or_default();
    let mut open: Option<usize> = None;
    for line in inner.split_inclusive('\n') {
        let span = at..at + line.len();
        at = span.end;
        if let Some(until) = open {
            if span.end <= until {
                extend(&mut spans, span);
                continue;
            }
            // The line on which the value ends.
            open = None;
            if span.start < until {
                extend(&mut spans, span);
                continue;
            }
        }
        let head = line.trim_end();
        if head.starts_with('[') {
            let name = head.trim_start_matches('[').trim_end_matches(']');
            let name = name.split_once('.').map_or("", |(_, name)| name);
            let name = name.split('.').next().unwrap_or_default();
            is_table = matches!(name, "sdist" | "wheels");
        }
        if is_table {
            extend(&mut spans, span);
            continue;
        }
        let key = head.split('=').next().unwrap_or_default().trim();
        if matches!(key, "sdist" | "wheels") && head.contains('=') {
            let value = block.node.get(key).ok_or("its entry lists no files")?;
            open = Some(value.span().end);
            spans.push(span.clone());
            if value.span().end <= span.end {
                open = None;
            }
        }
    }
    Ok(spans)
}

/// Adds lines to the last span where they follow it.
fn extend(spans: &mut Vec<Range<usize>>, line: Range<usize>) {
    match spans.last_mut() {
        Some(last) if last.end == line.start => last.end = line.end,
        _ => spans.push(line),
    }
}

/// Where the first table inside of an entry starts.
fn first_table(text: &str, block: &Block<'_, '_>) -> Option<usize> {
    let inner = text.get(block.span.clone())?;
    let mut at = block.span.start;
    for (number, line) in inner.split_inclusive('\n').enumerate() {
        if number > 0 && line.starts_with('[') {
            return Some(at);
        }
        at += line.len();
    }
    None
}

/// Takes items out of a list that has one on each line.
pub(super) fn items_without(
    text: &str,
    form: Form,
    list: Option<&Node<'_>>,
    without: &[String],
    changes: &mut Changes,
) -> Result<(), String> {
    let Some(list) = list.filter(|_| !without.is_empty()) else {
        return Ok(());
    };
    let name = |item: &Node<'_>| -> String {
        let written = item.get_text("name").or_else(|| item.text());
        let written = written.unwrap_or_default();
        written.split(' ').next().unwrap_or_default().to_owned()
    };
    let goes = |item: &&Node<'_>| {
        let name = name(item);
        without.iter().any(|gone| form.is_same_name(gone, &name))
    };
    let gone: Vec<&Node<'_>> = list.list().iter().filter(goes).collect();
    if gone.is_empty() {
        return Ok(());
    }
    if gone.len() == list.list().len() {
        // The key with its list.
        let before = text.get(..list.at()).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let end = after_line(text, list.span().end);
        changes.cut(start..end);
        return Ok(());
    }
    for item in gone {
        let before = text.get(..item.at()).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let end = after_line(text, item.span().end);
        let line = text.get(start..end).unwrap_or_default().trim();
        let own = text.get(item.span()).unwrap_or_default();
        if line.trim_end_matches(',') != own {
            return Err("its dependencies are not written one on a line".to_owned());
        }
        changes.cut(start..end);
    }
    Ok(())
}

fn after_line(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.find('\n').map_or(rest.len(), |end| end + 1)
}

pub(super) fn line_end(text: &str) -> &'static str {
    match text.contains("\r\n") {
        true => "\r\n",
        false => "\n",
    }
}
