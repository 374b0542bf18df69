use super::layout::UNPLUGGED;
use super::links::Links;
use super::manager::Manager;
use super::manifest::Manifest;
use super::patches::Patched;
use super::{made, modes, shim};
use crate::artifact::digest_of;
use crate::tree::disk::{FoundKind, There};
use crate::tree::{Cause, Difference, DifferenceKind, Explain, Standing, disk};
use customs_model::{Digest, DigestAlgorithm, ReleaseId};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;

/// Explains the differences of one package, or of a `node_modules` around packages.
pub(super) struct Explainer<'a> {
    /// The folder, relative to the project.
    pub place: &'a str,
    /// Whether the folder is a `node_modules`.
    pub is_root: bool,
    pub links: &'a Links<'a>,
    pub release: Option<&'a ReleaseId>,
    pub alternates: &'a BTreeMap<String, ([u8; 32], &'static str)>,
    pub patched: &'a Patched,
    pub manager: Manager,
    /// What the package says of its programs.
    pub manifest: &'a Manifest,
    /// Whether a script of the package may have run.
    pub runs_at_install: bool,
    /// Something was compared with a file of the project's own, of which nothing is remembered.
    pub took_own: Cell<bool>,
}

impl Explain for Explainer<'_> {
    fn explain(&mut self, difference: &Difference, at: &Path) -> Standing {
        if difference.kind == DifferenceKind::Mode {
            return modes::explain(self, &difference.path, at)
                .map_or(Standing::Unexplained, by_manager);
        }
        self.alternate(difference)
            .or_else(|| self.patch(difference))
            .or_else(|| self.extra(difference, at))
            .unwrap_or(Standing::Unexplained)
    }
}

pub(super) fn by_manager(what: &str) -> Standing {
    Standing::Explained(Cause::Manager { what: what.into() })
}

impl Explainer<'_> {
    fn alternate(&self, difference: &Difference) -> Option<Standing> {
        let (sha256, what) = self.alternates.get(&difference.path)?;
        let same = difference.found.as_ref() == Some(&Digest::from_sha256(*sha256));
        same.then(|| by_manager(what))
    }

    fn patch(&self, difference: &Difference) -> Option<Standing> {
        let (after, file) = self.patched.results.get(&difference.path)?;
        let same = match (after, difference.kind) {
            (None, DifferenceKind::Missing) => true,
            (Some(sha256), DifferenceKind::Modified | DifferenceKind::Extra) => {
                let twice = self.patched.twice.get(&difference.path);
                let found = difference.found.as_ref();
                let mut made = std::iter::once(sha256).chain(twice);
                made.any(|sha256| found == Some(&Digest::from_sha256(*sha256)))
            }
            _ => false,
        };
        same.then(|| Standing::Explained(Cause::Patch { file: file.clone() }))
    }

    fn extra(&self, difference: &Difference, at: &Path) -> Option<Standing> {
        if difference.kind != DifferenceKind::Extra {
            return None;
        }
        let path = difference.path.as_str();
        let empty = Digest::sha256(b"");
        if self.place.starts_with(UNPLUGGED) && path == ".ready" && difference.found == Some(empty)
        {
            return Some(by_manager(
                "Yarn's mark that it unpacked a package; it is empty",
            ));
        }
        // The path in the innermost `node_modules` that is part of this folder.
        let in_modules = match self.is_root {
            true => Some(path),
            false => path.strip_prefix("node_modules/"),
        };
        if let Some(inner) = in_modules
            && let Some(standing) = self.in_modules(inner, path, difference, at)
        {
            return Some(standing);
        }
        let built = self.release.filter(|_| self.runs_at_install)?;
        made::is_build_output(path, at).then(|| Standing::MadeHere {
            maker: format!("the install script of {}", built.spoken()),
            pinned: None,
        })
    }

    fn in_modules(
        &self,
        inner: &str,
        path: &str,
        difference: &Difference,
        at: &Path,
    ) -> Option<Standing> {
        let place = format!("{}/{path}", self.place);
        let installer = |what| Standing::Explained(Cause::Installer { what });
        if let Some(what) = self.links.link(&place) {
            return Some(installer(what));
        }
        if self.links.is_outside(&place) {
            return Some(Standing::MadeHere {
                maker:
                    "the manager: a link out of the project, to a folder that its manifest asks \
                        for and whose files were not compared"
                        .to_owned(),
                pinned: None,
            });
        }
        if let Some((folder, name)) = place.rsplit_once('/')
            && folder.ends_with("/.bin")
            && let Some(what) = self.shim(folder, name, difference, at)
        {
            return Some(installer(what));
        }
        if let Some((whole, file)) = self.links.copy_of(&place) {
            self.took_own.set(true);
            return self.own_copy(whole, file, difference);
        }
        let maker = made::by_use(inner)?;
        Some(Standing::MadeHere {
            maker,
            pinned: None,
        })
    }

    /// A file of a folder of the project's own, which the manager copied: it is as it is there. What
    /// comes out of an archive that no digest is promised of is only told.
    fn own_copy(&self, whole: &str, file: &str, difference: &Difference) -> Option<Standing> {
        let whole = self.links.at(whole);
        match There::look(&whole).kind()? {
            FoundKind::Folder => {
                let same = own_digest(&whole.join(file)).is_some_and(|there| {
                    // What is no file and no link has no digest.
                    difference.found.as_ref() == Some(&there)
                });
                same.then(|| {
                    Standing::Explained(Cause::Installer {
                        what: "a copy of the project's own file".to_owned(),
                    })
                })
            }
            FoundKind::File => Some(Standing::MadeHere {
                maker: "the manager, from an archive of the project's own, of which the lockfile \
                        promises no digest"
                    .to_owned(),
                pinned: None,
            }),
            FoundKind::Link | FoundKind::Other => None,
        }
    }

    fn shim(&self, folder: &str, name: &str, difference: &Difference, at: &Path) -> Option<String> {
        // What cannot be read explains nothing; the difference itself stands.
        let text = disk::read_up_to(at, shim::LONGEST).ok()??;
        let same = difference.found.as_ref() == Some(&Digest::sha256(&text));
        same.then(|| shim::explain(&text, folder, name, self.links))?
    }
}

/// The digest of a file, or of where a link leads. What cannot be read is the same as nothing.
fn own_digest(path: &Path) -> Option<Digest> {
    match There::look(path).kind()? {
        FoundKind::File => digest_of(path, DigestAlgorithm::Sha256).ok(),
        FoundKind::Link => {
            let target = std::fs::read_link(path).ok()?;
            Some(Digest::sha256(target.as_os_str().as_encoded_bytes()))
        }
        FoundKind::Folder | FoundKind::Other => None,
    }
}
