//! The life of commands and what they do to devices.
//!
//! Owns the due queue. Invariant: an event happens at its own time, not at the time of the request that
//! makes the world look; every event leads to later ones only, so advancing always ends. The queue holds a
//! few events for each accepted command, so accepted requests bound it.
//! Must never refuse a command: that is for `actions`.

use std::collections::BTreeMap;

use super::commands::{Command, Status};
use super::device::{CommandEnd, Presence};
use super::draws::{Draw, between, draw};
use super::effects::Effect;
use super::exchange::SimRequest;
use super::switches::{Erased, PinVisible};
use super::world::World;
use crate::model::UnixMillis;

/// How long a device that woke takes to fetch its first command.
const WAKE_FETCH_MS: u64 = 1_000;

/// Something that will happen.
pub(super) enum Due {
    /// A push reaches the device, or fails to.
    Deliver { place: usize, command: usize },
    /// The device ends a command.
    Finish { place: usize, command: usize },
    /// The device comes online.
    Wake { place: usize },
    /// Somebody types the PIN.
    Unlock { place: usize },
    /// The device enrols again.
    Enrol { place: usize },
    /// A request whose connection died long ago is applied.
    Apply { request: Box<SimRequest> },
}

/// Everything that will happen, in order.
#[derive(Default)]
pub(super) struct DueQueue {
    events: BTreeMap<(UnixMillis, u64), Due>,
    next: u64,
}

impl DueQueue {
    pub(super) fn add(&mut self, at: UnixMillis, due: Due) {
        self.events.insert((at, self.next), due);
        self.next += 1;
    }

    fn pop(&mut self, now: UnixMillis) -> Option<(UnixMillis, Due)> {
        let entry = self.events.first_entry()?;
        let at = entry.key().0;
        (at <= now).then(|| (at, entry.remove()))
    }
}

impl World {
    /// Moves the world to this moment. A moment in the past changes nothing.
    pub fn advance(&mut self, now: UnixMillis) {
        while let Some((at, due)) = self.due.pop(now) {
            self.now = self.now.max(at);
            self.happen(due);
        }
        self.now = self.now.max(now);
    }

    /// Wakes a device: its waiting commands reach it.
    pub fn wake(&mut self, device_id: &str) {
        if let Some(place) = self.place_of(device_id) {
            self.come_online(place);
        }
    }

    /// Somebody types the PIN at a locked Mac.
    pub fn unlock(&mut self, device_id: &str) {
        if let Some(place) = self.place_of(device_id) {
            self.happen(Due::Unlock { place });
        }
    }

    /// Takes a device off the network or puts it back.
    pub fn set_presence(&mut self, device_id: &str, presence: Presence) {
        if let Some(place) = self.place_of(device_id) {
            self.take_presence(place, presence);
        }
    }

    pub(super) fn take_presence(&mut self, place: usize, presence: Presence) {
        self.end_check_ins(place);
        self.devices[place].is_restarting = false;
        self.devices[place].facts.presence = presence;
        // A device that is told to be online and is so did not come back.
        self.devices[place].is_online &= presence == Presence::Online;
        match presence {
            Presence::Online => self.come_online(place),
            Presence::OfflineUntil(moment) => self.due.add(moment, Due::Wake { place }),
            Presence::Offline => {}
        }
    }

    /// Puts a command into the queue of its device.
    pub(super) fn enqueue(&mut self, place: usize, command: Command) {
        let device = &mut self.devices[place];
        let at = device.commands.len();
        device.commands.push(command);
        if device.is_reachable() {
            self.push(place, at, 0);
        }
    }

    /// A push that reaches waiting commands sooner.
    pub(super) fn nudge(&mut self, place: usize) {
        if !self.devices[place].is_reachable() {
            return;
        }
        for command in self.waiting(place) {
            self.push(place, command, 1);
        }
    }

