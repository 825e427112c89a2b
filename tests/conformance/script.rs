//! What happens during a run, keyed on what has reached the tenant.
//!
//! Owns the order of the steps. Invariant: a step waits for requests, never for time. Must never start or end an engine:
//! it says what is due.

use std::collections::{BTreeMap, VecDeque};

use serde::Deserialize;
use sortie::simulator::{Revocation, SimRequest, wall_clock};

use super::tenant::RunningTenant;

/// One step of a script.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Requests by kind that must have reached the tenant.
    #[serde(default)]
    pub after: BTreeMap<String, u64>,
    pub then: Act,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// The process dies with SIGKILL, and another takes the run over.
    LoseProcess,
    /// The operator cancels the run.
    Cancel,
    /// The file STOP appears.
    WriteStopFile,
    /// The tenant accepts the token no longer.
    RevokeToken,
    /// The token loses the permission for this endpoint.
    Deny(String),
    /// The device with this serial number comes online.
    Wake(String),
    /// Another tool restarts the device with this serial number: for the controls.
    RestartElsewhere(String),
}

/// The steps that are left.
pub struct Script {
    steps: VecDeque<Step>,
}

impl Script {
    #[must_use]
    pub fn new(steps: &[Step]) -> Self {
        Self { steps: steps.iter().cloned().collect() }
    }

    /// Lets happen at the tenant what is due there; returns what is due at the engine.
    pub fn due(&mut self, tenant: &RunningTenant) -> Option<Act> {
        loop {
            let step = self.steps.front()?;
            if !step.after.iter().all(|(kind, count)| tenant.seen(kind) >= *count) {
                return None;
            }
            let act = self.steps.pop_front()?.then;
            match act {
                Act::LoseProcess | Act::Cancel | Act::WriteStopFile => return Some(act),
                Act::RevokeToken => tenant.with_world(|world| {
                    world.switches_mut().token_revoked = Some(Revocation::At(wall_clock()));
                }),
                Act::Deny(kind) => tenant.with_world(|world| {
                    world.switches_mut().denied.insert(kind);
                }),
                Act::Wake(serial) => {
                    let id = tenant.id_of(&serial);
                    tenant.with_world(|world| world.wake(&id));
                }
                Act::RestartElsewhere(serial) => {
                    let path = format!("/api/v1/devices/{}/action/restart", tenant.id_of(&serial));
                    tenant.with_world(|world| {
                        let request = SimRequest::post(&path, world.token(), "");
                        world.handle(wall_clock(), &request);
                    });
                }
            }
        }
    }

    /// What did not happen.
    #[must_use]
    pub fn left(&self) -> Vec<String> {
        self.steps.iter().map(|step| format!("did not happen: {:?}", step.then)).collect()
    }
}
