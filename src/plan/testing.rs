//! Plans for tests: of this module and of those above it.
//!
//! Owns a short word for a plan. Must never be built outside tests.

use super::{PLAN_FORMAT, Plan, PlanFile, PlannedCost, Wrapping};
use crate::kandji::find_action;
use crate::model::{
    Carried, DeviceFacts, DeviceGroup, DeviceId, End, JobConditions, Params, Platform, Policy,
    Task, TaskId, TaskWork, Turn, UnixMillis,
};
use std::sync::Arc;

/// A plan of these actions on these devices.
pub(crate) fn plan(tasks: &[(&str, &str)]) -> Plan {
    let tasks = tasks.iter().map(|(name, device)| {
        let action = find_action(name).expect("an action");
        let id = DeviceId::from_api(device);
        Task {
            id: TaskId::new(&id, 1, name, &Params::new()),
            work: Arc::new(TaskWork {
                action: action.name.to_owned(),
                params: Params::new(),
                risk: action.risk,
                repeat: action.repeat,
                end: End::Answer,
                capture: Vec::new(),
            }),
            row: 1,
            step: 1,
            device: Arc::new(DeviceFacts {
                id,
                group: DeviceGroup::on(Platform::IPad),
                ..DeviceFacts::default()
            }),
            after: None,
            turn: Turn::Do,
            carried: Carried::default(),
            wave: 0,
        }
    });
    Plan { tasks: tasks.collect(), ..Plan::default() }
}

/// The same as a file that was made at `now`.
pub(crate) fn plan_file(tasks: &[(&str, &str)], now: UnixMillis) -> PlanFile {
    let plan = plan(tasks);
    PlanFile {
        format: PLAN_FORMAT,
        tenant: "acme".to_owned(),
        base_url: "https://acme.api.kandji.io".to_owned(),
        reached_by: None,
        job: "offboarding".to_owned(),
        job_digest: "0".repeat(64),
        is_named: true,
        reason: Some("CHG-1042".to_owned()),
        policy_digest: String::new(),
        origins: super::Origins::default(),
        break_glass: None,
        made_at: now,
        made_by: "alice (uid 501) on mdm1".to_owned(),
        database: "9e5fbeafb05e9354".to_owned(),
        start_until: PlanFile::latest_start(plan.risk(), now),
        send_for_ms: Some(43_200_000),
        job_conditions: JobConditions::default(),
        rules: Policy::default_at(now, u64::MAX),
        fleet: Some(400),
        report_dir: None,
        report_formats: vec!["csv".to_owned()],
        report_options: crate::model::ReportOptions::default(),
        metrics_file: None,
        encrypt_to: Vec::new(),
        wrapping: Wrapping::default(),
        forecast: PlannedCost::default(),
        plan,
    }
}
