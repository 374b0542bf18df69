//! Values in memory whose weights together have a bound: the one that nobody asked for the
//! longest goes first.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

/// What is held.
#[derive(Debug)]
pub struct Held<K, V> {
    most: usize,
    weight: usize,
    uses: u64,
    by_key: HashMap<K, Entry<V>>,
    /// The keys by their last use, the oldest first.
    by_use: BTreeMap<u64, K>,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    weight: usize,
    used: u64,
}

impl<K: Clone + Eq + Hash, V: Clone> Held<K, V> {
    /// Nothing yet, and never more than this weighs, in whatever the weights are counted.
    pub fn new(most: usize) -> Self {
        Self {
            most,
            weight: 0,
            uses: 0,
            by_key: HashMap::new(),
            by_use: BTreeMap::new(),
        }
    }

    /// Whether a value is held; that does not count as asking for it.
    pub fn contains(&self, key: &K) -> bool {
        self.by_key.contains_key(key)
    }

    /// A value; it is the last that somebody asked for now.
    pub fn get(&mut self, key: &K) -> Option<V> {
        let entry = self.by_key.get_mut(key)?;
        if let Some(key) = self.by_use.remove(&entry.used) {
            self.uses += 1;
            entry.used = self.uses;
            self.by_use.insert(entry.used, key);
        }
        Some(entry.value.clone())
    }

    /// Holds a value. One that is heavier than the bound alone is not held.
    pub fn insert(&mut self, key: K, value: V, weight: usize) {
        self.remove(&key);
        if weight > self.most {
            return;
        }
        while self.weight > self.most - weight
            && let Some((_, oldest)) = self.by_use.pop_first()
        {
            self.remove(&oldest);
        }
        self.uses += 1;
        self.weight += weight;
        self.by_use.insert(self.uses, key.clone());
        let used = self.uses;
        let entry = Entry {
            value,
            weight,
            used,
        };
        self.by_key.insert(key, entry);
    }

    /// Lets go of a value.
    pub fn remove(&mut self, key: &K) {
        if let Some(entry) = self.by_key.remove(key) {
            self.by_use.remove(&entry.used);
            self.weight -= entry.weight;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(held: &Held<&'static str, ()>) -> Vec<&'static str> {
        held.by_use.values().copied().collect()
    }

    #[test]
    fn what_nobody_asked_for_the_longest_goes_first() {
        let mut held = Held::new(10);
        held.insert("a", (), 4);
        held.insert("b", (), 4);
        assert!(held.get(&"a").is_some());
        held.insert("c", (), 4);
        assert_eq!(keys(&held), ["a", "c"]);
        assert!(held.get(&"b").is_none());
        assert_eq!(held.weight, 8);
    }

    #[test]
    fn a_heavy_value_takes_the_place_of_several_light_ones() {
        let mut held = Held::new(10);
        for key in ["a", "b", "c", "d", "e"] {
            held.insert(key, (), 2);
        }
        held.insert("heavy", (), 7);
        assert_eq!(keys(&held), ["e", "heavy"]);
        assert_eq!(held.weight, 9);
    }

    #[test]
    fn what_is_heavier_than_the_bound_drives_nothing_out() {
        let mut held = Held::new(10);
        held.insert("a", (), 4);
        held.insert("too heavy", (), 11);
        assert_eq!(keys(&held), ["a"]);
    }

    #[test]
    fn a_value_that_is_put_again_weighs_once() {
        let mut held = Held::new(10);
        held.insert("a", (), 4);
        held.insert("a", (), 6);
        assert_eq!((held.weight, keys(&held)), (6, vec!["a"]));
        held.remove(&"a");
        assert_eq!((held.weight, held.by_key.len()), (0, 0));
    }
}
