//! A sample of a long list.
//!
//! Owns the choice. It is spread over the whole list: the person who made the plan chooses what comes first in it. Must never
//! change the order.

/// At most `most` items of a list, spread over the whole list, in its order.
pub fn sampled<T>(list: &[T], most: usize) -> impl Iterator<Item = &T> {
    let number = list.len().min(most);
    (0..number).map(move |at| &list[at * list.len() / number])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_spread_over_the_list() {
        let list: Vec<u32> = (0..10).collect();
        let sample = |most| sampled(&list, most).copied().collect::<Vec<_>>();
        assert_eq!(sample(3), [0, 3, 6]);
        assert_eq!(sample(10), list);
        assert_eq!(sample(99), list);
        assert_eq!(sample(0), [0; 0]);
        assert_eq!(sampled(&[0; 0], 3).count(), 0);
    }
}
