use crate::{cargo, npm, pypi};
use customs_model::Ecosystem;
use std::cmp::Ordering;

/// Which of two versions is newer in the order of their ecosystem; none if one has no place in it.
pub fn compare(ecosystem: Ecosystem, a: &str, b: &str) -> Option<Ordering> {
    match ecosystem {
        Ecosystem::Npm => Some(npm::NpmVersion::parse(a)?.cmp(&npm::NpmVersion::parse(b)?)),
        Ecosystem::PyPi => pypi::compare(a, b),
        Ecosystem::Cargo => cargo::compare(a, b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ecosystem_has_its_own_order() {
        let less = Some(Ordering::Less);
        assert_eq!(compare(Ecosystem::Npm, "1.9.0", "1.10.0"), less);
        assert_eq!(compare(Ecosystem::PyPi, "1.0rc1", "1.0"), less);
        assert_eq!(compare(Ecosystem::Cargo, "1.0.0-a", "1.0.0"), less);
        assert_eq!(compare(Ecosystem::Npm, "next", "1.0.0"), None);
    }
}
