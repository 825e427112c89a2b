//! How many devices an action of a job may reach, by an organization's policy.
//!
//! Owns the built-in caps, which exception holds, and how far an approval raises a cap. Time and the size of the fleet
//! are arguments. Must never count what was spent: `budget` does.

use super::caps::{CapKeys, CappedAction, Share};
use super::fleet_policy::FleetPolicy;
use crate::kandji::ActionSpec;
use crate::model::{Risk, UnixMillis, is_same_text};

/// Where the policy says nothing.
const DISRUPTIVE: CapRule = CapRule { per_run: 200, per_day: 200, share: Share(2_000) };

const IRREVERSIBLE: CapRule = CapRule { per_run: 25, per_day: 25, share: Share(500) };

/// How many devices one action may reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cap {
    /// Most devices in one run.
    pub per_run: u32,
    /// In any 24 hours, over all runs of the state directory.
    pub per_day: u32,
    /// Where these numbers come from, for people.
    pub why: String,
}

/// A cap with nothing left open.
#[derive(Copy, Clone, Debug)]
struct CapRule {
    per_run: u32,
    per_day: u32,
    share: Share,
}

impl CapRule {
    fn with(self, keys: &CapKeys) -> Self {
        Self {
            per_run: keys.per_run.unwrap_or(self.per_run),
            per_day: keys.per_day.unwrap_or(self.per_day),
            share: keys.share.unwrap_or(self.share),
        }
    }

    fn cap(self, fleet: Option<u32>) -> Cap {
        let share = self.share.devices(fleet);
        let of_what = match fleet {
            Some(fleet) => format!("{} of the tenant's {fleet} devices", self.share),
            None => format!("{} of a tenant of unknown size", self.share),
        };
        Cap {
            per_run: self.per_run.min(share),
            per_day: self.per_day.min(share),
            why: format!(
                "the policy allows {} devices per run, {} per day, and {of_what}, which is {share}",
                self.per_run, self.per_day
            ),
        }
    }
}

impl FleetPolicy {
    /// How many devices an action of a job may reach; `None` for read and benign actions, which have no cap.
    ///
    /// ```
    /// use sortie::{kandji::find_action, model::UnixMillis, plan::FleetPolicy};
    /// let erase = find_action("erase").expect("an action");
    /// let cap = FleetPolicy::default().cap(erase, "leavers", Some(400), UnixMillis(0));
    /// assert_eq!(cap.map(|cap| cap.per_run), Some(20));
    /// ```
    #[must_use]
    pub fn cap(
        &self,
        action: &ActionSpec,
        job: &str,
        fleet: Option<u32>,
        now: UnixMillis,
    ) -> Option<Cap> {
        let by_risk = match action.risk {
            Risk::Read | Risk::Benign => return None,
            Risk::Disruptive => DISRUPTIVE.with(&self.caps.disruptive),
            Risk::Irreversible => IRREVERSIBLE.with(&self.caps.irreversible),
        };
        let own = self.caps.action.get(&CappedAction(action.name.to_owned()));
        let mut cap = own.map_or(by_risk, |keys| by_risk.with(keys)).cap(fleet);
        let meant = self.exceptions.iter().filter(|exception| {
            is_same_text(&exception.job, job)
                && exception.action.0 == action.name
                && now < exception.until.at
        });
        for exception in meant {
            if exception.max <= cap.per_run.min(cap.per_day) {
                continue;
            }
            cap.per_run = cap.per_run.max(exception.max);
            cap.per_day = cap.per_day.max(exception.max);
            cap.why = format!(
                "an exception in the policy allows {} devices until {}",
                exception.max, exception.until.written
            );
        }
        Some(cap)
    }