    /// Commands that the device has not taken.
    fn waiting(&self, place: usize) -> Vec<usize> {
        let device = &self.devices[place];
        let commands = device.commands.iter().enumerate();
        commands
            .filter(|(_, command)| matches!(command.status, Status::Pending | Status::NotNow))
            .filter(|(_, command)| device.is_current(command))
            .map(|(at, _)| at)
            .collect()
    }

    fn push(&mut self, place: usize, command: usize, round: u64) {
        let label = [place as u64, command as u64, 100 + round];
        let delay_ms = between(&mut draw(self.seed, Draw::Life, label), &self.switches.push_ms);
        self.due.add(self.now.plus_ms(delay_ms), Due::Deliver { place, command });
    }

    fn come_online(&mut self, place: usize) {
        let was_restarting = std::mem::take(&mut self.devices[place].is_restarting);
        if !self.devices[place].is_online && !was_restarting {
            self.devices[place].came_back = Some(self.now);
        }
        self.devices[place].is_online = true;
        self.devices[place].facts.presence = Presence::Online;
        if !self.devices[place].is_reachable() {
            return;
        }
        self.begin_check_ins(place);
        for (order, command) in self.waiting(place).into_iter().enumerate() {
            let at = self.now.plus_ms(WAKE_FETCH_MS * (order as u64 + 1));
            self.due.add(at, Due::Deliver { place, command });
        }
    }

    fn happen(&mut self, due: Due) {
        match due {
            Due::Deliver { place, command } => self.deliver(place, command),
            Due::Finish { place, command } => self.finish(place, command),
            Due::Wake { place } => {
                // A later absence outlasts the end of an earlier one.
                let presence = self.devices[place].facts.presence;
                if matches!(presence, Presence::OfflineUntil(moment) if moment <= self.now) {
                    self.come_online(place);
                }
            }
            Due::Unlock { place } => {
                self.devices[place].is_locked = false;
                let is_online = self.devices[place].is_online;
                if is_online {
                    self.come_online(place);
                }
            }
            Due::Enrol { place } => self.enrol(place),
            Due::Apply { request } => {
                self.applied_late(&request);
            }
        }
    }

    fn deliver(&mut self, place: usize, at: usize) {
        let now = self.now;
        let mut random = draw(self.seed, Draw::Life, [place as u64, at as u64, 0]);
        let is_reachable = self.devices[place].is_reachable();
        let end = self.devices[place].facts.command_end;
        let command = &mut self.devices[place].commands[at];
        if !matches!(command.status, Status::Pending | Status::NotNow) {
            return;
        }
        command.pushed = Some(now);
        if !is_reachable {
            return;
        }
        command.attempts += 1;
        let by_chance = random.percent(self.switches.not_now_percent);
        let drawn_ms = between(&mut random, &self.switches.not_now_ms);
        let wait_ms = match end {
            CommandEnd::NotNowFirst { ms } => Some(ms),
            CommandEnd::ByChance => by_chance.then_some(drawn_ms),
            _ => None,
        };
        if let Some(wait_ms) = wait_ms.filter(|_| !command.has_waited) {
            command.has_waited = true;
            command.status = Status::NotNow;
            self.due.add(now.plus_ms(wait_ms), Due::Deliver { place, command: at });
            self.hear_answer(place);
            return;
        }
        command.status = Status::Running;
        if end != CommandEnd::NeverEnds {
            let run_ms = between(&mut random, &self.switches.run_ms);
            self.due.add(now.plus_ms(run_ms), Due::Finish { place, command: at });
        }
    }

