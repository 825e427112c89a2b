//! The work of tasks, once for all that do the same.
//!
//! Owns what a step of the job becomes on devices of one platform. Must never share between steps that are not one and the
//! same in memory: to compare them would cost more than it saves.

use std::collections::HashMap;
use std::sync::Arc;

use super::guards::Guards;
use crate::job::Step;
use crate::model::{Platform, TaskWork};

/// The work that is known so far.
pub(super) struct SharedWork {
    guards: Guards,
    /// By the address of the step.
    known: HashMap<(*const Step, Platform), Arc<TaskWork>>,
    /// The steps of these addresses, so that no other step can have one of them.
    steps: Vec<Arc<[Step]>>,
}

impl SharedWork {
    /// Starts with none. `guards` says what is read before secrets are lost.
    pub fn new(guards: Guards) -> Self {
        Self { guards, known: HashMap::new(), steps: Vec::new() }
    }

    /// What a task of this step, which is one of `steps`, does on a device of this platform.
    pub fn of(&mut self, steps: &Arc<[Step]>, step: &Step, platform: Platform) -> Arc<TaskWork> {
        let key = (std::ptr::from_ref(step), platform);
        let work = self.known.entry(key).or_insert_with(|| {
            self.steps.push(Arc::clone(steps));
            let action = step.action;
            Arc::new(TaskWork {
                action: action.name.to_owned(),
                params: step.params.clone(),
                risk: step.risk(),
                repeat: action.repeat,
                end: action.end(platform, &step.params),
                capture: self.guards.capture(action, platform),
            })
        });
        Arc::clone(work)
    }
}
