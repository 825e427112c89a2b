//! Runs of several tenants in progress, as people see and steer them.
//!
//! Owns what a start and a resume of a group share: progress, signals, questions between waves, and how the end is shown. Must never
//! hide that a tenant did not end well.

use tokio::sync::watch;

use crate::app::{GroupEnded, Operation, Refusal, Workspace};
use crate::cli::driving::asking;
use crate::cli::exit::Exit;
use crate::cli::failure::{Done, Failed};
use crate::cli::options::EndingOptions;
use crate::cli::terminal::printer::Printer;
use crate::cli::terminal::progress::show_progress;
use crate::cli::terminal::signals::listen;
use crate::cli::terminal::surroundings::runs_at_once;
use crate::cli::text::group_end::{
    exit_of_group, group_ended, group_failure, group_steps, group_summary,
};
use crate::cli::text::live::Viewpoint;
use crate::drive::Control;

/// Drives the runs of a group: shows their progress, passes signals and answers on, and tells how they ended.
pub(crate) async fn drive_group(
    workspace: &Workspace,
    ending: &EndingOptions,
    printer: &Printer,
    run: impl AsyncFnOnce(Operation) -> Result<GroupEnded, Refusal>,
) -> Result<Done, Failed> {
    let shown = show_progress(workspace, ending.progress, Viewpoint::Driver, printer);
    let (sender, control) = watch::channel(Control::Go);
    let signals = tokio::spawn(listen(sender));
    let operation = Operation { control, ask: asking(printer), runs_at_once: runs_at_once() };
    let ended = run(operation).await;
    signals.abort();
    let done = match ended {
        Ok(ended) => {
            let summary = group_summary(&ended, &printer.error_screen());
            printer.say_laid_out(&format!("\n{summary}"));
            printer.answer(&group_ended(&ended));
            match exit_of_group(&ended) {
                Exit::Well => {
                    group_steps(&ended).iter().for_each(|step| printer.say(step));
                    Ok(Done { exit: Exit::Well, sent: ended.sent() })
                }
                _ => {
                    // The summary stands above it.
                    printer.say("");
                    Err(group_failure(&ended).sent(ended.sent()))
                }
            }
        }
        Err(refusal) => Err(Failed::from(refusal)),
    };
    shown.end(done.as_ref().map_or_else(|failed| failed.failure.exit, |done| done.exit));
    done
}
