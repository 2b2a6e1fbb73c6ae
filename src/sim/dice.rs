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

    /// How many of `trials` independent ones succeed, each that many times in a million. 64 at once: a trial is a
    /// number below one, drawn bit by bit and side by side with the others until all are told from the chance.
    pub(super) fn of(&mut self, trials: u32, in_a_million: u32) -> u32 {
        const BITS: u32 = 30;
        if in_a_million >= 1_000_000 {
            return trials;
        }
        let chance = (u64::from(in_a_million) << BITS) / 1_000_000;
        let (mut left, mut hits) = (trials, 0);
        while left > 0 && chance > 0 {
            let width = left.min(64);
            let mut open = u64::MAX >> (64 - width);
            for bit in (0..BITS).rev() {
                if open == 0 {
                    break;
                }
                let drawn = self.roll();
                if chance >> bit & 1 == 1 {
                    hits += (open & !drawn).count_ones();
                    open &= drawn;
                } else {
                    open &= !drawn;
                }
            }
            left -= width;
        }
        hits
    }

    /// One of `all`, none of none.
    fn pick<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
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
        for in_a_million in [0, 2_000, 100_000, 500_000, 941_000, 1_000_000] {
            for trials in [1, 3, 64, 65, 1_000] {
                let rounds = 200_000 / trials;
                let hits: u32 = (0..rounds).map(|_| dice.of(trials, in_a_million)).sum();
                let expected = f64::from(rounds * trials) * f64::from(in_a_million) / 1e6;
                assert!((f64::from(hits) - expected).abs() < 1_100.0, "{trials} at {in_a_million}: {hits}");
            }
        }
    }

    #[test]
    fn hits_scatter_as_much_as_chance_does() {
        let mut dice = Dice::new(7);
        let hits: Vec<f64> = (0..4_000).map(|_| f64::from(dice.of(200, 100_000))).collect();
        let mean = hits.iter().sum::<f64>() / 4_000.0;
        let variance = hits.iter().map(|hit| (hit - mean).powi(2)).sum::<f64>() / 4_000.0;
        assert!((16.5..19.5).contains(&variance), "200 · 0.1 · 0.9 = 18, got {variance}");
    }
}
