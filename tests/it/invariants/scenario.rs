//! What the engine is put through: two runs of one tenant and everything that goes wrong around them.
//!
//! Owns the random choice of tasks, rules and mishaps. Must never look at what the engine does.

use proptest::prelude::*;
use std::sync::Arc;

use sortie::model::{
    Carried, DeviceFacts, DeviceGroup, DeviceId, End, Gate, MaxErrors, OutsideWindow, Params,
    Platform, Policy, Repeat, Retries, Risk, Rollout, SecretSource, StopCause, Task, TaskId,
    TaskIndex, TaskWork, Turn, UnixMillis, WaveEnd, WaveGate, Window,
};

/// When every scenario begins.
pub const START: UnixMillis = UnixMillis(1_800_000_000_000);

/// How long ago a device was seen that is not awake.
const UNSEEN_MS: i64 = 72 * 3_600_000;

/// One task, as far as the engine can tell tasks apart.
#[derive(Clone, Debug)]
pub struct TaskSpec {
    pub action: u8,
    pub is_once: bool,
    /// It cannot be undone: its target is read again before each send. Such tasks are sent once.
    pub is_irreversible: bool,
    pub is_followed: bool,
    pub is_read: bool,
    pub is_skipped: bool,
    /// It is the lock of a Mac, or a request before which secrets are read.
    pub special: Special,
    /// It waits for the task before it, on the same device.
    pub after: Option<Gate>,
    /// The wave of its device, where it is the first task of it and the run has waves.
    pub wave: u16,
    /// Its device was seen shortly before the plan, where it is the first task of it.
    pub is_awake: bool,
}

/// What reads a task needs besides looks.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Special {
    None,
    /// A PIN has to be kept.
    Lock,
    /// Secrets have to be kept before it is sent.
    Capture,
}

/// One run.
#[derive(Clone, Debug)]
pub struct RunSpec {
    pub tasks: Vec<TaskSpec>,
    pub policy: Policy,
}

/// Something done to a run from outside, so long after the start.
#[derive(Clone, Debug)]
pub struct Mishap {
    pub after_ms: u64,
    pub run: usize,
    pub kind: MishapKind,
}

#[derive(Clone, Debug)]
pub enum MishapKind {
    /// The process dies; so many of the batches that wait for the disk still reach it. It is started
    /// again after a while.
    Death { batches_kept: usize, restart_after_ms: u64 },
    /// Somebody or something stops the run.
    Stop(StopCause),
    /// Something pauses the tenant for so long.
    Pause { wait_ms: u64 },
}

/// All of it.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub runs: [RunSpec; 2],
    pub mishaps: Vec<Mishap>,
    /// How often an answer is not the normal one, in percent.
    pub trouble_percent: u8,
    /// From this long after the start on, the server answers normally and nothing dies any more.
    pub calm_after_ms: u64,
    /// Longest time of a commit.
    pub commit_ms_max: u64,
    /// Longest time of an answer.
    pub answer_ms_max: u64,
    pub seed: u64,
}

impl RunSpec {
    /// The tasks as a plan would freeze them.
    pub fn tasks(&self) -> Vec<Task> {
        let mut first = 0;
        let tasks = self.tasks.iter().enumerate().map(|(at, spec)| {
            if spec.after.is_none() {
                first = at;
            }
            let device = &self.tasks[first];
            let wave = if self.policy.rollout.is_some() { device.wave } else { 0 };
            let seen_ms = if device.is_awake { 0 } else { UNSEEN_MS };
            let mut task = task_of(spec, at, &format!("d{first}"));
            task.wave = wave;
            task.device_mut().last_check_in = UnixMillis(START.0 - seen_ms).into();
            task
        });
        tasks.collect()
    }
}

fn task_of(spec: &TaskSpec, at: usize, device: &str) -> Task {
    let end = match (spec.is_read, spec.is_followed) {
        (true, _) => End::Answer,
        (false, true) => End::Command {
            request_types: vec!["X".to_owned()],
            mark: None,
            or_gone: true,
            or_named: None,
            or_state: None,
        },
        (false, false) => End::Acceptance { why: String::new() },
    };
    let before = at.checked_sub(1).and_then(|before| u32::try_from(before).ok());
    Task {
        id: TaskId(at as u64),
        work: Arc::new(TaskWork {
            action: match spec.special {
                Special::Lock => "lock".to_owned(),
                _ => format!("action-{}", spec.action),
            },
            params: Params::new(),
            risk: if spec.is_irreversible { Risk::Irreversible } else { Risk::Benign },
            repeat: if spec.is_once { Repeat::Once } else { Repeat::Safe },
            end,
            capture: match spec.special {
                Special::Capture => SecretSource::ALL.to_vec(),
                _ => Vec::new(),
            },
        }),
        row: 1,
        step: 1,
        device: Arc::new(DeviceFacts {
            id: DeviceId::from_api(device),
            group: DeviceGroup::on(Platform::Mac),
            ..DeviceFacts::default()
        }),
        after: before.map(TaskIndex).zip(spec.after),
        turn: if spec.is_skipped {
            Turn::Skip { reason: "left out".into(), asked: true }
        } else {
            Turn::Do
        },
        carried: Carried::default(),
        wave: 0,
    }
}

