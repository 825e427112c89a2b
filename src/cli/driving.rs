//! A run in progress, as people see and steer it.
//!
//! Owns what every command that drives a run shares: progress, signals, questions between waves, and how the end is shown. Must never
//! hide that a run did not end well.

use futures::future::BoxFuture;
use std::sync::Arc;
use tokio::sync::{oneshot, watch};

use crate::app::{
    AppEvent, AskOperator, Operation, RUNS_AT_ONCE, Refusal, RunEnded, RunQuestion, RunVerdict,
    Workspace, is_yes,
};
use crate::cli::exit::Exit;
use crate::cli::failure::{Done, Failed};
use crate::cli::metrics;
use crate::cli::options::EndingOptions;
use crate::cli::terminal::printer::Printer;
use crate::cli::terminal::progress::show_progress;
use crate::cli::terminal::question::ask;
use crate::cli::terminal::signals::listen;
use crate::cli::text::answers::run_ended;
use crate::cli::text::live::{Viewpoint, wave_prompt};
use crate::cli::text::run_end::failure_of;
use crate::cli::text::run_next::{Resumable, steps};
use crate::cli::text::run_summary::{Detail, run_summary};
use crate::drive::Control;
use crate::engine::OperatorAnswer;

/// Drives a run: shows its progress, passes signals and answers on, and tells how it ended.
pub(crate) async fn drive(
    workspace: &Workspace,
    ending: &EndingOptions,
    printer: &Printer,
    run: impl AsyncFnOnce(Operation) -> Result<RunEnded, Refusal>,
) -> Result<Done, Failed> {
    let shown = show_progress(workspace, ending.progress, Viewpoint::Driver, printer);
    show_summary(workspace, printer);
    metrics::follow(&ending.metrics, workspace, printer);
    let (sender, control) = watch::channel(Control::Go);
    let signals = tokio::spawn(listen(sender));
    let operation = Operation { control, ask: asking(printer), runs_at_once: RUNS_AT_ONCE };
    let ended = run(operation).await;
    signals.abort();
    if let Ok(ended) = &ended {
        printer.answer(&run_ended(ended));
    }
    let done = match ended {
        Ok(ended) if ended.verdict == RunVerdict::Well => {
            let next = steps(&ended.overview, Resumable::Yes);
            next.iter().for_each(|step| printer.say(step));
            Ok(Done { exit: Exit::Well, sent: ended.sent })
        }
        Ok(ended) => {
            // The summary stands above it.
            printer.say("");
            Err(failure_of(&ended).sent(ended.sent))
        }
        Err(refusal) => Err(Failed::from(refusal)),
    };
    shown.end(done.as_ref().map_or_else(|failed| failed.failure.exit, |done| done.exit));
    done
}

/// Asks on the terminal, for each question of a run.
pub(crate) fn asking(printer: &Printer) -> AskOperator {
    let printer = printer.clone();
    Arc::new(move |question: RunQuestion| {
        let prompt = wave_prompt(&question.ask, &question.tenant);
        ask_operator(prompt, printer.clone())
    })
}

/// Shows how a run ended.
fn show_summary(workspace: &Workspace, printer: &Printer) {
    let printer = printer.clone();
    workspace.observe(move |event| {
        let AppEvent::RunSummary(overview) = event else { return };
        let detail = Detail::of(printer.is_verbose());
        let summary = run_summary(overview, detail, &printer.error_screen());
        printer.say_laid_out(&format!("\n{summary}"));
    });
}

/// Asks on the terminal whether the next wave may begin. The live view gives way to the question.
fn ask_operator(prompt: String, printer: Printer) -> BoxFuture<'static, OperatorAnswer> {
    let (sender, answer) = oneshot::channel();
    // A thread of its own and not of the runtime's: that would wait for an answer when the program ends.
    let asking = std::thread::Builder::new().name("question".to_owned()).spawn(move || {
        printer.live().hide();
        let is_confirmed = ask(&prompt).is_some_and(|answer| is_yes(&answer));
        printer.live().unhide();
        // The run may have ended meanwhile.
        let _ = sender.send(if is_confirmed { OperatorAnswer::GoOn } else { OperatorAnswer::Stop });
    });
    drop(asking);
    Box::pin(async move { answer.await.unwrap_or(OperatorAnswer::Stop) })
}
