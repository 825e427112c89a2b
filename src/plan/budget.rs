//! Whether a plan fits what its actions may still reach.
//!
//! Owns the comparison of a plan with caps and past charges, and what is kept free for emergencies. Past charges, time
//! and the size of the fleet are arguments. Must never charge anything itself, and never name an action.

use std::collections::BTreeMap;

use super::cap_rules::Cap;
use super::device_set::DeviceSet;
use super::fleet_policy::FleetPolicy;
use super::task_list::Plan;
use crate::kandji::{ACTIONS, ActionSpec};
use crate::model::{Risk, UnixMillis};

/// How many devices of a plan an action is to reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionDevices {
    /// Name of the action.
    pub action: String,
    /// Risk of the action.
    pub risk: Risk,
    /// Distinct devices with something to do.
    pub devices: u32,
}

/// What one run of the last 24 hours was charged for one action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spent {
    /// Name of the action.
    pub action: String,
    /// Number of devices that the plan reaches.
    pub devices: u32,
    /// Charged to what is kept free for emergencies, which is no part of the cap.
    pub is_kept_free: bool,
    /// When it counts no more.
    pub frees_at: UnixMillis,
}

/// What a run is to be charged before it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// Name of the action.
    pub action: String,
    /// Number of devices that the plan reaches.
    pub devices: u32,
    /// Charged to what is kept free for emergencies.
    pub is_kept_free: bool,
}

/// A cap that a plan is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverCap {
    /// Name of the action.
    pub action: String,
    /// Devices that the plan reaches with it.
    pub devices: u32,
    /// The cap, as a number of devices.
    pub limit: u32,
    /// What of it other runs of the last 24 hours have used; 0 for a run's own.
    pub spent: u32,
    /// When how many of those become free again, the earliest first.
    pub frees: Vec<(UnixMillis, u32)>,
    /// Which cap: per run or per day.
    pub kind: CapKind,
    /// Where the cap comes from.
    pub why: String,
    /// An approval would be enough.
    pub may_be_approved: bool,
}

/// Which limit of a cap is meant: that of one run, or that of any 24 hours.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum CapKind {
    /// One run.
    PerRun,
    /// Any 24 hours.
    PerDay,
}

/// Whether another person has approved the plan.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Approval {
    /// No person has.
    Missing,
    /// It was verified.
    Given,
}

/// How a plan was confirmed: only a person at a terminal may use what is kept free for emergencies.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// By a person at a terminal.
    AtTerminal,
    /// In any other way.
    InAdvance,
}

/// What the devices of a plan are charged against: the policy, the fleet and the charges of 24 hours.
#[derive(Copy, Clone, Debug)]
pub struct Budget<'a> {
    /// The organization's policy.
    pub policy: &'a FleetPolicy,
    /// Name of the job.
    pub job: &'a str,
    /// Devices of the tenant; what is not known counts against the plan.
    pub fleet: Option<u32>,
    /// What was charged in the last 24 hours.
    pub spent: &'a [Spent],
    /// Whether another person has approved.
    pub approval: Approval,
    /// How the plan was confirmed.
    pub confirmation: Confirmation,
    /// The time of the comparison.
    pub now: UnixMillis,
}

/// Counts the devices of a plan by action, for those actions that have caps.
#[must_use]
pub fn devices_by_action(plan: &Plan) -> Vec<ActionDevices> {
    let mut by_action: BTreeMap<(&str, Risk), DeviceSet<'_>> = BTreeMap::new();
    for task in plan.to_do().filter(|task| task.risk >= Risk::Disruptive) {
        by_action.entry((&task.action, task.risk)).or_default().insert(&task.device.id);
    }
    by_action
        .into_iter()
        .map(|((action, risk), devices)| ActionDevices {
            action: action.to_owned(),
            risk,
            devices: devices.count(),
        })
        .collect()
}

