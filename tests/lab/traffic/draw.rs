//! Chance that can be repeated: every draw is a function of the seed, the tick and the pod's name,
//! so a pod's numbers do not change because another pod came or went.

/// A stream of random numbers (SplitMix64), good enough for customers and small enough to read.
#[derive(Debug)]
pub struct Draw(u64);

impl Draw {
    /// The stream that belongs to one name at one tick.
    pub fn of(seed: u64, tick: u64, name: &str) -> Self {
        // FNV-1a: the standard library's hash may change between versions, and runs must repeat.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in seed.to_le_bytes().iter().chain(&tick.to_le_bytes()).chain(name.as_bytes()) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Self(hash)
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number in 0..1, never 1.
    pub fn unit(&mut self) -> f64 {
        let high = u32::try_from(self.bits() >> 32).unwrap_or(u32::MAX);
        f64::from(high) / (f64::from(u32::MAX) + 1.0)
    }

    /// How many of independent arrivals come when `mean` are expected.
    pub fn poisson(&mut self, mean: f64) -> u64 {
        // Adding up waiting times is exact for every mean and costs one draw per arrival.
        let (mut waited, mut arrivals) = (0.0, 0);
        loop {
            waited -= (1.0 - self.unit()).ln();
            if waited >= mean {
                return arrivals;
            }
            arrivals += 1;
        }
    }

    /// How many of `trials` succeed when each does so with the given chance.
    pub fn binomial(&mut self, trials: u64, chance: f64) -> u64 {
        (0..trials).map(|_| u64::from(self.unit() < chance)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_place_draws_the_same_numbers() {
        let draws = |seed, tick, name| Draw::of(seed, tick, name).bits();
        assert_eq!(draws(1, 2, "a"), draws(1, 2, "a"));
        assert_ne!(draws(1, 2, "a"), draws(2, 2, "a"));
        assert_ne!(draws(1, 2, "a"), draws(1, 3, "a"));
        assert_ne!(draws(1, 2, "a"), draws(1, 2, "b"));
    }

    #[test]
    fn means_are_what_was_asked_for() {
        let ticks = 2_000;
        let (mut arrivals, mut successes) = (0, 0);
        for tick in 0..ticks {
            let mut draw = Draw::of(7, tick, "pod");
            arrivals += draw.poisson(25.0);
            successes += draw.binomial(20, 0.3);
        }
        // Four standard deviations of the sum: 894 and 366.
        assert!(arrivals.abs_diff(25 * ticks) < 900, "{arrivals}");
        assert!(successes.abs_diff(6 * ticks) < 370, "{successes}");
        assert_eq!(Draw::of(7, 0, "pod").poisson(0.0), 0);
    }
}
