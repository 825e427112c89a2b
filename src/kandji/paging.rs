//! How a list is read to its end, page by page.
//!
//! Owns where the next page begins, which pages may be read ahead of it, and when a list has ended. Invariant: each page joins the one before, so that no
//! row is lost between two, and a list ends only where a page has nothing new. Must never take a page that is
//! shorter than was asked for as the end: some servers and proxies give 10, 25 or 99 rows regardless of `limit`.
//!
//! Pages overlap: the list moves while it is read, and a page that begins one row late would lose a device without a trace.
//! That holds in any order in which two pages were read: a row that both show joins them. So pages may be read ahead, side
//! by side. Each is taken in its turn, and only where it begins exactly at the row that was due.

use std::collections::HashSet;
use std::hash::Hash;

use crate::model::{ByFingerprint, Fingerprints};

/// Most rows that the API returns at once.
pub const LIST_ROWS_MAX: u32 = 300;
/// Most rows that a page shares with the one before. Rows come and go while a list is read: a page that begins too
/// late would lose some without a trace, one that begins with known rows cannot.
const OVERLAP_ROWS_MAX: u32 = 10;
/// The share of a short page that is read again, as a divisor: of a page of 10 rows a whole overlap would be all.
const OVERLAP_DIVISOR: u32 = 5;
/// A list that begins with fewer rows is complete: no server gives pages as small as that. So a look-up of one device
/// costs one request.
const PAGE_ROWS_MIN: u32 = 10;
/// Most pages of one list: 600,000 devices. A server that repeats itself would otherwise never end.
const PAGES_MAX: u32 = 2_000;
/// Most full pages in a row that have nothing new: rows that are added while a list is read push known ones back.
const KNOWN_PAGES_MAX: u32 = 5;
/// Pages that are read side by side when the first one shows that a list is long. Each page that was taken allows as
/// many more, up to what the reader can do at once: so a short list wastes no more than three requests.
const AHEAD_PAGES: usize = 4;

/// What an answer says about the rows after it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Remainder {
    /// The documented end: no next page, and the count is reached.
    Nothing,
    /// There is a next page, or the count is not reached.
    Some,
    /// A bare array: it says nothing.
    Unsaid,
}

/// The list cannot be read to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the list does not end: page {page} is full but has nothing new")]
pub struct Endless {
    /// Which page, from 1.
    pub page: u32,
}

/// How far a list has been read.
#[derive(Debug, Default)]
pub struct Paging {
    offset: u32,
    is_done: bool,
    pages: u32,
    /// Fingerprints of the rows that were read.
    known: HashSet<u128, ByFingerprint>,
    fingerprints: Fingerprints,
    /// Rows of the longest page so far.
    longest: u32,
    known_pages: u32,
    /// How many rows the list is believed to have.
    expected: Option<u32>,
    /// How many rows the list itself says that it has.
    listed: Option<u32>,
    /// Rows of the last page.
    count: u32,
}

impl Paging {
    /// Row at which the next page begins; `None` at the end of the list.
    #[must_use]
    pub fn next(&self) -> Option<u32> {
        (!self.is_done).then_some(self.offset)
    }

    /// A list that is believed to have so many rows; `None` where nothing is known. That only chooses which pages are read
    /// ahead, and never where the list ends.
    #[must_use]
    pub fn expecting(rows: Option<u32>) -> Self {
        Self { expected: rows, ..Self::default() }
    }

    /// Learns how many rows the list says that it has: it ends with the page that reaches them, if it is right.
    pub fn learn_length(&mut self, rows: u32) {
        self.listed = Some(rows);
    }

    /// Rows at which the next pages probably begin, the next page in front: at most `at_once`. Where the number of rows
    /// is known, the last of them is the page that ends the list; otherwise up to `at_once - 1` of them may lie beyond it.
    #[must_use]
    pub fn ahead(&self, at_once: usize) -> Vec<u32> {
        let Some(mut offset) = self.next() else { return Vec::new() };
        let mut offsets = vec![offset];
        let read = self.known.len() as u32;
        let expected = self.listed.or(self.expected).filter(|rows| *rows >= read);
        let length = match self.pages {
            0 => LIST_ROWS_MAX,
            _ => self.longest,
        };
        // A page that is shorter than documented may be the end, or all that this server gives: the second tells.
        let is_length_known = length == LIST_ROWS_MAX || self.pages > 1;
        let is_full = self.pages == 0 || self.count == length;
        let begun = self.pages as usize + usize::from(expected.is_some());
        let window = at_once.min(begun.saturating_mul(AHEAD_PAGES));
        if !is_length_known || !is_full {
            return offsets;
        }
        let mut covered = read;
        while offsets.len() < window {
            let count = expected.map_or(length, |rows| rows.saturating_sub(offset).min(length));
            let end = offset + count;
            let is_last = match self.listed {
                Some(rows) => end >= rows,
                None => (end <= covered && count < length) || end < PAGE_ROWS_MIN,
            };
            if expected.is_some() && is_last {
                break;
            }
            covered = covered.max(end);
            offset += step(count);
            offsets.push(offset);
        }
        offsets
    }