    /// What an approval raises [`FleetPolicy::cap`] to; `None` where it raises nothing.
    #[must_use]
    pub fn maximum(
        &self,
        action: &ActionSpec,
        job: &str,
        fleet: Option<u32>,
        now: UnixMillis,
    ) -> Option<Cap> {
        let cap = self.cap(action, job, fleet, now)?;
        let by_risk = match action.risk {
            Risk::Irreversible => self.maximum.irreversible,
            _ => self.maximum.disruptive,
        };
        let name = CappedAction(action.name.to_owned());
        let own = self.maximum.action.get(&name).copied().unwrap_or_default();
        let raised = |own: Option<u32>, by_risk: Option<u32>, cap: u32| {
            own.or(by_risk).map_or(cap, |most| most.max(cap))
        };
        let per_run = raised(own.per_run, by_risk.per_run, cap.per_run);
        let per_day = raised(own.per_day, by_risk.per_day, cap.per_day);
        let why = format!(
            "with an approval, the policy allows {per_run} devices per run and {per_day} per day"
        );
        let is_raised = (per_run, per_day) != (cap.per_run, cap.per_day);
        is_raised.then_some(Cap { per_run, per_day, why })
    }
}

#[cfg(test)]
mod tests {
    use super::super::fleet_policy::tests::policy;
    use super::*;
    use crate::kandji::find_action;

    fn at(text: &str) -> UnixMillis {
        UnixMillis::parse(text).expect("a moment")
    }

    fn numbers(cap: Option<Cap>) -> Option<(u32, u32)> {
        cap.map(|cap| (cap.per_run, cap.per_day))
    }

    #[test]
    fn the_smaller_of_number_and_share_wins_above_a_floor() {
        let own = policy(
            "[caps.disruptive]\nper_run = 50\n[caps.irreversible]\nper_day = 3\n\
             [caps.action.lock]\nper_run = 400\nshare = \"100%\"",
        );
        let none = FleetPolicy::default();
        for (policy, action, fleet, expected) in [
            (&none, "restart", Some(100_000), Some((200, 200))),
            (&none, "restart", Some(500), Some((100, 100))),
            (&none, "restart", Some(20), Some((10, 10))),
            (&none, "restart", None, Some((10, 10))),
            (&none, "erase", Some(100_000), Some((25, 25))),
            (&none, "erase", Some(419), Some((20, 20))),
            (&none, "delete-user", Some(0), Some((10, 10))),
            (&none, "blank-push", None, None),
            (&none, "get-commands", None, None),
            (&own, "restart", Some(100_000), Some((50, 200))),
            // What is written as a number is meant, the floor notwithstanding.
            (&own, "erase", Some(100_000), Some((25, 3))),
            (&own, "lock", Some(300), Some((300, 200))),
        ] {
            let action = find_action(action).expect("an action");
            let cap = policy.cap(action, "a job", fleet, UnixMillis(0));
            assert_eq!(numbers(cap), expected, "{} of {fleet:?}", action.name);
        }
    }

    #[test]
    fn an_exception_holds_for_its_action_of_its_job_until_its_end() {
        let policy = policy(
            "[[exception]]\njob = \"offboarding\"\naction = \"erase\"\nmax = 400\nuntil = \"2026-12-31\"",
        );
        let (last, over) = ("2026-12-31T23:59:59.999Z", "2027-01-01T00:00:00Z");
        for (action, job, now, expected) in [
            ("erase", "offboarding", last, (400, 400)),
            ("erase", "offboarding", over, (10, 10)),
            ("erase", "Offboarding", last, (10, 10)),
            ("erase", "other", last, (10, 10)),
            ("delete-device", "offboarding", last, (10, 10)),
        ] {
            let action = find_action(action).expect("an action");
            let cap = policy.cap(action, job, Some(60), at(now));
            assert_eq!(numbers(cap), Some(expected), "{} of {job} at {now}", action.name);
        }
    }

    #[test]
    fn an_approval_raises_only_what_the_policy_names() {
        let policy = policy(
            "[maximum.irreversible]\nper_run = 400\nper_day = 400\n[maximum.action.erase]\nper_day = 50\n\
             [maximum.action.lock]\nper_run = 1",
        );
        for (action, expected) in [
            ("erase", Some((400, 50))),
            ("delete-device", Some((400, 400))),
            // A maximum below the cap raises nothing, and lowers nothing.
            ("lock", None),
            ("restart", None),
            ("blank-push", None),
        ] {
            let action = find_action(action).expect("an action");
            let most = policy.maximum(action, "a job", Some(10_000), UnixMillis(0));
            assert_eq!(numbers(most), expected, "{}", action.name);
        }
        let erase = find_action("erase").expect("an action");
        let none = FleetPolicy::default();
        assert_eq!(none.maximum(erase, "a job", Some(10_000), UnixMillis(0)), None);
    }
}
