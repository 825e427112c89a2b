//! How often the first reads of a device find the end of its task, in this run.
//!
//! Owns the count of each of the first looks, and which are left out because they find nothing. Must never leave out
//! the very first: most devices answer within seconds, and a person waits.

/// Looks that are counted one by one; the later ones find the devices that were away.
const COUNTED: usize = 3;
/// So many looks tell whether they are worth their requests.
const LOOKS_MIN: u32 = 30;
/// One end in so many looks is worth them.
const LOOKS_PER_END_MAX: u32 = 20;

/// The first looks of all tasks of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct FirstLooks {
    looks: [u32; COUNTED],
    ends: [u32; COUNTED],
}

impl FirstLooks {
    /// Counts a look, from 1: whether it found the end of its task.
    pub(super) fn count(&mut self, number: usize, has_found: bool) {
        let place = number.wrapping_sub(1);
        if let (Some(looks), Some(ends)) = (self.looks.get_mut(place), self.ends.get_mut(place)) {
            *looks += 1;
            *ends += u32::from(has_found);
        }
    }

    /// The next look that is worth its request, after so many.
    pub(super) fn next_worth_it(&self, after: usize) -> usize {
        let mut next = after;
        while next > 0 && next < COUNTED && !self.is_worth_it(next) {
            next += 1;
        }
        next
    }

    fn is_worth_it(&self, place: usize) -> bool {
        let (looks, ends) = (self.looks[place], self.ends[place]);
        looks < LOOKS_MIN || ends.saturating_mul(LOOKS_PER_END_MAX) >= looks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_that_find_nothing_are_left_out_and_the_first_never() {
        let mut looks = FirstLooks::default();
        for _ in 0..LOOKS_MIN {
            for number in 1..=4 {
                looks.count(number, number == 3);
            }
        }
        assert_eq!(looks.next_worth_it(0), 0, "the first is always made");
        assert_eq!(looks.next_worth_it(1), 2, "the second found nothing");
        assert_eq!(looks.next_worth_it(2), 2, "the third finds ends");
        for _ in 0..30 * LOOKS_MIN {
            looks.count(3, false);
        }
        assert_eq!(looks.next_worth_it(1), 3);
        assert_eq!(looks.next_worth_it(7), 7);
    }
}