    fn finish(&mut self, place: usize, at: usize) {
        let now = self.now;
        let mut random = draw(self.seed, Draw::Life, [place as u64, at as u64, 1]);
        let is_failed_by_chance = random.percent(self.switches.failed_percent);
        let must_exist = self.switches.users_must_exist;
        let device = &mut self.devices[place];
        if device.commands[at].status != Status::Running {
            return;
        }
        if !device.is_reachable() {
            // The device went away with it: the tenant pushes again when it is back.
            device.commands[at].status = Status::Pending;
            return;
        }
        let effect = device.commands[at].effect.clone();
        let failure = match (device.facts.command_end, &effect) {
            (CommandEnd::Fails, _) => Some("The device could not carry out the request."),
            (CommandEnd::ByChance, _) if is_failed_by_chance => {
                Some("The device is not able to process the command at this time.")
            }
            (_, Effect::DeleteUser(user) | Effect::UseUser(user))
                if must_exist && !user.is_empty() && !device.facts.local_users.contains(user) =>
            {
                Some("The user does not exist on this device.")
            }
            _ => None,
        };
        let is_silent = matches!(effect, Effect::Erase { .. }) && !self.switches.erase_acknowledged;
        let command = &mut device.commands[at];
        if let Some(failure) = failure {
            command.status = Status::Failed;
            command.error = Some(failure.to_owned());
            command.completed = Some(now);
            self.hear_answer(place);
            return;
        }
        if !is_silent {
            command.status = Status::Completed;
            command.completed = Some(now);
            self.hear_answer(place);
        }
        self.take_effect(place, effect);
    }

    fn take_effect(&mut self, place: usize, effect: Effect) {
        let now = self.now;
        match effect {
            Effect::None | Effect::UseUser(_) => {}
            Effect::Restart => {
                let back = now.plus_ms(self.switches.restart_ms);
                self.take_presence(place, Presence::OfflineUntil(back));
                self.devices[place].is_restarting = true;
            }
            Effect::ShutDown => {
                let presence = match self.switches.power_on_after_ms {
                    None => Presence::Offline,
                    Some(ms) => Presence::OfflineUntil(now.plus_ms(ms)),
                };
                self.take_presence(place, presence);
            }
            Effect::Lock => self.lock_down(place),
            Effect::Erase { returns } => self.wipe(place, returns),
            Effect::Rename(name) => {
                self.devices[place].facts.name = name;
                self.lists.forget_order();
            }
            Effect::RemoteDesktop(on) => self.devices[place].facts.remote_desktop = on,
            Effect::DeleteUser(user) => {
                let users = &mut self.devices[place].facts.local_users;
                if user.is_empty() {
                    users.clear();
                }
                users.retain(|known| *known != user);
            }
        }
    }

    fn lock_down(&mut self, place: usize) {
        let now = self.now;
        if self.devices[place].platform() != crate::model::Platform::Mac {
            return;
        }
        self.end_check_ins(place);
        let device = &mut self.devices[place];
        device.is_locked = true;
        if let (PinVisible::AfterDelivery { lag_ms }, Some(pin)) =
            (self.switches.pin_visible, device.pin.as_mut())
        {
            pin.visible_at = Some(now.plus_ms(lag_ms));
        }
        if let Some(ms) = self.switches.unlock_after_ms {
            self.due.add(now.plus_ms(ms), Due::Unlock { place });
        }
    }

    fn wipe(&mut self, place: usize, returns: bool) {
        self.end_check_ins(place);
        let device = &mut self.devices[place];
        device.is_online = false;
        device.pin = None;
        let fate = if returns { Erased::Reenrols } else { self.switches.erased };
        match fate {
            Erased::RecordStays => device.facts.mdm_enabled = false,
            Erased::Gone => self.drop_record(place),
            Erased::Reenrols => {
                let at = self.now.plus_ms(self.switches.reenrol_ms);
                self.due.add(at, Due::Enrol { place });
            }
        }
    }

