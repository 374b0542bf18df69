//! What a command starts that is not read: programs of the package itself, and files of it in
//! languages of which nothing is read here. What of that can be read after all is read: crates
//! and projects that lie in the package, archives in it, suites of tests, rules of builders.

mod build;
mod cmake;
mod language;
mod perl;
mod project;
mod started;
mod suite;
#[cfg(test)]
mod tests;
mod unpacked;

use super::file::is_within_package;
use super::{At, Piped, Variables, base_name};
use crate::flow::Analysis;
use crate::flow::label::Label;
use crate::package::{folder, join};
use crate::pure::{FileId, shown};
use crate::unpack::plain;
use customs_model::{SignKind, UnreadPart, Zone, printable};
use language::{Foreign, interpreter};
use rustc_hash::FxHashSet;
use std::cell::{Cell, OnceCell};
use unpacked::Unpacked;

/// Files that are told as not read because something starts them.
const STARTS: usize = 64;
/// How often all files of a package are gone through for command lines, and rules that are read.
const SCANS: u32 = 256;
const RULES: usize = 1_000;
/// Command lines of a text that are looked at again where it stands.
const LINES: usize = 32;
/// Letters of a command line that are told.
const LINE: usize = 48;

/// A word of a command line, with what is in it.
type Text = (String, Vec<Label>);

/// What command lines left behind that later ones start.
#[derive(Debug, Default)]
pub(in crate::flow) struct LeftBehind {
    /// Programs that compilers make of the package's own sources: where, and of what.
    made: Vec<(String, FileId, &'static str)>,
    /// Programs that were started and that nobody has made so far.
    missed: Vec<(String, String, At)>,
    /// Archives of the package that were unpacked.
    unpacked: Vec<Unpacked>,
    /// Rules that were read already, with what was wanted of them: they may call each other.
    rules: FxHashSet<(FileId, String, Zone)>,
    /// The folders of the package, as far as somebody asked.
    folders: OnceCell<FxHashSet<String>>,
    /// How often all files were gone through.
    scans: Cell<u32>,
    /// What the text that was read last starts: it does not see all files of the package.
    pub(in crate::flow) of_text: Vec<Vec<String>>,
}

impl Analysis<'_> {
    /// What a program starts of the package's own that is not read by whoever reads the rest of
    /// the command line.
    pub(super) fn starts_more(
        &mut self,
        words: &[Text],
        base: &str,
        input: &Piped,
        at: &At,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) {
        // A program of the package is one of its own, whatever it is called.
        let is_own = |name: &str| name.contains('/') && self.package_file(name, at).is_some();
        let Some((_, args)) = words.split_first().filter(|((name, _), _)| !is_own(name)) else {
            return;
        };
        if at.zone == Zone::Never || !self.runs_own(words, at) {
            return;
        }
        if self.outer.level > 0 && at.zone > Zone::Called && self.found.started.len() < LINES {
            let words = words.iter().map(|(text, _)| text.clone());
            self.found.started.push(words.collect());
        }
        let line = line_of(words);
        if let Some(foreign) = interpreter(base) {
            self.interprets(&foreign, args, input, &line, at);
        } else {
            self.own_archive_unpacked(base, args, input, at);
            self.compiles(base, args, at);
            self.installs_own(base, args, at, reached);
            self.tests_own(base, args, at, reached);
            self.builds_by_rules(base, args, &line, at);
            self.built_by_commands(base, args, at, variables, reached);
        }
        if self.left_behind.scans.get() > SCANS {
            self.cut_short(at.zone);
        }
    }

    /// The same for what a text started that was read by itself.
    pub(super) fn starts_of_text(&mut self, at: &At, reached: &mut Vec<FileId>) {
        for words in std::mem::take(&mut self.left_behind.of_text) {
            let words: Vec<Text> = words.into_iter().map(|text| (text, Vec::new())).collect();
            let Some((name, _)) = words.first().cloned() else {
                continue;
            };
            if name.contains('/')
                && let Some(file) = self.own_path(&name, at)
            {
                self.is_unread_start(file, &name, "a command", at);
            }
            let base = base_name(&name).to_ascii_lowercase();
            let input = Piped::default();
            let mut variables = Variables::default();
            self.starts_more(&words, &base, &input, at, &mut variables, reached);
        }
    }

