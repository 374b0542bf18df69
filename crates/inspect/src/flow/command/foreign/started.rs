//! Files of the package that are run as they are: programs of a machine, compiled code, scripts
//! whose first line names an interpreter; and programs that were compiled before.

use super::language::interpreter;
use crate::flow::Analysis;
use crate::flow::command::file::{PACKAGE, is_within_package};
use crate::flow::command::{At, base_name};
use crate::ir::Language;
use crate::package::join;
use crate::pure::{FileId, HOLE_END, HOLE_START, shown};
use crate::unpack::{Kind, plain};
use customs_model::{Zone, printable};

/// Programs that are remembered.
const MOST: usize = 64;
/// Compilers: of what, and what they call what they make where nobody says.
const COMPILERS: &[(&str, &str, &[&str])] = &[
    ("cc", "C", &["a.out"]),
    ("gcc", "C", &["a.out"]),
    ("clang", "C", &["a.out"]),
    ("tcc", "C", &["a.out"]),
    ("c++", "C++", &["a.out"]),
    ("g++", "C++", &["a.out"]),
    ("clang++", "C++", &["a.out"]),
    ("gfortran", "Fortran", &["a.out"]),
    ("go", "Go", &[]),
    ("rustc", "Rust", &[]),
    ("ghc", "Haskell", &[]),
    ("nim", "Nim", &[]),
    ("zig", "Zig", &[]),
    ("dmd", "D", &[]),
    ("ldc2", "D", &[]),
    ("fpc", "Pascal", &[]),
    ("swiftc", "Swift", &[]),
    ("ocamlopt", "OCaml", &["a.out"]),
    ("crystal", "Crystal", &[]),
    ("csc", "C#", &[]),
    ("mcs", "C#", &[]),
    ("v", "V", &[]),
    ("odin", "Odin", &[]),
];

