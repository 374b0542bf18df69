//! Is every installed file what the artifact holds that the lockfile names?

mod answer;
pub mod cargo;
mod plain;
pub mod python;

pub use answer::{Against, Cause, Difference, DifferenceKind, PackageTree, Standing, TreeReport};
pub use plain::Place;
