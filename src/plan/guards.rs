//! What a plan knows of the harm that its actions do besides what they are for.
//!
//! Owns three rules: an action that would deactivate a Mac is refused, secrets are not lost without a word
//! about them, and devices with Activation Lock are named before they are erased. What each action does
//! is in the action table. Must never name an action.
//!
//! Unknown facts of a device make a plan refuse more, never less. A token that may not read details still plans everything
//! else.

use std::collections::{BTreeMap, HashSet};

use super::inventory::Inventory;
use super::objection::{Objection, ObjectionKind};
use super::options::PlanOptions;
use super::select::{is_excluded, is_selected, unlisted};
use super::step_checks::row_objection;
use super::task_list::{Plan, action_of};
use crate::job::{BeforeLoss, Job, Step};
use crate::kandji::{ActionSpec, DetailsNeed};
use crate::model::{Device, DeviceFacts, DeviceId, Platform, SecretSource, Task, UnixMillis};

/// Most devices whose Activation Lock is looked up: each takes one request, and a person waits for the plan.
pub const ACTIVATION_LOCK_READS_MAX: usize = 200;

/// What a job and the command line say about the harm, taken together.
#[derive(Copy, Clone, Debug, Default)]
pub(super) struct Guards {
    before_loss: Option<BeforeLoss>,
    is_deactivation_allowed: bool,
}

/// Devices whose details decide or are worth knowing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DetailsWanted {
    /// The devices to read.
    pub devices: Vec<DeviceId>,
    /// Devices beyond the limit whose Activation Lock stays unknown.
    pub left_out: u32,
}

/// Says which devices' details are to be read before the plan is built. Those that decide whether something
/// is refused are all among them.
#[must_use]
pub fn details_wanted(
    job: &Job,
    inventory: &Inventory,
    options: &PlanOptions,
    now: UnixMillis,
) -> DetailsWanted {
    let guards = Guards::of(job, options);
    let mut needs: BTreeMap<&DeviceId, DetailsNeed> = BTreeMap::new();
    let mut order: Vec<&DeviceId> = Vec::new();
    let mut look_at = |device, steps| {
        let Some(need) = guards.need(device, steps) else { return };
        let known = needs.entry(&device.id).or_insert_with(|| {
            order.push(&device.id);
            need
        });
        *known = need.min(*known);
    };
    // A filter may have read the details already.
    let is_left = |device: &Device| {
        device.details.is_none()
            && !is_excluded(&job.exclude, device, now)
            && unlisted(job, device).is_none()
    };
    // Most actions ask for nothing: their devices need not be looked for.
    let may_ask = |steps: &[Step]| steps.iter().any(|step| step.action.may_need_details());
    for row in job.rows.iter().filter(|row| may_ask(&row.steps)) {
        if let Some(device) = inventory.resolve(&row.target).ok().filter(|device| is_left(device)) {
            look_at(device, &row.steps);
        }
    }
    if let Some(selection) = job.selection.as_ref().filter(|it| may_ask(&it.steps)) {
        let selected = inventory.devices().iter();
        for device in selected.filter(|device| is_selected(&selection.filter, device, now)) {
            if is_left(device) {
                look_at(device, &selection.steps);
            }
        }
    }
    let mut wanted = DetailsWanted::default();
    let mut looks_left = ACTIVATION_LOCK_READS_MAX;
    for id in order {
        if needs[id] == DetailsNeed::ActivationLock {
            if looks_left == 0 {
                wanted.left_out += 1;
                continue;
            }
            looks_left -= 1;
        }
        wanted.devices.push(id.clone());
    }
    wanted
}

impl Guards {
    /// The command line outranks the job.
    pub(super) fn of(job: &Job, options: &PlanOptions) -> Self {
        Self {
            before_loss: options.before_loss.or(job.settings.before_loss()),
            is_deactivation_allowed: options.is_deactivation_allowed
                || job.settings.is_deactivation_allowed(),
        }
    }

    /// What has to be read of a device on which these steps would be done.
    fn need(self, device: &Device, steps: &[Step]) -> Option<DetailsNeed> {
        let needs = steps.iter().filter_map(|step| step.action.needs_details(device));
        needs
            .filter(|need| !(self.is_deactivation_allowed && *need == DetailsNeed::Processor))
            .min()
            .filter(|_| row_objection(steps, device).is_none())
    }

