//! Notices in words, as chat services and mail show them.
//!
//! Owns the texts. Must never name a device, and never show a text of a run: a reason may name devices.

use crate::app::{NoticeFacts, NoticeKind, NoticeWords};
use crate::cli::text::layout::counted;
use crate::model::{Outcome, RunVerdict, StopCause};

/// A notice in words.
pub(crate) fn notice_words(facts: &NoticeFacts) -> NoticeWords {
    if facts.test {
        return test_words(facts);
    }
    let simulated = if facts.simulated { " (simulated)" } else { "" };
    NoticeWords {
        subject: format!("{} on {}: {}{simulated}", facts.job, facts.tenant, what(facts)),
        lines: lines(facts),
        next: next(facts),
    }
}

fn test_words(facts: &NoticeFacts) -> NoticeWords {
    let of = if facts.tenant.is_empty() { String::new() } else { format!(" of {}", facts.tenant) };
    NoticeWords {
        subject: format!("test notification from sortie on {}", facts.host),
        lines: vec![(
            "Meaning".to_owned(),
            format!("this channel{of} works; no run is concerned, and there is nothing to do"),
        )],
        next: Vec::new(),
    }
}

/// What happened, in a few words.
fn what(facts: &NoticeFacts) -> String {
    let count = |outcome: Outcome| facts.count(outcome.word());
    match facts.kind {
        NoticeKind::Finished => ended(facts).to_owned(),
        NoticeKind::Failed => {
            let failed = count(Outcome::Failed) + count(Outcome::Refused);
            format!("{} of {} failed", failed, counted(facts.tasks as usize, "task"))
        }
        NoticeKind::Doubt => match count(Outcome::InDoubt) {
            0 | 1 => "a task is in doubt".to_owned(),
            doubts => format!("{doubts} tasks are in doubt"),
        },
        NoticeKind::PinMissing => match facts.missing_pins {
            0 | 1 => "a Mac is locked and its PIN is missing".to_owned(),
            pins => format!("{pins} Macs are locked and their PINs are missing"),
        },
        NoticeKind::Gate => {
            let wave = facts.wave.unwrap_or_default();
            format!("wave {wave} waits for a confirmation")
        }
        NoticeKind::Stopped => match facts.stop {
            Some(cause) => format!("stopped, {}", stop_words(cause)),
            None => "broke off, see the log of the host".to_owned(),
        },
    }
}

/// How the run ended.
fn ended(facts: &NoticeFacts) -> &'static str {
    match facts.verdict {
        Some(RunVerdict::Well) | None => "finished",
        Some(RunVerdict::Partly) => "finished with failures",
        Some(RunVerdict::Pending) => "ended with pending commands",
        Some(RunVerdict::Doubt) => "ended with tasks in doubt",
        Some(RunVerdict::Stopped) => "ended early",
        Some(RunVerdict::Quota) => "ended early, out of time or quota",
        Some(RunVerdict::Authentication) => "ended early, the token was not accepted",
        Some(RunVerdict::Permission) => "ended, the token lacks a permission",
        Some(RunVerdict::Unexpected) => "ended early, the tenant could not be used",
        Some(RunVerdict::Aborted) => "was interrupted",
    }
}

/// Why nothing more is sent. The run's own text may name a device, so the cause is worded anew.
fn stop_words(cause: StopCause) -> &'static str {
    match cause {
        StopCause::Operator => "by its operator",
        StopCause::Errors => "too many errors",
        StopCause::Unauthorized => "the token is not accepted",
        StopCause::Unreachable => "the tenant cannot be reached",
        StopCause::NotTheApi => "the address does not answer as the API",
        StopCause::Deadline => "the time for sending is over",
        StopCause::Clock => "the clock of the host jumped back",
        StopCause::StopFile => "a STOP file appeared",
        StopCause::ErrorsInARow => "too many errors in a row",
        StopCause::PinMissing => "a Mac was locked without a PIN",
        StopCause::WrongDevice => "an answer was about another device",
        StopCause::WrongTenant => "the tenant does not know the devices",
        StopCause::Canary => "the first wave did not end well",
        StopCause::Wave => "a wave had too many errors",
        StopCause::Window => "the window closed",
        StopCause::Policy => "the policy cannot be followed",
        StopCause::Throttled => "the tenant asks for a long pause",
    }
}

