//! What files said as code, by the contents: whoever reads several trees one
//! after the other lowers a file once that many of them hold, as adjacent releases do.
//!
//! Of what is found out about a file, this depends on its own bytes alone: its digest, its
//! text, its program or why it is none. That is what takes time, and what is held here, in
//! memory and bounded by weight. When code runs and where data goes depends on the package;
//! it is computed for each one from the same programs, so the answer is the same with and
//! without.
//!
//! Nothing of it is kept on disk. The layout of a file (digest, entropy, longest line) and
//! the tables of a binary are computed about as fast as the digest that they would be looked
//! up by, and a program would take as long to load as to make.

#[cfg(test)]
mod tests;

use crate::content::ContentId;
use crate::ir::{Compound, Const, Language, Program, Recent};
use crate::limit::evaluating;
use crate::text::{self, Source};
use crate::{js, python, rust};
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::rc::Rc;

/// Bytes of a file from which on it is held: to look for a smaller one takes as long as to
/// read it.
const LEAST: usize = 256;
/// Bytes that an allocation takes beyond what was asked for.
const ALLOCATION: usize = 16;

/// A file, read as code, whatever package it lies in.
#[derive(Debug, Clone)]
pub struct Read {
    /// What it says; none where it is no program.
    pub program: Option<Rc<Program>>,
    /// Its text, where that is not what its bytes are.
    pub own_text: Option<Rc<str>>,
    /// How many of its characters nobody sees.
    pub hidden: usize,
    /// Why it is no program.
    pub error: Option<Rc<str>>,
}

/// Reads a file as code. Of its path only the ending counts.
pub fn read(language: Language, path: &str, bytes: &[u8]) -> Read {
    let Source { text, hidden } = text::decode(bytes);
    let program = match language {
        Language::JavaScript => js::read(&text, path),
        Language::Python => python::read(&text),
        Language::Rust => rust::read(&text),
    };
    let (program, error) = match program {
        Ok(program) => (Some(Rc::new(program)), None),
        Err(error) => (None, Some(error.into())),
    };
    Read {
        program,
        own_text: own(text),
        hidden,
        error,
    }
}

/// A text that is not what its bytes are.
pub fn own(text: Cow<'_, str>) -> Option<Rc<str>> {
    match text {
        Cow::Borrowed(_) => None,
        Cow::Owned(text) => Some(text.into()),
    }
}

/// How many files were asked for as code, and of how many it was known already what they say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reused {
    /// Files that were asked for.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Of the files, those that were known.
    pub known_files: u64,
    /// Their bytes.
    pub known_bytes: u64,
}

impl Reused {
    /// What came since an earlier count.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self {
            files: self.files.saturating_sub(earlier.files),
            bytes: self.bytes.saturating_sub(earlier.bytes),
            known_files: self.known_files.saturating_sub(earlier.known_files),
            known_bytes: self.known_bytes.saturating_sub(earlier.known_bytes),
        }
    }
}

impl AddAssign for Reused {
    fn add_assign(&mut self, other: Self) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.known_files += other.known_files;
        self.known_bytes += other.known_bytes;
    }
}

/// What files said. It stays with one thread, as programs do.
#[derive(Debug)]
pub struct Shared(RefCell<Held>);

impl Shared {
    /// Nothing yet, and never more than so many bytes.
    pub fn new(most: usize) -> Self {
        Self(RefCell::new(Held {
            most,
            ..Held::default()
        }))
    }

    /// Says that a tree is read from here on: what was used for those before it may go.
    pub fn begin(&self) {
        let mut held = self.0.borrow_mut();
        held.begun = held.uses;
    }

    /// A file, read as code, now or before.
    pub fn read(
        &self,
        language: Language,
        path: &str,
        bytes: &[u8],
        content: impl FnOnce() -> Option<ContentId>,
    ) -> Read {
        self.0.borrow_mut().reused.files += 1;
        self.0.borrow_mut().reused.bytes += bytes.len() as u64;
        let content = if bytes.len() < LEAST { None } else { content() };
        let Some(content) = content else {
            return read(language, path, bytes);
        };
        let key = Key {
            content,
            manner: Manner::of(language, path),
        };
        let known = self.0.borrow_mut().get(&key, bytes.len());
        if let Some(known) = known {
            return known;
        }
        let read = read(language, path, bytes);
        self.0.borrow_mut().insert(key, &read);
        read
    }

    /// How often it was of use so far.
    pub fn reused(&self) -> Reused {
        self.0.borrow().reused
    }
}

/// What a reading of a file depends on. The engine is always this one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    content: ContentId,
    manner: Manner,
}

/// The language that a file is read in, with all that its path adds to that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Manner {
    JavaScript(js::Dialect),
    Python,
    Rust,
}

impl Manner {
    fn of(language: Language, path: &str) -> Self {
        match language {
            Language::JavaScript => Self::JavaScript(js::Dialect::of(path)),
            Language::Python => Self::Python,
            Language::Rust => Self::Rust,
        }
    }
}

/// What is held, with its weight.
#[derive(Debug, Default)]
struct Held {
    most: usize,
    weight: usize,
    uses: u64,
    /// The last use before the tree that is being read.
    begun: u64,
    by_key: FxHashMap<Key, Entry>,
    /// The keys by their last use, the oldest first.
    by_use: BTreeMap<u64, Key>,
    reused: Reused,
}

