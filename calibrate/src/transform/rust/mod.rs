//! Rust: what changes in it without types.

mod change;
mod pack;
mod place;
mod rename;

use super::edit::extension;
use super::{File, Random, Transform};
use std::ops::Range;

/// The transforms of Rust.
pub const TRANSFORMS: &[Transform] = &[
    Transform {
        id: "T1",
        title: "rename",
        apply: |files, random| each(files, random, rename::rename),
    },
    Transform {
        id: "T2",
        title: "split over files",
        apply: place::split,
    },
    Transform {
        id: "T3",
        title: "encode strings",
        apply: |files, random| each(files, random, change::encode_all),
    },
    Transform {
        id: "T4",
        title: "dead code",
        apply: |files, random| each(files, random, change::dead),
    },
    Transform {
        id: "T5",
        title: "minify",
        apply: |files, random| each(files, random, pack::minify),
    },
    Transform {
        id: "T6",
        title: "bundle",
        apply: pack::bundle,
    },
    Transform {
        id: "T7",
        title: "later",
        apply: |files, random| each(files, random, change::thread),
    },
    Transform {
        id: "T8",
        title: "alias",
        apply: |files, random| each(files, random, change::alias),
    },
    Transform {
        id: "T9",
        title: "computed members",
        apply: |files, random| each(files, random, pack::computed),
    },
    Transform {
        id: "T10",
        title: "comments",
        apply: |files, random| each(files, random, change::comment),
    },
    Transform {
        id: "T11",
        title: "outline and reorder",
        apply: |files, random| each(files, random, change::outline),
    },
    Transform {
        id: "T12",
        title: "move into data",
        apply: place::into_data,
    },
];

/// Reads a file. None for one with a `#!` line or a mark at its beginning: syn takes those
/// off, and then its places are those of another text.
fn read(text: &str) -> Option<syn::File> {
    if text.starts_with('\u{feff}') || (text.starts_with("#!") && !text.starts_with("#![")) {
        return None;
    }
    syn::parse_file(text).ok()
}

/// Where something stands, in bytes.
fn at(node: &impl syn::spanned::Spanned) -> Range<usize> {
    node.span().byte_range()
}

fn is_code(path: &str) -> bool {
    extension(path) == "rs"
}

fn sound(_path: &str, _before: &str, after: &str) -> bool {
    syn::parse_file(after).is_ok()
}

fn each(
    files: &[File],
    random: &mut Random,
    change: fn(&str, &str, &mut Random) -> Option<String>,
) -> Option<Vec<File>> {
    super::each(files, random, is_code, sound, change)
}
