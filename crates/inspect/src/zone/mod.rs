//! When does what run: the entry points of a package, told by its manifests and by what
//! clients do without being told.

mod backend;
mod dependency;
mod gyp;
mod installed;
mod meson;
mod node;
mod opened;
mod python;
mod rust;

pub use backend::of_another;
pub(crate) use dependency::local;

use crate::package::{Make, Package};
use crate::pure::FileId;
use customs_model::Zone;

/// Something that begins to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A file of the package.
    File {
        /// The file.
        file: FileId,
        /// When.
        zone: Zone,
        /// It runs as a script, not as a module.
        script: bool,
    },
    /// Something that a file of Python has under a name: a function, or a class whose methods
    /// are called.
    Named {
        /// The file.
        file: FileId,
        /// When.
        zone: Zone,
        /// The name.
        name: String,
    },
    /// A command line.
    Command {
        /// The text.
        text: String,
        /// When.
        zone: Zone,
        /// The file that it stands in.
        file: FileId,
        /// For people: `postinstall`.
        name: String,
        /// The folder that it runs in, below the top.
        folder: String,
    },
    /// A dependency that is fetched from an address and installed.
    Address {
        /// What it is called.
        name: String,
        /// Where it comes from.
        address: String,
        /// The manifest.
        file: FileId,
    },
    /// Code that stands in a file of another kind (`.pth`).
    Code {
        /// The text.
        text: String,
        /// When.
        zone: Zone,
        /// The file that it stands in.
        file: FileId,
    },
}

/// Where a package begins to run.
pub fn entries(package: &Package) -> Vec<Entry> {
    let mut entries = Vec::new();
    match package.make {
        Make::Npm => node::npm(package, &mut entries),
        Make::Wheel | Make::Sdist => python::python(package, &mut entries),
        Make::Crate => {
            rust::of_cargo(package, &mut entries);
            // It may have been made to look like one.
            node::npm(package, &mut entries);
        }
        Make::Other => {
            let run = if package.of_text { 1 } else { usize::MAX };
            for id in package.ids().take(run) {
                if package.language(id).is_some() {
                    entries.push(Entry::File {
                        file: id,
                        zone: Zone::Import,
                        script: !package.as_module,
                    });
                }
            }
        }
    }
    opened::opened(package, &mut entries);
    entries
}

/// Whether an npm package has a manifest that cannot be read.
pub fn is_broken(package: &Package) -> bool {
    package.make == Make::Npm
        && package
            .find("package.json")
            .is_some_and(|id| json(package, id).is_none())
}

/// Settings of editors and agents that cannot be read, and whether something in them may run
/// when a folder is opened.
pub fn unread_settings(package: &Package) -> Vec<(FileId, bool)> {
    opened::unread(package)
}

fn json(package: &Package, file: FileId) -> Option<serde_json::Value> {
    let bytes = package.file(file).bytes.as_deref()?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    serde_json::from_slice(bytes).ok()
}
