//! Files of YARA rules, by the paths that the user names.

use crate::error::{Doing as _, Failure};
use customs_model::printable;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Bytes of all rules together.
const BYTES: u64 = 64 << 20;
/// Files of rules.
const FILES: usize = 10_000;
/// Levels of folders below one that is named.
const DEPTH: usize = 16;

/// A file of rules.
pub struct Source {
    /// Its path, safe to print.
    pub name: String,
    /// Its rules.
    pub text: String,
}

/// Reads what is named: a file whatever its name is, and of a folder each `.yar` and `.yara`.
/// What is a link inside a folder is not followed.
pub fn read(paths: &[PathBuf]) -> Result<Vec<Source>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        let about = std::fs::metadata(path).map_err(|error| {
            Failure::usage(format!("cannot read the rules {}: {error}", shown(path)))
        })?;
        if !about.is_dir() {
            files.push(path.clone());
            continue;
        }
        let before = files.len();
        collect(path, 0, &mut files)?;
        if files.len() == before {
            return Err(Failure::usage(format!(
                "{} holds no .yar or .yara file",
                shown(path)
            )));
        }
    }
    // A file that is named twice, or by its folder as well, is read once.
    files.sort();
    files.dedup();
    let mut left = BYTES;
    let mut sources = Vec::new();
    for path in files {
        let text = text(&path, left)?;
        left -= text.len() as u64;
        sources.push(Source {
            name: shown(&path),
            text,
        });
    }
    Ok(sources)
}

fn text(path: &Path, left: u64) -> Result<String, Failure> {
    let name = shown(path);
    let file = std::fs::File::open(path).doing(format!("read {name}"))?;
    let mut bytes = Vec::new();
    file.take(left + 1)
        .read_to_end(&mut bytes)
        .doing(format!("read {name}"))?;
    if bytes.len() as u64 > left {
        return Err(Failure::usage(format!(
            "the rules are larger than {} MiB together, with {name}",
            BYTES >> 20
        )));
    }
    String::from_utf8(bytes)
        .map_err(|_| Failure::usage(format!("{name} is not UTF-8, so it is no file of rules")))
}

fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let list = || format!("list {}", shown(folder));
    for entry in std::fs::read_dir(folder).doing(list())? {
        let entry = entry.doing(list())?;
        let path = entry.path();
        let kind = entry.file_type().doing(list())?;
        if kind.is_dir() {
            if depth == DEPTH {
                return Err(Failure::usage(format!(
                    "{} is more than {DEPTH} levels below the folder of rules",
                    shown(&path)
                )));
            }
            collect(&path, depth + 1, files)?;
        } else if kind.is_file() && holds_rules(&path) {
            if files.len() == FILES {
                return Err(Failure::usage(format!(
                    "there are more than {FILES} files of rules, with {}",
                    shown(&path)
                )));
            }
            files.push(path);
        }
    }
    Ok(())
}

fn holds_rules(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "yar" || extension == "yara")
}

fn shown(path: &Path) -> String {
    printable(&path.display().to_string(), 300)
}
