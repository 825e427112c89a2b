//! The tables of the host's database, format by format.
//!
//! Owns the scripts that lead from one format to the next. Invariant: a script that was ever released is never
//! changed, and none takes anything away: older programs go on reading.

/// The scripts in order; the last one's position is the newest format.
pub(super) const MIGRATIONS: [&str; 7] =
    [FORMAT_1, FORMAT_2, FORMAT_3, FORMAT_4, FORMAT_5, HAND_OVERS, GROUPS];

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

/// `pin_shown`: who has seen which PIN. `prunings`: what was dropped from journals, so that no one takes a PIN
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

/// `meta`: which database this is. `charges`: budgets of devices by action. `plans`: what was written to plan files,
/// and which run used it up. `audit`: the host's record, each note tied to the one before it by its hash.
const FORMAT_3: &str = "
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('database_id', lower(hex(randomblob(8))));
CREATE TABLE charges (
  run TEXT NOT NULL, tenant TEXT NOT NULL, action TEXT NOT NULL, devices INTEGER NOT NULL, at INTEGER NOT NULL,
  kept_free INTEGER NOT NULL, PRIMARY KEY (run, action, at, kept_free)) WITHOUT ROWID;
CREATE INDEX charges_by_tenant ON charges (tenant, at);
CREATE TABLE plans (
  digest TEXT PRIMARY KEY, made_at INTEGER NOT NULL, made_by TEXT NOT NULL, job TEXT NOT NULL,
  tenant TEXT NOT NULL, run TEXT) WITHOUT ROWID;
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, run TEXT, body TEXT NOT NULL,
  hash TEXT NOT NULL);
CREATE VIEW audit_readable AS SELECT seq, datetime(at / 1000, 'unixepoch') AS at, kind, run, body FROM audit;
";

/// `heads`: how far the journal of each run has come. `genesis` is the hash of the header and the tasks. `head` is
/// the hash of the last entry that is known to be on disk, `next_head` of the last one of the batch that is being written.
const FORMAT_4: &str = "
CREATE TABLE heads (
  run TEXT PRIMARY KEY, genesis TEXT NOT NULL, entries INTEGER NOT NULL, head TEXT NOT NULL,
  next_entries INTEGER, next_head TEXT) WITHOUT ROWID;
";

/// `notices`: what people want to get about runs, one row for each channel, until it is delivered. `detail` distinguishes
/// notices of a kind, such as the waves. Addresses and secrets of channels are never in it.
const FORMAT_5: &str = "
CREATE TABLE notices (
  id TEXT PRIMARY KEY, run TEXT NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL, profile TEXT NOT NULL,
  channel TEXT NOT NULL, facts TEXT NOT NULL, made_at INTEGER NOT NULL, state TEXT NOT NULL,
  attempts INTEGER NOT NULL, next_at INTEGER NOT NULL, held_until INTEGER, last_error TEXT, ended_at INTEGER,
  UNIQUE (run, kind, detail, profile, channel)) WITHOUT ROWID;
CREATE INDEX notices_by_state ON notices (profile, state, made_at);
";

/// `hand_overs`: plans that an engine elsewhere carries out, each with the header of its run and the place where it was
/// submitted. `hand_over_devices`: what that run may still send, so that no other run does the same meanwhile.
const HAND_OVERS: &str = "
CREATE TABLE hand_overs (
  plan TEXT PRIMARY KEY, run TEXT NOT NULL UNIQUE, tenant TEXT NOT NULL, header TEXT NOT NULL, at INTEGER NOT NULL,
  place TEXT, submitted_at INTEGER, ended_at INTEGER) WITHOUT ROWID;
CREATE TABLE hand_over_devices (
  run TEXT NOT NULL, device_id TEXT NOT NULL, action TEXT NOT NULL,
  PRIMARY KEY (run, device_id, action)) WITHOUT ROWID;
";

/// `run_groups`: one job on several tenants. `run_group_members`: its tenants in the order of the plan, each with its run once
/// that is entered, or why none began.
const GROUPS: &str = "
CREATE TABLE run_groups (
  id TEXT PRIMARY KEY, job TEXT NOT NULL, report_dir TEXT NOT NULL, started_at INTEGER NOT NULL);
CREATE TABLE run_group_members (
  group_id TEXT NOT NULL, position INTEGER NOT NULL, tenant TEXT NOT NULL, run TEXT, left_out TEXT,
  PRIMARY KEY (group_id, position)) WITHOUT ROWID;
CREATE INDEX run_group_members_by_run ON run_group_members (run);
";
