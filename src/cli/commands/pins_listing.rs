//! `sortie pins` without a task of its own: lists the PINs of a run or device.
//!
//! Owns how many are shown at once. Must never show more than was asked for.

use std::io::IsTerminal;

use crate::app::{HiddenValue, PinsRequest, PinsViewer, ShownAs, TaskPins, Workspace};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::with_runs;
use crate::cli::options::{GlobalOptions, ListingFormat, PinsOptions};
use crate::cli::terminal::printer::Printer;
use crate::cli::terminal::question::ask;
use crate::cli::text::layout::counted;
use crate::cli::text::pins::{json_of, text_of};
use crate::cli::text::pins_csv::csv_of;
use crate::cli::text::run_next::step;
use crate::model::CsvDialect;

type Hidden = TaskPins<HiddenValue>;

/// Finds PINs, and shows them in the form that was asked for.
pub(super) fn list_pins(
    global: &GlobalOptions,
    options: &PinsOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let form = form_of(options, printer)?;
    let workspace = with_runs(global, printer)?;
    let found = workspace.pins(&request_of(options))?;
    if found.is_empty() {
        match form {
            PinsForm::Csv(dialect) => printer.data(&csv_of(&[], dialect)),
            PinsForm::Text | PinsForm::Json => printer.answer(&serde_json::json!([])),
        }
        printer.say(&none_found(&workspace, options)?);
        return Ok(Exit::Well);
    }
    let mut viewer = workspace.pins_viewer();
    let hints = hints(&found);
    match form {
        PinsForm::Json => {
            printer.reveal(&json_of(&viewer.reveal(found, ShownAs::Json)));
            return Ok(Exit::Well);
        }
        PinsForm::Csv(dialect) => {
            printer.reveal(&csv_of(&viewer.reveal(found, ShownAs::Csv), dialect));
        }
        PinsForm::Text => show(found, global, options, &mut viewer, printer)?,
    }
    hints.iter().for_each(|hint| printer.say(hint));
    Ok(Exit::Well)
}

/// The form in which PINs are listed.
#[derive(Copy, Clone, Debug)]
enum PinsForm {
    Text,
    Json,
    Csv(CsvDialect),
}

fn form_of(options: &PinsOptions, printer: &Printer) -> Result<PinsForm, Failure> {
    match (printer.format, options.csv) {
        (ListingFormat::Json, Some(_)) => {
            Err(Failure::usage("--csv and JSON exclude each other")
                .next("leave one of the two out"))
        }
        (ListingFormat::Json, None) => Ok(PinsForm::Json),
        (ListingFormat::Text | ListingFormat::Csv, Some(dialect)) => Ok(PinsForm::Csv(dialect)),
        (ListingFormat::Csv, None) => Ok(PinsForm::Csv(CsvDialect::Plain)),
        (ListingFormat::Text, None) => Ok(PinsForm::Text),
    }
}

/// Which PINs the options ask for.
pub(super) fn request_of(options: &PinsOptions) -> PinsRequest {
    PinsRequest {
        run: options.run.clone(),
        device: options.device.clone(),
        with_secrets: options.secrets,
        identity: options.identity.clone(),
    }
}

/// That there are no PINs, where, and how to find some.
pub(super) fn none_found(workspace: &Workspace, options: &PinsOptions) -> Result<String, Failure> {
    let what = if options.secrets { "PINs or secrets" } else { "PINs" };
    let device = options.device.as_ref().map(|device| format!(" for '{device}'"));
    let device = device.unwrap_or_default();
    let Some(run) = &options.run else { return Ok(format!("no {what}{device} in any run")) };
    if let Some(group) = workspace.group_named(run)? {
        let runs = step("list the runs and their jobs", "sortie runs");
        return Ok(format!("no {what}{device} in the runs of group {}\n{runs}", group.id));
    }
    let row = workspace.status(run)?.row;
    let next = match &options.device {
        None => step("show the PINs of the newest run that has any", "sortie pins"),
        Some(_) => "leave the run out to search all runs for the device".to_owned(),
    };
    let runs = step("or list the runs and their jobs", "sortie runs");
    Ok(format!("no {what}{device} in run {} of job {}\n{next}\n{runs}", row.id, row.job))
}

