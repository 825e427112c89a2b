//! A job that a scheduler starts while no person is there.
//!
//! Owns what has to stand in the job, or be confirmed once, in place of a person at each start. Must never be looser than
//! the consent that the run itself verifies: a unit that this allows can still be refused at its start.

use crate::app::schedule_reason::{ScheduleLack, ScheduleReason};
use crate::app::settings::RunSettings;
use crate::job::Job;
use crate::kandji::ActionSpec;
use crate::model::{OutsideWindow, Risk, UnixMillis, Window};

/// Whether a scheduler may start a job after its time.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum LateStart {
    /// It starts on time, or not at all.
    Never,
    /// It starts when the host wakes.
    AfterSleep,
}

/// What a scheduler would start, and when.
#[derive(Clone, Copy, Debug)]
pub struct ScheduleRequest<'a> {
    /// The job.
    pub job: &'a Job,
    /// Its settings, flags and profile included.
    pub settings: &'a RunSettings,
    /// The number of devices or the phrase, where it was given.
    pub words: Option<&'a str>,
    /// The next starts.
    pub starts: &'a [UnixMillis],
    /// Whether the scheduler may start it after its time.
    pub late: LateStart,
}

/// How each start is confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScheduleConsent {
    /// By a plain yes.
    Yes,
    /// By these words.
    Words(String),
}

/// A job that a scheduler may start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduledJob {
    /// The highest risk of its actions.
    pub risk: Risk,
    /// How each start is confirmed.
    pub consent: ScheduleConsent,
    /// The window that refuses a start at another time; `None` for none.
    pub window: Option<Window>,
    /// How many of the next starts the window refuses.
    pub refused_starts: usize,
}

/// Whether a scheduler may start a job.
///
/// # Errors
/// The job lacks a bound or a confirmation, or its window is closed at each of the starts.
pub fn schedule_job(request: &ScheduleRequest<'_>) -> Result<ScheduledJob, ScheduleReason> {
    let ScheduleRequest { job, settings, words, starts, .. } = *request;
    let actions = actions(job);
    let risk = actions.iter().map(|action| action.risk).max().unwrap_or(Risk::Read);
    let words = words.map(str::trim).filter(|words| !words.is_empty());
    let lacks = lacks(request, risk, words);
    if !lacks.is_empty() {
        return Err(ScheduleReason::Unconfirmed { risk, lacks });
    }
    if let Some(given) = words {
        verify_words(given, risk, &actions)?;
    }
    let window = settings.window().cloned();
    let refused = window.as_ref().filter(|_| settings.outside_window() == OutsideWindow::Refuse);
    let is_closed = |at: &&UnixMillis| refused.is_some_and(|window| !window.at(**at).is_open());
    let refused_starts = starts.iter().filter(is_closed).count();
    if let (Some(window), Some(first), true) =
        (refused, starts.first(), refused_starts == starts.len())
    {
        return Err(ScheduleReason::OutsideWindow { window: window.shown(), first: *first });
    }
    let consent = match words {
        Some(words) => ScheduleConsent::Words(words.to_owned()),
        None => ScheduleConsent::Yes,
    };
    Ok(ScheduledJob { risk, consent, window, refused_starts })
}

/// What is missing, in the order in which people repair it.
fn lacks(request: &ScheduleRequest<'_>, risk: Risk, words: Option<&str>) -> Vec<ScheduleLack> {
    let settings = request.settings;
    let needs_bounds = match risk {
        Risk::Read | Risk::Benign => return Vec::new(),
        // A number confirms so many devices, and not one more.
        Risk::Disruptive => words.is_none(),
        Risk::Irreversible => true,
    };
    let needs_window = request.late == LateStart::AfterSleep;
    let has_window = settings.window().is_some();
    let mut lacks = Vec::new();
    let mut add = |lack: ScheduleLack, is_missing: bool| {
        if is_missing {
            lacks.push(lack);
        }
    };
    add(ScheduleLack::MaxDevices, needs_bounds && settings.max_devices().is_none());
    add(ScheduleLack::Window, needs_window && !has_window);
    let is_timeless = !needs_window && !settings.has_time_bound();
    add(ScheduleLack::TimeBound, needs_bounds && is_timeless);
    add(ScheduleLack::Words, risk == Risk::Irreversible && words.is_none());
    lacks
}

