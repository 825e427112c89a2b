//! What a run is, frozen when it starts.
//!
//! Owns the header of a run's database. It is a compatibility surface: a field may be added with a default, none may
//! change its meaning. Must never hold a secret.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

use super::provenance::Provenance;
use crate::model::{Policy, ReportOptions, RunId, UnixMillis};

/// How many requests of each kind were made.
pub type RequestCounts = BTreeMap<String, u64>;

/// What a run is, frozen when it starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunHeader {
    /// Id of the run.
    pub run: RunId,
    /// Name of its job.
    pub job: String,
    /// SHA-256 of the job's bytes.
    pub job_digest: String,
    /// Why it is done.
    pub reason: Option<String>,
    /// The tenant, as people know it.
    pub tenant: String,
    /// The tenant's base URL.
    pub base_url: String,
    /// Whether the tenant is a simulated one inside this program.
    pub simulated: bool,
    /// When the run started.
    pub started_at: UnixMillis,
    /// The limits and stop rules of the run.
    pub policy: Policy,
    /// Directory of its reports.
    pub report_dir: PathBuf,
    /// Formats of its reports.
    pub report_formats: Vec<String>,
    /// How they are written.
    #[serde(default, skip_serializing_if = "ReportOptions::is_default")]
    pub report_options: ReportOptions,
    /// The file of metrics of its job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics_file: Option<PathBuf>,
    /// How a person confirmed it.
    pub confirmation: String,
    /// Pending counts as a good end.
    pub pending_ok: bool,
    /// Public keys of those who can read the secrets of this run; none when they are unencrypted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub encrypt_to: Vec<String>,
    /// Who confirmed it, and what it was checked against.
    #[serde(default)]
    pub provenance: Provenance,
}
