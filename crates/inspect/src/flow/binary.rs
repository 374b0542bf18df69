//! Binaries of the package that code loads, starts or hands to an engine: when does what
//! no reader of a language reads run?

use super::{Analysis, Site};
use crate::ir::{ExprId, Language, Program};
use crate::know::{self, Role};
use crate::native;
use crate::package::{File, Package, folder, join};
use crate::pure::{FileId, HOLE_END, HOLE_START, Value};
use crate::unpack::{Kind, plain};
use customs_model::{BinaryKind, Place, Zone};
use rustc_hash::FxHashMap;

/// Binaries that one call may mean.
const MANY: usize = 64;

/// How a call comes to a binary: by the path at a position.
#[derive(Clone, Copy)]
enum Way {
    /// It is loaded or started.
    Native(usize),
    /// Its bytes are read: WebAssembly is run from bytes.
    Bytes(usize),
    /// The loader looks for the one that fits the machine.
    AnyAddon,
}

impl Analysis<'_> {
    /// The binaries of the package that a call loads, starts or reads.
    pub(super) fn binaries_of(
        &mut self,
        program: &Program,
        file: FileId,
        path: &str,
        args: &[ExprId],
    ) -> Vec<FileId> {
        let Some(way) = self.binaries.then(|| way(program.language, path)).flatten() else {
            return Vec::new();
        };
        let (position, kind) = match way {
            Way::Native(position) => (position, Kind::Native),
            Way::Bytes(position) => (position, Kind::Wasm),
            Way::AnyAddon => {
                return chosen(self.package, |file| {
                    file.kind == Kind::Native && file.path.ends_with(".node")
                });
            }
        };
        let Some(arg) = args.get(position) else {
            return Vec::new();
        };
        let text = match self.machine.fold(file, *arg) {
            Value::Array(items) => items.borrow().first().and_then(Value::as_text),
            value => value.any_text().map(str::to_owned),
        };
        let Some(text) = text else {
            return Vec::new();
        };
        let from = folder(&self.package.file(file).path).to_owned();
        let wanted = patterns(&from, first_word(&text));
        chosen(self.package, |file| {
            file.kind == kind && wanted.iter().any(|pattern| fits(pattern, &file.path))
        })
    }

    /// Libraries of the machine that a call loads into the process that it runs in.
    pub(super) fn native_loaded(
        &mut self,
        program: &Program,
        site: Site,
        path: &str,
        targets: &[FileId],
        zone: Zone,
    ) {
        let starts = matches!(
            know::role(program.language, path),
            Role::Spawn | Role::Shell | Role::Fork | Role::ReadFile | Role::OpenFile
        );
        if starts {
            return;
        }
        if let Some(first) = targets.first() {
            let place = self.place_of(site.file, site.expr);
            self.loads_native(*first, targets.len(), zone, place);
        }
    }

    /// The same, where the first of so many that fit one machine each is known.
    pub(super) fn loads_native(&mut self, first: FileId, count: usize, zone: Zone, at: Place) {
        let path = &self.package.file(first).path;
        let detail = match count {
            0 | 1 => path.clone(),
            count => format!("{path} or one of {} more", count - 1),
        };
        self.capability("native.load", zone, Some(detail), at);
    }

    /// Whether a value is a native program or library, as bytes or as the text of them, that
    /// does not stand in the package as a file.
    pub(super) fn is_hidden_binary(&self, value: &Value) -> bool {
        match value {
            Value::Bytes(bytes) => {
                let bytes = bytes.borrow();
                native::kind(&bytes).is_some_and(BinaryKind::is_native)
                    && !self.package.files.iter().any(|file| {
                        file.kind == Kind::Native && file.bytes.as_deref() == Some(bytes.as_slice())
                    })
            }
            Value::Text(text) => native::encodes(text),
            _ => false,
        }
    }

    /// The extension modules of Python that an imported name means.
    pub(super) fn extension_modules(&mut self, from: FileId, name: &str) -> Vec<FileId> {
        if !self.binaries || self.package.language(from) != Some(Language::Python) {
            return Vec::new();
        }
        let here = folder(&self.package.file(from).path);
        let dots = name.bytes().take_while(|byte| *byte == b'.').count();
        let inner = name[dots..].replace('.', "/");
        if inner.is_empty() {
            return Vec::new();
        }
        let bases: Vec<String> = if dots > 0 {
            let base = (1..dots).fold(here, |base, _| folder(base));
            vec![join(base, &inner)]
        } else {
            vec![inner.clone(), join("src", &inner), join(here, &inner)]
        };
        let package = self.package;
        let extensions = self
            .extensions
            .get_or_insert_with(|| Extensions::of(package));
        let mut found: Vec<FileId> = bases
            .iter()
            .filter_map(|base| extensions.0.get(base.as_str()))
            .flatten()
            .copied()
            .collect();
        found.sort_unstable();
        found.dedup();
        found.truncate(MANY);
        found
    }
}

