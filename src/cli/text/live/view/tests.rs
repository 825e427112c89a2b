//! Tests of the live view, at several widths.
//!
//! Owns the snapshots of its lines. Must never depend on a clock.

use super::*;
use crate::app::{RunAdvanced, SeenEntry};
use crate::cli::text::live::testing::{START, begins, counts_of, entry, task};
use crate::engine::Progress;
use crate::model::Outcome;

fn run(viewpoint: Viewpoint) -> LiveRun {
    LiveRun::new(&begins(), viewpoint)
}

/// Twenty seconds in which five requests leave each second.
fn flowing(viewpoint: Viewpoint) -> LiveRun {
    let mut run = run(viewpoint);
    let mut entries: Vec<SeenEntry> =
        (0..100).map(|at| entry(START.plus_ms(at * 200), "intent", None)).collect();
    let no = "the API refused the request: HTTP 404, no device has this id in this tenant";
    for (serial, outcome, reason) in [
        ("C02AA1ABJGH5", Outcome::Refused, no),
        ("C02AA2ABJGH5", Outcome::Failed, "the device reported: \u{1b}[2J12021"),
        ("C02AA3ABJGH5", Outcome::Failed, "the device reported: 12021"),
        ("C02AA4ABJGH5", Outcome::InDoubt, "no answer came within 30 s"),
    ] {
        let kind = if outcome == Outcome::InDoubt { "doubted" } else { "settled" };
        entries.push(entry(START.plus_ms(19_000), kind, Some(task(serial, outcome, reason))));
    }
    run.take(&RunAdvanced {
        run: "R".to_owned(),
        entries,
        progress: Progress {
            doubts: 1,
            in_flight: 4,
            following: 13,
            wave: Some((3, 4)),
            ready_in_wave: 1_150,
            ..Progress::default()
        },
        counts: counts_of(&[
            (Outcome::Completed, 70),
            (Outcome::Pending, 13),
            (Outcome::InDoubt, 5),
            (Outcome::Failed, 7),
            (Outcome::Refused, 1),
            (Outcome::NotAttempted, 1_174),
            (Outcome::Skipped, 2),
        ]),
        spent: 96,
    });
    run
}

/// The lines at every width, and that none is wider; `more` is changed before.
fn shown(run: &mut LiveRun, now: UnixMillis) -> String {
    run.tick(now);
    let mut text = String::new();
    for width in [40, 80, 120] {
        for has_colors in [false, true] {
            let screen = Screen { width: Some(width), has_colors, ..Screen::plain() };
            let lines = view_lines(run, now, &screen);
            assert!(lines.len() <= LINES_MAX, "{lines:#?}");
            let plain: Vec<String> =
                lines.iter().map(|line| console::strip_ansi_codes(line).into_owned()).collect();
            for line in &plain {
                assert!(width_of(line) < width, "{width}: {line}");
                assert!(!line.contains('\u{1b}'), "{line}");
            }
            if !has_colors {
                text.push_str(&format!("--- {width} columns\n{}\n", plain.join("\n")));
            }
        }
    }
    text
}

#[test]
fn a_run_in_full_flow_shows_counts_pace_and_failures() {
    insta::assert_snapshot!(shown(&mut flowing(Viewpoint::Driver), START.plus_ms(20_000)));
}

#[test]
fn a_run_between_waves_shows_what_it_waits_for() {
    let mut run = flowing(Viewpoint::Driver);
    let now = START.plus_ms(90_000);
    let until = now.plus_ms(862_000);
    run.progress.ready_in_wave = 0;
    run.progress.wave_wait = Some(WaveWait::Devices { waiting: 17, until: Some(until) });
    run.failures.clear();
    insta::assert_snapshot!(shown(&mut run, now));
    run.progress.wave_wait = Some(WaveWait::Devices { waiting: 0, until: Some(until) });
    assert!(shown(&mut run, now).contains("wave      3 of 4; wave 4 waits for the operator's"));
    run.progress.wave_wait = Some(WaveWait::Pause { until });
    run.progress.ready_in_wave = 900;
    assert!(shown(&mut run, now).contains("wave      3 of 4 starts in 14 min 22 s\n  quota"));
    assert!(shown(&mut run, until).contains("now       sending"));
}

#[test]
fn a_paused_run_counts_down_and_estimates_nothing() {
    let mut run = flowing(Viewpoint::Onlooker);
    let now = START.plus_ms(20_000);
    run.progress.paused_until = Some(now.plus_ms(42_300));
    run.progress.paused_because = "the tenant limits the rate".to_owned();
    run.progress.wave = None;
    let text = shown(&mut run, now);
    assert!(!text.contains("about"), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn a_run_that_stops_says_what_ctrl_c_does_next() {
    let mut run = flowing(Viewpoint::Driver);
    run.progress.stop = Some((StopCause::Operator, "Ctrl-C".to_owned()));
    let text = shown(&mut run, START.plus_ms(20_000));
    assert!(
        text.contains("now       stopping: no more requests are sent; waiting for 4 answers\n")
    );
    assert!(text.contains("Ctrl-C    leave at once; sortie resume checks"), "{text}");
}

#[test]
fn a_run_that_sent_everything_says_how_long_it_follows() {
    let mut run = flowing(Viewpoint::Driver);
    run.counts = counts_of(&[(Outcome::Completed, 100), (Outcome::Pending, 20)]);
    run.progress = Progress {
        following: 20,
        follow_until: Some(START.plus_ms(1_820_000)),
        ..Progress::default()
    };
    run.failures.clear();
    let text = shown(&mut run, START.plus_ms(20_000));
    assert!(text.contains("now       waiting for 20 commands to finish (30 min at most)\n"));
    assert!(text.contains("100 of 120 tasks ended"), "{text}");
}

#[test]
fn a_doubt_says_when_it_is_checked() {
    let mut run = flowing(Viewpoint::Driver);
    run.progress.ready_in_wave = 0;
    run.progress.wave = None;
    let text = shown(&mut run, START.plus_ms(60_000));
    assert!(text.contains("now       checking 1 request in doubt in 9 min 19 s"), "{text}");
}

#[test]
fn a_doubt_that_ends_as_a_failure_is_one_failure() {
    let mut run = flowing(Viewpoint::Driver);
    let ended = task("C02AA4ABJGH5", Outcome::Failed, "taken as not done");
    let advanced = RunAdvanced {
        run: "R".to_owned(),
        entries: vec![entry(START, "settled", Some(ended))],
        progress: run.progress.clone(),
        counts: run.counts.clone(),
        spent: 0,
    };
    run.take(&advanced);
    let words: Vec<&str> = run.failures.iter().map(|failure| failure.word).collect();
    assert_eq!(words, ["failed", "failed", "failed"]);
}

#[test]
fn a_wave_measures_its_rate_anew() {
    let mut run = flowing(Viewpoint::Driver);
    let now = START.plus_ms(20_000);
    assert!(run.rate.per_second(now).is_some());
    let advanced = RunAdvanced {
        run: "R".to_owned(),
        entries: vec![entry(now, "wave_begun", None)],
        progress: run.progress.clone(),
        counts: run.counts.clone(),
        spent: 0,
    };
    run.take(&advanced);
    assert_eq!(run.rate.per_second(now), None);
}
