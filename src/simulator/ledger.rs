//! What the tenant did, for tests that prove that nothing happened twice or got lost.
//!
//! Owns the count of everything seen and accepted. Must never influence an answer.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::UnixMillis;

/// Most accepted actions that are kept in full; counts go on beyond. A million rows are some 300 MB.
const ACCEPTED_MAX: usize = 1_000_000;

/// Everything that the tenant saw and accepted, PINs included. Counts are exact; see [`Self::accepted`] for
/// its limit.
///
/// ```
/// use sortie::simulator::Ledger;
/// let ledger = Ledger::default();
/// assert_eq!(ledger.count("d2b2eafe-2dc2-4b13-bd2b-f93735f0e59f", "lock"), 0);
/// assert!(ledger.duplicates().is_empty());
/// ```
#[derive(Clone, Default)]
pub struct Ledger {
    /// Requests that arrived, refused and faulty ones included, without those that found no connection.
    pub requests: u64,
    /// Requests by kind: the name of an action, or `list-devices`, `get-device` and so on.
    pub by_kind: BTreeMap<String, u64>,
    /// Answers by HTTP status, those that never arrived included; 0 where none was formed.
    pub by_status: BTreeMap<u16, u64>,
    /// Faults by the word of their kind (`FaultKind::word`).
    pub faults: BTreeMap<String, u64>,
    /// Accepted actions in order, the first million of them.
    pub accepted: Vec<Accepted>,
    counts: BTreeMap<(String, String), u32>,
    arrivals: BTreeMap<(String, String), u32>,
}

/// One accepted action. Holds a PIN, so it has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The id of the device.
    pub device_id: String,
    /// The name of the action, or `update-device`.
    pub action: String,
    /// When the tenant applied it.
    pub at: UnixMillis,
    /// The body as it arrived.
    pub body: String,
    /// The PIN that the tenant issued.
    pub pin: Option<String>,
}

impl Ledger {
    /// How many times this action was accepted for this device. The id counts without regard to case.
    #[must_use]
    pub fn count(&self, device_id: &str, action: &str) -> u32 {
        let key = (device_id.to_ascii_lowercase(), action.to_owned());
        self.counts.get(&key).copied().unwrap_or(0)
    }

    /// How many requests for this action on this device arrived, refused and faulty ones included. The id counts
    /// without regard to case.
    #[must_use]
    pub fn arrived(&self, device_id: &str, action: &str) -> u32 {
        let key = (device_id.to_ascii_lowercase(), action.to_owned());
        self.arrivals.get(&key).copied().unwrap_or(0)
    }

    /// How many times this action was accepted for all devices together.
    #[must_use]
    pub fn count_all(&self, action: &str) -> u32 {
        self.counts.iter().filter(|((_, name), _)| name == action).map(|(_, count)| count).sum()
    }

    /// Device ids and actions that were accepted more than once, with how many times.
    #[must_use]
    pub fn duplicates(&self) -> Vec<(String, String, u32)> {
        self.counts
            .iter()
            .filter(|(_, count)| **count > 1)
            .map(|((device_id, action), count)| (device_id.clone(), action.clone(), *count))
            .collect()
    }

    /// The PINs that were issued for this device, oldest first; the last one is the valid one.
    #[must_use]
    pub fn pins(&self, device_id: &str) -> Vec<String> {
        self.accepted
            .iter()
            .filter(|accepted| accepted.device_id.eq_ignore_ascii_case(device_id))
            .filter_map(|accepted| accepted.pin.clone())
            .collect()
    }

    /// All of it, PINs included, as `GET /__simulator/ledger` answers.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let accepted: Vec<Value> = self
            .accepted
            .iter()
            .map(|accepted| {
                json!({
                    "device_id": accepted.device_id,
                    "action": accepted.action,
                    "at": accepted.at.0,
                    "body": accepted.body,
                    "pin": accepted.pin,
                })
            })
            .collect();
        let by_status: BTreeMap<String, u64> =
            self.by_status.iter().map(|(status, count)| (status.to_string(), *count)).collect();
        let counts: Vec<Value> = self
            .counts
            .iter()
            .map(|((device_id, action), count)| {
                json!({"device_id": device_id, "action": action, "count": count})
            })
            .collect();
        json!({
            "requests": self.requests,
            "by_kind": self.by_kind,
            "by_status": by_status,
            "faults": self.faults,
            "counts": counts,
            "accepted": accepted,
        })
    }

    /// Counts a request that arrived.
    pub(super) fn saw(&mut self, kind: &str) {
        self.requests += 1;
        add_one(&mut self.by_kind, kind);
    }

    /// Counts an action that arrived for a device.
    pub(super) fn saw_action(&mut self, device_id: &str, action: &str) {
        let key = (device_id.to_ascii_lowercase(), action.to_owned());
        *self.arrivals.entry(key).or_default() += 1;
    }

    /// Counts an answer.
    pub(super) fn answered(&mut self, status: u16) {
        *self.by_status.entry(status).or_default() += 1;
    }

    /// Counts a fault.
    pub(super) fn broke(&mut self, fault: &str) {
        add_one(&mut self.faults, fault);
    }

    /// Records an accepted action.
    pub(super) fn accept(&mut self, accepted: Accepted) {
        let key = (accepted.device_id.clone(), accepted.action.clone());
        *self.counts.entry(key).or_default() += 1;
        if self.accepted.len() < ACCEPTED_MAX {
            self.accepted.push(accepted);
        }
    }
}

fn add_one(counts: &mut BTreeMap<String, u64>, key: &str) {
    match counts.get_mut(key) {
        Some(count) => *count += 1,
        None => {
            counts.insert(key.to_owned(), 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_count_for_each_device_and_action() {
        let mut ledger = Ledger::default();
        ledger.saw_action("D1", "lock");
        ledger.saw_action("d1", "lock");
        assert_eq!((ledger.arrived("d1", "lock"), ledger.arrived("d2", "lock")), (2, 0));
        assert_eq!(ledger.count("d1", "lock"), 0);
    }

    #[test]
    fn repetitions_are_seen_and_pins_kept_in_order() {
        let mut ledger = Ledger::default();
        for pin in ["012345", "999999"] {
            ledger.accept(Accepted {
                device_id: "d1".to_owned(),
                action: "lock".to_owned(),
                at: UnixMillis(5),
                body: String::new(),
                pin: Some(pin.to_owned()),
            });
        }
        assert_eq!(ledger.count("D1", "lock"), 2);
        assert_eq!(ledger.count_all("lock"), 2);
        assert_eq!(ledger.duplicates(), [("d1".to_owned(), "lock".to_owned(), 2)]);
        assert_eq!(ledger.pins("d1"), ["012345", "999999"]);
        assert_eq!(ledger.to_json()["accepted"][0]["pin"], "012345");
        assert_eq!(ledger.to_json()["counts"][0]["count"], 2);
    }
}
