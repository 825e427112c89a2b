//! The runs of a group, entered one after the other and driven side by side.
//!
//! Owns who is driven at a time, and that the fault of one tenant stops that tenant alone. Each run keeps its own journal, locks,
//! charges, quota and stop rules. Must never enter a section that the consent of the group does not name.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::ended::{GroupEnded, TenantEnd, TenantEnded};
use super::prepared_group::{PreparedGroup, TenantSection};
use super::question::{GroupConfirmed, GroupConsent};
use crate::app::events::GroupBegins;
use crate::app::refusal::{BeforeSending, LeftOutTenant, Reason, Refusal};
use crate::app::runs::ending::RunEnded;
use crate::app::runs::enter::{InGroup, drive, enter, file_name_of, reports_of};
use crate::app::runs::execution::set_aside;
use crate::app::runs::operation::{AskOperator, Operation, RunQuestion};
use crate::app::{AppEvent, Workspace};
use crate::drive::{Clock, Control, WallClock};
use crate::journal::{GroupMember, GroupPlace, GroupRow};
use crate::model::{Random, RunId};

/// Requests in progress over all runs of a group. Each run gets an equal part, and one at least: so a tenant that hangs takes
/// none from the others, and the sockets of a hundred tenants fit into the limit of a process.
const REQUESTS_IN_PROGRESS_MAX: u32 = 256;
/// Distinguishes ids of groups from those of runs that are drawn at the same moment.
const GROUP_LABEL: u64 = 0x6772_6f75_7073;

/// The runs of a group that are driven.
pub(super) struct DrivenRuns {
    running: JoinSet<(usize, Result<RunEnded, Refusal>)>,
    /// Ends by position of the tenant.
    pub ends: Vec<Option<TenantEnded>>,
}

impl DrivenRuns {
    /// No run yet, of so many tenants.
    pub fn of(tenants: usize) -> Self {
        Self { running: JoinSet::new(), ends: (0..tenants).map(|_| None).collect() }
    }

    /// Waits until fewer than `at_once` runs are driven.
    pub async fn make_room(&mut self, at_once: usize) {
        while self.running.len() >= at_once.max(1) {
            self.next().await;
        }
    }

    /// Waits for the end of all.
    pub async fn finish(&mut self) {
        while !self.running.is_empty() {
            self.next().await;
        }
    }

    /// Drives a run beside the others.
    pub fn add(
        &mut self,
        position: usize,
        tenant: String,
        run: String,
        driven: impl Future<Output = Result<RunEnded, Refusal>> + Send + 'static,
    ) {
        // Until it has ended. A fault of the program in one run shows in the place of its end.
        let end = TenantEnd::NeverBegan(String::new());
        self.ends[position] = Some(TenantEnded { tenant, run: Some(run), end });
        self.running.spawn(async move { (position, driven.await) });
    }

    /// Notes that no run is driven for a tenant.
    pub fn leave_out(&mut self, position: usize, tenant: TenantEnded) {
        self.ends[position] = Some(tenant);
    }

    async fn next(&mut self) {
        match self.running.join_next().await {
            Some(Ok((position, ended))) => {
                let end = match ended {
                    Ok(ended) => TenantEnd::Ended(Box::new(ended)),
                    Err(refusal) => TenantEnd::BrokenOff(refusal),
                };
                if let Some(Some(tenant)) = self.ends.get_mut(position) {
                    tenant.end = end;
                }
            }
            Some(Err(fault)) if fault.is_panic() => std::panic::resume_unwind(fault.into_panic()),
            Some(Err(_)) | None => {}
        }
    }
}

impl Workspace {
    /// Enters the section of each tenant and drives all side by side, until each has ended. A section that is refused when it is
    /// entered is left out alone.
    ///
    /// # Errors
    /// The consent is not enough, or the group could not be entered. Nothing was sent then.
    pub async fn start_group(
        &self,
        prepared: PreparedGroup,
        consent: &GroupConsent,
        operation: Operation,
    ) -> Result<GroupEnded, Refusal> {
        let confirmed = prepared.question().verify(consent).map_err(Reason::from);
        let confirmed = self.noted(&prepared.job, confirmed).before_sending()?;
        let PreparedGroup { job, sections, left_out } = prepared;
        let group = group_row(self, &job, &sections, &left_out).before_sending()?;
        self.index().add_group(&group).before_sending()?;
        self.events.tell(&AppEvent::GroupBegins(GroupBegins {
            group: group.id.clone(),
            job: job.clone(),
            tenants: group.members.iter().map(|member| member.tenant.clone()).collect(),
            report_dir: group.report_dir.clone(),
        }));
        let started = sections.len();
        let mut runs = DrivenRuns::of(started + left_out.len());
        for (position, left) in (started..).zip(left_out) {
            runs.leave_out(position, told(self, left));
        }
        self.enter_all(&group, sections, &confirmed, operation, &mut runs).await;
        runs.finish().await;
        let tenants = runs.ends.into_iter().flatten().collect();
        Ok(set_aside(|| self.group_ended(&group, tenants)))
    }