#[derive(Debug)]
struct Entry {
    read: Read,
    weight: usize,
    used: u64,
}

impl Held {
    fn get(&mut self, key: &Key, length: usize) -> Option<Read> {
        let entry = self.by_key.get_mut(key)?;
        self.reused.known_files += 1;
        self.reused.known_bytes += length as u64;
        if let Some(key) = self.by_use.remove(&entry.used) {
            self.uses += 1;
            entry.used = self.uses;
            self.by_use.insert(entry.used, key);
        }
        Some(entry.read.clone())
    }

    /// Holds a reading where there is room. What was used for the tree that is being read
    /// makes none: else a large package would drive out its own first files, which the next
    /// release asks for first.
    fn insert(&mut self, key: Key, read: &Read) {
        let Some(weight) = weight(&key, read).filter(|weight| *weight <= self.most) else {
            return;
        };
        while self.weight > self.most - weight {
            let oldest = self.by_use.first_key_value().map(|(used, _)| *used);
            if oldest.is_none_or(|used| used > self.begun) {
                return;
            }
            self.remove_oldest();
        }
        self.uses += 1;
        self.weight += weight;
        self.by_use.insert(self.uses, key.clone());
        let entry = Entry {
            read: read.clone(),
            weight,
            used: self.uses,
        };
        self.by_key.insert(key, entry);
    }

    fn remove_oldest(&mut self) {
        let oldest = self.by_use.pop_first();
        if let Some(entry) = oldest.and_then(|(_, key)| self.by_key.remove(&key)) {
            self.weight -= entry.weight;
        }
    }
}

/// Bytes of memory that a reading takes, about; none where it must not be held.
fn weight(key: &Key, read: &Read) -> Option<usize> {
    let around = 2 * size_of_val(key) + size_of::<Entry>() + 4 * ALLOCATION;
    let program = match &read.program {
        Some(program) => weight_of(program)?,
        None => 0,
    };
    let text = |text: &Option<Rc<str>>| text.as_ref().map_or(0, |text| text.len());
    Some(around + program + text(&read.own_text) + text(&read.error))
}

/// Bytes of memory that a program takes, about; none for one that must not be shared.
fn weight_of(program: &Program) -> Option<usize> {
    let Program {
        language: _,
        exprs,
        spans,
        lists,
        consts,
        statements,
        compounds,
        names,
        atoms,
        is_declared,
        functions,
        scopes,
        symbols,
        declared,
        // Made when somebody asks, which is later, and hardly ever.
        far: _,
        // Made when somebody asks, which is soon.
        recent: _,
        calls,
        stores,
        exports,
        imports,
        stars,
        main_blocks,
        asked_blocks,
        expanders,
        starters,
        instead,
        es_module: _,
        notes,
    } = program;
    let mut inside = Recent::bytes(exprs.len());
    for constant in consts {
        inside += match constant {
            Const::Null | Const::Undefined | Const::Bool(_) | Const::Number(_) => 0,
            Const::Text(text) => small(text)?,
            Const::Bytes(bytes) => bytes.len() + ALLOCATION,
            Const::Regex(regex) => {
                small(&regex.pattern)? + size_of_val(&**regex) + regex.flags.len() + ALLOCATION
            }
        };
    }
    for name in names {
        inside += small(name)?;
    }
    for function in functions {
        inside += vec(&function.returns) + vec(&function.param_names);
    }
    for symbol in symbols {
        if let Some(many) = symbol.values.own_list() {
            inside += vec(many) + size_of_val(many) + ALLOCATION;
        }
    }
    for compound in compounds {
        inside += match compound {
            Compound::Switch(_, cases) => size_of_val(&**cases) + ALLOCATION,
            Compound::If(..)
            | Compound::Loop(_)
            | Compound::Each { .. }
            | Compound::Try(..)
            | Compound::Block(_) => 0,
        };
    }
    let lists = [
        vec(exprs),
        vec(spans),
        vec(lists),
        vec(consts),
        vec(statements),
        vec(compounds),
        vec(names),
        vec(is_declared),
        vec(functions),
        vec(scopes),
        vec(symbols),
        vec(calls),
        vec(stores),
        vec(exports),
        vec(imports),
        vec(stars),
        vec(main_blocks),
        vec(asked_blocks),
        vec(expanders),
        vec(starters),
        vec(notes),
    ];
    let maps = atoms.bytes() + ALLOCATION + map(declared) + map(instead);
    Some(size_of::<Program>() + ALLOCATION + lists.iter().sum::<usize>() + maps + inside)
}

/// The same of a text. None for one that the machine counts as large: of such ones it asks
/// how many hold them (to charge a new one once), and who reads another package must not
/// change what it is told.
fn small(text: &Rc<str>) -> Option<usize> {
    let counts = 2 * size_of::<usize>();
    (text.len() < evaluating::LARGE).then_some(text.len() + counts + ALLOCATION)
}

fn vec<T>(items: &Vec<T>) -> usize {
    match items.capacity() {
        0 => 0,
        capacity => capacity * size_of::<T>() + ALLOCATION,
    }
}

/// A byte stands beside each place, and an eighth of the places stays free.
fn map<K, V>(items: &FxHashMap<K, V>) -> usize {
    items.capacity() * 8 / 7 * (size_of::<(K, V)>() + 1)
}
