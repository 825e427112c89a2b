//! Jobs that no scheduler may start, in words.
//!
//! Owns the words. Must never offer `--yes` for work that cannot be undone.

use super::words::Words;
use crate::app::{ScheduleLack, ScheduleReason};
use crate::cli::text::layout::one_line;
use crate::model::Risk;

pub(super) fn schedule(reason: &ScheduleReason) -> Words {
    match reason {
        ScheduleReason::Unconfirmed { risk, lacks } => unconfirmed(*risk, lacks),
        ScheduleReason::OtherWords { given, risk, verbs } => {
            let what = format!(
                "--confirm \"{}\" cannot confirm the {} work of this job",
                one_line(given),
                risk.word()
            );
            Words::new(
                what,
                match verbs.is_empty() {
                    true => "give the number of devices that the plan shows".to_owned(),
                    false => format!(
                        "give the phrase that the plan shows, such as \"{} 3 ON acme\"",
                        verbs.join(" 3 AND ")
                    ),
                },
            )
        }
        ScheduleReason::OutsideWindow { window, first } => Words::new(
            format!(
                "the window of the job ({window}) is closed at each of these times, first at {first}"
            ),
            "choose times within the window, or change the window in the job",
        ),
    }
}

fn unconfirmed(risk: Risk, lacks: &[ScheduleLack]) -> Words {
    let line = |lack: &ScheduleLack| match lack {
        ScheduleLack::MaxDevices => "  limits: { max_devices: N }",
        ScheduleLack::TimeBound => "  send_until: 2h",
        ScheduleLack::Window => {
            "  window: { days: [sat], from: \"22:00\", to: \"23:30\", timezone: Europe/Berlin }"
        }
        ScheduleLack::Words => "  --confirm \"PHRASE\"",
    };
    let (flags, keys): (Vec<_>, Vec<_>) =
        lacks.iter().partition(|lack| **lack == ScheduleLack::Words);
    let mut next = Vec::new();
    if !keys.is_empty() {
        next.push("add to the YAML job:".to_owned());
        next.extend(keys.iter().map(|lack| line(lack).to_owned()));
    }
    if lacks.contains(&ScheduleLack::Window) {
        next.push(
            "the window refuses a start after a sleep, which launchd makes up for".to_owned(),
        );
    }
    if !flags.is_empty() {
        next.push("give the phrase that the plan shows:".to_owned());
        next.extend(flags.iter().map(|lack| line(lack).to_owned()));
    }
    let what = format!(
        "{} work that no person confirms needs bounds in the job that are missing",
        risk.word()
    );
    let only_words = "irreversible work needs a confirmation before a scheduler may start it";
    let what = if keys.is_empty() { only_words.to_owned() } else { what };
    Words::new(what, next.join("\n"))
}
