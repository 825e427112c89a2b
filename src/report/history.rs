//! What happened to one device, request by request.
//!
//! Owns the reading of a task's entries as lines of its device's history. Must never show a PIN: it only says
//! that one is kept.

use crate::model::{DeviceFacts, Entry, Event, Outcome, Task, TaskRecord, UnixMillis, Verdict};
use std::sync::Arc;

use super::task_reason::reason_of;
use super::tenant_spans::Stage;

/// What a line of a history is about.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HistoryKind {
    /// A request that was about to leave, with its answer.
    Request,
    /// A person's decision about a task in doubt.
    Decision,
    /// A task of which nothing was ever sent.
    NotSent,
}

impl HistoryKind {
    /// The kind as history listings and their JSON write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Decision => "decision",
            Self::NotSent => "not_sent",
        }
    }
}

/// One line of a device's history over all runs: moment, run, action and what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryLine {
    /// When: of a request its leaving, of a task that was never sent the start of its run.
    pub at: UnixMillis,
    /// What it is about.
    pub kind: HistoryKind,
    /// Id of the run.
    pub run: String,
    /// The device, as the run's plan knew it.
    pub device: Arc<DeviceFacts>,
    /// Name of the action.
    pub action: String,
    /// Number of the step.
    pub step: u16,
    /// Which request of the task it was.
    pub attempt: Option<u16>,
    /// Status of its answer.
    pub http_status: Option<u16>,
    /// What was answered or decided.
    pub answer: String,
    /// The state of the task, with or without this request.
    pub task: TaskRecord,
    /// Why it is in this state.
    pub reason: String,
}

impl HistoryLine {
    /// The outcome of the task, as its entries say it up to now.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.task.outcome()
    }

    /// Whether a PIN or another secret of the task is kept.
    #[must_use]
    pub fn keeps_secret(&self) -> bool {
        !self.task.pins.is_empty() || !self.task.secrets.is_empty()
    }
}

/// The lines of one task, in the order of its entries. `entries` are all of the task's and no others.
#[must_use]
pub fn history_lines(
    run: &str,
    started_at: UnixMillis,
    task: &Task,
    entries: &[Entry],
    stage: Stage,
) -> Vec<HistoryLine> {
    let mut record = TaskRecord::new(task);
    entries.iter().for_each(|entry| record.apply(entry.at, &entry.event));
    let reason = reason_of(task, &record, None, stage).into_owned();
    let line = |at, kind| HistoryLine {
        at,
        kind,
        run: run.to_owned(),
        device: task.device.clone(),
        action: task.action.clone(),
        step: task.step,
        attempt: None,
        http_status: None,
        answer: String::new(),
        task: record.clone(),
        reason: reason.clone(),
    };
    let mut lines: Vec<HistoryLine> = Vec::new();
    for entry in entries {
        match &entry.event {
            Event::Intent { attempt, .. } => lines.push(HistoryLine {
                attempt: Some(*attempt),
                answer: "no answer recorded".to_owned(),
                ..line(entry.at, HistoryKind::Request)
            }),
            Event::Answered { attempt, http_status, verdict, .. } => {
                let asked = |line: &&mut HistoryLine| line.attempt == Some(*attempt);
                if let Some(line) = lines.iter_mut().rev().find(asked) {
                    line.http_status = *http_status;
                    line.answer = answer_of(verdict);
                }
            }
            Event::Resolved { decision, by, .. } => lines.push(HistoryLine {
                answer: format!("{} by {by}", decision.word()),
                ..line(entry.at, HistoryKind::Decision)
            }),
            _ => {}
        }
    }
    if lines.iter().all(|line| line.kind != HistoryKind::Request) {
        let answer = "never sent".to_owned();
        lines.insert(0, HistoryLine { answer, ..line(started_at, HistoryKind::NotSent) });
    }
    lines
}

