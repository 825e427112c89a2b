//! `sortie pins --recover` and `--test-identity`: what keeps PINs from being lost.
//!
//! Owns what people read at the end of both. Must never show a PIN.

use std::path::Path;

use crate::app::{Recipients, RecoveryEnd, RecoveryRequest};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::{open_workspace, with_runs};
use crate::cli::options::{GlobalOptions, PinsOptions, TenantOptions};
use crate::cli::runtime::runtime;
use crate::cli::settings::read_profile;
use crate::cli::tenant_options::tenant_request;
use crate::cli::terminal::printer::Printer;
use crate::cli::text::answers::pins_recovered;
use crate::cli::text::layout::counted;
use crate::cli::text::run_next::step;

/// Tests whether an identity file decrypts what is encrypted to the keys of the configuration, or to those of a run.
pub(super) fn test_identity(
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
pub(super) fn recover(
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
