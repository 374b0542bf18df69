//! One release of a TOML lockfile (`Cargo.lock`, `uv.lock`, `poetry.lock`, `pylock.toml`) is
//! replaced by another version of the same package, and every other byte stays: what the client
//! itself would write, where nothing else has to move.
//!
//! It is for whoever knows that the other version asks for nothing that the lockfile does not
//! have already; [`moved`] cannot know that. What comes out is read again, and given back only
//! where it says what it should and nothing else changed.

use super::tree::{Node, toml};
use super::{Graph, Kind, Locked, Way};
use crate::pypi::normal_name;
use crate::{cargo, pypi};
use customs_model::{Digest, DigestAlgorithm, ReleaseId, Timestamp, Version, printable};
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::Range;

/// The release that comes.
#[derive(Debug, Clone)]
pub struct Incoming<'a> {
    /// Its version.
    pub version: &'a Version,
    /// Its files as the registry promises them; of a crate the one that it has.
    pub files: &'a [IncomingFile],
    /// The versions of Python that it is for, in the index's words. Of Python only.
    pub requires_python: Option<&'a str>,
    /// Names of packages that the old version asks for and this one does not.
    pub without: &'a [String],
}

/// One file of the release that comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomingFile {
    /// Its name, without a path.
    pub name: String,
    /// Where it is fetched from.
    pub url: String,
    /// Its SHA-256.
    pub digest: Digest,
    /// Bytes.
    pub size: Option<u64>,
    /// When it was uploaded.
    pub uploaded: Option<Timestamp>,
}

/// The lockfile with another version of one release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// All of it.
    pub text: String,
    /// What nobody asks for any more and went with it, as `name@version`.
    pub gone: Vec<String>,
}

/// Replaces a release of a lockfile by another version of its package.
///
/// # Errors
/// Why the client itself has to do it. One clause, safe to print.
pub fn moved(
    kind: Kind,
    text: &str,
    release: &ReleaseId,
    to: &Incoming<'_>,
) -> Result<Moved, String> {
    let form = Form::of(kind).ok_or("its lockfile is not one that is edited in place")?;
    let before = Graph::read(kind, text.as_bytes()).map_err(|why| why.to_string())?;
    let root = toml::parse(text).map_err(|_| "it is not TOML")?;
    let blocks = Blocks::of(form, text, &root)?;
    let at = blocks.find(release)?;
    blocks.stays_in_order(form, at, to.version)?;
    let mut changes = Changes::default();
    let block = blocks.get(at)?;
    changes.value(block.node, "version", &quoted(to.version.as_str())?)?;
    match form {
        Form::Cargo => of_cargo(text, &blocks, block, release, to, &mut changes)?,
        Form::Uv => of_uv(text, block, to, &mut changes)?,
        Form::Poetry => of_poetry(text, block, to, &mut changes)?,
        Form::Pylock => of_pylock(text, block, to, &mut changes)?,
    }
    let gone = orphans(form, &before, release, to.without)?;
    for number in &gone {
        let package = before.packages.get(*number).ok_or("it changed")?;
        let block = blocks.at_line(text, package.line)?;
        changes.cut(block.with_gap(text));
    }
    let after = changes.made(text)?;
    check(kind, &before, &after, release, to, gone.len())?;
    let name = |number: &usize| {
        let package = before.packages.get(*number)?;
        Some(format!("{}@{}", package.name, package.version))
    };
    Ok(Moved {
        text: after,
        gone: gone.iter().filter_map(name).collect(),
    })
}

/// The formats, by what an entry looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Cargo,
    Uv,
    Poetry,
    Pylock,
}

impl Form {
    const fn of(kind: Kind) -> Option<Self> {
        match kind {
            Kind::CargoLock => Some(Self::Cargo),
            Kind::UvLock => Some(Self::Uv),
            Kind::PoetryLock => Some(Self::Poetry),
            Kind::PylockToml => Some(Self::Pylock),
            Kind::PackageLock
            | Kind::PnpmLock
            | Kind::YarnClassic
            | Kind::YarnBerry
            | Kind::BunLock
            | Kind::RequirementsTxt => None,
        }
    }

    const fn table(self) -> &'static str {
        match self {
            Self::Cargo | Self::Uv | Self::Poetry => "package",
            Self::Pylock => "packages",
        }
    }

    fn is_same_name(self, a: &str, b: &str) -> bool {
        match self {
            Self::Cargo => a == b,
            Self::Uv | Self::Poetry | Self::Pylock => normal_name(a) == normal_name(b),
        }
    }

    fn compare(self, a: &str, b: &str) -> Option<Ordering> {
        match self {
            Self::Cargo => cargo::compare(a, b),
            Self::Uv | Self::Poetry | Self::Pylock => pypi::compare(a, b),
        }
    }
}

