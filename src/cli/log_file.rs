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
use crate::model::settings::{SettingSource, SettingSpec, SettingValues};

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
            let wide_mode = file.wide_mode();
            let lines = LogLines::new(filter, form, Arc::new(file));
            // Only tests begin a second one in a process, and they keep the first.
            let _ = tracing::subscriber::set_global_default(lines);
            if let Some(mode) = wide_mode {
                printer.warn(&format!(
                    "the log file has mode {mode:04o}, so other users can read it; to prevent that: chmod 600 {}",
                    path.display()
                ));
            }
        }
        Err(error) => tell(&error),
    }
}

fn filter_of(values: &SettingValues) -> Result<LogFilter, Failure> {
    let Some(placed) = values.placed(&LOG_LEVEL) else { return Ok(LogFilter::default()) };
    let (text, source) = (placed.value.shown(), source_of(&placed.source, &LOG_LEVEL));
    LogFilter::parse(&text).map_err(|part| {
        let targets = LOG_TARGETS.map(|target| target.short).join(", ");
        Failure::usage(format!("{source}: log level '{text}': '{part}' is not valid")).next(
            format!(
                "give error, warn, info, debug, trace or off, alone or for a target: {targets}; \
             for example info,transport=debug"
            ),
        )
    })
}

fn form_of(values: &SettingValues) -> Result<LineForm, Failure> {
    match (values.placed(&LOG_FORMAT), values.word(&LOG_FORMAT)) {
        (None, _) | (_, Some("text")) => Ok(LineForm::Text),
        (_, Some("json")) => Ok(LineForm::Json),
        (Some(placed), _) => {
            let (given, known) = (placed.value.shown(), LOG_FORMATS.join(", "));
            let source = source_of(&placed.source, &LOG_FORMAT);
            Err(Failure::usage(format!("{source}: log format '{given}' is not one of {known}"))
                .next(format!("give one of {known}")))
        }
    }
}

/// The source of a value, for people.
fn source_of(source: &SettingSource, setting: &SettingSpec) -> String {
    match source {
        SettingSource::Flag(flag) => format!("--{flag}"),
        SettingSource::Variable(name) => (*name).to_owned(),
        _ => format!("{} of the profile", setting.name),
    }
}
