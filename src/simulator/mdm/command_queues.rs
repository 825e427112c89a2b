//! The commands of all devices: what is queued, and how each command ends.
//!
//! Owns the life of a command from pending to its end. Invariant: a command moves only by what the device
//! at that moment allows, which the caller says. Must never change a device: it reports what a command
//! changes.

use std::ops::Range;

use super::background::{others_command, past_command};
use super::command::{Effect, PlannedCommand, QueuedCommand, QueuedStatus};
use crate::model::UnixMillis;
use crate::simulator::draws::{Draw, between, draw};
use crate::simulator::setup::new_device::CommandEnd;
use crate::simulator::setup::switches::Switches;

/// The commands of all devices, by place.
pub(crate) struct CommandQueues {
    seed: u64,
    started: UnixMillis,
    queues: Vec<CommandQueue>,
}

struct CommandQueue {
    commands: Vec<QueuedCommand>,
    /// How many commands the device already had.
    background: u32,
}

/// The commands of one device as they can be read.
#[derive(Copy, Clone)]
pub(crate) struct CommandHistory<'a> {
    /// Commands that were queued since the tenant opened, oldest first.
    pub(crate) queued: &'a [QueuedCommand],
    /// How many commands the device already had.
    pub(crate) background: u32,
    seed: u64,
    place: usize,
    started: UnixMillis,
}

/// The device that a command reaches, as far as commands care.
pub(crate) struct QueueReceiver<'a> {
    /// Whether the device takes commands now.
    pub(crate) is_reachable: bool,
    /// How its commands end.
    pub(crate) end: CommandEnd,
    /// Short names of its local users.
    pub(crate) local_users: &'a [String],
    /// Whether it is in Lost Mode.
    pub(crate) is_in_lost_mode: bool,
}

/// Which push a delivery belongs to.
#[derive(Copy, Clone)]
pub(crate) enum PushRound {
    /// The push that follows the queuing.
    First = 100,
    /// A later push that delivers waiting commands sooner.
    Nudge = 101,
}

/// What a push to a device led to.
pub(crate) enum Delivered {
    /// The command has ended or runs, or the device is not reachable.
    Nothing,
    /// The device answered Not Now; it is pushed again at this moment.
    NotNow {
        /// When.
        again: UnixMillis,
    },
    /// The device took the command and reports its end at this moment; `None` for never.
    Taken {
        /// When.
        ends: Option<UnixMillis>,
    },
}

/// What a command that came to its end leads to.
pub(crate) struct Finished {
    /// Whether the device reported the end.
    pub(crate) is_reported: bool,
    /// What changes; nothing if it failed.
    pub(crate) effect: Effect,
}

impl CommandQueues {
    /// No devices yet. `started` is the moment at which the tenant opens.
    pub(crate) fn new(seed: u64, started: UnixMillis) -> Self {
        Self { seed, started, queues: Vec::new() }
    }

    /// Adds the queue of the next device, which already had `background` commands.
    pub(crate) fn add(&mut self, background: u32) {
        self.queues.push(CommandQueue { commands: Vec::new(), background });
    }

    /// Sets how many commands a device already had.
    #[cfg(test)]
    pub(super) fn set_background(&mut self, place: usize, count: u32) {
        self.queues[place].background = count;
    }

