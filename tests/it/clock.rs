//! A clock that was far ahead once, and the limits that it left shut.
//!
//! Owns the warning and `sortie repair-clock`. Must never change the clock of the machine.

use sortie::simulator::DeviceKind;

use crate::fleet::{Fleet, says};

const DAY_MS: i64 = 86_400_000;

fn change(fleet: &Fleet, sql: &str) {
    let index = rusqlite::Connection::open(fleet.bench.path("state/sortie.db")).expect("it opens");
    index.execute_batch(sql).expect("it can be written");
}

#[test]
fn limits_from_a_clock_ahead_are_reported_and_repaired() {
    let fleet = Fleet::of(DeviceKind::IPad, 6);
    fleet.policy("[caps.action.restart]\nper_day = 3\n");
    let first = fleet.job("restart", 0..3);
    fleet.run(&first, "3", &[]).expect(0);
    let quiet = fleet.bench.sortie(&["repair-clock", "--yes"]).expect(0);
    says(&quiet, &["nothing was changed"]);
    // As if all that had happened eight years from now.
    let ahead = 8 * 365 * DAY_MS;
    change(
        &fleet,
        &format!(
            "UPDATE charges SET at = at + {ahead}; UPDATE leases SET expires_at = expires_at + {ahead};
             UPDATE runs SET started_at = started_at + {ahead}, ended_at = ended_at + {ahead}"
        ),
    );
    // The journal is of that time, too: what was sent then settles nothing today.
    let run = fleet.bench.latest_run();
    let path = fleet.bench.path("state/runs").join(format!("{run}.db"));
    let journal = rusqlite::Connection::open(path).expect("it opens");
    journal.execute("UPDATE entries SET at = at + ?", [ahead]).expect("it can be written");
    let job = fleet.bench.job(
        "more.csv",
        "serial_number,action",
        &[format!("{},restart", crate::harness::serial(4))],
    );
    let day_later = format!("UPDATE charges SET at = at - {DAY_MS} - 1000");
    change(&fleet, &day_later);
    let refused = fleet.run(&job, "1", &[]).expect(8);
    says(&refused, &["clock was ahead", "sortie repair-clock", "over the cap"]);
    fleet.bench.sortie(&["repair-clock", "--no-input"]).expect(8);
    let repaired = fleet.bench.sortie(&["repair-clock", "--yes"]).expect(0);
    says(&repaired, &["repaired", "1 run"]);
    // The journal was changed above, and the audit says that as well.
    says(&fleet.bench.sortie(&["audit"]).expect(12), &["clock_repaired"]);
    fleet.run(&job, "1", &[]).expect(8);
    change(&fleet, &day_later);
    let ran = fleet.run(&job, "1", &[]).expect(0);
    assert!(!ran.stderr.contains("clock"), "{}", ran.stderr);
}
