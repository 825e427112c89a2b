//! A gather on its way: what is read, what it costs, and the reading itself.
//!
//! Owns the way from a list of devices to their sections. Must never begin before its consent is verified where it needs one.

use std::path::PathBuf;

use serde_json::Value;

use super::cost::{GatherCost, seconds_of};
use super::gathered::{Gathered, SectionFailure};
use super::kept_file::KeptFile;
use crate::app::planning::make::{budget_of, reads_of};
use crate::app::policy_file::PolicyFile;
use crate::app::refusal::Reason;
use crate::app::{AppEvent, Consent, Question, TenantReader};
use crate::drive::{Clock, GatherError, Reads, SectionRead, WallClock, gather};
use crate::journal::JournalError;
use crate::kandji::DeviceSection;
use crate::model::{Device, UnixMillis, sha256};
use crate::transport::{HttpTransport, ReadOnly, tenant_key};

/// Longest that a read of a gather waits for a place in the hour, in milliseconds: a whole hour and what clocks differ by.
const WAIT_MS_MAX: u64 = 3_700_000;
/// Digits of the tenant's digest in the name of a file.
const NAME_DIGITS: usize = 16;

/// What is gathered.
#[derive(Clone, Debug)]
pub struct GatherRequest {
    /// What is read of each device.
    pub sections: Vec<DeviceSection>,
    /// Read everything anew, also what was read a moment ago.
    pub is_fresh: bool,
}

/// A gather that may begin.
pub struct PreparedGather {
    reads: Reads<ReadOnly<HttpTransport>, WallClock>,
    file: KeptFile,
    wanted: Vec<SectionRead>,
    sections: Vec<DeviceSection>,
    cost: GatherCost,
}

/// Why a gather ended before its end, and how far it came.
struct Interrupted(Reason);

impl From<GatherError> for Interrupted {
    fn from(error: GatherError) -> Self {
        Self(error.into())
    }
}

impl TenantReader {
    /// Finds out which sections of these devices have to be read, and what that costs. Sends nothing.
    ///
    /// # Errors
    /// The file that keeps them, the policy or the quota cannot be read, or another process gathers from this tenant.
    pub fn prepare_gather(
        &self,
        devices: &[Device],
        request: &GatherRequest,
    ) -> Result<PreparedGather, Reason> {
        let (state, base_url, now) = (&self.workspace, &self.connection.base_url, WallClock.now());
        let policy = PolicyFile::read(state.path())?;
        let per_hour = budget_of(self.per_hour, &policy, false);
        let quota = state.quota(base_url, per_hour);
        let reads = reads_of(&self.connection, &quota, self.per_second, &state.events);
        let tenant = tenant_key(base_url);
        // A simulated tenant is another one each time.
        let is_simulated = self.connection.simulated.is_some();
        let is_fresh = request.is_fresh || is_simulated;
        let path = self.kept_path(if is_simulated { "simulated" } else { &tenant })?;
        let file = KeptFile::open(&path, &tenant, now, is_fresh)?;
        let sections: Vec<DeviceSection> = DeviceSection::ALL
            .into_iter()
            .filter(|section| request.sections.contains(section))
            .collect();
        let of_device = |device: &Device| {
            let id = device.id.clone();
            sections
                .iter()
                .map(move |section| SectionRead { device: id.clone(), section: *section })
        };
        let all: Vec<SectionRead> = devices.iter().flat_map(of_device).collect();
        let kept_since = all.iter().filter_map(|read| file.places.get(read)).map(|at| at.at).min();
        let wanted: Vec<SectionRead> =
            all.iter().filter(|read| !file.places.contains_key(read)).cloned().collect();
        let cost = GatherCost {
            devices: devices.len(),
            sections: sections.clone(),
            requests: wanted.len(),
            kept: all.len() - wanted.len(),
            kept_since,
            seconds: seconds_of(wanted.len(), self.per_second, per_hour, quota.spent(now)?),
            per_hour,
            set_aside: file.set_aside,
        };
        let reads = reads.waiting_at_most(WAIT_MS_MAX);
        Ok(PreparedGather { reads, file, wanted, sections, cost })
    }

    /// The file of this tenant and user: a state directory may be a group's, and the file is one person's.
    fn kept_path(&self, tenant: &str) -> Result<PathBuf, JournalError> {
        let mut name = sha256(tenant.as_bytes());
        name.truncate(NAME_DIGITS);
        #[cfg(unix)]
        name.push_str(&format!("-{}", rustix::process::geteuid().as_raw()));
        Ok(self.workspace.dir.gathered_dir()?.join(format!("{name}.jsonl")))
    }
}

impl PreparedGather {
    /// What it costs.
    #[must_use]
    pub fn cost(&self) -> &GatherCost {
        &self.cost
    }

    /// What has to be confirmed before it begins; `None` where it is small.
    #[must_use]
    pub fn question(&self) -> Option<Question> {
        self.cost.needs_consent().then(|| Question::of_yes("gathering from the devices"))
    }

    /// Reads what is not kept yet. What was read stays kept if it ends early.
    ///
    /// # Errors
    /// The consent is not enough, the tenant cannot be read, or the file cannot be written.
    pub async fn gather(
        mut self,
        reader: &TenantReader,
        consent: &Consent,
    ) -> Result<Gathered, Reason> {
        if let Some(question) = self.question() {
            question.verify(consent)?;
        }
        let (events, of) = (reader.workspace.events.clone(), self.wanted.len());
        let mut failures: Vec<SectionFailure> = Vec::new();
        let mut read_count = 0;
        let (file, began) = (&mut self.file, WallClock.now());
        let keep = |read: &SectionRead, body: Result<Value, String>| {
            let now = WallClock.now();
            match body {
                Ok(body) => {
                    file.keep(read, now, body).map_err(|error| Interrupted(error.into()))?
                }
                Err(error) => {
                    let (device, section) = (read.device.clone(), read.section);
                    failures.push(SectionFailure { device, section, error });
                }
            }
            read_count += 1;
            let seconds_left = left_s(began, now, read_count, of);
            let failed = failures.len();
            events.tell(&AppEvent::GatherAdvanced { read: read_count, of, failed, seconds_left });
            Ok::<(), Interrupted>(())
        };
        let ended = gather(&self.reads, &self.wanted, keep).await;
        self.reads.finish()?;
        ended.map_err(|Interrupted(reason)| reason)?;
        // What was read before does not become younger where nothing had to be read.
        if !self.wanted.is_empty() {
            self.file.end(WallClock.now())?;
        }
        Ok(Gathered::new(self.file, self.sections, failures))
    }
}

/// How long the rest takes at the speed so far, in seconds; `None` at the beginning.
fn left_s(began: UnixMillis, now: UnixMillis, read: usize, of: usize) -> Option<u64> {
    let spent_ms = now.remaining_ms(began);
    let left = of.saturating_sub(read) as u64;
    (read > 0 && spent_ms >= 1_000).then(|| (spent_ms * left / read as u64).div_ceil(1_000))
}
