//! Code in a text: read as a package of its own, one level down.

mod known;

use super::{Analysis, Labels, Outer, is_secret};
use crate::ir::{Expr, Language};
use crate::limit::{evaluating, reading};
use crate::package::{File, Package, folder, join};
use crate::pure::FileId;
use crate::unpack::{Content, Entry, Kind, Tree};
use customs_model::{Place, SinkKind, SourceKind, Zone};
pub(super) use known::Texts;
use known::{Asked, Known};
use std::sync::Arc;

/// What a text does that is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// It was read whole, and only computes.
    Nothing,
    /// It reaches beyond the program.
    Beyond,
    /// Not known: it is longer, deeper or more than what is read.
    NotRead,
}

impl Analysis<'_> {
    /// Reads a text as code that runs in a zone; what it does is added to what was found.
    pub(super) fn child(
        &mut self,
        text: &str,
        language: Language,
        zone: Zone,
        place: Place,
        _hidden: &Labels,
    ) -> Effect {
        self.child_at("", text, language, zone, place, Vec::new())
    }

    /// The same for a text that stands in the place of a file's own: it imports what lies
    /// beside that file.
    pub(super) fn child_in(
        &mut self,
        file: FileId,
        text: &str,
        language: Language,
        zone: Zone,
        place: Place,
    ) -> Effect {
        let imports = match language {
            Language::JavaScript => {
                ["('./", "(\"./", "('../", "(\"../", " './", " \"./"].as_slice()
            }
            Language::Python => ["from .", "import_module(\".", "import_module('."].as_slice(),
            Language::Rust => [].as_slice(),
        };
        let own = &self.package.file(file).path;
        let own = own.split(['/', '.']).next().unwrap_or(own);
        // `from a.b import c` in a text that a module of `a` runs.
        let by_name = language == Language::Python
            && text.contains("import")
            && text
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .any(|word| word == own);
        if by_name {
            let neighbours = self.neighbours(text, language);
            return self.child_at("", text, language, zone, place, neighbours);
        }
        if !imports.iter().any(|import| text.contains(import)) {
            return self.child_at("", text, language, zone, place, Vec::new());
        }
        let neighbours = self.neighbours(text, language);
        let folder = folder(&self.package.file(file).path).to_owned();
        self.child_at(&folder, text, language, zone, place, neighbours)
    }

    /// The same for a text that runs in a folder: where it imports, it has the package's files
    /// beside it, and data that it can read.
    #[allow(clippy::too_many_arguments, reason = "the parts of a text")]
    pub(super) fn child_among(
        &mut self,
        folder: &str,
        text: &str,
        language: Language,
        zone: Zone,
        place: Place,
        imports: bool,
        data: Vec<Entry>,
    ) -> Effect {
        let mut beside = data;
        if imports {
            beside.extend(self.neighbours(text, language));
        }
        self.child_at(folder, text, language, zone, place, beside)
    }

    /// Files that are no code and whose names stand in a text, which may read them.
    pub(super) fn data_named_in(&self, text: &str) -> Vec<Entry> {
        const FILES: usize = 16;
        const BYTES: usize = 1 << 20;
        const SHORTEST: usize = 3;
        let is_named = |file: &&File| {
            let name = file.path.rsplit('/').next().unwrap_or(&file.path);
            name.len() >= SHORTEST && text.contains(name)
        };
        let ids = self.package.ids();
        let ids = ids.filter(|id| self.package.language(*id).is_none());
        let mut left = BYTES;
        ids.map(|id| self.package.file(id))
            .filter(is_named)
            .filter_map(|file| {
                left = left.checked_sub(file.bytes.as_ref()?.len())?;
                beside(file)
            })
            .take(FILES)
            .collect()
    }

    /// Files of code that a text may import, those first whose names stand in it.
    fn neighbours(&self, text: &str, language: Language) -> Vec<Entry> {
        const FILES: usize = 64;
        const BYTES: usize = 1 << 20;
        let mut files: Vec<&File> = self
            .package
            .ids()
            .filter(|id| self.package.language(*id) == Some(language))
            .map(|id| self.package.file(id))
            .collect();
        files.sort_by_cached_key(|file| !names(text, &file.path));
        let mut left = BYTES;
        files
            .into_iter()
            .filter_map(|neighbour| {
                left = left.checked_sub(neighbour.bytes.as_ref()?.len())?;
                beside(neighbour)
            })
            .take(FILES)
            .collect()
    }

    /// The same for a text that stands in a folder. One that was read here is not read again.
    fn child_at(
        &mut self,
        folder: &str,
        text: &str,
        language: Language,
        zone: Zone,
        place: Place,
        beside: Vec<Entry>,
    ) -> Effect {
        if self.outer.level >= evaluating::CHILDREN || text.len() > evaluating::TEXT {
            self.left_unread(zone);
            return Effect::NotRead;
        }
        let (called, running) = (self.text_is_called, self.zones.len());
        let parts = (language, zone, &place);
        let asked = Asked::of(text, &beside, folder, parts, called, running);
        // What it is handed is another text's matter.
        let known = match self.text_is_given.is_empty() {
            true => self.texts.get(&asked),
            false => None,
        };
        if let Some(known) = known {
            self.text_is_called = false;
            self.around = known.around;
            self.left_behind.of_text = known.started;
            return known.effect;
        }
        let is_given = !self.text_is_given.is_empty();
        let effect = self.child_read(folder, text, language, zone, place, beside);
        if is_given {
            return effect;
        }
        let known = Known {
            effect,
            around: self.around.clone(),
            started: self.left_behind.of_text.clone(),
        };
        self.texts.note(asked, known);
        effect
    }

    fn child_read(
        &mut self,
        folder: &str,
        text: &str,
        language: Language,
        zone: Zone,
        place: Place,
        beside: Vec<Entry>,
    ) -> Effect {
        let name = match language {
            Language::JavaScript => "text.js",
            Language::Python => "text.py",
            Language::Rust => "text.rs",
        };
        let mut entries = vec![Entry {
            path: format!("text/{}", join(folder, name)),
            content: Content::Whole(Arc::from(text.as_bytes())),
            length: text.len() as u64,
            kind: Kind::Text,
            executable: false,
        }];
        entries.extend(beside);
        let tree = Tree {
            entries,
            ..Tree::default()
        };
        let mut package = Package::sharing(&tree, self.package.shared.clone());
        package.of_text = true;
        // What a module runs sees that module's name, and only a script is `__main__`.
        package.as_module = zone == Zone::Import && language == Language::Python;
        let Some(id) = package.ids().next() else {
            return Effect::NotRead;
        };
        // Many texts of one package import the same files.
        package.adopt(self.package);
        let outer = Outer {
            level: self.outer.level + 1,
            called: std::mem::take(&mut self.text_is_called),
            zone: Some(self.outer.zone.unwrap_or(zone)),
            place: Some(self.outer.place.clone().unwrap_or(place)),
            given: std::mem::take(&mut self.text_is_given),
        };
        let mut found = super::analyse_at(&package, outer);
        self.package.adopt(&package);
        self.around = std::mem::take(&mut found.around);
        let idle = language == Language::Python && !found.unasked && self.only_defines(&package);
        let cut = package.is_cut(id)
            || package.error(id) == Some(reading::TOO_DEEP)
            || found.unfollowed > Some(Zone::Called);
        let effect = !idle
            && (names_an_effect(text)
                || found
                    .capabilities
                    .iter()
                    .any(|capability| is_effect(&capability.name))
                || found
                    .flows
                    .iter()
                    .any(|flow| flow.sink != SinkKind::DynamicCode));
        let steps = evaluating::FLOW_STEPS / 8;
        self.steps = self.steps.saturating_sub(steps.min(self.steps / 2));
        for flow in found.flows {
            self.add_flow(flow);
        }
        for capability in found.capabilities {
            self.capability(
                &capability.name,
                capability.zone,
                capability.detail,
                capability.at,
            );
        }
        for sign in found.signs {
            self.sign(sign.kind, sign.zone, sign.detail, sign.at);
        }
        self.found.unread.extend(found.unread);
        self.left_behind.of_text = found.started;
        self.found.exhausted |= found.exhausted;
        // It runs when its caller does, whatever zone its parts have within it.
        if cut {
            self.left_unread(zone);
        }
        match (effect, cut) {
            (true, _) => Effect::Beyond,
            (false, true) => Effect::NotRead,
            (false, false) => Effect::Nothing,
        }
    }

    /// A text that runs in a zone was not read to its end.
    fn left_unread(&mut self, zone: Zone) {
        let zone = self.outer.zone.unwrap_or(zone);
        self.unfollowed(zone);
        self.cut_short(zone);
    }
}

