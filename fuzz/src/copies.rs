//! Bodies that read copies of artifacts and patch files, as the tree check does.

use customs_device::artifact::unpacked::{Inside, Reading};
use customs_device::artifact::{tarball, zip};
use customs_device::tree::patch;
use customs_model::{Digest, DigestAlgorithm, printable};
use std::io::Write as _;

/// What a target does with its bytes.
pub type Body = fn(&[u8]);

/// The bodies, by the names of their targets.
pub const BODIES: [(&str, Body); 2] = [("copies", copies), ("patches", patches)];

/// Tarballs and Yarn's zips. The first byte chooses.
///
/// # Panics
/// Where a digest is not that of the bytes, or what is said steers a terminal.
pub fn copies(data: &[u8]) {
    let Some((way, bytes)) = data.split_first() else {
        return;
    };
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(bytes).expect("its bytes");
    let reading = Reading {
        algorithms: &[DigestAlgorithm::Sha256],
        inside: match way % 3 {
            0 => Inside::FirstPart,
            1 => Inside::Folder("node_modules/a"),
            _ => Inside::Whole,
        },
        keep: &|path| u64::from(path == "package.json") << 10,
    };
    let unpacked = match way % 2 {
        0 => tarball::read(file.path(), &reading).map_err(|error| error.to_string()),
        _ => zip::read(file.path(), &reading).map_err(|error| error.to_string()),
    };
    match unpacked {
        Ok(unpacked) => {
            if way % 2 == 0 {
                assert_eq!(unpacked.digests, [Digest::sha256(bytes)]);
            }
            unpacked
                .notes
                .iter()
                .chain(&unpacked.fault)
                .for_each(|line| plain(line));
            assert!(unpacked.fault.is_none() || unpacked.entries.is_empty());
        }
        Err(error) => plain(&error),
    }
}

/// A patch, applied to whatever it says that it is for. What stands before the first NUL is the
/// file.
///
/// # Panics
/// Where what is said steers a terminal.
pub fn patches(data: &[u8]) {
    let at = data.iter().position(|byte| *byte == 0);
    let (before, text) = data.split_at(at.map_or(0, |at| at + 1));
    let before = before.strip_suffix(b"\0").unwrap_or(before);
    match patch::read(text, "node_modules/a/") {
        Ok(files) => {
            if let Err(error) = patch::results(&files, |_| Some(before)) {
                plain(&error.to_string());
            }
        }
        Err(error) => plain(&error.to_string()),
    }
}

fn plain(text: &str) {
    assert_eq!(
        printable(text, usize::MAX),
        text,
        "what is said steers a terminal"
    );
}
