use super::{checksum, file_stem};
use crate::artifact::unpacked::{Inside, Kind, Reading, Unpacked};
use crate::artifact::verified::{self, Packing, Told, Unverified, Verified};
use crate::artifact::{Form, Poisoned, Source, Wanted};
use crate::tree::beside::Installed;
use crate::tree::disk::{self, Found};
use crate::tree::{
    Against, Cause, Difference, DifferenceKind, Expected, ExpectedEntry, Explain, PackageTree,
    Proven, Standing, compare,
};
use customs_ecosystem::lockfile::Locked;
use customs_model::{Digest, ReleaseId};
use std::collections::BTreeMap;
use std::path::Path;

/// One folder of sources that cargo compiles.
pub(super) struct Folder<'a> {
    pub root: &'a Path,
    pub found: &'a Found,
    pub entry: &'a Locked,
}

/// What a `.crate` says of a folder.
#[derive(Debug, Default)]
pub(super) struct Crate {
    pub expected: Expected,
    pub proven: Proven,
    /// What cargo would not unpack as it is. Safe to print.
    pub odd: Vec<String>,
}

impl Folder<'_> {
    /// A `.crate` whose bytes are what Cargo.lock promises, and how the folder fits it. The error
    /// is why there is none, safe to print.
    pub fn artifact(
        &self,
        sources: &[Box<dyn Source>],
        poisoned: &mut Vec<Poisoned>,
    ) -> Result<(Crate, Against), String> {
        let promised = checksum(self.entry).ok_or("Cargo.lock promises no digest of it")?;
        let mut verified = self.read(sources, promised, true, poisoned)?;
        // What a hard link leads to must be known by its digest.
        let is_link = |kind: &Kind| matches!(kind, Kind::Hardlink(_));
        if verified.unpacked.entries.iter().any(|e| is_link(&e.kind)) {
            verified = self.read(sources, promised, false, poisoned)?;
        }
        if let Some(note) = verified.unpacked.notes.first() {
            return Err(format!("the .crate holds {note}, which cargo refuses"));
        }
        let against = verified.against();
        Ok((
            Crate::of(verified.unpacked, &file_stem(self.entry)),
            against,
        ))
    }

    fn read(
        &self,
        sources: &[Box<dyn Source>],
        promised: &Digest,
        compares: bool,
        poisoned: &mut Vec<Poisoned>,
    ) -> Result<Verified, String> {
        let wanted = Wanted {
            release: &self.entry.release,
            digests: std::slice::from_ref(promised),
            archive: None,
            resolved: self.entry.resolved.as_deref(),
        };
        let hashed = |_: &str| !compares;
        let mut beside = Installed::new(self.root, self.found, &hashed);
        let stem = file_stem(self.entry);
        let reading = |_: Form| {
            let reading = Reading {
                algorithms: &[],
                inside: Inside::Folder(&stem),
                keep: &|_| 0,
            };
            (Packing::Tarball, reading)
        };
        let mut told = Told::default();
        let found = verified::find(sources, &wanted, &reading, &mut beside, &mut told);
        poisoned.append(&mut told.poisoned);
        let found = found.or_else(|why| match why {
            // One that cannot be read is as good as none: no bytes are here.
            Unverified::Absent => {
                let reading = reading(Form::Artifact);
                verified::listed(sources, &wanted, reading, &mut told).ok_or(why)
            }
            Unverified::Archive { .. } | Unverified::Because(_) => Err(why),
        });
        found.map_err(|why| match why {
            Unverified::Absent => {
                "its .crate is not on this computer: fetch it, or name cargo's home".to_owned()
            }
            Unverified::Archive { .. } | Unverified::Because(_) => why.to_string(),
        })
    }

    /// Compares the folder with a crate, and asks of each difference what explains it.
    pub fn compare(
        &self,
        of: &Crate,
        explain: &dyn Fn(&Difference) -> Option<Cause>,
        tree: &mut PackageTree,
    ) {
        let mut explain = By(|difference: &Difference| {
            explain(difference).or_else(|| self.is_unpacked_mark(difference))
        });
        let compared = compare(
            &of.expected,
            &of.proven,
            self.root,
            self.found,
            &mut explain,
        );
        tree.open.extend(of.odd.iter().cloned());
        tree.open.extend(compared.notes);
        tree.files = compared.files;
        tree.differences = compared.differences;
    }

    /// `.cargo-ok`, which cargo writes when it has unpacked everything: these bytes and no others.
    fn is_unpacked_mark(&self, difference: &Difference) -> Option<Cause> {
        let is_mark = difference.path == ".cargo-ok"
            && difference.kind == DifferenceKind::Extra
            && [&b"{\"v\":1}"[..], b"ok"]
                .iter()
                .any(|mark| difference.found == Some(Digest::sha256(mark)));
        is_mark.then(|| Cause::Manager {
            what: "cargo's mark that everything is unpacked".into(),
        })
    }
}

struct By<F>(F);

impl<F: Fn(&Difference) -> Option<Cause>> Explain for By<F> {
    fn explain(&mut self, difference: &Difference, _: &Path) -> Standing {
        (self.0)(difference).map_or(Standing::Unexplained, Standing::Explained)
    }
}

impl Crate {
    /// What cargo unpacks. Of a path that occurs twice the last counts. cargo compiles what it can
    /// read, so bits for execution say nothing.
    fn of(unpacked: Unpacked, stem: &str) -> Self {
        let mut out = Self::default();
        let mut files: BTreeMap<String, ExpectedEntry> = BTreeMap::new();
        for entry in unpacked.entries {
            let path = entry.path;
            let expected = match entry.kind {
                Kind::File(file) => match file.sha256 {
                    Some(sha256) => ExpectedEntry::File {
                        size: file.size,
                        sha256,
                        executable: None,
                    },
                    None => {
                        files.remove(&path);
                        out.proven.insert(path, None);
                        continue;
                    }
                },
                Kind::Symlink(target) => ExpectedEntry::Link { target },
                Kind::Hardlink(target) => {
                    let inside = target
                        .strip_prefix(stem)
                        .and_then(|rest| rest.strip_prefix('/'));
                    match inside.and_then(|inside| files.get(inside)) {
                        Some(other) => other.clone(),
                        None => {
                            out.odd
                                .push("a hard link in the .crate leads to nothing in it".into());
                            continue;
                        }
                    }
                }
                // A folder lies there as soon as something is in it.
                Kind::Folder => continue,
                Kind::Other => {
                    out.odd
                        .push("the .crate holds what is no file, folder or link".into());
                    continue;
                }
            };
            out.proven.remove(&path);
            files.insert(path, expected);
        }
        out.expected.entries = files;
        out
    }
}

/// What the folder's own Cargo.toml says it is, where that is something else.
pub(super) fn decoy(root: &Path, release: &ReleaseId) -> Option<String> {
    let (name, version) = named(root)?;
    let same = name == release.package.as_str() && version == release.version.as_str();
    (!same).then(|| customs_model::printable(&format!("{name}@{version}"), 200))
}

/// The name and version of a folder's Cargo.toml.
pub(super) fn named(root: &Path) -> Option<(String, String)> {
    // Without one that can be read it claims nothing; the comparison says what is wrong with it.
    let bytes = disk::read_up_to(&root.join("Cargo.toml"), 1 << 20).ok()??;
    let declared = customs_ecosystem::cargo::declared_by_cargo_toml(&bytes)?;
    Some((declared.name?, declared.version?))
}