fn task() -> impl Strategy<Value = TaskSpec> {
    let gate = prop_oneof![Just(Gate::Completed), Just(Gate::Accepted), Just(Gate::GoodEnd)];
    (
        0..3_u8,
        any::<bool>(),
        prop::bool::weighted(0.15),
        prop::bool::weighted(0.6),
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.05),
        prop_oneof![
            6 => Just(Special::None),
            2 => Just(Special::Lock),
            1 => Just(Special::Capture)
        ],
        prop::option::weighted(0.3, gate),
        (0..4_u16, prop::bool::weighted(0.7)),
    )
        .prop_map(
            |(
                action,
                is_once,
                is_irreversible,
                is_followed,
                is_read,
                is_skipped,
                special,
                after,
                (wave, is_awake),
            )| {
                TaskSpec {
                    action,
                    is_once: is_once || is_irreversible || special == Special::Lock,
                    is_irreversible,
                    is_followed,
                    is_read: is_read && special == Special::None,
                    special,
                    is_skipped,
                    after,
                    wave,
                    is_awake,
                }
            },
        )
}

fn policy() -> impl Strategy<Value = Policy> {
    let retries = (0..4_u32, 100..2_000_u64, 1_000..60_000_u64, any::<bool>()).prop_map(
        |(count, delay_ms, delay_ms_max, jitter)| Retries { count, delay_ms, delay_ms_max, jitter },
    );
    let max_errors = prop_oneof![
        (0..12_u32).prop_map(MaxErrors::Count),
        (0.0..50.0_f64).prop_map(MaxErrors::Percent),
        Just(MaxErrors::Count(1_000)),
    ];
    let wait_ms = prop_oneof![Just(0_u64), Just(5_000), Just(60_000), Just(1_200_000)];
    let send_for_ms = prop_oneof![60_000..600_000_u64, 600_000..36_000_000_u64];
    let guards = (
        prop::option::weighted(0.4, rollout()),
        prop::collection::vec(window(), 0..3),
        any::<bool>(),
        prop::option::weighted(0.4, 1..5_u32),
        prop_oneof![1..4_u32, Just(12_u32)],
    );
    let pace = (1..6_u32, 2..20_u32);
    (pace, retries, max_errors, wait_ms, send_for_ms, guards, any::<u64>()).prop_map(
        |(pace, retries, max_errors, wait_ms, send_for_ms, guards, seed)| {
            let (rollout, windows, is_waiting, errors_in_a_row, irreversible_per_minute) = guards;
            Policy {
                concurrency: pace.0,
                per_second: pace.1,
                retries,
                max_errors,
                wait_ms,
                send_until: START.plus_ms(send_for_ms),
                rollout,
                // Two in five have none, one in five two that have to be open both.
                windows: windows.into_iter().flatten().collect(),
                outside_window: match is_waiting {
                    true => OutsideWindow::Wait,
                    false => OutsideWindow::Refuse,
                },
                errors_in_a_row,
                irreversible_per_minute: Some(irreversible_per_minute),
                ..Policy::default_at(START, seed)
            }
        },
    )
}

/// Which device is in which wave is a matter of the tasks.
fn rollout() -> impl Strategy<Value = Rollout> {
    let gate = prop_oneof![Just(WaveGate::Settled), Just(WaveGate::Accepted)];
    (0..60_000_u64, 1_000..120_000_u64, gate).prop_map(|(pause_ms, gate_timeout_ms, gate)| {
        Rollout { waves: vec![WaveEnd::Percent(100.0)], pause_ms, gate, gate_timeout_ms }
    })
}

/// Hours of every day that begin or end not long before or after the start, which is at eight.
fn window() -> impl Strategy<Value = Option<Window>> {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let hours = (8 * 60 - 90..8 * 60 + 60_u32, 1..240_u32).prop_map(|(from, minutes)| {
        let text = |at: u32| format!("{:02}:{:02}", at / 60, at % 60);
        Window::new(&DAYS, &text(from), &text(from + minutes), "UTC").expect("hours of a day")
    });
    prop::option::weighted(0.4, hours)
}

fn mishap() -> impl Strategy<Value = Mishap> {
    let cause = prop_oneof![
        Just(StopCause::Operator),
        Just(StopCause::Clock),
        Just(StopCause::Deadline),
        Just(StopCause::Errors),
    ];
    let kind = prop_oneof![
        5 => (0..4_usize, 0..600_000_u64).prop_map(|(batches_kept, restart_after_ms)| {
            MishapKind::Death { batches_kept, restart_after_ms }
        }),
        1 => cause.prop_map(MishapKind::Stop),
        1 => (0..400_000_u64).prop_map(|wait_ms| MishapKind::Pause { wait_ms }),
    ];
    let after_ms = prop_oneof![0..20_000_u64, 0..1_800_000_u64];
    (after_ms, 0..2_usize, kind).prop_map(|(after_ms, run, kind)| Mishap { after_ms, run, kind })
}

/// Any scenario. The budget is small, so that the hour matters even to a handful of tasks.
pub fn scenario() -> impl Strategy<Value = Scenario> {
    let run = || {
        (prop::collection::vec(task(), 1..14), policy())
            .prop_map(|(tasks, policy)| RunSpec { tasks, policy })
    };
    (
        (run(), run(), prop_oneof![2..12_u32, 12..200_u32]),
        prop::collection::vec(mishap(), 0..8),
        0..90_u8,
        prop_oneof![1_000..120_000_u64, 120_000..7_200_000_u64],
        prop_oneof![Just(0_u64), Just(30), Just(3_000)],
        prop_oneof![Just(0_u64), Just(400), Just(60_000)],
        any::<u64>(),
    )
        .prop_map(
            |(
                (mut one, mut other, budget),
                mishaps,
                trouble_percent,
                calm_after_ms,
                commit_ms_max,
                answer_ms_max,
                seed,
            )| {
                one.policy.per_hour = budget;
                other.policy.per_hour = budget;
                Scenario {
                    runs: [one, other],
                    mishaps,
                    trouble_percent,
                    calm_after_ms,
                    commit_ms_max,
                    answer_ms_max,
                    seed,
                }
            },
        )
}
