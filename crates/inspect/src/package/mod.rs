//! A package as files that know each other: languages, specifiers, manifests.

mod ending;
mod link;

use crate::cargo::{self, Member, Members};
use crate::ir::{Language, Program};
use crate::limit::reading;
use crate::pure::{FileId, Surroundings};
use crate::shared::{self, Read, Shared};
use crate::text;
use crate::unpack::{Content, Kind, Tree};
use customs_model::Digest;
use ending::Endings;
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use std::cell::{Cell, OnceCell, RefCell};
use std::hash::Hasher as _;
use std::rc::Rc;
use std::sync::Arc;

/// Bytes of a path that systems open; nobody unpacks a longer one.
const LONGEST: usize = 4096;
/// Folders, from a file upwards, in which bundled dependencies are looked for.
const LEVELS: usize = 64;

/// What a package is made for, told by the files in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Make {
    /// A tarball of npm.
    Npm,
    /// A wheel.
    Wheel,
    /// A source distribution of Python.
    Sdist,
    /// A crate.
    Crate,
    /// Anything else.
    Other,
}

/// One file.
#[derive(Debug)]
pub struct File {
    /// Its path below the top folder of the archive.
    pub path: String,
    /// Its path as it stands in the archive.
    pub shown: String,
    /// Its bytes; none when they were not kept.
    pub bytes: Option<Arc<[u8]>>,
    /// The length of its content, kept or not.
    pub length: u64,
    /// What it is by content.
    pub kind: Kind,
    /// The language that its name or first line promises.
    language: Option<Language>,
    /// It was reached as code of this language, whatever its name.
    pub forced: Cell<Option<Language>>,
    read: OnceCell<Read>,
    /// Its program with the names in it that stand in tables of other files; none where it has
    /// none of them.
    linked: OnceCell<Option<Rc<Program>>>,
    digest: OnceCell<Box<Digest>>,
}

impl File {
    /// The SHA-256 of its bytes; none when they were not kept.
    pub fn digest(&self) -> Option<&Digest> {
        let bytes = self.bytes.as_deref()?;
        let digest = || Box::new(Digest::sha256(bytes));
        Some(self.digest.get_or_init(digest))
    }
}

/// What the specifiers of one file mean.
type Resolved = FxHashMap<Box<str>, Option<FileId>>;

/// All files of a package.
#[derive(Debug)]
pub struct Package {
    /// The files, in the order of the archive.
    pub files: Vec<File>,
    /// What it is.
    pub make: Make,
    /// Code that another module runs under its own name: it is no script.
    pub as_module: bool,
    /// Code in a text, with files that it may read or import: nothing else of it begins to run.
    pub of_text: bool,
    /// A library that nothing runs unasked was not followed.
    pub left_out: Cell<bool>,
    by_path: FxHashMap<String, FileId>,
    /// What specifiers of a file mean, as far as somebody asked.
    resolved: RefCell<FxHashMap<FileId, Resolved>>,
    /// Folders with bundled dependencies, by the hashes of their paths.
    bundling: FxHashSet<u64>,
    /// Crates in the archive that its own one depends on.
    members: OnceCell<Members>,
    /// Files by what their paths end with.
    endings: OnceCell<Endings>,
    /// Files that are no code by name and no JSON, by their lengths.
    by_length: OnceCell<FxHashMap<usize, Vec<FileId>>>,
    /// Expressions of all programs read so far.
    expressions: Cell<usize>,
    /// What files said that were read for other packages, where somebody reads several.
    pub shared: Option<Rc<Shared>>,
}

impl Package {
    /// The package in a tree, for who reads several.
    pub fn sharing(tree: &Tree, shared: Option<Rc<Shared>>) -> Self {
        Self {
            shared,
            ..Self::new(tree)
        }
    }

