//! Queries and pages of lists.
//!
//! Owns how filters compare, how `limit` and `offset` are read, and the links between pages. Must never
//! know what a row holds.

use serde_json::{Value, json};

use super::exchange::SimRequest;
use crate::simulator::setup::switch_values::LinkHost;
use crate::simulator::setup::switches::{PAGE_ROWS_MAX, Switches};

/// Where links lead that name the vendor's host.
const VENDOR_HOST: &str = "https://simulated.api.kandji.io";

/// A page of a list.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// Most rows.
    pub(crate) limit: usize,
    /// The number of the first row, from 0.
    pub(crate) offset: usize,
}

impl Page {
    /// Reads `limit` and `offset` as the framework does: too much is clamped, junk is the default.
    pub(crate) fn read(query: &[(String, String)], rows_max: usize) -> Self {
        let number = |key: &str| last_value(query, key).and_then(|text| text.parse().ok());
        let limit = number("limit").filter(|limit| *limit > 0).unwrap_or(PAGE_ROWS_MAX);
        Self { limit: limit.min(rows_max), offset: number("offset").unwrap_or(0) }
    }

    /// One page of a list as the framework writes it, with the rows that `row` makes. `list_url` is what
    /// [`list_url`] made of the request.
    fn write(self, list_url: &str, count: usize, row: impl Fn(usize) -> Value) -> Value {
        let (limit, offset) = (self.limit, self.offset);
        let end = count.min(offset.saturating_add(limit));
        let rows: Vec<Value> = (offset.min(end)..end).map(row).collect();
        let link = |offset: usize| format!("{list_url}limit={limit}&offset={offset}");
        let next = (end < count).then(|| link(offset + limit));
        let previous = (offset > 0).then(|| link(offset.saturating_sub(limit)));
        json!({ "count": count, "next": next, "previous": previous, "results": rows })
    }
}

/// The page of a list that a request asks for, with links; `row` makes the rows.
pub(crate) fn page_of(
    request: &SimRequest,
    switches: &Switches,
    count: usize,
    row: impl Fn(usize) -> Value,
) -> Value {
    let page = Page::read(&request.query(), switches.page_rows_max);
    page.write(&list_url(request, switches), count, row)
}

/// The URL that links of a list begin with: the request's own, up to where limit and offset follow.
pub(crate) fn list_url(request: &SimRequest, switches: &Switches) -> String {
    let origin = match switches.link_host {
        LinkHost::Own => request.origin.as_str(),
        LinkHost::Vendor => VENDOR_HOST,
    };
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let paging = ["limit=", "offset=", "cursor="];
    let is_page = |pair: &&str| paging.iter().any(|key| pair.starts_with(key));
    let kept = query.split('&').filter(|pair| !pair.is_empty() && !is_page(pair));
    kept.fold(format!("{origin}{path}?"), |url, pair| format!("{url}{pair}&"))
}

/// The value of a key of a query; the last one counts.
pub(crate) fn last_value<'a>(query: &'a [(String, String)], key: &str) -> Option<&'a str> {
    query.iter().rfind(|(name, _)| name == key).map(|(_, value)| value.as_str())
}

/// Whether a text contains another, without regard to case.
pub(crate) fn contains(text: &str, part: &str) -> bool {
    if part.is_empty() {
        return true;
    }
    let (text, part) = (text.as_bytes(), part.as_bytes());
    text.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_clamped_and_junk_is_the_default() {
        let page = |limit: &str| {
            let query = [("limit".to_owned(), limit.to_owned()), ("offset".into(), "7".into())];
            Page::read(&query, PAGE_ROWS_MAX)
        };
        assert_eq!(page("10"), Page { limit: 10, offset: 7 });
        for limit in ["301", "0", "abc", "-1", ""] {
            assert_eq!(page(limit).limit, 300, "{limit}");
        }
    }
}
