//! When a device checks in.
//!
//! Owns the moment that the device list shows as the last check-in. It is worked out when a row is made, so
//! that 20,000 devices that check in cost nothing. Must never move a command.

use std::ops::RangeInclusive;

use crate::model::UnixMillis;
use crate::simulator::draws::{Draw, between, draw};
use crate::simulator::setup::switch_values::CheckIn;

/// From one check-in of a device that is online to the next. Documented: the agent checks in every 15
/// minutes.
const CHECK_IN_MS: u64 = 15 * 60 * 1_000;
/// From coming online to the first check-in. Assumed.
const FIRST_CHECK_IN_MS: RangeInclusive<u64> = 2_000..=8_000;

/// The check-ins of one device.
pub(crate) struct CheckIns {
    seed: u64,
    place: u64,
    /// Each device checks in at its own point of the quarter of an hour.
    phase_ms: u64,
    /// The first check-in since the device is online; `None` while it does not check in.
    from: Option<UnixMillis>,
}

impl CheckIns {
    /// The check-ins of the device at this place: none yet.
    pub(crate) fn new(seed: u64, place: usize) -> Self {
        let place = place as u64;
        let phase_ms = draw(seed, Draw::CheckIn, [place, 0, 0]).below(CHECK_IN_MS);
        Self { seed, place, phase_ms, from: None }
    }

    /// The last check-in by now; `kept` is the one before the device came online.
    pub(crate) fn last(
        &self,
        kept: Option<UnixMillis>,
        now: UnixMillis,
        check_in: CheckIn,
    ) -> Option<UnixMillis> {
        if check_in == CheckIn::Never {
            return kept;
        }
        let by_agent = self.from.filter(|from| *from <= now).map(|from| {
            let since_ms = i64::try_from(self.since_ms(now)).unwrap_or(0);
            from.max(UnixMillis(now.0 - since_ms))
        });
        kept.max(by_agent)
    }

    /// The device was online before the tenant opened: it goes on checking in at its own point.
    pub(crate) fn join(&mut self, now: UnixMillis) {
        self.from = Some(now.plus_ms(CHECK_IN_MS - self.since_ms(now)));
    }

    /// The device came online: it checks in a few seconds later and goes on.
    pub(crate) fn begin(&mut self, now: UnixMillis) {
        let label = [self.place, now.0.unsigned_abs(), 1];
        let wait_ms = between(&mut draw(self.seed, Draw::CheckIn, label), &FIRST_CHECK_IN_MS);
        self.from = Some(now.plus_ms(wait_ms));
    }

    /// The device went offline: no more check-ins.
    pub(crate) fn end(&mut self) {
        self.from = None;
    }

