//! The application without the command line: another front end in this process.
//!
//! Owns that acts on runs verify the consent themselves, and that no run starts past a check of preflight. Must never start the program for what it tests.

use serde_json::json;
use sortie::app::tenant::{NamedAddress, NamedToken, TenantPlace, TenantRequest, TokenPlace};
use sortie::app::{
    Attended, Closing, Consent, DoubtDecision, DoubtsFound, Events, Operation, PlanFileRequest,
    PrepareRequest, Prepared, Reason, Refusal, RefusalClass, ResolveRequest, RunEnded, RunSettings,
    RunVerdict, Sent, Workspace,
};
use sortie::drive::{Clock, WallClock};
use sortie::job::{Input, Job, ParseOptions, parse};
use sortie::model::settings::{SettingSource, SettingValue, SettingValues, output};
use sortie::model::{Decision, Sealed};
use sortie::simulator::{DeviceKind, FaultKind, FaultMatcher, Presence};

use crate::fleet::Fleet;

/// Consents that are not enough for anything.
fn too_little() -> [Consent; 3] {
    let words = Some("ERASE 1 ON acme".to_owned());
    [
        Consent::NONE,
        Consent::InAdvance { yes: false, words },
        Consent::Typed { text: "n".to_owned() },
    ]
}

fn workspace_of(fleet: &Fleet) -> Workspace {
    Workspace::open(&fleet.bench.path("state"), Events::new()).expect("it is ours")
}

#[track_caller]
fn is_refused<T>(ended: Result<T, Reason>) {
    let reason = ended.err().expect("the consent is not enough");
    let kind = json!(reason)["kind"].as_str().unwrap_or_default().to_owned();
    assert!(kind.starts_with("consent_"), "{reason:?}");
}

#[test]
fn no_front_end_closes_a_run_without_consent() {
    let fleet =
        Fleet::with(DeviceKind::MacIntel, 1, |_, device| device.presence = Presence::Offline);
    let job = fleet.job("restart", 0..1);
    fleet.bench.sortie(&["run", &job, "--confirm", "1", "--wait", "300ms"]).expect(10);
    let workspace = workspace_of(&fleet);
    let state = || workspace.runs().expect("the list")[0].row.state.word();
    for consent in too_little() {
        let Closing::Open(run) = workspace.prepare_close("latest").expect("it is ours") else {
            panic!("it can be closed");
        };
        is_refused(workspace.close(*run, &consent));
        assert_eq!(state(), "ended");
    }
    let Closing::Open(run) = workspace.prepare_close("latest").expect("it is ours") else {
        panic!("it can be closed");
    };
    workspace.close(*run, &Consent::Typed { text: "y".to_owned() }).expect("consent");
    assert_eq!(state(), "closed");
    assert!(matches!(workspace.prepare_close("latest"), Ok(Closing::Closed { .. })));
}

#[test]
fn no_front_end_sends_again_without_the_words() {
    let fleet = Fleet::of(DeviceKind::MacIntel, 1);
    fleet.tenant.script(FaultMatcher::action("restart"), FaultKind::CloseBefore);
    let job = fleet.job("restart", 0..1);
    fleet.bench.sortie(&["run", &job, "--confirm", "1", "--wait", "10s"]).expect(11);
    let workspace = workspace_of(&fleet);
    let request = ResolveRequest { run: "latest".to_owned(), devices: Vec::new() };
    let plain_yes = Consent::InAdvance { yes: true, words: None };
    for consent in too_little().into_iter().chain([plain_yes]) {
        let DoubtsFound::Held(held) = workspace.doubts(&request).expect("it is ours") else {
            panic!("something is in doubt");
        };
        let task = held.doubts()[0].index;
        let again = [DoubtDecision { task, decision: Decision::SendAgain }];
        is_refused(workspace.resolve(*held, &again, &consent));
    }
    let status = workspace.status("latest").expect("a run");
    assert_eq!(status.counts.of(sortie::model::Outcome::InDoubt), 1);
}

/// Another front end: it shows nothing, asks nothing, and starts whatever it has prepared.
struct Careless<'a> {
    fleet: &'a Fleet,
    workspace: Workspace,
    runtime: tokio::runtime::Runtime,
    tenant: TenantRequest,
}

