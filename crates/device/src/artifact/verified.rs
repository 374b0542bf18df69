//! From what a lockfile promises to an archive that is just that.

use super::unpacked::{Beside, Reading, Unpacked};
use super::{Candidate, Form, Poisoned, Source, Wanted, tarball, zip};
use crate::tree::Against;
use customs_model::{Digest, DigestAlgorithm, printable};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// An artifact whose bytes are what the lockfile promises.
#[derive(Debug)]
pub struct Verified {
    /// What is in it.
    pub unpacked: Unpacked,
    /// Where it lies.
    pub candidate: Candidate,
    /// The strongest digest that was promised and computed.
    pub digest: Digest,
    /// Its bytes are not here: a list of what was in them is ([`listed`]).
    pub by_list: bool,
}

impl Verified {
    /// What a tree is compared with that is compared with this.
    pub fn against(&self) -> Against {
        let from = self.candidate.from.clone();
        match self.by_list {
            true => Against::OwnList { list: from },
            false => Against::Artifact {
                digest: self.digest.clone(),
                from,
            },
        }
    }

    /// Why agreement with it is no *yes*. None where it is one. Safe to print.
    pub fn weakness(&self) -> Option<String> {
        self.by_list.then(|| {
            format!(
                "{}; it was compared with {}, which whoever changes a file can change too",
                Unverified::Absent,
                self.candidate.from
            )
        })
    }
}

/// What was learned on the way, whether or not an artifact was found.
#[derive(Debug, Default)]
pub struct Told {
    /// Copies that are not what is promised.
    pub poisoned: Vec<Poisoned>,
    /// What is odd about the promise. Safe to print.
    pub notes: Vec<String>,
}

/// Why there is no artifact to compare with.
#[derive(Debug, thiserror::Error)]
pub enum Unverified {
    /// No source has a copy.
    #[error("its artifact is not on this computer; fetch it with --fetch")]
    Absent,
    /// A copy has the bytes that are promised, and is no archive that can be read.
    #[error("the copy in {} cannot be read: {why}", candidate.from)]
    Archive {
        /// The copy.
        candidate: Candidate,
        /// Safe to print.
        why: String,
    },
    /// A copy cannot be read, or has other bytes, or a source cannot be asked. Safe to print.
    #[error("{0}")]
    Because(String),
}

/// How archives are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Packing {
    /// A tarball, compressed or not.
    Tarball,
    /// A zip, read by its directory.
    Zip,
}

/// The first copy, in any source, that is what is promised. Its entries were read from the bytes
/// that were hashed. `reading.algorithms` are not asked: they follow from the promise.
///
/// # Errors
/// Why there is none.
pub fn find<'r>(
    sources: &[Box<dyn Source>],
    wanted: &Wanted<'_>,
    reading: &dyn Fn(Form) -> (Packing, Reading<'r>),
    beside: &mut dyn Beside,
    told: &mut Told,
) -> Result<Verified, Unverified> {
    let mut why = Unverified::Absent;
    for source in sources {
        let candidates = match source.all(wanted) {
            Ok(candidates) => candidates,
            Err(error) => {
                why = Unverified::Because(error.to_string());
                continue;
            }
        };
        for candidate in candidates {
            let promised = match candidate.form {
                Form::YarnZip => wanted.archive.map(std::slice::from_ref),
                Form::Artifact => Some(wanted.digests),
            };
            let promised = promised.unwrap_or_default();
            let source = source.as_ref();
            let read = read(source, &candidate, promised, reading, beside);
            let judged = read.and_then(|unpacked| {
                let digest = judge(source, &candidate, wanted, promised, &unpacked, told)?;
                Ok((unpacked, digest))
            });
            match judged {
                Ok((unpacked, digest)) => {
                    return Ok(Verified {
                        unpacked,
                        candidate,
                        digest,
                        by_list: false,
                    });
                }
                Err(reason) => why = reason,
            }
        }
    }
    Err(why)
}

