//! Which number a text has in a list: the names of a program, and its constants.

use rustc_hash::FxBuildHasher;
use std::hash::BuildHasher as _;

/// The numbers of texts, found by a list of them that somebody else holds: each package has
/// hundreds of thousands of them, so a place holds no text of its own.
///
/// A place is half of the text's hash and the number plus one; 0 is free. At most three of four
/// are taken.
#[derive(Debug, Clone, Default)]
pub(crate) struct Atoms {
    slots: Vec<u64>,
    taken: usize,
}

/// Places of the smallest table.
const LEAST: usize = 16;

impl Atoms {
    /// The number of a text, if it has one; `is_it` says whether a number is that of this text.
    pub fn find(&self, text: &str, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let hash = hash(text);
        for slot in self.from(hash) {
            if slot == 0 {
                return None;
            }
            let number = (slot as u32).wrapping_sub(1);
            if slot >> 32 == u64::from(hash) && is_it(number) {
                return Some(number);
            }
        }
        None
    }

    /// Notes the number of a text that has none yet.
    pub fn insert(&mut self, text: &str, number: u32) {
        if (self.taken + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        self.taken += 1;
        self.put((u64::from(hash(text)) << 32) | (u64::from(number) + 1));
    }

    /// Bytes of memory that the places take.
    pub const fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<u64>()
    }

    /// The places where a text with this hash may stand, up to all of them.
    fn from(&self, hash: u32) -> impl Iterator<Item = u64> {
        let (before, behind) = self.slots.split_at(self.start(hash));
        behind.iter().chain(before).copied()
    }

    /// The place at which a search begins.
    const fn start(&self, hash: u32) -> usize {
        hash as usize & self.slots.len().saturating_sub(1)
    }

    fn put(&mut self, slot: u64) {
        let start = self.start((slot >> 32) as u32);
        let (before, behind) = self.slots.split_at_mut(start);
        let mut places = behind.iter_mut().chain(before);
        if let Some(free) = places.find(|place| **place == 0) {
            *free = slot;
        }
    }

    fn grow(&mut self) {
        let most = (self.slots.len() * 2).max(LEAST);
        let before = std::mem::replace(&mut self.slots, vec![0; most]);
        for slot in before.into_iter().filter(|slot| *slot != 0) {
            self.put(slot);
        }
    }
}

/// The lower half of a hash, which is the better one.
fn hash(text: &str) -> u32 {
    FxBuildHasher.hash_one(text) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;
    use std::collections::hash_map::Entry;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn each_name_has_its_own_number(asked in prop::collection::vec("[a-c]{0,4}", 0..200)) {
            let mut atoms = Atoms::default();
            let mut names: Vec<String> = Vec::new();
            let mut wanted: HashMap<String, u32> = HashMap::new();
            let find = |atoms: &Atoms, names: &[String], name: &str| {
                atoms.find(name, |number| names[number as usize] == name)
            };
            for name in asked {
                prop_assert_eq!(find(&atoms, &names, &name), wanted.get(&name).copied());
                if let Entry::Vacant(free) = wanted.entry(name) {
                    let number = names.len() as u32;
                    names.push(free.key().clone());
                    atoms.insert(free.key(), number);
                    free.insert(number);
                }
            }
            for (name, number) in wanted {
                prop_assert_eq!(find(&atoms, &names, &name), Some(number));
            }
        }
    }
}