impl Analysis<'_> {
    /// The file of the package that a path means.
    pub(super) fn own_file(&self, path: &str) -> Option<FileId> {
        let inside = path
            .strip_prefix("\u{fdd0}package/")
            .map(|rest| rest.replace(crate::pure::HOLE_END, ""));
        match inside {
            Some(inside) => self.package.find(&inside),
            None if path.contains(crate::pure::HOLE_START) || path.starts_with('/') => None,
            None => self.package.find(path),
        }
    }

    /// Whether a file of the package that is copied to where others run it sends secrets, or
    /// runs what it fetches. What it does is told as well.
    pub(super) fn copy_acts(&mut self, file: FileId, zone: Zone, place: Place) -> bool {
        const LARGEST: usize = 1 << 16;
        let copied = self.package.file(file);
        let Some(bytes) = copied
            .bytes
            .clone()
            .filter(|bytes| zone > Zone::Called && copied.kind.is_text() && bytes.len() <= LARGEST)
        else {
            return false;
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let before = self.found.flows.len();
        match self.package.language(file) {
            Some(language) => {
                self.child_in(file, &text, language, zone, place);
            }
            None => {
                self.command_line(&text, zone, file, "", &place, "");
            }
        }
        let found = self.found.flows.get(before..).unwrap_or_default();
        found.iter().any(|flow| {
            let leaves = matches!(flow.sink, SinkKind::Network | SinkKind::NameLookup);
            let runs = matches!(
                flow.sink,
                SinkKind::Process | SinkKind::DynamicCode | SinkKind::ExecutedFile
            );
            is_secret(flow.source) && leaves || flow.source == SourceKind::Remote && runs
        })
    }

    /// Whether a text of Python, run as it stands, defines functions and nothing else, and
    /// nothing that runs in the package around it calls one of them by its name.
    fn only_defines(&mut self, text: &Package) -> bool {
        let Some(defined) = text.ids().next().and_then(|id| text.source(id)) else {
            return false;
        };
        let defined = String::from_utf8_lossy(defined);
        let names: Vec<&str> = defined
            .lines()
            .filter_map(|line| {
                line.strip_prefix("def ")
                    .or_else(|| line.strip_prefix("class "))
            })
            .filter_map(|rest| {
                rest.split(|c: char| !c.is_alphanumeric() && c != '_')
                    .next()
            })
            .collect();
        if names.is_empty() {
            return false;
        }
        let running: Vec<_> = self
            .zones
            .iter()
            .filter(|(_, zone)| **zone > Zone::Command)
            .map(|(place, _)| *place)
            .collect();
        for (file, function) in running {
            let (Some(program), Some(index)) = (self.program(file), self.index(file)) else {
                continue;
            };
            let calls = index.calls.get(&function);
            let called = calls.unwrap_or_default().iter().any(|call| {
                matches!(program.expr(*call), Expr::Call { callee, .. }
                    if matches!(program.expr(callee), Expr::Name(name, _) if names.contains(&program.name(name))))
            });
            if called {
                return false;
            }
        }
        true
    }
}

