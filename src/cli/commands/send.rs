//! `sortie send`.
//!
//! Owns the job that flags describe. It goes through the same plan and guards as any other.

use crate::cli::failure::{Done, Failed, Failure, UnsentFailure};
use crate::cli::filter_options::read_filter;
use crate::cli::options::{GlobalOptions, LimitOptions, RunOptions, SendOptions, TenantOptions};
use crate::cli::starting::Given;
use crate::cli::starting_group::run_for_tenants;
use crate::cli::tenants::{TenantNaming, chosen_tenants, known_tenants};
use crate::cli::terminal::printer::Printer;
use crate::cli::turns::in_turn;
use crate::job::{Job, ParseOptions, Target, TargetField, ad_hoc};

pub(crate) fn send(
    global: &GlobalOptions,
    send: &SendOptions,
    tenant: &TenantOptions,
    limits: &LimitOptions,
    options: &RunOptions,
    printer: &Printer,
) -> Result<Done, Failed> {
    let naming = TenantNaming::of(tenant);
    let job = job_of(send, known_tenants(global, naming), printer).before_sending()?;
    in_turn(global, &options.start, &options.ending.metrics, printer, |place| {
        let given = Given { global, tenant, limits, options, printer, place };
        run_for_tenants(given, job.clone(), false, None)
    })
}

/// The job that flags describe.
fn job_of(
    send: &SendOptions,
    known: Option<Vec<String>>,
    printer: &Printer,
) -> Result<Job, Failure> {
    let mut targets = Vec::new();
    for (flag, field, texts) in [
        ("--device", TargetField::DeviceId, &send.device),
        ("--serial", TargetField::SerialNumber, &send.serial),
        ("--user-email", TargetField::UserEmail, &send.user_email),
    ] {
        for text in texts {
            let mut target = Target::default();
            target
                .read_field(field, text)
                .map_err(|error| Failure::usage(format!("{flag} '{text}': {error}")))?;
            targets.push(target);
        }
    }
    let filter = read_filter(&send.filter)?;
    let selection = match (send.all, filter.is_empty()) {
        (true, true) => Some(filter),
        (true, false) => {
            return Err(Failure::usage("--all and a filter contradict each other"));
        }
        (false, true) => None,
        (false, false) => Some(filter),
    };
    if targets.is_empty() && selection.is_none() {
        return Err(Failure::usage("no device is named or selected")
            .next("give --device, --serial, --user-email, a filter such as --platform, or --all"));
    }
    let options = ParseOptions {
        allow_wipe_protected: send.allow_wipe_protected,
        tenants: chosen_tenants(&send.tenants)?,
        known_tenants: known,
        ..ParseOptions::default()
    };
    // An unknown action is one of the problems that the job lists, so its text may also name the job.
    let known = crate::kandji::find_action(&send.action);
    let name = known.map_or("send", |action| action.name);
    ad_hoc(name, &send.action, &send.param, targets, selection, &options)
        .map_err(|problems| crate::cli::job_source::invalid_job(problems, printer))
}
