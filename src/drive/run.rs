//! A run, from its parts to its end.
//!
//! Owns what a run is made of. Must never know the order of writing and sending: the loop (`run_loop.rs`) has it.

use std::sync::Arc;
use tokio::sync::watch;

use super::clock::Clock;
use super::control::{Control, DriveError, Ended, Observer};
use super::perform::{RenewToken, Sealer, Worker};
use super::pins::{self, DrawPin};
use super::quota::Quota;
use super::run_devices::RunDevices;
use super::run_loop::{LoopParts, RunLoop};
use super::token::Token;
use super::watchdog::Watchdog;
use crate::engine::Engine;
use crate::journal::{Commit, RequestCounts};
use crate::model::{NoteWords, RunTasks};
use crate::transport::Transport;

/// What a run is made of.
pub struct RunParts<T, C, J> {
    /// The way to the tenant.
    pub transport: Arc<T>,
    /// Where the time comes from.
    pub clock: C,
    /// The writer of the run's journal.
    pub journal: J,
    /// The tenant's hourly quota.
    pub quota: Quota,
    /// The machine, with its state replayed from the journal.
    pub engine: Engine,
    /// The tasks of the plan, in the order of the engine's state.
    pub tasks: RunTasks,
    /// Requests that were made to prepare the run, to be counted with it.
    pub requests: RequestCounts,
    /// Name and version of the program, for the journal.
    pub program: String,
    /// How to get a fresh token, once, when the API answers 401; `None` where there is no way.
    pub renew_token: Option<RenewToken>,
    /// Seals secrets at the moment of receipt; `None` keeps them unencrypted.
    pub sealer: Option<Sealer>,
    /// What the notes about devices say; `None` where the run writes none.
    pub notes: Option<NoteWords>,
    /// Draws the PINs of erases.
    pub draw_pin: DrawPin,
    /// Checks what happens outside the run.
    pub watchdog: Box<dyn Watchdog>,
}

/// Drives a run until nothing more will happen in it, or until the operator leaves.
///
/// # Errors
/// [`DriveError`]; what happened until then is in the journal, and the run can be resumed.
pub async fn run<T: Transport, C: Clock, J: Commit>(
    parts: RunParts<T, C, J>,
    control: &mut watch::Receiver<Control>,
    observer: &mut impl Observer,
) -> Result<Ended, DriveError> {
    let mut engine = parts.engine;
    engine.set_pin_source(pins::source(parts.draw_pin, parts.sealer.clone()));
    engine.set_place_source(parts.quota.places());
    if parts.notes.is_some() {
        engine.write_notes();
    }
    let devices = RunDevices::of(engine.state(), &parts.tasks)?;
    let transport = Arc::clone(&parts.transport);
    let worker = Worker::new(transport, parts.clock.clone(), devices, parts.sealer);
    let worker = worker.with_notes(parts.notes);
    let parts = LoopParts {
        worker: Arc::new(worker),
        clock: parts.clock,
        journal: parts.journal,
        quota: parts.quota,
        engine,
        token: Token::new(parts.renew_token),
        watchdog: parts.watchdog,
        tasks: parts.tasks,
        transport: parts.transport,
        requests: parts.requests,
        program: parts.program,
    };
    RunLoop::open(parts, observer)?.drive_to_end(control).await
}
