//! The curve of devices that are done, over the time of the run.
//!
//! Owns when a device counts as done, and the scale. Must never draw more points than a page needs.

use std::collections::HashMap;

use super::words::time;
use crate::model::{
    Outcome, PackedDeviceId, TaskIndex, UnixMillis, counted, human_duration, thousands,
};
use crate::report::{ReportRow, Rows, RunFacts};

/// Points of the curve; more than a screen shows would only make the page larger.
const POINTS_MAX: i64 = 200;
/// Units of the drawing.
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 300.0;
/// Labels below the curve.
const TIMES: i64 = 5;
/// Lines of the table that says the same as the curve.
const STEPS: usize = 10;
/// Most lines for waves.
const WAVES_MAX: usize = 20;

/// The curve, ready to be drawn.
pub(super) struct Curve {
    pub(super) line: String,
    pub(super) area: String,
    pub(super) x_labels: Vec<String>,
    /// From the top.
    pub(super) y_labels: Vec<String>,
    pub(super) grid: Vec<String>,
    /// Where waves begin.
    pub(super) waves: Vec<String>,
    /// Where all devices would be done, unless that is the top.
    pub(super) all_line: Option<String>,
    /// The curve in words.
    pub(super) summary: String,
    /// What the lines mean.
    pub(super) legend: String,
    /// The curve as a table.
    pub(super) steps: Vec<CurveStep>,
}

/// A moment, and how many devices were done by then.
pub(super) struct CurveStep {
    pub(super) time: String,
    pub(super) devices: String,
}

/// When devices were done.
struct DoneDevices {
    /// Devices with a task that was not skipped.
    devices: usize,
    /// Moments at which one was done, in order.
    done: Vec<UnixMillis>,
    start: UnixMillis,
    end: UnixMillis,
}

impl Curve {
    /// The curve of this run; `None` where no device was to be reached.
    pub(super) fn of(facts: &RunFacts, rows: &Rows<'_>) -> Option<Self> {
        let done = DoneDevices::of(facts, rows);
        (done.devices > 0).then(|| done.drawn(facts))
    }
}

impl DoneDevices {
    fn of(facts: &RunFacts, rows: &Rows<'_>) -> Self {
        let mut devices: HashMap<DeviceKey, Option<UnixMillis>> = HashMap::new();
        let mut latest = facts.record.last_at.max(facts.started_at);
        for (at, row) in (0..).map(TaskIndex).zip(rows.iter()) {
            if row.outcome() == Outcome::Skipped {
                continue;
            }
            // What the plan found done has no moment of its own.
            let ended = row.completed_at().unwrap_or(facts.started_at).max(facts.started_at);
            let ended = row.record().is_settled().then_some(ended);
            latest = ended.map_or(latest, |ended| latest.max(ended));
            let device = devices.entry(DeviceKey::of(&row, at)).or_insert(ended);
            *device = device.zip(ended).map(|(one, other)| one.max(other));
        }
        // A device may report a moment by a clock of its own; the run has an end.
        let end = facts.finished_at.unwrap_or(latest).max(facts.started_at.plus_ms(1));
        let mut done: Vec<UnixMillis> =
            devices.values().flatten().map(|moment| (*moment).min(end)).collect();
        done.sort_unstable();
        Self { devices: devices.len(), done, start: facts.started_at, end }
    }

    fn span_ms(&self) -> i64 {
        self.end.since(self.start).max(1)
    }

    /// How many devices were done by a moment.
    fn by(&self, at: UnixMillis) -> usize {
        self.done.partition_point(|moment| *moment <= at)
    }

    fn x(&self, at: UnixMillis) -> f64 {
        at.since(self.start).max(0) as f64 / self.span_ms() as f64 * WIDTH
    }

