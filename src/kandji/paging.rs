//! How a list is read to its end, page by page.
//!
//! Owns where the next page begins and when a list has ended. Invariant: each page joins the one before, so that no
//! row is lost between two, and a list ends only where a page has nothing new. Must never take a page that is
//! shorter than was asked for as the end: some servers and proxies give 10, 25 or 99 rows regardless of `limit`.
//!
//! Pages overlap: the list moves while it is read, and a page that begins one row late would lose a device without a trace.

use std::collections::HashSet;

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
    known: HashSet<String>,
    /// Rows of the longest page so far.
    longest: u32,
    known_pages: u32,
}

impl Paging {
    /// Row at which the next page begins; `None` at the end of the list.
    #[must_use]
    pub fn next(&self) -> Option<u32> {
        (!self.is_done).then_some(self.offset)
    }

    /// Takes in the page at [`next`](Self::next), whose rows differ by `key`, and returns its new rows.
    ///
    /// # Errors
    /// [`Endless`] when the server does not honor the offset.
    pub fn take<T>(
        &mut self,
        rows: Vec<T>,
        key: impl Fn(&T) -> String,
        remainder: Remainder,
    ) -> Result<Vec<T>, Endless> {
        self.pages += 1;
        if self.pages > PAGES_MAX {
            return Err(Endless { page: self.pages });
        }
        let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        if self.offset > 0 && !rows.iter().any(|row| self.known.contains(&key(row))) {
            // Rows were removed meanwhile. Half a page back, or reading on would go in circles.
            self.offset = self.offset.saturating_sub((self.longest / 2).max(1));
            return Ok(Vec::new());
        }
        let is_full = count >= self.longest;
        self.longest = self.longest.max(count);
        let is_first = self.offset == 0;
        let new: Vec<T> = rows.into_iter().filter(|row| self.known.insert(key(row))).collect();
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
