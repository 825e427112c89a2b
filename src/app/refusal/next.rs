//! What to do after a refusal.
//!
//! Owns the steps as data. Must never name a flag or a command line: a front end knows how its users take a step.

use serde::Serialize;
use std::path::PathBuf;

use crate::model::UnixMillis;

/// One thing to do after a refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum NextStep {
    /// Correct the job.
    CorrectJob,
    /// Correct the request: another value for this setting or argument.
    CorrectRequest {
        /// What is to be changed, by its name in the settings.
        what: &'static str,
    },
    /// Skip the rows that cannot be done, by kind.
    SkipRows {
        /// Kinds of objections that may be skipped.
        kinds: Vec<&'static str>,
    },
    /// Split the job into several.
    SplitJob,
    /// Plan the job again.
    PlanAgain,
    /// Write the plan to a file, so that it can be approved or run later.
    WritePlan,
    /// Have another person approve the plan.
    Approve,
    /// Confirm with these words.
    Confirm {
        /// What has to be typed or given; `None` where a plain yes is enough.
        words: Option<String>,
    },
    /// Give a reason for the work.
    GiveReason,
    /// Ask the policy's owner to change the policy.
    ChangePolicy {
        /// The policy file; `None` where there is none yet.
        path: Option<PathBuf>,
    },
    /// Correct this file.
    CorrectFile {
        /// The file.
        path: PathBuf,
    },
    /// Restore this file from a backup.
    RestoreFile {
        /// The file.
        path: PathBuf,
    },
    /// Change owner or permissions of this file or directory.
    SetPermissions {
        /// The file or directory.
        path: PathBuf,
    },
    /// Remove this file once it is safe to do so.
    RemoveFile {
        /// The file.
        path: PathBuf,
    },
    /// Install this tool.
    Install {
        /// Name of the tool.
        tool: &'static str,
    },
    /// Update sortie.
    Update,
    /// Set the clock of this host, or of the host that the file comes from.
    SetClock,
    /// Export this list of another system again.
    ExportAgain {
        /// The file.
        path: String,
    },
    /// Name another state directory.
    ChooseStateDirectory,
    /// Free space or check the disk and the state directory.
    CheckDisk,
    /// Check address, network and proxy.
    CheckConnection,
    /// Get a new token, or name where it is.
    RenewToken,
    /// Grant the token this permission.
    GrantPermission {
        /// The permission by its name in the tenant's settings.
        permission: &'static str,
    },
    /// Wait until then and try again.
    WaitUntil {
        /// The moment.
        at: UnixMillis,
    },
    /// Wait for the other process, which holds this run.
    WaitForRun {
        /// Id of the run.
        run: String,
    },
    /// Try again later.
    TryLater,
    /// Show a run.
    ShowRun {
        /// Id of the run.
        run: String,
    },
    /// List the runs.
    ListRuns,
    /// Start the job again as a new run.
    StartRun,
    /// Serve a simulated tenant that stays, to rehearse on.
    Simulate,
    /// Resume a run.
    Resume {
        /// Id of the run.
        run: String,
    },
    /// Retry what a run left.
    Retry {
        /// Id of the run.
        run: String,
    },
    /// Follow the commands of a run.
    Watch {
        /// Id of the run.
        run: String,
    },
    /// Settle what is in doubt in a run.
    Resolve {
        /// Id of the run.
        run: String,
    },
    /// Write the reports of a run again.
    Report {
        /// Id of the run.
        run: String,
    },
    /// Verify a run, or all of the host's record.
    Audit {
        /// Id of the run; `None` for the host's record.
        run: Option<String>,
    },
    /// Copy the state directory before anything else is done with it, and compare the copy with a backup.
    KeepCopy,
    /// Show the PINs of a run.
    ShowPins {
        /// Id of the run.
        run: String,
    },
    /// Report the fault to the makers of sortie.
    ReportFault,
}
