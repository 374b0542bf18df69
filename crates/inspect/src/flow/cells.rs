//! Files as places that data goes through: written here, run there.

mod unpacked;

use super::dropped::Start;
use super::label::{Label, Step, union};
use super::path::{own, same};
use super::sink::Standing;
use super::{Analysis, is_foreign, is_secret};
use crate::ir::{ExprId, FuncId, Span};
use crate::package::Make;
use crate::pure::{FileId, HOLE_START, shown};
use customs_model::{Mark, SinkKind, SourceKind, Target, Zone};
use rustc_hash::FxHashMap;
use unpacked::Folders;

/// Writes, and runs, of a package that are told from each other.
const MOST: usize = 500;
/// Modules that are imported by name, each told once.
const IMPORTS: usize = 20_000;
/// How a file that is imported by name is run.
pub(super) const IMPORT: &str = "import";
/// Ways that lead into one file. What is read back and written again, file after file, would
/// double them each time.
const LABELS: usize = 64;

/// Something written to a path.
#[derive(Debug, Clone)]
struct Written {
    path: String,
    labels: Vec<Label>,
    zone: Zone,
    /// Where it was written.
    file: Option<FileId>,
    /// It was compared with a digest before it is run.
    checked: bool,
}

/// Something run, loaded or made executable.
#[derive(Debug, Clone)]
struct Ran {
    path: String,
    how: String,
    zone: Zone,
    file: FileId,
    expr: ExprId,
    /// What it runs had been checked by then.
    checked: bool,
}

/// All files that code writes and runs.
#[derive(Debug, Default)]
pub(super) struct Cells {
    written: Vec<Written>,
    ran: Vec<Ran>,
    /// Where modules of the package's own are looked for, with the strongest zone first.
    imported: FxHashMap<String, Ran>,
    /// Paths to which a native program or library is written.
    binaries: Vec<String>,
    /// Folders that are filled from elsewhere.
    pub folders: Folders,
    /// The file whose code is being read.
    pub writing: Option<FileId>,
    /// The strongest zone of what there was no room for.
    cut: Option<Zone>,
}

impl Cells {
    pub fn write(&mut self, path: &str, mut labels: Vec<Label>, zone: Zone) {
        // What is foreign counts.
        labels.sort_by_key(|label| !is_foreign(label.kind));
        labels.truncate(LABELS);
        // An object whose text is asked for is no path, and would be the same one as any other.
        if path.is_empty() || path.contains("[object Object]") {
            return;
        }
        // A library that many ways lead to writes the same file once for each of them.
        let known = |written: &Written| {
            let mut pairs = written.labels.iter().zip(&labels);
            written.path == path
                && written.zone >= zone
                && written.file == self.writing
                && !written.checked
                && written.labels.len() == labels.len()
                && pairs.all(|(a, b)| a.kind == b.kind && a.name == b.name)
        };
        if self.written.iter().any(known) {
            return;
        }
        if self.written.len() >= MOST {
            self.cut = self.cut.max(Some(zone));
        } else {
            self.written.push(Written {
                path: path.to_owned(),
                labels,
                file: self.writing,
                zone,
                checked: false,
            });
        }
    }

    /// What was written so far under a name was compared with a digest or a signature, or is
    /// not any more, because what comes next runs whatever came of it.
    pub fn check(&mut self, name: &str, holds: bool) {
        let name = name.trim_start_matches("./");
        // Of files that are called alike in several folders only the one that is named.
        let mut alike = self
            .written
            .iter()
            .filter(|written| base(&written.path) == base(name))
            .map(|written| written.path.trim_start_matches("./"));
        let first = alike.next();
        let is_one = alike.all(|path| Some(path) == first);
        for written in &mut self.written {
            let path = written.path.trim_start_matches("./");
            if path == name || is_one && ends_with(path, name) {
                written.checked = holds;
            }
        }
    }

    /// Whether all that was written to a path was checked.
    pub fn is_checked(&self, path: &str) -> bool {
        let mut of_path = self
            .written
            .iter()
            .filter(|written| same(&written.path, path))
            .peekable();
        let folders = self.folders.are_checked(path);
        (of_path.peek().is_some() || folders.is_some())
            && of_path.all(|written| written.checked)
            && folders.unwrap_or(true)
    }

