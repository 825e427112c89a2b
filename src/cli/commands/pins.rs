//! `sortie pins`: showing PINs to who asks for them.
//!
//! Owns how many are shown at once, and the record that they were shown. Must never show more than was asked
//! for.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::path::Path;

use crate::app::Workspace;
use crate::app::operator::Operator;
use crate::app::secrets::pins_found::{Found, find, open};
use crate::app::secrets::sealing::{Identities, Recipients};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::with_runs;
use crate::cli::options::{GlobalOptions, ListingFormat, PinsOptions};
use crate::cli::settings::read_profile;
use crate::cli::terminal::printer::Printer;
use crate::cli::terminal::question::ask;
use crate::cli::text::layout::counted;
use crate::cli::text::pins::{json_of, text_of};
use crate::drive::{Clock, WallClock};
use crate::journal::{Index, JournalError, RunReader};
use crate::model::UnixMillis;

pub(crate) fn pins(
    global: &GlobalOptions,
    options: &PinsOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let state = with_runs(global, printer)?;
    let mut found = find(&state, options, printer)?;
    if found.is_empty() {
        let what = if options.secrets { "PINs or secrets" } else { "PINs" };
        let place = match (&options.run, &options.device) {
            (Some(run), _) => format!("run {run} has"),
            (None, Some(device)) => format!("the runs have for '{device}'"),
            (None, None) => "the runs have".to_owned(),
        };
        printer.say(&format!("{place} no {what}"));
        return Ok(Exit::Well);
    }
    if let Some(path) = &options.identity {
        open(&mut found, &Identities::read(path)?)?;
    }
    let mut recorder = Recorder { state: &state, index: None, printer };
    if printer.format == ListingFormat::Json {
        recorder.note(&found);
        printer.reveal(&json_of(&found));
        return Ok(Exit::Well);
    }
    let readable: usize = found.iter().map(Found::readable).sum();
    let is_attended = std::io::stdout().is_terminal() && !global.no_input;
    if options.all || readable <= 1 {
        show(&found, &mut recorder);
    } else if is_attended {
        show_one_by_one(&found, &mut recorder)?;
    } else {
        return Err(Failure::usage(format!(
            "{} fit, and away from a terminal only one is printed unasked",
            counted(readable, if options.secrets { "secret" } else { "PIN" })
        ))
        .state("none was shown")
        .next("name the device with --device, or ask for all with --all or --format json"));
    }
    say_how_to_go_on(&found, printer);
    Ok(Exit::Well)
}

fn show(found: &[Found], recorder: &mut Recorder<'_>) {
    recorder.note(found);
    recorder.printer.reveal(&text_of(found));
}

/// Locks without PIN at once, for they show nothing; then device by device.
fn show_one_by_one(found: &[Found], recorder: &mut Recorder<'_>) -> Result<(), Failure> {
    let is_bare = |found: &&Found| found.readable() == 0;
    let (bare, with_pins) = found.split_at(found.iter().take_while(is_bare).count());
    if !bare.is_empty() {
        show(bare, recorder);
    }
    let devices: Vec<&[Found]> =
        with_pins.chunk_by(|one, other| one.device.id == other.device.id).collect();
    for (at, device) in devices.iter().enumerate() {
        show(device, recorder);
        let left = devices.len() - at - 1;
        if left == 0 {
            break;
        }
        let question = format!("{left} more; Enter for the next, q ends: ");
        match ask(&question) {
            None => {
                return Err(Failure::usage("there is no terminal to ask on")
                    .state("the rest was not shown")
                    .next("ask for all with --all"));
            }
            Some(answer) if answer.is_empty() || answer.trim().eq_ignore_ascii_case("q") => break,
            Some(_) => {}
        }
    }
    Ok(())
}

