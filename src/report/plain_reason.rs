//! Reasons for people where an answer was a web page.
//!
//! Owns how the page is shown in a few words. Must never change what the exact reports say.

use std::borrow::Cow;

/// What a page begins with.
const BEGINS: [&str; 4] = ["<!doctype", "<html", "<head", "<body"];
/// What a page ends with; a page that was cut has none.
const ENDS: &str = "</html>";
/// Where a page says what it is.
const TITLES: [(&str, &str); 2] = [("<h1", "</h1"), ("<title", "</title")];
/// Letters of a title: longer ones explain nothing.
const TITLE_CHARS_MAX: usize = 80;

/// A reason with the title of a web page instead of the page: `HTTP 502 Bad Gateway`.
///
/// ```
/// use sortie::report::plain_reason;
/// let page = "HTTP 502: <html><body><h1>502 Bad Gateway</h1></body></html>; not found";
/// assert_eq!(plain_reason(page), "HTTP 502 Bad Gateway; not found");
/// ```
#[must_use]
pub fn plain_reason(reason: &str) -> Cow<'_, str> {
    let lower = reason.to_ascii_lowercase();
    let Some(start) = BEGINS.iter().filter_map(|tag| lower.find(tag)).min() else {
        return reason.into();
    };
    let end = lower[start..].find(ENDS).map_or(reason.len(), |at| start + at + ENDS.len());
    let title = title_of(&reason[start..end], &lower[start..end]);
    let head = reason[..start].trim_end();
    let said = head.strip_suffix(':').unwrap_or(head);
    let status = said.rsplit(' ').next().unwrap_or_default();
    let joined = match title.strip_prefix(status) {
        _ if title.is_empty() => said.to_owned(),
        Some(rest) if !status.is_empty() => format!("{said} {}", rest.trim_start()),
        _ if head.is_empty() => title,
        _ => format!("{head} {title}"),
    };
    format!("{}{}", joined.trim_end(), &reason[end..]).into()
}

/// The words of the first title; empty where the page has none.
fn title_of(page: &str, lower: &str) -> String {
    let found = TITLES.iter().find_map(|(begin, end)| {
        let open = lower.find(begin)?;
        let text = open + lower[open..].find('>')? + 1;
        let close = text + lower[text..].find(end)?;
        Some(&page[text..close])
    });
    let mut text = String::new();
    let mut is_tag = false;
    for letter in found.unwrap_or_default().chars() {
        match letter {
            '<' => is_tag = true,
            '>' => is_tag = false,
            _ if !is_tag => text.push(letter),
            _ => {}
        }
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(TITLE_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_told_by_its_title() {
        for (reason, told) in [
            ("403 Forbidden: the token", "403 Forbidden: the token"),
            ("a < b", "a < b"),
            (
                "HTTP 502: <html><body><h1>502 Bad Gateway</h1></body></html>",
                "HTTP 502 Bad Gateway",
            ),
            ("HTTP 502: <HTML>\n<H1 class=x>Bad\n <b>Gateway</b></H1>", "HTTP 502: Bad Gateway"),
            ("HTTP 500: <!DOCTYPE html><title>Sorry</title><p>x", "HTTP 500: Sorry"),
            ("HTTP 500: <html><p>nothing", "HTTP 500"),
            ("<html><h1>502 Bad Gateway</h1></html>; more", "502 Bad Gateway; more"),
            ("HTTP 502: <html><h1 é", "HTTP 502"),
        ] {
            assert_eq!(plain_reason(reason), told);
        }
        let long = format!("HTTP 500: <html><h1>{}</h1>", "é".repeat(5_000));
        assert_eq!(plain_reason(&long).chars().count(), 10 + TITLE_CHARS_MAX);
    }
}
