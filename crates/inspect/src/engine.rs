//! From the bytes of an artifact to what it can do.

use crate::flow;
use crate::layout;
use crate::limit::{Unpacking, reading};
use crate::lost;
use crate::native;
use crate::owner;
use crate::package::Package;
use crate::record;
use crate::shared::{Reused, Shared};
use crate::unpack::{Content, Kind, Tree, Trick, unpack};
use crate::zone;
use customs_model::{Inspection, Oddity, UnreadPart, Zone};
use std::rc::Rc;

/// The version of the engine: raised whenever the same bytes could be read otherwise.
pub const ENGINE_VERSION: u32 = 16;

/// Reads an archive. The answer comes for any bytes.
pub fn inspect_archive(bytes: &[u8]) -> Inspection {
    inspect_tree(&unpack(bytes, &Unpacking::default()))
}

/// Reads a tree of files.
pub fn inspect_tree(tree: &Tree) -> Inspection {
    inspect(tree, Package::new(tree))
}

/// Reads one tree after the other, on one thread. A file that several of them hold is lowered
/// once, as far as there is room for it; what is said of a tree is the same as without.
///
/// ```
/// use customs_inspect::{Content, Entry, Kind, Reader, Tree, inspect_tree};
/// let text = format!("module.exports = 1;\n// {}", "-".repeat(300));
/// let release = |version: &str| {
///     let file = |path: &str, text: &str| Entry {
///         path: path.to_owned(),
///         content: Content::Whole(text.as_bytes().into()),
///         length: text.len() as u64,
///         kind: Kind::Text,
///         executable: false,
///     };
///     let manifest = format!(r#"{{"version": "{version}", "main": "a.js"}}"#);
///     let entries = vec![file("package/package.json", &manifest), file("package/a.js", &text)];
///     Tree { entries, ..Tree::default() }
/// };
/// let reader = Reader::new(1 << 20);
/// reader.inspect_tree(&release("1.0.0"));
/// assert_eq!(reader.inspect_tree(&release("1.0.1")), inspect_tree(&release("1.0.1")));
/// assert_eq!(reader.reused().known_files, 1);
/// ```
#[derive(Debug)]
pub struct Reader(Rc<Shared>);

impl Reader {
    /// One that holds about so many bytes of what files said, at most.
    pub fn new(most: usize) -> Self {
        Self(Rc::new(Shared::new(most)))
    }

    /// Reads an archive. The answer comes for any bytes.
    pub fn inspect_archive(&self, bytes: &[u8]) -> Inspection {
        self.inspect_tree(&unpack(bytes, &Unpacking::default()))
    }

    /// Reads a tree of files.
    pub fn inspect_tree(&self, tree: &Tree) -> Inspection {
        self.0.begin();
        inspect(tree, Package::sharing(tree, Some(Rc::clone(&self.0))))
    }

    /// How often what a file says was known so far.
    pub fn reused(&self) -> Reused {
        self.0.reused()
    }
}

fn inspect(tree: &Tree, package: Package) -> Inspection {
    let found = flow::analyse(&package);
    let unread = unread(tree, &package, &found);
    let layout = layout::files(&package, &found.zones);
    let mut oddities: Vec<Oddity> = tree.oddities.iter().map(oddity).collect();
    for (difference, zone) in record::differences(&package, &layout) {
        // Old packers left out licences and data; what runs unasked somebody put there.
        let never_honest = match difference.trick {
            Trick::SecondRecord => true,
            Trick::OtherLength | Trick::NoDigest => false,
            _ => zone >= Zone::Folder,
        };
        oddities.push(told(&difference, never_honest));
    }
    Inspection {
        engine: ENGINE_VERSION,
        files: tree
            .entries
            .iter()
            .filter(|entry| !matches!(entry.content, Content::Link(_)))
            .count() as u32,
        bytes: tree.entries.iter().map(|entry| entry.length).sum(),
        flows: found.flows,
        capabilities: found.capabilities,
        signs: found.signs,
        binaries: native::binaries(tree, &package, &found.zones),
        native_sources: native::has_sources(tree),
        oddities,
        unread,
        unfollowed: found.unfollowed,
        layout,
        unimported: layout::unimported(&package),
        own_domains: owner::owners(&owner::texts(&package)),
    }
}

/// Whether a name is that of a script that the engine of Node.js compiled, as packers of programs make.
fn is_compiled_script(path: &str) -> bool {
    path.ends_with(".jsc") || path.ends_with(".bytecode")
}

