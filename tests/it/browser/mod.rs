//! The pages that people open, in a real browser.
//!
//! Owns what only a browser can tell: colors, widths, printing, the script, and that nothing is loaded. Each test is
//! ignored unless it is asked for, because it needs Chromium; `.ci/run` asks. Must never use the network.

mod chromium;
mod pages;

use chromium::{Browser, Scheme};
use pages::page_of;
use serde_json::Value;

/// Widths of a desktop, a tablet, a phone and a small phone.
const WIDTHS: [u32; 4] = [1280, 768, 400, 320];

/// What is wrong with a page as it is shown, as a list of sentences.
const FAULTS: &str = include_str!("faults.js");

fn faults(browser: &mut Browser) -> Vec<String> {
    let found = browser.evaluate(FAULTS);
    let found = found.as_array().expect("a list").iter();
    found.map(|fault| fault.as_str().unwrap_or_default().to_owned()).collect()
}

fn number(browser: &mut Browser, expression: &str) -> u64 {
    browser.evaluate(expression).as_u64().unwrap_or_else(|| panic!("{expression} is no number"))
}

/// How many rows of the table of all tasks are seen.
const SHOWN: &str =
    "[...document.querySelectorAll('#all tbody tr')].filter((row) => row.offsetHeight > 0).length";

#[test]
#[ignore = "needs Chromium"]
fn a_report_is_readable_in_both_schemes_at_every_width() {
    let page = page_of(60);
    let mut browser = Browser::open(page.path());
    for scheme in [Scheme::Light, Scheme::Dark] {
        for width in WIDTHS {
            browser.show(width, scheme);
            let found = faults(&mut browser);
            assert!(found.is_empty(), "{scheme:?} {width}:\n{}", found.join("\n"));
            if let Some(directory) = std::env::var_os("SORTIE_SCREENSHOTS") {
                let name = format!("report-{scheme:?}-{width}.png").to_lowercase();
                browser.screenshot(&std::path::Path::new(&directory).join(name));
            }
        }
    }
    assert_eq!(browser.complaints(), [""; 0], "nothing is loaded, and no policy is broken");
}

#[test]
#[ignore = "needs Chromium"]
fn the_check_of_pages_finds_what_it_is_for() {
    let page = page_of(12);
    let mut browser = Browser::open(page.path());
    browser.show(1280, Scheme::Light);
    for (change, expected) in [
        ("document.querySelector('.lead').style.color = '#ccc'", "contrast"),
        ("document.querySelector('h1').style.width = '3000px'", "sideways"),
        ("document.querySelector('#failures th').removeAttribute('scope')", "scope"),
        ("document.querySelector('h3').outerHTML = '<h5>x</h5>'", "heading"),
        ("document.querySelector('svg.bar').removeAttribute('aria-label')", "name"),
        ("document.documentElement.removeAttribute('lang')", "language"),
    ] {
        browser.evaluate(change);
        let found = faults(&mut browser);
        assert!(found.iter().any(|fault| fault.contains(expected)), "{expected}: {found:?}");
        browser.reload();
        browser.show(1280, Scheme::Light);
        assert_eq!(faults(&mut browser), [""; 0]);
    }
}

#[test]
#[ignore = "needs Chromium"]
fn the_table_of_tasks_is_searched_and_sorted() {
    let page = page_of(60);
    let mut browser = Browser::open(page.path());
    browser.show(1280, Scheme::Light);
    assert_eq!(number(&mut browser, SHOWN), 60);
    let typed = |browser: &mut Browser, text: &str| {
        browser.evaluate(&format!(
            "search.value = '{text}'; search.dispatchEvent(new Event('input'));
             new Promise((done) => setTimeout(done, 200))"
        ));
    };
    typed(&mut browser, "sn17 restart");
    assert_eq!(number(&mut browser, SHOWN), 1);
    assert_eq!(browser.evaluate("shown.textContent"), "1 of 60 tasks");
    typed(&mut browser, "");
    browser.evaluate("outcome.value = 'in doubt'; outcome.dispatchEvent(new Event('change'))");
    assert_eq!(number(&mut browser, SHOWN), 6);
    browser.evaluate("outcome.value = ''; outcome.dispatchEvent(new Event('change'))");
    let first = "document.querySelector('#all tbody tr').cells[0].textContent";
    let click = "document.querySelector('#all thead button').click()";
    browser.evaluate(click);
    assert_eq!(browser.evaluate(first), "1");
    browser.evaluate(click);
    assert_eq!(browser.evaluate(first), "60", "numbers are sorted as numbers");
    assert_eq!(browser.evaluate("document.querySelector('#all th').ariaSort"), "descending");
}