impl Analysis<'_> {
    /// Whether a file of the package that is run is one that nobody reads; then it is told.
    pub(in crate::flow::command) fn is_unread_start(
        &mut self,
        id: FileId,
        path: &str,
        how: &str,
        at: &At,
    ) -> bool {
        let file = self.package.file(id);
        if how == "chmod" || file.length == 0 {
            return false;
        }
        let by_name = file.forced.get().is_none() && self.package.language(id).is_some();
        let what = if !file.kind.is_text() {
            // Of what is called code it is said already that it cannot be read.
            if by_name {
                return false;
            }
            compiled(file.kind, &file.path)
        } else if self.package.language(id).is_some() {
            return false;
        } else if let Some(bytes) = file.bytes.as_deref() {
            match first_line(bytes).filter(|_| how == "a command") {
                Some(language) => language,
                None => return false,
            }
        } else {
            "what is too large to be kept"
        };
        let line = match how {
            "a command" => shown(path),
            how => format!("{how} {}", shown(path)),
        };
        self.starts_unread(id, what, &printable(&line, super::LINE), at);
        true
    }

    /// `cc x.c -o s`: a program that a compiler makes of the package's own source.
    pub(super) fn compiles(&mut self, base: &str, args: &[super::Text], at: &At) {
        let name = base.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-'));
        let Some((_, language, usual)) = COMPILERS.iter().find(|(known, ..)| {
            base == *known || name == *known || base.ends_with(&format!("-{known}"))
        }) else {
            return;
        };
        let texts: Vec<&str> = args.iter().map(|(text, _)| text.as_str()).collect();
        if matches!(base, "go" | "zig" | "crystal") && !texts.iter().any(|t| t.contains("build")) {
            return;
        }
        let source = texts
            .iter()
            .filter(|text| !text.starts_with('-'))
            .find_map(|text| {
                self.own_path(text, at)
                    .or_else(|| self.own_go(base, text, at))
            });
        let Some(source) = source else {
            return;
        };
        let mut names: Vec<String> = usual.iter().map(|name| (*name).to_owned()).collect();
        let mut rest = texts.iter();
        while let Some(text) = rest.next() {
            let named = match text.strip_prefix("-o") {
                Some("") => rest.next().map(|next| (*next).to_owned()),
                Some(joined) if !joined.starts_with('=') => Some(joined.to_owned()),
                _ => text
                    .strip_prefix("--out:")
                    .or_else(|| text.strip_prefix("-out:"))
                    .or_else(|| text.strip_prefix("-femit-bin="))
                    .or_else(|| text.strip_prefix("-of="))
                    .map(str::to_owned),
            };
            names.extend(named);
        }
        if usual.is_empty() {
            let path = &self.package.file(source).path;
            let stem = base_name(path);
            names.push(
                stem.rsplit_once('.')
                    .map_or(stem, |(stem, _)| stem)
                    .to_owned(),
            );
        }
        for name in names {
            let key = key_of(&name, at);
            self.is_made(key, source, language);
        }
    }

    /// A file of Go in a folder that is named, which is built as one program.
    pub(super) fn own_go(&self, base: &str, text: &str, at: &At) -> Option<FileId> {
        if base != "go" || !text.starts_with('.') {
            return None;
        }
        let folder = self.own_folder(text.trim_end_matches("..."), at)?;
        self.first_in(&folder, ".go")
    }

    /// The first file right in a folder of the package whose name ends so.
    pub(super) fn first_in(&self, folder: &str, ending: &str) -> Option<FileId> {
        self.scanned().find(|id| {
            let path = &self.package.file(*id).path;
            crate::package::folder(path) == folder && path.ends_with(ending)
        })
    }

    fn is_made(&mut self, key: String, source: FileId, language: &'static str) {
        let missed: Vec<_> = self
            .left_behind
            .missed
            .iter()
            .filter(|(path, ..)| *path == key)
            .map(|(_, line, at)| (line.clone(), at.clone()))
            .collect();
        for (line, at) in missed {
            self.starts_unread(source, language, &line, &at);
        }
        if self.left_behind.made.len() < MOST {
            self.left_behind.made.push((key, source, language));
        }
    }

    /// A path is run that is no file of the package: one that was compiled from a source of it,
    /// or comes out of an archive of it that is not read.
    pub(in crate::flow::command) fn runs_what_was_made(
        &mut self,
        path: &str,
        how: &str,
        at: &At,
        reached: &mut Vec<FileId>,
    ) {
        if how == "chmod" || at.zone <= Zone::Called {
            return;
        }
        let key = key_of(path, at);
        let line = match how {
            "a command" => shown(path),
            how => format!("{how} {}", shown(path)),
        };
        let line = printable(&line, super::LINE);
        let made = self.left_behind.made.iter().find(|(made, ..)| *made == key);
        if let Some((_, source, language)) = made.cloned() {
            if self.package.language(source) == Some(Language::Rust) {
                reached.push(source);
            } else {
                self.starts_unread(source, language, &line, at);
            }
        } else if let Some(archive) = self.left_unopened(&key, at) {
            self.starts_unread(archive, "what is in it", &line, at);
        } else if at.site.is_some() && how == "a command" && self.left_behind.missed.len() < MOST {
            self.left_behind.missed.push((key, line, at.clone()));
        }
    }
}

/// How a path is known to whoever made it and to whoever runs it.
pub(super) fn key_of(path: &str, at: &At) -> String {
    match path.strip_prefix(PACKAGE) {
        Some(inside) => plain(&inside.replace(HOLE_END, "")),
        None if is_within_package(path) || path.starts_with('/') || path.contains(HOLE_START) => {
            path.to_owned()
        }
        None => plain(&join(&at.folder, path)),
    }
}

/// What a file that is no text is, for people.
fn compiled(kind: Kind, path: &str) -> &'static str {
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    match (kind, ending.to_ascii_lowercase().as_str()) {
        (Kind::Native, _) => "machine code",
        (Kind::Wasm, _) => "WebAssembly",
        (Kind::Bytecode, _) | (_, "pyc" | "pyo") => "compiled Python",
        (_, "jsc" | "bytenode" | "jsbundle" | "hbc") => "compiled JavaScript",
        (_, "jar" | "class" | "war") => "compiled Java",
        (_, "pyz" | "egg" | "whl") => "an archive of Python",
        _ => "what is no text",
    }
}

/// The language that the first line of a script names, where it is none that is read.
fn first_line(bytes: &[u8]) -> Option<&'static str> {
    let first = bytes
        .strip_prefix(b"#!")?
        .split(|byte| *byte == b'\n')
        .next()?;
    let first = String::from_utf8_lossy(first.get(..first.len().min(200))?).into_owned();
    let name = first
        .split_whitespace()
        .map(base_name)
        .find(|word| *word != "env" && !word.starts_with('-') && !word.contains('='))?;
    interpreter(&name.to_ascii_lowercase()).map(|foreign| foreign.language)
}