    /// How long ago a check-in was last due.
    fn since_ms(&self, now: UnixMillis) -> u64 {
        now.0.unsigned_abs().wrapping_add(self.phase_ms) % CHECK_IN_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::testbed::{START, Testbed};
    use crate::simulator::{DeviceKind, NewDevice, Presence};

    fn seen(bed: &Testbed, place: usize) -> Option<UnixMillis> {
        bed.world.last_check_in(&bed.id(place))
    }

    #[test]
    fn an_online_device_checks_in_four_times_an_hour() {
        let mut bed = Testbed::macs(8);
        let mut phases = std::collections::BTreeSet::new();
        for place in 0..8 {
            assert_eq!(seen(&bed, place), None, "not yet");
        }
        bed.pass_ms(CHECK_IN_MS);
        for place in 0..8 {
            let first = seen(&bed, place).expect("one round has passed");
            assert!(START < first && first <= bed.now);
            phases.insert(first);
        }
        let first = seen(&bed, 0).expect("checked in");
        bed.pass_ms(4 * CHECK_IN_MS);
        assert_eq!(seen(&bed, 0), Some(first.plus_ms(4 * CHECK_IN_MS)));
        assert!(phases.len() > 4, "{phases:?}");
    }

    #[test]
    fn an_offline_device_checks_in_when_it_is_back() {
        let mut bed = Testbed::macs(1);
        bed.pass_ms(CHECK_IN_MS);
        bed.set_presence(0, Presence::OfflineUntil(bed.now.plus_ms(7_200_000)));
        let kept = seen(&bed, 0);
        bed.pass_ms(7_199_000);
        assert_eq!(seen(&bed, 0), kept);
        assert_eq!(bed.world.came_back_at(&bed.id(0)), None);
        bed.pass_ms(1_000);
        assert_eq!(seen(&bed, 0), kept, "it takes some seconds");
        let back = bed.world.came_back_at(&bed.id(0)).expect("it is back");
        assert_eq!(back, bed.now);
        bed.pass_ms(8_000);
        let first = seen(&bed, 0).expect("checked in");
        assert!(back.plus_ms(2_000) <= first && first <= back.plus_ms(8_000));
        let row = bed.device(0);
        let written = UnixMillis::parse(row["last_check_in"].as_str().expect("a text"));
        assert_eq!(written, Some(first));
    }

    #[test]
    fn only_the_switch_lets_an_answer_count_as_a_check_in() {
        for (check_in, moves) in
            [(CheckIn::Agent, false), (CheckIn::OnAnswer, true), (CheckIn::Never, false)]
        {
            let mut bed = Testbed::macs(1);
            bed.world.switches_mut().check_in = check_in;
            bed.post(0, "update-inventory", "");
            bed.pass_ms(10_000);
            assert_eq!(bed.status(0), 3);
            assert_eq!(seen(&bed, 0).is_some(), moves, "{check_in:?}");
            bed.pass_ms(CHECK_IN_MS);
            assert_eq!(seen(&bed, 0).is_some(), check_in != CheckIn::Never, "{check_in:?}");
        }
    }

    #[test]
    fn not_now_and_a_failure_are_answers_too() {
        for command_end in [
            crate::simulator::CommandEnd::NotNowFirst { ms: 86_400_000 },
            crate::simulator::CommandEnd::Fails,
        ] {
            let device = NewDevice { command_end, ..NewDevice::new(DeviceKind::IPad) };
            let mut bed = Testbed::with(vec![device]);
            bed.world.switches_mut().check_in = CheckIn::OnAnswer;
            bed.post(0, "restart", "");
            bed.pass_ms(10_000);
            assert!(seen(&bed, 0).is_some(), "{command_end:?}");
        }
    }

    #[test]
    fn a_locked_mac_does_not_check_in() {
        let mut bed = Testbed::macs(1);
        bed.post(0, "lock", "");
        bed.pass_ms(10_000);
        let kept = seen(&bed, 0);
        bed.pass_ms(10 * CHECK_IN_MS);
        assert_eq!(seen(&bed, 0), kept);
        let id = bed.id(0);
        bed.world.unlock(&id);
        bed.pass_ms(10_000);
        assert!(seen(&bed, 0) > kept);
    }

    #[test]
    fn a_share_goes_offline_and_each_device_comes_back_by_itself() {
        let mut bed = Testbed::macs(100);
        let taken = bed.world.take_offline(40.0, &(60_000..=600_000));
        assert!((20..=60).contains(&taken.len()), "{}", taken.len());
        assert!(bed.world.device_ids().all(|id| bed.world.came_back_at(id).is_none()));
        bed.pass_ms(600_000);
        for place in 0..100 {
            let id = bed.id(place);
            assert_eq!(bed.world.came_back_at(&id).is_some(), taken.contains(&id));
        }
    }

    #[test]
    fn a_restart_is_not_an_absence() {
        let mut bed = Testbed::macs(1);
        bed.set_presence(0, Presence::OfflineUntil(bed.now.plus_ms(60_000)));
        bed.post(0, "restart", "");
        bed.pass_ms(60_000);
        let back = bed.world.came_back_at(&bed.id(0));
        assert_eq!(back, Some(bed.now));
        bed.pass_ms(600_000);
        assert_eq!(bed.status(0), 3);
        assert!(bed.is_online(0));
        assert_eq!(bed.world.came_back_at(&bed.id(0)), back);
    }

    #[test]
    fn a_later_absence_outlasts_an_earlier_one() {
        let mut bed = Testbed::macs(1);
        bed.set_presence(0, Presence::OfflineUntil(bed.now.plus_ms(60_000)));
        bed.set_presence(0, Presence::OfflineUntil(bed.now.plus_ms(600_000)));
        bed.pass_ms(599_000);
        assert!(!bed.is_online(0));
        bed.pass_ms(1_000);
        assert!(bed.is_online(0));
    }

    #[test]
    fn the_order_by_check_in_follows_the_clock() {
        let mut bed = Testbed::macs(40);
        for _ in 0..4 {
            bed.pass_ms(CHECK_IN_MS + 123_456);
            let rows = bed.get("/api/v1/devices?ordering=last_check_in").json();
            let times: Vec<UnixMillis> = rows
                .as_array()
                .expect("a list")
                .iter()
                .filter_map(|row| UnixMillis::parse(row["last_check_in"].as_str()?))
                .collect();
            assert_eq!(times.len(), 40);
            assert!(times.is_sorted());
        }
    }
}
