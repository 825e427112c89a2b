//! The MDM service: devices, their commands, and what happens to both over time.
//!
//! Owns the order of events; coordinates devices, queues, schedule and PINs, which do not know each other.
//! Invariant: an event happens at its own time, not at the time of the request that makes the tenant look;
//! every event leads to later ones only, so advancing always ends. Must never refuse or answer a request.

use std::ops::RangeInclusive;

use super::command::{Effect, PlannedCommand};
use super::command_queues::{CommandHistory, CommandQueues, Delivered, PushRound, QueueReceiver};
use super::device_view::{DeviceView, FleetView};
use super::devices::{Devices, RecordUpdate};
use super::lost_mode::LostMode;
use super::pins::IssuedPins;
use super::schedule::{Schedule, ScheduledEvent};
use super::simulated_device::SimulatedDevice;
use crate::model::{Platform, UnixMillis};
use crate::simulator::draws::{Draw, between, draw};
use crate::simulator::setup::new_device::{NewDevice, Presence};
use crate::simulator::setup::switch_values::{Erased, PinVisible};
use crate::simulator::setup::switches::Switches;
use crate::simulator::wire::exchange::SimRequest;

/// From waking to the first command that the device takes, and from each command to the next. Assumed.
const WAKE_FETCH_MS: u64 = 1_000;

/// The MDM service of one tenant.
pub(crate) struct MdmService {
    seed: u64,
    now: UnixMillis,
    devices: Devices,
    queues: CommandQueues,
    schedule: Schedule,
    pins: IssuedPins,
}

impl MdmService {
    /// A service without devices that opens at this moment.
    pub(crate) fn new(seed: u64, now: UnixMillis) -> Self {
        Self {
            seed,
            now,
            devices: Devices::new(seed),
            queues: CommandQueues::new(seed, now),
            schedule: Schedule::default(),
            pins: IssuedPins::new(seed),
        }
    }

    /// The moment to which the tenant has lived.
    pub(crate) fn now(&self) -> UnixMillis {
        self.now
    }

    /// All devices.
    pub(crate) fn devices(&self) -> &Devices {
        &self.devices
    }

