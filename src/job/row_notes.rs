//! What was interpreted or ignored in rows, and may surprise.
//!
//! Owns the counts of it and their sentences. Must never hold the text of a cell.

use super::diagnostics::{PlaceUnit, counted};

/// Counts of what was ignored, by row or cell.
#[derive(Default)]
pub(super) struct RowNotes {
    /// Lines of identical rows that were dropped.
    pub dropped: Vec<u32>,
    /// Device ids that were written in upper case.
    pub lowered: usize,
    /// Serial numbers that are no identity.
    pub placeholders: usize,
    /// Names that are not compared, because the row gives the device another.
    pub uncompared_names: usize,
    /// Rows with labels that are new values and not compared with the device.
    pub new_labels: usize,
    /// Cells whose value a formula gives.
    pub calculated: usize,
}

impl RowNotes {
    /// Adds the notes in words.
    pub fn tell(&self, name_column: Option<&str>, unit: PlaceUnit, notes: &mut Vec<String>) {
        if !self.dropped.is_empty() {
            let count = counted(self.dropped.len(), "identical row");
            notes.push(format!("{count} dropped: {}", unit.named(&self.dropped)));
        }
        if self.lowered > 0 {
            let count = counted(self.lowered, "device id");
            notes.push(format!("{count} in upper case, read as lower case"));
        }
        if self.placeholders > 0 {
            let count = counted(self.placeholders, "serial number");
            notes.push(format!("{count} not compared: placeholders that many devices share"));
        }
        if self.calculated > 0 {
            let count = counted(self.calculated, "cell");
            notes
                .push(format!("{count} with a formula read as the value that was calculated last"));
        }
        if self.new_labels > 0 {
            notes.push(
                "'asset_tag' is the new asset tag and does not identify the device".to_owned(),
            );
        }
        if self.uncompared_names > 0 {
            let (count, column) = (self.uncompared_names, name_column.unwrap_or("device_name"));
            notes.push(format!(
                "'{column}' is not compared in {}, which change the name; to compare it, name the column current_name",
                counted(count, "row")
            ));
        }
    }
}
