//! Building the plan.
//!
//! Owns the rule that a named device which cannot be done refuses the whole plan, while a selected one is
//! skipped. Must never send, and must never leave a row of the job unaccounted for.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::earlier::{Deleted, Earlier, deleted_one, deleted_rows};
use super::guards::Guards;
use super::inventory::{Inventory, target_text};
use super::links::Links;
use super::objection::{Objection, ObjectionKind};
use super::options::PlanOptions;
use super::protect::Protect;
use super::released_rows::ReleasedRows;
use super::select::{is_excluded, is_selected, unlisted};
use super::shared_work::SharedWork;
use super::step_checks::row_objection;
use super::task_list::{Plan, RefusedRow};
use super::unusable::{facts_without_id, unresolved_facts, unusable_id};
use crate::job::{Job, Row, SkipKind, Step};
use crate::kandji::{RecordField, RecordStanding, record_standing};
use crate::model::{
    Carried, Device, DeviceFacts, DeviceId, End, Risk, Task, TaskId, TaskIndex, Turn, UnixMillis,
};

/// A device that has not checked in for so long may act weeks from now, when it next checks in.
pub(super) const NOT_SEEN_MS: i64 = 48 * 3_600_000;

/// Builds the plan of a job against an inventory. Every row becomes tasks or a refusal.
#[must_use]
pub fn build(job: &Job, inventory: &Inventory, options: &PlanOptions, now: UnixMillis) -> Plan {
    let mut builder = Builder::new(job, tasks_of_rows(job), inventory, options, now);
    for row in &job.rows {
        builder.add_named(row);
    }
    builder.add_selected();
    builder.finish()
}

/// Builds the same plan of a job that [`is_built_once`](super::is_built_once), and lets go of its rows on the way: those
/// of a large job take memory.
#[must_use]
pub fn build_and_release(
    job: &mut Job,
    inventory: &Inventory,
    options: &PlanOptions,
    now: UnixMillis,
) -> Plan {
    let of_rows = tasks_of_rows(job);
    let rows = ReleasedRows::of(job);
    let mut builder = Builder::new(job, of_rows, inventory, options, now);
    for row in rows {
        builder.add_named(&row);
    }
    builder.add_selected();
    builder.finish()
}

fn tasks_of_rows(job: &Job) -> usize {
    job.rows.iter().map(|row| row.steps.len()).sum()
}

struct Builder<'a> {
    job: &'a Job,
    inventory: &'a Inventory,
    skip: Vec<SkipKind>,
    wait_ms: u64,
    earlier: &'a Earlier,
    protect: &'a Protect,
    doubts: &'a BTreeMap<(DeviceId, String), String>,
    /// Devices that an earlier run has deleted, by the number of the row that means one.
    deleted: BTreeMap<u32, &'a Deleted>,
    now: UnixMillis,
    guards: Guards,
    work: SharedWork,
    plan: Plan,
    /// The line of each task's row.
    lines: Vec<u32>,
    /// Sentences about parameters that are ignored, with how many devices each is true of.
    remarks: BTreeMap<String, u32>,
    /// Positions of tasks whose values the records bear already.
    borne: Vec<usize>,
}

/// Where tasks come from: a row of the job, or the position of a device in a selection.
#[derive(Copy, Clone)]
struct Place<'a> {
    row: u32,
    line: u32,
    steps: &'a Arc<[Step]>,
    carried: Option<&'a Carried>,
}

impl<'a> Place<'a> {
    fn of(row: &'a Row) -> Self {
        Self { row: row.number, line: row.line, steps: &row.steps, carried: Some(&row.carried) }
    }
}

impl<'a> Builder<'a> {
    fn new(
        job: &'a Job,
        of_rows: usize,
        inventory: &'a Inventory,
        options: &'a PlanOptions,
        now: UnixMillis,
    ) -> Self {
        let guards = Guards::of(job, options);
        let skipped = options.skip_refused.iter().copied();
        Self {
            job,
            inventory,
            skip: job.settings.skip_refused().into_iter().chain(skipped).collect(),
            wait_ms: options.wait_ms,
            earlier: &options.earlier,
            protect: &options.protect,
            doubts: &options.doubts,
            deleted: deleted_rows(job, inventory, &options.earlier.deleted),
            now,
            plan: Plan { tasks: Vec::with_capacity(of_rows), ..Plan::default() },
            guards,
            work: SharedWork::new(guards),
            lines: Vec::with_capacity(of_rows),
            remarks: BTreeMap::new(),
            borne: Vec::new(),
        }
    }

