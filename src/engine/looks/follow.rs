//! When to look again for the ends of tasks that the API has taken.
//!
//! Owns the backoff of looks, device by device, and what the device list says about which devices deserve a
//! look now. Volatile: a resume begins anew. Must never settle anything, and never rely on the list alone:
//! every device is read again after a while, no matter what the list shows.

use std::collections::{BTreeMap, BTreeSet};

use super::check_in_poll::CheckInPoll;
use super::first_looks::FirstLooks;
use super::witnesses::Witnesses;
use crate::model::{Shown, TaskIndex, UnixMillis};

/// Delays between looks when few devices are followed, in milliseconds: an online device answers within
/// seconds, a sleeping one within hours.
const DELAYS_FEW_MS: [u64; 8] =
    [2_000, 5_000, 10_000, 20_000, 40_000, 80_000, 160_000, LOOK_MS_MAX];
/// From this many followed devices on, looks are spared: no person watches each of them.
const CROWD: usize = 20;
/// Delays between looks in a crowd, before the list is known to help.
const DELAYS_CROWD_MS: [u64; 4] = [10_000, 60_000, 240_000, UNPROVEN_MS];
/// First delays when the list is relied on; the safety net follows.
const DELAYS_RELIED_ON_MS: [u64; 3] = [10_000, 60_000, 240_000];
/// Delays after the list has shown that a device is awake. After them it is one of many again.
const DELAYS_AWAKE_MS: [u64; 4] = [15_000, 30_000, 60_000, 240_000];
/// Longest delay between two reads of a device, when there are few.
const LOOK_MS_MAX: u64 = 300_000;
/// Longest delay while nothing better is known: a device that comes back is settled within ten minutes.
const UNPROVEN_MS: u64 = 480_000;
/// The safety net under the list: each device is read this often, no matter what the list shows.
const SAFETY_NET_MS: u64 = 3_600_000;
/// The same once the list has announced many ends and missed none.
const SAFETY_NET_PROVEN_MS: u64 = 3 * SAFETY_NET_MS;
/// A device whose last check-in is older than this is away: agents check in every 15 minutes.
const AWAY_AFTER_MS: i64 = 1_200_000;
/// While the list is relied on without proof, every so-manyeth task is read as often as without the list. So a list
/// that does not show who is back is found out by few tasks, and soon.
const SAMPLE_EVERY: u32 = 16;

/// The queue of looks.
#[derive(Clone, Debug, Default)]
pub(super) struct FollowQueue {
    due: BTreeSet<(UnixMillis, TaskIndex)>,
    memory: BTreeMap<TaskIndex, FollowedTask>,
    /// The reading of the device list.
    pub(super) poll: CheckInPoll,
    witnesses: Witnesses,
    first_looks: FirstLooks,
    /// Each task is read only once.
    pub(super) is_one_pass: bool,
}

#[derive(Clone, Debug, Default)]
struct FollowedTask {
    /// Its place in the queue.
    due_at: Option<UnixMillis>,
    looks: usize,
    /// When it last checked in, as the list showed.
    check_in: Option<UnixMillis>,
    /// Its agent checks in regularly.
    has_agent: bool,
    /// The list showed that it is awake.
    is_awake: bool,
    /// How often it did.
    wakes: u32,
    /// The list showed its task's effect.
    has_changed: bool,
    /// The last poll that showed it unchanged.
    quiet_at: Option<UnixMillis>,
    /// The last poll that showed it at all.
    shown_at: Option<UnixMillis>,
}

