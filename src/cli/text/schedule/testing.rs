//! A unit for tests.
//!
//! Owns names that need every kind of escape. Must never be a part of the program.

use super::unit::{ScheduledUnit, UnitToken};
use crate::model::{Risk, Timetable};

/// A unit whose names need every kind of escape.
pub(crate) fn unit(timetable: &str, risk: Risk) -> ScheduledUnit {
    let texts = [
        "/usr/local/bin/sortie",
        "--state-dir",
        "/var/lib/sortie",
        "run",
        "/etc/sortie/50% off & \"more\"/it's $HOME <1>.yaml",
        "--yes",
        "--reason",
        "100%\\ done",
    ];
    let timetable = Timetable::parse(timetable).expect("a timetable");
    ScheduledUnit {
        name: "nightly-restart".to_owned(),
        risk,
        zone: Some(timetable.zone.clone().unwrap_or_else(|| "UTC".to_owned())),
        timetable,
        clock_change: None,
        command: texts.map(str::to_owned).to_vec(),
        token: UnitToken::File("/etc/sortie/token".to_owned()),
        state_dir: "/var/lib/sortie".to_owned(),
        report_dir: "/srv/reports of IT".to_owned(),
        job_dir: "/etc/sortie".to_owned(),
        out_dir: None,
        more_dirs: Vec::new(),
        user: "sortie".to_owned(),
        has_window: false,
        stop_s: 180,
    }
}
