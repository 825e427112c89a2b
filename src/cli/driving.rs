//! A run under way, as people see and steer it.
//!
//! Owns what every command that drives a run shares: progress, signals, questions between waves, and how the end is told. Must never
//! hide that a run did not end well.

use futures::future::BoxFuture;
use std::sync::Arc;
use tokio::sync::{oneshot, watch};

use crate::app::{AppEvent, Operation, Refusal, RunEnded, RunVerdict, Workspace, is_yes};
use crate::cli::exit::Exit;
use crate::cli::failure::{Done, Failed};
use crate::cli::options::{EndingOptions, ListingFormat, ProgressForm};
use crate::cli::terminal::printer::Printer;
use crate::cli::terminal::progress::show_progress;
use crate::cli::terminal::question::ask;
use crate::cli::terminal::signals::listen;
use crate::cli::text::answers::run_ended;
use crate::cli::text::run_end::failure_of;
use crate::cli::text::run_next::{Resumable, steps};
use crate::cli::text::run_summary::{Detail, run_summary};
use crate::drive::Control;
use crate::engine::{Ask, OperatorAnswer};

/// Drives a run: shows its progress, passes signals and answers on, and tells how it ended.
pub(crate) async fn drive(
    workspace: &Workspace,
    ending: &EndingOptions,
    printer: &Printer,
    run: impl AsyncFnOnce(Operation) -> Result<RunEnded, Refusal>,
) -> Result<Done, Failed> {
    show_progress(workspace, ending.progress, printer);
    show_summary(workspace, printer);
    show_report_directory(workspace, ending.progress, printer);
    let (sender, control) = watch::channel(Control::Go);
    let signals = tokio::spawn(listen(sender));
    let ended = run(Operation { control, ask: Arc::new(ask_operator) }).await;
    signals.abort();
    if let Ok(ended) = &ended {
        printer.answer(&run_ended(ended));
    }
    match ended {
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
        Err(refusal) => Err(refusal.into()),
    }
}

/// Shows how a run ended.
fn show_summary(workspace: &Workspace, printer: &Printer) {
    let printer = printer.clone();
    workspace.observe(move |event| {
        let AppEvent::RunSummary(overview) = event else { return };
        printer.say_laid_out(&run_summary(
            overview,
            Detail::of(printer.is_verbose()),
            &printer.error_screen(),
        ));
    });
}

/// Prints where the final reports are. In quiet the failure says it, and a run that ended well says nothing; in JSON the
/// object at the end has it.
fn show_report_directory(workspace: &Workspace, form: Option<ProgressForm>, printer: &Printer) {
    let printer = printer.clone();
    workspace.observe(move |event| {
        let AppEvent::RunReported { report_dir } = event else { return };
        let directory = report_dir.display().to_string();
        if form == Some(ProgressForm::Json) {
            let line = serde_json::json!({ "event": "reported", "report_dir": directory });
            printer.data(&line.to_string());
        } else if !printer.is_quiet() && printer.format != ListingFormat::Json {
            printer.data(&directory);
        }
    });
}

/// Asks on the terminal whether the next wave may begin.
fn ask_operator(question: Ask) -> BoxFuture<'static, OperatorAnswer> {
    let (sender, answer) = oneshot::channel();
    // A thread of its own and not of the runtime's: that would wait for an answer when the program ends.
    let asking = std::thread::Builder::new().name("question".to_owned()).spawn(move || {
        let text = format!(
            "\n{}.\nGo on with wave {}? [y/N] ",
            question.reason,
            u32::from(question.wave) + 1
        );
        let is_confirmed = ask(&text).is_some_and(|answer| is_yes(&answer));
        // The run may have ended meanwhile.
        let _ = sender.send(if is_confirmed { OperatorAnswer::GoOn } else { OperatorAnswer::Stop });
    });
    drop(asking);
    Box::pin(async move { answer.await.unwrap_or(OperatorAnswer::Stop) })
}