    fn add_named(&mut self, row: &Row) {
        let device = match self.inventory.resolve(&row.target) {
            Ok(device) => device,
            Err(objection) => {
                match self.deleted.get(&row.number).copied() {
                    Some(deleted) => self.add_deleted(row, deleted),
                    None => self.refuse_or_skip(row, None, self.with_deletion(row, objection)),
                }
                return;
            }
        };
        if is_excluded(&self.job.exclude, device, self.now) {
            let turn = Turn::Skip { reason: "excluded by the job".into(), asked: true };
            self.add_steps(Place::of(row), device, &turn);
            return;
        }
        if let Some(reason) = unlisted(self.job, device) {
            let turn = Turn::Skip { reason: reason.into(), asked: true };
            self.add_steps(Place::of(row), device, &turn);
            return;
        }
        match self.objection(&row.steps, device) {
            Some(objection) => self.refuse_or_skip(row, Some(device), objection),
            None => self.add_steps(Place::of(row), device, &Turn::Do),
        }
    }

    fn objection(&self, steps: &[Step], device: &Device) -> Option<Objection> {
        self.protection(steps, device)
            .or_else(|| row_objection(steps, device))
            .or_else(|| self.guards.objection(steps, device))
            .or_else(|| self.doubt(steps, device))
    }

    /// Why something that must not happen twice may have happened already.
    fn doubt(&self, steps: &[Step], device: &Device) -> Option<Objection> {
        if self.doubts.is_empty() {
            return None;
        }
        steps.iter().find_map(|step| {
            let key = (device.id.clone(), step.action.name.to_owned());
            let reason = self.doubts.get(&key)?.clone();
            Some(Objection { kind: ObjectionKind::InDoubt, reason })
        })
    }

    /// Why protected devices refuse disruptive actions, with any other settings.
    fn protection(&self, steps: &[Step], device: &Device) -> Option<Objection> {
        let is_touched = steps.iter().any(|step| step.risk() >= Risk::Disruptive);
        let reason = is_touched.then(|| self.protect.objection_to(device)).flatten()?;
        Some(Objection { kind: ObjectionKind::Protected, reason })
    }

    /// A row that cannot be done refuses the plan, unless the operator asked for its kind to be skipped.
    /// A device that cannot do one of its steps does none of them: the later ones count on the earlier.
    fn refuse_or_skip(&mut self, row: &Row, device: Option<&Device>, objection: Objection) {
        let is_skipped = objection.kind.skip_kind().is_some_and(|kind| self.skip.contains(&kind));
        if !is_skipped {
            self.plan.refused.push(RefusedRow {
                row: row.number,
                line: row.line,
                target: target_text(&row.target),
                objection,
            });
            return;
        }
        let turn = Turn::Skip { reason: objection.reason.into(), asked: true };
        match device {
            Some(device) => self.add_steps(Place::of(row), device, &turn),
            None => {
                let facts = Arc::new(unresolved_facts(&row.target));
                let identity =
                    DeviceId::from_api(&format!("row {} {}", row.number, target_text(&row.target)));
                for step in row.steps.iter() {
                    self.add(Place::of(row), &facts, &identity, step, &turn);
                }
            }
        }
    }

    /// A device that an earlier run has deleted, as the job asks for: all of its steps are done with.
    fn add_deleted(&mut self, row: &Row, deleted: &Deleted) {
        let turn = Turn::Done { reason: deleted.reason.as_str().into() };
        for step in row.steps.iter() {
            self.add(Place::of(row), &deleted.device, &deleted.device.id, step, &turn);
        }
    }

    /// The same objection, which says so when an earlier run has deleted the device.
    fn with_deletion(&self, row: &Row, mut objection: Objection) -> Objection {
        let deleted = deleted_one(&self.earlier.deleted, &row.target);
        if let (Some(deleted), ObjectionKind::NotFound) = (deleted, objection.kind) {
            objection.reason = format!("{}; {}", objection.reason, deleted.reason);
        }
        objection
    }

