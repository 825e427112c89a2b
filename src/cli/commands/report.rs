//! `sortie report`: the reports of a run again.
//!
//! Owns what is said of it. Must never contact a tenant.

use std::path::Path;

use crate::app::ReportRequest;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::with_runs;
use crate::cli::options::{GlobalOptions, ListingFormat};
use crate::cli::setting_flags::{ReportFlags, SettingFlags};
use crate::cli::terminal::printer::Printer;
use crate::cli::text::answers::report_written;
use crate::cli::text::notices::pins_note;
use crate::cli::text::run_summary::{Detail, run_summary};

pub(crate) fn report(
    global: &GlobalOptions,
    name: &str,
    report_dir: Option<&Path>,
    form: &SettingFlags<ReportFlags>,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let workspace = with_runs(global, printer)?;
    let directory = report_dir.map(Path::to_owned);
    let form = form.values()?;
    let written = workspace.report(&ReportRequest { run: name.to_owned(), directory, form })?;
    let overview = written.status.overview();
    let detail = Detail::of(printer.is_verbose());
    printer.say_laid_out(&run_summary(&overview, detail, &printer.error_screen()));
    if let Some(note) = pins_note(&written.form.formats, &written.form.options) {
        printer.say(&format!("note: {note}"));
    }
    match printer.format {
        ListingFormat::Json => printer.answer(&report_written(&written.status, &written.directory)),
        _ => printer.data(&written.directory.display().to_string()),
    }
    Ok(Exit::Well)
}