impl Budget<'_> {
    /// What a run of these devices is to be charged, or every cap that it is over.
    ///
    /// # Errors
    /// All caps that the plan is over, in the order of its actions.
    pub fn reserve(&self, demands: &[ActionDevices]) -> Result<Vec<Reservation>, Vec<OverCap>> {
        let (mut reservations, mut over) = (Vec::new(), Vec::new());
        for demand in demands.iter().filter(|demand| demand.devices > 0) {
            match self.reserve_one(demand) {
                Ok(reservation) => reservations.extend(reservation),
                Err(caps) => over.extend(caps),
            }
        }
        if over.is_empty() { Ok(reservations) } else { Err(over) }
    }

    fn reserve_one(&self, demand: &ActionDevices) -> Result<Option<Reservation>, Vec<OverCap>> {
        let Some(action) = ACTIONS.into_iter().find(|action| action.name == demand.action) else {
            // Only a plan that another program made can name it: nothing is known to allow it.
            return Err(vec![unknown(demand)]);
        };
        let Some(cap) = self.policy.cap(action, self.job, self.fleet, self.now) else {
            return Ok(None);
        };
        let raised = self.policy.maximum(action, self.job, self.fleet, self.now);
        let (in_force, to_raise) = match (self.approval, raised) {
            (Approval::Given, raised) => (raised.unwrap_or(cap), None),
            (Approval::Missing, raised) => (cap, raised),
        };
        let reservation = |is_kept_free| Reservation {
            action: demand.action.clone(),
            devices: demand.devices,
            is_kept_free,
        };
        let mut over = self.over(demand, &in_force);
        if over.is_empty() {
            return Ok(Some(reservation(false)));
        }
        if self.fits_kept_free(action, demand, &in_force) {
            return Ok(Some(reservation(true)));
        }
        let is_enough = to_raise.is_some_and(|raised| self.over(demand, &raised).is_empty());
        over.iter_mut().for_each(|over| over.may_be_approved = is_enough);
        Err(over)
    }

    /// The caps that a demand is over.
    fn over(&self, demand: &ActionDevices, cap: &Cap) -> Vec<OverCap> {
        let today = self.spent_on(demand, false);
        let kinds = [(CapKind::PerRun, cap.per_run, 0), (CapKind::PerDay, cap.per_day, today)];
        kinds
            .into_iter()
            .filter(|(_, limit, spent)| demand.devices.saturating_add(*spent) > *limit)
            .map(|(kind, limit, spent)| OverCap {
                action: demand.action.clone(),
                devices: demand.devices,
                limit,
                spent,
                frees: if kind == CapKind::PerDay { self.frees(demand) } else { Vec::new() },
                kind,
                why: cap.why.clone(),
                may_be_approved: false,
            })
            .collect()
    }

    /// Whether an emergency that a person has confirmed fits what is kept free for that. All of a run does or none: a
    /// large run with a small rest is routine. A cap of 0 forbids the action, and nothing is kept free of that.
    fn fits_kept_free(&self, action: &ActionSpec, demand: &ActionDevices, cap: &Cap) -> bool {
        let used = self.spent_on(demand, true).saturating_add(demand.devices);
        let is_forbidden = cap.per_run == 0 || cap.per_day == 0;
        action.hazards.is_emergency
            && !is_forbidden
            && self.confirmation == Confirmation::AtTerminal
            && used <= self.policy.emergency.lock_devices_per_day
    }

    /// How many devices an action has reached in the last 24 hours, of how many; `None` where it has no cap.
    #[must_use]
    pub fn today(&self, demand: &ActionDevices) -> Option<(u32, u32)> {
        let action = ACTIONS.into_iter().find(|action| action.name == demand.action)?;
        let cap = match self.approval {
            Approval::Given => self.policy.maximum(action, self.job, self.fleet, self.now),
            Approval::Missing => None,
        };
        let cap = match cap {
            Some(cap) => cap,
            None => self.policy.cap(action, self.job, self.fleet, self.now)?,
        };
        Some((self.spent_on(demand, false), cap.per_day))
    }

    /// When devices that other runs have reached count no more.
    fn frees(&self, demand: &ActionDevices) -> Vec<(UnixMillis, u32)> {
        let mut frees = BTreeMap::new();
        for spent in self.spent.iter().filter(|it| it.action == demand.action && !it.is_kept_free) {
            let devices: &mut u32 = frees.entry(spent.frees_at).or_default();
            *devices = devices.saturating_add(spent.devices);
        }
        frees.into_iter().collect()
    }

    fn spent_on(&self, demand: &ActionDevices, is_kept_free: bool) -> u32 {
        self.spent
            .iter()
            .filter(|spent| spent.action == demand.action && spent.is_kept_free == is_kept_free)
            .fold(0, |sum, spent| sum.saturating_add(spent.devices))
    }
}

