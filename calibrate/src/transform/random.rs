//! A small seeded generator: the same seed gives the same transform, on every machine.

/// Splitmix64. Nothing here needs to be unpredictable, only to be repeatable.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// A generator that begins at a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A generator for a text and a seed, so that a case gives the same result whichever
    /// cases are run beside it.
    pub fn of(text: &str, seed: u64) -> Self {
        // FNV-1a: short, and good enough to spread names.
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(hash ^ seed)
    }

    /// The next number.
    pub const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a bound; zero for a bound of zero.
    pub const fn below(&mut self, bound: usize) -> usize {
        if bound == 0 {
            return 0;
        }
        (self.number() % bound as u64) as usize
    }

    /// True in so many of so many.
    pub const fn chance(&mut self, of: usize, outof: usize) -> bool {
        self.below(outof) < of
    }

    /// One of several.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }

    /// Mixes the order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for index in (1..items.len()).rev() {
            let other = self.below(index + 1);
            items.swap(index, other);
        }
    }

    /// A name that a text does not hold.
    pub fn name(&mut self, text: &str) -> String {
        loop {
            let number = self.number() & 0xff_ffff;
            let name = match number % 3 {
                0 => format!("_0x{number:06x}"),
                1 => format!("_q{number:x}"),
                _ => format!("v{number:x}_"),
            };
            if !text.contains(&name) {
                return name;
            }
        }
    }
}
