//! Chance, from a seed. Whole numbers only, so that every machine rolls the same.

/// Splitmix64: small, fast, and good enough for customers.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number in `0..bound`; 0 when there is nothing to choose from.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        let scaled = (self.roll() >> 32) * u64::from(bound);
        u32::try_from(scaled >> 32).unwrap_or(0)
    }

    /// True that many times in a million.
    pub(super) fn chance(&mut self, in_a_million: u32) -> bool {
        self.below(1_000_000) < in_a_million
    }

    /// One of `all`, none of none.
    pub(super) fn pick<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let place = self.below(u32::try_from(all.len()).unwrap_or(u32::MAX));
        all.get(usize::try_from(place).unwrap_or(usize::MAX))
    }

    /// A name as a cluster makes them: no vowels, so that it never spells a word.
    pub(super) fn name(&mut self, length: usize) -> String {
        const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        (0..length).filter_map(|_| self.pick(LETTERS)).map(|letter| char::from(*letter)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances_come_about_as_often_as_they_say() {
        let mut dice = Dice::new(7);
        for in_a_million in [0, 2_000, 100_000, 941_000, 1_000_000] {
            let hits: u32 = (0..200_000).map(|_| u32::from(dice.chance(in_a_million))).sum();
            assert!((i64::from(hits) * 5 - i64::from(in_a_million)).abs() < 5_000, "{in_a_million}: {hits}");
        }
    }
}
