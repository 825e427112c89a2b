//! `sortie pins`: showing PINs to who asks for them.
//!
//! Owns how many are shown at once. Must never show more than was asked for.

use std::io::IsTerminal;
use std::path::Path;

use crate::app::{
    HiddenValue, PinsRequest, PinsViewer, Recipients, RecoveryEnd, RecoveryRequest, TaskPins,
};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::{open_workspace, with_runs};
use crate::cli::options::{GlobalOptions, ListingFormat, PinsOptions, TenantOptions};
use crate::cli::runtime::runtime;
use crate::cli::settings::read_profile;
use crate::cli::tenant_options::tenant_request;
use crate::cli::terminal::printer::Printer;
use crate::cli::terminal::question::ask;
use crate::cli::text::layout::counted;
use crate::cli::text::pins::{json_of, text_of};

type Hidden = TaskPins<HiddenValue>;

pub(crate) fn pins(
    global: &GlobalOptions,
    options: &PinsOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let workspace = with_runs(global, printer)?;
    let found = workspace.pins(&PinsRequest {
        run: options.run.clone(),
        device: options.device.clone(),
        with_secrets: options.secrets,
        identity: options.identity.clone(),
    })?;
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
    let mut viewer = workspace.pins_viewer();
    if printer.format == ListingFormat::Json {
        printer.reveal(&json_of(&viewer.reveal(found)));
        return Ok(Exit::Well);
    }
    let readable: usize = found.iter().map(TaskPins::readable).sum();
    let hints = hints(&found);
    let is_attended = std::io::stdout().is_terminal() && !global.no_input;
    if options.all || readable <= 1 {
        printer.reveal(&text_of(&viewer.reveal(found)));
    } else if is_attended {
        show_one_by_one(found, &mut viewer, printer)?;
    } else {
        return Err(Failure::usage(format!(
            "{} fit, and away from a terminal only one is printed unasked",
            counted(readable, if options.secrets { "secret" } else { "PIN" })
        ))
        .state("none was shown")
        .next("name the device with --device, or ask for all with --all or --format json"));
    }
    hints.iter().for_each(|hint| printer.say(hint));
    Ok(Exit::Well)
}

/// Locks without PIN at once, for they show nothing; then device by device.
fn show_one_by_one(
    found: Vec<Hidden>,
    viewer: &mut PinsViewer<'_>,
    printer: &Printer,
) -> Result<(), Failure> {
    let (bare, devices) = by_device(found);
    if !bare.is_empty() {
        printer.reveal(&text_of(&viewer.reveal(bare)));
    }
    let count = devices.len();
    for (at, device) in devices.into_iter().enumerate() {
        printer.reveal(&text_of(&viewer.reveal(device)));
        let left = count - at - 1;
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
fn hints(found: &[Hidden]) -> Vec<String> {
    let mut hints = Vec::new();
    if let Some(lacking) = found.iter().find(|found| found.lack.is_some()) {
        hints.push(format!("look for missing ones with: sortie pins {} --recover", lacking.run));
    }
    if let Some(closed) = found.iter().find(|found| found.closed() > 0) {
        hints.push(format!(
            "what is encrypted opens with: sortie pins {} --identity FILE, the file with your AGE-SECRET-KEY-1... line",
            closed.run
        ));
    }
    hints
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
        None => Recipients::of_configuration(&read_profile(global)?.secrets)?,
    };
    let (recipients, place) = match configured {
        Some(recipients) => (recipients, "the configuration".to_owned()),
        None => {
            let workspace = with_runs(global, printer)?;
            let name = options.run.as_deref().unwrap_or("latest");
            let (recipients, run) = workspace.keys_of_run(name)?;
            (recipients, format!("run {run}"))
        }
    };
    recipients.test(identity)?;
    let keys = counted(recipients.texts().len(), "key");
    printer.say(&format!("it opens what is encrypted to the {keys} of {place}"));
    Ok(Exit::Well)
}

/// `sortie pins --recover`: asks the tenant for missing PINs.
pub(crate) fn recover(
    global: &GlobalOptions,
    options: &PinsOptions,
    tenant: &TenantOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let tenant = tenant_request(&tenant.values()?, &read_profile(global)?)?;
    let workspace = open_workspace(global, printer)?;
    let request = RecoveryRequest { run: options.run.clone(), device: options.device.clone() };
    match runtime()?.block_on(workspace.recover_pins(&request, &tenant))? {
        RecoveryEnd::NoRunLacksPins => {
            printer.say("no run has locked a Mac whose PIN is missing");
            Ok(Exit::Well)
        }
        RecoveryEnd::NothingLacks { run } => {
            printer.say(&format!("run {run} has locked no such Mac without a PIN"));
            Ok(Exit::Well)
        }
        RecoveryEnd::Asked { asked, recovered, .. } if recovered == asked => Ok(Exit::Well),
        RecoveryEnd::Asked { run, asked, recovered } => Err(Failure::new(
            Exit::Partly,
            format!("{} of {asked} still without PIN", asked - recovered),
        )
        .state("what was found is in the journal, and the reports have been written again")
        .next(format!(
            "a PIN may appear when the Mac has taken the lock: sortie pins {run} --recover"
        ))),
    }
}
