//! `sortie report`: the reports of a run again.
//!
//! Owns what is said of it. Must never contact a tenant.

use std::path::Path;

use crate::app::{GroupReportsWritten, ReportRequest};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::with_runs;
use crate::cli::options::{GlobalOptions, ListingFormat};
use crate::cli::setting_flags::{ReportFlags, SettingFlags};
use crate::cli::terminal::printer::Printer;
use crate::cli::text::answers::{group_report_written, report_written};
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
    let request = ReportRequest { run: name.to_owned(), directory, form };
    if let Some(group) = workspace.group_named(name)? {
        return report_group(&workspace.report_group(group, &request)?, printer);
    }
    let written = workspace.report(&request)?;
    let overview = written.status.overview();
    let detail = Detail::of(printer.is_verbose());
    printer.say_laid_out(&run_summary(overview, detail, &printer.error_screen()));
    if let Some(note) = pins_note(&written.form.formats, &written.form.options) {
        printer.say(&format!("note: {note}"));
    }
    match printer.format {
        ListingFormat::Json => printer.answer(&report_written(&written.status, &written.directory)),
        _ => printer.data(&written.directory.display().to_string()),
    }
    Ok(Exit::Well)
}

/// Says what was written of a group.
fn report_group(written: &GroupReportsWritten, printer: &Printer) -> Result<Exit, Failure> {
    let detail = Detail::of(printer.is_verbose());
    printer.say_laid_out(&run_summary(&written.overview, detail, &printer.error_screen()));
    if let Some(note) = pins_note(&written.form.formats, &written.form.options) {
        printer.say(&format!("note: {note}"));
    }
    match printer.format {
        ListingFormat::Json => printer.answer(&group_report_written(written)),
        _ => printer.data(&written.directory.display().to_string()),
    }
    Ok(Exit::Well)
}