    fn add_selected(&mut self) {
        let Some(selection) = &self.job.selection else { return };
        let steps = &selection.steps;
        let mut row = 0;
        for device in self.inventory.devices() {
            if !is_selected(&selection.filter, device, self.now) {
                continue;
            }
            if is_excluded(&self.job.exclude, device, self.now) {
                self.plan.excluded += 1;
                continue;
            }
            row += 1;
            let reason = unlisted(self.job, device)
                .or_else(|| self.objection(steps, device).map(|objection| objection.reason));
            let turn = reason
                .map_or(Turn::Do, |reason| Turn::Skip { reason: reason.into(), asked: false });
            self.add_steps(Place { row, line: 0, steps, carried: None }, device, &turn);
        }
        for device in self.inventory.unusable() {
            if !is_selected(&selection.filter, device, self.now) {
                continue;
            }
            row += 1;
            let turn = Turn::Skip { reason: unusable_id(device).reason.into(), asked: false };
            let facts = Arc::new(facts_without_id(device));
            let place = Place { row, line: 0, steps, carried: None };
            for step in steps.iter() {
                self.add(place, &facts, &device.id, step, &turn);
            }
        }
    }

    fn add_steps(&mut self, place: Place<'_>, device: &Device, turn: &Turn) {
        for step in place.steps.iter() {
            let known = (turn == &Turn::Do && !self.earlier.tasks.is_empty())
                .then(|| TaskId::new(&device.id, step.number, step.action.name, &step.params))
                .and_then(|id| self.earlier.tasks.get(&id)?.turn())
                // What was recorded once may have been changed since: the record itself says what is done.
                .filter(|turn| {
                    !step.action.changes_records() || !matches!(turn, Turn::Done { .. })
                });
            let borne = known.is_none().then(|| borne_already(turn, step, device)).flatten();
            self.borne.extend(borne.is_some().then_some(self.plan.tasks.len()));
            let turn = known.as_ref().or(borne.as_ref()).unwrap_or(turn);
            if *turn == Turn::Do {
                let ignored = step.action.ignored_params(
                    device.platform,
                    &device.make.os_version,
                    &step.params,
                );
                for sentence in ignored {
                    *self.remarks.entry(sentence).or_default() += 1;
                }
            }
            self.add(place, &facts_with_labels(step, device), &device.id, step, turn);
        }
    }

    fn add(
        &mut self,
        place: Place<'_>,
        device: &Arc<DeviceFacts>,
        identity: &DeviceId,
        step: &Step,
        turn: &Turn,
    ) {
        self.plan.tasks.push(Task {
            id: TaskId::new(identity, step.number, step.action.name, &step.params),
            row: place.row,
            step: step.number,
            wave: 0,
            device: Arc::clone(device),
            work: self.work.of(place.steps, step, device.platform),
            // The step before it is only known once all rows are in; until then the gate is kept with
            // the task's own position.
            after: step.after.map(|gate| (TaskIndex(u32::MAX), gate)),
            turn: turn.clone(),
            carried: place.carried.cloned().unwrap_or_default(),
        });
        self.lines.push(place.line);
    }

    /// What the record bears now says nothing where another task changes it before.
    fn undo_borne(&mut self) {
        let mut changes: BTreeMap<DeviceId, u32> = BTreeMap::new();
        if self.borne.is_empty() {
            return;
        }
        for task in self.plan.tasks.iter().filter(|task| task.end == End::Recorded) {
            *changes.entry(task.device.id.clone()).or_default() += 1;
        }
        for at in &self.borne {
            let task = &mut self.plan.tasks[*at];
            if changes.get(&task.device.id).is_some_and(|count| *count > 1) {
                task.turn = Turn::Do;
            }
        }
    }

    fn finish(mut self) -> Plan {
        self.undo_borne();
        let now = self.now;
        let is_unseen = |device: &DeviceFacts| {
            device.last_check_in.get().is_none_or(|seen| now.since(seen) > NOT_SEEN_MS)
        };
        let links = Links { lines: &self.lines, wait_ms: self.wait_ms, earlier: self.earlier };
        links.link(&mut self.plan);
        self.plan.not_seen_lately = self.plan.devices_where(|task| is_unseen(&task.device));
        self.plan.refused.sort_by_key(|refused| refused.row);
        self.plan.notes = self
            .remarks
            .into_iter()
            .map(|(sentence, devices)| {
                format!("{sentence} ({devices} device{})", if devices == 1 { "" } else { "s" })
            })
            .collect();
        self.guards.settle(&mut self.plan, self.inventory);
        self.plan
    }
}

/// The turn of a step whose values the record bears already.
fn borne_already(turn: &Turn, step: &Step, device: &Device) -> Option<Turn> {
    if turn != &Turn::Do || !step.action.changes_records() {
        return None;
    }
    let standing = record_standing(step.action, &step.params, None, device);
    let RecordStanding::Borne { evidence, .. } = standing else { return None };
    Some(Turn::Done { reason: evidence.into() })
}

