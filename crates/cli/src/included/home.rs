//! Where the places of a tree lie that begin with cargo's home: crates are compiled out of it, and it is no folder of
//! the project.

use std::path::Path;

/// What stands for cargo's home in a place, as the tree check writes it.
const HOME: &str = "$CARGO_HOME";

/// What of a place stands behind cargo's home; none where it lies in the project.
fn inside(place: &str) -> Option<&str> {
    place.strip_prefix(HOME)?.strip_prefix('/')
}

/// Whether a place lies in cargo's home.
pub fn is_of_home(place: &str) -> bool {
    inside(place).is_some()
}

/// Whether it is one of the checkouts there, in which git keeps what it knows in a folder of its own.
pub fn is_checkout(place: &str) -> bool {
    inside(place).is_some_and(|inside| inside.starts_with("git/checkouts/"))
}

/// A place as a folder and a path below it: cargo's home, or that of its project. Where the home is not known
/// nothing lies there.
pub fn split<'p>(folder: &'p Path, place: &'p str, home: Option<&'p Path>) -> (&'p Path, &'p str) {
    match inside(place).zip(home) {
        Some((inside, home)) => (home, inside),
        None => (folder, place),
    }
}
