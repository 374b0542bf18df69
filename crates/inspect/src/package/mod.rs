//! A package as files that know each other: languages, specifiers, manifests.

mod ending;
mod link;
mod make;
mod mapped;
mod resolve;

use crate::cargo::{self, Member, Members};
use crate::content::ContentId;
use crate::ir::{Language, Program};
use crate::limit::reading;
use crate::pure::{FileId, Surroundings};
use crate::shared::{self, Read, Shared};
use crate::text;
use crate::unpack::{Content, Kind, Tree};
use ending::Endings;
use make::{below_top, language_of, make_of};
use resolve::bundling;
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

pub use make::Make;

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
    content: OnceCell<ContentId>,
}

impl File {
    /// What its bytes are known by; none when they were not kept.
    pub fn content(&self) -> Option<ContentId> {
        let bytes = self.bytes.as_deref()?;
        Some(*self.content.get_or_init(|| ContentId::of(bytes)))
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
    /// Manifests of npm, as far as somebody asked.
    manifests: mapped::Manifests,
    /// Files by what their paths end with.
    endings: OnceCell<Endings>,
    /// Files that are no code by name and no JSON, by their lengths.
    by_length: OnceCell<FxHashMap<usize, Vec<FileId>>>,
    /// The hashes of what files of Python and the folders around them are called.
    python_names: OnceCell<FxHashSet<u64>>,
    /// Names and texts of all programs read so far.
    texts: RefCell<FxHashSet<Rc<str>>>,
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
                content: OnceCell::new(),
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
            manifests: RefCell::default(),
            endings: OnceCell::new(),
            by_length: OnceCell::new(),
            python_names: OnceCell::new(),
            texts: RefCell::default(),
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
        let mut read = match &self.shared {
            Some(shared) => shared.read(language, &file.path, bytes, || file.content()),
            None => shared::read(language, &file.path, bytes),
        };
        // One that is held for other packages as well stays as it is.
        if let Some(program) = read.program.as_mut().and_then(Rc::get_mut) {
            program.share(&mut self.texts.borrow_mut());
        }
        // One that was read for another package is held for this one as well.
        if let Some(program) = &read.program {
            self.expressions
                .set(self.expressions.get() + program.size());
        }
        read
    }

    /// Takes over what files say that another package has read: those at the same path whose
    /// bytes are the very same ones.
    pub fn adopt(&self, other: &Self) {
        for id in self.ids() {
            let file = self.file(id);
            let Some(theirs) = other.find(&file.path) else {
                continue;
            };
            let known = other.file(theirs);
            let same = match (&file.bytes, &known.bytes) {
                (Some(own), Some(bytes)) => Arc::ptr_eq(own, bytes),
                _ => false,
            };
            if same
                && self.language(id) == other.language(theirs)
                && let Some(read) = known.read.get()
                && let Some(program) = &read.program
                && file.read.set(read.clone()).is_ok()
            {
                let size = self.expressions.get() + program.size();
                self.expressions.set(size);
            }
        }
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
}

impl Surroundings for Package {
    fn program(&self, file: FileId) -> Option<Rc<Program>> {
        let held = self.file(file);
        // Everybody asks all the time: most often it is known.
        if let Some(linked) = held.linked.get() {
            return match linked {
                Some(linked) => Some(Rc::clone(linked)),
                None => held.read.get()?.program.clone(),
            };
        }
        let alone = self.alone(file)?;
        let linked = held
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