/// What is in an artifact by the first list of it that there is, for where no source has its bytes.
/// Nothing binds the list to the promise.
pub fn listed(
    sources: &[Box<dyn Source>],
    wanted: &Wanted<'_>,
    (packing, reading): (Packing, Reading<'_>),
    told: &mut Told,
) -> Option<Verified> {
    for source in sources {
        match source.list(wanted, packing, &reading) {
            Ok(Some(found)) => {
                return Some(Verified {
                    unpacked: found.unpacked,
                    candidate: found.candidate,
                    digest: found.digest,
                    by_list: true,
                });
            }
            Ok(None) => {}
            Err(error) => told.notes.push(error.to_string()),
        }
    }
    None
}

/// Reads a copy, and hashes it as its promise asks.
fn read<'r>(
    source: &dyn Source,
    candidate: &Candidate,
    promised: &[Digest],
    reading: &dyn Fn(Form) -> (Packing, Reading<'r>),
    beside: &mut dyn Beside,
) -> Result<Unpacked, Unverified> {
    let algorithms: BTreeSet<_> = promised.iter().map(Digest::algorithm).collect();
    let algorithms: Vec<DigestAlgorithm> = algorithms.into_iter().rev().collect();
    let (packing, reading) = reading(candidate.form);
    let reading = Reading {
        algorithms: &algorithms,
        inside: reading.inside,
        keep: reading.keep,
    };
    let read = match packing {
        Packing::Tarball => {
            tarball::read_beside(&candidate.path, &reading, beside).map_err(|why| why.to_string())
        }
        Packing::Zip => {
            zip::read_beside(&candidate.path, &reading, beside).map_err(|why| why.to_string())
        }
    };
    read.map_err(|why| {
        let (from, why) = (source.name(), printable(&why, 200));
        Unverified::Because(format!("the copy in {from} cannot be read: {why}"))
    })
}

/// A weaker digest of the same promise that a copy has, although its stronger one is of something else.
fn weaker<'d>(
    promised: &Digest,
    wanted: &Wanted<'_>,
    unpacked: &'d Unpacked,
) -> Option<&'d Digest> {
    let mut found = unpacked.digests.iter();
    found.find(|found| found.algorithm() < promised.algorithm() && wanted.digests.contains(found))
}

/// The strongest digest that is promised and right. A weaker one that is wrong is said; a stronger
/// one that is wrong makes it another artifact.
fn judge(
    source: &dyn Source,
    candidate: &Candidate,
    wanted: &Wanted<'_>,
    promised: &[Digest],
    unpacked: &Unpacked,
    told: &mut Told,
) -> Result<Digest, Unverified> {
    let mut strongest = None;
    for found in &unpacked.digests {
        let mut same = promised
            .iter()
            .filter(|digest| digest.algorithm() == found.algorithm())
            .peekable();
        let first = same.peek().copied();
        if same.any(|digest| digest == found) {
            strongest = strongest.or(Some(found.clone()));
        } else if strongest.is_some() {
            told.notes.push(format!(
                "{}: the lockfile's {} is of another artifact than its stronger digest",
                wanted.release.spoken(),
                found.algorithm().name()
            ));
        } else if let Some(promised) = first {
            if let Some(weaker) = weaker(promised, wanted, unpacked) {
                told.notes.push(format!(
                    "{}: the lockfile's {} and its {} are of different artifacts",
                    wanted.release.spoken(),
                    promised.algorithm().name(),
                    weaker.algorithm().name()
                ));
            }
            told.poisoned.push(Poisoned {
                cache: candidate.from.clone(),
                path: candidate.path.display().to_string(),
                release: wanted.release.clone(),
                promised: promised.clone(),
                found: found.clone(),
            });
            return Err(Unverified::Because(format!(
                "the copy in {} is not what the lockfile promises; {}",
                source.name(),
                source.remedy()
            )));
        }
    }
    match (&unpacked.fault, strongest) {
        (_, None) => Err(Unverified::Because(
            "the lockfile promises no digest that can be computed".to_owned(),
        )),
        (Some(fault), Some(_)) => Err(Unverified::Archive {
            candidate: candidate.clone(),
            why: printable(fault, 200),
        }),
        (None, Some(digest)) => Ok(digest),
    }
}
