//! A run in progress.
//!
//! Owns the putting together of everything that drives it. Must never change what the engine decided, and never hold a transport that
//! could write where a run is only followed.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::runtime::{Handle, RuntimeFlavor};

use crate::app::Workspace;
use crate::app::notify::RunNotices;
use crate::app::policy_file::PolicyFile;
use crate::app::refusal::{BeforeSending, Refusal};
use crate::app::runs::ending::{Ending, RunEnded};
use crate::app::runs::open_records::OpenRecords;
use crate::app::runs::operation::{AskOperator, Operation, RunQuestion};
use crate::app::runs::reporter::Reporter;
use crate::app::runs::run_watch::RunWatch;
use crate::app::runs::verdict::PlannedSkips;
use crate::app::runs::watchdog::{AskBeforeWave, PolicyWatchdog};
use crate::app::secrets::known_pins::known_pins;
use crate::app::secrets::sealing::Recipients;
use crate::app::tenant::Connection;
use crate::drive::{
    NoWatchdog, Quota, RenewToken, RunParts, Sealer, WallClock, Watchdog, run, system_pins,
};
use crate::engine::{Engine, Scope};
use crate::journal::{HeldLock, RequestCounts, RunHeader, RunJournal, STOP_FILE, Writer};
use crate::model::{NoteWords, RunTasks};

/// Everything that a run in progress needs.
pub(crate) struct Execution {
    pub workspace: Workspace,
    /// The policy that it was planned under, or that holds when it is resumed.
    pub policy: PolicyFile,
    pub connection: Connection,
    pub header: RunHeader,
    pub tasks: RunTasks,
    /// Tasks that its plan left out.
    pub skips: PlannedSkips,
    /// What is known of its tasks.
    pub records: OpenRecords,
    pub engine: Engine,
    pub journal: RunJournal,
    pub quota: Quota,
    pub requests: RequestCounts,
    /// Held until the run is left.
    pub hold: HeldLock,
    /// The same, where the run may send.
    pub sending: Option<HeldLock>,
    /// What is done with the run.
    pub scope: Scope,
}

/// Drives the run, writes its reports, and says how it ended.
pub(crate) async fn execute(
    execution: Execution,
    operation: Operation,
) -> Result<RunEnded, Refusal> {
    let Execution {
        records,
        workspace,
        policy,
        connection,
        header,
        tasks,
        skips,
        mut engine,
        journal,
        quota,
        requests,
        hold,
        sending,
        scope,
    } = execution;
    let (workspace, Operation { mut control, ask, .. }) = (&workspace, operation);
    let notices = RunNotices::begin(workspace, &header, records.counts());
    let ask = telling(ask, &header, &notices);
    engine.set_scope(scope);
    let reporter = Reporter::start(
        workspace.dir.clone(),
        (header.run.0.clone(), tasks.clone()),
        header.report_dir.clone(),
        workspace.events.clone(),
    );
    // The run's own keys, so that a resume seals to the same people.
    let recipients = Recipients::of_run(&header.encrypt_to).before_sending()?;
    let sealer = recipients.map(|keys| keys.sealer()).transpose().before_sending()?;
    if !header.simulated {
        engine.set_known_pins(known_pins(workspace, &header, &tasks, sealer.clone()));
    }
    let events = workspace.events.clone();
    let watched = (quota.clone(), notices.clone());
    let mut seen = RunWatch::begin(&header, &tasks, records, events, reporter, watched);
    let journal = Writer::start(journal).before_sending()?;
    let watchdog: Box<dyn Watchdog> = match scope {
        Scope::Whole => watching(workspace, &header, policy, &tasks, ask),
        Scope::Follow | Scope::OnePass => Box::new(NoWatchdog),
    };
    let notes = notes_of_run(&header, scope);
    let parts = Parts { journal, quota, engine, tasks: &tasks, requests, sealer, notes, watchdog };
    let ended = match scope {
        Scope::Whole => {
            let (transport, renew_token) = connection.writer().before_sending()?;
            run(parts.with(transport, renew_token), &mut control, &mut seen).await
        }
        // A run that is only followed gets nothing that could send.
        Scope::Follow | Scope::OnePass => {
            let reader = Arc::clone(&connection.reader);
            run(parts.with(reader, None), &mut control, &mut seen).await
        }
    };
    let watched = &seen.finish();
    let (header, tasks, notices) = (&header, &tasks, &notices);
    let ending = Ending { workspace, header, tasks, skips, watched, notices };
    // The disk and the channels take their time, and other runs of a group go on meanwhile.
    set_aside(|| {
        let left = match ended {
            Ok(ended) => ending.close(&ended),
            Err(error) => Err(ending.broken_off(error)),
        };
        drop((hold, sending));
        notices.finish(left.as_ref().ok().map(|ended| ended.verdict));
        left
    })
}

