//! What is shown of one run.
//!
//! Owns the choice of the form, and when something is written. It sees events of the application only. Must never hold up the run: it
//! draws and returns.

use super::ticker::Ticker;
use crate::app::{RunAdvanced, RunBegins};
use crate::cli::exit::Exit;
use crate::cli::options::{ListingFormat, ProgressForm};
use crate::cli::terminal::live_region::LiveRegion;
use crate::cli::terminal::printer::Printer;
use crate::cli::text::live::{
    LiveRun, ProgressJson, RunTold, Viewpoint, failure_line, stamped, status_line, view_lines,
};
use crate::cli::text::notices::Notice;
use crate::drive::{Clock, WallClock};
use crate::model::UnixMillis;

/// How far the run is, in a log: at most this often, in milliseconds.
pub(super) const STATUS_MS: u64 = 60_000;
/// The view is drawn at most this often, in milliseconds.
pub(super) const DRAW_MS: u64 = 100;

/// One run on its way to people and programs.
pub(super) struct RunDisplay {
    run: LiveRun,
    told: RunTold,
    form: Form,
    printer: Printer,
    is_left: bool,
    pub(super) ticker: Option<Ticker>,
}

enum Form {
    /// Drawn over and over on a terminal.
    View {
        drawn_at: UnixMillis,
    },
    /// Lines with their time.
    Log {
        shown_at: UnixMillis,
        shown: String,
    },
    Json(ProgressJson),
    Nothing,
}

impl RunDisplay {
    /// Something of it changes with the time alone.
    pub(super) fn is_ticking(&self) -> bool {
        matches!(self.form, Form::View { .. } | Form::Log { .. })
    }

    pub(super) fn new(
        begins: &RunBegins,
        form: Option<ProgressForm>,
        viewpoint: Viewpoint,
        printer: &Printer,
    ) -> Self {
        Self {
            run: LiveRun::new(begins, viewpoint),
            told: RunTold::new(begins, viewpoint),
            form: Form::new(form, &begins.run, printer),
            printer: printer.clone(),
            is_left: false,
            ticker: None,
        }
    }

    pub(super) fn start(&mut self) {
        let now = WallClock.now();
        match &mut self.form {
            Form::Json(json) => self.printer.data(&json.begin(&self.run, now)),
            Form::Log { shown_at, .. } => *shown_at = now,
            Form::View { .. } | Form::Nothing => {}
        }
    }

    pub(super) fn advance(&mut self, advanced: &RunAdvanced) {
        let now = WallClock.now();
        self.run.take(advanced);
        self.run.tick(now);
        for entry in &advanced.entries {
            let texts = self.told.texts(entry);
            texts.into_iter().for_each(|text| self.tell(entry.at, text.notice, text.is_in_view));
            if matches!(self.form, Form::Log { .. })
                && let Some(text) = failure_line(entry)
            {
                self.printer.say_failed(&self.line(entry.at, &text));
            }
        }
        if let Form::Json(json) = &mut self.form {
            let lines = json.advanced(&self.run, advanced, now);
            lines.iter().for_each(|line| self.printer.data(line));
        }
        self.show(now);
    }

    /// Says something that stays.
    fn tell(&self, at: UnixMillis, notice: Notice, is_in_view: bool) {
        match (&self.form, notice) {
            // Programs read the same in the lines of the entries.
            (Form::Json(_), Notice::News(_)) => {}
            (Form::View { .. } | Form::Json(_), _) if is_in_view => {}
            (Form::Log { .. }, Notice::Warning(text)) if !self.printer.has_log_lines() => {
                self.printer.to_stderr(&stamped(at, &format!("warning: {text}")));
            }
            (Form::Log { .. }, Notice::News(text)) => self.printer.say(&self.line(at, &text)),
            (_, Notice::Warning(text)) => self.printer.show_warning(&text),
            (_, Notice::News(text)) => self.printer.say(&text),
        }
    }

    fn line(&self, at: UnixMillis, text: &str) -> String {
        timed(&self.printer, at, text)
    }

    pub(super) fn tick(&mut self) {
        if self.is_left {
            return;
        }
        let now = WallClock.now();
        self.run.tick(now);
        self.show(now);
    }

    /// Brings the view or the log up to date.
    fn show(&mut self, now: UnixMillis) {
        match &mut self.form {
            Form::View { drawn_at } => {
                if now.remaining_ms(*drawn_at) >= DRAW_MS {
                    *drawn_at = now;
                    let lines = view_lines(&self.run, now, &self.printer.error_screen());
                    self.printer.live().show(lines);
                }
            }
            Form::Log { shown_at, shown } => {
                if now.remaining_ms(*shown_at) >= STATUS_MS {
                    let line = status_line(&self.run, now);
                    // A run that waits for hours does not fill a disk.
                    if line != *shown {
                        let line = timed(&self.printer, now, &line);
                        self.printer.say(&line);
                    }
                    (*shown_at, *shown) = (now, line);
                }
            }
            Form::Json(_) | Form::Nothing => {}
        }
    }

    /// The run has ended here: clears the view.
    pub(super) fn leave(&mut self) {
        self.is_left = true;
        self.ticker = None;
        if matches!(self.form, Form::View { .. }) {
            self.printer.live().clear();
        }
    }

    pub(super) fn report(&mut self, report_dir: &str) {
        match &self.form {
            Form::Json(json) => self.printer.data(&json.reported(report_dir, WallClock.now())),
            // In quiet the failure says it, and a run that ended well says nothing; in JSON the object at the end has it.
            _ if self.printer.is_quiet() || self.printer.format == ListingFormat::Json => {}
            _ => self.printer.data(report_dir),
        }
    }

    pub(super) fn end(&mut self, exit: Exit) {
        self.leave();
        if let Form::Json(json) = &self.form {
            self.printer.data(&json.end(&self.run, exit as u8, WallClock.now()));
        }
    }
}

/// A line with its time, where the printer does not add one.
pub(super) fn timed(printer: &Printer, at: UnixMillis, text: &str) -> String {
    match printer.has_log_lines() {
        true => text.to_owned(),
        false => stamped(at, text),
    }
}

impl Form {
    /// The form that was asked for; a view becomes a log where no terminal shows it.
    fn new(form: Option<ProgressForm>, run: &str, printer: &Printer) -> Self {
        let asked = form.unwrap_or(match printer.is_quiet() {
            true => ProgressForm::None,
            false => ProgressForm::Bar,
        });
        match asked {
            ProgressForm::Bar if LiveRegion::is_possible() => {
                Self::View { drawn_at: UnixMillis(0) }
            }
            ProgressForm::Bar | ProgressForm::Plain | ProgressForm::Log => {
                Self::Log { shown_at: UnixMillis(0), shown: String::new() }
            }
            ProgressForm::Json => Self::Json(ProgressJson::new(run)),
            ProgressForm::None => Self::Nothing,
        }
    }
}