    /// Takes in the page at [`next`](Self::next), whose rows differ by `key`, and returns its new rows.
    ///
    /// # Errors
    /// [`Endless`] when the server does not honor the offset.
    pub fn take<T, K: Hash>(
        &mut self,
        rows: Vec<T>,
        key: impl Fn(&T) -> K,
        remainder: Remainder,
    ) -> Result<Vec<T>, Endless> {
        self.pages += 1;
        if self.pages > PAGES_MAX {
            return Err(Endless { page: self.pages });
        }
        let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        self.count = count;
        let print = |row: &T| self.fingerprints.of(&key(row));
        if self.offset > 0 && !rows.iter().any(|row| self.known.contains(&print(row))) {
            // Rows were removed meanwhile. Half a page back, or reading on would go in circles.
            self.offset = self.offset.saturating_sub((self.longest / 2).max(1));
            return Ok(Vec::new());
        }
        let is_full = count >= self.longest;
        self.longest = self.longest.max(count);
        let is_first = self.offset == 0;
        let new: Vec<T> = rows.into_iter().filter(|row| self.known.insert(print(row))).collect();
        self.known_pages = if new.is_empty() && is_full { self.known_pages + 1 } else { 0 };
        self.is_done = match remainder {
            Remainder::Nothing => true,
            Remainder::Some => new.is_empty() && (!is_full || is_first),
            Remainder::Unsaid => {
                let is_small = is_first && count < PAGE_ROWS_MIN;
                is_small || (new.is_empty() && !is_full)
            }
        };
        if self.known_pages > KNOWN_PAGES_MAX {
            return Err(Endless { page: self.pages });
        }
        self.offset += step(count);
        Ok(new)
    }
}

/// Rows from the beginning of a page of `count` rows to that of the next.
fn step(count: u32) -> u32 {
    let overlap = (count / OVERLAP_DIVISOR).clamp(1, OVERLAP_ROWS_MAX);
    count.saturating_sub(overlap).max(1)
}