impl FollowQueue {
    /// Puts the next look of a task into the queue, with growing delay, but not after `latest` if that is
    /// still to come: a wait that ends should not miss what happened in its last minutes.
    pub(super) fn schedule(&mut self, task: TaskIndex, now: UnixMillis, latest: UnixMillis) {
        if self.is_one_pass {
            return;
        }
        let is_worth_it = self.is_poll_worth_it();
        let (is_trusted, is_alive) = (self.poll.is_trusted(), self.is_alive());
        let (is_proven, is_crowd) = (self.poll.is_proven(), self.is_crowd());
        let memory = self.memory.entry(task).or_default();
        let is_sample = task.0.is_multiple_of(SAMPLE_EVERY);
        let is_relied_on =
            is_worth_it && (is_trusted || (is_alive && memory.has_agent && !is_sample));
        let safety_net_ms = match is_proven && memory.has_agent {
            true => SAFETY_NET_PROVEN_MS,
            false => SAFETY_NET_MS,
        };
        // One that is awake and does not do it gets a single read on each later sign of life.
        let looks_awake_max = if memory.wakes > 1 { 0 } else { DELAYS_AWAKE_MS.len() };
        if memory.is_awake && memory.looks >= looks_awake_max {
            memory.is_awake = false;
            memory.looks = memory.looks.max(DELAYS_CROWD_MS.len());
        }
        let is_away =
            memory.has_agent && memory.check_in.is_some_and(|at| now.since(at) > AWAY_AFTER_MS);
        if !memory.is_awake && is_crowd && is_worth_it {
            self.first_looks.count(memory.looks, false);
            memory.looks = self.first_looks.next_worth_it(memory.looks);
            if is_away && memory.looks > 0 {
                memory.looks = memory.looks.max(DELAYS_CROWD_MS.len());
            }
        }
        let delays: &[u64] = match (memory.is_awake, is_crowd, is_relied_on) {
            (true, _, _) => &DELAYS_AWAKE_MS,
            (false, false, _) => &DELAYS_FEW_MS,
            (false, true, false) => &DELAYS_CROWD_MS,
            (false, true, true) => &DELAYS_RELIED_ON_MS,
        };
        let last_ms =
            if is_crowd && is_relied_on { safety_net_ms } else { delays[delays.len() - 1] };
        let delay_ms = delays.get(memory.looks).copied().unwrap_or(last_ms);
        memory.looks += 1;
        let at = now.plus_ms(delay_ms);
        self.put(task, if latest > now { at.min(latest) } else { at });
        if self.is_poll_worth_it() {
            self.poll.begin(now);
        }
    }

    /// Puts a look into the queue for a given moment.
    pub(super) fn put(&mut self, task: TaskIndex, at: UnixMillis) {
        let memory = self.memory.entry(task).or_default();
        if let Some(before) = memory.due_at.replace(at) {
            self.due.remove(&(before, task));
        }
        self.due.insert((at, task));
    }

    /// The moment of the next look or of the next page of the list.
    pub(super) fn next(&self) -> Option<UnixMillis> {
        let look = self.due.first().map(|(at, _)| *at);
        [look, self.poll.due_at()].into_iter().flatten().min()
    }

    /// Looks that are due.
    pub(super) fn due(&self, now: UnixMillis, count_max: usize) -> usize {
        let pages = usize::from(self.poll.due_at().is_some_and(|at| at <= now));
        pages + self.due.iter().take_while(|(at, _)| *at <= now).take(count_max).count()
    }

    /// Takes the next look out of the queue.
    pub(super) fn take(&mut self) -> Option<TaskIndex> {
        let (_, task) = self.due.pop_first()?;
        if let Some(memory) = self.memory.get_mut(&task) {
            memory.due_at = None;
        }
        Some(task)
    }

    /// Looking is in vain: only the safety net is left.
    pub(super) fn slow_down(&mut self, task: TaskIndex) {
        let memory = self.memory.entry(task).or_default();
        memory.looks = usize::MAX / 2;
        memory.is_awake = false;
    }

    /// Forgets a task that has ended or left this queue.
    pub(super) fn forget(&mut self, task: TaskIndex) {
        if let Some(at) = self.memory.remove(&task).and_then(|memory| memory.due_at) {
            self.due.remove(&(at, task));
        }
    }

    /// A task that was sent at `sent_at` has ended at `ended_at`, as far as known: says whether the list had
    /// anything to do with it.
    pub(super) fn learn(
        &mut self,
        task: TaskIndex,
        sent_at: UnixMillis,
        ended_at: Option<UnixMillis>,
        now: UnixMillis,
    ) {
        let Some(memory) = self.memory.get(&task) else { return };
        if !memory.is_awake {
            self.first_looks.count(memory.looks, true);
        }
        let was_relied_on = self.is_relied_on();
        self.poll.learn(sent_at, ended_at, memory.is_awake, memory.quiet_at, now);
        if was_relied_on && !self.is_relied_on() || self.poll.has_just_given_up() {
            self.catch_up(now);
        }
    }