/// One entry of the file.
struct Block<'n, 't> {
    node: &'n Node<'t>,
    /// From its header to the next one's.
    span: Range<usize>,
}

impl Block<'_, '_> {
    fn says(&self, key: &str) -> &str {
        self.node.get_text(key).unwrap_or_default()
    }

    /// The block with one of the empty lines around it, for who cuts it out.
    fn with_gap(&self, text: &str) -> Range<usize> {
        let is_last = self.span.end == text.len();
        let before = text.get(..self.span.start).unwrap_or_default();
        let start = match is_last && before.ends_with("\n\n") {
            true => self.span.start - 1,
            false => self.span.start,
        };
        start..self.span.end
    }
}

/// The entries, in their order.
struct Blocks<'n, 't> {
    form: Form,
    all: Vec<Block<'n, 't>>,
}

impl<'n, 't> Blocks<'n, 't> {
    fn of(form: Form, text: &str, root: &'n Node<'t>) -> Result<Self, String> {
        let nodes = root.get(form.table()).map(Node::list).unwrap_or_default();
        let mut all = Vec::with_capacity(nodes.len());
        for (number, node) in nodes.iter().enumerate() {
            let start = node.at();
            let header = format!("[[{}]]", form.table());
            let starts = text
                .get(start..)
                .is_some_and(|rest| rest.starts_with(&header));
            if !starts {
                return Err("its entries are not written as its tool writes them".to_owned());
            }
            let end = match nodes.get(number + 1) {
                Some(next) => next.at(),
                None => end_of_last(form, text, start),
            };
            all.push(Block {
                node,
                span: start..end,
            });
        }
        Ok(Self { form, all })
    }

    fn get(&self, at: usize) -> Result<&Block<'n, 't>, String> {
        self.all.get(at).ok_or_else(|| "it changed".to_owned())
    }

    fn find(&self, release: &ReleaseId) -> Result<usize, String> {
        let name = release.package.as_str();
        let is_meant = |block: &&(usize, &Block<'_, '_>)| {
            let version = block.1.says("version");
            self.form.is_same_name(block.1.says("name"), name)
                && (version == release.version.as_str()
                    || self.form.compare(version, release.version.as_str())
                        == Some(Ordering::Equal))
        };
        let numbered: Vec<(usize, &Block<'_, '_>)> = self.all.iter().enumerate().collect();
        let found: Vec<usize> = numbered.iter().filter(is_meant).map(|one| one.0).collect();
        match found.as_slice() {
            [one] => Ok(*one),
            [] => Err("it has no entry of its own".to_owned()),
            _ => Err("it has several entries of this version".to_owned()),
        }
    }

    fn at_line(&self, text: &str, line: u32) -> Result<&Block<'n, 't>, String> {
        let above = text
            .split_inclusive('\n')
            .take((line as usize).saturating_sub(1));
        let at: usize = above.map(str::len).sum();
        let found = self.all.iter().find(|block| block.span.start == at);
        found.ok_or_else(|| "an entry is not where it was read".to_owned())
    }

    /// Entries of one name are in the order of their versions, and an entry of the version that
    /// comes must not be there already.
    fn stays_in_order(&self, form: Form, at: usize, to: &Version) -> Result<(), String> {
        let name = self.get(at)?.says("name");
        let beside = |number: Option<usize>| {
            let block = number.and_then(|number| self.all.get(number))?;
            form.is_same_name(block.says("name"), name)
                .then(|| form.compare(block.says("version"), to.as_str()))
        };
        let before = beside(at.checked_sub(1));
        let after = beside(at.checked_add(1));
        let fits = before.is_none_or(|order| order == Some(Ordering::Less))
            && after.is_none_or(|order| order == Some(Ordering::Greater));
        match fits {
            true => Ok(()),
            false => Err("the lockfile has other versions of it, and their order changes".into()),
        }
    }
}

/// Where the last entry ends: before the first table that is none of it.
fn end_of_last(form: Form, text: &str, start: usize) -> usize {
    let mut at = start;
    for line in text.get(start..).unwrap_or_default().split_inclusive('\n') {
        let header = line.trim_start_matches('[');
        let is_header = header.len() < line.len();
        let is_own = header
            .strip_prefix(form.table())
            .is_some_and(|rest| rest.starts_with(['.', ']']));
        if is_header && !is_own && at > start {
            return at;
        }
        at += line.len();
    }
    text.len()
}

/// What is put in the place of what.
#[derive(Default)]
struct Changes(Vec<(Range<usize>, String)>);

