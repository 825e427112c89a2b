//! A model of the tenant: what reached it, what it applied, and what it said.
//!
//! Owns the truth that a client never sees. Must never be lenient: whatever is sent is counted.

use sortie::model::{
    Answer, ApiRefusal, CommandSeen, CommandStatus, Listing, NextPage, NoteResult, Random, Recheck,
    Sealed, Secret, Shown, Sighting, TaskIndex, UnixMillis, Unreadable, Verdict,
};
use std::collections::BTreeMap;

/// The tenant.
#[derive(Default)]
pub struct Server {
    /// Requests and applications by run and task.
    pub tasks: BTreeMap<(usize, TaskIndex), Tally>,
    looks: u64,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    pub reached: u32,
    pub applied: u32,
}

impl Server {
    /// Takes one action. The answer is what the client will be told if it lives to hear it.
    pub fn act(
        &mut self,
        seed: u64,
        run: usize,
        task: TaskIndex,
        attempt: u16,
        trouble_percent: u8,
    ) -> Verdict {
        let labels = [run as u64, u64::from(task.0), u64::from(attempt)];
        let mut random = Random::for_labels(seed, &labels);
        let verdict = if random.percent(f64::from(trouble_percent)) {
            trouble(&mut random)
        } else {
            Verdict::Accepted(Answer::default())
        };
        let (is_reached, is_applied) = match &verdict {
            Verdict::Accepted(_) => (true, true),
            Verdict::NotSent { .. } => (false, false),
            // Nobody knows whether it arrived at all.
            Verdict::Unknown { .. } | Verdict::OtherDevice { .. } => match random.below(3) {
                0 => (false, false),
                1 => (true, false),
                _ => (true, true),
            },
            Verdict::InEffect { .. } | Verdict::Refused { .. } | Verdict::Throttled { .. } => {
                (true, false)
            }
        };
        let tally = self.tasks.entry((run, task)).or_default();
        tally.reached += u32::from(is_reached);
        tally.applied += u32::from(is_applied);
        verdict
    }

    /// Shows what it has of a task's command.
    pub fn show(
        &mut self,
        seed: u64,
        run: usize,
        task: TaskIndex,
        trouble_percent: u8,
    ) -> Sighting {
        self.looks += 1;
        let labels = [run as u64, u64::from(task.0), 1_000_000 + self.looks];
        let mut random = Random::for_labels(seed, &labels);
        if !random.percent(f64::from(trouble_percent)) {
            return seen(CommandStatus::Completed, 1);
        }
        match random.below(12) {
            0 => Sighting::Nothing { evidence: "nothing".to_owned() },
            1 => Sighting::Elsewhere { offset: 300 },
            2 => Sighting::Proven { evidence: "gone".to_owned() },
            3 => Sighting::Nothing { evidence: "still there".to_owned() },
            4 => Sighting::Throttled { retry_after_ms: None },
            5 => Sighting::Throttled { retry_after_ms: Some(random.below(90_000)) },
            6 if random.percent(50.0) => Sighting::Unreachable { reason: "no route".to_owned() },
            6 => Sighting::Unreadable { reason: "HTTP 500".to_owned(), is_forbidden: false },
            7 => seen(CommandStatus::Running, 1),
            8 => seen(CommandStatus::NotNow, 1),
            9 => seen(CommandStatus::Failed, 1 + random.below(2) as u16),
            10 => seen(CommandStatus::Completed, 2),
            _ => seen(CommandStatus::Pending, 1),
        }
    }
}

impl Server {
    /// Shows the PIN of a lock.
    pub fn show_pin(
        &mut self,
        seed: u64,
        run: usize,
        task: TaskIndex,
        trouble_percent: u8,
    ) -> Result<Option<Sealed>, Unreadable> {
        let pin = Sealed::clear("123456".to_owned());
        match self.read_trouble(seed, run, task, trouble_percent) {
            None => Ok(Some(pin)),
            Some(mut random) => match random.below(4) {
                0 => Ok(None),
                1 => Ok(Some(Sealed::clear("654321".to_owned()))),
                _ => Err(unreadable(&mut random)),
            },
        }
    }

    /// Shows the target of a task just before its request.
    pub fn show_target(
        &mut self,
        seed: u64,
        run: usize,
        task: TaskIndex,
        trouble_percent: u8,
    ) -> Result<Recheck, Unreadable> {
        match self.read_trouble(seed, run, task, trouble_percent) {
            None => Ok(Recheck::Same),
            Some(mut random) => match random.below(6) {
                0 => Ok(Recheck::Changed { reason: "it has another user".to_owned() }),
                _ => Err(unreadable(&mut random)),
            },
        }
    }

