//! The tables of the host's database, format by format.
//!
//! Owns the scripts that lead from one format to the next. Invariant: a script that was ever released is never
//! changed, and none takes anything away: older programs go on reading.

/// The scripts in order; the last one's position is the newest format.
pub(super) const MIGRATIONS: [&str; 2] = [FORMAT_1, FORMAT_2];

const FORMAT_1: &str = "
CREATE TABLE runs (
  id TEXT PRIMARY KEY, job TEXT NOT NULL, tenant TEXT NOT NULL, tasks INTEGER NOT NULL,
  state TEXT NOT NULL, started_at INTEGER NOT NULL, ended_at INTEGER, summary TEXT NOT NULL DEFAULT '');
CREATE TABLE leases (
  id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, count INTEGER NOT NULL, expires_at INTEGER NOT NULL);
CREATE INDEX leases_by_tenant ON leases (tenant, expires_at);
CREATE TABLE fleets (
  tenant TEXT PRIMARY KEY, devices INTEGER NOT NULL, seen_at INTEGER NOT NULL);
CREATE TABLE device_tasks (
  run TEXT NOT NULL, task INTEGER NOT NULL, device_id TEXT NOT NULL, serial_number TEXT NOT NULL,
  device_name TEXT NOT NULL, user_email TEXT NOT NULL, action TEXT NOT NULL,
  PRIMARY KEY (run, task)) WITHOUT ROWID;
CREATE INDEX device_tasks_by_id ON device_tasks (device_id);
CREATE INDEX device_tasks_by_serial ON device_tasks (serial_number COLLATE NOCASE);
CREATE VIEW runs_readable AS SELECT id, job, tenant, tasks, state,
  datetime(started_at / 1000, 'unixepoch') AS started_at,
  datetime(ended_at / 1000, 'unixepoch') AS ended_at, summary FROM runs;
";

/// `pin_shown`: who has seen which PIN. `prunings`: what was dropped from journals, so that nobody takes a PIN
/// that was dropped for one that never was.
const FORMAT_2: &str = "
CREATE TABLE pin_shown (
  at INTEGER NOT NULL, run TEXT NOT NULL, task INTEGER NOT NULL, device_id TEXT NOT NULL,
  shown_by TEXT NOT NULL);
CREATE INDEX pin_shown_by_task ON pin_shown (run, task);
CREATE TABLE prunings (
  run TEXT NOT NULL, task INTEGER NOT NULL, at INTEGER NOT NULL, pins INTEGER NOT NULL,
  secrets INTEGER NOT NULL, replies INTEGER NOT NULL, PRIMARY KEY (run, task)) WITHOUT ROWID;
CREATE INDEX device_tasks_by_name ON device_tasks (device_name COLLATE NOCASE);
CREATE INDEX device_tasks_by_user ON device_tasks (user_email COLLATE NOCASE);
CREATE INDEX device_tasks_by_action ON device_tasks (action);
";
