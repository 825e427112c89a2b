//! The top of the page: how the run ended, what it was, who started it.
//!
//! Owns the words of the verdicts. Must never say that a run ended well that left a doubt: it repeats the verdict.

use super::words::{PageTone, time};
use crate::model::{Outcome, OutcomeCounts, RunVerdict, counted, human_duration, thousands};
use crate::report::RunFacts;

/// The top of the page.
pub(super) struct Headline {
    pub(super) title: &'static str,
    pub(super) tone: PageTone,
    /// What happened, the most important first.
    pub(super) sentences: Vec<String>,
    pub(super) facts: Vec<HeadlineFact>,
}

/// A name and its value.
pub(super) struct HeadlineFact {
    pub(super) name: &'static str,
    pub(super) value: String,
}

impl Headline {
    /// The top of the page of this run.
    pub(super) fn of(facts: &RunFacts, counts: &OutcomeCounts) -> Self {
        let (title, tone) = verdict(facts.verdict);
        Self { title, tone, sentences: sentences(facts, counts), facts: facts_of(facts) }
    }
}

pub(super) fn verdict(verdict: Option<RunVerdict>) -> (&'static str, PageTone) {
    match verdict {
        None => ("In progress", PageTone::Caution),
        Some(RunVerdict::Well) => ("Completed", PageTone::Good),
        Some(RunVerdict::Pending) => ("Waiting for devices", PageTone::Caution),
        Some(RunVerdict::Partly) => ("Completed with problems", PageTone::Bad),
        Some(RunVerdict::Doubt) => ("Tasks in doubt", PageTone::Bad),
        Some(RunVerdict::Stopped) => ("Stopped", PageTone::Bad),
        Some(RunVerdict::Quota) => ("Stopped by a time or rate limit", PageTone::Bad),
        Some(RunVerdict::Authentication) => ("Stopped: token not accepted", PageTone::Bad),
        Some(RunVerdict::Permission) => ("Stopped: permission missing", PageTone::Bad),
        Some(RunVerdict::Unexpected) => ("Stopped: tenant not usable", PageTone::Bad),
        Some(RunVerdict::Aborted) => ("Interrupted", PageTone::Bad),
    }
}

fn sentences(facts: &RunFacts, counts: &OutcomeCounts) -> Vec<String> {
    let mut sentences = vec![ends(counts)];
    if facts.verdict.is_none() {
        let at = time(facts.record.last_at.max(facts.started_at));
        sentences.push(format!("This page was written before the run ended. Last record: {at}."));
    }
    if counts.of(Outcome::InDoubt) > 0 {
        sentences.push(
            "In doubt means: the request left, and no usable answer came. sortie never repeats it by itself."
                .to_owned(),
        );
    }
    if let Some((_, reason)) = &facts.record.stop {
        sentences.push(format!("Why it stopped: {}.", plain_stop(reason)));
    }
    for (action, reason) in &facts.record.stopped_actions {
        sentences.push(format!("The token lacks the permission for {action}: {reason}."));
    }
    if let Some((at, by)) = &facts.record.closed {
        sentences.push(format!("Closed by {by} on {}.", time(*at)));
    }
    sentences
}

/// The cause of a stop; names of signals in plain words.
fn plain_stop(reason: &str) -> &str {
    match reason {
        "Ctrl-C" => "Ctrl-C was pressed",
        "SIGTERM" => "another program or a shutdown asked it to end (SIGTERM)",
        "SIGQUIT" => "a signal asked it to end (SIGQUIT)",
        reason => reason,
    }
}

