//! Plans of jobs that require another system's word.
//!
//! Owns the rule that a device which is not listed is left out, whoever names it. Must never test how the list is
//! read.

use super::inventory::tests::device;
use super::*;
use crate::job::{Input, Job, ParseOptions, parse};
use crate::model::{Platform, Turn, UnixMillis};

fn job(targets: &str, export: &str) -> Job {
    let text = format!(
        "version: 1\nsteps: [{{action: update-inventory}}, {{action: restart}}]\ntargets: {{{targets}}}\n\
         exclude: {{serial_numbers: [KIOSK]}}\nrequire: {{file: enrolled.csv, on: serial_number}}\n"
    );
    let input = Input { name: "job.yaml", bytes: text.as_bytes() };
    let export = export.to_owned();
    parse(&input, &ParseOptions::default(), &move |_| Ok(export.clone().into_bytes()))
        .unwrap_or_else(|problems| panic!("{text}\n{problems}"))
}

fn plan_of(job: &Job) -> Plan {
    let inventory = Inventory::new([
        device("a", "MAC", Platform::Mac),
        device("b", "PAD", Platform::IPad),
        device("c", "KIOSK", Platform::IPad),
        device("d", "PC", Platform::Windows),
    ]);
    let options = PlanOptions { wait_ms: 60_000, ..PlanOptions::default() };
    build(job, &inventory, &options, UnixMillis(0))
}

/// Each task as its device and what becomes of it.
fn turns(plan: &Plan) -> Vec<String> {
    let turn = |turn: &Turn| match turn {
        Turn::Do => "do".to_owned(),
        Turn::Skip { reason, asked } => {
            format!("{} {reason}", if *asked { "asked" } else { "unasked" })
        }
        Turn::Done { reason } => reason.to_string(),
    };
    let tasks = plan.tasks.iter();
    tasks.map(|task| format!("{}: {}", task.device.serial_number, turn(&task.turn))).collect()
}

const NAMED: &str = "devices: [{serial: MAC}, {serial: PAD}, {serial: KIOSK}, {serial: PC}]";

#[test]
fn named_devices_that_are_not_listed_are_left_out_as_asked() {
    let plan = plan_of(&job(NAMED, "serial\npad\nKIOSK\n"));
    assert!(plan.refused.is_empty(), "{:?}", plan.refused);
    let mac = "MAC: asked not listed in enrolled.csv";
    let kiosk = "KIOSK: asked excluded by the job";
    // Windows cannot be restarted, which would refuse the plan if the device were not left out anyway.
    let pc = "PC: asked not listed in enrolled.csv";
    assert_eq!(turns(&plan), [mac, mac, "PAD: do", "PAD: do", kiosk, kiosk, pc, pc]);
    let refused = plan_of(&job(NAMED, "serial\nPC\n"));
    assert_eq!(refused.refused.len(), 1, "a listed one is still judged");
}

#[test]
fn selected_devices_that_are_not_listed_are_left_out_unasked() {
    let plan = plan_of(&job("all: true", "serial\nMAC\nPADDED\n"));
    let (pad, pc) =
        ("PAD: unasked not listed in enrolled.csv", "PC: unasked not listed in enrolled.csv");
    assert_eq!(turns(&plan), ["MAC: do", "MAC: do", pad, pad, pc, pc]);
    assert_eq!((plan.excluded, plan.devices()), (1, 1));
}

#[test]
fn a_plan_says_that_the_requirement_has_emptied_it() {
    let emptied = |targets: &str, export: &str| {
        let job = job(targets, export);
        let requirement = job.settings.require.clone().expect("a requirement");
        plan_of(&job).emptied_by(&requirement)
    };
    let none = Some("no device is left: enrolled.csv lists none of them".to_owned());
    assert_eq!(emptied("all: true", "serial\nOTHER\n"), none);
    assert_eq!(emptied("devices: [{serial: MAC}]", "serial\nOTHER\n"), none);
    assert_eq!(emptied("all: true", "serial\nMAC\n"), None);
    let some = "no device is left: 2 of 3 are not listed in enrolled.csv, and the others are skipped for other reasons";
    assert_eq!(emptied(NAMED, "serial\nOTHER\n"), Some(some.replace("2 of 3", "3 of 4")));
    assert_eq!(emptied("all: true", "serial\nPC\n"), Some(some.to_owned()));
    assert_eq!(emptied("devices: [{serial: KIOSK}]", "serial\nMAC\n"), None);
    assert_eq!(emptied("filter: {tag: none}", "serial\nMAC\n"), None);
}

#[test]
fn nothing_is_read_of_devices_that_are_not_listed() {
    let mut job = job("all: true", "serial\nMAC\n");
    let erase = crate::kandji::find_action("erase").expect("an action");
    let selection = job.selection.as_mut().expect("a selection");
    let mut step = selection.steps[0].clone();
    step.action = erase;
    selection.steps = std::sync::Arc::from([step]);
    let inventory =
        Inventory::new([device("a", "MAC", Platform::Mac), device("b", "PAD", Platform::IPad)]);
    let wanted = details_wanted(&job, &inventory, &PlanOptions::default(), UnixMillis(0));
    let ids: Vec<&str> = wanted.devices.iter().map(|id| id.as_str()).collect();
    assert_eq!(ids, ["a"]);
}

fn restart_all(action: &str) -> Job {
    let text = format!(
        "version: 1\nsteps: [{{action: update-inventory}}, {{action: {action}}}]\ntargets: {{devices: [{{serial: MAC}}]}}\n"
    );
    let input = Input { name: "job.yaml", bytes: text.as_bytes() };
    parse(&input, &ParseOptions::default(), &|_| Ok(Vec::new())).expect("a job")
}

fn plan_with(job: &Job, options: &PlanOptions) -> Plan {
    build(job, &Inventory::new([device("a", "MAC", Platform::Mac)]), options, UnixMillis(0))
}

#[test]
fn a_protected_device_refuses_the_plan_despite_skips() {
    let protect =
        super::fleet_policy::tests::policy("[protect]\nserial_numbers = [\"mac\"]").protect;
    let skip_refused = crate::job::SkipKind::ALL.to_vec();
    let options = PlanOptions { protect, skip_refused, ..PlanOptions::default() };
    let plan = plan_with(&restart_all("restart"), &options);
    let kinds: Vec<ObjectionKind> = plan.refused.iter().map(|row| row.objection.kind).collect();
    assert_eq!(kinds, [ObjectionKind::Protected]);
    // What nobody would miss is done to it all the same.
    assert!(plan_with(&restart_all("daily-checkin"), &options).may_be_sent());
}

#[test]
fn a_doubt_of_an_earlier_run_refuses_the_same_action() {
    let key = |action: &str| (crate::model::DeviceId::from_api("a"), action.to_owned());
    let doubts = [(key("erase"), "in doubt in run x".to_owned())].into();
    let options = PlanOptions {
        doubts,
        before_loss: Some(crate::job::BeforeLoss::Elsewhere),
        wait_ms: 1,
        ..PlanOptions::default()
    };
    let plan = plan_with(&restart_all("erase"), &options);
    let kinds: Vec<ObjectionKind> = plan.refused.iter().map(|row| row.objection.kind).collect();
    assert_eq!(kinds, [ObjectionKind::InDoubt]);
    assert!(plan_with(&restart_all("restart"), &options).may_be_sent());
}