impl<'a> Careless<'a> {
    fn of(fleet: &'a Fleet) -> Self {
        let given = TenantPlace {
            address: Some(NamedAddress {
                url: fleet.tenant.base_url(),
                named_by: "this test".to_owned(),
            }),
            token: Some(NamedToken {
                place: TokenPlace::Text(Sealed::clear(fleet.tenant.token())),
                named_by: "this test".to_owned(),
            }),
            ..TenantPlace::default()
        };
        Self {
            fleet,
            workspace: workspace_of(fleet),
            runtime: tokio::runtime::Runtime::new().expect("a runtime"),
            tenant: TenantRequest { given, ..TenantRequest::default() },
        }
    }

    fn prepare(&self, yaml: &str) -> Prepared {
        let job = job_of(yaml);
        let mut values = SettingValues::default();
        let reports = SettingValue::Path(self.fleet.bench.path("reports"));
        values.set(&output::REPORT_DIR, reports, SettingSource::Profile);
        let request = PrepareRequest {
            tenant: &self.tenant,
            settings: &RunSettings::new(values, &job),
            recipients: None,
            is_named: false,
            attended: Attended::No,
            pending_ok: true,
        };
        let prepared = self.runtime.block_on(self.workspace.prepare(job, request));
        prepared.expect("what is wrong with it is preflight's to say")
    }

    fn start(&self, prepared: Prepared, words: &str) -> Result<RunEnded, Refusal> {
        let consent = Consent::InAdvance { yes: true, words: Some(words.to_owned()) };
        let start = self.workspace.start(prepared, &consent, Operation::unattended());
        self.runtime.block_on(start)
    }

    /// Starts a run, which has to be refused for a reason of this kind before anything was sent.
    #[track_caller]
    fn is_stopped(&self, prepared: Prepared, words: &str, kind: &str) {
        let refusal = self.start(prepared, words).expect_err("it must not start");
        assert_eq!(json!(refusal.reason)["kind"], kind, "{refusal:?}");
        assert_eq!((refusal.sent, self.fleet.writes()), (Sent::Nothing, 0));
        assert!(self.workspace.runs().expect("the list").is_empty(), "no run was entered");
    }
}

fn job_of(yaml: &str) -> Job {
    let input = Input { name: "job.yaml", bytes: yaml.as_bytes() };
    parse(&input, &ParseOptions::default(), &|_| Err("no file".to_owned())).expect("a job")
}

/// A restart of two Macs, with these lines besides.
fn restart(more: &str) -> String {
    let devices = [0, 1].map(|at| format!("{{serial_number: {}}}", crate::harness::serial(at)));
    format!("version: 1\naction: restart\ntargets: {{devices: [{}]}}\n{more}", devices.join(", "))
}

#[test]
fn no_front_end_starts_a_run_past_a_check_of_the_job() {
    // Far from now on either side, whatever the day is.
    let day = "mon tue wed thu fri sat sun".split(' ').nth(usize::from(another_weekday()));
    let window = format!(
        "window: {{days: [{}], from: '00:00', to: '00:01', timezone: UTC}}\n",
        day.expect("seven days")
    );
    for (more, words, kind) in [
        ("", "1", "consent_to_other_work"),
        ("limits: {max_devices: 1}\n", "2", "job_too_large"),
        (window.as_str(), "2", "window_closed"),
        ("rollout: {waves: [1, '100%'], gate: operator}\n", "2", "nobody_at_the_gate"),
    ] {
        let fleet = Fleet::of(DeviceKind::MacIntel, 2);
        let other = Careless::of(&fleet);
        other.is_stopped(other.prepare(&restart(more)), words, kind);
    }
}

/// The number of a weekday that neither is today nor begins or ended within a day.
fn another_weekday() -> u8 {
    let days = WallClock.now().0 / 86_400_000;
    // The first of January 1970 was a Thursday.
    u8::try_from((days + 3 + 3) % 7).expect("a weekday")
}

