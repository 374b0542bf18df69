use super::{Manager, elsewhere, members, pnpm_patches};
use crate::tree::disk;
use customs_ecosystem::lockfile::places::{self, Places};
use customs_ecosystem::lockfile::{self, Graph, Kind};
use customs_ecosystem::npm::Machine;
use customs_model::{Digest, ReleaseId, printable};
use std::collections::BTreeSet;
use std::io;
use std::path::Path;

/// A lockfile of the npm family, read for a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// Whose it is.
    pub manager: Manager,
    /// What should lie where.
    pub places: Places,
    /// Releases that only packages for other machines than this one ask for.
    pub elsewhere: BTreeSet<ReleaseId>,
    /// npm: releases that cannot rightly be absent, since somebody who fits this machine needs them.
    pub required: BTreeSet<ReleaseId>,
    /// Who asks for whom, where a map of Yarn's for Plug'n'Play lies beside it.
    pub graph: Option<Graph>,
    /// SHA-256 of its bytes.
    pub digest: Digest,
}

/// Why a lockfile could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be opened.
    #[error("{path} cannot be read: {why}; check that it is there and that you may read it")]
    Read {
        /// Safe to print.
        path: String,
        /// The system's reason.
        why: io::Error,
    },
    /// It is no lockfile of the npm family.
    #[error("{path} is no lockfile of npm, pnpm, Yarn or bun; name one of theirs")]
    Kind {
        /// Safe to print.
        path: String,
    },
    /// It is not what its tool writes.
    #[error(transparent)]
    Lockfile(#[from] lockfile::Error),
}

impl Lock {
    /// Reads a lockfile. A link is not followed.
    ///
    /// # Errors
    /// It cannot be read, or is none of the npm family.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let shown = || printable(&path.display().to_string(), 300);
        let fail = |why| Error::Read { path: shown(), why };
        let bytes = disk::read_up_to(path, lockfile::limit::BYTES as u64)
            .map_err(fail)?
            .ok_or_else(|| fail(io::Error::from(io::ErrorKind::FileTooLarge)))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let head = bytes.get(..bytes.len().min(400)).unwrap_or_default();
        let no_kind = || Error::Kind { path: shown() };
        let kind = Kind::of_file_name(&name, head).ok_or_else(no_kind)?;
        let manager = Manager::of(kind).ok_or_else(no_kind)?;
        let mut places = places::read(kind, &bytes)?;
        if manager == Manager::YarnClassic
            && let Some(project) = path.parent()
        {
            // Its lockfile does not name them.
            let (members, notes) = members::of(project);
            places.members.extend(members);
            places.skipped.extend(notes);
        }
        if manager == Manager::Pnpm
            && let Some(project) = path.parent()
        {
            let notes = pnpm_patches::name(project, &mut places.placed);
            places.skipped.extend(notes);
        }
        // Without a package for some machines nothing is only for others.
        let restricts = |placed: &places::Placed| placed.platforms.restricts();
        let (elsewhere, required) = match places.placed.iter().any(restricts) {
            true => {
                let graph = Graph::read(kind, &bytes)?;
                let machine = Machine::here();
                let required = match manager {
                    Manager::Npm => elsewhere::required(&graph, &places.placed, machine),
                    // What others write of a package says less of who needs it.
                    Manager::Pnpm | Manager::YarnClassic | Manager::YarnBerry | Manager::Bun => {
                        BTreeSet::new()
                    }
                };
                let elsewhere = elsewhere::elsewhere(&graph, &places.placed, machine);
                (elsewhere, required)
            }
            false => Default::default(),
        };
        let has_map = |name| {
            let map = path.parent().map(|project| project.join(name));
            map.is_some_and(|map| std::fs::symlink_metadata(map).is_ok())
        };
        let graph = match manager == Manager::YarnBerry
            && (has_map(".pnp.cjs") || has_map(".pnp.data.json"))
        {
            true => Some(Graph::read(kind, &bytes)?),
            false => None,
        };
        Ok(Self {
            manager,
            graph,
            elsewhere,
            required,
            places,
            digest: Digest::sha256(&bytes),
        })
    }
}

impl Lock {
    /// A digest of all that a check of the tree goes by: the lockfile, and the members that it does
    /// not name itself.
    pub(super) fn meaning(&self) -> Digest {
        let mut text = format!("{}\n{}\n", self.digest, self.manager);
        for member in &self.places.members {
            text.push_str(member);
            text.push('\n');
        }
        Digest::sha256(text.as_bytes())
    }
}
