//! A fast hash for tables whose keys strangers choose.
//!
//! The standard library's hash takes about a nanosecond for each byte of a short key, and a large lockfile
//! is looked up a hundred thousand times. This one folds sixteen bytes into its state by one multiplication.
//! Two secret words of each table keep strangers from choosing keys that all fall into one place. It is for
//! tables in memory alone: what must not be forged is a [`Digest`](customs_model::Digest).

use std::hash::{BuildHasher, Hasher, RandomState};

/// Makes hashes with secret words of its own.
#[derive(Debug, Clone)]
pub struct Keyed {
    first: u64,
    second: u64,
}

impl Default for Keyed {
    fn default() -> Self {
        let secret = RandomState::new();
        Self {
            first: secret.hash_one(1),
            second: secret.hash_one(2),
        }
    }
}

impl BuildHasher for Keyed {
    type Hasher = Folding;

    fn build_hasher(&self) -> Folding {
        Folding {
            state: self.first,
            secret: self.second,
        }
    }
}

/// The hash of one key in the making.
#[derive(Debug, Clone)]
pub struct Folding {
    state: u64,
    secret: u64,
}

impl Folding {
    fn fold(&mut self, low: u64, high: u64) {
        let product = u128::from(low ^ self.state) * u128::from(high ^ self.secret);
        // Both halves, so that each bit of the words reaches each bit of the state.
        #[allow(
            clippy::cast_possible_truncation,
            reason = "the lower half of the product"
        )]
        let low = product as u64;
        self.state = low ^ (product >> 64) as u64;
    }
}

impl Hasher for Folding {
    fn write(&mut self, bytes: &[u8]) {
        let (pairs, rest) = bytes.as_chunks::<16>();
        for pair in pairs {
            let word = u128::from_le_bytes(*pair);
            #[allow(clippy::cast_possible_truncation, reason = "the lower half")]
            let low = word as u64;
            self.fold(low, (word >> 64) as u64);
        }
        let mut last = [0; 16];
        last[..rest.len()].copy_from_slice(rest);
        let word = u128::from_le_bytes(last);
        #[allow(clippy::cast_possible_truncation, reason = "the lower half")]
        let low = word as u64;
        // With the length, so that zeros at the end count.
        self.fold(
            low,
            (word >> 64) as u64 ^ (bytes.len() as u64).rotate_left(56),
        );
    }

    fn write_u8(&mut self, number: u8) {
        self.fold(u64::from(number), 0);
    }

    fn write_u32(&mut self, number: u32) {
        self.fold(u64::from(number), 0);
    }

    fn write_u64(&mut self, number: u64) {
        self.fold(number, 0);
    }

    fn write_usize(&mut self, number: usize) {
        self.fold(number as u64, 0);
    }

    fn finish(&self) -> u64 {
        let mut last = self.clone();
        last.fold(self.secret.rotate_left(32), 0);
        last.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn keys_that_differ_have_different_hashes_and_tables_have_their_own() {
        let keyed = Keyed::default();
        let mut seen = HashSet::new();
        for number in 0..100_000u32 {
            assert!(seen.insert(keyed.hash_one(format!("node_modules/package-{number}"))));
        }
        for length in 0..64 {
            assert!(seen.insert(keyed.hash_one(vec![0u8; length])), "{length}");
        }
        assert_eq!(keyed.hash_one("a"), keyed.clone().hash_one("a"));
        assert_ne!(keyed.hash_one("a"), Keyed::default().hash_one("a"));
    }

    #[test]
    fn a_hash_has_as_many_ones_as_zeros_in_each_bit() {
        let keyed = Keyed::default();
        let hashes: Vec<u64> = (0..4096u64).map(|number| keyed.hash_one(number)).collect();
        for bit in 0..64 {
            let ones = hashes.iter().filter(|hash| *hash >> bit & 1 == 1).count();
            assert!((1600..2500).contains(&ones), "bit {bit}: {ones}");
        }
    }
}