/// How many requests it takes to read a list of `rows` rows whose pages are as long as documented: one for each page,
/// and one more that has nothing new.
#[must_use]
pub fn list_requests(rows: u32) -> u32 {
    if rows < PAGE_ROWS_MIN {
        return 1;
    }
    2 + rows.saturating_sub(LIST_ROWS_MAX).div_ceil(step(LIST_ROWS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `rows` with pages of at most `cap`. `change` may edit the list before each page. Returns the rows that
    /// were read, and the requests.
    fn read(
        mut rows: Vec<u32>,
        cap: usize,
        mut change: impl FnMut(u32, &mut Vec<u32>),
    ) -> Result<(Vec<u32>, u32), Endless> {
        let mut paging = Paging::default();
        let (mut read, mut requests) = (Vec::new(), 0);
        while let Some(offset) = paging.next() {
            change(requests, &mut rows);
            requests += 1;
            let page: Vec<u32> = rows.iter().copied().skip(offset as usize).take(cap).collect();
            read.extend(paging.take(page, u32::to_string, Remainder::Unsaid)?);
        }
        Ok((read, requests))
    }

    #[test]
    fn a_list_is_read_completely_at_any_page_size() {
        for cap in [10, 11, 25, 50, 99, 100, 299, 300] {
            for count in [0, 1, 9, 10, 11, 25, 99, 100, 101, 299, 300, 301, 590, 600, 741] {
                let rows: Vec<u32> = (0..count).collect();
                let (read, requests) = read(rows.clone(), cap, |_, _| {}).expect("it ends");
                assert_eq!(read, rows, "{count} rows in pages of {cap}");
                if cap == 300 {
                    assert_eq!(requests, list_requests(count), "{count} rows");
                }
            }
        }
    }

    #[test]
    fn rows_that_come_and_go_lose_no_other_row() {
        for cap in [10, 25, 99, 300] {
            let rows: Vec<u32> = (0..700).collect();
            let (read, _) = read(rows.clone(), cap, |request, rows| {
                if request == 1 {
                    rows.drain(..12);
                }
            })
            .expect("it ends");
            assert!(
                rows[12..].iter().all(|row| read.contains(row)),
                "12 rows left, pages of {cap}"
            );
            let (read, _) = self::read(rows.clone(), cap, |request, rows| {
                if request == 1 {
                    rows.splice(0..0, 1_000..1_030);
                }
            })
            .expect("it ends");
            assert!(rows.iter().all(|row| read.contains(row)), "30 rows came, pages of {cap}");
        }
    }

    /// Reads `rows` with the pages of each round read side by side, the later ones first. Returns the rows, the requests, and the rounds.
    fn read_ahead(
        mut rows: Vec<u32>,
        (cap, expected): (usize, Option<u32>),
        mut change: impl FnMut(u32, &mut Vec<u32>),
    ) -> (Vec<u32>, u32, u32) {
        let mut paging = Paging::expecting(expected);
        let mut pages: std::collections::VecDeque<(u32, Vec<u32>)> = Default::default();
        let (mut read, mut requests, mut rounds) = (Vec::new(), 0, 0);
        while let Some(offset) = paging.next() {
            if pages.front().is_none_or(|(at, _)| *at != offset) {
                rounds += 1;
                pages.clear();
                for at in paging.ahead(8).into_iter().rev() {
                    change(requests, &mut rows);
                    requests += 1;
                    let page = rows.iter().copied().skip(at as usize).take(cap).collect();
                    pages.push_front((at, page));
                }
            }
            let (_, page) = pages.pop_front().expect("the page that is due is read");
            read.extend(paging.take(page, u32::to_string, Remainder::Unsaid).expect("it ends"));
        }
        (read, requests, rounds)
    }

    #[test]
    fn a_list_read_ahead_is_the_same_list() {
        for cap in [10, 25, 99, 300] {
            for count in [0, 1, 9, 10, 25, 150, 299, 300, 301, 310, 590, 741, 1_200] {
                let rows: Vec<u32> = (0..count).collect();
                for expected in [None, Some(0), Some(count), Some(count / 2), Some(count * 2)] {
                    let (read, ..) = read_ahead(rows.clone(), (cap, expected), |_, _| {});
                    assert_eq!(read, rows, "{count} rows, {expected:?} expected, pages of {cap}");
                }
            }
        }
    }

    #[test]
    fn a_list_of_known_length_costs_no_request_more() {
        for count in [0, 9, 10, 150, 299, 300, 301, 590, 591, 3_000, 10_000] {
            let rows: Vec<u32> = (0..count).collect();
            let (_, requests, rounds) = read_ahead(rows.clone(), (300, Some(count)), |_, _| {});
            assert_eq!(requests, list_requests(count), "{count} rows");
            assert!(rounds <= 1 + list_requests(count) / 8, "{count} rows in {rounds} rounds");
        }
    }

    #[test]
    fn a_list_of_unknown_length_costs_few_requests_more() {
        for (count, more) in [(0, 0), (9, 0), (299, 0), (310, 3), (1_000, 3), (10_000, 7)] {
            let rows: Vec<u32> = (0..count).collect();
            let (_, requests, _) = read_ahead(rows, (300, None), |_, _| {});
            assert!(requests <= list_requests(count) + more, "{count} rows: {requests}");
        }
    }

    #[test]
    fn a_list_that_moves_while_read_ahead_loses_no_row() {
        for (cap, gone) in [(10, 3), (25, 12), (99, 12), (300, 12), (300, 200)] {
            for at in 0..6 {
                let rows: Vec<u32> = (0..1_200).collect();
                let leave = |request, rows: &mut Vec<u32>| {
                    if request == at {
                        rows.drain(..gone);
                    }
                };
                let (read, ..) = read_ahead(rows.clone(), (cap, Some(1_200)), leave);
                assert!(rows[gone..].iter().all(|row| read.contains(row)), "{gone} left at {at}");
                let come = |request, rows: &mut Vec<u32>| {
                    if request == at {
                        rows.splice(0..0, 10_000..10_000 + gone as u32);
                    }
                };
                let (read, ..) = read_ahead(rows.clone(), (cap, Some(1_200)), come);
                assert!(rows.iter().all(|row| read.contains(row)), "{gone} came at {at}");
            }
        }
    }

    #[test]
    fn a_server_that_ignores_the_offset_is_an_error() {
        for count in [10, 25, 300] {
            let mut paging = Paging::default();
            let error = loop {
                let rows: Vec<u32> = (0..count).collect();
                if let Err(error) = paging.take(rows, u32::to_string, Remainder::Unsaid) {
                    break error;
                }
                assert!(paging.next().is_some(), "{count} rows are not the whole list");
            };
            assert!(error.page <= KNOWN_PAGES_MAX + 2, "{error}");
        }
    }

    #[test]
    fn an_envelope_ends_a_list_only_where_it_agrees_with_itself() {
        let take = |remainder| {
            let mut paging = Paging::default();
            let rows = vec![1, 2, 3];
            paging.take(rows, u32::to_string, remainder).expect("a page");
            paging.next()
        };
        assert_eq!(take(Remainder::Nothing), None);
        assert_eq!(take(Remainder::Some), Some(2));
        assert_eq!(take(Remainder::Unsaid), None, "fewer rows than any page");
    }
}
