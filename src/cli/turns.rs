//! What a command does while another run uses its job or a device: fail, skip, or wait.
//!
//! Owns the loop around whole attempts: each makes its plan anew. Must never try again after something was sent, nor end a wait without a word.

use crate::app::{BlockingRun, QueuePlace};
use crate::cli::exit::Exit;
use crate::cli::failure::{Done, Failed, Failure, Sent, UnsentFailure};
use crate::cli::locations::open_workspace;
use crate::cli::metrics_state::CommandMetrics;
use crate::cli::options::{GlobalOptions, StartOptions};
use crate::cli::runtime::runtime;
use crate::cli::terminal::printer::Printer;
use crate::cli::terminal::signals::WaitSignals;
use crate::cli::text::answers::no_run;
use crate::drive::{Clock, WallClock};
use crate::model::settings::safety;
use crate::model::{IfRunning, UnixMillis};

/// Makes attempts until one is not refused because of another run, as `--if-running` says.
pub(crate) fn in_turn(
    global: &GlobalOptions,
    start: &StartOptions,
    metrics: &CommandMetrics,
    printer: &Printer,
    mut attempt: impl FnMut(&QueuePlace) -> Result<Done, Failed>,
) -> Result<Done, Failed> {
    let values = start.values().map_err(Failure::from).before_sending()?;
    let choice = values.if_running(&safety::IF_RUNNING).unwrap_or_default();
    let (place, mut until) = (QueuePlace::default(), None);
    loop {
        let failed = match attempt(&place) {
            Err(failed) if is_busy(&failed) => failed,
            ended => return ended,
        };
        match choice {
            IfRunning::Fail => return Err(failed),
            IfRunning::Skip => {
                metrics.leave_file();
                return Ok(skip(&failed, printer));
            }
            IfRunning::Wait { at_most_ms } => {
                let until = *until.get_or_insert_with(|| WallClock.now().plus_ms(at_most_ms));
                wait(global, &place, failed, until, printer)?;
            }
        }
    }
}

/// Whether there may be more than one attempt.
pub(crate) fn may_wait(start: &StartOptions) -> bool {
    let choice = start.values().ok().and_then(|values| values.if_running(&safety::IF_RUNNING));
    matches!(choice, Some(IfRunning::Wait { .. }))
}

/// Whether another run refused the start, and nothing was sent.
fn is_busy(failed: &Failed) -> bool {
    failed.sent == Sent::Nothing && failed.failure.exit == Exit::Busy
}

fn skip(failed: &Failed, printer: &Printer) -> Done {
    printer.answer(&no_run(None, &failed.failure.what));
    printer.say(&format!("skipped, nothing was sent: {}", failed.failure.what));
    Done::unsent(Exit::Well)
}

/// Waits for the run that a refusal names.
fn wait(
    global: &GlobalOptions,
    place: &QueuePlace,
    failed: Failed,
    until: UnixMillis,
    printer: &Printer,
) -> Result<(), Failed> {
    let blocking = failed.failure.reason.as_ref().and_then(BlockingRun::of);
    let Some(blocking) = blocking else { return Err(failed) };
    let workspace = open_workspace(global, printer).before_sending()?.queued(place);
    runtime().before_sending()?.block_on(async {
        let mut signals = WaitSignals::hear();
        tokio::select! {
            waited = workspace.wait_for_run(&blocking, until) => waited.before_sending(),
            why = signals.next() => Err(interrupted(why)),
        }
    })?;
    printer.say("the run has ended; checking and planning again");
    Ok(())
}

/// A person or the system ends the wait. Nothing was sent, and another start of the job may wait from now on.
fn interrupted(why: &str) -> Failed {
    Failure::new(Exit::Aborted, format!("stopped waiting for another run ({why})"))
        .next("start the command again; it makes a new plan")
        .sent(Sent::Nothing)
}
