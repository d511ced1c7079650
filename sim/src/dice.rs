//! Randomness from a seed: the same seed throws the same dice.

use std::time::Duration;

/// One random stream. A fork does not depend on how often the original is thrown.
pub(crate) struct Dice(fastrand::Rng);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// A separate stream.
    #[must_use]
    pub(crate) fn fork(&mut self) -> Self {
        Self(self.0.fork())
    }

    /// True once in `times`.
    pub(crate) fn once_in(&mut self, times: u32) -> bool {
        self.0.u32(..times.max(1)) == 0
    }

    /// True in this many of a thousand cases.
    pub(crate) fn per_mille(&mut self, share: u32) -> bool {
        self.0.u32(..1000) < share
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0.usize(..end.max(1))
    }

    /// A number from `first` to `last`, both included.
    pub(crate) fn range(&mut self, first: u64, last: u64) -> u64 {
        self.0.u64(first..=last)
    }

    /// A duration between the two, in whole milliseconds.
    pub(crate) fn between(&mut self, shortest: Duration, longest: Duration) -> Duration {
        Duration::from_millis(self.range(millis(shortest), millis(longest)))
    }

    pub(crate) fn millis(&mut self, shortest: u64, longest: u64) -> Duration {
        Duration::from_millis(self.range(shortest, longest))
    }

    pub(crate) fn secs(&mut self, shortest: u64, longest: u64) -> Duration {
        Duration::from_millis(self.range(shortest * 1000, longest * 1000))
    }

    /// Unevenly distributed between the two: long waits are rare.
    pub(crate) fn mostly_short(&mut self, shortest: Duration, longest: Duration) -> Duration {
        let share = self.0.f64();
        shortest + (longest.saturating_sub(shortest)).mul_f64(share * share * share)
    }

    /// One of the choices, with a probability by its weight.
    pub(crate) fn weighted<T: Copy>(&mut self, choices: &[(u32, T)]) -> T {
        let total: u32 = choices.iter().map(|(weight, _)| weight).sum();
        let mut left = self.0.u32(..total.max(1));
        for (weight, choice) in choices {
            if left < *weight {
                return *choice;
            }
            left -= weight;
        }
        choices[0].1
    }

    pub(crate) fn fill(&mut self, buffer: &mut [u8]) {
        self.0.fill(buffer);
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_throws_the_same_dice() {
        let throws = |seed| {
            let mut dice = Dice::new(seed);
            let mut other = dice.fork();
            (0..20).map(|_| (dice.range(0, 1000), other.range(0, 1000))).collect::<Vec<_>>()
        };
        assert_eq!(throws(7), throws(7));
        assert_ne!(throws(7), throws(8));
    }

    #[test]
    fn a_weight_of_nothing_is_never_chosen() {
        let mut dice = Dice::new(1);
        assert!((0..1000).all(|_| dice.weighted(&[(3, 'a'), (0, 'b'), (1, 'c')]) != 'b'));
    }
}
