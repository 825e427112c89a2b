//! Events.
//!
//! Owns what observers receive, as data. Must never carry a secret.

use std::path::PathBuf;

use super::run::{GroupBegins, RunAdvanced, RunBegins};
use crate::app::notify::{DeliveryFault, NotifyReason};
use crate::app::refusal::{LeftOutTenant, Reason};
use crate::app::secrets::recovered_pin::PinRecovery;
use crate::drive::Waiting;
use crate::journal::{Ahead, JournalError};
use crate::model::{DeviceId, NoteTally, UnixMillis};
use crate::report::RunOverview;

/// Something that people may want to know at once.
#[derive(Debug)]
#[non_exhaustive]
pub enum AppEvent {
    /// Limits of devices or requests count from a moment in the future: this host's clock was ahead once.
    ClockWasAhead(Ahead),
    /// A run never began, and something of it could not be taken back.
    NotTakenBack {
        /// Id of the run.
        run: String,
        /// What is left of it.
        left: Leftover,
        /// What the system says.
        error: String,
    },
    /// The reports of the run that was taken over could not be written again.
    OldReports {
        /// Id of that run.
        run: String,
        /// Why.
        reason: Reason,
    },
    /// Entries of a run are on disk.
    RunAdvanced(RunAdvanced),
    /// A run is driven from now on.
    RunBegins(RunBegins),
    /// A run goes on.
    RunReopened {
        /// Id of the run.
        run: String,
        /// Name of its job.
        job: String,
        /// What it left is sent; else it is only followed.
        is_sending: bool,
        /// Until when nothing is sent or read, and why.
        pause: Option<(UnixMillis, String)>,
    },
    /// Runs of several tenants are entered and driven side by side from now on.
    GroupBegins(GroupBegins),
    /// Nothing is started or resumed for a tenant of the group. The others go on.
    TenantLeftOut(LeftOutTenant),
    /// The reports of a group are written.
    GroupReported {
        /// Where.
        report_dir: PathBuf,
    },
    /// The final reports of a run are written.
    RunReported {
        /// Id of the run.
        run: String,
        /// Where.
        report_dir: PathBuf,
    },
    /// A run has added notes to its devices, or tried to. Its outcomes do not depend on it.
    NotesAdded {
        /// Id of the run.
        run: String,
        /// How many, before a resume included.
        notes: NoteTally,
    },
    /// What came out of a run.
    RunSummary(Box<RunOverview>),
    /// A run is left: nothing more comes of it.
    RunLeft {
        /// Id of the run.
        run: String,
    },
    /// The end of a run could not be recorded in full, for one more reason.
    EndNotRecorded(Reason),
    /// A run is entered in the journal. Its first request leaves now.
    RunEntered {
        /// Id of the run.
        run: String,
        /// Seed of its randomness.
        seed: u64,
        /// Where its reports are written.
        report_dir: PathBuf,
    },
    /// A read of the tenant waits.
    ReadWaits(Waiting),
    /// A section of a device was read for a gather, or was not.
    GatherAdvanced {
        /// Sections of devices so far.
        read: usize,
        /// All of them.
        of: usize,
        /// Those without a usable answer.
        failed: usize,
        /// How long the others take at the speed so far, in seconds.
        seconds_left: Option<u64>,
    },
    /// The details of devices are read now, because conditions of a filter are only there. Each takes one request.
    FilterReadsDetails {
        /// The conditions.
        conditions: Vec<&'static str>,
        /// Number of devices.
        devices: usize,
        /// How long it takes at the limit per second.
        seconds: usize,
    },
    /// A refusal is not in the host's record.
    RefusalNotNoted(Reason),
    /// The reports of a run in progress could not be written again. The run goes on: its journal holds everything.
    ReportsNotWritten(Reason),
    /// It is unknown whether other runs locked a device, because their records cannot be read.
    EarlierLocksUnknown {
        /// The device.
        device: DeviceId,
        /// Id of the run that cannot be read; `None` for the index of all runs.
        run: Option<String>,
        /// What failed.
        error: JournalError,
    },
    /// A run could not be read and is left out of an answer about several runs.
    RunLeftOut {
        /// Id of the run.
        run: String,
        /// Why it cannot be read.
        reason: Reason,
    },
    /// The host's record does not say that secrets were shown, because it cannot be written.
    ShownPinsNotRecorded(JournalError),
    /// A start waits for a run of another process.
    WaitsForRun {
        /// Id of that run.
        run: String,
        /// Name of its job.
        job: String,
        /// When the wait ends at the latest.
        until: UnixMillis,
    },
    /// The tenant answered about a missing PIN.
    PinRecovered(PinRecovery),
    /// A notice was not delivered. The run goes on.
    NoticeNotDelivered(NoticeFailure),
    /// The outbox of notices cannot be read or written. The run goes on.
    NoticesNotKept(JournalError),
    /// The thread that delivers notices cannot be started. The run goes on.
    NoticesNotStarted,
    /// The run is over, and notices of the profile still wait.
    NoticesWait {
        /// Number of notices.
        notices: usize,
        /// Their channels.
        channels: Vec<String>,
        /// The profile.
        profile: String,
    },
    /// The run names a channel that the profile does not have. It goes on without this channel.
    ChannelUnknown(NotifyReason),
}

/// A notice that was not delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeFailure {
    /// Name of the channel.
    pub channel: String,
    /// Id of the run.
    pub run: String,
    /// Kind of the notice.
    pub kind: String,
    /// Why.
    pub fault: DeliveryFault,
    /// When it is tried again; `None` where it is given up.
    pub next_at: Option<UnixMillis>,
}

/// What could not be taken back of a run that never began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leftover {
    /// What it was charged; it is free again after a while.
    Charges,
    /// Its directory of reports.
    Reports(PathBuf),
    /// Its database and locks.
    Files,
}
