//! The one place that writes for people.
//!
//! Owns standard output and standard error, and which letters reach people: a device's name is chosen by the person who has the
//! device. What standard output lost ends the command with an error ([`crate::cli::terminal::output`]), and standard error that has gone
//! away ends nothing. Color never carries meaning alone. Must never be given a
//! secret: nothing that reaches it may come from `Sealed::expose`, but through `reveal`, for who asked for it.

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use serde_json::Value;
use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::app::Events;
use crate::cli::failure::{Done, Failed, Sent};
use crate::cli::logging::{EventLog, failure_shown, problem_shown, warned};
use crate::cli::options::{GlobalOptions, ListingFormat, When};
use crate::cli::terminal::live_region::LiveRegion;
use crate::cli::terminal::output::Output;
use crate::cli::terminal::pager;
use crate::cli::text::diagnostics::diagnostic;
use crate::cli::text::fields::{array, pick};
pub(crate) use crate::cli::text::layout::{counted, harmless};
use crate::cli::text::live::{LogLevel, log_lines};
use crate::cli::text::notices::{Notice, notice};
use crate::cli::text::refusals::json::{line, refusal};
use crate::cli::text::screen::Screen;
use crate::cli::text::wrap::{hanging, prose};
use crate::drive::{Clock, WallClock};
use crate::job::Diagnostic;

/// Writes for people and for programs.
#[derive(Clone, Debug)]
pub(crate) struct Printer {
    verbosity: i8,
    pub format: ListingFormat,
    /// The fields that `--json` picks from listings; none picks all.
    fields: Vec<String>,
    output: Arc<Mutex<Output>>,
    live: Arc<LiveRegion>,
    lines: LineForm,
}

/// The form of lines on standard error.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum LineForm {
    /// For people at a terminal, or for a mail.
    People,
    /// For a log: time, level and one line, without colors.
    Log,
}

const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const ERROR: Style = AnsiColor::Red.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default();
/// Columns that a label such as `state: ` takes.
const LABEL: usize = 7;

impl Printer {
    pub(crate) fn new(options: &GlobalOptions) -> Self {
        let choice = match options.color {
            When::Auto => ColorChoice::Auto,
            When::Always => ColorChoice::Always,
            When::Never => ColorChoice::Never,
        };
        choice.write_global();
        let verbosity =
            if options.quiet { -1 } else { i8::try_from(options.verbose).unwrap_or(i8::MAX) };
        let output = Output::new(std::io::stdout().is_terminal());
        Self {
            verbosity,
            format: options.format,
            fields: options.fields.clone().unwrap_or_default(),
            output: Arc::new(Mutex::new(output)),
            live: Arc::default(),
            lines: LineForm::People,
        }
    }

    /// The printer, with each line on standard error as one of a log.
    pub(crate) fn with_log_lines(self) -> Self {
        Self { lines: LineForm::Log, ..self }
    }

    /// Whether each line on standard error has its time already.
    pub(crate) fn has_log_lines(&self) -> bool {
        self.lines == LineForm::Log
    }

    /// A stream of events of the application whose first observers are the log file and this printer.
    pub(crate) fn events(&self) -> Events {
        let (events, printer) = (Events::new(), self.clone());
        let log = EventLog;
        events.observe(move |event| log.take(event));
        events.observe(move |event| match notice(event) {
            Some(Notice::Warning(text)) => printer.show_warning(&text),
            Some(Notice::News(text)) => printer.say(&text),
            None => {}
        });
        events
    }

    /// Writes text for people to standard output.
    pub(crate) fn show(&self, text: &str) {
        self.data(&harmless(text));
    }

    /// Writes a text that was laid out for [`Printer::screen`] to standard output, in the pager where it is longer than the
    /// terminal. The layout has removed what else steers a terminal.
    pub(crate) fn show_paged(&self, text: &str) {
        let is_long = self.screen().height.is_some_and(|height| text.lines().count() >= height);
        if !(is_long && pager::page(text)) {
            self.data(text);
        }
    }

    /// Standard output as a place for tables and times.
    pub(crate) fn screen(&self) -> Screen {
        let stdout = std::io::stdout();
        Self::screen_of(
            stdout.is_terminal(),
            console::Term::stdout().size_checked(),
            AutoStream::choice(&stdout),
        )
    }