#[test]
fn no_front_end_starts_a_run_past_the_policy() {
    for (policy, kind) in [
        ("[caps.disruptive]\nper_run = 1\n", "over_cap"),
        ("[reason]\nrequired_from = \"disruptive\"\n", "reason_missing"),
    ] {
        let fleet = Fleet::of(DeviceKind::MacIntel, 2);
        fleet.policy(policy);
        let other = Careless::of(&fleet);
        other.is_stopped(other.prepare(&restart("")), "2", kind);
    }
    let fleet = Fleet::of(DeviceKind::MacIntel, 1);
    fleet.policy("[approval]\nalways = true\nallowed_signers = \"allowed_signers\"\n");
    let other = Careless::of(&fleet);
    let words = crate::fleet::erase_of(1);
    other.is_stopped(other.prepare(&erase("secrets: elsewhere\n")), &words, "approval_missing");
}

/// An erase of one Mac, with these lines besides.
fn erase(more: &str) -> String {
    let device = crate::harness::serial(0);
    format!(
        "version: 1\naction: erase\ntargets: {{devices: [{{serial_number: {device}}}]}}\n{more}"
    )
}

#[test]
fn no_front_end_starts_a_run_past_the_devices_that_it_names() {
    let protect = format!("[protect]\nserial_numbers = [\"{}\"]\n", crate::harness::serial(0));
    for (policy, yaml) in [
        (protect.as_str(), restart("")),
        ("", restart("").replace(&crate::harness::serial(1), "C02NOSUCH000")),
    ] {
        let fleet = Fleet::of(DeviceKind::MacIntel, 2);
        fleet.policy(policy);
        let other = Careless::of(&fleet);
        other.is_stopped(other.prepare(&yaml), "1", "rows_refused");
    }
    let fleet = Fleet::of(DeviceKind::MacIntel, 1);
    let other = Careless::of(&fleet);
    let words = crate::fleet::erase_of(1);
    other.is_stopped(other.prepare(&erase("")), &words, "secrets_at_risk");
}

#[test]
fn no_front_end_starts_a_run_past_what_changes_meanwhile() {
    let fleet = Fleet::of(DeviceKind::MacIntel, 2);
    let other = Careless::of(&fleet);
    let prepared = other.prepare(&restart(""));
    prepared.verify(&other.workspace).expect("nothing speaks against it yet");
    fleet.policy("[emergency]\nrequests_per_hour = 7\n");
    other.is_stopped(prepared, "2", "policy_changed");
    let prepared = other.prepare(&restart(""));
    std::fs::write(fleet.bench.path("state").join("STOP"), "").expect("written");
    other.is_stopped(prepared, "2", "sending_blocked");
}

#[test]
fn no_front_end_runs_a_plan_file_past_its_checks() {
    let fleet = Fleet::of(DeviceKind::MacIntel, 2);
    let plan = fleet.plan(&fleet.job("restart", 0..2), "restart.plan");
    let path = fleet.bench.path(&plan);
    let other = Careless::of(&fleet);
    let prepare = |workspace: &Workspace| {
        let _context = other.runtime.enter();
        workspace.prepare_plan_file(&PlanFileRequest {
            path: &path,
            approval: None,
            tenant: &other.tenant,
            attended: Attended::No,
            pending_ok: true,
        })
    };
    let beside = fleet.bench.path("restart.plan.approval");
    std::fs::write(&beside, "no approval").expect("written");
    let prepared = prepare(&other.workspace).expect("the file is a plan");
    other.is_stopped(prepared, "2", "approval_invalid");
    std::fs::remove_file(&beside).expect("it is ours");
    let elsewhere = fleet.bench.path("elsewhere");
    let stranger = Workspace::open(&elsewhere, Events::new()).expect("it is ours");
    let reason = prepare(&stranger).err().expect("another state directory made it");
    assert_eq!(json!(reason)["kind"], "plan_of_another_state_directory");

    // Nothing speaks against it: it runs, once.
    let twice = prepare(&other.workspace).expect("the file is a plan");
    let once = prepare(&other.workspace).expect("the file is a plan");
    assert_eq!(other.start(once, "2").expect("it may run").verdict, RunVerdict::Well);
    assert_eq!(fleet.reached("restart"), [1, 1]);
    let refusal = other.start(twice, "2").expect_err("it ran already");
    assert_eq!(json!(refusal.reason)["kind"], "plan_already_ran", "{refusal:?}");
    assert_eq!((refusal.class(), refusal.sent), (RefusalClass::Policy, Sent::Nothing));
    assert_eq!(fleet.reached("restart"), [1, 1]);
}
