//! Randomness from a seed.
//!
//! Owns the one generator of the product. Must never take entropy from the machine: callers give the seed.
//! It is our own few lines because journals, tests and simulated fleets name seeds, and a library's
//! generator may change its sequence between versions. Not for secrets.

/// SplitMix64: small, fast, and the same sequence forever.
///
/// ```
/// use sortie::model::Random;
/// let mut one = Random::new(7);
/// let mut two = Random::new(7);
/// assert_eq!(one.below(1_000), two.below(1_000));
/// ```
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// A generator whose sequence follows from `seed` alone, so that journals and tests can name it.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A generator for one thing among many: the same seed and labels give the same sequence, no matter what
    /// else was drawn before. This is what makes a draw independent of order.
    #[must_use]
    pub fn for_labels(seed: u64, labels: &[u64]) -> Self {
        let mut random = Self::new(seed);
        for label in labels {
            random.state ^= label.wrapping_mul(0xD6E8_FEB8_6659_FD93);
            random.state = random.next_u64();
        }
        random
    }

    /// The next 64 random bits of the sequence. Not for secrets: the seed is in the journal.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to but not including `limit`; 0 when `limit` is 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        let product = u128::from(self.next_u64()) * u128::from(limit);
        u64::try_from(product >> 64).unwrap_or(0)
    }

    /// True with the given chance in percent (0 never, 100 always).
    pub fn percent(&mut self, chance: f64) -> bool {
        (self.below(1_000_000) as f64) < chance * 10_000.0
    }

    /// 128 random bits in the shape of a version 4 UUID, lower case.
    pub fn uuid(&mut self) -> String {
        let bits = (u128::from(self.next_u64()) << 64) | u128::from(self.next_u64());
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid().to_string()
    }
}