    /// Why a device must not be given these steps, as far as these rules go.
    pub(super) fn objection(self, steps: &[Step], device: &Device) -> Option<Objection> {
        if self.is_deactivation_allowed {
            return None;
        }
        steps.iter().find_map(|step| {
            let version = step.action.deactivates(device)?;
            let has_name =
                device.details.as_ref().is_some_and(|details| !details.processor_name.is_empty());
            let doubt = if has_name { "" } else { "; its processor is unknown, so sortie assumes the worst" };
            let reason = format!(
                "{} deactivates a Mac with Apple silicon before macOS {version} and gives no PIN{doubt}; to allow it, give --allow-deactivation ({} '{}')",
                step.action.name, device.serial_number, device.name
            );
            Some(Objection { kind: ObjectionKind::Unsupported, reason })
        })
    }

    /// What is to be read before an action on a device of this platform. Each of these tasks of a device is marked: any of them
    /// may be the one that runs after an earlier run.
    pub(super) fn capture(self, action: &ActionSpec, platform: Platform) -> Vec<SecretSource> {
        match self.before_loss {
            Some(BeforeLoss::Capture) => action.secrets_ended(platform).to_vec(),
            Some(BeforeLoss::Elsewhere) | None => Vec::new(),
        }
    }

    /// Counts what the operator has to know.
    pub(super) fn settle(self, plan: &mut Plan, inventory: &Inventory) {
        plan.before_loss = self.before_loss;
        let deactivated = plan.devices_where(|task| {
            let action =
                action_of(task).filter(|action| action.hazards.deactivates_before.is_some());
            let device = action.and_then(|_| inventory.device(&task.device.id));
            action.zip(device).is_some_and(|(action, device)| action.deactivates(device).is_some())
        });
        if deactivated > 0 {
            plan.notes.push(format!(
                "{deactivated} Macs may be deactivated instead of locked, without a PIN"
            ));
        }
        plan.activation_locked = activation_locked(plan, inventory);
    }
}