    /// The package in a tree.
    pub fn new(tree: &Tree) -> Self {
        let make = make_of(tree);
        let mut files = Vec::with_capacity(tree.entries.len());
        let mut by_path = FxHashMap::default();
        for entry in &tree.entries {
            if matches!(entry.content, Content::Link(_)) {
                continue;
            }
            let path = below_top(make, &entry.path).to_owned();
            let bytes = match &entry.content {
                Content::Whole(bytes) => Some(Arc::clone(bytes)),
                Content::Head(_) | Content::Link(_) => None,
            };
            let id = files.len() as FileId;
            // Of two with one path the later one is unpacked over the earlier one.
            by_path.insert(path.clone(), id);
            files.push(File {
                language: language_of(&path, bytes.as_deref()),
                path,
                shown: entry.path.clone(),
                bytes,
                length: entry.length,
                kind: entry.kind,
                forced: Cell::new(None),
                read: OnceCell::new(),
                linked: OnceCell::new(),
                digest: OnceCell::new(),
            });
        }
        let bundling = by_path.keys().flat_map(|path| bundling(path)).collect();
        Self {
            files,
            make,
            bundling,
            as_module: false,
            of_text: false,
            left_out: Cell::new(false),
            by_path,
            resolved: RefCell::default(),
            members: OnceCell::new(),
            endings: OnceCell::new(),
            by_length: OnceCell::new(),
            expressions: Cell::new(0),
            shared: None,
        }
    }

    /// The file at a path.
    pub fn find(&self, path: &str) -> Option<FileId> {
        self.by_path.get(&crate::unpack::plain(path)).copied()
    }

    /// The crates in the archive that its own one depends on.
    pub fn members(&self) -> &[Member] {
        &self.all_members().found
    }

    /// Whether there are more of these than are followed.
    pub fn has_more_members(&self) -> bool {
        self.all_members().cut
    }

    fn all_members(&self) -> &Members {
        self.members.get_or_init(|| match self.make {
            Make::Crate => cargo::members(self),
            _ => Members::default(),
        })
    }

    /// A file.
    pub fn file(&self, id: FileId) -> &File {
        &self.files[id as usize]
    }

    /// The ids of all files.
    pub fn ids(&self) -> impl Iterator<Item = FileId> + use<> {
        0..self.files.len() as FileId
    }

    /// The language that a file would be read in.
    pub fn language(&self, id: FileId) -> Option<Language> {
        let file = self.file(id);
        file.forced.get().or(file.language)
    }

    /// The text of a file of code, in UTF-8 as far as it is text.
    pub fn source(&self, id: FileId) -> Option<&[u8]> {
        match &self.read(id)?.own_text {
            Some(text) => Some(text.as_bytes()),
            None => self.file(id).bytes.as_deref(),
        }
    }

    /// The text of any file, for places in it: manifests and scripts of the shell are no
    /// programs here.
    pub fn text(&self, id: FileId) -> Option<&[u8]> {
        const LARGEST: usize = 1 << 20;
        self.source(id).or_else(|| {
            let bytes = self.file(id).bytes.as_deref()?;
            (bytes.len() <= LARGEST).then_some(bytes)
        })
    }

    /// How many characters of a file nobody sees.
    pub fn hidden(&self, id: FileId) -> usize {
        self.read(id).map_or(0, |read| read.hidden)
    }

    /// Why a file is no program, if somebody tried to read it.
    pub fn error(&self, id: FileId) -> Option<&str> {
        self.read(id)?.error.as_deref()
    }

    /// Whether parts of a file that was read are nested more deeply than is followed.
    pub fn is_cut(&self, id: FileId) -> bool {
        let file = self.file(id);
        file.read
            .get()
            .and_then(|read| read.program.as_ref())
            .is_some_and(|program| program.notes.contains(&reading::TOO_DEEP))
    }

    fn read(&self, id: FileId) -> Option<&Read> {
        let file = self.file(id);
        let language = self.language(id)?;
        let bytes = file.bytes.as_ref()?;
        Some(
            file.read
                .get_or_init(|| self.read_now(language, file, bytes)),
        )
    }

    /// The program of a file, as it is without the others.
    fn alone(&self, id: FileId) -> Option<Rc<Program>> {
        self.read(id)?.program.clone()
    }

