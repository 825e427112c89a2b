//! The tables of a run's database, format by format.
//!
//! Owns the scripts that lead from one format to the next. Invariant: a script that was ever released is never
//! changed, and none takes anything away: older programs go on reading.

/// The scripts that lead from one format of a run's database to the next.
pub(super) const MIGRATIONS: [&str; 4] = [FORMAT_1, FORMAT_2, FORMAT_3, FORMAT_4];

const FORMAT_1: &str = "
CREATE TABLE header (body TEXT NOT NULL);
CREATE TABLE tasks (
  task INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, row INTEGER NOT NULL, step INTEGER NOT NULL,
  device_id TEXT NOT NULL, serial_number TEXT NOT NULL, device_name TEXT NOT NULL,
  action TEXT NOT NULL, outcome TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE entries (
  seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, task INTEGER, kind TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE requests (kind TEXT PRIMARY KEY, count INTEGER NOT NULL);
CREATE VIEW outcomes AS SELECT outcome, count(*) AS tasks FROM tasks GROUP BY outcome;
CREATE VIEW entries_readable AS SELECT seq, datetime(at / 1000, 'unixepoch') AS at, kind,
  serial_number, device_name, action FROM entries LEFT JOIN tasks USING (task);
";

/// `hash` ties each entry to the one before it. `chain`: what the first hash covers, each part by itself, so that a
/// fault can be named; and the first entry that was written with a hash.
const FORMAT_2: &str = "
ALTER TABLE entries ADD COLUMN hash TEXT;
CREATE TABLE chain (header TEXT NOT NULL, tasks TEXT NOT NULL, first INTEGER NOT NULL);
";

/// The tables stay as they are. From here on an intent says what it sends, the header may keep an approval, and an entry
/// may say that a person closed the run: older programs must not write to a closed run.
const FORMAT_3: &str = "";

/// What each process that wrote the run measured: statistics, which no hash covers.
const FORMAT_4: &str = "CREATE TABLE measures (process INTEGER PRIMARY KEY, body TEXT NOT NULL);";