    fn drawn(&self, facts: &RunFacts) -> Curve {
        let scale = Scale::of(self.devices);
        let line = self.line(&scale);
        let labels = 0..TIMES;
        let at = |part: i64| UnixMillis(self.start.0 + self.span_ms() * part / (TIMES - 1));
        let begun = facts.record.waves.iter().filter(|wave| wave.at <= self.end);
        let waves: Vec<String> =
            begun.take(WAVES_MAX).map(|wave| format!("{:.1}", self.x(wave.at))).collect();
        let all_line = (scale.top > self.devices).then(|| format!("{:.1}", scale.y(self.devices)));
        let legends = [
            all_line.as_ref().map(|_| "Dashed line: all devices."),
            (!waves.is_empty()).then_some("Dotted lines: a wave begins."),
        ];
        Curve {
            area: format!("{line}V{HEIGHT}H0Z"),
            line,
            x_labels: labels.map(|part| self.label(at(part))).collect(),
            y_labels: scale.ticks().rev().map(thousands).collect(),
            grid: scale.ticks().map(|tick| format!("{:.1}", scale.y(tick))).collect(),
            waves,
            all_line,
            summary: self.summary(),
            legend: legends.into_iter().flatten().collect::<Vec<_>>().join(" "),
            steps: self.steps(),
        }
    }

    /// A path that goes up where devices are done.
    fn line(&self, scale: &Scale) -> String {
        let many = i64::try_from(self.done.len()).unwrap_or(i64::MAX) > POINTS_MAX;
        let moments: Vec<UnixMillis> = match many {
            true => (0..=POINTS_MAX)
                .map(|part| UnixMillis(self.start.0 + self.span_ms() * part / POINTS_MAX))
                .collect(),
            false => self.done.clone(),
        };
        let mut path = format!("M0 {:.1}", scale.y(self.by(UnixMillis(self.start.0 - 1))));
        let mut last = 0;
        for moment in moments {
            let done = self.by(moment);
            if done != last {
                path.push_str(&format!("H{:.1}V{:.1}", self.x(moment), scale.y(done)));
                last = done;
            }
        }
        path.push_str(&format!("H{WIDTH}"));
        path
    }

    /// A moment below the curve, no more exact than the run is long.
    fn label(&self, at: UnixMillis) -> String {
        const DAY_MS: i64 = 86_400_000;
        const TEN_MINUTES_MS: i64 = 600_000;
        let exact = time(at);
        let part = match self.span_ms() {
            span if span > DAY_MS => exact.get(5..16),
            span if span > TEN_MINUTES_MS => exact.get(11..16),
            _ => exact.get(11..19),
        };
        part.unwrap_or(&exact).to_owned()
    }

    fn summary(&self) -> String {
        let (done, all) = (self.done.len(), self.devices);
        let after = |share: usize| {
            let at = self.done.get((done * share).div_ceil(100).saturating_sub(1));
            let ms = at.map_or(0, |at| at.remaining_ms(self.start));
            human_duration(ms)
        };
        let first = format!("{} of {} done.", thousands(done), counted(all, "device"));
        match done {
            0 => first,
            1..=3 => format!("{first} The last one was done after {}.", after(100)),
            _ => format!(
                "{first} Half of them were done after {}, 90% after {}, the last one after {}.",
                after(50),
                after(90),
                after(100)
            ),
        }
    }

    fn steps(&self) -> Vec<CurveStep> {
        let parts = i64::try_from(STEPS).unwrap_or(1);
        (0..=parts)
            .map(|part| UnixMillis(self.start.0 + self.span_ms() * part / parts))
            .map(|at| CurveStep { time: time(at), devices: thousands(self.by(at)) })
            .collect()
    }
}

/// What tells devices apart: the id, or the task where the device was never found.
#[derive(PartialEq, Eq, Hash)]
pub(super) enum DeviceKey {
    Id(PackedDeviceId),
    Task(TaskIndex),
}

impl DeviceKey {
    /// The device of this row, which is the task at `at`.
    pub(super) fn of(row: &ReportRow<'_>, at: TaskIndex) -> Self {
        let id = &row.device().id;
        if id.as_str().is_empty() { Self::Task(at) } else { Self::Id(PackedDeviceId::of(id)) }
    }
}

/// A scale of whole devices from 0 to a round number.
struct Scale {
    step: usize,
    top: usize,
}

impl Scale {
    fn of(devices: usize) -> Self {
        // Four steps or so, each a round number.
        const ROUND: [usize; 8] = [1, 2, 3, 4, 5, 6, 8, 10];
        if devices <= 5 {
            return Self { step: 1, top: devices.max(1) };
        }
        let least = devices.div_ceil(4);
        let mut unit = 1;
        while least > unit * 10 {
            unit *= 10;
        }
        let fine = ROUND.map(|round| round * unit);
        // Between 10 and 20, 15 wastes less of the height.
        let between = [unit, unit * 3 / 2, unit * 5 / 2];
        let fits = |step: &usize| *step >= least && *step > 0;
        let between = between.into_iter().filter(|_| unit > 9);
        let step = fine.into_iter().chain(between).filter(fits).min().unwrap_or(least);
        Self { step, top: step * devices.div_ceil(step) }
    }