    pub fn run(&mut self, path: &str, how: &str, zone: Zone, file: FileId, expr: ExprId) {
        if path.is_empty() {
            return;
        }
        // A package may load thousands of modules, and writes hardly any of what it loads.
        let is_import = is_import(how);
        let checked = self.is_checked(path);
        let known = self.imported.get(path).filter(|_| is_import);
        if known.is_some_and(|known| known.zone >= zone && (checked || !known.checked)) {
            return;
        }
        let (held, most) = if is_import {
            (self.imported.len(), IMPORTS)
        } else {
            (self.ran.len(), MOST)
        };
        if held >= most {
            self.cut = self.cut.max(Some(zone));
            return;
        }
        let run = Ran {
            checked,
            path: path.to_owned(),
            how: how.to_owned(),
            zone,
            file,
            expr,
        };
        if is_import {
            self.imported.insert(path.to_owned(), run);
        } else {
            self.ran.push(run);
        }
    }

    /// A native program or library is written to a path.
    pub fn binary(&mut self, path: &str) {
        if !path.is_empty() && self.binaries.len() < MOST {
            self.binaries.push(path.to_owned());
        }
    }

    /// Whether anything was written.
    pub const fn writes(&self) -> bool {
        !self.written.is_empty() || !self.folders.is_empty()
    }

    /// Whether anything was written into the package's own folder.
    pub fn writes_own(&self) -> bool {
        self.written
            .iter()
            .any(|written| own(&written.path).is_some())
    }

    /// The secrets that were written to files so far, whichever they are.
    pub fn secrets(&self) -> Vec<Label> {
        let mut out: Vec<Label> = Vec::new();
        for written in &self.written {
            union(&mut out, &written.labels);
        }
        out.retain(|label| is_secret(label.kind));
        out
    }

    /// What was written to a path so far.
    pub fn written(&self, path: &str) -> Option<Vec<Label>> {
        let mut out: Vec<Label> = Vec::new();
        for written in self
            .written
            .iter()
            .filter(|written| same(&written.path, path))
        {
            union(&mut out, &written.labels);
        }
        union(&mut out, &self.folders.labels_of(path));
        (!out.is_empty()).then_some(out)
    }
}

/// The files below folders that are filled from elsewhere, as far as they are run.
fn come_with_folders(folders: &Folders, ran: &[Ran]) -> Vec<Written> {
    let mut paths: Vec<&str> = ran.iter().map(|run| run.path.as_str()).collect();
    paths.sort_unstable();
    paths.dedup();
    let of_path = |path: &str| {
        let came = folders.came(path).into_iter();
        let path = path.to_owned();
        came.map(move |came| Written {
            path: path.clone(),
            labels: came.labels,
            zone: came.zone,
            file: came.file,
            // Whether it was checked by then stands with what runs it.
            checked: false,
        })
    };
    paths.into_iter().flat_map(of_path).take(MOST).collect()
}

fn is_import(how: &str) -> bool {
    matches!(how, IMPORT | "require" | "require.resolve" | "import()")
}

/// Whether a name is a path of nothing and stands for a module that is installed: `require('a')`.
fn is_of_a_module(run: &Ran) -> bool {
    is_import(&run.how) && run.path.len() == 1
}

