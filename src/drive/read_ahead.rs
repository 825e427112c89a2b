//! Reading the pages of one list side by side.
//!
//! Owns which pages are in progress. [`Paging`] decides which pages a list has and how they join: each page is taken in
//! its turn, and a page that was read ahead counts only if the list is due to go on exactly where it begins. Must never
//! take a page out of turn.

use std::collections::VecDeque;
use std::hash::Hash;

use futures::StreamExt;
use futures::stream::FuturesOrdered;

use super::clock::Clock;
use super::reads::{ReadError, Reads};
use crate::kandji::{Endless, Paging, Remainder};
use crate::model::wire::{Reply, Request};
use crate::transport::Transport;

/// The rows of one page.
pub(super) struct ListPage<R> {
    pub rows: Vec<R>,
    /// What the page says about the rows after it.
    pub remainder: Remainder,
    /// How many rows it says that the list has.
    pub listed: Option<u32>,
}

/// Reads a list to its end. `page_at` asks for the page that begins at a row, `read_page` reads its answer, and rows
/// differ by `key`. `kind` is the word that the requests are counted under.
pub(super) async fn read_to_end<T: Transport, C: Clock, R, K: Hash, E>(
    reads: &Reads<T, C>,
    kind: &str,
    mut paging: Paging,
    page_at: impl Fn(u32) -> Request,
    read_page: impl Fn(&Reply, u32) -> Result<ListPage<R>, E>,
    key: impl Fn(&R) -> K,
) -> Result<Vec<R>, E>
where
    E: From<ReadError> + From<Endless>,
{
    let read_at = |offset| {
        let request = page_at(offset);
        async move { reads.read(&request, kind).await }
    };
    let mut rows = Vec::new();
    let mut in_progress = FuturesOrdered::new();
    let mut begins: VecDeque<u32> = VecDeque::new();
    while let Some(offset) = paging.next() {
        if begins.front() != Some(&offset) {
            // The list is not as long as it was thought to be, or it moved: these pages do not join.
            in_progress = FuturesOrdered::new();
            begins.clear();
        }
        let ahead = paging.ahead(reads.at_once());
        if ahead.iter().zip(&begins).all(|(ahead, begun)| ahead == begun) {
            for begin in ahead.into_iter().skip(begins.len()) {
                in_progress.push_back(read_at(begin));
                begins.push_back(begin);
            }
        }
        let reply = in_progress.next().await.expect("the page that is due is in progress")?;
        begins.pop_front();
        let page = read_page(&reply, offset)?;
        if let Some(listed) = page.listed {
            paging.learn_length(listed);
        }
        rows.extend(paging.take(page.rows, &key, page.remainder)?);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests;