    /// Enters the sections one after the other, and drives each from then on.
    async fn enter_all(
        &self,
        group: &GroupRow,
        sections: Vec<TenantSection>,
        confirmed: &GroupConfirmed,
        operation: Operation,
        runs: &mut DrivenRuns,
    ) {
        let concurrency = requests_each(sections.len().min(operation.runs_at_once));
        let ask = one_at_a_time(operation.ask.clone());
        let mut left: VecDeque<(usize, TenantSection)> = sections.into_iter().enumerate().collect();
        while let Some((position, section)) = left.pop_front() {
            runs.make_room(operation.runs_at_once).await;
            let TenantSection { tenant, workspace, prepared } = section;
            if !matches!(*operation.control.borrow(), Control::Go) {
                let end = TenantEnd::NeverBegan(String::new());
                runs.leave_out(position, TenantEnded { tenant, run: None, end });
                continue;
            }
            let place = GroupPlace { group: group.id.clone(), position };
            let in_group = InGroup { place, tenant: &tenant, report_dir: &group.report_dir };
            let entered = set_aside(|| {
                let consent = confirmed.consent_for(&tenant).unwrap_or(&crate::app::Consent::NONE);
                enter(&workspace, &prepared, consent, Some(&in_group))
            });
            match self.noted(&prepared.plan().job, entered) {
                Ok(entered) => {
                    let run = entered.run().to_owned();
                    let ask = naming(ask.clone(), &tenant);
                    let operation = Operation { ask, ..operation.clone() };
                    runs.add(position, tenant, run, async move {
                        drive(&workspace, prepared, entered, operation, concurrency).await
                    });
                }
                Err(reason) => {
                    // What the index cannot take is in the end of the group all the same.
                    let why = (self.describe)(&reason);
                    let _ = self.index().leave_out(&in_group.place, &why);
                    runs.leave_out(position, told(self, LeftOutTenant { tenant, reason }));
                }
            }
        }
    }
}

/// Tells observers that a tenant is left out.
pub(super) fn told(workspace: &Workspace, left: LeftOutTenant) -> TenantEnded {
    let event = AppEvent::TenantLeftOut(left);
    workspace.events.tell(&event);
    let AppEvent::TenantLeftOut(LeftOutTenant { tenant, reason }) = event else {
        unreachable!("it was made above");
    };
    TenantEnded { tenant, run: None, end: TenantEnd::LeftOut(reason) }
}

/// Requests in progress that each of so many runs may have.
pub(super) fn requests_each(runs: usize) -> u32 {
    let runs = u32::try_from(runs).unwrap_or(u32::MAX).max(1);
    (REQUESTS_IN_PROGRESS_MAX / runs).max(1)
}

/// Puts questions of several runs one at a time.
pub(super) fn one_at_a_time(ask: AskOperator) -> AskOperator {
    let turn = Arc::new(Mutex::new(()));
    Arc::new(move |question| {
        let (turn, ask) = (Arc::clone(&turn), Arc::clone(&ask));
        Box::pin(async move {
            let _turn = turn.lock().await;
            ask(question).await
        })
    })
}

/// Names the tenant by its profile, as the group does.
pub(super) fn naming(ask: AskOperator, tenant: &str) -> AskOperator {
    let tenant = tenant.to_owned();
    Arc::new(move |question| ask(RunQuestion { tenant: tenant.clone(), ..question }))
}

/// The group as it is entered in the index.
fn group_row(
    workspace: &Workspace,
    job: &str,
    sections: &[TenantSection],
    left_out: &[LeftOutTenant],
) -> Result<GroupRow, Reason> {
    let now = WallClock.now();
    let first = sections.first().map(|section| section.prepared.plan());
    let seed = first.map_or(0, |file| file.rules.seed);
    let process = u64::from(std::process::id());
    let mut random = Random::for_labels(seed, &[now.0.unsigned_abs(), process, GROUP_LABEL]);
    let id = RunId::new(now, &mut random).0;
    let directory = first.map_or_else(|| Ok(PathBuf::new()), reports_of)?;
    let begins = |section: &TenantSection| GroupMember {
        tenant: section.tenant.clone(),
        ..GroupMember::default()
    };
    let left = |left: &LeftOutTenant| GroupMember {
        tenant: left.tenant.clone(),
        run: None,
        left_out: Some((workspace.describe)(&left.reason)),
    };
    Ok(GroupRow {
        report_dir: directory.join(format!("{}-{id}", file_name_of(job))),
        id,
        job: job.to_owned(),
        started_at: now,
        members: sections.iter().map(begins).chain(left_out.iter().map(left)).collect(),
    })
}