    /// Whether a command line may mean files of the package: it runs in its folder, or names it.
    fn runs_own(&self, words: &[Text], at: &At) -> bool {
        self.runs_in_package(at) || words.iter().any(|(text, _)| is_within_package(text))
    }

    /// `perl x.pl`: the file, a text in its words, or what comes in.
    fn interprets(&mut self, foreign: &Foreign, args: &[Text], input: &Piped, line: &str, at: &At) {
        if let Some(text) = foreign.code_in(args) {
            // Modules of the package itself may be loaded before.
            let loads = args.iter().any(|(text, _)| text.starts_with("-I"));
            if loads || !foreign.only_looks(text) {
                self.starts_unread(at.file, foreign.language, line, at);
            }
            return;
        }
        let mut paths = foreign.paths(args).into_iter();
        let named = paths.find_map(|path| self.own_path(path, at));
        let given = || input.file.as_deref().filter(|_| foreign.reads_input(args));
        let file = match named {
            Some(file) => Some(file),
            None => given().and_then(|path| self.own_path(path, at)),
        };
        if let Some(file) = file {
            self.starts_unread(file, foreign.language, line, at);
        } else if input.text.is_some() && foreign.reads_input(args) {
            self.starts_unread(at.file, foreign.language, line, at);
        }
    }

    /// The package's own file that a path means where a command line runs.
    fn own_path(&self, path: &str, at: &At) -> Option<FileId> {
        if !is_within_package(path) && !self.runs_in_package(at) {
            return None;
        }
        self.package_file(path, at)
    }

    /// The package's own folder that a path means where a command line runs, below the top.
    fn own_folder(&self, path: &str, at: &At) -> Option<String> {
        let folder = match path.strip_prefix(super::file::PACKAGE) {
            Some(inside) => plain(&inside.replace(crate::pure::HOLE_END, "")),
            None if !self.runs_in_package(at) => return None,
            None if path.starts_with('/') || path.contains(crate::pure::HOLE_START) => return None,
            None => plain(&join(&at.folder, path)),
        };
        self.has_folder(&folder).then_some(folder)
    }

    /// Whether something lies in a folder of the package.
    fn has_folder(&self, path: &str) -> bool {
        let all = self.left_behind.folders.get_or_init(|| {
            let mut all = FxHashSet::default();
            for file in &self.package.files {
                let mut here = folder(&file.path);
                while !here.is_empty() && all.insert(here.to_owned()) {
                    here = folder(here);
                }
            }
            all
        });
        path.is_empty() || all.contains(path)
    }

    /// The files of the package, where they may be gone through once more.
    fn scanned(&self) -> impl Iterator<Item = FileId> + use<> {
        let scans = self.left_behind.scans.get();
        self.left_behind.scans.set(scans.saturating_add(1));
        let all = self.package.ids();
        all.take(if scans < SCANS { usize::MAX } else { 0 })
    }

    /// Whether rules are read for the first time with what is wanted of them.
    pub(super) fn is_new_rule(&mut self, file: FileId, wanted: &str, zone: Zone) -> bool {
        if self.left_behind.rules.len() >= RULES {
            self.cut_short(zone);
            return false;
        }
        let rule = (file, wanted.to_owned(), zone);
        self.left_behind.rules.insert(rule)
    }

    /// Tells that a file of the package is started which nobody reads here. Where it runs at
    /// install or at start, the release cannot be judged without it.
    pub(super) fn starts_unread(&mut self, file: FileId, what: &str, line: &str, at: &At) {
        let zone = self.outer.zone.unwrap_or(at.zone);
        if at.zone.min(zone) <= Zone::Called {
            return;
        }
        let path = self.package.file(file).shown.clone();
        self.sign(
            SignKind::RunsUnread,
            zone,
            format!("{line}: {path} ({what})"),
            at.place.clone(),
        );
        let is_told = self.found.unread.iter().any(|part| part.path == path);
        if zone < Zone::Start || is_told || self.found.unread.len() >= STARTS {
            return;
        }
        self.found.unread.push(UnreadPart {
            path,
            because: format!(
                "{what} is not read, and `{line}` starts it {} ({})",
                zone.words(),
                at.place
            ),
            reached: true,
        });
    }
}

/// A command line, for people.
fn line_of(words: &[Text]) -> String {
    let texts: Vec<&str> = words.iter().map(|(text, _)| text.as_str()).collect();
    printable(&shown(&texts.join(" ")), LINE)
}
