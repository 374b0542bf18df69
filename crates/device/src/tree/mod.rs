//! Is every installed file what the artifact holds that the lockfile names?

mod answer;

pub use answer::{Against, Cause, Difference, DifferenceKind, PackageTree, Standing, TreeReport};