fn stops(marks: &[Mark]) -> bool {
    marks.contains(&Mark::PinnedByDigest)
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Whether one of two paths is the end of the other, as far as both go.
fn ends_with(path: &str, name: &str) -> bool {
    path.rsplit('/')
        .zip(name.rsplit('/'))
        .all(|(one, other)| one == other)
}

/// Whether a name promises an archive that must be unpacked first.
fn is_archive(path: &str) -> bool {
    const ENDINGS: [&str; 7] = [".gz", ".tgz", ".zip", ".xz", ".bz2", ".zst", ".7z"];
    ENDINGS.iter().any(|ending| path.ends_with(ending))
}

/// Whether a linker that is given a folder may read what was written. It reads no archive that
/// must be unpacked first, and the folder itself is no file: its name is not known.
fn is_linked(written: &str, folder: &str) -> bool {
    written
        .strip_prefix(folder)
        .is_some_and(|name| name.chars().any(|c| c != '/') && !is_archive(name))
}

impl Analysis<'_> {
    /// Data is written to a file, at a place.
    pub(super) fn write_file(
        &mut self,
        path: &str,
        labels: Vec<Label>,
        zone: Zone,
        file: FileId,
        span: Span,
    ) {
        let step = Step::Written(shown(path).into());
        let labels = self.hop(labels, &step, file, span);
        self.cells.write(path, labels, zone);
    }

    /// What is written, and then run.
    pub(super) fn settle_cells(&mut self) {
        if let Some(zone) = self.cells.cut.take() {
            self.cut_short(zone);
        }
        let mut ran = std::mem::take(&mut self.cells.ran);
        let mut written = std::mem::take(&mut self.cells.written);
        let folders = std::mem::take(&mut self.cells.folders);
        let imported = std::mem::take(&mut self.cells.imported);
        let is_written = |run: &Ran| {
            if is_of_a_module(run) {
                return false;
            }
            // Else it is the name of a module that is installed.
            let is_path = run.path.starts_with(['.', '/', HOLE_START]);
            is_path && folders.has(&run.path)
                || written.iter().any(|cell| same(&cell.path, &run.path))
        };
        let mut imported: Vec<Ran> = imported.into_values().filter(is_written).collect();
        imported.sort_by(|a, b| a.path.cmp(&b.path));
        ran.append(&mut imported);
        written.extend(come_with_folders(&folders, &ran));
        self.settle_dropped(&ran);
        let binaries = std::mem::take(&mut self.cells.binaries);
        for run in &ran {
            for cell in written.iter().filter(|cell| {
                if run.how == super::sink::LINKER {
                    is_linked(&cell.path, &run.path)
                } else {
                    same(&cell.path, &run.path)
                }
            }) {
                for label in cell.labels.iter().filter(|label| is_foreign(label.kind)) {
                    // To make it executable is not to run it: what stops the run may come later.
                    let is_run =
                        !run.how.contains("chmod") && !run.how.ends_with("set_permissions");
                    let used = is_run.then_some((run.file, run.expr));
                    let mut marks = self.pinned(label, run.file, used);
                    let other = cell.file.filter(|file| *file != run.file);
                    if let Some(file) = other.filter(|_| !stops(&marks)) {
                        let more = self.pinned(label, file, used);
                        if stops(&more) || marks.is_empty() {
                            marks = more;
                        }
                    }
                    if (cell.checked || run.checked) && !stops(&marks) {
                        marks = vec![Mark::PinnedByDigest];
                    }
                    if binaries.contains(&cell.path) {
                        marks.push(Mark::NativeCode);
                    }
                    marks.extend(self.answer_marks(label));
                    let target = Target::Constant(shown(&cell.path));
                    // What is included is compiled when it is built.
                    let zone = if run.how == "include!" {
                        cell.zone
                    } else if self.fetched_by_build(label) {
                        Zone::Install
                    } else {
                        run.zone.min(cell.zone)
                    };
                    self.flow(
                        label,
                        SinkKind::ExecutedFile,
                        &run.how,
                        target,
                        zone,
                        run.file,
                        run.expr,
                        marks,
                    );
                }
            }
        }
    }

    /// What is written as a text that is known, and then run.
    fn settle_dropped(&mut self, ran: &[Ran]) {
        for dropped in std::mem::take(&mut self.dropped) {
            let mut starts = ran.iter().filter(|run| same(&dropped.path, &run.path));
            // What runs it first says when.
            let Some(first) = starts.next() else {
                continue;
            };
            let first = starts.fold(
                first,
                |best, run| {
                    if run.zone > best.zone { run } else { best }
                },
            );
            let start = Start {
                how: first.how.clone(),
                zone: first.zone,
                file: first.file,
                expr: first.expr,
            };
            self.runs_dropped(&dropped, &start);
        }
    }

    /// Whether the build of a crate fetched what its code has in it.
    fn fetched_by_build(&self, label: &Label) -> bool {
        if self.package.make != Make::Crate || label.kind != SourceKind::Remote {
            return false;
        }
        // The request may be made by a module that the build script calls.
        let mut at = Some(&label.trail);
        while let Some(trail) = at {
            if self.zone_of(trail.file, FuncId(0)) == Zone::Install {
                return true;
            }
            at = trail.before.as_ref();
        }
        false
    }

    /// Whether a digest that stands in the package guards what is run, by a check in a file.
    /// Where it is run tells whether the check comes first.
    pub(super) fn pinned(
        &mut self,
        label: &Label,
        file: FileId,
        used: Option<(FileId, ExprId)>,
    ) -> Vec<Mark> {
        match self.guarded_by_digest(file, label, used) {
            Standing::Stops => vec![Mark::PinnedByDigest],
            Standing::Perhaps => vec![Mark::ComparedWithDigest],
            Standing::Nothing => Vec::new(),
        }
    }
}
