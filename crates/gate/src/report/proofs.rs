//! Registries that show no proof of origin of anything that they deliver. Said once for each.

use customs_model::{PackageName, printable};
use std::collections::{BTreeMap, BTreeSet};

/// So many packages have to lack what they should show. With fewer, one stolen account could look
/// like a registry that strips.
const PACKAGES: usize = 3;
/// Registries that are told apart, and packages of each that are counted.
const REGISTRIES: usize = 100;
const COUNTED: usize = 20_000;

/// A kind of proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proof {
    /// A registry's signature, which it writes for all that it has.
    Signature,
    /// An attestation that a document names, and that its registry has to be asked for.
    Attestation,
}

/// What registries showed in a run.
#[derive(Debug, Default)]
pub(super) struct Proofs {
    lacking: BTreeMap<(String, Proof), BTreeSet<PackageName>>,
    showing: BTreeSet<(String, Proof)>,
}

impl Proofs {
    pub fn take(&mut self, registry: String, package: PackageName, proof: Proof, shown: bool) {
        let key = (registry, proof);
        if shown {
            self.lacking.remove(&key);
            if self.showing.len() < REGISTRIES {
                self.showing.insert(key);
            }
            return;
        }
        let has_room = self.lacking.len() < REGISTRIES || self.lacking.contains_key(&key);
        if self.showing.contains(&key) || !has_room {
            return;
        }
        let packages = self.lacking.entry(key).or_default();
        if packages.len() < COUNTED {
            packages.insert(package);
        }
    }

    /// A sentence for each registry that shows nothing.
    pub fn said(&self) -> impl Iterator<Item = String> {
        let stripping = |(_, packages): &(_, &BTreeSet<_>)| packages.len() >= PACKAGES;
        let stripping = self.lacking.iter().filter(stripping);
        stripping.map(|((registry, proof), packages)| {
            let (registry, count) = (printable(registry, 120), packages.len());
            match proof {
                Proof::Signature => format!(
                    "the registry at {registry} serves no signatures, for none of the {count} packages of this \
                     run: it strips them or never had any; origin cannot be checked for anything that comes \
                     from it; take a registry that passes them on"
                ),
                Proof::Attestation => format!(
                    "the registry at {registry} names attestations of {count} packages and hands out none: they \
                     were stripped on the way; who built what comes from it cannot be checked; take a registry \
                     that passes them on"
                ),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::Ecosystem;

    fn proofs(shown: &[bool]) -> Proofs {
        let mut proofs = Proofs::default();
        for (number, shown) in shown.iter().enumerate() {
            let package = PackageName::new(Ecosystem::Npm, &format!("p{number}")).unwrap();
            let registry = "registry.example/".to_owned();
            proofs.take(registry, package, Proof::Signature, *shown);
        }
        proofs
    }

    #[test]
    fn a_registry_that_shows_nothing_is_told_once() {
        let said: Vec<String> = proofs(&[false; 4]).said().collect();
        assert_eq!(
            said,
            [
                "the registry at registry.example/ serves no signatures, for none of the 4 packages of this run: it \
                 strips them or never had any; origin cannot be checked for anything that comes from it; take a \
                 registry that passes them on"
            ]
        );
    }

    #[test]
    fn a_registry_that_signs_is_not_told_of_for_what_it_lacks() {
        for shown in [
            vec![false, false],
            vec![true, false, false, false],
            vec![false, false, false, true, false, false, false],
        ] {
            assert_eq!(proofs(&shown).said().count(), 0, "{shown:?}");
        }
    }
}
