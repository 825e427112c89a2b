//! Why a row cannot be done beside another one, or with so little to go by.
//!
//! Owns the words for that. Must never decide whether two rows mean the same device: that is `sameness`.

use super::Row;
use super::diagnostics::{Flaw, PlaceUnit};
use crate::model::Risk;

/// Whether a table has a step column.
#[derive(Copy, Clone, PartialEq, Eq)]
pub(super) enum StepColumn {
    Present,
    Absent,
}

impl From<bool> for StepColumn {
    fn from(is_present: bool) -> Self {
        if is_present { Self::Present } else { Self::Absent }
    }
}

/// Why two rows of one device cannot both be done.
pub(super) fn clash(
    (first, row): (&Row, &Row),
    unit: PlaceUnit,
    column: StepColumn,
    is_same: bool,
) -> Flaw {
    let device = row.target.shown();
    let (line, here) = (first.line, row.line);
    let names = |row: &Row| row.steps.first().map_or("", |step| step.action.name);
    let (one, two) = (names(first), names(row));
    let both = format!("{}s {line} and {here}", unit.word());
    if is_same {
        return Flaw::new(format!("device {device} has {two} twice: {both}"))
            .hint("remove one; --dedupe removes identical rows");
    }
    if column == StepColumn::Present {
        let step = row.steps.first().map_or(1, |step| step.number);
        return Flaw::new(format!("device {device} has step {step} twice: {both} ({one}, {two})"))
            .hint("give each row of a device its own step number");
    }
    if one == two {
        return Flaw::new(format!("device {device} has {two} twice with different values: {both}"))
            .hint("remove one, or add a column 'step' that orders them");
    }
    Flaw::new(format!("device {device} has two actions, {one} and {two}: {both}"))
        .hint("remove one, or add a column 'step' that says which comes first")
}

/// Why one identity is not enough.
pub(super) fn identify_flaw(by: &str, action: &str, risk: Risk) -> Flaw {
    let risk = risk.word();
    Flaw::new(format!("--identify-by {by} is not allowed for {action}, which is {risk}"))
        .hint("remove it, so that every identity in the row must match the device")
}
