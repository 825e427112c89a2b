//! One device of the tenant: its record, and the state that it is in.
//!
//! Owns what a device's state allows and how the state changes. Must never know commands or answer a
//! request.

use super::check_ins::CheckIns;
use super::lost_mode::{LostMode, LostModeTexts};
use crate::model::{Platform, UnixMillis};
use crate::simulator::setup::new_device::{NewDevice, Presence};
use crate::simulator::setup::switch_values::CheckIn;

/// A device of the tenant.
pub(crate) struct SimulatedDevice {
    /// What its record says.
    pub(crate) facts: NewDevice,
    /// The enrollment with which it came into the tenant.
    pub(crate) first_enrollment: UnixMillis,
    is_online: bool,
    check_ins: CheckIns,
    /// It is offline because it restarts.
    is_restarting: bool,
    came_back: Option<UnixMillis>,
    /// Macs only: nothing reaches it until a person types the PIN.
    is_locked: bool,
    lost_mode: Option<LostMode>,
    is_deleted: bool,
}

impl SimulatedDevice {
    /// A device with these facts that does not check in yet. `place` is its number in the tenant.
    pub(crate) fn new(seed: u64, place: usize, facts: NewDevice) -> Self {
        Self {
            first_enrollment: facts.last_enrollment,
            is_online: facts.presence == Presence::Online,
            check_ins: CheckIns::new(seed, place),
            is_restarting: false,
            came_back: None,
            is_locked: false,
            lost_mode: facts
                .is_in_lost_mode
                .then(|| LostMode::new(LostModeTexts::default(), facts.last_enrollment)),
            is_deleted: false,
            facts,
        }
    }

    /// The platform as the API names it.
    pub(crate) fn platform(&self) -> Platform {
        self.facts.kind.platform()
    }

    /// Whether it is switched on and has a network.
    #[cfg(test)]
    pub(crate) fn is_online(&self) -> bool {
        self.is_online
    }

    /// Whether a lock is in effect.
    pub(crate) fn is_locked(&self) -> bool {
        self.is_locked
    }

    /// Its Lost Mode; `None` while it is off.
    pub(crate) fn lost_mode(&self) -> Option<&LostMode> {
        self.lost_mode.as_ref()
    }

    /// Its Lost Mode, to change it.
    pub(crate) fn lost_mode_mut(&mut self) -> &mut Option<LostMode> {
        &mut self.lost_mode
    }

    /// Whether its record was deleted.
    pub(crate) fn is_deleted(&self) -> bool {
        self.is_deleted
    }

    /// Whether the tenant accepts actions for it.
    pub(crate) fn is_managed(&self) -> bool {
        self.facts.mdm_enabled && !self.facts.is_removed && !self.is_deleted
    }

    /// Whether a push reaches it now.
    pub(crate) fn is_reachable(&self) -> bool {
        self.is_online && !self.is_locked && self.is_managed()
    }

    /// When it last came back from being offline; `None` if it never did. A restart does not count.
    pub(crate) fn came_back(&self) -> Option<UnixMillis> {
        self.came_back
    }

    /// Whether it is offline until a moment that has come.
    pub(crate) fn is_due_back(&self, now: UnixMillis) -> bool {
        matches!(self.facts.presence, Presence::OfflineUntil(moment) if moment <= now)
    }

    /// The last check-in by now.
    pub(crate) fn checked_in(&self, now: UnixMillis, check_in: CheckIn) -> Option<UnixMillis> {
        self.check_ins.last(self.facts.last_check_in, now, check_in)
    }

    /// The device was there before the tenant opened: it checks in at its own point of the quarter hour.
    pub(crate) fn join_check_ins(&mut self, now: UnixMillis) {
        if self.is_reachable() {
            self.check_ins.join(now);
        } else {
            self.check_ins.end();
        }
    }

    /// Goes offline or stays online. [`Self::come_online`] puts it back.
    pub(crate) fn set_presence(&mut self, presence: Presence, now: UnixMillis, check_in: CheckIn) {
        self.end_check_ins(now, check_in);
        self.is_restarting = false;
        self.facts.presence = presence;
        // A device that is set online and already was has not come back.
        self.is_online &= presence == Presence::Online;
    }

    /// Goes online; true when commands reach it now.
    pub(crate) fn come_online(&mut self, now: UnixMillis, check_in: CheckIn) -> bool {
        let was_restarting = std::mem::take(&mut self.is_restarting);
        if !self.is_online && !was_restarting {
            self.came_back = Some(now);
        }
        self.is_online = true;
        self.facts.presence = Presence::Online;
        if !self.is_reachable() {
            return false;
        }
        self.end_check_ins(now, check_in);
        self.check_ins.begin(now);
        true
    }

    /// Answers a command, which some tenants count as a check-in.
    pub(crate) fn answer_command(&mut self, now: UnixMillis, check_in: CheckIn) {
        if check_in == CheckIn::OnAnswer {
            self.facts.last_check_in = Some(now);
        }
    }

    /// Its absence is a restart.
    pub(crate) fn begin_restart(&mut self) {
        self.is_restarting = true;
    }

    /// Takes a lock: no command reaches it after that.
    pub(crate) fn lock_down(&mut self, now: UnixMillis, check_in: CheckIn) {
        self.end_check_ins(now, check_in);
        self.is_locked = true;
    }

    /// A person types the PIN; true when it is online.
    pub(crate) fn unlock(&mut self) -> bool {
        self.is_locked = false;
        self.is_online
    }

    /// Erases itself and goes offline.
    pub(crate) fn wipe(&mut self, now: UnixMillis, check_in: CheckIn) {
        self.end_check_ins(now, check_in);
        self.is_online = false;
    }

    /// Is no longer under MDM; its record stays.
    pub(crate) fn lose_mdm(&mut self) {
        self.facts.mdm_enabled = false;
    }

    /// Enrolls again with an empty disk.
    pub(crate) fn enroll(&mut self, now: UnixMillis) {
        self.facts.last_enrollment = now;
        self.facts.mdm_enabled = true;
        self.facts.local_users.clear();
        self.facts.remote_desktop = false;
        self.lost_mode = None;
    }

    /// Loses its record.
    pub(crate) fn delete(&mut self) {
        self.is_deleted = true;
    }

    /// Deletes a local user; an empty name deletes all of them.
    pub(crate) fn delete_user(&mut self, name: &str) {
        let users = &mut self.facts.local_users;
        if name.is_empty() {
            users.clear();
        }
        users.retain(|known| known != name);
    }

    fn end_check_ins(&mut self, now: UnixMillis, check_in: CheckIn) {
        self.facts.last_check_in = self.checked_in(now, check_in);
        self.check_ins.end();
    }
}
