//! The journal of one run, seen from outside the program.
//!
//! Owns what the crash test reads from it, and the two ways in which the controls break it.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};
use sortie::journal::{RunReader, StateDir};

/// One entry about a task.
pub struct Recorded {
    pub device_id: String,
    pub kind: String,
    pub at_ms: i64,
}

/// The database of a run that no process holds.
pub struct Journal {
    connection: Connection,
    path: PathBuf,
}

impl Journal {
    pub fn open(path: &Path) -> Self {
        let connection = Connection::open(path).expect("the journal opens");
        Self { connection, path: path.to_owned() }
    }

    /// The entries about tasks, oldest first.
    pub fn entries(&self) -> Vec<Recorded> {
        let query = "SELECT device_id, kind, at FROM entries JOIN tasks USING (task) ORDER BY seq";
        let mut statement = self.connection.prepare(query).expect("the tables are there");
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Recorded { device_id: row.get(0)?, kind: row.get(1)?, at_ms: row.get(2)? })
        };
        let entries = statement.query_map([], read).expect("it can be read");
        entries.map(|entry| entry.expect("an entry")).collect()
    }

    /// Harm: the intents whose answer is not known were never committed, and nothing speaks of them.
    pub fn forget_open_intents(&self) {
        let forget = "DELETE FROM entries AS open WHERE kind = 'intent' AND NOT EXISTS (
            SELECT 1 FROM entries AS later WHERE later.task = open.task AND later.seq > open.seq)";
        self.connection.execute(forget, []).expect("it can be written");
        self.cover_up();
    }

    /// How long the run concludes nothing from the absence of a request.
    pub fn quarantine_ms(&self) -> i64 {
        let query = "SELECT json_extract(body, '$.policy.quarantine_ms') FROM header";
        self.connection.query_row(query, [], |row| row.get(0)).expect("a header")
    }

    /// Harm: another time than the run began with.
    pub fn set_quarantine_ms(&self, quarantine_ms: i64) {
        let set = "UPDATE header SET body = json_set(body, '$.policy.quarantine_ms', ?)";
        self.connection.execute(set, params![quarantine_ms]).expect("it can be written");
        self.cover_up();
    }

    /// Makes both databases agree with the harm, as nobody can who may write the run's alone: entries without gaps and
    /// without hashes, as an old program wrote them, outcomes that follow from them, and a host's record that knows
    /// nothing.
    fn cover_up(&self) {
        self.connection
            .execute_batch(
                "CREATE TEMP TABLE kept AS
                   SELECT row_number() OVER (ORDER BY seq) AS seq, at, task, kind, body FROM entries;
                 DELETE FROM entries;
                 INSERT INTO entries (seq, at, task, kind, body) SELECT * FROM kept;
                 DROP TABLE kept; DELETE FROM chain;",
            )
            .expect("it can be written");
        let run = self.path.file_stem().expect("a name").to_str().expect("an id");
        let state = self.path.ancestors().nth(2).expect("the state directory");
        let reader = RunReader::open(&StateDir::at(state), run).expect("it opens");
        for (task, record) in (0_i64..).zip(reader.records().expect("it can be read")) {
            let set = "UPDATE tasks SET outcome = ? WHERE task = ?";
            let row = params![record.outcome().word(), task];
            self.connection.execute(set, row).expect("it can be written");
        }
        let index = Connection::open(state.join("sortie.db")).expect("it is there");
        index.execute_batch("DELETE FROM heads; DELETE FROM audit;").expect("it can be written");
    }
}