    /// Standard error as a place for tables and times.
    pub(crate) fn error_screen(&self) -> Screen {
        let stderr = std::io::stderr();
        Self::screen_of(
            stderr.is_terminal(),
            console::Term::stderr().size_checked(),
            AutoStream::choice(&stderr),
        )
    }

    fn screen_of(is_terminal: bool, size: Option<(u16, u16)>, choice: ColorChoice) -> Screen {
        let has_colors = choice != ColorChoice::Never;
        match size.filter(|_| is_terminal) {
            Some((height, width)) => Screen {
                width: Some(usize::from(width)),
                height: Some(usize::from(height)),
                has_colors,
                zone: Some(jiff::tz::TimeZone::system()),
            },
            None => Screen { has_colors, ..Screen::plain() },
        }
    }

    /// Writes data for programs to standard output, exactly as it is. What cannot be written is counted, and makes the
    /// end of the command an error; a reader that has gone away (`| head`) does not.
    pub(crate) fn data(&self, text: &str) {
        self.live.beside(|| self.output().write(text, std::io::stdout().lock()));
    }

    /// Writes a listing for programs: one array, each object with the fields that `--json` picks.
    pub(crate) fn list(&self, rows: Vec<Value>) {
        self.data(&array(rows, &self.fields).to_string());
    }