    /// Takes a note about a device.
    pub fn take_note(
        &mut self,
        seed: u64,
        run: usize,
        task: TaskIndex,
        trouble_percent: u8,
    ) -> NoteResult {
        let reason = || "trouble".to_owned();
        match self.read_trouble(seed, run, task, trouble_percent) {
            None => NoteResult::Written,
            Some(mut random) => match random.below(4) {
                0 => {
                    NoteResult::NotWritten { reason: reason(), is_forbidden: random.percent(10.0) }
                }
                1 => NoteResult::Later {
                    reason: reason(),
                    retry_after_ms: Some(random.below(9_000)),
                },
                2 => NoteResult::Later { reason: reason(), retry_after_ms: None },
                _ => NoteResult::Unknown { reason: reason() },
            },
        }
    }

    /// Shows the secrets of a device.
    pub fn show_secrets(
        &mut self,
        seed: u64,
        run: usize,
        task: TaskIndex,
        trouble_percent: u8,
    ) -> Result<Vec<Secret>, Unreadable> {
        match self.read_trouble(seed, run, task, trouble_percent) {
            None => Ok(Vec::new()),
            Some(mut random) => Err(unreadable(&mut random)),
        }
    }

    /// Shows the device list: some devices have moved, and sometimes it cannot be read.
    pub fn list(&mut self, seed: u64, run: usize, tasks: u32, trouble_percent: u8) -> Listing {
        let Some(mut random) = self.read_trouble(seed, run, TaskIndex(0), trouble_percent) else {
            return Listing::Page { shown: Vec::new(), next: NextPage::None };
        };
        match random.below(4) {
            0 => Listing::Throttled { retry_after_ms: None },
            1 => Listing::Unreadable { reason: "HTTP 500".to_owned(), is_forbidden: false },
            2 => Listing::Unreadable { reason: "HTTP 403".to_owned(), is_forbidden: true },
            _ => {
                let moved = UnixMillis(2_000_000_000_000 + self.looks as i64);
                let shown = (0..tasks).filter(|_| random.percent(50.0)).map(|task| Shown {
                    task: TaskIndex(task),
                    last_check_in: Some(moved),
                    has_changed: false,
                    has_agent: true,
                });
                Listing::Page { shown: shown.collect(), next: NextPage::None }
            }
        }
    }

    /// Randomness for a read that goes wrong, now and then.
    fn read_trouble(
        &mut self,
        seed: u64,
        run: usize,
        task: TaskIndex,
        trouble_percent: u8,
    ) -> Option<Random> {
        self.looks += 1;
        let labels = [run as u64, u64::from(task.0), 2_000_000 + self.looks];
        let mut random = Random::for_labels(seed, &labels);
        random.percent(f64::from(trouble_percent)).then_some(random)
    }
}

fn unreadable(random: &mut Random) -> Unreadable {
    let reason = "trouble".to_owned();
    match random.below(4) {
        3 => Unreadable::Unreachable { reason },
        0 => Unreadable::Throttled { retry_after_ms: Some(random.below(90_000)) },
        1 => Unreadable::Forbidden { reason },
        _ => Unreadable::Failed { reason },
    }
}

fn seen(status: CommandStatus, candidates: u16) -> Sighting {
    let (uuid, reason) = ("u".to_owned(), "the device says so".to_owned());
    Sighting::Command(CommandSeen { uuid, status, completed_at: None, reason, candidates })
}

fn trouble(random: &mut Random) -> Verdict {
    let reason = "trouble".to_owned();
    let pin = Some(Sealed::clear("123456".to_owned()));
    let wait_ms = random.below(120_000);
    match random.below(20) {
        0 => Verdict::Accepted(Answer { pin_missing: true, ..Answer::default() }),
        1 => Verdict::Accepted(Answer { pin, note: Some(reason), ..Answer::default() }),
        2 => Verdict::InEffect { reason },
        3 => Verdict::Refused { kind: ApiRefusal::NotFound, reason },
        4 => Verdict::Refused { kind: ApiRefusal::Rejected, reason },
        5 => Verdict::Refused { kind: ApiRefusal::Forbidden, reason },
        6 => Verdict::Refused { kind: ApiRefusal::Unauthorized, reason },
        7 | 8 => Verdict::Throttled { retry_after_ms: None, reason },
        9 | 10 => Verdict::Throttled { retry_after_ms: Some(wait_ms), reason },
        11 | 12 => Verdict::NotSent { reason, ends_run: false },
        13 => Verdict::NotSent { reason, ends_run: true },
        14 => Verdict::Unknown { reason, ends_run: true, retry_after_ms: None },
        15 => Verdict::OtherDevice { reason },
        16 => Verdict::Unknown { reason, ends_run: false, retry_after_ms: Some(wait_ms) },
        _ => Verdict::Unknown { reason, ends_run: false, retry_after_ms: None },
    }
}
