//! Files of a wheel that the source distribution of the same release does not explain.
//!
//! Who reads a project's sources reads something else than what is installed. A build adds
//! files: metadata, compiled modules, versions, what it makes from templates. What it does
//! not explain is a statement and proves nothing by itself; what counts is a file that runs
//! unasked and sends something somewhere.

use customs_model::{ContentKind, FileFact, Flow, Inspection, Known, Mark, Zone, printable};
use std::collections::{BTreeSet, HashSet};

/// Phantoms that are told, the worst first.
const TOLD: usize = 50;
/// Extensions of what builds make Python's files from.
const SOURCES: [&str; 20] = [
    "in", "tmpl", "template", "mako", "j2", "jinja", "jinja2", "pyx", "py2", "proto", "thrift",
    "fbs", "g", "g4", "lark", "y", "l", "ui", "qrc", "ipynb",
];
/// Names of files that builds write themselves.
const WRITTEN: [&str; 10] = [
    "_version.py",
    "version.py",
    "__version__.py",
    "_version_info.py",
    "version_info.py",
    "_commit.py",
    "_build_info.py",
    "__config__.py",
    "__about__.py",
    "_distributor_init.py",
];

/// How a wheel differs from its source distribution.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Phantoms {
    /// Files that run or could, the worst first: those with flows, then by zone. At most 50.
    pub files: Vec<Phantom>,
    /// Of these, how many more there are.
    pub left_out: usize,
    /// Files that nobody runs and that the source distribution does not hold.
    pub elsewhere: usize,
}

/// A file of a wheel that its source distribution does not explain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phantom {
    /// Its path in the wheel, as data (not safe to print).
    pub path: String,
    /// The strongest zone in which it runs.
    pub zone: Zone,
    /// In which way it is not explained.
    pub kind: PhantomKind,
    /// What flows through it, `from → to`, as data.
    pub flows: Vec<String>,
}

/// In which way a file is not explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PhantomKind {
    /// No file of the source distribution has its name or its content.
    Added,
    /// The file of that name has other content there.
    Changed,
    /// A binary, where the source distribution holds no sources of one.
    Binary,
}

impl Phantom {
    /// Whether it matters: something flows through it although nobody asked for it.
    pub fn matters(&self) -> bool {
        self.zone >= Zone::Folder && !self.flows.is_empty()
    }

    /// For people, safe to print.
    pub fn sentence(&self) -> String {
        let path = printable(&self.path, 160);
        let mut text = match self.kind {
            PhantomKind::Added => {
                format!("{path} is in the wheel and not in its source distribution")
            }
            PhantomKind::Changed => {
                format!("{path} has other content in the wheel than in its source distribution")
            }
            PhantomKind::Binary => {
                format!("{path} is a binary of which the source distribution holds no sources")
            }
        };
        if self.zone > Zone::Never {
            text.push_str(", and runs ");
            text.push_str(self.zone.words());
        }
        for flow in self.flows.iter().take(3) {
            text.push_str("; ");
            text.push_str(&printable(flow, 160));
        }
        text
    }
}

/// Compares a wheel with the source distribution of the same release. Both with their
/// layouts. *Not known* where the layout of the source distribution is not all there is.
pub fn phantoms(sdist: &Inspection, wheel: &Inspection) -> Known<Phantoms> {
    if sdist.layout.is_empty() || wheel.layout.is_empty() {
        return Known::not_known("one of both holds no file that could be read");
    }
    if sdist.layout.len() >= FileFact::MOST {
        return Known::not_known("the source distribution has more files than are listed");
    }
    if let Some(part) = sdist
        .unread
        .iter()
        .find(|part| part.path.is_empty() && part.reached)
    {
        return Known::not_known(format!(
            "the source distribution was not read to its end: {}",
            printable(&part.because, 160)
        ));
    }
    let explained = Explained::by(sdist);
    let mut found = Phantoms::default();
    for file in &wheel.layout {
        let flows: Vec<&Flow> = wheel
            .flows
            .iter()
            .filter(|flow| flow.path.iter().any(|hop| hop.at.file == file.path))
            // Text that runs in plain sight is told by what it does.
            .filter(|flow| !flow.marks.contains(&Mark::InPlainSight))
            .collect();
        let Some(kind) = explained.leaves(file, !flows.is_empty()) else {
            continue;
        };
        if !could_run(file) {
            found.elsewhere += 1;
            continue;
        }
        let mut flows: Vec<String> = flows
            .iter()
            .map(|flow| format!("{} → {}", flow.source_name, flow.sink_name))
            .collect();
        flows.sort();
        flows.dedup();
        found.files.push(Phantom {
            path: file.path.clone(),
            zone: file.zone,
            kind,
            flows,
        });
    }
    found.files.sort_by(|a, b| {
        let key = |p: &Phantom| (!p.matters(), std::cmp::Reverse(p.zone), p.kind);
        key(a).cmp(&key(b)).then_with(|| a.path.cmp(&b.path))
    });
    found.left_out = found.files.len().saturating_sub(TOLD);
    found.files.truncate(TOLD);
    Known::Is(found)
}

