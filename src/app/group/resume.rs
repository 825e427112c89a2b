//! Going on with a group of runs.
//!
//! Owns which of its runs are opened: each by itself, through the gate of a single run. Must never keep a run back because another
//! one cannot be resumed, and never begin a run that never began.

use std::collections::BTreeMap;

use super::ended::{GroupEnded, TenantEnd, TenantEnded};
use super::run::{DrivenRuns, naming, one_at_a_time, requests_each, told};
use crate::app::events::GroupBegins;
use crate::app::notify::Notifications;
use crate::app::preflight::Attended;
use crate::app::refusal::{LeftOutTenant, Refusal};
use crate::app::runs::execution::set_aside;
use crate::app::runs::operation::Operation;
use crate::app::runs::resume::{GoOn, GoOnRequest, Reopened};
use crate::app::tenant::TenantRequest;
use crate::app::{AppEvent, Workspace};
use crate::journal::{GroupMember, GroupRow};
use crate::model::OutcomeCounts;

/// A request to resume a group.
pub struct GroupGoOnRequest<'a> {
    /// The group.
    pub group: GroupRow,
    /// What is done with each of its runs.
    pub go_on: GoOn,
    /// What names each tenant and holds a token for it, with the channels of its profile, by the name of the profile.
    pub tenants: &'a BTreeMap<String, (TenantRequest, Notifications)>,
    /// How long one request may take, in milliseconds; `None` for each run's own.
    pub timeout_ms: Option<u64>,
    /// Pending commands at the end are no error.
    pub pending_ok: bool,
    /// Whether a person can be asked between waves.
    pub attended: Attended,
}

impl Workspace {
    /// Opens each run of a group that is not finished, and drives all side by side. One that cannot be resumed is left out alone.
    ///
    /// # Errors
    /// The index cannot be read. Nothing was sent then.
    pub async fn go_on_group(
        &self,
        request: GroupGoOnRequest<'_>,
        operation: Operation,
    ) -> Result<GroupEnded, Refusal> {
        let group = &request.group;
        self.events.tell(&AppEvent::GroupBegins(GroupBegins {
            group: group.id.clone(),
            job: group.job.clone(),
            tenants: group.members.iter().map(|member| member.tenant.clone()).collect(),
            report_dir: group.report_dir.clone(),
        }));
        let concurrency = requests_each(group.runs().count().min(operation.runs_at_once));
        let ask = one_at_a_time(operation.ask.clone());
        let mut runs = DrivenRuns::of(group.members.len());
        for (position, member) in group.members.iter().enumerate() {
            let GroupMember { tenant, run: Some(run), .. } = member else {
                let end = TenantEnd::NeverBegan(member.left_out.clone().unwrap_or_default());
                let tenant = member.tenant.clone();
                runs.leave_out(position, TenantEnded { tenant, run: None, end });
                continue;
            };
            runs.make_room(operation.runs_at_once).await;
            let operation = Operation { ask: naming(ask.clone(), tenant), ..operation.clone() };
            self.go_on_member(&request, (position, tenant, run), operation, concurrency, &mut runs);
        }
        runs.finish().await;
        let tenants = runs.ends.into_iter().flatten().collect();
        Ok(set_aside(|| self.group_ended(group, tenants)))
    }

    fn go_on_member(
        &self,
        request: &GroupGoOnRequest<'_>,
        (position, tenant, run): (usize, &str, &str),
        operation: Operation,
        concurrency: u32,
        runs: &mut DrivenRuns,
    ) {
        let opened = set_aside(|| {
            // A profile that is gone names nothing, which the connection refuses.
            let (named, channels) = request.tenants.get(tenant).cloned().unwrap_or_default();
            let workspace = self.for_tenant(channels);
            let GroupGoOnRequest { go_on, timeout_ms, pending_ok, attended, .. } = request;
            let request = GoOnRequest {
                run,
                go_on: go_on.clone(),
                tenant: &named,
                timeout_ms: *timeout_ms,
                pending_ok: *pending_ok,
                attended: *attended,
            };
            workspace.go_on_at_most(request, concurrency)
        });
        let (tenant, run) = (tenant.to_owned(), run.to_owned());
        match opened {
            Ok(Reopened::Run(reopened)) => {
                runs.add(position, tenant, run, async move { reopened.drive(operation).await });
            }
            Ok(Reopened::Finished { .. }) => {
                let counts = self.status(&run).map(|status| status.counts);
                let end =
                    TenantEnd::EndedBefore(counts.unwrap_or_else(|_| OutcomeCounts::default()));
                runs.leave_out(position, TenantEnded { tenant, run: Some(run), end });
            }
            Err(reason) => {
                let left = told(self, LeftOutTenant { tenant, reason });
                runs.leave_out(position, TenantEnded { run: Some(run), ..left });
            }
        }
    }
}