/// The facts of a device, with its asset tag where the step changes that.
fn facts_with_labels(step: &Step, device: &Device) -> Arc<DeviceFacts> {
    if device.asset_tag.is_empty() || !step.action.changes_records() {
        return Arc::clone(&device.facts);
    }
    let changes = step.action.record_changes(&step.params, device.into());
    if changes.iter().all(|it| it.field != RecordField::AssetTag) {
        return Arc::clone(&device.facts);
    }
    let mut facts = (*device.facts).clone();
    facts.old_asset_tag = device.asset_tag.clone();
    Arc::new(facts)
}

#[cfg(test)]
mod tests {
    use super::super::earlier::EarlierTask;
    use super::super::inventory::tests::device;
    use super::super::released_rows::is_built_once;
    use super::*;
    use crate::job::{Exclusion, Filter, JobSettings, RowWork, Selection, Target};
    use crate::kandji::find_action;
    use crate::model::{DeviceGroup, Gate, Outcome, ParamValue, Params, Platform};

    fn step(number: u16, action: &str) -> Step {
        let action = find_action(action).expect("an action");
        Step { number, action, params: Params::new(), after: None }
    }

    fn row(number: u32, serial: &str, steps: Vec<Step>) -> Row {
        Row {
            number,
            line: number + 1,
            target: Target::by_serial(serial),
            work: RowWork::of(Arc::from(steps)),
            carried: Carried::default(),
        }
    }

    fn job(rows: Vec<Row>, selection: Option<Selection>) -> Job {
        Job {
            name: "test".to_owned(),
            reason: None,
            digest: String::new(),
            rows,
            selection,
            exclude: Exclusion::default(),
            tenants: None,
            settings: JobSettings::default(),
            notes: Vec::new(),
        }
    }

    fn fleet() -> Inventory {
        let mut gone = device("d", "GONE", Platform::Mac);
        gone.is_removed = true;
        Inventory::new([
            device("a", "MAC", Platform::Mac),
            device("b", "PAD", Platform::IPad),
            device("c", "PC", Platform::Windows),
            gone,
        ])
    }

    fn plan(job: &Job, skip_refused: &[SkipKind]) -> Plan {
        let options = PlanOptions {
            skip_refused: skip_refused.to_vec(),
            wait_ms: 1,
            ..PlanOptions::default()
        };
        build(job, &fleet(), &options, UnixMillis(0))
    }

    #[test]
    fn refused_devices_are_all_listed_and_skipped_only_by_kind() {
        let rows = vec![
            row(1, "MAC", vec![step(1, "restart")]),
            row(2, "NONE", vec![step(1, "restart")]),
            row(3, "PC", vec![step(1, "restart")]),
            row(4, "GONE", vec![step(1, "restart")]),
        ];
        let job = job(rows, None);
        let kinds: Vec<(u32, ObjectionKind)> =
            plan(&job, &[]).refused.iter().map(|row| (row.line, row.objection.kind)).collect();
        assert_eq!(
            kinds,
            [
                (3, ObjectionKind::NotFound),
                (4, ObjectionKind::Unsupported),
                (5, ObjectionKind::Removed)
            ]
        );
        let some = plan(&job, &[SkipKind::NotFound, SkipKind::Unsupported]);
        assert_eq!(some.refused.len(), 1);
        let all = plan(&job, &SkipKind::ALL);
        assert!(all.refused.is_empty());
        assert_eq!((all.tasks.len(), all.to_do().count()), (4, 1));
    }

    #[test]
    fn a_plan_is_held_to_the_rules_between_parameters() {
        let mut delete = step(1, "delete-user");
        delete.params = Params::from([
            ("UserName".to_owned(), ParamValue::Text("jo".to_owned())),
            ("DeleteAllUsers".to_owned(), ParamValue::Bool(true)),
        ]);
        let refused = plan(&job(vec![row(1, "PAD", vec![delete])], None), &SkipKind::ALL).refused;
        assert!(refused[0].objection.reason.contains("contradict each other"), "{refused:?}");
    }

    #[test]
    fn selected_devices_that_cannot_be_done_are_skipped() {
        let selection =
            Selection { filter: Filter::default(), steps: Arc::from([step(1, "restart")]) };
        let plan = plan(&job(Vec::new(), Some(selection)), &[]);
        assert!(plan.refused.is_empty());
        assert_eq!((plan.tasks.len(), plan.to_do().count()), (4, 2));
        assert_eq!(plan.not_seen_lately, 2);
    }