fn lines(facts: &NoticeFacts) -> Vec<(String, String)> {
    let outcomes: Vec<String> = Outcome::ALL
        .into_iter()
        .map(|outcome| (facts.count(outcome.word()), outcome.word().replace('_', " ")))
        .filter(|(tasks, _)| *tasks > 0)
        .map(|(tasks, word)| format!("{tasks} {word}"))
        .collect();
    let mut lines = vec![
        ("Run", facts.run.clone()),
        ("Job", facts.job.clone()),
        ("Tenant", facts.tenant.clone()),
        ("Tasks", format!("{}: {}", facts.tasks, outcomes.join(", "))),
        ("Started", facts.started_at.clone()),
    ];
    if let Some(ended_at) = &facts.ended_at {
        lines.push(("Ended", ended_at.clone()));
    }
    if let Some(tasks) = facts.wave_tasks {
        lines.push(("Next wave", counted(tasks as usize, "task")));
    }
    lines.push(("Host", facts.host.clone()));
    lines.push(("Reports", facts.report_dir.clone()));
    lines.into_iter().map(|(label, value)| (label.to_owned(), value)).collect()
}

/// What to do, with its command.
fn next(facts: &NoticeFacts) -> Vec<(String, String)> {
    let run = &facts.run;
    let step = |what: &str, command: String| (what.to_owned(), command);
    let status = || step("see the run", format!("sortie status {run}"));
    let resolve = || step("see the evidence and decide", format!("sortie resolve {run}"));
    let recover =
        || step("read the missing PINs from the tenant", format!("sortie pins {run} --recover"));
    let resume = || step("resume the run", format!("sortie resume {run}"));
    match facts.kind {
        NoticeKind::Doubt => vec![resolve()],
        NoticeKind::PinMissing => vec![recover()],
        NoticeKind::Gate => vec![step(
            "confirm the wave at the terminal of the run; to see the run from elsewhere",
            format!("sortie watch {run} --attach"),
        )],
        NoticeKind::Failed => vec![status()],
        NoticeKind::Stopped => vec![status(), resume()],
        NoticeKind::Finished => {
            let mut next = Vec::new();
            if facts.missing_pins > 0 {
                next.push(recover());
            }
            if facts.count(Outcome::InDoubt.word()) > 0 {
                next.push(resolve());
            }
            if facts.count(Outcome::NotAttempted.word()) > 0 {
                next.push(resume());
            }
            next.push(status());
            next
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn facts(kind: NoticeKind, counts: &[(Outcome, u32)]) -> NoticeFacts {
        let counts: BTreeMap<String, u32> =
            counts.iter().map(|(outcome, tasks)| (outcome.word().to_owned(), *tasks)).collect();
        NoticeFacts {
            version: 1,
            kind,
            test: false,
            simulated: false,
            run: "R".to_owned(),
            job: "lock".to_owned(),
            tenant: "acme".to_owned(),
            host: "mdm1".to_owned(),
            at: "2026-11-29T12:00:00Z".to_owned(),
            started_at: "2026-11-29T11:00:00Z".to_owned(),
            ended_at: None,
            verdict: None,
            stop: None,
            tasks: counts.values().sum(),
            counts,
            missing_pins: 0,
            wave: None,
            wave_tasks: None,
            report_dir: "/reports/R".to_owned(),
        }
    }

    #[test]
    fn the_subject_says_what_happened_to_which_job() {
        let two = [(Outcome::Failed, 1), (Outcome::Refused, 1), (Outcome::Completed, 3)];
        let doubts = [(Outcome::InDoubt, 2)];
        for (facts, expected) in [
            (facts(NoticeKind::Failed, &two), "lock on acme: 2 of 5 tasks failed"),
            (facts(NoticeKind::Doubt, &doubts), "lock on acme: 2 tasks are in doubt"),
            (
                NoticeFacts {
                    stop: Some(StopCause::StopFile),
                    ..facts(NoticeKind::Stopped, &doubts)
                },
                "lock on acme: stopped, a STOP file appeared",
            ),
            (
                NoticeFacts {
                    verdict: Some(RunVerdict::Doubt),
                    simulated: true,
                    ..facts(NoticeKind::Finished, &doubts)
                },
                "lock on acme: ended with tasks in doubt (simulated)",
            ),
        ] {
            assert_eq!(notice_words(&facts).subject, expected);
        }
    }

    #[test]
    fn every_kind_has_a_next_step() {
        for kind in NoticeKind::ALL {
            let words = notice_words(&facts(kind, &[(Outcome::InDoubt, 1)]));
            assert!(!words.next.is_empty(), "{kind:?}");
            assert!(words.lines.iter().any(|(label, _)| label == "Host"), "{kind:?}");
        }
        let words = notice_words(&facts(NoticeKind::Finished, &[(Outcome::InDoubt, 1)]));
        assert_eq!(words.next[0].1, "sortie resolve R");
    }
}