/// Whether the name of a file stands in a text, or that of its folder where it is what is
/// imported of that.
fn names(text: &str, path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.split('.').next().unwrap_or(name);
    let stem = match stem {
        "index" | "__init__" => folder.rsplit('/').next().unwrap_or(folder),
        stem => stem,
    };
    !stem.is_empty() && text.contains(stem)
}

/// A data file of the package, for code in a text that may read it.
pub(super) fn beside(file: &File) -> Option<Entry> {
    let name = file.path.rsplit('/').next().unwrap_or(&file.path);
    // A manifest would make another package of it.
    if matches!(
        name,
        "package.json" | "Cargo.toml" | "setup.py" | "pyproject.toml"
    ) {
        return None;
    }
    let bytes = file.bytes.as_ref()?;
    Some(Entry {
        path: format!("text/{}", file.path),
        content: Content::Whole(Arc::clone(bytes)),
        length: bytes.len() as u64,
        kind: file.kind,
        executable: false,
    })
}

/// Whether a hidden text names what reaches beyond the program: its variables may be
/// those of the code around it, of which the text alone does not know.
pub(super) fn names_an_effect(text: &str) -> bool {
    const WORDS: [&str; 22] = [
        "child_process",
        "process.env",
        "XMLHttpRequest",
        "fetch(",
        "subprocess",
        "os.system",
        "urllib",
        "socket.",
        "http.client",
        "requests.",
        "curl ",
        "wget ",
        "powershell",
        "/bin/sh",
        "('http",
        "(\"http",
        "net.connect",
        "execSync",
        "spawn(",
        "os.popen",
        "writeFileSync",
        "os.environ",
    ];
    WORDS.iter().any(|word| text.contains(word))
}

/// Whether a capability reaches beyond the program itself.
pub(super) fn is_effect(name: &str) -> bool {
    matches!(
        name,
        "network"
            | "network.names"
            | "process"
            | "files.write"
            | "files.executable"
            | "files.delete"
            | "files.read"
            | "environment.all"
            | "input"
            | "process.memory"
            | "identity"
    )
}