/// Whether code of a file runs, or would if somebody asked for it.
fn could_run(file: &FileFact) -> bool {
    file.zone > Zone::Never
        || file.path.ends_with(".pth")
        || matches!(
            file.content,
            ContentKind::Code | ContentKind::Native | ContentKind::Wasm | ContentKind::Bytecode
        )
}

/// What a source distribution explains.
struct Explained<'a> {
    contents: HashSet<&'a str>,
    /// Its paths, each with all its ends: projects put their modules into folders of any
    /// name.
    ends: HashSet<&'a str>,
    /// The same of what files are made from, without the last extension and what stands
    /// in front of it.
    stems: BTreeSet<String>,
    native_sources: bool,
}

impl<'a> Explained<'a> {
    fn by(sdist: &'a Inspection) -> Self {
        let mut explained = Self {
            contents: HashSet::new(),
            ends: HashSet::new(),
            stems: BTreeSet::new(),
            native_sources: sdist.native_sources,
        };
        for file in &sdist.layout {
            explained.contents.extend(file.digest.as_deref());
            let extension = file.path.rsplit_once('.').map(|(_, extension)| extension);
            let is_source = extension.is_some_and(|extension| SOURCES.contains(&extension));
            let mut end = Some(file.path.as_str());
            while let Some(path) = end {
                explained.ends.insert(path);
                if is_source {
                    explained.stems.insert(stem(path));
                }
                end = path.split_once('/').map(|(_, inner)| inner);
            }
        }
        explained
    }

    /// In which way it leaves a file of the wheel unexplained. What a name alone explains
    /// must not be where something flows.
    fn leaves(&self, file: &FileFact, flows: bool) -> Option<PhantomKind> {
        let same = file.digest.as_deref();
        if file.length == 0 || same.is_some_and(|digest| self.contents.contains(digest)) {
            return None;
        }
        if matches!(file.content, ContentKind::Native | ContentKind::Wasm) {
            return (!self.native_sources).then_some(PhantomKind::Binary);
        }
        let path = installed(&file.path);
        if !flows {
            let name = path.rsplit('/').next().unwrap_or(path);
            let is_metadata = file.path.contains(".dist-info/") && !could_run(file);
            if is_metadata || WRITTEN.contains(&name) || self.stems.contains(&stem(path)) {
                return None;
            }
        }
        Some(if self.ends.contains(path) {
            PhantomKind::Changed
        } else {
            PhantomKind::Added
        })
    }
}

/// Where a file is installed: `a-1.data/purelib/b.py` is `b.py`.
fn installed(path: &str) -> &str {
    path.split_once('/')
        .filter(|(folder, _)| folder.ends_with(".data"))
        .and_then(|(_, inner)| inner.split_once('/'))
        .map_or(path, |(_, inner)| inner)
}