/// What was answered, in words; never what came with it.
fn answer_of(verdict: &Verdict) -> String {
    let with = |word: &str, reason: &str| match reason {
        "" => word.to_owned(),
        reason => format!("{word}: {reason}"),
    };
    match verdict {
        Verdict::Accepted(answer) => with("accepted", answer.note.as_deref().unwrap_or_default()),
        Verdict::InEffect { reason } => with("already in effect", reason),
        Verdict::Refused { reason, .. } => with("refused", reason),
        Verdict::Throttled { reason, .. } => with("asked to wait", reason),
        Verdict::NotSent { reason, .. } => with("not sent", reason),
        Verdict::Unknown { reason, .. } | Verdict::OtherDevice { reason } => {
            with("no usable answer", reason)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::task;
    use super::*;
    use crate::model::{Answer, Decision, Sealed, TaskIndex, Turn};

    #[test]
    fn each_request_and_decision_is_a_line_and_no_pin_is_in_any() {
        let lock = task(1, 2, "lock");
        let index = TaskIndex(0);
        let at = |ms, event| Entry { at: UnixMillis(ms), event };
        let intent =
            |attempt| Event::Intent { task: index, attempt, pin: None, sends: None, lists: None };
        let answered = |attempt, status, verdict| Event::Answered {
            task: index,
            attempt,
            http_status: Some(status),
            verdict,
        };
        let why = || "why".to_owned();
        let throttled = Verdict::Throttled { retry_after_ms: None, reason: why() };
        let pin = Some(Sealed::clear("918273".to_owned()));
        let taken = Verdict::Accepted(Answer { pin, ..Answer::default() });
        let decision =
            Event::Resolved { task: index, decision: Decision::SendAgain, by: "ann".to_owned() };
        let settled =
            Event::Settled { task: index, outcome: Outcome::Completed, reason: String::new() };
        let entries = [
            at(10, intent(1)),
            at(20, answered(1, 429, throttled)),
            at(30, intent(2)),
            at(40, Event::Doubted { task: index, reason: why() }),
            at(50, decision),
            at(60, intent(3)),
            at(70, answered(3, 200, taken)),
            at(80, settled),
        ];
        let lines = history_lines("run", UnixMillis(1), &lock, &entries, Stage::Ended);
        let shown: Vec<String> = lines
            .iter()
            .map(|line| {
                let numbers = (line.attempt.unwrap_or(0), line.http_status.unwrap_or(0));
                format!("{} {} {numbers:?} {}", line.at.0, line.kind.word(), line.answer)
            })
            .collect();
        assert_eq!(
            shown,
            [
                "10 request (1, 429) asked to wait: why",
                "30 request (2, 0) no answer recorded",
                "50 decision (0, 0) marked to be sent again by ann",
                "60 request (3, 200) accepted",
            ]
        );
        assert!(lines.iter().all(|line| line.outcome() == Outcome::Completed && line.step == 2));
        assert!(lines.iter().all(HistoryLine::keeps_secret));
        assert!(!format!("{lines:?}").contains("918273"));
    }

    #[test]
    fn a_task_never_sent_is_listed_at_the_start_of_its_run() {
        let mut left_out = task(1, 1, "restart");
        left_out.turn = Turn::Skip { reason: "excluded by the job".into(), asked: true };
        let lines = history_lines("run", UnixMillis(7), &left_out, &[], Stage::Ended);
        assert_eq!(lines.len(), 1);
        assert_eq!((lines[0].at, lines[0].kind), (UnixMillis(7), HistoryKind::NotSent));
        assert_eq!(
            (lines[0].outcome(), lines[0].reason.as_str()),
            (Outcome::Skipped, "excluded by the job")
        );
    }

    #[test]
    fn an_unsent_task_is_queued_while_its_run_goes_on() {
        let reason = |stage| {
            let lines = history_lines("run", UnixMillis(7), &task(1, 1, "restart"), &[], stage);
            lines[0].reason.clone()
        };
        assert_eq!(reason(Stage::GoesOn), "queued");
        assert_eq!(reason(Stage::Ended), "the run ended before this task was sent");
    }
}