    /// The commands of the device at this place.
    pub(crate) fn history(&self, place: usize) -> CommandHistory<'_> {
        let CommandQueue { commands, background } = &self.queues[place];
        let (seed, started) = (self.seed, self.started);
        CommandHistory { queued: commands, background: *background, seed, place, started }
    }

    /// Whether a command of this action has not come to its end. Commands from before `enrolled` do not
    /// count: an enrollment begins with an empty queue.
    pub(crate) fn has_open(&self, place: usize, action: &str, enrolled: UnixMillis) -> bool {
        self.queues[place].commands.iter().rev().any(|command| {
            command.action == Some(action) && command.is_open() && command.requested >= enrolled
        })
    }

    /// Commands since `enrolled` that the device has not taken, oldest first.
    pub(crate) fn waiting(&self, place: usize, enrolled: UnixMillis) -> Vec<usize> {
        let commands = self.queues[place].commands.iter().enumerate();
        commands
            .filter(|(_, command)| command.is_waiting() && command.requested >= enrolled)
            .map(|(at, _)| at)
            .collect()
    }

    /// Queues the commands of an action, and now and then one of others. Returns their places.
    pub(crate) fn append(
        &mut self,
        place: usize,
        action: &'static str,
        planned: Vec<PlannedCommand>,
        now: UnixMillis,
        switches: &Switches,
    ) -> Range<usize> {
        let commands = &mut self.queues[place].commands;
        let start = commands.len();
        let mut random = draw(self.seed, Draw::Command, [place as u64, start as u64, 0]);
        for planned in planned {
            commands.push(QueuedCommand::new(random.uuid(), Some(action), planned, now));
        }
        if random.percent(switches.background_percent) {
            commands.push(others_command(&mut random, now));
        }
        start..commands.len()
    }

    /// How long a push takes to reach the device, in milliseconds.
    pub(crate) fn push_delay_ms(
        &self,
        place: usize,
        at: usize,
        round: PushRound,
        switches: &Switches,
    ) -> u64 {
        let label = [place as u64, at as u64, round as u64];
        between(&mut draw(self.seed, Draw::Life, label), &switches.push_ms)
    }

    /// Pushes a command to its device.
    pub(crate) fn deliver(
        &mut self,
        place: usize,
        at: usize,
        to: &QueueReceiver<'_>,
        now: UnixMillis,
        switches: &Switches,
    ) -> Delivered {
        let mut random = draw(self.seed, Draw::Life, [place as u64, at as u64, 0]);
        let command = &mut self.queues[place].commands[at];
        if !command.is_waiting() {
            return Delivered::Nothing;
        }
        command.pushed = Some(now);
        if !to.is_reachable {
            return Delivered::Nothing;
        }
        command.attempts += 1;
        let by_chance = random.percent(switches.not_now_percent);
        let drawn_ms = between(&mut random, &switches.not_now_ms);
        let wait_ms = match to.end {
            CommandEnd::NotNowFirst { ms } => Some(ms),
            CommandEnd::ByChance => by_chance.then_some(drawn_ms),
            _ => None,
        };
        if let Some(wait_ms) = wait_ms.filter(|_| !command.has_waited) {
            command.has_waited = true;
            command.status = QueuedStatus::NotNow;
            return Delivered::NotNow { again: now.plus_ms(wait_ms) };
        }
        command.status = QueuedStatus::Running;
        let is_endless = to.end == CommandEnd::NeverEnds;
        let ends = (!is_endless).then(|| now.plus_ms(between(&mut random, &switches.run_ms)));
        Delivered::Taken { ends }
    }

    /// Ends a running command; `None` when it does not run or its device went away with it.
    pub(crate) fn finish(
        &mut self,
        place: usize,
        at: usize,
        by: &QueueReceiver<'_>,
        now: UnixMillis,
        switches: &Switches,
    ) -> Option<Finished> {
        let mut random = draw(self.seed, Draw::Life, [place as u64, at as u64, 1]);
        let is_failed_by_chance = random.percent(switches.failed_percent);
        let command = &mut self.queues[place].commands[at];
        if command.status != QueuedStatus::Running {
            return None;
        }
        if !by.is_reachable {
            // The tenant pushes it again when the device is back.
            command.status = QueuedStatus::Pending;
            return None;
        }
        if let Some(failure) = failure_of(&command.effect, by, is_failed_by_chance, switches) {
            command.status = QueuedStatus::Failed;
            command.error = Some(failure.to_owned());
            command.completed = Some(now);
            return Some(Finished { is_reported: true, effect: Effect::None });
        }
        let is_erase = matches!(command.effect, Effect::Erase { .. });
        let is_reported = !is_erase || switches.erase_acknowledged;
        if is_reported {
            command.status = QueuedStatus::Completed;
            command.completed = Some(now);
        }
        Some(Finished { is_reported, effect: command.effect.clone() })
    }
}

impl CommandHistory<'_> {
    /// A command that the device already had: number `at`, oldest first.
    pub(crate) fn past(&self, at: usize) -> QueuedCommand {
        past_command(self.seed, self.place, at, self.background, self.started)
    }
}

/// Why the device reports a failure, if it does.
fn failure_of(
    effect: &Effect,
    by: &QueueReceiver<'_>,
    is_failed_by_chance: bool,
    switches: &Switches,
) -> Option<&'static str> {
    match (by.end, effect) {
        (CommandEnd::Fails, _) => Some("The device could not carry out the request."),
        (CommandEnd::ByChance, _) if is_failed_by_chance => {
            Some("The device is not able to process the command at this time.")
        }
        (_, Effect::DeleteUser(user) | Effect::UseUser(user))
            if switches.users_must_exist && !user.is_empty() && !by.local_users.contains(user) =>
        {
            Some("The user does not exist on this device.")
        }
        (_, Effect::PlaySound | Effect::Locate) if !by.is_in_lost_mode => {
            Some("The device is not in Lost Mode.")
        }
        _ => None,
    }
}