impl Changes {
    /// The value of a key.
    fn value(&mut self, node: &Node<'_>, key: &str, value: &str) -> Result<(), String> {
        let old = node
            .get(key)
            .ok_or_else(|| format!("its entry has no {key}"))?;
        self.0.push((old.span(), value.to_owned()));
        Ok(())
    }

    fn put(&mut self, span: Range<usize>, text: String) {
        self.0.push((span, text));
    }

    fn cut(&mut self, span: Range<usize>) {
        self.0.push((span, String::new()));
    }

    fn made(mut self, text: &str) -> Result<String, String> {
        self.0.sort_by_key(|(span, _)| span.start);
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for (span, new) in &self.0 {
            let kept = text.get(at..span.start);
            out.push_str(kept.ok_or("its entry is not written as its tool writes it")?);
            out.push_str(new);
            at = span.end;
        }
        out.push_str(text.get(at..).unwrap_or_default());
        Ok(out)
    }
}

fn of_cargo(
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

fn of_uv(
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

fn of_poetry(
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

fn of_pylock(
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

/// Which members the files of an entry have.
struct Has {
    name: bool,
    size: bool,
    uploaded: bool,
}

impl Has {
    fn of(node: &Node<'_>) -> Result<Self, String> {
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
fn files(
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
fn items_without(
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

/// The packages that somebody asked for before, and nobody asks for any more.
fn orphans(
    form: Form,
    graph: &Graph,
    release: &ReleaseId,
    without: &[String],
) -> Result<Vec<usize>, String> {
    if without.is_empty() {
        return Ok(Vec::new());
    }
    if !graph.roots_known {
        return Err("the lockfile does not say what the project itself asks for".to_owned());
    }
    let was = graph.ways();
    let mut after = graph.clone();
    for package in &mut after.packages {
        let of = package
            .entry
            .and_then(|entry| graph.lockfile.entries.get(entry));
        if of.is_some_and(|of| of.release == *release) {
            let goes = |name: &str| without.iter().any(|gone| form.is_same_name(gone, name));
            package.asks.retain(|ask| !goes(&ask.name));
        }
    }
    let now = after.ways();
    let both = was.iter().zip(&now).enumerate();
    Ok(both
        .filter(|(_, (was, now))| **was != Way::Nobody && **now == Way::Nobody)
        .map(|(number, _)| number)
        .collect())
}

/// What was made says the other version with its digests, and of everything else the same.
fn check(
    kind: Kind,
    before: &Graph,
    after: &str,
    release: &ReleaseId,
    to: &Incoming<'_>,
    gone: usize,
) -> Result<(), String> {
    let wrong = || "its entry is not written as its tool writes it".to_owned();
    let after = Graph::read(kind, after.as_bytes()).map_err(|_| wrong())?;
    let is_other = |entry: &&Locked| entry.release.package == release.package;
    let plain = |entry: &Locked| {
        let digests: BTreeSet<String> = entry.digests.iter().map(ToString::to_string).collect();
        (entry.release.to_string(), entry.resolved.clone(), digests)
    };
    let old: BTreeSet<_> = before.lockfile.entries.iter().map(plain).collect();
    let new: BTreeSet<_> = after.lockfile.entries.iter().map(plain).collect();
    let came: Vec<_> = new.difference(&old).collect();
    let went: Vec<_> = old.difference(&new).collect();
    let promised: BTreeSet<String> = to
        .files
        .iter()
        .map(|file| file.digest.to_string())
        .collect();
    let wanted = ReleaseId::new(release.package.clone(), to.version.clone()).to_string();
    let is_right = match came.as_slice() {
        [(name, _, digests)] => {
            *name == wanted && !digests.is_empty() && digests.is_subset(&promised)
        }
        _ => false,
    };
    let goes = went.iter().any(|(name, _, _)| *name == release.to_string());
    let is_there = after
        .lockfile
        .entries
        .iter()
        .filter(is_other)
        .any(|entry| entry.release == *release);
    match is_right && goes && !is_there && went.len() == gone + 1 {
        true => Ok(()),
        false => Err(wrong()),
    }
}

fn sha256(file: &IncomingFile) -> Result<String, String> {
    match file.digest.algorithm() == DigestAlgorithm::Sha256 {
        true => Ok(file.digest.to_hex()),
        false => Err("its registry promises no SHA-256 for the files of the other version".into()),
    }
}

/// A text as TOML writes it, without a sign that would have to be written in another way.
fn quoted(text: &str) -> Result<String, String> {
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

fn line_end(text: &str) -> &'static str {
    match text.contains("\r\n") {
        true => "\r\n",
        false => "\n",
    }
}

#[cfg(test)]
mod tests;
