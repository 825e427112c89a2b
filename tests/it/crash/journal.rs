//! The journal of one run, seen from outside the program.
//!
//! Owns what the crash test reads from it, and the two ways in which the controls break it.

use std::path::Path;

use rusqlite::{Connection, params};

/// One entry about a task.
pub struct Recorded {
    pub device_id: String,
    pub kind: String,
    pub at_ms: i64,
}

/// The database of a run that no process holds.
pub struct Journal(Connection);

impl Journal {
    pub fn open(path: &Path) -> Self {
        Self(Connection::open(path).expect("the journal opens"))
    }

    /// The entries about tasks, oldest first.
    pub fn entries(&self) -> Vec<Recorded> {
        let query = "SELECT device_id, kind, at FROM entries JOIN tasks USING (task) ORDER BY seq";
        let mut statement = self.0.prepare(query).expect("the tables are there");
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Recorded { device_id: row.get(0)?, kind: row.get(1)?, at_ms: row.get(2)? })
        };
        let entries = statement.query_map([], read).expect("it can be read");
        entries.map(|entry| entry.expect("an entry")).collect()
    }

    /// Harm: the intents whose answer is not known were never committed.
    pub fn forget_open_intents(&self) {
        let forget = "DELETE FROM entries AS open WHERE kind = 'intent' AND NOT EXISTS (
            SELECT 1 FROM entries AS later WHERE later.task = open.task AND later.seq > open.seq)";
        self.0.execute(forget, []).expect("it can be written");
    }

    /// How long the run concludes nothing from the absence of a request.
    pub fn quarantine_ms(&self) -> i64 {
        let query = "SELECT json_extract(body, '$.policy.quarantine_ms') FROM header";
        self.0.query_row(query, [], |row| row.get(0)).expect("a header")
    }

    /// Harm: another time than the run began with.
    pub fn set_quarantine_ms(&self, quarantine_ms: i64) {
        let set = "UPDATE header SET body = json_set(body, '$.policy.quarantine_ms', ?)";
        self.0.execute(set, params![quarantine_ms]).expect("it can be written");
    }
}
