//! What the files say to the person who installs them.
//!
//! Owns the sentences that several schedulers share. Must never be longer than a reader of the file has patience for.

use super::unit::ScheduledUnit;
use crate::model::{ClockChange, Risk};

/// What a file says first: the program, the job, and when it starts.
pub(super) fn head(unit: &ScheduledUnit) -> Vec<String> {
    let clocks = match &unit.zone {
        Some(zone) => format!("by the clocks of {zone}"),
        None => "by the clocks of this host".to_owned(),
    };
    vec![
        format!(
            "Written by sortie {} for the job {} ({} work).",
            env!("CARGO_PKG_VERSION"),
            unit.name,
            unit.risk.word()
        ),
        format!("It starts: {}, {clocks}.", unit.timetable.shown()),
    ]
}

/// What the clocks do to the time twice a year, by what the scheduler makes of it.
pub(super) fn clocks(unit: &ScheduledUnit, skipped: &str, twice: &str) -> Option<String> {
    let (day, what) = match unit.clock_change? {
        ClockChange::Skipped { day } => (
            day,
            format!("the clocks skip this time: {skipped}. In fall they show it twice: {twice}."),
        ),
        ClockChange::Twice { day } => (
            day,
            format!("the clocks show this time twice: {twice}. In spring they skip it: {skipped}."),
        ),
    };
    Some(format!("On {day} {what}"))
}

/// What becomes of a start that the host missed, for work that people notice.
pub(super) fn late_start(unit: &ScheduledUnit) -> Option<String> {
    if unit.risk < Risk::Disruptive {
        return None;
    }
    Some(match unit.has_window {
        true => "The window of the job refuses a late start.".to_owned(),
        false => {
            "A host that sleeps can start it late. A window in the job prevents that: sortie help cron".to_owned()
        }
    })
}

/// Lines of a comment that begin with `# `.
pub(super) fn commented(lines: &[String]) -> String {
    lines.iter().map(|line| format!("# {line}\n")).collect()
}
