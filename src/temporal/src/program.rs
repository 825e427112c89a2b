//! The program: from the command line to the end of a command.
//!
//! Owns the choice of the command. Must never do anything itself.

use std::process::ExitCode;

use clap::Parser;
use sortie::app::RefusalClass;
use sortie::cli::companion::{Companion, CompanionError};

use crate::cli::{TemporalCommand, TemporalOptions};
use crate::commands::{cancel, report, schedule, status, submit, worker};

/// Reads the command line, does what it says, and returns the exit code.
#[must_use]
pub fn main() -> ExitCode {
    let TemporalOptions { shared, connect, command } = TemporalOptions::parse();
    let companion = Companion::new(shared);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ended = match runtime {
        Ok(runtime) => runtime.block_on(async {
            match &command {
                TemporalCommand::Worker(options) => {
                    worker::worker(&companion, &connect, options).await
                }
                TemporalCommand::Submit(options) => {
                    submit::submit(&companion, &connect, options).await
                }
                TemporalCommand::Status(options) => {
                    status::status(&companion, &connect, options).await
                }
                TemporalCommand::Cancel(options) => {
                    cancel::cancel(&companion, &connect, options).await
                }
                TemporalCommand::Report(options) => {
                    report::report(&companion, &connect, options).await
                }
                TemporalCommand::Schedule(options) => {
                    schedule::schedule(&companion, &connect, options).await
                }
            }
        }),
        Err(error) => Err(no_runtime(&error)),
    };
    companion.finish(ended)
}

fn no_runtime(error: &std::io::Error) -> CompanionError {
    CompanionError::new(
        RefusalClass::Unexpected,
        format!("the system gives no threads: {error}"),
        "raise the limit of processes, then try again",
    )
}
