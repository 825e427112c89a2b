//! What people see: commands, settings, questions, progress, messages, exit codes.
//!
//! Owns the command line. Must never decide what is sent: it hands typed requests to `app`.

pub(crate) mod command_groups;
mod command_line;
pub(crate) mod commands;
pub mod companion;
mod companion_end;
mod completion_values;
pub(crate) mod decision_options;
mod derived_flags;
pub(crate) mod device_listing;
pub(crate) mod driving;
mod driving_group;
pub(crate) mod examples;
pub(crate) mod exit;
pub(crate) mod failure;
pub(crate) mod filter_options;
pub(crate) mod following_options;
pub(crate) mod gather_options;
mod help;
pub(crate) mod help_options;
pub(crate) mod job_options;
pub(crate) mod job_source;
pub mod known_tenants;
pub(crate) mod listing_options;
pub(crate) mod locations;
pub(crate) mod log_file;
pub(crate) mod logging;
pub(crate) mod metrics;
pub(crate) mod metrics_state;
pub(crate) mod notifications;
pub(crate) mod options;
pub(crate) mod output_forms;
pub(crate) mod runtime;
pub(crate) mod schedule_options;
pub(crate) mod secret_options;
pub(crate) mod send_options;
pub(crate) mod setting_flags;
pub(crate) mod settings;
pub(crate) mod setup_options;
pub(crate) mod simulate_options;
pub(crate) mod starting;
mod starting_group;
mod status_options;
pub(crate) mod tenant_options;
mod tenants;
pub(crate) mod terminal;
pub(crate) mod text;
pub(crate) mod time_options;
pub(crate) mod turns;
pub(crate) mod unit_command;

use std::ffi::OsString;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

use commands::{
    actions, approve, attach, audit, check, close, completions, device_commands, devices, doctor,
    gather, history, init, man, notify, pins, plan, profiles, prune, repair_clock, report, resolve,
    resume, retry, run, runs, schedule, send, setting_list, simulate, stats, status, token,
    version,
};
use exit::Exit;
use failure::{Done, Failed, Failure, Sent, UnsentFailure};
use logging::{command_began, command_ended};
use options::{CliCommand, GlobalOptions, Options, ProgressForm};
use output_forms::{check_form, command_name};
use status_options::StatusOptions;
use terminal::printer::Printer;
use terminal::surroundings::Limits;
use text::plan::PlanExtent;

use crate::report::Refused;

/// Reads the command line, does what it says, and returns the exit code.
#[must_use]
pub fn main() -> ExitCode {
    terminal::memory::keep_private();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let options = match command_line::read(&arguments) {
        Ok(options) => options,
        Err(error) => return command_line::answer(&error, &arguments).into(),
    };
    let printer = Printer::new(&options.global);
    let printer = match progress_of(&options.command) {
        Some(ProgressForm::Log) => printer.with_log_lines(),
        _ => printer,
    };
    let limits = Limits::watch();
    let command = command_name(&options.command);
    if let Err(failure) = log_file::start(&options.global, &printer) {
        return finish(command, &options, Err(failure.sent(Sent::Nothing)), &printer);
    }
    command_began(command);
    if let Err(failure) = metrics::begin(&options.command, &options.global) {
        return finish(command, &options, Err(failure.sent(Sent::Nothing)), &printer);
    }
    // A fault of this program must not end without a word on what was sent, either.
    let ended =
        std::panic::catch_unwind(AssertUnwindSafe(|| dispatch(&options, &printer, &limits)));
    let ended = ended.unwrap_or_else(|_| Err(internal_fault(&options.command)));
    finish(command, &options, limits.explain(printer.with_output(ended)), &printer)
}

/// What a reason says, as people read it in one line.
#[must_use]
pub fn plain_words(reason: &crate::app::Reason) -> String {
    text::refusals::words(reason).what
}

/// The form of progress that a command was asked for, if it has one.
fn progress_of(command: &CliCommand) -> Option<ProgressForm> {
    match command {
        CliCommand::Run { run, .. }
        | CliCommand::Send { run, .. }
        | CliCommand::Retry { run, .. } => run.ending.progress,
        CliCommand::Resume { resume, .. } => resume.ending.progress,
        CliCommand::Watch { watch, .. } => watch.ending.progress,
        _ => None,
    }
}

/// Says how the command ended: to people, to the log file, in the metrics of its job, and by the exit code.
fn finish(
    command: &str,
    options: &Options,
    ended: Result<Done, Failed>,
    printer: &Printer,
) -> ExitCode {
    let (exit, sent) = match &ended {
        Ok(done) => (done.exit, done.sent),
        Err(failed) => {
            printer.failure(failed);
            (failed.failure.exit, failed.sent)
        }
    };
    metrics::end(&options.command, &options.global, exit, printer);
    command_ended(command, exit, sent);
    exit.into()
}

/// What is said after a panic, whose own message stands above it.
fn internal_fault(command: &CliCommand) -> Failed {
    let sent = if may_send(command) { Sent::Unknown } else { Sent::Nothing };
    Failure::new(Exit::Unexpected, "internal fault of sortie, see the lines above")
        .next("see what the journal holds with: sortie status; and report the fault")
        .sent(sent)
}

/// Whether a command can come to send anything.
fn may_send(command: &CliCommand) -> bool {
    matches!(
        command,
        CliCommand::Run { .. }
            | CliCommand::Send { .. }
            | CliCommand::Resume { .. }
            | CliCommand::Retry { .. }
    )
}

