//! Devices by what they are called.
//!
//! Owns a list of positions that is searched by hash: 8 bytes for each device, and no copies of texts. Must never say that a
//! text is equal: two texts can have one hash, so what is found is compared by the caller.

use std::hash::{DefaultHasher, Hash, Hasher};

/// First distance from the place where a hash should be, in positions: two lines of the processor cache.
const FIRST_STEP: usize = 16;

/// Positions of devices, by the hash of a text.
#[derive(Clone, Debug, Default)]
pub(super) struct Positions(Vec<(u32, u32)>);

impl Positions {
    /// Takes in texts with the positions of their devices, in any order.
    pub fn of<T: AsRef<str>>(texts: impl Iterator<Item = (T, u32)>) -> Self {
        let mut sorted: Vec<(u32, u32)> =
            texts.map(|(text, at)| (hash_of(text.as_ref()), at)).collect();
        sorted.sort_unstable();
        Self(sorted)
    }

    /// The positions that may have this text, in order.
    pub fn find<'p>(&'p self, text: &str) -> impl Iterator<Item = usize> + use<'p> {
        let hash = hash_of(text);
        let start = self.start_of(hash);
        self.0[start..]
            .iter()
            .take_while(move |(other, _)| *other == hash)
            .map(|(_, at)| *at as usize)
    }

    /// Where this hash begins, or would. Hashes are spread evenly: that is near its share of the list, and to look there
    /// touches less memory than to halve the list again and again.
    fn start_of(&self, hash: u32) -> usize {
        let length = self.0.len();
        let is_before = |at: usize| self.0[at].0 < hash;
        let near = ((u64::from(hash) * length as u64) >> 32) as usize;
        let (mut low, mut step) = (near, FIRST_STEP);
        while low > 0 && !is_before(low - 1) {
            low = low.saturating_sub(step);
            step *= 2;
        }
        let (mut high, mut step) = (near, FIRST_STEP);
        while high < length && is_before(high) {
            high = (high + step).min(length);
            step *= 2;
        }
        low + self.0[low..high].partition_point(|(other, _)| *other < hash)
    }

    /// Positions that share a hash, those of each hash together and in order.
    pub fn suspects(&self) -> impl Iterator<Item = impl Iterator<Item = usize>> {
        let of_one_hash = self.0.chunk_by(|left, right| left.0 == right.0);
        let shared = of_one_hash.filter(|same| same.len() > 1);
        shared.map(|same| same.iter().map(|(_, at)| *at as usize))
    }
}

/// The hash of a text that positions are searched by.
pub(super) fn hash_of(text: &str) -> u32 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    (hasher.finish() >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_found_among_any_number_of_others() {
        for count in [0, 1, 2, 3, 17, 100, 5_000] {
            let texts: Vec<String> = (0..count).map(|number| format!("C02{number}")).collect();
            let positions = Positions::of(texts.iter().zip(0..).chain(texts.first().zip(Some(7))));
            for (text, at) in texts.iter().zip(0..) {
                assert!(positions.find(text).any(|found| found == at), "{text} of {count}");
            }
            let hash = |(hash, _): &(u32, u32)| *hash;
            for other in [0, 1, u32::MAX, hash_of("DMP")] {
                let start = positions.0.partition_point(|pair| hash(pair) < other);
                assert_eq!(positions.start_of(other), start, "{other} of {count}");
            }
            assert!(texts.first().is_none_or(|first| positions.find(first).any(|at| at == 7)));
        }
    }

    #[test]
    fn a_hash_is_found_where_the_others_are_not_spread_evenly() {
        for first in [0, 1 << 31, u32::MAX - 3_000] {
            let all = (0..1_000).map(|number| (first + number * 3, number)).collect();
            let positions = Positions(all);
            for hash in (first..first + 3_000).chain([0, 1, 1 << 30, u32::MAX - 1, u32::MAX]) {
                let start = positions.0.partition_point(|(other, _)| *other < hash);
                assert_eq!(positions.start_of(hash), start, "{hash} of {first} and more");
            }
        }
    }
}
