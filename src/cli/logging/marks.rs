//! Marks of a command in the log file: its beginning, its plan, its warnings, its end.
//!
//! Owns these events. Must never log an argument of the command line: some are phrases and commands of people.

use tracing::{Level, enabled, error, info, warn};

use crate::app::preflight::{CheckOutcome, CheckResult};
use crate::app::{Prepared, Sent};
use crate::cli::exit::Exit;
use crate::cli::failure::{Failed, sent_text};
use crate::job::Diagnostic;

/// A command begins.
pub(crate) fn command_began(command: &str) {
    let version = env!("CARGO_PKG_VERSION");
    info!(target: "sortie::command", command, version, "command began");
}

/// A command has ended.
pub(crate) fn command_ended(command: &str, exit: Exit, sent: Sent) {
    let (code, meaning, sent) = (exit as u64, exit.word(), sent_text(sent));
    info!(target: "sortie::command", command, exit_code = code, meaning, sent, "command ended");
}

/// A plan was made or read.
pub(crate) fn plan_made(prepared: &Prepared) {
    // The digest of a large plan takes its time.
    if !enabled!(target: "sortie::plan", Level::INFO) {
        return;
    }
    let (file, reads) = (prepared.plan(), prepared.reads());
    let (job, tenant) = (file.job.as_str(), file.tenant.as_str());
    let (tasks, digest) = (file.plan.tasks.len() as u64, file.digest());
    info!(target: "sortie::plan", job, tenant, tasks, reads, digest, "plan made");
}

/// The checks of a dry run, each with its result.
pub(crate) fn checked(checks: &[CheckResult]) {
    for CheckResult { check, outcome, .. } in checks {
        let outcome = match outcome {
            CheckOutcome::Passed => "passed",
            CheckOutcome::NotApplicable => "not applicable",
            CheckOutcome::Refused(_) => "refused",
        };
        info!(target: "sortie::plan", check, outcome, "check");
    }
}

/// The checks passed, and the plan was confirmed.
pub(crate) fn confirmed(prepared: &Prepared) {
    let job = prepared.plan().job.as_str();
    info!(target: "sortie::plan", job, "checks passed, plan confirmed");
}

/// A warning on standard error.
pub(crate) fn warned(text: &str) {
    warn!(target: "sortie::notice", text, "warning");
}

/// A problem of a job. Its line of the file is left out: it names people and devices.
pub(crate) fn problem_shown(problem: &Diagnostic) {
    let (place, what) = (problem.place(), problem.message.as_str());
    let next = problem.hint.as_deref();
    error!(target: "sortie::notice", place, what, next, "problem");
}

/// The failure that ends a command.
pub(crate) fn failure_shown(failed: &Failed) {
    let failure = &failed.failure;
    let (exit_code, state) = (failure.exit as u64, failed.state());
    let (what, next) = (failure.what.as_str(), failure.next.as_str());
    error!(target: "sortie::notice", exit_code, what, state, next, "error");
}