/// Does work that waits, without holding up what else the threads of the runtime do.
pub(crate) fn set_aside<T>(work: impl FnOnce() -> T) -> T {
    let flavor = Handle::try_current().map(|runtime| runtime.runtime_flavor());
    match flavor {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

/// What the run's notes about devices say. A run that is only followed writes none: nothing that could write is there.
fn notes_of_run(header: &RunHeader, scope: Scope) -> Option<NoteWords> {
    let template = header.policy.note.clone().filter(|_| scope == Scope::Whole)?;
    let reason = header.reason.clone().unwrap_or_default();
    let (job, run) = (header.job.clone(), header.run.0.clone());
    Some(NoteWords { template, job, run, reason })
}

/// What checks a run that sends.
fn watching(
    workspace: &Workspace,
    header: &RunHeader,
    policy: PolicyFile,
    tasks: &RunTasks,
    ask: AskBeforeWave,
) -> Box<dyn Watchdog> {
    let stop_files = stop_files_of(workspace, header);
    Box::new(PolicyWatchdog::new(stop_files, policy, tasks.clone(), ask))
}

/// The files that stop a run: in the state directory, beside its reports, and beside those of its group.
fn stop_files_of(workspace: &Workspace, header: &RunHeader) -> Vec<PathBuf> {
    let mut files = vec![workspace.dir.stop_file(), header.report_dir.join(STOP_FILE)];
    let group = workspace.index().group_of(&header.run.0).ok().flatten();
    files.extend(group.and_then(|_| Some(header.report_dir.parent()?.join(STOP_FILE))));
    files
}

/// The question between waves, of which people elsewhere learn first.
fn telling(ask: AskOperator, header: &RunHeader, notices: &RunNotices) -> AskBeforeWave {
    let (notices, run, tenant) = (notices.clone(), header.run.0.clone(), header.tenant.clone());
    Arc::new(move |question| {
        notices.waits(&question);
        ask(RunQuestion { run: run.clone(), tenant: tenant.clone(), ask: question })
    })
}

/// What a run is made of besides the way to the tenant.
struct Parts<'a> {
    journal: Writer,
    quota: Quota,
    engine: Engine,
    tasks: &'a RunTasks,
    requests: RequestCounts,
    sealer: Option<Sealer>,
    notes: Option<NoteWords>,
    watchdog: Box<dyn Watchdog>,
}

impl Parts<'_> {
    fn with<T>(
        self,
        transport: Arc<T>,
        renew_token: Option<RenewToken>,
    ) -> RunParts<T, WallClock, Writer> {
        RunParts {
            transport,
            clock: WallClock,
            journal: self.journal,
            quota: self.quota,
            engine: self.engine,
            tasks: self.tasks.clone(),
            requests: self.requests,
            program: concat!("sortie ", env!("CARGO_PKG_VERSION")).to_owned(),
            renew_token,
            sealer: self.sealer,
            notes: self.notes,
            draw_pin: system_pins(),
            watchdog: self.watchdog,
        }
    }
}
