//! What is shown of one run.
//!
//! Owns the choice of the form, and when something is written. It sees events of the application only. Must never hold up the run: it
//! draws and returns.

use std::sync::{Arc, Mutex, PoisonError};

use super::ticker::Ticker;
use crate::app::{AppEvent, RunAdvanced, RunBegins, Workspace};
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
const STATUS_MS: u64 = 60_000;
/// The view is drawn at most this often, in milliseconds.
const DRAW_MS: u64 = 100;

/// The display of the run that is driven in a workspace, if one is.
#[derive(Clone, Default)]
pub(crate) struct ShownRun(Arc<Mutex<Option<RunDisplay>>>);

/// Shows the progress of each run that is driven in this workspace, until [`ShownRun::end`].
pub(crate) fn show_progress(
    workspace: &Workspace,
    form: Option<ProgressForm>,
    viewpoint: Viewpoint,
    printer: &Printer,
) -> ShownRun {
    let (shown, printer) = (ShownRun::default(), printer.clone());
    let told = shown.clone();
    workspace.observe(move |event| match event {
        AppEvent::RunBegins(begins) => told.begin(begins, form, viewpoint, &printer),
        AppEvent::RunAdvanced(advanced) => told.with(|run| run.advance(advanced)),
        AppEvent::RunLeft { .. } => told.with(RunDisplay::leave),
        AppEvent::RunReported { report_dir, .. } => {
            let report_dir = report_dir.display().to_string();
            told.with(|run| run.report(&report_dir));
        }
        _ => {}
    });
    shown
}

impl ShownRun {
    /// The command ends with this code. Says so to programs.
    pub(crate) fn end(&self, exit: Exit) {
        self.with(|run| run.end(exit));
    }

    fn begin(
        &self,
        begins: &RunBegins,
        form: Option<ProgressForm>,
        viewpoint: Viewpoint,
        printer: &Printer,
    ) {
        let mut display = RunDisplay::new(begins, form, viewpoint, printer);
        if matches!(display.form, Form::View { .. } | Form::Log { .. }) {
            let ticked = self.clone();
            display.ticker = Some(Ticker::start(move || ticked.with(RunDisplay::tick)));
        }
        display.start();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(display);
    }

    fn with(&self, change: impl FnOnce(&mut RunDisplay)) {
        if let Some(run) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            change(run);
        }
    }
}

/// One run on its way to people and programs.
struct RunDisplay {
    run: LiveRun,
    told: RunTold,
    form: Form,
    printer: Printer,
    is_left: bool,
    ticker: Option<Ticker>,
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
    fn new(
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

    fn start(&mut self) {
        let now = WallClock.now();
        match &mut self.form {
            Form::Json(json) => self.printer.data(&json.begin(&self.run, now)),
            Form::Log { shown_at, .. } => *shown_at = now,
            Form::View { .. } | Form::Nothing => {}
        }
    }

    fn advance(&mut self, advanced: &RunAdvanced) {
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

    fn tick(&mut self) {
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
    fn leave(&mut self) {
        self.is_left = true;
        self.ticker = None;
        if matches!(self.form, Form::View { .. }) {
            self.printer.live().clear();
        }
    }

    fn report(&mut self, report_dir: &str) {
        match &self.form {
            Form::Json(json) => self.printer.data(&json.reported(report_dir, WallClock.now())),
            // In quiet the failure says it, and a run that ended well says nothing; in JSON the object at the end has it.
            _ if self.printer.is_quiet() || self.printer.format == ListingFormat::Json => {}
            _ => self.printer.data(report_dir),
        }
    }

    fn end(&mut self, exit: Exit) {
        self.leave();
        if let Form::Json(json) = &self.form {
            self.printer.data(&json.end(&self.run, exit as u8, WallClock.now()));
        }
    }
}

/// A line with its time, where the printer does not add one.
fn timed(printer: &Printer, at: UnixMillis, text: &str) -> String {
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