    fn read_now(&self, language: Language, file: &File, bytes: &[u8]) -> Read {
        if bytes.len() > reading::SOURCE {
            return Read {
                program: None,
                own_text: None,
                hidden: text::decode(bytes).hidden,
                error: Some("it is larger than a source file that is read".into()),
            };
        }
        if self.expressions.get() > reading::EXPRESSIONS {
            let source = text::decode(bytes);
            return Read {
                program: None,
                own_text: shared::own(source.text),
                hidden: source.hidden,
                error: Some("the package has more code than is held at once".into()),
            };
        }
        let read = match &self.shared {
            Some(shared) => shared.read(language, &file.path, bytes, || file.digest()),
            None => shared::read(language, &file.path, bytes),
        };
        // One that was read for another package is held for this one as well.
        if let Some(program) = &read.program {
            self.expressions
                .set(self.expressions.get() + program.size());
        }
        read
    }

    fn by_length(&self) -> FxHashMap<usize, Vec<FileId>> {
        let mut all: FxHashMap<usize, Vec<FileId>> = FxHashMap::default();
        for id in self.ids() {
            let file = self.file(id);
            if file.language.is_none()
                && !file.path.ends_with(".json")
                && let Some(bytes) = &file.bytes
            {
                all.entry(bytes.len()).or_default().push(id);
            }
        }
        all
    }

    /// A file that a path means in JavaScript: with the endings that Node tries.
    pub fn node_file(&self, path: &str) -> Option<FileId> {
        if path.len() > LONGEST {
            return None;
        }
        let path = crate::unpack::plain(path);
        const ENDINGS: [&str; 12] = [
            "",
            ".js",
            ".json",
            ".node",
            ".cjs",
            ".mjs",
            ".ts",
            ".tsx",
            ".jsx",
            "/index.js",
            "/index.cjs",
            "/index.mjs",
        ];
        for ending in ENDINGS {
            if let Some(id) = self.by_path.get(&format!("{path}{ending}")) {
                return Some(*id);
            }
        }
        // TypeScript writes `./a.js` and means `./a.ts`.
        if let Some(stem) = path.strip_suffix(".js")
            && let Some(id) = self.by_path.get(&format!("{stem}.ts"))
        {
            return Some(*id);
        }
        // Electron reads what is in its archives as if it lay in a folder.
        if let Some((archive, inside)) = path.split_once(".asar/")
            && let Some(id) = self.node_file(&format!("{archive}.asar!/{inside}"))
        {
            return Some(id);
        }
        // A folder with a manifest of its own.
        let manifest = self.by_path.get(&format!("{path}/package.json"))?;
        let json: serde_json::Value =
            serde_json::from_slice(self.file(*manifest).bytes.as_deref()?).ok()?;
        let main = json.get("main")?.as_str()?;
        let main = crate::unpack::plain(&format!("{path}/{main}"));
        (main != path).then(|| self.node_file(&main)).flatten()
    }

    fn resolve_node(&self, from: FileId, specifier: &str) -> Option<FileId> {
        let here = folder(&self.file(from).path);
        // A path that was folded begins with where the file stands.
        if let Some(inside) = specifier.strip_prefix("\u{fdd0}package/") {
            return self.node_file(&inside.replace('\u{fdd1}', ""));
        }
        if specifier.starts_with("./")
            || specifier.starts_with("../")
            || specifier == "."
            || specifier == ".."
        {
            return self.node_file(&format!("{here}/{specifier}"));
        }
        if specifier.starts_with('/') || specifier.starts_with("node:") {
            return None;
        }
        // Bundled dependencies.
        let mut at = here;
        for _ in 0..LEVELS {
            if self.bundling.contains(&hash(at)) {
                let inside = join(at, &format!("node_modules/{specifier}"));
                if let Some(id) = self.node_file(&inside) {
                    return Some(id);
                }
            }
            if at.is_empty() {
                return None;
            }
            at = folder(at);
        }
        None
    }