    /// All devices as a reader sees them now.
    pub(crate) fn fleet(&self, switches: &Switches) -> FleetView<'_> {
        let (devices, check_in) = (&self.devices, switches.check_in);
        FleetView { devices, seed: self.seed, now: self.now, check_in }
    }

    /// The device at this place as a reader sees it now.
    pub(crate) fn view(&self, place: usize, switches: &Switches) -> DeviceView<'_> {
        self.fleet(switches).at(place)
    }

    /// The commands of the device at this place.
    pub(crate) fn history(&self, place: usize) -> CommandHistory<'_> {
        self.queues.history(place)
    }

    /// Whether a command of this action has not come to its end.
    pub(crate) fn has_open(&self, place: usize, action: &str) -> bool {
        let enrolled = self.devices.at(place).facts.last_enrollment;
        self.queues.has_open(place, action, enrolled)
    }

    /// The valid PIN of a device, if it can be read now.
    pub(crate) fn readable_pin(&self, place: usize) -> Option<&str> {
        self.pins.readable(place, self.now)
    }

    /// Adds a device that already had `background` commands. Returns its place.
    pub(crate) fn add(&mut self, facts: NewDevice, background: u32, switches: &Switches) -> usize {
        let presence = facts.presence;
        let place = self.devices.add(facts);
        self.queues.add(background);
        self.set_presence(place, presence, switches);
        self.devices.at_mut(place).join_check_ins(self.now);
        place
    }

    /// Lives until this moment; a moment in the past changes nothing. Stops early at a request that is
    /// applied late, which the caller applies before it goes on.
    pub(crate) fn advance(
        &mut self,
        until: UnixMillis,
        switches: &Switches,
    ) -> Option<Box<SimRequest>> {
        while let Some((at, event)) = self.schedule.take_due(until) {
            self.now = self.now.max(at);
            match event {
                ScheduledEvent::Deliver { place, command } => {
                    self.deliver(place, command, switches);
                }
                ScheduledEvent::Finish { place, command } => self.finish(place, command, switches),
                ScheduledEvent::Wake { place } => {
                    // A later absence outlasts the end of an earlier one.
                    if self.devices.at(place).is_due_back(self.now) {
                        self.come_online(place, switches);
                    }
                }
                ScheduledEvent::Unlock { place } => self.unlock(place, switches),
                ScheduledEvent::Enroll { place } => self.enroll(place, switches),
                ScheduledEvent::Apply { request } => return Some(request),
            }
        }
        self.now = self.now.max(until);
        None
    }

    /// Has [`Self::advance`] stop at this request after a delay.
    pub(crate) fn apply_later(&mut self, after_ms: u64, request: SimRequest) {
        let request = Box::new(request);
        self.schedule.add(self.now.plus_ms(after_ms), ScheduledEvent::Apply { request });
    }

    /// Takes a device off the network or puts it back.
    pub(crate) fn set_presence(&mut self, place: usize, presence: Presence, switches: &Switches) {
        self.devices.at_mut(place).set_presence(presence, self.now, switches.check_in);
        match presence {
            Presence::Online => self.come_online(place, switches),
            Presence::OfflineUntil(moment) => {
                self.schedule.add(moment, ScheduledEvent::Wake { place });
            }
            Presence::Offline => {}
        }
    }

    /// Takes a share of the reachable devices off the network, each for a drawn time from now on. Returns
    /// their places.
    pub(crate) fn take_offline(
        &mut self,
        percent: f64,
        range_ms: &RangeInclusive<u64>,
        switches: &Switches,
    ) -> Vec<usize> {
        let mut taken = Vec::new();
        for place in 0..self.devices.len() {
            let mut random = draw(self.seed, Draw::Outage, [place as u64, 0, 0]);
            if !self.devices.at(place).is_reachable() || !random.percent(percent) {
                continue;
            }
            let back = self.now.plus_ms(between(&mut random, range_ms));
            self.set_presence(place, Presence::OfflineUntil(back), switches);
            taken.push(place);
        }
        taken
    }

    /// Puts a device online: its waiting commands reach it.
    pub(crate) fn come_online(&mut self, place: usize, switches: &Switches) {
        let device = self.devices.at_mut(place);
        if !device.come_online(self.now, switches.check_in) {
            return;
        }
        let waiting = self.queues.waiting(place, device.facts.last_enrollment);
        for (order, command) in waiting.into_iter().enumerate() {
            let at = self.now.plus_ms(WAKE_FETCH_MS * (order as u64 + 1));
            self.schedule.add(at, ScheduledEvent::Deliver { place, command });
        }
    }

    /// A person types the PIN at a locked Mac.
    pub(crate) fn unlock(&mut self, place: usize, switches: &Switches) {
        if self.devices.at_mut(place).unlock() {
            self.come_online(place, switches);
        }
    }

    /// Changes the record of a device, which the device never notices.
    pub(crate) fn update(&mut self, place: usize, update: RecordUpdate) {
        self.devices.update(place, update);
    }

    /// Ends the Lost Mode of a device, as far as the tenant knows.
    pub(crate) fn cancel_lost_mode(&mut self, place: usize) {
        *self.devices.at_mut(place).lost_mode_mut() = None;
    }

    /// Deletes the record of a device and its secrets.
    pub(crate) fn delete(&mut self, place: usize) {
        self.devices.delete(place);
        self.pins.forget(place);
    }

    /// Issues the PIN of an accepted lock or erase; `chosen` is the one that the request names.
    pub(crate) fn issue_pin(
        &mut self,
        place: usize,
        chosen: Option<&str>,
        switches: &Switches,
    ) -> String {
        let readable_from = (switches.pin_visible == PinVisible::AtOnce).then_some(self.now);
        self.pins.issue(place, chosen, readable_from)
    }

    /// Queues the commands of an accepted action. One without commands is a push that delivers waiting
    /// commands sooner.
    pub(crate) fn queue(
        &mut self,
        place: usize,
        action: &'static str,
        planned: Vec<PlannedCommand>,
        switches: &Switches,
    ) {
        let device = self.devices.at(place);
        let (is_reachable, enrolled) = (device.is_reachable(), device.facts.last_enrollment);
        if planned.is_empty() && is_reachable {
            for command in self.queues.waiting(place, enrolled) {
                self.push(place, command, PushRound::Nudge, switches);
            }
        }
        let queued = self.queues.append(place, action, planned, self.now, switches);
        if is_reachable {
            for command in queued {
                self.push(place, command, PushRound::First, switches);
            }
        }
    }

    /// Sets how many commands a device already had.
    #[cfg(test)]
    pub(crate) fn set_background(&mut self, place: usize, count: u32) {
        self.queues.set_background(place, count);
    }

    fn push(&mut self, place: usize, command: usize, round: PushRound, switches: &Switches) {
        let delay_ms = self.queues.push_delay_ms(place, command, round, switches);
        let at = self.now.plus_ms(delay_ms);
        self.schedule.add(at, ScheduledEvent::Deliver { place, command });
    }

    fn deliver(&mut self, place: usize, command: usize, switches: &Switches) {
        let to = recipient(self.devices.at(place));
        match self.queues.deliver(place, command, &to, self.now, switches) {
            Delivered::NotNow { again } => {
                self.schedule.add(again, ScheduledEvent::Deliver { place, command });
                self.devices.at_mut(place).answer_command(self.now, switches.check_in);
            }
            Delivered::Taken { ends: Some(at) } => {
                self.schedule.add(at, ScheduledEvent::Finish { place, command });
            }
            Delivered::Taken { ends: None } | Delivered::Nothing => {}
        }
    }

    fn finish(&mut self, place: usize, command: usize, switches: &Switches) {
        let by = recipient(self.devices.at(place));
        let Some(finished) = self.queues.finish(place, command, &by, self.now, switches) else {
            return;
        };
        if finished.is_reported {
            self.devices.at_mut(place).answer_command(self.now, switches.check_in);
        }
        self.take_effect(place, finished.effect, switches);
    }

    fn take_effect(&mut self, place: usize, effect: Effect, switches: &Switches) {
        match effect {
            Effect::None | Effect::UseUser(_) => {}
            Effect::Restart => {
                let back = self.now.plus_ms(switches.restart_ms);
                self.set_presence(place, Presence::OfflineUntil(back), switches);
                self.devices.at_mut(place).begin_restart();
            }
            Effect::ShutDown => {
                let presence = match switches.power_on_after_ms {
                    None => Presence::Offline,
                    Some(ms) => Presence::OfflineUntil(self.now.plus_ms(ms)),
                };
                self.set_presence(place, presence, switches);
            }
            Effect::Lock => self.lock_down(place, switches),
            Effect::Erase { returns } => self.wipe(place, returns, switches),
            Effect::Rename(name) => self.devices.rename(place, name),
            Effect::RemoteDesktop(on) => self.devices.at_mut(place).facts.remote_desktop = on,
            Effect::DeleteUser(user) => self.devices.at_mut(place).delete_user(&user),
            Effect::EnableLostMode(texts) => {
                let lost_mode = LostMode::new(texts, self.now);
                *self.devices.at_mut(place).lost_mode_mut() = Some(lost_mode);
            }
            Effect::DisableLostMode => self.cancel_lost_mode(place),
            Effect::PlaySound => {
                let now = self.now;
                let lost_mode = self.devices.at_mut(place).lost_mode_mut();
                lost_mode.iter_mut().for_each(|lost_mode| lost_mode.sounded_at = Some(now));
            }
            Effect::Locate => {
                let now = self.now;
                let lost_mode = self.devices.at_mut(place).lost_mode_mut();
                lost_mode.iter_mut().for_each(|lost_mode| lost_mode.located_at = Some(now));
            }
        }
    }

    fn lock_down(&mut self, place: usize, switches: &Switches) {
        let device = self.devices.at_mut(place);
        if device.platform() != Platform::Mac {
            return;
        }
        device.lock_down(self.now, switches.check_in);
        if let PinVisible::AfterDelivery { lag_ms } = switches.pin_visible {
            self.pins.make_readable(place, self.now.plus_ms(lag_ms));
        }
        if let Some(ms) = switches.unlock_after_ms {
            self.schedule.add(self.now.plus_ms(ms), ScheduledEvent::Unlock { place });
        }
    }

    fn wipe(&mut self, place: usize, returns: bool, switches: &Switches) {
        self.devices.at_mut(place).wipe(self.now, switches.check_in);
        self.pins.forget(place);
        match if returns { Erased::Reenrols } else { switches.erased } {
            Erased::RecordStays => self.devices.at_mut(place).lose_mdm(),
            Erased::Gone => self.delete(place),
            Erased::Reenrols => {
                let at = self.now.plus_ms(switches.reenrol_ms);
                self.schedule.add(at, ScheduledEvent::Enroll { place });
            }
        }
    }

    fn enroll(&mut self, place: usize, switches: &Switches) {
        let device = self.devices.at_mut(place);
        if device.is_deleted() {
            return;
        }
        device.enroll(self.now);
        self.come_online(place, switches);
    }
}