/// The devices that will ask for their bypass codes, in the order of the plan.
fn activation_locked(plan: &Plan, inventory: &Inventory) -> Vec<DeviceFacts> {
    let mut seen = HashSet::new();
    let is_locked = |id| {
        let details = inventory.device(id).and_then(|device| device.details.as_deref());
        details.is_some_and(|details| details.is_activation_locked == Some(true))
    };
    let meets =
        |task: &&Task| action_of(task).is_some_and(|action| action.hazards.meets_activation_lock);
    plan.to_do()
        .filter(meets)
        .filter(|task| is_locked(&task.device.id) && seen.insert(&task.device.id))
        .map(|task| (*task.device).clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::build::build;
    use super::super::inventory::tests::device;
    use super::*;
    use crate::job::{Exclusion, Filter, JobSettings, Row, RowWork, Selection, SkipKind, Target};
    use crate::kandji::find_action;
    use crate::model::settings::{SettingValue, safety};
    use crate::model::{Carried, DeviceDetails, DeviceMake, Params, Platform, SecretSource};
    use std::sync::Arc;

    fn steps(actions: &[&str]) -> Arc<[Step]> {
        let numbered = (1..).zip(actions);
        let step = |(number, name): (u16, &&str)| Step {
            number,
            action: find_action(name).expect("an action"),
            params: Params::new(),
            after: None,
        };
        numbered.map(step).collect()
    }

    fn named(serials: &[&str], actions: &[&str]) -> Job {
        let row = |(number, serial): (u32, &&str)| Row {
            number,
            line: number + 1,
            target: Target::by_serial(serial),
            work: RowWork::of(steps(actions)),
            carried: Carried::default(),
        };
        Job {
            name: "test".to_owned(),
            reason: None,
            digest: String::new(),
            rows: (1..).zip(serials).map(row).collect(),
            selection: None,
            exclude: Exclusion::default(),
            tenants: None,
            settings: JobSettings::default(),
            notes: Vec::new(),
        }
    }

    fn selected(actions: &[&str]) -> Job {
        let selection = Selection { filter: Filter::default(), steps: steps(actions) };
        Job { selection: Some(selection), ..named(&[], actions) }
    }

    fn mac(serial: &str, os_version: &str, processor: Option<&str>) -> Device {
        let details = processor.map(|processor| {
            let processor_name = processor.to_owned();
            Box::new(DeviceDetails { processor_name, ..DeviceDetails::default() })
        });
        let make = Arc::new(DeviceMake { os_version: os_version.into(), ..DeviceMake::default() });
        Device { make, details, ..device(serial, serial, Platform::Mac) }
    }

    fn options() -> PlanOptions {
        PlanOptions { wait_ms: 1, ..PlanOptions::default() }
    }

    fn plan(job: &Job, inventory: &Inventory, options: &PlanOptions) -> Plan {
        build(job, inventory, options, UnixMillis(0))
    }

    #[test]
    fn a_lock_that_may_deactivate_the_mac_is_refused() {
        for (os_version, processor, is_refused) in [
            ("11.4", Some("Apple M1"), true),
            ("11.2.3", Some("Apple M1 Max"), true),
            ("11.4", None, true),
            ("11.4", Some(""), true),
            ("", Some("Apple M2"), true),
            ("", None, true),
            ("11.4", Some("6-Core Intel Core i7"), false),
            ("", Some("Intel Core i5"), false),
            ("11.5", Some("Apple M1"), false),
            ("15.1", None, false),
        ] {
            let inventory = Inventory::new([mac("A", os_version, processor)]);
            let job = named(&["A"], &["lock"]);
            let plan = plan(&job, &inventory, &options());
            let kinds: Vec<ObjectionKind> =
                plan.refused.iter().map(|row| row.objection.kind).collect();
            let expected = if is_refused { vec![ObjectionKind::Unsupported] } else { Vec::new() };
            assert_eq!(kinds, expected, "{os_version} {processor:?}");
            assert_eq!(plan.may_be_sent(), !is_refused);
        }
        let inventory = Inventory::new([mac("A", "11.4", Some("Apple M1"))]);
        let restart = plan(&named(&["A"], &["restart"]), &inventory, &options());
        assert!(restart.may_be_sent(), "only the lock does it");
    }

    #[test]
    fn a_deactivation_may_be_allowed_or_skipped() {
        let inventory =
            Inventory::new([mac("A", "11.4", Some("Apple M1")), mac("B", "15.1", None)]);
        let mut job = named(&["A", "B"], &["lock"]);
        let allowed = PlanOptions { is_deactivation_allowed: true, ..options() };
        let by_flag = plan(&job, &inventory, &allowed);
        assert!(by_flag.may_be_sent());
        assert!(by_flag.notes.iter().any(|note| note.contains("deactivated")));
        job.settings.set(&safety::ALLOW_DEACTIVATION, SettingValue::Switch(true));
        assert!(plan(&job, &inventory, &options()).may_be_sent());
        job.settings.set(&safety::ALLOW_DEACTIVATION, SettingValue::Switch(false));
        let skip = PlanOptions { skip_refused: vec![SkipKind::Unsupported], ..options() };
        assert_eq!(plan(&job, &inventory, &skip).to_do().count(), 1);
        assert_eq!(plan(&selected(&["lock"]), &inventory, &options()).to_do().count(), 1);
    }

    #[test]
    fn details_are_read_for_locks_of_old_macs_and_for_erases() {
        let mut gone = mac("GONE", "11.4", None);
        gone.is_removed = true;
        let mut labelled = mac("LAB", "11.4", None);
        labelled.tags = ["lab"].into_iter().collect();
        let inventory = Inventory::new([
            mac("OLD", "11.4", None),
            mac("NEW", "15.1", None),
            device("PAD", "PAD", Platform::IPad),
            device("PC", "PC", Platform::Windows),
            gone,
            labelled,
        ]);
        let wanted = |job: &Job, options: &PlanOptions| {
            let wanted = details_wanted(job, &inventory, options, UnixMillis(0));
            assert_eq!(wanted.left_out, 0);
            wanted.devices.iter().map(|id| id.as_str().to_owned()).collect::<Vec<_>>().join(" ")
        };
        let mut job = selected(&["lock"]);
        assert_eq!(wanted(&job, &options()), "OLD LAB");
        job.exclude.filter.tag = vec!["lab".to_owned()];
        assert_eq!(wanted(&job, &options()), "OLD");
        let allowed = PlanOptions { is_deactivation_allowed: true, ..options() };
        assert_eq!(wanted(&job, &allowed), "");
        assert_eq!(wanted(&selected(&["erase"]), &options()), "OLD NEW PAD LAB");
        assert_eq!(wanted(&selected(&["restart"]), &options()), "");
        let rows = named(&["NEW", "OLD", "PC", "GONE", "NONE"], &["lock"]);
        assert_eq!(wanted(&rows, &options()), "OLD");
    }

    #[test]
    fn activation_lock_is_read_for_a_few_and_processors_for_all() {
        let count = ACTIVATION_LOCK_READS_MAX + 5;
        let serials: Vec<String> = (0..count).map(|number| format!("S{number}")).collect();
        let pads = serials.iter().map(|serial| device(serial, serial, Platform::IPad));
        let many =
            details_wanted(&selected(&["erase"]), &Inventory::new(pads), &options(), UnixMillis(0));
        assert_eq!((many.devices.len(), many.left_out), (ACTIVATION_LOCK_READS_MAX, 5));
        let macs = Inventory::new(serials.iter().map(|serial| mac(serial, "11.4", None)));
        let locks = details_wanted(&selected(&["lock"]), &macs, &options(), UnixMillis(0));
        assert_eq!((locks.devices.len(), locks.left_out), (count, 0));
    }

    #[test]
    fn only_erase_targets_with_activation_lock_on_are_named() {
        let with = |id: &str, locked| {
            let details =
                DeviceDetails { is_activation_locked: locked, ..DeviceDetails::default() };
            Device { details: Some(Box::new(details)), ..device(id, id, Platform::IPad) }
        };
        let inventory =
            Inventory::new([with("ON", Some(true)), with("OFF", Some(false)), with("WHO", None)]);
        let named_by = |actions: &[&str]| {
            let plan = plan(&selected(actions), &inventory, &options());
            let serials =
                plan.activation_locked.iter().map(|device| device.serial_number.to_string());
            serials.collect::<Vec<_>>()
        };
        assert_eq!(named_by(&["erase"]), ["ON"]);
        assert!(named_by(&["restart"]).is_empty());
    }

    #[test]
    fn secrets_are_not_lost_without_a_word() {
        let inventory = Inventory::new([
            mac("MAC", "15.1", None),
            device("PAD", "PAD", Platform::IPad),
            device("TV", "TV", Platform::AppleTv),
            device("PC", "PC", Platform::Windows),
        ]);
        let risk = |action: &str, before_loss| {
            let options = PlanOptions { before_loss, ..options() };
            plan(&selected(&[action]), &inventory, &options).secrets_at_risk()
        };
        for (action, devices) in [("erase", 1), ("delete-device", 3), ("restart", 0), ("lock", 0)] {
            assert_eq!(risk(action, None), devices, "{action}");
            for before_loss in [BeforeLoss::Capture, BeforeLoss::Elsewhere] {
                assert_eq!(risk(action, Some(before_loss)), 0, "{action} {before_loss:?}");
            }
        }
        let mut job = named(&["MAC"], &["erase"]);
        let skipping = PlanOptions { skip_refused: SkipKind::ALL.to_vec(), ..options() };
        assert!(!plan(&job, &inventory, &skipping).may_be_sent(), "no skip helps");
        job.settings.set(&safety::BEFORE_LOSS, SettingValue::Word("elsewhere"));
        assert!(plan(&job, &inventory, &options()).may_be_sent());
    }

    #[test]
    fn every_step_that_ends_secrets_says_what_is_read_before() {
        let inventory = Inventory::new([
            mac("MAC", "15.1", None),
            device("PAD", "PAD", Platform::IPad),
            device("PC", "PC", Platform::Windows),
        ]);
        let mut job = named(&["MAC", "PAD", "PC"], &["update-inventory", "erase", "delete-device"]);
        for row in &mut job.rows {
            row.steps = row.steps.iter().skip(usize::from(row.number == 3)).cloned().collect();
        }
        job.settings.set(&safety::BEFORE_LOSS, SettingValue::Word("capture"));
        let captures = |options: &PlanOptions| {
            let plan = plan(&job, &inventory, options);
            let reads = super::super::forecast::captures(&plan);
            let of = |serial: &str| {
                let tasks = plan.tasks.iter().filter(|task| task.device.serial_number == serial);
                tasks.map(|task| task.capture.clone()).collect::<Vec<_>>()
            };
            (of("MAC"), of("PAD"), of("PC"), reads)
        };
        let (mac, pad, pc, reads) = captures(&options());
        let all = SecretSource::ALL.to_vec();
        assert_eq!(mac, [Vec::new(), all.clone(), all]);
        let code = vec![SecretSource::BypassCode];
        assert_eq!(pad, [Vec::new(), code.clone(), code]);
        assert!(pc.iter().all(Vec::is_empty), "{pc:?}");
        assert_eq!(reads, 4, "each device is read once at the least");
        let elsewhere = PlanOptions { before_loss: Some(BeforeLoss::Elsewhere), ..options() };
        let (mac, _, _, reads) = captures(&elsewhere);
        assert!(mac.iter().all(Vec::is_empty), "a flag outranks the job");
        assert_eq!(reads, 0);
    }
}