/// What was not read, and whether something that runs reaches it.
fn unread(tree: &Tree, package: &Package, found: &flow::Found) -> Vec<UnreadPart> {
    let names_entry = |path: &str| lost::is_entry(package, path);
    let mut unread: Vec<UnreadPart> = tree
        .unread
        .iter()
        .map(|part| {
            // Without the archive itself nothing is known; a part counts when it runs, which its
            // name says where it was not unpacked.
            let reached =
                part.path.is_empty() || tree.entries.is_empty() || names_entry(&part.path);
            UnreadPart {
                path: part.path.clone(),
                because: part.because.clone(),
                reached,
            }
        })
        .collect();
    unread.extend(found.unread.iter().cloned());
    for id in package.ids() {
        let zone = found.zones.get(&id).copied().unwrap_or(Zone::Never);
        let reached = zone > Zone::Called;
        let file = package.file(id);
        // Who starts it has told it.
        let is_told = found.unread.iter().any(|part| part.path == file.shown);
        if is_told {
            continue;
        }
        if reached && file.kind == Kind::Bytecode {
            unread.push(UnreadPart {
                path: file.shown.clone(),
                because: "it is compiled Python, which is not read".to_owned(),
                reached,
            });
        } else if reached && file.kind == Kind::Other && is_compiled_script(&file.path) {
            unread.push(UnreadPart {
                path: file.shown.clone(),
                because: "it is loaded as code, and is in a form that is not read".to_owned(),
                reached,
            });
        } else if reached && file.bytes.is_none() && package.language(id).is_some() {
            unread.push(UnreadPart {
                path: file.shown.clone(),
                because: "it was too large to be kept".to_owned(),
                reached,
            });
        } else if zone > Zone::Never
            && file.forced.get().is_none()
            && let Some(error) = package.error(id)
        {
            unread.push(UnreadPart {
                path: file.shown.clone(),
                because: error.to_owned(),
                reached,
            });
        } else if zone > Zone::Never && package.is_cut(id) {
            unread.push(UnreadPart {
                path: file.shown.clone(),
                because: reading::TOO_DEEP.to_owned(),
                reached,
            });
        }
    }
    // Clients read what this reader cannot, and run its hooks.
    if zone::is_broken(package) {
        unread.push(UnreadPart {
            path: "package.json".to_owned(),
            because: "it is no JSON that can be read, so its hooks are not known".to_owned(),
            reached: true,
        });
    }
    for (file, reached) in zone::unread_settings(package) {
        unread.push(UnreadPart {
            path: package.file(file).shown.clone(),
            because: "it is no JSON that can be read, so what it runs when a folder is opened is not known"
                .to_owned(),
            reached,
        });
    }
    if zone::of_another(package).is_some() {
        unread.push(UnreadPart {
            path: "pyproject.toml".to_owned(),
            because: "its build back-end is another package's".to_owned(),
            reached: false,
        });
    }
    if package.left_out.get() {
        unread.push(UnreadPart {
            path: String::new(),
            because:
                "its library is larger than what is followed of code that nothing runs unasked"
                    .to_owned(),
            reached: false,
        });
    }
    // Their build scripts run as well.
    if package.has_more_members() {
        unread.push(UnreadPart {
            path: "Cargo.toml".to_owned(),
            because: "it reaches more crates of its archive than are followed".to_owned(),
            reached: true,
        });
    }
    if found.exhausted {
        unread.push(UnreadPart {
            path: String::new(),
            because: "its code is larger than what is followed".to_owned(),
            reached: found.exhausted_hooks,
        });
    }
    unread.sort();
    unread.dedup();
    unread
}

fn oddity(oddity: &crate::unpack::Oddity) -> Oddity {
    // An archive in the archive is data until something unpacks it: tests hold such ones.
    let never_honest = !oddity.path.contains("!/")
        && matches!(
            oddity.trick,
            Trick::Traversal
                | Trick::HiddenEntries
                | Trick::NotInDirectory
                | Trick::Overlap
                | Trick::TwoNames
                | Trick::Polyglot
        );
    told(oddity, never_honest)
}

fn told(oddity: &crate::unpack::Oddity, never_honest: bool) -> Oddity {
    let trick = serde_json::to_value(oddity.trick)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default();
    Oddity {
        trick,
        words: oddity.trick.words().to_owned(),
        path: oddity.path.clone(),
        never_honest,
    }
}