/// Refuses words that no plan of these actions could need.
fn verify_words(
    given: &str,
    risk: Risk,
    actions: &[&'static ActionSpec],
) -> Result<(), ScheduleReason> {
    let irreversible = actions.iter().filter(|action| action.risk == Risk::Irreversible);
    let verbs: Vec<String> = irreversible
        .map(|action| {
            action.hazards.phrase.map_or_else(|| action.name.to_uppercase(), str::to_owned)
        })
        .collect();
    let is_count = given.parse::<u32>().is_ok_and(|count| count > 0);
    let has_verb = |verb: &String| given.split(' ').any(|word| word == verb);
    let is_phrase = given.contains(" ON ") && verbs.iter().all(has_verb);
    let may_fit = match risk {
        Risk::Read | Risk::Benign | Risk::Disruptive => is_count,
        Risk::Irreversible => is_phrase,
    };
    if may_fit {
        return Ok(());
    }
    Err(ScheduleReason::OtherWords { given: given.to_owned(), risk, verbs })
}

/// The actions of a job, each once.
fn actions(job: &Job) -> Vec<&'static ActionSpec> {
    let rows = job.rows.iter().map(|row| &row.steps);
    let selected = job.selection.iter().map(|selection| &selection.steps);
    let mut actions: Vec<&'static ActionSpec> = Vec::new();
    for step in rows.chain(selected).flat_map(|steps| steps.iter()) {
        if !actions.iter().any(|action| action.name == step.action.name) {
            actions.push(step.action);
        }
    }
    actions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Input, ParseOptions, parse};
    use crate::model::settings::SettingValues;

    const BOUNDED: &str = "limits: { max_devices: 5 }\nsend_until: 2h\n";
    const WINDOW: &str = "limits: { max_devices: 5 }\nwindow: { days: [sat], from: \"22:00\", to: \"23:00\", timezone: UTC }\n";

    fn scheduled(
        action: &str,
        lines: &str,
        words: Option<&str>,
        late: LateStart,
        starts: &[UnixMillis],
    ) -> Result<ScheduledJob, ScheduleReason> {
        let text =
            format!("version: 1\nname: a\ntargets: {{ all: true }}\naction: {action}\n{lines}");
        let input = Input { name: "a.yaml", bytes: text.as_bytes() };
        let none = |name: &str| Err(name.to_owned());
        let job = parse(&input, &ParseOptions::default(), &none).expect(&text);
        let settings = RunSettings::new(SettingValues::default(), &job);
        schedule_job(&ScheduleRequest { job: &job, settings: &settings, words, starts, late })
    }

    #[test]
    fn each_risk_needs_what_takes_the_place_of_a_person() {
        use ScheduleLack::{MaxDevices, TimeBound, Window, Words};
        let (on_time, late) = (LateStart::Never, LateStart::AfterSleep);
        let erase = "erase\nsecrets: elsewhere";
        for (action, lines, words, late, lacks) in [
            ("daily-checkin", "", None, on_time, vec![]),
            ("daily-checkin", "", None, late, vec![]),
            ("daily-checkin", "", Some("5"), on_time, vec![]),
            ("restart", "", None, on_time, vec![MaxDevices, TimeBound]),
            ("restart", "limits: { max_devices: 5 }\n", None, on_time, vec![TimeBound]),
            ("restart", "send_until: 2h\n", None, on_time, vec![MaxDevices]),
            ("restart", BOUNDED, None, on_time, vec![]),
            ("restart", BOUNDED, None, late, vec![Window]),
            ("restart", WINDOW, None, late, vec![]),
            ("restart", "", Some("3"), on_time, vec![]),
            ("restart", "", Some("3"), late, vec![Window]),
            (erase, "", None, on_time, vec![MaxDevices, TimeBound, Words]),
            (erase, "", Some("ERASE 3 ON acme"), on_time, vec![MaxDevices, TimeBound]),
            (erase, BOUNDED, None, on_time, vec![Words]),
            (erase, BOUNDED, Some("ERASE 3 ON acme"), on_time, vec![]),
            (erase, BOUNDED, Some("ERASE 3 ON acme"), late, vec![Window]),
        ] {
            let found = match scheduled(action, lines, words, late, &[]) {
                Err(ScheduleReason::Unconfirmed { lacks, .. }) => lacks,
                Ok(_) => Vec::new(),
                Err(other) => panic!("{action} {lines}: {other:?}"),
            };
            assert_eq!(found, lacks, "{action} {lines} {words:?} {late:?}");
        }
    }

    #[test]
    fn words_that_no_plan_of_the_job_needs_are_refused() {
        let erase = "erase\nsecrets: elsewhere";
        for (action, words) in [
            ("daily-checkin", "ERASE 3 ON acme"),
            ("restart", "yes"),
            ("restart", "0"),
            (erase, "3"),
            (erase, "DELETE 3 ON acme"),
            (erase, "ERASE 3"),
        ] {
            let refused = scheduled(action, BOUNDED, Some(words), LateStart::Never, &[]);
            let reason = refused.expect_err(words);
            assert!(matches!(reason, ScheduleReason::OtherWords { .. }), "{words}: {reason:?}");
        }
    }

    #[test]
    fn a_time_at_which_the_window_is_closed_is_refused() {
        let at = |text: &str| UnixMillis::parse(text).expect("a moment");
        let (open, closed) = (at("2026-12-05T22:00:00Z"), at("2026-12-05T12:00:00Z"));
        let starts =
            |starts: &[UnixMillis]| scheduled("restart", WINDOW, None, LateStart::Never, starts);
        assert_eq!(starts(&[open, open]).map(|job| job.refused_starts), Ok(0));
        assert_eq!(starts(&[open, closed]).map(|job| job.refused_starts), Ok(1));
        let refused = starts(&[closed, closed]).expect_err("never open");
        assert!(matches!(refused, ScheduleReason::OutsideWindow { .. }), "{refused:?}");
        let waits = WINDOW.replace("timezone: UTC", "timezone: UTC, outside: wait");
        let waits = scheduled("restart", &waits, None, LateStart::Never, &[closed]);
        assert_eq!(waits.map(|job| job.refused_starts), Ok(0));
    }
}