/// All tables at once where that was asked for or there is one PIN, else one device at a time.
fn show(
    found: Vec<Hidden>,
    global: &GlobalOptions,
    options: &PinsOptions,
    viewer: &mut PinsViewer<'_>,
    printer: &Printer,
) -> Result<(), Failure> {
    let readable: usize = found.iter().map(TaskPins::readable).sum();
    let counts: [usize; 2] = [TaskPins::readable_pins, TaskPins::readable_secrets]
        .map(|count: fn(&Hidden) -> usize| found.iter().map(count).sum());
    let is_attended = std::io::stdout().is_terminal() && !global.no_input;
    if options.all || readable <= 1 {
        printer.reveal(&text_of(&viewer.reveal(found, ShownAs::Text), &printer.screen()));
        return Ok(());
    }
    if is_attended {
        return show_one_by_one(found, viewer, printer);
    }
    Err(Failure::usage(format!(
        "{} match, and without a terminal only a single one is shown by default",
        matching(&counts)
    ))
    .state("none was shown")
    .next("select one device with --device, or show all with --all, --csv or --format json, or write pages with --sheets"))
}

/// Numbers of PINs and of other secrets, in words.
fn matching([pins, secrets]: &[usize; 2]) -> String {
    match (*pins, *secrets) {
        (pins, 0) => counted(pins, "PIN"),
        (0, secrets) => counted(secrets, "secret"),
        (pins, secrets) => format!("{} and {}", counted(pins, "PIN"), counted(secrets, "secret")),
    }
}

/// Locks without PIN at once, for they show nothing; then device by device.
fn show_one_by_one(
    found: Vec<Hidden>,
    viewer: &mut PinsViewer<'_>,
    printer: &Printer,
) -> Result<(), Failure> {
    let screen = printer.screen();
    let (bare, devices) = by_device(found);
    if !bare.is_empty() {
        printer.reveal(&text_of(&viewer.reveal(bare, ShownAs::Text), &screen));
    }
    let count = devices.len();
    for (at, device) in devices.into_iter().enumerate() {
        printer.reveal(&text_of(&viewer.reveal(device, ShownAs::Text), &screen));
        let left = count - at - 1;
        if left == 0 {
            break;
        }
        let more = counted(left, "more device");
        let question = format!("{more}. Press Enter for the next, or type \"q\" to quit: ");
        match ask(&question) {
            None => {
                return Err(Failure::usage("cannot prompt: there is no terminal")
                    .state("the other PINs were not shown")
                    .next("show all with --all"));
            }
            Some(answer) if answer.is_empty() || answer.trim().eq_ignore_ascii_case("q") => break,
            Some(_) => {}
        }
    }
    Ok(())
}

/// The tasks in front that show nothing, and the others by device.
fn by_device(found: Vec<Hidden>) -> (Vec<Hidden>, Vec<Vec<Hidden>>) {
    let mut bare = Vec::new();
    let mut devices: Vec<Vec<Hidden>> = Vec::new();
    for found in found {
        if devices.is_empty() && found.readable() == 0 {
            bare.push(found);
            continue;
        }
        match devices.last_mut() {
            Some(device) if device[0].device.id == found.device.id => device.push(found),
            _ => devices.push(vec![found]),
        }
    }
    (bare, devices)
}

/// How to get what is missing or encrypted.
pub(super) fn hints(found: &[Hidden]) -> Vec<String> {
    let mut hints = Vec::new();
    if let Some(lacking) = found.iter().find(|found| found.lack.is_some()) {
        let command = format!("sortie pins {} --recover", lacking.run);
        hints.push(step("read the missing PINs from the tenant", &command));
    }
    if let Some(closed) = found.iter().find(|found| found.closed() > 0) {
        let command = format!("sortie pins {} --identity FILE", closed.run);
        hints
            .push(step("decrypt with the file that holds your AGE-SECRET-KEY-1... line", &command));
    }
    hints
}