    #[test]
    fn steps_of_a_device_run_in_order_and_irreversible_ones_wait() {
        let rows = vec![
            row(1, "MAC", vec![step(2, "erase")]),
            row(2, "mac", vec![step(1, "update-inventory")]),
            row(3, "PAD", vec![step(1, "blank-push"), step(2, "restart")]),
        ];
        let plan = plan(&job(rows, None), &[]);
        assert!(plan.refused.is_empty(), "{:?}", plan.refused);
        let after: Vec<Option<(TaskIndex, Gate)>> =
            plan.tasks.iter().map(|task| task.after).collect();
        assert_eq!(
            after,
            [
                Some((TaskIndex(1), Gate::Completed)),
                None,
                None,
                Some((TaskIndex(2), Gate::GoodEnd))
            ]
        );
    }

    #[test]
    fn a_step_that_would_wait_for_ever_refuses_the_plan() {
        let refused = |first: &str, after: Option<Gate>, wait_ms: u64| {
            let erase = Step { after, ..step(2, "erase") };
            let job = job(vec![row(1, "MAC", vec![step(1, first), erase])], None);
            let skip_refused = SkipKind::ALL.to_vec();
            let options = PlanOptions { skip_refused, wait_ms, ..PlanOptions::default() };
            let plan = build(&job, &fleet(), &options, UnixMillis(0));
            plan.refused.first().map(|refused| refused.objection.kind)
        };
        assert_eq!(refused("blank-push", None, 60_000), Some(ObjectionKind::NeverBegins));
        assert_eq!(refused("restart", None, 0), Some(ObjectionKind::NeverBegins));
        assert_eq!(refused("restart", None, 60_000), None);
        assert_eq!(refused("blank-push", Some(Gate::Accepted), 60_000), None);
        assert_eq!(refused("restart", Some(Gate::Accepted), 0), None);
    }

    #[test]
    fn two_rows_that_turn_out_to_mean_one_device_are_refused() {
        let mut second = row(2, "MAC", vec![step(1, "restart")]);
        second.target = Target::default();
        second.target.device_id = Some(DeviceId::from_api("a"));
        let rows = vec![row(1, "MAC", vec![step(1, "restart")]), second];
        let plan = plan(&job(rows, None), &SkipKind::ALL);
        assert_eq!(plan.refused[0].objection.kind, ObjectionKind::Duplicate);
        assert!(plan.refused[0].objection.reason.contains("line 2"));
    }

    fn with_earlier(job: &Job, earlier: Earlier) -> Plan {
        let options = PlanOptions { wait_ms: 1, earlier, ..PlanOptions::default() };
        build(job, &fleet(), &options, UnixMillis(0))
    }

    #[test]
    fn a_step_done_by_an_earlier_run_lets_the_next_step_begin() {
        let steps = vec![step(1, "update-inventory"), step(2, "restart"), step(3, "erase")];
        // Rows in another order than the steps.
        let rows = steps.into_iter().rev().zip(1..).map(|(step, at)| row(at, "MAC", vec![step]));
        let job = job(rows.collect(), None);
        let plain = with_earlier(&job, Earlier::default());
        let known = |outcomes: [Option<Outcome>; 3]| {
            let known = plain.tasks.iter().rev().zip(outcomes).filter_map(|(task, outcome)| {
                let reason = "by run x".to_owned();
                Some((task.id, EarlierTask { outcome: outcome?, reason }))
            });
            let earlier = Earlier { tasks: known.collect(), deleted: Vec::new() };
            let plan = with_earlier(&job, earlier);
            let shown = |task: &Task| {
                let after = task.after.map(|(before, _)| plan.tasks[before.at()].step);
                (task.turn.outcome(), after)
            };
            plan.tasks.iter().rev().map(shown).collect::<Vec<_>>()
        };
        let (done, skipped) = (Some(Outcome::AlreadyInEffect), Some(Outcome::Skipped));
        let turns = |known: Vec<(Option<Outcome>, Option<u16>)>| -> Vec<Option<Outcome>> {
            known.into_iter().map(|(outcome, _)| outcome).collect()
        };
        assert_eq!(known([None; 3]), [(None, None), (None, Some(1)), (None, Some(2))]);
        let completed = Some(Outcome::Completed);
        assert_eq!(known([completed, completed, None]), [(done, None), (done, None), (None, None)]);
        assert_eq!(
            known([None, completed, None]),
            [(None, None), (done, None), (None, Some(1))],
            "what is still to be done first is waited for"
        );
        let accepted = Some(Outcome::Accepted);
        assert_eq!(
            known([accepted, None, None]),
            [(done, None), (None, None), (None, Some(2))],
            "accepted is good enough for a restart"
        );
        assert_eq!(
            known([completed, accepted, None]),
            [(done, None), (done, None), (skipped, None)],
            "an erase waits for completed, which was never seen"
        );
        assert_eq!(
            turns(known([None, Some(Outcome::InDoubt), None])),
            [None, skipped, skipped],
            "what may still happen keeps the rest back"
        );
        assert_eq!(turns(known([Some(Outcome::Failed), None, None])), [None; 3]);
    }