    fn enrol(&mut self, place: usize) {
        let device = &mut self.devices[place];
        if device.is_deleted {
            return;
        }
        device.facts.last_enrollment = self.now;
        device.facts.mdm_enabled = true;
        device.facts.local_users.clear();
        device.facts.remote_desktop = false;
        self.come_online(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::testbed::Testbed;
    use crate::simulator::{DeviceKind, NewDevice};

    #[test]
    fn a_command_is_pending_then_runs_then_completes() {
        let mut bed = Testbed::macs(1);
        bed.world.switches.push_ms = 1_000..=1_000;
        bed.world.switches.run_ms = 2_000..=2_000;
        bed.post(0, "restart", "");
        assert_eq!(bed.status(0), 1);
        bed.pass_ms(1_000);
        assert_eq!(bed.status(0), 2);
        bed.pass_ms(2_000);
        assert_eq!(bed.status(0), 3);
        let row = bed.commands(0).remove(0);
        assert_eq!(row["attempts"], 1);
        assert!(row["date_completed"].is_string() && row["last_pushed"].is_string());
    }

    #[test]
    fn events_happen_at_their_own_time_even_when_nobody_looks() {
        let mut bed = Testbed::macs(1);
        bed.world.switches.push_ms = 1_000..=1_000;
        bed.world.switches.run_ms = 2_000..=2_000;
        let sent = bed.now;
        bed.post(0, "restart", "");
        bed.pass_ms(86_400_000);
        let row = bed.commands(0).remove(0);
        let ended = UnixMillis::parse(row["date_completed"].as_str().expect("a time"));
        assert_eq!(ended, Some(sent.plus_ms(3_000)));
    }

    #[test]
    fn offline_devices_keep_commands_until_they_wake() {
        let mut bed = Testbed::macs(1);
        bed.set_presence(0, Presence::OfflineUntil(bed.now.plus_ms(7_200_000)));
        bed.post(0, "restart", "");
        bed.pass_ms(7_190_000);
        assert_eq!(bed.status(0), 1);
        bed.pass_ms(60_000);
        assert_eq!(bed.status(0), 3);
    }

    #[test]
    fn failures_carry_the_devices_reason() {
        let device =
            NewDevice { command_end: CommandEnd::Fails, ..NewDevice::new(DeviceKind::MacIntel) };
        let mut bed = Testbed::with(vec![device]);
        bed.post(0, "restart", "");
        bed.pass_ms(60_000);
        let row = bed.commands(0).remove(0);
        assert_eq!(row["status"], 4);
        assert_eq!(row["error_chain"][0]["domain"], "MCMDMErrorDomain");
    }

    #[test]
    fn not_now_comes_round_by_itself() {
        let device = NewDevice {
            command_end: CommandEnd::NotNowFirst { ms: 600_000 },
            ..NewDevice::new(DeviceKind::IPhone)
        };
        let mut bed = Testbed::with(vec![device]);
        bed.post(0, "restart", "");
        bed.pass_ms(60_000);
        assert_eq!(bed.status(0), 5);
        bed.pass_ms(600_000);
        assert_eq!(bed.status(0), 3);
        assert_eq!(bed.commands(0)[0]["attempts"], 2);
    }

    #[test]
    fn a_command_may_run_for_ever() {
        let device = NewDevice {
            command_end: CommandEnd::NeverEnds,
            ..NewDevice::new(DeviceKind::MacIntel)
        };
        let mut bed = Testbed::with(vec![device]);
        bed.post(0, "restart", "");
        bed.pass_ms(86_400_000);
        assert_eq!(bed.status(0), 2);
    }

    #[test]
    fn a_restart_takes_the_device_away_and_a_shutdown_keeps_it() {
        let mut bed = Testbed::macs(1);
        bed.post(0, "restart", "");
        bed.pass_ms(20_000);
        assert!(!bed.world.devices[0].is_online);
        bed.pass_ms(60_000);
        assert!(bed.world.devices[0].is_online);
        bed.post(0, "shutdown", "");
        bed.pass_ms(86_400_000);
        assert!(!bed.world.devices[0].is_online);
        let id = bed.id(0);
        bed.world.wake(&id);
        assert!(bed.world.devices[0].is_online);
    }

    #[test]
    fn a_rename_shows_only_after_completion() {
        let mut bed = Testbed::macs(1);
        let old = bed.device(0)["device_name"].clone();
        bed.post(0, "set-name", r#"{"DeviceName":"Studio 7"}"#);
        assert_eq!(bed.device(0)["device_name"], old);
        bed.pass_ms(60_000);
        assert_eq!(bed.device(0)["device_name"], "Studio 7");
        let row = bed.commands(0).remove(0);
        assert_eq!(row["request_type"], "Settings");
        assert!(row.to_string().contains("DeviceName"));
    }

    #[test]
    fn an_erased_device_leaves_in_three_ways() {
        for (erased, status, managed) in [
            (Erased::RecordStays, 200, false),
            (Erased::Gone, 404, false),
            (Erased::Reenrols, 200, true),
        ] {
            let mut bed = Testbed::macs(1);
            bed.world.switches.erased = erased;
            let before = bed.device(0)["last_enrollment"].clone();
            bed.post(0, "erase", "");
            bed.pass_ms(3_600_000);
            let reply = bed.get(&bed.path(0));
            assert_eq!(reply.status, status, "{erased:?}");
            if status == 200 {
                assert_eq!(reply.json()["mdm_enabled"], managed);
                assert_eq!(reply.json()["last_enrollment"] != before, managed);
                assert_eq!(bed.status(0), 3);
            }
        }
    }

    #[test]
    fn return_to_service_enrols_again_and_an_erase_may_stay_silent() {
        let mut bed = Testbed::of(&[DeviceKind::IPad]);
        bed.world.switches.erase_acknowledged = false;
        let before = bed.device(0)["last_enrollment"].clone();
        bed.post(0, "erase", r#"{"ReturnToService":{"Enabled":true,"ProfileId":"p1"}}"#);
        bed.pass_ms(3_600_000);
        assert_ne!(bed.device(0)["last_enrollment"], before);
        assert_eq!(bed.status(0), 2);
        assert_eq!(bed.post(0, "erase", "").status, 200, "a new enrolment has an empty queue");
    }

    #[test]
    fn a_locked_mac_takes_nothing_until_it_is_unlocked() {
        let mut bed = Testbed::macs(1);
        bed.post(0, "lock", "");
        bed.pass_ms(60_000);
        bed.post(0, "erase", "");
        bed.pass_ms(3_600_000);
        assert_eq!(bed.commands(0)[1]["status"], 1);
        let id = bed.id(0);
        bed.world.unlock(&id);
        bed.pass_ms(60_000);
        assert_eq!(bed.commands(0)[1]["status"], 3);
    }

    #[test]
    fn users_may_have_to_exist() {
        let mut bed = Testbed::macs(1);
        bed.world.switches.users_must_exist = true;
        bed.post(0, "unlock-account", r#"{"UserName":"nobody"}"#);
        bed.post(0, "delete-user", r#"{"UserName":"admin"}"#);
        bed.pass_ms(60_000);
        assert_eq!(bed.commands(0)[0]["status"], 4);
        assert_eq!(bed.commands(0)[1]["status"], 3);
        assert!(bed.world.devices[0].facts.local_users.is_empty());
    }

    #[test]
    fn a_blank_push_brings_not_now_round_sooner() {
        let device = NewDevice {
            command_end: CommandEnd::NotNowFirst { ms: 86_400_000 },
            ..NewDevice::new(DeviceKind::MacIntel)
        };
        let mut bed = Testbed::with(vec![device]);
        bed.post(0, "restart", "");
        bed.pass_ms(60_000);
        assert_eq!(bed.status(0), 5);
        assert_eq!(bed.post(0, "blank-push", "").status, 200);
        bed.pass_ms(60_000);
        assert_eq!(bed.status(0), 3);
        assert_eq!(bed.commands(0).len(), 1);
    }
}
