//! What is shown of a gather in progress.
//!
//! Owns when something is written: a line that is drawn over on a terminal, else a line each minute. Must never hold up the
//! reads.

use super::run_display::{DRAW_MS, STATUS_MS, timed};
use crate::app::AppEvent;
use crate::cli::terminal::live_region::LiveRegion;
use crate::cli::terminal::printer::Printer;
use crate::cli::text::gathered::about;
use crate::cli::text::layout::thousands;
use crate::drive::{Clock, WallClock};
use crate::model::UnixMillis;

/// A gather on its way to people.
pub(crate) struct GatherDisplay {
    printer: Printer,
    is_live: bool,
    shown_at: UnixMillis,
}

impl GatherDisplay {
    /// In the form that this printer has.
    pub(crate) fn new(printer: &Printer) -> Self {
        let is_live = LiveRegion::is_possible() && !printer.is_quiet();
        Self { printer: printer.clone(), is_live, shown_at: WallClock.now() }
    }

    /// Shows an event, where it is one of a gather.
    pub(crate) fn take(&mut self, event: &AppEvent) {
        let AppEvent::GatherAdvanced { read, of, failed, seconds_left } = *event else { return };
        let now = WallClock.now();
        let pause_ms = if self.is_live { DRAW_MS } else { STATUS_MS };
        if read >= of {
            self.printer.live().clear();
            return;
        }
        if now.remaining_ms(self.shown_at) < pause_ms {
            return;
        }
        self.shown_at = now;
        let line = line(read, of, failed, seconds_left);
        match self.is_live {
            true => self.printer.live().show(vec![line]),
            false => self.printer.say(&timed(&self.printer, now, &line)),
        }
    }
}

fn line(read: usize, of: usize, failed: usize, seconds_left: Option<u64>) -> String {
    let failed = match failed {
        0 => String::new(),
        failed => format!(", {} failed", thousands(failed)),
    };
    let left = seconds_left.map(|seconds| format!(", {} left", about(seconds)));
    format!("reading: {} of {}{failed}{}", thousands(read), thousands(of), left.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_the_reading_is() {
        assert_eq!(line(120, 1_236, 0, None), "reading: 120 of 1,236");
        assert_eq!(
            line(120, 1_236, 2, Some(56)),
            "reading: 120 of 1,236, 2 failed, about 56 s left"
        );
    }
}