    /// The file that a dotted module name means.
    fn resolve_python(&self, from: FileId, specifier: &str) -> Option<FileId> {
        let path = &self.file(from).path;
        let (base, name) = match specifier.find(|c| c != '.') {
            Some(0) => (None, specifier),
            at => {
                let dots = at.unwrap_or(specifier.len());
                let mut base = folder(path);
                for _ in 1..dots {
                    base = folder(base);
                }
                (Some(base), &specifier[dots..])
            }
        };
        let inner = name.replace('.', "/");
        let candidates: Vec<String> = match base {
            // `from . import a`: the package around.
            Some(base) if inner.is_empty() => vec![base.to_owned()],
            Some(base) => vec![join(base, &inner)],
            None => {
                let mut all = vec![inner.clone(), join("src", &inner), join("lib", &inner)];
                // A script sees its own folder.
                all.push(join(folder(path), &inner));
                all
            }
        };
        candidates.into_iter().find_map(|candidate| {
            [
                format!("{candidate}.py"),
                format!("{candidate}/__init__.py"),
            ]
            .iter()
            .find_map(|path| {
                let id = self.by_path.get(path.trim_start_matches('/')).copied();
                id.filter(|id| *id != from)
            })
        })
    }

    /// Whether code that imports a name gets a file of the package.
    pub fn resolves(&self, from: FileId, specifier: &str) -> Option<FileId> {
        // A file that is not read as code yet may be later.
        self.language(from)?;
        if let Some(known) = self
            .resolved
            .borrow()
            .get(&from)
            .and_then(|of| of.get(specifier))
        {
            return *known;
        }
        let found = self.resolve_now(from, specifier);
        self.resolved
            .borrow_mut()
            .entry(from)
            .or_default()
            .insert(specifier.into(), found);
        found
    }

    fn resolve_now(&self, from: FileId, specifier: &str) -> Option<FileId> {
        match self.language(from)? {
            Language::JavaScript => self.resolve_node(from, specifier),
            Language::Python => self.resolve_python(from, specifier),
            Language::Rust => self.resolve_rust(from, specifier),
        }
    }

    fn resolve_rust(&self, from: FileId, specifier: &str) -> Option<FileId> {
        let path = &self.file(from).path;
        if specifier.contains('/') || specifier.ends_with(".rs") {
            return self
                .by_path
                .get(&crate::unpack::plain(&join(folder(path), specifier)))
                .copied();
        }
        let name = path.rsplit('/').next().unwrap_or(path);
        let base = if matches!(name, "lib.rs" | "main.rs" | "mod.rs" | "build.rs") {
            folder(path).to_owned()
        } else {
            path.strip_suffix(".rs").unwrap_or(path).to_owned()
        };
        [
            join(&base, &format!("{specifier}.rs")),
            join(&base, &format!("{specifier}/mod.rs")),
        ]
        .iter()
        .find_map(|path| self.by_path.get(path).copied())
    }
}

impl Surroundings for Package {
    fn program(&self, file: FileId) -> Option<Rc<Program>> {
        let alone = self.alone(file)?;
        let linked = self
            .file(file)
            .linked
            .get_or_init(|| link::linked(self, file, &alone).map(Rc::new));
        Some(linked.clone().unwrap_or(alone))
    }

    fn resolve(&self, from: FileId, specifier: &str) -> Option<FileId> {
        let target = self.resolves(from, specifier)?;
        // Whatever it is called: what is required is read as code, unless it is data.
        let file = self.file(target);
        let data = file.path.ends_with(".json") || file.path.ends_with(".node");
        if self.language(target).is_none() && !data && file.kind.is_text() {
            file.forced.set(self.language(from));
        }
        Some(target)
    }

    fn data(&self, file: FileId) -> Option<Rc<[u8]>> {
        let file = self.file(file);
        file.path
            .ends_with(".json")
            .then(|| file.bytes.as_deref().map(Rc::from))
            .flatten()
    }

    fn content(&self, path: &str) -> Option<Rc<[u8]>> {
        let id = self.find(path)?;
        self.file(id)
            .bytes
            .as_deref()
            .filter(|bytes| bytes.len() <= crate::limit::evaluating::STRING)
            .map(Rc::from)
    }

    fn content_named(&self, name: &str) -> Option<Rc<[u8]>> {
        let endings = self.endings.get_or_init(|| Endings::of(&self.files));
        let file = endings.only(&self.files, name)?;
        file.bytes
            .as_deref()
            .filter(|bytes| bytes.len() <= crate::limit::evaluating::STRING)
            .map(Rc::from)
    }

