//! A clock that was ahead, in words.
//!
//! Owns the warning. Must never advise a repair where the clock of now may be the wrong one without saying so.

use crate::cli::text::layout::counted;
use crate::drive::{Clock, WallClock};
use crate::journal::Ahead;

/// The warning about limits that count from a moment in the future; `None` where there are none.
pub(crate) fn ahead(found: &Ahead) -> Option<String> {
    let now = WallClock.now();
    let shown = shown(found)?;
    Some(format!(
        "this host's clock was ahead once: {shown}; it is {now} now. If that is right, run: sortie repair-clock"
    ))
}

fn shown(ahead: &Ahead) -> Option<String> {
    let latest = ahead.latest?;
    let mut parts = Vec::new();
    if !ahead.runs.is_empty() {
        parts.push(format!("the caps count {} until a day", counted(ahead.runs.len(), "run")));
    }
    if ahead.leases > 0 {
        let leases = usize::try_from(ahead.leases).unwrap_or(usize::MAX);
        parts.push(format!("the hourly limit counts {} until an hour", counted(leases, "lease")));
    }
    Some(format!("{} after {latest}", parts.join(", and ")))
}
