//! Bytes that are two archives: one by their beginning, another one by their end. Clients
//! differ in which of the two they open.

use super::held::Bytes;
use super::{Sink, Trick, tar, zip};
use std::io::Read;

/// What opens an archive. Of two readings the one that its client has wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Opener {
    /// A reader of zip archives, for wheels. It looks for the end and for nothing else: Python's
    /// `zipfile`, which pip uses.
    Zip,
    /// pip, for source distributions: whatever ends as a zip archive is one, everything else is
    /// tar. Also what is not known.
    Either,
    /// A reader of streams, for npm's archives and crates: what stands behind is not seen.
    Stream,
}

impl Opener {
    /// What opens a file of this name.
    pub fn of_name(name: &str) -> Self {
        let extension = name.rsplit_once('.').map(|(_, extension)| extension);
        match extension.map(str::to_ascii_lowercase).as_deref() {
            Some("whl" | "zip" | "egg" | "pyz") => Self::Zip,
            Some("tgz" | "crate") => Self::Stream,
            _ => Self::Either,
        }
    }

    /// What opens an archive in an archive. Nothing installs it, so its name has to say it.
    pub(super) fn of_inner(name: &str) -> Self {
        match Self::of_name(name) {
            Self::Zip => Self::Zip,
            Self::Either | Self::Stream => Self::Stream,
        }
    }
}

/// An archive that is being read.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    /// What stands in front of its paths.
    pub prefix: &'p str,
    /// How many archives it is in.
    pub depth: usize,
    pub opener: Opener,
    /// The number of its first entry.
    pub first: usize,
}

impl Sink<'_> {
    /// Reads by its end what was read by its beginning.
    pub(super) fn by_end<'a>(&mut self, bytes: &impl Bytes<'a>, place: Place<'_>) {
        let is_seen = match place.opener {
            Opener::Zip | Opener::Either => true,
            // Its client does not open it; whoever put it there wants something of it.
            Opener::Stream => self.trails,
        };
        if !is_seen || !zip::opens(bytes) {
            return;
        }
        // The last file of an archive that is not compressed may honestly be a zip archive.
        if place.opener == Opener::Zip || self.trails {
            self.odd(Trick::Polyglot, place.prefix);
        }
        let second = self.tree.entries.len();
        zip::read(self, bytes, place.prefix, place.depth);
        if place.opener == Opener::Stream {
            self.swap(place.first, second);
        }
    }

    /// Reads by its beginning what was read as a zip archive: the name of a tar archive's first
    /// file may be the mark of one.
    pub(super) fn by_beginning(&mut self, mut stream: impl Read, place: Place<'_>) {
        self.odd(Trick::Polyglot, place.prefix);
        let second = self.tree.entries.len();
        tar::read(self, &mut stream, place.prefix, place.depth);
        if place.opener != Opener::Stream {
            self.swap(place.first, second);
        }
    }

    /// Of two entries with one path the later one counts: the second reading's go in front.
    fn swap(&mut self, first: usize, second: usize) {
        if let Some(entries) = self.tree.entries.get_mut(first..) {
            entries.rotate_left((second - first).min(entries.len()));
        }
    }
}