/// Does what the command says. Commands that may send say themselves what they had sent when they ended.
fn dispatch(options: &Options, printer: &Printer, limits: &Limits) -> Result<Done, Failed> {
    limits.check().before_sending()?;
    let global = &options.global;
    check_form(&options.command, global).before_sending()?;
    match &options.command {
        CliCommand::Run { job, tenant, limits, run } => {
            run::run(global, job, tenant, limits, run, printer)
        }
        CliCommand::Send { send, tenant, limits, run } => {
            send::send(global, send, tenant, limits, run, printer)
        }
        CliCommand::Resume { name, tenant, resume } => {
            resume::resume(global, name, tenant, resume, printer)
        }
        CliCommand::Watch { name, watch, .. } if watch.attach => {
            let status = StatusOptions::default();
            look_on(global, name, watch.ending.progress, &status, printer)
                .before_sending()
                .map(Done::unsent)
        }
        CliCommand::Watch { name, tenant, watch } => {
            resume::watch(global, name, tenant, watch, printer)
        }
        CliCommand::Retry { name, refused, tenant, limits, run } => {
            let again = if *refused { Refused::Include } else { Refused::Leave };
            retry::retry(global, name, again, tenant, limits, run, printer)
        }
        other => look(global, other, printer).before_sending().map(Done::unsent),
    }
}

/// Does what a command says that holds nothing that could send.
fn look(global: &GlobalOptions, command: &CliCommand, printer: &Printer) -> Result<Exit, Failure> {
    match command {
        CliCommand::Actions { name } => actions::actions(name.as_deref(), printer),
        CliCommand::Settings { job, purpose, tenant, limits } => {
            let given = setting_list::GivenFlags { purpose, tenant, limits };
            setting_list::list(global, job.as_deref(), &given, printer)
        }
        CliCommand::Schema { .. } => {
            printer.data(&format!("{:#}", crate::job::job_schema()));
            Ok(Exit::Well)
        }
        CliCommand::Check { job } => check::check(global, job, printer),
        CliCommand::Plan { job, out, full, purpose, tenant, limits } => {
            let extent = PlanExtent::of_flag(*full);
            let wishes =
                commands::plan_wishes::PlanWishes { out: out.as_deref(), extent, purpose, limits };
            plan::plan(global, job, tenant, &wishes, printer)
        }
        CliCommand::Schedule { schedule } => schedule::schedule(global, schedule, printer),
        CliCommand::Approve { approve } => approve::approve(global, approve, printer),
        CliCommand::Resolve { name, resolve } => resolve::resolve(global, name, resolve, printer),
        CliCommand::Close { name, yes } => close::close(global, name, *yes, printer),
        CliCommand::RepairClock { yes } => repair_clock::repair_clock(global, *yes, printer),
        CliCommand::Runs { runs } => runs::runs(global, runs, printer),
        CliCommand::Status { name, status } if status.watch => {
            look_on(global, name, None, status, printer)
        }
        CliCommand::Status { name, status } => status::status(global, name, status, printer),
        CliCommand::Stats { name } => stats::stats(global, name, printer),
        CliCommand::Report { name, report_dir, form } => {
            report::report(global, name, report_dir.as_deref(), form, printer)
        }
        CliCommand::History { history } => history::history(global, history, printer),
        CliCommand::Audit { audit } => audit::audit(global, audit, printer),
        CliCommand::Prune { prune } => prune::prune(global, prune, printer),
        CliCommand::Pins { pins, tenant } => pins::pins(global, pins, tenant, printer),
        CliCommand::Devices { filter, unmanaged, gather, tenant } if gather.is_asked() => {
            gather::gather_devices(global, (filter, *unmanaged), gather, tenant, printer)
        }
        CliCommand::Devices { filter, unmanaged, tenant, .. } => {
            devices::devices(global, filter, *unmanaged, tenant, printer)
        }
        CliCommand::Commands { device, tenant } => {
            device_commands::commands(global, device, tenant, printer)
        }
        CliCommand::Doctor { tenant } => doctor::doctor(global, tenant, printer),
        CliCommand::Notify { notify } => notify::notify(global, notify, printer),
        CliCommand::Init { init } => init::init(global, init, printer),
        CliCommand::Profiles => profiles::profiles(global, printer),
        CliCommand::Token(options) => token::token(global, options, printer),
        CliCommand::Simulate(simulate) => simulate::simulate(simulate, printer),
        CliCommand::Completions { shell } => Ok(completions::completions(*shell, printer)),
        CliCommand::Man(options) => man::man(options, printer),
        CliCommand::Version => Ok(version::version(printer)),
        CliCommand::Help(help) => commands::help::help(help, printer),
        CliCommand::Run { .. }
        | CliCommand::Send { .. }
        | CliCommand::Resume { .. }
        | CliCommand::Watch { .. }
        | CliCommand::Retry { .. } => {
            Err(Failure::new(Exit::Unexpected, "a command that sends was taken for one that looks"))
        }
    }
}

/// Shows a run that another process drives until that process leaves it, then how far the run is.
fn look_on(
    global: &GlobalOptions,
    name: &str,
    progress: Option<ProgressForm>,
    options: &StatusOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    match attach::attach(global, name, progress, printer)? {
        attach::Left::RunLeft(run) => status::status(global, &run, options, printer),
        attach::Left::ByPerson => Ok(Exit::Aborted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[test]
    fn a_fault_of_the_program_says_what_may_have_been_sent() {
        for (arguments, sent) in [
            (["sortie", "run", "job.csv"], Sent::Unknown),
            (["sortie", "resume", "latest"], Sent::Unknown),
            (["sortie", "watch", "latest"], Sent::Nothing),
            (["sortie", "status", "latest"], Sent::Nothing),
        ] {
            let options = Options::try_parse_from(arguments).expect("a command");
            let failed = internal_fault(&options.command);
            assert_eq!((failed.sent, failed.failure.exit), (sent, Exit::Unexpected));
        }
    }
}
