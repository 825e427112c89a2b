//! What people see: commands, settings, questions, progress, messages, exit codes.
//!
//! Owns the command line. Must never send anything itself: it hands a plan to `drive`.

mod actions_command;
mod address;
mod admission;
mod approval;
mod approve_command;
mod audit_command;
mod audit_text;
mod charging;
mod clock_command;
mod close_command;
mod confirm;
mod connect;
mod custody;
mod diagnostics;
mod earlier;
mod exit;
mod failure;
mod guards;
mod history_command;
mod job_source;
mod known_pins;
mod live;
mod live_guard;
mod look_commands;
mod memory;
mod operator;
mod options;
mod origin;
mod output;
mod overlap;
mod pin_news;
mod pins_command;
mod pins_found;
mod pins_recovery;
mod pins_text;
mod plan_checks;
mod plan_command;
mod plan_source;
mod plan_text;
mod planning;
mod policy_file;
mod printer;
mod private_file;
mod progress;
mod prune_command;
mod refusal_note;
mod reopen_command;
mod reporter;
mod resolve_command;
mod retry_command;
mod run_command;
mod sealing;
mod settings;
mod signals;
mod signatures;
mod simulate_command;
mod ssh_keygen;
mod start;
mod state;
mod steady_terminal;
mod surroundings;
mod tenant_commands;
mod token;
mod token_command;
mod toml_place;
mod trust;
mod trusted_file;
mod wrapping;

use clap::Parser;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

use exit::Exit;
use failure::{BeforeSending, Done, Failed, Failure, Sent};
use options::{Command, Format, GlobalOptions, Options};
use printer::Printer;
use surroundings::Limits;

use crate::report::Refused;

/// Reads the command line, does what it says, and returns the exit code.
#[must_use]
pub fn main() -> ExitCode {
    memory::keep_private();
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(error) => {
            // Help and version are asked for and no error; clap writes them where they belong.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Well };
            return match error.print() {
                Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Exit::Journal,
                _ => exit,
            }
            .into();
        }
    };
    let printer = Printer::new(&options.global);
    let limits = Limits::watch();
    // A fault of this program must not end without a word on what was sent, either.
    let ended =
        std::panic::catch_unwind(AssertUnwindSafe(|| dispatch(&options, &printer, &limits)));
    let ended = ended.unwrap_or_else(|_| Err(internal_fault(&options.command)));
    match limits.explain(printer.with_output(ended)) {
        Ok(done) => done.exit.into(),
        Err(failed) => {
            printer.failure(&failed);
            failed.failure.exit.into()
        }
    }
}

/// What is said after a panic, whose own message stands above it.
fn internal_fault(command: &Command) -> Failed {
    let sent = if may_send(command) { Sent::Unknown } else { Sent::Nothing };
    Failure::new(Exit::Unexpected, "internal fault of sortie, see the lines above")
        .next("see what the journal holds with: sortie status; and report the fault")
        .sent(sent)
}

/// Whether a command can come to send anything.
fn may_send(command: &Command) -> bool {
    matches!(
        command,
        Command::Run { .. } | Command::Send { .. } | Command::Resume { .. } | Command::Retry { .. }
    )
}

/// Does what the command says. Commands that may send say themselves what they had sent when they ended.
fn dispatch(options: &Options, printer: &Printer, limits: &Limits) -> Result<Done, Failed> {
    limits.check().before_sending()?;
    let global = &options.global;
    let knows_csv = matches!(options.command, Command::History { .. } | Command::Devices { .. });
    if global.format == Format::Csv && !knows_csv {
        return Err(Failure::usage("this command does not know --format csv")
            .next("give --format text or json; tables for spreadsheets are in the reports"))
        .before_sending();
    }
    match &options.command {
        Command::Run { job, tenant, limits, run } => {
            run_command::run(global, job, tenant, limits, run, printer)
        }
        Command::Send { send, tenant, limits, run } => {
            run_command::send(global, send, tenant, limits, run, printer)
        }
        Command::Resume { name, tenant, resume } => {
            reopen_command::resume(global, name, tenant, resume, printer)
        }
        Command::Watch { name, tenant, watch } => {
            reopen_command::watch(global, name, tenant, watch, printer)
        }
        Command::Retry { name, refused, tenant, limits, run } => {
            let again = if *refused { Refused::Include } else { Refused::Leave };
            retry_command::retry(global, name, again, tenant, limits, run, printer)
        }
        other => look(global, other, printer).before_sending().map(Done::unsent),
    }
}

/// Does what a command says that holds nothing that could send.
fn look(global: &GlobalOptions, command: &Command, printer: &Printer) -> Result<Exit, Failure> {
    match command {
        Command::Actions { name } => actions_command::actions(name.as_deref(), printer),
        Command::Check { job } => plan_command::check(job, printer),
        Command::Plan { job, out, purpose, tenant, limits } => {
            let wishes = plan_command::PlanWishes { out: out.as_deref(), purpose, limits };
            plan_command::plan(global, job, tenant, &wishes, printer)
        }
        Command::Approve { approve } => approve_command::approve(global, approve, printer),
        Command::Resolve { name, resolve } => {
            resolve_command::resolve(global, name, resolve, printer)
        }
        Command::Close { name, yes } => close_command::close(global, name, *yes, printer),
        Command::RepairClock { yes } => clock_command::repair(global, *yes, printer),
        Command::Runs => look_commands::runs(global, printer),
        Command::Status { name } => look_commands::status(global, name, printer),
        Command::Report { name, report_dir } => {
            look_commands::report(global, name, report_dir.as_deref(), printer)
        }
        Command::History { history } => history_command::history(global, history, printer),
        Command::Audit { audit } => audit_command::audit(global, audit, printer),
        Command::Prune { prune } => prune_command::prune(global, prune, printer),
        Command::Pins { pins, tenant } => match (&pins.test_identity, pins.recover) {
            (Some(file), _) => pins_command::test_identity(global, pins, file, printer),
            (None, true) => pins_recovery::recover(global, pins, tenant, printer),
            (None, false) => pins_command::pins(global, pins, printer),
        },
        Command::Devices { filter, unmanaged, tenant } => {
            tenant_commands::devices(global, filter, *unmanaged, tenant, printer)
        }
        Command::Commands { device, tenant } => {
            tenant_commands::commands(global, device, tenant, printer)
        }
        Command::Simulate { simulate } => simulate_command::simulate(simulate, printer),
        Command::Run { .. }
        | Command::Send { .. }
        | Command::Resume { .. }
        | Command::Watch { .. }
        | Command::Retry { .. } => {
            Err(Failure::new(Exit::Unexpected, "a command that sends was taken for one that looks"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
