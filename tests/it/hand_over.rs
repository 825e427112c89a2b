//! Plans that are handed over to an engine elsewhere.
//!
//! Owns that they pass the guards of a run on this host, once, and that no other run does the same meanwhile. Must never start an
//! engine.

use serde_json::json;
use sortie::app::tenant::{NamedAddress, NamedToken, TenantPlace, TenantRequest, TokenPlace};
use sortie::app::{
    Attended, Consent, Events, Operation, PlanFileRequest, Prepared, Reason, RecordsPart,
    RunRecords, Workspace,
};
use sortie::drive::{Clock, WallClock};
use sortie::journal::RequestCounts;
use sortie::model::Sealed;
use sortie::simulator::DeviceKind;

use crate::fleet::Fleet;

/// A front end that hands over plans of a fleet.
struct Host<'a> {
    fleet: &'a Fleet,
    workspace: Workspace,
    runtime: tokio::runtime::Runtime,
}

impl<'a> Host<'a> {
    fn of(fleet: &'a Fleet) -> Self {
        let path = fleet.bench.path("state");
        let workspace = Workspace::open(&path, Events::new()).expect("it is ours");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        Self { fleet, workspace, runtime }
    }

    fn prepare(&self, plan: &str) -> Result<Prepared, Reason> {
        let named_by = || "this test".to_owned();
        let given = TenantPlace {
            address: Some(NamedAddress { url: self.fleet.tenant.base_url(), named_by: named_by() }),
            token: Some(NamedToken {
                place: TokenPlace::Text(Sealed::clear(self.fleet.tenant.token())),
                named_by: named_by(),
            }),
            ..TenantPlace::default()
        };
        let _context = self.runtime.enter();
        self.workspace.prepare_plan_file(&PlanFileRequest {
            path: &self.fleet.bench.path(plan),
            approval: None,
            tenant: &TenantRequest { given, ..TenantRequest::default() },
            attended: Attended::No,
            pending_ok: true,
        })
    }
}

fn words(text: &str) -> Consent {
    Consent::InAdvance { yes: false, words: Some(text.to_owned()) }
}

#[track_caller]
fn check_refused<T>(result: Result<T, Reason>, kind: &str) {
    let reason = result.err().expect("it must be refused");
    assert_eq!(json!(reason)["kind"], kind, "{reason:?}");
}

#[test]
fn a_plan_is_handed_over_once_and_submitted_to_one_place() {
    let fleet = Fleet::of(DeviceKind::MacIntel, 2);
    let plan = fleet.plan(&fleet.job("restart", 0..2), "restart.plan");
    let host = Host::of(&fleet);
    let prepared = host.prepare(&plan).expect("a plan");
    let twin = host.prepare(&plan).expect("a plan");
    check_refused(host.workspace.hand_over(&prepared, &words("1")), "consent_to_other_work");
    assert_eq!(host.workspace.handed_over(prepared.plan()).expect("readable"), None);
    let header = host.workspace.hand_over(&prepared, &words("2")).expect("consent");
    assert_eq!(header.confirmation, "--confirm \"2\"");

    // The process died before it had submitted the run: the same run is submitted.
    let again = host.workspace.hand_over(&prepared, &words("2")).expect("not submitted yet");
    assert_eq!(again, header);
    let known = host.workspace.handed_over(prepared.plan()).expect("readable").expect("known");
    let resumed = host.workspace.resume_hand_over(prepared.plan(), &known).expect("recent");
    assert_eq!(resumed, header);

    // It runs nowhere else meanwhile.
    check_refused(host.prepare(&plan).map(drop), "plan_handed_over");
    let consent = words("2");
    let start = host.workspace.start(twin, &consent, Operation::unattended());
    let refusal = host.runtime.block_on(start).expect_err("it is handed over");
    assert_eq!(json!(refusal.reason)["kind"], "plan_handed_over");

    let run = &header.run.0;
    host.workspace.begin_submission(run, "here").expect("the first place");
    host.workspace.begin_submission(run, "here").expect("the same place");
    let elsewhere = host.workspace.begin_submission(run, "there");
    check_refused(elsewhere, "submission_begun_elsewhere");
    host.workspace.end_submission(run).expect("written");
    check_refused(host.workspace.hand_over(&prepared, &words("2")), "plan_handed_over");
    assert_eq!(fleet.writes(), 0);
}

#[test]
fn devices_that_were_handed_over_are_held_until_the_end() {
    let fleet = Fleet::of(DeviceKind::MacIntel, 3);
    let first = fleet.plan(&fleet.job("restart", 0..2), "first.plan");
    let host = Host::of(&fleet);
    let prepared = host.prepare(&first).expect("a plan");
    let header = host.workspace.hand_over(&prepared, &words("2")).expect("consent");
    let overlapping = fleet.job("restart", 1..3);
    let ran = fleet.run(&overlapping, "2", &[]);
    ran.expect(13);
    let tasks = prepared.plan().plan.tasks.clone();
    let count = u32::try_from(tasks.len()).expect("few");
    let part = RecordsPart { positions: (0..count).collect(), tasks, entries: Vec::new() };
    let records = RunRecords::of(header, count, &[part], &[], RequestCounts::new());
    let records = records.expect("whole");
    host.workspace.end_hand_over(&records, WallClock.now()).expect("written");
    host.workspace.end_hand_over(&records, WallClock.now()).expect("nothing changes");
    fleet.run(&overlapping, "2", &[]).expect(0);
    assert_eq!(fleet.reached("restart"), [0, 1, 1]);
}

#[test]
fn a_plan_that_returns_pins_without_keys_is_not_handed_over() {
    let fleet = Fleet::of(DeviceKind::MacIntel, 1);
    let plan = fleet.plan(&fleet.job("lock", 0..1), "lock.plan");
    let host = Host::of(&fleet);
    let prepared = host.prepare(&plan).expect("a plan");
    let consent = words("1");
    check_refused(host.workspace.hand_over(&prepared, &consent), "hand_over_without_keys");
    assert_eq!(host.workspace.hand_overs().expect("readable"), []);
}
