//! Every reason in words.
//!
//! Owns which part of the application a reason belongs to. Must never leave one out.

use super::words::Words;
use super::{
    approval, consent, files, group, hand_over, job, looking, notify, opened_run, other_runs,
    outside, planning, plans, preflight, runs, schedule, secrets, settings, tenant,
};
use crate::app::{Reason, TenantsRefused, VoidApproval, WorkspaceReason};

/// A reason in words.
pub(crate) fn words(reason: &Reason) -> Words {
    match reason {
        Reason::Approval(reason) => approval::approval(reason),
        Reason::Address(reason) => tenant::address(reason),
        Reason::Audit(reason) => looking::audit(reason),
        Reason::Signing(reason) => approval::signing(reason),
        Reason::VoidApproval(reason) => void(reason),
        Reason::ApprovalRequired(reason) => preflight::approval_required(reason),
        Reason::BrokenOff(reason) => runs::broken_off(reason),
        Reason::Resume(reason) => runs::resume(reason),
        Reason::RunEnd(reason) => runs::run_end(reason),
        Reason::Caps(reason) => preflight::caps(reason),
        Reason::DoubtElsewhere(reason) => other_runs::doubt(reason),
        Reason::ExportAge(reason) => preflight::export_age(reason),
        Reason::FirstReports(reason) => runs::first_reports(reason),
        Reason::Gate(reason) => preflight::gate(reason),
        Reason::GivenPins(reason) => preflight::given_pins(reason),
        Reason::NoDevice(reason) => preflight::no_device(reason),
        Reason::Overlap(reason) => other_runs::overlap(reason),
        Reason::PlanFile(reason) => preflight::plan_file(reason),
        Reason::Planning(reason) => planning::planning(reason),
        Reason::Retry(reason) => planning::retry(reason),
        Reason::Settings(reason) => settings::settings(reason),
        Reason::PlanStorage(reason) => plans::storage(reason),
        Reason::RefusedRows(reason) => preflight::refused_rows(reason),
        Reason::Rows(reason) => other_runs::rows(reason),
        Reason::SecretsAtRisk(reason) => preflight::secrets_at_risk(reason),
        Reason::Size(reason) => preflight::size(reason),
        Reason::StartTime(reason) => preflight::start_time(reason),
        Reason::StopFile(reason) => preflight::stop_file(reason),
        Reason::Time(reason) => preflight::time(reason),
        Reason::Window(reason) => preflight::window(reason),
        Reason::WorkReason(reason) => preflight::work_reason(reason),
        Reason::PolicyChanged(_) => preflight::policy_changed(),
        Reason::BindingFile(reason) => files::binding_file(reason),
        Reason::Consent(reason) => consent::consent(reason),
        Reason::Connection(reason) => tenant::connection(reason),
        Reason::Device(reason) => looking::device(reason),
        Reason::Doubt(reason) => runs::doubt(reason),
        Reason::Drive(reason) => outside::drive(reason),
        Reason::Gather(reason) => looking::gather(reason),
        Reason::Group(reason) => group::group(reason),
        Reason::HandOver(reason) => hand_over::hand_over(reason),
        Reason::History(reason) => looking::history(reason),
        Reason::Job(reason) => job::job(reason),
        Reason::Journal(reason) => outside::journal(reason),
        Reason::Notify(reason) => notify::notify(reason),
        Reason::OpenedRun(reason) => opened_run::opened(reason),
        Reason::Prune(reason) => looking::prune(reason),
        Reason::Read(reason) => outside::read(reason),
        Reason::Records(reason) => hand_over::records(reason),
        Reason::Reports(reason) => runs::reports(reason),
        Reason::Schedule(reason) => schedule::schedule(reason),
        Reason::Secrets(reason) => secrets::secrets(reason),
        Reason::Tenants(reason) => no_tenant(reason),
        Reason::Token(reason) => tenant::token(reason),
        Reason::Workspace(reason) => match **reason {
            WorkspaceReason::NoRuns => Words::new(
                "there are no runs yet",
                "start one, or choose another state directory with --state-dir:\n  sortie run JOB",
            ),
        },
    }
}

fn void(reason: &VoidApproval) -> Words {
    let refused = words(&reason.refused);
    let why = words(&reason.void_approval).what;
    let what = format!("{}; also, the run's approval is no longer valid: {why}", refused.what);
    Words { what, ..refused }
}

/// Each tenant on a line of its own; the next step is that of the first one.
fn no_tenant(reason: &TenantsRefused) -> Words {
    let lines =
        reason.left_out.iter().map(|it| format!("\n{}: {}", it.tenant, words(&it.reason).what));
    let what = format!("no tenant of the job can be run:{}", lines.collect::<String>());
    let next = reason.left_out.first().map(|first| words(&first.reason).next).unwrap_or_default();
    Words::new(what, next)
}
