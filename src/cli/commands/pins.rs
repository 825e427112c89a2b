//! `sortie pins`: shows the PINs of a run or device.
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
use crate::cli::text::answers::pins_recovered;
use crate::cli::text::layout::counted;
use crate::cli::text::pins::{json_of, text_of};
use crate::cli::text::run_next::step;

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
            (Some(run), None) => format!("in run {run}"),
            (Some(run), Some(device)) => format!("for '{device}' in run {run}"),
            (None, Some(device)) => format!("for '{device}' in any run"),
            (None, None) => "in any run".to_owned(),
        };
        printer.answer(&serde_json::json!([]));
        printer.say(&format!("no {what} {place}"));
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
        printer.reveal(&text_of(&viewer.reveal(found), &printer.screen()));
    } else if is_attended {
        show_one_by_one(found, &mut viewer, printer)?;
    } else {
        return Err(Failure::usage(format!(
            "{} match, and without a terminal only a single one is shown by default",
            counted(readable, if options.secrets { "secret" } else { "PIN" })
        ))
        .state("none was shown")
        .next("select one device with --device, or show all with --all or --format json"));
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
    let screen = printer.screen();
    let (bare, devices) = by_device(found);
    if !bare.is_empty() {
        printer.reveal(&text_of(&viewer.reveal(bare), &screen));
    }
    let count = devices.len();
    for (at, device) in devices.into_iter().enumerate() {
        printer.reveal(&text_of(&viewer.reveal(device), &screen));
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
fn hints(found: &[Hidden]) -> Vec<String> {
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

/// Tests whether an identity file decrypts what is encrypted to the keys of the configuration, or to those of a run.
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
    let keys = recipients.texts().len();
    printer.answer(&serde_json::json!({ "decrypts": true, "keys": keys, "place": place }));
    let keys = counted(keys, "key");
    printer.say(&format!("the identity file decrypts what is encrypted to the {keys} of {place}"));
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
    let end = runtime()?.block_on(workspace.recover_pins(&request, &tenant))?;
    if let RecoveryEnd::Asked { run, asked, recovered } = &end {
        printer.answer(&pins_recovered(Some(run), *asked, *recovered));
    }
    match end {
        RecoveryEnd::NoRunLacksPins => {
            printer.answer(&pins_recovered(None, 0, 0));
            printer.say("no run has a locked Mac without a known PIN");
            Ok(Exit::Well)
        }
        RecoveryEnd::NothingLacks { run } => {
            printer.answer(&pins_recovered(Some(&run), 0, 0));
            printer.say(&format!("run {run} has no such Mac that is locked without a known PIN"));
            Ok(Exit::Well)
        }
        RecoveryEnd::Asked { asked, recovered, .. } if recovered == asked => Ok(Exit::Well),
        RecoveryEnd::Asked { run, asked, recovered } => Err(Failure::new(
            Exit::Partly,
            format!("{} of {} still missing", asked - recovered, counted(asked, "PIN")),
        )
        .state("the PINs that were found are in the journal and in the reports")
        .next(step(
            "try again once the Mac has taken the lock",
            &format!("sortie pins {run} --recover"),
        ))),
    }
}