    fn data_file(&self, from: FileId, text: &[u8]) -> Option<FileId> {
        const LEAST: usize = 8;
        if text.len() < LEAST {
            return None;
        }
        let as_long = self
            .by_length
            .get_or_init(|| self.by_length())
            .get(&text.len())?;
        let id = as_long
            .iter()
            .copied()
            .find(|id| self.file(*id).bytes.as_deref() == Some(text))?;
        let file = self.file(id);
        if self.language(id).is_none() && file.kind.is_text() {
            file.forced.set(self.language(from));
        }
        // What cannot be read is not followed.
        self.program(id).map(|_| id)
    }

    fn path(&self, file: FileId) -> &str {
        &self.file(file).path
    }

    fn dependency(&self, name: &str) -> Option<FileId> {
        let mut members = self.members().iter();
        members.find(|member| member.name == name)?.library
    }
}

/// The language that a name promises, or a first line.
fn language_of(path: &str, bytes: Option<&[u8]>) -> Option<Language> {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("js" | "cjs" | "mjs" | "jsx" | "ts" | "cts" | "mts" | "tsx") => {
            return if path.ends_with(".d.ts")
                || path.ends_with(".d.mts")
                || path.ends_with(".d.cts")
            {
                None
            } else {
                Some(Language::JavaScript)
            };
        }
        Some("py" | "pyw") => return Some(Language::Python),
        Some("rs") => return Some(Language::Rust),
        _ => {}
    }
    let first = bytes?.split(|byte| *byte == b'\n').next()?;
    if !first.starts_with(b"#!") || first.len() > 200 {
        return None;
    }
    let first = String::from_utf8_lossy(first);
    if first.contains("node") || first.contains("bun") || first.contains("deno") {
        Some(Language::JavaScript)
    } else if first.contains("python") {
        Some(Language::Python)
    } else {
        None
    }
}

fn make_of(tree: &Tree) -> Make {
    let mut make = Make::Other;
    for entry in &tree.entries {
        let depth = entry.path.matches('/').count();
        let name = entry.path.rsplit('/').next().unwrap_or_default();
        match (name, depth) {
            ("METADATA", 1) if entry.path.contains(".dist-info/") => return Make::Wheel,
            ("PKG-INFO", 1) => return Make::Sdist,
            ("package.json", 0 | 1) if make != Make::Crate => make = Make::Npm,
            ("Cargo.toml", 0 | 1) if make == Make::Other => make = Make::Crate,
            ("setup.py" | "pyproject.toml", 0 | 1) if make == Make::Other => make = Make::Sdist,
            _ => {}
        }
    }
    make
}

/// The path below the top folder, where the kind of archive has one.
fn below_top(make: Make, path: &str) -> &str {
    match make {
        Make::Wheel => path,
        _ => match path.split_once('/') {
            Some((_, inner)) => inner,
            None => path,
        },
    }
}

/// The hashes of the folders around a path that hold a `node_modules`.
fn bundling(path: &str) -> impl Iterator<Item = u64> {
    const NAME: &str = "node_modules/";
    path.rmatch_indices(NAME)
        .filter(|_| path.len() <= LONGEST)
        .take(LEVELS)
        .filter_map(|(at, _)| match path.get(..at)? {
            "" => Some(hash("")),
            before => before.strip_suffix('/').map(hash),
        })
}

fn hash(path: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(path.as_bytes());
    hasher.finish()
}

/// The folder of a path.
pub fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Two parts of a path.
pub fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unpack::{Entry, kind_of};

    #[test]
    fn a_program_that_was_read_for_another_package_counts_as_an_own_one() {
        let text = format!("f(1);{}", " ".repeat(300));
        let tree = Tree {
            entries: vec![Entry {
                path: "package/a.js".to_owned(),
                content: Content::Whole(text.as_bytes().into()),
                length: text.len() as u64,
                kind: kind_of(text.as_bytes()),
                executable: false,
            }],
            ..Tree::default()
        };
        let shared = Rc::new(Shared::new(1 << 20));
        let sharing = || Package::sharing(&tree, Some(Rc::clone(&shared)));
        let packages = [Package::new(&tree), sharing(), sharing()];
        let counted = packages.map(|package| {
            assert!(package.program(0).is_some());
            package.expressions.get()
        });
        assert!(counted[0] > 0);
        assert_eq!(counted, [counted[0]; 3]);
        assert_eq!(shared.reused().known_files, 1);
    }
}