/// The device as far as commands care.
fn recipient(device: &SimulatedDevice) -> QueueReceiver<'_> {
    QueueReceiver {
        is_reachable: device.is_reachable(),
        end: device.facts.command_end,
        local_users: &device.facts.local_users,
        is_in_lost_mode: device.lost_mode().is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::testbed::Testbed;
    use crate::simulator::{CommandEnd, DeviceKind, NewDevice};

    #[test]
    fn a_command_is_pending_then_runs_then_completes() {
        let mut bed = Testbed::macs(1);
        bed.world.switches_mut().push_ms = 1_000..=1_000;
        bed.world.switches_mut().run_ms = 2_000..=2_000;
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
    fn events_happen_on_time_without_a_reader() {
        let mut bed = Testbed::macs(1);
        bed.world.switches_mut().push_ms = 1_000..=1_000;
        bed.world.switches_mut().run_ms = 2_000..=2_000;
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
        assert!(!bed.is_online(0));
        bed.pass_ms(60_000);
        assert!(bed.is_online(0));
        bed.post(0, "shutdown", "");
        bed.pass_ms(86_400_000);
        assert!(!bed.is_online(0));
        let id = bed.id(0);
        bed.world.wake(&id);
        assert!(bed.is_online(0));
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
            bed.world.switches_mut().erased = erased;
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
        bed.world.switches_mut().erase_acknowledged = false;
        let before = bed.device(0)["last_enrollment"].clone();
        bed.post(0, "erase", r#"{"ReturnToService":{"Enabled":true,"ProfileId":"p1"}}"#);
        bed.pass_ms(3_600_000);
        assert_ne!(bed.device(0)["last_enrollment"], before);
        assert_eq!(bed.status(0), 2);
        assert_eq!(bed.post(0, "erase", "").status, 200, "a new enrollment has an empty queue");
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
        bed.world.switches_mut().users_must_exist = true;
        bed.post(0, "unlock-account", r#"{"UserName":"nobody"}"#);
        bed.post(0, "delete-user", r#"{"UserName":"admin"}"#);
        bed.pass_ms(60_000);
        assert_eq!(bed.commands(0)[0]["status"], 4);
        assert_eq!(bed.commands(0)[1]["status"], 3);
        assert!(bed.facts(0).local_users.is_empty());
    }

    #[test]
    fn a_blank_push_ends_not_now_sooner() {
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