    /// Takes in rows of the list. A device whose last check-in has moved is awake. Returns the tasks whose row
    /// shows their effect for the first time.
    pub(super) fn take_rows(
        &mut self,
        rows: &[Shown],
        sent_at: impl Fn(TaskIndex) -> UnixMillis,
        now: UnixMillis,
    ) -> Vec<TaskIndex> {
        let mut changed = Vec::new();
        let polled_at = self.poll.started_at();
        for row in rows {
            let Some(memory) = self.memory.get_mut(&row.task) else {
                self.witnesses.take(row, polled_at);
                continue;
            };
            memory.has_agent = row.has_agent;
            memory.shown_at = Some(polled_at);
            let before = memory.check_in.unwrap_or_else(|| sent_at(row.task));
            let has_moved = row.last_check_in.is_some_and(|at| at > before);
            memory.check_in = row.last_check_in.max(memory.check_in);
            let is_changed_now =
                row.has_changed && !std::mem::replace(&mut memory.has_changed, true);
            if has_moved || is_changed_now {
                self.wake(row.task, now);
            } else {
                memory.quiet_at = Some(polled_at);
            }
            if is_changed_now {
                changed.push(row.task);
            }
        }
        changed
    }

    /// The list has been read to its end: those of `candidates` that it did not show may be gone.
    pub(super) fn take_missing(&mut self, candidates: &[TaskIndex], now: UnixMillis) {
        let polled_at = self.poll.started_at();
        for task in candidates {
            let is_missing = self
                .memory
                .get(task)
                .is_some_and(|memory| memory.shown_at.is_none_or(|at| at < polled_at));
            if is_missing {
                self.wake(*task, now);
            }
        }
    }

    /// All devices that the poll in progress did not show have not checked in since the last one.
    pub(super) fn rest_is_quiet(&mut self) {
        let polled_at = self.poll.started_at();
        let is_rest = |memory: &&mut FollowedTask| memory.shown_at.is_some_and(|at| at < polled_at);
        for memory in self.memory.values_mut().filter(is_rest) {
            memory.shown_at = Some(polled_at);
            memory.quiet_at = Some(polled_at);
        }
    }

    /// Whether some poll has shown every device that is followed: its last check-in is known.
    pub(super) fn has_shown_each(&self) -> bool {
        self.memory.values().all(|memory| memory.shown_at.is_some())
    }

    /// Whether the poll in progress has shown every device that is followed.
    pub(super) fn has_shown_all(&self) -> bool {
        let polled_at = self.poll.started_at();
        self.memory.values().all(|memory| memory.shown_at.is_some_and(|at| at >= polled_at))
    }

    /// Whether the list is relied on, proven or not.
    fn is_relied_on(&self) -> bool {
        self.poll.is_trusted() || self.is_alive()
    }

    /// Whether the list shows how the check-ins of other devices go on, and it has missed no end.
    fn is_alive(&self) -> bool {
        self.witnesses.are_enough() && self.poll.has_missed_none()
    }

    fn wake(&mut self, task: TaskIndex, now: UnixMillis) {
        let Some(memory) = self.memory.get_mut(&task) else { return };
        memory.is_awake = true;
        memory.wakes += 1;
        memory.looks = 0;
        // One that is being read now is put back with the delays of those that are awake.
        if memory.due_at.is_some() {
            self.put(task, now);
        }
    }

    /// Tasks that are followed.
    pub(super) fn tasks(&self) -> impl Iterator<Item = TaskIndex> + '_ {
        self.memory.keys().copied()
    }

    /// Whether the list, or its next page, costs less than what it tells is worth: a fleet may be much larger
    /// than what is followed of it.
    pub(super) fn is_poll_worth_it(&self) -> bool {
        !self.is_one_pass && self.is_crowd() && self.poll.is_worth_it(self.memory.len())
    }

    /// Whether looks are spared. A list that was seen to help goes on helping the last few.
    fn is_crowd(&self) -> bool {
        self.memory.len() >= CROWD || self.poll.is_trusted()
    }

    /// A page of the list could not be used.
    pub(super) fn list_failed(&mut self, now: UnixMillis, is_in_vain: bool) {
        if is_in_vain {
            self.poll.give_up();
            self.catch_up(now);
        } else {
            self.plan_poll(now);
        }
    }

    /// Plans the next poll, or goes on without one.
    pub(super) fn plan_poll(&mut self, now: UnixMillis) {
        if self.is_poll_worth_it() {
            self.poll.plan_next(now);
        } else if self.poll.end() {
            self.catch_up(now);
        }
    }

    /// The list is no longer relied on: no task waits longer than without it.
    fn catch_up(&mut self, now: UnixMillis) {
        let latest = now.plus_ms(UNPROVEN_MS);
        let late: Vec<TaskIndex> =
            self.due.iter().filter(|(at, _)| *at > latest).map(|(_, task)| *task).collect();
        for (place, task) in late.into_iter().enumerate() {
            // Spread over the time, so that they do not all come due together.
            let spread_ms = (place as u64 * 7_919) % UNPROVEN_MS;
            self.put(task, now.plus_ms(spread_ms));
        }
    }
}