/// A path without the extensions of its name, and without what compilers of protocols add.
fn stem(path: &str) -> String {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let name = name.split('.').next().unwrap_or(name);
    let name = name
        .strip_suffix("_grpc")
        .unwrap_or(name)
        .trim_end_matches("_pb2");
    format!("{folder}/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::{Hop, Place, SinkKind, SourceKind, Target};

    fn file(path: &str, digest: &str, zone: Zone) -> FileFact {
        FileFact {
            path: path.to_owned(),
            digest: Some(digest.to_owned()),
            length: 10,
            content: match path.rsplit_once('.').map(|(_, extension)| extension) {
                Some("py") => ContentKind::Code,
                Some("so") => ContentKind::Native,
                _ => ContentKind::Text,
            },
            zone,
            shape: None,
        }
    }

    fn inspection(files: &[(&str, &str)]) -> Inspection {
        Inspection {
            layout: files
                .iter()
                .map(|(path, digest)| file(path, digest, Zone::Import))
                .collect(),
            ..Inspection::default()
        }
    }

    fn found(sdist: &Inspection, wheel: &Inspection) -> Vec<(String, PhantomKind)> {
        let known = phantoms(sdist, wheel);
        let files = &known.known().unwrap().files;
        files
            .iter()
            .map(|phantom| (phantom.path.clone(), phantom.kind))
            .collect()
    }

    #[test]
    fn what_a_build_adds_is_explained() {
        let mut sdist = inspection(&[
            ("src/a/__init__.py", "1"),
            ("src/a/b.proto", "2"),
            ("src/a/c.py.in", "3"),
            ("setup.py", "4"),
            ("bin/run", "5"),
        ]);
        let mut wheel = inspection(&[
            ("a/__init__.py", "1"),
            ("a/moved.py", "4"),
            ("a/b_pb2.py", "20"),
            ("a/b_pb2_grpc.py", "21"),
            ("a/c.py", "22"),
            ("a/_version.py", "23"),
            ("a-1.data/scripts/run", "5"),
        ]);
        wheel
            .layout
            .push(file("a-1.dist-info/METADATA", "24", Zone::Never));
        assert_eq!(found(&sdist, &wheel), []);
        wheel.layout.push(file("a/fast.so", "25", Zone::Import));
        assert_eq!(
            found(&sdist, &wheel),
            [("a/fast.so".to_owned(), PhantomKind::Binary)]
        );
        sdist.native_sources = true;
        assert_eq!(found(&sdist, &wheel), []);
    }

    #[test]
    fn what_is_only_in_the_wheel_or_other_there_is_told() {
        let sdist = inspection(&[("src/a/__init__.py", "1")]);
        let mut wheel = inspection(&[("a/__init__.py", "2"), ("a/hook.py", "3")]);
        wheel.layout.push(file("a.pth", "4", Zone::Start));
        wheel.layout.push(file("a/data.txt", "5", Zone::Never));
        assert_eq!(
            found(&sdist, &wheel),
            [
                ("a.pth".to_owned(), PhantomKind::Added),
                ("a/hook.py".to_owned(), PhantomKind::Added),
                ("a/__init__.py".to_owned(), PhantomKind::Changed),
            ]
        );
        let known = phantoms(&sdist, &wheel);
        assert_eq!(known.known().unwrap().elsewhere, 1);
    }

    #[test]
    fn a_name_explains_nothing_where_something_flows() {
        let sdist = inspection(&[("src/a/__init__.py", "1")]);
        let mut wheel = inspection(&[("a/__init__.py", "1"), ("a/_version.py", "2")]);
        assert_eq!(found(&sdist, &wheel), []);
        let at = Place {
            file: "a/_version.py".to_owned(),
            line: 1,
            column: 1,
            bytes: (0, 1),
        };
        wheel.flows.push(Flow {
            source: SourceKind::Environment,
            source_name: "os.environ".to_owned(),
            sink: SinkKind::Network,
            sink_name: "urlopen".to_owned(),
            target: Target::Constant("c.invalid".to_owned()),
            zone: Zone::Import,
            path: vec![Hop::told("is sent".to_owned(), at)],
            marks: Vec::new(),
        });
        let known = phantoms(&sdist, &wheel);
        let phantom = &known.known().unwrap().files[0];
        assert!(phantom.matters());
        insta::assert_snapshot!(
            phantom.sentence(),
            @"a/_version.py is in the wheel and not in its source distribution, and runs when it is imported; os.environ → urlopen"
        );
    }

    #[test]
    fn what_was_not_read_explains_nothing_and_accuses_nobody() {
        let wheel = inspection(&[("a/__init__.py", "1")]);
        assert!(phantoms(&Inspection::default(), &wheel).known().is_none());
        let mut sdist = inspection(&[("src/b.py", "9")]);
        sdist.unread.push(customs_model::UnreadPart {
            path: String::new(),
            because: "it is cut off".to_owned(),
            reached: true,
        });
        assert!(phantoms(&sdist, &wheel).known().is_none());
    }
}
