//! Texts told apart by 128 bits each.
//!
//! Owns how these bits are made: two hashes with keys that no tenant and no job knows. Two texts with the same bits are less
//! likely than a broken disk. Must never be written to a file: the keys differ from one process to the next.

use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};

/// Makes fingerprints, which take a fraction of the memory of a million texts. Only those of one maker compare.
#[derive(Clone, Debug, Default)]
pub struct Fingerprints([RandomState; 2]);

impl Fingerprints {
    /// The fingerprint of a value.
    #[must_use]
    pub fn of(&self, value: &(impl Hash + ?Sized)) -> u128 {
        let [high, low] = &self.0;
        u128::from(high.hash_one(value)) << 64 | u128::from(low.hash_one(value))
    }
}

/// How tables look for fingerprints: by the bits that they have. Those are random already.
pub type ByFingerprint = BuildHasherDefault<FingerprintHasher>;

/// Takes a fingerprint as its own hash.
#[derive(Debug, Default)]
pub struct FingerprintHasher(u64);

impl Hasher for FingerprintHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, print: u128) {
        self.0 = print as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_its_own_hash() {
        let print = Fingerprints::default().of("C02XL0GYJGH5");
        let by_print = ByFingerprint::default();
        assert_eq!(by_print.hash_one(print), print as u64);
        assert_ne!(by_print.hash_one([1_u8, 2]), by_print.hash_one([2_u8, 1]));
    }

    #[test]
    fn both_halves_of_a_fingerprint_tell_values_apart() {
        let prints = Fingerprints::default();
        let (one, other) = (prints.of("C02XL0GYJGH5"), prints.of("C02XL0GYJGH6"));
        assert_eq!(one, prints.of("C02XL0GYJGH5"));
        assert_ne!(one >> 64, other >> 64);
        assert_ne!(one as u64, other as u64);
        assert_ne!(one >> 64, u128::from(one as u64));
        assert_ne!(one, Fingerprints::default().of("C02XL0GYJGH5"));
    }
}
