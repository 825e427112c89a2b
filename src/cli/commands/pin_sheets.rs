//! `sortie pins --sheets`: pages to print.
//!
//! Owns which pages are written, and where. Must never replace a file, nor write one in which no PIN can be read.

use std::path::Path;

use super::pins_listing::{hints, none_found, request_of};
use crate::app::{ShownAs, TaskPins};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::with_runs;
use crate::cli::options::{GlobalOptions, PinsOptions};
use crate::cli::terminal::printer::Printer;
use crate::cli::text::answers::pin_sheets_written;
use crate::cli::text::layout::counted;
use crate::cli::text::pin_sheets::sheets_of;
use crate::cli::text::screen::Screen;
use crate::drive::{Clock, WallClock};
use crate::report::{PinSheet, write_pin_sheets};

/// How names of pages end: a browser opens these by a double-click.
const PAGE_ENDS: [&str; 2] = ["html", "htm"];
/// Devices that a failure names.
const NAMED_MAX: usize = 5;

/// Writes one page for each device.
pub(super) fn pin_sheets(
    global: &GlobalOptions,
    options: &PinsOptions,
    path: &Path,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let is_page = path
        .extension()
        .is_some_and(|end| PAGE_ENDS.iter().any(|page| end.eq_ignore_ascii_case(page)));
    if !is_page {
        let name = path.display();
        return Err(Failure::usage(format!(
            "--sheets writes an HTML file, and '{name}' does not end in .html"
        ))
        .state("no file was written")
        .next("name a new file ending in .html:\n  sortie pins --sheets sheets.html"));
    }
    // Nothing is recorded as shown where the file cannot be made.
    if path.symlink_metadata().is_ok() {
        return Err(Failure::usage(format!("{} is there already", path.display()))
            .state("no file was written or replaced")
            .next("name a new file, or delete this one first"));
    }
    let workspace = with_runs(global, printer)?;
    let found = workspace.pins(&request_of(options))?;
    if found.is_empty() {
        printer.answer(&pin_sheets_written(None, 0, 0));
        printer.say(&none_found(&workspace, options)?);
        return Ok(Exit::Well);
    }
    let hints = hints(&found);
    if found.iter().map(TaskPins::readable_pins).sum::<usize>() == 0 {
        return Err(Failure::usage("none of the PINs can be read; no page was written")
            .next(hints.join("\n")));
    }
    let revealed = workspace.pins_viewer().reveal(found, ShownAs::Sheets);
    let screen = Screen { zone: Some(jiff::tz::TimeZone::system()), ..Screen::plain() };
    let sheets = sheets_of(&revealed, &screen);
    write_pin_sheets(path, &sheets, &screen.time(WallClock.now())).map_err(|error| {
        Failure::new(Exit::Journal, error.to_string())
            .next("name a new file in a directory of yours")
    })?;
    let without = sheets.iter().filter(|sheet| !sheet.has_pin()).count();
    printer.answer(&pin_sheets_written(Some(path), sheets.len(), without));
    printer.say(&format!(
        "{} written to {} (mode 0600): print them, then delete the file",
        counted(sheets.len(), "page"),
        path.display()
    ));
    hints.iter().for_each(|hint| printer.say(hint));
    end_of(&sheets, without)
}

/// Pages without a PIN are an end that scripts notice.
fn end_of(sheets: &[PinSheet], without: usize) -> Result<Exit, Failure> {
    if without == 0 {
        return Ok(Exit::Well);
    }
    let serials = sheets.iter().filter(|sheet| !sheet.has_pin());
    let serials = serials.map(|sheet| sheet.serial_number.as_str()).take(NAMED_MAX);
    let more = if without > NAMED_MAX { ", ..." } else { "" };
    let serials = serials.collect::<Vec<_>>().join(", ");
    Err(Failure::new(
        Exit::Partly,
        format!("{} without a PIN: {serials}{more}", counted(without, "page")),
    )
    .state("the other pages have one")
    .next("each of these pages says why and what to do"))
}