    #[test]
    fn a_deleted_device_is_done_only_in_a_job_that_deletes_it() {
        let deleted = Deleted {
            device: Arc::new(DeviceFacts {
                id: DeviceId::from_api("gone"),
                serial_number: "NONE".into(),
                group: DeviceGroup::on(Platform::Mac),
                ..DeviceFacts::default()
            }),
            reason: "deleted by run x".to_owned(),
        };
        let earlier = || Earlier { deleted: vec![deleted.clone()], ..Earlier::default() };
        let delete = || row(2, "none", vec![step(2, "delete-device")]);
        let push = || row(1, "NONE", vec![step(1, "blank-push")]);
        let migration = job(vec![push(), delete()], None);
        let plan = with_earlier(&migration, earlier());
        assert!(plan.refused.is_empty(), "{:?}", plan.refused);
        let turn = Turn::Done { reason: "deleted by run x".into() };
        assert!(plan.tasks.iter().all(|task| task.turn == turn && task.after.is_none()));
        assert_eq!((plan.tasks.len(), plan.to_do().count()), (2, 0));
        // The controls: without the journal, and where nobody wants it gone.
        assert_eq!(with_earlier(&migration, Earlier::default()).refused.len(), 2);
        let lock = with_earlier(&job(vec![row(1, "NONE", vec![step(1, "lock")])], None), earlier());
        assert_eq!(lock.refused[0].objection.kind, ObjectionKind::NotFound);
        assert!(lock.refused[0].objection.reason.contains("deleted by run x"));
    }

    #[test]
    fn a_plan_is_the_same_where_rows_are_let_go_of() {
        let plain = |serial| row(1, serial, vec![step(1, "update-inventory"), step(2, "restart")]);
        let of = |rows: Vec<Row>| {
            job((1..).zip(rows).map(|(at, row)| Row { number: at, ..row }).collect(), None)
        };
        let mut found = of(vec![plain("PAD"), plain("MAC"), plain("PC")]);
        assert!(is_built_once(&found, &fleet()));
        let expected = plan(&found, &[SkipKind::Unsupported]);
        assert_eq!((expected.tasks.len(), expected.to_do().count()), (6, 4));
        let options = PlanOptions {
            skip_refused: vec![SkipKind::Unsupported],
            wait_ms: 1,
            ..PlanOptions::default()
        };
        assert_eq!(build_and_release(&mut found, &fleet(), &options, UnixMillis(0)), expected);
        assert!(found.rows.is_empty());
        // A device that is missing may have been deleted, and an earlier lock or erase may be in doubt.
        assert!(!is_built_once(&of(vec![plain("MAC"), plain("NONE")]), &fleet()));
        for action in ["lock", "erase"] {
            assert!(!is_built_once(&of(vec![row(1, "MAC", vec![step(1, action)])]), &fleet()));
        }
        let selection =
            Selection { filter: Filter::default(), steps: Arc::from([step(1, "erase")]) };
        assert!(!is_built_once(&job(vec![plain("MAC")], Some(selection)), &fleet()));
    }

    #[test]
    fn return_to_service_on_a_mac_refuses_the_plan() {
        let mut erase = step(1, "erase");
        erase.params.insert("ReturnToService.Enabled".to_owned(), ParamValue::Bool(true));
        let plan = plan(&job(vec![row(1, "MAC", vec![erase.clone()])], None), &[]);
        assert_eq!(plan.refused[0].objection.kind, ObjectionKind::Unsupported);
        let selection = Selection { filter: Filter::default(), steps: Arc::from([erase]) };
        let options = PlanOptions::default();
        let plan = build(&job(Vec::new(), Some(selection)), &fleet(), &options, UnixMillis(0));
        let serials: Vec<&str> =
            plan.to_do().map(|task| task.device.serial_number.as_str()).collect();
        assert_eq!(serials, ["PAD"]);
    }
}
