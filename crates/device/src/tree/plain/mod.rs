//! What lies in a folder, what should lie there, and copies of artifacts at hand: the small part of
//! these that environments of Python and folders of cargo need.

mod disk;
mod expected;
mod parallel;
mod shelf;

pub(crate) use disk::{Disk, Kind, digest_by, digest_of, join, read_bounded, starts_with};
pub(crate) use expected::{Expected, ExpectedEntry, difference, extra, unexplained};
pub(crate) use parallel::map as parallel_map;
pub(crate) use shelf::{Copy, Shelf, places};
