//! Rows that are let go of while a plan is built.
//!
//! Owns when that may be, and how their memory is given back. The rows of a large job and its tasks would otherwise be in
//! memory side by side. Must never let go of a row that the plan could be built from once more.

use std::sync::Arc;

use super::inventory::Inventory;
use crate::job::{Job, Row, Step};

/// Rows whose memory is given back together.
const ROWS_TOGETHER: usize = 16_384;

/// Whether nothing that earlier runs did can change the plan of this job, unless it is asked what they have done: each of
/// its rows has a device, so that none may be a deleted one, and no step would do harm a second time.
#[must_use]
pub fn is_built_once(job: &Job, inventory: &Inventory) -> bool {
    let harms = |steps: &[Step]| steps.iter().any(|step| step.action.harms_twice());
    if job.selection.as_ref().is_some_and(|selection| harms(&selection.steps)) {
        return false;
    }
    let mut harmless: Option<&Arc<[Step]>> = None;
    job.rows.iter().all(|row| {
        // Rows that do the same share their steps.
        let is_known = harmless.is_some_and(|before| Arc::ptr_eq(before, &row.steps));
        harmless = Some(&row.steps);
        (is_known || !harms(&row.steps)) && inventory.resolve(&row.target).is_ok()
    })
}

/// Rows in their order, whose memory is given back on the way.
pub(super) struct ReleasedRows(Vec<Row>);

impl ReleasedRows {
    /// Takes the rows out of the job.
    pub fn of(job: &mut Job) -> Self {
        let mut rows = std::mem::take(&mut job.rows);
        // The end of a list is what can be given back.
        rows.reverse();
        Self(rows)
    }
}

impl Iterator for ReleasedRows {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        let row = self.0.pop()?;
        if self.0.len().is_multiple_of(ROWS_TOGETHER) {
            self.0.shrink_to_fit();
        }
        Some(row)
    }
}