fn unknown(demand: &ActionDevices) -> OverCap {
    OverCap {
        action: demand.action.clone(),
        devices: demand.devices,
        limit: 0,
        spent: 0,
        frees: Vec::new(),
        kind: CapKind::PerRun,
        why: "this version of sortie has no such action".to_owned(),
        may_be_approved: false,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::fleet_policy::tests::policy;
    use super::*;
    use crate::model::Turn;
    use crate::plan::testing::plan;

    #[test]
    fn distinct_devices_with_something_to_do_are_counted_by_action() {
        let mut plan = plan(&[
            ("erase", "a"),
            ("erase", "a"),
            ("erase", "b"),
            ("erase", "c"),
            ("lock", "a"),
            ("blank-push", "a"),
        ]);
        plan.tasks[3].turn = Turn::Done { reason: "".into() };
        let counted: Vec<(String, u32)> = devices_by_action(&plan)
            .into_iter()
            .map(|counted| (counted.action, counted.devices))
            .collect();
        assert_eq!(counted, [("erase".to_owned(), 2), ("lock".to_owned(), 1)]);
    }

    fn demand(action: &str, devices: u32) -> ActionDevices {
        ActionDevices { action: action.to_owned(), risk: Risk::Disruptive, devices }
    }

    fn spent(action: &str, devices: u32, is_kept_free: bool) -> Spent {
        Spent { action: action.to_owned(), devices, is_kept_free, frees_at: UnixMillis(1) }
    }

    #[test]
    fn a_cap_shows_when_devices_become_free_and_how_many_are_used() {
        let policy = policy("[caps.disruptive]\nper_day = 80\nper_run = 80");
        let at = |devices, at, is_kept_free| Spent {
            frees_at: UnixMillis(at),
            ..spent("restart", devices, is_kept_free)
        };
        let spent = [at(20, 7, false), at(10, 5, false), at(30, 7, false), at(4, 1, true)];
        let budget = Budget {
            policy: &policy,
            job: "a job",
            fleet: Some(10_000),
            spent: &spent,
            approval: Approval::Missing,
            confirmation: Confirmation::AtTerminal,
            now: UnixMillis(0),
        };
        assert_eq!(budget.today(&demand("restart", 1)), Some((60, 80)));
        assert_eq!(budget.today(&demand("blank-push", 1)), None);
        let over = budget.reserve(&[demand("restart", 21)]).expect_err("over");
        assert_eq!(over[0].frees, [(UnixMillis(5), 10), (UnixMillis(7), 50)]);
        let own = budget.reserve(&[demand("restart", 81)]).expect_err("over");
        assert!(own[0].kind == CapKind::PerRun && own[0].frees.is_empty());
    }

    struct Case<'a> {
        demand: (&'a str, u32),
        spent: &'a [Spent],
        approval: Approval,
        confirmation: Confirmation,
        /// `ok`, `free`, or the caps that it is over, with `+` for those that an approval raises.
        expected: &'a str,
    }

    fn check(policy: &FleetPolicy, case: &Case<'_>) {
        let budget = Budget {
            policy,
            job: "a job",
            fleet: Some(10_000),
            spent: case.spent,
            approval: case.approval,
            confirmation: case.confirmation,
            now: UnixMillis(0),
        };
        let (action, devices) = case.demand;
        let found = match budget.reserve(&[demand(action, devices)]) {
            Ok(reservations) => match &reservations[..] {
                [] => "none".to_owned(),
                [one] => {
                    assert_eq!((one.action.as_str(), one.devices), case.demand);
                    if one.is_kept_free { "free" } else { "ok" }.to_owned()
                }
                more => panic!("{more:?}"),
            },
            Err(over) => over
                .iter()
                .map(|over| {
                    let more = if over.may_be_approved { "+" } else { "" };
                    format!("{:?} {}/{}{more} ", over.kind, over.spent, over.limit)
                })
                .collect(),
        };
        assert_eq!(found.trim(), case.expected, "{action} on {devices}, {:?}", case.spent);
    }

    #[test]
    fn exactly_the_cap_fits_and_one_more_does_not() {
        use Approval::{Given, Missing};
        use Confirmation::{AtTerminal, InAdvance};
        let policy = policy(
            "[caps.irreversible]\nper_day = 40\n[caps.action.lock]\nper_day = 300\n\
             [maximum.irreversible]\nper_run = 100\nper_day = 120",
        );
        let (fifteen, twenty) = ([spent("erase", 15, false)], [spent("erase", 20, false)]);
        let other = [spent("delete-device", 25, false)];
        let locks = [spent("lock", 300, false), spent("lock", 4, true)];
        let kept_free = [spent("lock", 10, true)];
        type Row<'a> = (&'a str, u32, &'a [Spent], Approval, Confirmation, &'a str);
        #[rustfmt::skip]
        let rows: [Row<'_>; 22] = [
            ("erase", 25, &[], Missing, InAdvance, "ok"),
            ("erase", 26, &[], Missing, InAdvance, "PerRun 0/25+"),
            ("erase", 25, &fifteen, Missing, InAdvance, "ok"),
            ("erase", 25, &twenty, Missing, InAdvance, "PerDay 20/40+"),
            ("erase", 25, &other, Missing, InAdvance, "ok"),
            ("erase", 0, &twenty, Missing, InAdvance, "none"),
            ("erase", 100, &twenty, Missing, InAdvance, "PerRun 0/25+ PerDay 20/40+"),
            ("erase", 100, &twenty, Given, InAdvance, "ok"),
            ("erase", 101, &[], Missing, InAdvance, "PerRun 0/25 PerDay 0/40"),
            ("erase", 101, &[], Given, InAdvance, "PerRun 0/100"),
            ("erase", 100, &[spent("erase", 21, false)], Given, InAdvance, "PerDay 21/120"),
            ("restart", 200, &[], Missing, InAdvance, "ok"),
            ("restart", 201, &[], Given, AtTerminal, "PerRun 0/200 PerDay 0/200"),
            ("lock", 200, &kept_free, Missing, InAdvance, "ok"),
            ("lock", 6, &locks, Missing, AtTerminal, "free"),
            ("lock", 7, &locks, Missing, AtTerminal, "PerDay 300/300"),
            ("lock", 6, &locks, Missing, InAdvance, "PerDay 300/300"),
            ("lock", 201, &[], Missing, AtTerminal, "PerRun 0/200"),
            ("blank-push", 90_000, &[], Missing, InAdvance, "none"),
            ("erase", u32::MAX, &twenty, Missing, InAdvance, "PerRun 0/25 PerDay 20/40"),
            ("nuke", 1, &[], Given, AtTerminal, "PerRun 0/0"),
            ("nuke", 0, &[], Given, AtTerminal, "none"),
        ];
        for (action, devices, spent, approval, confirmation, expected) in rows {
            let demand = (action, devices);
            check(&policy, &Case { demand, spent, approval, confirmation, expected });
        }
    }

    #[test]
    fn a_cap_of_nothing_forbids_emergencies_too() {
        use Confirmation::AtTerminal;
        for (key, expected) in [("per_run", "PerRun 0/0"), ("per_day", "PerDay 0/0")] {
            let policy = policy(&format!("[caps.action.lock]\n{key} = 0"));
            for approval in [Approval::Missing, Approval::Given] {
                let demand = ("lock", 1);
                let case =
                    Case { demand, spent: &[], approval, confirmation: AtTerminal, expected };
                check(&policy, &case);
            }
        }
    }

    #[test]
    fn one_action_over_its_cap_refuses_all_and_lists_every_cap() {
        let none = FleetPolicy::default();
        let budget = Budget {
            policy: &none,
            job: "a job",
            fleet: None,
            spent: &[],
            approval: Approval::Missing,
            confirmation: Confirmation::AtTerminal,
            now: UnixMillis(0),
        };
        let demands = [demand("erase", 11), demand("lock", 10), demand("restart", 11)];
        let over = budget.reserve(&demands).expect_err("over");
        let named: Vec<&str> = over.iter().map(|over| over.action.as_str()).collect();
        assert_eq!(named, ["erase", "erase", "restart", "restart"]);
        assert!(over.iter().all(|over| over.why.contains("of unknown size")));
        let fitting = budget.reserve(&demands[1..2]).expect("it fits");
        assert_eq!(fitting.len(), 1);
    }
}
