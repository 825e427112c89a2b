//! What checks a run while it goes on: STOP files, the policy file, a person between waves.
//!
//! Owns the checks of both files, and passes the question on. Following goes on while a person thinks. Must never
//! decide what is sent: it tells the run what it saw.

use futures::future::BoxFuture;
use std::path::PathBuf;
use std::sync::Arc;

use crate::app::policy_file::{PolicyFile, Reread};
use crate::drive::{Alarm, Watchdog};
use crate::engine::{Ask, OperatorAnswer};
use crate::model::{Device, Recheck, Risk, RunTasks, StopCause, Task, TaskIndex, UnixMillis};
use crate::plan::recheck;

/// How often the files are checked, in milliseconds: no person makes one faster, and a run asks before each batch.
const LOOK_EVERY_MS: i64 = 100;

/// Passes the question before a wave on.
pub(crate) type AskBeforeWave =
    Arc<dyn Fn(Ask) -> BoxFuture<'static, OperatorAnswer> + Send + Sync>;

/// The watchdog of one run, which reads STOP files and the policy file.
pub(crate) struct PolicyWatchdog {
    stop_files: Vec<PathBuf>,
    policy: PolicyFile,
    tasks: RunTasks,
    /// The protect list was compared with the tasks.
    is_compared: bool,
    looked_at: Option<UnixMillis>,
    /// Why the policy can no longer be obeyed.
    broken: Option<String>,
    ask: AskBeforeWave,
}

impl PolicyWatchdog {
    /// The watchdog of a run that was planned under `policy`.
    pub(crate) fn new(
        stop_files: Vec<PathBuf>,
        policy: PolicyFile,
        tasks: RunTasks,
        ask: AskBeforeWave,
    ) -> Self {
        Self { stop_files, policy, tasks, is_compared: false, looked_at: None, broken: None, ask }
    }

    /// Takes in a policy file that has changed: what its protect list adds holds from now on. What else it says holds for
    /// plans that are made under it.
    fn reread(&mut self) {
        match self.policy.reread() {
            Ok(Reread::Unchanged) => {}
            Ok(Reread::Changed(policy)) => {
                self.policy = *policy;
                self.is_compared = false;
            }
            Err(reason) => self.broken = Some(reason.to_string()),
        }
    }

    fn protected(&mut self) -> Vec<(TaskIndex, String)> {
        if std::mem::replace(&mut self.is_compared, true) || self.policy.policy.protect.is_empty() {
            return Vec::new();
        }
        let protect = &self.policy.policy.protect;
        let mut protected = Vec::new();
        let read = self.tasks.for_each(|index, task| {
            let is_touching = task.risk >= Risk::Disruptive;
            let objection = is_touching.then(|| protect.objection(&task.device)).flatten();
            protected.extend(objection.map(|reason| (index, reason)));
        });
        if let Err(fault) = read {
            self.broken = Some(fault.to_string());
        }
        protected
    }
}

impl Watchdog for PolicyWatchdog {
    fn check(&mut self, now: UnixMillis) -> Alarm {
        let is_recent = |at: UnixMillis| (0..LOOK_EVERY_MS).contains(&now.since(at));
        if self.looked_at.is_some_and(is_recent) {
            return Alarm::default();
        }
        self.looked_at = Some(now);
        self.reread();
        // It may find that a task cannot be read, which stops the run at once.
        let protected = self.protected();
        let is_there = |path: &&PathBuf| path.symlink_metadata().is_ok();
        let stop = match (self.stop_files.iter().find(is_there), &self.broken) {
            (Some(path), _) => {
                Some((StopCause::StopFile, format!("the file {} appeared", path.display())))
            }
            (None, Some(broken)) => Some((StopCause::Policy, broken.clone())),
            (None, None) => None,
        };
        Alarm { stop, protected }
    }

    fn recheck(&mut self, task: &Task, device: &Device) -> Recheck {
        let protect = &self.policy.policy.protect;
        recheck(task, device, protect)
    }

    fn ask(&mut self, question: Ask) -> BoxFuture<'static, OperatorAnswer> {
        (self.ask)(question)
    }
}
