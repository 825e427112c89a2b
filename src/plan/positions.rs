//! Devices by what they are called.
//!
//! Owns a list of positions that is searched by hash: 16 bytes for each device, and no copies of texts. Must never say that a
//! text is equal: two texts can have one hash, so what is found is compared by the caller.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Positions of devices, by the hash of a text.
#[derive(Clone, Debug, Default)]
pub(super) struct Positions(Vec<(u64, u32)>);

impl Positions {
    /// Takes in texts with the positions of their devices, in any order.
    pub fn of<T: AsRef<str>>(texts: impl Iterator<Item = (T, u32)>) -> Self {
        let mut sorted: Vec<(u64, u32)> =
            texts.map(|(text, at)| (hash_of(text.as_ref()), at)).collect();
        sorted.sort_unstable();
        Self(sorted)
    }

    /// The positions that may have this text, in order.
    pub fn find(&self, text: &str) -> impl Iterator<Item = usize> + '_ {
        let hash = hash_of(text);
        let start = self.0.partition_point(|(other, _)| *other < hash);
        self.0[start..]
            .iter()
            .take_while(move |(other, _)| *other == hash)
            .map(|(_, at)| *at as usize)
    }

    /// Positions that share a hash, those of each hash together and in order.
    pub fn suspects(&self) -> impl Iterator<Item = impl Iterator<Item = usize>> {
        let of_one_hash = self.0.chunk_by(|left, right| left.0 == right.0);
        let shared = of_one_hash.filter(|same| same.len() > 1);
        shared.map(|same| same.iter().map(|(_, at)| *at as usize))
    }
}

fn hash_of(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