    /// Begins a listing for programs that is longer than memory: one array, an object on each line.
    pub(crate) fn begin_list(&self) -> JsonList<'_> {
        JsonList { printer: self, has_rows: false }
    }

    /// Writes the result of a command for programs, where JSON is the format.
    pub(crate) fn answer(&self, result: &Value) {
        if self.format == ListingFormat::Json {
            self.data(&result.to_string());
        }
    }

    /// Writes one object of a listing for programs, with the fields that `--json` picks.
    pub(crate) fn object(&self, row: Value) {
        self.data(&pick(row, &self.fields).to_string());
    }

    /// Whether `--json` picks fields: a listing is then one array of objects with these.
    pub(crate) fn picks_fields(&self) -> bool {
        !self.fields.is_empty()
    }

    /// Whether something that was to be written to standard output was lost.
    pub(crate) fn has_lost_output(&self) -> bool {
        self.output().failure().is_some()
    }

    /// The end of a command, with what became of its output: a result that cannot be read is none.
    pub(crate) fn with_output(&self, ended: Result<Done, Failed>) -> Result<Done, Failed> {
        let lost = self.output().failure();
        match (ended, lost) {
            (Ok(done), Some(failure)) if done.sent == Sent::Nothing => Err(failure
                .next("make room or write to another place, then try again")
                .sent(done.sent)),
            (Ok(done), Some(failure)) => Err(failure.sent(done.sent)),
            (ended @ Ok(_), None) => ended,
            (Err(failed), lost) => {
                // Why the command ended is worth more than what could not be written about it.
                lost.into_iter()
                    .for_each(|lost| self.warn(&format!("{}; {}", lost.what, lost.state)));
                Err(failed)
            }
        }
    }

    fn output(&self) -> MutexGuard<'_, Output> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes secrets to standard output, exactly as they are: only for a command whose purpose that is.
    pub(crate) fn reveal(&self, text: &str) {
        self.data(text);
    }

    /// Tells people something, unless they asked for quiet.
    pub(crate) fn say(&self, text: &str) {
        if self.verbosity >= 0 {
            self.to_stderr(text);
        }
    }

    /// Tells people a text that was laid out for [`Printer::error_screen`], unless they asked for quiet. The layout
    /// has removed what else steers a terminal.
    pub(crate) fn say_laid_out(&self, text: &str) {
        if self.verbosity >= 0 {
            self.styled(text);
        }
    }

    /// Warns, even in quiet, and in the log file too.
    pub(crate) fn warn(&self, text: &str) {
        warned(text);
        self.show_warning(text);
    }

    /// Warns of something that the log file has by its own event.
    pub(crate) fn show_warning(&self, text: &str) {
        if self.has_log_lines() {
            return self.log(LogLevel::Warning, text);
        }
        let text = prose(&format!("warning: {}", harmless(text)), self.error_screen().width);
        let text = text.strip_prefix("warning:").unwrap_or(&text);
        self.styled(&format!("{WARNING}warning{WARNING:#}:{text}"));
    }

    /// Tells of a device that failed, unless quiet was asked for. In a log it is a warning.
    pub(crate) fn say_failed(&self, text: &str) {
        match self.has_log_lines() {
            true if self.verbosity >= 0 => self.log(LogLevel::Warning, text),
            _ => self.say(text),
        }
    }

    /// Shows a problem of a job, which is why the command ends, and logs it.
    pub(crate) fn problem(&self, problem: &Diagnostic) {
        problem_shown(problem);
        let text = diagnostic(problem, &self.error_screen());
        match self.has_log_lines() {
            true => self.log(LogLevel::Error, &console::strip_ansi_codes(&text)),
            false => self.styled(&text),
        }
    }

    /// Says why the command ends: as one line of JSON where that is the format.
    pub(crate) fn failure(&self, failed: &Failed) {
        self.live.hide();
        failure_shown(failed);
        let failure = &failed.failure;
        if self.format == ListingFormat::Json {
            return Self::refuse_in_json(failed);
        }
        if self.has_log_lines() {
            let next = &failure.next;
            let next = if next.is_empty() { String::new() } else { format!("\nnext: {next}") };
            let text = format!("{}\nstate: {}{next}", failure.what, failed.state());
            return self.log(LogLevel::Error, &text);
        }
        let width = self.error_screen().width;
        // Each part stands beside its label, and a command on a line of its own, in the column of the text.
        let part = |text: &str| hanging(&harmless(text), width, LABEL);
        // What follows the first line is a list, which has its own form.
        let (what, list) =
            failure.what.split_at(failure.what.find('\n').unwrap_or(failure.what.len()));
        let mut text = format!("{ERROR}error{ERROR:#}: {}{}", part(what), harmless(list));
        text.push_str(&format!("\n{HINT}state{HINT:#}: {}", part(&failed.state())));
        if !failure.next.is_empty() {
            text.push_str(&format!("\n{HINT} next{HINT:#}: {}", part(&failure.next)));
        }
        self.styled(&text);
    }

    /// Says why the command ends, as one line of JSON on standard error.
    pub(crate) fn refuse_in_json(failed: &Failed) {
        // With no standard error left no one can read it.
        let _ = writeln!(std::io::stderr().lock(), "{}", line(&refusal(failed)));
    }

    /// Writes prose to standard error, wrapped between words on a terminal. Indented lines, such as commands, stay whole.
    pub(crate) fn to_stderr(&self, text: &str) {
        self.styled(&prose(&harmless(text), self.error_screen().width));
    }

    /// Writes a text with colors to standard error. The layout has removed what else steers a terminal.
    pub(crate) fn styled(&self, text: &str) {
        if self.has_log_lines() {
            return self.log(LogLevel::Info, &console::strip_ansi_codes(text));
        }
        self.live.beside(|| {
            let mut output = anstream::stderr().lock();
            // With no standard error left no one can read it.
            let _ = output.write_all(text.as_bytes());
            if !text.ends_with('\n') {
                let _ = output.write_all(b"\n");
            }
        });
    }

    /// Writes each line of a text to standard error as a line of a log.
    fn log(&self, level: LogLevel, text: &str) {
        let zone = jiff::tz::TimeZone::system();
        let lines = log_lines(WallClock.now(), &zone, level, &harmless(text));
        self.live.beside(|| {
            // With no standard error left no one can read it.
            let _ = std::io::stderr().lock().write_all(lines.as_bytes());
        });
    }

    /// The lines at the bottom of the terminal, which stay below everything that is written here.
    pub(crate) fn live(&self) -> &LiveRegion {
        &self.live
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.verbosity < 0
    }

    /// Whether details were asked for that most people do not need.
    pub(crate) fn is_verbose(&self) -> bool {
        self.verbosity > 0
    }
}

/// An array of objects that is written row by row.
pub(crate) struct JsonList<'p> {
    printer: &'p Printer,
    has_rows: bool,
}

impl JsonList<'_> {
    /// Writes one object, with the fields that `--json` picks.
    pub(crate) fn add(&mut self, row: Value) {
        let before = if self.has_rows { "," } else { "[" };
        self.has_rows = true;
        self.printer.data(&format!("{before}{}", pick(row, &self.printer.fields)));
    }

    /// Ends the array.
    pub(crate) fn end(self) {
        self.printer.data(if self.has_rows { "]" } else { "[]" });
    }
}
