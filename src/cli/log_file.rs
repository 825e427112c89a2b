//! `--log-file`, `--log-format` and `--log-level`.
//!
//! Owns where these settings come from and when the log begins. Must never end a command for a file that cannot be written.

use std::path::Path;
use std::sync::Arc;

use crate::cli::failure::Failure;
use crate::cli::logging::{LOG_TARGETS, LineForm, LogFile, LogFilter, LogLines};
use crate::cli::options::GlobalOptions;
use crate::cli::settings::read_profile;
use crate::cli::terminal::printer::Printer;
use crate::model::settings::global::{LOG_FILE, LOG_FORMAT, LOG_FORMATS, LOG_LEVEL};
use crate::model::settings::{SettingValue, SettingValues};

/// Begins the log of this process, if a flag, a variable or the profile names a file.
///
/// # Errors
/// A filter or a format that means nothing.
pub(crate) fn start(options: &GlobalOptions, printer: &Printer) -> Result<(), Failure> {
    let mut values = options.flags.values()?;
    // A profile that cannot be read is refused by the commands that need one.
    if let Ok(profile) = read_profile(options) {
        values = values.merged(&profile.values);
    }
    let filter = filter_of(&values)?;
    let form = form_of(&values)?;
    let Some(path) = values.path(&LOG_FILE) else { return Ok(()) };
    begin(path, filter, form, printer);
    Ok(())
}

fn begin(path: &Path, filter: LogFilter, form: LineForm, printer: &Printer) {
    let shown = path.display().to_string();
    let teller = printer.clone();
    let tell = move |error: &std::io::Error| {
        teller.show_warning(&format!("cannot write the log file {shown}: {error}"));
    };
    match LogFile::open(path, tell.clone()) {
        Ok(file) => {
            let lines = LogLines::new(filter, form, Arc::new(file));
            // Only tests begin a second one in a process, and they keep the first.
            let _ = tracing::subscriber::set_global_default(lines);
        }
        Err(error) => tell(&error),
    }
}

fn filter_of(values: &SettingValues) -> Result<LogFilter, Failure> {
    let Some(value) = values.get(&LOG_LEVEL) else { return Ok(LogFilter::default()) };
    let text = value.shown();
    LogFilter::parse(&text).map_err(|part| {
        let targets = LOG_TARGETS.map(|target| target.short).join(", ");
        Failure::usage(format!("log level '{text}': '{part}' is not valid")).next(format!(
            "give error, warn, info, debug, trace or off, alone or for a target: {targets}; \
             for example info,transport=debug"
        ))
    })
}

fn form_of(values: &SettingValues) -> Result<LineForm, Failure> {
    match (values.get(&LOG_FORMAT), values.word(&LOG_FORMAT)) {
        (None, _) | (_, Some("text")) => Ok(LineForm::Text),
        (_, Some("json")) => Ok(LineForm::Json),
        (value, _) => {
            let given = value.map(SettingValue::shown).unwrap_or_default();
            let what = format!("log format '{given}' is not one of {}", LOG_FORMATS.join(", "));
            Err(Failure::usage(what))
        }
    }
}