    fn ticks(&self) -> impl DoubleEndedIterator<Item = usize> + use<> {
        let step = self.step;
        (0..=self.top / step).map(move |tick| tick * step)
    }

    fn y(&self, devices: usize) -> f64 {
        HEIGHT - devices as f64 / self.top as f64 * HEIGHT
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Event, Task, TaskRecord};
    use crate::report::testing::{facts, task};

    fn settled(task: &Task, at: UnixMillis, outcome: Outcome) -> TaskRecord {
        let mut record = TaskRecord::new(task);
        let reason = String::new();
        record.apply(at, &Event::Settled { task: TaskIndex(0), outcome, reason });
        record
    }

    #[test]
    fn a_device_is_done_when_its_last_step_is() {
        let start = facts().started_at;
        let tasks = [task(1, 1, "lock"), task(1, 2, "erase"), task(2, 1, "lock")];
        let mut records = vec![
            settled(&tasks[0], start.plus_ms(10_000), Outcome::Completed),
            TaskRecord::new(&tasks[1]),
            settled(&tasks[2], start.plus_ms(60_000), Outcome::Failed),
        ];
        let progress =
            |records: &[TaskRecord]| DoneDevices::of(&facts(), &Rows::new(&tasks, records));
        let open = progress(&records);
        assert_eq!((open.devices, open.done.len()), (2, 1), "a step is open");
        records[1] = settled(&tasks[1], start.plus_ms(90_000), Outcome::Completed);
        let all = progress(&records);
        assert_eq!(all.done, [start.plus_ms(60_000), start.plus_ms(90_000)]);
        assert!(all.summary().starts_with("2 of 2 devices done."), "{}", all.summary());
    }

    #[test]
    fn skipped_devices_are_no_part_of_the_curve() {
        let tasks = [task(1, 1, "lock")];
        let records = [settled(&tasks[0], facts().started_at, Outcome::Skipped)];
        assert!(Curve::of(&facts(), &Rows::new(&tasks, &records)).is_none());
    }

    #[test]
    fn a_curve_of_many_devices_has_few_points() {
        let start = facts().started_at;
        let tasks: Vec<Task> = (1..=5_000).map(|row| task(row, 1, "restart")).collect();
        let records: Vec<TaskRecord> = (1..)
            .zip(&tasks)
            .map(|(at, task)| settled(task, start.plus_ms(at * 700), Outcome::Completed))
            .collect();
        let curve = Curve::of(&facts(), &Rows::new(&tasks, &records)).expect("devices");
        assert!(curve.line.matches('V').count() <= 201, "{}", curve.line);
        assert_eq!(curve.all_line.as_deref(), Some("50.0"));
        assert!(curve.line.ends_with("V50.0H1000"), "all are done at the end: {}", curve.line);
        assert_eq!(curve.steps.last().map(|step| step.devices.as_str()), Some("5,000"));
        assert_eq!(curve.x_labels.len(), 5);
    }

    #[test]
    fn a_device_with_a_wrong_clock_stays_inside() {
        let mut run = facts();
        run.finished_at = Some(run.started_at.plus_ms(60_000));
        let tasks = [task(1, 1, "restart"), task(2, 1, "restart")];
        let records = [
            settled(&tasks[0], run.started_at.plus_ms(86_400_000), Outcome::Completed),
            settled(&tasks[1], UnixMillis(0), Outcome::Completed),
        ];
        let curve = Curve::of(&run, &Rows::new(&tasks, &records)).expect("devices");
        assert_eq!(curve.line, "M0 300.0H0.0V150.0H1000.0V0.0H1000");
    }

    #[test]
    fn scales_are_round_and_reach_all_devices() {
        for (devices, step, top) in [
            (1, 1, 1),
            (5, 1, 5),
            (7, 2, 8),
            (40, 10, 40),
            (41, 15, 45),
            (602, 200, 800),
            (1_000, 250, 1_000),
            (50_000, 15_000, 60_000),
        ] {
            let scale = Scale::of(devices);
            assert_eq!((scale.step, scale.top), (step, top), "{devices}");
        }
    }
}
