//! The files of each scheduler.
//!
//! Owns what no scheduler takes. Must never let a line break into a file: it would begin a line of its own there.

use super::unit::{ScheduledUnit, Scheduler, UnitFile, UnitFlaw, UnitToken};
use super::{cron, launchd, systemd};

/// The files for a scheduler.
pub(crate) fn files(unit: &ScheduledUnit, scheduler: Scheduler) -> Result<Vec<UnitFile>, UnitFlaw> {
    let parts = [&unit.state_dir, &unit.report_dir, &unit.job_dir, &unit.user, &unit.name];
    let parts =
        parts.into_iter().chain(&unit.command).chain(&unit.more_dirs).chain(match &unit.token {
            UnitToken::File(text) | UnitToken::OfProfile(text) => Some(text),
        });
    for part in parts {
        if part.contains(char::is_control) {
            return Err(UnitFlaw::ControlCharacter { part: part.clone() });
        }
    }
    match scheduler {
        Scheduler::Cron => cron::files(unit),
        Scheduler::Systemd => Ok(systemd::files(unit)),
        Scheduler::Launchd => Ok(launchd::files(unit)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::unit;
    use super::*;
    use crate::model::Risk;

    #[test]
    fn a_control_character_is_refused_by_every_scheduler() {
        for scheduler in [Scheduler::Cron, Scheduler::Systemd, Scheduler::Launchd] {
            let mut unit = unit("hourly", Risk::Benign);
            unit.command.push("a\nExecStart=/bin/sh".to_owned());
            let flaw = files(&unit, scheduler).expect_err("a line break");
            assert!(matches!(flaw, UnitFlaw::ControlCharacter { .. }));
        }
    }
}
