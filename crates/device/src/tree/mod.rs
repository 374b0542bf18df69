//! Is every installed file what the artifact holds that the lockfile names?
//!
//! The core knows no manager: [`Expected`] says what a folder should hold, [`disk`] what it
//! holds, [`compare`] what differs, and an [`Explain`] what of that is ordinary, with proof. What
//! nobody explains fails. [`seen`] remembers what was found while nothing changes.

mod answer;
pub(crate) mod beside;
pub mod cargo;
mod checkouts;
pub(crate) mod commit;
mod compare;
pub mod disk;
mod expected;
mod memory;
pub mod npm;
mod options;
pub mod patch;
pub mod python;
pub mod seen;
#[cfg(test)]
pub(crate) mod testing;
mod workers;

pub use answer::{Against, Cause, Difference, DifferenceKind, PackageTree, Standing, TreeReport};
pub use compare::{Compared, Comparer, Explain, Unexplained, compare};
pub use expected::{Expected, ExpectedEntry, Proven};
pub use options::{Caches, Options};
pub use workers::each;