fn say_how_to_go_on(found: &[Found], printer: &Printer) {
    if let Some(lacking) = found.iter().find(|found| found.missing.is_some()) {
        printer.say(&format!("look for missing ones with: sortie pins {} --recover", lacking.run));
    }
    if let Some(closed) = found.iter().find(|found| found.closed() > 0) {
        printer.say(&format!(
            "what is encrypted opens with: sortie pins {} --identity FILE, the file with your AGE-SECRET-KEY-1... line",
            closed.run
        ));
    }
}

/// Writes down what is shown, where the disk allows.
struct Recorder<'a> {
    state: &'a Workspace,
    /// The index, opened for writing once something is shown; or that it could not be.
    index: Option<Result<Index, ()>>,
    printer: &'a Printer,
}

impl Recorder<'_> {
    /// Notes what is about to be shown. Who needs a PIN gets it, whether that could be noted or not.
    fn note(&mut self, found: &[Found]) {
        let shown: Vec<&Found> = found.iter().filter(|found| found.readable() > 0).collect();
        if shown.is_empty() {
            return;
        }
        if self.index.is_none() {
            self.index = Some(Index::open(&self.state.dir).map_err(|error| self.tell(&error)));
        }
        let Some(Ok(index)) = &mut self.index else { return };
        let who = Operator::current().shown();
        let now = WallClock.now();
        let noted = shown
            .iter()
            .try_for_each(|found| {
                index.note_shown(&found.run, found.task, &found.device.id, &who, now)
            })
            .and_then(|()| note_in_record(index, &shown, &who, now));
        if let Err(error) = noted {
            self.tell(&error);
            self.index = Some(Err(()));
        }
    }

    fn tell(&self, error: &JournalError) {
        self.printer.say(&format!("note: it could not be recorded that this was shown: {error}"));
    }
}

/// Notes in the host's record whose PINs somebody saw, run by run; never which.
fn note_in_record(
    index: &mut Index,
    shown: &[&Found],
    who: &str,
    now: UnixMillis,
) -> Result<(), JournalError> {
    let mut by_run: BTreeMap<&str, Vec<&Found>> = BTreeMap::new();
    shown.iter().for_each(|found| by_run.entry(&found.run).or_default().push(found));
    for (run, found) in by_run {
        let devices: BTreeSet<&str> = found.iter().map(|found| found.device.id.as_str()).collect();
        let tasks: BTreeSet<u32> = found.iter().map(|found| found.task.0).collect();
        let body = serde_json::json!({ "who": who, "devices": devices, "tasks": tasks });
        index.note(now, "pins_shown", Some(run), &body)?;
    }
    Ok(())
}

/// Tries whether an identity file opens what is encrypted to the keys of the configuration, else to those of
/// a run.
pub(crate) fn test_identity(
    global: &GlobalOptions,
    options: &PinsOptions,
    identity: &Path,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let configured = match options.run {
        Some(_) => None,
        None => Recipients::of_configuration(&read_profile(global)?)?,
    };
    let (recipients, place) = match configured {
        Some(recipients) => (recipients, "the configuration".to_owned()),
        None => of_run(global, options.run.as_deref().unwrap_or("latest"), printer)?,
    };
    recipients.test(identity)?;
    let keys = counted(recipients.texts().len(), "key");
    printer.say(&format!("it opens what is encrypted to the {keys} of {place}"));
    Ok(Exit::Well)
}

fn of_run(
    global: &GlobalOptions,
    name: &str,
    printer: &Printer,
) -> Result<(Recipients, String), Failure> {
    let state = with_runs(global, printer)?;
    let row = state.index().find_run(name)?;
    let header = RunReader::open(&state.dir, &row.id)?.header()?;
    let texts = header.map(|header| header.encrypt_to).unwrap_or_default();
    let place = format!("run {}", row.id);
    match Recipients::of_run(&texts)? {
        Some(recipients) => Ok((recipients, place)),
        None => Err(Failure::usage(format!(
            "neither the configuration nor {place} names keys to encrypt to"
        ))
        .next("name them with encrypt_to under [secrets] in the configuration, or in the job")),
    }
}