#[test]
#[ignore = "needs Chromium"]
fn without_a_script_every_task_is_there() {
    let page = page_of(60);
    let mut browser = Browser::without_scripts(page.path());
    browser.show(1280, Scheme::Light);
    assert_eq!(number(&mut browser, SHOWN), 60);
    assert_eq!(number(&mut browser, "document.querySelector('.tools').offsetHeight"), 0);
}

#[test]
#[ignore = "needs Chromium"]
fn a_printed_report_has_no_search_box_and_repeats_headers() {
    let page = page_of(120);
    let mut browser = Browser::open(page.path());
    browser.show(1280, Scheme::Dark);
    browser.print_media();
    assert_eq!(number(&mut browser, "document.querySelector('.tools').offsetHeight"), 0);
    let display = "getComputedStyle(document.querySelector('#all thead')).display";
    assert_eq!(browser.evaluate(display), "table-header-group");
    let background = "getComputedStyle(document.body).backgroundColor";
    assert_eq!(browser.evaluate(background), "rgb(255, 255, 255)", "paper is white");
    let pdf = browser.pdf();
    assert!(pdf.starts_with(b"%PDF"));
    if let Some(directory) = std::env::var_os("SORTIE_SCREENSHOTS") {
        let path = std::path::Path::new(&directory).join("report.pdf");
        std::fs::write(path, pdf).expect("the directory can be written");
    }
}

#[test]
#[ignore = "needs Chromium"]
fn a_script_of_others_never_runs() {
    let page = page_of(12);
    let mut browser = Browser::open(page.path());
    assert_eq!(browser.evaluate("typeof window.hacked"), "undefined");
    // Even one that had come past the escaping: the policy names our script alone.
    let text = std::fs::read_to_string(page.path()).expect("the page");
    let evil = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>";
    std::fs::write(page.path(), text.replace("<main>", &format!("<main>{evil}"))).expect("written");
    let mut browser = Browser::open(page.path());
    assert_eq!(browser.evaluate("typeof window.hacked"), "undefined");
    assert!(!browser.complaints().is_empty(), "the browser reports what it blocked");
    assert_eq!(browser.evaluate("document.getElementById('tools').hidden"), Value::Bool(false));
}

#[test]
#[ignore = "needs Chromium"]
fn a_report_of_a_large_fleet_opens() {
    // A larger one is tried by hand: SORTIE_PAGE_ROWS=50000.
    let rows = std::env::var("SORTIE_PAGE_ROWS").ok().and_then(|rows| rows.parse().ok());
    let rows: u32 = rows.unwrap_or(5_000);
    let page = page_of(rows);
    if let Some(directory) = std::env::var_os("SORTIE_SCREENSHOTS") {
        let copy = std::path::Path::new(&directory).join("large.html");
        std::fs::copy(page.path(), copy).expect("the directory can be written");
    }
    let mut browser = Browser::open(page.path());
    browser.show(1280, Scheme::Light);
    let last = "[...document.querySelectorAll('#all tbody tr')].at(-1)";
    assert_eq!(browser.evaluate(&format!("{last}.cells[0].textContent")), rows.to_string());
    // Only what comes into view is laid out.
    browser.evaluate(&format!("{last}.scrollIntoView()"));
    let height = format!("Math.round({last}.getBoundingClientRect().height)");
    assert!(number(&mut browser, &height) > 10, "the last row is seen");
}

#[test]
#[ignore = "needs Chromium"]
fn an_empty_report_is_readable() {
    let page = page_of(0);
    let mut browser = Browser::open(page.path());
    browser.show(400, Scheme::Dark);
    assert_eq!(faults(&mut browser), [""; 0]);
}
