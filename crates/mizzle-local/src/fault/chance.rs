//! Numbers that look random and follow from a seed: the same ones in every version of this crate.

/// SplitMix64, by Steele, Lea and Flood ("Fast splittable pseudorandom number generators", 2014).
#[derive(Debug, Clone)]
pub(super) struct Chance(u64);

impl Chance {
    /// A sequence of its own for each `stream` of one seed.
    pub(super) fn new(seed: u64, stream: u64) -> Chance {
        let mut chance = Chance(seed ^ stream.wrapping_mul(0xd134_2543_de82_ef95));
        chance.next();
        chance
    }

    /// Whether what has this probability, in percent, happens now.
    pub(super) fn strikes(&mut self, percent: f64) -> bool {
        let fraction = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        fraction * 100.0 < percent
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struck(seed: u64, stream: u64, percent: f64) -> Vec<u32> {
        let mut chance = Chance::new(seed, stream);
        (0..1_000).filter(|_| chance.strikes(percent)).collect()
    }

    #[test]
    fn a_seed_says_everything() {
        assert_eq!(struck(7, 1, 20.0), struck(7, 1, 20.0));
        assert_ne!(struck(7, 1, 20.0), struck(8, 1, 20.0));
        assert_ne!(struck(7, 1, 20.0), struck(7, 2, 20.0));
        assert_eq!(
            struck(7, 1, 20.0)[..8],
            [6, 16, 30, 32, 33, 47, 53, 61],
            "written down: it never changes"
        );
    }

    #[test]
    fn a_percentage_is_about_that_many() {
        let count = struck(1, 1, 20.0).len();
        assert!((150..250).contains(&count), "{count}");
        assert_eq!((struck(1, 1, 0.0).len(), struck(1, 1, 100.0).len()), (0, 1_000));
    }
}