/// How the tasks ended, in one sentence.
fn ends(counts: &OutcomeCounts) -> String {
    let good = counts.of(Outcome::Completed)
        + counts.of(Outcome::Accepted)
        + counts.of(Outcome::AlreadyInEffect);
    let all = counts.total() - counts.of(Outcome::Skipped);
    let parts = [
        (counts.of(Outcome::Failed), "failed"),
        (counts.of(Outcome::Refused), "refused"),
        (counts.of(Outcome::InDoubt), "in doubt"),
        (counts.of(Outcome::Pending) + counts.of(Outcome::NotNow), "pending"),
        (counts.of(Outcome::NotAttempted), "not attempted"),
    ];
    let parts = parts.into_iter().filter(|(tasks, _)| *tasks > 0);
    let others: Vec<String> =
        parts.map(|(tasks, word)| format!("{} {word}", thousands(tasks))).collect();
    let mut text = match (good, all) {
        (0, 0) => "No task was to be sent.".to_owned(),
        (1, 1) => "The task ended well.".to_owned(),
        _ if good == all => format!("All {} ended well.", counted(all, "task")),
        _ => format!("{} of {} ended well", thousands(good), counted(all, "task")),
    };
    if !others.is_empty() {
        text.push_str(&format!("; {}.", others.join(", ")));
    }
    let skipped = counts.of(Outcome::Skipped);
    if skipped > 0 {
        let noun = if all > 0 { "more task" } else { "task" };
        text.push_str(&format!(" Rules left out {}.", counted(skipped, noun)));
    }
    text
}

fn facts_of(facts: &RunFacts) -> Vec<HeadlineFact> {
    let text = |text: &String| (!text.is_empty()).then(|| text.clone());
    let ended = facts.finished_at.map_or_else(|| "not yet".to_owned(), time);
    let until = facts.finished_at.unwrap_or(facts.record.last_at);
    let lasted = human_duration(until.remaining_ms(facts.started_at));
    let rows = [
        ("Purpose", facts.reason.clone()),
        ("Started by", text(&facts.operator)),
        ("Planned by", text(&facts.planned_by).filter(|by| *by != facts.operator)),
        ("Confirmed", text(&facts.confirmation)),
        ("Approved by", facts.approver.clone()),
        ("Sent outside the window because", facts.break_glass.clone()),
        ("Started (UTC)", Some(time(facts.started_at))),
        ("Ended (UTC)", Some(ended)),
        ("Duration", Some(lasted)),
        ("Run", Some(facts.run_id.clone())),
    ];
    let fact =
        |(name, value): (&'static str, Option<String>)| Some(HeadlineFact { name, value: value? });
    rows.into_iter().filter_map(fact).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::StopCause;
    use crate::report::testing::facts;

    fn counts(outcomes: &[Outcome]) -> OutcomeCounts {
        let mut counts = OutcomeCounts::default();
        outcomes.iter().for_each(|outcome| counts.add(*outcome));
        counts
    }

    #[test]
    fn the_first_sentence_adds_up() {
        use Outcome::{Completed, Failed, InDoubt, NotNow, Pending, Skipped};
        for (outcomes, text) in [
            (&[][..], "No task was to be sent."),
            (&[Completed], "The task ended well."),
            (&[Completed, Completed], "All 2 tasks ended well."),
            (&[Completed, Skipped], "The task ended well. Rules left out 1 more task."),
            (
                &[Completed, Failed, InDoubt, Pending, NotNow],
                "1 of 5 tasks ended well; 1 failed, 1 in doubt, 2 pending.",
            ),
            (&[Skipped], "No task was to be sent. Rules left out 1 task."),
            (&[Failed], "0 of 1 task ended well; 1 failed."),
        ] {
            assert_eq!(ends(&counts(outcomes)), text);
        }
    }

    #[test]
    fn a_page_of_a_run_in_progress_says_so() {
        let headline = Headline::of(&facts(), &counts(&[Outcome::Completed]));
        assert_eq!(headline.title, "In progress");
        assert!(headline.sentences[1].contains("before the run ended"));
        assert!(headline.facts.iter().any(|fact| fact.value == "not yet"));
    }

    #[test]
    fn a_stop_is_explained() {
        let mut stopped = facts();
        stopped.verdict = Some(RunVerdict::Stopped);
        stopped.record.stop = Some((StopCause::Errors, "6 of 40 tasks failed".to_owned()));
        let headline = Headline::of(&stopped, &counts(&[Outcome::Failed]));
        assert_eq!((headline.title, headline.tone), ("Stopped", PageTone::Bad));
        assert!(headline.sentences[1].contains("6 of 40 tasks failed"));
        stopped.record.stop = Some((StopCause::Operator, "SIGTERM".to_owned()));
        let headline = Headline::of(&stopped, &counts(&[Outcome::Failed]));
        assert!(headline.sentences[1].contains("another program or a shutdown"));
    }
}