/// The native files of a package by their paths without all endings, which is the name that
/// Python imports them by: `_speedups.cpython-312-x86_64-linux-gnu.so`, `_speedups.pyd`.
#[derive(Debug)]
pub(super) struct Extensions(FxHashMap<Box<str>, Vec<FileId>>);

impl Extensions {
    fn of(package: &Package) -> Self {
        let mut all: FxHashMap<Box<str>, Vec<FileId>> = FxHashMap::default();
        for id in package.ids() {
            let file = package.file(id);
            if file.kind != Kind::Native {
                continue;
            }
            let name = file.path.rfind('/').map_or(0, |slash| slash + 1);
            if let Some(dot) = file.path[name..].find('.') {
                let stem = &file.path[..name + dot];
                all.entry(stem.into()).or_default().push(id);
            }
        }
        Self(all)
    }
}

/// Whether a package has binaries at all.
pub(super) fn any(package: &Package) -> bool {
    package
        .files
        .iter()
        .any(|file| matches!(file.kind, Kind::Native | Kind::Wasm))
}

fn chosen(package: &Package, is: impl Fn(&File) -> bool) -> Vec<FileId> {
    package
        .ids()
        .filter(|id| is(package.file(*id)))
        .take(MANY)
        .collect()
}

fn way(language: Language, path: &str) -> Option<Way> {
    let by_name = match (language, path) {
        (Language::JavaScript, "process.dlopen") => Some(Way::Native(1)),
        (
            Language::JavaScript,
            "require" | "module.require" | "koffi.load" | "ffi-napi.Library" | "ffi.Library"
            | "Deno.dlopen" | "bun:ffi.dlopen",
        ) => Some(Way::Native(0)),
        (
            Language::JavaScript,
            "node-gyp-build"
            | "node-gyp-build-optional-packages"
            | "bindings"
            | "pkg-prebuilds"
            | "@mapbox/node-pre-gyp.find"
            | "node-pre-gyp.find",
        ) => Some(Way::AnyAddon),
        (
            Language::Python,
            "ctypes.CDLL"
            | "ctypes.PyDLL"
            | "ctypes.WinDLL"
            | "ctypes.OleDLL"
            | "ctypes.cdll.LoadLibrary"
            | "ctypes.windll.LoadLibrary"
            | "ctypes.oledll.LoadLibrary"
            | "ctypes.pydll.LoadLibrary"
            | "cffi.FFI().dlopen",
        ) => Some(Way::Native(0)),
        (
            Language::Python,
            "importlib.util.spec_from_file_location"
            | "importlib.machinery.ExtensionFileLoader"
            | "imp.load_dynamic",
        ) => Some(Way::Native(1)),
        _ => None,
    };
    by_name.or(match know::role(language, path) {
        Role::Spawn | Role::Shell | Role::Fork => Some(Way::Native(0)),
        Role::ReadFile | Role::OpenFile => Some(Way::Bytes(0)),
        _ => None,
    })
}

/// The program of a command line.
fn first_word(text: &str) -> &str {
    let text = text.trim_start();
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote) {
            return inner.split(quote).next().unwrap_or(inner);
        }
    }
    text.split_ascii_whitespace().next().unwrap_or(text)
}

/// What a path may mean in the package: the parts between what only the machine knows.
fn patterns(from: &str, text: &str) -> Vec<Vec<String>> {
    let whole = match text.strip_prefix("\u{fdd0}package") {
        Some(inside) => vec![inside.replacen(HOLE_END, "", 1)],
        // A bare name is a program of the machine.
        None if text.starts_with('/') || text.starts_with(HOLE_START) || !text.contains('/') => {
            return Vec::new();
        }
        None => vec![text.to_owned(), join(from, text)],
    };
    whole.iter().map(|path| parts(&plain(path))).collect()
}

/// A text without its holes: what stands between them, in order.
fn parts(path: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = path;
    while let Some(at) = rest.find(HOLE_START) {
        parts.push(rest[..at].to_owned());
        rest = match rest[at..].find(HOLE_END) {
            Some(end) => &rest[at + end + HOLE_END.len_utf8()..],
            None => "",
        };
    }
    parts.push(rest.to_owned());
    parts
}

/// Whether a path has the parts in their order, the first at its beginning and the last
/// at its end. Parts that say nothing fit nothing.
fn fits(parts: &[String], path: &str) -> bool {
    let [first, inner @ ..] = parts else {
        return false;
    };
    let Some((last, between)) = inner.split_last() else {
        return path == first
            || ENDINGS
                .iter()
                .any(|ending| path == format!("{first}{ending}"));
    };
    if parts.iter().map(String::len).sum::<usize>() < 4 {
        return false;
    }
    let Some(mut rest) = path.strip_prefix(first.as_str()) else {
        return false;
    };
    for part in between {
        let Some(at) = rest.find(part.as_str()) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last.as_str())
}

/// What loaders put behind a name.
const ENDINGS: [&str; 5] = [".node", ".so", ".dll", ".dylib", ".exe"];

#[cfg(test)]
mod tests {
    use super::*;

    fn means(from: &str, text: &str, path: &str) -> bool {
        patterns(from, first_word(text))
            .iter()
            .any(|pattern| fits(pattern, path))
    }

    #[test]
    fn a_path_means_a_file_of_the_package() {
        assert!(means("lib", "./x.node", "lib/x.node"));
        assert!(means("lib", "./x", "lib/x.node"));
        assert!(means("lib", "./bin/run --fast", "bin/run"));
        assert!(means(
            "lib",
            "\u{fdd0}package/lib\u{fdd1}/../bin/run",
            "bin/run"
        ));
        assert!(!means("lib", "esbuild", "esbuild"));
        assert!(!means("lib", "/usr/bin/run", "usr/bin/run"));
    }

    /// What is loaded by the package's script, when, and from which line.
    fn loads(code: &str) -> Vec<(Zone, String, u32)> {
        let mut entries = crate::flow::testing::script(code);
        entries.push(crate::unpack::Entry {
            path: "package/m.node".to_owned(),
            content: crate::unpack::Content::Whole(b"\x7fELF\x02\x01\x01".as_slice().into()),
            length: 7,
            kind: Kind::Native,
            executable: false,
        });
        let found = crate::flow::testing::found(entries);
        let loaded = found.capabilities.into_iter();
        loaded
            .filter(|can| can.name == "native.load")
            .map(|can| (can.zone, can.detail.unwrap_or_default(), can.at.line))
            .collect()
    }

    #[test]
    fn a_library_that_is_loaded_is_told_with_when_and_where() {
        let expected = vec![(Zone::Install, "m.node".to_owned(), 2)];
        assert_eq!(loads("\nrequire('./m.node')"), expected);
        assert_eq!(
            loads("\nprocess.dlopen(module, require('path').join(__dirname, 'm.node'))"),
            expected
        );
        assert_eq!(loads("\nrequire('fs').readFileSync('./m.node')"), []);
        assert_eq!(loads("\nrequire('./other')"), []);
    }

    #[test]
    fn what_the_machine_chooses_means_each() {
        let text = "./prebuilds/\u{fdd0}?\u{fdd1}-\u{fdd0}?\u{fdd1}/x.node";
        assert!(means("", text, "prebuilds/linux-x64/x.node"));
        assert!(!means("", text, "prebuilds/linux-x64/y.node"));
        assert!(!means("", "\u{fdd0}?\u{fdd1}/a", "bin/a"));
    }
}
